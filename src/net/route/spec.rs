//! What a route shall be.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};
use crate::net::attributes::{Codec, OptionSet, U32, option_set, string};
use crate::net::names::similar;
use crate::net::prefix::{self, Family};

/// What becomes of a packet that takes the route; RTN_* in linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteKind {
    #[default]
    Unicast,
    Local,
    Broadcast,
    Anycast,
    Multicast,
    /// Dropped silently.
    Blackhole,
    /// Dropped, with an ICMP "host unreachable".
    Unreachable,
    /// Dropped, with an ICMP "administratively prohibited".
    Prohibit,
    /// As if this table had no route: the next rule's table is asked.
    Throw,
}

impl RouteKind {
    pub const NAMES: &[&str] = &[
        "unicast",
        "local",
        "broadcast",
        "anycast",
        "multicast",
        "blackhole",
        "unreachable",
        "prohibit",
        "throw",
    ];
    const ALL: [RouteKind; 9] = [
        RouteKind::Unicast,
        RouteKind::Local,
        RouteKind::Broadcast,
        RouteKind::Anycast,
        RouteKind::Multicast,
        RouteKind::Blackhole,
        RouteKind::Unreachable,
        RouteKind::Prohibit,
        RouteKind::Throw,
    ];

    /// RTN_UNICAST is 1, and the others follow in this order.
    pub(super) fn number(self) -> u8 {
        Self::ALL.iter().position(|k| *k == self).map_or(1, |i| i as u8 + 1)
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number.checked_sub(1)?)).copied()
    }

    pub fn name(self) -> &'static str {
        Self::NAMES[usize::from(self.number() - 1)]
    }

    pub fn parse(name: &str) -> Result<Self> {
        match Self::NAMES.iter().position(|n| *n == name) {
            Some(i) => Ok(Self::ALL[i]),
            None => {
                let e = Error::argument(format!("unknown type of route {name:?}"));
                Err(match similar(name, Self::NAMES.iter().copied()) {
                    Some(near) => e.hint(format!("did you mean {near:?}?")),
                    None => e.hint(format!("the types are {}", Self::NAMES.join(", "))),
                })
            }
        }
    }

    /// Whether it is of a type that the kernel makes by itself, for each address.
    pub fn of_addresses(self) -> bool {
        matches!(self, Self::Local | Self::Broadcast | Self::Anycast | Self::Multicast)
    }

    /// Whether it drops packets, and so has no next hop.
    pub(super) fn drops(self) -> bool {
        matches!(self, Self::Blackhole | Self::Unreachable | Self::Prohibit | Self::Throw)
    }
}

/// Seconds, in the kernel's milliseconds.
pub enum Millis {}

impl Codec for Millis {
    type Value = f64;
    fn encode(value: &f64) -> Vec<u8> {
        ((value * 1000.0).round() as u32).to_ne_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<f64> {
        Some(f64::from(u32::from_ne_bytes(*bytes.first_chunk()?)) / 1000.0)
    }
}

/// A zero-terminated string.
pub enum Text {}

impl Codec for Text {
    type Value = String;
    fn encode(value: &String) -> Vec<u8> {
        [value.as_bytes(), &[0]].concat()
    }
    fn decode(bytes: &[u8]) -> Option<String> {
        Some(string(bytes))
    }
}

option_set! {
    /// RTAX_* in linux/rtnetlink.h: properties of the path, ip-route(8).
    pub struct Metrics {
        /// The metrics that the kernel may not change by itself: bits of their numbers.
        ro lock: 1 as U32;
        /// The path's MTU in bytes.
        rw mtu: 2 as U32;
        /// TCP's largest window in bytes.
        rw window: 3 as U32;
        /// In eighths of a millisecond.
        ro rtt: 4 as U32;
        /// In quarters of a millisecond.
        ro rttvar: 5 as U32;
        rw ssthresh: 6 as U32;
        /// Clamps TCP's congestion window, in segments.
        rw cwnd: 7 as U32;
        /// The MSS to advertise, in bytes.
        rw advmss: 8 as U32;
        rw reordering: 9 as U32;
        rw hoplimit: 10 as U32;
        rw initcwnd: 11 as U32;
        /// RTAX_FEATURE_*.
        ro features: 12 as U32;
        /// TCP's least retransmission timeout, in seconds.
        rw rto_min: 13 as Millis;
        rw initrwnd: 14 as U32;
        rw quickack: 15 as U32;
        /// TCP's congestion control.
        ro congctl: 16 as Text;
        ro fastopen_no_cookie: 17 as U32;
    }
}

impl Metrics {
    /// All of them in the order of their numbers (RTAX_* of linux/rtnetlink.h), from RTAX_MTU, which is 2.
    pub const NAMES: [&str; 16] = [
        "mtu",
        "window",
        "rtt",
        "rttvar",
        "ssthresh",
        "cwnd",
        "advmss",
        "reordering",
        "hoplimit",
        "initcwnd",
        "features",
        "rto_min",
        "initrwnd",
        "quickack",
        "congctl",
        "fastopen_no_cookie",
    ];

    /// The names of the locked ones.
    pub fn locked(&self) -> Vec<&'static str> {
        let lock = self.lock.unwrap_or(0);
        let names = Self::NAMES.iter().zip(2..);
        names.filter(|(_, bit)| lock >> bit & 1 != 0).map(|(name, _)| *name).collect()
    }

    /// RTAX_FEATURE_* by their names, others in hexadecimal.
    pub fn feature_names(&self) -> Option<String> {
        let features = self.features?;
        let known = [(1, "ecn"), (1 << 4, "tcp_usec_ts")];
        let mut out: Vec<String> =
            known.iter().filter(|(bit, _)| features & bit != 0).map(|(_, name)| (*name).to_owned()).collect();
        if known.iter().fold(features, |rest, (bit, _)| rest & !bit) != 0 {
            out.push(format!("{features:#x}"));
        }
        Some(out.join(" "))
    }

    /// Those that the kernel tells, but that say nothing: a hop limit of -1 is the usual one.
    pub fn told(&self) -> Option<Metrics> {
        let mut told = self.clone();
        told.hoplimit = told.hoplimit.filter(|limit| *limit != u32::MAX);
        (!OptionSet::is_empty(&told)).then_some(told)
    }
}

/// RFC 4191's preference of an IPv6 default route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pref {
    Medium,
    High,
    Low,
}

impl Pref {
    pub const NAMES: &[&str] = &["medium", "high", "low"];

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "medium" => Some(Pref::Medium),
            "high" => Some(Pref::High),
            "low" => Some(Pref::Low),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Pref::Medium => "medium",
            Pref::High => "high",
            Pref::Low => "low",
        }
    }

    /// ICMPV6_ROUTER_PREF_*: the value of two bits, 2 being invalid.
    pub(super) fn number(self) -> u8 {
        match self {
            Pref::Medium => 0,
            Pref::High => 1,
            Pref::Low => 3,
        }
    }
}

/// One of several next hops.
#[derive(Clone, Debug, Default)]
pub struct HopSpec {
    pub via: Option<IpAddr>,
    pub dev: Option<String>,
    /// Its share among the hops, 1 to 256.
    pub weight: Option<u16>,
    pub onlink: bool,
}

/// A route; what is `None` is as `ip route add` has it.
#[derive(Clone, Debug, Default)]
pub struct RouteSpec {
    /// `None` for the default route.
    pub dst: Option<IpNetwork>,
    /// Of a default route without `via`; IPv4 unless given.
    pub family: Option<Family>,
    pub kind: RouteKind,
    /// The gateway; an IPv6 one for an IPv4 route too.
    pub via: Option<IpAddr>,
    pub dev: Option<String>,
    /// The source address of packets from here.
    pub src: Option<IpAddr>,
    /// Lower is better; 0 for IPv4 and 1024 for IPv6 unless given.
    pub metric: Option<u32>,
    /// `main` unless given, or `local` for the types that belong there.
    pub table: Option<u32>,
    pub scope: Option<u8>,
    /// `boot` unless given.
    pub proto: Option<u8>,
    pub tos: Option<u8>,
    /// The gateway is reachable through `dev` though no address says so.
    pub onlink: bool,
    pub nexthops: Vec<HopSpec>,
    pub metrics: Metrics,
    /// IPv6 only.
    pub pref: Option<Pref>,
    /// Seconds until the route goes; IPv6 only.
    pub expires: Option<u32>,
}

/// Reads a route's destination: `default` (`None`), a prefix without host bits, or a bare address.
pub fn destination(text: &str) -> Result<Option<IpNetwork>> {
    if matches!(text, "default" | "any" | "all") {
        return Ok(None);
    }
    prefix::network(text).map(Some)
}

impl RouteSpec {
    pub(in crate::net) fn family(&self) -> Family {
        let addresses = [self.dst.map(|d| d.ip()), self.src, self.via];
        if let Some(address) = addresses.into_iter().flatten().next() {
            return Family::of(address);
        }
        let hop = self.nexthops.iter().find_map(|hop| hop.via);
        self.family.unwrap_or_else(|| hop.map_or(Family::Inet, Family::of))
    }

    /// What can be seen to be wrong without asking the kernel.
    pub(super) fn check(&self) -> Result<()> {
        let family = self.family();
        if self.family.is_some_and(|f| f != family) {
            return Err(Error::argument(format!(
                "the addresses are not of the family {:?}",
                self.family.map(Family::name).unwrap_or_default()
            )));
        }
        if let Some(src) = self.src.filter(|src| Family::of(*src) != family) {
            return Err(Error::argument(format!("src {src} is of another family than the route")));
        }
        let hops = self.nexthops.iter().map(|hop| hop.via).chain([self.via]);
        for via in hops.flatten() {
            if family == Family::Inet6 && via.is_ipv4() {
                return Err(Error::argument(format!("an IPv6 route can't go via the IPv4 address {via}")));
            }
        }
        if !self.nexthops.is_empty() && (self.via.is_some() || self.dev.is_some()) {
            return Err(Error::argument("give either via and dev or nexthops"));
        }
        let hopless = self.via.is_none() && self.dev.is_none() && self.nexthops.is_empty();
        if self.kind.drops() && !hopless {
            return Err(Error::argument(format!(
                "a route of type {:?} has no via, dev or nexthops",
                self.kind.name()
            )));
        }
        Ok(())
    }

    /// A route that carries packets must say where to.
    pub(super) fn check_complete(&self) -> Result<()> {
        let hopless = self.via.is_none() && self.dev.is_none() && self.nexthops.is_empty();
        if hopless && !self.kind.drops() {
            return Err(Error::argument("a route needs via or dev")
                .hint("or nexthops, or a type without a next hop, such as \"blackhole\""));
        }
        if self.onlink && self.dev.is_none() {
            return Err(Error::argument("onlink needs dev: it says where the gateway is"));
        }
        if let Some(hop) = self.nexthops.iter().find(|h| h.via.is_none() && h.dev.is_none()) {
            let _ = hop;
            return Err(Error::argument("each of nexthops needs via or dev"));
        }
        Ok(())
    }
}
