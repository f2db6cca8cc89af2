//! Sends a probe, and watches it on all links of the namespaces on its way.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::Question;
use super::fault::Way;
use super::packet::Proto;
use super::snapshot::Space;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::net::namespace::Namespace;
use crate::net::nf::trace::{self, Dropped, Tracer};
use crate::probe::capture::{self, Capture, Direction, Filter, Packet, Place, Recording, Transport};
use crate::probe::ping::{self, EchoRequests};
use crate::probe::{capture as watch, tcp, udp};

/// Enough of a packet to tell it by.
const SNAPLEN: u32 = 128;

/// Where the probe, or an answer to it, was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    pub namespace: String,
    pub dev: String,
    pub inward: bool,
    /// It was for another hardware address.
    pub foreign: bool,
    pub way: Way,
    pub src: IpAddr,
    pub dst: IpAddr,
    /// Source and destination, of TCP and UDP.
    pub ports: Option<(u16, u16)>,
}

/// What came of a probe.
#[derive(Default)]
pub struct Outcome {
    pub answered: bool,
    /// Seconds.
    pub time: Option<f64>,
    /// What was said instead of an answer.
    pub said: Option<String>,
    pub seen: Vec<Sighting>,
    /// What nf_tables dropped, and in which namespace.
    pub dropped: Vec<(String, Way, Dropped)>,
}

/// Sends one probe, and waits so many seconds for an answer.
pub fn send(from: &Namespace, question: &Question, watched: &[&Space], timeout: f64) -> Result<Outcome> {
    let places: Vec<Place<'_>> =
        watched.iter().map(|space| Place { namespace: &space.ns, links: Vec::new() }).collect();
    let recording = Recording {
        filter: Filter { protos: vec![of_capture(question)], ..Filter::default() },
        snaplen: SNAPLEN,
        last: true,
        ..Recording::default()
    };
    let capture = capture::start(&places, recording)?;
    let mut tracers = tracers(watched, question.packet().number());
    let mut outcome = probe(from, question, timeout)?;
    let identity = look(&capture, from, question, &mut outcome);
    capture.stop();
    for (name, tracer) in &mut tracers {
        let way = |header: &[u8]| way_of(header, question, identity, name == from.name());
        for dropped in tracer.dropped(|header| way(header).is_some())? {
            outcome.dropped.extend(way(&dropped.transport).map(|way| (name.clone(), way, dropped)));
        }
    }
    Ok(outcome)
}

fn of_capture(question: &Question) -> watch::Proto {
    match (question.proto, question.target.is_ipv4()) {
        (Proto::Icmp, true) => watch::Proto::Icmp,
        (Proto::Icmp, false) => watch::Proto::Icmp6,
        (Proto::Tcp, _) => watch::Proto::Tcp,
        (Proto::Udp, _) => watch::Proto::Udp,
    }
}

/// Traces nf_tables where it has tables. On a kernel that can't, rules are found by other means or not at all.
fn tracers(watched: &[&Space], protocol: u8) -> Vec<(String, Tracer)> {
    let start = |space: &&Space| Some((space.name().to_owned(), trace::start(&space.ns, protocol).ok()??));
    watched.iter().filter_map(start).collect()
}

fn probe(from: &Namespace, question: &Question, timeout: f64) -> Result<Outcome> {
    let begin = Instant::now();
    let result = match question.proto {
        Proto::Icmp => return echo(from, question, timeout),
        Proto::Tcp => {
            tcp::connect(from, &[question.target], &question.socket, Deadline::secs(timeout)).map(drop)
        }
        Proto::Udp => udp::request(from, question.target, &[], &question.socket, timeout, 1).map(drop),
    };
    let time = begin.elapsed().as_secs_f64();
    match result {
        Ok(()) => Ok(Outcome { answered: true, time: Some(time), ..Outcome::default() }),
        Err(e) => unsent(e),
    }
}

/// An error that says what became of the packet is an answer to the question.
fn unsent(e: Error) -> Result<Outcome> {
    match e.kind() {
        Kind::Interrupted | Kind::Argument | Kind::Unsupported | Kind::NotFound => Err(e),
        _ => Ok(Outcome { said: Some(e.message()), ..Outcome::default() }),
    }
}

fn echo(from: &Namespace, question: &Question, timeout: f64) -> Result<Outcome> {
    let options = EchoRequests {
        count: Some(1),
        timeout,
        size: question.size.unwrap_or(56),
        socket: question.socket.clone(),
        ..EchoRequests::default()
    };
    let report = match ping::ping(from, &question.name, question.target, &options) {
        Ok(report) => report,
        Err(e) => return unsent(e),
    };
    Ok(Outcome {
        answered: report.received > 0,
        time: report.rtt.map(|rtt| rtt.avg),
        said: report.errors.last().map(ToString::to_string),
        ..Outcome::default()
    })
}

/// Finds the probe and its answers among what was captured. Returns what tells them apart: the id of ICMP, or our port.
fn look(capture: &Capture, from: &Namespace, question: &Question, outcome: &mut Outcome) -> Option<u16> {
    let packets = capture.packets(&Filter::default());
    let target = question.target.ip();
    let is_probe = |packet: &&std::sync::Arc<Packet>| {
        let begins = packet.direction == Direction::Out && *packet.link.namespace == *from.name();
        begins && packet.layers.dst() == Some(target) && forth(&packet.layers.transport).is_some()
    };
    let identity = packets.iter().find(is_probe).and_then(|packet| forth(&packet.layers.transport))?;
    outcome.seen.extend(packets.iter().filter_map(|packet| sighting(packet, identity)));
    Some(identity)
}

/// The id of an echo request, or the source port.
fn forth(transport: &Transport) -> Option<u16> {
    match transport {
        Transport::Icmp(icmp) if icmp.kind == 8 => icmp.id,
        Transport::Icmp6(icmp) if icmp.kind == 128 => icmp.id,
        Transport::Tcp(tcp) => Some(tcp.sport),
        Transport::Udp(udp) => Some(udp.sport),
        _ => None,
    }
}

/// The id of an echo reply, or the destination port.
fn back(transport: &Transport) -> Option<u16> {
    match transport {
        Transport::Icmp(icmp) if icmp.kind == 0 => icmp.id,
        Transport::Icmp6(icmp) if icmp.kind == 129 => icmp.id,
        Transport::Tcp(tcp) => Some(tcp.dport),
        Transport::Udp(udp) => Some(udp.dport),
        _ => None,
    }
}

fn sighting(packet: &Packet, identity: u16) -> Option<Sighting> {
    let way = match &packet.layers.transport {
        transport if forth(transport) == Some(identity) => Way::Forth,
        transport if back(transport) == Some(identity) => Way::Back,
        _ => return None,
    };
    Some(Sighting {
        namespace: packet.link.namespace.to_string(),
        dev: packet.link.name.clone(),
        inward: packet.direction.is_in(),
        foreign: packet.direction == Direction::Other,
        way,
        src: packet.layers.src()?,
        dst: packet.layers.dst()?,
        ports: packet.layers.ports(),
    })
}

/// Whether a dropped packet is the probe, or an answer to it. One that never left has no identity yet.
fn way_of(bytes: &[u8], question: &Question, identity: Option<u16>, at_origin: bool) -> Option<Way> {
    let word = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let is = |number: Option<u16>| match identity {
        Some(identity) => number == Some(identity),
        None => at_origin,
    };
    match question.proto {
        Proto::Icmp => match bytes.first()? {
            8 | 128 => is(word(4)).then_some(Way::Forth),
            0 | 129 => is(word(4)).then_some(Way::Back),
            _ => None,
        },
        _ if is(word(0)) => Some(Way::Forth),
        _ if is(word(2)) => Some(Way::Back),
        _ => None,
    }
}

/// Seconds that the shaping of all links together may hold a packet back.
pub fn delays(spaces: &[Space]) -> f64 {
    let links = spaces.iter().flat_map(|space| space.links.iter().map(move |link| (space, link)));
    let shaped = links.filter(|(_, link)| link.common.qdisc.as_ref().is_some_and(|q| q.0 == "netem"));
    let delay = |(space, link): (&Space, &crate::net::link::Link)| {
        let shape = crate::net::tc::get(&space.ns, link.index()).ok().flatten()?;
        let nanoseconds = shape.delay.map_or(0, |d| d.0) + 3 * shape.jitter.map_or(0, |j| j.0);
        Some(nanoseconds as f64 / 1e9)
    };
    shaped.filter_map(delay).sum()
}

impl Question {
    /// Where it goes, for people: `8.8.8.8`, or with its port.
    pub fn to(&self) -> String {
        let address: SocketAddr = self.target;
        match self.proto {
            Proto::Icmp => address.ip().to_string(),
            _ => address.to_string(),
        }
    }
}
