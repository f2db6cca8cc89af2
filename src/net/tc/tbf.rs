//! tbf (tc-tbf(8)): TCA_TBF_* of linux/pkt_sched.h.

use super::object::word;
use super::{Rate, Shape};
use crate::model::{Between, Field};
use crate::net::attributes::{Attributes, find};

const PARMS: u16 = 1;
const RATE64: u16 = 4;
const BURST: u16 = 6;

const FRAME: u64 = 1514;

impl Shape {
    /// What may pass at once, in bytes: 4 ms of the rate, and two frames.
    pub fn burst(&self) -> u64 {
        (self.rate.map_or(0, Rate::bytes) / 250).clamp(2 * FRAME + 200, 1 << 30)
    }

    /// How many bytes may wait.
    pub fn bytes(&self) -> u64 {
        (u64::from(self.packets()) * FRAME).clamp(self.burst(), 1 << 30)
    }

    /// TCA_OPTIONS.
    pub(super) fn tbf(&self) -> Vec<u8> {
        const TC_LINKLAYER_ETHERNET: u8 = 1;
        let bytes = self.rate.map_or(0, Rate::bytes);
        let fits = u32::try_from(bytes).unwrap_or(u32::MAX);
        // `struct tc_tbf_qopt`: rate and peak rate (`struct tc_ratespec`), limit, buffer, mtu. The burst is in bytes.
        let rate = [&[0, TC_LINKLAYER_ETHERNET, 0, 0, 0, 0, 0, 0], fits.to_ne_bytes().as_slice()].concat();
        let limit = (self.bytes() as u32).to_ne_bytes();
        let mut out = Attributes::new();
        out.put(PARMS, &[rate.as_slice(), &[0; 12], &limit, &[0; 8]].concat());
        out.put_u32(BURST, self.burst() as u32);
        if bytes > u64::from(u32::MAX) {
            out.put(RATE64, &bytes.to_ne_bytes());
        }
        out.into_bytes().unwrap_or_default()
    }

    pub(super) fn of_tbf(options: &[u8]) -> Option<Shape> {
        let rate = find(options, RATE64).and_then(Rate::decode);
        let parms = find(options, PARMS)?;
        let rate = rate.or_else(|| word(parms, 8).map(|bytes| Rate(u64::from(bytes) * 8)));
        // The limit is in bytes.
        let limit = word(parms, 24).map(|bytes| Between((u64::from(bytes) / FRAME).max(1) as u32));
        Some(Shape { rate, limit, ..Shape::default() })
    }
}
