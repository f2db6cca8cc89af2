//! A shell that is given one command after the other, as somebody types them.
//!
//! A command stands in a file that the shell reads (`. FILE`), so that it may be of any length, and that errors name
//! its line in the text. A second line has the shell tell the command's status through a pipe of its own; what was
//! printed until then is in the output's pipe. The second line is sent when the first one was read, so that it is
//! read by whichever shell reads on: the one that a command opens, or the one that `exit` returns to.

use std::fmt::Write;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::PollFlags;

use crate::base::command::quoted;
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};

/// Where a shell tells the status of a command.
const MARKS: i32 = 9;
/// A pipe of one page has room again when all in it was read.
const ONE_PAGE: i32 = 4096;
/// A shell that waits for a command reads it at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Files of a text that is being run.
#[derive(Clone, Debug)]
pub struct Files {
    /// The command, in the line that it has in the text.
    pub command: PathBuf,
    /// Variables, functions and the directory of the first shell, for those that follow.
    pub state: PathBuf,
}

pub struct Terminal {
    child: Child,
    ended: Option<OwnedFd>,
    commands: OwnedFd,
    output: Pipe,
    marks: Pipe,
    told: Vec<u8>,
    files: Files,
    /// Whether what it knows can be written down.
    is_bash: bool,
}

/// How a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Runs,
    /// With its status.
    Ended(i32),
    /// So has the shell.
    Closed,
}

impl Terminal {
    /// `command` starts the shell.
    pub fn start(mut command: Command, files: &Files, is_bash: bool) -> Result<Terminal> {
        let pipe = || nix::unistd::pipe2(OFlag::O_CLOEXEC);
        let ((input, commands), (output, printed), (marks, mark)) = (pipe()?, pipe()?, pipe()?);
        fcntl(&commands, FcntlArg::F_SETPIPE_SZ(ONE_PAGE))?;
        for end in [&output, &marks] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let [output, marks] = [output, marks].map(|end| Pipe { end, open: true });
        let (errors, number) = (printed.try_clone()?, mark.as_raw_fd());
        command.stdin(Stdio::from(input)).stdout(Stdio::from(printed)).stderr(Stdio::from(errors));
        // Its own group: Ctrl-C is for nsh, which ends what is to end.
        command.process_group(0);
        // SAFETY: dup2 takes plain numbers and is async-signal-safe.
        unsafe {
            command.pre_exec(move || match libc::dup2(number, MARKS) {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            });
        }
        let child = command.spawn().map_err(|e| Error::from(e).op("starting the shell"))?;
        let ended = wait::pidfd(child.id().try_into().unwrap_or(0))?;
        Ok(Terminal {
            child,
            ended,
            commands,
            output,
            marks,
            told: Vec::new(),
            files: files.clone(),
            is_bash,
        })
    }

    pub fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap_or(0)
    }

    /// What it prints; nothing when nobody can print any more.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.open()
    }

    /// Gives the shell a command; one that opens a shell lets that one read what follows.
    pub fn give(&mut self, command: &str, line: usize, opens_shell: bool) -> Result<()> {
        let text = format!("{}{command}\n", "\n".repeat(line.saturating_sub(1)));
        fs::write(&self.files.command, text)?;
        let input = if opens_shell { "" } else { " </dev/null" };
        self.send(&format!(". {}{input}\n", name(&self.files.command)))?;
        self.send(&self.mark())
    }

    /// Has a shell begin with what another one knew.
    pub fn remember(&mut self) -> Result<()> {
        self.send(&format!(". {} >/dev/null 2>&1 </dev/null\n", name(&self.files.state)))?;
        self.send(&self.mark())
    }

    /// Tells the status, and first what the shell knows, unless it is one within another.
    fn mark(&self) -> String {
        let mut line = String::from("{ _nsh=$?; ");
        if self.is_bash {
            let state = name(&self.files.state);
            let _ = write!(
                line,
                "[ $$ = {} ] && {{ declare -p; declare -f; alias -p; printf 'cd %q\\n' \"$PWD\"; }} >{state}; ",
                self.pid()
            );
        }
        line.push_str(&format!("printf '%d\\n' $_nsh >&{MARKS}; }} 2>/dev/null\n"));
        line
    }

    /// Writes a line when the one before it was read. A shell that has ended reads none, which [`Terminal::turn`] tells.
    fn send(&mut self, line: &str) -> Result<()> {
        loop {
            let mut fds = vec![(self.commands.as_fd(), PollFlags::POLLOUT)];
            fds.extend(self.ended.as_ref().map(|fd| (fd.as_fd(), PollFlags::POLLIN)));
            let ready = wait::wait(&fds, Deadline::after(PATIENCE))?;
            if !ready[0] {
                return Ok(());
            }
            return match nix::unistd::write(&self.commands, line.as_bytes()) {
                Err(nix::errno::Errno::EPIPE) | Ok(_) => Ok(()),
                Err(nix::errno::Errno::EINTR) => continue,
                Err(e) => Err(e.into()),
            };
        }
    }
}

impl Terminal {
    /// What to wait for: output, a status, and the shell's end.
    pub fn awaited(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let ended = self.ended.as_ref().map(AsFd::as_fd);
        let all = [self.output.open(), self.marks.open(), ended];
        all.into_iter().flatten().map(|fd| (fd, PollFlags::POLLIN)).collect()
    }

    /// What was printed meanwhile, at most a piece of it.
    pub fn printed(&mut self) -> Vec<u8> {
        self.output.read()
    }

    /// What is left of what was printed before now. What goes on printing doesn't keep anyone here.
    pub fn rest(&mut self) -> Vec<u8> {
        let (mut all, most) = (Vec::new(), 16 * PIECE);
        while all.len() < most {
            match self.printed() {
                piece if piece.is_empty() => break,
                piece => all.extend(piece),
            }
        }
        all
    }

    pub fn turn(&mut self) -> Turn {
        self.told.extend(self.marks.read());
        if let Some(end) = self.told.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.told.drain(..=end).collect();
            let status = String::from_utf8_lossy(&line).trim().parse();
            return Turn::Ended(status.unwrap_or(1));
        }
        match self.child.try_wait() {
            // A shell that closed the pipe tells no more.
            Ok(None) if self.marks.open => Turn::Runs,
            _ => Turn::Closed,
        }
    }

    /// Ends the shell, whatever it does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of a pipe that is read.
struct Pipe {
    end: OwnedFd,
    /// Whether anybody can still write.
    open: bool,
}

impl Pipe {
    fn open(&self) -> Option<BorrowedFd<'_>> {
        self.open.then(|| self.end.as_fd())
    }

    /// What can be read without waiting.
    fn read(&mut self) -> Vec<u8> {
        let mut piece = vec![0; PIECE];
        let length = nix::unistd::read(&self.end, &mut piece);
        self.open &= length != Ok(0);
        piece.truncate(length.unwrap_or(0));
        piece
    }
}

fn name(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}
