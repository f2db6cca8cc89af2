//! Messages to events, by the readers of `net`.

use netlink_packet_core::NetlinkBuffer;

use super::{Change, Place, What};
use crate::net::addr::{self, RTM_DELADDR, RTM_NEWADDR};
use crate::net::attributes::{string, unsigned};
use crate::net::bridge::mdb::{self, RTM_DELMDB, RTM_NEWMDB};
use crate::net::fields::LinkName;
use crate::net::link::{self, RTM_DELLINK, RTM_NEWLINK};
use crate::net::mptcp::Event;
use crate::net::namespace::{RTM_DELNSID, RTM_NEWNSID};
use crate::net::neigh::{self, RTM_DELNEIGH, RTM_NEWNEIGH};
use crate::net::netlink::attributes_of;
use crate::net::nf::conntrack::Connection;
use crate::net::nf::text;
use crate::net::prefix::Family;
use crate::net::route::{self, RTM_DELROUTE, RTM_NEWROUTE};
use crate::net::rule::{self, RTM_DELRULE, RTM_NEWRULE};

// linux/rtnetlink.h.
const RTM_NEWNETCONF: u16 = 80;
/// linux/netfilter/nfnetlink.h: the upper byte of the messages of connection tracking and of nf_tables.
const CTNETLINK: u16 = 1;
const NFTABLES: u16 = 10;

/// NLM_F_REPLACE and NLM_F_CREATE as they stand in notifications.
const REPLACE: u16 = 0x100;
const CREATE: u16 = 0x400;

/// A change of what /proc/sys/net/ipv4/conf and its like of IPv6 hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netconf {
    pub family: Family,
    /// The link's name, `all` or `default`.
    pub dev: String,
    /// The parameter's name in /proc/sys: `forwarding`, `rp_filter`, `mc_forwarding`, `proxy_arp` (`proxy_ndp`),
    /// `ignore_routes_with_linkdown`, `bc_forwarding`.
    pub name: &'static str,
    pub value: i32,
}

/// A change of nf_tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nft {
    /// `inet`, `ip`, `ip6`, `arp`, `bridge` or `netdev`.
    pub family: &'static str,
    pub table: String,
    /// `table`, `chain`, `rule`, `set`, `element`, `object` or `flowtable`.
    pub object: &'static str,
    /// The chain, set, ...; a rule's chain; empty for a table.
    pub name: String,
    pub handle: Option<u64>,
}

/// Decodes a message's body; `None` for what nsh doesn't tell.
pub(super) fn decode(place: &Place, received: &NetlinkBuffer<&[u8]>) -> Option<(Change, What)> {
    let set = |deleted: bool| if deleted { Change::Deleted } else { Change::Set };
    let (message, payload) = (received.message_type(), received.payload());
    Some(match message {
        RTM_NEWLINK | RTM_DELLINK => return of_link(place, message == RTM_DELLINK, payload),
        RTM_NEWADDR | RTM_DELADDR => {
            let mut addr = addr::parse(payload)?;
            addr.dev = Some(LinkName(place.link(addr.index())));
            (set(message == RTM_DELADDR), What::Address(Box::new(addr)))
        }
        RTM_NEWROUTE | RTM_DELROUTE => {
            let mut route = route::parse(payload).filter(|r| !r.cached)?;
            route.links().for_each(|link| link.name = place.link(link.index).into());
            let change = match (message == RTM_DELROUTE, received.flags() & REPLACE != 0) {
                (true, _) => Change::Deleted,
                (false, true) => Change::Set,
                (false, false) => Change::Added,
            };
            (change, What::Route(Box::new(route)))
        }
        RTM_NEWNEIGH | RTM_DELNEIGH => {
            let mut neigh = neigh::parse(payload)?;
            neigh.dev = Some(LinkName(place.link(neigh.index())));
            (set(message == RTM_DELNEIGH), What::Neigh(Box::new(neigh)))
        }
        RTM_NEWMDB | RTM_DELMDB => {
            let (dev, port, mut entry) = mdb::entries(payload)?.pop()?;
            entry.dev = Some(LinkName(place.link(dev)));
            entry.port = Some(LinkName(place.link(port)));
            (set(message == RTM_DELMDB), What::Mdb(Box::new(entry)))
        }
        RTM_NEWRULE => (Change::Added, What::Rule(Box::new(rule::parse(payload)?))),
        RTM_DELRULE => (Change::Deleted, What::Rule(Box::new(rule::parse(payload)?))),
        RTM_NEWNETCONF => (Change::Set, What::Netconf(netconf(place, payload)?)),
        RTM_NEWNSID => (Change::Added, What::Nsid(nsid(payload)?)),
        RTM_DELNSID => (Change::Deleted, What::Nsid(nsid(payload)?)),
        _ if message >> 8 == NFTABLES => return nft(message & 0xff, received.flags() & CREATE != 0, payload),
        _ if message >> 8 == CTNETLINK => {
            return connection(message & 0xff, received.flags() & CREATE != 0, payload);
        }
        _ => return None,
    })
}

/// The body of a message about MPTCP.
pub(super) fn mptcp(place: &Place, payload: &[u8]) -> Option<(Change, What)> {
    let mut event = Event::parse(payload)?;
    if let Some(link) = &mut event.dev {
        link.name = place.link(link.index).into();
    }
    let change = match event.began() {
        Some(true) => Change::Added,
        Some(false) => Change::Deleted,
        None => Change::Set,
    };
    Some((change, What::Mptcp(Box::new(event))))
}

fn of_link(place: &Place, deleted: bool, payload: &[u8]) -> Option<(Change, What)> {
    let (family, flags_changed) = (*payload.first()?, unsigned(payload.get(12..16)?) as u32);
    let link = link::parse(payload)?;
    // Of a bridge's port: that it came, changed its state, or left the bridge.
    if i32::from(family) == libc::AF_BRIDGE {
        return Some((
            if deleted { Change::Deleted } else { Change::Set },
            What::Port(place.link(link.index())),
        ));
    }
    if i32::from(family) != libc::AF_UNSPEC {
        return None;
    }
    place.links.borrow_mut().insert(link.index(), link.name.clone());
    // All flags "changed" is how the kernel tells a new link.
    let change = match (deleted, flags_changed == u32::MAX) {
        (true, _) => Change::Deleted,
        (false, true) => Change::Added,
        (false, false) => Change::Set,
    };
    Some((change, What::Link(Box::new(link), flags_changed)))
}

/// `struct netconfmsg` and NETCONFA_* of linux/netconf.h. A message with several parameters tells what a new link
/// begins with, which is no change.
fn netconf(place: &Place, payload: &[u8]) -> Option<Netconf> {
    let family = Family::from_number(*payload.first()?)?;
    let (mut dev, mut found) = (None, None);
    for (kind, value) in attributes_of(payload.get(4..)?) {
        let number = unsigned(value) as u32 as i32;
        let name = match kind {
            1 => {
                dev = Some(match number {
                    -1 => "all".to_owned(),
                    -2 => "default".to_owned(),
                    index => place.link(index as u32),
                });
                continue;
            }
            2 => "forwarding",
            3 => "rp_filter",
            4 => "mc_forwarding",
            5 if family == Family::Inet => "proxy_arp",
            5 => "proxy_ndp",
            6 => "ignore_routes_with_linkdown",
            8 => "bc_forwarding",
            _ => continue,
        };
        if found.replace((name, number)).is_some() {
            return None;
        }
    }
    let (name, value) = found?;
    Some(Netconf { family, dev: dev?, name, value })
}

/// `struct rtgenmsg`, padded, and NETNSA_NSID.
fn nsid(payload: &[u8]) -> Option<i32> {
    attributes_of(payload.get(4..)?).find(|(kind, _)| *kind == 1).map(|(_, v)| unsigned(v) as u32 as i32)
}

/// `struct nfgenmsg`, and of each object the attributes 1 (its table), 2 or 3 (name, handle) of
/// linux/netfilter/nf_tables.h.
fn nft(message: u16, created: bool, payload: &[u8]) -> Option<(Change, What)> {
    let (object, deleted) = match message {
        0 | 2 => ("table", message == 2),
        3 | 5 => ("chain", message == 5),
        6 | 8 => ("rule", message == 8),
        9 | 11 => ("set", message == 11),
        12 | 14 => ("element", message == 14),
        18 | 20 => ("object", message == 20),
        22 | 24 => ("flowtable", message == 24),
        _ => return None,
    };
    let family = text::family(*payload.first()?)?;
    let mut change = Nft { family, table: String::new(), object, name: String::new(), handle: None };
    let handle = |v: &[u8]| v.first_chunk().map(|v| u64::from_be_bytes(*v));
    for (kind, value) in attributes_of(payload.get(4..)?) {
        match (object, kind) {
            (_, 1) => change.table = string(value),
            ("table", _) => {}
            ("chain", 2) | ("rule", 3) => change.handle = handle(value),
            ("chain", 3) => change.name = string(value),
            ("chain", _) => {}
            (_, 2) => change.name = string(value),
            _ => {}
        }
    }
    let what = match (deleted, created) {
        (true, _) => Change::Deleted,
        (false, true) => Change::Added,
        (false, false) => Change::Set,
    };
    Some((what, What::Nft(Box::new(change))))
}

/// IPCTNL_MSG_CT_NEW and IPCTNL_MSG_CT_DELETE of linux/netfilter/nfnetlink_conntrack.h.
fn connection(message: u16, created: bool, payload: &[u8]) -> Option<(Change, What)> {
    let change = match (message, created) {
        (0, true) => Change::Added,
        (0, false) => Change::Set,
        (2, _) => Change::Deleted,
        _ => return None,
    };
    Some((change, What::Conntrack(Box::new(Connection::read(payload)?))))
}
