//! What a link does to the packets that it sends: delay, loss, rate (tc-netem(8), tc-tbf(8)).

use std::fmt;

use ipnetwork::IpNetwork;

use super::units::{Rate, Share, Span};
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
        Set delay_correlation: Share = header, ip [], "how far a delay depends on the one before";
        Set loss_correlation: Share = header, ip [], "how far a loss depends on the one before";
        Set duplicate_correlation: Share = header, ip [], "how far a duplicate depends on the one before";
        Set corrupt_correlation: Share = header, ip [], "how far a changed bit depends on the one before";
        Set reorder_correlation: Share = header, ip [], "how far reordering depends on the packet before";
        Set gap: Count = header, ip ["gap"], "only one packet of so many may overtake others";
        Set ecn: bool = header, ip ["ecn"], "packets are marked instead of lost, where both ends know that";
    } and {
        /// Losses that come in bursts, instead of `loss`.
        pub loss_model: Option<LossModel>,
        /// Packets that leave in groups.
        pub slot: Option<Slot>,
        /// How what it sends to these is shaped instead.
        pub to: Vec<Peer>,
    }
}

/// A peer, or a network of peers, and how packets to it are shaped.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// The network as people write it.
    pub name: String,
    pub net: IpNetwork,
    pub shape: Shape,
}

impl Peer {
    pub fn new(net: IpNetwork, shape: Shape) -> Self {
        let host = net.prefix() == if net.is_ipv4() { 32 } else { 128 };
        let name = if host { net.ip().to_string() } else { net.to_string() };
        Peer { name, net, shape }
    }
}

table! {
    /// Losses that come in bursts (tc-netem(8)): the model of Gilbert and Elliott (`p` and on), or that of four states
    /// (`p13` and on).
    pub struct LossModel {
        Set p: Share = header, ip [], "Gilbert-Elliott: how often the good state turns bad, by packet";
        Set r: Share = header, ip [], "how often the bad state turns good; default 100% less `p`";
        Set bad: Share = header, ip [], "the share that is lost in the bad state (tc's 1-h); default 100%";
        Set good: Share = header, ip [], "the share that is lost in the good state (tc's 1-k); default none";
        Set p13: Share = header, ip [], "four states: how often a burst of losses begins";
        Set p31: Share = header, ip [], "how often such a burst ends; default 100% less `p13`";
        Set p32: Share = header, ip [], "how often a packet gets through within a burst; default none";
        Set p23: Share = header, ip [], "how often the burst goes on after that; default 100%";
        Set p14: Share = header, ip [], "how often a single packet is lost; default none";
    }
}

table! {
    /// Packets that leave in groups, as on a radio link (tc-netem(8), `slot`).
    pub struct Slot {
        Set min: Span = header, ip [], "how long at least until the next group leaves";
        Set max: Span = header, ip [], "how long at most; default `min`";
        Set packets: Count = header, ip [], "how many packets a group has at most";
        Set bytes: Count = header, ip [], "how many bytes a group has at most";
    }
}

pub type Count = Between<1, 2_147_483_647>;

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
            false if self.jitter.is_some() => return needs("jitter"),
            false if self.reorder.is_some() => return needs("reorder"),
            _ => {}
        }
        let alone = [
            (self.delay_correlation.is_some() && self.jitter.is_none(), "delay_correlation needs jitter"),
            (self.loss_correlation.is_some() && self.loss.is_none(), "loss_correlation needs loss"),
            (
                self.duplicate_correlation.is_some() && self.duplicate.is_none(),
                "duplicate_correlation needs duplicate",
            ),
            (
                self.corrupt_correlation.is_some() && self.corrupt.is_none(),
                "corrupt_correlation needs corrupt",
            ),
            (
                self.reorder_correlation.is_some() && self.reorder.is_none(),
                "reorder_correlation needs reorder",
            ),
            (self.gap.is_some() && self.reorder.is_none(), "gap needs reorder"),
        ];
        if let Some((_, text)) = alone.iter().find(|(wrong, _)| *wrong) {
            return Err(Error::argument(*text));
        }
        if let (Some(_), Some(_)) = (&self.loss_model, self.loss) {
            return Err(Error::argument("loss and loss_model exclude each other"));
        }
        self.loss_model.as_ref().map_or(Ok(()), LossModel::check)?;
        self.slot.as_ref().map_or(Ok(()), Slot::check)?;
        let sends = matches!(self.direction, None | Some(Direction::Out));
        if !self.to.is_empty() && !sends {
            return Err(Error::argument("to is for what the link sends: leave direction out"));
        }
        let mut nets: Vec<IpNetwork> = self.to.iter().map(|peer| peer.net).collect();
        nets.sort();
        if let Some(twice) = nets.windows(2).find(|two| two[0] == two[1]) {
            return Err(Error::argument(format!("to: {} is given twice", twice[0])));
        }
        self.to.iter().try_for_each(|peer| {
            peer.shape.check().map_err(|e| Error::argument(format!("to {}: {}", peer.name, e.message())))
        })
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        Shape { direction: None, ..self.clone() } == Shape::default()
    }

    /// The options that netem alone can do.
    pub fn for_netem(&self) -> Vec<&'static str> {
        const OTHERS: &[&str] = &["loss", "rate", "limit", "direction"];
        let given = Self::ROWS.iter().filter(|row| (row.get)(self).is_some());
        let models = [self.loss_model.as_ref().map(|_| "loss_model"), self.slot.as_ref().map(|_| "slot")];
        let rows = given.map(|row| row.name).filter(|name| !OTHERS.contains(name));
        rows.chain(models.into_iter().flatten()).collect()
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

impl LossModel {
    fn check(&self) -> Result<()> {
        let given: Vec<&str> =
            Self::ROWS.iter().filter(|row| (row.get)(self).is_some()).map(|row| row.name).collect();
        let four = |name: &&&str| name.starts_with('p') && name.len() == 3;
        match given.first() {
            Some(&"p") if !given.iter().any(|name| four(&name)) => Ok(()),
            Some(&"p13") => Ok(()),
            _ if given.iter().any(|name| four(&name)) && given.len() > given.iter().filter(four).count() => {
                Err(Error::argument("loss_model: p, r, bad and good are of another model than p13 and on"))
            }
            _ => Err(Error::argument("loss_model needs p (Gilbert-Elliott) or p13 (four states)")),
        }
    }

    /// Whether it is that of four states, and its numbers in the kernel's order.
    pub fn parts(&self) -> (bool, Vec<u32>) {
        let part = |share: Option<Share>, otherwise: u32| share.map_or(otherwise, |share| share.0);
        let (p, p13) = (part(self.p, 0), part(self.p13, 0));
        match self.p13 {
            Some(_) => {
                let others = [
                    part(self.p31, u32::MAX - p13),
                    part(self.p32, 0),
                    part(self.p14, 0),
                    part(self.p23, u32::MAX),
                ];
                (true, [&[p13], others.as_slice()].concat())
            }
            // The kernel has the share that gets through.
            None => {
                let h = u32::MAX - part(self.bad, u32::MAX);
                (false, vec![p, part(self.r, u32::MAX - p), h, part(self.good, 0)])
            }
        }
    }

    pub fn of_parts(four: bool, parts: &[u32]) -> Option<Self> {
        let none = LossModel::default();
        Some(match (four, parts) {
            (true, &[p13, p31, p32, p14, p23, ..]) => LossModel {
                p13: Some(Share(p13)),
                p31: Some(Share(p31)),
                p32: Some(Share(p32)),
                p14: Some(Share(p14)),
                p23: Some(Share(p23)),
                ..none
            },
            (false, &[p, r, h, k, ..]) => LossModel {
                p: Some(Share(p)),
                r: Some(Share(r)),
                bad: Some(Share(u32::MAX - h)),
                good: Some(Share(k)),
                ..none
            },
            _ => return None,
        })
    }

    /// As `tc` takes it.
    fn text(&self) -> String {
        let (four, mut parts) = self.parts();
        if four {
            // `tc` takes p23 before p14.
            parts.swap(3, 4);
        } else {
            parts[2] = u32::MAX - parts[2];
        }
        let words: Vec<String> = parts.into_iter().map(|part| Share(part).word()).collect();
        format!("loss {} {}", if four { "state" } else { "gemodel" }, words.join(" "))
    }
}

impl Slot {
    fn check(&self) -> Result<()> {
        match (self.min, self.max) {
            (None, _) => Err(Error::argument("slot needs min")),
            (Some(min), Some(max)) if max.0 < min.0 => Err(Error::argument("slot: max is less than min")),
            _ => Ok(()),
        }
    }

    /// As `tc` takes it.
    fn text(&self) -> String {
        let min = self.min.unwrap_or(Span(0));
        let mut out = format!("slot {} {}", min.word(), self.max.unwrap_or(min).word());
        for (name, count) in [("packets", self.packets), ("bytes", self.bytes)] {
            if let Some(count) = count {
                out.push_str(&format!(" {name} {}", count.0));
            }
        }
        out
    }
}

/// A share that stands behind another.
fn after(share: Option<Share>) -> String {
    share.map_or(String::new(), |share| format!(" {}", share.word()))
}

/// As `tc qdisc show` writes it: `delay 50ms 5ms loss 1% rate 10mbit`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |row: &Row<Self>| {
            let keyword = row.words.first()?;
            if row.name == "ecn" {
                return self.ecn.filter(|ecn| *ecn).map(|_| (*keyword).to_owned());
            }
            let value = (row.word)(self)?;
            let more = match row.name {
                "delay" => self.varied(),
                "loss" => after(self.loss_correlation),
                "duplicate" => after(self.duplicate_correlation),
                "corrupt" => after(self.corrupt_correlation),
                "reorder" => after(self.reorder_correlation),
                _ => String::new(),
            };
            Some(format!("{keyword} {value}{more}"))
        };
        let models = [self.loss_model.as_ref().map(LossModel::text), self.slot.as_ref().map(Slot::text)];
        let peer = |peer: &Peer| format!("to {} {}", peer.name, peer.shape).trim_end().to_owned();
        let own = Self::ROWS.iter().filter_map(word).chain(models.into_iter().flatten());
        f.write_str(&own.chain(self.to.iter().map(peer)).collect::<Vec<_>>().join(" "))
    }
}

impl Shape {
    /// How the delay varies, as it stands behind that.
    fn varied(&self) -> String {
        let jitter = self.jitter.map_or(String::new(), |jitter| format!(" {}", jitter.word()));
        jitter + &after(self.delay_correlation.filter(|_| self.jitter.is_some()))
    }

    /// As `tc` takes it behind the kind of the discipline netem, with the limit that is set.
    pub fn netem_text(&self) -> String {
        Shape { limit: Some(Between(self.packets())), to: Vec::new(), ..self.clone() }.to_string()
    }
}
