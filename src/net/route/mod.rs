//! Routes of IPv4 and IPv6, as `ip route` handles them.

mod change;
mod encap;
mod explain;
mod lookup;
mod read;
mod spec;

pub use change::{add, del, flush, replace};
pub use lookup::{Lookup, dropping, get};
pub(crate) use read::parse;
pub use read::{Filter, Nexthop, Route, Tables, list};
pub use spec::{HopSpec, Metrics, Pref, RouteKind, RouteSpec, destination};

// Message types and attributes of linux/rtnetlink.h.
pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;

mod rta {
    pub const DST: u16 = 1;
    pub const SRC: u16 = 2;
    pub const IIF: u16 = 3;
    pub const OIF: u16 = 4;
    pub const GATEWAY: u16 = 5;
    pub const PRIORITY: u16 = 6;
    pub const PREFSRC: u16 = 7;
    pub const METRICS: u16 = 8;
    pub const MULTIPATH: u16 = 9;
    pub const FLOW: u16 = 11;
    pub const CACHEINFO: u16 = 12;
    pub const TABLE: u16 = 15;
    pub const MARK: u16 = 16;
    pub const VIA: u16 = 18;
    pub const PREF: u16 = 20;
    pub const ENCAP_TYPE: u16 = 21;
    pub const ENCAP: u16 = 22;
    pub const EXPIRES: u16 = 23;
    pub const UID: u16 = 25;
    pub const IP_PROTO: u16 = 27;
    pub const SPORT: u16 = 28;
    pub const DPORT: u16 = 29;
    pub const NH_ID: u16 = 30;
}

pub(super) const TABLE_MAIN: u32 = 254;
const TABLE_LOCAL: u32 = 255;
const SCOPE_UNIVERSE: u8 = 0;
const SCOPE_LINK: u8 = 253;
const SCOPE_HOST: u8 = 254;
const SCOPE_NOWHERE: u8 = 255;
const RTNH_F_ONLINK: u32 = 4;
/// RTM_F_CLONED: an entry of the cache.
const CLONED: u32 = 0x200;

/// `struct rtmsg`.
#[derive(Clone, Copy, Default)]
struct Head {
    family: u8,
    dst_length: u8,
    src_length: u8,
    tos: u8,
    table: u8,
    protocol: u8,
    scope: u8,
    kind: u8,
    flags: u32,
}

impl Head {
    const BYTES: usize = 12;

    fn bytes(self) -> Vec<u8> {
        let mut out = vec![
            self.family,
            self.dst_length,
            self.src_length,
            self.tos,
            self.table,
            self.protocol,
            self.scope,
            self.kind,
        ];
        out.extend_from_slice(&self.flags.to_ne_bytes());
        out
    }

    fn read(bytes: &[u8]) -> Option<Head> {
        let [family, dst_length, src_length, tos, table, protocol, scope, kind, a, b, c, d] =
            *bytes.first_chunk::<{ Head::BYTES }>()?;
        let flags = u32::from_ne_bytes([a, b, c, d]);
        Some(Head { family, dst_length, src_length, tos, table, protocol, scope, kind, flags })
    }
}

/// A table's number in the one byte of the header; those over 255 stand in the attribute alone.
pub(super) fn small_table(table: u32) -> u8 {
    u8::try_from(table).unwrap_or(0)
}

#[cfg(test)]
mod tests;
