//! Echo requests over raw sockets: `ping`.
//!
//! Sources: RFC 792, RFC 4443, icmp(7), raw(7), ip(7), ipv6(7).

mod all;
mod arrival;
mod matrix;
mod outage;
pub(super) mod packet;
mod report;
pub(super) mod run;

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};

pub use all::{Everyone, Host, ping_all};
pub use arrival::{Arrival, one_way};
pub use matrix::{Cell, Matrix};
pub use outage::Outage;
pub use packet::checksum;
pub use report::{KEPT, Refusal, Reply, Report, Rtt};

use super::socket;
use crate::base::error::Result;
use crate::base::wait::{self, Deadline};
use crate::io::{Changed, Watched, Worker, lock};
use crate::net::namespace::Namespace;
use run::{Pause, Pinger};

/// The largest payload of an echo request: 65535 bytes less the headers of IPv4 and ICMP.
pub const MAX_SIZE: usize = 65_507;

/// Seconds in which a reply must come unless told: a first ARP request or neighbour solicitation that was lost is
/// repeated after one.
pub const TIMEOUT: f64 = 3.0;

/// How to ping.
#[derive(Clone, Debug)]
pub struct EchoRequests {
    /// How many requests to send; `None` for as many as there is time for. 1 unless told: a check shall be quick.
    pub count: Option<u64>,
    /// Seconds from one request to the next, 0.2 unless told; 0 for the next one as soon as the last one was
    /// answered or its time was up.
    pub interval: f64,
    /// Seconds in which a reply must come, [`TIMEOUT`] unless told; a later one doesn't count.
    pub timeout: f64,
    /// Bytes of payload, up to [`MAX_SIZE`]; 56 unless told.
    pub size: usize,
    /// Source, ttl, tos, mark and df; a port means nothing here.
    pub socket: socket::SocketOptions,
}

impl Default for EchoRequests {
    fn default() -> Self {
        EchoRequests { count: Some(1), interval: 0.2, timeout: TIMEOUT, size: 56, socket: Default::default() }
    }
}

/// Pings `target` and waits for what comes of it, as `ping -c COUNT TARGET`. `name` is what the report calls it.
///
/// Refusals by other hosts (unreachable, time exceeded, packet too big) stand in the report. Raises what keeps the
/// first request from being sent: `network_unreachable` without a route, `host_unreachable` or `permission` by a
/// route of type unreachable or prohibit, `permission` by a firewall rule, `invalid` (EMSGSIZE) if it is too big
/// for the path and `df` is set. Later requests that can't be sent are errors in the report.
pub fn ping(ns: &Namespace, name: &str, target: SocketAddr, options: &EchoRequests) -> Result<Report> {
    let report = Mutex::new(Report::new(name.to_owned(), target.ip(), options.size));
    let mut pinger = Pinger::open(ns, target, options)?;
    pinger.first(&report).map_err(|e| with_mtu(e, ns, target, options))?;
    while let Some(Pause { events, deadline }) = pinger.step(&report)? {
        wait::wait(&[(pinger.socket().as_fd(), events)], deadline)?;
    }
    Ok(report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).with_outages())
}

/// Names the path's MTU where a packet was too big for it.
fn with_mtu(
    error: crate::base::error::Error,
    ns: &Namespace,
    target: SocketAddr,
    options: &EchoRequests,
) -> crate::base::error::Error {
    if error.raw() != Some(nix::errno::Errno::EMSGSIZE) {
        return error;
    }
    let headers = if target.is_ipv4() { 28 } else { 48 };
    let error = error.detail(format!("{} bytes with all headers", options.size + headers));
    match socket::path_mtu(ns, target, &options.socket) {
        Some(mtu) => error.hint(format!(
            "the MTU of the path to {} is {mtu}, so size can be {} at most",
            target.ip(),
            mtu.saturating_sub(headers as u32)
        )),
        None => error,
    }
}

/// A ping beside the script. Dropping it ends it.
pub struct Running {
    report: Arc<Mutex<Report>>,
    worker: Worker,
}

/// Starts a ping that goes on beside the script until it is stopped or has sent its count. The first request is
/// sent at once, so this raises what [`ping`] raises.
pub fn start(ns: &Namespace, name: &str, target: SocketAddr, options: &EchoRequests) -> Result<Running> {
    let report = Arc::new(Mutex::new(Report::new(name.to_owned(), target.ip(), options.size)));
    let mut pinger = Pinger::open(ns, target, options)?;
    pinger.first(&report).map_err(|e| with_mtu(e, ns, target, options))?;
    let shared = report.clone();
    let changed = Arc::new(Changed::new()?);
    let worker = Worker::start(changed.clone(), |_| {
        let socket = Watched::new(pinger.socket().clone())?;
        Ok(async move {
            // The socket itself fails only when memory runs out: the report tells how far it went.
            while let Ok(Some(Pause { events, deadline })) = pinger.step(&shared) {
                changed.ring();
                socket.ready(events, deadline).await;
            }
        })
    })?;
    Ok(Running { report, worker })
}

impl Running {
    /// The result so far.
    pub fn result(&self) -> Report {
        self.look(Report::clone).with_outages()
    }

    /// Looks at the result so far without copying it.
    pub fn look<T>(&self, f: impl FnOnce(&Report) -> T) -> T {
        f(&lock(&self.report))
    }

    /// Whether it still runs.
    pub fn running(&self) -> bool {
        self.worker.running()
    }

    /// Waits for its end; `false` when the deadline passed before.
    pub fn wait(&self, deadline: Deadline) -> Result<bool> {
        self.worker.until(deadline, || None::<()>)?;
        Ok(!self.running())
    }

    /// Waits until `enough` of the result is there; `false` when the deadline passed or the ping ended before.
    pub fn wait_for(&self, deadline: Deadline, enough: impl Fn(&Report) -> bool) -> Result<bool> {
        Ok(self.worker.until(deadline, || self.look(&enough).then_some(()))?.is_some())
    }

    /// Ends it. Requests that may still be answered don't count as lost.
    pub fn stop(&self) {
        self.worker.stop();
    }
}

#[cfg(test)]
mod tests;
