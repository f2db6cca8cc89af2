//! What operations did, told to whoever listens: `nsh --echo` makes commands of it.
//!
//! Each operation that changes something tells after it worked. What nsh leaves to the kernel is not told.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;

use ipnetwork::IpNetwork;

use super::addr::Addr;
use super::bridge::fdb::Entry;
use super::bridge::mdb;
use super::bridge::vlan::global::Global;
use super::bridge::vlan::{Vids, Vlan};
use super::ethtool;
use super::fields::HardwareAddress;
use super::link::{Change, LinkSpec, Port};
use super::mpls::Mpls;
use super::mptcp;
use super::mroute::Mroute;
use super::namespace::{Namespace, Whose};
use super::neigh::Neigh;
use super::nexthop::Nexthop;
use super::nf::conntrack::Connection;
use super::prefix::Family;
use super::route::{self, Route};
use super::rule::Rule;
use super::tun::Tuntap;
use super::wireguard::Device;
use super::xfrm;
use crate::base::command::Command;
use crate::model::Words;

/// What was done with one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Add,
    Append,
    Replace,
    Del,
}

impl Words for Verb {
    const WORDS: &'static [(&'static str, Self)] =
        &[("add", Verb::Add), ("append", Verb::Append), ("replace", Verb::Replace), ("del", Verb::Del)];
}

/// What an operation did, in its namespace. Of a flush, with what was asked for comes what it met.
#[derive(Clone, Copy)]
pub enum Done<'a> {
    Namespace(Verb, &'a str),
    /// A namespace that somebody else made has this name now, and this file that pins it.
    Attached(&'a str, &'a Whose, &'a Path),
    LinkAdded(&'a str, &'a LinkSpec),
    LinkSet(&'a str, &'a Change),
    LinkDeleted(&'a str),
    /// Traffic control was changed, in the words of `tc`.
    Tc(&'a [String]),
    PortSet(&'a str, &'a Port),
    Addr(Verb, IpNetwork, &'a Addr),
    AddrsFlushed(&'a Addr, &'a [Addr]),
    /// With the family that it is of in the end.
    Rule(Verb, &'a Rule, Family),
    Route(Verb, &'a Route),
    /// For each family that lost routes.
    RoutesFlushed(&'a route::Filter, &'a [Family]),
    Mpls(Verb, &'a Mpls),
    Mptcp(Verb, &'a mptcp::Endpoint),
    MptcpFlushed,
    MptcpLimits(&'a mptcp::Limits),
    Mroute(Verb, &'a Mroute),
    MroutesFlushed,
    Nexthop(Verb, &'a Nexthop),
    Neigh(Verb, IpAddr, &'a Neigh),
    NeighsFlushed(&'a Neigh, &'a [Neigh]),
    /// With the database and the life that were chosen in the end.
    Fdb(Verb, &'a Entry),
    /// Of a bridge, or else of a port.
    FdbFlushed(&'a str, bool),
    /// With the bridge and the port that were meant.
    Mdb(Verb, &'a mdb::Entry),
    /// Of a port, or of a bridge itself.
    Vlan(Verb, &'a Vids, &'a Vlan, bool),
    VlanSet(&'a Vids, &'a Vlan),
    VlanGlobal(&'a Vids, &'a Global),
    /// A tun or tap was made to stay, or else deleted.
    Tun(bool, &'a Tuntap),
    /// Of a link that takes a group's frames.
    Maddr(Verb, &'a HardwareAddress, &'a str),
    Wireguard(&'a str, &'a Device),
    XfrmState(Verb, &'a xfrm::State),
    XfrmPolicy(Verb, &'a xfrm::Policy),
    Ethtool(&'a str, ethtool::Part<'a>),
    Sysctl(&'a str, &'a str),
    /// One transaction of nf_tables, in nft's language.
    Nft(&'a [String]),
    ConntrackFlushed,
    /// With which connections went.
    ConntrackDeleted(&'a Connection, &'a [Connection]),
    /// A program was run.
    Ran(&'a Command),
    /// A call that turned out to have changed nothing: the commands that would look as it did.
    Looked(&'a [String]),
}

/// Is told what was done, and in which namespace; says how many commands do the same.
pub type Listener = Rc<dyn Fn(&Namespace, &Done<'_>) -> usize>;

/// Passes on what was done in all namespaces of a lab.
#[derive(Default)]
pub struct Reports {
    listener: RefCell<Option<Listener>>,
    told: Cell<usize>,
}

impl Reports {
    /// From now on tells `listener`, or nobody.
    pub fn listen(&self, listener: Option<Listener>) {
        self.listener.replace(listener);
    }

    pub fn listens(&self) -> bool {
        self.listener.borrow().is_some()
    }

    pub fn tell(&self, ns: &Namespace, done: Done<'_>) {
        let listener = self.listener.borrow().clone();
        let told = listener.map_or(0, |listener| listener(ns, &done));
        self.told.set(self.told.get() + told);
    }

    /// How many commands were told so far.
    pub fn told(&self) -> usize {
        self.told.get()
    }
}
