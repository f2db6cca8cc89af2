//! A netlink socket that only listens.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use netlink_sys::SocketAddr;
use nix::errno::Errno;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce};

use crate::base::error::Result;
use crate::net::namespace::Namespace;

/// An event is seldom over 4 KiB; the kernel joins those of one nf_tables batch up to a few pages.
const BUFFER: usize = 1 << 16;
/// How much may lie unread. Without the machine's own root the kernel gives no more than net.core.rmem_max.
const UNREAD: usize = 4 << 20;

/// Listens in one namespace, or from there to all that it has a number for.
pub struct Listening {
    socket: netlink_sys::Socket,
    buffer: Vec<u8>,
}

/// What a look at the socket found.
pub enum Received<'a> {
    Nothing,
    /// One or more messages of the namespace with this number; `None` for the socket's own.
    Messages(Option<i32>, &'a [u8]),
    /// The buffer overflowed: the kernel dropped what came then.
    Lost,
}

impl Listening {
    /// Joins the groups of a protocol in `ns`; with `everywhere` it hears the events of all namespaces that `ns` has
    /// a number for, those of later ones too.
    ///
    /// Raises `permission` where the kernel doesn't allow that.
    pub fn open(ns: &Namespace, protocol: isize, groups: &[u32], everywhere: bool) -> Result<Self> {
        let mut socket = ns.within(|| Ok(netlink_sys::Socket::new(protocol)?))?;
        if setsockopt(&socket.as_fd(), RcvBufForce, &UNREAD).is_err() {
            let _ = setsockopt(&socket.as_fd(), RcvBuf, &UNREAD);
        }
        if everywhere {
            socket.set_listen_all_namespaces(true)?;
        }
        bind(&mut socket)?;
        for group in groups {
            socket.add_membership(*group)?;
        }
        Ok(Listening { socket, buffer: vec![0; BUFFER] })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes one datagram, without waiting.
    pub fn receive(&mut self) -> Result<Received<'_>> {
        let mut part = libc::iovec { iov_base: self.buffer.as_mut_ptr().cast(), iov_len: self.buffer.len() };
        let mut control = [0u64; 8];
        // SAFETY: msghdr is plain data, for which zero bytes are a valid value.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_iov = &raw mut part;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control) as _;
        let length = loop {
            // SAFETY: the descriptor is open; header points to one buffer and to the control data's, both of which
            // outlive the call.
            let got = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT) };
            match Errno::result(got) {
                Ok(length) => break length as usize,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(Received::Nothing),
                Err(Errno::ENOBUFS) => return Ok(Received::Lost),
                Err(e) => return Err(e.into()),
            }
        };
        if header.msg_flags & libc::MSG_TRUNC != 0 {
            return Ok(Received::Lost);
        }
        Ok(Received::Messages(number(&header), &self.buffer[..length.min(self.buffer.len())]))
    }
}

/// Binds to a port of netlink that no socket of nsh's has that asks: the kernel keeps from a listener what answers a request
/// of the same port (NLM_F_ECHO), even if that comes from another namespace, and chooses a process's id where it may.
fn bind(socket: &mut netlink_sys::Socket) -> Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(1 << 30);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        match socket.bind(&SocketAddr::new(port, 0)) {
            // Another process's.
            Err(e) if e.raw_os_error() == Some(libc::EADDRINUSE) => {}
            bound => return Ok(bound?),
        }
    }
}

/// The number of the namespace that an event is from, which stands in the control data of all but the socket's own.
fn number(header: &libc::msghdr) -> Option<i32> {
    // SAFETY: header was filled in by recvmsg, and its control data are still there; CMSG_NXTHDR stays within them.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(header);
        while let Some(control) = at.as_ref() {
            if control.cmsg_level == libc::SOL_NETLINK && control.cmsg_type == libc::NETLINK_LISTEN_ALL_NSID {
                return Some(libc::CMSG_DATA(at).cast::<i32>().read_unaligned());
            }
            at = libc::CMSG_NXTHDR(header, at);
        }
    }
    None
}
