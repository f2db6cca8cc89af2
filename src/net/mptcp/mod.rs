//! Endpoints and limits of Multipath TCP, as `ip mptcp` handles them; by generic netlink (linux/mptcp_pm.h).

mod event;

use std::fmt;
use std::net::IpAddr;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;
use crate::model::{Between, Field, Table, table};
use crate::net::attributes::{Attributes, find};
use crate::net::done::{Done, Verb};
use crate::net::fields::LinkRef;
use crate::net::link::fields::{U8, U16};
use crate::net::namespace::Namespace;
use crate::net::netlink::{Generic, attributes_of};
use crate::net::prefix::{Family, octets};
use crate::net::route::{index, name_links};

pub use event::{Event, group};

// `enum` of the commands, and MPTCP_PM_ATTR_*.
const ADD_ADDR: u8 = 1;
const DEL_ADDR: u8 = 2;
const GET_ADDR: u8 = 3;
const FLUSH_ADDRS: u8 = 4;
const SET_LIMITS: u8 = 5;
const GET_LIMITS: u8 = 6;
const SET_FLAGS: u8 = 7;
const ADDR: u16 = 1;

// MPTCP_PM_ADDR_ATTR_*, those that are no row.
const FAMILY: u16 = 1;
const ADDR4: u16 = 3;
const ADDR6: u16 = 4;
const FLAGS: u16 = 6;

/// What the kernel numbers endpoints by.
pub type Id = U8<1, 255>;

table! {
    /// An endpoint (ip-mptcp(8), MPTCP_PM_ADDR_ATTR_*): an address that connections of MPTCP may use besides their first ones.
    pub struct Endpoint {
        Make address: IpAddr = header always, ip [], "the address";
        Make id: Id = 2 always, ip ["id"], "its number; default the first that is free";
        Make port: U16<1, 65535> = 5, ip ["port"],
            "the port that the peer is told, on which the kernel listens then; needs `signal`";
        Make dev: LinkRef = 7, ip ["dev"], "the link by which its packets go";
        Make signal: bool = {flag 1} always, ip ["signal"], "peers are told of the address (ADD_ADDR)";
        Make subflow: bool = {flag 2} always, ip ["subflow"], "this end opens a subflow from the address by itself";
        Set backup: bool = {flag 4} always, ip ["backup"], "its subflows are used only where there is no other";
        Set fullmesh: bool = {flag 8} always, ip ["fullmesh"],
            "this end opens a subflow from it to each address of the peer; needs `subflow`";
        Read implicit: bool = {flag 16} always, ip [], "made by the kernel, of a connection that came in";
    }
}

table! {
    /// How much each connection may have besides its first subflow (MPTCP_PM_ATTR_*).
    pub struct Limits {
        Set subflows: Between<0, 8> = 3 always, ip ["subflow", "subflows"], "further subflows";
        Set add_addr_accepted: Between<0, 8> = 2 always, ip ["add_addr_accepted"],
            "addresses of the peer's that are accepted, to which subflows are opened";
    }
}

/// As `ip mptcp endpoint` prints it: `10.0.0.1 id 1 signal dev eth0`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.iter().try_for_each(|address| write!(f, "{address}"))?;
        self.port.iter().try_for_each(|port| write!(f, " port {}", port.0))?;
        self.id.iter().try_for_each(|id| write!(f, " id {}", id.0))?;
        self.flag_words().iter().try_for_each(|flag| write!(f, " {flag}"))?;
        self.dev.iter().try_for_each(|dev| write!(f, " dev {dev}"))
    }
}

/// `add_addr_accepted 0 subflows 2`
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<Between<0, 8>>| number.map_or(0, |number| number.0);
        write!(f, "add_addr_accepted {} subflows {}", number(self.add_addr_accepted), number(self.subflows))
    }
}

impl Endpoint {
    fn check(&self) -> Result<()> {
        let on = |flag: Option<bool>| flag == Some(true);
        let wrong = |text: &str| Err(Error::argument(text));
        match () {
            _ if !on(self.signal) && !on(self.subflow) => {
                wrong("an endpoint needs `signal` or `subflow`: else no connection uses it")
            }
            _ if self.port.is_some() && !on(self.signal) => {
                wrong("port needs `signal`: the peer is told of it")
            }
            _ if on(self.signal) && on(self.fullmesh) => wrong("signal and fullmesh exclude each other"),
            _ if on(self.fullmesh) && !on(self.subflow) => wrong("fullmesh needs `subflow`"),
            _ => Ok(()),
        }
    }

    fn attributes(&self) -> Attributes {
        let mut inner = Attributes::new();
        if let Some(address) = self.address {
            let family = Family::of(address);
            inner.put(FAMILY, &u16::from(family.number()).to_ne_bytes());
            inner.put(if family == Family::Inet { ADDR4 } else { ADDR6 }, &octets(address));
        }
        self.encode(&mut |number, bytes| inner.put(number, bytes));
        inner.put_u32(FLAGS, self.flags());
        let mut out = Attributes::new();
        out.nest(ADDR, inner);
        out
    }

    fn read(answer: &[u8]) -> Option<Self> {
        let mut endpoint = Endpoint::blank();
        for (number, bytes) in attributes_of(find(answer, ADDR)?) {
            match number {
                ADDR4 | ADDR6 => endpoint.address = IpAddr::decode(bytes),
                FLAGS => endpoint.decode_flags(u32::from_ne_bytes(*bytes.first_chunk()?)),
                _ => endpoint.decode(number, bytes),
            }
        }
        endpoint.dev.take_if(|dev| dev.index == 0);
        endpoint.port.take_if(|port| port.0 == 0);
        endpoint.address.is_some().then_some(endpoint)
    }
}

fn open(ns: &Namespace) -> Result<Generic> {
    Generic::open(ns, "mptcp_pm", 1).map_err(|e| e.hint("it needs CONFIG_MPTCP (Linux 5.6)"))
}

/// Adds an endpoint, as `ip mptcp endpoint add ADDRESS ...`. Raises `exists` if the address is one already.
pub fn add(ns: &Namespace, endpoint: &Endpoint) -> Result<()> {
    endpoint.check()?;
    let mut resolved = endpoint.clone();
    index(ns, &mut resolved.dev)?;
    let body = resolved.attributes();
    open(ns)?.request(ADD_ADDR, 0, body.bytes()?, |_| ()).map_err(|e| explain(ns, endpoint, e))?;
    ns.report(Done::Mptcp(Verb::Add, endpoint));
    Ok(())
}

/// The kernel answers EINVAL to nearly all.
fn explain(ns: &Namespace, endpoint: &Endpoint, e: Error) -> Error {
    let there = list(ns, &Endpoint::default()).unwrap_or_default();
    let taken = |other: &&Endpoint| {
        endpoint.id.is_some() && other.id == endpoint.id
            || other.address == endpoint.address && other.port == endpoint.port
    };
    match e.raw() {
        Some(Errno::EADDRINUSE | Errno::EADDRNOTAVAIL) => e,
        _ if there.len() >= 8 && endpoint.port.is_none() => {
            e.with_kind(Kind::Limit).hint("a namespace has at most 8 endpoints")
        }
        _ => match there.iter().find(taken) {
            Some(taken) => e.with_kind(Kind::Exists).hint(format!("there is {taken}")),
            None => e,
        },
    }
}

fn of_id(ns: &Namespace, id: Id) -> Result<Endpoint> {
    let there = list(ns, &Endpoint::default())?;
    let ids = listed(there.iter().filter_map(|endpoint| endpoint.id).map(|id| id.0));
    there.into_iter().find(|endpoint| endpoint.id == Some(id)).ok_or_else(|| {
        let e = Error::new(Kind::NotFound, format!("no endpoint has the id {}", id.0));
        match ids.is_empty() {
            true => e.hint("there are no endpoints"),
            false => e.hint(format!("there are endpoints with the ids {ids}")),
        }
    })
}

/// Deletes the endpoint with this id, and closes the subflows from it. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, id: Id) -> Result<()> {
    of_id(ns, id)?;
    let body = Endpoint { id: Some(id), ..Endpoint::default() }.attributes();
    open(ns)?.request(DEL_ADDR, 0, body.bytes()?, |_| ())?;
    ns.report(Done::Mptcp(Verb::Del, &Endpoint { id: Some(id), ..Endpoint::default() }));
    Ok(())
}

/// Changes the flags of an endpoint that can be changed, as `ip mptcp endpoint change id ID ...`.
pub fn set(ns: &Namespace, id: Id, change: &Endpoint) -> Result<()> {
    let there = of_id(ns, id)?;
    let (backup, fullmesh) = (change.backup.or(there.backup), change.fullmesh.or(there.fullmesh));
    // Of the flags that are there, the kernel compares these two alone.
    let changed = Endpoint { backup, fullmesh, ..there.clone() };
    changed.check().or_else(|e| if there.implicit == Some(true) { Ok(()) } else { Err(e) })?;
    let sent = Endpoint { id: Some(id), backup, fullmesh, ..Endpoint::default() };
    open(ns)?.request(SET_FLAGS, 0, sent.attributes().bytes()?, |_| ())?;
    ns.report(Done::Mptcp(Verb::Replace, &Endpoint { id: Some(id), ..change.clone() }));
    Ok(())
}

/// The endpoint with this id, if there is one.
pub fn get(ns: &Namespace, id: Id) -> Result<Option<Endpoint>> {
    Ok(list(ns, &Endpoint { id: Some(id), ..Endpoint::default() })?.into_iter().next())
}

/// The endpoints that have all that is given, as `ip mptcp endpoint show`.
pub fn list(ns: &Namespace, filter: &Endpoint) -> Result<Vec<Endpoint>> {
    let mut filter = filter.clone();
    index(ns, &mut filter.dev)?;
    let mut found = Vec::new();
    open(ns)?.request(GET_ADDR, NLM_F_DUMP, &[], |answer| found.extend(Endpoint::read(answer)))?;
    found.retain(|endpoint| filter.fits(endpoint));
    name_links(ns, found.iter_mut().filter_map(|endpoint| endpoint.dev.as_mut()))?;
    Ok(found)
}

/// Deletes all endpoints, as `ip mptcp endpoint flush`.
pub fn flush(ns: &Namespace) -> Result<()> {
    open(ns)?.request(FLUSH_ADDRS, 0, &[], |_| ())?;
    ns.report(Done::MptcpFlushed);
    Ok(())
}

/// The limits of the namespace, as `ip mptcp limits show`.
pub fn limits(ns: &Namespace) -> Result<Limits> {
    let mut limits = Limits::blank();
    open(ns)?.request(GET_LIMITS, 0, &[], |answer| {
        attributes_of(answer).for_each(|(number, bytes)| limits.decode(number, bytes));
    })?;
    Ok(limits)
}

/// Changes those that are given, as `ip mptcp limits set`.
pub fn set_limits(ns: &Namespace, given: &Limits) -> Result<()> {
    let mut body = Attributes::new();
    given.encode(&mut |number, bytes| body.put(number, bytes));
    open(ns)?.request(SET_LIMITS, 0, body.bytes()?, |_| ())?;
    ns.report(Done::MptcpLimits(given));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_byte_by_byte() {
        let endpoint = Endpoint {
            address: Some("fd00::1".parse().unwrap()),
            id: Some(U8(7)),
            port: Some(U16(5000)),
            signal: Some(true),
            ..Endpoint::blank()
        };
        let written = endpoint.attributes().into_bytes().unwrap();
        let read = Endpoint::read(&written).unwrap();
        assert_eq!(read.to_string(), "fd00::1 port 5000 id 7 signal");
        for length in 0..written.len() {
            Endpoint::read(&written[..length]);
        }
    }
}
