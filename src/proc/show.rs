//! Printing what a process prints as it comes, in whole lines, behind a name.

use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::poll::PollFlags;

use super::Which;
use crate::base::wait::{self, Deadline};

/// A pipe takes as much at once without mixing it with what others write (PIPE_BUF).
const AT_ONCE: usize = 4096;

/// One process's lines are printed at a time.
static PRINTER: Mutex<()> = Mutex::new(());

/// Turns what comes in pieces into lines with a name in front.
pub(super) struct Shower {
    name: String,
    /// The line that isn't complete yet.
    line: Vec<u8>,
    /// Lines that wait to be printed.
    ready: Vec<u8>,
}

impl Shower {
    pub fn new(name: &str) -> Self {
        // Long lines are cut into pieces that still can be written at once.
        let name = name.chars().take(200).collect();
        Shower { name, line: Vec::new(), ready: Vec::new() }
    }

    pub fn add(&mut self, bytes: &[u8]) {
        let room = AT_ONCE - self.name.len() - 8;
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                _ => {
                    if self.line.len() >= room {
                        self.end_line();
                    }
                    self.line.push(byte);
                }
            }
        }
    }

    fn end_line(&mut self) {
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        self.ready.extend_from_slice(self.name.as_bytes());
        self.ready.extend_from_slice(b"| ");
        self.ready.append(&mut self.line);
        self.ready.push(b'\n');
    }

    /// Nothing more comes: a last line without its end counts.
    pub fn finish(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    /// What is to be printed now.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ready)
    }
}

/// Prints whole lines to nsh's stdout or stderr. Not through C's or Rust's buffers, in which the script may have
/// the beginning of a line.
pub(super) fn print(which: Which, mut lines: &[u8]) {
    if lines.is_empty() {
        return;
    }
    let _alone = PRINTER.lock().unwrap_or_else(PoisonError::into_inner);
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    let fd = if which == Which::Stdout { stdout.as_fd() } else { stderr.as_fd() };
    while !lines.is_empty() {
        let end = lines.len().min(AT_ONCE);
        let end = if end == lines.len() { end } else { last_newline(&lines[..end]).unwrap_or(end) };
        match nix::unistd::write(fd, &lines[..end]) {
            Ok(n) => lines = &lines[n..],
            Err(Errno::EINTR) if wait::interrupted().is_none() => {}
            Err(Errno::EAGAIN)
                if wait::wait_background(&[(fd, PollFlags::POLLOUT)], Deadline::NEVER).is_ok() => {}
            // Nobody reads: that is the script's to notice.
            Err(_) => return,
        }
    }
}

fn last_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|b| *b == b'\n').map(|i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines_with_a_name() {
        let mut s = Shower::new("r1 bird");
        s.add(b"one\ntw");
        assert_eq!(s.take(), b"r1 bird| one\n");
        s.add(b"o\r\n\nlast");
        assert_eq!(s.take(), b"r1 bird| two\nr1 bird| \n");
        s.finish();
        assert_eq!(s.take(), b"r1 bird| last\n");
        s.finish();
        assert!(s.take().is_empty());
    }

    #[test]
    fn a_long_line_comes_in_pieces_that_fit() {
        let mut s = Shower::new("x");
        s.add(&[b'a'; 10_000]);
        s.finish();
        let out = s.take();
        assert_eq!(out.iter().filter(|b| **b == b'a').count(), 10_000);
        assert!(out.split(|b| *b == b'\n').all(|l| l.len() < AT_ONCE), "each fits");
        assert!(out.split(|b| *b == b'\n').all(|l| l.is_empty() || l.starts_with(b"x| ")));
    }
}
