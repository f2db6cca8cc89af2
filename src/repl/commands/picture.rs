//! `:net`: the lab drawn with letters: namespaces, their links, ports under their bridges, addresses, states, and
//! where the other ends are.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Flow;
use crate::error::Result;
use crate::lua::lab::Lab;
use crate::net::addr;
use crate::net::link::{self, Link};
use crate::net::namespace::{HOST, Namespace};
use crate::repl::Session;
use crate::repl::colour::{Colours, Paint};
use crate::repl::screen;

pub fn run(session: &mut Session<'_>, _: &str) -> mlua::Result<Flow> {
    match draw(session.lab, session.colours, screen::size().0) {
        Ok(text) => session.page(&text),
        Err(e) => session.complain(&e.to_string()),
    }
    Ok(Flow::GoOn)
}

struct Part {
    ns: Rc<Namespace>,
    links: Vec<Link>,
    addresses: BTreeMap<String, Vec<String>>,
}

impl Part {
    fn of(lab: &Lab, ns: &Rc<Namespace>) -> Result<Part> {
        let mut addresses: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for a in addr::list(ns, &addr::Filter::default())? {
            // Each link has one of these, which tells nothing.
            let own = matches!(a.prefix().ip(), std::net::IpAddr::V6(ip) if ip.is_unicast_link_local());
            if !own {
                addresses.entry(a.dev.clone()).or_default().push(a.prefix().to_string());
            }
        }
        Ok(Part {
            ns: ns.clone(),
            links: link::list(&lab.namespaces, ns, &link::Filter::default())?,
            addresses,
        })
    }
}

/// The picture, no line of it wider than `columns`.
pub fn draw(lab: &Lab, colours: Colours, columns: usize) -> Result<String> {
    let mut all = lab.namespaces.all()?;
    all.sort_by_key(|ns| (ns.name() != HOST, ns.name().to_owned()));
    let mut parts = Vec::new();
    for ns in &all {
        // One that is deleted meanwhile is not in the picture.
        parts.extend(Part::of(lab, ns));
    }
    let mut out = String::new();
    for part in &parts {
        out.push_str(&colours.paint(Paint::Prompt, part.ns.name()));
        out.push('\n');
        let tops: Vec<&Link> = part
            .links
            .iter()
            .filter(|l| l.master.is_none() && (l.name != "lo" || shows_lo(part, l)))
            .collect();
        for (i, top) in tops.iter().enumerate() {
            let last = i + 1 == tops.len();
            line(&mut out, part, &parts, top, ("", last), colours, columns);
            let ports: Vec<&Link> =
                part.links.iter().filter(|l| l.master.as_deref() == Some(&top.name)).collect();
            for (j, port) in ports.iter().enumerate() {
                let before = if last { "   " } else { "│  " };
                line(&mut out, part, &parts, port, (before, j + 1 == ports.len()), colours, columns);
            }
        }
    }
    Ok(out)
}

/// The loopback is left out where it is as one expects it.
fn shows_lo(part: &Part, lo: &Link) -> bool {
    let plain = part
        .addresses
        .get(&lo.name)
        .is_none_or(|all| all.iter().all(|a| a == "127.0.0.1/8" || a == "::1/128"));
    !plain
}

fn line(
    out: &mut String,
    part: &Part,
    all: &[Part],
    link: &Link,
    (before, last): (&str, bool),
    colours: Colours,
    columns: usize,
) {
    let branch = if last { "└─ " } else { "├─ " };
    let state = if link.up { link.operstate.as_str() } else { "down" };
    let mut rest = String::new();
    if let Some(kind) = link.kind.as_deref().filter(|k| *k != "veth") {
        rest.push_str(&format!(" {kind}"));
    }
    if let Some(end) = other_end(part, all, link) {
        rest.push_str(&format!(" ── {end}"));
    }
    for address in part.addresses.get(&link.name).into_iter().flatten() {
        rest.push_str(&format!(" {address}"));
    }
    let head = format!("{before}{branch}{} ", link.name);
    let room = columns.saturating_sub(screen::width(&head) + screen::width(state));
    let paint = if state == "UP" || state == "UNKNOWN" { Paint::Good } else { Paint::Error };
    out.push_str(&format!("{head}{}{}\n", colours.paint(paint, state), screen::fit(&rest, room)));
}

/// The peer of a veth, or the link that one stands on; with its namespace, if that is another one.
fn other_end(part: &Part, all: &[Part], link: &Link) -> Option<String> {
    if let Some(name) = &link.link {
        return Some(name.clone());
    }
    let index = link.link_index?;
    let namespace = link.link_netns.as_deref()?;
    let there = all.iter().find(|p| p.ns.name() == namespace && !Rc::ptr_eq(&p.ns, &part.ns));
    match there.and_then(|p| p.links.iter().find(|l| l.index == index)) {
        Some(found) => Some(format!("{namespace}:{}", found.name)),
        None => Some(format!("{namespace}:if{index}")),
    }
}
