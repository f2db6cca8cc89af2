//! What a file tells while it runs: which tests began and how they ended. The runner gets it from the file's
//! process, a line of JSON each; a plain `nsh FILE` prints it.

use serde::{Deserialize, Serialize};

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

impl Outcome {
    pub fn is_failure(&self) -> bool {
        matches!(self, Outcome::Failed { .. } | Outcome::UnexpectedPass { .. })
    }

    /// What is told of an unexpected pass, which has no failure of its own.
    pub fn unexpected(reason: &str) -> String {
        format!("passed, but was expected to fail: {reason}")
    }
}

/// One thing that went wrong, with what is needed to see why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's kind (`check`, `timeout`, ...); none for what Lua itself raised.
    pub kind: Option<String>,
    /// One line, unless the script raised a text of more.
    pub message: String,
    pub hint: Option<String>,
    /// The script's file and line, as `file:line`.
    pub at: Option<String>,
    /// What stands on that line.
    pub source: Option<String>,
    /// Where that is in a function which the test (or the file) calls: the test's own line, as `file:line`.
    #[serde(default)]
    pub called_at: Option<String>,
    /// Expected and actual values side by side, where that says more than the message: lines of `-` and `+`.
    pub diff: Option<String>,
    /// What changed in the lab since the last passed check, a line each.
    pub changed: Vec<String>,
    /// Lua's, with `--trace`.
    pub traceback: Option<String>,
}

impl Failure {
    /// All that is known: `file:line: message`, then, each on lines of its own, the script's line if `source` asks for
    /// it, the diff, the hint, what changed, and the traceback.
    pub fn text(&self, source: bool) -> String {
        let mut out = match &self.at {
            Some(at) => format!("{at}: {}", self.message),
            None => self.message.clone(),
        };
        if let Some(line) = self.source.as_deref().filter(|line| source && !line.trim().is_empty()) {
            out.push_str(&format!("\n    {}", line.trim()));
        }
        if let Some(own) = &self.called_at {
            out.push_str(&format!("\n  called at {own}"));
        }
        for line in self.diff.iter().flat_map(|diff| diff.lines()) {
            out.push_str(&format!("\n    {line}"));
        }
        if let Some(hint) = &self.hint {
            out.push_str(&format!("\n  hint: {hint}"));
        }
        if !self.changed.is_empty() {
            out.push_str("\n  since the last passed check:");
            self.changed.iter().for_each(|line| out.push_str(&format!("\n    {line}")));
        }
        if let Some(traceback) = &self.traceback {
            out.push('\n');
            out.push_str(traceback);
        }
        out
    }
}

/// Where events go.
pub trait Sink {
    fn tell(&self, event: &Event);
    /// A file for the failure bundle; `name` is a relative path.
    fn artifact(&self, name: &str, bytes: &[u8]);
}
