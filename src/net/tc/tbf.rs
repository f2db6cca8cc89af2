//! tbf (tc-tbf(8)): TCA_TBF_* of linux/pkt_sched.h.

use super::fields::{RateSpec, size};
use super::kind::{About, Kind, kind};
use super::object::word;
use super::units::{Size, Span};
use super::{Rate, Shape};
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, table};
use crate::net::attributes::find;
use crate::net::link::fields::{U16, U32};

const PARMS: u16 = 1;
const RATE64: u16 = 4;

const FRAME: u64 = 1514;
/// The largest packet that is cut only when it is sent (GSO), and a frame beside it.
const LARGEST: u64 = 65_536 + FRAME;

table! {
    /// `struct tc_tbf_qopt`, where the bursts stand as times; given in bytes, they have attributes.
    pub struct Tbf {
        Set rate: Rate = header, ip ["rate"], "how fast packets are sent";
        Set burst: Size = 6, ip ["burst", "buffer", "maxburst"], "how much may pass at once, in bytes; default what the rate and the link's MTU need";
        Set limit: Size = {in 1 at 24}, ip ["limit"], "how many bytes may wait";
        Set latency: Span = header, ip ["latency"], "how long a packet may wait, instead of `limit`; default 50 ms";
        Set peakrate: Rate = header, ip ["peakrate"], "how fast a burst is sent; needs `mtu`";
        Set mtu: Size = 7, ip ["mtu", "minburst"], "how much may pass at once at `peakrate`, in bytes";
        Set overhead: U16 = header, ip ["overhead"], "bytes that each packet counts more";
        Set mpu: U16 = header, ip ["mpu"], "bytes that each packet counts at least";
        Word spec: RateSpec = {in 1 at 0}, ip [], "the rate";
        Word peak: RateSpec = {in 1 at 12}, ip [], "the rate of a burst";
        Word buffer: U32 = {in 1 at 28}, ip [], "the time of the burst";
        Word peak_buffer: U32 = {in 1 at 32}, ip [], "the time of the burst at the peak";
        Word rate64: Rate = 4, ip [], "the rate, if it is a large one";
        Word peak64: Rate = 5, ip [], "the rate of a burst, if it is a large one";
    }
}

impl Tbf {
    /// What limits a shape's rate.
    pub fn new(shape: &Shape, mtu: u32) -> Self {
        let rate = shape.rate.unwrap_or(Rate(8));
        let burst = Self::burst(rate, mtu);
        let limit = (u64::from(shape.packets()) * FRAME).clamp(u64::from(burst.0).min(LARGEST), 1 << 30);
        Tbf { rate: Some(rate), burst: Some(burst), limit: Some(Size(limit as u32)), ..Tbf::default() }
            .with_specs()
    }

    /// Two frames of a link with this MTU (longer ones than the burst are dropped), 4 ms of a slow rate, and 16 ms of 1 gbit and
    /// more: what can't be sent because a busy machine wakes the discipline up late is lost beyond the burst (benches/shape).
    fn burst(rate: Rate, mtu: u32) -> Size {
        const FAST: u64 = 125_000_000;
        // Ethernet's header, with a VLAN tag.
        let frame = u64::from(mtu) + 18;
        let late = (rate.bytes() / 250 * 3) as f64 * rate.bytes().min(FAST) as f64 / FAST as f64;
        Size((rate.bytes() / 250 + late as u64).clamp(2 * frame + 200, 1 << 30) as u32)
    }

    fn with_specs(mut self) -> Self {
        let (overhead, mpu) = (self.overhead.map(|n| n.0), self.mpu.map(|n| n.0));
        self.spec = RateSpec::of(self.rate, overhead, mpu);
        self.peak = RateSpec::of(self.peakrate, overhead, mpu);
        (self.rate64, self.peak64) = (RateSpec::wide(self.rate), RateSpec::wide(self.peakrate));
        self
    }

    /// As `tc` takes it.
    pub fn text(&self) -> String {
        self.words().join(" ")
    }
}

kind!(Tbf, "tbf", "sch_tbf", "a token bucket", {
    const STRUCTS: &'static [(u16, usize)] = &[(PARMS, 36)];

    fn fill(&mut self, about: &About<'_>) -> Result<()> {
        let wrong = |text: &str| Err(Error::argument(text));
        let Some(rate) = self.rate else { return wrong("tbf needs rate") };
        if self.limit.is_some() && self.latency.is_some() {
            return wrong("limit and latency exclude each other");
        }
        if self.peakrate.is_some() != self.mtu.is_some() {
            return wrong("peakrate and mtu need each other");
        }
        let burst = match self.burst {
            Some(burst) => burst,
            None => Self::burst(rate, about.device.mtu()?),
        };
        self.burst = Some(burst);
        let latency = self.latency.take().unwrap_or(Span(50_000_000));
        let waiting = u128::from(rate.bytes()) * u128::from(latency.0) / 1_000_000_000;
        let limit = (waiting + u128::from(burst.0)).min(1 << 30) as u32;
        self.limit.get_or_insert(Size(limit));
        *self = std::mem::take(self).with_specs();
        Ok(())
    }

    fn gather(&mut self) {
        self.rate = RateSpec::rate(self.spec, self.rate64);
        self.peakrate = RateSpec::rate(self.peak, self.peak64);
        self.burst = self.rate.zip(self.buffer).map(|(rate, ticks)| size(rate, ticks.0));
        self.mtu = self.peakrate.zip(self.peak_buffer).map(|(rate, ticks)| size(rate, ticks.0));
        self.overhead = self.spec.map(|spec| U16(spec.overhead)).filter(|n| n.0 != 0);
        self.mpu = self.spec.map(|spec| U16(spec.mpu)).filter(|n| n.0 != 0);
    }
});

impl Shape {
    pub(super) fn of_tbf(options: &[u8]) -> Option<Shape> {
        let rate = find(options, RATE64).and_then(Rate::decode);
        let parms = find(options, PARMS)?;
        let rate = rate.or_else(|| word(parms, 8).map(|bytes| Rate(u64::from(bytes) * 8)));
        // The limit is in bytes.
        let limit = word(parms, 24).map(|bytes| Between((u64::from(bytes) / FRAME).max(1) as u32));
        Some(Shape { rate, limit, ..Shape::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_what_the_rate_and_the_link_need() {
        let tbf = |rate, mtu, limit| {
            let limit: Option<u32> = limit;
            Tbf::new(&Shape { rate: Some(Rate(rate)), limit: limit.map(Between), ..Shape::default() }, mtu)
        };
        assert_eq!(tbf(1_000_000, 1500, None).text(), "rate 1mbit burst 3236 limit 1514000");
        assert_eq!(tbf(1_000_000, 9000, Some(9)).text(), "rate 1mbit burst 18236 limit 18236");
        assert_eq!(tbf(1_000_000_000, 1500, Some(77)).text(), "rate 1gbit burst 2000000 limit 116578");
        assert_eq!(tbf(1_000_000_000, 1500, Some(7)).text(), "rate 1gbit burst 2000000 limit 67050");
    }
}
