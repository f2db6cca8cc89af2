//! Waiting until links that were brought up carry packets.
//!
//! After "up" the kernel's linkwatch work sets the operational state a moment later, and only then is a bridge's
//! port opened. A packet sent before is lost, and its ARP is retried after a whole second. So the first probe
//! after a change comes here first.
//!
//! Since Linux 6.8 asking for one link (not for all) does its pending linkwatch work at once (`linkwatch_sync_dev` in
//! net/core/rtnetlink.c); with older kernels we wait, by event.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::addr::{self, Addr};
use super::events::{Listener, Object};
use super::link::{self, Bridge, Link};
use super::namespace::{Namespace, Namespaces};
use super::usable;
use crate::base::error::Result;
use crate::base::wait::Deadline;
use crate::model::Words;

/// Longer than linkwatch ever takes (it runs at most once a second for changes that aren't urgent).
const PATIENCE: Duration = Duration::from_secs(2);
/// With kernels that do no work when asked, a veth whose state stays unknown works all the same once linkwatch has
/// run, at the next tick.
const PATIENCE_FOR_UNKNOWN: Duration = Duration::from_millis(100);
/// Linkwatch has run since, unless the machine is very busy.
const LONG_AGO: Duration = Duration::from_secs(3);
/// So many namespaces without anything left to do speak for those that changed before them.
const QUIET: usize = 64;
/// How often all links are asked for: a bridge of bridges needs a few.
const PASSES: usize = 4;

/// Waits, where links changed since the last call and at the other ends of their cables, until no link has its carrier
/// but not yet its state, and until the addresses of IPv6 can be used. Gives up silently after 2 s: the probe will tell
/// what is wrong.
pub fn settle(all: &Namespaces) -> Result<()> {
    let changed = all.take_unsettled();
    if changed.is_empty() {
        return Ok(());
    }
    let concerned = with_peers(all, changed)?;
    settle_all(all, &concerned).inspect_err(|_| {
        // Interrupted: the next probe waits anew.
        concerned.iter().for_each(|(ns, _)| ns.unsettle());
    })
}

/// Whether packets to these addresses leave by no link: they are of loopback, or the namespace's own.
pub fn stays_within(ns: &Namespace, targets: &[SocketAddr]) -> Result<bool> {
    if targets.iter().all(|target| target.ip().is_loopback()) {
        return Ok(true);
    }
    let own = addr::list(ns, &Addr::default())?;
    Ok(targets.iter().all(|target| own.iter().any(|address| address.ip() == target.ip())))
}

fn settle_all(all: &Namespaces, concerned: &[Concerned]) -> Result<()> {
    let deadline = Deadline::after(PATIENCE);
    look(concerned, |ns| settle_one(ns, deadline))?;
    barrier(all.host())?;
    look(concerned, |ns| usable::ready(ns).map(|busy| !busy))
}

/// A namespace, and when links changed in it.
type Concerned = (Rc<Namespace>, Instant);

/// Has `settled` look at namespaces, which tells whether all was as it should be at once. The kernel goes through what it
/// has to do in the order in which it came, so among thousands that changed long ago, which come last, it ends behind
/// [`QUIET`] of them that had nothing left to do.
fn look(concerned: &[Concerned], settled: impl Fn(&Namespace) -> Result<bool>) -> Result<()> {
    let mut quiet = 0;
    for (ns, changed) in concerned {
        let nothing_left = settled(ns)?;
        quiet = if nothing_left && changed.elapsed() > LONG_AGO { quiet + 1 } else { 0 };
        if quiet == QUIET {
            break;
        }
    }
    Ok(())
}

/// These namespaces, and those of the other ends of what was changed in them: a cable's carrier comes and goes at both.
fn with_peers(all: &Namespaces, mut changed: Vec<Concerned>) -> Result<Vec<Concerned>> {
    let mut seen: HashSet<u64> = changed.iter().map(|(ns, _)| ns.inode()).collect();
    let mut peers = Vec::new();
    for (ns, when) in &changed {
        for index in ns.take_changed() {
            let Some(nsid) = link::by_index(ns, index)?.and_then(|link| link.link_netnsid()) else {
                continue;
            };
            let Some(name) = all.by_nsid(ns, nsid)? else { continue };
            peers.extend(all.get(&name)?.filter(|peer| seen.insert(peer.inode())).map(|peer| (peer, *when)));
        }
    }
    changed.extend(peers);
    changed.sort_by_key(|(_, when)| Reverse(*when));
    Ok(changed)
}

/// Waits for the links of a namespace; true if there was nothing to wait for.
fn settle_one(ns: &Namespace, deadline: Deadline) -> Result<bool> {
    // One link's work can begin another's: a port that opens gives its bridge the carrier.
    for pass in 0..PASSES {
        let behind = behind(&link::dump(ns)?);
        if behind.is_empty() {
            return Ok(pass == 0);
        }
        for (index, _) in behind {
            link::by_index(ns, index)?;
        }
    }
    // Subscribed before looking again, so that no event falls between.
    let mut events = Listener::open(ns, &[Object::Link])?;
    let soon = Deadline::after(PATIENCE_FOR_UNKNOWN).min(deadline);
    loop {
        let behind = behind(&link::dump(ns)?);
        let until = match behind.iter().any(|(_, why)| *why == Why::Waiting) {
            true => deadline,
            false if behind.iter().any(|(_, why)| *why == Why::NewPair) => soon,
            false => return Ok(false),
        };
        if !events.wait(until)? {
            return Ok(false);
        }
    }
}

/// Waits for RTNL, which all namespaces share. A dump may look in between, where linkwatch has told the state but not yet activated the queue;
/// it does both with RTNL held, and a change that changes nothing has to wait for that.
fn barrier(ns: &Namespace) -> Result<()> {
    const LOOPBACK: u32 = 1;
    ns.rtnl(link::RTM_SETLINK, 0, &link::ifinfomsg(0, LOOPBACK, 0, 0), |_| Ok(()))
}

/// Why a link is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It has its carrier, but not yet its state or its queue, or its bridge has not opened the port.
    Waiting,
    /// It has its carrier, but its state has never been set: until then what a veth sends is dropped.
    NewPair,
    /// As [`Why::NewPair`], but of a kind whose state may well stay unknown, as a dummy's and that of lo.
    New,
}

/// The links whose state doesn't follow from their carrier yet.
fn behind(links: &[Link]) -> Vec<(u32, Why)> {
    let bridges: HashMap<u32, &Link> =
        links.iter().filter(|l| l.details.get::<Bridge>().is_some()).map(|l| (l.index(), l)).collect();
    let why = |link: &Link| {
        // Where the cable is out, there is nothing to wait for.
        if !link.is_up() || !link.has_carrier() {
            return None;
        }
        let bridge = link.master_index.and_then(|index| bridges.get(&index));
        let closed =
            link.port.as_deref().is_some_and(|port| port.state.is_some_and(|s| s.name() == "disabled"));
        match link.operstate() {
            // A link that came up without carrier drops what it is given until linkwatch has activated its queue.
            _ if link.drops_all() => Some(Why::Waiting),
            _ if closed && bridge.is_some_and(|b| b.is_up()) => Some(Why::Waiting),
            // Someone wishes a link to be dormant, or tests it.
            "UP" | "DORMANT" | "TESTING" => None,
            "UNKNOWN" if link.kind.as_deref() == Some("veth") => Some(Why::NewPair),
            "UNKNOWN" if link.kind.is_none() => None,
            "UNKNOWN" => Some(Why::New),
            _ => Some(Why::Waiting),
        }
    };
    links.iter().filter_map(|link| Some((link.index(), why(link)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Words;
    use crate::net::link::fields::{OnOff, Text, Toggle};
    use crate::net::link::{Common, End, LinkSpec, Master};
    use crate::net::testing::lab;

    fn link(operstate: &str) -> Link {
        let common = Common {
            up: Some(Toggle(true)),
            carrier: Some(OnOff(true)),
            operstate: Words::named(operstate),
            ..Common::default()
        };
        Link { common, ..Link::default() }
    }

    #[test]
    fn what_is_waited_for() {
        assert_eq!(behind(&[link("UP"), link("DOWN")]), [(0, Why::Waiting)]);
        assert_eq!(behind(&[link("LOWERLAYERDOWN")]), [(0, Why::Waiting)]);
        let idle = Common { qdisc: Some(Text("noop".into())), ..link("UP").common };
        assert_eq!(behind(&[Link { common: idle, ..Link::default() }]), [(0, Why::Waiting)]);
        assert_eq!(behind(&[link("UP"), link("UNKNOWN"), link("DORMANT")]), []);
        assert_eq!(behind(&[Link { kind: Some("veth".into()), ..link("UNKNOWN") }]), [(0, Why::NewPair)]);
        let unplugged = Common { carrier: Some(OnOff(false)), ..link("DOWN").common };
        let down = Common { up: Some(Toggle(false)), ..link("DOWN").common };
        for common in [unplugged, down] {
            assert_eq!(behind(&[Link { common, ..Link::default() }]), []);
        }
    }

    #[test]
    fn a_bridge_of_ten_settles() {
        lab(|all| {
            let host = all.host();
            let bridge = LinkSpec { near: End::up(true), ..LinkSpec::of("bridge") };
            link::add(host, "br0", &bridge).unwrap();
            for i in 0..10 {
                let ns = all.add(&format!("ns{i}")).unwrap();
                let peer = End { name: Some("eth0".into()), ns: Some(ns), ..End::up(true) };
                let spec = LinkSpec {
                    near: End { master: Some(Master::Of("br0".into())), ..End::up(true) },
                    peer: Some(peer),
                    ..LinkSpec::of("veth")
                };
                link::add(host, &format!("veth{i}"), &spec).unwrap();
            }
            let start = std::time::Instant::now();
            settle(all).unwrap();
            assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
            for link in link::dump(host).unwrap().iter().filter(|l| l.port.is_some()) {
                assert_eq!(link.operstate(), "UP");
                assert_eq!(
                    link.port.as_ref().unwrap().state.map(|s| s.name()),
                    Some("forwarding"),
                    "{}",
                    link.name
                );
            }
            assert!(all.take_unsettled().is_empty());
        });
    }
}
