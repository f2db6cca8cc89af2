//! How a NAT rule is shown: the hooks, and the rule as nft lists it.

use std::fmt;

use super::rule::NatRule;
use super::spec::Kind;
use super::target::{Mapped, Target};
use crate::model::Words;
use crate::net::nf::words::{Family, Interface, Not, Ports, Prefix, Protocol};

fn equal(negated: bool) -> &'static str {
    if negated { "!= " } else { "" }
}

fn keyword(family: Family) -> &'static str {
    match family {
        Family::Inet => "ip",
        Family::Inet6 => "ip6",
    }
}

/// nft has the names of /etc/protocols.
fn protocol(proto: Protocol) -> String {
    match proto {
        Protocol::ICMPV6 => "ipv6-icmp".to_owned(),
        proto => proto.to_string(),
    }
}

impl NatRule {
    /// As `nft -a list table inet nsh` shows it.
    pub fn nft(&self) -> String {
        let counter = format!("counter packets {} bytes {}", self.packets, self.bytes);
        format!("{} # handle {}", self.words(&counter), self.handle())
    }

    /// As it is given to `nft add rule`, with a counter that begins at 0.
    pub(super) fn added(&self) -> String {
        self.words("counter")
    }

    fn words(&self, counter: &str) -> String {
        let mut words = Vec::new();
        if self.kind == Kind::Other {
            words.push(format!("[{}]", self.expressions.join(" ")));
        } else {
            self.conditions(&mut words);
            words.push(counter.to_owned());
            words.push(self.action());
        }
        if let Some(comment) = &self.spec.comment {
            words.push(format!("comment \"{comment}\""));
        }
        words.join(" ")
    }

    fn conditions(&self, words: &mut Vec<String>) {
        let spec = &self.spec;
        let mut interface = |word: &str, name: &Option<Not<Interface>>| {
            words.extend(name.as_ref().map(|n| format!("{word} {}\"{}\"", equal(n.negated), n.value)));
        };
        interface("iifname", &spec.input);
        interface("oifname", &spec.output);
        let by_target = spec.to.as_ref().is_some_and(Target::has_address);
        if let Some(family) =
            spec.family.filter(|_| spec.source.is_none() && spec.dest.is_none() && !by_target)
        {
            let version = if family == Family::Inet { "ipv4" } else { "ipv6" };
            words.push(format!("meta nfproto {version}"));
        }
        let mut address =
            |word: &str, prefix: &Option<Not<Prefix>>| {
                words.extend(prefix.as_ref().map(|p| {
                    format!("{} {word} {}{}", keyword(p.value.family()), equal(p.negated), p.value)
                }));
            };
        address("saddr", &spec.source);
        address("daddr", &spec.dest);
        let Some(proto) = spec.proto.map(protocol) else { return };
        if spec.sport.is_none() && spec.dport.is_none() {
            words.push(format!("meta l4proto {proto}"));
        }
        let mut ports = |word: &str, ports: &Option<Not<Ports>>| {
            words.extend(ports.as_ref().map(|p| {
                let several = p.value.to_string().replace(',', ", ");
                let shown = if p.value.single().is_some() { several } else { format!("{{ {several} }}") };
                format!("{proto} {word} {}{shown}", equal(p.negated))
            }));
        };
        ports("sport", &spec.sport);
        ports("dport", &spec.dport);
    }

    /// What a map is asked about, in nft's words.
    fn asked(&self, option: &str) -> String {
        let ip = keyword(self.spec.family.unwrap_or(Family::Inet));
        let proto = self.spec.proto.map_or_else(|| "th".to_owned(), protocol);
        match option {
            "iif" => "iifname".to_owned(),
            "out" => "oifname".to_owned(),
            "source" => format!("{ip} saddr"),
            "dest" => format!("{ip} daddr"),
            "proto" => "meta l4proto".to_owned(),
            "sport" | "dport" => format!("{proto} {option}"),
            "uid" => "meta skuid".to_owned(),
            option => format!("meta {option}"),
        }
    }

    fn action(&self) -> String {
        let spec = &self.spec;
        let mut out = self.kind.name().to_owned();
        if let Some(to) = &spec.to {
            if let Some(family) = to.family().or(spec.family.filter(|_| to.has_address())) {
                out.push(' ');
                out.push_str(keyword(family));
            }
            out.push_str(&match &to.map {
                Some(Mapped { ask, address, port }) => {
                    let both = if *address && *port { " addr . port" } else { "" };
                    let colon = if *address { "" } else { ":" };
                    format!("{both} to {colon}{} map @{}", self.asked(ask.option), ask.map)
                }
                None => format!(" to {to}"),
            });
        }
        let flags: Vec<&str> =
            [(spec.random, "random"), (spec.fully_random, "fully-random"), (spec.persistent, "persistent")]
                .into_iter()
                .filter_map(|(set, name)| (set == Some(true)).then_some(name))
                .collect();
        if !flags.is_empty() {
            out.push(' ');
            out.push_str(&flags.join(","));
        }
        out
    }
}

impl fmt::Display for NatRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hooks: Vec<&str> = self.hooks.iter().map(|hook| hook.name()).collect();
        write!(f, "{} {}", hooks.join(","), self.nft())
    }
}
