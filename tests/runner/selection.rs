//! Which tests run, how often, and in which order.

use std::collections::BTreeSet;

use super::stage::{Stage, each, once, outcomes};

fn names(stage: &Stage, line: &str) -> Vec<String> {
    let (_, report) = stage.report(line);
    outcomes(&report).iter().map(|o| o.split(':').next().unwrap().to_owned()).collect()
}

fn many(stage: &Stage) {
    for i in 0..12 {
        stage.file(&format!("tests/{i:02}.lua"), "check(true)");
    }
}

#[test]
fn a_directory_gives_its_tests_and_a_named_file_always_runs() {
    once(|stage| {
        for file in ["a.lua", "sub/b.lua", "_no.lua", ".no.lua", "lib/no.lua", "helpers/no.lua", "_no/no.lua"]
        {
            stage.file(&format!("tests/{file}"), "");
        }
        stage.file("elsewhere.lua", "");
        let expected = ["tests/a.lua", "tests/sub/b.lua"];
        assert_eq!(names(stage, "test"), expected);
        assert_eq!(names(stage, "test ./tests"), expected);
        assert_eq!(names(stage, &format!("test {}/tests", stage.project.display())), expected);
        assert_eq!(
            names(stage, "test tests/_no.lua tests/a.lua tests/a.lua"),
            ["tests/_no.lua", "tests/a.lua"]
        );
    });
}

#[test]
fn helpers_are_found_by_require() {
    each(|stage| {
        stage.file("tests/_helper.lua", "return { answer = 42 }");
        stage.file("tests/lib/other.lua", "return 43");
        stage.file(
            "tests/a.lua",
            "check.equal(require('_helper').answer, 42) check.equal(require('lib.other'), 43)",
        );
        assert_eq!(stage.run("test").status, Some(0));
    });
}

#[test]
fn filters_choose_files_and_tests() {
    once(|stage| {
        stage.file(
            "nat.lua",
            "test('masquerade', function() end) group('dnat', function() test('v4', function() end) end)",
        );
        stage.file("route.lua", "test('v4', function() end) test('v6', function() end)");
        stage.file("plain.lua", "check(true)");
        assert_eq!(names(stage, "test . --filter v4"), ["nat.lua > dnat > v4", "route.lua > v4"]);
        assert_eq!(names(stage, "test . --filter nat.lua"), ["nat.lua > masquerade", "nat.lua > dnat > v4"]);
        assert_eq!(
            names(stage, "test . --filter masq --filter plain"),
            ["nat.lua > masquerade", "plain.lua"]
        );
        let list = stage.run("test . --list");
        assert_eq!(
            list.stdout,
            "nat.lua > masquerade\nnat.lua > dnat > v4\nplain.lua\nroute.lua > v4\nroute.lua > v6\n"
        );
        assert_eq!(stage.run("test . --list --filter v6").stdout, "route.lua > v6\n");
        let json: serde_json::Value =
            serde_json::from_str(&stage.run("test . --list --format json").stdout).unwrap();
        assert_eq!(json["tests"][1]["path"], serde_json::json!(["dnat", "v4"]));
    });
}

#[test]
fn listing_runs_no_test() {
    once(|stage| {
        stage.file("a.lua", "test('t', function() io.open('ran', 'w') end)");
        stage.file("b.lua", "io.open('ran', 'w')");
        assert_eq!(stage.run("test . --list").stdout, "a.lua > t\nb.lua\n");
        assert!(!stage.project.join("ran").exists());
    });
}

#[test]
fn shards_are_disjoint_complete_and_stable() {
    once(|stage| {
        many(stage);
        let shards: Vec<Vec<String>> =
            (1..=3).map(|i| names(stage, &format!("test --shard {i}/3"))).collect();
        let all: BTreeSet<&String> = shards.iter().flatten().collect();
        assert_eq!(all.len(), 12);
        assert_eq!(shards.iter().map(Vec::len).sum::<usize>(), 12);
        stage.file("tests/another.lua", "");
        for (i, before) in shards.iter().enumerate() {
            let after = names(stage, &format!("test ./tests --shard {}/3", i + 1));
            assert!(before.iter().all(|name| after.contains(name)), "{before:?} {after:?}");
        }
    });
}

#[test]
fn a_shuffled_order_comes_again_with_its_seed() {
    once(|stage| {
        many(stage);
        let order = |line: &str| -> Vec<String> {
            let ran = stage.run(line);
            ran.stdout
                .lines()
                .filter_map(|l| l.strip_prefix("ok       "))
                .map(|l| l.split(' ').next().unwrap().to_owned())
                .collect()
        };
        let sorted = order("test -j1");
        assert!(sorted.is_sorted(), "{sorted:?}");
        let ran = stage.run("test -j1 --shuffle");
        let seed = ran
            .stdout
            .lines()
            .find_map(|l| l.split("--shuffle=").nth(1))
            .unwrap_or_else(|| panic!("{ran:?}"));
        assert!(seed.parse::<u64>().is_ok(), "{seed}");
        let first = order("test -j1 --shuffle=12345");
        assert_eq!(first, order("test -j1 --shuffle=12345"));
        assert_ne!(first, sorted);
        let none = stage.run("test --shuffle=3 --filter nomatch");
        assert_eq!(none.status, Some(2));
        assert!(!none.stdout.contains("the order was") && none.stderr.contains("nomatch"), "{none:?}");
    });
}

#[test]
fn rounds_are_repeated_and_end_with_a_failure() {
    once(|stage| {
        stage.file("a.lua", "local f = io.open('count', 'a') f:write('x') f:close() check(true)");
        let count = || std::fs::read_to_string(stage.project.join("count")).unwrap_or_default().len();
        let ran = stage.run("test a.lua --repeat 3");
        assert_eq!((ran.status, count()), (Some(0), 3));
        assert!(ran.stdout.contains("3 tests in 1 file, 3 rounds: 3 passed"), "{}", ran.stdout);
        // The sixth round finds six.
        stage.file(
            "a.lua",
            "local f = io.open('count', 'a+') f:write('x') f:seek('set') check(#f:read('a') < 6)",
        );
        let ran = stage.run("test a.lua --until-fail");
        assert_eq!((ran.status, count()), (Some(1), 6), "{ran:?}");
        assert!(ran.stdout.contains("FAILED   a.lua (round 3)"), "{}", ran.stdout);
        assert!(ran.stdout.contains("1 test in 1 file, 3 rounds: 0 passed, 1 failed"), "{}", ran.stdout);
        // Of a number of rounds that was given, all are told.
        std::fs::remove_file(stage.project.join("count")).unwrap();
        let (ran, report) = stage.report("test a.lua --until-fail --repeat 7");
        assert_eq!((ran.status, count()), (Some(1), 6), "{ran:?}");
        assert!(ran.stdout.contains("6 tests in 1 file, 6 rounds: 5 passed, 1 failed"), "{}", ran.stdout);
        assert_eq!(report["files"][5]["round"], 6);
    });
}

#[test]
fn what_never_runs_is_not_repeated_until_it_fails() {
    once(|stage| {
        stage.file("a.lua", "-- needs: no-such-program\n");
        stage.file("b.lua", "test('b', { skip = 'not now' }, function() end)");
        let ran = stage.run("test . --until-fail");
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("2 tests in 2 files: 0 passed, 2 skipped"), "{}", ran.stdout);
        assert_eq!(stage.run("test . --until-fail --filter nothing").status, Some(2));
    });
}

#[test]
fn the_first_failure_may_end_the_run() {
    once(|stage| {
        stage.file("1.lua", "check(false)");
        stage.file("2.lua", "io.open('ran', 'w')");
        let (ran, report) = stage.report("test . -j1 --fail-fast");
        assert_eq!(ran.status, Some(1));
        assert_eq!(outcomes(&report), ["1.lua: failed", "2.lua: not run"]);
        assert!(!stage.project.join("ran").exists());
        assert!(ran.stdout.contains("1 failed, 1 not run"), "{}", ran.stdout);
        stage.file(
            "1.lua",
            "test('a', function() check(false) end) test('b', function() io.open('ran', 'w') end)",
        );
        assert_eq!(stage.run("test 1.lua --fail-fast").status, Some(1));
        assert!(!stage.project.join("ran").exists());
    });
}
