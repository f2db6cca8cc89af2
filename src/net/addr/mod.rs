//! Addresses of links, as `ip address` handles them.

mod change;
mod read;

pub use change::{AddrSpec, Lifetime, add, del, flush, replace};
pub(crate) use change::{add_plain, del_plain};
pub(crate) use read::parse;
pub use read::{Addr, Filter, list, prefixes};

// Message types and attributes of linux/rtnetlink.h and linux/if_addr.h.
pub(super) const RTM_NEWADDR: u16 = 20;
pub(super) const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;

mod ifa {
    pub const ADDRESS: u16 = 1;
    pub const LOCAL: u16 = 2;
    pub const LABEL: u16 = 3;
    pub const BROADCAST: u16 = 4;
    pub const ANYCAST: u16 = 5;
    pub const CACHEINFO: u16 = 6;
    pub const FLAGS: u16 = 8;
    pub const RT_PRIORITY: u16 = 9;
    pub const PROTO: u16 = 11;
}

/// IFA_F_*: the names are those of ip-address(8), in its order. `dynamic` is told by the absence of its bit
/// (IFA_F_PERMANENT).
const FLAGS: [(u32, &str); 12] = [
    (0x01, "secondary"),
    (0x02, "nodad"),
    (0x04, "optimistic"),
    (0x08, "dadfailed"),
    (0x10, "home"),
    (0x20, "deprecated"),
    (0x40, "tentative"),
    (PERMANENT, "dynamic"),
    (0x100, "mngtmpaddr"),
    (0x200, "noprefixroute"),
    (0x400, "autojoin"),
    (0x800, "stable-privacy"),
];
const PERMANENT: u32 = 0x80;

/// `struct ifaddrmsg`: family, prefix length, flags (the attribute has them), scope, index.
fn ifaddrmsg(family: u8, length: u8, scope: u8, index: u32) -> Vec<u8> {
    let mut out = vec![family, length, 0, scope];
    out.extend_from_slice(&index.to_ne_bytes());
    out
}
