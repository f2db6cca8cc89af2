//! What a careless translation would get wrong: what a failed one leaves behind, conditions, words that are several,
//! values that change where nobody sees it.

use nsh::shell::text;

use super::forms::{lua, why};

/// The Lua of a script of which some commands can't be translated, without comments and helpers.
fn code(script: &str) -> String {
    let lua = text(script, "x.sh").lua;
    let helpers = lua.rfind("\nend\n\n").map_or(0, |at| at + 6);
    let from = if lua[..helpers].contains("local function") { helpers } else { 0 };
    let lines = lua[from..].lines().filter(|line| !line.trim_start().starts_with("--") && !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn looking_changes_nothing() {
    let chain = "nft.load([[\n  add table ip filter\n  add chain ip filter INPUT { type filter hook input priority \
                 filter; }\n  add rule ip filter INPUT counter accept\n]])";
    assert_eq!(lua("iptables -A INPUT -j ACCEPT && echo yes"), format!("{chain}\nprint(\"yes\")"));
    // One that fails has made nothing.
    assert_eq!(code("iptables -A INPUT -m recent --set -j DROP\niptables -A INPUT -j ACCEPT"), chain);
    // Nor has it found a variable for a namespace.
    assert_eq!(
        code("ip netns exec a ip link && foo $(bar)\nip netns exec a ip addr"),
        "local a = namespace.get(\"a\")\nprint(a.addr.list())"
    );
}

#[test]
fn what_could_not_be_begun_is_not_ended() {
    let out = lua("tcpdump -i eth9 &\nkill $!");
    assert!(out.ends_with("if seen1 then\n  print(seen1:packets())\n  seen1:stop()\nend"), "{out}");
}

#[test]
fn conditions_are_what_the_shell_sees() {
    for (shell, want) in [
        (
            "if ip link show br0 >/dev/null 2>&1; then ip l; fi",
            "if link.get(\"br0\") then\n  print(link.list())\nend",
        ),
        (
            "ip link show br0 &>/dev/null && ip link del br0",
            "if link.get(\"br0\") then\n  link.del(\"br0\")\nend",
        ),
        ("ip link show br0 || exit 1", "if not link.get(\"br0\") then\n  os.exit(1)\nend"),
        ("if curl -sf a; then ip l; fi", "if fetches(http.get, \"a\") then\n  print(link.list())\nend"),
        ("if curl -s a; then ip l; fi", "if pcall(http.get, \"a\") then\n  print(link.list())\nend"),
        (
            "wget -qO- a || ip l",
            "if not fetches(http.get, \"a\", { redirects = 20 }) then\n  print(link.list())\nend",
        ),
    ] {
        assert_eq!(lua(shell), want, "{shell}");
    }
}

#[test]
fn details_of_commands() {
    for (shell, want) in [
        ("netstat -rn", "print(route.list({ family = \"inet\" }))"),
        ("netstat -tln", "print(socket.list({ listening = true, proto = \"tcp\" }))"),
        (
            "ip link add g type geneve vni 5 remote fd00::2 tos 10 ttl auto noudpcsum",
            "link.add(\"g\", { kind = \"geneve\", geneve = { id = 5, remote6 = \"fd00::2\", tos = 16, udp_csum = false } })",
        ),
        (
            "ip link add v type vxlan id 5 dstport 0",
            "link.add(\"v\", { kind = \"vxlan\", vxlan = { id = 5 } })",
        ),
        (
            "ip link add link e name e.5 type vlan id 5 gvrp on ingress-qos-map 1:2 3:4 mvrp off",
            "link.add(\"e.5\", {\n  kind = \"vlan\",\n  link = \"e\",\n  vlan = { id = 5, gvrp = true, ingress_qos_map = { \"1:2\", \"3:4\" }, mvrp = false },\n})",
        ),
        (
            "ip link add nk1 type netkit mode l2 blackhole peer forward name nk2 netns 1",
            "link.add(\"nk1\", {\n  kind = \"netkit\",\n  netkit = { mode = \"l2\", policy = \"blackhole\", peer_policy = \"forward\" },\n  peer = { name = \"nk2\", ns = host },\n})",
        ),
        (
            "ip link set nk1 type netkit forward peer blackhole",
            "link.set(\"nk1\", { netkit = { policy = \"forward\", peer_policy = \"blackhole\" } })",
        ),
        (
            "ip link set b type bond mode 1 miimon 100 clear_active_slave",
            "proc.exec({ \"ip\", \"link\", \"set\", \"b\", \"type\", \"bond\", \"mode\", \"1\", \"miimon\", \"100\", \"clear_active_slave\" }, {\n  check = true,\n})",
        ),
        (
            "ip link set b type bond mode 1 miimon 100 arp_ip_target 10.0.0.1,10.0.0.2",
            "link.set(\"b\", { bond = { mode = \"1\", miimon = 0.1, arp_ip_target = \"10.0.0.1,10.0.0.2\" } })",
        ),
        (
            "ip link set g type gretap ttl inherit nokey encap gue encap-sport auto noencap-csum",
            "link.set(\"g\", {\n  gre = { ttl = \"inherit\", key = false, encap = \"gue\", encap_sport = \"auto\", encap_csum = false },\n})",
        ),
        ("sysctl -e net.no.such=1", "pcall(sysctl.set, \"net.no.such\", 1)"),
        ("sysctl -N net.ipv4.ip_forward", "try(proc.exec, { \"sysctl\", \"-N\", \"net.ipv4.ip_forward\" })"),
        (
            "ip addr del 10.0.0.1 dev x",
            "proc.exec({ \"ip\", \"addr\", \"del\", \"10.0.0.1\", \"dev\", \"x\" }, { check = true })",
        ),
        (
            "ip neigh show nud all",
            "print(neigh.list({\n  state = { \"incomplete\", \"reachable\", \"stale\", \"delay\", \"probe\", \"failed\", \"noarp\", \"permanent\" },\n}))",
        ),
        ("echo hi | nc -l 80", "try(proc.exec, { \"nc\", \"-l\", \"80\" }, { stdin = \"hi\\n\" })"),
        ("ip neigh flush all", "neigh.flush()"),
        (
            "ifconfig eth0:1 10.0.0.6/24",
            "addr.add(\"10.0.0.6/24\", { dev = \"eth0\", broadcast = \"10.0.0.255\", label = \"eth0:1\" })\nlink.set(\"eth0\", { up = true })",
        ),
        (
            "ip -b - <<EOF\nlink set lo up\nEOF",
            "proc.exec({ \"ip\", \"-b\", \"-\" }, { stdin = \"link set lo up\\n\", check = true })",
        ),
    ] {
        assert_eq!(lua(shell), want, "{shell}");
    }
}

#[test]
fn a_shell_runs_what_it_reads() {
    assert_eq!(
        lua("ip netns exec a bash <<EOF\nip l\nEOF\nip a"),
        "local a = namespace.get(\"a\")\nprint(a.link.list())\nprint(addr.list())"
    );
    assert_eq!(why("bash <file"), "what it runs is only known when the script runs");
}

#[test]
fn words_are_split_as_the_shell_does() {
    assert_eq!(
        lua("H=${H:-\"a b\"}\nfor h in $H; do ip netns add $h; done"),
        "local H = (os.getenv(\"H\") or \"a b\")\nfor h in H:gmatch(\"%S+\") do\n  namespace.add(h)\nend"
    );
    let several = |script: &str| {
        let why = why(script);
        assert!(why.ends_with("becomes several words when the script runs"), "{script}: {why}");
    };
    several("H=${H:-a b}\nip link add $H");
    several("for p in 'a b' 'c d'; do\n  ip link set $p\ndone");
    several("O='type dummy'\nif ip l; then O='type ifb'; fi\nip link add x $O");
    several("L=a,b\nIFS=,\nfor l in $L; do ip l; done");
    // None of these is split.
    for script in [
        "H=${H:-a b}\necho \"$H\"",
        "for p in a b; do ip link set $p up; done",
        "L='a b'\nfor l in $L; do ip link set $l up; done",
    ] {
        assert_eq!(why(script), "", "{script}");
    }
}

#[test]
fn what_is_changed_unseen_is_not_taken_for_known() {
    for script in [
        "B=br0\nif [ -n \"$1\" ]; then B=$1; fi\nip link del $B",
        "B=br0\n[ -n \"$1\" ] && B=$1\nip link del $B",
        "B=br0\nwhile read B; do ip l; done\nip link del $B",
        "f() { B=br1; }\nB=br0\nf\nip link del $B",
    ] {
        let code = code(script);
        assert!(code.ends_with("local B = \"br0\""), "{script}: {code}");
    }
    for script in [
        "N=1\ncase $1 in a) N=3;; esac\nip netns add a$N",
        "N=1\nread -p x N\nip netns add a$N",
        "N=1\nN+=x\nip netns add ${N:-a}",
        "N=1\nfor N in *; do break; done\nip netns add a$N",
        "N=5\n( N=6; ip link set lo mtu $N )\nip netns add a$N",
    ] {
        assert!(!code(script).contains("namespace.add"), "{script}: {}", code(script));
    }
    // What it sets is its own; what is set again is known again.
    assert!(code("B=br0\nf() { local B=1; }\nf\nip link del $B").ends_with("link.del(B)"));
    assert!(code("B=br0\nread B\nB=br1\nip link del $B").ends_with("link.del(B)"));
    assert!(code("B=$1\nip link del ${B:-br0}").ends_with("link.del((B or \"br0\"))"));
    assert!(code("B=\nip link del ${B:-br0}").ends_with("link.del(\"br0\")"));
    let gone = "the value of $1 is not known: set or shift changes it";
    assert_eq!(why("set -- a b\nip link del $1"), gone);
    assert_eq!(why("B=br0; shift\nip link del $1").as_str(), "shift: what it does is not known");
    assert!(!code("shift\nip link del $1").contains("link.del"));
    // A function has its own, and this sets a link.
    assert!(code("f() { shift; }\nip link set $1 up").contains("link.set(arg[1]"));
    assert_eq!(
        lua("i=1\n((i++))\nlet i+=2\necho $i"),
        "local i = 1\ni = i + 1\ni = i + 2\nprint(tostring(i))"
    );
}

#[test]
fn a_pipes_status_is_that_of_its_filter() {
    let unknown = "whether grep finds something is not known here";
    for script in [
        "ip netns | grep ns1 || ip netns add ns1",
        "ip addr show v | grep -w 10.0.0.1 && ip netns add up4",
        "if ip link show v | grep UP; then ip netns add n; fi",
        "ping -c1 10.0.0.1 | grep ' 0% packet loss' || exit 1",
    ] {
        assert_eq!(why(script), unknown, "{script}");
    }
    assert_eq!(
        lua("ip link set lo up && ip link | grep lo"),
        "link.set(\"lo\", { up = true })\nprint(link.list())"
    );
}

#[test]
fn what_may_fail_ends_nothing() {
    assert!(lua("set -e\nping -c1 9.9.9.9 || true").ends_with("try(ping, \"9.9.9.9\", { count = 1 })"));
    assert_eq!(lua("! ip link set nosuch up"), "pcall(link.set, \"nosuch\", { up = true })");
}

#[test]
fn a_loop_that_may_be_left_is_not_run_to_its_end() {
    let why = why("for i in 1 2; do\n  [ $i = 1 ] && continue\n  ip link del v$i\ndone");
    assert_eq!(why, "a loop with break or continue is not translated");
}

#[test]
fn prompts_of_all_sorts() {
    for prompt in ["$ ", "root@h:~# ", "[root@h ~]# ", "[u@h dir]$ "] {
        let source = format!("# T\n\n```\n{prompt}ip link\n1: lo: <LOOPBACK>\n```\n");
        assert_eq!(text(&source, "x.md").commands, 1, "{prompt}");
    }
}
