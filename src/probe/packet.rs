//! Packet sockets that send and receive whole frames on one link (packet(7)); captures have a ring instead.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::PollFlags;

use crate::base::alone::own;
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};

/// Enough to close a socket.
const STACK: usize = 64 * 1024;

/// A socket in the namespace where it was opened. Its frames have the link's header.
pub struct PacketSocket {
    /// None once it is being closed.
    fd: Option<OwnedFd>,
    address: libc::sockaddr_ll,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// The link's queueing discipline or a filter dropped it.
    Dropped,
}

impl PacketSocket {
    /// Opens one in the calling thread's namespace, on the link with this index.
    pub fn open(index: u32) -> Result<Self> {
        // Protocol 0: it receives nothing.
        // SAFETY: takes plain numbers; returns a new descriptor or -1.
        let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        let fd = Errno::result(fd).map_err(|e| Error::from(e).detail("opening a packet socket"))?;
        // SAFETY: fd is new and ours.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: an all-zero sockaddr_ll is a valid one.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_ifindex = index as i32;
        Ok(PacketSocket { fd: Some(fd), address })
    }

    fn raw(&self) -> i32 {
        self.fd.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Receives frames of this protocol from now on, which the link gets, not those that it sends.
    pub fn listen(&self, protocol: u16) -> Result<()> {
        let mut address = self.address;
        address.sll_protocol = protocol.to_be();
        let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: address is valid for the call.
        let bound = unsafe { libc::bind(self.raw(), (&raw const address).cast(), length) };
        Errno::result(bound).map_err(|e| Error::from(e).detail("binding a packet socket"))?;
        Ok(())
    }

    /// The next frame that waits: how long it is; EAGAIN if there is none.
    pub fn receive(&self, buffer: &mut [u8]) -> std::result::Result<usize, Errno> {
        nix::sys::socket::recv(self.raw(), buffer, nix::sys::socket::MsgFlags::MSG_DONTWAIT)
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    /// Sends one frame; waits for room where earlier ones still stand in the link's queue. Filters of tc see the protocol.
    pub fn send(&self, bytes: &[u8], protocol: u16) -> Result<Sending> {
        let mut address = self.address;
        address.sll_protocol = protocol.to_be();
        let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        loop {
            // SAFETY: bytes and address are valid for the call.
            let sent = unsafe {
                libc::sendto(
                    self.raw(),
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    libc::MSG_DONTWAIT,
                    (&raw const address).cast(),
                    length,
                )
            };
            match Errno::result(sent) {
                Ok(_) => return Ok(Sending::Sent),
                Err(Errno::ENOBUFS) => return Ok(Sending::Dropped),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    wait::wait(&[(self.as_fd(), PollFlags::POLLOUT)], Deadline::NEVER)?;
                }
                Err(e) => return Err(e.into()),
            }
        }
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is open until the socket is dropped.
        unsafe { BorrowedFd::borrow_raw(self.raw()) }
    }
}

impl Drop for PacketSocket {
    /// The kernel waits for RCU when it closes one, 10 ms and more: a thread does, and the script doesn't.
    fn drop(&mut self) {
        let fd = self.fd.take();
        let thread = std::thread::Builder::new().name("nsh-close".into()).stack_size(STACK);
        // Without a thread the descriptor is closed here.
        let _ = own(|| thread.spawn(move || drop(fd)));
    }
}
