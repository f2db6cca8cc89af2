//! Processes inside a namespace: run to the end ([`exec`]), run beside the script ([`spawn`]), or an interactive
//! shell ([`shell()`]).
//!
//! A process enters the network namespace, and where the namespace isn't the lab's `host`, a mount namespace of its
//! own, in which `/sys` shows that namespace's devices and `/etc/hosts` its names, as under `ip netns exec`. It has
//! a process group of its own, default signals, and no descriptor of nsh but its standard three.

mod child;
mod cover;
pub mod deaths;
mod echo;
mod kept;
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
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

pub use cover::{Cover, check_path, outside};
pub use deaths::deaths;
pub use kept::{Keep, Kept};
pub use path::{in_path, installed, is_busybox};
pub use process::{Next, Printed, Process, Which, spawn};
pub use ready::Condition;
pub use shell::{foreground, shell};
pub use spec::{Context, DEFAULT_PATH, Place, Program, Spec, Stdin, replace};
pub use status::{Exit, killed_for_memory, signal_name, signal_number};
pub use user::User;

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use child::Child;
use output::{Input, Stream};
use spec::Pipes;

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
    pub stdout: Kept,
    pub stderr: Kept,
    /// From the start to the end.
    pub time: Duration,
    /// Whether the kernel seems to have killed it for want of memory.
    pub starved: bool,
}

/// Runs a process in `place` to its end, as `ip netns exec NAME PROGRAM ARGS...`.
///
/// What it leaves in the background keeps running, but what that prints afterwards is lost.
///
/// Raises `not_found` for a missing program or directory, `permission` for a file that can't be executed, `timeout`
/// when `spec.timeout` ran out (its group is then ended by SIGTERM and, half a second later, SIGKILL), and with
/// `spec.check` `exit` for any status but 0.
pub fn exec(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Output> {
    let started = Instant::now();
    let deadline = spec.timeout.map_or(Deadline::NEVER, Deadline::after);
    let (child, pipes) = spec::start(&place, spec, context)?;
    let Pipes { stdin, stdout, stderr } = pipes;
    let text: &[u8] = if let Stdin::Text(text) | Stdin::Open(text) = &spec.stdin { text } else { &[] };
    // There is nobody to write more, so that Open means no more than Text here.
    let mut stdin = stdin.map(|fd| Input::new(fd, text.to_vec(), true));
    let mut stdout = Stream::new(Which::Stdout, Some(stdout), spec);
    let mut stderr = Stream::new(Which::Stderr, stderr, spec);
    loop {
        match turn(&child, &mut stdin, &mut stdout, &mut stderr, deadline) {
            Ok(Turn::Ended) => break,
            Ok(Turn::More) => {}
            Ok(Turn::Late) => {
                end(&child, GRACE);
                last(&mut stdout, &mut stderr);
                let after = spec.timeout.unwrap_or_default();
                return Err(late(after, &stdout.kept, &stderr.kept).on(spec.shown()));
            }
            Err(e) => {
                end(&child, GRACE);
                return Err(e.on(spec.shown()));
            }
        }
    }
    let exit = status::reap(child.pidfd.as_fd(), false)?.unwrap_or(Exit::Code(0));
    let time = started.elapsed();
    last(&mut stdout, &mut stderr);
    let output = Output { exit, stdout: stdout.kept, stderr: stderr.kept, time, starved: false };
    if spec.check {
        output.check().map_err(|e| e.on(spec.shown()))?
    }
    Ok(output)
}

enum Turn {
    Ended,
    More,
    Late,
}

/// Waits for the next thing to happen, and moves bytes.
fn turn(
    child: &Child,
    stdin: &mut Option<Input>,
    stdout: &mut Stream,
    stderr: &mut Stream,
    deadline: Deadline,
) -> Result<Turn> {
    let mut fds = vec![(child.pidfd.as_fd(), PollFlags::POLLIN)];
    fds.extend(stdout.fd().map(|fd| (fd, PollFlags::POLLIN)));
    fds.extend(stderr.fd().map(|fd| (fd, PollFlags::POLLIN)));
    fds.extend(stdin.as_ref().map(|s| (s.fd(), PollFlags::POLLOUT)));
    let ready = wait::wait(&fds, deadline)?;
    if ready[0] {
        return Ok(Turn::Ended);
    }
    if !ready.contains(&true) {
        return Ok(Turn::Late);
    }
    // None of these blocks, so there is no need to know which of them was ready.
    for stream in [stdout, stderr] {
        stream.read_some();
        let (which, lines) = stream.take_lines();
        show::print(which, &lines);
    }
    if stdin.as_mut().is_some_and(|s| s.write_some()) {
        *stdin = None;
    }
    Ok(Turn::More)
}

/// Reads and shows what it left behind.
fn last(stdout: &mut Stream, stderr: &mut Stream) {
    for stream in [stdout, stderr] {
        stream.drain();
        stream.finish();
        let (which, lines) = stream.take_lines();
        show::print(which, &lines);
    }
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
        let last = |kept: &Kept| kept.last_lines(QUOTED_LINES, QUOTED_BYTES);
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

/// The error of a process that didn't end in time, with what it printed so far.
fn late(after: Duration, stdout: &Kept, stderr: &Kept) -> Error {
    let mut detail = format!("still running after {} s, so it was ended", after.as_secs_f64());
    let said: Vec<String> = [("stderr", stderr), ("stdout", stdout)]
        .iter()
        .map(|(name, kept)| (name, kept.last_lines(QUOTED_LINES, QUOTED_BYTES)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name} ended in {text:?}"))
        .collect();
    if !said.is_empty() {
        detail = format!("{detail}; {}", said.join(", "));
    }
    Error::new(Kind::Timeout, detail)
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
