use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBuf;

use super::*;
use crate::model::Between;
use crate::net::addr::{self, Addr};
use crate::net::fields::HardwareAddress;
use crate::net::link::{Change as LinkChange, End, LinkSpec};
use crate::net::neigh::Neigh;
use crate::net::route::{self, Route};
use crate::net::testing::lab;
use crate::net::{link, neigh, sysctl};

const SOON: std::time::Duration = std::time::Duration::from_secs(5);

/// A veth pair `eth0` between two namespaces, up, with an address each.
fn connect(a: &Rc<Namespace>, b: &Rc<Namespace>) {
    let address = |ns: &Namespace, text: &str| {
        addr::add(ns, text.parse().unwrap(), &Addr::on("eth0")).unwrap();
    };
    let spec = LinkSpec {
        near: End::up(true),
        peer: Some(End { name: Some("eth0".into()), ns: Some(b.clone()), ..End::up(true) }),
        ..LinkSpec::of("veth")
    };
    link::add(a, "eth0", &spec).unwrap();
    address(a, "10.0.0.1/24");
    address(b, "10.0.0.2/24");
}

fn up(up: bool) -> LinkChange {
    LinkChange::from(End::up(up))
}

/// All events that come until one fits.
fn until(events: &mut Events, all: &Namespaces, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
    let deadline = Deadline::after(SOON);
    let mut seen = Vec::new();
    loop {
        let Some(event) = events.next(all, deadline).unwrap() else { panic!("it didn't come: {seen:#?}") };
        let last = fits(&event);
        seen.push(event);
        if last {
            return seen;
        }
    }
}

fn in_ns(name: &str, change: Change, what: impl Fn(&What) -> bool) -> impl Fn(&Event) -> bool {
    move |e| &*e.namespace == name && e.change == change && what(&e.what)
}

fn is_link(name: &str) -> impl Fn(&What) -> bool {
    move |what| matches!(what, What::Link(link, _) if link.name == name)
}

/// Namespaces that no link of host leads to, and what happens in them, of every kind.
fn all_kinds(number: bool) {
    lab(move |all| {
        let (a, b) = (all.add("a").unwrap(), all.add("b").unwrap());
        let mut events = Events::open(all, &all_here(all.host()), number).unwrap();
        connect(&a, &b);
        let seen = until(
            &mut events,
            all,
            in_ns(
                "b",
                Change::Set,
                |w| matches!(w, What::Address(a) if a.dev() == "eth0" && a.ip().to_string() == "10.0.0.2"),
            ),
        );
        assert!(seen.iter().any(in_ns("a", Change::Added, is_link("eth0"))), "{seen:#?}");
        assert!(seen.iter().any(in_ns("b", Change::Added, is_link("eth0"))), "{seen:#?}");
        assert!(seen.iter().all(|e| &*e.namespace != "host"), "{seen:#?}");

        let dst = route::Destination::parse("10.9.0.0/16").ok();
        let via = |via: &str| Route { dst, via: Some(via.parse().unwrap()), ..Route::default() };
        let is_route = |via: &str| {
            let via = via.parse().ok();
            move |w: &What| match w {
                What::Route(r) => {
                    r.destination() == "10.9.0.0/16" && r.via == via && r.words(&["dev"]) == "dev eth0"
                }
                _ => false,
            }
        };
        route::add(&a, &via("10.0.0.2")).unwrap();
        until(&mut events, all, in_ns("a", Change::Added, is_route("10.0.0.2")));
        route::replace(&a, &via("10.0.0.3")).unwrap();
        until(&mut events, all, in_ns("a", Change::Set, is_route("10.0.0.3")));
        route::del(&a, &via("10.0.0.3")).unwrap();
        until(&mut events, all, in_ns("a", Change::Deleted, is_route("10.0.0.3")));

        let mac = HardwareAddress(vec![2, 0, 0, 0, 0, 9]);
        let spec = Neigh { lladdr: Some(mac.clone()), ..Neigh::on("eth0") };
        neigh::add(&b, "fd00::9".parse().unwrap(), &spec).unwrap();
        until(
            &mut events,
            all,
            in_ns(
                "b",
                Change::Set,
                |w| matches!(w, What::Neigh(n) if n.dev() == "eth0" && n.lladdr.as_ref() == Some(&mac)),
            ),
        );

        sysctl::set(&b, "net.ipv6.conf.eth0.forwarding", "1").unwrap();
        let conf =
            |family, dev: &str, name, value| What::Netconf(Netconf { family, dev: dev.into(), name, value });
        use crate::net::prefix::Family::{Inet, Inet6};
        until(&mut events, all, in_ns("b", Change::Set, |w| *w == conf(Inet6, "eth0", "forwarding", 1)));
        sysctl::set(&b, "net.ipv4.ip_forward", "1").unwrap();
        until(&mut events, all, in_ns("b", Change::Set, |w| *w == conf(Inet, "all", "forwarding", 1)));
        sysctl::set(&b, "net.ipv4.conf.eth0.rp_filter", "2").unwrap();
        until(&mut events, all, in_ns("b", Change::Set, |w| *w == conf(Inet, "eth0", "rp_filter", 2)));

        for (family, from) in [("-4", "10.0.0.0/8"), ("-6", "fd00::/8")] {
            for (verb, change) in [("add", Change::Added), ("del", Change::Deleted)] {
                if ran(&a, &["ip", family, "rule", verb, "from", from, "table", "77", "priority", "5"]) {
                    let is_rule = |w: &What| match w {
                        What::Rule(r) => {
                            r.words() == format!("from {from} lookup 77") && r.priority == Some(Between(5))
                        }
                        _ => false,
                    };
                    until(&mut events, all, in_ns("a", change, is_rule));
                }
            }
        }
        if ran(&a, &["nft", "add table inet t { chain c { type filter hook input priority 0; }; }"]) {
            until(
                &mut events,
                all,
                in_ns(
                    "a",
                    Change::Added,
                    |w| matches!(w, What::Nft(n) if n.object == "chain" && n.name == "c" && n.table == "t" && n.family == "inet"),
                ),
            );
            ran(&a, &["nft", "add rule inet t c drop"]);
            until(
                &mut events,
                all,
                in_ns(
                    "a",
                    Change::Added,
                    |w| matches!(w, What::Nft(n) if n.object == "rule" && n.name == "c" && n.handle.is_some()),
                ),
            );
            ran(&a, &["nft", "delete table inet t"]);
            until(
                &mut events,
                all,
                in_ns(
                    "a",
                    Change::Deleted,
                    |w| matches!(w, What::Nft(n) if n.object == "table" && n.table == "t"),
                ),
            );
        }

        link::set(&b, "eth0", &up(false)).unwrap();
        until(
            &mut events,
            all,
            in_ns(
                "b",
                Change::Set,
                |w| matches!(w, What::Link(l, flags) if !l.is_up() && flags & libc::IFF_UP as u32 != 0),
            ),
        );
        until(
            &mut events,
            all,
            in_ns("a", Change::Set, |w| matches!(w, What::Link(l, _) if l.is_up() && !l.has_carrier())),
        );
        // One that comes later is heard from its first event on.
        let c = all.add("c").unwrap();
        if !number {
            // Until it has a number, or nsh looks, nobody hears it.
            assert_eq!(events.next(all, Deadline::secs(0.0)).unwrap(), None);
        }
        link::set(&c, "lo", &up(true)).unwrap();
        until(&mut events, all, in_ns("c", Change::Set, is_link("lo")));
        link::del(&a, "eth0").unwrap();
        until(&mut events, all, in_ns("b", Change::Deleted, is_link("eth0")));
    });
}

/// Runs a command in a namespace; false if it isn't installed.
fn ran(ns: &Namespace, command: &[&str]) -> bool {
    let output =
        ns.within(|| Ok(std::process::Command::new(command[0]).args(&command[1..]).output())).unwrap();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(e) => {
            crate::net::testing::skipped(format!("{}: {e}", command[0]));
            false
        }
    }
}

#[test]
fn all_namespaces_are_heard_through_one_socket() {
    all_kinds(true);
}

#[test]
fn without_numbers_each_namespace_is_heard_by_itself() {
    all_kinds(false);
}

#[test]
fn without_numbers_none_is_given() {
    lab(|all| {
        let a = all.add("a").unwrap();
        let events = Events::open(all, &[Object::Link], false).unwrap();
        assert_eq!(events.fds().len(), 2);
        assert_eq!(all.number_of(&a).unwrap(), None);
        if let Some(seen) = crate::net::testing::witness(all, "host", &["ip", "-j", "netns", "list-id"]) {
            assert!(seen.as_array().is_none_or(Vec::is_empty), "{seen}");
        }
        drop(events);
        let events = Events::open(all, &[Object::Link], true).unwrap();
        assert_eq!(events.fds().len(), 1);
        assert!(all.number_of(&a).unwrap().is_some());
    });
}

#[test]
fn a_namespace_that_another_program_made_is_heard() {
    lab(|all| {
        let mut events = Events::open(all, &[Object::Link], true).unwrap();
        if !ran(all.host(), &["ip", "netns", "add", "x"]) {
            return;
        }
        ran(all.host(), &["ip", "link", "add", "v0", "type", "veth", "peer", "name", "eth0", "netns", "x"]);
        // From when the number was given, that is, after the link came.
        ran(all.host(), &["ip", "-n", "x", "link", "set", "eth0", "up"]);
        until(&mut events, all, in_ns("x", Change::Set, is_link("eth0")));
    });
}

#[test]
fn a_number_that_is_given_again_means_the_next_one() {
    lab(|all| {
        let mut events = Events::open(all, &[Object::Link], true).unwrap();
        for round in 0..20 {
            // The former one's number is free once the kernel has taken it down, which it tells.
            let name = format!("ns{round}");
            let ns = all.add(&name).unwrap();
            let number = all.number_of(&ns).unwrap().unwrap();
            link::set(&ns, "lo", &up(true)).unwrap();
            drop(ns);
            if round % 2 == 0 {
                // Its events are read only after it is gone.
                all.del(&name).unwrap();
                until(&mut events, all, in_ns(&name, Change::Set, is_link("lo")));
            } else {
                until(&mut events, all, in_ns(&name, Change::Set, is_link("lo")));
                all.del(&name).unwrap();
            }
            until(&mut events, all, in_ns(&name, Change::Deleted, |w| *w == What::Nsid(number)));
        }
    });
}

#[test]
fn listening_keeps_no_deleted_namespace_alive() {
    for number in [true, false] {
        lab(move |all| {
            let (a, b) = (all.add("a").unwrap(), all.add("b").unwrap());
            let mut events = Events::open(all, &all_here(all.host()), number).unwrap();
            connect(&a, &b);
            until(&mut events, all, in_ns("b", Change::Added, is_link("eth0")));
            drop(b);
            all.del("b").unwrap();
            // Its end of the pair goes with it, and with that the other.
            until(&mut events, all, in_ns("a", Change::Deleted, is_link("eth0")));
        });
    }
}

#[test]
fn an_overflow_is_told_and_heals() {
    lab(|all| {
        let a = all.add("a").unwrap();
        let mut events = Events::open(all, &[Object::Link], true).unwrap();
        // As small as the kernel lets it be.
        for source in &events.sources {
            setsockopt(&source.socket.fd(), RcvBuf, &1).unwrap();
        }
        for _ in 0..50 {
            link::set(&a, "lo", &up(true)).unwrap();
            link::set(&a, "lo", &up(false)).unwrap();
        }
        let seen = until(&mut events, all, |e| e.what == What::Lost);
        assert!(seen.len() < 100, "{}", seen.len());
        events.drain(all, |_| {}).unwrap();
        link::set(&a, "lo", &up(true)).unwrap();
        until(&mut events, all, in_ns("a", Change::Set, |w| matches!(w, What::Link(l, _) if l.is_up())));
    });
}

#[test]
fn a_listener_hears_its_namespace_alone() {
    lab(|all| {
        let (a, b) = (all.add("a").unwrap(), all.add("b").unwrap());
        let mut listener = Listener::open(&a, &[Object::Link, Object::Nft]).unwrap();
        link::set(&b, "lo", &up(true)).unwrap();
        assert!(!listener.wait(Deadline::secs(0.0)).unwrap());
        link::set(&a, "lo", &up(true)).unwrap();
        assert!(listener.wait(Deadline::after(SOON)).unwrap());
        assert!(!listener.wait(Deadline::secs(0.01)).unwrap());
    });
}
