//! What a script says of a NAT rule, and what of it makes no sense.

use super::target::{Mapped, Target};
use crate::base::error::{Error, Kind as ErrorKind, Result};
use crate::model::{Field, Form, Value, Words, table};
use crate::net::fields::text;
use crate::net::nf::ask::Ask;
use crate::net::nf::elements::{DataType, KeyType};
use crate::net::nf::firewall::{NamedSet, Sort};
use crate::net::nf::message::Hook;
use crate::net::nf::words::{Family, Interface, Not, Ports, Prefix, Protocol};

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The source becomes the address of the interface that the packet leaves by.
    Masquerade,
    /// The source becomes a given address.
    Snat,
    /// The destination becomes a given address.
    Dnat,
    /// The destination becomes this host.
    Redirect,
    /// One that someone else made, in a form that has no words here.
    Other,
}

impl Words for Kind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("masquerade", Kind::Masquerade),
        ("snat", Kind::Snat),
        ("dnat", Kind::Dnat),
        ("redirect", Kind::Redirect),
        ("other", Kind::Other),
    ];
}

impl Kind {
    /// Where the rule hangs; connections that the host itself begins pass `output` and never `prerouting`.
    pub(super) fn hooks(self, host: bool) -> &'static [Hook] {
        match (self, host) {
            (Kind::Masquerade | Kind::Snat | Kind::Other, _) => &[Hook::Postrouting],
            (Kind::Dnat | Kind::Redirect, false) => &[Hook::Prerouting],
            (Kind::Dnat | Kind::Redirect, true) => &[Hook::Prerouting, Hook::Output],
        }
    }

    /// What the kernel needs for it.
    pub(super) fn module(self) -> &'static str {
        match self {
            Kind::Masquerade => "masquerading (nft_masq, nf_nat)",
            Kind::Redirect => "redirection (nft_redir, nf_nat)",
            _ => "address translation (nft_nat, nf_nat)",
        }
    }

    fn is_source(self) -> bool {
        matches!(self, Kind::Masquerade | Kind::Snat)
    }
}

table! {
    /// What a rule matches and where it translates to; all of it optional but for what [`NatSpec::check`] asks for.
    pub struct NatSpec {
        Set source: Not<Prefix> = header, ip [],
            "the source that it matches, an address or prefix; \"!192.168.1.0/24\" is all others";
        Set dest: Not<Prefix> = header, ip [],
            "the destination that it matches, an address or prefix; \"!\" in front is all others";
        Set input as "iif": Not<Interface> = header, ip [],
            "the interface by which packets come in; \"!br0\" is every other, \"veth*\" all that begin so. For \
             masquerade and snat the kernel knows it from version 5.7 on, and for the host's own packets there is none";
        Set output as "out": Not<Interface> = header, ip [],
            "the interface by which packets leave; \"!br0\" is every other, \"veth*\" all that begin so";
        Set proto: Protocol = header, ip [], "the protocol of the packets";
        Set sport: Not<Ports> = header, ip [], "the source ports; needs proto";
        Set dport: Not<Ports> = header, ip [], "the destination ports; needs proto";
        Set to: Target = header, ip [],
            "what it translates to: an address or a range of them, with proto also a port or ports; or what a map of firewall.add_map \
             has for the packet's source (or iif, out, dest, proto, sport, dport, mark, uid): \"dport map @NAME\"";
        Set family: Family = header, ip [],
            "the only family of the packets; where source, dest or to is an address, its family is meant anyway";
        Set random: bool = header always, ip [],
            "choose ports by a hash with a random seed; the default keeps them where possible";
        Set fully_random: bool = header always, ip [], "choose ports at random";
        Set persistent: bool = header always, ip [], "translate a client to the same address of a range each time";
        Set host: bool = header always, ip [],
            "also for connections that begin in this namespace itself, which don't pass prerouting (a second rule, on \
             the hook output); default false";
        Set comment: String = header, ip [], "a remark of at most 128 bytes, shown by nft too";
        Give insert: bool = header, ip [], "before the rules that are there; default is behind them";
    }
}

impl Field for Target {
    fn form() -> Form {
        text("an address such as \"192.168.1.10\", \"192.168.1.10:3000\" or \"[fd00::1]:80\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        if let Value::Text(text) = value { Target::parse(text).map(Some) } else { Ok(None) }
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl NatSpec {
    /// The longest comment that nft writes and reads, in bytes.
    pub const COMMENT_MAX: usize = 128;

    /// Finds contradictions, and fills in the family that the addresses have.
    pub(super) fn check(&self, kind: Kind) -> Result<NatSpec> {
        let wrong = |detail: String| Err(Error::argument(detail));
        let name = kind.name();
        let mut spec = self.clone();
        spec.family = self.find_family()?;
        match (kind, &self.to) {
            (_, Some(Target { map: Some(Mapped { ask, .. }), .. }))
                if ask.option == "out" && !kind.is_source() =>
            {
                return wrong(format!("{name} can't ask about `out`: it comes before routing"));
            }
            (_, Some(Target { map: Some(_), .. })) => {}
            (Kind::Snat | Kind::Dnat, None) => {
                return wrong(format!("{name} needs `to`, the address to translate to"));
            }
            (Kind::Dnat, Some(Target { addresses: None, .. })) => {
                let e = Error::argument("dnat needs an address in `to`");
                return Err(e.hint("nat.redirect translates to a port of this host"));
            }
            (Kind::Snat, Some(Target { addresses: None, .. })) => {
                let e = Error::argument("snat needs an address in `to`");
                return Err(e.hint("nat.masquerade takes the address of the outgoing interface"));
            }
            (Kind::Masquerade | Kind::Redirect, Some(Target { addresses: Some(_), .. })) => {
                let instead = if kind == Kind::Masquerade { "nat.snat" } else { "nat.dnat" };
                let e = Error::argument(format!("{name} chooses the address itself: `to` can only be ports"));
                return Err(e.hint(format!("{instead} translates to a given address")));
            }
            _ => {}
        }
        self.check_ports()?;
        if kind.is_source() && self.host == Some(true) {
            return wrong(format!("{name} has no `host`: it sees the host's own connections in any case"));
        }
        if !kind.is_source() && self.output.is_some() {
            let e = Error::argument(format!("{name} can't match `out`: it comes before routing"));
            return Err(e.hint("match the destination address with `dest`"));
        }
        if self.host == Some(true) && self.input.is_some() {
            let e =
                Error::argument("`host` and `iif` exclude each other: what the host sends came in nowhere");
            return Err(e.hint("add two rules, one with `iif` and one with `host`"));
        }
        match (self.proto, spec.family) {
            (Some(Protocol::ICMP), Some(Family::Inet6)) => {
                let e = Error::argument("proto \"icmp\" is IPv4's, the addresses are IPv6");
                return Err(e.hint("IPv6 has \"icmpv6\""));
            }
            (Some(Protocol::ICMPV6), Some(Family::Inet)) => {
                let e = Error::argument("proto \"icmpv6\" is IPv6's, the addresses are IPv4");
                return Err(e.hint("IPv4 has \"icmp\""));
            }
            _ => {}
        }
        if let Some(comment) = &self.comment {
            Self::check_comment(comment)?;
        }
        Ok(spec)
    }

    /// Finds the map that is asked where to translate to, and fills in what it has.
    pub(super) fn check_map(&mut self, kind: Kind, maps: &[NamedSet]) -> Result<()> {
        let wrong = |detail: String| Err(Error::argument(detail));
        let Some(mapped) = self.to.as_mut().and_then(|to| to.map.as_mut()) else { return Ok(()) };
        let Ask { option, map: name } = &mapped.ask;
        let Some(map) = maps.iter().find(|map| map.name == *name && map.sort() == Sort::Map) else {
            let e = Error::new(ErrorKind::NotFound, format!("there is no map {name:?}"));
            return Err(e.hint(format!("make it: firewall.add_map({name:?}, {{ type = ..., to = ... }})")));
        };
        map.check_key(option)?;
        let of_address = |key| if key == KeyType::Ipv6Addr { Family::Inet6 } else { Family::Inet };
        let (address, port) = match map.to {
            Some(DataType::Of(key @ (KeyType::Ipv4Addr | KeyType::Ipv6Addr))) => {
                (Some(of_address(key)), false)
            }
            Some(DataType::Ends(key)) => (Some(of_address(key)), true),
            Some(DataType::Of(KeyType::InetService)) => (None, true),
            _ => {
                let has = map.to.map_or("something else", Words::name);
                return wrong(format!("the map {name:?} has {has} for its keys, no addresses or ports"));
            }
        };
        if address.is_some() != matches!(kind, Kind::Snat | Kind::Dnat) {
            let wants = if address.is_some() { "ports" } else { "addresses" };
            return wrong(format!("{} needs {wants}, which the map {name:?} doesn't have", kind.name()));
        }
        (mapped.address, mapped.port) = (address.is_some(), port);
        let asked = matches!(*option, "source" | "dest").then(|| map.key.map(of_address)).flatten();
        let families = [self.family, address, asked];
        let mut families = families.into_iter().flatten();
        self.family = families.next();
        if families.any(|family| Some(family) != self.family) {
            return wrong(format!("the map {name:?} is of the other family"));
        }
        self.check_ports()
    }

    /// Whether nft can write the comment and read it.
    pub fn check_comment(comment: &str) -> Result<()> {
        let wrong = |detail: String| Err(Error::argument(detail));
        match comment.len() {
            n if n > Self::COMMENT_MAX => {
                wrong(format!("the comment has {n} bytes, more than {}", Self::COMMENT_MAX))
            }
            _ if comment.contains('"') || comment.chars().any(char::is_control) => {
                wrong("the comment must be one line without quotation marks, as nft shows it".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// A rule of the kernel says of each flag whether it is on.
    pub(super) fn settle(&mut self) {
        for flag in [&mut self.random, &mut self.fully_random, &mut self.persistent, &mut self.host] {
            flag.get_or_insert(false);
        }
    }

    fn check_ports(&self) -> Result<()> {
        let ports = [
            (self.sport.is_some(), "sport"),
            (self.dport.is_some(), "dport"),
            (self.to.as_ref().is_some_and(Target::is_about_ports), "a port in `to`"),
        ];
        let Some((_, what)) = ports.iter().find(|(there, _)| *there) else { return Ok(()) };
        match self.proto {
            Some(proto) if proto.has_ports() => Ok(()),
            Some(proto) => {
                Err(Error::argument(format!("{what} needs a protocol with ports, {proto} has none")))
            }
            None => Err(Error::argument(format!("{what} needs `proto`, such as \"tcp\" or \"udp\""))),
        }
    }

    /// The family that the addresses, the target and `family` agree on.
    fn find_family(&self) -> Result<Option<Family>> {
        let said = [
            ("source", self.source.as_ref().map(|p| p.value.family())),
            ("dest", self.dest.as_ref().map(|p| p.value.family())),
            ("to", self.to.as_ref().and_then(Target::family)),
            ("family", self.family),
        ];
        let mut first: Option<(&str, Family)> = None;
        for (name, family) in said.into_iter().filter_map(|(name, family)| Some((name, family?))) {
            match first {
                None => first = Some((name, family)),
                Some((before, other)) if other != family => {
                    let (other, family) = (version(other), version(family));
                    return Err(Error::argument(format!("`{before}` is {other}, but `{name}` is {family}")));
                }
                Some(_) => {}
            }
        }
        Ok(first.map(|(_, family)| family))
    }
}

/// The family as people call it.
fn version(family: Family) -> &'static str {
    match family {
        Family::Inet => "IPv4",
        Family::Inet6 => "IPv6",
    }
}
