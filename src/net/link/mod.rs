//! Links: adding, changing, reading and deleting network interfaces, as `ip link` does.
//!
//! A kind of link with options is a file with a table, and a line in `kinds!`. Messages are written and read as raw
//! attributes: one that a kernel has and nsh doesn't know is passed over.

mod add;
mod bond;
mod bridge;
mod change;
pub mod common;
mod end;
pub mod fields;
pub mod find;
mod geneve;
mod gre;
mod hsr;
mod iptnl;
mod ipvlan;
mod kind;
mod macsec;
mod macvlan;
mod netkit;
mod port;
mod read;
pub(in crate::net) mod stats;
mod text;
mod tun;
mod tunnel;
mod veth;
pub mod vlan;
mod vrf;
mod vti;
mod vxlan;
mod xfrm;

use kind::{Options, build};

pub use add::{LinkSpec, add};
pub use change::{Change, del, set};
pub(crate) use change::{del_index, set_port};
pub use common::{Common, OperState, is_late};
pub use end::{End, Master};
pub use kind::{Build, Details, Kind, Lower, Visit};
pub use port::{Port, PortState};
pub use read::{Filter, Link, get, list, require};
pub(crate) use read::{by_index, dump, get_plain, parse};
pub use stats::{Count, Stats, counters, stats};
pub use text::line;
pub use tun::TunType;
pub use veth::is_pair;

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
    netkit::Netkit,
    bond::Bond,
    hsr::Hsr,
    macsec::Macsec,
    vrf::Vrf,
    vxlan::Vxlan,
    geneve::Geneve,
    gre::Gre,
    gre::Ip6gre,
    iptnl::Ipip,
    iptnl::Sit,
    iptnl::Ip6tnl,
    vti::Vti,
    vti::Vti6,
    xfrm::Xfrm,
    tun::Tun,
}

/// Kinds of links without options that nsh knows.
const PLAIN: &[Build] = &[
    build!("veth" = "VETH"),
    build!("vxcan" = "CAN_VXCAN"),
    build!("dummy" = "DUMMY" by "dummy"),
    build!("ifb" = "IFB" by "ifb"),
    build!("wireguard" = "WIREGUARD"),
    build!("team" = "NET_TEAM"),
    build!("nlmon" = "NLMON"),
    build!("bareudp" = "BAREUDP"),
    build!("batadv" = "BATMAN_ADV"),
    build!("can" = "CAN_DEV"),
    build!("vcan" = "CAN_VCAN"),
    build!("erspan" = "NET_IPGRE" by "ip_gre"),
    build!("ip6erspan" = "IPV6_GRE" by "ip6_gre"),
    build!("netdevsim" = "NETDEVSIM"),
];

/// Each kind that `ip link add type KIND` can make, and what it takes; which of them this kernel was built with,
/// `nsh doctor` tries.
pub fn builds() -> Vec<Build> {
    struct Builds(Vec<Build>);
    impl Visit for Builds {
        fn kind<T: Kind>(&mut self) {
            // Of the others it only reports.
            if T::ROWS.iter().any(|row| row.is_given()) {
                self.0.extend(T::BUILDS);
            }
        }
    }
    let mut builds = Builds(PLAIN.to_vec());
    visit(&mut builds);
    builds.0
}

/// The names of [`builds`].
pub fn kinds() -> Vec<&'static str> {
    let mut names: Vec<_> = builds().iter().map(|build| build.kind).collect();
    names.sort_unstable();
    names
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
