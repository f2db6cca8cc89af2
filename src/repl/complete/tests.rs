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
