//! One way alone: whether echo requests arrive, looked at where they are to arrive.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Mutex;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{SockType, SockaddrStorage};

use super::EchoRequests;
use super::report::Report;
use super::run::{Pause, Pinger, icmp};
use crate::base::error::Result;
use crate::base::wait;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::socket::{self, address_of};

/// What became of the requests on their way there.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub to: IpAddr,
    pub sent: u64,
    pub arrived: u64,
    /// The source of the first one that arrived, as the receiver sees it.
    pub source: Option<IpAddr>,
    /// The last thing that somebody on the way said against it.
    pub refusal: Option<String>,
}

/// Sends echo requests from `ns` to `target` until one arrives in the namespace `at`, or all had their time. What
/// arrives is seen by a raw socket there: behind its filters of input, and whether or not it answers.
///
/// Raises what [`super::ping`] raises.
pub fn one_way(
    ns: &Namespace,
    target: SocketAddr,
    at: &Namespace,
    options: &EchoRequests,
) -> Result<Arrival> {
    let family = Family::of(target.ip());
    // Open before anything is sent.
    let witness = at.within(|| socket::open(family, SockType::Raw, Some(icmp(family))))?;
    let report = Mutex::new(Report::new(target.ip().to_string(), target.ip(), options.size));
    let mut pinger = Pinger::open(ns, target, options)?;
    let run = pinger.identity().clone();
    pinger.first(&report)?;
    let (arrived, source) = (Cell::new(0), Cell::new(None));
    let look = || -> Result<()> {
        while let Some((bytes, from)) = receive(witness.as_raw_fd())? {
            if run.arrived(&bytes) {
                arrived.set(arrived.get() + 1);
                source.set(source.get().or(from));
            }
        }
        Ok(())
    };
    while let Some(Pause { events, deadline }) = pinger.step(&report)? {
        let (witness, socket) = (witness.as_fd(), pinger.socket().as_fd());
        wait::wait(&[(witness, PollFlags::POLLIN), (socket, events)], deadline)?;
        look()?;
        if arrived.get() > 0 {
            break;
        }
    }
    look()?;
    let report = report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(Arrival {
        to: target.ip(),
        sent: report.sent,
        arrived: arrived.get(),
        source: source.get(),
        refusal: report.errors.last().map(ToString::to_string),
    })
}

/// A packet that waits, if there is one, and where it came from.
fn receive(fd: i32) -> Result<Option<(Vec<u8>, Option<IpAddr>)>> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        return match nix::sys::socket::recvfrom::<SockaddrStorage>(fd, &mut buffer) {
            Ok((length, from)) => {
                buffer.truncate(length);
                Ok(Some((buffer, from.as_ref().and_then(address_of).map(|a| a.ip()))))
            }
            Err(Errno::EAGAIN) => Ok(None),
            Err(Errno::EINTR) => continue,
            Err(e) => Err(e.into()),
        };
    }
}
