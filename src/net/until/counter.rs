//! Counters of links: reached.

use std::time::Duration;

use super::{Look, poll};
use crate::base::error::Result;
use crate::net::link;
use crate::net::namespace::Namespace;

const INTERVAL: Duration = Duration::from_millis(10);

/// A counter's name in [`link::Stats`], and the least that it must have.
pub type Goal = (&'static str, u64);

/// Waits until each of the counters of link `name` has reached its goal; with `fresh`, counted from now on.
///
/// Raises `not_found` if there is no such link, `timeout` with how far they are.
pub fn counter(
    ns: &Namespace,
    name: &str,
    goals: &[Goal],
    fresh: bool,
    timeout: Duration,
) -> Result<Duration> {
    let start = if fresh { link::stats(ns, name)? } else { link::Stats::default() };
    poll(timeout, INTERVAL, || {
        let now = link::stats(ns, name)?;
        let missing: Vec<String> = goals
            .iter()
            .map(|(counter, goal)| (counter, goal, now.count(counter).saturating_sub(start.count(counter))))
            .filter(|(_, goal, is)| is < goal)
            .map(|(counter, goal, is)| format!("{counter} is {is} of {goal}"))
            .collect();
        Ok(if missing.is_empty() { Look::Done } else { Look::NotYet(missing.join(", ")) })
    })
}
