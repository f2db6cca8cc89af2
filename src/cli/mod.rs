//! The command line, nothing else.

mod arguments;
mod complete;
mod generate;
mod labs;
mod test;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::error::ErrorKind;
use nsh::base::error::Error;
use nsh::base::status;
use nsh::labs::{Which, Words};
use nsh::net::names::similar;
use nsh::sandbox::Exit;
use nsh::scenario;

use arguments::Arguments;
pub use arguments::ScriptOptions;
pub use complete::complete;

/// What nsh is asked to do.
#[derive(Debug)]
pub enum Command {
    /// This text is asked for: help, the version, or what --generate makes.
    Print(String),
    Run {
        script: Source,
        args: Vec<OsString>,
        options: LabOptions,
    },
    /// A prompt; after a script, with its arguments, if there is one.
    Interactive {
        script: Option<(Source, Vec<OsString>)>,
        options: LabOptions,
    },
    Doc {
        name: Option<String>,
    },
    Reference,
    Types {
        directory: Option<PathBuf>,
    },
    Init {
        directory: PathBuf,
    },
    Translate {
        file: PathBuf,
        args: Vec<OsString>,
        output: Option<PathBuf>,
        /// What makes the lab that the script goes on in.
        after: Option<PathBuf>,
        how: Translating,
    },
    /// Whether a text's commands print what it shows.
    Check {
        file: PathBuf,
        options: ScriptOptions,
    },
    Doctor {
        json: bool,
    },
    Test(Box<scenario::TestRun>),
    Merge {
        files: Vec<PathBuf>,
        format: scenario::Format,
        outputs: Vec<scenario::Output>,
    },
    Up {
        script: Source,
        args: Vec<OsString>,
        name: Option<String>,
        options: LabOptions,
    },
    Ls {
        json: bool,
    },
    Exec {
        lab: String,
        words: Words,
        /// In each namespace.
        all: bool,
    },
    Draw {
        lab: String,
        file: Option<PathBuf>,
    },
    Attach {
        lab: Option<String>,
        namespace: Option<String>,
        trace: bool,
    },
    Logs {
        lab: String,
        follow: bool,
    },
    Down(Which),
}

/// How a shell's script is translated.
#[derive(Clone, Copy, Debug)]
pub enum Translating {
    /// By what it says.
    Reading,
    /// By what it does, in a lab.
    Running { timeout: Duration },
    /// Only what it runs is told.
    Listing { timeout: Duration },
}

#[derive(Debug)]
pub enum Source {
    File(PathBuf),
    Code(String),
    Stdin,
}

impl Source {
    /// What `-e CODE` or else FILE, which may be `-`, stand for.
    fn of(code: Option<String>, file: Option<PathBuf>) -> Option<Source> {
        match (code, file) {
            (Some(code), _) => Some(Source::Code(code)),
            (None, Some(file)) if file.as_os_str() == "-" => Some(Source::Stdin),
            (None, file) => file.map(Source::File),
        }
    }
}

#[derive(Debug)]
pub struct LabOptions {
    pub host: bool,
    /// Tell the commands that do the same.
    pub echo: bool,
    pub script: ScriptOptions,
}

/// Reads the command line, of which the first is the program's own name.
pub fn parse(argv: &[OsString]) -> Result<Command> {
    let (arguments, args) = match arguments::read(argv) {
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Command::Print(e.render().to_string()));
        }
        parsed => parsed.map_err(|e| wrong_usage(&e, argv)).context(Exit(status::USAGE))?,
    };
    let Arguments { file, code, interactive, host, script: options, echo, generate, command } = arguments;
    if let Some(what) = generate {
        return Ok(Command::Print(what.text().context("--generate")?));
    }
    if let Some(e) = file.as_deref().and_then(mistaken) {
        return Err(e).context(Exit(status::USAGE));
    }
    let options = LabOptions { host, echo, script: options };
    Ok(match (command, Source::of(code, file)) {
        (Some(command), _) => command.command(args),
        (None, Some(script)) if !interactive => Command::Run { script, args, options },
        (None, script) => Command::Interactive { script: script.map(|script| (script, args)), options },
    })
}

/// What is no file, and looks like a command.
fn mistaken(file: &Path) -> Option<Error> {
    let word = file.to_str().filter(|word| !word.contains(['/', '.']) && *word != "-" && !file.exists())?;
    let commands = arguments::commands();
    let words = || commands.iter().map(|(word, _)| word.as_str());
    let near = words().find(|known| *known == word).or_else(|| similar(word, words()))?;
    let (_, command) = commands.iter().find(|(word, _)| word == near)?;
    let e = Error::argument(format!("there is neither a command nor a file {word:?}"));
    Some(e.hint(format!("did you mean nsh {command}?")))
}

/// The first paragraph of what clap says, without the usage that follows.
fn wrong_usage(e: &clap::Error, argv: &[OsString]) -> Error {
    let rendered = e.render().to_string();
    let words: Vec<&str> =
        rendered.lines().take_while(|line| !line.is_empty()).flat_map(str::split_whitespace).collect();
    let text = words.join(" ");
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    Error::argument(format!("{text} (see {} --help)", arguments::called(argv)))
}
