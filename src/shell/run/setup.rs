//! What shells in a lab are started with.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::resource::{Resource, setrlimit};

use super::programs;
use crate::base::error::Result;
use crate::sandbox::{self, Sandbox};

#[derive(Clone, Debug)]
pub struct Setup {
    /// Where programs of the machine are.
    path: OsString,
    open_files: (u64, u64),
    /// Whether `/sys` is the lab's.
    own_sys: bool,
}

impl Setup {
    pub fn new(lab: &Sandbox) -> Setup {
        Setup { path: programs::path(std::env::var_os("PATH")), open_files: lab.nofile, own_sys: lab.own_sys }
    }

    /// A program of the machine.
    pub fn find(&self, name: &OsStr) -> Option<PathBuf> {
        programs::find(name, &self.path)
    }

    /// Prepares the lab: puts the programs that it answers for itself in their place. A ping without a count sends `pings` requests.
    pub fn install(&self, pings: u32) -> Result<()> {
        if self.own_sys {
            // Without it, `ip netns exec` fails within another one alone.
            let _ = sandbox::keep_sys();
        }
        programs::install(&self.path, pings)
    }

    /// A program that starts this shell without the files that a user's own sessions begin with. What opens a shell
    /// (`nsenter`, `unshare`) makes it a login shell, and those files replace PATH.
    pub fn session(&self, shell: &Path) -> Result<PathBuf> {
        programs::session(shell)
    }

    /// Gives a process the environment and the limits that shells have.
    pub fn prepare(&self, command: &mut Command) {
        command.env("PATH", programs::first_in(&self.path)).env("USER", "root").env("LOGNAME", "root");
        let (soft, hard) = self.open_files;
        // SAFETY: sets a limit of the child's alone; async-signal-safe.
        unsafe {
            command.pre_exec(move || {
                let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
                Ok(())
            });
        }
    }

    /// Whether the lab or the machine has a program of this name.
    pub fn has(&self, name: &OsStr) -> bool {
        programs::find(name, &programs::first_in(&self.path)).is_some()
    }
}
