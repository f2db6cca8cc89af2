//! What a link receives, shaped where its other end can't be asked to do it: all of it is redirected to a link of the kind
//! ifb, which shapes what it "sends", back to where it was received.

use nix::errno::Errno;

use super::object::{Device, INCOMING, INGRESS, INGRESS_HANDLE, Object};
use super::u32::{U32, redirect};
use crate::base::error::{Error, Kind, Result};
use crate::net::done::Verb;
use crate::net::link::fields::Toggle;
use crate::net::link::{self, End, LinkSpec, find};
use crate::net::namespace::Namespace;

const INGRESS_KIND: &str = "ingress";
/// The preference of our filter: behind those of others.
const PREFERENCE: u16 = 49_151;

/// The name of the ifb of a link with this index.
fn name(index: u32) -> String {
    format!("shape{index}")
}

fn filter() -> Object {
    Object::filter(INCOMING, PREFERENCE, libc::ETH_P_ALL as u16, U32)
}

fn ingress() -> Object {
    Object::qdisc(INGRESS, INGRESS_HANDLE, INGRESS_KIND)
}

/// The index of the ifb that shapes what the link with this index receives.
pub fn index(ns: &Namespace, near: u32) -> Result<Option<u32>> {
    find::index(ns, &name(near))
}

/// The ifb that shapes what the link receives.
pub fn find(near: &Device) -> Result<Option<Device>> {
    let (ns, name) = (near.ns.clone(), name(near.index));
    Ok(index(&ns, near.index)?.map(|index| Device { ns, index, name, redirected: true }))
}

/// The ifb that shapes what the link receives; made if it isn't there.
///
/// Raises `unsupported` where the kernel lacks what is needed for it.
pub fn require(near: &Device) -> Result<Device> {
    if let Some(there) = find(near)? {
        return Ok(there);
    }
    let name = name(near.index);
    let mut end = End::default();
    end.common.up = Some(Toggle(true));
    let spec = LinkSpec { kind: "ifb".to_owned(), near: end, ..LinkSpec::default() };
    let index = link::add(&near.ns, &name, &spec).map_err(|e| lacks(near, "ifb", "IFB", e))?;
    let made = Device { ns: near.ns.clone(), index, name, redirected: true };
    redirect_to(near, &made).inspect_err(|_| {
        // The error that made us give up matters more than one of tidying up.
        let _ = remove(near);
    })?;
    Ok(made)
}

fn redirect_to(near: &Device, ifb: &Device) -> Result<()> {
    if !near.qdiscs()?.iter().any(|qdisc| qdisc.parent == INGRESS) {
        near.change(Verb::Add, &ingress(), &[]).map_err(|e| lacks(near, "sch_ingress", "sch_ingress", e))?;
    }
    let words = ["match", "u32", "0", "0", "action", "mirred", "egress", "redirect", "dev", &ifb.name];
    let filter = filter().with(redirect(ifb.index)?);
    near.change(Verb::Add, &filter, &words.map(str::to_owned)).map_err(|e| {
        // The kernel says which of the two it is.
        let mirred = e.fields().detail.as_deref().is_some_and(|detail| detail.contains("action"));
        let (module, option) = if mirred { ("act_mirred", "act_mirred") } else { ("cls_u32", "cls_u32") };
        lacks(near, module, option, e)
    })
}

/// Says of a refusal which part of the kernel is missing.
fn lacks(near: &Device, module: &str, option: &str, e: Error) -> Error {
    match e.raw() {
        Some(Errno::ENOENT | Errno::EOPNOTSUPP) => Error::new(
            Kind::Unsupported,
            format!(
                "the other end of {} is in no namespace of the lab, and to shape here what comes in needs {module}, \
                 which this kernel lacks (CONFIG_{option})",
                near.name
            ),
        )
        .hint(format!("load it on the machine: modprobe {module}; or shape what is sent, at each end")),
        _ => e,
    }
}

/// Shapes no more what the link receives. Filters of others stay.
pub fn remove(near: &Device) -> Result<()> {
    let Some(ifb) = find(near)? else { return Ok(()) };
    let ours = |filter: &Object| filter.info.0 == PREFERENCE;
    let filters = near.filters(INCOMING)?;
    if filters.iter().any(ours) {
        near.del(&filter())?;
    }
    let own = |qdisc: &Object| qdisc.parent == INGRESS && qdisc.kind == INGRESS_KIND;
    if filters.iter().all(ours) && near.qdiscs()?.iter().any(own) {
        near.del(&ingress())?;
    }
    link::del(&ifb.ns, &ifb.name)
}
