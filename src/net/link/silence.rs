//! A link whose packets are lost on the way out, while it is up and takes what comes in.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::errno::Errno;

use super::find;
use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::Attributes;
use crate::net::done::Done;
use crate::net::namespace::Namespace;

const RTM_NEWQDISC: u16 = 36;
const RTM_DELQDISC: u16 = 37;
const TCA_KIND: u16 = 1;
const TC_H_ROOT: u32 = 0xffff_ffff;
/// The queueing discipline that drops all packets; it is part of every kernel that has any.
const BLACKHOLE: &str = "blackhole";

/// Drops what a link sends, or no longer.
///
/// Raises `exists` if the link has a queueing discipline that somebody chose.
pub fn silence(ns: &Namespace, name: &str, silent: bool) -> Result<()> {
    let (message, flags) = match silent {
        true => (RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL),
        false => (RTM_DELQDISC, 0),
    };
    let body = request(find::require_index(ns, name)?)?;
    ns.rtnl(message, flags, &body, |_| Ok(())).map_err(|e| explain(name, e))?;
    ns.report(Done::LinkSilenced(name, silent));
    Ok(())
}

fn request(index: u32) -> Result<Vec<u8>> {
    // struct tcmsg: family, ifindex, handle, parent, info.
    let mut body = vec![0u8; 20];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    body[12..16].copy_from_slice(&TC_H_ROOT.to_ne_bytes());
    let mut attributes = Attributes::new();
    attributes.put_str(TCA_KIND, BLACKHOLE);
    body.extend_from_slice(attributes.bytes()?);
    Ok(body)
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
