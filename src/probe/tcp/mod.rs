//! TCP connections made on purpose, and servers to make them to.

mod connection;

pub use crate::io::Reaction;
pub use crate::io::tcp::{Accepted, KEPT, ServerOptions, WaitFor};
pub use connection::{Connection, Receive};

use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{SockType, SockaddrStorage};

use super::endpoint::{Endpoint, Resolve};
use super::server;
use super::silence::silence;
use super::socket::{self, explain};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// Seconds that a connection may take to be made unless told.
pub const CONNECT_TIMEOUT: f64 = 5.0;

/// A running server. Dropping it ends it, with its connections.
pub type Server = crate::io::Server<Accepted>;

/// Listens on `at`, as `nc -lk HOST PORT` or `socat TCP-LISTEN:PORT,fork EXEC:cat`.
///
/// Raises `address_in_use`, `address_not_available`, `permission`.
pub fn listen(ns: &Namespace, at: &Endpoint, names: &dyn Resolve, options: ServerOptions) -> Result<Server> {
    let (socket, address) = server::listen(ns, at, names)?;
    crate::io::tcp::serve(socket, address, options)
}

/// Connects to the first of `targets` that answers, as `nc HOST PORT`; the deadline is for all of them together.
///
/// Raises `connection_refused`, `timeout`, `network_unreachable`, `host_unreachable`, ... by what the last one did.
pub fn connect(
    ns: &Namespace,
    targets: &[SocketAddr],
    options: &socket::SocketOptions,
    deadline: Deadline,
) -> Result<Connection> {
    Connection::new(stream(ns, targets, options, deadline)?)
}

/// As [`connect`]; the stream doesn't block.
pub fn stream(
    ns: &Namespace,
    targets: &[SocketAddr],
    options: &socket::SocketOptions,
    deadline: Deadline,
) -> Result<TcpStream> {
    let mut refused = None;
    for target in targets {
        match connect_one(ns, *target, options, deadline) {
            Ok(stream) => return Ok(stream),
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(e) => refused = Some(e),
        }
    }
    Err(refused.unwrap_or_else(|| Error::argument("no address to connect to")))
}

fn connect_one(
    ns: &Namespace,
    target: SocketAddr,
    options: &socket::SocketOptions,
    deadline: Deadline,
) -> Result<TcpStream> {
    let allowed = deadline.left();
    let socket = socket::open_from(ns, Family::of(target.ip()), SockType::Stream, None, options)?;
    match nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(target)) {
        Ok(()) | Err(Errno::EINPROGRESS) => {}
        Err(e) => return Err(explain(e.into(), target)),
    }
    let stream = TcpStream::from(socket);
    if !wait::writable(std::os::fd::AsFd::as_fd(&stream), deadline)? {
        let seconds = allowed.map_or(0.0, |d| d.as_secs_f64());
        let text = format!("no answer from {target} in {seconds:.3} s");
        let ip = target.ip();
        let hint = format!("the request or its answer was dropped on the way, or {ip} forwards to nowhere");
        return Err(silence(ns, target, allowed.unwrap_or_default(), text, hint));
    }
    if let Some(e) = stream.take_error()? {
        return Err(explain(e.into(), target));
    }
    // What is sent is sent at once: these are probes, not bulk transfers.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

#[cfg(test)]
pub(in crate::probe) mod tests;
