//! A rule's expressions as nft writes them, as far as they have words: for people to read.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use netlink_packet_netfilter::nftables::MetaKey;

use super::attr::Received;
use super::expr::{Base, Expr, INVERTED, NatType, Op, Verdict};
use super::words::Protocol;

/// NFPROTO_* as nft names families of tables.
pub fn family(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "inet",
        2 => "ip",
        3 => "arp",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => return None,
    })
}

/// A rule, without its handle.
pub fn rule(exprs: &[Expr]) -> String {
    let mut writer = Writer::default();
    exprs.iter().for_each(|expr| writer.expr(expr));
    writer.words.join(" ")
}

/// What a register holds: its words, and how its values are written.
#[derive(Clone)]
struct Loaded {
    words: String,
    form: Form,
    mask: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Name,
    Number,
    /// In the host's byte order.
    Native,
    Address,
    Protocol,
    Family,
    IcmpType,
    State,
}

#[derive(Default)]
struct Writer {
    words: Vec<String>,
    registers: HashMap<u32, Loaded>,
    /// The protocol above IP that was asked for.
    protocol: Option<u8>,
}

impl Writer {
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Meta { to, key } => self.load(*to, meta(*key)),
            Expr::Ct { to, key, .. } => self.load(*to, ct(*key)),
            Expr::Payload { to, base, offset, length } => self.payload(*to, *base, *offset, *length),
            Expr::Bitwise { from, to, mask, .. } => {
                if let Some(loaded) = self.registers.get(from).cloned() {
                    self.registers.insert(*to, Loaded { mask: Some(mask.clone()), ..loaded });
                }
            }
            Expr::Cmp { from, op, data } => self.compare(*from, *op, data),
            Expr::Range { from, op, low, high } => {
                let (words, form) = self.held(*from);
                self.words.push(format!("{words} {}{}-{}", sign(*op), value(form, low), value(form, high)));
            }
            Expr::Lookup { set, from, flags, .. } => {
                let (words, _) = self.held(*from);
                let not = if *flags == INVERTED { "!= " } else { "" };
                self.words.push(format!("{words} {not}@{}", set.name));
            }
            Expr::Counter { bytes, packets } => {
                self.words.push(format!("counter packets {packets} bytes {bytes}"))
            }
            Expr::Immediate { .. } => {}
            Expr::Verdict { verdict } => self.words.push(verdict_words(verdict)),
            Expr::Reject { .. } => self.words.push("reject".to_owned()),
            Expr::Masquerade { .. } => self.words.push("masquerade".to_owned()),
            Expr::Redirect { .. } => self.words.push("redirect".to_owned()),
            Expr::Nat { what: NatType::Dest, .. } => self.words.push("dnat".to_owned()),
            Expr::Nat { .. } => self.words.push("snat".to_owned()),
            // Those of iptables: the name is the first attribute of either.
            Expr::Unknown { name, attributes } if matches!(name.as_str(), "match" | "target") => {
                let option = if name == "match" { "-m" } else { "-j" };
                let extension = Received(attributes).string(1).unwrap_or_default();
                self.words.push(format!("{option} {extension}"));
            }
            other => self.words.push(format!("[{}]", other.name())),
        }
    }

    fn load(&mut self, to: u32, (words, form): (String, Form)) {
        self.registers.insert(to, Loaded { words, form, mask: None });
    }

    fn held(&self, register: u32) -> (String, Form) {
        let loaded = self.registers.get(&register);
        loaded.map_or(("[register]".to_owned(), Form::Number), |loaded| (loaded.words.clone(), loaded.form))
    }

    fn payload(&mut self, to: u32, base: Base, offset: u32, length: u32) {
        let found = match (base, offset, length) {
            (Base::Network, 12, ..=4) => ("ip saddr".to_owned(), Form::Address),
            (Base::Network, 16, ..=4) => ("ip daddr".to_owned(), Form::Address),
            (Base::Network, 9, 1) => ("ip protocol".to_owned(), Form::Protocol),
            (Base::Network, 8, 2..=16) => ("ip6 saddr".to_owned(), Form::Address),
            (Base::Network, 24, 1..=16) => ("ip6 daddr".to_owned(), Form::Address),
            (Base::Transport, 0, 1) => (format!("{} type", self.above()), Form::IcmpType),
            (Base::Transport, 0, 2) => (format!("{} sport", self.above()), Form::Number),
            (Base::Transport, 2, 2) => (format!("{} dport", self.above()), Form::Number),
            (base, offset, length) => {
                let base = match base {
                    Base::Link => "ll",
                    Base::Network => "nh",
                    _ => "th",
                };
                (format!("@{base},{},{}", offset * 8, length * 8), Form::Number)
            }
        };
        // nft writes what follows from the field only once.
        let implied = match base {
            Base::Network => "meta nfproto ",
            Base::Transport => "meta l4proto ",
            _ => "[",
        };
        self.words.pop_if(|last| last.starts_with(implied));
        self.load(to, found);
    }

    fn above(&self) -> String {
        self.protocol.map_or_else(|| "th".to_owned(), |protocol| Protocol(protocol).to_string())
    }

    fn compare(&mut self, from: u32, op: Op, data: &[u8]) {
        let Some(loaded) = self.registers.get(&from).cloned() else { return };
        if let (Form::Protocol, Op::Eq, Some(protocol)) = (loaded.form, op, data.first()) {
            self.protocol = Some(*protocol);
        }
        let text = match (&loaded.mask, loaded.form) {
            // A state is in the mask: the comparison is with 0.
            (Some(mask), Form::State) => value(Form::State, mask),
            (Some(mask), form) => {
                let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
                format!("{}/{bits}", value(form, data))
            }
            (None, Form::Address) if data.len() < 4 => {
                let mut whole = data.to_vec();
                whole.resize(4, 0);
                format!("{}/{}", value(Form::Address, &whole), data.len() * 8)
            }
            (None, form) => value(form, data),
        };
        let state = loaded.form == Form::State && loaded.mask.is_some();
        let sign = if state { "" } else { sign(op) };
        self.words.push(format!("{} {sign}{text}", loaded.words));
    }
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Ne => "!= ",
        Op::Lt => "< ",
        Op::Le => "<= ",
        Op::Gt => "> ",
        Op::Ge => ">= ",
        _ => "",
    }
}

fn meta(key: MetaKey) -> (String, Form) {
    let (words, form) = match key {
        MetaKey::Iifname => ("iifname", Form::Name),
        MetaKey::Oifname => ("oifname", Form::Name),
        MetaKey::Iif => ("iif", Form::Native),
        MetaKey::Oif => ("oif", Form::Native),
        MetaKey::Mark => ("meta mark", Form::Native),
        MetaKey::L4Proto => ("meta l4proto", Form::Protocol),
        MetaKey::Nfproto => ("meta nfproto", Form::Family),
        MetaKey::EtherTypeProtocol => ("meta protocol", Form::Number),
        _ => ("meta", Form::Number),
    };
    (words.to_owned(), form)
}

fn ct(key: u32) -> (String, Form) {
    // NFT_CT_STATE
    if key == 0 { ("ct state".to_owned(), Form::State) } else { ("ct".to_owned(), Form::Number) }
}

fn value(form: Form, data: &[u8]) -> String {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    match form {
        Form::Name => {
            let end = data.iter().position(|byte| *byte == 0);
            let name = String::from_utf8_lossy(&data[..end.unwrap_or(data.len())]);
            format!("\"{name}{}\"", if end.is_some() { "" } else { "*" })
        }
        Form::Address => match (data.first_chunk::<4>(), data.first_chunk::<16>()) {
            (_, Some(ip)) => Ipv6Addr::from(*ip).to_string(),
            (Some(ip), _) => Ipv4Addr::from(*ip).to_string(),
            _ => number(data).to_string(),
        },
        Form::Protocol => Protocol(number(data) as u8).to_string(),
        Form::Family => if number(data) == 2 { "ipv4" } else { "ipv6" }.to_owned(),
        Form::IcmpType => icmp(number(data)),
        Form::State => states(data),
        Form::Native => data.first_chunk().map_or(0, |b| u32::from_ne_bytes(*b)).to_string(),
        Form::Number => number(data).to_string(),
    }
}

fn icmp(kind: u64) -> String {
    match kind {
        0 | 129 => "echo-reply".to_owned(),
        8 | 128 => "echo-request".to_owned(),
        3 | 1 => "destination-unreachable".to_owned(),
        11 => "time-exceeded".to_owned(),
        other => other.to_string(),
    }
}

/// NF_CT_STATE_BIT of linux/netfilter/nf_conntrack_common.h, and NF_CT_STATE_UNTRACKED_BIT.
fn states(data: &[u8]) -> String {
    let bits = data.first_chunk().map_or(0, |b| u32::from_ne_bytes(*b));
    let names = [(1, "invalid"), (2, "established"), (4, "related"), (8, "new"), (64, "untracked")];
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Drop => "drop".to_owned(),
        Verdict::Accept => "accept".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
        Verdict::Other(code) => format!("[verdict {code}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_nft_writes_them() {
        let load = |key| Expr::Meta { to: 1, key };
        let equal = |data: &[u8]| Expr::Cmp { from: 1, op: Op::Eq, data: data.to_vec() };
        let payload = |base, offset, length| Expr::Payload { to: 1, base, offset, length };
        let drop = || Expr::Verdict { verdict: Verdict::Drop };
        let echo = [load(MetaKey::L4Proto), equal(&[1]), payload(Base::Transport, 0, 1), equal(&[8]), drop()];
        assert_eq!(rule(&echo), "icmp type echo-request drop");
        let port =
            [load(MetaKey::L4Proto), equal(&[6]), payload(Base::Transport, 2, 2), equal(&[0, 80]), drop()];
        assert_eq!(rule(&port), "tcp dport 80 drop");
        let net = [payload(Base::Network, 12, 3), equal(&[10, 0, 1]), Expr::Reject { kind: 0, code: None }];
        assert_eq!(rule(&net), "ip saddr 10.0.1.0/24 reject");
    }
}
