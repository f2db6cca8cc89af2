//! prio (tc-prio(8)): `struct tc_prio_qopt`; etf and mqprio, which have maps of the same sort: `struct tc_etf_qopt`,
//! `struct tc_mqprio_qopt` of linux/pkt_sched.h.

use super::fields::Priomap;
use super::kind::{About, kind};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::fields::text;
use crate::net::link::fields::{Bit32, Digit, Signed, U8, U32, named};

/// What most packets get: those of interactive programs the first band.
const BANDS: Priomap = Priomap([1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);

table! {
    /// Bands, of which the first is sent first.
    pub struct Prio {
        Set bands: U32<2, 16> = {in 0 at 0}, ip ["bands"], "how many bands there are; default 3";
        Set priomap: Priomap = {in 0 at 4}, ip ["priomap"],
            "the band for each of the 16 priorities of packets; default 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1";
    }
}

kind!(Prio, "prio", "sch_prio", "bands, of which the first is sent first", {
    const STRUCTS: &'static [(u16, usize)] = &[(0, 20)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let bands = self.bands.get_or_insert(U32(3)).0;
        // As many as there are.
        let fitting = || Priomap(BANDS.0.map(|band| band.min(bands as u8 - 1)));
        let map = *self.priomap.get_or_insert_with(fitting);
        match map.0.iter().find(|band| u32::from(**band) >= bands) {
            Some(band) => Err(Error::argument(format!(
                "priomap: there is no band {band}: the {bands} bands count from 0"
            ))),
            None => Ok(()),
        }
    }
});

named! {
    /// CLOCK_* of linux/time.h.
    Clock(u32) (to_ne_bytes, from_ne_bytes)
        { 0 = "CLOCK_REALTIME", 1 = "CLOCK_MONOTONIC", 7 = "CLOCK_BOOTTIME", 11 = "CLOCK_TAI" }
}

table! {
    /// Packets that programs give the time at which to leave.
    pub struct Etf {
        Set clockid: Clock = {in 1 at 4}, ip ["clockid"], "the clock that is meant; default CLOCK_TAI";
        Set delta: Nanoseconds = {in 1 at 0}, ip ["delta"], "how many nanoseconds before its time a packet is handed over";
        Set deadline_mode: Bit32<0> = {in 1 at 8}, ip ["deadline_mode"], "a packet may leave before its time";
        Set offload: Bit32<1> = {in 1 at 8}, ip ["offload"], "the hardware keeps the time";
        Set skip_sock_check: Bit32<2> = {in 1 at 8}, ip ["skip_sock_check"], "packets of sockets without SO_TXTIME pass";
    }
}

/// A number that the kernel has as a signed one.
type Nanoseconds = Signed<0, 1_000_000_000>;

kind!(Etf, "etf", "sch_etf", "packets with a time at which to leave", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 12)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.clockid.get_or_insert(Clock(11));
        Ok(())
    }
});

/// Queues of a link: for each class how many, and the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queues(pub Vec<(u16, u16)>);

const CLASSES: usize = 16;

impl Field for Queues {
    fn form() -> Form {
        text("queues for each class, such as \"1@0 1@1\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let one = |word: &str| {
            let (count, offset) = word.split_once('@')?;
            Some((count.parse().ok()?, offset.parse().ok()?))
        };
        let all: Option<Vec<_>> = text.split_whitespace().map(one).collect();
        let wrong = || Error::argument(format!("expected {}, got {text:?}", Self::form().expected));
        all.filter(|all| (1..=CLASSES).contains(&all.len())).map(|all| Some(Queues(all))).ok_or_else(wrong)
    }

    fn value(&self) -> Value {
        let words: Vec<String> = self.0.iter().map(|(count, offset)| format!("{count}@{offset}")).collect();
        Value::Text(words.join(" "))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let column = |part: fn(&(u16, u16)) -> u16| {
            let numbers = self.0.iter().map(part).chain(std::iter::repeat(0)).take(CLASSES);
            numbers.flat_map(u16::to_ne_bytes).collect::<Vec<u8>>()
        };
        Some([column(|queues| queues.0), column(|queues| queues.1)].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (counts, offsets) = bytes.get(..4 * CLASSES)?.split_at(2 * CLASSES);
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u16::from_ne_bytes(*bytes));
        let pairs = counts.chunks_exact(2).zip(offsets.chunks_exact(2));
        Some(Queues(
            pairs.map(|(count, at)| (number(count), number(at))).take_while(|(n, _)| *n != 0).collect(),
        ))
    }
}

table! {
    /// Queues of a link with several, by the priorities of packets.
    pub struct Mqprio {
        Make num_tc: U8<1, 16> = {in 0 at 0}, ip ["num_tc"], "how many classes of traffic there are";
        Make map: Priomap = {in 0 at 1}, ip ["map"], "the class of each of the 16 priorities of packets";
        Make queues: Queues = {in 0 at 18}, ip ["queues"], "the queues of each class: \"1@0 2@1\" is one from 0 on, and two from 1 on";
        Make hw: Digit = {in 0 at 17}, ip ["hw"], "the hardware does it; default false";
    }
}

kind!(Mqprio, "mqprio", "sch_mqprio", "the queues of a link, by the priorities of packets", {
    const STRUCTS: &'static [(u16, usize)] = &[(0, 82)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        match (&self.num_tc, &self.map, &self.queues) {
            (Some(_), Some(_), Some(_)) => Ok(()),
            _ => Err(Error::argument("mqprio needs num_tc, map and queues")),
        }
    }
});
