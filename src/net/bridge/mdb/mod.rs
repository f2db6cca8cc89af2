//! Multicast databases: which port of a bridge gets the packets of which group (bridge(8), `bridge mdb`).

mod table;
mod text;

pub use table::{Entry, FilterMode, Group, Router, RouterKind, Sources, State};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::model::{Field, Table};
use crate::net::attributes::{Attributes, find as attribute, unsigned};
use crate::net::done::{Done, Verb};
use crate::net::fields::{LinkName, LinkRef, Seconds, VlanId};
use crate::net::link::{self, find};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

pub const RTM_NEWMDB: u16 = 84;
pub const RTM_DELMDB: u16 = 85;
const RTM_GETMDB: u16 = 86;
/// The length of `struct br_port_msg` and of `struct br_mdb_entry`.
const MESSAGE: usize = 8;
const ENTRY: usize = 28;
/// The kernel counts in hundredths of a second.
const TICKS: f64 = 100.0;

/// Adds an entry, as `bridge mdb add dev DEV port PORT grp GROUP`. Raises `exists` if it is there.
pub fn add(ns: &Namespace, group: &Group, spec: &Entry) -> Result<()> {
    send(ns, group, spec, Verb::Add)
}

/// Adds or changes an entry, as `bridge mdb replace`; kernels before Linux 6.3 only add.
pub fn replace(ns: &Namespace, group: &Group, spec: &Entry) -> Result<()> {
    send(ns, group, spec, Verb::Replace)
}

/// Deletes an entry, as `bridge mdb del`. Raises `not_found` if it isn't there.
pub fn del(ns: &Namespace, group: &Group, spec: &Entry) -> Result<()> {
    send(ns, group, spec, Verb::Del)
}

fn send(ns: &Namespace, group: &Group, spec: &Entry, verb: Verb) -> Result<()> {
    const SET_ENTRY: u16 = 1;
    const SET_ENTRY_ATTRS: u16 = 2;
    const SRC_LIST: u16 = 2;
    let (message, flags) = match verb {
        Verb::Del => (RTM_DELMDB, 0),
        Verb::Replace => (RTM_NEWMDB, NLM_F_CREATE | NLM_F_REPLACE),
        Verb::Add | Verb::Append => (RTM_NEWMDB, NLM_F_CREATE | NLM_F_EXCL),
    };
    let mut entry = Entry { grp: Some(group.clone()), ..spec.clone() };
    let (dev, port) = places(ns, &mut entry)?;
    let (mut body, mut attributes) = (Attributes::new(), Attributes::new());
    body.put(SET_ENTRY, &br_mdb_entry(port, &entry, group));
    if let Some(via) = &mut entry.via {
        via.index = find::require_index(ns, &via.name)?;
    }
    entry.encode(&mut |number, bytes| attributes.put(number, bytes));
    if let Some(sources) = &entry.source_list {
        attributes.nest(SRC_LIST, sources.attributes());
    }
    if !attributes.is_empty() {
        body.nest(SET_ENTRY_ATTRS, attributes);
    }
    let request = [br_port_msg(dev).as_slice(), body.bytes()?].concat();
    ns.rtnl(message, flags, &request, |_| Ok(())).map_err(|e| explain(ns, &entry, verb, e))?;
    ns.report(Done::Mdb(verb, &entry));
    Ok(())
}

/// The indices of the bridge and of the port; what of both was left out is filled in.
fn places(ns: &Namespace, entry: &mut Entry) -> Result<(u32, u32)> {
    let dev = match (&entry.dev, &entry.port) {
        (Some(dev), _) => dev.clone(),
        (None, Some(port)) => {
            let Some(link) = link::get_plain(ns, &port.0)? else {
                return Err(find::no_such_link(ns, &port.0));
            };
            let bridge = link.master_index.filter(|_| link.port_kind.as_deref() == Some("bridge"));
            let bridge = bridge.map(|index| find::name(ns, index)).transpose()?.flatten();
            match (bridge, link.kind.as_deref()) {
                (Some(bridge), _) => LinkName(bridge),
                (None, Some("bridge" | "vxlan")) => port.clone(),
                (None, _) => return Err(Error::argument(format!("{} is not a port of a bridge", port.0))),
            }
        }
        (None, None) => {
            return Err(Error::argument("the option \"dev\" or \"port\" is missing (a link's name)"));
        }
    };
    let port = entry.port.get_or_insert_with(|| dev.clone());
    let found = (find::require_index(ns, &dev.0)?, find::require_index(ns, &port.0)?);
    entry.dev = Some(dev);
    Ok(found)
}

/// `struct br_port_msg`.
fn br_port_msg(index: u32) -> [u8; MESSAGE] {
    let mut message = [0; MESSAGE];
    message[0] = libc::AF_BRIDGE as u8;
    message[4..].copy_from_slice(&index.to_ne_bytes());
    message
}

/// `struct br_mdb_entry`.
fn br_mdb_entry(port: u32, entry: &Entry, group: &Group) -> Vec<u8> {
    let mut bytes = port.to_ne_bytes().to_vec();
    bytes.extend([entry.state.unwrap_or(State::Temporary) as u8, 0]);
    bytes.extend(entry.vid.map_or(0, |vid| vid.0).to_ne_bytes());
    bytes.extend(group.to_wire());
    bytes
}

fn explain(ns: &Namespace, entry: &Entry, verb: Verb, e: Error) -> Error {
    let dev = entry.dev.as_ref().map_or("", |dev| &dev.0);
    let kind = link::get_plain(ns, dev).ok().flatten().and_then(|link| link.kind);
    if e.raw() == Some(Errno::EOPNOTSUPP) && !matches!(kind.as_deref(), Some("bridge" | "vxlan")) {
        return Error::argument(format!("{dev} is no bridge, and has no multicast database"));
    }
    let newer = entry.filter_mode.is_some() || entry.source_list.is_some() || entry.proto.is_some();
    match e.raw() {
        Some(Errno::EEXIST) => e.hint("mdb.replace changes it (Linux 6.3)"),
        // EINVAL of older kernels.
        Some(Errno::ENOENT | Errno::EINVAL) if verb == Verb::Del && e.fields().detail.is_none() => {
            e.with_kind(Kind::NotFound).hint("mdb.list tells which there are; `vid` and `src` belong to an entry")
        }
        Some(Errno::EOPNOTSUPP) => e.hint(
            "a kernel without CONFIG_BRIDGE_IGMP_SNOOPING has none; mdb of a vxlan, and a group without IP, need a newer one",
        ),
        Some(Errno::EINVAL) if newer && e.fields().detail.as_deref() == Some("Unknown attribute type") => {
            e.with_kind(Kind::Unsupported).hint("filter_mode, source_list and proto need Linux 6.3")
        }
        Some(Errno::EINVAL) if e.fields().detail.is_none() => {
            e.hint(format!("both must be up, and the bridge have mcast_snooping: see link.get({:?})", entry.dev()))
        }
        _ => e,
    }
}

/// The entries of all bridges and vxlans that have all that is given, as `bridge -d -s mdb show`.
pub fn list(ns: &Namespace, filter: &Entry) -> Result<Vec<Entry>> {
    if let Some(dev) = &filter.dev {
        find::require_index(ns, &dev.0)?;
    }
    let mut found = Vec::new();
    dump(ns, |payload| found.extend(entries(payload).into_iter().flatten()))?;
    let mut named = found.into_iter().map(|raw| named(ns, raw)).collect::<Result<Vec<Entry>>>()?;
    named.retain(|entry| filter.fits(entry));
    Ok(named)
}

/// The first entry of the group that has all that is given, if there is one.
pub fn get(ns: &Namespace, group: &Group, of: &Entry) -> Result<Option<Entry>> {
    Ok(list(ns, &Entry { grp: Some(group.clone()), ..of.clone() })?.into_iter().next())
}

/// Deletes the entries that have all that is given, those that hosts joined too; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Entry) -> Result<usize> {
    let mut count = 0;
    for entry in list(ns, filter)? {
        let Some(group) = &entry.grp else { continue };
        // What the kernel adds by itself, and the source's entry goes with the group's.
        let which = Entry { state: None, filter_mode: None, source_list: None, proto: None, ..entry.clone() };
        match del(ns, group, &which) {
            Err(e) if e.kind() == Kind::NotFound => {}
            result => {
                result?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// The ports of all bridges behind which multicast routers are, as `bridge -d -s mdb show` names them.
pub fn routers(ns: &Namespace, filter: &Router) -> Result<Vec<Router>> {
    if let Some(dev) = &filter.dev {
        find::require_index(ns, &dev.0)?;
    }
    let mut found = Vec::new();
    dump(ns, |payload| found.extend(router_ports(payload).into_iter().flatten()))?;
    let mut named = Vec::new();
    for (dev, port, router) in found {
        named.push(Router { dev: name(ns, dev)?, port: name(ns, port)?, ..router });
    }
    named.retain(|router| filter.fits(router));
    Ok(named)
}

fn dump(ns: &Namespace, mut each: impl FnMut(&[u8])) -> Result<()> {
    let asked = ns.rtnl(RTM_GETMDB, NLM_F_DUMP, &br_port_msg(0), |answer| {
        answer.iter().for_each(|answer| each(answer.payload));
        Ok(())
    });
    match asked {
        // No bridge was ever made, and the kernel has not loaded any.
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => Ok(()),
        asked => asked,
    }
}

fn name(ns: &Namespace, index: u32) -> Result<Option<LinkName>> {
    Ok(Some(LinkName(find::name(ns, index)?.unwrap_or_else(|| index.to_string()))))
}

/// An entry, with the indices of its bridge and its port.
pub type Raw = (u32, u32, Entry);

fn named(ns: &Namespace, (dev, port, mut entry): Raw) -> Result<Entry> {
    (entry.dev, entry.port) = (name(ns, dev)?, name(ns, port)?);
    if let Some(LinkRef { index, .. }) = entry.via {
        entry.via = find::name(ns, index)?.map(|name| LinkRef { index, name: name.into() });
    }
    Ok(entry)
}

/// The entries that a message has: MDBA_MDB, MDBA_MDB_ENTRY, MDBA_MDB_ENTRY_INFO, within each other.
pub fn entries(payload: &[u8]) -> Option<Vec<Raw>> {
    const MDB: u16 = 1;
    let (head, attributes) = payload.split_at_checked(MESSAGE)?;
    let dev = unsigned(&head[4..]) as u32;
    let groups = attributes_of(attribute(attributes, MDB)?);
    let infos = groups.flat_map(|(_, group)| attributes_of(group));
    Some(infos.filter_map(|(_, info)| entry(dev, info)).collect())
}

/// `struct br_mdb_entry`, with MDBA_MDB_EATTR_* behind it.
fn entry(dev: u32, info: &[u8]) -> Option<Raw> {
    const TIMER: u16 = 1;
    const SRC_LIST: u16 = 2;
    const MODE: u16 = 3;
    const SOURCE: u16 = 4;
    let (fixed, attributes) = info.split_at_checked(ENTRY)?;
    let permanent = fixed[4] & State::Permanent as u8 != 0;
    let mut entry = Entry {
        grp: Group::from_wire(&fixed[8..]),
        state: Some(if permanent { State::Permanent } else { State::Temporary }),
        vid: Some(VlanId(unsigned(&fixed[6..8]) as u16)).filter(|vid| vid.0 != 0),
        ..Entry::default()
    };
    entry.decode_flags(fixed[5].into());
    for (number, bytes) in attributes_of(attributes) {
        match number {
            TIMER if !permanent => entry.timer = Some(Seconds(unsigned(bytes) as f64 / TICKS)),
            TIMER => {}
            SRC_LIST => entry.source_list = Sources::decode(bytes).filter(|sources| !sources.0.is_empty()),
            MODE => entry.decode(MODE, bytes),
            SOURCE => entry.decode(1, bytes),
            // The others are sent by a number less.
            number => entry.decode(number.saturating_sub(1), bytes),
        }
    }
    Some((dev, unsigned(&fixed[..4]) as u32, entry))
}

/// The router ports that a message has: MDBA_ROUTER, MDBA_ROUTER_PORT, with MDBA_ROUTER_PATTR_* behind the port's index.
fn router_ports(payload: &[u8]) -> Option<Vec<(u32, u32, Router)>> {
    const ROUTER: u16 = 2;
    const TIMER: u16 = 1;
    let (head, attributes) = payload.split_at_checked(MESSAGE)?;
    let dev = unsigned(&head[4..]) as u32;
    let port = |bytes: &[u8]| {
        let (index, attributes) = bytes.split_at_checked(4)?;
        let mut router = Router::blank();
        for (number, bytes) in attributes_of(attributes) {
            match number {
                TIMER => router.timer = Some(Seconds(unsigned(bytes) as f64 / TICKS)),
                _ => router.decode(number, bytes),
            }
        }
        router.timer.take_if(|timer| timer.0 == 0.0);
        Some((dev, unsigned(index) as u32, router))
    };
    Some(attributes_of(attribute(attributes, ROUTER)?).filter_map(|(_, bytes)| port(bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6.12 reports an entry with a source list, cut at every byte.
    #[test]
    fn an_answer_byte_by_byte() {
        let group = Group::Ip("239.1.1.1".parse().unwrap());
        let spec = Entry { state: Some(State::Permanent), vid: Some(VlanId(10)), ..Entry::default() };
        let mut behind = Attributes::new();
        behind.put_u32(1, 0);
        behind.nest(2, Sources(vec!["10.0.0.1".parse().unwrap()]).attributes());
        behind.put(3, &[1]);
        behind.put(5, &[4]);
        let info = [br_mdb_entry(7, &spec, &group).as_slice(), behind.bytes().unwrap()].concat();
        let (mut one, mut all, mut body) = (Attributes::new(), Attributes::new(), Attributes::new());
        one.put(1, &info);
        all.nest(1, one);
        body.nest(1, all);
        let message = [br_port_msg(3).as_slice(), body.bytes().unwrap()].concat();
        let found = entries(&message).unwrap();
        let [(3, 7, entry)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            entry.to_string(),
            "dev  port  grp 239.1.1.1 permanent filter_mode include source_list 10.0.0.1 proto static vid 10"
        );
        for length in 0..message.len() {
            entries(&message[..length]);
            router_ports(&message[..length]);
        }
    }

    #[test]
    fn groups_go_both_ways() {
        for text in ["239.1.1.1", "ff05::1", "01:00:5e:01:01:01"] {
            let group = Group::parse(text).unwrap();
            assert_eq!(Group::from_wire(&group.to_wire()).unwrap().to_string(), text);
        }
        assert!(Group::parse("239.1.1").is_err());
        assert_eq!(
            Sources::read(&crate::model::Value::Text("10.0.0.1,fd00::1".into())).unwrap().unwrap().word(),
            "10.0.0.1,fd00::1"
        );
    }
}
