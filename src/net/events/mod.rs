//! What the kernel tells by itself: links, addresses, routes, rules, neighbours, forwarding and nf_tables rules that
//! come, change and go.
//!
//! [`Events`] hears all namespaces of a lab through one socket in `host`. The kernel passes on to such a socket
//! (NETLINK_LISTEN_ALL_NSID, netlink(7)) the events of every namespace that the socket's own has a number for, and
//! says the number with each. Compared with a socket in each namespace, that keeps the order of events between
//! namespaces, costs one descriptor and one look however many there are, and keeps no deleted namespace alive. A
//! namespace has a number once a link leads there; the others are given one, which is nobody else's business as long
//! as the lab is a sandbox.
//!
//! Under `--host` the numbers are the machine's, they stay for good, and `ip netns set` of somebody else fails once
//! there is one. So no number is given there: a namespace without one is heard through a socket of its own. Events of
//! namespaces that aren't nsh's (a container's) are passed over. A namespace that another program makes while nsh
//! listens is heard from when a link of `host` leads there, or nsh first looks at it.
//!
//! A buffer that overflows is told as [`What::Lost`], and what comes later is heard again.
//!
//! [`Listener`] is for one who waits for one namespace: it tells that something happened, and the waiting one looks.

mod changes;
mod decode;
mod numbers;
#[cfg(test)]
mod tests;
mod text;

pub use changes::Changes;
pub use decode::{Netconf, Nft};

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::rc::{Rc, Weak};

use nix::poll::PollFlags;

use super::addr::Addr;
use super::bridge::mdb;
use super::link::{Link, find};
use super::mptcp;
use super::namespace::{Namespace, Namespaces};
use super::neigh::Neigh;
use super::netlink::{Listening, Received, messages};
use super::nf::conntrack::Connection;
use super::route::Route;
use super::rule::Rule;
use crate::base::error::Result;
use crate::base::wait::{self, Deadline};
use numbers::Numbers;

/// What is listened for; named as in ip-monitor(8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    Link,
    Address,
    Route,
    Rule,
    Neigh,
    /// Forwarding, rp_filter and the like, of a link or of all.
    Netconf,
    /// Numbers that `host` has for other namespaces; of no use to a [`Listener`].
    Nsid,
    /// Multicast databases of bridges, as `bridge monitor mdb` tells them.
    Mdb,
    /// nf_tables, as `nft monitor` tells it.
    Nft,
    /// Tracked connections, as `conntrack -E` tells them.
    Conntrack,
    /// Connections of Multipath TCP, as `ip mptcp monitor` tells them.
    Mptcp,
}

impl Object {
    pub const ALL: &[Object] = &[
        Object::Link,
        Object::Address,
        Object::Route,
        Object::Rule,
        Object::Neigh,
        Object::Netconf,
        Object::Nsid,
        Object::Mdb,
        Object::Nft,
        Object::Conntrack,
        Object::Mptcp,
    ];

    /// As `ip monitor` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Object::Link => "link",
            Object::Address => "address",
            Object::Route => "route",
            Object::Rule => "rule",
            Object::Neigh => "neigh",
            Object::Netconf => "netconf",
            Object::Nsid => "nsid",
            Object::Mdb => "mdb",
            Object::Nft => "nft",
            Object::Conntrack => "conntrack",
            Object::Mptcp => "mptcp",
        }
    }

    /// RTNLGRP_* in linux/rtnetlink.h, of IPv4 and IPv6; NFNLGRP_NFTABLES and
    /// NFNLGRP_CONNTRACK_* in linux/netfilter/nfnetlink_compat.h.
    fn groups(self) -> &'static [u32] {
        match self {
            Object::Link => &[1],
            Object::Neigh => &[3],
            Object::Address => &[5, 9],
            Object::Route => &[7, 11],
            Object::Rule => &[8, 19],
            Object::Netconf => &[24, 25],
            Object::Mdb => &[26],
            Object::Nsid => &[28],
            Object::Nft => &[7],
            Object::Conntrack => &[1, 2, 3],
            // The kernel gives it a number; see `sockets`.
            Object::Mptcp => &[],
        }
    }

    fn protocol(self) -> isize {
        match self {
            Object::Nft | Object::Conntrack => netlink_sys::protocols::NETLINK_NETFILTER,
            Object::Mptcp => netlink_sys::protocols::NETLINK_GENERIC,
            _ => netlink_sys::protocols::NETLINK_ROUTE,
        }
    }

    /// Whether a socket of another namespace hears it. Messages of generic netlink don't say by themselves what they are. The kernel makes events of connections only where a socket of the
    /// namespace itself listens (2, the default of net.netfilter.nf_conntrack_events).
    fn is_heard_from_afar(self) -> bool {
        !matches!(self, Object::Conntrack | Object::Mptcp)
    }
}

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Added,
    /// It is now so. Of addresses and neighbours the kernel doesn't tell whether they are new or changed.
    Set,
    Deleted,
}

/// The thing that an event is about, as the readers of `net` decode it.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The flags (IFF_*) that the kernel says have changed; its names of other links aren't filled in.
    Link(Box<Link>, u32),
    /// A port of a bridge (its state, say): the link's name.
    Port(String),
    Address(Box<Addr>),
    Route(Box<Route>),
    Rule(Box<Rule>),
    Neigh(Box<Neigh>),
    Netconf(Netconf),
    /// `host` has this number for the namespace, or, deleted, has it no longer: the namespace is gone.
    Nsid(i32),
    Mdb(Box<mdb::Entry>),
    Nft(Box<Nft>),
    Conntrack(Box<Connection>),
    Mptcp(Box<mptcp::Event>),
    /// Events were lost for want of space, of all namespaces: whoever keeps track must look anew.
    Lost,
}

/// Something that happened in a namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The namespace's name.
    pub namespace: Rc<str>,
    pub change: Change,
    pub what: What,
}

/// A namespace that is heard, and the names of its links, which most events tell by index only.
struct Place {
    name: Rc<str>,
    ns: Weak<Namespace>,
    links: RefCell<HashMap<u32, String>>,
}

impl Place {
    fn new(ns: &Rc<Namespace>) -> Rc<Place> {
        Place::of(ns.name().into(), Rc::downgrade(ns))
    }

    fn of(name: Rc<str>, ns: Weak<Namespace>) -> Rc<Place> {
        Rc::new(Place { name, ns, links: RefCell::default() })
    }

    /// Whether nsh still knows the namespace.
    fn alive(&self) -> bool {
        self.ns.upgrade().is_some_and(|ns| ns.fd().is_ok())
    }

    /// The link's name, the last one known if it is gone, else its index.
    fn link(&self, index: u32) -> String {
        if let Some(name) = self.links.borrow().get(&index) {
            return name.clone();
        }
        let found = self.ns.upgrade().and_then(|ns| find::name(&ns, index).ok().flatten());
        match found {
            Some(name) => {
                self.links.borrow_mut().insert(index, name.clone());
                name
            }
            None => index.to_string(),
        }
    }
}

/// Listens in one namespace.
pub struct Listener(Vec<Listening>);

impl Listener {
    /// Opens a socket in `ns`; events from here on are heard.
    pub fn open(ns: &Namespace, objects: &[Object]) -> Result<Self> {
        Ok(Listener(sockets(ns, objects, false)?))
    }

    /// Waits until something happened, whatever it was, and takes all that is there: time to look again. False when
    /// the deadline passed.
    pub fn wait(&mut self, deadline: Deadline) -> Result<bool> {
        let fds: Vec<_> = self.0.iter().map(|s| (s.fd(), PollFlags::POLLIN)).collect();
        let ready = wait::wait(&fds, deadline)?.contains(&true);
        for socket in &mut self.0 {
            while !matches!(socket.receive()?, Received::Nothing) {}
        }
        Ok(ready)
    }
}

/// All objects that this kernel tells of: not every one has MPTCP.
pub fn all_here(ns: &Namespace) -> Vec<Object> {
    let told = |object: &Object| *object != Object::Mptcp || mptcp::group(ns).is_ok();
    Object::ALL.iter().copied().filter(told).collect()
}

/// A socket for each protocol that the objects need.
fn sockets(ns: &Namespace, objects: &[Object], everywhere: bool) -> Result<Vec<Listening>> {
    let mut groups: Vec<(isize, Vec<u32>)> = Vec::new();
    for object in objects {
        if *object == Object::Mptcp {
            groups.push((object.protocol(), vec![mptcp::group(ns)?]));
            continue;
        }
        match groups.iter_mut().find(|(protocol, _)| *protocol == object.protocol()) {
            Some((_, of_protocol)) => of_protocol.extend(object.groups()),
            None => groups.push((object.protocol(), object.groups().to_vec())),
        }
    }
    groups.iter().map(|(protocol, groups)| Listening::open(ns, *protocol, groups, everywhere)).collect()
}

/// A socket, and the namespace that it is for; `None`: for all that have a number.
struct Source {
    socket: Listening,
    place: Option<Rc<Place>>,
    /// What its messages are about, if they don't say so.
    of: Option<Object>,
}

/// Listens in all namespaces of a lab.
pub struct Events {
    objects: Vec<Object>,
    sources: Vec<Source>,
    host: Rc<Place>,
    /// Where connections are listened for.
    connections: Vec<Rc<Place>>,
    numbers: Numbers,
    queue: VecDeque<Event>,
}

impl Events {
    /// Listens from here on in all namespaces that are there and that come. With `number`, those without a number
    /// are given one: for sandboxes only.
    pub fn open(all: &Namespaces, objects: &[Object], number: bool) -> Result<Self> {
        let mut objects = objects.to_vec();
        // Namespaces that other programs make are found by their numbers.
        if !objects.contains(&Object::Nsid) {
            objects.push(Object::Nsid);
        }
        let mut afar = objects.clone();
        afar.retain(|object| object.is_heard_from_afar());
        let everywhere = sockets(all.host(), &afar, true);
        // Without CAP_NET_BROADCAST each namespace is heard by itself.
        let alone = everywhere.is_err();
        let opened = everywhere.or_else(|_| sockets(all.host(), &afar, false))?;
        let host = Place::new(all.host());
        let of_host = alone.then(|| host.clone());
        let sources =
            opened.into_iter().map(|socket| Source { socket, place: of_host.clone(), of: None }).collect();
        all.note_numbers(number && !alone);
        let numbers = Numbers::new(alone, all.noted());
        let queue = VecDeque::new();
        let mut events = Events { objects, sources, host, connections: Vec::new(), numbers, queue };
        events.include_all(all)?;
        Ok(events)
    }

    /// The descriptors to poll, for who waits for other things too; any that is readable means that [`Events::next`]
    /// has something to look at. They may change with each call.
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        self.sources.iter().map(|s| s.socket.fd()).collect()
    }

    /// The next event, `None` when the deadline passed.
    pub fn next(&mut self, all: &Namespaces, deadline: Deadline) -> Result<Option<Event>> {
        loop {
            self.receive(all)?;
            if let Some(event) = self.queue.pop_front() {
                return Ok(Some(event));
            }
            let fds: Vec<_> = self.fds().into_iter().map(|fd| (fd, PollFlags::POLLIN)).collect();
            if !wait::wait(&fds, deadline)?.contains(&true) {
                return Ok(None);
            }
        }
    }

    /// Hands over all events that are there, without waiting.
    pub fn drain(&mut self, all: &Namespaces, mut each: impl FnMut(Event)) -> Result<()> {
        self.receive(all)?;
        self.queue.drain(..).for_each(&mut each);
        Ok(())
    }

    fn receive(&mut self, all: &Namespaces) -> Result<()> {
        if self.numbers.has_news(all) {
            self.refresh(all)?;
        }
        // Away while they are read, since what is read may bring more of them.
        let mut sources = std::mem::take(&mut self.sources);
        let read = sources.iter_mut().try_for_each(|source| self.read(all, source));
        sources.append(&mut self.sources);
        self.sources = sources;
        read
    }

    fn read(&mut self, all: &Namespaces, source: &mut Source) -> Result<()> {
        loop {
            match source.socket.receive()? {
                Received::Nothing => return Ok(()),
                Received::Lost => {
                    self.tell(&self.host.clone(), Change::Set, What::Lost);
                    // Numbers may have come and gone unheard.
                    self.numbers.clear();
                    self.include_all(all)?;
                }
                Received::Messages(number, bytes) => {
                    let place = match (&source.place, number) {
                        (Some(place), _) => Some(place.clone()),
                        (None, None) => Some(self.host.clone()),
                        (None, Some(number)) => self.numbers.place(number),
                    };
                    // Else it is no namespace of nsh's.
                    if let Some(place) = place {
                        match source.of {
                            Some(_) => self.mptcp(&place, bytes)?,
                            None => self.datagram(all, &place, bytes)?,
                        }
                    }
                }
            }
        }
    }

    fn mptcp(&mut self, place: &Rc<Place>, bytes: &[u8]) -> Result<()> {
        for message in messages(bytes) {
            if let Some((change, what)) = decode::mptcp(place, message?.payload()) {
                self.tell(place, change, what);
            }
        }
        Ok(())
    }

    fn datagram(&mut self, all: &Namespaces, place: &Rc<Place>, bytes: &[u8]) -> Result<()> {
        for message in messages(bytes) {
            match decode::decode(place, &message?) {
                None => {}
                Some((change, What::Nsid(number))) if Rc::ptr_eq(place, &self.host) => {
                    if change == Change::Added && self.numbers.place(number).is_none() {
                        self.include_all(all)?;
                    }
                    if let Some(whose) = self.numbers.place(number) {
                        self.tell(&whose, change, What::Nsid(number));
                    }
                    if change == Change::Deleted {
                        self.numbers.forget(all, number);
                    }
                }
                // What another namespace calls its neighbours tells nothing here.
                Some((_, What::Nsid(_))) => {}
                Some((change, what)) => self.tell(place, change, what),
            }
        }
        Ok(())
    }

    fn tell(&mut self, place: &Place, change: Change, what: What) {
        self.queue.push_back(Event { namespace: place.name.clone(), change, what });
    }

    /// Takes in the namespaces that nsh made or found since the last look, and closes the sockets in those that it
    /// deleted.
    fn refresh(&mut self, all: &Namespaces) -> Result<()> {
        for note in self.numbers.news(all) {
            match (note.number, note.ns.upgrade()) {
                // It may be deleted again, but its events are still to be told.
                (Some(number), ns) => {
                    self.numbers.add(number, Place::of(note.name, note.ns));
                    ns.map_or(Ok(()), |ns| self.hear_connections(&ns))?;
                }
                (None, Some(ns)) => self.include(all, &ns)?,
                (None, None) => {}
            }
        }
        self.sources.retain(|s| s.place.as_ref().is_none_or(|place| place.alive()));
        Ok(())
    }

    fn include_all(&mut self, all: &Namespaces) -> Result<()> {
        for ns in all.all()? {
            self.include(all, &ns)?;
        }
        self.numbers.skip_to_now(all);
        Ok(())
    }

    fn include(&mut self, all: &Namespaces, ns: &Rc<Namespace>) -> Result<()> {
        self.hear_connections(ns)?;
        if ns.is_host() || self.numbers.has(ns) {
            return Ok(());
        }
        match if self.numbers.unused() { None } else { all.number_of(ns)? } {
            Some(number) => self.numbers.add(number, Place::new(ns)),
            None => self.hear_alone(ns)?,
        }
        Ok(())
    }

    fn hear_alone(&mut self, ns: &Rc<Namespace>) -> Result<()> {
        let place = Place::new(ns);
        let mut objects = self.objects.clone();
        objects.retain(|object| object.is_heard_from_afar());
        self.hear(ns, &objects, &place)?;
        self.numbers.without(place);
        Ok(())
    }

    fn hear(&mut self, ns: &Namespace, objects: &[Object], place: &Rc<Place>) -> Result<()> {
        for socket in sockets(ns, objects, false)? {
            let of = objects.first().copied().filter(|object| *object == Object::Mptcp);
            self.sources.push(Source { socket, place: Some(place.clone()), of });
        }
        Ok(())
    }

    fn hear_connections(&mut self, ns: &Rc<Namespace>) -> Result<()> {
        self.connections.retain(|place| place.alive());
        let heard = self.connections.iter().any(|place| std::ptr::eq(place.ns.as_ptr(), Rc::as_ptr(ns)));
        let near = [Object::Conntrack, Object::Mptcp].into_iter().filter(|o| self.objects.contains(o));
        let near: Vec<Object> = near.collect();
        if heard || near.is_empty() {
            return Ok(());
        }
        let place = Place::new(ns);
        near.iter().try_for_each(|object| self.hear(ns, &[*object], &place))?;
        self.connections.push(place);
        Ok(())
    }
}
