//! `nsh logs`: what a lab has printed, and what it prints from now on.

use std::io;
use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::poll::PollFlags;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::entry::LiveLab;
use super::log::Reader;
use crate::base::error::{Error, Kind};
use crate::base::wait::{self, Deadline};

/// Copies the lab's log to stdout; with `follow` until the lab ends.
pub fn logs(lab: &LiveLab, follow: bool) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut reader = Reader::open(&lab.directory).map_err(|e| match Error::of(&*e) {
        e if e.kind() == Kind::NotFound => e.hint("what a prompt prints is on its own terminal alone"),
        e => e,
    })?;
    if !follow {
        return written(reader.copy(&mut out)).map(|_| ());
    }
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let news = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
    inotify.add_watch(&lab.directory, news).context("watching the lab's log")?;
    loop {
        // The end first, so that nothing comes after what is read now.
        let ended =
            wait::wait_background(&[(lab.supervisor.as_fd(), PollFlags::POLLIN)], Deadline::secs(0.0))?[0];
        if !written(reader.copy(&mut out))? || ended {
            return Ok(());
        }
        let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        let watched = [
            (inotify.as_fd(), PollFlags::POLLIN),
            (lab.supervisor.as_fd(), PollFlags::POLLIN),
            // Nobody reads any more.
            (stdout.as_fd(), PollFlags::empty()),
        ];
        if wait::wait_background(&watched, Deadline::NEVER)?[2] {
            return Ok(());
        }
        let _ = inotify.read_events();
    }
}

/// False if nobody reads any more, which is no error.
fn written(result: io::Result<()>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(e).context("copying the log"),
    }
}
