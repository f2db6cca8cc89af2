//! Why no route leads on.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::fault::{Cause, Way, Within};
use super::nat;
use super::packet::Packet;
use super::segment::{self, Station};
use super::snapshot::Space;
use super::walk::Walk;
use crate::base::error::Error;
use crate::model::Words;
use crate::net::link::Link;
use crate::net::prefix::{Family, is_link_local};
use crate::net::route::{self, Filter, Lookup, Route, Tables};
use crate::net::rule::{self, Rule};

/// Names the cause of a lookup's error.
pub fn explain(walk: &mut Walk<'_>, at: &Space, iif: Option<&Link>, packet: &Packet, e: &Error) {
    let evidence = vec![format!("route.get {} in {}: {}", packet.dst, at.name(), e.message())];
    let lookup = packet.lookup(iif.map(|link| link.name.as_str()));
    let before = walk.faults.len();
    if let Some(route) = route::dropping(&at.ns, packet.dst, &lookup) {
        let table = route.table.map_or(route::TABLE_MAIN, |table| table.0);
        let cause = Cause::DroppingRoute { kind: route.kind().name(), dst: route.destination(), table };
        walk.fault_with(at, None, cause, evidence);
    } else if let Some(rule) = dropping_rule(at, packet) {
        let priority = rule.priority.map_or(0, |p| p.0);
        let cause = Cause::DroppingRule { rule: rule.words(), family: packet.family().name(), priority };
        walk.fault_with(at, None, cause, evidence);
    } else {
        no_route(walk, at, iif, packet);
        walk.faults[before..].iter_mut().for_each(|fault| fault.evidence.extend(evidence.clone()));
    }
}

/// The first rule of policy routing that drops the packet.
fn dropping_rule(at: &Space, packet: &Packet) -> Option<Rule> {
    let rules = rule::list(&at.ns, &Rule { family: Some(packet.family()), ..Rule::default() }).ok()?;
    let within = |prefix: Option<IpNetwork>, ip: Option<IpAddr>| match (prefix, ip) {
        (Some(prefix), Some(ip)) => prefix.contains(ip),
        (Some(_), None) => false,
        (None, _) => true,
    };
    rules.into_iter().find(|rule| {
        let fits = within(rule.from.and_then(|s| s.0), packet.src)
            && within(rule.to.and_then(|s| s.0), Some(packet.dst));
        fits && matches!(rule.action().name(), "blackhole" | "unreachable" | "prohibit")
    })
}

fn has_address(at: &Space, link: &Link, family: Family) -> bool {
    at.addrs_on(link, family).any(|a| family == Family::Inet || !is_link_local(a.ip()))
}

/// No table that is asked has a route: from what is missing most to what is missing least.
fn no_route(walk: &mut Walk<'_>, at: &Space, iif: Option<&Link>, packet: &Packet) {
    let (to, family) = (packet.dst, packet.family());
    let outs: Vec<&Link> = at.ways_out().collect();
    if family == Family::Inet6
        && let Some(key) = disabled(at, &outs)
    {
        return walk.fault(at, None, Cause::Ipv6Disabled { key });
    }
    if outs.is_empty() {
        return unplugged(walk, at, packet.src);
    }
    let down = || outs.iter().filter(|link| !link.is_up());
    let with_address = |link: &&&Link| has_address(at, link, family);
    let near = down().find(|link| at.addrs_on(link, family).any(|a| a.prefix().contains(to)));
    let all_down = outs.iter().all(|link| !link.is_up());
    let candidate = near.or_else(|| down().find(with_address)).or_else(|| down().next().filter(|_| all_down));
    let addressed = outs.iter().any(|link| link.is_up() && has_address(at, link, family));
    if let Some(link) = candidate.filter(|_| near.is_some() || !addressed) {
        return walk.fault(at, Some(&link.name), Cause::LinkDown {});
    }
    if !addressed {
        let only = match &outs[..] {
            [only] => Some(only.name.as_str()),
            _ => None,
        };
        return walk.fault(at, only, Cause::NoAddress {});
    }
    if let Some((dev, cause)) = other_vrf(at, iif, to) {
        return walk.fault(at, Some(&dev), cause);
    }
    if let Some(cause) = other_table(at, packet) {
        return walk.fault(at, None, cause);
    }
    if walk.way == Way::Back && nat_missing(walk, at, packet) {
        return;
    }
    let has_default = !defaults(at, family).is_empty();
    let host = IpNetwork::from(to).to_string();
    match gateway(walk, at, to) {
        Some(Found::Router { via, name }) => {
            let prefix = if has_default { host } else { "default".to_owned() };
            walk.fault(at, None, Cause::NoRouteVia { to, prefix, via, router: name });
        }
        Some(Found::OnLink { dev, prefix }) => {
            let prefix = prefix.map_or(host, |prefix| prefix.to_string());
            walk.fault(at, Some(&dev), Cause::NoRouteOnLink { to, prefix });
        }
        // Of IPv6 a link that is down has lost its addresses.
        None => match candidate
            .or_else(|| down().next().filter(|_| family == Family::Inet6 && down().count() == 1))
        {
            Some(link) => walk.fault(at, Some(&link.name), Cause::LinkDown {}),
            None => walk.fault(at, None, Cause::NoRoute { to }),
        },
    }
}

fn disabled(at: &Space, outs: &[&Link]) -> Option<String> {
    let keys = ["all"].into_iter().chain(outs.iter().filter(|l| l.is_up()).map(|l| l.name.as_str()));
    let mut keys = keys.map(|link| Space::key(Family::Inet6, link, "disable_ipv6"));
    let all = keys.next().filter(|key| at.sysctl(key) == Some(1));
    all.or_else(|| keys.find(|key| at.sysctl(key) == Some(1)))
}

/// A namespace without a link: a bridge elsewhere that has the subnet of the source is where it belongs.
fn unplugged(walk: &mut Walk<'_>, at: &Space, source: Option<IpAddr>) {
    let bridges = walk.lab.spaces.iter().flat_map(|space| {
        let bridges = space.links.iter().filter(|link| link.kind.as_deref() == Some("bridge"));
        bridges.map(move |bridge| (space, bridge))
    });
    let fits = |(space, bridge): &(&Space, &Link)| {
        source.is_some_and(|ip| space.addrs_on(bridge, Family::of(ip)).any(|a| a.prefix().contains(ip)))
    };
    let mut fitting = bridges.filter(fits);
    let (Some((space, bridge)), None) = (fitting.next(), fitting.next()) else {
        return walk.fault(at, None, Cause::NoLink {});
    };
    let free = (0..).map(|n| format!("veth{n}")).find(|name| space.link_named(name).is_none());
    let cause = Cause::Unplugged {
        bridge: bridge.name.clone(),
        owner: space.name().to_owned(),
        near: free.unwrap_or_default(),
        ip: Within(space.name().to_owned()),
    };
    walk.fault(at, None, cause);
}

/// The VRF that a link is in.
fn vrf_of<'s>(at: &'s Space, link: &Link) -> Option<&'s Link> {
    link.vrf_table.and(at.link(link.master_index?))
}

/// A link in the subnet of the destination that is in another VRF than the one by which the packet came.
fn other_vrf(at: &Space, iif: Option<&Link>, to: IpAddr) -> Option<(String, Cause)> {
    let leads = |link: &&Link| at.addrs_on(link, Family::of(to)).any(|a| a.prefix().contains(to));
    let out = at.ways_out().filter(|link| link.is_up()).find(leads)?;
    let named = |link: &Link| link.name.clone();
    match (iif, iif.and_then(|iif| vrf_of(at, iif)), vrf_of(at, out)) {
        (Some(iif), Some(vrf), other) if other.map(Link::index) != Some(vrf.index()) => {
            Some((named(out), Cause::OtherVrf { vrf: named(vrf), to, other: named(iif) }))
        }
        (Some(iif), None, Some(vrf)) => {
            Some((named(iif), Cause::OtherVrf { vrf: named(vrf), to, other: named(out) }))
        }
        (None, _, Some(vrf)) => Some((named(out), Cause::VrfUnbound { vrf: named(vrf), to })),
        _ => None,
    }
}

/// A route to the destination in a table that the packet's rules don't lead to.
fn other_table(at: &Space, packet: &Packet) -> Option<Cause> {
    let filter =
        Filter { tables: Tables::All, like: Route { family: Some(packet.family()), ..Route::default() } };
    let routes = route::list(&at.ns, &filter).ok()?;
    let leads = |route: &&Route| {
        let default = route.dst.is_none_or(|dst| dst.prefix() == 0);
        let within = route.dst.and_then(|dst| dst.0).is_some_and(|prefix| prefix.contains(packet.dst));
        let table = route.table.map_or(0, |table| table.0);
        (default || within)
            && route.kind().name() == "unicast"
            && !matches!(table, route::TABLE_MAIN | route::TABLE_LOCAL)
    };
    let route = routes.iter().filter(leads).max_by_key(|route| route.dst.map_or(0, |dst| dst.prefix()))?;
    let table = route.table?.0;
    let (route, family) = (route.words(&["dst", "via", "dev"]), packet.family().name());
    Some(Cause::OtherTable { to: packet.dst, route, table, family })
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64,
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// A private source that a public host can't answer: the router of its subnet was to translate it.
fn nat_missing(walk: &mut Walk<'_>, at: &Space, packet: &Packet) -> bool {
    let source = packet.dst;
    let untranslated = is_private(source) && !packet.src.is_some_and(is_private);
    let Some(router) = walk.routers.first().filter(|_| untranslated) else { return false };
    let subnet = router.space.addrs_on(router.from, Family::of(source)).map(|a| a.prefix());
    let subnet =
        subnet.filter_map(|p| IpNetwork::new(p.network(), p.prefix()).ok()).find(|p| p.contains(source));
    let prefix = subnet.unwrap_or_else(|| source.into()).to_string();
    let (space, dev) = (router.space, router.out.name.clone());
    let cause = match nat::near_miss(space, router.out, &router.packet) {
        Some((rule, field)) => Cause::NatMismatch { source, prefix, rule, field },
        None => Cause::NatMissing { source, prefix, target: at.name().to_owned() },
    };
    walk.fault(space, Some(&dev), cause);
    true
}

/// The default routes of the main table.
pub fn defaults(at: &Space, family: Family) -> Vec<Route> {
    let like = Route { family: Some(family), dst: Some(route::Destination(None)), ..Route::default() };
    route::list(&at.ns, &Filter { like, ..Filter::default() }).unwrap_or_default()
}

/// What could be the way to an address.
pub enum Found {
    Router {
        via: IpAddr,
        name: String,
    },
    /// It is on the segment of this link.
    OnLink {
        dev: String,
        prefix: Option<IpNetwork>,
    },
}

/// A host on a segment of `at` that leads to `to`, by an address in a subnet that both have: one that has a route there
/// before one that only looks like a router.
pub fn gateway(walk: &Walk<'_>, at: &Space, to: IpAddr) -> Option<Found> {
    let family = Family::of(to);
    let (mut likely, mut on_link) = (None, None);
    for link in at.ways_out().filter(|link| link.is_up()) {
        let own: Vec<IpNetwork> =
            at.addrs_on(link, family).filter(|a| !is_link_local(a.ip())).map(|a| a.prefix()).collect();
        for station in segment::of(walk.lab, at, link).stations {
            if station.space.is(at) {
                continue;
            }
            if station.space.has(to)
                && let Some(own) = own.iter().find(|prefix| prefix.contains(to))
            {
                let prefix = IpNetwork::new(own.network(), own.prefix()).ok();
                return Some(Found::OnLink { dev: link.name.clone(), prefix });
            }
            let shared = |ip: IpAddr| own.iter().any(|prefix| prefix.contains(ip) && prefix.ip() != ip);
            let Some(via) =
                station.space.addrs_on(station.link, family).map(|a| a.ip()).find(|ip| shared(*ip))
            else {
                on_link = on_link.or(station.space.has(to).then(|| link.name.clone()));
                continue;
            };
            let found = Found::Router { via, name: station.space.name().to_owned() };
            match leads_to(walk, &station, at, to) {
                Some(true) => return Some(found),
                None if looks_like_router(&station) && likely.is_none() => likely = Some(found),
                _ => {}
            }
        }
    }
    likely.or(on_link.map(|dev| Found::OnLink { dev, prefix: None }))
}

/// Whether packets to `to` that a host is given get there, or out of the lab; false if they come back to `at`. `None` where it
/// has no route.
fn leads_to(walk: &Walk<'_>, station: &Station<'_>, at: &Space, to: IpAddr) -> Option<bool> {
    const FAR: usize = 32;
    let mut here = station.space;
    for _ in 0..FAR {
        if here.has(to) {
            return Some(true);
        }
        let next = route::get(&here.ns, to, &Lookup::default()).ok()?.via.unwrap_or(to);
        if at.has(next) {
            return Some(false);
        }
        match walk.lab.owners(next).first() {
            Some(owner) => here = owner,
            None => return Some(true),
        }
    }
    Some(false)
}

/// It has links to more than one segment.
fn looks_like_router(station: &Station<'_>) -> bool {
    station.link.kind.as_deref() == Some("bridge") || station.space.ways_out().count() > 1
}

/// The source that was asked for is no address of the namespace.
pub fn no_source(walk: &mut Walk<'_>, at: &Space, source: IpAddr) {
    let family = Family::of(source);
    if at.ways_out().next().is_none() {
        return unplugged(walk, at, Some(source));
    }
    let outs: Vec<&Link> = at.ways_out().collect();
    if family == Family::Inet6
        && let Some(key) = disabled(at, &outs)
    {
        return walk.fault(at, None, Cause::Ipv6Disabled { key });
    }
    for link in at.ways_out() {
        for station in segment::of(walk.lab, at, link).stations {
            let subnet =
                station.space.addrs_on(station.link, family).map(|a| a.prefix()).find(|p| p.contains(source));
            let Some(subnet) = subnet else { continue };
            let address = format!("{source}/{}", subnet.prefix());
            // Without it the address could be used only after duplicate address detection.
            let nodad = if source.is_ipv6() { " nodad" } else { "" };
            let why =
                format!("{} of {} on the same segment has {subnet}", station.link.name, station.space.name());
            return walk.fault(at, Some(&link.name), Cause::NoSource { source, address, why, nodad });
        }
    }
    for link in at.ways_out() {
        for station in segment::of(walk.lab, at, link).stations {
            let bridges = station.space.links.iter().filter(|l| l.kind.as_deref() == Some("bridge"));
            let in_subnet =
                |bridge: &&Link| station.space.addrs_on(bridge, family).any(|a| a.prefix().contains(source));
            if let Some(bridge) = bridges.filter(|_| station.is_loose()).find(in_subnet) {
                let cause = Cause::NotAPort { bridge: bridge.name.clone() };
                return walk.fault(station.space, Some(&station.link.name), cause);
            }
        }
    }
    walk.fault(at, None, Cause::NoSuchSource { source });
}
