//! What `nsh test --artifacts` keeps of a failure.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::stage::{Stage, each, finish, have, text};

const FILE: &str = r#"
local ns1 = namespace.add("ns1")
link.add("veth0", {
  kind = "veth", up = true, addr = "10.0.0.1/24",
  peer = { name = "eth0", ns = ns1, up = true, addr = "10.0.0.2/24" },
})
test("good", function() check.equal(ping("10.0.0.2").received, 1) end)
group("some", function()
  test("bad / one", function()
    route.add("10.9.0.0/16", { via = "10.0.0.2" })
    ns1.sysctl.set("net.ipv4.tcp_ecn", 1)
    defer(function() route.del("10.9.0.0/16") end)
    print("said before")
    local late = namespace.add("late", { up = true })
    late.ping("127.0.0.1")
    check.equal(ping("10.0.0.2").received, 2)
  end)
end)
error("the file fails, too")
"#;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

fn run(stage: &Stage, arguments: &[&str], status: i32) -> String {
    let out = finish(stage.command(arguments).spawn().unwrap());
    assert_eq!(out.status.code(), Some(status), "{:?}: {}", stage.user, text(&out));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// A packet of a pcapng file: its interface, nanoseconds since 1970, flags, bytes.
struct Packet {
    interface: usize,
    time: u128,
    flags: u32,
    bytes: Vec<u8>,
}

/// Reads a pcapng file by its specification: the interfaces' names and the packets.
fn pcapng(bytes: &[u8]) -> (Vec<String>, Vec<Packet>) {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut interfaces, mut packets) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let (kind, length) = (word(at), word(at + 4) as usize);
        assert_eq!(word(at + length - 4) as usize, length, "a block's length stands at both of its ends");
        let options = |mut from: usize| {
            let mut found = HashMap::new();
            while from + 4 <= at + length - 4 {
                let (code, size) = (word(from) & 0xffff, (word(from) >> 16) as usize);
                found.insert(code, bytes[from + 4..from + 4 + size].to_vec());
                from += 4 + size.next_multiple_of(4);
            }
            found
        };
        match kind {
            0x0a0d_0d0a => assert_eq!(word(at + 8), 0x1a2b_3c4d),
            1 => {
                let options = options(at + 16);
                assert_eq!(options[&9], [9], "time stamps are in nanoseconds");
                interfaces.push(String::from_utf8(options[&2].clone()).unwrap());
            }
            6 => {
                let captured = word(at + 20) as usize;
                let flags = &options(at + 28 + captured.next_multiple_of(4))[&2];
                packets.push(Packet {
                    interface: word(at + 8) as usize,
                    time: u128::from(word(at + 12)) << 32 | u128::from(word(at + 16)),
                    flags: u32::from_le_bytes(flags[..].try_into().unwrap()),
                    bytes: bytes[at + 28..at + 28 + captured].to_vec(),
                });
            }
            other => panic!("a block of type {other:#x}"),
        }
        at += length;
    }
    (interfaces, packets)
}

#[test]
fn a_failure_leaves_what_explains_it() {
    each(|stage| {
        fs::write(stage.project.join("a.lua"), FILE).unwrap();
        let told = run(stage, &["test", "--artifacts", "out", "--capture", "a.lua"], 1);
        assert!(told.contains("said before"), "{told}");
        let of_file = stage.project.join("out/a.lua");
        assert_eq!(read(&of_file.join("script.lua")), FILE);
        assert!(read(&of_file.join("failure.txt")).contains("the file fails, too"));
        assert!(!of_file.join("good").exists(), "a test that passed leaves nothing");

        let of_test = of_file.join("some/bad _ one");
        assert!(read(&of_test.join("failure.txt")).contains("check.equal: expected 2, got 1"));
        let (before, after) = (json(&of_test.join("before.json")), json(&of_test.join("after.json")));
        let has_route = |state: &Value| {
            let routes = state["namespaces"]["host"]["routes"].as_array().unwrap();
            routes.iter().any(|r| r["dst"] == "10.9.0.0/16")
        };
        assert!(!has_route(&before) && has_route(&after), "what was deferred has not run yet");
        assert!(before["namespaces"]["late"].is_null() && after["namespaces"]["late"].is_object());
        assert_eq!(after["namespaces"]["ns1"]["sysctls"][0]["name"], "net.ipv4.tcp_ecn");
        let diff = read(&of_test.join("diff.txt"));
        for line in [
            "host: routes\n  + 10.9.0.0/16 via 10.0.0.2 dev veth0\n",
            "ns1: sysctls\n  + net.ipv4.tcp_ecn = 1 (default 2)\n",
            "+ namespace late\n",
        ] {
            assert!(diff.contains(line), "{line:?} in {diff}");
        }
        assert!(read(&of_test.join("after.txt")).contains("\nnamespace ns1\n\nlinks\n"));
        packets(&of_test.join("capture.pcapng"));
    });
}

/// The packets of every link, of those too that were made later.
fn packets(path: &Path) {
    let (interfaces, packets) = pcapng(&fs::read(path).unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    assert!(packets.iter().all(|p| p.time <= now && now - p.time < 300_000_000_000));
    // Echo requests of IPv4: the links and directions (1 in, 2 out) in which they were seen.
    let mut seen: Vec<(&str, u32)> = packets
        .iter()
        .filter(|p| p.bytes[12..14] == [8, 0] && p.bytes[23] == 1 && p.bytes[34] == 8)
        .map(|p| (interfaces[p.interface].as_str(), p.flags & 3))
        .collect();
    seen.sort_unstable();
    seen.dedup();
    // What loops back is seen coming in.
    assert_eq!(seen, [("host/veth0", 2), ("late/lo", 1), ("ns1/eth0", 1)]);
    if have("tcpdump") {
        let out = std::process::Command::new("tcpdump").arg("-nr").arg(path).output().unwrap();
        let lines = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(lines.lines().count(), packets.len(), "{lines}");
        assert!(lines.contains("IP 10.0.0.1 > 10.0.0.2: ICMP echo request"), "{lines}");
    }
}

#[test]
fn what_passed_leaves_nothing() {
    let stage = Stage::new(super::stage::users()[0]);
    fs::write(stage.project.join("b.lua"), "test('one', function() namespace.add('ns1') end)").unwrap();
    run(&stage, &["test", "--artifacts", "out", "--capture", "b.lua"], 0);
    assert_eq!(fs::read_dir(stage.project.join("out")).unwrap().count(), 0);
    // Without --capture there are no packets.
    fs::write(stage.project.join("b.lua"), "test('one', function() check(false) end)").unwrap();
    run(&stage, &["test", "--artifacts", "out", "b.lua"], 1);
    let of_test = stage.project.join("out/b.lua/one");
    assert!(of_test.join("after.json").exists() && !of_test.join("capture.pcapng").exists());
    assert_eq!(read(&of_test.join("diff.txt")), "");
}

#[test]
fn what_processes_printed_is_kept() {
    let file = "
        local ns1 = namespace.add('ns1')
        ns1.spawn('echo of a daemon; echo its error >&2; exec sleep 1000', { ready = { line = 'of a' } })
        do local p = proc.spawn('echo short; exit 4') p:wait() end
        collectgarbage()
        pcall(proc.exec, 'printf unended; exit 3', { check = true })
        proc.exec('yes | head -c 1000000; echo the end')
        test('good', function() proc.exec('echo later') end)
        test('bad', function() proc.exec('echo in the test') error('no') end)";
    each(|stage| {
        fs::write(stage.project.join("a.lua"), file).unwrap();
        run(stage, &["test", "--artifacts", "kept", "a.lua"], 1);
        let path = stage.project.join("kept/a.lua/bad/processes.txt");
        let text = read(&path);
        let daemon = "== ns1: echo of a daemon; echo its error >&2; exec sleep 1000: runs\n-- stdout\nof a daemon\n\
                      -- stderr\nits error\n";
        let ended = "== host: echo short; exit 4: exited with status 4\n-- stdout\nshort\n\
                     == host: printf unended; exit 3: exited with status 3\n-- stdout\nunended\n";
        let rest = "y\nthe end\n== host: echo later: exited with status 0\n-- stdout\nlater\n\
                    == host: echo in the test: exited with status 0\n-- stdout\nin the test\n";
        assert!(text.starts_with(&format!("{daemon}{ended}")) && text.ends_with(rest), "{}", &text[..600]);
        assert!(text.len() < 70_000, "{}", text.len());
        assert!(!stage.project.join("kept/a.lua/good").exists());
    });
}
