//! The socket by which a namespace is a router of multicast, and the kernel's requests over it.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::{Family, octets};

/// The table of a socket that chooses none: RT_TABLE_DEFAULT, and RT6_TABLE_DFLT, which is the main one.
pub fn table(family: Family) -> u32 {
    if family == Family::Inet { 253 } else { 254 }
}

// MRT_* of linux/mroute.h, and MRT6_* of linux/mroute6.h: the same numbers.
const INIT: libc::c_int = 200;
const ADD_VIF: libc::c_int = 202;
const ADD_MFC: libc::c_int = 204;
const DEL_MFC: libc::c_int = 205;
/// MAXVIFS and MAXMIFS.
const MOST: usize = 32;

/// The sockets of one namespace. They stay open as long as the namespace is to be a router: the kernel forgets the routes with
/// the socket that made them.
#[derive(Default)]
pub struct Routers {
    four: RefCell<Option<OwnedFd>>,
    six: RefCell<Option<OwnedFd>>,
}

impl Routers {
    fn slot(&self, family: Family) -> &RefCell<Option<OwnedFd>> {
        if family == Family::Inet { &self.four } else { &self.six }
    }

    pub fn close(&self) {
        self.four.take();
        self.six.take();
    }
}

fn level(family: Family) -> libc::c_int {
    if family == Family::Inet { libc::IPPROTO_IP } else { libc::IPPROTO_IPV6 }
}

fn set(fd: &OwnedFd, family: Family, option: libc::c_int, value: &[u8]) -> std::result::Result<(), Errno> {
    let length = value.len() as libc::socklen_t;
    // SAFETY: the descriptor is open, and the value is as long as is said.
    let done =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level(family), option, value.as_ptr().cast(), length) };
    Errno::result(done).map(drop)
}

/// Becomes the namespace's router of multicast, unless it is that. Where another program is it, routes are put beside its own.
pub fn open(ns: &Namespace, family: Family) -> Result<()> {
    if ns.mroute().slot(family).borrow().is_some() {
        return Ok(());
    }
    let (domain, protocol) = match family {
        Family::Inet => (libc::AF_INET, libc::IPPROTO_IGMP),
        Family::Inet6 => (libc::AF_INET6, libc::IPPROTO_ICMPV6),
    };
    let fd = ns.within(|| {
        // SAFETY: socket has no preconditions.
        let fd =
            Errno::result(unsafe { libc::socket(domain, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) })?;
        // SAFETY: the kernel has just opened it, and nobody else has it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    })?;
    match set(&fd, family, INIT, &1_i32.to_ne_bytes()) {
        Ok(()) | Err(Errno::EADDRINUSE) => {}
        Err(e) => return Err(refused(e, family)),
    }
    ns.mroute().slot(family).replace(Some(fd));
    Ok(())
}

fn refused(errno: Errno, family: Family) -> Error {
    let option = if family == Family::Inet { "CONFIG_IP_MROUTE" } else { "CONFIG_IPV6_MROUTE" };
    match errno {
        Errno::ENOPROTOOPT | Errno::EOPNOTSUPP => Error::errno(errno)
            .with_kind(Kind::Unsupported)
            .detail(format!("the kernel lacks routing of multicast ({option})"))
            .hint("see `nsh doctor`"),
        _ => Error::from(errno),
    }
}

fn request(ns: &Namespace, family: Family, option: libc::c_int, value: &[u8]) -> Result<()> {
    open(ns, family)?;
    match &*ns.mroute().slot(family).borrow() {
        Some(fd) => set(fd, family, option, value).map_err(|e| refused(e, family)),
        None => Ok(()),
    }
}

/// The links that take part, each with its number: of /proc/net/ip_mr_vif and ip6_mr_vif.
fn numbers(ns: &Namespace, family: Family) -> Result<Vec<(usize, String)>> {
    let name = if family == Family::Inet { "ip_mr_vif" } else { "ip6_mr_vif" };
    let path = format!("/proc/thread-self/net/{name}");
    let text = ns.within(|| {
        std::fs::read_to_string(&path).map_err(|e| Error::from(e).detail(format!("reading {path}")))
    })?;
    Ok(text.lines().skip(1).filter_map(number).collect())
}

/// `0 eth0  0  0  0  0 00008 ...`
fn number(line: &str) -> Option<(usize, String)> {
    let mut words = line.split_whitespace();
    let number = words.next()?.parse().ok().filter(|number| *number < MOST)?;
    Some((number, words.next()?.to_owned()))
}

/// The number of a link, which takes part from now on.
fn number_of(ns: &Namespace, family: Family, name: &str) -> Result<u16> {
    let index = find::require_index(ns, name)?;
    let there = numbers(ns, family)?;
    if let Some((number, _)) = there.iter().find(|(_, link)| link == name) {
        return Ok(*number as u16);
    }
    let free = (0..MOST).find(|number| there.iter().all(|(taken, _)| taken != number));
    let Some(number) = free.map(|number| number as u16) else {
        return Err(Error::new(Kind::Limit, format!("at most {MOST} links of a namespace route multicast")));
    };
    let value = match family {
        // struct vifctl: number, flags, the least TTL, a rate of old, the link's index, the end of a tunnel.
        Family::Inet => {
            const USE_IFINDEX: u8 = 8;
            let flags = [USE_IFINDEX, 1];
            [number.to_ne_bytes().as_slice(), &flags, &[0; 4], &index.to_ne_bytes(), &[0; 4]].concat()
        }
        // struct mif6ctl: number, flags, the least hop limit, the link's index, padding, a rate of old.
        Family::Inet6 => {
            let index = u16::try_from(index).map_err(|_| {
                Error::new(
                    Kind::Limit,
                    format!("the index of {name}, {index}, is too large for the kernel's request"),
                )
            })?;
            [number.to_ne_bytes().as_slice(), &[0, 1], &index.to_ne_bytes(), &[0; 6]].concat()
        }
    };
    request(ns, family, ADD_VIF, &value).map_err(|e| match e.raw() {
        Some(Errno::EADDRNOTAVAIL) => e.on(name).hint("the link has no IP"),
        _ => e.on(name),
    })?;
    Ok(number)
}

/// The sender and the group as the kernel's requests have them: bare addresses, or `struct sockaddr_in6`.
fn ends(family: Family, group: Option<IpAddr>, from: Option<IpAddr>) -> Vec<u8> {
    let any = match family {
        Family::Inet => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::Inet6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let bytes = |address: Option<IpAddr>| {
        let address = octets(address.unwrap_or(any));
        match family {
            Family::Inet => address,
            Family::Inet6 => {
                let head = (libc::AF_INET6 as u16).to_ne_bytes();
                [head.as_slice(), &[0; 6], &address, &[0; 4]].concat()
            }
        }
    };
    [bytes(from), bytes(group)].concat()
}

/// `struct mfcctl` or `struct mf6cctl`: both ends, the number of the link on which packets come, and those of the others: a least
/// TTL for each, or a bit.
fn cached(family: Family, ends: Vec<u8>, iif: u16, oifs: &[u16]) -> Vec<u8> {
    let mut out = ends;
    out.extend(iif.to_ne_bytes());
    match family {
        Family::Inet => {
            // 0 and 255 are links by which nothing goes.
            let ttls: Vec<u8> = (0..MOST as u16).map(|number| u8::from(oifs.contains(&number))).collect();
            out.extend(ttls);
            out.extend([0; 2 + 4 * 4]);
        }
        Family::Inet6 => {
            let bits = oifs.iter().fold(0_u32, |bits, number| bits | 1 << number);
            out.extend([0; 2]);
            out.extend(bits.to_ne_bytes());
            out.extend([0; 7 * 4]);
        }
    }
    out
}

pub fn add(
    ns: &Namespace,
    family: Family,
    group: Option<IpAddr>,
    from: Option<IpAddr>,
    iif: &str,
    oifs: &[String],
) -> Result<()> {
    open(ns, family)?;
    let iif = number_of(ns, family, iif)?;
    let oifs: Result<Vec<u16>> = oifs.iter().map(|name| number_of(ns, family, name)).collect();
    let mut oifs = oifs?;
    if from.is_none() {
        // The kernel looks there whether the link on which a packet comes takes part.
        oifs.push(iif);
    }
    request(ns, family, ADD_MFC, &cached(family, ends(family, group, from), iif, &oifs))
}

pub fn del(ns: &Namespace, family: Family, group: Option<IpAddr>, from: Option<IpAddr>) -> Result<()> {
    request(ns, family, DEL_MFC, &cached(family, ends(family, group, from), 0, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_long_as_the_kernels_structures() {
        let (group, from) = ("239.1.1.1".parse().ok(), "10.0.0.1".parse().ok());
        let four = cached(Family::Inet, ends(Family::Inet, group, from), 1, &[2, 31]);
        assert_eq!(four.len(), 60);
        assert_eq!(four[..10], [10, 0, 0, 1, 239, 1, 1, 1, 1, 0]);
        assert_eq!((four[10 + 2], four[10 + 31], four[10]), (1, 1, 0));
        let six = cached(Family::Inet6, ends(Family::Inet6, "ff05::1".parse().ok(), None), 1, &[2, 31]);
        assert_eq!(six.len(), 92);
        assert_eq!(six[60..64], (1_u32 << 31 | 4).to_ne_bytes());
    }

    #[test]
    fn numbers_of_links() {
        assert_eq!(
            number(" 3 a-longer-name12       0       0         0       0 00008"),
            Some((3, "a-longer-name12".into()))
        );
        assert_eq!(number("99 eth0"), None);
        assert_eq!(number(""), None);
    }
}
