//! The terminal's size, and texts that fit it.

use std::os::fd::AsRawFd;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Where nothing is known of the terminal.
const USUAL: (usize, usize) = (80, 24);

/// Columns and rows of the terminal on stdout.
pub fn size() -> (usize, usize) {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the ioctl fills in a winsize, or fails.
    let done = unsafe { libc::ioctl(std::io::stdout().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    match (done, size.ws_col, size.ws_row) {
        (0, columns, rows) if columns > 0 && rows > 0 => (columns as usize, rows as usize),
        _ => USUAL,
    }
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text, or as much of it as fits, with a mark for the rest.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(fit("日本語", 4), "日…");
    }
}
