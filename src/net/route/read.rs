//! Listing routes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;
use netlink_packet_core::NLM_F_DUMP;

use super::spec::{Metrics, Pref, RouteKind};
use super::{CLONED, Head, RTM_GETROUTE, TABLE_MAIN, encap, rta};
use crate::base::error::Result;
use crate::net::attributes::{OptionSet, find, unsigned};
use crate::net::link;
use crate::net::names::{PROTOCOLS, REALMS, SCOPES, TABLES};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;
use crate::net::prefix::{Family, from_octets};

/// One of several next hops.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nexthop {
    pub via: Option<IpAddr>,
    pub dev: Option<String>,
    pub index: Option<u32>,
    pub weight: u16,
    /// As [`Route::encap`].
    pub encap: Option<String>,
    pub flags: Vec<String>,
}

/// A route as the kernel tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    pub family: Family,
    /// A length of 0 for the default route.
    pub dst: IpNetwork,
    pub kind: RouteKind,
    pub via: Option<IpAddr>,
    pub dev: Option<String>,
    pub index: Option<u32>,
    /// The source address of packets from here.
    pub src: Option<IpAddr>,
    pub metric: Option<u32>,
    /// By name: `main`, `local`, ...
    pub table: String,
    pub table_number: u32,
    /// `kernel`, `boot`, `static`, `ra`, ...
    pub proto: String,
    pub proto_number: u8,
    /// `global`, `link`, `host`, ...
    pub scope: String,
    pub tos: u8,
    /// `onlink`, `linkdown`, `dead`, ...
    pub flags: Vec<String>,
    pub nexthops: Vec<Nexthop>,
    pub metrics: Metrics,
    /// The prefix of sources that it is for (IPv6), or the source that was looked up.
    pub from: Option<IpNetwork>,
    /// The link that the looked-up packet would come in by.
    pub iif: Option<String>,
    pub mark: Option<u32>,
    pub uid: Option<u32>,
    /// Seconds until it goes.
    pub expires: Option<f64>,
    pub pref: Option<Pref>,
    /// The nexthop object's id.
    pub nhid: Option<u32>,
    /// What is put around packets, in the words of `ip route`: `mpls 100/200`.
    pub encap: Option<String>,
    /// The realms of routing, `TO` or `FROM/TO`.
    pub realms: Option<String>,
    /// The errno that a packet gets, for the types that drop.
    pub error: Option<i32>,
    pub(super) raw_flags: u32,
    pub(super) iif_index: Option<u32>,
}

impl Route {
    /// An entry of the cache, which is no route.
    pub(crate) fn is_cached(&self) -> bool {
        self.raw_flags & CLONED != 0
    }

    /// The flags of what is an entry of the cache (RTCF_*); of IPv6 they aren't told.
    pub fn cache(&self) -> Option<Vec<&'static str>> {
        const NAMES: [(u32, &str); 14] = [
            (1 << 31, "local"),
            (1 << 30, "reject"),
            (1 << 29, "mc"),
            (1 << 28, "brd"),
            (1 << 27, "dst-nat"),
            (1 << 23, "src-nat"),
            (1 << 22, "masq"),
            (1 << 17, "dst-direct"),
            (1 << 26, "src-direct"),
            (1 << 18, "redirected"),
            (1 << 24, "redirect"),
            (1 << 21, "fastroute"),
            (1 << 16, "notify"),
            (1 << 19, "proxy"),
        ];
        let names = NAMES.iter().filter(|(bit, _)| self.raw_flags & bit != 0).map(|(_, name)| *name);
        (self.is_cached() && self.family == Family::Inet).then(|| names.collect())
    }

    /// The source, alone where it is a whole address.
    pub fn source(&self) -> Option<String> {
        self.from.map(|from| match from.prefix() == self.family.bits() {
            true => from.ip().to_string(),
            false => from.to_string(),
        })
    }

    /// The destination as `ip route` shows it: `default`, a prefix, or a bare address for a host.
    pub fn destination(&self) -> String {
        match self.dst.prefix() {
            0 => "default".to_owned(),
            n if n == self.family.bits() => self.dst.ip().to_string(),
            _ => self.dst.to_string(),
        }
    }
}

/// Which tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tables {
    #[default]
    Main,
    All,
    One(u32),
}

/// Which routes; `None` for any, but `tables` for `main`.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub tables: Tables,
    pub family: Option<Family>,
    /// Exactly this destination; `Some(None)` for the default routes.
    pub dst: Option<Option<IpNetwork>>,
    pub proto: Option<u8>,
    pub dev: Option<String>,
    pub via: Option<IpAddr>,
    pub kind: Option<RouteKind>,
    pub scope: Option<u8>,
    pub src: Option<IpAddr>,
    pub metric: Option<u32>,
}

/// A filter with the link's index.
pub(super) struct Resolved {
    filter: Filter,
    index: Option<u32>,
}

impl Filter {
    pub(super) fn resolve(&self, ns: &Namespace) -> Result<Resolved> {
        let index = self.dev.as_deref().map(|dev| link::find::require_index(ns, dev)).transpose()?;
        Ok(Resolved { filter: self.clone(), index })
    }
}

impl Resolved {
    pub(super) fn families(&self) -> Vec<Family> {
        let filter = &self.filter;
        let address = filter.dst.flatten().map(|d| d.ip()).or(filter.src);
        match filter.family.or(address.map(Family::of)) {
            Some(family) => vec![family],
            None => vec![Family::Inet, Family::Inet6],
        }
    }
}

pub(super) fn wanted(route: &Route, by: &Resolved) -> bool {
    let filter = &by.filter;
    let hops = || route.nexthops.iter();
    let table = match filter.tables {
        Tables::All => true,
        Tables::Main => route.table_number == TABLE_MAIN,
        Tables::One(table) => route.table_number == table,
    };
    let dst = match filter.dst {
        None => true,
        Some(None) => route.dst.prefix() == 0,
        Some(Some(dst)) => route.dst == dst,
    };
    table
        && dst
        && route.raw_flags & CLONED == 0
        && filter.proto.is_none_or(|p| p == route.proto_number)
        && by.index.is_none_or(|i| route.index == Some(i) || hops().any(|h| h.index == Some(i)))
        && filter.via.is_none_or(|v| route.via == Some(v) || hops().any(|h| h.via == Some(v)))
        && filter.kind.is_none_or(|k| k == route.kind)
        && filter.scope.is_none_or(|s| SCOPES.name(s.into()) == route.scope)
        && filter.src.is_none_or(|s| route.src == Some(s))
        && filter.metric.is_none_or(|m| route.metric.unwrap_or(0) == m)
}

/// The routes that the filter lets through, IPv4 first, in the kernel's order, as `ip route show`.
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Route>> {
    let filter = filter.resolve(ns)?;
    let mut out = Vec::new();
    for family in filter.families() {
        let head = Head { family: family.number(), ..Head::default() };
        let mut of_family = Vec::new();
        let dumped = ns.rtnl(RTM_GETROUTE, NLM_F_DUMP, &head.bytes(), |answer| {
            match answer {
                None => of_family.clear(),
                Some(answer) => of_family.extend(parse(answer.payload).filter(|r| wanted(r, &filter))),
            }
            Ok(())
        });
        match dumped {
            // A kernel without IPv6 has no such routes.
            Err(e) if family == Family::Inet6 && e.raw() == Some(nix::errno::Errno::EOPNOTSUPP) => {}
            result => result?,
        }
        out.append(&mut of_family);
    }
    name_links(ns, &mut out)?;
    Ok(out)
}

/// Fills in the names of the links.
pub(super) fn name_links(ns: &Namespace, routes: &mut [Route]) -> Result<()> {
    let mut known: HashMap<u32, String> = HashMap::new();
    let mut name = |index: Option<u32>| -> Result<Option<String>> {
        let Some(index) = index else { return Ok(None) };
        Ok(Some(match known.entry(index) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                new.insert(link::find::name(ns, index)?.unwrap_or_else(|| index.to_string())).clone()
            }
        }))
    };
    for route in routes {
        route.dev = name(route.index)?;
        route.iif = name(route.iif_index)?;
        for hop in &mut route.nexthops {
            hop.dev = name(hop.index)?;
        }
    }
    Ok(())
}

/// Decodes the body of an RTM_NEWROUTE; the links' names are filled in later.
pub(crate) fn parse(payload: &[u8]) -> Option<Route> {
    let head = Head::read(payload)?;
    let family = Family::from_number(head.family)?;
    let unspecified: IpAddr = match family {
        Family::Inet => Ipv4Addr::UNSPECIFIED.into(),
        Family::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
    };
    let mut route = Route {
        family,
        dst: IpNetwork::new(unspecified, head.dst_length).ok()?,
        kind: RouteKind::from_number(head.kind)?,
        via: None,
        dev: None,
        index: None,
        src: None,
        metric: None,
        table: String::new(),
        table_number: head.table.into(),
        proto: PROTOCOLS.name(head.protocol.into()),
        proto_number: head.protocol,
        scope: SCOPES.name(head.scope.into()),
        tos: head.tos,
        flags: flag_names(head.flags),
        nexthops: Vec::new(),
        metrics: Metrics::default(),
        from: None,
        iif: None,
        mark: None,
        uid: None,
        expires: None,
        pref: None,
        nhid: None,
        encap: None,
        realms: None,
        error: None,
        raw_flags: head.flags,
        iif_index: None,
    };
    let attributes = payload.get(Head::BYTES..)?;
    for (kind, value) in attributes_of(attributes) {
        attribute(&mut route, head, kind, value);
    }
    route.encap = encapsulation(attributes);
    // The kernel tells all metrics of IPv6, the hop limit too where there is none.
    route.metrics = route.metrics.told().unwrap_or_default();
    route.table = TABLES.name(route.table_number);
    Some(route)
}

fn attribute(route: &mut Route, head: Head, kind: u16, value: &[u8]) {
    let number = || unsigned(value) as u32;
    let prefix = |length| from_octets(value).and_then(|ip| IpNetwork::new(ip, length).ok());
    match kind {
        rta::DST => {
            if let Some(dst) = prefix(head.dst_length) {
                route.dst = dst;
            }
        }
        rta::SRC => route.from = prefix(head.src_length),
        rta::OIF => route.index = Some(number()),
        rta::IIF => route.iif_index = Some(number()),
        rta::GATEWAY => route.via = from_octets(value),
        rta::VIA => route.via = value.get(2..).and_then(from_octets),
        rta::PREFSRC => route.src = from_octets(value),
        rta::PRIORITY => route.metric = Some(number()),
        rta::TABLE => route.table_number = number(),
        rta::METRICS => route.metrics = Metrics::read(value),
        rta::MULTIPATH => route.nexthops = nexthops(value),
        rta::MARK => route.mark = Some(number()).filter(|m| *m != 0),
        rta::UID => route.uid = Some(number()),
        rta::PREF => {
            route.pref = match number() {
                1 => Some(Pref::High),
                3 => Some(Pref::Low),
                _ => Some(Pref::Medium),
            }
        }
        rta::FLOW => route.realms = realms(number()),
        rta::NH_ID => route.nhid = Some(number()),
        // struct rta_cacheinfo: references, last use, expiry in clock ticks, error.
        rta::CACHEINFO if value.len() >= 16 => {
            let ticks = unsigned(&value[8..12]) as i32;
            route.expires = (ticks != 0).then_some(f64::from(ticks) / 100.0);
            let error = unsigned(&value[12..16]) as i32;
            route.error = (error != 0).then_some(error);
        }
        _ => {}
    }
}

fn encapsulation(attributes: &[u8]) -> Option<String> {
    encap::words(
        unsigned(find(attributes, rta::ENCAP_TYPE)?),
        find(attributes, rta::ENCAP).unwrap_or_default(),
    )
}

/// Two numbers of 16 bits, of which the first may be 0.
fn realms(number: u32) -> Option<String> {
    let (from, to) = (number >> 16, REALMS.name(number & 0xffff));
    Some(if from == 0 { to } else { format!("{}/{to}", REALMS.name(from)) })
}

fn nexthops(mut bytes: &[u8]) -> Vec<Nexthop> {
    let mut out = Vec::new();
    while let Some(length) = bytes.get(0..2).map(|b| unsigned(b) as usize) {
        let Some(hop) = bytes.get(..length).filter(|hop| hop.len() >= 8) else { break };
        let mut found = Nexthop {
            weight: u16::from(hop[3]) + 1,
            index: Some(unsigned(&hop[4..8]) as u32),
            flags: flag_names(hop[2].into()),
            encap: encapsulation(&hop[8..]),
            ..Nexthop::default()
        };
        for (kind, value) in attributes_of(&hop[8..]) {
            match kind {
                rta::GATEWAY => found.via = from_octets(value),
                rta::VIA => found.via = value.get(2..).and_then(from_octets),
                _ => {}
            }
        }
        out.push(found);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    out
}

/// RTNH_F_* and RTM_F_* in linux/rtnetlink.h, with iproute2's words.
fn flag_names(flags: u32) -> Vec<String> {
    const NAMES: [(u32, &str); 11] = [
        (1, "dead"),
        (4, "onlink"),
        (2, "pervasive"),
        (8, "offload"),
        (64, "trap"),
        (0x100, "notify"),
        (16, "linkdown"),
        (32, "unresolved"),
        (0x4000, "rt_offload"),
        (0x8000, "rt_trap"),
        (0x2000_0000, "rt_offload_failed"),
    ];
    NAMES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| (*name).to_owned()).collect()
}
