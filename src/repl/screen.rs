//! Texts as a terminal shows them.

pub use crate::terminal::{fit, size, width};

/// With blanks up to so many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Control characters made visible, so that a value can't drive the terminal.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c.to_string(),
            c if c.is_control() => c.escape_default().to_string(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_padded_and_harmless() {
        assert_eq!(padded("é", 3), "é  ");
        assert_eq!(harmless("a\x1b[2Jb"), "a\\u{1b}[2Jb");
    }
}
