//! The lab's `/dev`: a handful of devices that are safe in anyone's hands. With root's ids mapped, a disk's node
//! would be writable.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Result;
use nix::mount::MsFlags;
use nix::sys::stat::Mode;

use super::sys::Tree;
use super::view;

const NODES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty", "net/tun"];

const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Takes the nodes from the machine's `/dev`: nobody but the machine's root can make them.
pub fn take() -> Result<Vec<(&'static str, Tree)>> {
    let dev = Path::new("/dev");
    // A machine may lack one (net/tun in a container); who needs it will say so.
    // Read-only: they can be written to, but the machine's nodes get no other mode or owner.
    let take = |name| {
        let tree = Tree::copy(&dev.join(name)).ok()?;
        tree.set(libc::MOUNT_ATTR_RDONLY, 0).ok().map(|()| (name, tree))
    };
    Ok(NODES.iter().copied().filter_map(take).collect())
}

/// Mounts the lab's `/dev` and hangs the nodes in it.
pub fn mount(nodes: Vec<(&'static str, Tree)>) -> Result<()> {
    let dev = Path::new("/dev");
    view::mount("tmpfs", dev, MsFlags::MS_NOSUID, "mode=755,size=64k,nr_inodes=64")?;
    for name in ["net", "pts", "shm"] {
        view::make_directory(&dev.join(name))?;
    }
    for (name, node) in nodes {
        let path = dev.join(name);
        fs::write(&path, "")?;
        node.attach(&path)?;
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
