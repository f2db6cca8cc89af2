//! Rules in nft's language.

use super::super::act::{Act, Space};
use super::super::args::{Arg, Reason, Result};
use super::super::lua::{self, Piece};
use super::rule::{Not, Ports, Rule};
use super::{Made, Version, line, load};

/// Where iptables' own chains hang.
pub fn hook(table: &str, chain: &str) -> Option<String> {
    let hook = chain.to_ascii_lowercase();
    let fits = match table {
        "filter" => ["INPUT", "FORWARD", "OUTPUT"].contains(&chain),
        "mangle" => ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].contains(&chain),
        "raw" => ["PREROUTING", "OUTPUT"].contains(&chain),
        _ => false,
    };
    let kind = if table == "mangle" && chain == "OUTPUT" { "route" } else { "filter" };
    fits.then(|| format!("type {kind} hook {hook} priority {table};"))
}

/// Makes sure that a chain is there, unless an earlier command did; one of iptables' own, or one made by `-N`.
pub fn chain(
    table: &str,
    chain: &str,
    space: &Space,
    version: Version,
    made: &mut Made,
) -> Result<Vec<Vec<Piece>>> {
    let family = version.family();
    let whole = format!("{family} {table}");
    let own = made.own.iter().any(|(s, t, c)| s == space && *t == whole && c == chain);
    let Some(hook) = hook(table, chain) else {
        return match own {
            true => Ok(Vec::new()),
            false => Err(Reason::new(format!("iptables: No chain \"{chain}\" in the table {table}"))
                .near(chain, ["INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"])),
        };
    };
    ensure(format!("{whole} {chain}"), space, made, || {
        vec![line(format!("add table {whole}")), line(format!("add chain {whole} {chain} {{ {hook} }}"))]
    })
}

fn ensure(
    name: String,
    space: &Space,
    made: &mut Made,
    lines: impl FnOnce() -> Vec<Vec<Piece>>,
) -> Result<Vec<Vec<Piece>>> {
    let known = matches!(space, Space::Here) || matches!(space, Space::Named(arg) if arg.known.is_some());
    if made.chains.contains(&(space.clone(), name.clone())) {
        return Ok(Vec::new());
    }
    if known && !made.nested {
        made.chains.push((space.clone(), name));
    }
    Ok(lines())
}

impl Made {
    /// Forgets what was made in a namespace: it is deleted.
    pub fn forget(&mut self) {
        self.chains.clear();
        self.own.clear();
    }
}

/// A rule of NAT that the module `nat` has no words for, in its chains all the same, so that the order stays.
pub fn nat(
    rule: &Rule,
    chain: &str,
    insert: bool,
    space: &Space,
    version: Version,
    made: &mut Made,
) -> Result<Vec<Act>> {
    let priority = match chain {
        "PREROUTING" | "OUTPUT" => "-100",
        "POSTROUTING" | "INPUT" => "100",
        _ => return Err(Reason::new(format!("iptables: No chain \"{chain}\" in the table nat"))),
    };
    let hook = chain.to_ascii_lowercase();
    let mut lines = ensure(format!("inet nsh nat_{hook}"), space, made, || {
        vec![
            line("add table inet nsh"),
            line(format!("add chain inet nsh nat_{hook} {{ type nat hook {hook} priority {priority}; }}")),
        ]
    })?;
    let verb = if insert { "insert" } else { "add" };
    let mut text = vec![Piece::Text(format!("{verb} rule inet nsh nat_{hook} "))];
    text.extend(self::rule(rule, version, true)?);
    lines.push(text);
    Ok(vec![load(space, lines)])
}

/// A rule's matches and its verdict. In a table of both families (`inet`) the rule says which it is for.
pub fn rule(rule: &Rule, version: Version, inet: bool) -> Result<Vec<Piece>> {
    let family = version.family();
    let mut out = Text::default();
    if inet && rule.source.is_none() && rule.dest.is_none() {
        out.word(&format!("meta nfproto {}", if version.six { "ipv6" } else { "ipv4" }));
    }
    for (name, value) in [("iifname", &rule.iif), ("oifname", &rule.oif)] {
        if let Some(Not { negated, value }) = value {
            out.word(name);
            out.not(*negated);
            out.arg(&value.clone().behind("\"").with("\""));
        }
    }
    for (name, value) in [("saddr", &rule.source), ("daddr", &rule.dest)] {
        if let Some(Not { negated, value }) = value {
            out.word(&format!("{family} {name}"));
            out.not(*negated);
            out.arg(value);
        }
    }
    if let Some(Not { negated, value }) = &rule.proto {
        // Ports say the protocol too.
        if *negated || (rule.sport.is_none() && rule.dport.is_none()) {
            out.word("meta l4proto");
            out.not(*negated);
            let value = if value.is("icmpv6") { Arg::of("ipv6-icmp") } else { value.clone() };
            out.arg(&value);
        } else if value.known.is_none() {
            return Err(Reason::new("the protocol is only known when the script runs"));
        }
    }
    let proto = rule.proto.as_ref().map(|p| p.value.text().to_owned()).unwrap_or_default();
    for (name, ports) in [("sport", &rule.sport), ("dport", &rule.dport)] {
        if let Some(ports) = ports {
            out.ports(&proto, name, ports);
        }
    }
    rule.more.iter().for_each(|text| out.word(text));
    out.word("counter");
    verdict(rule, family, &mut out)?;
    if let Some(comment) = &rule.comment {
        let comment = comment.known.clone().filter(|c| !c.contains(['"', '\n']));
        let comment = comment.ok_or_else(|| Reason::new("a comment can't have quotes"))?;
        out.word(&format!("comment \"{comment}\""));
    }
    Ok(out.pieces)
}

fn verdict(rule: &Rule, family: &str, out: &mut Text) -> Result<()> {
    let with = rule.with.clone().unwrap_or_default();
    let need = |what: &str| Reason::new(format!("{what} is missing"));
    let flags: Vec<&str> =
        [("random", rule.random), ("fully-random", rule.fully_random), ("persistent", rule.persistent)]
            .iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| *name)
            .collect();
    match rule.target.as_deref() {
        None => {}
        Some(verdict @ ("ACCEPT" | "DROP" | "RETURN")) => out.word(&verdict.to_ascii_lowercase()),
        Some("REJECT") => out.word(format!("reject {with}").trim_end()),
        Some("LOG") => out.word(&format!("log{with}")),
        Some("MARK") if !with.is_empty() => match with.split_once('/') {
            None => out.word(&format!("meta mark set {with}")),
            Some(_) => return Err(Reason::new("a mark with a mask has no binding")),
        },
        Some("TCPMSS") if !with.is_empty() => out.word(&format!("tcp option maxseg size set {with}")),
        Some("MASQUERADE") => {
            out.word("masquerade");
            if let Some(to) = &rule.to {
                out.word("to");
                out.arg(&to.clone().behind(":"));
            }
        }
        Some("REDIRECT") => {
            out.word("redirect");
            if let Some(to) = &rule.to {
                out.word("to");
                out.arg(&to.clone().behind(":"));
            }
        }
        Some(kind @ ("SNAT" | "DNAT")) => {
            out.word(&format!("{} {family} to", kind.to_ascii_lowercase()));
            out.arg(rule.to.as_ref().ok_or_else(|| need("the address to translate to"))?);
        }
        Some(chain) if chain.chars().all(|c| c.is_ascii_uppercase()) && KNOWN.contains(&chain) => {
            return Err(Reason::new(format!("the target {chain} has no binding")));
        }
        Some(chain) => out.word(&format!("jump {chain}")),
    }
    if !flags.is_empty() {
        out.word(&flags.join(","));
    }
    Ok(())
}

/// Targets that are no chains.
const KNOWN: &[&str] = &[
    "CONNMARK", "NFQUEUE", "NFLOG", "TPROXY", "CT", "NOTRACK", "TRACE", "CLASSIFY", "DSCP", "TOS", "TTL",
    "HL", "SET", "NETMAP", "CHECKSUM", "AUDIT", "QUEUE", "ULOG", "MARK", "TCPMSS", "SECMARK", "TEE",
];

/// A text that grows word by word.
#[derive(Default)]
struct Text {
    pieces: Vec<Piece>,
}

impl Text {
    fn word(&mut self, word: &str) {
        let space = if self.pieces.is_empty() { "" } else { " " };
        lua::push(&mut self.pieces, Piece::Text(format!("{space}{word}")));
    }

    fn not(&mut self, negated: bool) {
        if negated {
            self.word("!=");
        }
    }

    fn arg(&mut self, arg: &Arg) {
        lua::push(&mut self.pieces, Piece::Text(" ".to_owned()));
        match &arg.known {
            Some(text) => lua::push(&mut self.pieces, Piece::Text(text.clone())),
            None => arg.pieces.iter().for_each(|piece| lua::push(&mut self.pieces, piece.clone())),
        }
    }

    fn ports(&mut self, proto: &str, name: &str, ports: &Not<Ports>) {
        self.word(&format!("{proto} {name}"));
        self.not(ports.negated);
        match ports.value.as_slice() {
            [one] => self.arg(one),
            several => {
                self.word("{");
                for (i, port) in several.iter().enumerate() {
                    if i > 0 {
                        lua::push(&mut self.pieces, Piece::Text(",".to_owned()));
                    }
                    self.arg(port);
                }
                self.word("}");
            }
        }
    }
}
