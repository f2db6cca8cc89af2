//! netem (tc-netem(8)): `struct tc_netem_qopt`, then TCA_NETEM_* of linux/pkt_sched.h.

use super::object::word;
use super::{Rate, Shape, Share, Span};
use crate::model::{Between, Field};
use crate::net::attributes::{Attributes, find};

const CORR: u16 = 1;
const REORDER: u16 = 3;
const CORRUPT: u16 = 4;
const RATE: u16 = 6;
const RATE64: u16 = 8;
const LATENCY64: u16 = 10;
const JITTER64: u16 = 11;

/// The length of `struct tc_netem_qopt`: latency and jitter (in ticks; the attributes have nanoseconds), limit, loss, gap,
/// duplicate.
const QOPT: usize = 24;

fn pair(a: u32, b: u32) -> Vec<u8> {
    [a.to_ne_bytes(), b.to_ne_bytes()].concat()
}

impl Shape {
    /// TCA_OPTIONS. All that netem would keep from before is sent.
    pub(super) fn netem(&self) -> Vec<u8> {
        let share = |share: Option<Share>| share.map_or(0, |share| share.0);
        let bytes = self.rate.map_or(0, Rate::bytes);
        let gap = u32::from(self.reorder.is_some());
        let fixed = [0, self.packets(), share(self.loss), gap, share(self.duplicate), 0];
        let mut more = Attributes::new();
        more.put(CORR, &[0; 12]);
        more.put(REORDER, &pair(share(self.reorder), 0));
        more.put(CORRUPT, &pair(share(self.corrupt), 0));
        // `struct tc_netem_rate`: bytes per second, and nothing of cells.
        let fits = u32::try_from(bytes).unwrap_or(u32::MAX);
        more.put(RATE, &[fits.to_ne_bytes().as_slice(), &[0; 12]].concat());
        if bytes > u64::from(u32::MAX) {
            more.put(RATE64, &bytes.to_ne_bytes());
        }
        for (number, span) in [(LATENCY64, self.delay), (JITTER64, self.jitter)] {
            more.put(number, &span.unwrap_or(Span(0)).0.to_ne_bytes());
        }
        let mut out: Vec<u8> = fixed.iter().flat_map(|n| n.to_ne_bytes()).collect();
        out.extend_from_slice(more.bytes().unwrap_or_default());
        out
    }

    pub(super) fn of_netem(options: &[u8]) -> Option<Shape> {
        let (fixed, attributes) = options.split_at_checked(QOPT)?;
        let share = |n: Option<u32>| n.filter(|n| *n != 0).map(Share);
        let span = |kind| find(attributes, kind).and_then(Span::decode).filter(|span| span.0 != 0);
        let first = |kind| find(attributes, kind).and_then(|bytes| word(bytes, 0));
        let rate = find(attributes, RATE64).and_then(Rate::decode);
        let rate = rate.or_else(|| first(RATE).map(|bytes| Rate(u64::from(bytes) * 8)));
        Some(Shape {
            delay: span(LATENCY64),
            jitter: span(JITTER64),
            loss: share(word(fixed, 8)),
            duplicate: share(word(fixed, 16)),
            corrupt: share(first(CORRUPT)),
            reorder: share(first(REORDER)),
            rate: rate.filter(|rate| rate.0 != 0),
            limit: word(fixed, 4).map(Between),
            direction: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let shape = Shape {
            delay: Some(Span(50_000_000)),
            jitter: Some(Span(5_000_000)),
            loss: Some(Share(42_949_673)),
            reorder: Some(Share(7)),
            rate: Some(Rate(100_000_000_000)),
            limit: Some(Between(77)),
            ..Shape::default()
        };
        assert_eq!(Shape::of_netem(&shape.netem()), Some(shape.clone()));
        assert_eq!(shape.to_string(), "delay 50ms 5ms loss 1% reorder 0% rate 100gbit limit 77");
    }
}
