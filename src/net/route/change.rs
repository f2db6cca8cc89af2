//! Adding and deleting routes.

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::read::{Filter, parse, wanted};
use super::spec::{HopSpec, RouteKind, RouteSpec};
use super::{
    CLONED, Head, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, RTNH_F_ONLINK, SCOPE_HOST, SCOPE_LINK,
    SCOPE_NOWHERE, SCOPE_UNIVERSE, TABLE_LOCAL, TABLE_MAIN, explain, rta, small_table,
};
use crate::base::error::{Error, Result};
use crate::net::attributes::{Attributes, OptionSet};
use crate::net::echo;
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::{Family, octets};

/// Adds a route, as `ip route add DST via GATEWAY dev DEV ...`. Raises `exists` for one that is there with the same
/// destination, table and metric, `network_unreachable` or `host_unreachable` for a gateway that no link reaches.
pub fn add(ns: &Namespace, spec: &RouteSpec) -> Result<()> {
    send(ns, spec, NLM_F_CREATE | NLM_F_EXCL)?;
    ns.echo(|| [echo::route(ns, "add", spec)]);
    Ok(())
}

/// Adds a route or puts it in place of the one with the same destination, table and metric, as `ip route replace`.
pub fn replace(ns: &Namespace, spec: &RouteSpec) -> Result<()> {
    send(ns, spec, NLM_F_CREATE | NLM_F_REPLACE)?;
    ns.echo(|| [echo::route(ns, "replace", spec)]);
    Ok(())
}

fn send(ns: &Namespace, spec: &RouteSpec, flags: u16) -> Result<()> {
    spec.check()?;
    spec.check_complete()?;
    const BOOT: u8 = 3;
    let head = Head {
        protocol: spec.proto.unwrap_or(BOOT),
        scope: spec.scope.unwrap_or_else(|| default_scope(spec)),
        kind: spec.kind.number(),
        ..head(spec)
    };
    let request = [head.bytes(), body(ns, spec)?.into_bytes()?].concat();
    ns.rtnl(RTM_NEWROUTE, flags, &request, |_| Ok(())).map_err(|e| explain::add(ns, spec, e))
}

/// Deletes the first route that has all that is given, as `ip route del DST ...`. Raises `not_found` if there is
/// none.
pub fn del(ns: &Namespace, spec: &RouteSpec) -> Result<()> {
    spec.check()?;
    let head = Head {
        protocol: spec.proto.unwrap_or(0),
        scope: spec.scope.unwrap_or(SCOPE_NOWHERE),
        kind: if spec.kind == RouteKind::Unicast { 0 } else { spec.kind.number() },
        ..head(spec)
    };
    let request = [head.bytes(), body(ns, spec)?.into_bytes()?].concat();
    ns.rtnl(RTM_DELROUTE, 0, &request, |_| Ok(())).map_err(|e| explain::del(ns, spec, e))?;
    ns.echo(|| [echo::route(ns, "del", spec)]);
    Ok(())
}

fn head(spec: &RouteSpec) -> Head {
    Head {
        family: spec.family().number(),
        dst_length: spec.dst.map_or(0, |d| d.prefix()),
        tos: spec.tos.unwrap_or(0),
        table: small_table(table(spec)),
        flags: if spec.onlink { RTNH_F_ONLINK } else { 0 },
        ..Head::default()
    }
}

fn table(spec: &RouteSpec) -> u32 {
    let default = match spec.kind {
        RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast => TABLE_LOCAL,
        _ => TABLE_MAIN,
    };
    spec.table.unwrap_or(default)
}

/// As iproute2 chooses it; IPv6 knows no scopes.
fn default_scope(spec: &RouteSpec) -> u8 {
    if spec.family() == Family::Inet6 {
        return SCOPE_UNIVERSE;
    }
    let gateway = spec.via.is_some() || !spec.nexthops.is_empty();
    match spec.kind {
        RouteKind::Local => SCOPE_HOST,
        RouteKind::Broadcast | RouteKind::Multicast | RouteKind::Anycast => SCOPE_LINK,
        RouteKind::Unicast if !gateway => SCOPE_LINK,
        _ => SCOPE_UNIVERSE,
    }
}

fn body(ns: &Namespace, spec: &RouteSpec) -> Result<Attributes> {
    let family = spec.family();
    let mut body = Attributes::new();
    if let Some(dst) = spec.dst {
        body.put(rta::DST, &octets(dst.ip()));
    }
    body.put_u32(rta::TABLE, table(spec));
    gateway(&mut body, family, spec.via);
    if let Some(dev) = &spec.dev {
        body.put_u32(rta::OIF, find::require_index(ns, dev)?);
    }
    if let Some(src) = spec.src {
        body.put(rta::PREFSRC, &octets(src));
    }
    if let Some(metric) = spec.metric {
        body.put_u32(rta::PRIORITY, metric);
    }
    if let Some(pref) = spec.pref {
        body.put(rta::PREF, &[pref.number()]);
    }
    if let Some(expires) = spec.expires {
        body.put_u32(rta::EXPIRES, expires);
    }
    if !spec.metrics.is_empty() {
        let mut metrics = Attributes::new();
        spec.metrics.write(&mut metrics);
        body.nest(rta::METRICS, metrics);
    }
    if !spec.nexthops.is_empty() {
        let mut hops = Vec::new();
        for hop in &spec.nexthops {
            hops.extend(nexthop(ns, family, hop)?);
        }
        body.put(rta::MULTIPATH, &hops);
    }
    Ok(body)
}

/// RTA_GATEWAY, or RTA_VIA (`struct rtvia`: family, address) for a gateway of the other family.
fn gateway(body: &mut Attributes, family: Family, via: Option<IpAddr>) {
    match via {
        Some(via) if Family::of(via) == family => body.put(rta::GATEWAY, &octets(via)),
        Some(via) => {
            let number = u16::from(Family::of(via).number());
            body.put(rta::VIA, &[number.to_ne_bytes().as_slice(), &octets(via)].concat());
        }
        None => {}
    }
}

/// `struct rtnexthop`: length, flags, weight - 1, index; then its attributes.
fn nexthop(ns: &Namespace, family: Family, hop: &HopSpec) -> Result<Vec<u8>> {
    let weight = hop.weight.unwrap_or(1);
    let weight = weight
        .checked_sub(1)
        .and_then(|w| u8::try_from(w).ok())
        .ok_or_else(|| Error::argument(format!("a next hop's weight is from 1 to 256, got {weight}")))?;
    let index = match &hop.dev {
        Some(dev) => find::require_index(ns, dev)?,
        None => 0,
    };
    let mut attributes = Attributes::new();
    gateway(&mut attributes, family, hop.via);
    let length = (8 + attributes.bytes()?.len()) as u16;
    let mut out = length.to_ne_bytes().to_vec();
    out.push(if hop.onlink { RTNH_F_ONLINK as u8 } else { 0 });
    out.push(weight);
    out.extend_from_slice(&index.to_ne_bytes());
    out.extend_from_slice(attributes.bytes()?);
    Ok(out)
}

/// Deletes all routes that the filter lets through, as `ip route flush`; returns how many there were. Each is sent
/// back to the kernel as it came, so that no other one can be meant.
pub fn flush(ns: &Namespace, filter: &Filter) -> Result<usize> {
    let resolved = filter.resolve(ns)?;
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut families = Vec::new();
    for family in resolved.families() {
        let head = Head { family: family.number(), ..Head::default() };
        let mut of_family: Vec<Vec<u8>> = Vec::new();
        ns.rtnl(RTM_GETROUTE, NLM_F_DUMP, &head.bytes(), |answer| {
            match answer {
                None => of_family.clear(),
                Some(answer) => {
                    let route = parse(answer.payload).filter(|r| wanted(r, &resolved));
                    // What the cache holds can't be deleted.
                    if route.is_some_and(|r| r.raw_flags & CLONED == 0) {
                        of_family.push(answer.payload.to_vec());
                    }
                }
            }
            Ok(())
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
    ns.echo(|| echo::route_flush(ns, filter, &families));
    Ok(found.len())
}
