//! Waiting until links that were brought up carry packets.
//!
//! After "up" the kernel's linkwatch work sets the operational state a moment later, and only then is a bridge's
//! port opened. A packet sent before is lost, and its ARP is retried after a whole second. So the first probe
//! after a change waits here, by event.

use std::collections::HashMap;
use std::time::Duration;

use super::link::{self, Details, Link};
use super::namespace::{Namespace, Namespaces};
use super::netlink::Socket;
use crate::error::{Kind, Result};
use crate::wait::Deadline;

/// Longer than linkwatch ever takes (it runs at most once a second for changes that aren't urgent).
const PATIENCE: Duration = Duration::from_secs(2);
/// RTNLGRP_LINK in linux/rtnetlink.h.
const RTNLGRP_LINK: u32 = 1;

/// Waits, where links changed since the last call, until no link has its carrier but not yet its state. Gives up
/// silently after 2 s: the probe will tell what is wrong.
pub fn settle(all: &Namespaces) -> Result<()> {
    let changed = all.take_unsettled();
    let deadline = Deadline::after(PATIENCE);
    for ns in changed {
        let settled = settle_one(&ns, deadline);
        if settled.is_err() {
            // Interrupted: the next probe waits anew.
            ns.unsettle();
        }
        settled?;
    }
    Ok(())
}

fn settle_one(ns: &Namespace, deadline: Deadline) -> Result<()> {
    if !pending(ns)? {
        return barrier(ns);
    }
    // Subscribed before looking again, so that no event falls between.
    let mut events = ns.within(|| Socket::open(netlink_sys::protocols::NETLINK_ROUTE))?;
    events.join(RTNLGRP_LINK)?;
    while pending(ns)? {
        match events.event(deadline) {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            // Events were lost for want of space: something changed, so look.
            Err(e) if e.kind() == Kind::Limit => {}
            Err(e) => return Err(e),
        }
    }
    barrier(ns)
}

/// Waits for RTNL. A dump may look in between, where linkwatch has told the state but not yet activated the queue;
/// it does both with RTNL held, and a change that changes nothing has to wait for that.
fn barrier(ns: &Namespace) -> Result<()> {
    const LOOPBACK: u32 = 1;
    ns.rtnl(link::RTM_SETLINK, 0, &link::ifinfomsg(0, LOOPBACK, 0, 0), |_| Ok(()))
}

fn pending(ns: &Namespace) -> Result<bool> {
    Ok(any_pending(&link::dump(ns)?))
}

fn any_pending(links: &[Link]) -> bool {
    let bridges: HashMap<u32, &Link> =
        links.iter().filter(|l| matches!(l.details, Details::Bridge(_))).map(|l| (l.index, l)).collect();
    links.iter().any(|link| {
        // Where the cable is out, or the link is dormant or under test by someone's wish, there is nothing to wait for.
        if !link.up || !link.carrier || matches!(link.operstate.as_str(), "DORMANT" | "TESTING") {
            return false;
        }
        // A link that came up without carrier drops what it is given until linkwatch has activated its queue.
        if link.qdisc == "noop" {
            return true;
        }
        let bridge = link.master_index.and_then(|index| bridges.get(&index));
        let closed = link.port.as_deref().is_some_and(|port| port.state == Some("disabled"));
        // A veth always gets a state: unknown means that linkwatch has not looked at it yet, and until then what it
        // is given is dropped, though its queue is no longer told as noop. Others stay unknown.
        let settled = match link.operstate.as_str() {
            "UP" => true,
            "UNKNOWN" => link.kind.as_deref() != Some("veth"),
            _ => false,
        };
        !settled || closed && bridge.is_some_and(|b| b.up)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::{LinkSpec, PeerSpec};
    use crate::net::testing::lab;

    fn link(operstate: &str) -> Link {
        Link { up: true, carrier: true, operstate: operstate.into(), ..Link::default() }
    }

    #[test]
    fn what_is_waited_for() {
        assert!(any_pending(&[link("UP"), link("DOWN")]));
        assert!(any_pending(&[link("LOWERLAYERDOWN")]));
        assert!(any_pending(&[Link { kind: Some("veth".into()), ..link("UNKNOWN") }]));
        assert!(any_pending(&[Link { qdisc: "noop".into(), ..link("UP") }]));
        assert!(!any_pending(&[link("UP"), link("UNKNOWN"), link("DORMANT")]));
        assert!(!any_pending(&[Link { carrier: false, ..link("DOWN") }]));
        assert!(!any_pending(&[Link { up: false, ..link("DOWN") }]));
    }

    #[test]
    fn a_bridge_of_ten_settles() {
        lab(|all| {
            let host = all.host();
            let bridge = LinkSpec { kind: "bridge".into(), up: true, ..LinkSpec::default() };
            link::add(host, "br0", &bridge).unwrap();
            for i in 0..10 {
                let ns = all.add(&format!("ns{i}")).unwrap();
                let peer =
                    PeerSpec { name: Some("eth0".into()), ns: Some(ns), up: true, ..PeerSpec::default() };
                let spec = LinkSpec {
                    kind: "veth".into(),
                    up: true,
                    master: Some("br0".into()),
                    peer: Some(peer),
                    ..LinkSpec::default()
                };
                link::add(host, &format!("veth{i}"), &spec).unwrap();
            }
            let start = std::time::Instant::now();
            settle(all).unwrap();
            assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
            for link in link::dump(host).unwrap().iter().filter(|l| l.port.is_some()) {
                assert_eq!(link.operstate, "UP");
                assert_eq!(link.port.as_ref().unwrap().state, Some("forwarding"), "{}", link.name);
            }
            assert!(all.take_unsettled().is_empty());
        });
    }
}
