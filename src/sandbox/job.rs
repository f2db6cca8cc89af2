//! The job that nsh is part of, as shells call what they stop and continue together: a process group.

use nix::sys::signal::{self, Signal};
use nix::sys::signalfd::SigSet;
use nix::unistd::Pid;

use super::{init, signals};
use crate::base::wait;

/// The group of whoever asks.
const OWN: Pid = Pid::from_raw(0);

/// What stops.
#[derive(Clone, Copy)]
pub enum Who {
    /// This process: the others of the job were told already.
    Us,
    /// Every process of the job: a shell waits for its leader, which need not be us (`sh -c 'nsh; true'`).
    Job,
}

/// Whether somebody continues what stops, as far as can be told.
pub fn can_stop() -> bool {
    let stops =
        !signals::is_ignored(Signal::SIGTSTP) && !matches!(watcher(), Watcher::Plain | Watcher::Nobody);
    if !stops {
        // What else of our group the terminal has stopped.
        let _ = signal::kill(OWN, Signal::SIGCONT);
    }
    stops
}

/// Stops as Ctrl-Z does, and returns once we are continued; false, at once, where nobody would do that.
pub fn stop(who: Who) -> bool {
    if !can_stop() {
        return false;
    }
    let _ = match who {
        Who::Us => signal::raise(Signal::SIGTSTP),
        Who::Job => signal::kill(OWN, Signal::SIGTSTP),
    };
    let stops: SigSet = [Signal::SIGTSTP].into_iter().collect();
    // Its default action, which the kernel leaves out where nobody is there to continue us: in an orphaned process
    // group, and for the first process of a PID namespace. SIGSTOP stops there, too, and for good.
    let _ = stops.thread_unblock();
    let _ = stops.thread_block();
    is_pending(Signal::SIGCONT)
}

fn is_pending(signal: Signal) -> bool {
    // SAFETY: fills in `pending`, and looks at it.
    unsafe {
        let mut pending: libc::sigset_t = std::mem::zeroed();
        libc::sigpending(&raw mut pending) == 0 && libc::sigismember(&raw const pending, signal as i32) == 1
    }
}

/// Whoever waits for our job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Watcher {
    /// A shell with job control: it is told of what stops, and continues it.
    Shell,
    /// Another process of our session: it would wait for a stopped job for ever.
    Plain,
    /// No process of our session.
    Nobody,
    /// It can't be seen: of another PID namespace, or hidden from this user.
    Unknown,
}

/// Finds it: the first of our ancestors in another process group.
pub fn watcher() -> Watcher {
    find_watcher().unwrap_or(Watcher::Unknown)
}

fn find_watcher() -> Option<Watcher> {
    let us = wait::stat(init::own_number().ok()?)?;
    let mut number = us.parent;
    let mut parent = wait::stat(number)?;
    while parent.session == us.session && parent.group == us.group {
        number = parent.parent;
        parent = wait::stat(number)?;
    }
    Some(match parent.session == us.session {
        // What stops and continues others does not stop itself.
        true if wait::heeds(number, Signal::SIGTSTP as i32) => Watcher::Shell,
        true => Watcher::Plain,
        false => Watcher::Nobody,
    })
}
