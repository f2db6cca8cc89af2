//! Reading links: all that `ip -d link` shows.

use std::collections::HashMap;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::{Details, Port, Vrf};
use super::{RTM_GETLINK, find, ifinfomsg, ifla};
use crate::base::error::Result;
use crate::model::Table;
use crate::net::attributes::{Attributes, hardware_address, string, unsigned};
use crate::net::names::GROUPS;
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::netlink::attributes_of;

/// A link as the kernel tells it; names of the fields as in ip-link(8)'s JSON, but for `mac`, `mode` and those of
/// the peer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    /// `veth`, `bridge`, ...; `None` for `lo` and hardware.
    pub kind: Option<String>,
    /// `ether`, `loopback`, ...
    pub link_type: String,
    /// The hardware address; `None` where the link has none.
    pub mac: Option<String>,
    pub broadcast: Option<String>,
    /// The address burnt in, if it isn't the one in use.
    pub permanent_mac: Option<String>,
    pub mtu: u32,
    pub min_mtu: u32,
    /// 0 for no limit.
    pub max_mtu: u32,
    /// In iproute2's order: `NO-CARRIER` (up, but not running), `BROADCAST`, ..., `UP`, `LOWER_UP`, `M-DOWN` (the
    /// peer or lower link is down).
    pub flags: Vec<String>,
    /// IFF_* as the kernel sent them.
    pub raw_flags: u32,
    /// Administratively up.
    pub up: bool,
    pub carrier: bool,
    /// RFC 2863: `UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN`, `DORMANT`, `TESTING`, `NOTPRESENT`.
    pub operstate: String,
    /// `DEFAULT` or `DORMANT`.
    pub mode: String,
    pub master: Option<String>,
    pub master_index: Option<u32>,
    /// The other end of a veth, or the link below: its name, if it is in the same namespace.
    pub link: Option<String>,
    pub link_index: Option<u32>,
    /// The namespace of that link, if it is another one and known to nsh.
    pub link_netns: Option<String>,
    /// The kernel's number for that namespace; -1 for one that this namespace has no number for.
    pub link_netnsid: Option<i32>,
    pub qdisc: String,
    /// By name, `default` for 0.
    pub group: String,
    pub group_number: u32,
    pub txqlen: u32,
    pub alias: Option<String>,
    pub altnames: Vec<String>,
    /// How many ask for promiscuous mode.
    pub promiscuity: u32,
    pub allmulti: u32,
    pub tx_queues: u32,
    pub rx_queues: u32,
    /// How often the carrier came or went.
    pub carrier_changes: u32,
    pub protodown: bool,
    pub gso_max_size: u32,
    pub gso_max_segs: u32,
    pub tso_max_size: u32,
    pub tso_max_segs: u32,
    pub gro_max_size: u32,
    /// `eui64`, `none`, `stable_secret` or `random`; `None` without IPv6.
    pub addrgenmode: Option<String>,
    /// The bus and device of hardware.
    pub parent_bus: Option<String>,
    pub parent_dev: Option<String>,
    pub netns_immutable: bool,
    pub details: Details,
    /// What its master is: `bridge`, `vrf`, ...
    pub port_kind: Option<String>,
    /// As a port of a bridge.
    pub port: Option<Box<Port>>,
    /// As a port of a VRF: its routing table.
    pub vrf_table: Option<u32>,
}

/// Which links to list; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<String>,
    pub up: Option<bool>,
    /// The ports of this link.
    pub master: Option<String>,
    pub group: Option<u32>,
}

/// RTEXT_FILTER_SKIP_STATS: the counters would be half of the answer.
const SKIP_STATS: u32 = 8;

/// The link `name`, or `None`, as `ip -d link show NAME`.
pub fn get(all: &Namespaces, ns: &Namespace, name: &str) -> Result<Option<Link>> {
    let Some(mut link) = get_plain(ns, name)? else { return Ok(None) };
    if let Some(index) = link.master_index {
        link.master = find::name(ns, index)?;
    }
    if let Some(index) = local(&link) {
        link.link = find::name(ns, index)?;
        if let Some(lower) = &link.link {
            let up = find::is_up(ns, lower)?;
            tell_lower(&mut link, up);
        }
    }
    resolve_namespace(all, ns, &mut link)?;
    Ok(Some(link))
}

/// As [`get`], but a missing one is an error that names those that are there.
pub fn require(all: &Namespaces, ns: &Namespace, name: &str) -> Result<Link> {
    get(all, ns, name)?.ok_or_else(|| find::no_such_link(ns, name))
}

/// All links that the filter lets through, in the kernel's order, as `ip -d link show`.
pub fn list(all: &Namespaces, ns: &Namespace, filter: &Filter) -> Result<Vec<Link>> {
    let master = match &filter.master {
        Some(master) => Some(find::require_index(ns, master).map_err(|e| e.detail("master"))?),
        None => None,
    };
    let links = dump(ns)?;
    let names: HashMap<u32, (String, bool)> =
        links.iter().map(|l| (l.index, (l.name.clone(), l.up))).collect();
    let mut out = Vec::new();
    for mut link in links {
        let wanted = filter.kind.is_none() || filter.kind == link.kind;
        if !wanted
            || filter.up.is_some_and(|up| up != link.up)
            || master.is_some() && master != link.master_index
            || filter.group.is_some_and(|group| group != link.group_number)
        {
            continue;
        }
        if behind(&link) {
            link = by_index(ns, link.index)?.unwrap_or(link);
        }
        link.master = link.master_index.and_then(|i| Some(names.get(&i)?.0.clone()));
        if let Some((name, up)) = local(&link).and_then(|i| names.get(&i)) {
            link.link = Some(name.clone());
            tell_lower(&mut link, *up);
        }
        resolve_namespace(all, ns, &mut link)?;
        out.push(link);
    }
    Ok(out)
}

/// Whether the state doesn't follow from the carrier yet. To ask for this one link then makes it follow, since
/// Linux 6.8; see [`crate::net::settle`].
fn behind(link: &Link) -> bool {
    let state = link.operstate.as_str();
    match link.carrier {
        true => link.up && (matches!(state, "DOWN" | "LOWERLAYERDOWN") || state == "UNKNOWN" && paired(link)),
        false => link.up && matches!(state, "UP" | "UNKNOWN"),
    }
}

/// Whether it tells of its carrier by events, unlike a dummy or lo, whose state stays unknown.
fn paired(link: &Link) -> bool {
    link.kind.as_deref() == Some("veth")
}

/// `M-DOWN`, as iproute2 shows it: the peer or lower link in the same namespace is down.
fn tell_lower(link: &mut Link, up: bool) {
    if !up {
        link.flags.push("M-DOWN".to_owned());
    }
}

/// The index of the peer or lower link if that is in the same namespace.
fn local(link: &Link) -> Option<u32> {
    link.link_index.filter(|_| link.link_netnsid.is_none())
}

fn resolve_namespace(all: &Namespaces, ns: &Namespace, link: &mut Link) -> Result<()> {
    if let Some(nsid) = link.link_netnsid.filter(|id| *id >= 0) {
        link.link_netns = all.by_nsid(ns, nsid)?;
    }
    Ok(())
}

/// Without the names of other links.
pub(crate) fn get_plain(ns: &Namespace, name: &str) -> Result<Option<Link>> {
    match find::index(ns, name)? {
        Some(index) => by_index(ns, index),
        None => Ok(None),
    }
}

pub(crate) fn by_index(ns: &Namespace, index: u32) -> Result<Option<Link>> {
    let mut found = None;
    let result = ns.rtnl(RTM_GETLINK, 0, &request(index)?, |answer| {
        if let Some(link) = answer.and_then(|a| parse(a.payload)) {
            found = Some(link);
        }
        Ok(())
    });
    match result {
        Err(e) if e.raw() == Some(Errno::ENODEV) => Ok(None),
        result => result.map(|()| found),
    }
}

/// All links, without the names of other links.
pub(crate) fn dump(ns: &Namespace) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    ns.rtnl(RTM_GETLINK, NLM_F_DUMP, &request(0)?, |answer| {
        match answer {
            None => links.clear(),
            Some(answer) => links.extend(parse(answer.payload)),
        }
        Ok(())
    })?;
    Ok(links)
}

fn request(index: u32) -> Result<Vec<u8>> {
    let mut body = Attributes::new();
    body.put_u32(ifla::EXT_MASK, SKIP_STATS);
    Ok([ifinfomsg(0, index, 0, 0).as_slice(), body.bytes()?].concat())
}

/// Decodes the body of an RTM_NEWLINK: `struct ifinfomsg`, then IFLA_*.
pub(crate) fn parse(payload: &[u8]) -> Option<Link> {
    let (head, attributes) = payload.split_at_checked(16)?;
    let raw_flags = unsigned(head.get(8..12)?) as u32;
    let mut link = Link {
        index: unsigned(head.get(4..8)?) as u32,
        link_type: type_name(unsigned(head.get(2..4)?) as u16),
        flags: flag_names(raw_flags),
        raw_flags,
        up: raw_flags & libc::IFF_UP as u32 != 0,
        mode: "DEFAULT".to_owned(),
        operstate: "UNKNOWN".to_owned(),
        ..Link::default()
    };
    for (kind, value) in attributes_of(attributes) {
        attribute(&mut link, kind, value);
    }
    // The kernel leaves the namespace out where it is the same one, and sends an own index for "none below".
    if link.link_index == Some(0) || link.link_index == Some(link.index) && link.link_netnsid.is_none() {
        link.link_index = None;
    }
    if link.permanent_mac == link.mac {
        link.permanent_mac = None;
    }
    Some(link)
}

fn attribute(link: &mut Link, kind: u16, value: &[u8]) {
    let number = || unsigned(value) as u32;
    let address = || (!value.is_empty()).then(|| hardware_address(value));
    match kind {
        ifla::ADDRESS => link.mac = address(),
        ifla::BROADCAST => link.broadcast = address(),
        ifla::PERM_ADDRESS => link.permanent_mac = address(),
        ifla::IFNAME => link.name = string(value),
        ifla::MTU => link.mtu = number(),
        ifla::LINK => link.link_index = Some(number()),
        ifla::QDISC => link.qdisc = string(value),
        ifla::MASTER => link.master_index = Some(number()).filter(|i| *i != 0),
        ifla::TXQLEN => link.txqlen = number(),
        ifla::OPERSTATE => link.operstate = operstate_name(number()).to_owned(),
        ifla::LINKMODE if number() == 1 => link.mode = "DORMANT".to_owned(),
        ifla::LINKINFO => link_info(link, value),
        ifla::IFALIAS => link.alias = Some(string(value)).filter(|a| !a.is_empty()),
        ifla::AF_SPEC => link.addrgenmode = addrgenmode(value),
        ifla::GROUP => {
            link.group_number = number();
            link.group = GROUPS.name(number());
        }
        ifla::PROMISCUITY => link.promiscuity = number(),
        ifla::ALLMULTI => link.allmulti = number(),
        ifla::NUM_TX_QUEUES => link.tx_queues = number(),
        ifla::NUM_RX_QUEUES => link.rx_queues = number(),
        ifla::CARRIER => link.carrier = number() != 0,
        ifla::CARRIER_CHANGES => link.carrier_changes = number(),
        ifla::LINK_NETNSID => link.link_netnsid = Some(number() as i32),
        ifla::PROTO_DOWN => link.protodown = number() != 0,
        ifla::GSO_MAX_SEGS => link.gso_max_segs = number(),
        ifla::GSO_MAX_SIZE => link.gso_max_size = number(),
        ifla::TSO_MAX_SEGS => link.tso_max_segs = number(),
        ifla::TSO_MAX_SIZE => link.tso_max_size = number(),
        ifla::GRO_MAX_SIZE => link.gro_max_size = number(),
        ifla::MIN_MTU => link.min_mtu = number(),
        ifla::MAX_MTU => link.max_mtu = number(),
        ifla::PROP_LIST => {
            link.altnames = attributes_of(value)
                .filter(|(k, _)| *k == ifla::ALT_IFNAME)
                .map(|(_, v)| string(v))
                .collect();
        }
        ifla::PARENT_DEV_NAME => link.parent_dev = Some(string(value)),
        ifla::PARENT_DEV_BUS_NAME => link.parent_bus = Some(string(value)),
        ifla::NETNS_IMMUTABLE => link.netns_immutable = number() != 0,
        _ => {}
    }
}

fn link_info(link: &mut Link, info: &[u8]) {
    // The kind goes before its data, as the kernel writes them.
    for (kind, value) in attributes_of(info) {
        match kind {
            ifla::INFO_KIND => link.kind = Some(string(value)),
            ifla::INFO_DATA => link.details = Details::read(link.kind.as_deref().unwrap_or_default(), value),
            ifla::INFO_SLAVE_KIND => link.port_kind = Some(string(value)),
            ifla::INFO_SLAVE_DATA => match link.port_kind.as_deref() {
                Some("bridge") => link.port = Some(Box::new(options::<Port>(value))),
                Some("vrf") => link.vrf_table = options::<Vrf>(value).table.map(|table| table.0),
                _ => {}
            },
            _ => {}
        }
    }
}

fn options<T: Table + Default>(bytes: &[u8]) -> T {
    let mut options = T::default();
    attributes_of(bytes).for_each(|(number, value)| options.decode(number, value));
    options
}

/// IFLA_AF_SPEC, AF_INET6, IFLA_INET6_ADDR_GEN_MODE.
fn addrgenmode(spec: &[u8]) -> Option<String> {
    let (_, inet6) = attributes_of(spec).find(|(family, _)| *family == libc::AF_INET6 as u16)?;
    let (_, mode) = attributes_of(inet6).find(|(kind, _)| *kind == 8)?;
    super::change::AddrGenMode::NAMES.get(unsigned(mode) as usize).map(|name| (*name).to_owned())
}

/// IF_OPER_* in linux/if.h.
fn operstate_name(number: u32) -> &'static str {
    match number {
        1 => "NOTPRESENT",
        2 => "DOWN",
        3 => "LOWERLAYERDOWN",
        4 => "TESTING",
        5 => "DORMANT",
        6 => "UP",
        _ => "UNKNOWN",
    }
}

/// IFF_* in linux/if.h, in the order in which `ip link` shows them. RUNNING is shown by its absence.
fn flag_names(flags: u32) -> Vec<String> {
    const ORDER: [(&str, libc::c_int); 18] = [
        ("LOOPBACK", libc::IFF_LOOPBACK),
        ("BROADCAST", libc::IFF_BROADCAST),
        ("POINTOPOINT", libc::IFF_POINTOPOINT),
        ("MULTICAST", libc::IFF_MULTICAST),
        ("NOARP", libc::IFF_NOARP),
        ("ALLMULTI", libc::IFF_ALLMULTI),
        ("PROMISC", libc::IFF_PROMISC),
        ("MASTER", libc::IFF_MASTER),
        ("SLAVE", libc::IFF_SLAVE),
        ("DEBUG", libc::IFF_DEBUG),
        ("DYNAMIC", libc::IFF_DYNAMIC),
        ("AUTOMEDIA", libc::IFF_AUTOMEDIA),
        ("PORTSEL", libc::IFF_PORTSEL),
        ("NOTRAILERS", libc::IFF_NOTRAILERS),
        ("UP", libc::IFF_UP),
        ("LOWER_UP", 1 << 16),
        ("DORMANT", 1 << 17),
        ("ECHO", 1 << 18),
    ];
    let (up, running) = (libc::IFF_UP as u32, libc::IFF_RUNNING as u32);
    let mut out = Vec::new();
    if flags & up != 0 && flags & running == 0 {
        out.push("NO-CARRIER".to_owned());
    }
    out.extend(ORDER.iter().filter(|(_, bit)| flags & *bit as u32 != 0).map(|(name, _)| (*name).to_owned()));
    let rest = ORDER.iter().fold(flags & !running, |rest, (_, bit)| rest & !(*bit as u32));
    if rest != 0 {
        out.push(format!("{rest:x}"));
    }
    out
}

/// ARPHRD_* in linux/if_arp.h, with iproute2's words.
fn type_name(number: u16) -> String {
    match number {
        1 => "ether",
        32 => "infiniband",
        280 => "can",
        512 => "ppp",
        768 => "ipip",
        769 => "tunnel6",
        772 => "loopback",
        776 => "sit",
        778 => "gre",
        801 => "ieee802.11",
        823 => "gre6",
        824 => "netlink",
        825 => "6lowpan",
        826 => "vsockmon",
        0xfffe => "none",
        0xffff => "void",
        _ => return number.to_string(),
    }
    .to_owned()
}
