//! sock_diag(7): linux/sock_diag.h, linux/inet_diag.h and linux/unix_diag.h.

use std::net::SocketAddr;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::{End, Proto, Socket, address};
use crate::base::error::Result;
use crate::net::attributes::unsigned;
use crate::net::namespace::Namespace;
use crate::net::netlink::{self, attributes_of};
use crate::net::prefix::Family;

const NETLINK_SOCK_DIAG: isize = 4;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const ALL_STATES: u32 = u32::MAX;

/// A socket to ask with, of one namespace.
pub(super) struct Asked(netlink::Socket);

impl Asked {
    pub fn open(ns: &Namespace) -> Result<Self> {
        ns.within(|| netlink::Socket::open(NETLINK_SOCK_DIAG)).map(Asked)
    }

    /// Fails with ENOENT where the kernel doesn't answer for this protocol.
    pub fn inet(&mut self, proto: Proto, family: Family) -> Result<Vec<Socket>> {
        // struct inet_diag_req_v2: family, protocol, wanted attributes, padding, states, then an empty id.
        let mut request = vec![family.number(), proto.number(), 0, 0];
        request.extend_from_slice(&ALL_STATES.to_ne_bytes());
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
    const INET_DIAG_PROTOCOL: u16 = 10;
    const INET_DIAG_SKV6ONLY: u16 = 11;
    let (head, attributes) = payload.split_at_checked(72)?;
    let family = Family::from_number(head[0])?;
    let port = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let number = |at: usize| unsigned(&head[at..at + 4]) as u32;
    let link = number(40);
    let dev = (link != 0).then(|| link.to_string());
    let mut socket = Socket {
        proto,
        family: Some(family),
        kind: None,
        state_number: head[1],
        local: End::Ip { at: SocketAddr::new(address(family, &head[8..24])?, port(4)), dev },
        peer: End::Ip { at: SocketAddr::new(address(family, &head[24..40])?, port(6)), dev: None },
        raw_proto: None,
        recv_q: number(56),
        send_q: number(60),
        uid: Some(number(64)),
        inode: number(68).into(),
        v6only: false,
        peer_inode: None,
        owners: Vec::new(),
    };
    for (kind, value) in attributes_of(attributes) {
        match kind {
            INET_DIAG_SKV6ONLY => socket.v6only = unsigned(value) != 0,
            INET_DIAG_PROTOCOL if proto == Proto::Raw => socket.raw_proto = Some(unsigned(value) as u8),
            _ => {}
        }
    }
    Some(socket)
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
    let mut socket = Socket {
        proto: Proto::Unix,
        family: None,
        kind: match i32::from(head[1]) {
            libc::SOCK_STREAM => Some("stream"),
            libc::SOCK_DGRAM => Some("dgram"),
            libc::SOCK_SEQPACKET => Some("seqpacket"),
            _ => None,
        },
        state_number: head[2],
        local: End::Path(None),
        peer: End::Path(None),
        raw_proto: None,
        recv_q: 0,
        send_q: 0,
        uid: None,
        inode: unsigned(&head[4..8]),
        v6only: false,
        peer_inode: None,
        owners: Vec::new(),
    };
    for (kind, value) in attributes_of(attributes) {
        match kind {
            UNIX_DIAG_NAME => socket.local = End::Path(name(value)),
            UNIX_DIAG_PEER => socket.peer_inode = Some(unsigned(value)).filter(|inode| *inode != 0),
            UNIX_DIAG_RQLEN if value.len() >= 8 => {
                socket.recv_q = unsigned(&value[0..4]) as u32;
                socket.send_q = unsigned(&value[4..8]) as u32;
            }
            UNIX_DIAG_UID => socket.uid = Some(unsigned(value) as u32),
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
