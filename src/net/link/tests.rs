use serde_json::json;

use super::fields::{Digit, Digit32, Mac, MultiBit, OnOff, Text, Ticks, Toggle, U16, U32, Unset};
use super::*;
use crate::base::error::Kind;
use crate::model::{Field, Table, Value};
use crate::net::fields::Group;
use crate::net::namespace::Namespaces;
use crate::net::prefix;
use crate::net::testing::{lab, witness};

fn veth(all: &Namespaces, far: &str) -> LinkSpec {
    let peer = End {
        name: Some("eth0".into()),
        ns: Some(all.require(far).unwrap()),
        common: Common { up: Some(Toggle(true)), mtu: Some(U32(1400)), ..Common::default() },
        addrs: vec![prefix::parse("10.0.0.2/24").unwrap(), prefix::parse("fd00::2/64").unwrap()],
        ..End::default()
    };
    LinkSpec { near: End::up(true), peer: Some(peer), ..LinkSpec::of("veth") }
}

fn port_of(master: &str) -> End {
    End { master: Some(Master::Of(master.into())), ..End::default() }
}

#[test]
fn a_pair_is_made_in_place() {
    lab(|all| {
        all.add("ns1").unwrap();
        let host = all.host();
        add(host, "br0", &LinkSpec { near: End::up(true), ..LinkSpec::of("bridge") }).unwrap();
        let mut spec = LinkSpec { near: port_of("br0"), ..veth(all, "ns1") };
        spec.near.common = Common { alias: Some(Text("to ns1".into())), ..End::up(true).common };
        let index = add(host, "veth1", &spec).unwrap();
        let link = get(all, host, "veth1").unwrap().unwrap();
        assert_eq!(link.index(), index);
        assert_eq!((link.link_netns.as_deref(), link.link.as_deref()), (Some("ns1"), None));
        assert_eq!((link.master.as_deref(), link.port_kind.as_deref()), (Some("br0"), Some("bridge")));
        assert!(link.is_up());
        assert_eq!(link.common.tx_queues, Some(U32(1)));
        if let Some(seen) = witness(all, "ns1", &["ip", "-d", "-j", "addr", "show", "dev", "eth0"]) {
            assert_eq!(seen[0]["mtu"], 1400);
            assert_eq!(seen[0]["num_rx_queues"], 1);
            assert!(seen[0]["flags"].as_array().unwrap().contains(&json!("UP")));
            assert_eq!(seen[0]["addr_info"][0]["local"], "10.0.0.2");
            assert_eq!(seen[0]["addr_info"][1]["local"], "fd00::2");
            assert_eq!(seen[0]["addr_info"][1]["nodad"], true);
        }
        if let Some(seen) = witness(all, "host", &["ip", "-d", "-j", "link", "show", "veth1"]) {
            assert_eq!(seen[0]["master"], "br0");
            assert_eq!(seen[0]["ifalias"], "to ns1");
            assert_eq!(seen[0]["address"], json!(link.mac()));
            assert_eq!(seen[0]["max_mtu"], link.common.max_mtu.unwrap().0);
        }
    });
}

#[test]
fn nothing_is_left_half_done() {
    lab(|all| {
        all.add("ns1").unwrap();
        let mut spec = veth(all, "ns1");
        let twice = prefix::parse("10.0.0.2/24").unwrap();
        spec.peer.as_mut().unwrap().addrs = vec![twice, twice];
        let e = add(all.host(), "veth1", &spec).unwrap_err();
        assert_eq!(e.kind(), Kind::Exists);
        assert_eq!(get(all, all.host(), "veth1").unwrap(), None);
        assert_eq!(list(all, &all.require("ns1").unwrap(), &Filter::default()).unwrap().len(), 1);
    });
}

#[test]
fn taken_names_are_told() {
    lab(|all| {
        all.add("ns1").unwrap();
        add(all.host(), "veth1", &veth(all, "ns1")).unwrap();
        let e = add(all.host(), "veth1", &veth(all, "ns1")).unwrap_err();
        assert_eq!(e.kind(), Kind::Exists);
        assert!(e.to_string().contains("host has a link named \"veth1\" already"), "{e}");
        let e = add(all.host(), "veth2", &veth(all, "ns1")).unwrap_err();
        assert!(e.to_string().contains("ns1 has a link named \"eth0\" already"), "{e}");
    });
}

#[test]
fn a_peer_gets_a_free_name() {
    lab(|all| {
        let host = all.host();
        let spec = LinkSpec::of("veth");
        for name in ["veth0", "veth2"] {
            add(host, name, &spec).unwrap();
        }
        let names: Vec<String> =
            list(all, host, &Filter::default()).unwrap().into_iter().map(|l| l.name).collect();
        assert_eq!(names, ["lo", "veth1", "veth0", "veth3", "veth2"]);
    });
}

#[test]
fn a_bridge_takes_its_options() {
    lab(|all| {
        let bridge = Bridge {
            stp: Some(Digit32(true)),
            ageing: Some(Ticks(60.0)),
            forward_delay: Some(Ticks(4.5)),
            priority: Some(U16(4096)),
            mcast_snooping: Some(Digit(false)),
            no_linklocal_learn: Some(MultiBit(true)),
            mcast_vlan_snooping: Some(MultiBit(false)),
            ..Bridge::default()
        };
        let options = vec![Details::of(bridge)];
        let spec = LinkSpec { kind: "bridge".into(), options, ..LinkSpec::default() };
        add(all.host(), "br0", &spec).unwrap();
        if let Some(seen) = witness(all, "host", &["ip", "-d", "-j", "link", "show", "br0"]) {
            let data = &seen[0]["linkinfo"]["info_data"];
            assert_eq!(data["stp_state"], 1);
            assert_eq!(data["ageing_time"], 6000);
            assert_eq!(data["forward_delay"], 450);
            assert_eq!(data["priority"], 4096);
            assert_eq!(data["mcast_snooping"], 0);
            assert_eq!(data["no_linklocal_learn"], 1);
        }
        let change = Change {
            options: Details::of(Bridge { ageing: Some(Ticks(10.0)), ..Default::default() }),
            ..Default::default()
        };
        set(all.host(), "br0", &change).unwrap();
        let link = get(all, all.host(), "br0").unwrap().unwrap();
        let options = link.details.get::<Bridge>().unwrap();
        assert_eq!(options.ageing, Some(Ticks(10.0)));
        assert_eq!(options.priority, Some(U16(4096)));
        assert_eq!(options.no_linklocal_learn, Some(MultiBit(true)));
        assert_eq!(options.mcast_vlan_snooping, Some(MultiBit(false)));
    });
}

#[test]
fn links_are_changed_moved_and_deleted() {
    lab(|all| {
        let ns1 = all.add("ns1").unwrap();
        let host = all.host();
        add(host, "v0", &LinkSpec::of("veth")).unwrap();
        let peer = get(all, host, "v0").unwrap().unwrap().link.unwrap();
        let common = Common {
            mtu: Some(U32(1400)),
            mac: Mac::read(&Value::Text("02:00:00:00:00:09".into())).unwrap(),
            group: Some(Group(7)),
            txqlen: Some(U32(50)),
            arp: Some(Unset(false)),
            ..Common::default()
        };
        let change = Change {
            end: End { name: Some("uplink".into()), common, ..End::default() },
            altnames_add: vec!["a-much-longer-name-than-others".into()],
            ..Change::default()
        };
        set(host, "v0", &change).unwrap();
        assert!(get(all, host, "a-much-longer-name-than-others").unwrap().is_some());
        let moved = End { ns: Some(ns1.clone()), ..End::up(true) };
        set(host, "uplink", &moved.into()).unwrap();
        let link = get(all, &ns1, "uplink").unwrap().unwrap();
        assert_eq!((link.mtu(), link.common.txqlen, link.is_up()), (1400, Some(U32(50)), true));
        assert_eq!(link.mac().as_deref(), Some("02:00:00:00:00:09"));
        assert_eq!(link.link_netns.as_deref(), Some("host"));
        let flags = link.common.flags.unwrap().words();
        assert!(flags.contains(&"NOARP".to_owned()));
        assert!(flags.contains(&"NO-CARRIER".to_owned()));
        assert_eq!(link.operstate(), "LOWERLAYERDOWN");
        del(host, &peer).unwrap();
        assert_eq!(list(all, host, &Filter::default()).unwrap().len(), 1);
    });
}

#[test]
fn failures_explain_themselves() {
    lab(|all| {
        let ns1 = all.add("ns1").unwrap();
        let host = all.host();
        let plain = LinkSpec::of;
        let e = add(host, "x", &plain("nosuchkind")).unwrap_err();
        assert_eq!(e.kind(), Kind::Argument);
        assert!(e.to_string().contains("no kind of link is named \"nosuchkind\""), "{e}");
        add(host, "eth0", &plain("ifb")).unwrap();
        let e = set(host, "etho", &Change::default()).unwrap_err();
        assert_eq!(
            e.to_string(),
            "no link named \"etho\" (there is lo, eth0)\n  hint: did you mean \"eth0\"?"
        );
        let e = set(host, "lo", &End { ns: Some(ns1.clone()), ..End::default() }.into()).unwrap_err();
        assert!(e.to_string().ends_with("lo can't be moved: each namespace has its own"), "{e}");
        assert!(e.to_string().contains("The interface netns is immutable"), "{e}");
        let e = del(&ns1, "lo").unwrap_err();
        assert!(e.to_string().contains("lo belongs to its namespace"), "{e}");
        let e = add(host, "v", &LinkSpec { near: port_of("eth0"), ..plain("veth") }).unwrap_err();
        assert!(e.to_string().contains("eth0 has no ports"), "{e}");
        let e = add(host, "v", &LinkSpec { near: port_of("br7"), ..plain("veth") }).unwrap_err();
        assert!(e.to_string().contains("master: no link named \"br7\""), "{e}");
        let small = Common { mtu: Some(U32(10)), ..End::up(true).common };
        let e = set(&ns1, "lo", &End { common: small, ..End::default() }.into());
        // lo has no least MTU: no error of the kernel, none of ours.
        assert!(e.is_ok());
        for name in ["", ".", "..", "a/b", "a b", "a:b", "eth%d", "sixteen-bytes-xx"] {
            assert_eq!(add(host, name, &plain("ifb")).unwrap_err().kind(), Kind::Argument, "{name}");
        }
        assert_eq!(list(all, host, &Filter::default()).unwrap().len(), 2);
    });
}

#[test]
fn filters_and_counters() {
    lab(|all| {
        let host = all.host();
        let plain = LinkSpec::of;
        let fifth = Common { group: Some(Group(5)), ..End::up(true).common };
        add(host, "br0", &plain("bridge")).unwrap();
        add(
            host,
            "br1",
            &LinkSpec { near: End { common: fifth.clone(), ..End::default() }, ..plain("bridge") },
        )
        .unwrap();
        add(host, "ifb0", &LinkSpec { near: port_of("br0"), ..plain("ifb") }).unwrap();
        let names = |filter: Filter| -> Vec<String> {
            list(all, host, &filter).unwrap().into_iter().map(|l| l.name).collect()
        };
        let having = |common| Filter { common, ..Filter::default() };
        assert_eq!(names(Filter { kind: Some("bridge".into()), ..Filter::default() }), ["br0", "br1"]);
        assert_eq!(names(having(End::up(true).common)), ["br1"]);
        assert_eq!(names(Filter { master: Some("br0".into()), ..Filter::default() }), ["ifb0"]);
        assert_eq!(names(having(fifth)), ["br1"]);
        assert_eq!(
            names(having(Common { promisc: Some(OnOff(false)), ..End::up(false).common })),
            ["lo", "br0", "ifb0"]
        );
        assert!(names(having(Common { arp: Some(Unset(false)), ..End::up(true).common })).is_empty());
        assert_eq!(stats(host, "br0").unwrap().count("rx_packets"), 0);
    });
}

/// Without a kernel: an RTM_NEWLINK's body as a kernel would send it.
#[test]
fn a_message_is_decoded() {
    let mut body = crate::net::attributes::Attributes::new();
    body.put_str(ifla::IFNAME, "veth0");
    body.put_u32(ifla::LINK, 3);
    body.put_u32(37, 0);
    body.put(16, &[3]);
    body.put(9999, &[1, 2, 3]);
    let flags = (libc::IFF_UP | libc::IFF_BROADCAST | libc::IFF_MULTICAST) as u32;
    let link = read_parse(&[ifinfomsg(0, 4, flags, 0).as_slice(), body.bytes().unwrap()].concat());
    assert_eq!((link.index(), link.link_index(), link.link_netnsid()), (4, Some(3), Some(0)));
    assert_eq!(link.common.flags.unwrap().words(), ["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"]);
    assert_eq!(link.operstate(), "LOWERLAYERDOWN");
    assert_eq!((link.common.mtu, link.common.carrier), (Some(U32(0)), Some(OnOff(false))));
}

fn read_parse(bytes: &[u8]) -> Link {
    super::read::parse(bytes).unwrap()
}

#[test]
fn every_flag_is_set_or_cleared_by_its_bit() {
    for row in Common::ROWS.iter().filter(|row| row.flag.is_some()) {
        for on in [true, false] {
            let mut common = Common::default();
            assert!((row.put)(&mut common, &Value::Bool(on)).unwrap(), "{}", row.name);
            let bit = row.flag.unwrap();
            assert_eq!(common.mask(), bit, "{}", row.name);
            let mut back = Common::default();
            back.decode_flags(common.flags());
            assert_eq!((row.get)(&back), Some(Value::Bool(on)), "{}", row.name);
        }
    }
    let arp = |on| Common { arp: Some(Unset(on)), ..Common::default() }.flags();
    assert_eq!((arp(true), arp(false)), (0, libc::IFF_NOARP as u32));
}

#[test]
fn kinds_stand_in_one_place_each() {
    let kinds = kinds();
    let mut once = kinds.clone();
    once.dedup();
    assert_eq!(kinds, once);
    for kind in ["bridge", "macvtap", "veth", "netkit", "wireguard"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    assert!(!kinds.contains(&"tun"));
}
