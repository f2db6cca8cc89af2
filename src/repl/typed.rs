//! `!COMMAND`: a line for the shell, in the prompt's namespace, on the terminal.

use std::io::IsTerminal;

use mlua::Lua;

use super::colour::Paint;
use super::commands::{self, Flow};
use super::input::{self, Parsed};
use super::paste::{self, Part};
use super::{Session, names, screen};
use crate::base::error::Result;
use crate::base::wait;
use crate::net::hosts;
use crate::net::namespace::{HOST, Namespace};
use crate::proc::{self, Context, Exit, Place, Spec};
use crate::shell::{self, Program, Typed, What};

/// Whether a text is a command such as `ip link add ...`, and no Lua.
pub fn is_command(lua: &Lua, text: &str) -> bool {
    // `route -n` and `ss -tln` are expressions of Lua's, too; a statement such as `ip = 1` is meant as it stands.
    !text.contains('\n')
        && shell::is_typed(text)
        && !matches!(input::parse(lua, text), Parsed::Chunk { expression: false, .. })
}

/// Whether all lines are shell comments, and none is a Lua expression such as `#t`.
pub fn is_comment(lua: &Lua, text: &str) -> bool {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).all(|line| {
        let Some(rest) = line.strip_prefix('#') else { return false };
        let apart = rest.is_empty() || rest.starts_with([' ', '\t', '!', '#']);
        apart || matches!(input::parse(lua, line), Parsed::Wrong(_))
    })
}

/// `h1 ping h2`: the namespace, and the command to run there.
pub fn in_namespace<'t>(session: &Session<'_>, text: &'t str) -> Option<(&'t str, &'t str)> {
    let (name, command) = text.split_once([' ', '\t'])?;
    let command = command.trim_start();
    let begins =
        command.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '['));
    let sound = begins && !text.contains('\n') && matches!(input::parse(session.lua, text), Parsed::Wrong(_));
    let there = || name == HOST || session.lab.namespaces.get(name).is_ok_and(|ns| ns.is_some());
    (sound && there()).then_some((name, command))
}

/// Runs such a command: known ones as `ip netns exec` would, all others as `!` does.
pub fn elsewhere(session: &mut Session<'_>, text: &str) -> mlua::Result<()> {
    let Some((name, inner)) = in_namespace(session, text) else { return Ok(()) };
    let word = inner.split_whitespace().next().unwrap_or_default();
    let opens = matches!(inner, "bash" | "sh" | "xterm");
    if opens || shell::is_typed(inner) {
        let inner = if opens { "bash" } else { inner };
        return match name {
            HOST if !opens => command(session, inner),
            _ => command(session, &format!("ip netns exec {name} {inner}")),
        };
    }
    if !proc::installed(word) && !word.contains('/') {
        session.complain(&format!("{word}: there is no such program to run in {name}"));
        return Ok(());
    }
    let ran = session.lab.namespaces.require(name).and_then(|ns| in_front(session, &ns, Spec::shell(inner)));
    match ran {
        Ok(note) => note.iter().for_each(|note| session.hint(note)),
        Err(e) => session.complain(&e.to_string()),
    }
    Ok(())
}

/// Whether a line leaves a shell, or else the prompt.
pub fn is_exit(lua: &Lua, text: &str) -> bool {
    let (word, status) = text.split_once(' ').unwrap_or((text, "0"));
    matches!(word, "exit" | "logout")
        && status.trim().parse::<u8>().is_ok()
        && lua.globals().raw_get::<mlua::Value>(word).is_ok_and(|value| value.is_nil())
}

/// Leaves the shell that was opened last; false if there is none.
pub fn leave(session: &mut Session<'_>) -> mlua::Result<bool> {
    match session.shells.pop() {
        Some(before) => commands::run(session, "use", &before).map(|_| true),
        None => Ok(false),
    }
}

/// `ip netns exec ns1 bash`: later inputs act in that namespace.
fn enter(session: &mut Session<'_>, name: Option<&str>) -> mlua::Result<bool> {
    let before = session.current.borrow().name().to_owned();
    if let Some(name) = name {
        commands::run(session, "use", name)?;
        if session.current.borrow().name() != name {
            return Ok(false);
        }
    }
    session.hint(&format!("exit goes back to {before}"));
    session.shells.push(before);
    Ok(true)
}

/// `ip addr` and the like, typed as they are: shows the Lua that each stands for, and runs it. `line` is where the text
/// begins in an input of several lines. Reports failures; false if there were any.
pub fn translated(
    session: &mut Session<'_>,
    typed: &mut Typed,
    text: &str,
    line: Option<usize>,
) -> mlua::Result<bool> {
    let current = session.current.borrow().name().to_owned();
    let of = |step: usize, source: &str| line.map(|line| format!("line {}: {source}", line + step));
    let steps = match typed.read(text, &current) {
        Ok(steps) => steps,
        Err(_) if line.is_none() && session.shell.may_read(text) => return Ok(by_shell(session, text)),
        Err(reason) => {
            let place = of(0, text.lines().next().unwrap_or_default());
            session.complain(&place.into_iter().chain([reason.to_string()]).collect::<Vec<_>>().join(": "));
            return Ok(false);
        }
    };
    let mut all = true;
    for step in steps {
        let place = of(step.line, &step.source);
        let well = match step.what {
            Ok(What::Lua { code, needs, program }) => show_and_run(session, &code, &needs, program.as_ref())?,
            Ok(What::Enter(name)) => enter(session, name.as_deref())?,
            Ok(What::Leave) => {
                if !leave(session)? {
                    session.hint("exit: Ctrl-D leaves the prompt");
                }
                true
            }
            Err(_) if line.is_none() && session.shell.may_read(text) => return Ok(by_shell(session, text)),
            Err(reason) => {
                let reason = reason.to_string();
                session.complain(&place.into_iter().chain([reason]).collect::<Vec<_>>().join(": "));
                all = false;
                if typed.ends_at_errors() {
                    break;
                }
                continue;
            }
        };
        if let (false, Some(place)) = (well, place) {
            eprintln!("{}", session.colours.paint(Paint::Hint, &screen::harmless(&place)));
        }
        all &= well;
        if wait::interrupted().is_some() || (!well && typed.ends_at_errors()) {
            return Ok(false);
        }
    }
    Ok(all)
}

fn show_and_run(
    session: &mut Session<'_>,
    code: &str,
    needs: &[String],
    program: Option<&Program>,
) -> mlua::Result<bool> {
    let code = code.trim_end();
    if code.trim().is_empty() {
        return Ok(true);
    }
    names::bind_namespaces(session, code)?;
    session.hint(code);
    for name in needs {
        if let Err(e) = session.lab.namespaces.require(name) {
            session.complain(&e.to_string());
            return Ok(false);
        }
    }
    let well = match program.filter(|_| is_on_terminal()) {
        Some(program) => on_terminal(session, program),
        None => session.evaluate(code)?,
    };
    if well {
        session.keep(code);
    }
    Ok(well)
}

fn is_on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Runs a program on the terminal, where its output appears at once. Reports a failure, and returns false.
fn on_terminal(session: &Session<'_>, program: &Program) -> bool {
    let ns = match &program.namespace {
        Some(name) => session.lab.namespaces.require(name),
        None => Ok(session.current.borrow().clone()),
    };
    match ns.and_then(|ns| in_front(session, &ns, Spec::args(&program.words))) {
        Ok(note) => {
            note.iter().for_each(|note| session.hint(note));
            note.is_none()
        }
        Err(e) => {
            session.complain(&e.to_string());
            false
        }
    }
}

/// A command that was typed by itself.
pub fn command(session: &mut Session<'_>, text: &str) -> mlua::Result<()> {
    let mut typed = Typed::new(text, names::globals(session));
    // What was begun beside the prompt goes on, and can be asked at any time.
    translated(session, &mut typed, text, None).map(drop)
}

/// Runs an input of several lines that are not all Lua. As with lines typed one by one, the rest still runs after an
/// error, unless `set -e` was among them.
pub fn pasted(session: &mut Session<'_>, text: &str, parts: &[Part<'_>]) -> mlua::Result<Flow> {
    let mut typed = Typed::new(text, names::globals(session));
    for (i, part) in parts.iter().enumerate() {
        let place = format!("line {}: {}", part.line, part.text.lines().next().unwrap_or_default());
        let well = match &part.what {
            paste::What::Own => match session.answer(part.text)? {
                Flow::GoOn => true,
                flow => return Ok(flow),
            },
            paste::What::Shell => translated(session, &mut typed, part.text, Some(part.line))?,
            paste::What::Lua => {
                let well = session.run_lua(part.text)?;
                if !well {
                    eprintln!("{}", session.colours.paint(Paint::Hint, &screen::harmless(&place)));
                }
                well
            }
            paste::What::Unknown(message) => {
                let reason = message.split_once(": ").map_or(message.as_str(), |(_, reason)| reason);
                session.complain(&format!("{place}: neither Lua ({reason}) nor a command that is known"));
                false
            }
            paste::What::Incomplete => {
                session.complain(&format!("{place}: it has no end"));
                false
            }
        };
        let ends = wait::interrupted().is_some() || (!well && typed.ends_at_errors());
        if let (true, Some(next)) = (ends, parts.get(i + 1)) {
            let note = format!("line {} and what follows were not run", next.line);
            session.hint(&note);
        }
        if ends {
            return Ok(Flow::GoOn);
        }
    }
    show_and_run(session, &typed.reports(), &[], None)?;
    Ok(Flow::GoOn)
}

/// A note on a line that begins with a program's name and would fail as Lua, where `cat /etc/hostname` is arithmetic.
pub fn meant_for_shell(lua: &Lua, text: &str) -> Option<String> {
    if let Some(note) = of_shell(lua, text) {
        return Some(note);
    }
    let (word, rest) = text.trim().split_once(' ')?;
    let defined = lua.globals().raw_get::<mlua::Value>(word).is_ok_and(|value| !value.is_nil());
    let compared = ["==", "~=", "=", "and ", "or "].iter().any(|op| rest.trim_start().starts_with(op));
    let sound = !text.contains('\n') && !defined && !compared && proc::installed(word);
    let statement = || matches!(input::parse(lua, text), Parsed::Chunk { expression: false, .. });
    (sound && !statement()).then(|| format!("{word} is a program: use !{} to run it", text.trim()))
}

/// A note on words that only a shell knows.
fn of_shell(lua: &Lua, text: &str) -> Option<String> {
    let text = text.trim();
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let defined = lua.globals().raw_get::<mlua::Value>(word).is_ok_and(|value| !value.is_nil());
    if defined
        || text.contains('\n')
        || matches!(input::parse(lua, text), Parsed::Chunk { expression: false, .. })
    {
        return None;
    }
    let (name, value) = rest.trim().split_once('=').unwrap_or((rest.trim(), "..."));
    match word {
        "cd" | "pushd" | "popd" => {
            Some(format!("the prompt stays in its directory; !{text} && COMMAND runs one elsewhere"))
        }
        "export" | "declare" | "setenv" => Some(format!(
            "{word}: the prompt has Lua's variables, {name} = {value:?}; !{name}={value} COMMAND runs one with it"
        )),
        "alias" | "source" | "." | "unset" | "eval" => {
            Some(format!("{word} is a shell's own; nsh runs Lua: a function, :load FILE, or !COMMAND"))
        }
        _ if word.starts_with('$') && input_is_wrong(lua, text) => {
            Some(format!("{word} is a shell's; a variable of Lua's has no $, and !COMMAND runs a shell"))
        }
        _ => None,
    }
}

fn input_is_wrong(lua: &Lua, text: &str) -> bool {
    matches!(input::parse(lua, text), Parsed::Wrong(_))
}

/// The Lua for an argument such as that of `:watch`: the argument itself, or the translation of a command. Reports what
/// can't be translated, and returns `None`.
pub fn meant(session: &Session<'_>, text: &str) -> Option<String> {
    if !is_command(session.lua, text) {
        return Some(text.to_owned());
    }
    match shell::line(text, session.current.borrow().name(), names::globals(session))? {
        Ok(source) => Some(source),
        Err(reason) => {
            session.complain(&reason.to_string());
            None
        }
    }
}

/// Runs the line, or the last one again for `!`. Returns a note if it failed.
pub fn run(session: &mut Session<'_>, line: &str) -> Result<Option<String>> {
    let line = match line {
        "!" => match &session.last_command {
            Some(last) => last.clone(),
            None => return Ok(Some("there was no command before".to_owned())),
        },
        line => line.to_owned(),
    };
    if line.is_empty() {
        return Ok(Some(
            "!COMMAND runs a command in the prompt's namespace, such as !ip -br addr".to_owned(),
        ));
    }
    if session.last_command.as_deref() == Some(line.as_str()) {
        println!("{line}");
    }
    session.last_command = Some(line.clone());
    let ns = session.current.borrow().clone();
    in_front(session, &ns, session.shell.spec(&line))
}

/// Runs a line that only a shell can read; false if it failed, which is told.
pub fn by_shell(session: &mut Session<'_>, line: &str) -> bool {
    let ran = run(session, line.trim());
    match &ran {
        Ok(note) => note.iter().for_each(|note| session.hint(note)),
        Err(e) => session.complain(&e.to_string()),
    }
    matches!(ran, Ok(None))
}

/// Runs a program in a namespace, on the terminal if there is one. Returns a note if it failed.
fn in_front(session: &Session<'_>, ns: &Namespace, spec: Spec) -> Result<Option<String>> {
    let hosts = match &session.lab.place.hosts {
        Some(of_host) => hosts::refresh(&session.lab.namespaces, ns, of_host)?,
        None => None,
    };
    let place = session.lab.place.clone();
    let context = Context { open_files: place.open_files, on_host: !place.sandboxed };
    let spec = Spec { hosts, ..spec };
    let exit = if std::io::stdin().is_terminal() {
        proc::foreground(Place::of(ns)?, &spec, &context)?
    } else {
        let output = proc::exec(Place::of(ns)?, &spec, &context)?;
        print!("{}", String::from_utf8_lossy(&output.stdout.bytes()));
        eprint!("{}", String::from_utf8_lossy(&output.stderr.bytes()));
        output.exit
    };
    Ok((exit != Exit::Code(0)).then(|| exit.to_string()))
}
