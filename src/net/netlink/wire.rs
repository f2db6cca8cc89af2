//! The socket under a connection: it sends and receives, and parts what the connection reads from what we read.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};

use bytes::BufMut;
use netlink_packet_core::{NLM_F_ACK, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{AsyncSocket, Socket, SocketAddr};
use nix::errno::Errno;

use super::{Answer, HEADER, messages};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// The kernel fills dump buffers of at most 32 KiB; a single message is at most 64 KiB.
const BUFFER: usize = 1 << 16;
/// Types below it are netlink's own: NLMSG_ERROR, NLMSG_DONE, ...
const NLMSG_MIN_TYPE: u16 = 16;

/// A netlink socket with one request under way at a time.
pub(super) struct Wire {
    socket: Socket,
    state: RefCell<State>,
}

/// The request under way.
#[derive(Default)]
struct State {
    request: Vec<u8>,
    sequence: u32,
    /// Neither the ack nor the end of the dump came yet.
    waiting: bool,
    /// Neither an ack nor the end of a dump will come: one object ends the answer.
    single: bool,
    /// The kernel changed what it was dumping (NLM_F_DUMP_INTR).
    interrupted: bool,
    datagram: Vec<u8>,
    /// The datagram's objects were not handed over yet.
    unread: bool,
    /// The last look found no datagram.
    dry: bool,
    /// Answers were left behind in the socket.
    stale: bool,
    /// Messages for the connection.
    control: Vec<u8>,
}

/// A socket of a namespace that no connection uses just now.
pub struct Idle {
    socket: Socket,
    /// Answers were left behind in it.
    stale: bool,
}

impl Idle {
    /// Opens a socket of route netlink in the calling thread's namespace.
    pub fn open() -> Result<Self> {
        Ok(Idle { socket: open(NETLINK_ROUTE)?, stale: false })
    }

    /// Its descriptor, for the ioctls that any socket answers for its namespace.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn open(protocol: isize) -> Result<Socket> {
    let socket = Socket::new(protocol)?;
    // Connected to the kernel: it is the only one from which the socket takes messages.
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    // Strict checking makes dumps honour their filters; kernels before 4.20 don't know it.
    let _ = socket.set_netlink_get_strict_chk(true);
    Ok(socket)
}

impl Wire {
    /// Opens a socket in the calling thread's namespace; `protocol` is `NETLINK_ROUTE`, `NETLINK_NETFILTER`, ...
    pub(super) fn open(protocol: isize) -> Result<Self> {
        Ok(Wire::over(open(protocol)?))
    }

    /// Sends and receives by this socket from now on, and leaves the one that it used in its place.
    pub(super) fn swap(&mut self, idle: &mut Idle) {
        let state = self.state.get_mut();
        state.give_up();
        (state.unread, state.dry) = (false, false);
        std::mem::swap(&mut self.socket, &mut idle.socket);
        std::mem::swap(&mut state.stale, &mut idle.stale);
    }

    pub(super) fn over(socket: Socket) -> Self {
        let datagram = Vec::with_capacity(BUFFER);
        Wire { socket, state: RefCell::new(State { datagram, ..State::default() }) }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The bytes of the request that was sent last.
    pub(super) fn request(&mut self) -> &[u8] {
        &self.state.get_mut().request
    }

    pub(super) fn interrupted(&mut self) -> bool {
        self.state.get_mut().interrupted
    }

    /// Prepares for the next request: throws away what one that was given up left behind. The kernel refuses a dump
    /// (EBUSY) until the one before is read to its end.
    pub(super) fn begin(&mut self) {
        let state = self.state.get_mut();
        state.give_up();
        if std::mem::take(&mut state.stale) {
            loop {
                state.datagram.clear();
                match self.socket.recv(&mut state.datagram, libc::MSG_DONTWAIT) {
                    Ok(_) => {}
                    Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) => {}
                    Err(_) => break,
                }
            }
        }
        state.unread = false;
        state.interrupted = false;
    }

    /// Hands over the objects of the datagram that came last.
    pub(super) fn read(&mut self, each: &mut dyn FnMut(Answer<'_>) -> Result<()>) -> Result<()> {
        let state = self.state.get_mut();
        if !std::mem::take(&mut state.unread) {
            return Ok(());
        }
        for message in messages(&state.datagram) {
            let message = message?;
            if message.sequence_number() == state.sequence && message.message_type() >= NLMSG_MIN_TYPE {
                each(Answer { message_type: message.message_type(), payload: message.payload() })?;
            }
        }
        Ok(())
    }

    /// Waits until there is something to receive, unless there may be already.
    pub(super) fn wait(&mut self, deadline: Deadline) -> Result<()> {
        if !std::mem::take(&mut self.state.get_mut().dry) || wait::readable(self.fd(), deadline)? {
            return Ok(());
        }
        Err(Error::new(Kind::Timeout, "the kernel did not answer the netlink request in 30 s"))
    }

    /// Sends a datagram past the connection.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.socket.send(bytes, 0)?;
        Ok(())
    }

    /// Receives a datagram past the connection.
    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<&[u8]> {
        let state = self.state.get_mut();
        // An error or a deadline leaves answers behind.
        state.stale = true;
        loop {
            let state = self.state.get_mut();
            state.datagram.clear();
            match self.socket.recv(&mut state.datagram, libc::MSG_DONTWAIT) {
                Ok(_) => break,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => state.dry = true,
                Err(e) => return Err(e.into()),
            }
            self.wait(deadline)?;
        }
        Ok(&self.state.get_mut().datagram)
    }

    /// All that was sent past the connection is answered.
    pub(super) fn answered(&mut self) {
        self.state.get_mut().stale = false;
    }
}

impl State {
    /// Ends a request that is not answered: the connection must not wait for its answer any longer.
    fn give_up(&mut self) {
        if self.waiting {
            self.refuse(Errno::ECANCELED);
            self.stale = true;
        }
    }

    /// Ends the request under way with an error of our own, in the form that the connection knows.
    fn refuse(&mut self, errno: Errno) {
        self.end(-(errno as i32));
    }

    /// The same with any code; 0 is an ack.
    fn end(&mut self, code: i32) {
        self.waiting = false;
        self.control.extend_from_slice(&(HEADER as u32 + 4 + HEADER as u32).to_ne_bytes());
        self.control.extend_from_slice(&NLMSG_ERROR.to_ne_bytes());
        self.control.extend_from_slice(&NLM_F_CAPPED.to_ne_bytes());
        self.control.extend_from_slice(&self.sequence.to_ne_bytes());
        self.control.extend_from_slice(&0u32.to_ne_bytes());
        self.control.extend_from_slice(&code.to_ne_bytes());
        self.control.extend_from_slice(&[0; HEADER]);
    }

    /// Picks out what the connection is to read. What can't be decoded ends the request: its ack may be lost with it.
    fn sort(&mut self) -> std::result::Result<(), Errno> {
        let mut answered = false;
        for message in messages(&self.datagram) {
            let Ok(message) = message else { return Err(Errno::EBADMSG) };
            let (kind, current) = (message.message_type(), message.sequence_number() == self.sequence);
            self.interrupted |= current && message.flags() & NLM_F_DUMP_INTR != 0;
            if kind >= NLMSG_MIN_TYPE {
                answered |= current && self.single;
                continue;
            }
            let code = message.payload().first_chunk::<4>();
            if code.is_none()
                && (kind == NLMSG_ERROR || (kind == NLMSG_DONE && !message.payload().is_empty()))
            {
                return Err(Errno::EBADMSG);
            }
            self.waiting &= !(current && (kind == NLMSG_ERROR || kind == NLMSG_DONE));
            let length = message.length() as usize;
            self.control.extend_from_slice(&message.into_inner()[..length]);
        }
        if answered && self.waiting {
            self.end(0);
        }
        Ok(())
    }
}

impl AsyncSocket for Wire {
    fn socket_ref(&self) -> &Socket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn new(protocol: isize) -> io::Result<Self> {
        Wire::open(protocol).map_err(|e| io::Error::other(e.message()))
    }

    /// An error is one of this request, not of the connection, which would close.
    fn poll_send(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state.borrow_mut();
        state.request.clear();
        state.request.extend_from_slice(bytes);
        state.sequence = bytes.get(8..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_ne_bytes(*b));
        let flags = bytes.get(6..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_ne_bytes(*b));
        state.single = flags & (NLM_F_ACK | NLM_F_DUMP) == 0;
        state.waiting = true;
        if let Err(e) = self.socket.send(bytes, 0) {
            state.refuse(Errno::from_raw(e.raw_os_error().unwrap_or(libc::EIO)));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_send_to(&self, cx: &mut Context<'_>, bytes: &[u8], _: &SocketAddr) -> Poll<io::Result<usize>> {
        self.poll_send(cx, bytes)
    }

    /// Gives the connection what is netlink's own of one datagram; the rest waits for [`Wire::read`].
    fn poll_recv<B: BufMut>(&self, _: &mut Context<'_>, out: &mut B) -> Poll<io::Result<()>> {
        let mut state = self.state.borrow_mut();
        if state.control.is_empty() && state.waiting && !state.unread {
            state.datagram.clear();
            match self.socket.recv(&mut state.datagram, libc::MSG_DONTWAIT) {
                Ok(_) => {
                    state.unread = true;
                    if let Err(errno) = state.sort() {
                        state.stale = true;
                        state.refuse(errno);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => state.dry = true,
                // ENOBUFS: the kernel had no room for the answer.
                Err(e) => {
                    state.stale = true;
                    state.refuse(Errno::from_raw(e.raw_os_error().unwrap_or(libc::EIO)));
                }
            }
        }
        if state.control.is_empty() {
            return Poll::Pending;
        }
        out.put_slice(&state.control);
        state.control.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_recv_from<B: BufMut>(&self, cx: &mut Context<'_>, out: &mut B) -> Poll<io::Result<SocketAddr>> {
        self.poll_recv(cx, out).map_ok(|()| SocketAddr::new(0, 0))
    }

    fn poll_recv_from_full(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Vec<u8>, SocketAddr)>> {
        let mut out = Vec::new();
        self.poll_recv_from(cx, &mut out).map_ok(|from| (out, from))
    }
}
