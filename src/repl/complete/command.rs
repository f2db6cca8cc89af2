//! Commands of others typed at the prompt, `ip link set ...`, and lines for the shell: what could be the next word.

use std::rc::Rc;

use super::{Completer, Completion, live};
use crate::model::{Field, Table, Word, Words};
use crate::net::addr::Addr;
use crate::net::bridge::fdb::Entry;
use crate::net::bridge::mdb;
use crate::net::bridge::vlan::Vlan;
use crate::net::link::{self, Common, Kind, Port};
use crate::net::mptcp;
use crate::net::names::{PROTOCOLS, SCOPES, TABLES};
use crate::net::namespace::Namespace;
use crate::net::neigh::{Neigh, State as NeighState};
use crate::net::nexthop::Nexthop;
use crate::net::route::{Metrics, Route, RouteKind};
use crate::net::rule::Rule;
use crate::net::tun::Tuntap;
use crate::net::xfrm::{Policy, Selector, State, Template};

/// The programs of which the words are known.
const PROGRAMS: &str = "bridge curl ethtool ip ip6tables iptables nft ping ping6 sysctl tc tcpdump wget";

/// An object of `ip` or `bridge`, its verbs, and the words that can follow them.
struct Object {
    name: &'static str,
    verbs: &'static str,
    words: &'static str,
    /// Those of a table of attributes.
    rows: fn() -> Vec<&'static str>,
}

const fn object(
    name: &'static str,
    verbs: &'static str,
    words: &'static str,
    rows: fn() -> Vec<&'static str>,
) -> Object {
    Object { name, verbs, words, rows }
}

const IP: &[Object] = &[
    object("addr", "add del flush replace show", "", Addr::keywords),
    object(
        "link",
        "add del set show",
        "dev down link master name netns nomaster peer type",
        Common::keywords,
    ),
    object("maddr", "add del show", "dev", Vec::new),
    object("neigh", "add del flush replace show", "", Neigh::keywords),
    object("netns", "add del exec list", "", Vec::new),
    object("route", "add del flush get replace show", "default iif nexthop", || {
        [Route::keywords(), Metrics::keywords()].concat()
    }),
    object("nexthop", "add del flush get replace show", "", Nexthop::keywords),
    object("mroute", "show", "from iif to", Vec::new),
    object("mptcp", "endpoint limits", "add change delete flush set show nobackup nofullmesh", || {
        [mptcp::Endpoint::keywords(), mptcp::Limits::keywords()].concat()
    }),
    object("tuntap", "add del show", "", Tuntap::keywords),
    object("rule", "add del flush show", "", Rule::keywords),
    object("xfrm", "policy state", "add deleteall delete get list", || {
        [State::keywords(), Selector::keywords(), Policy::keywords(), Template::keywords(), vec!["tmpl"]]
            .concat()
    }),
];

const BRIDGE: &[Object] = &[
    object("fdb", "add del flush replace show", "br dynamic local static", Entry::keywords),
    object("link", "set show", "dev", Port::keywords),
    object("mdb", "add del flush get replace show", "temp", mdb::Entry::keywords),
    object("vlan", "add del set show", "self", Vlan::keywords),
];

const URL_OPTIONS: &str = "-4 -6 -H -I -O -X -d -o -q -s -v";

/// The words of `nft` by those before.
fn nft(before: &[&str]) -> &'static str {
    let words: Vec<&&str> = before.iter().filter(|w| !w.starts_with('-')).collect();
    match words[..] {
        [] => "add create delete flush insert list monitor replace reset",
        [&"list"] => "chain chains counters ruleset set sets table tables",
        [&"flush" | &"reset"] => "chain counters ruleset set table",
        [&"monitor"] => "new destroy trace ruleset",
        [_] => "chain counter element map rule set table",
        [_, &("chain" | "counter" | "element" | "map" | "rule" | "ruleset" | "set" | "table")] => {
            "arp bridge inet ip ip6 netdev"
        }
        _ => "",
    }
}

/// The words of `tc` by those before.
fn tc(before: &[&str]) -> &'static str {
    match before.iter().filter(|w| !w.starts_with('-')).count() {
        0 => "class filter monitor qdisc",
        1 => "add change delete replace show",
        _ => {
            "classid delay dev flowid fq_codel handle htb ingress limit loss netem parent pref protocol rate root \
             tbf u32"
        }
    }
}

/// The words of the options of a kind of link.
fn kind_words(kind: &str) -> Vec<&'static str> {
    struct Words<'a>(&'a str, Vec<&'static str>);
    impl link::Visit for Words<'_> {
        fn kind<T: Kind>(&mut self) {
            if T::NAMES.contains(&self.0) {
                self.1 = T::keywords();
            }
        }
    }
    let mut words = Words(kind, Vec::new());
    link::visit(&mut words);
    if kind == "bridge_slave" { Port::keywords() } else { words.1 }
}

/// Whether `on` or `off` stands behind this word of `ip link`.
fn is_switch(word: &str) -> bool {
    Common::row(word).is_some_and(|row| matches!((row.form)().word, Word::Switch))
}

impl Completer {
    /// What goes on a line that begins with a known program, with or without `sudo`; `None` for what is Lua. `ns` is
    /// where the line would run.
    pub(super) fn command(&self, before: &str, ns: &Rc<Namespace>) -> Option<Completion> {
        if before.contains('\n') {
            return None;
        }
        let (start, words, word) = split(before);
        if let Some(completion) = self.in_namespace(before, &words) {
            return Some(completion);
        }
        let Some(program) = words.iter().find(|w| **w != "sudo") else {
            // Behind `sudo` comes a program.
            return (!words.is_empty() && !word.is_empty())
                .then(|| Completion::of(start, word, spaced(live::programs(word))));
        };
        // `ip = 1` and `ping = ping or x` are Lua.
        let lua = |w: &&str| {
            !w.is_empty() && !w.starts_with(|c: char| c.is_ascii_alphanumeric() || "-/!:".contains(c))
        };
        let next = words.iter().skip_while(|w| *w != program).nth(1).unwrap_or(&word);
        if !PROGRAMS.split(' ').any(|known| known == *program)
            || lua(next)
            || before.contains(['"', '\'', '('])
        {
            return None;
        }
        Some(Completion::of(start, word, self.next(&words, word, ns)?))
    }

    /// `h1 ping h2`: behind the name of a namespace a program, and what that takes there.
    fn in_namespace(&self, before: &str, words: &[&str]) -> Option<Completion> {
        let name = words.first().filter(|name| **name != "sudo")?;
        let there = self.lab.namespaces.get(name).ok().flatten()?;
        let from = before.find(name)? + name.len();
        let rest = &before[from..];
        let begins = rest.trim_start().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
        begins.then(|| {
            let inner = self.shell(rest, &there);
            Completion { start: from + inner.start, ..inner }
        })
    }

    /// What goes on a line for the shell: a program, then what that takes, else files.
    pub fn shell(&self, before: &str, ns: &Rc<Namespace>) -> Completion {
        // Behind a `|` or `;` a new command begins.
        let from = before.rfind(['|', ';', '&']).map_or(0, |at| at + 1);
        let (start, words, word) = split(&before[from..]);
        let candidates = match words.iter().all(|w| *w == "sudo") {
            true if !word.contains('/') => spaced(live::programs(word)),
            _ => self.next(&words, word, ns).unwrap_or_else(|| live::files(word, |_| true)),
        };
        Completion::of(from + start, word, candidates)
    }

    /// What the next word can be; `None` if the program isn't known.
    fn next(&self, words: &[&str], word: &str, ns: &Rc<Namespace>) -> Option<Vec<String>> {
        let (program, rest) = words.split_first()?;
        Some(match *program {
            "sudo" => return self.next(rest, word, ns),
            "ip" => self.objects(IP, rest, word, ns),
            "bridge" => self.objects(BRIDGE, rest, word, ns),
            "sysctl" => match word.starts_with('-') {
                true => all("-a -n -w"),
                false => live::sysctls(ns, word),
            },
            "ethtool" => match rest {
                [] if word.starts_with('-') => all("-A -C -G -K -L -S -a -c -g -i -k -l -s"),
                [] => self.links(ns, word),
                [option] if option.starts_with('-') => self.links(ns, word),
                ["-K", _, given @ ..] if given.len() % 2 == 0 => {
                    all("gro gso lro rx rxvlan sg tso tx txvlan")
                }
                ["-K", ..] => all("off on"),
                _ => Vec::new(),
            },
            "iptables" | "ip6tables" => self.iptables(rest, ns),
            "ping" | "ping6" => match rest.last() {
                Some(&"-I") => self.links(ns, word),
                Some(&("-c" | "-i" | "-s" | "-t" | "-W" | "-w")) => Vec::new(),
                _ if word.starts_with('-') => all("-4 -6 -c -I -i -q -s -t -W -w"),
                _ => spaced(live::addresses(&self.lab, false)),
            },
            "curl" | "wget" => match word.starts_with('-') {
                true => all(URL_OPTIONS),
                false => {
                    let hosts = live::hosts(&self.lab);
                    hosts.into_iter().map(|host| format!("http://{host}")).collect()
                }
            },
            "nft" => all(nft(rest)),
            "tc" => match rest.last() {
                Some(&"dev") => self.links(ns, word),
                _ => all(tc(rest)),
            },
            "tcpdump" => match rest.last() {
                Some(&"-i") => self.links(ns, word),
                _ => all("-c -e -i -l -n -v -w arp host icmp icmp6 port tcp udp"),
            },
            _ => return None,
        })
    }

    /// `ip` and `bridge`: options, an object, a verb, and what that takes.
    fn objects(&self, objects: &[Object], words: &[&str], word: &str, ns: &Rc<Namespace>) -> Vec<String> {
        let mut ns = ns.clone();
        let mut rest = words;
        while let Some((option, more)) = rest.split_first().filter(|(w, _)| w.starts_with('-')) {
            rest = more;
            if matches!(*option, "-n" | "-netns") {
                let Some((name, more)) = rest.split_first() else { return self.named_namespaces() };
                let Ok(Some(there)) = self.lab.namespaces.get(name) else { return Vec::new() };
                (ns, rest) = (there, more);
            }
        }
        let Some((object, rest)) = rest.split_first() else {
            return match word.starts_with('-') {
                true => all("-4 -6 -br -d -j -n -s"),
                false => spaced(objects.iter().map(|o| o.name)),
            };
        };
        let Some(object) = objects.iter().find(|o| o.name.starts_with(object) || object.starts_with(o.name))
        else {
            return Vec::new();
        };
        match rest.split_first() {
            None => all(object.verbs),
            Some((verb, rest)) if object.name == "netns" => self.netns(verb, rest, word),
            Some((verb, rest)) => self.argument(object, verb, rest, word, &ns),
        }
    }

    fn netns(&self, verb: &str, rest: &[&str], word: &str) -> Vec<String> {
        match (verb, rest) {
            ("exec" | "del" | "delete", []) => self.named_namespaces(),
            ("exec", [_]) => spaced(live::programs(word)),
            ("exec", [name, inner @ ..]) => match self.lab.namespaces.get(name) {
                Ok(Some(there)) => {
                    self.next(inner, word, &there).unwrap_or_else(|| live::files(word, |_| true))
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// By the word before it, else the object's words, and behind the verb what it is about.
    fn argument(
        &self,
        object: &Object,
        verb: &str,
        rest: &[&str],
        word: &str,
        ns: &Rc<Namespace>,
    ) -> Vec<String> {
        let link = object.name == "link";
        match rest.last().copied() {
            Some("dev" | "master" | "iif" | "oif" | "br") => return self.links(ns, word),
            // `master` and `self` stand alone there.
            Some("link") if link => return self.links(ns, word),
            Some("type") if link => return spaced(link::kinds()),
            Some("type") => {
                return spaced(RouteKind::WORDS.iter().map(|(name, _)| name));
            }
            Some("netns") => return self.named_namespaces(),
            Some("table" | "lookup") => return spaced(TABLES.all()),
            Some("scope") => return spaced(SCOPES.all()),
            Some("proto" | "protocol") => return spaced(PROTOCOLS.all()),
            Some("via" | "src" | "from" | "to" | "dst" | "peer") if !link => {
                return spaced(live::addresses(&self.lab, false));
            }
            Some("lladdr") => return spaced(live::macs(&self.lab)),
            Some("address") if link => return spaced(live::macs(&self.lab)),
            Some("nud") => {
                return spaced(
                    NeighState::NAMES
                        .map(|(state, _)| state.word())
                        .into_iter()
                        .chain([NeighState(0).word()]),
                );
            }
            Some(word) if link && is_switch(word) => return all("off on"),
            Some("mtu" | "metric" | "priority" | "name" | "label" | "alias" | "group" | "vlan" | "vid") => {
                return Vec::new();
            }
            _ => {}
        }
        if let Some(kind) =
            rest.iter().position(|w| *w == "type").and_then(|at| rest.get(at + 1)).filter(|_| link)
        {
            let words = kind_words(kind);
            if !words.is_empty() {
                return spaced(words.into_iter().filter(|w| !rest.contains(w)));
            }
        }
        let mut all = Vec::new();
        if rest.is_empty() {
            let present = matches!(verb, "del" | "delete" | "replace" | "show" | "get");
            match object.name {
                "link" if verb != "add" => all.extend(self.links(ns, word)),
                "addr" if matches!(verb, "del" | "delete") => {
                    all.extend(spaced(live::addresses(&self.lab, true)))
                }
                "neigh" | "route" if present => all.extend(spaced(live::addresses(&self.lab, false))),
                "fdb" => all.extend(spaced(live::macs(&self.lab))),
                _ => {}
            }
        }
        all.extend(spaced(
            object.words.split_whitespace().chain((object.rows)()).filter(|w| !rest.contains(w)),
        ));
        all
    }

    fn iptables(&self, rest: &[&str], ns: &Rc<Namespace>) -> Vec<String> {
        match rest.last().copied() {
            Some("-t") => all("filter mangle nat raw"),
            Some("-A" | "-I" | "-D" | "-L" | "-F" | "-P" | "-S") => {
                all("FORWARD INPUT OUTPUT POSTROUTING PREROUTING")
            }
            Some("-j") => all("ACCEPT DNAT DROP MASQUERADE REDIRECT REJECT RETURN SNAT"),
            Some("-i" | "-o") => self.links(ns, ""),
            Some("-p") => all("icmp icmpv6 tcp udp"),
            Some("-m") => all("conntrack mark multiport state"),
            Some("-s" | "-d") => spaced(live::addresses(&self.lab, false)),
            Some("--to-source" | "--to-destination") => live::addresses(&self.lab, false),
            _ => all(
                "! -A -D -F -I -L -P -S -d -i -j -m -o -p -s -t --dport --sport --to-destination --to-source",
            ),
        }
    }

    fn links(&self, ns: &Namespace, word: &str) -> Vec<String> {
        spaced(live::links(ns, word))
    }

    fn named_namespaces(&self) -> Vec<String> {
        spaced(self.lab.namespaces.names().unwrap_or_default())
    }
}

/// Where the last word begins, the words before it, and that word.
fn split(before: &str) -> (usize, Vec<&str>, &str) {
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    (start, before[..start].split_whitespace().collect(), &before[start..])
}

/// The words of a list, each with a blank behind it.
fn all(words: &str) -> Vec<String> {
    spaced(words.split_whitespace())
}

/// With a blank behind each, since a word follows or the line is done.
fn spaced<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Vec<String> {
    words.into_iter().map(|word| format!("{} ", word.as_ref())).collect()
}
