//! Stdout for people: lines, and on a terminal a bottom line with the progress of the run.

use std::io::IsTerminal;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;

use crate::base::error::{Error, Kind};
use crate::base::terminal;
use crate::base::text::harmless;

/// What a word is coloured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Middling,
}

#[derive(Debug, Default)]
pub struct Screen {
    /// Whether there is a line to draw at the bottom.
    pub live: bool,
    colour: bool,
    drawn: bool,
    /// Why something could not be printed. A closed stdout doesn't count.
    pub lost: Option<Error>,
    /// Readable once the run is to end: then nothing is waited for that can't be printed.
    pub signals: Option<OwnedFd>,
    /// The run is to end.
    pub ending: bool,
    /// Nobody reads stdout: nothing more is printed.
    stuck: bool,
}

impl Screen {
    /// Neither colours nor a bottom line.
    pub const PLAIN: Screen = Screen {
        live: false,
        colour: false,
        drawn: false,
        lost: None,
        signals: None,
        ending: false,
        stuck: false,
    };

    pub fn of_stdout() -> Screen {
        let live = std::io::stdout().is_terminal() && !terminal::is_dumb();
        Screen { live, colour: terminal::has_colours(), ..Screen::PLAIN }
    }

    pub fn coloured(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            _ if !self.colour => return text.to_owned(),
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Middling => 33,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Prints above the bottom line. What can't be printed doesn't stop the tests; see `lost`.
    pub fn print(&mut self, text: &str) {
        let clear = if std::mem::take(&mut self.drawn) { "\r\x1b[K" } else { "" };
        self.put(std::io::stdout().as_fd(), &format!("{clear}{text}"));
    }

    /// Tells what went wrong, on stderr.
    pub fn complain(&mut self, text: &str) {
        self.put(std::io::stderr().as_fd(), &format!("nsh: {}\n", harmless(text)));
    }

    /// Writes to stdout or stderr.
    pub fn put(&mut self, to: BorrowedFd<'_>, text: &str) {
        let is_stdout = to.as_raw_fd() == 1;
        if is_stdout && self.stuck {
            return;
        }
        let patience = self.ending.then_some(terminal::PATIENCE);
        let stop = self.signals.as_ref().filter(|_| !self.ending).map(AsFd::as_fd);
        if let Err(e) = terminal::write(to, text.as_bytes(), patience, stop)
            && e.raw() != Some(Errno::EPIPE)
            && is_stdout
        {
            self.stuck = e.kind() == Kind::Timeout;
            self.lost.get_or_insert(e.op("stdout"));
        }
    }

    /// Draws the bottom line, cut to the terminal's width.
    pub fn draw(&mut self, text: &str) {
        if !self.live {
            return;
        }
        let line: String = text.chars().filter(|c| !c.is_control()).collect();
        let line = terminal::fit(&line, terminal::size().0.saturating_sub(1));
        self.put(std::io::stdout().as_fd(), &format!("\r\x1b[K{line}"));
        self.drawn = true;
    }
}
