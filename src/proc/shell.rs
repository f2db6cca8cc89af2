//! An interactive shell inside a namespace.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{SetArg, Termios};
use nix::unistd::Pid;

use super::child::{Child, Session};
use super::spec::{self, Context, Place, Spec};
use super::{Exit, GRACE, end, status};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// A shell that stopped itself (`suspend`) has nobody to continue it but us; nothing wakes us for that.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the user's `$SHELL` (or `/bin/sh`) on the terminal inside the namespace, as
/// `nsenter --net=/run/netns/NAME`, and returns how it ended. `spec.program` is not used, the rest is.
///
/// Raises `unsupported` when stdin is no terminal.
pub fn shell(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Exit> {
    let program = std::env::var_os("SHELL").filter(|s| !s.is_empty()).unwrap_or_else(|| "/bin/sh".into());
    let spec = Spec { program: spec::Program::Args(vec![program]), ..spec.clone() };
    foreground(place, &spec, context)
}

/// Runs a program on the terminal inside the namespace, as a shell runs one in front, and returns how it ended.
/// Ctrl-C is the program's alone meanwhile.
///
/// Raises `unsupported` when stdin is no terminal, and else as [`super::exec`] for a program that can't be started.
pub fn foreground(place: Place<'_>, spec: &Spec, context: &Context) -> Result<Exit> {
    let terminal = Terminal::take()?;
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let stdio = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let child = spec::launch(&place, spec, context, stdio, Session::Foreground)?;
    let exit = wait_for(&child);
    drop(terminal);
    exit
}

fn wait_for(child: &Child) -> Result<Exit> {
    loop {
        match wait::wait(&[(child.pidfd.as_fd(), PollFlags::POLLIN)], Deadline::after(LOOK)) {
            Err(e) => {
                end(child, GRACE);
                return Err(e);
            }
            Ok(ready) if ready[0] => {
                return Ok(status::reap(child.pidfd.as_fd(), false)?.unwrap_or(Exit::Code(0)));
            }
            Ok(_) if status::stopped(child.pidfd.as_fd()) => {
                let _ = nix::sys::signal::killpg(child.pid, Signal::SIGCONT);
            }
            Ok(_) => {}
        }
    }
}

/// The terminal on stdin, as it was before the shell got it. Dropping takes it back.
struct Terminal {
    group: Pid,
    settings: Termios,
}

impl Terminal {
    fn take() -> Result<Self> {
        let stdin = std::io::stdin();
        let settings = nix::sys::termios::tcgetattr(&stdin).map_err(|_| {
            Error::new(Kind::Unsupported, "an interactive shell needs a terminal, and stdin is none")
                .hint("run a command instead: proc.exec(\"...\")")
        })?;
        let mut group = nix::unistd::getpgrp();
        if group.as_raw() == 0 {
            // Our group was made outside of this PID namespace and has no number here, so that the terminal could
            // not be given back to it: have one of our own.
            nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            group = nix::unistd::getpgrp();
        }
        Ok(Terminal { group, settings })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let stdin = std::io::stdin();
        let mut before = SigSet::empty();
        let mut block = SigSet::empty();
        // To the terminal's driver we are in the background until this is done.
        block.add(Signal::SIGTTOU);
        let _ = nix::sys::signal::pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&block), Some(&mut before));
        let _ = nix::unistd::tcsetpgrp(&stdin, self.group);
        let _ = nix::sys::termios::tcsetattr(&stdin, SetArg::TCSADRAIN, &self.settings);
        let _ = nix::sys::signal::pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
    }
}
