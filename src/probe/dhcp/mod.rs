//! DHCP for IPv4: a server on a link, and a client that gets a lease.

mod client;
mod message;
mod pool;
mod server;

pub use client::{Lease, Wish, release, renew, request};
pub use message::Kind;
pub use pool::{Held, PoolOptions};
pub use server::{Exchange, Server, serve};

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use super::capture::Mac;
use super::endpoint::{Endpoint, Host};
use super::send::hardware_address;
use super::udp;
use crate::base::error::{Error, Kind as ErrorKind, Result};
use crate::net::link::{self, Link};
use crate::net::namespace::Namespace;

/// A link that is up and has hardware addresses.
fn ethernet(ns: &Namespace, dev: &str) -> Result<(Link, Mac)> {
    let link = link::get_plain(ns, dev)?.ok_or_else(|| link::find::no_such_link(ns, dev))?;
    if !link.is_up() {
        let error = Error::new(ErrorKind::NetworkDown, format!("{dev} is down"));
        return Err(error.hint(format!("link.set({dev:?}, {{ up = true }}) sets it up")));
    }
    match hardware_address(&link) {
        Some(mac) => Ok((link, Mac(mac))),
        None => Err(Error::argument(format!("{dev} has no hardware addresses"))),
    }
}

/// A socket on a link for all that comes there to `port`.
fn open(ns: &Namespace, dev: &str, port: u16) -> Result<OwnedFd> {
    let at =
        Endpoint { host: Host::Address(Ipv4Addr::UNSPECIFIED.into(), None), port, dev: Some(dev.to_owned()) };
    let nobody = |_: &str| Ok(Vec::new());
    Ok(udp::open(ns, &at, &nobody)?.0)
}
