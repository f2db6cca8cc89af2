//! Listening sockets, opened in a namespace.

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{Backlog, SockType, sockopt};

use super::endpoint::{Endpoint, Host, Resolve};
use super::socket;
use crate::base::error::{Error, Kind, Result};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::socket::{self as sockets, Filter, Owners, Proto};

/// The kernel's own limit is net.core.somaxconn, 4096.
const BACKLOG: i32 = 4096;

/// Opens a listening socket, as `ss -lt` shows them. `[::]` and an empty host listen for IPv6 and IPv4 alike,
/// `0.0.0.0` for IPv4 alone. Port 0 takes a free one.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn listen(ns: &Namespace, at: &Endpoint, names: &dyn Resolve) -> Result<(OwnedFd, SocketAddr)> {
    let socket = bound(ns, at, names, SockType::Stream)?;
    let backlog = Backlog::new(BACKLOG).unwrap_or(Backlog::MAXCONN);
    // Two listeners that bound with SO_REUSEADDR meet here only.
    nix::sys::socket::listen(&socket, backlog)
        .map_err(|e| named(ns, Proto::Tcp, at.port, socket::refused(e, at.port)))?;
    let address = socket::local_address(socket.as_fd())?;
    Ok((socket, address))
}

/// Opens a socket and binds it to the first of the endpoint's addresses that works.
pub fn bound(ns: &Namespace, at: &Endpoint, names: &dyn Resolve, kind: SockType) -> Result<OwnedFd> {
    let proto = if kind == SockType::Stream { Proto::Tcp } else { Proto::Udp };
    let mut refused = None;
    // Checked first: SO_BINDTODEVICE would say ENODEV without saying of what.
    at.dev.as_deref().map(|dev| find::require_index(ns, dev)).transpose()?;
    for address in at.resolve(ns, names, None)? {
        match ns.within(|| bound_to(ns, address, kind, at.dev.as_deref())) {
            Ok(socket) => return Ok(socket),
            // Without IPv6, an empty host means IPv4 alone.
            Err(e) if at.host == Host::Any && without_ipv6(&e) => refused = Some(e),
            Err(e) => return Err(named(ns, proto, address.port(), e)),
        }
    }
    Err(refused.unwrap_or_else(|| Error::new(Kind::NotFound, format!("{at} has no address"))))
}

fn without_ipv6(e: &Error) -> bool {
    matches!(e.raw(), Some(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL))
}

fn bound_to(ns: &Namespace, address: SocketAddr, kind: SockType, dev: Option<&str>) -> Result<OwnedFd> {
    let family = Family::of(address.ip());
    let socket = socket::open(family, kind, None)?;
    if let Some(dev) = dev {
        socket::bind_to_link(socket.as_fd(), dev)?;
    }
    if kind == SockType::Stream {
        // Connections of an earlier server that linger in TIME_WAIT don't keep the port.
        nix::sys::socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    }
    if family == Family::Inet6 {
        let only = !address.ip().is_unspecified();
        nix::sys::socket::setsockopt(&socket, sockopt::Ipv6V6Only, &only)?;
    }
    socket::bind(ns, &socket, address)?;
    Ok(socket)
}

/// Adds who has the port to the kernel's refusal of one that is taken.
fn named(ns: &Namespace, proto: Proto, port: u16, error: Error) -> Error {
    if error.raw() != Some(Errno::EADDRINUSE) {
        return error;
    }
    let owner = owner(ns, proto, port).unwrap_or_else(|| "something in this namespace".to_owned());
    error.hint(format!("{owner} has port {port} already; port 0 takes a free one"))
}

/// `python3 (pid 5)`, or this script itself.
fn owner(ns: &Namespace, proto: Proto, port: u16) -> Option<String> {
    let sockets = sockets::list(ns, &Filter::waiting(proto, port), &Owners::look()).ok()?;
    let owner = sockets.iter().flat_map(|socket| &socket.owners).next()?;
    Some(match owner.pid == std::process::id() {
        true => "a server of this script".to_owned(),
        false => format!("{} (pid {})", owner.name, owner.pid),
    })
}
