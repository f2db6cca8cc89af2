//! The lab's `/dev`: a handful of devices that are safe in anyone's hands. With root's ids mapped, a disk's node
//! would be writable.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::Result;
use nix::mount::MsFlags;
use nix::sys::stat::Mode;

use super::sys::Tree;
use super::view;

const DEV: &str = "/dev";
const NODES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty", "net/tun"];

const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// A device of the machine's, on a copy of its mount that is read-only: it can be written to, but gets no other mode or
/// owner.
pub struct Device {
    pub path: PathBuf,
    pub tree: Tree,
}

impl Device {
    pub fn take(path: PathBuf) -> Result<Device> {
        let tree = Tree::copy(&path)?;
        tree.set(libc::MOUNT_ATTR_RDONLY, 0)?;
        Ok(Device { path, tree })
    }
}

/// Takes the nodes from the machine's `/dev`: nobody but the machine's root can make them. A machine may lack one
/// (net/tun in a container); who needs it will say so.
pub fn take() -> Vec<Device> {
    NODES.iter().filter_map(|name| Device::take(Path::new(DEV).join(name)).ok()).collect()
}

/// Mounts the lab's `/dev` and hangs the nodes in it.
pub fn mount(nodes: Vec<Device>) -> Result<()> {
    let dev = Path::new(DEV);
    view::mount("tmpfs", dev, MsFlags::MS_NOSUID, "mode=755,size=64k,nr_inodes=64")?;
    for name in ["net", "pts", "shm"] {
        view::make_directory(&dev.join(name))?;
    }
    for Device { path, tree } in nodes {
        fs::write(&path, "")?;
        tree.attach(&path)?;
    }
    let secure = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    view::mount("devpts", &dev.join("pts"), secure, "newinstance,ptmxmode=0666,mode=0620")?;
    view::mount_memory(&dev.join("shm"), "mode=1777")?;
    for (name, target) in LINKS {
        symlink(target, dev.join(name))?;
    }
    // Whatever the umask was: others may read.
    nix::sys::stat::fchmodat(
        nix::fcntl::AT_FDCWD,
        dev,
        Mode::from_bits_truncate(0o755),
        nix::sys::stat::FchmodatFlags::FollowSymlink,
    )?;
    Ok(())
}
