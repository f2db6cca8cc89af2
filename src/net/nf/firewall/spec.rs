//! What a script says of a rule, and what of it makes no sense.

use super::chain;
use super::fields::{Action, LogLevel, LogPrefix, MarkBits, NewMark, Rate, Reason, States, Told};
use super::set::{NamedSet, Sort};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Words, table};
use crate::net::fields::Number;
use crate::net::nf::ask::Ask;
use crate::net::nf::elements::{DataType, KeyType};
use crate::net::nf::message::Hook;
use crate::net::nf::nat::NatSpec;
use crate::net::nf::several::{Addresses, IcmpType, Item, Several, Uid};
use crate::net::nf::words::{Family, Interface, Not, PortRange, Protocol};

table! {
    /// What a rule matches and does, or what those to be found must have.
    pub struct RuleSpec {
        Set chain: String = header always, ip [],
            "the chain: input (to this namespace), forward (through it), output (from it), prerouting, postrouting, \
             raw_prerouting and raw_output (both before connection tracking), or one made by firewall.add_chain";
        Set input as "iif": Not<Several<Interface>> = header, ip [],
            "the interface by which packets come in; \"!br0\" is every other, \"veth*\" all that begin so";
        Set output as "out": Not<Several<Interface>> = header, ip [],
            "the interface by which packets leave; \"!br0\" is every other, \"veth*\" all that begin so";
        Set family: Family = header, ip [],
            "the only family of the packets; addresses and types of ICMP mean theirs anyway";
        Set source: Not<Several<Addresses>> = header, ip [],
            "the sources: addresses, prefixes, ranges, or a set; \"!\" in front is all others";
        Set dest: Not<Several<Addresses>> = header, ip [],
            "the destinations: addresses, prefixes, ranges, or a set; \"!\" in front is all others";
        Set proto: Not<Several<Protocol>> = header, ip [], "the protocols of the packets";
        Set sport: Not<Several<PortRange>> = header, ip [], "the source ports; needs proto";
        Set dport: Not<Several<PortRange>> = header, ip [], "the destination ports; needs proto";
        Set icmp: Not<Several<IcmpType<false>>> = header, ip [], "types of ICMP, by nft's names or numbers";
        Set icmpv6: Not<Several<IcmpType<true>>> = header, ip [], "types of ICMPv6, by nft's names or numbers";
        Set state: Not<States> = header, ip [],
            "what the packet is to its connection: new, established, related, invalid or untracked";
        Set mark: Not<MarkBits> = header, ip [], "the packet's mark, or with \"/\" those bits of it";
        Set ct_mark: Not<MarkBits> = header, ip [], "the mark of its connection, or with \"/\" those bits of it";
        Set uid: Not<Several<Uid>> = header, ip [], "the user whose socket sends; for output and postrouting";
        Set limit: Rate = header, ip [],
            "match while no more than this comes (\"5/second\", \"100 kbytes/minute\"), or with \"over\" in front what exceeds it";
        Set burst: Number = header, ip [],
            "how much may come at once before the limit counts; packets (default 5), or bytes where the limit has them";
        Set counter: bool = header always, ip [], "count what matches; default true";
        Set log: LogPrefix = header, ip [],
            "write a line that begins so to the kernel's log, which namespaces do only with the sysctl \
             net.netfilter.nf_log_all_netns of the machine";
        Set log_level: LogLevel = header, ip [], "the line's level; default warn";
        Set log_group: Between<0, 65535> = header, ip [], "hand it to the listener of this group of nflog instead";
        Set set_mark: NewMark = header, ip [],
            "give the packet this mark, or what a map has for it (\"source map @NAME\")";
        Set set_ct_mark: Number = header, ip [], "give its connection this mark, which conntrack.list shows";
        Set set_zone: Between<0, 65535> = header, ip [],
            "track it in this zone: the same addresses and ports in another one are another connection; for raw_prerouting \
             and raw_output";
        Set action: Action = header always, ip [],
            "accept, drop, reject, continue (with the next rule), return (to the calling chain), \"jump CHAIN\", \
             \"goto CHAIN\", notrack (in raw_prerouting and raw_output), or \"source vmap @NAME\": what the map has for the \
             packet's source (or iif, out, dest, proto, sport, dport, mark, uid), and continue where it has nothing; or \
             \"flow add @NAME\" in forward: the connection's later packets go past the chains";
        Set reason: Reason = header, ip [],
            "what a refused sender is told; tcp-reset needs proto \"tcp\"; default port-unreachable";
        Set comment: String = header, ip [], "a remark of at most 128 bytes, shown by nft too";
        Give insert: bool = header, ip [], "before the chain's other rules; default is behind them";
    }
}

fn check_data(maps: &[NamedSet], name: &str, wants: DataType) -> Result<()> {
    let to = maps.iter().find(|map| map.name == name).and_then(|map| map.to);
    if to == Some(wants) {
        return Ok(());
    }
    let has = to.map_or("something else", Words::name);
    wrong(format!("the map {name:?} has {has} for its keys, not {}", wants.name()))
}

fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::argument(message))
}

impl RuleSpec {
    pub fn chain(&self) -> &str {
        self.chain.as_deref().unwrap_or_default()
    }

    /// The names of the sets that it looks into, each with the option.
    pub fn sets(&self) -> Vec<(&'static str, &str)> {
        fn set<T: Item>(several: &Option<Not<Several<T>>>) -> Option<&str> {
            match several {
                Some(Not { value: Several::Set(name), .. }) => Some(name),
                _ => None,
            }
        }
        let all = [
            ("iif", set(&self.input)),
            ("out", set(&self.output)),
            ("source", set(&self.source)),
            ("dest", set(&self.dest)),
            ("proto", set(&self.proto)),
            ("sport", set(&self.sport)),
            ("dport", set(&self.dport)),
            ("icmp", set(&self.icmp)),
            ("icmpv6", set(&self.icmpv6)),
            ("uid", set(&self.uid)),
        ];
        all.into_iter().filter_map(|(option, name)| Some((option, name?))).collect()
    }

    /// The maps that it asks, each with the option that says about what.
    pub fn asks(&self) -> Vec<&Ask> {
        let vmap = if let Some(Action::Vmap(ask)) = &self.action { Some(ask) } else { None };
        let map = if let Some(NewMark::Map(ask)) = &self.set_mark { Some(ask) } else { None };
        [map, vmap].into_iter().flatten().collect()
    }

    fn asks_about(&self, option: &str) -> bool {
        self.asks().iter().any(|ask| ask.option == option)
    }

    /// Finds contradictions, and fills in what follows from the rest. `sets` are those that have names.
    pub(super) fn check(&self, sets: &[NamedSet]) -> Result<RuleSpec> {
        let mut spec = self.clone();
        chain::check_not_nat(spec.chain())?;
        if let Some(Action::Jump(target) | Action::Goto(target)) = &spec.action {
            chain::check_not_nat(target)?;
        }
        spec.check_sets(sets)?;
        spec.check_maps(sets)?;
        spec.family = spec.find_family(sets)?;
        spec.check_icmp()?;
        spec.check_ports()?;
        spec.check_place()?;
        spec.check_reason()?;
        if spec.burst.is_some() && spec.limit.is_none() {
            return wrong("burst needs `limit`");
        }
        if (spec.log_level.is_some() || spec.log_group.is_some()) && spec.log.is_none() {
            return wrong("log_level and log_group need `log`, a line's beginning or true");
        }
        if spec.log_level.is_some() && spec.log_group.is_some() {
            return wrong("log_level and log_group exclude each other: what goes to a group has no level");
        }
        if let Some(comment) = &spec.comment {
            NatSpec::check_comment(comment)?;
        }
        spec.settle();
        Ok(spec)
    }

    /// What a rule of the kernel says in any case.
    pub(super) fn settle(&mut self) {
        self.counter.get_or_insert(true);
        // The kernel's default, which it tells in any case.
        self.log_level = self.log_level.filter(|level| *level != LogLevel::Warn);
        if self.action == Some(Action::Reject) {
            self.reason.get_or_insert(Reason::PortUnreachable);
        }
        if let Some(rate) = self.limit.filter(|_| self.burst.is_none()) {
            self.burst = (!rate.bytes).then_some(Between(Rate::BURST));
        }
    }

    fn check_sets(&self, sets: &[NamedSet]) -> Result<()> {
        for (option, name) in self.sets() {
            let Some(set) = sets.iter().find(|set| set.name == name && set.sort() == Sort::Set) else {
                let e = Error::new(Kind::NotFound, format!("{option}: there is no set {name:?}"));
                return Err(e.hint(format!("make it: firewall.add_set({name:?}, {{ type = ... }})")));
            };
            set.check_key(option)?;
        }
        Ok(())
    }

    fn check_maps(&self, maps: &[NamedSet]) -> Result<()> {
        for Ask { option, map: name } in self.asks() {
            let Some(map) = maps.iter().find(|map| map.name == *name && map.sort() == Sort::Map) else {
                let e = Error::new(Kind::NotFound, format!("there is no map {name:?}"));
                return Err(
                    e.hint(format!("make it: firewall.add_map({name:?}, {{ type = ..., to = ... }})"))
                );
            };
            map.check_key(option)?;
        }
        if let Some(NewMark::Map(ask)) = &self.set_mark {
            check_data(maps, &ask.map, DataType::Of(KeyType::Mark))?;
        }
        match &self.action {
            Some(Action::Vmap(ask)) => check_data(maps, &ask.map, DataType::Verdict),
            _ => Ok(()),
        }
    }

    /// The family that addresses, types of ICMP and `family` agree on.
    fn find_family(&self, sets: &[NamedSet]) -> Result<Option<Family>> {
        let of_set = |name: &str| {
            let key = sets.iter().find(|set| set.name == name).and_then(|set| set.key);
            Some(if key == Some(KeyType::Ipv6Addr) { Family::Inet6 } else { Family::Inet })
        };
        let mut said: Vec<(&str, Option<Family>)> = Vec::new();
        for (option, value) in [("source", &self.source), ("dest", &self.dest)] {
            match value.as_ref().map(|not| &not.value) {
                Some(Several::Set(name)) => said.push((option, of_set(name))),
                Some(several) => {
                    said.extend(several.items().iter().map(|item| (option, Some(item.family()))))
                }
                None => {}
            }
        }
        for ask in self.asks().into_iter().filter(|ask| matches!(ask.option, "source" | "dest")) {
            said.push((ask.option, of_set(&ask.map)));
        }
        said.push(("icmp", self.icmp.as_ref().map(|_| Family::Inet)));
        said.push(("icmpv6", self.icmpv6.as_ref().map(|_| Family::Inet6)));
        let told = self.reason.map(|reason| reason.told().0);
        said.push(("reason", told.filter(|told| *told == Told::Icmp).map(|_| Family::Inet)));
        said.push(("reason", told.filter(|told| *told == Told::Icmpv6).map(|_| Family::Inet6)));
        said.push(("family", self.family));
        let said: Vec<(&str, Family)> = said.into_iter().filter_map(|(name, f)| Some((name, f?))).collect();
        let Some((before, first)) = said.first() else { return Ok(None) };
        let version = |family: &Family| if *family == Family::Inet { "IPv4" } else { "IPv6" };
        match said.iter().find(|(_, family)| family != first) {
            None => Ok(Some(*first)),
            Some((name, _)) if name == before => {
                let e = Error::argument(format!("`{name}` mixes IPv4 and IPv6"));
                Err(e.hint("add two rules, one for each"))
            }
            Some((name, other)) => {
                wrong(format!("`{before}` is {}, but `{name}` is {}", version(first), version(other)))
            }
        }
    }

    /// The only protocol, if it is one.
    pub(super) fn one_proto(&self) -> Option<Protocol> {
        match self.proto.as_ref()? {
            Not { negated: false, value: Several::Items(items) } if items.len() == 1 => {
                items.first().copied()
            }
            _ => None,
        }
    }

    fn check_icmp(&mut self) -> Result<()> {
        let means = [
            ("icmp", self.icmp.is_some(), Protocol::ICMP),
            ("icmpv6", self.icmpv6.is_some(), Protocol::ICMPV6),
        ];
        for (option, given, proto) in means {
            if !given {
                continue;
            }
            if self.proto.is_some() && self.one_proto() != Some(proto) {
                return wrong(format!("`{option}` is of the protocol {proto}, `proto` is another one"));
            }
            self.proto = Some(Not::only(Several::one(proto)));
        }
        let odd = match (self.one_proto(), self.family) {
            (Some(Protocol::ICMP), Some(Family::Inet6)) => ("icmp", "IPv4", "IPv6", "icmpv6"),
            (Some(Protocol::ICMPV6), Some(Family::Inet)) => ("icmpv6", "IPv6", "IPv4", "icmp"),
            _ => return Ok(()),
        };
        let e = Error::argument(format!("proto {:?} is {}'s, the addresses are {}", odd.0, odd.1, odd.2));
        Err(e.hint(format!("{} has {:?}", odd.2, odd.3)))
    }

    fn check_ports(&self) -> Result<()> {
        let about = |given: bool, option| (given || self.asks_about(option), option);
        let ports = [about(self.sport.is_some(), "sport"), about(self.dport.is_some(), "dport")];
        let Some((_, what)) = ports.iter().find(|(there, _)| *there) else { return Ok(()) };
        match &self.proto {
            None => wrong(format!("{what} needs `proto`, such as \"tcp\" or \"udp\"")),
            Some(Not { negated: true, .. }) => wrong(format!("{what} needs `proto` without \"!\"")),
            Some(Not { value, .. }) => match value.items().iter().find(|proto| !proto.has_ports()) {
                Some(proto) => wrong(format!("{what} needs a protocol with ports, {proto} has none")),
                None => Ok(()),
            },
        }
    }

    /// What a hook can't know.
    fn check_place(&self) -> Result<()> {
        let chain = self.chain();
        let Some(base) = chain::base(chain) else { return Ok(()) };
        let hook = base.hook.unwrap_or(Hook::Forward);
        let no = |option: &str, why: &str, instead: &str| {
            Err(Error::argument(format!("`{option}` never matches in {chain}: {why}"))
                .hint(instead.to_owned()))
        };
        if (self.input.is_some() || self.asks_about("iif")) && hook == Hook::Output {
            return no("iif", "what the namespace itself sends came in nowhere", "match `out`");
        }
        if (self.output.is_some() || self.asks_about("out")) && matches!(hook, Hook::Input | Hook::Prerouting)
        {
            return no("out", "these packets have no way out yet", "match `iif`, or use the chain forward");
        }
        if (self.uid.is_some() || self.asks_about("uid")) && !matches!(hook, Hook::Output | Hook::Postrouting)
        {
            return no("uid", "only what this namespace sends has a user", "use the chain output");
        }
        let raw = chain.starts_with("raw_");
        if self.state.is_some() && raw {
            return no("state", "it comes before connection tracking", "use the chain prerouting or output");
        }
        if self.set_zone.is_some() && !raw {
            let e = Error::argument(format!(
                "`set_zone` comes too late in {chain}: the packet is tracked already"
            ));
            return Err(e.hint("use the chain raw_prerouting, or raw_output for what the namespace sends"));
        }
        if (self.ct_mark.is_some() || self.set_ct_mark.is_some()) && raw {
            let option = if self.ct_mark.is_some() { "ct_mark" } else { "set_ct_mark" };
            let e =
                Error::argument(format!("`{option}` has no connection yet in {chain}: tracking comes later"));
            return Err(e.hint("use the chain prerouting or output"));
        }
        if self.action == Some(Action::Notrack) && !raw {
            let e =
                Error::argument(format!("notrack comes too late in {chain}: the packet is tracked already"));
            return Err(e.hint("use the chain raw_prerouting, or raw_output for what the namespace sends"));
        }
        if matches!(self.action, Some(Action::Flow(_))) && hook != Hook::Forward {
            let e = Error::argument(format!(
                "no packet of {chain} goes from one link to another by a flow table"
            ));
            return Err(e.hint("use the chain forward"));
        }
        if self.action == Some(Action::Reject) && hook == Hook::Postrouting {
            let e = Error::argument("the kernel can't reject in postrouting");
            return Err(e.hint("reject in forward or output, or drop"));
        }
        Ok(())
    }

    fn check_reason(&self) -> Result<()> {
        match self.reason {
            Some(_) if self.action != Some(Action::Reject) => wrong("reason needs action \"reject\""),
            Some(Reason::TcpReset) if self.one_proto() != Some(Protocol::TCP) => {
                wrong("reason \"tcp-reset\" needs proto \"tcp\"")
            }
            _ => Ok(()),
        }
    }
}
