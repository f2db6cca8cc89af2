//! Wrong usage is one clear error and status 2, found before anything runs, and leaves nothing.

use super::stage::{Ran, each, finish, once};

#[test]
fn each_mistake_has_its_error() {
    each(|stage| {
        stage.file("t/a.lua", "io.open('ran', 'w')");
        stage.file("empty/notes.txt", "");
        stage.file("empty/_helper.lua", "");
        for (line, error) in [
            ("test nowhere", "nsh: nowhere: no such file or directory (ENOENT)\n"),
            ("test t empty", "nsh: no test in empty\n  hint: in a directory, a test is each *.lua below it"),
            ("test t --bogus", "nsh: unexpected argument '--bogus' found"),
            (
                "test t --shard 0/4",
                "nsh: invalid value '0/4' for '--shard <I/N>': expected i/n with i from 1 to n, such as 1/4",
            ),
            ("test t --shard 5/4", "nsh: invalid value '5/4'"),
            ("test t -j0", "nsh: invalid value '0' for '--jobs <N>'"),
            (
                "test t --timeout 0",
                "nsh: invalid value '0' for '--timeout <SECONDS>': expected a number of seconds above 0",
            ),
            ("test t --repeat 0", "nsh: invalid value '0' for '--repeat <N>'"),
            ("test t --format pdf", "nsh: invalid value 'pdf' for '--format <FORMAT>'"),
            (
                "test t --output result",
                "nsh: invalid value 'result' for '--output <[FORMAT:]FILE>': the name tells no format",
            ),
            (
                "test t --output no/such/r.xml",
                "nsh: --output no/such/r.xml: can't write the results: no such file or directory (ENOENT)\n",
            ),
            ("test t --output t", "nsh: invalid value 't'"),
            ("test t --output json:t", "nsh: --output t: can't write the results: is a directory (EISDIR)\n"),
            (
                "test t --artifacts t/a.lua",
                "nsh: --artifacts t/a.lua: can't write there: not a directory (ENOTDIR)\n",
            ),
            (
                "test t --capture",
                "nsh: the following required arguments were not provided: --artifacts <DIR>",
            ),
            ("test t --list --until-fail", "nsh: the argument '--list' cannot be used with '--until-fail'"),
            ("test t --list --repeat 2", "nsh: the argument '--list' cannot be used with '--repeat <N>'"),
            ("test t --list --output r.xml", "nsh: the argument '--list' cannot be used with '--output"),
            ("test t --list --artifacts a", "nsh: the argument '--list' cannot be used with '--artifacts"),
            ("test t --list --format tap", "nsh: --list prints lines, or JSON with --format json\n"),
            ("test t --write no/such", "nsh: --write \"no/such\": no such file or directory (ENOENT)\n"),
            (
                "test t --filter nothing-has-this-name",
                "nsh: no test has a name with \"nothing-has-this-name\"\n  hint: nsh test --list",
            ),
            ("test t --artifacts=", "nsh: a value is required for '--artifacts <DIR>' but none was supplied"),
            ("report", "nsh: "),
            ("report merge", "nsh: the following required arguments were not provided"),
            ("report merge no.json", "nsh: no.json: no such file or directory (ENOENT)\n"),
            ("report merge t/a.lua", "nsh: t/a.lua: not a JSON report of nsh test\n"),
        ] {
            let ran = stage.run(line);
            assert_eq!(ran.status, Some(2), "{line}: {ran:?}");
            assert!(ran.stderr.starts_with(error), "{line}: {}", ran.stderr);
            assert!(!stage.project.join("ran").exists(), "{line} ran the tests");
        }
        assert_eq!(stage.run("test t").status, Some(0));
    });
}

#[test]
fn a_test_that_is_named_twice_is_a_failure_of_its_file() {
    once(|stage| {
        stage.file("a.lua", "test('same', function() end)\ntest('same', function() end)\n");
        let ran = stage.run("test a.lua");
        assert_eq!(ran.status, Some(1));
        assert!(
            ran.stdout.contains("a.lua:2: test \"same\": there is a test \"same\" already, at a.lua:1"),
            "{}",
            ran.stdout
        );
    });
}

#[test]
fn a_file_that_cannot_be_parsed_fails_alone() {
    once(|stage| {
        stage.file("a.lua", "local x = =\n");
        stage.file("b.lua", "");
        let ran = stage.run("test .");
        assert_eq!(ran.status, Some(1));
        assert!(ran.stdout.contains("a.lua:1: unexpected symbol near '='"), "{}", ran.stdout);
        assert!(ran.stdout.contains("ok       b.lua"), "{}", ran.stdout);
    });
}

#[test]
fn without_a_sandbox_the_machine_is_to_blame() {
    once(|stage| {
        stage.file("a.lua", "");
        stage.file("b.lua", "");
        let run = |arguments: &[&str]| {
            let nsh = stage.nsh();
            let mut command = stage.program("unshare".as_ref(), arguments);
            let ran = finish(command.arg(&nsh).args(["test", "."]).spawn().ok()?);
            match ran.stderr.starts_with("unshare") || ran.stderr.starts_with("sh:") {
                true => {
                    eprintln!("skipped: {}", ran.stderr);
                    None
                }
                false => Some(ran),
            }
        };
        let refused = |ran: Ran| {
            assert_eq!(ran.status, Some(3), "{ran:?}");
            assert_eq!(ran.stderr.lines().filter(|l| l.starts_with("nsh: ")).count(), 1, "{ran:?}");
            assert!(ran.stderr.contains("\n  hint: "), "{ran:?}");
        };
        // Whoever is nobody in their user namespace can't make another.
        run(&["-U"]).into_iter().for_each(refused);
        // A user namespace in which no other can be made is a machine without them. Root there goes without one, unless
        // the mounts are refused, as in a container.
        let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
        if let Some(ran) = run(&["-Ur", "sh", "-c", script, "sh"]) {
            match ran.status {
                Some(0) => assert!(ran.stdout.contains("2 tests in 2 files: 2 passed"), "{ran:?}"),
                _ => refused(ran),
            }
        }
    });
}
