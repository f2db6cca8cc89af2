//! Throughput between two namespaces: TCP and UDP, as iperf3 measures it.
//!
//! Each stream and direction has a connection of its own, whose ends send and receive by a thread each. The script's
//! thread opens the sockets, reads the counters at each interval, and ends the threads.
//!
//! Sources: iperf3(1), RFC 3550 (jitter), tcp(7) (TCP_INFO).

mod datagram;
mod flow;
mod open;
mod run;
mod show;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use datagram::HEADER;
pub use run::perf;

use super::socket::SocketOptions;
use crate::model::Words;

/// The default number of bytes that one call hands to TCP, as iperf3's.
pub const BLOCK: usize = 128 << 10;
/// The largest payload of a datagram of IPv4.
pub const LARGEST: usize = 65_507;

/// What carries the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proto {
    #[default]
    Tcp,
    Udp,
}

impl Words for Proto {
    const WORDS: &'static [(&'static str, Self)] = &[("tcp", Proto::Tcp), ("udp", Proto::Udp)];
}

/// Who sends: the client (who asks), the server, or both at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Forth,
    Back,
    Both,
}

/// What to send, and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    pub proto: Proto,
    pub direction: Direction,
    /// Streams at once, in each direction.
    pub parallel: usize,
    /// Seconds to send. With `bytes` the most that it may last; none then: until all has arrived.
    pub time: Option<f64>,
    /// Bytes to send in each direction, over all streams.
    pub bytes: Option<u64>,
    /// Seconds at the beginning that don't count.
    pub omit: f64,
    /// Seconds between two reports.
    pub interval: f64,
    /// Bits per second in each direction, over all streams; none: as many as pass.
    pub rate: Option<u64>,
    /// Bytes of a datagram's payload, or those handed to TCP at once.
    pub size: Option<usize>,
    /// The server's port; 0 takes a free one.
    pub port: u16,
    /// Whether the server takes what comes to any address of its namespace.
    pub any: bool,
    /// The congestion control, such as `cubic`.
    pub congestion: Option<String>,
    /// Print each interval when it has ended.
    pub show: bool,
    /// Seconds in which a connection must be made, and in which something must arrive when `bytes` are waited for.
    pub timeout: f64,
    pub socket: SocketOptions,
}

/// Round-trip times in seconds, as TCP measured them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rtt {
    pub min: f64,
    pub avg: f64,
    pub max: f64,
}

/// What TCP_INFO tells of a sender.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TcpStats {
    pub retransmits: u64,
    /// Bytes; of several streams their sum.
    pub cwnd: u64,
    /// Seconds, smoothed; of several streams their mean.
    pub rtt: f64,
}

/// What became of datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UdpStats {
    pub sent: u64,
    /// Without duplicates.
    pub received: u64,
    pub lost: u64,
    pub out_of_order: u64,
    pub duplicates: u64,
    /// Seconds; of several streams their mean.
    pub jitter: f64,
}

/// What passed in a part of the time.
#[derive(Clone, Debug)]
pub struct Part {
    /// Seconds since the beginning of what counts.
    pub start: f64,
    pub end: f64,
    /// Bytes of data that were sent, and that arrived.
    pub sent: u64,
    pub bytes: u64,
    pub tcp: Option<TcpStats>,
    pub udp: Option<UdpStats>,
}

impl Part {
    pub fn time(&self) -> f64 {
        self.end - self.start
    }

    /// Bits per second that arrived.
    pub fn rate(&self) -> f64 {
        per_second(self.bytes, self.time())
    }

    /// Bits per second that were sent.
    pub fn sent_rate(&self) -> f64 {
        per_second(self.sent, self.time())
    }
}

fn per_second(bytes: u64, time: f64) -> f64 {
    if time > 0.0 { bytes as f64 * 8.0 / time } else { 0.0 }
}

impl UdpStats {
    /// The share of datagrams that were lost, of those whose fate is known; 0 to 1.
    pub fn loss(&self) -> f64 {
        match self.received + self.lost {
            0 => 0.0,
            known => self.lost as f64 / known as f64,
        }
    }
}

/// What passed in one direction.
#[derive(Clone, Debug)]
pub struct Way {
    /// The namespaces of the sender and the receiver.
    pub from: String,
    pub to: String,
    pub total: Part,
    pub rtt: Option<Rtt>,
    pub intervals: Vec<Part>,
    pub streams: Vec<Part>,
}

/// What came of a measurement.
#[derive(Clone, Debug)]
pub struct Perf {
    /// The target as it was asked for.
    pub name: String,
    /// The server.
    pub addr: SocketAddr,
    pub proto: Proto,
    pub way: Way,
    /// The other direction, where both were measured.
    pub back: Option<Way>,
}
