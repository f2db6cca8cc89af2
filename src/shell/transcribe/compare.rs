//! Whether the replayed Lua makes what the script made.

use std::collections::{HashMap, HashSet};

use super::{Transcript, rules};
use crate::lua::compare::{Part, UNREAD, changes};

/// What two labs have in common, or don't.
pub struct Comparison {
    /// A line that says so.
    pub told: String,
    /// What differs, as `lab.difference` shows it.
    pub difference: String,
}

impl Comparison {
    pub fn equal(&self) -> bool {
        self.difference.is_empty()
    }
}

impl Transcript {
    /// Compares the pictures that were taken of the replay with those of the script.
    pub fn compare(&self, replayed: &[Vec<Part>]) -> Comparison {
        let mut difference = String::new();
        let (mut of_iptables, mut blind) = (0, 0);
        let last = self.recorded.len();
        for (number, (was, is)) in self.recorded.iter().zip(replayed).enumerate() {
            let tables = was.iter().filter(|part| part.name == "nft");
            let tables = tables.flat_map(|part| rules::tables_of_iptables(&part.lines)).collect();
            let (was, is) = (self.comparable(was, &tables), self.comparable(is, &tables));
            of_iptables = was.of_iptables.max(of_iptables);
            blind = was.blind.max(blind);
            let found = differs(&was.parts, &is.parts);
            if !found.is_empty() {
                let when = if number + 1 == last {
                    "at the end".to_owned()
                } else {
                    format!("before deletion {}", number + 1)
                };
                difference = format!("{when}:\n{found}");
                break;
            }
        }
        if difference.is_empty() && replayed.len() < last {
            difference = "the replay ended before its end\n".to_owned();
        }
        let count = |name: &str| {
            let of = |parts: &Vec<Part>| {
                parts.iter().filter(|part| part.name == name).map(|part| part.lines.len()).sum::<usize>()
            };
            self.recorded.iter().map(of).max().unwrap_or(0)
        };
        let numbers =
            [("links", "links"), ("addresses", "addresses"), ("routes", "routes"), ("rules", "rules")]
                .map(|(name, word)| format!("{} {word}", count(name)));
        let more = if of_iptables > 0 { format!(", {of_iptables} of iptables") } else { String::new() };
        let mut told = match difference.is_empty() {
            true if self.recorded.is_empty() => {
                "not compared: there is no picture of what the script made".to_owned()
            }
            true => format!("equal on this path, on this kernel: {}{more}", numbers.join(", ")),
            false => "the Lua does not make what the script makes".to_owned(),
        };
        if last > 1 && difference.is_empty() {
            told.push_str(&format!("; compared at {last} points, deletions begin behind all but the last"));
        }
        let lines = || self.recorded.iter().flatten().flat_map(|part| &part.lines);
        if difference.is_empty() && lines().any(|line| line.starts_with(UNREAD)) {
            told.push_str("; rules of iptables-legacy can't be read here, and are not compared");
        }
        if blind > 0 && difference.is_empty() {
            told.push_str(&format!(
                "; of {blind} rules of iptables nft doesn't show all, and that is not compared"
            ));
        }
        Comparison { told, difference }
    }

    /// What is told of the translation, a line each.
    pub fn report(&self, name: &str) -> String {
        self.notes.iter().map(|note| format!("{name}: {note}\n")).collect()
    }

    fn comparable(&self, parts: &[Part], of_iptables: &HashSet<String>) -> Comparable {
        let mut out = Comparable::default();
        out.parts = parts
            .iter()
            .map(|part| {
                let lines = match part.name.as_str() {
                    "nft" => {
                        let rules = rules::comparable(&part.lines, of_iptables);
                        out.of_iptables += rules.of_iptables;
                        out.blind += rules.blind;
                        rules.lines
                    }
                    _ => part.lines.clone(),
                };
                Part {
                    lines: lines.iter().filter_map(|line| self.steady(&part.name, line)).collect(),
                    ..part.clone()
                }
            })
            .collect();
        out
    }

    /// A line without what nobody chose: hardware addresses, what is made of them, numbers of links (of which the state of a
    /// veth whose other end is down depends), what was learned from traffic, and the settings in which nsh's namespaces differ from those of `ip netns add`.
    fn steady(&self, part: &str, line: &str) -> Option<String> {
        let own = |word: &str| {
            word.starts_with("fe80:") && !chosen(word).is_some_and(|it| self.chosen.contains(&it))
        };
        let left_out = match part {
            "addresses" => line.split_whitespace().any(own),
            "neighbours" => !["PERMANENT", "NOARP", "proxy"].iter().any(|state| line.contains(state)),
            "sysctls" => line.starts_with("net.bridge.bridge-nf-call-") && !self.bridged,
            _ => false,
        };
        if left_out {
            return None;
        }
        let words = line.split_whitespace().filter(|word| part != "addresses" || *word != "nodad");
        let mut before = "";
        let words = words.map(|word| {
            let table =
                self.tables.iter().find(|(name, _)| matches!(before, "table" | "lookup") && name == word);
            before = word;
            table.map_or(word, |(_, number)| number)
        });
        let words = words.map(|word| match (hardware(word), word.split_once("@if")) {
            (Some(address), _) if !self.chosen.contains(&address) => "MAC",
            (None, None) if part == "links" && word == "LOWERLAYERDOWN" => "DOWN",
            (None, Some((name, number))) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => word,
        });
        Some(words.collect::<Vec<_>>().join(" "))
    }
}

#[derive(Default)]
struct Comparable {
    parts: Vec<Part>,
    /// How many rules iptables made.
    of_iptables: usize,
    /// How many of these can't be compared as a whole.
    blind: usize,
}

/// A word that is a hardware address.
pub fn hardware(word: &str) -> Option<String> {
    let parts: Vec<&str> = word.split(':').collect();
    let is = parts.len() == 6
        && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is.then(|| word.to_ascii_lowercase())
}

/// A word that is a hardware or a link-local address, as one that a script chooses.
pub fn chosen(word: &str) -> Option<String> {
    let address = word.split('/').next().unwrap_or_default();
    let local = address.starts_with("fe80:").then(|| address.parse::<std::net::Ipv6Addr>().ok()).flatten();
    hardware(word).or(local.map(|address| address.to_string()))
}

fn differs(was: &[Part], is: &[Part]) -> String {
    let key = |part: &Part| (part.namespace.clone(), part.name.clone());
    let mut left: HashMap<_, &Part> = is.iter().map(|part| (key(part), part)).collect();
    let mut out = String::new();
    for part in was {
        let other = left.remove(&key(part)).map_or(&[][..], |part| &part.lines);
        out.push_str(&changes(&part.namespace, &part.name, &part.lines, other));
    }
    for part in is.iter().filter(|part| left.contains_key(&key(part))) {
        out.push_str(&changes(&part.namespace, &part.name, &[], &part.lines));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, lines: &[&str]) -> Part {
        Part {
            namespace: "host".to_owned(),
            name: name.to_owned(),
            lines: lines.iter().map(|l| (*l).to_owned()).collect(),
        }
    }

    fn transcript(recorded: Vec<Vec<Part>>, chosen: &[&str]) -> Transcript {
        Transcript {
            lua: String::new(),
            replayed: String::new(),
            notes: Vec::new(),
            incomplete: false,
            recorded,
            tables: Vec::new(),
            bridged: false,
            chosen: chosen.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let was = vec![part("nft", &[&format!("{UNREAD} iptables-legacy")])];
        let told = transcript(vec![was.clone()], &[]).compare(&[was]);
        assert!(told.told.contains("rules of iptables-legacy can't be read here"), "{}", told.told);
    }

    #[test]
    fn without_a_picture_nothing_is_said_to_be_equal() {
        assert!(transcript(Vec::new(), &[]).compare(&[]).told.starts_with("not compared"));
    }

    #[test]
    fn addresses_that_nobody_chose_are_all_the_same() {
        let was = vec![part("links", &["a@if3 LOWERLAYERDOWN 02:00:00:00:00:01", "b UP 02:00:00:00:00:02"])];
        let is = vec![part("links", &["a@if2 DOWN 02:00:00:00:00:01", "b UP 02:00:00:00:00:03"])];
        let told = transcript(vec![was.clone()], &["02:00:00:00:00:01"]).compare(std::slice::from_ref(&is));
        assert!(told.equal(), "{}", told.difference);
        assert_eq!(told.told, "equal on this path, on this kernel: 2 links, 0 addresses, 0 routes, 0 rules");
        let told = transcript(vec![was], &["02:00:00:00:00:02"]).compare(&[is]);
        assert_eq!(told.difference, "at the end:\nhost: links\n  - b UP 02:00:00:00:00:02\n  + b UP MAC\n");
    }

    #[test]
    fn rules_of_iptables_are_compared_with_what_stands_for_them() {
        let was = |rule: &str| {
            vec![part(
                "nft",
                &[
                    "# Warning: table ip nat is managed by iptables-nft, do not touch!",
                    "table ip nat {",
                    "\tchain POSTROUTING {",
                    "\t\ttype nat hook postrouting priority srcnat; policy accept;",
                    rule,
                    "\t}",
                    "}",
                ],
            )]
        };
        let is = vec![part(
            "nft",
            &[
                "table inet nsh {",
                "\tchain nat_postrouting {",
                "\t\ttype nat hook postrouting priority srcnat; policy accept;",
                "\t\tmeta nfproto ipv4 oifname \"e\" counter packets 7 bytes 7 masquerade",
                "\t}",
                "}",
            ],
        )];
        let told = |rule: &str| transcript(vec![was(rule)], &[]).compare(std::slice::from_ref(&is));
        let same = told("\t\toifname \"e\" counter packets 0 bytes 0 masquerade");
        assert!(same.equal(), "{}", same.difference);
        assert!(same.told.ends_with(" 0 rules, 1 of iptables"), "{}", same.told);
        let other = told("\t\toifname \"f\" counter packets 0 bytes 0 masquerade");
        assert_eq!(
            other.difference,
            "at the end:\nhost: nft\n  - ip nat postrouting 100 1: oifname \"f\" masquerade\n  + ip nat postrouting 100 1: oifname \"e\" masquerade\n"
        );
    }

    /// A script's own table may have the name of one of iptables.
    #[test]
    fn tables_of_nft_are_compared_whatever_their_names() {
        let nat = |rule| vec![part("nft", &["table ip nat {", "\tchain post {", rule, "\t}", "}"])];
        let (was, other) =
            (nat("\t\tip saddr 10.0.0.0/24 masquerade"), nat("\t\tip saddr 10.0.0.0/25 masquerade"));
        let told = transcript(vec![was.clone()], &[]);
        assert!(told.compare(std::slice::from_ref(&was)).told.ends_with("0 rules"));
        assert!(!told.compare(std::slice::from_ref(&other)).equal());
        let (iptables, without) = (nat("\t\txt match recent counter packets 0 bytes 0"), nat("\t\taccept"));
        let told = transcript(vec![iptables.clone()], &[]);
        assert!(told.compare(&[iptables]).told.contains("of 1 rules of iptables nft doesn't show all"));
        assert!(!told.compare(&[without]).equal());
    }

    #[test]
    fn what_is_missing_differs() {
        let state = vec![part("links", &["a"])];
        let told = transcript(vec![state.clone(), state.clone()], &[]).compare(std::slice::from_ref(&state));
        assert_eq!(told.difference, "the replay ended before its end\n");
        let told = transcript(vec![state], &[]).compare(&[vec![]]);
        assert_eq!(told.difference, "at the end:\nhost: links\n  - a\n");
    }
}
