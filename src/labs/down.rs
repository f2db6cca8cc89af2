//! `nsh down`: the end of labs.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::poll::PollFlags;
use nix::sys::signal::Signal;

use super::entry::{Labs, LiveLab};
use super::lock;
use crate::base::error::{Error, Kind};
use crate::base::wait::{self, Deadline};

/// The lab's supervisor kills what has not ended 10 s after SIGTERM; it is killed itself this long after that.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the kernel takes at most to end all processes of a killed lab.
const KILLED: Duration = Duration::from_secs(30);

/// A lab that was told to end.
pub struct Ending {
    lab: LiveLab,
    /// The lab's first process, which ends after all others.
    first: Option<OwnedFd>,
}

impl Ending {
    /// Tells the lab to end: what its script deferred runs, its handles are closed, its processes ended.
    pub fn begin(lab: LiveLab) -> Result<Ending> {
        // Before it can have ended.
        let first = lab.record().ok().and_then(|record| record.first?.open().ok().flatten());
        lock::signal(&lab.supervisor, Signal::SIGTERM)?;
        // Were it stopped, it would not hear.
        lock::signal(&lab.supervisor, Signal::SIGCONT)?;
        Ok(Ending { lab, first })
    }

    /// Waits until nothing of it is left.
    pub fn finish(self, labs: &Labs) -> Result<()> {
        self.wait(labs).context(self.lab.name)
    }

    fn wait(&self, labs: &Labs) -> Result<()> {
        if !ended(&self.lab.supervisor, PATIENCE)? {
            lock::signal(&self.lab.supervisor, Signal::SIGKILL)?;
        }
        let fds = [Some(&self.lab.supervisor), self.first.as_ref()];
        for process in fds.into_iter().flatten() {
            if !ended(process, KILLED)? {
                return Err(Error::new(Kind::Timeout, "a process of the lab can't be killed").into());
            }
        }
        labs.sweep(&self.lab.name)
    }
}

fn ended(process: &OwnedFd, patience: Duration) -> Result<bool> {
    Ok(wait::wait_background(&[(process.as_fd(), PollFlags::POLLIN)], Deadline::after(patience))?[0])
}
