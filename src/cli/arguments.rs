//! What clap is told of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};

use super::Command;
use super::test::{Report, Test};

/// Runs Lua scripts in network labs: namespaces, links, routes, NAT and probes, in a private sandbox that needs no
/// root and leaves nothing behind.
#[derive(Debug, Parser)]
#[command(name = "nsh", version, disable_help_subcommand = true, args_conflicts_with_subcommands = true)]
#[command(
    override_usage = "nsh [OPTIONS] [FILE [ARGS...]]\n       nsh [OPTIONS] -e CODE [ARGS...]\n       nsh COMMAND"
)]
#[command(
    after_help = "Exit status: 0 success, 1 a check or the script failed, 2 wrong usage or a script that can't \
    be read or parsed, 3 this machine can't do it (see nsh doctor), 129, 130 or 143 ended by SIGHUP, SIGINT or \
    SIGTERM."
)]
pub struct Arguments {
    /// The script; - reads it from stdin. All that follows is the script's own, in the table `arg`. Without a
    /// script, nsh is interactive.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Run this instead of a file.
    #[arg(short = 'e', value_name = "CODE")]
    pub code: Option<String>,
    /// Work on this machine's own network, without a sandbox, as `ip` does: needs root, and what is made stays.
    #[arg(long)]
    pub host: bool,
    /// Let the script write to this file or directory, besides the working directory. Can be repeated.
    #[arg(long, value_name = "PATH")]
    pub write: Vec<PathBuf>,
    /// End the script after this time.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Show Lua's full traceback with an error, and what the sandbox could not have here.
    #[arg(long)]
    pub trace: bool,
    #[command(subcommand)]
    pub command: Option<SubCommand>,
}

#[derive(Debug, Subcommand)]
pub enum SubCommand {
    /// Show the reference of everything, of a module (link), or of a function (link.add)
    Doc {
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// The whole reference as one page in Markdown
        #[arg(long, conflicts_with = "name")]
        markdown: bool,
    },
    /// Print the types of all bindings, for LuaLS and EmmyLua
    Types,
    /// Tell what works on this machine, and what to do about the rest
    Doctor {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Run test files, each in a sandbox of its own
    Test(Box<Test>),
    /// Work with what nsh test wrote
    #[command(subcommand)]
    Report(Report),
}

impl SubCommand {
    pub fn command(self) -> Command {
        match self {
            SubCommand::Doc { markdown: true, .. } => Command::Reference,
            SubCommand::Doc { name, .. } => Command::Doc { name },
            SubCommand::Types => Command::Types,
            SubCommand::Doctor { json } => Command::Doctor { json },
            SubCommand::Test(test) => test.command(),
            SubCommand::Report(report) => report.command(),
        }
    }
}

/// Cuts the command line behind the script's name (or behind nsh's options, with `-e`): options there are the
/// script's, whatever their names.
pub fn split(argv: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
    let definition = Arguments::command();
    let takes_value = |option: &str| {
        definition.get_arguments().any(|a| {
            let named = match option.strip_prefix("--") {
                Some(long) => a.get_long() == Some(long),
                // -e CODE, not -eCODE
                None => option.len() == 2 && a.get_short() == option.chars().nth(1),
            };
            named && a.get_action().takes_values()
        })
    };
    let (mut at, mut code) = (1, false);
    while let Some(argument) = argv.get(at) {
        let option = argument.to_string_lossy();
        if option == "-" || !option.starts_with('-') {
            break;
        }
        at += 1;
        if option == "--" {
            break;
        }
        code |= option.starts_with("-e");
        at += takes_value(&option) as usize;
    }
    let at = at.min(argv.len());
    let is_command = |name: &OsString| definition.get_subcommands().any(|c| name == c.get_name());
    let cut = match argv.get(at) {
        Some(_) if code => at,
        // `nsh doc` is the command, `nsh ./doc` a file.
        Some(name) if is_command(name) && at.checked_sub(1).is_none_or(|i| argv[i] != "--") => argv.len(),
        Some(_) => at + 1,
        None => argv.len(),
    };
    (argv[..cut].to_vec(), argv[cut..].to_vec())
}

pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse().map(Duration::try_from_secs_f64) {
        Ok(Ok(limit)) if !limit.is_zero() => Ok(limit),
        _ => Err("expected a number of seconds above 0, such as 10 or 0.5".to_owned()),
    }
}
