//! One file's process, from its start to its report.

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::poll::PollFlags;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::artifacts::OfFile;
use super::events::{Events, Message};
use super::find::File;
use super::foreign;
use super::job::{self, Inside, Job};
use super::needs::Machine;
use super::output::Output;
use super::record::{End, Record};
use super::report::FileReport;
use super::test_run::{Prompt, TestRun};
use super::unbegun::Written;
use crate::base::error::{Error, Kind};
use crate::base::text::harmless;
use crate::base::wait::Deadline;
use crate::lua::Script;
use crate::lua::lab::Place;
use crate::lua::modules::test::event::{Event, Id};
use crate::lua::modules::test::{self, Selection, Settings};
use crate::proc;
use crate::shell::Foreign;
use crate::{doc, sandbox};

/// How much longer than its limit a file may take: the sandbox ends it by itself in this time.
const GRACE: Duration = Duration::from_secs(8);
/// How many bytes of events a file may send; all of them are kept for the report.
pub const MOST_TOLD: usize = 32 << 20;
/// How long after the process's end its pipes may stay open.
const LINGER: Duration = Duration::from_secs(5);

/// A file to run, or one of its tests.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its place in the list of files.
    pub file: usize,
    pub round: u32,
    /// The only test to run in this process: one with a lab of its own.
    pub only: Option<Id>,
}

pub struct Running {
    pub task: Task,
    pub artifacts: Option<OfFile>,
    job: Job,
    record: Record,
    events: Events,
    output: Output,
    /// Events told so far: the number of the last one's mark.
    told: u64,
    /// How many bytes it may still tell.
    room: usize,
    flooded: bool,
    artifact: Option<fs::File>,
    limit: Option<Duration>,
    cannot: Option<Error>,
    stopped: bool,
    killed: bool,
    exited: Option<(WaitStatus, Instant)>,
    out_of_memory: Option<u64>,
    /// The beginning of a line that is not printed yet.
    line: Vec<u8>,
}

/// What came of it.
pub struct Ended {
    pub report: FileReport,
    /// The tests that were passed over; `true` for those that want a lab of their own.
    pub found: Vec<(Id, bool)>,
    /// The sandbox could not be had.
    pub cannot: Option<Error>,
}

impl Running {
    pub fn start(
        task: Task,
        file: &File,
        options: &TestRun,
        prompt: Prompt,
        machine: &Machine,
        start: &job::Start,
    ) -> Result<Running> {
        let source = file.read()?;
        let directory = file.path.parent().map(Path::to_owned);
        let all = task.only.is_none() && options.filter.is_empty();
        let written = if all { Written::of(&String::from_utf8_lossy(&source)) } else { Written::default() };
        let script = Script { name: file.name.clone(), source, args: Vec::new(), directory };
        let settings = settings(options, prompt, machine, &task, &file.name);
        // A prompt waits for as long as somebody looks around.
        let limit = options.timeout.filter(|_| !options.pause_on_fail);
        let foreign = Foreign::of(Path::new(&script.name), &script.source);
        let sandbox = sandbox::Policy {
            host: false,
            write: options.write.clone(),
            env: options.env.clone(),
            script_dir: script.directory.clone(),
            timeout: limit,
            own_etc: foreign.is_some(),
            own_cwd: false,
        };
        let trace = options.trace;
        let runs = |inside| match &foreign {
            Some(foreign) => within(&sandbox, foreign, &script, &settings, inside),
            None => enter(&sandbox, &script, trace, settings, inside),
        };
        let job = job::start(start, runs)?;
        let mut output = Output::new(&start.nonce);
        output.fresh = options.verbose.then(Vec::new);
        Ok(Running {
            task,
            artifacts: None,
            job,
            record: Record::of(written),
            events: Events::default(),
            output,
            told: 0,
            room: MOST_TOLD,
            flooded: false,
            artifact: None,
            limit,
            cannot: None,
            stopped: false,
            killed: false,
            exited: None,
            out_of_memory: proc::killed_for_memory(),
            line: Vec::new(),
        })
    }

    pub fn elapsed(&self) -> Duration {
        self.job.started.elapsed()
    }

    pub fn began(&self) -> bool {
        self.record.began()
    }

    /// The file and the test that is running.
    pub fn describe(&self, name: &str) -> String {
        match self.record.running() {
            Some(test) => format!("{name} > {}", test.name()),
            None => name.to_owned(),
        }
    }

    /// What to poll.
    pub fn watch<'a>(&'a self, fds: &mut Vec<(BorrowedFd<'a>, PollFlags)>) {
        if !self.events.at_end() {
            fds.push((self.job.events.as_fd(), PollFlags::POLLIN));
        }
        if self.output.has_room() {
            fds.push((self.job.output.as_fd(), PollFlags::POLLIN));
        }
        if self.exited.is_none() {
            fds.push((self.job.pidfd(), PollFlags::POLLIN));
        }
    }

    /// When to look at it even if nothing comes.
    pub fn deadline(&self) -> Deadline {
        let at = match (self.exited, self.limit) {
            (Some((_, at)), _) => Some(at + LINGER),
            (None, Some(limit)) if !self.killed => self.job.started.checked_add(limit.saturating_add(GRACE)),
            (None, _) => None,
        };
        at.map_or(Deadline::NEVER, |at| Deadline::after(at.saturating_duration_since(Instant::now())))
    }

    /// Has it end in order.
    pub fn stop(&mut self, signal: Signal) {
        // What was ending by itself was not stopped.
        if self.exited.is_none() {
            self.stopped = true;
            self.job.signal(signal);
        }
    }

    pub fn kill(&mut self) {
        self.killed = true;
        self.job.signal(Signal::SIGKILL);
    }

    /// Reads what is there; `true` once it has ended and all was read.
    pub fn pump(&mut self) -> Result<bool> {
        if let Some(told) = self.events.read_some(&mut self.job.events) {
            told.into_iter().for_each(|t| self.take(t));
        }
        self.output.read_some(&mut self.job.output);
        if self.events.at_end() {
            // No event is to come for a mark that is still held.
            self.output.finish();
        }
        if self.exited.is_none() {
            self.exited = self.job.ended()?.map(|status| (status, Instant::now()));
            if self.exited.is_none() && !self.killed && self.overdue(GRACE) {
                self.kill();
            }
        }
        Ok(match self.exited {
            Some((_, at)) => (self.events.at_end() && self.output.at_end()) || at.elapsed() >= LINGER,
            None => false,
        })
    }

    fn overdue(&self, grace: Duration) -> bool {
        self.limit.is_some_and(|limit| self.elapsed() >= limit.saturating_add(grace))
    }

    fn take(&mut self, told: Message) {
        match told {
            Message::Event(event) => {
                self.told += 1;
                // Of a file that tells tests without end, the run keeps no more.
                match self.room.checked_sub(event.size()) {
                    Some(room) => self.room = room,
                    None => {
                        self.room = 0;
                        self.flooded = true;
                        return self.kill();
                    }
                }
                self.output.read_to(&mut self.job.output, self.told);
                if let Event::Artifact { name, size } = &event {
                    self.artifact = self.artifacts.as_mut().and_then(|a| a.create(name, *size));
                }
                self.record.take(event, self.output.take());
            }
            Message::Bytes(bytes) if bytes.is_empty() => self.artifact = None,
            Message::Bytes(bytes) => {
                if let Some(file) = &mut self.artifact
                    && let Err(e) = file.write_all(&bytes)
                {
                    self.artifact = None;
                    if let Some(artifacts) = &mut self.artifacts {
                        artifacts.lose(e.into());
                    }
                }
            }
            Message::Cannot(text, hint) => {
                self.record.cannot(text.clone());
                let e = Error::new(Kind::Unsupported, text);
                self.cannot = Some(hint.into_iter().fold(e, Error::hint));
            }
        }
    }

    /// The whole lines that were printed since the last call, each behind the file's name; at the end also what is
    /// no whole line.
    pub fn fresh_lines(&mut self, name: &str, end: bool) -> String {
        let Some(fresh) = &mut self.output.fresh else { return String::new() };
        self.line.append(fresh);
        let length = match self.line.iter().rposition(|b| *b == b'\n') {
            _ if end || self.line.len() > 1 << 20 => self.line.len(),
            Some(at) => at + 1,
            None => 0,
        };
        let lines: Vec<u8> = self.line.drain(..length).collect();
        harmless(&String::from_utf8_lossy(&lines)).lines().map(|line| format!("{name} | {line}\n")).collect()
    }

    pub fn conclude(mut self, name: &str) -> Ended {
        self.output.finish();
        let (status, at) = self.exited.unwrap_or((WaitStatus::StillAlive, Instant::now()));
        let killed =
            matches!(status, WaitStatus::Exited(_, 137) | WaitStatus::Signaled(_, Signal::SIGKILL, _));
        let end = End {
            status,
            at,
            seconds: at.duration_since(self.job.started).as_secs_f64(),
            limit: self.limit.filter(|_| self.overdue(Duration::ZERO)),
            out_of_memory: killed && proc::killed_for_memory() > self.out_of_memory,
            stopped: self.stopped,
            flooded: self.flooded,
        };
        if let Some(artifacts) = &mut self.artifacts {
            artifacts.keep_output(&self.output.whole);
        }
        let found = self.record.found.clone();
        let printed = self.output.take();
        Ended {
            report: self.record.conclude(name, self.task.round, &end, printed),
            found,
            cannot: self.cannot,
        }
    }
}

/// Runs in the file's process.
fn enter(options: &sandbox::Policy, script: &Script, trace: bool, settings: Settings, inside: Inside) -> i32 {
    let inside = Rc::new(inside);
    let sink = inside.clone();
    let entered =
        sandbox::run(options, |lab| test::run(Place::of(lab), script, trace, settings, sink, doc::install));
    ended(entered, &inside)
}

/// As [`enter`], for what is no script in Lua.
fn within(
    options: &sandbox::Policy,
    foreign: &Foreign,
    script: &Script,
    settings: &Settings,
    inside: Inside,
) -> i32 {
    let runs = matches!(settings.select, Selection::All);
    ended(sandbox::run(options, |lab| foreign::test(foreign, lab, &inside, &script.name, runs)), &inside)
}

fn ended(entered: anyhow::Result<i32>, inside: &Inside) -> i32 {
    entered.unwrap_or_else(|e| {
        inside.cannot(&e);
        crate::lua::status::CANNOT
    })
}

fn settings(options: &TestRun, prompt: Prompt, machine: &Machine, task: &Task, name: &str) -> Settings {
    let words = options.filter.clone();
    let select = match &task.only {
        Some(id) => Selection::Only(id.name()),
        None if options.list => Selection::List,
        None if words.is_empty() || words.iter().any(|w| name.contains(w.as_str())) => Selection::All,
        None => Selection::Matching(Rc::new(move |test| words.iter().any(|w| test.contains(w.as_str())))),
    };
    let machine = machine.clone();
    Settings {
        select,
        test_timeout: options.test_timeout.filter(|_| !options.pause_on_fail),
        fail_fast: options.fail_fast,
        artifacts: options.artifacts.is_some(),
        capture: options.capture,
        pictures: options.wants_pictures(),
        pause: options.pause_on_fail.then_some(prompt.pause),
        missing: Some(Rc::new(move |word| machine.lacks(word))),
        ..Settings::default()
    }
}
