//! A second window into a prompt that runs.

use super::screen::Screen;

/// nsh with these arguments, for the labs of that prompt.
fn beside(s: &Screen, arguments: &[&str]) -> Screen {
    Screen::with(100, arguments, |command| {
        command.env("NSH_LABS", &s.labs);
    })
}

#[test]
fn attach_finds_a_running_prompt() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line("ns1 = namespace.add(\"ns1\")");
    let mut list = beside(&s, &["ls"]);
    list.expect("(prompt)");
    assert!(list.text().contains("\nprompt  up "), "{}", list.text());
    let mut t = beside(&s, &["attach"]);
    t.prompt();
    // What is made in one window is there in the other.
    t.line("ns1.link.add(\"br0\", { kind = \"bridge\" })");
    s.line("ns1.link.get(\"br0\").kind");
    assert!(s.text().contains("\n\"bridge\"\n"), "{}", s.text());
    let mut log = beside(&s, &["logs", "prompt"]);
    log.expect("on its own terminal alone");
    // A second prompt has a name of its own, and must be chosen.
    let mut other = beside(&s, &[]);
    other.prompt();
    let mut which = beside(&s, &["attach"]);
    which.expect("there are several labs: prompt, prompt2");
    assert_eq!(which.status(), 1);
    let mut u = beside(&s, &["attach", "prompt2"]);
    u.prompt();
    u.line("#namespace.list()");
    assert!(u.text().contains("\n0\n"), "{}", u.text());
    // With its lab the window ends; the entry goes, and the name is free again.
    other.send("\x04");
    assert_eq!(other.status(), 0);
    u.expect("the lab prompt2 has ended");
    let mut list = beside(&s, &["ls", "--json"]);
    list.expect("\"name\": \"prompt\"");
    assert_eq!(list.status(), 0);
    assert!(!list.text().contains("prompt2"), "{}", list.text());
}

/// A killed prompt leaves nothing, one without a place for labs is a prompt all the same, a fresh lab is found, too.
#[test]
fn prompts_that_end_or_are_not_written_down() {
    let mut s = Screen::new(100, &[]);
    s.prompt();
    s.line(":reset");
    s.until("a new session", |s| s.text().matches("a fresh lab").count() == 2 && s.at_prompt());
    let mut t = beside(&s, &["attach", "prompt"]);
    t.prompt();
    t.line("#namespace.list()");
    nix::sys::signal::kill(s.id(), nix::sys::signal::Signal::SIGKILL).unwrap();
    t.expect("the lab prompt has ended");
    let mut list = beside(&s, &["ls"]);
    list.expect("no labs");
    let mut without = Screen::with(100, &[], |command| {
        command.env("NSH_LABS", "/nonexistent/labs");
    });
    without.prompt();
    without.line("40 + 2");
    without.expect("\n42");
}

#[test]
fn a_terminal_without_utf8_gets_ascii() {
    let mut s = Screen::with(100, &[], |command| {
        command.env("LC_ALL", "C");
    });
    s.prompt();
    s.line("link.add(\"br0\", { kind = \"bridge\" })");
    s.line(":net");
    s.line("string.rep('x', 300)");
    assert!(s.text().contains("\n`- br0 "), "{}", s.text());
    assert!(s.text().is_ascii(), "{}", s.text());
}
