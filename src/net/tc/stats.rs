//! What passed a discipline, a class or an action: TCA_STATS_* of linux/gen_stats.h.

use crate::model::table;
use crate::net::attributes::{find, unsigned};
use crate::net::link::Count;

table! {
    /// Counters since it was made.
    pub struct Stats {
        Read bytes: Count = header always, ip [], "bytes that passed";
        Read packets: Count = header always, ip [], "packets that passed";
        Read drops: Count = header always, ip [], "packets that were dropped";
        Read overlimits: Count = header always, ip [], "how often a limit held packets back, or let none pass";
        Read requeues: Count = header always, ip [], "how often a packet was put back";
        Read backlog: Count = header always, ip [], "bytes that wait";
        Read qlen: Count = header always, ip [], "packets that wait";
    }
}

const BASIC: u16 = 1;
const QUEUE: u16 = 3;
const PKT64: u16 = 8;

impl Stats {
    /// Of a nest of TCA_STATS_*.
    pub fn read(nest: &[u8]) -> Self {
        let count = |kind: u16, at: usize, length: usize| {
            let bytes = find(nest, kind).and_then(|bytes| bytes.get(at..at + length));
            Some(Count(bytes.map_or(0, unsigned)))
        };
        // `struct gnet_stats_basic`: bytes, packets; `struct gnet_stats_queue`: qlen, backlog, drops, requeues, overlimits.
        let wide = find(nest, PKT64).map(|bytes| Count(unsigned(bytes)));
        Stats {
            bytes: count(BASIC, 0, 8),
            packets: wide.or(count(BASIC, 8, 4)),
            qlen: count(QUEUE, 0, 4),
            backlog: count(QUEUE, 4, 4),
            drops: count(QUEUE, 8, 4),
            requeues: count(QUEUE, 12, 4),
            overlimits: count(QUEUE, 16, 4),
        }
    }
}
