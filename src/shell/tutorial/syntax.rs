//! What the lab's shell and its programs say of a text's words.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::decide::{Asked, Syntax};
use crate::shell::run::Setup;

pub struct Place<'a> {
    setup: &'a Setup,
    shell: &'a Path,
}

impl<'a> Place<'a> {
    pub fn new(setup: &'a Setup, shell: &'a Path) -> Place<'a> {
        Place { setup, shell }
    }

    /// What the shell writes about a text that it reads but doesn't run; nothing if it is content.
    fn complaint(&self, text: &str) -> std::io::Result<Option<String>> {
        let mut command = Command::new(self.shell);
        self.setup.prepare(&mut command);
        command.arg("-n").env("LC_ALL", "C");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // It need not read all that is wrong.
            let _ = input.write_all(format!("{text}\n").as_bytes());
        }
        let out = child.wait_with_output()?;
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        Ok((!out.status.success() || !told.is_empty()).then_some(told))
    }
}

impl Asked for Place<'_> {
    fn is_program(&self, name: &str) -> bool {
        match name.contains('/') {
            true => Path::new(name).is_file(),
            false => !name.is_empty() && self.setup.has(OsStr::new(name)),
        }
    }

    fn syntax(&self, text: &str) -> Syntax {
        match self.complaint(text) {
            Err(e) => Syntax::Wrong(e.to_string()),
            Ok(None) => Syntax::Whole,
            Ok(Some(told)) if is_unfinished(&told) => Syntax::Incomplete,
            Ok(Some(told)) => Syntax::Wrong(reason(&told).to_owned()),
        }
    }
}

/// As bash and dash say it.
fn is_unfinished(told: &str) -> bool {
    ["end of file", "end-of-file", "EOF", "Unterminated", "unterminated"]
        .iter()
        .any(|word| told.contains(word))
}

fn reason(told: &str) -> &str {
    let line = told.lines().next().unwrap_or_default();
    line.split_once("line ").and_then(|(_, rest)| rest.split_once(": ")).map_or(line, |(_, reason)| reason)
}
