//! The attributes of a route.

use std::fmt;

use ipnetwork::IpNetwork;

use super::encap::Encap;
use super::metrics::Metrics;
use crate::base::error::Result;
use crate::model::{Between, Field, Form, Give, Value, Values, Word, Words, table};
use crate::net::bits::bits;
use crate::net::fields::{LinkRef, Mark, Number, Origin, Scope, TableId, Tos, number_or_text, text};
use crate::net::names::REALMS;
use crate::net::prefix::{self, Family, octets};

table! {
    /// A route (ip-route(8), linux/rtnetlink.h): one to add, one that the kernel reported, or what those to be found
    /// must have.
    pub struct Route {
        Set dst: Destination = 1 always, ip [], "the destination: a prefix, or \"default\"";
        Set family: Family = header always, ip [], "IPv4 (inet) or IPv6 (inet6), where no address says it";
        Set kind as "type": RouteKind = header always, ip ["type"],
            "what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with \
             ICMP, throw goes on with the next rule";
        Set via: std::net::IpAddr = header, ip ["via"], "the gateway; an IPv6 one for an IPv4 route too";
        Set dev: LinkRef = 4, ip ["dev", "oif"], "the link; default the one on which the gateway is";
        Set onlink: bool = header, ip ["onlink"],
            "the gateway is reachable through `dev` though no address says so; default false";
        Set src: std::net::IpAddr = 7, ip ["src"], "the source address of packets from here";
        Set metric: Number = 6, ip ["metric", "priority", "preference"],
            "lower is better; default 0 for IPv4, 1024 for IPv6";
        Set table: TableId = 15 always, ip ["table"], "the routing table; default main";
        Set proto: Origin = header always, ip ["proto", "protocol"], "who added it; default boot";
        Set scope: Scope = header always, ip ["scope"],
            "how far the destination is; default by type and gateway";
        Set tos: Tos = header, ip ["tos", "dsfield"], "only packets of this TOS (IPv4)";
        Read flags: Flags = header always, ip [], "onlink, linkdown, dead, ...";
        Set from: Destination = 2, ip ["from"],
            "the prefix of sources that it is for (IPv6); the source that a lookup asked for";
        Read iif: LinkRef = 3, ip [], "the incoming link that a lookup asked for";
        Read mark: Mark = 16, ip [], "the mark that a lookup asked for";
        Read uid: Number = 25, ip [], "the user that a lookup asked for";
        Set expires: Expires = 23, ip ["expires"], "seconds until it goes (IPv6)";
        Set pref: Pref = 20, ip ["pref"], "the preference of a default route (IPv6, RFC 4191)";
        Set nhid: Between<1, { u32::MAX }> = 30, ip ["nhid"], "the nexthop object that it uses";
        Set encap: Encap = header, ip ["encap"],
            "what is put around packets";
        Set realms: Realms = 11, ip ["realms", "realm"], "the realms of routing, TO or FROM/TO";
        Read error: Errno = header, ip [], "the error that packets get, of a type that drops";
        Read cache: CacheFlags = header, ip [],
            "its flags, of an entry of the cache (IPv4): what a lookup found";
    } and {
        /// The next hops, where there are several.
        pub nexthops: Vec<Nexthop>,
        /// Properties of the path.
        pub metrics: Option<Box<Metrics>>,
        /// An entry of the cache (RTM_F_CLONED), which is no route.
        pub cached: bool,
    }
}

table! {
    /// One of several next hops of a route.
    pub struct Nexthop {
        Set via: std::net::IpAddr = header, ip ["via"], "the gateway; an IPv6 one for an IPv4 route too";
        Set dev: LinkRef = header, ip ["dev"], "the link";
        Set weight: Between<1, 256> = header always, ip ["weight"], "its share among the hops; default 1";
        Set onlink: bool = header, ip ["onlink"],
            "the gateway is reachable though no address says so; default false";
        Read flags: Flags = header always, ip [], "onlink, linkdown, dead, ...";
        Set encap: Encap = header, ip ["encap"], "as the route's";
    }
}

/// Where a route leads to: a prefix, or `None` for all addresses of whichever family.
#[derive(Clone, Copy, Debug)]
pub struct Destination(pub Option<IpNetwork>);

impl Destination {
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "default" | "any" | "all" => Ok(Destination(None)),
            text => prefix::network(text).map(|prefix| Destination(Some(prefix))),
        }
    }

    pub fn prefix(self) -> u8 {
        self.0.map_or(0, |prefix| prefix.prefix())
    }

    pub(super) fn of_length(self, length: u8) -> Option<Self> {
        let prefix = IpNetwork::new(self.0?.ip(), length).ok()?;
        Some(Destination(Some(prefix)))
    }
}

/// `default` is that of either family.
impl PartialEq for Destination {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Some(a), Some(b)) => a == b,
            _ => self.prefix() == 0 && other.prefix() == 0,
        }
    }
}

/// As `ip route` shows it: `default`, a prefix, or a bare address for a host.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(prefix) if prefix.prefix() == 0 => f.write_str("default"),
            Some(prefix) if prefix.prefix() == Family::of(prefix.ip()).bits() => prefix.ip().fmt(f),
            Some(prefix) => prefix.fmt(f),
            None => f.write_str("default"),
        }
    }
}

impl Field for Destination {
    fn form() -> Form {
        text("a destination such as \"default\", \"10.0.0.0/8\" or \"fd00::/64\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        Destination::parse(text).map(Some)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn write(&self, to: &mut Values) {
        match self.0.filter(|prefix| prefix.prefix() > 0) {
            Some(prefix) => to.prefix(prefix.ip(), prefix.prefix()),
            None => "default".give(to),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.0.map(|prefix| octets(prefix.ip()))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        prefix::from_octets(bytes).map(|address| Destination(Some(address.into())))
    }
}

/// What becomes of a packet that takes the route; RTN_* in linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteKind {
    #[default]
    Unicast = 1,
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

impl Words for RouteKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("unicast", RouteKind::Unicast),
        ("local", RouteKind::Local),
        ("broadcast", RouteKind::Broadcast),
        ("anycast", RouteKind::Anycast),
        ("multicast", RouteKind::Multicast),
        ("blackhole", RouteKind::Blackhole),
        ("unreachable", RouteKind::Unreachable),
        ("prohibit", RouteKind::Prohibit),
        ("throw", RouteKind::Throw),
    ];
}

impl RouteKind {
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::WORDS.get(usize::from(number.checked_sub(1)?)).map(|(_, kind)| *kind)
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

/// RFC 4191's preference of an IPv6 default route; ICMPV6_ROUTER_PREF_*: the value of two bits, 2 being invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pref {
    Medium = 0,
    High = 1,
    Low = 3,
}

impl Words for Pref {
    const WORDS: &'static [(&'static str, Self)] =
        &[("medium", Pref::Medium), ("high", Pref::High), ("low", Pref::Low)];

    fn to_wire(self) -> Option<Vec<u8>> {
        Some(vec![self as u8])
    }

    fn from_wire(bytes: &[u8]) -> Option<Self> {
        let known = Self::WORDS.iter().find(|(_, pref)| bytes.first() == Some(&(*pref as u8)));
        Some(known.map_or(Pref::Medium, |(_, pref)| *pref))
    }
}

/// Seconds; the kernel takes whole ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expires(pub f64);

impl Field for Expires {
    fn form() -> Form {
        let expected = format!("a number of seconds from 1 to {}", u32::MAX);
        Form { luals: "number".into(), expected, returned: "number", word: Word::Integer }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let seconds = match value {
            Value::Int(seconds) => *seconds as f64,
            Value::Number(seconds) => *seconds,
            _ => return Ok(None),
        };
        Ok(Some(Expires(seconds)).filter(|_| seconds > 0.0 && seconds <= f64::from(u32::MAX)))
    }

    fn value(&self) -> Value {
        Value::Number(self.0)
    }

    fn word(&self) -> String {
        self.0.ceil().to_string()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some((self.0.ceil() as u32).to_ne_bytes().to_vec())
    }
}

/// Two numbers of 16 bits: where packets come from, which may be 0 for any, and where they go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Realms(pub u32);

impl Field for Realms {
    fn form() -> Form {
        Form { returned: "string", ..number_or_text("realms: TO or FROM/TO, by number or name") }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::Int(number) => number.to_string(),
            _ => return Ok(None),
        };
        let (from, to) = text.split_once('/').unwrap_or(("0", &text));
        Ok(Some(Realms(REALMS.number(from)? << 16 | REALMS.number(to)?)))
    }

    fn value(&self) -> Value {
        let (from, to) = (self.0 >> 16, REALMS.name(self.0 & 0xffff));
        Value::Text(if from == 0 { to } else { format!("{}/{to}", REALMS.name(from)) })
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|b| Realms(u32::from_ne_bytes(*b)))
    }
}

/// The error that a packet gets, negative as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Field for Errno {
    fn form() -> Form {
        Form {
            luals: "integer".into(),
            returned: "integer",
            word: Word::Integer,
            ..text("an error's number")
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(number) = value else { return Ok(None) };
        Ok(i32::try_from(*number).ok().map(Errno))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }
}

bits! {
    /// RTNH_F_* and RTM_F_* in linux/rtnetlink.h, with iproute2's words.
    Flags {
        1 => "dead", 4 => "onlink", 2 => "pervasive", 8 => "offload", 64 => "trap", 0x100 => "notify", 16 => "linkdown",
        32 => "unresolved", 0x4000 => "rt_offload", 0x8000 => "rt_trap", 0x2000_0000 => "rt_offload_failed",
    }
    /// The flags of an entry of the cache, RTCF_* in linux/in_route.h.
    CacheFlags {
        1 << 31 => "local", 1 << 30 => "reject", 1 << 29 => "mc", 1 << 28 => "brd", 1 << 27 => "dst-nat",
        1 << 23 => "src-nat", 1 << 22 => "masq", 1 << 17 => "dst-direct", 1 << 26 => "src-direct",
        1 << 18 => "redirected", 1 << 24 => "redirect", 1 << 21 => "fastroute", 1 << 16 => "notify", 1 << 19 => "proxy",
    }
}
