//! A whole firewall in the place of another, in one transaction.

use std::collections::{HashMap, VecDeque};

use super::flow::{self, Flowtable};
use super::set::{self, NamedSet};
use super::spec::RuleSpec;
use super::{
    Asked, FirewallRule, INET, SetSpec, TABLE, base_of, chain, chain_command, clear, explain, not_listed,
    own_chain, push_rule, push_set, read, rule_command,
};
use crate::base::error::{Error, Result};
use crate::net::done::Done;
use crate::net::namespace::Namespace;
use crate::net::netlink::Socket;
use crate::net::nf::message::{self, Batch, Place, Placed};
use crate::net::nf::nat::no_netfilter;

/// What is to be in the table, but for NAT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Chains on hooks, each with whether it drops by default.
    pub policies: Vec<(String, bool)>,
    /// Chains to jump to.
    pub chains: Vec<String>,
    pub sets: Vec<(String, SetSpec)>,
    pub flowtables: Vec<Flowtable>,
    pub rules: Vec<RuleSpec>,
}

/// Puts these chains, sets, flow tables and rules in the place of those that are there, or changes nothing at all. Packets
/// meet the old ones or the new ones, never a part of them. A map that a rule of NAT asks stays, with what the plan has for
/// it. Returns the rules.
///
/// Equivalent: `nft -f FILE`, of a file that flushes first
pub fn apply(ns: &Namespace, plan: &Plan) -> Result<Vec<FirewallRule>> {
    let sets: Vec<NamedSet> = plan.sets.iter().map(|(name, spec)| spec.named(name)).collect::<Result<_>>()?;
    plan.flowtables.iter().try_for_each(Flowtable::check)?;
    let specs = checked(plan, &sets)?;
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let mut batch = Batch::new(TABLE);
    let mut commands = vec![format!("add table inet {TABLE}")];
    batch.table();
    let kept = clear(&mut socket, &mut batch, &mut commands)?;
    sets.iter().try_for_each(|set| check_kept(set, &kept))?;
    push_chains(&mut batch, plan, &specs, &mut commands)?;
    for table in &plan.flowtables {
        flow::require_devices(ns, table).map_err(|e| e.detail(format!("flowtables.{}", table.name)))?;
    }
    let mut filled = Vec::with_capacity(sets.len());
    for ((_, spec), set) in plan.sets.iter().zip(&sets) {
        let there = kept.iter().any(|kept| kept.name == set.name);
        push_set(&mut batch, set, &spec.entries, there, &mut commands);
        filled.push(batch.len());
    }
    let mut made = Vec::with_capacity(plan.flowtables.len());
    for table in &plan.flowtables {
        batch.flowtable(table);
        commands.push(table.command());
        made.push(batch.len());
    }
    let mut ends = Vec::with_capacity(specs.len());
    for spec in &specs {
        push_rule(&mut batch, spec, place(spec));
        ends.push(batch.len());
    }
    batch.unshown();
    match batch.send(&mut socket) {
        Ok(_) => {}
        Err(failure) if failure.request < filled.last().copied() => {
            // The first set whose requests had not all been taken.
            let at =
                failure.request.map_or(sets.len(), |request| filled.partition_point(|end| *end <= request));
            let asked = sets.get(at).zip(plan.sets.get(at));
            let asked = asked.map_or(Asked::Other, |(set, (_, spec))| Asked::NewSet(set, &spec.entries));
            let e = explain(failure.error, &asked, &mut socket);
            return Err(match sets.get(at) {
                Some(set) => e.detail(format!("{}s.{}", set.sort().word(), set.name)),
                None => e,
            });
        }
        Err(failure) if failure.request < made.last().copied() => {
            let at =
                failure.request.map_or(made.len(), |request| made.partition_point(|end| *end <= request));
            let table = plan.flowtables.get(at);
            let e = explain(failure.error, &table.map_or(Asked::Other, Asked::Flowtable), &mut socket);
            return Err(match table {
                Some(table) => e.detail(format!("flowtables.{}", table.name)),
                None => e,
            });
        }
        Err(failure) => {
            // The first rule whose requests had not all been taken.
            let at =
                failure.request.map_or(specs.len(), |request| ends.partition_point(|end| *end <= request));
            return Err(match specs.get(at) {
                Some(spec) => {
                    explain(failure.error, &Asked::Planned(spec), &mut socket).detail(named(at, spec))
                }
                None => explain(failure.error, &Asked::Other, &mut socket),
            });
        }
    }
    let rules = shown(&mut socket, &specs)?;
    commands.extend(rules.iter().zip(&specs).map(|(rule, spec)| rule_command(rule, place(spec))));
    ns.report(Done::Nft(&commands));
    Ok(rules)
}

/// A map that a rule of NAT asks is filled anew, and can't become another one.
fn check_kept(set: &NamedSet, kept: &[NamedSet]) -> Result<()> {
    let kind = |set: &NamedSet| (set.key, set.to, set.flags, set.timeout);
    match kept.iter().find(|there| there.name == set.name) {
        Some(there) if kind(there) != kind(set) => {
            let (sort, name) = (set.sort().word(), &set.name);
            let e = Error::argument(format!(
                "{sort}s.{name}: a rule of NAT asks it, and it is of another type now"
            ));
            Err(e.hint("keep type, `to` and timeout, or delete the rule first: nat.list tells which it is"))
        }
        _ => Ok(()),
    }
}

/// `rules[3] (chain input, action jump ssh)`
fn named(at: usize, spec: &RuleSpec) -> String {
    let action = spec.action.as_ref().map_or_else(String::new, |action| format!(", action {action}"));
    format!("rules[{}] (chain {}{action})", at + 1, spec.chain())
}

fn place(spec: &RuleSpec) -> Place {
    if spec.insert == Some(true) { Place::Front } else { Place::Back }
}

/// The rules as the kernel shows them, in the plan's order. They are listed: hundreds of them as answers to their requests
/// would overflow the socket's buffer, and all would seem to have failed.
fn shown(socket: &mut Socket, specs: &[RuleSpec]) -> Result<Vec<FirewallRule>> {
    let mut chains: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, spec) in specs.iter().enumerate() {
        let chain = chains.entry(spec.chain()).or_default();
        match place(spec) {
            Place::Front => chain.push_front(at),
            _ => chain.push_back(at),
        }
    }
    let listed = message::rules(socket, TABLE).map_err(not_listed)?;
    let planned = listed.into_iter().filter_map(|thing| {
        let at = chains.get_mut(thing.chain.as_str())?.pop_front()?;
        Some((at, Placed { family: INET, table: TABLE.to_owned(), thing }))
    });
    let mut planned: Vec<_> = planned.collect();
    planned.sort_by_key(|(at, _)| *at);
    read(socket, planned.into_iter().map(|(_, rule)| rule).collect())
}

/// The rules, with what follows from them; and that what they name is part of the plan.
fn checked(plan: &Plan, sets: &[set::NamedSet]) -> Result<Vec<RuleSpec>> {
    let there = |name: &str| chain::base(name).is_some() || plan.chains.iter().any(|own| own == name);
    let check = |(at, spec): (usize, &RuleSpec)| {
        let target = match &spec.action {
            Some(super::Action::Jump(target) | super::Action::Goto(target)) => Some(target.as_str()),
            _ => None,
        };
        if let Some(super::Action::Flow(table)) = &spec.action
            && !plan.flowtables.iter().any(|there| there.name == *table)
        {
            let e = flow::missing(table, &plan.flowtables);
            return Err(e.hint("name it in `flowtables`").detail(format!("rules[{}]", at + 1)));
        }
        let missing = [Some(spec.chain()), target].into_iter().flatten().find(|name| !there(name));
        match missing {
            Some(name) => Err(Error::argument(format!("there is no chain {name:?}"))
                .hint("name a script's own chains in `chains`")),
            None => spec.check(sets),
        }
        .map_err(|e| e.detail(format!("rules[{}]", at + 1)))
    };
    plan.rules.iter().enumerate().map(check).collect()
}

fn push_chains(batch: &mut Batch, plan: &Plan, specs: &[RuleSpec], commands: &mut Vec<String>) -> Result<()> {
    for name in &plan.chains {
        chain::check_own(name)?;
        batch.chain(&own_chain(name));
        commands.push(format!("add chain inet {TABLE} {name}"));
    }
    for (name, drop) in &plan.policies {
        let mut base = base_of(name)?;
        base.drop = *drop;
        batch.chain(&base);
        let policy = if *drop { "drop" } else { "accept" };
        commands.push(chain_command(&base).replace("; }", &format!("; policy {policy}; }}")));
    }
    for name in chain::names() {
        let given = plan.policies.iter().any(|(of, _)| of == name);
        if let Some(base) =
            chain::base(name).filter(|_| !given && specs.iter().any(|spec| spec.chain() == name))
        {
            batch.chain(&base);
            commands.push(chain_command(&base));
        }
    }
    Ok(())
}
