//! Rulesets as lines that are compared one by one: each rule with its chain and its place there. Rules of iptables, and what
//! stands for them in the Lua, come in one form, whichever tables they are in.

use std::collections::{BTreeMap, HashSet};

/// nsh's own table, which has NAT.
const OWN: &str = "inet nsh";
/// Tables of iptables.
const NAMES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];

/// A ruleset, to be compared.
#[derive(Debug, Default)]
pub struct Rules {
    pub lines: Vec<String>,
    /// How many rules stand for some of iptables.
    pub of_iptables: usize,
    /// How many of these have extensions of which nft doesn't show what they say.
    pub blind: usize,
}

#[derive(Default)]
struct Chain {
    family: String,
    table: String,
    name: String,
    /// Its type, hook, priority and policy.
    base: Option<String>,
    rules: Vec<String>,
}

/// The ruleset that nft lists, without counts. `of_iptables` names tables that iptables made.
pub fn comparable(listed: &[String], of_iptables: &HashSet<String>) -> Rules {
    let (chains, mut lines) = read(listed);
    let mut rules = Rules::default();
    // Chains of the same hook and priority are one after the other.
    let mut canonical: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chain in &chains {
        let table = format!("{} {}", chain.family, chain.table);
        if table != OWN && !of_iptables.contains(&table) {
            let place = format!("{table} {}", chain.name);
            lines.push(format!("{place}: {}", chain.base.as_deref().unwrap_or("chain")));
            let numbered = chain.rules.iter().zip(1..);
            lines.extend(numbered.map(|(rule, n)| format!("{place} {n}: {}", without_counts(rule))));
            continue;
        }
        let families: &[&str] = match chain.family.as_str() {
            "inet" => &["ip", "ip6"],
            "ip6" => &["ip6"],
            _ => &["ip"],
        };
        let place = |family: &str| format!("{family} {}", chain.place());
        for family in families.iter().filter(|_| chain.base.is_none()) {
            canonical.entry(place(family)).or_default();
        }
        if chain.base.as_deref().is_some_and(|base| base.contains("policy drop")) {
            lines.extend(families.iter().map(|family| format!("{}: policy drop", place(family))));
        }
        for rule in &chain.rules {
            let (of, rule) = self::rule(rule);
            rules.blind += usize::from(rule.split_whitespace().any(|word| word == "xt"));
            rules.of_iptables += 1;
            for family in families.iter().filter(|family| of.is_none_or(|of| of == **family)) {
                canonical.entry(place(family)).or_default().push(rule.clone());
            }
        }
    }
    for (place, chain) in canonical {
        if chain.is_empty() {
            lines.push(format!("{place}: chain"));
        }
        lines.extend(chain.iter().zip(1..).map(|(rule, n)| format!("{place} {n}: {rule}")));
    }
    rules.lines = lines;
    rules
}

/// The tables that iptables made: their rules have counters, or there are none.
pub fn tables_of_iptables(listed: &[String]) -> HashSet<String> {
    let (chains, others) = read(listed);
    let mut out = HashSet::new();
    for chain in &chains {
        let table = format!("{} {}", chain.family, chain.table);
        let known = matches!(chain.family.as_str(), "ip" | "ip6") && NAMES.contains(&chain.table.as_str());
        let all = || {
            let same = |other: &&Chain| other.family == chain.family && other.table == chain.table;
            chains.iter().filter(same).flat_map(|chain| &chain.rules)
        };
        if known && (all().next().is_none() || all().any(|rule| rule.contains("counter packets"))) {
            out.insert(table);
        }
    }
    // iptables makes neither sets nor maps that have names.
    out.retain(|table| !others.iter().any(|line| line.starts_with(&format!("{table}: "))));
    out
}

/// The chains, and a line for each line of what else there is.
fn read(listed: &[String]) -> (Vec<Chain>, Vec<String>) {
    let (mut chains, mut others) = (Vec::<Chain>::new(), Vec::new());
    let (mut table, mut inside) = (String::new(), None::<bool>);
    let mut pending = String::new();
    for line in listed {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("table ").filter(|_| inside.is_none()) {
            table = name.trim_end_matches(['{', ' ']).to_owned();
            continue;
        }
        match inside {
            None => match (line, line.strip_suffix(" {")) {
                ("}", _) => {}
                (_, Some(head)) => {
                    inside = Some(head.starts_with("chain "));
                    if let Some(name) = head.strip_prefix("chain ") {
                        let (family, table) = table.split_once(' ').unwrap_or(("ip", &table));
                        chains.push(Chain {
                            family: family.to_owned(),
                            table: table.to_owned(),
                            name: name.to_owned(),
                            ..Chain::default()
                        });
                    } else {
                        others.push(format!("{table}: {head}"));
                    }
                }
                _ => others.push(format!("{table}: {line}")),
            },
            Some(_) if line == "}" && pending.is_empty() => inside = None,
            Some(false) => others.push(format!("{table}: {}", without_counts(line))),
            Some(true) => {
                // Long sets of a rule go over several lines.
                pending.push_str(if pending.is_empty() { "" } else { " " });
                pending.push_str(line);
                if pending.matches('{').count() > pending.matches('}').count() {
                    continue;
                }
                let line = std::mem::take(&mut pending);
                let Some(chain) = chains.last_mut() else { continue };
                match line.starts_with("type ") && line.contains(" hook ") {
                    true => chain.base = Some(line),
                    false => chain.rules.push(line),
                }
            }
        }
    }
    (chains, others)
}

impl Chain {
    /// Where it hangs; the name and table of one that hangs nowhere.
    fn place(&self) -> String {
        let Some(base) = &self.base else {
            let table = if self.table == "nsh" { "nat" } else { &self.table };
            return format!("{table} {}", self.name);
        };
        let words: Vec<&str> = base.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        let behind = |name: &str| {
            let at = words.iter().position(|word| *word == name);
            at.and_then(|at| words.get(at + 1)).copied().unwrap_or_default()
        };
        format!("{} {} {}", behind("type"), behind("hook"), priority(behind("priority")))
    }
}

fn priority(name: &str) -> &str {
    match name {
        "raw" => "-300",
        "mangle" => "-150",
        "dstnat" => "-100",
        "filter" => "0",
        "security" => "50",
        "srcnat" => "100",
        number => number,
    }
}

fn without_counts(line: &str) -> String {
    let mut words = line.split_whitespace().peekable();
    let mut out = Vec::new();
    while let Some(word) = words.next() {
        out.push(word);
        if word == "packets" || word == "bytes" {
            words.next_if(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
    out.join(" ")
}

/// The words of a rule; a text in quotes and a set in braces are one.
fn words(rule: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let (mut quoted, mut set) = (false, None::<Vec<String>>);
    for word in rule.split_whitespace() {
        let goes_on = quoted;
        quoted ^= word.matches('"').count() % 2 == 1;
        match (&mut set, word) {
            (_, word) if goes_on => {
                if let Some(last) = out.last_mut() {
                    last.push_str(&format!(" {word}"));
                }
            }
            (None, "{") => set = Some(Vec::new()),
            (Some(members), "}") => {
                members.sort();
                out.push(format!("{{{}}}", members.join(",")));
                set = None;
            }
            (Some(members), word) => members.push(number(word.trim_end_matches(','))),
            (None, word) if word.contains(',') && !word.contains('"') => {
                let mut parts: Vec<&str> = word.split(',').collect();
                parts.sort_unstable();
                out.push(parts.join(","));
            }
            (None, word) => out.push(number(word)),
        }
    }
    out
}

/// `0x00000007` is 7.
fn number(word: &str) -> String {
    let hexadecimal = word.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    hexadecimal.map_or_else(|| word.to_owned(), |number| number.to_string())
}

/// What a match compares with.
const OPERATORS: [&str; 10] = ["!=", "==", "<", ">", "<=", ">=", "&", "/", "lt", "gt"];
/// What begins a match, alone or with the word behind it.
const ALONE: [&str; 6] = ["iifname", "oifname", "iif", "oif", "skuid", "skgid"];
const WITH_FIELD: [&str; 14] = [
    "ip", "ip6", "tcp", "udp", "th", "sctp", "dccp", "icmp", "icmpv6", "ct", "meta", "ether", "fib", "limit",
];
/// Protocols of the fields that tell them.
const PROTOCOLS: [&str; 5] = ["tcp", "udp", "icmp", "icmpv6", "sctp"];

/// The family that a rule says it is for, and the rule in the form that all have in common: matches in one order, without
/// those that others say too, without counters and comments.
fn rule(rule: &str) -> (Option<&'static str>, String) {
    let mut words = words(rule);
    if let Some(at) = words.iter().position(|word| word == "comment") {
        words.truncate(at);
    }
    if let Some(at) = words.iter().position(|word| word == "counter") {
        let counts = words.get(at + 1).is_some_and(|word| word == "packets");
        words.drain(at..(at + if counts { 5 } else { 1 }).min(words.len()));
    }
    let mut matches: Vec<Vec<String>> = Vec::new();
    let mut at = 0;
    let starts = |at: usize| {
        let word = |n: usize| words.get(at + n).map_or("", String::as_str);
        if ALONE.contains(&word(0)) {
            return Some(1);
        }
        let statement = word(2) == "set" || word(0) == "tcp" && word(1) == "option";
        (WITH_FIELD.contains(&word(0)) && !statement).then_some(2)
    };
    while let Some(length) = starts(at) {
        // The value, and what it is compared with.
        let mut end = at + length;
        loop {
            let operator = words.get(end).is_some_and(|word| OPERATORS.contains(&word.as_str()));
            end += 1 + usize::from(operator);
            if !words.get(end).is_some_and(|word| OPERATORS.contains(&word.as_str())) {
                break;
            }
        }
        let end = end.min(words.len());
        let mut found = words[at..end].to_vec();
        at = end;
        // `limit rate 5/minute burst 9 packets`, `fib daddr type local`
        while ["burst", "type"].contains(&words.get(at).map_or("", String::as_str)) {
            let more = if words[at] == "burst" { 3 } else { 2 };
            let end = (at + more).min(words.len());
            found.extend_from_slice(&words[at..end]);
            at = end;
        }
        matches.push(found);
    }
    let rest = &words[at..];
    let first = |found: &Vec<String>, n: usize| found.get(n).cloned().unwrap_or_default();
    let mut family = None;
    for found in &matches {
        match (first(found, 0).as_str(), first(found, 1).as_str(), first(found, 2).as_str()) {
            ("ip" | "icmp", ..) | ("meta", "nfproto", "ipv4") => family = Some("ip"),
            ("ip6" | "icmpv6", ..) | ("meta", "nfproto", "ipv6") => family = Some("ip6"),
            _ => {}
        }
    }
    let mut said: Vec<String> = matches.iter().map(|found| first(found, 0)).collect();
    said.retain(|word| PROTOCOLS.contains(&word.as_str()));
    matches.retain(|found| {
        let protocol = match (first(found, 0).as_str(), first(found, 1).as_str()) {
            ("meta", "nfproto") => return false,
            ("meta", "l4proto") | ("ip", "protocol") => first(found, 2),
            _ => return true,
        };
        let protocol = if protocol == "ipv6-icmp" { "icmpv6".to_owned() } else { protocol };
        !said.contains(&protocol)
    });
    matches.sort();
    let mut out = matches.concat();
    for (n, word) in rest.iter().enumerate() {
        let translates = n > 0 && matches!(rest[n - 1].as_str(), "dnat" | "snat");
        match word.as_str() {
            "ip" if translates => family = Some("ip"),
            "ip6" if translates => family = Some("ip6"),
            _ => out.push(word.clone()),
        }
    }
    (family, out.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn both(text: &str) -> Rules {
        let listed = lines(text);
        comparable(&listed, &tables_of_iptables(&listed))
    }

    #[test]
    fn rules_have_one_form() {
        for (iptables, lua) in [
            (
                "tcp dport 8080 counter packets 3 bytes 9 dnat to 10.0.0.2:80",
                "tcp dport 8080 counter packets 0 bytes 0 dnat ip to 10.0.0.2:80",
            ),
            (
                "meta l4proto tcp tcp dport { 2, 1 } counter packets 0 bytes 0 redirect to :99",
                "meta nfproto ipv4 tcp dport { 1, 2 } counter redirect to :99",
            ),
            (
                "meta l4proto icmp icmp type echo-request counter packets 0 bytes 0 jump LOGS",
                "icmp type echo-request counter packets 0 bytes 0 jump LOGS",
            ),
            (
                "counter packets 0 bytes 0 meta mark set 0x7",
                "counter packets 0 bytes 0 meta mark set 0x00000007",
            ),
            (
                "ct state related,established counter packets 0 bytes 0 accept",
                "ct state established,related accept",
            ),
            (
                "oifname != \"br0\" ip saddr 10.0.0.0/24 counter packets 0 bytes 0 masquerade",
                "ip saddr 10.0.0.0/24 oifname != \"br0\" masquerade",
            ),
            (
                "limit rate 5/minute burst 9 packets counter packets 0 bytes 0 log prefix \"a b \"",
                "limit rate 5/minute burst 9 packets log prefix \"a b \"",
            ),
            (
                "meta mark & 0xff == 0x1 ip saddr 10.0.0.1 drop",
                "ip saddr 10.0.0.1 meta mark & 0x000000ff == 0x00000001 drop comment \"x y\"",
            ),
        ] {
            assert_eq!(rule(iptables).1, rule(lua).1, "{iptables}");
        }
        for (one, other) in [
            ("ip saddr 10.0.0.1 ip daddr 10.0.0.2 accept", "ip saddr 10.0.0.2 ip daddr 10.0.0.1 accept"),
            ("meta l4proto tcp drop", "drop"),
            ("tcp dport 80 drop", "tcp dport != 80 drop"),
            ("tcp dport 80 drop", "udp dport 80 drop"),
            ("log prefix \"a\"", "log prefix \"b\""),
        ] {
            assert_ne!(rule(one).1, rule(other).1, "{one}");
        }
        assert_eq!(rule("meta nfproto ipv4 oifname \"e\" masquerade").0, Some("ip"));
        assert_eq!(rule("oifname \"e\" masquerade").0, None);
    }

    #[test]
    fn places_count() {
        let table = |name: &str, chain: &str, rules: &str| {
            format!(
                "table {name} {{\n\tchain {chain} {{\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n{rules}\n\t}}\n}}"
            )
        };
        let rules = |text: &str| both(text).lines;
        let a = "\t\toifname \"a\" counter packets 1 bytes 1 masquerade";
        let b = "\t\toifname \"b\" counter packets 1 bytes 1 masquerade";
        let was = rules(&table("ip nat", "POSTROUTING", &format!("{a}\n{b}")));
        assert_eq!(was[1], "ip nat postrouting 100 2: oifname \"b\" masquerade");
        assert_ne!(was, rules(&table("ip nat", "POSTROUTING", &format!("{b}\n{a}"))));
        let own = |rule: &str| rule.replace("oifname", "meta nfproto ipv4 oifname");
        assert_eq!(was, rules(&table("inet nsh", "nat_postrouting", &format!("{}\n{}", own(a), own(b)))));
        // A rule of both families is one more.
        assert_eq!(rules(&table("inet nsh", "nat_postrouting", a)).len(), 2);
        // Those of nft alone are compared as they are.
        let plain =
            "table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t}\n\tchain c {\n\t\tdrop\n\t\taccept\n\t}\n}";
        assert_eq!(
            rules(plain),
            ["ip t: set s", "ip t: type ipv4_addr", "ip t c: chain", "ip t c 1: drop", "ip t c 2: accept"]
        );
        assert_eq!(both(plain).of_iptables, 0);
    }
}
