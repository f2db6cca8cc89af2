//! Pairs of links for BPF: IFLA_NETKIT_* of linux/if_link.h; ip-link(8), "NETKIT Type Support". Linux 6.7.

use super::fields::{Toggle, U16, named};
use super::kind::kind;
use crate::base::error::Error;
use crate::model::table;
use nix::errno::Errno;

named! {
    /// NETKIT_L2 and NETKIT_L3 of linux/if_link.h.
    NetkitMode(u32) (to_ne_bytes, from_ne_bytes) { 0 = "l2", 1 = "l3" }
    /// NETKIT_PASS and NETKIT_DROP.
    Policy(u32) bare (to_ne_bytes, from_ne_bytes) { 0 = "forward", 2 = "blackhole" }
    /// NETKIT_SCRUB_*
    Scrub(u32) (to_ne_bytes, from_ne_bytes) { 0 = "none", 1 = "default" }
}

table! {
    /// A netkit link.
    pub struct Netkit {
        Make mode: NetkitMode = 5, ip ["mode"], "with Ethernet (l2) or without (l3); default l3";
        Set policy: Policy = 3, ip ["forward", "blackhole"],
            "what becomes of packets that no program decides on; default forward";
        Make scrub: Scrub = 6, ip ["scrub"], "whether marks of packets are cleared (Linux 6.13); default default";
        Set peer_policy: Policy = 4, ip ["forward", "blackhole"], "the policy of the other end";
        Make peer_scrub: Scrub = 7, ip ["scrub"], "scrub of the other end (Linux 6.13)";
        Make headroom: U16 = 8, ip [], "bytes in front of packets (Linux 6.14)";
        Make tailroom: U16 = 9, ip [], "bytes behind packets (Linux 6.14)";
        Read primary: Toggle = 2, ip [], "this is the end by which the pair was made, and can be changed";
    }
}

kind! {
    Netkit, "a netkit pair", ["netkit" = "NETKIT"] {
        const FAR: &'static [&'static str] = &["peer_policy", "peer_scrub"];

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EACCES) => e.hint("a netkit pair is changed by its primary end, the one that was named when it was made"),
                _ => e,
            }
        }
    }
}
