//! The terminal, of which the shell knows our process group as the one in front. The script has a group of its own:
//! when it first reads from the terminal, or sets it, the kernel stops it as a background process, and we, if we
//! are in front, put it there.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::{self, Signal};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

use super::job::{self, Watcher, Who};
use super::sys::{Channel, Message};

/// SIGTTOU is blocked here (see [`super::signals::Signals`]), so that the group in front can be set from the
/// background.
pub struct Terminal<'a> {
    fd: Option<BorrowedFd<'a>>,
    lent: bool,
    /// The group that was in front before we put ours there.
    before: Option<Pid>,
}

impl<'a> Terminal<'a> {
    pub fn of(terminal: Option<&'a OwnedFd>) -> Self {
        Terminal { fd: terminal.map(AsFd::as_fd), lent: false, before: None }
    }

    fn front(&self) -> Option<Pid> {
        self.fd.and_then(|fd| tcgetpgrp(fd).ok())
    }

    fn set_front(&self, group: Pid) -> bool {
        self.fd.is_some_and(|fd| tcsetpgrp(fd, group).is_ok())
    }

    fn in_front(&self) -> bool {
        self.front() == Some(getpgrp())
    }

    /// Whether our group is in front, or could be put there: from the background of a job that no shell would bring
    /// to the front, as that of `timeout nsh` in a shell script, it goes by itself.
    pub fn come_to_front(&mut self) -> bool {
        if self.in_front() {
            return true;
        }
        let before = self.front();
        let comes = job::watcher() == Watcher::Plain && self.set_front(getpgrp());
        if comes {
            self.before = before;
        }
        comes
    }

    /// The script has stopped.
    pub fn script_stopped(&mut self, channel: &Channel, number: i32) -> Result<()> {
        let wants_terminal = wants_terminal(number);
        if wants_terminal && (self.fd.is_none() || self.come_to_front()) {
            self.lent = self.fd.is_some();
            return channel.send(&Message::TakeTerminal);
        }
        if !wants_terminal && !self.is_taken() {
            // Stopped by us, or by someone with `kill -STOP`.
            return Ok(());
        }
        // A background job that reads (`nsh x.lua &`), or Ctrl-Z while the script had the terminal: the job as a
        // whole stops, and the shell goes on.
        if !self.stop_job() && wants_terminal {
            return Err(Errno::EIO).context(
                "reading the terminal from the background, where no shell can bring nsh to the front",
            );
        }
        channel.send(&Message::Signal(Signal::SIGCONT as i32))
    }

    /// Stops the job; once it goes on in front, who had the terminal has it again. False where nothing stops.
    pub fn stop_job(&mut self) -> bool {
        if !job::can_stop() {
            return false;
        }
        let front = self.stand_back();
        let stopped = job::stop(Who::Job);
        if let Some(group) = front.filter(|_| self.in_front()) {
            self.put_in_front(group);
            let _ = signal::killpg(group, Signal::SIGCONT);
        }
        stopped
    }

    /// Whether a group of the lab is in front: it was lent the terminal, or is an interactive shell, which takes it
    /// by itself.
    fn is_taken(&self) -> bool {
        let taken = |front| front != getpgrp() && of_another_pid_namespace(front);
        self.lent || self.front().is_some_and(taken)
    }

    /// Takes the terminal from a group of the lab that is in front; which one it was.
    fn stand_back(&mut self) -> Option<Pid> {
        let front = self.front().filter(|_| self.is_taken());
        if front.is_some() {
            self.set_front(getpgrp());
            self.lent = false;
        }
        front
    }

    /// Lends the terminal to a group of the lab.
    pub fn put_in_front(&mut self, group: Pid) {
        self.lent = self.set_front(group);
    }
}

/// For a process of the lab, in a group of its own: asks for the terminal as a read from the background would. Who
/// watches over it sees that, lends the terminal, and lets it go on.
pub fn claim() {
    let Ok(terminal) = File::open("/dev/tty") else { return };
    if tcgetpgrp(&terminal).is_ok_and(|front| front != getpgrp()) {
        let _ = signal::raise(Signal::SIGTTIN);
    }
}

/// Whether a process that was stopped by this signal had asked for the terminal from the background.
pub fn wants_terminal(signal: i32) -> bool {
    signal == Signal::SIGTTIN as i32 || signal == Signal::SIGTTOU as i32
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
        self.stand_back();
        if let Some(before) = self.before.filter(|_| self.in_front()) {
            self.set_front(before);
        }
    }
}
