//! Words for people, and texts that others made (a lab, a peer, a name) before people see them.

use std::borrow::Cow;

/// Control characters made visible, as Lua would write them, so that a text can't drive the terminal. Line breaks and
/// tabs stay. Whatever prints what a lab, a peer or a name may have made goes through here.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("\\r"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Breaks a text at spaces, so that no line has more than `most` columns. Its first line begins in column `indent`; the
/// others are indented by as much.
pub fn hang(text: &str, indent: usize, most: usize) -> String {
    // Where the indent leaves hardly any room, lines are too long rather than of a word each.
    let (mut out, mut column, most) = (String::new(), indent, most.max(indent + 20));
    for word in text.split_whitespace() {
        if column > indent && column + 1 + word.chars().count() > most {
            out.push_str(&format!("\n{:indent$}", ""));
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out
}

/// The text, or its beginning and its end in `most` bytes, with what was left out said between them.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let mut head = most - most / 4;
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len() - most / 4;
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    Cow::Owned(format!("{}[{} bytes left out]{}", &text[..head], tail - head, &text[tail..]))
}

/// The same in place.
pub fn shorten(text: &mut String, most: usize) {
    if let Cow::Owned(short) = shortened(text, most) {
        *text = short;
    }
}

/// The first of a list for a hint, and how many more there are.
pub fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 12;
    let mut items = items.into_iter();
    let mut out = items.by_ref().take(SHOWN).map(|item| item.to_string()).collect::<Vec<_>>().join(", ");
    match items.count() {
        0 => {}
        more => out.push_str(&format!(" and {more} more")),
    }
    out
}

/// The candidate that `word` was probably meant to be: the nearest, if at most a third of the longer one differs.
pub fn similar<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance > 0 && *distance <= (word.len().max(candidate.len()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_drives_the_terminal() {
        assert_eq!(harmless("a\x1b[2J\tb\r\n\u{9b}c"), "a\\x1b[2J\tb\\r\n\\u{9b}c");
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(listed([1, 2]), "1, 2");
        assert_eq!(listed(1..=1000), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 988 more");
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        assert_eq!(shortened("abcdefgh", 8), "abcdefgh");
        assert_eq!(shortened("abcdefghi", 8), "abcdef[1 bytes left out]hi");
        assert_eq!(shortened(&"ä".repeat(100), 8), format!("äää[192 bytes left out]ä"));
    }
}
