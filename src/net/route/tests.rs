use serde_json::json;

use std::net::IpAddr;

use super::*;
use crate::base::error::Kind;
use crate::model::{Between, Field, Value};
use crate::net::fields::{LinkRef, Origin, TableId};
use crate::net::link::{self, End, LinkSpec};
use crate::net::namespace::Namespaces;
use crate::net::prefix::{self, Family};
use crate::net::testing::{lab, witness};

/// host: veth0 10.0.0.1/24 fd00::1/64; ns1: eth0 10.0.0.2/24 fd00::2/64.
fn wire(all: &Namespaces) {
    let ns1 = all.add("ns1").unwrap();
    let addrs = |n| {
        vec![
            prefix::parse(&format!("10.0.0.{n}/24")).unwrap(),
            prefix::parse(&format!("fd00::{n}/64")).unwrap(),
        ]
    };
    let peer = End { name: Some("eth0".into()), ns: Some(ns1), addrs: addrs(2), ..End::up(true) };
    let spec =
        LinkSpec { near: End { addrs: addrs(1), ..End::up(true) }, peer: Some(peer), ..LinkSpec::of("veth") };
    link::add(all.host(), "veth0", &spec).unwrap();
}

fn route(dst: &str) -> Route {
    Route { dst: Some(Destination::parse(dst).unwrap()), ..Route::default() }
}

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

fn dev(name: &str) -> Option<LinkRef> {
    Some(LinkRef::of(name))
}

fn via(dst: &str, via: &str) -> Route {
    Route { via: ip(via), ..route(dst) }
}

/// Those like this one, in the main table.
fn like(like: Route) -> Filter {
    Filter { like, ..Filter::default() }
}

fn of_table(number: u32) -> Filter {
    Filter { tables: Tables::One(number), ..Filter::default() }
}

#[test]
fn routes_are_added_and_seen() {
    lab(|all| {
        wire(all);
        let ns1 = all.require("ns1").unwrap();
        add(&ns1, &via("default", "10.0.0.1")).unwrap();
        add(&ns1, &via("default", "fd00::1")).unwrap();
        let metrics = Metrics { mtu: Some(Between(1300)), rto_min: Some(Time(0.25)), ..Metrics::default() };
        let full = Route {
            dev: dev("eth0"),
            src: ip("10.0.0.2"),
            metric: Some(Between(50)),
            table: Some(TableId(1000)),
            proto: Some(Origin(4)),
            onlink: Some(true),
            metrics: Some(Box::new(metrics.clone())),
            ..via("10.9.0.0/16", "10.8.0.1")
        };
        add(&ns1, &full).unwrap();
        add(&ns1, &Route { kind: Some(RouteKind::Blackhole), ..route("10.66.0.0/16") }).unwrap();
        add(&ns1, &Route { kind: Some(RouteKind::Prohibit), ..route("fd66::/16") }).unwrap();
        if let Some(seen) = witness(all, "ns1", &["ip", "-j", "-d", "route", "show", "table", "1000"]) {
            assert_eq!(
                seen[0],
                json!({"type": "unicast", "dst": "10.9.0.0/16", "gateway": "10.8.0.1", "dev": "eth0",
                       "protocol": "static", "scope": "global", "prefsrc": "10.0.0.2", "metric": 50,
                       "flags": ["onlink"], "metrics": [{"mtu": 1300, "rto_min": 250}]})
            );
        }
        let found = list(&ns1, &of_table(1000)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].metrics.as_deref(), Some(&metrics));
        assert_eq!(
            (found[0].onlink, found[0].words(&["flags", "dev"])),
            (Some(true), "onlink dev eth0".to_owned())
        );
        let found = list(&ns1, &like(Route { family: Some(Family::Inet), ..Route::default() })).unwrap();
        let texts: Vec<String> = found.iter().map(Route::destination).collect();
        assert_eq!(texts, ["default", "10.0.0.0/24", "10.66.0.0/16"]);
        assert_eq!(found[2].kind(), RouteKind::Blackhole);
        if let Some(seen) = witness(all, "ns1", &["ip", "-6", "-j", "route", "show", "default"]) {
            assert_eq!(seen[0]["gateway"], "fd00::1");
        }
        let looked = get(&ns1, "8.8.8.8".parse().unwrap(), &Lookup::default()).unwrap();
        assert_eq!((looked.via, looked.src), (ip("10.0.0.1"), ip("10.0.0.2")));
        let e = get(&ns1, "fd66::1".parse().unwrap(), &Lookup::default()).unwrap_err();
        assert_eq!(e.kind(), Kind::Permission);
    });
}

#[test]
fn several_hops_and_another_family() {
    lab(|all| {
        wire(all);
        let hop =
            |via: &str, weight| Nexthop { via: ip(via), weight: Some(Between(weight)), ..Nexthop::default() };
        let spec = Route { nexthops: vec![hop("10.0.0.2", 1), hop("10.0.0.3", 5)], ..route("10.9.0.0/16") };
        add(all.host(), &spec).unwrap();
        let six = Route { nexthops: vec![hop("fd00::2", 2), hop("fd00::3", 1)], ..route("fd09::/16") };
        add(all.host(), &six).unwrap();
        if let Some(seen) = witness(all, "host", &["ip", "-j", "route", "show", "10.9.0.0/16"]) {
            assert_eq!(seen[0]["nexthops"][1]["gateway"], "10.0.0.3");
            assert_eq!(seen[0]["nexthops"][1]["weight"], 5);
        }
        let found = list(all.host(), &like(route("fd09::/16"))).unwrap();
        assert_eq!(found[0].nexthops.len(), 2);
        assert_eq!(found[0].nexthops[0].weight, Some(Between(2)));
        add(all.host(), &Route { dev: dev("veth0"), ..via("10.7.0.0/16", "fd00::2") }).unwrap();
        let wanted = Route { via: ip("fd00::2"), family: Some(Family::Inet), ..Route::default() };
        let found = list(all.host(), &like(wanted)).unwrap();
        assert_eq!(found[0].destination(), "10.7.0.0/16");
    });
}

#[test]
fn refusals_are_explained() {
    lab(|all| {
        wire(all);
        let host = all.host();
        let ns1 = all.require("ns1").unwrap();
        let e = add(&ns1, &via("10.9.0.0/16", "10.9.9.9")).unwrap_err();
        assert_eq!(
            e.to_string(),
            "network is unreachable (ENETUNREACH): Nexthop has invalid gateway\n  \
             hint: no interface of ns1 has an address in the subnet of 10.9.9.9"
        );
        let e = add(&ns1, &via("fd09::/16", "fd99::1")).unwrap_err();
        assert_eq!(e.kind(), Kind::NetworkUnreachable);
        assert!(e.to_string().contains("no interface of ns1 has an address in the subnet of fd99::1"), "{e}");
        let e = add(host, &via("fd09::/16", "fd00::1")).unwrap_err();
        assert!(e.to_string().contains("fd00::1 is an address of host itself"), "{e}");
        add(host, &via("10.9.0.0/16", "10.0.0.2")).unwrap();
        assert_eq!(add(host, &via("10.9.0.0/16", "10.0.0.2")).unwrap_err().kind(), Kind::Exists);
        replace(host, &via("10.9.0.0/16", "10.0.0.3")).unwrap();
        let e = del(host, &via("10.9.0.0/16", "10.0.0.2")).unwrap_err();
        assert_eq!(e.kind(), Kind::NotFound);
        assert!(e.to_string().contains("there is 10.9.0.0/16 via 10.0.0.3 dev veth0"), "{e}");
        del(host, &route("10.9.0.0/16")).unwrap();
        let e = add(host, &Route { src: ip("10.0.0.77"), ..via("10.9.0.0/16", "10.0.0.2") }).unwrap_err();
        assert!(e.to_string().contains("src must be an address of host, which 10.0.0.77 is not"), "{e}");
        let down = link::Change::from(link::End::up(false));
        link::set(host, "veth0", &down).unwrap();
        let e = add(host, &via("10.9.0.0/16", "10.0.0.2")).unwrap_err();
        assert!(e.to_string().contains("veth0 has 10.0.0.1/24 but is down"), "{e}");
        let e = add(host, &Route { dev: dev("veth0"), ..route("10.9.0.0/16") }).unwrap_err();
        assert!(e.to_string().contains("veth0 is down"), "{e}");
        let e = get(host, "8.8.8.8".parse().unwrap(), &Lookup::default()).unwrap_err();
        assert!(e.to_string().contains("host has no route to 8.8.8.8 and no default route"), "{e}");
        for wrong in [
            route("10.9.0.0/16"),
            via("fd00::/16", "10.0.0.2"),
            Route { kind: Some(RouteKind::Blackhole), ..via("10.9.0.0/16", "10.0.0.2") },
            Route { onlink: Some(true), ..via("10.9.0.0/16", "10.0.0.2") },
        ] {
            assert_eq!(add(host, &wrong).unwrap_err().kind(), Kind::Argument, "{wrong:?}");
        }
    });
}

#[test]
fn flushing_takes_what_matches() {
    lab(|all| {
        wire(all);
        let host = all.host();
        for n in 0..20 {
            add(host, &via(&format!("10.{}.0.0/16", 100 + n), "10.0.0.2")).unwrap();
            add(host, &via(&format!("fd{:02x}::/16", 16 + n), "fd00::2")).unwrap();
        }
        add(host, &Route { table: Some(TableId(77)), ..via("default", "10.0.0.2") }).unwrap();
        assert_eq!(flush(host, &like(Route { via: ip("10.0.0.2"), ..Route::default() })).unwrap(), 20);
        let boot = like(Route { proto: Some(Origin(3)), ..Route::default() });
        assert_eq!(flush(host, &boot).unwrap(), 20);
        assert_eq!(list(host, &boot).unwrap(), []);
        assert_eq!(list(host, &of_table(77)).unwrap().len(), 1);
    });
}

#[test]
fn encapsulations_go_both_ways() {
    let words = [
        "mpls 100/200 ttl 5",
        "ip id 7 src 10.9.9.8 dst 10.9.9.9 ttl 5 tos 4 key csum",
        "ip6 id 7 src fd09::8 dst fd09::9 hoplimit 5 tc 4",
        "seg6 mode encap segs 2 [ fd0a::1 fd0a::2 ]",
        "seg6local action End.X nh6 fd0a::1 count",
        "seg6local action End.DT6 table main",
        "seg6local action End.DT46 vrftable 100",
        "seg6local action End.DX4 nh4 10.0.0.1",
        "seg6local action End.B6.Encaps segs 2 [ fd0a::1 fd0a::2 ]",
        "seg6local action End flavors psp,usd,next-csid lblen 32 nflen 16",
    ];
    for text in words {
        let read = |text: &str| Encap::read(&Value::Text(text.to_owned())).unwrap().unwrap();
        let encap = read(text);
        assert_eq!(encap.to_string(), text);
        assert_eq!(read(&encap.word()), encap, "{}", encap.word());
        let (kind, body) = encap.attributes().unwrap();
        assert_eq!(encap::decode(kind.into(), body.bytes().unwrap()), Some(encap));
    }
    let words: Vec<&str> = "ip id 7 dst 10.9.9.9 key dev eth0".split(' ').collect();
    assert_eq!(Encap::length(&words), 6);
    for wrong in [
        "",
        "no",
        "mpls",
        "mpls 1048576",
        "ip id",
        "ip id x",
        "ip nonsense 7",
        "seg6 segs x",
        "seg6local action End.Y",
        "seg6local flavors x",
    ] {
        assert!(Encap::read(&Value::Text(wrong.to_owned())).is_err(), "{wrong}");
    }
}

#[test]
fn rubbish_from_the_kernel_is_left_out() {
    for length in 0..12 {
        assert_eq!(parse(&vec![2; length]), None);
    }
    // A next hop that is longer than what is there.
    let head = [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
    let hops = [12u8, 0, 9, 0, 200, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(parse(&[head, hops].concat()).unwrap().nexthops, []);
}
