//! The runner: one thread and one loop over the pipes of the files' processes, whose number is bounded.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::poll::PollFlags;
use nix::sys::signal::Signal;

use super::Source;
use super::artifacts::Artifacts;
use super::destination::{Destination, end_all};
use super::find::File;
use super::list::{self, Listed};
use super::needs::Machine;
use super::order::{self, random_bytes};
use super::progress;
use super::record::Budget;
use super::report::{FileReport, Report, TestReport, Verdict};
use super::running::{Ended, Running, Task};
use super::screen::Screen;
use super::signals::Signals;
use super::test_run::{Prompt, TestRun};
use crate::base::error::Error;
use crate::base::wait::{self, Deadline};
use crate::lua::modules::test::event::{Failure, Id, Outcome};
use crate::lua::status;

/// How long the files may take to end in order once the run is to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the bottom line is drawn anew.
const REDRAW: Duration = Duration::from_millis(200);

/// Why the run ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Failure,
    Signal(i32),
    /// This machine can't run files.
    Cannot,
}

pub struct Runner<'a> {
    options: &'a TestRun,
    prompt: Prompt,
    files: &'a [File],
    sources: &'a [Source],
    machine: &'a Machine,
    nonce: String,
    signals: Signals,
    queue: VecDeque<Task>,
    running: Vec<Running>,
    /// Files that wait for their tests with a lab of their own.
    waiting: Vec<Waiting>,
    round: u32,
    stop: Option<Stop>,
    /// When what still runs then is killed; `None` once it was.
    kill_at: Option<Instant>,
    /// Whether a file was ever entered: then the machine can do it.
    proven: bool,
    cannot: Option<Error>,
    budget: Budget,
    artifacts: Option<Artifacts>,
    report: Report,
    screen: Screen,
    destinations: Vec<Destination>,
    began: Instant,
    drawn: Instant,
    done: usize,
    failed: u64,
    /// Whether anything ran that could fail.
    ran: bool,
    listed: Vec<Listed>,
}

struct Waiting {
    file: usize,
    left: usize,
    /// Those tests in their order in the file.
    order: Vec<Vec<String>>,
    report: FileReport,
}

/// What the run is given besides its options.
pub struct Inputs<'a> {
    pub files: &'a [File],
    /// Of each file.
    pub sources: &'a [Source],
    pub machine: &'a Machine,
    pub destinations: Vec<Destination>,
    pub artifacts: Option<Artifacts>,
    pub screen: Screen,
}

/// Runs all files, and returns the exit status.
pub fn run(options: &TestRun, prompt: Prompt, given: Inputs<'_>) -> Result<i32> {
    let nonce: [u8; 16] = random_bytes();
    let signals = Signals::take()?;
    let mut screen = given.screen;
    screen.signals = Some(signals.fd().try_clone_to_owned()?);
    let now = Instant::now();
    let mut runner = Runner {
        options,
        prompt,
        files: given.files,
        sources: given.sources,
        machine: given.machine,
        nonce: nonce.iter().map(|b| format!("{b:02x}")).collect(),
        signals,
        queue: VecDeque::new(),
        running: Vec::new(),
        waiting: Vec::new(),
        round: 0,
        stop: None,
        kill_at: None,
        proven: false,
        cannot: None,
        budget: Budget::default(),
        artifacts: given.artifacts,
        report: Report::new(options.shard, options.filter.clone(), options.seed),
        screen,
        destinations: given.destinations,
        began: now,
        drawn: now,
        done: 0,
        failed: 0,
        ran: false,
        listed: Vec::new(),
    };
    let screen = &mut runner.screen;
    runner.destinations.iter_mut().for_each(|d| d.begin(screen));
    match runner.all()? {
        Some(status) => Ok(status),
        None => runner.finish(),
    }
}

impl Runner<'_> {
    /// Runs until nothing is left to do; a status if all was ended at once.
    fn all(&mut self) -> Result<Option<i32>> {
        loop {
            self.fill()?;
            if self.running.is_empty() {
                return Ok(None);
            }
            self.wait()?;
            if let Some(status) = self.heed_signals()? {
                return Ok(Some(status));
            }
            self.pump()?;
            self.draw();
        }
    }

    /// Starts files as long as there is room.
    fn fill(&mut self) -> Result<()> {
        while self.running.len() < self.options.jobs {
            if self.queue.is_empty() {
                self.next_round();
            }
            let Some(task) = self.queue.pop_front() else { return Ok(()) };
            self.start(task)?;
        }
        Ok(())
    }

    fn next_round(&mut self) {
        let rounds = match (self.options.repeat, self.options.until_fail) {
            (Some(n), _) => n,
            (None, true) => u32::MAX,
            (None, false) => 1,
        };
        // What became of a round is known at its end. One in which nothing ran fails never.
        let wait = self.options.until_fail
            && (!self.running.is_empty() || self.failed > 0 || self.round > 0 && !self.ran);
        if self.stop.is_some() || self.round >= rounds || wait {
            return;
        }
        self.round += 1;
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        if let Some(seed) = self.options.seed {
            order::shuffle(&mut order, seed.wrapping_add(u64::from(self.round - 1)));
        }
        self.queue.extend(order.into_iter().map(|file| Task { file, round: self.round, only: None }));
    }

    fn start(&mut self, task: Task) -> Result<()> {
        if let Some(e) = &self.sources[task.file].unreadable {
            self.not_started(&task, &e.clone());
            return Ok(());
        }
        let head = &self.sources[task.file].head;
        let missing = match head.iter().find_map(|need| self.machine.lacks(need).transpose()).transpose() {
            Ok(missing) => missing,
            Err(e) => {
                self.not_started(&task, &e.op("-- needs"));
                return Ok(());
            }
        };
        if self.options.list && (missing.is_some() || !self.sources[task.file].has_tests) {
            self.listed.push(self.listed(task.file, 0, None, missing));
            self.done += 1;
            return Ok(());
        }
        if let (Some(reason), None) = (missing, &task.only) {
            let outcome = Outcome::Skipped { reason };
            self.file_done(task.file, self.empty(&task, outcome, false));
            return Ok(());
        }
        let name = &self.files[task.file].name;
        match Running::start(
            task.clone(),
            &self.files[task.file],
            self.options,
            self.prompt,
            self.machine,
            &self.start_options(),
        ) {
            Ok(mut running) => {
                running.artifacts = self.artifacts.as_ref().map(|a| a.of_file(name, task.round));
                self.running.push(running);
            }
            Err(e) => self.not_started(&task, &Error::of(&*e)),
        }
        Ok(())
    }

    /// The file failed without having run.
    fn not_started(&mut self, task: &Task, e: &Error) {
        let failure = Failure {
            kind: Some(e.kind().name().to_owned()),
            message: e.message(),
            hint: e.fields().hint.clone(),
            ..Failure::default()
        };
        let report = self.empty(task, Outcome::Failed { failures: vec![failure] }, false);
        self.task_done(task, report, Vec::new());
    }

    fn start_options(&self) -> super::job::Start {
        super::job::Start { nonce: self.nonce.clone(), terminal: self.options.pause_on_fail }
    }

    fn listed(&self, file: usize, place: usize, test: Option<(Id, bool)>, skipped: Option<String>) -> Listed {
        let (test, own_lab) = test.map_or((None, false), |(test, own_lab)| (Some(test), own_lab));
        Listed { file: self.files[file].name.clone(), place, test, own_lab, skipped }
    }

    fn empty(&self, task: &Task, outcome: Outcome, not_run: bool) -> FileReport {
        FileReport {
            name: self.files[task.file].name.clone(),
            round: task.round,
            verdict: Verdict { not_run, ..Verdict::new(outcome) },
            tests: Vec::new(),
        }
    }

    fn wait(&self) -> Result<()> {
        let mut fds: Vec<(BorrowedFd<'_>, PollFlags)> = vec![(self.signals.fd(), PollFlags::POLLIN)];
        let mut deadline = self
            .kill_at
            .map_or(Deadline::NEVER, |at| Deadline::after(at.saturating_duration_since(Instant::now())));
        for running in &self.running {
            running.watch(&mut fds);
            deadline = deadline.min(running.deadline());
        }
        if self.screen.live {
            deadline = deadline.min(Deadline::after(REDRAW));
        }
        wait::wait_background(&fds, deadline)?;
        Ok(())
    }

    /// The first signal ends the run in order; a second Ctrl-C at once.
    fn heed_signals(&mut self) -> Result<Option<i32>> {
        while let Some(signal) = self.signals.next()? {
            self.screen.ending = true;
            match self.stop {
                Some(Stop::Signal(_)) if signal == Signal::SIGINT && self.signals.is_second() => {
                    self.running.clear();
                    self.screen.print("");
                    self.screen.complain("interrupted; nothing was waited for");
                    return Ok(Some(128 + signal as i32));
                }
                _ => self.end_early(Stop::Signal(signal as i32), signal),
            }
        }
        if self.kill_at.take_if(|at| Instant::now() >= *at).is_some() {
            self.running.iter_mut().for_each(Running::kill);
        }
        Ok(None)
    }

    fn end_early(&mut self, why: Stop, signal: Signal) {
        // A signal says more than a failure.
        if self.stop.is_none() || matches!(why, Stop::Signal(_)) {
            self.stop = Some(why);
            self.kill_at = Some(Instant::now() + PATIENCE);
        }
        self.running.iter_mut().for_each(|r| r.stop(signal));
        for task in std::mem::take(&mut self.queue) {
            let reason = match why {
                Stop::Failure => "a test before it failed",
                Stop::Signal(_) | Stop::Cannot => "the run was interrupted",
            };
            self.not_run(&task, reason);
        }
    }

    /// Reads what came, and takes what has ended.
    fn pump(&mut self) -> Result<()> {
        let mut at = 0;
        while at < self.running.len() {
            let ended = self.running[at].pump()?;
            self.proven |= self.running[at].began();
            if self.options.verbose {
                let running = &mut self.running[at];
                let lines = running.fresh_lines(&self.files[running.task.file].name, ended);
                if !lines.is_empty() && self.destinations.iter().any(Destination::is_watched) {
                    self.screen.print(&lines);
                }
            }
            if ended {
                let running = self.running.swap_remove(at);
                self.take(running);
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    fn take(&mut self, running: Running) {
        let task = running.task.clone();
        let Ended { report, found, cannot } = running.conclude(&self.files[task.file].name);
        if let Some(e) = cannot.filter(|_| !self.proven && self.stop.is_none()) {
            // It would be the same for every file.
            self.cannot = Some(e);
            self.end_early(Stop::Cannot, Signal::SIGTERM);
        }
        if self.options.list {
            let tests: Vec<Option<(Id, bool)>> = match found.is_empty() {
                true => vec![None],
                false => found.into_iter().map(Some).collect(),
            };
            let tests = tests.into_iter().enumerate();
            let listed: Vec<Listed> = tests.map(|(i, test)| self.listed(task.file, i, test, None)).collect();
            self.listed.extend(listed);
            return self.task_done(&task, report, Vec::new());
        }
        // A run for one test alone passes over the others.
        let own_labs = found
            .into_iter()
            .filter(|(id, own_lab)| *own_lab && task.only.is_none() && self.selects(&task, id));
        let own_labs = own_labs.map(|(id, _)| Task { only: Some(id), ..task.clone() }).collect();
        self.task_done(&task, report, own_labs);
    }

    /// Whether `--filter` wants a test that the file's process passed over for its own lab.
    fn selects(&self, task: &Task, test: &Id) -> bool {
        let (file, test) = (&self.files[task.file].name, test.name());
        let words = &self.options.filter;
        words.is_empty() || words.iter().any(|w| file.contains(w.as_str()) || test.contains(w.as_str()))
    }

    /// A process has ended: a file's, or that of one of its tests with a lab of its own.
    fn task_done(&mut self, task: &Task, report: FileReport, own_labs: Vec<Task>) {
        if task.only.is_some() {
            let waits = |w: &Waiting| w.file == task.file && w.report.round == task.round;
            let Some(at) = self.waiting.iter().position(waits) else { return };
            self.waiting[at].merge(task, report);
            if self.waiting[at].left == 0 {
                let mut done = self.waiting.swap_remove(at);
                let place =
                    |path: &Vec<String>| done.order.iter().position(|p| p == path).map_or(0, |i| i + 1);
                done.report.tests.sort_by_key(|t| place(&t.path));
                self.file_done(done.file, done.report);
            }
            return;
        }
        if own_labs.is_empty() {
            return self.file_done(task.file, report);
        }
        let ending = self.stop.is_some() || self.options.fail_fast && report.failed();
        let order = own_labs.iter().filter_map(|t| t.only.as_ref().map(|id| id.path.clone())).collect();
        self.waiting.push(Waiting { file: task.file, left: own_labs.len(), order, report });
        match ending {
            true => own_labs.iter().for_each(|t| self.not_run(t, "the run was ended")),
            false => own_labs.into_iter().rev().for_each(|t| self.queue.push_front(t)),
        }
    }

    fn not_run(&mut self, task: &Task, reason: &str) {
        let report = self.empty(task, Outcome::Skipped { reason: reason.to_owned() }, true);
        self.task_done(task, report, Vec::new());
    }

    fn file_done(&mut self, file: usize, mut report: FileReport) {
        self.done += 1;
        if self.options.list && !report.failed() {
            return;
        }
        // A file of which no test was selected.
        let selected = self.options.filter.is_empty()
            || self.options.filter.iter().any(|w| report.name.contains(w.as_str()));
        if !selected && report.tests.is_empty() && !report.failed() {
            return;
        }
        self.budget.apply(&mut report);
        let totals = report.totals();
        self.failed += totals.failed;
        self.ran |= totals.passed + totals.failed > 0;
        if let Some(artifacts) = &self.artifacts {
            artifacts.file_done(&self.files[file], &report);
        }
        let screen = &mut self.screen;
        // What was not run is told by the summary, and by a line for each in the other formats.
        self.destinations
            .iter_mut()
            .filter(|d| !d.is_pretty() || report.cases().any(|c| !c.not_run || c.interrupted))
            .for_each(|d| d.file(screen, &report));
        let failed = report.failed();
        if self.options.until_fail && self.options.repeat.is_none() {
            // It may go on for days: the last round is what counts.
            self.report.files.retain(|f| f.name != report.name);
        }
        self.report.files.push(report);
        if failed && self.options.fail_fast && self.stop.is_none() {
            self.end_early(Stop::Failure, Signal::SIGINT);
        }
    }

    fn draw(&mut self) {
        if !self.screen.live || self.drawn.elapsed() < REDRAW {
            return;
        }
        self.drawn = Instant::now();
        let names = self.running.iter().map(|r| (r.describe(&self.files[r.task.file].name), r.elapsed()));
        let total = self.files.len() * self.round.max(1) as usize;
        let line =
            progress::line(self.done, total, self.failed, self.began.elapsed(), names, self.stop.is_some());
        self.screen.draw(&line);
    }

    fn finish(mut self) -> Result<i32> {
        if let Some(e) = self.cannot {
            self.screen.print("");
            return Err(e.into());
        }
        self.report.seconds = self.began.elapsed().as_secs_f64();
        self.report.interrupted = match self.stop {
            Some(Stop::Signal(signal)) => Some(signal),
            _ => None,
        };
        self.report.sort();
        for file in &self.report.files {
            self.report.totals.add(file.totals());
        }
        if self.options.list {
            return Ok(self.finish_list());
        }
        let mut status = match self.stop {
            Some(Stop::Signal(signal)) => 128 + signal,
            _ if self.failed > 0 => status::FAILED,
            _ => status::SUCCESS,
        };
        // Of few tests, a shard may have none.
        if self.report.totals.tests() == 0 && status == status::SUCCESS && self.options.shard.is_none() {
            self.screen.print("");
            let none = self.none_matches().to_string();
            self.screen.complain(&none);
            status = status::USAGE;
        }
        let written = end_all(self.destinations, &mut self.screen, &self.report, self.round);
        let lost = self.artifacts.and_then(Artifacts::end);
        if let Some(e) = &lost {
            self.screen.complain(&e.to_string());
        }
        if !written || lost.is_some() {
            status = status.max(status::FAILED);
        }
        Ok(status)
    }
}

impl Runner<'_> {
    fn none_matches(&self) -> Error {
        let words: Vec<String> = self.options.filter.iter().map(|w| format!("{w:?}")).collect();
        Error::argument(format!("no test has a name with {}", words.join(" or ")))
            .hint("nsh test --list shows the names of all tests")
    }

    /// Prints the names; the files whose own code failed have been told on the way.
    fn finish_list(mut self) -> i32 {
        self.screen.print("");
        let failures: Vec<String> =
            self.report.files.iter().map(|f| super::pretty::file(&Screen::PLAIN, f, false)).collect();
        self.screen.put(std::io::stderr().as_fd(), &failures.concat());
        let listed = std::mem::take(&mut self.listed);
        match list::text(listed, &self.options.filter, self.options.format) {
            Some(text) => self.screen.print(&text),
            None if self.options.shard.is_none() => {
                let none = self.none_matches().to_string();
                self.screen.complain(&none);
                return status::USAGE;
            }
            None => {}
        }
        match self.report.interrupted {
            Some(signal) => 128 + signal,
            None if failures.is_empty() => status::SUCCESS,
            None => status::FAILED,
        }
    }
}

impl Waiting {
    /// Adds what a run for one test alone came to.
    fn merge(&mut self, task: &Task, report: FileReport) {
        self.left -= 1;
        let whole = report.verdict;
        self.report.verdict.seconds += whole.seconds;
        let Some(id) = &task.only else { return };
        let found = report.tests.into_iter().find(|t| t.path == id.path);
        let missing = |outcome| TestReport {
            path: id.path.clone(),
            at: id.at.clone(),
            verdict: Verdict { outcome, checks: 0, ..whole.clone() },
        };
        let failed = |message: &str| {
            let failure =
                Failure { kind: Some("exit".to_owned()), message: message.to_owned(), ..Failure::default() };
            Outcome::Failed { failures: vec![failure] }
        };
        let test = match (found, whole.outcome.clone()) {
            (Some(mut test), outcome @ (Outcome::Failed { .. } | Outcome::UnexpectedPass { .. })) => {
                // The file's own code failed: so did what it is there for.
                if !test.verdict.outcome.is_failure() {
                    test.verdict.outcome = outcome;
                    test.verdict.output = whole.output;
                }
                test
            }
            (Some(test), _) => test,
            (None, Outcome::Passed) => {
                missing(failed("the file has no such test when it is run for it alone"))
            }
            (None, outcome) => missing(outcome),
        };
        self.report.tests.push(test);
    }
}
