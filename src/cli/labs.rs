//! `nsh up`, and the words behind `nsh exec LAB`, which are not nsh's own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use nsh::labs::Words;

use super::arguments::ScriptOptions;
use super::{Command, LabOptions, Source};

#[derive(Debug, Args)]
pub struct Up {
    /// The script; - reads it from stdin. Without one, the lab is empty.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
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
    #[command(flatten)]
    script: ScriptOptions,
}

impl Up {
    pub fn command(self) -> Command {
        let Up { mut file, mut args, code, name, script: options } = self;
        if code.is_some() {
            args.splice(..0, file.take());
        }
        let script = Source::of(code, file.map(PathBuf::from)).unwrap_or(Source::Code(String::new()));
        let options = LabOptions { host: false, echo: false, script: options };
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
