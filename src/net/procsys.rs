//! `/proc/sys/net` among thousands of namespaces.
//!
//! It shows the parameters of the thread's own namespace, and the kernel keeps an entry of a directory for each of the
//! namespaces for which it was looked up, all in one chain (`proc_sys_compare` in fs/proc/proc_sysctl.c): the
//! ten-thousandth takes a millisecond. In another mount of proc the chain is another one. So after some namespaces the
//! next ones are looked up in a new mount, where somebody makes one: the lab's first process, of `sys/net` alone.

use std::cell::RefCell;
use std::collections::HashSet;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

pub(super) const NET: &str = "/proc/sys/net";
/// A mount costs about as much as looking along a chain of a thousand.
const MOST: usize = 64;

type Maker = Box<dyn Fn() -> Option<OwnedFd>>;

#[derive(Default)]
struct Mounts {
    /// Makes another mount of `/proc/sys/net`; `None` where nobody does.
    maker: Option<Maker>,
    present: Option<OwnedFd>,
    /// The namespaces that were looked up in the present one, by their inodes, and how many had none yet.
    seen: HashSet<u64>,
    new: usize,
}

thread_local! {
    // Of the thread, so that tests can have a lab each.
    static MOUNTS: RefCell<Mounts> = RefCell::default();
}

/// From now on this thread's mounts are made by `maker`, until it can't.
pub fn provide(maker: impl Fn() -> Option<OwnedFd> + 'static) {
    MOUNTS.with_borrow_mut(|mounts| mounts.maker = Some(Box::new(maker)));
}

/// Where the calling thread finds the parameters of its namespace, whose inode this is; `None` for one that it has just made.
/// Valid until the next call.
pub(super) fn net(inode: Option<u64>) -> PathBuf {
    MOUNTS.with_borrow_mut(|mounts| {
        if inode.is_some_and(|inode| mounts.seen.contains(&inode)) {
            return mounts.path();
        }
        if mounts.seen.len() + mounts.new >= MOST && mounts.maker.is_some() {
            mounts.renew();
        }
        match inode {
            Some(inode) => drop(mounts.seen.insert(inode)),
            None => mounts.new += 1,
        }
        mounts.path()
    })
}

impl Mounts {
    fn renew(&mut self) {
        match self.maker.as_ref().and_then(|make| make()) {
            Some(mount) => {
                self.present = Some(mount);
                self.seen.clear();
                self.new = 0;
            }
            None => self.maker = None,
        }
    }

    fn path(&self) -> PathBuf {
        match &self.present {
            Some(mount) => format!("/proc/self/fd/{}", mount.as_raw_fd()).into(),
            None => NET.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::fs::File;
    use std::rc::Rc;

    /// In a thread of its own: the mounts are the thread's.
    #[test]
    fn a_mount_serves_some_namespaces() {
        let made = std::thread::spawn(|| {
            let made = Rc::new(Cell::new(0));
            let count = made.clone();
            provide(move || {
                count.set(count.get() + 1);
                (count.get() < 3).then(|| File::open("/").unwrap().into())
            });
            let most = MOST as u64;
            let few: Vec<_> = (0..most).chain(0..most).map(|inode| net(Some(inode))).collect();
            assert!(few.iter().all(|path| path.as_os_str() == NET) && made.get() == 0);
            let next = net(Some(most));
            assert!(next != few[0] && made.get() == 1);
            assert_eq!(net(Some(most)), next);
            (1..most).for_each(|_| drop(net(None)));
            assert_eq!(made.get(), 1);
            assert_eq!(net(Some(0)).exists(), made.get() == 2);
            // The maker gives up: the last one goes on to serve.
            let last = net(Some(0));
            (1..3 * most).for_each(|inode| assert_eq!(net(Some(inode)), last));
            made.get()
        });
        assert_eq!(made.join().unwrap(), 3);
    }
}
