//! Links: ready to carry packets, or as asked for.

use std::time::Duration;

use super::{Look, until};
use crate::base::error::Result;
use crate::model::Words;
use crate::net::events::Object;
use crate::net::link::{self, Bridge, Link, OperState};
use crate::net::namespace::{Namespace, Namespaces};

/// What a link must be; with nothing given, ready to carry packets.
#[derive(Clone, Debug, Default)]
pub struct LinkGoal {
    /// Administratively up.
    pub up: Option<bool>,
    pub carrier: Option<bool>,
    /// RFC 2863, one of these.
    pub operstate: Vec<OperState>,
    pub master: Option<String>,
    pub gone: bool,
}

/// Waits until the link `name` is as the goal says.
///
/// Raises `timeout` with how it is.
pub fn link(
    all: &Namespaces,
    ns: &Namespace,
    name: &str,
    goal: &LinkGoal,
    timeout: Duration,
) -> Result<Duration> {
    until(ns, &[Object::Link], timeout, || look(all, ns, name, goal))
}

fn look(all: &Namespaces, ns: &Namespace, name: &str, goal: &LinkGoal) -> Result<Look> {
    let found = link::get(all, ns, name)?;
    let wrong = match (found, goal.gone) {
        (None, true) => None,
        (None, false) => Some(format!("there is no link {name}")),
        (Some(_), true) => Some(format!("{name} is there")),
        (Some(link), false) => wrong(all, ns, &link, goal)?,
    };
    Ok(wrong.map_or(Look::Done, Look::NotYet))
}

/// What is wrong with the link.
fn wrong(all: &Namespaces, ns: &Namespace, link: &Link, goal: &LinkGoal) -> Result<Option<String>> {
    let name = &link.name;
    if goal.up.is_none() && goal.carrier.is_none() && goal.operstate.is_empty() && goal.master.is_none() {
        return not_ready(all, ns, link);
    }
    if goal.up.is_some_and(|up| up != link.is_up()) {
        return Ok(Some(format!("{name} is {}", if link.is_up() { "up" } else { "down" })));
    }
    match goal.carrier {
        Some(true) if !link.has_carrier() => return Ok(Some(no_carrier(all, ns, link)?)),
        Some(false) if link.has_carrier() => return Ok(Some(format!("{name} has its carrier"))),
        _ => {}
    }
    if !goal.operstate.is_empty() && !goal.operstate.iter().any(|state| state.name() == link.operstate()) {
        return Ok(Some(format!("the operstate of {name} is {}", link.operstate())));
    }
    if goal.master.is_some() && goal.master != link.master {
        return Ok(Some(match &link.master {
            Some(master) => format!("{name} is a port of {master}"),
            None => format!("{name} is no port of any link"),
        }));
    }
    Ok(None)
}

/// Why the link can't carry packets; `None` if it can.
pub(super) fn not_ready(all: &Namespaces, ns: &Namespace, link: &Link) -> Result<Option<String>> {
    let name = &link.name;
    if !link.is_up() {
        return Ok(Some(format!("{name} is down")));
    }
    if !link.has_carrier() {
        return Ok(Some(no_carrier(all, ns, link)?));
    }
    // A state that stays unknown is that of a link without a carrier to speak of, as lo and tun; a veth's is set a
    // moment after it came up.
    let known = match link.operstate() {
        "UP" => true,
        "UNKNOWN" => link.kind.as_deref() != Some("veth"),
        _ => false,
    };
    if !known || link.drops_all() {
        return Ok(Some(format!("the operstate of {name} is {}", link.operstate())));
    }
    let (Some(master), Some(port)) = (&link.master, &link.port) else { return Ok(None) };
    let bridge_up = link::get(all, ns, master)?.is_some_and(|bridge| bridge.is_up());
    Ok(match port.state.map(Words::name) {
        Some("forwarding") | None => None,
        _ if !bridge_up => Some(format!("{name} is a port of {master}, which is down")),
        Some(state) => Some(format!("{name} is a port of {master} in state {state}")),
    })
}

/// Why the link has no carrier, as far as that is to be seen.
fn no_carrier(all: &Namespaces, ns: &Namespace, link: &Link) -> Result<String> {
    let name = &link.name;
    if !link.is_up() {
        return Ok(format!("{name} is down"));
    }
    if let (Some("veth"), Some(index)) = (link.kind.as_deref(), link.link_index()) {
        let other = link.link_netns.as_deref().map(|name| all.get(name)).transpose()?.flatten();
        let there = match link.link_netnsid() {
            Some(_) => other.as_deref(),
            None => Some(ns),
        };
        if let Some(there) = there
            && let Some(peer) = link::by_index(there, index)?
        {
            let what = if peer.is_up() { "up, but not ready" } else { "down" };
            return Ok(format!(
                "{name} has no carrier: its peer {} in {} is {what}",
                peer.name,
                there.name()
            ));
        }
    }
    if link.details.get::<Bridge>().is_some() {
        let ports = link::list(all, ns, &link::Filter { master: Some(name.clone()), ..Default::default() })?;
        return Ok(match ports.iter().find(|port| !port.is_up() || !port.has_carrier()) {
            _ if ports.is_empty() => format!("{name} has no carrier: it has no port"),
            Some(port) if !port.is_up() => format!("{name} has no carrier: its port {} is down", port.name),
            Some(port) => format!("{name} has no carrier: its port {} has none", port.name),
            None => format!("{name} has no carrier: none of its ports forwards"),
        });
    }
    Ok(match &link.link {
        Some(lower) => format!("{name} has no carrier: look at {lower}, on which it stands"),
        None => format!("{name} is up, but has no carrier"),
    })
}
