//! A link's counters.

use std::fmt;

use super::{RTM_GETLINK, find, ifinfomsg, ifla};
use crate::base::error::Result;
use crate::model::{Field, Form, Table, Value, table};
use crate::net::attributes::unsigned;
use crate::net::fields::Number;
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

/// A counter of 32 or 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(pub u64);

impl Field for Count {
    fn form() -> Form {
        Number::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(count) = value else { return Ok(None) };
        Ok(u64::try_from(*count).ok().map(Count))
    }

    fn value(&self) -> Value {
        Value::Int(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Count(unsigned(bytes)))
    }

    fn absent() -> Option<Self> {
        Some(Count(0))
    }
}

table! {
    /// By their places in `struct rtnl_link_stats64` of linux/if_link.h, where an older kernel has fewer; those of the
    /// carrier by their attributes, which are no such places.
    pub struct Stats {
        Read rx_packets: Count = 0 always, ip [], "packets received";
        Read tx_packets: Count = 1 always, ip [], "packets sent";
        Read rx_bytes: Count = 2 always, ip [], "bytes received";
        Read tx_bytes: Count = 3 always, ip [], "bytes sent";
        Read rx_errors: Count = 4 always, ip [], "bad packets received";
        Read tx_errors: Count = 5 always, ip [], "packets that could not be sent";
        Read rx_dropped: Count = 6 always, ip [], "packets received, but not processed";
        Read tx_dropped: Count = 7 always, ip [], "packets dropped on the way out";
        Read multicast: Count = 8 always, ip [], "multicast packets received";
        Read collisions: Count = 9 always, ip [], "collisions while sending";
        Read rx_length_errors: Count = 10 always, ip [], "packets of a wrong length";
        Read rx_over_errors: Count = 11 always, ip [], "packets that overran the ring";
        Read rx_crc_errors: Count = 12 always, ip [], "packets with a wrong checksum";
        Read rx_frame_errors: Count = 13 always, ip [], "frames out of alignment";
        Read rx_fifo_errors: Count = 14 always, ip [], "packets that overran the FIFO";
        Read rx_missed_errors: Count = 15 always, ip [], "packets missed for want of buffers";
        Read tx_aborted_errors: Count = 16 always, ip [], "packets whose sending was aborted";
        Read tx_carrier_errors: Count = 17 always, ip [], "packets lost for want of carrier";
        Read tx_fifo_errors: Count = 18 always, ip [], "packets that underran the FIFO";
        Read tx_heartbeat_errors: Count = 19 always, ip [], "heartbeats missed";
        Read tx_window_errors: Count = 20 always, ip [], "late collisions";
        Read rx_compressed: Count = 21 always, ip [], "compressed packets received";
        Read tx_compressed: Count = 22 always, ip [], "compressed packets sent";
        Read rx_nohandler: Count = 23 always, ip [], "packets for which nothing was there";
        Read rx_otherhost_dropped: Count = 24 always, ip [], "packets for other hosts";
        Read carrier_changes: Count = 35 always, ip [], "how often the carrier came or went";
        Read carrier_up_count: Count = 47 always, ip [], "how often the carrier came";
        Read carrier_down_count: Count = 48 always, ip [], "how often the carrier went";
    }
}

/// The names of the counters.
pub fn counters() -> impl Iterator<Item = &'static str> {
    Stats::ROWS.iter().map(|row| row.name)
}

impl Stats {
    /// The counter of this name; 0 if there is none.
    pub fn count(&self, name: &str) -> u64 {
        match Self::ROWS.iter().find(|row| row.name == name).and_then(|row| (row.get)(self)) {
            Some(Value::Int(count)) => count.unsigned_abs(),
            _ => 0,
        }
    }
}

/// As in `ip -s link`: the most asked for, in two lines.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |way: &str| {
            let [packets, bytes, errors, dropped] =
                ["packets", "bytes", "errors", "dropped"].map(|what| self.count(&format!("{way}_{what}")));
            let way = way.to_uppercase();
            format!("{way}: {packets} packets, {bytes} bytes, {errors} errors, {dropped} dropped")
        };
        write!(f, "{}\n{}", line("rx"), line("tx"))
    }
}

/// The counters of link `name`, as `ip -s -s link show NAME`.
pub fn stats(ns: &Namespace, name: &str) -> Result<Stats> {
    let index = find::require_index(ns, name)?;
    let mut stats = Stats::blank();
    ns.rtnl(RTM_GETLINK, 0, &ifinfomsg(0, index, 0, 0), |answer| {
        let attributes = answer.and_then(|a| a.payload.get(16..)).unwrap_or_default();
        for (kind, value) in attributes_of(attributes) {
            match kind {
                ifla::STATS64 => {
                    (0..).zip(value.chunks_exact(8)).for_each(|(at, count)| stats.decode(at, count))
                }
                35.. => stats.decode(kind, value),
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(stats)
}
