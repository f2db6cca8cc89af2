//! Texts as a terminal shows them.

pub use crate::base::terminal::{columns, drawn, fit, padded, size, width};
pub use crate::base::text::harmless;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_padded_and_harmless() {
        assert_eq!(padded("é", 3), "é  ");
        assert_eq!(harmless("a\x1b[2Jb"), "a\\x1b[2Jb");
    }
}
