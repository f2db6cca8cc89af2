//! Sockets of a namespace, as `ss` lists them: asked of the kernel by sock_diag(7), or read from `/proc/net` where
//! it doesn't answer there.

mod diag;
mod file;
mod owners;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub use owners::{Owner, Owners};

use super::link::find;
use super::names::similar;
use super::namespace::Namespace;
use super::prefix::Family;
use crate::base::error::{Error, Kind, Result};

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    Tcp,
    Udp,
    Raw,
    Unix,
}

impl Proto {
    pub const ALL: [Proto; 4] = [Proto::Tcp, Proto::Udp, Proto::Raw, Proto::Unix];

    pub fn name(self) -> &'static str {
        match self {
            Proto::Tcp => "tcp",
            Proto::Udp => "udp",
            Proto::Raw => "raw",
            Proto::Unix => "unix",
        }
    }

    /// IPPROTO_*.
    fn number(self) -> u8 {
        match self {
            Proto::Tcp => libc::IPPROTO_TCP as u8,
            Proto::Udp => libc::IPPROTO_UDP as u8,
            Proto::Raw => libc::IPPROTO_RAW as u8,
            Proto::Unix => 0,
        }
    }
}

/// TCP_* in net/tcp_states.h, with ss(8)'s words: as it shows them, and as it takes them for a filter. Other protocols
/// have ESTAB (connected) and UNCONN alone, and LISTEN for Unix sockets.
const STATES: [(u8, &str, &str); 12] = [
    (1, "ESTAB", "established"),
    (2, "SYN-SENT", "syn-sent"),
    (3, "SYN-RECV", "syn-recv"),
    (4, "FIN-WAIT-1", "fin-wait-1"),
    (5, "FIN-WAIT-2", "fin-wait-2"),
    (6, "TIME-WAIT", "time-wait"),
    (7, "UNCONN", "closed"),
    (8, "CLOSE-WAIT", "close-wait"),
    (9, "LAST-ACK", "last-ack"),
    (10, "LISTEN", "listening"),
    (11, "CLOSING", "closing"),
    // A handshake that has no socket yet.
    (12, "SYN-RECV", "syn-recv"),
];
const LISTEN: u8 = 10;
const UNCONN: u8 = 7;

/// The states of this name, as bits.
pub fn parse_state(name: &str) -> Result<u32> {
    let lower = name.to_lowercase();
    let bits = STATES
        .iter()
        .filter(|(_, shown, word)| lower == *word || lower == shown.to_lowercase())
        .fold(0, |bits, (number, ..)| bits | 1 << number);
    if bits != 0 {
        return Ok(bits);
    }
    let words = || STATES.iter().map(|(_, _, word)| *word);
    let e = Error::argument(format!("unknown state of a socket {name:?}"));
    Err(match similar(&lower, words()) {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None => e.hint(format!("the states are {}", words().take(11).collect::<Vec<_>>().join(", "))),
    })
}

/// One end of a socket.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Ip {
        /// Of a raw socket, the port is the protocol's number.
        at: SocketAddr,
        /// `%eth0`: the link that the socket is bound to.
        dev: Option<String>,
    },
    /// A Unix socket's path, with `@` in front for an abstract name; `None` if it has none.
    Path(Option<String>),
}

/// A socket as the kernel tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Socket {
    pub proto: Proto,
    /// `None` for Unix sockets.
    pub family: Option<Family>,
    /// SOCK_* of a Unix socket: `stream`, `dgram` or `seqpacket`.
    pub kind: Option<&'static str>,
    pub state_number: u8,
    pub local: End,
    pub peer: End,
    /// The protocol's number, of a raw socket.
    pub raw_proto: Option<u8>,
    /// Bytes received and not yet read; of a listening socket, connections not yet accepted.
    pub recv_q: u32,
    /// Bytes not yet sent or not acknowledged; of a listening socket, its backlog.
    pub send_q: u32,
    pub uid: Option<u32>,
    /// 0 for one that no process has any more.
    pub inode: u64,
    /// Of an IPv6 socket: takes no IPv4.
    pub v6only: bool,
    /// The inode of the Unix socket that it is connected to.
    pub peer_inode: Option<u64>,
    pub owners: Vec<Owner>,
}

impl Socket {
    pub fn state(&self) -> &'static str {
        STATES.iter().find(|(n, ..)| *n == self.state_number).map_or("UNKNOWN", |(_, shown, _)| shown)
    }

    /// What `ss -l` shows: it waits for connections or datagrams. A TCP socket that is bound and doesn't listen is told
    /// as [`UNCONN`] too.
    fn waits(&self) -> bool {
        self.state_number == LISTEN || self.state_number == UNCONN && self.proto != Proto::Tcp
    }
}

/// Which sockets; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// TCP and UDP unless given.
    pub protos: Option<Vec<Proto>>,
    pub family: Option<Family>,
    /// Bits of [`parse_state`].
    pub states: Option<u32>,
    /// Only those that wait for connections or datagrams, as `ss -l`.
    pub listening: bool,
    pub ip: Option<IpAddr>,
    pub port: Option<u16>,
    pub peer_ip: Option<IpAddr>,
    pub peer_port: Option<u16>,
}

impl Filter {
    fn lets_through(&self, socket: &Socket) -> bool {
        let end = |end: &End, ip: Option<IpAddr>, port: Option<u16>| match end {
            End::Ip { at, .. } => ip.is_none_or(|ip| at.ip() == ip) && port.is_none_or(|p| at.port() == p),
            End::Path(_) => ip.is_none() && port.is_none(),
        };
        self.states.is_none_or(|bits| bits.checked_shr(socket.state_number.into()).unwrap_or(0) & 1 != 0)
            && (!self.listening || socket.waits())
            && self.family.is_none_or(|family| socket.family == Some(family))
            && end(&socket.local, self.ip, self.port)
            && end(&socket.peer, self.peer_ip, self.peer_port)
    }
}

/// The sockets that the filter lets through, in the kernel's order, as `ss -anp`; `owners` says which processes have
/// them.
pub fn list(ns: &Namespace, filter: &Filter, owners: &Owners) -> Result<Vec<Socket>> {
    let protos = filter.protos.clone().unwrap_or_else(|| vec![Proto::Tcp, Proto::Udp]);
    let families = match filter.family {
        Some(family) => vec![family],
        None => vec![Family::Inet, Family::Inet6],
    };
    let mut asked = diag::Asked::open(ns)?;
    let mut out = Vec::new();
    for proto in protos {
        if proto == Proto::Unix {
            out.extend(asked.unix()?);
            continue;
        }
        for family in &families {
            out.extend(match asked.inet(proto, *family) {
                Err(e) if e.kind() == Kind::NotFound || e.kind() == Kind::Unsupported => {
                    file::read(ns, proto, *family)?
                }
                result => result?,
            });
        }
    }
    out.retain(|socket| filter.lets_through(socket));
    for socket in &mut out {
        for end in [&mut socket.local, &mut socket.peer] {
            if let End::Ip { dev: Some(dev), .. } = end
                && let Ok(index) = dev.parse()
                && let Some(name) = find::name(ns, index)?
            {
                *dev = name;
            }
        }
        socket.owners = owners.of(socket.inode);
    }
    Ok(out)
}

/// An end's address from its bytes, of which IPv4 uses the first four, in network order.
fn address(family: Family, bytes: &[u8]) -> Option<IpAddr> {
    Some(match family {
        Family::Inet => Ipv4Addr::from(*bytes.first_chunk::<4>()?).into(),
        Family::Inet6 => Ipv6Addr::from(*bytes.first_chunk::<16>()?).into(),
    })
}

#[cfg(test)]
mod tests;
