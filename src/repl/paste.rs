//! An input of several lines that are not all Lua, cut into parts that run one after the other.

use std::borrow::Cow;

use mlua::{Lua, Value};

use super::input::{self, Parsed};
use super::lex::KEYWORDS;
use crate::shell;

/// A part of an input.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its first line, from 1.
    pub line: usize,
    pub text: &'a str,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// A line that the prompt itself understands, such as `:use ns1`.
    Own,
    Lua,
    Shell,
    /// Neither Lua nor a command; what Lua says of it.
    Unknown(String),
    /// More must follow.
    Incomplete,
}

/// Cuts an input of several lines; `None` if all of it is Lua, right or wrong.
pub fn parts<'a>(lua: &Lua, text: &'a str) -> Option<Vec<Part<'a>>> {
    let several = text.trim().contains('\n') && !text.trim_start().starts_with('!');
    if !several || matches!(input::parse(lua, text), Parsed::Chunk { .. }) {
        return None;
    }
    let mut parts = Vec::new();
    let (mut at, mut line, mut mixed) = (0, 1, false);
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.lines().next().unwrap_or_default();
        let (what, length) = match first.trim() {
            // Empty, or a comment of the shell's; with `#!` it may say something.
            "" => (None, 0),
            comment if comment.starts_with('#') && !comment.starts_with("#!") => (None, 0),
            own if is_own(own) => {
                mixed = true;
                (Some(What::Own), 0)
            }
            _ if is_shell(lua, text, first) || is_loop(lua, rest) => {
                mixed = true;
                match shell::length(rest) {
                    Ok(length) => (Some(What::Shell), length),
                    Err(reason) if reason.incomplete => (Some(What::Incomplete), rest.len()),
                    // Whoever runs it is told the same reason.
                    Err(_) => (Some(What::Shell), 0),
                }
            }
            _ => {
                let (what, length) = lua_at(lua, rest);
                (Some(what), length)
            }
        };
        let length = if length == 0 { (first.len() + 1).min(rest.len()) } else { length };
        if let Some(what) = what {
            parts.push(Part { line, text: rest[..length].trim_end(), what });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    mixed.then_some(parts)
}

fn is_own(line: &str) -> bool {
    line.starts_with(['!', '?']) || (line.starts_with(':') && !line.starts_with("::"))
}

/// Whether a line begins a shell command.
fn is_shell(lua: &Lua, text: &str, line: &str) -> bool {
    let trimmed = line.trim();
    let word = trimmed.split_whitespace().next().unwrap_or_default();
    let statement = || matches!(input::parse(lua, line), Parsed::Chunk { expression: false, .. });
    if shell::is_typed(line) {
        return !statement();
    }
    // `NAME=value`, which is Lua as well, if the shell's way to use it follows.
    if let Some((name, _)) = word.split_once('=')
        && !name.is_empty()
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    {
        let used = text.contains(&format!("${name}")) || text.contains(&format!("${{{name}"));
        return used || !statement();
    }
    if trimmed.starts_with("#!") {
        return true;
    }
    // `name() {`
    if trimmed.replace(' ', "").contains("(){") && !word.starts_with("function") {
        return true;
    }
    if KEYWORDS.contains(&word) {
        let condition = trimmed[word.len()..].trim_start().starts_with('[');
        return matches!(word, "if" | "for" | "while" | "until")
            && (condition || trimmed.contains("; do") || trimmed.contains("; then"));
    }
    let defined = lua.globals().raw_get::<Value>(word.trim_end_matches(';')).is_ok_and(|v| !v.is_nil());
    shell::is_known(word) && !defined && !statement()
}

/// Whether a shell loop or condition begins here that has its `do` or `then` in the next line.
fn is_loop(lua: &Lua, rest: &str) -> bool {
    let mut lines = rest.lines();
    let first = lines.next().unwrap_or_default();
    let word = first.split_whitespace().next().unwrap_or_default();
    let next = lines.next().unwrap_or_default().trim();
    matches!(word, "if" | "for" | "while" | "until")
        && matches!(next, "do" | "then")
        && matches!(input::parse(lua, first), Parsed::Wrong(_))
}

/// The fewest lines that are whole in Lua.
fn lua_at(lua: &Lua, rest: &str) -> (What, usize) {
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        end += line.len();
        match input::parse(lua, &rest[..end]) {
            Parsed::Chunk { .. } => return (What::Lua, end),
            Parsed::Incomplete => {}
            Parsed::Wrong(message) => return (What::Unknown(message), end),
        }
    }
    (What::Incomplete, end)
}

/// The text without the prompts of a transcript that it was copied from: `$ ip link`, `root@h:~# ip link`,
/// `nsh ns1> 1 + 1`. Lines without a prompt are output and comments, and become empty.
pub fn without_prompts(text: &str) -> Cow<'_, str> {
    // Its first line may be a comment.
    let says_nothing = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let first = text.lines().find(|line| behind_prompt(line).is_some() || !says_nothing(line));
    if behind_prompt(first.unwrap_or_default()).is_none() {
        return Cow::Borrowed(text);
    }
    let plain = |line: &str| behind_prompt(line).is_none() && shell::is_typed(line);
    // `# ip link` is a comment where other commands have no prompt.
    if text.lines().any(plain) {
        return Cow::Borrowed(text);
    }
    let mut goes_on = false;
    let lines: Vec<&str> = text
        .lines()
        .map(|line| {
            let command = behind_prompt(line).or(Some(line).filter(|_| goes_on)).unwrap_or_default();
            goes_on = command.ends_with('\\');
            command
        })
        .collect();
    Cow::Owned(lines.join("\n"))
}

fn behind_prompt(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let own = line.strip_prefix("nsh").or_else(|| line.strip_prefix("failed")).and_then(|rest| {
        let (name, command) = rest.split_once("> ")?;
        let sound = name.is_empty() || (name.starts_with(' ') && !name[1..].contains([' ', '=', '<']));
        sound.then_some(command)
    });
    own.or_else(|| shell::behind_prompt(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(usize, &str, What)> {
        parts(&Lua::new(), text).into_iter().flatten().map(|p| (p.line, p.text, p.what)).collect()
    }

    #[test]
    fn commands_and_lua_are_told_apart() {
        use What::{Lua, Own, Shell};
        let text = "# c\nsudo ip netns add m4\n\nx = 1\nfor i = 1, 2 do\n  print(i)\nend\nip link | \\\n grep lo\n:use m4";
        let want = [
            (2, "sudo ip netns add m4", Shell),
            (4, "x = 1", Lua),
            (5, "for i = 1, 2 do\n  print(i)\nend", Lua),
            (8, "ip link | \\\n grep lo", Shell),
            (10, ":use m4", Own),
        ];
        assert_eq!(cut(text), want);
        let shell = "#!/bin/sh\nset -e\nN=m4\nfor i in 1 2; do\n  ip netns add $N$i\ndone\nif [ -z x ]; then\n  ls\nfi";
        let want = [
            (1, "#!/bin/sh", Shell),
            (2, "set -e", Shell),
            (3, "N=m4", Shell),
            (4, "for i in 1 2; do\n  ip netns add $N$i\ndone", Shell),
            (7, "if [ -z x ]; then\n  ls\nfi", Shell),
        ];
        assert_eq!(cut(shell), want);
        assert_eq!(cut("for i in 1 2\ndo\nip link\ndone"), [(1, "for i in 1 2\ndo\nip link\ndone", Shell)]);
        assert!(matches!(&cut("ip link\nfoo bar")[1], (2, "foo bar", What::Unknown(_))));
        assert_eq!(cut("ip link\nfor i in 1 2; do\nip link")[1].2, What::Incomplete);
        assert_eq!(cut("ip link\nf(\nls")[1].2, What::Incomplete);
    }

    #[test]
    fn what_is_all_lua_stays_whole() {
        for text in ["x = 1\ny = 2", "x = {\n  file = 1,\n  ip = 2,\n}", "x = = 1\ny = 2", "f(\n1"] {
            assert!(parts(&Lua::new(), text).is_none(), "{text}");
        }
    }

    #[test]
    fn prompts_of_transcripts_go() {
        for (text, want) in [
            ("$ ip netns add d1", "ip netns add d1"),
            ("# ip link", "ip link"),
            ("# a comment", "# a comment"),
            ("root@h:~# ip link", "ip link"),
            ("nsh> 1+1", "1+1"),
            ("nsh ns1> 1 > 2", "1 > 2"),
            ("nsh = 5 > 4", "nsh = 5 > 4"),
            ("#x", "#x"),
            ("$ ip link\n1: lo\n$ ip addr", "ip link\n\nip addr"),
            ("# ip link\nip addr", "# ip link\nip addr"),
            ("# ip link\n1: lo\n# ip addr", "ip link\n\nip addr"),
            ("# A namespace.\n$ ip netns add d1\n$ ip link", "\nip netns add d1\nip link"),
            ("# a comment\nx = 1", "# a comment\nx = 1"),
        ] {
            assert_eq!(without_prompts(text), want);
        }
    }
}
