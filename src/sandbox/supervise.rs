//! The process that the user started: passes signals in, waits, and tells the status.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::signal::{self, Signal};
use nix::sys::signalfd::{SfdFlags, SigSet, SignalFd};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use anyhow::Result;

use super::job::{self, Who};
use super::signals::Signals;
use super::sys::{Channel, Message};
use super::terminal::Terminal;
use super::{Keeper, Plan, SECOND_INTERRUPT, init};
use crate::base::wait::{self, Deadline};

/// A child that is killed and reaped when dropped.
pub struct Child {
    pid: Pid,
    status: Option<i32>,
    killed: Option<Signal>,
}

impl Child {
    pub fn new(pid: Pid) -> Child {
        Child { pid, status: None, killed: None }
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
                    self.killed = Some(signal);
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
                Some(failed @ Message::Failed(..)) => return Err(init::failed(failed).into()),
                Some(Message::Stopped(number)) => terminal.script_stopped(channel, number)?,
                Some(Message::Killed(number)) => child.killed = Signal::try_from(number).ok(),
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
                    if keeper.is_some() {
                        // In a session of its own, where only SIGSTOP stops.
                        let _ = signal::raise(Signal::SIGSTOP);
                    } else {
                        job::stop(Who::Us);
                    }
                    pass_in(&child, channel.as_ref(), Signal::SIGCONT);
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
            let told_to = interrupted.is_some() || ending.is_some_and(|e| !e.timed_out);
            if let Some(signal) = killer(&child, channel.as_ref()).filter(|_| !told_to) {
                let _ = writeln!(std::io::stderr(), "nsh: the script's process was killed by {signal}");
            }
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

/// The signal that killed the script, as its parent saw it: process 1 of the lab, whose last message may still be in the
/// channel, or this process.
fn killer(child: &Child, channel: Option<&Channel>) -> Option<Signal> {
    let last =
        channel.into_iter().flat_map(|channel| std::iter::from_fn(|| channel.try_receive().ok().flatten()));
    let told = last.take_while(|m| *m != Message::Gone).find_map(|message| match message {
        Message::Killed(number) => Signal::try_from(number).ok(),
        _ => None,
    });
    told.or(child.killed)
}

fn pass_in(child: &Child, channel: Option<&Channel>, signal: Signal) {
    let _ = match channel {
        Some(channel) => channel.send(&Message::Signal(signal as i32)),
        None => signal::kill(child.pid, signal).map_err(Into::into),
    };
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
