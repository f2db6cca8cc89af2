//! The MTU of a path: the largest packet that arrives in one piece.
//!
//! Echo requests that must not be fragmented, of the size that the first link takes, and then of what routers say. Where
//! nobody says anything and larger ones don't arrive (a black hole), the size is searched for.
//!
//! Sources: RFC 1191, RFC 8201, RFC 2923, ip(7) (IP_PMTUDISC_PROBE).

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, SockType, SockaddrStorage, sendto};

use super::ping::packet::{Answer, Run};
use super::ping::run::{check_zone, icmp, seconds, set_filter, without_port};
use super::socket::{self, SocketOptions, Source, explain};
use super::traceroute::{self, traceroute};
use super::{stamped, why};
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};
use crate::net::link;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{self, Lookup};

/// The largest packet of IP.
const LARGEST: usize = 65_535;
/// So many smaller sizes are believed: each was told by somebody else's packet, which may be forged.
const MOST_TOLD: usize = 32;
/// So many sizes are tried at once where nobody tells the right one.
const AT_ONCE: usize = 16;
/// A size counts as lost when nothing came back in this many times what a small packet took, and in [`PATIENCE`].
const PATIENCE_FACTOR: u32 = 10;
const PATIENCE: Duration = Duration::from_millis(200);

/// Who said that a packet was too big.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub from: IpAddr,
    pub namespace: Option<String>,
    /// Bytes of the packet that was too big.
    pub size: usize,
    pub mtu: usize,
}

/// Where packets vanish without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlackHole {
    /// Bytes of the smallest packet that was lost.
    pub size: usize,
    /// The last host that such a packet passes; none if it is the sender.
    pub from: Option<IpAddr>,
    pub namespace: Option<String>,
}

#[derive(Clone, Debug)]
pub struct PathMtu {
    /// The target as it was asked for.
    pub name: String,
    pub addr: IpAddr,
    pub mtu: usize,
    /// The link that packets leave by, and its MTU.
    pub dev: String,
    pub first: usize,
    pub told: Vec<Told>,
    pub black_hole: Option<BlackHole>,
    /// Seconds.
    pub time: f64,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Fits,
    TooBig(IpAddr, usize),
    Refused(IpAddr, String),
    Silent,
}

struct Prober {
    socket: OwnedFd,
    target: SocketAddr,
    run: Run,
    sent: u16,
    buffer: Vec<u8>,
}

/// Finds the MTU of the path from `ns` to `target`. What the kernel remembers of it is left out of account.
///
/// Raises what keeps packets from being sent, `timeout` if even a small packet is not answered in `timeout` seconds, and
/// `host_unreachable` if somebody refuses it.
pub fn path_mtu(
    ns: &Namespace,
    name: &str,
    target: SocketAddr,
    options: &SocketOptions,
    timeout: f64,
    owners: &HashMap<IpAddr, String>,
) -> Result<PathMtu> {
    let begin = Instant::now();
    let (dev, first) = first_link(ns, target, options)?;
    let mut prober = Prober::open(ns, target, options)?;
    let small = prober.smallest();
    let wait = prober.baseline(name, small, seconds(timeout))?;
    let mut out = PathMtu {
        name: name.to_owned(),
        addr: target.ip(),
        mtu: first.min(LARGEST),
        dev,
        first,
        told: Vec::new(),
        black_hole: None,
        time: 0.0,
    };
    while out.mtu > small {
        match prober.surely(out.mtu, wait)? {
            Outcome::Fits => break,
            Outcome::TooBig(from, mtu) if mtu < out.mtu && mtu >= small => {
                let namespace = owners.get(&from).cloned();
                if out.told.len() == MOST_TOLD {
                    let message =
                        format!("{MOST_TOLD} smaller sizes were told, the last one {mtu} by {from}");
                    return Err(Error::new(Kind::Protocol, message));
                }
                out.told.push(Told { from, namespace, size: out.mtu, mtu });
                out.mtu = mtu;
            }
            _ => {
                out.mtu = prober.search(small, out.mtu, wait)?;
                out.black_hole = Some(black_hole(ns, target, options, out.mtu + 1, wait, owners)?);
                break;
            }
        }
    }
    out.time = begin.elapsed().as_secs_f64();
    Ok(out)
}

/// The link that packets to `target` leave by, and its MTU.
fn first_link(ns: &Namespace, target: SocketAddr, options: &SocketOptions) -> Result<(String, usize)> {
    let scope = match target {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => link::find::name(ns, v6.scope_id())?,
        _ => None,
    };
    let (from, oif) = match &options.from {
        Some(Source::Address(from)) => (Some(*from), scope),
        Some(Source::Link(link)) => (None, Some(link.clone())),
        None => (None, scope),
    };
    let lookup = Lookup { from, oif, mark: options.mark, tos: options.tos, ..Lookup::default() };
    let route = route::get(ns, target.ip(), &lookup)?;
    let link = route.dev.as_ref().map(|dev| link::by_index(ns, dev.index)).transpose()?.flatten();
    let link =
        link.ok_or_else(|| Error::new(Kind::NotFound, format!("the route to {} has no link", target.ip())))?;
    let mtu = usize::try_from(link.mtu()).unwrap_or(LARGEST);
    Ok((link.name, mtu))
}

/// Where packets of `size` bytes vanish: behind the last host that says that their time to live has ended.
fn black_hole(
    ns: &Namespace,
    target: SocketAddr,
    options: &SocketOptions,
    size: usize,
    wait: Duration,
    owners: &HashMap<IpAddr, String>,
) -> Result<BlackHole> {
    let options = traceroute::Options {
        proto: why::Proto::Icmp,
        timeout: wait.as_secs_f64(),
        size: size - headers(target.ip()),
        whole: true,
        socket: options.clone(),
        ..traceroute::Options::default()
    };
    let trace = traceroute(ns, "", target, &options, owners.clone())?;
    let last = trace.hops.iter().rev().find_map(|hop| hop.answer().map(|answer| answer.from));
    Ok(BlackHole { size, from: last, namespace: last.and_then(|ip| owners.get(&ip)).cloned() })
}

/// The headers of IP and ICMP.
fn headers(target: IpAddr) -> usize {
    if target.is_ipv4() { 28 } else { 48 }
}

impl Prober {
    fn open(ns: &Namespace, target: SocketAddr, options: &SocketOptions) -> Result<Self> {
        check_zone(target, options)?;
        let family = Family::of(target.ip());
        let plain = SocketOptions { df: None, port: None, ..options.clone() };
        let socket = socket::open_from(ns, family, SockType::Raw, Some(icmp(family)), &plain)?;
        let fd = socket.as_fd();
        set_filter(fd, family)?;
        socket::set_receive_buffer(fd, 1 << 20);
        socket::keep_whole(fd, family)?;
        let run = Run::new(target.ip(), 0);
        Ok(Prober { socket, target: without_port(target), run, sent: 0, buffer: vec![0; 1 << 17] })
    }

    /// Bytes of the smallest packet that we send: it has room for what tells ours from others. No path of IPv6 takes less
    /// than 1280.
    fn smallest(&self) -> usize {
        match self.run.family() {
            Family::Inet => 68,
            Family::Inet6 => 1280,
        }
    }

    /// Sends a small packet, and says from its time how long to wait for larger ones.
    fn baseline(&mut self, name: &str, size: usize, timeout: Duration) -> Result<Duration> {
        let begin = Instant::now();
        let outcome = self.ask(&[size], timeout)?.remove(0);
        match outcome {
            Outcome::Fits => Ok((begin.elapsed() * PATIENCE_FACTOR + PATIENCE).min(timeout)),
            Outcome::Refused(from, message) => {
                Err(Error::new(Kind::HostUnreachable, format!("{from} says: {message}")))
            }
            Outcome::TooBig(from, mtu) => {
                Err(Error::new(Kind::Protocol, format!("{from} says that {size} bytes are too many: {mtu}")))
            }
            Outcome::Silent => Err(Error::new(Kind::Timeout, format!("no answer even to {size} bytes"))),
        }
        .map_err(|e| e.hint(format!("why({name:?}) says where the packet is lost")))
    }

    /// What becomes of a packet; one that is lost gets a second chance.
    fn surely(&mut self, size: usize, wait: Duration) -> Result<Outcome> {
        for _ in 0..2 {
            match self.ask(&[size], wait)?.remove(0) {
                Outcome::Silent => {}
                outcome => return Ok(outcome),
            }
        }
        Ok(Outcome::Silent)
    }

    /// The largest size that arrives, between one that does and one that doesn't.
    fn search(&mut self, mut fits: usize, mut lost: usize, wait: Duration) -> Result<usize> {
        while lost - fits > 1 {
            let step = (lost - fits).div_ceil(AT_ONCE);
            let sizes: Vec<usize> = (fits + step..lost).step_by(step).collect();
            let outcomes = self.ask(&sizes, wait)?;
            let arrived = sizes.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Fits);
            fits = arrived.map(|(size, _)| *size).max().unwrap_or(fits);
            lost = sizes.iter().copied().find(|size| *size > fits).unwrap_or(lost);
        }
        Ok(fits)
    }

    /// Sends a packet of each size at once, and waits for what comes of them.
    fn ask(&mut self, sizes: &[usize], wait: Duration) -> Result<Vec<Outcome>> {
        let first = self.sent.wrapping_add(1);
        let mut outcomes = vec![Outcome::Silent; sizes.len()];
        for size in sizes {
            self.sent = self.sent.wrapping_add(1);
            let run = Run { size: size - headers(self.target.ip()), ..self.run.clone() };
            let to = SockaddrStorage::from(self.target);
            match sendto(self.socket.as_raw_fd(), &run.request(self.sent), &to, MsgFlags::MSG_NOSIGNAL) {
                Ok(_) => {}
                // The link's MTU was changed meanwhile, or no buffer is so large.
                Err(Errno::EMSGSIZE | Errno::ENOBUFS | Errno::EAGAIN) => {}
                Err(e) => return Err(explain(e.into(), self.target)),
            }
        }
        let deadline = Deadline::after(wait);
        while outcomes.contains(&Outcome::Silent) && !deadline.passed() {
            wait::wait(&[(self.socket.as_fd(), PollFlags::POLLIN)], deadline)?;
            while let Some((seq, outcome)) = self.receive()? {
                if let Some(place) = outcomes.get_mut(usize::from(seq.wrapping_sub(first))) {
                    *place = outcome;
                }
            }
        }
        Ok(outcomes)
    }

    /// What the next packet that waits says about one of ours.
    fn receive(&mut self) -> Result<Option<(u16, Outcome)>> {
        loop {
            let packet = match stamped::receive(self.socket.as_raw_fd(), &mut self.buffer) {
                Ok(Some(packet)) => packet,
                Ok(None) | Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Ok(None),
                Err(e) => return Err(e.into()),
            };
            let from = packet.from.ip();
            // The size doesn't matter: what tells ours from others is the same in all.
            let run = Run { size: self.run.cookie.len(), ..self.run.clone() };
            return Ok(Some(match run.read(&self.buffer[..packet.length]) {
                None => continue,
                Some(Answer::Reply { seq, .. }) => (seq, Outcome::Fits),
                Some(Answer::Refused { seq, mtu: Some(mtu), .. }) => {
                    (seq, Outcome::TooBig(from, mtu as usize))
                }
                Some(Answer::Refused { seq, message, .. }) => (seq, Outcome::Refused(from, message)),
            }));
        }
    }
}

fn host(namespace: Option<&String>, ip: IpAddr) -> String {
    match namespace {
        Some(name) => format!("{name} ({ip})"),
        None => ip.to_string(),
    }
}

/// `path MTU to far (10.1.0.2): 1400`, and why.
impl fmt::Display for PathMtu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path MTU to {} ({}): {}", self.name, self.addr, self.mtu)?;
        write!(f, "\n  {} takes {} bytes", self.dev, self.first)?;
        for Told { from, namespace, size, mtu } in &self.told {
            write!(f, "\n  {} says {mtu} to {size} bytes", host(namespace.as_ref(), *from))?;
        }
        match &self.black_hole {
            None => Ok(()),
            Some(BlackHole { size, from: Some(from), namespace }) => write!(
                f,
                "\n  black hole: {size} bytes and more vanish behind {}",
                host(namespace.as_ref(), *from)
            ),
            Some(BlackHole { size, .. }) => {
                write!(f, "\n  black hole: {size} bytes and more vanish before any router answers")
            }
        }
    }
}
