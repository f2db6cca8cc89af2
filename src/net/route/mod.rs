//! Routes of IPv4 and IPv6, as `ip route` handles them.

mod change;
mod check;
mod encap;
pub(super) mod explain;
mod list;
mod lookup;
mod metrics;
mod seg6local;
mod table;
mod text;
mod wire;

pub use change::{add, del, flush, replace};
pub use encap::{Encap, Labels};
pub(super) use list::name_links;
pub use list::{Filter, Tables, list};
pub use lookup::{Lookup, dropping, get};
pub use metrics::{Metrics, Time};
pub use table::{Destination, Flags, Nexthop, Pref, Route, RouteKind};
pub use text::gateway;
pub(super) use text::pair;
pub(super) use wire::{index, parse, small_table};

// Message types of linux/rtnetlink.h.
pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;
pub(super) const RTM_GETROUTE: u16 = 26;

pub const TABLE_MAIN: u32 = 254;
pub const TABLE_LOCAL: u32 = 255;
const SCOPE_UNIVERSE: u8 = 0;
const SCOPE_LINK: u8 = 253;
const SCOPE_HOST: u8 = 254;
const SCOPE_NOWHERE: u8 = 255;
const RTNH_F_ONLINK: u32 = 4;
/// RTM_F_CLONED: an entry of the cache.
const CLONED: u32 = 0x200;

#[cfg(test)]
mod tests;
