//! What applications say, as far as labs need it: names, leases, routes.

mod bgp;
mod dhcp;
mod dns;
mod ospf;

use std::fmt::{self, Display, Formatter};

pub use bgp::Bgp;
pub use dhcp::Dhcp;
pub use dns::{Dns, Question, ResourceRecord, type_name as dns_type};
pub use ospf::Ospf;

/// A message that was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum App {
    Dns(Dns),
    Dhcp(Dhcp),
    /// The type of a message of DHCPv6.
    Dhcp6(u8),
    Ospf(Ospf),
    /// Those that one segment has.
    Bgp(Vec<Bgp>),
}

impl App {
    /// Of a datagram of UDP between these ports, whose payload has this length, if it weren't cut.
    pub(super) fn datagram(sport: u16, dport: u16, bytes: &[u8], length: usize) -> Option<App> {
        let either = |ports: &[u16]| ports.contains(&sport) || ports.contains(&dport);
        match () {
            () if either(&[53, 5353]) => {
                dns::decode(bytes, length, sport == 5353 || dport == 5353).map(App::Dns)
            }
            () if either(&[67, 68]) => dhcp::decode(bytes, length).map(App::Dhcp),
            () if either(&[546, 547]) => {
                bytes.first().copied().filter(|t| dhcp::name6(*t).is_some()).map(App::Dhcp6)
            }
            () => None,
        }
    }

    /// Of a segment of TCP.
    pub(super) fn stream(sport: u16, dport: u16, bytes: &[u8]) -> Option<App> {
        let messages = if sport == 179 || dport == 179 { bgp::decode(bytes) } else { Vec::new() };
        (!messages.is_empty()).then_some(App::Bgp(messages))
    }

    /// Of a packet of IP's protocol 89.
    pub(super) fn ospf(bytes: &[u8]) -> Option<App> {
        ospf::decode(bytes).map(App::Ospf)
    }

    pub fn name(&self) -> &'static str {
        match self {
            App::Dns(_) => "dns",
            App::Dhcp(_) => "dhcp",
            App::Dhcp6(_) => "dhcp6",
            App::Ospf(_) => "ospf",
            App::Bgp(_) => "bgp",
        }
    }

    /// What kinds of messages it has.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let (one, several): (_, &[Bgp]) = match self {
            App::Dns(dns) => (Some(if dns.response { "response" } else { "query" }), &[]),
            App::Dhcp(dhcp) => (dhcp.kind(), &[]),
            App::Dhcp6(kind) => (dhcp::name6(*kind), &[]),
            App::Ospf(ospf) => (Some(ospf.kind()), &[]),
            App::Bgp(messages) => (None, messages),
        };
        one.into_iter().chain(several.iter().map(Bgp::kind))
    }
}

/// All kinds of messages that have names.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    let six = (0..=255).filter_map(dhcp::name6);
    ["query", "response"].into_iter().chain(dhcp::KINDS).chain(six).chain(ospf::KINDS).chain(bgp::KINDS)
}

impl Display for App {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            App::Dns(dns) => dns.fmt(f),
            App::Dhcp(dhcp) => dhcp.fmt(f),
            App::Dhcp6(kind) => write!(f, "dhcp6 {}", dhcp::name6(*kind).unwrap_or("?")),
            App::Ospf(ospf) => ospf.fmt(f),
            App::Bgp(messages) => {
                f.write_str("BGP")?;
                messages.iter().try_for_each(|message| write!(f, ", {message}"))
            }
        }
    }
}
