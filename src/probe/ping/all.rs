//! Echo requests from every host of a list to every other one, all in one loop with one deadline.
//!
//! The kernel has one table of neighbours for all namespaces, of 1024 entries (`net.ipv4.neigh.default.gc_thresh3`, which a lab
//! can't change), and drops packets silently where it is full. 50 hosts on a switch would need 2450. So pairs are taken one
//! after the other, so many at a time, and what they made the kernel learn is forgotten again.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, SockType, SockaddrStorage, sendto};

use super::matrix::{Cell, Matrix};
use super::packet::{Answer, Run};
use super::run::{icmp, seconds, set_filter};
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};
use crate::net::addr::{self, Addr};
use crate::net::namespace::Namespace;
use crate::net::neigh;
use crate::net::prefix::Family;
use crate::probe::socket::{self, SocketOptions, explain};
use crate::probe::stamped::{self, Packet};

/// So many pairs are tried at a time; each needs two neighbours at most. Others need some, too.
const AT_ONCE: usize = 300;
/// When to try again where the kernel had no room.
const AGAIN: Duration = Duration::from_millis(5);

/// One of the hosts.
pub struct Host<'a> {
    pub ns: &'a Namespace,
    /// Where the others reach it.
    pub address: IpAddr,
}

/// How to ping them.
#[derive(Clone, Copy, Debug)]
pub struct Everyone {
    /// How many requests each host sends to each other one, a round after the other.
    pub count: u64,
    /// Seconds in which a reply must come.
    pub timeout: f64,
    pub size: usize,
}

struct Member<'a> {
    host: &'a Host<'a>,
    socket: OwnedFd,
    run: Run,
    /// The link and the prefix of each of its subnets.
    subnets: Vec<Addr>,
    /// Neighbours that were there before.
    known: HashSet<IpAddr>,
}

/// A request on its way.
#[derive(Clone, Copy)]
struct Flight {
    at: Instant,
    wall: Duration,
    done: bool,
}

struct Sweep<'a> {
    members: Vec<Member<'a>>,
    matrix: Matrix,
    timeout: Duration,
    round: usize,
    /// By the number of the sender and of the receiver.
    flights: Vec<Option<Flight>>,
    /// Those whose time isn't up, the oldest first; some of them are answered.
    waiting: VecDeque<(usize, usize)>,
    again: Vec<(usize, usize)>,
    /// Requests that are neither answered nor given up.
    open: usize,
    forgets: bool,
    buffer: Vec<u8>,
}

/// Pings from each host to each other one.
///
/// Raises what keeps a socket from being opened; what keeps a request from being sent stands in the matrix.
pub fn ping_all(hosts: &[Host<'_>], names: Vec<String>, options: Everyone) -> Result<Matrix> {
    let started = Instant::now();
    let mut all = Sweep::new(hosts, names, options)?;
    for round in 0..options.count {
        all.round(round as usize)?;
    }
    all.matrix.time = started.elapsed().as_secs_f64();
    Ok(all.matrix)
}

impl<'a> Member<'a> {
    fn open(host: &'a Host<'a>, size: usize) -> Result<Self> {
        let family = Family::of(host.address);
        let options = SocketOptions::default();
        let socket = socket::open_from(host.ns, family, SockType::Raw, Some(icmp(family)), &options)?;
        set_filter(socket.as_fd(), family)?;
        stamped::ask(socket.as_fd(), family)?;
        let subnets = addr::list(host.ns, &Addr::of(family))?;
        let known = neigh::list(host.ns, &neigh::Neigh::default())?;
        let known = known.iter().filter_map(|neigh| neigh.dst).collect();
        Ok(Member { host, socket, run: Run::new(host.address, size), subnets, known })
    }

    /// The link on which it has a neighbour.
    fn link_of(&self, address: IpAddr) -> Option<u32> {
        self.subnets.iter().find(|own| own.prefix().contains(address)).map(Addr::index)
    }
}

impl<'a> Sweep<'a> {
    fn new(hosts: &'a [Host<'a>], names: Vec<String>, options: Everyone) -> Result<Self> {
        let members: Result<Vec<Member<'_>>> =
            hosts.iter().map(|host| Member::open(host, options.size)).collect();
        let count = hosts.len();
        let addresses = hosts.iter().map(|host| host.address).collect();
        Ok(Sweep {
            members: members?,
            matrix: Matrix::new(names, addresses),
            timeout: seconds(options.timeout),
            round: 0,
            flights: vec![None; count * count],
            waiting: VecDeque::new(),
            again: Vec::new(),
            open: 0,
            forgets: count * count.saturating_sub(1) / 2 > AT_ONCE,
            buffer: vec![0; 1 << 16],
        })
    }

    fn round(&mut self, round: usize) -> Result<()> {
        self.round = round;
        self.flights.fill(None);
        let mut pairs = pairs(self.members.len());
        loop {
            while self.open < 2 * AT_ONCE
                && let Some((a, b)) = pairs.next()
            {
                self.send(a, b);
                self.send(b, a);
            }
            if self.open == 0 {
                return Ok(());
            }
            let again = if self.again.is_empty() { Deadline::NEVER } else { Deadline::after(AGAIN) };
            let ready = {
                let fds: Vec<(BorrowedFd<'_>, PollFlags)> =
                    self.members.iter().map(|m| (m.socket.as_fd(), PollFlags::POLLIN)).collect();
                wait::wait(&fds, self.deadline().min(again))?
            };
            for (index, _) in ready.iter().enumerate().filter(|(_, ready)| **ready) {
                self.receive(index)?;
            }
            self.expire();
            for (from, to) in std::mem::take(&mut self.again) {
                self.try_send(from, to);
            }
        }
    }

    fn deadline(&self) -> Deadline {
        let oldest = self.waiting.front().and_then(|(from, to)| self.flight(*from, *to));
        oldest.map_or(Deadline::NEVER, |flight| {
            Deadline::after((flight.at + self.timeout).saturating_duration_since(Instant::now()))
        })
    }

    fn flight(&self, from: usize, to: usize) -> Option<&Flight> {
        self.flights[from * self.members.len() + to].as_ref()
    }

    fn flight_mut(&mut self, from: usize, to: usize) -> &mut Option<Flight> {
        let count = self.members.len();
        &mut self.flights[from * count + to]
    }

    fn send(&mut self, from: usize, to: usize) {
        let flight = Flight { at: Instant::now(), wall: Duration::ZERO, done: false };
        *self.flight_mut(from, to) = Some(flight);
        self.waiting.push_back((from, to));
        self.open += 1;
        self.matrix.cell_mut(from, to).sent += 1;
        self.try_send(from, to);
    }

    fn try_send(&mut self, from: usize, to: usize) {
        let member = &self.members[from];
        let bytes = member.run.request((self.round * self.members.len() + to) as u16);
        let target = SocketAddr::new(self.members[to].host.address, 0);
        let wall = stamped::now();
        let fd = member.socket.as_raw_fd();
        let sent = sendto(
            fd,
            &bytes,
            &SockaddrStorage::from(target),
            MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT,
        );
        match sent {
            Ok(_) => {
                if let Some(flight) = self.flight_mut(from, to) {
                    flight.wall = wall;
                }
            }
            // No room for a neighbour or in the link's queue.
            Err(Errno::EAGAIN | Errno::ENOBUFS) if self.flight(from, to).is_some_and(|f| !f.done) => {
                self.again.push((from, to));
            }
            Err(e) => {
                let message = explain(e.into(), target).message();
                self.finish(from, to, |cell| cell.message = Some(message));
            }
        }
    }

    fn receive(&mut self, index: usize) -> Result<()> {
        loop {
            match stamped::receive(self.members[index].socket.as_raw_fd(), &mut self.buffer) {
                Ok(Some(packet)) => self.take(index, &packet),
                Ok(None) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(()),
                Err(e) => return Err(Error::from(e)),
            }
        }
    }

    fn take(&mut self, from: usize, packet: &Packet) {
        let count = self.members.len();
        let Some((answer, _)) = self.members[from].run.read_of_any(&self.buffer[..packet.length]) else {
            return;
        };
        let (Answer::Reply { seq, .. } | Answer::Refused { seq, .. }) = answer;
        let (round, to) = (usize::from(seq) / count, usize::from(seq) % count);
        let Some(flight) = self.flight(from, to).copied() else { return };
        if round != self.round || flight.done || flight.at.elapsed() > self.timeout {
            return;
        }
        let rtt = packet.rtt(flight.wall, flight.at.elapsed()).as_secs_f64();
        self.finish(from, to, |cell| match answer {
            Answer::Reply { .. } => cell.reply(rtt),
            Answer::Refused { message, .. } => cell.message = Some(message),
        });
    }

    fn expire(&mut self) {
        let now = Instant::now();
        while let Some((from, to)) = self.waiting.front().copied() {
            let flight = self.flight(from, to).copied().filter(|flight| !flight.done);
            if flight.is_some_and(|flight| now < flight.at + self.timeout) {
                break;
            }
            self.waiting.pop_front();
            if flight.is_some() {
                self.finish(from, to, |_| {});
            }
        }
    }

    fn finish(&mut self, from: usize, to: usize, note: impl FnOnce(&mut Cell)) {
        match self.flight_mut(from, to) {
            Some(flight) if !flight.done => flight.done = true,
            _ => return,
        }
        self.open -= 1;
        note(self.matrix.cell_mut(from, to));
        let pair_done = self.flight(to, from).is_none_or(|flight| flight.done);
        if self.forgets && pair_done {
            self.forget(from, to);
            self.forget(to, from);
        }
    }

    /// Makes room for the neighbours of the next pairs. That it can't is no reason to stop.
    fn forget(&self, from: usize, to: usize) {
        let (member, address) = (&self.members[from], self.members[to].host.address);
        if let Some(link) = member.link_of(address).filter(|_| !member.known.contains(&address)) {
            let _ = neigh::forget(member.host.ns, address, link);
        }
    }
}

/// Every two of so many, so that no host has many at a time.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    let pair = move |step: usize, i: usize| (i, (i + step) % count);
    (1..=count / 2).flat_map(move |step| {
        let half = 2 * step == count;
        (0..if half { step } else { count }).map(move |i| pair(step, i))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_meet_once() {
        for count in 0..9 {
            let mut found: Vec<(usize, usize)> = pairs(count).map(|(a, b)| (a.min(b), a.max(b))).collect();
            found.sort_unstable();
            let all: Vec<(usize, usize)> =
                (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect();
            assert_eq!(found, all, "{count}");
        }
    }
}
