//! `ip rule`, as ip-rule(8) has it.

use super::command::Command;
use crate::model::{Field, Words};
use crate::net::fields::TableId;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::TABLE_MAIN;
use crate::net::rule::{Action, Rule};

fn of_family<'a>(family: Family, words: &[&'a str]) -> Vec<&'a str> {
    let six = (family == Family::Inet6).then_some("-6");
    six.into_iter().chain(words.iter().copied()).collect()
}

/// `ip rule VERB ...`; `family` is the one that it is of in the end.
pub fn rule(ns: &Namespace, verb: &str, rule: &Rule, family: Family) -> Command {
    let mut rule = rule.clone();
    let plain = rule.action() == Action::Lookup && rule.l3mdev != Some(true);
    if plain && verb == "add" {
        // Without it `ip` takes the main table, but who reads may not know.
        rule.table.get_or_insert(TableId(TABLE_MAIN));
    }
    let mask = rule.fwmask.map(|mask| format!("/{}", mask.word())).unwrap_or_default();
    let command = Command::ip(ns, &of_family(family, &["rule", verb]))
        .rows(&rule, &["fwmark", "type"])
        .pair("fwmark", rule.fwmark.map(|mark| format!("{}{mask}", mark.word())));
    match rule.action() {
        Action::Lookup | Action::Goto => command,
        other => command.word(other.name()),
    }
}

/// `ip rule del pref PRIORITY`, for one of several that were flushed.
pub fn rule_gone(ns: &Namespace, gone: &Rule) -> Command {
    let key = Rule { priority: gone.priority, table: gone.table, ..Rule::default() };
    rule(ns, "del", &key, gone.family.unwrap_or(Family::Inet))
}
