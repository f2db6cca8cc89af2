//! Policies: which packets are protected by which states, as `ip xfrm policy` handles them.

use std::net::IpAddr;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::fields::{Action, Dir, Level, Mode, Proto, Share, Spi, numbered, padded};
use super::selector::{Lifetime, Selector};
use super::{Xfrm, delete, mark_attribute, named, read_mark};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Table, table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::done::{Done, Verb};
use crate::net::fields::{Mark, Number};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;
use crate::net::prefix::{Family, from_octets};

const XFRM_MSG_NEWPOLICY: u16 = 19;
const XFRM_MSG_DELPOLICY: u16 = 20;
const XFRM_MSG_GETPOLICY: u16 = 21;
const XFRM_MSG_UPDPOLICY: u16 = 25;

const XFRMA_TMPL: u16 = 5;
const XFRMA_MARK: u16 = 21;

table! {
    /// A policy (ip-xfrm(8), `struct xfrm_userpolicy_info` of linux/xfrm.h): one to add, one that the kernel reported, or what
    /// those to be found must have.
    pub struct Policy {
        Set dir: Dir = header always, ip ["dir"], "of packets that come in, go out, or are forwarded";
        Set family: Family = header always, ip [], "IPv4 (inet) or IPv6 (inet6), where no prefix says it; default inet";
        Set mark: Mark = header, ip ["mark"], "the mark that packets must have";
        Set mask: Mark = header, ip ["mask"], "which bits of the mark count; default all";
        Set index: Number = header, ip ["index"], "its number, chosen by the kernel unless given";
        Set action: Action = header, ip ["action"], "whether packets pass; default allow";
        Set priority: Number = header, ip ["priority"], "its place: lower ones are looked up first; default 0";
        Set if_id: Mark = 31, ip ["if_id"], "the xfrm links that it is for";
        Set localok: bool = {flag 1}, ip ["flag localok"], "a socket's own policy may say otherwise; default false";
        Set icmp: bool = {flag 2}, ip ["flag icmp"], "ICMP errors pass by what their payload is; default false";
        Read share: Share = header, ip [], "who shares its states";
        Read lastused: super::fields::Limit = 15, ip [], "when it was used last, in seconds since 1970";
    } and {
        pub sel: Selector,
        pub life: Lifetime,
        /// What protects the packets, the innermost first.
        pub templates: Vec<Template>,
    }
}

table! {
    /// What a state must be like to protect a policy's packets: `struct xfrm_user_tmpl`.
    pub struct Template {
        Set src: IpAddr = header, ip ["src"], "the outer source, in a tunnel";
        Set dst: IpAddr = header, ip ["dst"], "the outer destination, in a tunnel";
        Set proto: Proto = header, ip ["proto"], "what protects the packets";
        Set spi: Spi = header, ip ["spi"], "the state's spi; default any";
        Set reqid: Number = header, ip ["reqid"], "the state's reqid; default any";
        Set mode: Mode = header, ip ["mode"], "the state's mode; default transport";
        Set level: Level = header, ip ["level"], "whether packets go on unprotected where there is no such state (use); default required";
    }
}

impl Template {
    const BYTES: usize = 64;

    fn encode(&self, family: Family) -> Vec<u8> {
        let own = self.dst.or(self.src).map_or(family, Family::of);
        let mut out = padded(self.dst).to_vec();
        out.extend(self.spi.map_or(0, |spi| spi.0).to_be_bytes());
        out.extend([self.proto.map_or(0, |proto| proto as u8), 0, 0, 0]);
        out.extend(u16::from(own.number()).to_ne_bytes());
        out.extend([0; 2]);
        out.extend(padded(self.src));
        out.extend(self.reqid.map_or(0, |reqid| reqid.0).to_ne_bytes());
        let optional = u8::from(self.level == Some(Level::Use));
        out.extend([self.mode.unwrap_or(Mode::Transport) as u8, 0, optional, 0]);
        // Any algorithms.
        out.extend([0xff; 12]);
        out
    }

    fn decode(bytes: &[u8; Template::BYTES]) -> Self {
        let length = if Family::from_number(bytes[24]) == Some(Family::Inet6) { 16 } else { 4 };
        let address = |at: usize| from_octets(&bytes[at..at + length]);
        let spi = u32::from_be_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        Template {
            src: address(28),
            dst: address(0),
            proto: numbered(bytes[20], |proto: Proto| proto as u8),
            spi: (spi != 0).then_some(Spi(spi)),
            reqid: Some(Between(unsigned(&bytes[44..48]) as u32)),
            mode: numbered(bytes[48], |mode: Mode| mode as u8),
            level: Some(if bytes[50] != 0 { Level::Use } else { Level::Required }),
        }
    }
}

impl Policy {
    const BYTES: usize = 168;

    pub fn family(&self) -> Family {
        self.sel.family().or(self.family).unwrap_or(Family::Inet)
    }

    fn lets(&self, policy: &Policy) -> bool {
        let has = |template: &Template| policy.templates.iter().any(|other| template.fits(other));
        self.fits(policy)
            && self.sel.fits(&policy.sel)
            && self.life.fits(&policy.life)
            && self.templates.iter().all(has)
    }

    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        self.sel.check()?;
        if self.mask.is_some() && self.mark.is_none() {
            return wrong("mask says which bits of mark count; give mark too");
        }
        if self.sel.family().zip(self.family).is_some_and(|(prefixes, given)| prefixes != given) {
            return wrong("the prefixes are not of that family");
        }
        if self.dir.is_none() {
            return wrong("a policy needs a dir: in, out or fwd");
        }
        for template in &self.templates {
            let tunnel = template.mode == Some(Mode::Tunnel);
            if tunnel && (template.src.is_none() || template.dst.is_none()) {
                return wrong("tmpl: a tunnel needs src and dst");
            }
            if template.src.zip(template.dst).is_some_and(|(src, dst)| src.is_ipv4() != dst.is_ipv4()) {
                return wrong("tmpl: src and dst are of different families");
            }
        }
        Ok(())
    }

    /// `struct xfrm_userpolicy_info`, then the attributes.
    fn encode(&self, ns: &Namespace) -> Result<Vec<u8>> {
        let mut out = self.sel.encode(ns, self.family())?;
        out.extend(self.life.encode());
        for number in [self.priority, self.index] {
            out.extend(number.map_or(0, |number| number.0).to_ne_bytes());
        }
        out.push(self.dir.unwrap_or(Dir::In) as u8);
        out.push(self.action.unwrap_or(Action::Allow) as u8);
        out.push(self.flags() as u8);
        out.resize(Self::BYTES, 0);
        let mut attributes = Attributes::new();
        Table::encode(self, &mut |number, bytes| attributes.put(number, bytes));
        mark_attribute(&mut attributes, self.mark, self.mask);
        if !self.templates.is_empty() {
            let templates = self.templates.iter().flat_map(|template| template.encode(self.family()));
            attributes.put(XFRMA_TMPL, &templates.collect::<Vec<_>>());
        }
        out.extend(attributes.into_bytes()?);
        Ok(out)
    }

    /// `struct xfrm_userpolicy_id`, and what else tells policies apart.
    fn key(&self, ns: &Namespace) -> Result<Vec<u8>> {
        let mut out = self.sel.encode(ns, self.family())?;
        out.extend(self.index.map_or(0, |index| index.0).to_ne_bytes());
        out.extend([self.dir.unwrap_or(Dir::In) as u8, 0, 0, 0]);
        let mut attributes = Attributes::new();
        let own = Policy { if_id: self.if_id, ..Policy::default() };
        Table::encode(&own, &mut |number, bytes| attributes.put(number, bytes));
        mark_attribute(&mut attributes, self.mark, self.mask);
        out.extend(attributes.into_bytes()?);
        Ok(out)
    }

    /// What tells it from others.
    fn identity(&self) -> Policy {
        let Policy { dir, family, mark, mask, if_id, .. } = *self;
        Policy { dir, family, mark, mask, if_id, sel: self.sel.clone(), ..Policy::default() }
    }
}

/// `None` also for the policies of single sockets.
fn parse(payload: &[u8]) -> Option<Policy> {
    let fixed = payload.first_chunk::<{ Policy::BYTES }>()?;
    let number = |at: usize| Some(Between(unsigned(&fixed[at..at + 4]) as u32));
    let (family, sel) = Selector::decode(fixed)?;
    let mut policy = Policy {
        dir: Some(numbered(fixed[160], |dir: Dir| dir as u8)?),
        family: Some(family?),
        index: number(156),
        action: numbered(fixed[161], |action: Action| action as u8),
        priority: number(152),
        share: numbered(fixed[163], |share: Share| share as u8),
        sel,
        life: Lifetime::decode(&fixed[Selector::BYTES..])?,
        ..Policy::blank()
    };
    policy.decode_flags(fixed[162].into());
    for (kind, bytes) in attributes_of(&payload[Policy::BYTES..]) {
        match kind {
            XFRMA_MARK => (policy.mark, policy.mask) = read_mark(bytes),
            XFRMA_TMPL => {
                let templates = bytes.as_chunks::<{ Template::BYTES }>().0;
                policy.templates = templates.iter().map(Template::decode).collect();
            }
            _ => policy.decode(kind, bytes),
        }
    }
    Some(policy)
}

/// Adds a policy, as `ip xfrm policy add ...`. Raises `exists` if there is one for the same packets.
pub fn add(ns: &Namespace, policy: &Policy) -> Result<()> {
    send(ns, policy, XFRM_MSG_NEWPOLICY, Verb::Add)
}

/// Adds it, or puts it in the place of the one for the same packets, as `ip xfrm policy update ...`.
pub fn replace(ns: &Namespace, policy: &Policy) -> Result<()> {
    send(ns, policy, XFRM_MSG_UPDPOLICY, Verb::Replace)
}

fn send(ns: &Namespace, policy: &Policy, message_type: u16, verb: Verb) -> Result<()> {
    policy.check()?;
    let request = policy.encode(ns)?;
    Xfrm::open(ns)?.change(message_type, &request).map_err(explain)?;
    ns.report(Done::XfrmPolicy(verb, policy));
    Ok(())
}

fn explain(e: Error) -> Error {
    match e.raw() {
        Some(Errno::EEXIST) => {
            e.hint("there is a policy for the same packets; xfrm.policy.replace puts the new one in its place")
        }
        Some(Errno::ENOENT | Errno::ESRCH) => e.with_kind(Kind::NotFound).hint(
            "dir, src, dst, proto, ports, dev, mark and if_id must be the policy's; xfrm.policy.list shows them",
        ),
        _ => e,
    }
}

/// Deletes the policy of this dir for exactly these packets, or of this index. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, policy: &Policy) -> Result<()> {
    policy.check()?;
    let request = policy.key(ns)?;
    Xfrm::open(ns)?.change(XFRM_MSG_DELPOLICY, &request).map_err(explain)?;
    let mut told = policy.identity();
    told.index = policy.index;
    ns.report(Done::XfrmPolicy(Verb::Del, &told));
    Ok(())
}

/// The policy of this dir for exactly these packets, or of this index, if there is one.
pub fn get(ns: &Namespace, policy: &Policy) -> Result<Option<Policy>> {
    policy.check()?;
    let found = Xfrm::open(ns)?.ask(XFRM_MSG_GETPOLICY, 0, &policy.key(ns)?, parse);
    match found {
        Err(e) if e.raw() == Some(Errno::ENOENT) => Ok(None),
        found => named(ns, found?, |policy| &mut policy.sel).map(|found| found.into_iter().next()),
    }
}

/// The policies that have all that is given, as `ip xfrm policy list`, but for those of single sockets.
pub fn list(ns: &Namespace, filter: &Policy) -> Result<Vec<Policy>> {
    let body = [0; 64];
    let found = Xfrm::open(ns)?.ask(XFRM_MSG_GETPOLICY, NLM_F_DUMP, &body, parse)?;
    let mut found = named(ns, found, |policy| &mut policy.sel)?;
    found.retain(|policy| filter.lets(policy));
    Ok(found)
}

/// Deletes those that have all that is given; returns how many there were.
pub fn flush(ns: &Namespace, filter: &Policy) -> Result<usize> {
    delete(&list(ns, filter)?, |policy| del(ns, &policy.identity()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_from_the_kernel_is_left_out() {
        for length in 0..2 * Policy::BYTES {
            assert_eq!(parse(&vec![7; length]), None);
        }
    }
}
