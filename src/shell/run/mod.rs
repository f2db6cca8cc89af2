//! Shell scripts, run as they are in a lab by the shell that their first line names.

mod programs;
mod setup;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::base::error::{Error, Kind, Result, complain};
use crate::base::status;
use crate::base::wait::{self, Deadline};
use crate::sandbox::{GRACE, Sandbox};

pub use setup::Setup;

const SHELLS: &[&str] = &["sh", "bash", "dash", "ash"];
/// How many requests a ping without a count sends.
const PINGS: u32 = 10;
/// Scripts of other places than files, and those that a shell would not read as they are.
pub(super) const COPIES: &str = "/run/nsh/scripts";
const BOM: &[u8] = b"\xef\xbb\xbf";
/// A shell asks how its script was ended; it need not be quick about that.
const LAST_LOOK: Duration = Duration::from_millis(200);

/// The shell that a script names, and what it gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shell {
    program: OsString,
    options: Vec<OsString>,
}

/// A shell's script, as it is run.
#[derive(Clone, Debug)]
pub struct ShellScript {
    shell: Shell,
    name: PathBuf,
    /// Without a byte order mark and carriage returns.
    text: Vec<u8>,
    /// What had to be taken out.
    mended: Option<&'static str>,
    /// Whether `text` is what the file has.
    from_file: bool,
}

impl ShellScript {
    /// The script, if its first line names a shell, or if it has no such line and its name ends in `.sh`.
    pub fn of(name: &Path, source: &[u8]) -> Option<ShellScript> {
        let (text, mended) = mend(source);
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let shell = match first.strip_prefix(b"#!") {
            Some(line) => named(line)?,
            None if name.extension().is_some_and(|e| e == "sh") => {
                Shell { program: "sh".into(), options: Vec::new() }
            }
            None => return None,
        };
        let from_file = fs::canonicalize(name).is_ok_and(|path| path.is_file()) && mended.is_none();
        Some(ShellScript { shell, name: name.to_owned(), text, mended, from_file })
    }

    /// Runs it in the lab that this process is in, and returns its exit status.
    pub fn run(&self, lab: &Sandbox, args: &[OsString]) -> i32 {
        match self.begin(lab, args).and_then(follow) {
            Ok(status) => status,
            Err(e) => complain(&e, status::CANNOT),
        }
    }

    fn begin(&self, lab: &Sandbox, args: &[OsString]) -> Result<Child> {
        let mut command = self.command(lab, args)?;
        command.spawn().map_err(|e| Error::from(e).op(format!("starting {}", self.shell.name())))
    }

    /// What runs it, once the lab is prepared for that.
    pub(super) fn command(&self, lab: &Sandbox, args: &[OsString]) -> Result<Command> {
        if let Some(what) = self.mended {
            eprintln!("nsh: {}: runs without its {what}", self.name.display());
        }
        let setup = Setup::new(lab);
        let program = self.shell.found(&setup).ok_or_else(|| self.shell.missing())?;
        setup.install(PINGS)?;
        let mut command = Command::new(program);
        command.args(&self.shell.options).arg(self.file()?).args(args);
        setup.prepare(&mut command);
        Ok(command)
    }

    /// The script's own path if the lab sees the same there, else that of a copy.
    fn file(&self) -> Result<PathBuf> {
        if self.from_file && fs::read(&self.name).is_ok_and(|there| there == self.text) {
            // A name such as `-x` would be an option.
            let option = self.name.as_os_str().as_bytes().starts_with(b"-");
            return Ok(if option { Path::new(".").join(&self.name) } else { self.name.clone() });
        }
        fs::create_dir_all(COPIES)?;
        let copy = Path::new(COPIES).join(self.name.file_name().unwrap_or(OsStr::new("stdin")));
        fs::write(&copy, &self.text)?;
        Ok(copy)
    }
}

impl Shell {
    fn name(&self) -> String {
        Path::new(&self.program).file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Where it is: as the script has it, or in PATH.
    fn found(&self, setup: &Setup) -> Option<PathBuf> {
        let program = Path::new(&self.program);
        if program.is_absolute() && program.is_file() {
            return Some(program.to_owned());
        }
        setup.find(program.file_name()?)
    }

    fn missing(&self) -> Error {
        Error::new(Kind::Unsupported, format!("{} is not installed here", self.name()))
            .hint("install it, or name another shell in the script's first line")
    }
}

/// The shell that the rest of a line behind `#!` names: as the kernel reads it, or through env.
fn named(line: &[u8]) -> Option<Shell> {
    let line = line.trim_ascii();
    let (first, rest) = split(line);
    if is_program(first, "env") {
        let words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut words = words.skip_while(|word| word.starts_with(b"-") || word.contains(&b'='));
        return shell(words.next()?, words.map(<[u8]>::to_vec).collect());
    }
    // The kernel gives all that follows as one argument.
    shell(first, if rest.is_empty() { Vec::new() } else { vec![rest.to_vec()] })
}

fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let at = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    (&line[..at], line[at..].trim_ascii())
}

fn is_program(word: &[u8], name: &str) -> bool {
    word.rsplit(|byte| *byte == b'/').next() == Some(name.as_bytes())
}

fn shell(word: &[u8], options: Vec<Vec<u8>>) -> Option<Shell> {
    let known = SHELLS.iter().any(|name| is_program(word, name));
    known.then(|| Shell {
        program: OsString::from_vec(word.to_vec()),
        options: options.into_iter().map(OsString::from_vec).collect(),
    })
}

/// Takes out what editors of other systems put in, and shells take for a part of words.
fn mend(source: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    let text = source.strip_prefix(BOM).unwrap_or(source);
    let marked = text.len() < source.len();
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !first.ends_with(b"\r") {
        return (text.to_vec(), marked.then_some("byte order mark"));
    }
    let mut lines = text.to_vec();
    let mut at = 0;
    lines.retain(|byte| {
        at += 1;
        !(*byte == b'\r' && text.get(at).is_none_or(|next| *next == b'\n'))
    });
    (lines, Some(if marked { "byte order mark and carriage returns" } else { "carriage returns" }))
}

/// Waits for the shell's end; passes on what is to end it.
fn follow(mut child: Child) -> Result<i32> {
    let pid = Pid::from_raw(child.id().try_into().unwrap_or(0));
    let Some(pidfd) = wait::pidfd(pid.as_raw())? else { return Ok(ended(child.wait()?)) };
    let mut deadline = Deadline::NEVER;
    let mut timed_out = false;
    loop {
        match wait::wait(&[(pidfd.as_fd(), PollFlags::POLLIN)], deadline) {
            Ok(ready) if ready[0] && timed_out => return Ok(status::FAILED),
            Ok(ready) if ready[0] => return Ok(ended(child.wait()?)),
            // What doesn't heed SIGTERM ends with the lab.
            Ok(_) => return Ok(status::FAILED),
            Err(e) => {
                let Some(number) = wait::interrupted() else { return Err(e) };
                wait::clear();
                match Signal::try_from(number) {
                    // Its group had it from the terminal, or from whoever stands for that.
                    Ok(Signal::SIGINT) => {}
                    Ok(signal) => drop(signal::kill(pid, signal)),
                    Err(_) => {
                        complain(&e, status::FAILED);
                        timed_out = true;
                        deadline = Deadline::after(GRACE.saturating_sub(LAST_LOOK));
                        let _ = signal::kill(pid, Signal::SIGTERM);
                    }
                }
            }
        }
    }
}

fn ended(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, source: &str) -> Option<ShellScript> {
        ShellScript::of(Path::new(name), source.as_bytes())
    }

    #[test]
    fn the_first_line_says_which_shell() {
        let shell = |line: &str| {
            let shell = of("x", &format!("{line}\necho"))?.shell;
            let words = [shell.program].into_iter().chain(shell.options);
            Some(words.map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(shell("#!/bin/bash").as_deref(), Some("/bin/bash"));
        assert_eq!(shell("#! /bin/sh -e -x ").as_deref(), Some("/bin/sh|-e -x"));
        assert_eq!(shell("#!/usr/bin/env bash").as_deref(), Some("bash"));
        assert_eq!(shell("#!/usr/bin/env -S A=b dash -e -u").as_deref(), Some("dash|-e|-u"));
        for other in ["#!/usr/bin/env nsh", "#!/usr/bin/python3", "#!", "#!/usr/bin/env", "print(1)", ""] {
            assert_eq!(shell(other), None, "{other}");
        }
        assert_eq!(of("lab.sh", "ip link").map(|s| s.shell.program), Some("sh".into()));
        assert!(of("lab.sh", "#!/usr/bin/env python3\n").is_none());
    }

    #[test]
    fn what_other_systems_put_in_is_taken_out() {
        let mended = |source: &str| {
            let (text, what) = mend(source.as_bytes());
            (String::from_utf8(text).unwrap(), what)
        };
        assert_eq!(
            mended("#!/bin/sh\r\na\rb\r\nc\r"),
            ("#!/bin/sh\na\rb\nc".to_owned(), Some("carriage returns"))
        );
        assert_eq!(mended("\u{feff}#!/bin/sh\n"), ("#!/bin/sh\n".to_owned(), Some("byte order mark")));
        assert_eq!(mended("echo\nb\r\n").1, None);
    }
}
