//! Requests whose messages netlink-packet-route doesn't know, and batches.

use netlink_packet_core::{NLM_F_ACK, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer, NetlinkMessage};
use netlink_proto::ConnectionHandle;
use netlink_sys::{AsyncSocket, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::sockopt::{SndBuf, SndBufForce};
use nix::sys::socket::{getsockopt, setsockopt};

use super::client::{ANSWER_TIMEOUT, Client};
use super::message::{self, Raw};
use super::wire::Wire;
use super::{Answer, HEADER, messages, refusal};
use crate::base::error::{Error, Result};
use crate::base::wait::Deadline;

/// Batches are numbered from here on, the connection's requests from 1.
const BATCHES: u32 = 1 << 31;

/// A netlink socket of one namespace and one protocol.
pub struct Socket {
    handle: ConnectionHandle<Raw>,
    client: Client<Raw>,
    /// Of the batch request sent last.
    sequence: u32,
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
        let (connection, handle, _) = netlink_proto::from_socket_with_codec(Wire::open(protocol)?);
        Ok(Socket { handle, client: Client::new(connection), sequence: BATCHES })
    }

    /// Leave to answer a batch: a batch of N requests is answered by N acks, which must fit in the buffer.
    pub fn set_receive_buffer(&mut self, bytes: usize) -> Result<()> {
        Ok(self.client.wire().socket_ref().set_rx_buf_sz(bytes as libc::c_int)?)
    }

    /// Sends one request given as the bytes behind its netlink header (the fixed structure, then the attributes) and
    /// hands over each object of the answer; `NLM_F_REQUEST` and, unless it is a dump, `NLM_F_ACK` are added. After
    /// an interrupted dump `each` is called with `None`: it starts anew.
    pub fn raw(
        &mut self,
        message_type: u16,
        flags: u16,
        body: &[u8],
        each: &mut dyn FnMut(Option<Answer<'_>>) -> Result<()>,
    ) -> Result<()> {
        let Socket { handle, client, .. } = self;
        // Which types are answered once is route netlink's: a protocol of generic netlink may have the same number.
        let ack = if message::is_dump(flags) { 0 } else { NLM_F_ACK };
        let send = || {
            let raw = Raw { message_type, body: body.to_vec() };
            handle.request(message::request(raw, flags | ack), SocketAddr::new(0, 0)).ok()
        };
        client.ask(message::is_dump(flags), send, each)
    }

    /// As [`Socket::raw`], of a request with its header.
    pub fn exchange(
        &mut self,
        request: &[u8],
        each: &mut dyn FnMut(Option<Answer<'_>>) -> Result<()>,
    ) -> Result<()> {
        let header = NetlinkBuffer::new(request);
        self.raw(header.message_type(), header.flags(), &request[HEADER..], each)
    }

    /// Sends `requests` (each with its header, each asking for an ack but for the batch markers) in one datagram
    /// and collects the kernel's refusals, in order; empty when all went well. Other answers go to `each`.
    ///
    /// `acked` tells which of the requests are acknowledged. Each ack takes its place in the receive buffer, and
    /// hundreds overflow it (ENOBUFS): where the kernel carries out all or nothing, ask for the last ack alone.
    /// A refusal of a request that isn't acked ends the wait, since no acks may follow. netlink-proto's batches wait
    /// for an answer to each.
    pub fn batch(
        &mut self,
        requests: &mut [Vec<u8>],
        acked: impl Fn(usize) -> bool,
        each: &mut dyn FnMut(usize, Answer<'_>) -> Result<()>,
    ) -> Result<Vec<Refusal>> {
        let first = self.sequence.wrapping_add(1) | BATCHES;
        let mut bytes = Vec::new();
        for request in requests.iter_mut() {
            self.sequence = self.sequence.wrapping_add(1) | BATCHES;
            request[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
            bytes.extend_from_slice(request);
        }
        let wire = self.client.wire();
        wire.begin();
        make_room(wire, bytes.len())?;
        wire.send(&bytes).map_err(|e| too_big(e, bytes.len()))?;
        let mut waiting: Vec<bool> = (0..requests.len()).map(&acked).collect();
        let mut refusals = Vec::new();
        let deadline = Deadline::after(ANSWER_TIMEOUT);
        while waiting.iter().any(|w| *w) {
            for message in messages(wire.receive(deadline)?) {
                let message = message?;
                let index = message.sequence_number().wrapping_sub(first) as usize;
                let Some(request) = requests.get(index) else { break };
                match message.message_type() {
                    NLMSG_ERROR => {
                        waiting[index] = false;
                        if let Err(error) = refused(message.into_inner(), request) {
                            refusals.push(Refusal { index, error });
                            // A refused batch marker, or a batch without permission, ends it all.
                            if !acked(index) {
                                waiting.fill(false);
                            }
                        }
                    }
                    NLMSG_DONE => {}
                    message_type => each(index, Answer { message_type, payload: message.payload() })?,
                }
            }
        }
        if refusals.is_empty() {
            wire.answered();
        }
        Ok(refusals)
    }
}

/// Without power over the machine's network, what is sent at once has twice `net.core.wmem_max` as its bound.
fn too_big(e: Error, bytes: usize) -> Error {
    match e.raw() {
        Some(Errno::EMSGSIZE) => {
            let kib = bytes.div_ceil(1024);
            e.detail(format!("{kib} KiB in one transaction")).hint(format!(
                "the kernel takes twice net.core.wmem_max at once: make it in parts, or raise that on the machine: \
                 sudo sysctl -w net.core.wmem_max={}",
                kib.next_power_of_two() * 1024
            ))
        }
        _ => e,
    }
}

/// An NLMSG_ERROR's error.
fn refused(message: &[u8], request: &[u8]) -> Result<()> {
    match NetlinkMessage::<Raw>::deserialize(message) {
        Ok(reply) => refusal(&reply, request),
        Err(_) => Err(Error::errno(Errno::EBADMSG)),
    }
}

/// A datagram must fit in the send buffer, of about 200 KB at first, or is refused with EMSGSIZE.
fn make_room(wire: &Wire, bytes: usize) -> Result<()> {
    // The kernel counts its own bookkeeping too.
    let wanted = bytes + bytes / 2 + 4096;
    if getsockopt(&wire.fd(), SndBuf)? < wanted && setsockopt(&wire.fd(), SndBufForce, &wanted).is_err() {
        setsockopt(&wire.fd(), SndBuf, &wanted)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_is_too_big_says_what_bounds_it() {
        let hint = |errno| too_big(Error::errno(errno), 500_000).fields().hint.clone().unwrap_or_default();
        assert!(hint(Errno::EMSGSIZE).ends_with("sysctl -w net.core.wmem_max=524288"));
        assert!(!hint(Errno::EPERM).contains("wmem_max"));
    }
}
