//! Neighbours: the hardware addresses that a namespace knows (ARP and NDP), as `ip neigh` handles them.

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::attributes::{Attributes, hardware_address, unsigned};
use super::echo;
use super::link::{self, find};
use super::names::similar;
use super::namespace::Namespace;
use super::netlink::attributes_of;
use super::prefix::{Family, from_octets, octets};
use crate::base::error::{Error, Kind, Result};

// Message types and attributes of linux/rtnetlink.h and linux/neighbour.h.
pub(super) const RTM_NEWNEIGH: u16 = 28;
pub(super) const RTM_DELNEIGH: u16 = 29;
pub(super) const RTM_GETNEIGH: u16 = 30;

pub(super) mod nda {
    pub const DST: u16 = 1;
    pub const LLADDR: u16 = 2;
    pub const CACHEINFO: u16 = 3;
    pub const PROBES: u16 = 4;
    pub const VLAN: u16 = 5;
    pub const PORT: u16 = 6;
    pub const VNI: u16 = 7;
    pub const IFINDEX: u16 = 8;
    pub const MASTER: u16 = 9;
    pub const SRC_VNI: u16 = 11;
    pub const PROTOCOL: u16 = 12;
    pub const NH_ID: u16 = 13;
    pub const FLAGS_EXT: u16 = 15;
}

/// NTF_PROXY and NTF_ROUTER.
const PROXY: u8 = 0x08;
const ROUTER: u8 = 0x80;

/// NUD_*, in the order in which `ip neigh` names them.
const STATES: [(u16, &str); 8] = [
    (0x01, "INCOMPLETE"),
    (0x02, "REACHABLE"),
    (0x04, "STALE"),
    (0x08, "DELAY"),
    (0x10, "PROBE"),
    (0x20, "FAILED"),
    (0x40, "NOARP"),
    (0x80, "PERMANENT"),
];
const NOARP: u16 = 0x40;
const PERMANENT: u16 = 0x80;

/// A state's number by its name, in any case; iproute2's `none` too.
pub fn parse_state(name: &str) -> Result<u16> {
    if name.eq_ignore_ascii_case("none") {
        return Ok(0);
    }
    let found = STATES.iter().find(|(_, n)| n.eq_ignore_ascii_case(name));
    found.map(|(number, _)| *number).ok_or_else(|| {
        let names = || STATES.iter().map(|(_, n)| *n);
        let e = Error::argument(format!("unknown state of a neighbour {name:?}"));
        match similar(&name.to_uppercase(), names()) {
            Some(near) => e.hint(format!("did you mean {:?}?", near.to_lowercase())),
            None => {
                e.hint(format!("the states are {}", names().collect::<Vec<_>>().join(", ").to_lowercase()))
            }
        }
    })
}

/// What is known of a neighbour.
#[derive(Clone, Debug, Default)]
pub struct NeighSpec {
    pub lladdr: Option<[u8; 6]>,
    /// NUD_*; permanent unless given.
    pub state: Option<u16>,
    /// Answer for this address on behalf of another host (proxy ARP or NDP).
    pub proxy: bool,
    pub router: bool,
    /// RTPROT_*.
    pub proto: Option<u8>,
}

/// A neighbour as the kernel tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Neigh {
    pub family: Family,
    pub dst: IpAddr,
    pub dev: String,
    pub index: u32,
    pub lladdr: Option<String>,
    /// `REACHABLE`, `STALE`, `PERMANENT`, ...; empty for a proxy entry.
    pub state: String,
    pub state_number: u16,
    pub router: bool,
    pub proxy: bool,
    pub extern_learn: bool,
    pub offload: bool,
    /// How many requests were sent without an answer.
    pub probes: u32,
    /// Seconds since it was used, confirmed and updated.
    pub used: f64,
    pub confirmed: f64,
    pub updated: f64,
    pub proto: Option<u8>,
}

/// Which neighbours; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub dev: Option<String>,
    pub family: Option<Family>,
    pub dst: Option<IpAddr>,
    /// NUD_* as bits; without it all but NOARP.
    pub states: Option<u16>,
    /// The entries of proxy ARP and NDP instead.
    pub proxy: bool,
}

/// `struct ndmsg`.
pub(super) fn ndmsg(family: u8, index: u32, state: u16, flags: u8) -> Vec<u8> {
    let mut out = vec![family, 0, 0, 0];
    out.extend_from_slice(&index.to_ne_bytes());
    out.extend_from_slice(&state.to_ne_bytes());
    out.extend_from_slice(&[flags, 0]);
    out
}

/// Adds a neighbour, as `ip neigh add DST lladdr LLADDR dev DEV`. Raises `exists` if it is known.
pub fn add(ns: &Namespace, dst: IpAddr, dev: &str, spec: &NeighSpec) -> Result<()> {
    send(ns, dst, dev, spec, NLM_F_CREATE | NLM_F_EXCL)?;
    ns.echo(|| [echo::neigh(ns, "add", dst, dev, spec)]);
    Ok(())
}

/// Adds or changes a neighbour, as `ip neigh replace`.
pub fn replace(ns: &Namespace, dst: IpAddr, dev: &str, spec: &NeighSpec) -> Result<()> {
    send(ns, dst, dev, spec, NLM_F_CREATE | NLM_F_REPLACE)?;
    ns.echo(|| [echo::neigh(ns, "replace", dst, dev, spec)]);
    Ok(())
}

fn send(ns: &Namespace, dst: IpAddr, dev: &str, spec: &NeighSpec, flags: u16) -> Result<()> {
    if spec.proxy && spec.lladdr.is_some() {
        return Err(Error::argument("a proxy entry has no lladdr: the link's own address is told"));
    }
    let state = spec.state.unwrap_or(PERMANENT);
    if !spec.proxy && spec.lladdr.is_none() && state & (PERMANENT | 0x02 | 0x04 | 0x08 | 0x10) != 0 {
        return Err(Error::argument("a neighbour in this state needs lladdr"));
    }
    let index = find::require_index(ns, dev)?;
    let mut body = Attributes::new();
    body.put(nda::DST, &octets(dst));
    if let Some(lladdr) = spec.lladdr {
        body.put(nda::LLADDR, &lladdr);
    }
    if let Some(proto) = spec.proto {
        body.put(nda::PROTOCOL, &[proto]);
    }
    let ntf = if spec.proxy { PROXY } else { 0 } | if spec.router { ROUTER } else { 0 };
    let head = ndmsg(Family::of(dst).number(), index, state, ntf);
    let request = [head.as_slice(), body.bytes()?].concat();
    ns.rtnl(RTM_NEWNEIGH, flags, &request, |_| Ok(())).map_err(|e| match e.raw() {
        Some(Errno::EEXIST) => e.hint("neigh.replace changes it"),
        Some(Errno::ENOBUFS) => e.with_kind(Kind::Limit).hint(
            "the table is full: net.ipv4.neigh.default.gc_thresh3 (1024) limits all namespaces of the machine together",
        ),
        Some(Errno::EINVAL) if spec.lladdr.is_some() && !has_mac(ns, dev) => {
            e.hint(format!("{dev} has no hardware addresses of six bytes"))
        }
        _ => e,
    })
}

fn has_mac(ns: &Namespace, dev: &str) -> bool {
    matches!(link::get_plain(ns, dev), Ok(Some(link)) if link.mac.as_ref().is_some_and(|m| m.len() == 17))
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
    ns.echo(|| [echo::neigh_del(ns, dst, dev, proxy)]);
    Ok(())
}

fn del_entry(ns: &Namespace, dst: IpAddr, index: u32, proxy: bool) -> Result<()> {
    let mut body = Attributes::new();
    body.put(nda::DST, &octets(dst));
    let head = ndmsg(Family::of(dst).number(), index, 0, if proxy { PROXY } else { 0 });
    ns.rtnl(RTM_DELNEIGH, 0, &[head.as_slice(), body.bytes()?].concat(), |_| Ok(()))
}

/// Has the kernel resolve a neighbour now, as if there were a packet for it: `ip neigh replace DST dev DEV use`.
pub fn probe(ns: &Namespace, dst: IpAddr, dev: &str) -> Result<()> {
    /// NTF_USE.
    const USE: u8 = 0x01;
    let index = find::require_index(ns, dev)?;
    let mut body = Attributes::new();
    body.put(nda::DST, &octets(dst));
    let request = [ndmsg(Family::of(dst).number(), index, 0, USE).as_slice(), body.bytes()?].concat();
    ns.rtnl(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &request, |_| Ok(()))
}

/// Has the kernel ask a neighbour whose hardware address it knows whether it is still there, as `ip neigh change DST
/// dev DEV nud probe`. If there were a packet for it, it would trust the address for 5 s more first (DELAY).
pub fn confirm(ns: &Namespace, known: &Neigh) -> Result<()> {
    /// NUD_PROBE.
    const PROBE: u16 = 0x10;
    let mut body = Attributes::new();
    body.put(nda::DST, &octets(known.dst));
    let head = ndmsg(Family::of(known.dst).number(), known.index, PROBE, 0);
    match ns.rtnl(RTM_NEWNEIGH, 0, &[head.as_slice(), body.bytes()?].concat(), |_| Ok(())) {
        // It is gone, or nobody answered meanwhile.
        Err(e) if matches!(e.raw(), Some(Errno::ENOENT | Errno::EINVAL)) => Ok(()),
        result => result,
    }
}

/// The neighbour with this address on this link, or `None`, as `ip neigh get`.
pub fn get(ns: &Namespace, dst: IpAddr, dev: &str) -> Result<Option<Neigh>> {
    let filter =
        Filter { dev: Some(dev.to_owned()), dst: Some(dst), states: Some(u16::MAX), ..Filter::default() };
    Ok(list(ns, &filter)?.pop())
}

/// The neighbours that the filter lets through, as `ip neigh show`.
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Neigh>> {
    let index = match &filter.dev {
        Some(dev) => find::require_index(ns, dev)?,
        None => 0,
    };
    let family = filter.family.or(filter.dst.map(Family::of)).map_or(0, Family::number);
    let mut found: Vec<Neigh> = Vec::new();
    // The kernel's own filter by link is an attribute that old kernels ignore, so it is done here.
    let head = ndmsg(family, 0, 0, if filter.proxy { PROXY } else { 0 });
    ns.rtnl(RTM_GETNEIGH, NLM_F_DUMP, &head, |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => found.extend(parse(answer.payload)),
        }
        Ok(())
    })?;
    let states = filter.states.unwrap_or(!NOARP);
    found.retain(|n| {
        (index == 0 || n.index == index)
            && filter.dst.is_none_or(|dst| n.dst == dst)
            && n.proxy == filter.proxy
            && (n.proxy || n.state_number & states != 0 || states == u16::MAX)
    });
    for neigh in &mut found {
        neigh.dev = find::name(ns, neigh.index)?.unwrap_or_else(|| neigh.index.to_string());
    }
    Ok(found)
}

/// Forgets the neighbours that the filter lets through, permanent ones only if it names their state, as
/// `ip neigh flush`; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Filter) -> Result<usize> {
    let states = filter.states.unwrap_or(!(NOARP | PERMANENT));
    let found = list(ns, &Filter { states: Some(states), ..filter.clone() })?;
    for neigh in &found {
        match del_entry(ns, neigh.dst, neigh.index, neigh.proxy) {
            Err(e) if e.raw() == Some(Errno::ENOENT) => {}
            result => result?,
        }
    }
    ns.echo(|| echo::neigh_flush(ns, filter, &found));
    Ok(found.len())
}

/// Decodes the body of an RTM_NEWNEIGH; the link's name is filled in later.
pub(super) fn parse(payload: &[u8]) -> Option<Neigh> {
    let (head, attributes) = payload.split_at_checked(12)?;
    let family = Family::from_number(head[0])?;
    let state = unsigned(&head[8..10]) as u16;
    let flags = head[10];
    let mut dst = None;
    let mut neigh = Neigh {
        family,
        dst: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        dev: String::new(),
        index: unsigned(&head[4..8]) as u32,
        lladdr: None,
        state: state_name(state),
        state_number: state,
        router: flags & ROUTER != 0,
        proxy: flags & PROXY != 0,
        extern_learn: flags & 0x10 != 0,
        offload: flags & 0x20 != 0,
        probes: 0,
        used: 0.0,
        confirmed: 0.0,
        updated: 0.0,
        proto: None,
    };
    for (kind, value) in attributes_of(attributes) {
        match kind {
            nda::DST => dst = from_octets(value),
            nda::LLADDR if !value.is_empty() => neigh.lladdr = Some(hardware_address(value)),
            nda::PROBES => neigh.probes = unsigned(value) as u32,
            nda::PROTOCOL => neigh.proto = Some(unsigned(value) as u8),
            // struct nda_cacheinfo: confirmed, used, updated in clock ticks, references.
            nda::CACHEINFO if value.len() >= 12 => {
                let seconds = |at: usize| unsigned(&value[at..at + 4]) as f64 / 100.0;
                (neigh.confirmed, neigh.used, neigh.updated) = (seconds(0), seconds(4), seconds(8));
            }
            _ => {}
        }
    }
    neigh.dst = dst?;
    Some(neigh)
}

/// The names of the bits, joined by commas.
pub(super) fn state_name(state: u16) -> String {
    let names: Vec<&str> = STATES.iter().filter(|(bit, _)| state & bit != 0).map(|(_, name)| *name).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::LinkSpec;
    use crate::net::testing::{lab, witness};

    #[test]
    fn neighbours_come_and_go() {
        lab(|all| {
            let host = all.host();
            let spec = LinkSpec { kind: "veth".into(), up: true, ..LinkSpec::default() };
            link::add(host, "v0", &spec).unwrap();
            let (four, six) = ("10.0.0.9".parse().unwrap(), "fd00::9".parse().unwrap());
            let spec = NeighSpec { lladdr: Some([2, 0, 0, 0, 0, 9]), router: true, ..NeighSpec::default() };
            add(host, four, "v0", &NeighSpec { router: false, ..spec.clone() }).unwrap();
            add(host, six, "v0", &spec).unwrap();
            assert_eq!(add(host, six, "v0", &spec).unwrap_err().kind(), Kind::Exists);
            if let Some(seen) = witness(all, "host", &["ip", "-j", "neigh", "show", "dev", "v0"]) {
                let all: Vec<_> =
                    seen.as_array().unwrap().iter().filter(|n| n["lladdr"] == "02:00:00:00:00:09").collect();
                assert_eq!(all.len(), 2);
                assert!(all.iter().all(|n| n["state"][0] == "PERMANENT"), "{seen}");
            }
            let found = get(host, six, "v0").unwrap().unwrap();
            assert!(found.router && !found.proxy);
            assert_eq!(found.lladdr.as_deref(), Some("02:00:00:00:00:09"));
            let stale = NeighSpec { state: Some(parse_state("stale").unwrap()), ..spec };
            replace(host, four, "v0", &stale).unwrap();
            assert_eq!(get(host, four, "v0").unwrap().unwrap().state, "STALE");
            assert_eq!(flush(host, &Filter { family: Some(Family::Inet), ..Filter::default() }).unwrap(), 1);
            del(host, six, "v0", false).unwrap();
            assert_eq!(
                del(host, "10.0.0.77".parse().unwrap(), "v0", false).unwrap_err().kind(),
                Kind::NotFound
            );
            add(host, four, "v0", &NeighSpec { proxy: true, ..NeighSpec::default() }).unwrap();
            assert_eq!(list(host, &Filter { proxy: true, ..Filter::default() }).unwrap().len(), 1);
            del(host, four, "v0", true).unwrap();
            let e = add(host, four, "v0", &NeighSpec::default()).unwrap_err();
            assert_eq!(e.kind(), Kind::Argument);
        });
    }
}
