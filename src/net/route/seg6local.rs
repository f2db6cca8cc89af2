//! What a segment of SRv6 does with packets (seg6local), in the words of `ip route`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::encap::{Byte, Segments};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Table, Value, Words, table};
use crate::net::attributes::Attributes;
use crate::net::fields::{LinkRef, TableId, text};
use crate::net::netlink::attributes_of;

table! {
    /// SEG6_LOCAL_* of linux/seg6_local.h.
    pub struct Seg6local {
        Set action: Action = 1, ip ["action"], "what is done (RFC 8986)";
        Set segs: Segments = header, ip ["segs", "srh segs"], "the segments that are put in, the first one first";
        Set table: TableId = 3, ip ["table"], "the table in which the route goes on";
        Set vrftable: TableId = 9, ip ["vrftable"], "the table of a VRF in which the route goes on";
        Set nh4: Ipv4Addr = 4, ip ["nh4"], "the next hop of IPv4";
        Set nh6: Ipv6Addr = 5, ip ["nh6"], "the next hop of IPv6";
        Set iif: LinkRef = 6, ip ["iif"], "the link by which packets count as received";
        Set oif: LinkRef = 7, ip ["oif"], "the link by which frames go on";
        Set flavors: Flavors = header, ip ["flavors"], "variants: psp, usp, usd, next-csid";
        Set lblen: Byte = header, ip ["lblen"], "bits of the block in front of compressed segments";
        Set nflen: Byte = header, ip ["nflen"], "bits of each compressed segment";
        Set count: bool = header, ip ["count"], "count packets";
    }
}

const SRH: u16 = 2;
const COUNTERS: u16 = 10;
const FLAVORS: u16 = 11;
// SEG6_LOCAL_FLV_*.
const OPERATION: u16 = 1;
const LCBLOCK_BITS: u16 = 2;
const LCNODE_FN_BITS: u16 = 3;

/// SEG6_LOCAL_ACTION_*, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(u32);

macro_rules! actions {
    ($($number:literal $name:literal,)*) => {
        impl Words for Action {
            const WORDS: &'static [(&'static str, Self)] = &[$(($name, Action($number))),*];

            fn to_wire(self) -> Option<Vec<u8>> {
                Some(self.0.to_ne_bytes().to_vec())
            }

            fn from_wire(bytes: &[u8]) -> Option<Self> {
                let number = u32::from_ne_bytes(*bytes.first_chunk()?);
                Self::WORDS.iter().map(|(_, action)| *action).find(|action| action.0 == number)
            }
        }
    };
}

actions! {
    1 "End", 2 "End.X", 3 "End.T", 4 "End.DX2", 5 "End.DX6", 6 "End.DX4", 7 "End.DT6", 8 "End.DT4",
    9 "End.B6", 10 "End.B6.Encaps", 15 "End.BPF", 16 "End.DT46",
}

impl Action {
    const B6: Self = Action(9);
}

/// A bit for each: SEG6_LOCAL_FLV_OP_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flavors(u32);

impl Flavors {
    /// From bit 1 on.
    const NAMES: [&str; 4] = ["psp", "usp", "usd", "next-csid"];
}

impl Field for Flavors {
    fn form() -> Form {
        text("psp, usp, usd or next-csid, with commas between them")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let bit = |name: &str| Self::NAMES.iter().position(|known| *known == name).map(|at| 2 << at);
        Ok(text.split(',').map(bit).sum::<Option<u32>>().map(Flavors))
    }

    fn value(&self) -> Value {
        let names = Self::NAMES.iter().enumerate().filter(|(at, _)| self.0 & 2 << at != 0);
        Value::Text(names.map(|(_, name)| *name).collect::<Vec<_>>().join(","))
    }
}

impl Seg6local {
    /// What an action can't do without.
    pub(super) fn check(&self) -> Result<()> {
        let Some(action) = self.action else {
            return Err(Error::argument("encap: seg6local needs `action`"));
        };
        let (needs, given) = match action.name() {
            "End.X" | "End.DX6" => ("nh6", self.nh6.is_some()),
            "End.DX4" => ("nh4", self.nh4.is_some()),
            "End.T" => ("table", self.table.is_some()),
            "End.DX2" => ("oif", self.oif.is_some()),
            "End.DT4" | "End.DT46" => ("vrftable", self.vrftable.is_some()),
            "End.DT6" => ("table or vrftable", self.table.is_some() || self.vrftable.is_some()),
            "End.B6" | "End.B6.Encaps" => ("srh segs", self.segs.is_some()),
            "End.BPF" => ("a program, which nsh doesn't load", false),
            _ => return Ok(()),
        };
        match given {
            true => Ok(()),
            false => Err(Error::argument(format!("encap: {} needs {needs}", action.name()))),
        }
    }

    pub(super) fn attributes(&self) -> Option<Attributes> {
        let mut out = Attributes::new();
        self.encode(&mut |number, bytes| out.put(number, bytes));
        if let Some(segments) = &self.segs {
            out.put(SRH, &segments.header(self.action == Some(Action::B6))?);
        }
        let mut flavors = Attributes::new();
        if let Some(Flavors(bits)) = self.flavors {
            flavors.put_u32(OPERATION, bits);
        }
        for (number, bits) in [(LCBLOCK_BITS, self.lblen), (LCNODE_FN_BITS, self.nflen)] {
            bits.iter().for_each(|Byte(bits)| flavors.put(number, &[*bits]));
        }
        if !flavors.is_empty() {
            out.nest(FLAVORS, flavors);
        }
        if self.count == Some(true) {
            out.nest(COUNTERS, Attributes::new());
        }
        Some(out)
    }

    pub(super) fn of(body: &[u8]) -> Self {
        let mut local = Seg6local::default();
        for (number, bytes) in attributes_of(body) {
            match number {
                SRH => local.segs = Segments::of(bytes),
                COUNTERS => local.count = Some(true),
                FLAVORS => local.flavor(bytes),
                _ => local.decode(number, bytes),
            }
        }
        local
    }

    fn flavor(&mut self, bytes: &[u8]) {
        for (number, bytes) in attributes_of(bytes) {
            match number {
                OPERATION => {
                    self.flavors = bytes.first_chunk().map(|bits| Flavors(u32::from_ne_bytes(*bits)));
                }
                LCBLOCK_BITS => self.lblen = Byte::decode(bytes),
                LCNODE_FN_BITS => self.nflen = Byte::decode(bytes),
                _ => {}
            }
        }
    }
}
