//! On a terminal: job control as with any program, and no typing into it from within.

use std::path::Path;
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
fn nothing_is_typed_into_the_terminal() {
    on_terminal(|stage, mut t| {
        let line = super::helper::command_line(Path::new("./helper"), "type", "").replace('\'', "");
        t.run(stage, &format!("os.execute([==[{line}]==])"));
        t.expect("refused typing: EPERM");
        t.expect_status(0);
    });
}
