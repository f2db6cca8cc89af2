//! Scripts that are run, become Lua of what they did, and are compared: as root, and as an ordinary user.

use std::fs;
use std::process::Output;

use super::witness::{Stage, by_shell, difference, dump_in_lua, dumped, in_path, text, witness_can_run};

pub fn translate(stage: &Stage, script: &str, arguments: &[&str], ordinary: bool) -> (String, Output) {
    fs::write(stage.0.join("lab.sh"), script).unwrap();
    let output = stage.nsh(ordinary).args(["translate", "lab.sh"]).args(arguments).output().unwrap();
    (text(&output.stdout), output)
}

fn told(output: &Output) -> String {
    text(&output.stderr)
}

/// The translation of a script makes what the real programs make, and nsh says so.
fn faithful(name: &str, script: &str) -> String {
    let stage = Stage::new(name);
    fs::write(stage.0.join("lab.sh"), script).unwrap();
    let shell = script.lines().next().unwrap().trim_start_matches("#!/bin/");
    let want = by_shell(&format!("{shell} {}/lab.sh", stage.0.display()));
    let mut all = String::new();
    for ordinary in [false, true] {
        let (lua, output) = translate(&stage, script, &[], ordinary);
        assert_eq!(output.status.code(), Some(0), "{name}: {}\n{lua}", told(&output));
        assert!(told(&output).contains("lab.sh: equal on this path, on this kernel: "), "{}", told(&output));
        let run = stage.run(&[], &format!("{lua}\n{}", dump_in_lua()), ordinary);
        assert_eq!(run.status.code(), Some(0), "{name}: {}\n{lua}", text(&run.stderr));
        if let Some(place) = difference("", &want, &dumped(&run.stdout)) {
            panic!("{name}: the state differs at {place}\n{lua}");
        }
        all = lua;
    }
    all
}

#[test]
fn what_no_parser_can_tell_is_translated() {
    if !witness_can_run() {
        return;
    }
    let lua = faithful(
        "shells",
        "#!/bin/bash
set -eu
declare -A address=([red]=10.0.0.1 [blue]=10.0.0.2)
# A host, and its cable
host() {
  local ns=$1
  ip netns add \"$ns\"
  ip link add \"v-$ns\" type veth peer name eth0 netns \"$ns\"
  ip -n \"$ns\" addr add \"${address[$ns]}/24\" dev eth0
  case $ns in red) ip netns exec red bash -c 'ip link set eth0 up' ;; *) /sbin/ip -n $ns link set lo up ;; esac
}
for ns in red blue; do host $ns; done
if ip link show v-red | grep -q DOWN; then ip link set v-red mtu $((1500 - 100)); else ip link del v-red; fi
n=0; while [ $n -lt 2 ]; do ip link add d$n type bridge; n=$((n + 1)); done
echo 1 > /proc/sys/net/ipv4/ip_forward
ip netns exec blue sysctl -q -w net.ipv4.conf.all.rp_filter=2
printf 'link set d0 up\\naddr add 10.9.0.1/16 dev d0\\n' | ip -batch -
ip route show | while read -r line; do :; done
ip link add d0 type bridge 2> /dev/null || echo \"there: $n\"",
    );
    for line in [
        "-- A host, and its cable\nlocal red = namespace.add(\"red\")\n",
        "red.addr.add(\"10.0.0.1/24\", { dev = \"eth0\" })",
        "link.set(\"v-red\", { mtu = 1400 })",
        "sysctl.set(\"net.ipv4.ip_forward\", 1)",
        "blue.sysctl.set(\"net.ipv4.conf.all.rp_filter\", 2)",
        "-- status 2: ip link add d0 type bridge\nprint(\"there: 2\")",
    ] {
        assert!(lua.contains(line), "{line}\n{lua}");
    }
    assert!(!lua.contains("never ran"), "{lua}");
}

#[test]
fn scripts_of_other_shells_too() {
    if !witness_can_run() || !in_path("dash") {
        return;
    }
    let lua = faithful(
        "dash",
        "#!/bin/dash
f() { ip link add $1 type bridge; }
f a; f b
ip netns add ns1
ip netns exec ns1 sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
cat <<EOF | ip netns exec ns1 nft -f -
table ip t {
  chain c {
    type filter hook input priority 0
    counter accept
  }
}
EOF",
    );
    assert!(
        lua.contains("ns1.nft.load([[") && lua.contains("ns1.sysctl.set(\"net.ipv4.ip_forward\", 1)"),
        "{lua}"
    );
}

#[test]
fn what_a_script_cleans_up_was_compared() {
    if !in_path("ip") || !in_path("bash") {
        return;
    }
    let stage = Stage::new("clean");
    let script = "#!/bin/bash\nip link add a1 type bridge\nip addr add 10.0.0.1/24 dev a1\nip link del a1\nif false; then\nip link add b1 type bridge\nfi";
    let (lua, output) = translate(&stage, script, &[], true);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        told(&output).contains("equal on this path, on this kernel: 2 links, 3 addresses"),
        "{}",
        told(&output)
    );
    assert!(told(&output).contains("compared at 2 points"), "{}", told(&output));
    assert!(
        lua.contains("-- Lines that never ran, and are not translated:\n-- 6: ip link add b1 type bridge\n"),
        "{lua}"
    );
}

#[test]
fn what_differs_is_shown() {
    if !in_path("ip") || !in_path("bash") {
        return;
    }
    let stage = Stage::new("differs");
    // The Lua has no file that the program could read.
    let script = "#!/bin/bash\necho 'link add a1 type bridge' > file\nip -force -batch file\nunshare -n ip link add b1 type bridge\n\
                  cp \"$(command -v ip)\" tool; ./tool link add c1 type bridge; rm tool";
    let (lua, output) = translate(&stage, script, &[], true);
    assert_eq!(output.status.code(), Some(1), "{}\n{lua}", told(&output));
    assert!(told(&output).contains("its namespace has no name"), "{}", told(&output));
    assert!(
        told(&output).contains("lab.sh: the Lua does not make what the script makes\n"),
        "{}",
        told(&output)
    );
    assert!(told(&output).contains("\nthe replay ended before its end\n"), "{}", told(&output));
    assert!(lua.contains("link.add(\"a1\", { kind = \"bridge\" })"), "{lua}");
}

/// Nothing of the recording stands between what a script shows, and a loop that runs nothing is no flood.
#[test]
fn recording_is_not_seen() {
    if !in_path("ip") || !in_path("bash") {
        return;
    }
    let stage = Stage::new("unseen");
    let script = "#!/bin/bash\nset -x\nip link add a1 type bridge\necho \"$_\"\nset +x\nfor ((i = 0; i < 12000; i++)); do :; done\n\
                  ip link set a1 up\nif false; then\nip link add b1 type bridge\nfi";
    let (lua, output) = translate(&stage, script, &[], true);
    assert_eq!(output.status.code(), Some(0), "{}\n{lua}", told(&output));
    assert!(
        told(&output).starts_with("+ ip link add a1 type bridge\n+ echo bridge\nbridge\n+ set +x\n"),
        "{}",
        told(&output)
    );
    assert!(told(&output).contains("it runs too many lines to tell which never ran"), "{}", told(&output));
    assert!(!told(&output).contains("with commands never ran"), "{}", told(&output));
}

/// What a loop has done is a loop again, with the script's comments, and is compared at the same places.
#[test]
fn runs_that_count_are_loops() {
    if !witness_can_run() {
        return;
    }
    let lua = faithful(
        "loops",
        "#!/bin/bash
ip link add br0 type bridge
for i in 1 2 3; do
  ip link del v$i 2> /dev/null
  # One host
  ip netns add h$i
  ip link add v$i type veth peer name eth0 netns h$i
  ip link set v$i master br0 mtu 140$i
  ip -n h$i addr add 10.0.0.$((i + 10))/24 dev eth0
done
ip -n h2 link set lo up
for i in 1 2 3; do ip -n h$i link set eth0 up; done
for i in 30 20 10; do ip netns add x$i; ip -n x$i link set lo up; done
for i in 1 2 3 4 5 6 7 8 9; do ip link add d$i type bridge; ip link del d$i; done
for i in 08 09 10; do ip link add e$i type bridge; done
for i in 1 2 4; do ip rule add from 10.$i.0.0/16 table $i; done",
    );
    let loops = "local h = {}
for i = 1, 3 do
  -- status 1: ip link del v1
  -- One host
  h[i] = namespace.add(\"h\" .. i)
  link.add(\"v\" .. i, { kind = \"veth\", peer = { name = \"eth0\", ns = h[i] } })
  link.set(\"v\" .. i, { master = \"br0\", mtu = i + 1400 })
  h[i].addr.add(\"10.0.0.\" .. (i + 10) .. \"/24\", { dev = \"eth0\" })
end
h[2].link.set(\"lo\", { up = true })
for i = 1, 3 do
  h[i].link.set(\"eth0\", { up = true })
end
for i = 30, 10, -10 do
  local x = namespace.add(\"x\" .. i)
  x.link.set(\"lo\", { up = true })
end
for i = 1, 9 do
  link.add(\"d\" .. i, { kind = \"bridge\" })
  link.del(\"d\" .. i)
end
link.add(\"e08\", ";
    assert!(lua.contains(loops), "{lua}");
    assert!(!lua.contains("rule.add({ from = \"10.\" .."), "{lua}");
}

/// A deleted namespace's links may or may not be gone yet, veths have numbers, and ifconfig gives broadcast addresses.
#[test]
fn what_is_chance_makes_no_difference() {
    if !witness_can_run() || !in_path("ifconfig") {
        return;
    }
    let lua = faithful(
        "chance",
        "#!/bin/bash\nip netns add a\nip link add v0 type veth peer name v1\nip link set v1 netns a\n\
         ip link add d1 type veth peer name d2\nip link set d1 netns a\nip netns exec a ip link set d1 up\n\
         ip netns add b\nip link add w0 type veth peer name w1\nip link set w1 netns b\n\
         ifconfig d2 10.0.0.1\nip netns del b\nip link del w0 || true\nip link del v0",
    );
    assert!(
        lua.contains("addr.add(\"10.0.0.1/8\", { dev = \"d2\", broadcast = \"10.255.255.255\" })"),
        "{lua}"
    );
    assert!(lua.contains("pcall(link.del, \"v0\")"), "{lua}");
}

#[test]
fn arguments_are_the_scripts() {
    if !in_path("ip") {
        return;
    }
    let stage = Stage::new("arguments");
    let (lua, output) = translate(&stage, "ip link add \"$1\" type bridge\n", &["a1"], true);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(lua.ends_with("\nlink.add(\"a1\", { kind = \"bridge\" })\n"), "{lua}");
}

/// Rules of iptables are compared, in their order, with what stands for them.
#[test]
fn rules_of_iptables_are_compared() {
    if !in_path("iptables-nft") || !in_path("bash") {
        return;
    }
    let stage = Stage::new("iptables");
    let mut script = "#!/bin/bash
ip netns add r
ip netns exec r iptables-nft -P FORWARD DROP
ip netns exec r iptables-nft -A FORWARD -p tcp -m multiport --dports 443,80 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
ip netns exec r iptables-nft -I FORWARD -i a -j MY || ip netns exec r iptables-nft -N MY
ip netns exec r iptables-nft -I FORWARD -i a -j MY
ip netns exec r iptables-nft -A MY -m limit --limit 5/min -j LOG --log-prefix 'my: '
ip netns exec r ip6tables-nft -A INPUT -p icmpv6 -j ACCEPT
ip netns exec r iptables-nft -t nat -A POSTROUTING -o b -j MASQUERADE
ip netns exec r iptables-nft -t nat -A OUTPUT -p udp --dport 53 -j DNAT --to-destination 10.0.0.1:54
"
    .to_owned();
    let (lua, output) = translate(&stage, &script, &[], true);
    assert_eq!(output.status.code(), Some(0), "{}\n{lua}", told(&output));
    assert!(told(&output).contains(" 10 rules, 6 of iptables\n"), "{}", told(&output));
    assert!(lua.contains("r.nat.masquerade(") && !lua.contains("proc.exec"), "{lua}");

    // What can't be said leaves all to the program, which finds what it has made itself.
    script.push_str(
        "ip netns exec r iptables-nft -D FORWARD -i a -j MY\n\
         ip netns exec r iptables-nft -A INPUT -m recent --name x --set -j DROP\n\
         iptables-nft -A INPUT -j ACCEPT\niptables-nft -C INPUT -j ACCEPT",
    );
    let (lua, output) = translate(&stage, &script, &[], true);
    assert_eq!(output.status.code(), Some(0), "{}\n{lua}", told(&output));
    assert!(told(&output).contains("; of 1 rules of iptables nft doesn't show all"), "{}", told(&output));
    assert!(!lua.contains("r.nft.load") && lua.contains("nft.load") && !lua.contains("-C"), "{lua}");
    let run =
        stage.run(&[], &format!("{lua}\nio.write(r.proc.exec('iptables-nft-save -t filter').stdout)"), true);
    let saved = text(&run.stdout);
    let rules: Vec<&str> = saved.lines().filter(|line| line.starts_with("-A")).collect();
    assert_eq!(
        rules,
        [
            "-A INPUT -m recent --set --name x --mask 255.255.255.255 --rsource -j DROP",
            "-A FORWARD -p tcp -m multiport --dports 443,80 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "-A MY -m limit --limit 5/min -j LOG --log-prefix \"my: \"",
        ],
        "{saved}\n{}",
        text(&run.stderr)
    );
}

/// nft doesn't know of those that iptables-legacy made.
#[test]
fn rules_of_iptables_legacy_are_compared_too() {
    let there = "iptables-legacy -A INPUT -j ACCEPT && iptables-legacy -t nat -A POSTROUTING -j MASQUERADE";
    let works = std::process::Command::new("unshare").args(["-Urn", "sh", "-c", there]).output();
    if !works.is_ok_and(|output| output.status.success())
        || !in_path("bash")
        || !in_path("iptables-nft-restore")
    {
        return;
    }
    let stage = Stage::new("legacy");
    let script = "#!/bin/bash
ip netns add r
ip netns exec r iptables-legacy -t nat -A POSTROUTING -s 10.0.0.0/8 ! -o a -j MASQUERADE
ip netns exec r iptables-legacy -A INPUT -p tcp --dport 22 -j DROP
ip6tables-legacy -A INPUT -p udp -j DROP
ip6tables-legacy -A INPUT -p tcp -j DROP
ip6tables-legacy -D INPUT -p tcp -j DROP";
    let (lua, output) = translate(&stage, script, &[], true);
    assert_eq!(output.status.code(), Some(0), "{}\n{lua}", told(&output));
    assert!(told(&output).contains(", 4 of iptables"), "{}", told(&output));
    assert!(
        lua.contains("proc.exec({ \"ip6tables-legacy\", \"-D\"") && lua.contains("r.nat.masquerade("),
        "{lua}"
    );
}

/// A fragment goes on in a lab that another script makes, which stands in its translation as little as in itself.
#[test]
fn a_fragment_goes_on_in_the_lab_of_another() {
    if !in_path("ip") || !in_path("bash") {
        return;
    }
    let stage = Stage::new("after");
    fs::write(
        stage.0.join("lab.lua"),
        "local red = namespace.add('red')
         link.add('v0', { kind = 'veth', up = true, addr = '10.0.0.1/24', peer = { name = 'eth0', ns = red, up = true, addr = '10.0.0.2/24' } })
         print('made')",
    )
    .unwrap();
    fs::write(stage.0.join("lab2.sh"), "ip netns add red; ip link add v0 type bridge; ip -n red link set lo up; ip -n red addr add 10.0.0.2/24 dev lo\n").unwrap();
    fs::write(stage.0.join("fails.sh"), "exit 3\n").unwrap();
    let script = "#!/bin/bash\nip link set v0 mtu 1400\nip netns exec red ip route add 10.1.0.0/16 via 10.0.0.2\n[ -n \"$1\" ]";
    for (lab, links) in [("lab.lua", 4), ("lab2.sh", 3)] {
        let (lua, output) = translate(&stage, script, &["x", "--after", lab], true);
        assert_eq!(output.status.code(), Some(0), "{}\n{lua}", told(&output));
        assert!(told(&output).contains(&format!("on this kernel: {links} links")), "{}", told(&output));
        assert!(
            lua.contains("link.set(\"v0\", { mtu = 1400 })")
                && !lua.contains(".add(\"v0\"")
                && !lua.contains("made"),
            "{lua}"
        );
    }
    let (_, output) = translate(&stage, script, &["x", "--after", "fails.sh"], true);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("nsh: --after fails.sh: it ended with status 3\n"), "{}", told(&output));
}

/// Files that a program is given go with it, as it saw them.
#[test]
fn files_of_programs_go_along() {
    if !in_path("ip") || !in_path("bash") || !in_path("perl") {
        return;
    }
    let stage = Stage::new("files");
    let read = "perl -e 'open(F, $ARGV[0] =~ s/.*=//r) or exit 3; exit !-s F' --";
    let script = format!(
        "#!/bin/bash\nmkdir -p /etc/netns/red/daemon /etc/daemon\necho one > /etc/netns/red/daemon/conf\n\
         echo other > /etc/daemon/conf\nip netns add red\nip netns exec red {read} /etc/daemon/conf\n\
         printf 'a\\nb' > mine\n{read} --conf=mine\nperl -e 1 /proc/net/dev"
    );
    let (lua, output) = translate(&stage, &script, &[], true);
    assert_eq!(output.status.code(), Some(0), "{}\n{lua}", told(&output));
    assert!(lua.contains("files = { [\"/etc/daemon/conf\"] = [[\none\n]] }"), "{lua}");
    assert!(lua.contains("/mine\"] = [[\na\nb]] }"), "{lua}");
    assert!(!lua.contains("/proc/net/dev\"] ="), "{lua}");
}
