//! The shell of a prompt: each line is run by a bash of its own on the terminal, which knows what those before it have set.
//! Variables, functions, aliases and the directory go from one to the next by a file of the lab.

use std::fs;
use std::path::PathBuf;

use mlua::{Lua, Value};

use super::input::{self, Parsed};
use crate::proc::{self, Spec};

const BASH: &str = "bash";
/// Given the file and the line. What is read-only can't be set again.
const RUN: &str = ". \"$1\" 2> /dev/null
__nsh_file=$1 __nsh_line=$2
shift 2
trap '{ declare -p; declare -f; alias -p; printf \"cd %q\\n\" \"$PWD\"; } > \"$__nsh_file\" 2> /dev/null' EXIT
eval \"$__nsh_line\"";

/// What a word at the beginning of a line is only to a shell.
const OWN: [&str; 11] =
    ["cd", "pushd", "popd", "export", "declare", "alias", "unalias", "source", ".", "unset", "eval"];

pub struct Shell {
    file: Option<PathBuf>,
}

impl Shell {
    /// For a prompt in a lab; on the machine itself lines have nothing in common.
    pub fn new(in_lab: bool) -> Shell {
        let directory = PathBuf::from("/run/nsh");
        let there = in_lab && proc::installed(BASH) && fs::create_dir_all(&directory).is_ok();
        Shell { file: there.then(|| directory.join(format!("prompt.{}", std::process::id()))) }
    }

    /// What runs a line.
    pub fn spec(&self, line: &str) -> Spec {
        let Some(file) = &self.file else { return Spec::shell(line) };
        let name = file.to_string_lossy();
        let words = ["--norc", "--noprofile", "-O", "expand_aliases", "-c", RUN, BASH, &name, line];
        Spec::args(std::iter::once(BASH).chain(words))
    }

    /// Whether a line that is no command of nsh's means something only to this shell: what a shell alone knows, a function, an
    /// assignment, or what the lines before have defined.
    pub fn takes(&self, lua: &Lua, text: &str) -> bool {
        let Some(file) = &self.file else { return false };
        let text = text.trim();
        let word = text.split_whitespace().next().unwrap_or_default();
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c == '_' || c == '-' || c.is_ascii_alphanumeric())
        };
        let defined = lua.globals().raw_get::<Value>(word).is_ok_and(|value| !value.is_nil());
        if text.contains('\n')
            || defined
            || matches!(input::parse(lua, text), Parsed::Chunk { expression: false, .. })
        {
            return false;
        }
        let wrong = || matches!(input::parse(lua, text), Parsed::Wrong(_));
        let function = || {
            text.split_once("()")
                .is_some_and(|(name, rest)| is_name(name.trim()) && rest.trim_start().starts_with('{'))
        };
        let assignment = || word.split_once('=').is_some_and(|(name, _)| is_name(name));
        let known = || {
            let told = fs::read_to_string(file).unwrap_or_default();
            let (function, alias) = (format!("{word} () "), format!("alias {word}="));
            is_name(word) && told.lines().any(|line| line.starts_with(&function) || line.starts_with(&alias))
        };
        OWN.contains(&word) || (word.starts_with('$') || function() || assignment()) && wrong() || known()
    }

    /// Whether what nsh can't translate has what a shell can read.
    pub fn may_read(&self, text: &str) -> bool {
        self.file.is_some() && text.contains(['$', '`', '|', '<', '>', '&', ';'])
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
        }
    }
}
