//! Ipvlans and ipvtaps on other links: IFLA_IPVLAN_* of linux/if_link.h.

use super::fields::{Bit16, named};
use super::kind::{Lower, kind};
use crate::model::table;

named! {
    /// IPVLAN_MODE_* in linux/if_link.h.
    IpvlanMode(u16) (to_ne_bytes, from_ne_bytes) { 0 = "l2", 1 = "l3", 2 = "l3s" }
}

table! {
    /// An ipvlan or ipvtap.
    pub struct Ipvlan {
        Set mode: IpvlanMode = 1, ip ["mode"], "switched (l2) or routed (l3, l3s); default l3";
        Set private: Bit16<0> = 2, ip ["private", "bridge"],
            "ipvlans on the same link don't talk to each other; default false";
        Set vepa: Bit16<1> = 2, ip ["vepa"],
            "they talk by the switch that the link below leads to; default false";
    }
}

kind! {
    Ipvlan, "an ipvlan or ipvtap", ["ipvlan" = "IPVLAN", "ipvtap" = "IPVTAP"] {
        const LOWER: Lower = Lower::Needed;
    }
}
