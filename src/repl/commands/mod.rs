//! The prompt's own commands, `:use` and the like: one table from which they are found, completed and told.

mod history;
pub mod jobs;
pub mod mininet;
mod monitor;
mod picture;
mod save;
mod simple;

use std::rc::Rc;

use super::Session;
use super::complete::{Completer, Completion};
use crate::base::terminal;
use crate::base::text::hang;
use crate::net::namespace::Namespace;

pub use monitor::Monitor;
pub use save::Entry;

/// What follows a command.
pub enum Flow {
    GoOn,
    /// The session ends, and a new one begins in a fresh lab.
    Reset,
    Quit,
    /// The session ends because its input failed.
    Lost,
}

/// What a command's argument is, for completion.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Command,
    Namespace,
    File,
    Lua,
    /// The name of a variable.
    Variable,
    /// Nothing that could be completed.
    Word,
    Words(&'static [&'static str]),
}

type Run = fn(&mut Session<'_>, &str) -> mlua::Result<Flow>;

struct Command {
    name: &'static str,
    /// As in a synopsis.
    arguments: &'static str,
    doc: &'static str,
    takes: Takes,
    run: Run,
}

const fn command(
    name: &'static str,
    arguments: &'static str,
    takes: Takes,
    run: Run,
    doc: &'static str,
) -> Command {
    Command { name, arguments, doc, takes, run }
}

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    command("help", "[COMMAND]", Takes::Command, simple::help, "these commands, or one of them"),
    command("use", "[NAMESPACE]", Takes::Namespace, simple::use_namespace,
        "the namespace that globals and ! act on; host without a name"),
    command("ns", "", Takes::Nothing, simple::namespaces,
        "the namespaces, with their links and addresses in brief"),
    command("net", "[NAMESPACE]", Takes::Namespace, picture::run,
        "a picture of the lab, or of a namespace and what it is linked to"),
    command("watch", "EXPR [SECONDS]", Takes::Lua, simple::watch,
        "shows an expression again and again, every 2 seconds; Ctrl-C ends it"),
    command("pingall", "", Takes::Nothing, mininet::pingall,
        "pings from each namespace with an address to each other one"),
    command("jobs", "", Takes::Nothing, jobs::list,
        "what runs beside the prompt: servers, captures, processes"),
    command("stop", "NAME", Takes::Variable, jobs::stop, "ends one of these jobs"),
    command("monitor", "[on|off]", Takes::Words(&["on", "off"]), monitor::run,
        "shows what changes in the lab, as it happens, above the prompt"),
    command("echo", "[on|off]", Takes::Words(&["on", "off"]), simple::echo,
        "shows with each call the commands of ip, nft, sysctl that do the same"),
    command("time", "[-n COUNT] EXPR", Takes::Lua, simple::time,
        "how long an expression takes, or each of several times"),
    command("history", "[WORD]", Takes::Word, history::list,
        "earlier inputs, or those that contain a word"),
    command("edit", "[NUMBER]", Takes::Word, history::edit,
        "opens the last input, or one of :history, in $VISUAL or $EDITOR, then runs it"),
    command("load", "FILE", Takes::File, simple::load, "runs a Lua file here"),
    command("save", "FILE", Takes::File, save::run, "writes the session's successful inputs as a script"),
    command("trace", "", Takes::Nothing, simple::trace, "the traceback of the last error"),
    command("reset", "", Takes::Nothing, simple::reset, "begins anew in a fresh lab"),
    command("quit", "", Takes::Nothing, simple::quit, "ends the lab (as Ctrl-D)"),
];

/// Runs a command by its name or the beginning of it, where only one begins so.
pub fn run(session: &mut Session<'_>, name: &str, arguments: &str) -> mlua::Result<Flow> {
    let mut fitting: Vec<&Command> = COMMANDS.iter().filter(|c| c.name.starts_with(name)).collect();
    if let Some(exact) = COMMANDS.iter().find(|c| c.name == name) {
        fitting = vec![exact];
    }
    match &fitting[..] {
        [command] => {
            if command.takes == Takes::Nothing && !arguments.is_empty() {
                return session.refuse(&format!(":{} takes no arguments", command.name));
            }
            (command.run)(session, arguments)
        }
        [] => {
            let names = COMMANDS.iter().map(|c| c.name);
            let near = crate::lua::schema::did_you_mean(name, names);
            let hint = near
                .map_or("; :help lists the commands".to_owned(), |near| format!("; did you mean :{near}?"));
            session.refuse(&format!("there is no command :{name}{hint}"))
        }
        several => {
            let names: Vec<String> = several.iter().map(|c| format!(":{}", c.name)).collect();
            session.refuse(&format!(":{name} could be {}", names.join(", ")))
        }
    }
}

/// What one command does, by its name with or without the colon, or the beginning of it; if none, all.
pub fn help_of(name: &str) -> String {
    let word = name.trim().trim_start_matches(':');
    let found: Vec<&Command> = COMMANDS.iter().filter(|c| c.name.starts_with(word)).collect();
    if found.is_empty() {
        return format!("there is no command :{word}; :help lists the commands\n");
    }
    let line = |c: &&Command| format!("{}\n  {}\n", format!(":{} {}", c.name, c.arguments).trim_end(), c.doc);
    match found.iter().find(|c| c.name == word) {
        Some(exact) => line(exact),
        None => found.iter().map(line).collect(),
    }
}

/// All commands with what they do.
pub fn overview() -> String {
    let heads: Vec<String> =
        COMMANDS.iter().map(|c| format!(":{} {}", c.name, c.arguments).trim_end().to_owned()).collect();
    let width = heads.iter().map(String::len).max().unwrap_or(0);
    let line = |head: &str, doc: &str| {
        format!("  {head:width$}  {}\n", hang(doc, width + 4, terminal::text_width()))
    };
    let own = heads.iter().zip(COMMANDS).map(|(head, command)| line(head, command.doc));
    let others = [
        ("!COMMAND", "a shell command in the prompt's namespace; !! repeats the last"),
        ("NAME COMMAND", "a command in a namespace: h1 ping -c 1 h2"),
        ("?NAME, NAME?", "help, as help(NAME), help NAME and help \"WORD\"; NAME?? shows all of a value"),
        ("_, __", "the last result, and the one before"),
    ];
    own.chain(others.iter().map(|(head, doc)| line(head, doc))).collect()
}

/// Completes a command line: `:us`, `:use n`, `:time link.l`, `!cat fi`.
pub fn complete(completer: &Completer, before: &str, ns: &Rc<Namespace>) -> Completion {
    let word_start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = &before[word_start..];
    let line = before.trim_start();
    if let Some(shell) = line.strip_prefix('!') {
        let inner = completer.shell(shell, ns);
        return Completion { start: inner.start + before.len() - shell.len(), ..inner };
    }
    let Some((name, _)) = line.split_once(char::is_whitespace) else {
        return Completion::of(word_start, word, COMMANDS.iter().map(|c| format!(":{} ", c.name)).collect());
    };
    let takes = COMMANDS.iter().find(|c| name == format!(":{}", c.name)).map_or(Takes::Nothing, |c| c.takes);
    let candidates = match takes {
        Takes::Nothing | Takes::Word => Vec::new(),
        Takes::Variable => completer.jobs(),
        Takes::Command => COMMANDS.iter().map(|c| c.name.to_owned()).collect(),
        Takes::Namespace => completer.namespaces(),
        Takes::File => completer.files(word),
        Takes::Words(words) => words.iter().map(|w| (*w).to_owned()).collect(),
        Takes::Lua => {
            let from = before.len() - line.len() + name.len();
            let inner = completer.complete(&before[from..], ns);
            return Completion { start: inner.start + from, ..inner };
        }
    };
    Completion::of(word_start, word, candidates)
}
