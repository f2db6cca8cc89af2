//! A file's report in the making: what its process told, what it printed meanwhile, and how it ended.

use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::kept::Kept;
use super::report::{FileReport, TestReport, is_failure};
use super::words;
use crate::lua::test::event::{Event, Failure, Id, Outcome};

/// A failed test's output is kept up to this much for each test; see [`Kept`]. Beyond so many bytes of a run, only
/// its end.
const ENOUGH_OUTPUT: usize = 16 << 20;
const LITTLE_OUTPUT: usize = 2 << 10;

/// How a file's process ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub status: WaitStatus,
    pub seconds: f64,
    /// The file's own limit, if it ran out.
    pub limit: Option<Duration>,
    /// The kernel killed something meanwhile because memory ran out.
    pub out_of_memory: bool,
    /// The runner ended it, because the run was to end.
    pub stopped: bool,
}

/// What came of a file so far.
#[derive(Debug, Default)]
pub struct Record {
    pub tests: Vec<TestReport>,
    /// Those that were passed over: not selected, or with a lab of their own (`true`).
    pub found: Vec<(Id, bool)>,
    /// The test that is running.
    pub running: Option<Id>,
    began: bool,
    finished: Option<(Outcome, u64)>,
    cannot: Option<String>,
    output: Kept,
    /// What the running test printed before it left something for the bundle.
    of_test: Kept,
}

impl Record {
    /// Enters an event, with what was printed since the last one.
    pub fn take(&mut self, event: Event, printed: Kept) {
        match event {
            Event::Began => self.began = true,
            Event::Found { test, own_lab } => self.found.push((test, own_lab)),
            Event::Started { test } => self.running = Some(test),
            Event::Ended { test, outcome, seconds, checks } => {
                self.running = None;
                let mut all = std::mem::take(&mut self.of_test);
                all.append(printed);
                let output = if is_failure(&outcome) { all.text() } else { String::new() };
                self.tests.push(TestReport {
                    path: test.path,
                    at: test.at,
                    outcome,
                    not_run: false,
                    seconds,
                    checks,
                    output,
                });
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

    /// The report, once the process has ended; `printed` is what came after the last event.
    pub fn conclude(mut self, name: &str, round: u32, end: &End, printed: Kept) -> FileReport {
        let what = self.how_it_ended(end);
        let mut outcome = Outcome::Passed;
        let mut not_run = false;
        let checks = self.finished.as_ref().map_or(0, |(_, checks)| *checks);
        let mut rest = Some(printed);
        match (what, self.finished.take()) {
            (How::Stopped, _) => {
                not_run = true;
                if let Some(test) = self.running.take() {
                    self.unfinished(
                        test,
                        Outcome::Skipped { reason: "interrupted".into() },
                        true,
                        Kept::default(),
                    );
                }
                // A test that failed because it was interrupted did not fail.
                for test in self.tests.iter_mut().filter(|t| was_interrupted(&t.outcome)) {
                    test.not_run = true;
                }
                outcome = Outcome::Skipped { reason: "interrupted".into() };
            }
            (How::Well, Some((told, _))) => outcome = told,
            (How::Well, None) => {}
            (How::Badly(failure), told) => {
                let failed = Outcome::Failed { failures: vec![failure] };
                match (self.running.take(), told) {
                    (Some(test), _) => {
                        self.unfinished(test, failed, false, rest.take().unwrap_or_default());
                    }
                    (None, Some((told, _))) if is_failure(&told) => outcome = told,
                    (None, _) => outcome = failed,
                }
            }
        }
        self.output.append(rest.unwrap_or_default());
        let output = if is_failure(&outcome) && !not_run { self.output.text() } else { String::new() };
        FileReport {
            name: name.to_owned(),
            round,
            outcome,
            not_run,
            seconds: end.seconds,
            checks,
            tests: self.tests,
            output,
        }
    }

    fn unfinished(&mut self, test: Id, outcome: Outcome, not_run: bool, printed: Kept) {
        self.tests.push(TestReport {
            path: test.path,
            at: test.at,
            outcome,
            not_run,
            seconds: 0.0,
            checks: 0,
            output: printed.text(),
        });
    }

    fn how_it_ended(&self, end: &End) -> How {
        let bad = |kind: &str, message: String| {
            let failure = Failure { kind: Some(kind.to_owned()), message, ..Failure::default() };
            How::Badly(failure)
        };
        if end.stopped {
            return How::Stopped;
        }
        if let Some(message) = &self.cannot {
            return bad("unsupported", message.clone());
        }
        let rest = match (&self.running, self.finished.is_some()) {
            (Some(_), _) => "; what follows this test did not run",
            (None, true) => " after its end",
            (None, false) if self.tests.is_empty() => "",
            (None, false) => " after its last test here; what follows did not run",
        };
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
        self.finished.as_ref().is_some_and(|(outcome, _)| is_failure(outcome))
            || self.tests.iter().any(|t| is_failure(&t.outcome))
    }
}

enum How {
    Well,
    Badly(Failure),
    Stopped,
}

fn killer(signal: i32, end: &End) -> String {
    match signal == Signal::SIGKILL as i32 && end.out_of_memory {
        true => "the kernel, which was out of memory".to_owned(),
        false => words::signal(signal),
    }
}

fn was_interrupted(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed { failures } => failures.iter().any(|f| f.kind.as_deref() == Some("interrupted")),
        _ => false,
    }
}

/// Keeps the outputs of all failures of a run within bounds.
#[derive(Debug, Default)]
pub struct Budget {
    used: usize,
}

impl Budget {
    pub fn apply(&mut self, file: &mut FileReport) {
        let outputs = file.tests.iter_mut().map(|t| &mut t.output).chain([&mut file.output]);
        for output in outputs.filter(|o| !o.is_empty()) {
            if self.used > ENOUGH_OUTPUT && output.len() > LITTLE_OUTPUT {
                let mut at = output.len() - LITTLE_OUTPUT;
                while !output.is_char_boundary(at) {
                    at += 1;
                }
                *output = format!("[{at} bytes left out]\n{}", &output[at..]);
            }
            self.used += output.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::unistd::Pid;

    use super::*;

    fn id(name: &str) -> Id {
        Id { path: vec![name.to_owned()], at: None }
    }

    fn kept(text: &str) -> Kept {
        let mut kept = Kept::default();
        kept.add(text.as_bytes());
        kept
    }

    fn end(code: i32) -> End {
        let status = WaitStatus::Exited(Pid::from_raw(1), code);
        End { status, seconds: 1.0, limit: None, out_of_memory: false, stopped: false }
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
        assert_eq!(report.outcome, Outcome::Passed);
        assert_eq!(
            message(&report.tests[0].outcome),
            "the file's process was killed by SIGSEGV; what follows this test did not run"
        );
        assert_eq!(report.tests[0].output, "last words\n");
        assert_eq!(report.totals().tests(), 1);
    }

    #[test]
    fn a_file_must_come_to_its_end() {
        let ended = Event::Ended { test: id("a"), outcome: Outcome::Passed, seconds: 0.1, checks: 1 };
        let record = told(vec![Event::Began, Event::Started { test: id("a") }, ended.clone()]);
        let report = record.conclude("x.lua", 1, &end(0), Kept::default());
        assert!(message(&report.outcome).starts_with("the file ended with status 0 before its end"));
        // Without tests, os.exit(0) is an end as good as any.
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &end(0), Kept::default());
        assert_eq!(report.outcome, Outcome::Passed);
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &end(3), Kept::default());
        assert!(report.failed());
        let record = told(vec![Event::Began, finished(Outcome::Passed)]);
        assert!(
            message(&record.conclude("x.lua", 1, &end(137), Kept::default()).outcome)
                .ends_with("SIGKILL after its end")
        );
        let record = told(vec![Event::Began, finished(Outcome::Passed)]);
        assert!(record.conclude("x.lua", 1, &end(1), Kept::default()).failed());
    }

    #[test]
    fn limits_memory_and_interrupts_are_named() {
        let late = End { limit: Some(Duration::from_secs(5)), ..end(1) };
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &late, kept("x"));
        assert_eq!(message(&report.outcome), "the file did not end within its limit of 5 s");
        assert_eq!(report.output, "before\nx");
        let killed = End { out_of_memory: true, ..end(137) };
        let report = told(vec![Event::Began]).conclude("x.lua", 1, &killed, Kept::default());
        assert!(message(&report.outcome).ends_with("killed by the kernel, which was out of memory"));
        let stopped = End { stopped: true, ..end(130) };
        let record = told(vec![Event::Began, Event::Started { test: id("a") }]);
        let report = record.conclude("x.lua", 1, &stopped, Kept::default());
        assert_eq!(report.totals().not_run, 2);
        assert!(!report.failed());
    }
}
