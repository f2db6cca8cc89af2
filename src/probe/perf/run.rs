//! The measurement: starts the flows, reads their counters at each interval, and ends them.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::datagram::HEADER;
use super::flow::{Flow, Shared, Task};
use super::open::{Ends, Pair};
use super::{BLOCK, Direction, LARGEST, Options, Part, Perf, Proto, Rtt, TcpStats, UdpStats, Way, show};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::io::lock;
use crate::net::namespace::Namespace;
use crate::probe::ping::run::seconds;
use crate::probe::socket::{self, explain};

/// How often TCP is asked for its round-trip time.
const TICK: Duration = Duration::from_millis(100);
/// Datagrams on their way when the sender ends are waited for so long at most, and until nothing came for so long.
const DRAIN: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_millis(250);
/// A last interval that is a smaller part of one is none.
const REST: f64 = 0.05;
/// A part of a second in which a paced sender of TCP hands over one block.
const BLOCKS: f64 = 100.0;

/// What a flow has counted so far.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sent: u64,
    bytes: u64,
    tcp: TcpStats,
    udp: UdpStats,
}

impl Count {
    fn of(flow: &Shared, proto: Proto) -> Count {
        let sent = flow.sent.load(SeqCst);
        if proto == Proto::Tcp {
            let tcp = flow.tcp().unwrap_or_default();
            return Count { sent, bytes: flow.received.load(SeqCst), tcp, ..Count::default() };
        }
        let arrivals = lock(&flow.arrivals);
        let udp = UdpStats {
            sent: flow.datagrams.load(SeqCst),
            received: arrivals.received,
            lost: arrivals.missing(),
            out_of_order: arrivals.out_of_order,
            duplicates: arrivals.duplicates,
            jitter: arrivals.jitter,
        };
        Count { sent, bytes: arrivals.bytes, udp, ..Count::default() }
    }

    fn sum(all: &[Count]) -> Count {
        let mut sum = Count::default();
        let n = all.len().max(1) as f64;
        for Count { sent, bytes, tcp, udp } in all {
            sum.sent += sent;
            sum.bytes += bytes;
            sum.tcp.retransmits += tcp.retransmits;
            sum.tcp.cwnd += tcp.cwnd;
            sum.tcp.rtt += tcp.rtt / n;
            sum.udp.sent += udp.sent;
            sum.udp.received += udp.received;
            sum.udp.lost += udp.lost;
            sum.udp.out_of_order += udp.out_of_order;
            sum.udp.duplicates += udp.duplicates;
            sum.udp.jitter += udp.jitter / n;
        }
        sum
    }

    /// What came since an earlier count.
    fn since(&self, before: &Count, (start, end): (f64, f64), proto: Proto) -> Part {
        let tcp = TcpStats { retransmits: self.tcp.retransmits - before.tcp.retransmits, ..self.tcp };
        let udp = UdpStats {
            sent: self.udp.sent - before.udp.sent,
            received: self.udp.received - before.udp.received,
            // One that came late is lost no more.
            lost: self.udp.lost.saturating_sub(before.udp.lost),
            out_of_order: self.udp.out_of_order - before.udp.out_of_order,
            duplicates: self.udp.duplicates - before.udp.duplicates,
            jitter: self.udp.jitter,
        };
        Part {
            start,
            end,
            sent: self.sent - before.sent,
            bytes: self.bytes - before.bytes,
            tcp: (proto == Proto::Tcp).then_some(tcp),
            udp: (proto == Proto::Udp).then_some(udp),
        }
    }
}

/// One direction that is measured.
struct Running {
    proto: Proto,
    from: String,
    to: String,
    flows: Vec<Flow>,
    /// When counting began, and what had been counted by then.
    base: Vec<Count>,
    /// At the last report.
    reported: Count,
    intervals: Vec<Part>,
    rtts: Vec<f64>,
}

impl Running {
    fn counts(&self) -> Vec<Count> {
        self.flows.iter().map(|flow| Count::of(flow.shared(), self.proto)).collect()
    }

    fn begin(&mut self) {
        self.base = self.counts();
        self.reported = Count::sum(&self.base);
        self.rtts.clear();
    }

    fn tick(&mut self) {
        let rtts = self.flows.iter().filter_map(|flow| flow.shared().tcp()).map(|tcp| tcp.rtt);
        self.rtts.extend(rtts.filter(|rtt| *rtt > 0.0));
    }

    /// Ends an interval, and returns it.
    fn report(&mut self, end: f64) -> &Part {
        let now = Count::sum(&self.counts());
        let start = self.intervals.last().map_or(0.0, |last| last.end);
        self.intervals.push(now.since(&self.reported, (start, end), self.proto));
        self.reported = now;
        &self.intervals[self.intervals.len() - 1]
    }

    fn arrived(&self) -> u64 {
        Count::sum(&self.counts()).bytes
    }

    fn all(&self, check: impl Fn(&Shared) -> bool) -> bool {
        self.flows.iter().all(|flow| check(flow.shared()))
    }

    fn finish(self, finals: &[Count], time: f64) -> Way {
        let span = (0.0, time);
        let streams = finals.iter().zip(&self.base).map(|(f, base)| f.since(base, span, self.proto));
        let total = Count::sum(finals).since(&Count::sum(&self.base), span, self.proto);
        Way {
            total,
            rtt: rtt(&self.rtts),
            streams: streams.collect(),
            intervals: self.intervals,
            from: self.from,
            to: self.to,
        }
    }
}

fn rtt(all: &[f64]) -> Option<Rtt> {
    let min = all.iter().copied().reduce(f64::min)?;
    let max = all.iter().copied().reduce(f64::max)?;
    Some(Rtt { min, max, avg: all.iter().sum::<f64>() / all.len() as f64 })
}

struct Measurement<'a> {
    options: &'a Options,
    target: SocketAddr,
    news: Arc<EventFd>,
    ways: Vec<Running>,
    /// When counting began.
    base: Instant,
}

/// Measures what passes between a client and a server at `target`.
///
/// Raises what connecting raises; `timeout` if the bytes that were asked for stop arriving; what ends a connection.
pub fn perf(
    client: &Namespace,
    server: &Namespace,
    (name, target): (&str, SocketAddr),
    options: &Options,
) -> Result<Perf> {
    let ends = Ends { client, server, target };
    let directions: &[bool] = match options.direction {
        Direction::Forth => &[true],
        Direction::Back => &[false],
        Direction::Both => &[true, false],
    };
    let (pairs, addr) = ends.open(options, options.parallel * directions.len())?;
    let news = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
    let start = Instant::now();
    let mut measurement = Measurement { options, target: addr, news, ways: Vec::new(), base: start };
    let size = size(client, addr, options)?;
    let mut pairs = pairs.into_iter();
    for forth in directions {
        let (from, to) = if *forth { (client, server) } else { (server, client) };
        let some = pairs.by_ref().take(options.parallel);
        measurement.start(some, *forth, [from.name(), to.name()], size, start)?;
    }
    measurement.run()?;
    let mut ways = measurement.finish()?.into_iter();
    let Some(way) = ways.next() else { return Err(Error::argument("nothing to measure")) };
    Ok(Perf { name: name.to_owned(), addr, proto: options.proto, way, back: ways.next() })
}

/// Bytes that go at once: as many as the path takes in one piece, of UDP.
fn size(client: &Namespace, target: SocketAddr, options: &Options) -> Result<usize> {
    match (options.proto, options.size, options.rate) {
        (Proto::Udp, Some(size), _) => Ok(size.clamp(HEADER, LARGEST)),
        (Proto::Udp, None, _) => {
            let mtu = socket::path_mtu(client, target, &options.socket).unwrap_or(1500) as usize;
            let headers = if target.is_ipv4() { 28 } else { 48 };
            Ok(mtu.saturating_sub(headers).clamp(HEADER, LARGEST - 20))
        }
        (Proto::Tcp, Some(size), _) => Ok(size),
        (Proto::Tcp, None, None) => Ok(BLOCK),
        (Proto::Tcp, None, Some(rate)) => {
            let each = rate as f64 / 8.0 / BLOCKS / options.parallel as f64;
            Ok((each as usize).clamp(1448, BLOCK))
        }
    }
}

impl Measurement<'_> {
    fn start(
        &mut self,
        pairs: impl Iterator<Item = Pair>,
        forth: bool,
        [from, to]: [&str; 2],
        size: usize,
        start: Instant,
    ) -> Result<()> {
        let Options { proto, parallel, bytes, rate, .. } = *self.options;
        let share = |i: u64| bytes.map(|b| b / parallel as u64 + u64::from(i < b % parallel as u64));
        let rate = rate.map(|rate| rate as f64 / parallel as f64);
        let mut flows = Vec::with_capacity(parallel);
        for (i, Pair { client, server }) in (0..).zip(pairs) {
            let ends = if forth { (client, server) } else { (server, client) };
            flows.push(Flow::start(Task { proto, size, bytes: share(i), rate }, ends, start, &self.news)?);
        }
        let base = vec![Count::default(); flows.len()];
        self.ways.push(Running {
            proto,
            from: from.to_owned(),
            to: to.to_owned(),
            flows,
            base,
            reported: Count::default(),
            intervals: Vec::new(),
            rtts: Vec::new(),
        });
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let options = self.options;
        if options.omit > 0.0 {
            self.until(Some(self.base + seconds(options.omit)), &mut |_, _| {})?;
            self.ways.iter_mut().for_each(Running::begin);
            self.base = Instant::now();
        }
        let interval = seconds(options.interval);
        let mut next = self.base + interval;
        if options.show {
            println!("{}", show::heading(options.proto));
        }
        self.until(options.time.map(|time| self.base + seconds(time)), &mut |measurement, now| {
            if now >= next {
                measurement.report(now);
                // A late one doesn't make up for those that it missed.
                next = (next + interval).max(now);
            }
        })
    }

    /// Waits for the end, and calls `each` at every tick.
    fn until(&mut self, end: Option<Instant>, each: &mut dyn FnMut(&mut Self, Instant)) -> Result<()> {
        let tick = TICK.min(seconds(self.options.interval));
        let mut next = Instant::now() + tick;
        let (mut arrived, mut since) = (0, Instant::now());
        loop {
            let until = end.map_or(next, |end| end.min(next));
            let left = until.saturating_duration_since(Instant::now());
            wait::readable(self.news.as_fd(), Deadline::after(left))?;
            let _ = self.news.read();
            self.check()?;
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) || self.is_over() {
                return Ok(());
            }
            if now < next {
                continue;
            }
            next = (next + tick).max(now);
            self.ways.iter_mut().for_each(Running::tick);
            each(self, now);
            let count: u64 = self.ways.iter().map(Running::arrived).sum();
            if count > arrived {
                (arrived, since) = (count, now);
            } else if self.options.bytes.is_some() && now - since >= seconds(self.options.timeout) {
                return Err(self.stalled(arrived));
            }
        }
    }

    /// All that was to be sent has arrived; of UDP, was sent.
    fn is_over(&self) -> bool {
        self.options.bytes.is_some()
            && self.ways.iter().all(|way| {
                way.all(|flow| match self.options.proto {
                    Proto::Tcp => flow.ended.load(SeqCst),
                    Proto::Udp => flow.done.load(SeqCst),
                })
            })
    }

    fn stalled(&self, arrived: u64) -> Error {
        let Options { timeout, bytes, .. } = self.options;
        let wanted = bytes.unwrap_or_default() * self.ways.len() as u64;
        let ip = self.target.ip().to_string();
        Error::new(
            Kind::Timeout,
            format!("{arrived} of {wanted} bytes arrived, and nothing more in {timeout} s"),
        )
        .hint(format!("why({ip:?}) says where packets are lost"))
    }

    /// Fails if a flow has.
    fn check(&self) -> Result<()> {
        let mut flows = self.ways.iter().flat_map(|way| &way.flows);
        match flows.find_map(|flow| flow.shared().failed()) {
            None => Ok(()),
            Some(Errno::EMSGSIZE) => Err(Error::errno(Errno::EMSGSIZE)
                .hint("the path takes no datagram of this size in one piece: pmtu(dst) tells its MTU")),
            Some(errno) => Err(explain(errno.into(), self.target)),
        }
    }

    fn report(&mut self, now: Instant) {
        let end = (now - self.base).as_secs_f64();
        let show = self.options.show;
        for way in &mut self.ways {
            let names = format!("{} > {}", way.from, way.to);
            let id = if way.flows.len() == 1 { "1" } else { "SUM" };
            let part = way.report(end);
            if show {
                println!("{}  {names}", show::line(id, part, true));
            }
        }
    }

    /// Ends the flows, and tells what came of them.
    fn finish(mut self) -> Result<Vec<Way>> {
        let (end, silent) = match self.options.proto {
            Proto::Tcp => (Instant::now(), false),
            Proto::Udp => self.drain()?,
        };
        let mut finals: Vec<Vec<Count>> = self.ways.iter().map(Running::counts).collect();
        let time = (end - self.base).as_secs_f64();
        let last = self.ways.first().and_then(|way| way.intervals.last()).map_or(0.0, |last| last.end);
        if time - last > REST * self.options.interval.min(time) {
            self.report(end);
        }
        for (way, finals) in self.ways.iter_mut().zip(&mut finals) {
            for (flow, count) in way.flows.iter_mut().zip(finals.iter_mut()) {
                flow.stop();
                if silent {
                    count.udp.lost = count.udp.sent.saturating_sub(count.udp.received);
                }
            }
        }
        self.refused(&finals)?;
        Ok(self.ways.into_iter().zip(finals).map(|(way, finals)| way.finish(&finals, time)).collect())
    }

    /// Lets datagrams arrive that are on their way. Returns when the last one did, or the senders ended; and whether
    /// no more will come.
    fn drain(&mut self) -> Result<(Instant, bool)> {
        for flow in self.ways.iter_mut().flat_map(|way| &mut way.flows) {
            flow.stop_sending();
        }
        let ended = Instant::now();
        let mut before = None;
        loop {
            let flows = || self.ways.iter().flat_map(|way| &way.flows).map(Flow::shared);
            let received: u64 = flows().map(|flow| lock(&flow.arrivals).received).sum();
            let all = flows().map(|flow| flow.datagrams.load(SeqCst)).sum::<u64>() == received;
            let silent = all || before == Some(received);
            if silent || ended.elapsed() >= DRAIN {
                let last = flows().filter_map(|flow| lock(&flow.arrivals).last).max();
                return Ok((last.map_or(ended, |last| last.max(ended)), silent));
            }
            // Rung, it tells of other things, too.
            let rung = wait::readable(self.news.as_fd(), Deadline::after(SILENCE))?;
            let _ = self.news.read();
            before = (!rung).then_some(received);
        }
    }

    /// Fails if no datagram could be sent at all.
    fn refused(&self, finals: &[Vec<Count>]) -> Result<()> {
        let nothing = finals.iter().flatten().all(|count| count.bytes == 0);
        let mut flows = self.ways.iter().flat_map(|way| &way.flows);
        match flows.find_map(|flow| flow.shared().refused()).filter(|_| nothing) {
            Some(errno) => Err(explain(errno.into(), self.target)),
            None => Ok(()),
        }
    }
}
