//! The shell's words and operators, as far as commands in scripts and tutorials need them.

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text; quoted text isn't split or expanded.
    Text { text: String, quoted: bool },
    /// `$NAME`, `${NAME}`, `${NAME:-WORD}`.
    Variable { name: String, default: Option<Vec<Part>>, quoted: bool },
    /// `$((...))`, what is inside.
    Arithmetic(String),
    /// `$(...)` or backquotes, what is inside.
    Command(String),
    /// An expansion that is not understood, as it stands.
    Other(String),
}

/// A word, before the shell expands it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub parts: Vec<Part>,
}

impl Word {
    /// The word's text, if nothing in it is expanded.
    pub fn text(&self) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text { text, .. } => out.push_str(text),
                _ => return None,
            }
        }
        Some(out)
    }

    /// The word's text, if it is plain and without quotes: only then can it be one of the shell's own words.
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }
}

/// `2>/dev/null`, `<<EOF` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// The descriptor, where one stands in front.
    pub fd: Option<u32>,
    /// `>`, `>>`, `<`, `>&`, `<&`, `&>`, `&>>`, `<<<` or `<<`.
    pub operator: &'static str,
    /// What follows; of a here-document its text.
    pub target: Word,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Word(Word),
    Operator(&'static str),
    Redirection(Redirection),
    /// With the text behind the `#`.
    Comment(String),
    Newline,
    End,
}

/// What can't be read: the reason.
pub type Result<T> = std::result::Result<T, String>;

/// Longest first.
const OPERATORS: &[&str] = &["&&", "||", ";;", "|&", ";", "&", "|", "(", ")"];
/// How the reason begins why a here-document can't be read.
const OPEN_DOCUMENT: &str = "the here-document's end";

/// Whether a here-document's end is what is missing.
pub fn is_open_document(reason: &str) -> bool {
    reason.starts_with(OPEN_DOCUMENT)
}

const REDIRECTIONS: &[&str] = &["&>>", "&>", "<<<", "<<-", "<<", ">>", ">&", "<&", ">|", ">", "<"];

/// Reads tokens from a text.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Here-documents whose text begins behind the next newline: where to put it, the end's word, whether tabs are
    /// taken away, and whether it is quoted.
    awaited: Vec<(String, bool, bool)>,
    /// Texts of here-documents, in the order of their operators.
    documents: Vec<Word>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, at: usize) -> Self {
        Lexer { text, at, awaited: Vec::new(), documents: Vec::new() }
    }

    /// Where the next token is looked for, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The texts of the here-documents whose lines were read.
    pub fn take_documents(&mut self) -> Vec<Word> {
        std::mem::take(&mut self.documents)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(c) if c != '\n' && c.is_whitespace() => self.at += c.len_utf8(),
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                Some('\\') if self.rest().starts_with("\\\r\n") => self.at += 3,
                _ => return,
            }
        }
    }

    /// The next token, and where it begins.
    pub fn next(&mut self) -> Result<(usize, Token)> {
        self.skip_blanks();
        let start = self.at;
        let Some(c) = self.peek() else {
            self.read_documents()?;
            return Ok((start, Token::End));
        };
        if c == '\n' {
            self.at += 1;
            self.read_documents()?;
            return Ok((start, Token::Newline));
        }
        if c == '#' {
            let comment = self.rest().split('\n').next().unwrap_or_default();
            self.at += comment.len();
            return Ok((start, Token::Comment(comment[1..].trim_end().to_owned())));
        }
        if let Some(redirection) = self.redirection()? {
            return Ok((start, Token::Redirection(redirection)));
        }
        if let Some(operator) = OPERATORS.iter().find(|o| self.rest().starts_with(**o)) {
            self.at += operator.len();
            return Ok((start, Token::Operator(operator)));
        }
        Ok((start, Token::Word(self.word()?)))
    }

    fn redirection(&mut self) -> Result<Option<Redirection>> {
        let digits = self.rest().len() - self.rest().trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let behind = &self.rest()[digits..];
        let Some(operator) = REDIRECTIONS.iter().find(|o| behind.starts_with(**o)) else { return Ok(None) };
        // `a<(b)`: the output of a command as a file.
        if behind[operator.len()..].starts_with('(') {
            return Err("a command in place of a file is not understood".to_owned());
        }
        let fd = self.rest()[..digits].parse().ok();
        self.at += digits + operator.len();
        self.skip_blanks();
        let target = self.word()?;
        if target.parts.is_empty() {
            return Err(format!("nothing follows {operator}"));
        }
        if operator.starts_with("<<") && *operator != "<<<" {
            let quoted = !matches!(target.bare(), Some(word) if !word.contains('\\'));
            let end = target.text().ok_or("a here-document's end is a plain word")?;
            self.awaited.push((end, *operator == "<<-", quoted));
            return Ok(Some(Redirection { fd, operator: "<<", target: Word::default() }));
        }
        let operator = if *operator == ">|" { ">" } else { operator };
        Ok(Some(Redirection { fd, operator, target }))
    }

    fn read_documents(&mut self) -> Result<()> {
        for (end, tabs, quoted) in std::mem::take(&mut self.awaited) {
            let mut body = String::new();
            loop {
                if self.rest().is_empty() {
                    return Err(format!("{OPEN_DOCUMENT} {end} is missing"));
                }
                let line = self.rest().split('\n').next().unwrap_or_default();
                self.at = (self.at + line.len() + 1).min(self.text.len());
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if tabs { line.trim_start_matches('\t') } else { line };
                if line == end {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            let parts = match quoted {
                true => vec![Part::Text { text: body, quoted: true }],
                false => Lexer::new(&body, 0)
                    .double_quoted(None)
                    .unwrap_or_else(|_| vec![Part::Other(body.clone())]),
            };
            self.documents.push(Word { parts });
        }
        Ok(())
    }

    /// A word: text up to a blank or an operator.
    fn word(&mut self) -> Result<Word> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() => break,
                ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\\' => {
                    self.at += 1;
                    match self.bump() {
                        Some('\n') | None => {}
                        Some('\r') if self.peek() == Some('\n') => self.at += 1,
                        Some(c) => {
                            flush(&mut parts, &mut plain);
                            parts.push(Part::Text { text: c.to_string(), quoted: true });
                        }
                    }
                }
                '\'' => {
                    self.at += 1;
                    flush(&mut parts, &mut plain);
                    let end = self.rest().find('\'').ok_or("a quote ' is not closed")?;
                    parts.push(Part::Text { text: self.rest()[..end].to_owned(), quoted: true });
                    self.at += end + 1;
                }
                '"' => {
                    self.at += 1;
                    flush(&mut parts, &mut plain);
                    parts.extend(self.double_quoted(Some('"'))?);
                }
                '$' | '`' => {
                    flush(&mut parts, &mut plain);
                    parts.push(self.expansion(false)?);
                }
                c => {
                    plain.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        flush(&mut parts, &mut plain);
        Ok(Word { parts: joined(parts) })
    }

    /// Text between double quotes, behind the first one; without an `end`, all of the text.
    fn double_quoted(&mut self, end: Option<char>) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let push = |parts: &mut Vec<Part>, text: &mut String| {
            parts.push(Part::Text { text: std::mem::take(text), quoted: true });
        };
        loop {
            match self.peek() {
                None if end.is_none() => break,
                None => return Err("a quote \" is not closed".to_owned()),
                c if c == end => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    self.at += 1;
                    match self.bump() {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '\\')) => text.push(c),
                        Some('"') if end.is_some() => text.push('"'),
                        Some(c) => text.extend(['\\', c]),
                        None => text.push('\\'),
                    }
                }
                Some('$' | '`') => {
                    if !text.is_empty() {
                        push(&mut parts, &mut text);
                    }
                    parts.push(self.expansion(true)?);
                }
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        if !text.is_empty() || parts.is_empty() {
            push(&mut parts, &mut text);
        }
        Ok(parts)
    }

    /// `$...` or backquotes.
    fn expansion(&mut self, quoted: bool) -> Result<Part> {
        let rest = self.rest();
        if let Some(inner) = rest.strip_prefix('`') {
            let end = inner.find('`').ok_or("a ` is not closed")?;
            self.at += end + 2;
            return Ok(Part::Command(inner[..end].to_owned()));
        }
        if rest.starts_with("$((") {
            let inner = balanced(&rest[2..]).ok_or("$(( is not closed")?;
            if let Some(inner) = inner.strip_suffix(')').filter(|_| rest[3..].starts_with(inner)) {
                self.at += 3 + inner.len() + 2;
                return Ok(Part::Arithmetic(inner.to_owned()));
            }
            // `$((a)(b))`: odd, but a command.
            let inner = balanced(&rest[1..]).ok_or("$(( is not closed")?;
            if let Some(sum) = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')) {
                self.at += 2 + inner.len() + 1;
                return Ok(Part::Arithmetic(sum.to_owned()));
            }
            self.at += 2 + inner.len() + 1;
            return Ok(Part::Command(inner.to_owned()));
        }
        if rest.starts_with("$(") {
            let inner = balanced(&rest[1..]).ok_or("$( is not closed")?;
            self.at += 2 + inner.len() + 1;
            return Ok(Part::Command(inner.to_owned()));
        }
        if rest.starts_with("${") {
            return self.braced(quoted);
        }
        self.at += 1;
        let name: String = match self.peek() {
            Some(c) if c.is_ascii_digit() || "?$!#@*-".contains(c) => c.to_string(),
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                self.rest().chars().take_while(|c| *c == '_' || c.is_ascii_alphanumeric()).collect()
            }
            Some('\'') if !quoted => return Err("$'...' is not understood".to_owned()),
            _ => return Ok(Part::Text { text: "$".to_owned(), quoted: true }),
        };
        self.at += name.len();
        Ok(Part::Variable { name, default: None, quoted })
    }

    fn braced(&mut self, quoted: bool) -> Result<Part> {
        let rest = self.rest();
        let end = rest.find('}').ok_or("${ is not closed")?;
        let whole = rest[..=end].to_owned();
        let inner = &rest[2..end];
        self.at += end + 1;
        let name_length =
            inner.len() - inner.trim_start_matches(|c: char| c == '_' || c.is_ascii_alphanumeric()).len();
        let (name, behind) = inner.split_at(name_length);
        let default = behind.strip_prefix(":-").or_else(|| behind.strip_prefix('-'));
        match default {
            _ if name.is_empty() => Ok(Part::Other(whole)),
            None if behind.is_empty() => Ok(Part::Variable { name: name.to_owned(), default: None, quoted }),
            None => Ok(Part::Other(whole)),
            Some(default) => {
                let inside = |mark: char| default.strip_prefix(mark).and_then(|d| d.strip_suffix(mark));
                let default = match (inside('"'), inside('\'')) {
                    (Some(text), _) if !text.contains('"') => Lexer::new(text, 0).double_quoted(None)?,
                    (_, Some(text)) if !quoted && !text.contains('\'') => {
                        vec![Part::Text { text: text.to_owned(), quoted: true }]
                    }
                    _ if default.contains('"') || (!quoted && default.contains('\'')) => {
                        return Ok(Part::Other(whole));
                    }
                    _ => Lexer::new(default, 0).double_quoted(None)?,
                };
                Ok(Part::Variable { name: name.to_owned(), default: Some(default), quoted })
            }
        }
    }
}

/// What stands between the `(` that `text` begins with and its `)`.
fn balanced(text: &str) -> Option<&str> {
    let (mut depth, mut quote) = (0usize, None);
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', None | Some('"')) => escaped = true,
            (c, Some(q)) if c == q => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(c),
            ('(', None) => depth += 1,
            (')', None) => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(1..at);
                }
            }
            _ => {}
        }
    }
    None
}

fn flush(parts: &mut Vec<Part>, plain: &mut String) {
    if !plain.is_empty() {
        parts.push(Part::Text { text: std::mem::take(plain), quoted: false });
    }
}

/// Joins neighbouring texts that are quoted alike.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match (out.last_mut(), &part) {
            (Some(Part::Text { text, quoted: true }), Part::Text { text: more, quoted: true }) => {
                text.push_str(more);
            }
            _ => out.push(part),
        }
    }
    out
}
