//! Filtering: rules, chains with policies and sets in the table `inet nsh`, for IPv4 and IPv6.
//!
//! Chains on hooks are made when a rule or a policy first needs them. Each call is one atomic batch.

mod apply;
mod chain;
mod explain;
mod fields;
mod flow;
mod rule;
mod set;
mod spec;

use std::collections::HashMap;
use std::collections::hash_map;
use std::time::Duration;

use netlink_packet_netfilter::NetfilterProtoFamily;

pub use apply::{Plan, apply};
pub use fields::{Action, LogLevel, LogPrefix, Rate, Reason, Told, with_unit};
pub use flow::{Flowtable, add_flowtable, del_flowtable, flowtables};
pub use rule::FirewallRule;
pub use set::{Element, NamedSet, Sort, datum_of, datum_value, span_of, value_of};
pub use spec::RuleSpec;

use super::TABLE;
use super::elements::{DataType, Entry, KeyType, elements_of};
use super::expr::Expr;
use super::matching::Test;
use super::message::{self, Batch, Chain, Hook, Place, Placed};
use super::nat::{no_netfilter, not_listed};
use super::userdata::Userdata;
use crate::base::error::{Error, Kind, Result};
use crate::model::{Table, Words};
use crate::net::done::Done;
use crate::net::namespace::Namespace;
use crate::net::netlink::Socket;
use explain::{Asked, explain};

/// NFPROTO_INET.
const INET: u8 = 1;

/// Adds a rule, and returns it as the kernel shows it.
///
/// Equivalent: `nft add rule inet nsh input tcp dport 22 counter accept`
///
/// Raises `argument` for a contradictory spec, `not_found` for a chain or set that isn't there, `unsupported` where the
/// kernel lacks what it needs.
pub fn add(ns: &Namespace, spec: &RuleSpec, place: Place) -> Result<FirewallRule> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let sets = sets_for(&mut socket, std::slice::from_ref(spec))?;
    let spec = spec.check(&sets)?;
    let mut batch = Batch::new(TABLE);
    batch.table();
    let base = chain::base(spec.chain());
    if let Some(base) = &base {
        batch.chain(base);
    }
    push_rule(&mut batch, &spec, place);
    let added = match batch.send(&mut socket) {
        Ok(rules) => rules,
        Err(failure) => return Err(explain(failure.error, &Asked::Rule(&spec, place), &mut socket)),
    };
    let placed = added.into_iter().map(|thing| Placed { family: INET, table: TABLE.to_owned(), thing });
    let rules = read(&mut socket, placed.collect())?;
    let rule = rules
        .into_iter()
        .next()
        .ok_or_else(|| Error::new(Kind::Protocol, "the kernel did not show the added rule"))?;
    let mut commands = vec![format!("add table inet {TABLE}")];
    commands.extend(base.as_ref().map(chain_command));
    commands.push(rule_command(&rule, place));
    ns.report(Done::Nft(&commands));
    Ok(rule)
}

/// The sets that have names, if a rule looks into one.
fn sets_for(socket: &mut Socket, specs: &[RuleSpec]) -> Result<Vec<NamedSet>> {
    match specs.iter().any(|spec| !spec.sets().is_empty() || !spec.asks().is_empty()) {
        true => set::all(socket, false).map_err(not_listed),
        false => Ok(Vec::new()),
    }
}

fn push_rule(batch: &mut Batch, spec: &RuleSpec, place: Place) {
    let userdata = Userdata { comment: spec.comment.clone(), group: None };
    let exprs = rule::write(spec, &mut |key, elements| batch.anonymous(key, elements));
    batch.rule(spec.chain(), &exprs, &userdata, place);
}

fn chain_command(chain: &Chain) -> String {
    let (kind, hook) = (chain.kind.as_deref().unwrap_or("filter"), chain.hook.map_or("", Hook::name));
    format!(
        "add chain inet {TABLE} {} {{ type {kind} hook {hook} priority {}; }}",
        chain.name, chain.priority
    )
}

fn rule_command(rule: &FirewallRule, place: Place) -> String {
    let (verb, at) = match place {
        Place::Back => ("add", String::new()),
        Place::Front => ("insert", String::new()),
        Place::Before(handle) => ("insert", format!("handle {handle} ")),
        Place::After(handle) => ("add", format!("handle {handle} ")),
    };
    format!("{verb} rule inet {TABLE} {} {at}{}", rule.spec.chain(), rule.added)
}

/// Whose rules to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tables {
    /// Nsh's own.
    #[default]
    Own,
    /// One of others, by its family and name: `ip filter`.
    One(String),
    All,
}

/// The rules that the filter lets through, in the order in which the kernel tries them, chain by chain. Rules that have no
/// words here have the action `other`, and their text.
///
/// Equivalent: `nft -a list table inet nsh`
pub fn list(ns: &Namespace, tables: &Tables, filter: &RuleSpec) -> Result<Vec<FirewallRule>> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let rules: Vec<Placed<message::Rule>> = match tables {
        Tables::Own => {
            let nat: Vec<String> = own_chains(&mut socket)?
                .into_iter()
                .filter(|chain| chain.kind.as_deref() == Some("nat"))
                .map(|chain| chain.name)
                .collect();
            let rules = message::rules(&mut socket, TABLE).map_err(not_listed)?;
            let own = rules.into_iter().filter(|rule| !nat.contains(&rule.chain));
            own.map(|thing| Placed { family: INET, table: TABLE.to_owned(), thing }).collect()
        }
        Tables::All => message::all_rules(&mut socket).map_err(not_listed)?,
        Tables::One(wanted) => {
            let mut rules = message::all_rules(&mut socket).map_err(not_listed)?;
            rules.retain(|rule| table_name(rule.family, &rule.table) == *wanted);
            rules
        }
    };
    Ok(read(&mut socket, rules)?.into_iter().filter(|rule| filter.fits(&rule.spec)).collect())
}

fn table_name(family: u8, table: &str) -> String {
    format!("{} {table}", super::text::family(family).unwrap_or("unknown"))
}

/// The rule of nsh's table with this handle, or `None`.
pub fn get(ns: &Namespace, handle: u64) -> Result<Option<FirewallRule>> {
    Ok(list(ns, &Tables::Own, &RuleSpec::default())?.into_iter().find(|rule| rule.handle == handle))
}

/// Deletes a rule by its handle.
///
/// Equivalent: `nft delete rule inet nsh CHAIN handle N`
pub fn del(ns: &Namespace, handle: u64) -> Result<()> {
    let rules = list(ns, &Tables::Own, &RuleSpec::default())?;
    let Some(rule) = rules.iter().find(|rule| rule.handle == handle) else {
        return Err(explain::no_rule(handle, &rules));
    };
    let chain = rule.spec.chain().to_owned();
    let mut batch = Batch::new(TABLE);
    batch.delete_rule(&chain, handle);
    send(&mut *ns.netfilter()?, batch, &Asked::Other)?;
    ns.report(Done::Nft(&[format!("delete rule inet {TABLE} {chain} handle {handle}")]));
    Ok(())
}

/// Deletes the rules of one chain; or all rules, chains, sets and flow tables of nsh's table but those of NAT, and the table
/// if nothing else is in it. Maps that rules of NAT ask are NAT's.
///
/// Equivalent: `nft flush chain inet nsh CHAIN`
pub fn flush(ns: &Namespace, chain: Option<&str>) -> Result<()> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let mut batch = Batch::new(TABLE);
    let mut commands = Vec::new();
    match chain {
        Some(chain) => {
            chain::check_not_nat(chain)?;
            let there = own_chains(&mut socket)?.iter().any(|own| own.name == chain);
            if !there && chain::base(chain).is_none() {
                return Err(explain::no_chain(chain, &mut socket));
            }
            if there {
                batch.flush_chain(chain);
                commands.push(format!("flush chain inet {TABLE} {chain}"));
            }
        }
        None => drop(clear(&mut socket, &mut batch, &mut commands)?),
    }
    if !batch.is_empty() {
        send(&mut socket, batch, &Asked::Other)?;
    }
    if chain.is_none() && message::table_use(&mut socket, TABLE).map_err(not_listed)? == Some(0) {
        let mut batch = Batch::new(TABLE);
        batch.delete_table();
        send(&mut socket, batch, &Asked::Other)?;
        commands.push(format!("delete table inet {TABLE}"));
    }
    if !commands.is_empty() {
        ns.report(Done::Nft(&commands));
    }
    Ok(())
}

/// Takes away all that is filtering's: rules first, since they hold chains and sets, then maps, whose verdicts hold chains.
/// Returns the maps and sets that stay, as rules of NAT ask them.
fn clear(socket: &mut Socket, batch: &mut Batch, commands: &mut Vec<String>) -> Result<Vec<NamedSet>> {
    let (chains, nat): (Vec<Chain>, Vec<Chain>) =
        own_chains(socket)?.into_iter().partition(|chain| chain.kind.as_deref() != Some("nat"));
    let asked: Vec<String> = match nat.is_empty() {
        true => Vec::new(),
        false => {
            let rules = message::rules(socket, TABLE).map_err(not_listed)?.into_iter();
            let exprs =
                rules.filter(|rule| nat.iter().any(|c| c.name == rule.chain)).flat_map(|rule| rule.exprs);
            let named = |expr| if let Expr::Lookup { set, .. } = expr { Some(set.name) } else { None };
            exprs.filter_map(named).collect()
        }
    };
    let all = set::all(socket, false).map_err(not_listed)?;
    let (kept, sets): (Vec<NamedSet>, Vec<NamedSet>) =
        all.into_iter().partition(|set| asked.contains(&set.name));
    for chain in &chains {
        batch.flush_chain(&chain.name);
        commands.push(format!("flush chain inet {TABLE} {}", chain.name));
    }
    for set in &sets {
        batch.delete_set(&set.name);
        commands.push(format!("delete {} inet {TABLE} {}", set.sort().word(), set.name));
    }
    for table in flow::all(socket).map_err(not_listed)? {
        batch.delete_flowtable(&table.name);
        commands.push(flow::delete_command(&table.name));
    }
    for chain in &chains {
        batch.delete_chain(&chain.name);
        commands.push(format!("delete chain inet {TABLE} {}", chain.name));
    }
    Ok(kept)
}

/// Those of nsh's table, NAT's too.
fn own_chains(socket: &mut Socket) -> Result<Vec<Chain>> {
    message::chains(socket, TABLE).map_err(not_listed)
}

fn filter_chains(socket: &mut Socket) -> Result<Vec<Chain>> {
    Ok(own_chains(socket)?.into_iter().filter(|chain| chain.kind.as_deref() != Some("nat")).collect())
}

/// Says what becomes of packets that no rule of the chain decides about.
///
/// Equivalent: `nft add chain inet nsh forward { policy drop; }`
pub fn policy(ns: &Namespace, chain: &str, drop: bool) -> Result<()> {
    let base = base_of(chain)?;
    let mut batch = Batch::new(TABLE);
    batch.table();
    batch.chain(&base);
    batch.policy(chain, drop);
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    send(&mut socket, batch, &Asked::Chain(&base))?;
    let word = if drop { "drop" } else { "accept" };
    ns.report(Done::Nft(&[
        format!("add table inet {TABLE}"),
        chain_command(&base),
        format!("add chain inet {TABLE} {chain} {{ policy {word}; }}"),
    ]));
    Ok(())
}

fn base_of(chain: &str) -> Result<Chain> {
    chain::base(chain).ok_or_else(|| {
        let names: Vec<&str> = chain::names().collect();
        let e = Error::argument(format!("{chain:?} hangs on no hook, and so has no policy"));
        e.hint(format!("chains with a policy are {}", names.join(", ")))
    })
}

/// The chains of nsh's table but NAT's, or of all tables.
///
/// Equivalent: `nft list chains`
pub fn chains(ns: &Namespace, tables: &Tables) -> Result<Vec<Placed<Chain>>> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let mut chains = message::all_chains(&mut socket).map_err(not_listed)?;
    chains.retain(|chain| match tables {
        Tables::All => true,
        Tables::One(wanted) => table_name(chain.family, &chain.table) == *wanted,
        Tables::Own => {
            chain.family == INET && chain.table == TABLE && chain.thing.kind.as_deref() != Some("nat")
        }
    });
    Ok(chains)
}

/// Makes a chain that rules jump to.
///
/// Equivalent: `nft add chain inet nsh NAME`
pub fn add_chain(ns: &Namespace, name: &str) -> Result<()> {
    chain::check_own(name)?;
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    if own_chains(&mut socket)?.iter().any(|chain| chain.name == name) {
        return Err(Error::new(Kind::Exists, format!("the chain {name:?} is there already")));
    }
    let mut batch = Batch::new(TABLE);
    batch.table();
    batch.chain(&own_chain(name));
    send(&mut socket, batch, &Asked::Other)?;
    ns.report(Done::Nft(&[format!("add table inet {TABLE}"), format!("add chain inet {TABLE} {name}")]));
    Ok(())
}

fn own_chain(name: &str) -> Chain {
    Chain { name: name.to_owned(), kind: None, hook: None, priority: 0, drop: false }
}

/// Deletes a chain with its rules.
///
/// Equivalent: `nft flush chain inet nsh NAME; nft delete chain inet nsh NAME`
pub fn del_chain(ns: &Namespace, name: &str) -> Result<()> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    if !filter_chains(&mut socket)?.iter().any(|chain| chain.name == name) {
        return Err(explain::no_chain(name, &mut socket));
    }
    let mut batch = Batch::new(TABLE);
    batch.flush_chain(name);
    batch.delete_chain(name);
    send(&mut socket, batch, &Asked::Gone("chain", name))?;
    ns.report(Done::Nft(&[
        format!("flush chain inet {TABLE} {name}"),
        format!("delete chain inet {TABLE} {name}"),
    ]));
    Ok(())
}

/// The sets that have names, or the maps, with what is in them.
///
/// Equivalent: `nft list sets table inet nsh`, `nft list maps table inet nsh`
pub fn sets(ns: &Namespace, sort: Sort) -> Result<Vec<NamedSet>> {
    let mut all = set::all(&mut *ns.netfilter().map_err(no_netfilter)?, true).map_err(not_listed)?;
    all.retain(|set| set.sort() == sort);
    Ok(all)
}

/// Those of either sort, without what is in them.
pub(super) fn named(socket: &mut Socket) -> Result<Vec<NamedSet>> {
    set::all(socket, false).map_err(not_listed)
}

/// What a set or map is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetSpec {
    pub key: Option<KeyType>,
    /// Seconds until an element goes; 0: those go that have a time of their own.
    pub timeout: Option<Duration>,
    /// What a map has for its keys.
    pub to: Option<DataType>,
    pub entries: Vec<Entry>,
}

impl SetSpec {
    /// As it will be.
    fn named(&self, name: &str) -> Result<NamedSet> {
        super::name::check_name(name)?;
        let key = self.key.ok_or_else(|| Error::argument("a set needs `type`"))?;
        let interval = if key.has_ranges() { set::INTERVAL } else { 0 };
        let timeouts = if self.timeout.is_some() { set::TIMEOUT } else { 0 };
        let map = if self.to.is_some() { set::MAP } else { 0 };
        Ok(NamedSet {
            name: name.to_owned(),
            key: Some(key),
            to: self.to,
            flags: interval | timeouts | map,
            timeout: self.timeout.filter(|time| !time.is_zero()),
            ..NamedSet::default()
        })
    }
}

/// Makes the set, as part of a batch; or empties the one that is `there`.
fn push_set(batch: &mut Batch, set: &NamedSet, entries: &[Entry], there: bool, commands: &mut Vec<String>) {
    let Some(key) = set.key else { return };
    if there {
        batch.flush_set(&set.name);
        commands.push(format!("flush {} inet {TABLE} {}", set.sort().word(), set.name));
    } else {
        batch.set(&set.name, key, set.to, set.flags, set.timeout);
        commands.push(set.command());
    }
    let entries = set.arranged(entries.to_vec());
    if !entries.is_empty() {
        batch.add_elements(&set.name, &entries, set.has_ranges(), None);
        commands.push(set.elements_command("add", &entries, None));
    }
}

/// Makes a set that rules look into by its name, or a map that they ask.
///
/// Equivalent: `nft add set inet nsh NAME { type ipv4_addr; flags interval; }`
pub fn add_set(ns: &Namespace, name: &str, spec: &SetSpec) -> Result<()> {
    let set = spec.named(name)?;
    let mut batch = Batch::new(TABLE);
    batch.table();
    let mut commands = vec![format!("add table inet {TABLE}")];
    push_set(&mut batch, &set, &spec.entries, false, &mut commands);
    send(&mut *ns.netfilter().map_err(no_netfilter)?, batch, &Asked::NewSet(&set, &spec.entries))?;
    ns.report(Done::Nft(&commands));
    Ok(())
}

/// One of either sort, or of this one alone.
fn set_of(socket: &mut Socket, name: &str, sort: Option<Sort>) -> Result<NamedSet> {
    let mut sets = set::all(socket, false).map_err(not_listed)?;
    sets.retain(|set| sort.is_none_or(|sort| set.sort() == sort));
    let there: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    let missing = explain::no_set(sort.unwrap_or(Sort::Set), name, &there);
    sets.iter().find(|set| set.name == name).cloned().ok_or(missing)
}

/// What a set or map holds, to read a script's values by.
pub fn set_type(ns: &Namespace, name: &str) -> Result<(KeyType, Option<DataType>)> {
    let set = set_of(&mut *ns.netfilter().map_err(no_netfilter)?, name, None)?;
    let sort = set.sort();
    match set.key.filter(|_| sort == Sort::Set || set.to.is_some()) {
        Some(key) => Ok((key, set.to)),
        None => {
            Err(Error::argument(format!("the {} {name:?} has a type that nsh has no words for", sort.word())))
        }
    }
}

/// Deletes a set or map.
///
/// Equivalent: `nft delete set inet nsh NAME`
pub fn del_set(ns: &Namespace, name: &str, sort: Sort) -> Result<()> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    set_of(&mut socket, name, Some(sort))?;
    let mut batch = Batch::new(TABLE);
    batch.delete_set(name);
    send(&mut socket, batch, &Asked::Gone(sort.word(), name))?;
    ns.report(Done::Nft(&[format!("delete {} inet {TABLE} {name}", sort.word())]));
    Ok(())
}

/// Puts elements into a set, each for `timeout` if that is given.
///
/// Equivalent: `nft add element inet nsh NAME { 10.0.0.1 timeout 60s }`
pub fn add_elements(
    ns: &Namespace,
    name: &str,
    entries: Vec<Entry>,
    timeout: Option<Duration>,
) -> Result<()> {
    change_elements(ns, name, entries, "add", timeout)
}

/// Takes elements out of a set.
///
/// Equivalent: `nft delete element inet nsh NAME { 10.0.0.1 }`
pub fn del_elements(ns: &Namespace, name: &str, entries: Vec<Entry>) -> Result<()> {
    change_elements(ns, name, entries, "delete", None)
}

fn change_elements(
    ns: &Namespace,
    name: &str,
    entries: Vec<Entry>,
    verb: &str,
    timeout: Option<Duration>,
) -> Result<()> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let set = set_of(&mut socket, name, None)?;
    if timeout.is_some() && !set.has_timeouts() {
        let e = Error::argument(format!("the {} {name:?} has no timeouts", set.sort().word()));
        return Err(e.hint("make it with `timeout`, 0 if elements stay unless they are given one"));
    }
    let entries = set.arranged(entries);
    let mut batch = Batch::new(TABLE);
    match verb {
        "add" => batch.add_elements(name, &entries, set.has_ranges(), timeout),
        _ => batch.delete_elements(name, &entries, set.has_ranges()),
    }
    send(&mut socket, batch, &Asked::Elements(&set, verb, &entries))?;
    ns.report(Done::Nft(&[set.elements_command(verb, &entries, timeout)]));
    Ok(())
}

fn send(socket: &mut Socket, batch: Batch, asked: &Asked<'_>) -> Result<()> {
    batch.send(socket).map(|_| ()).map_err(|failure| explain(failure.error, asked, socket))
}

/// Makes of the kernel's rules those that scripts see.
fn read(socket: &mut Socket, rules: Vec<Placed<message::Rule>>) -> Result<Vec<FirewallRule>> {
    let mut sets: HashMap<(u8, String, String), Option<Test>> = HashMap::new();
    for rule in &rules {
        for expr in &rule.thing.exprs {
            let Expr::Lookup { set, to: None, .. } = expr else { continue };
            let hash_map::Entry::Vacant(entry) =
                sets.entry((rule.family, rule.table.clone(), set.name.clone()))
            else {
                continue;
            };
            let family = NetfilterProtoFamily::from(rule.family);
            entry.insert(match set.name.starts_with("__set") {
                true => elements_of(socket, family, &rule.table, &set.name)?.map(Test::Elements),
                false => Some(Test::Set(set.name.clone())),
            });
        }
    }
    let read = |rule: &Placed<message::Rule>| {
        let of =
            |name: &str| sets.get(&(rule.family, rule.table.clone(), name.to_owned())).cloned().flatten();
        FirewallRule::read(rule.family, &rule.table, &rule.thing, &of)
    };
    Ok(rules.iter().map(read).collect())
}

#[cfg(test)]
mod tests;
