//! A frame's bytes, of what is said of its headers. Lengths and checksums are right unless they are given.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::table::{Arp, Frame, Icmp, Ip, Tcp, TcpFlags, Udp, Vlan};
use crate::base::error::{Error, Result};
use crate::net::fields::HardwareAddress;
use crate::net::prefix::octets;
use crate::probe::ping::checksum;

/// The longest frame of a link with the largest MTU, and its headers.
const LONGEST: usize = 65_535 + 64;

pub const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
pub const IPV6: u16 = 0x86dd;
/// For experiments (IEEE 802, "local experimental").
const EXPERIMENT: u16 = 0x88b5;
const TAG: u16 = 0x8100;
const OUTER_TAG: u16 = 0x88a8;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// For experiments (RFC 3692).
const UNKNOWN: u8 = 253;

/// What isn't said of a frame, and follows from where it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// The link's own address; none if it has no Ethernet header.
    pub mac: Option<[u8; 6]>,
}

/// A hardware address of Ethernet.
fn mac(address: &Option<HardwareAddress>, name: &str, otherwise: [u8; 6]) -> Result<[u8; 6]> {
    let Some(HardwareAddress(bytes)) = address else { return Ok(otherwise) };
    let wrong = || Error::argument(format!("{name}: expected six bytes, got {}", bytes.len()));
    bytes.as_slice().try_into().map_err(|_| wrong())
}

impl Frame {
    pub fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        let transports = [self.icmp.is_some(), self.tcp.is_some(), self.udp.is_some()];
        let parts = self.ip.is_some() || self.arp.is_some() || self.eth.is_some() || !self.vlans.is_empty();
        let any = parts || transports.contains(&true);
        match self.bytes.is_some() {
            true if any || !self.payload.is_empty() || self.size.is_some() => {
                return wrong("bytes are the whole frame: no header and no payload stand beside them");
            }
            true => return self.bounded(self.bytes.as_ref().map_or(0, Vec::len)),
            false if !any => return wrong("a frame needs eth, arp, ip or bytes"),
            false => {}
        }
        if transports.iter().filter(|given| **given).count() > 1 {
            return wrong("icmp, tcp and udp exclude each other");
        }
        if self.arp.is_some() && (self.ip.is_some() || transports.contains(&true)) {
            return wrong("arp and ip exclude each other");
        }
        if transports.contains(&true) && self.ip.is_none() {
            return wrong("icmp, tcp and udp need ip");
        }
        self.bounded(self.payload.len().max(self.size.unwrap_or(0)))
    }

    fn bounded(&self, length: usize) -> Result<()> {
        match length > LONGEST {
            true => Err(Error::argument(format!("a frame has at most {LONGEST} bytes, got {length}"))),
            false => Ok(()),
        }
    }

    /// Whether it is of IPv6.
    pub fn is_six(&self) -> Result<bool> {
        let Some(ip) = &self.ip else { return Ok(false) };
        let six = |address: IpAddr| address.is_ipv6();
        let told = [ip.src.map(six), ip.dst.map(six), ip.version.map(|version| version.0 == 6)];
        let mut told = told.into_iter().flatten();
        let asked = self.icmp.as_ref().and_then(|icmp| icmp.target).map(six);
        let first = told.next().or(asked).ok_or_else(|| Error::argument("ip needs dst"))?;
        match told.any(|other| other != first) {
            true => Err(Error::argument("ip: src, dst and version are of different families")),
            false => Ok(first),
        }
    }

    /// The bytes on the wire; the nth of several.
    pub fn bytes(&self, sender: Sender, nth: u64) -> Result<Vec<u8>> {
        if let Some(bytes) = &self.bytes {
            return Ok(bytes.clone());
        }
        let mut payload = self.payload.clone();
        payload.resize(payload.len().max(self.size.unwrap_or(0)), 0);
        let own = match &self.eth {
            Some(eth) => mac(&eth.src, "eth.src", sender.mac.unwrap_or_default())?,
            None => sender.mac.unwrap_or_default(),
        };
        let (ethertype, inner) = match (&self.arp, &self.ip) {
            (Some(arp), _) => (ARP, [arp_bytes(arp, own)?, payload].concat()),
            (_, Some(ip)) if self.is_six()? => (IPV6, self.six(ip, own, nth, &payload)?),
            (_, Some(ip)) => (IPV4, self.four(ip, own, nth, &payload)?),
            _ => (EXPERIMENT, payload),
        };
        let mut out = Vec::new();
        if sender.mac.is_some() {
            out = self.link_header(own, ethertype)?;
        } else if self.eth.is_some() || !self.vlans.is_empty() || self.arp.is_some() {
            return Err(Error::argument("the link has no Ethernet header: give ip alone, or bytes"));
        }
        out.extend(inner);
        self.bounded(out.len())?;
        Ok(out)
    }

    /// Makes the bytes of the nth of several out of those of the one before: the sequence number of an echo message
    /// counts on.
    pub fn renew(&self, bytes: &mut Vec<u8>, sender: Sender, nth: u64) -> Result<()> {
        if self.icmp.is_some() {
            *bytes = self.bytes(sender, nth)?;
        }
        Ok(())
    }

    fn link_header(&self, own: [u8; 6], inner: u16) -> Result<Vec<u8>> {
        let eth = self.eth.clone().unwrap_or_default();
        let mut out = mac(&eth.dst, "eth.dst", [0xff; 6])?.to_vec();
        out.extend(own);
        for (at, tag) in self.vlans.iter().enumerate() {
            let last = at + 1 == self.vlans.len();
            out.extend(tag_protocol(tag, last).to_be_bytes());
            let id = tag.id.ok_or_else(|| Error::argument("vlan needs id"))?.0;
            let (prio, dei) = (tag.prio.map_or(0, |prio| prio.0), tag.dei == Some(true));
            out.extend((u16::from(prio) << 13 | u16::from(dei) << 12 | id).to_be_bytes());
        }
        out.extend(eth.ethertype.map_or(inner, |told| told.0).to_be_bytes());
        Ok(out)
    }

    /// What stands behind the IP header, and its protocol.
    fn transport(&self, ends: &Ends, own: [u8; 6], nth: u64, payload: &[u8]) -> Result<(u8, Vec<u8>)> {
        if let Some(icmp) = &self.icmp {
            let protocol = if ends.six { ICMPV6 } else { ICMP };
            return Ok((protocol, icmp_bytes(icmp, ends, own, nth, payload)?));
        }
        if let Some(tcp) = &self.tcp {
            return Ok((TCP, tcp_bytes(tcp, ends, payload)));
        }
        if let Some(udp) = &self.udp {
            return Ok((UDP, udp_bytes(udp, ends, payload)));
        }
        Ok((UNKNOWN, payload.to_vec()))
    }

    fn four(&self, ip: &Ip, own: [u8; 6], nth: u64, payload: &[u8]) -> Result<Vec<u8>> {
        let ends = Ends::of(ip, false);
        let (protocol, inner) = self.transport(&ends, own, nth, payload)?;
        let length = ip.length.map_or((20 + inner.len()).min(65_535) as u16, |length| length.0);
        let offset = ip.fragment_offset.map_or(0, |offset| offset.0);
        if !offset.is_multiple_of(8) {
            return Err(Error::argument(format!(
                "ip.fragment_offset: expected a multiple of 8, got {offset}"
            )));
        }
        let flags = u16::from(ip.df == Some(true)) << 14 | u16::from(ip.more_fragments == Some(true)) << 13;
        let mut out = vec![0x45, ip.tos.map_or(0, |tos| tos.0)];
        out.extend(length.to_be_bytes());
        out.extend(ip.id.map_or(0, |id| id.0).to_be_bytes());
        out.extend((flags | (offset / 8)).to_be_bytes());
        out.extend([ip.ttl.map_or(64, |ttl| ttl.0), ip.protocol.map_or(protocol, |told| told.0), 0, 0]);
        out.extend(ends.addresses());
        let sum = ip.checksum.map_or_else(|| checksum(&out), |told| told.0);
        out[10..12].copy_from_slice(&sum.to_be_bytes());
        out.extend(inner);
        Ok(out)
    }

    fn six(&self, ip: &Ip, own: [u8; 6], nth: u64, payload: &[u8]) -> Result<Vec<u8>> {
        let four = [("df", ip.df.is_some()), ("id", ip.id.is_some()), ("checksum", ip.checksum.is_some())];
        let four = four.into_iter().chain([
            ("fragment_offset", ip.fragment_offset.is_some()),
            ("more_fragments", ip.more_fragments.is_some()),
        ]);
        if let Some((name, _)) = four.into_iter().find(|(_, given)| *given) {
            return Err(Error::argument(format!("ip.{name}: a header of IPv6 has none")));
        }
        let ends = Ends::of(ip, true);
        let (protocol, inner) = self.transport(&ends, own, nth, payload)?;
        let label = ip.flow_label.map_or(0, |label| label.0);
        let first = 6 << 28 | u32::from(ip.tos.map_or(0, |tos| tos.0)) << 20 | label;
        let length = ip.length.map_or(inner.len().min(65_535) as u16, |length| length.0);
        // Neighbour discovery believes only what no router has passed on.
        let discovery =
            self.icmp.as_ref().is_some_and(|icmp| (133..=137).contains(&kind(icmp, true).unwrap_or(0)));
        let hops = ip.ttl.map_or(if discovery { 255 } else { 64 }, |ttl| ttl.0);
        let mut out = first.to_be_bytes().to_vec();
        out.extend(length.to_be_bytes());
        out.extend([ip.protocol.map_or(protocol, |told| told.0), hops]);
        out.extend(ends.addresses());
        out.extend(inner);
        Ok(out)
    }
}

fn tag_protocol(tag: &Vlan, last: bool) -> u16 {
    tag.protocol.map_or(if last { TAG } else { OUTER_TAG }, |told| told.0)
}

/// The addresses of a packet.
struct Ends {
    six: bool,
    src: IpAddr,
    dst: IpAddr,
}

impl Ends {
    fn of(ip: &Ip, six: bool) -> Self {
        let none = if six { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        Ends { six, src: ip.src.unwrap_or(none), dst: ip.dst.unwrap_or(none) }
    }

    fn addresses(&self) -> Vec<u8> {
        [octets(self.src), octets(self.dst)].concat()
    }

    /// The checksum over the addresses, the protocol and a message (RFC 768, 8200).
    fn checksum(&self, protocol: u8, message: &[u8]) -> u16 {
        let mut all = self.addresses();
        all.extend((message.len() as u32).to_be_bytes());
        all.extend([0, 0, 0, protocol]);
        all.extend(message);
        checksum(&all)
    }
}

fn arp_bytes(arp: &Arp, own: [u8; 6]) -> Result<Vec<u8>> {
    let four = |address: Option<IpAddr>, name: &str| match address {
        Some(IpAddr::V4(address)) => Ok(address),
        Some(IpAddr::V6(address)) => {
            Err(Error::argument(format!("arp.{name}: expected an IPv4 address, got {address}")))
        }
        None => Ok(Ipv4Addr::UNSPECIFIED),
    };
    let sender = four(arp.sender, "sender")?;
    let target = if arp.target.is_some() { four(arp.target, "target")? } else { sender };
    // Ethernet, IPv4, and how long their addresses are.
    let mut out = vec![0, 1, 8, 0, 6, 4];
    let (op, sender_mac) = (arp.op.map_or(1, |op| op.0), mac(&arp.sender_mac, "arp.sender_mac", own)?);
    // Linux takes an unasked reply for an announcement only so.
    let announces = op == 2 && sender == target;
    out.extend(op.to_be_bytes());
    out.extend(sender_mac);
    out.extend(sender.octets());
    out.extend(mac(&arp.target_mac, "arp.target_mac", if announces { sender_mac } else { [0; 6] })?);
    out.extend(target.octets());
    Ok(out)
}

/// The number of the type; an echo request unless it is told.
pub fn kind(icmp: &Icmp, six: bool) -> Result<u8> {
    match &icmp.r#type {
        Some(kind) => kind.number(six),
        None => Ok(if six { 128 } else { 8 }),
    }
}

fn icmp_bytes(icmp: &Icmp, ends: &Ends, own: [u8; 6], nth: u64, payload: &[u8]) -> Result<Vec<u8>> {
    let kind = kind(icmp, ends.six)?;
    let mut out = vec![kind, icmp.code.map_or(0, |code| code.0), 0, 0];
    out.extend(icmp_body(icmp, (kind, ends.six), own, nth, ends.src.is_unspecified())?);
    out.extend(payload);
    let sum = match (icmp.checksum, ends.six) {
        (Some(told), _) => told.0,
        (None, true) => ends.checksum(ICMPV6, &out),
        (None, false) => checksum(&out),
    };
    out[2..4].copy_from_slice(&sum.to_be_bytes());
    Ok(out)
}

/// What stands between the checksum and the payload.
fn icmp_body(icmp: &Icmp, kind: (u8, bool), own: [u8; 6], nth: u64, nobody: bool) -> Result<Vec<u8>> {
    let option = |number: u8| -> Result<Vec<u8>> {
        Ok([&[number, 1], mac(&icmp.mac, "icmp.mac", own)?.as_slice()].concat())
    };
    let target = || match icmp.target {
        Some(IpAddr::V6(target)) => Ok(target.octets()),
        _ => {
            Err(Error::argument("icmp.target: expected the IPv6 address that the neighbour message is about"))
        }
    };
    let mtu = icmp.mtu.map_or(0, |mtu| mtu.0);
    Ok(match kind {
        (0 | 8 | 13 | 14, false) | (128 | 129, true) => {
            let seq = icmp.seq.map_or(1, |seq| seq.0).wrapping_add(nth as u16);
            [icmp.id.map_or(0, |id| id.0).to_be_bytes(), seq.to_be_bytes()].concat()
        }
        (3, false) => (mtu & 0xffff).to_be_bytes().to_vec(),
        (5, false) => match icmp.gateway {
            Some(IpAddr::V4(gateway)) => gateway.octets().to_vec(),
            _ => {
                return Err(Error::argument(
                    "icmp.gateway: expected the IPv4 address of the better next hop",
                ));
            }
        },
        (2, true) => mtu.to_be_bytes().to_vec(),
        (133, true) => [vec![0; 4], option(1)?].concat(),
        // One that has no address tells no hardware address either (RFC 4861, 4.3): Linux drops what does.
        (135, true) if nobody && icmp.mac.is_none() => [[0; 4].as_slice(), &target()?].concat(),
        (135, true) => [[0; 4].as_slice(), &target()?, &option(1)?].concat(),
        // It replaces what was known.
        (136, true) => [[0x20, 0, 0, 0].as_slice(), &target()?, &option(2)?].concat(),
        _ => icmp.rest.map_or(0, |rest| rest.0).to_be_bytes().to_vec(),
    })
}

fn tcp_bytes(tcp: &Tcp, ends: &Ends, payload: &[u8]) -> Vec<u8> {
    let mut options = Vec::new();
    options.extend(tcp.mss.iter().flat_map(|mss| [&[2, 4], mss.0.to_be_bytes().as_slice()].concat()));
    options.extend(tcp.wscale.iter().flat_map(|shift| [1, 3, 3, shift.0]));
    let flags = tcp.flags.unwrap_or(TcpFlags(2)).0;
    let words = 5 + options.len() as u16 / 4;
    let mut out = tcp.sport.map_or(40_000, |port| port.0).to_be_bytes().to_vec();
    out.extend(tcp.dport.map_or(80, |port| port.0).to_be_bytes());
    out.extend(tcp.seq.map_or(0, |seq| seq.0).to_be_bytes());
    out.extend(tcp.ack.map_or(0, |ack| ack.0).to_be_bytes());
    out.extend((words << 12 | flags).to_be_bytes());
    out.extend(tcp.window.map_or(65_535, |window| window.0).to_be_bytes());
    out.extend([0, 0]);
    out.extend(tcp.urgent.map_or(0, |urgent| urgent.0).to_be_bytes());
    out.extend(options);
    out.extend(payload);
    let sum = tcp.checksum.map_or_else(|| ends.checksum(TCP, &out), |told| told.0);
    out[16..18].copy_from_slice(&sum.to_be_bytes());
    out
}

fn udp_bytes(udp: &Udp, ends: &Ends, payload: &[u8]) -> Vec<u8> {
    let length = udp.length.map_or((8 + payload.len()).min(65_535) as u16, |length| length.0);
    let mut out = udp.sport.map_or(40_000, |port| port.0).to_be_bytes().to_vec();
    out.extend(udp.dport.map_or(9, |port| port.0).to_be_bytes());
    out.extend(length.to_be_bytes());
    out.extend([0, 0]);
    out.extend(payload);
    let sum = udp.checksum.map_or_else(
        // 0 would be none.
        || Some(ends.checksum(UDP, &out)).filter(|sum| *sum != 0).unwrap_or(0xffff),
        |told| told.0,
    );
    out[6..8].copy_from_slice(&sum.to_be_bytes());
    out
}
