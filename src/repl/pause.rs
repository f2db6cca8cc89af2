//! The prompt in the lab of a test that failed.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use mlua::Lua;

use super::{History, Session};
use crate::base::terminal;
use crate::lua::lab::Lab;
use crate::lua::modules::test::Bundle;
use crate::sandbox;

/// Opens a prompt on the terminal, wherever stdin, stdout and stderr lead, and returns when it is left (Ctrl-D).
/// Without a terminal it returns at once.
pub fn pause(lua: &Lua, lab: &Rc<Lab>) {
    let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty") else { return };
    sandbox::claim_terminal();
    let failure = lab.part::<Bundle>().failure().unwrap_or_default();
    let talked = Standard::lead_to(&terminal).map(|standard| {
        let mut out = io::stdout();
        let _ = writeln!(
            out,
            "\n{failure}\n\nThe lab is as the failure left it. Ctrl-D goes on; print(lab.state()) shows everything.\n\
             The test's own local variables are out of reach: namespace.get(\"NAME\") finds namespaces."
        );
        let talked = Session::new(lua, lab, lab.trace, History::none()).and_then(|mut session| {
            session.name = "failed";
            session.converse().map(|_| ())
        });
        let _ = writeln!(out);
        drop(standard);
        talked
    });
    // An interrupt at the prompt is no interrupt of the file's.
    let _ = crate::lua::resume(lua);
    match talked {
        Ok(Ok(())) => {}
        Ok(Err(e)) => eprintln!("nsh: the prompt ended: {e}"),
        Err(e) => eprintln!("nsh: there is no prompt: {e}"),
    }
}

/// Standard input, output and error as they were before they led to the terminal. Dropping puts them back.
struct Standard {
    input: OwnedFd,
    output: OwnedFd,
    error: OwnedFd,
}

impl Standard {
    fn lead_to(terminal: &File) -> io::Result<Standard> {
        // What was written so far goes where it was meant to.
        let _ = terminal::flush();
        let standard = Standard {
            input: io::stdin().as_fd().try_clone_to_owned()?,
            output: io::stdout().as_fd().try_clone_to_owned()?,
            error: io::stderr().as_fd().try_clone_to_owned()?,
        };
        nix::unistd::dup2_stdin(terminal)?;
        nix::unistd::dup2_stdout(terminal)?;
        nix::unistd::dup2_stderr(terminal)?;
        Ok(standard)
    }
}

impl Drop for Standard {
    fn drop(&mut self) {
        // What was written so far goes where it was meant to.
        let _ = terminal::flush();
        let _ = nix::unistd::dup2_stdin(&self.input);
        let _ = nix::unistd::dup2_stdout(&self.output);
        let _ = nix::unistd::dup2_stderr(&self.error);
    }
}
