//! What `NAME?` and `NAME??` show of a value that is not nsh's.

use mlua::{Function, Value};

use super::Session;
use super::commands::Entry;
use super::lex::{self, Kind, Token};
use super::{screen, show};
use crate::doc;
use crate::lua::runtime::render;

/// What it is, in a few lines.
pub fn brief(session: &Session<'_>, name: &str, value: &Value) -> mlua::Result<String> {
    Ok(match value {
        Value::String(s) => {
            format!("{name}: a string of {}\n  {}", counted(s.as_bytes().len(), "byte"), render::show(value))
        }
        Value::Integer(_) => format!("{name}: an integer, {}", render::show(value)),
        Value::Number(_) => format!("{name}: a float, {}", render::show(value)),
        Value::Boolean(_) => format!("{name}: a boolean, {}", render::show(value)),
        Value::Table(table) => {
            let (length, entries) = (table.raw_len(), table.pairs::<Value, Value>().count());
            let named = entries.saturating_sub(length);
            let parts = [(length, "item"), (named, "field")];
            let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, of)| counted(*count, of));
            let parts: Vec<String> = parts.collect();
            let of = if parts.is_empty() { "nothing in it".to_owned() } else { parts.join(" and ") };
            format!("{name}: a table with {of}\n  {}", render::show(value))
        }
        Value::Function(function) => {
            let first = source(session, name, function).and_then(|s| s.lines().next().map(str::to_owned));
            let line = first.map(|line| format!("\n  {line}")).unwrap_or_default();
            format!("{name}: a function, defined in {}{line}", place(function))
        }
        other => format!("{name}: {}", screen::harmless(&other.to_string()?)),
    })
}

/// All of it.
pub fn whole(session: &Session<'_>, name: &str, value: &Value) -> mlua::Result<String> {
    if let Some(page) = doc::known(session.lua, value)? {
        return Ok(page);
    }
    match value {
        Value::Function(function) => match source(session, name, function) {
            Some(source) => Ok(source),
            None => brief(session, name, value),
        },
        Value::String(s) => Ok(screen::harmless(&render::readable(&s.as_bytes()))),
        Value::Table(table) => show::whole(session.lua, table),
        _ => brief(session, name, value),
    }
}

fn counted(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

fn place(function: &Function) -> String {
    let info = function.info();
    match (info.short_src, info.line_defined) {
        (Some(source), Some(line)) if info.what != "C" => match source.as_str() {
            "nsh" => format!("line {line} of an input"),
            source => format!("{}:{line}", screen::harmless(source)),
        },
        _ => "Lua itself".to_owned(),
    }
}

/// The lines of a function: of its file, or of the last input that gives this name to one.
fn source(session: &Session<'_>, name: &str, function: &Function) -> Option<String> {
    let info = function.info();
    let (first, last) = (info.line_defined?, info.last_line_defined?);
    let text = match info.source?.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).ok()?,
        None => session.kept.iter().rev().find_map(|kept| match kept {
            Entry::Input { source, .. } if defines(source, name) => Some(source.clone()),
            _ => None,
        })?,
    };
    let lines: Vec<&str> = text.lines().skip(first.checked_sub(1)?).take(last + 1 - first).collect();
    Some(screen::harmless(&lines.join("\n"))).filter(|text| !text.is_empty())
}

/// `function f()`, `f = function()`, `t.f = function()`
fn defines(source: &str, name: &str) -> bool {
    let name = name.rsplit(['.', ':']).next().unwrap_or(name);
    let tokens: Vec<Token> = lex::tokens(source).into_iter().filter(Token::counts).collect();
    let text = |i: usize| tokens.get(i).map(|t| t.text(source)).unwrap_or_default();
    let mut behind = false;
    tokens.iter().enumerate().any(|(i, token)| {
        behind = match text(i) {
            "function" => true,
            "." | ":" => behind,
            _ => behind && i > 0 && matches!(text(i - 1), "function" | "." | ":"),
        };
        let named = token.kind == Kind::Name && text(i) == name && !matches!(text(i + 1), "." | ":");
        named && (behind || (text(i + 1) == "=" && text(i + 2) == "function"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_defines_a_function() {
        for source in [
            "local function f(x) end",
            "x = 1 f = function() end",
            "function t.f() end",
            "t.f = function() end",
        ] {
            assert!(defines(source, "t.f"), "{source}");
        }
        for source in ["f()", "function g(f) end", "f = 1", "function f.g() end"] {
            assert!(!defines(source, "f"), "{source}");
        }
    }
}
