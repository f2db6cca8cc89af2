//! What a rule matches, as words, to and from the expressions that the kernel runs; for NAT and filter rules alike.
//!
//! The expressions are those that nft makes of the same words, so that `nft list ruleset` shows a rule as one
//! writes it by hand.

use std::collections::HashMap;

use ipnetwork::IpNetwork;
use netlink_packet_netfilter::nftables::MetaKey;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::expr::{Base, Expr, Flags, INVERTED, Op, SetRef};
use super::words::{Family, Interface, Not, PortRange, Ports, Prefix, Protocol};

/// The data register that every match uses, one after the other.
const REGISTER: u32 = 1;
/// The length of an interface's name in a register, with its NUL.
const NAME: usize = 16;

/// The two ends of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Source,
    Dest,
}

/// One condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// `meta nfproto ipv4`
    Family(Family),
    /// `meta l4proto tcp`
    Protocol(Protocol),
    /// `iifname "eth0"`
    In(Not<Interface>),
    /// `oifname != "br0"`
    Out(Not<Interface>),
    /// `ip saddr 192.168.1.0/24`; [`Match::Family`] must come before.
    Address(End, Not<Prefix>),
    /// `tcp dport 80`; [`Match::Protocol`] must come before.
    Ports(End, Not<Ports>),
}

impl Match {
    /// Appends the expressions. Several ports need a set, which `set` provides.
    pub fn write(&self, out: &mut Vec<Expr>, set: &mut dyn FnMut(&Ports) -> SetRef) {
        match self {
            Match::Family(family) => {
                out.push(Expr::Meta { key: MetaKey::Nfproto, to: REGISTER });
                out.push(compare(false, vec![family.number()]));
            }
            Match::Protocol(protocol) => {
                out.push(Expr::Meta { key: MetaKey::L4Proto, to: REGISTER });
                out.push(compare(false, vec![protocol.0]));
            }
            Match::In(name) => write_interface(out, MetaKey::Iifname, name),
            Match::Out(name) => write_interface(out, MetaKey::Oifname, name),
            Match::Address(end, prefix) => write_address(out, *end, prefix),
            Match::Ports(end, ports) => {
                let offset = if *end == End::Source { 0 } else { 2 };
                out.push(Expr::Payload { base: Base::Transport, offset, length: 2, to: REGISTER });
                write_ports(out, ports, set);
            }
        }
    }
}

fn compare(negated: bool, data: Vec<u8>) -> Expr {
    Expr::Cmp { from: REGISTER, op: Op::equal(negated), data }
}

fn write_interface(out: &mut Vec<Expr>, key: MetaKey, name: &Not<Interface>) {
    let mut data = name.value.name.as_bytes().to_vec();
    // A shorter comparison is how the wildcard works.
    if !name.value.wildcard {
        data.resize(NAME, 0);
    }
    out.push(Expr::Meta { key, to: REGISTER });
    out.push(compare(name.negated, data));
}

/// Whole bytes are loaded and compared alone; else the bits behind the prefix are masked out.
fn write_address(out: &mut Vec<Expr>, end: End, prefix: &Not<Prefix>) {
    let net = prefix.value.0;
    let (bytes, source): (Vec<u8>, u32) = match net.ip() {
        IpAddr::V4(ip) => (ip.octets().to_vec(), 12),
        IpAddr::V6(ip) => (ip.octets().to_vec(), 8),
    };
    let offset = if end == End::Source { source } else { source + bytes.len() as u32 };
    let bits = usize::from(net.prefix());
    let whole = bits % 8 == 0 && bits > 0;
    let length = if whole { bits / 8 } else { bytes.len() };
    out.push(Expr::Payload { base: Base::Network, offset, length: length as u32, to: REGISTER });
    if !whole {
        let mask = mask(bits, bytes.len());
        out.push(Expr::Bitwise { from: REGISTER, to: REGISTER, xor: vec![0; mask.len()], mask });
    }
    out.push(compare(prefix.negated, bytes[..length].to_vec()));
}

fn mask(bits: usize, length: usize) -> Vec<u8> {
    (0..length).map(|i| !(0xff_u16 >> bits.saturating_sub(i * 8).min(8)) as u8).collect()
}

fn write_ports(out: &mut Vec<Expr>, ports: &Not<Ports>, set: &mut dyn FnMut(&Ports) -> SetRef) {
    let bytes = |port: u16| port.to_be_bytes().to_vec();
    match ports.value.single() {
        None => {
            let set = set(&ports.value);
            let flags = if ports.negated { INVERTED } else { Flags(0) };
            out.push(Expr::Lookup { set, from: REGISTER, to: None, flags });
        }
        Some(PortRange { low, high }) if low == high => out.push(compare(ports.negated, bytes(low))),
        Some(PortRange { low, high }) if ports.negated => {
            out.push(Expr::Range { from: REGISTER, op: Op::Ne, low: bytes(low), high: bytes(high) });
        }
        Some(PortRange { low, high }) => {
            out.push(Expr::Cmp { from: REGISTER, op: Op::Ge, data: bytes(low) });
            out.push(Expr::Cmp { from: REGISTER, op: Op::Le, data: bytes(high) });
        }
    }
}

/// What a register holds while a rule is read.
#[derive(Clone, Debug)]
enum Value {
    Meta(MetaKey),
    Payload { base: Base, offset: u32, length: u32, mask: Option<Vec<u8>> },
    Constant(Vec<u8>),
}

/// Reads a rule's expressions one by one, and finds the words behind them again.
pub struct Reader<'a> {
    registers: HashMap<u32, Value>,
    family: Option<Family>,
    /// The lower end of a range of ports whose upper end comes with the next comparison.
    low: Option<(u32, u16)>,
    sets: &'a dyn Fn(&str) -> Option<Ports>,
    pub matches: Vec<Match>,
}

impl<'a> Reader<'a> {
    /// `sets` finds the ports in a set by its name.
    pub fn new(sets: &'a dyn Fn(&str) -> Option<Ports>) -> Self {
        Reader { registers: HashMap::new(), family: None, low: None, sets, matches: Vec::new() }
    }

    /// The constant that a register holds.
    pub fn constant(&self, register: u32) -> Option<&[u8]> {
        match self.registers.get(&register)? {
            Value::Constant(data) => Some(data),
            _ => None,
        }
    }

    /// Whether all that was begun has been finished.
    pub fn complete(&self) -> bool {
        self.low.is_none()
    }

    /// Takes the next expression; `None` if it is none that we have words for.
    pub fn read(&mut self, expr: &Expr) -> Option<()> {
        match expr {
            Expr::Meta { key, to } => {
                self.registers.insert(*to, Value::Meta(*key));
            }
            Expr::Payload { base, offset, length, to } => {
                let loaded = Value::Payload { base: *base, offset: *offset, length: *length, mask: None };
                self.registers.insert(*to, loaded);
            }
            Expr::Immediate { to, data } => {
                self.registers.insert(*to, Value::Constant(data.clone()));
            }
            Expr::Bitwise { from, to, mask, xor } => {
                let Value::Payload { base, offset, length, mask: None } = self.registers.get(from)?.clone()
                else {
                    return None;
                };
                xor.iter().all(|b| *b == 0).then_some(())?;
                let loaded = Value::Payload { base, offset, length, mask: Some(mask.clone()) };
                self.registers.insert(*to, loaded);
            }
            Expr::Cmp { from, op, data } => self.compare(*from, *op, data)?,
            Expr::Range { from, op, low, high } => {
                let negated = negated(*op)?;
                let end = self.ports_in(*from)?;
                let range = PortRange { low: port(low)?, high: port(high)? };
                let value = Ports::new(vec![range]).ok()?;
                self.matches.push(Match::Ports(end, Not { negated, value }));
            }
            Expr::Lookup { set, from, to: None, flags } => {
                let end = self.ports_in(*from)?;
                let value = (self.sets)(&set.name)?;
                self.matches.push(Match::Ports(end, Not { negated: *flags == INVERTED, value }));
            }
            _ => return None,
        }
        Some(())
    }

    fn compare(&mut self, from: u32, op: Op, data: &[u8]) -> Option<()> {
        if let Some((register, low)) = self.low.take() {
            let end = self.ports_in(from).filter(|_| register == from && op == Op::Le)?;
            let value = Ports::new(vec![PortRange { low, high: port(data)? }]).ok()?;
            self.matches.push(Match::Ports(end, Not { negated: false, value }));
            return Some(());
        }
        if op == Op::Ge {
            self.ports_in(from)?;
            self.low = Some((from, port(data)?));
            return Some(());
        }
        let negated = negated(op)?;
        let found = match self.registers.get(&from)?.clone() {
            Value::Meta(MetaKey::Nfproto) if !negated => {
                let family = Family::from_number(*data.first()?)?;
                self.family = Some(family);
                Match::Family(family)
            }
            Value::Meta(MetaKey::L4Proto) if !negated => Match::Protocol(Protocol(*data.first()?)),
            Value::Meta(MetaKey::Iifname) => Match::In(Not { negated, value: interface(data)? }),
            Value::Meta(MetaKey::Oifname) => Match::Out(Not { negated, value: interface(data)? }),
            Value::Payload { base: Base::Network, offset, length, mask } => {
                let (end, prefix) = self.address(offset, length, mask.as_deref(), data)?;
                Match::Address(end, Not { negated, value: prefix })
            }
            Value::Payload { base: Base::Transport, .. } => {
                let end = self.ports_in(from)?;
                Match::Ports(end, Not { negated, value: Ports::one(port(data)?) })
            }
            _ => return None,
        };
        self.matches.push(found);
        Some(())
    }

    /// Whose ports the register holds.
    fn ports_in(&self, register: u32) -> Option<End> {
        match self.registers.get(&register)? {
            Value::Payload { base: Base::Transport, offset: 0, length: 2, mask: None } => Some(End::Source),
            Value::Payload { base: Base::Transport, offset: 2, length: 2, mask: None } => Some(End::Dest),
            _ => None,
        }
    }

    fn address(&self, offset: u32, length: u32, mask: Option<&[u8]>, data: &[u8]) -> Option<(End, Prefix)> {
        let (full, source) = match self.family? {
            Family::Inet => (4, 12),
            Family::Inet6 => (16, 8),
        };
        let end = match offset.checked_sub(source)? {
            0 => End::Source,
            n if n == full => End::Dest,
            _ => return None,
        };
        if length > full || data.len() != length as usize {
            return None;
        }
        let bits = match mask {
            None => length as usize * 8,
            Some(bytes) if length == full => prefix_length(bytes)?,
            Some(_) => return None,
        };
        let mut bytes = [0; 16];
        bytes[..data.len()].copy_from_slice(data);
        let ip = match self.family? {
            Family::Inet => IpAddr::V4(Ipv4Addr::from([bytes[0], bytes[1], bytes[2], bytes[3]])),
            Family::Inet6 => IpAddr::V6(Ipv6Addr::from(bytes)),
        };
        Some((end, Prefix(IpNetwork::new(ip, bits as u8).ok()?)))
    }
}

fn negated(op: Op) -> Option<bool> {
    match op {
        Op::Eq => Some(false),
        Op::Ne => Some(true),
        _ => None,
    }
}

fn port(data: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(data.try_into().ok()?))
}

/// The bits that are set from the front, if no others are.
fn prefix_length(bytes: &[u8]) -> Option<usize> {
    let bits = bytes.iter().map(|b| b.leading_ones() as usize).take_while(|n| *n > 0).sum();
    (mask(bits, bytes.len()) == bytes).then_some(bits)
}

fn interface(data: &[u8]) -> Option<Interface> {
    let (name, wildcard) = match data.iter().position(|b| *b == 0) {
        Some(end) => (&data[..end], false),
        None => (data, true),
    };
    Some(Interface { name: String::from_utf8(name.to_vec()).ok().filter(|n| !n.is_empty())?, wildcard })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::test::Random;

    fn round_trip(matches: &[Match]) -> Vec<Match> {
        let mut made: Vec<Ports> = Vec::new();
        let mut exprs = Vec::new();
        for m in matches {
            m.write(&mut exprs, &mut |ports| {
                made.push(ports.clone());
                SetRef { name: (made.len() - 1).to_string(), id: None }
            });
        }
        let sets = |name: &str| made.get(name.parse::<usize>().unwrap()).cloned();
        let mut reader = Reader::new(&sets);
        for expr in &exprs {
            reader.read(expr).unwrap_or_else(|| panic!("{expr:?} of {matches:?}"));
        }
        assert!(reader.complete());
        reader.matches
    }

    #[test]
    fn every_prefix_length_comes_back() {
        for negated in [false, true] {
            for end in [End::Source, End::Dest] {
                for (family, ip, full) in [
                    (Family::Inet, "255.255.255.255", 32),
                    (Family::Inet6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128),
                ] {
                    for bits in 0..=full {
                        let all: IpNetwork = format!("{ip}/{bits}").parse().unwrap();
                        let value = Prefix(IpNetwork::new(all.network(), bits).unwrap());
                        let matches = [Match::Family(family), Match::Address(end, Not { negated, value })];
                        assert_eq!(round_trip(&matches), matches);
                    }
                }
            }
        }
    }

    #[test]
    fn words_come_back_from_expressions() {
        for text in ["80", "!80", "0-65535", "!8000-8010", "22,80", "!22,80-90"] {
            for end in [End::Source, End::Dest] {
                let ports = Match::Ports(end, Not::parse(text).unwrap());
                let matches = [Match::Protocol(Protocol::TCP), ports];
                assert_eq!(round_trip(&matches), matches);
            }
        }
        for text in ["lo", "!br0", "veth*", "!a-name-of-15-by", "fourteen-bytes*"] {
            let name = Not::parse(text).unwrap();
            let matches = [Match::In(name.clone()), Match::Out(name)];
            assert_eq!(round_trip(&matches), matches);
        }
    }

    #[test]
    fn any_expressions_are_read_without_a_panic() {
        let mut random = Random::new(3);
        let sets = |_: &str| None;
        for _ in 0..3000 {
            let mut reader = Reader::new(&sets);
            for _ in 0..6 {
                let length = random.below(20) as usize;
                let data = random.bytes(length);
                let (a, b) = (random.below(3), random.below(20));
                let expr = match random.below(7) {
                    0 => Expr::Meta { key: MetaKey::from(b), to: a },
                    1 => Expr::Payload {
                        base: [Base::Network, Base::Transport][a as usize % 2],
                        offset: b,
                        length: a * 2,
                        to: a,
                    },
                    2 => Expr::Bitwise { from: a, to: a, xor: vec![0; data.len()], mask: data },
                    3 => Expr::Range { from: a, op: Op::Eq, low: data.clone(), high: data },
                    4 => Expr::Immediate { to: a, data },
                    5 => Expr::Lookup {
                        set: SetRef { name: String::new(), id: None },
                        from: a,
                        to: None,
                        flags: Flags(0),
                    },
                    _ => Expr::Cmp { from: a, op: [Op::Eq, Op::Ge, Op::Le][b as usize % 3], data },
                };
                reader.read(&expr);
            }
        }
    }
}
