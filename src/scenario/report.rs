//! What a run came to: the model that every format is written from, and, as JSON, the format that `nsh report merge`
//! reads.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::order::Shard;
use crate::base::clock;
use crate::lua::modules::test::event::{Failure, Outcome};

/// What a JSON report calls itself.
pub const FORMAT: &str = "nsh test report";
/// Raised when a reader of the last version would misread this one. New fields alone don't raise it.
pub const VERSION: u32 = 1;

/// A run, or several merged into one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub format: String,
    pub version: u32,
    /// The version of nsh.
    pub nsh: String,
    /// When it began, UTC, as `2026-01-31T12:00:00`.
    pub started: String,
    /// Of the wall clock; of merged runs, of the longest.
    pub seconds: f64,
    pub shard: Option<Shard>,
    /// The words of `--filter`.
    pub filter: Vec<String>,
    /// Of `--shuffle`.
    pub seed: Option<u64>,
    /// The signal that ended the run early.
    pub interrupted: Option<i32>,
    pub totals: Totals,
    pub files: Vec<FileReport>,
}

/// How many tests came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Expected failures among them.
    pub passed: u64,
    /// Unexpected passes among them.
    pub failed: u64,
    pub skipped: u64,
    /// The run ended before they did.
    pub not_run: u64,
}

impl Totals {
    pub fn tests(&self) -> u64 {
        self.passed + self.failed + self.skipped + self.not_run
    }

    pub fn count(&mut self, outcome: &Outcome, not_run: bool) {
        *match outcome {
            _ if not_run => &mut self.not_run,
            Outcome::Passed | Outcome::ExpectedFailure { .. } => &mut self.passed,
            Outcome::Failed { .. } | Outcome::UnexpectedPass { .. } => &mut self.failed,
            Outcome::Skipped { .. } => &mut self.skipped,
        } += 1;
    }

    pub fn add(&mut self, other: Totals) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.not_run += other.not_run;
    }
}

/// What came of a test, or of a file's own code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub outcome: Outcome,
    /// There is no result, because the run ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_run: bool,
    /// It was running then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Of a file, from the start of its process to its end.
    pub seconds: f64,
    /// Checks that passed; of a file, those outside of its tests.
    pub checks: u64,
    /// What was printed meanwhile; kept of a failure.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

impl Verdict {
    pub fn new(outcome: Outcome) -> Verdict {
        Verdict {
            outcome,
            not_run: false,
            interrupted: false,
            seconds: 0.0,
            checks: 0,
            output: String::new(),
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    pub name: String,
    /// Which of `--repeat`'s rounds, from 1.
    pub round: u32,
    /// Of its own code, apart from its tests. A file without tests is one test by itself.
    #[serde(flatten)]
    pub verdict: Verdict,
    pub tests: Vec<TestReport>,
}

/// A test of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// Its groups' names from the outermost, then its own.
    pub path: Vec<String>,
    /// `file:line`.
    pub at: Option<String>,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What counts as one test: a test of a file, or a file without tests, or the code of a file outside of its tests if
/// that failed.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Empty for a file's own code.
    pub path: &'a [String],
    pub at: Option<&'a str>,
    /// 0 for a file's own code beside tests: they have its time.
    pub seconds: f64,
    verdict: &'a Verdict,
}

impl std::ops::Deref for Case<'_> {
    type Target = Verdict;

    fn deref(&self) -> &Verdict {
        self.verdict
    }
}

impl Case<'_> {
    /// As people read it; of a file's own code what is given.
    pub fn name_or(&self, own: &str) -> String {
        if self.path.is_empty() { own.to_owned() } else { self.path.join(" > ") }
    }

    pub fn failed(&self) -> bool {
        !self.not_run && self.outcome.is_failure()
    }

    /// Why there is no result, if it is because the run ended.
    pub fn unrun(&self) -> Option<&'static str> {
        match (self.not_run, self.interrupted) {
            (false, _) => None,
            (true, true) => Some("stopped: the run ended while it ran"),
            (true, false) => Some("not run: the run ended before"),
        }
    }

    /// What went wrong, also where it was expected.
    pub fn failures(&self) -> &[Failure] {
        match &self.verdict.outcome {
            Outcome::Failed { failures } | Outcome::ExpectedFailure { failures, .. } => failures,
            _ => &[],
        }
    }
}

impl FileReport {
    /// With the number of its round, where there are several.
    pub fn title(&self) -> String {
        if self.round > 1 { format!("{} (round {})", self.name, self.round) } else { self.name.clone() }
    }

    /// In the order in which they ran; the file's own code, where it counts, last.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        // What kept the rest from running is told of the test that was running.
        let verdict = &self.verdict;
        let told = if verdict.not_run { verdict.interrupted } else { verdict.outcome != Outcome::Passed };
        let seconds = if self.tests.is_empty() { verdict.seconds } else { 0.0 };
        let own = (self.tests.is_empty() || told).then_some(Case { path: &[], at: None, seconds, verdict });
        let tests = self.tests.iter().map(|t| Case {
            path: &t.path,
            at: t.at.as_deref(),
            seconds: t.verdict.seconds,
            verdict: &t.verdict,
        });
        tests.chain(own)
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.cases().for_each(|case| totals.count(&case.outcome, case.not_run));
        totals
    }

    pub fn failed(&self) -> bool {
        self.cases().any(|case| case.failed())
    }
}

impl Report {
    pub fn new(shard: Option<Shard>, filter: Vec<String>, seed: Option<u64>) -> Report {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Report {
            format: FORMAT.to_owned(),
            version: VERSION,
            nsh: env!("CARGO_PKG_VERSION").to_owned(),
            started: clock::stamp(&clock::utc(now.as_secs()), 'T'),
            seconds: 0.0,
            shard,
            filter,
            seed,
            interrupted: None,
            totals: Totals::default(),
            files: Vec::new(),
        }
    }

    /// In order: by name, then by round.
    pub fn sort(&mut self) {
        self.files.sort_by(|a, b| (&a.name, a.round).cmp(&(&b.name, b.round)));
    }

    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }
}

#[cfg(test)]
pub mod samples {
    use super::*;

    pub fn failure(message: &str) -> Failure {
        Failure {
            kind: Some("check".into()),
            message: message.into(),
            at: Some("b.lua:7".into()),
            ..Failure::default()
        }
    }

    pub fn test(path: &[&str], outcome: Outcome) -> TestReport {
        TestReport {
            path: path.iter().map(|p| (*p).to_owned()).collect(),
            at: Some("b.lua:5".into()),
            verdict: Verdict { seconds: 0.25, checks: 2, ..Verdict::new(outcome) },
        }
    }

    pub fn file(name: &str, outcome: Outcome, tests: Vec<TestReport>) -> FileReport {
        FileReport {
            name: name.into(),
            round: 1,
            verdict: Verdict { seconds: 1.5, ..Verdict::new(outcome) },
            tests,
        }
    }

    /// One of each sort.
    pub fn report() -> Report {
        let mut report = Report::new(None, Vec::new(), Some(7));
        report.started = "2026-01-31T12:00:00".into();
        report.seconds = 2.5;
        let failed = Outcome::Failed {
            failures: vec![
                Failure {
                    hint: Some("look at <br0>".into()),
                    diff: Some("- 1\n+ 2".into()),
                    changed: vec!["link br0 went down".into()],
                    ..failure("check.equal: 1 & 2")
                },
                failure("second"),
            ],
        };
        let mut noisy = test(&["group", "fails \u{1b}[31m"], failed);
        noisy.verdict.output = "printed \u{1} ]]> this\n".into();
        report.files = vec![
            file("a.lua", Outcome::Passed, vec![]),
            file(
                "b.lua",
                Outcome::Passed,
                vec![
                    test(&["passes"], Outcome::Passed),
                    noisy,
                    test(&["#skips"], Outcome::Skipped { reason: "no vrf".into() }),
                    test(
                        &["known"],
                        Outcome::ExpectedFailure { reason: "a bug".into(), failures: vec![failure("still")] },
                    ),
                    test(&["mended"], Outcome::UnexpectedPass { reason: "was a bug".into() }),
                ],
            ),
            file("c.lua", Outcome::Skipped { reason: "this kernel has no netem".into() }, vec![]),
            file("d.lua", Outcome::Failed { failures: vec![failure("it crashed")] }, vec![]),
        ];
        for file in &report.files {
            report.totals.add(file.totals());
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_count_each_test_once() {
        let report = samples::report();
        assert_eq!(report.totals, Totals { passed: 3, failed: 3, skipped: 2, not_run: 0 });
        assert_eq!(report.totals.tests(), report.files.iter().map(|f| f.cases().count() as u64).sum::<u64>());
    }

    #[test]
    fn json_is_read_as_it_was_written() {
        let report = samples::report();
        let read: Report = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(read, report);
        let value: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(value["format"], "nsh test report");
        assert_eq!(value["files"][1]["tests"][1]["outcome"]["is"], "failed");
    }
}
