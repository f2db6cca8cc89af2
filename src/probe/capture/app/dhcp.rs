//! DHCP: RFC 2131, RFC 2132; the types of DHCPv6: RFC 8415.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use super::super::decode::{ip4_at, mac_at, u32_at};
use super::super::packet::Mac;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dhcp {
    /// Of a client; else of a server.
    pub request: bool,
    /// 0 for BOOTP, which has none.
    pub message: u8,
    pub xid: u32,
    pub mac: Option<Mac>,
    /// The address that the client has, the one that it is given, the server's, the relay's.
    pub client: Option<IpAddr>,
    pub your: Option<IpAddr>,
    pub relay: Option<IpAddr>,
    /// What the options tell.
    pub requested: Option<IpAddr>,
    pub server: Option<IpAddr>,
    pub mask: Option<IpAddr>,
    pub routers: Vec<IpAddr>,
    pub dns: Vec<IpAddr>,
    pub hostname: Option<String>,
    /// In seconds.
    pub lease: Option<u32>,
    pub length: usize,
}

/// Option 53, from 1 on.
pub(super) const KINDS: [&str; 8] =
    ["discover", "offer", "request", "decline", "ack", "nak", "release", "inform"];

const COOKIE: u32 = 0x6382_5363;

impl Dhcp {
    pub fn kind(&self) -> Option<&'static str> {
        KINDS.get(usize::from(self.message).checked_sub(1)?).copied()
    }
}

pub(super) fn decode(b: &[u8], length: usize) -> Option<Dhcp> {
    let address = |at| ip4_at(b, at).filter(|a| !a.is_unspecified());
    let (op, ethernet) = (*b.first()?, b.get(1..3)? == [1, 6]);
    if !matches!(op, 1 | 2) {
        return None;
    }
    let mut dhcp = Dhcp {
        request: op == 1,
        message: 0,
        xid: u32_at(b, 4)?,
        mac: mac_at(b, 28).filter(|_| ethernet),
        client: address(12),
        your: address(16),
        relay: address(24),
        requested: None,
        server: None,
        mask: None,
        routers: Vec::new(),
        dns: Vec::new(),
        hostname: None,
        lease: None,
        length,
    };
    if u32_at(b, 236) == Some(COOKIE) {
        options(b.get(240..).unwrap_or_default(), &mut dhcp);
    }
    Some(dhcp)
}

/// As far as they go.
fn options(b: &[u8], dhcp: &mut Dhcp) -> Option<()> {
    let mut at = 0;
    loop {
        let code = *b.get(at)?;
        if code == 0 {
            at += 1;
            continue;
        }
        let length = usize::from(*b.get(at + 1)?);
        let value = b.get(at + 2..at + 2 + length)?;
        let addresses = || value.chunks_exact(4).filter_map(|chunk| ip4_at(chunk, 0)).collect::<Vec<_>>();
        match code {
            1 => dhcp.mask = ip4_at(value, 0),
            3 => dhcp.routers = addresses(),
            6 => dhcp.dns = addresses(),
            12 => dhcp.hostname = Some(String::from_utf8_lossy(value).into_owned()),
            50 => dhcp.requested = ip4_at(value, 0),
            51 => dhcp.lease = u32_at(value, 0),
            53 => dhcp.message = *value.first()?,
            54 => dhcp.server = ip4_at(value, 0),
            255 => return None,
            _ => {}
        }
        at += 2 + length;
    }
}

/// The types of DHCPv6, as tcpdump words them.
pub(super) fn name6(kind: u8) -> Option<&'static str> {
    const NAMES: [&str; 13] = [
        "solicit",
        "advertise",
        "request",
        "confirm",
        "renew",
        "rebind",
        "reply",
        "release",
        "decline",
        "reconf",
        "inf-req",
        "relay-fwd",
        "relay-reply",
    ];
    NAMES.get(usize::from(kind).checked_sub(1)?).copied()
}

/// `BOOTP/DHCP, Request from 02:00:00:00:00:01, length 300, discover`
impl Display for Dhcp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.request { "BOOTP/DHCP, Request" } else { "BOOTP/DHCP, Reply" })?;
        if let (true, Some(mac)) = (self.request, self.mac) {
            write!(f, " from {mac}")?;
        }
        write!(f, ", length {}", self.length)?;
        if let Some(kind) = self.kind() {
            write!(f, ", {kind}")?;
        }
        match self.your.or(self.requested) {
            Some(address) => write!(f, " {address}"),
            None => Ok(()),
        }
    }
}
