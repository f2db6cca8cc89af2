//! Shapes links: netem does it (tc-netem(8)). Where the kernel has none, tbf (tc-tbf(8)) does a rate, and a rule of nf_tables
//! loss.

use std::rc::Rc;

use nix::errno::Errno;

use super::object::{Device, Object, ROOT, handle_text, qdiscs};
use super::shape::{Direction, Shape};
use super::{BLACKHOLE, NETEM, PFIFO, TBF, ifb, is_own, loss, own, read};
use crate::base::error::{Error, Kind, Result};
use crate::net::done::Verb;
use crate::net::link::{self, find};
use crate::net::namespace::{Namespace, Namespaces};

/// Shapes a link, as `tc qdisc replace dev NAME root netem ...`; in both directions or none. What waits in its queues
/// stays there.
///
/// Raises `exists` if somebody else has set a discipline at the link's root. Raises `unsupported` where the kernel lacks
/// netem and more than a rate and loss is asked for, or what shapes the direction `in` of a link whose other end is in no
/// namespace that nsh knows.
pub fn set(all: &Namespaces, ns: &Rc<Namespace>, name: &str, shape: &Shape) -> Result<()> {
    shape.check()?;
    let near = Device::require(ns, name)?;
    let direction = shape.direction.unwrap_or(Direction::Out);
    if shape.is_empty() {
        return unshape(all, &near, direction);
    }
    let far = || far_end(all, &near)?.map_or_else(|| ifb::require(&near), Ok);
    let devices = match direction {
        Direction::Out => vec![near.clone()],
        Direction::In => vec![far()?],
        Direction::Both => vec![far()?, near.clone()],
    };
    let shaped = shape_all(&devices, shape);
    if shaped.is_err() && get_in(ns, near.index)?.is_none() {
        ifb::remove(&near)?;
    }
    shaped
}

fn shape_all(devices: &[Device], shape: &Shape) -> Result<()> {
    let mut done: Vec<(&Device, Option<Shape>)> = Vec::new();
    for device in devices {
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

/// How to put a discipline where ours is, or else the kernel's default.
pub(super) fn verb(own: Option<&Object>) -> Verb {
    if own.is_some() { Verb::Replace } else { Verb::Add }
}

/// What nsh has put at the root.
///
/// Raises `exists` if somebody else has set a discipline there.
pub(super) fn own_root(device: &Device) -> Result<Option<Object>> {
    match device.root()? {
        Some(root) if !is_own(&root) => Err(taken(device, &root)),
        root => Ok(root),
    }
}

fn taken(device: &Device, root: &Object) -> Error {
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
    let before = own_root(device)?;
    match put(device, shape, NETEM) {
        Err(e) if is_missing(&e) => without_netem(device, shape),
        Ok(()) => before.map_or(Ok(()), |root| clear_loss(device, &root)),
        result => result,
    }
}

/// Puts a discipline of this kind at the root.
fn put(device: &Device, shape: &Shape, kind: &str) -> Result<()> {
    let options = match kind {
        TBF => shape.tbf(),
        PFIFO => shape.pfifo(),
        _ => shape.netem(),
    };
    device.change(verb(own_root(device)?.as_ref()), &own(kind).with(options), &shape.words(kind))
}

fn without_netem(device: &Device, shape: &Shape) -> Result<()> {
    let mut lacking = shape.for_netem();
    // The kernel spares what was redirected its hook on the way out.
    lacking.extend(shape.loss.filter(|_| device.redirected).map(|_| "loss"));
    if !lacking.is_empty() {
        return Err(lacks(NETEM, &lacking));
    }
    let (kind, needed) = if shape.rate.is_some() { (TBF, "rate") } else { (PFIFO, "loss") };
    shape.loss.map_or_else(|| loss::clear(device), |share| loss::set(device, share))?;
    put(device, shape, kind).map_err(|e| {
        let _ = loss::clear(device);
        if is_missing(&e) { lacks(kind, &[needed]) } else { e }
    })
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
        "load it on the machine: modprobe sch_{kind}; if that fails, take a kernel that has it. A rate and loss work without netem"
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
    unshape(all, &Device::require(ns, name)?, Direction::Both)
}

fn unshape(all: &Namespaces, near: &Device, direction: Direction) -> Result<()> {
    if direction != Direction::Out {
        far_end(all, near)?.map_or(Ok(()), |far| restore(&far))?;
        ifb::remove(near)?;
    }
    if direction == Direction::In { Ok(()) } else { restore(near) }
}

/// Takes the shaping away. What others have set stays.
fn restore(device: &Device) -> Result<()> {
    match device.root()?.filter(is_own) {
        Some(root) => {
            device.del(&own(&root.kind))?;
            clear_loss(device, &root)
        }
        None => Ok(()),
    }
}

/// Takes away what stands beside what was at the root.
pub(super) fn clear_loss(device: &Device, root: &Object) -> Result<()> {
    if root.kind == NETEM { Ok(()) } else { loss::clear(device) }
}

/// How the link with this index shapes what it sends, if it does, whoever made it do so.
pub fn get(ns: &Namespace, index: u32) -> Result<Option<Shape>> {
    let root = qdiscs(ns, index)?.into_iter().find(|qdisc| qdisc.parent == ROOT);
    let Some(root) = root else { return Ok(None) };
    let Some(mut shape) = read(&root) else { return Ok(None) };
    if root.kind != NETEM && is_own(&root) {
        shape.loss = loss::get(ns, index)?;
    }
    Ok(Some(shape))
}

/// How an ifb of ours shapes what the link with this index receives, if it does.
pub fn get_in(ns: &Namespace, index: u32) -> Result<Option<Shape>> {
    ifb::index(ns, index)?.map_or(Ok(None), |ifb| get(ns, ifb))
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
    Ok(find::name(&ns, index)?.map(|name| Device { ns, index, name, redirected: false }))
}
