//! However a lab ends, the machine is as before.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{PAIR, names, nsh, prints, stderr, up, wait, with_labs};
use super::machine::{Machine, random_step};
use super::stage::{Stage, finish, text, until};

const BUSY: &str = "
    for i = 1, 10 do
      local ns = namespace.add('ns' .. i)
      link.add('v' .. i, { kind = 'veth', up = true, peer = { name = 'eth0', ns = ns, up = true } })
      os.execute('sleep 1000 & setsid sleep 1000 &')
    end";

fn as_before(stage: &Stage, before: &Machine) {
    stage.wait_until_gone();
    until(|| Machine::now() == *before, || format!("{before:#?}\nbecame {:#?}", Machine::now()));
}

#[test]
fn down_leaves_nothing() {
    with_labs(|stage| {
        let before = Machine::now();
        for name in ["a", "b", "c"] {
            up(stage, name, BUSY);
        }
        prints(stage, &["down", "b"]);
        assert_eq!(names(stage), ["a", "c"]);
        // Two at once, of which the second finds them ending.
        let downs: Vec<_> = (0..2).map(|_| stage.command(&["down", "--all"]).spawn().unwrap()).collect();
        for down in downs {
            let out = finish(down);
            assert!(out.status.success(), "{}", text(&out));
        }
        // When it returns, they are gone: no wait here.
        assert!(stage.processes().is_empty(), "{:#?}", stage.processes());
        as_before(stage, &before);
        assert_eq!(std::fs::read_dir(stage.home.join("labs")).unwrap().count(), 0);
    });
}

#[test]
fn a_lab_that_does_not_want_to_end_is_killed() {
    with_labs(|stage| {
        // What is deferred hangs, in one call of C.
        let stuck = "string.rep('a', 40):find(string.rep('a?', 40) .. string.rep('a', 40))";
        up(
            stage,
            "a",
            &format!("os.execute([[trap '' TERM INT HUP; sleep 1000 &]]) defer(function() {stuck} end)"),
        );
        let started = Instant::now();
        prints(stage, &["down", "a"]);
        let took = started.elapsed();
        assert!(took > Duration::from_secs(9) && took < Duration::from_secs(30), "{took:?}");
        assert!(stage.processes().is_empty());
    });
}

#[test]
fn a_kill_at_any_moment_leaves_nothing() {
    let mut random = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    eprintln!("seed {random}");
    with_labs(|stage| {
        let before = Machine::now();
        for round in 0..40 {
            random_step(&mut random);
            let mut nsh = stage.command(&["up", "--name", "a", "-e", BUSY]).spawn().unwrap();
            // The moment is what this test is about, so it is a time and no event.
            std::thread::sleep(Duration::from_micros(random % 120_000));
            if round % 2 == 0 {
                // The one that the user started: what comes up ends with it, what is up stays.
                let _ = nsh.kill();
                wait(&mut nsh);
            } else {
                // Every other one of them, too.
                for process in stage.processes() {
                    let pid = process.split(':').next().unwrap().parse().unwrap();
                    // It may have ended meanwhile.
                    let killed = kill(Pid::from_raw(pid), Signal::SIGKILL);
                    assert!(matches!(killed, Ok(()) | Err(Errno::ESRCH)), "{process}: {killed:?}");
                }
                wait(&mut nsh);
            }
            let out = finish(stage.command(&["down", "--all"]).spawn().unwrap());
            assert!(out.status.success(), "{}", text(&out));
            assert!(names(stage).is_empty());
        }
        as_before(stage, &before);
    });
}

#[test]
fn a_killed_supervisor_is_told_by_up() {
    with_labs(|stage| {
        let code =
            format!("{PAIR} print('begun') eventually(function() return false end, {{ timeout = 100 }})");
        let child = stage.command(&["up", "--name", "a", "-e", &code]).spawn().unwrap();
        until(|| names(stage) == ["a"], || "not begun".to_owned());
        let children = Command::new("pgrep").args(["-P", &child.id().to_string()]).output().unwrap();
        let supervisor = String::from_utf8_lossy(&children.stdout).trim().parse().unwrap();
        kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
        let out = finish(child);
        assert_eq!(out.status.code(), Some(137), "{}", text(&out));
        assert!(stderr(&out).contains("the process that keeps the lab was killed"), "{}", text(&out));
        assert_eq!(nsh(stage, &["down", "a"]).status.code(), Some(1));
        stage.wait_until_gone();
    });
}
