//! Each form of a command by its text; what can't be translated; texts that are no scripts at all.

use nsh::shell::{Globals, Translation, line, text};

/// A script's Lua without its head.
pub fn lua(script: &str) -> String {
    let translation = text(script, "x.sh");
    assert!(translation.problems.is_empty(), "{script}: {:?}", translation.problems);
    body(&translation)
}

pub fn body(translation: &Translation) -> String {
    let lua = translation.lua.as_str();
    let head = lua.find("\n\n").map_or(lua.len(), |at| at + 2);
    let body = if lua[..head].contains("Translated from") { &lua[head..] } else { lua };
    // Helpers stand behind the head.
    let body = match body
        .rfind("\nend\n\n")
        .filter(|_| body.starts_with("-- A shell") || body.starts_with("-- Whether"))
    {
        Some(at) => &body[at + 6..],
        None => body,
    };
    body.trim_end().to_owned()
}

pub fn why(script: &str) -> String {
    let translation = text(script, "x.sh");
    translation.problems.first().map(|p| p.reason.to_string()).unwrap_or_default()
}

#[test]
fn links() {
    for (shell, want) in [
        ("ip link add br0 type bridge", "link.add(\"br0\", { kind = \"bridge\" })"),
        ("ip l a dev br0 type bridge", "link.add(\"br0\", { kind = \"bridge\" })"),
        (
            "sudo -E /sbin/ip link add name d0 up type dummy",
            "link.add(\"d0\", { kind = \"dummy\", up = true })",
        ),
        (
            "ip link add v0 type veth peer v1",
            "link.add(\"v0\", { kind = \"veth\", peer = { name = \"v1\" } })",
        ),
        ("ip link add v0 type veth", "link.add(\"v0\", { kind = \"veth\" })"),
        (
            "ip link add link eth0 name e.5 type vlan proto 802.1ad id 0x5",
            "link.add(\"e.5\", { kind = \"vlan\", link = \"eth0\", vlan = { protocol = \"802.1ad\", id = 5 } })",
        ),
        (
            "ip link add vrf1 type vrf table 10",
            "link.add(\"vrf1\", { kind = \"vrf\", vrf = { table = 10 } })",
        ),
        (
            "ip link add i0 link eth0 type ipvlan mode l2",
            "link.add(\"i0\", { kind = \"ipvlan\", link = \"eth0\", ipvlan = { mode = \"l2\" } })",
        ),
        (
            "ip link add br0 type bridge vlan_filtering 1 mcast_router 2",
            "link.add(\"br0\", { kind = \"bridge\", bridge = { vlan_filtering = true, mcast_router = \"permanent\" } })",
        ),
        ("ip link set eth0 up", "link.set(\"eth0\", { up = true })"),
        ("ip l s dev eth0 down mtu 1400", "link.set(\"eth0\", { up = false, mtu = 1400 })"),
        ("ip link set eth0 address 02:00:00:00:00:01", "link.set(\"eth0\", { mac = \"02:00:00:00:00:01\" })"),
        ("ip link set eth0 nomaster", "link.set(\"eth0\", { master = false })"),
        ("ip link set eth0 netns 1", "link.set(\"eth0\", { ns = host })"),
        ("ip link set eth0 netns a", "link.set(\"eth0\", { ns = \"a\" })"),
        (
            "ip link set v0 netns a name eth0 up",
            "link.set(\"v0\", { ns = \"a\" })\nlocal a = namespace.get(\"a\")\na.link.set(\"v0\", { name = \"eth0\" })\na.link.set(\"eth0\", { up = true })",
        ),
        ("ip link del eth0", "link.del(\"eth0\")"),
        ("ip link delete dev eth0 type veth", "link.del(\"eth0\")"),
        ("ip link", "print(link.list())"),
        ("ip -br l", "print(link.list())"),
        ("ip -d link show eth0", "print(link.get(\"eth0\"))"),
        ("ip -s link show dev eth0", "print(link.stats(\"eth0\"))"),
        ("ip link show type bridge up", "print(link.list({ kind = \"bridge\", up = true }))"),
        ("ip -j link", "print(json.encode(link.list()))"),
        ("ip link property add dev eth0 altname lan", "link.set(\"eth0\", { altname = \"lan\" })"),
        (
            "brctl addbr br0; brctl addif br0 eth0",
            "link.add(\"br0\", { kind = \"bridge\" })\nbridge.attach(\"br0\", \"eth0\")",
        ),
        (
            "bridge link set dev p0 state 3 cost 7",
            "bridge.set_port(\"p0\", { state = \"forwarding\", cost = 7 })",
        ),
        (
            "bridge vlan add dev p0 vid 10 pvid untagged master",
            "vlan.add(10, { dev = \"p0\", pvid = true, untagged = true })",
        ),
        ("bridge vlan add vid 20-29 dev br0 self", "vlan.add(\"20-29\", { dev = \"br0\" })"),
        ("bridge vlan del dev p0 vid 1 pvid", "vlan.del(1, { dev = \"p0\" })"),
        (
            "bridge vlan set vid 5 dev p0 state blocking",
            "vlan.set(5, { dev = \"p0\", state = \"blocking\" })",
        ),
        ("bridge -s vlan show dev p0 vid 5", "print(vlan.list({ dev = \"p0\", vid = 5 }))"),
        ("bridge fdb show dev p0", "print(fdb.list({ dev = \"p0\" }))"),
        (
            "bridge mdb add dev br0 port p0 grp 239.1.1.1 src 10.0.0.5 permanent vid 10",
            "mdb.add(\"239.1.1.1\", { dev = \"br0\", port = \"p0\", src = \"10.0.0.5\", state = \"permanent\", vid = 10 })",
        ),
        (
            "bridge mdb replace dev br0 port p0 grp ff05::1 filter_mode include source_list fd00::1,fd00::2",
            "mdb.replace(\"ff05::1\", { dev = \"br0\", port = \"p0\", filter_mode = \"include\", source_list = \"fd00::1,fd00::2\" })",
        ),
        (
            "bridge mdb del dev br0 port p0 grp 239.1.1.1 permanent",
            "mdb.del(\"239.1.1.1\", { dev = \"br0\", port = \"p0\" })",
        ),
        (
            "bridge vlan global set dev br0 vid 10-12 mcast_snooping 1 mcast_query_interval 5000",
            "vlan.global.set(\"10-12\", { dev = \"br0\", mcast_snooping = true, mcast_query_interval = 50 })",
        ),
        ("bridge vlan global show dev br0", "print(vlan.global.list({ dev = \"br0\" }))"),
        (
            "ip tuntap add dev tap0 mode tap user 1000 vnet_hdr",
            "tun.add(\"tap0\", { mode = \"tap\", owner = 1000, vnet_hdr = true })",
        ),
        ("ip tuntap del dev tap0 mode tap", "tun.del(\"tap0\")"),
        ("ip tuntap", "print(link.list({ kind = \"tun\" }))"),
        ("ip maddr add 33:33:00:00:00:09 dev p0", "maddr.add(\"33:33:00:00:00:09\", { dev = \"p0\" })"),
        ("ip mroute", "print(mroute.list())"),
        (
            "tc qdisc add dev p0 ingress_block 22 clsact",
            "tc.qdisc.add(\"p0\", { ingress_block = 22, kind = \"clsact\" })",
        ),
        (
            "tc filter add block 22 pref 5 u32 match ip dst 10.0.0.1/32 action drop",
            "tc.filter.add(22, { pref = 5, u32 = { match = { \"ip dst 10.0.0.1/32\" } }, actions = \"drop\" })",
        ),
        ("tc filter show block 22", "print(tc.filter.list({ block = 22 }))"),
        (
            "ip mroute show 239.1.1.1 from 10.0.0.1 iif p0",
            "print(mroute.list({ group = \"239.1.1.1\", from = \"10.0.0.1\", iif = \"p0\" }))",
        ),
        ("ip -6 maddr show dev p0", "print(maddr.list({ dev = \"p0\", family = \"inet6\" }))"),
        ("bridge -d mdb show dev br0", "print(mdb.list({ dev = \"br0\" }))"),
        (
            "ethtool -K p0 tx off generic-receive-offload on tx-udp-segmentation off",
            "ethtool.set(\"p0\", { features = { tx = false, gro = true, [\"tx-udp-segmentation\"] = false } })",
        ),
        ("ethtool -L p0 rx 1 combined 2", "ethtool.set(\"p0\", { channels = { rx = 1, combined = 2 } })"),
        (
            "ethtool -s p0 speed 100 duplex half autoneg off",
            "ethtool.set(\"p0\", { speed = 100, duplex = \"half\", autoneg = false })",
        ),
        (
            "ethtool -C p0 adaptive-rx on rx-usecs 5",
            "ethtool.set(\"p0\", { coalesce = { adaptive_rx = true, rx_usecs = 5 } })",
        ),
        ("ip link set dev v0 addr 88:00:00:00:00:00", "link.set(\"v0\", { mac = \"88:00:00:00:00:00\" })"),
        ("ip netns ls", "print(namespace.list())"),
        ("ethtool -S p0", "print(ethtool.stats(\"p0\"))"),
        ("ethtool -g p0", "print(ethtool.get(\"p0\").rings)"),
        ("ethtool -m p0", "proc.exec({ \"ethtool\", \"-m\", \"p0\" }, { check = true })"),
        (
            "ifconfig eth0 10.0.0.1 netmask 255.255.255.0 up",
            "addr.add(\"10.0.0.1/24\", { dev = \"eth0\", broadcast = \"10.0.0.255\" })\nlink.set(\"eth0\", { up = true })",
        ),
        (
            "ifconfig eth0:1 172.16.0.1 broadcast 172.16.0.9",
            "addr.add(\"172.16.0.1/16\", { dev = \"eth0\", broadcast = \"172.16.0.9\", label = \"eth0:1\" })\n\
             link.set(\"eth0\", { up = true })",
        ),
        ("ifconfig eth0 0.0.0.0", "addr.flush({ dev = \"eth0\" })"),
    ] {
        assert_eq!(lua(shell), want, "{shell}");
    }
}

#[test]
fn addresses_routes_neighbours() {
    for (shell, want) in [
        ("ip a", "print(addr.list())"),
        ("ip -4 addr show dev eth0", "print(addr.list({ dev = \"eth0\", family = \"inet\" }))"),
        (
            "ip addr add 10.0.0.1/24 brd + dev eth0",
            "addr.add(\"10.0.0.1/24\", { dev = \"eth0\", broadcast = \"10.0.0.255\" })",
        ),
        ("ip a a fd00::1/64 dev eth0", "addr.add(\"fd00::1/64\", { dev = \"eth0\" })"),
        ("ip addr flush dev eth0 scope global", "addr.flush({ scope = \"global\", dev = \"eth0\" })"),
        ("ip r", "print(route.list({ family = \"inet\" }))"),
        ("ip -6 ro show table all", "print(route.list({ table = \"all\", family = \"inet6\" }))"),
        ("ip route show fd00::/64", "print(route.list({ dst = \"fd00::/64\", family = \"inet6\" }))"),
        ("ip ro add 0/0 via 10.0.0.1", "route.add(\"default\", { via = \"10.0.0.1\" })"),
        (
            "ip route add default via inet6 fe80::1 dev e",
            "route.add(\"default\", { via = \"fe80::1\", dev = \"e\" })",
        ),
        ("ip -6 route del default", "route.del(\"default\", { family = \"inet6\" })"),
        (
            "ip route add local 10.0.0.0/8 dev lo table 5",
            "route.add(\"10.0.0.0/8\", { type = \"local\", dev = \"lo\", table = 5 })",
        ),
        (
            "ip route add 10/8 dev e rto_min 200ms",
            "route.add(\"10.0.0.0/8\", { dev = \"e\", metrics = { rto_min = 0.2 } })",
        ),
        ("ip route flush cache", "-- ip route flush cache: Linux has no route cache any more"),
        ("ip route flush table 7", "route.flush({ table = 7, family = \"inet\" })"),
        (
            "set -e; ip route get 10.0.0.1 ipproto tcp dport 80",
            "print(route.get(\"10.0.0.1\", { ipproto = \"tcp\", dport = 80 }))",
        ),
        (
            "route add -net 10.0.0.0 netmask 255.0.0.0 gw 10.1.1.1",
            "route.add(\"10.0.0.0/8\", { via = \"10.1.1.1\" })",
        ),
        ("route -n", "print(route.list({ family = \"inet\" }))"),
        ("ip n", "print(neigh.list())"),
        (
            "ip neigh show nud stale nud reachable",
            "print(neigh.list({ state = { \"stale\", \"reachable\" } }))",
        ),
        ("ip neigh flush all", "neigh.flush()"),
        ("arp -n", "print(neigh.list({ family = \"inet\" }))"),
        ("ip rule", "print(rule.list({ family = \"inet\" }))"),
        ("ip nexthop", "print(nexthop.list())"),
        ("ip nexthop add id 1 via 10.0.0.9 dev a", "nexthop.add(1, { via = \"10.0.0.9\", dev = \"a\" })"),
        ("ip -6 nexthop replace id 2 dev a", "nexthop.replace(2, { dev = \"a\", family = \"inet6\" })"),
        ("ip nexthop add id 3 group 1/2,5", "nexthop.add(3, { group = \"1/2,5\" })"),
        ("ip nexthop del id 3", "nexthop.del(3)"),
        (
            "ip -f mpls route add 100 as to 200/300 via inet 10.0.0.2 dev a ttl-propagate disabled",
            "mpls.add(100, { as = \"200/300\", via = \"10.0.0.2\", dev = \"a\", ttl_propagate = \"disabled\" })",
        ),
        (
            "ip -M r add to 16 nexthop as 5 via inet 10.0.0.2 nexthop via inet6 fd00::1 dev b",
            "mpls.add(16, { nexthops = { { as = \"5\", via = \"10.0.0.2\" }, { via = \"fd00::1\", dev = \"b\" } } })",
        ),
        (
            "ip -f mpls route replace 100 dev lo proto static",
            "mpls.replace(100, { dev = \"lo\", proto = \"static\" })",
        ),
        ("ip -f mpls route del 100 via inet 10.0.0.2", "mpls.del(100)"),
        ("ip -f mpls route", "print(mpls.list())"),
        ("ip mptcp", "print(mptcp.list())"),
        ("ip mptcp endpoint show", "print(mptcp.list())"),
        (
            "ip mptcp endpoint add 10.0.0.1 dev a id 7 subflow backup",
            "mptcp.add(\"10.0.0.1\", { dev = \"a\", id = 7, subflow = true, backup = true })",
        ),
        (
            "ip mptcp endpoint change id 7 nobackup fullmesh",
            "mptcp.set(7, { backup = false, fullmesh = true })",
        ),
        ("ip mptcp endpoint delete id 7", "mptcp.del(7)"),
        ("ip mptcp endpoint flush", "mptcp.flush()"),
        (
            "ip mptcp limits set subflow 4 add_addr_accepted 2",
            "mptcp.set_limits({ subflows = 4, add_addr_accepted = 2 })",
        ),
        ("ip mptcp limits", "print(mptcp.limits())"),
        (
            "ip -6 route add fd00:2::/64 encap seg6local action End.B6.Encaps srh segs fd00::1,fd00::2 dev a",
            "route.add(\"fd00:2::/64\", { encap = \"seg6local action End.B6.Encaps srh segs fd00::1,fd00::2\", dev = \"a\" })",
        ),
        ("ip xfrm state", "print(xfrm.state.list())"),
        (
            "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x100 mode tunnel aead 'rfc4106(gcm(aes))' 0x01 128 \
             flag noecn esn replay-window 32 output-mark 3 mask 0xf sel src any dst 10.1.0.0/16",
            "xfrm.state.add({\n  src = \"10.0.0.1\",\n  dst = \"10.0.0.2\",\n  proto = \"esp\",\n  spi = 256,\n  \
             mode = \"tunnel\",\n  aead = \"rfc4106(gcm(aes)) 0x01 128\",\n  noecn = true,\n  esn = true,\n  \
             replay_window = 32,\n  output_mark = 3,\n  output_mask = 15,\n  sel = { dst = \"10.1.0.0/16\" },\n})",
        ),
        ("ip xfrm state deleteall proto ah", "xfrm.state.flush({ proto = \"ah\" })"),
        ("ip rule add iif a table 7 pref 5", "rule.add({ iif = \"a\", table = 7, priority = 5 })"),
    ] {
        assert_eq!(lua(shell), want, "{shell}");
    }
}

#[test]
fn namespaces() {
    assert_eq!(lua("ip netns add a"), "namespace.add(\"a\")");
    assert_eq!(lua("ip netns attach a 123"), "namespace.attach(\"a\", { pid = 123 })");
    assert_eq!(
        lua("ip netns add a\nip -n a link set lo up"),
        "local a = namespace.add(\"a\")\na.link.set(\"lo\", { up = true })"
    );
    assert_eq!(lua("ip netns"), "print(namespace.list())");
    // Names that Lua or nsh has already.
    assert_eq!(
        lua("ip netns add link\nip netns exec link ip a"),
        "local link_ns = namespace.add(\"link\")\nprint(link_ns.addr.list())"
    );
    assert_eq!(
        lua("ip netns add 1-a\nip netns exec 1-a ip a"),
        "local ns_1_a = namespace.add(\"1-a\")\nprint(ns_1_a.addr.list())"
    );
    // A new one of the same name is another one.
    assert_eq!(
        lua("ip netns add a\nip -n a l\nip netns del a\nip netns add a\nip -n a l"),
        "local a = namespace.add(\"a\")\nprint(a.link.list())\nnamespace.del(a)\na = namespace.add(\"a\")\nprint(a.link.list())"
    );
    assert_eq!(
        lua("sudo nsenter --net=/var/run/netns/a\nip l\nexit\nip l"),
        "local a = namespace.get(\"a\")\nprint(a.link.list())\nprint(link.list())"
    );
    assert_eq!(
        lua("ip netns exec a ip netns exec b sh -c 'ip l && sysctl -w net.ipv4.ip_forward=1'"),
        "local b = namespace.get(\"b\")\nprint(b.link.list())\nb.sysctl.set(\"net.ipv4.ip_forward\", 1)"
    );
    assert_eq!(
        lua("ip -all netns del"),
        "for _, ns in ipairs(namespace.list()) do\n  namespace.del(ns)\nend"
    );
    // More than Lua's locals.
    let many: String = (0..300).map(|i| format!("ip netns add n{i}\nip -n n{i} l\n")).collect();
    assert_eq!(lua(&many).matches("local ").count(), 150);
}

#[test]
fn the_shells_language() {
    for (shell, want) in [
        ("ip link set lo up # now", "link.set(\"lo\", { up = true }) -- now"),
        ("ip link \\\n  set lo \\\n  up", "link.set(\"lo\", { up = true })"),
        ("A=lo\nip link set $A up", "local A = \"lo\"\nlink.set(A, { up = true })"),
        (
            "A=1400; ip link set lo mtu $A alias \"m $A\"",
            "local A = 1400\nlink.set(\"lo\", { mtu = A, alias = \"m \" .. A })",
        ),
        ("A=5\nA=x\nip link set $A up", "local A = \"5\"\nA = \"x\"\nlink.set(A, { up = true })"),
        ("ip link set ${1:-lo} up", "link.set((arg[1] or \"lo\"), { up = true })"),
        ("for i in 1 2 3; do ip link del v$i; done", "for i = 1, 3 do\n  link.del(\"v\" .. i)\nend"),
        ("for i in 4 9; do ip link del v$i; done", "for i = 4, 9, 5 do\n  link.del(\"v\" .. i)\nend"),
        ("for i in `seq 3`\ndo\n  ip link del v$i\ndone", "for i = 1, 3 do\n  link.del(\"v\" .. i)\nend"),
        (
            "for i in {01..03}; do ip link del v$i; done",
            "for _, i in ipairs({ \"01\", \"02\", \"03\" }) do\n  link.del(\"v\" .. i)\nend",
        ),
        (
            "for l in a b; do ip link del $l; done",
            "for _, l in ipairs({ \"a\", \"b\" }) do\n  link.del(l)\nend",
        ),
        ("for ((i=0; i<N; i++)); do :; done", ""),
        ("ip link del a || true", "pcall(link.del, \"a\")"),
        ("ip link del a 2>/dev/null", "pcall(link.del, \"a\")"),
        ("ip link del a || exit 1", "link.del(\"a\")"),
        ("ip link del a || { echo bad; exit 1; }", "link.del(\"a\")"),
        ("ip link del a || echo gone", "if not pcall(link.del, \"a\") then\n  print(\"gone\")\nend"),
        ("(ip link del a; ip link del b)", "link.del(\"a\")\nlink.del(\"b\")"),
        ("echo 'it''s' \"a\\\"b\"", "print('its a\"b')"),
        ("echo -n \"a\\n\"", "io.write(\"a\\\\n\")"),
        ("ip addr | grep inet | head -1", "print(addr.list())"),
        ("ip -n {a,b} l 2>&1", ""),
        ("export A=x; ip link del $A", "local A = \"x\"\nlink.del(A)"),
        (
            "RUN='sudo ip -n a'\n$RUN link set lo up",
            "local RUN = \"sudo ip -n a\"\nlocal a = namespace.get(\"a\")\na.link.set(\"lo\", { up = true })",
        ),
    ] {
        if want.is_empty() {
            assert!(!why(shell).is_empty(), "{shell}: {}", text(shell, "x.sh").lua);
        } else {
            assert_eq!(lua(shell), want, "{shell}");
        }
    }
}

#[test]
fn probes_and_servers() {
    for (shell, want) in [
        (
            "set -e\nping -c 2 -W 1 10.0.0.1",
            "check.reachable(host, \"10.0.0.1\", { count = 2, timeout = 1 })",
        ),
        (
            "set -e\nping -c1 -I eth0 -6 fd00::1",
            "check(reaches(ping, \"fd00::1\", { count = 1, from = \"eth0\", family = \"inet6\" }))",
        ),
        ("set -e\n! ping -c 1 10.0.0.1", "check(not reaches(ping, \"10.0.0.1\", { count = 1 }))"),
        (
            "ping -c 1 a && echo yes || echo no",
            "if reaches(ping, \"a\", { count = 1 }) then\n  print(\"yes\")\nelse\n  print(\"no\")\nend",
        ),
        ("ping -c 1 a >/dev/null", "pcall(ping, \"a\", { count = 1 })"),
        (
            "ping a &\nkill $!",
            "local pinging1 <close> = ping.start(\"a\")\nprint(pinging1:result())\npinging1:stop()",
        ),
        ("curl -s -m 2 http://a/ | head", "try(http.get, \"http://a/\", { timeout = 2 })"),
        (
            "curl -X POST -d x=1 -H 'A: b' a:80",
            "try(http.request, \"a:80\", { method = \"POST\", body = \"x=1\", headers = { A = \"b\" } })",
        ),
        ("wget -qO- a", "try(http.get, \"a\", { redirects = 20 })"),
        ("nc -zv fd00::1 80", "try(tcp.connect, \"[fd00::1]:80\")"),
        ("echo hi | nc -u -w1 10.0.0.1 53", "udp.send(\"10.0.0.1:53\", \"hi\\n\")"),
        (
            "nc -lk -p 80 &\nS=$!\nkill $S",
            "local server1 <close> = tcp.listen(\":80\", { echo = false })\nprint(server1:connections())\nserver1:stop()",
        ),
        (
            "python3 -m http.server 80 --bind ::1 -d /srv &",
            "local server1 <close> = http.serve(\"[::1]:80\", { directory = \"/srv\" })",
        ),
        ("ss -tln", "print(socket.list({ listening = true, proto = \"tcp\" }))"),
        ("conntrack -L -p tcp", "print(conntrack.list({ proto = \"tcp\" }))"),
        ("set -e\ntraceroute -n 10.0.0.1", "print(proc.exec({ \"traceroute\", \"-n\", \"10.0.0.1\" }))"),
    ] {
        assert_eq!(lua(shell), want, "{shell}");
    }
    let watched = lua("tcpdump -ni eth0 'icmp or arp' &\nsleep 1");
    assert!(
        watched.starts_with(
            "local seen1 <close> = try(capture.start, \"eth0\", { proto = { \"icmp\", \"arp\" } })"
        ),
        "{watched}"
    );
    assert!(watched.ends_with("if seen1 then\n  print(seen1:packets())\nend"), "{watched}");
    // A server has its terminal for itself; what follows is typed in another one.
    let served = lua("nsenter --net=/run/netns/a\npython3 -m http.server 80\nip l");
    assert!(served.ends_with("print(link.list())"), "{served}");
}

#[test]
fn rulesets() {
    for (shell, want) in [
        ("iptables -t nat -L -n -v", "print(nat.list())"),
        ("iptables -t nat -F", "nat.flush()"),
        (
            "ip6tables -t nat -A PREROUTING -p udp --dport 53 -j REDIRECT --to-port 5353",
            "nat.redirect({ proto = \"udp\", dport = 53, to = 5353, family = \"inet6\" })",
        ),
        (
            "iptables -t nat -A POSTROUTING -j MASQUERADE -o eth0",
            "nat.masquerade({ out = \"eth0\", family = \"inet\" })",
        ),
        (
            "iptables -P INPUT ACCEPT",
            "nft.load([[\n  add table ip filter\n  add chain ip filter INPUT { type filter hook input priority filter; policy accept; }\n]])",
        ),
        ("nft add table inet x", "nft.load(\"add table inet x\")"),
        ("nft -f - <<EOF\ntable inet x {\n}\nEOF", "nft.load([[\ntable inet x {\n}\n]])"),
        ("set -e; nft list ruleset", "print(nft.list())"),
        ("set -e; nft list table inet x", "print(nft.list({ family = \"inet\", table = \"x\" }))"),
    ] {
        assert_eq!(lua(shell), want, "{shell}");
    }
    let both = lua("iptables -t nat -A POSTROUTING -s 10.0.0.0/8,10.1.0.0/16 -j MASQUERADE");
    assert_eq!(
        both,
        "nat.masquerade({ source = \"10.0.0.0/8\" })\nnat.masquerade({ source = \"10.1.0.0/16\" })"
    );
}

#[test]
fn wrong_commands_say_why() {
    for (shell, want) in [
        (
            "ip adr add 10.0.0.1/24 dev x",
            "Object \"adr\" is unknown, try \"ip help\"; did you mean \"addr\"?",
        ),
        ("ip addr ad 10.0.0.1/24", "Not enough information: \"dev\" argument is required"),
        (
            "ip addr dad 10.0.0.1/24 dev x",
            "Command \"dad\" is unknown, try \"ip addr help\"; did you mean \"add\"?",
        ),
        (
            "ip link set eth0 mtuu 5",
            "either \"dev\" is duplicate, or \"mtuu\" is a garbage; did you mean \"mtu\"?",
        ),
        ("ip link set eth0 mtu many", "mtu: expected an integer, got \"many\""),
        ("ip link set eth0 arp maybe", "arp: expected on or off, got \"maybe\""),
        ("ip link set eth0 mtu", "mtu: its value is missing"),
        ("ip link add x", "Not enough information: \"type\" argument is required"),
        ("ip link add b type bridge stp 1", "bridge: unknown option \"stp\""),
        (
            "ip link add b type bridge stp_stat 1",
            "bridge: unknown option \"stp_stat\"; did you mean \"stp_state\"?",
        ),
        (
            "ip route add 10.0.0.0/8 vai 10.1.1.1",
            "either \"dev\" is duplicate, or \"vai\" is a garbage; did you mean \"via\"?",
        ),
        ("ip -breif l", "Option \"-breif\" is unknown, try \"ip -help\"; did you mean \"brief\"?"),
        ("ip netns add host", "\"host\" is the namespace in which the lab begins; choose another name"),
        (
            "iptables -A FORWAD -j ACCEPT",
            "iptables: No chain \"FORWAD\" in the table filter; did you mean \"FORWARD\"?",
        ),
        (
            "iptables -A FORWARD --dprot 80 -j ACCEPT",
            "iptables: unknown option \"--dprot\"; did you mean \"--dport\"?",
        ),
        ("iptables -A INPUT --dport 80 -j ACCEPT", "iptables: ports need a protocol: -p tcp or -p udp"),
        (
            "iptables -t nat -A PREROUTING -j MASQUERADE",
            "MASQUERADE works in the chain POSTROUTING, not in PREROUTING",
        ),
        ("iptables -t nat -A POSTROUTING -j SNAT", "SNAT: option \"--to-source\" must be specified"),
        (
            "iptables -t nat -D POSTROUTING -j MASQUERADE",
            "no earlier command made this rule; nat.list() tells rules, nat.del deletes one",
        ),
        (
            "sysctl net.ipv4.ip_forward=1 --wirte",
            "sysctl: unknown option \"--wirte\"; did you mean \"--write\"?",
        ),
        ("ip link set $X up", "the value of $X is not known"),
        ("A=$(hostname)", "what $(hostname) prints is not known"),
        ("rm -rf /", "rm: what it does is not known"),
        ("echo 1 > file", "files are not written; io.open can write one in the working directory"),
        ("while true; do ip l; done", "a loop with a condition is not translated"),
        ("ip link set 'lo up", "a quote ' is not closed"),
        ("for i in 1 2; do ip l", "\"done\" is missing"),
    ] {
        assert_eq!(why(shell), want, "{shell}");
    }
}

#[test]
fn the_place_stays_and_is_told() {
    let translation = text("# one\nip l\n\nrm x\nip a # two\nf() {\n  ip l\n  ip a\n}\n", "dir/x.sh");
    assert_eq!(
        translation.lua,
        "-- Translated from x.sh by nsh translate.\n\n-- one\nprint(link.list())\n\n-- not translated: rm: what it does \
         is not known\n-- rm x\nprint(addr.list()) -- two\n-- not translated: a function is not translated\n-- f() {\n\
         --   ip l\n--   ip a\n-- }\n"
    );
    assert_eq!(
        translation.report("x.sh"),
        "x.sh:4: not translated: rm x\n  rm: what it does is not known\nx.sh:6: not translated: f() {\n  a function is \
         not translated\n2 of 5 commands translated\n"
    );
}

#[test]
fn nothing_breaks_out_of_a_comment() {
    for hostile in
        ["# a\ros.exit(1)", "rm x\ros.exit(1)", "ip l # a\ros.exit(1)", "#[[ a", "rm ]]\u{b}\u{c}os.exit(1)"]
    {
        let lua = text(hostile, "x.sh").lua;
        for line in lua.split(['\n', '\r']) {
            let code = line.split("--").next().unwrap_or_default();
            assert!(code.trim().is_empty() || code.starts_with("print("), "{hostile:?}: {line}");
            assert!(!line.starts_with("--["), "{line}");
        }
    }
    assert!(!text("rm \u{1b}[31mx", "x.sh").report("x").contains('\u{1b}'));
}

#[test]
fn markdown_blocks() {
    let source = "# Title\n\ntext `ip l`\n\n```\nip l\n1: lo: <UP>\n    link/loopback\n\n# what\nfoo bar\nip a\n```\n\n```console\n\
                  # ip link set lo up\n$ ip n \\\n> show\nout\n```\n\n~~~python\nimport os\n~~~\n\n```bash\nfrobnicate\n```\n";
    let translation = text(source, "x.md");
    assert_eq!(
        body(&translation),
        "-- Title\n\nprint(link.list())\n\n-- what\nprint(addr.list())\n\nlink.set(\"lo\", { up = true })\n\
         print(neigh.list())\n\n-- not translated: frobnicate: what it does is not known\n-- frobnicate"
    );
    assert_eq!(translation.problems[0].line, 27);
    assert_eq!((translation.translated, translation.commands), (4, 5));
}

#[test]
fn a_markdown_texts_here_documents_and_placeholders() {
    let source = "```\n$ cat <<EOF\n> a\n> b\n> EOF\n$ ip link show <name>\n$ ip link show ...\n```\n";
    let translation = text(source, "x.md");
    assert!(translation.lua.contains("{ stdin = \"a\\nb\\n\" }"), "{}", translation.lua);
    let told = translation.report("x.md");
    assert!(
        told.contains("x.md:6: not translated: ip link show <name>\n  <name> stands for a word\n"),
        "{told}"
    );
    assert!(told.contains("x.md:7: not translated: ip link show ...\n  dots stand for words\n"), "{told}");
    assert_eq!((translation.translated, translation.commands), (1, 3));
    // What follows is the document's, not a command.
    let open = text("cat <<EOF\nip link\n", "x.sh");
    assert_eq!((open.translated, open.commands), (0, 1));
    assert!(open.report("x.sh").contains("the here-document's end EOF is missing"));
}

#[test]
fn lines_of_a_prompt() {
    for (typed, want) in [
        ("ip netns add ns1", "ns1 = namespace.add(\"ns1\")"),
        ("sudo ip netns add link", "link_ns = namespace.add(\"link\")"),
        (
            "ip -n ns1 addr add 10.0.0.1/24 dev eth0",
            "namespace.get(\"ns1\").addr.add(\"10.0.0.1/24\", { dev = \"eth0\" })",
        ),
        (
            "ip netns exec ns1 ping -c 2 10.0.0.1",
            "print(namespace.get(\"ns1\").ping(\"10.0.0.1\", { count = 2 }))",
        ),
        ("ip route", "print(route.list({ family = \"inet\" }))"),
        ("route -n", "print(route.list({ family = \"inet\" }))"),
        ("sysctl -w net.ipv4.ip_forward=1", "sysctl.set(\"net.ipv4.ip_forward\", 1)"),
        ("echo 1 > /proc/sys/net/ipv4/ip_forward", "sysctl.set(\"net.ipv4.ip_forward\", 1)"),
        (
            "iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE",
            "nat.masquerade({ source = \"10.0.0.0/8\" })",
        ),
        (
            "ip link add v0 netns b type veth peer name v1",
            "namespace.get(\"b\").link.add(\"v0\", { kind = \"veth\", peer = { name = \"v1\", ns = \"a\" } })",
        ),
        ("for i in 1 2; do ip link del v$i; done", "for i = 1, 2 do\n  link.del(\"v\" .. i)\nend"),
    ] {
        assert_eq!(
            line(typed, "a", Globals::default()).map(|r| r.unwrap_or_else(|e| e.to_string())).as_deref(),
            Some(want),
            "{typed}"
        );
    }
    for lua in [
        "route",
        "ping { 1 }",
        "ip = 1",
        "bridge.list()",
        "",
        "x = 1",
        "ip - 1",
        "ip == nil",
        "sudo",
        "print(1)",
        "ping \"a\"",
        "for i = 1, 2 do",
    ] {
        let asked = line(lua, "host", Globals::default());
        assert!(asked.is_none() || lua.starts_with("ip "), "{lua}: {asked:?}");
    }
    let wrong = line("ip adr", "host", Globals::default());
    assert!(matches!(wrong, Some(Err(reason)) if reason.hint.as_deref() == Some("did you mean \"addr\"?")));
    assert!(
        matches!(line("ip link set 'lo", "host", Globals::default()), Some(Err(reason)) if reason.incomplete)
    );
    assert!(
        matches!(line("for i in 1 2; do ip l", "host", Globals::default()), Some(Err(reason)) if reason.incomplete)
    );
}

/// Numbers without any order, the same ones each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

#[test]
fn no_text_makes_it_panic() {
    let good = include_str!("tutorial.md").to_owned()
        + "\nfor i in {1..3}; do ip -n ns$i a a 10.$((i+1)).0.1/24 brd + dev \"e $i\"; done\nif ping -c1 a; then :; else x; fi\n\
           cat <<EOF | nft -f -\na $X ${Y:-z}\nEOF\niptables -t nat -A POSTROUTING ! -s 1.2.3.4/8 -p tcp --dport 1:2,3 -j SNAT --to 1 -m limit --limit 5/m\n\
           case a in b) c;; esac; f() { x; }; for ((i=0;i<5;i++)); do ip l s $i type bridge forward_delay 4; done\n\
           ip route add 1/8 nexthop via 1 weight 2 nexthop dev b rto_min 5s tos 0x10 metric 1\nvim `x` $(y) {a,b}{c,d} &> z 2>&1 <<< w\n";
    let chars: Vec<char> = good.chars().collect();
    let odd: Vec<char> = "\0\n\t '\"\\$`(){}[]<>|&;#!*?~=%/.,:-+01ié\u{7f}\u{2028}".chars().collect();
    let mut numbers = Numbers(7);
    let try_all = |source: &str| {
        for name in ["x.md", "x.sh", "-"] {
            let translation = text(source, name);
            assert!(translation.translated <= translation.commands);
            let _ = translation.report(name);
        }
        for one in source.lines().take(3) {
            let _ = line(one, "host", Globals::default());
        }
    };
    for round in 0..1500 {
        let from = numbers.next(chars.len());
        let length = numbers.next(if round % 2 == 0 { 60 } else { 600 });
        let mut cut: Vec<char> = chars[from..(from + length).min(chars.len())].to_vec();
        for _ in 0..numbers.next(6) {
            let (at, c) = (numbers.next(cut.len() + 1), odd[numbers.next(odd.len())]);
            cut.insert(at.min(cut.len()), c);
        }
        try_all(&cut.into_iter().collect::<String>());
    }
    for _ in 0..500 {
        let length = numbers.next(80);
        try_all(&(0..length).map(|_| odd[numbers.next(odd.len())]).collect::<String>());
    }
    // As deep and as long as it comes.
    for deep in [
        "(",
        "{ ",
        "$(",
        "${a:-",
        "if ",
        "for i in a; do ",
        "sh -c '",
        "sudo ",
        "! ",
        "{a,b}",
        "a && ",
        "a | ",
        "ip netns exec a ",
        "((",
        "`",
        "ip -n a ",
    ] {
        try_all(&deep.repeat(3000));
    }
}
