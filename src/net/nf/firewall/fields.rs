//! Types of a rule's attributes that only filtering has.

use std::fmt;

use crate::base::error::{Error, Result};
use crate::base::text::similar;
use crate::model::{Field, Form, Value, Words};
use crate::net::fields::{number_or_text, text};
use crate::net::nf::ask::Ask;
use crate::net::nf::expr::Verdict;
use crate::net::nf::name::check_name;
use crate::net::nf::text::STATES;
use crate::net::nf::words::Matched;

/// What becomes of a packet that the rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Accept,
    Drop,
    Reject,
    /// The next rule decides: this one counts, logs or marks.
    Continue,
    Return,
    Notrack,
    Jump(String),
    Goto(String),
    /// What a map of verdicts has for a part of the packet; the next rule decides where it has nothing.
    Vmap(Ask),
    /// The connection goes into a flow table, and its later packets past the chains.
    Flow(String),
    /// Of a rule that someone else made, in a form that has no words here.
    Other,
}

impl Action {
    const WORDS: &'static [(&'static str, Action)] = &[
        ("accept", Action::Accept),
        ("drop", Action::Drop),
        ("reject", Action::Reject),
        ("continue", Action::Continue),
        ("return", Action::Return),
        ("notrack", Action::Notrack),
        ("other", Action::Other),
    ];

    pub fn parse(text: &str) -> Result<Self> {
        if let Some((_, action)) = Self::WORDS.iter().find(|(word, _)| *word == text && *word != "other") {
            return Ok(action.clone());
        }
        match text.split_once(' ') {
            Some(("jump", chain)) => check_name(chain.trim()).map(|()| Action::Jump(chain.trim().to_owned())),
            _ if text.contains(" vmap ") => Ask::parse(text, "vmap").map(Action::Vmap),
            Some(("flow", rest)) => {
                let table = rest.trim().strip_prefix("add").and_then(|name| name.trim().strip_prefix('@'));
                let wrong = || Error::argument(format!("expected \"flow add @NAME\", got {text:?}"));
                let table = table.ok_or_else(wrong)?;
                check_name(table).map(|()| Action::Flow(table.to_owned()))
            }
            Some(("goto", chain)) => check_name(chain.trim()).map(|()| Action::Goto(chain.trim().to_owned())),
            _ => {
                let words = Self::WORDS.iter().map(|(word, _)| *word).filter(|word| *word != "other");
                let near = similar(text, words).map(|near| format!("; did you mean {near:?}?"));
                Err(Error::argument(format!(
                    "expected {}, got {text:?}{}",
                    Self::form().expected,
                    near.unwrap_or_default()
                )))
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Jump(chain) => write!(f, "jump {chain}"),
            Action::Goto(chain) => write!(f, "goto {chain}"),
            Action::Flow(table) => write!(f, "flow add @{table}"),
            Action::Vmap(ask) => write!(f, "{} vmap @{}", ask.option, ask.map),
            word => f.write_str(
                Self::WORDS.iter().find(|(_, action)| action == word).map_or("", |(word, _)| word),
            ),
        }
    }
}

impl Field for Action {
    fn form() -> Form {
        text(
            "\"accept\", \"drop\", \"reject\", \"continue\", \"return\", \"notrack\", \"jump CHAIN\", \"goto CHAIN\", \"OPTION vmap @MAP\" or \"flow add @FLOWTABLE\"",
        )
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        if let Value::Text(text) = value { Action::parse(text).map(Some) } else { Ok(None) }
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl Action {
    /// As a map has it, or the end of a rule; `None` for what is no verdict.
    pub fn verdict(&self) -> Option<Verdict> {
        Some(match self {
            Action::Accept => Verdict::Accept,
            Action::Drop => Verdict::Drop,
            Action::Continue => Verdict::Continue,
            Action::Return => Verdict::Return,
            Action::Jump(chain) => Verdict::Jump(chain.clone()),
            Action::Goto(chain) => Verdict::Goto(chain.clone()),
            Action::Reject | Action::Notrack | Action::Vmap(_) | Action::Flow(_) | Action::Other => {
                return None;
            }
        })
    }

    pub fn of(verdict: &Verdict) -> Option<Self> {
        Some(match verdict {
            Verdict::Accept => Action::Accept,
            Verdict::Drop => Action::Drop,
            Verdict::Continue => Action::Continue,
            Verdict::Return => Action::Return,
            Verdict::Jump(chain) => Action::Jump(chain.clone()),
            Verdict::Goto(chain) => Action::Goto(chain.clone()),
            Verdict::Other(_) => return None,
        })
    }
}

/// A mark for the packet, or what a map has for a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewMark {
    Mark(u32),
    Map(Ask),
}

impl Field for NewMark {
    fn form() -> Form {
        number_or_text("an integer from 0 to 4294967295, or \"OPTION map @MAP\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Int(number) => Ok(u32::try_from(*number).ok().map(NewMark::Mark)),
            Value::Text(text) if text.contains(" map ") => {
                Ask::parse(text, "map").map(|ask| Some(NewMark::Map(ask)))
            }
            _ => Ok(None),
        }
    }

    fn value(&self) -> Value {
        match self {
            NewMark::Mark(mark) => Value::Int((*mark).into()),
            NewMark::Map(ask) => Value::Text(format!("{} map @{}", ask.option, ask.map)),
        }
    }
}

/// The states of a packet's connection, as bits of NF_CT_STATE_BIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct States(pub u32);

impl States {
    /// `None` if none of them has a name.
    pub fn of(bits: u32) -> Option<Self> {
        let known = STATES.iter().fold(0, |bits, (bit, _)| bits | bit);
        (bits != 0 && bits & !known == 0).then_some(States(bits))
    }

    fn words(self) -> Vec<&'static str> {
        STATES.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, word)| *word).collect()
    }

    fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let bit = |word: &str| {
            let found = STATES.iter().find(|(_, name)| *name == word).map(|(bit, _)| *bit);
            found.ok_or_else(|| {
                let near = similar(word, STATES.iter().map(|(_, name)| *name));
                let near = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                Error::argument(format!("expected {}, got {word:?}{near}", Self::form().expected))
            })
        };
        let bits = words.into_iter().try_fold(0, |bits, word| Ok::<_, Error>(bits | bit(word)?))?;
        States::of(bits).ok_or_else(|| Error::argument("expected at least one state"))
    }
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(","))
    }
}

impl Matched for States {
    fn form() -> Form {
        let expected = "\"new\", \"established\", \"related\", \"invalid\" or \"untracked\", an array of them, or \"!\" in \
                        front for all others";
        Form { luals: "string|string[]".into(), returned: "string|string[]", ..text(expected) }
    }

    fn parse(text: &str) -> Result<Self> {
        Self::join(text.split(',').map(str::trim))
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::List(list) = value else { return Ok(None) };
        let words: Option<Vec<&str>> = list
            .iter()
            .map(|value| if let Value::Text(word) = value { Some(word.as_str()) } else { None })
            .collect();
        words.map(Self::join).transpose()
    }

    fn value(&self) -> Value {
        match self.words().as_slice() {
            [one] => Value::Text((*one).to_owned()),
            words => Value::words(words.iter().copied()),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// A mark, and which of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkBits {
    pub mark: u32,
    pub mask: u32,
}

impl Matched for MarkBits {
    fn form() -> Form {
        number_or_text("a mark such as 7, \"!7\" for all but it, or with the bits that count \"0x10/0xf0\"")
    }

    fn parse(text: &str) -> Result<Self> {
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        };
        let (mark, mask) = match text.split_once('/') {
            Some((mark, mask)) => (number(mark), number(mask)),
            None => (number(text), Some(u32::MAX)),
        };
        match mark.zip(mask) {
            Some((mark, mask)) if mark & !mask == 0 && mask != 0 => Ok(MarkBits { mark, mask }),
            Some(_) => Err(Error::argument(format!("the mark {text:?} has bits outside of its mask"))),
            None => Err(Error::argument(format!("expected {}, got {text:?}", Self::form().expected))),
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(number) = value else { return Ok(None) };
        Ok(u32::try_from(*number).ok().map(|mark| MarkBits { mark, mask: u32::MAX }))
    }

    fn value(&self) -> Value {
        match self.mask {
            u32::MAX => Value::Int(self.mark.into()),
            _ => Value::Text(self.to_string()),
        }
    }
}

impl fmt::Display for MarkBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mask {
            u32::MAX => self.mark.fmt(f),
            mask => write!(f, "{:#x}/{mask:#x}", self.mark),
        }
    }
}

/// `5/second`, `over 100 kbytes/minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Whether what exceeds it is matched, and not what keeps to it.
    pub over: bool,
    pub rate: u64,
    pub bytes: bool,
    /// In seconds.
    pub unit: u64,
}

const UNITS: [(&str, u64); 5] =
    [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400), ("week", 604_800)];
const SIZES: [(&str, u64); 3] = [("mbytes", 1 << 20), ("kbytes", 1 << 10), ("bytes", 1)];

impl Rate {
    /// How many packets may come at once: the kernel's default.
    pub const BURST: u32 = 5;

    /// `None` if it is none.
    pub fn of(words: &str) -> Option<Self> {
        let (over, rest) = match words.strip_prefix("over ") {
            Some(rest) => (true, rest),
            None => (false, words),
        };
        let (amount, unit) = rest.split_once('/')?;
        let unit = UNITS.iter().find(|(name, _)| *name == unit.trim())?.1;
        let amount = amount.trim();
        let end = amount.find(|c: char| !c.is_ascii_digit()).unwrap_or(amount.len());
        let (number, size) = (amount[..end].parse::<u64>().ok()?, amount[end..].trim());
        let factor = match size {
            "" | "packets" => None,
            size => Some(SIZES.iter().find(|(name, _)| *name == size)?.1),
        };
        let rate = number.checked_mul(factor.unwrap_or(1)).filter(|rate| *rate > 0)?;
        Some(Rate { over, rate, bytes: factor.is_some(), unit })
    }
}

/// Bytes in the largest unit that leaves no fraction.
pub fn with_unit(bytes: u64) -> String {
    let (name, size) = SIZES.iter().find(|(_, size)| bytes.is_multiple_of(*size)).unwrap_or(&SIZES[2]);
    format!("{} {name}", bytes / size)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("second", |(name, _)| name);
        let amount = if self.bytes { with_unit(self.rate) } else { self.rate.to_string() };
        write!(f, "{}{amount}/{unit}", if self.over { "over " } else { "" })
    }
}

impl Field for Rate {
    fn form() -> Form {
        text("a rate such as \"5/second\", \"10/minute\", \"100 kbytes/second\" or \"over 5/second\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(words) = value else { return Ok(None) };
        let wrong = || Error::argument(format!("expected {}, got {words:?}", Self::form().expected));
        Rate::of(words).ok_or_else(wrong).map(Some)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

/// What a refused sender is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    PortUnreachable,
    HostUnreachable,
    NoRoute,
    AdminProhibited,
    TcpReset,
    NetUnreachable,
    ProtUnreachable,
    NetProhibited,
    HostProhibited,
    AddrUnreachable,
    PolicyFail,
    RejectRoute,
}

impl Words for Reason {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("port-unreachable", Reason::PortUnreachable),
        ("host-unreachable", Reason::HostUnreachable),
        ("no-route", Reason::NoRoute),
        ("admin-prohibited", Reason::AdminProhibited),
        ("tcp-reset", Reason::TcpReset),
        ("net-unreachable", Reason::NetUnreachable),
        ("prot-unreachable", Reason::ProtUnreachable),
        ("net-prohibited", Reason::NetProhibited),
        ("host-prohibited", Reason::HostProhibited),
        ("addr-unreachable", Reason::AddrUnreachable),
        ("policy-fail", Reason::PolicyFail),
        ("reject-route", Reason::RejectRoute),
    ];
}

/// `enum nft_reject_types`, and the one of ICMP by its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Icmp,
    Icmpv6,
    TcpReset,
    /// ICMP or ICMPv6, as the packet is, by `enum nft_reject_inet_code`.
    Either,
}

impl Told {
    pub fn of(kind: u32, six: bool) -> Option<Self> {
        match (kind, six) {
            (0, false) => Some(Told::Icmp),
            (0, true) => Some(Told::Icmpv6),
            (1, _) => Some(Told::TcpReset),
            (2, _) => Some(Told::Either),
            _ => None,
        }
    }

    pub fn kind(self) -> u32 {
        match self {
            Told::Icmp | Told::Icmpv6 => 0,
            Told::TcpReset => 1,
            Told::Either => 2,
        }
    }
}

/// By which message and code a reason is told: the first line for a reason is the one that we write.
const CODES: [(Reason, Told, u8); 19] = [
    (Reason::NoRoute, Told::Either, 0),
    (Reason::PortUnreachable, Told::Either, 1),
    (Reason::HostUnreachable, Told::Either, 2),
    (Reason::AdminProhibited, Told::Either, 3),
    (Reason::TcpReset, Told::TcpReset, 0),
    (Reason::NetUnreachable, Told::Icmp, 0),
    (Reason::HostUnreachable, Told::Icmp, 1),
    (Reason::ProtUnreachable, Told::Icmp, 2),
    (Reason::PortUnreachable, Told::Icmp, 3),
    (Reason::NetProhibited, Told::Icmp, 9),
    (Reason::HostProhibited, Told::Icmp, 10),
    (Reason::AdminProhibited, Told::Icmp, 13),
    (Reason::NoRoute, Told::Icmpv6, 0),
    (Reason::AdminProhibited, Told::Icmpv6, 1),
    (Reason::AddrUnreachable, Told::Icmpv6, 3),
    (Reason::PortUnreachable, Told::Icmpv6, 4),
    (Reason::PolicyFail, Told::Icmpv6, 5),
    (Reason::RejectRoute, Told::Icmpv6, 6),
    (Reason::HostUnreachable, Told::Icmpv6, 3),
];

impl Reason {
    pub fn of(told: Told, code: u8) -> Option<Self> {
        let code = if told == Told::TcpReset { 0 } else { code };
        CODES.iter().find(|(_, by, number)| *by == told && *number == code).map(|(reason, ..)| *reason)
    }

    pub fn told(self) -> (Told, u8) {
        CODES
            .iter()
            .find(|(reason, ..)| *reason == self)
            .map_or((Told::Either, 1), |(_, told, code)| (*told, *code))
    }
}

/// syslog(3)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Emerg,
    Alert,
    Crit,
    Err,
    Warn,
    Notice,
    Info,
    Debug,
}

impl Words for LogLevel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("emerg", LogLevel::Emerg),
        ("alert", LogLevel::Alert),
        ("crit", LogLevel::Crit),
        ("err", LogLevel::Err),
        ("warn", LogLevel::Warn),
        ("notice", LogLevel::Notice),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
    ];
}

impl LogLevel {
    pub fn of(number: u32) -> Option<Self> {
        Self::WORDS.get(number as usize).map(|(_, level)| *level)
    }
}

/// What a line of the log begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPrefix(pub String);

impl LogPrefix {
    /// NF_LOG_PREFIXLEN, with the zero behind it.
    const MAX: usize = 127;
}

impl Field for LogPrefix {
    fn form() -> Form {
        Form {
            luals: "string|true".into(),
            returned: "string",
            ..text("a line's beginning, or true for none")
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Bool(true) => Ok(Some(LogPrefix(String::new()))),
            Value::Text(text) if text.len() > Self::MAX => Err(Error::argument(format!(
                "a line's beginning has at most {} bytes, got {}",
                Self::MAX,
                text.len()
            ))),
            // A variable to nft, which it can't read otherwise.
            Value::Text(text) if text.contains(['"', '$']) || text.chars().any(char::is_control) => {
                Err(Error::argument(
                    "a line's beginning has no quotation marks and no \"$\", which nft can't write",
                ))
            }
            Value::Text(text) => Ok(Some(LogPrefix(text.clone()))),
            _ => Ok(None),
        }
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }
}
