//! police (tc-police(8)): a rate that packets may not exceed. `struct tc_police` and TCA_POLICE_* of linux/pkt_cls.h.

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::link::fields::U32;
use crate::net::tc::control::Control;
use crate::net::tc::fields::{Bytes, Rate32, RateSpec, size, ticks};
use crate::net::tc::kind::{About, kind, words};
use crate::net::tc::units::{Rate, Size};

/// The shift that tells lengths of up to 2 KB by 8 bits.
const CELL: u8 = 3;

/// The times that packets take, by their lengths; the kernel wants them, and no longer looks.
fn times(rate: Rate) -> Bytes {
    let time = |n: u32| ticks(rate, Size((n + 1) << CELL)).to_ne_bytes();
    Bytes((0..256).flat_map(time).collect())
}

table! {
    /// A rate that packets may not exceed.
    pub struct Police {
        Set rate: Rate = header, ip ["rate"], "the rate";
        Set burst: Size = header, ip ["burst", "buffer", "maxburst"], "how much may pass at once, in bytes; default 10 ms of the rate, at least 10 KB";
        Set mtu: Size = {in 1 at 16}, ip ["mtu", "minburst"], "longer packets exceed the rate; default 2 KB, or `burst` if it is less";
        Set peakrate: Rate = header, ip ["peakrate"], "how fast a burst may come; needs `mtu`";
        Set avrate: Rate32 = 4, ip ["avrate"], "the rate that the kernel measures, which may not exceed this";
        Set pkts_rate: U64 = 10, ip ["pkts_rate"], "packets per second, instead of `rate`";
        Set pkts_burst: U64 = header, ip ["pkts_burst"], "how many packets may pass at once";
        Set exceed: Control = {in 1 at 4}, ip [], "what becomes of packets that exceed it; default drop";
        Set conform: Control = 5, ip [], "what becomes of the others; default pass";
        Set index: U32 = {in 1 at 0}, ip ["index"], "its number among actions of its kind; filters that name the same one share it";
        Word pkts_buffer: U64 = 11, ip [], "the time of so many packets, in ticks of 64 ns";
        Word buffer: U32 = {in 1 at 12}, ip [], "the time of the burst";
        Word spec: RateSpec = {in 1 at 20}, ip [], "the rate";
        Word peak: RateSpec = {in 1 at 32}, ip [], "the rate of a burst";
        Word times: Bytes = 2, ip [], "the times that packets take";
        Word peak_times: Bytes = 3, ip [], "the same at the rate of a burst";
        Word rate64: Rate = 8, ip [], "the rate, if it is a large one";
        Word peak64: Rate = 9, ip [], "the rate of a burst, if it is a large one";
    }
}

/// A number of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct U64(pub u64);

impl Field for U64 {
    fn form() -> Form {
        U32::<1>::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(U32::<1>::read(value)?.map(|n| U64(n.0.into())))
    }

    fn value(&self) -> Value {
        Value::Int(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_ne_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| U64(u64::from_ne_bytes(*bytes)))
    }
}

/// Ticks of 64 ns in a second.
const TICKS: u64 = 15_625_000;
const DROP: Control = Control(2);

kind!(Police, "police", "act_police", "a rate that packets may not exceed", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 56)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        if self.rate.is_none() && self.avrate.is_none() && self.pkts_rate.is_none() {
            return wrong("police needs rate, pkts_rate or avrate");
        }
        if self.pkts_rate.is_some() != self.pkts_burst.is_some() {
            return wrong("pkts_rate and pkts_burst need each other");
        }
        if self.peakrate.is_some() && self.mtu.is_none() {
            return wrong("peakrate needs mtu");
        }
        if let Some(rate) = self.rate {
            let burst = Size((rate.bytes() / 100).clamp(10_240, 1 << 30) as u32);
            self.buffer = Some(U32(ticks(rate, *self.burst.get_or_insert(burst))));
        }
        let time = |(burst, rate): (U64, U64)| U64(burst.0.saturating_mul(TICKS) / rate.0.max(1));
        self.pkts_buffer = self.pkts_burst.zip(self.pkts_rate).map(time);
        let spec =
            |rate: Option<Rate>| RateSpec::of(rate, None, None).map(|spec| RateSpec { cell: CELL, ..spec });
        (self.spec, self.peak) = (spec(self.rate), spec(self.peakrate));
        (self.times, self.peak_times) = (self.rate.map(times), self.peakrate.map(times));
        (self.rate64, self.peak64) = (RateSpec::wide(self.rate), RateSpec::wide(self.peakrate));
        self.exceed.get_or_insert(DROP);
        self.conform.get_or_insert(Control::PASS);
        Ok(())
    }

    fn gather(&mut self) {
        self.rate = RateSpec::rate(self.spec, self.rate64);
        self.peakrate = RateSpec::rate(self.peak, self.peak64);
        self.burst = self.rate.zip(self.buffer).map(|(rate, ticks)| size(rate, ticks.0));
        let count = |(time, rate): (U64, U64)| U64((time.0.saturating_mul(rate.0) + TICKS / 2) / TICKS);
        self.pkts_burst = self.pkts_buffer.zip(self.pkts_rate).map(count);
        // What is not reported is none.
        self.conform.get_or_insert(Control::PASS);
        self.mtu = self.mtu.filter(|mtu| mtu.0 != 0 && mtu.0 != u32::MAX);
    }

    fn words(&self) -> Vec<String> {
        let mut out = words(self, |name| name != "exceed" && name != "conform");
        if let Some((exceed, conform)) = self.exceed.zip(self.conform) {
            out.extend(["conform-exceed".to_owned(), format!("{}/{}", exceed.word(), conform.word())]);
        }
        out
    }
});
