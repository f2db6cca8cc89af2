//! sfq and red (tc-sfq(8), tc-red(8)), `struct tc_sfq_qopt_v1` and `struct tc_red_qopt`; pfifo and bfifo (tc-pfifo(8)),
//! `struct tc_fifo_qopt`; drr (tc-drr(8)): linux/pkt_sched.h.

use super::kind::kind;
use super::units::Size;
use crate::model::table;
use crate::net::link::fields::{Bit32, U32};

table! {
    /// Queues of flows, taken in turn.
    pub struct Sfq {
        Set limit: U32<1> = {in 0 at 8}, ip ["limit"], "how many packets may wait; default 127";
        Set quantum: Size = {in 0 at 0}, ip ["quantum"], "how many bytes a flow sends in its turn; default the MTU and a header";
        Set perturb: U32<0, 1_000_000> = {in 0 at 4}, ip ["perturb"], "after how many seconds flows are told apart by another hash; default 0, never";
        Set divisor: U32<1, 65536> = {in 0 at 12}, ip ["divisor"], "how many places the table of flows has, a power of two; default 1024";
        Set depth: U32 = {in 0 at 20}, ip ["depth"], "how many packets of a flow may wait; default 127";
        Set headdrop: Bit32<0> = {in 0 at 24}, ip ["headdrop"], "the oldest packet of a flow is dropped, not the newest; default false";
        Read flows: U32 = {in 0 at 16}, ip [], "how many flows there may be";
    }
}

kind!(Sfq, "sfq", "sch_sfq", "queues of flows, taken in turn", {
    const STRUCTS: &'static [(u16, usize)] = &[(0, 72)];
});

table! {
    /// A queue of packets.
    pub struct Pfifo {
        Set limit: U32 = {in 0 at 0}, ip ["limit"], "how many packets may wait";
    }
}

kind!(Pfifo, "pfifo", "sched", "a queue of packets", {
    const STRUCTS: &'static [(u16, usize)] = &[(0, 4)];
});

table! {
    /// A queue of bytes.
    pub struct Bfifo {
        Set limit: Size = {in 0 at 0}, ip ["limit"], "how many bytes may wait";
    }
}

kind!(Bfifo, "bfifo", "sched", "a queue of bytes", {
    const STRUCTS: &'static [(u16, usize)] = &[(0, 4)];
});

table! {
    /// A class of a discipline that takes its classes in turn.
    pub struct DrrClass {
        Set quantum: Size = 1, ip ["quantum"], "how many bytes it sends in its turn; default the MTU";
    }
}

kind!(DrrClass, "drr", "sch_drr", "a class of drr", {});
