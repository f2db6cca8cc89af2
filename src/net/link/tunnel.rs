//! What tunnels of several kinds have in common: their ends, outer headers, keys, and a UDP header around all of it.

use std::net::Ipv4Addr;

use nix::errno::Errno;

use super::fields::{Bit32, Encap};
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Value, Word};
use crate::net::fields::text;

/// Declares a tunnel's table: rows that tunnels share, by the numbers that the kind's attributes have, then its own.
///
/// - `ends(ADDRESS, link, local, remote)`
/// - `outer(ttl, tos, pmtudisc)`: what the outer header of IPv4 has
/// - `outer6(ttl, encaplimit, flowinfo, flags, fwmark)`: what that of IPv6 has, with [`inherit_or!`] in `spread`
/// - `keys(ikey, okey)`, with flags in other rows that there is one
/// - `vti_keys(ikey, okey)`, where 0 says that there is none
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
    ([$($rows:tt)*] outer6($ttl:tt, $encaplimit:tt, $flowinfo:tt, $flags:tt, $fwmark:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Set ttl: $crate::net::link::fields::U8 = $ttl, ip ["hoplimit", "ttl", "hlim"],
                "the hop limit of outer packets, 0 for the system's default; default 64";
            Set encaplimit: $crate::net::link::fields::U8 = $encaplimit, ip ["encaplimit"],
                "how often a packet may be encapsulated again (RFC 2473); default 4";
            Set no_encaplimit: $crate::net::link::fields::Bit32<0> = $flags, ip ["encaplimit none"],
                "packets have no such limit; default false";
            Set tclass: $crate::net::link::tunnel::Class = $flowinfo, ip ["tclass", "tos", "dsfield"],
                "the traffic class of outer packets";
            Set tclass_inherit: $crate::net::link::fields::Bit32<1> = $flags,
                ip ["tclass inherit", "tos inherit", "dsfield inherit"], "that of the packet within; default false";
            Set flowlabel: $crate::net::link::fields::FlowLabel = $flowinfo, ip ["flowlabel"],
                "the flow label of outer packets";
            Set flowlabel_inherit: $crate::net::link::fields::Bit32<2> = $flags, ip ["flowlabel inherit"],
                "that of the packet within; default false";
            Set dscp_inherit: $crate::net::link::fields::Bit32<4> = $flags, ip ["dscp inherit"],
                "packets that come out get the DSCP of the outer ones; default false";
            Set fwmark: $crate::net::fields::Number = $fwmark, ip ["fwmark"],
                "the mark by which outer packets are routed";
            Set fwmark_inherit: $crate::net::link::fields::Bit32<5> = $flags, ip ["fwmark inherit"],
                "that of the packet within; default false";
            Set allow_localremote: $crate::net::link::fields::Bit32<6> = $flags,
                ip ["allow-localremote", "noallow-localremote"],
                "the remote end may be an address of this host; default false";
        ] $($rest)* }
    };
    ([$($rows:tt)*] vti_keys($ikey:tt, $okey:tt) $($rest:tt)*) => {
        $crate::net::link::tunnel::tunnel! { [$($rows)*
            Give key: $crate::net::link::fields::Be32 = header, ip ["key"],
                "the key of the policies in both directions, which is a mark; 0 for none";
            Set ikey: $crate::net::link::fields::Be32 = $ikey, ip ["ikey"], "that of packets that come in";
            Set okey: $crate::net::link::fields::Be32 = $okey, ip ["okey"], "that of packets that go out";
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
                ip ["encap-udp6-csum", "noencap-udp6-csum"], "its checksums over IPv6; default true of a tunnel over IPv6, else false";
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

/// In `spread` of a tunnel over IPv6: a value ends that it is the inner packet's, and the reverse.
macro_rules! inherit_or {
    ($tunnel:expr) => {
        $crate::net::link::tunnel::exclude(
            &mut $tunnel.tclass,
            &mut $tunnel.tclass_inherit,
            $crate::net::link::tunnel::Class(0),
        );
        $crate::net::link::tunnel::exclude(
            &mut $tunnel.flowlabel,
            &mut $tunnel.flowlabel_inherit,
            $crate::net::link::fields::Label(0),
        );
        $crate::net::link::tunnel::exclude(
            &mut $tunnel.fwmark,
            &mut $tunnel.fwmark_inherit,
            $crate::model::Between(0),
        );
        $tunnel.no_encaplimit =
            $tunnel.no_encaplimit.or($tunnel.encaplimit.map(|_| $crate::net::link::fields::Bit32(false)));
    };
}

/// In `fill` of a tunnel over IPv6: the kernel's own values are 0.
macro_rules! fill6 {
    ($tunnel:expr) => {
        if $tunnel.external.is_none() {
            $tunnel.encap_udp6_csum.get_or_insert($crate::net::link::fields::Bit16(true));
            $tunnel.ttl.get_or_insert($crate::net::link::fields::U8(64));
            if $tunnel.no_encaplimit != Some($crate::net::link::fields::Bit32(true)) {
                $tunnel.encaplimit.get_or_insert($crate::net::link::fields::U8(4));
            }
        }
    };
}

/// In `gather`: the kernel reports an end that is not given as an unspecified address.
macro_rules! ends_given {
    ($tunnel:expr) => {
        $tunnel.local.take_if(|end| end.is_unspecified());
        $tunnel.remote.take_if(|end| end.is_unspecified());
    };
}

pub(super) use {ends_given, fill6, inherit_or, tunnel};

/// What an option's value and the one that it is inherited say of each other; `none` is the value that is inherited.
pub fn exclude<T, const BIT: u32>(value: &mut Option<T>, inherit: &mut Option<Bit32<BIT>>, none: T) {
    match inherit {
        Some(Bit32(true)) if value.is_none() => *value = Some(none),
        None if value.is_some() => *inherit = Some(Bit32(false)),
        _ => {}
    }
}

/// The traffic class in an IPv6 header's first word, beside the flow label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(pub u8);

impl Field for Class {
    fn form() -> Form {
        Form { word: Word::Hexadecimal, ..Between::<0, 255>::form() }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Between::<0, 255>::read(value)?.map(|n| Class(n.0 as u8)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn word(&self) -> String {
        format!("{:#x}", self.0)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some((u32::from(self.0) << 20).to_be_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|info| Class((u32::from_be_bytes(*info) >> 20) as u8))
    }
}

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

/// What tells tunnels apart, of those without keys.
pub const ENDS: &str = "local and remote end and link below";

/// What refusals mean that tunnels of all kinds get. `same` is what tells tunnels apart; `fallback` the one without
/// ends, which the kernel makes; `encap` in what it shall be packed.
pub fn explain(e: Error, same: &str, fallback: &str, encap: Option<Encap>) -> Error {
    let packed = encap.is_some_and(|encap| encap != Encap(0));
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
