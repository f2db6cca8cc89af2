//! Search by words: which page answers a question such as "default gateway" or "who listens".
//!
//! Each page has words, heavier where it is named by them than where they only occur in its text. A page that has more
//! of a question's words comes first, and rare words count more than common ones.

use std::collections::{HashMap, HashSet};

use super::cookbook::{self, Recipe};
use super::text::{first_sentence, hang};
use super::words::{ABSENT, PAGES, STOP, SYNONYMS, TOPICS};
use super::{Docs, guides, short};
use crate::lua::schema::FunctionDoc;

/// So many pages are named.
const MOST: usize = 12;
/// A page that answers so much less than the first one is left out.
const LEAST: f64 = 0.25;

/// So many recipes, and parts of guides, are named, if they answer nearly as well as the best one.
const MOST_BESIDE: usize = 3;
const NEAR: f64 = 0.5;

/// How much a word says where it stands.
const NAME: f64 = 6.0;
const KNOWN_AS: f64 = 5.0;
const SENTENCE: f64 = 3.0;
const COMMAND: f64 = 3.0;
const OPTION: f64 = 1.5;
const TEXT: f64 = 1.0;
/// Another word for the same.
const SYNONYM: f64 = 0.6;

/// What can be found.
struct Page {
    name: String,
    /// What it is for, or what to do instead.
    says: String,
    weights: HashMap<String, f64>,
}

impl Page {
    fn new(name: impl Into<String>, says: &str) -> Page {
        let name = name.into();
        let mut page = Page { name: name.clone(), says: says.to_owned(), weights: HashMap::new() };
        page.take(&name, NAME);
        page.take(says, SENTENCE);
        for (_, words) in PAGES.iter().filter(|(of, _)| *of == name) {
            page.take(words, KNOWN_AS);
        }
        page
    }

    fn take(&mut self, text: &str, weight: f64) {
        for word in words(text) {
            let known = self.weights.entry(word).or_default();
            *known = known.max(weight);
        }
    }

    fn of_function(name: &str, f: &FunctionDoc) -> Page {
        let mut page = Page::new(name, first_sentence(f.doc));
        page.take(f.doc, TEXT);
        page.take(f.command.unwrap_or_default(), COMMAND);
        for param in &f.params {
            page.take(param.doc, TEXT);
            for field in param.shape.iter().flat_map(|shape| &shape.fields) {
                page.take(field.name, OPTION);
                page.take(field.doc, TEXT);
            }
        }
        page
    }

    /// A method comes after what makes its handle.
    fn first(&self) -> f64 {
        if self.name.find(':').is_some_and(|at| at > 0) { 0.8 } else { 1.0 }
    }

    /// How much it says of a word; the others mean the same.
    fn weight(&self, word: &str, others: &[String]) -> f64 {
        let of = |word: &str| self.weights.get(word).copied().unwrap_or_default();
        others.iter().map(|other| of(other) * SYNONYM).fold(of(word), f64::max)
    }
}

/// The words of a text that mean something, each without its ending.
fn words(text: &str) -> Vec<String> {
    let all = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    let kept = all.map(str::to_lowercase).filter(|word| !word.is_empty() && !STOP.contains(&word.as_str()));
    kept.map(|word| stem(&word)).collect()
}

/// `listens`, `listening` and `listened` are `listen`.
fn stem(word: &str) -> String {
    let word = word.trim_end_matches("'s");
    let cut = |ending: &str, least: usize| word.strip_suffix(ending).filter(|rest| rest.len() >= least);
    let bare = cut("ing", 3).or_else(|| cut("ed", 3)).or_else(|| cut("ies", 2)).or_else(|| {
        ["sses", "shes", "ches", "xes"].iter().any(|end| word.ends_with(end)).then(|| &word[..word.len() - 2])
    });
    let bare = bare.or_else(|| cut("s", 2).filter(|rest| !rest.ends_with(['s', 'u', 'i']))).unwrap_or(word);
    let bare = bare.trim_end_matches(['e', 'y']);
    let mut end = bare.chars().rev();
    match (end.next(), end.next()) {
        // run, running.
        (Some(a), Some(b)) if a == b && !"aeiousl".contains(a) => {
            bare[..bare.len() - a.len_utf8()].to_owned()
        }
        _ if bare.is_empty() => word.to_owned(),
        _ => bare.to_owned(),
    }
}

fn pages(docs: &Docs) -> Vec<Page> {
    let mut out = Vec::new();
    for module in &docs.modules {
        let called = module.call.as_ref().map(|call| Page::of_function(call.name, call));
        let mut page = called.unwrap_or_else(|| Page::new(module.name, first_sentence(module.doc)));
        page.take(module.doc, TEXT);
        out.push(page);
        out.extend(module.functions.iter().map(|f| Page::of_function(f.name, f)));
    }
    for class in docs.classes.values() {
        let methods = class.methods.iter();
        out.extend(methods.map(|m| Page::of_function(&format!("{}:{}", short(class.name), m.name), m)));
    }
    out.extend(TOPICS.iter().map(|(name, says)| Page::new(*name, says)));
    out.extend(ABSENT.iter().map(|absent| {
        let mut page = Page::new("", absent.says);
        page.take(absent.words, NAME);
        page
    }));
    out
}

/// The recipes of the cookbook.
fn recipes() -> Vec<Page> {
    let page = |recipe: Recipe| {
        let mut page = Page::new(recipe.question, "");
        page.take(recipe.answer, TEXT);
        page
    };
    cookbook::recipes().map(page).collect()
}

/// The parts of the guides, by where they stand.
fn sections() -> Vec<Page> {
    let page = |section: guides::Section| {
        let mut page = Page::new(section.guide, &section.title);
        page.take(section.text, TEXT);
        page
    };
    guides::sections().map(page).collect()
}

/// The pages with how well they answer, the best first.
fn ranked(pages: Vec<Page>, question: &str) -> Vec<(f64, Page)> {
    let asked: Vec<(String, Vec<String>)> =
        words(question).into_iter().map(|w| (w.clone(), synonyms(&w))).collect();
    let rare: Vec<f64> = asked.iter().map(|(word, others)| rarity(&pages, word, others)).collect();
    let score = |page: &Page| {
        let weights: Vec<f64> = asked.iter().map(|(word, others)| page.weight(word, others)).collect();
        let known = weights.iter().filter(|w| **w > 0.0).count() as f64 / asked.len().max(1) as f64;
        weights.iter().zip(&rare).map(|(weight, rare)| weight * rare).sum::<f64>() * known * page.first()
    };
    let mut found: Vec<(f64, Page)> = pages.into_iter().map(|page| (score(&page), page)).collect();
    found.retain(|(score, _)| *score > 0.0);
    // The sort is stable: modules stand before their functions.
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let best = found.first().map_or(0.0, |(score, _)| *score);
    found.retain(|(score, _)| *score >= best * LEAST);
    found
}

fn synonyms(word: &str) -> Vec<String> {
    let same = SYNONYMS.iter().map(|group| words(group)).filter(|group| group.iter().any(|w| w == word));
    let all: HashSet<String> = same.flatten().filter(|other| other != word).collect();
    all.into_iter().collect()
}

/// How much it says that a page has a word: little for one that most have.
fn rarity(pages: &[Page], word: &str, others: &[String]) -> f64 {
    let with = pages.iter().filter(|page| page.weight(word, others) > 0.0).count();
    (1.0 + pages.len() as f64 / (1 + with) as f64).ln()
}

/// What answers a question, as a list of pages with what they are for; `None` where nothing does.
pub fn search(docs: &Docs, question: &str) -> Option<String> {
    let found = ranked(pages(docs), question);
    let recipes = best(ranked(recipes(), question));
    let sections = best(ranked(sections(), question));
    if found.is_empty() && recipes.is_empty() && sections.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let (absent, there): (Vec<_>, Vec<_>) =
        found.into_iter().take(MOST).enumerate().partition(|(_, (_, page))| page.name.is_empty());
    // What nsh lacks is told where it answers best; further down it would only distract.
    for (_, (_, page)) in absent.iter().filter(|(place, _)| *place == 0) {
        parts.push(hang(&page.says, 0) + "\n");
    }
    let there: Vec<Page> = there.into_iter().map(|(_, (_, page))| page).collect();
    let lists = [
        (format!("about {question:?}, nsh doc NAME tells more:"), there),
        ("scripts that answer such questions, by nsh doc QUESTION:".to_owned(), recipes),
        ("guides about it, by nsh doc FILE:".to_owned(), sections),
    ];
    for (head, pages) in lists.iter().filter(|(_, pages)| !pages.is_empty()) {
        let width = pages.iter().map(|page| page.name.len()).max().unwrap_or(0);
        let line = |page: &Page| format!("  {:width$}  {}", page.name, hang(&page.says, width + 4));
        let lines: Vec<String> = pages.iter().map(|page| line(page).trim_end().to_owned()).collect();
        parts.push(format!("{head}\n{}\n", lines.join("\n")));
    }
    Some(parts.join("\n"))
}

/// The best of what stands beside the reference, each name once.
fn best(ranked: Vec<(f64, Page)>) -> Vec<Page> {
    let best = ranked.first().map_or(0.0, |(score, _)| *score);
    let mut out: Vec<Page> = Vec::new();
    for (_, page) in ranked.into_iter().take_while(|(score, _)| *score >= best * NEAR) {
        if out.len() < MOST_BESIDE && !out.iter().any(|known| known.name == page.name) {
            out.push(page);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a learner asks, and the page that must come first; of what nsh lacks, the command that is told.
    const QUESTIONS: &[(&str, &str)] = &[
        ("default gateway", "route.add"),
        ("add latency", "link.shape"),
        ("packet loss", "link.shape"),
        ("limit bandwidth", "link.shape"),
        ("tc", "tc"),
        ("tc qdisc", "tc.qdisc"),
        ("who listens", "socket.list"),
        ("open ports", "socket.list"),
        ("draw my lab", "lab.draw"),
        ("web server", "http.serve"),
        ("download a page", "http.get"),
        ("vlan", "vlan"),
        ("igmp snooping", "mdb.add"),
        ("tap device", "tun.add"),
        ("disable tso offload", "ethtool.set"),
        ("driver counters", "ethtool.stats"),
        ("add an ip address", "addr.add"),
        ("create a host", "namespace.add"),
        ("connect two hosts", "link.add"),
        ("port forwarding", "nat.dnat"),
        ("share an internet connection", "nat.masquerade"),
        ("sniff packets", "capture.start"),
        ("run a command in a namespace", "proc.exec"),
        ("start a daemon", "proc.spawn"),
        ("wait for a port", "wait.port"),
        ("firewall rules", "firewall.add"),
        ("nstat", "counters.list"),
        ("enable ip forwarding", "sysctl.set"),
        ("are hosts reachable", "check.reachable"),
        ("arp table", "neigh.list"),
        ("mac table of a switch", "fdb.list"),
        ("change the mtu", "link.set"),
        ("show the routing table", "route.list"),
        ("which way does a packet take", "route.get"),
        ("which routers are on the way", "traceroute"),
        ("path mtu", "pmtu"),
        ("tcp server", "tcp.listen"),
        ("send udp", "udp.send"),
        ("craft a raw packet", "send"),
        ("scapy", "send"),
        ("duplicate address", "arping"),
        ("pingall", "ping_all"),
        ("ring of routers", "topology.ring"),
        ("policy routing", "rule.add"),
        ("keep my lab running", "nsh up"),
        ("convert a shell script", "nsh translate"),
        ("how do I delete a link", "link.del"),
        ("retry until it works", "eventually"),
        ("what changed", "lab.difference"),
        ("measure throughput", "perf"),
        ("dhcp server", "dhcp.serve"),
        ("dhclient", "dhcp.request"),
        ("dns server", "dns.serve"),
        ("dig", "dns.query"),
        ("ospf", "bird"),
        ("what can my kernel do", "nsh doctor"),
    ];

    #[test]
    fn a_learners_questions_find_their_pages() {
        let docs = Docs::collect();
        let mut wrong = Vec::new();
        for (question, first) in QUESTIONS {
            let found = ranked(pages(&docs), question);
            let names: Vec<&str> = found.iter().take(3).map(|(_, page)| page.name.as_str()).collect();
            let right = match found.first() {
                Some((_, page)) if page.name.is_empty() => page.says.contains(first),
                Some((_, page)) => page.name == *first,
                None => false,
            };
            if !right {
                wrong.push(format!("{question}: {first}, but {names:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_learners_questions_find_their_recipes() {
        let questions = [
            ("add latency", "How do I add latency?"),
            ("a VLAN trunk", "How do I carry VLANs over a trunk?"),
            ("two uplinks", "How do I use a second uplink when the first one is down?"),
            ("capture to a file", "How do I capture to a file?"),
            ("who listens", "Who listens?"),
            ("a router with FRR", "How do I run a router with FRR, or BIRD?"),
            ("grade my students", "How do I grade my students?"),
            ("forward a port", "How do I forward a port to a server inside?"),
            ("why does the packet not arrive", "Why doesn't it arrive?"),
        ];
        for (question, recipe) in questions {
            let found = ranked(recipes(), question);
            let names: Vec<&str> = found.iter().take(3).map(|(_, page)| page.name.as_str()).collect();
            assert!(names.contains(&recipe), "{question}: {names:?}");
        }
        let text = search(&Docs::collect(), "add latency").unwrap();
        assert!(text.contains("\n  How do I add latency?\n"), "{text}");
        // Nothing else answers: the list doesn't begin with an empty line.
        let text = search(&Docs::collect(), "grade my students").unwrap();
        assert!(text.starts_with("scripts that answer"), "{text}");
    }

    #[test]
    fn a_learners_questions_find_their_guides() {
        let questions = [
            ("run my shell script", "docs/shell.md"),
            ("check a tutorial in markdown", "docs/shell.md"),
            ("is a stranger's script safe", "docs/sandbox.md"),
            ("docker container", "docs/sandbox.md"),
            ("what does a pod of kubernetes need", "docs/shards.md"),
            ("junit report", "docs/testing.md"),
            ("from Mininet", "docs/coming-from.md"),
            ("what is a lab", "docs/concepts.md"),
        ];
        for (question, guide) in questions {
            let found = best(ranked(sections(), question));
            let names: Vec<&str> = found.iter().map(|page| page.name.as_str()).collect();
            assert!(names.contains(&guide), "{question}: {names:?}");
        }
    }

    #[test]
    fn words_are_found_whole() {
        // `tc` stands in "match", "fetch" and 80 others.
        let text = search(&Docs::collect(), "tc").unwrap();
        assert!(text.contains("tc.qdisc"), "{text}");
        assert!(!text.contains("check.match"), "{text}");
        assert!(search(&Docs::collect(), "xyzzy").is_none());
        assert!(search(&Docs::collect(), "the").is_none());
    }

    #[test]
    fn endings_are_cut() {
        for same in
            [["listens", "listening"], ["runs", "running"], ["route", "routing"], ["addresses", "address"]]
        {
            assert_eq!(stem(same[0]), stem(same[1]));
        }
        assert_ne!(stem("bus"), stem("bu"));
    }

    #[test]
    fn each_known_page_is_there() {
        let docs = Docs::collect();
        let pages = pages(&docs);
        for (name, _) in PAGES {
            assert!(pages.iter().any(|page| page.name == *name), "{name}");
        }
        for absent in ABSENT {
            let says = absent.says;
            assert!(says.contains("exec(") || says.contains("spawn("), "{says}");
        }
    }
}
