//! The command line, nothing else.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

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
struct Arguments {
    /// The script; - reads it from stdin. All that follows is the script's own, in the table `arg`. Without a
    /// script, nsh is interactive.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Run this instead of a file.
    #[arg(short = 'e', value_name = "CODE")]
    code: Option<String>,
    /// Work on this machine's own network, without a sandbox, as `ip` does: needs root, and what is made stays.
    #[arg(long)]
    host: bool,
    /// Let the script write to this file or directory, besides the working directory. Can be repeated.
    #[arg(long, value_name = "PATH")]
    write: Vec<PathBuf>,
    /// End the script after this time.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Show Lua's full traceback with an error, and what the sandbox could not have here.
    #[arg(long)]
    trace: bool,
    #[command(subcommand)]
    command: Option<SubCommand>,
}

#[derive(Debug, Subcommand)]
enum SubCommand {
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
}

/// What nsh is asked to do.
#[derive(Debug)]
pub enum Command {
    Run { script: Source, args: Vec<OsString>, options: Options },
    Interactive { options: Options },
    Doc { name: Option<String> },
    Reference,
    Types,
    Doctor { json: bool },
}

#[derive(Debug)]
pub enum Source {
    File(PathBuf),
    Code(String),
    Stdin,
}

#[derive(Debug)]
pub struct Options {
    pub host: bool,
    pub write: Vec<PathBuf>,
    pub timeout: Option<Duration>,
    pub trace: bool,
}

/// Why there is no [`Command`]: what to print, where, and the exit status.
#[derive(Debug)]
pub struct Instead {
    pub text: String,
    pub on_stderr: bool,
    pub status: i32,
}

/// Reads the command line, of which the first is the program's own name.
pub fn parse(argv: &[OsString]) -> Result<Command, Instead> {
    let (ours, args) = split(argv);
    let arguments = Arguments::try_parse_from(ours).map_err(instead)?;
    let Arguments { file, code, host, write, timeout, trace, command } = arguments;
    let options = Options { host, write, timeout, trace };
    Ok(match (command, code, file) {
        (Some(SubCommand::Doc { markdown: true, .. }), ..) => Command::Reference,
        (Some(SubCommand::Doc { name, .. }), ..) => Command::Doc { name },
        (Some(SubCommand::Types), ..) => Command::Types,
        (Some(SubCommand::Doctor { json }), ..) => Command::Doctor { json },
        (None, Some(code), _) => Command::Run { script: Source::Code(code), args, options },
        (None, None, Some(file)) => {
            let script = if file.as_os_str() == "-" { Source::Stdin } else { Source::File(file) };
            Command::Run { script, args, options }
        }
        (None, None, None) => Command::Interactive { options },
    })
}

/// Cuts the command line behind the script's name (or behind nsh's options, with `-e`): options there are the
/// script's, whatever their names.
fn split(argv: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
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

fn instead(e: clap::Error) -> Instead {
    if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Instead { text: e.render().to_string().trim_end().to_owned(), on_stderr: false, status: 0 };
    }
    let rendered = e.render().to_string();
    // Its first paragraph, without the usage that follows.
    let words: Vec<&str> =
        rendered.lines().take_while(|line| !line.is_empty()).flat_map(str::split_whitespace).collect();
    let text = words.join(" ");
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    Instead { text: format!("nsh: {text} (see nsh --help)"), on_stderr: true, status: 2 }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse().map(Duration::try_from_secs_f64) {
        Ok(Ok(limit)) if !limit.is_zero() => Ok(limit),
        _ => Err("expected a number of seconds above 0, such as 10 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Instead> {
        let argv: Vec<OsString> = std::iter::once("nsh").chain(line.split(' ')).map(OsString::from).collect();
        parse(&argv)
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_the_file_is_the_scripts() {
        let Ok(Command::Run { script: Source::File(file), args, options }) =
            parsed("--trace --write /a --timeout=3 x.lua --host -e doc -- --version")
        else {
            panic!();
        };
        assert_eq!(file, PathBuf::from("x.lua"));
        assert_eq!(args, ["--host", "-e", "doc", "--", "--version"]);
        assert!(options.trace && !options.host);
        assert_eq!(options.write, [PathBuf::from("/a")]);
        assert_eq!(options.timeout, Some(Duration::from_secs(3)));
    }

    #[test]
    fn code_takes_arguments_too() {
        let Ok(Command::Run { script: Source::Code(code), args, options }) =
            parsed("-e return --host x --host")
        else {
            panic!();
        };
        assert_eq!((code.as_str(), options.host), ("return", true));
        assert_eq!(args, ["x", "--host"]);
    }

    #[test]
    fn commands_files_and_stdin() {
        assert!(matches!(parsed("doc link.add"), Ok(Command::Doc { name: Some(_) })));
        assert!(matches!(parsed("doctor --json"), Ok(Command::Doctor { json: true })));
        assert!(matches!(parsed("doc --markdown"), Ok(Command::Reference)));
        assert!(matches!(parsed("types"), Ok(Command::Types)));
        assert!(matches!(parsed("./doc"), Ok(Command::Run { script: Source::File(_), .. })));
        assert!(matches!(parsed("- a b"), Ok(Command::Run { script: Source::Stdin, .. })));
        assert!(matches!(parse(&["nsh".into()]), Ok(Command::Interactive { .. })));
        assert!(matches!(parsed("--host"), Ok(Command::Interactive { .. })));
    }

    #[test]
    fn wrong_usage_is_one_line_and_status_2() {
        for line in
            ["--bogus", "--timeout 0 x", "--timeout -1 x", "--timeout nan x", "doc a b", "-e", "--write"]
        {
            let e = parsed(line).unwrap_err();
            assert_eq!(e.status, 2, "{line}");
            assert!(e.on_stderr && e.text.lines().count() == 1, "{line}: {}", e.text);
            assert!(e.text.starts_with("nsh: "), "{}", e.text);
        }
        assert_eq!(parsed("--version").unwrap_err().status, 0);
        assert!(parsed("--help").unwrap_err().text.contains("nsh [OPTIONS] -e CODE [ARGS...]"));
    }
}
