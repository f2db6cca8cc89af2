//! What a hostile program would try, as a program: this test program, run inside a sandbox with `NSH_TASK` set.
//! Each task prints what it achieved.

use std::ffi::CString;
use std::fs;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;

use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::{ForkResult, Pid};

use super::stage::{Stage, place};

/// The shell command that runs a task in a lab of the stage.
pub fn command_line(stage: &Stage, task: &str, argument: &str) -> String {
    // In the project, which a lab sees wherever it is.
    let program = stage.project.join("helper");
    if !program.exists() {
        place(&std::env::current_exe().unwrap(), &program);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!(
        "NSH_TASK='{task}' NSH_ARGUMENT='{argument}' ./helper --exact helper::task --ignored --nocapture --test-threads 1"
    )
}

impl Stage {
    /// Runs a task in a sandbox, and returns what it printed.
    pub fn in_lab(&self, task: &str, argument: &str) -> String {
        let line = command_line(self, task, argument);
        self.prints(&format!("local p = io.popen([==[{line}]==]) io.write(p:read('a'))"))
    }
}

/// Not a test: what [`command_line`] runs.
#[test]
#[ignore = "runs inside the sandbox"]
fn task() {
    let Ok(task) = std::env::var("NSH_TASK") else { return };
    let argument = std::env::var("NSH_ARGUMENT").unwrap_or_default();
    match task.as_str() {
        "connect" => connect(&argument),
        "mounts" => {
            mounts("");
            // Once more from a user namespace below. Not in this process, which may have threads.
            in_child(|| {
                let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
                report_only_failure("unshare", nix::sched::unshare(flags));
                in_child(|| mounts("nested: "));
            });
        }
        "sockets" => sockets(),
        "calls" => calls(),
        "talk" => talk(Path::new(&argument)),
        "connect below" => connect_below(Path::new(&argument)),
        "first process" => first_process(),
        "descriptors" => descriptors(),
        "bomb" => bomb(),
        "kill all" => {
            println!("killing");
            let _ = nix::sys::signal::kill(Pid::from_raw(0), Signal::SIGKILL);
        }
        "type" => type_into_terminal(),
        other => panic!("no task {other}"),
    }
    // Nothing of the test harness's.
    std::process::exit(0);
}

fn report<T, E: std::fmt::Debug>(what: &str, tried: Result<T, E>) {
    match tried {
        Ok(_) => println!("ACHIEVED {what}"),
        Err(e) => println!("refused {what}: {e:?}"),
    }
}

fn report_only_failure<T, E: std::fmt::Debug>(what: &str, tried: Result<T, E>) {
    if let Err(e) = tried {
        println!("refused {what}: {e:?}");
    }
}

/// `tcp ADDRESS`, `unix PATH` or `abstract NAME`.
fn connect(to: &str) {
    let (kind, to) = to.split_once(' ').unwrap();
    match kind {
        "tcp" => report(to, TcpStream::connect(to)),
        "unix" => report(to, UnixStream::connect(to)),
        _ => {
            let address = SocketAddr::from_abstract_name(to).unwrap();
            report(to, UnixStream::connect_addr(&address));
        }
    }
}

/// Through a socket of its own.
fn talk(directory: &Path) {
    let path = directory.join("own.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
    println!("talked");
}

/// To every socket in a directory, and below.
fn connect_below(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => connect_below(&entry.path()),
            kind if kind.is_socket() => {
                report(&format!("{:?}", entry.file_name()), UnixStream::connect(entry.path()))
            }
            _ => {}
        }
    }
    println!("looked in {}", directory.display());
}

fn mounts(which: &str) {
    const MOUNT_ATTR_RDONLY: u64 = 1;
    for path in ["/", "/proc/sys", "/sys", "/proc/fs"] {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
        let tried = nix::mount::mount(None::<&str>, path, None::<&str>, flags, None::<&str>);
        report(&format!("{which}remount {path}"), tried);
        let c = CString::new(path).unwrap();
        let wanted =
            libc::mount_attr { attr_set: 0, attr_clr: MOUNT_ATTR_RDONLY, propagation: 0, userns_fd: 0 };
        // SAFETY: c is a NUL-terminated string, wanted a mount_attr of the size given.
        let done = unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                libc::AT_FDCWD,
                c.as_ptr(),
                0,
                &raw const wanted,
                size_of::<libc::mount_attr>(),
            )
        };
        report(&format!("{which}mount_setattr {path}"), nix::errno::Errno::result(done));
    }
    for path in ["/proc/sys", "/proc/sys/net", "/proc", "/sys", "/tmp", "/run", "/dev", "/etc/hosts"] {
        report(&format!("{which}umount {path}"), nix::mount::umount2(path, MntFlags::MNT_DETACH));
    }
    fs::create_dir_all("/tmp/new").unwrap();
    for kind in ["proc", "sysfs", "cgroup2", "cgroup"] {
        let tried = nix::mount::mount(Some(kind), "/tmp/new", Some(kind), MsFlags::empty(), None::<&str>);
        report(&format!("{which}mount {kind}"), tried);
    }
    report(&format!("{which}cgroup namespace"), nix::sched::unshare(CloneFlags::CLONE_NEWCGROUP));
    // A read-only bind of the root, opened up.
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    if nix::mount::mount(Some("/"), "/tmp/new", None::<&str>, flags, None::<&str>).is_ok() {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
        let tried = nix::mount::mount(None::<&str>, "/tmp/new", None::<&str>, flags, None::<&str>);
        report(&format!("{which}bind and remount"), tried);
    }
    for path in ["/etc/nsh-was-here", "/proc/sys/kernel/panic", "/proc/sysrq-trigger", "/sys/power/state"] {
        let tried =
            fs::File::options().write(true).create(path.starts_with("/etc")).truncate(false).open(path);
        report(&format!("{which}open {path}"), tried);
    }
}

fn sockets() {
    // AF_VSOCK reaches the hypervisor, AF_BLUETOOTH the radio.
    for (name, family) in
        [("vsock", libc::AF_VSOCK), ("bluetooth", libc::AF_BLUETOOTH), ("alg", libc::AF_ALG)]
    {
        // SAFETY: socket takes no pointers.
        let fd = unsafe { libc::socket(family, libc::SOCK_STREAM, 0) };
        report(name, nix::errno::Errno::result(fd));
    }
}

/// Calls that reach what belongs to no namespace.
fn calls() {
    const KEYCTL_GET_KEYRING_ID: usize = 0;
    const USER_KEYRING: usize = -4isize as usize;
    const SET_ID: usize = 0o4755;
    let (path, name, value) =
        (c"made".as_ptr() as usize, c"user.x".as_ptr() as usize, c"y".as_ptr() as usize);
    fs::write("made", "").unwrap();
    let made = fs::File::open("made").unwrap();
    let here = libc::AT_FDCWD as usize;
    let fd = made.as_raw_fd() as usize;
    let mut memory = [0u64; 64];
    let (kind, memory) = (c"user".as_ptr() as usize, memory.as_mut_ptr() as usize);
    let tries: &[(&str, libc::c_long, &[usize])] = &[
        ("keyctl", libc::SYS_keyctl, &[KEYCTL_GET_KEYRING_ID, USER_KEYRING, 0]),
        ("add_key", libc::SYS_add_key, &[kind, name, value, 1, USER_KEYRING]),
        ("request_key", libc::SYS_request_key, &[kind, name, 0, USER_KEYRING]),
        ("io_uring_setup", libc::SYS_io_uring_setup, &[4, memory]),
        ("userfaultfd", libc::SYS_userfaultfd, &[1]),
        ("syslog", libc::SYS_syslog, &[10, 0, 0]),
        ("fchmod", libc::SYS_fchmod, &[fd, SET_ID]),
        ("fchmodat", libc::SYS_fchmodat, &[here, path, SET_ID]),
        ("fchmodat2", 452, &[here, path, SET_ID, 0]),
        ("setxattr", libc::SYS_setxattr, &[path, name, value, 1, 0]),
        ("fsetxattr", libc::SYS_fsetxattr, &[fd, name, value, 1, 0]),
    ];
    for (what, number, arguments) in tries {
        let a = |at: usize| arguments.get(at).copied().unwrap_or(0);
        // SAFETY: the pointers among the arguments are to strings and memory that live on.
        let done = unsafe { libc::syscall(*number, a(0), a(1), a(2), a(3), a(4)) };
        report(what, nix::errno::Errno::result(done));
    }
}

fn first_process() {
    for file in ["environ", "mem", "root/etc/passwd", "cwd/.", "fd/0", "maps"] {
        report(file, fs::read(format!("/proc/1/{file}")));
    }
    let namespace = fs::File::open("/proc/1/ns/mnt")
        .and_then(|f| nix::sched::setns(f, CloneFlags::CLONE_NEWNS).map_err(std::io::Error::from));
    report("ns/mnt", namespace);
    // SAFETY: attaching takes no pointers.
    let attached = unsafe { libc::ptrace(libc::PTRACE_ATTACH, 1, 0, 0) };
    report("ptrace", nix::errno::Errno::result(attached));
    // These succeed, and do nothing: process 1 gets no such signal from its own.
    let _ = nix::sys::signal::kill(Pid::from_raw(1), Signal::SIGKILL);
    let _ = nix::sys::signal::kill(Pid::from_raw(1), Signal::SIGSTOP);
}

fn descriptors() {
    for fd in 3..64 {
        let Ok(target) = fs::read_link(format!("/proc/self/fd/{fd}")) else { continue };
        if target.is_dir() && target != Path::new(&format!("/proc/{}/fd", std::process::id())) {
            println!("ACHIEVED descriptor {fd}: {}", target.display());
        }
    }
    println!("looked");
}

/// Forks until the kernel refuses, prints how often that went well, and leaves them all.
fn bomb() {
    let mut count = 0u32;
    let refused = loop {
        // SAFETY: the child does nothing but wait.
        match unsafe { nix::unistd::fork() } {
            Ok(ForkResult::Child) => {
                // Or who reads our output waits for them.
                for fd in 0..3 {
                    // SAFETY: nothing in this process uses them any more.
                    unsafe { libc::close(fd) };
                }
                loop {
                    nix::unistd::pause();
                }
            }
            Ok(ForkResult::Parent { .. }) => count += 1,
            Err(e) => break e,
        }
        if count > 20_000 {
            break nix::errno::Errno::UnknownErrno;
        }
    };
    println!("forked {count} {refused:?}");
}

/// Pushes a command into the terminal's input, as if the user had typed it.
fn type_into_terminal() {
    let terminal = fs::File::options().read(true).write(true).open("/dev/tty").unwrap();
    let mut tried = Ok(0);
    for byte in b"echo TYPED\n" {
        // SAFETY: TIOCSTI reads one byte.
        tried = nix::errno::Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSTI, byte) });
    }
    report("typing", tried);
}

fn in_child(f: impl FnOnce()) {
    // SAFETY: the test harness's other thread only waits; the child ends without returning to it.
    if let Ok(ForkResult::Parent { child }) = unsafe { nix::unistd::fork() } {
        let _ = nix::sys::wait::waitpid(child, None);
    } else {
        f();
        std::process::exit(0);
    }
}
