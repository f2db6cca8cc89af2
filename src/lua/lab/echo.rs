//! Where `--echo` writes its commands.

use std::cell::Cell;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::rc::Rc;

use crate::base::error::{Error, Result, complain};
use crate::lua::status;
use crate::net::done::{Done, Listener};
use crate::net::link::End;
use crate::net::namespace::{Namespace, Namespaces};

/// Makes lines for a shell of what was done.
pub type Writer = fn(&Namespace, &Done<'_>) -> Vec<String>;

/// Where the commands go.
#[derive(Debug)]
pub struct Output {
    file: File,
    failed: Cell<bool>,
    writer: Writer,
}

impl Output {
    /// Whether a command could not be written, which was told: what is there is not the whole.
    pub fn failed(&self) -> bool {
        self.failed.get()
    }

    fn write(&self, line: &str) {
        match writeln!(&self.file, "{line}") {
            // Nobody reads it any more, as behind `| head`; the script goes on.
            Err(e) if e.kind() != ErrorKind::BrokenPipe && !self.failed.replace(true) => {
                let e = Error::from(e).op("--echo").hint("the commands are not complete");
                complain(&e, status::FAILED);
            }
            _ => {}
        }
    }
}

/// The standard output, for the commands alone: what the script and its processes print goes to stderr from now on,
/// so that `nsh --echo lab.lua > lab.sh` leaves a shell script.
pub fn to_stdout(writer: Writer) -> Result<Rc<Output>> {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(std::io::stderr())?;
    Ok(Rc::new(Output { file: stdout.into(), failed: Cell::new(false), writer }))
}

/// A listener that gives each line to `write`.
pub fn listener(writer: Writer, write: impl Fn(&str) + 'static) -> Listener {
    Rc::new(move |ns, done| {
        let lines = writer(ns, done);
        lines.iter().for_each(|line| write(line));
        if matches!(done, Done::Looked(_)) { 0 } else { lines.len() }
    })
}

/// Tells all commands to `output`. The first one makes of an empty namespace what a lab begins with.
pub(super) fn begin(all: &Namespaces, output: &Rc<Output>, sandboxed: bool) {
    let output = output.clone();
    all.reports.listen(Some(listener(output.writer, move |line| output.write(line))));
    if sandboxed {
        all.host().report(Done::LinkSet("lo", &End::up(true).into()));
    }
}
