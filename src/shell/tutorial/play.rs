//! Runs the commands of a text, one after the other, as its reader does.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::beside::{self, Service};
use super::claims;
use super::decide::{Item, Step};
use super::terminal::{Files, Terminal, Turn};
use super::words;
use crate::base::error::Result;
use crate::base::text::harmless;
use crate::base::wait::{self, Deadline};

/// A command that has not ended by then is ended, as by Ctrl-C.
const LIMIT: Duration = Duration::from_secs(30);
/// A program that waits for connections goes on by itself after this time: what follows is typed elsewhere.
const LISTENS: Duration = Duration::from_secs(1);
/// One that waits for packets: some programs do so for a while only.
const RECEIVES: Duration = Duration::from_secs(5);
/// A reader takes so long to type a command: until then a look that doesn't show what the text shows is taken again.
const SETTLES: Duration = Duration::from_secs(3);
/// How often a command that runs is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// What a command has to end after a signal.
const GRACE: Duration = Duration::from_secs(1);
/// How much of a command's output is kept, and shown.
const MOST: usize = 1 << 20;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Status(i32),
    /// This program goes on beside what follows.
    GoesOn(String),
    /// It was ended after its time.
    Ended,
    /// It ended its shell.
    Closed,
}

/// A command that was run.
#[derive(Clone, Debug)]
pub struct Played {
    pub outcome: Outcome,
    /// The beginning of what it printed.
    pub output: Vec<u8>,
    printed: usize,
}

/// How shells are started, and where.
pub struct Stage {
    pub shell: PathBuf,
    /// What starts it, where a command opens a shell.
    pub session: PathBuf,
    pub args: Vec<OsString>,
    /// What sets up a shell's process: its environment and limits.
    pub prepare: Box<dyn Fn(&mut Command)>,
    pub files: Files,
    /// Whether commands and their output are shown.
    pub shows: bool,
}

/// Those that went on in earlier shells.
struct Beside {
    terminal: Terminal,
    /// Which step it is.
    step: usize,
    name: String,
}

pub struct Player<'a> {
    stage: &'a Stage,
    /// The shell that commands are given to.
    terminal: Option<Terminal>,
    /// Whether one was there before.
    again: bool,
    beside: Vec<Beside>,
    pub played: Vec<Played>,
}

impl<'a> Player<'a> {
    pub fn new(stage: &'a Stage) -> Player<'a> {
        Player { stage, terminal: None, again: false, beside: Vec::new(), played: Vec::new() }
    }

    /// Runs all commands. An error ends the text: it was interrupted, or there is no shell.
    pub fn play(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            match item {
                Item::Heading(title) => self.show(&format!("\n## {}\n\n", harmless(title))),
                Item::Step(step) => self.step(step)?,
                Item::Comment(_) | Item::Left(_) | Item::Blank => {}
            }
        }
        self.listen(Deadline::after(Duration::ZERO)).map(drop)
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        self.show(&prompt(&step.text));
        // Until it has ended in another way.
        self.played.push(Played { outcome: Outcome::Ended, output: Vec::new(), printed: 0 });
        let terminal = match self.terminal.take() {
            Some(terminal) => terminal,
            None => self.open()?,
        };
        self.terminal = Some(terminal);
        let settles = Deadline::after(SETTLES);
        let mut outcome = self.give(step)?;
        while self.may_settle(step, &outcome) && !settles.passed() {
            // What settles tells it in namespaces that may have no name: there is nothing else to wait for.
            self.listen(Deadline::after(LOOK))?;
            if let Some(played) = self.played.last_mut() {
                (played.output, played.printed) = (Vec::new(), 0);
            }
            outcome = self.give(step)?;
        }
        match &outcome {
            Outcome::GoesOn(name) => self.put_beside(name.clone()),
            Outcome::Closed => self.close(),
            Outcome::Status(_) | Outcome::Ended => {}
        }
        self.tell(&outcome);
        if let Some(played) = self.played.last_mut() {
            played.outcome = outcome;
        }
        Ok(())
    }

    /// Gives the shell a command, and follows it.
    fn give(&mut self, step: &Step) -> Result<Outcome> {
        let Some(terminal) = &mut self.terminal else { return Ok(Outcome::Closed) };
        let before = beside::descendants(terminal.pid());
        terminal.give(&step.text, step.line, words::opens_shell(&step.text))?;
        self.follow(&before)
    }

    /// Whether a look may show later what the text shows.
    fn may_settle(&self, step: &Step, outcome: &Outcome) -> bool {
        let looks = !self.stage.shows && *outcome == Outcome::Status(0) && words::is_look(&step.text);
        let Some(played) = self.played.last().filter(|_| looks) else { return false };
        let printed = String::from_utf8_lossy(&played.output);
        !claims::missing(step.shown(&printed).0, &printed, true).is_empty()
    }

    fn open(&mut self) -> Result<Terminal> {
        let mut command = Command::new(&self.stage.shell);
        let is_bash = self.stage.shell.file_name().is_some_and(|name| name == "bash");
        if is_bash {
            command.args(["--norc", "--noprofile", "-O", "expand_aliases"]);
        }
        command.arg("-s").arg("--").args(&self.stage.args).env("SHELL", &self.stage.session);
        (self.stage.prepare)(&mut command);
        let mut terminal = Terminal::start(command, &self.stage.files, is_bash)?;
        if std::mem::replace(&mut self.again, true) && is_bash {
            terminal.remember()?;
            let deadline = Deadline::after(GRACE);
            while terminal.turn() == Turn::Runs && !deadline.passed() {
                wait::wait(&terminal.awaited(), deadline)?;
            }
        }
        Ok(terminal)
    }

    /// Waits until the command has ended, or goes on by itself, or its time is over.
    fn follow(&mut self, before: &HashSet<i32>) -> Result<Outcome> {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            match self.listen(Deadline::after(LOOK))? {
                Turn::Runs if begun.elapsed() >= LISTENS => {
                    if let Some((name, service)) = self.running(before).as_ref().and_then(beside::service)
                        && (service == Service::Listens || begun.elapsed() >= RECEIVES)
                    {
                        return Ok(Outcome::GoesOn(name));
                    }
                }
                Turn::Runs => {}
                turn => return Ok(self.over(turn)),
            }
        }
        self.interrupt(before)
    }

    /// As [`Player::listen`] told it; what was printed until then is read.
    fn over(&mut self, turn: Turn) -> Outcome {
        let rest = self.terminal.as_mut().map(Terminal::rest).unwrap_or_default();
        self.take(self.played.len().saturating_sub(1), &rest, None);
        match turn {
            Turn::Ended(status) => Outcome::Status(status),
            Turn::Runs | Turn::Closed => Outcome::Closed,
        }
    }

    /// Ctrl-C, and harder where that doesn't help.
    fn interrupt(&mut self, before: &HashSet<i32>) -> Result<Outcome> {
        for signal in [Signal::SIGINT, Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL, Signal::SIGKILL] {
            let Some(running) = self.running(before) else { break };
            if !beside::signal_last(&running, signal) {
                break;
            }
            let deadline = Deadline::after(GRACE);
            while !deadline.passed() {
                match self.listen(deadline)? {
                    Turn::Runs => {}
                    turn => {
                        let outcome = self.over(turn);
                        return Ok(if outcome == Outcome::Closed { outcome } else { Outcome::Ended });
                    }
                }
            }
        }
        self.close();
        Ok(Outcome::Ended)
    }

    /// What the command has started.
    fn running(&self, before: &HashSet<i32>) -> Option<HashSet<i32>> {
        let now = beside::descendants(self.terminal.as_ref()?.pid());
        Some(now.difference(before).copied().collect())
    }

    /// Reads what is printed, by the command and beside it, and says how the command stands.
    fn listen(&mut self, deadline: Deadline) -> Result<Turn> {
        let mut fds = self.terminal.as_ref().map(Terminal::awaited).unwrap_or_default();
        let readable = |fd| (fd, nix::poll::PollFlags::POLLIN);
        fds.extend(self.beside.iter().filter_map(|beside| beside.terminal.output()).map(readable));
        wait::wait(&fds, deadline)?;
        let mut texts = Vec::new();
        for beside in &mut self.beside {
            texts.push((beside.step, beside.terminal.printed(), Some(beside.name.clone())));
        }
        if let Some(terminal) = &mut self.terminal {
            texts.push((self.played.len().saturating_sub(1), terminal.printed(), None));
        }
        for (step, text, name) in texts {
            self.take(step, &text, name.as_deref());
        }
        Ok(self.terminal.as_mut().map_or(Turn::Closed, Terminal::turn))
    }

    /// Keeps and shows what a step has printed.
    fn take(&mut self, step: usize, text: &[u8], beside: Option<&str>) {
        let Some(played) = self.played.get_mut(step) else { return };
        let room = MOST.saturating_sub(played.printed);
        let ends = room > 0 && text.len() >= room;
        played.printed += text.len();
        let text = &text[..text.len().min(room)];
        played.output.extend_from_slice(text);
        if !self.stage.shows {
            return;
        }
        let mut out = std::io::stdout().lock();
        let _ = match beside {
            None => out.write_all(text),
            Some(name) => String::from_utf8_lossy(text)
                .lines()
                .try_for_each(|line| writeln!(out, "[{}] {line}", harmless(name))),
        };
        if ends {
            let _ = writeln!(out, "\nnsh: the rest of this output is left out");
        }
        let _ = out.flush();
    }

    fn put_beside(&mut self, name: String) {
        if let Some(terminal) = self.terminal.take() {
            self.beside.push(Beside { terminal, step: self.played.len().saturating_sub(1), name });
        }
    }

    fn close(&mut self) {
        if let Some(mut terminal) = self.terminal.take() {
            terminal.kill();
        }
    }

    fn show(&self, text: &str) {
        if self.stage.shows {
            print!("{text}");
            let _ = std::io::stdout().flush();
        }
    }

    fn tell(&self, outcome: &Outcome) {
        if !self.stage.shows {
            return;
        }
        match outcome {
            Outcome::GoesOn(name) => {
                eprintln!("nsh: {} goes on; what follows is typed in another terminal", harmless(name));
            }
            Outcome::Ended => eprintln!("nsh: ended after {} seconds", LIMIT.as_secs()),
            Outcome::Closed => eprintln!("nsh: the shell has ended; what follows is typed in another one"),
            Outcome::Status(_) => {}
        }
    }
}

/// A command as a terminal shows it.
fn prompt(text: &str) -> String {
    let mut lines = text.lines();
    let first = harmless(lines.next().unwrap_or_default());
    lines.fold(format!("$ {first}\n"), |out, line| format!("{out}> {}\n", harmless(line)))
}

/// Where a text's commands stand while they are run.
pub fn files(directory: &Path, name: &Path) -> Files {
    let name = name.file_name().unwrap_or_default();
    Files { command: directory.join(name), state: directory.join(".state") }
}
