//! Results in each format, read by somebody else's parser.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use super::stage::{Stage, have, once};

/// Names and texts that a careless writer trips over.
fn nasty(stage: &Stage) {
    stage.file(
        "nasty <&>.lua",
        "test('a # b \\\\ \"quoted\" <tag> & ]]>', function()
           print('\\0\\1\\27[1m ]]> & <x> ünïcödé \\255\\254')
           check.equal('<a> & \"b\" ]]>\\n\\27[0m', 'x', 'ok 1 - forged\\nnot ok 2')
         end)
         test('skipped', function() skip('no # \"time\" <now>\\nor later') end)
         test('known', { xfail = 'bug #1 & <2>' }, function() check(false) end)
         test('passes', function() check(true) end)
         test('mended', { xfail = 'was broken' }, function() end)",
    );
    stage.file(
        "dies.lua",
        "test('dies', function() os.execute('kill -KILL $PPID') eventually(function() end) end)",
    );
    stage.file("plain.lua", "check(true)");
    stage.file("needs.lua", "-- needs: no-such-program\n");
}

#[test]
fn junit_is_valid_and_says_what_happened() {
    once(|stage| {
        nasty(stage);
        let ran = stage.run("test . --output r.xml");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        let file = stage.project.join("r.xml");
        let xml = fs::read_to_string(&file).unwrap();
        assert_eq!(xml.matches("<testcase ").count(), 8);
        if !have("xmllint") {
            return;
        }
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/runner/junit.xsd");
        let lint = Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&file).output().unwrap();
        assert!(lint.status.success(), "{}\n{xml}", String::from_utf8_lossy(&lint.stderr));
        let count = |path: &str| {
            let out = Command::new("xmllint")
                .args(["--xpath", &format!("string({path})")])
                .arg(&file)
                .output()
                .unwrap();
            assert!(out.status.success(), "{path}: {}", String::from_utf8_lossy(&out.stderr));
            String::from_utf8_lossy(&out.stdout).trim().to_owned()
        };
        assert_eq!(count("count(//failure)"), "2");
        assert_eq!(count("count(//error)"), "1");
        assert_eq!(count("count(//skipped)"), "3");
        assert_eq!(count("sum(//testsuite/@tests)"), "8");
        assert_eq!(count("sum(//testsuite/@failures)"), "2");
        assert_eq!(
            count("//testsuite[@name='nasty <&>.lua']/testcase[1]/@name"),
            "a # b \\ \"quoted\" <tag> & ]]>"
        );
        assert!(count("//testsuite[@name='nasty <&>.lua']/testcase[1]/failure").contains("ünïcödé"));
        assert!(count("//error/@message").contains("killed by SIGKILL"));
    });
}

/// The page as an XML parser reads it.
const PYTHON: &str = r#"
import sys, xml.etree.ElementTree as tree
page = tree.parse(sys.argv[1]).getroot()
cases = [e for e in page.iter() if "case" in e.get("class", "").split()]
print(len(cases), *sorted(e.get("class").split()[1] for e in cases))
names = {e.get("id") for e in page.iter()}
links = [e.get("href") for e in page.iter("a")]
print(len(links), all(link[1:] in names for link in links))
print([e.get("src")[:26] for e in page.iter("img")])
print("\n".join("".join(e.itertext()) for e in page.iter("pre")))
"#;

#[test]
fn the_page_is_whole_and_shows_the_lab() {
    once(|stage| {
        nasty(stage);
        let ran = stage.run("test . --output r.html");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        let file = stage.project.join("r.html");
        let page = fs::read_to_string(&file).unwrap();
        assert_eq!(page.matches("class=\"case ").count(), 8, "{page}");
        if !have("python3") {
            return eprintln!("skipped: no python3 here");
        }
        let read = Command::new("python3").args(["-c", PYTHON]).arg(&file).output().unwrap();
        let told = String::from_utf8_lossy(&read.stdout);
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let mut lines = told.lines();
        assert_eq!(
            lines.next(),
            Some("8 failed failed failed passed passed passed skipped skipped"),
            "{told}"
        );
        assert_eq!(lines.next(), Some("3 True"), "{told}");
        // The lab of the check; of the process that was killed there is none.
        assert_eq!(lines.next(), Some("['data:image/svg+xml;base64,']"), "{told}");
        assert!(told.contains("ok 1 - forged") && told.contains("ünïcödé"), "{told}");
        assert!(told.contains("killed by SIGKILL"), "{told}");
    });
}

/// TAP as perl reads it: a line for each of its results, with its kind, and what it found wrong.
const PERL: &str = r#"
use TAP::Parser;
local $/; my $tap = <STDIN>;
# Older readers know no version above 13, which is else the same.
$tap =~ s/^TAP version 14\n/TAP version 13\n/ or die "no version";
my $parser = TAP::Parser->new({ tap => $tap });
while (my $r = $parser->next) {
    next unless $r->is_test;
    print join("|", $r->is_actual_ok ? "ok" : "not ok", $r->has_skip ? "SKIP" : $r->has_todo ? "TODO" : "", $r->explanation, $r->description), "\n";
}
print "error: $_\n" for $parser->parse_errors;
print "exit: ", join(",", $parser->tests_run, $parser->tests_planned, scalar $parser->failed), "\n";
"#;

fn perl_reads(tap: &str) -> Vec<String> {
    let mut perl =
        Command::new("perl").args(["-e", PERL]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    perl.stdin.take().unwrap().write_all(tap.as_bytes()).unwrap();
    let out = perl.wait_with_output().unwrap();
    assert!(out.status.success());
    String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn tap_is_read_by_perl_outside_and_in_its_subtests() {
    once(|stage| {
        nasty(stage);
        let ran = stage.run("test . --format tap");
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(ran.stdout.starts_with("TAP version 14\n"), "{}", ran.stdout);
        if !have("perl") || !Command::new("perl").args(["-MTAP::Parser", "-e1"]).status().unwrap().success() {
            return eprintln!("skipped: no TAP::Parser here");
        }
        let mut files = perl_reads(&ran.stdout);
        let end = files.pop().unwrap();
        files.sort();
        assert_eq!(end, "exit: 4,4,2", "{}", ran.stdout);
        let of = |prefix: &str| {
            files.iter().find(|l| l.starts_with(prefix)).unwrap_or_else(|| panic!("{prefix}: {files:?}"))
        };
        assert!(of("ok|SKIP|no-such-program is not installed|- needs.lua").ends_with("needs.lua"));
        assert!(files.iter().any(|l| l.starts_with("ok|||- plain.lua")), "{files:?}");
        assert!(files.iter().any(|l| l.starts_with("not ok|||- nasty <&>.lua")), "{files:?}");
        assert!(files.iter().any(|l| l.starts_with("not ok|||- dies.lua")), "{files:?}");
        // A subtest is TAP by itself, indented.
        let begin = ran.stdout.find("# Subtest: nasty <&>.lua\n").unwrap();
        let inner: Vec<&str> =
            ran.stdout[begin..].lines().skip(1).map_while(|l| l.strip_prefix("    ")).collect();
        let tests = perl_reads(&format!("TAP version 14\n{}\n", inner.join("\n")));
        assert_eq!(tests.len(), 6, "{tests:?}");
        assert!(tests[0].starts_with("not ok|||- a \\# b"), "{tests:?}");
        assert!(tests[1].starts_with("ok|SKIP|no # \"time\" <now> or later|- skipped"), "{tests:?}");
        assert!(tests[2].starts_with("not ok|TODO|bug #1 & <2>|- known"), "{tests:?}");
        assert!(tests[4].starts_with("not ok|||- mended"), "{tests:?}");
        assert_eq!(tests[5], "exit: 5,5,2");
    });
}

#[test]
fn the_diagnostics_are_yaml() {
    once(|stage| {
        nasty(stage);
        let python =
            "import sys, yaml\nfor t in sys.stdin.read().split('\\x1f'): print(sorted(yaml.safe_load(t)))";
        let known = Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
        if !known.is_ok_and(|s| s.success()) {
            return eprintln!("skipped: python3 has no yaml here");
        }
        let ran = stage.run("test . --format tap");
        let mut blocks: Vec<String> = Vec::new();
        let mut inside = false;
        for line in ran.stdout.lines() {
            match line.trim() {
                "---" => {
                    inside = true;
                    blocks.push(String::new());
                }
                "..." => inside = false,
                _ if inside => blocks.last_mut().unwrap().push_str(&format!("{line}\n")),
                _ => {}
            }
        }
        assert!(blocks.len() >= 8);
        let mut child = Command::new("python3")
            .args(["-c", python])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(blocks.join("\x1f").as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{blocks:#?}");
        assert!(
            String::from_utf8_lossy(&out.stdout)
                .contains("['at', 'duration_ms', 'failure', 'message', 'output']")
        );
    });
}

#[test]
fn several_formats_are_written_in_one_run() {
    once(|stage| {
        stage.file("a.lua", "check(true)");
        let ran = stage.run("test a.lua --output r.xml --output r.tap --output json:r --output r.txt");
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let read = |name: &str| fs::read_to_string(stage.project.join(name)).unwrap();
        assert!(read("r.xml").starts_with("<?xml"));
        assert!(
            read("r.tap").starts_with("TAP version 14\nok 1 - a.lua\n") && read("r.tap").ends_with("1..1\n")
        );
        assert!(read("r").contains("\"format\": \"nsh test report\",\n  \"version\": 1,"));
        assert_eq!(read("r.txt"), ran.stdout);
        // stdout in another format is that alone.
        let ran = stage.run("test a.lua --format json");
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["totals"]["passed"], 1);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let lost = stage.command("test a.lua --format json").stdout(full).output().unwrap();
        assert_eq!(lost.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&lost.stderr).contains("stdout: no space left"), "{lost:?}");
    });
}

#[test]
fn a_terminal_gets_a_line_that_moves_and_nobody_else() {
    once(|stage| {
        stage.file(
            "a.lua",
            "test('waits', function() proc.exec('sleep 0.6') end) test('fails', function() check(false) end)",
        );
        let ran = stage.run("test a.lua");
        assert!(!ran.stdout.contains('\x1b') && !ran.stdout.contains('\r'), "{:?}", ran.stdout);
        let on_terminal = |variables: &[(&str, &str)]| {
            let pty = nix::pty::openpty(None, None).unwrap();
            let mut command = stage.command("test a.lua");
            command.env("TERM", "xterm").env_remove("NO_COLOR").envs(variables.iter().copied());
            let mut child = command.stdout(pty.slave).stderr(Stdio::null()).spawn().unwrap();
            drop(command);
            let mut text = Vec::new();
            // Ends with EIO when the other side is closed.
            let _ = std::io::Read::read_to_end(&mut fs::File::from(pty.master), &mut text);
            child.wait().unwrap();
            String::from_utf8_lossy(&text).into_owned()
        };
        let text = on_terminal(&[]);
        assert!(text.contains("0/1  0 s  running: a.lua > waits (0 s)"), "{text:?}");
        assert!(text.contains("\x1b[31mFAILED"), "{text:?}");
        let text = on_terminal(&[("NO_COLOR", "1")]);
        assert!(text.contains("running: a.lua") && !text.contains("\x1b[31m"), "{text:?}");
        let text = on_terminal(&[("TERM", "dumb")]);
        assert!(!text.contains("running:") && !text.contains('\x1b'), "{text:?}");
    });
}
