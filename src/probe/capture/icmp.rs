//! ICMP and ICMPv6 messages.

use super::decode::{ip4_at, ip6_at, mac_at, u16_at, u32_at};
use super::packet::{Icmp, Inner};

/// The number of the type with this name.
pub fn number(name: &str, six: bool) -> Option<u8> {
    let names = if six { name6 } else { name4 };
    (0..=255).find(|kind| name != "other" && names(*kind) == name)
}

/// The names of ICMP types: <https://www.iana.org/assignments/icmp-parameters>, as tcpdump words them.
pub fn name4(kind: u8) -> &'static str {
    match kind {
        0 => "echo reply",
        3 => "destination unreachable",
        4 => "source quench",
        5 => "redirect",
        8 => "echo request",
        9 => "router advertisement",
        10 => "router solicitation",
        11 => "time exceeded",
        12 => "parameter problem",
        13 => "time stamp query",
        14 => "time stamp reply",
        17 => "address mask request",
        18 => "address mask reply",
        _ => "other",
    }
}

/// The names of ICMPv6 types: <https://www.iana.org/assignments/icmpv6-parameters>, as tcpdump words them.
pub fn name6(kind: u8) -> &'static str {
    match kind {
        1 => "destination unreachable",
        2 => "packet too big",
        3 => "time exceeded",
        4 => "parameter problem",
        128 => "echo request",
        129 => "echo reply",
        130 => "multicast listener query",
        131 => "multicast listener report",
        132 => "multicast listener done",
        133 => "router solicitation",
        134 => "router advertisement",
        135 => "neighbor solicitation",
        136 => "neighbor advertisement",
        137 => "redirect",
        143 => "multicast listener report v2",
        _ => "other",
    }
}

/// RFC 792.
pub(super) fn decode4(b: &[u8]) -> Option<Icmp> {
    let mut icmp = Icmp { kind: *b.first()?, code: *b.get(1)?, ..Icmp::default() };
    match icmp.kind {
        0 | 8 | 13 | 14 | 17 | 18 => {
            icmp.id = u16_at(b, 4);
            icmp.seq = u16_at(b, 6);
        }
        3 => {
            // RFC 1191.
            icmp.mtu = if icmp.code == 4 { u16_at(b, 6).map(u32::from) } else { None };
            icmp.inner = inner4(b);
        }
        4 | 11 => icmp.inner = inner4(b),
        5 => {
            icmp.gateway = ip4_at(b, 4);
            icmp.inner = inner4(b);
        }
        12 => {
            icmp.pointer = b.get(4).map(|n| u32::from(*n));
            icmp.inner = inner4(b);
        }
        _ => {}
    }
    Some(icmp)
}

/// RFC 4443, RFC 4861, RFC 2710, RFC 3810.
pub(super) fn decode6(b: &[u8]) -> Option<Icmp> {
    let mut icmp = Icmp { kind: *b.first()?, code: *b.get(1)?, ..Icmp::default() };
    match icmp.kind {
        1 | 3 => icmp.inner = inner6(b),
        2 => {
            icmp.mtu = u32_at(b, 4);
            icmp.inner = inner6(b);
        }
        4 => {
            icmp.pointer = u32_at(b, 4);
            icmp.inner = inner6(b);
        }
        128 | 129 => {
            icmp.id = u16_at(b, 4);
            icmp.seq = u16_at(b, 6);
        }
        130..=132 => icmp.target = ip6_at(b, 8),
        133 => icmp.mac = option_mac(b, 8),
        134 => {
            icmp.mac = option_mac(b, 16);
            icmp.lifetime = u16_at(b, 6);
            router_options(b, &mut icmp);
        }
        135 | 136 => {
            icmp.target = ip6_at(b, 8);
            icmp.mac = option_mac(b, 24);
        }
        137 => {
            icmp.gateway = ip6_at(b, 8).map(Into::into);
            icmp.target = ip6_at(b, 24);
            icmp.mac = option_mac(b, 40);
        }
        143 => icmp.groups = u16_at(b, 6),
        _ => {}
    }
    Some(icmp)
}

/// The prefixes and the MTU that a router tells.
fn router_options(b: &[u8], icmp: &mut Icmp) -> Option<()> {
    let mut at = 16;
    loop {
        let (kind, units) = (*b.get(at)?, usize::from(*b.get(at + 1)?));
        match (kind, units) {
            (_, 0) => return None,
            (3, 4) => icmp.prefixes.push(format!("{}/{}", ip6_at(b, at + 16)?, b.get(at + 2)?)),
            (5, 1) => icmp.mtu = u32_at(b, at + 4),
            _ => {}
        }
        at += units * 8;
    }
}

/// The source's or target's link-layer address among the neighbour discovery options from `at` on.
fn option_mac(b: &[u8], mut at: usize) -> Option<super::packet::Mac> {
    loop {
        let (kind, units) = (*b.get(at)?, *b.get(at + 1)?);
        match (kind, units) {
            (_, 0) => return None,
            (1 | 2, 1) => return mac_at(b, at + 2),
            _ => at += usize::from(units) * 8,
        }
    }
}

fn inner4(b: &[u8]) -> Option<Box<Inner>> {
    let b = b.get(8..)?;
    let header = usize::from(b.first()? & 0xf) * 4;
    let first = u16_at(b, 6)? & 0x1fff == 0;
    Some(Box::new(inner(*b.get(9)?, ip4_at(b, 12)?, ip4_at(b, 16)?, b.get(header..).filter(|_| first))))
}

fn inner6(b: &[u8]) -> Option<Box<Inner>> {
    let b = b.get(8..)?;
    let (mut protocol, mut at) = (*b.get(6)?, 40);
    // The headers that hosts put before the transport.
    while matches!(protocol, 0 | 43 | 60 | 44) {
        let (Some(next), Some(units)) = (b.get(at), b.get(at + 1)) else { break };
        at += if protocol == 44 { 8 } else { (usize::from(*units) + 1) * 8 };
        protocol = *next;
    }
    Some(Box::new(inner(protocol, ip6_at(b, 8)?.into(), ip6_at(b, 24)?.into(), b.get(at..))))
}

fn inner(protocol: u8, src: std::net::IpAddr, dst: std::net::IpAddr, transport: Option<&[u8]>) -> Inner {
    let ports = transport.filter(|_| matches!(protocol, 6 | 17 | 132 | 136));
    Inner {
        src,
        dst,
        protocol,
        sport: ports.and_then(|b| u16_at(b, 0)),
        dport: ports.and_then(|b| u16_at(b, 2)),
    }
}
