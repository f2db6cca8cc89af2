//! Completion of nsh's command lines by a shell: commands and options as clap knows them, and what there is: labs, their
//! namespaces, tests, pages of the reference.
//!
//! The script that `nsh --generate complete-bash` prints has the shell call nsh again, with the words typed so far and
//! with [`VARIABLE`] in the environment.

use std::ffi::{OsStr, OsString};

use anyhow::{Context, Result};
use clap::{Arg, CommandFactory};
use clap_complete::CompleteEnv;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use nsh::base::status;
use nsh::doc::Docs;

use super::arguments::{Arguments, operand, split};

/// What tells nsh that a shell asks, and which.
pub const VARIABLE: &str = "NSH_COMPLETE";

/// The script's or the command's own words.
const FOREIGN: &str = "ARGS";

/// Answers a shell; `None` if nsh is called for anything else.
pub fn complete(argv: &[OsString]) -> Option<Result<i32>> {
    std::env::var_os(VARIABLE)?;
    let directory = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(|| definition(&Line::of(argv))).var(VARIABLE);
    match asked.bin("nsh").completer("nsh").try_complete(argv, directory.as_deref()) {
        Ok(answered) => answered.then_some(Ok(status::SUCCESS)),
        Err(e) => Some(Err(e).context(VARIABLE)),
    }
}

/// A command line, up to the cursor.
struct Line {
    /// nsh's own words.
    ours: Vec<OsString>,
    /// Those of the script, or of the command of `nsh exec`.
    foreign: Vec<OsString>,
}

impl Line {
    /// Of what the shell calls nsh with: `nsh -- WORDS`, of which one is under the cursor.
    fn of(argv: &[OsString]) -> Line {
        let begin = argv.iter().position(|word| word == "--").map_or(argv.len(), |at| at + 1);
        let mut words = argv[begin..].to_vec();
        // bash and zsh say which; fish gives none behind it.
        let cursor = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|i| i.parse::<usize>().ok());
        words.resize(cursor.map_or(words.len(), |cursor| cursor + 1).min(words.len() + 1), OsString::new());
        let (ours, foreign) = split(&Arguments::command(), &words);
        Line { ours, foreign }
    }

    /// The command and the lab that are named before the cursor.
    fn lab(&self) -> Option<(String, String)> {
        let (command, lab) = operand(&Arguments::command(), &self.ours)?;
        Some((command.to_str()?.to_owned(), lab.to_str()?.to_owned()))
    }

    /// The first word of the command of `nsh exec`, which may be a namespace.
    fn at_namespace(&self) -> bool {
        self.foreign.len() == 1 && self.lab().is_some_and(|(command, _)| command == "exec")
    }
}

/// What clap is told, for this line: options are proposed where one is begun, or where there is nothing else.
fn definition(line: &Line) -> clap::Command {
    if !line.foreign.is_empty() {
        let words = Arg::new(FOREIGN).num_args(0..).trailing_var_arg(true).allow_hyphen_values(true);
        let words = if line.at_namespace() {
            words.add(namespaces())
        } else {
            words.add(ArgValueCompleter::new(PathCompleter::any()))
        };
        return clap::Command::new("nsh").disable_help_flag(true).arg(words);
    }
    let begun = line.ours.last().is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    if begun { Arguments::command() } else { without_options(Arguments::command()) }
}

fn without_options(command: clap::Command) -> clap::Command {
    let hidden = command.mut_args(|a| if a.is_positional() { a } else { a.hide(true) });
    hidden.disable_help_flag(true).disable_version_flag(true).mut_subcommands(without_options)
}

fn candidates(names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// The labs that are up.
pub fn labs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(nsh::labs::names().unwrap_or_default()))
}

/// The namespaces of the lab that the line names.
pub fn namespaces() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let line = Line::of(&std::env::args_os().collect::<Vec<_>>());
        let names = line.lab().and_then(|(_, lab)| nsh::labs::namespaces(&lab).ok());
        candidates(names.unwrap_or_default())
    })
}

/// Test files, and the directories on the way to them.
pub fn tests() -> ArgValueCompleter {
    let is_test = |path: &std::path::Path| path.extension().is_some_and(|e| e == "lua");
    ArgValueCompleter::new(move |word: &OsStr| PathCompleter::any().filter(is_test).complete(word))
}

/// Modules and functions of the reference.
pub fn pages() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let docs = Docs::collect();
        let modules = docs.modules.iter();
        candidates(modules.flat_map(|m| {
            std::iter::once(m.name).chain(m.all().map(|f| f.name)).map(str::to_owned).collect::<Vec<_>>()
        }))
    })
}
