//! An address as it stands in a netlink message: `struct ifaddrmsg`, then the attributes.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::table::{Addr, Lifetime, Peer};
use crate::base::error::Result;
use crate::model::{Between, Field, Table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::fields::Scope;
use crate::net::netlink::attributes_of;
use crate::net::prefix::Family;

// Attributes that no row alone is.
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;

const IFA_F_SECONDARY: u32 = 0x01;
const IFA_F_PERMANENT: u32 = 0x80;
/// IFA_F_TEMPORARY is IFA_F_SECONDARY's bit; to us it is one of its own.
const TEMPORARY: u32 = 0x8000_0000;

/// `struct ifaddrmsg`: family, prefix length, flags (the attribute has them), scope, index.
pub(super) fn ifaddrmsg(family: u8, length: u8, scope: u8, index: u32) -> Vec<u8> {
    let mut out = vec![family, length, 0, scope];
    out.extend_from_slice(&index.to_ne_bytes());
    out
}

/// The body of a request to add an address to the link with this index.
pub(super) fn encode(index: u32, address: IpNetwork, spec: &Addr) -> Result<Vec<u8>> {
    let mut addr = spec.completed(address);
    let prefix = addr.peer.get_or_insert(Peer(address)).0;
    let mut body = Attributes::new();
    Table::encode(&addr, &mut |number, bytes| body.put(number, bytes));
    if addr.flags() != 0 {
        body.put_u32(IFA_FLAGS, addr.flags());
    }
    if let (Some(valid), Some(preferred)) = (addr.valid_lft, addr.preferred_lft) {
        // struct ifa_cacheinfo: preferred, valid, created, updated.
        body.put(IFA_CACHEINFO, &[preferred.0, valid.0, 0, 0].map(u32::to_ne_bytes).concat());
    }
    let scope = addr.scope.unwrap_or(match address.ip() {
        IpAddr::V4(a) if a.is_loopback() => Scope::HOST,
        _ => Scope::GLOBAL,
    });
    let mut request = ifaddrmsg(Family::of(address.ip()).number(), prefix.prefix(), scope.0, index);
    request.extend_from_slice(body.bytes()?);
    Ok(request)
}

/// Decodes the body of an RTM_NEWADDR; the link's name is filled in later.
pub(crate) fn parse(payload: &[u8]) -> Option<Addr> {
    let (head, attributes) = payload.split_at_checked(8)?;
    let family = Family::from_number(head[0])?;
    let mut flags = u32::from(head[2]);
    let mut addr = Addr {
        family: Some(family),
        prefixlen: Some(Between(head[1].into())),
        scope: Some(Scope(head[3])),
        index: Some(Between(unsigned(&head[4..8]) as u32)),
        valid_lft: Some(Lifetime::FOREVER),
        preferred_lft: Some(Lifetime::FOREVER),
        ..Addr::default()
    };
    for (number, bytes) in attributes_of(attributes) {
        match number {
            IFA_FLAGS => flags = unsigned(bytes) as u32,
            IFA_CACHEINFO if bytes.len() >= 8 => {
                (addr.preferred_lft, addr.valid_lft) =
                    (Lifetime::decode(bytes), Lifetime::decode(&bytes[4..]));
            }
            _ => addr.decode(number, bytes),
        }
    }
    flags ^= IFA_F_PERMANENT;
    if family == Family::Inet6 && flags & IFA_F_SECONDARY != 0 {
        flags ^= IFA_F_SECONDARY | TEMPORARY;
    }
    addr.decode_flags(flags);
    settle(addr)
}

/// IFA_ADDRESS is the peer where both are there and differ, and the only one for most of IPv6. What is 0 wasn't given.
fn settle(mut addr: Addr) -> Option<Addr> {
    let local = addr.local.or(addr.peer.map(|peer| peer.0.ip()))?;
    addr.local = Some(local);
    addr.peer.take_if(|peer| peer.0.ip() == local);
    addr.metric.take_if(|metric| metric.0 == 0);
    addr.proto.take_if(|proto| proto.0 == 0);
    Some(addr)
}
