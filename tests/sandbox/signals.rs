//! The signals that a test's program starts with: the same, whoever started the tests.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

/// Ignores no signal and blocks none in the program. Behind `nohup` and `&` the tests ignore SIGHUP and SIGINT, which nsh
/// takes as meant.
pub fn heed_all(command: &mut Command) -> &mut Command {
    // SAFETY: setting dispositions and masks is async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            for one in Signal::iterator().filter(|one| ![Signal::SIGKILL, Signal::SIGSTOP].contains(one)) {
                signal(one, SigHandler::SigDfl)?;
            }
            Ok(SigSet::empty().thread_set_mask()?)
        })
    }
}
