//! Where in a packet the headers are that an expression's words mean, and what those words stand for.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::super::filter::Proto;
use super::code::{Condition, ETH_ARP, ETH_IP, ETH_IP6, ETH_VLANS, HAS_TAG, PACKET_TYPE, Place, Test, Value};

const ETH_RARP: u32 = 0x8035;
const ETH_MPLS: u32 = 0x8847;
const IP6_FRAGMENT: u32 = 44;

/// Which end of a packet is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Direction {
    Source,
    Destination,
    Either,
    Both,
}

impl Direction {
    fn of(self, end: impl Fn(bool) -> Condition) -> Condition {
        match self {
            Direction::Source => end(true),
            Direction::Destination => end(false),
            Direction::Either => end(true).or(end(false)),
            Direction::Both => end(true).and(end(false)),
        }
    }
}

/// Where the network header is, behind the tags and labels that were named so far.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Headers {
    /// The outermost tag was named; its bytes don't count.
    tagged: bool,
    /// The bytes of further tags, and of labels.
    behind: u32,
    labelled: bool,
}

impl Headers {
    fn network(self, offset: u32, size: u32) -> Value {
        Value::at(Place::Network(self.behind), offset, size)
    }

    pub fn ethertype(self, number: u32) -> Condition {
        match (self.labelled, number) {
            // Behind the last label, which has a bit set, stands IP.
            (true, ETH_IP | ETH_IP6) => {
                let version = if number == ETH_IP { 0x40 } else { 0x60 };
                self.is_last_label().and(self.network(0, 1).masked(0xf0).is(version))
            }
            (true, _) => Condition::Always(false),
            (false, _) => self.ethertype_value().is(number),
        }
    }

    fn ethertype_value(self) -> Value {
        match self.behind {
            0 => Value::Ethertype,
            behind => Value::at(Place::Network(behind.wrapping_sub(2)), 0, 2),
        }
    }

    fn is_last_label(self) -> Condition {
        Value::at(Place::Network(self.behind.wrapping_sub(2)), 0, 1).masked(1).is(1)
    }

    pub fn vlan(&mut self, id: Option<u32>) -> Option<Condition> {
        if self.labelled {
            return None;
        }
        if !self.tagged {
            self.tagged = true;
            return Some(match id {
                Some(id) => Value::Tag.masked(HAS_TAG | 0xfff).is(HAS_TAG | id),
                None => Condition::Compare(Value::Tag, Test::AtLeast, Value::Number(HAS_TAG)),
            });
        }
        let there = self.ethertype_value().is_one_of(&ETH_VLANS);
        let tag = self.network(0, 2).masked(0xfff);
        self.behind += 4;
        Some(match id {
            Some(id) => there.and(tag.is(id)),
            None => there,
        })
    }

    pub fn mpls(&mut self, label: Option<u32>) -> Condition {
        let there = match self.labelled {
            false => self.ethertype(ETH_MPLS),
            true => self.is_last_label().negated(),
        };
        let word = self.network(0, 4).masked(0xffff_f000);
        (self.labelled, self.behind) = (true, self.behind + 4);
        match label {
            Some(label) => there.and(word.is(label << 12)),
            None => there,
        }
    }

    /// A protocol by its name alone.
    pub fn protocol(self, name: &str) -> Option<Condition> {
        if let Some(number) = ethertype(name) {
            return Some(self.ethertype(number));
        }
        Some(match Proto::from_name(name)? {
            Proto::Icmp => self.carried(1, Some("ip")),
            Proto::Icmp6 => self.carried(58, Some("ip6")),
            Proto::Stp => self.ieee802_3().and(self.network(0, 1).is(0x42)),
            Proto::Lldp => self.ethertype(0x88cc),
            other => self.carried(other.number()?, None),
        })
    }

    /// A frame with a length instead of an ethertype.
    pub fn ieee802_3(self) -> Condition {
        Condition::Compare(self.ethertype_value(), Test::Greater, Value::Number(1500)).negated()
    }

    /// IP that carries this protocol.
    pub fn carried(self, number: u8, version: Option<&str>) -> Condition {
        let number = u32::from(number);
        let four = self.ethertype(ETH_IP).and(self.network(9, 1).is(number));
        let fragment = self.network(6, 1).is(IP6_FRAGMENT).and(self.network(40, 1).is(number));
        let six = self.ethertype(ETH_IP6).and(self.network(6, 1).is(number).or(fragment));
        match version {
            Some("ip") => four,
            Some(_) => six,
            None => four.or(six),
        }
    }

    /// IPv4 that carries this protocol, and not a later fragment, which lacks its header.
    fn whole(self, number: u32) -> Condition {
        let carried = self.ethertype(ETH_IP).and(self.network(9, 1).is(number));
        carried.and(self.network(6, 2).masked(0x1fff).is(0))
    }

    pub fn port(self, (from, to): (u16, u16), protocol: Option<&str>, direction: Direction) -> Condition {
        let within = |value: Value| {
            let above = Condition::Compare(value.clone(), Test::Greater, Value::Number(to.into())).negated();
            match from == to {
                true => value.is(from.into()),
                false => Condition::Compare(value, Test::AtLeast, Value::Number(from.into())).and(above),
            }
        };
        let at = |source: bool| if source { 0 } else { 2 };
        let named = protocol.and_then(Proto::from_name).and_then(Proto::number).map(u32::from);
        let numbers = named.map_or(vec![6, 17, 132], |n| vec![n]);
        let four = self
            .ethertype(ETH_IP)
            .and(self.network(9, 1).is_one_of(&numbers))
            .and(self.network(6, 2).masked(0x1fff).is(0))
            .and(direction.of(|source| within(Value::at(Place::Transport(self.behind), at(source), 2))));
        let six = self
            .ethertype(ETH_IP6)
            .and(self.network(6, 1).is_one_of(&numbers))
            .and(direction.of(|source| within(self.network(40 + at(source), 2))));
        six.or(four)
    }

    /// From or to an address of a prefix, in IP and ARP; `None` if the protocol has no such addresses.
    pub fn net(self, net: IpNetwork, protocol: Option<&str>, direction: Direction) -> Option<Condition> {
        let (address, mask): (Vec<u8>, Vec<u8>) = match (net.ip(), net.mask()) {
            (IpAddr::V4(address), IpAddr::V4(mask)) => (address.octets().into(), mask.octets().into()),
            (IpAddr::V6(address), IpAddr::V6(mask)) => (address.octets().into(), mask.octets().into()),
            _ => return None,
        };
        let word = |bytes: &[u8]| bytes.iter().fold(0, |all, b| all << 8 | u32::from(*b));
        let at = |offset: u32| {
            let words =
                address.chunks(4).zip(mask.chunks(4)).enumerate().filter(|(_, (_, mask))| word(mask) != 0);
            let compare = |(i, (address, mask)): (usize, (&[u8], &[u8]))| {
                let value = self.network(offset + 4 * i as u32, 4);
                let value = if word(mask) == u32::MAX { value } else { value.masked(word(mask)) };
                value.is(word(address) & word(mask))
            };
            Condition::All(words.map(compare).collect())
        };
        let families: &[(&str, u32, [u32; 2])] = match net {
            IpNetwork::V4(_) => {
                &[("ip", ETH_IP, [12, 16]), ("arp", ETH_ARP, [14, 24]), ("rarp", ETH_RARP, [14, 24])]
            }
            IpNetwork::V6(_) => &[("ip6", ETH_IP6, [8, 24])],
        };
        let wanted = families.iter().filter(|(name, ..)| protocol.is_none_or(|p| p == *name));
        let of = |(_, number, [source, destination]): &(&str, u32, [u32; 2])| {
            let end = |is_source| at(if is_source { *source } else { *destination });
            self.ethertype(*number).and(direction.of(end))
        };
        let found: Vec<_> = wanted.map(of).collect();
        (!found.is_empty()).then_some(Condition::Any(found))
    }

    pub fn ether_host(self, mac: [u8; 6], direction: Direction) -> Condition {
        let [a, b, c, d, e, f] = mac;
        has_ethernet().and(direction.of(|source| {
            let at = if source { 6 } else { 0 };
            let first = Value::at(Place::Frame, at, 4).is(u32::from_be_bytes([a, b, c, d]));
            first.and(Value::at(Place::Frame, at + 4, 2).is(u16::from_be_bytes([e, f]).into()))
        }))
    }

    pub fn multicast(self, protocol: Option<&str>) -> Option<Condition> {
        Some(match protocol {
            None | Some("ether") => has_ethernet().and(Value::at(Place::Frame, 0, 1).masked(1).is(1)),
            Some("ip") => {
                let first = Condition::Compare(self.network(16, 1), Test::AtLeast, Value::Number(224));
                self.ethertype(ETH_IP).and(first)
            }
            Some("ip6") => self.ethertype(ETH_IP6).and(self.network(24, 1).is(0xff)),
            Some(_) => return None,
        })
    }

    /// Where the bytes of `tcp[0]` are, and what a packet must be to have them.
    pub fn bytes(self, name: &str) -> Option<(Place, Condition)> {
        let network = Place::Network(self.behind);
        if name == "ether" {
            return Some((Place::Frame, has_ethernet()));
        }
        if let Some(number) = ethertype(name) {
            return Some((network, self.ethertype(number)));
        }
        Some(match Proto::from_name(name)? {
            Proto::Icmp6 => {
                let six = self.ethertype(ETH_IP6).and(self.network(6, 1).is(58));
                (Place::Network(self.behind + 40), six)
            }
            other => (Place::Transport(self.behind), self.whole(other.number()?.into())),
        })
    }
}

fn has_ethernet() -> Condition {
    Condition::Compare(Value::Base, Test::Greater, Value::Number(4)).negated()
}

pub(super) fn outbound(out: bool) -> Condition {
    let sent = Value::Beside(PACKET_TYPE).is(libc::PACKET_OUTGOING.into());
    if out { sent } else { sent.negated() }
}

pub(super) fn ethertype(name: &str) -> Option<u32> {
    Some(match name {
        "ip" => ETH_IP,
        "ip6" => ETH_IP6,
        "arp" => ETH_ARP,
        "rarp" => ETH_RARP,
        _ => return None,
    })
}

/// Whether it is a protocol's name.
pub(super) fn is_name(word: &str) -> bool {
    names().any(|name| name == word)
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let named = |name: &&str| !matches!(Proto::from_name(name), Some(Proto::Named(_)));
    Proto::names().filter(named).chain(["rarp"])
}

/// A port's number, or the name of a service that everyone knows.
pub(super) fn port(word: &str) -> Option<u16> {
    const SERVICES: [(&str, u16); 14] = [
        ("ftp-data", 20),
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("domain", 53),
        ("bootps", 67),
        ("bootpc", 68),
        ("tftp", 69),
        ("http", 80),
        ("ntp", 123),
        ("snmp", 161),
        ("bgp", 179),
        ("https", 443),
    ];
    let known = SERVICES.iter().find(|(name, _)| *name == word).map(|(_, port)| *port);
    known.or_else(|| word.parse().ok())
}

pub(super) fn ports(word: &str) -> Option<(u16, u16)> {
    let (from, to) = word.split_once('-')?;
    let (from, to) = (port(from)?, port(to)?);
    // tcpdump takes them either way.
    Some((from.min(to), from.max(to)))
}

/// The names of offsets and values that pcap-filter(7) has.
pub(super) fn constant(word: &str) -> Option<u32> {
    Some(match word {
        "icmptype" | "icmp6type" => 0,
        "icmpcode" | "icmp6code" => 1,
        "tcpflags" => 13,
        "tcp-fin" => 1,
        "tcp-syn" => 2,
        "tcp-rst" => 4,
        "tcp-push" => 8,
        "tcp-ack" => 16,
        "tcp-urg" => 32,
        "tcp-ece" => 64,
        "tcp-cwr" => 128,
        "icmp-echoreply" => 0,
        "icmp-unreach" => 3,
        "icmp-sourcequench" => 4,
        "icmp-redirect" => 5,
        "icmp-echo" => 8,
        "icmp-routeradvert" => 9,
        "icmp-routersolicit" => 10,
        "icmp-timxceed" => 11,
        "icmp-paramprob" => 12,
        "icmp-tstamp" => 13,
        "icmp-tstampreply" => 14,
        "icmp-ireq" => 15,
        "icmp-ireqreply" => 16,
        "icmp-maskreq" => 17,
        "icmp-maskreply" => 18,
        "icmp6-destinationrunreach" | "icmp6-destinationunreach" => 1,
        "icmp6-packettoobig" => 2,
        "icmp6-timeexceeded" => 3,
        "icmp6-parameterproblem" => 4,
        "icmp6-echo" => 128,
        "icmp6-echoreply" => 129,
        "icmp6-multicastlistenerquery" => 130,
        "icmp6-multicastlistenerreportv1" => 131,
        "icmp6-multicastlistenerdone" => 132,
        "icmp6-routersolicit" => 133,
        "icmp6-routeradvert" => 134,
        "icmp6-neighborsolicit" => 135,
        "icmp6-neighboradvert" => 136,
        "icmp6-redirect" => 137,
        "icmp6-multicastlistenerreportv2" => 143,
        _ => return None,
    })
}
