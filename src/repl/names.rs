//! Names that mean nothing yet: those of namespaces are given their meaning, the others are told.

use std::rc::Rc;

use mlua::{Function, Table, Value};

use super::Session;
use super::commands::mininet::WORDS;
use super::lex::{self, Kind, Token};
use crate::lua::modules::namespace as namespaces;
use crate::lua::schema::did_you_mean;
use crate::shell::{self, Globals};

/// What the session's globals mean, for commands that are translated. A namespace's name that means nothing yet is
/// bound before it is used.
pub fn globals(session: &Session<'_>) -> Globals {
    let (lua, lab) = (session.lua.clone(), Rc::clone(session.lab));
    let globals = lua.globals();
    Globals {
        namespace: Box::new(move |name| {
            let variable = shell::variable(name);
            let value: Value = lua.globals().raw_get(variable.as_str()).ok()?;
            let stands = match value.as_userdata().and_then(namespaces::of) {
                Some(ns) => ns.name() == name,
                None => value.is_nil() && variable == name && lab.namespaces.get(name).ok()?.is_some(),
            };
            stands.then_some(variable)
        }),
        taken: Box::new(move |name| !globals.raw_get::<Value>(name).is_ok_and(|value| value.is_nil())),
    }
}

/// Binds the names of namespaces that a source uses and that mean nothing yet, as `ip netns add` does, and shows it.
pub fn bind_namespaces(session: &mut Session<'_>, source: &str) -> mlua::Result<()> {
    let globals = session.lua.globals();
    let mut there: Option<Vec<String>> = None;
    for name in used(source) {
        if !globals.raw_get::<Value>(name)?.is_nil() {
            continue;
        }
        let there = there.get_or_insert_with(|| session.lab.namespaces.names().unwrap_or_default());
        if !there.iter().any(|other| other == name) {
            continue;
        }
        let get: Function = globals.get::<Table>("namespace")?.get("get")?;
        globals.raw_set(name, get.call::<Value>(name)?)?;
        let line = format!("{name} = namespace.get({name:?})");
        session.hint(&line);
        session.keep(&line);
    }
    Ok(())
}

/// The names that could be variables which are read.
pub fn used(source: &str) -> Vec<&str> {
    let tokens: Vec<Token> = lex::tokens(source).into_iter().filter(Token::counts).collect();
    let text = |i: usize| tokens.get(i).map(|t| t.text(source)).unwrap_or_default();
    let mut names = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(text).unwrap_or_default();
        // A field, a label, what is about to be set.
        let no_variable =
            matches!(before, "." | ":" | "::" | "goto" | "local" | "function") || text(i + 1) == "=";
        if token.kind == Kind::Name && !no_variable && !names.contains(&text(i)) {
            names.push(text(i));
        }
    }
    names
}

/// The name that an input is, if it is nothing else.
pub fn alone(source: &str) -> Option<&str> {
    match lex::tokens(source.trim())[..] {
        [token] if token.kind == Kind::Name => Some(source.trim()),
        _ => None,
    }
}

/// The command that does what a word of Mininet's prompt does there, unless the word means something here.
pub fn of_mininet(session: &Session<'_>, source: &str) -> Option<&'static str> {
    let name = alone(source)?;
    let (_, command) = WORDS.iter().find(|(word, _)| *word == name)?;
    session.lua.globals().raw_get::<Value>(name).is_ok_and(|value| value.is_nil()).then_some(command)
}

/// What there is to say about an input that sets a name to another one that means nothing: `A=lo`.
fn set_to_nothing(session: &Session<'_>, source: &str) -> Option<String> {
    let tokens: Vec<Token> = lex::tokens(source).into_iter().filter(Token::counts).collect();
    let [to, equals, from] = &tokens[..] else { return None };
    let names = to.kind == Kind::Name && from.kind == Kind::Name && equals.text(source) == "=";
    let (to, from) = (to.text(source), from.text(source));
    let nil = names && session.lua.globals().raw_get::<Value>(from).is_ok_and(|value| value.is_nil());
    nil.then(|| format!("{from} is nil, and so is {to}; a text stands in quotes: {to} = {from:?}"))
}

/// A name and a comment, which was meant as a program with an option: `foo --bar`.
fn with_option(source: &str) -> Option<(&str, &str)> {
    let tokens: Vec<Token> =
        lex::tokens(source.trim()).into_iter().filter(|t| t.kind != Kind::Space).collect();
    let [name, comment] = &tokens[..] else { return None };
    let comment_text = comment.text(source.trim());
    let option = comment.kind == Kind::Comment
        && comment_text[2..].starts_with(|c: char| c.is_ascii_alphanumeric())
        && comment.start > name.end;
    (name.kind == Kind::Name && option).then(|| (name.text(source.trim()), comment_text))
}

/// What there is to say about an input that is a name which means nothing, alone or in front of a comment.
pub fn nothing(session: &Session<'_>, source: &str) -> Option<String> {
    let option = with_option(source);
    let Some(name) = alone(source).or(option.map(|(name, _)| name)) else {
        return set_to_nothing(session, source);
    };
    if matches!(name, "_" | "__") {
        return None;
    }
    let globals = session.lua.globals();
    if !globals.raw_get::<Value>(name).is_ok_and(|value| value.is_nil()) {
        return None;
    }
    if let Some((_, comment)) = option {
        return Some(format!(
            "{name} is nil, and {comment} a comment; !{name} {comment} would run a program"
        ));
    }
    let names: Vec<String> = globals.pairs::<String, Value>().flatten().map(|(name, _)| name).collect();
    Some(match did_you_mean(name, names.iter().map(String::as_str)) {
        _ if crate::proc::installed(name) => format!("{name} is nil; use !{name} to run the program"),
        Some(near) => format!("{name} is nil; did you mean {near}?"),
        None => format!("{name} is nil"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_read() {
        assert_eq!(used("x.y = f(a.b, { k = ns1 }) ns1 = z"), ["x", "f", "a", "ns1", "z"]);
        assert_eq!(alone(" ns1 "), Some("ns1"));
        assert_eq!(alone("ns1.name"), None);
        assert_eq!(alone("end"), None);
        assert_eq!(with_option("foo --bar x"), Some(("foo", "--bar x")));
        assert_eq!(
            (with_option("foo -- bar"), with_option("f() --x"), with_option("x--y")),
            (None, None, None)
        );
    }
}
