//! Processes by their numbers: descriptors, which can be waited for and can't come to mean another process, and what
//! `/proc` tells.

use std::fs;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

use crate::base::error::{Error, Result};

/// A descriptor of the process that has this number now, if any has: readable once it has ended.
pub fn pidfd(pid: i32) -> Result<Option<OwnedFd>> {
    // SAFETY: pidfd_open takes no pointers; it returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    match Errno::result(fd) {
        // SAFETY: fd is open and ours alone.
        Ok(fd) => Ok(Some(unsafe { OwnedFd::from_raw_fd(fd as i32) })),
        Err(Errno::ESRCH) => Ok(None),
        Err(e) => Err(Error::from(e).detail("opening a process")),
    }
}

/// Of `/proc/PID/stat`; see proc(5).
#[derive(Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its program's name, cut at 15 bytes by the kernel.
    pub name: String,
    /// `R` running, `S` sleeping, `T` stopped, `Z` ended, ...
    pub state: char,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// When it was started, in clock ticks since the machine was.
    pub start: u64,
}

/// What is known of the process that has this number now, if any has.
pub fn stat(pid: i32) -> Option<Stat> {
    read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Whether the process ignores or catches a signal.
pub fn heeds(pid: i32, signal: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let masks = status.lines().filter_map(|l| l.strip_prefix("SigIgn:").or(l.strip_prefix("SigCgt:")));
    masks.filter_map(|hex| u64::from_str_radix(hex.trim(), 16).ok()).any(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Descriptors of the processes of a process group that have not ended, by the numbers of our own PID namespace.
pub fn living_in_group(group: i32) -> Vec<OwnedFd> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let statuses = entries.filter_map(|entry| {
        let _pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        fs::read_to_string(entry.path().join("status")).ok()
    });
    statuses.filter_map(|status| pidfd(living_member(&status, group)?).ok().flatten()).collect()
}

/// The number of the process with this `/proc/PID/status`, if it is of the group and has not ended. The last of several
/// numbers is that of the innermost PID namespace; `/proc` may be that of an outer one.
fn living_member(status: &str, group: i32) -> Option<i32> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let number = |name: &str| field(name)?.split_whitespace().last()?.parse().ok();
    let ended = field("State:").is_none_or(|state| state.starts_with(['Z', 'X']));
    (!ended && number("NSpgid:") == Some(group)).then(|| number("NSpid:"))?
}

/// `PID (NAME) STATE PARENT ...`; the name may have anything in it.
fn read(text: &str) -> Option<Stat> {
    let (before, after) = text.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let mut fields = after.split_whitespace();
    Some(Stat {
        name: name.to_owned(),
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
        session: fields.next()?.parse().ok()?,
        // The 22nd of all.
        start: fields.nth(15)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lives_in_a_group() {
        let status =
            |state: &str| format!("Name:\tcat\nState:\t{state}\nNSpid:\t900\t12\nNSpgid:\t899\t11\n");
        assert_eq!(living_member(&status("R (running)"), 11), Some(12));
        assert_eq!(living_member(&status("R (running)"), 899), None);
        assert_eq!(living_member(&status("Z (zombie)"), 11), None);
        assert_eq!(living_member("", 11), None);
    }

    #[test]
    fn a_name_may_have_anything_in_it() {
        let text = "7 (a) b (c) S 3 5 6 0 -1 4194560 1 0 2 0 0 0 0 0 20 0 1 0 4711 0 0\n";
        let expected =
            Stat { name: "a) b (c".to_owned(), state: 'S', parent: 3, group: 5, session: 6, start: 4711 };
        assert_eq!(read(text), Some(expected));
        assert_eq!(read("7 (a"), None);
    }
}
