//! `nsh down`: the end of labs.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::signal::Signal;

use super::entry::{Lab, Labs};
use super::lock;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// The lab's supervisor kills what has not ended 10 s after SIGTERM; it is killed itself this long after that.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the kernel takes at most to end all processes of a killed lab.
const KILLED: Duration = Duration::from_secs(30);

/// A lab that was told to end.
pub struct Ending {
    lab: Lab,
    /// The lab's first process, which ends after all others.
    first: Option<OwnedFd>,
}

impl Ending {
    pub fn name(&self) -> &str {
        &self.lab.name
    }

    /// Tells the lab to end: what its script deferred runs, its handles are closed, its processes ended.
    pub fn begin(lab: Lab) -> Result<Ending> {
        // Before it can have ended.
        let first = lab.record().ok().and_then(|record| record.first?.open().ok().flatten());
        lock::signal(&lab.supervisor, Signal::SIGTERM)?;
        // Were it stopped, it would not hear.
        lock::signal(&lab.supervisor, Signal::SIGCONT)?;
        Ok(Ending { lab, first })
    }

    /// Waits until nothing of it is left.
    pub fn finish(self, labs: &Labs) -> Result<()> {
        if !ended(&self.lab.supervisor, PATIENCE)? {
            lock::signal(&self.lab.supervisor, Signal::SIGKILL)?;
        }
        let fds = [Some(&self.lab.supervisor), self.first.as_ref()];
        for process in fds.into_iter().flatten() {
            if !ended(process, KILLED)? {
                return Err(Error::new(Kind::Timeout, "a process of the lab can't be killed"));
            }
        }
        labs.sweep(&self.lab.name)
    }
}

fn ended(process: &OwnedFd, patience: Duration) -> Result<bool> {
    Ok(wait::wait_background(&[(process.as_fd(), PollFlags::POLLIN)], Deadline::after(patience))?[0])
}
