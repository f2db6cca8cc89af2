//! Which packets are meant, and how long a state or policy lives: what both have.

use super::fields::{Limit, Port, Prefix, padded};
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Table, table};
use crate::net::attributes::unsigned;
use crate::net::fields::{LinkRef, Number};
use crate::net::namespace::Namespace;
use crate::net::nf::words::Protocol;
use crate::net::prefix::{Family, from_octets};
use crate::net::route::index;

table! {
    /// The packets that are meant: `struct xfrm_selector`, all of it in a message's header.
    pub struct Selector {
        Set src: Prefix = header, ip ["src"], "the packets' sources; default all";
        Set dst: Prefix = header, ip ["dst"], "the packets' destinations; default all";
        Set proto: Protocol = header, ip ["proto"], "the packets' protocol; default all";
        Set sport: Port = header, ip ["sport"], "the packets' source port; default all";
        Set dport: Port = header, ip ["dport"], "the packets' destination port; default all";
        Set icmp_type as "type": Between<0, 255> = header, ip ["type"], "the packets' type of ICMP; default all";
        Set code: Between<0, 255> = header, ip ["code"], "the packets' code of ICMP; default all";
        Set key: Number = header, ip ["key"], "the packets' key of GRE; default all";
        Set dev: LinkRef = header, ip ["dev"], "the link that they leave or came in by; default all";
    }
}

const GRE: u8 = 47;
/// ICMP, ICMPv6 and Mobile IPv6, which have a type and a code.
const TYPED: [u8; 3] = [1, 58, 135];

impl Selector {
    pub const BYTES: usize = 56;

    /// The family of its prefixes.
    pub fn family(&self) -> Option<Family> {
        self.src.or(self.dst).map(|prefix| Family::of(prefix.0.ip()))
    }

    pub(super) fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        let of = |prefix: Option<Prefix>| prefix.map(|prefix| Family::of(prefix.0.ip()));
        let number = self.proto.map_or(0, |proto| proto.0);
        if of(self.src).zip(of(self.dst)).is_some_and(|(src, dst)| src != dst) {
            return wrong("src and dst are of different families");
        }
        if (self.sport.is_some() || self.dport.is_some()) && !matches!(number, 6 | 17 | 33 | 132) {
            return wrong("sport and dport need proto tcp, udp, dccp or sctp");
        }
        if (self.icmp_type.is_some() || self.code.is_some()) && !TYPED.contains(&number) {
            return wrong("type and code need proto icmp or ipv6-icmp");
        }
        if self.key.is_some() && number != GRE {
            return wrong("key needs proto gre");
        }
        Ok(())
    }

    /// `struct xfrm_selector`; the type and code of ICMP, and the halves of GRE's key, stand in place of the ports.
    pub(super) fn encode(&self, ns: &Namespace, family: Family) -> Result<Vec<u8>> {
        let mut dev = self.dev.clone();
        index(ns, &mut dev)?;
        let half = |key: u32| (Some(key >> 16), Some(key & 0xffff));
        let keys = self.key.map_or((None, None), |key| half(key.0));
        let sport = self.sport.map(|port| port.0).or(self.icmp_type.map(|kind| kind.0)).or(keys.0);
        let dport = self.dport.map(|port| port.0).or(self.code.map(|code| code.0)).or(keys.1);
        let mut out = Vec::with_capacity(Self::BYTES);
        out.extend(padded(self.dst.map(|dst| dst.0.ip())));
        out.extend(padded(self.src.map(|src| src.0.ip())));
        for port in [dport, sport] {
            out.extend((port.unwrap_or(0) as u16).to_be_bytes());
            out.extend(port.map_or([0; 2], |_| [0xff; 2]));
        }
        out.extend(u16::from(family.number()).to_ne_bytes());
        out.extend([self.dst, self.src].map(|prefix| prefix.map_or(0, |prefix| prefix.0.prefix())));
        out.extend([self.proto.map_or(0, |proto| proto.0), 0, 0, 0]);
        out.extend(dev.map_or(0, |dev| dev.index).to_ne_bytes());
        out.extend([0; 4]);
        Ok(out)
    }

    /// Its family, and what it says; the link's name is filled in later.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Option<Family>, Self)> {
        let bytes = bytes.first_chunk::<{ Selector::BYTES }>()?;
        let family = Family::from_number(bytes[40]);
        let length = if family == Some(Family::Inet6) { 16 } else { 4 };
        let prefix = |at: usize, bits: u8| {
            let address = from_octets(&bytes[at..at + length])?;
            ipnetwork::IpNetwork::new(address, bits).ok().map(Prefix)
        };
        let port = |at: usize| {
            let given = bytes[at + 2..at + 4] != [0, 0];
            given.then(|| u32::from(u16::from_be_bytes([bytes[at], bytes[at + 1]])))
        };
        let (dport, sport, proto) = (port(32), port(36), bytes[44]);
        let link = unsigned(&bytes[48..52]) as u32;
        let mut selector = Selector {
            src: prefix(16, bytes[43]),
            dst: prefix(0, bytes[42]),
            proto: Protocol::decode(&[proto]),
            dev: (link != 0).then(|| LinkRef { index: link, ..LinkRef::default() }),
            ..Selector::default()
        };
        if TYPED.contains(&proto) {
            (selector.icmp_type, selector.code) = (sport.map(Between), dport.map(Between));
        } else if proto == GRE {
            selector.key = sport.zip(dport).map(|(high, low)| Between(high << 16 | low));
        } else {
            (selector.sport, selector.dport) = (sport.map(Between), dport.map(Between));
        }
        Some((family, selector))
    }

    /// The rows as `ip` takes them; it wants both addresses, or none.
    pub fn whole(&self, family: Option<Family>) -> Self {
        let family = self.family().or(family).unwrap_or(Family::Inet);
        let all = |prefix: Option<Prefix>| Some(prefix.unwrap_or_else(|| Prefix::all(family)));
        Selector { src: all(self.src), dst: all(self.dst), ..self.clone() }
    }
}

table! {
    /// How long it lives: `struct xfrm_lifetime_cfg`, by place, then `struct xfrm_lifetime_cur`.
    pub struct Lifetime {
        Set byte_soft: Limit = 0, ip ["limit byte-soft"], "bytes after which the kernel asks for a new one; default none";
        Set byte_hard: Limit = 1, ip ["limit byte-hard"], "bytes after which it is gone; default none";
        Set packet_soft: Limit = 2, ip ["limit packet-soft"], "packets after which the kernel asks for a new one; default none";
        Set packet_hard: Limit = 3, ip ["limit packet-hard"], "packets after which it is gone; default none";
        Set time_soft: Limit = 4, ip ["limit time-soft"], "seconds after which the kernel asks for a new one; default none";
        Set time_hard: Limit = 5, ip ["limit time-hard"], "seconds after which it is gone; default none";
        Set time_use_soft: Limit = 6, ip ["limit time-use-soft"],
            "seconds from its first use after which the kernel asks for a new one; default none";
        Set time_use_hard: Limit = 7, ip ["limit time-use-hard"],
            "seconds from its first use after which it is gone; default none";
        Read bytes: Limit = 8 always, ip [], "bytes that it was used for";
        Read packets: Limit = 9 always, ip [], "packets that it was used for";
        Read add_time: Limit = 10 always, ip [], "when it was made, in seconds since 1970";
        Read use_time: Limit = 11, ip [], "when it was used first, in seconds since 1970";
    }
}

impl Lifetime {
    pub const BYTES: usize = 96;
    /// How many of its numbers are of bytes and packets: XFRM_INF is none, and 0 none of the times.
    const COUNTED: usize = 4;
    const LIMITS: usize = 8;

    /// Both structures; the second one is the kernel's.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut words = [0u64; Self::BYTES / 8];
        words[..Self::COUNTED].fill(u64::MAX);
        for row in Self::ROWS {
            let limit = (row.get)(self).zip(row.number);
            if let Some((crate::model::Value::Int(limit), number)) = limit {
                words[usize::from(number)] = limit as u64;
            }
        }
        words[Self::LIMITS..].fill(0);
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let words = bytes.get(..Self::BYTES)?.as_chunks::<8>().0;
        let mut life = Lifetime::default();
        for (place, word) in words.iter().map(|word| u64::from_ne_bytes(*word)).enumerate() {
            let none = match place {
                0..Self::COUNTED => word == u64::MAX,
                Self::COUNTED..Self::LIMITS | 11 => word == 0,
                _ => false,
            };
            if !none {
                let number = place as u16;
                let value = crate::model::Value::Int(i64::try_from(word).unwrap_or(i64::MAX));
                let row = Self::ROWS.iter().find(|row| row.number == Some(number));
                row.map(|row| (row.put)(&mut life, &value)).transpose().ok()?;
            }
        }
        Some(life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_go_both_ways() {
        let life = Lifetime { byte_hard: Some(Limit(7)), time_soft: Some(Limit(9)), ..Lifetime::default() };
        let bytes = life.encode();
        assert_eq!(bytes.len(), Lifetime::BYTES);
        assert_eq!(
            (&bytes[..8], &bytes[8..16], &bytes[40..48]),
            (&[255; 8][..], &[7, 0, 0, 0, 0, 0, 0, 0][..], &[0; 8][..])
        );
        let zero = Some(Limit(0));
        assert_eq!(
            Lifetime::decode(&bytes),
            Some(Lifetime { bytes: zero, packets: zero, add_time: zero, ..life })
        );
        assert_eq!(Lifetime::decode(&bytes[1..]), None);
    }
}
