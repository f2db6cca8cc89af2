//! What a file tells while it runs: which tests began and how they ended. The runner gets it from the file's
//! process, a line of JSON each; a plain `nsh FILE` prints it.

use serde::{Deserialize, Serialize};

use crate::base::text;
pub use crate::lua::runtime::failure::Failure;

/// One thing that happened, in the order in which it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The lab is there, and the file's own code begins to run.
    Began,
    /// A test that this run passes over: it is only listed, not selected, or has a lab of its own (then the runner
    /// runs the file once more for it alone).
    Found {
        test: Id,
        own_lab: bool,
    },
    Started {
        test: Id,
    },
    Ended {
        test: Id,
        outcome: Outcome,
        seconds: f64,
        checks: u64,
    },
    /// The file's own code came to its end, with what was deferred there: how it went apart from its tests. A file
    /// whose process ends without this crashed, hung or was killed.
    Finished {
        outcome: Outcome,
        seconds: f64,
        checks: u64,
    },
    /// A file for the failure bundle follows, as so many bytes behind this line.
    Artifact {
        name: String,
        size: u64,
    },
}

/// Which test of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// The names of its groups from the outermost, then its own. Unique in a file.
    pub path: Vec<String>,
    /// The script's file and line, as `file:line`.
    pub at: Option<String>,
}

impl Id {
    /// As people read it, and as `--filter` finds it.
    pub fn name(&self) -> String {
        self.path.join(" > ")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    Passed,
    /// At least one: soft checks and what was deferred may add to the first.
    Failed {
        failures: Vec<Failure>,
    },
    Skipped {
        reason: String,
    },
    /// Expected to fail, and it did: counts as passed.
    ExpectedFailure {
        reason: String,
        failures: Vec<Failure>,
    },
    /// Expected to fail, and it did not: counts as failed.
    UnexpectedPass {
        reason: String,
    },
}

/// Limits of what a file tells, in bytes: the runner keeps it for all files of a run. A name may have as many.
pub const LONGEST_NAME: usize = 1000;
const LONGEST_TEXT: usize = 16 << 10;
const MOST_OF_FAILURES: usize = 128 << 10;
const DEEPEST_GROUP: usize = 100;

impl Event {
    /// How many bytes it takes to keep.
    pub fn size(&self) -> usize {
        let id = |id: &Id| id.path.iter().map(|name| name.len() + 50).sum::<usize>();
        200 + match self {
            Event::Found { test, .. } => id(test),
            Event::Ended { test, outcome, .. } => id(test) + outcome.size(),
            Event::Finished { outcome, .. } => outcome.size(),
            Event::Started { .. } | Event::Artifact { .. } | Event::Began => return 0,
        }
    }

    /// With every text cut to a length that can be kept.
    pub fn bounded(mut self) -> Event {
        match &mut self {
            Event::Found { test, .. } | Event::Started { test } => test.bound(),
            Event::Ended { test, outcome, .. } => {
                test.bound();
                outcome.bound();
            }
            Event::Finished { outcome, .. } => outcome.bound(),
            Event::Artifact { name, .. } => text::shorten(name, LONGEST_TEXT),
            Event::Began => {}
        }
        self
    }
}

impl Id {
    fn bound(&mut self) {
        self.path.truncate(DEEPEST_GROUP);
        // What was cut once is not cut again.
        let longest = LONGEST_NAME + 100;
        self.path.iter_mut().chain(&mut self.at).filter(|name| name.len() > longest).for_each(|name| {
            text::shorten(name, LONGEST_NAME);
        });
    }
}

impl Outcome {
    fn bound(&mut self) {
        match self {
            Outcome::Skipped { reason } | Outcome::UnexpectedPass { reason } => {
                text::shorten(reason, LONGEST_TEXT);
            }
            Outcome::ExpectedFailure { reason, failures } => {
                text::shorten(reason, LONGEST_TEXT);
                bound(failures);
            }
            Outcome::Failed { failures } => bound(failures),
            Outcome::Passed => {}
        }
    }

    /// How many bytes of text it has.
    pub fn size(&self) -> usize {
        match self {
            Outcome::Passed => 0,
            Outcome::Skipped { reason } | Outcome::UnexpectedPass { reason } => reason.len(),
            Outcome::Failed { failures } => failures.iter().map(Failure::size).sum(),
            Outcome::ExpectedFailure { reason, failures } => {
                reason.len() + failures.iter().map(Failure::size).sum::<usize>()
            }
        }
    }
}

/// The first failures count most.
fn bound(failures: &mut Vec<Failure>) {
    let mut size = 0;
    let mut kept = 0;
    for failure in failures.iter_mut() {
        failure.bound(LONGEST_TEXT);
        size += failure.size();
        kept += 1;
        if size > MOST_OF_FAILURES {
            break;
        }
    }
    let left = failures.len() - kept;
    failures.truncate(kept);
    if left > 0 {
        let message = format!("{left} more failures, left out");
        failures.push(Failure { message, ..Failure::default() });
    }
}

impl Outcome {
    pub fn is_failure(&self) -> bool {
        matches!(self, Outcome::Failed { .. } | Outcome::UnexpectedPass { .. })
    }

    /// What is told of an unexpected pass, which has no failure of its own.
    pub fn unexpected(reason: &str) -> String {
        format!("passed, but was expected to fail: {reason}")
    }
}

/// Where events go.
pub trait Sink {
    fn tell(&self, event: &Event);
    /// A file for the failure bundle; `name` is a relative path.
    fn artifact(&self, name: &str, bytes: &[u8]);
}
