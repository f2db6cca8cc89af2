//! What is written down about a lab, so that other commands find it.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::resource::{Resource, getrlimit};
use serde::{Deserialize, Serialize};

use crate::base::wait;

const FILE: &str = "lab.json";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its script runs.
    Starting,
    /// Its script ended well; what it started goes on.
    Up,
}

/// A process, distinguished from a later one with the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// When it was started, in clock ticks since the machine was.
    pub start: u64,
}

impl Process {
    /// The process that has this number now.
    pub fn of(pid: i32) -> Option<Process> {
        wait::stat(pid).map(|stat| Process { pid, start: stat.start })
    }

    /// A descriptor of it, unless it has ended.
    pub fn open(&self) -> Result<Option<OwnedFd>> {
        let Some(fd) = wait::pidfd(self.pid)? else { return Ok(None) };
        // The number can't change hands while its process is held.
        Ok((Process::of(self.pid) == Some(*self)).then_some(fd))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub state: State,
    /// As it was named on the command line.
    pub script: String,
    pub args: Vec<String>,
    /// The working directory of the script and its processes.
    pub directory: PathBuf,
    /// In seconds since 1970.
    pub since: u64,
    /// The soft limit of open files that its processes have.
    pub open_files: Option<u64>,
    /// The lab's first process; none before it was made.
    pub first: Option<Process>,
    /// The one that runs the script; none before the lab is ready for it.
    pub process: Option<Process>,
    /// Which of its processes ended by themselves, and why: the first [`MOST_DEATHS`] of them.
    #[serde(default)]
    pub deaths: Vec<String>,
}

/// So many deaths are written down.
pub const MOST_DEATHS: usize = 100;

impl Record {
    /// The record of a lab that starts now, in the working directory of this process.
    pub fn new(script: &str, args: &[String]) -> Record {
        Record {
            state: State::Starting,
            script: script.to_owned(),
            args: args.to_owned(),
            directory: std::env::current_dir().unwrap_or_else(|_| "/".into()),
            since: std::time::SystemTime::UNIX_EPOCH.elapsed().map(|d| d.as_secs()).unwrap_or(0),
            open_files: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
            first: None,
            process: None,
            deaths: Vec::new(),
        }
    }

    /// Writes it atomically: a reader sees the old record or the new one.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let new = directory.join(format!("{FILE}.new"));
        let mut options = File::options();
        options.create(true).write(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let written = options.open(&new).and_then(|mut file| file.write_all(&text));
        let written = written.and_then(|()| fs::rename(&new, directory.join(FILE)));
        written.with_context(|| format!("writing {}", new.display()))
    }

    pub fn read(directory: &Path) -> Result<Record> {
        let path = directory.join(FILE);
        let failed = || format!("reading {}", path.display());
        let text = fs::read(&path).with_context(failed)?;
        serde_json::from_slice(&text).with_context(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let directory = std::env::temp_dir().join(format!("nsh-labs-record-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let other = directory.join("other");
        fs::write(&other, "kept").unwrap();
        let link = directory.join(format!("{FILE}.new"));
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let record = Record::new("", &[]);
        assert!(record.write(&directory).is_err());
        assert_eq!(fs::read(&other).unwrap(), b"kept");
        fs::remove_file(link).unwrap();
        record.write(&directory).unwrap();
        assert_eq!(Record::read(&directory).unwrap(), record);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_process_is_known_by_its_start() {
        let own = Process::of(std::process::id() as i32).unwrap();
        assert!(own.open().unwrap().is_some());
        // The same number, of one that was started at another time: a reused one.
        assert!(Process { start: own.start + 1, ..own }.open().unwrap().is_none());
        assert!(Process { pid: i32::MAX, start: 1 }.open().unwrap().is_none());
    }
}
