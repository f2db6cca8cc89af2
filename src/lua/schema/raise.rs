//! Errors that a script can catch and read.
//!
//! A Rust callback can't raise a Lua value of its own, so each binding is a Rust function that returns either
//! `nil, results...` or an error table, behind a Lua function of one line that raises the table.

use mlua::{FromLuaMulti, Function, Lua, MultiValue, Table, Value};

use super::{Failure, tag};
use crate::base::error::Error;
use crate::lua::lab::Lab;
use crate::net::namespace::HOST;

const RAISING: &str = "nsh.raising";
const ERROR: &str = "nsh.Error";

/// The names of the modules that each namespace has, for hints; in the interpreter's app data.
pub struct PerNamespace(pub Vec<&'static str>);

/// The chunk name of nsh's own Lua; frames of it, and of the library (`[nsh.topology]`), are not the script's.
pub const INTERNAL: &str = "=[nsh]";

/// A Lua function that calls `f` and raises what it refuses.
pub fn raising<A: FromLuaMulti>(
    lua: &Lua,
    f: impl Fn(&Lua, A) -> Result<MultiValue, Failure> + 'static,
) -> mlua::Result<Function> {
    let inner = returning(lua, f)?;
    let wrap: Function = match lua.named_registry_value(RAISING) {
        Ok(wrap) => wrap,
        Err(_) => {
            let wrap: Function = lua
                .load(
                    "local error = error\n\
                     local function finish(e, ...) if e ~= nil then error(e, 0) end return ... end\n\
                     return function(f) return function(...) return finish(f(...)) end end",
                )
                .set_name(INTERNAL)
                .eval()?;
            lua.set_named_registry_value(RAISING, &wrap)?;
            wrap
        }
    };
    wrap.call(inner)
}

/// The Rust function of the two: returns what `f` refuses as its first result.
pub fn returning<A: FromLuaMulti>(
    lua: &Lua,
    f: impl Fn(&Lua, A) -> Result<MultiValue, Failure> + 'static,
) -> mlua::Result<Function> {
    lua.create_function(move |lua, args: A| match f(lua, args) {
        Ok(mut results) => {
            results.push_front(Value::Nil);
            Ok(results)
        }
        Err(Failure::User(e)) => Ok(MultiValue::from_iter([error_value(lua, e)?])),
        Err(Failure::Lua(e)) => Err(e),
    })
}

/// Adds the call's name to a failure.
pub fn named(failure: impl Into<Failure>, op: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    match failure.into() {
        Failure::User(e) => Failure::User(e.op(op)),
        lua => lua,
    }
}

/// The error as scripts see it: a table of its parts that prints as its message.
pub fn error_value(lua: &Lua, mut e: Error) -> mlua::Result<Value> {
    if e.fields().at.is_none() {
        e.fields_mut().at = position(lua);
    }
    let f = e.fields();
    let table = lua.create_table()?;
    table.raw_set("kind", f.kind.name())?;
    table.raw_set("message", e.message())?;
    table.raw_set("op", f.op.as_deref())?;
    table.raw_set("subject", f.subject.as_deref())?;
    table.raw_set("namespace", f.namespace.as_deref())?;
    table.raw_set("errno", f.errno.map(|n| format!("{n:?}")))?;
    table.raw_set("detail", f.detail.as_deref())?;
    table.raw_set("hint", hint_of(lua, &e))?;
    table.raw_set("diff", f.diff.as_deref())?;
    table.raw_set("at", f.at.as_deref())?;
    if !f.changed.is_empty() {
        table.raw_set("changed", f.changed.as_slice())?;
    }
    if Lab::of(lua).is_ok_and(|lab| lab.trace) {
        table.raw_set("traceback", lua.traceback(None, 1)?)?;
    }
    tag(lua, &table, ERROR, Some(show_error))?;
    Ok(Value::Table(table))
}

/// A hint whose calls act on the namespace of the error: `ns1.route.replace` for `route.replace`.
pub fn hint_of(lua: &Lua, e: &Error) -> Option<String> {
    let hint = e.fields().hint.as_deref()?;
    Some(match e.fields().namespace.as_deref() {
        None | Some(HOST) => hint.to_owned(),
        Some(name) => match lua.app_data_ref::<PerNamespace>() {
            Some(modules) => acting(hint, name, &modules.0),
            None => hint.to_owned(),
        },
    })
}

fn acting(hint: &str, name: &str, modules: &[&str]) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let prefix = if plain { format!("{name}.") } else { format!("namespace.get({name:?}).") };
    let mut out = hint.to_owned();
    for module in modules {
        let called = format!("{module}.");
        let places: Vec<usize> = out.match_indices(&called).map(|(at, _)| at).collect();
        for at in places.into_iter().rev() {
            let part = |c: char| c.is_alphanumeric() || "_./\"-".contains(c);
            let begins = !out[..at].ends_with(part);
            if begins && out[at + called.len()..].starts_with(|c: char| c.is_ascii_lowercase()) {
                out.insert_str(at, &prefix);
            }
        }
    }
    out
}

/// `file:line: message`, with the hint on a line of its own.
pub fn show_error(e: &Table) -> mlua::Result<String> {
    let mut out = String::new();
    if let Some(at) = e.raw_get::<Option<String>>("at")? {
        out.push_str(&format!("{at}: "));
    }
    out.push_str(&e.raw_get::<Option<String>>("message")?.unwrap_or_default());
    if let Some(hint) = e.raw_get::<Option<String>>("hint")? {
        out.push_str(&format!("\n  hint: {hint}"));
    }
    if let Some(changed) = e.raw_get::<Option<Vec<String>>>("changed")? {
        out.push_str("\n  changed since the last check that passed:");
        changed.iter().for_each(|line| out.push_str(&format!("\n    {line}")));
    }
    Ok(out)
}

/// Whether a Lua value is one of our error tables.
pub fn is_error(lua: &Lua, value: &Value) -> bool {
    let Value::Table(table) = value else { return false };
    let ours = lua.named_registry_value::<Table>(ERROR);
    matches!((table.metatable(), ours), (Some(a), Ok(b)) if a == b)
}

/// The file and line of the script that is being run: the innermost Lua frame that is not ours.
pub fn position(lua: &Lua) -> Option<String> {
    (0..200)
        .map_while(|level| {
            lua.inspect_stack(level, |frame| {
                let source = frame.source();
                let line = frame.current_line()?;
                let name = source.short_src?.into_owned();
                (!name.starts_with("[nsh") && source.what != "C").then(|| format!("{name}:{line}"))
            })
        })
        .flatten()
        .next()
}

/// The file and line that a function is at which is being called: the innermost call of it.
pub fn line_in(lua: &Lua, function: &Function) -> Option<String> {
    (0..200)
        .map_while(|level| {
            lua.inspect_stack(level, |frame| {
                let line = frame.current_line().filter(|_| frame.function() == *function)?;
                Some(format!("{}:{line}", frame.source().short_src?))
            })
        })
        .flatten()
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_act_where_the_error_was() {
        let modules = &["link", "nat", "neigh", "route", "rule"];
        assert_eq!(
            acting("neigh.list shows them; link.set(\"a\", { up = true })", "ns1", modules),
            "ns1.neigh.list shows them; ns1.link.set(\"a\", { up = true })"
        );
        assert_eq!(
            acting("route.replace; ns2.route.list(), the rule. nat", "n-1", modules),
            "namespace.get(\"n-1\").route.replace; ns2.route.list(), the rule. nat"
        );
    }
}
