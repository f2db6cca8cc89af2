//! BGP: RFC 4271.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr};

use super::super::decode::{ip4_at, u16_at};

/// More messages of a segment, or prefixes of one, aren't decoded.
const MOST: usize = 256;
const HEADER: usize = 19;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bgp {
    pub message: u8,
    /// Of an open.
    pub asn: Option<u16>,
    pub hold_time: Option<u16>,
    pub router: Option<IpAddr>,
    /// Of an update: prefixes of IPv4.
    pub prefixes: Vec<String>,
    pub withdrawn: Vec<String>,
    pub next_hop: Option<IpAddr>,
    /// Of a notification.
    pub code: Option<u8>,
    pub subcode: Option<u8>,
}

pub(super) const KINDS: [&str; 5] = ["open", "update", "notification", "keepalive", "route refresh"];

impl Bgp {
    pub fn kind(&self) -> &'static str {
        KINDS.get(usize::from(self.message).wrapping_sub(1)).copied().unwrap_or("other")
    }
}

/// The messages that begin in a segment; none if it begins within one.
pub(super) fn decode(mut b: &[u8]) -> Vec<Bgp> {
    let mut messages = Vec::new();
    while messages.len() < MOST && b.get(..16).is_some_and(|marker| marker.iter().all(|byte| *byte == 0xff)) {
        let (Some(length), Some(message)) = (u16_at(b, 16).map(usize::from), b.get(18)) else { break };
        if length < HEADER {
            break;
        }
        let mut bgp = Bgp { message: *message, ..Bgp::default() };
        let body = b.get(HEADER..length.min(b.len())).unwrap_or_default();
        match message {
            1 => {
                bgp.asn = u16_at(body, 1);
                bgp.hold_time = u16_at(body, 3);
                bgp.router = ip4_at(body, 5);
            }
            2 => drop(update(body, &mut bgp)),
            3 => (bgp.code, bgp.subcode) = (body.first().copied(), body.get(1).copied()),
            _ => {}
        }
        messages.push(bgp);
        b = b.get(length..).unwrap_or_default();
    }
    messages
}

fn update(b: &[u8], bgp: &mut Bgp) -> Option<()> {
    let withdrawn = usize::from(u16_at(b, 0)?);
    bgp.withdrawn = prefixes(b.get(2..2 + withdrawn)?);
    let length = usize::from(u16_at(b, 2 + withdrawn)?);
    let mut attributes = b.get(4 + withdrawn..4 + withdrawn + length)?;
    bgp.prefixes = prefixes(b.get(4 + withdrawn + length..)?);
    while let [flags, kind, ..] = attributes {
        // With two bytes for the length, or one.
        let (header, length) = match flags & 0x10 {
            0 => (3, usize::from(*attributes.get(2)?)),
            _ => (4, usize::from(u16_at(attributes, 2)?)),
        };
        let value = attributes.get(header..header + length)?;
        if *kind == 3 {
            bgp.next_hop = ip4_at(value, 0);
        }
        attributes = &attributes[header + length..];
    }
    Some(())
}

fn prefixes(mut b: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some((length, rest)) = b.split_first() {
        let bytes = usize::from(length.div_ceil(8));
        let (true, Some(some)) = (*length <= 32 && found.len() < MOST, rest.get(..bytes)) else { break };
        let mut octets = [0; 4];
        octets[..bytes].copy_from_slice(some);
        found.push(format!("{}/{length}", Ipv4Addr::from(octets)));
        b = &rest[bytes..];
    }
    found
}

impl Display for Bgp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match (self.asn, self.code, self.subcode) {
            (Some(asn), ..) => write!(f, " AS {asn}"),
            (_, Some(code), Some(subcode)) => write!(f, " {code}/{subcode}"),
            _ => {
                let routes = self.withdrawn.iter().map(|p| format!(" -{p}"));
                routes.chain(self.prefixes.iter().map(|p| format!(" {p}"))).try_for_each(|p| f.write_str(&p))
            }
        }
    }
}
