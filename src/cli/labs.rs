//! `nsh up`, and the words behind `nsh exec LAB`, which are not nsh's own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use nsh::labs::Words;

use super::arguments::seconds;
use super::{Command, LabOptions, Source};

#[derive(Debug, Args)]
pub struct Up {
    /// The script; - reads it from stdin. Without one, the lab is empty.
    #[arg(value_name = "FILE")]
    file: Option<OsString>,
    /// The script's arguments, in the table `arg`; those that begin with - go behind --.
    #[arg(value_name = "ARGS")]
    args: Vec<OsString>,
    /// Run this instead of a file.
    #[arg(short = 'e', value_name = "CODE", allow_hyphen_values = true)]
    code: Option<String>,
    /// The lab's name; by default the file's name without .lua.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Let the script write to this file or directory, besides the working directory. Can be repeated.
    #[arg(long, value_name = "PATH")]
    write: Vec<PathBuf>,
    /// Set a variable in the script's environment, or pass the one that is set here. Without this, the script gets PATH,
    /// HOME, TERM, LANG and their like, and nothing else. Can be repeated.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<OsString>,
    /// End the lab if the script takes longer than this.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Show Lua's full traceback with an error, and what this machine could not give to the sandbox.
    #[arg(long)]
    trace: bool,
}

impl Up {
    pub fn command(self) -> Command {
        let Up { mut file, mut args, code, name, write, env, timeout, trace } = self;
        if code.is_some() {
            args.splice(..0, file.take());
        }
        let script = Source::of(code, file.map(PathBuf::from)).unwrap_or(Source::Code(String::new()));
        let options = LabOptions { host: false, write, env, timeout, trace, echo: false };
        Command::Up { script, args, name, options }
    }
}

/// The words behind `nsh exec LAB`.
pub fn words(mut rest: Vec<OsString>) -> Words {
    match rest.iter().take(2).position(|word| word == "--") {
        Some(at) => {
            let command = rest.split_off(at + 1);
            rest.truncate(at);
            Words { first: rest, command: Some(command) }
        }
        None => Words { first: rest, command: None },
    }
}
