//! What a script says of the headers of a frame; what it leaves out, [`super::build`] works out. The names are those of a
//! captured packet's fields.

use std::net::IpAddr;

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::fields::{HardwareAddress, number_or_text, text};
use crate::net::link::fields::{Be16, Be32, U8, U16, U32};
use crate::probe::capture::icmp_number;

/// The type of an ICMP message: its number, or the name that a captured packet's `type` has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IcmpType {
    Number(u8),
    Name(String),
}

impl IcmpType {
    /// The number that the type has in IPv4 or IPv6.
    pub fn number(&self, six: bool) -> Result<u8> {
        match self {
            IcmpType::Number(number) => Ok(*number),
            IcmpType::Name(name) => icmp_number(name, six).ok_or_else(|| {
                let (of, other) = if six { ("ICMPv6", "ICMP") } else { ("ICMP", "ICMPv6") };
                Error::argument(format!("icmp.type: {of} has no type {name:?} ({other} has)"))
            }),
        }
    }
}

impl Field for IcmpType {
    fn form() -> Form {
        number_or_text(
            "an integer from 0 to 255, or a name such as \"echo request\" or \"neighbor solicitation\"",
        )
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Int(number) => Ok(u8::try_from(*number).ok().map(IcmpType::Number)),
            Value::Text(name) => match icmp_number(name, false).or(icmp_number(name, true)) {
                Some(_) => Ok(Some(IcmpType::Name(name.clone()))),
                None => Err(Error::argument(format!("expected {}, got {name:?}", Self::form().expected))),
            },
            _ => Ok(None),
        }
    }

    fn value(&self) -> Value {
        match self {
            IcmpType::Number(number) => Value::Int((*number).into()),
            IcmpType::Name(name) => Value::Text(name.clone()),
        }
    }
}

/// The flags of TCP, as tcpdump writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpFlags(pub u16);

const FLAGS: &[(char, u16)] = &[
    ('F', 1),
    ('S', 2),
    ('R', 4),
    ('P', 8),
    ('.', 16),
    ('A', 16),
    ('U', 32),
    ('E', 64),
    ('W', 128),
    ('C', 128),
];

impl Field for TcpFlags {
    fn form() -> Form {
        text(
            "flags of TCP such as \"S\", \"S.\", \"FA\" or \"none\", of F, S, R, P, A (or .), U, E and C (or W)",
        )
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        if text == "none" {
            return Ok(Some(TcpFlags(0)));
        }
        let bit = |letter: char| FLAGS.iter().find(|(known, _)| *known == letter).map(|(_, bit)| *bit);
        let bits: Option<Vec<u16>> = text.chars().map(bit).collect();
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        let bits = bits.filter(|bits| !bits.is_empty()).ok_or_else(wrong)?;
        Ok(Some(TcpFlags(bits.iter().fold(0, |all, bit| all | bit))))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }
}

/// What an ARP message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpOp(pub u16);

impl Field for ArpOp {
    fn form() -> Form {
        number_or_text("\"request\", \"reply\", or a number")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            value if value.is("request") => Some(ArpOp(1)),
            value if value.is("reply") => Some(ArpOp(2)),
            Value::Int(number) => u16::try_from(*number).ok().map(ArpOp),
            Value::Text(text) => {
                return Err(Error::argument(format!("expected {}, got {text:?}", Self::form().expected)));
            }
            _ => None,
        })
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }
}

table! {
    /// An Ethernet header.
    pub struct Eth {
        Set dst: HardwareAddress = header, ip [], "the destination's hardware address; default what belongs to the packet's destination, which is asked for";
        Set src: HardwareAddress = header, ip [], "the source's; default the link's own";
        Set ethertype: U16 = header, ip [], "what it carries; default what follows";
    }
}

table! {
    /// A tag of a VLAN.
    pub struct Vlan {
        Set id: U16<0, 4095> = header, ip [], "the VLAN";
        Set prio: U8<0, 7> = header, ip [], "the priority; default 0";
        Set dei: bool = header, ip [], "it may be dropped first; default false";
        Set protocol: U16 = header, ip [], "the tag's protocol; default 0x8100 (802.1Q), of an outer tag 0x88a8 (802.1ad)";
    }
}

table! {
    /// An ARP message.
    pub struct Arp {
        Set op: ArpOp = header, ip [], "request or reply; default request";
        Set sender: IpAddr = header, ip [], "the sender's address; default the link's own";
        Set sender_mac: HardwareAddress = header, ip [], "the sender's hardware address; default the source of the frame";
        Set target: IpAddr = header, ip [], "the address that is asked for; default the sender's (gratuitous)";
        Set target_mac: HardwareAddress = header, ip [], "the target's hardware address; default zeros, of a gratuitous reply the sender's";
    }
}

table! {
    /// A header of IPv4 or IPv6.
    pub struct Ip {
        Set src: IpAddr = header, ip [], "the source; default the one that the kernel would take";
        Set dst: IpAddr = header, ip [], "the destination";
        Set version: U8<4, 6> = header, ip [], "4 or 6; default what the addresses are of";
        Set ttl: U8 = header, ip [], "time to live, or IPv6's hop limit; default 64, of neighbour discovery 255";
        Set tos: U8 = header, ip [], "type of service (DSCP and ECN), or IPv6's traffic class; default 0";
        Set protocol: U8 = header, ip [], "the number of the protocol carried; default what follows";
        Set id: U16 = header, ip [], "the identification of IPv4; default 0";
        Set df: bool = header, ip [], "don't fragment; default false";
        Set more_fragments: bool = header, ip [], "more fragments follow; default false";
        Set fragment_offset: U16<0, 65528> = header, ip [], "where the fragment belongs, in bytes, of IPv4; default 0";
        Set flow_label: U32<0, 1_048_575> = header, ip [], "IPv6's flow label; default 0";
        Set length: U16 = header, ip [], "the length that the header tells (of IPv6 without the header); default the right one";
        Set checksum: U16 = header, ip [], "the checksum of IPv4's header; default the right one";
    }
}

table! {
    /// A message of ICMP or ICMPv6.
    pub struct Icmp {
        Set r#type as "type": IcmpType = header, ip [], "its type: a number, or \"echo request\", \"neighbor solicitation\", ...; default echo request";
        Set code: U8 = header, ip [], "its code; default 0";
        Set id: U16 = header, ip [], "the identifier of an echo message; default 0";
        Set seq: U16 = header, ip [], "the sequence number of an echo message; default 1, and one more in each further frame";
        Set mtu: U32 = header, ip [], "of \"destination unreachable\" (code 4) and \"packet too big\"";
        Set gateway: IpAddr = header, ip [], "the better next hop, of a redirect of IPv4";
        Set target: IpAddr = header, ip [], "whom a neighbour message is about";
        Set mac: HardwareAddress = header, ip [], "the hardware address that a message of neighbour discovery tells; default the source of the frame, and none in a solicitation from ::";
        Set rest: U32 = header, ip [], "the four bytes behind the checksum, of a type that isn't named here; default 0";
        Set checksum: U16 = header, ip [], "the checksum; default the right one";
    }
}

table! {
    /// A TCP header.
    pub struct Tcp {
        Set sport: Be16 = header, ip [], "the source port; default 40000";
        Set dport: Be16 = header, ip [], "the destination port; default 80";
        Set flags: TcpFlags = header, ip [], "as tcpdump writes them: S, S. (or SA), R, FA, none; default S";
        Set seq: Be32 = header, ip [], "the sequence number; default 0";
        Set ack: Be32 = header, ip [], "the acknowledgement number; default 0";
        Set window: Be16 = header, ip [], "the window; default 65535";
        Set urgent: Be16 = header, ip [], "the urgent pointer; default 0";
        Set mss: Be16 = header, ip [], "the option of the maximum segment size";
        Set wscale: U8<0, 14> = header, ip [], "the option of the window scale";
        Set checksum: U16 = header, ip [], "the checksum; default the right one";
    }
}

table! {
    /// A UDP header.
    pub struct Udp {
        Set sport: Be16 = header, ip [], "the source port; default 40000";
        Set dport: Be16 = header, ip [], "the destination port; default 9 (discard)";
        Set length: U16 = header, ip [], "the length that the header tells; default the right one";
        Set checksum: U16 = header, ip [], "the checksum; default the right one";
    }
}

/// A frame, header by header.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    pub eth: Option<Eth>,
    /// The outer tag first.
    pub vlans: Vec<Vlan>,
    pub arp: Option<Arp>,
    pub ip: Option<Ip>,
    pub icmp: Option<Icmp>,
    pub tcp: Option<Tcp>,
    pub udp: Option<Udp>,
    pub payload: Vec<u8>,
    /// How long the payload is made, with zeros.
    pub size: Option<usize>,
    /// The whole frame, instead of all these.
    pub bytes: Option<Vec<u8>>,
}

/// How often, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub count: u64,
    /// Seconds between two frames.
    pub interval: f64,
}
