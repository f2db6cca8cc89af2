//! However a file ends, it is that file's failure, told with how it ended and in which test, and nobody else's.

use std::fs;

use super::stage::{alone, each, finish, message, once, outcomes};

#[test]
fn a_crash_is_told_with_its_signal_and_its_test() {
    each(|stage| {
        let crash = "test('before', function() end)
            test('dies', function() print('last words') os.execute('kill -ABRT $PPID') eventually(function() end) end)
            test('after', function() end)";
        stage.file("crash.lua", crash);
        stage.file("killed.lua", "os.execute('kill -KILL $PPID') eventually(function() return false end)");
        stage.file("good.lua", "check(true)");
        let (ran, report) = stage.report("test -j2 .");
        assert_eq!(ran.status, Some(1));
        assert_eq!(
            outcomes(&report),
            [
                "crash.lua > before: passed",
                "crash.lua > dies: failed",
                "good.lua: passed",
                "killed.lua: failed"
            ]
        );
        let dies = &report["files"][0]["tests"][1];
        assert_eq!(
            message(dies),
            "the file's process was killed by SIGABRT; what follows this test did not run: after (line 3)"
        );
        assert_eq!(dies["output"], "last words\nnsh: the script's process was killed by SIGABRT\n");
        assert_eq!(message(&report["files"][2]), "the file's process was killed by SIGKILL");
    });
}

#[test]
fn a_hang_ends_at_its_limit_with_its_tear_down() {
    each(|stage| {
        stage.file("loop.lua", "test('loops', function() defer(print, 'torn down') while true do end end) test('next', function() end)");
        stage.file("sleep.lua", "defer(print, 'torn down too') proc.exec('sleep 1000')");
        stage.file("deaf.lua", "defer(function() while true do end end) while true do end");
        let (ran, report) = stage.report("test . -j3 --timeout 3 --test-timeout 1");
        assert_eq!(ran.status, Some(1));
        assert_eq!(
            outcomes(&report),
            ["deaf.lua: failed", "loop.lua > loops: failed", "loop.lua > next: passed", "sleep.lua: failed"]
        );
        let (file, test) = (&report["files"][2], &report["files"][1]["tests"][0]);
        assert!(message(test).contains("time limit of 1 s"), "{test}");
        assert_eq!(test["output"], "torn down\n");
        assert!(message(file).contains("time limit"), "{file}");
        assert_eq!(file["output"], "torn down too\n");
        stage.wait_until_gone();
    });
}

#[test]
fn stopped_processes_are_killed_at_the_limit() {
    once(|stage| {
        stage.file("stopped.lua", "os.execute('kill -STOP $PPID') check(false)");
        let (ran, report) = stage.report("test . --timeout 1");
        assert_eq!(ran.status, Some(1));
        assert_eq!(message(&report["files"][0]), "the file did not end within its limit of 1 s");
    });
}

#[test]
fn a_test_that_forks_for_ever_ends_with_its_lab() {
    alone(|stage| {
        stage.file("bomb.lua", "test('bombs', function() os.execute('f() { f | f & }; f 2>/dev/null') eventually(function() return false end, { timeout = 60 }) end)");
        stage.file("good.lua", "check(true)");
        let (ran, report) = stage.report("test . -j1 --test-timeout 1");
        assert_eq!(ran.status, Some(1));
        assert_eq!(outcomes(&report), ["bomb.lua > bombs: failed", "good.lua: passed"]);
        stage.wait_until_gone();
    });
}

#[test]
fn a_flood_of_output_costs_no_memory() {
    once(|stage| {
        stage.file("flood.lua", "print('first') local s = ('x'):rep(9999) for _ = 1, 10500 do print(s) end print('last') check(false)");
        let mut child = stage.command("test flood.lua --output r.json").spawn().unwrap();
        let pid = child.id();
        // The most that the runner ever had, until shortly before it ends.
        let out = child.stdout.take();
        let watcher = std::thread::spawn(move || {
            let mut most = 0;
            while let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) {
                let peak = status
                    .lines()
                    .find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
                let Some(peak) = peak else { break };
                most = most.max(peak);
                let _ = nix::poll::poll(&mut [], 5u16);
            }
            most
        });
        child.stdout = out;
        let ran = finish(child);
        let most: u64 = watcher.join().unwrap();
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        assert!(most > 1000 && most < 40_000, "{most} kB");
        let report: serde_json::Value =
            serde_json::from_slice(&fs::read(stage.project.join("r.json")).unwrap()).unwrap();
        let output = report["files"][0]["output"].as_str().unwrap();
        assert!(
            output.starts_with("first\nxxx") && output.ends_with("xxx\nlast\n") && output.len() < 200_000
        );
        assert!(output.contains(" bytes left out]\n"));
        assert!(ran.stdout.len() < 200_000, "{}", ran.stdout.len());
    });
}

#[test]
fn a_script_may_end_itself_but_not_its_tests() {
    once(|stage| {
        stage.file("plain.lua", "os.exit(0)");
        stage.file("plain3.lua", "os.exit(3)");
        stage.file("test.lua", "test('exits', function() os.exit(0) end) test('after', function() end)");
        let (_, report) = stage.report("test .");
        assert_eq!(
            outcomes(&report),
            ["plain.lua: passed", "plain3.lua: failed", "test.lua > exits: failed"]
        );
    });
}

#[test]
fn tests_that_never_began_are_named() {
    once(|stage| {
        let rest = "test('second', function() end)\ngroup('g', function()\n  test.each('{} of many', { 1, 2 }, function() end)\nend)";
        stage.file("exit.lua", &format!("test('first', function() os.exit(0) end)\n{rest}"));
        stage.file("exits.lua", &format!("test('first', function() end)\nos.exit(1)\n{rest}"));
        stage.file("late.lua", &format!("test('first', function() end)\nproc.exec('sleep 60')\n{rest}"));
        stage.file("hangs.lua", &format!("test('first', function() while true do end end)\n{rest}"));
        stage.file("whole.lua", rest);
        let (ran, report) = stage.report("test . -j4 --timeout 3");
        assert_eq!(ran.status, Some(1));
        let left = |line: u32| {
            format!("; what follows did not run: second (line {line}), {{}} of many (line {})", line + 2)
        };
        let files = &report["files"];
        assert!(message(&files[0]["tests"][0]).ends_with(&left(2)), "{report:#}");
        assert!(message(&files[1]).ends_with(&left(3)), "{report:#}");
        assert!(message(&files[2]["tests"][0]).ends_with(&left(2)), "{report:#}");
        assert_eq!(message(&files[3]), format!("the script's time limit ran out{}", left(3)));
        assert_eq!(outcomes(&report).iter().filter(|o| o.ends_with("failed")).count(), 5, "{report:#}");
    });
}

#[test]
fn two_runs_at_once_are_none_of_each_others_business() {
    each(|stage| {
        for i in 0..4 {
            let code = "for i = 1, 5 do local ns = namespace.add('n' .. i)
                link.add('v' .. i, { kind = 'veth', up = true, addr = '10.0.' .. i .. '.1/24',
                  peer = { name = 'eth0', ns = ns, up = true, addr = '10.0.' .. i .. '.2/24' } })
                check.equal(ping('10.0.' .. i .. '.2').received, 1) end";
            stage.file(&format!("{i}.lua"), code);
        }
        let runs: Vec<_> = (0..2).map(|_| stage.command("test . -j2").spawn().unwrap()).collect();
        for run in runs {
            let ran = finish(run);
            assert_eq!(ran.status, Some(0), "{ran:?}");
        }
    });
}
