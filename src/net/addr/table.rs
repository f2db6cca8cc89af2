//! The attributes of an address.

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Value, Word, table};
use crate::net::attributes::string;
use crate::net::fields::{AddrProto, LinkName, Number, Scope, text};
use crate::net::prefix::{self, Family, from_octets, octets};

table! {
    /// An address of a link (ip-address(8), linux/if_addr.h; its flags are IFA_F_*): one to add, one that the kernel
    /// reported, or what those to be found must have.
    pub struct Addr {
        Read local: IpAddr = 2 always, ip [], "the address alone";
        Read prefixlen: Between<0, 128> = header always, ip [], "the prefix length; the peer's, if there is a peer";
        Set family: Family = header always, ip [], "IPv4 (inet) or IPv6 (inet6)";
        Set peer: Peer = 1, ip ["peer", "remote"],
            "the other end of a point-to-point link; when adding, with its prefix length";
        Set broadcast: Ipv4Addr = 4, ip ["broadcast", "brd"], "the broadcast address (IPv4); default none";
        Read anycast: IpAddr = 5, ip [], "the anycast address";
        Set label: Label = 3, ip ["label"], "a label that begins with the link's name (IPv4)";
        Set scope: Scope = header always, ip ["scope"],
            "how far it reaches: global, link, host, site or a number; default host for 127.0.0.0/8, else global";
        Set dev: LinkName = header always, ip ["dev"], "the link";
        Read index: Number = header always, ip [], "the link's index";
        Set metric: Number = 9, ip ["metric", "priority", "preference"], "the metric of the connected route";
        Set valid_lft: Lifetime = header always, ip ["valid_lft"],
            "seconds until it goes, or \"forever\"; default forever";
        Set preferred_lft: Lifetime = header always, ip ["preferred_lft"],
            "seconds until it is deprecated, or \"forever\"; default forever";
        Give dad: bool = header, ip [],
            "run duplicate address detection (IPv6): the address can be used 1 to 2 s later; default false";
        Word secondary: bool = {flag 0x01}, ip [], "not the first one of its subnet (IPv4)";
        // The kernel has one bit for both.
        Word temporary: bool = {flag 0x8000_0000}, ip [], "made from one with mngtmpaddr (IPv6)";
        Word nodad: bool = {flag 0x02}, ip ["nodad"], "usable without duplicate address detection";
        Give optimistic: bool = {flag 0x04}, ip ["optimistic"],
            "use it during duplicate address detection (RFC 4429); default false";
        Word dadfailed: bool = {flag 0x08}, ip [], "another host has it";
        Give home: bool = {flag 0x10}, ip ["home"], "a home address of Mobile IPv6; default false";
        Word deprecated: bool = {flag 0x20}, ip [], "its preferred_lft is over";
        Read tentative: bool = {flag 0x40} always, ip [], "not usable yet: duplicate address detection runs";
        // Told by the absence of its bit, IFA_F_PERMANENT.
        Word dynamic: bool = {flag 0x80}, ip [], "it has a valid_lft";
        Give mngtmpaddr: bool = {flag 0x100}, ip ["mngtmpaddr"],
            "make temporary addresses from it (RFC 4941); default false";
        Give noprefixroute: bool = {flag 0x200}, ip ["noprefixroute"], "add no connected route; default false";
        Give autojoin: bool = {flag 0x400}, ip ["autojoin"], "join the multicast group that it is; default false";
        Word stable_privacy as "stable-privacy": bool = {flag 0x800}, ip [], "made from a secret (RFC 7217)";
        Set proto: AddrProto = 11, ip ["proto"], "who added it: kernel_ll, kernel_ra, ... or a number (Linux 5.18)";
    }
}

impl Addr {
    /// All addresses of this link, or one to add to it.
    pub fn on(dev: &str) -> Self {
        Addr { dev: Some(LinkName(dev.to_owned())), ..Addr::default() }
    }

    /// All addresses of this family.
    pub fn of(family: Family) -> Self {
        Addr { family: Some(family), ..Addr::default() }
    }

    /// The link's name; empty where there is none.
    pub fn dev(&self) -> &str {
        self.dev.as_ref().map_or("", |dev| &dev.0)
    }

    pub fn index(&self) -> u32 {
        self.index.map_or(0, |index| index.0)
    }

    /// The address alone; each that the kernel reports has it.
    pub fn ip(&self) -> IpAddr {
        self.local.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// The address with its prefix length.
    pub fn prefix(&self) -> IpNetwork {
        // The kernel's lengths are in range.
        let length = self.prefixlen.and_then(|length| u8::try_from(length.0).ok());
        length.and_then(|length| IpNetwork::new(self.ip(), length).ok()).unwrap_or_else(|| self.ip().into())
    }

    /// Whether others may share its subnet.
    pub fn has_subnet(&self) -> bool {
        self.prefix().prefix() < Family::of(self.ip()).bits()
    }

    /// Whether duplicate address detection has found that another host has it.
    pub fn is_duplicate(&self) -> bool {
        self.dadfailed == Some(true)
    }

    /// Whether duplicate address detection runs, and nobody uses it meanwhile.
    pub fn is_tentative(&self) -> bool {
        self.tentative == Some(true) && self.optimistic != Some(true)
    }

    pub(super) fn check(&self, address: IpNetwork) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        if self.peer.is_some_and(|p| p.0.is_ipv4() != address.is_ipv4()) {
            return wrong("an address and its peer must be of one family");
        }
        if address.is_ipv6() && (self.broadcast.is_some() || self.label.is_some()) {
            return wrong("only IPv4 addresses have a broadcast address or a label");
        }
        match (self.valid_lft, self.preferred_lft) {
            (Some(valid), Some(preferred)) if preferred > valid => {
                wrong("preferred_lft must not be longer than valid_lft")
            }
            (Some(Lifetime(0)), _) => wrong("valid_lft must be more than 0 seconds"),
            _ => Ok(()),
        }
    }

    /// As it is sent, with what wasn't given.
    pub fn completed(&self, address: IpNetwork) -> Self {
        let mut addr = self.clone();
        addr.local = Some(address.ip());
        if address.is_ipv6() && addr.dad != Some(true) && addr.optimistic != Some(true) {
            addr.nodad = Some(true);
        }
        if addr.valid_lft.or(addr.preferred_lft).is_some() {
            let valid = *addr.valid_lft.get_or_insert(Lifetime::FOREVER);
            // No longer preferred than valid.
            addr.preferred_lft.get_or_insert(valid);
        }
        addr
    }
}

/// Whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(pub u32);

impl Lifetime {
    /// INFINITY_LIFE_TIME of the kernel.
    pub const FOREVER: Lifetime = Lifetime(u32::MAX);
    const WORD: &str = "forever";
}

impl Field for Lifetime {
    fn form() -> Form {
        let seconds = Between::<0, { u32::MAX - 1 }>::form();
        Form {
            luals: "integer|\"forever\"".into(),
            expected: format!("{} or \"forever\"", seconds.expected),
            returned: "integer|\"forever\"",
            word: Word::IntegerOrName,
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Text(word) if word == Self::WORD => Ok(Some(Self::FOREVER)),
            value => Ok(Between::<0, { u32::MAX - 1 }>::read(value)?.map(|seconds| Lifetime(seconds.0))),
        }
    }

    fn value(&self) -> Value {
        match *self {
            Self::FOREVER => Value::Text(Self::WORD.to_owned()),
            Lifetime(seconds) => Value::Int(seconds.into()),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Number::encode(&Between(self.0))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Number::decode(bytes).map(|seconds| Lifetime(seconds.0))
    }
}

/// The other end of a point-to-point link: given with its prefix length, reported without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpNetwork);

impl Field for Peer {
    fn form() -> Form {
        text("an address with its prefix length, such as \"10.0.0.1/24\" or \"fd00::1/64\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        prefix::parse(text).map(|prefix| Some(Peer(prefix)))
    }

    fn value(&self) -> Value {
        Value::Text(self.0.ip().to_string())
    }

    fn word(&self) -> String {
        self.0.to_string()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(octets(self.0.ip()))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        from_octets(bytes).map(|address| Peer(address.into()))
    }
}

/// What old programs know an address by: at most 15 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(pub String);

impl Field for Label {
    fn form() -> Form {
        text("a string")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(label) = value else { return Ok(None) };
        match label.len() {
            _ if label.contains('\0') => Err(Error::argument("a text for the kernel can't hold a zero byte")),
            n if n > 15 => Err(Error::argument(format!("a label has at most 15 bytes, {label:?} has {n}"))),
            _ => Ok(Some(Label(label.clone()))),
        }
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.0.as_bytes(), &[0]].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Label(string(bytes)))
    }
}
