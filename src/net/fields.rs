//! Types of attributes that several objects have.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use ipnetwork::IpNetwork;

use super::attributes::{hardware_address, string};
use super::link::find::check_name;
use super::names::{ADDRESS_PROTOCOLS, GROUPS, Names, PROTOCOLS, SCOPES, TABLES};
use super::nf::words::{PortRange, Prefix, Protocol};
use super::prefix::{self, Family, from_octets, octets};
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Give, Value, Values, Word, Words};

impl Origin {
    /// RTPROT_KERNEL of linux/rtnetlink.h.
    pub const KERNEL: Self = Origin(2);
}

/// A form of what is written as text.
pub fn text(expected: &str) -> Form {
    Form { luals: "string".into(), expected: expected.into(), returned: "string", word: Word::Text }
}

/// A form of what is a number, or text.
pub fn number_or_text(expected: &str) -> Form {
    Form { luals: "integer|string".into(), word: Word::IntegerOrName, ..text(expected) }
}

/// Any text, with a zero behind it.
impl Field for String {
    fn form() -> Form {
        text("a string")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(if let Value::Text(text) = value { Some(text.clone()) } else { None })
    }

    fn value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.as_bytes(), &[0]].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(string(bytes))
    }
}

/// A link's name, as the kernel allows it; the link need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkName(pub String);

impl Field for LinkName {
    fn form() -> Form {
        text("a link's name")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(name) = value else { return Ok(None) };
        check_name(name)?;
        Ok(Some(LinkName(name.clone())))
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn write(&self, to: &mut Values) {
        self.0.as_str().give(to);
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.0.as_bytes(), &[0]].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(LinkName(string(bytes)))
    }
}

/// The packets of a prefix, or of any address. Its length stands in the message's header: what is decoded of the
/// attribute alone is a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector(pub Option<IpNetwork>);

impl Selector {
    /// The prefix of this length that the address is in.
    pub fn within(self, length: u8) -> Option<Self> {
        match self.0 {
            Some(prefix) => IpNetwork::new(prefix.ip(), length).ok().map(|p| Selector(Some(p))),
            None => Some(self),
        }
    }
}

impl Field for Selector {
    fn form() -> Form {
        text("a prefix such as \"10.0.0.0/24\" or \"fd00::/64\", or \"all\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            Value::Text(word) if matches!(word.as_str(), "all" | "any" | "default") => Some(Selector(None)),
            Value::Text(text) => Some(Selector(Some(prefix::network(text)?))),
            _ => None,
        })
    }

    fn value(&self) -> Value {
        Value::Text(self.0.map_or_else(|| "all".to_owned(), |p| Prefix(p).to_string()))
    }

    fn write(&self, to: &mut Values) {
        match self.0 {
            Some(prefix) => to.prefix(prefix.ip(), prefix.prefix()),
            None => "all".give(to),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.0.map(|prefix| octets(prefix.ip()))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        from_octets(bytes).map(|address| Selector(Some(address.into())))
    }

    fn absent() -> Option<Self> {
        Some(Selector(None))
    }
}

impl Field for Protocol {
    fn form() -> Form {
        number_or_text("a protocol such as \"tcp\", \"udp\" or \"icmp\", or its number")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            Value::Text(text) => Some(Protocol::parse(text)?),
            Value::Int(number) => u8::try_from(*number).ok().map(Protocol),
            _ => None,
        })
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn word(&self) -> String {
        self.0.to_string()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(vec![self.0])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first().filter(|number| **number != 0).map(|number| Protocol(*number))
    }
}

/// `struct fib_rule_port_range`.
impl Field for PortRange {
    fn form() -> Form {
        let form = number_or_text("a port, or a range such as \"8000-8010\"");
        Form { returned: "integer|string", ..form }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let range = match value {
            Value::Text(text) => Some(PortRange::parse(text)?),
            Value::Int(port) => u16::try_from(*port).ok().map(PortRange::one),
            _ => None,
        };
        Ok(range.filter(|range| range.low != 0))
    }

    fn value(&self) -> Value {
        match self.low == self.high {
            true => Value::Int(self.low.into()),
            false => Value::Text(self.to_string()),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.low.to_ne_bytes(), self.high.to_ne_bytes()].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (low, rest) = bytes.split_first_chunk()?;
        Some(PortRange { low: u16::from_ne_bytes(*low), high: u16::from_ne_bytes(*rest.first_chunk()?) })
    }
}

/// Any number of 32 bits.
pub type Number = Between<0, { u32::MAX }>;

/// A packet's mark, or which bits of it count: hexadecimal to `ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub u32);

impl Field for Mark {
    fn form() -> Form {
        Number::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Number::read(value)?.map(|n| Mark(n.0)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn word(&self) -> String {
        // As C prints it: 0 has no prefix.
        if self.0 == 0 { "0".to_owned() } else { format!("{:#x}", self.0) }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Number::encode(&Between(self.0))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Number::decode(bytes).map(|n| Mark(n.0))
    }
}

/// The type of service: the second byte of an IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tos(pub u8);

impl Field for Tos {
    fn form() -> Form {
        Form { word: Word::Hexadecimal, ..Between::<0, 255>::form() }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Between::<0, 255>::read(value)?.map(|n| Tos(n.0 as u8)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn word(&self) -> String {
        format!("{:#04x}", self.0)
    }

    fn absent() -> Option<Self> {
        Some(Tos(0))
    }
}

/// A link, by its name to scripts and by its index to the kernel; who sends or reports it fills in the other.
#[derive(Clone, Debug, Default)]
pub struct LinkRef {
    pub index: u32,
    pub name: Rc<str>,
}

impl LinkRef {
    pub fn of(name: &str) -> Self {
        LinkRef { index: 0, name: name.into() }
    }
}

/// By index where both are known.
impl PartialEq for LinkRef {
    fn eq(&self, other: &Self) -> bool {
        match self.index == 0 || other.index == 0 {
            true => self.name == other.name,
            false => self.index == other.index,
        }
    }
}

impl fmt::Display for LinkRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Field for LinkRef {
    fn form() -> Form {
        LinkName::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(LinkName::read(value)?.map(|name| LinkRef::of(&name.0)))
    }

    fn value(&self) -> Value {
        Value::Text((*self.name).to_owned())
    }

    fn write(&self, to: &mut Values) {
        (*self.name).give(to);
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Number::encode(&Between(self.index))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Number::decode(bytes).map(|index| LinkRef { index: index.0, name: "".into() })
    }
}

impl Field for IpAddr {
    fn form() -> Form {
        text("an address such as \"10.0.0.1\" or \"fd00::1\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        prefix::address(text).map(Some).map_err(|e| Error::argument(e.message()))
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn write(&self, to: &mut Values) {
        to.address(*self);
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(octets(*self))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        from_octets(bytes)
    }
}

macro_rules! addresses {
    ($($address:ty: $bytes:literal, $family:literal, $word:ident;)*) => {
        $(impl Field for $address {
            fn form() -> Form {
                Form { word: Word::$word, ..text(concat!("an ", $family, " address")) }
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                let Value::Text(text) = value else { return Ok(None) };
                let wrong = |_| Error::argument(format!(concat!("expected an ", $family, " address, got {:?}"), text));
                text.parse().map(Some).map_err(wrong)
            }

            fn value(&self) -> Value {
                Value::Text(self.to_string())
            }

            fn write(&self, to: &mut Values) {
                to.address((*self).into());
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.octets().to_vec())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk::<$bytes>().map(|octets| Self::from(*octets))
            }
        })*
    };
}

addresses! {
    Ipv4Addr: 4, "IPv4", Inet;
    // Where an attribute is for either family, `ip` has the same word for both.
    Ipv6Addr: 16, "IPv6", Inet6;
}

/// A hardware address; what a script gives a bridge or an Ethernet link has six bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareAddress(pub Vec<u8>);

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hardware_address(&self.0))
    }
}

impl Field for HardwareAddress {
    fn form() -> Form {
        text("a hardware address such as \"02:00:00:00:00:01\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let six = prefix::mac(text).map(|mac| mac.to_vec());
        // A tunnel's is as long as an address of its outer packets.
        let other =
            || text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<Vec<u8>>>();
        six.or_else(|e| other().filter(|bytes| bytes.len() > 1).ok_or(e)).map(|b| Some(HardwareAddress(b)))
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        (!bytes.is_empty()).then(|| HardwareAddress(bytes.to_vec()))
    }
}

/// A time that the kernel reports, in a message of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds(pub f64);

impl Field for Seconds {
    fn form() -> Form {
        Form { luals: "number".into(), returned: "number", ..text("a number of seconds") }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            Value::Number(n) => Some(Seconds(*n)),
            Value::Int(i) => Some(Seconds(*i as f64)),
            _ => None,
        })
    }

    fn value(&self) -> Value {
        Value::Number(self.0)
    }
}

/// Declares types of 16 bits: their range and their order of bytes.
macro_rules! short_fields {
    ($($(#[$doc:meta])* $name:ident: $low:literal..=$high:literal, $to:ident, $from:ident;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u16);

        impl Field for $name {
            fn form() -> Form {
                Between::<$low, $high>::form()
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                Ok(Between::<$low, $high>::read(value)?.map(|n| $name(n.0 as u16)))
            }

            fn value(&self) -> Value {
                Value::Int(self.0.into())
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.0.$to().to_vec())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().map(|b| $name(u16::$from(*b)))
            }
        })*
    };
}

short_fields! {
    /// A VLAN.
    VlanId: 1..=4094, to_ne_bytes, from_ne_bytes;
    /// A port of UDP.
    UdpPort: 1..=65535, to_be_bytes, from_be_bytes;
}

/// Reads a number that has names.
fn named(names: &Names, value: &Value) -> Result<Option<u32>> {
    Ok(match value {
        Value::Text(name) => Some(names.number(name)?),
        Value::Int(number) => u32::try_from(*number).ok().map(|n| names.checked(n)).transpose()?,
        _ => None,
    })
}

/// Declares types whose numbers have names in iproute2's files.
macro_rules! named_fields {
    ($($(#[$doc:meta])* $name:ident($int:ty): $names:ident, $expected:literal;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $int);

        impl Field for $name {
            fn form() -> Form {
                number_or_text(&format!("an integer from 0 to {} or {}", $names.most(), $expected))
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                // The names' own check keeps to what fits.
                Ok(named(&$names, value)?.map(|n| $name(n as $int)))
            }

            fn value(&self) -> Value {
                Value::Text($names.name(self.0.into()))
            }

            fn write(&self, to: &mut Values) {
                $names.write(self.0.into(), to);
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.0.to_ne_bytes().to_vec())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().map(|b| $name(<$int>::from_ne_bytes(*b)))
            }
        })*
    };
}

named_fields! {
    /// A routing table.
    TableId(u32): TABLES, "a table: main, local, default, or a name of /etc/iproute2/rt_tables";
    /// A group of links.
    Group(u32): GROUPS, "a group's name";
    /// Who made a route or rule.
    Origin(u8): PROTOCOLS, "a protocol such as static or bird";
    /// Who made an address.
    AddrProto(u8): ADDRESS_PROTOCOLS, "a protocol such as kernel_ll";
    /// How far an address or route reaches.
    Scope(u8): SCOPES, "a scope: global, link, host or site";
}

/// RT_SCOPE_* of linux/rtnetlink.h.
impl Scope {
    pub const GLOBAL: Scope = Scope(0);
    pub const LINK: Scope = Scope(253);
    pub const HOST: Scope = Scope(254);
}

impl Words for Family {
    const WORDS: &'static [(&'static str, Self)] = &[("inet", Family::Inet), ("inet6", Family::Inet6)];
    const RETURNED: &'static str = "\"inet\"|\"inet6\"";
}
