//! Shapes links: netem does it (tc-netem(8)), or tbf (tc-tbf(8)) where the kernel has no netem and only a rate is asked
//! for.

use std::rc::Rc;

use nix::errno::Errno;

use super::object::{Device, Object, ROOT, handle_text, qdiscs};
use super::shape::{Direction, Shape};
use super::{BLACKHOLE, NETEM, TBF, is_own, own, read};
use crate::base::error::{Error, Kind, Result};
use crate::net::done::Verb;
use crate::net::link::{self, find};
use crate::net::namespace::{Namespace, Namespaces};

/// Shapes a link, as `tc qdisc replace dev NAME root netem ...`; in both directions or none. What waits in its queues
/// stays there.
///
/// Raises `exists` if somebody else has set a discipline at the link's root. Raises `unsupported` where the kernel lacks
/// netem and more than a rate is asked for, and for the direction `in` of a link that is no veth, or whose other end is
/// in a namespace that nsh doesn't know.
pub fn set(all: &Namespaces, ns: &Rc<Namespace>, name: &str, shape: &Shape) -> Result<()> {
    shape.check()?;
    let near = Device::require(ns, name)?;
    let far = || {
        far_end(all, &near)?.ok_or_else(|| {
            Error::new(Kind::Unsupported, "the other end is in no namespace of the lab")
                .hint("a veth pair has both ends; of other links shape what is sent, at each end")
        })
    };
    let devices = match shape.direction.unwrap_or(Direction::Out) {
        Direction::Out => vec![near],
        Direction::In => vec![far()?],
        Direction::Both => vec![far()?, near],
    };
    let mut done: Vec<(&Device, Option<Shape>)> = Vec::new();
    for device in &devices {
        let before = get(&device.ns, device.index)?;
        if let Err(e) = shape_one(device, shape) {
            // Both or none: the other end is again as it was.
            for (other, before) in done {
                let _ = before.map_or_else(|| restore(other), |before| shape_one(other, &before));
            }
            return Err(e);
        }
        done.push((device, before));
    }
    Ok(())
}

/// How to put a discipline at the root, so that it takes no place but that of our own or of the kernel's default.
pub(super) fn verb(device: &Device) -> Result<Verb> {
    match device.root()? {
        None => Ok(Verb::Add),
        Some(root) if is_own(&root) => Ok(Verb::Replace),
        Some(root) => Err(taken(device, &root)),
    }
}

pub(super) fn taken(device: &Device, root: &Object) -> Error {
    let Device { ns, name, .. } = device;
    let what = format!(
        "{name} has a queueing discipline that somebody set: {} {}",
        root.kind,
        handle_text(root.handle)
    );
    let tc = if ns.is_host() { "tc".to_owned() } else { format!("tc -n {}", ns.name()) };
    let delete = format!("this would replace it; to take it away: {tc} qdisc del dev {name} root");
    Error::new(Kind::Exists, what).in_namespace(ns.name()).hint(match root.kind.as_str() {
        BLACKHOLE => format!("where net:cut has set it, net:mend takes it away; {delete}"),
        _ => delete,
    })
}

fn shape_one(device: &Device, shape: &Shape) -> Result<()> {
    if shape.is_empty() {
        return restore(device);
    }
    let verb = verb(device)?;
    let put =
        |kind: &str, options: Vec<u8>| device.change(verb, &own(kind).with(options), &shape.words(kind));
    match put(NETEM, shape.netem()) {
        Err(e) if is_missing(&e) && shape.is_rate() => {
            put(TBF, shape.tbf()).map_err(|e| if is_missing(&e) { lacks(TBF, &["rate"]) } else { e })
        }
        Err(e) if is_missing(&e) => Err(lacks(NETEM, &shape.for_netem())),
        result => result,
    }
}

/// Whether the kernel doesn't know the kind that was asked for.
pub(super) fn is_missing(e: &Error) -> bool {
    e.raw() == Some(Errno::ENOENT)
}

fn lacks(kind: &str, options: &[&str]) -> Error {
    let verb = if options.len() == 1 { "needs" } else { "need" };
    let option = kind.to_uppercase();
    let message =
        format!("{} {verb} {kind}, which this kernel lacks (CONFIG_NET_SCH_{option})", list(options));
    Error::new(Kind::Unsupported, message).hint(format!(
        "load it on the machine: modprobe sch_{kind}; if that fails, take a kernel that has it. A rate works without netem"
    ))
}

/// `delay, jitter and loss`.
fn list(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

/// Takes the shaping of both directions away, as `tc qdisc del dev NAME root`.
pub fn del(all: &Namespaces, ns: &Rc<Namespace>, name: &str) -> Result<()> {
    let near = Device::require(ns, name)?;
    far_end(all, &near)?.into_iter().chain([near]).try_for_each(|device| restore(&device))
}

/// Takes the shaping away. What others have set stays.
fn restore(device: &Device) -> Result<()> {
    match device.root()?.filter(is_own) {
        Some(root) => device.del(&own(&root.kind)),
        None => Ok(()),
    }
}

/// How the link with this index shapes what it sends, if it does, whoever made it do so.
pub fn get(ns: &Namespace, index: u32) -> Result<Option<Shape>> {
    let root = qdiscs(ns, index)?.into_iter().find(|qdisc| qdisc.parent == ROOT);
    Ok(root.and_then(|root| read(&root.kind, &root.options)))
}

/// The other end of a veth, where it is known.
fn far_end(all: &Namespaces, Device { ns, index, .. }: &Device) -> Result<Option<Device>> {
    let Some(near) = link::by_index(ns, *index)? else { return Ok(None) };
    let (true, Some(index)) = (near.kind.as_deref() == Some("veth"), near.link_index()) else {
        return Ok(None);
    };
    let ns = match near.link_netnsid() {
        None => Some(ns.clone()),
        Some(nsid) => all.by_nsid(ns, nsid)?.map(|name| all.get(&name)).transpose()?.flatten(),
    };
    let Some(ns) = ns else { return Ok(None) };
    Ok(find::name(&ns, index)?.map(|name| Device { ns, index, name }))
}
