//! Where `--echo` writes its commands.

use std::cell::Cell;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::rc::Rc;

use crate::base::error::{Error, Result, complain};
use crate::lua::status;
use crate::net::echo::{Command, Echo, Listener};

/// Where the commands go.
#[derive(Debug)]
pub struct Output {
    file: File,
    failed: Cell<bool>,
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
pub fn to_stdout() -> Result<Rc<Output>> {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(std::io::stderr())?;
    Ok(Rc::new(Output { file: stdout.into(), failed: Cell::new(false) }))
}

/// Tells all commands to `output`. The first one makes of an empty namespace what a lab begins with.
pub(super) fn begin(echo: &Echo, output: &Rc<Output>, sandboxed: bool) {
    let output = output.clone();
    let listener: Listener = Rc::new(move |line| output.write(line));
    echo.listen(Some(listener));
    if sandboxed {
        echo.tell(|| [Command::new(&["ip", "link", "set", "dev", "lo", "up"])]);
    }
}
