//! An expression's words.

use crate::base::error::{Error, Result};

/// No expression is longer.
const LONGEST: usize = 2048;

/// A word or a sign, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    /// In bytes.
    pub at: usize,
}

const SIGNS: [&str; 25] = [
    "&&", "||", "<=", ">=", "!=", "==", "<<", ">>", "<", ">", "=", "!", "&", "|", "^", "(", ")", "[", "]",
    "+", "-", "*", "/", "%", ":",
];

/// Splits an expression. Addresses and names are one word (`10.0.0.0`, `fe80::1`, `tcp-syn`, `8000-8010`); within
/// brackets, colons and the minus behind a number are signs: `ip[2-1:1]`.
pub(super) fn split(text: &str) -> Result<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let (mut at, mut brackets) = (0, 0usize);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (start, length) =
            if c.is_ascii_alphanumeric() || c == '\\' || rest.starts_with("::") && brackets == 0 {
                // A backslash makes a keyword a name: `ip proto \tcp`.
                let start = at + usize::from(c == '\\');
                let digit = c.is_ascii_digit();
                let part = |c: char| match c {
                    '_' | '.' => true,
                    ':' => brackets == 0,
                    '-' => brackets == 0 || !digit,
                    other => other.is_ascii_alphanumeric(),
                };
                (start, text[start..].find(|c| !part(c)).unwrap_or(text.len() - start))
            } else {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                (at, sign.map_or(c.len_utf8(), |sign| sign.len()))
            };
        let word = Word { text: &text[start..start + length], at };
        match word.text {
            "[" => brackets += 1,
            "]" => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        at = (start + length).max(at + 1);
        if words.len() == LONGEST {
            return Err(Error::argument(format!("an expression has at most {LONGEST} words")));
        }
        words.push(word);
    }
    Ok(words)
}
