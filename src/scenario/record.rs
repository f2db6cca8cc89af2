//! A file's report in the making: what its process told, what it printed meanwhile, and how it ended.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::printed::Printed;
use super::report::{FileReport, TestReport, Verdict};
use super::running::MOST_TOLD;
use super::unbegun::Written;
use crate::base::error::Kind;
use crate::base::wait;
use crate::lua::modules::test::event::{Event, Failure, Id, Outcome};
use crate::proc;

/// A failed test's output is kept up to this much for each test; see [`Printed`]. Beyond so many bytes of a run, of which
/// the texts of failures are some, only its end.
const ENOUGH_OUTPUT: usize = 16 << 20;
const LITTLE_OUTPUT: usize = 2 << 10;

/// How a file's process ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub status: WaitStatus,
    /// When it did, and how long after its start.
    pub at: Instant,
    pub seconds: f64,
    /// The file's own limit, if it ran out.
    pub limit: Option<Duration>,
    /// The kernel killed something meanwhile because memory ran out.
    pub out_of_memory: bool,
    /// The runner ended it, because the run was to end.
    pub stopped: bool,
    /// The runner killed it, because it told too much.
    pub flooded: bool,
}

/// What came of a file so far.
#[derive(Debug, Default)]
pub struct Record {
    pub tests: Vec<TestReport>,
    /// Those that were passed over: not selected, or with a lab of their own (`true`).
    pub found: Vec<(Id, bool)>,
    /// The test that is running, and since when.
    running: Option<(Id, Instant)>,
    /// What the file's text says of its tests, if all of them are to run.
    written: Written,
    began: bool,
    finished: Option<(Outcome, u64)>,
    cannot: Option<String>,
    output: Printed,
    /// What the running test printed before it left something for the bundle.
    of_test: Printed,
}

impl Record {
    pub fn of(written: Written) -> Record {
        Record { written, ..Record::default() }
    }

    /// Enters an event, with what was printed since the last one.
    pub fn take(&mut self, event: Event, printed: Printed) {
        match event {
            Event::Began => self.began = true,
            Event::Found { test, own_lab } => self.found.push((test, own_lab)),
            Event::Started { test } => self.running = Some((test, Instant::now())),
            Event::Ended { test, outcome, seconds, checks } => {
                self.running = None;
                let mut all = std::mem::take(&mut self.of_test);
                all.append(printed);
                let output = if outcome.is_failure() { all.text() } else { String::new() };
                let verdict = Verdict { seconds, checks, output, ..Verdict::new(outcome) };
                self.tests.push(TestReport { path: test.path, at: test.at, verdict });
                return;
            }
            Event::Finished { outcome, checks, .. } => self.finished = Some((outcome, checks)),
            Event::Artifact { .. } if self.running.is_some() => {
                self.of_test.append(printed);
                return;
            }
            Event::Artifact { .. } => {}
        }
        if self.running.is_none() || !printed.is_empty() {
            self.output.append(printed);
        }
    }

    /// The sandbox could not be had.
    pub fn cannot(&mut self, message: String) {
        self.cannot = Some(message);
    }

    pub fn began(&self) -> bool {
        self.began
    }

    /// The test that is running.
    pub fn running(&self) -> Option<&Id> {
        self.running.as_ref().map(|(test, _)| test)
    }

    /// The report, once the process has ended; `printed` is what came after the last event.
    pub fn conclude(mut self, name: &str, round: u32, end: &End, printed: Printed) -> FileReport {
        let unbegun = self.unbegun();
        let what = self.how_it_ended(end, &unbegun);
        let mut outcome = Outcome::Passed;
        let (mut not_run, mut interrupted) = (false, false);
        let checks = self.finished.as_ref().map_or(0, |(_, checks)| *checks);
        let mut rest = Some(printed);
        match (what, self.finished.take()) {
            (How::Stopped, told) => {
                let stopped = || Outcome::Skipped { reason: "interrupted".into() };
                let was_running = self.running.is_some();
                if let Some(test) = self.running.take() {
                    self.unfinished(test, end, stopped(), true, Printed::default());
                }
                let in_test = self.tests.iter().any(|t| interruptions(&t.verdict.outcome).any(|i| i));
                // A test that failed because it was interrupted did not fail.
                for test in self.tests.iter_mut().filter(|t| was_interrupted(&t.verdict.outcome)) {
                    (test.verdict.not_run, test.verdict.interrupted) = (true, true);
                }
                match told {
                    // It had come to its end before it was stopped.
                    Some((told, _)) if !was_interrupted(&told) => outcome = told,
                    _ => {
                        (outcome, not_run) = (stopped(), true);
                        interrupted = self.began && !in_test && !was_running;
                    }
                }
            }
            (How::Well, Some((told, _))) => {
                outcome = told;
                let outcomes = [self.tests.last_mut().map(|t| &mut t.verdict.outcome), Some(&mut outcome)];
                let mut failures = outcomes.into_iter().flatten().flat_map(failures);
                if let Some(failure) = failures.find(|f| ends_the_file(f)).filter(|_| !unbegun.is_empty()) {
                    failure.message.push_str(&format!("; what follows did not run{unbegun}"));
                }
            }
            (How::Well, None) => {}
            (How::Badly(failure), told) => {
                let failed = Outcome::Failed { failures: vec![*failure] };
                match (self.running.take(), told) {
                    (Some(test), _) => {
                        self.unfinished(test, end, failed, false, rest.take().unwrap_or_default());
                    }
                    (None, Some((told, _))) if told.is_failure() => outcome = told,
                    (None, _) => outcome = failed,
                }
            }
        }
        self.output.append(rest.unwrap_or_default());
        let output = if outcome.is_failure() && !not_run { self.output.text() } else { String::new() };
        FileReport {
            name: name.to_owned(),
            round,
            verdict: Verdict { outcome, not_run, interrupted, seconds: end.seconds, checks, output },
            tests: self.tests,
        }
    }

    fn unfinished(
        &mut self,
        (test, since): (Id, Instant),
        end: &End,
        outcome: Outcome,
        interrupted: bool,
        printed: Printed,
    ) {
        self.tests.push(TestReport {
            path: test.path,
            at: test.at,
            verdict: Verdict {
                not_run: interrupted,
                interrupted,
                seconds: end.at.saturating_duration_since(since).as_secs_f64(),
                output: printed.text(),
                ..Verdict::new(outcome)
            },
        });
    }

    /// The tests that are written in the file and were not met.
    fn unbegun(&self) -> String {
        let found = self.found.iter().map(|(id, _)| id);
        let lines = self.tests.iter().map(|t| Id { path: Vec::new(), at: t.at.clone() }).collect::<Vec<_>>();
        self.written.without(lines.iter().chain(found).chain(self.running()))
    }

    fn how_it_ended(&self, end: &End, unbegun: &str) -> How {
        let bad = |kind: &str, message: String| {
            let failure = Failure { kind: Some(kind.to_owned()), message, ..Failure::default() };
            How::Badly(Box::new(failure))
        };
        if end.stopped {
            return How::Stopped;
        }
        if let Some(message) = &self.cannot {
            return bad("unsupported", message.clone());
        }
        let rest = match (&self.running, self.finished.is_some()) {
            (Some(_), _) => format!("; what follows this test did not run{unbegun}"),
            (None, true) => " after its end".to_owned(),
            (None, false) if self.tests.is_empty() && unbegun.is_empty() => String::new(),
            (None, false) if self.tests.is_empty() => format!("; what follows did not run{unbegun}"),
            (None, false) => format!(" after its last test here; what follows did not run{unbegun}"),
        };
        if end.flooded {
            let most = MOST_TOLD >> 20;
            return bad(
                "limit",
                format!("the file told more than {most} MiB of its tests, and was killed{rest}"),
            );
        }
        if self.finished.is_none()
            && let Some(limit) = end.limit
        {
            let limit = limit.as_secs_f64();
            return bad("timeout", format!("the file did not end within its limit of {limit} s{rest}"));
        }
        match end.status {
            WaitStatus::Exited(_, code) if code > 128 && code < 128 + 65 => {
                bad("signal", format!("the file's process was killed by {}{rest}", killer(code - 128, end)))
            }
            WaitStatus::Signaled(_, signal, _) => {
                bad("signal", format!("nsh was killed by {}{rest}", killer(signal as i32, end)))
            }
            WaitStatus::Exited(_, code) if self.finished.is_some() => {
                // With status 1 for tests that failed.
                if code == 0 || self.failed() {
                    How::Well
                } else {
                    bad("exit", format!("the file ended with status {code}"))
                }
            }
            // os.exit(0) in a script without tests.
            WaitStatus::Exited(_, 0)
                if self.tests.is_empty() && self.running.is_none() && self.found.is_empty() =>
            {
                How::Well
            }
            WaitStatus::Exited(_, code) => {
                bad("exit", format!("the file ended with status {code} before its end (by os.exit?){rest}"))
            }
            status => bad("exit", format!("the file's process ended in an unknown way ({status:?}){rest}")),
        }
    }

    fn failed(&self) -> bool {
        self.finished.as_ref().is_some_and(|(outcome, _)| outcome.is_failure())
            || self.tests.iter().any(|t| t.verdict.outcome.is_failure())
    }
}

enum How {
    Well,
    Badly(Box<Failure>),
    Stopped,
}

fn killer(signal: i32, end: &End) -> String {
    match signal == Signal::SIGKILL as i32 && end.out_of_memory {
        true => "the kernel, which was out of memory".to_owned(),
        false => proc::signal_name(signal),
    }
}

/// Whether it is an interrupt that ended it, and nothing that had gone wrong before.
fn was_interrupted(outcome: &Outcome) -> bool {
    interruptions(outcome).next().unwrap_or(false)
}

/// Whether the script ended there, in order, before its end.
fn ends_the_file(failure: &Failure) -> bool {
    failure.message == wait::SCRIPT_TIMED_OUT || failure.message.starts_with("os.exit(")
}

fn failures(outcome: &mut Outcome) -> &mut [Failure] {
    match outcome {
        Outcome::Failed { failures } => failures,
        _ => &mut [],
    }
}

/// Of each failure, whether it is an interrupt.
fn interruptions(outcome: &Outcome) -> impl Iterator<Item = bool> {
    let failures: &[Failure] = match outcome {
        Outcome::Failed { failures } => failures,
        _ => &[],
    };
    failures.iter().map(|f| f.kind.as_deref() == Some(Kind::Interrupted.name()))
}

/// Keeps the outputs and the texts of all failures of a run within bounds.
#[derive(Debug, Default)]
pub struct Budget {
    used: usize,
}

impl Budget {
    pub fn apply(&mut self, file: &mut FileReport) {
        let tests = file.tests.iter_mut().map(|t| &mut t.verdict);
        for Verdict { outcome, output, .. } in tests.chain([&mut file.verdict]) {
            if self.used > ENOUGH_OUTPUT {
                failures(outcome).iter_mut().for_each(|failure| failure.bound(LITTLE_OUTPUT));
                self.cut(output);
            }
            self.used += output.len() + outcome.size();
        }
    }

    fn cut(&self, output: &mut String) {
        if output.len() <= LITTLE_OUTPUT {
            return;
        }
        let mut at = output.len() - LITTLE_OUTPUT;
        while !output.is_char_boundary(at) {
            at += 1;
        }
        *output = format!("[{at} bytes left out]\n{}", &output[at..]);
    }
}

#[cfg(test)]
mod tests {
    use nix::unistd::Pid;

    use super::super::report::Case;
    use super::*;

    fn id(name: &str) -> Id {
        Id { path: vec![name.to_owned()], at: None }
    }

    fn kept(text: &str) -> Printed {
        let mut kept = Printed::default();
        kept.add(text.as_bytes());
        kept
    }

    fn end(code: i32) -> End {
        let status = WaitStatus::Exited(Pid::from_raw(1), code);
        let at = Instant::now() + Duration::from_secs(2);
        End { status, at, seconds: 1.0, limit: None, out_of_memory: false, stopped: false, flooded: false }
    }

    fn told(events: Vec<Event>) -> Record {
        let mut record = Record::default();
        events.into_iter().for_each(|e| record.take(e, kept("before\n")));
        record
    }

    fn message(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Failed { failures } => failures[0].message.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn finished(outcome: Outcome) -> Event {
        Event::Finished { outcome, seconds: 1.0, checks: 3 }
    }

    #[test]
    fn a_crash_is_that_of_the_running_test() {
        let record = told(vec![Event::Began, Event::Started { test: id("a") }]);
        let report = record.conclude("x.lua", 1, &end(139), kept("last words\n"));
        assert_eq!(report.verdict.outcome, Outcome::Passed);
        assert_eq!(
            message(&report.tests[0].verdict.outcome),
            "the file's process was killed by SIGSEGV; what follows this test did not run"
        );
        assert_eq!(report.tests[0].verdict.output, "last words\n");
        assert!((1.9..2.1).contains(&report.tests[0].verdict.seconds), "{}", report.tests[0].verdict.seconds);
        assert_eq!(report.totals().tests(), 1);
    }

    #[test]
    fn a_file_must_come_to_its_end() {
        let ended = Event::Ended { test: id("a"), outcome: Outcome::Passed, seconds: 0.1, checks: 1 };
        let record = told(vec![Event::Began, Event::Started { test: id("a") }, ended.clone()]);
        let report = record.conclude("x.lua", 1, &end(0), Printed::default());
        assert!(message(&report.verdict.outcome).starts_with("the file ended with status 0 before its end"));
        // Without tests, os.exit(0) is an end as good as any.
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &end(0), Printed::default());
        assert_eq!(report.verdict.outcome, Outcome::Passed);
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &end(3), Printed::default());
        assert!(report.failed());
        let record = told(vec![Event::Began, finished(Outcome::Passed)]);
        assert!(
            message(&record.conclude("x.lua", 1, &end(137), Printed::default()).verdict.outcome)
                .ends_with("SIGKILL after its end")
        );
        let record = told(vec![Event::Began, finished(Outcome::Passed)]);
        assert!(record.conclude("x.lua", 1, &end(1), Printed::default()).failed());
    }

    #[test]
    fn limits_memory_and_interrupts_are_named() {
        let late = End { limit: Some(Duration::from_secs(5)), ..end(1) };
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &late, kept("x"));
        assert_eq!(message(&report.verdict.outcome), "the file did not end within its limit of 5 s");
        assert_eq!(report.verdict.output, "before\nx");
        let killed = End { out_of_memory: true, ..end(137) };
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &killed, Printed::default());
        assert!(message(&report.verdict.outcome).ends_with("killed by the kernel, which was out of memory"));
    }

    fn failed(kinds: &[Kind]) -> Outcome {
        let of = |kind: &Kind| Failure { kind: Some(kind.name().to_owned()), ..Failure::default() };
        Outcome::Failed { failures: kinds.iter().map(of).collect() }
    }

    #[test]
    fn what_was_running_when_the_run_ended_is_named_and_what_had_ended_keeps_its_outcome() {
        let stopped = |events| {
            let end = End { stopped: true, ..end(130) };
            told(events).conclude("x.lua", 1, &end, Printed::default())
        };
        let names = |report: &FileReport| -> Vec<String> {
            let word = |c: &Case<'_>| c.unrun().unwrap_or(if c.failed() { "failed" } else { "ok" });
            report.cases().map(|c| format!("{}: {}", c.name_or("own"), word(&c))).collect()
        };
        let started = || Event::Started { test: id("a") };
        let ended = |outcome| Event::Ended { test: id("a"), outcome, seconds: 0.1, checks: 0 };
        let interrupted = failed(&[Kind::Interrupted]);

        let report = stopped(vec![Event::Began, started()]);
        assert_eq!(names(&report), ["a: stopped: the run ended while it ran"]);
        assert!(report.tests[0].verdict.seconds > 1.0 && report.totals().not_run == 1);
        let report =
            stopped(vec![Event::Began, started(), ended(interrupted.clone()), finished(interrupted.clone())]);
        assert_eq!(names(&report), ["a: stopped: the run ended while it ran"]);
        // Between two tests it is the file's own code.
        let report = stopped(vec![Event::Began, started(), ended(Outcome::Passed)]);
        assert_eq!(names(&report), ["a: ok", "own: stopped: the run ended while it ran"]);
        assert_eq!(names(&stopped(vec![])), ["own: not run: the run ended before"]);

        let report =
            stopped(vec![Event::Began, started(), ended(Outcome::Passed), finished(Outcome::Passed)]);
        assert_eq!(names(&report), ["a: ok"]);
        let both = failed(&[Kind::Check, Kind::Interrupted]);
        let report = stopped(vec![Event::Began, started(), ended(both.clone()), finished(interrupted)]);
        assert_eq!(names(&report), ["a: failed"]);
        assert_eq!(names(&stopped(vec![Event::Began, finished(both)])), ["own: failed"]);
    }
}
