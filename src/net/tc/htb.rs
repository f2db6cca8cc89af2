//! htb (tc-htb(8)): a hierarchy of token buckets. TCA_HTB_* of linux/pkt_sched.h.

use super::fields::{Minor, RateSpec, size, ticks};
use super::kind::{About, kind};
use super::units::{Rate, Size};
use crate::base::error::{Error, Result};
use crate::model::table;
use crate::net::link::fields::{U16, U32};

table! {
    /// `struct tc_htb_glob`.
    pub struct Htb {
        Set default: Minor = {in 2 at 8}, ip ["default"],
            "the class of what no filter names, such as \"1:10\"; default none: that is sent at once";
        Make r2q: U32<1> = {in 2 at 4}, ip ["r2q"], "by what rates are divided for the quantum of a class; default 10";
        Make direct_qlen: U32 = 5, ip ["direct_qlen"], "how many packets of no class may wait";
        Read direct_packets: U32 = {in 2 at 16}, ip [], "packets of no class that were sent at once";
        Word version: U32 = {in 2 at 0}, ip [], "the version of the struct";
    }
}

kind!(Htb, "htb", "sch_htb", "a hierarchy of token buckets", {
    const STRUCTS: &'static [(u16, usize)] = &[(2, 20)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.version = Some(U32(3));
        self.r2q = self.r2q.or(Some(U32(10)));
        Ok(())
    }
});

table! {
    /// `struct tc_htb_opt`.
    pub struct HtbClass {
        Set rate: Rate = header, ip ["rate"], "the rate that it is sure of";
        Set ceil: Rate = header, ip ["ceil"], "the rate up to which it borrows what others leave; default `rate`";
        Set burst: Size = header, ip ["burst", "buffer", "maxburst"], "how much it may send at once, in bytes; default what 1 ms of the rate carries, at least 1600";
        Set cburst: Size = header, ip ["cburst", "cbuffer", "cmaxburst"], "the same at the rate of `ceil`";
        Set prio: U32<0, 7> = {in 1 at 40}, ip ["prio"], "classes of a lower one borrow first; default 0";
        Set quantum: Size = {in 1 at 32}, ip ["quantum"], "how many bytes it sends in its turn when it borrows; default of its rate";
        Set overhead: U16 = header, ip ["overhead"], "bytes that each packet counts more";
        Set mpu: U16 = header, ip ["mpu"], "bytes that each packet counts at least";
        Read level: U32 = {in 1 at 36}, ip [], "0 for a class without classes in it";
        Word rate_spec: RateSpec = {in 1 at 0}, ip [], "the rate";
        Word ceil_spec: RateSpec = {in 1 at 12}, ip [], "the ceiling";
        Word buffer: U32 = {in 1 at 24}, ip [], "the time of the burst";
        Word cbuffer: U32 = {in 1 at 28}, ip [], "the time of the burst at the ceiling";
        Word rate64: Rate = 6, ip [], "the rate, if it is a large one";
        Word ceil64: Rate = 7, ip [], "the ceiling, if it is a large one";
    }
}

/// A packet, with what stands in front of it.
const PACKET: u64 = 1600;

fn burst(rate: Rate) -> Size {
    Size((rate.bytes() / 1000).clamp(PACKET, 1 << 30) as u32)
}

kind!(HtbClass, "htb", "sch_htb", "a class of htb", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 44)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let rate = self.rate.ok_or_else(|| Error::argument("a class of htb needs rate"))?;
        let ceil = self.ceil.unwrap_or(rate);
        if ceil.0 < rate.0 {
            return Err(Error::argument("ceil is less than rate"));
        }
        self.ceil = Some(ceil);
        let (overhead, mpu) = (self.overhead.map(|n| n.0), self.mpu.map(|n| n.0));
        self.rate_spec = RateSpec::of(Some(rate), overhead, mpu);
        self.ceil_spec = RateSpec::of(Some(ceil), overhead, mpu);
        (self.rate64, self.ceil64) = (RateSpec::wide(Some(rate)), RateSpec::wide(Some(ceil)));
        let (burst, cburst) =
            (*self.burst.get_or_insert(burst(rate)), *self.cburst.get_or_insert(burst(ceil)));
        (self.buffer, self.cbuffer) = (Some(U32(ticks(rate, burst))), Some(U32(ticks(ceil, cburst))));
        Ok(())
    }

    fn gather(&mut self) {
        self.rate = RateSpec::rate(self.rate_spec, self.rate64);
        self.ceil = RateSpec::rate(self.ceil_spec, self.ceil64);
        self.burst = self.rate.zip(self.buffer).map(|(rate, ticks)| size(rate, ticks.0));
        self.cburst = self.ceil.zip(self.cbuffer).map(|(rate, ticks)| size(rate, ticks.0));
        self.overhead = self.rate_spec.map(|spec| U16(spec.overhead)).filter(|n| n.0 != 0);
        self.mpu = self.rate_spec.map(|spec| U16(spec.mpu)).filter(|n| n.0 != 0);
    }
});
