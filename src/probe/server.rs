//! The loop of a server: one thread, one listening socket, any number of connections, nothing that blocks.

use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{Backlog, SockFlag, SockType, accept4, sockopt};

use super::endpoint::{Endpoint, Host, Resolve};
use super::worker::Signals;
use super::{socket, taken};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::socket::Proto;

/// The kernel's own limit is net.core.somaxconn, 4096.
const BACKLOG: i32 = 4096;
/// So many connections are accepted before the others get their turn.
const ACCEPTS: usize = 64;
/// How long no connection is accepted when descriptors have run out.
const EXHAUSTED: Duration = Duration::from_millis(50);
/// What one turn reads at once.
const SCRATCH: usize = 64 * 1024;

/// What a session waits for before its next turn.
#[derive(Clone, Copy, Debug)]
pub struct Interest {
    pub events: PollFlags,
    pub deadline: Deadline,
}

/// One connection of a server.
pub trait Session {
    fn fd(&self) -> BorrowedFd<'_>;

    /// Does what can be done without blocking, and says what to wait for; `None` to close. Called when it was
    /// accepted, when one of its events came, and when its deadline passed. `scratch` is room to read into.
    fn turn(&mut self, scratch: &mut [u8]) -> Option<Interest>;
}

/// Opens a listening socket, as `ss -lt` shows them. `[::]` and an empty host listen for IPv6 and IPv4 alike,
/// `0.0.0.0` for IPv4 alone. Port 0 takes a free one.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn listen(ns: &Namespace, at: &Endpoint, names: &dyn Resolve) -> Result<(OwnedFd, SocketAddr)> {
    let socket = bound(ns, at, names, SockType::Stream)?;
    let backlog = Backlog::new(BACKLOG).unwrap_or(Backlog::MAXCONN);
    // Two listeners that bound with SO_REUSEADDR meet here only.
    nix::sys::socket::listen(&socket, backlog)
        .map_err(|e| taken::named(ns, Proto::Tcp, at.port, socket::refused(e, at.port)))?;
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
            Err(e) => return Err(taken::named(ns, proto, address.port(), e)),
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

/// Serves until told to stop: `accept` makes a session of each connection, or turns it away with `None`.
pub fn serve<S: Session>(
    listener: &OwnedFd,
    signals: &Signals,
    mut accept: impl FnMut(TcpStream, SocketAddr) -> Option<S>,
) {
    let mut sessions: Vec<(S, Interest)> = Vec::new();
    let mut scratch = vec![0; SCRATCH];
    let mut exhausted: Option<Deadline> = None;
    loop {
        exhausted = exhausted.filter(|until| !until.passed());
        let Ok((stop, incoming, ready)) = poll(listener, signals, &sessions, exhausted) else { return };
        if stop {
            return;
        }
        let mut ready = ready.into_iter();
        sessions.retain_mut(|(session, interest)| {
            if !ready.next().unwrap_or(false) && !interest.deadline.passed() {
                return true;
            }
            let next = session.turn(&mut scratch);
            *interest = next.unwrap_or(*interest);
            next.is_some()
        });
        if !incoming {
            continue;
        }
        for _ in 0..ACCEPTS {
            match accept_one(listener) {
                Ok(Some((stream, peer))) => {
                    let Some(mut session) = accept(stream, peer) else { continue };
                    if let Some(interest) = session.turn(&mut scratch) {
                        sessions.push((session, interest));
                    }
                }
                Ok(None) => break,
                Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => {
                    exhausted = Some(Deadline::after(EXHAUSTED));
                    break;
                }
                // The client went away before it was accepted.
                Err(_) => {}
            }
        }
    }
}

/// Whether to stop, whether a connection waits, and which sessions are ready.
fn poll<S: Session>(
    listener: &OwnedFd,
    signals: &Signals,
    sessions: &[(S, Interest)],
    exhausted: Option<Deadline>,
) -> Result<(bool, bool, Vec<bool>)> {
    let accepting = if exhausted.is_some() { PollFlags::empty() } else { PollFlags::POLLIN };
    let mut fds = vec![(signals.stop.fd(), PollFlags::POLLIN), (listener.as_fd(), accepting)];
    let mut deadline = exhausted.unwrap_or(Deadline::NEVER);
    for (session, interest) in sessions {
        fds.push((session.fd(), interest.events));
        deadline = deadline.min(interest.deadline);
    }
    let mut ready = wait::wait_background(&fds, deadline)?;
    let rest = ready.split_off(2);
    Ok((ready[0], ready[1], rest))
}

fn accept_one(listener: &OwnedFd) -> std::result::Result<Option<(TcpStream, SocketAddr)>, Errno> {
    let fd = match accept4(listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK) {
        // SAFETY: accept4 returned a descriptor that is open and ours alone.
        Ok(fd) => unsafe { OwnedFd::from_raw_fd(fd) },
        Err(Errno::EAGAIN) => return Ok(None),
        Err(e) => return Err(e),
    };
    let stream = TcpStream::from(fd);
    match stream.peer_addr() {
        Ok(peer) => Ok(Some((stream, socket::canonical(peer)))),
        Err(_) => Err(Errno::ENOTCONN),
    }
}
