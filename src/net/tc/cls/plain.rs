//! matchall, fw and basic (tc-matchall(8), tc-fw(8), tc-basic(8)): TCA_MATCHALL_*, TCA_FW_*, TCA_BASIC_* of
//! linux/pkt_cls.h.

use crate::model::table;
use crate::net::fields::{LinkName, Mark};
use crate::net::link::fields::Bit32;
use crate::net::tc::fields::Handle;
use crate::net::tc::kind::kind;

table! {
    /// All packets.
    pub struct Matchall {
        Set classid: Handle = 1, ip ["classid", "flowid"], "the class that they go to";
        Set skip_hw: Bit32<0> = 3, ip ["skip_hw"], "the hardware doesn't do it";
        Set skip_sw: Bit32<1> = 3, ip ["skip_sw"], "only the hardware does it";
    }
}

kind!(Matchall, "matchall", "cls_matchall", "a filter for all packets", {
    const ACTIONS: u16 = 2;
});

table! {
    /// Packets with a mark, which is the filter's handle.
    pub struct Fw {
        Set classid: Handle = 1, ip ["classid", "flowid"], "the class that they go to; without, the mark is the class";
        Set indev: LinkName = 3, ip ["indev"], "the link that they came in by";
        Set mask: Mark = 5, ip [], "the bits of the mark that count; default all";
    }
}

kind!(Fw, "fw", "cls_fw", "a filter by the packets' mark", {
    const ACTIONS: u16 = 4;
});

table! {
    /// All packets.
    pub struct Basic {
        Set classid: Handle = 1, ip ["classid", "flowid"], "the class that they go to";
    }
}

kind!(Basic, "basic", "cls_basic", "a filter for all packets, as `basic` is without matches", {
    const ACTIONS: u16 = 3;
});
