//! Macvlans and macvtaps on other links: IFLA_MACVLAN_* of linux/if_link.h.

use super::fields::{Bit16, Signed, named};
use super::kind::{Lower, kind};
use crate::model::table;
use crate::net::fields::Number;

named! {
    /// MACVLAN_MODE_* in linux/if_link.h.
    MacvlanMode(u32) (to_ne_bytes, from_ne_bytes)
        { 1 = "private", 2 = "vepa", 4 = "bridge", 8 = "passthru", 16 = "source" }
}

table! {
    /// A macvlan or macvtap.
    pub struct Macvlan {
        Set mode: MacvlanMode = 1, ip ["mode"], "who talks to whom; default vepa";
        Set nopromisc: Bit16<0> = 2, ip ["nopromisc"],
            "passthru: the link below doesn't become promiscuous; default false";
        Set nodst: Bit16<1> = 2, ip ["nodst"],
            "source: frames go only to the macvlan that has their source; default false";
        Set bc_queue_len: Number = 7, ip ["bcqueuelen"], "broadcasts that may wait; default 1000";
        Read bc_queue_len_used: Number = 8, ip [], "the length in use, the most of all on the same link";
        Read bc_cutoff: Signed = 9, ip [], "above this number of macvlans multicast is put in the queue";
    }
}

kind! {
    Macvlan, "a macvlan or macvtap", ["macvlan" = "MACVLAN", "macvtap" = "MACVTAP"] {
        const LOWER: Lower = Lower::Needed;
        /// Of the flags alone.
        const WHOLE: bool = true;
    }
}
