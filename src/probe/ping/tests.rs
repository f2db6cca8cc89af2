//! Pings in a lab of two namespaces and a router.

use std::net::SocketAddr;

use super::*;
use crate::base::error::Kind;
use crate::net::namespace::Namespaces;
use crate::net::testing::{lab, witness};
use crate::probe::endpoint::Host;
use crate::probe::socket::Source;

fn at(text: &str) -> SocketAddr {
    SocketAddr::new(text.parse().unwrap(), 0)
}

fn ip(all: &Namespaces, ns: &str, arguments: &str) -> Option<serde_json::Value> {
    let command: Vec<&str> = std::iter::once("ip").chain(arguments.split_whitespace()).collect();
    witness(all, ns, &command)
}

/// `host` 10.0.0.2, fd00::2 - 10.0.0.1 `r` 10.1.0.1 (MTU 1400) - 10.1.0.2 `far`. `None` without ip(8).
fn routed(all: &Namespaces) -> Option<()> {
    for ns in ["r", "far"] {
        all.add(ns).unwrap();
    }
    ip(all, "host", "link add e0 type veth peer name ra netns r")?;
    ip(all, "r", "link add name rb mtu 1400 type veth peer name e0 mtu 1400 netns far")?;
    for (ns, link, v4, v6) in [
        ("host", "e0", "10.0.0.2/24", "fd00::2/64"),
        ("r", "ra", "10.0.0.1/24", "fd00::1/64"),
        ("r", "rb", "10.1.0.1/24", "fd01::1/64"),
        ("far", "e0", "10.1.0.2/24", "fd01::2/64"),
    ] {
        ip(all, ns, "link set lo up")?;
        ip(all, ns, &format!("addr add {v4} dev {link}"))?;
        ip(all, ns, &format!("addr add {v6} dev {link} nodad"))?;
        ip(all, ns, &format!("link set {link} up"))?;
    }
    for (ns, v4, v6) in [("host", "10.0.0.1", "fd00::1"), ("far", "10.1.0.1", "fd01::1")] {
        ip(all, ns, &format!("route add default via {v4}"))?;
        ip(all, ns, &format!("-6 route add default via {v6}"))?;
    }
    let r = all.require("r").unwrap();
    r.within(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
        // A router says "unreachable" twice, and then once a second, unless told otherwise.
        std::fs::write("/proc/sys/net/ipv4/icmp_ratelimit", "0")?;
        std::fs::write("/proc/sys/net/ipv6/icmp/ratelimit", "0")?;
        Ok(std::fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1")?)
    })
    .unwrap();
    settle(all);
    Some(())
}

/// Waits until the links carry packets: the first ones are lost otherwise.
fn settle(all: &Namespaces) {
    let options = EchoRequests { count: Some(50), interval: 0.0, timeout: 0.1, ..EchoRequests::default() };
    for target in ["10.1.0.2", "fd01::2"] {
        let running = start(all.host(), target, at(target), &options).unwrap();
        assert!(running.wait_for(Deadline::secs(5.0), |r| r.received > 0).unwrap(), "{:#}", running.result());
    }
}

#[test]
fn the_loopback() {
    lab(|all| {
        let host = all.host();
        assert_eq!(
            ping(host, "x", at("127.0.0.1"), &EchoRequests::default()).unwrap_err().kind(),
            Kind::NetworkUnreachable
        );
        if ip(all, "host", "link set lo up").is_none() {
            return;
        }
        let e = ping(host, "x", at("fd00::1"), &EchoRequests::default()).unwrap_err();
        assert_eq!(e.kind(), Kind::NetworkUnreachable);
        assert!(e.fields().hint.as_ref().unwrap().starts_with("no route leads to fd00::1"), "{e}");
        for target in ["127.0.0.1", "::1"] {
            for size in [0, 3, 8, 56, 1400, MAX_SIZE] {
                let options = EchoRequests { count: Some(3), interval: 0.0, size, ..EchoRequests::default() };
                let report = ping(host, target, at(target), &options).unwrap();
                assert_eq!((report.sent, report.received, report.duplicates), (3, 3, 0), "{report:#}");
                assert_eq!(report.loss(), 0.0);
                let rtt = report.rtt.unwrap();
                assert!(
                    0.0 < rtt.min && rtt.min <= rtt.avg && rtt.avg <= rtt.max && rtt.max < 1.0,
                    "{rtt:?}"
                );
                let seqs: Vec<u64> = report.replies.iter().map(|r| r.seq).collect();
                assert_eq!(seqs, [1, 2, 3]);
                assert_eq!(report.replies[0].ttl, Some(64));
                assert_eq!(report.replies[0].size, size + 8);
                assert_eq!(report.replies[0].from.to_string(), target);
            }
        }
        let options = EchoRequests { size: 1400, count: Some(0), ..EchoRequests::default() };
        assert_eq!(ping(host, "none", at("127.0.0.1"), &options).unwrap().sent, 0);
    });
}

/// Two at a time don't take each other's replies.
#[test]
fn pings_beside_the_script() {
    lab(|all| {
        if ip(all, "host", "link set lo up").is_none() {
            return;
        }
        let options = EchoRequests { count: None, interval: 0.001, ..EchoRequests::default() };
        let running: Vec<Running> =
            ["127.0.0.1", "127.0.0.2", "::1"].map(|t| start(all.host(), t, at(t), &options).unwrap()).into();
        for one in &running {
            assert!(one.wait_for(Deadline::secs(10.0), |r| r.received >= 20).unwrap());
            assert!(one.running());
        }
        for one in &running {
            one.stop();
            one.stop();
            let report = one.result();
            assert!(report.received >= 20 && report.duplicates == 0 && report.loss() == 0.0, "{report}");
            assert!(report.sent <= report.received + report.outstanding, "{report}");
        }
        let counted =
            start(all.host(), "x", at("127.0.0.1"), &EchoRequests { count: Some(3), ..options }).unwrap();
        assert!(counted.wait(Deadline::secs(10.0)).unwrap());
        assert_eq!(counted.result().received, 3);
        let many = EchoRequests { count: Some(70_000), interval: 0.0, ..EchoRequests::default() };
        let report = ping(all.host(), "x", at("127.0.0.1"), &many).unwrap();
        assert_eq!((report.received, report.duplicates, report.replies.len()), (70_000, 0, 70_000 - KEPT));
    });
}

#[test]
fn answers_of_routers() {
    lab(|all| {
        if routed(all).is_none() {
            return;
        }
        let host = all.host();
        let limited = |ttl| {
            let socket = socket::SocketOptions { ttl: Some(ttl), ..Default::default() };
            EchoRequests { socket, ..EchoRequests::default() }
        };
        for (target, router, message) in [
            ("10.1.0.2", "10.0.0.1", "Time to live exceeded"),
            ("fd01::2", "fd00::1", "Time exceeded: Hop limit"),
        ] {
            let report = ping(host, target, at(target), &limited(1)).unwrap();
            assert_eq!((report.received, report.refused, report.loss()), (0, 1, 1.0), "{report:#}");
            assert_eq!(report.errors[0].from.unwrap().to_string(), router);
            assert_eq!((report.errors[0].seq, report.errors[0].message.as_str()), (1, message));
            assert!(report.time < 0.9, "a refusal is an answer: {report}");
            assert_eq!(ping(host, target, at(target), &limited(2)).unwrap().replies[0].ttl, Some(63));
        }

        // The smaller MTU on the way, learned by the first request, keeps the second one here.
        for (target, size, headers) in [("10.1.0.2", 1450, 28), ("fd01::2", 1430, 48)] {
            let socket = socket::SocketOptions { df: Some(true), ..Default::default() };
            let options = EchoRequests { size, socket, ..EchoRequests::default() };
            let report = ping(host, target, at(target), &options).unwrap();
            assert_eq!(report.errors[0].mtu, Some(1400), "{report:#}");
            let e = ping(host, target, at(target), &options).unwrap_err();
            assert_eq!((e.kind(), e.raw()), (Kind::Invalid, Some(nix::errno::Errno::EMSGSIZE)));
            let hint = format!("is 1400, so size can be {} at most", 1400 - headers);
            assert!(e.fields().hint.as_ref().unwrap().ends_with(&hint), "{e}");
            let fits = EchoRequests { size: 1400 - headers, ..options };
            assert_eq!(ping(host, target, at(target), &fits).unwrap().received, 1);
        }
    });
}

#[test]
fn unreachable_in_many_ways() {
    lab(|all| {
        if routed(all).is_none() {
            return;
        }
        let host = all.host();
        for (kind, v4, v6, found) in [
            ("unreachable", "10.7.0.0/16", "fd07::/64", Kind::HostUnreachable),
            ("prohibit", "10.8.0.0/16", "fd08::/64", Kind::Permission),
            ("blackhole", "10.9.0.0/16", "fd09::/64", Kind::Invalid),
        ] {
            ip(all, "host", &format!("route add {kind} {v4}"));
            ip(all, "host", &format!("-6 route add {kind} {v6}"));
            for prefix in [v4, v6] {
                let target = prefix.split('/').next().unwrap().replace("0.0", "0.1").replace("::", "::1");
                let e = ping(host, &target, at(&target), &EchoRequests::default()).unwrap_err();
                assert_eq!(e.kind(), found, "{target}: {e}");
                assert!(e.fields().hint.as_ref().unwrap().contains(kind), "{e}");
            }
            // The same, on the router: an answer.
            ip(all, "r", &format!("route add {kind} {}", v4.replace("10.", "11.")));
        }
        let refused = |target: &str, count, timeout| {
            let options = EchoRequests { count: Some(count), timeout, ..EchoRequests::default() };
            ping(host, target, at(target), &options).unwrap()
        };
        assert_eq!(refused("11.7.0.1", 1, 1.0).errors[0].message, "Destination Host Unreachable");
        assert_eq!(refused("11.8.0.1", 1, 1.0).errors[0].message, "Packet filtered");
        let lost = refused("11.9.0.1", 2, 0.05);
        assert_eq!((lost.sent, lost.received, lost.refused, lost.loss()), (2, 0, 0, 1.0));
        assert!(lost.time >= 0.25, "the second one had its time: {lost}");
        assert_eq!(refused("11.11.0.1", 1, 1.0).errors[0].message, "Destination Net Unreachable");
        assert_eq!(refused("fd0b::1", 1, 1.0).errors[0].message, "Destination unreachable: No route");
        // Nobody answers ARP: this host itself says so after its tries.
        let nobody = refused("10.0.0.77", 1, 5.0);
        assert_eq!(nobody.errors[0].from, Some("10.0.0.2".parse().unwrap()), "{nobody:#}");
        assert_eq!(nobody.errors[0].message, "Destination Host Unreachable");
    });
}

#[test]
fn sources() {
    lab(|all| {
        if routed(all).is_none() {
            return;
        }
        let from = |source: &str, target: &str| {
            let socket =
                socket::SocketOptions { from: Some(Source::parse(source).unwrap()), ..Default::default() };
            ping(
                all.host(),
                target,
                at(target),
                &EchoRequests { socket, timeout: 0.2, ..EchoRequests::default() },
            )
        };
        ip(all, "host", "addr add 10.0.0.3/24 dev e0");
        assert_eq!(from("10.0.0.3", "10.1.0.2").unwrap().received, 1);
        assert_eq!(from("e0", "fd01::2").unwrap().received, 1);
        let e = from("10.0.0.99", "10.1.0.2").unwrap_err();
        assert_eq!(e.kind(), Kind::AddressNotAvailable);
        assert!(e.message().contains("10.0.0.99 is not an address of this namespace"), "{e}");
        let e = from("eth7", "10.1.0.2").unwrap_err();
        assert_eq!((e.kind(), e.message().contains("eth7")), (Kind::NotFound, true));
        assert_eq!(from("10.0.0.2", "fd01::2").unwrap_err().kind(), Kind::Argument);

        // Link-local addresses need their zone.
        let link = ip(all, "r", "-j -6 addr show dev ra scope link").unwrap();
        let addresses = link[0]["addr_info"].as_array().unwrap();
        let local = addresses.iter().find_map(|a| a["local"].as_str()).unwrap().to_owned();
        let e = ping(all.host(), "x", at(&local), &EchoRequests::default()).unwrap_err();
        assert!(e.fields().hint.as_ref().is_some_and(|h| h.contains("fe80::1%eth0")), "{e}");
        let names = |_: &str| -> crate::base::error::Result<Vec<std::net::IpAddr>> { unreachable!() };
        let host = Host::parse(&format!("{local}%e0")).unwrap();
        let target = host.resolve(all.host(), &names, None, 0).unwrap()[0];
        let options =
            EchoRequests { count: Some(30), interval: 0.0, timeout: 0.1, ..EchoRequests::default() };
        assert!(ping(all.host(), "x", target, &options).unwrap().received > 0);
        let host = Host::parse(&format!("{local}%e7")).unwrap();
        assert_eq!(host.resolve(all.host(), &names, None, 0).unwrap_err().kind(), Kind::NotFound);
    });
}
