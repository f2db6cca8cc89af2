//! Adding and deleting addresses.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::read::list;
use super::wire::{self, ifaddrmsg};
use super::{Addr, Peer, RTM_DELADDR, RTM_NEWADDR};
use crate::base::error::{Error, Kind, Result};
use crate::model::Table;
use crate::net::attributes::Attributes;
use crate::net::done::{Done, Verb};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::usable;

/// Adds an address to the link `dev` of `spec`, as `ip addr add ADDRESS/LEN dev DEV` (with `nodad` unless asked otherwise).
/// Raises `exists` if the link has it.
pub fn add(ns: &Namespace, address: IpNetwork, spec: &Addr) -> Result<()> {
    let index = find::require_index(ns, spec.dev())?;
    send(ns, index, address, spec, NLM_F_CREATE | NLM_F_EXCL).map_err(|e| explain(ns, address, spec, e))?;
    ns.report(Done::Addr(Verb::Add, address, spec));
    delivered(ns, index, address, spec)
}

/// Adds an address, or changes its lifetimes, flags and metric if the link has it, as `ip addr replace`.
pub fn replace(ns: &Namespace, address: IpNetwork, spec: &Addr) -> Result<()> {
    let index = find::require_index(ns, spec.dev())?;
    send(ns, index, address, spec, NLM_F_CREATE | NLM_F_REPLACE)
        .map_err(|e| explain(ns, address, spec, e))?;
    ns.report(Done::Addr(Verb::Replace, address, spec));
    delivered(ns, index, address, spec)
}

/// Waits until packets to the new address are delivered, unless that awaits duplicate address detection.
fn delivered(ns: &Namespace, index: u32, address: IpNetwork, spec: &Addr) -> Result<()> {
    if (spec.dad == Some(true) && spec.optimistic != Some(true)) || ns.waits_later() {
        return Ok(());
    }
    usable::wait_on(ns, index, [address.ip()])
}

/// Adds an address with all defaults to the link with this index.
pub(crate) fn add_plain(ns: &Namespace, index: u32, address: IpNetwork) -> Result<()> {
    let spec = Addr::default();
    send(ns, index, address, &spec, NLM_F_CREATE | NLM_F_EXCL).map_err(|e| explain(ns, address, &spec, e))
}

fn send(ns: &Namespace, index: u32, address: IpNetwork, spec: &Addr, flags: u16) -> Result<()> {
    spec.check(address)?;
    let request = wire::encode(index, address, spec)?;
    if address.is_ipv6() {
        // Its neighbours can resolve it a moment later.
        ns.unsettle();
    }
    ns.rtnl(RTM_NEWADDR, flags, &request, |_| Ok(()))
}

/// Takes an address from a link, as `ip addr del ADDRESS/LEN dev DEV`; without `dev`, from the one link that has
/// it. Raises `not_found` if none has.
pub fn del(ns: &Namespace, address: IpNetwork, dev: Option<&str>) -> Result<()> {
    let (index, name) = match dev {
        Some(dev) => (find::require_index(ns, dev)?, dev.to_owned()),
        None => only_owner(ns, address).map(|owner| (owner.index(), owner.dev().to_owned()))?,
    };
    let deleted = match del_from(ns, address, None, index) {
        // It may be there with a peer, which must then be told.
        Err(e) if e.raw() == Some(Errno::EADDRNOTAVAIL) => match peer_of(ns, address, index)? {
            Some(peer) => del_from(ns, address, Some(peer), index).map(|()| Some(peer)),
            None => Err(e),
        },
        result => result.map(|()| None),
    };
    let peer = deleted.map_err(|e| match e.raw() {
        Some(Errno::EADDRNOTAVAIL) => none_such(ns, address, dev, e),
        _ => e,
    })?;
    ns.report(Done::Addr(
        Verb::Del,
        address,
        &Addr { peer: peer.map(|ip| Peer(ip.into())), ..Addr::on(&name) },
    ));
    Ok(())
}

fn peer_of(ns: &Namespace, address: IpNetwork, index: u32) -> Result<Option<IpAddr>> {
    let mut all = list(ns, &Addr::default())?.into_iter();
    let found = all.find(|a| a.index() == index && a.prefix() == address);
    Ok(found.and_then(|a| a.peer).map(|peer| peer.0.ip()))
}

/// Takes an address without a peer from the link with this index.
pub(crate) fn del_plain(ns: &Namespace, index: u32, address: IpNetwork) -> Result<()> {
    del_from(ns, address, None, index)
}

/// Without IFA_ADDRESS the kernel would take an IPv4 address of any prefix length.
fn del_from(ns: &Namespace, address: IpNetwork, peer: Option<IpAddr>, index: u32) -> Result<()> {
    let peer = Peer(peer.unwrap_or(address.ip()).into());
    let key = Addr { local: Some(address.ip()), peer: Some(peer), ..Addr::default() };
    let mut body = Attributes::new();
    Table::encode(&key, &mut |number, bytes| body.put(number, bytes));
    let mut request = ifaddrmsg(Family::of(address.ip()).number(), address.prefix(), 0, index);
    request.extend_from_slice(body.bytes()?);
    ns.rtnl(RTM_DELADDR, 0, &request, |_| Ok(()))
}

fn only_owner(ns: &Namespace, address: IpNetwork) -> Result<Addr> {
    let mut owners = list(ns, &Addr::default())?;
    owners.retain(|a| a.prefix() == address);
    match &owners[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(Kind::NotFound, format!("no link has the address {address}"))),
        several => {
            let devs: Vec<&str> = several.iter().map(Addr::dev).collect();
            Err(Error::argument(format!("{} have the address {address}: give dev", devs.join(" and "))))
        }
    }
}

fn none_such(ns: &Namespace, address: IpNetwork, dev: Option<&str>, e: Error) -> Error {
    let dev = dev.unwrap_or_default();
    let filter = Addr { family: Some(Family::of(address.ip())), ..Addr::on(dev) };
    let has: Vec<String> =
        list(ns, &filter).unwrap_or_default().iter().map(|a| a.prefix().to_string()).collect();
    let with_length = has.iter().find(|a| a.split('/').next() == Some(address.ip().to_string().as_str()));
    let hint = match (with_length, has.is_empty()) {
        (Some(near), _) => format!("did you mean {near:?}?"),
        (None, true) => format!("{dev} has no addresses of this family"),
        (None, false) => format!("{dev} has {}", has.join(", ")),
    };
    e.with_kind(Kind::NotFound).hint(hint)
}

/// Takes away all addresses that have all that is given, as `ip addr flush`; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Addr) -> Result<usize> {
    let addresses = list(ns, filter)?;
    for address in &addresses {
        let prefix = address.prefix();
        match del_from(ns, prefix, address.peer.map(|peer| peer.0.ip()), address.index()) {
            // It went with its primary address.
            Err(e) if e.raw() == Some(Errno::EADDRNOTAVAIL) => {}
            result => result.map_err(|e| e.detail(format!("deleting {prefix} from {}", address.dev())))?,
        }
    }
    ns.report(Done::AddrsFlushed(filter, &addresses));
    Ok(addresses.len())
}

fn explain(ns: &Namespace, address: IpNetwork, spec: &Addr, e: Error) -> Error {
    let dev = spec.dev();
    match e.raw() {
        Some(Errno::EEXIST) => e.hint("the link has this address already; addr.replace changes its options"),
        Some(Errno::EACCES | Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT) if address.is_ipv6() => {
            let key = if dev.is_empty() { "all" } else { dev };
            e.hint(format!(
                "IPv6 is switched off in {}: see sysctl net/ipv6/conf/{key}/disable_ipv6",
                ns.name()
            ))
        }
        Some(Errno::EINVAL | Errno::ENODEV) if address.is_ipv6() && small_mtu(ns, dev) => {
            e.hint("IPv6 needs an MTU of at least 1280")
        }
        Some(Errno::EINVAL) if spec.scope.is_some() && address.is_ipv4() => {
            e.hint("the addresses of one subnet on a link have one scope")
        }
        Some(Errno::EINVAL) if address.ip().is_multicast() => {
            e.hint("a multicast address can't be a link's own")
        }
        Some(Errno::EINVAL) if spec.label.is_some() => e.hint("a label begins with the link's name"),
        Some(Errno::ENOBUFS) if spec.label.is_some() => e.hint("a label begins with the link's name"),
        Some(Errno::EADDRNOTAVAIL) => e.hint(format!("{} can't be a link's address", address.ip())),
        _ => e,
    }
}

fn small_mtu(ns: &Namespace, dev: &str) -> bool {
    const IPV6_MIN_MTU: u32 = 1280;
    matches!(crate::net::link::get_plain(ns, dev), Ok(Some(link)) if link.mtu() < IPV6_MIN_MTU)
}
