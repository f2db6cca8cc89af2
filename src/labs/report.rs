//! What the process that runs a lab's script says to the one that keeps the lab.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use anyhow::Result;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType};

/// The process runs.
pub const HERE: u8 = b'H';
/// The script has ended well.
pub const UP: u8 = b'U';
/// A process has ended by itself: which, and why.
pub const DIED: u8 = b'D';

/// Something that was said, with its text, and by which process.
pub struct Report {
    pub what: u8,
    pub text: String,
    pub pid: Option<i32>,
}

/// The most that a text may have.
const LONGEST: usize = 1000;

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

    /// What was said; nothing if there is nothing.
    pub fn next(&mut self) -> Result<Option<Report>> {
        if !self.open {
            return Ok(None);
        }
        let mut bytes = [0; LONGEST + 1];
        let mut slices = [std::io::IoSliceMut::new(&mut bytes)];
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
        let length = received.bytes;
        self.open = length > 0;
        // A lab may say anything.
        let text: String = String::from_utf8_lossy(bytes.get(1..length).unwrap_or_default()).into_owned();
        let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Ok(self.open.then_some(Report { what: bytes[0], text, pid }))
    }
}

/// Called in the script's process.
pub fn say(report: &OwnedFd, what: u8) {
    tell(report, what, "");
}

/// As [`say`], with a text.
pub fn tell(report: &OwnedFd, what: u8, text: &str) {
    let text = &text.as_bytes()[..text.len().min(LONGEST)];
    let _ = socket::send(report.as_raw_fd(), &[&[what], text].concat(), MsgFlags::MSG_NOSIGNAL);
}
