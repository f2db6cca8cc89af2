//! The grammar of pcap-filter(7).

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::{IpNetwork, Ipv4Network};

use super::super::filter::Proto;
use super::Resolve;
use super::code::{Condition, Operation, Test, Value};
use super::headers::{self, Direction, Headers};
use super::words::{Word, split};
use crate::base::error::{Error, Result};
use crate::base::text::similar;
use crate::net::prefix;

/// How deep parentheses, brackets and negations may stand within each other.
const DEEPEST: usize = 64;

/// What an address or number behind it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
    Proto,
}

const KINDS: [(&str, Kind); 5] = [
    ("host", Kind::Host),
    ("net", Kind::Net),
    ("port", Kind::Port),
    ("portrange", Kind::PortRange),
    ("proto", Kind::Proto),
];

/// What stands alone, or with a number behind it.
const OTHERS: [&str; 10] =
    ["broadcast", "multicast", "less", "greater", "vlan", "mpls", "inbound", "outbound", "len", "ether"];

const JOINS: [&str; 5] = ["src", "dst", "and", "or", "not"];

/// What the words in front of an address say about it; those without any have them from the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Qualifiers<'a> {
    protocol: Option<&'a str>,
    direction: Option<Direction>,
    kind: Option<Kind>,
    /// Where they begin.
    at: usize,
}

/// Reads a whole expression; an empty one holds for every packet.
pub(super) fn parse(text: &str, resolve: Resolve<'_>) -> Result<Condition> {
    let words = split(text)?;
    let mut parser =
        Parser { text, words, at: 0, resolve, headers: Headers::default(), last: None, depth: 0 };
    if parser.words.is_empty() {
        return Ok(Condition::Always(true));
    }
    let condition = parser.terms()?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => Err(parser.wrong("expected \"and\" or \"or\"")),
    }
}

struct Parser<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    at: usize,
    resolve: Resolve<'a>,
    /// Where the headers are: `vlan` and `mpls` go one on, for all that is written behind them.
    headers: Headers,
    last: Option<Qualifiers<'a>>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<&'a str> {
        self.words.get(self.at + by).map(|w| w.text)
    }

    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn take(&mut self, these: &[&str]) -> bool {
        let found = self.peek().is_some_and(|word| these.contains(&word));
        self.at += usize::from(found);
        found
    }

    /// The word that comes next can't stand there.
    fn wrong(&self, expected: &str) -> Error {
        self.wrong_at(self.at, expected)
    }

    fn wrong_at(&self, at: usize, expected: &str) -> Error {
        Error::argument(match self.words.get(at) {
            Some(word) => format!("{expected}, got {:?} ({})", word.text, self.place(word)),
            None => format!("{expected} at the end of {:?}", self.text),
        })
    }

    fn place(&self, word: &Word<'_>) -> String {
        format!("character {} of {:?}", self.text[..word.at].chars().count() + 1, self.text)
    }

    /// No word that is known.
    fn unknown(&self) -> Error {
        let Some(word) = self.words.get(self.at) else { return self.wrong("expected a condition") };
        let names = || known_words().chain(headers::names());
        let mut text = format!("unknown word {:?} ({})", word.text, self.place(word));
        if let Some(near) = similar(word.text, names()) {
            text.push_str(&format!("; did you mean {near:?}?"));
        }
        let all: Vec<&str> = known_words().collect();
        Error::argument(text).hint(format!(
            "a condition is made of protocols (ip, ip6, arp, icmp, tcp, udp, ...) and {}; the name of a namespace is a host's",
            all.join(", ")
        ))
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEEPEST {
            return Err(Error::argument(format!("an expression is nested at most {DEEPEST} deep")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// `and` and `or` bind alike, from the left.
    fn terms(&mut self) -> Result<Condition> {
        let mut condition = self.term()?;
        loop {
            if self.take(&["and", "&&"]) {
                condition = condition.and(self.term()?);
            } else if self.take(&["or", "||"]) {
                condition = condition.or(self.term()?);
            } else {
                return Ok(condition);
            }
        }
    }

    fn term(&mut self) -> Result<Condition> {
        if self.take(&["not", "!"]) {
            return Ok(self.nested(Self::term)?.negated());
        }
        if self.begins_relation() {
            return self.relation();
        }
        if self.take(&["("]) {
            let inner = self.nested(Self::terms)?;
            return match self.take(&[")"]) {
                true => Ok(inner),
                false => Err(self.wrong("expected \")\"")),
            };
        }
        self.primitive()
    }

    fn primitive(&mut self) -> Result<Condition> {
        let start = self.at;
        let mut given = Qualifiers { at: start, ..Qualifiers::default() };
        if let Some(word) = self.peek().filter(|w| headers::is_name(w) || *w == "ether") {
            self.at += 1;
            given.protocol = Some(word);
        }
        match self.peek() {
            Some("broadcast") => return self.broadcast(given.protocol),
            Some("multicast") => return self.multicast(given.protocol),
            Some("less" | "greater" | "vlan" | "mpls" | "inbound" | "outbound")
                if given.protocol.is_none() =>
            {
                return self.other();
            }
            _ => {}
        }
        given.direction = self.direction();
        if let Some((_, kind)) = KINDS.iter().find(|(name, _)| Some(*name) == self.peek()) {
            self.at += 1;
            given.kind = Some(*kind);
        }
        let explicit = self.at > start;
        if let (Some(protocol), None, None) = (given.protocol, given.direction, given.kind) {
            if protocol == "ether" {
                return Err(
                    self.wrong("expected src, dst, host, proto, broadcast, multicast or [ behind \"ether\"")
                );
            }
            // It may be followed by an address only if a kind of address is named.
            return self.headers.protocol(protocol).ok_or_else(|| self.unknown());
        }
        if !explicit {
            // An address or number alone: as the one before.
            given = match self.last {
                Some(last) if !self.is_keyword() => last,
                _ => Qualifiers::default(),
            };
        }
        let condition = self.value(given, explicit)?;
        self.last = Some(given);
        Ok(condition)
    }

    fn is_keyword(&self) -> bool {
        self.peek().is_none_or(|w| known_words().any(|k| k == w) || headers::is_name(w))
    }

    fn direction(&mut self) -> Option<Direction> {
        let one = match self.peek() {
            Some("src") => Direction::Source,
            Some("dst") => Direction::Destination,
            _ => return None,
        };
        self.at += 1;
        let joined = match (self.peek(), self.ahead(1)) {
            (Some("or" | "||"), Some("src" | "dst")) => Direction::Either,
            (Some("and" | "&&"), Some("src" | "dst")) => Direction::Both,
            _ => return Some(one),
        };
        // `src host a and dst host b` has a word between; this is `src and dst host a`.
        self.at += 2;
        Some(joined)
    }

    /// The address, number or name that the qualifiers are about.
    fn value(&mut self, given: Qualifiers<'a>, explicit: bool) -> Result<Condition> {
        let direction = given.direction.unwrap_or(Direction::Either);
        let fits = |protocols: &[&str]| given.protocol.is_none_or(|p| protocols.contains(&p));
        let misplaced = |kind: &str| {
            let protocol = given.protocol.unwrap_or_default();
            let place = self.words.get(given.at).map(|w| self.place(w)).unwrap_or_default();
            Error::argument(format!("{protocol:?} can't stand before {kind:?} ({place})"))
                .hint(format!("write \"{protocol} and {kind} ...\""))
        };
        match given.kind {
            None | Some(Kind::Host) if given.protocol == Some("ether") => {
                let mac = self
                    .read("expected a hardware address such as 02:00:00:00:00:01", |w| prefix::mac(w).ok())?;
                Ok(self.headers.ether_host(mac, direction))
            }
            None | Some(Kind::Host | Kind::Net) => {
                if !fits(&["ip", "ip6", "arp", "rarp"]) {
                    return Err(misplaced(if given.kind == Some(Kind::Net) { "net" } else { "host" }));
                }
                let nets = match given.kind {
                    Some(Kind::Net) => vec![self.net()?],
                    _ => self.host(explicit)?,
                };
                let of = |net| self.headers.net(net, given.protocol, direction);
                let found: Vec<_> = nets.into_iter().filter_map(of).collect();
                match found.is_empty() {
                    true => Err(self.wrong_at(
                        self.at - 1,
                        &format!("expected an address of {}", given.protocol.unwrap_or("IP")),
                    )),
                    false => Ok(Condition::Any(found)),
                }
            }
            Some(Kind::Port | Kind::PortRange) => {
                if !fits(&["tcp", "udp", "sctp"]) {
                    return Err(misplaced("port"));
                }
                let range = match given.kind {
                    Some(Kind::Port) => {
                        self.read("expected a port such as 80 or http", headers::port).map(|p| (p, p))
                    }
                    _ => self.read("expected a range of ports such as 8000-8010", headers::ports),
                }?;
                Ok(self.headers.port(range, given.protocol, direction))
            }
            Some(Kind::Proto) if given.protocol == Some("ether") => {
                let what = "expected an ethertype such as 0x0806, or ip, ip6, arp, rarp";
                let number = self.read(what, |w| headers::ethertype(w).or_else(|| number(w)))?;
                Ok(self.headers.ethertype(number))
            }
            Some(Kind::Proto) => {
                if !fits(&["ip", "ip6"]) {
                    return Err(misplaced("proto"));
                }
                let protocol = self.read("expected a protocol such as 89 or ospf", |w| {
                    let named = Proto::from_name(w).and_then(Proto::number);
                    named.or_else(|| number(w).and_then(|n| n.try_into().ok()))
                })?;
                Ok(self.headers.carried(protocol, given.protocol))
            }
        }
    }

    fn read<T>(&mut self, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let found = self.peek().and_then(read).ok_or_else(|| self.wrong(expected))?;
        self.at += 1;
        Ok(found)
    }

    /// An address, one with a prefix's length, or a name.
    fn host(&mut self, explicit: bool) -> Result<Vec<IpNetwork>> {
        let Some(word) = self.peek() else { return Err(self.wrong("expected an address or a host's name")) };
        if word.parse::<IpAddr>().is_ok() {
            return Ok(vec![self.net()?]);
        }
        if self.is_keyword() || !word.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(if explicit {
                self.wrong("expected an address or a host's name")
            } else {
                self.unknown()
            });
        }
        // A name that no host has may be a word that is misspelt.
        let found = (self.resolve)(word).map_err(|e| if explicit { e } else { self.unknown() })?;
        self.at += 1;
        Ok(found.into_iter().map(IpNetwork::from).collect())
    }

    /// `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`, `fe80::/10`, `192.168`.
    fn net(&mut self) -> Result<IpNetwork> {
        let what = "expected a prefix such as 10.0.0.0/8";
        let (address, implied) = self.read(what, |word| match word.parse::<IpAddr>() {
            Ok(address) => Some((address, None)),
            Err(_) => {
                let octets: Vec<u8> = word.split('.').map(|n| n.parse().ok()).collect::<Option<_>>()?;
                let mut all = [0; 4];
                all.get_mut(..octets.len())?.copy_from_slice(&octets);
                Some((Ipv4Addr::from(all).into(), Some(octets.len() as u8 * 8)))
            }
        })?;
        let length = if self.take(&["/"]) {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let what = format!("expected a prefix's length up to {most}");
            self.read(&what, |w| w.parse().ok().filter(|n: &u8| *n <= most))?
        } else if let (IpAddr::V4(v4), true) = (address, self.take(&["mask"])) {
            let net = self.read("expected a mask such as 255.255.255.0", |w| {
                Ipv4Network::with_netmask(v4, w.parse().ok()?).ok()
            })?;
            net.prefix()
        } else {
            implied.unwrap_or(if address.is_ipv4() { 32 } else { 128 })
        };
        IpNetwork::new(address, length).map_err(|_| self.wrong(what))
    }

    fn broadcast(&mut self, protocol: Option<&str>) -> Result<Condition> {
        if protocol.is_some_and(|p| p != "ether") {
            return Err(self
                .wrong("expected \"ether broadcast\" or \"broadcast\"")
                .hint("the broadcast address of a prefix is a host: \"host 10.0.0.255\""));
        }
        self.at += 1;
        Ok(self.headers.ether_host([0xff; 6], Direction::Destination))
    }

    fn multicast(&mut self, protocol: Option<&str>) -> Result<Condition> {
        let found = self.headers.multicast(protocol);
        let found = found
            .ok_or_else(|| self.wrong("expected \"ip multicast\", \"ip6 multicast\" or \"multicast\""))?;
        self.at += 1;
        Ok(found)
    }

    fn other(&mut self) -> Result<Condition> {
        let (word, at) = (self.next().unwrap_or_default(), self.at);
        let value = |parser: &mut Self, most: u32| {
            let number = parser.peek().and_then(number);
            parser.at += usize::from(number.is_some());
            match number {
                Some(n) if n > most => Err(parser.wrong_at(at, &format!("expected a number up to {most}"))),
                number => Ok(number),
            }
        };
        match word {
            "less" | "greater" => {
                let length = value(self, u32::MAX)?;
                let length = length
                    .ok_or_else(|| self.wrong(&format!("expected a number of bytes behind {word:?}")))?;
                // Both include the number itself.
                let longer = |n| Condition::Compare(Value::Length, Test::AtLeast, Value::Number(n));
                Ok(match (word, length.checked_add(1)) {
                    ("greater", _) => longer(length),
                    (_, Some(more)) => longer(more).negated(),
                    (_, None) => Condition::Always(true),
                })
            }
            "vlan" => {
                let id = value(self, 4095)?;
                self.headers.vlan(id).ok_or_else(|| self.wrong_at(at - 1, "expected no vlan behind mpls"))
            }
            "mpls" => {
                let label = value(self, 0xf_ffff)?;
                Ok(self.headers.mpls(label))
            }
            _ => Ok(headers::outbound(word == "outbound")),
        }
    }

    /// Whether a comparison of numbers comes, such as `tcp[13] & 2 != 0`.
    fn begins_relation(&self) -> bool {
        let Some(word) = self.peek() else { return false };
        let signs =
            |at: usize| self.words.get(at).is_some_and(|w| power(w.text).is_some() || is_comparison(w.text));
        match word {
            "len" | "-" => true,
            // One whose parenthesis ends before a sign of arithmetic.
            "(" => {
                let mut depth = 0usize;
                for (i, word) in self.words.iter().enumerate().skip(self.at) {
                    match word.text {
                        "(" => depth += 1,
                        ")" => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        return signs(i + 1);
                    }
                }
                false
            }
            // `10.0.0.0 / 8` is no division: behind an address, no other sign follows.
            word if number(word).is_some() || headers::constant(word).is_some() => signs(self.at + 1),
            _ => self.ahead(1) == Some("["),
        }
    }

    fn relation(&mut self) -> Result<Condition> {
        let mut needed = Vec::new();
        let left = self.arithmetic(0, &mut needed)?;
        let Some(sign) = self.peek().filter(|w| is_comparison(w)) else {
            return Err(self.wrong("expected =, !=, <, >, <= or >="));
        };
        self.at += 1;
        let right = self.arithmetic(0, &mut needed)?;
        let compare = |test| Condition::Compare(left, test, right);
        let compared = match sign {
            "=" | "==" => compare(Test::Equal),
            "!=" => compare(Test::Equal).negated(),
            ">" => compare(Test::Greater),
            ">=" => compare(Test::AtLeast),
            "<" => compare(Test::AtLeast).negated(),
            _ => compare(Test::Greater).negated(),
        };
        needed.push(compared);
        Ok(Condition::All(needed))
    }

    /// Numbers, joined by signs that bind at least so strongly. What the packet must be for its bytes to be there goes
    /// into `needed`.
    fn arithmetic(&mut self, least: u8, needed: &mut Vec<Condition>) -> Result<Value> {
        let mut left = self.nested(|parser| parser.number(needed))?;
        while let Some((sign, (strength, operation))) =
            self.peek().and_then(|w| Some((w, power(w)?))).filter(|(_, (strength, _))| *strength >= least)
        {
            self.at += 1;
            let at = self.at;
            let right = self.nested(|parser| parser.arithmetic(strength + 1, needed))?;
            let bad = match (operation, &right) {
                (Operation::Divide | Operation::Modulo, Value::Number(0)) => true,
                (Operation::Left | Operation::Right, Value::Number(n)) => *n > 31,
                _ => false,
            };
            if bad {
                return Err(self.wrong_at(at, &format!("expected another number behind {sign:?}")));
            }
            left = Value::Operation(operation, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn number(&mut self, needed: &mut Vec<Condition>) -> Result<Value> {
        let what = "expected a number, len, or bytes such as tcp[13]";
        if self.take(&["-"]) {
            let value = self.nested(|parser| parser.number(needed))?;
            return Ok(Value::Operation(Operation::Subtract, Box::new(Value::Number(0)), Box::new(value)));
        }
        if self.take(&["("]) {
            let value = self.nested(|parser| parser.arithmetic(0, needed))?;
            return if self.take(&[")"]) { Ok(value) } else { Err(self.wrong("expected \")\"")) };
        }
        if self.take(&["len"]) {
            return Ok(Value::Length);
        }
        let Some(word) = self.peek() else { return Err(self.wrong(what)) };
        if let Some(n) = number(word).or_else(|| headers::constant(word)) {
            self.at += 1;
            return Ok(Value::Number(n));
        }
        let Some((place, needs)) = self.headers.bytes(word).filter(|_| self.ahead(1) == Some("[")) else {
            return Err(self.wrong(what));
        };
        self.at += 2;
        if !needed.contains(&needs) {
            needed.push(needs);
        }
        let index = self.nested(|parser| parser.arithmetic(0, needed))?;
        let size = match self.take(&[":"]) {
            true => {
                self.read("expected a size of 1, 2 or 4", |w| number(w).filter(|n| matches!(n, 1 | 2 | 4)))?
            }
            false => 1,
        };
        match self.take(&["]"]) {
            true => Ok(Value::At(place, size, Box::new(index))),
            false => Err(self.wrong("expected \"]\"")),
        }
    }
}

fn known_words() -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().map(|(name, _)| name).chain(OTHERS).chain(JOINS)
}

fn is_comparison(word: &str) -> bool {
    matches!(word, "=" | "==" | "!=" | "<" | ">" | "<=" | ">=")
}

/// How strongly a sign of arithmetic binds, and what it does.
fn power(word: &str) -> Option<(u8, Operation)> {
    Some(match word {
        "|" => (1, Operation::Or),
        "^" => (1, Operation::Xor),
        "&" => (2, Operation::And),
        "<<" => (3, Operation::Left),
        ">>" => (3, Operation::Right),
        "+" => (4, Operation::Add),
        "-" => (4, Operation::Subtract),
        "*" => (5, Operation::Multiply),
        "/" => (5, Operation::Divide),
        "%" => (5, Operation::Modulo),
        _ => return None,
    })
}

/// `12`, `0x0c`, `014`.
fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if word.len() > 1 && word.starts_with('0') => u32::from_str_radix(word, 8).ok(),
        None => word.parse().ok(),
    }
}
