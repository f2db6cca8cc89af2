//! Waiting until something is so: a link ready, an address usable, a route there, a neighbour known, a port open, a
//! counter reached.
//!
//! Each wait looks, listens for the kernel's events of that kind in its namespace, and looks again at each of them.
//! Where the kernel tells nothing (sockets, counters, IPv4 routes that go with their link), it looks again after a
//! short while.

mod addr;
mod counter;
mod link;
mod neigh;
mod port;
mod route;
#[cfg(test)]
mod tests;

pub use addr::addr;
pub use counter::{Goal, counter};
pub use link::{LinkGoal, link};
pub use neigh::{NeighGoal, neigh};
pub use port::{PortGoal, port};
pub use route::route;

use std::time::{Duration, Instant};

use super::events::{Listener, Object};
use super::namespace::Namespace;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::{self, Deadline};

/// How often to look although no event came.
const SELDOM: Duration = Duration::from_millis(200);

/// What a look found.
pub enum Look {
    /// It is so.
    Done,
    /// Not yet: how it is instead.
    NotYet(String),
}

/// Looks until it is so; returns how long that took. An error of `look` ends the wait.
///
/// Raises `timeout` with what was so instead.
pub fn until(
    ns: &Namespace,
    objects: &[Object],
    timeout: Duration,
    mut look: impl FnMut() -> Result<Look>,
) -> Result<Duration> {
    let (start, deadline) = (Instant::now(), Deadline::after(timeout));
    if matches!(look()?, Look::Done) {
        return Ok(start.elapsed());
    }
    // Listening before the next look, so that nothing falls between.
    let mut listener = Listener::open(ns, objects)?;
    loop {
        match look()? {
            Look::Done => return Ok(start.elapsed()),
            Look::NotYet(why) if deadline.passed() => return Err(late(timeout, &why)),
            Look::NotYet(_) => {
                listener.wait(deadline.min(Deadline::after(SELDOM)))?;
            }
        }
    }
}

/// As [`until`], for what the kernel tells by no event: looks every `interval`.
pub fn poll<E: From<Error>>(
    timeout: Duration,
    interval: Duration,
    mut look: impl FnMut() -> std::result::Result<Look, E>,
) -> std::result::Result<Duration, E> {
    let (start, deadline) = (Instant::now(), Deadline::after(timeout));
    loop {
        match look()? {
            Look::Done => return Ok(start.elapsed()),
            Look::NotYet(why) if deadline.passed() => return Err(late(timeout, &why).into()),
            Look::NotYet(_) => {
                wait::wait(&[], deadline.min(Deadline::after(interval)))?;
            }
        }
    }
}

fn late(timeout: Duration, why: &str) -> Error {
    Error::new(Kind::Timeout, format!("not within {} s: {why}", timeout.as_secs_f64()))
}

/// A link that isn't there (yet) is nothing to fail for.
fn absent<T>(found: Result<T>) -> Result<std::result::Result<T, String>> {
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(e) if e.kind() == Kind::NotFound => {
            Ok(Err(e.fields().detail.clone().unwrap_or_else(|| e.message())))
        }
        Err(e) => Err(e),
    }
}
