//! From bytes to layers. Nothing here fails: what can't be read is left out, and a cut packet is decoded as far as
//! it goes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::app::App;
use super::icmp;
use super::packet::{
    Arp, Eth, Fragment, Ip, Layers, LinkLayer, Mac, Net, Stp, Tcp, TcpOption, Transport, Udp, Vlan,
};
use super::tunnel::{self, Label, Tunnel};

const ETH_IP: u16 = 0x0800;
const ETH_ARP: u16 = 0x0806;
const ETH_VLAN: u16 = 0x8100;
const ETH_IP6: u16 = 0x86dd;
const ETH_MPLS: u16 = 0x8847;
const ETH_QINQ: u16 = 0x88a8;
const ETH_LLDP: u16 = 0x88cc;
/// Up to here, the field is a length and an LLC header follows.
const MAX_802_3: u16 = 1500;

/// How many packets may stand within each other.
const DEEPEST: usize = 8;

/// Decodes the bytes of one packet. `length` is its length on the wire.
pub fn decode(layer: LinkLayer, bytes: &[u8], length: usize) -> Layers {
    layers_at(layer, bytes, 0, length, 0)
}

/// Those of a packet that begins at `at`, which `depth` others carry, and would end at `length` were it not cut.
fn layers_at(layer: LinkLayer, bytes: &[u8], at: usize, length: usize, depth: usize) -> Layers {
    let mut packet = Decoder { bytes, length, depth, layers: Layers::default() };
    packet.payload(at, length.saturating_sub(at));
    match layer {
        LinkLayer::Ethernet => packet.ethernet(at),
        LinkLayer::Ip => packet.ip(at),
    };
    packet.layers
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn mac_at(bytes: &[u8], at: usize) -> Option<Mac> {
    Some(Mac(bytes.get(at..at + 6)?.try_into().ok()?))
}

pub(super) fn ip4_at(bytes: &[u8], at: usize) -> Option<IpAddr> {
    Some(Ipv4Addr::from(u32_at(bytes, at)?).into())
}

pub(super) fn ip6_at(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
    Some(octets.into())
}

struct Decoder<'a> {
    bytes: &'a [u8],
    length: usize,
    depth: usize,
    layers: Layers,
}

/// Each step returns `None` where the bytes end; what was decoded before stays.
impl Decoder<'_> {
    /// Says that what is carried begins at `start`, and is `length` long by its header.
    fn payload(&mut self, start: usize, length: usize) {
        let start = start.min(self.bytes.len());
        let end = start.saturating_add(length).min(self.bytes.len());
        self.layers.payload = start..end;
        self.layers.payload_length = length;
    }

    fn ip(&mut self, at: usize) -> Option<()> {
        match self.bytes.get(at)? >> 4 {
            4 => self.ip4(at),
            6 => self.ip6(at),
            _ => None,
        }
    }

    fn mpls(&mut self, mut at: usize) -> Option<()> {
        loop {
            let word = u32_at(self.bytes, at)?;
            let label = Label {
                label: word >> 12,
                tc: (word >> 9 & 7) as u8,
                bottom: word & 0x100 != 0,
                ttl: word as u8,
            };
            self.layers.mpls.push(label);
            at += 4;
            self.payload(at, self.length.saturating_sub(at));
            if label.bottom {
                return self.ip(at);
            }
        }
    }

    /// Decodes what a tunnel carries: `length` bytes from `at` on, a frame or a packet of IP.
    fn tunnel(&mut self, layer: LinkLayer, at: usize, length: usize, kind: tunnel::Kind) -> Option<()> {
        if self.depth >= DEEPEST {
            return None;
        }
        let inner = layers_at(layer, self.bytes, at, at.saturating_add(length), self.depth + 1);
        self.layers.tunnel = Some(Box::new(Tunnel { kind, length, inner }));
        Some(())
    }

    /// RFC 2784, RFC 2890.
    fn gre(&mut self, at: usize, length: usize) -> Option<()> {
        let (flags, protocol) = (u16_at(self.bytes, at)?, u16_at(self.bytes, at + 2)?);
        // With a source route, or of PPTP.
        if flags & 0x4007 != 0 {
            return None;
        }
        let mut header = if flags & 0x8000 != 0 { 8 } else { 4 };
        let mut word = |there: bool| {
            let value = there.then(|| u32_at(self.bytes, at + header)).flatten();
            header += if there { 4 } else { 0 };
            value
        };
        let (key, seq) = (word(flags & 0x2000 != 0), word(flags & 0x1000 != 0));
        let kind = tunnel::Kind::Gre { checksum: flags & 0x8000 != 0, key, seq, protocol, length };
        let layer = match protocol {
            0x6558 => LinkLayer::Ethernet,
            ETH_IP | ETH_IP6 => LinkLayer::Ip,
            _ => return None,
        };
        self.tunnel(layer, at + header, length.checked_sub(header)?, kind)
    }

    /// What UDP carries, by its ports.
    fn datagram(&mut self, sport: u16, dport: u16) -> Option<()> {
        let (at, length) = (self.layers.payload.start, self.layers.payload_length);
        let b = self.bytes.get(self.layers.payload.clone())?;
        match dport {
            // The IANA's port, and Linux's default.
            4789 | 8472 => {
                let (flags, vni) = (*b.first()?, u32_at(b, 4)? >> 8);
                let kind = tunnel::Kind::Vxlan { flags, vni };
                return self.tunnel(LinkLayer::Ethernet, at + 8, length.checked_sub(8)?, kind);
            }
            6081 => {
                let header = 8 + usize::from(b.first()? & 0x3f) * 4;
                let (flags, protocol, vni) = (*b.get(1)?, u16_at(b, 2)?, u32_at(b, 4)? >> 8);
                let kind = tunnel::Kind::Geneve { flags, vni };
                let layer = if protocol == 0x6558 { LinkLayer::Ethernet } else { LinkLayer::Ip };
                return self.tunnel(layer, at + header, length.checked_sub(header)?, kind);
            }
            _ => {}
        }
        self.layers.app = App::datagram(sport, dport, b, length).map(Box::new);
        Some(())
    }

    fn ethernet(&mut self, at: usize) -> Option<()> {
        let b = self.bytes;
        let (dst, src) = (mac_at(b, at)?, mac_at(b, at + 6)?);
        let mut ethertype = u16_at(b, at + 12)?;
        let mut at = at + 14;
        while matches!(ethertype, ETH_VLAN | ETH_QINQ) {
            let (Some(tag), Some(next)) = (u16_at(b, at), u16_at(b, at + 2)) else { break };
            self.layers.vlans.push(Vlan { id: tag & 0xfff, priority: (tag >> 13) as u8, ethertype });
            ethertype = next;
            at += 4;
        }
        self.layers.eth = Some(Eth { src, dst, ethertype });
        self.payload(at, self.length.saturating_sub(at));
        match ethertype {
            ETH_IP => self.ip4(at),
            ETH_IP6 => self.ip6(at),
            ETH_ARP => self.arp(at),
            ETH_MPLS => self.mpls(at),
            ETH_LLDP => {
                self.layers.net = Net::Lldp;
                Some(())
            }
            // LLC: both service access points 0x42, unnumbered information.
            ..=MAX_802_3 if b.get(at..at + 3)? == [0x42, 0x42, 0x03] => {
                self.stp(at + 3, (ethertype as usize).saturating_sub(3))
            }
            _ => None,
        }
    }

    fn arp(&mut self, at: usize) -> Option<()> {
        let b = self.bytes;
        // Ethernet and IPv4, the only pair in use.
        if b.get(at..at + 6)? != [0, 1, 8, 0, 6, 4] {
            return None;
        }
        self.layers.net = Net::Arp(Arp {
            op: u16_at(b, at + 6)?,
            sender_mac: mac_at(b, at + 8)?,
            sender: ip4_at(b, at + 14)?,
            target_mac: mac_at(b, at + 18)?,
            target: ip4_at(b, at + 24)?,
            length: self.length.saturating_sub(at),
        });
        self.payload(at + 28, 0);
        Some(())
    }

    fn stp(&mut self, at: usize, length: usize) -> Option<()> {
        let b = self.bytes;
        let (version, kind) = (*b.get(at + 2)?, *b.get(at + 3)?);
        let id = |at| Some((u16_at(b, at)?, mac_at(b, at + 2)?));
        let none = (0, Mac([0; 6]));
        // A topology change notification ends here.
        let full = kind != 0x80;
        self.layers.net = Net::Stp(Stp {
            version,
            kind,
            flags: if full { *b.get(at + 4)? } else { 0 },
            root: if full { id(at + 5)? } else { none },
            cost: if full { u32_at(b, at + 13)? } else { 0 },
            bridge: if full { id(at + 17)? } else { none },
            port: if full { u16_at(b, at + 25)? } else { 0 },
            length,
        });
        self.payload(at, length);
        Some(())
    }

    fn ip4(&mut self, at: usize) -> Option<()> {
        let b = self.bytes;
        let header = (*b.get(at)? & 0xf) as usize * 4;
        let total = u16_at(b, at + 2)? as usize;
        // Segmentation offload leaves 0 for lengths above 65535.
        let total = if total == 0 { self.length.saturating_sub(at) } else { total };
        let fragment = u16_at(b, at + 6)?;
        let ip = Ip {
            version: 4,
            tos: *b.get(at + 1)?,
            id: Some(u16_at(b, at + 4)?.into()),
            dont_fragment: fragment & 0x4000 != 0,
            fragment: (fragment & 0x3fff != 0).then_some(Fragment {
                offset: u32::from(fragment & 0x1fff) * 8,
                more: fragment & 0x2000 != 0,
            }),
            ttl: *b.get(at + 8)?,
            protocol: *b.get(at + 9)?,
            src: ip4_at(b, at + 12)?,
            dst: ip4_at(b, at + 16)?,
            extensions: Vec::new(),
            flow_label: None,
            length: total,
        };
        if header < 20 || total < header {
            self.layers.net = Net::Ip(ip);
            return None;
        }
        self.carried(ip, at + header, total - header)
    }

    fn ip6(&mut self, at: usize) -> Option<()> {
        let b = self.bytes;
        let first = u32_at(b, at)?;
        let carried = u16_at(b, at + 4)? as usize;
        let mut ip = Ip {
            version: 6,
            tos: (first >> 20) as u8,
            flow_label: Some(first & 0xf_ffff),
            protocol: *b.get(at + 6)?,
            ttl: *b.get(at + 7)?,
            src: ip6_at(b, at + 8)?.into(),
            dst: ip6_at(b, at + 24)?.into(),
            id: None,
            dont_fragment: false,
            fragment: None,
            extensions: Vec::new(),
            length: 40 + carried,
        };
        // A jumbogram, or segmentation offload.
        let end = if carried == 0 { self.length } else { at + 40 + carried };
        let mut at = at + 40;
        loop {
            let length = match ip.protocol {
                // Hop-by-hop, routing, destination options, mobility.
                0 | 43 | 60 | 135 => b.get(at + 1).map(|n| (*n as usize + 1) * 8),
                // Authentication counts in units of 4.
                51 => b.get(at + 1).map(|n| (*n as usize + 2) * 4),
                44 => Some(8),
                _ => break,
            };
            let (Some(next), Some(length)) = (b.get(at), length) else { break };
            if ip.protocol == 44 {
                let (Some(field), Some(id)) = (u16_at(b, at + 2), u32_at(b, at + 4)) else { break };
                ip.fragment = Some(Fragment { offset: u32::from(field & 0xfff8), more: field & 1 != 0 });
                ip.id = Some(id);
            }
            ip.extensions.push(ip.protocol);
            ip.protocol = *next;
            at += length;
            if ip.fragment.is_some_and(|f| f.offset != 0) {
                break;
            }
        }
        self.carried(ip, at, end.saturating_sub(at))
    }

    /// What IP carries: `length` bytes from `at` on.
    fn carried(&mut self, ip: Ip, at: usize, length: usize) -> Option<()> {
        let (protocol, later) = (ip.protocol, ip.fragment.is_some_and(|f| f.offset != 0));
        let whole = ip.fragment.is_none();
        self.layers.net = Net::Ip(ip);
        self.payload(at, length);
        if later {
            // Its transport header went with the first fragment.
            return None;
        }
        match protocol {
            1 | 58 => {
                let bytes = &self.bytes[self.layers.payload.clone()];
                let icmp = if protocol == 1 { icmp::decode4(bytes)? } else { icmp::decode6(bytes)? };
                let icmp = super::packet::Icmp { length, ..icmp };
                self.layers.transport =
                    if protocol == 1 { Transport::Icmp(icmp) } else { Transport::Icmp6(icmp) };
                self.payload(at + 8, length.saturating_sub(8));
            }
            6 => self.tcp(at, length)?,
            17 => {
                let b = self.bytes;
                let length = u16_at(b, at + 4)?;
                let (sport, dport) = (u16_at(b, at)?, u16_at(b, at + 2)?);
                self.layers.transport = Transport::Udp(Udp { sport, dport, length });
                self.payload(at + 8, usize::from(length).saturating_sub(8));
                if whole {
                    self.datagram(sport, dport)?;
                }
            }
            4 | 41 if whole => self.tunnel(LinkLayer::Ip, at, length, tunnel::Kind::Ip)?,
            47 if whole => self.gre(at, length)?,
            89 => {
                let bytes = &self.bytes[self.layers.payload.clone()];
                self.layers.app = App::ospf(bytes).map(Box::new);
            }
            _ => {}
        }
        Some(())
    }

    fn tcp(&mut self, at: usize, length: usize) -> Option<()> {
        let b = &self.bytes[self.layers.payload.clone()];
        let offset_and_flags = u16_at(b, 12)?;
        let header = usize::from(offset_and_flags >> 12) * 4;
        let bad_header = header < 20 || header > length;
        let mut tcp = Tcp {
            sport: u16_at(b, 0)?,
            dport: u16_at(b, 2)?,
            seq: u32_at(b, 4)?,
            ack: u32_at(b, 8)?,
            flags: offset_and_flags & 0x1ff,
            window: u16_at(b, 14)?,
            urgent: u16_at(b, 18).unwrap_or(0),
            options: Vec::new(),
            bad_header,
        };
        if !bad_header {
            tcp.options = tcp_options(b.get(20..header.min(b.len())).unwrap_or_default());
            self.payload(at + header, length - header);
            self.layers.app =
                App::stream(tcp.sport, tcp.dport, &self.bytes[self.layers.payload.clone()]).map(Box::new);
        }
        self.layers.transport = Transport::Tcp(tcp);
        Some(())
    }
}

/// The options up to their end, or to the first that is malformed.
fn tcp_options(mut b: &[u8]) -> Vec<TcpOption> {
    let mut options = Vec::new();
    while let Some(kind) = b.first() {
        let length = match kind {
            0 => {
                options.push(TcpOption::End);
                break;
            }
            1 => {
                options.push(TcpOption::Nop);
                b = &b[1..];
                continue;
            }
            _ => match b.get(1) {
                Some(n) if *n >= 2 && usize::from(*n) <= b.len() => usize::from(*n),
                _ => break,
            },
        };
        let value = &b[2..length];
        options.push(match (kind, value.len()) {
            (2, 2) => TcpOption::Mss(u16_at(value, 0).unwrap_or(0)),
            (3, 1) => TcpOption::WindowScale(value[0]),
            (4, 0) => TcpOption::SackOk,
            (5, n) if n % 8 == 0 => TcpOption::Sack(
                value
                    .chunks_exact(8)
                    .filter_map(|block| Some((u32_at(block, 0)?, u32_at(block, 4)?)))
                    .collect(),
            ),
            (8, 8) => TcpOption::Timestamps(u32_at(value, 0).unwrap_or(0), u32_at(value, 4).unwrap_or(0)),
            _ => TcpOption::Other(*kind, value.to_vec()),
        });
        b = &b[length..];
    }
    options
}
