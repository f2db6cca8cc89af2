//! The kernel's own lookup.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::net::IpAddr;

use nix::errno::Errno;

use super::list::{Filter, Tables, list, name_links};
use super::table::{Route, RouteKind};
use super::wire::{Head, parse};
use super::{RTM_GETROUTE, explain};
use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::Attributes;
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::{Family, octets};

// What a lookup is asked with, RTA_* of linux/rtnetlink.h.
mod rta {
    pub const DST: u16 = 1;
    pub const SRC: u16 = 2;
    pub const IIF: u16 = 3;
    pub const OIF: u16 = 4;
    pub const MARK: u16 = 16;
    pub const UID: u16 = 25;
    pub const IP_PROTO: u16 = 27;
    pub const SPORT: u16 = 28;
    pub const DPORT: u16 = 29;
}

/// Which packet to look up.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Its source.
    pub from: Option<IpAddr>,
    /// The link that it comes in by; it is then one to be forwarded, and needs `from`.
    pub iif: Option<String>,
    /// The link that its socket is bound to.
    pub oif: Option<String>,
    pub mark: Option<u32>,
    pub tos: Option<u8>,
    pub uid: Option<u32>,
    /// The IP protocol's number and the ports, for rules that look at them.
    pub ip_proto: Option<u8>,
    pub sport: Option<u16>,
    pub dport: Option<u16>,
    /// Return the matching entry of the table, rather than the decision.
    pub fibmatch: bool,
}

/// Which way a packet to `dst` would take, as `ip route get DST`. Raises `network_unreachable` (or
/// `host_unreachable`, `permission`, `invalid` for routes that drop) where there is none.
pub fn get(ns: &Namespace, dst: IpAddr, lookup: &Lookup) -> Result<Route> {
    const LOOKUP_TABLE: u32 = 0x1000;
    const FIB_MATCH: u32 = 0x2000;
    let family = Family::of(dst);
    if let Some(from) = lookup.from.filter(|from| Family::of(*from) != family) {
        return Err(Error::argument(format!("from {from} is of another family than {dst}")));
    }
    let mut body = Attributes::new();
    body.put(rta::DST, &octets(dst));
    if let Some(from) = lookup.from {
        body.put(rta::SRC, &octets(from));
    }
    for (kind, dev) in [(rta::IIF, &lookup.iif), (rta::OIF, &lookup.oif)] {
        if let Some(dev) = dev {
            body.put_u32(kind, find::require_index(ns, dev)?);
        }
    }
    for (kind, value) in [(rta::MARK, lookup.mark), (rta::UID, lookup.uid)] {
        if let Some(value) = value {
            body.put_u32(kind, value);
        }
    }
    if let Some(proto) = lookup.ip_proto {
        body.put(rta::IP_PROTO, &[proto]);
    }
    for (kind, port) in [(rta::SPORT, lookup.sport), (rta::DPORT, lookup.dport)] {
        if let Some(port) = port {
            body.put(kind, &port.to_be_bytes());
        }
    }
    let head = Head {
        family: family.number(),
        dst_length: family.bits(),
        src_length: lookup.from.map_or(0, |_| family.bits()),
        tos: lookup.tos.unwrap_or(0),
        // IPv6 tells the table anyway, and refuses the flag.
        flags: match (family, lookup.fibmatch) {
            (_, true) => FIB_MATCH,
            (Family::Inet, false) => LOOKUP_TABLE,
            (Family::Inet6, false) => 0,
        },
        ..Head::default()
    };
    let request = [head.bytes(), body.into_bytes()?].concat();
    let mut found = None;
    ns.rtnl(RTM_GETROUTE, 0, &request, |answer| {
        if let Some(answer) = answer {
            found = parse(answer.payload);
        }
        Ok(())
    })
    .map_err(|e| explain::lookup(ns, dst, lookup, e))?;
    let mut route = found.ok_or_else(|| Error::new(Kind::Protocol, "the kernel answered without a route"))?;
    // Where IPv4 refuses, IPv6 answers with the route that drops.
    if let Some(error) = route.error.filter(|_| !lookup.fibmatch) {
        let e = Error::errno(Errno::from_raw(error.0.abs()));
        return Err(explain::lookup(ns, dst, lookup, e));
    }
    name_links(ns, route.links())?;
    Ok(route)
}

/// The route that drops packets to `dst`, if [`get`] fails because of one. Of each table the one with the longest prefix
/// counts.
pub fn dropping(ns: &Namespace, dst: IpAddr, lookup: &Lookup) -> Option<Route> {
    let kind = match get(ns, dst, lookup).err()?.raw()? {
        Errno::EINVAL => RouteKind::Blackhole,
        Errno::EHOSTUNREACH => RouteKind::Unreachable,
        Errno::EACCES => RouteKind::Prohibit,
        _ => return None,
    };
    let like = Route { family: Some(Family::of(dst)), ..Route::default() };
    let mut routes = list(ns, &Filter { tables: Tables::All, like }).ok()?;
    let prefix = |route: &Route| route.dst.and_then(|dst| dst.0);
    routes.retain(|route| !route.cached && prefix(route).is_some_and(|p| p.contains(dst)));
    routes.sort_by_key(|route| Reverse(prefix(route).map(|p| p.prefix())));
    let mut tables = HashSet::new();
    let mut first = routes.into_iter().filter(|route| tables.insert(route.table.map(|table| table.0)));
    first.find(|route| route.kind() == kind)
}
