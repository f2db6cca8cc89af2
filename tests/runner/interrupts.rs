//! Ctrl-C ends a run in order; a second one at once.

use std::fs;
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::stage::{Stage, each, finish, once, outcomes, until};

/// Starts a run of which one file has passed, one waits in a test, and one has not begun.
fn start(stage: &Stage, wait: &str) -> Child {
    stage.file("1.lua", "check(true)");
    stage.file(
        "2.lua",
        &format!(
            "test('passed', function() end)
             test('waits', function()
               defer(function() io.open('torn-down', 'w') end)
               io.open('waiting', 'w')
               {wait}
             end)
             test('never', function() io.open('went-on', 'w') end)"
        ),
    );
    stage.file("3.lua", "io.open('went-on', 'w')");
    let child = stage.command("test . -j1 --output r.json").spawn().unwrap();
    until(|| stage.project.join("waiting").exists(), || "the test does not begin".to_owned());
    child
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

#[test]
fn the_first_signal_tears_down_and_reports() {
    for (number, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        each(|stage| {
            let child = start(stage, "eventually(function() return false end, { timeout = 60 })");
            signal(&child, number);
            let ran = finish(child);
            assert_eq!(ran.status, Some(status), "{ran:?}");
            let there = |name: &str| stage.project.join(name).exists();
            assert!(there("torn-down") && !there("went-on"), "{ran:?}");
            let report: serde_json::Value =
                serde_json::from_slice(&fs::read(stage.project.join("r.json")).unwrap()).unwrap();
            let expected = [
                "1.lua: passed",
                "2.lua > passed: passed",
                "2.lua > waits: stopped",
                "2.lua: not run",
                "3.lua: not run",
            ];
            assert_eq!(outcomes(&report), expected);
            assert_eq!(report["interrupted"], number as i32);
            assert!(ran.stdout.contains(&format!("interrupted by {number}")), "{}", ran.stdout);
            assert!(ran.stdout.contains("\nstopped  2.lua (2 tests, "), "{}", ran.stdout);
            assert!(ran.stdout.contains("\n  stopped  waits ("), "{}", ran.stdout);
            assert!(ran.stdout.contains(": 2 passed, 1 stopped, 1 not run ("), "{}", ran.stdout);
            assert!(!ran.stdout.contains("outside of tests"), "{}", ran.stdout);
            stage.wait_until_gone();
        });
    }
}

#[test]
fn tests_with_labs_of_their_own_are_named() {
    once(|stage| {
        let code = "test('shared', function() end)
            test('had ended', { lab = 'own' }, function() end)
            test('waits', { lab = 'own' }, function()
              io.open('waiting', 'w')
              eventually(function() return false end, { timeout = 60 })
            end)
            test('never', { lab = 'own' }, function() end)";
        stage.file("own.lua", code);
        let child = stage.command("test own.lua -j1 --output r.json").spawn().unwrap();
        until(|| stage.project.join("waiting").exists(), || "the test does not begin".to_owned());
        signal(&child, Signal::SIGINT);
        let ran = finish(child);
        let report: serde_json::Value =
            serde_json::from_slice(&fs::read(stage.project.join("r.json")).unwrap()).unwrap();
        let expected = [
            "own.lua > shared: passed",
            "own.lua > had ended: passed",
            "own.lua > waits: stopped",
            "own.lua > never: not run",
        ];
        assert_eq!(outcomes(&report), expected, "{ran:?}");
    });
}

#[test]
fn the_second_ends_at_once() {
    each(|stage| {
        // Its tear-down has a second of time, at the least.
        let child = start(
            stage,
            "defer(function() io.open('ending', 'w') proc.exec('sleep 60') end) proc.exec('sleep 60')",
        );
        signal(&child, Signal::SIGINT);
        until(|| stage.project.join("ending").exists(), || "the tear-down does not begin".to_owned());
        // What comes within a tenth of a second is the first.
        let _ = nix::poll::poll(&mut [], 150u16);
        signal(&child, Signal::SIGINT);
        let ran = finish(child);
        assert_eq!(ran.status, Some(130), "{ran:?}");
        stage.wait_until_gone();
    });
}
