use super::*;
use crate::lua;
use crate::lua::lab::Place as Where;
use crate::net::testing;

/// Runs `f` with a completer in a lab of its own where `setup` was run.
fn with(setup: &'static str, f: impl FnOnce(&dyn Fn(&str) -> Vec<String>) + Send + 'static) {
    testing::lab(move |_| {
        let lab = Lab::new(Where::default(), false).unwrap();
        let lua = lua::interpreter(&lab).unwrap();
        lua.load(setup).exec().unwrap();
        let completer = Completer::new(&lua, &lab);
        let host = lab.namespaces.host().clone();
        f(&|before| completer.complete(before, &host).candidates);
    });
}

const LAB: &str = "
    ns1 = namespace.add('ns1')
    namespace.add('ns2')
    link.add('br0', { kind = 'bridge', addr = '192.168.1.1/24' })
    link.add('veth0', { kind = 'veth', peer = { name = 'eth0', ns = ns1 } })
    l = link.get('br0')
    all = { { name = 'x' } }
    web = http.serve('192.168.1.1:80', {})
";

#[test]
fn names_fields_and_methods() {
    with(LAB, |complete| {
        assert!(complete("namesp").contains(&"namespace".to_owned()));
        assert!(complete("fun").contains(&"function".to_owned()));
        assert_eq!(complete("link.ad"), ["add"]);
        assert_eq!(complete("ns1.link.ad"), ["add"]);
        assert!(complete("ns1.").contains(&"exec".to_owned()));
        assert!(!complete("ns1.").contains(&"namespace".to_owned()));
        assert_eq!(complete("l.operst"), ["operstate"]);
        assert_eq!(complete("all[1].na"), ["name"]);
        assert!(complete("web:").contains(&"stop".to_owned()), "{:?}", complete("web:"));
        assert!(complete("nothing.").is_empty());
    });
}

#[test]
fn options_and_their_values() {
    with(LAB, |complete| {
        assert!(complete("link.add(\"e\", { ").contains(&"kind = ".to_owned()));
        assert!(!complete("link.add(\"e\", { kind = \"veth\", ").contains(&"kind = ".to_owned()));
        assert!(complete("link.add(\"e\", { kind = \"ve").contains(&"veth\"".to_owned()));
        assert!(complete("link.add(\"e\", { up = t").contains(&"true".to_owned()));
        assert!(complete("link.add(\"e\", { peer = { n").contains(&"ns = ".to_owned()));
        assert!(complete("link.add(\"e\", { peer = { ns = ").contains(&"ns1".to_owned()));
        assert!(complete("link.add(\"e\", { peer = { ns = \"").contains(&"ns2\"".to_owned()));
        assert_eq!(complete("link.add(\"e\", { master = \"b"), ["br0\""]);
    });
}

#[test]
fn what_is_live_in_that_very_namespace() {
    with(LAB, |complete| {
        assert_eq!(complete("link.get(\"br"), ["br0\""]);
        assert_eq!(complete("ns1.link.get(\""), ["eth0\"", "lo\""]);
        assert!(complete("namespace.get('").contains(&"ns2'".to_owned()));
        assert_eq!(complete("ns1.sysctl.get(\"net.ipv4.ip_forward_us"), ["net.ipv4.ip_forward_use_pmtu\""]);
        assert_eq!(complete("sysctl.get(\"net.ipv"), ["net.ipv4.", "net.ipv6."]);
        assert!(complete("ns1.ping(\"192").contains(&"192.168.1.1\"".to_owned()));
        assert!(complete("route.add(\"default\", { via = \"192").contains(&"192.168.1.1\"".to_owned()));
        assert_eq!(complete("route.add(\"default\", { dev = \"v"), ["veth0\""]);
        assert_eq!(complete("nat.masquerade({ out = \"!b"), ["!br0\""]);
    });
}

fn has(all: &[String], wanted: &[&str]) {
    wanted.iter().for_each(|w| assert!(all.iter().any(|c| c == w), "{w:?} is not in {all:?}"));
}

#[test]
fn what_a_call_returns_is_known_without_calling_it() {
    with(LAB, |complete| {
        has(&complete("link.get(\"br0\")."), &["mtu", "operstate"]);
        has(&complete("link.list()[1].na"), &["name"]);
        has(&complete("ping('10.0.0.1', { count = 1 }).rec"), &["received"]);
        has(&complete("http.serve('10.0.0.1:80', {}):st"), &["stop"]);
        assert_eq!(complete("namespace.get(\"ns1\").link.set(\""), ["eth0\"", "lo\""]);
        has(&complete("namespace.get('ns2')."), &["link", "name"]);
        assert!(complete("namespace.get('nothing').").is_empty());
        assert!(complete("namespace.add('ns9').").is_empty());
    });
}

#[test]
fn words_that_options_take() {
    with(LAB, |complete| {
        has(&complete("nat.dnat({ proto = \""), &["tcp\"", "udp\""]);
        has(&complete("addr.add('10.0.0.1/24', { scope = \""), &["link\"", "host\""]);
        has(&complete("route.list({ table = \""), &["main\"", "local\""]);
        assert_eq!(complete("link.set('br0', { up = t"), ["true"]);
        assert!(complete("fdb.add(\"").iter().all(|mac| mac.len() == 18 && mac.contains(':')));
        assert!(!complete("fdb.add(\"").is_empty());
        has(&complete("tcp.connect(\"19"), &["192.168.1.1"]);
        has(&complete("tcp.connect(\"ns"), &["ns1", "ns2"]);
        assert_eq!(complete("ns1.http.get(\"http://ns"), ["http://ns1", "http://ns2"]);
        has(&complete("http.get(\"ht"), &["http://192.168.1.1"]);
        has(&complete("help \"link.a"), &["link.add\""]);
        has(&complete("help(\"Lin"), &["Link\""]);
        has(&complete("require(\"nsh."), &["nsh.frr\"", "nsh.topology\""]);
        assert_eq!(complete("require \"nsh.to"), ["nsh.topology\""]);
        // A string that is done is not begun again.
        assert!(complete("link.set(\"br0\"").is_empty());
        assert!(complete("link.set(\"br0\" ").is_empty());
        assert!(complete("link.set(\"br0\", { up = true ").is_empty());
    });
}

#[test]
fn all_addresses_in_natural_order_and_none_is_made() {
    let setup = "for i = 1, 30 do
                     local ns = namespace.add('n' .. i)
                     ns.addr.add('10.9.3.' .. i .. '/32', { dev = 'lo' })
                 end";
    with(setup, |complete| {
        let all = complete("ping(\"10.9.3.");
        let wanted: Vec<String> = (1..=30).map(|i| format!("10.9.3.{i}\"")).collect();
        assert_eq!(all, wanted);
        let names = complete("namespace.get(\"n");
        assert_eq!((names[0].as_str(), names[1].as_str(), names[9].as_str()), ("n1\"", "n2\"", "n10\""));
    });
}

#[test]
fn commands_of_others_word_by_word() {
    with(LAB, |complete| {
        assert_eq!(
            complete("ip "),
            [
                "addr ", "link ", "maddr ", "mptcp ", "mroute ", "neigh ", "netns ", "nexthop ", "route ",
                "rule ", "tuntap ", "xfrm "
            ]
        );
        assert_eq!(complete("sudo ip -n "), ["ns1 ", "ns2 "]);
        assert_eq!(complete("ip -n ns1 link set "), complete("ip netns exec ns1 ip link set "));
        has(&complete("ip -n ns1 link set "), &["eth0 ", "lo "]);
        assert!(!complete("ip -n ns1 link set ").contains(&"br0 ".to_owned()));
        has(&complete("ip link add v type ve"), &["veth "]);
        has(&complete("ip addr add 10.0.0.1/24 dev b"), &["br0 "]);
        assert_eq!(complete("ip netns del "), ["ns1 ", "ns2 "]);
        assert_eq!(complete("ip netns "), ["add ", "del ", "exec ", "list "]);
        has(&complete("ip netns exec ns1 s"), &["sh "]);
        has(&complete("ip route add default via 192"), &["192.168.1.1 "]);
        has(&complete("sysctl -w net.ipv4.ip_forw"), &["net.ipv4.ip_forward"]);
        has(&complete("bridge "), &["fdb ", "link "]);
        has(&complete("bridge link set dev b"), &["br0 "]);
        has(&complete("iptables -t nat -A "), &["POSTROUTING "]);
        // And Lua stays Lua.
        has(&complete("ping = na"), &["nat"]);
        has(&complete("bridge.ad"), &[]);
        has(&complete("ip"), &["ipairs"]);
    });
}

#[test]
fn lines_for_the_shell() {
    testing::lab(|_| {
        let lab = Lab::new(Where::default(), false).unwrap();
        let lua = lua::interpreter(&lab).unwrap();
        let completer = Completer::new(&lua, &lab);
        let host = lab.namespaces.host().clone();
        has(&completer.shell("s", &host).candidates, &["sh "]);
        has(&completer.shell("ls /pro", &host).candidates, &["/proc/"]);
        let piped = completer.shell("ip link | s", &host);
        assert_eq!(piped.start, 10);
        has(&piped.candidates, &["sh "]);
        has(&completer.shell("sudo ip link show ", &host).candidates, &["lo "]);
    });
}

#[test]
fn completing_runs_nothing() {
    let trap = "trap = setmetatable({}, { __index = function() error('run') end, __tostring = error })
                deep = setmetatable({}, { __index = { inner = 1 } })";
    with(trap, |complete| {
        assert!(complete("trap.").is_empty());
        assert!(complete("trap.x.").is_empty());
        assert_eq!(complete("deep.in"), ["inner"]);
    });
}
