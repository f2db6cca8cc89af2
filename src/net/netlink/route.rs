//! Requests of route netlink.

use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use rtnetlink::Handle;

use super::Answer;
use super::client::Client;
use super::message;
use super::wire::{Idle, Wire};
use crate::base::error::Result;

/// rtnetlink's handle and its connection, over a socket of one namespace at a time.
pub struct Route {
    handle: Handle,
    client: Client<RouteNetlinkMessage>,
}

impl Route {
    /// Opens a socket in the calling thread's namespace.
    pub fn open() -> Result<Self> {
        Ok(Route::over(Wire::open(NETLINK_ROUTE)?))
    }

    pub(super) fn over(wire: Wire) -> Self {
        let (connection, handle, _) = rtnetlink::from_socket(wire);
        Route { handle, client: Client::new(connection) }
    }

    /// Runs `f` with the connection over another socket, whose namespace then answers.
    pub fn with<T>(&mut self, socket: &mut Idle, f: impl FnOnce(&mut Route) -> T) -> T {
        self.client.wire().swap(socket);
        let result = f(self);
        self.client.wire().swap(socket);
        result
    }

    /// Sends a request given as the bytes behind its netlink header (the fixed structure, then the attributes) and
    /// hands each object of the answer to `each`, after `None`; a repeated dump starts with `None` again.
    /// `NLM_F_REQUEST` and, unless it is a dump, `NLM_F_ACK` are added to the flags. False, and nothing is sent,
    /// where netlink-packet-route doesn't know the type.
    pub fn raw(
        &mut self,
        message_type: u16,
        flags: u16,
        body: &[u8],
        each: &mut dyn FnMut(Option<Answer<'_>>) -> Result<()>,
    ) -> Result<bool> {
        let mut message = message::typed(message_type, body);
        if message.is_none() {
            return Ok(false);
        }
        let Route { handle, client } = self;
        let send = || {
            let message = message.take().or_else(|| message::typed(message_type, body))?;
            handle.request(message::request(message, flags)).ok()
        };
        client.ask(message::is_dump(flags), send, each)?;
        Ok(true)
    }

    #[cfg(test)]
    pub(super) fn set_timeout(&mut self, timeout: std::time::Duration) {
        self.client.timeout = timeout;
    }
}
