//! `/proc/net/tcp`, `udp6`, `raw` and so on, for what sock_diag doesn't know. See proc(5).

use std::io;
use std::net::SocketAddr;

use super::{Proto, Socket, State, address};
use crate::base::error::{Error, Result};
use crate::model::{Between, Words};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// A protocol that the kernel doesn't have has no file, and no sockets.
pub(super) fn read(ns: &Namespace, proto: Proto, family: Family) -> Result<Vec<Socket>> {
    let six = if family == Family::Inet6 { "6" } else { "" };
    let path = format!("/proc/thread-self/net/{}{six}", proto.name());
    let text = ns.within(|| match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        text => text.map_err(|e| Error::from(e).detail(format!("reading {path}"))),
    })?;
    Ok(text.lines().skip(1).filter_map(|line| parse(proto, family, line)).collect())
}

/// Whether TCP may have connections, or what is left of some. To list them the kernel walks the table of the whole
/// machine (262,144 buckets with 4 GB of memory), 1 ms for each namespace; but it counts those of each.
pub(super) fn has_connections(ns: &Namespace, family: Family) -> bool {
    let (file, name) = if family == Family::Inet6 { ("sockstat6", "TCP6:") } else { ("sockstat", "TCP:") };
    let read = |file| std::fs::read_to_string(format!("/proc/thread-self/net/{file}"));
    // `TCP: inuse 0 orphan 0 tw 0 alloc 2 mem 0`. Those in TIME-WAIT are told with IPv4 alone.
    let is_zero = |text: &str, name: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().skip_while(|word| *word != key).nth(1) == Some("0")
    };
    let none =
        ns.within(|| Ok(is_zero(&read(file)?, name, "inuse") && is_zero(&read("sockstat")?, "TCP:", "tw")));
    !none.unwrap_or(false)
}

/// `sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode ...`, numbers in
/// hexadecimal but for the last three, addresses in words of the machine's byte order.
pub(super) fn parse(proto: Proto, family: Family, line: &str) -> Option<Socket> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, local, peer, state, queues, _, _, uid, _, inode, ..] = fields[..] else { return None };
    let (send_q, recv_q) = queues.split_once(':')?;
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    let number = |n: u32| Some(Between(n));
    let socket = Socket {
        proto: Some(proto),
        family: Some(family),
        state: Some(State::of(hex(state)? as u8)),
        recv_q: number(hex(recv_q)?),
        send_q: number(hex(send_q)?),
        uid: uid.parse().ok().and_then(number),
        inode: number(inode.parse().ok()?),
        ..Socket::default()
    };
    Some(socket.with_ends(end(family, local)?, end(family, peer)?))
}

fn end(family: Family, text: &str) -> Option<SocketAddr> {
    let (address_text, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for word in address_text.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    Some(SocketAddr::new(address(family, &bytes)?, u16::from_str_radix(port, 16).ok()?))
}
