//! Ctrl-C and SIGTERM end every kind of wait, at once and with the documented status.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sandbox/signals.rs"]
mod signals;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What waits, or never ends. All are told to wait far longer than the test does.
const WAITS: &[(&str, &str)] = &[
    ("a loop", "while true do end"),
    ("a loop around pcall", "while true do pcall(function() while true do end end) end"),
    ("a coroutine's loop", "coroutine.wrap(function() while true do end end)()"),
    ("recursion under pcall", "local function f() return pcall(f) end while true do f() end"),
    ("sorting", "while true do table.sort({3, 1, 2}, function(a, b) return a < b end) end"),
    ("eventually", "eventually(function() return false end, { timeout = 60 })"),
    ("wait.link", "wait.link('eth9', { timeout = 60 })"),
    ("wait.neigh", "wait.neigh('10.0.0.3', { timeout = 60 })"),
    ("wait.port", "wait.port(80, { timeout = 60 })"),
    ("wait.connect", "wait.connect('10.0.0.2:80', { timeout = 60 })"),
    ("wait.counter", "wait.counter('v0', { rx_errors = 9, timeout = 60 })"),
    (
        "eventually, in pcall",
        "while true do pcall(eventually, function() return false end, { timeout = 60 }) end",
    ),
    ("ping", "ping('127.0.0.1', { count = 1000, interval = 60 })"),
    ("ping without replies", "ping('10.0.0.77', { timeout = 60 })"),
    (
        "a ping beside",
        "local p = ping.start('127.0.0.1', { interval = 60 }) p:wait({ received = 100, timeout = 60 })",
    ),
    ("tcp.connect", "tcp.connect('10.0.0.2:80', { timeout = 60 })"),
    (
        "tcp, receiving",
        "local s = tcp.listen('127.0.0.1:7') tcp.connect('127.0.0.1:7'):recv({ bytes = 10, timeout = 60 })",
    ),
    ("tcp, waiting for a client", "tcp.listen('127.0.0.1:7'):wait({ connections = 1, timeout = 60 })"),
    (
        "udp.request",
        "local s = udp.listen('127.0.0.1:7', { echo = false }) udp.request('127.0.0.1:7', 'x', { timeout = 60 })",
    ),
    ("udp, waiting", "udp.listen('127.0.0.1:7'):wait({ timeout = 60 })"),
    ("http.get", "local s = http.serve('127.0.0.1:80', {}) http.get('http://10.0.0.2/', { timeout = 60 })"),
    ("http, waiting for a client", "http.serve('127.0.0.1:80', {}):wait({ requests = 1, timeout = 60 })"),
    ("capture:wait", "capture.start('lo'):wait({ count = 1, timeout = 60 })"),
    ("capture:stream", "for p in capture.start('lo'):stream({ timeout = 60 }) do end"),
    ("proc.exec", "proc.exec({ 'sleep', '60' })"),
    ("proc.exec of what ignores SIGTERM", "proc.exec(\"trap '' TERM INT; while :; do sleep 1; done\")"),
    ("os.execute", "os.execute('sleep 60')"),
    ("process:wait", "proc.spawn({ 'sleep', '60' }):wait({ timeout = 60 })"),
    ("process:expect", "proc.spawn({ 'sleep', '60' }):expect('never', { timeout = 60 })"),
];

/// The kernel drops what goes to 10.0.0.2: a neighbour that is none.
const LAB: &str = "link.add('v0', { kind = 'veth', up = true, addr = '10.0.0.1/24', peer = { name = 'v1', up = true } })\n\
                   neigh.add('10.0.0.2', { dev = 'v0', lladdr = '02:00:00:00:00:99' })\nprint('ready')\n";

fn start(code: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsh"));
    let mut child = signals::heed_all(&mut command)
        .args(["--timeout", "50", "-e", &format!("{LAB}{code}")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    if line != "ready\n" {
        let mut err = String::new();
        child.stderr.as_mut().unwrap().read_to_string(&mut err).unwrap();
        panic!("{code}: {err}");
    }
    child
}

/// Sends the signal and returns the status and how long it took.
fn end(mut child: Child, signal: i32) -> (Option<i32>, Duration, String) {
    let start = Instant::now();
    // SAFETY: the child has not been waited for, so its pid is its own.
    unsafe { libc::kill(child.id() as i32, signal) };
    let status = child.wait().unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (status.code(), start.elapsed(), err)
}

fn every_wait_ends(signal: i32) {
    for (name, code) in WAITS {
        let (status, took, err) = end(start(code), signal);
        assert_eq!(status, Some(128 + signal), "{name}: {err}");
        // Far below the script's own limit of 50 s; the machine may be busy.
        assert!(took < Duration::from_secs(15), "{name} took {took:?}");
        assert_eq!(err.lines().count(), 1, "{name}: one line, got {err:?}");
    }
}

#[test]
fn a_script_on_stdin_and_lost_output_have_their_status() {
    use std::io::Write;
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsh"));
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"local t = nil\nt.x()\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.starts_with(b"stdin:2: "), "{}", String::from_utf8_lossy(&output.stderr));

    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsh"));
    let output = command.args(["-e", "print(1)"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.starts_with(b"(command line):1: cannot write to standard output"));
}

#[test]
fn ctrl_c_ends_every_wait() {
    every_wait_ends(libc::SIGINT);
}

#[test]
fn sigterm_ends_every_wait() {
    every_wait_ends(libc::SIGTERM);
}
