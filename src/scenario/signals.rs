//! The signals that end a run.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::Signal;
use nix::sys::signalfd::{SfdFlags, SigSet, SignalFd};

use crate::sandbox;

/// A second Ctrl-C counts from this long after the first (`timeout` and some terminals send it twice).
const SECOND: Duration = Duration::from_millis(100);

pub struct Signals {
    fd: SignalFd,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Signals {
    /// Blocks those that are not ignored (`nohup`, `&` in a script). Unblocked when dropped.
    pub fn take() -> Result<Signals> {
        let mut mask = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            if !sandbox::is_ignored(signal) {
                mask.add(signal);
            }
        }
        mask.thread_block()?;
        let fd = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Signals { fd, first: None, last: None })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub fn next(&mut self) -> Result<Option<Signal>> {
        let Some(info) = self.fd.read_signal()? else { return Ok(None) };
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        Ok(Signal::try_from(info.ssi_signo as i32).ok())
    }

    /// Whether the last one is a second signal, and not the first one sent twice.
    pub fn is_second(&self) -> bool {
        self.first.zip(self.last).is_some_and(|(first, last)| last.duration_since(first) >= SECOND)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = SigSet::empty().thread_set_mask();
    }
}
