//! A process of one file's own: forked from the runner, which has one thread, and watched through two pipes. On the
//! one comes what the file prints, on the other what its tests tell.
//!
//! So that it can be told which test printed what, each event first puts a mark into the output: [`Inside::tell`].

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Instant;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

use super::output::mark;
use crate::base::error::Error;
use crate::base::{status, terminal, wait};
use crate::lua::modules::test::event::{Event, Sink};
use crate::sandbox::{self, Exit};

/// The child's descriptors beyond the usual three.
const EVENTS: i32 = 3;
const MARKS: i32 = 4;

/// How a process is started.
pub struct Start {
    /// What marks begin with, which no file can guess.
    pub nonce: String,
    /// Whether it keeps the terminal and what is on stdin, to open a prompt there.
    pub terminal: bool,
}

/// A running process, killed and reaped when dropped.
pub struct Job {
    pid: Pid,
    pidfd: OwnedFd,
    pub events: File,
    pub output: File,
    pub started: Instant,
    status: Option<WaitStatus>,
}

/// Forks; `f` runs in the child, which ends with the status that it returns.
pub fn start(options: &Start, f: impl FnOnce(Inside) -> i32) -> Result<Job> {
    let (events, events_in) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let (output, output_in) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let null = File::options().read(true).open("/dev/null")?;
    let runner = nix::unistd::getpid();
    // SAFETY: the runner has one thread, so the child may do anything.
    let pid = match unsafe { nix::unistd::fork() }.context("starting a process")? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let entered = enter(options, runner, &null, &events_in, &output_in);
            sandbox::exit(sandbox::exit_status(entered.map(f).context(Exit(status::FAILED))))
        }
    };
    // The number can't be reused until the process is waited for.
    let opened = wait::pidfd(pid.as_raw()).and_then(|fd| fd.ok_or_else(|| Error::errno(Errno::ESRCH)));
    let pidfd = opened.inspect_err(|_| {
        let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
        let _ = waitpid(pid, None);
    })?;
    for fd in [&events, &output] {
        fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    let started = Instant::now();
    Ok(Job { pid, pidfd, events: events.into(), output: output.into(), started, status: None })
}

/// Makes the child's descriptors what they are to be. The runner's are closed; what owns them there is never dropped
/// in this process.
fn enter(options: &Start, runner: Pid, null: &File, events: &OwnedFd, output: &OwnedFd) -> Result<Inside> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    // It may have ended before it could have taken us along.
    if nix::unistd::getppid() != runner {
        return Err(Errno::ESRCH.into());
    }
    if !options.terminal {
        // The terminal's Ctrl-C is for the runner, which passes it on.
        nix::unistd::setsid()?;
    }
    // Out of the way of the numbers that they are to get.
    let aside = |fd: &dyn AsFd| fcntl(fd.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(16));
    let (null, events, output) = (aside(null)?, aside(events)?, aside(output)?);
    let place = |from: i32, to: i32, flags: i32| -> Result<()> {
        // SAFETY: plain numbers; what stood there is the runner's, whose owners never run in this process.
        Errno::result(unsafe { libc::dup3(from, to, flags) })?;
        Ok(())
    };
    if !options.terminal {
        place(null, 0, 0)?;
    }
    place(output, 1, 0)?;
    place(output, 2, 0)?;
    place(events, EVENTS, libc::O_CLOEXEC)?;
    place(output, MARKS, libc::O_CLOEXEC)?;
    // SAFETY: as above; nothing that this process uses is closed.
    unsafe { libc::syscall(libc::SYS_close_range, MARKS + 1, u32::MAX, 0u32) };
    SigSet::empty().thread_set_mask()?;
    // SAFETY: both were made just now and are owned by nobody else.
    let (events, marks) = unsafe { (File::from_raw_fd(EVENTS), File::from_raw_fd(MARKS)) };
    Ok(Inside {
        events: RefCell::new(events),
        marks: RefCell::new(marks),
        nonce: options.nonce.clone(),
        count: Cell::default(),
    })
}

impl Job {
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    pub fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            let _ = nix::sys::signal::kill(self.pid, signal);
        }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<WaitStatus>> {
        if self.status.is_none() {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
                status => self.status = Some(status?),
            }
        }
        Ok(self.status)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.signal(Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
    }
}

/// The runner's end in the file's process.
pub struct Inside {
    events: RefCell<File>,
    marks: RefCell<File>,
    nonce: String,
    count: Cell<u64>,
}

impl Inside {
    /// The machine can't do it at all.
    pub fn cannot(&self, e: &anyhow::Error) {
        let e = Error::of(&**e);
        let mut text = serde_json::json!({ "cannot": e.message(), "hint": e.fields().hint }).to_string();
        text.push('\n');
        let _ = self.events.borrow_mut().write_all(text.as_bytes());
    }
}

impl Sink for Inside {
    fn tell(&self, event: &Event) {
        // What was printed so far goes before the mark.
        let _ = terminal::flush();
        self.count.set(self.count.get() + 1);
        // Fails if the runner has ended; then this process is about to, too.
        let _ = self.marks.borrow_mut().write_all(&mark(&self.nonce, self.count.get()));
        let Ok(mut line) = serde_json::to_vec(event) else { return };
        line.push(b'\n');
        let _ = self.events.borrow_mut().write_all(&line);
    }

    fn artifact(&self, name: &str, bytes: &[u8]) {
        self.tell(&Event::Artifact { name: name.to_owned(), size: bytes.len() as u64 });
        let _ = self.events.borrow_mut().write_all(bytes);
    }
}
