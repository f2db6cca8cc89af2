//! Options of a bridge's VLANs that hold for all its ports: bridge(8), `bridge vlan global`; BRIDGE_VLANDB_GOPTS_* of
//! linux/if_bridge.h.

use std::fmt;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::{RTM_GETVLAN, RTM_NEWVLAN, Vids, br_vlan_msg};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Table, table};
use crate::net::attributes::Attributes;
use crate::net::done::Done;
use crate::net::fields::{LinkName, Number, VlanId};
use crate::net::link::fields::{Digit, Interval, U8, U16};
use crate::net::link::{self, find};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

const GLOBAL_OPTIONS: u16 = 2;
const ID: u16 = 1;
const RANGE: u16 = 2;

table! {
    /// A VLAN of a bridge, with what holds for all its ports.
    pub struct Global {
        Set dev: LinkName = header always, ip ["dev"], "the bridge";
        Set vid: VlanId = header always, ip ["vid"], "the VLAN's number";
        Change mcast_snooping: Digit = 3, ip ["mcast_snooping"],
            "send multicast only to ports that asked for it; default true. All but `msti` need the bridge's mcast_vlan_snooping";
        Change mcast_igmp_version: U8<2, 3> = 4, ip ["mcast_igmp_version"], "IGMP's version; default 2";
        Change mcast_mld_version: U8<1, 2> = 5, ip ["mcast_mld_version"], "MLD's version; default 1";
        Change mcast_querier: Digit = 15, ip ["mcast_querier"], "send IGMP and MLD queries; default false";
        Change mcast_last_member_count: Number = 6, ip ["mcast_last_member_count"],
            "queries before a group is dropped; default 2";
        Change mcast_startup_query_count: Number = 7, ip ["mcast_startup_query_count"],
            "queries sent at the start; default 2";
        Change mcast_last_member_interval: Interval = 8, ip ["mcast_last_member_interval"],
            "seconds between queries after a leave; default 1";
        Change mcast_membership_interval: Interval = 10, ip ["mcast_membership_interval"],
            "seconds until a group without reports goes; default 260";
        Change mcast_querier_interval: Interval = 11, ip ["mcast_querier_interval"],
            "seconds until another querier is taken for gone; default 255";
        Change mcast_query_interval: Interval = 12, ip ["mcast_query_interval"],
            "seconds between queries; default 125";
        Change mcast_query_response_interval: Interval = 13, ip ["mcast_query_response_interval"],
            "seconds that may pass before a report; default 10";
        Change mcast_startup_query_interval: Interval = 14, ip ["mcast_startup_query_interval"],
            "seconds between queries at the start; default 31.25";
        Change msti: U16<0, 4094> = 18, ip ["msti"],
            "the spanning tree that it belongs to; needs the bridge's mst_enabled (Linux 5.18)";
    }
}

impl Global {
    /// The bridge's name; empty where there is none.
    pub fn dev(&self) -> &str {
        self.dev.as_ref().map_or("", |dev| &dev.0)
    }
}

/// `br0 10 mcast_snooping 1 ...`
impl fmt::Display for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = self.clone();
        let (dev, vid) = (options.dev.take(), options.vid.take());
        write!(f, "{} {}", dev.map_or_else(String::new, |dev| dev.0), vid.map_or(0, |vid| vid.0))?;
        options.given().iter().try_for_each(|option| write!(f, " {option}"))
    }
}

/// Changes options of VLANs of a bridge itself, as `bridge vlan global set vid VIDS dev DEV`. Raises `not_found` for a VLAN that the
/// bridge isn't in, nor any of its ports.
pub fn set(ns: &Namespace, vids: Vids, options: &Global) -> Result<()> {
    let index = bridge(ns, options.dev())?;
    let (mut body, mut entry) = (Attributes::new(), Attributes::new());
    entry.put(ID, &vids.first.to_ne_bytes());
    if vids.first != vids.last {
        entry.put(RANGE, &vids.last.to_ne_bytes());
    }
    options.encode(&mut |number, bytes| entry.put(number, bytes));
    body.nest(GLOBAL_OPTIONS, entry);
    let request = [br_vlan_msg(index).as_slice(), body.bytes()?].concat();
    ns.rtnl(RTM_NEWVLAN, 0, &request, |_| Ok(())).map_err(|e| explain(options, vids, e))?;
    ns.report(Done::VlanGlobal(&vids, options));
    Ok(())
}

fn explain(options: &Global, vids: Vids, e: Error) -> Error {
    match e.raw() {
        Some(Errno::ENOENT) => {
            e.with_kind(Kind::NotFound).detail(format!("{} is not in VLAN {vids}", options.dev()))
        }
        Some(Errno::EOPNOTSUPP) => e.hint("it needs CONFIG_BRIDGE_VLAN_FILTERING, and Linux 5.15"),
        Some(Errno::EINVAL) if e.fields().detail.is_none() => e.hint(format!(
            "it needs vlan_filtering and mcast_vlan_snooping: bridge.set({:?}, {{ mcast_vlan_snooping = true }})",
            options.dev()
        )),
        _ => e,
    }
}

fn bridge(ns: &Namespace, dev: &str) -> Result<u32> {
    let Some(link) = link::get_plain(ns, dev)? else { return Err(find::no_such_link(ns, dev)) };
    match link.kind.as_deref() {
        Some("bridge") => Ok(link.index()),
        _ => Err(Error::argument(format!("{dev} is not a bridge"))),
    }
}

/// The VLANs of all bridges that have all that is given, as `bridge vlan global show`.
pub fn list(ns: &Namespace, filter: &Global) -> Result<Vec<Global>> {
    const DUMP_FLAGS: u16 = 1;
    const DUMP_GLOBAL: u32 = 2;
    let index = filter.dev.as_ref().map(|dev| bridge(ns, &dev.0)).transpose()?;
    let mut flags = Attributes::new();
    flags.put_u32(DUMP_FLAGS, DUMP_GLOBAL);
    let request = [br_vlan_msg(0).as_slice(), flags.bytes()?].concat();
    let mut found = Vec::new();
    let asked = ns.rtnl(RTM_GETVLAN, NLM_F_DUMP, &request, |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => parse(answer.payload, &mut found),
        }
        Ok(())
    });
    match asked {
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => return Ok(Vec::new()),
        asked => asked?,
    }
    found.retain(|(at, _)| index.is_none_or(|index| index == *at));
    let mut named = Vec::new();
    for (at, global) in found {
        let dev = Some(LinkName(find::name(ns, at)?.unwrap_or_else(|| at.to_string())));
        named.push(Global { dev, ..global });
    }
    named.retain(|global| filter.fits(global));
    Ok(named)
}

fn parse(payload: &[u8], out: &mut Vec<(u32, Global)>) {
    let Some((head, attributes)) = payload.split_at_checked(8) else { return };
    let index = head.last_chunk().map_or(0, |index| u32::from_ne_bytes(*index));
    for (kind, entry) in attributes_of(attributes) {
        if kind == GLOBAL_OPTIONS {
            out.extend(parse_entry(entry).into_iter().flatten().map(|global| (index, global)));
        }
    }
}

/// An entry, which may stand for a range of VLANs with the same options.
fn parse_entry(entry: &[u8]) -> Option<impl Iterator<Item = Global>> {
    let mut global = Global::default();
    let (mut first, mut last) = (None, None);
    let short = |bytes: &[u8]| bytes.first_chunk().map(|two| u16::from_ne_bytes(*two));
    for (number, bytes) in attributes_of(entry) {
        match number {
            ID => first = short(bytes),
            RANGE => last = short(bytes),
            _ => global.decode(number, bytes),
        }
    }
    let first = first?;
    let range = first..=last.unwrap_or(first).min(4094);
    Some(range.map(move |vid| Global { vid: Some(VlanId(vid)), ..global.clone() }))
}
