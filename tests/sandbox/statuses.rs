//! Exit statuses, signals, time limits, closed pipes.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::stage::{Stage, User, each, finish, have, text};

fn signal(child: &Child, signal: Signal) {
    nix::sys::signal::kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

/// Starts Lua that prints `ready` first, and waits for that.
fn ready(stage: &Stage, arguments: &[&str], code: &str) -> Child {
    let code = format!("print('ready') io.stdout:flush() {code}");
    let mut child = stage.command(&[arguments, &["-e", &code]].concat()).spawn().unwrap();
    let mut line = String::new();
    // Not more than the line: the rest is for whoever waits.
    BufReader::with_capacity(6, child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

const WAIT: &str = "eventually(function() return false end, { timeout = 100 })";
/// One call of C that takes for ever, and sees no interrupt.
const STUCK: &str = "string.rep('a', 40):find(string.rep('a?', 40) .. string.rep('a', 40))";
const LOOP: &str = "while true do pcall(function() local x = 1 end) end";

#[test]
fn of_scripts() {
    each(|stage| {
        let status = |arguments: &[&str], expected: i32, message: &str| {
            let out = finish(stage.command(arguments).spawn().unwrap());
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(expected), "{arguments:?} {}", text(&out));
            assert_eq!(stderr.trim_end(), message, "{arguments:?}");
        };
        status(&["-e", ""], 0, "");
        status(&["-e", "os.exit(7)"], 7, "");
        status(&["-e", "error('no')"], 1, "(command line):1: no");
        status(&["-e", "x ="], 2, "(command line):1: unexpected symbol near <eof>");
        status(&["missing.lua"], 2, "nsh: missing.lua: no such file or directory (ENOENT)");
        status(&["."], 2, "nsh: .: is a directory (EISDIR)");
        status(&["--bogus"], 2, "nsh: unexpected argument '--bogus' found (see nsh --help)");
        status(
            &["--write", "missing", "-e", ""],
            2,
            "nsh: --write \"missing\": no such file or directory (ENOENT)",
        );
        status(
            &["doc", "link.addd"],
            2,
            "nsh: nothing is documented as \"link.addd\"; did you mean \"link.add\"?",
        );
    });
}

#[test]
fn arguments_stdin_and_shebang() {
    each(|stage| {
        let script = "#!/usr/bin/env nsh\nprint(arg[0], #arg, arg[1], arg[2], ...)";
        std::fs::write(stage.project.join("s.lua"), script).unwrap();
        let out = finish(stage.command(&["s.lua", "--host", "b"]).spawn().unwrap());
        assert_eq!(
            String::from_utf8_lossy(&out.stdout),
            "s.lua\t2\t--host\tb\t--host\tb\n",
            "{}",
            text(&out)
        );
        let mut child = stage.command(&["-", "x"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let out = finish(child);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "stdin\t1\tx\tnil\tx\n", "{}", text(&out));
    });
}

#[test]
fn signals_end_a_script_with_their_number() {
    each(|stage| {
        for (number, expected) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
            for code in [WAIT, LOOP] {
                let child = ready(stage, &[], code);
                let begun = Instant::now();
                signal(&child, number);
                let out = finish(child);
                assert_eq!(out.status.code(), Some(expected), "{code} {number} {}", text(&out));
                assert!(begun.elapsed() < Duration::from_secs(2), "{code} {number}: {:?}", begun.elapsed());
            }
        }
        stage.wait_until_gone();
    });
}

#[test]
fn a_stuck_script_is_killed() {
    each(|stage| {
        let child = ready(stage, &[], STUCK);
        signal(&child, Signal::SIGTERM);
        let out = finish(child);
        assert_eq!(out.status.code(), Some(143), "{}", text(&out));

        let child = ready(stage, &[], STUCK);
        let begun = Instant::now();
        signal(&child, Signal::SIGINT);
        // Twice at once is still the first.
        signal(&child, Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(150));
        signal(&child, Signal::SIGINT);
        let out = finish(child);
        assert_eq!(out.status.code(), Some(130), "{}", text(&out));
        assert!(begun.elapsed() < Duration::from_secs(2));
        stage.wait_until_gone();
    });
}

#[test]
fn a_time_limit_ends_a_script() {
    each(|stage| {
        for code in [WAIT, LOOP] {
            let begun = Instant::now();
            let out = finish(stage.command(&["--timeout", "0.3", "-e", code]).spawn().unwrap());
            assert_eq!(out.status.code(), Some(1), "{code} {}", text(&out));
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert_eq!(stderr.trim_end(), "nsh: the script's time limit ran out");
            assert!((0.3..2.0).contains(&begun.elapsed().as_secs_f64()), "{code}: {:?}", begun.elapsed());
        }
        let out = finish(stage.command(&["--timeout", "0.1", "-e", STUCK]).spawn().unwrap());
        assert_eq!(out.status.code(), Some(1), "{}", text(&out));
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert_eq!(
            stderr.trim_end(),
            "nsh: the script did not end 2s after its time limit of 0.1 s, and was killed"
        );
        stage.wait_until_gone();
    });
}

#[test]
fn a_closed_stdout_is_no_error() {
    each(|stage| {
        for arguments in [&["-e", "while true do print('more') end"][..], &["doc"], &["doctor"], &["--help"]]
        {
            let mut child = stage.command(arguments).spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut [0; 5]).unwrap();
            drop(stdout);
            let out = finish(child);
            assert_eq!(out.status.code(), Some(0), "{arguments:?} {}", text(&out));
            assert_eq!(String::from_utf8_lossy(&out.stderr), "", "{arguments:?}");
        }
    });
}

#[test]
fn doctor_gives_json() {
    each(|stage| {
        let out = finish(stage.command(&["doctor", "--json"]).spawn().unwrap());
        assert_eq!(out.status.code(), Some(0), "{}", text(&out));
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(report["works"], true);
        let checks = report["checks"].as_array().unwrap();
        assert!(checks.iter().any(|c| c["name"] == "veth" && c["ok"] == true), "{report:#}");
        // Everything that fails says something about it.
        for check in checks.iter().filter(|c| c["ok"] == false) {
            assert_ne!(check["remedy"], "", "{check}");
        }
    });
}

/// Runs nsh as this stage's user in a user namespace in which no more can be made.
fn without_user_namespaces(stage: &Stage, arguments: &[&str]) -> Output {
    let mut command = Command::new(stage.nsh());
    command.args(arguments).current_dir(&stage.project).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let ordinary = stage.user == User::Ordinary;
    // SAFETY: this program has other threads, so the child must be content with system calls; it allocates a
    // little, which glibc allows after fork.
    unsafe {
        command.pre_exec(move || {
            let (mut to_helper, mut from_child) = ([0; 2], [0u8; 1]);
            libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, to_helper.as_mut_ptr());
            let child = libc::getpid();
            // Whoever writes maps of all ids stands outside.
            if libc::fork() == 0 {
                libc::read(to_helper[1], from_child.as_mut_ptr().cast(), 1);
                for map in ["uid_map", "gid_map"] {
                    std::fs::write(format!("/proc/{child}/{map}"), "0 0 65536").unwrap();
                }
                libc::write(to_helper[1], b"x".as_ptr().cast(), 1);
                libc::_exit(0);
            }
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER)?;
            libc::write(to_helper[0], b"x".as_ptr().cast(), 1);
            libc::read(to_helper[0], from_child.as_mut_ptr().cast(), 1);
            std::fs::write("/proc/sys/user/max_user_namespaces", "0")?;
            if ordinary {
                libc::setgroups(0, std::ptr::null());
                libc::setresgid(65534, 65534, 65534);
                libc::setresuid(65534, 65534, 65534);
            }
            Ok(())
        });
    }
    finish(command.spawn().unwrap())
}

#[test]
fn without_user_namespaces_the_reason_and_the_remedy_are_told() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("skipped: needs root, to switch them off for a child");
    }
    each(|stage| {
        let out = without_user_namespaces(stage, &["-e", "namespace.add('ns1') print(#namespace.list())"]);
        let stderr = String::from_utf8_lossy(&out.stderr);
        if stage.user == User::Ordinary {
            assert_eq!(out.status.code(), Some(3), "{}", text(&out));
            assert_eq!(
                stderr.lines().next().unwrap(),
                "nsh: user namespaces are switched off (user.max_user_namespaces is 0)"
            );
            assert!(stderr.contains("hint: sudo sysctl user.max_user_namespaces="), "{stderr}");
            let out = without_user_namespaces(stage, &["doctor"]);
            assert_eq!(out.status.code(), Some(3), "{}", text(&out));
            assert!(
                String::from_utf8_lossy(&out.stdout).contains("needed user_namespaces"),
                "{}",
                text(&out)
            );
        } else {
            // Root goes without, and is told.
            assert_eq!(out.status.code(), Some(0), "{}", text(&out));
            assert!(stderr.contains("the lab goes without"), "{stderr}");
        }
    });
}

#[test]
fn a_signal_that_kills_the_script_is_named() {
    each(|stage| {
        for (signal, status) in [("SEGV", 139), ("KILL", 137), ("ABRT", 134)] {
            let out = stage.lua(&format!(
                // Rust's handler takes the first SIGSEGV for a stack that is too small, and resets the action.
                "local pid = io.open('/proc/self/stat'):read('n') while true do os.execute('kill -{signal} ' .. pid) end"
            ));
            assert_eq!(out.status.code(), Some(status), "{}", text(&out));
            let told = format!("nsh: the script's process was killed by SIG{signal}\n");
            assert!(String::from_utf8_lossy(&out.stderr).contains(&told), "{}", text(&out));
        }
    });
}

/// Where no thread can be started, an error says so.
#[test]
fn a_limit_of_processes_is_an_error() {
    each(|stage| {
        if !have("prlimit") {
            return;
        }
        let calls = [
            "lab.state()",
            "http.serve('127.0.0.1:0', {})",
            "capture.start('lo')",
            "ping.start('127.0.0.1')",
            "proc.spawn({ 'true' }):wait()",
            "tcp.listen('127.0.0.1:0')",
        ];
        for call in calls {
            let code = format!(
                "namespace.add('a') namespace.add('b')
                 local pid = io.open('/proc/self/stat'):read('n')
                 assert(os.execute('prlimit --nproc=1:1 --pid ' .. pid)) print(pcall(function() {call} end))"
            );
            let out = stage.lua(&code);
            assert_eq!(out.status.code(), Some(0), "{call}: {}", text(&out));
            assert!(
                !String::from_utf8_lossy(&out.stderr).contains("internal error"),
                "{call}: {}",
                text(&out)
            );
        }
    });
}

#[test]
fn what_a_scripts_head_needs_is_tried_before_it_runs() {
    each(|stage| {
        let script = |head: &str| {
            let path = stage.project.join("needs.lua");
            std::fs::write(&path, format!("{head}\nprint('ran')\n")).unwrap();
            stage.give(&path);
            finish(stage.command(&["needs.lua"]).spawn().unwrap())
        };
        let out = script("-- needs: no-such-program, veth");
        assert_eq!(out.status.code(), Some(3), "{}", text(&out));
        assert_eq!(
            String::from_utf8_lossy(&out.stderr),
            "nsh: needs.lua: skipped: no-such-program is not installed\n"
        );
        let out = script("-- needs: brigde");
        assert_eq!(out.status.code(), Some(2), "{}", text(&out));
        assert!(String::from_utf8_lossy(&out.stderr).contains("did you mean \"bridge\"?"), "{}", text(&out));
        let out = script("-- needs: sh, veth");
        assert_eq!(String::from_utf8_lossy(&out.stdout), "ran\n", "{}", text(&out));
    });
}
