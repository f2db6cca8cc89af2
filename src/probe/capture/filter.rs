//! Which packets are wanted.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::expression::Expression;
use super::packet::{Layers, Net, Packet};

/// Conditions, all of which must hold; none holds for every packet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// One of these protocols.
    pub protos: Vec<Proto>,
    /// From or to one of these addresses, in IP and in ARP.
    pub hosts: Vec<IpAddr>,
    /// From or to an address of this prefix.
    pub net: Option<IpNetwork>,
    pub src: Option<IpNetwork>,
    pub dst: Option<IpNetwork>,
    /// From or to one of these TCP or UDP ports, both ends included.
    pub port: Option<(u16, u16)>,
    pub sport: Option<(u16, u16)>,
    pub dport: Option<(u16, u16)>,
    /// The kind of message: an ICMP or ARP name as [`Layers::kind`] has it, or TCP flags.
    pub kind: Option<String>,
    /// The identifier of ICMP echo messages.
    pub id: Option<u16>,
    /// Received (`true`) or sent by the link on which it was seen.
    pub inward: Option<bool>,
    /// Seen on this link.
    pub link: Option<String>,
    /// Seen in this namespace.
    pub namespace: Option<String>,
    /// In tcpdump's language.
    pub expression: Option<Expression>,
}

/// Whether any packet can be of that kind, by [`Layers::kind`].
pub fn is_kind(name: &str) -> bool {
    let flags = !name.is_empty() && name.chars().all(|c| "FSRP.UEWe".contains(c));
    flags || name == "none" || kinds().any(|kind| kind == name)
}

/// The kinds that have names: ARP's operations and ICMP's types.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    use super::{icmp, packet};
    let icmp = (0..=255).map(icmp::name4).chain((0..=255).map(icmp::name6));
    packet::ARP_OPERATIONS.into_iter().chain(icmp).chain(super::app::kinds())
}

/// Protocols that have no number in IP.
const NAMED: [&str; 7] = ["mpls", "vxlan", "geneve", "dns", "dhcp", "dhcp6", "bgp"];

/// A protocol to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proto {
    Arp,
    /// IPv4, whatever it carries.
    Ip,
    /// IPv6, whatever it carries.
    Ip6,
    Icmp,
    Icmp6,
    Tcp,
    Udp,
    Stp,
    Lldp,
    /// Any other that IPv4 or IPv6 carries, by its number.
    Number(u8),
    /// One that has no number in IP, by its name.
    Named(&'static str),
}

impl Proto {
    /// The names, and those of other protocols that IP carries.
    pub fn from_name(name: &str) -> Option<Proto> {
        Some(match name {
            "arp" => Proto::Arp,
            "ip" => Proto::Ip,
            "ip6" => Proto::Ip6,
            "icmp" => Proto::Icmp,
            "icmp6" => Proto::Icmp6,
            "tcp" => Proto::Tcp,
            "udp" => Proto::Udp,
            "stp" => Proto::Stp,
            "lldp" => Proto::Lldp,
            other => match NAMED.iter().find(|name| **name == other) {
                Some(name) => Proto::Named(name),
                None => Proto::Number((0..=255).find(|n| super::packet::protocol_name(*n) == Some(other))?),
            },
        })
    }

    /// The names that [`Proto::from_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ["arp", "ip", "ip6", "icmp", "icmp6", "tcp", "udp", "stp", "lldp"]
            .into_iter()
            .chain((0..=255).filter_map(super::packet::protocol_name))
            .chain(NAMED)
    }

    /// As IP has it; `None` if IP doesn't carry it.
    pub fn number(self) -> Option<u8> {
        Some(match self {
            Proto::Icmp => 1,
            Proto::Icmp6 => 58,
            Proto::Tcp => 6,
            Proto::Udp => 17,
            Proto::Number(number) => number,
            Proto::Arp | Proto::Ip | Proto::Ip6 | Proto::Stp | Proto::Lldp | Proto::Named(_) => return None,
        })
    }

    fn matches(self, layers: &Layers) -> bool {
        let carries = |number| layers.ip().is_some_and(|ip| ip.protocol == number);
        let version = |version| layers.ip().is_some_and(|ip| ip.version == version);
        match self {
            Proto::Arp => matches!(layers.net, Net::Arp(_)),
            Proto::Stp => matches!(layers.net, Net::Stp(_)),
            Proto::Lldp => matches!(layers.net, Net::Lldp),
            Proto::Ip => version(4),
            Proto::Ip6 => version(6),
            Proto::Icmp => version(4) && carries(1),
            Proto::Icmp6 => version(6) && carries(58),
            Proto::Tcp => carries(6),
            Proto::Udp => carries(17),
            Proto::Number(number) => carries(number),
            Proto::Named(name) => layers.has(name),
        }
    }
}

impl std::fmt::Display for Proto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Proto::Named(name) => f.write_str(name),
            Proto::Number(n) => match super::packet::protocol_name(*n) {
                Some(name) => f.write_str(name),
                None => write!(f, "{n}"),
            },
            other => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

impl Filter {
    pub fn matches(&self, packet: &Packet) -> bool {
        let layers = &packet.layers;
        let address = |ok: &dyn Fn(IpAddr) -> bool, address: Option<IpAddr>| address.is_some_and(ok);
        let either = |ok: &dyn Fn(IpAddr) -> bool| address(ok, layers.src()) || address(ok, layers.dst());
        let within = |range: (u16, u16), port: u16| (range.0..=range.1).contains(&port);
        let ports = layers.ports();
        (self.protos.is_empty() || self.protos.iter().any(|p| p.matches(layers)))
            && (self.hosts.is_empty() || either(&|a| self.hosts.contains(&a)))
            && self.net.is_none_or(|net| either(&|a| net.contains(a)))
            && self.src.is_none_or(|net| address(&|a| net.contains(a), layers.src()))
            && self.dst.is_none_or(|net| address(&|a| net.contains(a), layers.dst()))
            && self.port.is_none_or(|r| ports.is_some_and(|(s, d)| within(r, s) || within(r, d)))
            && self.sport.is_none_or(|r| ports.is_some_and(|(s, _)| within(r, s)))
            && self.dport.is_none_or(|r| ports.is_some_and(|(_, d)| within(r, d)))
            && self.kind.as_deref().is_none_or(|kind| layers.is_kind(kind))
            && self.id.is_none_or(|id| echo_id(layers) == Some(id))
            && self.inward.is_none_or(|inward| packet.direction.is_in() == inward)
            && self.link.as_deref().is_none_or(|link| packet.link.name == link)
            && self.namespace.as_deref().is_none_or(|ns| &*packet.link.namespace == ns)
            && self.expression.as_ref().is_none_or(|expression| expression.matches(packet))
    }

    /// In the words of the options, for messages: `proto=icmp host=8.8.8.8`.
    pub fn shown(&self) -> String {
        let mut parts = Vec::new();
        let mut say = |name: &str, value: Option<String>| {
            parts.extend(value.map(|v| format!("{name}={v}")));
        };
        let range = |r: (u16, u16)| if r.0 == r.1 { r.0.to_string() } else { format!("{}-{}", r.0, r.1) };
        let protos: Vec<String> = self.protos.iter().map(Proto::to_string).collect();
        say("proto", (!protos.is_empty()).then(|| protos.join(",")));
        let hosts: Vec<String> = self.hosts.iter().map(IpAddr::to_string).collect();
        say("host", (!hosts.is_empty()).then(|| hosts.join(",")));
        say("net", self.net.map(|v| v.to_string()));
        say("src", self.src.map(|v| v.to_string()));
        say("dst", self.dst.map(|v| v.to_string()));
        say("port", self.port.map(range));
        say("sport", self.sport.map(range));
        say("dport", self.dport.map(range));
        say("type", self.kind.clone());
        say("id", self.id.map(|v| v.to_string()));
        say("direction", self.inward.map(|i| if i { "in" } else { "out" }.to_owned()));
        say("link", self.link.clone());
        say("namespace", self.namespace.clone());
        say("filter", self.expression.as_ref().map(|e| format!("{:?}", e.text())));
        parts.join(" ")
    }
}

fn echo_id(layers: &Layers) -> Option<u16> {
    use super::packet::Transport;
    match &layers.transport {
        Transport::Icmp(icmp) | Transport::Icmp6(icmp) => icmp.id,
        _ => None,
    }
}
