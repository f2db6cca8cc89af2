use serde_json::json;

use super::*;
use crate::base::error::Kind;
use crate::net::link::{self, LinkSpec, PeerSpec};
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
    let peer = PeerSpec {
        name: Some("eth0".into()),
        ns: Some(ns1),
        up: true,
        addrs: addrs(2),
        ..PeerSpec::default()
    };
    let spec =
        LinkSpec { kind: "veth".into(), up: true, addrs: addrs(1), peer: Some(peer), ..LinkSpec::default() };
    link::add(all.host(), "veth0", &spec).unwrap();
}

fn route(dst: &str) -> RouteSpec {
    RouteSpec { dst: destination(dst).unwrap(), ..RouteSpec::default() }
}

fn via(dst: &str, via: &str) -> RouteSpec {
    RouteSpec { via: Some(via.parse().unwrap()), ..route(dst) }
}

#[test]
fn routes_are_added_and_seen() {
    lab(|all| {
        wire(all);
        let ns1 = all.require("ns1").unwrap();
        add(&ns1, &via("default", "10.0.0.1")).unwrap();
        add(&ns1, &via("default", "fd00::1")).unwrap();
        let metrics = Metrics { mtu: Some(1300), rto_min: Some(0.25), ..Metrics::default() };
        let full = RouteSpec {
            dev: Some("eth0".into()),
            src: Some("10.0.0.2".parse().unwrap()),
            metric: Some(50),
            table: Some(1000),
            proto: Some(4),
            onlink: true,
            metrics: metrics.clone(),
            ..via("10.9.0.0/16", "10.8.0.1")
        };
        add(&ns1, &full).unwrap();
        add(&ns1, &RouteSpec { kind: RouteKind::Blackhole, ..route("10.66.0.0/16") }).unwrap();
        add(&ns1, &RouteSpec { kind: RouteKind::Prohibit, ..route("fd66::/16") }).unwrap();
        if let Some(seen) = witness(all, "ns1", &["ip", "-j", "-d", "route", "show", "table", "1000"]) {
            assert_eq!(
                seen[0],
                json!({"type": "unicast", "dst": "10.9.0.0/16", "gateway": "10.8.0.1", "dev": "eth0",
                       "protocol": "static", "scope": "global", "prefsrc": "10.0.0.2", "metric": 50,
                       "flags": ["onlink"], "metrics": [{"mtu": 1300, "rto_min": 250}]})
            );
        }
        let found = list(&ns1, &Filter { tables: Tables::One(1000), ..Filter::default() }).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].metrics, metrics);
        assert_eq!(
            (found[0].flags.as_slice(), found[0].dev.as_deref()),
            (&["onlink".to_owned()][..], Some("eth0"))
        );
        let found = list(&ns1, &Filter { family: Some(Family::Inet), ..Filter::default() }).unwrap();
        let texts: Vec<String> = found.iter().map(Route::destination).collect();
        assert_eq!(texts, ["default", "10.0.0.0/24", "10.66.0.0/16"]);
        assert_eq!(found[2].kind, RouteKind::Blackhole);
        if let Some(seen) = witness(all, "ns1", &["ip", "-6", "-j", "route", "show", "default"]) {
            assert_eq!(seen[0]["gateway"], "fd00::1");
        }
        let looked = get(&ns1, "8.8.8.8".parse().unwrap(), &Lookup::default()).unwrap();
        assert_eq!(
            (looked.via, looked.src),
            (Some("10.0.0.1".parse().unwrap()), Some("10.0.0.2".parse().unwrap()))
        );
        let e = get(&ns1, "fd66::1".parse().unwrap(), &Lookup::default()).unwrap_err();
        assert_eq!(e.kind(), Kind::Permission);
    });
}

#[test]
fn several_hops_and_another_family() {
    lab(|all| {
        wire(all);
        let hop = |via: &str, weight| HopSpec {
            via: Some(via.parse().unwrap()),
            weight: Some(weight),
            ..HopSpec::default()
        };
        let spec =
            RouteSpec { nexthops: vec![hop("10.0.0.2", 1), hop("10.0.0.3", 5)], ..route("10.9.0.0/16") };
        add(all.host(), &spec).unwrap();
        let six = RouteSpec { nexthops: vec![hop("fd00::2", 2), hop("fd00::3", 1)], ..route("fd09::/16") };
        add(all.host(), &six).unwrap();
        if let Some(seen) = witness(all, "host", &["ip", "-j", "route", "show", "10.9.0.0/16"]) {
            assert_eq!(seen[0]["nexthops"][1]["gateway"], "10.0.0.3");
            assert_eq!(seen[0]["nexthops"][1]["weight"], 5);
        }
        let found =
            list(all.host(), &Filter { dst: Some(destination("fd09::/16").unwrap()), ..Filter::default() })
                .unwrap();
        assert_eq!(found[0].nexthops.len(), 2);
        assert_eq!(found[0].nexthops[0].weight, 2);
        add(all.host(), &RouteSpec { dev: Some("veth0".into()), ..via("10.7.0.0/16", "fd00::2") }).unwrap();
        let found = list(
            all.host(),
            &Filter {
                via: Some("fd00::2".parse().unwrap()),
                family: Some(Family::Inet),
                ..Filter::default()
            },
        )
        .unwrap();
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
        let e = add(
            host,
            &RouteSpec { src: Some("10.0.0.77".parse().unwrap()), ..via("10.9.0.0/16", "10.0.0.2") },
        )
        .unwrap_err();
        assert!(e.to_string().contains("src must be an address of host, which 10.0.0.77 is not"), "{e}");
        let down = link::Change { up: Some(false), ..Default::default() };
        link::set(host, "veth0", &down).unwrap();
        let e = add(host, &via("10.9.0.0/16", "10.0.0.2")).unwrap_err();
        assert!(e.to_string().contains("veth0 has 10.0.0.1/24 but is down"), "{e}");
        let e = add(host, &RouteSpec { dev: Some("veth0".into()), ..route("10.9.0.0/16") }).unwrap_err();
        assert!(e.to_string().contains("veth0 is down"), "{e}");
        let e = get(host, "8.8.8.8".parse().unwrap(), &Lookup::default()).unwrap_err();
        assert!(e.to_string().contains("host has no route to 8.8.8.8 and no default route"), "{e}");
        for wrong in [
            route("10.9.0.0/16"),
            via("fd00::/16", "10.0.0.2"),
            RouteSpec { kind: RouteKind::Blackhole, ..via("10.9.0.0/16", "10.0.0.2") },
            RouteSpec { onlink: true, ..via("10.9.0.0/16", "10.0.0.2") },
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
        add(host, &RouteSpec { table: Some(77), ..via("default", "10.0.0.2") }).unwrap();
        assert_eq!(
            flush(host, &Filter { via: Some("10.0.0.2".parse().unwrap()), ..Filter::default() }).unwrap(),
            20
        );
        assert_eq!(flush(host, &Filter { proto: Some(3), ..Filter::default() }).unwrap(), 20);
        assert_eq!(list(host, &Filter { proto: Some(3), ..Filter::default() }).unwrap(), []);
        assert_eq!(list(host, &Filter { tables: Tables::One(77), ..Filter::default() }).unwrap().len(), 1);
    });
}
