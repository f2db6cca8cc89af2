//! The signals that nsh handles, and what it inherits of them from whoever starts it.

use std::os::fd::{AsFd, BorrowedFd};

use anyhow::Result;
use nix::sys::signal::{SigAction, SigHandler, Signal};
use nix::sys::signalfd::{SfdFlags, SigSet, SignalFd};

/// Those that end a script, and those that stop and continue it.
const HANDLED: &[Signal] =
    &[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGCONT];

/// Those that stay ignored: whoever started nsh so (`nohup`, `&` in a script) wants that.
const MEANT: &[Signal] =
    &[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGPIPE];

/// Gives all other signals their default action, and blocks none. exec(2) keeps what is ignored and blocked, mostly
/// by accident; but where SIGCHLD is ignored, children leave no status, and where SIGTTIN is, a read of the terminal
/// from the background fails rather than waits.
pub fn reset() {
    let others = Signal::iterator().filter(|signal| !MEANT.contains(signal) && is_ignored(*signal));
    others.for_each(heed);
    let _ = SigSet::empty().thread_set_mask();
}

/// The keys of the terminal's (Ctrl-C, Ctrl-\) work at a prompt, whatever nsh was started with.
pub fn heed_keys() {
    [Signal::SIGINT, Signal::SIGQUIT].into_iter().for_each(heed);
}

/// Gives a signal its default action.
fn heed(signal: Signal) {
    let default = SigAction::new(SigHandler::SigDfl, nix::sys::signal::SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action is no handler.
    let _ = unsafe { nix::sys::signal::sigaction(signal, &default) };
}

/// Whether a signal was ignored when nsh was started.
pub fn is_ignored(signal: Signal) -> bool {
    // SAFETY: asks for the action without setting a new one, and fills in `old`.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal as i32, std::ptr::null(), &raw mut old) == 0
            && old.sa_sigaction == libc::SIG_IGN
    }
}

/// Which of the handled signals were ignored when nsh was started.
pub fn ignored() -> SigSet {
    HANDLED.iter().copied().filter(|signal| is_ignored(*signal)).collect()
}

/// The handled signals, blocked and read from a descriptor.
pub struct Signals(SignalFd);

impl Signals {
    /// Blocks them; the processes forked from here on inherit that. Those that were ignored stay so.
    pub fn of(ignored: &SigSet) -> Result<Signals> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.extend(HANDLED.iter().copied().filter(|signal| !ignored.contains(*signal)));
        let mut blocked = mask;
        // Giving the terminal back from the background must not stop us, nor what a process of our group reads.
        blocked.extend([Signal::SIGTTOU, Signal::SIGTTIN]);
        blocked.thread_block()?;
        Ok(Signals(SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?))
    }

    /// Readable when one has come.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The next one that has come, and whether the kernel sent it (as a terminal's driver does) to our whole group.
    pub fn next(&self) -> Result<Option<(Signal, bool)>> {
        let Some(info) = self.0.read_signal()? else { return Ok(None) };
        // SI_KERNEL
        let from_kernel = info.ssi_code == 0x80;
        Ok(Signal::try_from(info.ssi_signo as i32).ok().map(|signal| (signal, from_kernel)))
    }
}
