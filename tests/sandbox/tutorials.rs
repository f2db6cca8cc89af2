//! Tutorials in Markdown run in a lab and are checked there, as root and as an ordinary user.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use super::stage::{Stage, each, finish, have, text};

/// Runs nsh with these words on a text that stands in the project's `t.md`.
fn run(stage: &Stage, markdown: &str, words: &[&str]) -> Output {
    fs::write(stage.project.join("t.md"), markdown).unwrap();
    stage.give(&stage.project.join("t.md"));
    let words: Vec<&str> = words.iter().copied().chain(["t.md"]).collect();
    finish(stage.command(&words).spawn().unwrap())
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Each line stands in `told`.
fn has(told: &str, lines: &[&str]) {
    for line in lines {
        assert!(told.lines().any(|l| l == *line), "{line:?} is not in\n{told}");
    }
}

/// Tutorials are typed at bash; other shells forget more.
fn can() -> bool {
    have("bash") && have("ip") && have("ping") && have("nsenter")
}

#[test]
fn commands_are_run_by_one_shell_that_goes_on() {
    if !can() {
        return;
    }
    each(|stage| {
        let markdown = "# A\n\n```\nN=a\nadd() {\n  ip netns add $1\n}\nsudo ip link add v0 type bridge\ncd /tmp\n```\n\n\
            > ~~~bash\n> add $N\n> false\n> ip netns\n> a\n> ~~~\n\n    sudo nsenter --net=/run/netns/a\n    ls /sys/class/net; \
            ip -br link | cut -d' ' -f1\n    lo\n    exit\n\n```console\n$ echo $PWD $N \\\n>   on\n/tmp a on\n$ ip -br link show v0 | \
            cut -d' ' -f1\n$ cat <<X\n> two\n> lines\n> X\n```\n";
        let ran = run(stage, markdown, &[]);
        has(
            &out(&ran),
            &["## A", "$ add() {", ">   ip netns add $1", "a", "/tmp a on", "v0", "two", "lines"],
        );
        assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
        let told = err(&ran);
        has(&told, &["nsh: t.md: 22 lines of code: 19 of commands, 3 of output, 0 of comments, 0 left out"]);
        has(&told, &["nsh: t.md: 13 commands: 12 succeeded, 1 failed (line 14)"]);
    });
}

#[test]
fn claims_that_do_not_hold_are_told_with_their_lines() {
    if !can() {
        return;
    }
    each(|stage| {
        let good = "```\nip link add v0 type bridge\nip addr add 10.0.0.1/24 dev v0\nip addr show v0\n\n\
            7: v0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default qlen 1000\n    \
            link/ether 02:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff\n    inet 10.0.0.1/24 scope global v0\n```\n\n```\n$ ping -c 1 127.0.0.1\n\
            1 packets transmitted, 1 received, 0% packet loss, time 17ms\n```\n";
        let checked = run(stage, good, &["check"]);
        assert_eq!((checked.status.code(), out(&checked).as_str()), (Some(0), ""), "{}", text(&checked));
        has(
            &err(&checked),
            &[
                "nsh: t.md: 4 lines of output: 4 hold, 0 don't, 0 are of programs that are not installed, 0 of no command",
            ],
        );
        // From stdin, too.
        let mut child = stage.command(&["check", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(good.as_bytes()).unwrap();
        let checked = finish(child);
        assert_eq!(checked.status.code(), Some(0), "{}", text(&checked));
        has(&err(&checked), &["nsh: stdin: 4 commands: 4 succeeded"]);
        let bad = good.replace("mtu 1500", "mtu 1400").replace("1 received", "0 received");
        let checked = run(stage, &bad, &["check"]);
        assert_eq!(checked.status.code(), Some(1), "{}", text(&checked));
        let told = out(&checked);
        has(
            &told,
            &[
                "t.md:6: ip addr show v0 (line 4) doesn't print 1 of 3 lines that the text shows",
                "  6: 7: v0: <BROADCAST,MULTICAST> mtu 1400 qdisc noop state DOWN group default qlen 1000",
                "t.md:13: ping -c 1 127.0.0.1 (line 12) doesn't print 1 of 1 lines that the text shows",
            ],
        );
        assert!(told.contains("    printed: 2: v0: <BROADCAST,MULTICAST> mtu 1500"), "{told}");
    });
}

/// A reader takes a moment to type; and sees errors that the text keeps quiet about.
#[test]
fn what_settles_holds_and_failures_are_told() {
    if !can() {
        return;
    }
    each(|stage| {
        let text_of = |more: &str| {
            format!(
                "```\n$ ip link add v0 type bridge\n$ (sleep 0.5; ip link set v0 mtu 1400) &\n[1] 4242\n\
                 $ ip link show v0\n2: v0: <BROADCAST,MULTICAST> mtu 1400\n$ grep -q nothing /proc/version\n{more}```\n"
            )
        };
        let checked = run(stage, &text_of(""), &["check"]);
        assert_eq!((checked.status.code(), out(&checked).as_str()), (Some(0), ""), "{}", text(&checked));
        let checked = run(stage, &text_of("$ ip link add v0 type bridge\n"), &["check"]);
        assert_eq!(checked.status.code(), Some(1), "{}", text(&checked));
        let told = out(&checked);
        has(&told, &["t.md:8: ip link add v0 type bridge fails with status 2, which the text doesn't show"]);
        assert!(told.contains("    printed: RTNETLINK answers: File exists"), "{told}");
    });
}

#[test]
fn a_text_of_which_nothing_is_run_is_not_checked() {
    each(|stage| {
        let checked = run(stage, "# A text\n\n```\n% echo 6\n```\n", &["check"]);
        assert_eq!(checked.status.code(), Some(1), "{}", text(&checked));
        has(&err(&checked), &["nsh: t.md: no command was found in it, so nothing was checked"]);
    });
}

#[test]
fn what_is_not_run_is_told_with_its_reason() {
    each(|stage| {
        let markdown = "```yaml\na: 1\nb: 2\n```\n\n```sh\nip netns add <name>\nno-such-program-here x\n```\n\n```\n$ echo \"\n```\n";
        let ran = run(stage, markdown, &[]);
        assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
        let told = err(&ran);
        has(
            &told,
            &[
                "nsh: t.md:2: left out to line 3: a block of yaml",
                "nsh: t.md:7: left out: ip netns add <name>: <name> stands for a word",
                "nsh: t.md:12: left out: $ echo \": it is not finished",
                "nsh: t.md: 5 lines of code: 0 of commands, 1 of output, 0 of comments, 4 left out",
            ],
        );
        let refused = run(stage, "```\necho\n```\n", &["--host"]);
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    });
}

#[test]
fn programs_that_never_end_do_not_hold_up_the_text() {
    if !can() || !have("python3") {
        return;
    }
    each(|stage| {
        let server = "import socket,sys; s=socket.create_server((\"127.0.0.1\", 3000)); print(\"up\", flush=True); \
            print(s.accept()[1], flush=True); sys.exit()";
        let markdown = format!(
            "```\nV=kept\nip netns add a\nnsenter --net=/run/netns/a\npython3 -c '{server}'\nup\n```\nIn another terminal:\n```\n\
             echo $V; ls /run/netns\nip link show lo\nping 127.0.0.1\n5 packets transmitted, 5 received, 100% packet loss\n```\n"
        );
        let ran = run(stage, &markdown, &["check"]);
        let told = err(&ran);
        assert!(told.contains("1 went on beside the others (line 5)"), "{}", text(&ran));
        let shown = run(stage, &markdown, &[]);
        has(&out(&shown), &["up", "kept", "a", "$ ping 127.0.0.1"]);
        assert!(out(&shown).contains("3 packets transmitted, 3 received"), "{}", text(&shown));
        has(&err(&shown), &["nsh: python3 goes on; what follows is typed in another terminal"]);
    });
}

#[test]
fn hostile_texts_do_no_damage() {
    if !have("bash") {
        return;
    }
    each(|stage| {
        let begun = Instant::now();
        let markdown = "```\nkill -9 $$\necho on\nexec 9>&- >/dev/null 2>&1\nexit 3\nset -e\nfalse\necho \"still $(cat)\"\nread x\n\
            printf '\\033[2J'; yes | head -c 3000000\nkill -9 -1\necho last\n```\n";
        let ran = run(stage, markdown, &["--timeout", "50"]);
        let shown = out(&ran);
        has(&shown, &["on", "still ", "nsh: the rest of this output is left out"]);
        assert!(shown.len() < 2_000_000 && ran.status.code().is_some(), "{}", ran.status);
        let ran = run(stage, "```\nwhile :; do :; done\n```\n", &["--timeout", "0.5"]);
        assert_eq!(ran.status.code(), Some(1), "{}", text(&ran));
        assert!(err(&ran).contains("time limit ran out"), "{}", text(&ran));
        let ran = run(stage, "```\necho '\u{1b}[2J' # \u{1b}[2J\n```\n", &[]);
        assert!(out(&ran).starts_with("$ echo '\\x1b[2J'"), "{}", text(&ran));
        assert!(begun.elapsed() < Duration::from_secs(120));
        stage.wait_until_gone();
    });
}

#[test]
fn a_whole_tutorial_holds() {
    if !can() {
        return;
    }
    each(|stage| {
        let markdown = include_str!("../translate/tutorial.md");
        // Without what asks for iptables and other programs, and without a state that changes by itself.
        let markdown = markdown.split("## Out of the lab").next().unwrap();
        let markdown: String = markdown.split_inclusive('\n').filter(|l| !l.starts_with("br0 ")).collect();
        let checked = run(stage, &markdown, &["check"]);
        let told = err(&checked);
        has(&told, &["nsh: t.md: 29 lines of code: 20 of commands, 6 of output, 3 of comments, 0 left out"]);
        has(&told, &["nsh: t.md: 16 commands: 16 succeeded"]);
        assert_eq!((checked.status.code(), out(&checked).as_str()), (Some(0), ""), "{}", text(&checked));
    });
}
