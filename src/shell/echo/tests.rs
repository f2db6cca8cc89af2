//! What the kernel at hand may lack, by its words alone; what it has is tried by tests/echo.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::model::{Between, Row, Value, Word, Words};
use crate::net::bridge::fdb::{Entry, Life};
use crate::net::done::Verb;
use crate::net::fields::{HardwareAddress, VlanId};
use crate::net::link::fields::{Digit, Digit32, Label, OnOff, Ticks, Toggle, U16};
use crate::net::link::{
    self as links, Bridge, Change, Common, Details, End, Geneve, Ipvlan, Kind, LinkSpec, Lower, Master, Port,
    Vlan, Vrf,
};
use crate::net::testing::lab;
use crate::net::wireguard::{AllowedIps, Device, Endpoint, Key, Peer};

fn texts<C: IntoIterator<Item = Command>>(commands: C) -> Vec<String> {
    commands.into_iter().map(|c| c.to_string()).collect()
}

#[test]
fn kinds_that_need_a_module() {
    lab(|all| {
        let ns = all.add("ns*1").unwrap();
        let vlan = Vlan { id: Some(U16(10)), protocol: Words::named("802.1ad"), ..Vlan::default() };
        let spec = LinkSpec {
            kind: "vlan".into(),
            link: Some("eth0".into()),
            options: vec![Details::of(vlan)],
            near: End::up(true),
            ..LinkSpec::default()
        };
        assert_eq!(
            texts(link::add(&ns, "eth0.10", &spec)),
            [
                "ip -n 'ns*1' link add link eth0 name eth0.10 type vlan protocol 802.1ad id 10",
                "ip -n 'ns*1' link set dev eth0.10 up",
            ]
        );
        let vrf = vec![Details::of(Vrf { table: Some(Between(10)) })];
        let spec = LinkSpec { kind: "vrf".into(), options: vrf, ..LinkSpec::default() };
        assert_eq!(texts(link::add(all.host(), "red", &spec)), ["ip link add name red type vrf table 10"]);
        let options = vec![Details::of(Ipvlan { mode: Words::named("l3s"), ..Ipvlan::default() })];
        let spec =
            LinkSpec { kind: "ipvlan".into(), link: Some("eth0".into()), options, ..LinkSpec::default() };
        assert_eq!(
            texts(link::add(all.host(), "iv0", &spec)),
            ["ip link add link eth0 name iv0 type ipvlan mode l3s"]
        );
        let geneve = Geneve {
            id: Some(Between(42)),
            remote6: Some("fd00::2".parse().unwrap()),
            flowlabel: Some(Label(0x12345)),
            udp_zero_csum6_tx: Some(Toggle(true)),
            udp_csum: Some(Toggle(false)),
            ..Geneve::default()
        };
        let options = vec![Details::of(geneve)];
        let spec = LinkSpec { kind: "geneve".into(), options, ..LinkSpec::default() };
        assert_eq!(
            texts(link::add(all.host(), "gnv0", &spec)),
            ["ip link add gnv0 type geneve id 42 remote fd00::2 flowlabel 0x12345 noudpcsum udp6zerocsumtx"]
        );
    });
}

/// Each option of each kind alone, as a command and back.
#[test]
fn options_of_kinds_are_written_and_read() {
    struct Rows<'a>(&'a Namespace, usize);
    impl links::Visit for Rows<'_> {
        fn kind<T: Kind>(&mut self) {
            for row in T::ROWS.iter().filter(|row| row.is_given() && !row.words.is_empty()) {
                for (given, options) in samples(row) {
                    there_and_back(self.0, row, &options)
                        .unwrap_or_else(|why| panic!("{} = {given}: {why}", row.name));
                    self.1 += 1;
                }
            }
        }
    }
    lab(|all| {
        let mut rows = Rows(all.host(), 0);
        links::visit(&mut rows);
        assert!(rows.1 > 100, "{}", rows.1);
    });
}

/// Values of the row's type, and options in which they are given.
fn samples<T: Kind>(row: &Row<T>) -> Vec<(Value, T)> {
    let texts = [
        "10.0.0.7",
        "fd00::7",
        "inherit",
        "auto",
        "eth7",
        "0.0.0.9",
        "0200000000010001",
        "02:00:00:00:00:07",
        "2001:db8::/32",
        "5-7",
        "1:2",
    ];
    let form = (row.form)();
    let words = form.luals.split('"').skip(1).step_by(2);
    let texts = texts.into_iter().chain(words).map(|text| Value::Text(text.to_owned()));
    let numbers = [1, 2, 7, 12, 100, 2000].map(Value::Int);
    let all = [Value::Bool(true), Value::Bool(false)].into_iter().chain(numbers).chain(texts);
    let samples = all.filter_map(|value| {
        let mut options = T::default();
        let right = (row.put)(&mut options, &value).ok()?;
        // `ip` has no word for the contrary of some.
        let told = value != Value::Bool(false)
            || !matches!(form.word, Word::Flag | Word::Toggle)
            || row.words.len() > 1;
        (right && told).then_some((value, options))
    });
    let samples: Vec<_> = samples.collect();
    assert!(!samples.is_empty(), "{}: no value fits", row.name);
    samples
}

fn there_and_back<T: Kind>(ns: &Namespace, row: &Row<T>, options: &T) -> Result<(), String> {
    let kind = T::NAMES[0];
    let lower = (T::LOWER == Lower::Needed).then(|| "eth0".to_owned());
    let peer = links::is_pair(kind).then(|| End { name: Some("x1".to_owned()), ..End::default() });
    let spec =
        LinkSpec { link: lower, peer, options: vec![Details::of(options.clone())], ..LinkSpec::of(kind) };
    let command = texts(link::add(ns, "x0", &spec)).remove(0);
    let lua = crate::shell::text(&command, "x.sh").lua;
    let field = if kind == row.name { format!("{{ {} = ", row.name) } else { format!(" {} = ", row.name) };
    let found = lua.replace("[\"local\"]", "local").split_once(&field).map(|(_, rest)| rest.to_owned());
    let text = found.ok_or_else(|| format!("{command} is {lua}"))?;
    let literal =
        text.split([',', '}']).next().unwrap_or_default().trim().trim_start_matches("{ ").to_owned();
    let text = literal.trim_matches('"').to_owned();
    let value = match literal.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        quoted if quoted.starts_with('"') => Value::Text(text),
        number => number
            .parse()
            .map(Value::Int)
            .or_else(|_| number.parse().map(Value::Number))
            .unwrap_or(Value::Text(text)),
    };
    let mut back = T::default();
    (row.put)(&mut back, &value).map_err(|e| format!("{command} is {lua}: {e}"))?;
    if back == *options { Ok(()) } else { Err(format!("{command} is {lua}: {back:?}")) }
}

#[test]
fn options_that_newer_kernels_have() {
    lab(|all| {
        let port = Port {
            locked: Some(OnOff(true)),
            mab: Some(OnOff(true)),
            mcast_max_groups: Some(Between(7)),
            state: Words::named("blocking"),
            ..Port::default()
        };
        assert_eq!(
            texts(link::set_port(all.host(), "p0", &port)),
            [
                "ip link set dev p0 type bridge_slave state 4 locked on",
                "bridge link set dev p0 mcast_max_groups 7 mab on",
            ]
        );
        let bridge = Bridge {
            stp: Some(Digit32(true)),
            forward_delay: Some(Ticks(2.5)),
            fdb_max_learned: Some(Between(100)),
            vlan_filtering: Some(Digit(true)),
            ..Bridge::default()
        };
        let options = Details::of(bridge);
        let common =
            Common { carrier: Some(OnOff(false)), protodown: Some(OnOff(true)), ..Common::default() };
        let end = End { common, ..End::default() };
        let change = Change { end, options, ..Change::default() };
        assert_eq!(
            texts(link::set(all.host(), "br0", &change)),
            ["ip link set dev br0 carrier off protodown on type bridge stp_state 1 forward_delay 250 \
              vlan_filtering 1 fdb_max_learned 100"]
        );
        assert!(texts(link::set(all.host(), "br0", &Change::default())).is_empty());
        let spec = Entry {
            mac: Some(HardwareAddress(vec![2, 0, 0, 0, 0, 1])),
            vlan: Some(VlanId(5)),
            master: Some(true),
            life: Some(Life::Static),
            ..Entry::on("p0")
        };
        let entry = bridge::command(all.host(), Verb::Add, &spec);
        assert_eq!(entry.to_string(), "bridge fdb add 02:00:00:00:00:01 dev p0 master static vlan 5");
    });
}

#[test]
fn keys_of_wireguard_stand_in_files() {
    lab(|all| {
        let key = |n: u8| Some(Key([n; 32]));
        let text = |n: u8| Key([n; 32]).to_string();
        let allowed_ips =
            Some(AllowedIps(vec!["10.0.0.2/32".parse().unwrap(), "fd00::/64".parse().unwrap()]));
        let endpoint = Some(Endpoint("192.0.2.2:51820".parse().unwrap()));
        let peers = vec![
            Peer { public_key: key(1), preshared_key: key(2), allowed_ips, ..Peer::default() },
            Peer { public_key: key(3), endpoint, ..Peer::default() },
            Peer { public_key: key(4), remove: Some(true), ..Peer::default() },
        ];
        let device =
            Device { private_key: key(5), listen_port: Some(U16(51820)), peers, ..Device::default() };
        let told: Vec<String> = texts(wg::commands(all.host(), "wg0", &device));
        assert_eq!(
            told,
            [
                format!("wg set wg0 private-key /dev/stdin listen-port 51820 <<'EOF'\n{}\nEOF", text(5)),
                format!(
                    "wg set wg0 peer {} preshared-key /dev/stdin allowed-ips 10.0.0.2/32,fd00::/64 <<'EOF'\n{}\nEOF",
                    text(1),
                    text(2)
                ),
                format!("wg set wg0 peer {} endpoint 192.0.2.2:51820", text(3)),
                format!("wg set wg0 peer {} remove", text(4)),
            ]
        );
    });
}

#[test]
fn what_failed_is_not_told_and_no_look_is_run() {
    lab(|all| {
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = told.clone();
        let listener = move |ns: &Namespace, done: &Done<'_>| {
            heard.borrow_mut().extend(lines(ns, done));
            1
        };
        all.reports.listen(Some(Rc::new(listener)));
        all.add("a").unwrap();
        assert!(all.add("a").is_err());
        let spec = LinkSpec {
            near: End { master: Some(Master::Of("nobody".into())), ..End::default() },
            ..LinkSpec::of("bridge")
        };
        crate::net::link::add(all.host(), "br0", &spec).unwrap_err();
        all.host().report(Done::Looked(&["curl -d 'one\ntwo' URL".to_owned()]));
        all.reports.listen(None);
        all.del("a").unwrap();
        assert_eq!(*told.borrow(), ["ip netns add a", "# curl -d 'one\n# two' URL"]);
    });
}

#[test]
fn what_ethtool_sets() {
    use crate::net::ethtool::{Part, Rings, Settings};
    lab(|all| {
        let ns = all.add("ns1").unwrap();
        let told = |part| lines(&ns, &Done::Ethtool("eth0", part));
        let features = [("tso".to_owned(), false), ("gro".to_owned(), true)];
        assert_eq!(told(Part::Features(&features)), ["ip netns exec ns1 ethtool -K eth0 tso off gro on"]);
        let rings = Rings { rx_mini: Some(Between(5)), tx_push: Some(OnOff(true)), ..Rings::default() };
        assert_eq!(told(Part::Rings(&rings)), ["ip netns exec ns1 ethtool -G eth0 rx-mini 5 tx-push on"]);
        let settings =
            Settings { speed: Some(Between(100)), duplex: Words::named("full"), ..Settings::default() };
        assert_eq!(
            told(Part::Settings(&settings)),
            ["ip netns exec ns1 ethtool -s eth0 speed 100 duplex full"]
        );
    });
}

#[test]
fn entries_of_multicast_databases() {
    use crate::net::bridge::mdb::{self, Group};
    use crate::net::fields::LinkName;
    lab(|all| {
        let ns = all.add("ns1").unwrap();
        let entry = mdb::Entry {
            dev: Some(LinkName("br0".into())),
            port: Some(LinkName("p0".into())),
            grp: Some(Group::parse("239.1.1.1").unwrap()),
            state: Words::named("permanent"),
            vid: Some(VlanId(10)),
            src: Some("10.0.0.5".parse().unwrap()),
            filter_mode: Words::named("include"),
            ..mdb::Entry::default()
        };
        let told = |verb| lines(&ns, &Done::Mdb(verb, &entry));
        assert_eq!(
            told(Verb::Add),
            [
                "bridge -n ns1 mdb add dev br0 port p0 grp 239.1.1.1 permanent vid 10 src 10.0.0.5 filter_mode include"
            ]
        );
        assert_eq!(
            told(Verb::Del),
            ["bridge -n ns1 mdb del dev br0 port p0 grp 239.1.1.1 vid 10 src 10.0.0.5"]
        );
    });
}

#[test]
fn taps_and_groups() {
    use crate::net::bridge::vlan::Vids;
    use crate::net::bridge::vlan::global::Global;
    use crate::net::fields::LinkName;
    use crate::net::tun::Tuntap;
    lab(|all| {
        let ns = all.add("ns1").unwrap();
        let tap = Tuntap {
            dev: Some(LinkName("tap0".into())),
            mode: Words::named("tap"),
            owner: Some(Between(1000)),
            vnet_hdr: Some(true),
            ..Tuntap::default()
        };
        assert_eq!(
            lines(&ns, &Done::Tun(true, &tap)),
            ["ip -n ns1 tuntap add dev tap0 mode tap user 1000 vnet_hdr"]
        );
        assert_eq!(lines(&ns, &Done::Tun(false, &tap)), ["ip -n ns1 tuntap del dev tap0 mode tap"]);
        let mac = HardwareAddress(vec![0x33, 0x33, 0, 0, 0, 9]);
        assert_eq!(
            lines(&ns, &Done::Maddr(Verb::Del, &mac, "p0")),
            ["ip -n ns1 maddress del 33:33:00:00:00:09 dev p0"]
        );
        let route = crate::net::mroute::Mroute {
            group: "239.1.1.1".parse().ok(),
            from: "10.0.0.1".parse().ok(),
            iif: Some(LinkName("p0".into())),
            oifs: Some(crate::net::mroute::Links(vec!["p1".into(), "p2".into()])),
            ..Default::default()
        };
        assert_eq!(
            lines(&ns, &Done::Mroute(Verb::Add, &route)),
            ["ip netns exec ns1 smcroutectl add p0 10.0.0.1 239.1.1.1 p1 p2"]
        );
        assert_eq!(
            lines(&ns, &Done::Mroute(Verb::Del, &route)),
            ["ip netns exec ns1 smcroutectl remove p0 10.0.0.1 239.1.1.1"]
        );
        let global = Global {
            dev: Some(LinkName("br0".into())),
            mcast_snooping: Some(Digit(false)),
            ..Global::default()
        };
        assert_eq!(
            lines(&ns, &Done::VlanGlobal(&Vids { first: 10, last: 12 }, &global)),
            ["bridge -n ns1 vlan global set vid 10-12 dev br0 mcast_snooping 0"]
        );
    });
}

#[test]
fn deleted_connections() {
    use crate::net::link::fields::Be16;
    use crate::net::nf::conntrack::Connection;
    use crate::net::nf::words::{Not, Ports, Prefix, Protocol};
    lab(|all| {
        let ns = all.add("ns1").unwrap();
        let told =
            |filter: &Connection, gone: &[Connection]| lines(&ns, &Done::ConntrackDeleted(filter, gone));
        let filter = Connection {
            proto: Some(Protocol::TCP),
            source: Some(Not::parse("10.0.0.0/8").unwrap()),
            dport: Some(Not::parse("80").unwrap()),
            state: Words::named("ESTABLISHED"),
            zone: Some(Be16(5)),
            snat: Some(true),
            ..Connection::default()
        };
        assert_eq!(
            told(&filter, &[]),
            ["ip netns exec ns1 conntrack -D -p 6 -s 10.0.0.0/8 --dport 80 --state ESTABLISHED -w 5 -n"]
        );
        let one = Connection { source: Some(Not::<Prefix>::parse("10.0.0.1").unwrap()), ..filter.clone() };
        let others = Connection { dport: Some(Not::<Ports>::parse("!22").unwrap()), ..filter };
        assert_eq!(
            told(&others, &[one]),
            ["ip netns exec ns1 conntrack -D -p 6 -s 10.0.0.1 --dport 80 -w 5"]
        );
    });
}
