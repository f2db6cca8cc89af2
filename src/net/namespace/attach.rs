//! Naming namespaces that others made: a process's, a container's.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::rc::Rc;

use nix::errno::Errno;

use super::{Done, Namespace, Namespaces, pin, unpinned};
use crate::base::error::{Error, Kind, Result};

/// Which namespace is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of this process.
    Pid(u32),
    /// That which this file pins, or stands for.
    Path(PathBuf),
}

impl Whose {
    fn path(&self) -> PathBuf {
        match self {
            Whose::Pid(pid) => format!("/proc/{pid}/ns/net").into(),
            Whose::Path(path) => path.clone(),
        }
    }

    fn explain(&self, e: Error) -> Error {
        let lab = "in a sandbox there are only the lab's own; --host shows the machine's";
        match (self, e.raw()) {
            (Whose::Pid(pid), Some(Errno::ENOENT | Errno::ESRCH)) => {
                Error::new(Kind::NotFound, format!("there is no process {pid}")).hint(lab)
            }
            (Whose::Path(path), Some(Errno::ENOENT)) => {
                Error::new(Kind::NotFound, format!("there is no file {}", path.display())).hint(lab)
            }
            (_, Some(Errno::EACCES | Errno::EPERM)) => e.hint(
                "only who could trace the process, mostly root, can enter its namespace: sudo nsh --host",
            ),
            _ => e,
        }
    }
}

impl Namespaces {
    /// Gives a namespace that somebody else made a name here, as `ip netns attach NAME PID`; [`Namespaces::del`] takes only that name
    /// away.
    ///
    /// Raises `exists` if the name is taken, `not_found` if there is no such process or file, `argument` for a file that is no
    /// network namespace, and for the namespace `host`.
    pub fn attach(&self, name: &str, whose: &Whose) -> Result<Rc<Namespace>> {
        let file = File::open(whose.path()).map_err(|e| whose.explain(e.into()))?;
        if !is_network(&file) {
            return Err(Error::argument(format!("{} is no network namespace", whose.path().display())));
        }
        if nix::sys::stat::fstat(&file)?.st_ino == self.host.inode {
            return Err(Error::argument("that is the namespace \"host\""));
        }
        let path = self.claim(name)?;
        let from = PathBuf::from(format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()));
        let opened = pin(&from, &path).and_then(|()| self.open(name)).and_then(|ns| {
            // Whether it can be entered shows only so.
            ns.within(|| Ok(())).map(|()| ns)
        });
        let ns = Rc::new(opened.map_err(|e| unpinned(&path, whose.explain(e)))?);
        ns.attached.set(true);
        self.known.borrow_mut().insert(name.to_owned(), ns.clone());
        self.note(&ns);
        self.host.report(Done::Attached(name, whose, &path));
        Ok(ns)
    }
}

/// Whether the file stands for a network namespace: ioctl_ns(2).
fn is_network(file: &File) -> bool {
    const NS_GET_NSTYPE: libc::c_ulong = 0xb703;
    // SAFETY: the descriptor is open, and this request has no argument.
    let kind = unsafe { libc::ioctl(file.as_raw_fd(), NS_GET_NSTYPE as _) };
    kind == libc::CLONE_NEWNET
}
