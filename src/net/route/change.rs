//! Adding and deleting routes.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::list::Filter;
use super::table::{Route, RouteKind};
use super::wire::{Head, default_scope, encode, parse};
use super::{RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, SCOPE_NOWHERE, explain};
use crate::base::error::Result;
use crate::net::done::{Done, Verb};
use crate::net::namespace::Namespace;

/// Adds a route, as `ip route add DST via GATEWAY dev DEV ...`. Raises `exists` for one that is there with the same
/// destination, table and metric, `network_unreachable` or `host_unreachable` for a gateway that no link reaches.
pub fn add(ns: &Namespace, route: &Route) -> Result<()> {
    send(ns, route, NLM_F_CREATE | NLM_F_EXCL)?;
    ns.report(Done::Route(Verb::Add, route));
    Ok(())
}

/// Adds a route or puts it in place of the one with the same destination, table and metric, as `ip route replace`.
pub fn replace(ns: &Namespace, route: &Route) -> Result<()> {
    send(ns, route, NLM_F_CREATE | NLM_F_REPLACE)?;
    ns.report(Done::Route(Verb::Replace, route));
    Ok(())
}

fn send(ns: &Namespace, route: &Route, flags: u16) -> Result<()> {
    route.check()?;
    route.check_complete()?;
    const BOOT: u8 = 3;
    let head = Head {
        protocol: route.proto.map_or(BOOT, |proto| proto.0),
        scope: route.scope.map_or_else(|| default_scope(route), |scope| scope.0),
        kind: route.kind() as u8,
        ..Head::default()
    };
    let request = encode(ns, route, head)?;
    ns.rtnl(RTM_NEWROUTE, flags, &request, |_| Ok(())).map_err(|e| explain::add(ns, route, e))
}

/// Deletes the first route that has all that is given, as `ip route del DST ...`. Raises `not_found` if there is
/// none.
pub fn del(ns: &Namespace, route: &Route) -> Result<()> {
    route.check()?;
    let head = Head {
        protocol: route.proto.map_or(0, |proto| proto.0),
        scope: route.scope.map_or(SCOPE_NOWHERE, |scope| scope.0),
        kind: if route.kind() == RouteKind::Unicast { 0 } else { route.kind() as u8 },
        ..Head::default()
    };
    let request = encode(ns, route, head)?;
    ns.rtnl(RTM_DELROUTE, 0, &request, |_| Ok(())).map_err(|e| explain::del(ns, route, e))?;
    ns.report(Done::Route(Verb::Del, route));
    Ok(())
}

/// Deletes all routes that the filter lets through, as `ip route flush`; returns how many there were. Each is sent
/// back to the kernel as it came, so that no other one can be meant.
pub fn flush(ns: &Namespace, filter: &Filter) -> Result<usize> {
    let resolved = filter.resolve(ns)?;
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut families = Vec::new();
    for family in resolved.families() {
        let head = Head { family: family.number(), ..Head::default() };
        let of_family = ns.dump(RTM_GETROUTE, &head.bytes(), |payload| {
            // What the cache holds can't be deleted.
            let route = parse(payload).filter(|route| resolved.wants(route) && !route.cached);
            route.map(|_| payload.to_vec())
        })?;
        families.extend((!of_family.is_empty()).then_some(family));
        found.extend(of_family);
    }
    for route in &found {
        match ns.rtnl(RTM_DELROUTE, 0, route, |_| Ok(())) {
            // It went with another one.
            Err(e) if e.raw() == Some(Errno::ESRCH) => {}
            result => result?,
        }
    }
    ns.report(Done::RoutesFlushed(filter, &families));
    Ok(found.len())
}
