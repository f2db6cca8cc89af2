//! Neighbours: the hardware addresses that a namespace knows (ARP and NDP), as `ip neigh` handles them.

mod table;
mod text;
mod wire;

pub use table::{Neigh, State};
pub(super) use wire::{NDA_CACHEINFO, cacheinfo, ndmsg, parse, request};

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::done::{Done, Verb};
use super::fields::LinkName;
use super::link::{self, find};
use super::namespace::Namespace;
use super::prefix::Family;
use crate::base::error::{Kind, Result};
use crate::model::{Between, Table};

// Message types of linux/rtnetlink.h.
pub(super) const RTM_NEWNEIGH: u16 = 28;
pub(super) const RTM_DELNEIGH: u16 = 29;
pub(super) const RTM_GETNEIGH: u16 = 30;

/// Adds a neighbour, as `ip neigh add DST lladdr LLADDR dev DEV`. Raises `exists` if it is known.
pub fn add(ns: &Namespace, dst: IpAddr, spec: &Neigh) -> Result<()> {
    send(ns, dst, spec, NLM_F_CREATE | NLM_F_EXCL)?;
    ns.report(Done::Neigh(Verb::Add, dst, spec));
    Ok(())
}

/// Adds or changes a neighbour, as `ip neigh replace`.
pub fn replace(ns: &Namespace, dst: IpAddr, spec: &Neigh) -> Result<()> {
    send(ns, dst, spec, NLM_F_CREATE | NLM_F_REPLACE)?;
    ns.report(Done::Neigh(Verb::Replace, dst, spec));
    Ok(())
}

fn send(ns: &Namespace, dst: IpAddr, spec: &Neigh, flags: u16) -> Result<()> {
    spec.check()?;
    let index = find::require_index(ns, spec.dev())?;
    let state = spec.state.unwrap_or(State::PERMANENT);
    let request = wire::encode(index, &Neigh { dst: Some(dst), state: Some(state), ..spec.clone() }, 0)?;
    ns.rtnl(RTM_NEWNEIGH, flags, &request, |_| Ok(())).map_err(|e| match e.raw() {
        Some(Errno::EEXIST) => e.hint("neigh.replace changes it"),
        Some(Errno::ENOBUFS) => e.with_kind(Kind::Limit).hint(
            "the table is full: net.ipv4.neigh.default.gc_thresh3 (1024) limits all namespaces of the machine together",
        ),
        Some(Errno::EINVAL) if spec.lladdr.is_some() && !has_mac(ns, spec.dev()) => {
            e.hint(format!("{} has no hardware addresses of six bytes", spec.dev()))
        }
        _ => e,
    })
}

fn has_mac(ns: &Namespace, dev: &str) -> bool {
    matches!(link::get_plain(ns, dev), Ok(Some(link)) if link.mac().is_some_and(|m| m.len() == 17))
}

/// Forgets a neighbour, as `ip neigh del DST dev DEV`. Raises `not_found` if it isn't known.
pub fn del(ns: &Namespace, dst: IpAddr, dev: &str, proxy: bool) -> Result<()> {
    let index = find::require_index(ns, dev)?;
    del_entry(ns, dst, index, proxy).map_err(|e| match e.raw() {
        Some(Errno::ENOENT) => {
            e.hint(format!("{dev} has no such neighbour; neigh.list shows those that it has"))
        }
        _ => e,
    })?;
    ns.report(Done::Neigh(Verb::Del, dst, &Neigh { proxy: Some(proxy), ..Neigh::on(dev) }));
    Ok(())
}

/// Forgets what nsh's own traffic has found out: nobody is told of it.
pub fn forget(ns: &Namespace, dst: IpAddr, index: u32) -> Result<()> {
    match del_entry(ns, dst, index, false) {
        Err(e) if e.raw() == Some(Errno::ENOENT) => Ok(()),
        other => other,
    }
}

fn del_entry(ns: &Namespace, dst: IpAddr, index: u32, proxy: bool) -> Result<()> {
    let key = Neigh { dst: Some(dst), proxy: Some(proxy), ..Neigh::default() };
    ns.rtnl(RTM_DELNEIGH, 0, &wire::encode(index, &key, 0)?, |_| Ok(()))
}

/// Has the kernel resolve a neighbour now, as if there were a packet for it: `ip neigh replace DST dev DEV use`.
pub fn probe(ns: &Namespace, dst: IpAddr, dev: &str) -> Result<()> {
    /// NTF_USE.
    const USE: u32 = 0x01;
    let index = find::require_index(ns, dev)?;
    let request = wire::encode(index, &Neigh { dst: Some(dst), ..Neigh::default() }, USE)?;
    ns.rtnl(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &request, |_| Ok(()))
}

/// Has the kernel ask a neighbour whose hardware address it knows whether it is still there, as `ip neigh change DST
/// dev DEV nud probe`. If there were a packet for it, it would trust the address for 5 s more first (DELAY).
pub fn confirm(ns: &Namespace, known: &Neigh) -> Result<()> {
    let probed = Neigh { dst: known.dst, state: Some(State::PROBE), ..Neigh::default() };
    match ns.rtnl(RTM_NEWNEIGH, 0, &wire::encode(known.index(), &probed, 0)?, |_| Ok(())) {
        // It is gone, or nobody answered meanwhile.
        Err(e) if matches!(e.raw(), Some(Errno::ENOENT | Errno::EINVAL)) => Ok(()),
        result => result,
    }
}

/// The neighbour with this address on this link, or `None`, as `ip neigh get`.
pub fn get(ns: &Namespace, dst: IpAddr, dev: &str) -> Result<Option<Neigh>> {
    let filter = Neigh { dst: Some(dst), state: Some(State(u16::MAX)), ..Neigh::on(dev) };
    Ok(list(ns, &filter)?.pop())
}

/// The neighbours that have all that is given, in one of the states if any are given, else all but those without ARP, as
/// `ip neigh show`.
pub fn list(ns: &Namespace, filter: &Neigh) -> Result<Vec<Neigh>> {
    let mut wanted = filter.clone();
    if let Some(dev) = wanted.dev.take() {
        wanted.index = Some(Between(find::require_index(ns, &dev.0)?));
    }
    let states = wanted.state.take().unwrap_or(State::NOARP.but());
    wanted.proxy.get_or_insert(false);
    let mut found = dump(ns, &wanted)?;
    let fits = |n: &Neigh| wanted.is_proxy() || states.0 == u16::MAX || n.is_in(states);
    found.retain(|n| wanted.fits(n) && fits(n));
    for neigh in &mut found {
        let name = find::name(ns, neigh.index())?;
        neigh.dev = Some(LinkName(name.unwrap_or_else(|| neigh.index().to_string())));
    }
    Ok(found)
}

/// The kernel's own filter by link is an attribute that old kernels ignore.
fn dump(ns: &Namespace, wanted: &Neigh) -> Result<Vec<Neigh>> {
    let family = wanted.family.or(wanted.dst.map(Family::of)).map_or(0, Family::number);
    ns.dump(RTM_GETNEIGH, &ndmsg(family, 0, State(0), wanted.flags()), parse)
}

/// Forgets the neighbours that have all that is given, permanent ones only if it names their state, as
/// `ip neigh flush`; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Neigh) -> Result<usize> {
    let states = filter.state.unwrap_or(State::any(&[State::NOARP, State::PERMANENT]).but());
    let found = list(ns, &Neigh { state: Some(states), ..filter.clone() })?;
    for neigh in &found {
        match del_entry(ns, neigh.ip(), neigh.index(), neigh.is_proxy()) {
            Err(e) if e.raw() == Some(Errno::ENOENT) => {}
            result => result?,
        }
    }
    ns.report(Done::NeighsFlushed(filter, &found));
    Ok(found.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fields::HardwareAddress;
    use crate::net::link::{End, LinkSpec};
    use crate::net::testing::{lab, witness};

    #[test]
    fn neighbours_come_and_go() {
        lab(|all| {
            let host = all.host();
            let spec = LinkSpec { near: End::up(true), ..LinkSpec::of("veth") };
            link::add(host, "v0", &spec).unwrap();
            let (four, six) = ("10.0.0.9".parse().unwrap(), "fd00::9".parse().unwrap());
            let lladdr = Some(HardwareAddress(vec![2, 0, 0, 0, 0, 9]));
            let spec = Neigh { lladdr, router: Some(true), ..Neigh::on("v0") };
            add(host, four, &Neigh { router: None, ..spec.clone() }).unwrap();
            add(host, six, &spec).unwrap();
            assert_eq!(add(host, six, &spec).unwrap_err().kind(), Kind::Exists);
            if let Some(seen) = witness(all, "host", &["ip", "-j", "neigh", "show", "dev", "v0"]) {
                let all: Vec<_> =
                    seen.as_array().unwrap().iter().filter(|n| n["lladdr"] == "02:00:00:00:00:09").collect();
                assert_eq!(all.len(), 2);
                assert!(all.iter().all(|n| n["state"][0] == "PERMANENT"), "{seen}");
            }
            let found = get(host, six, "v0").unwrap().unwrap();
            assert_eq!((found.router, found.proxy), (Some(true), Some(false)));
            assert_eq!(found.lladdr.unwrap().to_string(), "02:00:00:00:00:09");
            let stale = Neigh { state: Some(State::parse("stale").unwrap()), ..spec };
            replace(host, four, &stale).unwrap();
            assert_eq!(get(host, four, "v0").unwrap().unwrap().state, Some(State::STALE));
            assert_eq!(flush(host, &Neigh { family: Some(Family::Inet), ..Neigh::default() }).unwrap(), 1);
            del(host, six, "v0", false).unwrap();
            assert_eq!(
                del(host, "10.0.0.77".parse().unwrap(), "v0", false).unwrap_err().kind(),
                Kind::NotFound
            );
            add(host, four, &Neigh { proxy: Some(true), ..Neigh::on("v0") }).unwrap();
            assert_eq!(list(host, &Neigh { proxy: Some(true), ..Neigh::default() }).unwrap().len(), 1);
            del(host, four, "v0", true).unwrap();
            let e = add(host, four, &Neigh::on("v0")).unwrap_err();
            assert_eq!(e.kind(), Kind::Argument);
        });
    }
}
