//! What the process that runs a lab's script says to the one that keeps the lab.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType};

use crate::error::Result;

/// The process runs.
pub const HERE: u8 = b'H';
/// The script has ended well.
pub const UP: u8 = b'U';

/// Where the script's process reports.
pub struct Reports {
    fd: OwnedFd,
    /// Whether more may come.
    open: bool,
}

impl Reports {
    /// Also returns the end of the script's process.
    pub fn new() -> Result<(Reports, OwnedFd)> {
        let (fd, report) =
            socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        // The kernel adds who sent a message, by the number that this process knows it by.
        socket::setsockopt(&fd, socket::sockopt::PassCred, &true)?;
        Ok((Reports { fd, open: true }, report))
    }

    pub fn raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Readable when there is something; none when nothing more comes.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.open.then(|| self.fd.as_fd())
    }

    pub fn close(&mut self) {
        self.open = false;
    }

    /// What was said, and by which process; nothing if there is nothing.
    pub fn next(&mut self) -> Result<Option<(u8, Option<i32>)>> {
        if !self.open {
            return Ok(None);
        }
        let mut byte = [0];
        let mut slices = [std::io::IoSliceMut::new(&mut byte)];
        let mut space = cmsg_space!(nix::sys::socket::UnixCredentials);
        let received = socket::recvmsg::<()>(
            self.fd.as_raw_fd(),
            &mut slices,
            Some(&mut space),
            MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC,
        );
        let received = match received {
            Ok(received) => received,
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNRESET) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let pid = received.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmCredentials(who) => Some(who.pid()),
            _ => None,
        });
        self.open = received.bytes > 0;
        Ok(self.open.then_some((byte[0], pid)))
    }
}

/// Called in the script's process.
pub fn say(report: &OwnedFd, what: u8) {
    let _ = socket::send(report.as_raw_fd(), &[what], MsgFlags::MSG_NOSIGNAL);
}
