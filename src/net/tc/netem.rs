//! netem (tc-netem(8)): `struct tc_netem_qopt`, then TCA_NETEM_* of linux/pkt_sched.h.

use super::object::word;
use super::{LossModel, Rate, Shape, Share, Slot, Span};
use crate::model::{Between, Field};
use crate::net::attributes::{Attributes, find};

const CORR: u16 = 1;
const REORDER: u16 = 3;
const CORRUPT: u16 = 4;
const LOSS: u16 = 5;
const RATE: u16 = 6;
const RATE64: u16 = 8;
const LATENCY64: u16 = 10;
const JITTER64: u16 = 11;
const SLOT: u16 = 12;
/// Within [`LOSS`], the model of four states.
const LOSS_GI: u16 = 1;
/// Within [`LOSS`], the model of Gilbert and Elliott.
const LOSS_GE: u16 = 2;

/// The length of `struct tc_netem_qopt`: latency and jitter (in ticks; the attributes have nanoseconds), limit, loss, gap,
/// duplicate.
const QOPT: usize = 24;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|n| n.to_ne_bytes()).collect()
}

/// `struct tc_netem_slot`: the least and the most nanoseconds, packets, bytes, and a distribution, which we don't use. All
/// zero takes away what was before.
fn slot(slot: Option<&Slot>) -> Vec<u8> {
    let none = Slot::default();
    let slot = slot.unwrap_or(&none);
    let min = slot.min.map_or(0, |span| span.0);
    let spans = [min, slot.max.map_or(min, |span| span.0)].map(u64::to_ne_bytes).concat();
    let counts = [slot.packets, slot.bytes].map(|count| count.map_or(0, |count| count.0));
    [spans, words(&counts), vec![0; 16]].concat()
}

fn of_slot(bytes: &[u8]) -> Option<Slot> {
    let span = |at: usize| bytes.get(at..).and_then(Span::decode);
    // Without a limit the kernel reports the largest number.
    let count = |at| word(bytes, at).filter(|n| (1..i32::MAX as u32).contains(n)).map(Between);
    let (min, max) = (span(0)?, span(8)?);
    let slot = Slot { min: Some(min), max: Some(max), packets: count(16), bytes: count(20) };
    Some(slot).filter(|_| max.0 > 0)
}

fn of_loss(bytes: &[u8]) -> Option<LossModel> {
    let parts = |kind| find(bytes, kind).map(|bytes| (0..bytes.len() / 4).filter_map(|n| word(bytes, 4 * n)));
    let of = |four, kind| LossModel::of_parts(four, &parts(kind)?.collect::<Vec<_>>());
    of(true, LOSS_GI).or_else(|| of(false, LOSS_GE))
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
        more.put(REORDER, &words(&[share(self.reorder), 0]));
        more.put(CORRUPT, &words(&[share(self.corrupt), 0]));
        // `struct tc_netem_rate`: bytes per second, and nothing of cells.
        let fits = u32::try_from(bytes).unwrap_or(u32::MAX);
        more.put(RATE, &[fits.to_ne_bytes().as_slice(), &[0; 12]].concat());
        if bytes > u64::from(u32::MAX) {
            more.put(RATE64, &bytes.to_ne_bytes());
        }
        if let Some(model) = &self.loss_model {
            let (four, parts) = model.parts();
            let mut within = Attributes::new();
            within.put(if four { LOSS_GI } else { LOSS_GE }, &words(&parts));
            more.nest(LOSS, within);
        }
        more.put(SLOT, &slot(self.slot.as_ref()));
        for (number, span) in [(LATENCY64, self.delay), (JITTER64, self.jitter)] {
            more.put(number, &span.unwrap_or(Span(0)).0.to_ne_bytes());
        }
        let mut out = words(&fixed);
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
            loss_model: find(attributes, LOSS).and_then(of_loss),
            slot: find(attributes, SLOT).and_then(of_slot),
            to: Vec::new(),
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

    #[test]
    fn models_of_loss_and_slots_are_read_as_they_are_written() {
        let half = Some(Share(1 << 31));
        let burst = LossModel { p: Some(Share(5)), bad: half, ..LossModel::default() };
        let four = LossModel { p13: half, p14: Some(Share(3)), ..LossModel::default() };
        for (model, words) in
            [(burst, "loss gemodel 0% 100% 50% 0%"), (four, "loss state 50% 50% 0% 100% 0%")]
        {
            let slot = Slot { min: Some(Span(7)), packets: Some(Between(3)), ..Slot::default() };
            let shape = Shape { loss_model: Some(model), slot: Some(slot), ..Shape::default() };
            assert_eq!(shape.to_string(), format!("{words} slot 7ns 7ns packets 3"));
            let back = Shape::of_netem(&shape.netem()).unwrap();
            assert_eq!(back.to_string(), format!("limit 1000 {words} slot 7ns 7ns packets 3"));
        }
    }
}
