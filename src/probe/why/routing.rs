//! What a namespace does with a packet: takes it, sends it on, or why it doesn't.

use std::net::IpAddr;

use super::fault::Cause;
use super::packet::Packet;
use super::snapshot::Space;
use super::walk::Walk;
use super::{deliver, unrouted};
use crate::base::error::Error;
use crate::net::addr::Addr;
use crate::net::link::Link;
use crate::net::prefix::{Family, is_link_local};
use crate::net::route::{self, Lookup, Route, RouteKind};

/// What becomes of a packet.
pub enum Next<'a> {
    /// It has arrived.
    Here,
    /// It leaves by `out`, for the neighbour `next`.
    By { out: &'a Link, next: IpAddr },
}

/// Decides for a packet that came in by `iif`, or is sent here; fills in its source. `None` if it is lost here.
pub fn decide<'a>(
    walk: &mut Walk<'a>,
    at: &'a Space,
    iif: Option<&'a Link>,
    packet: &mut Packet,
) -> Option<Next<'a>> {
    match iif {
        Some(link) => arrived(walk, at, link, packet),
        None => sent(walk, at, packet),
    }
}

fn sent<'a>(walk: &mut Walk<'a>, at: &'a Space, packet: &mut Packet) -> Option<Next<'a>> {
    if at.has(packet.dst) {
        let lo = at.link_named("lo").filter(|lo| !lo.is_up());
        if lo.is_some() {
            walk.fault(at, Some("lo"), Cause::LinkDown {});
        }
        packet.src = packet.src.or(Some(packet.dst));
        return Some(Next::Here);
    }
    if let Some(src) = packet.src.filter(|src| !at.has(*src)) {
        unrouted::no_source(walk, at, src);
        return None;
    }
    if let Some(source) = packet.src.or_else(|| only_source(at, packet.dst))
        && deliver::check_address(walk, at, source)
    {
        return None;
    }
    match route::get(&at.ns, packet.dst, &packet.lookup(None)) {
        Ok(route) => follow(walk, at, packet, &route),
        Err(e) => {
            unrouted::explain(walk, at, None, packet, &e);
            None
        }
    }
}

/// An address of IPv6 that awaits duplicate address detection, where no other one is there to send from.
fn only_source(at: &Space, dst: IpAddr) -> Option<IpAddr> {
    let own = || at.addrs.iter().filter(|a| a.ip().is_ipv6() && !a.ip().is_loopback());
    let fits = |ip: IpAddr| is_link_local(ip) == is_link_local(dst);
    let usable = |a: &&Addr| !a.is_tentative() && !a.is_duplicate() && fits(a.ip());
    if dst.is_ipv4() || own().any(|a| usable(&a)) {
        return None;
    }
    own().map(|a| a.ip()).find(|ip| fits(*ip))
}

/// The route's link and next hop.
fn follow<'a>(walk: &mut Walk<'a>, at: &'a Space, packet: &mut Packet, route: &Route) -> Option<Next<'a>> {
    if route.kind() == RouteKind::Local {
        return Some(Next::Here);
    }
    let out = at.link(route.dev.as_ref()?.index)?;
    packet.src = packet.src.or(route.src).or_else(|| own_address(at, out, packet.dst));
    walk.note(at, &format!("route {}", words(at, packet.dst, route)));
    Some(Next::By { out, next: route.via.unwrap_or(packet.dst) })
}

/// The route as it stands in its table.
fn words(at: &Space, dst: IpAddr, found: &Route) -> String {
    let lookup = Lookup { fibmatch: true, ..Lookup::default() };
    let entry = route::get(&at.ns, dst, &lookup)
        .ok()
        .filter(|entry| entry.dev == found.dev && entry.via == found.via);
    entry.as_ref().unwrap_or(found).words(&["dst", "via", "dev", "table"])
}

/// The address that packets to `dst` have as their source when they leave by `out`.
pub fn own_address(at: &Space, out: &Link, dst: IpAddr) -> Option<IpAddr> {
    let family = Family::of(dst);
    let near = at.addrs_on(out, family).find(|a| a.prefix().contains(dst));
    near.or_else(|| at.addrs_on(out, family).find(|a| !is_link_local(a.ip()))).map(|a| a.ip())
}

fn arrived<'a>(walk: &mut Walk<'a>, at: &'a Space, iif: &'a Link, packet: &mut Packet) -> Option<Next<'a>> {
    let taken = check_source(walk, at, iif, packet);
    if at.has(packet.dst) {
        return Some(Next::Here);
    }
    let forwards = check_forwarding(walk, at, iif, packet.family());
    // Where the kernel would refuse it for these reasons, it is asked as for a packet of its own.
    let refused = !taken || !forwards;
    let asked = route::get(&at.ns, packet.dst, &packet.lookup(Some(&iif.name)));
    let plain = || route::get(&at.ns, packet.dst, &Lookup { from: None, ..packet.lookup(None) });
    match asked.or_else(|e| if refused { plain() } else { Err(e) }) {
        Ok(route) => follow(walk, at, packet, &route),
        Err(e) => {
            unrouted::explain(walk, at, Some(iif), packet, &e);
            None
        }
    }
}

/// Whether the namespace is a router for packets that come in by `iif`.
fn check_forwarding(walk: &mut Walk<'_>, at: &Space, iif: &Link, family: Family) -> bool {
    let of_link = Space::key(family, &iif.name, "forwarding");
    let (key, value) = match family {
        Family::Inet => {
            let all = at.sysctl("net.ipv4.ip_forward") != Some(0);
            (if all { of_link.clone() } else { "net.ipv4.ip_forward".to_owned() }, at.sysctl(&of_link))
        }
        // Of IPv6 the parameter of all links alone decides.
        Family::Inet6 => {
            let key = "net.ipv6.conf.all.forwarding";
            (key.to_owned(), at.sysctl(key))
        }
    };
    if value == Some(0) {
        walk.fault_with(at, None, Cause::ForwardingOff { key: key.clone() }, vec![format!("{key} = 0")]);
    }
    value != Some(0)
}

/// `__fib_validate_source` of net/ipv4/fib_frontend.c: a source of one's own, and reverse path filtering.
fn check_source(walk: &mut Walk<'_>, at: &Space, iif: &Link, packet: &Packet) -> bool {
    let Some(source) = packet.src else { return true };
    if at.has(source) {
        let owners =
            walk.lab.owners(source).iter().map(|s| s.name().to_owned()).collect::<Vec<_>>().join(" and ");
        walk.fault_with(
            at,
            Some(&iif.name),
            Cause::OwnSource { source },
            vec![format!("{owners} have {source}")],
        );
        return false;
    }
    if packet.family() == Family::Inet6 {
        return true;
    }
    let [all, own] =
        ["all", &iif.name].map(|link| at.sysctl(&Space::key(Family::Inet, link, "rp_filter")).unwrap_or(0));
    let mode = all.max(own);
    if mode == 0 {
        return true;
    }
    let back = route::get(&at.ns, source, &Lookup::default());
    let by = |route: &Route| route.dev.as_ref().is_some_and(|dev| dev.index == iif.index());
    let passes = match &back {
        Ok(route) => mode == 2 || by(route),
        Err(_) => false,
    };
    if !passes {
        let key = Space::key(Family::Inet, &iif.name, "rp_filter");
        let back = back.map_or_else(|e: Error| e.message(), |route| route.words(&["via", "dev"]));
        let evidence = vec![format!("rp_filter of all is {all}, of {} {own}", iif.name)];
        walk.fault_with(at, Some(&iif.name), Cause::RpFilter { source, key, back }, evidence);
    }
    passes
}
