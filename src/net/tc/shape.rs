//! What a link does to the packets that it sends: delay, loss, rate (tc-netem(8), tc-tbf(8)).

use std::fmt;

use super::units::{Rate, Share, Span};
use super::{PFIFO, TBF};
use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Row, Table, Words, table};

table! {
    /// How a link shapes what it sends (tc-netem(8), linux/pkt_sched.h).
    pub struct Shape {
        Set delay: Span = header, ip ["delay"], "how long each packet is held back";
        Set jitter: Span = header, ip [],
            "how far the delay varies; without `rate`, packets may overtake each other";
        Set loss: Share = header, ip ["loss"], "the share of packets that are lost, at random";
        Set duplicate: Share = header, ip ["duplicate"], "the share of packets that are sent twice";
        Set corrupt: Share = header, ip ["corrupt"], "the share of packets in which one bit is changed";
        Set reorder: Share = header, ip ["reorder"],
            "the share of packets that are not delayed, and so overtake others; needs `delay`";
        Set rate: Rate = header, ip ["rate"], "how fast packets are sent";
        Set direction: Direction = header, ip [],
            "what is shaped: what the link sends (out), what it receives (in: its other end shapes it, or an ifb where that is in no namespace of the lab), or both; default out";
        Set limit: Packets = header, ip ["limit"],
            "how many packets may wait, those that are delayed among them; default 1000, and what `rate` and `delay` keep under way";
    }
}

pub type Packets = Between<1, 10_000_000>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Out,
    In,
    Both,
}

impl Words for Direction {
    const WORDS: &'static [(&'static str, Self)] =
        &[("out", Direction::Out), ("in", Direction::In), ("both", Direction::Both)];
}

/// netem's own default.
const QUEUE: u64 = 1000;
/// A small packet: with larger ones fewer are under way.
const SMALL: u64 = 200;

impl Shape {
    pub fn check(&self) -> Result<()> {
        let needs = |what: &str| Err(Error::argument(format!("{what} needs delay")));
        match self.delay.is_some_and(|delay| delay.0 > 0) {
            false if self.jitter.is_some() => needs("jitter"),
            false if self.reorder.is_some() => needs("reorder"),
            _ => Ok(()),
        }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        Shape { direction: None, ..self.clone() } == Shape::default()
    }

    /// The options that netem alone can do.
    pub fn for_netem(&self) -> Vec<&'static str> {
        const OTHERS: &[&str] = &["loss", "rate", "limit", "direction"];
        let given = Self::ROWS.iter().filter(|row| (row.get)(self).is_some());
        given.map(|row| row.name).filter(|name| !OTHERS.contains(name)).collect()
    }

    /// How many packets may wait: a queue, and what is under way because of the delay.
    pub fn packets(&self) -> u32 {
        let nanoseconds = |span: &Option<Span>| span.map_or(0, |span| span.0);
        let seconds = (nanoseconds(&self.delay) + 3 * nanoseconds(&self.jitter)) as f64 / 1e9;
        // Without a rate, as many as a fast link carries in segments of 64 KB.
        let per_second = self.rate.map_or(50_000.0, |rate| (rate.bytes() / SMALL) as f64);
        let all = QUEUE + (per_second * seconds).min(9e6) as u64;
        self.limit.map_or(all as u32, |limit| limit.0)
    }
}

/// As `tc qdisc show` writes it: `delay 50ms 5ms loss 1% rate 10mbit`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |row: &Row<Self>| {
            let value = (row.word)(self)?;
            let more =
                self.jitter.filter(|_| row.name == "delay").map(|jitter| format!(" {}", jitter.word()));
            Some(format!("{} {value}{}", row.words.first()?, more.unwrap_or_default()))
        };
        f.write_str(&Self::ROWS.iter().filter_map(word).collect::<Vec<_>>().join(" "))
    }
}

impl Shape {
    /// As `tc` takes it behind the kind of the discipline, with the limits that are set.
    pub fn words(&self, kind: &str) -> Vec<String> {
        let text = match kind {
            TBF => {
                let rate = Shape { rate: self.rate, ..Shape::default() };
                format!("{rate} burst {} limit {}", self.burst(), self.bytes())
            }
            PFIFO => format!("limit {}", self.packets()),
            _ => Shape { limit: Some(Between(self.packets())), ..self.clone() }.to_string(),
        };
        text.split(' ').map(str::to_owned).collect()
    }
}
