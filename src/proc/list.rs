//! The processes that there are, from `/proc`; see proc(5).

use std::fs;
use std::os::unix::fs::MetadataExt;

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
    let (name, state, parent) = stat(&fs::read_to_string(format!("{directory}/stat")).ok()?)?;
    let command = fs::read(format!("{directory}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
    let netns = fs::metadata(format!("{directory}/ns/net")).ok().map(|m| m.ino());
    Some(Listed { pid, parent, name, command, state, uid, netns })
}

/// `PID (NAME) STATE PARENT ...`; the name may have anything in it.
fn stat(text: &str) -> Option<(String, char, u32)> {
    let (before, after) = text.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let mut fields = after.split_whitespace();
    Some((name.to_owned(), fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_anything_in_it() {
        assert_eq!(stat("7 (a) b (c) S 3 7 7 0"), Some(("a) b (c".to_owned(), 'S', 3)));
        assert_eq!(stat("7 (a"), None);
    }

    #[test]
    fn this_process_is_among_them() {
        let own = list().into_iter().find(|p| p.pid == std::process::id()).unwrap();
        assert_eq!(own.parent, std::os::unix::process::parent_id());
        assert!(own.netns.is_some() && !own.command.is_empty());
    }
}
