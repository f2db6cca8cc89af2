use super::fdb::{self, Entry, Life};
use super::*;
use crate::model::Between;
use crate::net::fields::HardwareAddress;
use crate::net::link::fields::{Digit32, OnOff, Ticks, U16};
use crate::net::link::{End, LinkSpec};
use crate::net::testing::{lab, witness};

fn bridge_with_port(all: &Namespaces) {
    let host = all.host();
    link::add(host, "br0", &LinkSpec { near: End::up(true), ..LinkSpec::of("bridge") }).unwrap();
    let peer = End::up(true);
    let near = End { master: Some(Master::Of("br0".into())), ..End::up(true) };
    let spec = LinkSpec { near, peer: Some(peer), ..LinkSpec::of("veth") };
    link::add(host, "p0", &spec).unwrap();
}

#[test]
fn ports_and_their_options() {
    lab(|all| {
        bridge_with_port(all);
        let host = all.host();
        let options = Port {
            cost: Some(Between(77)),
            priority: Some(U16(5)),
            hairpin: Some(OnOff(true)),
            learning: Some(OnOff(false)),
            isolated: Some(OnOff(true)),
            guard: Some(OnOff(true)),
            ..Port::default()
        };
        set_port(host, "p0", &options).unwrap();
        if let Some(seen) = witness(all, "host", &["bridge", "-d", "-j", "link", "show", "dev", "p0"]) {
            assert_eq!(seen[0]["cost"], 77);
            assert_eq!(seen[0]["priority"], 5);
            assert_eq!(seen[0]["hairpin"], true);
            assert_eq!(seen[0]["learning"], false);
            assert_eq!(seen[0]["isolated"], true);
            assert_eq!(seen[0]["guard"], true);
        }
        let found = ports(all, host, "br0").unwrap();
        assert_eq!(found.len(), 1);
        let port = found[0].port.as_ref().unwrap();
        assert_eq!(
            (port.cost, port.flood, port.number),
            (Some(Between(77)), Some(OnOff(true)), Some(U16(1)))
        );
        set(
            host,
            "br0",
            &Bridge { ageing: Some(Ticks(12.5)), stp: Some(Digit32(true)), ..Bridge::default() },
        )
        .unwrap();
        let now = super::options(host, "br0").unwrap();
        assert_eq!((now.ageing, now.stp), (Some(Ticks(12.5)), Some(Digit32(true))));
        detach(host, "p0").unwrap();
        assert_eq!(detach(host, "p0").unwrap_err().kind(), Kind::NotFound);
        let e = set_port(host, "p0", &options).unwrap_err();
        assert!(e.to_string().contains("p0 is no port of a bridge"), "{e}");
        let e = ports(all, host, "p0").unwrap_err();
        assert!(e.to_string().contains("p0 is not a bridge, but of kind \"veth\""), "{e}");
        attach(host, "br0", &["p0".into()]).unwrap();
        let e = attach(host, "br0", &["p0".into(), "nope".into()]).unwrap_err();
        assert_eq!(e.kind(), Kind::NotFound);
    });
}

#[test]
fn the_forwarding_database() {
    lab(|all| {
        bridge_with_port(all);
        let host = all.host();
        crate::net::settle::settle(all).unwrap();
        let mac = [2, 0, 0, 0, 0, 9];
        fdb::add(host, mac, &Entry::on("p0")).unwrap();
        assert_eq!(fdb::add(host, mac, &Entry::on("p0")).unwrap_err().kind(), Kind::Exists);
        let filter = Entry { mac: Some(HardwareAddress(mac.to_vec())), ..Entry::on("br0") };
        let found = fdb::list(host, &filter).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].dev(), found[0].bridge.as_ref().map(|b| &*b.name), found[0].life),
            ("p0", Some("br0"), Some(Life::Static))
        );
        if let Some(seen) = witness(all, "host", &["bridge", "-j", "fdb", "show", "dev", "p0"]) {
            let entry = seen.as_array().unwrap().iter().find(|e| e["mac"] == "02:00:00:00:00:09").unwrap();
            assert_eq!((&entry["master"], &entry["state"]), (&"br0".into(), &"static".into()));
        }
        fdb::del(host, mac, &Entry::on("p0")).unwrap();
        assert_eq!(fdb::del(host, mac, &Entry::on("p0")).unwrap_err().kind(), Kind::NotFound);
        let dynamic = Entry { life: Some(Life::Dynamic), ..Entry::on("p0") };
        fdb::replace(host, mac, &dynamic).unwrap();
        fdb::flush(host, "br0").unwrap();
        assert!(fdb::list(host, &filter).unwrap().is_empty());
        fdb::replace(host, mac, &dynamic).unwrap();
        fdb::flush(host, "p0").unwrap();
        assert!(fdb::list(host, &filter).unwrap().is_empty());
        link::set(host, "p0", &End::up(false).into()).unwrap();
        let e = fdb::replace(host, mac, &dynamic).unwrap_err();
        assert!(e.to_string().contains("p0 does not forward now"), "{e}");
    });
}
