//! `nsh up` and `nsh ls`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{PAIR, fails, listed, names, nsh, prints, read_line, stderr, stdout, up, with_labs};
use super::stage::{finish, place, text, until};

#[test]
fn a_lab_stays_and_is_listed() {
    with_labs(|stage| {
        fs::write(stage.project.join("web.lua"), format!("{PAIR} print('made by', arg[1], ...)")).unwrap();
        let out = prints(stage, &["up", "web.lua", "--", "--name", "x"]);
        assert!(out.starts_with("made by\t--name\t--name\tx\nthe lab web is up: host, ns1\n"), "{out}");
        assert!(out.contains("  nsh exec web ns1 -- COMMAND\n  nsh attach web\n"), "{out}");
        let lab = &listed(stage)[0];
        assert_eq!(lab["name"], "web");
        assert_eq!(lab["state"], "up");
        assert_eq!(lab["script"], "web.lua");
        assert_eq!(lab["args"], serde_json::json!(["--name", "x"]));
        assert_eq!(lab["namespaces"], serde_json::json!(["host", "ns1"]));
        // The lab's first process and the script's.
        assert_eq!(lab["processes"], 2);
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(lab["since"].as_u64().is_some_and(|since| since <= now && since + 600 > now), "{lab}");
        let table = prints(stage, &["ls"]);
        let lines: Vec<Vec<&str>> = table.lines().map(|l| l.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["NAME", "STATE", "SINCE", "NAMESPACES", "PROCESSES", "SCRIPT"]);
        assert_eq!(lines[1][..2], ["web", "up"]);
        assert_eq!(lines[1][4..], ["host,ns1", "2", "web.lua", "--name", "x"], "{table}");
        assert_eq!(prints(stage, &["exec", "web", "ns1", "cat", "/sys/class/net/eth0/operstate"]), "up\n");
        assert_eq!(prints(stage, &["down", "web"]), "");
        assert_eq!(prints(stage, &["ls"]), "no labs; nsh up SCRIPT makes one\n");
        stage.wait_until_gone();
    });
}

/// A shell script's lab stays too, with what it left running, and so does a text's.
#[test]
fn a_shell_scripts_lab_stays() {
    let there = |program: &str| {
        std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|d| d.join(program).is_file()))
    };
    if !["ip", "bash", "ps"].into_iter().all(there) {
        return;
    }
    with_labs(|stage| {
        let script = "#!/bin/bash\nip netns add red\nip -n red link add br7 type bridge\nsleep 1000 &\necho \"made $1\"";
        fs::write(stage.project.join("web.sh"), script).unwrap();
        let out = prints(stage, &["up", "web.sh", "by me"]);
        assert!(out.starts_with("made by me\nthe lab web is up: host, red\n"), "{out}");
        assert_eq!(prints(stage, &["exec", "web", "red", "cat", "/sys/class/net/br7/operstate"]), "down\n");
        assert!(prints(stage, &["exec", "web", "host", "ps", "ax"]).contains("sleep 1000"));
        assert_eq!(prints(stage, &["down", "web"]), "");
        fs::write(stage.project.join("text.md"), "```\n$ ip netns add blue\n```\n").unwrap();
        assert!(prints(stage, &["up", "text.md"]).contains("the lab text is up: host, blue\n"));
        assert_eq!(prints(stage, &["down", "text"]), "");
        fs::write(stage.project.join("fails.sh"), "sleep 1000 & exit 7").unwrap();
        fails(stage, 7, &["up", "fails.sh"]);
        assert!(names(stage).is_empty());
        stage.wait_until_gone();
    });
}

#[test]
fn a_failing_script_is_told_as_without_up_and_leaves_no_lab() {
    with_labs(|stage| {
        let write = |name: &str, code: &str| fs::write(stage.project.join(name), code).unwrap();
        write("raises.lua", "os.execute('sleep 1000 &')\nerror('no')");
        write("syntax.lua", "local = 1");
        write("check.lua", "print('before')\ncheck.equal(1, 2)");
        write("test.lua", "test('a', function() error('wrong') end)");
        write("soft.lua", "check.soft.equal(1, 2)");
        write("exits.lua", "os.exit(7)");
        for name in ["raises", "syntax", "check", "test", "soft", "exits"] {
            let file = format!("{name}.lua");
            let (alone, lab) = (nsh(stage, &[&file]), nsh(stage, &["up", &file]));
            assert!(!alone.status.success());
            assert_eq!(lab.status.code(), alone.status.code(), "{name}: {}", text(&lab));
            // The seconds that a test took may differ.
            let plain = |t: String| t.replace(|c: char| c.is_ascii_digit(), "0");
            assert_eq!(plain(stderr(&lab)), plain(stderr(&alone)), "{name}");
            assert_eq!(plain(stdout(&lab)), plain(stdout(&alone)), "{name}");
            assert!(names(stage).is_empty());
        }
        write("leaves.lua", "os.exit(0)");
        assert!(
            fails(stage, 1, &["up", "leaves.lua"]).contains("called os.exit or skip, so its lab has ended")
        );
        stage.wait_until_gone();
    });
}

#[test]
fn bad_usage_is_an_error_and_leaves_nothing() {
    with_labs(|stage| {
        fs::write(stage.project.join("a b.lua"), "").unwrap();
        fs::write(stage.project.join("x.lua"), "").unwrap();
        let e = fails(stage, 2, &["up", "missing.lua"]);
        assert!(e.starts_with("nsh: missing.lua: no such file or directory"), "{e}");
        let e = fails(stage, 2, &["up", "a b.lua"]);
        assert!(e.contains("a lab's name may have letters") && e.contains("nsh up --name NAME"), "{e}");
        for name in ["", "a/b", "../x", ".x", "a b"] {
            let e = fails(stage, 2, &["up", "--name", name, "x.lua"]);
            assert!(e.starts_with("nsh: --name: a lab's name"), "{e}");
        }
        assert!(fails(stage, 2, &["up", "x.lua", "--other"]).contains("--other"));
        assert!(fails(stage, 2, &["up", "--host", "x.lua"]).contains("--host"));
        assert!(
            fails(stage, 2, &["up", "--write", "/nowhere", "x.lua"]).starts_with("nsh: --write \"/nowhere\"")
        );
        assert!(fails(stage, 2, &["down"]).contains("LAB"));
        assert!(fails(stage, 2, &["logs"]).contains("LAB"));
        for command in ["down", "attach", "logs"] {
            let e = fails(stage, 1, &[command, "nothing"]);
            assert!(
                e.starts_with(&format!("nsh: {command}: there is no lab named \"nothing\"\n  hint: ")),
                "{e}"
            );
            fails(stage, 1, &[command, "../labs"]);
        }
        assert!(names(stage).is_empty());
        stage.wait_until_gone();
    });
}

#[test]
fn a_name_is_taken_once() {
    with_labs(|stage| {
        up(stage, "a", "");
        let e = fails(stage, 1, &["up", "--name", "a", "-e", "print('never')"]);
        assert!(e.starts_with("nsh: a lab named \"a\" is there already\n  hint: nsh down a ends it"), "{e}");
        let e = fails(stage, 125, &["exec", "far-off", "true"]);
        assert!(e.contains("the labs are a\n"), "{e}");
        up(stage, "lab-two", "");
        assert!(fails(stage, 1, &["down", "lab-tow"]).contains("did you mean \"lab-two\"?"));
        // At the same moment: one wins, and the others say so.
        let ups: Vec<_> = (0..8)
            .map(|_| stage.command(&["up", "--name", "race", "-e", "print('won')"]).spawn().unwrap())
            .collect();
        let outs: Vec<_> = ups.into_iter().map(finish).collect();
        assert_eq!(outs.iter().filter(|out| out.status.success()).count(), 1, "{outs:#?}");
        for out in outs.iter().filter(|out| !out.status.success()) {
            assert_eq!(out.status.code(), Some(1));
            assert!(stderr(out).contains("is there already"), "{}", text(out));
        }
        assert_eq!(names(stage), ["a", "lab-two", "race"]);
        prints(stage, &["down", "a", "race"]);
        assert_eq!(names(stage), ["lab-two"]);
        // Free again at once.
        for _ in 0..5 {
            up(stage, "a", "");
            prints(stage, &["down", "a"]);
        }
    });
}

#[test]
fn the_terminal_is_let_go_of_when_the_lab_is_up() {
    with_labs(|stage| {
        // `finish` reads to the end of both pipes: a daemon that held them would keep it.
        let code = "os.execute('(echo from a daemon; exec sleep 1000) & (sleep 1000 >/dev/null 2>&1) &')
                    io.write('no newline') io.stderr:write('to stderr\\n')";
        let out = nsh(stage, &["up", "--name", "a", "-e", code]);
        assert!(out.status.success(), "{}", text(&out));
        assert!(stdout(&out).contains("no newline"), "{}", text(&out));
        assert!(stderr(&out).contains("to stderr\n"), "{}", text(&out));
        until(|| prints(stage, &["logs", "a"]).contains("from a daemon"), || prints(stage, &["logs", "a"]));
        // A closed stdout is no reason to fail.
        let mut command = stage.command(&["up", "--name", "b", "-e", "print('x')"]);
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        let out = finish(command.stdout(Stdio::from(writer)).spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
        assert_eq!(names(stage), ["a", "b"]);
    });
}

#[test]
fn what_the_script_started_goes_on() {
    with_labs(|stage| {
        let code = format!(
            "{PAIR}
             web = ns1.http.serve('10.0.1.2:80', {{ ['/'] = 'hello' }})
             cap = capture.start('v1')
             daemon = ns1.spawn({{ 'sleep', '1000' }})
             os.execute('sleep 1000 &')
             local hold <close> = setmetatable({{}}, {{ __close = function() print('closed') end }})
             defer(function() print('deferred 1') end)
             defer(function() print('deferred 2', #http.get('http://ns1/').body) end)"
        );
        up(stage, "a", &code);
        let get = "print(http.get('http://10.0.1.2/').body)";
        let mut child = stage.command(&["attach", "a"]);
        let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(get.as_bytes()).unwrap();
        assert_eq!(stdout(&finish(child)), "hello\n");
        assert_eq!(listed(stage)[0]["processes"], 4);
        let follower = stage.command(&["logs", "-f", "a"]).spawn().unwrap();
        prints(stage, &["down", "a"]);
        let log = stdout(&finish(follower));
        // The script's variables were closed when it ended; what it deferred has its network still.
        assert_eq!(log, "closed\ndeferred 2\t5\ndeferred 1\n");
        stage.wait_until_gone();
    });
}

#[test]
fn a_script_on_stdin_and_its_time_limit() {
    with_labs(|stage| {
        let mut child = stage.command(&["up", "-", "x"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"print(arg[1], io.read())").unwrap();
        let out = finish(child);
        assert!(stdout(&out).starts_with("x\tnil\nthe lab stdin is up: host\n"), "{}", text(&out));
        // The limit is the script's, not the lab's.
        prints(stage, &["up", "--timeout", "0.5", "--name", "quick", "-e", ""]);
        let e = fails(stage, 1, &["up", "--timeout", "0.5", "--name", "slow", "-e", "while true do end"]);
        assert!(e.contains("time limit ran out"), "{e}");
        assert_eq!(prints(stage, &["exec", "quick", "--", "echo", "still here"]), "still here\n");
        assert_eq!(names(stage), ["quick", "stdin"]);
    });
}

#[test]
fn signals_end_what_comes_up() {
    with_labs(|stage| {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let code = "print('begun') os.execute('sleep 1000 &')
                        eventually(function() return false end, { timeout = 100 })";
            let mut child = stage.command(&["up", "--name", "a", "-e", code]).spawn().unwrap();
            assert_eq!(read_line(child.stdout.as_mut().unwrap()), "begun\n");
            assert_eq!(listed(stage)[0]["state"], "starting");
            assert_eq!(prints(stage, &["exec", "a", "--", "echo", "in"]), "in\n");
            kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            let out = finish(child);
            assert_eq!(out.status.code(), Some(128 + signal as i32), "{}", text(&out));
            assert_eq!(stderr(&out), "nsh: interrupted\n");
            assert!(names(stage).is_empty());
            stage.wait_until_gone();
        }
    });
}

#[test]
fn down_ends_one_that_comes_up() {
    with_labs(|stage| {
        let code = "print('begun') eventually(function() return false end, { timeout = 100 })";
        let mut child = stage.command(&["up", "--name", "a", "-e", code]).spawn().unwrap();
        assert_eq!(read_line(child.stdout.as_mut().unwrap()), "begun\n");
        prints(stage, &["down", "a"]);
        assert_eq!(finish(child).status.code(), Some(143));
        stage.wait_until_gone();
    });
}

#[test]
fn a_lab_in_a_lab() {
    with_labs(|stage| {
        place(&stage.nsh(), &stage.project.join("inner"));
        let code = "os.execute([[unset NSH_LABS
            ./inner up --name b -e 'namespace.add(\"deep\")' && ./inner ls && ./inner exec b deep -- ls /sys/class/net]])
            assert(os.execute('unset NSH_LABS; ./inner exec b true'))";
        let out = prints(stage, &["up", "--name", "a", "-e", code]);
        assert!(out.contains("the lab b is up: host, deep"), "{out}");
        assert!(out.contains("\nlo\n"), "{out}");
        assert_eq!(names(stage), ["a"]);
        // From outside into the inner one.
        let inner =
            ["exec", "a", "--", "env", "-u", "NSH_LABS", "./inner", "exec", "b", "deep", "--", "echo", "hi"];
        assert_eq!(prints(stage, &inner), "hi\n");
        prints(stage, &["down", "a"]);
        stage.wait_until_gone();
    });
}

#[test]
fn what_may_be_written_is_as_asked() {
    with_labs(|stage| {
        let place = stage.home.join("place");
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
        let place = place.display().to_string();
        let code = format!("local f = io.open('{place}/new', 'w') print(f ~= nil)");
        assert!(prints(stage, &["up", "--name", "a", "-e", &code]).starts_with("false\n"));
        assert!(prints(stage, &["up", "--name", "b", "--write", &place, "-e", &code]).starts_with("true\n"));
        let touch = format!("{place}/from-exec");
        assert!(!nsh(stage, &["exec", "a", "touch", &touch]).status.success());
        prints(stage, &["exec", "b", "touch", &touch]);
        assert!(stage.home.join("place/from-exec").exists());
    });
}
