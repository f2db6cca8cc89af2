//! What a rule matches, to and from the expressions that the kernel runs; for NAT and filter rules alike.
//!
//! The expressions are those that nft makes of the same words, so that `nft list ruleset` shows a rule as one
//! writes it by hand.

use std::collections::HashMap;

use netlink_packet_netfilter::nftables::MetaKey;

use super::elements::{Elements, KeyType, Span};
use super::expr::{Base, Expr, Flags, INVERTED, Op, SetRef};
use super::words::{Family, Not, Protocol};

/// The data register that every match uses, one after the other.
const REGISTER: u32 = 1;
/// NFT_CT_STATE, NFT_CT_MARK and NFT_CT_ZONE of `enum nft_ct_keys`.
const CT_STATE: u32 = 0;
pub const CT_MARK: u32 = 3;
pub const CT_ZONE: u32 = 17;

/// What of a packet is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `iifname`
    In,
    /// `oifname`
    Out,
    /// `meta nfproto`
    Family,
    /// `meta l4proto`
    Protocol,
    /// `ip saddr`, `ip6 saddr`; [`Subject::Family`] must be compared before.
    Source(Family),
    Dest(Family),
    /// `tcp sport`; [`Subject::Protocol`] must be compared before, as for all that follow but the last four.
    Sport,
    Dport,
    IcmpType,
    Icmpv6Type,
    /// `ct state`
    State,
    /// `ct mark`
    CtMark,
    /// `meta mark`
    Mark,
    /// `meta skuid`
    Uid,
}

impl Subject {
    pub fn key(self) -> KeyType {
        match self {
            Subject::In | Subject::Out => KeyType::Ifname,
            Subject::Source(Family::Inet) | Subject::Dest(Family::Inet) => KeyType::Ipv4Addr,
            Subject::Source(Family::Inet6) | Subject::Dest(Family::Inet6) => KeyType::Ipv6Addr,
            Subject::Family | Subject::Protocol => KeyType::InetProto,
            Subject::Sport | Subject::Dport => KeyType::InetService,
            Subject::IcmpType => KeyType::IcmpType,
            Subject::Icmpv6Type => KeyType::Icmpv6Type,
            Subject::State | Subject::CtMark | Subject::Mark => KeyType::Mark,
            Subject::Uid => KeyType::Uid,
        }
    }

    /// The expression that loads its first `length` bytes.
    pub fn load(self, length: usize) -> Expr {
        let meta = |key| Expr::Meta { key, to: REGISTER };
        let payload = |base, offset: u32| Expr::Payload { base, offset, length: length as u32, to: REGISTER };
        match self {
            Subject::In => meta(MetaKey::Iifname),
            Subject::Out => meta(MetaKey::Oifname),
            Subject::Family => meta(MetaKey::Nfproto),
            Subject::Protocol => meta(MetaKey::L4Proto),
            Subject::Source(Family::Inet) => payload(Base::Network, 12),
            Subject::Dest(Family::Inet) => payload(Base::Network, 16),
            Subject::Source(Family::Inet6) => payload(Base::Network, 8),
            Subject::Dest(Family::Inet6) => payload(Base::Network, 24),
            Subject::Sport | Subject::IcmpType | Subject::Icmpv6Type => payload(Base::Transport, 0),
            Subject::Dport => payload(Base::Transport, 2),
            Subject::State => Expr::Ct { key: CT_STATE, to: REGISTER, direction: None },
            Subject::CtMark => Expr::Ct { key: CT_MARK, to: REGISTER, direction: None },
            Subject::Mark => meta(MetaKey::Mark),
            Subject::Uid => meta(MetaKey::SocketUserId),
        }
    }

    fn is_address(self) -> bool {
        matches!(self, Subject::Source(_) | Subject::Dest(_))
    }

    fn is_name(self) -> bool {
        matches!(self, Subject::In | Subject::Out)
    }
}

/// With what it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Elements(Elements),
    /// A set that has a name.
    Set(String),
}

/// What can be compared with a part of a packet.
pub trait Compared: Sized {
    fn test(&self) -> Test;

    /// `None` if it is something else.
    fn of(test: &Test) -> Option<Self>;
}

/// One condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub subject: Subject,
    /// Compared are these bits alone.
    pub mask: Option<Vec<u8>>,
    pub negated: bool,
    pub test: Test,
}

impl Match {
    pub fn of<T: Compared>(subject: Subject, value: &Not<T>) -> Self {
        Match { subject, mask: None, negated: value.negated, test: value.value.test() }
    }

    pub fn family(family: Family) -> Self {
        let test = Test::Elements(Elements::one(vec![family.number()]));
        Match { subject: Subject::Family, mask: None, negated: false, test }
    }

    /// With what it compares, if that is a `T`.
    pub fn value<T: Compared>(&self) -> Option<Not<T>> {
        self.mask.is_none().then_some(())?;
        Some(Not { negated: self.negated, value: T::of(&self.test)? })
    }

    /// The one value that it compares with.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.test {
            Test::Elements(elements) => elements.single().filter(|span| span.is_one()).map(|span| &*span.low),
            Test::Set(_) => None,
        }
    }

    /// Appends the expressions. Several values need a set, which `set` provides.
    pub fn write(&self, out: &mut Vec<Expr>, set: &mut dyn FnMut(KeyType, &Elements) -> SetRef) {
        let key = self.subject.key();
        let set = match &self.test {
            Test::Set(name) => SetRef { name: name.clone(), id: None },
            Test::Elements(elements) => match elements.single() {
                Some(span) => return self.write_span(span, out),
                None => set(key, elements),
            },
        };
        out.push(self.subject.load(key.length()));
        let flags = if self.negated { INVERTED } else { Flags(0) };
        out.push(Expr::Lookup { set, from: REGISTER, to: None, flags });
    }

    fn write_span(&self, span: &Span, out: &mut Vec<Expr>) {
        let full = span.low.len();
        let compare =
            |data: &[u8]| Expr::Cmp { from: REGISTER, op: Op::equal(self.negated), data: data.to_vec() };
        let masked = |mask: &[u8]| Expr::Bitwise {
            from: REGISTER,
            to: REGISTER,
            mask: mask.to_vec(),
            xor: vec![0; mask.len()],
        };
        let (load, subject) = (|length| self.subject.load(length), self.subject);
        match span.prefix().filter(|_| subject.is_address() || subject.is_name()) {
            _ if self.mask.is_some() || span.is_one() => {
                out.push(load(full));
                out.extend(self.mask.as_deref().map(masked));
                out.push(compare(&span.low));
            }
            // A shorter comparison is how the wildcard works.
            Some(bits) if subject.is_name() => {
                out.extend([load(full), compare(&span.low[..bits / 8])]);
            }
            // Whole bytes are loaded and compared alone; else the bits behind the prefix are masked out.
            Some(bits) if bits % 8 == 0 && bits > 0 => {
                out.extend([load(bits / 8), compare(&span.low[..bits / 8])]);
            }
            Some(bits) => out.extend([load(full), masked(&mask(bits, full)), compare(&span.low)]),
            None if self.negated => out.extend([
                load(full),
                Expr::Range { from: REGISTER, op: Op::Ne, low: span.low.clone(), high: span.high.clone() },
            ]),
            None => out.extend([
                load(full),
                Expr::Cmp { from: REGISTER, op: Op::Ge, data: span.low.clone() },
                Expr::Cmp { from: REGISTER, op: Op::Le, data: span.high.clone() },
            ]),
        }
    }
}

fn mask(bits: usize, length: usize) -> Vec<u8> {
    (0..length).map(|i| !(0xff_u16 >> bits.saturating_sub(i * 8).min(8)) as u8).collect()
}

/// What a register holds while a rule is read.
#[derive(Clone, Debug)]
struct Held {
    value: Value,
    mask: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Value {
    Meta(MetaKey),
    Ct(u32),
    Payload {
        base: Base,
        offset: u32,
        length: u32,
    },
    Constant(Vec<u8>),
    /// What a map has for it.
    Mapped(Subject, String),
}

/// Finds what is in a set by its name; `None` if it can't be told.
pub type Sets<'a> = &'a dyn Fn(&str) -> Option<Test>;

/// Reads a rule's expressions one by one, and finds the words behind them again.
pub struct Reader<'a> {
    registers: HashMap<u32, Held>,
    family: Option<Family>,
    protocol: Option<Protocol>,
    /// The lower end of a range whose upper end comes with the next comparison.
    low: Option<(u32, Vec<u8>)>,
    sets: Sets<'a>,
    pub matches: Vec<Match>,
}

impl<'a> Reader<'a> {
    /// `family` is that of the table, if it has but one.
    pub fn new(family: Option<Family>, sets: Sets<'a>) -> Self {
        Reader { registers: HashMap::new(), family, protocol: None, low: None, sets, matches: Vec::new() }
    }

    /// The constant that a register holds.
    pub fn constant(&self, register: u32) -> Option<&[u8]> {
        match &self.registers.get(&register)?.value {
            Value::Constant(data) => Some(data),
            _ => None,
        }
    }

    /// The map, and what it was asked about, that the register's value comes from.
    pub fn mapped(&self, register: u32) -> Option<(Subject, &str)> {
        match &self.registers.get(&register)?.value {
            Value::Mapped(subject, map) => Some((*subject, map)),
            _ => None,
        }
    }

    /// What a map is asked about by the register: whole values alone. A map that has no name has no words.
    pub fn asked(&self, register: u32, map: &str) -> Option<Subject> {
        let (subject, mask) = self.subject(register, None)?;
        (mask.is_none() && !map.starts_with("__map")).then_some(subject)
    }

    /// Whether all that was begun has been finished.
    pub fn complete(&self) -> bool {
        self.low.is_none()
    }

    /// Takes the next expression; `None` if it is none that we have words for.
    pub fn read(&mut self, expr: &Expr) -> Option<()> {
        match expr {
            Expr::Meta { key, to } => self.hold(*to, Value::Meta(*key)),
            Expr::Ct { key, to, direction: None } => self.hold(*to, Value::Ct(*key)),
            Expr::Payload { base, offset, length, to } => {
                self.hold(*to, Value::Payload { base: *base, offset: *offset, length: *length });
            }
            Expr::Immediate { to, data } => self.hold(*to, Value::Constant(data.clone())),
            Expr::Bitwise { from, to, mask, xor } => {
                let held = self.registers.get(from).filter(|held| held.mask.is_none())?.clone();
                xor.iter().all(|b| *b == 0).then_some(())?;
                self.registers.insert(*to, Held { mask: Some(mask.clone()), ..held });
            }
            Expr::Cmp { from, op, data } => self.compare(*from, *op, data)?,
            Expr::Range { from, op, low, high } => {
                let span = Span { low: low.clone(), high: high.clone() };
                self.range(*from, negated(*op)?, span)?;
            }
            Expr::Lookup { set, from, to: None, flags } => {
                let (subject, mask) = self.subject(*from, None)?;
                mask.is_none().then_some(())?;
                let test = (self.sets)(&set.name)?;
                let fits = |e: &Elements| e.spans().iter().all(|s| s.low.len() == subject.key().length());
                matches!(&test, Test::Elements(e) if !fits(e)).then_some(()).map_or(Some(()), |()| None)?;
                self.matches.push(Match { subject, mask: None, negated: *flags == INVERTED, test });
            }
            Expr::Lookup { set, from, to: Some(to), .. } => {
                let subject = self.asked(*from, &set.name)?;
                self.hold(*to, Value::Mapped(subject, set.name.clone()));
            }
            _ => return None,
        }
        Some(())
    }

    fn hold(&mut self, register: u32, value: Value) {
        self.registers.insert(register, Held { value, mask: None });
    }

    /// A comparison with a range, which is of whole values alone.
    fn range(&mut self, from: u32, negated: bool, span: Span) -> Option<()> {
        let (subject, mask) = self.subject(from, None)?;
        let whole = subject.key().length();
        let ranged = subject.key().has_ranges() && mask.is_none();
        (ranged && span.low.len() == whole && span.high.len() == whole && span.low <= span.high)
            .then_some(())?;
        let test = Test::Elements(Elements::new(vec![span]));
        self.matches.push(Match { subject, mask: None, negated, test });
        Some(())
    }

    fn compare(&mut self, from: u32, op: Op, data: &[u8]) -> Option<()> {
        if let Some((register, low)) = self.low.take() {
            (register == from && op == Op::Le).then_some(())?;
            return self.range(from, false, Span { low, high: data.to_vec() });
        }
        if op == Op::Ge {
            self.subject(from, None)?;
            self.low = Some((from, data.to_vec()));
            return Some(());
        }
        let negated = negated(op)?;
        let (subject, mask) = self.subject(from, Some(data.len()))?;
        let (span, mask) = compared(subject, mask, data)?;
        match (subject, span.low.first()) {
            (Subject::Family, Some(number)) if !negated => self.family = Some(Family::from_number(*number)?),
            (Subject::Protocol, Some(number)) if !negated => self.protocol = Some(Protocol(*number)),
            _ => {}
        }
        let test = Test::Elements(Elements::new(vec![span]));
        self.matches.push(Match { subject, mask, negated, test });
        Some(())
    }

    /// What the register holds, and which bits of it. With `partly`, so many of its bytes may be loaded alone.
    fn subject(&self, register: u32, partly: Option<usize>) -> Option<(Subject, Option<Vec<u8>>)> {
        let held = self.registers.get(&register)?;
        let subject = match held.value {
            Value::Meta(MetaKey::Iifname) => Subject::In,
            Value::Meta(MetaKey::Oifname) => Subject::Out,
            Value::Meta(MetaKey::Nfproto) => Subject::Family,
            Value::Meta(MetaKey::L4Proto) => Subject::Protocol,
            Value::Meta(MetaKey::Mark) => Subject::Mark,
            Value::Meta(MetaKey::SocketUserId) => Subject::Uid,
            Value::Ct(CT_STATE) => Subject::State,
            Value::Ct(CT_MARK) => Subject::CtMark,
            Value::Payload { base: Base::Transport, offset: 0, length: 2 } => Subject::Sport,
            Value::Payload { base: Base::Transport, offset: 2, length: 2 } => Subject::Dport,
            Value::Payload { base: Base::Transport, offset: 0, length: 1 } => match self.protocol? {
                Protocol::ICMP => Subject::IcmpType,
                Protocol::ICMPV6 => Subject::Icmpv6Type,
                _ => return None,
            },
            Value::Payload { base: Base::Network, offset, length } => {
                let family = self.family?;
                let subject = match (family, offset) {
                    (Family::Inet, 12) | (Family::Inet6, 8) => Subject::Source(family),
                    (Family::Inet, 16) | (Family::Inet6, 24) => Subject::Dest(family),
                    _ => return None,
                };
                let length = length as usize;
                let whole = length == subject.key().length();
                (whole || partly == Some(length) && length < subject.key().length()).then_some(subject)?
            }
            _ => return None,
        };
        Some((subject, held.mask.clone()))
    }
}

/// The values that a comparison with these bytes means, and the mask that stays one.
fn compared(subject: Subject, mask: Option<Vec<u8>>, data: &[u8]) -> Option<(Span, Option<Vec<u8>>)> {
    let whole = subject.key().length();
    (!data.is_empty() && data.len() <= whole).then_some(())?;
    let padded = |with: u8| {
        let mut bytes = data.to_vec();
        bytes.resize(whole, with);
        bytes
    };
    let partly = Span { low: padded(0), high: padded(0xff) };
    match mask {
        Some(bits) if subject.is_address() => {
            (bits.len() == whole && data.len() == whole).then_some(())?;
            let high = data.iter().zip(&bits).map(|(byte, mask)| byte | !mask).collect();
            let span = Span { low: data.to_vec(), high };
            span.prefix().filter(|n| self::mask(*n, whole) == bits)?;
            Some((span, None))
        }
        Some(bits) => {
            (data.len() == whole && bits.len() == whole).then(|| (Span::one(data.to_vec()), Some(bits)))
        }
        // The kernel keeps a name with all of its zeros; what has none is the beginning of a name.
        None if subject.is_name() && data.contains(&0) => Some((Span::one(padded(0)), None)),
        None if subject.is_name() || subject.is_address() => Some((partly, None)),
        None => (data.len() == whole).then(|| (Span::one(data.to_vec()), None)),
    }
}

fn negated(op: Op) -> Option<bool> {
    match op {
        Op::Eq => Some(false),
        Op::Ne => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
