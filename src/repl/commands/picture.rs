//! `:net`: the lab drawn with letters: namespaces, their links, ports under their bridges, addresses, states, and
//! where the other ends are.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::Flow;
use crate::base::error::Result;
use crate::lua::lab::Lab;
use crate::net::addr;
use crate::net::link::{self, Link};
use crate::net::namespace::Namespace;
use crate::net::order::of_namespaces;
use crate::net::prefix::is_link_local;
use crate::repl::Session;
use crate::repl::colour::{Colours, Paint};
use crate::repl::screen;

/// The whole lab, in brief if it is taller than the terminal, or one namespace.
pub fn run(session: &mut Session<'_>, name: &str) -> mlua::Result<Flow> {
    let (columns, rows) = screen::size();
    let parts = parts(session.lab).and_then(|parts| match name {
        "" => Ok(parts),
        // One that isn't there is told as anywhere.
        name => session.lab.namespaces.require(name).map(|_| parts),
    });
    let drawn = parts.map(|parts| {
        let full = draw(&parts, Shape::of(name), session.colours, columns);
        match name.is_empty() && full.lines().count() >= rows {
            true => {
                let brief = draw(&parts, Shape::Brief, session.colours, columns);
                let note = ":net NAMESPACE shows one of them, with what is left out here";
                format!("{brief}{}\n", session.colours.paint(Paint::Hint, &screen::fit(note, columns)))
            }
            false => full,
        }
    });
    match drawn {
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
        for a in addr::list(ns, &addr::Addr::default())? {
            // Each link has one of these, which tells nothing.
            let own = is_link_local(a.ip());
            if !own {
                addresses.entry(a.dev().to_owned()).or_default().push(a.prefix().to_string());
            }
        }
        Ok(Part {
            ns: ns.clone(),
            links: link::list(&lab.namespaces, ns, &link::Filter::default())?,
            addresses,
        })
    }
}

/// How much is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape<'a> {
    All,
    /// A namespace with one cable alone, whose other end is drawn already, stands at that end.
    Brief,
    Only(&'a str),
}

impl Shape<'_> {
    fn of(name: &str) -> Shape<'_> {
        if name.is_empty() { Shape::All } else { Shape::Only(name) }
    }
}

fn parts(lab: &Lab) -> Result<Vec<Part>> {
    let mut all = lab.namespaces.all()?;
    all.sort_by(|a, b| of_namespaces(a.name(), b.name()));
    let mut parts = Vec::new();
    for ns in &all {
        // One that is deleted meanwhile is not in the picture.
        parts.extend(Part::of(lab, ns));
    }
    Ok(parts)
}

/// The picture, no line of it wider than `columns`.
fn draw(parts: &[Part], shape: Shape<'_>, colours: Colours, columns: usize) -> String {
    let mut out = String::new();
    let picture = Picture { parts, ends: ends(parts), shape, colours, columns };
    for part in parts {
        let left = match shape {
            Shape::All => false,
            Shape::Brief => picture.is_leaf(part),
            Shape::Only(name) => part.ns.name() != name,
        };
        if left {
            continue;
        }
        out.push_str(&colours.paint(Paint::Prompt, &screen::harmless(part.ns.name())));
        out.push('\n');
        let tops: Vec<&Link> = part
            .links
            .iter()
            .filter(|l| l.master.is_none() && (l.name != "lo" || shows_lo(part, l)))
            .collect();
        for (i, top) in tops.iter().enumerate() {
            let last = i + 1 == tops.len();
            picture.line(&mut out, part, top, ("", last));
            let ports: Vec<&Link> =
                part.links.iter().filter(|l| l.master.as_deref() == Some(&top.name)).collect();
            for (j, port) in ports.iter().enumerate() {
                let before = if last { "   " } else { "│  " };
                picture.line(&mut out, part, port, (before, j + 1 == ports.len()));
            }
        }
    }
    out
}

/// The loopback is left out where it is as one expects it.
fn shows_lo(part: &Part, lo: &Link) -> bool {
    let plain = part
        .addresses
        .get(&lo.name)
        .is_none_or(|all| all.iter().all(|a| a == "127.0.0.1/8" || a == "::1/128"));
    !plain
}

/// A link by its namespace and index.
type End<'a> = (&'a str, u32);

/// What all lines are drawn with.
struct Picture<'a> {
    parts: &'a [Part],
    /// All links, so that with many of them the other ends are found at once.
    ends: HashMap<End<'a>, &'a Link>,
    shape: Shape<'a>,
    colours: Colours,
    columns: usize,
}

fn ends(parts: &[Part]) -> HashMap<End<'_>, &Link> {
    parts.iter().flat_map(|part| part.links.iter().map(|l| ((part.ns.name(), l.index()), l))).collect()
}

/// The addresses of a link, each behind a blank.
fn addresses(part: &Part, link: &str) -> String {
    part.addresses.get(link).into_iter().flatten().map(|address| format!(" {address}")).collect()
}

impl Picture<'_> {
    /// Whether a namespace has nothing but the second end of one cable.
    fn is_leaf(&self, part: &Part) -> bool {
        let mut shown = part.links.iter().filter(|l| l.name != "lo" || shows_lo(part, l));
        match (shown.next(), shown.next()) {
            (Some(only), None) => self.other_end(part, only).is_some_and(|end| end.starts_with('←')),
            _ => false,
        }
    }

    fn line(&self, out: &mut String, part: &Part, link: &Link, (before, last): (&str, bool)) {
        let branch = if last { "└─ " } else { "├─ " };
        let state = link.state();
        let mut rest = String::new();
        if let Some(kind) = link.kind.as_deref().filter(|k| *k != "veth") {
            rest.push_str(&format!(" {kind}"));
        }
        // Each end is followed by its own addresses.
        rest.push_str(&addresses(part, &link.name));
        if let Some(end) = self.other_end(part, link) {
            rest.push_str(&format!(" {end}"));
        }
        let head = format!("{before}{branch}{} ", screen::harmless(&link.name));
        let room = self.columns.saturating_sub(screen::width(&head) + screen::width(state));
        let paint = if state == "UP" || state == "UNKNOWN" { Paint::Good } else { Paint::Error };
        let rest = screen::fit(&screen::harmless(&rest), room);
        out.push_str(&format!("{head}{}{rest}\n", self.colours.paint(paint, state)));
    }

    /// `── ns1:eth0`: the peer of a veth, or the link that one stands on; with its namespace, if that is another one.
    /// A cable is drawn once, from the end that comes first; the second only points back to it: `← host`.
    fn other_end(&self, part: &Part, link: &Link) -> Option<String> {
        let here = part.ns.name();
        let cable = link.kind.as_deref() == Some("veth");
        if let Some(name) = &link.link {
            let first = part.links.iter().position(|l| l.name == *name);
            let own = part.links.iter().position(|l| l.index() == link.index());
            return Some(if cable && first < own { format!("← {name}") } else { format!("── {name}") });
        }
        let index = link.link_index()?;
        let namespace = link.link_netns.as_deref()?;
        let at = |name: &str| self.parts.iter().position(|p| p.ns.name() == name);
        let is_first = at(here) < at(namespace) || matches!(self.shape, Shape::Only(_));
        let shown = |found: &Link| match at(namespace).map(|at| &self.parts[at]) {
            Some(other) if self.shape != Shape::All && (is_first || !cable) => addresses(other, &found.name),
            _ => String::new(),
        };
        Some(match self.ends.get(&(namespace, index)).filter(|_| namespace != here) {
            Some(_) if cable && !is_first => format!("← {namespace}"),
            Some(found) => format!("── {namespace}:{}{}", found.name, shown(found)),
            None => format!("── {namespace}:if{index}"),
        })
    }
}
