//! `!COMMAND`: a line for the shell, in the prompt's namespace, on the terminal.

use std::io::IsTerminal;

use mlua::Lua;

use super::Session;
use super::colour::Paint;
use super::input::{self, Parsed};
use crate::error::Result;
use crate::net::hosts;
use crate::net::namespace::HOST;
use crate::proc::{self, Context, Exit, Place, Spec};
use crate::translate;

/// Whether a text is a command such as `ip link add ...`, and no Lua.
pub fn is_command(lua: &Lua, text: &str) -> bool {
    // `route -n` and `ss -tln` are expressions of Lua's, too; a statement such as `ip = 1` is meant as it stands.
    !text.contains('\n')
        && translate::line(text, HOST).is_some()
        && !matches!(input::parse(lua, text), Parsed::Chunk { expression: false, .. })
}

/// `ip addr` and the like, typed as they are: shows the Lua that it stands for, and runs it. `None` if it is none.
pub fn translated(session: &mut Session<'_>, text: &str) -> mlua::Result<Option<String>> {
    if !is_command(session.lua, text) {
        return Ok(None);
    }
    let current = session.current.borrow().name().to_owned();
    match translate::line(text, &current) {
        Some(Ok(source)) => {
            println!("{}", session.colours.paint(Paint::Hint, source.trim_end()));
            Ok(Some(source))
        }
        Some(Err(reason)) => {
            session.complain(&reason.to_string());
            Ok(Some(String::new()))
        }
        None => Ok(None),
    }
}

/// The Lua that an argument such as that of `:watch` stands for: itself, or that of a command. `None` if it can't be
/// translated, which is told.
pub fn meant(session: &Session<'_>, text: &str) -> Option<String> {
    if !is_command(session.lua, text) {
        return Some(text.to_owned());
    }
    match translate::line(text, session.current.borrow().name())? {
        Ok(source) => Some(source),
        Err(reason) => {
            session.complain(&reason.to_string());
            None
        }
    }
}

/// Runs the line, the last one again for `!`. Returns what there is to say about how it ended.
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
    let hosts = match &session.lab.place.hosts {
        Some(of_host) => hosts::refresh(&session.lab.namespaces, &ns, of_host)?,
        None => None,
    };
    let place = session.lab.place.clone();
    let context = Context { open_files: place.open_files, on_host: !place.sandboxed };
    let spec = Spec { hosts, ..Spec::shell(&line) };
    let exit = if std::io::stdin().is_terminal() {
        proc::foreground(Place::of(&ns)?, &spec, &context)?
    } else {
        let output = proc::exec(Place::of(&ns)?, &spec, &context)?;
        print!("{}", String::from_utf8_lossy(&output.stdout.bytes()));
        eprint!("{}", String::from_utf8_lossy(&output.stderr.bytes()));
        output.exit
    };
    Ok((exit != Exit::Code(0)).then(|| exit.to_string()))
}
