//! What clap is told of the command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};
use nsh::labs::Which;

use super::complete;
use super::generate::{Generate, exit_status};
use super::labs::{self, Up};
use super::test::{Report, Test};
use super::{Command, Translating};

/// Runs Lua scripts in network labs: namespaces, links, routes, NAT and probes, in a private sandbox that needs no
/// root and leaves nothing behind.
#[derive(Debug, Parser)]
#[command(name = "nsh", version, disable_help_subcommand = true, args_conflicts_with_subcommands = true)]
#[command(
    override_usage = "nsh [OPTIONS] [FILE [ARGS...]]\n       nsh [OPTIONS] -e CODE [ARGS...]\n       nsh COMMAND"
)]
#[command(after_help = exit_status())]
pub struct Arguments {
    /// The script, in Lua or of a shell (`#!/bin/sh`, `.sh`), or a tutorial in Markdown (`.md`); - reads it from stdin. A
    /// script in Lua finds the arguments that follow in the table `arg`. Without a script, nsh is interactive.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Run this instead of a file.
    #[arg(short = 'e', value_name = "CODE", allow_hyphen_values = true)]
    pub code: Option<String>,
    /// Open a prompt in the script's lab after the script.
    #[arg(short = 'i')]
    pub interactive: bool,
    /// Work on this machine's own network, without a sandbox, as `ip` does. Needs root; what the script makes stays.
    #[arg(long)]
    pub host: bool,
    #[command(flatten)]
    pub script: ScriptOptions,
    /// Print each call as the command of iproute2, nft or sysctl that does the same, so that a shell can run them. The
    /// script's own output goes to stderr.
    #[arg(long)]
    pub echo: bool,
    /// Print the man page, or what a shell reads to complete the command lines of nsh.
    #[arg(long, value_name = "WHAT", exclusive = true)]
    pub generate: Option<Generate>,
    #[command(subcommand)]
    pub command: Option<SubCommand>,
}

// What nsh FILE and nsh up FILE have in common.
#[derive(Debug, Args)]
pub struct ScriptOptions {
    /// Let the script write to this file or directory, besides the working directory. Can be repeated.
    #[arg(long, value_name = "PATH")]
    pub write: Vec<PathBuf>,
    /// Set a variable in the script's environment, or pass the one that is set here. Without this, the script gets PATH,
    /// HOME, TERM, LANG and their like, and nothing else. Can be repeated.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub env: Vec<OsString>,
    /// End the script, or a lab that is not up by then, after this time.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Show Lua's full traceback with an error, and what this machine could not give to the sandbox.
    #[arg(long)]
    pub trace: bool,
}

#[derive(Debug, Subcommand)]
pub enum SubCommand {
    /// Show the reference: all modules, one (link), a function (link.add), or the pages that answer a question
    Doc {
        /// A module, a function, or the words of a question; all modules without any
        #[arg(value_name = "NAME | WORDS", add = complete::pages())]
        name: Vec<String>,
        /// The whole reference as one page in Markdown
        #[arg(long, conflicts_with = "name")]
        markdown: bool,
    },
    /// Print the types of all bindings, for LuaLS and EmmyLua
    Types {
        /// Write them and the library's files to this directory, for the editor's list of libraries
        #[arg(value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
        directory: Option<PathBuf>,
    },
    /// Make a project: a lab, tests of it, and what an editor and CI need
    ///
    /// What is in the directory already stays as it is. The types in .nsh/types are those of this nsh afterwards, so it is run
    /// again after an update of nsh. Exit status: 0, or 1 if a file can't be written.
    Init {
        /// The project's directory; it is made if it isn't there
        #[arg(value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
        directory: PathBuf,
    },
    /// Run a script in a lab that stays up
    #[command(
        override_usage = "nsh up [OPTIONS] [FILE] [ARGS...]\n       nsh up [OPTIONS] -e CODE [ARGS...]",
        after_help = "It returns when the script has ended; what the script made and started goes on until nsh \
        down. If the script fails, its lab is gone, and the exit status is the script's."
    )]
    Up(Up),
    /// List the labs that are up
    Ls {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Run a command in a lab that is up
    #[command(
        override_usage = "nsh exec LAB [NAMESPACE] [--] COMMAND...\n       nsh exec --all LAB [--] COMMAND...",
        after_help = "Without NAMESPACE the command runs in host. -- may be left out unless the command's name is \
        also a namespace's. Three commands are nsh's own and need no program: why [NAMESPACE] DST, capture [LINK...] \
        [-w FILE], and draw.\n\nExit status: the command's; 128 and the signal's number if one ended it; 127 there \
        is no such program, 126 it can't be run, 125 there is no such lab or namespace."
    )]
    Exec {
        /// Run it in all namespaces at once, with the namespace's name in front of each line of output. The exit status is
        /// that of the first namespace in which it failed
        #[arg(long)]
        all: bool,
        /// The lab, as nsh ls names it
        #[arg(value_name = "LAB", add = complete::labs())]
        lab: String,
    },
    /// Draw a lab that is up: its namespaces, links and addresses
    Draw {
        /// The lab, as nsh ls names it
        #[arg(value_name = "LAB", add = complete::labs())]
        lab: String,
        /// The file for the picture; its ending tells the form: .svg, .dot, .mmd, or .txt. Without one, it is text on stdout
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// Open a prompt in a lab that is up, or in that of another prompt
    Attach {
        /// The lab; may be left out if there is only one
        #[arg(value_name = "LAB", add = complete::labs())]
        lab: Option<String>,
        /// The namespace that the prompt's bindings act on; host by default
        #[arg(value_name = "NAMESPACE", add = complete::namespaces())]
        namespace: Option<String>,
        /// Show Lua's full traceback with an error
        #[arg(long)]
        trace: bool,
    },
    /// Show what a lab has printed
    Logs {
        /// The lab, as nsh ls names it
        #[arg(value_name = "LAB", add = complete::labs())]
        lab: String,
        /// Keep printing what the lab prints, until it ends
        #[arg(short, long)]
        follow: bool,
    },
    /// End labs, and wait until they are gone
    Down {
        /// The labs, as nsh ls names them
        #[arg(value_name = "LAB", required_unless_present = "all", add = complete::labs())]
        labs: Vec<String>,
        /// All labs of this user
        #[arg(long, conflicts_with = "labs")]
        all: bool,
    },
    /// Translate a shell script, or the shell's commands in a Markdown text, into a Lua script
    ///
    /// A script (#!/bin/sh, .sh) is run in a lab by its own shell. What it did is written as Lua, and the Lua is run in a
    /// second lab and compared with the first. A text, stdin, and with --static a script, are read and not run. What is
    /// not translated stays as a comment in its place, and is reported on stderr. Exit status: 0 if all of it was
    /// translated and makes the same, 1 if not, 2 for a file that can't be read or written.
    Translate {
        /// The script or text; - reads it from stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The script's arguments; those that begin with - go behind --
        #[arg(value_name = "ARGS")]
        args: Vec<OsString>,
        /// Write the script here rather than to stdout
        #[arg(short, long, value_name = "OUT")]
        output: Option<PathBuf>,
        /// Read the script, and don't run it
        #[arg(long = "static")]
        only_read: bool,
        /// The script goes on in the lab that this script makes, in Lua or a shell's: begin both labs with it
        #[arg(long, value_name = "LAB", conflicts_with = "only_read")]
        after: Option<PathBuf>,
        /// Print the commands that the script runs, each with its namespace, and no Lua
        #[arg(long, conflicts_with_all = ["only_read", "output"])]
        commands: bool,
        /// End the script after this time
        #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
        timeout: Duration,
    },
    /// Run a text's commands in a lab, and compare what they print with the output that the text shows
    ///
    /// The text is in Markdown, as a tutorial. Addresses, states and statistics are compared; numbers that vary are not.
    /// Exit status: 0 if all of the output holds, 1 if some doesn't or a command was left out.
    Check {
        /// The text; - reads it from stdin
        #[arg(value_name = "TEXT")]
        file: PathBuf,
        #[command(flatten)]
        options: ScriptOptions,
    },
    /// Tell what works on this machine, and what to do about the rest
    Doctor {
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Run test files, each in its own sandbox
    Test(Box<Test>),
    /// Work with the reports of nsh test
    #[command(subcommand)]
    Report(Report),
}

impl SubCommand {
    /// `rest`: what was cut off by [`split`].
    pub fn command(self, rest: Vec<OsString>) -> Command {
        match self {
            SubCommand::Up(up) => up.command(),
            SubCommand::Ls { json } => Command::Ls { json },
            SubCommand::Exec { all, lab } => Command::Exec { lab, words: labs::words(rest), all },
            SubCommand::Draw { lab, file } => Command::Draw { lab, file },
            SubCommand::Attach { lab, namespace, trace } => Command::Attach { lab, namespace, trace },
            SubCommand::Logs { lab, follow } => Command::Logs { lab, follow },
            SubCommand::Down { all: true, .. } => Command::Down(Which::All),
            SubCommand::Down { labs, .. } => Command::Down(Which::These(labs)),
            SubCommand::Doc { markdown: true, .. } => Command::Reference,
            SubCommand::Doc { name, .. } => Command::Doc { name: (!name.is_empty()).then(|| name.join(" ")) },
            SubCommand::Types { directory } => Command::Types { directory },
            SubCommand::Init { directory } => Command::Init { directory },
            SubCommand::Translate { file, args, output, only_read, after, commands, timeout } => {
                let how = match (only_read, commands) {
                    (true, _) => Translating::Reading,
                    (_, true) => Translating::Listing { timeout },
                    _ => Translating::Running { timeout },
                };
                Command::Translate { file, args, output, after, how }
            }
            SubCommand::Check { file, options } => Command::Check { file, options },
            SubCommand::Doctor { json } => Command::Doctor { json },
            SubCommand::Test(test) => test.command(),
            SubCommand::Report(report) => report.command(),
        }
    }
}

/// What stands on the command line, and what of it is the script's or the command's own.
pub fn read(argv: &[OsString]) -> Result<(Arguments, Vec<OsString>), clap::Error> {
    let mut definition = Arguments::command();
    let (ours, rest) = split(&definition, argv);
    let matches = definition.try_get_matches_from_mut(ours)?;
    Arguments::from_arg_matches(&matches)
        .map(|arguments| (arguments, rest))
        .map_err(|e| e.format(&mut definition))
}

/// Cuts the command line behind the script's name (or behind nsh's options, with `-e`), and behind the lab's name of
/// `nsh exec`: options there are the script's or the command's, whatever their names.
pub fn split(definition: &clap::Command, argv: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
    let (at, code) = skip_options(definition, argv, 1);
    // `nsh doc` is the command, `nsh ./doc` a file.
    let named = argv.get(at).filter(|_| !code && argv[at - 1] != "--");
    let command = named.and_then(|name| definition.get_subcommands().find(|c| name == c.get_name()));
    let cut = match command {
        Some(command) if command.get_name() == "exec" => behind_name(command, argv, at + 1),
        Some(_) => argv.len(),
        None => behind_name(definition, argv, 1),
    };
    (argv[..cut].to_vec(), argv[cut..].to_vec())
}

/// The commands, and words that stand for some of them elsewhere.
pub fn commands() -> Vec<(String, String)> {
    const ELSEWHERE: &[(&str, &[&str])] = &[
        ("down", &["destroy", "delete", "del", "remove", "rm", "stop", "kill", "clean", "cleanup"]),
        ("up", &["create", "deploy", "start"]),
        ("ls", &["list", "ps", "status", "inspect"]),
        ("attach", &["connect", "console", "enter", "shell"]),
        ("logs", &["log"]),
        ("doc", &["docs", "man"]),
        ("init", &["new"]),
        ("--help", &["help"]),
        ("--version", &["version"]),
    ];
    let definition = Arguments::command();
    let own = definition.get_subcommands().map(|c| (c.get_name().to_owned(), c.get_name().to_owned()));
    let of = |(name, words): &(&str, &'static [&'static str])| {
        let name = (*name).to_owned();
        words.iter().map(move |word| ((*word).to_owned(), name.clone()))
    };
    own.chain(ELSEWHERE.iter().flat_map(of)).collect()
}

/// The command that is meant, as `nsh report merge`; `nsh` where it is none of its own.
pub fn called(argv: &[OsString]) -> String {
    let (mut definition, mut name, mut from) = (Arguments::command(), "nsh".to_owned(), 1);
    loop {
        let (at, code) = skip_options(&definition, argv, from);
        let word = argv.get(at).filter(|_| !code && argv[at - 1] != "--");
        let Some(command) = word.and_then(|word| definition.find_subcommand(word)).cloned() else {
            return name;
        };
        name = format!("{name} {}", command.get_name());
        (definition, from) = (command, at + 1);
    }
}

/// The command, and its first operand: `nsh exec --all LAB`.
pub fn operand<'a>(definition: &clap::Command, argv: &'a [OsString]) -> Option<(&'a OsStr, &'a OsStr)> {
    let (at, _) = skip_options(definition, argv, 1);
    let command = argv.get(at)?;
    let (of, _) = skip_options(definition.find_subcommand(command)?, argv, at + 1);
    Some((command, argv.get(of)?))
}

/// Where what follows the first operand begins, or with `-e` the first itself.
fn behind_name(definition: &clap::Command, argv: &[OsString], from: usize) -> usize {
    let (at, code) = skip_options(definition, argv, from);
    if code { at } else { (at + 1).min(argv.len()) }
}

/// The place of the first operand, and whether there is code among the options before it.
fn skip_options(definition: &clap::Command, argv: &[OsString], from: usize) -> (usize, bool) {
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
    let (mut at, mut code) = (from, false);
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
    (at.min(argv.len()), code)
}

pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse().map(Duration::try_from_secs_f64) {
        Ok(Ok(limit)) if !limit.is_zero() => Ok(limit),
        _ => Err("expected a number of seconds above 0, such as 10 or 0.5".to_owned()),
    }
}
