//! What a shell script does to its lab, as it happens: each program that it starts, and what it writes below /proc/sys.
//!
//! The script runs as by `nsh FILE`, but traced (ptrace(2)), so that no program escapes, by whatever path it is called, and
//! none is replaced. Where a command stands in the script, bash tells (`bash.sh`, read by way of BASH_ENV); other shells
//! can't.

mod process;
mod trace;

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Stdio;

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::ForkResult;
use serde::{Deserialize, Serialize};

use super::run::ShellScript;
use crate::base::command::quoted;
use crate::base::error::{Error, Kind, Result, complain};
use crate::base::status;
use crate::lua::compare::Part;
use crate::sandbox::{self, Sandbox};

const DIRECTORY: &str = "/run/nsh/record";
const LINES: &str = "/run/nsh/record/lines";
const BASH: &str = include_str!("bash.sh");
/// More commands are not for people to read.
const MOST_COMMANDS: usize = 20_000;

/// A line of one of the script's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct At {
    pub line: usize,
    pub file: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Space {
    Host,
    Named(String),
    /// One that has no name in /run/netns.
    Unnamed(u64),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    pub words: Vec<String>,
    pub space: Space,
    /// What it read, or the file that it was given, where that says what it does.
    pub input: Option<String>,
    /// Files that the script wrote and its words name, with what was in them.
    pub files: Vec<(String, String)>,
    /// Whether what it prints goes where the script's own output goes.
    pub shown: bool,
    pub at: Option<At>,
    /// The command whose process, or a child of that, it is.
    pub parent: Option<usize>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Bash came to a line; with the words of an echo.
    Line { at: At, echo: Option<Vec<String>> },
    /// A command began. Commands are numbered in this order, from 0.
    Began(Command),
    /// A command ran another program in its place.
    Replaced(usize),
    /// A command ended with this status; more than 128 if by a signal.
    Ended(usize, i32),
    /// A file below /proc/sys has this text since it was written, by that command or by the shell itself.
    Written { space: Space, file: String, text: String, by: Option<usize> },
    /// What there was in the lab, before the next command.
    State(Vec<Part>),
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Recording {
    pub events: Vec<Event>,
    /// The script's own.
    pub status: i32,
    /// Routing tables that the script gave names to in /etc/iproute2/rt_tables, with their numbers.
    pub tables: Vec<(String, String)>,
    /// Whether bash told of more lines than are read.
    pub lines_cut: bool,
    /// Whether iptables-legacy was used.
    pub legacy: bool,
    /// Why it was not recorded to its end.
    pub broken: Option<String>,
}

impl Recording {
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.events
            .iter()
            .filter_map(|event| if let Event::Began(command) = event { Some(command) } else { None })
    }

    fn status_of(&self, number: usize) -> Option<i32> {
        self.events.iter().find_map(|event| match event {
            Event::Ended(ended, status) if *ended == number => Some(*status),
            _ => None,
        })
    }

    /// Each command but the script's own shell on a line: where it stands, in which namespace it ran, its words, its status if that is not 0.
    pub fn list(&self) -> String {
        let mut out = String::new();
        for (number, command) in self.commands().enumerate() {
            if number == 0
                || self.events.iter().any(|event| matches!(event, Event::Replaced(it) if *it == number))
            {
                continue;
            }
            if let Some(at) = &command.at {
                out.push_str(&format!("{}:{}: ", at.file, at.line));
            }
            match &command.space {
                Space::Host => {}
                Space::Named(name) => out.push_str(&format!("[{name}] ")),
                Space::Unnamed(inode) => out.push_str(&format!("[net:{inode}] ")),
            }
            let words: Vec<String> = command.words.iter().map(|word| quoted(word)).collect();
            out.push_str(&words.join(" "));
            match self.status_of(number) {
                Some(0) => {}
                Some(status) => out.push_str(&format!("  # status {status}")),
                None => out.push_str("  # runs on"),
            }
            out.push('\n');
        }
        out
    }
}

/// Takes what the process of a lab records out of it.
pub struct Tape(fs::File);

impl Tape {
    pub fn new() -> Result<Tape> {
        let fd = memfd_create("nsh", MFdFlags::MFD_CLOEXEC)
            .map_err(|e| Error::errno(e).op("making a file in memory"))?;
        Ok(Tape(fd.into()))
    }

    pub fn write(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec(value).map_err(|e| Error::new(Kind::Unsupported, e.to_string()))?;
        let mut file = &self.0;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file.write_all(&text)?)
    }

    /// What was written last; `None` for nothing.
    pub fn read<T: for<'a> Deserialize<'a>>(&self) -> Option<T> {
        let (mut file, mut text) = (&self.0, Vec::new());
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Does something in a process of its own, whose output goes to stderr, and returns the status that it ended with.
pub fn aside(work: impl FnOnce() -> i32) -> i32 {
    // SAFETY: this process has one thread, so the child may do anything.
    match unsafe { nix::unistd::fork() } {
        Ok(ForkResult::Parent { child }) => match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, status)) => status,
            Ok(WaitStatus::Signaled(_, signal, _)) => 128 + signal as i32,
            _ => status::FAILED,
        },
        Ok(ForkResult::Child) => {
            let _ = nix::unistd::dup2_stdout(std::io::stderr());
            sandbox::exit(work())
        }
        Err(e) => complain(&Error::errno(e).op("starting a process"), status::CANNOT),
    }
}

impl ShellScript {
    /// Runs it in the lab that this process is in, and puts on the tape what it does; returns its status.
    pub fn record(&self, lab: &Sandbox, args: &[OsString], tape: &Tape) -> i32 {
        match self.traced(lab, args).and_then(|recording| tape.write(&recording).map(|()| recording.status)) {
            Ok(status) => status,
            Err(e) => complain(&e, status::CANNOT),
        }
    }

    fn traced(&self, lab: &Sandbox, args: &[OsString]) -> Result<Recording> {
        let mut command = self.command(lab, args)?;
        fs::create_dir_all(DIRECTORY)?;
        fs::write(LINES, "")?;
        let bash = Path::new(DIRECTORY).join("bash");
        fs::write(&bash, BASH)?;
        // Its own output is not what nsh was asked for, and nobody is there to answer it.
        let stderr = std::io::stderr().as_fd().try_clone_to_owned()?;
        command.env("BASH_ENV", bash).stdin(Stdio::null()).stdout(stderr);
        trace::run(command, lab)
    }
}
