//! A terminal of a test's own, with a shell on it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags};

use super::stage::{PATIENCE, Stage, each, have};

/// An interactive bash on a terminal of its own.
pub struct Terminal {
    master: File,
    seen: String,
    bash: Child,
}

impl Terminal {
    pub fn new(stage: &Stage) -> Terminal {
        let pty = nix::pty::openpty(None, None).unwrap();
        let slave = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let mut command = stage.program(Path::new("/bin/bash"), &["--norc", "--noediting", "-i"]);
        command.stdin(slave(&pty.slave)).stdout(slave(&pty.slave)).stderr(slave(&pty.slave));
        command.env("PS1", "PROMPT> ").env("TERM", "dumb");
        // SAFETY: setsid and ioctl are async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                match libc::ioctl(0, libc::TIOCSCTTY as _, 0) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            });
        }
        // Else an ordinary user can't open /dev/tty's device by its path; by descriptor it works either way.
        let bash = command.spawn().unwrap();
        drop(command);
        drop(pty.slave);
        let mut terminal = Terminal { master: File::from(pty.master), seen: String::new(), bash };
        terminal.expect("PROMPT> ");
        terminal
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
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}

/// Runs `test` for each user, with a terminal of theirs, if there is bash.
pub fn on_terminal(test: impl Fn(&Stage, Terminal)) {
    if have("bash") {
        each(|stage| test(stage, Terminal::new(stage)));
    }
}
