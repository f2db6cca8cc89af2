//! fq (tc-fq(8)): queues of flows, each sent at its pace. TCA_FQ_* of linux/pkt_sched.h.

use super::fields::{Micros, Nanos, PowerOfTwo, Rate32};
use super::kind::kind;
use super::units::Size;
use crate::model::table;
use crate::net::link::fields::{Bit32, Toggle, U32};

table! {
    /// Queues of flows.
    pub struct Fq {
        Set limit: U32 = 1, ip ["limit"], "how many packets may wait; default 10000";
        Set flow_limit: U32 = 2, ip ["flow_limit"], "how many packets of a flow may wait; default 100";
        Make buckets: PowerOfTwo = 8, ip ["buckets"], "how many places the table of flows has, a power of two; default 1024";
        Set orphan_mask: U32 = 10, ip ["orphan_mask"], "which bits of the hash tell flows apart that no socket has";
        Set quantum: Size = 3, ip ["quantum"], "how many bytes a flow sends in its turn; default two frames";
        Set initial_quantum: Size = 4, ip ["initial_quantum"], "the same of a new flow; default ten frames";
        Set maxrate: Rate32 = 7, ip ["maxrate"], "no flow is sent faster";
        Set pacing: Bit32<0> = 5, ip ["pacing", "nopacing"], "flows are sent at the pace that their sockets ask for; default true";
        Set low_rate_threshold: Rate32 = 11, ip ["low_rate_threshold"], "slower flows wait after each packet, not after each turn; default 550 kbit";
        Set refill_delay: Micros = 9, ip ["refill_delay"], "a flow that was silent for so long counts as a new one; default 40 ms";
        Set timer_slack: Nanos = 13, ip ["timer_slack"], "how late packets may leave, so that several leave together; default 10 us";
        Set ce_threshold: Micros = 12, ip ["ce_threshold"], "packets that waited longer are marked";
        Set horizon: Micros = 14, ip ["horizon"], "packets that are to leave later than that are handled as `horizon_drop` says; default 10 s";
        Set horizon_drop: Toggle = 15, ip ["horizon_drop", "horizon_cap"], "they are dropped, else leave then; default true";
    }
}

kind!(Fq, "fq", "sch_fq", "queues of flows, each sent at its pace", {});
