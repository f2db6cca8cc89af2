//! A terminal for a program that insists on one.

use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, FdFlag};
use nix::pty::Winsize;
use nix::sys::termios::{self, LocalFlags, OutputFlags, SetArg};

use crate::base::error::{Error, Result};

/// Wide, so that few lines are wrapped.
const SIZE: Winsize = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };

/// Our end and the program's end of a new terminal. It doesn't echo what is written to it, and lines end in a
/// newline alone, as through a pipe; Ctrl-C (`\x03`) and the like do what they do.
pub(super) fn open() -> Result<(OwnedFd, OwnedFd)> {
    let failed = |e: nix::errno::Errno| Error::from(e).detail("making a terminal");
    let pty = nix::pty::openpty(&SIZE, None).map_err(failed)?;
    for fd in [&pty.master, &pty.slave] {
        nix::fcntl::fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(failed)?;
    }
    let mut settings = termios::tcgetattr(&pty.slave).map_err(failed)?;
    settings.local_flags.remove(LocalFlags::ECHO);
    settings.output_flags.remove(OutputFlags::ONLCR);
    termios::tcsetattr(&pty.slave, SetArg::TCSANOW, &settings).map_err(failed)?;
    Ok((pty.master, pty.slave))
}
