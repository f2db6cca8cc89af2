//! Links: adding, changing, reading and deleting network interfaces, as `ip link` does.
//!
//! A kind of link with options is a file with a table, and a line in `kinds!`. Messages are written and read as raw
//! attributes: one that a kernel has and nsh doesn't know is passed over.

mod add;
mod bridge;
mod change;
pub mod common;
mod end;
pub mod fields;
pub mod find;
mod geneve;
mod ipvlan;
mod kind;
mod macvlan;
mod port;
mod read;
mod stats;
mod text;
mod tun;
mod veth;
mod vlan;
mod vrf;
mod vxlan;

use kind::Options;

pub use add::{LinkSpec, add};
pub use change::{Change, del, set};
pub(crate) use change::{del_index, set_port};
pub use common::{Common, OperState, is_late};
pub use end::{End, Master};
pub use kind::{Details, Kind, Lower, Visit};
pub use port::{Port, PortState};
pub use read::{Filter, Link, get, list, require};
pub(crate) use read::{by_index, dump, get_plain, parse};
pub use stats::{Stats, counters, stats};
pub use text::line;

/// Makes the list of the kinds that have options.
macro_rules! kinds {
    ($($module:ident::$kind:ident,)*) => {
        $(pub use $module::$kind;)*

        /// Visits each kind that has options.
        pub fn visit(visitor: &mut impl Visit) {
            $(visitor.kind::<$kind>();)*
        }

        /// Their names, and options of which none is set.
        const KINDS_WITH_OPTIONS: &[(&[&str], fn() -> Box<dyn Options>)] =
            &[$((<$kind as Kind>::NAMES, || Box::<$kind>::default())),*];
    };
}

kinds! {
    bridge::Bridge,
    vlan::Vlan,
    macvlan::Macvlan,
    ipvlan::Ipvlan,
    vrf::Vrf,
    vxlan::Vxlan,
    geneve::Geneve,
    tun::Tun,
}

/// Kinds of links that Linux has, some of them only lately, and of which nsh knows no options.
const OTHER_KINDS: &str = "bareudp batadv bond can dummy erspan gre gretap hsr ifb ip6erspan ip6gre ip6gretap ip6tnl \
                           ipip macsec netdevsim nlmon sit team vcan vti vti6 wireguard xfrm";

/// All kinds that `ip link add type KIND` can make; which of them this kernel was built with, `nsh doctor` tries.
pub fn kinds() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl Visit for Names {
        fn kind<T: Kind>(&mut self) {
            // Of the others it only reports.
            if T::ROWS.iter().any(|row| row.is_given()) {
                self.0.extend(T::NAMES);
            }
        }
    }
    let mut names = Names(OTHER_KINDS.split_whitespace().collect());
    visit(&mut names);
    names.0.extend(veth::PAIRS.iter().map(|(kind, _)| *kind));
    names.0.sort_unstable();
    names.0
}

// Message types and attributes of linux/rtnetlink.h and linux/if_link.h.
pub(crate) const RTM_NEWLINK: u16 = 16;
pub(crate) const RTM_DELLINK: u16 = 17;
pub(crate) const RTM_GETLINK: u16 = 18;
pub(crate) const RTM_SETLINK: u16 = 19;

/// Attributes that are no row of [`Common`], or are used beside it.
pub(crate) mod ifla {
    pub const IFNAME: u16 = 3;
    pub const LINK: u16 = 5;
    pub const MASTER: u16 = 10;
    pub const LINKINFO: u16 = 18;
    pub const STATS64: u16 = 23;
    pub const AF_SPEC: u16 = 26;
    pub const GROUP: u16 = 27;
    pub const NET_NS_FD: u16 = 28;
    pub const EXT_MASK: u16 = 29;
    pub const NUM_TX_QUEUES: u16 = 31;
    pub const NUM_RX_QUEUES: u16 = 32;
    pub const PROP_LIST: u16 = 52;
    pub const ALT_IFNAME: u16 = 53;
    pub const INFO_KIND: u16 = 1;
    pub const INFO_DATA: u16 = 2;
    pub const INFO_SLAVE_KIND: u16 = 4;
    pub const INFO_SLAVE_DATA: u16 = 5;
}

/// `struct ifinfomsg`: family, type, index, flags, and which of the flags are meant.
pub(crate) fn ifinfomsg(family: u8, index: u32, flags: u32, change: u32) -> Vec<u8> {
    let mut out = vec![family, 0, 0, 0];
    out.extend_from_slice(&index.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&change.to_ne_bytes());
    out
}

#[cfg(test)]
mod tests;
