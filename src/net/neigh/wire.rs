//! A neighbour as it stands in a netlink message: `struct ndmsg`, then the attributes.

use super::table::{Neigh, State};
use crate::base::error::Result;
use crate::model::{Between, Table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::fields::Seconds;
use crate::net::netlink::attributes_of;
use crate::net::prefix::Family;

/// `struct nda_cacheinfo`: confirmed, used, updated in clock ticks, references.
pub(in crate::net) const NDA_CACHEINFO: u16 = 3;

/// `struct ndmsg`: the flags are its last byte but one.
pub(in crate::net) fn ndmsg(family: u8, index: u32, state: State, flags: u32) -> Vec<u8> {
    let mut out = vec![family, 0, 0, 0];
    out.extend_from_slice(&index.to_ne_bytes());
    out.extend_from_slice(&state.0.to_ne_bytes());
    out.extend_from_slice(&[flags as u8, 0]);
    out
}

/// The body of a request about an entry with these attributes.
pub(in crate::net) fn request<T: Table>(head: Vec<u8>, entry: &T) -> Result<Vec<u8>> {
    let mut body = Attributes::new();
    entry.encode(&mut |number, bytes| body.put(number, bytes));
    Ok([head.as_slice(), body.bytes()?].concat())
}

/// The body of a request about a neighbour on the link with this index; `flags` are NTF_* besides its own.
pub(super) fn encode(index: u32, neigh: &Neigh, flags: u32) -> Result<Vec<u8>> {
    request(ndmsg(Family::of(neigh.ip()).number(), index, neigh.state(), neigh.flags() | flags), neigh)
}

/// Seconds since an entry was confirmed, used and updated.
pub(in crate::net) fn cacheinfo(bytes: &[u8]) -> Option<[Seconds; 3]> {
    const TICKS: f64 = 100.0;
    let seconds = |at: usize| Some(Seconds(unsigned(bytes.get(at..at + 4)?) as f64 / TICKS));
    Some([seconds(0)?, seconds(4)?, seconds(8)?])
}

/// Decodes the body of an RTM_NEWNEIGH; the link's name is filled in later.
pub(in crate::net) fn parse(payload: &[u8]) -> Option<Neigh> {
    let (head, attributes) = payload.split_at_checked(12)?;
    let never = Some(Seconds(0.0));
    let mut neigh = Neigh {
        family: Some(Family::from_number(head[0])?),
        index: Some(Between(unsigned(&head[4..8]) as u32)),
        state: Some(State(unsigned(&head[8..10]) as u16)),
        probes: Some(Between(0)),
        used: never,
        confirmed: never,
        updated: never,
        ..Neigh::default()
    };
    neigh.decode_flags(head[10].into());
    for (number, bytes) in attributes_of(attributes) {
        match cacheinfo(bytes).filter(|_| number == NDA_CACHEINFO) {
            Some(times) => [neigh.confirmed, neigh.used, neigh.updated] = times.map(Some),
            None => neigh.decode(number, bytes),
        }
    }
    neigh.dst.map(|_| neigh)
}
