//! A terminal of a test's own, with a shell on it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags};

use super::stage::{PATIENCE, Stage, each, have};

/// A terminal, and the program that was started on it.
pub struct Terminal {
    master: File,
    seen: String,
    child: Child,
}

impl Terminal {
    /// An interactive bash.
    pub fn new(stage: &Stage) -> Terminal {
        let mut command = stage.program(Path::new("/bin/bash"), &["--norc", "--noediting", "-i"]);
        command.env("PS1", "PROMPT> ").env("TERM", "dumb");
        let mut terminal = Terminal::start(command);
        terminal.expect("PROMPT> ");
        terminal
    }

    /// The program leads a session of its own, and the terminal is that session's.
    pub fn start(command: Command) -> Terminal {
        Terminal::begin(command, true)
    }

    /// The terminal is no session's yet: the program may take it.
    pub fn unclaimed(command: Command) -> Terminal {
        Terminal::begin(command, false)
    }

    fn begin(mut command: Command, controls: bool) -> Terminal {
        let pty = nix::pty::openpty(None, None).unwrap();
        let slave = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        command.stdin(slave(&pty.slave)).stdout(slave(&pty.slave)).stderr(slave(&pty.slave));
        // SAFETY: setsid and ioctl are async-signal-safe.
        unsafe {
            command.pre_exec(move || {
                libc::setsid();
                if !controls {
                    return Ok(());
                }
                match libc::ioctl(0, libc::TIOCSCTTY as _, 0) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            });
        }
        // Else an ordinary user can't open /dev/tty's device by its path; by descriptor it works either way.
        let child = command.spawn().unwrap();
        drop(command);
        drop(pty.slave);
        Terminal { master: File::from(pty.master), seen: String::new(), child }
    }

    /// The terminal and the program, for a test that reads in its own way.
    pub fn parts(&mut self) -> (&mut File, &mut Child) {
        (&mut self.master, &mut self.child)
    }

    pub fn send(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until `text` was printed, and returns all up to its end.
    pub fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE / 3;
        loop {
            if let Some(at) = self.seen.find(text) {
                return self.seen.drain(..at + text.len()).collect();
            }
            assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.seen);
            let mut polled = [PollFd::new(std::os::fd::AsFd::as_fd(&self.master), PollFlags::POLLIN)];
            if nix::poll::poll(&mut polled, 100u16).unwrap() > 0 {
                let mut buffer = [0; 4096];
                let length = self.master.read(&mut buffer).unwrap_or(0);
                assert!(length > 0, "the terminal closed; no {text:?} in {:?}", self.seen);
                self.seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        }
    }

    pub fn run(&mut self, stage: &Stage, code: &str) {
        // Quoted for the shell; in pieces, so that the echo of the line is not what we wait for.
        self.send(&format!("{} -e '{code}'\n", stage.nsh().display()));
    }

    pub fn expect_status(&mut self, status: i32) {
        self.expect("PROMPT> ");
        self.send("echo status=$?.\n");
        self.expect(&format!("status={status}."));
        self.expect("PROMPT> ");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `test` for each user, with a terminal of theirs, if there is bash.
pub fn on_terminal(test: impl Fn(&Stage, Terminal)) {
    if have("bash") {
        each(|stage| test(stage, Terminal::new(stage)));
    }
}
