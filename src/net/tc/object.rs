//! Objects of traffic control on one link, and the messages about them: `struct tcmsg`, then TCA_* of
//! linux/rtnetlink.h.

use std::rc::Rc;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE};

use super::ether::EtherType;
use crate::base::error::Result;
use crate::model::{Field, Words};
use crate::net::attributes::{Attributes, find, string};
use crate::net::done::{Done, Verb};
use crate::net::link::{self, find as links};
use crate::net::namespace::Namespace;

const TCA_KIND: u16 = 1;
pub const TCA_OPTIONS: u16 = 2;
const TCA_CHAIN: u16 = 11;
const TCA_INGRESS_BLOCK: u16 = 13;
const TCA_EGRESS_BLOCK: u16 = 14;
/// TCM_IFINDEX_MAGIC_BLOCK: not a link, but the block of filters whose number is the parent.
pub const BLOCK: u32 = u32::MAX;
/// TC_H_ROOT of linux/pkt_sched.h.
pub const ROOT: u32 = u32::MAX;
/// TC_H_INGRESS: where a discipline stands that has filters for what comes in.
pub const INGRESS: u32 = 0xffff_fff1;
/// TC_H_CLSACT with TC_H_MIN_INGRESS: those filters, be they an `ingress` discipline's or a `clsact`'s.
pub const INCOMING: u32 = 0xffff_fff2;
/// The same for what goes out.
pub const EGRESS: u32 = 0xffff_fff3;
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
    /// Of a filter, the chain that it is in.
    pub chain: u32,
    /// Of a discipline, the numbers of the blocks of filters that it shares, at the way in and out.
    pub blocks: (Option<u32>, Option<u32>),
    pub kind: String,
    pub options: Vec<u8>,
    /// The link and all attributes, of what the kernel has reported.
    pub reported: (u32, Vec<u8>),
}

impl Object {
    pub fn qdisc(parent: u32, handle: u32, kind: &str) -> Self {
        let (noun, info, options) = (Noun::Qdisc, (0, 0), Vec::new());
        let (kind, reported) = (kind.to_owned(), Default::default());
        let blocks = (None, None);
        Object { noun, parent, handle, info, chain: 0, blocks, kind, options, reported }
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
        let blocks = [("ingress_block", self.blocks.0), ("egress_block", self.blocks.1)];
        let blocks =
            blocks.into_iter().filter_map(|(word, block)| Some([word.to_owned(), block?.to_string()]));
        let mut out = match self.parent {
            ROOT => vec!["root".to_owned()],
            INGRESS => return blocks.flatten().collect(),
            0 => Vec::new(),
            INCOMING => vec!["ingress".to_owned()],
            EGRESS => vec!["egress".to_owned()],
            parent => vec!["parent".to_owned(), handle_text(parent)],
        };
        if self.noun == Noun::Filter {
            let (preference, protocol) = self.info;
            if protocol != 0 {
                out.extend(["protocol".to_owned(), EtherType(protocol).word()]);
            }
            out.extend((preference != 0).then(|| format!("pref {preference}")).iter().flat_map(|w| words(w)));
            out.extend(
                (self.chain != 0).then(|| format!("chain {}", self.chain)).iter().flat_map(|w| words(w)),
            );
        }
        if self.handle != 0 {
            let (word, text) = match self.noun {
                Noun::Class => ("classid", handle_text(self.handle)),
                Noun::Qdisc => ("handle", handle_text(self.handle)),
                Noun::Filter if self.kind == "u32" => ("handle", filter_handle_text(self.handle)),
                Noun::Filter => ("handle", format!("{:#x}{}", self.handle, self.mask())),
            };
            out.extend([word.to_owned(), text]);
        }
        out
    }

    /// The mask of the packets' mark, which fw has behind its handle.
    fn mask(&self) -> String {
        const TCA_FW_MASK: u16 = 5;
        let mask = find(&self.options, TCA_FW_MASK).filter(|_| self.kind == "fw");
        mask.and_then(|mask| word(mask, 0)).map_or(String::new(), |mask| format!("/{mask:#x}"))
    }

    fn encode(&self, index: u32) -> Result<Vec<u8>> {
        let mut attributes = Attributes::new();
        if !self.kind.is_empty() {
            attributes.put_str(TCA_KIND, &self.kind);
        }
        // drr wants them for a class, though there be none in them.
        if !self.options.is_empty() || self.noun == Noun::Class {
            attributes.put(TCA_OPTIONS, &self.options);
        }
        if self.chain != 0 {
            attributes.put_u32(TCA_CHAIN, self.chain);
        }
        for (number, block) in [(TCA_INGRESS_BLOCK, self.blocks.0), (TCA_EGRESS_BLOCK, self.blocks.1)] {
            if let Some(block) = block {
                attributes.put_u32(number, block);
            }
        }
        let (preference, protocol) = self.info;
        let info = u32::from(preference) << 16 | u32::from(protocol.to_be());
        let head = tcmsg(index, self.handle, self.parent, info);
        Ok([head, attributes.into_bytes()?].concat())
    }

    fn decode(noun: Noun, index: u32, payload: &[u8]) -> Option<Self> {
        let (head, attributes) = payload.split_at_checked(TCMSG)?;
        let of = word(head, 4)?;
        // Kernels list those of all links whatever is asked. Filters of a shared block are of no link.
        if index != 0 && of != index && (of, noun) != (BLOCK, Noun::Filter) {
            return None;
        }
        Some(Object {
            noun,
            handle: word(head, 8)?,
            parent: word(head, 12)?,
            info: word(head, 16).map(|info| ((info >> 16) as u16, u16::from_be(info as u16)))?,
            kind: string(find(attributes, TCA_KIND)?),
            chain: find(attributes, TCA_CHAIN).and_then(|bytes| word(bytes, 0)).unwrap_or(0),
            blocks: {
                let block = |number| find(attributes, number).and_then(|bytes| word(bytes, 0));
                (block(TCA_INGRESS_BLOCK), block(TCA_EGRESS_BLOCK))
            },
            options: find(attributes, TCA_OPTIONS).unwrap_or_default().to_vec(),
            reported: (of, attributes.to_vec()),
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
pub fn filter_handle_text(handle: u32) -> String {
    let part = |n: u32| if n == 0 { String::new() } else { format!("{n:x}") };
    format!("{:x}:{}:{}", handle >> 20, part(handle >> 12 & 0xff), part(handle & 0xfff))
}

/// The words of a text.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned)
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

    /// The filters that several links share.
    pub fn block(ns: &Rc<Namespace>, number: u32) -> Self {
        Device { ns: ns.clone(), index: BLOCK, name: number.to_string(), redirected: false }
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
        let of = if self.index == BLOCK { "block" } else { "dev" };
        let start = [object.noun.name(), verb.name(), of, &self.name].map(str::to_owned);
        // A block's number stands where else the parent does.
        let alone = (self.index == BLOCK).then(|| Object { parent: 0, ..object.clone() });
        let object = alone.as_ref().unwrap_or(object);
        // What stands at the way in has no other name than its kind, and handles of filters are read by their kind.
        let named = object.parent == INGRESS || object.noun == Noun::Filter && object.handle != 0;
        let kind = (verb != Verb::Del || named).then(|| object.kind.clone()).filter(|kind| !kind.is_empty());
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

/// Those of the link with this index, or with 0 the disciplines of all links.
pub fn objects(ns: &Namespace, noun: Noun, index: u32, parent: u32) -> Result<Vec<Object>> {
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
