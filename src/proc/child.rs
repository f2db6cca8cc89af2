//! Starting a child process inside a namespace.
//!
//! The child is made with `clone(CLONE_VM | CLONE_VFORK)`, as `posix_spawn` does it: it borrows our memory until it
//! execs, so starting takes the same short time however large nsh has grown, and its failures come back through a
//! plain variable. `posix_spawn` itself can't enter namespaces. Everything the child needs is prepared before; the
//! child makes system calls and does nothing else.

use std::cell::Cell;
use std::ffi::{CString, c_int, c_void};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::Pid;

use crate::base::error::{Error, Result};
use crate::net::namespace::expect_bridges;

/// The child's stack until it execs. It calls nothing that needs more than a few frames.
const STACK: usize = 64 * 1024;

/// What the child does before it execs.
pub(super) struct Plan<'a> {
    /// The files to try, in the order of PATH.
    pub programs: Vec<CString>,
    pub args: Vec<CString>,
    pub env: Vec<CString>,
    pub cwd: Option<CString>,
    /// The network namespace to enter; `None` stays.
    pub net: Option<Rc<OwnedFd>>,
    /// Mounts of its own; `None` leaves the mount namespace alone.
    pub mounts: Option<Mounts>,
    /// The host name to take, in a UTS namespace of its own.
    pub hostname: Option<Vec<u8>>,
    /// What becomes descriptors 0, 1 and 2.
    pub stdio: [BorrowedFd<'a>; 3],
    /// The soft limit of open files.
    pub open_files: Option<u64>,
    /// Take the place of the calling process, with its group, its parent and the signals that it ignores.
    pub replace: bool,
    pub session: Session,
    /// The user to become; `None` stays.
    pub user: Option<Ids>,
}

/// What the child is to a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// A process group of its own, of the session of nsh.
    Group,
    /// The foreground process group of descriptor 0's terminal.
    Foreground,
    /// A session of its own, with descriptor 0 as its terminal.
    OwnTerminal,
}

/// A user's numbers.
pub(super) struct Ids {
    pub uid: libc::uid_t,
    pub gid: libc::gid_t,
    pub groups: Vec<libc::gid_t>,
}

/// What the child mounts in its own mount namespace.
pub(super) struct Mounts {
    pub binds: Vec<Bind>,
    /// As the binds, mounted after them. Where they come from is looked up before any of them is mounted, since one
    /// may stand over that place.
    pub covers: Vec<Bind>,
    /// Show the devices of the namespace in `/sys`.
    pub sysfs: bool,
    /// Flags for that sysfs.
    pub sysfs_flags: libc::c_ulong,
}

/// A file or directory that stands over another.
pub(super) struct Bind {
    pub from: CString,
    pub onto: CString,
    /// Whether its failure is one of the process. What isn't there can't be covered.
    pub needed: bool,
    /// A copy of the mount, in the child.
    pub tree: Cell<RawFd>,
}

/// Which of the child's steps failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    None,
    Setup,
    Terminal,
    Limit,
    Enter,
    Unshare,
    /// With its place in [`Mounts::binds`], or behind these in [`Mounts::covers`].
    Bind(usize),
    Hostname,
    User,
    Directory,
    /// With the place of the failed program in [`Plan::programs`].
    Exec(usize),
}

/// A step that failed in the child, and the kernel's reason.
#[derive(Debug)]
pub(super) struct Failure {
    pub step: Step,
    pub errno: Errno,
}

pub(super) struct Child {
    pub pid: Pid,
    pub pidfd: OwnedFd,
}

/// What the child sees of its parent's memory: prepared pointers, and room for the answer.
struct Shared<'a> {
    plan: &'a Plan<'a>,
    args: Vec<*const libc::c_char>,
    env: Vec<*const libc::c_char>,
    parent: libc::pid_t,
    step: Step,
    errno: c_int,
}

impl<'a> Shared<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        let pointers = |strings: &[CString]| {
            strings.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect::<Vec<*const libc::c_char>>()
        };
        Shared {
            plan,
            args: pointers(&plan.args),
            env: pointers(&plan.env),
            parent: std::process::id() as libc::pid_t,
            step: Step::None,
            errno: 0,
        }
    }
}

/// Does all that a child does in the calling process, and puts the program in its place. Returns only if that fails.
pub(super) fn replace(plan: &Plan<'_>) -> Failure {
    let (step, errno) = steps(&Shared::new(plan));
    Failure { step, errno: Errno::from_raw(errno) }
}

/// Starts the child; returns when it has exec'ed. The outer error is ours (no process could be made), the inner
/// one the child's.
pub(super) fn start(plan: &Plan<'_>) -> Result<std::result::Result<Child, Failure>> {
    expect_bridges();
    let mut shared = Shared::new(plan);
    let mut stack = vec![0u128; STACK / 16];
    let mut pidfd: RawFd = -1;
    // No handler of ours may run in the child while it shares our memory.
    let mut before = SigSet::empty();
    nix::sys::signal::pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before))?;
    // SAFETY: the stack is ours, aligned to 16 bytes, and outlives the child's use of it, since CLONE_VFORK returns
    // only when the child has exec'ed or ended; so do `shared` and `pidfd`. `run` never unwinds or allocates.
    let pid = unsafe {
        libc::clone(
            run,
            stack.as_mut_ptr().add(stack.len()).cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD,
            (&raw mut shared).cast::<c_void>(),
            &raw mut pidfd,
        )
    };
    let failed = Errno::last();
    nix::sys::signal::pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
    if pid < 0 {
        let error = Error::errno(failed).detail("starting a process");
        return Err(match failed {
            Errno::EAGAIN => error.hint("the limit of processes is reached: see ulimit -u and pids.max"),
            _ => error,
        });
    }
    // SAFETY: the kernel wrote a new descriptor, which is ours alone.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    let child = Child { pid: Pid::from_raw(pid), pidfd };
    if shared.step == Step::None {
        return Ok(Ok(child));
    }
    // It has ended already.
    let _ = nix::sys::wait::waitpid(child.pid, None);
    Ok(Err(Failure { step: shared.step, errno: Errno::from_raw(shared.errno) }))
}

/// The child's whole life before its program.
extern "C" fn run(shared: *mut c_void) -> c_int {
    // SAFETY: `start` passes its own Shared and is suspended until we exec or end.
    let shared = unsafe { &mut *shared.cast::<Shared<'_>>() };
    let (step, errno) = steps(shared);
    shared.step = step;
    shared.errno = errno;
    127
}

/// Turns a call's result into the failed step.
fn tried(result: c_int, step: Step) -> std::result::Result<(), (Step, c_int)> {
    if result < 0 { Err((step, Errno::last_raw())) } else { Ok(()) }
}

fn steps(shared: &Shared<'_>) -> (Step, c_int) {
    match prepare(shared) {
        Err(failure) => failure,
        Ok(()) => exec(shared),
    }
}

fn prepare(shared: &Shared<'_>) -> std::result::Result<(), (Step, c_int)> {
    let plan = shared.plan;
    // SAFETY: all of these take plain numbers, or pointers to memory prepared by `start`, which waits for us.
    unsafe {
        if !plan.replace {
            // Its own group, so that it and what it starts can be ended together.
            match plan.session {
                Session::OwnTerminal => tried(libc::setsid(), Step::Setup)?,
                _ => tried(libc::setpgid(0, 0), Step::Setup)?,
            }
            tried(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), Step::Setup)?;
            if libc::getppid() != shared.parent {
                libc::_exit(127);
            }
        }
        // The group of a background process may set itself into the foreground only with SIGTTOU blocked, which
        // it still is.
        if plan.session == Session::Foreground {
            tried(libc::tcsetpgrp(plan.stdio[0].as_raw_fd(), libc::getpid()), Step::Terminal)?;
        }
        for (to, from) in plan.stdio.iter().enumerate() {
            stdio(from.as_raw_fd(), to as c_int)?;
        }
        if plan.session == Session::OwnTerminal {
            tried(libc::ioctl(0, libc::TIOCSCTTY as _, 0), Step::Terminal)?;
        }
        if let Some(soft) = plan.open_files {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            tried(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), Step::Limit)?;
            limit.rlim_cur = if soft < limit.rlim_max { soft } else { limit.rlim_max };
            tried(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), Step::Limit)?;
        }
        if let Some(net) = &plan.net {
            tried(libc::setns(net.as_raw_fd(), libc::CLONE_NEWNET), Step::Enter)?;
        }
        if let Some(mounts) = &plan.mounts {
            mount_all(mounts)?;
        }
        if let Some(name) = &plan.hostname {
            tried(libc::unshare(libc::CLONE_NEWUTS), Step::Hostname)?;
            tried(libc::sethostname(name.as_ptr().cast(), name.len()), Step::Hostname)?;
        }
        // After the mounts, so that it is looked up in what the program will see.
        if let Some(cwd) = &plan.cwd {
            tried(libc::chdir(cwd.as_ptr()), Step::Directory)?;
        }
        if let Some(user) = &plan.user {
            become_user(user)?;
        }
        // All of ours are close-on-exec from the start; this holds for those of libraries too.
        super::close_on_exec();
        if plan.replace {
            // Handlers end with the program that they are of. Rust ignores SIGPIPE.
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        } else {
            default_signals();
        }
    }
    Ok(())
}

/// Takes the user's groups and ids. By system calls: the C library would tell all of our threads to do the same.
///
/// # Safety
/// For the child alone.
unsafe fn become_user(user: &Ids) -> std::result::Result<(), (Step, c_int)> {
    let step = |result: libc::c_long| tried(result as c_int, Step::User);
    let (uid, gid, groups) = (user.uid, user.gid, &user.groups);
    // SAFETY: plain numbers, and an array with its length.
    unsafe {
        step(libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()))?;
        step(libc::syscall(libc::SYS_setresgid, gid, gid, gid))?;
        step(libc::syscall(libc::SYS_setresuid, uid, uid, uid))?;
        // In a lab with one id, such calls are answered with success.
        if libc::getuid() != uid {
            return Err((Step::User, libc::EPERM));
        }
        // Changing the user took it back.
        tried(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), Step::Setup)
    }
}

/// Makes `from` the descriptor `to`, kept over exec.
///
/// # Safety
/// For the child alone: it changes the process's descriptors 0 to 2.
unsafe fn stdio(from: RawFd, to: RawFd) -> std::result::Result<(), (Step, c_int)> {
    // SAFETY: plain numbers only.
    unsafe {
        if from == to {
            return tried(libc::fcntl(to, libc::F_SETFD, 0), Step::Setup);
        }
        tried(libc::dup2(from, to), Step::Setup)
    }
}

/// Steps into a mount namespace of its own, fills it, and leaves all others unchanged.
///
/// # Safety
/// For the child alone.
unsafe fn mount_all(mounts: &Mounts) -> std::result::Result<(), (Step, c_int)> {
    let none = ptr::null();
    // SAFETY: all pointers are to strings prepared by `start` or constants.
    unsafe {
        tried(libc::unshare(libc::CLONE_NEWNS), Step::Unshare)?;
        // Mounts don't leak out, but a namespace unpinned outside is unpinned here too.
        let slave = libc::MS_SLAVE | libc::MS_REC;
        tried(libc::mount(none, c"/".as_ptr(), none, slave, ptr::null()), Step::Unshare)?;
        for (i, bind) in mounts.binds.iter().enumerate() {
            let flags = libc::MS_BIND | libc::MS_REC;
            let bound = libc::mount(bind.from.as_ptr(), bind.onto.as_ptr(), none, flags, ptr::null());
            // What isn't there can't be covered: the program doesn't see it either way.
            if bound < 0 && (bind.needed || Errno::last_raw() != libc::ENOENT) {
                return Err((Step::Bind(i), Errno::last_raw()));
            }
        }
        cover(mounts)?;
        if mounts.sysfs {
            // Refused where the machine's own /sys is partly covered: then the program sees that one.
            let sysfs = c"sysfs".as_ptr();
            libc::mount(sysfs, c"/sys".as_ptr(), sysfs, mounts.sysfs_flags, ptr::null());
        }
    }
    Ok(())
}

/// Mounts the covers.
///
/// # Safety
/// For the child alone.
unsafe fn cover(mounts: &Mounts) -> std::result::Result<(), (Step, c_int)> {
    let number = |i: usize| Step::Bind(mounts.binds.len() + i);
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as u32;
    for (i, bind) in mounts.covers.iter().enumerate() {
        // SAFETY: the path is a string prepared by `start`.
        let tree = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, bind.from.as_ptr(), flags) };
        tried(tree as c_int, number(i))?;
        bind.tree.set(tree as RawFd);
    }
    for (i, bind) in mounts.covers.iter().enumerate() {
        let (tree, onto) = (bind.tree.get(), bind.onto.as_ptr());
        let (empty, flags) = (c"".as_ptr(), libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_SYMLINKS);
        // SAFETY: as above.
        let moved = unsafe { libc::syscall(libc::SYS_move_mount, tree, empty, libc::AT_FDCWD, onto, flags) };
        tried(moved as c_int, number(i))?;
    }
    Ok(())
}

/// Gives every signal its default action and unblocks it.
///
/// # Safety
/// For the child alone.
unsafe fn default_signals() {
    // SAFETY: the kernel's own struct sigaction has at most these 32 bytes; all zero it is SIG_DFL with an empty
    // mask. `none` lives on this stack.
    unsafe {
        let action = [0u64; 4];
        for signal in 1..=64 {
            // Not sigaction(3), which leaves out the C library's own two signals. Fails for SIGKILL and SIGSTOP.
            libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), ptr::null::<u64>(), 8usize);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
    }
}

/// Tries the programs in order, as execvp(3) does: what isn't there or may not be run is passed over, and the
/// refusal of one that is there is what is told.
fn exec(shared: &Shared<'_>) -> (Step, c_int) {
    let mut failure = (Step::Exec(0), libc::ENOENT);
    for (i, program) in shared.plan.programs.iter().enumerate() {
        // SAFETY: `args` and `env` end in a null pointer, and their strings live in `plan`.
        unsafe { libc::execve(program.as_ptr(), shared.args.as_ptr(), shared.env.as_ptr()) };
        match Errno::last_raw() {
            libc::ENOENT | libc::ENOTDIR => {}
            libc::EACCES => failure = (Step::Exec(i), libc::EACCES),
            other => return (Step::Exec(i), other),
        }
    }
    failure
}
