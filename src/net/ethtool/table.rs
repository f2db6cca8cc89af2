//! The attributes that ethtool(8) sets and shows: a table for each message of linux/ethtool_netlink.h.

use crate::model::{Between, table};
use crate::net::fields::Number;
use crate::net::link::fields::{OnOff, U8, named};

/// `SPEED_UNKNOWN` is not within.
pub type Speed = Between<0, 0x7fff_ffff>;

named! {
    /// DUPLEX_* of linux/ethtool.h.
    Duplex(u8) (to_ne_bytes, from_ne_bytes) { 0 = "half", 1 = "full" }
    /// PORT_* of linux/ethtool.h.
    Connector(u8) (to_ne_bytes, from_ne_bytes)
        { 0 = "tp", 1 = "aui", 2 = "mii", 3 = "fibre", 4 = "bnc", 5 = "da", 0xef = "none" }
    /// ETHTOOL_TCP_DATA_SPLIT_*.
    DataSplit(u8) (to_ne_bytes, from_ne_bytes) { 1 = "off", 2 = "on" }
}

table! {
    /// What a link negotiated, or was told (ETHTOOL_A_LINKMODES_*).
    pub struct Settings {
        Set speed: Speed = 5, ip ["speed"], "megabits a second";
        Set duplex: Duplex = 6, ip ["duplex"], "whether it sends and receives at the same time";
        Set autoneg: OnOff = 2, ip ["autoneg"], "whether both ends agree on them";
        Set lanes: Number = 9, ip ["lanes"], "how many lanes the cable has";
    }
}

table! {
    /// How a link is plugged in (ETHTOOL_A_LINKINFO_*).
    pub struct Plug {
        Read port: Connector = 2, ip [], "the kind of its socket";
        Read phyad: U8 = 3, ip [], "the number of its PHY";
    }
}

table! {
    /// Queues with an interrupt of their own (ETHTOOL_A_CHANNELS_*).
    pub struct Channels {
        Set rx: Number = 6, ip ["rx"], "queues that only receive";
        Set tx: Number = 7, ip ["tx"], "queues that only send";
        Set other: Number = 8, ip ["other"], "for anything else, such as link interrupts";
        Set combined: Number = 9, ip ["combined"], "queues that receive and send";
        Read rx_max: Number = 2, ip [], "as many can there be";
        Read tx_max: Number = 3, ip [], "as many can there be";
        Read other_max: Number = 4, ip [], "as many can there be";
        Read combined_max: Number = 5, ip [], "as many can there be";
    }
}

table! {
    /// Sizes of the rings that packets wait in (ETHTOOL_A_RINGS_*).
    pub struct Rings {
        Set rx: Number = 6, ip ["rx"], "packets that the ring for receiving holds";
        Set rx_mini: Number = 7, ip ["rx-mini"], "the same for small frames";
        Set rx_jumbo: Number = 8, ip ["rx-jumbo"], "the same for jumbo frames";
        Set tx: Number = 9, ip ["tx"], "packets that the ring for sending holds";
        Set rx_buf_len: Number = 10, ip ["rx-buf-len"], "bytes of a receive buffer";
        Set cqe_size: Number = 12, ip ["cqe-size"], "bytes of a completion event";
        Set tx_push: OnOff = 13, ip ["tx-push"], "descriptors are pushed to the device";
        Set rx_push: OnOff = 14, ip ["rx-push"], "the same for receiving";
        Read tcp_data_split: DataSplit = 11, ip [], "headers and payload are received apart";
        Read rx_max: Number = 2, ip [], "the most that it can hold";
        Read rx_mini_max: Number = 3, ip [], "the most that it can hold";
        Read rx_jumbo_max: Number = 4, ip [], "the most that it can hold";
        Read tx_max: Number = 5, ip [], "the most that it can hold";
    }
}

table! {
    /// When a device interrupts (ETHTOOL_A_COALESCE_*); times are in microseconds, as ethtool(8) has them.
    pub struct Coalesce {
        Set adaptive_rx: OnOff = 11, ip ["adaptive-rx"], "the driver chooses for received packets";
        Set adaptive_tx: OnOff = 12, ip ["adaptive-tx"], "the driver chooses for sent packets";
        Set rx_usecs: Number = 2, ip ["rx-usecs"], "microseconds after a packet came";
        Set rx_frames: Number = 3, ip ["rx-frames"], "so many packets came";
        Set rx_usecs_irq: Number = 4, ip ["rx-usecs-irq"], "`rx_usecs` while an interrupt is served";
        Set rx_frames_irq: Number = 5, ip ["rx-frames-irq"], "`rx_frames` while an interrupt is served";
        Set tx_usecs: Number = 6, ip ["tx-usecs"], "microseconds after a packet was sent";
        Set tx_frames: Number = 7, ip ["tx-frames"], "so many packets were sent";
        Set tx_usecs_irq: Number = 8, ip ["tx-usecs-irq"], "`tx_usecs` while an interrupt is served";
        Set tx_frames_irq: Number = 9, ip ["tx-frames-irq"], "`tx_frames` while an interrupt is served";
        Set stats_block_usecs: Number = 10, ip ["stats-block-usecs"], "microseconds between updates of the statistics";
        Set pkt_rate_low: Number = 13, ip ["pkt-rate-low"], "packets a second below which the options `_low` count";
        Set rx_usecs_low: Number = 14, ip ["rx-usecs-low"], "`rx_usecs` at a low rate";
        Set rx_frames_low: Number = 15, ip ["rx-frames-low"], "`rx_frames` at a low rate";
        Set tx_usecs_low: Number = 16, ip ["tx-usecs-low"], "`tx_usecs` at a low rate";
        Set tx_frames_low: Number = 17, ip ["tx-frames-low"], "`tx_frames` at a low rate";
        Set pkt_rate_high: Number = 18, ip ["pkt-rate-high"], "packets a second above which the options `_high` count";
        Set rx_usecs_high: Number = 19, ip ["rx-usecs-high"], "`rx_usecs` at a high rate";
        Set rx_frames_high: Number = 20, ip ["rx-frames-high"], "`rx_frames` at a high rate";
        Set tx_usecs_high: Number = 21, ip ["tx-usecs-high"], "`tx_usecs` at a high rate";
        Set tx_frames_high: Number = 22, ip ["tx-frames-high"], "`tx_frames` at a high rate";
        Set sample_interval: Number = 23, ip ["sample-interval"], "seconds between looks at the rate";
        Set cqe_mode_tx: OnOff = 24, ip ["cqe-mode-tx"], "times count from completion events, for sent packets";
        Set cqe_mode_rx: OnOff = 25, ip ["cqe-mode-rx"], "times count from completion events, for received packets";
    }
}

table! {
    /// Energy-efficient Ethernet (ETHTOOL_A_EEE_*).
    pub struct Eee {
        Read enabled: OnOff = 5, ip ["enabled"], "whether it may be used";
        Read active: OnOff = 4, ip ["active"], "whether both ends agreed on it";
        Read tx_lpi: OnOff = 6, ip ["tx-lpi"], "whether this end sleeps while it has nothing to send";
        Read tx_lpi_timer: Number = 7, ip ["tx-timer"], "microseconds until it sleeps";
    }
}

table! {
    /// Pause frames (ETHTOOL_A_PAUSE_*).
    pub struct Pause {
        Set autoneg: OnOff = 2, ip ["autoneg"], "whether both ends agree on them";
        Set rx: OnOff = 3, ip ["rx"], "it heeds those that it receives";
        Set tx: OnOff = 4, ip ["tx"], "it sends them";
    }
}
