//! Texts and events without end: what one file tells costs the run no more than its share.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::frame::{Ran, Stage, each};
use super::stage::{finish, until};

fn file(stage: &Stage, name: &str, text: &str) {
    let path = stage.project.join(name);
    fs::write(&path, text).unwrap();
    stage.give(&path);
}

/// Runs `a.lua`, and returns what came of it, the report, and the most memory in MiB that the runner had by then.
fn run(stage: &Stage, script: &str) -> (Ran, Value, u64) {
    file(stage, "a.lua", script);
    file(
        stage,
        "b.lua",
        "io.open('waiting', 'w')
         eventually(function() return io.open('go') ~= nil end, { timeout = 60 })",
    );
    let command = &mut stage.command(&["test", "-j1", "a.lua", "b.lua", "--output", "r.json"]);
    // Nobody would read a pipe before the end.
    let out = stage.project.join("out");
    let child = command.stdout(fs::File::create(&out).unwrap()).spawn().unwrap();
    until(|| stage.project.join("waiting").exists(), || "the second file does not begin".to_owned());
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    file(stage, "go", "");
    let mut ran = Ran::from(finish(child));
    ran.stdout = fs::read_to_string(out).unwrap();
    let report = serde_json::from_slice(&fs::read(stage.project.join("r.json")).unwrap()).unwrap();
    (ran, report, peak >> 10)
}

/// Every text of the report.
fn longest(value: &Value) -> usize {
    match value {
        Value::String(s) => s.len(),
        Value::Array(all) => all.iter().map(longest).max().unwrap_or(0),
        Value::Object(all) => all.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}

#[test]
fn long_messages_are_cut() {
    each(|stage| {
        for script in [
            "for i = 1, 20 do test('t' .. i, function() error(('x'):rep(8 << 20)) end) end",
            "for i = 1, 10 do test('t' .. i, function() skip(('x'):rep(8 << 20)) end) end error(('y'):rep(8 << 20))",
            "for i = 1, 2 do test('t' .. i, function()
               for j = 1, 9 do check.soft.equal(('x\\n'):rep(100000), ('y\\n'):rep(100000)) end
             end) end",
        ] {
            let (ran, report, peak) = run(stage, script);
            assert_eq!(ran.status, Some(1), "{script}: {}", ran.stderr);
            assert!(peak < 64, "{script}: {peak} MiB");
            assert!(longest(&report) < 40 << 10, "{script}: {}", longest(&report));
            let report = report.to_string();
            assert!(report.contains(" left out]") || report.contains(" more lines"), "{script}");
            assert!(ran.stdout.len() < 8 << 20, "{script}: {}", ran.stdout.len());
            fs::remove_file(stage.project.join("waiting")).unwrap();
            fs::remove_file(stage.project.join("go")).unwrap();
        }
    });
}

/// Written by the script itself: nothing of nsh in its process has cut them.
#[test]
fn a_file_that_tells_without_end_is_killed() {
    each(|stage| {
        let (ran, report, peak) = run(
            stage,
            "local f = io.open('/proc/self/fd/3', 'w')
             local long = ('x'):rep(15000)
             for i = 1, 1e9 do
               f:write(('{\"event\":\"ended\",\"test\":{\"path\":[\"%d\"]},\"seconds\":0,\"checks\":0,\"outcome\":' ..
                 '{\"is\":\"skipped\",\"reason\":\"%s\"}}\\n'):format(i, long))
             end",
        );
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        assert!(peak < 200, "{peak} MiB");
        assert!(ran.stdout.contains("told more than 32 MiB of its tests"), "{report:.1000}");
    });
}

/// Of an event there is a mark in the output; of one that the script made up there is none.
#[test]
fn a_run_ends_on_a_signal_whatever_a_file_prints() {
    each(|stage| {
        file(
            stage,
            "a.lua",
            "os.execute('yes &')
             local f = io.open('/proc/self/fd/3', 'w')
             for i = 1, 100 do f:write('{\"event\":\"began\"}\\n') f:flush() end
             io.open('flooding', 'w')
             while true do end",
        );
        let child = stage.command(&["test", "a.lua", "--timeout", "none"]).spawn().unwrap();
        until(|| stage.project.join("flooding").exists(), || "the file does not begin".to_owned());
        kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        let out = finish(child);
        assert_eq!(out.status.code(), Some(143), "{out:?}");
        stage.wait_until_gone();
    });
}
