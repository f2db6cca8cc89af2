//! From a link to the neighbour that a packet is for, or why it isn't found.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::fault::{Cause, Way};
use super::packet::Packet;
use super::segment::{self, Segment, Station};
use super::snapshot::Space;
use super::unrouted::{self, Found};
use super::walk::Walk;
use crate::net::link::Link;
use crate::net::neigh::{self, Neigh, State};
use crate::net::prefix::{Family, is_link_local};
use crate::net::route::{self, Lookup};

/// What came of it.
pub enum Crossed<'a> {
    To(&'a Space, &'a Link),
    Lost,
    Outside,
}

impl Station<'_> {
    /// Whether the link is part of nothing: it has no address, and is no port.
    pub fn is_loose(&self) -> bool {
        let index = self.link.index();
        self.link.master_index.is_none()
            && self.link.kind.as_deref() != Some("bridge")
            && !self
                .space
                .links
                .iter()
                .any(|l| l.link_index() == Some(index) && l.kind.as_deref() == Some("vlan"))
            && !self.space.addrs.iter().any(|a| a.index() == index && !is_link_local(a.ip()))
    }
}

/// Sends the packet by `out` to the neighbour `next`.
pub fn cross<'a>(
    walk: &mut Walk<'a>,
    at: &'a Space,
    out: &'a Link,
    next: IpAddr,
    packet: &Packet,
) -> Crossed<'a> {
    let segment = segment::of(walk.lab, at, out);
    let owners: Vec<&Station<'a>> =
        segment.stations.iter().filter(|s| !s.space.is(at) && answers(s, next)).collect();
    let known = known(at, out, next);
    let Some(owner) = choose(&owners, known.as_ref()) else {
        return missing(walk, at, out, next, packet, &segment);
    };
    let (space, link) = (owner.space, owner.link);
    walk.pass(&owner.path, packet);
    check_entry(walk, at, out, next, owner, known);
    check_arp(walk, at, out, next, owner);
    check_sizes(walk, &owner.path);
    check_double(walk, &owners, next);
    check_macs(walk, out, owner, &segment);
    Crossed::To(space, link)
}

/// Whether a host answers for an address: of IPv4 for each that it has, of IPv6 for those of the link.
fn answers(station: &Station<'_>, next: IpAddr) -> bool {
    match next {
        IpAddr::V4(_) => station.space.has(next),
        // Behind a fault, the host is found by any address: there, it would be on another link.
        IpAddr::V6(_) => {
            let here = station.path.last().is_some_and(|step| !step.faults.is_empty());
            station.space.addrs_on(station.link, Family::Inet6).any(|a| a.ip() == next)
                || here && station.space.has(next)
        }
    }
}

/// What the neighbour table says of it.
fn known(at: &Space, out: &Link, next: IpAddr) -> Option<Neigh> {
    let entry = neigh::get(&at.ns, next, &out.name).ok().flatten()?;
    entry.is_in(State::WITH_ADDRESS).then_some(entry)
}

/// The one that has the address on that link, with nothing in the way; of several the one that is known.
fn choose<'s, 'a>(owners: &[&'s Station<'a>], known: Option<&Neigh>) -> Option<&'s Station<'a>> {
    let lladdr = known.and_then(|n| n.lladdr.as_ref()).map(ToString::to_string);
    let is_known = |s: &Station<'_>| lladdr.is_some() && s.link.mac() == lladdr;
    let rank = |s: &&&'s Station<'a>| (!is_known(s), !s.is_free(), s.path.len());
    owners.iter().min_by_key(rank).copied()
}

/// An entry of the neighbour table that leads to nobody, or to somebody else.
fn check_entry<'a>(
    walk: &mut Walk<'a>,
    at: &'a Space,
    out: &Link,
    next: IpAddr,
    owner: &Station<'a>,
    known: Option<Neigh>,
) {
    let Some(lladdr) = known.and_then(|n| n.lladdr).map(|lladdr| lladdr.to_string()) else { return };
    let real = owner.link.mac().unwrap_or_default();
    if lladdr != real && !segment::is_mute(out) {
        let evidence = vec![format!("neigh.get({next:?}) of {} has {lladdr}", at.name())];
        let cause = Cause::WrongNeighbour { address: next, lladdr, real };
        before_last(walk, at, &out.name, cause, evidence);
    }
}

/// A fault of the sender, for which the last hop doesn't take the packet.
fn before_last(walk: &mut Walk<'_>, at: &Space, dev: &str, cause: Cause, evidence: Vec<String>) {
    let before = walk.faults.len();
    walk.fault_with(at, Some(dev), cause, evidence);
    let after = walk.hops.len().saturating_sub(1);
    walk.faults[before..].iter_mut().for_each(|fault| fault.after = after);
}

/// Whether both ask and answer.
fn check_arp<'a>(walk: &mut Walk<'a>, at: &'a Space, out: &Link, next: IpAddr, owner: &Station<'a>) {
    if segment::is_mute(out) {
        before_last(walk, at, &out.name, Cause::ArpOff {}, Vec::new());
    }
    let resolved = known(at, out, next).is_some();
    if segment::is_mute(owner.link) && !resolved {
        walk.fault(owner.space, Some(&owner.link.name), Cause::ArpOff {});
    }
    let on_link = owner.space.addrs_on(owner.link, Family::of(next)).any(|a| a.ip() == next);
    if next.is_ipv6() || resolved {
        return;
    }
    let [all, own] = ["all", &owner.link.name].map(|link| Space::key(Family::Inet, link, "arp_ignore"));
    let values = [&all, &own].map(|key| owner.space.sysctl(key).unwrap_or(0));
    let key = if values[0] >= values[1] { all } else { own };
    let value = values[0].max(values[1]);
    if value == 8 || value > 0 && !on_link {
        walk.fault(owner.space, Some(&owner.link.name), Cause::ArpIgnored { key, value, address: next });
    }
}

/// The two ends of a cable with different MTUs: only what is larger is lost, so that a probe tells whether it matters.
fn check_sizes(walk: &mut Walk<'_>, path: &[segment::Step<'_>]) {
    for pair in path.windows(2) {
        let [near, far] = pair else { continue };
        if !near.inward && far.inward && far.link.mtu() < near.link.mtu() && walk.limits.size > far.link.mtu()
        {
            let cause = Cause::MtuMismatch {
                mtu: far.link.mtu(),
                near: format!("{} of {}", near.link.name, near.space.name()),
                larger: near.link.mtu(),
            };
            walk.fault(far.space, Some(&far.link.name), cause);
        }
    }
}

/// Two hosts of a segment with the same address.
fn check_double<'a>(walk: &mut Walk<'a>, owners: &[&Station<'a>], next: IpAddr) {
    let mut names: Vec<&str> = owners.iter().map(|s| s.space.name()).collect();
    names.sort_unstable();
    names.dedup();
    if let (Some(first), true) = (owners.first(), names.len() > 1) {
        let cause = Cause::DuplicateAddress { address: next, owners: names.join(" and ") };
        walk.fault(first.space, Some(&first.link.name), cause);
    }
}

/// The neighbour's hardware address, where the sender or somebody else on the segment has the same.
fn check_macs<'a>(walk: &mut Walk<'a>, out: &'a Link, owner: &Station<'a>, segment: &Segment<'a>) {
    let Some(mac) = owner.link.mac().filter(|_| !segment::is_mute(owner.link)) else { return };
    let others = segment.stations.iter().filter(|s| !s.space.is(owner.space)).map(|s| (s.space, s.link));
    let mut all = segment.first.first().map(|step| (step.space, out)).into_iter().chain(others);
    if let Some((space, link)) = all.find(|(_, link)| link.mac().as_deref() == Some(&mac)) {
        let other = format!("{} of {}", link.name, space.name());
        // Locally administered, of the namespace's number.
        let [.., a, b, c] = owner.space.ns.inode().to_be_bytes();
        let free = format!("02:00:{a:02x}:{b:02x}:{c:02x}:{:02x}", owner.link.index() & 0xff);
        let (space, dev) = (owner.space, owner.link.name.clone());
        walk.fault(space, Some(&dev), Cause::DuplicateMac { mac, other, free });
    }
}

/// Nobody on the segment answers.
fn missing<'a>(
    walk: &mut Walk<'a>,
    at: &'a Space,
    out: &'a Link,
    next: IpAddr,
    packet: &Packet,
    segment: &Segment<'a>,
) -> Crossed<'a> {
    walk.pass(&segment.first, packet);
    if segment.open && segment.stations.is_empty() {
        return Crossed::Outside;
    }
    if !segment.first.iter().all(|step| step.faults.is_empty()) && segment.stations.is_empty() {
        return Crossed::Lost;
    }
    if let Some((port, bridge, owner, link)) = loose(walk, at, out, next, segment) {
        walk.fault(port.space, Some(&port.link.name), Cause::NotAPort { bridge });
        return Crossed::To(owner, link);
    }
    let narrow = next == packet.dst && wrong_prefix(at, out, next, segment).is_some();
    if let Some((space, port, cause, owner, link)) =
        other_bridge(walk, out, next, segment).filter(|_| !narrow)
    {
        walk.fault(space, Some(&port), cause);
        return Crossed::To(owner, link);
    }
    let cause = absent(walk, at, out, next, packet, segment);
    walk.fault(at, Some(&out.name), cause);
    Crossed::Lost
}

/// A link that is in no bridge, and would complete the way if it were: seen from here, or from the owner.
fn loose<'a>(
    walk: &Walk<'a>,
    at: &'a Space,
    out: &'a Link,
    next: IpAddr,
    segment: &Segment<'a>,
) -> Option<(Station<'a>, String, &'a Space, &'a Link)> {
    let lab = walk.lab;
    for owner in lab.owners(next).into_iter().filter(|owner| !owner.is(at)) {
        let index = owner.addrs.iter().find(|a| a.ip() == next)?.index();
        let link = owner.link(index)?;
        let theirs = segment::of(lab, owner, link);
        let reached = |theirs: &Segment<'a>, space: &Space, bridge: &Link| {
            space.is(owner) && bridge.index() == link.index()
                || theirs.stations.iter().any(|s| s.space.is(space) && s.link.index() == bridge.index())
        };
        let ours = |space: &Space, bridge: &Link| {
            space.is(at) && bridge.index() == out.index()
                || segment.stations.iter().any(|s| s.space.is(space) && s.link.index() == bridge.index())
        };
        let bridges = |s: &Station<'a>| {
            let space = s.space;
            space
                .links
                .iter()
                .filter(|l| l.kind.as_deref() == Some("bridge"))
                .map(move |l| (space, l))
                .collect::<Vec<_>>()
        };
        for (stations, other) in [(&segment.stations, true), (&theirs.stations, false)] {
            for station in stations.iter().filter(|s| s.is_loose()) {
                let fits = |(space, bridge): &(&'a Space, &'a Link)| match other {
                    true => reached(&theirs, space, bridge),
                    false => ours(space, bridge),
                };
                if let Some((_, bridge)) = bridges(station).into_iter().find(fits) {
                    return Some((station.clone(), bridge.name.clone(), owner, link));
                }
            }
        }
    }
    None
}

/// The owner's cable ends at a port of another bridge of the same namespace as the bridge of this segment.
fn other_bridge<'a>(
    walk: &Walk<'a>,
    out: &'a Link,
    next: IpAddr,
    segment: &Segment<'a>,
) -> Option<(&'a Space, String, Cause, &'a Space, &'a Link)> {
    let lab = walk.lab;
    let first = segment.first.first()?.space;
    let on_link = first.addrs_on(out, Family::of(next)).any(|a| a.prefix().contains(next));
    for owner in lab.owners(next).into_iter().filter(|owner| on_link && !owner.is(first)) {
        let link = owner.link(owner.addrs.iter().find(|a| a.ip() == next)?.index())?;
        let Some((space, port)) = lab.other(owner, link) else { continue };
        let Some(theirs) = space.bridge_of(port) else { continue };
        let here = |s: &&Station<'_>| s.space.is(space) && s.link.kind.as_deref() == Some("bridge");
        let own = (space.is(first) && out.kind.as_deref() == Some("bridge")).then_some(out);
        if let Some(bridge) = own.or(segment.stations.iter().find(here).map(|s| s.link)) {
            let cause = Cause::OtherBridge { bridge: bridge.name.clone(), other: theirs.name.clone() };
            return Some((space, port.name.clone(), cause, owner, link));
        }
    }
    None
}

/// Why nobody answers, where no port is missing.
fn absent(
    walk: &Walk<'_>,
    at: &Space,
    out: &Link,
    next: IpAddr,
    packet: &Packet,
    segment: &Segment<'_>,
) -> Cause {
    let owners = walk.lab.owners(next);
    if next == packet.dst
        && !owners.is_empty()
        && let Some(cause) = wrong_prefix(at, out, next, segment)
    {
        return cause;
    }
    if next != packet.dst
        && walk.way == Way::Forth
        && let Some(cause) = wrong_gateway(walk, at, next, packet)
    {
        return cause;
    }
    match owners.first() {
        Some(owner) => Cause::OtherSegment { address: next, owner: owner.name().to_owned() },
        None => Cause::NoNeighbour { address: next },
    }
}

/// Another router on the segment, where the route's gateway is nobody's.
fn wrong_gateway(walk: &Walk<'_>, at: &Space, next: IpAddr, packet: &Packet) -> Option<Cause> {
    let Found::Router { via, name: router } = unrouted::gateway(walk, at, packet.dst)? else { return None };
    let asked = route::get(&at.ns, packet.dst, &packet.lookup(None)).ok()?;
    let entry = route::get(&at.ns, packet.dst, &Lookup { fibmatch: true, ..packet.lookup(None) }).ok()?;
    // An entry is told without its table.
    let table = asked.table.map_or(route::TABLE_MAIN, |table| table.0);
    Some(Cause::WrongGateway { address: next, prefix: entry.destination(), via, router, table })
}

/// The address by which the destination seems to be a neighbour, where the others on the segment have longer prefixes.
fn wrong_prefix(at: &Space, out: &Link, to: IpAddr, segment: &Segment<'_>) -> Option<Cause> {
    let family = Family::of(to);
    let own = at.addrs_on(out, family).map(|a| a.prefix()).find(|prefix| prefix.contains(to))?;
    let others = segment.stations.iter().filter(|s| !s.space.is(at)).flat_map(|s| {
        s.space.addrs_on(s.link, family).map(move |a| (s.space.name(), s.link.name.as_str(), a.prefix()))
    });
    let narrower = |(_, _, p): &(&str, &str, IpNetwork)| {
        p.prefix() > own.prefix() && p.contains(own.ip()) && !p.contains(to)
    };
    let (name, dev, prefix) = others.filter(narrower).max_by_key(|(_, _, p)| p.prefix())?;
    let (address, better) = (own.to_string(), format!("{}/{}", own.ip(), prefix.prefix()));
    let others = format!("{dev} of {name} on the same segment has {prefix}");
    Some(match family {
        Family::Inet => Cause::WrongPrefix { address, better, to, others },
        Family::Inet6 => Cause::WrongPrefix6 { address, better, to, others },
    })
}
