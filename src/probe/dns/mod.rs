//! DNS: queries, and servers that answer for the lab's names and for others that they are given.

mod query;
mod record;
mod zone;

pub use crate::io::dns::Asked;
pub use query::{Answer, Entry, QueryOptions, query, rcode_name};
pub use record::{kind, reverse};
pub use zone::Zone;

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::sys::socket::{SockType, SockaddrStorage};

use super::endpoint::{Endpoint, Resolve};
use super::socket::{self, SocketOptions, explain};
use super::{server, udp};
use crate::base::error::Result;
use crate::io;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// Where servers listen.
pub const PORT: u16 = 53;

/// A running server. Dropping it ends it.
pub struct Server {
    zone: Arc<Zone>,
    server: io::Server<Asked>,
}

impl Server {
    pub fn zone(&self) -> &Arc<Zone> {
        &self.zone
    }
}

impl AsRef<io::Server<Asked>> for Server {
    fn as_ref(&self) -> &io::Server<Asked> {
        &self.server
    }
}

/// Answers at `at` over UDP and TCP, as `dnsmasq --no-daemon` does; what the zone forwards is asked of `upstream`.
///
/// Raises `address_in_use`, `address_not_available`, `permission`, `network_unreachable`.
pub fn serve(
    ns: &Namespace,
    at: &Endpoint,
    names: &dyn Resolve,
    zone: Zone,
    upstream: Option<SocketAddr>,
) -> Result<Server> {
    let upstream = upstream.map(|target| towards(ns, target)).transpose()?;
    let (datagrams, address) = udp::open(ns, at, names)?;
    // Of port 0, UDP has taken a free one.
    let (listening, _) = server::listen(ns, &Endpoint { port: address.port(), ..at.clone() }, names)?;
    let zone = Arc::new(zone);
    let known = zone.clone();
    let server =
        io::dns::serve(datagrams, listening, address, upstream, move |query, tcp| known.answer(query, tcp))?;
    Ok(Server { zone, server })
}

/// A socket for queries to another server.
fn towards(ns: &Namespace, target: SocketAddr) -> Result<OwnedFd> {
    let options = SocketOptions::default();
    let socket = socket::open_from(ns, Family::of(target.ip()), SockType::Datagram, None, &options)?;
    nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(target))
        .map_err(|e| explain(e.into(), target))?;
    Ok(socket)
}
