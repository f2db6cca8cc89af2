//! What a link does to the packets that it sends: delay, loss, rate. The queueing discipline netem does it
//! (tc-netem(8)), or tbf (tc-tbf(8)) where the kernel has no netem and only a rate is asked for.

use std::fmt;
use std::rc::Rc;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use nix::errno::Errno;

use super::qdisc;
use super::units::{Rate, Share, Span};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Between, Field, Row, Table, Words, table};
use crate::net::done::Done;
use crate::net::link::{self, find};
use crate::net::namespace::{Namespace, Namespaces};

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
            "what is shaped: what the link sends (out), what it receives (in: its other end sends it), or both; default out";
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

/// Where packets are shaped: a link, by its index.
type Place = (Rc<Namespace>, u32);

/// Shapes a link, as `tc qdisc replace dev NAME root netem ...`; in both directions or none. What waits in its queues
/// stays there.
///
/// Raises `unsupported` where the kernel lacks netem and more than a rate is asked for, and for the direction `in` of
/// a link that is no veth, or whose other end is in a namespace that nsh doesn't know.
pub fn set(all: &Namespaces, ns: &Rc<Namespace>, name: &str, shape: &Shape) -> Result<()> {
    shape.check()?;
    let near = (ns.clone(), find::require_index(ns, name)?);
    let far = || {
        far_end(all, &near)?.ok_or_else(|| {
            Error::new(Kind::Unsupported, "the other end is in no namespace of the lab")
                .hint("a veth pair has both ends; of other links shape what is sent, at each end")
        })
    };
    let places = match shape.direction.unwrap_or(Direction::Out) {
        Direction::Out => vec![near],
        Direction::In => vec![far()?],
        Direction::Both => vec![far()?, near],
    };
    let mut done: Vec<(&Place, Option<Shape>)> = Vec::new();
    for place in &places {
        let before = get(&place.0, place.1)?;
        if let Err(e) = shape_one(place, shape) {
            // Both or none: the other end is again as it was.
            for (other, before) in done {
                let _ = before.map_or_else(|| restore(other), |before| shape_one(other, &before));
            }
            return Err(e);
        }
        done.push((place, before));
    }
    Ok(())
}

fn shape_one((ns, index): &Place, shape: &Shape) -> Result<()> {
    let missing = |e: &Error| e.raw() == Some(Errno::ENOENT);
    let replace =
        |kind: &str, options: &[u8]| qdisc::add(ns, *index, NLM_F_CREATE | NLM_F_REPLACE, kind, options);
    let kind = match replace(NETEM, &shape.netem()) {
        Err(e) if missing(&e) && shape.is_rate() => {
            replace(TBF, &shape.tbf())?;
            TBF
        }
        Err(e) if missing(&e) => {
            return Err(e.with_kind(Kind::Unsupported).hint(
                "this kernel has no netem (CONFIG_NET_SCH_NETEM): load it on the machine (modprobe sch_netem), or take a \
                 kernel that has it; a rate alone works without",
            ));
        }
        result => result.map(|()| NETEM)?,
    };
    if let Some(name) = find::name(ns, *index)? {
        ns.report(Done::LinkShaped(&name, kind, shape));
    }
    Ok(())
}

/// Takes the shaping of both directions away, as `tc qdisc del dev NAME root`.
pub fn del(all: &Namespaces, ns: &Rc<Namespace>, name: &str) -> Result<()> {
    let near = (ns.clone(), find::require_index(ns, name)?);
    far_end(all, &near)?.into_iter().chain([near]).try_for_each(|place| restore(&place))
}

/// Takes the shaping away. What others have set stays.
fn restore((ns, index): &Place) -> Result<()> {
    let shapes = |kind: &str, _: &[u8]| [NETEM, TBF].into_iter().find(|ours| *ours == kind);
    let Some(kind) = qdisc::root(ns, *index, shapes)? else { return Ok(()) };
    qdisc::del(ns, *index, kind)?;
    if let Some(name) = find::name(ns, *index)? {
        ns.report(Done::LinkUnshaped(&name));
    }
    Ok(())
}

/// How the link with this index shapes what it sends, if it does.
pub fn get(ns: &Namespace, index: u32) -> Result<Option<Shape>> {
    qdisc::root(ns, index, read)
}

pub(super) fn read(kind: &str, options: &[u8]) -> Option<Shape> {
    match kind {
        NETEM => Shape::of_netem(options),
        TBF => Shape::of_tbf(options),
        _ => None,
    }
}

/// The other end of a veth, where it is known.
fn far_end(all: &Namespaces, (ns, index): &Place) -> Result<Option<Place>> {
    let Some(near) = link::by_index(ns, *index)? else { return Ok(None) };
    let (true, Some(index)) = (near.kind.as_deref() == Some("veth"), near.link_index()) else {
        return Ok(None);
    };
    let ns = match near.link_netnsid() {
        None => Some(ns.clone()),
        Some(nsid) => all.by_nsid(ns, nsid)?.map(|name| all.get(&name)).transpose()?.flatten(),
    };
    Ok(ns.map(|ns| (ns, index)))
}

pub const NETEM: &str = "netem";
pub const TBF: &str = "tbf";

/// netem's own default.
const QUEUE: u64 = 1000;
/// A small packet: with larger ones fewer are under way.
const SMALL: u64 = 200;

impl Shape {
    fn check(&self) -> Result<()> {
        let needs = |what: &str| Err(Error::argument(format!("{what} needs delay")));
        match self.delay.is_some_and(|delay| delay.0 > 0) {
            false if self.jitter.is_some() => needs("jitter"),
            false if self.reorder.is_some() => needs("reorder"),
            _ => Ok(()),
        }
    }

    /// Whether only tbf is needed for it.
    fn is_rate(&self) -> bool {
        let others = Shape { rate: None, limit: None, direction: None, ..self.clone() };
        self.rate.is_some() && others == Shape::default()
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
            _ => Shape { limit: Some(Between(self.packets())), ..self.clone() }.to_string(),
        };
        text.split(' ').map(str::to_owned).collect()
    }
}
