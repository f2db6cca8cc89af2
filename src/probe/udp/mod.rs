//! UDP datagrams sent on purpose, and servers to send them to.

mod listener;

pub use listener::{Group, Received, Server, ServerOptions, listen, open};

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, SockType, SockaddrStorage, recvfrom, send, setsockopt, sockopt};

use super::silence::silence;
use super::socket::{self, address_of, explain};
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// The largest datagram: 65535 bytes less the headers of IPv4 and UDP.
pub const MAX_SIZE: usize = 65_507;

/// What came back for a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub data: Vec<u8>,
    /// Who sent it.
    pub from: SocketAddr,
    /// Our own address and port.
    pub local: SocketAddr,
    /// Seconds from the last try to the answer.
    pub time: f64,
    /// How many datagrams were sent, 1 or more.
    pub tries: u32,
}

/// Sends one datagram, as `nc -u` does, and doesn't wait for what comes of it. Returns our own address and port.
///
/// Raises `network_unreachable`, `host_unreachable`, `permission`, `invalid` (EMSGSIZE) if it is too big.
pub fn send_to(
    ns: &Namespace,
    target: SocketAddr,
    data: &[u8],
    options: &socket::SocketOptions,
) -> Result<SocketAddr> {
    let socket = connected(ns, target, options)?;
    send_one(&socket, target, data)?;
    socket::local_address(socket.as_fd())
}

/// Sends a datagram and waits `timeout` seconds for one back, from the same address and port; up to `tries` times.
///
/// Raises `timeout` if nothing came, `connection_refused` or `host_unreachable` if ICMP said so.
pub fn request(
    ns: &Namespace,
    target: SocketAddr,
    data: &[u8],
    options: &socket::SocketOptions,
    timeout: f64,
    tries: u32,
) -> Result<Reply> {
    let socket = connected(ns, target, options)?;
    let local = socket::local_address(socket.as_fd())?;
    let mut buffer = vec![0; 1 << 16];
    for tried in 1..=tries {
        send_one(&socket, target, data)?;
        let sent = Instant::now();
        let deadline = Deadline::secs(timeout);
        while wait::readable(socket.as_fd(), deadline)? {
            match recvfrom::<SockaddrStorage>(socket.as_raw_fd(), &mut buffer) {
                Ok((length, from)) => {
                    let from = from.as_ref().and_then(address_of).unwrap_or(target);
                    let time = sent.elapsed().as_secs_f64();
                    return Ok(Reply { data: buffer[..length].to_vec(), from, local, time, tries: tried });
                }
                // EAGAIN: its checksum was wrong.
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(e) => return Err(explain(e.into(), target)),
            }
        }
    }
    let times = if tries == 1 { String::new() } else { format!(", {tries} times") };
    let text = format!("no answer from {target} in {timeout} s{times}");
    let hint = format!(
        "{target} doesn't answer what it was sent, or the request or its answer was dropped on the way"
    );
    let waited = Duration::try_from_secs_f64(timeout * f64::from(tries)).unwrap_or(Duration::MAX);
    Err(silence(ns, target, waited, text, hint))
}

/// A socket that hears of ICMP errors, since it is connected.
fn connected(ns: &Namespace, target: SocketAddr, options: &socket::SocketOptions) -> Result<OwnedFd> {
    let socket = socket::open_from(ns, Family::of(target.ip()), SockType::Datagram, None, options)?;
    setsockopt(&socket, sockopt::Broadcast, &true)?;
    nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(target))
        .map_err(|e| explain(e.into(), target))?;
    Ok(socket)
}

fn send_one(socket: &OwnedFd, target: SocketAddr, data: &[u8]) -> Result<()> {
    send(socket.as_raw_fd(), data, MsgFlags::MSG_NOSIGNAL).map(drop).map_err(|e| not_sent(e, data, target))
}

/// Why the kernel refused to send.
fn not_sent(e: Errno, data: &[u8], target: SocketAddr) -> Error {
    match e {
        Errno::EMSGSIZE => Error::errno(Errno::EMSGSIZE)
            .detail(format!("{} bytes of data", data.len()))
            .hint(format!("a datagram holds {MAX_SIZE} bytes at most, less with df = true")),
        e => explain(e.into(), target),
    }
}

#[cfg(test)]
mod tests;
