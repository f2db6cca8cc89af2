//! What a deleted namespace leaves behind.
//!
//! The kernel takes a namespace's links away some 25 to 75 ms after its last user has gone, and until then the names of
//! their other ends are taken. So a namespace is emptied before it is let go. Where a process is still in it, it keeps its
//! links, as with `ip netns del`, and who finds a name taken is told of that process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::fd::AsFd;

use super::attributes::Attributes;
use super::link::{self, ifinfomsg, ifla};
use super::namespace::{self, Namespace};
use crate::base::error::Result;
use crate::base::wait;

/// A group that nobody else uses: to delete it takes all its links away at once, where each by itself waits 20 ms.
const LEAVING: u32 = 0x6e73_6800;

/// Deletes all links that were made in the namespace; when it returns, the names of their other ends are free.
pub(super) fn empty(ns: &Namespace) -> Result<()> {
    let made: Vec<u32> = link::dump(ns)?.iter().filter(|l| l.kind.is_some()).map(|l| l.index()).collect();
    if made.len() > 1 && delete_together(ns, &made).is_ok() {
        return Ok(());
    }
    for index in made {
        // It may have gone with another one.
        let _ = link::del_index(ns, index);
    }
    Ok(())
}

fn delete_together(ns: &Namespace, links: &[u32]) -> Result<()> {
    let mut group = Attributes::new();
    group.put_u32(ifla::GROUP, LEAVING);
    for index in links {
        let request = [ifinfomsg(0, *index, 0, 0).as_slice(), group.bytes()?].concat();
        ns.rtnl(link::RTM_SETLINK, 0, &request, |_| Ok(()))?;
    }
    let request = [ifinfomsg(0, 0, 0, 0).as_slice(), group.bytes()?].concat();
    ns.rtnl(link::RTM_DELLINK, 0, &request, |_| Ok(()))
}

/// The deleted namespaces in which a process was, by inode, with the names that they had.
#[derive(Default)]
pub(super) struct Remains(RefCell<HashMap<u64, String>>);

/// Who keeps a deleted namespace alive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Keeper {
    /// The name that the namespace had.
    pub namespace: String,
    pub pid: i32,
    pub program: String,
}

impl Remains {
    pub(super) fn remember(&self, inode: u64, name: &str) {
        self.0.borrow_mut().insert(inode, name.to_owned());
    }

    /// An inode is given again once its namespace has gone.
    pub(super) fn forget(&self, inode: u64) {
        self.0.borrow_mut().remove(&inode);
    }

    /// The process that keeps the namespace which `viewer` knows as `nsid` alive, if that was deleted.
    pub(super) fn keeper(&self, viewer: &Namespace, nsid: i32) -> Option<Keeper> {
        let remains = self.0.borrow();
        let mut inside = processes().filter_map(|(pid, inode)| Some((pid, remains.get(&inode)?)));
        let (pid, name) = inside.find(|(pid, _)| {
            let there = File::open(format!("/proc/{pid}/ns/net"));
            there.is_ok_and(
                |there| matches!(namespace::nsid_of(viewer, there.as_fd()), Ok(Some(id)) if id == nsid),
            )
        })?;
        let program = wait::stat(pid).map_or_else(String::new, |stat| stat.name);
        Some(Keeper { namespace: name.clone(), pid, program })
    }
}

/// Whether a process is in the namespace with this inode.
pub(super) fn occupied(inode: u64) -> bool {
    processes().any(|(_, of)| of == inode)
}

/// The processes that can be seen, with the inodes of their network namespaces.
fn processes() -> impl Iterator<Item = (i32, u64)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| {
        // One that is ending has left its namespaces already.
        let target = fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
        let inode = target.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()?;
        Some((pid, inode))
    })
}
