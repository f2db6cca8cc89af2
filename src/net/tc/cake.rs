//! cake (tc-cake(8)): a shaper with fair queues. TCA_CAKE_* of linux/pkt_sched.h.

use super::fields::Micros;
use super::kind::kind;
use super::units::{Rate, Size};
use crate::model::table;
use crate::net::fields::Mark;
use crate::net::link::fields::{Bit32, Signed, U32, named};

named! {
    /// By what classes there are, and which packets they get.
    Diffserv(u32) bare (to_ne_bytes, from_ne_bytes)
        { 0 = "diffserv3", 1 = "diffserv4", 2 = "diffserv8", 3 = "besteffort", 4 = "precedence" }
    /// Among what the rate is shared.
    FlowMode(u32) bare (to_ne_bytes, from_ne_bytes) {
        0 = "flowblind", 1 = "srchost", 2 = "dsthost", 3 = "hosts", 4 = "flows", 5 = "dual-srchost", 6 = "dual-dsthost",
        7 = "triple-isolate"
    }
    /// Cells in which packets are sent.
    Cells(u32) bare (to_ne_bytes, from_ne_bytes) { 0 = "noatm", 1 = "atm", 2 = "ptm" }
    /// Which acknowledgements of TCP are left out.
    AckFilter(u32) bare (to_ne_bytes, from_ne_bytes)
        { 0 = "no-ack-filter", 1 = "ack-filter", 2 = "ack-filter-aggressive" }
}

table! {
    /// A shaper with fair queues.
    pub struct Cake {
        Set bandwidth: Rate = 2, ip ["bandwidth"], "how fast packets are sent; default without limit";
        Set diffserv: Diffserv = 3, ip ["diffserv3", "diffserv4", "diffserv8", "besteffort", "precedence"],
            "by what classes there are; default diffserv3";
        Set flowmode: FlowMode = 5, ip ["flowblind", "srchost", "dsthost", "hosts", "flows", "dual-srchost", "dual-dsthost", "triple-isolate"],
            "among what the rate is shared; default triple-isolate";
        Set nat: Bit32<0> = 11, ip ["nat", "nonat"], "hosts are those behind a masquerade; default false";
        Set wash: Bit32<0> = 13, ip ["wash", "nowash"], "DSCP is taken off; default false";
        Set ingress: Bit32<0> = 15, ip ["ingress", "egress"], "it shapes what comes in, so that dropped packets count; default false";
        Set ack_filter: AckFilter = 16, ip ["no-ack-filter", "ack-filter", "ack-filter-aggressive"],
            "which acknowledgements of TCP are left out; default none";
        Set split_gso: Bit32<0> = 17, ip ["split-gso", "no-split-gso"], "large segments are cut before they wait; default true";
        Set autorate: Bit32<0> = 9, ip ["autorate-ingress"], "the rate is measured, of what comes in; default false";
        Set rtt: Micros = 7, ip ["rtt"], "the round-trip time that is usual; default 100 ms";
        Set atm: Cells = 4, ip ["noatm", "atm", "ptm"], "the cells in which the link below sends; default noatm";
        Set overhead: Signed<0, 256> = 6, ip ["overhead"], "bytes that each packet counts more";
        Set mpu: U32<0, 256> = 14, ip ["mpu"], "bytes that each packet counts at least";
        Set memlimit: Size = 10, ip ["memlimit"], "how much memory the packets that wait may take";
        Set fwmark: Mark = 18, ip ["fwmark"], "the bits of the packets' mark that choose the class";
    }
}

kind!(Cake, "cake", "sch_cake", "a shaper with fair queues", {});
