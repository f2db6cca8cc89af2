//! What NAT rules do to a packet, by the rules alone.

use std::net::IpAddr;

use super::fault::Way;
use super::packet::Packet;
use super::send::Sighting;
use super::snapshot::{Snapshot, Space};
use crate::net::link::Link;
use crate::net::nf::ask::Ask;
use crate::net::nf::firewall::{self, Sort};
use crate::net::nf::message::Hook;
use crate::net::nf::nat::{self, Kind, NatRule, NatSpec, Target};
use crate::net::nf::words::{Interface, Not, Ports, Prefix};
use crate::net::prefix::{Family, octets};

/// What a namespace's NAT made of a packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    /// The namespace.
    pub inode: u64,
    pub before: Packet,
    pub after: Packet,
}

impl Translation {
    /// An answer to the translated packet, where it comes in: it goes to whom the packet came from.
    pub fn returned(&self, answer: &Packet) -> Option<Packet> {
        let is_answer = answer.src == Some(self.after.dst) && self.after.src == Some(answer.dst);
        let dst = self.before.src?;
        is_answer.then(|| Packet { dst, dport: self.before.sport, ..answer.clone() })
    }

    /// The same where it leaves, behind routing: it comes from where the packet was sent to.
    pub fn disguised(&self, answer: &Packet) -> Option<Packet> {
        let is_answer = answer.src == Some(self.after.dst) && self.before.src == Some(answer.dst);
        is_answer.then(|| Packet { src: Some(self.before.dst), sport: self.before.dport, ..answer.clone() })
    }
}

/// What NAT was seen to do: where the probe left a router with other addresses than it came with.
pub fn observed(lab: &Snapshot<'_>, seen: &[Sighting], asked: &Packet) -> Vec<Translation> {
    let packet = |seen: &Sighting| Packet {
        src: Some(seen.src),
        dst: seen.dst,
        sport: seen.ports.map(|(sport, _)| sport),
        dport: seen.ports.map(|(_, dport)| dport),
        ..asked.clone()
    };
    let of = |space: &Space| {
        let mut here = seen.iter().filter(|s| s.way == Way::Forth && s.namespace == space.name());
        let came = here.clone().find(|s| s.inward)?;
        let left = here.rfind(|s| !s.inward && s.dev != "lo")?;
        let (before, after) = (packet(came), packet(left));
        let changed = (came.src, came.dst) != (left.src, left.dst) || before.dport != after.dport;
        changed.then(|| Translation { inode: space.ns.inode(), before, after })
    };
    lab.spaces.iter().filter_map(of).collect()
}

/// The NAT rules of a namespace.
pub fn rules(space: &Space) -> Vec<NatRule> {
    nat::list(&space.ns).unwrap_or_default()
}

/// The destination as a rule of prerouting or output changes it.
pub fn destination(space: &Space, from: Option<&Link>, packet: &Packet) -> Option<Packet> {
    let hook = if from.is_some() { Hook::Prerouting } else { Hook::Output };
    let (kind, to) = first(space, hook, from, None, packet)?;
    let own = || match from {
        Some(link) => space.addrs_on(link, packet.family()).map(|a| a.ip()).next(),
        None => None,
    };
    let address = match kind {
        Kind::Dnat => to.addresses?.0,
        Kind::Redirect => own()?,
        _ => return None,
    };
    let dport = to.ports.map(|ports| ports.low).or(packet.dport);
    Some(Packet { dst: address, dport, ..packet.clone() })
}

/// The source as a rule of postrouting changes it. `own` is the address that the link sends from.
pub fn source(space: &Space, out: &Link, own: Option<IpAddr>, packet: &Packet) -> Option<Packet> {
    let (kind, to) = first(space, Hook::Postrouting, None, Some(out), packet)?;
    let address = match kind {
        Kind::Masquerade => own.or_else(|| space.addrs_on(out, packet.family()).map(|a| a.ip()).next())?,
        Kind::Snat => to.addresses?.0,
        _ => return None,
    };
    Some(Packet { src: Some(address), ..packet.clone() })
}

/// A rule that was to translate the source, and the field by which it doesn't match.
pub fn near_miss(space: &Space, out: &Link, packet: &Packet) -> Option<(String, &'static str)> {
    rules(space).into_iter().find_map(|rule| {
        let translates = matches!(rule.kind, Kind::Masquerade | Kind::Snat);
        let field = differs(&rule.spec, None, Some(out), packet).filter(|_| translates)?;
        Some((rule.nft(), field))
    })
}

/// The first rule that translates the packet, and where to. One whose map has nothing for it leaves it to the next.
fn first(
    space: &Space,
    hook: Hook,
    from: Option<&Link>,
    out: Option<&Link>,
    packet: &Packet,
) -> Option<(Kind, Target)> {
    let rules = rules(space);
    let mut fitting = rules.iter().filter(|rule| {
        rule.kind != Kind::Other
            && rule.hooks.contains(&hook)
            && differs(&rule.spec, from, out, packet).is_none()
    });
    fitting.find_map(|rule| {
        let to = rule.spec.to.clone().unwrap_or_default();
        let to = match &to.map {
            Some(map) => mapped(space, &map.ask, from, out, packet)?,
            None => to,
        };
        Some((rule.kind, to))
    })
}

/// What the map has for the packet.
fn mapped(
    space: &Space,
    ask: &Ask,
    from: Option<&Link>,
    out: Option<&Link>,
    packet: &Packet,
) -> Option<Target> {
    let name = |link: Option<&Link>| {
        let mut bytes = link?.name.clone().into_bytes();
        // As the kernel compares names: with zeros behind, IFNAMSIZ.
        bytes.resize(16, 0);
        Some(bytes)
    };
    let key = match ask.option {
        "iif" => name(from)?,
        "out" => name(out)?,
        "source" => octets(packet.src?),
        "dest" => octets(packet.dst),
        "proto" => vec![packet.number()],
        "sport" => packet.sport?.to_be_bytes().to_vec(),
        "dport" => packet.dport?.to_be_bytes().to_vec(),
        "mark" => packet.mark.unwrap_or(0).to_ne_bytes().to_vec(),
        _ => return None,
    };
    let maps = firewall::sets(&space.ns, Sort::Map).ok()?;
    maps.iter().find(|map| map.name == ask.map)?.target(&key)
}

/// The first field of a rule that doesn't fit the packet.
fn differs(spec: &NatSpec, from: Option<&Link>, out: Option<&Link>, packet: &Packet) -> Option<&'static str> {
    let source = packet.src.is_none_or(|src| within(&spec.source, src));
    let fields = [
        ("family", spec.family.is_none_or(|family| family == packet.family())),
        ("source", source),
        ("dest", within(&spec.dest, packet.dst)),
        ("iif", is(&spec.input, from)),
        ("out", is(&spec.output, out)),
        ("proto", spec.proto.is_none_or(|proto| proto.0 == packet.number())),
        ("sport", has(&spec.sport, packet.sport)),
        ("dport", has(&spec.dport, packet.dport)),
    ];
    fields.into_iter().find(|(_, fits)| !fits).map(|(name, _)| name)
}

fn within(wanted: &Option<Not<Prefix>>, ip: IpAddr) -> bool {
    let fits = |wanted: &Not<Prefix>| {
        let same = Family::of(wanted.value.0.ip()) == Family::of(ip);
        same && wanted.value.0.contains(ip) != wanted.negated
    };
    wanted.as_ref().is_none_or(fits)
}

fn is(wanted: &Option<Not<Interface>>, link: Option<&Link>) -> bool {
    let fits = |wanted: &Not<Interface>| {
        let name = link.map_or("", |link| &link.name);
        let Interface { name: pattern, wildcard } = &wanted.value;
        (if *wildcard { name.starts_with(pattern.as_str()) } else { name == pattern }) != wanted.negated
    };
    wanted.as_ref().is_none_or(fits)
}

fn has(wanted: &Option<Not<Ports>>, port: Option<u16>) -> bool {
    let fits = |wanted: &Not<Ports>| {
        let within = |port: u16| wanted.value.ranges().iter().any(|r| (r.low..=r.high).contains(&port));
        port.is_some_and(|port| within(port) != wanted.negated)
    };
    wanted.as_ref().is_none_or(fits)
}
