//! `nsh exec` and `nsh attach`.

use std::io::Write;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{PAIR, fails, nsh, prints, read_line, stderr, stdout, up, wait, with_labs};
use super::stage::{Stage, finish, text, until};

#[test]
fn a_command_runs_where_it_is_told_to() {
    with_labs(|stage| {
        up(stage, "a", &format!("{PAIR} namespace.add('sh')"));
        let inode = |words: &[&str]| {
            prints(stage, &[&["exec", "a"], words, &["readlink", "/proc/self/ns/net"]].concat())
        };
        let (host, ns1) = (inode(&[]), inode(&["ns1"]));
        assert_ne!(host, ns1);
        assert_eq!(inode(&["--"]), host);
        assert_eq!(inode(&["host"]), host);
        assert_eq!(inode(&["host", "--"]), host);
        assert_eq!(inode(&["ns1", "--"]), ns1);
        let outer = std::fs::read_link("/proc/self/ns/net").unwrap();
        assert_ne!(host.trim(), outer.to_string_lossy());
        // As namespace.exec has it: the host's name, names of hosts, and devices.
        assert_eq!(prints(stage, &["exec", "a", "ns1", "uname", "-n"]), "ns1\n");
        assert!(prints(stage, &["exec", "a", "ns1", "cat", "/etc/hosts"]).contains("10.0.1.1\thost\n"));
        assert_eq!(prints(stage, &["exec", "a", "ns1", "ls", "/sys/class/net"]), "eth0\nlo\n");
        // What follows is the command's own.
        assert_eq!(prints(stage, &["exec", "a", "echo", "x", "--", "-n", "--help"]), "x -- -n --help\n");
        // The word is the namespace's, whatever programs there are.
        assert_eq!(prints(stage, &["exec", "a", "sh", "uname", "-n"]), "sh\n");
        let e = fails(stage, 125, &["exec", "a", "sh"]);
        assert!(e.contains("no command is given for the namespace sh"), "{e}");
        prints(stage, &["exec", "a", "sh", "--", "sh", "-c", "true"]);
        prints(stage, &["exec", "a", "--", "sh", "-c", "true"]);
    });
}

#[test]
fn a_lab_is_drawn() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let drawn = prints(stage, &["draw", "a"]);
        assert!(drawn.contains("ns1") && drawn.contains("10.0.1.2/24"), "{drawn}");
        assert_eq!(prints(stage, &["exec", "a", "--", "draw"]), drawn);
        let file = stage.project.join("lab.svg");
        assert_eq!(prints(stage, &["draw", "a", file.to_str().unwrap()]), "");
        assert!(std::fs::read_to_string(&file).unwrap().starts_with("<svg "));
        assert!(prints(stage, &["exec", "a", "--", "draw", "mermaid"]).starts_with("flowchart"));
        for (status, words, said) in [
            (125, &["draw", "b"][..], "no lab"),
            (2, &["draw", "a", "x.png"], "ending must be .svg, .dot, .mmd or .txt"),
            (2, &["draw", "a", "/no/such/x.svg"], "no such file or directory"),
            (125, &["exec", "a", "--", "draw", "svgg"], "did you mean \"svg\"?"),
            (125, &["exec", "a", "--", "draw", "svg", "x"], "unknown word \"x\""),
        ] {
            let e = fails(stage, status, words);
            assert!(e.contains(said), "{words:?}: {e}");
        }
    });
}

#[test]
fn why_and_capture_need_no_program() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        assert!(prints(stage, &["exec", "a", "--", "why", "ns1"]).contains("OK"));
        for words in [&["ns1", "why", "8.8.8.8"][..], &["--", "why", "ns1", "8.8.8.8"]] {
            let out = nsh(stage, &[&["exec", "a"], words].concat());
            assert_eq!(out.status.code(), Some(1), "{}", text(&out));
            assert!(stdout(&out).contains("LOST in ns1"), "{}", text(&out));
            assert!(stdout(&out).contains("no route leads to 8.8.8.8"), "{}", text(&out));
        }
        let out = nsh(stage, &["exec", "a", "ns1", "--", "why", "host", "port", "80"]);
        assert!(stdout(&out).contains("nobody listens on tcp port 80"), "{}", text(&out));
        for (words, said) in [
            (&["why"][..], "nsh: why: no target is given"),
            (&["why", "ns1", "prot", "tcp"], "did you mean \"proto\"?"),
            (&["why", "ns1", "port", "0x"], "port: can't read \"0x\""),
            (&["why", "ns1", "proto", "udp"], "udp needs a port"),
            (&["capture", "eth7"], "no link named \"eth7\""),
            (&["capture", "--write", "x"], "unknown word \"--write\""),
        ] {
            let e = fails(stage, 125, &[&["exec", "a", "host", "--"], words].concat());
            assert!(e.contains(said), "{words:?}: {e}");
        }
        let capturing = |words: &[&str]| {
            let words =
                [&["exec", "a", "ns1", "--", "capture", "eth0", "proto", "icmp", "-c", "2"], words].concat();
            let mut child = stage.command(&words).stdout(Stdio::piped()).spawn().unwrap();
            // Until the capture has begun nothing tells that it has.
            let pinged = || {
                prints(stage, &["exec", "a", "--", "why", "ns1"]);
                child.try_wait().unwrap().is_some()
            };
            until(pinged, || "the capture doesn't end".to_owned());
            finish(child)
        };
        let shown = stdout(&capturing(&[]));
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.contains("10.0.1.1 > 10.0.1.2: ICMP echo request"), "{shown}");
        let file = capturing(&["-w", "-"]).stdout;
        // A section, and the number of bytes that its blocks tell.
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let (mut at, mut packets) = (0, 0);
        assert_eq!(number(0), 0x0a0d_0d0a);
        while at < file.len() {
            packets += usize::from(number(at) == 6);
            at += number(at + 4) as usize;
        }
        assert_eq!((at, packets), (file.len(), 2));
    });
}

#[test]
fn statuses_are_the_commands() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        fails(stage, 7, &["exec", "a", "--", "sh", "-c", "exit 7"]);
        fails(stage, 137, &["exec", "a", "--", "sh", "-c", "kill -9 $$"]);
        fails(stage, 143, &["exec", "a", "--", "sh", "-c", "kill $$"]);
        let e = fails(stage, 127, &["exec", "a", "--", "no-such-program"]);
        assert!(e.starts_with("nsh: no program named \"no-such-program\""), "{e}");
        let e = fails(stage, 126, &["exec", "a", "--", "/etc/passwd"]);
        assert!(e.contains("not executable"), "{e}");
        let e = fails(stage, 125, &["exec", "a", "ns2", "--", "true"]);
        assert!(
            e.starts_with("nsh: exec: there is no namespace named \"ns2\"\n  hint: did you mean \"ns1\"?"),
            "{e}"
        );
        let e = fails(stage, 125, &["exec", "a", "far-off", "--", "true"]);
        assert!(e.contains("the lab has host, ns1"), "{e}");
        for words in [&["exec", "a"][..], &["exec", "a", "--"], &["exec", "a", "ns1", "--"]] {
            assert!(fails(stage, 125, words).contains("no command is given"), "{words:?}");
        }
        assert!(fails(stage, 125, &["exec", "a", "ns1"]).contains("no command is given"));
        assert!(fails(stage, 125, &["exec", "b", "true"]).contains("there is no lab named \"b\""));
        // The same where what is wrong can't be told.
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut untold = stage.command(&["exec", "a", "--", "no-such-program"]);
        assert_eq!(finish(untold.stderr(full).spawn().unwrap()).status.code(), Some(127));
        fails(stage, 2, &["exec"]);
        fails(stage, 2, &["exec", "--bogus", "a", "true"]);
        assert!(fails(stage, 1, &["attach", "a", "ns2"]).contains("did you mean \"ns1\"?"));
    });
}

#[test]
fn a_lab_without_a_path_has_the_usual_one() {
    with_labs(|stage| {
        let mut command = stage.command(&["up", "--name", "a", "-e", ""]);
        let out = finish(command.env_remove("PATH").spawn().unwrap());
        assert!(out.status.success(), "{}", text(&out));
        assert_eq!(prints(stage, &["exec", "a", "echo", "found"]), "found\n");
    });
}

#[test]
fn pipes_pass_through() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let mut child = stage.command(&["exec", "a", "ns1", "--", "sort"]);
        let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text: String = (0..200_000).rev().map(|i| format!("{i:06}\n")).collect();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let out = finish(child);
        writer.join().unwrap().unwrap();
        let sorted: String = (0..200_000).map(|i| format!("{i:06}\n")).collect();
        assert!(out.stdout == sorted.as_bytes(), "{}", out.stdout.len());
        // A reader that goes away ends the writer as it would anywhere: by SIGPIPE.
        let mut child = stage.command(&["exec", "a", "--", "yes"]).spawn().unwrap();
        read_line(&mut child.stdout.take().unwrap());
        assert_eq!(finish(child).status.code(), Some(141));
    });
}

#[test]
fn a_file_on_stdin_is_there_to_be_read_alone() {
    with_labs(|stage| {
        up(stage, "a", "");
        let keep = stage.home.join("keep");
        let mut command =
            stage.command(&["exec", "a", "--", "sh", "-c", "cat; echo spoilt > /proc/self/fd/0"]);
        let out = finish(command.stdin(std::fs::File::open(&keep).unwrap()).spawn().unwrap());
        assert_eq!(stdout(&out), "kept", "{}", text(&out));
        assert!(!out.status.success(), "{}", text(&out));
        assert_eq!(std::fs::read_to_string(keep).unwrap(), "kept");
    });
}

#[test]
fn nothing_of_the_outer_world_is_open_in_a_lab() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let look =
            "for p in /proc/[0-9]*; do for fd in $p/fd/*; do readlink $fd; done; done 2>/dev/null; true";
        let open = prints(stage, &["exec", "a", "--", "sh", "-c", look]);
        assert!(open.contains("pipe:") && open.contains("/run/netns/ns1"), "{open}");
        assert!(!open.contains("labs") && !open.contains("/dev/tty") && !open.contains("/opt"), "{open}");
        // What the process that keeps the lab and the script's have in common are the two outputs alone.
        let pid = super::bench::listed(stage)[0]["pid"].to_string();
        let parent = |pid: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().to_owned()
        };
        let first = parent(&pid);
        let files = |pid: &str| -> std::collections::BTreeSet<_> {
            let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
            entries
                .filter_map(|e| std::fs::read_link(e.path()).ok())
                .map(|p| p.display().to_string())
                .collect()
        };
        let outer = files(&parent(&first));
        for inner in [&first, &pid] {
            let shared: Vec<String> = files(inner).intersection(&outer).cloned().collect();
            let expected =
                |f: &str| f.starts_with("pipe:") || f == "/dev/null" || f.starts_with("anon_inode:");
            assert!(shared.iter().all(|f| expected(f)), "{shared:?}");
            assert_eq!(shared.iter().filter(|f| f.starts_with("pipe:")).count(), 2, "{shared:?}");
        }
    });
}

/// What is the same for each process of the lab, as a process tells it of itself.
const TELL: &str = "grep -E '^(Uid|Gid|Groups|CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp|Seccomp_filters|SigBlk):' \
    /proc/self/status; cat /proc/self/limits /proc/self/oom_score_adj; \
    for n in user mnt pid net uts ipc; do readlink /proc/self/ns/$n; done; pwd; umask; \
    env | grep -v '^_=' | sort";

#[test]
fn a_process_is_as_those_of_the_script() {
    with_labs(|stage| {
        let code = format!("io.write(proc.exec([[{TELL}]]).stdout)");
        let mut command = stage.command(&["up", "--env", "OF_THE_LAB", "--name", "a", "-e", &code]);
        let out = finish(command.env("OF_THE_LAB", "yes").env("TERM", "dumb").spawn().unwrap());
        let of_script = stdout(&out);
        let of_script = of_script.split("the lab a is up").next().unwrap();
        assert!(of_script.contains("Seccomp:\t2") && of_script.contains("OF_THE_LAB=yes"), "{}", text(&out));
        let mut command = stage.command(&["exec", "a", "--", "sh", "-c", TELL]);
        command.current_dir("/").env("OF_THE_CALLER", "yes").env("TERM", "dumb");
        let of_exec = stdout(&finish(command.spawn().unwrap()));
        let (script, exec): (Vec<_>, Vec<_>) = (of_script.lines().collect(), of_exec.lines().collect());
        for (script, exec) in script.iter().zip(&exec) {
            assert_eq!(script, exec, "{:?}", stage.user);
        }
        assert_eq!(script.len(), exec.len(), "{of_script}\n{of_exec}");
    });
}

/// A child that says `begun`, when it has.
fn begun(stage: &Stage, words: &[&str]) -> std::process::Child {
    let mut child = stage.command(words).spawn().unwrap();
    assert_eq!(read_line(child.stdout.as_mut().unwrap()), "begun\n");
    child
}

#[test]
fn what_runs_ends_with_the_lab() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let child =
            begun(stage, &["exec", "a", "ns1", "--", "sh", "-c", "trap '' TERM HUP; echo begun; sleep 1000"]);
        // Left in the lab, which keeps it.
        prints(stage, &["exec", "a", "--", "sh", "-c", "sleep 1000 >/dev/null 2>&1 &"]);
        until(
            || {
                prints(stage, &["exec", "a", "--", "sh", "-c", "cat /proc/[0-9]*/comm"])
                    .matches("sleep")
                    .count()
                    == 2
            },
            || "no sleep".to_owned(),
        );
        prints(stage, &["down", "a"]);
        let out = finish(child);
        assert_eq!(out.status.code(), Some(137), "{}", text(&out));
        assert_eq!(stderr(&out), "nsh: the lab a has ended, and what ran in it\n");
        stage.wait_until_gone();
    });
}

#[test]
fn signals_reach_the_command_and_its_end_is_ours() {
    with_labs(|stage| {
        up(stage, "a", PAIR);
        let script = "trap 'echo got INT' INT; trap 'echo got TERM; exit 3' TERM; echo begun; while :; do sleep 0.1; done";
        let child = begun(stage, &["exec", "a", "--", "sh", "-c", script]);
        let pid = Pid::from_raw(child.id() as i32);
        kill(pid, Signal::SIGINT).unwrap();
        kill(pid, Signal::SIGTERM).unwrap();
        let out = finish(child);
        assert_eq!(out.status.code(), Some(3), "{}", text(&out));
        assert!(stdout(&out).contains("got TERM"), "{}", text(&out));
        // Killed, nsh takes the command along, but not the lab.
        let mut child = begun(stage, &["exec", "a", "--", "sh", "-c", "echo begun; exec sleep 1234"]);
        child.kill().unwrap();
        wait(&mut child);
        until(
            || !prints(stage, &["exec", "a", "--", "sh", "-c", "cat /proc/[0-9]*/cmdline"]).contains("1234"),
            || "the command goes on".to_owned(),
        );
    });
}

pub fn attached(stage: &Stage, words: &[&str], input: &str) -> std::process::Output {
    let mut child = stage.command(&[&["attach"], words].concat()).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    finish(child)
}

#[test]
fn a_prompt_has_the_private_places_of_the_script() {
    with_labs(|stage| {
        let of_script = "for _, place in ipairs({ '/run/x', '/etc/no-such', '/etc/passwd.d' }) do
              host.proc.private(place)
            end
            host.exec('echo of the script >/run/x/name', { check = true })
            KEPT = proc.spawn('exec sleep 1000', { files = { ['/etc/passwd'] = 'script\\n' } })";
        up(stage, "a", of_script);
        let out = attached(
            stage,
            &["a"],
            "for _, p in ipairs({ '/run/y', '/run/x', '/etc/no-such' }) do host.proc.private(p) end\n\
             do io.write(host.exec('ls /run/x; ls -d /etc/no-such').stdout) end\n\
             do io.write(host.exec('cat /etc/passwd', { files = { ['/etc/passwd'] = 'mine\\n' } }).stdout) end\n",
        );
        assert_eq!(stdout(&out), "name\n/etc/no-such\nmine\n", "{}", text(&out));
    });
}

#[test]
fn a_prompt_has_the_labs_namespaces() {
    with_labs(|stage| {
        up(stage, "a", &format!("{PAIR} namespace.add('ns-2') namespace.add('link') namespace.add('end')"));
        let out = attached(stage, &["a"], "ns1.name\nnamespace.get('ns-2').name\nlink.get('v1').name\n");
        assert_eq!(stdout(&out), "ns1\nns-2\nv1\n", "{}", text(&out));
        // Where told, the bindings act there; host is host.
        let out = attached(
            stage,
            &["a", "ns1"],
            "link.get('eth0').name\nhost.link.get('v1').name\nping('host').received\n",
        );
        assert_eq!(stdout(&out), "eth0\nv1\n1\n", "{}", text(&out));
        // What is made stays in the lab, what was started does not.
        let out = attached(stage, &["a"], "namespace.add('new').name\nproc.spawn('sleep 4321')\n");
        assert!(out.status.success(), "{}", text(&out));
        assert!(prints(stage, &["exec", "a", "new", "ls", "/sys/class/net"]).contains("lo"));
        assert!(
            !prints(stage, &["exec", "a", "--", "sh", "-c", "cat /proc/[0-9]*/cmdline"]).contains("4321")
        );
        // Links can be shaped, from a prompt and by a command.
        let out = attached(stage, &["a", "ns1"], "link.shape('eth0', { rate = '1mbit' })\n");
        assert!(out.status.success(), "{}", text(&out));
        let code = "print(link.get('eth0').shape.rate) link.shape('eth0', { rate = '2mbit' })";
        let program = env!("CARGO_BIN_EXE_nsh");
        assert_eq!(prints(stage, &["exec", "a", "ns1", "--", program, "--host", "-e", code]), "1000000\n");
        assert_eq!(stdout(&attached(stage, &["a"], "ns1.link.get('eth0').shape.rate\n")), "2000000\n");
        // Threads and servers work here as in a script.
        let code = "local s <close> = http.serve('10.0.1.1:80', { ['/'] = 'hi' }) print(ns1.http.get('http://host/').body)\n";
        assert_eq!(stdout(&attached(stage, &["a"], code)), "hi\n");
        let out = attached(stage, &["a"], "error('no')\nprint(1)\n");
        assert_eq!((stdout(&out).as_str(), stderr(&out).contains("no")), ("1\n", true));
        // So do time limits, and with them what breaks off a read that Ctrl-C came just before.
        let out =
            attached(stage, &["a"], "eventually(function() while true do end end, { timeout = 0.1 })\n");
        assert!(stderr(&out).contains("it did not end, and was broken off"), "{}", text(&out));
        assert_eq!(nsh(stage, &["down", "a"]).status.code(), Some(0));
    });
}

#[test]
fn a_command_sees_the_namespaces_private_directories() {
    with_labs(|stage| {
        let code = format!(
            "{PAIR} ns1.proc.private({{ '/run/daemon', '/etc/daemon' }})
            ns1.exec('echo of ns1 >/run/daemon/socket; cat /etc/daemon/conf', {{
              check = true, files = {{ ['/etc/daemon/conf'] = 'x = 1' }} }})"
        );
        up(stage, "a", &code);
        let read = ["cat", "/run/daemon/socket", "/etc/daemon/conf"];
        let seen = prints(stage, &[&["exec", "a", "ns1", "--"][..], &read].concat());
        assert_eq!(seen, "of ns1\nx = 1");
        fails(stage, 1, &[&["exec", "a", "--"][..], &read].concat());
        // Another namespace of the name has none, whatever its number is.
        let again = "namespace.del('ns1') local ns1 = namespace.add('ns1')
            print(ns1.exec('test -e /run/daemon/socket').status)
            for i = 1, 20 do namespace.add('n' .. i) namespace.del('n' .. i) end";
        assert_eq!(stdout(&attached(stage, &["a"], &again.replace('\n', " "))), "1\n");
    });
}

#[test]
fn one_command_runs_in_all_namespaces() {
    with_labs(|stage| {
        up(stage, "a", &format!("{PAIR} ns1.proc.private('/run/daemon')"));
        let mut lines: Vec<String> =
            prints(stage, &["exec", "--all", "a", "uname", "-n"]).lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["host| nsh", "ns1| ns1"]);
        prints(stage, &["exec", "a", "ns1", "touch", "/run/daemon/x"]);
        let e = fails(stage, 1, &["exec", "--all", "a", "--", "test", "-e", "/run/daemon/x"]);
        assert_eq!(e, "nsh: host: exited with status 1\n");
        // Side by side: each waits for the other.
        let both = "mkdir /tmp/$(uname -n); until test -d /tmp/nsh -a -d /tmp/ns1; do :; done";
        prints(stage, &["exec", "--all", "a", "sh", "-c", both]);
        assert!(fails(stage, 127, &["exec", "--all", "a", "no-such-program"]).contains("no program named"));
        assert!(
            fails(stage, 125, &["exec", "--all", "a", "ns1", "--", "true"]).contains("no namespace is named")
        );
        assert!(fails(stage, 125, &["exec", "--all", "a"]).contains("no command is given"));
    });
}

#[test]
fn a_lab_can_be_empty() {
    with_labs(|stage| {
        prints(stage, &["up"]);
        assert_eq!(prints(stage, &["exec", "lab", "ls", "/sys/class/net"]), "lo\n");
        std::fs::write(stage.project.join("x.lua"), "print(table.concat(arg, ' '))").unwrap();
        let told = prints(stage, &["up", "x.lua", "--name", "n", "a", "--", "--name", "b"]);
        assert!(told.starts_with("a --name b\nthe lab n is up"), "{told}");
    });
}
