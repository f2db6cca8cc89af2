use std::rc::Rc;

use super::*;
use crate::net::addr::Addr;
use crate::net::link::{self as links, End, LinkSpec};
use crate::net::namespace::Namespaces;
use crate::net::testing::lab;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(10);

/// A veth pair from `host` to `ns1`, the far end down.
fn pair(all: &Namespaces) -> Rc<Namespace> {
    let ns1 = all.add("ns1").unwrap();
    let spec = LinkSpec {
        near: End::up(true),
        peer: Some(End { name: Some("eth0".into()), ns: Some(ns1.clone()), ..End::default() }),
        ..LinkSpec::of("veth")
    };
    links::add(all.host(), "veth0", &spec).unwrap();
    ns1
}

fn up(ns: &Namespace, name: &str) {
    links::set(ns, name, &End::up(true).into()).unwrap();
}

#[test]
fn a_link_says_why_it_is_not_ready() {
    lab(|all| {
        let (host, goal) = (all.host(), LinkGoal::default());
        let says = |name: &str, goal: &LinkGoal| link(all, host, name, goal, SHORT).unwrap_err().message();
        assert_eq!(says("veth0", &goal), "not within 0.02 s: there is no link veth0");
        let ns1 = pair(all);
        assert_eq!(
            says("veth0", &goal),
            "not within 0.02 s: veth0 has no carrier: its peer eth0 in ns1 is down"
        );
        let gone = LinkGoal { gone: true, ..LinkGoal::default() };
        assert_eq!(says("veth0", &gone), "not within 0.02 s: veth0 is there");
        up(&ns1, "eth0");
        link(all, host, "veth0", &goal, LONG).unwrap();
        link(all, &ns1, "eth0", &goal, LONG).unwrap();
        let down = LinkGoal { carrier: Some(false), ..LinkGoal::default() };
        assert_eq!(says("veth0", &down), "not within 0.02 s: veth0 has its carrier");
        links::del(&ns1, "eth0").unwrap();
        link(all, host, "veth0", &gone, LONG).unwrap();
    });
}

/// It comes while one waits: the event ends the wait, not the next look.
#[test]
fn an_event_ends_the_wait() {
    lab(|all| {
        let ns1 = pair(all);
        let there = ns1.descriptor().unwrap();
        let later = std::thread::spawn(move || {
            nix::sched::setns(there, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            std::process::Command::new("ip").args(["link", "set", "lo", "up"]).status()
        });
        let goal = LinkGoal { up: Some(true), ..LinkGoal::default() };
        let mut looks = 0;
        let waited = until(&ns1, &[Object::Link], LONG, || {
            looks += 1;
            let lo = links::get(all, &ns1, "lo")?.is_some_and(|lo| lo.is_up());
            Ok(if lo { Look::Done } else { Look::NotYet("down".into()) })
        });
        match later.join().unwrap() {
            Err(e) => crate::net::testing::skipped(format!("ip: {e}")),
            Ok(_) => {
                assert!(waited.unwrap() >= Duration::from_millis(40));
                // Before and after listening, at the event, and at most a few seldom ones on a slow machine.
                assert!(looks <= 12, "{looks} looks");
                link(all, &ns1, "lo", &goal, SHORT).unwrap();
            }
        }
    });
}

#[test]
fn an_address_that_another_host_has() {
    lab(|all| {
        let ns1 = pair(all);
        up(&ns1, "eth0");
        crate::net::settle::settle(all).unwrap();
        let address = "fd00::1/64".parse().unwrap();
        let with_dad = Addr { dad: Some(true), ..Addr::on("eth0") };
        crate::net::addr::add(all.host(), address, &Addr::on("veth0")).unwrap();
        crate::net::addr::add(&ns1, address, &with_dad).unwrap();
        let e = addr(all, &ns1, address, None, false, LONG).unwrap_err();
        assert_eq!(e.kind(), Kind::AddressInUse);
        let other = "fd00::2/64".parse().unwrap();
        crate::net::addr::add(&ns1, other, &with_dad).unwrap();
        let e = addr(all, &ns1, other, None, false, SHORT).unwrap_err();
        assert!(
            e.message().contains("it is tentative: duplicate address detection on eth0 isn't over"),
            "{e}"
        );
        let took = addr(all, &ns1, other, Some("eth0"), false, LONG).unwrap();
        assert!(took > SHORT, "{took:?}");
    });
}

#[test]
fn a_neighbour_that_nobody_is() {
    lab(|all| {
        let ns1 = pair(all);
        up(&ns1, "eth0");
        crate::net::settle::settle(all).unwrap();
        for (ns, dev, address) in [(all.host(), "veth0", "10.0.0.1/24"), (&ns1, "eth0", "10.0.0.2/24")] {
            crate::net::addr::add(ns, address.parse().unwrap(), &Addr::on(dev)).unwrap();
        }
        let goal = NeighGoal::default();
        neigh(all.host(), "10.0.0.2".parse().unwrap(), &goal, LONG).unwrap();
        let nobody = "10.0.0.9".parse().unwrap();
        let e = neigh(all.host(), nobody, &goal, SHORT).unwrap_err();
        assert_eq!(e.message(), "not within 0.02 s: it is INCOMPLETE: nobody on veth0 has answered yet");
        let e = neigh(all.host(), nobody, &goal, Duration::from_secs(4)).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout);
        let gone = NeighGoal { dev: Some("veth0".into()), gone: true, ..goal };
        neigh(all.host(), "10.0.0.77".parse().unwrap(), &gone, SHORT).unwrap();
    });
}

#[test]
fn a_deleted_namespace_ends_the_wait() {
    lab(|all| {
        let ns1 = pair(all);
        all.del("ns1").unwrap();
        let e = link(all, &ns1, "eth0", &LinkGoal::default(), LONG).unwrap_err();
        assert_eq!(e.kind(), Kind::NotFound);
    });
}
