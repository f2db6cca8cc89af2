//! What a link leads to: the hosts on its segment, through cables and bridges, and what is in the way.

use std::collections::HashSet;

use super::fault::Cause;
use super::snapshot::{Snapshot, Space};
use super::vlan::{self, Lane};
use crate::model::Words;
use crate::net::bridge::fdb;
use crate::net::link::{Bridge, Link, Macvlan};
use crate::net::tc;

/// IFF_NOARP.
const NOARP: u32 = 0x80;

/// A frame passes a link.
#[derive(Clone)]
pub struct Step<'a> {
    pub space: &'a Space,
    pub link: &'a Link,
    pub inward: bool,
    pub note: String,
    /// The VLAN whose tag the frame has.
    tag: Option<u16>,
    /// A bridge that filters VLANs chose the tag.
    filtered: bool,
    /// What is wrong here, with the link that it is about.
    pub faults: Vec<(String, Cause)>,
}

/// Where frames arrive.
#[derive(Clone)]
pub struct Station<'a> {
    pub space: &'a Space,
    pub link: &'a Link,
    pub path: Vec<Step<'a>>,
}

impl Station<'_> {
    /// Whether nothing is in the way.
    pub fn is_free(&self) -> bool {
        self.path.iter().all(|step| step.faults.is_empty())
    }
}

/// All that a link leads to.
pub struct Segment<'a> {
    lab: &'a Snapshot<'a>,
    /// Where frames leave, with what is wrong there.
    pub first: Vec<Step<'a>>,
    pub stations: Vec<Station<'a>>,
    /// It leads to something that isn't understood, or out of the lab.
    pub open: bool,
    seen: HashSet<(u64, u32)>,
    todo: Vec<Vec<Step<'a>>>,
    /// Looked at last: what can be reached without a fault is to be found so.
    later: Vec<Vec<Step<'a>>>,
}

/// What frames that `link` sends can reach.
pub fn of<'a>(lab: &'a Snapshot<'a>, space: &'a Space, link: &'a Link) -> Segment<'a> {
    let mut segment = Segment {
        lab,
        first: vec![out(space, link)],
        stations: Vec::new(),
        open: false,
        seen: HashSet::new(),
        todo: Vec::new(),
        later: Vec::new(),
    };
    segment.seen.insert((space.ns.inode(), link.index()));
    segment.todo.push(segment.first.clone());
    while let Some(path) = segment.todo.pop().or_else(|| segment.later.pop()) {
        segment.follow(path);
    }
    segment
}

/// A frame leaves by a link.
fn out<'a>(space: &'a Space, link: &'a Link) -> Step<'a> {
    let mut step = Step { inward: false, ..Step::at(space, link, None) };
    let qdisc = link.common.qdisc.as_ref().map_or("", |qdisc| qdisc.0.as_str());
    if !link.is_up() {
        step.fault(Cause::LinkDown {});
    } else if !link.has_carrier() && link.kind.as_deref() == Some("tun") {
        step.fault(Cause::NoCarrier {});
    } else if qdisc == "blackhole" {
        step.fault(Cause::Silenced {});
    } else if tc::SHAPING.contains(&qdisc) && loss(space, link).is_some_and(|loss| loss.0 == u32::MAX) {
        step.fault(lossy(link, qdisc, "100%".to_owned()));
    }
    step
}

/// That a link with this queueing discipline is shaped to lose packets. Only netem loses them by itself.
pub fn lossy(link: &Link, qdisc: &str, share: String) -> Cause {
    match qdisc {
        tc::NETEM | tc::HTB => Cause::Lossy { share },
        _ => Cause::LossyByRule { share, index: link.index() },
    }
}

/// The share that a link is shaped to lose.
pub fn loss(space: &Space, link: &Link) -> Option<tc::Share> {
    tc::get(&space.ns, link.index()).ok().flatten()?.loss
}

impl<'a> Step<'a> {
    /// A frame comes in by a link.
    fn at(space: &'a Space, link: &'a Link, tag: Option<u16>) -> Self {
        Step { space, link, inward: true, note: String::new(), tag, filtered: false, faults: Vec::new() }
    }

    /// As [`Step::at`], unless the link is down.
    fn into(space: &'a Space, link: &'a Link, tag: Option<u16>) -> Self {
        let mut step = Step::at(space, link, tag);
        if !link.is_up() {
            step.fault(Cause::LinkDown {});
        }
        step
    }

    /// Only macvlans of mode bridge talk to each other.
    fn check_mode(&mut self) {
        let mode = mode(self.link);
        if mode != "bridge" {
            self.fault(Cause::MacvlanMode { mode });
        }
    }

    fn fault(&mut self, cause: Cause) {
        self.faults.push((self.link.name.clone(), cause));
    }
}

impl<'a> Segment<'a> {
    fn push(&mut self, path: Vec<Step<'a>>) {
        match path.iter().all(|step| step.faults.is_empty()) {
            true => self.todo.push(path),
            false => self.later.push(path),
        }
    }

    fn enters(&mut self, space: &Space, link: &Link) -> bool {
        self.seen.insert((space.ns.inode(), link.index()))
    }

    fn follow(&mut self, path: Vec<Step<'a>>) {
        let Some(last) = path.last() else { return };
        let (space, link, tag) = (last.space, last.link, last.tag);
        match (last.inward, link.kind.as_deref()) {
            (true, _) => self.arrive(space, link, path),
            (false, Some("bridge")) => self.switch(space, link, None, path, tag),
            (false, Some("veth")) => self.cross(space, link, path, tag),
            (false, Some("vlan")) if tag.is_none() => self.tagged(space, link, path),
            (false, Some("macvlan")) => self.macvlan(space, link, path),
            (false, Some("dummy")) => {}
            (false, _) => self.open = true,
        }
    }

    /// Through a cable.
    fn cross(&mut self, space: &'a Space, link: &'a Link, mut path: Vec<Step<'a>>, tag: Option<u16>) {
        let Some((there, far)) = self.lab.other(space, link) else {
            self.open = true;
            return;
        };
        if !self.enters(there, far) {
            return;
        }
        path.push(Step::into(there, far, tag));
        self.push(path);
    }

    /// By the link below, with a tag.
    fn tagged(&mut self, space: &'a Space, link: &'a Link, path: Vec<Step<'a>>) {
        let (Some((below, lower)), Some(id)) = (self.lab.other(space, link), vlan::id(link)) else {
            self.open = true;
            return;
        };
        if self.enters(below, lower) {
            self.push([path, vec![Step { tag: Some(id), ..out(below, lower) }]].concat());
        }
    }

    /// At a host: at the link itself, or at that of the tag's VLAN.
    fn station(&mut self, space: &'a Space, link: &'a Link, mut path: Vec<Step<'a>>, tag: Option<u16>) {
        let Some(vid) = tag else {
            self.stations.push(Station { space, link, path });
            return;
        };
        if let Some(above) = vlan::above(space, link, vid) {
            path.push(Step::into(space, above, None));
            self.stations.push(Station { space, link: above, path });
            return;
        }
        if let [.., port, _] = &mut path[..]
            && port.filtered
        {
            let other = format!("{} of {}", link.name, space.name());
            port.fault(Cause::VlanTagged { vid, other });
        } else if let Some(last) = path.last_mut() {
            last.fault(Cause::NoVlanLink { vid });
        }
        self.stations.push(Station { space, link, path });
    }

    /// At the end of a cable: at a host, or at a port of a bridge.
    fn arrive(&mut self, space: &'a Space, link: &'a Link, mut path: Vec<Step<'a>>) {
        let tag = path.last().and_then(|step| step.tag);
        let Some(bridge) = space.bridge_of(link) else {
            return self.station(space, link, path, tag);
        };
        let sender = path.first().and_then(|step| step.link.mac());
        if let Some(step) = path.last_mut() {
            step.note = format!("bridge port of {}", bridge.name);
            step.faults.extend(closed(bridge, link).map(|cause| (link.name.clone(), cause)));
            let source = sender
                .filter(|_| link.port.as_deref().is_some_and(|port| port.locked.is_some_and(|on| on.0)));
            if source.is_some_and(|mac| !is_known(space, link, &mac)) {
                step.fault(Cause::PortLocked { bridge: bridge.name.clone() });
            }
            if !bridge.is_up() {
                step.faults.push((bridge.name.clone(), Cause::LinkDown {}));
            }
        }
        self.switch(space, bridge, Some(link), path, tag);
    }

    /// Through a bridge: to itself, unless the frame is its own, and to its other ports.
    fn switch(
        &mut self,
        space: &'a Space,
        bridge: &'a Link,
        from: Option<&'a Link>,
        mut path: Vec<Step<'a>>,
        tag: Option<u16>,
    ) {
        let mut lane = Lane::enter(self.lab, space, bridge, from.unwrap_or(bridge), tag);
        if let (Some(cause), Some(step)) = (lane.fault.take(), path.last_mut()) {
            step.fault(cause);
        }
        if from.is_some() && self.enters(space, bridge) {
            let (tag, cause) = lane.leave(bridge);
            let mut step = Step::at(space, bridge, tag);
            cause.into_iter().for_each(|cause| step.fault(cause));
            self.station(space, bridge, [path.clone(), vec![step]].concat(), tag);
        }
        for port in space.links.iter().filter(|link| link.master_index == Some(bridge.index())) {
            if from.is_some_and(|from| from.index() == port.index()) || !self.enters(space, port) {
                continue;
            }
            let mut step = out(space, port);
            let (tag, cause) = lane.leave(port);
            (step.tag, step.filtered) = (tag, lane.filters());
            cause.into_iter().for_each(|cause| step.fault(cause));
            step.note = format!("bridge port of {}", bridge.name);
            step.faults.extend(closed(bridge, port).map(|cause| (port.name.clone(), cause)));
            if let Some(from) = from.filter(|from| is_isolated(from) && is_isolated(port)) {
                // The same one on both ways.
                let (one, other) =
                    (from.name.clone().min(port.name.clone()), from.name.clone().max(port.name.clone()));
                step.faults.push((other, Cause::PortIsolated { other: one, bridge: bridge.name.clone() }));
            }
            if port.port.as_deref().is_some_and(|p| p.bcast_flood.is_some_and(|on| !on.0)) {
                step.fault(Cause::PortFlood { bridge: bridge.name.clone() });
            }
            self.push([path.clone(), vec![step]].concat());
        }
    }

    /// To what is below it, and to its sisters on the same parent.
    fn macvlan(&mut self, space: &'a Space, link: &'a Link, path: Vec<Step<'a>>) {
        let Some((below, parent)) = self.lab.other(space, link) else {
            self.open = true;
            return;
        };
        for there in &self.lab.spaces {
            for sister in there.links.iter().filter(|l| l.kind.as_deref() == Some("macvlan")) {
                let same = self
                    .lab
                    .other(there, sister)
                    .is_some_and(|(s, p)| s.is(below) && p.index() == parent.index());
                if !same || !self.enters(there, sister) {
                    continue;
                }
                let mut step = Step::into(there, sister, None);
                let mut path = path.clone();
                path.last_mut().into_iter().chain([&mut step]).for_each(Step::check_mode);
                path.push(step);
                self.push(path);
            }
        }
        if self.enters(below, parent) {
            self.push([path, vec![out(below, parent)]].concat());
        }
    }
}

/// Whether the bridge's table has the address on this port.
fn is_known(space: &Space, port: &Link, mac: &str) -> bool {
    let entries = fdb::list(&space.ns, &fdb::Entry::on(&port.name)).unwrap_or_default();
    entries.iter().any(|entry| entry.mac.as_ref().is_some_and(|known| known.to_string() == mac))
}

fn mode(link: &Link) -> String {
    link.details.get::<Macvlan>().and_then(|m| m.mode).map_or_else(String::new, |mode| mode.name().to_owned())
}

fn is_isolated(port: &Link) -> bool {
    port.port.as_deref().is_some_and(|port| port.isolated.is_some_and(|on| on.0))
}

/// Why a port that is up doesn't forward.
fn closed(bridge: &Link, port: &Link) -> Option<Cause> {
    let state = port.port.as_deref()?.state?.name();
    if state == "forwarding" || !port.is_up() || !bridge.is_up() || !port.has_carrier() {
        return None;
    }
    let stp = bridge.details.get::<Bridge>().and_then(|b| b.stp).is_some_and(|stp| stp.0);
    let bridge = bridge.name.clone();
    Some(if stp { Cause::PortStp { bridge, state } } else { Cause::PortState { bridge, state } })
}

/// Whether the link neither asks for neighbours nor answers.
pub fn is_mute(link: &Link) -> bool {
    link.common.flags.is_some_and(|flags| flags.bits & NOARP != 0)
}
