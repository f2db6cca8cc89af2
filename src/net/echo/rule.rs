//! `ip rule`, as ip-rule(8) has it.

use super::command::Command;
use crate::net::names::{PROTOCOLS, TABLES};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::TABLE_MAIN;
use crate::net::rule::{Action, Rule, RuleSpec};

fn of_family<'a>(family: Family, words: &[&'a str]) -> Vec<&'a str> {
    let six = (family == Family::Inet6).then_some("-6");
    six.into_iter().chain(words.iter().copied()).collect()
}

/// `ip rule VERB ...`; `family` is the one that it is of in the end.
pub fn rule(ns: &Namespace, verb: &str, spec: &RuleSpec, family: Family) -> Command {
    let prefix =
        |p: Option<Option<ipnetwork::IpNetwork>>| p.map(|p| p.map_or("all".into(), |p| p.to_string()));
    let mark = spec.fwmark.map(|mark| match spec.fwmask {
        Some(mask) => format!("{mark:#x}/{mask:#x}"),
        None => format!("{mark:#x}"),
    });
    let command = Command::ip(ns, &of_family(family, &["rule", verb]))
        .flag(spec.invert == Some(true), "not")
        .pair("from", prefix(spec.from))
        .pair("to", prefix(spec.to))
        .pair("iif", spec.iif.as_ref())
        .pair("oif", spec.oif.as_ref())
        .pair("fwmark", mark)
        .pair("tos", spec.tos.map(|tos| format!("{tos:#x}")))
        .pair("uidrange", spec.uids.map(|(first, last)| format!("{first}-{last}")))
        .pair("ipproto", spec.ipproto)
        .pair("sport", spec.sport)
        .pair("dport", spec.dport)
        .pair("pref", spec.priority)
        .pair("protocol", spec.proto.map(|proto| PROTOCOLS.name(proto.into())))
        .flag(spec.takes_vrf(), "l3mdev");
    match spec.action() {
        None | Some(Action::Lookup) => {
            // Told always when a rule is added: without it `ip` takes the main table, but who reads may not know.
            let table = spec.table.or((verb == "add" && !spec.takes_vrf()).then_some(TABLE_MAIN));
            command.pair("table", table.map(|table| TABLES.name(table)))
        }
        Some(Action::Goto(target)) => command.pair("goto", Some(target)),
        Some(other) => command.word(other.name()),
    }
    .pair("suppress_prefixlength", spec.suppress_prefixlength)
    .pair("suppress_ifgroup", spec.suppress_ifgroup)
}

/// `ip rule del pref PRIORITY`, for one of several that were flushed.
pub fn rule_gone(ns: &Namespace, rule: &Rule) -> Command {
    let command =
        Command::ip(ns, &of_family(rule.family, &["rule", "del"])).pair("pref", Some(rule.priority));
    match rule.action {
        Action::Lookup if rule.table != 0 => command.pair("table", Some(TABLES.name(rule.table))),
        _ => command,
    }
}
