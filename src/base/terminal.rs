//! What people look at: the terminal's size, texts that fit it, and how to write to one that may
//! be stopped.

use std::borrow::Cow;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// Where nothing is known of the terminal.
const USUAL: (usize, usize) = (80, 24);

/// How long who reads may take to make room once nsh is to end.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Writes all, each piece once there is room for it, and gives up where there is none for so long; once `stop` can be
/// read, for [`PATIENCE`]. The reader of a pipe may have gone to sleep, and a plain write would not even end on
/// SIGTERM.
pub fn write(
    to: BorrowedFd<'_>,
    mut bytes: &[u8],
    mut patience: Option<Duration>,
    mut stop: Option<BorrowedFd<'_>>,
) -> Result<()> {
    while !bytes.is_empty() {
        let mut watched = vec![(to, PollFlags::POLLOUT)];
        watched.extend(stop.map(|fd| (fd, PollFlags::POLLIN)));
        let ready = wait::wait_background(&watched, patience.map_or(Deadline::NEVER, Deadline::after))?;
        if ready[0] {
            // What poll(2) promises room for.
            match nix::unistd::write(to, &bytes[..bytes.len().min(libc::PIPE_BUF)]) {
                Ok(n) => bytes = &bytes[n..],
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(e) => return Err(e.into()),
            }
        } else if ready.get(1) == Some(&true) {
            patience = Some(PATIENCE);
            stop = None;
        } else if patience.is_some() {
            return Err(Error::new(Kind::Timeout, "nobody reads it"));
        }
    }
    Ok(())
}

/// Writes out what is buffered for stdout, by Rust and by C's stdio, which Lua uses.
pub fn flush() -> nix::Result<()> {
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // SAFETY: a null stream flushes all of them.
    Errno::result(unsafe { libc::fflush(std::ptr::null_mut()) }).map(drop)
}

/// Whether the terminal can do no more than print: by `TERM`.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty())
}

/// Whether the terminal shows UTF-8, by the locale's variables (locale(7)). Where none is set, as in containers, it is
/// taken to.
fn is_utf8() -> bool {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    locale.is_none_or(|locale| is_utf8_locale(&locale))
}

fn is_utf8_locale(locale: &str) -> bool {
    let locale = locale.to_lowercase();
    locale.ends_with("utf-8")
        || locale.ends_with("utf8")
        || locale.contains(".utf-8@")
        || locale.contains(".utf8@")
}

/// A text as the terminal can show it: without UTF-8, what nsh itself draws, lines and arrows, is ASCII's.
pub fn drawn(text: &str) -> Cow<'_, str> {
    if is_utf8() { text.into() } else { in_ascii(text).into() }
}

fn in_ascii(text: &str) -> String {
    let letter = |c| match c {
        '─' => '-',
        '│' | '├' => '|',
        '└' => '`',
        '←' => '<',
        '…' => '~',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Whether stdout takes colours: it is a terminal that can do it, and `NO_COLOR` (<https://no-color.org>) isn't set.
pub fn has_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    std::io::IsTerminal::is_terminal(&std::io::stdout()) && !is_dumb() && !refused
}

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

/// The width at which texts for people are wrapped: the terminal's, at most 100.
pub fn text_width() -> usize {
    const MOST: usize = 100;
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) { size().0.min(MOST) } else { MOST }
}

/// With blanks up to so many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Rows of a table as lines: the columns are aligned, with two blanks between them.
pub fn columns<R: AsRef<[String]>>(rows: &[R]) -> Vec<String> {
    let cells = |row: &R| row.as_ref().iter().map(|cell| width(cell)).collect::<Vec<_>>();
    let most = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
    let widths = rows.iter().map(cells).fold(vec![0; most], |mut widths, row| {
        widths.iter_mut().zip(row).for_each(|(most, width)| *most = width.max(*most));
        widths
    });
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
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
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_pipe_that_nobody_reads_does_not_hold_us() {
        let (_reader, writer) = nix::unistd::pipe().unwrap();
        let (stop, stopped) = nix::unistd::pipe().unwrap();
        let e = write(writer.as_fd(), &[b'x'; 1 << 20], Some(Duration::ZERO), None).unwrap_err();
        assert_eq!(e.message(), "nobody reads it");
        drop(stopped);
        let e = write(writer.as_fd(), b"x", None, Some(stop.as_fd())).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout);
    }

    #[test]
    fn a_terminal_without_utf8_has_letters() {
        for utf8 in ["C.UTF-8", "en_US.utf8", "de_DE.UTF-8@euro"] {
            assert!(is_utf8_locale(utf8), "{utf8}");
        }
        for other in ["C", "POSIX", "de_DE.ISO-8859-1", "ja_JP.eucJP", "utf-8.x"] {
            assert!(!is_utf8_locale(other), "{other}");
        }
        assert_eq!(in_ascii("├─ a ── b:c\n│  └─ d ← e…"), "|- a -- b:c\n|  `- d < e~");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(fit("日本語", 4), "日…");
    }
}
