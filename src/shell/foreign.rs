//! Scripts that are not in Lua: those of a shell, and texts in Markdown whose commands are run.

use std::ffi::OsString;
use std::path::Path;

use super::{ShellScript, Text};
use crate::sandbox::Sandbox;

pub enum Foreign {
    Shell(ShellScript),
    Text(Text),
}

impl Foreign {
    /// What a file of this name is; `None` for a script in Lua.
    pub fn of(name: &Path, source: &[u8]) -> Option<Foreign> {
        let text = Text::of(name, source).map(Foreign::Text);
        text.or_else(|| ShellScript::of(name, source).map(Foreign::Shell))
    }

    /// Runs it in the lab that this process is in; returns its status.
    pub fn run(&self, lab: &Sandbox, args: &[OsString]) -> i32 {
        match self {
            Foreign::Shell(script) => script.run(lab, args),
            Foreign::Text(text) => text.run(lab, args),
        }
    }
}
