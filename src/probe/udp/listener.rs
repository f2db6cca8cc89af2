//! A UDP server: it echoes, or answers with a fixed text, and remembers what came.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};

use nix::errno::Errno;
use nix::sys::socket::{SockType, SockaddrStorage, setsockopt, sockopt};

use crate::base::error::{Error, Result};
pub use crate::io::udp::Received;
use crate::io::udp::{answer, receive, send_from};
use crate::io::{self, Journal, Reaction};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::endpoint::{Endpoint, Resolve};
use crate::probe::server;
use crate::probe::socket;

const RECEIVE_BUFFER: i32 = 4 << 20;

/// A multicast group to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub address: IpAddr,
    /// The link on which to join; without one, that of the route to the group.
    pub link: Option<String>,
}

/// Options of [`listen`].
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// What is sent back for each datagram.
    pub reaction: Reaction,
    pub groups: Vec<Group>,
}

/// A running server. Dropping it ends it.
pub struct Server {
    /// Closed with the server.
    socket: Weak<OwnedFd>,
    server: io::Server<Received>,
}

impl AsRef<io::Server<Received>> for Server {
    fn as_ref(&self) -> &io::Server<Received> {
        &self.server
    }
}

/// Receives datagrams at `at`, as `socat UDP-RECVFROM:PORT,fork EXEC:cat`.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn listen(ns: &Namespace, at: &Endpoint, names: &dyn Resolve, options: ServerOptions) -> Result<Server> {
    let (socket, address) = open(ns, at, names)?;
    for group in &options.groups {
        join(ns, &socket, address, group)?;
    }
    let socket = Arc::new(socket);
    let sending = Arc::downgrade(&socket);
    let server = io::Server::start(address, |_, journal| {
        let mut buffer = vec![0; 1 << 16];
        io::whenever_readable(socket, move |socket| serve(socket, &mut buffer, &journal, &options.reaction))
    })?;
    Ok(Server { socket: sending, server })
}

/// Opens the socket of a server that answers from the address that it was asked at.
pub fn open(ns: &Namespace, at: &Endpoint, names: &dyn Resolve) -> Result<(OwnedFd, SocketAddr)> {
    let socket = server::bound(ns, at, names, SockType::Datagram)?;
    let address = socket::local_address(socket.as_fd())?;
    // Wildcard sockets must answer from the address that was asked.
    if let SocketAddr::V6(_) = address {
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    } else {
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    }
    socket::set_receive_buffer(socket.as_fd(), RECEIVE_BUFFER);
    setsockopt(&socket, sockopt::Broadcast, &true)?;
    Ok((socket, address))
}

impl Server {
    /// Sends a datagram from its own port.
    ///
    /// Raises as [`super::send_to`], `argument` once it was stopped.
    pub fn send(&self, to: SocketAddr, data: &[u8], from: Option<IpAddr>) -> Result<()> {
        let socket = self.socket.upgrade().ok_or_else(|| Error::argument("the server was stopped"))?;
        let mapped = |ip: IpAddr| match ip {
            IpAddr::V4(v4) if self.server.address().is_ipv6() => v4.to_ipv6_mapped().into(),
            ip => ip,
        };
        let peer = if to.is_ipv4() { SocketAddr::new(mapped(to.ip()), to.port()) } else { to };
        let v4 = |ip: Ipv4Addr| libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) };
        let (mut info4, mut info6) = (None, None);
        match from.map(mapped) {
            Some(IpAddr::V4(ip)) => {
                info4 = Some(libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: v4(ip), ipi_addr: v4(ip) });
            }
            Some(IpAddr::V6(ip)) => {
                let ipi6_addr = libc::in6_addr { s6_addr: ip.octets() };
                info6 = Some(libc::in6_pktinfo { ipi6_addr, ipi6_ifindex: 0 });
            }
            None => {}
        }
        send_from(&socket, &SockaddrStorage::from(peer), data, info4.as_ref(), info6.as_ref())
            .map_err(|e| super::not_sent(e, data, to))
    }
}

/// Joins a multicast group, as `ip maddr` then shows.
fn join(ns: &Namespace, socket: &OwnedFd, bound: SocketAddr, group: &Group) -> Result<()> {
    if !group.address.is_multicast() {
        return Err(Error::argument(format!("{} is not a multicast group", group.address)));
    }
    if Family::of(group.address) == Family::Inet6 && bound.is_ipv4() {
        return Err(Error::argument(format!("{bound} is IPv4, the group {} IPv6", group.address)));
    }
    let index = group.link.as_ref().map_or(Ok(0), |link| find::require_index(ns, link))?;
    let fd = socket.as_fd();
    let joined = match group.address {
        IpAddr::V4(v4) => {
            let request = libc::ip_mreqn {
                imr_multiaddr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.octets()) },
                imr_address: libc::in_addr { s_addr: 0 },
                imr_ifindex: index as i32,
            };
            socket::set_plain(fd, libc::IPPROTO_IP, libc::IP_ADD_MEMBERSHIP, &request)
        }
        IpAddr::V6(v6) => {
            let request = libc::ipv6_mreq {
                ipv6mr_multiaddr: libc::in6_addr { s6_addr: v6.octets() },
                ipv6mr_interface: index,
            };
            socket::set_plain(fd, libc::IPPROTO_IPV6, libc::IPV6_ADD_MEMBERSHIP, &request)
        }
    };
    joined.map_err(|e| {
        let error = Error::from(e).detail(format!("joining {}", group.address));
        match e {
            Errno::ENODEV => error.hint("no route leads to the group: name the link on which to join it"),
            _ => error,
        }
    })
}

/// Takes the next datagram; `false` if there is none.
fn serve(socket: &OwnedFd, buffer: &mut [u8], journal: &Journal<Received>, reaction: &Reaction) -> bool {
    let datagram = match receive(socket, buffer) {
        Ok(Some(datagram)) => datagram,
        Err(Errno::EAGAIN) => return false,
        // A wrong checksum, or an ICMP error for an earlier answer.
        _ => return true,
    };
    // Recorded before it is answered: who has the answer finds the record.
    journal.add(datagram.received.clone());
    match reaction {
        Reaction::Echo => answer(socket, &datagram, &datagram.received.data),
        Reaction::Reply(reply) => answer(socket, &datagram, reply),
        Reaction::Discard => {}
    }
    true
}
