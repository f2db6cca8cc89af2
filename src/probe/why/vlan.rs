//! VLANs on a segment: links with tags, and bridges that filter.

use super::fault::Cause;
use super::snapshot::{Snapshot, Space};
use crate::net::bridge::vlan;
use crate::net::link::{Bridge, Link, Vlan};

/// The VLAN of a link of kind `vlan`.
pub fn id(link: &Link) -> Option<u16> {
    link.details.get::<Vlan>()?.id.map(|id| id.0)
}

/// The link that takes the frames with this tag that come in by `link`.
pub fn above<'a>(space: &'a Space, link: &Link, tag: u16) -> Option<&'a Link> {
    let is_above = |l: &&Link| l.link_index() == Some(link.index()) && l.link_netnsid().is_none();
    space.links.iter().filter(is_above).find(|l| id(l) == Some(tag))
}

/// The way of one frame through a bridge.
pub struct Lane<'a> {
    lab: &'a Snapshot<'a>,
    space: &'a Space,
    bridge: &'a Link,
    tag: Option<u16>,
    /// Where the bridge filters: its VLANs, and that of the frame.
    filtered: Option<(Vec<vlan::Vlan>, u16)>,
    /// Why the frame doesn't even come in.
    pub fault: Option<Cause>,
}

impl<'a> Lane<'a> {
    /// Of a frame that comes in by `by`, a port or the bridge itself.
    pub fn enter(
        lab: &'a Snapshot<'a>,
        space: &'a Space,
        bridge: &'a Link,
        by: &'a Link,
        tag: Option<u16>,
    ) -> Self {
        let mut lane = Lane { lab, space, bridge, tag, filtered: None, fault: None };
        let filters = bridge.details.get::<Bridge>().and_then(|b| b.vlan_filtering).is_some_and(|on| on.0);
        if !filters {
            return lane;
        }
        let members = vlan::list(&space.ns, &vlan::Vlan::default()).unwrap_or_default();
        match tag.or_else(|| pvid(&members, by)) {
            None => lane.fault = Some(Cause::NoPvid { bridge: bridge.name.clone() }),
            Some(vid) => {
                lane.fault = member(&members, by, vid).is_none().then(|| lane.missing(by, vid));
                lane.filtered = Some((members, vid));
            }
        }
        lane
    }

    /// Whether the bridge decides about tags.
    pub fn filters(&self) -> bool {
        self.filtered.is_some()
    }

    /// The tag with which the frame leaves by `by`, and why it doesn't.
    pub fn leave(&self, by: &Link) -> (Option<u16>, Option<Cause>) {
        let Some((members, vid)) = &self.filtered else { return (self.tag, None) };
        match member(members, by, *vid) {
            Some(entry) => ((entry.untagged != Some(true)).then_some(*vid), None),
            None => (self.is_tagged(by, *vid).then_some(*vid), Some(self.missing(by, *vid))),
        }
    }

    /// Whether whoever is behind a port has a link for the VLAN's tag.
    fn is_tagged(&self, by: &Link, vid: u16) -> bool {
        let other = self.lab.other(self.space, by);
        above(self.space, by, vid).is_some() || other.is_some_and(|(s, l)| above(s, l, vid).is_some())
    }

    fn missing(&self, by: &Link, vid: u16) -> Cause {
        let bridge = self.bridge.name.clone();
        let tagged = self.is_tagged(by, vid);
        let options = if tagged { "" } else { ", pvid = true, untagged = true" };
        let words = match (tagged, by.index() == self.bridge.index()) {
            (true, true) => " self",
            (true, false) => "",
            (false, true) => " pvid untagged self",
            (false, false) => " pvid untagged",
        };
        Cause::NotInVlan { vid, bridge, options, words }
    }
}

fn pvid(members: &[vlan::Vlan], link: &Link) -> Option<u16> {
    let entry = members.iter().find(|v| v.dev() == link.name && v.pvid == Some(true))?;
    entry.vid.map(|vid| vid.0)
}

fn member<'v>(members: &'v [vlan::Vlan], link: &Link, vid: u16) -> Option<&'v vlan::Vlan> {
    members.iter().find(|v| v.dev() == link.name && v.vid.is_some_and(|id| id.0 == vid))
}
