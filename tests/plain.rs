//! What `nsh FILE` prints of the tests in a file, its exit status, and that what was deferred runs in spite of signals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sandbox/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn command(code: &str, options: &[&str]) -> Command {
    let mut command = Command::new(stage::built());
    command.args(options).args(["-e", code]).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    stage::signals::heed_all(&mut command);
    command
}

/// Runs a script; times, which differ from run to run, stand as `T`.
fn run(code: &str) -> Ran {
    run_with(code, &["--timeout", "30"])
}

fn run_with(code: &str, options: &[&str]) -> Ran {
    ran(stage::finish(command(code, options).spawn().unwrap()))
}

fn ran(output: Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("(command line)", "x");
    Ran {
        status: output.status.code(),
        stdout: without_times(&text(&output.stdout)),
        stderr: text(&output.stderr),
    }
}

/// `(0.12 s` becomes `(T s`.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('(') {
        let (before, behind) = rest.split_at(at + 1);
        out.push_str(before);
        let digits = behind.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(behind.len());
        rest = behind;
        if digits > 0 && behind[digits..].starts_with(" s") {
            out.push('T');
            rest = &behind[digits..];
        }
    }
    out + rest
}

#[test]
fn each_test_has_a_line_and_a_summary_follows() {
    let ran = run("test('one', function() check(true) end)\n\
                   check(true)\n\
                   test('two', function() check.equal(1, 2) end)\n\
                   test('three', function() skip('not here') end)\n\
                   test('four', { xfail = 'known' }, function() error('x') end)\n\
                   test('five', { xfail = 'known' }, function() end)\n\
                   test('six', { lab = 'own' }, function() end)\n\
                   test('seven', { skip = true }, function() end)\n\
                   test('eight', { needs = 'no-such-program' }, function() end)\n\
                   group('g', function() test('inner', function() end) error('late') end)");
    assert_eq!(
        ran.stdout,
        "ok       one (T s)\n\
         FAILED   two (T s)\n\
         skipped  three: not here\n\
         ok       four (T s; expected to fail: known)\n\
         FAILED   five: it passed, but was expected to fail: known\n\
         skipped  six: it has a lab of its own; nsh test (command line) runs it\n\
         skipped  seven: no reason given\n\
         skipped  eight: no-such-program is not installed\n\
         ok       g > inner (T s)\n\
         FAILED   g (T s)\n\
         3 passed, 3 failed, 4 skipped; 2 checks passed (T s)\n"
            .replace("(command line)", "x")
    );
    assert_eq!(ran.stderr, "x:3: check.equal: expected 2, got 1\nx:10: late\n");
    assert_eq!(ran.status, Some(1));
}

#[test]
fn without_tests_nothing_is_added() {
    let ran = run("check(true) print('done')");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.status), ("done\n", "", Some(0)));
}

#[test]
fn whatever_is_raised_is_told_with_its_line() {
    let cases = [
        ("error('text')", "text"),
        ("error('text', 0)", "text"),
        ("error('two\\nlines')", "two\nlines"),
        ("error({ code = 7 })", "the script raised { code = 7 }"),
        ("error({ message = 'm' })", "the script raised \"m\""),
        ("error(setmetatable({}, { __tostring = function() return 'mine' end }))", "the script raised mine"),
        ("error()", "the script raised nil"),
        ("error(nil)", "the script raised nil"),
        ("error(42)", "the script raised 42"),
        ("error(true)", "the script raised true"),
        ("local t = nil; t.x = 1", "attempt to index a nil value (local 't')"),
        ("lnik.add('x')", "attempt to index a nil value (global 'lnik')\n  hint: did you mean \"link\"?"),
        ("link.del('eth7')", "link.del \"eth7\": no link named \"eth7\" (there is lo)"),
    ];
    for (code, told) in cases {
        for (wrapped, line) in
            [(format!("\n{code}"), 2), (format!("\ntest('t', function()\n{code}\nend)"), 3)]
        {
            let ran = run(&wrapped);
            assert_eq!(ran.stderr, format!("x:{line}: {told}\n"), "{wrapped}");
            assert_eq!(ran.status, Some(1), "{wrapped}");
        }
    }
    let ran = run("x = = 1");
    assert_eq!((ran.stderr.as_str(), ran.status), ("x:1: unexpected symbol near '='\n", Some(2)));
}

#[test]
fn a_diff_stands_under_its_message() {
    let ran = run("local long = ('x'):rep(60)\ncheck.equal({ long, 1 }, { long, 2 })");
    let long = "x".repeat(60);
    assert_eq!(
        ran.stderr,
        format!(
            "x:2: check.equal: at [2]: expected 2, got 1\n      {{\n        {long:?},\n    -   2,\n    +   1,\n      }}\n"
        )
    );
}

#[test]
fn soft_checks_fail_at_the_end() {
    let ran = run(
        "test('t', function()\ncheck.soft.equal(1, 2)\nprint('goes on')\ncheck.soft(nil, 'it')\nerror('first hard one')\nend)\n\
                   test('u', function() check.soft(true) end)",
    );
    assert_eq!(
        ran.stderr,
        "x:2: check.soft.equal: expected 2, got 1\n\
         x:4: check.soft: it: expected a true value, got nil\n\
         x:5: first hard one\n"
    );
    assert!(ran.stdout.starts_with("goes on\nFAILED   t (T s)\nok       u"), "{}", ran.stdout);
    // In a plain script, at its end.
    let ran = run("check.soft.equal(1, 2)\ndefer(print, 'deferred')\nprint('goes on')");
    assert_eq!(ran.stdout, "goes on\ndeferred\n");
    assert_eq!(ran.stderr, "x:1: check.soft.equal: expected 2, got 1\n");
    assert_eq!(ran.status, Some(1));
}

#[test]
fn what_is_deferred_runs_and_its_errors_are_told_besides() {
    let ran = run("defer(print, 1)\ndefer(function() error('second') end)\ndefer(print, 3)\nerror('first')");
    assert_eq!(ran.stdout, "3\n1\n");
    assert_eq!(ran.stderr, "x:4: first\nx:2: deferred: second\n");
    assert_eq!(ran.status, Some(1));
    let ran = run("defer(function() error('only') end)");
    assert_eq!((ran.stderr.as_str(), ran.status), ("x:1: deferred: only\n", Some(1)));
    let ran = run("defer(print, 'x') os.exit(7)");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.status), ("x\n", "", Some(7)));
    let ran = run("defer(print, 'x') test('t', function() defer(print, 'y') os.exit(0) end)");
    assert!(ran.stdout.starts_with("y\nx\nFAILED   t"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "x:1: os.exit(0) ended the script\n");
    assert_eq!(ran.status, Some(1));
}

#[test]
fn a_test_is_ended_by_its_own_time_limit_alone() {
    let waits = [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "eventually(function() return false end, { timeout = 60 })",
        "while true do pcall(eventually, function() return false end, { timeout = 60 }) end",
        "ping('127.0.0.1', { count = 1000, interval = 60 })",
        "proc.exec({ 'sleep', '60' })",
        "os.execute('sleep 60')",
        "tcp.listen('127.0.0.1:7'):wait({ connections = 1, timeout = 60 })",
        "while true do table.sort({ 3, 1, 2 }, function(a, b) return a < b end) end",
    ];
    for wait in waits {
        let code = format!(
            "test('slow', {{ timeout = 0.2 }}, function()\ndefer(function() print(ping('127.0.0.1').received) end)\n{wait}\nend)\n\
             test('next', function() check.equal(ping('127.0.0.1').received, 1) end)"
        );
        let start = Instant::now();
        let ran = run(&code);
        assert_eq!(ran.stdout.lines().next(), Some("1"), "{wait}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr, "x:3: the time limit of 0.2 s ran out\n", "{wait}");
        assert!(
            ran.stdout.contains("FAILED   slow") && ran.stdout.contains("ok       next"),
            "{}",
            ran.stdout
        );
        assert_eq!(ran.status, Some(1), "{wait}");
        assert!(start.elapsed() < Duration::from_secs(15), "{wait}");
    }
}

#[test]
fn a_blocked_read_is_broken_off() {
    let code = "test('reads', { timeout = 0.2 }, function()\nio.read()\nlocal x = 0\nfor i = 1, 1e9 do x = x + i end\nend)";
    let mut child = command(code, &["--timeout", "30"]).stdin(Stdio::piped()).spawn().unwrap();
    let keep_open = child.stdin.take();
    let ran = ran(stage::finish(child));
    drop(keep_open);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("the time limit of 0.2 s ran out"), "{}", ran.stderr);
}

/// Starts a script that prints `ready`, and waits for that; what it prints behind it is for [`finish`].
fn ready(code: &str) -> Child {
    let mut child = command(code, &["--timeout", "30"]).spawn().unwrap();
    let mut line = [0; "ready\n".len()];
    child.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"ready\n");
    child
}

fn finish(child: Child, signal: i32) -> Ran {
    // SAFETY: the child has not been waited for, so its pid is its own.
    unsafe { libc::kill(child.id() as i32, signal) };
    ran(stage::finish(child))
}

#[test]
fn signals_run_what_is_deferred_and_keep_their_status() {
    let work = "check.equal(ping('127.0.0.1').received, 1)";
    let forever = "while true do pcall(function() while true do end end) end";
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let code = format!("defer(function() {work} print('deferred') end) print('ready') {forever}");
        let child = ready(&code);
        let ran = finish(child, signal);
        assert_eq!(ran.stdout, "deferred\n");
        assert_eq!(ran.stderr, "nsh: interrupted\n");
        assert_eq!(ran.status, Some(128 + signal));

        let code = format!(
            "defer(print, 'file')\ngroup('g', function() defer(print, 'group') test('t', function()\n\
             defer(function() {work} print('test') end) print('ready') {forever} end) print('never') end)\nprint('never')"
        );
        let child = ready(&code);
        let ran = finish(child, signal);
        assert!(ran.stdout.starts_with("test\nFAILED   g > t (T s)\ngroup\n"), "{}", ran.stdout);
        assert!(ran.stdout.contains("\nfile\n") && !ran.stdout.contains("never"), "{}", ran.stdout);
        assert_eq!(ran.stderr, "nsh: interrupted\n");
        assert_eq!(ran.status, Some(128 + signal));
    }
}

#[test]
fn after_a_signal_what_is_deferred_has_a_bound() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let code = "defer(print, 'not any more') defer(function() while true do end end)\n\
                    defer(print, 'first') print('ready') while true do end";
        let child = ready(code);
        let start = Instant::now();
        let ran = finish(child, signal);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(ran.stdout, "first\n");
        assert!(ran.stderr.contains("deferred: the time limit of 1.4"), "{}", ran.stderr);
        assert!(ran.stderr.contains("deferred: was not run"), "{}", ran.stderr);
        assert_eq!(ran.status, Some(128 + signal));
    }
}

#[test]
fn the_script_s_time_limit_runs_what_is_deferred() {
    let ran = run_with(
        "defer(function() print(ping('127.0.0.1').received) end) while true do pcall(function() while true do end end) end",
        &["--timeout", "0.3"],
    );
    assert_eq!(ran.stdout, "1\n");
    assert_eq!(ran.stderr, "nsh: the script's time limit ran out\n");
    assert_eq!(ran.status, Some(1));
}

#[test]
fn what_a_test_starts_ends_with_it() {
    // Handles that are dropped and collected, too. What the file started goes on.
    let ran = run("local function count(n)\n\
                     return select(2, proc.exec(\"ps -eo args || true\").stdout:gsub('sleep ' .. n, ''))\n\
                   end\n\
                   local function spawn(n) proc.spawn({ 'sleep', n }) collectgarbage() collectgarbage() end\n\
                   spawn('77')\n\
                   test('a', function() spawn('78') check.equal({ count(77), count(78) }, { 1, 1 }) end)\n\
                   test('b', function() local p = proc.spawn({ 'sleep', '78' }) end)\n\
                   check.equal({ count(77), count(78) }, { 1, 0 })");
    assert_eq!((ran.stderr.as_str(), ran.status), ("", Some(0)), "{}", ran.stdout);
}

#[test]
fn os_exit_keeps_no_soft_failure_from_counting() {
    let soft = "check.soft(false, 'kept')";
    for (code, status, told) in [
        (format!("{soft} os.exit(0)"), 1, "x:1: check.soft: kept: "),
        (format!("{soft} os.exit(7)"), 7, "x:1: check.soft: kept: "),
        (format!("group('g', function() {soft} os.exit(0) end)"), 1, "x:1: check.soft: kept: "),
        (format!("defer(function() {soft} end) os.exit(0)"), 1, "x:1: check.soft: kept: "),
        (format!("xfail('known') {soft} os.exit(0)"), 0, ""),
        ("xfail('known') os.exit(0)".to_owned(), 1, "x: it passed, but was expected to fail: known"),
        ("check.soft(true) os.exit(0)".to_owned(), 0, ""),
    ] {
        let ran = run(&code);
        assert_eq!(ran.status, Some(status), "{code}: {}", ran.stderr);
        assert!(
            ran.stderr.starts_with(told) && ran.stderr.is_empty() == told.is_empty(),
            "{code}: {}",
            ran.stderr
        );
    }
    let ran = run(&format!("test('t', function() {soft} os.exit(0) end)"));
    assert_eq!(
        ran.stderr,
        "x:1: check.soft: kept: expected a true value, got the boolean false\nx:1: os.exit(0) ended the script\n"
    );
}

#[test]
fn the_examples_of_the_book_run() {
    let book = include_str!("../docs/testing.md");
    let examples: Vec<&str> =
        book.split("```lua\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 6);
    for example in examples {
        let ran = run(example);
        assert_eq!((ran.stderr.as_str(), ran.status), ("", Some(0)), "{example}\n{}", ran.stdout);
    }
}

#[test]
fn a_test_that_needs_what_the_kernel_lacks_is_skipped() {
    let ran = run("test('a', { needs = { 'veth', 'sh' } }, function() end)\n\
                   test('b', { needs = 'no-such-program' }, function() end)\n\
                   group('g', { needs = 'no-such-program' }, function() error('never') end)");
    assert_eq!(
        ran.stdout,
        "ok       a (T s)\n\
         skipped  b: no-such-program is not installed\n\
         skipped  g: no-such-program is not installed\n\
         1 passed, 0 failed, 2 skipped; 0 checks passed (T s)\n"
    );
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
}

/// In a function that the test calls, both lines say where: the function's and the test's own.
#[test]
fn what_fails_in_a_helper_names_the_tests_own_line_too() {
    let ran = run("local function up(n)\n\
                   check.equal(n, 1)\n\
                   end\n\
                   local function both(n)\n\
                   up(n)\n\
                   end\n\
                   test('a helper in a helper', function()\n\
                   both(1)\n\
                   both(2)\n\
                   end)\n\
                   test('a soft check', function()\n\
                   local function soft() check.soft.equal(1, 2) end\n\
                   soft()\n\
                   end)\n\
                   test('what is no check', function()\n\
                   local function add() link.del('eth7') end\n\
                   pcall(add)\n\
                   add()\n\
                   end)\n\
                   test('an error of Lua', function()\n\
                   local function add() local x = nil; return #x end\n\
                   table.sort({ 1, 2 }, add)\n\
                   end)\n\
                   test('itself', function()\n\
                   check.equal(1, 2)\n\
                   end)\n\
                   both(3)");
    let lines: Vec<&str> = ran.stderr.lines().filter(|l| !l.contains("hint")).collect();
    assert_eq!(
        lines[..3],
        ["x:2: check.equal: expected 1, got 2", "  called at x:9", lines[2]],
        "{}",
        ran.stderr
    );
    assert_eq!(lines[2..4], ["x:12: check.soft.equal: expected 2, got 1", "  called at x:13"]);
    assert!(lines[4].starts_with("x:16: link.del"), "{}", ran.stderr);
    assert_eq!(lines[5], "  called at x:18");
    assert!(lines[6].starts_with("x:21: attempt to get length"), "{}", ran.stderr);
    assert_eq!(
        lines[7..],
        [
            "  called at x:22",
            "x:25: check.equal: expected 2, got 1",
            "x:2: check.equal: expected 1, got 3",
            "  called at x:27",
        ]
    );
    assert_eq!(ran.status, Some(1));
}

#[test]
fn a_kind_of_link_that_nobody_knows_is_no_lack_of_this_machine() {
    let ran = run("link.add('x', { kind = 'bridg' })");
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (Some(1), "x:1: link.add: no kind of link is named \"bridg\"\n  hint: did you mean \"bridge\"?\n")
    );
    // One of these is missing from most kernels.
    for kind in ["netdevsim", "nlmon", "vcan", "hsr"] {
        let ran = run(&format!("link.add('x', {{ kind = '{kind}' }})"));
        let lacks = ran.stderr.contains("has no links of kind");
        assert!(!lacks || ran.status == Some(3), "{kind}: {:?} {}", ran.status, ran.stderr);
    }
}
