//! Reading links: all that `ip -d link` shows.

use std::collections::HashMap;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::common::{Common, Flags, LinkMode, LinkType, OperState};
use super::fields::{OnOff, Toggle, U32};
use super::{Details, Port, Vrf};
use super::{RTM_GETLINK, find, ifinfomsg, ifla};
use crate::base::error::Result;
use crate::model::{Field, Table, Words};
use crate::net::attributes::{Attributes, string, unsigned};
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::netlink::attributes_of;
use crate::net::tc::{self, Shape};

/// A link as the kernel tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub common: Common,
    pub name: String,
    /// `veth`, `bridge`, ...; `None` for `lo` and hardware.
    pub kind: Option<String>,
    pub master: Option<String>,
    pub master_index: Option<u32>,
    /// The other end of a veth, or the link below: its name, if it is in the same namespace.
    pub link: Option<String>,
    /// The namespace of that link, if it is another one and known to nsh.
    pub link_netns: Option<String>,
    pub details: Details,
    /// What its master is: `bridge`, `vrf`, ...
    pub port_kind: Option<String>,
    /// As a port of a bridge.
    pub port: Option<Box<Port>>,
    /// As a port of a VRF: its routing table.
    pub vrf_table: Option<u32>,
    pub shape: Option<Box<Shape>>,
    /// How an ifb shapes what it receives.
    pub shape_in: Option<Box<Shape>>,
}

impl Link {
    pub fn index(&self) -> u32 {
        self.common.index.map_or(0, |index| index.0)
    }

    /// Administratively up.
    pub fn is_up(&self) -> bool {
        self.common.up == Some(Toggle(true))
    }

    pub fn has_carrier(&self) -> bool {
        self.common.carrier == Some(OnOff(true))
    }

    pub fn mtu(&self) -> u32 {
        self.common.mtu.map_or(0, |mtu| mtu.0)
    }

    pub fn mac(&self) -> Option<String> {
        self.common.mac.as_ref().map(Field::word)
    }

    /// RFC 2863: `UP`, `DOWN`, `UNKNOWN`, ...
    pub fn operstate(&self) -> &'static str {
        self.common.operstate.map_or("UNKNOWN", Words::name)
    }

    /// The operstate, or that it is down.
    pub fn state(&self) -> &'static str {
        if self.is_up() { self.operstate() } else { "down" }
    }

    /// Whether it drops what it is given to send, since linkwatch has not activated its queue yet.
    pub fn drops_all(&self) -> bool {
        self.common.qdisc.as_ref().is_some_and(|qdisc| qdisc.0 == "noop")
    }

    /// The index of the peer or of the link below.
    pub fn link_index(&self) -> Option<u32> {
        self.common.link_index.map(|index| index.0)
    }

    /// The kernel's number for that link's namespace, if it is another one; -1 for one that this namespace has no number
    /// for.
    pub fn link_netnsid(&self) -> Option<i32> {
        self.common.link_netnsid.map(|id| id.0)
    }
}

/// Which links to list; what is `None` may be anything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<String>,
    /// The ports of this link.
    pub master: Option<String>,
    pub common: Common,
}

/// RTEXT_FILTER_SKIP_STATS: the counters would be half of the answer.
const SKIP_STATS: u32 = 8;

/// The link `name`, or `None`, as `ip -d link show NAME`.
pub fn get(all: &Namespaces, ns: &Namespace, name: &str) -> Result<Option<Link>> {
    let Some(mut link) = get_plain(ns, name)? else { return Ok(None) };
    resolve(all, ns, &mut link, |index| {
        let name = find::name(ns, index)?;
        name.map(|name| find::is_up(ns, &name).map(|up| (name, up))).transpose()
    })?;
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
        links.iter().map(|l| (l.index(), (l.name.clone(), l.is_up()))).collect();
    let mut out = Vec::new();
    for mut link in links {
        let wanted = (filter.kind.is_none() || filter.kind == link.kind)
            && (master.is_none() || master == link.master_index)
            && filter.common.fits(&link.common);
        if !wanted {
            continue;
        }
        if behind(&link) {
            link = by_index(ns, link.index())?.unwrap_or(link);
        }
        resolve(all, ns, &mut link, |index| Ok(names.get(&index).cloned()))?;
        out.push(link);
    }
    Ok(out)
}

/// Whether the state doesn't follow from the carrier yet. To ask for this one link then makes it follow, since
/// Linux 6.8; see [`crate::net::settle`].
fn behind(link: &Link) -> bool {
    let state = link.operstate();
    match link.has_carrier() {
        true => {
            link.is_up() && (matches!(state, "DOWN" | "LOWERLAYERDOWN") || state == "UNKNOWN" && paired(link))
        }
        false => link.is_up() && matches!(state, "UP" | "UNKNOWN"),
    }
}

/// Whether it tells of its carrier by events, unlike a dummy or lo, whose state stays unknown.
fn paired(link: &Link) -> bool {
    link.kind.as_deref() == Some("veth")
}

/// Fills in what is told of other links, and how the link shapes what it sends. `look` gives the name of a link in the
/// same namespace, and whether it is up.
fn resolve(
    all: &Namespaces,
    ns: &Namespace,
    link: &mut Link,
    look: impl Fn(u32) -> Result<Option<(String, bool)>>,
) -> Result<()> {
    for other in link.details.links() {
        if let Some((name, _)) = look(other.index)? {
            other.name = name.into();
        }
    }
    if let Some((master, _)) = link.master_index.map(&look).transpose()?.flatten() {
        link.master = Some(master);
    }
    match link.link_netnsid() {
        Some(nsid) if nsid >= 0 => link.link_netns = all.by_nsid(ns, nsid)?,
        Some(_) => {}
        None => {
            if let Some((other, up)) = link.link_index().map(&look).transpose()?.flatten() {
                link.link = Some(other);
                link.common.flags.iter_mut().for_each(|flags| flags.lower_is_down = !up);
            }
        }
    }
    if link.common.qdisc.as_ref().is_some_and(|qdisc| tc::SHAPING.contains(&qdisc.0.as_str())) {
        link.shape = tc::get(ns, link.index())?.map(Box::new);
    }
    link.shape_in = tc::get_in(ns, link.index())?.map(Box::new);
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
    let flags = unsigned(head.get(8..12)?) as u32;
    let mut link = Link { common: Common::blank(), ..Link::default() };
    link.common.index = Some(U32(unsigned(head.get(4..8)?) as u32));
    link.common.link_type = Some(LinkType(unsigned(head.get(2..4)?) as u16));
    link.common.flags = Some(Flags { bits: flags, ..Flags::default() });
    link.common.decode_flags(flags);
    for (kind, value) in attributes_of(attributes) {
        match kind {
            ifla::IFNAME => link.name = string(value),
            ifla::MASTER => link.master_index = Some(unsigned(value) as u32).filter(|index| *index != 0),
            ifla::LINKINFO => link_info(&mut link, value),
            _ => link.common.decode(kind, value),
        }
    }
    settle(&mut link.common);
    Some(link)
}

/// What the kernel leaves out, or sends though there is nothing.
fn settle(common: &mut Common) {
    common.operstate.get_or_insert(OperState(0));
    common.mode.get_or_insert(LinkMode(0));
    // The namespace is left out where it is the same one, and an own index stands for "none below".
    let own = common.index.filter(|_| common.link_netnsid.is_none()).map_or(0, |index| index.0);
    common.link_index.take_if(|index| index.0 == 0 || index.0 == own);
    common.permanent_mac.take_if(|mac| Some(&*mac) == common.mac.as_ref());
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
