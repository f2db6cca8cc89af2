//! The blocks of code in a Markdown text: fenced, indented, and quoted ones.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    Heading(&'a str),
    Block(Block<'a>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block<'a> {
    /// In lower case; empty where the text says none.
    pub language: String,
    pub lines: Vec<Line<'a>>,
}

/// A line, without what indents and quotes its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: usize,
    pub text: &'a str,
}

/// How far code is indented.
const CODE: usize = 4;

/// Cuts a text into headings and blocks.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut reader = Reader { blank: true, ..Reader::default() };
    for (number, line) in text.lines().enumerate() {
        reader.line(Line { number: number + 1, text: line });
    }
    // A block that is not closed goes on to the end.
    reader.close();
    reader.parts
}

/// Whether a text has fenced blocks.
pub fn has_fences(text: &str) -> bool {
    text.lines().filter(|line| fence(line).is_some()).count() >= 2
}

#[derive(Default)]
struct Reader<'a> {
    parts: Vec<Part<'a>>,
    block: Option<(Kind<'a>, Block<'a>)>,
    /// Whether the line before is blank.
    blank: bool,
    /// How far the text of a list's item is indented.
    list: usize,
    comment: bool,
}

enum Kind<'a> {
    /// With the fence, and how many times it is quoted.
    Fenced(&'a str, usize),
    Indented,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: Line<'a>) {
        if let Some((Kind::Fenced(mark, quotes), block)) = &mut self.block {
            let (depth, text) = unquoted(line.text, *quotes);
            let quoted = depth == *quotes;
            let ends = fence(text).is_some_and(|(end, info)| end.starts_with(*mark) && info.is_empty());
            if quoted && !ends {
                return block.lines.push(Line { text, ..line });
            }
            // A quotation ends where its mark is missing, and so does what it has.
            self.close();
            if quoted {
                return;
            }
        }
        let (quotes, text) = unquoted(line.text, usize::MAX);
        self.outside(Line { text, ..line }, quotes);
        self.blank = text.trim().is_empty();
    }

    fn outside(&mut self, line: Line<'a>, quotes: usize) {
        let Line { text, .. } = line;
        if self.comment {
            self.comment = !text.contains("-->");
        } else if text.trim().is_empty() {
            if let Some((_, block)) = &mut self.block {
                block.lines.push(line);
            }
        } else if width(text) >= self.list + CODE && (self.blank || self.block.is_some()) {
            let indented = || (Kind::Indented, Block::default());
            self.block.get_or_insert_with(indented).1.lines.push(line);
        } else {
            self.close();
            self.prose(text, quotes);
        }
    }

    fn prose(&mut self, text: &'a str, quotes: usize) {
        let body = text.trim_start();
        if let Some((mark, info)) = fence(text) {
            self.block =
                Some((Kind::Fenced(mark, quotes), Block { language: language(info), lines: Vec::new() }));
        } else if let Some(title) = heading(body) {
            self.parts.push(Part::Heading(title));
            self.list = 0;
        } else if body.starts_with("<!--") {
            self.comment = !body.contains("-->");
        } else if let Some(marker) = marker(body) {
            self.list = width(text) + marker;
        } else if width(text) < self.list {
            self.list = 0;
        }
    }

    fn close(&mut self) {
        let Some((_, mut block)) = self.block.take() else { return };
        let depth = |line: &Line<'a>| (!line.text.trim().is_empty()).then(|| indent(line.text));
        let indent = block.lines.iter().filter_map(depth).min().unwrap_or(0);
        for line in &mut block.lines {
            line.text = line.text.get(indent..).unwrap_or_default();
        }
        if block.lines.iter().any(|line| !line.text.trim().is_empty()) {
            self.parts.push(Part::Block(block));
        }
    }
}

/// Takes away at most so many marks of a quotation; returns how many there were.
fn unquoted(text: &str, most: usize) -> (usize, &str) {
    let (mut depth, mut rest) = (0, text);
    while depth < most {
        let Some(inner) = rest.trim_start_matches(' ').strip_prefix('>') else { break };
        if rest.len() - inner.len() > CODE {
            break;
        }
        (depth, rest) = (depth + 1, inner.strip_prefix(' ').unwrap_or(inner));
    }
    (depth, rest)
}

/// The fence that a line is, and what follows it.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| *c == '`' || *c == '~')?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let info = line[length..].trim();
    (length >= 3 && !info.contains('`')).then_some((&line[..length], info))
}

fn language(info: &str) -> String {
    let info = info.trim_start_matches(['{', '.']);
    info.split([' ', ',', '{', '}', ':']).next().unwrap_or_default().to_ascii_lowercase()
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let depth = line.len() - title.len();
    ((1..=6).contains(&depth) && title.starts_with(' '))
        .then(|| title.trim().trim_end_matches('#').trim_end())
}

/// How many columns the mark of a list's item takes.
fn marker(line: &str) -> Option<usize> {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mark = match line.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if digits > 0 => digits + 1,
        _ => return None,
    };
    line[mark..].starts_with(' ').then(|| mark + indent(&line[mark..]).min(CODE))
}

/// How many bytes of blanks a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// How many columns they take.
fn width(line: &str) -> usize {
    let columns = |c: char| if c == '\t' { CODE } else { 1 };
    line[..indent(line)].chars().map(columns).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let part = |part: Part<'_>| match part {
            Part::Heading(title) => format!("# {title}"),
            Part::Block(block) => {
                let lines = block.lines.iter().filter(|line| !line.text.is_empty());
                let lines: Vec<_> = lines.map(|line| format!("{}:{}", line.number, line.text)).collect();
                format!("{}|{}", block.language, lines.join("|"))
            }
        };
        parts(text).into_iter().map(part).collect()
    }

    #[test]
    fn fences_indents_and_quotations_make_blocks() {
        assert_eq!(shown("# A #\n```Bash title=x\n  a\n    b\n```\ntext"), ["# A", "bash|3:a|4:  b"]);
        assert_eq!(shown("~~~~\n```\na\n~~~\n~~~~\n"), ["|2:```|3:a|4:~~~"]);
        assert_eq!(shown("text\n\n    a\n\n     b\n\ntext\n    no"), ["|3:a|5: b"]);
        assert_eq!(shown("\n\ta"), ["|2:a"]);
        assert_eq!(shown("> ```sh\n> a\n> > b\n> ```\n> said\nx"), ["sh|2:a|3:> b"]);
        assert_eq!(shown("> ```\n> a\n```\nb\n```\n"), ["|2:a", "|4:b"]);
        assert_eq!(shown(">     a\n"), ["|1:a"]);
        assert_eq!(shown("```\nnever closed"), ["|2:never closed"]);
    }

    #[test]
    fn lists_and_comments_are_no_code() {
        assert_eq!(shown("1. one\n\n     still one\n\n       a\n"), ["|5:a"]);
        assert_eq!(shown("- one\n\n  ```\n  a\n  ```\n"), ["|4:a"]);
        assert_eq!(shown("<!--\n\n    a\n-->\n\n    b"), ["|6:b"]);
        assert_eq!(shown("- one\n\nelse\n\n    a"), ["|5:a"]);
    }
}
