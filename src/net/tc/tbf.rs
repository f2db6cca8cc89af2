//! tbf (tc-tbf(8)): TCA_TBF_* of linux/pkt_sched.h.

use super::object::word;
use super::{Rate, Shape};
use crate::model::{Between, Field};
use crate::net::attributes::{Attributes, find};

const PARMS: u16 = 1;
const RATE64: u16 = 4;
const BURST: u16 = 6;

const FRAME: u64 = 1514;
/// The largest packet that is cut only when it is sent (GSO), and a frame beside it.
const LARGEST: u64 = 65_536 + FRAME;

/// What tbf is told.
pub struct Tbf {
    rate: Rate,
    /// What may pass at once, in bytes.
    burst: u64,
    /// How many bytes may wait.
    limit: u64,
}

impl Tbf {
    /// The burst holds two frames of a link with this MTU (longer ones than the burst are dropped), 4 ms of a slow rate, and 16 ms
    /// of 1 gbit and more: what can't be sent because a busy machine wakes the discipline up late is lost beyond the burst
    /// (benches/shape).
    pub fn new(shape: &Shape, mtu: u32) -> Self {
        const FAST: u64 = 125_000_000;
        // Ethernet's header, with a VLAN tag.
        let frame = u64::from(mtu) + 18;
        let rate = shape.rate.unwrap_or(Rate(8));
        let late = (rate.bytes() / 250 * 3) as f64 * rate.bytes().min(FAST) as f64 / FAST as f64;
        let burst = (rate.bytes() / 250 + late as u64).clamp(2 * frame + 200, 1 << 30);
        let limit = (u64::from(shape.packets()) * FRAME).clamp(burst.min(LARGEST), 1 << 30);
        Tbf { rate, burst, limit }
    }

    /// TCA_OPTIONS.
    pub fn options(&self) -> Vec<u8> {
        const TC_LINKLAYER_ETHERNET: u8 = 1;
        let bytes = self.rate.bytes();
        let fits = u32::try_from(bytes).unwrap_or(u32::MAX);
        // `struct tc_tbf_qopt`: rate and peak rate (`struct tc_ratespec`), limit, buffer, mtu. The burst is in bytes.
        let rate = [&[0, TC_LINKLAYER_ETHERNET, 0, 0, 0, 0, 0, 0], fits.to_ne_bytes().as_slice()].concat();
        let limit = (self.limit as u32).to_ne_bytes();
        let mut out = Attributes::new();
        out.put(PARMS, &[rate.as_slice(), &[0; 12], &limit, &[0; 8]].concat());
        out.put_u32(BURST, self.burst as u32);
        if bytes > u64::from(u32::MAX) {
            out.put(RATE64, &bytes.to_ne_bytes());
        }
        out.into_bytes().unwrap_or_default()
    }

    /// As `tc` takes it.
    pub fn text(&self) -> String {
        format!("rate {} burst {} limit {}", self.rate.word(), self.burst, self.limit)
    }
}

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
