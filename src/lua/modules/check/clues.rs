//! What the lab knows of a claim about packets that failed: who has the address, and whether there is a way back.

use std::net::IpAddr;
use std::rc::Rc;

use super::reach::{Requests, cannot_leave};
use crate::base::error::Result;
use crate::lua::modules::ping;
use crate::lua::modules::test::Tests;
use crate::lua::modules::why;
use crate::lua::schema::Cx;
use crate::net::addr;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{self, Lookup};
use crate::probe::endpoint::Host;

/// How long a request may take to the receiver when it is sent once more to see whether it arrives.
const SECONDS: f64 = 0.2;

/// The namespaces that have an address.
pub fn owners(cx: &Cx<'_>, ip: IpAddr) -> Result<Vec<Rc<Namespace>>> {
    let mut out = Vec::new();
    for ns in cx.lab.namespaces.all()? {
        if addr::list(&ns, &addr::Addr::default())?.iter().any(|a| a.prefix().ip() == ip) {
            out.push(ns);
        }
    }
    Ok(out)
}

/// Says that several namespaces have an address; who answers is then a matter of chance.
pub fn duplicate(cx: &Cx<'_>, ip: IpAddr) -> Option<String> {
    let names: Vec<String> = owners(cx, ip).ok()?.iter().map(|ns| ns.name().to_owned()).collect();
    let more = names.len() > 1 && !ip.is_loopback();
    more.then(|| format!("; {} have the address {ip}", names.join(" and ")))
}

/// Why a host that was asked did not answer, as far as the lab knows: empty if it doesn't.
pub fn of_no_answer(cx: &Cx<'_>, from: &Rc<Namespace>, to: &Host, ip: IpAddr) -> String {
    if let Some(clue) = duplicate(cx, ip) {
        return clue;
    }
    // A claim that is tried again and again is not looked into each time.
    if Tests::of(cx.lab).trying.get() > 0 {
        return String::new();
    }
    arrival(cx, from, to, ip).unwrap_or_default()
}

/// What `why` says of packets that were lost: what is wrong, and what repairs it. For a claim that is tried again and
/// again, that is said when it is given up.
pub fn fault(cx: &Cx<'_>, to: &Host, requests: &Requests, forth_only: bool) -> Option<String> {
    let (ns, to, requests) = (cx.ns.clone(), to.clone(), requests.clone());
    why::at_last(cx, move |cx| why::hint(&Cx { ns: &ns, ..*cx }, &to, &requests, forth_only))
}

/// Sends one more request, and says so if it arrives; then the answer is missing.
fn arrival(cx: &Cx<'_>, from: &Rc<Namespace>, to: &Host, ip: IpAddr) -> Option<String> {
    let at = owners(cx, ip).ok()?.pop().filter(|at| at.inode() != from.inode())?;
    let there = Cx { ns: from, ..*cx };
    let once = Requests {
        count: Some(1),
        timeout: Some(SECONDS),
        family: Some(Family::of(ip)),
        ..Requests::default()
    };
    let seen = ping::one_way(&there, to, &at, &once).ok()?;
    let source = seen.source.filter(|_| seen.arrived > 0)?;
    let back = match route::get(&at, source, &Lookup::default()) {
        Err(e) if cannot_leave(&e) => format!(", which has no way back to {source}: {}", e.message()),
        _ => format!(" from {source}, but no answer to it comes back"),
    };
    Some(format!("; the request arrives at {}{back}", at.name()))
}
