//! Links that are made in pairs: veth, and vxcan and netkit alike.

use ipnetwork::IpNetwork;

use super::add::LinkSpec;
use super::common::is_late;
use super::end::End;
use super::{Port, find, ifinfomsg, ifla};
use crate::base::error::{Error, Result};
use crate::model::Table;
use crate::net::attributes::Attributes;
use crate::net::namespace::Namespace;
use crate::net::usable;

/// Kinds of pairs, and what the kernel puts before the number in the far end's name.
const PAIRS: &[(&str, &str)] = &[("veth", "veth"), ("vxcan", "vxcan"), ("netkit", "nk")];

/// VETH_INFO_PEER, and IFLA_NETKIT_PEER_INFO and VXCAN_INFO_PEER, which have the same number.
const INFO_PEER: u16 = 1;

/// Whether links of this kind are made in pairs.
pub fn is_pair(kind: &str) -> bool {
    stem(kind).is_some()
}

fn stem(kind: &str) -> Option<&'static str> {
    PAIRS.iter().find(|(pair, _)| *pair == kind).map(|(_, stem)| *stem)
}

/// What of a pair can be seen to be wrong without asking the kernel.
pub(super) fn check(spec: &LinkSpec) -> Result<()> {
    let Some(peer) = &spec.peer else { return Ok(()) };
    if stem(&spec.kind).is_none() {
        return Err(Error::argument(format!("a link of kind {:?} has no peer", spec.kind))
            .hint("only veth, netkit and vxcan links are made in pairs"));
    }
    let Some(name) = &peer.name else { return Ok(()) };
    find::check_name(name).map_err(|e| e.detail("peer"))
}

/// The spec with a name for the peer, where none was given. The kernel would take the first free `vethN` before it
/// looks at the near end's name, which may be just that one.
pub(super) fn name_peer(ns: &Namespace, name: &str, spec: &LinkSpec) -> Result<Option<LinkSpec>> {
    let Some(stem) = stem(&spec.kind) else { return Ok(None) };
    let mut peer = spec.peer.clone().unwrap_or_default();
    if peer.name.is_some() {
        return Ok(None);
    }
    let far = peer.ns.clone();
    let far = far.as_deref().unwrap_or(ns);
    for n in 0.. {
        let free = format!("{stem}{n}");
        if (free != name || far.inode() != ns.inode()) && find::index(far, &free)?.is_none() {
            peer.name = Some(free);
            break;
        }
    }
    Ok(Some(LinkSpec { peer: Some(peer), ..spec.clone() }))
}

/// The peer's own header and attributes. Its flags come later: IFF_UP in here fails with ENOTCONN, since its
/// other end isn't there yet.
pub(super) fn put_peer(peer: &End, data: &mut Attributes) -> Result<()> {
    let mut body = Attributes::new();
    if let Some(name) = &peer.name {
        body.put_str(ifla::IFNAME, name);
    }
    peer.put_made(&mut body);
    peer.put_ns(&mut body)?;
    data.put(INFO_PEER, &[ifinfomsg(0, peer.index(), 0, 0).as_slice(), body.bytes()?].concat());
    Ok(())
}

/// Sets what the far end could not be made with; `ns` is the near end's namespace.
pub(super) fn finish(ns: &Namespace, peer: &End) -> Result<()> {
    let far = peer.ns.as_deref().unwrap_or(ns);
    far.unsettle();
    let inside = |e: Error| e.detail("peer");
    let mut late = Attributes::new();
    peer.put(&mut late, is_late);
    peer.put_master(far, &mut late).map_err(inside)?;
    let changes = !late.is_empty() || peer.common.mask() != 0;
    let Some(name) = peer.name.as_deref() else { return Ok(()) };
    if !changes && peer.port == Port::default() && peer.addrs.is_empty() {
        return Ok(());
    }
    let index = find::require_index(far, name)?;
    let message = changes.then(|| peer.message(index, &late)).transpose()?;
    peer.finish(far, index, message).map_err(inside)?;
    // Only now both ends carry packets.
    usable::wait_on(far, index, peer.addrs.iter().map(IpNetwork::ip))
}
