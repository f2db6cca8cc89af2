//! Static routes of multicast: from which link to which other ones the packets to a group go, as smcroute has them. The kernel
//! has none of its own: whoever keeps its socket of multicast routing open is the router (linux/mroute.h, linux/mroute6.h).

mod socket;

use std::fmt;
use std::net::IpAddr;

use super::attributes::unsigned;
use super::done::{Done, Verb};
use super::fields::LinkName;
use super::link::find;
use super::link::stats::Count;
use super::namespace::Namespace;
use super::netlink::attributes_of;
use super::prefix::{Family, from_octets};
use super::route::RTM_GETROUTE;
use crate::base::error::{Error, Kind, Result};
use crate::model::{Field, Form, Table, Value, table};

pub use socket::Routers;

table! {
    /// A route of multicast: one to add, one that the kernel reported, or what those to be found must have.
    pub struct Mroute {
        Set group: IpAddr = header always, ip [], "the group that packets are sent to";
        Set from: IpAddr = header, ip [], "the sender; default all that have no route of their own";
        Set iif: LinkName = header, ip [], "the link on which they come in";
        Set oifs: Links = header, ip [], "the links by which they go on; none of them: they go nowhere";
        Read packets: Count = header, ip [], "packets that came";
        Read bytes: Count = header, ip [], "bytes of those packets";
        Read wrong_iif: Count = header, ip [], "packets that came in by another link, and went nowhere";
        Read unresolved: bool = header always, ip [], "there is no route for what came, and nobody made one";
    }
}

/// Names of links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(pub Vec<String>);

impl Field for Links {
    fn form() -> Form {
        let expected = super::fields::text("a link's name or a list of them");
        Form { luals: "string|string[]".into(), returned: "string[]", ..expected }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let list = match value {
            Value::List(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let names: Result<Option<Vec<LinkName>>> = list.iter().map(LinkName::read).collect();
        Ok(names?.map(|names| Links(names.into_iter().map(|name| name.0).collect())))
    }

    fn value(&self) -> Value {
        Value::words(self.0.iter().map(String::as_str))
    }
}

impl Mroute {
    fn family(&self) -> Family {
        self.group.map_or(Family::Inet, Family::of)
    }

    fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::argument(text));
        let Some(group) = self.group else { return wrong("a route needs the group".to_owned()) };
        if !group.is_multicast() {
            let groups = "224.0.1.0 to 239.255.255.255, or ff03:: and above";
            return Err(Error::argument(format!("{group} is no group")).hint(format!("groups are {groups}")));
        }
        let local = match group {
            IpAddr::V4(group) => group.octets()[..3] == [224, 0, 0],
            // Of interfaces and of links.
            IpAddr::V6(group) => group.octets()[1] & 0xf <= 2,
        };
        if local {
            return wrong(format!("{group} is a group of one link alone: no router forwards it"));
        }
        match self.from {
            Some(from) if Family::of(from) != Family::of(group) => {
                return wrong(format!("from is of the other family than the group {group}"));
            }
            Some(from) if from.is_multicast() || from.is_unspecified() => {
                return wrong(format!("from: {from} is no sender's address"));
            }
            _ => {}
        }
        let Some(LinkName(iif)) = &self.iif else { return wrong("a route needs iif".to_owned()) };
        let oifs = self.oifs.as_ref().map_or(&[][..], |links| links.0.as_slice());
        if oifs.contains(iif) {
            return wrong(format!("oifs: packets don't go back by {iif}, on which they come in"));
        }
        match oifs.iter().enumerate().find(|(at, name)| oifs[..*at].contains(name)) {
            Some((_, twice)) => wrong(format!("oifs: {twice} is there twice")),
            None => Ok(()),
        }
    }

    fn same(&self, other: &Mroute) -> bool {
        (self.group, self.from) == (other.group, other.from)
    }
}

/// As `ip mroute` prints it, on one line: `(10.0.0.1,239.1.1.1) Iif: eth0 Oifs: eth1 eth2 State: resolved`.
impl fmt::Display for Mroute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = if self.family() == Family::Inet { "0.0.0.0" } else { "::" };
        let from = self.from.map_or_else(|| any.to_owned(), |from| from.to_string());
        let group = self.group.map_or_else(String::new, |group| group.to_string());
        let iif = self.iif.as_ref().map_or("unresolved", |iif| &iif.0);
        write!(f, "({from},{group}) Iif: {iif}")?;
        if let Some(Links(oifs)) = self.oifs.as_ref().filter(|oifs| !oifs.0.is_empty()) {
            write!(f, " Oifs: {}", oifs.join(" "))?;
        }
        f.write_str(if self.unresolved == Some(true) { " State: unresolved" } else { " State: resolved" })
    }
}

/// Adds a route, as `smcroutectl add IIF FROM GROUP OIFS`. The namespace is a router of multicast from then on.
///
/// Raises `exists` if there is one for the group and sender, `not_found` for a link, `unsupported` if the kernel has no routing of
/// multicast.
pub fn add(ns: &Namespace, route: &Mroute) -> Result<()> {
    route.check()?;
    if let Some(there) = list(ns, &Mroute::default())?.iter().find(|there| there.same(route))
        && there.unresolved != Some(true)
    {
        let e = Error::new(Kind::Exists, "there is a route for the group and sender already");
        return Err(e.hint(format!("it is {there}; mroute.replace puts the new one in its place")));
    }
    put(ns, route, Verb::Add)
}

/// Adds it, or puts it in the place of the one for the same group and sender.
pub fn replace(ns: &Namespace, route: &Mroute) -> Result<()> {
    route.check()?;
    put(ns, route, Verb::Replace)
}

fn put(ns: &Namespace, route: &Mroute, verb: Verb) -> Result<()> {
    let oifs = route.oifs.as_ref().map_or(&[][..], |links| links.0.as_slice());
    let iif = route.iif.as_ref().map_or("", |iif| iif.0.as_str());
    for name in oifs.iter().map(String::as_str).chain([iif]) {
        find::require_index(ns, name)?;
    }
    socket::add(ns, route.family(), route.group, route.from, iif, oifs)?;
    ns.report(Done::Mroute(verb, route));
    Ok(())
}

/// Deletes the route for the group and sender, as `smcroutectl remove`. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, route: &Mroute) -> Result<()> {
    let there = list(ns, &Mroute::default())?;
    let Some(found) = there.iter().find(|there| there.same(route) && there.unresolved != Some(true)) else {
        return Err(Error::new(
            Kind::NotFound,
            format!("{} has no route for the group and sender", ns.name()),
        )
        .hint("mroute.list shows those that are there"));
    };
    socket::del(ns, found.family(), found.group, found.from)?;
    ns.report(Done::Mroute(Verb::Del, found));
    Ok(())
}

/// Deletes all routes, and the namespace is no router of multicast any more; returns how many there were.
pub fn flush(ns: &Namespace) -> Result<usize> {
    let mut found = list(ns, &Mroute::default())?;
    found.retain(|route| route.unresolved != Some(true));
    for route in &found {
        socket::del(ns, route.family(), route.group, route.from)?;
    }
    ns.mroute().close();
    if !found.is_empty() {
        ns.report(Done::MroutesFlushed);
    }
    Ok(found.len())
}

/// The routes that have all that is given, of IPv4 and then of IPv6, as `ip mroute show`. A kernel without routing of multicast
/// has none.
pub fn list(ns: &Namespace, filter: &Mroute) -> Result<Vec<Mroute>> {
    let mut found = Vec::new();
    for family in [Family::Inet, Family::Inet6] {
        if filter.group.is_some_and(|group| Family::of(group) != family) {
            continue;
        }
        let head = [numbered(family), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let raw = ns.dump(RTM_GETROUTE, &head, |payload| parse(family, payload))?;
        for read in raw {
            found.push(read.named(ns)?);
        }
    }
    found.retain(|route| filter.fits(route));
    Ok(found)
}

/// RTNL_FAMILY_IPMR and RTNL_FAMILY_IP6MR of linux/rtnetlink.h.
fn numbered(family: Family) -> u8 {
    if family == Family::Inet { 128 } else { 129 }
}

/// With links by their indices.
#[derive(Debug, PartialEq)]
struct Read {
    route: Mroute,
    iif: Option<u32>,
    oifs: Vec<u32>,
}

impl Read {
    fn named(self, ns: &Namespace) -> Result<Mroute> {
        let name = |index: &u32| find::name(ns, *index).transpose();
        // A link that went is in no route any more, in a moment.
        let oifs: Result<Vec<String>> = self.oifs.iter().filter_map(name).collect();
        let iif = self.iif.as_ref().and_then(name).transpose()?.map(LinkName);
        Ok(Mroute { iif, oifs: Some(Links(oifs?)), ..self.route })
    }
}

/// Reads `struct rtmsg` and its attributes. A kernel without the family answers with routes of others.
fn parse(family: Family, payload: &[u8]) -> Option<Read> {
    const RTA_DST: u16 = 1;
    const RTA_SRC: u16 = 2;
    const RTA_IIF: u16 = 3;
    const RTA_MULTIPATH: u16 = 9;
    const RTA_TABLE: u16 = 15;
    const RTA_MFC_STATS: u16 = 17;
    const UNRESOLVED: u8 = 0x20;
    let head: &[u8; 12] = payload.first_chunk()?;
    (head[0] == numbered(family)).then_some(())?;
    let mut read = Read { route: Mroute::default(), iif: None, oifs: Vec::new() };
    read.route.unresolved = Some(u32::from_ne_bytes(*head[8..].first_chunk()?) as u8 & UNRESOLVED != 0);
    for (number, bytes) in attributes_of(payload.get(12..)?) {
        match number {
            RTA_DST => read.route.group = from_octets(bytes),
            RTA_SRC => read.route.from = from_octets(bytes).filter(|from| !from.is_unspecified()),
            RTA_IIF => read.iif = Some(unsigned(bytes) as u32),
            RTA_MULTIPATH => read.oifs = hops(bytes),
            // Daemons may have tables of their own.
            RTA_TABLE if ![0, socket::table(family)].contains(&(unsigned(bytes) as u32)) => return None,
            RTA_MFC_STATS => {
                let count = |at: usize| bytes.get(at..at + 8).map(|bytes| Count(unsigned(bytes)));
                (read.route.packets, read.route.bytes, read.route.wrong_iif) =
                    (count(0), count(8), count(16));
            }
            _ => {}
        }
    }
    // Packets of all senders don't go back by the link on which they came, though the kernel wants it among the others.
    if read.route.from.is_none() {
        let iif = read.iif;
        read.oifs.retain(|index| Some(*index) != iif);
    }
    read.route.group.is_some().then_some(read)
}

/// The links of `struct rtnexthop`: length, flags, TTL, index.
fn hops(mut bytes: &[u8]) -> Vec<u32> {
    let mut out = Vec::new();
    while let Some(head) = bytes.first_chunk::<8>() {
        out.push(unsigned(&head[4..]) as u32);
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]])).max(8).next_multiple_of(4);
        bytes = bytes.get(length..).unwrap_or_default();
    }
    out
}

/// Whether the kernel can; raises `unsupported` if not.
pub fn try_it(ns: &Namespace) -> Result<()> {
    socket::open(ns, Family::Inet)?;
    socket::open(ns, Family::Inet6)?;
    ns.mroute().close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_as_bytes() {
        #[rustfmt::skip]
        let message: &[u8] = &[
            128, 32, 32, 0, 253, 17, 0, 5, 0, 0, 0, 0, // RTNL_FAMILY_IPMR, both lengths, table, protocol, type, flags
            8, 0, 15, 0, 253, 0, 0, 0,                 // RTA_TABLE = RT_TABLE_DEFAULT
            8, 0, 2, 0, 10, 0, 0, 1,                   // RTA_SRC
            8, 0, 1, 0, 239, 1, 1, 1,                  // RTA_DST
            8, 0, 3, 0, 2, 0, 0, 0,                    // RTA_IIF = 2
            20, 0, 9, 0,                               // RTA_MULTIPATH: by the links 3 and 4
            8, 0, 0, 1, 3, 0, 0, 0,
            8, 0, 0, 1, 4, 0, 0, 0,
        ];
        let read = parse(Family::Inet, message).unwrap();
        assert_eq!((read.iif, read.oifs), (Some(2), vec![3, 4]));
        assert_eq!(read.route.group, "239.1.1.1".parse().ok());
        assert_eq!(parse(Family::Inet6, message), None);
        for length in 0..message.len() {
            let _ = parse(Family::Inet, &message[..length]);
        }
    }

    #[test]
    fn what_is_no_route_is_refused() {
        let route = |group: &str, from: Option<&str>, oifs: &[&str]| Mroute {
            group: group.parse().ok(),
            from: from.and_then(|from| from.parse().ok()),
            iif: Some(LinkName("eth0".to_owned())),
            oifs: Some(Links(oifs.iter().map(|name| (*name).to_owned()).collect())),
            ..Mroute::default()
        };
        assert!(route("239.1.1.1", Some("10.0.0.1"), &["eth1"]).check().is_ok());
        assert!(route("ff05::1", None, &[]).check().is_ok());
        for bad in [
            route("10.0.0.1", None, &[]),
            route("224.0.0.5", None, &[]),
            route("ff02::5", None, &[]),
            route("239.1.1.1", Some("fd00::1"), &[]),
            route("239.1.1.1", Some("239.1.1.2"), &[]),
            route("239.1.1.1", None, &["eth0"]),
            route("239.1.1.1", None, &["eth1", "eth1"]),
        ] {
            assert!(bad.check().is_err(), "{bad}");
        }
    }
}
