//! Netlink requests: one socket, one request at a time, with a deadline, the kernel's extended ack, and
//! repeated dumps.
//!
//! A socket stays in the namespace in which it was opened, so it is opened by
//! [`super::namespace::Namespace`] and then used from anywhere. Requests are synchronous: the kernel does its
//! work inside `sendmsg`, so its answer is there when we look, and there is nothing to overlap.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use netlink_packet_core::NetlinkBuffer;
use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// How long the kernel may take to answer. RTNL can be held for a while by others; nothing else takes this long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often an interrupted dump is repeated before we take what we got.
const DUMP_TRIES: usize = 16;
/// The kernel fills dump buffers of at most 32 KiB; a single message is at most 64 KiB.
const BUFFER: usize = 1 << 16;

const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const HEADER: usize = 16;

/// One message of an answer, as bytes behind the netlink header.
pub struct Answer<'a> {
    pub message_type: u16,
    pub payload: &'a [u8],
}

/// A netlink socket of one namespace and one family.
pub struct Socket {
    socket: netlink_sys::Socket,
    sequence: u32,
    buffer: Vec<u8>,
    /// Whether an interrupted or failed request may have left answers behind.
    unfinished: bool,
}

/// What the kernel said of one request of a batch.
#[derive(Debug)]
pub struct Refusal {
    /// The refused request's place in the batch, from 0.
    pub index: usize,
    pub error: Error,
}

impl Socket {
    /// Opens a socket in the calling thread's namespace; `protocol` is `NETLINK_ROUTE`, `NETLINK_NETFILTER`, ...
    pub fn open(protocol: isize) -> Result<Self> {
        let mut socket = netlink_sys::Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        // Strict checking makes dumps honour their filters; kernels before 4.20 don't know it.
        let _ = socket.set_netlink_get_strict_chk(true);
        Ok(Socket { socket, sequence: 0, buffer: Vec::with_capacity(BUFFER), unfinished: false })
    }

    /// Leave to answer a batch: a batch of N requests is answered by N acks, which must fit in the buffer.
    pub fn set_receive_buffer(&self, bytes: usize) -> Result<()> {
        Ok(self.socket.set_rx_buf_sz(bytes as libc::c_int)?)
    }

    /// Sends one rtnetlink request given as the bytes behind its netlink header (the fixed structure, then the
    /// attributes) and hands over each answer; `NLM_F_REQUEST` and, unless it is a dump, `NLM_F_ACK` are added.
    /// After an interrupted dump `each` is called with `None`: it starts anew.
    pub fn raw(
        &mut self,
        message_type: u16,
        flags: u16,
        body: &[u8],
        mut each: impl FnMut(Option<Answer<'_>>) -> Result<()>,
    ) -> Result<()> {
        let dumping = flags & NLM_F_DUMP == NLM_F_DUMP;
        let flags = NLM_F_REQUEST | flags | if dumping { 0 } else { NLM_F_ACK };
        let mut request = Vec::with_capacity(HEADER + body.len());
        request.extend_from_slice(&[0; 4]);
        request.extend_from_slice(&message_type.to_ne_bytes());
        request.extend_from_slice(&flags.to_ne_bytes());
        request.extend_from_slice(&[0; 8]);
        request.extend_from_slice(body);
        self.exchange(&mut request, dumping, &mut |_, answer| each(answer))
    }

    /// The socket's descriptor, for the ioctls that any socket answers for its namespace.
    pub fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is open as long as self.
        unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) }
    }

    /// Sends one request (header included; its sequence number is filled in) and hands each answer to
    /// `each(false, Some(answer))`. A dump that the kernel marks as interrupted is repeated, after
    /// `each(true, None)`.
    pub fn exchange(
        &mut self,
        request: &mut [u8],
        dumping: bool,
        each: &mut dyn FnMut(bool, Option<Answer<'_>>) -> Result<()>,
    ) -> Result<()> {
        for _ in 0..DUMP_TRIES {
            each(true, None)?;
            let sequence = self.send(request)?;
            if !self.receive(sequence, dumping, &mut |answer| each(false, Some(answer)))? {
                return Ok(());
            }
        }
        // Still interrupted: what we have is complete but for entries that changed meanwhile.
        Ok(())
    }

    /// Sends `requests` (each with its header, each asking for an ack but for the batch markers) in one datagram
    /// and collects the kernel's refusals, in order; empty when all went well. Other answers go to `each`.
    ///
    /// `acked` tells which of the requests are acknowledged. Each ack takes its place in the receive buffer, and
    /// hundreds overflow it (ENOBUFS): where the kernel carries out all or nothing, ask for the last ack alone.
    /// A refusal of a request that isn't acked ends the wait, since no acks may follow.
    pub fn batch(
        &mut self,
        requests: &mut [Vec<u8>],
        acked: impl Fn(usize) -> bool,
        each: &mut dyn FnMut(usize, Answer<'_>) -> Result<()>,
    ) -> Result<Vec<Refusal>> {
        let first = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        for request in requests.iter_mut() {
            self.sequence = self.sequence.wrapping_add(1);
            request[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
            bytes.extend_from_slice(request);
        }
        self.drain();
        self.make_room(bytes.len())?;
        self.socket.send(&bytes, 0)?;
        let mut waiting: Vec<bool> = (0..requests.len()).map(&acked).collect();
        let mut refusals = Vec::new();
        let deadline = Deadline::after(ANSWER_TIMEOUT);
        while waiting.iter().any(|w| *w) {
            self.fill(deadline)?;
            for_each_message(&self.buffer, |header, payload| {
                let index = header.sequence_number.wrapping_sub(first) as usize;
                if index >= requests.len() {
                    return Ok(false);
                }
                if header.message_type == NLMSG_ERROR {
                    waiting[index] = false;
                    if let Err(error) = parse_error(header, payload) {
                        refusals.push(Refusal { index, error });
                        // A refused batch marker, or a batch without permission, ends it all.
                        if !acked(index) {
                            waiting.fill(false);
                        }
                    }
                } else if header.message_type != NLMSG_DONE {
                    each(index, Answer { message_type: header.message_type, payload })?;
                }
                Ok(true)
            })?;
        }
        self.unfinished = !refusals.is_empty();
        Ok(refusals)
    }

    /// A datagram must fit in the send buffer, of about 200 KB at first, or is refused with EMSGSIZE.
    fn make_room(&self, bytes: usize) -> Result<()> {
        use nix::sys::socket::sockopt::{SndBuf, SndBufForce};
        use nix::sys::socket::{getsockopt, setsockopt};
        // SAFETY: the descriptor is open as long as self.
        let fd = unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) };
        // The kernel counts its own bookkeeping too.
        let wanted = bytes + bytes / 2 + 4096;
        if getsockopt(&fd, SndBuf)? < wanted && setsockopt(&fd, SndBufForce, &wanted).is_err() {
            setsockopt(&fd, SndBuf, &wanted)?;
        }
        Ok(())
    }

    fn send(&mut self, request: &mut [u8]) -> Result<u32> {
        self.sequence = self.sequence.wrapping_add(1);
        let length = request.len() as u32;
        request[0..4].copy_from_slice(&length.to_ne_bytes());
        request[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        self.drain();
        self.socket.send(request, 0)?;
        Ok(self.sequence)
    }

    /// Throws away what an interrupted or failed earlier request left behind.
    fn drain(&mut self) {
        if !std::mem::replace(&mut self.unfinished, true) {
            return;
        }
        self.buffer.clear();
        while self.socket.recv(&mut self.buffer, libc::MSG_DONTWAIT).is_ok() {
            self.buffer.clear();
        }
    }

    fn fill(&mut self, deadline: Deadline) -> Result<()> {
        self.buffer.clear();
        // The answer is nearly always there already, so poll only when it isn't.
        match self.socket.recv(&mut self.buffer, libc::MSG_DONTWAIT) {
            Ok(_) => return Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e.into()),
        }
        // SAFETY: the descriptor is open as long as self.
        let fd = unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) };
        if !wait::readable(fd, deadline)? {
            return Err(Error::new(Kind::Timeout, "the kernel did not answer the netlink request in 30 s"));
        }
        self.socket.recv(&mut self.buffer, 0)?;
        Ok(())
    }

    /// Returns whether the dump was interrupted by a change, and must be repeated.
    fn receive(
        &mut self,
        sequence: u32,
        dumping: bool,
        each: &mut dyn FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<bool> {
        let deadline = Deadline::after(ANSWER_TIMEOUT);
        let (mut done, mut changed) = (false, false);
        while !done {
            self.fill(deadline)?;
            for_each_message(&self.buffer, |header, payload| {
                if header.sequence_number != sequence {
                    return Ok(true);
                }
                changed |= header.flags & NLM_F_DUMP_INTR != 0;
                match header.message_type {
                    NLMSG_NOOP => {}
                    NLMSG_ERROR => {
                        parse_error(header, payload)?;
                        done = true;
                    }
                    NLMSG_DONE => {
                        done = true;
                        parse_done(header, payload)?;
                    }
                    message_type => each(Answer { message_type, payload })?,
                }
                Ok(!done)
            })?;
        }
        self.unfinished = false;
        Ok(changed && dumping)
    }
}

/// The header of a message.
pub(super) struct Header {
    pub(super) message_type: u16,
    pub(super) flags: u16,
    sequence_number: u32,
}

/// Walks the messages of a datagram until `each` returns false.
pub(super) fn for_each_message(
    bytes: &[u8],
    mut each: impl FnMut(&Header, &[u8]) -> Result<bool>,
) -> Result<()> {
    let mut rest = bytes;
    while rest.len() >= HEADER {
        let buffer = NetlinkBuffer::new_checked(rest).map_err(malformed)?;
        let length = buffer.length() as usize;
        let header = Header {
            message_type: buffer.message_type(),
            flags: buffer.flags(),
            sequence_number: buffer.sequence_number(),
        };
        if !each(&header, &rest[HEADER..length])? {
            break;
        }
        rest = &rest[length.next_multiple_of(4).min(rest.len())..];
    }
    Ok(())
}

fn malformed(e: netlink_packet_core::DecodeError) -> Error {
    Error::new(Kind::Protocol, format!("malformed netlink message from the kernel: {e}"))
}

/// NLMSG_ERROR: errno, the request's header (with its body unless capped), then the extended ack's attributes.
/// linux/netlink.h, `struct nlmsgerr` and `enum nlmsgerr_attrs`.
fn parse_error(header: &Header, payload: &[u8]) -> Result<()> {
    let code = payload.first_chunk::<4>().map_or(-libc::EPROTO, |b| i32::from_ne_bytes(*b));
    if code == 0 {
        return Ok(());
    }
    let body = if header.flags & NLM_F_CAPPED != 0 {
        HEADER
    } else {
        payload.get(4..8).map_or(HEADER, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]) as usize)
    };
    let attributes = payload.get(4 + body.next_multiple_of(4)..).unwrap_or_default();
    Err(refused(code, if header.flags & NLM_F_ACK_TLVS != 0 { attributes } else { &[] }))
}

/// NLMSG_DONE may carry a negative errno (a dump refused halfway) and an extended ack.
fn parse_done(header: &Header, payload: &[u8]) -> Result<()> {
    match payload.first_chunk::<4>().map(|b| i32::from_ne_bytes(*b)) {
        Some(code) if code < 0 => {
            Err(refused(code, if header.flags & NLM_F_ACK_TLVS != 0 { &payload[4..] } else { &[] }))
        }
        _ => Ok(()),
    }
}

fn refused(code: i32, attributes: &[u8]) -> Error {
    let error = Error::errno(Errno::from_raw(-code));
    match extended_ack(attributes) {
        Some(text) => error.detail(text),
        None => error,
    }
}

/// NLMSGERR_ATTR_MSG (1), the text of the extended ack.
fn extended_ack(attributes: &[u8]) -> Option<String> {
    attributes_of(attributes)
        .find(|(kind, _)| *kind == 1)
        .map(|(_, value)| String::from_utf8_lossy(value).trim_end_matches(['\0', '.']).to_owned())
        .filter(|text| !text.is_empty())
}

/// Walks netlink attributes as (type without its flag bits, value); stops at the first malformed one.
pub fn attributes_of(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = u16::from_ne_bytes(*bytes.first_chunk::<2>()?) as usize;
        let kind = u16::from_ne_bytes([*bytes.get(2)?, *bytes.get(3)?]) & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An NLMSG_ERROR's payload: code, the request's header, attributes.
    fn error_payload(code: i32, attributes: &[u8]) -> Vec<u8> {
        let mut out = code.to_ne_bytes().to_vec();
        out.extend_from_slice(&[0; HEADER]);
        out.extend_from_slice(attributes);
        out
    }

    #[test]
    fn the_extended_ack_is_the_detail() {
        let attributes = [
            8, 0, 2, 0, 20, 0, 0, 0, // NLMSGERR_ATTR_OFFS = 20
            10, 0, 1, 0, b'N', b'o', b'p', b'e', b'.', 0, 0, 0, // NLMSGERR_ATTR_MSG = "Nope."
        ];
        let header =
            Header { message_type: NLMSG_ERROR, flags: NLM_F_CAPPED | NLM_F_ACK_TLVS, sequence_number: 1 };
        let e = parse_error(&header, &error_payload(-libc::EINVAL, &attributes)).unwrap_err();
        assert_eq!(e.message(), "invalid argument (EINVAL): Nope");
    }

    #[test]
    fn malformed_attributes_end_the_walk() {
        assert_eq!(attributes_of(&[3, 0, 1, 0]).count(), 0);
        assert_eq!(attributes_of(&[200, 0, 1, 0, 5]).count(), 0);
        assert_eq!(attributes_of(&[5, 0, 1, 0, 7]).collect::<Vec<_>>(), [(1, &[7u8][..])]);
    }
}
