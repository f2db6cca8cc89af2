//! Netlink requests on the main thread, without a runtime: rtnetlink's connection over a socket of our own.
//!
//! - [`Route`]: requests of route netlink, by rtnetlink's handle, with netlink-packet-route's messages.
//! - [`Socket`]: requests of all other protocols (nf_tables, sock_diag), and of route netlink's messages that
//!   netlink-packet-route doesn't know; batches.
//! - [`Listening`]: what the kernel tells by itself. [`Generic`]: protocols of generic netlink.
//! - `wire`: the socket, an `AsyncSocket` of netlink-proto.
//! - `client`: runs a connection by poll(2) until a request is answered.
//!
//! The connection numbers the requests, finds the request that an ack, an error or the end of a dump belongs to, and
//! decodes those. It costs 1 to 2 us of CPU a request. The objects of an answer (links, routes, ...) don't pass through
//! it: the rows of `crate::model` read them from the datagram. netlink-packet-route takes 6.4 us of CPU to decode one
//! bridge (walking over its attributes takes 0.15 us, all of `link.get` 56 us), and half of what we read has no variant
//! there.
//!
//! A socket stays in the namespace in which it was opened, so it is opened by [`super::namespace::Namespace`] and
//! then used from anywhere. The kernel does its work inside `sendmsg`, so its answer is there when we look. A get of
//! one object asks for no ack: its answer ends it.

mod client;
mod generic;
mod listening;
mod message;
mod route;
mod socket;
mod wire;

use netlink_packet_core::{
    NLM_F_ACK_TLVS, NLM_F_CAPPED, NetlinkBuffer, NetlinkMessage, NetlinkPayload, NlaBuffer,
};
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};

pub use generic::Generic;
pub use listening::{Listening, Received};
pub use route::Route;
pub use socket::{Refusal, Socket};
pub use wire::Idle;

/// The length of `struct nlmsghdr`.
pub const HEADER: usize = 16;

/// One message of an answer, as bytes behind the netlink header.
pub struct Answer<'a> {
    pub message_type: u16,
    pub payload: &'a [u8],
}

/// The messages of a datagram; the last one is an error where the rest is no message.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Result<NetlinkBuffer<&[u8]>>> {
    std::iter::from_fn(move || {
        if bytes.len() < HEADER {
            return None;
        }
        let message = NetlinkBuffer::new_checked(bytes);
        let length = message.as_ref().map_or(bytes.len(), |message| message.length() as usize);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message.map_err(|e| {
            Error::new(Kind::Protocol, format!("malformed netlink message from the kernel: {e}"))
        }))
    })
}

/// The error that an NLMSG_ERROR or NLMSG_DONE tells of; the request stands for its number.
fn refusal<T>(reply: &NetlinkMessage<T>, request: &[u8]) -> Result<()> {
    let (code, tail) = match &reply.payload {
        NetlinkPayload::Error(error) => {
            let code = error.code.map_or(0, std::num::NonZero::get);
            // `struct nlmsgerr` has the request's header, and unless capped its body, before the attributes.
            let body = match error.header.first_chunk::<4>() {
                Some(length) if reply.header.flags & NLM_F_CAPPED == 0 => {
                    u32::from_ne_bytes(*length) as usize
                }
                _ => HEADER,
            };
            (code, error.header.get(body.next_multiple_of(4)..).unwrap_or_default())
        }
        // A dump refused halfway.
        NetlinkPayload::Done(done) => (done.code, &done.extended_ack[..]),
        _ => return Ok(()),
    };
    if code >= 0 {
        return Ok(());
    }
    let tail = if reply.header.flags & NLM_F_ACK_TLVS != 0 { tail } else { &[] };
    let error = Error::errno(Errno::from_raw(-code));
    Err(match extended_ack(tail, request) {
        Some(text) => error.detail(text),
        None => error,
    })
}

/// The text of the extended ack; without one, the attribute that it points at. `enum nlmsgerr_attrs`.
fn extended_ack(attributes: &[u8], request: &[u8]) -> Option<String> {
    const MSG: u16 = 1;
    const OFFS: u16 = 2;
    let value = |kind| attributes_of(attributes).find(|(k, _)| *k == kind).map(|(_, value)| value);
    let text = value(MSG).map(|v| String::from_utf8_lossy(v).trim_end_matches(['\0', '.']).to_owned());
    text.filter(|text| !text.is_empty()).or_else(|| {
        let offset = value(OFFS)?.first_chunk().map(|v| u32::from_ne_bytes(*v))? as usize;
        // An offset into the fixed structure names no attribute.
        let attribute = NlaBuffer::new_checked(request.get(offset.max(HEADER)..)?).ok()?;
        Some(format!("netlink attribute {} was refused", attribute.kind()))
    })
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
mod tests;
