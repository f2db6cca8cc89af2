//! red (tc-red(8)): packets are dropped, or marked, the sooner the more wait. TCA_RED_* of linux/pkt_sched.h. What the
//! kernel needs of averages is computed as `tc` does.

use super::fields::{Bytes, ticks};
use super::kind::{About, kind};
use super::units::{Rate, Share, Size};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::link::fields::{U8, U32};

/// A bit of the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit8<const BIT: u32>(pub bool);

impl<const BIT: u32> Field for Bit8<BIT> {
    fn form() -> Form {
        bool::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(bool::read(value)?.map(Bit8))
    }

    fn value(&self) -> Value {
        Value::Bool(self.0)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(vec![u8::from(self.0) << BIT])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first().map(|flags| Bit8(flags & 1 << BIT != 0))
    }
}

table! {
    /// A queue that drops the sooner the more waits.
    pub struct Red {
        Set limit: Size = {in 1 at 0}, ip ["limit"], "how many bytes may wait";
        Set min: Size = {in 1 at 4}, ip ["min"], "packets may be dropped once so many bytes wait on average; default a third of `max`";
        Set max: Size = {in 1 at 8}, ip ["max"], "the probability is highest once so many bytes wait; default a quarter of `limit`";
        Give avpkt: Size = header, ip ["avpkt"], "how long a packet is on average; default 1000";
        Give burst: U32 = header, ip ["burst"], "how fast the average follows, in packets; default what tc-red(8) recommends";
        Give bandwidth: Rate = header, ip ["bandwidth"], "the link's rate, for times when nothing is sent; default 10 mbit";
        Set probability: Share = 3, ip ["probability"], "how many packets are dropped at `max`; default 2%";
        Set ecn: Bit8<0> = {in 1 at 15}, ip ["ecn"], "packets are marked instead, where both ends know that";
        Set harddrop: Bit8<1> = {in 1 at 15}, ip ["harddrop"], "beyond `max` packets are dropped, though they could be marked";
        Set adaptive: Bit8<2> = {in 1 at 15}, ip ["adaptive"], "the probability adapts itself";
        Set nodrop: Bit8<3> = {in 1 at 15}, ip ["nodrop"], "packets that can't be marked are not dropped either";
        Read ewma: U8 = {in 1 at 12}, ip [], "the logarithm of the average's weight";
        Word wlog: U8 = {in 1 at 12}, ip [], "the logarithm of the average's weight";
        Word plog: U8 = {in 1 at 13}, ip [], "the logarithm of the probability";
        Word cell: U8 = {in 1 at 14}, ip [], "the shift of the table";
        Word damping: Bytes = 2, ip [], "what the average is scaled by while nothing is sent";
    }
}

/// By what weight the average follows a burst of so many packets.
fn weight(min: f64, burst: f64, packet: f64) -> Option<u8> {
    let wanted = burst + 1.0 - min / packet;
    let fits = |log: &u8| {
        let weight = 0.5f64.powi((*log).into());
        wanted <= (1.0 - (1.0 - weight).powf(burst)) / weight
    };
    (1..32).find(fits).filter(|_| wanted >= 1.0)
}

/// How often the probability, divided by the distance of the limits, is to be doubled.
fn slope(min: f64, max: f64, probability: f64) -> Option<u8> {
    let part = probability / (max - min);
    (0..32).find(|log| part * 2f64.powi((*log).into()) > 1.0).filter(|_| max > min)
}

/// The table's shift, and the table: by how many bits the average is to be shifted after so long a time.
fn damping(weight: u8, packet: Size, rate: Rate) -> Option<(u8, Vec<u8>)> {
    let per_tick = -(1.0 - 0.5f64.powi(weight.into())).ln() / f64::from(ticks(rate, packet).max(1));
    let most = 31.0 / per_tick;
    let shift = (0..32).find(|shift| most / 2f64.powi(i32::from(*shift)) < 512.0)?;
    let at = |n: u32| (f64::from(n) * 2f64.powi(i32::from(shift)) * per_tick).min(31.0) as u8;
    let mut table: Vec<u8> = (0..255).map(at).collect();
    table.push(31);
    Some((shift, table))
}

kind!(Red, "red", "sch_red", "a queue that drops the sooner the more waits", {
    const STRUCTS: &'static [(u16, usize)] = &[(1, 16)];

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        let limit = self.limit.ok_or_else(|| Error::argument("red needs limit"))?;
        let packet = self.avpkt.unwrap_or(Size(1000));
        let rate = self.bandwidth.unwrap_or(Rate(10_000_000));
        let max = *self.max.get_or_insert(Size(limit.0 / 4));
        let min = *self.min.get_or_insert(Size(max.0 / 3));
        if packet.0 == 0 || max.0 <= min.0 || min.0 < packet.0 {
            return Err(Error::argument(format!(
                "red: expected avpkt <= min < max, got avpkt {}, min {} and max {}",
                packet.0, min.0, max.0
            )));
        }
        let (low, high, average) = (f64::from(min.0), f64::from(max.0), f64::from(packet.0));
        let burst = *self.burst.get_or_insert(U32(((2.0 * low + high) / (3.0 * average)) as u32));
        let probability = *self.probability.get_or_insert(Share((0.02 * f64::from(u32::MAX)) as u32));
        let weight = weight(low, burst.0.into(), average).ok_or_else(|| {
            Error::argument(format!(
                "red: burst {} is too small for min {} and avpkt {}",
                burst.0, min.0, packet.0
            ))
        })?;
        let chance = f64::from(probability.0) / f64::from(u32::MAX);
        let slope =
            slope(low, high, chance).ok_or_else(|| Error::argument("red: the probability is too small"))?;
        let (shift, table) = damping(weight, packet, rate)
            .ok_or_else(|| Error::argument("red: the bandwidth is too low for avpkt"))?;
        (self.wlog, self.plog, self.cell) = (Some(U8(weight)), Some(U8(slope)), Some(U8(shift)));
        self.damping = Some(Bytes(table));
        (self.avpkt, self.bandwidth) = (Some(packet), Some(rate));
        Ok(())
    }
});
