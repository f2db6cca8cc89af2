//! The server: answers what comes on its link, and remembers it.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::socket::SockaddrStorage;

use super::message::{self, Kind, Message, option};
use super::pool::{Held, Pool, PoolOptions};
use super::{ethernet, open};
use crate::base::error::{Error, Kind as ErrorKind, Result};
use crate::io::udp::{receive, send_from};
use crate::io::{self, Journal, Record, lock, now};
use crate::net::addr::{self, Addr};
use crate::net::namespace::Namespace;
use crate::net::prefix::is_link_local;
use crate::probe::capture::Mac;

/// A message of a client, and what was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub kind: Kind,
    pub mac: Mac,
    /// The address that was given, or that it is about.
    pub ip: Option<Ipv4Addr>,
    pub hostname: Option<String>,
    /// Nothing, if it was left without an answer.
    pub answer: Option<Kind>,
    /// When, in seconds since 1970.
    pub time: f64,
}

impl Record for Exchange {
    type Totals = ();

    fn size(&self) -> usize {
        size_of::<Exchange>() + self.hostname.as_ref().map_or(0, String::len)
    }
}

/// A running server. Dropping it ends it.
pub struct Server {
    dev: String,
    pool: Arc<Mutex<Pool>>,
    server: io::Server<Exchange>,
}

impl AsRef<io::Server<Exchange>> for Server {
    fn as_ref(&self) -> &io::Server<Exchange> {
        &self.server
    }
}

impl Server {
    /// The link that it serves.
    pub fn dev(&self) -> &str {
        &self.dev
    }

    /// Who has which address now.
    pub fn leases(&self) -> Vec<Held> {
        lock(&self.pool).leases()
    }
}

/// Gives addresses to the clients on a link, as `dnsmasq --dhcp-range` and `udhcpd` do.
///
/// Raises `address_not_available` if the link has no IPv4 address, `argument` for addresses that aren't in its subnet,
/// `address_in_use` if there is a server already, `network_down`, `not_found`.
pub fn serve(ns: &Namespace, dev: &str, options: PoolOptions) -> Result<Server> {
    ethernet(ns, dev)?;
    let own = own_address(ns, dev, options.range.0)?;
    let pool = Arc::new(Mutex::new(Pool::new(options, own)?));
    let socket = open(ns, dev, message::SERVER)?;
    let (giving, mut buffer) = (pool.clone(), vec![0; 1 << 16]);
    let address = SocketAddr::new(own.0.into(), message::SERVER);
    let server = io::Server::start(address, |_, journal| {
        io::whenever_readable(Arc::new(socket), move |socket| {
            serve_one(socket, &mut buffer, own.0, &giving, &journal)
        })
    })?;
    Ok(Server { dev: dev.to_owned(), pool, server })
}

/// The link's address in whose subnet `ip` is, or else its first.
fn own_address(ns: &Namespace, dev: &str, ip: Ipv4Addr) -> Result<(Ipv4Addr, u8)> {
    let all = addr::list(ns, &Addr::on(dev))?;
    let mut all: Vec<_> =
        all.iter().filter(|a| a.ip().is_ipv4() && !is_link_local(a.ip())).map(Addr::prefix).collect();
    all.sort_by_key(|prefix| !prefix.contains(ip.into()));
    match all.first().map(|prefix| (prefix.ip(), prefix.prefix())) {
        Some((std::net::IpAddr::V4(own), length)) => Ok((own, length)),
        _ => {
            let error = Error::new(
                ErrorKind::AddressNotAvailable,
                format!("{dev} has no IPv4 address to serve from"),
            );
            Err(error.hint(format!("addr.add(\"ADDRESS/LEN\", {{ dev = {dev:?} }}) adds one")))
        }
    }
}

/// Takes the next message; `false` if there is none.
fn serve_one(
    socket: &OwnedFd,
    buffer: &mut [u8],
    own: Ipv4Addr,
    pool: &Mutex<Pool>,
    journal: &Journal<Exchange>,
) -> bool {
    let datagram = match receive(socket, buffer) {
        Ok(Some(datagram)) => datagram,
        Err(Errno::EAGAIN) => return false,
        // A wrong checksum, or an ICMP error for an earlier answer.
        _ => return true,
    };
    let Some(message) = Message::read(&datagram.received.data, false) else { return true };
    let answer = lock(pool).answer(&message, Instant::now());
    let given = answer.as_ref().map(|answer| answer.yours).filter(|ip| !ip.is_unspecified());
    let about = message.ip(option::ADDRESS).or(Some(message.client)).filter(|ip| !ip.is_unspecified());
    journal.add(Exchange {
        kind: message.kind,
        mac: message.mac,
        ip: given.or(about),
        hostname: message.text(option::HOSTNAME),
        answer: answer.as_ref().map(|answer| answer.kind),
        time: now(),
    });
    if let Some(answer) = answer {
        let to = SockaddrStorage::from(destination(&answer));
        let own = libc::in_addr { s_addr: u32::from_ne_bytes(own.octets()) };
        let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: own, ipi_addr: own };
        // A client that can't be reached asks again.
        let _ = send_from(socket, &to, &answer.write(true), Some(&info), None);
    }
    true
}

/// RFC 2131, 4.1; but who has no address yet gets the answer as a broadcast in any case: to send it to the hardware address
/// alone would take a raw socket.
fn destination(answer: &Message) -> SocketAddr {
    match answer {
        _ if !answer.relay.is_unspecified() => (answer.relay, message::SERVER).into(),
        _ if answer.kind != Kind::Nak && !answer.client.is_unspecified() => {
            (answer.client, message::CLIENT).into()
        }
        _ => (Ipv4Addr::BROADCAST, message::CLIENT).into(),
    }
}
