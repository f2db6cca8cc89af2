//! Records as text, as zone files have them: `MX 10 mail.example.org`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::{A, AAAA, CNAME, MX, NS, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, CharacterString, Name, Packet, QTYPE, ResourceRecord, TYPE};

use crate::base::error::{Error, Result};
use crate::base::text::similar;

/// A record that owns its data.
pub type Owned = ResourceRecord<'static>;

/// What can be asked for by name.
const KINDS: &[(&str, QTYPE)] = &[
    ("A", QTYPE::TYPE(TYPE::A)),
    ("AAAA", QTYPE::TYPE(TYPE::AAAA)),
    ("CNAME", QTYPE::TYPE(TYPE::CNAME)),
    ("MX", QTYPE::TYPE(TYPE::MX)),
    ("NS", QTYPE::TYPE(TYPE::NS)),
    ("PTR", QTYPE::TYPE(TYPE::PTR)),
    ("SOA", QTYPE::TYPE(TYPE::SOA)),
    ("SRV", QTYPE::TYPE(TYPE::SRV)),
    ("TXT", QTYPE::TYPE(TYPE::TXT)),
    ("CAA", QTYPE::TYPE(TYPE::CAA)),
    ("DNSKEY", QTYPE::TYPE(TYPE::DNSKEY)),
    ("DS", QTYPE::TYPE(TYPE::DS)),
    ("HTTPS", QTYPE::TYPE(TYPE::HTTPS)),
    ("NAPTR", QTYPE::TYPE(TYPE::NAPTR)),
    ("SVCB", QTYPE::TYPE(TYPE::SVCB)),
    ("ANY", QTYPE::ANY),
];

/// The kinds of record that a server can be given.
const GIVEN: &str = "A, AAAA, CNAME, MX, NS, PTR, SRV or TXT";

/// The type of a name such as `MX`.
pub fn kind(name: &str) -> Result<QTYPE> {
    let upper = name.to_ascii_uppercase();
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == upper) {
        return Ok(*kind);
    }
    let error = Error::argument(format!("unknown type of record {name:?}"));
    match similar(&upper, KINDS.iter().map(|(name, _)| *name)) {
        Some(near) => Err(error.hint(format!("did you mean {near:?}?"))),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            Err(error.hint(format!("known are {}", known.join(", "))))
        }
    }
}

pub fn kind_name(kind: QTYPE) -> String {
    match kind {
        QTYPE::TYPE(TYPE::Unknown(number)) => format!("TYPE{number}"),
        QTYPE::TYPE(kind) => format!("{kind:?}"),
        kind => format!("{kind:?}"),
    }
}

/// A name as it is compared: in lower case, without the dot at its end.
pub fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// A name of 255 bytes at most, in parts of 63.
pub fn name(text: &str) -> Result<Name<'static>> {
    let malformed = |why: &str| Error::argument(format!("malformed name {text:?}: {why}"));
    if text.is_empty() || text.contains("..") || text.len() > 1 && text.starts_with('.') {
        return Err(malformed("a part between dots is empty"));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(malformed("it has a space or a control character"));
    }
    let name = Name::new(text).map_err(|_| malformed("parts have 63 bytes at most, all of it 255"))?;
    Ok(name.into_owned())
}

/// The name that leads back from an address: `1.0.0.10.in-addr.arpa`.
pub fn reverse(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            let digits = ip.octets().into_iter().rev().map(|b| format!("{:x}.{:x}.", b & 0xf, b >> 4));
            digits.collect::<String>() + "ip6.arpa"
        }
    }
}

pub fn address(name: Name<'static>, ip: IpAddr, ttl: u32) -> Owned {
    let data = match ip {
        IpAddr::V4(ip) => RData::A(A { address: ip.into() }),
        IpAddr::V6(ip) => RData::AAAA(AAAA { address: ip.into() }),
    };
    ResourceRecord::new(name, CLASS::IN, ttl, data)
}

pub fn pointer(name: Name<'static>, to: Name<'static>, ttl: u32) -> Owned {
    ResourceRecord::new(name, CLASS::IN, ttl, RData::PTR(PTR(to)))
}

/// Reads an address, or `[TTL] TYPE DATA`.
///
/// Raises `argument`.
pub fn parse(owner: &str, text: &str, ttl: u32) -> Result<Owned> {
    let owner = name(owner)?;
    if let Ok(ip) = text.trim().parse::<IpAddr>() {
        return Ok(address(owner, ip, ttl));
    }
    let wrong = |why: String| {
        Error::argument(format!("malformed record {text:?}: {why}")).hint(
            "an address, or as zone files have it: \"MX 10 mail.example.org\", \"60 CNAME www.example.org\"",
        )
    };
    let (first, rest) = word(text);
    let (ttl, kind, rest) = match first.parse() {
        Ok(ttl) => (ttl, word(rest).0, word(rest).1),
        Err(_) => (ttl, first, rest),
    };
    let data = data(&kind.to_ascii_uppercase(), rest).map_err(wrong)?;
    Ok(ResourceRecord::new(owner, CLASS::IN, ttl, data))
}

/// The first word, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

fn data(kind: &str, text: &str) -> std::result::Result<RData<'static>, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let target = |text: &str| name(text).map_err(|e| e.message());
    let number =
        |text: &str| text.parse::<u16>().map_err(|_| format!("{text:?} is not a number up to 65535"));
    Ok(match (kind, words.as_slice()) {
        ("A", [ip]) => {
            let ip: Ipv4Addr = ip.parse().map_err(|_| format!("{ip:?} is not an IPv4 address"))?;
            RData::A(A { address: ip.into() })
        }
        ("AAAA", [ip]) => {
            let ip: Ipv6Addr = ip.parse().map_err(|_| format!("{ip:?} is not an IPv6 address"))?;
            RData::AAAA(AAAA { address: ip.into() })
        }
        ("CNAME", [to]) => RData::CNAME(CNAME(target(to)?)),
        ("NS", [to]) => RData::NS(NS(target(to)?)),
        ("PTR", [to]) => RData::PTR(PTR(target(to)?)),
        ("MX", [preference, exchange]) => {
            RData::MX(MX { preference: number(preference)?, exchange: target(exchange)? })
        }
        ("SRV", [priority, weight, port, to]) => RData::SRV(SRV {
            priority: number(priority)?,
            weight: number(weight)?,
            port: number(port)?,
            target: target(to)?,
        }),
        ("TXT", [_, ..]) => RData::TXT(strings(text)?),
        ("A" | "AAAA" | "CNAME" | "NS" | "PTR" | "MX" | "SRV" | "TXT", _) => {
            return Err(format!("{kind} has {}", shape(kind)));
        }
        _ => return Err(format!("the type is {GIVEN}, got {kind:?}")),
    })
}

fn shape(kind: &str) -> &'static str {
    match kind {
        "A" | "AAAA" => "an address behind it",
        "MX" => "a preference and a name behind it",
        "SRV" => "priority, weight, port and a name behind it",
        "TXT" => "text behind it",
        _ => "a name behind it",
    }
}

/// Text in quotes, as often as there is; or all of it as one. What is longer than 255 bytes is split.
fn strings(text: &str) -> std::result::Result<TXT<'static>, String> {
    let quoted = text.starts_with('"');
    let parts: Vec<&str> = match quoted {
        true if text.matches('"').count() % 2 == 1 => return Err("a quotation mark is missing".to_owned()),
        true => text.split('"').skip(1).step_by(2).collect(),
        false => vec![text],
    };
    let mut txt = TXT::new();
    for part in parts {
        let mut left = part.as_bytes();
        loop {
            let (chunk, rest) = left.split_at(left.len().min(255));
            let chunk = CharacterString::new(chunk).map_err(|e| e.to_string())?;
            txt.add_char_string(chunk.into_owned());
            left = rest;
            if left.is_empty() {
                break;
            }
        }
    }
    Ok(txt.into_owned())
}

/// A name as it is shown; the root as a dot.
pub fn shown(name: &Name<'_>) -> String {
    let text = name.to_string();
    if text.is_empty() { ".".to_owned() } else { text }
}

/// A record's data as zone files have them; those of other types in hexadecimal (RFC 3597).
pub fn data_text(record: &ResourceRecord<'_>) -> String {
    match &record.rdata {
        RData::A(a) => Ipv4Addr::from(a.address).to_string(),
        RData::AAAA(a) => Ipv6Addr::from(a.address).to_string(),
        RData::CNAME(CNAME(name)) | RData::NS(NS(name)) | RData::PTR(PTR(name)) => shown(name),
        RData::MX(mx) => format!("{} {}", mx.preference, shown(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, shown(&srv.target)),
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            shown(&soa.mname),
            shown(&soa.rname),
            soa.serial,
            soa.refresh,
            soa.retry,
            soa.expire,
            soa.minimum
        ),
        RData::TXT(_) => quoted(&raw(record)),
        _ => {
            let raw = raw(record);
            let hex: String = raw.iter().map(|b| format!("{b:02x}")).collect();
            format!("\\# {} {hex}", raw.len()).trim_end().to_owned()
        }
    }
}

/// The strings of a TXT record, each behind its length.
fn quoted(mut raw: &[u8]) -> String {
    let mut all = Vec::new();
    while let Some((length, rest)) = raw.split_first() {
        let (string, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        let text: String = String::from_utf8_lossy(string).chars().flat_map(escaped).collect();
        all.push(format!("\"{text}\""));
        raw = rest;
    }
    all.join(" ")
}

fn escaped(c: char) -> Vec<char> {
    match c {
        '"' | '\\' => vec!['\\', c],
        c if c.is_control() => format!("\\{:03}", c as u32).chars().collect(),
        c => vec![c],
    }
}

/// A record's data as they are sent.
fn raw(record: &ResourceRecord<'_>) -> Vec<u8> {
    let mut packet = Packet::new_reply(0);
    packet.answers.push(ResourceRecord { name: Name::new_unchecked(""), ..record.clone() });
    // The header, the root's name, and type, class, ttl and length.
    packet
        .build_bytes_vec()
        .ok()
        .and_then(|bytes| bytes.get(12 + 1 + 10..).map(<[u8]>::to_vec))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_written() {
        let both = |text: &str| {
            let record = parse("example.org", text, 60).unwrap();
            format!("{} {} {}", record.ttl, kind_name(record.rdata.type_code().into()), data_text(&record))
        };
        assert_eq!(both("10.0.0.1"), "60 A 10.0.0.1");
        assert_eq!(both("fd00::1"), "60 AAAA fd00::1");
        assert_eq!(both("5 CNAME www.Example.org."), "5 CNAME www.Example.org");
        assert_eq!(both("mx 10 mail.example.org"), "60 MX 10 mail.example.org");
        assert_eq!(both("SRV 0 5 5060 sip.example.org"), "60 SRV 0 5 5060 sip.example.org");
        assert_eq!(both("TXT v=spf1 -all"), "60 TXT \"v=spf1 -all\"");
        assert_eq!(both("TXT \"a b\" \"c\\\""), "60 TXT \"a b\" \"c\\\\\"");
        let long = format!("TXT {}", "x".repeat(300));
        assert_eq!(both(&long).matches('"').count(), 4);
        let wrong = |text: &str| parse("example.org", text, 60).unwrap_err().message();
        assert!(wrong("MX mail").contains("MX has a preference and a name behind it"));
        assert!(wrong("MX 70000 mail").contains("not a number up to 65535"));
        assert!(wrong("A fd00::1").contains("not an IPv4 address"));
        assert!(wrong("WKS 1").contains("the type is A, AAAA"));
        assert!(wrong("").contains("the type is"));
        assert!(parse("a..b", "10.0.0.1", 60).unwrap_err().message().contains("is empty"));
        assert!(parse(&"a".repeat(64), "10.0.0.1", 60).is_err());
    }

    #[test]
    fn addresses_lead_back() {
        assert_eq!(reverse("10.1.2.3".parse().unwrap()), "3.2.1.10.in-addr.arpa");
        let six = reverse("fd00::1".parse().unwrap());
        assert!(six.starts_with("1.0.0.0.") && six.ends_with(".0.0.d.f.ip6.arpa"), "{six}");
        assert_eq!(kind_name(kind("mx").unwrap()), "MX");
        assert_eq!(kind("AAA").unwrap_err().fields().hint.as_deref(), Some("did you mean \"AAAA\"?"));
    }
}
