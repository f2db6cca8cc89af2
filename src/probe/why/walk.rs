//! Follows a packet from namespace to namespace, as the kernel's lookups and the state of links say.

use std::net::IpAddr;

use super::fault::{Cause, Fault, Way};
use super::nat::{self, Translation};
use super::packet::Packet;
use super::routing::{self, Next};
use super::segment::Step;
use super::snapshot::{Snapshot, Space};
use super::{deliver, neighbour};
use crate::net::link::Link;

/// A link that the packet passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub namespace: String,
    pub dev: String,
    pub inward: bool,
    pub way: Way,
    /// `192.168.1.10 > 8.8.8.8`, where it is new.
    pub packet: String,
    pub note: String,
    /// Whether the probe was seen there.
    pub seen: bool,
}

/// A namespace that forwards the packet.
pub struct Router<'a> {
    pub space: &'a Space,
    pub from: &'a Link,
    pub out: &'a Link,
    pub packet: Packet,
}

/// Where a way ends.
pub enum End<'a> {
    /// At the host that has the address, with the packet as it arrives.
    At(&'a Space, Packet),
    Lost,
    /// Nothing more is known of it.
    Outside,
}

/// What of a packet routers look at besides.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes, headers of IP and of what it carries included.
    pub size: u32,
    /// Routers don't cut it in pieces.
    pub whole: bool,
    /// Its time to live, where that was asked for.
    pub ttl: Option<u8>,
}

pub struct Walk<'a> {
    pub lab: &'a Snapshot<'a>,
    pub hops: Vec<Hop>,
    pub faults: Vec<Fault>,
    pub translations: Vec<Translation>,
    /// What NAT was seen to do; where there is some, it counts instead of the rules.
    observed: Vec<Translation>,
    /// Those of the way forth.
    pub routers: Vec<Router<'a>>,
    pub way: Way,
    /// What is to be told of the next hop.
    pending: String,
    /// How large the packet is, and how far it may go.
    pub limits: Limits,
}

impl<'a> Walk<'a> {
    pub fn new(lab: &'a Snapshot<'a>, limits: Limits, observed: Vec<Translation>) -> Self {
        Walk {
            lab,
            hops: Vec::new(),
            faults: Vec::new(),
            translations: Vec::new(),
            observed,
            routers: Vec::new(),
            way: Way::Forth,
            pending: String::new(),
            limits,
        }
    }

    /// Follows the packet to its destination, and what is answered back.
    pub fn both_ways(&mut self, from: &'a Space, packet: Packet) {
        let asked = packet.dst;
        let End::At(target, arrived) = self.follow(from, packet, Way::Forth) else { return };
        deliver::check(self, target, &arrived);
        let Some(answer) = arrived.answer() else { return };
        if let End::At(end, answer) = self.follow(target, answer, Way::Back)
            && end.is(from)
            && answer.src != Some(asked)
        {
            self.bypassed(&answer);
        }
    }

    /// The answer comes back by another way than the one on which its destination was translated: not from where it was asked.
    fn bypassed(&mut self, answer: &Packet) {
        let (Some(by), Some(t)) = (answer.src, self.translations.first()) else { return };
        let Some(router) = self.routers.iter().find(|r| r.space.ns.inode() == t.inode) else { return };
        let (space, dev, source) = (router.space, router.out.name.clone(), answer.dst);
        let subnet =
            space.addrs_on(router.from, answer.family()).map(|a| a.prefix()).find(|p| p.contains(source));
        let prefix = subnet.map_or_else(|| source.to_string(), |p| format!("{}/{}", p.network(), p.prefix()));
        self.fault(space, Some(&dev), Cause::NatBypassed { by, source, asked: t.before.dst, prefix });
    }

    fn follow(&mut self, from: &'a Space, mut packet: Packet, way: Way) -> End<'a> {
        self.way = way;
        let (mut at, mut iif) = (from, None);
        let mut passed: Vec<(u64, IpAddr, String)> = Vec::new();
        loop {
            packet = self.translate(at, iif, packet);
            if passed.iter().any(|(inode, dst, _)| (*inode, *dst) == (at.ns.inode(), packet.dst)) {
                self.circle(at, &passed, &packet);
                return End::Lost;
            }
            let (out, next) = match routing::decide(self, at, iif, &mut packet) {
                None => return End::Lost,
                Some(Next::Here) if way == Way::Back => return End::At(at, self.disguised(at, packet)),
                Some(Next::Here) => return End::At(at, packet),
                Some(Next::By { out, next }) => (out, next),
            };
            passed.push((at.ns.inode(), packet.dst, at.name().to_owned()));
            if let Some(from) = iif.filter(|_| way == Way::Forth) {
                self.routers.push(Router { space: at, from, out, packet: packet.clone() });
                if self.check_ttl(at) {
                    return End::Lost;
                }
            }
            self.check_size(at, iif, out);
            packet = self.leave(at, out, packet);
            match neighbour::cross(self, at, out, next, &packet) {
                neighbour::Crossed::To(space, link) => (at, iif) = (space, Some(link)),
                neighbour::Crossed::Lost => return End::Lost,
                neighbour::Crossed::Outside => return End::Outside,
            }
        }
    }

    /// What NAT makes of a packet that comes in or is sent: answers go to whom they answer, and destinations change.
    fn translate(&mut self, at: &Space, iif: Option<&Link>, packet: Packet) -> Packet {
        if self.way == Way::Back {
            let here = self.translations.iter().rev().filter(|t| t.inode == at.ns.inode());
            return here.fold(packet, |packet, t| t.returned(&packet).unwrap_or(packet));
        }
        let found = match self.observed(at, &packet) {
            Some(seen) => {
                let (dst, dport) = (seen.after.dst, seen.after.dport);
                (dst != packet.dst || dport != packet.dport).then(|| Packet { dst, dport, ..packet.clone() })
            }
            None => nat::destination(at, iif, &packet),
        };
        match found {
            Some(after) => {
                self.note(at, &format!("destination {} becomes {}", packet.dst, after.dst));
                self.keep(at, packet, after)
            }
            None => packet,
        }
    }

    /// What NAT makes of a packet that leaves by `out`.
    fn leave(&mut self, at: &Space, out: &Link, packet: Packet) -> Packet {
        if self.way == Way::Back {
            return self.disguised(at, packet);
        }
        let own = routing::own_address(at, out, packet.dst);
        let found = match self.observed(at, &packet) {
            Some(seen) => {
                let src = seen.after.src;
                (src != packet.src).then(|| Packet { src, ..packet.clone() })
            }
            None => nat::source(at, out, own, &packet),
        };
        match found {
            Some(after) => {
                if let Some(src) = after.src {
                    self.note(at, &format!("source becomes {src}"));
                }
                self.keep(at, packet, after)
            }
            None => packet,
        }
    }

    /// An answer as it goes on, be it to this very namespace: with the address that was asked.
    fn disguised(&self, at: &Space, packet: Packet) -> Packet {
        let here = self.translations.iter().rev().filter(|t| t.inode == at.ns.inode());
        here.fold(packet, |packet, t| t.disguised(&packet).unwrap_or(packet))
    }

    /// Whether the rules told of what was seen of NAT.
    pub fn expected(&self, seen: &Translation) -> bool {
        let mut here = self.translations.iter().filter(|t| t.inode == seen.inode);
        here.any(|t| (t.after.src, t.after.dst) == (seen.after.src, seen.after.dst))
    }

    /// What NAT was seen to do here to the packet, by either end that it has still.
    fn observed(&self, at: &Space, packet: &Packet) -> Option<&Translation> {
        let same = |t: &&Translation| {
            let begins = t.before.src == packet.src;
            t.inode == at.ns.inode() && begins && [t.before.dst, t.after.dst].contains(&packet.dst)
        };
        self.observed.iter().find(same)
    }

    fn keep(&mut self, at: &Space, before: Packet, after: Packet) -> Packet {
        self.translations.push(Translation { inode: at.ns.inode(), before, after: after.clone() });
        after
    }

    fn circle(&mut self, at: &Space, passed: &[(u64, IpAddr, String)], packet: &Packet) {
        let begin = passed.iter().position(|(inode, dst, _)| (*inode, *dst) == (at.ns.inode(), packet.dst));
        let names = passed[begin.unwrap_or(0)..].iter().map(|(_, _, name)| name.as_str()).chain([at.name()]);
        let cycle = names.collect::<Vec<_>>().join(" -> ");
        self.fault(at, None, Cause::Loop { cycle });
    }

    /// Adds to what is told of the link by which the packet came to `at`, or of the one by which it leaves.
    pub fn note(&mut self, at: &Space, text: &str) {
        let way = self.way;
        let came =
            self.hops.last_mut().filter(|hop| hop.inward && hop.way == way && hop.namespace == at.name());
        let note = came.map_or(&mut self.pending, |hop| &mut hop.note);
        if !note.is_empty() {
            note.push_str("; ");
        }
        note.push_str(text);
    }

    pub fn fault(&mut self, at: &Space, dev: Option<&str>, cause: Cause) {
        self.fault_with(at, dev, cause, Vec::new());
    }

    pub fn fault_with(&mut self, at: &Space, dev: Option<&str>, cause: Cause, evidence: Vec<String>) {
        let fault = Fault {
            after: self.hops.len() + usize::from(cause.shows_next()),
            cause,
            namespace: at.name().to_owned(),
            dev: dev.map(str::to_owned),
            way: self.way,
            evidence,
        };
        let same =
            |f: &Fault| (&f.cause, &f.namespace, &f.dev) == (&fault.cause, &fault.namespace, &fault.dev);
        let mutual =
            |f: &Fault| fault.cause.is_mutual() && f.cause.word() == fault.cause.word() && f.way != fault.way;
        if !self.faults.iter().any(|f| same(f) || mutual(f)) {
            self.faults.push(fault);
        }
    }

    /// Whether so many routers are too many.
    fn check_ttl(&mut self, at: &Space) -> bool {
        let ttl = self.limits.ttl.filter(|ttl| self.routers.len() >= usize::from(*ttl));
        if let Some(ttl) = ttl {
            self.fault(at, None, Cause::TtlExceeded { ttl });
        }
        ttl.is_some()
    }

    /// What a router can't send on as a whole.
    fn check_size(&mut self, at: &Space, iif: Option<&Link>, out: &Link) {
        let Limits { size, whole, .. } = self.limits;
        if iif.is_some() && whole && size > out.mtu() {
            self.fault(at, Some(&out.name), Cause::TooBig { size, mtu: out.mtu() });
        }
    }

    /// Takes a way across a segment.
    pub fn pass(&mut self, path: &[Step<'a>], packet: &Packet) {
        for (n, step) in path.iter().enumerate() {
            let packet = if n == 0 { packet.to_string() } else { String::new() };
            let pending = std::mem::take(&mut self.pending);
            let notes = [pending, step.note.clone()].into_iter().filter(|note| !note.is_empty());
            self.hops.push(Hop {
                namespace: step.space.name().to_owned(),
                dev: step.link.name.clone(),
                inward: step.inward,
                way: self.way,
                packet,
                note: notes.collect::<Vec<_>>().join("; "),
                seen: false,
            });
            for (dev, cause) in &step.faults {
                self.fault(step.space, Some(dev), cause.clone());
            }
        }
    }
}
