//! The processes that there are, from `/proc`; see proc(5).

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::base::wait;

/// A process as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub pid: u32,
    pub parent: u32,
    /// Its program's name, cut at 15 bytes by the kernel.
    pub name: String,
    /// Its arguments, with spaces between them; empty for a process that ended and was not waited for.
    pub command: String,
    /// `R` running, `S` sleeping, `T` stopped, `Z` ended, ...
    pub state: char,
    pub uid: u32,
    /// The inode of its network namespace, if it can be seen.
    pub netns: Option<u64>,
}

/// All processes that can be seen, by number. In a sandbox those are the lab's, nsh's own among them.
pub fn list() -> Vec<Listed> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = entries.filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids.into_iter().filter_map(one).collect()
}

/// `None` for one that ended meanwhile.
fn one(pid: u32) -> Option<Listed> {
    let directory = format!("/proc/{pid}");
    let uid = fs::metadata(&directory).ok()?.uid();
    let stat = wait::stat(pid.cast_signed())?;
    let command = fs::read(format!("{directory}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
    let netns = fs::metadata(format!("{directory}/ns/net")).ok().map(|m| m.ino());
    let (name, state, parent) = (stat.name, stat.state, stat.parent.cast_unsigned());
    Some(Listed { pid, parent, name, command, state, uid, netns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_among_them() {
        let own = list().into_iter().find(|p| p.pid == std::process::id()).unwrap();
        assert_eq!(own.parent, std::os::unix::process::parent_id());
        assert!(own.netns.is_some() && !own.command.is_empty());
    }
}
