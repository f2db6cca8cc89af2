//! Texts that may be longer than the terminal.

use std::io::Write;
use std::process::{Command, Stdio};

use super::screen;

/// Shows a text, in the user's pager if it is longer than the terminal and `may_page` says that a person reads it.
pub fn page(text: &str, may_page: bool) {
    let text = text.trim_end();
    let (columns, rows) = screen::size();
    if !(may_page && lines(text, columns) + 1 > rows && through_pager(text)) {
        // Where stdout has gone, as with a closed pipe, nobody can be told.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// How many lines of the terminal a text takes. A long line takes several.
fn lines(text: &str, columns: usize) -> usize {
    text.lines().map(|line| screen::width(line).div_ceil(columns.max(1)).max(1)).sum()
}

/// Through `$PAGER`, or `less`; false if there is none.
fn through_pager(text: &str) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    if pager.trim().is_empty() {
        return false;
    }
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(&pager).stdin(Stdio::piped());
    // Leaves what fits on the screen, shows colours, ends on Ctrl-C, and needs no file of its own, for which there is
    // no place.
    command.env("LESS", "FRXK").env("LESSHISTFILE", "-");
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // The reader may have seen enough.
        let _ = stdin.write_all(text.as_bytes());
    }
    // A pager that isn't there is the shell's 127.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_do_not_fit_count_as_several() {
        assert_eq!(lines("a\n\nb", 80), 3);
        assert_eq!(lines(&"x".repeat(41), 20), 3);
    }
}
