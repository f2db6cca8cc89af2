//! Pictures of a lab: namespaces as boxes, links as lines, as SVG, DOT, Mermaid or text.

mod dot;
mod layout;
mod mermaid;
mod svg;
mod text;

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::text::harmless;
use crate::model::{Field, Words};
use crate::net::addr::{self, Addr};
use crate::net::bridge::vlan::{self, Vlan};
use crate::net::link::{self, Link};
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::nf::nat;
use crate::net::order::of_namespaces;
use crate::net::prefix::is_link_local;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Svg,
    Dot,
    Mermaid,
    Text,
}

impl Words for Form {
    const WORDS: &'static [(&'static str, Self)] =
        &[("svg", Form::Svg), ("dot", Form::Dot), ("mermaid", Form::Mermaid), ("text", Form::Text)];
}

impl Form {
    /// As the file's ending says. Raises `argument` for another ending.
    pub fn of(path: &Path) -> Result<Form> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => Ok(Form::Svg),
            Some("dot" | "gv") => Ok(Form::Dot),
            Some("mmd" | "mermaid") => Ok(Form::Mermaid),
            Some("txt") => Ok(Form::Text),
            _ => {
                let shown = path.display().to_string();
                Err(Error::argument(format!(
                    "the file's ending must be .svg, .dot, .mmd or .txt, got {shown:?}"
                )))
            }
        }
    }
}

/// A link as it is drawn. No text of it has control characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Port {
    pub name: String,
    /// The kind, of all but veth, with what matters of it: `vlan 10 on eth0`.
    pub kind: String,
    pub up: bool,
    pub state: &'static str,
    pub addresses: Vec<String>,
    pub master: Option<String>,
    /// Of a bridge's port: `vlan 10 untagged pvid, 20`.
    pub vlans: String,
    /// As `tc` words it.
    pub shape: String,
    index: u32,
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    pub name: String,
    pub ports: Vec<Port>,
    /// Rules of NAT.
    pub notes: Vec<String>,
}

/// Two links of different namespaces that belong together: by the places of the namespaces and of their links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cable {
    pub ends: [(usize, usize); 2],
    pub up: bool,
    /// Not a veth: one stands on the other.
    pub stands: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    pub spaces: Vec<Space>,
    pub cables: Vec<Cable>,
}

impl Picture {
    /// Reads the lab.
    pub fn of(all: &Namespaces) -> Result<Picture> {
        let mut namespaces = all.all()?;
        namespaces.sort_by(|a, b| of_namespaces(a.name(), b.name()));
        let (mut spaces, mut links) = (Vec::new(), Vec::new());
        for ns in &namespaces {
            // One that is deleted meanwhile is not in the picture.
            let Ok((space, own)) = space(all, ns) else { continue };
            spaces.push(space);
            links.push((ns.name().to_owned(), own));
        }
        let cables = cables(&spaces, &links);
        Ok(Picture { spaces, cables })
    }

    pub fn write(&self, form: Form) -> String {
        match form {
            Form::Svg => svg::write(self),
            Form::Dot => dot::write(self),
            Form::Mermaid => mermaid::write(self),
            Form::Text => text::write(self),
        }
    }

    /// The link at an end of a cable.
    fn port(&self, (space, port): (usize, usize)) -> &Port {
        &self.spaces[space].ports[port]
    }
}

fn space(all: &Namespaces, ns: &Namespace) -> Result<(Space, Vec<Link>)> {
    let links = link::list(all, ns, &link::Filter::default())?;
    let addresses = addr::list(ns, &Addr::default())?;
    // A kernel without VLANs or nf_tables has none.
    let vlans = vlan::list(ns, &Vlan::default()).unwrap_or_default();
    let rules = nat::list(ns).unwrap_or_default();
    let mut ports: Vec<Port> = links.iter().map(|link| port(link, &addresses, &vlans)).collect();
    ports.retain(|port| port.name != "lo" || !port.addresses.is_empty());
    let notes = rules.iter().map(|rule| harmless(&note(&rule.to_string()))).collect();
    Ok((Space { name: harmless(ns.name()), ports, notes }, links))
}

/// A rule without what counts and numbers it.
fn note(rule: &str) -> String {
    let rule = rule.split(" # handle ").next().unwrap_or(rule);
    let mut words = rule.split(' ').peekable();
    let mut out = vec!["nat"];
    while let Some(word) = words.next() {
        match word {
            // counter packets 0 bytes 0
            "counter" if words.peek() == Some(&"packets") => drop(words.by_ref().take(4).last()),
            word => out.push(word),
        }
    }
    out.join(" ")
}

fn port(link: &Link, addresses: &[Addr], vlans: &[Vlan]) -> Port {
    let own = addresses.iter().filter(|a| a.dev() == link.name);
    // What each link has, and lo's, tell nothing.
    let telling = own.filter(|a| !is_link_local(a.ip()) && !a.ip().is_loopback());
    let shape = link.shape.as_ref().map(|shape| shape.to_string()).unwrap_or_default();
    Port {
        name: harmless(&link.name),
        kind: harmless(&kind(link)),
        // Links that know no carrier (lo, tunnels) are unknown when they are up.
        up: matches!(link.state(), "UP" | "UNKNOWN"),
        state: link.state(),
        addresses: telling.map(|a| a.prefix().to_string()).collect(),
        master: link.master.as_deref().map(harmless),
        vlans: vlans_of(link, vlans),
        shape: harmless(&shape),
        index: link.index(),
    }
}

fn kind(link: &Link) -> String {
    let Some(kind) = link.kind.as_deref().filter(|kind| *kind != "veth") else { return String::new() };
    let id = link.details.get::<link::vlan::Vlan>().and_then(|vlan| vlan.id.as_ref().map(Field::word));
    let id = id.map(|id| format!(" {id}")).unwrap_or_default();
    let on = link.link.as_deref().map(|on| format!(" on {on}")).unwrap_or_default();
    format!("{kind}{id}{on}")
}

/// None where there is but VLAN 1, as without filtering.
fn vlans_of(link: &Link, vlans: &[Vlan]) -> String {
    let own: Vec<&Vlan> =
        vlans.iter().filter(|v| v.dev.as_ref().is_some_and(|dev| dev.0 == link.name)).collect();
    let text = |v: &&Vlan| {
        let id = v.vid.as_ref().map(Field::word).unwrap_or_default();
        if v.pvid == Some(true) { format!("{id} pvid") } else { id }
    };
    match own.iter().map(text).collect::<Vec<_>>().join(", ") {
        plain if plain.is_empty() || plain == "1 pvid" => String::new(),
        all => format!("vlan {all}"),
    }
}

fn cables(spaces: &[Space], links: &[(String, Vec<Link>)]) -> Vec<Cable> {
    let mut out = Vec::new();
    for (at, (_, own)) in links.iter().enumerate() {
        for link in own {
            let Some(other) = link.link_netns.as_ref().and_then(|ns| links.iter().position(|(n, _)| n == ns))
            else {
                continue;
            };
            let place = |space: usize, index| {
                let ports = &spaces[space].ports;
                ports.iter().position(|port| port.index == index).map(|port| (space, port))
            };
            let far = link.link_index().and_then(|index| place(other, index));
            let (Some(near), Some(far)) = (place(at, link.index()), far) else { continue };
            let stands = link.kind.as_deref() != Some("veth");
            // A pair is seen from both ends.
            if stands || near < far {
                let up = [near, far].iter().all(|(space, port)| spaces[*space].ports[*port].up);
                out.push(Cable { ends: [near, far], up, stands });
            }
        }
    }
    out
}
