//! Against the kernel, with `nft` as the witness: generated combinations of options, in both directions.

use super::*;
use crate::base::error::Result;
use crate::model::Value;
use crate::net::nf::test::{Random, in_namespace, nft};
use crate::net::nf::words::Protocol;

/// For each option values that scripts may give; texts with a space between them are lists.
const VALUES: &[(&str, &[&str])] = &[
    (
        "chain",
        &["input", "forward", "output", "prerouting", "postrouting", "raw_prerouting", "raw_output", "web"],
    ),
    ("iif", &["eth0", "!br0", "veth*", "!veth*", "eth0 eth1", "@links"]),
    ("out", &["eth0", "!br0", "veth*", "eth0 eth1 a-name-of-15-by", "@links"]),
    ("family", &["inet", "inet6"]),
    (
        "source",
        &[
            "10.0.0.1",
            "!10.0.0.0/8",
            "10.0.0.0/9",
            "10.0.0.1-10.0.0.9",
            "!10.0.0.1-10.0.0.9",
            "10.0.0.0/8 192.168.1.1 172.16.0.1-172.16.0.7",
            "10.0.0.1 10.0.0.2",
            "@four",
            "!@four",
            "fd00::1",
            "!fd00::/62",
            "fd00::/64",
            "fd00::1-fd00::9",
            "fd00::/16 fe80::1",
            "@six",
        ],
    ),
    (
        "dest",
        &[
            "10.0.0.1",
            "!192.168.0.0/16",
            "10.0.0.1 10.0.0.9",
            "0.0.0.0/1",
            "@four",
            "fd00::2",
            "ff00::/8",
            "@six",
        ],
    ),
    ("proto", &["tcp", "udp", "sctp", "icmp", "icmpv6", "esp", "99", "tcp udp", "!tcp", "!tcp udp"]),
    ("sport", &["1024", "!53", "1-1023", "!1-1023", "53 67-68", "@ports"]),
    ("dport", &["80", "!22", "8000-8010", "22 80 443", "80 8000-8010", "@ports", "0-65535"]),
    ("icmp", &["echo-request", "!echo-reply", "echo-request echo-reply", "time-exceeded", "42"]),
    ("icmpv6", &["echo-request", "nd-neighbor-solicit nd-neighbor-advert", "packet-too-big", "!200"]),
    (
        "state",
        &["established", "established related", "new", "!invalid", "!established related", "untracked"],
    ),
    ("mark", &["7", "!7", "0x10/0xf0", "!0x1/0x3"]),
    ("ct_mark", &["7", "!0x1/0x3"]),
    ("uid", &["0", "1000", "!1000", "0 1000"]),
    (
        "limit",
        &["5/second", "10/minute", "over 5/second", "100 kbytes/second", "over 3 mbytes/hour", "7 bytes/day"],
    ),
    ("burst", &["1", "5", "10", "2048"]),
    ("counter", &["true", "false"]),
    ("log", &["true", "hello ", "a: b"]),
    ("log_level", &["emerg", "info", "warn", "debug"]),
    ("log_group", &["0", "5", "65535"]),
    ("set_mark", &["1", "4294967295"]),
    ("set_ct_mark", &["0", "4294967295"]),
    ("set_zone", &["1", "65535"]),
    ("action", &["accept", "drop", "reject", "continue", "return", "jump web2", "goto web2", "notrack"]),
    (
        "reason",
        &[
            "port-unreachable",
            "host-unreachable",
            "no-route",
            "admin-prohibited",
            "tcp-reset",
            "net-prohibited",
            "policy-fail",
        ],
    ),
    ("comment", &["a remark"]),
];

/// Sets that rules look into.
const SETS: &[(&str, KeyType)] = &[
    ("links", KeyType::Ifname),
    ("four", KeyType::Ipv4Addr),
    ("six", KeyType::Ipv6Addr),
    ("ports", KeyType::InetService),
];

fn put(spec: &mut RuleSpec, name: &str, text: &str) -> Result<()> {
    let row = RuleSpec::ROWS.iter().find(|row| row.name == name).unwrap();
    let plain = |text: &str| match (text, text.parse::<i64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) => Value::Int(number),
        _ => Value::Text(text.to_owned()),
    };
    let several = text.contains(' ') && !["action", "limit", "log", "comment"].contains(&name);
    let value = match (several, text.strip_prefix('!')) {
        (false, _) => plain(text),
        (true, Some(_)) => Value::Text(text.replace(' ', ",")),
        (true, None) => Value::List(text.split(' ').map(plain).collect()),
    };
    assert!((row.put)(spec, &value)?, "{name} = {text}");
    Ok(())
}

/// A rule with a few of the options; not each makes sense.
fn any(random: &mut Random) -> (RuleSpec, String) {
    let mut spec = RuleSpec::default();
    let mut said = String::new();
    for (name, values) in VALUES {
        let wanted = matches!(*name, "chain" | "action") || random.below(5) == 0;
        if wanted {
            let value = values[random.below(values.len() as u32) as usize];
            put(&mut spec, name, value).unwrap();
            said.push_str(&format!("{name} = {value:?}, "));
        }
    }
    (spec, said)
}

impl RuleSpec {
    /// Whether it has nothing but a comment: nft has no words for such a rule.
    fn is_idle(&self) -> bool {
        let bare = RuleSpec { chain: None, comment: None, insert: None, burst: None, ..self.clone() };
        bare == RuleSpec { counter: Some(false), action: Some(Action::Continue), ..RuleSpec::default() }
    }
}

/// Rules that make sense, each once.
fn rules(wanted: usize) -> Vec<(RuleSpec, String)> {
    let sets: Vec<NamedSet> = SETS
        .iter()
        .map(|(name, key)| NamedSet { name: (*name).to_owned(), key: Some(*key), ..NamedSet::default() })
        .collect();
    let mut random = Random::new(11);
    let mut out = Vec::new();
    let mut tried = 0;
    while out.len() < wanted && tried < 100_000 {
        tried += 1;
        let (spec, said) = any(&mut random);
        if spec.check(&sets).is_ok() && !spec.is_idle() {
            out.push((spec, said));
        }
    }
    assert_eq!(out.len(), wanted);
    out
}

/// The chains and sets that the rules name.
fn prepare(ns: &Namespace) {
    for name in ["web", "web2"] {
        add_chain(ns, name).unwrap();
    }
    for (name, key) in SETS {
        add_set(ns, name, &SetSpec { key: Some(*key), ..SetSpec::default() }).unwrap();
    }
}

#[test]
fn generated_rules_are_what_nft_lists_and_makes() {
    const RULES: usize = 1500;
    let Some(made) = in_namespace(|ns| {
        prepare(ns);
        let mut wrong = Vec::new();
        let mut made = Vec::new();
        for (spec, said) in rules(RULES) {
            match add(ns, &spec, Place::Back) {
                Ok(rule) => {
                    let sets = sets(ns, Sort::Set).unwrap();
                    if rule.spec != spec.check(&sets).unwrap() {
                        wrong.push(format!(
                            "{said}\n  is read as {:?}\n  not {:?}",
                            rule.spec,
                            spec.check(&sets)
                        ));
                    }
                    made.push(rule);
                }
                Err(e) => wrong.push(format!("{said}: {e:?}")),
            }
        }
        assert!(wrong.is_empty(), "{} of {RULES}:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
        let listed = list(ns, &Tables::Own, &RuleSpec::default()).unwrap();
        assert_eq!(listed.len(), made.len());
        if let Some(text) = nft(&["-a", "list", "table", "inet", "nsh"], "") {
            let lines: std::collections::HashSet<&str> = text.lines().map(str::trim).collect();
            let shown = |rule: &FirewallRule| format!("{} # handle {}", rule.text, rule.handle);
            let differ: Vec<String> =
                made.iter().filter(|r| !lines.contains(&*shown(r))).map(shown).collect();
            let suffix =
                |line: &String| line.rsplit_once(" # ").map(|(_, handle)| format!("# {handle}")).unwrap();
            let pairs: Vec<String> = differ
                .iter()
                .map(|ours| {
                    let theirs = lines.iter().find(|line| line.ends_with(&suffix(ours)));
                    format!("ours {ours}\nnft's {}", theirs.unwrap_or(&"none"))
                })
                .collect();
            assert!(pairs.is_empty(), "{} differ:\n{}", pairs.len(), pairs[..pairs.len().min(12)].join("\n"));
        }
        made
    }) else {
        return;
    };
    // The other way: nft makes them of the words that --echo has, and we read them.
    in_namespace(move |ns| {
        prepare(ns);
        let mut text = String::new();
        for name in chain::names() {
            text.push_str(&format!("{}\n", chain_command(&chain::base(name).unwrap())));
        }
        made.iter().for_each(|rule| text.push_str(&format!("{}\n", rule_command(rule, Place::Back))));
        if nft(&["-f", "-"], &text).is_none() {
            return;
        }
        let read = list(ns, &Tables::Own, &RuleSpec::default()).unwrap();
        assert_eq!(read.len(), made.len());
        let mut made = made.clone();
        made.sort_by_key(|rule| (chain_number(rule), rule.handle));
        let mut read = read;
        read.sort_by_key(|rule| (chain_number(rule), rule.handle));
        let differ: Vec<String> = made
            .iter()
            .zip(&read)
            .filter(|(made, read)| !same(&made.spec, &read.spec) || made.text != read.text)
            .map(|(made, read)| {
                format!("ours {}: {:?}\nnft's {}: {:?}", made.text, made.spec, read.text, read.spec)
            })
            .collect();
        assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(8)].join("\n"));
    });
}

/// nft leaves out of which family ICMP is.
fn same(made: &RuleSpec, read: &RuleSpec) -> bool {
    let icmp = [Protocol::ICMP, Protocol::ICMPV6].map(Some);
    let implied = icmp.contains(&made.one_proto()) && read.family.is_none();
    let family = if implied { made.family } else { read.family };
    *made == RuleSpec { family, ..read.clone() }
}

fn chain_number(rule: &FirewallRule) -> usize {
    chain::names().position(|name| name == rule.spec.chain()).unwrap_or(99)
}
