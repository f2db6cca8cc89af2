//! VLANs of bridges and of their ports: bridge(8), `bridge vlan`; BRIDGE_VLAN_INFO_* and BRIDGE_VLANDB_* of
//! linux/if_bridge.h.

pub mod global;

use std::fmt;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::model::{Table, Words, table};
use crate::net::attributes::Attributes;
use crate::net::done::{Done, Verb};
use crate::net::fields::{LinkName, Number, VlanId};
use crate::net::link::fields::{MulticastRouter, OnOff};
use crate::net::link::{self, Count, Link, PortState, find};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

const RTM_NEWVLAN: u16 = 112;
const RTM_GETVLAN: u16 = 114;
const VLANDB_ENTRY: u16 = 1;
const ENTRY_INFO: u16 = 1;
const ENTRY_RANGE: u16 = 2;
const ENTRY_STATS: u16 = 5;
const RANGE_BEGIN: u16 = 0x08;
const RANGE_END: u16 = 0x10;
const ONLY_OPTIONS: u16 = 0x40;

table! {
    /// A VLAN of a port or of a bridge itself: one to add, one that the kernel reported, or what those to be found must
    /// have.
    pub struct Vlan {
        Set dev: LinkName = header always, ip ["dev"],
            "the port, or the bridge itself; in a filter a bridge also stands for all its ports";
        Read index: Number = header always, ip [], "the link's index";
        Set vid: VlanId = header always, ip ["vid"], "the VLAN's number";
        Make pvid: bool = {flag 0x02} always, ip ["pvid"],
            "untagged frames that come in belong to it; only one VLAN of a port does; default false";
        Make untagged: bool = {flag 0x04} always, ip ["untagged"], "its frames leave without a tag; default false";
        Change state: PortState = 3, ip ["state"], "its state at this port, for a spanning tree per VLAN";
        Change neigh_suppress: OnOff = 9, ip ["neigh_suppress"],
            "answer ARP and ND from the neighbour table; default false";
        Change mcast_router: MulticastRouter = 6, ip ["mcast_router"],
            "whether a multicast router is behind the port; needs the bridge's mcast_vlan_snooping";
        Change mcast_max_groups: Number = 8, ip ["mcast_max_groups"],
            "how many groups may be joined, 0 for no limit; needs the bridge's mcast_vlan_snooping";
        Read mcast_n_groups: Number = 7, ip [], "how many groups are joined now";
        Read rx_bytes: Count = header, ip [], "bytes that came in; needs the bridge's vlan_stats_enabled";
        Read rx_packets: Count = header, ip [], "frames that came in";
        Read tx_bytes: Count = header, ip [], "bytes that left";
        Read tx_packets: Count = header, ip [], "frames that left";
    }
}

/// VLANs that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vids {
    pub first: u16,
    pub last: u16,
}

impl Vids {
    /// `10` or `10-20`.
    pub fn parse(text: &str) -> Result<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let vid = |text: &str| text.trim().parse().ok().filter(|vid| (1..=4094).contains(vid));
        match (vid(first), vid(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Vids { first, last }),
            _ => Err(Error::argument(format!(
                "expected a VLAN from 1 to 4094 or a range such as \"10-20\", got {text:?}"
            ))),
        }
    }

    /// The `struct bridge_vlan_info` of its ends, with these flags.
    fn infos(self, flags: u16) -> Vec<Vec<u8>> {
        let info = |flags: u16, vid: u16| [flags.to_ne_bytes(), vid.to_ne_bytes()].concat();
        match self.first == self.last {
            true => vec![info(flags, self.first)],
            false => vec![info(flags | RANGE_BEGIN, self.first), info(flags | RANGE_END, self.last)],
        }
    }
}

impl fmt::Display for Vids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

impl Vlan {
    /// The link's name; empty where there is none.
    pub fn dev(&self) -> &str {
        self.dev.as_ref().map_or("", |dev| &dev.0)
    }
}

/// `p1 10 PVID Egress Untagged`, in the words of bridge(8).
impl fmt::Display for Vlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dev(), self.vid.map_or(0, |vid| vid.0))?;
        f.write_str(if self.pvid == Some(true) { " PVID" } else { "" })?;
        f.write_str(if self.untagged == Some(true) { " Egress Untagged" } else { "" })?;
        match self.state.filter(|state| state.name() != "forwarding") {
            Some(state) => write!(f, " state {}", state.name()),
            None => Ok(()),
        }
    }
}

/// The port, or the bridge itself.
fn member(ns: &Namespace, dev: &str) -> Result<(Link, bool)> {
    let Some(link) = link::get_plain(ns, dev)? else { return Err(find::no_such_link(ns, dev)) };
    match (link.kind.as_deref(), link.port_kind.as_deref()) {
        (_, Some("bridge")) => Ok((link, false)),
        (Some("bridge"), _) => Ok((link, true)),
        _ => Err(Error::argument(format!("{dev} is neither a bridge nor a port of one"))
            .hint(format!("link.set({dev:?}, {{ master = BRIDGE }}) makes it one"))),
    }
}

/// Adds VLANs to a port or to a bridge itself, as `bridge vlan add vid VIDS dev DEV`; those that are there get these
/// flags. Raises `argument` for what is neither.
pub fn add(ns: &Namespace, vids: Vids, spec: &Vlan) -> Result<()> {
    // The kernel refuses it with "Invalid argument" alone.
    if spec.pvid == Some(true) && vids.first != vids.last {
        return Err(Error::argument(format!("only one VLAN is the pvid of a port, not {vids}")));
    }
    change(ns, vids, spec, link::RTM_SETLINK, Verb::Add)
}

/// Deletes VLANs, as `bridge vlan del vid VIDS dev DEV`. Raises `not_found` if there is none of them.
pub fn del(ns: &Namespace, vids: Vids, spec: &Vlan) -> Result<()> {
    let (link, _) = member(ns, spec.dev())?;
    let there = dump(ns, link.index())?;
    if !there.iter().any(|v| v.vid.is_some_and(|vid| (vids.first..=vids.last).contains(&vid.0))) {
        return Err(Error::new(Kind::NotFound, format!("{} is not in VLAN {vids}", spec.dev())));
    }
    change(ns, vids, spec, link::RTM_DELLINK, Verb::Del)
}

fn change(ns: &Namespace, vids: Vids, spec: &Vlan, message: u16, verb: Verb) -> Result<()> {
    const FLAGS: u16 = 0;
    const VLAN_INFO: u16 = 2;
    const SELF: u16 = 2;
    let (link, own) = member(ns, spec.dev())?;
    let (mut body, mut inner) = (Attributes::new(), Attributes::new());
    if own {
        inner.put(FLAGS, &SELF.to_ne_bytes());
    }
    for info in vids.infos(spec.flags() as u16) {
        inner.put(VLAN_INFO, &info);
    }
    body.nest(link::ifla::AF_SPEC, inner);
    let head = link::ifinfomsg(libc::AF_BRIDGE as u8, link.index(), 0, 0);
    let request = [head.as_slice(), body.bytes()?].concat();
    ns.rtnl(message, 0, &request, |_| Ok(())).map_err(|e| explain(spec.dev(), e))?;
    ns.report(Done::Vlan(verb, &vids, spec, own));
    Ok(())
}

/// Changes options of VLANs that are there, as `bridge vlan set vid VIDS dev DEV state STATE`. Raises `not_found` for one
/// that isn't.
pub fn set(ns: &Namespace, vids: Vids, options: &Vlan) -> Result<()> {
    let (link, _) = member(ns, options.dev())?;
    let (mut body, mut entry) = (Attributes::new(), Attributes::new());
    entry.put(ENTRY_INFO, &[ONLY_OPTIONS.to_ne_bytes(), vids.first.to_ne_bytes()].concat());
    if vids.first != vids.last {
        entry.put(ENTRY_RANGE, &vids.last.to_ne_bytes());
    }
    options.encode(&mut |number, bytes| entry.put(number, bytes));
    body.nest(VLANDB_ENTRY, entry);
    let request = [br_vlan_msg(link.index()).as_slice(), body.bytes()?].concat();
    ns.rtnl(RTM_NEWVLAN, 0, &request, |_| Ok(())).map_err(|e| match e.raw() {
        Some(Errno::EINVAL) if e.fields().detail.as_deref() == Some("Unknown attribute type") => e
            .with_kind(Kind::Unsupported)
            .hint("neigh_suppress and mcast_max_groups of a VLAN need Linux 6.3"),
        Some(Errno::ENOENT) => {
            e.with_kind(Kind::NotFound).detail(format!("{} is not in VLAN {vids}", options.dev()))
        }
        _ => explain(options.dev(), e),
    })?;
    ns.report(Done::VlanSet(&vids, options));
    Ok(())
}

fn explain(dev: &str, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EOPNOTSUPP) => e.hint(
            "a kernel without CONFIG_BRIDGE_VLAN_FILTERING has no VLANs of bridges; `nsh doctor` tells what there is",
        ),
        Some(Errno::EINVAL) if e.fields().detail.is_none() => {
            e.hint(format!("see link.get({dev:?}); states and options of a VLAN need vlan_filtering"))
        }
        _ => e,
    }
}

/// The VLANs of all ports and bridges that have all that is given, with their counters, as `bridge -s vlan show`.
pub fn list(ns: &Namespace, filter: &Vlan) -> Result<Vec<Vlan>> {
    let mut wanted = filter.clone();
    let dev = wanted.dev.take();
    let index = dev.map(|dev| find::require_index(ns, &dev.0)).transpose()?;
    let ports: Vec<u32> = match index {
        Some(index) => {
            let links = link::dump(ns)?;
            links.iter().filter(|l| l.master_index == Some(index)).map(Link::index).chain([index]).collect()
        }
        None => Vec::new(),
    };
    let mut found = dump(ns, 0)?;
    found.retain(|vlan| {
        let of_dev = index.is_none() || vlan.index.is_some_and(|index| ports.contains(&index.0));
        of_dev && wanted.fits(vlan)
    });
    for vlan in &mut found {
        let index = vlan.index.map_or(0, |index| index.0);
        let name = find::name(ns, index)?;
        vlan.dev = Some(LinkName(name.unwrap_or_else(|| index.to_string())));
    }
    Ok(found)
}

/// `struct br_vlan_msg`.
fn br_vlan_msg(index: u32) -> Vec<u8> {
    [&[libc::AF_BRIDGE as u8, 0, 0, 0], index.to_ne_bytes().as_slice()].concat()
}

/// Those of one link, or with 0 of all. A kernel without VLAN filtering has none.
fn dump(ns: &Namespace, index: u32) -> Result<Vec<Vlan>> {
    const DUMP_FLAGS: u16 = 1;
    const WITH_STATS: u32 = 1;
    let mut flags = Attributes::new();
    flags.put_u32(DUMP_FLAGS, WITH_STATS);
    let request = [br_vlan_msg(index).as_slice(), flags.bytes()?].concat();
    let mut found = Vec::new();
    let asked = ns.rtnl(RTM_GETVLAN, NLM_F_DUMP, &request, |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => parse(answer.payload, &mut found),
        }
        Ok(())
    });
    match asked {
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => Ok(Vec::new()),
        asked => asked.map(|()| found),
    }
}

fn parse(payload: &[u8], out: &mut Vec<Vlan>) {
    let Some((head, attributes)) = payload.split_at_checked(8) else { return };
    let index = head.last_chunk().map_or(0, |index| u32::from_ne_bytes(*index));
    for (kind, entry) in attributes_of(attributes) {
        if kind == VLANDB_ENTRY {
            out.extend(parse_entry(index, entry).into_iter().flatten());
        }
    }
}

/// An entry, which may stand for a range of VLANs with the same options.
fn parse_entry(index: u32, entry: &[u8]) -> Option<impl Iterator<Item = Vlan>> {
    let mut vlan = Vlan { index: Some(crate::model::Between(index)), ..Vlan::blank() };
    let (mut first, mut last) = (None, None);
    let short = |bytes: &[u8]| bytes.first_chunk().map(|two| u16::from_ne_bytes(*two));
    for (number, bytes) in attributes_of(entry) {
        match number {
            ENTRY_INFO => {
                vlan.decode_flags(short(bytes)?.into());
                first = bytes.get(2..).and_then(short);
            }
            ENTRY_RANGE => last = short(bytes),
            ENTRY_STATS => stats(&mut vlan, bytes),
            _ => vlan.decode(number, bytes),
        }
    }
    let first = first?;
    let range = first..=last.unwrap_or(first).min(4094);
    Some(range.map(move |vid| Vlan { vid: Some(VlanId(vid)), ..vlan.clone() }))
}

/// BRIDGE_VLANDB_STATS_*.
fn stats(vlan: &mut Vlan, attributes: &[u8]) {
    for (number, bytes) in attributes_of(attributes) {
        let count = bytes.first_chunk().map(|eight| Count(u64::from_ne_bytes(*eight)));
        match number {
            1 => vlan.rx_bytes = count,
            2 => vlan.rx_packets = count,
            3 => vlan.tx_bytes = count,
            4 => vlan.tx_packets = count,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(Vids::parse("10").unwrap(), Vids { first: 10, last: 10 });
        assert_eq!(Vids::parse("10-20").unwrap().to_string(), "10-20");
        for wrong in ["", "0", "4095", "20-10", "1-", "-1", "a", "1-2-3"] {
            assert!(Vids::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// As Linux 6.12 reports a port with a range, cut at every byte.
    #[test]
    fn an_answer_byte_by_byte() {
        let mut entry = Attributes::new();
        entry.put(ENTRY_INFO, &[4, 0, 10, 0]);
        entry.put(ENTRY_RANGE, &12u16.to_ne_bytes());
        entry.put(3, &[3]);
        let mut body = Attributes::new();
        body.nest(VLANDB_ENTRY, entry);
        let message = [br_vlan_msg(7).as_slice(), body.bytes().unwrap()].concat();
        let mut found = Vec::new();
        parse(&message, &mut found);
        let told: Vec<_> = found.iter().map(|v| (v.vid, v.untagged, v.pvid)).collect();
        let one = |vid| (Some(VlanId(vid)), Some(true), Some(false));
        assert_eq!(told, [one(10), one(11), one(12)]);
        for length in 0..message.len() {
            parse(&message[..length], &mut Vec::new());
        }
    }
}
