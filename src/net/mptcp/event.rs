//! What happens to connections of Multipath TCP, as `ip mptcp monitor` tells it (`enum mptcp_event_type` of linux/mptcp_pm.h).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::base::error::{Error, Kind, Result};
use crate::model::{Table, Words, table};
use crate::net::fields::{LinkRef, Number};
use crate::net::link::fields::{Be16, OnOff, U8, named};
use crate::net::namespace::Namespace;
use crate::net::netlink::{Generic, attributes_of};
use crate::net::prefix::from_octets;

/// `struct genlmsghdr`: command, version, padding.
const HEADER: usize = 4;

// MPTCP_ATTR_*, those that are no row.
const SADDR4: u16 = 5;
const SADDR6: u16 = 6;
const DADDR4: u16 = 7;
const DADDR6: u16 = 8;

named! {
    /// MPTCP_EVENT_*, which are commands.
    What(u8) (to_ne_bytes, from_ne_bytes) {
        1 = "created", 2 = "established", 3 = "closed", 6 = "announced", 7 = "removed", 10 = "sub_established",
        11 = "sub_closed", 13 = "sub_priority", 15 = "listener_created", 16 = "listener_closed"
    }
}

table! {
    /// Something that happened to a connection of MPTCP (MPTCP_ATTR_*).
    pub struct Event {
        Read event: What = header always, ip [],
            "created, established or closed (a connection); sub_established, sub_closed or sub_priority (a subflow); announced or \
             removed (an address of the peer's); listener_created or listener_closed";
        Read token: Number = 1, ip [], "the connection's number";
        Read local_id: U8 = 3, ip [], "the number of this end's address";
        Read remote_id: U8 = 4, ip [], "the number of the peer's address";
        Read src: IpAddr = header, ip [], "this end's address";
        Read dst: IpAddr = header, ip [], "the peer's address";
        Read sport: Be16 = 9, ip [], "this end's port";
        Read dport: Be16 = 10, ip [], "the peer's port";
        Read backup: OnOff = 11, ip [], "whether the subflow is for when there is no other";
        Read error: U8 = 12, ip [], "the errno for which a subflow was closed";
        Read dev: LinkRef = 15, ip [], "the link of a subflow";
        Read server_side: OnOff = 18, ip [], "whether this end accepted the connection";
    }
}

impl Event {
    /// Reads a message's body; `None` for what has no word here.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut event = Event { event: Some(What::from_wire(payload)?), ..Event::default() };
        for (number, bytes) in attributes_of(payload.get(HEADER..)?) {
            match number {
                SADDR4 | SADDR6 => event.src = from_octets(bytes),
                DADDR4 | DADDR6 => event.dst = from_octets(bytes),
                _ => event.decode(number, bytes),
            }
        }
        Some(event)
    }

    /// Whether something began, or ended, or neither.
    pub fn began(&self) -> Option<bool> {
        match self.event?.0 {
            1 | 6 | 10 | 15 => Some(true),
            3 | 7 | 11 | 16 => Some(false),
            _ => None,
        }
    }
}

/// `sub_established token 1a2b3c4d 10.0.0.1:5000 > 10.0.1.2:80`
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.event.map_or("", Words::name))?;
        self.token.iter().try_for_each(|token| write!(f, " token {:x}", token.0))?;
        let end = |address: IpAddr, port: Option<Be16>| match port {
            Some(port) => SocketAddr::new(address, port.0).to_string(),
            None => address.to_string(),
        };
        match (self.src, self.dst) {
            (Some(src), Some(dst)) => write!(f, " {} > {}", end(src, self.sport), end(dst, self.dport))?,
            (Some(src), None) => write!(f, " {}", end(src, self.sport))?,
            (None, Some(dst)) => write!(f, " > {}", end(dst, self.dport))?,
            (None, None) => {}
        }
        f.write_str(if self.backup == Some(OnOff(true)) { " backup" } else { "" })
    }
}

/// The number of the group to which the kernel tells them.
///
/// Raises `unsupported` where it has no MPTCP, or is older than Linux 5.11.
pub fn group(ns: &Namespace) -> Result<u32> {
    Generic::group(ns, "mptcp_pm", "mptcp_pm_events")?
        .ok_or_else(|| Error::new(Kind::Unsupported, "the kernel tells no events of MPTCP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subflow_as_bytes() {
        #[rustfmt::skip]
        let message: &[u8] = &[
            10, 1, 0, 0,                // MPTCP_EVENT_SUB_ESTABLISHED
            8, 0, 1, 0, 1, 2, 0, 0,     // MPTCP_ATTR_TOKEN
            5, 0, 4, 0, 7, 0, 0, 0,     // MPTCP_ATTR_REM_ID
            8, 0, 5, 0, 10, 0, 0, 1,    // MPTCP_ATTR_SADDR4
            8, 0, 7, 0, 10, 0, 1, 2,    // MPTCP_ATTR_DADDR4
            6, 0, 9, 0, 0x13, 0x88, 0, 0, // MPTCP_ATTR_SPORT
            6, 0, 10, 0, 0, 80, 0, 0,   // MPTCP_ATTR_DPORT
            5, 0, 11, 0, 0, 0, 0, 0,    // MPTCP_ATTR_BACKUP
        ];
        let event = Event::parse(message).unwrap();
        assert_eq!(event.to_string(), "sub_established token 201 10.0.0.1:5000 > 10.0.1.2:80");
        assert_eq!(
            (event.began(), event.remote_id, event.backup),
            (Some(true), Some(U8(7)), Some(OnOff(false)))
        );
        for length in 0..message.len() {
            let _ = Event::parse(&message[..length]);
        }
        assert_eq!(Event::parse(&[99, 1, 0, 0]), None);
    }
}
