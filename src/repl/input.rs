//! What was typed: a command of the prompt's own, a line for the shell, a question, or Lua.

use mlua::{Function, Lua};

use super::lex::{self, Kind, Token};

/// What an input is.
#[derive(Debug, PartialEq, Eq)]
pub enum Input<'a> {
    Nothing,
    /// `:use ns1`: the name without its colon, and what follows.
    Command(&'a str, &'a str),
    /// `!ip link`: what follows the `!`.
    Shell(&'a str),
    /// `?link.add` or `link.add?`.
    Help(&'a str),
    /// `link.add??`
    Whole(&'a str),
    Lua(&'a str),
}

impl<'a> Input<'a> {
    pub fn of(text: &'a str) -> Input<'a> {
        let text = text.trim();
        if text.is_empty() {
            return Input::Nothing;
        }
        // `help` and `help veth`, which Lua can't take.
        if let Some(rest) = text.strip_prefix("help")
            && (rest.is_empty() || rest.starts_with(char::is_whitespace) && is_path(rest))
        {
            return Input::Help(rest.trim());
        }
        if let Some(name) = text.strip_suffix('?').filter(|name| name.starts_with(':') && is_path(name)) {
            return Input::Help(name);
        }
        // `::name::` is a label of Lua's.
        if let Some(rest) = text.strip_prefix(':').filter(|rest| !rest.starts_with(':')) {
            let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            return Input::Command(name, rest.trim());
        }
        if let Some(rest) = text.strip_prefix('!') {
            return Input::Shell(rest.trim());
        }
        if let Some(name) = questioned(text).and_then(questioned).or_else(|| text.strip_prefix("??"))
            && !name.trim().is_empty()
        {
            return Input::Whole(name.trim());
        }
        let asked = text.strip_prefix('?').or_else(|| questioned(text));
        match asked {
            Some(name) => Input::Help(name.trim()),
            None => Input::Lua(text),
        }
    }
}

/// What a `?` at the end asks about: any expression. In Lua, only a string or a comment can end in `?`.
fn questioned(text: &str) -> Option<&str> {
    let ends = lex::tokens(text).last().is_some_and(|t| t.kind == Kind::Other && t.text(text) == "?");
    text.strip_suffix('?').filter(|_| ends)
}

fn is_path(text: &str) -> bool {
    text.trim().chars().all(|c| c == '_' || c == '.' || c == ':' || c.is_ascii_alphanumeric())
}

/// How Lua takes an input.
pub enum Parsed {
    /// An expression, whose values are to be shown; or a statement.
    Chunk {
        chunk: Function,
        expression: bool,
    },
    /// More must follow.
    Incomplete,
    Wrong(String),
}

/// Parses it as an expression first, so that `link.list()` prints; then as statements, whose local variables stay.
pub fn parse(lua: &Lua, text: &str) -> Parsed {
    let load =
        |text: &str| lua.load(text).set_name("=nsh").set_mode(mlua::chunk::ChunkMode::Text).into_function();
    // `{ 1,` and `1 +` are only begun as expressions; what begins with a name may be meant for a shell, as `ls /`.
    let named = text.trim_start().starts_with(|c: char| c == '_' || c.is_alphabetic());
    let begun = match load(&format!("return {text}")) {
        Ok(chunk) => return Parsed::Chunk { chunk, expression: true },
        Err(mlua::Error::SyntaxError { incomplete_input: true, message }) => {
            !is_unfinished(text, &message) && (!named || text.split_whitespace().next() == Some("not"))
        }
        Err(_) => false,
    };
    match load(&globalised(text)) {
        Ok(chunk) => Parsed::Chunk { chunk, expression: false },
        Err(mlua::Error::SyntaxError { incomplete_input: true, message }) => {
            match is_unfinished(text, &message) {
                true => Parsed::Wrong(message),
                false => Parsed::Incomplete,
            }
        }
        Err(mlua::Error::SyntaxError { .. }) if begun => Parsed::Incomplete,
        Err(mlua::Error::SyntaxError { message, .. }) => Parsed::Wrong(message),
        Err(e) => Parsed::Wrong(e.to_string()),
    }
}

/// Whether a quoted string is unfinished, which no further line can mend.
fn is_unfinished(text: &str, message: &str) -> bool {
    let goes_on = text.ends_with('\\') || text.trim_end().ends_with("\\z");
    message.contains("unfinished string") && !goes_on
}

/// Makes locals outside of any block global: each input is a chunk of its own, and `local x = 1` must last until the
/// next one. Lines stay the same, and columns where possible.
pub fn globalised(source: &str) -> String {
    let all = lex::tokens(source);
    let tokens: Vec<Token> = all.into_iter().filter(Token::counts).collect();
    let text = |i: usize| tokens.get(i).map(|t| t.text(source)).unwrap_or_default();
    let mut out = source.as_bytes().to_vec();
    let mut insert: Vec<usize> = Vec::new();
    let mut depth = 0i32;
    for i in 0..tokens.len() {
        match text(i) {
            "function" | "do" | "then" | "repeat" => depth += 1,
            "end" | "until" | "elseif" => depth -= 1,
            "local" if depth == 0 && tokens[i].kind == Kind::Keyword => {
                blank(&mut out, &tokens[i]);
                let mut at = i + 1;
                if text(at) == "function" {
                    continue;
                }
                // Name [< attribute >] { , Name [< attribute >] }
                loop {
                    at += 1;
                    if text(at) == "<" && text(at + 2) == ">" {
                        (at..at + 3).for_each(|j| blank(&mut out, &tokens[j]));
                        at += 3;
                    }
                    if text(at) != "," {
                        break;
                    }
                    at += 1;
                }
                if text(at) != "="
                    && let Some(last) = tokens.get(at - 1)
                {
                    insert.push(last.end);
                }
            }
            _ => {}
        }
    }
    for at in insert.into_iter().rev() {
        out.splice(at..at, b" = nil".iter().copied());
    }
    String::from_utf8(out).unwrap_or_else(|_| source.to_owned())
}

fn blank(out: &mut [u8], token: &Token) {
    out[token.start..token.end].fill(b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_apart() {
        assert_eq!(Input::of("  "), Input::Nothing);
        assert_eq!(Input::of(":use  ns1 "), Input::Command("use", "ns1"));
        assert_eq!(Input::of("::top::"), Input::Lua("::top::"));
        assert_eq!(Input::of("!ip -br a"), Input::Shell("ip -br a"));
        assert_eq!(Input::of("!!"), Input::Shell("!"));
        assert_eq!(Input::of("?link.add"), Input::Help("link.add"));
        assert_eq!(Input::of("link.add?"), Input::Help("link.add"));
        assert_eq!(Input::of("?"), Input::Help(""));
        assert_eq!(Input::of("help"), Input::Help(""));
        assert_eq!(Input::of("help veth"), Input::Help("veth"));
        assert_eq!(Input::of("help \"veth\""), Input::Lua("help \"veth\""));
        assert_eq!(Input::of("help = 1"), Input::Lua("help = 1"));
        assert_eq!(Input::of("helper"), Input::Lua("helper"));
        assert_eq!(Input::of("?:net"), Input::Help(":net"));
        assert_eq!(Input::of(":net?"), Input::Help(":net"));
        assert_eq!(Input::of("link.list()[1]?"), Input::Help("link.list()[1]"));
        assert_eq!(Input::of("f??"), Input::Whole("f"));
        assert_eq!(Input::of("??f.g"), Input::Whole("f.g"));
        assert_eq!(Input::of("x = 1 -- what?"), Input::Lua("x = 1 -- what?"));
        assert_eq!(Input::of("print(\"what?\")"), Input::Lua("print(\"what?\")"));
    }

    #[test]
    fn locals_outlive_their_input() {
        for (source, want) in [
            ("local x = 1", "      x = 1"),
            ("local x, y <const> = 1, 2", "      x, y         = 1, 2"),
            ("local x", "      x = nil"),
            ("local x; local y", "      x = nil;       y = nil"),
            ("local function f() local z = 1 end", "      function f() local z = 1 end"),
            ("do local x = 1 end local y = 2", "do local x = 1 end       y = 2"),
            (
                "if a then local b elseif c then local d end local e",
                "if a then local b elseif c then local d end       e = nil",
            ),
            ("print('local x')", "print('local x')"),
            ("local", "     "),
        ] {
            assert_eq!(globalised(source), want, "{source}");
        }
    }

    #[test]
    fn what_is_cut_anywhere_is_incomplete_wrong_or_whole() {
        let lua = Lua::new();
        let text =
            "local é, b <const> = f(function() local c end), 'x' -- y\nfor i = 1, 2 do repeat until x end";
        for (i, _) in text.char_indices() {
            parse(&lua, &text[..i]);
        }
        assert!(matches!(parse(&lua, "for i = 1, 2 do"), Parsed::Incomplete));
        assert!(matches!(parse(&lua, "f("), Parsed::Incomplete));
        for begun in ["1 +", "{ 1,", "{", "\"a\" ..", "1 and", "not", "#", "-", "(1"] {
            assert!(matches!(parse(&lua, begun), Parsed::Incomplete), "{begun}");
        }
        for wrong in ["ls /", "ls -", "1 2", "{ 1 ]", "\"abc"] {
            assert!(matches!(parse(&lua, wrong), Parsed::Wrong(_)), "{wrong}");
        }
        assert!(matches!(parse(&lua, "f)"), Parsed::Wrong(_)));
        assert!(matches!(parse(&lua, "x = \"abc"), Parsed::Wrong(_)));
        assert!(matches!(parse(&lua, "x = \"abc\\"), Parsed::Incomplete));
        assert!(matches!(parse(&lua, "x = [[abc"), Parsed::Incomplete));
        assert!(matches!(parse(&lua, "1 + 1"), Parsed::Chunk { expression: true, .. }));
    }
}
