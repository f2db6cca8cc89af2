//! The lab's `/proc`: its processes, its network's sysctls to write, and nothing of the machine's.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::mount::{MntFlags, MsFlags};
use nix::sys::stat::Mode;

use super::sys::{self, Tree};
use super::view::{self, View};
use crate::base::container::COVERED_PROC;
use crate::base::error::Error;

/// The most processes and threads of a lab at a time: a fork bomb ends here.
pub const MAX_PROCESSES: u64 = 8192;

/// A way to `/proc` that stays writable for the lab's first process.
pub enum Handle {
    Own(OwnedFd),
    /// The `/proc` that was there before, whose place gets read-only.
    Kept(Tree),
}

impl Handle {
    /// Opens a file below for writing and writes `text` in one call, as id maps need it.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.open(path, OFlag::O_WRONLY)?;
        nix::unistd::write(&file, text.as_bytes()).with_context(|| format!("writing /proc/{path}"))?;
        Ok(())
    }

    pub fn open(&self, path: &str, flags: OFlag) -> Result<OwnedFd> {
        let opened = match self {
            Handle::Own(fd) => nix::fcntl::openat(fd, path, flags | OFlag::O_CLOEXEC, Mode::empty()),
            Handle::Kept(tree) => {
                nix::fcntl::openat(tree.fd(), path, flags | OFlag::O_CLOEXEC, Mode::empty())
            }
        };
        opened.with_context(|| format!("opening /proc/{path}"))
    }
}

/// Mounts a new `/proc` for the lab's processes. The kernel refuses where parts of the present one are covered, as
/// in containers and in labs: then that one stays.
pub fn mount(view: &mut View) -> Result<Handle> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let handle = match view::mount("proc", Path::new("/proc"), flags, "") {
        Ok(()) => {
            view.own_proc = true;
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            Handle::Own(nix::fcntl::open("/proc", flags, Mode::empty())?)
        }
        Err(e) => {
            view.lacks(&e, "/proc stays the one outside, read-only: process ids in it are those outside");
            Handle::Kept(Tree::copy(Path::new("/proc")).context("keeping /proc")?)
        }
    };
    limit(&handle);
    Ok(handle)
}

/// Limits of the lab's own namespaces, while they can be written.
fn limit(proc: &Handle) {
    // Since Linux 6.14 this is the PID namespace's own; before, it is the machine's, and not ours to lower.
    if sys::kernel_version() >= (6, 14) {
        let _ = proc.write("sys/kernel/pid_max", &MAX_PROCESSES.to_string());
    }
    // In a cgroup namespace of its own, root's lab could mount the cgroup that nsh was started in, with the
    // processes that share it, and kill or starve them.
    let _ = proc.write("sys/user/max_cgroup_namespaces", "0");
}

/// A new mount of proc, of its directory `sys/net` alone, for the process that asks for it. For a moment all of it stands
/// where the lab's first process alone sees it: before Linux 6.15, nothing can be copied of a mount that hangs nowhere.
pub fn sysctls() -> Result<Tree> {
    let place = Path::new(view::NOTHING);
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    view::mount("proc", place, flags, "")?;
    let tree = Tree::copy(&place.join("sys/net"));
    nix::mount::umount2(place, MntFlags::MNT_DETACH)?;
    tree
}

/// Makes read-only what is not a process's own, but for `/proc/sys/net`. Everything is mounted read-only by now.
///
/// A kept `/proc` shows outer processes of the same user, whose files there could be written (`oom_score_adj`), so
/// all of it stays read-only; but for that of another lab, in which these belong together.
pub fn confine(proc: &Handle, in_a_lab: bool, view: &mut View) -> Result<()> {
    const SYSCTLS: &str = "/proc/sys";
    const NET: &str = "/proc/sys/net";
    let writable = |path: &Path| -> Result<Tree> {
        let tree = Tree::copy(path)?;
        tree.set(0, libc::MOUNT_ATTR_RDONLY).map(|()| tree)
    };
    let net = match writable(Path::new(NET)) {
        Ok(net) => Some(net),
        Err(e) => {
            view.notes.push(format!(
                "{NET} can't be made writable here ({}), so sysctl.set fails; {COVERED_PROC}",
                Error::of(&*e).message()
            ));
            None
        }
    };
    if matches!(proc, Handle::Own(_)) {
        for path in covered()? {
            let tree = Tree::copy(&path).with_context(|| format!("covering {}", path.display()))?;
            tree.attach(&path)?;
        }
        let tree = Tree::copy(Path::new(SYSCTLS))?;
        tree.attach(Path::new(SYSCTLS))?;
    }
    if let Some(net) = net {
        net.attach(Path::new(NET))?;
    }
    match proc {
        Handle::Kept(_) if !in_a_lab => Ok(()),
        _ => sys::set_mount(Path::new("/proc"), false, 0, libc::MOUNT_ATTR_RDONLY),
    }
}

/// What in `/proc` belongs to no process and may be written by its owner, root: with root's ids mapped, the
/// script's root would be that owner (sysrq-trigger, irq, bus, fs, pressure, ...).
fn covered() -> Result<Vec<PathBuf>> {
    use std::os::unix::fs::PermissionsExt;
    let mut out = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let name = entry.file_name();
        let of_a_process = name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
        let Ok(kind) = entry.file_type() else { continue };
        if of_a_process || name == "sys" || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() || entry.metadata().is_ok_and(|m| m.permissions().mode() & 0o222 != 0) {
            out.push(entry.path());
        }
    }
    Ok(out)
}
