//! `:save`: what was typed, as a script.

use std::io::Write;

use super::Flow;
use crate::lua::modules::MODULES;
use crate::repl::Session;
use crate::repl::lex::{self, Kind, Token};
use crate::repl::names;

/// What a session keeps for `:save`.
pub enum Entry {
    /// An input that worked.
    Input { source: String, expression: bool },
    /// A namespace that the session began with as a global.
    Bound(String),
    /// From here on globals act on the namespace that this stands for; on `host` without.
    Use(Option<String>),
}

pub fn run(session: &mut Session<'_>, path: &str) -> mlua::Result<Flow> {
    if path.is_empty() {
        return session.refuse("usage: :save FILE");
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

/// What the last part of a function's name is where it only tells something.
const LOOKS: &[&str] = &[
    "difference",
    "get",
    "help",
    "list",
    "packets",
    "ports",
    "result",
    "state",
    "stats",
    "tostring",
    "type",
];

/// Whether an expression only looks at something: whether all that it calls does, but for `print` of that.
fn looks(source: &str) -> bool {
    let tokens: Vec<Token> = lex::tokens(source).into_iter().filter(Token::counts).collect();
    let calls = tokens.windows(2).filter(|pair| {
        let (before, after) = (pair[0].text(source), pair[1].text(source));
        let called = pair[0].kind == Kind::Name || matches!(before, ")" | "]");
        called && (matches!(after, "(" | "{") || matches!(pair[1].kind, Kind::Str { .. }))
    });
    let mut called: Vec<&str> = calls.map(|pair| pair[0].text(source)).collect();
    if called.first() == Some(&"print") && called.len() > 1 {
        called.remove(0);
    }
    called.iter().all(|name| LOOKS.contains(name))
}

fn uses(source: &str, name: &str) -> bool {
    names::used(source).contains(&name)
}

/// What becomes of an input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Looking at a value is nothing to repeat.
    Left,
    Kept,
    /// A later one uses its value, as `_`.
    Last,
}

/// For each of what was kept; from the end, where it is known whether `_` is used.
fn parts(kept: &[Entry]) -> Vec<Part> {
    // The last value, and the one before.
    let (mut last, mut before) = (false, false);
    let mut parts = vec![Part::Kept; kept.len()];
    for (k, part) in kept.iter().zip(&mut parts).rev() {
        let Entry::Input { source, expression } = k else { continue };
        if *expression {
            *part = match (last || before, looks(source)) {
                (true, _) => Part::Last,
                (false, true) => Part::Left,
                (false, false) => Part::Kept,
            };
            (last, before) = (before, false);
        }
        if *part != Part::Left {
            last |= uses(source, "_");
            before |= uses(source, "__");
        }
    }
    parts
}

/// The script; `is_statement` says whether a text stands by itself.
pub fn script(kept: &[Entry], is_statement: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut prefix = None;
    let parts = parts(kept);
    let used = |name: &str| {
        kept.iter().zip(&parts).any(|(k, part)| match k {
            Entry::Input { source, .. } => *part != Part::Left && uses(source, name),
            Entry::Use(used) => used.as_deref() == Some(name),
            Entry::Bound(_) => false,
        })
    };
    for (k, part) in kept.iter().zip(&parts) {
        let line = match k {
            Entry::Use(namespace) => {
                prefix = namespace.as_deref();
                continue;
            }
            Entry::Bound(name) if used(name) => format!("{name} = namespace.get({name:?})"),
            Entry::Bound(_) => continue,
            Entry::Input { source, expression } => {
                let source = &prefixed(source, prefix);
                match part {
                    Part::Left => continue,
                    Part::Last if used("__") => format!("__, _ = _, {source}\nprint(_)"),
                    Part::Last => format!("_ = {source}\nprint(_)"),
                    Part::Kept if *expression && !is_statement(source) => format!("print({source})"),
                    Part::Kept => without_return(source, &is_statement),
                }
            }
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The source with the modules of the namespace that `:use` named: `ns1.link.add(...)`.
fn prefixed(source: &str, prefix: Option<&str>) -> String {
    let Some(prefix) = prefix else { return source.to_owned() };
    let modules: Vec<&str> = MODULES.per_namespace().map(|entry| entry.name).collect();
    let tokens: Vec<Token> = lex::tokens(source).into_iter().filter(Token::counts).collect();
    let text = |i: usize| tokens.get(i).map(|t| t.text(source)).unwrap_or_default();
    let mut out = source.to_owned();
    for (i, token) in tokens.iter().enumerate().rev() {
        let before = i.checked_sub(1).map(text).unwrap_or_default();
        // A field, or a name that is given another meaning.
        let other =
            matches!(before, "." | ":" | "::" | "goto" | "local" | "function" | "for") || text(i + 1) == "=";
        if token.kind == Kind::Name && modules.contains(&text(i)) && !other {
            out.insert_str(token.start, &format!("{prefix}."));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn input(source: &str, expression: bool) -> Entry {
        Entry::Input { source: source.to_owned(), expression }
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

    #[test]
    fn looks_are_left_out_but_for_the_last_value_where_it_is_used() {
        let kept = [
            input("link.list()", true),
            input("ns1.link.get('a').mtu", true),
            input("x = _", false),
            input("print(route.list({ dev = 'a' }))", true),
            input("print('made')", true),
            input("#_", true),
            input("type(x)", true),
            input("help(link)", true),
            input("ping('a')", true),
            input("_.received", true),
        ];
        let want = "_ = ns1.link.get('a').mtu\nprint(_)\nx = _\nprint('made')\nping('a')\n";
        assert_eq!(script(&kept, |_| true), want);
    }

    #[test]
    fn the_value_before_the_last() {
        let kept = [input("1", true), input("f.x", true), input("#f", true), input("x = __", false)];
        let want = "__, _ = _, f.x\nprint(_)\n__, _ = _, #f\nprint(_)\nx = __\n";
        assert_eq!(script(&kept, |_| false), want);
    }

    #[test]
    fn what_acted_on_a_namespace_names_it() {
        let on = |ns: Option<&str>| Entry::Use(ns.map(str::to_owned));
        let kept = [
            Entry::Bound("ns1".to_owned()),
            Entry::Bound("ns3".to_owned()),
            on(Some("ns1")),
            input("link.add('a', { kind = 'veth', peer = { name = 'link' }, link = x.link })", true),
            input("function f() return ping('::1'), proc.exec 'x' end", false),
            on(Some("namespace.get(\"n-2\")")),
            input("print(addr.list(), _)", true),
            on(None),
            input("link.del('a')", true),
        ];
        let want = "ns1 = namespace.get(\"ns1\")\n\
             ns1.link.add('a', { kind = 'veth', peer = { name = 'link' }, link = x.link })\n\
             function f() return ns1.ping('::1'), ns1.proc.exec 'x' end\nlink.del('a')\n";
        assert_eq!(script(&kept, |_| true), want);
    }
}
