//! The commands that `--echo` prints: a shell that is given them as root in an empty network namespace must build what
//! the script built.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../witness/mod.rs"]
mod witness;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use witness::{Stage, by_shell, difference, dump_in_lua, dumped, text, witness_can_run};

/// Runs the script, then what it printed of commands, and compares what stands there.
fn same(name: &str, lua: &str) {
    if !witness_can_run() {
        return;
    }
    let stage = Stage::new(name);
    let ran = stage.run(&[], &format!("{lua}\n{}", dump_in_lua()), false);
    assert_eq!(ran.status.code(), Some(0), "{name}: {}", text(&ran.stderr));
    let want = dumped(&ran.stdout);
    for ordinary in [false, true] {
        let echoed = stage.run(&["--echo"], lua, ordinary);
        assert_eq!(echoed.status.code(), Some(0), "{name}: {}", text(&echoed.stderr));
        let commands = text(&echoed.stdout);
        if let Some(place) = difference("", &want, &by_shell(&commands)) {
            panic!(
                "{name}: the state differs (shell: the script's, nsh: the commands') at {place}\nafter\n{commands}"
            );
        }
    }
}

#[test]
fn links() {
    same("links", include_str!("links.lua"));
}

#[test]
fn shapes() {
    same("shapes", include_str!("shapes.lua"));
}

#[test]
fn bridges() {
    same("bridges", include_str!("bridges.lua"));
}

#[test]
fn addresses() {
    same("addresses", include_str!("addresses.lua"));
}

#[test]
fn policies_of_ipsec() {
    same("xfrm", include_str!("xfrm.lua"));
    same("mptcp", include_str!("mptcp.lua"));
}

#[test]
fn routes() {
    same("routes", include_str!("routes.lua"));
}

#[test]
fn nat() {
    same("nat", include_str!("nat.lua"));
}

#[test]
fn firewall() {
    same("firewall", include_str!("firewall.lua"));
}

#[test]
fn processes() {
    same("processes", include_str!("processes.lua"));
}

#[test]
fn the_tutorial() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/tutorial");
    for part in ["1-veth", "2-bridge", "3-internet"] {
        let lua = fs::read_to_string(scripts.join(part).with_extension("lua")).unwrap();
        same(part, &format!("do\n{lua}\nend\n"));
    }
}

/// What the page says, as it stands there.
#[test]
fn the_page_says_what_is_printed() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/translate.md")).unwrap();
    let (_, shown) = page.split_once("$ nsh --echo -e '").unwrap();
    let (code, rest) = shown.split_once("'\n").unwrap();
    let (expected, _) = rest.split_once("```").unwrap();
    let stage = Stage::new("page");
    let output = Command::new(stage.0.join("nsh")).args(["--echo", "-e", code]).output().unwrap();
    assert_eq!(text(&output.stdout) + &text(&output.stderr), expected);
}

/// What only looks is a comment, with what the call was given.
#[test]
fn looks_are_comments() {
    let stage = Stage::new("looks");
    let lua = "local ns1 = namespace.add('ns1', { up = true })\nns1.ping('127.0.0.1')\n\
        ns1.ping('127.0.0.1', { count = 2, interval = 0.01 })\nroute.get('127.0.0.1')\n\
        ns1.addr.list({ dev = 'lo' })\nsysctl.get('net.ipv4.ip_forward')\ncheck.reachable(ns1, '127.0.0.1')\n\
        local topology = require('nsh.topology')\ntopology(topology.ring(3))\n";
    let output = stage.run(&["--echo"], lua, true);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    let looks: Vec<&str> = told.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(
        looks,
        [
            "# ip netns exec ns1 ping -c 1 127.0.0.1",
            "# ip netns exec ns1 ping -c 2 -i 0.01 127.0.0.1",
            "# ip route get 127.0.0.1",
            "# ip -n ns1 addr show dev lo",
            "# sysctl -n net.ipv4.ip_forward",
            "# ip netns exec ns1 ping -c 1 127.0.0.1",
        ]
    );
}

/// A full disk is no end of the script, but the commands are not all there.
#[test]
fn commands_that_cannot_be_written_are_told() {
    let stage = Stage::new("full");
    let mut command = Command::new(stage.0.join("nsh"));
    command.args(["--echo", "-e", "namespace.add('a') print('still')"]).stdin(Stdio::null());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("nsh: --echo: no space left on device (ENOSPC)").count(), 1, "{said}");
    assert!(said.contains("still\n"), "{said}");
}

/// The script's own output is not among the commands, and what they come to is the script's status.
#[test]
fn the_output_is_a_shell_script_alone() {
    let stage = Stage::new("output");
    let lua = "print('said')\nproc.exec('true')\npcall(proc.exec, { 'no-such-program' })\n\
        pcall(proc.exec, 'exit 3', { check = true })\nos.execute('echo by a process')\nio.write('written\\n')\n\
        test('one', function() namespace.add('a') end)\ncheck.equal(1, 2)\n";
    let output = stage.run(&["--echo"], lua, true);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        "ip link set dev lo up\nsh -c true\nsh -c 'exit 3'\nsh -c 'echo by a process'\nip netns add a\n"
    );
    let said = text(&output.stderr);
    for line in ["said\n", "by a process\n", "written\n", "script.lua:8: check.equal"] {
        assert!(said.contains(line), "{line:?} in {said}");
    }
}

#[test]
fn a_network_from_a_table() {
    same(
        "topology",
        "local topology = require(\"nsh.topology\")\n\
         local net = topology(topology.ring(4))\nnet:cut(\"r1\", \"r2\")\n",
    );
}
