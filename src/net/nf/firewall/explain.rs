//! What a refusal of the kernel means: nf_tables answers most of them with a bare errno.

use nix::errno::Errno;

use super::chain;
use super::fields::Action;
use super::flow::{self, Flowtable};
use super::rule::FirewallRule;
use super::set::{self, NamedSet, Sort};
use super::spec::RuleSpec;
use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;
use crate::net::netlink::Socket;
use crate::net::nf::TABLE;
use crate::net::nf::elements::{Datum, Entry};
use crate::net::nf::expr::Verdict;
use crate::net::nf::message::{self, Chain, Place};
use crate::net::nf::nat::{in_the_way, no_nf_tables};

/// What was asked of the kernel.
pub enum Asked<'a> {
    Rule(&'a RuleSpec, Place),
    /// A rule of a plan, which has all that it names.
    Planned(&'a RuleSpec),
    Chain(&'a Chain),
    NewSet(&'a NamedSet, &'a [Entry]),
    Elements(&'a NamedSet, &'a str, &'a [Entry]),
    Flowtable(&'a Flowtable),
    /// The deletion of a chain, set or flow table.
    Gone(&'a str, &'a str),
    Other,
}

pub fn explain(error: Error, asked: &Asked<'_>, socket: &mut Socket) -> Error {
    let errno = error.raw();
    match (asked, errno) {
        (Asked::Rule(spec, place), _) => of_rule(error, spec, *place, socket).unwrap_or_else(|e| e),
        (Asked::Planned(spec), _) => refused(error, spec),
        (Asked::Chain(base), _) => of_chain(error, base, socket),
        (Asked::NewSet(set, _), Some(Errno::EEXIST)) => {
            says(error, format!("there is a {} {:?} already", set.sort().word(), set.name))
        }
        (Asked::Elements(set, "add", _), Some(Errno::EEXIST | Errno::ENOTEMPTY)) => {
            let e = error.with_kind(Kind::Exists);
            let sort = set.sort().word();
            says(e, format!("the {sort} {:?} has one of the elements already, or a part of it", set.name))
        }
        (Asked::NewSet(_, entries) | Asked::Elements(_, "add", entries), Some(Errno::ENOENT)) => {
            let chains = message::chains(socket, TABLE).unwrap_or_default();
            match missing_target(entries, &chains) {
                Some(target) => no_target(target, &chains),
                None => no_nf_tables(error),
            }
        }
        (Asked::Elements(set, ..), Some(Errno::ENOENT)) => {
            let sort = set.sort().word();
            says(
                error,
                format!("the {sort} {:?} doesn't have one of the elements, as it was added", set.name),
            )
        }
        (Asked::Gone(what, name), Some(Errno::EBUSY)) => {
            says(error, format!("the {what} {name:?} is in use"))
                .hint("delete the rules and elements of maps that name it before")
        }
        (Asked::Flowtable(table), _) => flow::refused(error, table).unwrap_or_else(no_nf_tables),
        _ => no_nf_tables(error),
    }
}

/// A chain that a map is to jump to, and that isn't there.
fn missing_target<'a>(entries: &'a [Entry], chains: &[Chain]) -> Option<&'a str> {
    entries.iter().find_map(|entry| match &entry.data {
        Some(Datum::Verdict(Verdict::Jump(target) | Verdict::Goto(target))) => {
            (!chains.iter().any(|chain| chain.name == *target)).then_some(target.as_str())
        }
        _ => None,
    })
}

/// The kernel's errno, and what it means. The attribute that it points at is a mere number.
fn says(mut error: Error, detail: String) -> Error {
    error.fields_mut().detail = None;
    error.detail(detail)
}

fn of_chain(error: Error, base: &Chain, socket: &mut Socket) -> Error {
    match in_the_way(base, socket) {
        true => error
            .with_kind(Kind::Exists)
            .detail(format!(
                "the table inet {TABLE} has a chain {} of another type, hook or priority",
                base.name
            ))
            .hint("nsh keeps its rules in this table; others are better off in a table of their own"),
        false => no_nf_tables(error),
    }
}

/// Looks what is missing; an `Err` is what was found.
fn of_rule(error: Error, spec: &RuleSpec, place: Place, socket: &mut Socket) -> Result<Error> {
    if let Some(base) = chain::base(spec.chain()).filter(|base| in_the_way(base, socket)) {
        return Ok(of_chain(error, &base, socket));
    }
    let chains = message::chains(socket, TABLE).unwrap_or_default();
    let there = |name: &str| chains.iter().any(|chain| chain.name == name) || chain::base(name).is_some();
    if !there(spec.chain()) {
        return Err(no_chain(spec.chain(), socket));
    }
    if let Some(Action::Jump(target) | Action::Goto(target)) = &spec.action
        && !there(target)
    {
        return Err(no_target(target, &chains));
    }
    if let Some(Action::Flow(table)) = &spec.action {
        let tables = flow::all(socket).unwrap_or_default();
        if !tables.iter().any(|there| there.name == *table) {
            return Err(flow::missing(table, &tables));
        }
    }
    if let Place::Before(handle) | Place::After(handle) = place {
        let rules = message::rules(socket, TABLE).unwrap_or_default();
        let at = rules.iter().find(|rule| rule.handle == handle);
        if at.is_none_or(|rule| rule.chain != spec.chain()) {
            let there = rules.iter().filter(|rule| rule.chain == spec.chain());
            let e = says(error, format!("no rule of the chain {} has the handle {handle}", spec.chain()));
            return Ok(handles(e.with_kind(Kind::NotFound), there.map(|rule| rule.handle)));
        }
    }
    let names: Vec<String> =
        set::all(socket, false).unwrap_or_default().into_iter().map(|set| set.name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some((_, missing)) = spec.sets().into_iter().find(|(_, name)| !names.contains(name)) {
        return Err(no_set(Sort::Set, missing, &names));
    }
    Ok(refused(error, spec))
}

/// What all that the rule names doesn't explain.
fn refused(error: Error, spec: &RuleSpec) -> Error {
    match (error.raw(), &spec.action) {
        (Some(Errno::ELOOP | Errno::EMLINK), Some(Action::Jump(target) | Action::Goto(target))) => {
            let e = error.with_kind(Kind::Argument);
            says(e, format!("the jump to {target:?} leads back to itself, or too deep"))
        }
        // Not there yet, or there and on its hook.
        (Some(Errno::EOPNOTSUPP | Errno::ENOENT), Some(Action::Jump(target) | Action::Goto(target)))
            if chain::base(target).is_some() =>
        {
            let e = error.with_kind(Kind::Argument);
            says(e, format!("{target:?} hangs on a hook: rules can't jump there"))
        }
        (Some(Errno::ENOENT | Errno::EOPNOTSUPP), _) => missing_expression(error, spec),
        _ => no_nf_tables(error),
    }
}

/// The kernel's modules for what a rule does.
fn missing_expression(error: Error, spec: &RuleSpec) -> Error {
    if matches!(spec.action, Some(Action::Flow(_))) {
        return flow::lacking(error);
    }
    let needs = [
        (spec.state.is_some(), "nft_ct, nf_conntrack"),
        (spec.limit.is_some(), "nft_limit"),
        (spec.log.is_some(), "nft_log, nf_log_syslog"),
        (spec.action == Some(Action::Reject), "nft_reject_inet"),
        (spec.action == Some(Action::Notrack), "nft_ct"),
    ];
    let needs: Vec<&str> = needs.iter().filter(|(needed, _)| *needed).map(|(_, module)| *module).collect();
    match needs.is_empty() {
        true => no_nf_tables(error),
        false => error
            .with_kind(Kind::Unsupported)
            .detail(format!("the kernel lacks one of {}", needs.join(", ")))
            .hint("load the module, or see `nsh doctor`"),
    }
}

pub fn no_chain(name: &str, socket: &mut Socket) -> Error {
    let own = message::chains(socket, TABLE).unwrap_or_default();
    let mut names: Vec<String> = chain::names().map(str::to_owned).collect();
    names.extend(own.into_iter().filter(|chain| chain.hook.is_none()).map(|chain| chain.name));
    let e = Error::new(Kind::NotFound, format!("there is no chain {name:?}"));
    e.hint(format!("there are {}; firewall.add_chain makes more", listed(names)))
}

/// Rules jump to chains of a script's own alone.
fn no_target(name: &str, chains: &[Chain]) -> Error {
    let own: Vec<&str> =
        chains.iter().filter(|chain| chain.hook.is_none()).map(|chain| chain.name.as_str()).collect();
    let e = Error::new(Kind::NotFound, format!("there is no chain {name:?}"));
    match own.is_empty() {
        true => e.hint(format!("make it: firewall.add_chain({name:?})")),
        false => e.hint(format!("there are {}; firewall.add_chain makes more", listed(own))),
    }
}

pub fn no_set(sort: Sort, name: &str, there: &[&str]) -> Error {
    let sort = sort.word();
    let e = Error::new(Kind::NotFound, format!("there is no {sort} {name:?}"));
    match there {
        [] => e.hint(format!("there are none; firewall.add_{sort} makes one")),
        _ => e.hint(format!("there are {}", listed(there))),
    }
}

pub fn no_rule(handle: u64, rules: &[FirewallRule]) -> Error {
    let e = Error::new(Kind::NotFound, format!("no rule has the handle {handle}"));
    handles(e, rules.iter().map(|rule| rule.handle))
}

fn handles(e: Error, there: impl Iterator<Item = u64>) -> Error {
    match listed(there) {
        none if none.is_empty() => e.hint("there are no rules"),
        there => e.hint(format!("there are rules with the handles {there}")),
    }
}
