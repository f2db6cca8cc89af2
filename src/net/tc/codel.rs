//! codel and fq_codel (tc-codel(8), tc-fq_codel(8)): queues that are kept short. TCA_CODEL_* and TCA_FQ_CODEL_* of
//! linux/pkt_sched.h.

use super::fields::Micros;
use super::kind::kind;
use super::units::Size;
use crate::model::table;
use crate::net::link::fields::{Bit32, U32};

table! {
    /// A queue that is kept short.
    pub struct Codel {
        Set limit: U32 = 2, ip ["limit"], "how many packets may wait; default 1000";
        Set target: Micros = 1, ip ["target"], "how long packets may wait on and on; default 5 ms";
        Set interval: Micros = 3, ip ["interval"], "how long they may wait longer before one is dropped; default 100 ms";
        Set ecn: Bit32<0> = 4, ip ["ecn", "noecn"], "packets are marked instead, where both ends know that; default false";
        Set ce_threshold: Micros = 5, ip ["ce_threshold"], "packets that waited longer are marked";
    }
}

kind!(Codel, "codel", "sch_codel", "a queue that is kept short", {});

table! {
    /// Queues of flows, taken in turn, each kept short.
    pub struct FqCodel {
        Set limit: U32 = 2, ip ["limit"], "how many packets may wait; default 10240";
        Make flows: U32<1, 65536> = 5, ip ["flows"], "how many queues there are; default 1024";
        Set quantum: Size = 6, ip ["quantum"], "how many bytes a flow sends in its turn; default the MTU and a header";
        Set target: Micros = 1, ip ["target"], "how long packets may wait on and on; default 5 ms";
        Set interval: Micros = 3, ip ["interval"], "how long they may wait longer before one is dropped; default 100 ms";
        Set memory_limit: Size = 9, ip ["memory_limit"], "how much memory the packets that wait may take; default 32 MB";
        Set ecn: Bit32<0> = 4, ip ["ecn", "noecn"], "packets are marked instead of dropped, where both ends know that; default true";
        Set ce_threshold: Micros = 7, ip ["ce_threshold"], "packets that waited longer are marked";
        Set drop_batch: U32<1> = 8, ip ["drop_batch"], "how many packets are dropped at once when too many wait; default 64";
    }
}

kind!(FqCodel, "fq_codel", "sch_fq_codel", "queues of flows, each kept short", {});
