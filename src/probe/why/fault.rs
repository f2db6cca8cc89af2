//! What can be wrong, one row for each cause: its word, what is told, and what repairs it.

use std::cell::Cell;
use std::fmt::{self, Display};
use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::model::Words;
use crate::net::namespace::HOST;

/// On which way a packet meets a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Forth,
    Back,
}

impl Words for Way {
    const WORDS: &'static [(&'static str, Self)] = &[("forth", Way::Forth), ("back", Way::Back)];
}

/// What may stand in a line that people run: a program of the lab can give a link or a chain whatever name it likes.
trait Plain: Display {
    fn is_plain(&self) -> bool {
        true
    }
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl Plain for $type {})*
    };
}

plain! { IpAddr, u16, u32, u64, i64, &'static str }

impl Plain for String {
    fn is_plain(&self) -> bool {
        !self.starts_with('-') && self.chars().all(|c| c.is_alphanumeric() || "_-.:/@".contains(c))
    }
}

/// In front of what `ip` is to do in a namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Within(pub String);

impl Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == HOST { f.write_str("ip") } else { write!(f, "ip -n {}", self.0) }
    }
}

impl Plain for Within {
    fn is_plain(&self) -> bool {
        self.0.is_plain()
    }
}

/// Writes a value, and notes if it isn't plain.
struct Noted<'a, T>(&'a T, &'a Cell<bool>);

impl<T: Plain> Display for Noted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.set(self.1.get() && self.0.is_plain());
        self.0.fmt(f)
    }
}

/// Declares the causes: `NAME { WHAT IS KNOWN } = WORD, TEXT [, FIX IN LUA, FIX AS A COMMAND];`. The texts can name
/// the namespace as Lua reaches it, its name, and the link. A command is run in the namespace, unless it begins with `!`.
macro_rules! causes {
    (|$ns:ident, $name:ident, $dev:ident| $(
        $(#[doc = $doc:literal])+
        $variant:ident { $($field:ident: $type:ty),* } = $word:literal, $text:literal $(, $lua:literal, $command:literal)?;
    )*) => {
        /// Why a packet is lost.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Cause {
            $($(#[doc = $doc])+ $variant { $($field: $type),* },)*
        }

        impl Cause {
            /// The words of all causes, and what each stands for; some rows share one.
            pub const WORDS: &'static [(&'static str, &'static str)] = &[$(($word, concat!($($doc),+))),*];

            /// The stable word for it.
            pub fn word(&self) -> &'static str {
                match self {
                    $(Cause::$variant { .. } => $word,)*
                }
            }

            #[allow(unused_variables)]
            fn text(&self, $name: &str, $dev: &str) -> String {
                match self {
                    $(Cause::$variant { $($field),* } => format!($text),)*
                }
            }

            /// What repairs it, in Lua and as a command, where that is known and every name in it is plain.
            #[allow(unused_variables)]
            fn fix(&self, name: &String, dev: &String) -> Option<(String, String)> {
                let plain = Cell::new(name.is_plain());
                let ($ns, $name, $dev) = (in_lua(name), name, Noted(dev, &plain));
                let fix = match self {
                    $(Cause::$variant { $($field),* } => {
                        $(let $field = Noted($field, &plain);)*
                        let fix = None;
                        $(let fix = fix.or(Some((format!($lua), format!($command))));)?
                        fix
                    })*
                };
                fix.filter(|_| plain.get())
            }
        }
    };
}

causes! { |ns, name, dev|
    /// The link is administratively down.
    LinkDown {} = "link_down", "{dev} is down",
        r#"{ns}.link.set("{dev}", {{ up = true }})"#, "ip link set {dev} up";
    /// A tun or tap link is up, and no program is at its other end.
    NoCarrier {} = "no_carrier", "{dev} is up, but has no carrier: no program has the tun or tap device open";
    /// The namespace has no link.
    NoLink {} = "no_link", "{name} has no link but lo";
    /// The namespace has no link, and a bridge of another one has the subnet.
    Unplugged { bridge: String, owner: String, near: String, ip: Within } = "no_link",
        "{name} has no link but lo; the bridge {bridge} of {owner} has the subnet",
        r#"namespace.get("{owner}").link.add("{near}", {{ kind = "veth", master = "{bridge}", up = true, peer = {{ name = "eth0", ns = {ns}, up = true }} }})"#,
        "!{ip} link add {near} type veth peer name eth0 netns {name} && {ip} link set {near} master {bridge} up && ip -n {name} link set eth0 up";
    /// No link that is up has an address.
    NoAddress {} = "no_address", "no link of {name} that is up has an address of this family";
    /// The source address isn't there, and a link is in its subnet.
    NoSource { source: IpAddr, address: String, why: String, nodad: &'static str } = "no_address", "no link of {name} has the address {source}; {why}",
        r#"{ns}.addr.add("{address}", {{ dev = "{dev}" }})"#, "ip addr add {address} dev {dev}{nodad}";
    /// The source address isn't there.
    NoSuchSource { source: IpAddr } = "no_address", "no link of {name} has the address {source}";
    /// IPv6 is switched off.
    Ipv6Disabled { key: String } = "ipv6_disabled", "IPv6 is switched off: {key} is 1",
        r#"{ns}.sysctl.set("{key}", 0)"#, "sysctl -w {key}=0";
    /// An address of IPv6 isn't usable yet.
    Tentative { address: IpAddr } = "address_tentative", "{address} can't be used yet: duplicate address detection runs on {dev}",
        r#"{ns}.wait.addr("{address}")"#, "!sleep 3";
    /// Another host has the IPv6 address.
    DadFailed { address: String } = "dad_failed", "{address} on {dev} is not used: duplicate address detection found that another host has it";
    /// No route leads to the destination.
    NoRoute { to: IpAddr } = "no_route", "no route leads to {to}";
    /// No route leads to the destination, and a router on the link knows one.
    NoRouteVia { to: IpAddr, prefix: String, via: IpAddr, router: String } = "no_route",
        "no route leads to {to}; {router} forwards to it and has {via}",
        r#"{ns}.route.add("{prefix}", {{ via = "{via}" }})"#, "ip route add {prefix} via {via}";
    /// The default route leads away, and a router on a link knows the way.
    NoRouteOnLink { to: IpAddr, prefix: String } = "no_route", "no route leads to {to}, which is on the segment of {dev}",
        r#"{ns}.route.add("{prefix}", {{ dev = "{dev}" }})"#, "ip route add {prefix} dev {dev}";
    /// A router's links are of different VRFs.
    OtherVrf { vrf: String, to: IpAddr, other: String } = "other_vrf",
        "{other} is in VRF {vrf}, and {dev}, which leads to {to}, is not",
        r#"{ns}.link.set("{dev}", {{ master = "{vrf}" }})"#, "ip link set {dev} master {vrf}";
    /// The way is in a VRF to which the sender is not bound.
    VrfUnbound { vrf: String, to: IpAddr } = "other_vrf",
        "no route leads to {to}, but {dev} does in VRF {vrf}: send from the VRF, {{ from = {vrf:?} }}";
    /// A route of type blackhole, unreachable, prohibit or throw.
    DroppingRoute { kind: &'static str, dst: String, table: u32 } = "dropping_route", "the route {kind} {dst} drops it (table {table})",
        r#"{ns}.route.del("{dst}", {{ type = "{kind}", table = {table} }})"#, "ip route del {kind} {dst} table {table}";
    /// A rule of policy routing of type blackhole, unreachable or prohibit.
    DroppingRule { rule: String, family: &'static str, priority: u32 } = "dropping_rule", "the rule {rule} drops it",
        r#"{ns}.rule.del({{ family = "{family}", priority = {priority} }})"#, "ip -f {family} rule del priority {priority}";
    /// There is a route, but in a table that no rule asks.
    OtherTable { to: IpAddr, route: String, table: u32, family: &'static str } = "other_table", "the route {route} to {to} is in table {table}, which no rule looks up for this packet",
        r#"{ns}.rule.add({{ to = "{to}", table = {table} }})"#, "ip -f {family} rule add to {to} table {table}";
    /// A router doesn't forward.
    ForwardingOff { key: String } = "forwarding_off", "not forwarded: {key} is 0",
        r#"{ns}.sysctl.set("{key}", 1)"#, "sysctl -w {key}=1";
    /// Reverse path filtering.
    RpFilter { source: IpAddr, key: String, back: String } = "rp_filter", "dropped on {dev} by rp_filter: packets to {source} would leave by {back}",
        r#"{ns}.sysctl.set("{key}", 2)"#, "sysctl -w {key}=2";
    /// The namespace itself has the packet's source address.
    OwnSource { source: IpAddr } = "duplicate_address", "dropped: {source} comes in on {dev}, but is an address of {name} itself";
    /// Several hosts have the address.
    DuplicateAddress { address: IpAddr, owners: String } = "duplicate_address", "{owners} have the address {address}";
    /// Nobody has the address.
    NoNeighbour { address: IpAddr } = "no_neighbour", "nobody on the segment of {dev} has {address}";
    /// Nobody has the gateway's address, and another one is a router.
    WrongGateway { address: IpAddr, prefix: String, via: IpAddr, router: String, table: u32 } = "wrong_gateway",
        "nobody on the segment of {dev} has the gateway {address}; {router} has {via}",
        r#"{ns}.route.replace("{prefix}", {{ via = "{via}", table = {table} }})"#, "ip route replace {prefix} via {via} table {table}";
    /// The address is somewhere else.
    OtherSegment { address: IpAddr, owner: String } = "other_segment", "{address} is an address of {owner}, which is not on the segment of {dev}";
    /// The prefix length makes a neighbour of who is none.
    WrongPrefix { address: String, better: String, to: IpAddr, others: String } = "wrong_prefix",
        "{address} makes {to} a neighbour on {dev}, but it is elsewhere; {others}",
        r#"{ns}.addr.add("{better}", {{ dev = "{dev}" }}) {ns}.addr.del("{address}", {{ dev = "{dev}" }})"#,
        "ip addr add {better} dev {dev} && ip addr del {address} dev {dev}";
    /// As above: of IPv6 a link has an address but once.
    WrongPrefix6 { address: String, better: String, to: IpAddr, others: String } = "wrong_prefix",
        "{address} makes {to} a neighbour on {dev}, but it is elsewhere; {others}",
        r#"{ns}.addr.del("{address}", {{ dev = "{dev}" }}) {ns}.addr.add("{better}", {{ dev = "{dev}" }})"#,
        "ip addr del {address} dev {dev} && ip addr add {better} dev {dev} nodad";
    /// The link is in no bridge.
    NotAPort { bridge: String } = "not_a_port", "{dev} is not a port of {bridge}",
        r#"{ns}.bridge.attach("{bridge}", "{dev}")"#, "ip link set {dev} master {bridge}";
    /// The link is in another bridge than the others.
    OtherBridge { bridge: String, other: String } = "not_a_port", "{dev} is a port of {other}, not of {bridge}",
        r#"{ns}.bridge.attach("{bridge}", "{dev}")"#, "ip link set {dev} master {bridge}";
    /// A port of a bridge that doesn't forward.
    PortState { bridge: String, state: &'static str } = "port_state", "port {dev} of {bridge} is {state}",
        r#"{ns}.bridge.set_port("{dev}", {{ state = "forwarding" }})"#, "bridge link set dev {dev} state 3";
    /// A port that spanning tree doesn't let forward.
    PortStp { bridge: String, state: &'static str } = "port_state", "port {dev} of {bridge} is {state}, by spanning tree",
        r#"{ns}.bridge.set("{bridge}", {{ stp = false }}) {ns}.link.set("{dev}", {{ up = false }}) {ns}.link.set("{dev}", {{ up = true }})"#,
        "ip link set {bridge} type bridge stp_state 0 && ip link set {dev} down && ip link set {dev} up";
    /// Isolated ports don't talk to each other.
    PortIsolated { other: String, bridge: String } = "port_isolated", "{other} and {dev} are isolated ports of {bridge}",
        r#"{ns}.bridge.set_port("{dev}", {{ isolated = false }})"#, "bridge link set dev {dev} isolated off";
    /// A locked port takes nothing from strangers.
    PortLocked { bridge: String } = "port_locked", "port {dev} of {bridge} is locked",
        r#"{ns}.bridge.set_port("{dev}", {{ locked = false }})"#, "bridge link set dev {dev} locked off";
    /// A port on which unknown and broadcast frames don't leave.
    PortFlood { bridge: String } = "port_flood", "port {dev} of {bridge} floods no broadcasts, such as ARP requests",
        r#"{ns}.bridge.set_port("{dev}", {{ bcast_flood = true, flood = true, mcast_flood = true }})"#,
        "bridge link set dev {dev} bcast_flood on flood on mcast_flood on";
    /// A port, or a bridge itself, isn't in the frame's VLAN.
    NotInVlan { vid: u16, bridge: String, options: &'static str, words: &'static str } = "not_in_vlan",
        "{dev} is not in VLAN {vid} of {bridge}, as the frame is",
        r#"{ns}.vlan.add({vid}, {{ dev = "{dev}"{options} }})"#, "bridge vlan add vid {vid} dev {dev}{words}";
    /// Untagged frames belong to no VLAN.
    NoPvid { bridge: String } = "no_pvid", "untagged frames that come in by {dev} belong to no VLAN of {bridge}: it has no pvid";
    /// Frames leave a port with a tag for which nobody has a link.
    VlanTagged { vid: u16, other: String } = "vlan_tagged", "frames of VLAN {vid} leave {dev} with a tag, for which {other} has no link",
        r#"{ns}.vlan.add({vid}, {{ dev = "{dev}", pvid = true, untagged = true }})"#, "bridge vlan add vid {vid} dev {dev} pvid untagged";
    /// Frames come in with a tag for which there is no link.
    NoVlanLink { vid: u16 } = "no_vlan_link", "frames come in by {dev} with the tag of VLAN {vid}, for which {name} has no link";
    /// The neighbour table has a wrong hardware address.
    WrongNeighbour { address: IpAddr, lladdr: String, real: String } = "wrong_neighbour",
        "{name} takes {lladdr} for the hardware address of {address} on {dev}; it is {real}",
        r#"{ns}.neigh.del("{address}", {{ dev = "{dev}" }})"#, "ip neigh del {address} dev {dev}";
    /// The link neither asks nor answers.
    ArpOff {} = "arp_off", "{dev} has ARP switched off",
        r#"{ns}.link.set("{dev}", {{ arp = true }})"#, "ip link set {dev} arp on";
    /// The host doesn't answer ARP for this address on this link.
    ArpIgnored { key: String, value: i64, address: IpAddr } = "arp_ignored", "{name} doesn't answer ARP for {address} on {dev}: {key} is {value}",
        r#"{ns}.sysctl.set("{key}", 0)"#, "sysctl -w {key}=0";
    /// The host ignores echo requests.
    EchoIgnored { key: String } = "echo_ignored", "echo requests are ignored: {key} is 1",
        r#"{ns}.sysctl.set("{key}", 0)"#, "sysctl -w {key}=0";
    /// Nobody listens on the port.
    NobodyListens { proto: &'static str, port: u16 } = "nobody_listens", "nobody listens on {proto} port {port}";
    /// Somebody listens, on another address.
    ListensElsewhere { proto: &'static str, port: u16, at: String } = "listens_elsewhere", "nobody listens on {proto} port {port} of this address, only on {at}";
    /// A rule of a firewall.
    FilterRule { hook: &'static str, family: &'static str, table: String, chain: String, handle: u64, rule: String } = "filter_rule",
        "dropped in {hook} by the rule `{rule}` (handle {handle}) of chain {chain} of table {family} {table}",
        r#"{ns}.nft.load("delete rule {family} {table} {chain} handle {handle}")"#, "nft delete rule {family} {table} {chain} handle {handle}";
    /// The policy of a chain of a firewall.
    FilterPolicy { hook: &'static str, family: &'static str, table: String, chain: String } = "filter_policy",
        "dropped in {hook} by the policy of chain {chain} of table {family} {table}",
        r#"{ns}.nft.load("chain {family} {table} {chain} {{ policy accept; }}")"#, "nft 'chain {family} {table} {chain} {{ policy accept; }}'";
    /// A rule of the module `firewall`, which needs no program to be deleted.
    OwnRule { hook: &'static str, chain: String, handle: u64, rule: String } = "filter_rule",
        "dropped in {hook} by the rule `{rule}` (handle {handle}) of chain {chain} of table inet nsh",
        r#"{ns}.firewall.del({handle})"#, "nft delete rule inet nsh {chain} handle {handle}";
    /// The policy of a chain of the module `firewall`.
    OwnPolicy { hook: &'static str, chain: String } = "filter_policy",
        "dropped in {hook} by the policy of chain {chain} of table inet nsh",
        r#"{ns}.firewall.policy("{chain}", "accept")"#, "nft 'chain inet nsh {chain} {{ policy accept; }}'";
    /// A private source that nobody translates.
    NatMissing { source: IpAddr, prefix: String, target: String } = "nat_missing",
        "{source} leaves by {dev} untranslated, and {target} has no way back to this private address",
        r#"{ns}.nat.masquerade({{ source = "{prefix}", out = "{dev}" }})"#, "iptables -t nat -A POSTROUTING -s {prefix} -o {dev} -j MASQUERADE";
    /// A NAT rule that doesn't match.
    NatMismatch { source: IpAddr, prefix: String, rule: String, field: &'static str } = "nat_mismatch",
        "{source} leaves by {dev} untranslated: {field} of the rule `{rule}` doesn't match",
        r#"{ns}.nat.masquerade({{ source = "{prefix}", out = "{dev}" }})"#, "iptables -t nat -A POSTROUTING -s {prefix} -o {dev} -j MASQUERADE";
    /// The answer doesn't pass the router that translated the destination.
    NatBypassed { by: IpAddr, source: IpAddr, asked: IpAddr, prefix: String } = "nat_bypassed",
        "{by} answers {source} directly, not through {name}, which had translated {asked}: the answer is not known there",
        r#"{ns}.nat.masquerade({{ source = "{prefix}", dest = "{by}", out = "{dev}" }})"#,
        "iptables -t nat -A POSTROUTING -s {prefix} -d {by} -o {dev} -j MASQUERADE";
    /// A link that is shaped to lose what it sends.
    Lossy { share: String } = "lossy", "{dev} loses {share} of what it sends: it is shaped so",
        r#"{ns}.link.shape("{dev}", false)"#, "tc qdisc del dev {dev} root";
    /// The same by a rule of nf_tables, where the kernel has no netem.
    LossyByRule { share: String, index: u32 } = "lossy", "{dev} loses {share} of what it sends: it is shaped so",
        r#"{ns}.link.shape("{dev}", false)"#, "nft flush chain netdev nsh shape-{index}";
    /// A link whose queueing discipline drops all.
    Silenced {} = "silenced", "{dev} drops all that it sends: its queueing discipline is blackhole",
        r#"{ns}.proc.exec({{ "tc", "qdisc", "del", "dev", "{dev}", "root" }}, {{ check = true }})"#, "tc qdisc del dev {dev} root";
    /// The packet goes around in a circle.
    Loop { cycle: String } = "routing_loop", "it goes round in a circle: {cycle}";
    /// The packet is larger than a link of a router takes.
    TooBig { size: u32, mtu: u32 } = "too_big", "{size} bytes don't fit through {dev}, whose MTU is {mtu}";
    /// The time to live was too short.
    TtlExceeded { ttl: u8 } = "ttl_exceeded", "its time to live of {ttl} ends here";
    /// Two links of a segment have the same hardware address.
    DuplicateMac { mac: String, other: String, free: String } = "duplicate_mac", "{dev} has the hardware address {mac}, as {other}",
        r#"{ns}.link.set("{dev}", {{ mac = "{free}" }})"#, "ip link set {dev} address {free}";
    /// A cable whose ends take packets of different sizes.
    MtuMismatch { mtu: u32, near: String, larger: u32 } = "mtu_mismatch", "{dev} takes {mtu} bytes at most, {near} sends up to {larger}",
        r#"{ns}.link.set("{dev}", {{ mtu = {larger} }})"#, "ip link set {dev} mtu {larger}";
    /// A macvlan in private mode.
    MacvlanMode { mode: String } = "macvlan_mode", "{dev} is a macvlan of mode {mode}: it doesn't talk to the others on its parent",
        r#"{ns}.link.set("{dev}", {{ macvlan = {{ mode = "bridge" }} }})"#, "ip link set {dev} type macvlan mode bridge";
}

impl Cause {
    /// Whether it is found again, seen from the other side, on the way back.
    pub fn is_mutual(&self) -> bool {
        matches!(self, Cause::OtherBridge { .. } | Cause::DuplicateMac { .. })
    }

    /// Whether it is about a frame that the next link still sees.
    pub fn shows_next(&self) -> bool {
        matches!(self, Cause::VlanTagged { .. })
    }

    /// Whether a link is shaped so that it loses packets.
    pub fn is_lossy(&self) -> bool {
        matches!(self, Cause::Lossy { .. } | Cause::LossyByRule { .. })
    }

    /// Whether the host says so itself, by an answer that is seen on the way back.
    pub fn is_answered(&self) -> bool {
        matches!(self, Cause::NobodyListens { .. } | Cause::ListensElsewhere { .. })
    }
}

/// A fault: a cause at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub cause: Cause,
    pub namespace: String,
    pub dev: Option<String>,
    pub way: Way,
    /// How many of the hops the packet has behind it.
    pub after: usize,
    pub evidence: Vec<String>,
}

impl Fault {
    pub fn text(&self) -> String {
        self.cause.text(&self.namespace, self.dev.as_deref().unwrap_or_default())
    }

    /// What repairs it in Lua, as it works in every script and at the prompt.
    pub fn fix(&self) -> Option<String> {
        let (lua, _) = self.cause.fix(&self.namespace, self.dev.as_ref().unwrap_or(&String::new()))?;
        Some(lua)
    }

    /// What repairs it at a shell's prompt.
    pub fn command(&self) -> Option<String> {
        let (_, command) = self.cause.fix(&self.namespace, self.dev.as_ref().unwrap_or(&String::new()))?;
        if let Some(whole) = command.strip_prefix('!') {
            return Some(whole.to_owned());
        }
        let command =
            if is_about_ipv6(&command) { command.replace("iptables ", "ip6tables ") } else { command };
        Some(command.split(" && ").map(|one| within(one, &self.namespace)).collect::<Vec<_>>().join(" && "))
    }
}

/// Whether an address or a prefix of IPv6 is among a command's words.
fn is_about_ipv6(command: &str) -> bool {
    command.split(' ').any(|word| word.parse::<IpNetwork>().is_ok_and(|prefix| prefix.is_ipv6()))
}

/// How Lua reaches a namespace.
fn in_lua(namespace: &str) -> String {
    match namespace {
        HOST => HOST.to_owned(),
        name => format!("namespace.get({name:?})"),
    }
}

/// A command as it is run for a namespace.
fn within(command: &str, namespace: &str) -> String {
    match command.split_once(' ') {
        _ if namespace == HOST => command.to_owned(),
        Some((program @ ("ip" | "bridge" | "tc"), rest)) => format!("{program} -n {namespace} {rest}"),
        _ => format!("ip netns exec {namespace} {command}"),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let back = if self.way == Way::Back { " (on the way back)" } else { "" };
        write!(f, "{}: {}{back}", self.namespace, self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_lists_every_cause() {
        let guide = include_str!("../../../docs/why.md");
        let missing: Vec<_> =
            Cause::WORDS.iter().filter(|(word, _)| !guide.contains(&format!("`{word}`"))).collect();
        assert!(missing.is_empty(), "docs/why.md lacks {missing:?}");
    }

    #[test]
    fn a_fault_tells_what_repairs_it() {
        let fault = |namespace: &str| Fault {
            cause: Cause::ForwardingOff { key: "net.ipv4.ip_forward".to_owned() },
            namespace: namespace.to_owned(),
            dev: None,
            way: Way::Forth,
            after: 0,
            evidence: Vec::new(),
        };
        let host = fault(HOST);
        assert_eq!(host.to_string(), "host: not forwarded: net.ipv4.ip_forward is 0");
        assert_eq!(host.fix().unwrap(), r#"host.sysctl.set("net.ipv4.ip_forward", 1)"#);
        assert_eq!(host.command().unwrap(), "sysctl -w net.ipv4.ip_forward=1");
        let named = fault("r1");
        assert_eq!(named.fix().unwrap(), r#"namespace.get("r1").sysctl.set("net.ipv4.ip_forward", 1)"#);
        assert_eq!(named.command().unwrap(), "ip netns exec r1 sysctl -w net.ipv4.ip_forward=1");
        let down = Fault { cause: Cause::LinkDown {}, dev: Some("eth0".to_owned()), ..named };
        assert_eq!(down.command().unwrap(), "ip -n r1 link set eth0 up");
        // What is run must not be what a program of the lab has written into a name.
        for odd in ["\")evil()--", "a;evil", "$(evil)", "-h", "a'b"] {
            let odd = Fault { dev: Some(odd.to_owned()), ..down.clone() };
            assert_eq!((odd.fix(), odd.command()), (None, None));
        }
        let chain = "c; flush ruleset".to_owned();
        let (hook, family, table) = ("input", "ip", "t".to_owned());
        let policy = Fault { cause: Cause::FilterPolicy { hook, family, table, chain }, ..down };
        assert_eq!((policy.fix(), policy.command()), (None, None));
    }
}
