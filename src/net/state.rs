//! All that there is in the lab's namespaces at one moment.

use std::rc::Rc;

use super::addr::{self, Addr};
use super::bridge::{fdb, mdb, vlan};
use super::defaults::{self, Difference};
use super::fields::{Origin, TableId};
use super::link::common::AddrGenMode;
use super::link::{self, Link};
use super::mpls::{self, Mpls};
use super::mptcp;
use super::mroute::{self, Mroute};
use super::namespace::{Namespace, Namespaces};
use super::neigh::{self, Neigh};
use super::nexthop::{self, Nexthop};
use super::nf::message;
use super::nf::nat::{self, NatRule};
use super::route::{self, Route, TABLE_LOCAL, Tables};
use super::rule::{self, Rule};
use super::socket::{self, Owners, Proto, Socket};
use super::{tc, wireguard, xfrm};
use crate::base::error::{Kind, Result};

/// What a namespace has.
pub struct State {
    pub namespace: Rc<Namespace>,
    pub links: Vec<Link>,
    pub addresses: Vec<Addr>,
    /// Of all tables, but for what the kernel puts into `local` for each address.
    pub routes: Vec<Route>,
    /// Of MPLS.
    pub mpls: Vec<Mpls>,
    pub rules: Vec<Rule>,
    /// With the entries of proxy ARP and NDP behind them.
    pub neighbours: Vec<Neigh>,
    pub fdb: Vec<fdb::Entry>,
    pub mdb: Vec<mdb::Entry>,
    /// Of bridges and their ports.
    pub vlans: Vec<vlan::Vlan>,
    /// Those that somebody has set.
    pub qdiscs: Vec<tc::Qdisc>,
    pub classes: Vec<tc::Class>,
    pub filters: Vec<tc::Filter>,
    pub nat: Vec<NatRule>,
    pub xfrm_states: Vec<xfrm::State>,
    pub xfrm_policies: Vec<xfrm::Policy>,
    pub wireguard: Vec<wireguard::Device>,
    pub nexthops: Vec<Nexthop>,
    pub mptcp: Vec<mptcp::Endpoint>,
    pub mroute: Vec<Mroute>,
    /// Whether there is any table of nf_tables, whoever made it.
    pub nf_tables: bool,
    pub sockets: Vec<Socket>,
    /// Those that are not as in a new namespace.
    pub sysctls: Vec<Difference>,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

/// What all namespaces have, `host` first. What can't be read is told in [`State::problems`].
pub fn all(namespaces: &Namespaces) -> Result<Vec<State>> {
    let all = namespaces.all()?;
    let owners = Owners::look();
    let mut states: Vec<State> = all.iter().map(|ns| of(namespaces, ns, &owners)).collect();
    // What `link.set` can change of them.
    let with_mode = |link: &Link| link.common.addrgenmode.is_some_and(|mode| mode != AddrGenMode::EUI64);
    states.iter().filter(|s| s.links.iter().any(with_mode)).for_each(|s| s.namespace.tune());
    match defaults::differing(&all) {
        Ok(differing) => {
            for (state, sysctls) in states.iter_mut().zip(differing) {
                state.sysctls = sysctls;
            }
        }
        Err(e) => states.iter_mut().take(1).for_each(|s| s.problems.push(format!("sysctls: {e}"))),
    }
    Ok(states)
}

fn of(namespaces: &Namespaces, ns: &Rc<Namespace>, owners: &Owners) -> State {
    let mut problems = Vec::new();
    let mut told =
        |part: &str, e: crate::base::error::Error| problems.push(format!("{part}: {}", e.message()));
    macro_rules! part {
        ($name:literal, $read:expr) => {
            $read.unwrap_or_else(|e| {
                told($name, e);
                Default::default()
            })
        };
    }
    let qdiscs = part!("qdiscs", qdiscs(ns));
    let any = !qdiscs.is_empty();
    let sockets = socket::Filter { protos: Some(Proto::ALL.to_vec()), ..socket::Filter::default() };
    State {
        namespace: ns.clone(),
        links: part!("links", link::list(namespaces, ns, &link::Filter::default())),
        addresses: part!("addresses", addr::list(ns, &addr::Addr::default())),
        routes: part!("routes", routes(ns)),
        mpls: part!("mpls", mpls::list(ns, &Mpls::default())),
        rules: part!("rules", rule::list(ns, &Rule::default())),
        neighbours: part!("neighbours", neighbours(ns)),
        fdb: part!("fdb", fdb::list(ns, &fdb::Entry::default())),
        mdb: part!("mdb", mdb::list(ns, &mdb::Entry::default())),
        vlans: part!("vlans", vlan::list(ns, &vlan::Vlan::default())),
        classes: part!(
            "classes",
            if any { tc::class::list(ns, &tc::Class::default()) } else { Ok(Vec::new()) }
        ),
        filters: part!(
            "filters",
            if any { tc::filter::list(ns, &tc::Filter::default()) } else { Ok(Vec::new()) }
        ),
        qdiscs,
        nat: part!("nat", nat::list(ns)),
        xfrm_states: part!("xfrm_states", xfrm::states(ns)),
        xfrm_policies: part!("xfrm_policies", xfrm::policies(ns)),
        wireguard: part!("wireguard", tunnels(ns)),
        nexthops: part!("nexthops", lacking(nexthop::list(ns, &Nexthop::default()))),
        mptcp: part!("mptcp", lacking(mptcp::list(ns, &mptcp::Endpoint::default()))),
        mroute: part!("mroute", mroute::list(ns, &Mroute::default())),
        nf_tables: part!("nf_tables", ns.netfilter().and_then(|mut s| message::any_table(&mut s))),
        sockets: part!("sockets", socket::list(ns, &sockets, owners)),
        sysctls: Vec::new(),
        problems,
    }
}

/// A kernel that lacks the objects has none.
fn lacking<T>(found: Result<Vec<T>>) -> Result<Vec<T>> {
    match found {
        Err(e) if e.kind() == Kind::Unsupported => Ok(Vec::new()),
        found => found,
    }
}

/// Without the secret keys: states are written down, and shown to others.
fn tunnels(ns: &Namespace) -> Result<Vec<wireguard::Device>> {
    let mut found = wireguard::list(ns)?;
    for device in &mut found {
        device.private_key = None;
        device.peers.iter_mut().for_each(|peer| peer.preshared_key = None);
    }
    Ok(found)
}

fn routes(ns: &Namespace) -> Result<Vec<Route>> {
    let filter = route::Filter { tables: Tables::All, ..route::Filter::default() };
    let mut routes = route::list(ns, &filter)?;
    let local = |r: &Route| r.table == Some(TableId(TABLE_LOCAL)) && r.proto == Some(Origin::KERNEL);
    routes.retain(|r| !(r.kind().of_addresses() && local(r)));
    Ok(routes)
}

fn qdiscs(ns: &Namespace) -> Result<Vec<tc::Qdisc>> {
    let mut found = tc::qdisc::list(ns, &tc::Qdisc::default())?;
    found.retain(tc::Qdisc::is_set);
    Ok(found)
}

fn neighbours(ns: &Namespace) -> Result<Vec<Neigh>> {
    let mut found = neigh::list(ns, &Neigh::default())?;
    found.extend(neigh::list(ns, &Neigh { proxy: Some(true), ..Neigh::default() })?);
    Ok(found)
}
