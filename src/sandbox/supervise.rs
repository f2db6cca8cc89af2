//! The process that the user started: passes signals in, lends the terminal, waits, and tells the status.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::signal::{self, Signal};
use nix::sys::signalfd::{SfdFlags, SigSet, SignalFd};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::sys::{Channel, Message};
use super::{Keeper, Plan, SECOND_INTERRUPT};
use crate::error::{Error, Kind, Result};
use crate::wait::{self, Deadline};

/// Those that end a script, and those that stop and continue it.
const HANDLED: &[Signal] =
    &[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGCONT];

/// Which of the handled signals were ignored when nsh was started.
pub fn ignored() -> SigSet {
    let mut out = SigSet::empty();
    for &signal in HANDLED {
        // SAFETY: asks for the old action without setting a new one, and fills in `old`.
        let is_ignored = unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal as i32, std::ptr::null(), &raw mut old) == 0
                && old.sa_sigaction == libc::SIG_IGN
        };
        if is_ignored {
            out.add(signal);
        }
    }
    out
}

/// The handled signals, kept from their default action.
pub struct Signals(SignalFd);

impl Signals {
    /// Blocks them; the processes forked from here on inherit that. Those that were ignored stay so.
    pub fn of(ignored: &SigSet) -> Result<Signals> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        // Giving the terminal back from the background must not stop us, nor what a process of our group reads.
        let mut blocked = mask;
        blocked.add(Signal::SIGTTOU);
        blocked.add(Signal::SIGTTIN);
        for &signal in HANDLED.iter().filter(|s| !ignored.contains(**s)) {
            mask.add(signal);
            blocked.add(signal);
        }
        blocked.thread_block()?;
        Ok(Signals(SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?))
    }

    /// Readable when one has come.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The next one that has come, and whether the kernel sent it (as a terminal's driver does) to our whole group.
    pub fn next(&self) -> Result<Option<(Signal, bool)>> {
        let Some(info) = self.0.read_signal()? else { return Ok(None) };
        // SI_KERNEL
        let from_kernel = info.ssi_code == 0x80;
        Ok(Signal::try_from(info.ssi_signo as i32).ok().map(|signal| (signal, from_kernel)))
    }
}

/// A child that is killed and reaped when dropped, whatever the way out.
pub struct Child {
    pid: Pid,
    status: Option<i32>,
}

impl Child {
    pub fn new(pid: Pid) -> Child {
        Child { pid, status: None }
    }

    pub fn kill(&self) {
        if self.status.is_none() {
            let _ = signal::kill(self.pid, Signal::SIGKILL);
        }
    }

    /// Its exit status once it has ended. Other children (under `--host`) are reaped on the way.
    fn ended(&mut self, block: bool) -> Result<Option<i32>> {
        use nix::sys::wait::WaitPidFlag;
        let flags = if block { WaitPidFlag::empty() } else { WaitPidFlag::WNOHANG };
        while self.status.is_none() {
            match nix::sys::wait::waitpid(None, Some(flags)) {
                Ok(WaitStatus::Exited(pid, status)) if pid == self.pid => self.status = Some(status),
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.pid => {
                    self.status = Some(128 + signal as i32);
                }
                Ok(WaitStatus::StillAlive) => return Ok(None),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(self.status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        let _ = self.ended(true);
    }
}

/// Why the lab is being ended from here.
#[derive(Clone, Copy)]
struct Ending {
    status: i32,
    kill_at: Instant,
    timed_out: bool,
}

/// Watches over the lab until it has ended, and returns nsh's exit status. Without a channel (`--host`) signals go
/// to the script's process itself.
pub fn watch(
    plan: &Plan,
    mut child: Child,
    channel: Option<Channel>,
    signals: Signals,
    mut keeper: Option<&mut dyn Keeper>,
) -> Result<i32> {
    let mut terminal = Terminal::of(plan.terminal.as_ref());
    let mut interrupted: Option<Instant> = None;
    let mut channel_open = channel.is_some();
    let limit = plan.timeout.and_then(|limit| Instant::now().checked_add(limit.checked_add(plan.grace)?));
    let mut ending = limit.map(|kill_at| Ending { status: 1, kill_at, timed_out: true });
    loop {
        let mut watched: Vec<(BorrowedFd<'_>, PollFlags)> = vec![(signals.fd(), PollFlags::POLLIN)];
        if let Some(channel) = channel.as_ref().filter(|_| channel_open) {
            watched.push((channel.fd(), PollFlags::POLLIN));
        }
        if let Some(fd) = keeper.as_ref().and_then(|k| k.fd()) {
            watched.push((fd, PollFlags::POLLIN));
        }
        let deadline = match ending {
            Some(e) => Deadline::after(e.kill_at.saturating_duration_since(Instant::now())),
            None => Deadline::NEVER,
        };
        wait::wait_background(&watched, deadline)?;

        if let Some(keeper) = keeper.as_deref_mut()
            && keeper.ready()?
        {
            ending = ending.filter(|e| !e.timed_out);
        }
        if let Some(channel) = channel.as_ref().filter(|_| channel_open) {
            match channel.try_receive()? {
                Some(Message::Failed(text, hint)) => {
                    let e = Error::new(Kind::Unsupported, text);
                    return Err(hint.into_iter().fold(e, Error::hint));
                }
                Some(Message::Stopped(number)) => terminal.script_stopped(channel, number)?,
                Some(Message::Gone) => channel_open = false,
                _ => {}
            }
        }
        while let Some((signal, _)) = signals.next()? {
            match signal {
                Signal::SIGCHLD => {}
                Signal::SIGINT if interrupted.is_some_and(|at| at.elapsed() >= SECOND_INTERRUPT) => {
                    return Ok(128 + signal as i32);
                }
                Signal::SIGINT => {
                    interrupted.get_or_insert_with(Instant::now);
                    pass_in(&child, channel.as_ref(), signal);
                }
                Signal::SIGQUIT => return Ok(128 + signal as i32),
                Signal::SIGTSTP => {
                    pass_in(&child, channel.as_ref(), signal);
                    stop_self();
                }
                Signal::SIGCONT => pass_in(&child, channel.as_ref(), signal),
                signal => {
                    pass_in(&child, channel.as_ref(), signal);
                    let end = Ending {
                        status: 128 + signal as i32,
                        kill_at: Instant::now() + plan.grace,
                        timed_out: false,
                    };
                    ending = Some(ending.filter(|e| e.kill_at <= end.kill_at).unwrap_or(end));
                }
            }
        }
        if let Some(status) = child.ended(false)? {
            return Ok(status);
        }
        if let Some(e) = ending.filter(|e| e.kill_at <= Instant::now()) {
            child.kill();
            child.ended(true)?;
            if e.timed_out {
                let limit = plan.timeout.unwrap_or_default().as_secs_f64();
                let _ = writeln!(
                    std::io::stderr(),
                    "nsh: the script did not end {:?} after its time limit of {limit} s, and was killed",
                    plan.grace
                );
            }
            return Ok(e.status);
        }
    }
}

fn pass_in(child: &Child, channel: Option<&Channel>, signal: Signal) {
    let _ = match channel {
        Some(channel) => channel.send(&Message::Signal(signal as i32)),
        None => signal::kill(child.pid, signal).map_err(Error::from),
    };
}

/// Stops as Ctrl-Z does; returns when the shell continues us.
fn stop_self() {
    let _ = signal::raise(Signal::SIGSTOP);
}

/// The terminal, of which the shell knows our process group as the one in front. The script has a group of its own:
/// when it first reads from the terminal, or sets it, the kernel stops it as a background process, and we, if we
/// are in front, put it there.
pub struct Terminal<'a> {
    fd: Option<BorrowedFd<'a>>,
    lent: bool,
}

impl<'a> Terminal<'a> {
    pub fn of(terminal: Option<&'a OwnedFd>) -> Self {
        Terminal { fd: terminal.map(AsFd::as_fd), lent: false }
    }

    pub fn fd(&self) -> Option<BorrowedFd<'a>> {
        self.fd
    }

    pub fn in_front(&self) -> bool {
        self.fd.is_some_and(|fd| nix::unistd::tcgetpgrp(fd) == Ok(nix::unistd::getpgrp()))
    }

    fn script_stopped(&mut self, channel: &Channel, number: i32) -> Result<()> {
        let wants_terminal = number == Signal::SIGTTIN as i32 || number == Signal::SIGTTOU as i32;
        if wants_terminal && (self.fd.is_none() || self.in_front()) {
            self.lent = self.fd.is_some();
            return channel.send(&Message::TakeTerminal);
        }
        if !wants_terminal && !self.lent && !self.taken() {
            // Stopped by us, or by someone with `kill -STOP`.
            return Ok(());
        }
        // A background job that reads (`nsh x.lua &`), or Ctrl-Z while the script had the terminal: the job as a
        // whole stops, and the shell goes on. SIGCONT then continues the script, too.
        self.take_back();
        stop_self();
        Ok(())
    }

    /// Whether a group of the lab is in front without having been lent the terminal: an interactive shell there
    /// takes it by itself.
    pub fn taken(&self) -> bool {
        let Some(front) = self.fd.and_then(|fd| nix::unistd::tcgetpgrp(fd).ok()) else { return false };
        front != nix::unistd::getpgrp() && of_another_pid_namespace(front)
    }

    pub fn take_back(&mut self) {
        if let Some(fd) = self.fd
            && (self.lent || self.taken())
        {
            // SIGTTOU is blocked, so this works from the background.
            let _ = nix::unistd::tcsetpgrp(fd, nix::unistd::getpgrp());
            self.lent = false;
        }
    }
}

/// Whether the group's leader lives in another PID namespace than we do: in the lab.
fn of_another_pid_namespace(group: Pid) -> bool {
    let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    match namespace(&group.to_string()) {
        Some(theirs) => Some(theirs) != namespace("self"),
        // Ended, or not ours to look at: a group without processes is what a lab leaves behind.
        None => signal::killpg(group, None) == Err(Errno::ESRCH),
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// Waits at most `patience` for all children to end; false if some have not. SIGCHLD is blocked, as
/// [`Signals::of`] leaves it.
pub fn reap_all(patience: Duration) -> Result<bool> {
    let deadline = Deadline::after(patience);
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    let ended = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    loop {
        match nix::sys::wait::waitpid(None, Some(nix::sys::wait::WaitPidFlag::WNOHANG)) {
            Err(Errno::EINTR) | Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => {}
            Err(_) => return Ok(true),
            Ok(_) if deadline.passed() => return Ok(false),
            Ok(_) => {
                wait::wait_background(&[(ended.as_fd(), PollFlags::POLLIN)], deadline)?;
                while ended.read_signal()?.is_some() {}
            }
        }
    }
}
