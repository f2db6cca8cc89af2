//! Why the kernel refused a route.

use std::net::IpAddr;

use nix::errno::Errno;

use super::TABLE_MAIN;
use super::lookup::Lookup;
use super::read::{Filter, Route, Tables, list};
use super::spec::RouteSpec;
use crate::base::error::{Error, Kind};
use crate::net::addr;
use crate::net::link;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

pub(super) fn add(ns: &Namespace, spec: &RouteSpec, e: Error) -> Error {
    let hops = || spec.nexthops.iter().filter_map(|h| h.via).chain(spec.via);
    match e.raw() {
        Some(Errno::EEXIST) => {
            let there = same_destination(ns, spec, Tables::One(spec.table.unwrap_or(TABLE_MAIN)));
            let same =
                there.iter().find(|r| spec.metric.is_none_or(|metric| r.metric.unwrap_or(0) == metric));
            let known =
                same.map_or_else(|| "a route to this destination with this metric".to_owned(), described);
            e.hint(format!("there is {known}; route.replace puts the new one in its place"))
        }
        Some(Errno::ENETUNREACH | Errno::EHOSTUNREACH) => {
            match hops().find_map(|via| unreachable_gateway(ns, via, spec.dev.as_deref())) {
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
            let key = spec.dev.as_deref().unwrap_or("all");
            e.hint(format!("IPv6 may be switched off: see sysctl net/ipv6/conf/{key}/disable_ipv6"))
        }
        Some(Errno::EPERM) => e.hint("changing routes takes CAP_NET_ADMIN in the namespace"),
        _ => e,
    }
}

fn down(ns: &Namespace, spec: &RouteSpec) -> Option<String> {
    let mut devs = spec.nexthops.iter().filter_map(|h| h.dev.as_ref()).chain(&spec.dev);
    devs.find(|dev| matches!(link::get_plain(ns, dev), Ok(Some(link)) if !link.up)).cloned()
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
        Ok(Some(link)) if !link.up => Some(format!(
            "{} has {} but is down; link.set({:?}, {{ up = true }})",
            owner.dev(),
            owner.prefix(),
            owner.dev()
        )),
        _ => None,
    }
}

/// The routes to the destination of another.
fn same_destination(ns: &Namespace, spec: &RouteSpec, tables: Tables) -> Vec<Route> {
    let filter = Filter { family: Some(spec.family()), tables, ..Filter::default() };
    let length = spec.dst.map_or(0, |d| d.prefix());
    let mut routes = list(ns, &filter).unwrap_or_default();
    routes.retain(|r| r.dst.prefix() == length && spec.dst.is_none_or(|d| d == r.dst));
    routes
}

/// Enough of a route to tell it from others.
fn described(r: &Route) -> String {
    let mut text = r.destination();
    if let Some(via) = r.via {
        text.push_str(&format!(" via {via}"));
    }
    if let Some(dev) = &r.dev {
        text.push_str(&format!(" dev {dev}"));
    }
    if let Some(metric) = r.metric {
        text.push_str(&format!(" metric {metric}"));
    }
    if r.table != "main" {
        text.push_str(&format!(" table {}", r.table));
    }
    text
}

pub(super) fn del(ns: &Namespace, spec: &RouteSpec, e: Error) -> Error {
    if e.raw() != Some(Errno::ESRCH) {
        return e;
    }
    let e = e.with_kind(Kind::NotFound);
    let same: Vec<String> = same_destination(ns, spec, Tables::All).iter().map(described).collect();
    match same.is_empty() {
        true => e.hint(format!("{} has no route to this destination", ns.name())),
        false => e.hint(format!("there is {}", same.join(", "))),
    }
}

pub(super) fn lookup(ns: &Namespace, dst: IpAddr, lookup: &Lookup, e: Error) -> Error {
    match e.raw() {
        Some(Errno::ENETUNREACH) => {
            let filter = Filter { family: Some(Family::of(dst)), dst: Some(None), ..Filter::default() };
            match list(ns, &filter) {
                Ok(routes) if routes.is_empty() => {
                    e.hint(format!("{} has no route to {dst} and no default route", ns.name()))
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
