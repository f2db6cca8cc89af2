//! Rules of policy routing: which routing table is looked up for which packets, as `ip rule` handles them.

mod check;
mod table;
mod text;
mod wire;

pub use table::{Action, Rule, Uids};
pub(super) use wire::parse;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::errno::Errno;

use super::done::{Done, Verb};
use super::namespace::Namespace;
use super::prefix::Family;
use super::route::TABLE_MAIN;
use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;
use crate::model::{Between, Table};

// Message types of linux/rtnetlink.h.
pub(super) const RTM_NEWRULE: u16 = 32;
pub(super) const RTM_DELRULE: u16 = 33;
const RTM_GETRULE: u16 = 34;

/// Adds a rule, as `ip rule add ...`; of IPv4 unless `from`, `to` or `family` say otherwise. Without a priority the
/// kernel puts it before all but the first (local) one. Raises `exists` if the same one is there.
pub fn add(ns: &Namespace, rule: &Rule) -> Result<()> {
    rule.check()?;
    let family = rule.family()?.unwrap_or(Family::Inet);
    ns.rtnl(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &wire::encode(rule, family)?, |_| Ok(()))
        .map_err(|e| explain(ns, e, rule))?;
    ns.report(Done::Rule(Verb::Add, rule, family));
    Ok(())
}

fn explain(ns: &Namespace, e: Error, rule: &Rule) -> Error {
    let unsupported = matches!(e.raw(), Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT));
    match e.raw() {
        Some(Errno::EEXIST) => match list(ns, rule).unwrap_or_default().first() {
            Some(same) => e.hint(format!("the same rule is there already: {}", same.in_changes())),
            None => e.hint("the same rule is there already; rule.list shows it"),
        },
        _ if unsupported && rule.l3mdev == Some(true) => {
            e.with_kind(Kind::Unsupported).hint("the kernel lacks VRFs (CONFIG_NET_L3_MASTER_DEV)")
        }
        _ if unsupported => {
            e.with_kind(Kind::Unsupported).hint("the kernel lacks policy routing (CONFIG_IP_MULTIPLE_TABLES)")
        }
        _ => e,
    }
}

/// Deletes the first rule that has all that is given, as `ip rule del ...`. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, filter: &Rule) -> Result<()> {
    let Some((rule, payload)) = raw(ns, filter)?.into_iter().next() else { return Err(none(ns, filter)?) };
    // The rule itself goes back to the kernel, so that the rules between it and what was given stay.
    ns.rtnl(RTM_DELRULE, 0, &payload, |_| Ok(()))?;
    ns.report(Done::Rule(Verb::Del, filter, rule.family.unwrap_or(Family::Inet)));
    Ok(())
}

fn none(ns: &Namespace, filter: &Rule) -> Result<Error> {
    let there = list(ns, &Rule { family: filter.family()?, ..Rule::default() })?;
    let e = Error::new(Kind::NotFound, "no such rule");
    Ok(match there.len() {
        0 => e.hint(format!("{} has no rules", ns.name())),
        _ => e.hint(format!("there is {}", listed(there.iter().map(Rule::brief)))),
    })
}

/// Deletes the rules that have all that is given, but none of priority 0 unless asked for, as `ip rule flush`;
/// returns how many there were.
pub fn flush(ns: &Namespace, filter: &Rule) -> Result<usize> {
    let mut deleted = 0;
    for (rule, payload) in raw(ns, filter)? {
        if rule.priority == Some(Between(0)) && filter.priority != Some(Between(0)) {
            continue;
        }
        ns.rtnl(RTM_DELRULE, 0, &payload, |_| Ok(()))?;
        let key = Rule { priority: rule.priority, table: rule.table, ..Rule::default() };
        ns.report(Done::Rule(Verb::Del, &key, rule.family.unwrap_or(Family::Inet)));
        deleted += 1;
    }
    Ok(deleted)
}

/// The rules that have all that is given, IPv4 first, in the order in which they are looked up, as `ip rule show`.
pub fn list(ns: &Namespace, filter: &Rule) -> Result<Vec<Rule>> {
    Ok(raw(ns, filter)?.into_iter().map(|(rule, _)| rule).collect())
}

/// The rules that fit, each with the message's body in which it came.
fn raw(ns: &Namespace, filter: &Rule) -> Result<Vec<(Rule, Vec<u8>)>> {
    filter.check()?;
    let families = match filter.family()? {
        Some(family) => vec![family],
        None => vec![Family::Inet, Family::Inet6],
    };
    let mut out = Vec::new();
    for family in families {
        out.append(&mut of_family(ns, family, filter)?);
    }
    Ok(out)
}

fn of_family(ns: &Namespace, family: Family, filter: &Rule) -> Result<Vec<(Rule, Vec<u8>)>> {
    let mut head = vec![family.number()];
    head.resize(12, 0);
    let fitting = |payload: &[u8]| {
        let rule = parse(payload).filter(|rule| filter.fits(rule))?;
        Some((rule, payload.to_vec()))
    };
    match ns.dump(RTM_GETRULE, &head, fitting) {
        // A kernel without IPv6, or without policy routing for it.
        Err(e) if matches!(e.raw(), Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => Ok(Vec::new()),
        result => result,
    }
}

#[cfg(test)]
mod tests;
