//! Nexthop objects: ways that many routes share, as `ip nexthop` handles them.

use std::fmt;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::attributes::{Attributes, unsigned};
use super::done::{Done, Verb};
use super::fields::{LinkRef, Origin, Scope, text};
use super::namespace::Namespace;
use super::netlink::attributes_of;
use super::prefix::Family;
use super::route::{self, Encap, Flags, Route, index, name_links, pair};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Field, Form, Table, Value, Word, table};

// Message types of linux/rtnetlink.h.
pub(super) const RTM_NEWNEXTHOP: u16 = 104;
const RTM_DELNEXTHOP: u16 = 105;
const RTM_GETNEXTHOP: u16 = 106;

/// NHA_ENCAP_TYPE and NHA_ENCAP of linux/nexthop.h: one row for both.
const ENCAP_TYPE: u16 = 7;
const ENCAP: u16 = 8;
const RTNH_F_ONLINK: u32 = 4;

pub type Id = Between<1, { u32::MAX }>;

table! {
    /// A nexthop object (ip-nexthop(8), NHA_* of linux/nexthop.h): one to add, one that the kernel reported, or what
    /// those to be found must have.
    pub struct Nexthop {
        Set id: Id = 1 always, ip ["id"], "its number";
        Set group: Group = 2, ip ["group"],
            "the nexthops that share the packets, with their weights: `1/2,3` for 1 and 2, the latter thrice as often";
        Set encap: Encap = header, ip ["encap"],
            "what is put around packets";
        Set via: std::net::IpAddr = 6, ip ["via"], "the gateway";
        Set dev: LinkRef = 5, ip ["dev"], "the link";
        Read scope: Scope = header always, ip ["scope"], "how far it is";
        Set blackhole: Present = 4, ip ["blackhole"], "packets are dropped silently";
        Set proto: Origin = header always, ip ["proto", "protocol"], "who added it";
        Set onlink: bool = header, ip ["onlink"],
            "the gateway is reachable through `dev` though no address says so; default false";
        Read flags: Flags = header always, ip [], "onlink, linkdown, dead, ...";
        Set fdb: Present = 11, ip ["fdb"], "it is a remote end for forwarding databases (VXLAN)";
        Set family: Family = header, ip [], "IPv4 (inet) or IPv6 (inet6), where no gateway says it; default inet";
    }
}

/// An attribute that is true by being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present(pub bool);

impl Field for Present {
    fn form() -> Form {
        bool::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(bool::read(value)?.map(Present))
    }

    fn value(&self) -> Value {
        Value::Bool(self.0)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        self.0.then(Vec::new)
    }

    fn decode(_: &[u8]) -> Option<Self> {
        Some(Present(true))
    }

    fn absent() -> Option<Self> {
        Some(Present(false))
    }
}

/// Ids, each with its weight from 1 to 256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group(pub Vec<(u32, u16)>);

impl Field for Group {
    fn form() -> Form {
        text("ids with their weights, such as \"1/2\" or \"1/2,3\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let member = |member: &str| {
            let (id, weight) = member.split_once(',').unwrap_or((member, "1"));
            let weight = weight.parse().ok().filter(|weight| (1..=256).contains(weight))?;
            Some((id.parse().ok().filter(|id| *id != 0)?, weight))
        };
        let members: Option<Vec<_>> = text.split('/').map(member).collect();
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Group::form().expected));
        members.map(|members| Some(Group(members))).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        let member = |(id, weight): &(u32, u16)| match weight {
            1 => id.to_string(),
            weight => format!("{id},{weight}"),
        };
        Value::Text(self.0.iter().map(member).collect::<Vec<_>>().join("/"))
    }

    /// `struct nexthop_grp`: id, weight - 1, padding.
    fn encode(&self) -> Option<Vec<u8>> {
        let member = |(id, weight): &(u32, u16)| {
            let [a, b, c, d] = id.to_ne_bytes();
            [a, b, c, d, weight.saturating_sub(1) as u8, 0, 0, 0]
        };
        Some(self.0.iter().flat_map(member).collect())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let members = bytes.as_chunks::<8>().0.iter();
        Some(Group(members.map(|m| (unsigned(&m[..4]) as u32, u16::from(m[4]) + 1)).collect()))
    }
}

impl Nexthop {
    fn family(&self) -> Option<Family> {
        let alone = self.group.is_none().then_some(Family::Inet);
        self.via.map(Family::of).or(self.family).or(alone)
    }

    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        let blackhole = self.blackhole == Some(Present(true));
        let fdb = self.fdb == Some(Present(true));
        if self.family.is_some_and(|family| self.via.is_some_and(|via| Family::of(via) != family)) {
            return wrong("the gateway is not of that family");
        }
        if (self.group.is_some() || blackhole) && (self.via.is_some() || self.dev.is_some()) {
            return wrong("a group and a blackhole have no via and no dev");
        }
        if self.group.is_none() && !blackhole && self.dev.is_none() && !(fdb && self.via.is_some()) {
            return wrong("a nexthop needs dev, group or blackhole (or, for fdb, via)");
        }
        Ok(())
    }

    /// `struct nhmsg`: family, scope, protocol, padding, flags; then the attributes.
    fn encode(&self, ns: &Namespace) -> Result<Vec<u8>> {
        let mut nexthop = self.clone();
        index(ns, &mut nexthop.dev)?;
        let family = self.family().map_or(0, Family::number);
        let flags = if self.onlink == Some(true) { RTNH_F_ONLINK } else { 0 };
        let mut out = vec![family, 0, self.proto.map_or(0, |proto| proto.0), 0];
        out.extend_from_slice(&flags.to_ne_bytes());
        let mut attributes = Attributes::new();
        Table::encode(&nexthop, &mut |number, bytes| attributes.put(number, bytes));
        if let Some(encap) = &self.encap {
            encap.put(ns, &mut attributes, ENCAP_TYPE, ENCAP)?;
        }
        out.extend(attributes.into_bytes()?);
        Ok(out)
    }
}

impl Nexthop {
    /// The links that it names.
    fn links(&mut self) -> impl Iterator<Item = &mut LinkRef> {
        self.dev.iter_mut().chain(self.encap.iter_mut().flat_map(Encap::links))
    }
}

fn parse(payload: &[u8]) -> Option<Nexthop> {
    let [family, scope, proto, _, a, b, c, d] = *payload.first_chunk()?;
    let flags = u32::from_ne_bytes([a, b, c, d]);
    let mut nexthop = Nexthop {
        family: Family::from_number(family),
        scope: Some(Scope(scope)),
        proto: Some(Origin(proto)),
        onlink: (flags & RTNH_F_ONLINK != 0).then_some(true),
        flags: Some(Flags::of(flags)),
        ..Nexthop::default()
    };
    let attributes = payload.get(8..)?;
    for (number, bytes) in attributes_of(attributes) {
        match number {
            ENCAP_TYPE => nexthop.encap = Encap::of(bytes, attributes, ENCAP),
            _ => nexthop.decode(number, bytes),
        }
    }
    nexthop.id.is_some().then_some(nexthop)
}

/// As `ip nexthop` prints it: `id 5 via 10.0.0.9 dev eth0 scope link`.
impl fmt::Display for Nexthop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |row: &crate::model::Row<Self>| match row.name {
            "onlink" | "family" => None,
            "scope" if self.scope == Some(Scope(0)) => None,
            "proto" if self.proto == Some(Origin(0)) => None,
            "flags" => self.flags.map(|flags| flags.names().collect::<Vec<_>>().join(" ")),
            name if matches!((row.form)().word, Word::Flag) => (row.get)(self).map(|_| name.to_owned()),
            name => pair(self, name),
        };
        let words: Vec<String> = Self::ROWS.iter().filter_map(word).filter(|w| !w.is_empty()).collect();
        f.write_str(&words.join(" "))
    }
}

/// Adds a nexthop object, as `ip nexthop add id ID ...`. Raises `exists` if the id is taken.
pub fn add(ns: &Namespace, nexthop: &Nexthop) -> Result<()> {
    send(ns, nexthop, NLM_F_CREATE | NLM_F_EXCL, Verb::Add)
}

/// Adds it, or puts it in the place of the one with this id.
pub fn replace(ns: &Namespace, nexthop: &Nexthop) -> Result<()> {
    send(ns, nexthop, NLM_F_CREATE | NLM_F_REPLACE, Verb::Replace)
}

fn send(ns: &Namespace, nexthop: &Nexthop, flags: u16, verb: Verb) -> Result<()> {
    nexthop.check()?;
    let request = nexthop.encode(ns)?;
    ns.rtnl(RTM_NEWNEXTHOP, flags, &request, |_| Ok(())).map_err(|e| explain(ns, nexthop, e))?;
    ns.report(Done::Nexthop(verb, nexthop));
    Ok(())
}

fn explain(ns: &Namespace, nexthop: &Nexthop, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EOPNOTSUPP) => {
            e.with_kind(Kind::Unsupported).hint("the kernel lacks nexthop objects (Linux 5.3 has them)")
        }
        Some(Errno::EEXIST) => match nexthop.id.map(|id| get(ns, id)) {
            Some(Ok(Some(there))) => {
                e.hint(format!("there is {there}; nexthop.replace puts the new one in its place"))
            }
            _ => e,
        },
        Some(Errno::ENOENT) => e.with_kind(Kind::NotFound),
        // A way is refused for the same reasons as a route's.
        _ => {
            let (via, dev) = (nexthop.via, nexthop.dev.clone());
            let (family, encap) = (nexthop.family(), nexthop.encap.clone());
            let like = Route { via, dev, family, encap, ..Route::default() };
            route::explain::add(ns, &like, e)
        }
    }
}

fn of_id(id: Id) -> Result<Vec<u8>> {
    let mut out = vec![0; 8];
    let mut attributes = Attributes::new();
    Table::encode(&Nexthop { id: Some(id), ..Nexthop::default() }, &mut |n, bytes| attributes.put(n, bytes));
    out.extend(attributes.into_bytes()?);
    Ok(out)
}

/// Deletes the one with this id, and with it the routes that use it. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, id: Id) -> Result<()> {
    ns.rtnl(RTM_DELNEXTHOP, 0, &of_id(id)?, |_| Ok(())).map_err(|e| explain(ns, &Nexthop::default(), e))?;
    ns.report(Done::Nexthop(Verb::Del, &Nexthop { id: Some(id), ..Nexthop::default() }));
    Ok(())
}

/// The one with this id, if there is one.
pub fn get(ns: &Namespace, id: Id) -> Result<Option<Nexthop>> {
    let mut found = Vec::new();
    let asked = ns.rtnl(RTM_GETNEXTHOP, 0, &of_id(id)?, |answer| {
        found.extend(answer.and_then(|answer| parse(answer.payload)));
        Ok(())
    });
    match asked {
        Err(e) if e.raw() == Some(Errno::ENOENT) => return Ok(None),
        asked => asked.map_err(|e| explain(ns, &Nexthop::default(), e))?,
    }
    name_links(ns, found.iter_mut().flat_map(Nexthop::links))?;
    Ok(found.into_iter().next())
}

/// Those that have all that is given, in the order of their ids, as `ip nexthop show`.
pub fn list(ns: &Namespace, filter: &Nexthop) -> Result<Vec<Nexthop>> {
    let mut filter = filter.clone();
    index(ns, &mut filter.dev)?;
    let fitting = |payload: &[u8]| parse(payload).filter(|nexthop| filter.fits(nexthop));
    let found = ns.dump(RTM_GETNEXTHOP, &[0; 8], fitting);
    let mut found = found.map_err(|e| explain(ns, &Nexthop::default(), e))?;
    name_links(ns, found.iter_mut().flat_map(Nexthop::links))?;
    Ok(found)
}

/// Deletes those that have all that is given; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Nexthop) -> Result<usize> {
    let ids: Vec<Id> = list(ns, filter)?.iter().filter_map(|nexthop| nexthop.id).collect();
    for id in &ids {
        match del(ns, *id) {
            // A group goes with the last of its members.
            Err(e) if e.kind() == Kind::NotFound => {}
            result => result?,
        }
    }
    Ok(ids.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_and_written() {
        let read = |text: &str| Group::read(&Value::Text(text.to_owned()));
        let group = read("1/2,3").unwrap().unwrap();
        assert_eq!(group, Group(vec![(1, 1), (2, 3)]));
        assert_eq!(group.word(), "1/2,3");
        assert_eq!(Group::decode(&group.encode().unwrap()), Some(group));
        for wrong in ["", "1/", "0", "1,0", "1,257", "x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rubbish_from_the_kernel_is_left_out() {
        for length in 0..40 {
            assert_eq!(parse(&vec![7; length]), None);
        }
    }
}
