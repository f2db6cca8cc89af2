//! What `nsh FILE` prints of its tests: a line for each, the text of a failure on stderr, and a summary.

use std::cell::Cell;
use std::io::Write;

use super::event::{Event, Failure, Outcome, Sink};
use crate::base::error::{Error, Kind};
use crate::base::text::harmless;
use crate::lua::runtime::explain;

/// Tells people on a terminal, without colours.
#[derive(Default)]
pub struct Plain {
    /// As it stands in messages.
    file: String,
    passed: Cell<usize>,
    failed: Cell<usize>,
    skipped: Cell<usize>,
    checks: Cell<u64>,
    lost: Cell<bool>,
}

impl Plain {
    pub fn new(file: &str) -> Self {
        Plain { file: file.to_owned(), ..Plain::default() }
    }

    /// Whether something could not be printed.
    pub fn lost(&self) -> bool {
        self.lost.get()
    }

    fn line(&self, text: &str) {
        match writeln!(std::io::stdout(), "{}", harmless(text)) {
            // Nobody reads it any more: the script notices by itself.
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe && !self.lost.replace(true) => {
                error(&format!("nsh: {}", Error::from(e).op("stdout")));
            }
            _ => {}
        }
    }

    fn count(counter: &Cell<usize>) {
        counter.set(counter.get() + 1);
    }

    fn ended(&self, name: &str, outcome: &Outcome, seconds: f64) {
        match outcome {
            Outcome::Passed => {
                Self::count(&self.passed);
                self.line(&format!("ok       {name} ({seconds:.2} s)"));
            }
            Outcome::ExpectedFailure { reason, .. } => {
                Self::count(&self.passed);
                self.line(&format!("ok       {name} ({seconds:.2} s; expected to fail: {reason})"));
            }
            Outcome::Skipped { reason } => {
                Self::count(&self.skipped);
                self.line(&format!("skipped  {name}: {reason}"));
            }
            Outcome::Failed { failures } => {
                Self::count(&self.failed);
                self.line(&format!("FAILED   {name} ({seconds:.2} s)"));
                // The end of the script says it once.
                let interrupted = Kind::Interrupted.name();
                failures.iter().filter(|f| f.kind.as_deref() != Some(interrupted)).for_each(complain);
            }
            Outcome::UnexpectedPass { reason } => {
                Self::count(&self.failed);
                self.line(&format!("FAILED   {name}: it passed, but was expected to fail: {reason}"));
            }
        }
    }

    fn finished(&self, outcome: &Outcome, seconds: f64) {
        match outcome {
            Outcome::Failed { failures } => failures.iter().for_each(complain),
            Outcome::Skipped { reason } => self.line(&format!("skipped: {reason}")),
            Outcome::UnexpectedPass { reason } => {
                error(&format!("{}: it passed, but was expected to fail: {reason}", self.file));
            }
            Outcome::ExpectedFailure { .. } | Outcome::Passed => {}
        }
        let (passed, failed, skipped) = (self.passed.get(), self.failed.get(), self.skipped.get());
        if passed + failed + skipped > 0 {
            let (checks, plural) = (self.checks.get(), if self.checks.get() == 1 { "" } else { "s" });
            self.line(&format!(
                "{passed} passed, {failed} failed, {skipped} skipped; {checks} check{plural} passed ({seconds:.2} s)"
            ));
        }
    }
}

impl Sink for Plain {
    fn tell(&self, event: &Event) {
        match event {
            Event::Found { test, own_lab: true } => {
                let reason = format!("it has a lab of its own; nsh test {} runs it", self.file);
                self.ended(&test.name(), &Outcome::Skipped { reason }, 0.0);
            }
            Event::Ended { test, outcome, seconds, checks } => {
                self.checks.set(self.checks.get() + checks);
                self.ended(&test.name(), outcome, *seconds);
            }
            Event::Finished { outcome, seconds, checks } => {
                self.checks.set(self.checks.get() + checks);
                self.finished(outcome, *seconds);
            }
            _ => {}
        }
    }

    fn artifact(&self, _: &str, _: &[u8]) {}
}

fn error(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", harmless(text));
}

fn complain(failure: &Failure) {
    error(&explain::text(failure));
}
