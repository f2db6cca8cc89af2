//! Stdout as people look at it: lines, and on a terminal below them one that tells how far the run is.

use std::io::{IsTerminal, Write};

use crate::error::Error;
use crate::terminal;

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
    /// Why something could not be printed. That nobody reads any more is no reason.
    pub lost: Option<Error>,
}

impl Screen {
    /// Neither colours nor a bottom line.
    pub const PLAIN: Screen = Screen { live: false, colour: false, drawn: false, lost: None };

    /// By what stdout is, and by `NO_COLOR` and `TERM`, as <https://no-color.org> has it.
    pub fn of_stdout() -> Screen {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        let live = std::io::stdout().is_terminal() && !dumb;
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Screen { live, colour: live && !no_colour, drawn: false, lost: None }
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
        let mut out = std::io::stdout().lock();
        let printed = out.write_all(clear.as_bytes()).and_then(|()| out.write_all(text.as_bytes()));
        if let Err(e) = printed.and_then(|()| out.flush())
            && e.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.lost.get_or_insert(Error::from(e).op("stdout"));
        }
    }

    /// Draws the bottom line, cut to the terminal's width.
    pub fn draw(&mut self, text: &str) {
        if !self.live {
            return;
        }
        let line: String = text.chars().filter(|c| !c.is_control()).collect();
        let line = terminal::fit(&line, terminal::size().0.saturating_sub(1));
        let mut out = std::io::stdout().lock();
        let _ = write!(out, "\r\x1b[K{line}");
        let _ = out.flush();
        self.drawn = true;
    }
}
