//! Addresses of links, as `ip address` handles them.

mod change;
mod read;
mod table;
mod text;
mod wire;

pub use change::{add, del, flush, replace};
pub(crate) use change::{add_plain, del_plain};
pub use read::{list, prefixes};
pub use table::{Addr, Label, Lifetime, Peer};
pub(crate) use wire::parse;

// Message types of linux/rtnetlink.h.
pub(super) const RTM_NEWADDR: u16 = 20;
pub(super) const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
