//! Changing and deleting links.

use nix::errno::Errno;

use super::add::says;
use super::end::End;
use super::fields::Toggle;
use super::{Details, Lower, Port, RTM_DELLINK, RTM_NEWLINK, find, ifinfomsg, ifla, kind};
use crate::base::error::{Error, Result};
use crate::model::Table;
use crate::net::attributes::Attributes;
use crate::net::done::Done;
use crate::net::namespace::Namespace;
use crate::net::usable;

/// RTM_NEWLINKPROP and RTM_DELLINKPROP: alternative names.
const RTM_NEWLINKPROP: u16 = 108;
const RTM_DELLINKPROP: u16 = 109;

/// A change of a link; what is `None` or empty stays.
#[derive(Clone, Default)]
pub struct Change {
    pub end: End,
    pub altnames_add: Vec<String>,
    pub altnames_del: Vec<String>,
    /// Another link below.
    pub link: Option<String>,
    /// Options of its kind.
    pub options: Details,
    /// Kinds of which options are given besides.
    pub others: Vec<&'static str>,
}

impl From<End> for Change {
    fn from(end: End) -> Self {
        Change { end, ..Change::default() }
    }
}

/// Changes a link by one request, as `ip link set NAME ...`. Raises `not_found` if it isn't there.
pub fn set(ns: &Namespace, name: &str, change: &Change) -> Result<()> {
    let end = &change.end;
    if let Some(new) = &end.name {
        find::check_name(new)?;
    }
    if let Some(other) = change.others.first() {
        let kinds = format!("{other:?} and {:?}", change.options.name());
        return Err(Error::argument(format!("{name} is of one kind, and options of {kinds} are given")));
    }
    let index = find::require_index(ns, name)?;
    ns.unsettle_link(index);
    let own = own_kind(ns, name, index, change)?;
    let change = own.as_ref().unwrap_or(change);
    let end = &change.end;
    let body = body(ns, index, change)?;
    if end.common.mask() != 0 || !body.is_empty() {
        let sent = ns.rtnl(RTM_NEWLINK, 0, &end.message(index, &body)?, |_| Ok(()));
        sent.map_err(|e| explain(ns, name, change, e))?;
    }
    // Alternative names and the port's options go to where the link now is.
    let place = end.ns.as_deref().unwrap_or(ns);
    let later = |f: &dyn Fn(u32) -> Result<()>| -> Result<()> {
        let now = end.name.as_deref().unwrap_or(name);
        f(find::require_index(place, now)?)
    };
    if let Some(to) = &end.ns {
        later(&|index| {
            to.unsettle_link(index);
            Ok(())
        })?;
    }
    if end.port != Port::default() {
        later(&|index| set_port(place, index, &end.port))?;
    }
    for (names, message) in [(&change.altnames_del, RTM_DELLINKPROP), (&change.altnames_add, RTM_NEWLINKPROP)]
    {
        if !names.is_empty() {
            later(&|index| altnames(place, index, names, message))?;
        }
    }
    ns.report(Done::LinkSet(name, change));
    match end.common.up {
        Some(Toggle(true)) => later(&|index| usable::wait_for_link(place, index)),
        _ => Ok(()),
    }
}

/// The change with options of the very kind that the link has, where there are several that they can be of.
fn own_kind(ns: &Namespace, name: &str, index: u32, change: &Change) -> Result<Option<Change>> {
    if change.link.is_none() && change.options.names().len() < 2 {
        return Ok(None);
    }
    let kind = super::read::by_index(ns, index)?.and_then(|link| link.kind).unwrap_or_default();
    let options = match change.options.is_empty() {
        true => Details::new(&kind),
        false => change.options.clone().named(&kind),
    };
    match options.lower() {
        Lower::Attribute(_) => Ok(Some(Change { options, ..change.clone() })),
        _ if change.link.is_none() => Ok(Some(Change { options, ..change.clone() })),
        _ => Err(Error::argument(format!("the link below {name} can't be changed: it is no tunnel"))),
    }
}

/// What is sent of the kind's options. Of some kinds the kernel resets what a change doesn't have, so that what the link
/// has goes with it.
fn options(ns: &Namespace, index: u32, change: &Change) -> Result<Attributes> {
    let (mut options, mut data) = (change.options.clone().resolved(ns)?, Attributes::new());
    if options.whole()
        && let Some(link) = super::read::by_index(ns, index)?
    {
        options = options.completed(&link.details);
    }
    let lower = match &change.link {
        Some(lower) => Some(find::require_index(ns, lower).map_err(|e| e.detail("link"))?),
        None => None,
    };
    options.write(lower, &mut data);
    Ok(data)
}

fn body(ns: &Namespace, index: u32, change: &Change) -> Result<Attributes> {
    let (end, mut body) = (&change.end, Attributes::new());
    end.put(&mut body, |_| true);
    if let Some(name) = &end.name {
        body.put_str(ifla::IFNAME, name);
    }
    // The kernel looks the master up where the link will be.
    end.put_master(end.ns.as_deref().unwrap_or(ns), &mut body)?;
    end.put_ns(&mut body)?;
    if !change.options.is_empty() || change.link.is_some() {
        let data = options(ns, index, change)?;
        kind::put_info(&mut body, [ifla::INFO_KIND, ifla::INFO_DATA], change.options.name(), data);
    }
    Ok(body)
}

/// Sets options of a bridge's port, as `bridge link set dev NAME ...`.
pub(crate) fn set_port(ns: &Namespace, index: u32, port: &Port) -> Result<()> {
    let (mut body, mut data) = (Attributes::new(), Attributes::new());
    kind::write(port, &mut data);
    kind::put_info(&mut body, [ifla::INFO_SLAVE_KIND, ifla::INFO_SLAVE_DATA], "bridge", data);
    let request = End::default().message(index, &body)?;
    ns.unsettle_link(index);
    ns.rtnl(RTM_NEWLINK, 0, &request, |_| Ok(())).map_err(|e| match e.raw() {
        Some(Errno::EOPNOTSUPP | Errno::EINVAL) => {
            let name = find::name(ns, index).ok().flatten().unwrap_or_default();
            let master = super::read::by_index(ns, index).ok().flatten().and_then(|l| l.master_index);
            match master {
                None => e.hint(format!("{name} is no port of a bridge; set its master first")),
                Some(_) => e,
            }
        }
        Some(Errno::EBUSY | Errno::ENETDOWN) => {
            e.hint("the state can be set by hand only while the port is up and the bridge's STP is off")
        }
        _ => e,
    })
}

fn altnames(ns: &Namespace, index: u32, names: &[String], message: u16) -> Result<()> {
    let (mut body, mut list) = (Attributes::new(), Attributes::new());
    for name in names {
        list.put_str(ifla::ALT_IFNAME, name);
    }
    body.nest(ifla::PROP_LIST, list);
    let request = End::default().message(index, &body)?;
    let flags = netlink_packet_core::NLM_F_CREATE
        | netlink_packet_core::NLM_F_EXCL
        | netlink_packet_core::NLM_F_APPEND;
    ns.rtnl(message, if message == RTM_NEWLINKPROP { flags } else { 0 }, &request, |_| Ok(()))
        .map_err(|e| e.detail(format!("alternative name {}", names.join(", "))))
}

/// Deletes a link, with a veth's other end, as `ip link del NAME`. Waits for the kernel's RCU: 20 ms.
pub fn del(ns: &Namespace, name: &str) -> Result<()> {
    let index = find::require_index(ns, name)?;
    del_index(ns, index).map_err(|e| match e.raw() {
        Some(Errno::EOPNOTSUPP) if name == "lo" => e.hint("lo belongs to its namespace, and goes with it"),
        Some(Errno::EOPNOTSUPP) => e.hint("a link of hardware can't be deleted; move or unbind it"),
        _ => e,
    })?;
    ns.report(Done::LinkDeleted(name));
    Ok(())
}

pub(crate) fn del_index(ns: &Namespace, index: u32) -> Result<()> {
    ns.unsettle();
    ns.rtnl(RTM_DELLINK, 0, &ifinfomsg(0, index, 0, 0), |_| Ok(()))
}

fn explain(ns: &Namespace, name: &str, change: &Change, e: Error) -> Error {
    let end = &change.end;
    match e.raw() {
        Some(Errno::EINVAL) if end.ns.is_some() && name == "lo" => {
            e.hint("lo can't be moved: each namespace has its own")
        }
        Some(Errno::EINVAL) if says(&e, "immutable") => {
            e.hint("this kind of link stays in the namespace it was made in")
        }
        Some(Errno::EEXIST) if end.name.is_some() || end.ns.is_some() => {
            let place = end.ns.as_deref().unwrap_or(ns);
            let taken = end.name.as_deref().unwrap_or(name);
            e.hint(format!("{} has a link named {taken:?} already", place.name()))
        }
        Some(Errno::EBUSY) if end.name.is_some() => e.hint("this kernel renames only links that are down"),
        Some(Errno::EOPNOTSUPP) if !change.options.is_empty() => match super::read::get_plain(ns, name) {
            Ok(Some(link)) if link.details.names() != change.options.names() => {
                e.hint(format!("{name} is not a {}", change.options.names().join(" or ")))
            }
            _ => change.options.explain(e),
        },
        Some(Errno::EOPNOTSUPP) if end.common.carrier.is_some() => {
            e.hint(format!("{name}'s carrier follows its cable and can't be set; take its peer down instead"))
        }
        Some(Errno::EADDRNOTAVAIL) => e.hint("a link's hardware address must be neither zero nor a group's"),
        Some(Errno::EPERM) if end.master().is_some_and(|master| is_bond(ns, master)) => e.hint(BOND_PORTS),
        Some(Errno::EPERM) if change.options.names() == ["bond"] => change.options.explain(e),
        Some(Errno::EPERM) => e.hint("changing links takes CAP_NET_ADMIN in the namespace"),
        _ => explain_master(ns, end.master(), change.options.explain(e)),
    }
}

pub(super) const BOND_PORTS: &str = "a link must be down to become a port of a bond, which then sets it up";

pub(super) fn is_bond(ns: &Namespace, name: &str) -> bool {
    matches!(super::read::get_plain(ns, name), Ok(Some(link)) if link.kind.as_deref() == Some("bond"))
}

/// Adds why a link can't become a port of `master`.
pub(super) fn explain_master(ns: &Namespace, master: Option<&str>, e: Error) -> Error {
    let Some(master) = master else { return e };
    match e.raw() {
        Some(Errno::EXFULL | Errno::ENOSPC) => {
            e.hint(format!("a bridge has at most 1023 ports, and {master} has them"))
        }
        Some(Errno::ELOOP) => e.hint("a bridge can't be a port of a bridge; connect them by a veth pair"),
        Some(Errno::EOPNOTSUPP) => match super::read::get_plain(ns, master) {
            Ok(Some(link)) if !matches!(link.kind.as_deref(), Some("bridge" | "vrf" | "bond" | "team")) => {
                e.hint(format!("{master} has no ports; a bridge, vrf or bond has"))
            }
            _ => e,
        },
        _ => e,
    }
}
