use ipnetwork::IpNetwork;

use super::*;
use crate::base::wait::{self, Deadline};
use crate::model::Between;
use crate::net::fields::{Selector, TableId};
use crate::net::link::fields::U32;
use crate::net::link::{Common, End, LinkSpec};
use crate::net::namespace::Namespace;
use crate::net::route::{self, Nexthop, Route};
use crate::net::rule::{self, Rule};
use crate::net::sysctl;
use crate::net::testing::lab;

/// A lab of two namespaces, `r1` and `r2`, with a link each way, and the changes from then on.
fn net(f: impl FnOnce(&Namespaces, &Rc<Namespace>, &Rc<Namespace>, &mut Changes) + Send + 'static) {
    lab(|all| {
        let (r1, r2) = (all.add("r1").unwrap(), all.add("r2").unwrap());
        let peer = End { name: Some("eth0".into()), ns: Some(r2.clone()), ..End::up(true) };
        let spec = LinkSpec { near: End::up(true), peer: Some(peer), ..LinkSpec::of("veth") };
        link::add(&r1, "eth0", &spec).unwrap();
        for (ns, last) in [(&r1, "1"), (&r2, "2")] {
            for address in [format!("10.0.0.{last}/24"), format!("fd00::{last}/64")] {
                addr::add(ns, address.parse().unwrap(), &Addr::on("eth0")).unwrap();
            }
        }
        crate::net::settle::settle(all).unwrap();
        let mut changes = Changes::follow(all, true).unwrap();
        f(all, &r1, &r2, &mut changes);
    });
}

fn set_up(ns: &Namespace, up: bool) {
    link::set(ns, "eth0", &End::up(up).into()).unwrap();
}

/// Waits until these are the lines, since the kernel tells of carriers a moment later.
fn tells(changes: &mut Changes, all: &Namespaces, wanted: &[&str]) {
    let deadline = Deadline::secs(5.0);
    loop {
        let lines = changes.lines(all).unwrap();
        if lines == wanted {
            return;
        }
        assert!(!deadline.passed(), "{lines:#?} instead of {wanted:#?}");
        wait::pause(std::time::Duration::from_millis(2)).unwrap();
    }
}

fn via(dst: &str, via: &str) -> Route {
    Route { dst: route::Destination::parse(dst).ok(), via: Some(via.parse().unwrap()), ..Route::default() }
}

#[test]
fn links() {
    net(|all, r1, r2, changes| {
        tells(changes, all, &[]);
        set_up(r2, false);
        tells(changes, all, &["r2: eth0 went down", "r1: eth0 lost its carrier"]);
        // Up again: its IPv6 address is lost, and that is told.
        set_up(r2, true);
        tells(changes, all, &["r2: address fd00::2/64 on eth0 deleted"]);
        changes.reset(all).unwrap();
        tells(changes, all, &[]);
        let change = End {
            common: Common { mtu: Some(U32(1400)), ..Common::default() },
            name: Some("wan0".into()),
            ..End::default()
        };
        set_up(r1, false);
        changes.reset(all).unwrap();
        link::set(r1, "eth0", &change.into()).unwrap();
        tells(changes, all, &["r1: eth0 renamed to wan0", "r1: wan0: mtu 1400 instead of 1500"]);
        link::del(r1, "wan0").unwrap();
        tells(changes, all, &["r1: link eth0 deleted", "r2: link eth0 deleted"]);
    });
}

#[test]
fn addresses() {
    net(|all, r1, _, changes| {
        let six = "fd00::7/64".parse().unwrap();
        addr::add(r1, six, &Addr { dad: Some(true), ..Addr::on("eth0") }).unwrap();
        tells(changes, all, &["r1: address fd00::7/64 on eth0 added"]);
        changes.reset(all).unwrap();
        // That it became usable changes nothing.
        let usable = |a: &Addr| a.ip() == six.ip() && a.tentative == Some(false);
        let deadline = Deadline::secs(5.0);
        while !addr::list(r1, &Addr::default()).unwrap().iter().any(usable) {
            assert!(!deadline.passed());
            wait::pause(std::time::Duration::from_millis(20)).unwrap();
        }
        tells(changes, all, &[]);
        addr::del(r1, six, Some("eth0")).unwrap();
        addr::del(r1, "10.0.0.1/24".parse().unwrap(), Some("eth0")).unwrap();
        tells(
            changes,
            all,
            &["r1: address fd00::7/64 on eth0 deleted", "r1: address 10.0.0.1/24 on eth0 deleted"],
        );
    });
}

#[test]
fn an_address_that_another_has_is_told() {
    net(|all, r1, _, changes| {
        addr::add(r1, "fd00::2/64".parse().unwrap(), &Addr { dad: Some(true), ..Addr::on("eth0") }).unwrap();
        tells(
            changes,
            all,
            &[
                "r1: address fd00::2/64 on eth0 added",
                "r1: address fd00::2/64 on eth0 failed duplicate address detection",
            ],
        );
    });
}

#[test]
fn routes_and_rules() {
    net(|all, r1, r2, changes| {
        let (four, six) = (via("10.2.0.0/16", "10.0.0.2"), via("default", "fd00::2"));
        route::add(r1, &four).unwrap();
        route::add(r1, &six).unwrap();
        let hops =
            ["10.0.0.1", "10.0.0.9"].map(|via| Nexthop { via: via.parse().ok(), ..Nexthop::default() });
        let two = Route {
            dst: route::Destination::parse("10.3.0.0/16").ok(),
            nexthops: hops.to_vec(),
            table: Some(TableId(7)),
            ..Route::default()
        };
        route::add(r2, &two).unwrap();
        let rule = Rule {
            from: Some(Selector("10.2.0.0/16".parse().ok())),
            table: Some(TableId(7)),
            priority: Some(Between(9)),
            ..Rule::default()
        };
        rule::add(r2, &rule).unwrap();
        tells(
            changes,
            all,
            &[
                "r1: route 10.2.0.0/16 via 10.0.0.2 added",
                "r1: route default (IPv6) via fd00::2 added",
                "r2: route 10.3.0.0/16 in table 7 via 10.0.0.1 and via 10.0.0.9 added",
                "r2: rule 9: from 10.2.0.0/16 lookup 7 added",
            ],
        );
        changes.reset(all).unwrap();
        // Away and there again is nothing.
        route::del(r1, &four).unwrap();
        tells(changes, all, &["r1: route 10.2.0.0/16 via 10.0.0.2 deleted"]);
        route::add(r1, &four).unwrap();
        tells(changes, all, &[]);
        route::replace(r1, &via("10.2.0.0/16", "10.0.0.9")).unwrap();
        rule::del(r2, &rule).unwrap();
        tells(
            changes,
            all,
            &["r1: route 10.2.0.0/16 is now via 10.0.0.9", "r2: rule 9: from 10.2.0.0/16 lookup 7 deleted"],
        );
        changes.reset(all).unwrap();
        // What goes with its link goes without saying.
        set_up(r1, false);
        tells(changes, all, &["r1: eth0 went down", "r2: eth0 lost its carrier"]);
    });
}

#[test]
fn forwarding_and_other_parameters() {
    net(|all, r1, r2, changes| {
        sysctl::set(r1, "net.ipv4.ip_forward", "1").unwrap();
        sysctl::set(r1, "net.ipv6.conf.all.forwarding", "1").unwrap();
        sysctl::set(r2, "net.ipv4.conf.eth0.rp_filter", "1").unwrap();
        tells(
            changes,
            all,
            &[
                "r1: IPv4 forwarding switched on",
                "r1: IPv6 forwarding switched on",
                "r2: IPv4 rp_filter on eth0 set to 1",
            ],
        );
        sysctl::set(r1, "net.ipv4.ip_forward", "0").unwrap();
        tells(changes, all, &["r1: IPv6 forwarding switched on", "r2: IPv4 rp_filter on eth0 set to 1"]);
        changes.reset(all).unwrap();
        sysctl::set(r1, "net.ipv4.conf.eth0.forwarding", "1").unwrap();
        tells(changes, all, &["r1: IPv4 forwarding on eth0 switched on"]);
    });
}

#[test]
fn namespaces() {
    net(|all, _, _, changes| {
        let r3 = all.add("r3").unwrap();
        link::set(&r3, "lo", &End::up(true).into()).unwrap();
        all.del("r2").unwrap();
        // Its links go a moment later, and with them the other end.
        tells(changes, all, &["namespace r2 deleted", "namespace r3 added", "r1: link eth0 deleted"]);
        changes.reset(all).unwrap();
        tells(changes, all, &[]);
        link::set(&r3, "lo", &End::up(false).into()).unwrap();
        tells(changes, all, &["r3: lo went down"]);
    });
}

/// The kernel tells that the first one is gone when the second one has been there for a while.
#[test]
fn another_namespace_of_the_same_name() {
    net(|all, _, r2, changes| {
        let eth0 = link::require(all, r2, "eth0").unwrap().index();
        let address = "10.9.0.1".parse().unwrap();
        all.del("r2").unwrap();
        let another = all.add("r2").unwrap();
        addr::add(&another, IpNetwork::new(address, 32).unwrap(), &Addr::on("lo")).unwrap();
        let known = |changes: &Changes, index| changes.links.contains_key(&("r2".into(), index));
        let deadline = Deadline::secs(5.0);
        while known(changes, eth0) {
            changes.take(all).unwrap();
            assert!(!deadline.passed(), "the first one isn't forgotten");
            wait::pause(std::time::Duration::from_millis(2)).unwrap();
        }
        assert!(known(changes, 1), "the lo of the second one");
        assert!(changes.addresses.contains(&("r2".into(), 1, address)));
    });
}

#[test]
fn rules_of_nft() {
    net(|all, r1, _, changes| {
        let nft = |text: &str| {
            let run = || Ok(std::process::Command::new("nft").arg(text).status());
            r1.within(run).unwrap().is_ok_and(|status| status.success())
        };
        if !nft("add table inet t { chain c { type filter hook forward priority 0; }; chain d { }; }") {
            crate::net::testing::skipped("nft is not installed, or the kernel has no nf_tables");
            return;
        }
        changes.reset(all).unwrap();
        assert!(nft("add rule inet t c tcp dport 1 drop; add rule inet t c tcp dport 2 drop"));
        tells(changes, all, &["r1: 2 nft rules added to inet t c"]);
        assert!(nft("flush chain inet t c"));
        tells(changes, all, &[]);
        assert!(nft("add rule inet t d accept; delete chain inet t c"));
        tells(changes, all, &["r1: 1 nft rule added to inet t d", "r1: nft chain inet t c deleted"]);
        assert!(nft("delete table inet t"));
        tells(changes, all, &["r1: nft table inet t deleted"]);
    });
}

#[test]
fn what_was_lost_is_told_and_links_are_compared() {
    net(|all, r1, r2, changes| {
        use nix::sys::socket::{setsockopt, sockopt::RcvBuf};
        for fd in changes.events.fds() {
            setsockopt(&fd, RcvBuf, &1).unwrap();
        }
        for _ in 0..100 {
            set_up(r1, false);
            set_up(r1, true);
        }
        set_up(r2, false);
        let lost = "more happened than could be kept: some of it is missing here";
        let deadline = Deadline::secs(5.0);
        loop {
            let lines = changes.lines(all).unwrap();
            assert_eq!(lines[0], lost, "{lines:#?}");
            if lines.contains(&"r2: eth0 went down".to_owned()) {
                break;
            }
            assert!(!deadline.passed(), "{lines:#?}");
        }
        changes.reset(all).unwrap();
        set_up(r2, true);
        let lines = changes.lines(all).unwrap();
        assert!(lines.contains(&"r2: eth0 came up".to_owned()), "{lines:#?}");
    });
}
