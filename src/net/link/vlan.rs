//! VLANs on other links: IFLA_VLAN_* of linux/if_link.h; ip-link(8), "VLAN Type Support".

use super::fields::{U16, VlanProtocol};
use super::kind::{Lower, kind};
use crate::base::error::Error;
use crate::model::table;
use nix::errno::Errno;

table! {
    /// A VLAN.
    pub struct Vlan {
        Make protocol: VlanProtocol = 5, ip ["protocol", "proto"],
            "the Ethernet protocol of its tags; default 802.1Q";
        Make id: U16<0, 4095> = 1, ip ["id"], "its id";
    }
}

kind! {
    Vlan, "a VLAN", ["vlan" = "VLAN_8021Q"] {
        const LOWER: Lower = Lower::Needed;
        const BEYOND: &'static [&'static str] = &[
            "gvrp", "mvrp", "loose_binding", "bridge_binding", "reorder_hdr", "ingress-qos-map", "egress-qos-map",
        ];

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EEXIST) => e.hint("the lower link has a vlan with this id already"),
                Some(Errno::EINVAL) if self.id.is_none() => e.hint("a vlan needs an id"),
                _ => e,
            }
        }
    }
}
