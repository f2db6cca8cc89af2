use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::Instant;

use super::*;

fn run(line: &str) -> Result<Output> {
    exec(here(), &Spec::shell(line), &Context::default())
}

/// The namespace in which the tests themselves run.
fn here() -> Place<'static> {
    Place { name: "host", net: None }
}

fn text(kept: &OutputBuffer) -> String {
    String::from_utf8(kept.bytes()).unwrap()
}

/// Runs `f` in a new network namespace named `lab`, on a thread of its own; not at all without privileges.
fn in_namespace(f: impl FnOnce(BorrowedFd<'_>) + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let home = std::fs::File::open("/proc/thread-self/ns/net").unwrap();
            if let Err(e) = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
                crate::net::testing::no_namespace(e);
                return;
            }
            let inside = std::fs::File::open("/proc/thread-self/ns/net").unwrap();
            nix::sched::setns(&home, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            f(inside.as_fd());
        });
    });
}

#[test]
fn output_status_and_stdin_are_passed() {
    let spec =
        Spec { stdin: Stdin::Text(b"one\ntwo\n".to_vec()), ..Spec::shell("cat; echo oops >&2; exit 3") };
    let output = exec(here(), &spec, &Context::default()).unwrap();
    assert_eq!(text(&output.stdout), "one\ntwo\n");
    assert_eq!(text(&output.stderr), "oops\n");
    assert_eq!(output.exit, Exit::Code(3));
    assert!(output.time < Duration::from_secs(5));
    let e = exec(here(), &Spec { check: true, ..spec }, &Context::default()).unwrap_err();
    assert_eq!(e.kind(), Kind::Exit);
    assert_eq!(e.message(), "exited with status 3: oops");
}

#[test]
fn more_than_a_pipe_holds_goes_both_ways() {
    let big = vec![b'x'; 3 << 20];
    let spec = Spec { stdin: Stdin::Text(big.clone()), ..Spec::args(["cat"]) };
    let output = exec(here(), &spec, &Context::default()).unwrap();
    assert!(output.stdout.bytes() == big);
    let first = Spec { limit: 1000, keep: Keep::First, ..spec };
    let cut = exec(here(), &first, &Context::default()).unwrap();
    assert_eq!((cut.stdout.bytes().len(), cut.stdout.lost()), (1000, big.len() as u64 - 1000));
}

#[test]
fn a_program_that_does_not_read_its_stdin_is_no_error() {
    let spec = Spec { stdin: Stdin::Text(vec![b'x'; 1 << 20]), ..Spec::args(["true"]) };
    assert_eq!(exec(here(), &spec, &Context::default()).unwrap().exit, Exit::Code(0));
}

#[test]
fn a_signal_is_named() {
    let output = run("kill -KILL $$").unwrap();
    assert_eq!(output.exit, Exit::Signal(libc::SIGKILL));
    assert_eq!(output.exit.signal().unwrap(), "SIGKILL");
    assert_eq!(output.check().unwrap_err().message(), "killed by SIGKILL");
    assert_eq!(run("kill -RTMIN $$").unwrap().exit.signal().unwrap(), "SIGRTMIN");
}

#[test]
fn what_cannot_be_run_is_told_apart() {
    let fails = |spec: Spec| exec(here(), &spec, &Context::default()).unwrap_err();
    let e = fails(Spec::args(["no-such-program"]));
    assert_eq!((e.kind(), e.message().as_str()), (Kind::NotFound, "no program named \"no-such-program\""));
    assert!(e.fields().hint.as_ref().unwrap().contains("/usr/bin"));
    assert_eq!(fails(Spec::args(["/no/such"])).kind(), Kind::NotFound);
    assert_eq!(fails(Spec::args(["/etc/passwd"])).kind(), Kind::Permission);
    assert_eq!(fails(Spec::args(["/etc"])).message(), "permission denied (EACCES): /etc is a directory");
    assert_eq!(fails(Spec::args([] as [&str; 0])).kind(), Kind::Argument);
    assert_eq!(fails(Spec::args(["a\0b"])).kind(), Kind::Argument);
    let e = fails(Spec { cwd: Some("/no/such".into()), ..Spec::args(["true"]) });
    assert_eq!(e.kind(), Kind::NotFound);
    assert!(e.message().contains("entering the working directory /no/such"), "{e}");
    let e = fails(Spec { cwd: Some("/etc/passwd".into()), ..Spec::args(["true"]) });
    assert_eq!(e.kind(), Kind::Invalid);
}

#[test]
fn scripts_without_their_interpreter_or_first_line() {
    use std::os::unix::fs::PermissionsExt;
    let dir = std::env::temp_dir().join(format!("nsh-proc-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let script = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        exec(here(), &Spec::args([path]), &Context::default()).unwrap_err()
    };
    let e = script("lost", "#!/no/such/interpreter\n");
    assert!(e.message().contains("the interpreter of"), "{e}");
    let e = script("bare", "echo hello\n");
    assert!(e.message().contains("neither a program nor a script"), "{e}");
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn the_environment_is_added_to_or_replaced() {
    let spec = Spec {
        env: vec![("GREETING".into(), Some("hello".into())), ("HOME".into(), None)],
        ..Spec::shell("echo $GREETING ${HOME-none}")
    };
    assert_eq!(text(&exec(here(), &spec, &Context::default()).unwrap().stdout), "hello none\n");
    let spec = Spec { clear_env: true, env: vec![("A".into(), Some("1".into()))], ..Spec::args(["env"]) };
    assert_eq!(text(&exec(here(), &spec, &Context::default()).unwrap().stdout), "A=1\n");
    let spec = Spec { env: vec![("A=B".into(), Some("1".into()))], ..Spec::args(["env"]) };
    assert_eq!(exec(here(), &spec, &Context::default()).unwrap_err().kind(), Kind::Argument);
}

#[test]
fn a_process_gets_three_descriptors_default_signals_and_its_limit() {
    // One that isn't close-on-exec, as a careless library may leave it.
    // SAFETY: plain numbers; the new descriptor is closed below.
    let leak = unsafe { libc::dup(2) };
    let context = Context { open_files: Some(333), on_host: false };
    let line = "ls /proc/self/fd | tr '\\n' ' '; grep -E '^Sig(Blk|Ign)' /proc/self/status; ulimit -Sn; cat /proc/self/stat";
    let output = exec(here(), &Spec::shell(line), &context).unwrap();
    // SAFETY: it is ours.
    unsafe { libc::close(leak) };
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    // 3 is ls's own, of the directory.
    assert_eq!(lines[0], "0 1 2 3 SigBlk:\t0000000000000000");
    assert_eq!(lines[1], "SigIgn:\t0000000000000000");
    assert_eq!(lines[2], "333");
    let group: i32 = lines[3].split(' ').nth(4).unwrap().parse().unwrap();
    assert_ne!(group, nix::unistd::getpgrp().as_raw());
}

#[test]
fn a_late_process_is_ended_with_its_group() {
    let line = "trap '' TERM; echo started; sleep 1000 & echo $!; sleep 1000";
    let spec = Spec { timeout: Some(Duration::from_millis(200)), ..Spec::shell(line) };
    let began = Instant::now();
    let e = exec(here(), &spec, &Context::default()).unwrap_err();
    assert_eq!(e.kind(), Kind::Timeout);
    assert!(
        e.message().starts_with("still running after 0.2 s, so it was ended; stdout ended in \"started"),
        "{e}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    let pid: i32 = e.message().rsplit("\\n").next().unwrap().trim_end_matches('"').parse().unwrap();
    gone(pid);
}

/// Waits for a process that isn't our child to end.
fn gone(pid: i32) {
    let deadline = Deadline::secs(5.0);
    while std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z ")) {
        assert!(!deadline.passed(), "process {pid} still runs");
        std::thread::yield_now();
    }
}

#[test]
fn what_it_leaves_behind_does_not_hold_exec_up() {
    let output = run("sleep 1000 & echo $!").unwrap();
    assert!(output.time < Duration::from_secs(5));
    let pid = text(&output.stdout).trim().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

#[test]
fn a_spawned_process_reads_and_prints_line_by_line() {
    let spec = Spec { stdin: Stdin::Open(b"zero\n".to_vec()), ..Spec::args(["cat"]) };
    let cat = spawn(here(), &spec, &Context::default()).unwrap();
    let deadline = Deadline::secs(10.0);
    let line = || cat.line(Which::Stdout, deadline).unwrap().map(|l| String::from_utf8(l).unwrap());
    assert_eq!(line().unwrap(), "zero");
    cat.write(b"one\ntwo\nth").unwrap();
    assert_eq!(line().unwrap(), "one");
    assert_eq!(line().unwrap(), "two");
    assert_eq!(cat.line(Which::Stdout, Deadline::secs(0.01)).unwrap_err().kind(), Kind::Timeout);
    assert_eq!(cat.exit().unwrap(), None);
    assert_eq!(cat.wait(Some(Duration::from_millis(10))).unwrap_err().kind(), Kind::Timeout);
    cat.write(&vec![b'r'; 1 << 20]).unwrap();
    cat.close_stdin();
    assert_eq!(cat.write(b"more").unwrap_err().kind(), Kind::ConnectionReset);
    let output = cat.wait(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(output.exit, Exit::Code(0));
    assert_eq!(output.stdout.total(), 15 + (1 << 20));
    assert_eq!(line().unwrap().len(), 2 + (1 << 20));
    assert_eq!(line(), None);
    assert!(!cat.kill(libc::SIGTERM).unwrap());
}

#[test]
fn dropping_a_process_ends_its_group() {
    let process =
        spawn(here(), &Spec::shell("sleep 1000 & echo $!; exec sleep 1001"), &Context::default()).unwrap();
    let line = process.line(Which::Stdout, Deadline::secs(10.0)).unwrap().unwrap();
    let (pid, other) = (process.pid(), String::from_utf8(line).unwrap().parse().unwrap());
    drop(process);
    gone(other);
    assert_eq!(nix::sys::signal::kill(pid, None), Err(Errno::ESRCH));
}

#[test]
fn a_process_of_a_group_whose_leader_ended_is_ended_too() {
    let process = spawn(here(), &Spec::shell("sleep 1000 & echo $!"), &Context::default()).unwrap();
    let output = process.wait(Some(Duration::from_secs(10))).unwrap();
    let other = text(&output.stdout).trim().parse().unwrap();
    assert_eq!(process.stop(None).unwrap(), Exit::Code(0));
    gone(other);
}

#[test]
fn kill_reaches_the_process() {
    let process = spawn(here(), &Spec::args(["sleep", "1000"]), &Context::default()).unwrap();
    assert!(process.kill(signal_number("usr1").unwrap()).unwrap());
    assert_eq!(process.wait(Some(Duration::from_secs(10))).unwrap().exit.signal().unwrap(), "SIGUSR1");
}

#[test]
fn signals_by_name_and_number() {
    assert_eq!(signal_number("TERM").unwrap(), 15);
    assert_eq!(signal_number("SIGKILL").unwrap(), 9);
    assert_eq!(signal_number("1").unwrap(), 1);
    assert_eq!(signal_number("66").unwrap_err().kind(), Kind::Argument);
    assert_eq!(signal_number("TERMINATE").unwrap_err().kind(), Kind::Argument);
}

#[test]
fn the_process_is_inside_the_namespace() {
    in_namespace(|net| {
        let hosts = std::env::temp_dir().join(format!("nsh-hosts-{}", std::process::id()));
        std::fs::write(&hosts, "10.0.0.1 router\n").unwrap();
        let place = Place { name: "lab", net: Some(Rc::new(net.try_clone_to_owned().unwrap())) };
        let line =
            "cat /proc/net/dev | tail -n +3 | cut -d: -f1; ls /sys/class/net; cat /etc/hosts; uname -n";
        let spec = Spec { hosts: Some(hosts.clone()), ..Spec::shell(line) };
        let before = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let output = exec(place.clone(), &spec, &Context::default()).unwrap();
        let printed = text(&output.stdout);
        let lines: Vec<&str> = printed.lines().map(str::trim).collect();
        assert_eq!(lines, ["lo", "lo", "10.0.0.1 router", "lab"], "{output:?}");
        // Nothing of it is seen outside.
        assert_eq!(before, std::fs::read_to_string("/proc/self/mountinfo").unwrap());
        let on_host = Context { on_host: true, ..Context::default() };
        let output = exec(place, &Spec::shell("uname -n"), &on_host).unwrap();
        let name = nix::unistd::gethostname().unwrap();
        assert_eq!(text(&output.stdout).trim(), name.to_str().unwrap());
        std::fs::remove_file(&hosts).unwrap();
    });
}

#[test]
fn a_shell_needs_a_terminal() {
    if nix::unistd::isatty(std::io::stdin()).unwrap_or(false) {
        crate::net::testing::skipped("the tests' stdin is a terminal");
        return;
    }
    let e = shell(here(), &Spec::args(["sh"]), &Context::default()).unwrap_err();
    assert_eq!(e.kind(), Kind::Unsupported);
}

#[test]
fn long_commands_are_shortened_and_quoted() {
    assert_eq!(Spec::args(["echo", "it's", "a b", ""]).shown(), r"echo 'it'\''s' 'a b' ''");
    assert_eq!(Spec::shell("x".repeat(200)).shown().len(), SHOWN_WITH_DOTS);
}

const SHOWN_WITH_DOTS: usize = 83;

#[test]
#[ignore = "a measurement"]
fn how_long_starting_takes() {
    // What a large Lua state adds must not show.
    let ballast = vec![1u8; 256 << 20];
    let measure = |what: &str, f: &dyn Fn()| {
        let mut times: Vec<Duration> = (0..200)
            .map(|_| {
                let began = Instant::now();
                f();
                began.elapsed()
            })
            .collect();
        times.sort();
        eprintln!("{what}: median {:?}", times[times.len() / 2]);
    };
    let spec = Spec::args(["/bin/true"]);
    measure("std::process::Command", &|| {
        std::process::Command::new("/bin/true").output().unwrap();
    });
    measure("std::process::Command with pre_exec", &|| {
        use std::os::unix::process::CommandExt;
        // SAFETY: does nothing.
        unsafe { std::process::Command::new("/bin/true").pre_exec(|| Ok(())).output().unwrap() };
    });
    measure("exec on the host", &|| drop(exec(here(), &spec, &Context::default()).unwrap()));
    measure("spawn and wait", &|| {
        drop(spawn(here(), &spec, &Context::default()).unwrap().wait(None).unwrap())
    });
    in_namespace(|net| {
        let place = Place { name: "lab", net: Some(Rc::new(net.try_clone_to_owned().unwrap())) };
        measure("exec in a namespace", &|| drop(exec(place.clone(), &spec, &Context::default()).unwrap()));
    });
    drop(ballast);
}

/// The part of [`a_shell_gets_the_terminal_and_gives_it_back`] that has the terminal.
#[test]
#[ignore = "run by another test"]
fn with_a_terminal() {
    let exit = shell(here(), &Spec::args(["sh"]), &Context::default()).unwrap();
    let foreground = nix::unistd::tcgetpgrp(std::io::stdin()).unwrap() == nix::unistd::getpgrp();
    println!("ended: {exit}; foreground: {foreground}");
}

#[test]
fn a_shell_gets_the_terminal_and_gives_it_back() {
    use std::io::{Read, Write};
    use std::os::unix::process::CommandExt;
    let pty = nix::pty::openpty(None, None).unwrap();
    let stdio = || std::process::Stdio::from(pty.slave.try_clone().unwrap());
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "proc::tests::with_a_terminal"]);
    command.env("SHELL", "/bin/sh").env("PS1", "% ").stdin(stdio()).stdout(stdio()).stderr(stdio());
    // SAFETY: two system calls: a session of its own, with the pty as its terminal.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap();
    let mut terminal = std::fs::File::from(pty.master);
    let mut seen = String::new();
    let mut until = |terminal: &mut std::fs::File, what: &str| {
        let deadline = Deadline::secs(20.0);
        let mut buffer = [0; 4096];
        while !seen.contains(what) {
            assert!(wait::readable(terminal.as_fd(), deadline).unwrap(), "no {what:?} in {seen:?}");
            let n = terminal.read(&mut buffer).unwrap();
            seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        // The rest may be what is waited for next.
        seen = seen.split_once(what).unwrap().1.to_owned();
    };
    until(&mut terminal, "% ");
    // Ctrl-C reaches the foreground program, and neither the shell nor its parent.
    let shell = nix::unistd::tcgetpgrp(&terminal).unwrap();
    terminal.write_all(b"sleep 1000\n").unwrap();
    let deadline = Deadline::secs(20.0);
    while nix::unistd::tcgetpgrp(&terminal).unwrap() == shell {
        assert!(!deadline.passed(), "sleep was not started");
        std::thread::yield_now();
    }
    until(&mut terminal, "sleep 1000\r\n");
    terminal.write_all(b"\x03").unwrap();
    until(&mut terminal, "% ");
    // A shell that stops itself is continued.
    terminal.write_all(b"kill -STOP $$; echo g'oe's on; exit 7\n").unwrap();
    until(&mut terminal, "goes on");
    until(&mut terminal, "ended: exited with status 7; foreground: true");
    drop(pty.slave);
    assert!(child.wait().unwrap().success());
}

#[test]
fn much_output_takes_bounded_memory() {
    let spec = Spec { limit: 1 << 20, ..Spec::shell("head -c 100000000 /dev/zero; echo; echo end") };
    let process = spawn(here(), &spec, &Context::default()).unwrap();
    let output = process.wait(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(output.stdout.total(), 100_000_005);
    assert_eq!(output.stdout.lost(), 100_000_005 - (1 << 20));
    assert!(output.stdout.bytes().ends_with(b"\nend\n"));
}

#[test]
fn a_terminal_is_one() {
    let spec =
        Spec { terminal: true, stdin: Stdin::Open(Vec::new()), ..Spec::shell("tty; echo >/dev/tty; cat") };
    let process = spawn(here(), &spec, &Context::default()).unwrap();
    let deadline = Deadline::secs(10.0);
    let line = process.line(Which::Stdout, deadline).unwrap().unwrap();
    assert!(line.starts_with(b"/dev/pts/"), "{line:?}");
    assert_eq!(process.line(Which::Stdout, deadline).unwrap().unwrap(), b"");
    process.write(b"typed\n").unwrap();
    assert_eq!(process.line(Which::Stdout, deadline).unwrap().unwrap(), b"typed");
    process.close_stdin();
    assert_eq!(process.wait(Some(Duration::from_secs(10))).unwrap().exit, Exit::Code(0));
}

#[test]
fn what_never_gets_ready_is_told() {
    let process = spawn(here(), &Spec::shell("echo begun; exec sleep 1000"), &Context::default()).unwrap();
    let line = || Condition::<Error>::line("up", |line| Ok(line == b"up"));
    let e = process.until(vec![line()], Duration::from_millis(50)).unwrap_err();
    assert_eq!(e.kind(), Kind::Timeout);
    assert!(e.message().contains("no line matched \"up\"; stdout ended in \"begun\""), "{e}");
    process.kill(libc::SIGKILL).unwrap();
    let e = process.until(vec![line()], Duration::from_secs(10)).unwrap_err();
    assert_eq!(e.kind(), Kind::Exit);
    assert!(e.message().starts_with("killed by SIGKILL before it was ready"), "{e}");
}

#[test]
fn a_file_that_was_there_is_no_news() {
    let dir = std::env::temp_dir().join(format!("nsh-ready-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("x.pid");
    std::fs::write(&file, "old").unwrap();
    let condition = Condition::<Error>::file(file.clone(), &file);
    let line = format!("read _; echo new >{}; exec sleep 1000", file.display());
    let spec = Spec { stdin: Stdin::Open(Vec::new()), ..Spec::shell(line) };
    let process = spawn(here(), &spec, &Context::default()).unwrap();
    let e = process.until(vec![condition], Duration::from_millis(50)).unwrap_err();
    assert!(e.message().contains("is as it was before"), "{e}");
    let condition = Condition::<Error>::file(file.clone(), &file);
    process.write(b"\n").unwrap();
    process.until(vec![condition], Duration::from_secs(10)).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_core_is_told() {
    if std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default().trim() != "core" {
        return crate::net::testing::skipped("cores don't go to the working directory here");
    }
    let dir = std::env::temp_dir().join(format!("nsh-core-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let spec = Spec { cwd: Some(dir.clone()), ..Spec::shell("ulimit -c unlimited; kill -SEGV $$") };
    let output = exec(here(), &spec, &Context::default()).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(output.exit, Exit::Dumped(libc::SIGSEGV));
    assert_eq!(output.reason(), "killed by SIGSEGV (core dumped)");
}

#[test]
fn paths_of_a_process_are_found_outside() {
    let cover = |at: &str, from: &str| Cover { at: at.into(), from: from.into() };
    let covers = [cover("/no/such", "/a"), cover("/no/such/deeper", "/b")];
    let of = |path: &str| outside(&covers, std::path::Path::new(path));
    assert_eq!(of("/no/such/x"), std::path::Path::new("/a/x"));
    assert_eq!(of("/no/such"), std::path::Path::new("/a"));
    assert_eq!(of("/no/such/deeper/x"), std::path::Path::new("/b/x"));
    assert_eq!(of("/no/suchlike"), std::path::Path::new("/no/suchlike"));
    for wrong in ["", "/", "x", "/a/../b", "./x"] {
        assert_eq!(check_path(std::path::Path::new(wrong)).unwrap_err().kind(), Kind::Argument, "{wrong}");
    }
}
