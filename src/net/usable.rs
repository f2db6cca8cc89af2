//! IPv6 addresses to which packets are delivered.
//!
//! The kernel takes an address at once, but joins its solicited-node group (by which neighbours resolve it), makes it no
//! longer tentative and sets its local route from a work queue, once the link is ready (`addrconf_dad_work` in
//! net/ipv6/addrconf.c). The local route comes last, and tells by an event.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use netlink_packet_core::NLM_F_DUMP;

use super::addr::{self, Addr};
use super::attributes::Attributes;
use super::events::{Listener, Object};
use super::link;
use super::namespace::Namespace;
use super::netlink::attributes_of;
use super::prefix::Family;
use super::router;
use crate::base::error::Result;
use crate::base::wait::Deadline;

/// The work waits for the link's state, which with kernels before 6.8 takes up to a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// linux/rtnetlink.h; the size is that of `struct rtmsg`.
const RTM_GETROUTE: u16 = 26;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTMSG: usize = 12;

/// A link's index and an address of it.
type Place = (u32, Ipv6Addr);

/// Makes a router's link-local addresses usable, and waits for all of a namespace's. True if there was something to do.
pub(super) fn ready(ns: &Namespace) -> Result<bool> {
    let list = || addr::list(ns, &Addr::of(Family::Inet6));
    let addresses = list()?;
    match router::ready(ns, &addresses)? {
        // They were given anew.
        true => wait(ns, list()?).map(|_| true),
        false => wait(ns, addresses),
    }
}

/// Waits until those of a namespace's addresses that are on links that carry packets have their local routes, but for
/// those that await duplicate address detection. Gives up silently after 2 s. True if there was something to wait for.
fn wait(ns: &Namespace, mut addresses: Vec<Addr>) -> Result<bool> {
    addresses.retain(is_coming);
    let mut wanted = Vec::new();
    // Those of a link stand together.
    for of_link in addresses.chunk_by(|a, b| a.index() == b.index()) {
        if carries(ns, of_link[0].index())? {
            wanted.extend(of_link.iter().filter_map(place));
        }
    }
    wait_for(ns, &wanted)
}

/// As [`wait`], for the addresses of one link.
pub(crate) fn wait_for_link(ns: &Namespace, index: u32) -> Result<()> {
    let mut addresses = addr::list(ns, &Addr::of(Family::Inet6))?;
    addresses.retain(|address| address.index() == index);
    wait(ns, addresses).map(drop)
}

/// As [`wait`], for these addresses of one link.
pub(crate) fn wait_on(ns: &Namespace, index: u32, addresses: impl IntoIterator<Item = IpAddr>) -> Result<()> {
    let wanted: Vec<Place> = addresses.into_iter().filter_map(|ip| six(index, ip)).collect();
    if wanted.is_empty() || !carries(ns, index)? {
        return Ok(());
    }
    wait_for(ns, &wanted).map(drop)
}

/// Whether the address, if it is of IPv6, has its local route.
pub(super) fn is_routed(ns: &Namespace, address: &Addr) -> Result<bool> {
    match place(address) {
        Some(place) => are_routed(ns, &[place]),
        None => Ok(true),
    }
}

fn wait_for(ns: &Namespace, wanted: &[Place]) -> Result<bool> {
    if are_routed(ns, wanted)? {
        return Ok(false);
    }
    // Listening before looking again, so that nothing falls between.
    let mut events = Listener::open(ns, &[Object::Route])?;
    let deadline = Deadline::after(PATIENCE);
    while !are_routed(ns, wanted)? && events.wait(deadline)? {}
    Ok(true)
}

fn six(index: u32, ip: IpAddr) -> Option<Place> {
    match ip {
        IpAddr::V6(ip) => Some((index, ip)),
        IpAddr::V4(_) => None,
    }
}

fn place(address: &Addr) -> Option<Place> {
    six(address.index(), address.ip())
}

/// Whether the address is usable, or will be without duplicate address detection.
fn is_coming(address: &Addr) -> bool {
    let detected = address.is_tentative() && address.nodad != Some(true);
    !detected && !address.is_duplicate()
}

/// Whether the link carries packets, or will at once. To ask for it alone makes its state follow its carrier, since Linux 6.8.
fn carries(ns: &Namespace, index: u32) -> Result<bool> {
    let held_back = |state: &str| matches!(state, "DORMANT" | "TESTING");
    let link = link::by_index(ns, index)?;
    Ok(link.is_some_and(|link| link.is_up() && link.has_carrier() && !held_back(link.operstate())))
}

/// Whether they all have local routes. Each is looked up, since a link may have thousands of addresses; only where rules
/// or a VRF lead elsewhere, all routes are read.
fn are_routed(ns: &Namespace, places: &[Place]) -> Result<bool> {
    if places.iter().all(|place| leads_here(ns, *place)) {
        return Ok(true);
    }
    let routed = routed(ns)?;
    Ok(places.iter().all(|place| routed.contains(place)))
}

/// As `ip -6 route get ADDRESS oif DEV`, which tells of a local route.
fn leads_here(ns: &Namespace, (index, address): Place) -> bool {
    let mut attributes = Attributes::new();
    attributes.put(RTA_DST, &address.octets());
    attributes.put_u32(RTA_OIF, index);
    let mut request = vec![0; RTMSG];
    (request[0], request[1]) = (libc::AF_INET6 as u8, 128);
    request.extend_from_slice(attributes.bytes().unwrap_or_default());
    let mut local = false;
    let asked = ns.rtnl(RTM_GETROUTE, 0, &request, |answer| {
        local |= answer.is_some_and(|a| a.payload.get(7) == Some(&libc::RTN_LOCAL));
        Ok(())
    });
    // Without any route that is an error.
    asked.is_ok() && local
}

/// The addresses that have local routes, in whatever table.
fn routed(ns: &Namespace) -> Result<HashSet<Place>> {
    // `struct rtmsg` of linux/rtnetlink.h.
    let mut request = [0; RTMSG];
    (request[0], request[7]) = (libc::AF_INET6 as u8, libc::RTN_LOCAL);
    let mut found = HashSet::new();
    ns.rtnl(RTM_GETROUTE, NLM_F_DUMP, &request, |answer| {
        let Some((head, attributes)) = answer.and_then(|a| a.payload.split_at_checked(RTMSG)) else {
            found.clear();
            return Ok(());
        };
        let value = |kind| attributes_of(attributes).find(|(k, _)| *k == kind).map(|(_, value)| value);
        let index = value(RTA_OIF).and_then(|v| v.first_chunk()).map(|v| u32::from_ne_bytes(*v));
        let to = value(RTA_DST).and_then(|v| v.first_chunk::<16>()).map(|v| Ipv6Addr::from(*v));
        // Kernels before 4.20 don't filter.
        found.extend(index.zip(to).filter(|_| head[7] == libc::RTN_LOCAL));
        Ok(())
    })?;
    Ok(found)
}
