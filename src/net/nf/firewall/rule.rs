//! Rules to and from expressions.

use std::fmt;

use netlink_packet_netfilter::nftables::MetaKey;

use super::fields::{Action, LogLevel, LogPrefix, MarkBits, NewMark, Rate, Reason, States, Told};
use super::spec::RuleSpec;
use crate::model::Between;
use crate::net::nf::ask::Ask;
use crate::net::nf::elements::{Elements, KeyType};
use crate::net::nf::expr::{Expr, Flags, INVERTED, SetRef, VERDICT_REGISTER};
use crate::net::nf::matching::{CT_MARK, CT_ZONE, Compared, Match, Reader, Sets, Subject, Test};
use crate::net::nf::message::Rule;
use crate::net::nf::text::{self, Printer};
use crate::net::nf::words::{Family, Matched, Not};

/// A rule as the kernel holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct FirewallRule {
    /// Of the family of its table, NFPROTO_*.
    pub family: u8,
    pub table: String,
    pub handle: u64,
    /// What it matches and does, decoded from the kernel's expressions; of one that has no words here, the chain and the
    /// comment.
    pub spec: RuleSpec,
    /// What it counted, if it counts.
    pub packets: Option<u64>,
    pub bytes: Option<u64>,
    /// As nft lists it, without its handle.
    pub text: String,
    /// The same without what was counted, as it is given to `nft add rule`.
    pub added: String,
}

/// The expressions of a rule that [`RuleSpec::check`] let through. `set` makes the set for several values.
pub(super) fn write(spec: &RuleSpec, set: &mut dyn FnMut(KeyType, &Elements) -> SetRef) -> Vec<Expr> {
    let mut out = Vec::new();
    for m in matches(spec) {
        m.write(&mut out, set);
    }
    out.extend(spec.limit.map(|rate| Expr::Limit {
        rate: rate.rate,
        unit: rate.unit,
        burst: spec.burst.map_or(0, |burst| burst.0),
        kind: u32::from(rate.bytes),
        flags: if rate.over { INVERTED } else { Flags(0) },
    }));
    out.extend((spec.counter != Some(false)).then_some(Expr::Counter { packets: 0, bytes: 0 }));
    out.extend(spec.log.as_ref().map(|LogPrefix(prefix)| Expr::Log {
        group: spec.log_group.map(|group| group.0 as u16),
        prefix: Some(prefix.clone()).filter(|prefix| !prefix.is_empty()),
        level: spec.log_level.map(|level| level as u32),
        flags: Flags(0),
    }));
    match &spec.set_mark {
        Some(NewMark::Mark(mark)) => {
            out.push(Expr::Immediate { to: 1, data: mark.to_ne_bytes().to_vec() });
        }
        Some(NewMark::Map(ask)) => out.extend(look_up(spec, ask, 1)),
        None => {}
    }
    out.extend(spec.set_mark.as_ref().map(|_| Expr::MetaSet { key: MetaKey::Mark, from: 1 }));
    let connection = [
        (CT_MARK, spec.set_ct_mark.map(|mark| mark.0.to_ne_bytes().to_vec())),
        (CT_ZONE, spec.set_zone.map(|zone| (zone.0 as u16).to_ne_bytes().to_vec())),
    ];
    for (key, data) in connection {
        if let Some(data) = data {
            out.extend([Expr::Immediate { to: 1, data }, Expr::CtSet { key, direction: None, from: 1 }]);
        }
    }
    if let Some(Action::Vmap(ask)) = &spec.action {
        out.extend(look_up(spec, ask, VERDICT_REGISTER));
    }
    out.extend(statement(spec));
    out
}

/// Loads what the map has for a part of the packet.
fn look_up(spec: &RuleSpec, ask: &Ask, to: u32) -> [Expr; 2] {
    let subject = ask.subject(spec.family.unwrap_or(Family::Inet));
    let set = SetRef { name: ask.map.clone(), id: None };
    [subject.load(subject.key().length()), Expr::Lookup { set, from: 1, to: Some(to), flags: Flags(0) }]
}

fn statement(spec: &RuleSpec) -> Option<Expr> {
    match spec.action.as_ref()? {
        Action::Notrack => Some(Expr::Notrack {}),
        Action::Flow(table) => Some(Expr::FlowOffload { table: table.clone() }),
        Action::Reject => {
            let (told, code) = spec.reason.unwrap_or(Reason::PortUnreachable).told();
            Some(Expr::Reject { kind: told.kind(), code: Some(code) })
        }
        // What a rule does at its end anyway.
        Action::Continue => None,
        action => action.verdict().map(|verdict| Expr::Verdict { verdict }),
    }
}

/// The conditions, in the order in which one writes them for nft.
fn matches(spec: &RuleSpec) -> Vec<Match> {
    fn of<T: Compared>(subject: Subject, value: &Option<Not<T>>) -> Option<Match> {
        value.as_ref().map(|value| Match::of(subject, value))
    }
    let family = spec.family.unwrap_or(Family::Inet);
    let all = [
        of(Subject::In, &spec.input),
        of(Subject::Out, &spec.output),
        spec.family.map(Match::family),
        of(Subject::Source(family), &spec.source),
        of(Subject::Dest(family), &spec.dest),
        of(Subject::Protocol, &spec.proto),
        of(Subject::Sport, &spec.sport),
        of(Subject::Dport, &spec.dport),
        of(Subject::IcmpType, &spec.icmp),
        of(Subject::Icmpv6Type, &spec.icmpv6),
        spec.state.as_ref().map(state),
        spec.mark.as_ref().map(|bits| mark(Subject::Mark, bits)),
        spec.ct_mark.as_ref().map(|bits| mark(Subject::CtMark, bits)),
        of(Subject::Uid, &spec.uid),
    ];
    all.into_iter().flatten().collect()
}

fn word(number: u32) -> Vec<u8> {
    number.to_ne_bytes().to_vec()
}

/// One of the bits of the state is set.
fn state(states: &Not<States>) -> Match {
    let test = Test::Elements(Elements::one(word(0)));
    Match { subject: Subject::State, mask: Some(word(states.value.0)), negated: !states.negated, test }
}

fn mark(subject: Subject, mark: &Not<MarkBits>) -> Match {
    let MarkBits { mark: value, mask } = mark.value;
    let mask = (mask != u32::MAX).then(|| word(mask));
    Match { subject, mask, negated: mark.negated, test: Test::Elements(Elements::one(word(value))) }
}

impl FirewallRule {
    /// Reads a rule of the kernel.
    pub(super) fn read(family: u8, table: &str, rule: &Rule, sets: Sets<'_>) -> Self {
        let one = match family {
            2 => Some(Family::Inet),
            10 => Some(Family::Inet6),
            _ => None,
        };
        let mut spec = understand(&rule.exprs, one, sets)
            .unwrap_or_else(|| RuleSpec { action: Some(Action::Other), ..RuleSpec::default() });
        spec.chain = Some(rule.chain.clone());
        spec.comment = rule.userdata.comment.clone();
        let counted = rule.exprs.iter().find_map(|expr| match expr {
            Expr::Counter { packets, bytes } => Some((*packets, *bytes)),
            _ => None,
        });
        spec.counter = Some(counted.is_some());
        let anonymous = |name: &str| match sets(name)? {
            Test::Elements(elements) => Some(elements),
            Test::Set(_) => None,
        };
        let text = |counts| {
            let mut words = Printer { sets: &anonymous, counts }.rule(&rule.exprs);
            if let Some(comment) = &rule.userdata.comment {
                words.push_str(&format!("{}comment \"{comment}\"", if words.is_empty() { "" } else { " " }));
            }
            words
        };
        FirewallRule {
            family,
            table: table.to_owned(),
            handle: rule.handle,
            spec,
            packets: counted.map(|(packets, _)| packets),
            bytes: counted.map(|(_, bytes)| bytes),
            text: text(true),
            added: text(false),
        }
    }

    /// The table's family and name, as nft writes them.
    pub fn table(&self) -> String {
        format!("{} {}", text::family(self.family).unwrap_or("unknown"), self.table)
    }
}

/// As `nft -a list` shows it, behind the chain.
impl fmt::Display for FirewallRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} # handle {}", self.spec.chain(), self.text, self.handle)
    }
}

/// The words of a rule, if there are any for all of it.
fn understand(exprs: &[Expr], family: Option<Family>, sets: Sets<'_>) -> Option<RuleSpec> {
    let mut reader = Reader::new(family, sets);
    let mut spec = RuleSpec::default();
    let mut counters = 0;
    for expr in exprs {
        // Nothing comes behind what decides.
        spec.action.is_none().then_some(())?;
        match expr {
            Expr::Counter { .. } => counters += 1,
            _ if statement_of(expr, &reader, &mut spec)? => {}
            _ => reader.read(expr)?,
        }
    }
    (reader.complete() && counters < 2).then_some(())?;
    for m in &reader.matches {
        take(&mut spec, m)?;
    }
    let six = spec.family == Some(Family::Inet6);
    if let Some(Expr::Reject { kind, code }) = exprs.last() {
        spec.reason = Some(Reason::of(Told::of(*kind, six)?, code.unwrap_or(0))?);
    }
    spec.action.get_or_insert(Action::Continue);
    Some(spec)
}

/// Whether it is what a rule does, not what it matches; `None` if there are no words for it.
fn statement_of(expr: &Expr, reader: &Reader<'_>, spec: &mut RuleSpec) -> Option<bool> {
    match expr {
        Expr::Verdict { verdict } => spec.action = Some(Action::of(verdict)?),
        Expr::Lookup { set, from, to: Some(VERDICT_REGISTER), .. } => {
            let subject = reader.asked(*from, &set.name)?;
            spec.action = Some(Action::Vmap(Ask::of(subject, &set.name)?));
        }
        Expr::Reject { .. } => spec.action = Some(Action::Reject),
        Expr::Notrack {} => spec.action = Some(Action::Notrack),
        Expr::FlowOffload { table } => spec.action = Some(Action::Flow(table.clone())),
        Expr::Limit { rate, unit, burst, kind, flags } => {
            let rate = Rate { over: *flags == INVERTED, rate: *rate, bytes: *kind == 1, unit: *unit };
            once(&mut spec.limit, rate)?;
            spec.burst = Some(Between(*burst)).filter(|_| *burst != 0 || !rate.bytes);
        }
        Expr::Log { group, prefix, level, .. } => {
            once(&mut spec.log, LogPrefix(prefix.clone().unwrap_or_default()))?;
            spec.log_group = group.map(|group| Between(group.into()));
            spec.log_level = level.filter(|level| *level != LogLevel::Warn as u32).and_then(LogLevel::of);
        }
        Expr::MetaSet { key: MetaKey::Mark, from } => {
            let mark = match reader.mapped(*from) {
                Some((subject, map)) => NewMark::Map(Ask::of(subject, map)?),
                None => NewMark::Mark(u32::from_ne_bytes(*reader.constant(*from)?.first_chunk()?)),
            };
            once(&mut spec.set_mark, mark)?;
        }
        Expr::CtSet { key: CT_MARK, direction: None, from } => {
            let mark = u32::from_ne_bytes(*reader.constant(*from)?.first_chunk()?);
            once(&mut spec.set_ct_mark, Between(mark))?;
        }
        Expr::CtSet { key: CT_ZONE, direction: None, from } => {
            let zone = u16::from_ne_bytes(*reader.constant(*from)?.first_chunk()?);
            once(&mut spec.set_zone, Between(zone.into()))?;
        }
        _ => return Some(false),
    }
    Some(true)
}

fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

/// Puts a condition into its field; `None` if there is another one already.
fn take(spec: &mut RuleSpec, m: &Match) -> Option<()> {
    fn put<T: Compared + Matched>(slot: &mut Option<Not<T>>, m: &Match) -> Option<()> {
        let value = m.value::<T>()?;
        match slot {
            Some(there) if *there == value => Some(()),
            _ => once(slot, value),
        }
    }
    match m.subject {
        Subject::Family => {
            let family = Family::from_number(*m.bytes().filter(|_| !m.negated)?.first()?)?;
            let before = spec.family.replace(family);
            (before.is_none_or(|before| before == family)).then_some(())
        }
        Subject::Source(family) | Subject::Dest(family) => {
            spec.family.get_or_insert(family);
            let source = matches!(m.subject, Subject::Source(_));
            put(if source { &mut spec.source } else { &mut spec.dest }, m)
        }
        Subject::In => put(&mut spec.input, m),
        Subject::Out => put(&mut spec.output, m),
        Subject::Protocol => put(&mut spec.proto, m),
        Subject::Sport => put(&mut spec.sport, m),
        Subject::Dport => put(&mut spec.dport, m),
        Subject::IcmpType => put(&mut spec.icmp, m),
        Subject::Icmpv6Type => put(&mut spec.icmpv6, m),
        Subject::Uid => put(&mut spec.uid, m),
        Subject::State => once(&mut spec.state, states_of(m)?),
        Subject::Mark | Subject::CtMark => {
            let number = |bytes: &[u8]| Some(u32::from_ne_bytes(*bytes.first_chunk()?));
            let mask = m.mask.as_deref().map_or(Some(u32::MAX), number)?;
            let value = MarkBits { mark: number(m.bytes()?)?, mask };
            let slot = if m.subject == Subject::Mark { &mut spec.mark } else { &mut spec.ct_mark };
            once(slot, Not { negated: m.negated, value })
        }
    }
}

/// Bits of a mask that are not all 0; or, as a packet has but one state, the state itself or one of several.
fn states_of(m: &Match) -> Option<Not<States>> {
    let number = |bytes: &[u8]| Some(u32::from_ne_bytes(*bytes.first_chunk()?));
    match &m.mask {
        Some(mask) => {
            (m.bytes()? == [0; 4]).then_some(())?;
            Some(Not { negated: !m.negated, value: States::of(number(mask)?)? })
        }
        None => {
            let Test::Elements(elements) = &m.test else { return None };
            let bits: Option<Vec<u32>> = elements.spans().iter().map(|span| number(&span.low)).collect();
            let bits = bits?;
            bits.iter().all(|bit| bit.is_power_of_two()).then_some(())?;
            let value = States::of(bits.iter().fold(0, |all, bit| all | bit))?;
            Some(Not { negated: m.negated, value })
        }
    }
}
