//! The prompt: reads Lua line by line, runs it, prints what it gives.

mod attach;
mod pause;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::fd::AsFd;

use mlua::{Lua, MultiValue, Value};

use crate::lua::lab::{Lab, Place};
use crate::lua::{self, Raised, status};
use crate::wait::{self, Deadline};

pub use pause::pause;

/// Reads and runs until the end of the input; returns nsh's exit status.
pub fn run(place: Place, trace: bool, setup: fn(&Lua) -> mlua::Result<()>) -> i32 {
    lua::with_interpreter(place, trace, setup, |lua, lab| read_and_run(lua, lab, "nsh> "))
}

/// The same in a lab that is there already: its namespaces are globals, and what acts on `host` elsewhere acts on
/// the one that is named.
pub fn attach(place: Place, trace: bool, setup: fn(&Lua) -> mlua::Result<()>, namespace: &str) -> i32 {
    lua::with_interpreter(place, trace, setup, |lua, lab| {
        let prompt = attach::prepare(lua, lab, namespace)?;
        read_and_run(lua, lab, &prompt)
    })
}

fn read_and_run(lua: &Lua, lab: &Lab, first: &str) -> mlua::Result<i32> {
    let stdin = io::stdin();
    let input = stdin.as_fd().try_clone_to_owned().map_err(mlua::Error::external)?;
    talk(lua, lab, input.into(), stdin.is_terminal().then_some(first))?;
    Ok(status::SUCCESS)
}

/// Reads and runs until the end of the input; `first` is the prompt, if there is somebody to be prompted.
fn talk(lua: &Lua, lab: &Lab, input: File, first: Option<&str>) -> mlua::Result<()> {
    let mut lines = Lines(BufReader::new(input));
    let mut input = String::new();
    loop {
        if let Some(first) = first {
            let next = format!("{:>width$}", "-> ", width = first.len());
            prompt(if input.is_empty() { first } else { &next });
        }
        match lines.read(&mut input) {
            Line::End => return Ok(()),
            Line::Interrupted => {
                lua::resume(lua)?;
                input.clear();
                println!();
                continue;
            }
            Line::Read => {}
        }
        match parse(lua, &input) {
            Parsed::Incomplete => continue,
            Parsed::Wrong(message) => eprintln!("{message}"),
            Parsed::Chunk(chunk) => evaluate(lua, lab, chunk)?,
        }
        input.clear();
    }
}

fn prompt(text: &str) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

enum Line {
    Read,
    Interrupted,
    End,
}

/// The input, line by line, woken by an interrupt.
struct Lines(BufReader<File>);

impl Lines {
    /// Appends a line to `input`. An interrupt gives up the input so far.
    fn read(&mut self, input: &mut String) -> Line {
        let waits = self.0.buffer().is_empty();
        if waits && wait::readable(self.0.get_ref().as_fd(), Deadline::NEVER).is_err() {
            return Line::Interrupted;
        }
        let mut line = Vec::new();
        match self.0.read_until(b'\n', &mut line) {
            Ok(0) => Line::End,
            Ok(_) => {
                input.push_str(&String::from_utf8_lossy(&line));
                Line::Read
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Line::Interrupted,
            Err(_) => Line::End,
        }
    }
}

enum Parsed {
    Chunk(mlua::Function),
    Incomplete,
    Wrong(String),
}

/// As an expression first, so that `link.list()` prints; then as statements.
fn parse(lua: &Lua, input: &str) -> Parsed {
    let load = |text: &str| lua.load(text).set_name("=nsh").into_function();
    if let Ok(chunk) = load(&format!("return {input}")) {
        return Parsed::Chunk(chunk);
    }
    match load(input) {
        Ok(chunk) => Parsed::Chunk(chunk),
        Err(mlua::Error::SyntaxError { incomplete_input: true, .. }) => Parsed::Incomplete,
        Err(mlua::Error::SyntaxError { message, .. }) => Parsed::Wrong(message),
        Err(e) => Parsed::Wrong(e.to_string()),
    }
}

fn evaluate(lua: &Lua, lab: &Lab, chunk: mlua::Function) -> mlua::Result<()> {
    match lua::call(lua, lab, chunk, MultiValue::new())? {
        Ok(results) if results.is_empty() => {}
        Ok(results) => {
            let print: mlua::Function = lua.globals().get("print")?;
            if let Ok(Err(raised)) = lua::call(lua, lab, print, results) {
                lua::report(lua, &raised);
            }
        }
        Err(Raised { value: Value::Nil, .. }) if wait::interrupted().is_some() => {}
        Err(raised) => {
            lua::report(lua, &raised);
        }
    }
    if wait::interrupted().is_some() {
        lua::resume(lua)?;
    }
    Ok(())
}
