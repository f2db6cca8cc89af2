//! Where a packet goes, and where and why it is lost: `why`.
//!
//! First the way is followed by what the lab is: the kernel's own lookups in each namespace, the state of links, bridges,
//! neighbours and addresses, NAT rules; forth, and back from the target. Then a real probe is sent and watched: on all
//! links of the namespaces on its way, and by the tracing of nf_tables where it has rules. A probe that is answered
//! proves that nothing is wrong; one that was seen behind a fault proves that this fault is none.
//!
//! - [`snapshot`](Snapshot): the lab, read once; [`packet`](Packet): what is sent
//! - `walk`: from namespace to namespace; `routing`, `unrouted`: what a namespace does with the packet, and why not;
//!   `segment`, `neighbour`: across cables and bridges; `nat`; `deliver`: the host that has the address
//! - `send`: the probe; `fault`: one row for each cause; `show`: what is printed

mod deliver;
mod fault;
mod nat;
mod neighbour;
mod packet;
mod routing;
mod segment;
mod send;
mod show;
mod snapshot;
mod unrouted;
mod vlan;
mod walk;

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

pub use fault::{Cause, Fault, Way};
pub use packet::{Packet, Proto};
pub use send::Sighting;
pub use walk::Hop;

use super::socket::{SocketOptions, Source};
use crate::base::error::{Error, Kind, Result};
use crate::model::Field;
use crate::net::link::Link;
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::nf::TABLE;
use crate::net::nf::trace::Dropped;
use send::Outcome;
use snapshot::{Snapshot, Space};
use walk::{Limits, Walk};

/// Seconds that an answer has where the reason for none is known.
const PATIENCE: f64 = 0.25;
/// And where it isn't: a busy machine may be the reason.
const LONG: f64 = 1.5;
/// So many namespaces are watched at most.
const WATCHED: usize = 64;

/// Which packet.
#[derive(Clone)]
pub struct Question {
    /// The target as it was given.
    pub name: String,
    /// With its port, for TCP and UDP.
    pub target: SocketAddr,
    pub proto: Proto,
    /// Bytes of payload of an echo request.
    pub size: Option<usize>,
    pub socket: SocketOptions,
}

impl Question {
    fn packet(&self) -> Packet {
        let ports = self.proto != Proto::Icmp;
        let (src, oif) = match &self.socket.from {
            Some(Source::Address(ip)) => (Some(*ip), None),
            Some(Source::Link(link)) => (None, Some(link.clone())),
            None => (None, None),
        };
        Packet {
            src,
            dst: self.target.ip(),
            proto: self.proto,
            sport: self.socket.port.filter(|_| ports),
            dport: Some(self.target.port()).filter(|_| ports),
            mark: self.socket.mark,
            oif,
        }
    }

    fn limits(&self) -> Limits {
        // With the headers of IP and ICMP.
        let size = self.size.unwrap_or(56) as u32 + if self.target.is_ipv4() { 28 } else { 48 };
        let whole = self.target.is_ipv6() || self.socket.df != Some(false);
        Limits { size, whole, ttl: self.socket.ttl }
    }
}

/// What is to be said of a packet.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub from: String,
    pub to: String,
    pub addr: IpAddr,
    pub proto: Proto,
    /// The probe was answered.
    pub ok: bool,
    /// Seconds until the answer.
    pub time: Option<f64>,
    pub hops: Vec<Hop>,
    /// In the order in which the packet meets them.
    pub faults: Vec<Fault>,
    pub seen: Vec<Sighting>,
    /// What somebody said against the probe.
    pub said: Option<String>,
}

/// Finds out where a packet from `from` goes, and where and why it is lost.
pub fn why(all: &Namespaces, from: &Rc<Namespace>, question: &Question) -> Result<Verdict> {
    let lab = Snapshot::read(all)?;
    let at = lab.space(from).ok_or_else(|| Error::new(Kind::NotFound, "the namespace is not of this lab"))?;
    let follow = |observed| {
        let mut walk = Walk::new(&lab, question.limits(), observed);
        walk.both_ways(at, question.packet());
        walk
    };
    let mut walk = follow(Vec::new());
    let delays = 2.0 * send::delays(&lab.spaces);
    let send = |walk: &Walk<'_>, patience| {
        send::send(from, question, &on_the_way(&lab, at, walk), patience + delays)
    };
    let mut outcome = send(&walk, PATIENCE)?;
    // NAT by rules that have no words here is seen, and leads elsewhere.
    let observed = nat::observed(&lab, &outcome.seen, &question.packet());
    if observed.iter().any(|seen| !walk.expected(seen)) {
        walk = follow(observed);
        outcome = send(&walk, PATIENCE)?;
    }
    if !outcome.answered && walk.faults.is_empty() && outcome.dropped.is_empty() && outcome.said.is_none() {
        outcome = send(&walk, LONG)?;
    }
    Ok(judge(&lab, walk, outcome, from, question))
}

/// The namespaces of the way, the sender's first.
fn on_the_way<'l>(lab: &'l Snapshot<'_>, at: &'l Space, walk: &Walk<'_>) -> Vec<&'l Space> {
    let on_way = |space: &&Space| walk.hops.iter().any(|hop| hop.namespace == space.name());
    let mut watched: Vec<&Space> = vec![at];
    watched.extend(lab.spaces.iter().filter(|space| !space.is(at)).filter(on_way));
    watched.truncate(WATCHED);
    watched
}

/// Puts together what was expected and what was seen.
fn judge(
    lab: &Snapshot<'_>,
    walk: Walk<'_>,
    outcome: Outcome,
    from: &Namespace,
    question: &Question,
) -> Verdict {
    let Walk { mut hops, mut faults, .. } = walk;
    for hop in &mut hops {
        hop.seen = outcome.seen.iter().any(|seen| is_at(lab, seen, hop));
    }
    faults.retain(|fault| fault.cause.is_answered() || !hops.iter().skip(fault.after).any(|hop| hop.seen));
    for (namespace, way, dropped) in &outcome.dropped {
        let fault = filter(lab, &hops, namespace, *way, dropped);
        let known = |f: &Fault| f.namespace == fault.namespace && f.cause.is_lossy() && f.dev == fault.dev;
        if !faults.iter().any(|f| *f == fault || known(f)) {
            faults.push(fault);
        }
    }
    faults.sort_by_key(|fault| fault.after);
    if outcome.answered {
        faults.clear();
    }
    Verdict {
        from: from.name().to_owned(),
        to: question.name.clone(),
        addr: question.target.ip(),
        proto: question.proto,
        ok: outcome.answered,
        time: outcome.time,
        hops,
        faults,
        seen: outcome.seen,
        said: outcome.said,
    }
}

/// Whether the packet was seen at a hop. What is for another hardware address passes ports of bridges alone.
fn is_at(lab: &Snapshot<'_>, seen: &Sighting, hop: &Hop) -> bool {
    let same = (&seen.namespace, &seen.dev, seen.inward, seen.way)
        == (&hop.namespace, &hop.dev, hop.inward, hop.way);
    let is_port = || {
        let space = lab.spaces.iter().find(|space| space.name() == hop.namespace);
        let link: Option<&Link> = space.and_then(|space| space.link_named(&hop.dev));
        link.is_some_and(|link| link.master_index.is_some())
    };
    same && (!seen.foreign || is_port())
}

/// The link whose shaping a rule is a part of; see `net::tc`.
fn shaping(lab: &Snapshot<'_>, namespace: &str, dropped: &Dropped) -> Option<(String, Cause)> {
    let index = dropped.chain.strip_prefix("shape-").filter(|_| dropped.family == "netdev")?.parse().ok()?;
    let space = lab.spaces.iter().find(|space| space.name() == namespace)?;
    let link = space.link(index)?;
    let share = segment::loss(space, link).map_or_else(|| "some".to_owned(), |share| share.word());
    Some((link.name.clone(), Cause::LossyByRule { share, index }))
}

/// A fault of what nf_tables dropped, behind the last link by which the packet came to the namespace.
fn filter(lab: &Snapshot<'_>, hops: &[Hop], namespace: &str, way: Way, dropped: &Dropped) -> Fault {
    let here = |hop: &Hop| hop.namespace == namespace && hop.way == way;
    let came = hops.iter().rposition(|hop| here(hop) && hop.inward).map(|at| at + 1);
    let after = came.or_else(|| hops.iter().position(here)).unwrap_or(hops.len());
    if let Some((dev, cause)) = shaping(lab, namespace, dropped) {
        let evidence = vec!["the rule that shapes the link dropped the probe".to_owned()];
        return Fault { cause, namespace: namespace.to_owned(), dev: Some(dev), way, after, evidence };
    }
    let (family, table, chain, hook) =
        (dropped.family, dropped.table.clone(), dropped.chain.clone(), dropped.hook);
    let (rule, own) = (dropped.rule.clone(), (family, table.as_str()) == ("inet", TABLE));
    let cause = match dropped.handle {
        Some(handle) if own => Cause::OwnRule { hook, chain, handle, rule },
        Some(handle) => Cause::FilterRule { hook, family, table, chain, handle, rule },
        None if own => Cause::OwnPolicy { hook, chain },
        None => Cause::FilterPolicy { hook, family, table, chain },
    };
    let evidence = vec!["the probe was traced to it (nft monitor trace)".to_owned()];
    Fault { cause, namespace: namespace.to_owned(), dev: None, way, after, evidence }
}
