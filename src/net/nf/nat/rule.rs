//! NAT rules to and from expressions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::spec::{Kind, NatSpec};
use super::target::{Mapped, Target};
use crate::net::nf::ask::Ask;
use crate::net::nf::elements::{Elements, KeyType};
use crate::net::nf::expr::{Expr, Flags, NatType, Registers, SetRef};
use crate::net::nf::matching::{Compared, Match, Reader, Sets, Subject};
use crate::net::nf::message::{Hook, Rule};
use crate::net::nf::words::{Family, Not, PortRange, Protocol};
use crate::net::prefix::octets;

// `NF_NAT_RANGE_*` of linux/netfilter/nf_nat.h. The kernel itself sets the first.
const MAP_IPS: u32 = 1;
const PROTO_SPECIFIED: u32 = 2;
const PROTO_RANDOM: u32 = 4;
const PERSISTENT: u32 = 8;
const PROTO_RANDOM_FULLY: u32 = 16;

/// A NAT rule as the kernel holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct NatRule {
    pub kind: Kind,
    /// Chain and handle of each of its rules in the kernel: two with `host`, else one.
    pub handles: Vec<(String, u64)>,
    pub hooks: Vec<Hook>,
    /// What it matches and does, decoded from the kernel's expressions.
    pub spec: NatSpec,
    /// Packets and bytes that it saw: of each connection the first packet alone.
    pub packets: u64,
    pub bytes: u64,
    /// The names of its expressions, for a rule of the kind `other`.
    pub expressions: Vec<String>,
}

/// The expressions of a rule. `set` makes the set for several ports.
pub(super) fn write(
    kind: Kind,
    spec: &NatSpec,
    set: &mut dyn FnMut(KeyType, &Elements) -> SetRef,
) -> Vec<Expr> {
    let mut out = Vec::new();
    for m in matches(kind, spec) {
        m.write(&mut out, set);
    }
    out.push(Expr::Counter { packets: 0, bytes: 0 });
    let family = spec.family.unwrap_or(Family::Inet);
    let map = spec.to.as_ref().and_then(|to| to.map.as_ref());
    if let Some(Mapped { ask, .. }) = map {
        let subject = ask.subject(family);
        let set = SetRef { name: ask.map.clone(), id: None };
        out.push(subject.load(subject.key().length()));
        out.push(Expr::Lookup { set, from: 1, to: Some(1), flags: Flags(0) });
    }
    // The target goes into registers, one after the other.
    let mut next = 0;
    let mut load = |data: Vec<u8>| {
        next += 1;
        out.push(Expr::Immediate { to: next, data });
        next
    };
    let mut addresses = Registers::default();
    if let Some((low, high)) = spec.to.as_ref().and_then(|to| to.addresses) {
        addresses.min = Some(load(octets(low)));
        addresses.max = (high != low).then(|| load(octets(high)));
    }
    let mut ports = Registers::default();
    if let Some(PortRange { low, high }) = spec.to.as_ref().and_then(|to| to.ports) {
        ports.min = Some(load(low.to_be_bytes().to_vec()));
        ports.max = (high != low).then(|| load(high.to_be_bytes().to_vec()));
    }
    if let Some(Mapped { address, port, .. }) = map {
        // NFT_REG_1 holds the registers of one word from NFT_REG32_00 on: the port is behind the address.
        const REG32_00: u32 = 8;
        let words = if family == Family::Inet { 1 } else { 4 };
        addresses.min = address.then_some(1);
        ports.min = port.then_some(if *address { REG32_00 + words } else { 1 });
    }
    let mut flags = if ports.min.is_some() { PROTO_SPECIFIED } else { 0 };
    for (on, flag) in
        [(spec.random, PROTO_RANDOM), (spec.persistent, PERSISTENT), (spec.fully_random, PROTO_RANDOM_FULLY)]
    {
        flags |= if on == Some(true) { flag } else { 0 };
    }
    let flags = Flags(flags);
    let family = u32::from(family.number());
    out.extend(match kind {
        Kind::Masquerade => Some(Expr::Masquerade { ports, flags }),
        Kind::Redirect => Some(Expr::Redirect { ports, flags }),
        Kind::Snat | Kind::Dnat => {
            let what = if kind == Kind::Dnat { NatType::Dest } else { NatType::Source };
            Some(Expr::Nat { what, family, addresses, ports, flags })
        }
        Kind::Other => None,
    });
    out
}

/// The conditions, in the order in which one writes them for nft.
fn matches(kind: Kind, spec: &NatSpec) -> Vec<Match> {
    let mut out = Vec::new();
    let mut push = |m: Option<Match>| out.extend(m);
    push(spec.input.as_ref().map(|name| Match::of(Subject::In, name)));
    push(spec.output.as_ref().map(|name| Match::of(Subject::Out, name)));
    // An address is looked for at its family's place; snat and dnat to an address tell the family themselves.
    let map = spec.to.as_ref().and_then(|to| to.map.as_ref());
    let asked = map.is_some_and(|map| matches!(map.ask.option, "source" | "dest"));
    let by_address = spec.source.is_some() || spec.dest.is_some() || asked;
    let by_target = matches!(kind, Kind::Snat | Kind::Dnat);
    push(spec.family.filter(|_| by_address || !by_target).map(Match::family));
    push(spec.source.as_ref().map(|p| Match::of(Subject::Source(p.value.family()), p)));
    push(spec.dest.as_ref().map(|p| Match::of(Subject::Dest(p.value.family()), p)));
    push(spec.proto.map(|proto| Match::of(Subject::Protocol, &Not::only(proto))));
    push(spec.sport.as_ref().map(|p| Match::of(Subject::Sport, p)));
    push(spec.dport.as_ref().map(|p| Match::of(Subject::Dport, p)));
    out
}

impl NatRule {
    /// The handle of the first of its rules.
    pub fn handle(&self) -> u64 {
        self.handles.first().map_or(0, |(_, handle)| *handle)
    }

    /// Reads a rule of the kernel; whatever has no words is of the kind `other`.
    pub(super) fn read(rule: &Rule, hook: Hook, sets: Sets<'_>) -> Self {
        let mut out = NatRule {
            kind: Kind::Other,
            handles: vec![(rule.chain.clone(), rule.handle)],
            hooks: vec![hook],
            spec: NatSpec::default(),
            packets: 0,
            bytes: 0,
            expressions: Vec::new(),
        };
        for expr in &rule.exprs {
            if let Expr::Counter { packets, bytes } = expr {
                (out.packets, out.bytes) = (*packets, *bytes);
            }
        }
        match understand(&rule.exprs, sets) {
            Some((kind, spec)) => (out.kind, out.spec) = (kind, spec),
            None => out.expressions = rule.exprs.iter().map(|e| e.name().to_owned()).collect(),
        }
        out.spec.settle();
        out.spec.comment = rule.userdata.comment.clone();
        out
    }

    /// Whether the other does the same on another hook.
    pub(super) fn same(&self, other: &NatRule) -> bool {
        self.kind == other.kind && self.spec == other.spec && !self.hooks.contains(&other.hooks[0])
    }

    /// Takes the other half of a rule made with `host` in.
    pub(super) fn join(&mut self, mut other: NatRule) {
        self.handles.append(&mut other.handles);
        self.hooks.append(&mut other.hooks);
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.spec.host = Some(true);
    }
}

/// The words of a rule: conditions, counters anywhere, and one action at the end.
fn understand(exprs: &[Expr], sets: Sets<'_>) -> Option<(Kind, NatSpec)> {
    let mut reader = Reader::new(None, sets);
    let (last, conditions) = exprs.split_last()?;
    for expr in conditions.iter().filter(|e| !matches!(e, Expr::Counter { .. })) {
        reader.read(expr)?;
    }
    if !reader.complete() {
        return None;
    }
    let mut spec = NatSpec::default();
    for m in &reader.matches {
        take(&mut spec, m)?;
    }
    let (kind, ports, flags) = match last {
        Expr::Masquerade { ports, flags } => (Kind::Masquerade, ports, flags),
        Expr::Redirect { ports, flags } => (Kind::Redirect, ports, flags),
        Expr::Nat { what: NatType::Source, ports, flags, .. } => (Kind::Snat, ports, flags),
        Expr::Nat { what: NatType::Dest, ports, flags, .. } => (Kind::Dnat, ports, flags),
        _ => return None,
    };
    let (mut addresses, mut map) = (None, None);
    let asked = |register: Option<u32>| reader.mapped(register?);
    if let Expr::Nat { family, addresses: Registers { min: Some(min), max }, .. } = last {
        let family = Family::from_number(u8::try_from(*family).ok()?)?;
        if let Some((subject, name)) = asked(Some(*min)) {
            map = Some(Mapped { ask: Ask::of(subject, name)?, address: true, port: ports.min.is_some() });
        } else {
            let low = address(family, reader.constant(*min)?)?;
            let high = match max {
                Some(max) => address(family, reader.constant(*max)?)?,
                None => low,
            };
            addresses = Some((low, high));
        }
        if spec.family.replace(family).is_some_and(|matched| matched != family) {
            return None;
        }
    } else if let Some((subject, name)) = asked(ports.min) {
        map = Some(Mapped { ask: Ask::of(subject, name)?, address: false, port: true });
    }
    let port =
        |register: u32| Some(u16::from_be_bytes(reader.constant(register)?.get(..2)?.try_into().ok()?));
    let ports = match ports {
        Registers { min: None, .. } => None,
        _ if map.is_some() => None,
        Registers { min: Some(min), max } => {
            let low = port(*min)?;
            Some(PortRange { low, high: max.map_or(Some(low), port)? })
        }
    };
    if addresses.is_some() || ports.is_some() || map.is_some() {
        spec.to = Some(Target { addresses, ports, map });
    }
    // Prefixes (NETMAP) and port offsets have no words.
    let flags = flags.0;
    if flags & !(MAP_IPS | PROTO_SPECIFIED | PROTO_RANDOM | PERSISTENT | PROTO_RANDOM_FULLY) != 0 {
        return None;
    }
    spec.random = Some(flags & PROTO_RANDOM != 0);
    spec.persistent = Some(flags & PERSISTENT != 0);
    spec.fully_random = Some(flags & PROTO_RANDOM_FULLY != 0);
    Some((kind, spec))
}

/// Puts a condition into its field; `None` if there is one already.
fn take(spec: &mut NatSpec, m: &Match) -> Option<()> {
    fn put<T>(slot: &mut Option<T>, value: T) -> Option<()> {
        slot.replace(value).is_none().then_some(())
    }
    fn only<T: Compared>(m: &Match) -> Option<T> {
        m.value::<T>().filter(|value| !value.negated).map(|value| value.value)
    }
    match m.subject {
        Subject::Family => {
            let family = Family::from_number(*m.bytes().filter(|_| !m.negated)?.first()?)?;
            match spec.family {
                Some(there) if there == family => Some(()),
                _ => put(&mut spec.family, family),
            }
        }
        Subject::Protocol => {
            let proto = only::<Protocol>(m)?;
            match spec.proto {
                Some(there) if there == proto => Some(()),
                _ => put(&mut spec.proto, proto),
            }
        }
        Subject::In => put(&mut spec.input, m.value()?),
        Subject::Out => put(&mut spec.output, m.value()?),
        Subject::Source(_) => put(&mut spec.source, m.value()?),
        Subject::Dest(_) => put(&mut spec.dest, m.value()?),
        Subject::Sport => put(&mut spec.sport, m.value()?),
        Subject::Dport => put(&mut spec.dport, m.value()?),
        _ => None,
    }
}

fn address(family: Family, data: &[u8]) -> Option<IpAddr> {
    match family {
        Family::Inet => Some(IpAddr::V4(Ipv4Addr::from(*data.first_chunk::<4>()?))),
        Family::Inet6 => Some(IpAddr::V6(Ipv6Addr::from(*data.first_chunk::<16>()?))),
    }
}
