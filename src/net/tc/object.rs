//! Objects of traffic control on one link, and the messages about them: `struct tcmsg`, then TCA_* of
//! linux/rtnetlink.h.

use std::rc::Rc;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE};

use crate::base::error::Result;
use crate::model::Words;
use crate::net::attributes::{Attributes, find, string};
use crate::net::done::{Done, Verb};
use crate::net::link::{self, find as links};
use crate::net::namespace::Namespace;

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
/// TC_H_ROOT of linux/pkt_sched.h.
pub const ROOT: u32 = u32::MAX;
/// TC_H_INGRESS: where a discipline stands that has filters for what comes in.
pub const INGRESS: u32 = 0xffff_fff1;
/// TC_H_CLSACT with TC_H_MIN_INGRESS: those filters, be they an `ingress` discipline's or a `clsact`'s.
pub const INCOMING: u32 = 0xffff_fff2;
/// The handle of a discipline at [`INGRESS`].
pub const INGRESS_HANDLE: u32 = 0xffff_0000;
/// The length of `struct tcmsg`.
const TCMSG: usize = 20;

/// What an object is; the number is that of its RTM_NEW message in linux/rtnetlink.h, behind which stand DEL and GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    Qdisc = 36,
    Class = 40,
    Filter = 44,
}

impl Words for Noun {
    const WORDS: &'static [(&'static str, Self)] =
        &[("qdisc", Noun::Qdisc), ("class", Noun::Class), ("filter", Noun::Filter)];
}

/// A queueing discipline, a class or a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub noun: Noun,
    pub parent: u32,
    /// 0 where the kernel chooses, and of disciplines that the kernel itself has put there.
    pub handle: u32,
    /// Of a filter, its preference and its protocol (`ETH_P_*`).
    pub info: (u16, u16),
    pub kind: String,
    pub options: Vec<u8>,
}

impl Object {
    pub fn qdisc(parent: u32, handle: u32, kind: &str) -> Self {
        let (noun, info, options) = (Noun::Qdisc, (0, 0), Vec::new());
        Object { noun, parent, handle, info, kind: kind.to_owned(), options }
    }

    pub fn class(parent: u32, handle: u32, kind: &str) -> Self {
        Object { noun: Noun::Class, ..Self::qdisc(parent, handle, kind) }
    }

    /// A filter; of those with a lower preference comes first.
    pub fn filter(parent: u32, preference: u16, protocol: u16, kind: &str) -> Self {
        Object { noun: Noun::Filter, info: (preference, protocol), ..Self::qdisc(parent, 0, kind) }
    }

    pub fn with(self, options: Vec<u8>) -> Self {
        Object { options, ..self }
    }

    /// Its place as `tc` has it.
    fn place(&self) -> Vec<String> {
        let mut out = match self.parent {
            ROOT => vec!["root".to_owned()],
            INGRESS => return Vec::new(),
            INCOMING => vec!["ingress".to_owned()],
            parent => vec!["parent".to_owned(), handle_text(parent)],
        };
        let text = match self.noun {
            Noun::Filter => filter_handle_text(self.handle),
            _ => handle_text(self.handle),
        };
        if let (Noun::Filter, (preference, protocol)) = (self.noun, self.info) {
            let protocol = match i32::from(protocol) {
                libc::ETH_P_IP => "ip",
                libc::ETH_P_IPV6 => "ipv6",
                _ => "all",
            };
            out.extend(["protocol", protocol, "pref", &preference.to_string()].map(str::to_owned));
        }
        if self.handle != 0 {
            let word = if self.noun == Noun::Class { "classid" } else { "handle" };
            out.extend([word.to_owned(), text]);
        }
        out
    }

    fn encode(&self, index: u32) -> Result<Vec<u8>> {
        let mut attributes = Attributes::new();
        attributes.put_str(TCA_KIND, &self.kind);
        if !self.options.is_empty() {
            attributes.put(TCA_OPTIONS, &self.options);
        }
        let (preference, protocol) = self.info;
        let info = u32::from(preference) << 16 | u32::from(protocol.to_be());
        let head = tcmsg(index, self.handle, self.parent, info);
        Ok([head, attributes.into_bytes()?].concat())
    }

    fn decode(noun: Noun, index: u32, payload: &[u8]) -> Option<Self> {
        let (head, attributes) = payload.split_at_checked(TCMSG)?;
        // Kernels list those of all links whatever is asked.
        if word(head, 4)? != index {
            return None;
        }
        Some(Object {
            noun,
            handle: word(head, 8)?,
            parent: word(head, 12)?,
            info: word(head, 16).map(|info| ((info >> 16) as u16, u16::from_be(info as u16)))?,
            kind: string(find(attributes, TCA_KIND)?),
            options: find(attributes, TCA_OPTIONS).unwrap_or_default().to_vec(),
        })
    }
}

/// `struct tcmsg`: family, padding, index, handle, parent, info.
fn tcmsg(index: u32, handle: u32, parent: u32, info: u32) -> Vec<u8> {
    [0, index, handle, parent, info].iter().flat_map(|n| n.to_ne_bytes()).collect()
}

/// A handle as `tc` writes it: `8001:`, `1:10`.
pub fn handle_text(handle: u32) -> String {
    match (handle >> 16, handle & 0xffff) {
        (major, 0) => format!("{major:x}:"),
        (major, minor) => format!("{major:x}:{minor:x}"),
    }
}

/// A handle of u32 as `tc` writes it: table, bucket, place.
fn filter_handle_text(handle: u32) -> String {
    let part = |n: u32| if n == 0 { String::new() } else { format!("{n:x}") };
    format!("{:x}:{}:{}", handle >> 20, part(handle >> 12 & 0xff), part(handle & 0xfff))
}

/// Four bytes from `at` on, in the host's byte order.
pub fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

/// A link whose traffic is controlled.
#[derive(Clone)]
pub struct Device {
    pub ns: Rc<Namespace>,
    pub index: u32,
    pub name: String,
    /// Whether it gets its packets by a redirect.
    pub redirected: bool,
}

impl Device {
    /// Raises `not_found` if there is no such link.
    pub fn require(ns: &Rc<Namespace>, name: &str) -> Result<Self> {
        let index = links::require_index(ns, name)?;
        let name = links::name(ns, index)?.unwrap_or(name.to_owned());
        Ok(Device { ns: ns.clone(), index, name, redirected: false })
    }

    pub fn mtu(&self) -> Result<u32> {
        Ok(link::by_index(&self.ns, self.index)?.map_or(1500, |link| link.mtu()))
    }

    /// Adds, replaces or deletes an object. `words` are what `tc` has of its options.
    pub fn change(&self, verb: Verb, object: &Object, words: &[String]) -> Result<()> {
        let (offset, flags) = match verb {
            Verb::Add | Verb::Append => (0, NLM_F_CREATE | NLM_F_EXCL),
            Verb::Replace => (0, NLM_F_CREATE | NLM_F_REPLACE),
            Verb::Del => (1, 0),
        };
        self.ns.rtnl(object.noun as u16 + offset, flags, &object.encode(self.index)?, |_| Ok(()))?;
        let start = [object.noun.name(), verb.name(), "dev", &self.name].map(str::to_owned);
        // What stands at the way in has no other name than its kind, and handles of filters are read by their kind.
        let named = object.parent == INGRESS || object.noun == Noun::Filter && object.handle != 0;
        let kind = (verb != Verb::Del || named).then(|| object.kind.clone());
        let all: Vec<String> =
            start.into_iter().chain(object.place()).chain(kind).chain(words.iter().cloned()).collect();
        self.ns.report(Done::Tc(&all));
        Ok(())
    }

    pub fn del(&self, object: &Object) -> Result<()> {
        self.change(Verb::Del, object, &[])
    }

    /// The disciplines of the link, but for those that the kernel has put there by itself.
    pub fn qdiscs(&self) -> Result<Vec<Object>> {
        qdiscs(&self.ns, self.index)
    }

    /// The discipline at the root that somebody has set.
    pub fn root(&self) -> Result<Option<Object>> {
        Ok(self.qdiscs()?.into_iter().find(|qdisc| qdisc.parent == ROOT))
    }

    /// The filters at a place.
    pub fn filters(&self, parent: u32) -> Result<Vec<Object>> {
        filters(&self.ns, self.index, parent)
    }
}

/// As [`Device::filters`], of the link with this index.
pub fn filters(ns: &Namespace, index: u32, parent: u32) -> Result<Vec<Object>> {
    objects(ns, Noun::Filter, index, parent)
}

/// As [`Device::qdiscs`], of the link with this index.
pub fn qdiscs(ns: &Namespace, index: u32) -> Result<Vec<Object>> {
    let mut found = objects(ns, Noun::Qdisc, index, 0)?;
    found.retain(|qdisc| qdisc.handle != 0);
    Ok(found)
}

fn objects(ns: &Namespace, noun: Noun, index: u32, parent: u32) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    ns.rtnl(noun as u16 + 2, NLM_F_DUMP, &tcmsg(index, 0, parent, 0), |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => found.extend(Object::decode(noun, index, answer.payload)),
        }
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::*;

    #[test]
    fn rubbish_from_the_kernel_is_left_out() {
        for length in 0..80 {
            let bytes = vec![7; length];
            assert_eq!(Object::decode(Noun::Qdisc, 1, &bytes), None);
            let _ = (Shape::of_netem(&bytes), Shape::of_tbf(&bytes), Shape::of_pfifo(&bytes));
        }
    }

    #[test]
    fn handles_are_written_as_tc_does() {
        assert_eq!([0x8001_0000, 0x0001_0010].map(handle_text), ["8001:", "1:10"]);
        assert_eq!([0x8000_0800, 0x8000_1801].map(filter_handle_text), ["800::800", "800:1:801"]);
    }
}
