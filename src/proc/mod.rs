//! Processes inside a namespace: run to the end ([`exec`]), run beside the script ([`spawn`]), or an interactive
//! shell ([`shell()`]).
//!
//! A process enters the network namespace, and where the namespace isn't the lab's `host`, a mount namespace of its
//! own, in which `/sys` shows that namespace's devices and `/etc/hosts` its names, as under `ip netns exec`. It has
//! a process group of its own, default signals, and no descriptor of nsh but its standard three.

mod buffer;
mod child;
mod cover;
pub mod deaths;
mod echo;
pub mod list;
mod output;
mod path;
pub mod private;
mod process;
mod ready;
mod shell;
mod show;
mod spec;
mod status;
mod terminal;
mod user;

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

pub use buffer::{Keep, OutputBuffer};
pub use cover::{Cover, check_path, outside};
pub use deaths::deaths;
pub use path::{in_path, installed, is_busybox};
pub use process::{Next, Printed, Process, Which, exec, spawn};
pub use ready::Condition;
pub use shell::{foreground, shell};
pub use spec::{Context, DEFAULT_PATH, Place, Program, Spec, Stdin, replace};
pub use status::{Exit, killed_for_memory, signal_name, signal_number};
pub use user::User;

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use child::Child;

/// How long a process that is asked to end (SIGTERM) is left to do so before SIGKILL.
const GRACE: Duration = Duration::from_millis(500);

/// How many of the last lines of stderr an error quotes.
const QUOTED_LINES: usize = 5;
/// And how many bytes of them.
const QUOTED_BYTES: usize = 1000;

/// How a process ended, and what it printed.
#[derive(Clone, Debug)]
pub struct Output {
    pub exit: Exit,
    pub stdout: OutputBuffer,
    pub stderr: OutputBuffer,
    /// From the start to the end.
    pub time: Duration,
    /// Whether the kernel seems to have killed it for want of memory.
    pub starved: bool,
}

/// Ends the process group of `child`: SIGTERM, then SIGKILL for what is left after `grace`; and reaps it. Not
/// interruptible, since it is what an interrupt does.
fn end(child: &Child, grace: Duration) -> Option<Exit> {
    let group = child.pid;
    let _ = nix::sys::signal::killpg(group, Signal::SIGTERM);
    // A stopped process would not see it.
    let _ = nix::sys::signal::killpg(group, Signal::SIGCONT);
    let pidfd = [(child.pidfd.as_fd(), PollFlags::POLLIN)];
    let _ = wait::wait_background(&pidfd, Deadline::after(grace));
    // Not reaped yet, it keeps the group's number from being given to another.
    let _ = nix::sys::signal::killpg(group, Signal::SIGKILL);
    let _ = wait::wait_background(&pidfd, Deadline::NEVER);
    let exit = status::reap(child.pidfd.as_fd(), false).ok().flatten();
    await_group(group);
    exit
}

/// Waits until the killed processes of a group whose leader was reaped have left their namespaces too: `sh -c cat` is
/// two processes, and the second would keep a namespace's links for a moment.
fn await_group(group: Pid) {
    let deadline = Deadline::after(GRACE);
    while nix::sys::signal::killpg(group, None).is_ok() && !deadline.passed() {
        // Whoever reaps what has ended may take a moment.
        let living = wait::living_in_group(group.as_raw());
        if living.is_empty() {
            return;
        }
        for pidfd in living {
            let _ = wait::wait_background(&[(pidfd.as_fd(), PollFlags::POLLIN)], deadline);
        }
    }
}

impl Output {
    /// Why it ended, as in `exited with status 3` or `killed by SIGSEGV (core dumped)`.
    pub fn reason(&self) -> String {
        reason(self.exit, self.starved)
    }

    /// Raises `exit`, with the last lines of stderr, or of stdout where that is empty, unless the status is 0.
    pub fn check(&self) -> Result<()> {
        if self.exit == Exit::Code(0) {
            return Ok(());
        }
        let mut detail = self.reason();
        let last = |kept: &OutputBuffer| kept.last_lines(QUOTED_LINES, QUOTED_BYTES);
        // Many programs and scripts tell on stdout what is wrong.
        let said = Some(last(&self.stderr)).filter(|s| !s.is_empty()).unwrap_or_else(|| last(&self.stdout));
        if !said.is_empty() {
            detail = format!("{detail}: {said}");
        }
        Err(Error::new(Kind::Exit, detail))
    }
}

fn reason(exit: Exit, starved: bool) -> String {
    match starved {
        true => format!("{exit}, for want of memory as it seems"),
        false => exit.to_string(),
    }
}

/// Nothing but stdin, stdout and stderr is inherited by the programs that this process starts from here on, or becomes.
/// Calls only what is async-signal-safe.
pub fn close_on_exec() {
    // SAFETY: marks descriptors, and closes none in this process.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// A pipe: its reading and its writing end.
fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
        .map_err(|e: Errno| Error::from(e).detail("making a pipe"))
}

#[cfg(test)]
mod tests;
