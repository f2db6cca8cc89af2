//! What runs while the prompt waits, and what the prompt waits for.

use std::time::{Duration, Instant};

use super::screen::Screen;

/// A function of Lua's own that heeds nothing: the prompt says so, and how it is ended.
#[test]
fn no_ctrl_c_ends_the_prompt() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.send("print(\"be\" .. \"gun\") return (\"a\"):rep(60):find((\"a?\"):rep(60) .. (\"a\"):rep(60) .. \"b\")\r");
    s.expect("\nbegun");
    // The first one is only taken note of, and those that follow at once count as one with it.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !s.text().contains("still busy; Ctrl-\\ ends nsh and its lab") {
        let seen = s.text().matches("^C").count();
        s.send("\x03");
        s.until("the echo of Ctrl-C", |s| s.text().matches("^C").count() > seen);
        assert!(Instant::now() < deadline, "{}", s.text());
    }
    s.send("\x1c");
    assert_eq!(s.status(), 128 + libc::SIGQUIT);
}

#[test]
fn what_happened_by_itself_is_told() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    for line in [
        "ip netns add a",
        ":use a",
        "ip netns del a",
        "q = proc.spawn([[printf '\\033[2Jgone' >&2; kill -9 $$]])",
        "eventually(function() return #proc.deaths() == 1 end)",
        "1 + 1",
    ] {
        s.line(line);
    }
    let text = s.text();
    assert!(text.contains("\nthe namespace a is gone; this is host again\n"), "{text}");
    assert_eq!(text.matches("in host: killed by SIGKILL").count(), 1, "{text}");
}

#[test]
fn tcpdump_shows_packets_until_ctrl_c() {
    let mut s = Screen::new(120, &[]);
    s.prompt();
    s.line("capturing = ping.start(\"127.0.0.1\", { interval = 0.05 })");
    s.send("sudo tcpdump -ni lo icmp\r");
    s.until("two packets", |s| s.text().matches("ICMP echo request").count() >= 2);
    s.key("\x03");
    assert!(s.text().contains("interrupted"), "{}", s.text());
    s.line("sudo tcpdump -c 2 -ni lo icmp");
    assert!(!s.text().ends_with("interrupted\nnsh>"), "{}", s.text());
    s.line(":time ip link show lo");
    assert!(s.text().contains("\ntook "), "{}", s.text());
    s.line(":watch 1 0");
    assert!(s.text().contains("a number from 0.05, not 0"), "{}", s.text());
}

#[test]
fn the_way_to_an_error_is_the_users_own() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("function f() link.del(\"q\") end");
    s.line("f()");
    s.line(":trace");
    let text = s.text();
    let (_, trace) = text.split_once("stack traceback:\n").expect(&text);
    assert_eq!(trace.trim_end(), "\tnsh:1: in function 'f'\nnsh>".replace('\t', "        "), "{text}");
}

#[test]
fn a_read_that_is_broken_off_has_no_result() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.send("print(\"rea\" .. \"ding\") return io.read()\r");
    s.expect("\nreading");
    s.key("\x03");
    let text = s.text();
    assert!(text.contains("interrupted") && !text.contains("system call"), "{text}");
}
