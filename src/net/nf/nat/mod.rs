//! Network address translation: masquerade, snat, dnat and redirect, for IPv4 and IPv6.
//!
//! The rules stand in the table `inet nsh` in chains of the type `nat`, which are made when first needed. Each
//! call is one atomic batch. The kernel looks at NAT rules for the first packet of a connection alone, and
//! translates the rest by its connection tracking; so a counter counts connections rather than packets.

mod rule;
mod show;
mod spec;
mod target;

use netlink_packet_netfilter::NetfilterProtoFamily;
use nix::errno::Errno;

use super::TABLE;
use super::elements;
use super::expr::Expr;
use super::firewall;
use super::matching::Test;
use super::message::{self, Batch, Chain, Failure, Hook, Place, Rule};
use super::userdata::Userdata;
use crate::base::error::{Error, Kind as ErrorKind, Result};
use crate::base::text::listed;
use crate::model::Words;
use crate::net::done::Done;
use crate::net::namespace::Namespace;
use crate::net::netlink::Socket;

pub use rule::NatRule;
pub use spec::{Kind, NatSpec};
pub use target::Target;

/// The chain of the type `nat` on a hook. The names leave `input`, `output` and the like to filter chains, which
/// share the table.
fn chain(hook: Hook) -> Chain {
    Chain {
        name: format!("nat_{}", hook.name()),
        kind: Some("nat".to_owned()),
        hook: Some(hook),
        // NF_IP_PRI_NAT_SRC and NF_IP_PRI_NAT_DST, nft's `srcnat` and `dstnat`.
        priority: if hook == Hook::Postrouting { 100 } else { -100 },
        drop: false,
    }
}

/// Adds a rule, and returns it as the kernel shows it.
///
/// Equivalent: `nft add rule inet nsh nat_postrouting ip saddr 192.168.1.0/24 oifname != "br0" counter masquerade`
///
/// Raises `argument` for a contradictory spec, `unsupported` where the kernel lacks NAT.
pub fn add(ns: &Namespace, kind: Kind, spec: &NatSpec) -> Result<NatRule> {
    let mut spec = spec.check(kind)?;
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    if spec.to.as_ref().is_some_and(|to| to.map.is_some()) {
        spec.check_map(kind, &firewall::named(&mut socket)?)?;
    }
    let hooks = kind.hooks(spec.host == Some(true));
    let insert = spec.insert == Some(true);
    let mut batch = Batch::new(TABLE);
    batch.table();
    for hook in hooks {
        batch.chain(&chain(*hook));
    }
    let userdata = Userdata { comment: spec.comment.clone(), group: (hooks.len() > 1).then(group) };
    for hook in hooks {
        let exprs = rule::write(kind, &spec, &mut |key, elements| batch.anonymous(key, elements));
        batch.rule(&chain(*hook).name, &exprs, &userdata, if insert { Place::Front } else { Place::Back });
    }
    let added = match batch.send(&mut socket) {
        Ok(rules) => rules,
        Err(failure) => return Err(explain(failure, kind, hooks, &mut socket)),
    };
    let chains: Vec<Chain> = hooks.iter().map(|hook| chain(*hook)).collect();
    let rules = read(&mut socket, &chains, &added)?;
    let rule = rules
        .into_iter()
        .next()
        .ok_or_else(|| Error::new(ErrorKind::Protocol, "the kernel did not show the added rule"))?;
    ns.report(Done::Nft(&commands(&chains, &rule, insert)));
    Ok(rule)
}

/// The batch of [`add`] in nft's language.
fn commands(chains: &[Chain], rule: &NatRule, insert: bool) -> Vec<String> {
    let mut out = vec![format!("add table inet {TABLE}")];
    for Chain { name, hook, priority, .. } in chains {
        let hook = hook.map(Hook::name).unwrap_or_default();
        out.push(format!(
            "add chain inet {TABLE} {name} {{ type nat hook {hook} priority {priority}; policy accept; }}"
        ));
    }
    let verb = if insert { "insert" } else { "add" };
    let text = rule.added();
    out.extend(chains.iter().map(|chain| format!("{verb} rule inet {TABLE} {} {text}", chain.name)));
    out
}

/// A number that the two rules of one call share, to be known as one again.
fn group() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_nanos() as u64
}

/// All NAT rules of nsh's table, in the order in which the kernel tries them, chain by chain. Rules that others
/// put there in a form that has no words here are of the kind `other`.
///
/// Equivalent: `nft -a list table inet nsh`
pub fn list(ns: &Namespace) -> Result<Vec<NatRule>> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let chains = nat_chains(&mut socket)?;
    if chains.is_empty() {
        return Ok(Vec::new());
    }
    let rules = message::rules(&mut socket, TABLE).map_err(not_listed)?;
    read(&mut socket, &chains, &rules)
}

/// The rule with this handle, or `None`.
pub fn get(ns: &Namespace, handle: u64) -> Result<Option<NatRule>> {
    Ok(list(ns)?.into_iter().find(|rule| rule.handles.iter().any(|(_, h)| *h == handle)))
}

/// Deletes a rule by its handle, both halves of one made with `host`.
///
/// Equivalent: `nft delete rule inet nsh CHAIN handle N`
pub fn del(ns: &Namespace, handle: u64) -> Result<()> {
    let rules = list(ns)?;
    let Some(rule) = rules.iter().find(|rule| rule.handles.iter().any(|(_, h)| *h == handle)) else {
        let e = Error::new(ErrorKind::NotFound, format!("no NAT rule has the handle {handle}"));
        return Err(match listed(rules.iter().map(NatRule::handle)) {
            none if none.is_empty() => e.hint("there are no NAT rules"),
            there => e.hint(format!("there are rules with the handles {there}")),
        });
    };
    let mut batch = Batch::new(TABLE);
    for (chain, handle) in &rule.handles {
        batch.delete_rule(chain, *handle);
    }
    send(&mut *ns.netfilter()?, batch)?;
    let deleted =
        |(chain, handle): &(String, u64)| format!("delete rule inet {TABLE} {chain} handle {handle}");
    ns.report(Done::Nft(&rule.handles.iter().map(deleted).collect::<Vec<_>>()));
    Ok(())
}

/// Removes all NAT rules and chains of nsh's table, and the table if nothing else is in it.
///
/// Equivalent: `nft flush chain inet nsh CHAIN; nft delete chain inet nsh CHAIN`
pub fn flush(ns: &Namespace) -> Result<()> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let chains = nat_chains(&mut socket)?;
    let mut batch = Batch::new(TABLE);
    for chain in &chains {
        batch.flush_chain(&chain.name);
    }
    for chain in &chains {
        batch.delete_chain(&chain.name);
    }
    let mut done: Vec<String> = Vec::new();
    if !batch.is_empty() {
        send(&mut socket, batch)?;
        for verb in ["flush", "delete"] {
            done.extend(chains.iter().map(|chain| format!("{verb} chain inet {TABLE} {}", chain.name)));
        }
    }
    if message::table_use(&mut socket, TABLE).map_err(not_listed)? == Some(0) {
        let mut batch = Batch::new(TABLE);
        batch.delete_table();
        send(&mut socket, batch)?;
        done.push(format!("delete table inet {TABLE}"));
    }
    if !done.is_empty() {
        ns.report(Done::Nft(&done));
    }
    Ok(())
}

fn send(socket: &mut Socket, batch: Batch) -> Result<()> {
    batch.send(socket).map(|_| ()).map_err(|failure| no_nf_tables(failure.error))
}

fn nat_chains(socket: &mut Socket) -> Result<Vec<Chain>> {
    let chains = message::chains(socket, TABLE).map_err(not_listed)?;
    Ok(chains.into_iter().filter(|chain| chain.kind.as_deref() == Some("nat")).collect())
}

/// Makes of the kernel's rules those that scripts see: the halves of one call together.
fn read(socket: &mut Socket, chains: &[Chain], rules: &[Rule]) -> Result<Vec<NatRule>> {
    let mut sets = std::collections::HashMap::new();
    for expr in rules.iter().flat_map(|rule| &rule.exprs) {
        if let Expr::Lookup { set, to: None, .. } = expr
            && !sets.contains_key(&set.name)
        {
            let there = elements::elements_of(socket, NetfilterProtoFamily::Inet, TABLE, &set.name)?;
            sets.insert(set.name.clone(), there);
        }
    }
    let sets = |name: &str| sets.get(name).cloned().flatten().map(Test::Elements);
    let mut out: Vec<(Option<u64>, NatRule)> = Vec::new();
    for rule in rules {
        let Some(hook) = chains.iter().find(|c| c.name == rule.chain).and_then(|c| c.hook) else { continue };
        let read = NatRule::read(rule, hook, &sets);
        let group = rule.userdata.group;
        let other_half = out.iter_mut().find(|(g, made)| group.is_some() && *g == group && made.same(&read));
        match other_half {
            Some((_, made)) => made.join(read),
            None => out.push((group, read)),
        }
    }
    Ok(out.into_iter().map(|(_, rule)| rule).collect())
}

/// The whole netfilter socket is missing.
pub(super) fn no_netfilter(e: Error) -> Error {
    match e.raw() {
        Some(Errno::EPROTONOSUPPORT) => {
            e.detail("the kernel has no netfilter netlink (nfnetlink)").hint("see `nsh doctor`")
        }
        _ => e,
    }
}

/// To a list nfnetlink answers EINVAL where the whole subsystem is missing.
pub(super) fn not_listed(e: Error) -> Error {
    match e.raw() {
        Some(Errno::EINVAL) => no_nf_tables(Error::errno(Errno::EOPNOTSUPP)),
        _ => no_nf_tables(e),
    }
}

pub(super) fn no_nf_tables(e: Error) -> Error {
    match e.raw() {
        Some(Errno::EOPNOTSUPP) => {
            e.detail("the kernel has no nf_tables").hint("load the module nf_tables, or see `nsh doctor`")
        }
        Some(Errno::EPERM) => e.detail("changing rules needs CAP_NET_ADMIN in the network namespace"),
        _ => e,
    }
}

/// nf_tables answers most refusals with a bare errno: says which of the requests it was, and what is missing.
fn explain(failure: Failure, kind: Kind, hooks: &[Hook], socket: &mut Socket) -> Error {
    let Failure { request, error } = failure;
    // The requests of `add`: the table, the chains, then sets and rules.
    let chain = request.and_then(|n| hooks.get(n.checked_sub(1)?)).map(|hook| chain(*hook));
    let missing = match (error.raw(), request, chain) {
        (_, _, Some(ours)) if in_the_way(&ours, socket) => {
            return error
                .with_kind(ErrorKind::Exists)
                .detail(format!(
                    "the table inet {TABLE} has a chain {} of another type, hook or priority",
                    ours.name
                ))
                .hint("nsh keeps its rules in this table; others are better off in a table of their own");
        }
        (Some(Errno::ENOENT | Errno::EOPNOTSUPP), _, Some(_)) => {
            "chains of the type nat (nft_chain_nat, nf_nat)"
        }
        (Some(Errno::ENOENT | Errno::EOPNOTSUPP), Some(1..), None) => kind.module(),
        _ => return no_nf_tables(error),
    };
    error
        .with_kind(ErrorKind::Unsupported)
        .detail(format!("the kernel has no {missing}"))
        .hint("load the module, or see `nsh doctor`")
}

/// Whether someone else made a different chain of the same name.
pub(super) fn in_the_way(ours: &Chain, socket: &mut Socket) -> bool {
    let there = message::chains(socket, TABLE).unwrap_or_default();
    there.iter().any(|chain| chain.name == ours.name && (Chain { drop: false, ..chain.clone() }) != *ours)
}

#[cfg(test)]
mod tests;
