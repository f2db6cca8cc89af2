//! The loop that sends at its interval and receives meanwhile.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, SockProtocol, SockType, SockaddrStorage, sendto, setsockopt, sockopt};

use super::EchoRequests;
use super::packet::{self, Answer, Run};
use super::report::{Refusal, Reply, Report};
use crate::base::error::{Error, Result};
use crate::base::wait::Deadline;
use crate::io::lock;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::socket::{self, LINK_LOCAL, SocketOptions, Source, explain, needs_link};
use crate::probe::stamped::{self, Packet};

/// Room for the replies of a second of flooding.
const RECEIVE_BUFFER: i32 = 1 << 20;
/// So many packets are read before it is looked whether it is time to send.
const BURST: usize = 64;

/// What to wait for before the next step.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    pub events: PollFlags,
    pub deadline: Deadline,
}

struct Request {
    seq: u64,
    /// When it was sent, by the clock that the kernel stamps arrivals with, and by one that never jumps.
    wall: Duration,
    at: Instant,
    answered: bool,
}

pub struct Pinger {
    socket: Arc<OwnedFd>,
    target: SocketAddr,
    run: Run,
    count: Option<u64>,
    interval: Duration,
    timeout: Duration,
    /// By the 16 bits that go over the wire.
    requests: HashMap<u16, Request>,
    /// Requests whose time is not up, oldest first; some of them are answered.
    waiting: VecDeque<(u64, Instant)>,
    outstanding: u64,
    sent: u64,
    started: Instant,
    next: Instant,
    buffer: Vec<u8>,
}

impl Pinger {
    pub fn open(ns: &Namespace, target: SocketAddr, options: &EchoRequests) -> Result<Self> {
        check_zone(target, &options.socket)?;
        let family = Family::of(target.ip());
        let protocol = Some(icmp(family));
        let socket =
            socket::open_from(ns, family, SockType::Raw, protocol, &options.socket).map_err(|e| {
                match e.raw() {
                    Some(Errno::EPERM) => e.hint("raw sockets need CAP_NET_RAW"),
                    _ => e,
                }
            })?;
        let fd = socket.as_fd();
        set_filter(fd, family)?;
        stamped::ask(fd, family)?;
        setsockopt(&socket, sockopt::Broadcast, &true)?;
        socket::set_receive_buffer(fd, RECEIVE_BUFFER);
        let run = Run::new(target.ip(), options.size);
        Ok(Pinger {
            socket: Arc::new(socket),
            target: without_port(target),
            run,
            count: options.count,
            interval: seconds(options.interval),
            timeout: seconds(options.timeout),
            requests: HashMap::new(),
            waiting: VecDeque::new(),
            outstanding: 0,
            sent: 0,
            started: Instant::now(),
            next: Instant::now(),
            buffer: vec![0; 1 << 16],
        })
    }

    /// What tells its requests from those of others.
    pub fn identity(&self) -> &Run {
        &self.run
    }

    /// Sends the first request; that it can't be sent is an error. Sends none if the count is 0.
    pub fn first(&mut self, report: &Mutex<Report>) -> Result<()> {
        if self.count == Some(0) {
            return Ok(());
        }
        // The interval counts from here: opening the socket may have taken longer.
        self.started = Instant::now();
        self.next = self.started;
        self.send(report).map_err(|e| explain(e.into(), self.target))
    }

    pub fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    /// Receives what came and sends what is due; `None` when all was sent and had its time.
    pub fn step(&mut self, report: &Mutex<Report>) -> Result<Option<Pause>> {
        let drained = self.receive(report)?;
        let now = Instant::now();
        {
            let mut report = lock(report);
            self.expire(now, &mut report);
            report.outstanding = self.outstanding;
            report.time = self.started.elapsed().as_secs_f64();
        }
        let more = self.count.is_none_or(|count| self.sent < count);
        let (mut events, mut deadline) = (PollFlags::POLLIN, None);
        if more && self.may_send(now) {
            match self.send(report) {
                Ok(()) => {}
                Err(Errno::EAGAIN) => {
                    (events, deadline) = (PollFlags::POLLOUT, Some(Deadline::after(self.timeout)));
                }
                Err(e) => self.not_sent(e, report),
            }
        }
        if !drained {
            deadline = Some(Deadline::secs(0.0));
        }
        let more = self.count.is_none_or(|count| self.sent < count);
        // Looked at after sending: nothing would wake it after a last request that could not be sent.
        if !more && self.outstanding == 0 {
            return Ok(None);
        }
        Ok(Some(Pause { events, deadline: deadline.unwrap_or_else(|| self.deadline(more)) }))
    }

    /// At the interval; with none, when nothing is outstanding. After a local error never at once, so that a missing
    /// route doesn't make it spin.
    fn may_send(&self, now: Instant) -> bool {
        now >= self.next && (!self.interval.is_zero() || self.outstanding == 0)
    }

    fn deadline(&self, more: bool) -> Deadline {
        let now = Instant::now();
        let late = self.waiting.front().map_or(Deadline::NEVER, |(_, at)| {
            Deadline::after((*at + self.timeout).saturating_duration_since(now))
        });
        let flooding = self.interval.is_zero() && self.outstanding > 0;
        if more && !flooding {
            late.min(Deadline::after(self.next.saturating_duration_since(now)))
        } else {
            late
        }
    }

    fn send(&mut self, report: &Mutex<Report>) -> std::result::Result<(), Errno> {
        let seq = self.sent + 1;
        let wire = seq as u16;
        let bytes = self.run.request(wire);
        let at = Instant::now();
        let wall = stamped::now();
        let to = SockaddrStorage::from(self.target);
        sendto(self.socket.as_raw_fd(), &bytes, &to, MsgFlags::MSG_NOSIGNAL)?;
        self.sent = seq;
        self.requests.insert(wire, Request { seq, wall, at, answered: false });
        self.waiting.push_back((seq, at));
        self.outstanding += 1;
        // A late loop doesn't make up for what it missed by a burst.
        let due = self.next + self.interval;
        self.next = if due > at { due } else { at + self.interval };
        let mut report = lock(report);
        report.sent = seq;
        report.outstanding = self.outstanding;
        Ok(())
    }

    /// Counts a request that the kernel refused to send.
    fn not_sent(&mut self, errno: Errno, report: &Mutex<Report>) {
        self.sent += 1;
        self.next = Instant::now() + self.interval.max(Duration::from_millis(10));
        let error = explain(errno.into(), self.target);
        let mut report = lock(report);
        report.sent = self.sent;
        report.tracked.lost(self.sent, self.since_start(Instant::now()));
        report.add_refusal(Refusal {
            seq: self.sent,
            from: None,
            code: None,
            message: error.message(),
            mtu: None,
            local: Some(error),
        });
    }

    /// When a request was sent, unless it couldn't be.
    fn sent_at(&self, seq: u64) -> Option<f64> {
        let request = self.requests.get(&(seq as u16)).filter(|request| request.seq == seq)?;
        Some(self.since_start(request.at))
    }

    fn since_start(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.started).as_secs_f64()
    }

    /// Gives up requests whose time is up.
    fn expire(&mut self, now: Instant, report: &mut Report) {
        while let Some((seq, at)) = self.waiting.front().copied() {
            let answered = self.requests.get(&(seq as u16)).is_none_or(|r| r.seq != seq || r.answered);
            if !answered && now < at + self.timeout {
                break;
            }
            self.waiting.pop_front();
            if !answered {
                self.outstanding -= 1;
                report.tracked.lost(seq, self.since_start(at));
            }
        }
    }

    /// Whether all that came was received.
    fn receive(&mut self, report: &Mutex<Report>) -> Result<bool> {
        for _ in 0..BURST {
            match stamped::receive(self.socket.as_raw_fd(), &mut self.buffer) {
                Ok(Some(packet)) => self.take(packet, report),
                Err(Errno::EAGAIN) => return Ok(true),
                Ok(None) | Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(false)
    }

    fn take(&mut self, packet: Packet, report: &Mutex<Report>) {
        let Some(answer) = self.run.read(&self.buffer[..packet.length]) else { return };
        let (Answer::Reply { seq, .. } | Answer::Refused { seq, .. }) = answer;
        let Some(request) = self.requests.get_mut(&seq) else { return };
        let elapsed = request.at.elapsed();
        if !request.answered && elapsed > self.timeout {
            return;
        }
        let duplicate = std::mem::replace(&mut request.answered, true);
        let (seq, at) = (request.seq, request.at);
        let rtt = packet.rtt(request.wall, elapsed).as_secs_f64();
        if !duplicate {
            self.outstanding -= 1;
        }
        let from = packet.from.ip();
        let mut report = lock(report);
        report.outstanding = self.outstanding;
        match answer {
            Answer::Reply { size, ttl, .. } => {
                report.tracked.reply(seq, |seq| self.sent_at(seq));
                report.add_reply(Reply { seq, from, ttl: ttl.or(packet.hops), rtt, size, duplicate });
            }
            Answer::Refused { kind, code, message, mtu, .. } => {
                report.tracked.lost(seq, self.since_start(at));
                let code = Some((kind, code));
                report.add_refusal(Refusal { seq, from: Some(from), code, message, mtu, local: None });
            }
        }
    }
}

pub fn icmp(family: Family) -> SockProtocol {
    match family {
        Family::Inet => SockProtocol::Icmp,
        Family::Inet6 => SockProtocol::IcmpV6,
    }
}

/// Lets only those types through that can be an answer: ICMP_FILTER of linux/icmp.h has a bit for each type that is
/// blocked, and so has ICMPV6_FILTER of linux/icmpv6.h, whose types go to 255.
pub fn set_filter(fd: BorrowedFd<'_>, family: Family) -> Result<()> {
    const ICMP_FILTER: i32 = 1;
    const ICMPV6_FILTER: i32 = 1;
    let mut blocked = [u32::MAX; 8];
    for kind in packet::wanted(family) {
        blocked[usize::from(kind / 32)] &= !(1 << (kind % 32));
    }
    match family {
        Family::Inet => socket::set_plain(fd, libc::SOL_RAW, ICMP_FILTER, &blocked[0]),
        Family::Inet6 => socket::set_plain(fd, libc::SOL_ICMPV6, ICMPV6_FILTER, &blocked),
    }
    .map_err(|e| Error::from(e).detail("filtering ICMP types"))
}

/// A raw socket would take any link for an address that is there on each.
pub fn check_zone(target: SocketAddr, options: &SocketOptions) -> Result<()> {
    match (target, &options.from) {
        (_, Some(Source::Link(_))) => Ok(()),
        (SocketAddr::V6(v6), _) if v6.scope_id() == 0 && needs_link(target.ip()) => {
            Err(Error::argument(format!("{} is an address of any link", target.ip())).hint(LINK_LOCAL))
        }
        _ => Ok(()),
    }
}

pub fn seconds(s: f64) -> Duration {
    // Infinite, or too long to be told: a year is for ever here, and can be added to a point in time.
    const LONG: Duration = Duration::from_secs(365 * 86_400);
    Duration::try_from_secs_f64(s.max(0.0)).map_or(LONG, |d| d.min(LONG))
}

/// A raw socket's address has no port; its scope stays.
pub fn without_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(0);
    address
}
