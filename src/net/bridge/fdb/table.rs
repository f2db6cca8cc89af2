//! The attributes of an entry of a forwarding database.

use std::net::IpAddr;

use crate::model::{Between, Words, table};
use crate::net::fields::{HardwareAddress, LinkName, LinkRef, Number, Seconds, UdpPort, VlanId};
use crate::net::neigh::State;

table! {
    /// An entry of a forwarding database (bridge(8), linux/neighbour.h; its flags are NTF_*, with NTF_EXT_* behind the
    /// first eight bits): one to add, one that the kernel reported, or what those to be found must have.
    pub struct Entry {
        Set mac: HardwareAddress = 2 always, ip [], "the hardware address";
        Set dev: LinkName = header always, ip ["dev"], "the port of a bridge, or the vxlan; in a filter also a bridge, with all its ports";
        Read index: Number = header always, ip [], "the port's index";
        Read bridge as "master": LinkRef = 9, ip [], "the bridge";
        Set life as "type": Life = header always, ip [],
            "static stays; dynamic is learned, or forgotten as if it were; local (or permanent) means the bridge itself; \
             default static in a bridge's database, local in the link's own";
        Set dst: IpAddr = 1, ip ["dst"], "the remote end that has the address, of a vxlan";
        Set vlan: VlanId = 5, ip ["vlan"], "only for this VLAN";
        Set port: UdpPort = 6, ip ["port"], "the UDP port of the remote end";
        Set vni: Between<0, 16_777_215> = 7, ip ["vni"], "the VNI at the remote end";
        Read src_vni: Number = 11, ip [], "the VNI of frames from here";
        Read via: LinkRef = 8, ip [], "the link to the remote end";
        Read nhid: Number = 13, ip [], "the nexthop object of the remote ends";
        Word own as "self": bool = {flag 0x02}, ip ["self"], "in the link's own database";
        Word router: bool = {flag 0x80}, ip [], "a router";
        Give extern_learn: bool = {flag 0x10}, ip ["extern_learn"],
            "as if a control plane had learned it: it doesn't age; default false";
        Word offload: bool = {flag 0x20}, ip [], "hardware has it";
        Give master: bool = {flag 0x04}, ip ["master"],
            "in the database of the bridge that `dev` is a port of, rather than in the link's own; default true for a \
             port, unless `dst` is given";
        Give sticky: bool = {flag 0x40}, ip ["sticky"], "learning doesn't move it to another port; default false";
        Word locked: bool = {flag 0x200}, ip [], "on a locked port that is not authorised yet";
        Read used: Seconds = header, ip [], "seconds since a frame came from it";
        Read updated: Seconds = header, ip [], "seconds since it was learned or moved";
    }
}

impl Entry {
    /// All entries of this link, or one to add to it.
    pub fn on(dev: &str) -> Self {
        Entry { dev: Some(LinkName(dev.to_owned())), ..Entry::default() }
    }

    /// The link's name; empty where there is none.
    pub fn dev(&self) -> &str {
        self.dev.as_ref().map_or("", |dev| &dev.0)
    }

    pub fn index(&self) -> u32 {
        self.index.map_or(0, |index| index.0)
    }
}

/// How long an entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The address is the bridge's own: frames for it go up the stack. `permanent` in `bridge fdb`.
    Local,
    /// Never forgotten, nor moved to another port by learning.
    Static,
    /// As if learned: forgotten after the bridge's `ageing`.
    Dynamic,
}

impl Words for Life {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("local", Life::Local),
        ("permanent", Life::Local),
        ("static", Life::Static),
        ("dynamic", Life::Dynamic),
    ];
    const RETURNED: &'static str = "\"local\"|\"static\"|\"dynamic\"";
}

impl Life {
    /// As `bridge fdb` writes it.
    pub fn keyword(self) -> &'static str {
        match self {
            Life::Local => "permanent",
            other => other.name(),
        }
    }

    pub(super) fn state(self) -> State {
        match self {
            Life::Local => State::any(&[State::NOARP, State::PERMANENT]),
            Life::Static => State::any(&[State::NOARP, State::REACHABLE]),
            Life::Dynamic => State::REACHABLE,
        }
    }

    pub(super) fn of(state: State) -> Self {
        match state.0 {
            bits if bits & State::PERMANENT.0 != 0 => Life::Local,
            bits if bits & State::NOARP.0 != 0 => Life::Static,
            _ => Life::Dynamic,
        }
    }
}
