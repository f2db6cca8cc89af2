//! Shell scripts about the network, run twice: by a shell with the real programs, and translated by nsh. What stands
//! in the namespaces afterwards must be the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod faithful;
mod forms;
mod replayed;
#[path = "../witness/mod.rs"]
mod witness;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use witness::{Stage, by_shell, difference, dump_in_lua, dumped, in_path, text, witness_can_run};

/// What `nsh translate` says of a text.
fn translate(stage: &Stage, name: &str, source: &str) -> (String, Output) {
    let file = stage.0.join(name);
    fs::write(&file, source).unwrap();
    let output =
        Command::new(stage.0.join("nsh")).args(["translate", "--static"]).arg(&file).output().unwrap();
    (text(&output.stdout), output)
}

/// Translates the script and runs it by nsh.
fn by_nsh(name: &str, script: &str, ordinary: bool) -> Value {
    let stage = Stage::new(name);
    let (lua, output) = translate(&stage, "script.sh", script);
    assert_eq!(output.status.code(), Some(0), "{name}: {}\n{lua}", text(&output.stderr));
    let whole = format!("{lua}\n{}", dump_in_lua());
    let output = stage.run(&[], &whole, ordinary);
    assert_eq!(output.status.code(), Some(0), "{name}: {}\n{lua}", text(&output.stderr));
    dumped(&output.stdout)
}

fn same(name: &str, script: &str, witness: &str) {
    if !witness_can_run() {
        return;
    }
    let want = by_shell(witness);
    for ordinary in [false, true] {
        let got = by_nsh(name, script, ordinary);
        if let Some(place) = difference("", &want, &got) {
            panic!("{name}: the state differs at {place}");
        }
    }
    // And back again: the commands that `--echo` tells for the translation.
    let stage = Stage::new(&format!("{name}-echo"));
    let (lua, _) = translate(&stage, "script.sh", script);
    let output = stage.run(&["--echo"], &lua, true);
    let commands = text(&output.stdout);
    if let Some(place) = difference("", &want, &by_shell(&commands)) {
        panic!("{name}: the state differs at {place}\nafter\n{commands}");
    }
}

fn case(name: &str, script: &str) {
    same(name, script, script);
}

#[test]
fn veth_pairs_between_namespaces() {
    case(
        "veth",
        "ip netns add red\nip netns add blue\nip link add veth0 type veth peer name veth1\n\
         ip link set veth0 netns red\nip link set dev veth1 netns blue\n\
         ip netns exec red ip link set lo up\nip -n red link set veth0 up\nip -n blue l s veth1 up mtu 1400\n\
         ip netns exec red ip addr add 10.0.1.1/24 dev veth0\nip -n blue a add 10.0.1.2/24 brd + dev veth1\n\
         ip -n red addr add fd00::1/64 dev veth0 nodad\nip -n blue -6 addr add fd00::2/64 dev veth1 nodad\n\
         ip -n red route add default via 10.0.1.2\nip -n blue r a 10.9.0.0/16 via 10.0.1.1 src 10.0.1.2 metric 50\n",
    );
}

#[test]
fn ends_made_where_they_belong() {
    case(
        "placed",
        "ip netns add a; ip netns add b\n\
         ip link add eth0 netns a mtu 1300 address 02:00:00:00:00:01 type veth peer name eth0 netns b address 02:00:00:00:00:02\n\
         ip link add x0 netns a type veth peer name x1\n\
         ip link add near type veth peer name far mtu 1450 netns b && ip link set near alias 'a cable' txqueuelen 500 up\n\
         ip link add link near name mac0 address 02:00:00:00:00:03 type macvlan mode bridge\n\
         ip link set mac0 netns a name eth7\n\
         ip -n a link set eth7 promisc on arp off group 7\n",
    );
}

#[test]
fn policies_of_ipsec() {
    case(
        "xfrm",
        "ip xfrm policy add src 10.0.1.0/24 dst 10.0.2.0/24 dir out priority 3 tmpl src 192.0.2.1 dst 192.0.2.2 proto esp \
         reqid 7 mode tunnel\n\
         ip -4 x p add src any dst 10.0.3.0/24 proto udp sport 500 dport 500 dir in action block flag localok icmp\n\
         ip -6 xfrm policy add dir fwd mark 5 mask 0xf if_id 0x9 limit byte-hard 100 tmpl proto ah level use tmpl proto esp spi 0x100\n\
         ip xfrm policy update src 10.0.1.0/24 dst 10.0.2.0/24 dir out ptype main\n\
         ip xfrm policy add dst 10.4.0.0/16 dir fwd\nip xfrm policy delete dst 10.4.0.0/16 dir fwd\n\
         ip xfrm policy add dst 10.5.0.0/16 dir fwd\nip xfrm policy deleteall dst 10.5.0.0/16\n",
    );
}

#[test]
fn bridges_and_their_ports() {
    case(
        "bridge",
        "set -e\nip link add br0 type bridge stp_state 1 forward_delay 400 ageing_time 30000 priority 4096\n\
         ip link set br0 up\nip addr add 192.168.1.1/24 dev br0\n\
         for i in 1 2 3; do\n  ip netns add ns$i\n  ip link add veth$i type veth peer name ceth$i\n\
         \x20 ip link set veth$i master br0\n  ip link set veth$i up\n  ip link set ceth$i netns ns$i\n\
         \x20 ip netns exec ns$i ip link set ceth$i up\n  ip netns exec ns$i ip addr add 192.168.1.$((i + 10))/24 dev ceth$i\n\
         \x20 ip netns exec ns$i ip route add default via 192.168.1.1\ndone\n\
         bridge link set dev veth1 cost 10 isolated on learning off\nip link set veth2 type bridge_slave hairpin on priority 5\n\
         ip link set veth3 nomaster\nbridge fdb add 02:00:00:00:00:09 dev veth1 master static\n\
         bridge fdb add 02:00:00:00:00:0a dev veth2\n\
         ip link set br0 type bridge mcast_snooping 0 hello_time 300 max_age 1000\n",
    );
}

#[test]
fn routes_of_all_kinds() {
    case(
        "routes",
        "ip link add a0 type veth peer name b0\nip link set a0 up; ip link set b0 up\n\
         ip addr add 10.0.1.1/24 dev a0\nip addr add 10.0.2.1/24 dev b0 label b0:1 scope link\nip addr add fd00:1::1/64 dev a0 nodad\n\
         ip addr add 10.0.3.1 peer 10.0.3.2 dev a0\n\
         ip addr add 10.7.0.1/24 dev a0 valid_lft 5000 preferred_lft 4000 noprefixroute\n\
         ip route add default via 10.0.1.254 dev a0 metric 100\nip route add 10.9/16 via 10.0.1.2\n\
         ip route add blackhole 10.10.0.0/16\nip route add unreachable 10.11.0.0/16 metric 7\nip r add prohibit 10.12.0.1\n\
         ip route add 10.13.0.0/16 dev b0 scope link proto static src 10.0.2.1 mtu 1300 advmss 1200\n\
         ip route add 10.14.0.0/16 nexthop via 10.0.1.2 weight 2 nexthop via 10.0.2.2 dev b0 onlink\n\
         ip route add 10.15.0.0/16 via 10.0.1.2 table 100\nip route add throw 10.16.0.0/16 table 100\n\
         ip route add 172.16.0.0/12 via 172.16.0.1 dev a0 onlink\n\
         ip -6 route add default via fd00:1::2 metric 50\nip route add fd00:9::/64 via fd00:1::3\nip -6 route add fd00:8::/64 dev a0\n\
         ip route replace 10.9.0.0/16 via 10.0.1.3\nip route add 10.17.0.0/16 dev a0; ip route del 10.17.0.0/16\n\
         ip route add 10.18.0.0/16 dev a0 proto bird; ip route flush proto bird\n\
         ip rule add from 10.0.2.0/24 table 100 pref 1000\nip rule add fwmark 0x7/0xff lookup main priority 1001\n\
         ip -6 rule add to fd00:9::/64 prohibit pref 1002\nip rule add not iif a0 table 100 pref 1003; ip rule del pref 1003\n\
         ip neigh add 10.0.1.9 lladdr 02:00:00:00:00:09 dev a0\nip neigh add fd00:1::9 lladdr 02:00:00:00:00:0a dev a0 nud permanent router\n\
         ip neigh replace 10.0.1.8 lladdr 02:00:00:00:00:08 dev a0 nud noarp\nip neigh add proxy 10.0.1.77 dev a0\n\
         ip neigh add 10.0.1.7 lladdr 02:00:00:00:00:07 dev a0; ip neigh del 10.0.1.7 dev a0\n",
    );
}

#[test]
fn what_is_taken_away_again() {
    case(
        "removal",
        "ip netns del gone 2>/dev/null || true\nip netns add gone\nip netns add kept\nip link add v0 type veth peer name v1 netns gone\n\
         ip link add v2 type veth peer name v3 netns kept\nip addr add 10.0.0.1/24 dev v2\nip addr add 10.0.0.2/24 dev v2\n\
         ip addr del 10.0.0.2/24 dev v2\nip link set v2 up\nip link set v2 down\nip netns add again; ip -n again link set lo up; ip netns del again; ip netns add again\n\
         ip netns exec again ip addr add 10.1.0.1/24 dev lo\nip link add br9 type bridge; ip link del br9\n\
         ip addr add 10.4.0.1/24 dev v2; ip addr flush dev v2\nip addr replace 10.5.0.1/24 dev v2\nip link del v0\n",
    );
}

#[test]
fn sysctls_in_their_namespaces() {
    case(
        "sysctl",
        "ip netns add a\nsysctl -w net.ipv4.ip_forward=1\nsudo() { \"$@\"; }\nip netns exec a sysctl -q -w net.ipv6.conf.all.forwarding=1\n\
         echo 2 > /proc/sys/net/ipv4/conf/all/rp_filter\nip netns exec a sh -c 'echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter'\n\
         sysctl -w 'net.ipv4.tcp_rmem=4096 87380 6291456'\necho 1 | tee /proc/sys/net/ipv6/conf/all/forwarding >/dev/null\n"
            .replace("sudo() { \"$@\"; }\n", "")
            .as_str(),
    );
}

#[test]
fn tunnels() {
    case(
        "tunnels",
        "ip link add u0 type veth peer name u1\nip addr add 10.0.0.1/24 dev u0\nip link set u0 up\n\
         ip link add vx0 address 02:00:00:00:00:11 type vxlan id 42 dev u0 remote 10.0.0.2 local 10.0.0.1 dstport 4789 nolearning ttl 7\n\
         ip link add vx1 type vxlan id 43 remote fd00::2 dstport 4790 noudpcsum ageing 60\n\
         ip link set vx0 up\nbridge fdb add 02:00:00:00:00:12 dev vx0 dst 10.0.0.3 port 4800 vni 44\nip link add ifb9 type ifb\n",
    );
}

#[test]
fn loops_and_variables() {
    case(
        "loops",
        "BR=br0\nNET=10.1\nN=3\nMTU=1400\nRUN=\"ip netns exec ns1\"\nip link add $BR type bridge\nip link set dev ${BR} mtu $MTU up\n\
         for i in $(seq 1 $N); do\n  ip netns add ns$i # a host\n  ip link add v$i type veth peer name eth0 netns ns$i\n\
         \x20 ip link set v$i master $BR up\n  ip -n ns$i addr add ${NET}.0.$((i * 2 + 1))/24 dev eth0\ndone\n\
         $RUN ip link set eth0 mtu $((1300))\nfor ns in ns1 ns2; do ip -n $ns link set lo up; done\n\
         for f in a b; do ip addr add 10.7.$((N + 1)).1/32 dev lo label lo:$f; ip addr del 10.7.4.1/32 dev lo; done\n"
            .replace("$((1300))", "1300")
            .as_str(),
    );
}

#[test]
fn nat_is_what_nft_would_say() {
    let ensure = |chain: &str, hook: &str, priority: i32| {
        format!(
            "add chain inet nsh nat_{chain} {{ type nat hook {hook} priority {priority}; policy accept; }}\n"
        )
    };
    let witness = format!(
        "nft -f - <<'EOF'\nadd table inet nsh\n{}{}\
         add rule inet nsh nat_postrouting ip saddr 192.168.1.0/24 oifname != \"br0\" counter masquerade\n\
         add rule inet nsh nat_postrouting ip saddr 10.0.0.0/8 oifname \"eth0\" counter snat ip to 203.0.113.1\n\
         add rule inet nsh nat_prerouting ip daddr 192.168.184.131 tcp dport 3000 counter dnat ip to 192.168.1.10:3000\n\
         add rule inet nsh nat_prerouting iifname != \"br0\" udp dport {{ 53, 5353, 8000-8010 }} counter dnat ip to 10.0.0.1\n\
         add rule inet nsh nat_prerouting meta nfproto ipv4 tcp dport 80 counter redirect to :8080\n\
         insert rule inet nsh nat_postrouting ip saddr 10.9.0.0/16 ip daddr 10.9.0.0/16 counter return\n\
         add rule inet nsh nat_postrouting ip6 saddr fd00::/64 oifname \"eth*\" counter masquerade\n\
         EOF\n",
        ensure("postrouting", "postrouting", 100),
        ensure("prerouting", "prerouting", -100),
    );
    same(
        "nat",
        "sudo iptables -t nat -A POSTROUTING -s 192.168.1.0/24 ! -o br0 -j MASQUERADE\n\
         iptables -t nat -A POSTROUTING -s 10.1.2.3/255.0.0.0 -o eth0 -j SNAT --to-source 203.0.113.1\n\
         iptables -t nat -A PREROUTING -d 192.168.184.131 -p tcp -m tcp --dport 3000 -j DNAT --to-destination 192.168.1.10:3000\n\
         iptables -t nat -A PREROUTING ! -i br0 -p udp -m multiport --dports 53,5353,8000:8010 -j DNAT --to-destination 10.0.0.1\n\
         iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\n\
         iptables -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8081\n\
         iptables -t nat -D PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8081\n\
         iptables -t nat -I POSTROUTING -s 10.9.0.0/16 -d 10.9.0.0/16 -j RETURN\n\
         ip6tables -t nat -A POSTROUTING -s fd00::/64 -o eth+ -j MASQUERADE\n",
        &witness,
    );
}

#[test]
fn filters_are_what_nft_would_say() {
    let witness = "nft -f - <<'EOF'\nadd table ip filter\n\
        add chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }\n\
        add rule ip filter FORWARD iifname \"br0\" oifname != \"eth0\" counter accept\n\
        add rule ip filter FORWARD ct state established,related counter accept\n\
        add rule ip filter FORWARD ip saddr 10.0.0.0/24 tcp dport { 22, 8000-8010 } counter reject with tcp reset comment \"no ssh\"\n\
        add rule ip filter FORWARD icmp type echo-request limit rate 5/second burst 5 packets counter drop\n\
        add chain ip filter MINE\nadd rule ip filter MINE counter return\n\
        add rule ip filter FORWARD meta l4proto udp counter jump MINE\n\
        EOF\n";
    same(
        "filter",
        "iptables -F\niptables -X\niptables -P FORWARD DROP\niptables -A FORWARD -i br0 ! -o eth0 -j ACCEPT\n\
         iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n\
         iptables -A FORWARD -s 10.0.0.7/24 -p tcp -m multiport --dports 22,8000:8010 -m comment --comment 'no ssh' -j REJECT --reject-with tcp-reset\n\
         iptables -A FORWARD -p icmp --icmp-type echo-request -m limit --limit 5/s -j DROP\n\
         iptables -N MINE\niptables -A MINE -j RETURN\niptables -A FORWARD -p udp -j MINE\n",
        witness,
    );
}

/// What the comparisons above rest on.
#[test]
fn one_changed_detail_is_seen() {
    if !witness_can_run() {
        return;
    }
    let script = |changed: Option<usize>| {
        let details = [
            ("ip link add br0 type bridge ageing_time 30000", "ip link add br0 type bridge ageing_time 3000"),
            (
                "ip link add a0 mtu 1400 type veth peer name a1",
                "ip link add a0 mtu 1401 type veth peer name a1",
            ),
            ("ip link set a0 up", "ip link set a0 down"),
            ("ip link set a1 master br0", "ip link set a1 nomaster"),
            ("ip addr add 10.0.0.1/24 dev a0 label a0:x", "ip addr add 10.0.0.1/24 dev a0"),
            ("ip link set a1 up", "ip link set a1 up promisc on"),
            ("ip link set br0 up", "ip link set br0 up alias x"),
            ("ip rule add from 10.0.0.1 table 5 pref 9", "ip rule add from 10.0.0.1 table 6 pref 9"),
            (
                "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:01 dev br0",
                "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:02 dev br0",
            ),
            (
                "bridge fdb add 02:00:00:00:00:01 dev a1 master static || true",
                "bridge fdb add 02:00:00:00:00:02 dev a1 master static || true",
            ),
            ("ip route add blackhole 10.9.0.0/16 metric 3", "ip route add blackhole 10.9.0.0/16 metric 4"),
            ("nft add table ip x", "nft add table ip6 x"),
            ("sysctl -q -w net.ipv4.ip_forward=1", "sysctl -q -w net.ipv4.ip_forward=0"),
        ];
        let lines = details
            .iter()
            .enumerate()
            .map(|(i, (one, other))| if changed == Some(i) { *other } else { *one });
        (lines.collect::<Vec<_>>().join("\n"), details.len())
    };
    let (first, count) = script(None);
    let want = by_shell(&first);
    assert_eq!(difference("", &want, &by_shell(&first)), None);
    for changed in 0..count {
        let (other, _) = script(Some(changed));
        assert!(difference("", &want, &by_shell(&other)).is_some(), "{other}");
    }
}

/// Rules as iptables' own translator writes them, where it is installed.
#[test]
fn rules_are_those_of_iptables_translate() {
    if !in_path("iptables-translate") {
        eprintln!("skipped: iptables-translate is not installed");
        return;
    }
    let rules = [
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -p tcp --dport 22 -m state --state NEW -j ACCEPT",
        "-A FORWARD -s 10.0.0.0/24 ! -d 10.0.0.0/24 -o eth+ -j DROP",
        "-A FORWARD -p tcp --sport 1024: --dport :80 -j ACCEPT",
        "-A INPUT -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT",
        "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 -j REJECT",
        "-A INPUT -m addrtype --dst-type LOCAL -j RETURN",
        "-A INPUT -p tcp -s 10.0.0.1 -j REJECT --reject-with icmp-host-prohibited --dport 7",
    ];
    for rule in rules {
        let output = Command::new("iptables-translate").args(rule.split(' ')).output().unwrap();
        let said = text(&output.stdout);
        let want = said.trim().trim_start_matches("nft ").trim_matches('\'').to_owned();
        let lua = nsh::shell::text(&format!("iptables {rule}"), "x.sh").lua;
        assert!(lua.contains(&want), "{rule}\n{want}\n{lua}");
    }
}

#[test]
fn the_page_says_what_is_printed() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/translate.md")).unwrap();
    let session = |number: usize| {
        page.split("```console\n$ cat lab.sh\n").nth(number).unwrap().split("```").next().unwrap()
    };
    if in_path("ip") && in_path("bash") {
        let (script, printed) = session(1).split_once("$ nsh translate lab.sh\n").unwrap();
        let stage = Stage::new("page-run");
        let (lua, output) = replayed::translate(&stage, script, &[], true);
        assert_eq!(lua, printed);
        assert!(text(&output.stderr).contains("equal on this path"), "{}", text(&output.stderr));
    }
    let (script, printed) = session(2).split_once("$ nsh translate --static lab.sh\n").unwrap();
    let stage = Stage::new("page");
    let (lua, output) = translate(&stage, "lab.sh", script);
    assert_eq!(lua + &text(&output.stderr), printed);
}

#[test]
fn the_command_line() {
    let stage = Stage::new("command");
    let nsh = |arguments: &[&str], input: &str| {
        let mut command = Command::new(stage.0.join("nsh"));
        command.arg("translate").args(arguments).current_dir(&stage.0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (status, out, err) = nsh(&["-"], "ip link\n");
    assert_eq!((status, err.as_str()), (0, "1 of 1 commands translated\n"));
    assert_eq!(out, "-- Translated from stdin by nsh translate.\n\nprint(link.list())\n");
    let (status, out, err) = nsh(&["-", "-o", "out.lua"], "ip link\nrm x\n");
    assert_eq!((status, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "-:2: not translated: rm x\n  rm: what it does is not known\n1 of 2 commands translated\n"
    );
    assert!(fs::read_to_string(stage.0.join("out.lua")).unwrap().contains("-- rm x\n"));
    for wrong in [
        &["nothing.sh"][..],
        &["-", "-o", "no-such-directory/x"],
        &[],
        &["a", "b"],
        &["-", "b"],
        &["--static", "a.sh", "b"],
    ] {
        let (status, out, err) = nsh(wrong, "ip link\n");
        assert_eq!((status, out.as_str()), (2, ""), "{wrong:?}");
        assert!(err.starts_with("nsh: ") && err.lines().count() == 1, "{err}");
    }
    // Bytes that are no text, a Windows file, an empty one.
    assert_eq!(nsh(&["-"], "ip link\r\nip addr\r\n").1.lines().count(), 4);
    assert_eq!(nsh(&["-"], "").0, 0);
}

#[test]
fn no_variable_hides_a_module() {
    for name in nsh::lua::modules::MODULES.0.iter().map(|entry| entry.name).filter(|name| !name.contains('.'))
    {
        assert!(nsh::shell::is_taken(name), "{name}");
    }
}

#[test]
fn the_commands_of_a_tutorial_run() {
    let name = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/translate/tutorial.md");
    let source = fs::read_to_string(name).unwrap();
    for ordinary in [false, true] {
        let stage = Stage::new(if ordinary { "user" } else { "root" });
        let (lua, output) = translate(&stage, "tutorial.md", &source);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let ran = stage.run(&[], &lua, ordinary);
        assert_eq!(ran.status.code(), Some(0), "{}\n{lua}", text(&ran.stderr));
        let out = text(&ran.stdout);
        assert!(out.contains("2 packets transmitted, 2 received"), "{out}");
        assert!(out.contains("Directory listing for /"), "{out}");
    }
}
