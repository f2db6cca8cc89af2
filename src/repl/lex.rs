//! Lua's tokens, with their places: enough to colour, to complete, and to see what an input needs. Anything is
//! tokenised; what isn't Lua becomes [`Kind::Other`].

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Space,
    Comment,
    Name,
    Keyword,
    Number,
    /// With its quotes; `open` if the closing one is missing.
    Str {
        open: bool,
    },
    /// `(`, `{`, `[`, and their counterparts.
    Bracket,
    /// An operator or separator.
    Op,
    Other,
}

/// A piece of the text, as bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

impl Token {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start..self.end]
    }

    /// Neither space nor comment.
    pub fn counts(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }
}

/// Lua 5.4's reserved words.
pub const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

const OPERATORS: &[&str] = &[
    "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", "..", "+", "-", "*", "/", "%", "^", "#", "&", "~",
    "|",
];

/// All of the text, in order, nothing left out.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let (kind, length) = next(&source[at..]);
        out.push(Token { kind, start: at, end: at + length });
        at += length;
    }
    out
}

/// The first token of a text that isn't empty, and its length.
fn next(rest: &str) -> (Kind, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    let run = |is: fn(char) -> bool| rest.find(|c: char| !is(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        return (Kind::Space, run(char::is_whitespace));
    }
    if first == '_' || first.is_ascii_alphabetic() {
        let length = run(|c| c == '_' || c.is_ascii_alphanumeric());
        let keyword = KEYWORDS.contains(&&rest[..length]);
        return (if keyword { Kind::Keyword } else { Kind::Name }, length);
    }
    let digit_follows = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || (first == '.' && digit_follows) {
        return (Kind::Number, number(rest));
    }
    if let Some(comment) = rest.strip_prefix("--") {
        let length = match long(comment) {
            Some((length, _)) => 2 + length,
            None => rest.find('\n').unwrap_or(rest.len()),
        };
        return (Kind::Comment, length);
    }
    if let Some((length, closed)) = long(rest) {
        return (Kind::Str { open: !closed }, length);
    }
    match first {
        '"' | '\'' => quoted(rest, first),
        '(' | ')' | '[' | ']' | '{' | '}' => (Kind::Bracket, 1),
        '=' | '<' | '>' | ',' | ';' | ':' | '.' => (Kind::Op, operator(rest).unwrap_or(1)),
        _ => match operator(rest) {
            Some(length) => (Kind::Op, length),
            None => (Kind::Other, first.len_utf8()),
        },
    }
}

fn operator(rest: &str) -> Option<usize> {
    OPERATORS.iter().find(|o| rest.starts_with(**o)).map(|o| o.len())
}

/// Like Lua's lexer, it takes everything that could belong to a number.
fn number(rest: &str) -> usize {
    let exponents: &[char] =
        if rest.starts_with("0x") || rest.starts_with("0X") { &['p', 'P'] } else { &['e', 'E'] };
    let mut before = ' ';
    for (at, c) in rest.char_indices() {
        let sign = (c == '+' || c == '-') && exponents.contains(&before);
        if !(c.is_ascii_alphanumeric() || c == '.' || sign) || rest[at..].starts_with("..") {
            return at;
        }
        before = c;
    }
    rest.len()
}

/// `[[...]]`, `[==[...]==]`: its length, and whether it is closed.
fn long(rest: &str) -> Option<(usize, bool)> {
    let inner = rest.strip_prefix('[')?;
    let level = inner.len() - inner.trim_start_matches('=').len();
    if !inner[level..].starts_with('[') {
        return None;
    }
    let close = format!("]{}]", "=".repeat(level));
    Some(match rest.find(&close) {
        Some(at) => (at + close.len(), true),
        None => (rest.len(), false),
    })
}

fn quoted(rest: &str, quote: char) -> (Kind, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' if !escaped => return (Kind::Str { open: true }, at),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (Kind::Str { open: false }, at + 1),
            _ => {}
        }
    }
    (Kind::Str { open: true }, rest.len())
}

/// The place of the bracket that belongs to the one at byte `at`, if both are there.
pub fn partner(tokens: &[Token], source: &str, at: usize) -> Option<usize> {
    let here = tokens.iter().position(|t| t.start == at && t.kind == Kind::Bracket)?;
    let opens = |t: &Token| matches!(t.text(source), "(" | "[" | "{");
    let forward = opens(&tokens[here]);
    let mut depth = 0i32;
    let mut walk: Box<dyn Iterator<Item = &Token>> =
        if forward { Box::new(tokens[here..].iter()) } else { Box::new(tokens[..=here].iter().rev()) };
    walk.find(|t| {
        if t.kind == Kind::Bracket {
            depth += if opens(t) == forward { 1 } else { -1 };
        }
        t.kind == Kind::Bracket && depth == 0
    })
    .filter(|t| {
        let pair = if forward { (at, t.start) } else { (t.start, at) };
        matches!((&source[pair.0..=pair.0], &source[pair.1..=pair.1]), ("(", ")") | ("[", "]") | ("{", "}"))
    })
    .map(|t| t.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Kind, &str)> {
        tokens(source).iter().filter(|t| t.kind != Kind::Space).map(|t| (t.kind, t.text(source))).collect()
    }

    #[test]
    fn a_line_of_lua() {
        assert_eq!(
            kinds("local x = ns1.link.add('e\\'0', { mtu = 0x1p-3 }) -- so"),
            [
                (Kind::Keyword, "local"),
                (Kind::Name, "x"),
                (Kind::Op, "="),
                (Kind::Name, "ns1"),
                (Kind::Op, "."),
                (Kind::Name, "link"),
                (Kind::Op, "."),
                (Kind::Name, "add"),
                (Kind::Bracket, "("),
                (Kind::Str { open: false }, "'e\\'0'"),
                (Kind::Op, ","),
                (Kind::Bracket, "{"),
                (Kind::Name, "mtu"),
                (Kind::Op, "="),
                (Kind::Number, "0x1p-3"),
                (Kind::Bracket, "}"),
                (Kind::Bracket, ")"),
                (Kind::Comment, "-- so"),
            ]
        );
    }

    #[test]
    fn what_is_not_closed_is_open() {
        assert_eq!(kinds("\"eth"), [(Kind::Str { open: true }, "\"eth")]);
        assert_eq!(kinds("[=[ a ]] "), [(Kind::Str { open: true }, "[=[ a ]] ")]);
        assert_eq!(kinds("--[[ a"), [(Kind::Comment, "--[[ a")]);
        assert_eq!(kinds("1..2"), [(Kind::Number, "1"), (Kind::Op, ".."), (Kind::Number, "2")]);
    }

    #[test]
    fn anything_is_tokenised_without_gaps() {
        for source in ["é§∞ \u{0} \\ @ $ ` !", "'\\", ".", "a.é.b", "\"é", "--é\n[", "[=", "0x", "..é"]
        {
            let all = tokens(source);
            let ends: Vec<usize> = all.iter().map(|t| t.end).collect();
            let starts: Vec<usize> = all.iter().skip(1).map(|t| t.start).collect();
            assert_eq!(ends[..ends.len() - 1], starts[..], "{source}");
            assert_eq!(ends.last(), Some(&source.len()));
        }
    }

    #[test]
    fn brackets_find_their_partners() {
        let source = "f({ '(' , [1] })";
        let all = tokens(source);
        assert_eq!(partner(&all, source, 1), Some(15));
        assert_eq!(partner(&all, source, 15), Some(1));
        assert_eq!(partner(&all, source, 2), Some(14));
        assert_eq!(partner(&tokens("(}"), "(}", 0), None);
        assert_eq!(partner(&tokens("("), "(", 0), None);
    }
}
