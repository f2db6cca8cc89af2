//! Where an input is wrong: its line, with a mark below the place.

use mlua::Lua;

use super::input::{self, Parsed};
use super::lex::{self, Kind, Token};
use super::screen;

/// Lua's message for an input that it can't parse (`nsh:2: unexpected symbol near '='`), and the line with its place.
pub fn told(lua: &Lua, source: &str, message: &str) -> (String, Option<String>) {
    let found = message.strip_prefix("nsh:").and_then(|rest| {
        let (number, text) = rest.split_once(": ")?;
        Some((number.parse::<usize>().ok().filter(|n| *n > 0)?, text))
    });
    let Some((number, text)) = found else { return (message.to_owned(), None) };
    let said = match source.trim_end().contains('\n') {
        true => format!("line {number}: {text}"),
        false => text.to_owned(),
    };
    let start: usize = source.split_inclusive('\n').take(number - 1).map(str::len).sum();
    let line = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let at = place(lua, source, text, start..start + line.len());
    (said, at.and_then(|at| marked(line, at)))
}

/// The line with a mark below this byte of it; nothing where both would not fit.
fn marked(line: &str, at: usize) -> Option<String> {
    let plain = line.replace('\t', " ");
    let (before, width) = (screen::width(plain.get(..at)?), screen::width(&plain));
    (width + 2 < screen::size().0).then(|| format!("  {plain}\n  {:before$}^", ""))
}

/// Where in the line the token is that Lua names. Of several, the first up to which the input is wrong.
fn place(lua: &Lua, source: &str, text: &str, line: std::ops::Range<usize>) -> Option<usize> {
    let tokens = lex::tokens(source);
    if text.starts_with("unfinished string") {
        let open = tokens.iter().find(|t| t.kind == Kind::Str { open: true } && line.contains(&t.start));
        return open.map(|t| t.start - line.start);
    }
    let (_, near) = text.rsplit_once(" near ")?;
    if near == "<eof>" {
        return Some(line.len());
    }
    let near = near.strip_prefix('\'')?.strip_suffix('\'')?;
    let named = |t: &&Token| t.text(source) == near && line.contains(&t.start);
    let candidates: Vec<&Token> = tokens.iter().filter(named).collect();
    let wrong = |t: &&&Token| matches!(input::parse(lua, &source[..t.end]), Parsed::Wrong(_));
    let found = candidates.iter().find(wrong).or(candidates.first())?;
    Some(found.start - line.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, said: &str, mark: &str) {
        let lua = Lua::new();
        let Parsed::Wrong(message) = input::parse(&lua, source) else { panic!("{source} is not wrong") };
        let (text, place) = told(&lua, source, &message);
        assert_eq!((text.as_str(), place.as_deref().unwrap_or_default()), (said, mark), "{message}");
    }

    #[test]
    fn the_place_is_marked() {
        check("x = = 2", "unexpected symbol near '='", "  x = = 2\n      ^");
        check("x = \"abc", "unfinished string near <eof>", "  x = \"abc\n      ^");
        check("f(1) f)", "syntax error near ')'", "  f(1) f)\n        ^");
        check("x = 1\ny = = (\n", "line 2: unexpected symbol near '='", "  y = = (\n      ^");
    }
}
