//! VRFs and their ports: IFLA_VRF_* and IFLA_VRF_PORT_* of linux/if_link.h, which have the table in common.

use super::kind::kind;
use crate::base::error::Error;
use crate::model::{Between, table};
use nix::errno::Errno;

table! {
    /// A VRF.
    pub struct Vrf {
        Make table: Between<1, { u32::MAX }> = 1, ip ["table"], "the routing table of its ports";
    }
}

kind! {
    Vrf, "a VRF", ["vrf" = "NET_VRF"] {
        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EINVAL) if self.table.is_none() => e.hint("a vrf needs a table"),
                _ => e,
            }
        }
    }
}
