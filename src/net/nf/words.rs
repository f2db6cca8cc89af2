//! The words of a rule: negatable prefixes and interface names, protocols, ports; from text and to text.

use std::fmt;

use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value};
use crate::net::fields::text;
use crate::net::prefix;
pub use crate::net::prefix::Family;

/// A value, or everything but it (`"!br0"`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Not<T> {
    pub negated: bool,
    pub value: T,
}

/// What a rule can match, or everything but it.
pub trait Matched: Clone + fmt::Debug + PartialEq + fmt::Display + 'static {
    fn form() -> Form;

    fn parse(text: &str) -> Result<Self>;

    /// Reads a script's value that is no text.
    fn read(_: &Value) -> Result<Option<Self>> {
        Ok(None)
    }

    /// As scripts get it.
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    /// Whether all that `other` stands for is in it.
    fn covers(&self, other: &Self) -> bool {
        self == other
    }
}

impl<T: Matched> Not<T> {
    /// Splits the `!` off and parses the rest.
    pub fn parse(text: &str) -> Result<Self> {
        match text.strip_prefix('!') {
            Some(rest) => Ok(Not { negated: true, value: T::parse(rest.trim_start())? }),
            None => T::parse(text).map(Not::only),
        }
    }
}

impl<T> Not<T> {
    pub fn only(value: T) -> Self {
        Not { negated: false, value }
    }
}

impl<T: Matched> Field for Not<T> {
    fn form() -> Form {
        T::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Text(text) => Not::parse(text).map(Some),
            other => Ok(T::read(other)?.map(Not::only)),
        }
    }

    fn value(&self) -> Value {
        if self.negated { Value::Text(self.to_string()) } else { self.value.value() }
    }

    fn lets(&self, has: &Self) -> bool {
        self.value.covers(&has.value) != self.negated
    }
}

impl<T: fmt::Display> fmt::Display for Not<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "!" } else { "" }, self.value)
    }
}

/// A prefix, shown as nft does: a single address without its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(pub IpNetwork);

impl Matched for Prefix {
    fn form() -> Form {
        text("an address or prefix such as \"192.168.1.0/24\" or \"!fd00::/64\"")
    }

    /// An address, or a prefix without host bits.
    fn parse(text: &str) -> Result<Self> {
        prefix::network(text).map(Prefix)
    }

    fn covers(&self, other: &Self) -> bool {
        self.0.contains(other.0.ip()) && self.0.prefix() <= other.0.prefix()
    }
}

impl Prefix {
    pub fn family(self) -> Family {
        Family::of(self.0.ip())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.0.is_ipv4() { 32 } else { 128 };
        match self.0.prefix() {
            n if n == full => write!(f, "{}", self.0.ip()),
            n => write!(f, "{}/{n}", self.0.ip()),
        }
    }
}

/// An interface's name, or with a trailing `*` all names that begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub wildcard: bool,
}

impl Matched for Interface {
    fn form() -> Form {
        text("an interface's name such as \"eth0\", \"!br0\" or \"veth*\"")
    }

    fn parse(text: &str) -> Result<Self> {
        let (name, wildcard) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let wrong = match name {
            "" if wildcard => "\"*\" alone matches every interface: leave the option out",
            "" => "an interface's name must not be empty",
            _ if name.len() > 15 => "an interface's name has at most 15 bytes",
            _ if name.contains(['/', '*', '"', '!'])
                || name.chars().any(|c| c.is_whitespace() || c.is_control()) =>
            {
                "expected an interface's name, with \"!\" in front to exclude it or \"*\" behind to match all that begin so"
            }
            _ => return Ok(Interface { name: name.to_owned(), wildcard }),
        };
        Err(Error::argument(format!("{wrong}, got {text:?}")))
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, if self.wildcard { "*" } else { "" })
    }
}

/// A protocol above IP, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol(pub u8);

impl Protocol {
    pub const ICMP: Protocol = Protocol(1);
    pub const TCP: Protocol = Protocol(6);
    pub const UDP: Protocol = Protocol(17);
    pub const ICMPV6: Protocol = Protocol(58);
    pub const SCTP: Protocol = Protocol(132);

    const NAMES: [(&'static str, u8); 10] = [
        ("icmp", 1),
        ("tcp", 6),
        ("udp", 17),
        ("dccp", 33),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("icmpv6", 58),
        ("sctp", 132),
        ("udplite", 136),
    ];

    /// A name, or a number from 0 to 255.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some((_, number)) = Self::NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(Protocol(*number));
        }
        text.parse().map(Protocol).map_err(|_| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            Error::argument(format!(
                "expected a protocol ({}) or its number from 0 to 255, got {text:?}",
                names.join(", ")
            ))
        })
    }

    /// Whether it has ports at the places where TCP and UDP have them, and NAT can change them.
    pub fn has_ports(self) -> bool {
        matches!(self.0, 6 | 17 | 33 | 132 | 136)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Ports from one to another, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortRange {
    pub low: u16,
    pub high: u16,
}

impl PortRange {
    pub fn one(port: u16) -> Self {
        PortRange { low: port, high: port }
    }

    /// `"80"` or `"8000-8010"`.
    pub fn parse(text: &str) -> Result<Self> {
        let number = |part: &str| {
            part.trim().parse::<u16>().map_err(|_| {
                Error::argument(format!(
                    "expected a port from 0 to 65535 or a range such as \"8000-8010\", got {text:?}"
                ))
            })
        };
        let (low, high) = match text.split_once('-') {
            Some((low, high)) => (number(low)?, number(high)?),
            None => (number(text)?, number(text)?),
        };
        if low > high {
            return Err(Error::argument(format!("the range of ports {text:?} ends before it begins")));
        }
        Ok(PortRange { low, high })
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.low == self.high {
            true => write!(f, "{}", self.low),
            false => write!(f, "{}-{}", self.low, self.high),
        }
    }
}

/// One or several ranges of ports, sorted and apart from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports(Vec<PortRange>);

impl Ports {
    /// How many ranges one rule may name: its set's elements must fit in one attribute.
    pub const MAX: usize = 500;

    /// Sorts the ranges and joins those that overlap; single ports alone stay apart even side by side.
    pub fn new(mut ranges: Vec<PortRange>) -> Result<Self> {
        ranges.sort();
        let reach = u16::from(ranges.iter().any(|r| r.low != r.high));
        let mut apart: Vec<PortRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match apart.last_mut() {
                Some(last) if range.low <= last.high.saturating_add(reach) => {
                    last.high = last.high.max(range.high)
                }
                _ => apart.push(range),
            }
        }
        match apart.len() {
            0 => Err(Error::argument("expected at least one port")),
            n if n > Self::MAX => {
                Err(Error::argument(format!("expected at most {} ranges of ports, got {n}", Self::MAX)))
            }
            _ => Ok(Ports(apart)),
        }
    }

    pub fn one(port: u16) -> Self {
        Ports(vec![PortRange::one(port)])
    }

    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }

    /// The only range, unless there are several.
    pub fn single(&self) -> Option<PortRange> {
        match self.0.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}

impl Matched for Ports {
    fn form() -> Form {
        const TYPES: &str = "integer|string|(integer|string)[]";
        let expected =
            "a port, a range such as \"8000-8010\", \"!53\" for all but it, or an array of ports and ranges";
        Form { luals: TYPES.into(), returned: TYPES, ..text(expected) }
    }

    /// `"80"`, `"8000-8010"`, or several with commas.
    fn parse(text: &str) -> Result<Self> {
        Self::new(text.split(',').map(PortRange::parse).collect::<Result<_>>()?)
    }

    /// A number, or numbers and ranges.
    fn read(value: &Value) -> Result<Option<Self>> {
        let several = match value {
            Value::List(several) => several.as_slice(),
            one => std::slice::from_ref(one),
        };
        let range = |value: &Value| match value {
            Value::Int(port) => Ok(u16::try_from(*port).ok().map(PortRange::one)),
            Value::Text(range) => PortRange::parse(range).map(Some),
            _ => Ok(None),
        };
        let ranges: Result<Option<Vec<PortRange>>> = several.iter().map(range).collect();
        ranges?.map(Ports::new).transpose()
    }

    /// A number where it is one, a list where they are several, else a text.
    fn value(&self) -> Value {
        let one = |range: &PortRange| match range.low == range.high {
            true => Value::Int(range.low.into()),
            false => Value::Text(range.to_string()),
        };
        match self.ranges() {
            [range] => one(range),
            ranges => Value::List(ranges.iter().map(one).collect()),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        let within = |port: &PortRange| self.0.iter().any(|r| r.low <= port.low && port.high <= r.high);
        other.0.iter().all(within)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(PortRange::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_went() {
        for text in ["192.168.1.0/24", "!10.0.0.0/8", "fd00::/62", "!fd00::1", "0.0.0.0/0"] {
            assert_eq!(Not::<Prefix>::parse(text).unwrap().to_string(), text);
        }
        for text in ["br0", "!br0", "eth*", "!veth*"] {
            assert_eq!(Not::<Interface>::parse(text).unwrap().to_string(), text);
        }
        for text in ["tcp", "icmpv6", "0", "255"] {
            assert_eq!(Protocol::parse(text).unwrap().to_string(), text);
        }
        for text in ["80", "!53", "8000-8010", "22,80,8000-8010"] {
            assert_eq!(Not::<Ports>::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Ports::parse("90,1-10,5-20,80").unwrap().to_string(), "1-20,80,90");
        assert_eq!(Ports::parse("7,8,9").unwrap().to_string(), "7,8,9");
        assert_eq!(Ports::parse("0,1,2-65535").unwrap().to_string(), "0-65535");
    }

    #[test]
    fn bad_words_say_what_was_expected() {
        for bad in ["", "192.168.1", "1.2.3.4/33", "fe80::1%eth0", "x"] {
            assert!(Prefix::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "*", "a name", "sixteen-bytes-xx", "a/b", "e*h", "!!x"] {
            assert!(Not::<Interface>::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "80-", "-80", "90-80", "65536", "80,,81", "http"] {
            assert!(Ports::parse(bad).is_err(), "{bad}");
        }
        assert!(Protocol::parse("tpc").is_err());
        assert!(Protocol::parse("256").is_err());
    }
}
