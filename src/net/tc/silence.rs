//! A link whose packets are lost on the way out, while it is up and takes what comes in.

use std::rc::Rc;

use super::BLACKHOLE;
use super::apply::{clear_loss, own_root, verb};
use super::discipline::is_missing;
use super::object::{Device, Object, ROOT};
use crate::base::error::{Error, Kind, Result};
use crate::net::namespace::Namespace;

/// Drops what a link sends, or no longer. How it was shaped is lost with that.
///
/// Raises `exists` if the link has a queueing discipline that somebody chose.
pub fn silence(ns: &Rc<Namespace>, name: &str, silent: bool) -> Result<()> {
    let device = Device::require(ns, name)?;
    let blackhole = Object::qdisc(ROOT, 0, BLACKHOLE);
    if !silent {
        return device.del(&blackhole);
    }
    let own = own_root(&device)?;
    device.change(verb(own.as_ref()), &blackhole, &[]).map_err(|e| match is_missing(&e) {
        true => Error::new(Kind::Unsupported, "this kernel has no queueing disciplines (CONFIG_NET_SCHED)"),
        false => e,
    })?;
    own.map_or(Ok(()), |root| clear_loss(&device, &root))
}
