//! What `nsh test` is asked to do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::Lua;

use super::destination::{Format, Output};
use super::order::Shard;
use crate::lua::lab::Lab;

#[derive(Clone, Debug)]
pub struct TestRun {
    pub paths: Vec<PathBuf>,
    /// How many files run at once.
    pub jobs: usize,
    /// Of each file; `None` for as long as it takes.
    pub timeout: Option<Duration>,
    /// Of each test.
    pub test_timeout: Option<Duration>,
    /// A test runs if its file's name or its own has one of these in it; all run if there are none.
    pub filter: Vec<String>,
    pub list: bool,
    pub fail_fast: bool,
    /// How many rounds.
    pub repeat: Option<u32>,
    /// Rounds until a test fails.
    pub until_fail: bool,
    /// The seed of the order.
    pub seed: Option<u64>,
    pub shard: Option<Shard>,
    pub format: Format,
    pub outputs: Vec<Output>,
    pub artifacts: Option<PathBuf>,
    pub capture: bool,
    pub pause_on_fail: bool,
    pub verbose: bool,
    /// As for a script.
    pub write: Vec<PathBuf>,
    /// What of the environment the labs get, as `sandbox::Policy` says.
    pub env: Vec<OsString>,
    pub trace: bool,
}

impl TestRun {
    /// Whether a report shows the labs of what failed.
    pub fn wants_pictures(&self) -> bool {
        self.format == Format::Html || self.outputs.iter().any(|output| output.format == Format::Html)
    }
}

/// What stands above this floor.
#[derive(Clone, Copy)]
pub struct Prompt {
    /// Opens a prompt in a failed test's lab.
    pub pause: fn(&Lua, &Rc<Lab>),
}
