//! The forwarding database: which hardware address is behind which port, and a vxlan's remote ends.

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::{Attributes, hardware_address, unsigned};
use crate::net::echo;
use crate::net::link::{self, find};
use crate::net::namespace::Namespace;
use crate::net::neigh::{RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH, nda, ndmsg};
use crate::net::netlink::attributes_of;
use crate::net::prefix::{from_octets, octets};

const PF_BRIDGE: u8 = libc::AF_BRIDGE as u8;
// NTF_* in linux/neighbour.h.
const SELF: u8 = 0x02;
const MASTER: u8 = 0x04;
const EXT_LEARNED: u8 = 0x10;
const OFFLOADED: u8 = 0x20;
const STICKY: u8 = 0x40;
// NUD_*.
const REACHABLE: u16 = 0x02;
const NOARP: u16 = 0x40;
const PERMANENT: u16 = 0x80;

/// How long an entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The address is the bridge's own: frames for it go up the stack. `permanent` in `bridge fdb`.
    Local,
    /// Never forgotten, nor moved to another port by learning.
    Static,
    /// As if learned: forgotten after the bridge's `ageing`.
    Dynamic,
}

impl Life {
    pub const NAMES: &[&str] = &["local", "static", "dynamic"];

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "local" | "permanent" => Some(Life::Local),
            "static" => Some(Life::Static),
            "dynamic" => Some(Life::Dynamic),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Life::Local => "local",
            Life::Static => "static",
            Life::Dynamic => "dynamic",
        }
    }

    fn state(self) -> u16 {
        match self {
            Life::Local => NOARP | PERMANENT,
            Life::Static => NOARP | REACHABLE,
            Life::Dynamic => REACHABLE,
        }
    }
}

/// An entry to add.
#[derive(Clone, Debug, Default)]
pub struct FdbSpec {
    /// Static in a bridge, local (permanent) in the link itself, unless given.
    pub life: Option<Life>,
    /// In the database of the bridge that the link is a port of, rather than in the link's own. By default where it is a
    /// port.
    pub master: Option<bool>,
    pub vlan: Option<u16>,
    /// A vxlan's remote end for this address.
    pub dst: Option<IpAddr>,
    pub port: Option<u16>,
    pub vni: Option<u32>,
    /// Learning doesn't move it to another port.
    pub sticky: bool,
    /// As if a control plane had learned it: it doesn't age.
    pub extern_learn: bool,
}

/// An entry as the kernel tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub mac: String,
    pub dev: String,
    pub index: u32,
    /// The bridge, for an entry in a bridge's database.
    pub master: Option<String>,
    pub master_index: Option<u32>,
    pub vlan: Option<u16>,
    pub dst: Option<IpAddr>,
    pub port: Option<u16>,
    pub vni: Option<u32>,
    pub src_vni: Option<u32>,
    /// The link to the remote end.
    pub via: Option<String>,
    pub via_index: Option<u32>,
    pub nhid: Option<u32>,
    pub life: Life,
    /// `self`, `router`, `extern_learn`, `offload`, `master`, `sticky`, `locked`.
    pub flags: Vec<String>,
    /// Seconds since the address was last seen and last moved; for learned ones.
    pub used: Option<f64>,
    pub updated: Option<f64>,
}

/// Which entries; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This link, or the ports of this bridge and itself.
    pub dev: Option<String>,
    pub mac: Option<[u8; 6]>,
    pub vlan: Option<u16>,
    pub life: Option<Life>,
}

/// Adds an entry, as `bridge fdb add MAC dev DEV`. Raises `exists` if it is there.
pub fn add(ns: &Namespace, mac: [u8; 6], dev: &str, spec: &FdbSpec) -> Result<()> {
    send(ns, mac, dev, spec, "add")
}

/// Adds a further remote end to what an address has, as `bridge fdb append`.
pub fn append(ns: &Namespace, mac: [u8; 6], dev: &str, spec: &FdbSpec) -> Result<()> {
    send(ns, mac, dev, spec, "append")
}

/// Adds or changes an entry, as `bridge fdb replace`.
pub fn replace(ns: &Namespace, mac: [u8; 6], dev: &str, spec: &FdbSpec) -> Result<()> {
    send(ns, mac, dev, spec, "replace")
}

/// Deletes an entry, as `bridge fdb del MAC dev DEV`. Raises `not_found` if it isn't there.
pub fn del(ns: &Namespace, mac: [u8; 6], dev: &str, spec: &FdbSpec) -> Result<()> {
    send(ns, mac, dev, spec, "del")
}

/// `verb` is that of `bridge fdb`.
fn send(ns: &Namespace, mac: [u8; 6], dev: &str, spec: &FdbSpec, verb: &str) -> Result<()> {
    let (message, flags) = match verb {
        "add" => (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL),
        "append" => (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND),
        "replace" => (RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE),
        _ => (RTM_DELNEIGH, 0),
    };
    let Some(link) = link::get_plain(ns, dev)? else { return Err(find::no_such_link(ns, dev)) };
    let port = link.port_kind.as_deref() == Some("bridge");
    // A vxlan has a database of its own even as a port; `dst` is kept there.
    let master = spec.master.unwrap_or(port && spec.dst.is_none());
    if master && !port {
        return Err(Error::argument(format!("{dev} is not a port of a bridge")));
    }
    let life = spec.life.unwrap_or(if master { Life::Static } else { Life::Local });
    let mut body = Attributes::new();
    body.put(nda::LLADDR, &mac);
    if let Some(dst) = spec.dst {
        body.put(nda::DST, &octets(dst));
    }
    if let Some(vlan) = spec.vlan {
        body.put(nda::VLAN, &vlan.to_ne_bytes());
    }
    if let Some(port) = spec.port {
        body.put(nda::PORT, &port.to_be_bytes());
    }
    if let Some(vni) = spec.vni {
        body.put_u32(nda::VNI, vni);
    }
    let ntf = if master { MASTER } else { SELF }
        | if spec.sticky { STICKY } else { 0 }
        | if spec.extern_learn { EXT_LEARNED } else { 0 };
    let head = ndmsg(PF_BRIDGE, link.index, life.state(), ntf);
    let request = [head.as_slice(), body.bytes()?].concat();
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
    ns.echo(|| [echo::fdb(ns, verb, mac, dev, spec, master, life)]);
    Ok(())
}

/// The entries that the filter lets through, as `bridge -s fdb show`.
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Entry>> {
    let index = filter.dev.as_deref().map(|dev| find::require_index(ns, dev)).transpose()?;
    let mut found: Vec<Entry> = Vec::new();
    ns.rtnl(RTM_GETNEIGH, NLM_F_DUMP, &ndmsg(PF_BRIDGE, 0, 0, 0), |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => found.extend(parse(answer.payload)),
        }
        Ok(())
    })?;
    let mac = filter.mac.map(|mac| hardware_address(&mac));
    found.retain(|entry| {
        index.is_none_or(|i| entry.index == i || entry.master_index == Some(i))
            && mac.as_ref().is_none_or(|mac| *mac == entry.mac)
            && filter.vlan.is_none_or(|vlan| entry.vlan == Some(vlan))
            && filter.life.is_none_or(|life| entry.life == life)
    });
    for entry in &mut found {
        entry.dev = find::name(ns, entry.index)?.unwrap_or_else(|| entry.index.to_string());
        if let Some(via) = entry.via_index {
            entry.via = find::name(ns, via)?;
        }
        if let Some(master) = entry.master_index {
            entry.master = find::name(ns, master)?;
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
    let request = [link::ifinfomsg(0, link.index, 0, 0).as_slice(), body.bytes()?].concat();
    ns.rtnl(link::RTM_NEWLINK, 0, &request, |_| Ok(()))?;
    ns.echo(|| [echo::fdb_flush(ns, dev, link.kind.as_deref() == Some("bridge"))]);
    Ok(())
}

fn parse(payload: &[u8]) -> Option<Entry> {
    let (head, attributes) = payload.split_at_checked(12)?;
    if head[0] != PF_BRIDGE {
        return None;
    }
    let state = unsigned(&head[8..10]) as u16;
    let mut entry = Entry {
        mac: String::new(),
        dev: String::new(),
        index: unsigned(&head[4..8]) as u32,
        master: None,
        master_index: None,
        vlan: None,
        dst: None,
        port: None,
        vni: None,
        src_vni: None,
        via: None,
        via_index: None,
        nhid: None,
        life: match state {
            s if s & PERMANENT != 0 => Life::Local,
            s if s & NOARP != 0 => Life::Static,
            _ => Life::Dynamic,
        },
        flags: flag_names(head[10], 0),
        used: None,
        updated: None,
    };
    for (kind, value) in attributes_of(attributes) {
        match kind {
            nda::LLADDR => entry.mac = hardware_address(value),
            nda::DST => entry.dst = from_octets(value),
            nda::VLAN => entry.vlan = Some(unsigned(value) as u16).filter(|v| *v != 0),
            nda::PORT => entry.port = value.first_chunk::<2>().map(|b| u16::from_be_bytes(*b)),
            nda::VNI => entry.vni = Some(unsigned(value) as u32),
            nda::FLAGS_EXT => entry.flags = flag_names(head[10], unsigned(value) as u32),
            nda::SRC_VNI => entry.src_vni = Some(unsigned(value) as u32),
            nda::IFINDEX => entry.via_index = Some(unsigned(value) as u32),
            nda::NH_ID => entry.nhid = Some(unsigned(value) as u32),
            nda::MASTER => entry.master_index = Some(unsigned(value) as u32),
            nda::CACHEINFO if value.len() >= 12 => {
                entry.used = Some(unsigned(&value[4..8]) as f64 / 100.0);
                entry.updated = Some(unsigned(&value[8..12]) as f64 / 100.0);
            }
            _ => {}
        }
    }
    Some(entry)
}

/// NTF_* and NTF_EXT_*, in the order in which `bridge fdb` names them.
fn flag_names(flags: u8, extended: u32) -> Vec<String> {
    const ROUTER: u8 = 0x80;
    const LOCKED: u32 = 0x02;
    let names = [
        (SELF, "self"),
        (ROUTER, "router"),
        (EXT_LEARNED, "extern_learn"),
        (OFFLOADED, "offload"),
        (MASTER, "master"),
        (STICKY, "sticky"),
    ];
    let told = names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name);
    told.chain((extended & LOCKED != 0).then_some("locked")).map(str::to_owned).collect()
}
