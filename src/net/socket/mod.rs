//! Sockets of a namespace, as `ss` lists them: asked of the kernel by sock_diag(7), or read from `/proc/net` where
//! it doesn't answer there.

mod diag;
mod file;
mod owners;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use owners::{Owner, Owners};

use super::fields::{Number, text};
use super::link::find;
use super::names::similar;
use super::namespace::Namespace;
use super::prefix::{Family, from_octets};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Field, Form, Table, Value, Words, table};

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    Tcp,
    Udp,
    Raw,
    Unix,
}

impl Words for Proto {
    const WORDS: &'static [(&'static str, Self)] =
        &[("tcp", Proto::Tcp), ("udp", Proto::Udp), ("raw", Proto::Raw), ("unix", Proto::Unix)];
    const RETURNED: &'static str = "\"tcp\"|\"udp\"|\"raw\"|\"unix\"";
}

impl Proto {
    pub const ALL: [Proto; 4] = [Proto::Tcp, Proto::Udp, Proto::Raw, Proto::Unix];

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

table! {
    /// A socket as the kernel tells it (linux/inet_diag.h, linux/unix_diag.h).
    pub struct Socket {
        Read proto: Proto = header always, ip [], "what it speaks";
        Set family: Family = header, ip [], "its family, IPv4 (inet) or IPv6 (inet6); none of a Unix socket";
        Read kind as "type": String = header, ip [], "of a Unix socket: stream, dgram or seqpacket";
        Read state: State = header always, ip [], "LISTEN, ESTAB, UNCONN, TIME-WAIT, ..., as ss shows it";
        Read local as "local_address": String = header always, ip [],
            "its own address and port, as ss shows it: \"*:80\" takes IPv4 and IPv6; a Unix socket's path, with @ in \
             front of an abstract name";
        Set ip: IpAddr = header, ip [], "its own address alone";
        Set port: Port = header, ip [], "its own port; of a raw socket, its protocol's number";
        Read dev: String = header, ip [], "the link that it is bound to";
        Read peer: String = header always, ip [],
            "the peer's address and port; \"0.0.0.0:*\" or \"*:*\" for none; of a Unix socket \"*\" and the peer's inode";
        Set peer_ip: IpAddr = header, ip [], "the peer's address alone";
        Set peer_port: Port = header, ip [], "the peer's port; 0 for none";
        Read recv_q: Number = header always, ip [],
            "bytes that came and were not read yet; of a listening socket, connections not yet accepted";
        Read send_q: Number = header always, ip [],
            "bytes not sent yet, or not acknowledged; of a listening socket, how many connections may wait";
        Read v6only: bool = 11, ip [], "of IPv6: takes no IPv4";
        Read uid: Number = header, ip [], "its user";
        Read inode: Number = header always, ip [], "its number; 0 once no process has it any more";
    } and {
        pub owners: Vec<Owner>,
    }
}

type Port = Between<0, 65535>;

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
const LISTEN: State = State(1 << 10);
const UNCONN: State = State(1 << 7);

/// A state; in a filter several bits are any of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State(u32);

impl State {
    fn of(number: u8) -> Self {
        State(1u32.checked_shl(number.into()).unwrap_or(0))
    }

    /// Any of these.
    pub fn any(states: &[State]) -> Self {
        State(states.iter().fold(0, |bits, state| bits | state.0))
    }

    /// By either of its words.
    pub fn parse(name: &str) -> Result<Self> {
        let lower = name.to_lowercase();
        let named = STATES.iter().filter(|(_, shown, word)| lower == *word || lower == shown.to_lowercase());
        let states: Vec<State> = named.map(|(number, ..)| State::of(*number)).collect();
        if !states.is_empty() {
            return Ok(State::any(&states));
        }
        let words = || STATES.iter().map(|(_, _, word)| *word);
        let e = Error::argument(format!("unknown state of a socket {name:?}"));
        Err(match similar(&lower, words()) {
            Some(near) => e.hint(format!("did you mean {near:?}?")),
            None => e.hint(format!("the states are {}", words().take(11).collect::<Vec<_>>().join(", "))),
        })
    }

    pub fn name(self) -> &'static str {
        let found = STATES.iter().find(|(number, ..)| State::of(*number) == self);
        found.map_or("UNKNOWN", |(_, shown, _)| shown)
    }
}

impl Field for State {
    fn form() -> Form {
        text("a state such as \"listening\" or \"established\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        if let Value::Text(name) = value { State::parse(name).map(Some) } else { Ok(None) }
    }

    fn value(&self) -> Value {
        Value::Text(self.name().to_owned())
    }

    fn lets(&self, has: &Self) -> bool {
        self.0 & has.0 != 0
    }
}

impl Socket {
    fn state(&self) -> State {
        self.state.unwrap_or_default()
    }

    /// What `ss -l` shows: it waits for connections or datagrams. A TCP socket that is bound and doesn't listen is told
    /// as UNCONN too.
    fn waits(&self) -> bool {
        self.state() == LISTEN || self.state() == UNCONN && self.proto != Some(Proto::Tcp)
    }

    /// Its own address and port; `None` for a Unix socket.
    pub fn at(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.ip?, self.port?.0 as u16))
    }

    /// Puts the ends' addresses into words.
    fn with_ends(mut self, local: SocketAddr, peer: SocketAddr) -> Self {
        (self.ip, self.port) = (Some(local.ip()), Some(Between(local.port().into())));
        (self.peer_ip, self.peer_port) = (Some(peer.ip()), Some(Between(peer.port().into())));
        self
    }

    /// Says in words where it is, and whose it is.
    fn name(&mut self, ns: &Namespace, owners: &Owners) -> Result<()> {
        if let Some(index) = self.dev.as_ref().and_then(|dev| dev.parse().ok()) {
            self.dev = find::name(ns, index)?.or(self.dev.take());
        }
        let both = self.family == Some(Family::Inet6) && self.v6only.is_none();
        let end = |at: SocketAddr, dev: &Option<String>| {
            let address = match at.ip() {
                ip if ip.is_unspecified() && both => "*".to_owned(),
                IpAddr::V6(ip) => format!("[{ip}]"),
                ip => ip.to_string(),
            };
            let dev = dev.as_ref().map(|dev| format!("%{dev}")).unwrap_or_default();
            let port = if at.port() == 0 { "*".to_owned() } else { at.port().to_string() };
            format!("{address}{dev}:{port}")
        };
        if let (Some(local), Some(ip), Some(port)) = (self.at(), self.peer_ip, self.peer_port) {
            self.local = Some(end(local, &self.dev));
            self.peer = Some(end(SocketAddr::new(ip, port.0 as u16), &None));
        }
        self.owners = owners.of(self.inode.map_or(0, |inode| inode.0));
        Ok(())
    }
}

/// As in `ss`: `tcp   LISTEN     0      128    127.0.0.1:80    0.0.0.0:*    users:(("nsh",pid=2,fd=8))`.
impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<Number>| number.map_or(0, |n| n.0);
        let local = self.local.as_deref().unwrap_or_default();
        let (netid, local) = match self.kind.as_deref() {
            Some(kind) => (
                format!(
                    "u_{}",
                    match kind {
                        "stream" => "str",
                        "dgram" => "dgr",
                        _ => "seq",
                    }
                ),
                format!("{local} {}", number(self.inode)),
            ),
            None => (self.proto.map_or("", Words::name).to_owned(), local.to_owned()),
        };
        let user = |o: &Owner| format!("({:?},pid={},fd={})", o.name, o.pid, o.fd);
        let users: Vec<String> = self.owners.iter().map(user).collect();
        let users = if users.is_empty() { String::new() } else { format!("users:({})", users.join(",")) };
        let line = format!(
            "{netid:<5} {:<10} {:<6} {:<6} {local:>22} {:>22} {users}",
            self.state().name(),
            number(self.recv_q),
            number(self.send_q),
            self.peer.as_deref().unwrap_or_default(),
        );
        f.write_str(line.trim_end())
    }
}

/// Which sockets; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// TCP and UDP unless given.
    pub protos: Option<Vec<Proto>>,
    /// What they have in common.
    pub like: Socket,
    /// Only those that wait for connections or datagrams, as `ss -l`.
    pub listening: bool,
}

impl Filter {
    /// Those that wait on this port.
    pub fn waiting(proto: Proto, port: u16) -> Self {
        let like = Socket { port: Some(Between(port.into())), ..Socket::default() };
        Filter { protos: Some(vec![proto]), like, listening: true }
    }

    fn lets_through(&self, socket: &Socket) -> bool {
        (!self.listening || socket.waits()) && self.like.fits(socket)
    }
}

/// The sockets that the filter lets through, in the kernel's order, as `ss -anp`; `owners` says which processes have
/// them.
pub fn list(ns: &Namespace, filter: &Filter, owners: &Owners) -> Result<Vec<Socket>> {
    let protos = filter.protos.clone().unwrap_or_else(|| vec![Proto::Tcp, Proto::Udp]);
    let families = match filter.like.family {
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
            let states = match proto {
                Proto::Tcp if !file::has_connections(ns, *family) => diag::UNCONNECTED,
                _ => diag::ALL_STATES,
            };
            out.extend(match asked.inet(proto, *family, states) {
                Err(e) if e.kind() == Kind::NotFound || e.kind() == Kind::Unsupported => {
                    file::read(ns, proto, *family)?
                }
                result => result?,
            });
        }
    }
    out.retain(|socket| filter.lets_through(socket));
    out.iter_mut().try_for_each(|socket| socket.name(ns, owners))?;
    Ok(out)
}

/// An end's address from its bytes, of which IPv4 uses the first four, in network order.
fn address(family: Family, bytes: &[u8]) -> Option<IpAddr> {
    from_octets(bytes.get(..usize::from(family.bits() / 8))?)
}

#[cfg(test)]
mod tests;
