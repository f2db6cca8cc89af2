//! `nsh up` and `nsh exec`, whose last words are not nsh's own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use nsh::labs::Words;

use super::arguments::seconds;
use super::{Command, Options, Source};

#[derive(Debug, Args)]
pub struct Up {
    /// The script; - reads it from stdin. All that follows is the script's own, in the table `arg`.
    #[arg(value_name = "FILE", required_unless_present = "code", conflicts_with = "code")]
    file: Option<PathBuf>,
    /// Run this instead of a file.
    #[arg(short = 'e', value_name = "CODE")]
    code: Option<String>,
    /// The lab's name; else the file's, without its directory and .lua.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Let the script write to this file or directory, besides the working directory. Can be repeated.
    #[arg(long, value_name = "PATH")]
    write: Vec<PathBuf>,
    /// End the lab unless the script has ended after this time.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Show Lua's full traceback with an error, and what the sandbox could not have here.
    #[arg(long)]
    trace: bool,
}

impl Up {
    pub fn command(self, args: Vec<OsString>) -> Command {
        let Up { file, code, name, write, timeout, trace } = self;
        let script = Source::of(code, file).unwrap_or(Source::Stdin);
        let options = Options { host: false, write, timeout, trace, echo: false };
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
