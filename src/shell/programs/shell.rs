//! The shell's own commands, and programs that run other commands.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Reason, Result};
use super::super::lua::Piece;
use super::Context;

/// What is left of a command without what stands in front.
pub enum Wrapped<'a> {
    Command(&'a [Arg]),
    /// A shell of its own, in which the following commands are run.
    Shell,
    Plain,
}

/// Takes `sudo`, `time`, `nohup` and the like away.
pub fn unwrap(words: &[Arg]) -> Result<Wrapped<'_>> {
    let Some(name) = words.first() else { return Ok(Wrapped::Plain) };
    let skip = |from: usize, with: &[&str]| {
        let mut at = from;
        while let Some(option) = words.get(at).map(Arg::text).filter(|t| t.starts_with('-')) {
            at += 1 + usize::from(with.contains(&option));
            if option == "--" {
                break;
            }
        }
        words.get(at..).unwrap_or_default()
    };
    match super::base(name.text()) {
        "sudo" | "doas" => {
            let shell = words.iter().skip(1).any(|w| ["-i", "-s", "--login", "--shell"].contains(&w.text()));
            let mut inner = skip(1, &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R"]);
            while inner.first().is_some_and(|w| w.text().contains('=') && !w.text().starts_with('=')) {
                inner = &inner[1..];
            }
            match (inner.is_empty(), shell) {
                (true, true) => Ok(Wrapped::Shell),
                (true, false) => Ok(Wrapped::Command(&[])),
                _ => Ok(Wrapped::Command(inner)),
            }
        }
        "su" => match words.iter().any(|w| w.is("-c")) {
            true => Err(Reason::new("su -c: what it does is not known")),
            false => Ok(Wrapped::Shell),
        },
        "time" | "nohup" | "command" | "exec" | "builtin" | "stdbuf" | "unbuffer" => {
            match skip(1, &["-o", "-i", "-e"]) {
                [] => Ok(Wrapped::Plain),
                inner => Ok(Wrapped::Command(inner)),
            }
        }
        "timeout" => {
            let inner = skip(1, &["-s", "-k"]);
            Ok(Wrapped::Command(inner.get(1..).unwrap_or_default()))
        }
        "env" => {
            let mut inner = skip(1, &["-u"]);
            while inner.first().is_some_and(|w| w.text().contains('=')) {
                inner = &inner[1..];
            }
            if inner.is_empty() { Ok(Wrapped::Plain) } else { Ok(Wrapped::Command(inner)) }
        }
        _ => Ok(Wrapped::Plain),
    }
}

/// `nsenter --net=/run/netns/NAME COMMAND`: where it is, and what is run there; nothing for a shell.
pub fn nsenter(args: &[Arg]) -> Result<(Space, Vec<Arg>)> {
    let mut args = Args::new(args.to_vec());
    let mut space = None;
    while let Some(arg) = args.peek().cloned() {
        let at = arg.without("--net=").or_else(|| arg.without("-n"));
        let path = match at {
            _ if arg.is("--") => {
                args.take();
                break;
            }
            Some(path) => path,
            None if arg.text().starts_with('-') => {
                return Err(Reason::new(format!(
                    "nsenter {}: only --net=/run/netns/NAME is known",
                    arg.shown()
                )));
            }
            None => break,
        };
        args.take();
        let name = path.without("/var/run/netns/").or_else(|| path.without("/run/netns/"));
        match name {
            Some(name) => space = Some(Space::Named(name)),
            None => return Err(Reason::new("nsenter: only --net=/run/netns/NAME is known")),
        }
    }
    let space = space
        .ok_or_else(|| Reason::new("nsenter: which namespace?").hint("--net=/run/netns/NAME names it"))?;
    Ok((space, args.rest().to_vec()))
}

/// Translates a command of the shell itself, if it is one.
pub fn builtin(name: &str, rest: &[Arg], cx: &mut Context) -> Option<Result<Vec<Act>>> {
    let nothing = |why: &str| Some(Ok(vec![Act::Nothing(why.to_owned())]));
    match name {
        "true" | ":" | "clear" | "reset" | "set" => nothing(""),
        "sleep" | "trap" | "shopt" | "setopt" | "wait" | "jobs" | "disown" | "fg" | "bg" | "unset"
        | "hash" => nothing("not needed"),
        "echo" => Some(Ok(vec![echo(rest)])),
        "exit" | "logout" => Some(Ok(vec![Act::Leave(rest.first().cloned())])),
        "kill" | "killall" | "pkill" => Some(kill(name, rest)),
        "export" | "declare" | "local" | "readonly" | "typeset" => Some(assignments(rest)),
        "bash" | "sh" | "zsh" | "dash" | "ash" => Some(shell(rest, cx)),
        "[" | "[[" | "test" => Some(Err(Reason::new("conditions of the shell are not translated"))),
        "modprobe" => Some(Err(Reason::new("kernel modules can't be loaded from a lab")
            .hint("the kernel loads what a link or rule needs by itself"))),
        "apt" | "apt-get" | "yum" | "dnf" | "apk" | "pip" | "pip3" => {
            Some(Err(Reason::new("nothing is installed from a lab")))
        }
        _ => None,
    }
}

fn echo(rest: &[Arg]) -> Act {
    let mut words = rest;
    let (mut newline, mut escapes) = (true, false);
    while let Some(option) =
        words.first().map(Arg::text).filter(|t| ["-n", "-e", "-ne", "-en", "-E"].contains(t))
    {
        newline &= !option.contains('n');
        escapes |= option.contains('e');
        words = &words[1..];
    }
    let mut text =
        words.iter().cloned().reduce(|all, word| all.joined(" ", word)).unwrap_or_else(|| Arg::of(""));
    if escapes {
        for piece in &mut text.pieces {
            if let Piece::Text(text) = piece {
                *text = text
                    .replace("\\n", "\n")
                    .replace("\\t", "\t")
                    .replace("\\e", "\u{1b}")
                    .replace("\\033", "\u{1b}");
            }
        }
    }
    let function = if newline { "print" } else { "io.write" };
    let printed = if rest.is_empty() { Vec::new() } else { vec![text.expr()] };
    Act::Do(Call::new(&Space::Here, function, printed))
}

/// What a command line of `echo` prints, for those that read it.
pub fn echoed(rest: &[Arg]) -> Arg {
    let newline = !rest.first().is_some_and(|w| w.is("-n"));
    let words = rest.iter().filter(|w| !["-n", "-e", "-E"].contains(&w.text())).cloned();
    let text = words.reduce(|all, word| all.joined(" ", word)).unwrap_or_else(|| Arg::of(""));
    if newline { text.with("\n") } else { text }
}

/// `kill $!`, `kill %1`, `kill $PID`: what was begun last, or that which a variable remembers.
fn kill(name: &str, rest: &[Arg]) -> Result<Vec<Act>> {
    if name != "kill" {
        return Err(Reason::new(format!("{name}: which process is meant is not known")));
    }
    let targets: Vec<&Arg> = rest.iter().filter(|a| !a.text().starts_with('-')).collect();
    let mut acts = Vec::new();
    for target in targets {
        match (target.text(), target.pieces.as_slice()) {
            ("%1" | "%%" | "%", _) => acts.push(Act::Stop(None)),
            (_, [Piece::Code { code, .. }]) => acts.push(Act::Stop(Some(code.clone()))),
            _ => return Err(Reason::new("kill: which process is meant is not known")),
        }
    }
    if acts.is_empty() { Err(Reason::new("kill: which process is meant is not known")) } else { Ok(acts) }
}

fn assignments(rest: &[Arg]) -> Result<Vec<Act>> {
    let mut acts = Vec::new();
    for arg in rest.iter().filter(|a| !a.text().starts_with('-')) {
        let Some(Piece::Text(first)) = arg.pieces.first() else {
            return Err(Reason::new("which variable is set, is only known when the script runs"));
        };
        if let Some((name, _)) = first.split_once('=') {
            let value = arg.without(&format!("{name}=")).unwrap_or_default();
            acts.push(Act::Assign(name.to_owned(), value));
        }
    }
    if acts.is_empty() {
        acts.push(Act::Nothing("not needed".to_owned()));
    }
    Ok(acts)
}

/// `bash -c COMMANDS`, or a shell in which the following commands are run.
fn shell(rest: &[Arg], cx: &Context) -> Result<Vec<Act>> {
    let unknown = || Reason::new("what it runs is only known when the script runs");
    let mut args = Args::new(rest.to_vec());
    while let Some(arg) = args.take() {
        match arg.text() {
            "-c" | "-xc" | "-ec" | "-lc" => {
                let text = args.value("-c")?;
                let text = text.known.ok_or_else(unknown)?;
                return Ok(vec![Act::Script { space: cx.space.clone(), text }]);
            }
            "--rcfile" | "--init-file" => drop(args.take()),
            option if option.starts_with('-') => {}
            _ => return Err(Reason::new("other scripts are not followed").hint("translate them too")),
        }
    }
    let space = cx.space.clone();
    match &cx.input {
        None => Ok(vec![Act::Enter(Some(space))]),
        Some(text) => Ok(vec![Act::Script { space, text: text.known.clone().ok_or_else(unknown)? }]),
    }
}
