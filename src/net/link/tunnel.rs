//! What tunnels of several kinds have in common: their ends, outer headers, keys, and a UDP header around all of it.

use std::net::Ipv4Addr;

use nix::errno::Errno;

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, Word};
use crate::net::fields::text;

/// Declares a tunnel's table: rows that tunnels share, by the numbers that the kind's attributes have, then its own.
///
/// - `ends(ADDRESS, link, local, remote)`
/// - `outer(ttl, tos, pmtudisc)`: what the outer header of IPv4 has
/// - `keys(ikey, okey)`
/// - `encap(type, flags, sport, dport)`: FOU and GUE
/// - `fwmark(number)`
/// - `external(number)`
macro_rules! tunnel {
    ([$($rows:tt)*] ends($address:ty, $link:tt, $local:tt, $remote:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Set local: $address = $local, ip ["local"], "the own end";
            Set remote: $address = $remote, ip ["remote"], "the remote end";
            Word lower: $crate::net::fields::Number = $link, ip [], "the index of the link below";
        ] $($rest)* }
    };
    ([$($rows:tt)*] outer($ttl:tt, $tos:tt, $pmtudisc:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Set ttl: $crate::net::link::fields::OuterTtl = $ttl, ip ["ttl", "hoplimit", "hlim"],
                "the TTL of outer packets; 0 or \"inherit\" for that of the packet within";
            Set tos: $crate::net::link::fields::OuterTos = $tos, ip ["tos", "tclass", "dsfield"],
                "the TOS of outer packets; 1 or \"inherit\" for that of the packet within";
            Set pmtudisc: $crate::net::link::fields::Toggle = $pmtudisc, ip ["pmtudisc", "nopmtudisc"],
                "outer packets are not to be fragmented; default true";
        ] $($rest)* }
    };
    ([$($rows:tt)*] keys($ikey:tt, $okey:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Give key: $crate::net::link::tunnel::Key = header, ip ["key", "nokey"],
                "the key of packets that come in and go out, or false";
            Set ikey: $crate::net::link::tunnel::Key = $ikey, ip ["ikey", "noikey"],
                "the key of packets that come in, or false";
            Set okey: $crate::net::link::tunnel::Key = $okey, ip ["okey", "nookey"],
                "the key of packets that go out, or false";
        ] $($rest)* }
    };
    ([$($rows:tt)*] encap($type:tt, $flags:tt, $sport:tt, $dport:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Set encap: $crate::net::link::fields::Encap = $type, ip ["encap"],
                "in what of UDP the packets are packed; default none";
            Set encap_sport: $crate::net::link::tunnel::Port = $sport, ip ["encap-sport"],
                "its source port; 0 or \"auto\" for one by the flow, which is the default";
            Set encap_dport: $crate::net::link::fields::Be16 = $dport, ip ["encap-dport"], "its destination port";
            Set encap_csum: $crate::net::link::fields::Bit16<0> = $flags, ip ["encap-csum", "noencap-csum"],
                "its checksums over IPv4; default false";
            Set encap_udp6_csum: $crate::net::link::fields::Bit16<1> = $flags,
                ip ["encap-udp6-csum", "noencap-udp6-csum"], "its checksums over IPv6; default false";
            Set encap_remcsum: $crate::net::link::fields::Bit16<2> = $flags,
                ip ["encap-remcsum", "noencap-remcsum"], "remote checksum offload of GUE; default false";
        ] $($rest)* }
    };
    ([$($rows:tt)*] fwmark($fwmark:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Set fwmark: $crate::net::fields::Number = $fwmark, ip ["fwmark"], "the mark by which outer packets are routed";
        ] $($rest)* }
    };
    ([$($rows:tt)*] external($external:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Make external: $crate::net::link::fields::Present = $external, ip ["external"],
                "the tunnel's ends come with each packet; default false";
        ] $($rest)* }
    };
    ([$($rows:tt)*] $(#[$meta:meta])* pub struct $table:ident { $($own:tt)* }) => {
        $crate::model::table! { $(#[$meta])* pub struct $table { $($rows)* $($own)* } }
    };
}

pub(super) use tunnel;

/// The key of one direction; `None` for packets without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub Option<u32>);

impl Field for Key {
    fn form() -> Form {
        Form {
            luals: "integer|string|false".into(),
            expected: "an integer from 0 to 4294967295, four bytes such as \"0.0.0.7\", or false".into(),
            returned: "integer",
            word: Word::IntegerOrNone,
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            Value::Bool(false) => Some(Key(None)),
            Value::Int(key) => u32::try_from(*key).ok().map(|key| Key(Some(key))),
            Value::Text(text) => text.parse::<Ipv4Addr>().ok().map(|key| Key(Some(key.into()))),
            _ => None,
        })
    }

    fn value(&self) -> Value {
        self.0.map_or(Value::Bool(false), |key| Value::Int(key.into()))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.unwrap_or(0).to_be_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|key| Key(Some(u32::from_be_bytes(*key))))
    }
}

/// A source port, of which 0 is the kernel's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port(pub u16);

impl Field for Port {
    fn form() -> Form {
        Form {
            luals: "integer|\"auto\"".into(),
            returned: "integer",
            word: Word::IntegerOrName,
            ..text("a port from 0 to 65535 or \"auto\"")
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            Value::Int(port) => u16::try_from(*port).ok().map(Port),
            value => value.is("auto").then_some(Port(0)),
        })
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_be_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|port| Port(u16::from_be_bytes(*port)))
    }
}

/// What refusals mean that tunnels of all kinds get. `same` is what tells tunnels apart; `fallback` the one without
/// ends, which the kernel makes; `packed` whether it shall be packed in UDP.
pub fn explain(e: Error, same: &str, fallback: &str, packed: bool) -> Error {
    match e.raw() {
        Some(Errno::EEXIST) => e.hint(format!(
            "a tunnel with the same {same} is there; the kernel's own {fallback} is the one without any"
        )),
        Some(Errno::EINVAL | Errno::EOPNOTSUPP) if packed => e.hint(
            "encap takes the kernel's module fou (CONFIG_NET_FOU_IP_TUNNELS), which nothing loads by itself: \
                 modprobe fou",
        ),
        Some(Errno::EINVAL) => e.hint(format!(
            "{fallback} can't be changed; a tunnel without a remote end can't get one later, nor lose it"
        )),
        _ => e,
    }
}
