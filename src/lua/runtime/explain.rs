//! What a script raised, and how it is told: the parts for a report, and from them the plain message.

use std::cell::RefCell;

use mlua::{Function, Lua, MultiValue, Value};

use super::changes::Changes;
use super::failure::Failure;
use super::{bind, render};
use crate::base::error::{Error, Kind};
use crate::base::text::harmless;
use crate::base::wait;
use crate::lua::lab::Lab;
use crate::lua::schema::{self, raise};
use crate::lua::status;

/// What a script raised: the value itself, the script's line, and the way there (with `--trace`).
pub struct Raised {
    pub value: Value,
    pub at: Option<String>,
    /// The line of the called function itself that led there, where that is another one.
    pub called_at: Option<String>,
    pub traceback: Option<String>,
}

/// What went wrong, and the exit status that it stands for.
pub struct Explained {
    pub failure: Failure,
    pub status: i32,
}

/// The script that runs, for what is told of its failures.
#[derive(Default)]
pub struct Running {
    /// Its name as Lua tells it, and its lines.
    script: RefCell<(String, Vec<String>)>,
    /// The function that runs just now: the file, a test, what `eventually` tries.
    pub body: RefCell<Option<Function>>,
}

impl Running {
    /// Says which script runs.
    pub fn begin(&self, name: &str, source: &[u8]) {
        let lines = String::from_utf8_lossy(source).lines().map(str::to_owned).collect();
        *self.script.borrow_mut() = (chunk_name(name), lines);
    }

    /// What stands on a line of the script, or of one that it `require`d.
    fn source_at(&self, at: &str) -> Option<String> {
        let (file, line) = at.rsplit_once(':')?;
        let index = line.parse::<usize>().ok()?.checked_sub(1)?;
        let script = self.script.borrow();
        let text = if script.0 == file {
            script.1.get(index)?.clone()
        } else if file.ends_with(".lua") {
            std::fs::read_to_string(file).ok()?.lines().nth(index)?.to_owned()
        } else {
            return None;
        };
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// Calls a function as `xpcall` does, so that what it raises arrives as it is.
pub fn call(lua: &Lua, lab: &Lab, f: Function, args: MultiValue) -> mlua::Result<Result<MultiValue, Raised>> {
    let trace = lab.trace;
    let handler = lua.create_function(move |lua, e: Value| {
        let parts = lua.create_table()?;
        parts.raw_set(1, e)?;
        parts.raw_set(2, bind::position(lua))?;
        parts.raw_set(3, if trace { Some(lua.traceback(None, 1)?) } else { None })?;
        parts.raw_set(4, own_line(lua))?;
        Ok(parts)
    })?;
    let running = lab.part::<Running>();
    let outer = running.body.replace(Some(f.clone()));
    let called = protected(lua, f, handler, args);
    running.body.replace(outer);
    called
}

fn protected(
    lua: &Lua,
    f: Function,
    handler: Function,
    args: MultiValue,
) -> mlua::Result<Result<MultiValue, Raised>> {
    let xpcall: Function = lua.globals().get("xpcall")?;
    let mut all = MultiValue::from_iter([Value::Function(f), Value::Function(handler)]);
    all.extend(args);
    let mut results: MultiValue = xpcall.call(all)?;
    if matches!(results.pop_front(), Some(Value::Boolean(true))) {
        return Ok(Ok(results));
    }
    Ok(Err(match results.pop_front() {
        Some(Value::Table(parts)) if !bind::is_error(lua, &Value::Table(parts.clone())) => Raised {
            value: parts.raw_get(1)?,
            at: parts.raw_get(2)?,
            called_at: parts.raw_get(4)?,
            traceback: parts.raw_get(3)?,
        },
        // The handler itself could not run.
        other => Raised { value: other.unwrap_or(Value::Nil), at: None, called_at: None, traceback: None },
    }))
}

/// The line that the running test is at itself, or the file outside tests, where the script is in a function that it
/// called.
fn own_line(lua: &Lua) -> Option<String> {
    let lab = Lab::of(lua).ok()?;
    let body = lab.part::<Running>().body.borrow().clone()?;
    raise::line_in(lua, &body).filter(|own| bind::position(lua).is_some_and(|at| at != *own))
}

/// Tells on stderr what was raised, and returns the exit status that it stands for.
pub fn report(lua: &Lua, raised: &Raised) -> i32 {
    let Explained { failure, status } = explain(lua, raised);
    eprintln!("{}", text(&failure));
    status
}

/// The parts of what was raised. Call it while an interrupt is still there: it is the reason then.
pub fn explain(lua: &Lua, raised: &Raised) -> Explained {
    let mut explained = parts(lua, &raised.value);
    let failure = &mut explained.failure;
    if failure.at.is_none() {
        failure.at.clone_from(&raised.at);
    }
    failure.called_at.clone_from(&raised.called_at);
    failure.traceback.clone_from(&raised.traceback);
    complete(lua, failure);
    explained
}

/// The parts of an error that was not raised, at the line that the script is at.
pub fn of_error(lua: &Lua, error: &Error) -> Failure {
    let f = error.fields();
    let mut failure = Failure {
        kind: Some(f.kind.name().to_owned()),
        message: error.message(),
        hint: raise::hint_of(lua, error),
        diff: f.diff.clone(),
        changed: f.changed.clone(),
        at: f.at.clone().or_else(|| bind::position(lua)),
        called_at: own_line(lua),
        ..Failure::default()
    };
    complete(lua, &mut failure);
    failure
}

/// What is known beyond the error itself.
fn complete(lua: &Lua, failure: &mut Failure) {
    let Ok(lab) = Lab::of(lua) else { return };
    if let Some(at) = failure.at.as_deref() {
        failure.source = lab.part::<Running>().source_at(at);
    }
    // What was waited for in vain may have been undone.
    if failure.changed.is_empty() && failure.kind.as_deref() == Some(Kind::Timeout.name()) {
        failure.changed = lab.part::<Changes>().since_check(&lab);
    }
}

/// As `nsh FILE` prints it.
pub fn text(failure: &Failure) -> String {
    // Nothing in the script is wrong then.
    if failure.kind.as_deref() == Some(Kind::Interrupted.name()) || failure.message == wait::SCRIPT_TIMED_OUT
    {
        return format!("nsh: {}", failure.message);
    }
    harmless(&failure.text(false))
}

fn parts(lua: &Lua, value: &Value) -> Explained {
    if wait::interrupted().is_some() {
        return interrupted();
    }
    if let Value::Table(e) = value
        && bind::is_error(lua, value)
    {
        let field = |name: &str| e.raw_get::<Option<String>>(name).ok().flatten();
        let kind = field("kind").unwrap_or_default();
        let cannot = [Kind::Unsupported, Kind::Permission].iter().any(|k| k.name() == kind);
        let failure = Failure {
            kind: Some(kind),
            message: field("message").unwrap_or_default(),
            hint: field("hint"),
            diff: field("diff"),
            at: field("at"),
            changed: e.raw_get::<Option<Vec<String>>>("changed").ok().flatten().unwrap_or_default(),
            ..Failure::default()
        };
        return Explained { failure, status: if cannot { status::CANNOT } else { status::FAILED } };
    }
    let failure = match value {
        Value::Error(e) => of_text(lua, &text_of(e)),
        Value::String(s) => of_text(lua, &s.to_string_lossy()),
        Value::Table(e)
            if e.metatable().is_none() && e.raw_get::<Value>("message").is_ok_and(|m| m.is_string()) =>
        {
            plain(format!("the script raised {:?}", e.raw_get::<String>("message").unwrap_or_default()))
        }
        Value::Table(e) if e.metatable().is_none() => {
            plain(format!("the script raised {}", render::show(value)))
        }
        other => plain(match other.to_string() {
            Ok(text) => format!("the script raised {text}"),
            Err(_) => "the script raised a value that can't be shown".to_owned(),
        }),
    };
    Explained { failure, status: status::FAILED }
}

/// What ended the script from without.
pub fn interrupted() -> Explained {
    let e = wait::interrupted_error();
    let failure =
        Failure { kind: Some(e.kind().name().to_owned()), message: e.message(), ..Failure::default() };
    let status = wait::interrupted().filter(|signal| *signal > 0).map_or(status::FAILED, |n| 128 + n);
    Explained { failure, status }
}

/// A script that can't be parsed; Lua's message.
pub fn of_syntax(lua: &Lua, message: &str) -> Failure {
    let mut failure = of_text(lua, message);
    complete(lua, &mut failure);
    failure
}

fn plain(message: String) -> Failure {
    Failure { message, ..Failure::default() }
}

/// What an error of Lua's says.
pub fn text_of(e: &mlua::Error) -> String {
    match e {
        mlua::Error::MemoryError(_) => "not enough memory".to_owned(),
        mlua::Error::CallbackError { cause, .. } => text_of(cause),
        mlua::Error::RuntimeError(text) => first_lines(text),
        e => first_lines(&e.to_string()),
    }
}

/// Lua's own message, with what helps.
fn of_text(lua: &Lua, text: &str) -> Failure {
    let text = first_lines(text);
    let (at, text) = match split_position(&text) {
        Some((at, text)) => (Some(at.to_owned()), text.to_owned()),
        None => (None, text),
    };
    if text.ends_with("not enough memory") {
        let message =
            format!("{text}: a script's values may take {} MiB", super::interpreter::MEMORY_LIMIT >> 20);
        return Failure { at, message, ..Failure::default() };
    }
    let hint = hint(lua, &text);
    Failure { at, hint, message: text, ..Failure::default() }
}

/// `file:line` and the message behind it.
fn split_position(text: &str) -> Option<(&str, &str)> {
    let line = text.lines().next().unwrap_or_default();
    let (colon, _) = line.match_indices(": ").find(|(i, _)| {
        line[..*i].rsplit_once(':').is_some_and(|(file, number)| {
            !file.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        })
    })?;
    Some((&text[..colon], &text[colon + 2..]))
}

fn hint(lua: &Lua, text: &str) -> Option<String> {
    // "attempt to call a nil value (global 'lnik')"
    let (_, rest) = text.split_once("a nil value (global '")?;
    let (name, _) = rest.split_once('\'')?;
    let names: Vec<String> = lua.globals().pairs::<String, Value>().flatten().map(|(name, _)| name).collect();
    let near = schema::did_you_mean(name, names.iter().map(String::as_str))?;
    Some(format!("did you mean {near:?}?"))
}

/// A Lua message without the traceback that follows it.
fn first_lines(text: &str) -> String {
    text.split("\nstack traceback:").next().unwrap_or(text).to_owned()
}

/// A chunk's name as Lua shortens it in messages.
fn chunk_name(name: &str) -> String {
    /// With the NUL that C puts behind it.
    const MOST: usize = 60;
    if name.len() < MOST {
        return name.to_owned();
    }
    let kept = name.len() - (MOST - 1 - "...".len());
    format!("...{}", String::from_utf8_lossy(&name.as_bytes()[kept..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_stands_in_front_of_a_message() {
        assert_eq!(split_position("a b.lua:12: no: 3: x"), Some(("a b.lua:12", "no: 3: x")));
        assert_eq!(split_position("(command line):1: no\nmore"), Some(("(command line):1", "no\nmore")));
        assert_eq!(split_position("no: way"), None);
        assert_eq!(split_position("12: no"), None);
    }

    #[test]
    fn names_are_shortened_as_lua_does() {
        for length in [58, 59, 60, 61, 90] {
            let name: String = "abcdefghij".chars().cycle().take(length).collect();
            let lua = Lua::new();
            let chunk = lua.load("error('x')").set_name(format!("@{name}"));
            let text = chunk.exec().unwrap_err().to_string();
            assert!(text.contains(&format!("{}:1: x", chunk_name(&name))), "{length}: {text}");
        }
    }
}
