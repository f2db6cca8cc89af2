//! flower (tc-flower(8)): packets by their fields. TCA_FLOWER_* of linux/pkt_cls.h.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::masked::{Bits, Masked8, Masked16, Masked32, MaskedMac, Native16};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::fields::{LinkName, number_or_text};
use crate::net::link::fields::{Be16, Be32, Bit32, U8, U16};
use crate::net::nf::words::{PortRange, Prefix, Protocol};
use crate::net::prefix::{self, Family, from_octets, octets};
use crate::net::tc::ether::EtherType;
use crate::net::tc::fields::Handle;
use crate::net::tc::kind::{About, kind};

/// A network of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNetwork);

impl Field for Network {
    fn form() -> Form {
        crate::net::fields::text("an address or network such as \"10.0.0.0/24\" or \"fd00::1\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        prefix::network(text).map(|net| Some(Network(net)))
    }

    fn value(&self) -> Value {
        Value::Text(Prefix(self.0).to_string())
    }
}

impl Network {
    fn bits<const BYTES: usize>(self) -> Option<Bits<BYTES>> {
        let bytes = [octets(self.0.network()), octets(self.0.mask())].concat();
        (bytes.len() == 2 * BYTES).then_some(Bits(bytes))
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let (address, mask) = bytes.split_at(bytes.len() / 2);
        let (address, mask): (IpAddr, IpAddr) = (from_octets(address)?, from_octets(mask)?);
        IpNetwork::with_netmask(address, mask).ok().map(Network)
    }
}

/// A protocol in an IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpProto(pub u8);

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

impl Field for IpProto {
    fn form() -> Form {
        number_or_text("a protocol such as \"tcp\", \"udp\" or \"icmpv6\", or its number")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        if value.is("icmpv6") {
            return Ok(Some(IpProto(ICMPV6)));
        }
        Ok(Protocol::read(value)?.map(|protocol| IpProto(protocol.0)))
    }

    fn value(&self) -> Value {
        Value::Text(self.word())
    }

    fn word(&self) -> String {
        match self.0 {
            ICMPV6 => "icmpv6".to_owned(),
            number @ (TCP | UDP | SCTP | ICMP) => Protocol(number).to_string(),
            number => format!("{number:x}"),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(vec![self.0])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first().copied().map(IpProto)
    }
}

table! {
    /// Packets by their fields.
    pub struct Flower {
        Set indev: LinkName = 2, ip ["indev"], "the link that they came in by";
        Set dst_mac: MaskedMac = 4, ip ["dst_mac"], "the destination in the Ethernet header";
        Set src_mac: MaskedMac = 6, ip ["src_mac"], "the source in the Ethernet header";
        Set vlan_id: U16<0, 4095> = 23, ip ["vlan_id"], "the VLAN; the filter's protocol is 802.1Q then";
        Set vlan_prio: U8<0, 7> = 24, ip ["vlan_prio"], "the priority in the VLAN's tag";
        Set vlan_ethtype: EtherType = 25, ip ["vlan_ethtype"], "the protocol behind the VLAN's tag";
        Set cvlan_id: U16<0, 4095> = 77, ip ["cvlan_id"], "the VLAN of the inner tag";
        Set cvlan_prio: U8<0, 7> = 78, ip ["cvlan_prio"], "the priority in the inner tag";
        Set cvlan_ethtype: EtherType = 79, ip ["cvlan_ethtype"], "the protocol behind the inner tag";
        Set ip_proto: IpProto = 9, ip ["ip_proto"], "the protocol in the IP header";
        Set ip_tos: Masked8 = 73, ip ["ip_tos"], "the type of service";
        Set ip_flags: IpFlags = 47, ip ["ip_flags"], "whether it is a fragment: frag, nofrag, firstfrag or nofirstfrag, or two of them as in \"frag/nofirstfrag\"";
        Set ip_ttl: Masked8 = 75, ip ["ip_ttl"], "the time to live";
        Set dst_ip: Network = header, ip ["dst_ip"], "the destination";
        Set src_ip: Network = header, ip ["src_ip"], "the source";
        Set dst_port: PortRange = header, ip ["dst_port"], "the destination port of TCP, UDP or SCTP, or a range of them; needs `ip_proto`";
        Set src_port: PortRange = header, ip ["src_port"], "the source port, or a range of them";
        Set tcp_flags: Masked16<4095> = 71, ip ["tcp_flags"], "the flags of TCP: 0x2 is SYN";
        Set r#type as "type": Masked8 = header, ip ["type"], "the type of ICMP";
        Set code: Masked8 = header, ip ["code"], "the code of ICMP";
        Set arp_sip: Network = header, ip ["arp_sip"], "the sender's address in ARP";
        Set arp_tip: Network = header, ip ["arp_tip"], "the target's address in ARP";
        Set arp_op: ArpOp = 61, ip ["arp_op"], "what the ARP packet is: request or reply";
        Set arp_sha: MaskedMac = 63, ip ["arp_sha"], "the sender's hardware address in ARP";
        Set arp_tha: MaskedMac = 65, ip ["arp_tha"], "the target's hardware address in ARP";
        Set mpls_label: U32Label = 70, ip ["mpls_label"], "the label of MPLS";
        Set mpls_tc: U8<0, 7> = 69, ip ["mpls_tc"], "the traffic class of MPLS";
        Set mpls_bos: U8<0, 1> = 68, ip ["mpls_bos"], "whether it is the last label";
        Set mpls_ttl: U8 = 67, ip ["mpls_ttl"], "the time to live of MPLS";
        Set enc_key_id: Be32 = 26, ip ["enc_key_id"], "the key, or VNI, of the tunnel that they came by";
        Set enc_src_ip: Network = header, ip ["enc_src_ip"], "the source of the outer packet";
        Set enc_dst_ip: Network = header, ip ["enc_dst_ip"], "the destination of the outer packet";
        Set enc_dst_port: Masked16 = 45, ip ["enc_dst_port"], "the destination port of the outer packet";
        Set enc_tos: Masked8 = 80, ip ["enc_tos"], "the type of service of the outer packet";
        Set enc_ttl: Masked8 = 82, ip ["enc_ttl"], "the time to live of the outer packet";
        Set ct_state: CtState = 91, ip ["ct_state"], "the state of the connection, such as \"+trk+est\" or \"+trk-new\": trk, new, est, rel, inv, rpl";
        Set ct_zone: Native16 = 93, ip ["ct_zone"], "the zone of connection tracking";
        Set ct_mark: Masked32 = 95, ip ["ct_mark"], "the connection's mark";
        Set num_of_vlans: U8<0, 255> = 102, ip ["num_of_vlans"], "how many tags of VLANs there are";
        Set classid: Handle = 1, ip ["classid", "flowid"], "the class that they go to";
        Set skip_hw: Bit32<0> = 22, ip ["skip_hw"], "the hardware doesn't do it";
        Set skip_sw: Bit32<1> = 22, ip ["skip_sw"], "only the hardware does it";
        Word ether: EtherType = 8, ip [], "the packets' protocol";
        Word dst4: Bits<4> = 12, ip [], "the destination";
        Word dst6: Bits<16> = 16, ip [], "the destination";
        Word src4: Bits<4> = 10, ip [], "the source";
        Word src6: Bits<16> = 14, ip [], "the source";
        Word enc_src4: Bits<4> = 27, ip [], "the source of the outer packet";
        Word enc_dst4: Bits<4> = 29, ip [], "the destination of the outer packet";
        Word enc_src6: Bits<16> = 31, ip [], "the source of the outer packet";
        Word enc_dst6: Bits<16> = 33, ip [], "the destination of the outer packet";
        Word sip4: Bits<4> = 57, ip [], "the sender";
        Word tip4: Bits<4> = 59, ip [], "the target";
        Word tcp_src: Masked16 = 18, ip [], "the source port";
        Word tcp_dst: Masked16 = 19, ip [], "the destination port";
        Word udp_src: Masked16 = 20, ip [], "the source port";
        Word udp_dst: Masked16 = 21, ip [], "the destination port";
        Word sctp_src: Masked16 = 41, ip [], "the source port";
        Word sctp_dst: Masked16 = 42, ip [], "the destination port";
        Word src_min: Be16 = 87, ip [], "the first source port";
        Word src_max: Be16 = 88, ip [], "the last source port";
        Word dst_min: Be16 = 89, ip [], "the first destination port";
        Word dst_max: Be16 = 90, ip [], "the last destination port";
        Word code4: Masked8 = 49, ip [], "the code of ICMP";
        Word type4: Masked8 = 51, ip [], "the type of ICMP";
        Word code6: Masked8 = 53, ip [], "the code of ICMPv6";
        Word type6: Masked8 = 55, ip [], "the type of ICMPv6";
    }
}

/// A label of MPLS, in the host's byte order.
type U32Label = crate::net::link::fields::U32<0, 1_048_575>;

/// What an ARP packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpOp(Masked8);

impl Field for ArpOp {
    fn form() -> Form {
        number_or_text("\"request\", \"reply\", or a number")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            value if value.is("request") => Some(ArpOp(Masked8::whole(1))),
            value if value.is("reply") => Some(ArpOp(Masked8::whole(2))),
            value => Masked8::read(value)?.map(ArpOp),
        })
    }

    fn value(&self) -> Value {
        match self.0.value {
            1 => Value::Text("request".to_owned()),
            2 => Value::Text("reply".to_owned()),
            _ => self.0.value(),
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.0.encode()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Masked8::decode(bytes).map(ArpOp)
    }
}

/// The state of a connection: TCA_FLOWER_KEY_CT_FLAGS_*, and those that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CtState {
    set: u16,
    mask: u16,
}

const STATES: &[(&str, u16)] = &[("trk", 8), ("new", 1), ("est", 2), ("rel", 4), ("inv", 16), ("rpl", 32)];

impl Field for CtState {
    fn form() -> Form {
        crate::net::fields::text(
            "states such as \"+trk+est\" or \"+trk-new\", of trk, new, est, rel, inv and rpl",
        )
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        let (mut state, mut rest) = (CtState { set: 0, mask: 0 }, text.as_str());
        while !rest.is_empty() {
            let on = rest.starts_with('+');
            let word = rest.strip_prefix(['+', '-']).and_then(|rest| rest.get(..3)).ok_or_else(wrong)?;
            let (_, bit) = STATES.iter().find(|(name, _)| *name == word).ok_or_else(wrong)?;
            state.mask |= bit;
            state.set |= if on { *bit } else { 0 };
            rest = &rest[4..];
        }
        if state.mask == 0 { Err(wrong()) } else { Ok(Some(state)) }
    }

    fn value(&self) -> Value {
        let known = STATES.iter().filter(|(_, bit)| self.mask & bit != 0);
        let word =
            |(name, bit): &(&str, u16)| format!("{}{name}", if self.set & bit != 0 { '+' } else { '-' });
        Value::Text(known.map(word).collect())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.set.to_ne_bytes(), self.mask.to_ne_bytes()].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(CtState { set: number(0)?, mask: number(2)? })
    }
}

/// What a packet is to its fragments: TCA_FLOWER_KEY_FLAGS_*, and those that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpFlags {
    set: u32,
    mask: u32,
}

const FRAGMENTS: &[(&str, u32)] = &[("frag", 1), ("firstfrag", 2)];

impl Field for IpFlags {
    fn form() -> Form {
        crate::net::fields::text(
            "\"frag\", \"nofrag\", \"firstfrag\" or \"nofirstfrag\", or two with \"/\" between",
        )
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let mut flags = IpFlags { set: 0, mask: 0 };
        for word in text.split('/') {
            let name = word.strip_prefix("no").unwrap_or(word);
            let bit = FRAGMENTS.iter().find(|(known, bit)| *known == name && flags.mask & bit == 0);
            let Some((_, bit)) = bit else {
                return Err(Error::argument(format!("expected {}, got {text:?}", Self::form().expected)));
            };
            flags.mask |= bit;
            flags.set |= if name == word { *bit } else { 0 };
        }
        Ok(Some(flags))
    }

    fn value(&self) -> Value {
        let known = FRAGMENTS.iter().filter(|(_, bit)| self.mask & bit != 0);
        let word =
            |(name, bit): &(&str, u32)| format!("{}{name}", if self.set & bit != 0 { "" } else { "no" });
        Value::Text(known.map(word).collect::<Vec<_>>().join("/"))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.set.to_be_bytes(), self.mask.to_be_bytes()].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(IpFlags { set: number(0)?, mask: number(4)? })
    }
}

type Ports = Option<PortRange>;

fn one(ports: Ports) -> Option<Masked16> {
    ports.filter(|ports| ports.low == ports.high).map(|ports| Masked16::whole(ports.low))
}

fn range(min: Option<Be16>, max: Option<Be16>) -> Ports {
    min.zip(max).map(|(min, max)| PortRange { low: min.0, high: max.0 })
}

impl Flower {
    fn set_ports(&mut self) -> Result<()> {
        let (src, dst) = (one(self.src_port), one(self.dst_port));
        match self.ip_proto {
            Some(IpProto(TCP)) => (self.tcp_src, self.tcp_dst) = (src, dst),
            Some(IpProto(UDP)) => (self.udp_src, self.udp_dst) = (src, dst),
            Some(IpProto(SCTP)) => (self.sctp_src, self.sctp_dst) = (src, dst),
            _ if self.src_port.is_none() && self.dst_port.is_none() => {}
            _ => return Err(Error::argument("flower: ports need ip_proto: tcp, udp or sctp")),
        }
        let ranges = |ports: Ports| ports.filter(|ports| ports.low != ports.high);
        let ends = |ports: PortRange| (Some(Be16(ports.low)), Some(Be16(ports.high)));
        (self.src_min, self.src_max) = ranges(self.src_port).map_or((None, None), ends);
        (self.dst_min, self.dst_max) = ranges(self.dst_port).map_or((None, None), ends);
        Ok(())
    }

    fn set_icmp(&mut self) -> Result<()> {
        match self.ip_proto {
            Some(IpProto(ICMP)) => (self.type4, self.code4) = (self.r#type, self.code),
            Some(IpProto(ICMPV6)) => (self.type6, self.code6) = (self.r#type, self.code),
            _ if self.r#type.is_none() && self.code.is_none() => {}
            _ => return Err(Error::argument("flower: type and code need ip_proto: icmp or icmpv6")),
        }
        Ok(())
    }

    /// The family of the addresses.
    fn family(&self) -> Result<Option<Family>> {
        let of = |net: Option<Network>| net.map(|net| Family::of(net.0.ip()));
        match (of(self.src_ip), of(self.dst_ip)) {
            (Some(src), Some(dst)) if src != dst => {
                Err(Error::argument("flower: src_ip and dst_ip are of different families"))
            }
            (src, dst) => Ok(src.or(dst)),
        }
    }

    fn about_arp(&self) -> bool {
        let addresses = self.arp_sip.is_some() || self.arp_tip.is_some() || self.arp_op.is_some();
        addresses || self.arp_sha.is_some() || self.arp_tha.is_some()
    }

    fn about_mpls(&self) -> bool {
        let label = self.mpls_label.is_some() || self.mpls_tc.is_some();
        label || self.mpls_bos.is_some() || self.mpls_ttl.is_some()
    }

    fn check(&self, seen: EtherType) -> Result<()> {
        // The kernel passes over keys of another protocol: the filter would meet all packets.
        let needs: [(bool, &[&str]); 2] =
            [(self.about_arp(), &["arp"]), (self.about_mpls(), &["mpls_uc", "mpls_mc"])];
        if let Some((_, [first, ..])) = needs.iter().find(|(about, protocols)| {
            *about && !protocols.iter().any(|name| EtherType::named(name) == Some(seen))
        }) {
            let seen = seen.word();
            return Err(Error::argument(format!(
                "flower: the fields are for the protocol {first}, and the filter is for {seen}"
            )));
        }
        let about_ip = self.ip_proto.is_some() || self.src_ip.is_some() || self.dst_ip.is_some();
        let wanted = self
            .family()?
            .map(|family| if family == Family::Inet { EtherType::IPV4 } else { EtherType::IPV6 });
        match wanted {
            Some(wanted) if seen != wanted => Err(Error::argument(format!(
                "flower: the addresses are for the protocol {}, and the filter is for {}",
                wanted.word(),
                seen.word()
            ))),
            _ if about_ip && ![EtherType::IPV4, EtherType::IPV6].contains(&seen) => {
                Err(Error::argument("flower: fields of IP need protocol = \"ip\" or \"ipv6\""))
            }
            _ => Ok(()),
        }
    }
}

kind!(Flower, "flower", "cls_flower", "a filter by the packets' fields", {
    const ACTIONS: u16 = 3;

    fn mask_of(number: u16) -> Option<u16> {
        match number {
            4 | 6 | 10 | 12 | 14 | 16 | 27 | 29 | 31 | 33 | 43 | 45 | 47 | 49 | 51 | 53 | 55 | 57 | 59
            | 61 | 63 | 65 | 71 | 73 | 75 | 80 | 82 | 91 | 93 | 95 => Some(number + 1),
            18 => Some(35),
            19 => Some(36),
            20 => Some(37),
            21 => Some(38),
            41 => Some(39),
            42 => Some(40),
            _ => None,
        }
    }

    fn protocol(&self) -> Option<EtherType> {
        if self.vlan_id.is_some() || self.vlan_prio.is_some() || self.vlan_ethtype.is_some() {
            return EtherType::named("802.1Q");
        }
        match (self.family().ok()?, self.ip_proto) {
            (Some(Family::Inet), _) | (None, Some(IpProto(ICMP))) => Some(EtherType::IPV4),
            (Some(Family::Inet6), _) | (None, Some(IpProto(ICMPV6))) => Some(EtherType::IPV6),
            _ if self.about_arp() => EtherType::named("arp"),
            _ if self.about_mpls() => EtherType::named("mpls_uc"),
            _ => None,
        }
    }

    fn fill(&mut self, about: &About<'_>) -> Result<()> {
        let protocol = EtherType(about.protocol);
        // Behind a VLAN's tag stands the protocol that the addresses are of.
        let inner = self.cvlan_ethtype.or(self.vlan_ethtype);
        self.check(inner.unwrap_or(protocol))?;
        self.ether = Some(protocol).filter(|protocol| *protocol != EtherType::ALL);
        (self.src4, self.src6) = (self.src_ip.and_then(Network::bits), self.src_ip.and_then(Network::bits));
        (self.dst4, self.dst6) = (self.dst_ip.and_then(Network::bits), self.dst_ip.and_then(Network::bits));
        (self.enc_src4, self.enc_src6) =
            (self.enc_src_ip.and_then(Network::bits), self.enc_src_ip.and_then(Network::bits));
        (self.enc_dst4, self.enc_dst6) =
            (self.enc_dst_ip.and_then(Network::bits), self.enc_dst_ip.and_then(Network::bits));
        (self.sip4, self.tip4) = (self.arp_sip.and_then(Network::bits), self.arp_tip.and_then(Network::bits));
        self.set_ports()?;
        self.set_icmp()
    }

    fn gather(&mut self) {
        let net = |four: &Option<Bits<4>>, six: &Option<Bits<16>>| {
            let four = four.as_ref().and_then(|bits| Network::of(&bits.0));
            four.or_else(|| six.as_ref().and_then(|bits| Network::of(&bits.0)))
        };
        (self.src_ip, self.dst_ip) = (net(&self.src4, &self.src6), net(&self.dst4, &self.dst6));
        self.enc_src_ip = net(&self.enc_src4, &self.enc_src6);
        self.enc_dst_ip = net(&self.enc_dst4, &self.enc_dst6);
        (self.arp_sip, self.arp_tip) = (net(&self.sip4, &None), net(&self.tip4, &None));
        let port = |all: [Option<Masked16>; 3]| {
            all.into_iter().flatten().next().map(|port| PortRange::one(port.value))
        };
        self.src_port =
            port([self.tcp_src, self.udp_src, self.sctp_src]).or(range(self.src_min, self.src_max));
        self.dst_port =
            port([self.tcp_dst, self.udp_dst, self.sctp_dst]).or(range(self.dst_min, self.dst_max));
        (self.r#type, self.code) = (self.type4.or(self.type6), self.code4.or(self.code6));
    }
});
