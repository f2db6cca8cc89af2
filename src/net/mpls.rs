//! Routes of MPLS: what becomes of packets with a label, as `ip -f mpls route` handles them (RFC 3031).

use std::fmt;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use nix::errno::Errno;

use super::attributes::{Attributes, unsigned};
use super::done::{Done, Verb};
use super::fields::{LinkRef, Origin};
use super::namespace::Namespace;
use super::netlink::attributes_of;
use super::prefix::{Family, from_octets, octets};
use super::route::{
    self, Flags, Labels, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, Route, index, name_links, pair,
};
use super::sysctl;
use crate::base::error::{Error, Kind, Result};
use crate::model::{Field, Form, Table, Value, Word, Words, table};

const AF_MPLS: u8 = libc::AF_MPLS as u8;
/// How many labels a namespace has room for; it exists where the kernel has MPLS.
const PLATFORM_LABELS: &str = "net.mpls.platform_labels";

// RTA_* of linux/rtnetlink.h.
const RTA_MULTIPATH: u16 = 9;
const RTA_VIA: u16 = 18;
const RTA_NEWDST: u16 = 19;

table! {
    /// A route of MPLS (ip-route(8), linux/rtnetlink.h): one to add, one that the kernel reported, or what those to be found
    /// must have.
    pub struct Mpls {
        Set label: Label = 1 always, ip [], "the label that packets come with";
        Set out as "as": Labels = 19, ip ["as"],
            "the labels that they get in its place, the outermost first, such as \"200\" or \"200/300\"; default none: it \
             is taken away";
        Set via: IpAddr = header, ip ["via"], "the next router, of IPv4 or IPv6";
        Set dev: LinkRef = 4, ip ["dev", "oif"], "the link; default the one on which the next router is";
        Set proto: Origin = header always, ip ["proto", "protocol"], "who added it; default boot";
        Set ttl_propagate: Propagate = 26, ip ["ttl-propagate"],
            "whether the TTL is carried over to an IP packet that comes out; default as sysctl net.mpls.ip_ttl_propagate";
        Read flags: Flags = header always, ip [], "linkdown, dead, ...";
    } and {
        /// The next hops, where there are several.
        pub nexthops: Vec<Hop>,
    }
}

table! {
    /// One of several next hops of a route of MPLS.
    pub struct Hop {
        Set out as "as": Labels = 19, ip ["as"], "the labels that packets get; default none";
        Set via: IpAddr = header, ip ["via"], "the next router, of IPv4 or IPv6";
        Set dev: LinkRef = header, ip ["dev", "oif"], "the link";
        Read flags: Flags = header always, ip [], "linkdown, dead, ...";
    }
}

/// A label of 20 bits; those below 16 have meanings of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(pub u32);

impl Field for Label {
    fn form() -> Form {
        Form {
            luals: "integer".into(),
            expected: "an integer from 16 to 1048575".into(),
            returned: "integer",
            word: Word::Integer,
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Int(label) = value else { return Ok(None) };
        Ok(u32::try_from(*label).ok().filter(|label| (16..1 << 20).contains(label)).map(Label))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Labels(vec![self.0]).encode()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Labels::decode(bytes)?.0.first().map(|label| Label(*label))
    }
}

/// RTA_TTL_PROPAGATE, a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagate {
    Disabled,
    Enabled,
}

impl Words for Propagate {
    const WORDS: &'static [(&'static str, Self)] =
        &[("enabled", Propagate::Enabled), ("disabled", Propagate::Disabled)];

    fn to_wire(self) -> Option<Vec<u8>> {
        Some(vec![self as u8])
    }

    fn from_wire(bytes: &[u8]) -> Option<Self> {
        Some(if *bytes.first()? == 0 { Propagate::Disabled } else { Propagate::Enabled })
    }
}

impl Mpls {
    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        let alone = self.via.is_some() || self.dev.is_some();
        if !self.nexthops.is_empty() && (alone || self.out.is_some()) {
            return wrong("give either as, via and dev or nexthops");
        }
        if self.nexthops.is_empty() && !alone {
            return Err(Error::argument("a route needs via or dev")
                .hint("dev = \"lo\" delivers what comes out here; nexthops has several ways"));
        }
        match self.nexthops.iter().any(|hop| hop.via.is_none() && hop.dev.is_none()) {
            true => wrong("each of nexthops needs via or dev"),
            false => Ok(()),
        }
    }

    /// `struct rtmsg`, of which the kernel wants just these values, and the attributes.
    fn encode(&self, ns: &Namespace) -> Result<Vec<u8>> {
        const BOOT: u8 = 3;
        const LABEL_BITS: u8 = 20;
        let mut route = self.clone();
        index(ns, &mut route.dev)?;
        let proto = self.proto.map_or(BOOT, |proto| proto.0);
        let mut out = vec![AF_MPLS, LABEL_BITS, 0, 0, route::TABLE_MAIN as u8, proto, 0, 1, 0, 0, 0, 0];
        let mut attributes = Attributes::new();
        Table::encode(&route, &mut |number, bytes| attributes.put(number, bytes));
        put_via(&mut attributes, self.via);
        if !self.nexthops.is_empty() {
            let hops: Result<Vec<Vec<u8>>> = self.nexthops.iter().map(|hop| hop.bytes(ns)).collect();
            attributes.put(RTA_MULTIPATH, &hops?.concat());
        }
        out.extend(attributes.into_bytes()?);
        Ok(out)
    }

    fn links(&mut self) -> impl Iterator<Item = &mut LinkRef> {
        self.dev.iter_mut().chain(self.nexthops.iter_mut().filter_map(|hop| hop.dev.as_mut()))
    }
}

/// `struct rtvia`: family, address.
fn put_via(attributes: &mut Attributes, via: Option<IpAddr>) {
    if let Some(via) = via {
        let family = u16::from(Family::of(via).number());
        attributes.put(RTA_VIA, &[family.to_ne_bytes().as_slice(), &octets(via)].concat());
    }
}

impl Hop {
    /// `struct rtnexthop`: length, flags, hops, index; then its attributes.
    fn bytes(&self, ns: &Namespace) -> Result<Vec<u8>> {
        let (mut dev, mut attributes) = (self.dev.clone(), Attributes::new());
        index(ns, &mut dev)?;
        Table::encode(self, &mut |number, bytes| attributes.put(number, bytes));
        put_via(&mut attributes, self.via);
        let attributes = attributes.into_bytes()?;
        let mut out = ((8 + attributes.len()) as u16).to_ne_bytes().to_vec();
        out.extend([0, 0]);
        out.extend(dev.map_or(0, |dev| dev.index).to_ne_bytes());
        out.extend(attributes);
        Ok(out)
    }
}

/// A kernel without MPLS answers with the routes of other families.
fn parse(payload: &[u8]) -> Option<Mpls> {
    let [AF_MPLS, _, _, _, _, proto, _, _, a, b, c, d] = *payload.first_chunk()? else { return None };
    let mut route = Mpls {
        proto: Some(Origin(proto)),
        flags: Some(Flags::of(u32::from_ne_bytes([a, b, c, d]))),
        ..Mpls::default()
    };
    for (number, bytes) in attributes_of(payload.get(12..)?) {
        match number {
            RTA_VIA => route.via = from_octets(bytes.get(2..)?),
            RTA_MULTIPATH => route.nexthops = hops(bytes),
            _ => route.decode(number, bytes),
        }
    }
    route.label.is_some().then_some(route)
}

fn hops(mut bytes: &[u8]) -> Vec<Hop> {
    let mut out = Vec::new();
    while let Some(length) = bytes.get(0..2).map(|b| unsigned(b) as usize) {
        let Some(hop) = bytes.get(..length).filter(|hop| hop.len() >= 8) else { break };
        let link = LinkRef { index: unsigned(&hop[4..8]) as u32, ..LinkRef::default() };
        let mut found = Hop { dev: Some(link), flags: Some(Flags::of(hop[2].into())), ..Hop::default() };
        for (number, value) in attributes_of(&hop[8..]) {
            match number {
                RTA_VIA => found.via = value.get(2..).and_then(from_octets),
                RTA_NEWDST => found.decode(RTA_NEWDST, value),
                _ => {}
            }
        }
        out.push(found);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    out
}

/// `as to 200 via inet 10.0.0.2 dev eth0`, as `ip` prints it, or with `as`, as it takes it.
pub fn way(replace: &str, out: Option<&Labels>, via: Option<IpAddr>, dev: Option<&LinkRef>) -> String {
    let words = [
        out.map(|labels| format!("{replace} {}", labels.word())),
        via.map(|via| format!("via {} {via}", Family::of(via).name())),
        dev.map(|dev| format!("dev {}", dev.word())),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// As `ip -f mpls route` prints it: `100 as to 200 via inet 10.0.0.2 dev eth0`.
impl fmt::Display for Mpls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BOOT: Origin = Origin(3);
        let proto = self.proto.filter(|proto| *proto != BOOT).and_then(|_| pair(self, "proto"));
        let flags = |flags: Option<Flags>| flags.map(|flags| flags.names().collect::<Vec<_>>().join(" "));
        let words = [
            self.label.map(|label| label.word()),
            Some(way("as to", self.out.as_ref(), self.via, self.dev.as_ref())),
            proto,
            flags(self.flags),
            pair(self, "ttl_propagate"),
        ];
        let words: Vec<String> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
        f.write_str(&words.join(" "))?;
        for hop in &self.nexthops {
            let flags = flags(hop.flags).filter(|flags| !flags.is_empty());
            let way = way("as to", hop.out.as_ref(), hop.via, hop.dev.as_ref());
            write!(f, "\n\tnexthop {way}{}", flags.map(|flags| format!(" {flags}")).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// How many labels there is room for. Raises `unsupported` if the kernel has no MPLS.
pub fn room(ns: &Namespace) -> Result<u32> {
    match sysctl::get(ns, PLATFORM_LABELS) {
        Ok(room) => Ok(room.trim().parse().unwrap_or(0)),
        Err(e) if e.kind() == Kind::NotFound => Err(unsupported(Error::new(Kind::Unsupported, "no MPLS"))),
        Err(e) => Err(e),
    }
}

fn unsupported(e: Error) -> Error {
    e.with_kind(Kind::Unsupported)
        .hint("the kernel lacks MPLS: it needs CONFIG_MPLS_ROUTING: sudo modprobe mpls_router")
}

/// Adds a route, as `ip -f mpls route add LABEL ...`. Raises `exists` if there is one for the label.
pub fn add(ns: &Namespace, route: &Mpls) -> Result<()> {
    send(ns, route, NLM_F_CREATE | NLM_F_EXCL, Verb::Add)
}

/// Adds it, or puts it in the place of the one for the label.
pub fn replace(ns: &Namespace, route: &Mpls) -> Result<()> {
    send(ns, route, NLM_F_CREATE | NLM_F_REPLACE, Verb::Replace)
}

fn send(ns: &Namespace, route: &Mpls, flags: u16, verb: Verb) -> Result<()> {
    route.check()?;
    let request = route.encode(ns)?;
    ns.rtnl(RTM_NEWROUTE, flags, &request, |_| Ok(())).map_err(|e| explain(ns, route, e))?;
    ns.report(Done::Mpls(verb, route));
    Ok(())
}

fn explain(ns: &Namespace, route: &Mpls, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT) if room(ns).is_err() => unsupported(e),
        Some(Errno::EEXIST) => match route.label.map(|label| get(ns, label)) {
            Some(Ok(Some(there))) => {
                e.hint(format!("there is {there}; mpls.replace puts the new one in its place"))
            }
            _ => e,
        },
        Some(Errno::EINVAL)
            if route.label.is_some_and(|label| room(ns).is_ok_and(|room| label.0 >= room)) =>
        {
            let room = room(ns).unwrap_or(0);
            e.hint(format!(
                "{} has room for labels below {room}; sysctl.set({PLATFORM_LABELS:?}, 1048575) makes room for all",
                ns.name()
            ))
        }
        // A way is refused for the same reasons as a route's.
        Some(Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENETDOWN | Errno::EPERM) => {
            let hops = route.nexthops.iter();
            let hops = hops.map(|hop| route::Nexthop { via: hop.via, ..route::Nexthop::default() }).collect();
            let (via, dev) = (route.via, route.dev.clone());
            route::explain::add(ns, &Route { via, dev, nexthops: hops, ..Route::default() }, e)
        }
        _ => e,
    }
}

/// Deletes the route for the label. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, label: Label) -> Result<()> {
    // The kernel says nothing where there is none.
    if get(ns, label)?.is_none() {
        room(ns)?;
        return Err(Error::new(Kind::NotFound, format!("{} has no route for this label", ns.name()))
            .hint("mpls.list shows those that are there"));
    }
    remove(ns, label)
}

fn remove(ns: &Namespace, label: Label) -> Result<()> {
    let route = Mpls { label: Some(label), ..Mpls::default() };
    ns.rtnl(RTM_DELROUTE, 0, &route.encode(ns)?, |_| Ok(())).map_err(|e| explain(ns, &route, e))?;
    ns.report(Done::Mpls(Verb::Del, &route));
    Ok(())
}

/// The route for the label, if there is one.
pub fn get(ns: &Namespace, label: Label) -> Result<Option<Mpls>> {
    let found = list(ns, &Mpls { label: Some(label), ..Mpls::default() })?;
    Ok(found.into_iter().next())
}

/// Those that have all that is given, by their labels, as `ip -f mpls route show`. A kernel without MPLS has none.
pub fn list(ns: &Namespace, filter: &Mpls) -> Result<Vec<Mpls>> {
    let mut filter = filter.clone();
    index(ns, &mut filter.dev)?;
    if room(ns).is_err() {
        return Ok(Vec::new());
    }
    let head = [AF_MPLS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let fitting = |payload: &[u8]| parse(payload).filter(|route| filter.fits(route));
    let mut found = ns.dump(RTM_GETROUTE, &head, fitting)?;
    name_links(ns, found.iter_mut().flat_map(Mpls::links))?;
    Ok(found)
}

/// Deletes those that have all that is given; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Mpls) -> Result<usize> {
    let found = list(ns, filter)?;
    for label in found.iter().filter_map(|route| route.label) {
        remove(ns, label)?;
    }
    Ok(found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_in_their_range() {
        for (label, taken) in [(15, false), (16, true), (1_048_575, true), (1_048_576, false), (-1, false)] {
            assert_eq!(Label::read(&Value::Int(label)).unwrap().is_some(), taken, "{label}");
        }
        // 20 bits of label, three of class, the bit of the last one, eight of TTL.
        assert_eq!(Label(100).encode().unwrap(), [0, 6, 0x41, 0]);
        assert_eq!(Label::decode(&[0, 6, 0x41, 0]), Some(Label(100)));
    }

    #[test]
    fn a_route_prints_as_ip_prints_it() {
        let via = "fd00::2".parse().ok();
        let out = Some(Labels(vec![200, 300]));
        let route = Mpls { label: Some(Label(100)), out, via, ..Mpls::default() };
        assert_eq!(route.to_string(), "100 as to 200/300 via inet6 fd00::2");
    }

    #[test]
    fn rubbish_from_the_kernel_is_left_out() {
        for length in 0..60 {
            assert_eq!(parse(&vec![7; length]), None);
            let mut rubbish = vec![7; length];
            rubbish.first_mut().into_iter().for_each(|family| *family = AF_MPLS);
            let _ = parse(&rubbish);
        }
    }
}
