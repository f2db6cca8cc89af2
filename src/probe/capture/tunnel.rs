//! Labels of MPLS, and headers that carry other packets.

use std::fmt::{self, Display, Formatter};

use super::packet::Layers;

/// RFC 3032.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    pub label: u32,
    /// The traffic class.
    pub tc: u8,
    /// The last one.
    pub bottom: bool,
    pub ttl: u8,
}

impl Display for Label {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bottom = if self.bottom { ", [S]" } else { "" };
        write!(f, "(label {}, tc {}{bottom}, ttl {})", self.label, self.tc, self.ttl)
    }
}

/// A header that carries a frame or a packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Tunnel {
    pub kind: Kind,
    /// Of what it carries.
    pub length: usize,
    pub inner: Layers,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RFC 7348.
    Vxlan { flags: u8, vni: u32 },
    /// RFC 8926.
    Geneve { flags: u8, vni: u32 },
    /// RFC 2784, RFC 2890; with its length.
    Gre { checksum: bool, key: Option<u32>, seq: Option<u32>, protocol: u16, length: usize },
    /// Directly in IP.
    Ip,
}

impl Tunnel {
    /// Its name, if it is none of a protocol that IP has a number for.
    pub fn name(&self) -> Option<&'static str> {
        Some(self.kind_name()).filter(|name| !matches!(*name, "gre" | "ip"))
    }

    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Vxlan { .. } => "vxlan",
            Kind::Geneve { .. } => "geneve",
            Kind::Gre { .. } => "gre",
            Kind::Ip => "ip",
        }
    }

    /// The number of the network that it is for: VNI or key.
    pub fn id(&self) -> Option<u32> {
        match self.kind {
            Kind::Vxlan { vni, .. } | Kind::Geneve { vni, .. } => Some(vni),
            Kind::Gre { key, .. } => key,
            Kind::Ip => None,
        }
    }
}

/// What stands before the packet within.
impl Display for Tunnel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Vxlan { flags, vni } => {
                let flag = if flags & 8 != 0 { "I" } else { "." };
                write!(f, "VXLAN, flags [{flag}] (0x{flags:02x}), vni {vni}: ")
            }
            Kind::Geneve { flags, vni } => {
                let flags = match flags >> 6 {
                    0 => "none",
                    1 => "C",
                    2 => "O",
                    _ => "OC",
                };
                write!(f, "Geneve, Flags [{flags}], vni 0x{vni:x}: ")
            }
            Kind::Gre { checksum, key, seq, length, .. } => {
                f.write_str("GREv0")?;
                if *checksum {
                    f.write_str(", off 0x0")?;
                }
                if let Some(key) = key {
                    write!(f, ", key=0x{key:x}")?;
                }
                if let Some(seq) = seq {
                    write!(f, ", seq {seq}")?;
                }
                write!(f, ", length {length}: ")
            }
            Kind::Ip => Ok(()),
        }
    }
}
