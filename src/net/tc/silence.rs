//! A link whose packets are lost on the way out, while it is up and takes what comes in.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::errno::Errno;

use super::qdisc;
use crate::base::error::{Error, Kind, Result};
use crate::net::done::Done;
use crate::net::link::find;
use crate::net::namespace::Namespace;

/// The queueing discipline that drops all packets; it is part of every kernel that has any.
const BLACKHOLE: &str = "blackhole";

/// Drops what a link sends, or no longer.
///
/// Raises `exists` if the link has a queueing discipline that somebody chose.
pub fn silence(ns: &Namespace, name: &str, silent: bool) -> Result<()> {
    let index = find::require_index(ns, name)?;
    let done = match silent {
        true => qdisc::add(ns, index, NLM_F_CREATE | NLM_F_EXCL, BLACKHOLE, &[]),
        false => qdisc::del(ns, index, BLACKHOLE),
    };
    done.map_err(|e| explain(name, e))?;
    ns.report(Done::LinkSilenced(name, silent));
    Ok(())
}

fn explain(name: &str, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EEXIST) => e.hint(format!(
            "{name} has a queueing discipline already, which this would replace: tc qdisc show dev {name}"
        )),
        Some(Errno::ENOENT) => {
            e.with_kind(Kind::Unsupported).hint("this kernel has no queueing disciplines (CONFIG_NET_SCHED)")
        }
        _ => e,
    }
}
