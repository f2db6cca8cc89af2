//! `:save`: what was typed, as a script.

use std::io::Write;

use super::Flow;
use crate::lua::bind;
use crate::repl::Session;
use crate::repl::lex::{self, Kind};

/// An input that worked.
pub enum Kept {
    Input {
        source: String,
        expression: bool,
    },
    /// From here on globals act on this namespace.
    Use(String),
}

pub fn run(session: &mut Session<'_>, path: &str) -> mlua::Result<Flow> {
    if path.is_empty() {
        session.complain("usage: :save FILE");
        return Ok(Flow::GoOn);
    }
    let path = &home(path);
    let text = script(&session.kept, |source| session.lua.load(source).into_function().is_ok());
    // Only what this session wrote itself is replaced.
    let own = session.saved.contains(path);
    let written = std::fs::File::options()
        .write(true)
        .create(own)
        .create_new(!own)
        .truncate(own)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => {
            println!("{path}: {} inputs; nsh {path} runs them", session.kept.len());
            session.saved.insert(path.clone());
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            session.complain(&format!("{path} is there already; choose another name, or !rm {path} first"));
        }
        Err(e) => session.complain(&format!(
            "cannot write {path}: {e}; a lab may write to the working directory and to what --write names"
        )),
    }
    Ok(Flow::GoOn)
}

/// A path with the user's home in the place of `~`.
pub fn home(path: &str) -> String {
    match (path.strip_prefix('~'), std::env::var("HOME")) {
        (Some(rest), Ok(home)) if rest.is_empty() || rest.starts_with('/') => home + rest,
        _ => path.to_owned(),
    }
}

/// Whether an expression can do more than have a value: whether it calls something.
fn calls(source: &str) -> bool {
    let tokens: Vec<_> = lex::tokens(source).into_iter().filter(lex::Token::counts).collect();
    tokens.windows(2).any(|pair| {
        let (before, after) = (pair[0].text(source), pair[1].text(source));
        let called = pair[0].kind == Kind::Name || matches!(before, ")" | "]");
        called && (matches!(after, "(" | "{") || matches!(pair[1].kind, Kind::Str { .. }))
    })
}

/// The script; `is_statement` says whether a text stands by itself.
pub fn script(kept: &[Kept], is_statement: impl Fn(&str) -> bool) -> String {
    let uses_last = kept.iter().any(|k| match k {
        Kept::Input { source, .. } => {
            lex::tokens(source).iter().any(|t| t.kind == Kind::Name && t.text(source) == "_")
        }
        Kept::Use(_) => false,
    });
    let mut out = String::new();
    if kept.iter().any(|k| matches!(k, Kept::Use(_))) {
        out.push_str(&prelude());
    }
    for k in kept {
        // Looking at a value is nothing to repeat.
        if matches!(k, Kept::Input { source, expression: true } if !uses_last && !calls(source)) {
            continue;
        }
        let line = match k {
            Kept::Input { source, .. } if source == "_" => "print(_)".to_owned(),
            Kept::Input { source, expression: true } if uses_last => format!("_ = {source}\nprint(_)"),
            Kept::Input { source, expression: true } if !is_statement(source) => format!("print({source})"),
            Kept::Input { source, .. } => without_return(source, &is_statement),
            Kept::Use(name) => format!("_ENV = act_on({name:?})"),
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// `local t = {} return t` ends a script, in whose middle it can't even stand: it prints there.
fn without_return(source: &str, is_statement: impl Fn(&str) -> bool) -> String {
    let goes_on = |text: &str| is_statement(&format!("{text}\nlocal after"));
    let last = lex::tokens(source).into_iter().rev().find(|token| token.text(source) == "return");
    let printed = last.filter(|_| !goes_on(source)).map(|token| {
        let value = source[token.end..].trim().trim_end_matches(';').trim_end();
        format!("{}print({value})", &source[..token.start])
    });
    printed.filter(|text| goes_on(text)).unwrap_or_else(|| source.to_owned())
}

/// What stands for `:use` in a script.
fn prelude() -> String {
    let names: Vec<String> = bind::per_namespace().iter().map(|name| format!("{name} = true")).collect();
    format!(
        "-- Has the globals act on a namespace, as :use does at the prompt.\n\
         local globals, modules = _G, {{ {} }}\n\
         local function act_on(name)\n\
         \x20 local ns = globals.namespace.get(name)\n\
         \x20 return globals.setmetatable({{}}, {{\n\
         \x20   __index = function(_, key)\n\
         \x20     if modules[key] and ns then\n\
         \x20       return ns[key]\n\
         \x20     end\n\
         \x20     return globals[key]\n\
         \x20   end,\n\
         \x20   __newindex = globals,\n\
         \x20 }})\n\
         end\n\
         local _ENV = globals\n\n",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(source: &str, expression: bool) -> Kept {
        Kept::Input { source: source.to_owned(), expression }
    }

    #[test]
    fn what_follows_a_return_is_reached() {
        let lua = mlua::Lua::new();
        let runs = |s: &str| lua.load(s).into_function().is_ok();
        let kept = [input("return 5;", false), input("t = {} return t", false), input("return", false)];
        let text = script(&kept, runs);
        assert_eq!(text, "print(5)\nt = {} print(t)\nprint()\n");
        let function = "function f() return 1 end";
        assert_eq!(script(&[input(function, false)], runs), format!("{function}\n"));
    }

    #[test]
    fn expressions_are_printed_and_calls_made() {
        let kept = [
            input("local x = 1", false),
            input("x + 1", true),
            input("(x)", true),
            input("#f()", true),
            input("f()", true),
        ];
        assert_eq!(script(&kept, |s| s == "f()"), "local x = 1\nprint(#f())\nf()\n");
        let kept = [input("x", true), input("y = _", false)];
        assert_eq!(script(&kept, |_| false), "_ = x\nprint(_)\ny = _\n");
    }
}
