//! Runs a connection until a request is answered.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use netlink_packet_core::{NetlinkDeserializable, NetlinkMessage, NetlinkSerializable};
use netlink_proto::Connection;

use super::wire::Wire;
use super::{Answer, refusal};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// How long the kernel may take to answer. RTNL can be held for a while by others; nothing else takes this long.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often an interrupted dump is repeated before we take what we got.
const DUMP_TRIES: usize = 16;

/// A connection whose messages are `T`s, run by the thread that asks.
pub(super) struct Client<T: Debug + NetlinkSerializable + NetlinkDeserializable> {
    connection: Connection<T, Wire>,
    pub(super) timeout: Duration,
}

impl<T: Debug + NetlinkSerializable + NetlinkDeserializable + Unpin> Client<T> {
    pub(super) fn new(mut connection: Connection<T, Wire>) -> Self {
        // A refused dump tells its errno there.
        connection.set_forward_done(true);
        Client { connection, timeout: ANSWER_TIMEOUT }
    }

    pub(super) fn wire(&mut self) -> &mut Wire {
        self.connection.socket_mut()
    }

    /// Asks by `send` and hands each object of the answer to `each`, after `None`. A dump that the kernel marks as
    /// interrupted is repeated, after `None` again.
    pub(super) fn ask<R: Stream<Item = NetlinkMessage<T>> + Unpin>(
        &mut self,
        dumping: bool,
        mut send: impl FnMut() -> Option<R>,
        each: &mut dyn FnMut(Option<Answer<'_>>) -> Result<()>,
    ) -> Result<()> {
        for _ in 0..DUMP_TRIES {
            each(None)?;
            self.wire().begin();
            let replies = send().ok_or_else(closed)?;
            self.run(replies, dumping, &mut |answer| each(Some(answer)))?;
            if !(dumping && self.wire().interrupted()) {
                break;
            }
        }
        // Still interrupted: what we have is complete but for entries that changed meanwhile.
        Ok(())
    }

    fn run(
        &mut self,
        mut replies: impl Stream<Item = NetlinkMessage<T>> + Unpin,
        dumping: bool,
        each: &mut dyn FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<()> {
        let deadline = Deadline::after(self.timeout);
        loop {
            if (&mut self.connection).now_or_never().is_some() {
                return Err(closed());
            }
            self.wire().read(each)?;
            while let Some(reply) = replies.next().now_or_never() {
                match reply {
                    None => return Ok(()),
                    Some(reply) => refusal(&reply, self.wire().request())?,
                }
            }
            // A long dump never has to wait.
            if dumping && wait::interrupted().is_some() {
                return Err(wait::interrupted_error());
            }
            self.wire().wait(deadline)?;
        }
    }
}

/// None of the socket's errors closes the connection.
fn closed() -> Error {
    Error::new(Kind::Io, "the netlink connection is closed")
}
