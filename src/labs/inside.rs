//! A lab that lives, seen from outside: by the process that runs its script.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use nix::poll::PollFlags;

use super::entry::LiveLab;
use super::record::{Process, Record};
use crate::base::error::{Error, Kind};
use crate::base::wait::{self, Deadline};
use crate::net::namespace::HOST;
use crate::sandbox::PINS;

/// The process that runs a lab's script.
pub struct Inside {
    pub record: Record,
    process: Process,
    fd: OwnedFd,
}

impl Inside {
    /// An error for a lab that is still being made, or just ending.
    pub fn of(lab: &LiveLab) -> Result<Inside> {
        let record = lab.record()?;
        let Some(process) = record.process else {
            bail!(
                Error::new(Kind::Busy, format!("the lab {:?} is only just being made", lab.name))
                    .hint("try again in a moment")
            );
        };
        match process.open()? {
            Some(fd) => Ok(Inside { record, process, fd }),
            None => bail!("the lab {:?} has ended", lab.name),
        }
    }

    /// Its descriptor, for `setns`.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub fn pid(&self) -> i32 {
        self.process.pid
    }

    /// Whether it has ended. Until then its pid can't be reused, so what was read by it is its own.
    pub fn ended(&self) -> bool {
        self.ends_within(0.0)
    }

    /// Whether it has ended after so many seconds at most.
    pub fn ends_within(&self, seconds: f64) -> bool {
        wait::wait_background(&[(self.fd(), PollFlags::POLLIN)], Deadline::secs(seconds))
            .is_ok_and(|ready| ready[0])
    }

    fn path(&self, rest: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{rest}", self.process.pid))
    }

    /// `result`, unless the lab has ended meanwhile.
    fn checked<T>(&self, result: std::io::Result<T>, what: &str) -> Result<T> {
        if self.ended() {
            bail!("the lab has ended");
        }
        result.with_context(|| what.to_owned())
    }

    /// The names of the lab's namespaces, `host` first.
    pub fn namespaces(&self) -> Result<Vec<String>> {
        let names = fs::read_dir(self.path(&format!("root{PINS}"))).map(|entries| {
            let mut names: Vec<String> =
                entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
            names.sort();
            names
        });
        let mut all = vec![HOST.to_owned()];
        all.extend(self.checked(names, "reading the lab's namespaces")?);
        Ok(all)
    }

    /// How many processes the lab has, as its own `/proc` shows them; `None` where it has none of its own.
    pub fn processes(&self) -> Option<usize> {
        let proc = self.path("root/proc");
        // In the one that is ours we would find ourselves.
        if fs::read_link(proc.join("self")).is_ok() {
            return None;
        }
        let entries = fs::read_dir(proc).ok()?.flatten();
        Some(entries.filter(|e| e.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)).count())
    }

    /// The environment that the lab was begun with.
    pub fn environment(&self) -> Result<Vec<(OsString, OsString)>> {
        let bytes = self.checked(fs::read(self.path("environ")), "reading the lab's environment")?;
        Ok(bytes
            .split(|b| *b == 0)
            .filter_map(|variable| {
                let at = variable.iter().position(|b| *b == b'=').filter(|at| *at > 0)?;
                let part = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
                Some((part(&variable[..at]), part(&variable[at + 1..])))
            })
            .collect())
    }

    /// Whether the system calls of the lab's processes are filtered; see proc_pid_status(5).
    pub fn filtered(&self) -> Result<bool> {
        let status = self.checked(fs::read_to_string(self.path("status")), "looking at the lab's filter")?;
        Ok(status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"])))
    }

    /// Whether the lab has a user namespace of its own.
    pub fn confined(&self) -> Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let theirs =
            self.checked(fs::metadata(self.path("ns/user")), "looking at the lab's user namespace")?;
        let ours = fs::metadata("/proc/self/ns/user")?;
        Ok(theirs.ino() != ours.ino())
    }
}
