//! The few system calls that neither std nor nix wraps, and the channel between the sandbox's processes.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::socket::{AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::base::error::Error;

/// Forks into new namespaces: the child is the first process of those that `flags` name. `None` in the child.
///
/// `fork` with `unshare` before it would take the parent along. glibc's idea of the child's thread id stays the
/// parent's, so the child must not start threads; what is forked from it may.
pub fn clone_into(flags: CloneFlags) -> nix::Result<Option<Pid>> {
    let bits = flags.bits() as libc::c_long | libc::SIGCHLD as libc::c_long;
    // SAFETY: no new stack and no CLONE_VM: the child goes on with a copy of this memory, as after fork. We are
    // single-threaded, so no lock is held by a thread that the child lacks.
    let pid = unsafe {
        if cfg!(target_arch = "s390x") {
            libc::syscall(libc::SYS_clone, 0, bits, 0, 0, 0)
        } else {
            libc::syscall(libc::SYS_clone, bits, 0, 0, 0, 0)
        }
    };
    match Errno::result(pid)? {
        0 => Ok(None),
        pid => Ok(Some(Pid::from_raw(pid as i32))),
    }
}

/// Closes every descriptor above stderr. What an editor or a terminal leaked to us (a directory on a writable
/// mount, say) would be a way around the sandbox.
pub fn close_inherited() {
    // SAFETY: closes descriptors that nothing in this program has opened yet.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
}

/// Whether a descriptor is open.
pub fn is_open(fd: RawFd) -> bool {
    // SAFETY: asks for flags.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).context("a path must not hold a NUL byte")
}

/// A mount, or tree of mounts, that is not attached yet: `open_tree(2)`.
pub struct Tree(OwnedFd);

impl Tree {
    /// Copies what is at `path`, with all mounts below it (those that came from another user namespace can't be
    /// left behind).
    pub fn copy(path: &Path) -> Result<Tree> {
        let path = c_path(path)?;
        let flags = libc::OPEN_TREE_CLONE | libc::O_CLOEXEC as u32 | libc::AT_RECURSIVE as u32;
        // SAFETY: path is a NUL-terminated string; the call returns a new descriptor or -1.
        let fd = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
        let fd = Errno::result(fd)?;
        // SAFETY: fd is open and ours alone.
        Ok(Tree(unsafe { OwnedFd::from_raw_fd(fd as i32) }))
    }

    /// Sets and clears `MOUNT_ATTR_*` on the whole tree.
    pub fn set(&self, set: u64, clear: u64) -> Result<()> {
        set_attributes(self.0.as_fd(), Path::new(""), true, set, clear)
    }

    /// Attaches the tree over `path`.
    pub fn attach(self, path: &Path) -> Result<()> {
        let path = c_path(path)?;
        // SAFETY: both paths are NUL-terminated strings.
        let done = unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                path.as_ptr(),
                libc::MOVE_MOUNT_F_EMPTY_PATH,
            )
        };
        Errno::result(done)?;
        Ok(())
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// A path to its root, valid in this process.
    pub fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

/// Sets and clears `MOUNT_ATTR_*` on the mount at `path`, and on those below it if `recursive`:
/// `mount_setattr(2)`, Linux 5.12.
pub fn set_mount(path: &Path, recursive: bool, set: u64, clear: u64) -> Result<()> {
    // SAFETY: AT_FDCWD is always valid.
    set_attributes(unsafe { BorrowedFd::borrow_raw(libc::AT_FDCWD) }, path, recursive, set, clear)
}

fn set_attributes(fd: BorrowedFd<'_>, path: &Path, recursive: bool, set: u64, clear: u64) -> Result<()> {
    let path = c_path(path)?;
    let attributes = libc::mount_attr { attr_set: set, attr_clr: clear, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: path is a NUL-terminated string, attributes a mount_attr of the size given.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    Errno::result(done)?;
    Ok(())
}

/// Leaves the session keyring of the user's login: a key in it could be read and revoked from the lab.
pub fn new_session_keyring() {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: a null name asks for an anonymous keyring. A kernel without keyrings refuses, and has no keys.
    unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<u8>()) };
}

/// The running kernel's version, as (major, minor).
pub fn kernel_version() -> (u32, u32) {
    let release =
        nix::sys::utsname::uname().map(|u| u.release().to_string_lossy().into_owned()).unwrap_or_default();
    parse_version(&release)
}

fn parse_version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// One end of a channel of small messages between two of the sandbox's processes. When the other process ends,
/// however it does, this end reads [`Message::Gone`].
pub struct Channel(OwnedFd);

/// What the sandbox's processes tell each other.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// The id maps are written: go on.
    Go,
    /// The lab runs.
    Ready,
    /// Send this signal to the lab's script.
    Signal(i32),
    /// The script was stopped by this signal.
    Stopped(i32),
    /// Give the terminal to the script, and let it go on.
    TakeTerminal,
    /// What could not be had, and what that costs.
    Note(String),
    /// The file system's view is built: whether `/proc` is the lab's own, whether `/sys` is, and whether the working
    /// directory is writable.
    Built([bool; 3]),
    /// The sender's process id, as the `/proc` that it sees numbers it.
    Pid(i32),
    /// The sandbox could not be made: the error, and its hint.
    Failed(String, Option<String>),
    /// This signal killed the script.
    Killed(i32),
    /// Another mount of `/proc/sys/net`, please: answered by one of [`Message::Descriptors`].
    Sysctls,
    /// Comes with them.
    Descriptors,
    /// The other process ended.
    Gone,
}

/// No message is longer: texts in them are cut.
const LONGEST: usize = 16 << 10;

impl Message {
    /// What was received; nothing at all when the other process has ended.
    fn of(bytes: &[u8]) -> Result<Message> {
        if bytes.is_empty() { Ok(Message::Gone) } else { Ok(serde_json::from_slice(bytes)?) }
    }
}

impl Channel {
    pub fn pair() -> Result<(Channel, Channel)> {
        let (a, b) = nix::sys::socket::socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        Ok((Channel(a), Channel(b)))
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub fn send(&self, message: &Message) -> Result<()> {
        let bytes = serde_json::to_vec(message)?;
        // MSG_NOSIGNAL: an ended peer is an error here, not the end of us.
        nix::sys::socket::send(self.0.as_raw_fd(), &bytes, MsgFlags::MSG_NOSIGNAL)?;
        Ok(())
    }

    /// Sends copies of descriptors, at most three.
    pub fn send_descriptors(&self, descriptors: &[RawFd]) -> Result<()> {
        let bytes = serde_json::to_vec(&Message::Descriptors)?;
        let (data, rights) = ([io::IoSlice::new(&bytes)], [ControlMessage::ScmRights(descriptors)]);
        // Whoever takes none of them doesn't make us wait.
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        nix::sys::socket::sendmsg::<()>(self.0.as_raw_fd(), &data, &rights, flags, None)?;
        Ok(())
    }

    /// Waits for descriptors. An error if another message comes.
    pub fn receive_descriptors(&self) -> Result<Vec<OwnedFd>> {
        let (mut space, mut bytes) = (nix::cmsg_space!([RawFd; 3]), [0u8; LONGEST]);
        let mut data = [io::IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let message =
            nix::sys::socket::recvmsg::<()>(self.0.as_raw_fd(), &mut data, Some(&mut space), flags)?;
        let length = message.bytes;
        let mut descriptors = Vec::new();
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(received) = control {
                // SAFETY: the kernel has just made them, for us alone.
                descriptors.extend(received.iter().map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) }));
            }
        }
        match Message::of(&bytes[..length])? {
            Message::Descriptors => Ok(descriptors),
            other => Err(super::init::failed(other).into()),
        }
    }

    /// Waits for a message.
    pub fn receive(&self) -> Result<Message> {
        self.receive_with(MsgFlags::empty()).map(|m| m.unwrap_or(Message::Gone))
    }

    /// The next message, if one is there.
    pub fn try_receive(&self) -> Result<Option<Message>> {
        self.receive_with(MsgFlags::MSG_DONTWAIT)
    }

    fn receive_with(&self, flags: MsgFlags) -> Result<Option<Message>> {
        let mut buffer = [0u8; LONGEST];
        let length = loop {
            match nix::sys::socket::recv(self.0.as_raw_fd(), &mut buffer, flags) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::ECONNRESET) => return Ok(Some(Message::Gone)),
                length => break length?,
            }
        };
        Message::of(&buffer[..length]).map(Some)
    }

    /// Tells the other side why the sandbox can't be made.
    pub fn fail(&self, error: &anyhow::Error) {
        let error = Error::of(&**error);
        // Messages must fit in one packet.
        let text: String = error.message().chars().take(1500).collect();
        let hint = error.fields().hint.as_ref().map(|h| h.chars().take(1500).collect());
        let _ = self.send(&Message::Failed(text, hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_as_they_were_sent() {
        let (a, b) = Channel::pair().unwrap();
        let sent = [
            Message::Go,
            Message::Signal(15),
            Message::Stopped(21),
            Message::Pid(70000),
            Message::Built([true, false, true]),
            Message::Failed("no".into(), Some("do".into())),
            Message::Failed("no".into(), None),
        ];
        for message in &sent {
            a.send(message).unwrap();
            assert_eq!(&b.receive().unwrap(), message);
        }
        assert_eq!(b.try_receive().unwrap(), None);
        drop(a);
        assert_eq!(b.receive().unwrap(), Message::Gone);
    }

    #[test]
    fn versions() {
        assert_eq!(parse_version("6.18.44-fc-v445"), (6, 18));
        assert_eq!(parse_version("5.4"), (5, 4));
        assert_eq!(parse_version(""), (0, 0));
    }
}
