//! OSPF: RFC 2328 and, for IPv6, RFC 5340.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use super::super::decode::{ip4_at, u16_at, u32_at};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ospf {
    pub version: u8,
    pub message: u8,
    pub router: IpAddr,
    pub area: IpAddr,
    /// Of a hello: in seconds.
    pub hello_interval: Option<u16>,
    pub dead_interval: Option<u32>,
    /// The designated router, and the one behind it.
    pub dr: Option<IpAddr>,
    pub bdr: Option<IpAddr>,
    pub neighbors: Vec<IpAddr>,
    pub length: usize,
}

pub(super) const KINDS: [&str; 5] =
    ["hello", "database description", "link state request", "link state update", "link state ack"];

impl Ospf {
    pub fn kind(&self) -> &'static str {
        KINDS.get(usize::from(self.message).wrapping_sub(1)).copied().unwrap_or("other")
    }
}

pub(super) fn decode(b: &[u8]) -> Option<Ospf> {
    let version = *b.first()?;
    if !matches!(version, 2 | 3) {
        return None;
    }
    let length = usize::from(u16_at(b, 2)?);
    let mut ospf = Ospf {
        version,
        message: *b.get(1)?,
        router: ip4_at(b, 4)?,
        area: ip4_at(b, 8)?,
        hello_interval: None,
        dead_interval: None,
        dr: None,
        bdr: None,
        neighbors: Vec::new(),
        length,
    };
    if ospf.message == 1 {
        hello(b.get(..length.min(b.len()))?, &mut ospf);
    }
    Some(ospf)
}

fn hello(b: &[u8], ospf: &mut Ospf) -> Option<()> {
    let at = if ospf.version == 2 { 28 } else { 24 };
    ospf.hello_interval = u16_at(b, at);
    ospf.dead_interval = if ospf.version == 2 { u32_at(b, at + 4) } else { u16_at(b, at + 2).map(u32::from) };
    let routers = at + if ospf.version == 2 { 8 } else { 4 };
    let address = |at| ip4_at(b, at).filter(|a| !a.is_unspecified());
    (ospf.dr, ospf.bdr) = (address(routers), address(routers + 4));
    let neighbors = b.get(routers + 8..)?.chunks_exact(4);
    ospf.neighbors = neighbors.filter_map(|chunk| ip4_at(chunk, 0)).collect();
    Some(())
}

/// `OSPFv2, Hello, length 44`
impl Display for Ospf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const SHOWN: [&str; 5] = ["Hello", "Database Description", "LS-Request", "LS-Update", "LS-Ack"];
        write!(f, "OSPFv{}, ", self.version)?;
        match SHOWN.get(usize::from(self.message).wrapping_sub(1)) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "unknown LS-type {}", self.message)?,
        }
        write!(f, ", length {}", self.length)
    }
}
