//! A rule's expressions as nft writes them: for people to read, and, where all have words, for nft to take.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use netlink_packet_netfilter::nftables::MetaKey;

use super::attr::Received;
use super::elements::{Elements, Span};
use super::expr::{Base, Expr, Flags, INVERTED, NatType, Op, Registers, Verdict};
use super::firewall::{LogLevel, Rate, Reason, Told, with_unit};
use super::several::{Addresses, IcmpType, Item};
use super::words::{Interface, Protocol};
use crate::model::Words;

/// NFPROTO_* as nft names families of tables.
pub fn family(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "inet",
        2 => "ip",
        3 => "arp",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => return None,
    })
}

/// A rule, without its handle and comment.
pub fn rule(exprs: &[Expr]) -> String {
    Printer { sets: &|_| None, counts: true }.rule(exprs)
}

/// What a rule alone doesn't tell.
pub struct Printer<'a> {
    /// What is in a set that has no name of its own.
    pub sets: &'a dyn Fn(&str) -> Option<Elements>,
    /// Whether counters are written with what they counted.
    pub counts: bool,
}

impl Printer<'_> {
    pub fn rule(&self, exprs: &[Expr]) -> String {
        let mut writer = Writer {
            printer: self,
            words: Vec::new(),
            registers: HashMap::new(),
            six: None,
            above: None,
            low: None,
        };
        exprs.iter().for_each(|expr| writer.expr(expr));
        writer.words.join(" ")
    }
}

/// What a register holds: its words, and how its values are written.
#[derive(Clone)]
struct Loaded {
    words: String,
    form: Form,
    mask: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Name,
    Number,
    /// In the host's byte order.
    Native,
    Hexadecimal,
    Inet,
    Inet6,
    Protocol,
    Family,
    Icmp,
    Icmpv6,
    State,
    /// Of traffic control, `1:2`.
    TcClass,
    /// Of a key that has no words here: its byte order is unknown.
    Bytes,
}

struct Writer<'a> {
    printer: &'a Printer<'a>,
    words: Vec<String>,
    registers: HashMap<u32, Loaded>,
    /// Of which family alone packets come so far: whether of IPv6.
    six: Option<bool>,
    /// The protocol above IP that was asked for.
    above: Option<u8>,
    /// The register and lower end of what may become a range.
    low: Option<(u32, Vec<u8>)>,
}

impl Writer<'_> {
    fn expr(&mut self, expr: &Expr) {
        if let Some((register, low)) = self.low.take() {
            match expr {
                Expr::Cmp { from, op: Op::Le, data } if *from == register => {
                    return self.range(register, Op::Eq, low, data.clone());
                }
                _ => self.compare(register, Op::Ge, &low),
            }
        }
        match expr {
            Expr::Meta { to, key } => self.load(*to, meta(*key)),
            Expr::Ct { to, key, .. } => self.load(*to, ct(*key)),
            Expr::Payload { to, base, offset, length } => self.payload(*to, *base, *offset, *length),
            Expr::Bitwise { from, to, mask, .. } => {
                if let Some(loaded) = self.registers.get(from).cloned() {
                    self.registers.insert(*to, Loaded { mask: Some(mask.clone()), ..loaded });
                }
            }
            Expr::Cmp { from, op: Op::Ge, data } => self.low = Some((*from, data.clone())),
            Expr::Cmp { from, op, data } => self.compare(*from, *op, data),
            Expr::Range { from, op, low, high } => self.range(*from, *op, low.clone(), high.clone()),
            Expr::Lookup { set, from, to, flags } => self.lookup(&set.name, *from, *to, *flags),
            Expr::Immediate { to, data } => {
                let words = data.iter().map(|byte| format!("{byte:02x}")).collect();
                self.registers.insert(*to, Loaded { words, form: Form::Number, mask: Some(data.clone()) });
            }
            other => {
                let words = self.statement(other);
                if matches!(other, Expr::Reject { kind: 0, .. }) {
                    self.words.pop_if(|last| last.starts_with("meta nfproto "));
                }
                self.words.push(words);
            }
        }
    }

    fn statement(&self, expr: &Expr) -> String {
        match expr {
            Expr::Counter { .. } if !self.printer.counts => "counter".to_owned(),
            Expr::Counter { bytes, packets } => format!("counter packets {packets} bytes {bytes}"),
            Expr::Verdict { verdict } => verdict_words(verdict),
            Expr::Reject { kind, code } => self.reject(*kind, *code),
            Expr::Limit { rate, unit, burst, kind, flags } => limit(*rate, *unit, *burst, *kind == 1, *flags),
            Expr::Log { group, prefix, level, .. } => log(*group, prefix.as_deref(), *level),
            Expr::Notrack {} => "notrack".to_owned(),
            Expr::FlowOffload { table } => format!("flow add @{table}"),
            Expr::MetaSet { key, from } => self.stored(meta(*key), *from),
            Expr::CtSet { key, from, .. } => self.stored(ct(*key), *from),
            Expr::Masquerade { ports, flags } => {
                self.nat("masquerade", None, Registers::default(), *ports, *flags)
            }
            Expr::Redirect { ports, flags } => {
                self.nat("redirect", None, Registers::default(), *ports, *flags)
            }
            Expr::Nat { what, family, addresses, ports, flags } => {
                let word = if *what == NatType::Dest { "dnat" } else { "snat" };
                self.nat(word, self::family(*family as u8), *addresses, *ports, *flags)
            }
            // Those of iptables: the name is the first attribute of either.
            Expr::Unknown { name, attributes } if matches!(name.as_str(), "match" | "target") => {
                let option = if name == "match" { "-m" } else { "-j" };
                format!("{option} {}", Received(attributes).string(1).unwrap_or_default())
            }
            other => format!("[{}]", other.name()),
        }
    }

    /// What is given the register's constant, or what was loaded there.
    fn stored(&self, (words, form): (String, Form), from: u32) -> String {
        let data = self.constant(from).map(|data| value(form, data));
        format!("{words} set {}", data.unwrap_or_else(|| self.held(from).0))
    }

    fn load(&mut self, to: u32, (words, form): (String, Form)) {
        self.registers.insert(to, Loaded { words, form, mask: None });
    }

    fn held(&self, register: u32) -> (String, Form) {
        let loaded = self.registers.get(&register);
        loaded.map_or(("[register]".to_owned(), Form::Number), |loaded| (loaded.words.clone(), loaded.form))
    }

    fn constant(&self, register: u32) -> Option<&[u8]> {
        self.registers.get(&register)?.mask.as_deref()
    }

    fn payload(&mut self, to: u32, base: Base, offset: u32, length: u32) {
        let found = match (base, offset, length) {
            (Base::Network, 12, ..=4) => ("ip saddr".to_owned(), Form::Inet),
            (Base::Network, 16, ..=4) => ("ip daddr".to_owned(), Form::Inet),
            (Base::Network, 9, 1) => ("ip protocol".to_owned(), Form::Protocol),
            (Base::Network, 8, 2..=16) => ("ip6 saddr".to_owned(), Form::Inet6),
            (Base::Network, 24, 1..=16) => ("ip6 daddr".to_owned(), Form::Inet6),
            (Base::Transport, 0, 1) if self.above == Some(58) => ("icmpv6 type".to_owned(), Form::Icmpv6),
            (Base::Transport, 0, 1) => (format!("{} type", self.above()), Form::Icmp),
            (Base::Transport, 0, 2) => (format!("{} sport", self.above()), Form::Number),
            (Base::Transport, 2, 2) => (format!("{} dport", self.above()), Form::Number),
            (base, offset, length) => {
                let base = match base {
                    Base::Link => "ll",
                    Base::Network => "nh",
                    _ => "th",
                };
                (format!("@{base},{},{}", offset * 8, length * 8), Form::Number)
            }
        };
        self.drop_implied(base, found.1);
        self.load(to, found);
    }

    /// nft writes what follows from the field only once.
    fn drop_implied(&mut self, base: Base, form: Form) {
        if let (Base::Transport, Some(above)) = (base, self.above) {
            let implied = format!("meta l4proto {}", protocol(above));
            self.words.pop_if(|last| *last == implied);
        }
        if base == Base::Network || matches!(form, Form::Icmp | Form::Icmpv6) {
            self.words.pop_if(|last| last.starts_with("meta nfproto "));
        }
    }

    fn above(&self) -> String {
        self.above.map_or_else(|| "th".to_owned(), protocol)
    }

    fn compare(&mut self, from: u32, op: Op, data: &[u8]) {
        let Some(loaded) = self.registers.get(&from).cloned() else { return };
        match (loaded.form, op, data.first()) {
            (Form::Protocol, Op::Eq, Some(protocol)) => self.above = Some(*protocol),
            (Form::Family, Op::Eq, Some(family)) => self.six = Some(i32::from(*family) == libc::AF_INET6),
            _ => {}
        }
        let (words, form) = (&loaded.words, loaded.form);
        // Of ICMP nft doesn't say of which family it is.
        let implied = match (form, op, data) {
            (Form::Protocol, Op::Eq, [1]) => Some("meta nfproto ipv4"),
            (Form::Protocol, Op::Eq, [58]) => Some("meta nfproto ipv6"),
            _ => None,
        };
        self.words.pop_if(|last| Some(last.as_str()) == implied);
        self.words.push(match &loaded.mask {
            // A state is in the mask: the comparison is with 0.
            Some(mask) if form == Form::State => {
                format!("{words} {}{}", if op == Op::Eq { "! " } else { "" }, value(form, mask))
            }
            Some(mask) if matches!(form, Form::Inet | Form::Inet6) => {
                let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
                format!("{words} {}{}/{bits}", sign(op), value(form, data))
            }
            Some(mask) => {
                let sign = if op == Op::Eq { "== " } else { sign(op) };
                format!("{words} & {} {sign}{}", value(form, mask), value(form, data))
            }
            None => format!("{words} {}{}", sign(op), prefix(form, data)),
        });
    }

    fn range(&mut self, from: u32, op: Op, low: Vec<u8>, high: Vec<u8>) {
        let (words, form) = self.held(from);
        self.words.push(format!("{words} {}{}", sign(op), span(form, &Span { low, high })));
    }

    fn lookup(&mut self, set: &str, from: u32, to: Option<u32>, flags: Flags) {
        let (words, form) = self.held(from);
        let of = match (self.printer.sets)(set) {
            Some(elements) => {
                let mut spans: Vec<&Span> = elements.spans().iter().collect();
                spans.sort_by_key(|span| rank(form, &span.low));
                let values: Vec<String> = spans.into_iter().map(|s| span(form, s)).collect();
                format!("{{ {} }}", values.join(", "))
            }
            None => format!("@{set}"),
        };
        match to {
            None => {
                let not = if flags == INVERTED { "!= " } else { "" };
                self.words.push(format!("{words} {not}{of}"));
            }
            Some(0) => self.words.push(format!("{words} vmap {of}")),
            Some(to) => self.load(to, (format!("{words} map {of}"), Form::Number)),
        }
    }

    fn reject(&self, kind: u32, code: Option<u8>) -> String {
        let told = Told::of(kind, self.six == Some(true));
        let Some((told, reason)) = told.and_then(|told| Some((told, Reason::of(told, code.unwrap_or(0))?)))
        else {
            return "reject".to_owned();
        };
        match told {
            Told::TcpReset => "reject with tcp reset".to_owned(),
            // What nft takes a mere `reject` for where it knows the family is ICMP.
            Told::Either
                if reason == Reason::PortUnreachable && (self.printer.counts || self.six.is_none()) =>
            {
                "reject".to_owned()
            }
            Told::Either => format!("reject with icmpx {}", reason.name()),
            Told::Icmp => format!("reject with icmp {}", reason.name()),
            Told::Icmpv6 => format!("reject with icmpv6 {}", reason.name()),
        }
    }

    fn nat(
        &self,
        word: &str,
        family: Option<&str>,
        addresses: Registers,
        ports: Registers,
        flags: Flags,
    ) -> String {
        let mut out = word.to_owned();
        if let Some(register) =
            addresses.min.or(ports.min).filter(|register| self.constant(*register).is_none())
        {
            let family = family.map_or_else(String::new, |family| format!(" {family}"));
            let both = if addresses.min.is_some() && ports.min.is_some() { " addr . port" } else { "" };
            let colon = if addresses.min.is_some() { "" } else { ":" };
            return format!("{out}{family}{both} to {colon}{}", self.held(register).0);
        }
        let part = |register: Option<u32>, port: bool| {
            let data = self.constant(register?)?;
            Some(match (port, data.len()) {
                (true, _) => value(Form::Number, data.get(..2)?),
                (false, 4) => value(Form::Inet, data),
                (false, _) if ports.min.is_some() => format!("[{}]", value(Form::Inet6, data)),
                (false, _) => value(Form::Inet6, data),
            })
        };
        let both = |r: Registers, port| {
            let low = part(r.min, port)?;
            Some(
                part(r.max, port)
                    .filter(|high| *high != low)
                    .map_or(low.clone(), |high| format!("{low}-{high}")),
            )
        };
        let (addresses, ports) = (both(addresses, false), both(ports, true));
        if let Some(family) = family.filter(|_| addresses.is_some()) {
            out.push_str(&format!(" {family}"));
        }
        if addresses.is_some() || ports.is_some() {
            let ports = ports.map_or_else(String::new, |ports| format!(":{ports}"));
            out.push_str(&format!(" to {}{ports}", addresses.unwrap_or_default()));
        }
        // NF_NAT_RANGE_*
        let names = [(4, "random"), (16, "fully-random"), (8, "persistent")];
        let set: Vec<&str> =
            names.iter().filter(|(bit, _)| flags.0 & bit != 0).map(|(_, name)| *name).collect();
        if set.is_empty() { out } else { format!("{out} {}", set.join(",")) }
    }
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Ne => "!= ",
        Op::Lt => "< ",
        Op::Le => "<= ",
        Op::Gt => "> ",
        Op::Ge => ">= ",
        _ => "",
    }
}

fn meta(key: MetaKey) -> (String, Form) {
    let (words, form) = match key {
        MetaKey::Iifname => ("iifname", Form::Name),
        MetaKey::Oifname => ("oifname", Form::Name),
        MetaKey::Iif => ("iif", Form::Native),
        MetaKey::Oif => ("oif", Form::Native),
        MetaKey::Mark => ("meta mark", Form::Hexadecimal),
        MetaKey::SocketUserId => ("meta skuid", Form::Native),
        MetaKey::SocketGroupId => ("meta skgid", Form::Native),
        MetaKey::L4Proto => ("meta l4proto", Form::Protocol),
        MetaKey::Nfproto => ("meta nfproto", Form::Family),
        MetaKey::EtherTypeProtocol => ("meta protocol", Form::Number),
        MetaKey::NftraceBit => ("meta nftrace", Form::Number),
        MetaKey::Length => ("meta length", Form::Native),
        MetaKey::Priority => ("meta priority", Form::TcClass),
        MetaKey::Iftype => ("iiftype", Form::Native),
        MetaKey::Oiftype => ("oiftype", Form::Native),
        MetaKey::Rtclassid => ("meta rtclassid", Form::Native),
        MetaKey::PacketType => ("meta pkttype", Form::Number),
        MetaKey::Cpu => ("meta cpu", Form::Native),
        MetaKey::Iifgroup => ("iifgroup", Form::Native),
        MetaKey::Oifgroup => ("oifgroup", Form::Native),
        MetaKey::Cgroup => ("meta cgroup", Form::Native),
        other => return (format!("[meta {}]", u32::from(other)), Form::Bytes),
    };
    (words.to_owned(), form)
}

/// `enum nft_ct_keys`.
fn ct(key: u32) -> (String, Form) {
    match key {
        0 => ("ct state".to_owned(), Form::State),
        3 => ("ct mark".to_owned(), Form::Hexadecimal),
        17 => ("ct zone".to_owned(), Form::Native),
        other => (format!("[ct {other}]"), Form::Bytes),
    }
}

/// nft has the names of /etc/protocols.
fn protocol(number: u8) -> String {
    match Protocol(number) {
        Protocol::ICMPV6 => "ipv6-icmp".to_owned(),
        protocol => protocol.to_string(),
    }
}

/// By what nft sorts: names too are numbers in the host's byte order to it.
fn rank(form: Form, value: &[u8]) -> Vec<u8> {
    let host = matches!(form, Form::Name | Form::Native | Form::Hexadecimal);
    if host && cfg!(target_endian = "little") {
        value.iter().rev().copied().collect()
    } else {
        value.to_vec()
    }
}

fn span(form: Form, span: &Span) -> String {
    match form {
        _ if span.is_one() => value(form, &span.low),
        Form::Inet | Form::Inet6 => Addresses::of(span).map_or_else(String::new, |range| range.to_string()),
        Form::Name => Interface::of(span).map_or_else(String::new, |name| format!("\"{name}\"")),
        _ => format!("{}-{}", value(form, &span.low), value(form, &span.high)),
    }
}

/// Of an address its first bytes alone may be compared.
fn prefix(form: Form, data: &[u8]) -> String {
    let full = match form {
        Form::Inet => 4,
        Form::Inet6 => 16,
        _ => data.len(),
    };
    if data.len() >= full {
        return value(form, data);
    }
    let mut whole = data.to_vec();
    whole.resize(full, 0);
    format!("{}/{}", value(form, &whole), data.len() * 8)
}

fn value(form: Form, data: &[u8]) -> String {
    let number = data.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    let native = || match data.first_chunk() {
        Some(bytes) => u32::from_ne_bytes(*bytes),
        None => data.first_chunk().map_or(0, |bytes| u16::from_ne_bytes(*bytes).into()),
    };
    match (form, data.first_chunk::<4>(), data.first_chunk::<16>()) {
        (Form::Name, ..) => {
            let end = data.iter().position(|byte| *byte == 0);
            let name = String::from_utf8_lossy(&data[..end.unwrap_or(data.len())]);
            format!("\"{name}{}\"", if end.is_some() { "" } else { "*" })
        }
        (Form::Inet, Some(ip), _) => Ipv4Addr::from(*ip).to_string(),
        (Form::Inet6, _, Some(ip)) => Ipv6Addr::from(*ip).to_string(),
        (Form::Protocol, ..) => protocol(number as u8),
        (Form::Family, ..) => if number == 2 { "ipv4" } else { "ipv6" }.to_owned(),
        (Form::Icmp, ..) => IcmpType::<false>(number as u8).to_string(),
        (Form::Icmpv6, ..) => IcmpType::<true>(number as u8).to_string(),
        (Form::State, ..) => states(native()),
        (Form::Native, ..) => native().to_string(),
        (Form::TcClass, ..) => format!("{:x}:{:x}", native() >> 16, native() & 0xffff),
        (Form::Bytes, ..) => data.iter().map(|byte| format!("{byte:02x}")).collect(),
        (Form::Hexadecimal, ..) => format!("{:#010x}", native()),
        _ => number.to_string(),
    }
}

/// NF_CT_STATE_BIT of linux/netfilter/nf_conntrack_common.h, and NF_CT_STATE_UNTRACKED_BIT.
pub const STATES: [(u32, &str); 5] =
    [(1, "invalid"), (2, "established"), (4, "related"), (8, "new"), (64, "untracked")];

fn states(bits: u32) -> String {
    STATES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Drop => "drop".to_owned(),
        Verdict::Accept => "accept".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
        Verdict::Other(code) => format!("[verdict {code}]"),
    }
}

fn limit(rate: u64, unit: u64, burst: u32, bytes: bool, flags: Flags) -> String {
    let rate = Rate { over: flags == INVERTED, rate, bytes, unit };
    match (bytes, burst) {
        (false, Rate::BURST) | (true, 0) => format!("limit rate {rate}"),
        (false, burst) => format!("limit rate {rate} burst {burst} packets"),
        (true, burst) => format!("limit rate {rate} burst {}", with_unit(burst.into())),
    }
}

fn log(group: Option<u16>, prefix: Option<&str>, level: Option<u32>) -> String {
    let mut words = "log".to_owned();
    if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
        words.push_str(&format!(" prefix \"{prefix}\""));
    }
    if let Some(group) = group {
        words.push_str(&format!(" group {group}"));
    }
    if let Some(level) = level.filter(|level| *level != LogLevel::Warn as u32) {
        words.push_str(&format!(" level {}", LogLevel::of(level).map_or("debug", Words::name)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_nft_writes_them() {
        let load = |key| Expr::Meta { to: 1, key };
        let equal = |data: &[u8]| Expr::Cmp { from: 1, op: Op::Eq, data: data.to_vec() };
        let payload = |base, offset, length| Expr::Payload { to: 1, base, offset, length };
        let drop = || Expr::Verdict { verdict: Verdict::Drop };
        let echo = [load(MetaKey::L4Proto), equal(&[1]), payload(Base::Transport, 0, 1), equal(&[8]), drop()];
        assert_eq!(rule(&echo), "icmp type echo-request drop");
        let port =
            [load(MetaKey::L4Proto), equal(&[6]), payload(Base::Transport, 2, 2), equal(&[0, 80]), drop()];
        assert_eq!(rule(&port), "tcp dport 80 drop");
        let net =
            [payload(Base::Network, 12, 3), equal(&[10, 0, 1]), Expr::Reject { kind: 2, code: Some(1) }];
        assert_eq!(rule(&net), "ip saddr 10.0.1.0/24 reject");
    }
}
