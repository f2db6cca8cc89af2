//! Different shapes for what goes to different peers: a class of htb for each (tc-htb(8)), which itself slows nothing down, with
//! a discipline in it; filters u32 choose by the destination.

use ipnetwork::IpNetwork;

use super::apply::verb;
use super::discipline::{is_missing, lacks, shape_at};
use super::fields::Minor;
use super::htb::{Htb, HtbClass};
use super::kind::Details;
use super::object::{Device, Object, filters, handle_text};
use super::shape::{Peer, Shape};
use super::u32::{U32, classified, classify};
use super::units::{Rate, Size};
use super::{HTB, own, read};
use crate::base::error::Result;
use crate::net::done::Verb;
use crate::net::namespace::Namespace;

/// The class of what goes to nobody who is named.
const REST: u32 = 1;
/// What a class may send, at once, and in its turn: more than any link.
const RATE: Rate = Rate(1_000_000_000_000);
const BURST: Size = Size(125_000_000);
const QUANTUM: Size = Size(60_000);

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// The filter of a peer. Longer prefixes come first.
fn filter(root: u32, net: &IpNetwork) -> Object {
    let (protocol, first, longest) = match net {
        IpNetwork::V4(_) => (libc::ETH_P_IP, 1, 32),
        IpNetwork::V6(_) => (libc::ETH_P_IPV6, 101, 128),
    };
    Object::filter(root, first + longest - u16::from(net.prefix()), protocol as u16, U32)
}

/// A peer that has a class already.
struct Known {
    net: IpNetwork,
    class: u32,
    filter: Object,
}

fn known(ns: &Namespace, index: u32, root: u32) -> Result<Vec<Known>> {
    let of = |filter: Object| {
        let (net, class) = classified(filter.info.1, &filter.options).filter(|_| filter.kind == U32)?;
        Some(Known { net, class, filter })
    };
    Ok(filters(ns, index, root)?.into_iter().filter_map(of).collect())
}

/// Shapes what goes to each peer, and the rest. What waits for peers that stay is kept.
pub fn set(device: &Device, shape: &Shape, before: Option<&Object>) -> Result<()> {
    let root = own(HTB);
    let there = before.is_some_and(|before| before.kind == HTB);
    if !there {
        let options = Details::of(Htb { default: Some(Minor(REST)), ..Htb::default() });
        device
            .change_to(verb(before), &root, options)
            .map_err(|e| if is_missing(&e) { lacks("sch_htb", &["to"]) } else { e })?;
    }
    let known = known(&device.ns, device.index, root.handle)?;
    let rest = Shape { to: Vec::new(), ..shape.clone() };
    if !there {
        add_class(device, root.handle | REST)?;
    }
    shape_class(device, root.handle | REST, &rest)?;
    let mut free = (REST + 1..0xffff).map(|minor| root.handle | minor);
    for Peer { net, shape, .. } in &shape.to {
        if let Some(known) = known.iter().find(|known| known.net == *net) {
            shape_class(device, known.class, shape)?;
            continue;
        }
        let Some(class) = free.find(|class| known.iter().all(|known| known.class != *class)) else { break };
        add_class(device, class)?;
        shape_class(device, class, shape)?;
        let family = if net.is_ipv4() { "ip" } else { "ip6" };
        let text = format!("match {family} dst {net} flowid {}", handle_text(class));
        device
            .change(Verb::Add, &filter(root.handle, net).with(classify(net, class)?), &words(&text))
            .map_err(|e| if is_missing(&e) { lacks("cls_u32", &["to"]) } else { e })?;
    }
    for gone in known.iter().filter(|known| shape.to.iter().all(|peer| peer.net != known.net)) {
        device.del(&Object { options: Vec::new(), ..gone.filter.clone() })?;
        device.del(&Object::class(root.handle, gone.class, HTB))?;
    }
    Ok(())
}

fn add_class(device: &Device, class: u32) -> Result<()> {
    let (rate, burst) = (Some(RATE), Some(BURST));
    let limits = HtbClass { rate, burst, cburst: burst, quantum: Some(QUANTUM), ..HtbClass::default() };
    device.change_to(Verb::Add, &Object::class(own(HTB).handle, class, HTB), Details::of(limits))
}

fn shape_class(device: &Device, class: u32, shape: &Shape) -> Result<()> {
    if !shape.is_empty() {
        return shape_at(device, class, Verb::Replace, shape);
    }
    match device.qdiscs()?.into_iter().find(|qdisc| qdisc.parent == class) {
        Some(leaf) => device.del(&Object::qdisc(class, 0, &leaf.kind)),
        None => Ok(()),
    }
}

/// How peers are shaped, and the rest, by the disciplines of a link.
pub fn get(ns: &Namespace, index: u32, qdiscs: &[Object]) -> Result<Shape> {
    let root = own(HTB).handle;
    let at =
        |class: u32| qdiscs.iter().find(|qdisc| qdisc.parent == class).and_then(read).unwrap_or_default();
    let mut to: Vec<Peer> =
        known(ns, index, root)?.iter().map(|known| Peer::new(known.net, at(known.class))).collect();
    to.sort_by_key(|peer| peer.net);
    Ok(Shape { to, ..at(root | REST) })
}
