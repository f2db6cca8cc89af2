//! A captured packet and its decoded layers.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::tunnel::{Label, Tunnel};

/// One captured packet.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The kernel's time stamp, since 1970.
    pub time: Duration,
    pub link: Arc<Link>,
    pub direction: Direction,
    /// The length on the wire; `bytes` is shorter if the packet was cut.
    pub length: u32,
    /// From the link layer's header on, VLAN tags put back.
    pub bytes: Vec<u8>,
    pub layers: Layers,
    /// What somebody wrote about it.
    pub comment: Option<String>,
}

/// Where a packet was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub namespace: Arc<str>,
    pub name: String,
    pub layer: LinkLayer,
}

/// What the bytes of a packet begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkLayer {
    /// An Ethernet header; loopback has one too, of zeros.
    Ethernet,
    /// The IP header: tun, sit, gre, ...
    Ip,
}

/// `sll_pkttype` of packet(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// For us.
    In,
    /// Sent by us.
    Out,
    Broadcast,
    Multicast,
    /// For somebody else.
    Other,
}

impl Direction {
    pub fn name(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::Broadcast => "broadcast",
            Direction::Multicast => "multicast",
            Direction::Other => "other",
        }
    }

    /// Whether the link received it.
    pub fn is_in(self) -> bool {
        self != Direction::Out
    }
}

/// A link layer's address, `aa:bb:cc:dd:ee:ff`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

impl std::fmt::Display for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl std::fmt::Debug for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// What was recognised of a packet, from the outside inwards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layers {
    pub eth: Option<Eth>,
    pub vlans: Vec<Vlan>,
    pub mpls: Vec<Label>,
    pub net: Net,
    pub transport: Transport,
    /// What another packet or frame stands in.
    pub tunnel: Option<Box<Tunnel>>,
    /// What the transport carries, or IP itself.
    pub app: Option<Box<App>>,
    /// The place in the packet's bytes of what the innermost recognised header carries, padding left out.
    pub payload: Range<usize>,
    /// How long that is by the headers: more than `payload` if the packet was cut.
    pub payload_length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eth {
    pub src: Mac,
    pub dst: Mac,
    /// The innermost one, behind VLAN tags; up to 1500 it is an IEEE 802.3 frame's length.
    pub ethertype: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vlan {
    pub id: u16,
    pub priority: u8,
    /// 0x8100, or 0x88a8 for a provider's tag.
    pub ethertype: u16,
}

/// The network layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Net {
    #[default]
    Unknown,
    Arp(Arp),
    Ip(Ip),
    Stp(Stp),
    Lldp,
}

/// RFC 826.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    pub op: u16,
    pub sender_mac: Mac,
    pub sender: IpAddr,
    pub target_mac: Mac,
    pub target: IpAddr,
    /// Of the packet behind the link layer's header, padding included.
    pub length: usize,
}

/// RFC 791 and RFC 8200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ip {
    pub version: u8,
    pub src: IpAddr,
    pub dst: IpAddr,
    /// Hop limit in IPv6.
    pub ttl: u8,
    /// DSCP and ECN; traffic class in IPv6.
    pub tos: u8,
    /// Behind IPv6's extension headers.
    pub protocol: u8,
    /// Of IPv4, or of IPv6's fragment header.
    pub id: Option<u32>,
    pub dont_fragment: bool,
    pub fragment: Option<Fragment>,
    /// The IPv6 extension headers passed on the way to `protocol`.
    pub extensions: Vec<u8>,
    pub flow_label: Option<u32>,
    /// With the header.
    pub length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// In bytes.
    pub offset: u32,
    pub more: bool,
}

/// IEEE 802.1D and 802.1w.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stp {
    pub version: u8,
    /// 0 configuration, 2 rapid, 0x80 topology change notification.
    pub kind: u8,
    pub flags: u8,
    pub root: (u16, Mac),
    pub cost: u32,
    pub bridge: (u16, Mac),
    pub port: u16,
    pub length: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Transport {
    #[default]
    Unknown,
    Icmp(Icmp),
    Icmp6(Icmp),
    Tcp(Tcp),
    Udp(Udp),
}

/// RFC 792, RFC 4443, RFC 4861.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Icmp {
    pub kind: u8,
    pub code: u8,
    /// Of echo and time stamp messages.
    pub id: Option<u16>,
    pub seq: Option<u16>,
    /// Of "fragmentation needed", "packet too big", and router advertisements that tell it.
    pub mtu: Option<u32>,
    /// Where to, of redirects.
    pub gateway: Option<IpAddr>,
    /// Whom neighbour messages and redirects are about.
    pub target: Option<Ipv6Addr>,
    /// The link layer's address that a neighbour message tells.
    pub mac: Option<Mac>,
    /// Of router advertisements: for how many seconds it is a default router, and the prefixes that it tells.
    pub lifetime: Option<u16>,
    pub prefixes: Vec<String>,
    /// Of multicast listener reports: how many groups.
    pub groups: Option<u16>,
    /// The byte that a parameter problem is about.
    pub pointer: Option<u32>,
    /// What an error message is about.
    pub inner: Option<Box<Inner>>,
    /// Of the whole message.
    pub length: usize,
}

/// The packet that an ICMP error quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inner {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub protocol: u8,
    pub sport: Option<u16>,
    pub dport: Option<u16>,
}

/// RFC 9293.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tcp {
    pub sport: u16,
    pub dport: u16,
    pub seq: u32,
    pub ack: u32,
    /// The low nine bits: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128, AE 256.
    pub flags: u16,
    pub window: u16,
    pub urgent: u16,
    pub options: Vec<TcpOption>,
    /// The header's length claims more than there is, or less than a header needs.
    pub bad_header: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcpOption {
    Nop,
    End,
    Mss(u16),
    WindowScale(u8),
    SackOk,
    Sack(Vec<(u32, u32)>),
    Timestamps(u32, u32),
    /// Its number, and its bytes.
    Other(u8, Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    pub sport: u16,
    pub dport: u16,
    /// With the header.
    pub length: u16,
}

impl Layers {
    pub fn ip(&self) -> Option<&Ip> {
        match &self.net {
            Net::Ip(ip) => Some(ip),
            _ => None,
        }
    }

    /// The source: of IP, or ARP's sender.
    pub fn src(&self) -> Option<IpAddr> {
        match &self.net {
            Net::Ip(ip) => Some(ip.src),
            Net::Arp(arp) => Some(arp.sender),
            _ => None,
        }
    }

    /// The destination: of IP, or ARP's target.
    pub fn dst(&self) -> Option<IpAddr> {
        match &self.net {
            Net::Ip(ip) => Some(ip.dst),
            Net::Arp(arp) => Some(arp.target),
            _ => None,
        }
    }

    pub fn ports(&self) -> Option<(u16, u16)> {
        match &self.transport {
            Transport::Tcp(tcp) => Some((tcp.sport, tcp.dport)),
            Transport::Udp(udp) => Some((udp.sport, udp.dport)),
            _ => None,
        }
    }

    /// The innermost protocol's name: `arp`, `icmp`, `icmp6`, `tcp`, `udp`, `stp`, ...; else `ip`, `ip6`, `eth`.
    pub fn proto(&self) -> &'static str {
        if let Some(name) =
            self.app.as_ref().map(|app| app.name()).or(self.tunnel.as_ref().and_then(|t| t.name()))
        {
            return name;
        }
        match (&self.transport, &self.net) {
            (Transport::Icmp(_), _) => "icmp",
            (Transport::Icmp6(_), _) => "icmp6",
            (Transport::Tcp(_), _) => "tcp",
            (Transport::Udp(_), _) => "udp",
            (_, Net::Arp(_)) => "arp",
            (_, Net::Stp(_)) => "stp",
            (_, Net::Lldp) => "lldp",
            (_, Net::Ip(ip)) => {
                protocol_name(ip.protocol).unwrap_or(if ip.version == 6 { "ip6" } else { "ip" })
            }
            (_, Net::Unknown) if !self.mpls.is_empty() => "mpls",
            (_, Net::Unknown) => "eth",
        }
    }

    /// What kind of message it is: ARP's and ICMP's name for it (`request`, `echo reply`, `neighbor solicitation`),
    /// that of DNS, DHCP, OSPF, BGP (`query`, `offer`, `hello`, `keepalive`), TCP's flags (`S.`).
    pub fn kind(&self) -> Option<String> {
        let app = self.app.as_ref().and_then(|app| app.kinds().next());
        app.map(str::to_owned).or_else(|| self.message())
    }

    /// Whether it is of that kind, by its innermost protocol or by the one that carries it.
    pub fn is_kind(&self, kind: &str) -> bool {
        let app = self.app.as_ref().is_some_and(|app| app.kinds().any(|k| k == kind));
        app || self.message().as_deref() == Some(kind)
    }

    /// Whether it has this protocol, of those that have no number in IP.
    pub fn has(&self, name: &str) -> bool {
        self.app.as_ref().is_some_and(|app| app.name() == name)
            || self.tunnel.as_ref().is_some_and(|tunnel| tunnel.name() == Some(name))
            || name == "mpls" && !self.mpls.is_empty()
    }

    fn message(&self) -> Option<String> {
        match (&self.transport, &self.net) {
            (Transport::Icmp(icmp), _) => Some(super::icmp::name4(icmp.kind).into()),
            (Transport::Icmp6(icmp), _) => Some(super::icmp::name6(icmp.kind).into()),
            (Transport::Tcp(tcp), _) => Some(tcp.flag_letters()),
            (_, Net::Arp(arp)) => Some(arp.op_name().into()),
            _ => None,
        }
    }
}

/// The names of ARP's operations, from 1 on.
pub(super) const ARP_OPERATIONS: [&str; 4] = ["request", "reply", "reverse request", "reverse reply"];

impl Arp {
    pub fn op_name(&self) -> &'static str {
        ARP_OPERATIONS.get(usize::from(self.op).wrapping_sub(1)).copied().unwrap_or("other")
    }
}

impl Tcp {
    /// The flags as tcpdump writes them: `S`, `S.`, `P.`, `F.`, `R`, `.`, `none`.
    pub fn flag_letters(&self) -> String {
        const LETTERS: [(u16, char); 9] =
            [(1, 'F'), (2, 'S'), (4, 'R'), (8, 'P'), (16, '.'), (32, 'U'), (64, 'E'), (128, 'W'), (256, 'e')];
        let letters: String =
            LETTERS.iter().filter(|(bit, _)| self.flags & bit != 0).map(|(_, letter)| letter).collect();
        if letters.is_empty() { "none".to_owned() } else { letters }
    }

    pub fn mss(&self) -> Option<u16> {
        self.options.iter().find_map(|o| match o {
            TcpOption::Mss(mss) => Some(*mss),
            _ => None,
        })
    }
}

/// The IANA keyword, in small letters, of protocols that have one here.
pub fn protocol_name(protocol: u8) -> Option<&'static str> {
    Some(match protocol {
        0 => "hopopt",
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        41 => "ip6ip",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmp6",
        88 => "eigrp",
        89 => "ospf",
        103 => "pim",
        112 => "vrrp",
        115 => "l2tp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}
