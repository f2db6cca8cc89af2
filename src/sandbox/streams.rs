//! stdin, stdout and stderr, which the lab inherits. Each hangs on one of the machine's mounts: through
//! `/proc/self/fd` a process of the lab could change what is there, open a file once more for writing, or go on from a
//! directory to what lies beside it. So what is not open for the lab to write is opened again, as it is found in the
//! lab's mount namespace, where all that is mounted becomes read-only.

use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag};
use nix::sched::CloneFlags;
use nix::sys::stat::{FileStat, Mode, SFlag};

use super::dev::Device;
use super::view;
use crate::base::error::{Error, Kind};

const NAMES: [&str; 3] = ["stdin", "stdout", "stderr"];

/// Opens again what the lab must not change. Call it in a mount namespace that is not the machine's, before places are
/// covered, and make all that is mounted read-only before anything of the lab runs.
///
/// `devices` are those of the lab's `/dev`. Returns the other ones that streams lead to: terminals.
pub fn seal(devices: &[Device]) -> Result<Vec<Device>> {
    let mut terminals = Vec::new();
    for fd in 0..3 {
        // SAFETY: nothing else in this process opens or closes these; if it is closed, fstat says so.
        let stream = unsafe { BorrowedFd::borrow_raw(fd) };
        let (Ok(stat), Ok(flags)) =
            (nix::sys::stat::fstat(stream), nix::fcntl::fcntl(stream, FcntlArg::F_GETFL))
        else {
            continue;
        };
        seal_one(stream, &stat, OFlag::from_bits_retain(flags), devices, &mut terminals)
            .context(NAMES[fd as usize])?;
    }
    Ok(terminals)
}

fn seal_one(
    stream: BorrowedFd<'_>,
    stat: &FileStat,
    flags: OFlag,
    devices: &[Device],
    terminals: &mut Vec<Device>,
) -> Result<()> {
    let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    let read_only = flags & (OFlag::O_ACCMODE | OFlag::O_PATH) == OFlag::O_RDONLY;
    let path = || fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd())).ok();
    match kind {
        SFlag::S_IFCHR | SFlag::S_IFBLK => {
            let place = path().and_then(|path| match harmless(stream, stat) {
                true => node(path, devices, terminals),
                false => Some(path),
            });
            // One that can't be found here (another container's terminal) or opened (another user's) isn't the lab's
            // to change either, as far as its owner goes.
            place.and_then(|place| again(&place, stat, flags)).map_or(Ok(()), |new| put(&new, stream))
        }
        // A file without a name, such as a shell's here-document, is nobody else's.
        SFlag::S_IFREG if !read_only || stat.st_nlink == 0 => Ok(()),
        SFlag::S_IFREG | SFlag::S_IFDIR => {
            let Some(new) = path().and_then(|path| again(&path, stat, flags)) else {
                return Err(cannot().into());
            };
            // SAFETY: tells where the old one is; both are open.
            let at = unsafe { libc::lseek(stream.as_raw_fd(), 0, libc::SEEK_CUR) };
            if at > 0 {
                nix::unistd::lseek(&new, at, nix::unistd::Whence::SeekSet)?;
            }
            put(&new, stream)
        }
        _ => Ok(()),
    }
}

/// Where a device is found that can be opened as one in the lab, too.
fn node(path: PathBuf, devices: &[Device], terminals: &mut Vec<Device>) -> Option<PathBuf> {
    let known = devices.iter().chain(&*terminals).find(|device| device.path == path);
    if let Some(device) = known {
        return Some(device.tree.path().into());
    }
    terminals.push(Device::take(path).ok()?);
    terminals.last().map(|device| device.tree.path().into())
}

/// The same file, as it is found at `path`.
fn again(path: &Path, stat: &FileStat, flags: OFlag) -> Option<OwnedFd> {
    let kept = OFlag::O_ACCMODE | OFlag::O_APPEND | OFlag::O_DIRECTORY;
    let opened = flags & kept | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
    let new = nix::fcntl::open(path, opened, Mode::empty()).ok()?;
    let theirs = nix::sys::stat::fstat(&new).ok()?;
    nix::fcntl::fcntl(&new, FcntlArg::F_SETFL(flags & (OFlag::O_APPEND | OFlag::O_NONBLOCK))).ok()?;
    ((stat.st_dev, stat.st_ino) == (theirs.st_dev, theirs.st_ino)).then_some(new)
}

/// A device that programs open again by its name in `/proc`, and that gives them nothing: a terminal, or one of those
/// that a lab has in its own `/dev`.
fn harmless(stream: BorrowedFd<'_>, stat: &FileStat) -> bool {
    const MEMORY: u64 = 1;
    const NULL_ZERO_FULL_RANDOM_URANDOM: [u64; 5] = [3, 5, 7, 8, 9];
    let (major, minor) = (libc::major(stat.st_rdev) as u64, libc::minor(stat.st_rdev) as u64);
    nix::unistd::isatty(stream) == Ok(true)
        || major == MEMORY && NULL_ZERO_FULL_RANDOM_URANDOM.contains(&minor)
}

fn put(new: &OwnedFd, stream: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: both are open; the old one is closed by this, and nobody here owns it.
    nix::errno::Errno::result(unsafe { libc::dup2(new.as_raw_fd(), stream.as_raw_fd()) })?;
    Ok(())
}

fn cannot() -> Error {
    Error::new(Kind::Unsupported, "it can't be opened again where the lab can't write to it")
        .hint("pass it through a pipe: cat FILE | nsh ...")
}

/// As [`seal`], in namespaces that this makes for the calling process.
pub fn seal_apart() -> Result<()> {
    let mut namespaces = CloneFlags::CLONE_NEWNS;
    if !nix::unistd::geteuid().is_root() {
        namespaces |= CloneFlags::CLONE_NEWUSER;
    }
    nix::sched::unshare(namespaces).context("making a mount namespace")?;
    seal(&[])?;
    view::read_only()
}
