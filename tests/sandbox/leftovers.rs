//! Whatever a lab does and however it ends, the machine is as before.

use std::io::{BufRead, BufReader};
use std::time::{Duration, SystemTime};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::machine::{Machine, random_step};
use super::stage::{User, each, finish, place, text, until};

const BUSY: &str = "
    for i = 1, 20 do
      local ns = namespace.add('ns' .. i)
      link.add('v' .. i, { kind = 'veth', up = true, peer = { name = 'eth0', ns = ns, up = true } })
      os.execute('sleep 1000 & setsid sleep 1000 &')
    end
    eventually(function() return false end, { timeout = 100 })";

#[test]
fn a_kill_at_any_moment_leaves_nothing() {
    // Reproducible by the seed, were it not for the scheduler.
    let mut random = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    eprintln!("seed {random}");
    each(|stage| {
        let before = Machine::now();
        for _ in 0..100 {
            random_step(&mut random);
            let mut nsh = stage.command(&["-e", BUSY]).spawn().unwrap();
            // The moment is what this test is about, so it is a time and no event.
            std::thread::sleep(Duration::from_micros(random % 60_000));
            nsh.kill().unwrap();
            nsh.wait().unwrap();
        }
        stage.wait_until_gone();
        until(|| Machine::now() == before, || format!("{before:#?}\nbecame {:#?}", Machine::now()));
    });
}

#[test]
fn thousands_of_namespaces_go_at_once() {
    const MANY: &str = "
        for i = 1, 5000 do
          local ns = namespace.add('ns' .. i)
          if i > 500 then goto go_on end
          link.add('v' .. i, { kind = 'veth', up = true, peer = { name = 'eth0', ns = ns, up = true } })
          if i == 500 then io.stderr:write('half\\n') end
          ::go_on::
        end
        eventually(function() return false end, { timeout = 100 })";
    each(|stage| {
        for (signal, status) in [(Signal::SIGINT, Some(130)), (Signal::SIGKILL, None)] {
            let before = Machine::now();
            let mut nsh = stage.command(&["-e", MANY]).spawn().unwrap();
            let mut stderr = BufReader::new(nsh.stderr.take().unwrap());
            let mut line = String::new();
            stderr.read_line(&mut line).unwrap();
            assert_eq!(line, "half\n");
            signal::kill(Pid::from_raw(nsh.id() as i32), signal).unwrap();
            assert_eq!(finish(nsh).status.code(), status);
            stage.wait_until_gone();
            until(|| Machine::now() == before, || format!("{before:#?}\nbecame {:#?}", Machine::now()));
        }
    });
}

#[test]
fn a_daemon_ends_with_its_lab() {
    each(|stage| {
        let before = Machine::now();
        let mark = stage.directory.join("daemon");
        // The path on its command line is what we look for.
        let code = format!(
            "os.execute([[setsid sh -c 'trap \"\" HUP TERM INT; while :; do sleep 1; done' {0} >/dev/null 2>&1 & ]])
             os.execute([[nohup sh -c 'while :; do sleep 1; done' {0} >/dev/null 2>&1 & ]])
             os.execute([[(setsid sh -c 'while :; do sleep 1; done' {0} &) >/dev/null 2>&1]])",
            mark.display()
        );
        stage.prints(&code);
        stage.wait_until_gone();
        until(|| Machine::now() == before, || format!("{before:#?}\nbecame {:#?}", Machine::now()));
    });
}

#[test]
fn under_host_leftover_processes_end_and_the_network_stays() {
    each(|stage| {
        if stage.user == User::Ordinary {
            let out = finish(stage.command(&["--host", "-e", ""]).spawn().unwrap());
            assert_eq!(out.status.code(), Some(3), "{}", text(&out));
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert!(
                stderr.starts_with("nsh: --host works on the machine's own network and needs root"),
                "{stderr}"
            );
            return;
        }
        // The machine's own network is not ours to try this on: a lab's stands for it.
        place(&stage.nsh(), &stage.project.join("inner"));
        let code = format!(
            "io.open('script.lua', 'w'):write([[
               namespace.add('stays') link.add('br0', {{ kind = 'bridge' }})
               os.execute('setsid sleep 1000 >/dev/null 2>&1 & sleep 1000 >/dev/null 2>&1 & echo begun')]]):close()
             os.execute('./inner --host script.lua; echo status $?')
             os.execute('ls /run/netns /sys/class/net; grep -l sleep /proc/[0-9]*/comm; echo over')
             -- {}",
            stage.directory.display()
        );
        let out = stage.prints(&code);
        assert!(out.contains("begun\nstatus 0\n"), "{out}");
        assert!(out.contains("stays") && out.contains("br0"), "{out}");
        assert!(!out.contains("/comm") && out.ends_with("over\n"), "{out}");
    });
}
