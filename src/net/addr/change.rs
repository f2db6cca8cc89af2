//! Adding and deleting addresses.

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::IpNetwork;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::read::{Filter, list};
use super::{RTM_DELADDR, RTM_NEWADDR, ifa, ifaddrmsg};
use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::Attributes;
use crate::net::echo;
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::{Family, octets};
use crate::net::usable;

/// How long an address is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Forever,
    /// Whole seconds.
    Seconds(u32),
}

impl Lifetime {
    /// INFINITY_LIFE_TIME of the kernel.
    const FOREVER: u32 = u32::MAX;

    fn number(self) -> u32 {
        match self {
            Lifetime::Forever => Self::FOREVER,
            Lifetime::Seconds(seconds) => seconds,
        }
    }

    pub(super) fn of(number: u32) -> Self {
        if number == Self::FOREVER { Lifetime::Forever } else { Lifetime::Seconds(number) }
    }
}

/// What goes with a new address.
#[derive(Clone, Debug, Default)]
pub struct AddrSpec {
    /// The address of the other end of a point-to-point link; the prefix length is then its.
    pub peer: Option<IpNetwork>,
    pub broadcast: Option<Ipv4Addr>,
    /// RT_SCOPE_*; `host` for 127.0.0.0/8 and `global` for all else unless given. IPv6 derives it itself.
    pub scope: Option<u8>,
    /// IPv4 only: begins with the link's name.
    pub label: Option<String>,
    /// Run duplicate address detection, which keeps an IPv6 address unusable for 1 to 2 s.
    pub dad: bool,
    pub optimistic: bool,
    pub home: bool,
    pub mngtmpaddr: bool,
    pub noprefixroute: bool,
    pub autojoin: bool,
    pub valid_lft: Option<Lifetime>,
    pub preferred_lft: Option<Lifetime>,
    /// The metric of the connected route.
    pub metric: Option<u32>,
    /// IFAPROT_*, a number.
    pub proto: Option<u8>,
}

/// Adds an address to the link `dev`, as `ip addr add ADDRESS/LEN dev DEV` (with `nodad` unless asked otherwise).
/// Raises `exists` if the link has it.
pub fn add(ns: &Namespace, address: IpNetwork, dev: &str, spec: &AddrSpec) -> Result<()> {
    let index = find::require_index(ns, dev)?;
    send(ns, index, address, spec, NLM_F_CREATE | NLM_F_EXCL)
        .map_err(|e| explain(ns, address, dev, spec, e))?;
    ns.echo(|| [echo::addr_add(ns, "add", address, dev, spec)]);
    delivered(ns, index, address, spec)
}

/// Adds an address, or changes its lifetimes, flags and metric if the link has it, as `ip addr replace`.
pub fn replace(ns: &Namespace, address: IpNetwork, dev: &str, spec: &AddrSpec) -> Result<()> {
    let index = find::require_index(ns, dev)?;
    send(ns, index, address, spec, NLM_F_CREATE | NLM_F_REPLACE)
        .map_err(|e| explain(ns, address, dev, spec, e))?;
    ns.echo(|| [echo::addr_add(ns, "replace", address, dev, spec)]);
    delivered(ns, index, address, spec)
}

/// Waits until packets to the new address are delivered, unless that awaits duplicate address detection.
fn delivered(ns: &Namespace, index: u32, address: IpNetwork, spec: &AddrSpec) -> Result<()> {
    if spec.dad && !spec.optimistic {
        return Ok(());
    }
    usable::wait_on(ns, index, [address.ip()])
}

/// Adds an address with all defaults to the link with this index.
pub(crate) fn add_plain(ns: &Namespace, index: u32, address: IpNetwork) -> Result<()> {
    let spec = AddrSpec::default();
    send(ns, index, address, &spec, NLM_F_CREATE | NLM_F_EXCL).map_err(|e| explain(ns, address, "", &spec, e))
}

fn send(ns: &Namespace, index: u32, address: IpNetwork, spec: &AddrSpec, flags: u16) -> Result<()> {
    let request = request(index, address, spec)?;
    if address.is_ipv6() {
        // Its neighbours can resolve it a moment later.
        ns.unsettle();
    }
    ns.rtnl(RTM_NEWADDR, flags, &request, |_| Ok(()))
}

fn request(index: u32, address: IpNetwork, spec: &AddrSpec) -> Result<Vec<u8>> {
    let family = Family::of(address.ip());
    if spec.peer.is_some_and(|p| p.is_ipv4() != address.is_ipv4()) {
        return Err(Error::argument("an address and its peer must be of one family"));
    }
    if family == Family::Inet6 && (spec.broadcast.is_some() || spec.label.is_some()) {
        return Err(Error::argument("only IPv4 addresses have a broadcast address or a label"));
    }
    let prefix = spec.peer.unwrap_or(address);
    let mut body = Attributes::new();
    body.put(ifa::LOCAL, &octets(address.ip()));
    body.put(ifa::ADDRESS, &octets(prefix.ip()));
    if let Some(broadcast) = spec.broadcast {
        body.put(ifa::BROADCAST, &broadcast.octets());
    }
    if let Some(label) = &spec.label {
        if label.len() > find::NAME_BYTES {
            return Err(Error::argument(format!(
                "a label has at most 15 bytes, {label:?} has {}",
                label.len()
            )));
        }
        body.put_str(ifa::LABEL, label);
    }
    let flags = flags(family, spec);
    if flags != 0 {
        body.put_u32(ifa::FLAGS, flags);
    }
    if spec.valid_lft.is_some() || spec.preferred_lft.is_some() {
        let valid = spec.valid_lft.unwrap_or(Lifetime::Forever).number();
        // No longer preferred than valid.
        let preferred = spec.preferred_lft.map_or(valid, Lifetime::number);
        if preferred > valid {
            return Err(Error::argument("preferred_lft must not be longer than valid_lft"));
        }
        if valid == 0 {
            return Err(Error::argument("valid_lft must be more than 0 seconds"));
        }
        // struct ifa_cacheinfo: preferred, valid, created, updated.
        let info = [preferred, valid, 0, 0].map(u32::to_ne_bytes).concat();
        body.put(ifa::CACHEINFO, &info);
    }
    if let Some(metric) = spec.metric {
        body.put_u32(ifa::RT_PRIORITY, metric);
    }
    if let Some(proto) = spec.proto {
        body.put(ifa::PROTO, &[proto]);
    }
    const SCOPE_HOST: u8 = 254;
    let scope = spec.scope.unwrap_or(match address.ip() {
        IpAddr::V4(a) if a.is_loopback() => SCOPE_HOST,
        _ => 0,
    });
    let mut request = ifaddrmsg(family.number(), prefix.prefix(), scope, index);
    request.extend_from_slice(body.bytes()?);
    Ok(request)
}

fn flags(family: Family, spec: &AddrSpec) -> u32 {
    let all = [
        (family == Family::Inet6 && !spec.dad && !spec.optimistic, 0x02),
        (spec.optimistic, 0x04),
        (spec.home, 0x10),
        (spec.mngtmpaddr, 0x100),
        (spec.noprefixroute, 0x200),
        (spec.autojoin, 0x400),
    ];
    all.iter().filter(|(on, _)| *on).fold(0, |flags, (_, bit)| flags | bit)
}

/// Takes an address from a link, as `ip addr del ADDRESS/LEN dev DEV`; without `dev`, from the one link that has
/// it. Raises `not_found` if none has.
pub fn del(ns: &Namespace, address: IpNetwork, dev: Option<&str>) -> Result<()> {
    let index = match dev {
        Some(dev) => find::require_index(ns, dev)?,
        None => only_owner(ns, address)?,
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
    let name = || find::name(ns, index).ok().flatten().unwrap_or_default();
    ns.echo(|| [echo::addr_del(ns, address, peer, &name())]);
    Ok(())
}

fn peer_of(ns: &Namespace, address: IpNetwork, index: u32) -> Result<Option<IpAddr>> {
    let mut all = list(ns, &Filter::default())?.into_iter();
    let found = all.find(|a| a.index == index && a.local == address.ip() && a.length == address.prefix());
    Ok(found.and_then(|a| a.peer))
}

/// Takes an address without a peer from the link with this index.
pub(crate) fn del_plain(ns: &Namespace, index: u32, address: IpNetwork) -> Result<()> {
    del_from(ns, address, None, index)
}

/// Without IFA_ADDRESS the kernel would take an IPv4 address of any prefix length.
fn del_from(ns: &Namespace, address: IpNetwork, peer: Option<IpAddr>, index: u32) -> Result<()> {
    let mut body = Attributes::new();
    body.put(ifa::LOCAL, &octets(address.ip()));
    body.put(ifa::ADDRESS, &octets(peer.unwrap_or(address.ip())));
    let mut request = ifaddrmsg(Family::of(address.ip()).number(), address.prefix(), 0, index);
    request.extend_from_slice(body.bytes()?);
    ns.rtnl(RTM_DELADDR, 0, &request, |_| Ok(()))
}

fn only_owner(ns: &Namespace, address: IpNetwork) -> Result<u32> {
    let mut owners = list(ns, &Filter::default())?;
    owners.retain(|a| a.local == address.ip() && a.length == address.prefix());
    match &owners[..] {
        [one] => Ok(one.index),
        [] => Err(Error::new(Kind::NotFound, format!("no link has the address {address}"))),
        several => {
            let devs: Vec<&str> = several.iter().map(|a| a.dev.as_str()).collect();
            Err(Error::argument(format!("{} have the address {address}: give dev", devs.join(" and "))))
        }
    }
}

fn none_such(ns: &Namespace, address: IpNetwork, dev: Option<&str>, e: Error) -> Error {
    let dev = dev.unwrap_or_default();
    let family = Some(Family::of(address.ip()));
    let filter = Filter { dev: Some(dev.to_owned()), family, ..Filter::default() };
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

/// Takes away all addresses that the filter lets through, as `ip addr flush`; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Filter) -> Result<usize> {
    let addresses = list(ns, filter)?;
    for address in &addresses {
        let prefix = address.prefix();
        match del_from(ns, prefix, address.peer, address.index) {
            // It went with its primary address.
            Err(e) if e.raw() == Some(Errno::EADDRNOTAVAIL) => {}
            result => result.map_err(|e| e.detail(format!("deleting {prefix} from {}", address.dev)))?,
        }
    }
    ns.echo(|| echo::addr_flush(ns, filter, &addresses));
    Ok(addresses.len())
}

fn explain(ns: &Namespace, address: IpNetwork, dev: &str, spec: &AddrSpec, e: Error) -> Error {
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
    matches!(crate::net::link::get_plain(ns, dev), Ok(Some(link)) if link.mtu < IPV6_MIN_MTU)
}
