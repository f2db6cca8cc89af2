//! The forwarding database: which hardware address is behind which port, and a vxlan's remote ends.

mod table;
mod text;

pub use table::{Entry, Life};

use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::done::{Done, Verb};
use crate::net::fields::{HardwareAddress, LinkName, LinkRef};
use crate::net::link::{self, find};
use crate::net::namespace::Namespace;
use crate::net::neigh::{
    NDA_CACHEINFO, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH, State, cacheinfo, ndmsg, request,
};
use crate::net::netlink::attributes_of;

const PF_BRIDGE: u8 = libc::AF_BRIDGE as u8;

/// Adds an entry, as `bridge fdb add MAC dev DEV`. Raises `exists` if it is there.
pub fn add(ns: &Namespace, mac: [u8; 6], spec: &Entry) -> Result<()> {
    send(ns, mac, spec, Verb::Add)
}

/// Adds a further remote end to what an address has, as `bridge fdb append`.
pub fn append(ns: &Namespace, mac: [u8; 6], spec: &Entry) -> Result<()> {
    send(ns, mac, spec, Verb::Append)
}

/// Adds or changes an entry, as `bridge fdb replace`.
pub fn replace(ns: &Namespace, mac: [u8; 6], spec: &Entry) -> Result<()> {
    send(ns, mac, spec, Verb::Replace)
}

/// Deletes an entry, as `bridge fdb del MAC dev DEV`. Raises `not_found` if it isn't there.
pub fn del(ns: &Namespace, mac: [u8; 6], spec: &Entry) -> Result<()> {
    send(ns, mac, spec, Verb::Del)
}

fn send(ns: &Namespace, mac: [u8; 6], spec: &Entry, verb: Verb) -> Result<()> {
    let (message, flags) = match verb {
        Verb::Add => (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL),
        Verb::Append => (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND),
        Verb::Replace => (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE),
        Verb::Del => (RTM_DELNEIGH, 0),
    };
    let dev = spec.dev();
    let Some(link) = link::get_plain(ns, dev)? else { return Err(find::no_such_link(ns, dev)) };
    let port = link.port_kind.as_deref() == Some("bridge");
    // A vxlan has a database of its own even as a port; `dst` is kept there.
    let master = spec.master.unwrap_or(port && spec.dst.is_none());
    if master && !port {
        return Err(Error::argument(format!("{dev} is not a port of a bridge")));
    }
    let life = spec.life.unwrap_or(if master { Life::Static } else { Life::Local });
    let mut entry = spec.clone();
    entry.mac = Some(HardwareAddress(mac.to_vec()));
    (entry.master, entry.own, entry.life) = (Some(master), Some(!master), Some(life));
    let request = request(ndmsg(PF_BRIDGE, link.index(), life.state(), entry.flags()), &entry)?;
    let sent = ns.rtnl(message, flags, &request, |_| Ok(()));
    sent.map_err(|e| match e.raw() {
        Some(Errno::EEXIST) => e.hint("fdb.replace changes it"),
        Some(Errno::ENOENT) => e.with_kind(Kind::NotFound).hint(format!("{dev} has no such entry")),
        Some(Errno::EOPNOTSUPP) if !master => {
            e.hint(format!("{dev} has no database of its own; make it a port of a bridge first"))
        }
        Some(Errno::EPERM) if life == Life::Dynamic => {
            e.with_kind(Kind::Invalid).hint(format!("{dev} does not forward now, and can learn nothing"))
        }
        _ => e,
    })?;
    ns.report(Done::Fdb(verb, &entry));
    Ok(())
}

/// The entries that have all that is given; `dev` is a port, or a bridge and all its ports. As `bridge -s fdb show`.
pub fn list(ns: &Namespace, filter: &Entry) -> Result<Vec<Entry>> {
    let mut wanted = filter.clone();
    let index = wanted.dev.take().map(|dev| find::require_index(ns, &dev.0)).transpose()?;
    let mut found = ns.dump(RTM_GETNEIGH, &ndmsg(PF_BRIDGE, 0, State(0), 0), parse)?;
    let behind = |e: &Entry, i: u32| e.index() == i || e.bridge.as_ref().is_some_and(|b| b.index == i);
    found.retain(|entry| index.is_none_or(|index| behind(entry, index)) && wanted.fits(entry));
    for entry in &mut found {
        let name = find::name(ns, entry.index())?;
        entry.dev = Some(LinkName(name.unwrap_or_else(|| entry.index().to_string())));
        for link in [&mut entry.via, &mut entry.bridge] {
            let Some(LinkRef { index, .. }) = *link else { continue };
            *link = find::name(ns, index)?.map(|name| LinkRef { index, name: name.into() });
        }
    }
    Ok(found)
}

/// Forgets what was learned, by a whole bridge or behind one port, as `bridge fdb flush`.
pub fn flush(ns: &Namespace, dev: &str) -> Result<()> {
    const BR_FDB_FLUSH: u16 = 21;
    const BRPORT_FLUSH: u16 = 24;
    let Some(link) = link::get_plain(ns, dev)? else { return Err(find::no_such_link(ns, dev)) };
    let (kind, data, flush) = match (link.kind.as_deref(), link.port_kind.as_deref()) {
        (Some("bridge"), _) => (link::ifla::INFO_KIND, link::ifla::INFO_DATA, BR_FDB_FLUSH),
        (_, Some("bridge")) => (link::ifla::INFO_SLAVE_KIND, link::ifla::INFO_SLAVE_DATA, BRPORT_FLUSH),
        _ => return Err(Error::argument(format!("{dev} is neither a bridge nor a port of one"))),
    };
    let (mut body, mut info, mut inner) = (Attributes::new(), Attributes::new(), Attributes::new());
    inner.put(flush, &[]);
    info.put_str(kind, "bridge");
    info.nest(data, inner);
    body.nest(link::ifla::LINKINFO, info);
    let request = [link::ifinfomsg(0, link.index(), 0, 0).as_slice(), body.bytes()?].concat();
    ns.rtnl(link::RTM_NEWLINK, 0, &request, |_| Ok(()))?;
    ns.report(Done::FdbFlushed(dev, link.kind.as_deref() == Some("bridge")));
    Ok(())
}

fn parse(payload: &[u8]) -> Option<Entry> {
    const NDA_FLAGS_EXT: u16 = 15;
    let (head, attributes) = payload.split_at_checked(12)?;
    if head[0] != PF_BRIDGE {
        return None;
    }
    let mut entry = Entry {
        index: Some(Between(unsigned(&head[4..8]) as u32)),
        life: Some(Life::of(State(unsigned(&head[8..10]) as u16))),
        ..Entry::default()
    };
    let mut flags = u32::from(head[10]);
    for (number, bytes) in attributes_of(attributes) {
        match number {
            NDA_FLAGS_EXT => flags |= (unsigned(bytes) as u32) << 8,
            NDA_CACHEINFO => {
                let times = cacheinfo(bytes);
                (entry.used, entry.updated) = (times.map(|t| t[1]), times.map(|t| t[2]));
            }
            _ => entry.decode(number, bytes),
        }
    }
    entry.vlan.take_if(|vlan| vlan.0 == 0);
    entry.decode_flags(flags);
    Some(entry)
}
