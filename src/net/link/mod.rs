//! Links: adding, changing, reading and deleting network interfaces, as `ip link` does.
//!
//! A kind of link with options is a file with a table, and a line in `kinds!`. Messages are written and read as raw
//! attributes: one that a kernel has and nsh doesn't know is passed over.

mod add;
mod bridge;
mod change;
pub mod fields;
pub mod find;
mod geneve;
mod ipvlan;
mod kind;
mod macvlan;
mod port;
mod read;
mod silence;
mod spec;
mod stats;
mod tun;
mod vlan;
mod vrf;
mod vxlan;

use kind::Options;

pub use add::add;
pub use change::{AddrGenMode, Change, LinkMode, Master, del, set};
pub(crate) use change::{del_index, set_port};
pub use kind::{Details, Kind, Lower, Visit};
pub use port::{Port, PortState};
pub use read::{Filter, Link, get, list, require};
pub(crate) use read::{by_index, dump, get_plain, parse};
pub use silence::silence;
pub use spec::{LinkSpec, PeerSpec};
pub use stats::{Stats, stats};

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

/// Kinds of links that Linux has, some of them only lately, as `ip link add type KIND` names them; which of them this kernel
/// was built with, `nsh doctor` tries.
pub const KINDS: &[&str] = &[
    "bareudp",
    "batadv",
    "bond",
    "bridge",
    "can",
    "dummy",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "hsr",
    "ifb",
    "ip6erspan",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ipip",
    "ipvlan",
    "ipvtap",
    "macsec",
    "macvlan",
    "macvtap",
    "netdevsim",
    "netkit",
    "nlmon",
    "sit",
    "team",
    "vcan",
    "veth",
    "vlan",
    "vrf",
    "vti",
    "vti6",
    "vxcan",
    "vxlan",
    "wireguard",
    "xfrm",
];

// Message types and attributes of linux/rtnetlink.h and linux/if_link.h.
pub(crate) const RTM_NEWLINK: u16 = 16;
pub(crate) const RTM_DELLINK: u16 = 17;
pub(crate) const RTM_GETLINK: u16 = 18;
pub(crate) const RTM_SETLINK: u16 = 19;

pub(crate) mod ifla {
    pub const ADDRESS: u16 = 1;
    pub const BROADCAST: u16 = 2;
    pub const IFNAME: u16 = 3;
    pub const MTU: u16 = 4;
    pub const LINK: u16 = 5;
    pub const QDISC: u16 = 6;
    pub const MASTER: u16 = 10;
    pub const TXQLEN: u16 = 13;
    pub const OPERSTATE: u16 = 16;
    pub const LINKMODE: u16 = 17;
    pub const LINKINFO: u16 = 18;
    pub const IFALIAS: u16 = 20;
    pub const STATS64: u16 = 23;
    pub const AF_SPEC: u16 = 26;
    pub const GROUP: u16 = 27;
    pub const NET_NS_FD: u16 = 28;
    pub const EXT_MASK: u16 = 29;
    pub const PROMISCUITY: u16 = 30;
    pub const NUM_TX_QUEUES: u16 = 31;
    pub const NUM_RX_QUEUES: u16 = 32;
    pub const CARRIER: u16 = 33;
    pub const CARRIER_CHANGES: u16 = 35;
    pub const LINK_NETNSID: u16 = 37;
    pub const PROTO_DOWN: u16 = 39;
    pub const GSO_MAX_SEGS: u16 = 40;
    pub const GSO_MAX_SIZE: u16 = 41;
    pub const MIN_MTU: u16 = 50;
    pub const MAX_MTU: u16 = 51;
    pub const PROP_LIST: u16 = 52;
    pub const ALT_IFNAME: u16 = 53;
    pub const PERM_ADDRESS: u16 = 54;
    pub const PARENT_DEV_NAME: u16 = 56;
    pub const PARENT_DEV_BUS_NAME: u16 = 57;
    pub const GRO_MAX_SIZE: u16 = 58;
    pub const TSO_MAX_SIZE: u16 = 59;
    pub const TSO_MAX_SEGS: u16 = 60;
    pub const ALLMULTI: u16 = 61;
    pub const NETNS_IMMUTABLE: u16 = 67;
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
