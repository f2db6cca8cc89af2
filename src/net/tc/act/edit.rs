//! What changes packets: skbedit, vlan, nat, csum, pedit (tc-skbedit(8), tc-vlan(8), tc-nat(8), tc-csum(8)); linux/tc_act/.

use std::net::Ipv4Addr;

use ipnetwork::{IpNetwork, Ipv4Network};

use super::action;
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, Word};
use crate::net::fields::{HardwareAddress, Mark, text};
use crate::net::link::fields::{U8, U16, VlanProtocol, named};
use crate::net::prefix;
use crate::net::tc::control::Control;
use crate::net::tc::fields::Handle;
use crate::net::tc::kind::{About, kind};

named! {
    /// PACKET_* of linux/if_packet.h.
    PacketType(u16) (to_ne_bytes, from_ne_bytes) { 0 = "host", 1 = "broadcast", 2 = "multicast", 3 = "otherhost" }
    /// TCA_VLAN_ACT_*.
    VlanAction(u32) bare (to_ne_bytes, from_ne_bytes)
        { 1 = "pop", 2 = "push", 3 = "modify", 4 = "pop_eth", 5 = "push_eth" }
    /// Which way packets go whose address is changed.
    NatSide(u32) bare (to_ne_bytes, from_ne_bytes) { 0 = "ingress", 1 = "egress" }
}

action! {
    /// What the kernel knows of a packet besides its bytes.
    pub struct Skbedit in 2 {
        Set queue_mapping: U16 = 4, ip ["queue_mapping"], "the queue of the link";
        Set priority: Handle = 3, ip ["priority"], "the priority, as a class such as \"1:10\"";
        Set mark: Mark = 5, ip ["mark"], "the mark";
        Set mask: Mark = 8, ip [], "the bits of the mark that are changed; default all";
        Set ptype: PacketType = 7, ip ["ptype"], "to whom the packet is";
    }
}

kind!(Skbedit, "skbedit", "act_skbedit", "what the kernel knows of a packet", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 20)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }

    fn words(&self) -> Vec<String> {
        let mut out = crate::net::tc::kind::words(self, |_| true);
        if let (Some(mask), Some(at)) = (self.mask, out.iter().position(|word| word == "mark")) {
            out[at + 1] = format!("{}/{}", out[at + 1], mask.word());
        }
        out
    }
});

action! {
    /// Tags of VLANs.
    pub struct Vlan in 2 {
        Set action: VlanAction = {in 2 at 20}, ip ["pop", "push", "modify", "pop_eth", "push_eth"],
            "pop takes the outer tag away, push adds one, modify changes it; pop_eth and push_eth do so with the Ethernet header";
        Set id: U16<0, 4095> = 3, ip ["id"], "the VLAN";
        Set protocol: VlanProtocol = 4, ip ["protocol"], "the tag's protocol; default 802.1Q";
        Set priority: U8<0, 7> = 6, ip ["priority"], "the tag's priority";
        Set dst_mac: HardwareAddress = 7, ip ["dst_mac"], "of push_eth, the destination";
        Set src_mac: HardwareAddress = 8, ip ["src_mac"], "of push_eth, the source";
    }
}

kind!(Vlan, "vlan", "act_vlan", "tags of VLANs", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 24)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        match (self.action, self.id) {
            (None, _) => return wrong("vlan needs action: push, pop or modify"),
            (Some(VlanAction(2 | 3)), None) => return wrong("vlan: push and modify need id"),
            _ => {}
        }
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }
});

/// A network of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub Ipv4Network);

impl Field for Network {
    fn form() -> Form {
        Form { word: Word::Alone, ..text("an IPv4 address or network such as \"10.0.0.0/24\"") }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        match prefix::network(text)? {
            IpNetwork::V4(net) => Ok(Some(Network(net))),
            IpNetwork::V6(_) => {
                Err(Error::argument(format!("expected an IPv4 address or network, got {text:?}")))
            }
        }
    }

    fn value(&self) -> Value {
        let Network(net) = self;
        Value::Text(if net.prefix() == 32 { net.ip().to_string() } else { net.to_string() })
    }
}

/// An address of IPv4 that stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub Ipv4Addr);

impl Field for Address {
    fn form() -> Form {
        Form { word: Word::Alone, ..Ipv4Addr::form() }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Ipv4Addr::read(value)?.map(Address))
    }

    fn value(&self) -> Value {
        self.0.value()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.0.encode()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Ipv4Addr::decode(bytes).map(Address)
    }
}

action! {
    /// Addresses that are changed without connection tracking.
    pub struct Nat in 1 {
        Set direction: NatSide = {in 1 at 32}, ip ["ingress", "egress"], "ingress changes destinations, egress sources; default ingress";
        Set old: Network = header, ip [], "the addresses that are changed";
        Set new: Address = {in 1 at 24}, ip [], "the address that stands for the first of them";
        Word from: Ipv4Addr = {in 1 at 20}, ip [], "the address";
        Word mask: Ipv4Addr = {in 1 at 28}, ip [], "its mask";
    }
}

kind!(Nat, "nat", "act_nat", "addresses that are changed", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 36)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let (Some(old), Some(_)) = (self.old, self.new) else {
            return Err(Error::argument("nat needs old and new"));
        };
        self.direction.get_or_insert(NatSide(0));
        (self.from, self.mask) = (Some(old.0.network()), Some(old.0.mask()));
        self.control.get_or_insert(Control::PASS);
        Ok(())
    }

    fn gather(&mut self) {
        let net =
            self.from.zip(self.mask).and_then(|(from, mask)| Ipv4Network::with_netmask(from, mask).ok());
        self.old = net.map(Network);
    }
});

/// Checksums by their protocols: TCA_CSUM_UPDATE_FLAG_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksums(pub u32);

const CHECKSUMS: &[(&str, u32)] =
    &[("ip4h", 1), ("icmp", 2), ("igmp", 4), ("tcp", 8), ("udp", 16), ("udplite", 32), ("sctp", 64)];

impl Field for Checksums {
    fn form() -> Form {
        let expected = "a list of ip4h, icmp, igmp, tcp, udp, udplite and sctp";
        Form { luals: "string[]".into(), returned: "string[]", word: Word::Alone, ..text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::List(words) = value else { return Ok(None) };
        let bit = |word: &Value| CHECKSUMS.iter().find(|(name, _)| word.is(name)).map(|(_, bit)| *bit);
        let bits: Option<Vec<u32>> = words.iter().map(bit).collect();
        Ok(bits.map(|bits| Checksums(bits.iter().fold(0, |all, bit| all | bit))).filter(|all| all.0 != 0))
    }

    fn value(&self) -> Value {
        Value::words(CHECKSUMS.iter().filter(|(_, bit)| self.0 & bit != 0).map(|(name, _)| *name))
    }

    fn word(&self) -> String {
        self.value().to_string().replace(' ', " and ")
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Checksums(u32::from_ne_bytes(*bytes)))
    }
}

action! {
    /// Checksums that are made anew.
    pub struct Csum in 1 {
        Set update: Checksums = {in 1 at 20}, ip [], "of which protocols: ip4h, icmp, igmp, tcp, udp, udplite, sctp";
    }
}

kind!(Csum, "csum", "act_csum", "checksums that are made anew", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 24)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        if self.update.is_none() {
            return Err(Error::argument("csum needs update"));
        }
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }
});

/// `struct tc_pedit_key`s: words of a packet that are overwritten, counted from the network header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Munges(pub Vec<[u32; 3]>);

impl Munges {
    /// `offset 8 u32 set 0x0a000001 retain 0xffffffff`, or a field such as `ip ttl set 5`.
    fn parse(text: &str) -> Option<[u32; 3]> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let number = |word: &str| match word.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => word.parse().ok().or_else(|| word.parse::<Ipv4Addr>().ok().map(u32::from)),
        };
        let (at, width, value, retain) = match words.as_slice() {
            ["offset", at, width, "set", value] => (number(at)?, *width, *value, None),
            ["offset", at, width, "set", value, "retain", retain] => {
                (number(at)?, *width, *value, Some(number(retain)?))
            }
            ["ip", field, "set", value] => {
                let (_, at, width) = FIELDS.iter().find(|(name, ..)| name == field)?;
                (*at, *width, *value, None)
            }
            _ => return None,
        };
        let bits: u32 = match width {
            "u8" => 8,
            "u16" => 16,
            "u32" => 32,
            _ => return None,
        };
        let whole = u32::MAX >> (32 - bits);
        let value = number(value).filter(|value| *value <= whole)?;
        let within = at % 4 * 8;
        let shift = 32u32.checked_sub(within + bits)?;
        let keep = !((retain.unwrap_or(whole) & whole) << shift);
        Some([keep, (value << shift) & !keep, at - at % 4])
    }
}

/// Fields of IPv4's header: where they stand, and how wide they are.
const FIELDS: &[(&str, u32, &str)] = &[
    ("tos", 1, "u8"),
    ("dsfield", 1, "u8"),
    ("ttl", 8, "u8"),
    ("protocol", 9, "u8"),
    ("src", 12, "u32"),
    ("dst", 16, "u32"),
];

impl Field for Munges {
    fn form() -> Form {
        let expected = "a list of changes such as \"ip ttl set 5\" or \"offset 12 u32 set 0x0a000001\"";
        Form { luals: "string[]".into(), returned: "string[]", word: Word::Alone, ..text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::List(words) = value else { return Ok(None) };
        let one = |word: &Value| {
            let text = word.to_string();
            let wrong = || {
                Error::argument(format!(
                    "expected a change such as \"ip ttl set 5\", \"ip dst set 10.0.0.1\" or \"offset 12 u32 set 0x0a000001\", got {text:?}"
                ))
            };
            Munges::parse(&text).ok_or_else(wrong)
        };
        words
            .iter()
            .map(one)
            .collect::<Result<Vec<_>>>()
            .map(|keys| Some(Munges(keys)).filter(|m| !m.0.is_empty()))
    }

    fn value(&self) -> Value {
        let one = |[keep, value, at]: &[u32; 3]| {
            format!("offset {at} u32 set {value:#010x} retain {:#010x}", !keep)
        };
        Value::words(self.0.iter().map(one))
    }

    fn word(&self) -> String {
        let one = |[keep, value, at]: &[u32; 3]| {
            format!("munge offset {at} u32 set {value:#010x} retain {:#010x}", !keep)
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The count, flags, padding; then the keys: mask, value, offset, and how an offset is found, which we don't use.
    fn encode(&self) -> Option<Vec<u8>> {
        let mut out = vec![self.0.len() as u8, 0, 0, 0];
        for [keep, value, at] in &self.0 {
            out.extend([keep.to_be_bytes(), value.to_be_bytes(), at.to_ne_bytes()].concat());
            out.extend([0; 12]);
        }
        Some(out)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, keys) = bytes.split_at_checked(4)?;
        let part = |key: &[u8], at: usize| key.get(at..)?.first_chunk().copied();
        let key = |key: &[u8]| {
            let [keep, value] = [u32::from_be_bytes(part(key, 0)?), u32::from_be_bytes(part(key, 4)?)];
            Some([keep, value, u32::from_ne_bytes(part(key, 8)?)])
        };
        Some(Munges(keys.chunks_exact(24).take(usize::from(head[0])).filter_map(key).collect()))
    }
}

action! {
    /// Bytes of packets that are overwritten.
    pub struct Pedit in 2 {
        Set munge: Munges = {in 2 at 20}, ip [],
            "what is overwritten: \"ip ttl set 5\", \"ip dst set 10.0.0.1\", or \"offset 12 u32 set 0x0a000001\", counted from the network header";
    }
}

kind!(Pedit, "pedit", "act_pedit", "bytes of packets that are overwritten", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 20)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        if self.munge.is_none() {
            return Err(Error::argument("pedit needs munge"));
        }
        self.control.get_or_insert(Control::PIPE);
        Ok(())
    }
});
