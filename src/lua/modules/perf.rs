//! `perf`: throughput between two namespaces.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::namespace;
use super::traffic::{self, Names, host, seconds, settled};
use crate::base::error::{Error, Kind};
use crate::lua::registry::Module;
use crate::lua::schema::{
    Cx, Failure, Function, Record, Wrong, field, options, opts, param, record, ret, ty,
};
use crate::model::Words;
use crate::net::hosts;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::tc::Rate;
use crate::probe::endpoint::Host;
use crate::probe::perf::{self, Direction, Options, Part, Perf, Proto, Rtt, Way};
use crate::probe::socket::SocketOptions;

/// Seconds unless told.
const TIME: f64 = 2.0;
/// Bits per second of UDP unless told, as iperf3's.
const UDP_RATE: u64 = 1_000_000;

options! {
    struct PerfOptions = "nsh.perf.Options" {
        proto: Proto, ty::one_of(Proto::WORDS), "tcp or udp; default tcp";
        time: Option<f64>, seconds(), "seconds to measure; default 2, with `bytes` until all has arrived";
        bytes: Option<u64>, ty::int(1..=1_000_000_000_000_000), "bytes to send in each direction, instead of a time or at most in it";
        rate: Option<Rate>, field::<Rate>(), "how fast to send, over all streams: \"10mbit\"; default 1mbit of udp, and as fast as possible of tcp";
        flood: bool, ty::boolean(), "udp as fast as possible";
        parallel: usize = 1, ty::int(1..=128).map(|n: u16| usize::from(n)), "streams at once; default 1";
        reverse: bool, ty::boolean(), "the other one sends";
        both: bool, ty::boolean(), "both send at once";
        interval: f64 = 1.0, ty::number(0.01..=86_400.0), "seconds of an interval of `intervals`; default 1";
        omit: f64, seconds(), "seconds at the beginning that don't count; default 0";
        size: Option<usize>, ty::int(1..=1 << 20).map(|n: u32| n as usize),
            "bytes of a datagram's payload, 20 to 65507, default what the path takes in one piece; those handed to tcp at once, default 131072";
        port: u16, ty::int::<u16>(0..=65535), "the port of the receiving side; default 0, a free one";
        at: Option<Rc<Namespace>>, namespace::ty(),
            "the namespace to measure to, which takes what comes to any of its addresses; default the one that has the address";
        congestion: Option<String>, ty::string(), "tcp's congestion control, such as \"cubic\"; default net.ipv4.tcp_congestion_control";
        show: bool, ty::boolean(), "print each interval when it has ended";
        timeout: f64 = 5.0, seconds(), "seconds until it must be connected, and without anything that arrives when `bytes` are sent; default 5";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..socket: SocketOptions, traffic::socket();
    }
}

fn wrong<T>(field: &'static str, text: impl Into<String>) -> Result<T, Failure> {
    Err(Wrong::new(text.into()).within(field).into())
}

fn checked(options: &PerfOptions) -> Result<Options, Failure> {
    let udp = options.proto == Proto::Udp;
    let direction = match (options.reverse, options.both) {
        (true, true) => return wrong("opts.reverse", "both send already, by `both`"),
        (true, false) => Direction::Back,
        (false, true) => Direction::Both,
        (false, false) => Direction::Forth,
    };
    let rate = match (options.rate, options.flood) {
        (Some(_), true) => return wrong("opts.flood", "there is a rate, too"),
        (_, true) if !udp => return wrong("opts.flood", "tcp sends as fast as possible without it"),
        (Some(rate), false) => Some(rate.0),
        (None, false) if udp => Some(UDP_RATE),
        (None, _) => None,
    };
    if udp && options.congestion.is_some() {
        return wrong("opts.congestion", "udp has none");
    }
    match options.size {
        Some(size) if udp && !(perf::HEADER..=perf::LARGEST).contains(&size) => {
            let text =
                format!("a datagram has from {} to {} bytes here, not {size}", perf::HEADER, perf::LARGEST);
            return wrong("opts.size", text);
        }
        _ => {}
    }
    let (time, bytes) = (options.time, options.bytes);
    if time == Some(0.0) {
        return wrong("opts.time", "expected more than 0 seconds");
    }
    Ok(Options {
        proto: options.proto,
        direction,
        parallel: options.parallel,
        time: time.or(bytes.is_none().then_some(TIME)),
        bytes,
        omit: options.omit,
        interval: options.interval,
        rate,
        size: options.size,
        port: options.port,
        any: options.at.is_some(),
        congestion: options.congestion.clone(),
        show: options.show,
        timeout: options.timeout,
        socket: options.socket.clone(),
    })
}

/// The namespace that has the target.
fn server(cx: &Cx<'_>, host: &Host, target: IpAddr) -> Result<Rc<Namespace>, Failure> {
    if target.is_loopback() {
        return Ok(cx.ns.clone());
    }
    if let Host::Name(name) = host
        && let Some(ns) = cx.lab.namespaces.get(name)?
    {
        return Ok(ns);
    }
    match hosts::owners(&cx.lab.namespaces)?.get(&target) {
        Some(name) => Ok(cx.lab.namespaces.require(name)?),
        None => Err(Error::new(
            Kind::NotFound,
            format!("no namespace of the lab, or more than one, has {target}"),
        )
        .hint("at = \"ns2\" names the one to measure to")
        .into()),
    }
}

fn run(cx: &Cx<'_>, host: &Host, options: &PerfOptions) -> Result<Perf, Failure> {
    let checked = checked(options)?;
    settled(cx)?;
    let found = host.resolve(cx.ns, &Names(cx), options.socket.family(host, options.family), 0)?;
    let target: SocketAddr =
        *found.first().ok_or_else(|| Error::argument(format!("{host} has no address")))?;
    let server = match &options.at {
        Some(at) => at.clone(),
        None => server(cx, host, target.ip())?,
    };
    Ok(perf::perf(cx.ns, &server, (&host.to_string(), target), &checked)?)
}

fn rtt() -> Record<Rtt> {
    record!(Rtt = "nsh.PerfRtt", "Round-trip times in seconds, as TCP measured them, every tenth of a second." => {
        min: r => r.min, "the shortest";
        avg: r => r.avg, "the mean";
        max: r => r.max, "the longest";
    })
    .plain()
}

/// What a part of the time or of the streams has.
macro_rules! part {
    ($name:literal, $doc:literal) => {
        record!(Part = $name, $doc => {
            start: p => p.start, "seconds since the beginning of what counts";
            time: p => p.time(), "seconds that it took";
            bytes: p => p.bytes, "bytes of data that arrived";
            rate: p => p.rate(), "bits of data per second that arrived";
            sent: p => p.sent, "bytes of data that were sent";
            sent_rate: p => p.sent_rate(), "bits of data per second that were sent";
            retransmits: p => p.tcp.map(|t| t.retransmits), "segments that were sent again, of tcp";
            cwnd: p => p.tcp.map(|t| t.cwnd), "the congestion window at the end in bytes, of tcp";
            datagrams: p => p.udp.map(|u| u.sent), "datagrams that were sent, of udp";
            received: p => p.udp.map(|u| u.received), "datagrams that arrived, without duplicates";
            lost: p => p.udp.map(|u| u.lost), "datagrams that did not arrive";
            loss: p => p.udp.map(|u| u.loss()), "their share, 0 to 1";
            out_of_order: p => p.udp.map(|u| u.out_of_order), "datagrams that arrived behind later ones";
            duplicates: p => p.udp.map(|u| u.duplicates), "datagrams that arrived once more";
            jitter: p => p.udp.map(|u| u.jitter), "how much their time on the way varies, in seconds (RFC 3550), of udp";
        })
    };
}

fn way(name: &'static str) -> Record<Way> {
    Record::<Way>::of(name, "What passed in one direction.")
        .field("from", "the namespace that sends", |w: &Way| w.from.clone())
        .field("to", "the one that receives", |w: &Way| w.to.clone())
        .include(part!("nsh.PerfTotal", "What passed in all.").plain(), |w| Some(&w.total))
        .record("rtt", rtt(), "round-trip times, of tcp", |w| w.rtt.as_ref())
        .list(
            "intervals",
            part!("nsh.PerfInterval", "What passed in an interval.").plain(),
            "what passed in each interval",
            |w| &w.intervals,
        )
        .list(
            "streams",
            part!("nsh.PerfStream", "What passed in a stream.").plain(),
            "what passed in each stream",
            |w| &w.streams,
        )
        .plain()
}

fn result() -> Record<Perf> {
    record!(Perf = "nsh.Perf", "What came of a measurement. Prints as the summary of iperf3." => {
        dst: p => p.name.clone(), "the target, as it was given";
        addr: p => p.addr.ip().to_string(), "its address";
        port: p => p.addr.port(), "its port";
        proto: p => p.proto.name(), "tcp or udp";
    })
    .include(way("nsh.PerfForth"), |p| Some(&p.way))
    .record("back", way("nsh.PerfBack"), "the other direction, of `both`", |p| p.back.as_ref())
    .shown(Perf::to_string)
}

pub fn module() -> Module {
    Module::new(
        "perf",
        "Throughput between two namespaces of the lab, of TCP and UDP, as iperf3 measures it.",
    )
    .callable(
        Function::new(
            "perf",
            (
                param("dst", host(), "the target: a namespace, or an address that one has"),
                opts(PerfOptions::shape()),
            ),
            ret::record(result(), "what came of it"),
            |cx, (host, options)| run(cx, &host, &options),
        )
        .doc(
            "Sends as much as passes, and counts what arrives. Both ends are nsh's: nothing has to listen there. Rates are of the \
             data alone, as of iperf3: headers come on top. A link of 10 mbit carries 9.56 mbit of TCP's data, and 9.72 mbit of UDP's.\
             \n\nRaises what tcp.connect raises; `timeout` if no datagram arrives at the beginning, or if `bytes` stop arriving; \
             `connection_reset` if something ends a connection; `not_found` if no namespace has the address.",
        )
        .command("iperf3 -c DST -t TIME -P PARALLEL; -u -b RATE, -R, --bidir"),
    )
}
