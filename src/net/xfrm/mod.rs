//! IPsec: states that say how packets are protected, and policies that say which, as `ip xfrm` handles them
//! (NETLINK_XFRM, linux/xfrm.h).

mod fields;
pub mod policy;
mod selector;
pub mod state;
mod text;

pub use fields::{Algorithm, Proto, Spi};
pub use policy::{Policy, Template};
pub use selector::{Lifetime, Selector};
pub use state::State;

use netlink_packet_core::NLM_F_ACK;
use netlink_sys::protocols::NETLINK_XFRM;
use nix::errno::Errno;

use super::attributes::Attributes;
use super::fields::Mark;
use super::namespace::Namespace;
use super::netlink::{Answer, Socket};
use crate::base::error::{Kind, Result};

/// A socket of one namespace.
struct Xfrm(Socket);

impl Xfrm {
    fn open(ns: &Namespace) -> Result<Self> {
        let socket = ns.within(|| Socket::open(NETLINK_XFRM)).map_err(|e| match e.raw() {
            Some(Errno::EPROTONOSUPPORT) => {
                e.with_kind(Kind::Unsupported).hint("it needs CONFIG_XFRM_USER: sudo modprobe xfrm_user")
            }
            _ => e,
        })?;
        Ok(Xfrm(socket))
    }

    /// Sends a request that is answered by an ack alone.
    fn change(&mut self, message_type: u16, body: &[u8]) -> Result<()> {
        self.0.raw(message_type, NLM_F_ACK, body, &mut |_| Ok(()))
    }

    /// What is answered, as `parse` makes it of each message.
    fn ask<T>(
        &mut self,
        message_type: u16,
        flags: u16,
        body: &[u8],
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.0.raw(message_type, flags, body, &mut |answer: Option<Answer<'_>>| {
            match answer {
                // It begins, perhaps anew.
                None => found.clear(),
                Some(answer) => found.extend(parse(answer.payload)),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

const XFRMA_MARK: u16 = 21;

/// `struct xfrm_mark`: the mark, and which bits of it count.
fn mark_attribute(attributes: &mut Attributes, mark: Option<Mark>, mask: Option<Mark>) {
    if let Some(mark) = mark {
        let mask = mask.map_or(u32::MAX, |mask| mask.0);
        attributes.put(XFRMA_MARK, &[mark.0, mask].map(u32::to_ne_bytes).concat());
    }
}

fn read_mark(bytes: &[u8]) -> (Option<Mark>, Option<Mark>) {
    let number = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| Mark(u32::from_ne_bytes(*bytes)));
    (number(0), number(4).filter(|mask| mask.0 != u32::MAX))
}

/// Gives the links that selectors name their names.
fn named<T>(ns: &Namespace, mut found: Vec<T>, selector: impl Fn(&mut T) -> &mut Selector) -> Result<Vec<T>> {
    super::route::name_links(ns, found.iter_mut().filter_map(|one| selector(one).dev.as_mut()))?;
    Ok(found)
}

/// Deletes all of these; returns how many there were.
fn delete<T>(found: &[T], del: impl Fn(&T) -> Result<()>) -> Result<usize> {
    for one in found {
        match del(one) {
            // It expired meanwhile.
            Err(e) if e.kind() == Kind::NotFound => {}
            result => result?,
        }
    }
    Ok(found.len())
}

/// Which states there are, of a kernel that has them at all.
pub fn states(ns: &Namespace) -> Result<Vec<State>> {
    known(state::list(ns, &State::default()))
}

/// Which policies there are, of a kernel that has them at all.
pub fn policies(ns: &Namespace) -> Result<Vec<Policy>> {
    known(policy::list(ns, &Policy::default()))
}

fn known<T>(found: Result<Vec<T>>) -> Result<Vec<T>> {
    match found {
        Err(e) if e.kind() == Kind::Unsupported => Ok(Vec::new()),
        found => found,
    }
}
