//! Shapes links: netem does it (tc-netem(8)). Where the kernel has none, tbf (tc-tbf(8)) does a rate, and a rule of nf_tables
//! loss.

use std::rc::Rc;

use super::discipline::shape_at;
use super::object::{Device, Object, ROOT, handle_text, qdiscs};
use super::shape::{Direction, Shape};
use super::{BLACKHOLE, HTB, NETEM, ifb, is_own, loss, own, peers, read};
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
        done.push((device, get(&device.ns, device.index)?));
        if let Err(e) = shape_one(device, shape) {
            // All or nothing: each is again as it was.
            for (device, before) in done {
                let _ = before.map_or_else(|| restore(device), |before| shape_one(device, &before));
            }
            return Err(e);
        }
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
    match shape.to.is_empty() {
        true => shape_at(device, ROOT, verb(before.as_ref()), shape)?,
        false => peers::set(device, shape, before.as_ref())?,
    }
    // A rule may be left of a kernel that had no netem then.
    match before {
        Some(before) if before.kind != NETEM && shape.loss.is_none() => loss::clear(device),
        _ => Ok(()),
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
    let qdiscs = qdiscs(ns, index)?;
    let Some(root) = qdiscs.iter().find(|qdisc| qdisc.parent == ROOT) else { return Ok(None) };
    if root.kind == HTB {
        return is_own(root).then(|| peers::get(ns, index, &qdiscs)).transpose();
    }
    let Some(mut shape) = read(root) else { return Ok(None) };
    if root.kind != NETEM && is_own(root) {
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
