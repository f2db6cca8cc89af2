//! Lua in colours, with the bracket that belongs to the one at the cursor.

use super::colour::{Colours, Paint};
use super::lex::{self, Kind, Token};

/// The line with colours; `cursor` as a byte offset, if brackets are to be matched.
pub fn lua(line: &str, cursor: Option<usize>, colours: Colours) -> String {
    let tokens = lex::tokens(line);
    let pair = cursor.and_then(|at| pair(&tokens, line, at));
    let mut out = String::with_capacity(line.len() * 2);
    for (i, token) in tokens.iter().enumerate() {
        let text = token.text(line);
        let paint = match token.kind {
            Kind::Bracket if pair.is_some_and(|(a, b)| token.start == a || token.start == b) => {
                Some(Paint::Bracket)
            }
            Kind::Keyword => Some(Paint::Keyword),
            Kind::Str { .. } => Some(Paint::Text),
            Kind::Number => Some(Paint::Number),
            Kind::Comment => Some(Paint::Comment),
            Kind::Name if called(&tokens, line, i) => Some(Paint::Function),
            _ => None,
        };
        match paint {
            Some(paint) => out.push_str(&colours.paint(paint, text)),
            None => out.push_str(text),
        }
    }
    out
}

/// Whether the name at `i` is followed by an argument.
fn called(tokens: &[Token], line: &str, i: usize) -> bool {
    let next = tokens[i + 1..].iter().find(|t| t.kind != Kind::Space);
    next.is_some_and(|t| t.text(line) == "(" || t.text(line) == "{" || matches!(t.kind, Kind::Str { .. }))
}

/// The bracket under the cursor, or just before it, and its partner.
fn pair(tokens: &[Token], line: &str, cursor: usize) -> Option<(usize, usize)> {
    [Some(cursor), cursor.checked_sub(1)]
        .into_iter()
        .flatten()
        .find_map(|at| lex::partner(tokens, line, at).map(|other| (at, other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_nothing_but_colours() {
        let line = "local é = link.get(\"lo\") -- x";
        let coloured = lua(line, Some(19), Colours::ALWAYS);
        assert!(coloured.contains("\x1b[35mlocal\x1b[0m") && coloured.contains("\x1b[34mget\x1b[0m"));
        let mut plain = String::new();
        for (i, part) in coloured.split("\x1b[").enumerate() {
            plain.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(plain, line);
        assert_eq!(lua(line, Some(19), Colours::NEVER), line);
    }

    #[test]
    fn brackets_at_the_cursor_are_matched() {
        assert_eq!(lua("f(1)", Some(4), Colours::ALWAYS).matches("\x1b[1;33m").count(), 2);
        assert_eq!(lua("f(1", Some(2), Colours::ALWAYS).matches("\x1b[1;33m").count(), 0);
        assert_eq!(lua("'(1)'", Some(4), Colours::ALWAYS).matches("\x1b[1;33m").count(), 0);
    }
}
