//! Locks by which labs are known to live.
//!
//! A POSIX record lock belongs to one process: it is not inherited, the kernel releases it however the process ends, and
//! anyone can ask the kernel who holds it. A pid read from a file would prove nothing: it may have been reused.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, Flock, fcntl};

use crate::base::error::Error;
use crate::base::{file, wait};

/// How long to wait for another nsh that is just changing the directory.
const PATIENCE: Duration = Duration::from_secs(10);

/// The whole file. Zeroes are valid for all fields.
fn whole_file(kind: libc::c_int) -> libc::flock {
    // SAFETY: flock is a plain struct of numbers.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock
}

/// Opens a file to be locked. A process must open it only once: closing any descriptor of the file releases the lock.
pub fn open(path: &Path, create: bool) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.read(true).write(true).create(create).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    options.open(path)
}

/// Takes the lock; false if another process has it.
pub fn take(file: &File) -> Result<bool> {
    match fcntl(file, FcntlArg::F_SETLK(&whole_file(libc::F_WRLCK))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(e) => Err(e).context("locking"),
    }
}

/// Locks a directory while something is added to it or removed. Given up when dropped.
pub fn mutex(directory: &Path) -> Result<Flock<File>> {
    let locked = File::open(directory).map_err(Error::from).and_then(|file| file::lock(file, PATIENCE));
    locked.with_context(|| format!("locking {}", directory.display()))
}

/// Who holds the lock.
pub enum Holder {
    Nobody,
    /// A pidfd: unlike a pid, it can't be reused.
    Process(OwnedFd),
    /// A process of another PID namespace, which can't be seen from this one.
    Elsewhere,
}

/// Finds who holds the lock. A holder that has just ended counts as nobody.
pub fn holder(file: &File) -> Result<Holder> {
    loop {
        let Some(pid) = holding(file)? else { return Ok(Holder::Nobody) };
        if pid <= 0 {
            return Ok(Holder::Elsewhere);
        }
        let Some(process) = wait::pidfd(pid)? else { continue };
        // Held by the same number before and after: it has been that process all the time.
        if holding(file)? == Some(pid) {
            return Ok(Holder::Process(process));
        }
    }
}

fn holding(file: &File) -> Result<Option<i32>> {
    let mut lock = whole_file(libc::F_WRLCK);
    fcntl(file, FcntlArg::F_GETLK(&mut lock)).context("asking for a lock's holder")?;
    Ok((lock.l_type != libc::F_UNLCK as libc::c_short).then_some(lock.l_pid))
}

/// Sends a signal to the process; one that has ended is no error.
pub fn signal(process: &OwnedFd, signal: nix::sys::signal::Signal) -> Result<()> {
    // SAFETY: no siginfo is given; the descriptor is open.
    let done = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            signal as i32,
            std::ptr::null::<u8>(),
            0,
        )
    };
    match Errno::result(done) {
        Ok(_) | Err(Errno::ESRCH) => Ok(()),
        Err(e) => Err(e.into()),
    }
}
