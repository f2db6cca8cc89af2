//! A route as it stands in a netlink message: `struct rtmsg`, then the attributes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;

use super::encap::Encap;
use super::metrics::Metrics;
use super::table::{CacheFlags, Destination, Errno, Expires, Flags, Nexthop, Route, RouteKind};
use super::{CLONED, RTNH_F_ONLINK, SCOPE_HOST, SCOPE_LINK, SCOPE_UNIVERSE, TABLE_LOCAL, TABLE_MAIN};
use crate::base::error::Result;
use crate::model::{Between, Table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::fields::{LinkRef, Origin, Scope, TableId, Tos};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;
use crate::net::prefix::{Family, from_octets, octets};

/// The attributes (RTA_* of linux/rtnetlink.h) that no row can read or write alone.
pub(in crate::net) mod rta {
    pub const GATEWAY: u16 = 5;
    pub const METRICS: u16 = 8;
    pub const MULTIPATH: u16 = 9;
    pub const CACHEINFO: u16 = 12;
    pub const VIA: u16 = 18;
    pub const ENCAP_TYPE: u16 = 21;
    pub const ENCAP: u16 = 22;
}

/// `struct rtmsg`.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    pub family: u8,
    pub dst_length: u8,
    pub src_length: u8,
    pub tos: u8,
    pub table: u8,
    pub protocol: u8,
    pub scope: u8,
    pub kind: u8,
    pub flags: u32,
}

impl Head {
    pub const BYTES: usize = 12;

    pub fn bytes(self) -> Vec<u8> {
        let mut out = vec![
            self.family,
            self.dst_length,
            self.src_length,
            self.tos,
            self.table,
            self.protocol,
            self.scope,
            self.kind,
        ];
        out.extend_from_slice(&self.flags.to_ne_bytes());
        out
    }

    fn read(bytes: &[u8]) -> Option<Head> {
        let [family, dst_length, src_length, tos, table, protocol, scope, kind, a, b, c, d] =
            *bytes.first_chunk::<{ Head::BYTES }>()?;
        let flags = u32::from_ne_bytes([a, b, c, d]);
        Some(Head { family, dst_length, src_length, tos, table, protocol, scope, kind, flags })
    }
}

/// A table's number in the one byte of the header; those over 255 stand in the attribute alone.
pub(in crate::net) fn small_table(table: u32) -> u8 {
    u8::try_from(table).unwrap_or(0)
}

/// The body of a request for this route; `head` has what differs between adding and deleting.
pub(super) fn encode(ns: &Namespace, route: &Route, head: Head) -> Result<Vec<u8>> {
    let (family, mut route) = (route.family(), route.clone());
    let table = *route.table.get_or_insert(TableId(match route.kind() {
        RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast => TABLE_LOCAL,
        _ => TABLE_MAIN,
    }));
    index(ns, &mut route.dev)?;
    let head = Head {
        family: family.number(),
        dst_length: route.dst.map_or(0, Destination::prefix),
        src_length: route.from.map_or(0, Destination::prefix),
        tos: route.tos.map_or(0, |tos| tos.0),
        table: small_table(table.0),
        flags: if route.onlink == Some(true) { RTNH_F_ONLINK } else { 0 },
        ..head
    };
    let mut body = Attributes::new();
    route.encode(&mut |number, bytes| body.put(number, bytes));
    way(ns, &mut body, family, route.via, route.encap.as_ref())?;
    if let Some(metrics) = &route.metrics {
        let mut inner = Attributes::new();
        metrics.encode(&mut |number, bytes| inner.put(number, bytes));
        body.nest(rta::METRICS, inner);
    }
    if !route.nexthops.is_empty() {
        let hops: Result<Vec<Vec<u8>>> = route.nexthops.iter().map(|hop| nexthop(ns, family, hop)).collect();
        body.put(rta::MULTIPATH, &hops?.concat());
    }
    Ok([head.bytes(), body.into_bytes()?].concat())
}

/// As iproute2 chooses it; IPv6 knows no scopes.
pub(super) fn default_scope(route: &Route) -> u8 {
    if route.family() == Family::Inet6 {
        return SCOPE_UNIVERSE;
    }
    let gateway = route.via.is_some() || !route.nexthops.is_empty() || route.nhid.is_some();
    match route.kind() {
        RouteKind::Local => SCOPE_HOST,
        RouteKind::Broadcast | RouteKind::Multicast | RouteKind::Anycast => SCOPE_LINK,
        RouteKind::Unicast if !gateway => SCOPE_LINK,
        _ => SCOPE_UNIVERSE,
    }
}

/// Fills in a link's index.
pub(in crate::net) fn index(ns: &Namespace, link: &mut Option<LinkRef>) -> Result<()> {
    if let Some(link) = link {
        link.index = find::require_index(ns, &link.name)?;
    }
    Ok(())
}

/// RTA_GATEWAY, or RTA_VIA (`struct rtvia`: family, address) for a gateway of the other family; and what is put around
/// packets.
fn way(
    ns: &Namespace,
    body: &mut Attributes,
    family: Family,
    via: Option<IpAddr>,
    encap: Option<&Encap>,
) -> Result<()> {
    match via {
        Some(via) if Family::of(via) == family => body.put(rta::GATEWAY, &octets(via)),
        Some(via) => {
            let number = u16::from(Family::of(via).number());
            body.put(rta::VIA, &[number.to_ne_bytes().as_slice(), &octets(via)].concat());
        }
        None => {}
    }
    if let Some(encap) = encap {
        encap.put(ns, body, rta::ENCAP_TYPE, rta::ENCAP)?;
    }
    Ok(())
}

/// `struct rtnexthop`: length, flags, weight - 1, index; then its attributes.
fn nexthop(ns: &Namespace, family: Family, hop: &Nexthop) -> Result<Vec<u8>> {
    let (mut dev, mut attributes) = (hop.dev.clone(), Attributes::new());
    index(ns, &mut dev)?;
    way(ns, &mut attributes, family, hop.via, hop.encap.as_ref())?;
    let length = (8 + attributes.bytes()?.len()) as u16;
    let mut out = length.to_ne_bytes().to_vec();
    out.push(if hop.onlink == Some(true) { RTNH_F_ONLINK as u8 } else { 0 });
    // Its range is that of the row.
    out.push(hop.weight.map_or(0, |weight| weight.0.saturating_sub(1) as u8));
    out.extend_from_slice(&dev.map_or(0, |dev| dev.index).to_ne_bytes());
    out.extend_from_slice(attributes.bytes()?);
    Ok(out)
}

/// Decodes the body of an RTM_NEWROUTE; the links' names are filled in later.
pub(in crate::net) fn parse(payload: &[u8]) -> Option<Route> {
    let head = Head::read(payload)?;
    let family = Family::from_number(head.family)?;
    let unspecified: IpAddr = match family {
        Family::Inet => Ipv4Addr::UNSPECIFIED.into(),
        Family::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
    };
    let cached = head.flags & CLONED != 0 && family == Family::Inet;
    let mut route = Route {
        dst: Some(Destination(IpNetwork::new(unspecified, head.dst_length).ok())),
        family: Some(family),
        kind: Some(RouteKind::from_number(head.kind)?),
        onlink: onlink(head.flags),
        table: Some(TableId(head.table.into())),
        proto: Some(Origin(head.protocol)),
        scope: Some(Scope(head.scope)),
        tos: Some(Tos(head.tos)).filter(|tos| tos.0 != 0),
        flags: Some(Flags::of(head.flags)),
        cache: cached.then(|| CacheFlags::of(head.flags)),
        cached: head.flags & CLONED != 0,
        ..Route::default()
    };
    let attributes = payload.get(Head::BYTES..)?;
    for (number, bytes) in attributes_of(attributes) {
        match number {
            rta::GATEWAY | rta::VIA => route.via = gateway(number, bytes),
            rta::ENCAP_TYPE => route.encap = encapsulation(attributes, bytes),
            rta::METRICS => route.metrics = metrics(bytes),
            rta::MULTIPATH => route.nexthops = nexthops(bytes),
            rta::CACHEINFO => cacheinfo(&mut route, bytes),
            _ => route.decode(number, bytes),
        }
    }
    route.dst = route.dst.and_then(|dst| dst.of_length(head.dst_length));
    route.from = route.from.and_then(|from| from.of_length(head.src_length));
    route.mark.take_if(|mark| mark.0 == 0);
    Some(route)
}

fn onlink(flags: u32) -> Option<bool> {
    (flags & RTNH_F_ONLINK != 0).then_some(true)
}

fn gateway(number: u16, bytes: &[u8]) -> Option<IpAddr> {
    from_octets(if number == rta::VIA { bytes.get(2..)? } else { bytes })
}

fn encapsulation(attributes: &[u8], kind: &[u8]) -> Option<Encap> {
    Encap::of(kind, attributes, rta::ENCAP)
}

/// The kernel tells a hop limit of IPv6 too where there is none, as -1.
fn metrics(bytes: &[u8]) -> Option<Box<Metrics>> {
    let mut metrics = Metrics::default();
    for (number, bytes) in attributes_of(bytes) {
        metrics.decode(number, bytes);
    }
    (metrics != Metrics::default()).then(|| Box::new(metrics))
}

/// `struct rta_cacheinfo`: references, last use, expiry in clock ticks, error.
fn cacheinfo(route: &mut Route, bytes: &[u8]) {
    let word = |at: usize| bytes.get(at..at + 4).map(|b| unsigned(b) as i32).filter(|n| *n != 0);
    route.expires = word(8).map(|ticks| Expires(f64::from(ticks) / 100.0));
    route.error = word(12).map(Errno);
}

fn nexthops(mut bytes: &[u8]) -> Vec<Nexthop> {
    let mut out = Vec::new();
    while let Some(length) = bytes.get(0..2).map(|b| unsigned(b) as usize) {
        let Some(hop) = bytes.get(..length).filter(|hop| hop.len() >= 8) else { break };
        let mut found = Nexthop {
            weight: Some(Between(u32::from(hop[3]) + 1)),
            dev: Some(LinkRef { index: unsigned(&hop[4..8]) as u32, ..LinkRef::default() }),
            onlink: onlink(hop[2].into()),
            flags: Some(Flags::of(hop[2].into())),
            ..Nexthop::default()
        };
        for (number, value) in attributes_of(&hop[8..]) {
            match number {
                rta::GATEWAY | rta::VIA => found.via = gateway(number, value),
                rta::ENCAP_TYPE => found.encap = encapsulation(&hop[8..], value),
                _ => {}
            }
        }
        out.push(found);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    out
}
