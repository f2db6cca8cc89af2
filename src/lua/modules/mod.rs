//! The modules that scripts use, a file or folder each, named as Lua names them.

pub(super) mod addr;
pub(super) mod arping;
pub(super) mod bridge;
pub(super) mod capture;
pub mod check;
pub(super) mod clock;
pub(super) mod conntrack;
mod counters;
pub(super) mod dhcp;
pub(super) mod dns;
pub(super) mod ethtool;
pub(super) mod events;
pub(super) mod eventually;
pub mod examples;
pub(super) mod fdb;
mod firewall;
pub(super) mod http;
pub(super) mod json;
pub(super) mod lab;
pub mod link;
pub(super) mod maddr;
pub(super) mod mdb;
pub(super) mod mpls;
pub(super) mod mptcp;
pub(super) mod mroute;
pub mod namespace;
pub(super) mod nat;
pub(super) mod neigh;
pub(super) mod nexthop;
pub(super) mod nft;
pub(super) mod perf;
pub(super) mod ping;
pub(super) mod ping_all;
pub(super) mod pmtu;
pub mod proc;
pub(super) mod route;
pub(super) mod rule;
pub(super) mod send;
pub(super) mod server;
pub(super) mod sleep;
pub(super) mod socket;
pub(super) mod sysctl;
pub(super) mod tc;
pub(super) mod tcp;
pub mod test;
pub(super) mod traceroute;
pub(super) mod traffic;
pub(super) mod tun;
pub(super) mod udp;
pub(super) mod vlan;
pub(super) mod wait;
pub(super) mod why;
pub(super) mod wireguard;
pub(super) mod xfrm;

use std::rc::Rc;

use mlua::Lua;

use crate::lua::lab::{Lab, Place};
use crate::lua::registry::{Entry, Form, Modules, Scope};
use crate::lua::runtime::interpreter::{self, Bindings};
use Form::{Callable, Function as Single, Table};
use Scope::{Global, Namespace};

/// The only list of modules. What stands here is bound, documented, typed, completed and tested.
pub static MODULES: Modules = Modules(&[
    Entry::new("addr", Namespace, Table, addr::module),
    Entry::new("after_each", Global, Single, test::after_each),
    Entry::new("arping", Namespace, Single, arping::module),
    Entry::new("before_each", Global, Single, test::before_each),
    Entry::new("bridge", Namespace, Table, bridge::module),
    Entry::new("capture", Namespace, Table, capture::module),
    Entry::new("check", Global, Callable, check::module),
    Entry::new("check.soft", Global, Callable, check::soft),
    Entry::new("clock", Global, Single, clock::module),
    Entry::new("conntrack", Namespace, Table, conntrack::module),
    Entry::new("counters", Namespace, Table, counters::module),
    Entry::new("defer", Global, Single, test::defer),
    Entry::new("dhcp", Namespace, Table, dhcp::module),
    Entry::new("dns", Namespace, Table, dns::module),
    Entry::new("ethtool", Namespace, Table, ethtool::module),
    Entry::new("events", Namespace, Table, events::module),
    Entry::new("eventually", Global, Single, eventually::module),
    Entry::new("fdb", Namespace, Table, fdb::module),
    Entry::new("firewall", Namespace, Table, firewall::module),
    Entry::new("group", Global, Single, test::group),
    Entry::new("http", Namespace, Table, http::module),
    Entry::new("json", Global, Table, json::module),
    Entry::new("lab", Global, Table, lab::module),
    Entry::new("link", Namespace, Table, link::module),
    Entry::new("maddr", Namespace, Table, maddr::module),
    Entry::new("mdb", Namespace, Table, mdb::module),
    Entry::new("mpls", Namespace, Table, mpls::module),
    Entry::new("mptcp", Namespace, Table, mptcp::module),
    Entry::new("mroute", Namespace, Table, mroute::module),
    Entry::new("namespace", Global, Table, namespace::module),
    Entry::new("nat", Namespace, Table, nat::module),
    Entry::new("neigh", Namespace, Table, neigh::module),
    Entry::new("nexthop", Namespace, Table, nexthop::module),
    Entry::new("nft", Namespace, Table, nft::module),
    Entry::new("perf", Namespace, Single, perf::module),
    Entry::new("ping", Namespace, Callable, ping::module),
    Entry::new("ping_all", Global, Single, ping_all::module),
    Entry::new("pmtu", Namespace, Single, pmtu::module),
    Entry::new("proc", Namespace, Table, proc::module),
    Entry::new("route", Namespace, Table, route::module),
    Entry::new("rule", Namespace, Table, rule::module),
    Entry::new("send", Namespace, Single, send::module),
    Entry::new("skip", Global, Single, test::skip),
    Entry::new("sleep", Global, Single, sleep::module),
    Entry::new("socket", Namespace, Table, socket::module),
    Entry::new("sysctl", Namespace, Table, sysctl::module),
    Entry::new("tc", Namespace, Table, tc::module),
    Entry::new("tc.class", Namespace, Table, tc::class::module),
    Entry::new("tc.filter", Namespace, Table, tc::filter::module),
    Entry::new("tc.qdisc", Namespace, Table, tc::qdisc::module),
    Entry::new("tcp", Namespace, Table, tcp::module),
    Entry::new("test", Global, Callable, test::test),
    Entry::new("traceroute", Namespace, Single, traceroute::module),
    Entry::new("tun", Namespace, Table, tun::module),
    Entry::new("udp", Namespace, Table, udp::module),
    Entry::new("vlan", Namespace, Table, vlan::module),
    Entry::new("vlan.global", Namespace, Table, vlan::global),
    Entry::new("wait", Namespace, Table, wait::module),
    Entry::new("why", Namespace, Single, why::module),
    Entry::new("wireguard", Namespace, Table, wireguard::module),
    Entry::new("xfail", Global, Single, test::xfail),
    Entry::new("xfrm", Namespace, Table, xfrm::module),
    Entry::new("xfrm.policy", Namespace, Table, xfrm::policy),
    Entry::new("xfrm.state", Namespace, Table, xfrm::state),
]);

static BINDINGS: Bindings = Bindings {
    modules: MODULES,
    host: |cx| namespace::handle(cx, cx.lab.namespaces.host()),
    at_exit: test::leave_by_exit,
    tidy_up: test::tidy_up,
};

/// Makes an interpreter with every module bound.
pub fn interpreter(lab: &Rc<Lab>) -> mlua::Result<Lua> {
    interpreter::new(&BINDINGS, lab)
}

/// Makes a lab and an interpreter for `f`, and ends afterwards what was left running. Returns nsh's exit status.
/// `setup` adds what the floors above have (`help`).
pub fn with_interpreter(
    place: Place,
    trace: bool,
    setup: fn(&Lua) -> mlua::Result<()>,
    f: impl FnOnce(&Lua, &Rc<Lab>) -> mlua::Result<i32>,
) -> i32 {
    interpreter::with(&BINDINGS, place, trace, setup, f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_documented_and_named_after_its_module() {
        assert!(MODULES.0.is_sorted_by_key(|entry| entry.name), "the list is sorted by name");
        for entry in MODULES.0 {
            let (Entry { name, form, .. }, m) = (entry, entry.module());
            {
                assert_eq!(m.name, *name);
                let is = match (m.functions.is_empty(), &m.call) {
                    (true, Some(_)) => Form::Function,
                    (false, Some(_)) => Form::Callable,
                    // Of `xfrm` all stands in others.
                    (_, None) => Form::Table,
                };
                assert_eq!(is, *form, "{name}");
                assert!(!m.doc.is_empty(), "{name} has no doc");
                for f in m.functions.iter().chain(&m.call) {
                    let named = f.doc.name == *name
                        || f.doc.name.strip_prefix(name).is_some_and(|r| r.starts_with('.'));
                    assert!(named, "{} stands in module {name}", f.doc.name);
                    assert!(!f.doc.doc.is_empty(), "{} has no doc", f.doc.name);
                    assert!(
                        !f.doc.example.is_empty() || !examples::of(f.doc.name).is_empty(),
                        "{} has no example",
                        f.doc.name
                    );
                    for p in &f.doc.params {
                        assert!(!p.doc.is_empty(), "{}: {} has no doc", f.doc.name, p.name);
                        for field in p.shape.iter().flat_map(|s| &s.fields) {
                            assert!(!field.doc.is_empty(), "{}: {} has no doc", f.doc.name, field.name);
                        }
                    }
                }
            }
        }
    }
}
