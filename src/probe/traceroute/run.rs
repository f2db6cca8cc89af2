//! The loop that sends and receives.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;

use super::probe::{Heard, Said, Sender};
use super::{Answer, Hop, Options, Trace};
use crate::base::error::Result;
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use crate::probe::ping::run::seconds;
use crate::probe::socket::explain;
use crate::probe::stamped;

/// So many packets are under way before the first answer: more would only use up what the target may answer.
const WINDOW: usize = 16;
/// After so long without an answer more are sent all the same.
const STALL: Duration = Duration::from_millis(20);
/// When a hop that is silent is asked again: a router says once a second that a time to live has ended, after the first
/// six (net.ipv4.icmp_ratelimit).
const AGAIN: Duration = Duration::from_millis(1050);

/// What was sent for one place of the result.
struct Query {
    ttl: u8,
    first: Instant,
    /// When it was sent last, by both clocks.
    at: Instant,
    wall: Duration,
    again: bool,
    answer: Option<Answer>,
}

pub struct Run<'a> {
    sender: Sender,
    target: SocketAddr,
    options: &'a Options,
    timeout: Duration,
    queries: Vec<Query>,
    /// The place of the result that a packet is about, by its number.
    numbers: Vec<usize>,
    /// The ttl behind which there is nothing more, once it is known.
    end: Option<u8>,
    reached: bool,
    heard: Instant,
    buffer: Vec<u8>,
}

impl<'a> Run<'a> {
    pub fn open(ns: &Namespace, target: SocketAddr, options: &'a Options) -> Result<Self> {
        Ok(Run {
            sender: Sender::open(ns, target, options)?,
            target,
            options,
            timeout: seconds(options.timeout),
            queries: Vec::new(),
            numbers: Vec::new(),
            end: None,
            reached: false,
            heard: Instant::now(),
            buffer: vec![0; 1 << 16],
        })
    }

    pub fn run(mut self, name: &str, owners: HashMap<IpAddr, String>) -> Result<Trace> {
        let begin = Instant::now();
        self.heard = begin;
        loop {
            self.send()?;
            self.ask_again()?;
            if self.is_over() {
                break;
            }
            let mut fds = vec![(self.sender.icmp.as_fd(), PollFlags::POLLIN)];
            fds.extend(self.sender.other.iter().map(|fd| (fd.as_fd(), PollFlags::POLLIN)));
            wait::wait(&fds, self.deadline())?;
            self.receive()?;
        }
        Ok(Trace {
            name: name.to_owned(),
            addr: self.target.ip(),
            proto: self.options.proto,
            max: self.options.max,
            length: self.sender.length(),
            reached: self.reached,
            time: begin.elapsed().as_secs_f64(),
            hops: self.hops(&owners),
            owners,
        })
    }

    /// The ttl of the next packet, if there is one to send.
    fn next(&self) -> Option<u8> {
        let ttl = usize::from(self.options.first) + self.queries.len() / usize::from(self.options.queries);
        let ttl = u8::try_from(ttl).ok()?;
        (ttl <= self.end.unwrap_or(self.options.max).min(self.options.max)).then_some(ttl)
    }

    fn waiting(&self, query: &Query) -> bool {
        let counts = self.end.is_none_or(|end| query.ttl <= end);
        counts && query.answer.is_none() && query.first.elapsed() < self.timeout
    }

    fn under_way(&self) -> usize {
        self.queries.iter().filter(|query| self.waiting(query)).count()
    }

    fn send(&mut self) -> Result<()> {
        let mut room = WINDOW.saturating_sub(self.under_way());
        if room == 0 && self.heard.elapsed() >= STALL {
            self.heard = Instant::now();
            room = WINDOW;
        }
        for _ in 0..room {
            let Some(ttl) = self.next() else { return Ok(()) };
            let (at, wall) = (Instant::now(), stamped::now());
            if !self.packet(ttl, self.queries.len())? {
                // Room comes, and nothing tells when.
                self.heard = at;
                return Ok(());
            }
            self.queries.push(Query { ttl, first: at, at, wall, again: false, answer: None });
        }
        Ok(())
    }

    /// Sends a packet for a place of the result; `false` if there is no room for it now.
    fn packet(&mut self, ttl: u8, place: usize) -> Result<bool> {
        match self.sender.send(self.numbers.len() as u16, ttl) {
            Ok(()) => {
                self.numbers.push(place);
                Ok(true)
            }
            Err(Errno::EAGAIN | Errno::ENOBUFS) => Ok(false),
            Err(e) => Err(explain(e.into(), self.target)),
        }
    }

    fn ask_again(&mut self) -> Result<()> {
        for place in 0..self.queries.len() {
            let query = &self.queries[place];
            if !query.again && self.waiting(query) && query.first.elapsed() >= AGAIN {
                let ttl = query.ttl;
                let (at, wall) = (Instant::now(), stamped::now());
                let sent = self.packet(ttl, place)?;
                let query = &mut self.queries[place];
                (query.again, query.at, query.wall) = (sent, at, wall);
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.next().is_none() && self.under_way() == 0
    }

    fn deadline(&self) -> Deadline {
        let waiting = self.queries.iter().filter(|query| self.waiting(query));
        let due = waiting.map(|query| {
            let next = if query.again { self.timeout } else { self.timeout.min(AGAIN) };
            Deadline::after((query.first + next).saturating_duration_since(Instant::now()))
        });
        let more = self.next().map_or(Deadline::NEVER, |_| {
            Deadline::after((self.heard + STALL).saturating_duration_since(Instant::now()))
        });
        due.fold(more, Deadline::min)
    }

    fn receive(&mut self) -> Result<()> {
        let fds = [Some(self.sender.icmp.as_raw_fd()), self.sender.other.as_ref().map(AsRawFd::as_raw_fd)];
        for (other, fd) in fds.into_iter().enumerate().filter_map(|(n, fd)| Some((n == 1, fd?))) {
            loop {
                match stamped::receive(fd, &mut self.buffer) {
                    Ok(Some(packet)) => self.take(&packet, other),
                    Err(Errno::EAGAIN) => break,
                    Ok(None) | Err(Errno::EINTR) => {}
                    Err(e) => return Err(e.into()),
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: &stamped::Packet, other: bool) {
        let bytes = &self.buffer[..packet.length];
        let heard = match other {
            true => self.sender.other(bytes, packet.from),
            false => self.sender.icmp(bytes, packet.from.ip()),
        };
        let Some(Heard { number, said }) = heard else { return };
        let Some(&place) = self.numbers.get(usize::from(number)) else { return };
        let query = &mut self.queries[place];
        if query.answer.is_some() || query.first.elapsed() > self.timeout {
            return;
        }
        self.heard = Instant::now();
        if said != Said::Exceeded {
            self.reached |= said == Said::Reached;
            self.end = Some(self.end.map_or(query.ttl, |end| end.min(query.ttl)));
        }
        let (sign, message, mtu) = match said {
            Said::Refused { sign, message, mtu } => (Some(sign), Some(message), mtu),
            _ => (None, None, None),
        };
        let rtt = packet.rtt(query.wall, query.at.elapsed()).as_secs_f64();
        query.answer = Some(Answer { from: packet.from.ip(), rtt, message, sign, mtu });
    }

    /// The hops up to the end; without one, up to the last that answered and one that didn't.
    fn hops(&mut self, owners: &HashMap<IpAddr, String>) -> Vec<Hop> {
        let mut hops: Vec<Hop> = Vec::new();
        let end = self.end.unwrap_or(u8::MAX);
        for query in self.queries.drain(..).filter(|query| query.ttl <= end) {
            if hops.last().is_none_or(|hop| hop.ttl != query.ttl) {
                hops.push(Hop { ttl: query.ttl, sent: 0, answers: Vec::new(), namespace: None });
            }
            if let Some(hop) = hops.last_mut() {
                hop.sent += 1;
                hop.answers.extend(query.answer);
            }
        }
        for hop in &mut hops {
            hop.namespace = hop.answer().and_then(|answer| owners.get(&answer.from)).cloned();
        }
        hops
    }
}
