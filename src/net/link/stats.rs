//! A link's counters.

use super::{RTM_GETLINK, find, ifinfomsg, ifla};
use crate::base::error::Result;
use crate::net::attributes::unsigned;
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// `struct rtnl_link_stats64` of linux/if_link.h, and the counts of carrier changes.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
            pub carrier_changes: u64,
            pub carrier_up_count: u64,
            pub carrier_down_count: u64,
        }

        impl Stats {
            /// Hands over each counter by name.
            pub fn each(&self, f: &mut dyn FnMut(&'static str, u64)) {
                $(f(stringify!($name), self.$name);)*
                f("carrier_changes", self.carrier_changes);
                f("carrier_up_count", self.carrier_up_count);
                f("carrier_down_count", self.carrier_down_count);
            }

            /// The counters stand one behind the other; an older kernel sends fewer.
            fn read(&mut self, bytes: &[u8]) {
                let mut numbers = bytes.chunks_exact(8).map(unsigned);
                $(self.$name = numbers.next().unwrap_or(0);)*
            }
        }
    };
}

counters! {
    rx_packets,
    tx_packets,
    rx_bytes,
    tx_bytes,
    rx_errors,
    tx_errors,
    rx_dropped,
    tx_dropped,
    multicast,
    collisions,
    rx_length_errors,
    rx_over_errors,
    rx_crc_errors,
    rx_frame_errors,
    rx_fifo_errors,
    rx_missed_errors,
    tx_aborted_errors,
    tx_carrier_errors,
    tx_fifo_errors,
    tx_heartbeat_errors,
    tx_window_errors,
    rx_compressed,
    tx_compressed,
    rx_nohandler,
    /// Frames for other hosts.
    rx_otherhost_dropped,
}

/// The counters of link `name`, as `ip -s -s link show NAME`.
pub fn stats(ns: &Namespace, name: &str) -> Result<Stats> {
    const CARRIER_UP_COUNT: u16 = 47;
    const CARRIER_DOWN_COUNT: u16 = 48;
    let index = find::require_index(ns, name)?;
    let mut stats = Stats::default();
    ns.rtnl(RTM_GETLINK, 0, &ifinfomsg(0, index, 0, 0), |answer| {
        let attributes = answer.and_then(|a| a.payload.get(16..)).unwrap_or_default();
        for (kind, value) in attributes_of(attributes) {
            match kind {
                ifla::STATS64 => stats.read(value),
                ifla::CARRIER_CHANGES => stats.carrier_changes = unsigned(value),
                CARRIER_UP_COUNT => stats.carrier_up_count = unsigned(value),
                CARRIER_DOWN_COUNT => stats.carrier_down_count = unsigned(value),
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(stats)
}
