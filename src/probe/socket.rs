//! What the probes' sockets have in common: opening, options, sources, and what a refusal means.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, SockaddrStorage, sockopt};

use super::endpoint::Host;
use crate::base::error::{Error, Kind, Result};
pub use crate::io::{address_of, canonical};
use crate::net::addr;
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// Where packets are sent from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Address(IpAddr),
    /// The link that they must leave by, and that answers must come in by.
    Link(String),
}

impl Source {
    /// Reads an address, or else the name of a link, as `ping -I` does.
    pub fn parse(text: &str) -> Result<Self> {
        match Host::parse(text) {
            Ok(Host::Address(address, None)) => Ok(Source::Address(address)),
            Ok(Host::Address(_, Some(zone))) => Ok(Source::Link(zone)),
            _ if find::check_name(text).is_err() => {
                Err(Error::argument(format!("{text:?} is neither an address nor the name of a link")))
            }
            _ => Ok(Source::Link(text.to_owned())),
        }
    }
}

/// Options of a socket that sends.
#[derive(Clone, Debug, Default)]
pub struct SocketOptions {
    /// The source address or link.
    pub from: Option<Source>,
    /// The source port; 0 or none lets the kernel choose.
    pub port: Option<u16>,
    /// Time to live, or hop limit, 1 to 255.
    pub ttl: Option<u8>,
    /// The type of service byte, or traffic class.
    pub tos: Option<u8>,
    /// The mark that rules and filters see (`SO_MARK`).
    pub mark: Option<u32>,
    /// Whether to forbid (`true`) or allow (`false`) fragments (`IP_MTU_DISCOVER`).
    pub df: Option<bool>,
}

/// Opens a socket that doesn't block, in the calling thread's namespace.
pub fn open(family: Family, kind: SockType, protocol: Option<SockProtocol>) -> Result<OwnedFd> {
    let domain = match family {
        Family::Inet => AddressFamily::Inet,
        Family::Inet6 => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    nix::sys::socket::socket(domain, kind, flags, protocol).map_err(|e| match e {
        Errno::EAFNOSUPPORT if family == Family::Inet6 => {
            Error::from(e).hint("IPv6 is switched off on this machine (ipv6.disable=1)")
        }
        _ => e.into(),
    })
}

/// As [`open`], with the options applied and bound to the source.
pub fn open_from(
    ns: &Namespace,
    family: Family,
    kind: SockType,
    protocol: Option<SockProtocol>,
    options: &SocketOptions,
) -> Result<OwnedFd> {
    let scope = match &options.from {
        // Checked first: SO_BINDTODEVICE would say ENODEV without saying of what.
        Some(Source::Link(link)) => find::require_index(ns, link)?,
        _ => 0,
    };
    ns.within(|| {
        let socket = open(family, kind, protocol)?;
        options.apply(socket.as_fd(), family)?;
        options.bind(ns, &socket, family, scope)?;
        Ok(socket)
    })
}

impl SocketOptions {
    /// The family in which to look for addresses of `host`: as asked; or else, for a name, that of the source.
    pub fn family(&self, host: &Host, asked: Option<Family>) -> Option<Family> {
        match (&self.from, host) {
            (Some(Source::Address(from)), Host::Name(_)) if asked.is_none() => Some(Family::of(*from)),
            _ => asked,
        }
    }

    fn apply(&self, fd: BorrowedFd<'_>, family: Family) -> Result<()> {
        let (level, ttl, tos, discover) = match family {
            Family::Inet => (libc::IPPROTO_IP, libc::IP_TTL, libc::IP_TOS, libc::IP_MTU_DISCOVER),
            Family::Inet6 => {
                (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, libc::IPV6_TCLASS, libc::IPV6_MTU_DISCOVER)
            }
        };
        if let Some(value) = self.ttl {
            set(fd, level, ttl, value.into(), "ttl")?;
            let multicast = match family {
                Family::Inet => libc::IP_MULTICAST_TTL,
                Family::Inet6 => libc::IPV6_MULTICAST_HOPS,
            };
            // EINVAL: TCP has no multicast.
            let _ = set(fd, level, multicast, value.into(), "ttl");
        }
        if let Some(value) = self.tos {
            set(fd, level, tos, value.into(), "tos")?;
        }
        if let Some(value) = self.mark {
            // The option is an int, the mark 32 bits without a sign.
            set(fd, libc::SOL_SOCKET, libc::SO_MARK, value as i32, "mark")?;
        }
        if let Some(df) = self.df {
            let value = if df { libc::IP_PMTUDISC_DO } else { libc::IP_PMTUDISC_DONT };
            set(fd, level, discover, value, "df")?;
            if family == Family::Inet6 {
                set(fd, level, libc::IPV6_DONTFRAG, df.into(), "df")?;
            }
        }
        if let Some(Source::Link(link)) = &self.from {
            bind_to_link(fd, link)?;
        }
        Ok(())
    }

    fn bind(&self, ns: &Namespace, socket: &OwnedFd, family: Family, scope: u32) -> Result<()> {
        let address = match (&self.from, family) {
            (Some(Source::Address(address)), _) => address.to_canonical(),
            (_, Family::Inet) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            (_, Family::Inet6) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        if Family::of(address) != family {
            let (a, b) = if family == Family::Inet { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
            return Err(Error::argument(format!("the source {address} is {a}, the target {b}")));
        }
        let port = self.port.unwrap_or(0);
        if address.is_unspecified() && port == 0 {
            return Ok(());
        }
        let address = match address {
            IpAddr::V4(v4) => SocketAddr::from((v4, port)),
            IpAddr::V6(v6) => SocketAddrV6::new(v6, port, 0, scope).into(),
        };
        bind(ns, socket, address)
    }
}

/// Why there can be no socket of this address.
fn not_available(ns: &Namespace, ip: IpAddr, e: Error) -> Error {
    let all = addr::list(ns, &addr::Addr::default()).unwrap_or_default();
    match all.iter().find(|a| a.ip() == ip) {
        Some(there) if there.is_duplicate() => {
            e.detail(format!("{ip} is a duplicate: another host on {} has it", there.dev()))
        }
        Some(there) if there.tentative == Some(true) => e
            .detail(format!("{ip} is tentative: duplicate address detection on {} isn't over", there.dev()))
            .hint(format!("wait.addr({:?}) waits for its end", ip.to_string())),
        _ => e
            .detail(format!("{ip} is not an address of this namespace"))
            .hint("addr.list() shows the addresses that are there"),
    }
}

/// The kernel's refusal of a port, which is named if it is taken.
pub fn refused(e: Errno, port: u16) -> Error {
    match e {
        Errno::EADDRINUSE => {
            Error::from(e).detail(format!("port {port} is taken")).hint("port 0 takes a free one")
        }
        _ => e.into(),
    }
}

/// Binds a socket to a link or VRF.
pub fn bind_to_link(fd: BorrowedFd<'_>, link: &str) -> Result<()> {
    nix::sys::socket::setsockopt(&fd, sockopt::BindToDevice, &link.into())
        .map_err(|e| Error::from(e).detail(format!("binding to link {link:?}")))
}

/// Binds a socket to an address of its namespace.
///
/// Raises `address_not_available` if the namespace doesn't have it, `address_in_use` if the port is taken.
pub fn bind(ns: &Namespace, socket: &OwnedFd, address: SocketAddr) -> Result<()> {
    nix::sys::socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(address)).map_err(|e| {
        let error = Error::from(e);
        match e {
            Errno::EADDRNOTAVAIL => not_available(ns, address.ip(), error),
            Errno::EADDRINUSE => refused(e, address.port()),
            Errno::EACCES => error
                .detail(format!("port {}", address.port()))
                .hint("ports below net.ipv4.ip_unprivileged_port_start (1024) need CAP_NET_BIND_SERVICE"),
            Errno::EINVAL if needs_link(address.ip()) => error.hint(LINK_LOCAL),
            _ => error.detail(format!("binding to {address}")),
        }
    })
}

/// What to do about an address that is there on every link.
pub const LINK_LOCAL: &str = "a link-local address needs its link, as in \"fe80::1%eth0\"";

/// Whether the address means nothing without a link: `fe80::/10`, and `ff02::/16`.
pub fn needs_link(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local() || v6.segments()[0] == 0xff02)
}

/// Sets an integer option; `what` names it in the error.
pub fn set(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32, what: &str) -> Result<()> {
    set_plain(fd, level, name, &value).map_err(|e| Error::from(e).detail(format!("setting {what}")))
}

/// Has a socket never fragment what it sends, whatever the kernel remembers of the path: only the link's own MTU counts.
pub fn keep_whole(fd: BorrowedFd<'_>, family: Family) -> Result<()> {
    match family {
        Family::Inet => {
            let (level, probe) = (libc::IPPROTO_IP, libc::IP_PMTUDISC_PROBE);
            set(fd, level, libc::IP_MTU_DISCOVER, probe, "IP_MTU_DISCOVER")
        }
        Family::Inet6 => {
            let (level, probe) = (libc::IPPROTO_IPV6, libc::IPV6_PMTUDISC_PROBE);
            set(fd, level, libc::IPV6_MTU_DISCOVER, probe, "IPV6_MTU_DISCOVER")?;
            set(fd, level, libc::IPV6_DONTFRAG, 1, "IPV6_DONTFRAG")
        }
    }
}

/// Sets an option whose value is a plain C type.
pub fn set_plain<T: Copy>(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: &T,
) -> std::result::Result<(), Errno> {
    // SAFETY: the kernel reads size_of::<T>() bytes from a reference to a T.
    let done = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    Errno::result(done).map(drop)
}

/// Reads an integer option; `None` if the kernel doesn't tell it.
pub fn get(fd: BorrowedFd<'_>, level: i32, name: i32) -> Option<i32> {
    let mut value = 0i32;
    let mut length = size_of::<i32>() as u32;
    // SAFETY: value and length are local, and length tells the size of value.
    let done =
        unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut length) };
    (done == 0).then_some(value)
}

/// Makes the receive buffer as large as we may; a limit (`net.core.rmem_max`) is not an error.
pub fn set_receive_buffer(fd: BorrowedFd<'_>, bytes: i32) {
    if set(fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, bytes, "receive buffer").is_err() {
        let _ = set(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, bytes, "receive buffer");
    }
}

/// The address that a socket is bound to, IPv4 as IPv4.
pub fn local_address(fd: BorrowedFd<'_>) -> Result<SocketAddr> {
    let address = nix::sys::socket::getsockname::<SockaddrStorage>(fd.as_raw_fd())?;
    address_of(&address).ok_or_else(|| Error::new(Kind::Protocol, "the socket is neither IPv4 nor IPv6"))
}

/// The MTU of the path to `target` as the kernel knows it now (`IP_MTU`).
pub fn path_mtu(ns: &Namespace, target: SocketAddr, options: &SocketOptions) -> Option<u32> {
    let family = Family::of(target.ip());
    let options = SocketOptions { port: None, ..options.clone() };
    let socket = open_from(ns, family, SockType::Datagram, None, &options).ok()?;
    let target = SocketAddr::new(target.ip(), if target.port() == 0 { 9 } else { target.port() });
    nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(target)).ok()?;
    let (level, name) = match family {
        Family::Inet => (libc::IPPROTO_IP, libc::IP_MTU),
        Family::Inet6 => (libc::IPPROTO_IPV6, libc::IPV6_MTU),
    };
    get(socket.as_fd(), level, name).and_then(|mtu| u32::try_from(mtu).ok())
}

/// Says what the kernel's refusal to send to `target`, or to connect to it, comes from.
pub fn explain(error: Error, target: SocketAddr) -> Error {
    let ip = target.ip();
    let hint = match error.raw() {
        _ if error.fields().hint.is_some() => return error,
        Some(Errno::ENETUNREACH) => format!(
            "no route leads to {ip}: route.list() shows those that are there; \
             route.add(\"default\", {{ via = \"...\" }}) adds a default route"
        ),
        Some(Errno::EHOSTUNREACH) => format!(
            "nobody on the link answers for {ip} or for the gateway to it (neigh.list() shows FAILED), a route \
             of type unreachable covers it, or a host on the way said so"
        ),
        Some(Errno::ENETDOWN) => "the link that the route points to is down".to_owned(),
        Some(Errno::EACCES) => {
            format!("a route or rule of type prohibit covers {ip}, or it is a broadcast address")
        }
        Some(Errno::EPERM) => {
            "a rule of this namespace's firewall, or a policy of IPsec, drops it on its way out".to_owned()
        }
        Some(Errno::EINVAL) if needs_link(ip) => LINK_LOCAL.to_owned(),
        Some(Errno::EINVAL) => format!("a route of type blackhole may cover {ip}"),
        Some(Errno::EADDRNOTAVAIL) => {
            format!("this namespace has no usable address to send from to {ip}, or no free port")
        }
        Some(Errno::ECONNREFUSED) => {
            format!("nothing listens on {target} there, or a firewall rejects it")
        }
        Some(Errno::ETIMEDOUT) => format!("nothing came back from {ip}: dropped on the way there or back"),
        _ => return error,
    };
    error.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        assert_eq!(Source::parse("10.0.0.1").unwrap(), Source::Address("10.0.0.1".parse().unwrap()));
        assert_eq!(Source::parse("::1").unwrap(), Source::Address("::1".parse().unwrap()));
        assert_eq!(Source::parse("eth0.100").unwrap(), Source::Link("eth0.100".into()));
        assert!(Source::parse("eth0:1").is_err());
        assert!(Source::parse("").is_err());
        assert!(Source::parse("10.0.0.0/8").is_err());
        assert!(Source::parse("a-name-that-is-too-long").is_err());
    }

    #[test]
    fn mapped_addresses_are_shown_as_ipv4() {
        let mapped: SocketAddr = "[::ffff:10.0.0.1]:80".parse().unwrap();
        assert_eq!(canonical(mapped).to_string(), "10.0.0.1:80");
        let v6: SocketAddr = "[fd00::1]:80".parse().unwrap();
        assert_eq!(canonical(v6), v6);
    }
}
