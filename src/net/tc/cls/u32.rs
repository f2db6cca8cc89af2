//! u32 (tc-u32(8)): packets by words of their headers. TCA_U32_* of linux/pkt_cls.h.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, Word, table};
use crate::net::fields::{LinkName, text};
use crate::net::link::fields::{Bit32, U32 as Number};
use crate::net::prefix::{self, octets};
use crate::net::tc::ether::EtherType;
use crate::net::tc::fields::{FilterHandle, Handle};
use crate::net::tc::kind::{About, kind};
use crate::net::tc::u32::{Key, selector};

/// What a packet must have, each as `tc` writes it behind `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matches {
    keys: Vec<Key>,
    /// The protocol that the words imply.
    protocol: Option<EtherType>,
}

/// What the header of IP has: the words, where the field stands, and its width in bytes.
type Place = (&'static str, i32, u32);

const IPV4: &[Place] = &[
    ("tos", 1, 1),
    ("dsfield", 1, 1),
    ("protocol", 9, 1),
    ("ttl", 8, 1),
    ("sport", 20, 2),
    ("dport", 22, 2),
    ("icmp_type", 20, 1),
    ("icmp_code", 21, 1),
];
const IPV6: &[Place] = &[
    ("protocol", 6, 1),
    ("hoplimit", 7, 1),
    ("sport", 40, 2),
    ("dport", 42, 2),
    ("icmp_type", 40, 1),
    ("icmp_code", 41, 1),
];

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A field of `width` bytes at an offset, as part of the word that it stands in.
fn field(at: i32, width: u32, value: u32, mask: u32) -> Option<Key> {
    let bits = 8 * width;
    let most = u32::MAX.checked_shr(32 - bits)?;
    let shift = 32u32.checked_sub(bits + 8 * at.rem_euclid(4) as u32)?;
    (value <= most && mask <= most).then(|| {
        let mask = mask << shift;
        Key {
            mask: mask.to_be_bytes(),
            value: (value << shift & mask).to_be_bytes(),
            at: at - at.rem_euclid(4),
        }
    })
}

fn network(net: &IpNetwork, first: i32) -> Vec<Key> {
    let (address, mask) = (octets(net.network()), octets(net.mask()));
    let word = |bytes: &[u8]| bytes.first_chunk().copied().unwrap_or_default();
    let both = address.chunks_exact(4).zip(mask.chunks_exact(4)).zip(0..);
    let key = |((value, mask), n): ((&[u8], &[u8]), i32)| Key {
        mask: word(mask),
        value: word(value),
        at: first + 4 * n,
    };
    both.map(key).filter(|key| key.mask != [0; 4] || key.at == first).collect()
}

fn address(family: &str, which: &str, value: &str) -> Option<Vec<Key>> {
    let net = prefix::network(value).ok()?;
    match (family, which, net.ip()) {
        ("ip", "src", IpAddr::V4(_)) => Some(network(&net, 12)),
        ("ip", "dst", IpAddr::V4(_)) => Some(network(&net, 16)),
        ("ip6", "src", IpAddr::V6(_)) => Some(network(&net, 8)),
        ("ip6", "dst", IpAddr::V6(_)) => Some(network(&net, 24)),
        _ => None,
    }
}

fn named(places: &[Place], name: &str, value: &str, mask: Option<&str>) -> Option<Vec<Key>> {
    let (_, at, width) = places.iter().find(|(known, ..)| *known == name)?;
    let whole = u32::MAX.checked_shr(32 - 8 * width)?;
    let mask = mask.map_or(Some(whole), number)?;
    field(*at, *width, number(value)?, mask).map(|key| vec![key])
}

impl Matches {
    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let raw = |width: u32, value: &str, mask: &str, at: &str| {
            Some(vec![field(at.parse().ok()?, width, number(value)?, number(mask)?)?])
        };
        let (keys, protocol) = match words.as_slice() {
            ["u32", value, mask, "at", at] => (raw(4, value, mask, at)?, None),
            ["u16", value, mask, "at", at] => (raw(2, value, mask, at)?, None),
            ["u8", value, mask, "at", at] => (raw(1, value, mask, at)?, None),
            [family @ "ip", which @ ("src" | "dst"), value] => {
                (address(family, which, value)?, Some(EtherType::IPV4))
            }
            [family @ "ip6", which @ ("src" | "dst"), value] => {
                (address(family, which, value)?, Some(EtherType::IPV6))
            }
            ["ip", name, value, mask @ ..] if mask.len() < 2 => {
                (named(IPV4, name, value, mask.first().copied())?, Some(EtherType::IPV4))
            }
            ["ip6", name, value, mask @ ..] if mask.len() < 2 => {
                (named(IPV6, name, value, mask.first().copied())?, Some(EtherType::IPV6))
            }
            _ => return None,
        };
        Some(Matches { keys, protocol })
    }

    fn words(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|key| {
            let [value, mask] = [key.value, key.mask].map(u32::from_be_bytes);
            format!("u32 {value:#010x} {mask:#010x} at {}", key.at)
        })
    }
}

/// As many as `tc` takes; the kernel counts them in 8 bits.
const MOST: usize = 128;

impl Field for Matches {
    fn form() -> Form {
        let expected = "a match such as \"ip dst 10.0.0.0/8\", \"ip dport 80 0xffff\" or \"u32 0x0a000000 0xff000000 at 16\", or a list of such";
        Form { luals: "string|string[]".into(), returned: "string[]", word: Word::Alone, ..text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let all = match value {
            Value::Text(_) => std::slice::from_ref(value),
            Value::List(all) if !all.is_empty() => all,
            _ => return Ok(None),
        };
        let mut out = Matches { keys: Vec::new(), protocol: None };
        for one in all {
            let Value::Text(text) = one else { return Ok(None) };
            let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
            let one = Matches::parse(text).ok_or_else(wrong)?;
            out.keys.extend(one.keys);
            out.protocol = out.protocol.or(one.protocol);
        }
        match out.keys.len() > MOST {
            true => {
                Err(Error::argument(format!("a filter has at most {MOST} words, got {}", out.keys.len())))
            }
            false => Ok(Some(out)),
        }
    }

    fn value(&self) -> Value {
        Value::words(self.words())
    }

    fn word(&self) -> String {
        self.words().map(|word| format!("match {word}")).collect::<Vec<_>>().join(" ")
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(selector(&self.keys))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Matches { keys: Key::read(bytes), protocol: None })
    }
}

table! {
    /// Packets by words of their headers.
    pub struct U32 {
        Set r#match as "match": Matches = 5, ip [],
            "what a packet must have, as `tc` writes it: \"ip dst 10.0.0.0/8\", \"ip6 src fd00::/64\", \"ip protocol 17\", \"ip dport 53\" (of a header without options), \"u32 VALUE MASK at OFFSET\"; default all packets";
        Set classid: Handle = 1, ip ["classid", "flowid"], "the class that they go to";
        Set ht: FilterHandle = 3, ip ["ht"], "the table that it is in, such as \"800:\"";
        Set indev: LinkName = 8, ip ["indev"], "the link that they came in by";
        Set skip_hw: Bit32<0> = 11, ip ["skip_hw"], "the hardware doesn't do it";
        Set skip_sw: Bit32<1> = 11, ip ["skip_sw"], "only the hardware does it";
        Read divisor: Number = 4, ip [], "of a table, how many buckets it has";
    }
}

kind!(U32, "u32", "cls_u32", "a filter by words of the headers", {
    const ACTIONS: u16 = 7;

    fn protocol(&self) -> Option<EtherType> {
        self.r#match.as_ref()?.protocol
    }

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let all = || Matches { keys: vec![Key { mask: [0; 4], value: [0; 4], at: 0 }], protocol: None };
        self.r#match.get_or_insert_with(all);
        Ok(())
    }
});
