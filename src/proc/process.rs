//! A process that runs beside the script.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::child::Child;
use super::kept::Kept;
use super::output::{Input, Stream};
use super::spec::{self, Context, Pipes, Place, Spec, Stdin};
use super::{Exit, GRACE, Output, QUOTED_BYTES, QUOTED_LINES, await_group, end, show, status};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// The reading thread needs little: its buffers are elsewhere.
const STACK: usize = 128 * 1024;

/// A process that runs beside the script. Dropping it ends it, with all of its process group.
pub struct Process {
    child: Child,
    shown: String,
    /// The name of the namespace that it was started in.
    place: String,
    started: Instant,
    ended: Cell<Option<(Exit, Duration)>>,
    /// Whether its process group is gone too.
    gone: Cell<bool>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    /// How far [`Process::line`] has read, of stdout and of stderr.
    cursors: [Cell<u64>; 2],
    /// Whether the script has sent it a signal, or ended it.
    signalled: Cell<bool>,
    /// Whether it was killed for want of memory, as far as that can be known.
    starved: Cell<bool>,
}

/// Which of a process's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Stdout,
    Stderr,
}

/// What comes next of what a process prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Line(Vec<u8>),
    NotYet,
    Ended,
}

/// What the script's thread and the reading thread share.
struct Shared {
    state: Mutex<State>,
    /// Readable when something was read since it was last cleared; for the script's thread.
    news: EventFd,
    /// Readable when there is something to write, or to stop; for the reading thread.
    kick: EventFd,
    /// Readable when the process has ended.
    pidfd: OwnedFd,
    /// Held while lines are shown.
    printing: Mutex<()>,
}

struct State {
    stdin: Option<Input>,
    stdout: Stream,
    stderr: Stream,
    stop: bool,
    /// When it ended.
    ended: Option<Instant>,
    /// And how, once that was asked for.
    exit: Option<Exit>,
    /// A terminal has one descriptor for both ways, and an own sign for the end of the input.
    terminal: bool,
}

/// What a terminal takes for the end of the input (VEOF).
const END_OF_INPUT: &[u8] = b"\x04";

thread_local! {
    /// How often the kernel had killed for want of memory when it was last looked at.
    static KILLED_FOR_MEMORY: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Starts a process in `place`, as `ip netns exec NAME PROGRAM ARGS... &`; returns when its program runs.
///
/// Raises as [`super::exec`] does for a program that can't be started. `spec.timeout` and `spec.check` are not used:
/// see [`Process::wait`] and [`Output::check`].
pub fn spawn(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Process> {
    let started = Instant::now();
    if KILLED_FOR_MEMORY.get().is_none() {
        KILLED_FOR_MEMORY.set(status::killed_for_memory());
    }
    let news = eventfd()?;
    let kick = eventfd()?;
    let (child, Pipes { stdin, stdout, stderr }) = spec::start(&place, spec, context)?;
    let pidfd = match child.pidfd.try_clone() {
        Ok(pidfd) => pidfd,
        Err(e) => {
            end(&child, GRACE);
            return Err(e.into());
        }
    };
    let stdin = stdin.map(|fd| match &spec.stdin {
        Stdin::Open(text) => Input::new(fd, text.clone(), false),
        Stdin::Text(text) => Input::new(fd, text.clone(), true),
        Stdin::Null => Input::new(fd, Vec::new(), true),
    });
    let state = State {
        stdin,
        stdout: Stream::new(Which::Stdout, Some(stdout), spec),
        stderr: Stream::new(Which::Stderr, stderr, spec),
        stop: false,
        ended: None,
        exit: None,
        terminal: spec.terminal,
    };
    let shared = Arc::new(Shared { state: Mutex::new(state), news, kick, pidfd, printing: Mutex::new(()) });
    let mut process = Process {
        child,
        shown: spec.shown(),
        place: place.name.to_owned(),
        started,
        ended: Cell::new(None),
        gone: Cell::new(false),
        shared: shared.clone(),
        reader: None,
        cursors: Default::default(),
        signalled: Cell::new(false),
        starved: Cell::new(false),
    };
    // If no thread can be made, the drop of `process` ends the child.
    let reader = std::thread::Builder::new().name("nsh-process".into()).stack_size(STACK);
    process.reader =
        Some(reader.spawn(move || shared.read()).map_err(|e| Error::from(e).detail("a thread"))?);
    Ok(process)
}

fn eventfd() -> Result<EventFd> {
    Ok(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reading thread: moves bytes until the process and both its outputs end, or it is told to stop.
    fn read(&self) {
        loop {
            let (ended, stdin, stdout, stderr) = {
                let mut state = self.lock();
                let closed = state.stdout.fd().is_none() && state.stderr.fd().is_none();
                if state.stop || (closed && state.ended.is_some()) {
                    return;
                }
                let _ = self.kick.read();
                state.write_some();
                let pending = state.stdin.as_ref().filter(|s| s.pending());
                (state.ended, pending.map(Input::share), state.stdout.share(), state.stderr.share())
            };
            let mut fds = vec![(self.kick.as_fd(), PollFlags::POLLIN)];
            fds.extend(stdin.iter().map(|f| (f.as_fd(), PollFlags::POLLOUT)));
            fds.extend([&stdout, &stderr].into_iter().flatten().map(|f| (f.as_fd(), PollFlags::POLLIN)));
            // The last, and no more once it has ended.
            fds.extend(ended.is_none().then_some((self.pidfd.as_fd(), PollFlags::POLLIN)));
            let Ok(ready) = wait::wait_background(&fds, Deadline::NEVER) else { return };
            let mut state = self.lock();
            if ended.is_none() && ready.last() == Some(&true) {
                state.ended = Some(Instant::now());
            }
            state.read_some();
            drop(state);
            self.show();
            let _ = self.news.write(1);
        }
    }

    /// Prints what is to be shown, and returns when that was done, be it by the other thread. Without the lock of the
    /// state: who reads us may be slow.
    fn show(&self) {
        let _printing = self.printing.lock().unwrap_or_else(PoisonError::into_inner);
        let (stdout, stderr) = {
            let mut state = self.lock();
            (state.stdout.take_lines(), state.stderr.take_lines())
        };
        show::print(stdout.0, &stdout.1);
        show::print(stderr.0, &stderr.1);
    }
}

impl State {
    fn write_some(&mut self) {
        if self.stdin.as_mut().is_some_and(Input::write_some) {
            self.stdin = None;
        }
    }

    fn read_some(&mut self) {
        self.stdout.read_some();
        self.stderr.read_some();
    }

    fn stream(&self, which: Which) -> &Stream {
        if which == Which::Stdout { &self.stdout } else { &self.stderr }
    }

    fn drain(&mut self) {
        self.stdout.drain();
        self.stderr.drain();
    }
}

/// What a process printed: known for as long as anybody asks, whatever becomes of the process.
pub struct Printed {
    pub place: String,
    pub shown: String,
    shared: Arc<Shared>,
}

impl Printed {
    /// How it ended, if that is known.
    pub fn exit(&self) -> Option<Exit> {
        self.shared.lock().exit
    }

    /// The last of it up to now, `most` bytes.
    pub fn last(&self, which: Which, most: usize) -> Vec<u8> {
        let mut state = self.shared.lock();
        state.drain();
        state.stream(which).kept.last(most)
    }
}

impl Process {
    /// What it prints, to be asked for later.
    pub fn output(&self) -> Printed {
        Printed { place: self.place.clone(), shown: self.shown.clone(), shared: self.shared.clone() }
    }

    pub fn pid(&self) -> Pid {
        self.child.pid
    }

    /// Readable once it has ended.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.child.pidfd.as_fd()
    }

    /// The command as it would be typed.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// How it ended; `None` while it runs.
    pub fn exit(&self) -> Result<Option<Exit>> {
        if self.ended.get().is_none()
            && let Some(exit) = status::reap(self.child.pidfd.as_fd(), true)?
        {
            let mut state = self.shared.lock();
            state.drain();
            let at = *state.ended.get_or_insert_with(Instant::now);
            state.exit = Some(exit);
            drop(state);
            self.shared.show();
            self.ended.set(Some((exit, at.saturating_duration_since(self.started))));
            if exit == Exit::Signal(libc::SIGKILL) && !self.signalled.get() {
                let killed = status::killed_for_memory();
                self.starved.set(killed > KILLED_FOR_MEMORY.replace(killed));
            }
            // What it left in its group keeps the group's number; else it may be given to others from now on.
            self.gone.set(nix::sys::signal::killpg(self.child.pid, None) == Err(Errno::ESRCH));
        }
        Ok(self.ended.get().map(|(exit, _)| exit))
    }

    /// The name of the namespace that it was started in.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the script has sent it a signal, or ended it.
    pub fn signalled(&self) -> bool {
        self.signalled.get()
    }

    /// What it printed so far; complete up to now.
    pub fn printed(&self, which: Which) -> Kept {
        let mut state = self.shared.lock();
        state.drain();
        match which {
            Which::Stdout => state.stdout.kept.clone(),
            Which::Stderr => state.stderr.kept.clone(),
        }
    }

    /// How long it ran, or has been running.
    pub fn time(&self) -> Duration {
        self.ended.get().map_or_else(|| self.started.elapsed(), |(_, time)| time)
    }

    /// When it ended; `None` while it runs.
    pub fn ended_at(&self) -> Option<Instant> {
        self.ended.get().and_then(|(_, time)| self.started.checked_add(time))
    }

    /// Why it ended, as [`Output::reason`]; empty while it runs.
    pub fn reason(&self) -> String {
        let ended = self.ended.get();
        ended.map(|(exit, _)| super::reason(exit, self.starved.get())).unwrap_or_default()
    }

    /// Waits until it ends.
    ///
    /// Raises `timeout` if it still runs then; it is left running.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Output> {
        let deadline = timeout.map_or(Deadline::NEVER, Deadline::after);
        loop {
            if let Some(exit) = self.exit()? {
                let (stdout, stderr) = (self.printed(Which::Stdout), self.printed(Which::Stderr));
                return Ok(Output { exit, stdout, stderr, time: self.time(), starved: self.starved.get() });
            }
            if !wait::readable(self.child.pidfd.as_fd(), deadline).map_err(|e| e.on(&self.shown))? {
                let after = timeout.unwrap_or_default().as_secs_f64();
                return Err(Error::new(
                    Kind::Timeout,
                    format!("still running after {after} s{}", self.said()),
                )
                .on(&self.shown));
            }
        }
    }

    /// The last it printed, for an error.
    pub fn said(&self) -> String {
        for (name, which) in [("stderr", Which::Stderr), ("stdout", Which::Stdout)] {
            let text = self.printed(which).last_lines(QUOTED_LINES, QUOTED_BYTES);
            if !text.is_empty() {
                return format!("; {name} ended in {text:?}");
            }
        }
        String::new()
    }

    /// The next whole line from `at` on, of what was printed up to now. At the end a last line without its newline
    /// counts; `Next::Ended` comes after it.
    pub fn line_at(&self, which: Which, at: &mut u64) -> Result<Next> {
        let ended = self.exit()?.is_some();
        let mut state = self.shared.lock();
        let _ = self.shared.news.read();
        state.drain();
        let stream = state.stream(which);
        if let Some(line) = stream.kept.line(at) {
            return Ok(Next::Line(line));
        }
        if !ended && stream.fd().is_some() {
            return Ok(Next::NotYet);
        }
        let rest = stream.kept.rest(at);
        *at = stream.kept.total();
        Ok(if rest.is_empty() { Next::Ended } else { Next::Line(rest) })
    }

    /// As [`Process::line_at`], from where it was last read; each line is told once.
    pub fn next(&self, which: Which) -> Result<Next> {
        let cursor = &self.cursors[which as usize];
        let mut at = cursor.get();
        let next = self.line_at(which, &mut at)?;
        cursor.set(at);
        Ok(next)
    }

    /// The line that it has begun to print, such as a prompt.
    pub fn unfinished(&self, which: Which) -> Vec<u8> {
        let mut state = self.shared.lock();
        state.drain();
        state.stream(which).kept.rest(&mut self.cursors[which as usize].get())
    }

    /// Passes over the first bytes of what [`Process::unfinished`] told.
    pub fn pass(&self, which: Which, bytes: usize) {
        let cursor = &self.cursors[which as usize];
        cursor.set(cursor.get() + bytes as u64);
    }

    /// Passes over what it printed up to now.
    pub fn mark(&self, which: Which) {
        let mut state = self.shared.lock();
        state.drain();
        self.cursors[which as usize].set(state.stream(which).kept.total());
    }

    /// Waits until it printed something, ended, or one of `others` is readable; `false` when the deadline passed.
    pub fn news(&self, others: &[BorrowedFd<'_>], deadline: Deadline) -> Result<bool> {
        let mut fds = vec![(self.shared.news.as_fd(), PollFlags::POLLIN)];
        if self.ended.get().is_none() {
            fds.push((self.child.pidfd.as_fd(), PollFlags::POLLIN));
        }
        fds.extend(others.iter().map(|fd| (*fd, PollFlags::POLLIN)));
        Ok(wait::wait(&fds, deadline)?.contains(&true))
    }

    /// The next line that it prints, without its newline; `None` when it has ended and all was read. A last line
    /// without a newline counts.
    ///
    /// Raises `timeout` if none is complete at the deadline.
    pub fn line(&self, which: Which, deadline: Deadline) -> Result<Option<Vec<u8>>> {
        loop {
            match self.next(which)? {
                Next::Line(line) => return Ok(Some(line)),
                Next::Ended => return Ok(None),
                Next::NotYet => {}
            }
            if !self.news(&[], deadline)? {
                return Err(Error::new(Kind::Timeout, format!("no further line was printed{}", self.said()))
                    .on(&self.shown));
            }
        }
    }

    /// Gives `text` to its stdin; what doesn't fit into the pipe is written in the background.
    ///
    /// Raises `connection_reset` if its stdin is closed, by either side.
    pub fn write(&self, text: &[u8]) -> Result<()> {
        let mut state = self.shared.lock();
        let Some(stdin) = state.stdin.as_mut().filter(|s| !s.closing()) else {
            return Err(Error::new(Kind::ConnectionReset, "its stdin is closed").on(&self.shown));
        };
        stdin.push(text);
        if stdin.write_some() {
            state.stdin = None;
            return Err(Error::errno(Errno::EPIPE).detail("it has closed its stdin").on(&self.shown));
        }
        drop(state);
        self.kick();
        Ok(())
    }

    /// Closes its stdin, when all that was written has arrived.
    pub fn close_stdin(&self) {
        let mut state = self.shared.lock();
        let terminal = state.terminal;
        if let Some(stdin) = &mut state.stdin {
            if terminal {
                stdin.push(END_OF_INPUT);
            }
            stdin.close_when_done();
        }
        state.write_some();
        drop(state);
        self.kick();
    }

    fn kick(&self) {
        let _ = self.shared.kick.write(1);
    }

    /// Sends a signal to all of its process group, as `kill -SIGNAL -PID`. `false` if it has ended already.
    pub fn kill(&self, signal: i32) -> Result<bool> {
        if self.exit()?.is_some() {
            return Ok(false);
        }
        self.signalled.set(true);
        // SAFETY: plain numbers; the group exists, since its leader has not been reaped.
        let sent = unsafe { libc::killpg(self.child.pid.as_raw(), signal) };
        Errno::result(sent).map_err(|e| Error::from(e).on(&self.shown))?;
        Ok(true)
    }

    /// Ends it, and all that is left of its process group: SIGTERM, then after `grace` SIGKILL.
    pub fn stop(&self, grace: Option<Duration>) -> Result<Exit> {
        if self.exit()?.is_none() {
            self.signalled.set(true);
            let exit = end(&self.child, grace.unwrap_or(GRACE)).unwrap_or(Exit::Signal(libc::SIGKILL));
            self.ended.set(Some((exit, self.started.elapsed())));
        } else if !self.gone.get() && nix::sys::signal::kill(self.child.pid, None) == Err(Errno::ESRCH) {
            // It ended before and left others in its group, so that the number is still theirs.
            let _ = nix::sys::signal::killpg(self.child.pid, Signal::SIGKILL);
            await_group(self.child.pid);
        }
        self.gone.set(true);
        let mut state = self.shared.lock();
        state.exit = self.ended.get().map(|(exit, _)| exit);
        state.drain();
        state.stdout.finish();
        state.stderr.finish();
        state.stop = true;
        state.stdin = None;
        drop(state);
        self.shared.show();
        self.kick();
        Ok(self.ended.get().map_or(Exit::Code(0), |(exit, _)| exit))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.stop(None);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
