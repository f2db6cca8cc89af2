//! IPv6 routers that forward from the first packet on.
//!
//! A router resolves its neighbours from its link-local address. The kernel gives that to a link by itself, and runs
//! duplicate address detection on it for 1 to 2 s; until then what is to be forwarded is dropped in silence
//! (`ndisc_solicit` in net/ipv6/ndisc.c finds no source). So before the first probe the tentative link-local addresses of
//! a namespace that forwards IPv6 are taken away and given again, without the detection. Switching the detection off for
//! all links (`accept_dad`) would do as well, but hosts then announce themselves at once, which on a bridge of 200 hosts
//! costs a quarter of the time to set them up.

use nix::errno::Errno;

use super::addr::{self, Addr};
use super::attributes::{self, Attributes};
use super::namespace::Namespace;
use super::prefix::is_link_local;
use crate::base::error::Result;

/// Makes the link-local ones among a namespace's addresses usable where it is a router; true if some weren't.
pub(super) fn ready(ns: &Namespace, addresses: &[Addr]) -> Result<bool> {
    let pending = || addresses.iter().filter(|address| is_pending(address));
    if pending().next().is_none() || !forwards(ns)? {
        return Ok(false);
    }
    for address in pending() {
        // It may be gone by now, or the link, or the kernel was faster; then there is nothing to make ready.
        if addr::del_plain(ns, address.index(), address.prefix()).is_ok() {
            match addr::add_plain(ns, address.index(), address.prefix()) {
                Err(e) if matches!(e.raw(), Some(Errno::ENODEV | Errno::EEXIST)) => {}
                result => result?,
            }
        }
    }
    Ok(true)
}

fn is_pending(address: &Addr) -> bool {
    is_link_local(address.ip()) && address.tentative == Some(true) && !address.is_duplicate()
}

/// `net.ipv6.conf.all.forwarding`, by RTM_GETNETCONF: among many namespaces, a file of /proc/sys is slow to find.
fn forwards(ns: &Namespace) -> Result<bool> {
    const RTM_GETNETCONF: u16 = 82;
    const IFINDEX: u16 = 1;
    const FORWARDING: u16 = 2;
    const ALL: u32 = u32::MAX;
    let mut of_all = Attributes::new();
    of_all.put_u32(IFINDEX, ALL);
    // `struct netconfmsg`, one byte, padded.
    let request = [&[libc::AF_INET6 as u8, 0, 0, 0], of_all.bytes()?].concat();
    let mut forwards = false;
    ns.rtnl(RTM_GETNETCONF, 0, &request, |answer| {
        let value = answer.and_then(|a| attributes::find(a.payload.get(4..)?, FORWARDING));
        forwards |= value.is_some_and(|v| v.iter().any(|byte| *byte != 0));
        Ok(())
    })?;
    Ok(forwards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::{self, End, LinkSpec};
    use crate::net::prefix::Family;
    use crate::net::testing::lab;
    use crate::net::{settle, sysctl, usable};

    #[test]
    fn link_local_addresses_of_a_router_are_usable_at_once() {
        lab(|all| {
            let (router, far) = (all.add("r").unwrap(), all.add("far").unwrap());
            for n in 0..8 {
                let peer = End { name: Some(format!("eth{n}")), ns: Some(far.clone()), ..End::up(true) };
                let spec = LinkSpec { near: End::up(true), peer: Some(peer), ..LinkSpec::of("veth") };
                link::add(&router, &format!("eth{n}"), &spec).unwrap();
            }
            // Until they are there, and tentative.
            settle::settle(all).unwrap();
            sysctl::set(&router, "net.ipv6.conf.all.forwarding", "1").unwrap();
            let addresses = addr::list(&router, &Addr::of(Family::Inet6)).unwrap();
            let mut local = addresses.iter().filter(|address| is_link_local(address.ip()));
            assert!(local.clone().count() == 8, "{addresses:?}");
            assert!(
                local.all(|address| !is_pending(address) && usable::is_routed(&router, address).unwrap())
            );
        });
    }
}
