//! What a route puts around packets (lightweight tunnels), in the words of `ip route`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::seg6local::Seg6local;
use super::wire::index;
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Table, Value, Word, Words, table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::fields::{LinkRef, text};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;

table! {
    /// MPLS_IPTUNNEL_* of linux/mpls_iptunnel.h.
    pub struct Mpls {
        Set labels: Labels = 1, ip [], "the labels, the outermost first";
        Set ttl: Byte = 2, ip ["ttl"], "the TTL in the labels";
    }
}

table! {
    /// LWTUNNEL_IP_* of linux/lwtunnel.h, whose numbers are those of LWTUNNEL_IP6_*; the second word is IPv6's.
    pub struct Tunnel {
        Set id: Id = 1, ip ["id"], "the tunnel's key";
        Set src: IpAddr = 3, ip ["src"], "the outer source";
        Set dst: IpAddr = 2, ip ["dst"], "the outer destination";
        Set ttl: Byte = 4, ip ["ttl", "hoplimit"], "the outer TTL";
        Set tos: Byte = 5, ip ["tos", "tc"], "the outer TOS";
        Set key: bool = header, ip ["key"], "the id stands in the packet";
        Set csum: bool = header, ip ["csum"], "with checksums";
        Set seq: bool = header, ip ["seq"], "with sequence numbers";
    }
}

table! {
    /// SEG6_IPTUNNEL_SRH of linux/seg6_iptunnel.h.
    pub struct Seg6 {
        Set mode: Mode = header, ip ["mode"], "how the routing header is put in";
        Set segs: Segments = header, ip ["segs"], "the segments, the first one first";
    }
}

/// LWTUNNEL_ENCAP_* in linux/lwtunnel.h, from 1 on.
const KINDS: [&str; 10] = ["mpls", "ip", "ila", "ip6", "seg6", "bpf", "seg6local", "rpl", "ioam6", "xfrm"];

/// An encapsulation: its kind, and of the usual ones what it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Encap {
    Mpls(Mpls),
    Ip(Tunnel),
    Ip6(Tunnel),
    Seg6(Seg6),
    Seg6local(Seg6local),
    Other(&'static str),
}

/// `None` for kinds that this nsh doesn't know.
pub(super) fn decode(kind: u64, body: &[u8]) -> Option<Encap> {
    Some(match *KINDS.get((kind as usize).checked_sub(1)?)? {
        "mpls" => Encap::Mpls(of_attributes(body)),
        "ip" => Encap::Ip(tunnel(body)),
        "ip6" => Encap::Ip6(tunnel(body)),
        "seg6" => Encap::Seg6(seg6(body).unwrap_or_default()),
        "seg6local" => Encap::Seg6local(Seg6local::of(body)),
        other => Encap::Other(other),
    })
}

fn of_attributes<T: Table + Default>(body: &[u8]) -> T {
    let mut table = T::default();
    for (number, bytes) in attributes_of(body) {
        table.decode(number, bytes);
    }
    table
}

// TUNNEL_* of linux/if_tunnel.h, in the order in which they are printed.
const FLAGS: u16 = 6;
const KEY: u16 = 4;
const CSUM: u16 = 1;
const SEQ: u16 = 8;

fn tunnel(body: &[u8]) -> Tunnel {
    let mut tunnel: Tunnel = of_attributes(body);
    let flags = attributes_of(body).find(|(number, _)| *number == FLAGS);
    let flags = flags.and_then(|(_, f)| f.first_chunk::<2>()).map_or(0, |f| u16::from_be_bytes(*f));
    for (field, bit) in [(&mut tunnel.key, KEY), (&mut tunnel.csum, CSUM), (&mut tunnel.seq, SEQ)] {
        *field = (flags & bit != 0).then_some(true);
    }
    tunnel
}

/// The mode, then the routing header.
fn seg6(body: &[u8]) -> Option<Seg6> {
    let header = attributes_of(body).find(|(number, _)| *number == 1)?.1;
    let mode = u32::from_ne_bytes(*header.first_chunk()?);
    Some(Seg6 {
        mode: Some(Mode::WORDS.get(mode as usize).map_or(Mode::Unknown, |(_, mode)| *mode)),
        segs: Segments::of(header.get(4..)?),
    })
}

impl Encap {
    /// Writes it into two attributes: its kind, and what it says.
    pub(in crate::net) fn put(
        &self,
        ns: &Namespace,
        body: &mut Attributes,
        kind: u16,
        content: u16,
    ) -> Result<()> {
        let mut resolved = self.clone();
        if let Encap::Seg6local(local) = &mut resolved {
            local.check()?;
            index(ns, &mut local.iif)?;
            index(ns, &mut local.oif)?;
        }
        let (number, inner) = resolved.attributes().ok_or_else(|| {
            Error::argument(format!(
                "encap {:?} can't be made; it lacks something, or is unknown",
                self.kind()
            ))
        })?;
        body.put(kind, &number.to_ne_bytes());
        body.nest(content, inner);
        Ok(())
    }

    /// The links that it names.
    pub(in crate::net) fn links(&mut self) -> impl Iterator<Item = &mut LinkRef> {
        let local = if let Encap::Seg6local(local) = self { Some(local) } else { None };
        local.into_iter().flat_map(|local| local.iif.iter_mut().chain(&mut local.oif))
    }

    /// The reverse: of its kind, and of the attribute of that number.
    pub(in crate::net) fn of(kind: &[u8], attributes: &[u8], content: u16) -> Option<Encap> {
        let body = attributes_of(attributes).find(|(number, _)| *number == content);
        decode(unsigned(kind), body.map_or(&[], |(_, body)| body))
    }

    /// The kind's number, and the content of RTA_ENCAP; `None` for a kind that nsh doesn't make.
    pub(super) fn attributes(&self) -> Option<(u16, Attributes)> {
        let mut out = Attributes::new();
        let mut put = |number: u16, bytes: &[u8]| out.put(number, bytes);
        match self {
            Encap::Mpls(mpls) => mpls.encode(&mut put),
            Encap::Ip(tunnel) | Encap::Ip6(tunnel) => {
                tunnel.encode(&mut put);
                let bit = |set: Option<bool>, bit| if set == Some(true) { bit } else { 0 };
                let flags = bit(tunnel.key, KEY) | bit(tunnel.csum, CSUM) | bit(tunnel.seq, SEQ);
                if flags != 0 {
                    put(FLAGS, &flags.to_be_bytes());
                }
            }
            Encap::Seg6(seg6) => put(1, &seg6.header()?),
            Encap::Seg6local(local) => out = local.attributes()?,
            Encap::Other(_) => return None,
        }
        let number = KINDS.iter().position(|kind| *kind == self.kind())? + 1;
        Some((number as u16, out))
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Encap::Mpls(_) => "mpls",
            Encap::Ip(_) => "ip",
            Encap::Ip6(_) => "ip6",
            Encap::Seg6(_) => "seg6",
            Encap::Seg6local(_) => "seg6local",
            Encap::Other(kind) => kind,
        }
    }

    /// What the kernel needs for it.
    pub(super) fn needs(&self) -> &'static str {
        match self {
            Encap::Mpls(_) => "CONFIG_MPLS_IPTUNNEL: sudo modprobe mpls_iptunnel",
            Encap::Seg6(_) | Encap::Seg6local(_) => "CONFIG_IPV6_SEG6_LWTUNNEL",
            Encap::Ip(_) | Encap::Ip6(_) | Encap::Other(_) => "CONFIG_LWTUNNEL",
        }
    }

    /// How many of the words say what is put around packets, for whoever reads a command of `ip`.
    pub fn length(words: &[&str]) -> usize {
        let (Some(kind), rest) = (words.first(), words.get(1..).unwrap_or_default()) else { return 0 };
        1 + match *kind {
            "mpls" => rest.len().min(1) + run::<Mpls>(rest.get(1..).unwrap_or_default()),
            "ip" | "ip6" => run::<Tunnel>(rest),
            "seg6" => run::<Seg6>(rest),
            "seg6local" => run::<Seg6local>(rest),
            _ => 0,
        }
    }

    fn parse(words: &[&str]) -> Result<Self> {
        let (kind, rest) = words.split_first().ok_or_else(|| Error::argument("encap needs a kind"))?;
        Ok(match *kind {
            "mpls" => {
                let mut mpls: Mpls = of_words(rest.get(1..).unwrap_or_default())?;
                mpls.labels = Some(Labels::parse(rest.first().copied().unwrap_or_default())?);
                Encap::Mpls(mpls)
            }
            "ip" => Encap::Ip(of_words(rest)?),
            "ip6" => Encap::Ip6(of_words(rest)?),
            "seg6" => Encap::Seg6(of_words(rest)?),
            "seg6local" => Encap::Seg6local(of_words(rest)?),
            other => match KINDS.iter().find(|kind| **kind == other) {
                Some(kind) => Encap::Other(kind),
                None => return Err(Error::argument(format!("there is no encapsulation {other:?}"))),
            },
        })
    }
}

/// How many words are a table's, with their values.
fn run<T: Table>(words: &[&str]) -> usize {
    let mut length = 0;
    while let Some(word) = words.get(length) {
        // What follows is part of it.
        if *word == "srh" && words.get(length + 1) == Some(&"segs") {
            length += 1;
            continue;
        }
        let Some(row) = T::row(word) else { break };
        length += if matches!((row.form)().word, Word::Flag) { 1 } else { 2 };
    }
    length.min(words.len())
}

fn of_words<T: Table + Default>(words: &[&str]) -> Result<T> {
    let mut table = T::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word == "srh" && words.as_slice().first() == Some(&"segs") {
            continue;
        }
        let row = T::row(word).ok_or_else(|| Error::argument(format!("encap: unknown word {word:?}")))?;
        let form = (row.form)();
        let value = match (form.word, words.as_slice().first()) {
            (Word::Flag, _) => Value::Bool(true),
            (_, None) => return Err(Error::argument(format!("encap: the value of {word} is missing"))),
            (kind, Some(value)) => {
                words.next();
                match value.parse() {
                    Ok(number) if matches!(kind, Word::Integer) => Value::Int(number),
                    _ => Value::Text((*value).to_owned()),
                }
            }
        };
        // Segments are printed as `2 [ a b ]`, and taken as `a,b`.
        let value = match (row.name, words.as_slice().first()) {
            ("segs", Some(&"[")) => Value::Text(
                words.by_ref().skip(1).take_while(|w| **w != "]").copied().collect::<Vec<_>>().join(","),
            ),
            _ => value,
        };
        if !(row.put)(&mut table, &value)? {
            return Err(Error::argument(format!("encap: {word}: expected {}, got {value}", form.expected)));
        }
    }
    Ok(table)
}

/// `id 7 dst 10.9.9.9`: as printed, or as `ip` takes it.
fn words<T: Table>(table: &T, which: usize, taken: bool) -> String {
    let row = |row: &crate::model::Row<T>| {
        let keyword = row.words.get(which).or(row.words.first());
        let value = if taken { (row.word)(table)? } else { (row.get)(table)?.to_string() };
        Some(match keyword {
            None => value,
            Some(keyword) if matches!((row.form)().word, Word::Flag) => (*keyword).to_owned(),
            Some(keyword) => format!("{keyword} {value}"),
        })
    };
    T::ROWS.iter().filter_map(row).collect::<Vec<_>>().join(" ")
}

impl Encap {
    fn text(&self, taken: bool) -> String {
        let inner = match self {
            Encap::Mpls(mpls) => words(mpls, 0, taken),
            Encap::Ip(tunnel) => words(tunnel, 0, taken),
            Encap::Ip6(tunnel) => words(tunnel, 1, taken),
            Encap::Seg6(seg6) => words(seg6, 0, taken),
            Encap::Seg6local(local) => words(local, usize::from(taken), taken),
            Encap::Other(_) => String::new(),
        };
        format!("{} {inner}", self.kind()).trim_end().to_owned()
    }
}

impl fmt::Display for Encap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(false))
    }
}

impl Field for Encap {
    fn form() -> Form {
        text("an encapsulation in the words of ip, such as \"mpls 100\" or \"ip id 7 dst 10.9.9.9\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        Encap::parse(&text.split_whitespace().collect::<Vec<_>>()).map(Some)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn word(&self) -> String {
        self.text(true)
    }
}

/// A number of one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Byte(pub u8);

impl Field for Byte {
    fn form() -> Form {
        Between::<0, 255>::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Between::<0, 255>::read(value)?.map(|n| Byte(n.0 as u8)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(vec![self.0])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first().map(|byte| Byte(*byte))
    }
}

/// A tunnel's key, in network byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub u64);

impl Field for Id {
    fn form() -> Form {
        Form { luals: "integer".into(), returned: "integer", word: Word::Integer, ..text("an integer") }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(id) = value else { return Ok(None) };
        Ok(u64::try_from(*id).ok().map(Id))
    }

    fn value(&self) -> Value {
        Value::Text(self.0.to_string())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_be_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|b| Id(u64::from_be_bytes(*b)))
    }
}

/// A stack of labels of 20 bits each; the last one bears the bit that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(pub Vec<u32>);

impl Labels {
    fn parse(text: &str) -> Result<Self> {
        let label = |label: &str| label.parse().ok().filter(|label| *label < 1 << 20);
        let labels: Option<Vec<u32>> = text.split('/').map(label).collect();
        let labels = labels.ok_or_else(|| {
            Error::argument(format!("expected labels from 0 to 1048575 such as \"100/200\", got {text:?}"))
        });
        labels.map(Labels)
    }
}

impl Field for Labels {
    fn form() -> Form {
        text("labels such as \"100/200\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        Labels::parse(text).map(Some)
    }

    fn value(&self) -> Value {
        Value::Text(self.0.iter().map(u32::to_string).collect::<Vec<_>>().join("/"))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        const BOTTOM: u32 = 0x100;
        let mut entries: Vec<u32> = self.0.iter().map(|label| label << 12).collect();
        *entries.last_mut()? |= BOTTOM;
        Some(entries.iter().flat_map(|entry| entry.to_be_bytes()).collect())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Labels(bytes.as_chunks::<4>().0.iter().map(|e| u32::from_be_bytes(*e) >> 12).collect()))
    }
}

/// SEG6_IPTUN_MODE_* of linux/seg6_iptunnel.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Inline,
    Encap,
    L2encap,
    EncapRed,
    L2encapRed,
    Unknown,
}

impl Words for Mode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("inline", Mode::Inline),
        ("encap", Mode::Encap),
        ("l2encap", Mode::L2encap),
        ("encap.red", Mode::EncapRed),
        ("l2encap.red", Mode::L2encapRed),
        ("unknown", Mode::Unknown),
    ];
}

/// The addresses of a routing header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments(pub Vec<Ipv6Addr>);

impl Segments {
    /// A routing header (RFC 8754) with its segments, the last one first. Where it is put in between, the packet's own
    /// destination comes behind them, which the kernel fills in.
    pub(super) fn header(&self, inline: bool) -> Option<Vec<u8>> {
        const TYPE: u8 = 4;
        let own = Some(Ipv6Addr::UNSPECIFIED).filter(|own| inline && self.0.last() != Some(own));
        let segments: Vec<Ipv6Addr> = self.0.iter().copied().chain(own).collect();
        let last = u8::try_from(segments.len()).ok()?.checked_sub(1)?;
        let mut out = vec![0, u8::try_from(segments.len() * 2).ok()?, TYPE, last, last, 0, 0, 0];
        out.extend(segments.iter().rev().flat_map(|segment| segment.octets()));
        Some(out)
    }

    pub(super) fn of(header: &[u8]) -> Option<Self> {
        let segments = header.get(8..)?.as_chunks::<16>().0;
        let count = usize::from(*header.get(4)?) + 1;
        Some(Segments(segments.iter().take(count).rev().map(|s| Ipv6Addr::from(*s)).collect()))
    }

    fn joined(&self, between: &str) -> String {
        self.0.iter().map(Ipv6Addr::to_string).collect::<Vec<_>>().join(between)
    }
}

impl Field for Segments {
    fn form() -> Form {
        text("IPv6 addresses with commas between them")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let segments: std::result::Result<_, _> = text.split(',').map(str::parse).collect();
        Ok(segments.ok().map(Segments))
    }

    fn value(&self) -> Value {
        Value::Text(format!("{} [ {} ]", self.0.len(), self.joined(" ")))
    }

    fn word(&self) -> String {
        self.joined(",")
    }
}

impl Seg6 {
    /// `struct seg6_iptunnel_encap`: the mode, and the routing header.
    fn header(&self) -> Option<Vec<u8>> {
        let mode = self.mode.unwrap_or(Mode::Encap);
        let header = self.segs.as_ref()?.header(mode == Mode::Inline)?;
        Some([(mode as u32).to_ne_bytes().as_slice(), &header].concat())
    }
}
