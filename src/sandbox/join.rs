//! Entering a lab that is there already: a process of the caller's own session and process group, on its terminal,
//! that lives in the lab and ends with it.
//!
//! `setns` must be the call of a process with one thread, and enters a PID namespace only for its children. So there
//! are three: the caller, which stays outside and keeps nothing of the lab alive; one that enters and forks; and
//! that one's child, which runs. The middle one ends at once, and the caller becomes the parent of the last.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::PollFlags;
use nix::sched::CloneFlags;
use nix::sys::signal::{self, SigSet, Signal};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::{ForkResult, Pid};

use anyhow::{Context, Result};

use super::environment::Environment;
use super::exe::Sealed;
use super::signals::{self, Signals};
use super::sys::{self, Channel, Message};
use super::terminal::{Terminal, wants_terminal};
use super::{filter, ids, init, script, streams};
use crate::base::error::{Error, Kind, complain};
use crate::base::status;
use crate::base::wait::{self, Deadline};

/// The lab to enter.
pub struct Target<'a> {
    /// A descriptor of the process that runs its script.
    pub process: BorrowedFd<'a>,
    /// The pid of that process, which can't be reused as long as it lives.
    pub pid: i32,
    /// Whether the lab has user namespaces of its own.
    pub confined: bool,
    /// Whether its processes' system calls are filtered.
    pub filtered: bool,
    /// The working directory to begin in.
    pub directory: &'a Path,
    /// What environment to have.
    pub environment: Environment,
    /// The soft limit of open files that its processes have.
    pub open_files: Option<u64>,
}

/// Runs `runner` in the lab, and returns its status: 128 and the signal's number if one ended it.
///
/// Call it while nsh has one thread and nothing is buffered for stdout.
pub fn join(target: &Target<'_>, runner: impl FnOnce() -> i32) -> Result<i32> {
    let ignored = signals::ignored();
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let terminal = nix::fcntl::open("/dev/tty", flags, Mode::empty()).ok();
    let limits = limits(target)?;
    let signals = Signals::of(&ignored)?;
    // Becomes the parent of the last process when the middle one ends.
    nix::sys::prctl::set_child_subreaper(true)?;
    let (ours, theirs) = Channel::pair()?;
    let program = Sealed::of(target.pid)?;
    seal_streams()?;
    // SAFETY: this process has one thread, so the child may do anything.
    let middle = match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            drop((ours, signals, terminal));
            match enter(target, program) {
                Ok(Some(child)) => {
                    let told = theirs.send(&Message::Pid(child.as_raw()));
                    init::exit(told.is_err() as i32)
                }
                Ok(None) => inside(target, &limits, &theirs, &ignored, runner),
                Err(e) => {
                    theirs.fail(&e);
                    init::exit(1)
                }
            }
        }
        ForkResult::Parent { child } => {
            drop(program);
            child
        }
    };
    drop((theirs, runner));
    let child = match ours.receive()? {
        Message::Pid(pid) => Pid::from_raw(pid),
        other => {
            let _ = nix::sys::wait::waitpid(middle, None);
            return Err(init::failed(other).into());
        }
    };
    let _ = nix::sys::wait::waitpid(middle, None);
    ours.send(&Message::Go)?;
    Watch { child, signals, terminal: Terminal::of(terminal.as_ref()) }.until_ended()
}

/// Lets a process in namespaces of its own open stdin, stdout and stderr again, and takes the descriptors from it. In this
/// process, only the machine's root could copy mounts.
fn seal_streams() -> Result<()> {
    let open: Vec<RawFd> = (0..3).filter(|fd| sys::is_open(*fd)).collect();
    let (ours, theirs) = Channel::pair()?;
    // SAFETY: this process has one thread, so the child may do anything.
    let helper = match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            let sealed = streams::seal_apart().and_then(|()| theirs.send_descriptors(&open));
            if let Err(e) = &sealed {
                theirs.fail(e);
            }
            init::exit(sealed.is_err() as i32)
        }
        ForkResult::Parent { child } => child,
    };
    drop(theirs);
    let received = ours.receive_descriptors();
    let _ = nix::sys::wait::waitpid(helper, None);
    for (fd, new) in open.iter().zip(received?) {
        // SAFETY: replaces a standard stream, of which nobody here is the owner.
        Errno::result(unsafe { libc::dup2(new.as_raw_fd(), *fd) })?;
    }
    Ok(())
}

/// A resource, whose type differs between C libraries, and its soft and hard limit.
type Limit = (i32, libc::rlimit);

/// The limits of the lab's processes: those of the one that runs the script, which raised its own limit of open
/// files.
fn limits(target: &Target<'_>) -> Result<Vec<Limit>> {
    let mut limits = Vec::new();
    for resource in 0..=libc::RLIMIT_RTTIME {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: no new limit is given, and the old one goes into `limit`.
        let done = unsafe { libc::prlimit(target.pid, resource, std::ptr::null(), &raw mut limit) };
        if Errno::result(done).is_ok() {
            if resource == libc::RLIMIT_NOFILE
                && let Some(soft) = target.open_files
            {
                limit.rlim_cur = soft.min(limit.rlim_max);
            }
            limits.push((resource as i32, limit));
        }
    }
    Ok(limits)
}

/// Sets the limits. One that can't be set (a hard limit above our own) stays as it is.
fn limit(limits: &[Limit]) {
    for (resource, limit) in limits {
        // SAFETY: limit is a plain rlimit.
        unsafe { libc::setrlimit(*resource as _, limit) };
    }
}

/// Enters the lab's namespaces and forks, into its PID namespace: the child's number, or `None` in itself.
fn enter(target: &Target<'_>, program: Sealed) -> Result<Option<Pid>> {
    let mut namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWPID;
    if target.confined {
        namespaces |= CloneFlags::CLONE_NEWUSER;
    }
    match nix::sched::setns(target.process, namespaces) {
        Err(Errno::ESRCH) => return Err(ended().into()),
        entered => entered.context("entering the lab's namespaces")?,
    }
    program.enter(&target.environment)?;
    // SAFETY: this process has one thread, so the child may do anything.
    match unsafe { nix::unistd::fork() } {
        Ok(ForkResult::Child) => Ok(None),
        Ok(ForkResult::Parent { child }) => Ok(Some(child)),
        // The PID namespace takes no more once its first process has ended.
        Err(Errno::ENOMEM) => Err(ended().into()),
        Err(e) => Err(e).context("making a process in the lab"),
    }
}

fn ended() -> Error {
    Error::new(Kind::NotFound, "the lab has ended")
}

/// Runs in the last process, after giving it what the lab's script has.
fn inside(
    target: &Target<'_>,
    limits: &[Limit],
    outside: &Channel,
    ignored: &SigSet,
    runner: impl FnOnce() -> i32,
) -> ! {
    let prepare = || -> Result<()> {
        if outside.receive()? != Message::Go {
            init::exit(1);
        }
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        // It may have ended before it could have taken us along.
        if outside.try_receive()? == Some(Message::Gone) {
            init::exit(1);
        }
        sys::new_session_keyring();
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        limit(limits);
        nix::unistd::chdir(target.directory)
            .or_else(|_| nix::unistd::chdir("/"))
            .context("entering the lab's working directory")?;
        if target.filtered {
            filter::install()?;
            ids::answer()?;
        }
        script::catch_signals(ignored, None)?;
        SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    if let Err(e) = prepare() {
        init::exit(complain(&*e, status::CANNOT));
    }
    // SAFETY: its owner is neither used nor dropped any more.
    unsafe { libc::close(outside.fd().as_raw_fd()) };
    script::end(runner)
}

/// The caller, while the process in the lab runs.
struct Watch<'a> {
    child: Pid,
    signals: Signals,
    terminal: Terminal<'a>,
}

impl Watch<'_> {
    fn until_ended(mut self) -> Result<i32> {
        loop {
            wait::wait_background(&[(self.signals.fd(), PollFlags::POLLIN)], Deadline::NEVER)?;
            while let Some((signal, from_terminal)) = self.signals.next()? {
                // What the terminal sends to our group reaches the child as well, if it is of that.
                let has_it = from_terminal && self.group() == Some(nix::unistd::getpgrp());
                if signal != Signal::SIGCHLD && !has_it {
                    let _ = signal::kill(self.child, signal);
                }
            }
            loop {
                match nix::sys::wait::waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
                    Ok(WaitStatus::Exited(pid, status)) if pid == self.child => return Ok(status),
                    Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.child => {
                        return Ok(128 + signal as i32);
                    }
                    Ok(WaitStatus::Stopped(pid, signal)) if pid == self.child => self.stopped(signal),
                    Ok(WaitStatus::StillAlive) => break,
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(e) => return Err(e.into()),
                }
            }
        }
    }

    /// The child has stopped (Ctrl-Z, or it reads in the background): so does the job as a whole. When the shell
    /// continues it, the child goes on.
    fn stopped(&mut self, by: Signal) {
        match self.group() {
            Some(group) if wants_terminal(by as i32) && self.terminal.come_to_front() => {
                self.terminal.put_in_front(group);
            }
            _ => drop(self.terminal.stop_job()),
        }
        let _ = signal::kill(self.child, Signal::SIGCONT);
    }

    fn group(&self) -> Option<Pid> {
        nix::unistd::getpgid(Some(self.child)).ok()
    }
}
