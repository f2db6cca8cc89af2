//! Which routers a packet passes: packets whose time to live ends at each of them.
//!
//! Sources: RFC 792, RFC 4443, RFC 9293, traceroute(8).

mod probe;
mod run;
mod show;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::socket::SocketOptions;
pub use super::why::Proto;
use crate::base::error::Result;
use crate::net::namespace::Namespace;

/// How to look for the way.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is sent; echo requests unless told, since hosts don't limit how many of these they answer.
    pub proto: Proto,
    /// The destination port of tcp, 80 unless told; that of the first packet of udp, 33434 unless told.
    pub port: Option<u16>,
    /// The first and the last time to live, or hop limit.
    pub first: u8,
    pub max: u8,
    /// Packets for each hop.
    pub queries: u8,
    /// Seconds in which an answer must come.
    pub timeout: f64,
    /// Bytes of payload; 32 unless told, as traceroute sends them. Nothing for tcp.
    pub size: usize,
    /// Never fragment, whatever the kernel remembers of the path's MTU.
    pub whole: bool,
    /// Source, tos, mark and df; ttl and port mean nothing here.
    pub socket: SocketOptions,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            proto: Proto::Icmp,
            port: None,
            first: 1,
            max: 30,
            queries: 1,
            timeout: 1.5,
            size: 32,
            whole: false,
            socket: SocketOptions::default(),
        }
    }
}

/// Who answered one of the packets.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub from: IpAddr,
    /// Seconds.
    pub rtt: f64,
    /// What it said, if it is more than that the time to live has ended: "Destination Host Unreachable".
    pub message: Option<String>,
    /// The sign of traceroute for it: `!H`.
    pub sign: Option<String>,
    /// The MTU that was told with "fragmentation needed" or "packet too big".
    pub mtu: Option<u32>,
}

/// A router on the way, or its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub ttl: u8,
    /// How many packets were sent.
    pub sent: usize,
    pub answers: Vec<Answer>,
    /// The namespace that has the address of the first answer.
    pub namespace: Option<String>,
}

impl Hop {
    /// The first answer.
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.first()
    }
}

/// The way to a host.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The target as it was asked for.
    pub name: String,
    pub addr: IpAddr,
    pub proto: Proto,
    pub max: u8,
    /// Bytes of a packet with all its headers.
    pub length: usize,
    /// Whether the target answered.
    pub reached: bool,
    /// Seconds.
    pub time: f64,
    pub hops: Vec<Hop>,
    /// Namespaces by their addresses.
    owners: HashMap<IpAddr, String>,
}

/// Finds the way from `ns` to `target`. All hops are asked at the same time; a hop that is silent for a second is asked once
/// more, since routers limit how often they say that a time to live has ended.
///
/// Raises what keeps the first packet from being sent, as [`super::ping::ping`] does.
pub fn traceroute(
    ns: &Namespace,
    name: &str,
    target: SocketAddr,
    options: &Options,
    owners: HashMap<IpAddr, String>,
) -> Result<Trace> {
    run::Run::open(ns, target, options)?.run(name, owners)
}

#[cfg(test)]
mod tests;
