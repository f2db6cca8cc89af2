//! Words of a rule that may be several, or a set that has a name; and how words become ranges of bytes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;

use super::elements::{Elements, Span};
use super::matching::{Compared, Test};
use super::name::check_name;
use super::words::{Family, Interface, Matched, PortRange, Ports, Prefix, Protocol};
use crate::base::error::{Error, Result};
use crate::base::text::similar;
use crate::model::{Field, Form, Value};
use crate::net::fields::text;
use crate::net::prefix::{from_octets, octets};

/// The length of an interface's name in a register, with its NUL.
const NAME: usize = 16;

/// A value that a set can hold.
pub trait Item: Clone + fmt::Debug + PartialEq + fmt::Display + 'static {
    /// What scripts may give, with the article.
    const EXPECTED: &'static str;
    /// Whether scripts may give a number.
    const NUMBERS: bool = false;

    fn parse(text: &str) -> Result<Self>;

    fn number(_: i64) -> Option<Self> {
        None
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn span(&self) -> Span;

    fn of(span: &Span) -> Option<Self>;

    /// By what several are sorted.
    fn rank(&self) -> Vec<u8> {
        self.span().low
    }

    /// Whether no set can hold it beside others.
    fn is_alone(&self) -> bool {
        false
    }
}

/// One value, several, or those in a set that has a name (`@NAME`).
#[derive(Clone, Debug, PartialEq)]
pub enum Several<T> {
    Items(Vec<T>),
    Set(String),
}

impl<T: Item> Several<T> {
    /// How many one rule may name: its set's elements must fit in one attribute.
    pub const MAX: usize = 500;

    pub fn one(item: T) -> Self {
        Several::Items(vec![item])
    }

    pub fn items(&self) -> &[T] {
        match self {
            Several::Items(items) => items,
            Several::Set(_) => &[],
        }
    }

    /// In the order of their bytes, and without what is told twice, as the kernel has them.
    fn new(items: Vec<T>) -> Result<Self> {
        if let Some(alone) = items.iter().find(|item| item.is_alone()).filter(|_| items.len() > 1) {
            let message = format!("\"{alone}\" can't be one of several: add a rule for each");
            return Err(Error::argument(message));
        }
        match items.len() {
            0 => Err(Error::argument(format!("expected {} or several, got none", T::EXPECTED))),
            n if n > Self::MAX => Err(Error::argument(format!(
                "expected at most {} in one rule, got {n}; a set with a name (firewall.add_set) holds any number",
                Self::MAX
            ))),
            _ => {
                let elements = Elements::new(items.iter().map(T::span).collect());
                Ok(Several::Items(sorted(elements.spans().iter().filter_map(T::of).collect())))
            }
        }
    }

    fn item(value: &Value) -> Result<Option<T>> {
        match value {
            Value::Text(text) => T::parse(text.trim()).map(Some),
            Value::Int(number) => Ok(T::number(*number)),
            _ => Ok(None),
        }
    }

    fn elements(&self) -> Elements {
        Elements::new(self.items().iter().map(T::span).collect())
    }
}

fn sorted<T: Item>(mut items: Vec<T>) -> Vec<T> {
    items.sort_by_key(T::rank);
    items
}

impl<T: Item> Matched for Several<T> {
    fn form() -> Form {
        let number = if T::NUMBERS { "integer|string|(integer|string)[]" } else { "string|string[]" };
        let expected =
            format!("{}, an array of them, \"!\" in front for all others, or a set (\"@NAME\")", T::EXPECTED);
        Form { luals: number.into(), returned: number, ..text(&expected) }
    }

    /// One, several with commas, or a set.
    fn parse(text: &str) -> Result<Self> {
        match text.strip_prefix('@') {
            Some(name) => check_name(name).map(|()| Several::Set(name.to_owned())),
            None => Self::new(text.split(',').map(|item| T::parse(item.trim())).collect::<Result<_>>()?),
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let several = match value {
            Value::List(several) => several.as_slice(),
            one => std::slice::from_ref(one),
        };
        let items: Result<Option<Vec<T>>> = several.iter().map(Self::item).collect();
        items?.map(Self::new).transpose()
    }

    fn value(&self) -> Value {
        match self {
            Several::Set(_) => Value::Text(self.to_string()),
            Several::Items(items) => match items.as_slice() {
                [one] => one.value(),
                items => Value::List(items.iter().map(T::value).collect()),
            },
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Several::Items(_), Several::Items(_)) => {
                let (these, those) = (self.elements(), other.elements());
                let within = |span: &Span| {
                    these
                        .spans()
                        .iter()
                        .any(|s| s.low.len() == span.low.len() && s.low <= span.low && span.high <= s.high)
                };
                those.spans().iter().all(within)
            }
            _ => self == other,
        }
    }
}

impl<T: Item> fmt::Display for Several<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Several::Set(name) => write!(f, "@{name}"),
            Several::Items(items) => {
                let texts: Vec<String> = items.iter().map(T::to_string).collect();
                f.write_str(&texts.join(","))
            }
        }
    }
}

impl<T: Item> Compared for Several<T> {
    fn test(&self) -> Test {
        match self {
            Several::Items(_) => Test::Elements(self.elements()),
            Several::Set(name) => Test::Set(name.clone()),
        }
    }

    fn of(test: &Test) -> Option<Self> {
        match test {
            Test::Elements(elements) => {
                let items = elements.spans().iter().map(T::of).collect::<Option<Vec<T>>>();
                items.map(|items| Several::Items(sorted(items)))
            }
            Test::Set(name) => Some(Several::Set(name.clone())),
        }
    }
}

/// Addresses from one to another: an address, a prefix or a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Addresses {
    low: IpAddr,
    high: IpAddr,
}

impl Addresses {
    pub fn family(self) -> Family {
        Family::of(self.low)
    }
}

impl Item for Addresses {
    const EXPECTED: &'static str = "an address, a prefix or a range such as \"10.0.0.1-10.0.0.9\"";

    fn parse(text: &str) -> Result<Self> {
        let Some((low, high)) = text.split_once('-') else {
            let prefix = Prefix::parse(text)?.0;
            let span = Prefix(prefix).span();
            let end = |bytes| from_octets(bytes).unwrap_or(prefix.ip());
            return Ok(Addresses { low: end(&span.low), high: end(&span.high) });
        };
        let address =
            |part: &str| crate::net::prefix::address(part.trim()).map_err(|e| Error::argument(e.message()));
        let (low, high) = (address(low)?, address(high)?);
        match Family::of(low) == Family::of(high) && low <= high {
            true => Ok(Addresses { low, high }),
            false => {
                Err(Error::argument(format!("{text:?} is no range from a lower address to a higher one")))
            }
        }
    }

    fn span(&self) -> Span {
        Span { low: octets(self.low), high: octets(self.high) }
    }

    fn of(span: &Span) -> Option<Self> {
        Some(Addresses { low: from_octets(&span.low)?, high: from_octets(&span.high)? })
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.span().prefix().and_then(|bits| IpNetwork::new(self.low, bits as u8).ok());
        match prefix {
            Some(prefix) => Prefix(prefix).fmt(f),
            None => write!(f, "{}-{}", self.low, self.high),
        }
    }
}

impl Item for PortRange {
    const EXPECTED: &'static str = "a port, a range such as \"8000-8010\"";
    const NUMBERS: bool = true;

    fn parse(text: &str) -> Result<Self> {
        PortRange::parse(text)
    }

    fn number(number: i64) -> Option<Self> {
        u16::try_from(number).ok().map(PortRange::one)
    }

    fn value(&self) -> Value {
        Field::value(self)
    }

    fn span(&self) -> Span {
        Span { low: self.low.to_be_bytes().into(), high: self.high.to_be_bytes().into() }
    }

    fn of(span: &Span) -> Option<Self> {
        let port = |bytes: &[u8]| Some(u16::from_be_bytes(bytes.try_into().ok()?));
        Some(PortRange { low: port(&span.low)?, high: port(&span.high)? })
    }
}

impl Item for Protocol {
    const EXPECTED: &'static str = "a protocol such as \"tcp\", \"udp\" or \"icmp\", its number";
    const NUMBERS: bool = true;

    fn parse(text: &str) -> Result<Self> {
        Protocol::parse(text)
    }

    fn number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().map(Protocol)
    }

    fn span(&self) -> Span {
        Span::one(vec![self.0])
    }

    fn of(span: &Span) -> Option<Self> {
        span.is_one().then_some(())?;
        span.low.first().copied().map(Protocol)
    }
}

impl Item for Interface {
    const EXPECTED: &'static str = "an interface's name such as \"eth0\" or \"veth*\"";

    fn parse(text: &str) -> Result<Self> {
        Matched::parse(text)
    }

    fn span(&self) -> Span {
        let padded = |with: u8| {
            let mut bytes = self.name.as_bytes().to_vec();
            bytes.resize(NAME, with);
            bytes
        };
        Span { low: padded(0), high: padded(if self.wildcard { 0xff } else { 0 }) }
    }

    fn of(span: &Span) -> Option<Self> {
        let end = span.low.iter().position(|byte| *byte == 0).unwrap_or(span.low.len());
        let name = String::from_utf8(span.low[..end].to_vec()).ok().filter(|name| !name.is_empty())?;
        Some(Interface { name, wildcard: !span.is_one() })
    }

    fn is_alone(&self) -> bool {
        self.wildcard
    }
}

/// The type of an ICMP message; `SIX` is ICMPv6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IcmpType<const SIX: bool>(pub u8);

/// As nft calls them.
const ICMP: &[(&str, u8)] = &[
    ("echo-reply", 0),
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("echo-request", 8),
    ("router-advertisement", 9),
    ("router-solicitation", 10),
    ("time-exceeded", 11),
    ("parameter-problem", 12),
    ("timestamp-request", 13),
    ("timestamp-reply", 14),
    ("info-request", 15),
    ("info-reply", 16),
    ("address-mask-request", 17),
    ("address-mask-reply", 18),
];

const ICMPV6: &[(&str, u8)] = &[
    ("destination-unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("parameter-problem", 4),
    ("echo-request", 128),
    ("echo-reply", 129),
    ("mld-listener-query", 130),
    ("mld-listener-report", 131),
    ("mld-listener-done", 132),
    ("nd-router-solicit", 133),
    ("nd-router-advert", 134),
    ("nd-neighbor-solicit", 135),
    ("nd-neighbor-advert", 136),
    ("nd-redirect", 137),
    ("router-renumbering", 138),
    ("ind-neighbor-solicit", 141),
    ("ind-neighbor-advert", 142),
    ("mld2-listener-report", 143),
];

impl<const SIX: bool> IcmpType<SIX> {
    const NAMES: &'static [(&'static str, u8)] = if SIX { ICMPV6 } else { ICMP };
}

impl<const SIX: bool> Item for IcmpType<SIX> {
    const EXPECTED: &'static str = "a type such as \"echo-request\", its number";
    const NUMBERS: bool = true;

    fn parse(word: &str) -> Result<Self> {
        let named = Self::NAMES.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
        named.or_else(|| word.parse().ok()).map(IcmpType).ok_or_else(|| {
            let names = || Self::NAMES.iter().map(|(name, _)| *name);
            let near = similar(word, names()).map(|near| format!("; did you mean {near:?}?"));
            Error::argument(format!(
                "expected a type ({}) or its number, got {word:?}{}",
                names().collect::<Vec<_>>().join(", "),
                near.unwrap_or_default()
            ))
        })
    }

    fn number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().map(IcmpType)
    }

    fn value(&self) -> Value {
        match self.to_string().parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Text(self.to_string()),
        }
    }

    fn span(&self) -> Span {
        Span::one(vec![self.0])
    }

    fn of(span: &Span) -> Option<Self> {
        <Protocol as Item>::of(span).map(|number| IcmpType(number.0))
    }
}

impl<const SIX: bool> fmt::Display for IcmpType<SIX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None => self.0.fmt(f),
        }
    }
}

/// A user, by number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uid(pub u32);

impl Item for Uid {
    const EXPECTED: &'static str = "a user's number";
    const NUMBERS: bool = true;

    fn parse(text: &str) -> Result<Self> {
        text.parse().map(Uid).map_err(|_| Error::argument(format!("expected a user's number, got {text:?}")))
    }

    fn number(number: i64) -> Option<Self> {
        u32::try_from(number).ok().map(Uid)
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn span(&self) -> Span {
        Span::one(self.0.to_ne_bytes().into())
    }

    fn of(span: &Span) -> Option<Self> {
        span.is_one().then_some(())?;
        Some(Uid(u32::from_ne_bytes(*span.low.first_chunk()?)))
    }

    fn rank(&self) -> Vec<u8> {
        self.0.to_be_bytes().into()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// What NAT matches, which are no sets that have names.

fn single(test: &Test) -> Option<&Span> {
    match test {
        Test::Elements(elements) => elements.single(),
        Test::Set(_) => None,
    }
}

impl Prefix {
    fn span(self) -> Span {
        let (first, last): (IpAddr, IpAddr) = match self.0 {
            IpNetwork::V4(net) => (net.network().into(), net.broadcast().into()),
            IpNetwork::V6(net) => {
                let host = u128::MAX.checked_shr(net.prefix().into()).unwrap_or(0);
                (net.network().into(), Ipv6Addr::from(u128::from(net.network()) | host).into())
            }
        };
        Span { low: octets(first), high: octets(last) }
    }
}

impl Compared for Prefix {
    fn test(&self) -> Test {
        Test::Elements(Elements::new(vec![self.span()]))
    }

    fn of(test: &Test) -> Option<Self> {
        let span = single(test)?;
        let ip = match *span.low {
            [a, b, c, d] => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            _ => from_octets(&span.low)?,
        };
        IpNetwork::new(ip, span.prefix()? as u8).ok().map(Prefix)
    }
}

impl Compared for Interface {
    fn test(&self) -> Test {
        Test::Elements(Elements::new(vec![self.span()]))
    }

    fn of(test: &Test) -> Option<Self> {
        Item::of(single(test)?)
    }
}

impl Compared for Protocol {
    fn test(&self) -> Test {
        Test::Elements(Elements::new(vec![self.span()]))
    }

    fn of(test: &Test) -> Option<Self> {
        Item::of(single(test)?)
    }
}

impl Compared for Ports {
    fn test(&self) -> Test {
        Test::Elements(Elements::new(self.ranges().iter().map(PortRange::span).collect()))
    }

    fn of(test: &Test) -> Option<Self> {
        let Several::Items(ranges) = Several::<PortRange>::of(test)? else { return None };
        Ports::new(ranges).ok()
    }
}
