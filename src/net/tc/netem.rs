//! netem (tc-netem(8)): `struct tc_netem_qopt`, then TCA_NETEM_* of linux/pkt_sched.h.

use super::kind::{About, Kind};
use super::object::word;
use super::{LossModel, Rate, Shape, Share, Slot, Span};
use crate::base::error::Result;
use crate::model::{Between, Field};
use crate::net::attributes::{Attributes, find};

const CORR: u16 = 1;
const REORDER: u16 = 3;
const CORRUPT: u16 = 4;
const LOSS: u16 = 5;
const RATE: u16 = 6;
const ECN: u16 = 7;
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
        let gap = self.gap.map_or(u32::from(self.reorder.is_some()), |gap| gap.0);
        let fixed = [0, self.packets(), share(self.loss), gap, share(self.duplicate), 0];
        let mut more = Attributes::new();
        let after = [self.delay_correlation, self.loss_correlation, self.duplicate_correlation];
        more.put(CORR, &words(&after.map(share)));
        more.put(REORDER, &words(&[self.reorder, self.reorder_correlation].map(share)));
        more.put(CORRUPT, &words(&[self.corrupt, self.corrupt_correlation].map(share)));
        more.put_u32(ECN, u32::from(self.ecn == Some(true)));
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
        let nth = |kind, n: usize| find(attributes, kind).and_then(|bytes| word(bytes, 4 * n));
        let first = |kind| nth(kind, 0);
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
            delay_correlation: share(nth(CORR, 0)),
            loss_correlation: share(nth(CORR, 1)),
            duplicate_correlation: share(nth(CORR, 2)),
            reorder_correlation: share(nth(REORDER, 1)),
            corrupt_correlation: share(nth(CORRUPT, 1)),
            // Without one that is meant, it is what reordering needs.
            gap: word(fixed, 12).filter(|gap| *gap > 1).map(Between),
            ecn: first(ECN).map(|ecn| ecn != 0).filter(|ecn| *ecn),
            to: Vec::new(),
        })
    }
}

impl Kind for Shape {
    const NAME: &'static str = "netem";
    const MODULE: &'static str = "sch_netem";
    const OPTIONS: (&'static str, &'static str) = ("nsh.ShapeOptions", "options of netem: delay, loss, rate");
    const RECORD: (&'static str, &'static str, &'static str) =
        ("nsh.PeerShape", "How packets are held back and lost.", "how packets are held back and lost");

    fn fill(&mut self, _: &About<'_>) -> Result<()> {
        self.check()?;
        self.limit = Some(Between(self.packets()));
        Ok(())
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        Some(self.netem())
    }

    fn take_bytes(&mut self, bytes: &[u8]) -> bool {
        Shape::of_netem(bytes).is_some_and(|shape| {
            *self = shape;
            true
        })
    }

    fn words(&self) -> Vec<String> {
        self.netem_text().split(' ').map(str::to_owned).collect()
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
