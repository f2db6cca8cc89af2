//! sock_diag(7): linux/sock_diag.h, linux/inet_diag.h and linux/unix_diag.h.

use std::net::SocketAddr;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::{Proto, Socket, State, address};
use crate::base::error::Result;
use crate::model::{Between, Field, Table};
use crate::net::fields::Number;
use crate::net::namespace::Namespace;
use crate::net::netlink::{self, attributes_of};
use crate::net::prefix::Family;

const NETLINK_SOCK_DIAG: isize = 4;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
pub(super) const ALL_STATES: u32 = u32::MAX;
/// Those for which the kernel need not walk the machine's table of connections: TCP_LISTEN and, since Linux 6.8,
/// TCP_BOUND_INACTIVE.
pub(super) const UNCONNECTED: u32 = 1 << 10 | 1 << 13;

/// A socket to ask with, of one namespace.
pub(super) struct Asked(netlink::Socket);

impl Asked {
    pub fn open(ns: &Namespace) -> Result<Self> {
        ns.within(|| netlink::Socket::open(NETLINK_SOCK_DIAG)).map(Asked)
    }

    /// Those in these states. Fails with ENOENT where the kernel doesn't answer for this protocol.
    pub fn inet(&mut self, proto: Proto, family: Family, states: u32) -> Result<Vec<Socket>> {
        // struct inet_diag_req_v2: family, protocol, wanted attributes, padding, states, then an empty id.
        let mut request = vec![family.number(), proto.number(), 0, 0];
        request.extend_from_slice(&states.to_ne_bytes());
        request.resize(56, 0);
        self.dump(&request, |payload| inet_socket(proto, payload))
    }

    pub fn unix(&mut self) -> Result<Vec<Socket>> {
        // UDIAG_SHOW_NAME, UDIAG_SHOW_PEER, UDIAG_SHOW_RQLEN, UDIAG_SHOW_UID.
        const SHOW: u32 = 0x01 | 0x04 | 0x10 | 0x40;
        // struct unix_diag_req: family, protocol, padding, states, inode, what to show, cookie.
        let mut request = vec![libc::AF_UNIX as u8, 0, 0, 0];
        request.extend_from_slice(&ALL_STATES.to_ne_bytes());
        request.extend_from_slice(&0u32.to_ne_bytes());
        request.extend_from_slice(&SHOW.to_ne_bytes());
        request.resize(24, 0);
        match self.dump(&request, unix_socket) {
            // A kernel without unix_diag tells of no Unix sockets.
            Err(e) if e.raw() == Some(Errno::ENOENT) => Ok(Vec::new()),
            result => result,
        }
    }

    fn dump(&mut self, request: &[u8], parse: impl Fn(&[u8]) -> Option<Socket>) -> Result<Vec<Socket>> {
        let mut found = Vec::new();
        self.0.raw(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request, &mut |answer| {
            match answer {
                None => found.clear(),
                Some(answer) => found.extend(parse(answer.payload)),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// struct inet_diag_msg: family, state, timer, retransmissions; the id (ports, addresses, link, cookie); expiry,
/// queues, user, inode; then attributes.
pub(super) fn inet_socket(proto: Proto, payload: &[u8]) -> Option<Socket> {
    let (head, attributes) = payload.split_at_checked(72)?;
    let family = Family::from_number(head[0])?;
    let port = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let number = |at: usize| Number::decode(&head[at..at + 4]);
    let mut socket = Socket {
        proto: Some(proto),
        family: Some(family),
        state: Some(State::of(head[1])),
        dev: number(40).filter(|link| link.0 != 0).map(|link| link.0.to_string()),
        recv_q: number(56),
        send_q: number(60),
        uid: number(64),
        inode: number(68),
        ..Socket::default()
    };
    attributes_of(attributes).for_each(|(kind, value)| socket.decode(kind, value));
    let (local, peer) = (address(family, &head[8..24])?, address(family, &head[24..40])?);
    Some(socket.with_ends(SocketAddr::new(local, port(4)), SocketAddr::new(peer, port(6))))
}

/// struct unix_diag_msg: family, type, state, padding, inode, cookie; then attributes.
pub(super) fn unix_socket(payload: &[u8]) -> Option<Socket> {
    const UNIX_DIAG_NAME: u16 = 0;
    const UNIX_DIAG_PEER: u16 = 2;
    const UNIX_DIAG_RQLEN: u16 = 4;
    const UNIX_DIAG_UID: u16 = 7;
    let (head, attributes) = payload.split_at_checked(16)?;
    if i32::from(head[0]) != libc::AF_UNIX {
        return None;
    }
    let kind = match i32::from(head[1]) {
        libc::SOCK_STREAM => Some("stream"),
        libc::SOCK_DGRAM => Some("dgram"),
        libc::SOCK_SEQPACKET => Some("seqpacket"),
        _ => None,
    };
    let mut socket = Socket {
        proto: Some(Proto::Unix),
        kind: kind.map(str::to_owned),
        state: Some(State::of(head[2])),
        local: Some("*".to_owned()),
        peer: Some("* 0".to_owned()),
        recv_q: Some(Between(0)),
        send_q: Some(Between(0)),
        inode: Number::decode(&head[4..8]),
        ..Socket::default()
    };
    for (kind, value) in attributes_of(attributes) {
        match kind {
            UNIX_DIAG_NAME => socket.local = name(value).or(socket.local),
            UNIX_DIAG_PEER => socket.peer = Number::decode(value).map(|inode| format!("* {}", inode.0)),
            UNIX_DIAG_RQLEN if value.len() >= 8 => {
                (socket.recv_q, socket.send_q) = (Number::decode(value), Number::decode(&value[4..]));
            }
            UNIX_DIAG_UID => socket.uid = Number::decode(value),
            _ => {}
        }
    }
    Some(socket)
}

/// A path ends at its zero; an abstract name begins with one, shown as `@`.
fn name(bytes: &[u8]) -> Option<String> {
    let shown = match bytes {
        [] => return None,
        [0, rest @ ..] => format!("@{}", String::from_utf8_lossy(rest)),
        path => String::from_utf8_lossy(path.split(|b| *b == 0).next().unwrap_or_default()).into_owned(),
    };
    Some(shown.replace(char::is_control, "@"))
}
