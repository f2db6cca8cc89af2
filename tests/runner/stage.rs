//! A place with nsh and test files in it, and the users to run as.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use serde_json::Value;

use super::place::{self, User};
pub use super::place::{have, until};

/// Nothing here takes this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A place as the sandbox's tests have it.
pub struct Stage(place::Stage);

impl Deref for Stage {
    type Target = place::Stage;

    fn deref(&self) -> &place::Stage {
        &self.0
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Held for writing by a test that leaves the machine no room: the others wait for its end, since their limits are in
/// seconds.
static ROOM: RwLock<()> = RwLock::new(());

/// Runs `test` as each user that we can be.
pub fn each(test: impl Fn(&Stage)) {
    let _room = ROOM.read().unwrap_or_else(PoisonError::into_inner);
    as_each(test);
}

fn as_each(test: impl Fn(&Stage)) {
    place::users().iter().for_each(|user| test(&Stage(place::Stage::new(*user))));
}

/// For what is the same for every user.
pub fn once(test: impl Fn(&Stage)) {
    let _room = ROOM.read().unwrap_or_else(PoisonError::into_inner);
    test(&Stage(place::Stage::new(User::Ordinary)));
}

/// As [`each`], while no other test runs.
pub fn alone(test: impl Fn(&Stage)) {
    let _room = ROOM.write().unwrap_or_else(PoisonError::into_inner);
    as_each(test);
}

impl Stage {
    /// Writes a file of the project, its user's.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.project.join(name);
        let mut directory = self.project.clone();
        for part in Path::new(name).parent().unwrap().components() {
            directory.push(part);
            let _ = fs::create_dir(&directory);
            self.give(&directory);
        }
        fs::write(&path, text).unwrap();
        self.give(&path);
        path
    }

    /// nsh with the words of `line`, not started yet: in the project, with nothing on stdin.
    pub fn command(&self, line: &str) -> Command {
        self.0.command(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub fn run(&self, line: &str) -> Ran {
        finish(self.command(line).spawn().unwrap())
    }

    /// Runs the tests, and returns the JSON report besides.
    pub fn report(&self, line: &str) -> (Ran, Value) {
        let ran = self.run(&format!("{line} --output result.json"));
        let text = fs::read_to_string(self.project.join("result.json")).unwrap_or_default();
        let report = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{line}: {e}: {text}\n{ran:?}"));
        (ran, report)
    }
}

/// Waits for the child's end and its output; a child that hangs is killed.
pub fn finish(child: Child) -> Ran {
    let out = place::finish_within(child, PATIENCE);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { status: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
}

/// The tests of a report, as `file > group > test: outcome`, in its order; of a file's own code without a test.
pub fn outcomes(report: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for file in report["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        let tests = file["tests"].as_array().unwrap();
        for test in tests {
            let path: Vec<&str> =
                test["path"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
            out.push(format!("{name} > {}: {}", path.join(" > "), word(test)));
        }
        if tests.is_empty() || word(file) != "passed" {
            out.push(format!("{name}: {}", word(file)));
        }
    }
    out
}

fn word(of: &Value) -> &str {
    match (of["not_run"] == true, of["interrupted"] == true) {
        (true, true) => "stopped",
        (true, false) => "not run",
        _ => of["outcome"]["is"].as_str().unwrap(),
    }
}

/// The message of a file's or a test's first failure.
pub fn message(of: &Value) -> &str {
    of["outcome"]["failures"][0]["message"].as_str().unwrap_or_else(|| panic!("no failure in {of:#}"))
}
