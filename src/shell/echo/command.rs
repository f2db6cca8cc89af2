//! Commands about a namespace, made of the rows of what they are about.

use std::net::IpAddr;

use crate::base::command::Command;
use crate::model::{Table, Value, Word};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

impl Command {
    /// `ip WORDS` in the namespace: `ip -n NAME WORDS`.
    pub fn ip(ns: &Namespace, words: &[&str]) -> Self {
        Self::switched("ip", ns).words(words)
    }

    /// `ip -6 WORDS`, where the other words don't say the family.
    pub fn ip_of(ns: &Namespace, family: Option<Family>, words: &[&str]) -> Self {
        match family {
            Some(Family::Inet) => Self::ip(ns, &["-4"]),
            Some(Family::Inet6) => Self::ip(ns, &["-6"]),
            None => Self::ip(ns, &[]),
        }
        .words(words)
    }

    /// `bridge WORDS` in the namespace.
    pub fn bridge(ns: &Namespace, words: &[&str]) -> Self {
        Self::switched("bridge", ns).words(words)
    }

    fn switched(program: &str, ns: &Namespace) -> Self {
        match ns.is_host() {
            true => Self::new(&[program]),
            false => Self::new(&[program, "-n"]).word(ns.name()),
        }
    }

    /// A program that has no option for it: `ip netns exec NAME WORDS`.
    pub fn within(self, ns: &Namespace) -> Self {
        match ns.is_host() {
            true => self,
            false => self.behind(Self::new(&["ip", "netns", "exec"]).word(ns.name())),
        }
    }

    /// The attributes that are given, in the table's order, but for those that `ip` writes another way.
    pub fn rows<T: Table>(self, given: &T, but: &[&str]) -> Self {
        T::ROWS.iter().filter(|row| !but.contains(&row.name)).fold(self, |command, row| {
            let Some(keyword) = row.words.first() else { return command };
            match (row.form)().word {
                Word::Alone => {
                    (row.word)(given).into_iter().fold(command, |command, word| command.flag(true, &word))
                }
                Word::Flag => command.flag((row.get)(given) == Some(Value::Bool(true)), keyword),
                Word::Toggle => match (row.get)(given) {
                    Some(Value::Bool(true)) => command.flag(true, keyword),
                    Some(_) => {
                        row.words.get(1).into_iter().fold(command, |command, no| command.flag(true, no))
                    }
                    None => command,
                },
                Word::Inet | Word::Inet6 => {
                    let address = (row.word)(given);
                    let ip = address.as_deref().and_then(|a| a.parse().ok());
                    let group = row.words.get(1).filter(|_| ip.is_some_and(|ip: IpAddr| ip.is_multicast()));
                    command.pair(group.unwrap_or(keyword), address)
                }
                Word::Pairs | Word::Numbers | Word::Range | Word::Several(_) => match (row.word)(given) {
                    Some(words) => command.flag(true, keyword).phrase(Some(words)),
                    None => command,
                },
                Word::IntegerOrNone if (row.get)(given) == Some(Value::Bool(false)) => {
                    row.words.get(1).into_iter().fold(command, |command, no| command.flag(true, no))
                }
                _ => command.pair(keyword, (row.word)(given)),
            }
        })
    }

    /// A keyword with `on` or `off`.
    pub fn switch(self, keyword: &str, on: Option<bool>) -> Self {
        self.pair(keyword, on.map(|on| if on { "on" } else { "off" }))
    }

    /// A namespace as `netns` takes it. `$$` is the shell's own process, and so the namespace that it began in.
    pub fn netns(self, ns: &Namespace) -> Self {
        match ns.is_host() {
            true => self.words(&["netns", "$$"]),
            false => self.pair("netns", Some(ns.name())),
        }
    }
}
