//! Sets that have names: made and filled by scripts, looked into by rules.

use std::fmt;
use std::time::Duration;

use netlink_packet_netfilter::NetfilterProtoFamily;
use netlink_packet_netfilter::nftables::NfTablesMessageType as Type;

use super::fields::{Action, MarkBits};
use crate::base::error::{Error, Result};
use crate::model::{Value, Words};
use crate::net::netlink::Socket;
use crate::net::nf::TABLE;
use crate::net::nf::attr::{Attributes, Received};
use crate::net::nf::elements::{self, DataType, Datum, Elements, Entry, KeyType, Span};
use crate::net::nf::message::{attributes, dump};
use crate::net::nf::nat::Target;
use crate::net::nf::several::{Addresses, IcmpType, Item, Uid};
use crate::net::nf::uapi::*;
use crate::net::nf::words::{Interface, Matched, PortRange, Protocol};
use crate::net::prefix::{from_octets, octets};

/// `enum nft_set_flags`
const ANONYMOUS: u32 = libc::NFT_SET_ANONYMOUS as u32;
pub(super) const INTERVAL: u32 = libc::NFT_SET_INTERVAL as u32;
pub(super) const MAP: u32 = libc::NFT_SET_MAP as u32;
pub(super) const TIMEOUT: u32 = libc::NFT_SET_TIMEOUT as u32;

/// A set, or a map, which has something for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Set,
    Map,
}

impl Sort {
    pub fn word(self) -> &'static str {
        match self {
            Sort::Set => "set",
            Sort::Map => "map",
        }
    }
}

/// A set or map as the kernel holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedSet {
    pub name: String,
    /// `None` for a type that has no words here.
    pub key: Option<KeyType>,
    /// What a map has for its keys; `None` for a type that has no words here, and of a set.
    pub to: Option<DataType>,
    pub flags: u32,
    /// When an element goes unless it has a time of its own.
    pub timeout: Option<Duration>,
    pub handle: u64,
    pub elements: Vec<Element>,
}

/// What is in a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub span: Span,
    pub data: Option<Datum>,
    pub timeout: Option<Duration>,
    /// When it goes, from when it was read on.
    pub expires: Option<Duration>,
}

impl NamedSet {
    fn read(payload: &[u8]) -> Option<Self> {
        let a = attributes(payload);
        (a.string(NFTA_SET_TABLE)? == TABLE).then_some(())?;
        let set = NamedSet {
            name: a.string(NFTA_SET_NAME)?,
            key: a.u32(NFTA_SET_KEY_TYPE).and_then(KeyType::of),
            to: a.u32(NFTA_SET_DATA_TYPE).and_then(DataType::of),
            flags: a.u32(NFTA_SET_FLAGS).unwrap_or(0),
            timeout: a.u64(NFTA_SET_TIMEOUT).filter(|ms| *ms != 0).map(Duration::from_millis),
            handle: a.u64(NFTA_SET_HANDLE).unwrap_or(0),
            elements: Vec::new(),
        };
        (set.flags & ANONYMOUS == 0).then_some(set)
    }

    pub fn sort(&self) -> Sort {
        if self.flags & MAP == 0 { Sort::Set } else { Sort::Map }
    }

    /// As they go into it. A map's stay as they are: what touches may differ in its data.
    pub(super) fn arranged(&self, entries: Vec<Entry>) -> Vec<Entry> {
        match self.sort() {
            Sort::Set => Entry::arranged(entries),
            Sort::Map => entries,
        }
    }

    /// Whether its keys are what the option matches.
    pub(in crate::net::nf) fn check_key(&self, option: &str) -> Result<()> {
        let wants: &[KeyType] = match option {
            "iif" | "out" => &[KeyType::Ifname],
            "source" | "dest" => &[KeyType::Ipv4Addr, KeyType::Ipv6Addr],
            "proto" => &[KeyType::InetProto],
            "sport" | "dport" => &[KeyType::InetService],
            "icmp" => &[KeyType::IcmpType],
            "icmpv6" => &[KeyType::Icmpv6Type],
            "mark" => &[KeyType::Mark],
            _ => &[KeyType::Uid],
        };
        if self.key.is_some_and(|key| wants.contains(&key)) {
            return Ok(());
        }
        let wants: Vec<&str> = wants.iter().map(|key| key.name()).collect();
        Err(Error::argument(format!(
            "{option}: the {} {:?} is of the type {}, not {}",
            self.sort().word(),
            self.name,
            self.key.map_or("of another kind", Words::name),
            wants.join(" or ")
        )))
    }

    pub fn has_ranges(&self) -> bool {
        self.flags & INTERVAL != 0
    }

    pub fn has_timeouts(&self) -> bool {
        self.flags & TIMEOUT != 0
    }

    fn read_elements(&mut self, socket: &mut Socket) -> Result<()> {
        let mut filter = Attributes::new();
        filter.text(NFTA_SET_ELEM_LIST_TABLE, TABLE).text(NFTA_SET_ELEM_LIST_SET, &self.name);
        let read = |payload: &[u8]| -> Vec<_> {
            attributes(payload).list(NFTA_SET_ELEM_LIST_ELEMENTS).filter_map(read_element).collect()
        };
        let mut found = dump(socket, Type::GetSetElement, &filter, read)?;
        elements::sort(&mut found, |(key, _)| key);
        let keys = found.iter().map(|(key, _)| key.clone()).collect();
        let spans = Elements::of_keys(keys, self.has_ranges());
        let begun = found.into_iter().filter(|((_, end), _)| !end).map(|(_, rest)| rest);
        self.elements = spans
            .iter()
            .flat_map(Elements::spans)
            .zip(begun)
            .map(|(span, (data, timeout, expires))| Element { span: span.clone(), data, timeout, expires })
            .collect();
        Ok(())
    }

    /// As `nft add set` or `nft add map` takes it.
    pub(super) fn command(&self) -> String {
        let key = self.key.map_or("", Words::name);
        let to = self.to.map_or_else(String::new, |to| format!(" : {}", to.name()));
        let mut words = format!("add {} inet {TABLE} {} {{ type {key}{to};", self.sort().word(), self.name);
        let flags: Vec<&str> = [(INTERVAL, "interval"), (TIMEOUT, "timeout")]
            .into_iter()
            .filter_map(|(bit, word)| (self.flags & bit != 0).then_some(word))
            .collect();
        if !flags.is_empty() {
            words.push_str(&format!(" flags {};", flags.join(",")));
        }
        if let Some(timeout) = self.timeout {
            words.push_str(&format!(" timeout {};", nft_time(timeout)));
        }
        words + " }"
    }

    /// As `nft add element` and `nft delete element` take it.
    pub(super) fn elements_command(
        &self,
        verb: &str,
        entries: &[Entry],
        timeout: Option<Duration>,
    ) -> String {
        let time = timeout.map_or_else(String::new, |time| format!(" timeout {}", nft_time(time)));
        let word = |entry: &Entry| {
            format!("{}{time}{}", self.shown(&entry.span), self.shown_data(entry.data.as_ref()))
        };
        let words: Vec<String> = entries.iter().map(word).collect();
        format!("{verb} element inet {TABLE} {} {{ {} }}", self.name, words.join(", "))
    }

    fn shown(&self, span: &Span) -> String {
        match (self.key, value_of(self.key, span)) {
            (Some(KeyType::Ifname), name) => format!("\"{name}\""),
            (_, value) => value.to_string(),
        }
    }

    /// ` : accept`
    fn shown_data(&self, data: Option<&Datum>) -> String {
        // nft writes a dot between what is several.
        if let (Some(DataType::Ends(_)), Some(Datum::Bytes(bytes))) = (self.to, data)
            && let Some(Target { addresses: Some((address, _)), ports: Some(port), .. }) = end_value(bytes)
        {
            return format!(" : {address} . {port}");
        }
        data.map_or_else(String::new, |data| format!(" : {}", datum_value(self.to, data)))
    }
}

/// nft's times have whole milliseconds.
fn nft_time(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// What a map has for the element, its timeout, and when it goes.
type Rest = (Option<Datum>, Option<Duration>, Option<Duration>);

fn read_element(element: Received<'_>) -> Option<((Vec<u8>, bool), Rest)> {
    let time = |kind| element.u64(kind).map(Duration::from_millis);
    let times = (time(NFTA_SET_ELEM_TIMEOUT), time(NFTA_SET_ELEM_EXPIRATION));
    Some((elements::read_key(element)?, (Datum::read(element), times.0, times.1)))
}

/// The sets and maps of nsh's table that have names; with what is in them if `full`.
pub(super) fn all(socket: &mut Socket, full: bool) -> Result<Vec<NamedSet>> {
    let mut filter = Attributes::new();
    filter.text(NFTA_SET_TABLE, TABLE);
    let inet: u8 = NetfilterProtoFamily::Inet.into();
    let mut sets = match dump(socket, Type::GetSet, &filter, |payload| {
        NamedSet::read(payload).filter(|_| payload.first() == Some(&inet))
    }) {
        // There is no such table.
        Err(e) if e.kind() == crate::base::error::Kind::NotFound => Vec::new(),
        result => result?,
    };
    if full {
        sets.iter_mut().try_for_each(|set| set.read_elements(socket))?;
    }
    Ok(sets)
}

/// Reads a script's value as one of a set of this type.
pub fn span_of(key: KeyType, value: &Value) -> Result<Span> {
    fn read<T: Item>(value: &Value) -> Result<Option<T>> {
        match value {
            Value::Text(text) => T::parse(text.trim()).map(Some),
            Value::Int(number) => Ok(T::number(*number)),
            _ => Ok(None),
        }
    }
    fn span<T: Item>(value: &Value) -> Result<Span> {
        let item = read::<T>(value)?;
        item.map(|item| item.span())
            .ok_or_else(|| Error::argument(format!("expected {}, got {value}", T::EXPECTED)))
    }
    let span = match key {
        KeyType::Ipv4Addr | KeyType::Ipv6Addr => span::<Addresses>(value),
        KeyType::InetProto => span::<Protocol>(value),
        KeyType::InetService => span::<PortRange>(value),
        KeyType::IcmpType => span::<IcmpType<false>>(value),
        KeyType::Icmpv6Type => span::<IcmpType<true>>(value),
        KeyType::Ifname => span::<Interface>(value),
        KeyType::Uid => span::<Uid>(value),
        KeyType::Mark => {
            let mark = if let Value::Text(text) = value {
                Some(MarkBits::parse(text)?)
            } else {
                Matched::read(value)?
            };
            let mark: Option<MarkBits> = mark;
            let whole = mark.filter(|mark| mark.mask == u32::MAX);
            let wrong = || Error::argument(format!("expected a mark such as 7 or \"0x7\", got {value}"));
            whole.map(|mark| Span::one(mark.mark.to_ne_bytes().into())).ok_or_else(wrong)
        }
    }?;
    if span.low.len() != key.length() {
        return Err(Error::argument(format!("the set holds {}, {value} is of the other family", key.name())));
    }
    if key == KeyType::Ifname && !span.is_one() {
        return Err(Error::argument(format!("a set of names can't hold {value}: only whole names")));
    }
    Ok(span)
}

/// Reads what a map of this type is to have for a key.
pub fn datum_of(to: DataType, value: &Value) -> Result<Datum> {
    let wrong = || {
        Error::argument(format!(
            "expected accept, drop, continue, return, \"jump CHAIN\" or \"goto CHAIN\", got {value}"
        ))
    };
    match (to, value) {
        (DataType::Verdict, Value::Text(text)) => {
            let action = Action::parse(text).map_err(|_| wrong())?;
            action.verdict().map(Datum::Verdict).ok_or_else(wrong)
        }
        (DataType::Verdict, _) => Err(wrong()),
        (DataType::Ends(key), Value::Text(text)) => end_of(key, text),
        (DataType::Ends(key), _) => Err(Error::argument(format!("expected {}, got {value}", end(key)))),
        (DataType::Of(key), value) => {
            let span = span_of(key, value)?;
            let one = span.is_one();
            one.then_some(Datum::Bytes(span.low)).ok_or_else(|| {
                Error::argument(format!("a map has one {} for a key, got {value}", key.name()))
            })
        }
    }
}

fn end(key: KeyType) -> &'static str {
    match key {
        KeyType::Ipv6Addr => "an address and a port such as \"[fd00::1]:80\"",
        _ => "an address and a port such as \"10.0.0.1:80\"",
    }
}

/// The address, then the port and two bytes of padding.
fn end_of(key: KeyType, text: &str) -> Result<Datum> {
    let wrong = || Error::argument(format!("expected {}, got {text:?}", end(key)));
    let Target { addresses, ports, .. } = Target::parse(text)?;
    let ((address, last), port) = addresses.zip(ports).ok_or_else(wrong)?;
    let bytes = [octets(address).as_slice(), &port.low.to_be_bytes(), &[0, 0]].concat();
    let one = address == last && port.low == port.high;
    (one && bytes.len() == key.length() + 4).then_some(Datum::Bytes(bytes)).ok_or_else(wrong)
}

/// As scripts get an address and a port.
fn end_value(bytes: &[u8]) -> Option<Target> {
    let (address, port) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    let address = from_octets(address)?;
    let port = u16::from_be_bytes(*port.first_chunk()?);
    Some(Target { addresses: Some((address, address)), ..Target::port(port) })
}

impl NamedSet {
    /// Where a rule of NAT that asks this map translates to, for what has these bytes; `None` where the map has nothing.
    pub fn target(&self, key: &[u8]) -> Option<Target> {
        let within = |span: &Span| span.low.as_slice() <= key && key <= span.high.as_slice();
        let bytes = match self.elements.iter().find(|element| within(&element.span))?.data.as_ref()? {
            Datum::Bytes(bytes) => bytes,
            Datum::Verdict(_) => return None,
        };
        match self.to? {
            DataType::Ends(_) => end_value(bytes),
            DataType::Of(KeyType::InetService) => {
                Some(Target::port(u16::from_be_bytes(*bytes.first_chunk()?)))
            }
            DataType::Of(KeyType::Ipv4Addr | KeyType::Ipv6Addr) => {
                let address = from_octets(bytes)?;
                Some(Target { addresses: Some((address, address)), ..Target::default() })
            }
            _ => None,
        }
    }
}

/// As scripts get it.
pub fn datum_value(to: Option<DataType>, data: &Datum) -> Value {
    match (to, data) {
        (_, Datum::Verdict(verdict)) => {
            Value::Text(Action::of(verdict).map_or_else(|| "other".to_owned(), |action| action.to_string()))
        }
        (Some(DataType::Of(key)), Datum::Bytes(bytes)) => value_of(Some(key), &Span::one(bytes.clone())),
        (Some(DataType::Ends(_)), Datum::Bytes(bytes)) => match end_value(bytes) {
            Some(end) => Value::Text(end.to_string()),
            None => value_of(None, &Span::one(bytes.clone())),
        },
        (_, Datum::Bytes(bytes)) => value_of(None, &Span::one(bytes.clone())),
    }
}

/// As scripts get it.
pub fn value_of(key: Option<KeyType>, span: &Span) -> Value {
    fn value<T: Item>(span: &Span) -> Option<Value> {
        T::of(span).map(|item| item.value())
    }
    let found = match key {
        Some(KeyType::Ipv4Addr | KeyType::Ipv6Addr) => value::<Addresses>(span),
        Some(KeyType::InetProto) => value::<Protocol>(span),
        Some(KeyType::InetService) => value::<PortRange>(span),
        Some(KeyType::IcmpType) => value::<IcmpType<false>>(span),
        Some(KeyType::Icmpv6Type) => value::<IcmpType<true>>(span),
        Some(KeyType::Ifname) => value::<Interface>(span),
        Some(KeyType::Mark | KeyType::Uid) => value::<Uid>(span),
        None => None,
    };
    found.unwrap_or_else(|| {
        Value::Text(span.low.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
    })
}

/// `set blocked { type ipv4_addr; flags interval,timeout; timeout 60s; elements = { 10.0.0.1 expires 58s } }`
impl fmt::Display for NamedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.command();
        let sort = self.sort().word();
        let head = head.trim_start_matches(&format!("add {sort} inet {TABLE} ")).trim_end_matches(" }");
        write!(f, "{sort} {head}")?;
        if !self.elements.is_empty() {
            let shown = |element: &Element| {
                let expires = element.expires.map(|time| format!(" expires {}s", time.as_secs()));
                let data = self.shown_data(element.data.as_ref());
                format!("{}{}{data}", self.shown(&element.span), expires.unwrap_or_default())
            };
            let words: Vec<String> = self.elements.iter().map(shown).collect();
            write!(f, " elements = {{ {} }}", words.join(", "))?;
        }
        f.write_str(" }")
    }
}
