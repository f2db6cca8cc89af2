//! On a terminal: job control as with any program, and no typing into it from within.

use std::time::{Duration, Instant};

use super::pty::on_terminal;
use super::stage::PATIENCE;

const WAIT: &str = "eventually(function() return false end, { timeout = 100 })";

#[test]
fn ctrl_c_ends_the_script() {
    on_terminal(|stage, mut t| {
        t.run(stage, &format!("print(\"go\"..\"es\") {WAIT}"));
        t.expect("goes");
        t.send("\x03");
        t.expect("nsh: interrupted");
        t.expect_status(130);
    });
}

#[test]
fn a_script_reads_from_the_terminal() {
    on_terminal(|stage, mut t| {
        t.run(stage, "print(\"go\"..\"es\") print(\"read \"..io.read())");
        t.expect("goes");
        t.send("words\n");
        t.expect("read words");
        t.expect_status(0);
        // Ctrl-C while it reads.
        t.run(stage, "print(\"go\"..\"es\") io.read()");
        t.expect("goes");
        t.send("\x03");
        t.expect_status(130);
    });
}

#[test]
fn ctrl_z_stops_and_fg_goes_on() {
    on_terminal(|stage, mut t| {
        // It has read a line, so it has the terminal, and waits for the next.
        t.run(stage, "print(\"go\"..io.read()) print(\"read \"..io.read())");
        t.send("es\n");
        t.expect("goes");
        t.send("\x1a");
        t.expect("Stopped");
        t.expect("PROMPT> ");
        t.send("fg\n");
        t.send("words\n");
        t.expect("read words");
        t.expect_status(0);
    });
}

#[test]
fn in_the_background_it_stops_when_it_reads() {
    on_terminal(|stage, mut t| {
        t.send(&format!("{} -e 'print(\"read \"..io.read())' &\n", stage.nsh().display()));
        t.expect("PROMPT> ");
        // bash tells when it is asked.
        let deadline = Instant::now() + PATIENCE / 3;
        loop {
            t.send("jobs; echo that-\"is-all\"\n");
            if t.expect("that-is-all").contains("Stopped") {
                break;
            }
            assert!(Instant::now() < deadline, "not stopped");
            std::thread::sleep(Duration::from_millis(20));
        }
        t.send("fg\n");
        t.send("words\n");
        t.expect("read words");
    });
}

#[test]
fn the_prompt_outlives_ctrl_c() {
    on_terminal(|stage, mut t| {
        t.send(&format!("{}\n", stage.nsh().display()));
        t.expect("nsh> ");
        for _ in 0..2 {
            t.send("\x03");
            t.expect("nsh> ");
            std::thread::sleep(Duration::from_millis(150));
        }
        t.send("print(6 * 7)\n");
        t.expect("42");
        t.expect("nsh> ");
        t.send("\x04");
        t.expect_status(0);
    });
}

#[test]
fn a_shell_in_the_lab_gives_the_terminal_back() {
    on_terminal(|stage, mut t| {
        t.run(stage, "os.execute(\"bash --norc --noediting -i\")");
        t.expect("PROMPT> ");
        // Ctrl-C before the command runs would be the shell's own.
        t.send("sh -c 'echo run\"\"ning; exec sleep 1000'; echo over-$((1 + 2))\n");
        t.expect("running");
        t.send("\x03");
        t.expect("PROMPT> ");
        t.send("echo still-$((1 + 2))\n");
        t.expect("still-3");
        t.send("exit 0\n");
        t.expect("exit");
        t.expect_status(0);
        t.send("cat\n");
        t.send("echoed\n");
        t.expect("echoed\r\nechoed");
    });
}

#[test]
fn a_failed_test_opens_a_prompt() {
    on_terminal(|stage, mut t| {
        let file = stage.project.join("failing.lua");
        let text = "local ns1 = namespace.add(\"ns1\")\n\
                    test(\"one\", function()\n  defer(function() namespace.del(ns1) end)\n  check.equal(1, 2)\nend)\n\
                    test(\"two\", function() check.equal(#namespace.list(), 0) end)\n";
        std::fs::write(&file, text).unwrap();
        t.send(&format!("{} test --pause-on-fail failing.lua\n", stage.nsh().display()));
        let told = t.expect("failed> ");
        assert!(told.contains("test \"one\" failed"), "{told}");
        assert!(told.contains("failing.lua:4: check.equal: expected 2, got 1"), "{told}");
        // Nothing of the lab is gone yet.
        t.send("print(\"there is \" .. namespace.get(\"ns1\").name)\n");
        t.expect("there is ns1");
        t.expect("failed> ");
        t.send("nonsense(\n\x03");
        t.expect("failed> ");
        t.send("eventually(function() return false end, { timeout = 1000 })\n");
        t.expect("1000 })");
        std::thread::sleep(Duration::from_millis(200));
        t.send("\x03");
        t.expect("failed> ");
        t.send("\x04");
        // The second test passes only if what the first deferred has run.
        let summary = t.expect("PROMPT> ");
        assert!(summary.contains("1 passed, 1 failed"), "{summary}");
        t.send("echo status=$?.\n");
        t.expect("status=1.");
        t.expect("PROMPT> ");
    });
}

#[test]
fn nothing_is_typed_into_the_terminal() {
    on_terminal(|stage, mut t| {
        let line = super::helper::command_line(stage, "type", "").replace('\'', "");
        t.run(stage, &format!("os.execute([==[{line}]==])"));
        t.expect("refused typing: EPERM");
        t.expect_status(0);
    });
}
