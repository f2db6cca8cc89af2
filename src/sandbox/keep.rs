//! A lab whose outer process has more to do than to watch it.

use std::os::fd::{BorrowedFd, RawFd};
use std::time::Duration;

use anyhow::Result;
use nix::unistd::Pid;

/// Who keeps a lab, in the process outside of it.
pub trait Keeper {
    /// This process's descriptors that are not for the lab: closed in it before anything else happens there.
    fn outer(&self) -> Vec<RawFd>;

    /// How long the lab may take to end when it is told to.
    fn grace(&self) -> Duration {
        super::KEPT_GRACE
    }

    /// The lab's first process was made. From here on, threads may be started.
    fn started(&mut self, first: Pid) -> Result<()>;

    /// Readable when there is something for [`Keeper::ready`].
    fn fd(&self) -> Option<BorrowedFd<'_>>;

    /// Called after every wait; must not block. True once the script's time limit no longer counts.
    fn ready(&mut self) -> Result<bool>;
}
