//! Why the kernel refused a route.

use std::net::IpAddr;

use nix::errno::Errno;

use super::TABLE_MAIN;
use super::encap::Encap;
use super::list::{Filter, Tables, list};
use super::lookup::Lookup;
use super::table::{Destination, Route};
use crate::base::error::{Error, Kind};
use crate::base::text::listed;
use crate::model::Between;
use crate::net::addr;
use crate::net::link;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

pub(in crate::net) fn add(ns: &Namespace, spec: &Route, e: Error) -> Error {
    let hops = || spec.nexthops.iter().filter_map(|h| h.via).chain(spec.via);
    let encaps = spec.nexthops.iter().filter_map(|hop| hop.encap.as_ref()).chain(&spec.encap);
    match e.raw() {
        Some(Errno::EOPNOTSUPP) if lacks_encap(&e) => match encaps.map(Encap::needs).next() {
            Some(needs) => e.hint(format!("it needs {needs}")),
            None => e,
        },
        Some(Errno::EEXIST) => {
            let table = spec.table.map_or(TABLE_MAIN, |table| table.0);
            let there = same_destination(ns, spec, Tables::One(table));
            let metric = |route: &Route| route.metric.unwrap_or(Between(0));
            let same = there.iter().find(|r| spec.metric.is_none_or(|given| metric(r) == given));
            let known =
                same.map_or_else(|| "a route to this destination with this metric".to_owned(), Route::brief);
            e.hint(format!("there is {known}; route.replace puts the new one in its place"))
        }
        Some(Errno::ENETUNREACH | Errno::EHOSTUNREACH) => {
            match hops().find_map(|via| unreachable_gateway(ns, via, dev(spec))) {
                Some(why) => e.with_kind(Kind::NetworkUnreachable).hint(why),
                None => e,
            }
        }
        Some(Errno::ENETDOWN) => match down(ns, spec) {
            Some(dev) => e.hint(format!("{dev} is down; link.set({dev:?}, {{ up = true }})")),
            None => e,
        },
        Some(Errno::EINVAL) => {
            if let Some(via) = hops().find(|via| is_own(ns, *via)) {
                return e.hint(format!("{via} is an address of {} itself", ns.name()));
            }
            if let Some(src) = spec.src.filter(|src| !is_own(ns, *src)) {
                return e.hint(format!("src must be an address of {}, which {src} is not", ns.name()));
            }
            e
        }
        Some(Errno::EACCES | Errno::EOPNOTSUPP) if spec.family() == Family::Inet6 => {
            let key = dev(spec).unwrap_or("all");
            e.hint(format!("IPv6 may be switched off: see sysctl net/ipv6/conf/{key}/disable_ipv6"))
        }
        Some(Errno::EPERM) => e.hint("changing routes takes CAP_NET_ADMIN in the namespace"),
        _ => e,
    }
}

/// As lwtunnel.c says it.
fn lacks_encap(e: &Error) -> bool {
    let told = e.fields().detail.as_deref().unwrap_or_default();
    told.contains("encapsulation type is not supported") || told.contains("CONFIG_LWTUNNEL")
}

fn dev(spec: &Route) -> Option<&str> {
    spec.dev.as_ref().map(|dev| &*dev.name)
}

fn down(ns: &Namespace, spec: &Route) -> Option<String> {
    let mut devs = spec.nexthops.iter().filter_map(|h| h.dev.as_ref()).chain(&spec.dev);
    let down = |name: &str| matches!(link::get_plain(ns, name), Ok(Some(link)) if !link.is_up());
    devs.find(|dev| down(&dev.name)).map(|dev| dev.name.to_string())
}

fn addresses(ns: &Namespace) -> Vec<addr::Addr> {
    addr::list(ns, &addr::Addr::default()).unwrap_or_default()
}

fn is_own(ns: &Namespace, address: IpAddr) -> bool {
    addresses(ns).iter().any(|a| a.ip() == address)
}

/// Why a gateway can't be reached: no subnet has it, or the link that has is down, or another than `dev` has.
fn unreachable_gateway(ns: &Namespace, via: IpAddr, dev: Option<&str>) -> Option<String> {
    let owners: Vec<addr::Addr> = addresses(ns)
        .into_iter()
        .filter(|a| match a.peer {
            Some(peer) => peer.0.ip() == via,
            None => a.prefix().contains(via) && a.has_subnet(),
        })
        .collect();
    let Some(owner) = owners.first() else {
        return Some(format!("no interface of {} has an address in the subnet of {via}", ns.name()));
    };
    if let Some(dev) = dev.filter(|dev| owners.iter().all(|o| o.dev() != *dev)) {
        return Some(format!("{via} is in the subnet of {} ({}), not of {dev}", owner.dev(), owner.prefix()));
    }
    match link::get_plain(ns, owner.dev()) {
        Ok(Some(link)) if !link.is_up() => Some(format!(
            "{} has {} but is down; link.set({:?}, {{ up = true }})",
            owner.dev(),
            owner.prefix(),
            owner.dev()
        )),
        _ => None,
    }
}

/// The routes to the destination of another.
fn same_destination(ns: &Namespace, spec: &Route, tables: Tables) -> Vec<Route> {
    let dst = spec.dst.or(Some(Destination(None)));
    let like = Route { family: Some(spec.family()), dst, ..Route::default() };
    list(ns, &Filter { tables, like }).unwrap_or_default()
}

pub(super) fn del(ns: &Namespace, spec: &Route, e: Error) -> Error {
    if e.raw() != Some(Errno::ESRCH) {
        return e;
    }
    let e = e.with_kind(Kind::NotFound);
    let same = same_destination(ns, spec, Tables::All);
    match same.is_empty() {
        true => e.hint(format!("{} has no route to this destination", ns.name())),
        false => e.hint(format!("there is {}", listed(same.iter().map(Route::brief)))),
    }
}

pub(super) fn lookup(ns: &Namespace, to: IpAddr, lookup: &Lookup, e: Error) -> Error {
    match e.raw() {
        Some(Errno::ENETUNREACH) => {
            let dst = Some(Destination(None));
            let like = Route { family: Some(Family::of(to)), dst, ..Route::default() };
            match list(ns, &Filter { like, ..Filter::default() }) {
                Ok(routes) if routes.is_empty() => {
                    e.hint(format!("{} has no route to {to} and no default route", ns.name()))
                }
                _ => e,
            }
        }
        Some(Errno::EHOSTUNREACH) => {
            e.hint("an \"unreachable\" route matches, or the packet may not be forwarded")
        }
        Some(Errno::EACCES) => e.hint("a \"prohibit\" route matches"),
        Some(Errno::EINVAL) if lookup.iif.is_some() && lookup.from.is_none() => {
            e.hint("a packet that comes in by iif needs from, its source")
        }
        Some(Errno::EINVAL) if lookup.from.is_some_and(|from| !is_own(ns, from)) && lookup.iif.is_none() => {
            e.hint(format!("from is no address of {}; for a packet to be forwarded give iif too", ns.name()))
        }
        Some(Errno::EINVAL) => e.hint("a \"blackhole\" route may match"),
        _ => e,
    }
}
