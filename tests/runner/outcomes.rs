//! What a file and its tests come to.

use std::fs;

use super::stage::{each, message, once, outcomes};

const ALL: &str = r#"
print("outside")
test("passes", function() print("in passes") check.equal(1, 1) end)
group("group", function()
  test("fails", function() print("in fails") io.stderr:write("on stderr\n") check.equal(1, 2) end)
  test("skips", function() skip("no time") end)
end)
test("known", { xfail = "a bug" }, function() check(false) end)
test("mended", { xfail = "a bug" }, function() end)
test("needs a feature", { needs = "no-such-program" }, function() end)
link.add("veth0", { kind = "veth", peer = { name = "veth1" } })
test("shares the lab", function() check(link.get("veth0")) end)
test("has its own", { lab = "own" }, function() check(link.get("veth0"), "made by the file") end)
test("slow", { timeout = 0.2 }, function() eventually(function() return false end, { timeout = 60 }) end)
test("comes last", function() end)
"#;

#[test]
fn every_outcome_is_told_by_report_status_and_lines() {
    each(|stage| {
        stage.file("t/all.lua", ALL);
        stage.file("t/plain.lua", "check.equal(1, 1)");
        let (ran, report) = stage.report("test t");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert_eq!(
            outcomes(&report),
            [
                "t/all.lua > passes: passed",
                "t/all.lua > group > fails: failed",
                "t/all.lua > group > skips: skipped",
                "t/all.lua > known: expected_failure",
                "t/all.lua > mended: unexpected_pass",
                "t/all.lua > needs a feature: skipped",
                "t/all.lua > shares the lab: passed",
                "t/all.lua > slow: failed",
                "t/all.lua > comes last: passed",
                "t/all.lua > has its own: passed",
                "t/plain.lua: passed",
            ]
        );
        assert_eq!(report["totals"]["passed"], 6);
        assert_eq!(report["totals"]["failed"], 3);
        assert_eq!(report["totals"]["skipped"], 2);
        // Output belongs to the test that printed it.
        assert_eq!(report["files"][0]["tests"][1]["output"], "in fails\non stderr\n");
        assert!(message(&report["files"][0]["tests"][7]).contains("0.2 s"), "{report:#}");
        for line in ["  skipped  group > skips: no time", "ok       t/plain.lua", "      | on stderr"] {
            assert!(ran.stdout.lines().any(|l| l.starts_with(line)), "{line}\n{}", ran.stdout);
        }
        assert!(ran.stdout.contains("needs a feature: no-such-program is not installed"), "{}", ran.stdout);
        assert!(ran.stdout.contains("11 tests in 2 files: 6 passed, 3 failed, 2 skipped"), "{}", ran.stdout);
    });
}

#[test]
fn busyboxs_ip_is_not_what_needs_means() {
    once(|stage| {
        stage.file("t.lua", "-- needs: ip\ncheck(false)");
        let busybox = stage.file("bin/busybox", "#!/bin/sh");
        std::fs::set_permissions(&busybox, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("busybox", busybox.with_file_name("ip")).unwrap();
        let mut path = busybox.parent().unwrap().as_os_str().to_owned();
        path.push(":/usr/bin:/bin");
        let child = stage.command("test t.lua").env("PATH", path).spawn().unwrap();
        let ran = super::stage::finish(child);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("ip is BusyBox's here, not iproute2's"), "{}", ran.stdout);
    });
}

#[test]
fn a_lab_of_ones_own_is_another_process() {
    each(|stage| {
        let code = r#"
            test("makes a link", function() link.add("veth0", { kind = "veth", peer = { name = "veth1" } }) end)
            test("sees it", function() check(link.get("veth0")) end)
            test("alone", { lab = "own" }, function() check(not link.get("veth0")) end)
            test("alone and failing", { lab = "own" }, function() print("hello") check(link.get("veth0")) end)
        "#;
        stage.file("own.lua", code);
        let (ran, report) = stage.report("test own.lua");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert_eq!(
            outcomes(&report),
            [
                "own.lua > makes a link: passed",
                "own.lua > sees it: passed",
                "own.lua > alone: passed",
                "own.lua > alone and failing: failed"
            ]
        );
        assert_eq!(report["files"][0]["tests"][3]["output"], "hello\n");
        // The filter finds it, too.
        let (ran, report) = stage.report("test own.lua --filter failing");
        assert_eq!(
            (ran.status, outcomes(&report)),
            (Some(1), vec!["own.lua > alone and failing: failed".to_owned()])
        );
    });
}

#[test]
fn what_is_missing_is_skipped_with_the_reason_before_it_runs() {
    each(|stage| {
        stage.file("a.lua", "-- needs: no-such-program\nerror('ran')");
        stage.file("b.lua", "-- A comment.\n-- needs: sh, veth\ncheck(true)");
        stage.file("c.lua", "-- needs: root\nerror('ran')");
        stage.file("d.lua", "-- needs: user\nerror('ran')");
        let ran = stage.run("test .");
        let other = if ran.stdout.contains("it is for an ordinary user") { "c.lua" } else { "d.lua" };
        assert_eq!(ran.status, Some(1));
        assert!(ran.stdout.contains("skipped  a.lua: no-such-program is not installed\n"), "{}", ran.stdout);
        assert!(ran.stdout.contains("ok       b.lua"), "{}", ran.stdout);
        assert!(ran.stdout.contains(&format!("FAILED   {other}")), "{}", ran.stdout);
        assert!(ran.stdout.contains("4 tests in 4 files: 1 passed, 1 failed, 2 skipped"), "{}", ran.stdout);
    });
}

#[test]
fn a_misspelt_need_is_a_failure() {
    once(|stage| {
        stage.file("head.lua", "-- needs: nteem\nerror('ran')");
        stage.file("test.lua", "test('a', { needs = 'vxaln' }, function() error('ran') end)");
        let (ran, report) = stage.report("test .");
        assert_eq!(ran.status, Some(1));
        assert_eq!(outcomes(&report), ["head.lua: failed", "test.lua: failed"]);
        for told in [
            "  -- needs: there is neither a kernel feature nor a program named \"nteem\"\n    hint: did you mean \"netem\"?\n",
            "test.lua:1: test: opts.needs: there is neither a kernel feature nor a program named \"vxaln\"\n",
        ] {
            assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
        }
        assert_eq!(stage.run("test . --list").status, Some(1));
    });
}

#[test]
fn failures_leave_their_artifacts() {
    once(|stage| {
        stage.file("bad.lua", "print('out') check.equal(1, 2)");
        stage.file("good.lua", "print('out')");
        let ran = stage.run("test . --artifacts kept");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        let kept = stage.project.join("kept");
        assert_eq!(fs::read_to_string(kept.join("bad.lua/output.txt")).unwrap(), "out\n");
        assert!(fs::read_to_string(kept.join("bad.lua/script.lua")).unwrap().contains("check.equal"));
        assert!(fs::read_to_string(kept.join("bad.lua/report.json")).unwrap().contains("check.equal"));
        assert!(!kept.join("good.lua").exists());
    });
}

#[test]
fn whatever_failed_has_its_directory() {
    once(|stage| {
        let code = "test('only at its end', function()
              defer(function() error('torn down badly') end)
              defer(link.set, 'lo', { up = false })
            end)
            test('mended', { xfail = 'was broken' }, function() end)
            test('known', { xfail = 'still broken' }, function() check(false) end)
            test('passes', function() end)
            group('g', function() test('dies', function() os.execute('kill -KILL $PPID') eventually(function() end) end) end)";
        stage.file("bad.lua", code);
        let ran = stage.run("test bad.lua --artifacts kept");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        let kept = |name: &str| {
            let path = stage.project.join("kept/bad.lua").join(name);
            fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}\n{ran:?}", path.display()))
        };
        assert!(kept("only at its end/failure.txt").contains("deferred: torn down badly"));
        assert!(kept("only at its end/diff.txt").contains("lo"), "{}", kept("only at its end/diff.txt"));
        assert_eq!(kept("mended/failure.txt"), "passed, but was expected to fail: was broken\n");
        assert!(kept("mended/after.json").starts_with('{'));
        assert!(kept("g/dies/failure.txt").contains("killed by SIGKILL"));
        for name in ["known", "passes"] {
            assert!(!stage.project.join("kept/bad.lua").join(name).exists(), "{name}");
        }
    });
}

#[test]
fn all_output_is_shown_when_asked_for() {
    once(|stage| {
        stage.file("a.lua", "print('outside') test('t', function() print('inside') end) io.write('no end')");
        let ran = stage.run("test -v a.lua");
        assert_eq!(ran.status, Some(0));
        for line in ["a.lua | outside", "a.lua | inside", "a.lua | no end"] {
            assert!(ran.stdout.lines().any(|l| l == line), "{line}: {}", ran.stdout);
        }
        assert!(ran.stdout.contains("  ok       t ("), "{}", ran.stdout);
        assert!(!stage.run("test a.lua").stdout.contains("inside"));
        // Another format is not for people, whatever a file gets.
        let ran = stage.run("test -v a.lua --format json --output r.txt");
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["totals"]["passed"], 1);
    });
}

/// A shell script is one test, and so is a text in Markdown, whose claims are its checks.
#[test]
fn shell_scripts_and_texts_are_tests() {
    each(|stage| {
        stage.file("t/good.sh", "#!/bin/sh\necho x > /etc/test\nmkdir -p /etc/netns\n[ $(id -u) = 0 ]");
        stage.file("t/bad.sh", "echo before\nexit 7\n");
        stage.file("t/holds.md", "# Text\n\n```\n$ echo one two\none two\n```\n");
        stage.file("t/broken.md", "```\n$ echo one\none\n$ echo two\nthree\n```\n");
        stage.file("t/lua.lua", "check.equal(1, 1)");
        let (ran, report) = stage.report("test t/good.sh t/bad.sh t/holds.md t/broken.md");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert_eq!(
            outcomes(&report),
            ["t/bad.sh: failed", "t/broken.md: failed", "t/good.sh: passed", "t/holds.md: passed"]
        );
        let files = &report["files"];
        assert_eq!(message(&files[0]), "it ended with status 7");
        assert!(ran.stdout.contains("    | before\n"), "{}", ran.stdout);
        let claim = "t/broken.md:5: echo two (line 4) doesn't print 1 of 1 lines that the text shows\n";
        assert!(ran.stdout.contains(claim), "{}", ran.stdout);
        assert_eq!(files[1]["checks"], 2, "{report:#}");
        // They run if they are named, and not when tests are listed.
        let (_, report) = stage.report("test t");
        assert_eq!(outcomes(&report), ["t/lua.lua: passed"]);
        let ran = stage.run("test --list t/bad.sh t/broken.md");
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), "t/bad.sh\nt/broken.md\n"));
        let ran = stage.run("test --filter good t/good.sh t/bad.sh");
        assert!(ran.stdout.contains("1 test in 1 file: 1 passed"), "{}", ran.stdout);
    });
}
