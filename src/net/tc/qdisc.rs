//! Queueing disciplines (tc(8), `tc qdisc`).

use std::fmt;
use std::rc::Rc;

use nix::errno::Errno;

use super::fields::Handle;
use super::kind::Details;
use super::object::{Device, INGRESS, INGRESS_HANDLE, Noun, Object, ROOT, objects};
use super::place::{Names, explain, head, index};
use super::stats::Stats;
use super::{PFIFO, QDISCS, is_own};
use crate::base::error::{Error, Result};
use crate::model::{Between, Table, table};
use crate::net::done::Verb;
use crate::net::fields::LinkRef;
use crate::net::namespace::Namespace;

table! {
    /// A queueing discipline of a link.
    pub struct Qdisc {
        Set dev: LinkRef = header, ip [], "the link";
        Set kind: String = header, ip [],
            "netem, tbf, htb, fq_codel, clsact, ...: what the kernel has; default the one whose options are given";
        Set parent: Handle = header, ip [], "where it stands: root, or a class such as \"1:10\"; default root";
        Set handle: Handle = header, ip [], "its handle, such as \"1:\", by which classes and filters name it; default the kernel's choice";
        Set ingress_block: Between<1, 4294967294> = header, ip ["ingress_block"],
            "of clsact or ingress: the number of a block of filters for what comes in, which several links can share";
        Set egress_block: Between<1, 4294967294> = header, ip ["egress_block"],
            "of clsact: the same for what goes out";
    } and {
        /// Of each kind of which some are given; of one that is there, its own.
        pub options: Vec<Details>,
        pub stats: Stats,
    }
}

impl Qdisc {
    /// Whether somebody has set it; the kernel's own have no handle.
    pub fn is_set(&self) -> bool {
        self.handle.is_some_and(|handle| handle.0 != 0)
    }

    fn place(&self, kind: &str) -> (u32, u32) {
        let handle = self.handle.map_or(0, |handle| handle.0);
        match (self.parent, kind) {
            (_, "clsact" | "ingress") => (INGRESS, INGRESS_HANDLE),
            (Some(Handle(INGRESS)), _) => (INGRESS, INGRESS_HANDLE),
            (parent, _) => (parent.map_or(ROOT, |parent| parent.0), handle),
        }
    }

    fn of(object: &Object, names: &mut Names<'_>) -> Result<Self> {
        let mut options: Vec<Details> = object.details(&QDISCS).into_iter().collect();
        names.fill(&mut options)?;
        Ok(Qdisc {
            dev: Some(names.link(object.reported.0)?),
            kind: Some(object.kind.clone()),
            parent: Some(Handle(object.parent)),
            handle: Some(Handle(object.handle)),
            ingress_block: object.blocks.0.map(Between),
            egress_block: object.blocks.1.map(Between),
            options,
            stats: object.stats(),
        })
    }
}

/// As `tc qdisc show` writes it.
impl fmt::Display for Qdisc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, dev) = (self.kind.as_deref(), self.dev.as_ref());
        f.write_str(&head(Noun::Qdisc, kind, self.handle, dev, self.parent))?;
        for (word, block) in [("ingress_block", self.ingress_block), ("egress_block", self.egress_block)] {
            block.map_or(Ok(()), |block| write!(f, " {word} {}", block.0))?;
        }
        self.options.iter().flat_map(Details::words).try_for_each(|word| write!(f, " {word}"))
    }
}

/// Adds one, as `tc qdisc add dev DEV root KIND`.
///
/// Raises `exists` if there is one, `unsupported` if the kernel lacks the kind.
pub fn add(ns: &Rc<Namespace>, dev: &str, qdisc: &Qdisc) -> Result<()> {
    send(ns, dev, qdisc, Verb::Add)
}

/// Puts one in the place of the one there is; of the same kind, that is changed, and what waits in it stays.
pub fn replace(ns: &Rc<Namespace>, dev: &str, qdisc: &Qdisc) -> Result<()> {
    send(ns, dev, qdisc, Verb::Replace)
}

fn send(ns: &Rc<Namespace>, dev: &str, qdisc: &Qdisc, verb: Verb) -> Result<()> {
    let (kind, options) = QDISCS.choose(qdisc.kind.as_deref(), &qdisc.options)?;
    let device = Device::require(ns, dev)?;
    let (parent, handle) = qdisc.place(&kind);
    let blocks = (qdisc.ingress_block.map(|n| n.0), qdisc.egress_block.map(|n| n.0));
    if blocks != (None, None) && !matches!(kind.as_str(), "clsact" | "ingress") {
        return Err(Error::argument(format!("{kind} shares no filters: clsact and ingress do")));
    }
    let object = Object { blocks, ..Object::qdisc(parent, handle, &kind) };
    let sent = match options {
        Some(options) => device.change_to(verb, &object, options),
        None => device.change(verb, &object, &[]),
    };
    sent.map_err(|e| match e.raw() {
        // As `flows` of fq_codel, and without a word.
        Some(Errno::EINVAL) if verb == Verb::Replace && e.fields().detail.is_none() => {
            e.hint("perhaps an option that is set but once: tc.qdisc.del takes away the one there is")
        }
        _ => explain(e, &device, &object, &QDISCS, false),
    })
}

/// Deletes the one at a place; default the root.
///
/// Raises `not_found` if nobody has set one there.
pub fn del(ns: &Rc<Namespace>, dev: &str, which: &Qdisc) -> Result<()> {
    let device = Device::require(ns, dev)?;
    let kind = which.kind.clone().unwrap_or_default();
    let (parent, handle) = which.place(&kind);
    // There is one of them at the way in, whatever it is.
    let kind = if parent == INGRESS && kind.is_empty() { "ingress".to_owned() } else { kind };
    let object = Object::qdisc(parent, handle, &kind);
    device.del(&object).map_err(|e| explain(e, &device, &object, &QDISCS, true))
}

/// Those that have all that is given, in the kernel's order, as `tc -s qdisc show`.
pub fn list(ns: &Namespace, filter: &Qdisc) -> Result<Vec<Qdisc>> {
    let index = index(ns, filter.dev.as_ref())?;
    let mut names = Names::of(ns);
    let found = objects(ns, Noun::Qdisc, index, 0)?;
    let fitting = found.iter().map(|object| Qdisc::of(object, &mut names));
    let mut out = fitting.collect::<Result<Vec<_>>>()?;
    let filter = Qdisc { dev: None, ..filter.clone() };
    out.retain(|qdisc| filter.fits(qdisc));
    Ok(out)
}

/// The one at a place; default the root.
pub fn get(ns: &Namespace, dev: &str, which: &Qdisc) -> Result<Option<Qdisc>> {
    let at_root = which.parent.is_none() && which.handle.is_none() && which.kind.is_none();
    let parent = which.parent.or(at_root.then_some(Handle(ROOT)));
    let filter = Qdisc { dev: Some(LinkRef::of(dev)), parent, ..which.clone() };
    Ok(list(ns, &filter)?.into_iter().next())
}

/// Deletes all that somebody has set on a link, with their classes and filters; but for what shapes it as `link.shape`
/// set it.
pub fn flush(ns: &Rc<Namespace>, dev: &str) -> Result<usize> {
    let device = Device::require(ns, dev)?;
    let top = |qdisc: &Object| qdisc.parent == ROOT || qdisc.parent == INGRESS;
    let own = |qdisc: &Object| is_own(qdisc) && qdisc.kind != PFIFO;
    let all: Vec<Object> = device.qdiscs()?.into_iter().filter(|q| top(q) && !own(q)).collect();
    for qdisc in &all {
        let handle = if qdisc.parent == INGRESS { INGRESS_HANDLE } else { 0 };
        device.del(&Object::qdisc(qdisc.parent, handle, &qdisc.kind))?;
    }
    Ok(all.len())
}
