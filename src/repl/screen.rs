//! Texts as a terminal shows them.

pub use crate::base::terminal::{fit, size, width};
pub use crate::base::text::harmless;

/// With blanks up to so many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_padded_and_harmless() {
        assert_eq!(padded("é", 3), "é  ");
        assert_eq!(harmless("a\x1b[2Jb"), "a\\x1b[2Jb");
    }
}
