//! Many changes of a namespace sent to the kernel together: all are made, or none.

use std::cell::{Cell, RefCell};

use netlink_packet_core::{Emitable, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST, NetlinkHeader, NlasIterator};

use super::Namespace;
use crate::base::error::{Error, Result};
use crate::base::wait;
use crate::net::attributes::Attributes;
use crate::net::netlink::{HEADER, Refusal};
use crate::net::nexthop::RTM_NEWNEXTHOP;

/// How many requests go out in one datagram: their acks must fit in the socket's receive buffer.
const MOST: usize = 128;

// linux/nexthop.h; the size of `struct nhmsg`.
const NHA_ID: u16 = 1;
const NHMSG: usize = 8;

/// What becomes of requests that create something, and of what operations report.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// Requests are sent, and reports passed on.
    #[default]
    Alone,
    /// Requests are kept, to be sent together; nothing is reported yet.
    Kept,
    /// Requests are sent; nothing is reported yet.
    Sent,
    /// Requests were sent before; what they did is reported.
    Told,
}

/// The changes that are being made together.
#[derive(Default)]
pub(super) struct Together {
    mode: Cell<Mode>,
    /// The change that is being made.
    change: Cell<usize>,
    kept: RefCell<Vec<Request>>,
    /// Something has to be waited for once the changes are made.
    waits: Cell<bool>,
}

struct Request {
    change: usize,
    message_type: u16,
    flags: u16,
    body: Vec<u8>,
}

impl Request {
    fn bytes(&self, message_type: u16, flags: u16) -> Vec<u8> {
        let mut header = NetlinkHeader::default();
        header.length = (HEADER + self.body.len()) as u32;
        (header.message_type, header.flags) = (message_type, NLM_F_REQUEST | NLM_F_ACK | flags);
        let mut bytes = vec![0; HEADER];
        header.emit(&mut bytes);
        bytes.extend_from_slice(&self.body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn done(&self) -> Vec<u8> {
        self.bytes(self.message_type, self.flags)
    }

    /// What takes away again what this one made: in linux/rtnetlink.h, RTM_DEL... follows RTM_NEW....
    fn undone(&self) -> Vec<u8> {
        let body = match self.message_type {
            RTM_NEWNEXTHOP => id_alone(&self.body),
            _ => self.body.clone(),
        };
        Request { body, ..*self }.bytes(self.message_type + 1, 0)
    }
}

/// The one attribute with which the kernel lets a nexthop be deleted (`nh_valid_del_req` in net/ipv4/nexthop.c), behind an
/// empty `struct nhmsg`.
fn id_alone(body: &[u8]) -> Vec<u8> {
    let mut attributes = NlasIterator::new(body.get(NHMSG..).unwrap_or_default()).flatten();
    let id = attributes.find(|attribute| attribute.kind() == NHA_ID).map(|id| id.value().to_vec());
    let mut alone = Attributes::new();
    alone.put(NHA_ID, &id.unwrap_or_default());
    let mut out = vec![0; NHMSG];
    out.extend_from_slice(alone.bytes().unwrap_or_default());
    out
}

impl Together {
    /// Whether nothing is left to do about a request.
    pub(super) fn takes(&self, message_type: u16, flags: u16, body: &[u8]) -> bool {
        let mode = self.mode.get();
        if flags & NLM_F_CREATE == 0 || matches!(mode, Mode::Alone | Mode::Sent) {
            return false;
        }
        if mode == Mode::Kept {
            let request = Request { change: self.change.get(), message_type, flags, body: body.to_vec() };
            self.kept.borrow_mut().push(request);
        }
        true
    }

    pub(super) fn is_silent(&self) -> bool {
        matches!(self.mode.get(), Mode::Kept | Mode::Sent)
    }

    fn within<T>(&self, mode: Mode, f: impl FnOnce() -> T) -> T {
        self.mode.set(mode);
        let result = f();
        self.mode.set(Mode::Alone);
        result
    }
}

/// A change that failed, and why.
type Failed<E> = (usize, E);

impl Namespace {
    /// Makes `count` changes, each by one request that creates something, which `make` of its number sends: many requests
    /// go to the kernel at once. If one is refused, those that were made are taken back, and its number and error
    /// are returned.
    pub fn together<E: From<Error>>(
        &self,
        count: usize,
        make: &mut dyn FnMut(usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), Failed<E>> {
        let mut made = Vec::new();
        let result = self.make_all(count, make, &mut made).and_then(|()| self.tell_all(count, make));
        if result.is_err() {
            // Whatever is gone meanwhile need not be taken away.
            made.reverse();
            made.chunks(MOST).for_each(|chunk| drop(self.exchange(chunk, Request::undone)));
        }
        result
    }

    /// Whether nothing has to be waited for just now: what is made together is waited for once all of it is there.
    pub fn waits_later(&self) -> bool {
        let silent = self.together.is_silent();
        self.together.waits.set(self.together.waits.get() || silent);
        silent
    }

    fn make_all<E: From<Error>>(
        &self,
        count: usize,
        make: &mut dyn FnMut(usize) -> std::result::Result<(), E>,
        made: &mut Vec<Request>,
    ) -> std::result::Result<(), Failed<E>> {
        let mut next = 0;
        while next < count {
            let gathered = self.gather(next..count, make);
            let requests = self.together.kept.take();
            let first = std::mem::replace(&mut next, gathered?);
            if wait::interrupted().is_some() {
                return Err((first, wait::interrupted_error().into()));
            }
            let refusals = self.exchange(&requests, Request::done).map_err(|e| (first, e.into()))?;
            let mut refused = refusals.iter().map(|refusal| refusal.index).peekable();
            let mut again = Vec::new();
            for (index, request) in requests.into_iter().enumerate() {
                match refused.next_if_eq(&index) {
                    Some(_) => again.push(request),
                    None => made.push(request),
                }
            }
            // Alone, each is told what its refusal means.
            for request in again {
                let change = request.change;
                self.together.within(Mode::Sent, || make(change)).map_err(|e| (change, e))?;
                made.push(request);
            }
        }
        Ok(())
    }

    /// Keeps the next requests; returns the number of the change that comes after them.
    fn gather<E>(
        &self,
        changes: std::ops::Range<usize>,
        make: &mut dyn FnMut(usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<usize, Failed<E>> {
        let end = changes.end.min(changes.start + MOST);
        self.together.within(Mode::Kept, || {
            for change in changes.start..end {
                self.together.change.set(change);
                make(change).map_err(|e| (change, e))?;
            }
            Ok(end)
        })
    }

    fn tell_all<E>(
        &self,
        count: usize,
        make: &mut dyn FnMut(usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), Failed<E>> {
        if !self.together.waits.take() && !self.shared.reports.listens() {
            return Ok(());
        }
        self.together
            .within(Mode::Told, || (0..count).try_for_each(|change| make(change).map_err(|e| (change, e))))
    }

    fn exchange(&self, requests: &[Request], bytes: fn(&Request) -> Vec<u8>) -> Result<Vec<Refusal>> {
        let mut requests: Vec<_> = requests.iter().map(bytes).collect();
        self.fd()?;
        let mut socket = self.sockets.raw_route(&self.shared.pool, &|open| self.within(open))?;
        socket.batch(&mut requests, |_| true, &mut |_, _| Ok(()))
    }
}
