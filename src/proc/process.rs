//! A process: run to its end, or beside the script.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::buffer::OutputBuffer;
use super::child::Child;
use super::output::{Input, Stream};
use super::spec::{self, Context, Pipes, Place, Spec, Stdin};
use super::{Exit, GRACE, Output, QUOTED_BYTES, QUOTED_LINES, await_group, end, show, status};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// The reading thread needs little: its buffers are elsewhere.
const STACK: usize = 128 * 1024;

/// A process. Dropping it ends it, with all of its process group.
pub struct Process {
    shown: String,
    /// The name of the namespace that it was started in.
    place: String,
    started: Instant,
    ended: Cell<Option<(Exit, Duration)>>,
    /// Whether its process group is gone too.
    gone: Cell<bool>,
    shared: Arc<Shared>,
    /// None where the script's thread reads while it waits.
    reader: Option<Reader>,
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
    child: Child,
    state: Mutex<State>,
    /// Held while lines are shown.
    printing: Mutex<()>,
}

/// What a reading thread and the script's tell each other.
struct Reader {
    /// Readable when something was read since it was last cleared; for the script's thread.
    news: Arc<EventFd>,
    /// Readable when there is something to write, or to stop; for the reading thread.
    kick: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
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

/// Runs a process in `place` to its end, as `ip netns exec NAME PROGRAM ARGS...`.
///
/// What it leaves in the background keeps running, but what that prints afterwards is lost.
///
/// Raises `not_found` for a missing program or directory, `permission` for a file that can't be executed, `timeout`
/// when `spec.timeout` ran out (its group is then ended by SIGTERM and, half a second later, SIGKILL), and with
/// `spec.check` `exit` for any status but 0.
pub fn exec(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Output> {
    let on = |e: Error| e.on(spec.shown());
    let deadline = spec.timeout.map_or(Deadline::NEVER, Deadline::after);
    let process = Process::start(place, spec, context)?;
    // There is nobody to write more.
    process.close_stdin();
    loop {
        // What is raised here drops the process, which ends it.
        let late = !process.shared.turn(None, deadline, wait::wait).map_err(on)? && deadline.passed();
        if process.shared.lock().ended.is_some() && process.exit().map_err(on)?.is_some() {
            break;
        }
        if late {
            process.stop(None)?;
            return Err(on(process.late(spec.timeout.unwrap_or_default())));
        }
    }
    process.stop(None)?;
    let output = process.wait(None)?;
    if spec.check {
        output.check().map_err(on)?;
    }
    Ok(output)
}

/// Starts a process in `place`, as `ip netns exec NAME PROGRAM ARGS... &`; returns when its program runs.
///
/// Raises as [`exec`] does for a program that can't be started. `spec.timeout` and `spec.check` are not used:
/// see [`Process::wait`] and [`Output::check`].
pub fn spawn(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Process> {
    let (news, kick) = (eventfd()?, eventfd()?);
    let mut process = Process::start(place, spec, context)?;
    let (shared, told, kicked) = (process.shared.clone(), news.clone(), kick.clone());
    let thread = std::thread::Builder::new().name("nsh-process".into()).stack_size(STACK);
    // If no thread can be made, the drop of `process` ends the child.
    let thread = thread.spawn(move || {
        while shared.turn(Some(&kicked), Deadline::NEVER, wait::wait_background).is_ok_and(|more| more) {
            let _ = told.write(1);
        }
    });
    let thread = Some(thread.map_err(|e| Error::from(e).detail("a thread"))?);
    process.reader = Some(Reader { news, kick, thread });
    Ok(process)
}

fn eventfd() -> Result<Arc<EventFd>> {
    Ok(Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?))
}

/// [`wait::wait`], or what waits in the background.
type Wait = fn(&[(BorrowedFd<'_>, PollFlags)], Deadline) -> Result<Vec<bool>>;

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next thing to happen, and moves and shows bytes. `false` when nothing happened, or nothing more
    /// will: the process and its outputs have ended, or it was stopped.
    fn turn(&self, kick: Option<&EventFd>, deadline: Deadline, wait: Wait) -> Result<bool> {
        let (ended, stdin, outputs) = {
            let mut state = self.lock();
            let outputs = [state.stdout.share(), state.stderr.share()];
            let ended = state.ended.is_some();
            if state.stop || ended && outputs.iter().all(Option::is_none) {
                return Ok(false);
            }
            let _ = kick.map(EventFd::read);
            state.write_some();
            (ended, state.stdin.as_ref().filter(|stdin| stdin.pending()).map(Input::share), outputs)
        };
        // The first, and no more once it has ended.
        let mut fds: Vec<_> =
            (!ended).then_some((self.child.pidfd.as_fd(), PollFlags::POLLIN)).into_iter().collect();
        fds.extend(stdin.iter().map(|file| (file.as_fd(), PollFlags::POLLOUT)));
        fds.extend(outputs.iter().flatten().map(|file| (file.as_fd(), PollFlags::POLLIN)));
        fds.extend(kick.map(|kick| (kick.as_fd(), PollFlags::POLLIN)));
        let ready = wait(&fds, deadline)?;
        let mut state = self.lock();
        if !ended && ready[0] {
            state.ended = Some(Instant::now());
        }
        state.stdout.read_some();
        state.stderr.read_some();
        drop(state);
        self.show();
        Ok(ready.contains(&true))
    }

    /// Looks at one of the outputs, complete up to now.
    fn look<T>(&self, which: Which, look: impl FnOnce(&mut Stream) -> T) -> T {
        let mut state = self.lock();
        state.drain();
        look(if which == Which::Stdout { &mut state.stdout } else { &mut state.stderr })
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
        self.shared.look(which, |stream| stream.kept.last(most))
    }
}

impl Process {
    fn start(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Process> {
        let started = Instant::now();
        if KILLED_FOR_MEMORY.get().is_none() {
            KILLED_FOR_MEMORY.set(status::killed_for_memory());
        }
        let (child, Pipes { stdin, stdout, stderr }) = spec::start(&place, spec, context)?;
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
        Ok(Process {
            shown: spec.shown(),
            place: place.name.to_owned(),
            started,
            ended: Cell::new(None),
            gone: Cell::new(false),
            shared: Arc::new(Shared { child, state: Mutex::new(state), printing: Mutex::new(()) }),
            reader: None,
            cursors: Default::default(),
            signalled: Cell::new(false),
            starved: Cell::new(false),
        })
    }

    /// What it prints, to be asked for later.
    pub fn output(&self) -> Printed {
        Printed { place: self.place.clone(), shown: self.shown.clone(), shared: self.shared.clone() }
    }

    pub fn pid(&self) -> Pid {
        self.shared.child.pid
    }

    /// Readable once it has ended.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.shared.child.pidfd.as_fd()
    }

    /// The command as it would be typed.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// How it ended; `None` while it runs.
    pub fn exit(&self) -> Result<Option<Exit>> {
        if self.ended.get().is_none()
            && let Some(exit) = status::reap(self.shared.child.pidfd.as_fd(), true)?
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
            // What it left in its group keeps the group's number; else it may be given to others from now on. What
            // one that was executed leaves stays.
            let pid = self.shared.child.pid;
            self.gone.set(self.reader.is_none() || nix::sys::signal::killpg(pid, None) == Err(Errno::ESRCH));
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
    pub fn printed(&self, which: Which) -> OutputBuffer {
        self.shared.look(which, |stream| stream.kept.clone())
    }

    /// The same of one that has ended. Who reads it by itself asks once.
    fn taken(&self, which: Which) -> OutputBuffer {
        match self.reader {
            Some(_) => self.printed(which),
            None => self.shared.look(which, |stream| std::mem::take(&mut stream.kept)),
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
                let (stdout, stderr) = (self.taken(Which::Stdout), self.taken(Which::Stderr));
                return Ok(Output { exit, stdout, stderr, time: self.time(), starved: self.starved.get() });
            }
            if !wait::readable(self.shared.child.pidfd.as_fd(), deadline).map_err(|e| e.on(&self.shown))? {
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
        self.ends().next().map(|end| format!("; {end}")).unwrap_or_default()
    }

    /// How each of its outputs ends that isn't empty.
    fn ends(&self) -> impl Iterator<Item = String> {
        [("stderr", Which::Stderr), ("stdout", Which::Stdout)].into_iter().filter_map(|(name, which)| {
            let text = self.shared.look(which, |stream| stream.kept.last_lines(QUOTED_LINES, QUOTED_BYTES));
            (!text.is_empty()).then(|| format!("{name} ended in {text:?}"))
        })
    }

    /// The error of one that didn't end in time.
    fn late(&self, after: Duration) -> Error {
        let ends: Vec<String> = self.ends().collect();
        let said = if ends.is_empty() { String::new() } else { format!("; {}", ends.join(", ")) };
        let after = after.as_secs_f64();
        Error::new(Kind::Timeout, format!("still running after {after} s, so it was ended{said}"))
    }

    /// The next whole line from `at` on, of what was printed up to now. At the end a last line without its newline
    /// counts; `Next::Ended` comes after it.
    pub fn line_at(&self, which: Which, at: &mut u64) -> Result<Next> {
        let ended = self.exit()?.is_some();
        // Before looking: what comes meanwhile is told again.
        let _ = self.reader.as_ref().map(|reader| reader.news.read());
        Ok(self.shared.look(which, |stream| {
            if let Some(line) = stream.kept.line(at) {
                return Next::Line(line);
            }
            if !ended && stream.is_open() {
                return Next::NotYet;
            }
            let rest = stream.kept.rest(at);
            *at = stream.kept.total();
            if rest.is_empty() { Next::Ended } else { Next::Line(rest) }
        }))
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
        let mut at = self.cursors[which as usize].get();
        self.shared.look(which, |stream| stream.kept.rest(&mut at))
    }

    /// Passes over the first bytes of what [`Process::unfinished`] told.
    pub fn pass(&self, which: Which, bytes: usize) {
        let cursor = &self.cursors[which as usize];
        cursor.set(cursor.get() + bytes as u64);
    }

    /// Passes over what it printed up to now.
    pub fn mark(&self, which: Which) {
        self.cursors[which as usize].set(self.shared.look(which, |stream| stream.kept.total()));
    }

    /// Waits until it printed something, ended, or one of `others` is readable; `false` when the deadline passed.
    pub fn news(&self, others: &[BorrowedFd<'_>], deadline: Deadline) -> Result<bool> {
        let news = self.reader.iter().map(|reader| reader.news.as_fd());
        let pidfd = self.ended.get().is_none().then(|| self.pidfd());
        let all = news.chain(pidfd).chain(others.iter().copied());
        let fds: Vec<_> = all.map(|fd| (fd, PollFlags::POLLIN)).collect();
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
        let _ = self.reader.as_ref().map(|reader| reader.kick.write(1));
    }

    /// Sends a signal to all of its process group, as `kill -SIGNAL -PID`. `false` if it has ended already.
    pub fn kill(&self, signal: i32) -> Result<bool> {
        if self.exit()?.is_some() {
            return Ok(false);
        }
        self.signalled.set(true);
        // SAFETY: plain numbers; the group exists, since its leader has not been reaped.
        let sent = unsafe { libc::killpg(self.shared.child.pid.as_raw(), signal) };
        Errno::result(sent).map_err(|e| Error::from(e).on(&self.shown))?;
        Ok(true)
    }

    /// Ends it, and all that is left of its process group: SIGTERM, then after `grace` SIGKILL.
    pub fn stop(&self, grace: Option<Duration>) -> Result<Exit> {
        if self.exit()?.is_none() {
            self.signalled.set(true);
            let exit = end(&self.shared.child, grace.unwrap_or(GRACE)).unwrap_or(Exit::Signal(libc::SIGKILL));
            self.ended.set(Some((exit, self.started.elapsed())));
        } else if !self.gone.get() && nix::sys::signal::kill(self.shared.child.pid, None) == Err(Errno::ESRCH)
        {
            // It ended before and left others in its group, so that the number is still theirs.
            let _ = nix::sys::signal::killpg(self.shared.child.pid, Signal::SIGKILL);
            await_group(self.shared.child.pid);
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
        if let Some(thread) = self.reader.as_mut().and_then(|reader| reader.thread.take()) {
            let _ = thread.join();
        }
    }
}
