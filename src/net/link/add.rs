//! Making links: one request for the link, its peer, master and state, wherever the kernel allows it.

use ipnetwork::IpNetwork;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::errno::Errno;
use std::os::fd::AsRawFd;

use super::spec::{Flags, LinkSpec, PeerSpec};
use super::{KINDS, Lower, Port, RTM_NEWLINK, change, find, ifinfomsg, ifla};
use crate::base::error::{Error, Result};
use crate::net::addr;
use crate::net::attributes::Attributes;
use crate::net::done::Done;
use crate::net::names::similar;
use crate::net::namespace::Namespace;
use crate::net::usable;

/// VETH_INFO_PEER, and IFLA_NETKIT_PEER_INFO and VXCAN_INFO_PEER, which have the same number.
const INFO_PEER: u16 = 1;

/// Makes a link (both ends of a veth pair, each in its namespace), as
/// `ip link add NAME type KIND ... && ip link set NAME up && ip addr add ...`; returns its index.
///
/// If a later step fails (an address, the peer's state), the link is removed again.
///
/// Raises `exists` for a taken name, `not_found` for an unknown master or lower link, `unsupported` for a kind that
/// this kernel lacks.
pub fn add(ns: &Namespace, name: &str, spec: &LinkSpec) -> Result<u32> {
    spec.check(name)?;
    let named = name_peer(ns, name, spec)?;
    let spec = named.as_ref().unwrap_or(spec);
    let request = request(ns, name, spec)?;
    ns.rtnl(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &request, |_| Ok(()))
        .map_err(|e| explain(ns, name, spec, e))?;
    ns.unsettle();
    let index = find::require_index(ns, name)?;
    let finished = finish(ns, index, spec);
    let finished = finished.and_then(|()| usable::wait_on(ns, index, spec.addrs.iter().map(IpNetwork::ip)));
    finished.inspect_err(|_| {
        // The error that made us give up matters more than one of tidying up.
        let _ = change::del_index(ns, index);
    })?;
    ns.report(Done::LinkAdded(name, spec));
    Ok(index)
}

/// The spec with a name for the peer, where none was given. The kernel would take the first free `vethN` before it
/// looks at the near end's name, which may be just that one.
fn name_peer(ns: &Namespace, name: &str, spec: &LinkSpec) -> Result<Option<LinkSpec>> {
    let stem = match spec.kind.as_str() {
        kind @ ("veth" | "vxcan") => kind,
        "netkit" => "nk",
        _ => return Ok(None),
    };
    let mut peer = spec.peer.clone().unwrap_or_default();
    if peer.name.is_some() {
        return Ok(None);
    }
    let far = peer.ns.clone();
    let far = far.as_deref().unwrap_or(ns);
    for n in 0.. {
        let free = format!("{stem}{n}");
        if (free != name || far.inode() != ns.inode()) && find::index(far, &free)?.is_none() {
            peer.name = Some(free);
            break;
        }
    }
    Ok(Some(LinkSpec { peer: Some(peer), ..spec.clone() }))
}

fn request(ns: &Namespace, name: &str, spec: &LinkSpec) -> Result<Vec<u8>> {
    let flags = Flags::of(spec.up.then_some(true), spec.promisc, spec.arp, spec.multicast, spec.allmulticast);
    let mut body = Attributes::new();
    body.put_str(ifla::IFNAME, name);
    common(&mut body, spec.mac, spec.mtu, spec.txqlen, spec.group, spec.queues);
    if let Some(master) = &spec.master {
        let index = find::require_index(ns, master).map_err(|e| e.detail("master"))?;
        body.put_u32(ifla::MASTER, index);
    }
    let details = spec.details();
    let mut data = Attributes::new();
    details.write(&mut data);
    if let Some(peer) = &spec.peer {
        data.put(INFO_PEER, &peer_message(peer)?);
    }
    if let Some(lower) = &spec.link {
        let index = find::require_index(ns, lower).map_err(|e| e.detail("link"))?;
        match details.lower() {
            Lower::Attribute(number) => data.put_u32(number, index),
            _ => body.put_u32(ifla::LINK, index),
        }
    }
    let mut info = Attributes::new();
    info.put_str(ifla::INFO_KIND, &spec.kind);
    if !data.is_empty() {
        info.nest(ifla::INFO_DATA, data);
    }
    body.nest(ifla::LINKINFO, info);
    let mut request = ifinfomsg(0, spec.index.unwrap_or(0), flags.values, flags.mask);
    request.extend_from_slice(body.bytes()?);
    Ok(request)
}

fn common(
    body: &mut Attributes,
    mac: Option<[u8; 6]>,
    mtu: Option<u32>,
    txqlen: Option<u32>,
    group: Option<u32>,
    queues: Option<u32>,
) {
    if let Some(mac) = mac {
        body.put(ifla::ADDRESS, &mac);
    }
    let queues = Some(queues.unwrap_or(1));
    let numbers = [
        (ifla::MTU, mtu),
        (ifla::TXQLEN, txqlen),
        (ifla::GROUP, group),
        (ifla::NUM_TX_QUEUES, queues),
        (ifla::NUM_RX_QUEUES, queues),
    ];
    for (kind, value) in numbers {
        if let Some(value) = value {
            body.put_u32(kind, value);
        }
    }
}

/// The peer's own header and attributes. Its flags come later: IFF_UP in here fails with ENOTCONN, since its
/// other end isn't there yet.
fn peer_message(peer: &PeerSpec) -> Result<Vec<u8>> {
    let mut body = Attributes::new();
    if let Some(name) = &peer.name {
        body.put_str(ifla::IFNAME, name);
    }
    common(&mut body, peer.mac, peer.mtu, peer.txqlen, peer.group, peer.queues);
    if let Some(ns) = &peer.ns {
        body.put_u32(ifla::NET_NS_FD, ns.fd()?.as_raw_fd() as u32);
    }
    let mut message = ifinfomsg(0, peer.index.unwrap_or(0), 0, 0);
    message.extend_from_slice(body.bytes()?);
    Ok(message)
}

/// What the first request can't do: the alias, the port's options, the peer's state, and the addresses.
fn finish(ns: &Namespace, index: u32, spec: &LinkSpec) -> Result<()> {
    let none = Flags::default();
    second(ns, index, none, spec.alias.as_deref(), None, &spec.port)?;
    addresses(ns, index, &spec.addrs)?;
    let Some(peer) = &spec.peer else { return Ok(()) };
    let far = peer.ns.as_deref().unwrap_or(ns);
    let flags = Flags::of(peer.up.then_some(true), peer.promisc, peer.arp, peer.multicast, peer.allmulticast);
    far.unsettle();
    if flags.mask == 0
        && peer.alias.is_none()
        && peer.master.is_none()
        && peer.port == Port::default()
        && peer.addrs.is_empty()
    {
        return Ok(());
    }
    let Some(far_index) = peer.name.as_deref().map(|name| find::require_index(far, name)).transpose()? else {
        return Ok(());
    };
    let inside = |e: Error| e.detail("peer");
    second(far, far_index, flags, peer.alias.as_deref(), peer.master.as_deref(), &peer.port)
        .map_err(inside)?;
    addresses(far, far_index, &peer.addrs).map_err(inside)?;
    // Only now both ends carry packets.
    usable::wait_on(far, far_index, peer.addrs.iter().map(IpNetwork::ip))
}

fn second(
    ns: &Namespace,
    index: u32,
    flags: Flags,
    alias: Option<&str>,
    master: Option<&str>,
    port: &Port,
) -> Result<()> {
    if flags.mask == 0 && alias.is_none() && master.is_none() && *port == Port::default() {
        return Ok(());
    }
    let mut body = Attributes::new();
    if let Some(alias) = alias {
        body.put_text(ifla::IFALIAS, alias);
    }
    if let Some(master) = master {
        body.put_u32(ifla::MASTER, find::require_index(ns, master).map_err(|e| e.detail("master"))?);
    }
    let request = [ifinfomsg(0, index, flags.values, flags.mask).as_slice(), body.bytes()?].concat();
    if flags.mask != 0 || !body.is_empty() {
        ns.rtnl(RTM_NEWLINK, 0, &request, |_| Ok(())).map_err(|e| change::explain_master(ns, master, e))?;
    }
    if *port != Port::default() {
        change::set_port(ns, index, port)?;
    }
    Ok(())
}

fn addresses(ns: &Namespace, index: u32, addrs: &[IpNetwork]) -> Result<()> {
    for addr in addrs {
        addr::add_plain(ns, index, *addr).map_err(|e| e.detail(format!("adding the address {addr}")))?;
    }
    Ok(())
}

/// Adds what the kernel doesn't say: which name is taken, which kind is missing.
fn explain(ns: &Namespace, name: &str, spec: &LinkSpec, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EEXIST) => explain_taken(ns, name, spec, e),
        Some(Errno::EOPNOTSUPP) if says(&e, "Unknown device type") => match KINDS.contains(&spec.kind.as_str()) {
            true => e.hint(format!(
                "this kernel has no links of kind {0:?}, or can't load its module ({0}); `nsh doctor` lists what it has",
                spec.kind
            )),
            false => unknown_kind(&spec.kind),
        },
        Some(Errno::EADDRNOTAVAIL) => e.hint("a link's hardware address must be neither zero nor a group's"),
        Some(Errno::EBUSY) if spec.index.is_some() => e.hint("the index is taken, or the master is busy"),
        Some(Errno::EINVAL) if spec.link.is_none() && needs_lower(spec) => {
            e.hint(format!("a link of kind {:?} stands on another one: give link", spec.kind))
        }
        Some(Errno::EPERM) => {
            e.hint("making links takes CAP_NET_ADMIN in the namespace: run without --host, or as root")
        }
        _ => change::explain_master(ns, spec.master.as_deref(), spec.details().explain(e)),
    }
}

/// Neither this kernel nor, as far as we know, another one has it: a mistake, and not what a machine lacks.
fn unknown_kind(kind: &str) -> Error {
    let e = Error::argument(format!("no kind of link is named {kind:?}"));
    match similar(kind, KINDS.iter().copied()) {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None => e.hint(format!("the kinds are {}", KINDS.join(", "))),
    }
}

fn needs_lower(spec: &LinkSpec) -> bool {
    spec.kind == "macsec" || spec.details().lower() == Lower::Needed
}

fn explain_taken(ns: &Namespace, name: &str, spec: &LinkSpec, e: Error) -> Error {
    if let Some(why) = kept_alive(ns, name) {
        return e.hint(why);
    }
    if let Ok(Some(_)) = find::index(ns, name) {
        return e.hint(format!(
            "{} has a link named {name:?} already; link.set changes it, link.del removes it",
            ns.name()
        ));
    }
    if let Some(peer) = &spec.peer {
        let far = peer.ns.as_deref().unwrap_or(ns);
        if let Some(peer_name) = peer.name.as_deref().filter(|n| matches!(find::index(far, n), Ok(Some(_)))) {
            if let Some(why) = kept_alive(far, peer_name) {
                return e.detail("peer").hint(why);
            }
            return e.detail("peer").hint(format!("{} has a link named {peer_name:?} already", far.name()));
        }
        if peer.name.as_deref() == Some(name) && far.inode() == ns.inode() {
            return e.hint(format!("both ends can't be named {name:?} in one namespace"));
        }
    }
    match spec.index {
        Some(_) => e.hint("the index is taken"),
        None => spec.details().explain(e),
    }
}

/// Why a name is still taken: the link's other end is where a process keeps a deleted namespace.
fn kept_alive(ns: &Namespace, name: &str) -> Option<String> {
    let there = super::read::get_plain(ns, name).ok()??;
    let keeper = ns.keeper(there.link_netnsid?)?;
    Some(format!(
        "its other end is in the deleted namespace {:?}, which process {} ({}) keeps alive: end that process",
        keeper.namespace, keeper.pid, keeper.program
    ))
}

pub(super) fn says(e: &Error, text: &str) -> bool {
    e.fields().detail.as_deref().is_some_and(|d| d.contains(text))
}
