//! Neighbours: resolved.

use std::net::IpAddr;
use std::time::Duration;

use super::{Look, absent, until};
use crate::base::error::{Error, Result};
use crate::net::events::Object;
use crate::net::namespace::Namespace;
use crate::net::neigh::{self, Neigh, State};
use crate::net::route::{self, Lookup};

/// The hardware address is known.
const RESOLVED: State = State::any(&[State::WITH_ADDRESS, State::NOARP]);

/// What must be known of a neighbour.
#[derive(Clone, Debug)]
pub struct NeighGoal {
    /// The link; without it the one that packets to the neighbour leave by.
    pub dev: Option<String>,
    /// Any of these; without them any in which the hardware address is known.
    pub states: Option<State>,
    pub gone: bool,
    /// Have the kernel ask for it (ARP, NDP), again after each time that nobody answered.
    pub probe: bool,
}

impl Default for NeighGoal {
    fn default() -> Self {
        NeighGoal { dev: None, states: None, gone: false, probe: true }
    }
}

/// Waits until the neighbour is resolved, or as the goal says.
///
/// Raises `network_unreachable` if no route says which link it is on, `timeout` with what is known of it.
pub fn neigh(ns: &Namespace, dst: IpAddr, goal: &NeighGoal, timeout: Duration) -> Result<Duration> {
    let dev = match &goal.dev {
        Some(dev) => dev.clone(),
        None => {
            let way = route::get(ns, dst, &Lookup::default())?;
            if let Some(via) = way.via {
                return Err(Error::argument(format!("{dst} is no neighbour: packets to it go via {via}")));
            }
            way.dev.map(|dev| dev.name.to_string()).unwrap_or_default()
        }
    };
    until(ns, &[Object::Neigh, Object::Link], timeout, || look(ns, dst, &dev, goal))
}

fn look(ns: &Namespace, dst: IpAddr, dev: &str, goal: &NeighGoal) -> Result<Look> {
    let found = match absent(neigh::get(ns, dst, dev))? {
        Ok(found) => found,
        Err(_) if goal.gone => return Ok(Look::Done),
        Err(why) => return Ok(Look::NotYet(why)),
    };
    // One that failed is kept for a while, but nothing is known of it.
    let known = found.filter(|n| !goal.gone || !n.is_in(State::any(&[State::FAILED, State::INCOMPLETE])));
    let fits = |n: &Neigh| n.is_in(goal.states.unwrap_or(RESOLVED));
    Ok(match &known {
        None if goal.gone => Look::Done,
        Some(n) if goal.gone => Look::NotYet(format!("it is {}", n.state())),
        Some(n) if fits(n) => Look::Done,
        other => {
            let reachable = goal.states.is_some_and(|states| states.0 & State::REACHABLE.0 != 0);
            match other {
                _ if !goal.probe => {}
                Some(n) if reachable && n.is_in(State::any(&[State::STALE, State::DELAY])) => {
                    neigh::confirm(ns, n)?
                }
                // It is being asked for.
                Some(n) if n.is_in(State::INCOMPLETE) => {}
                _ => neigh::probe(ns, dst, dev)?,
            }
            Look::NotYet(match other {
                None => format!("nothing is known of it on {dev}"),
                Some(n) if n.is_in(State::FAILED) => format!("it is FAILED: nobody on {dev} answered"),
                Some(n) if n.is_in(State::INCOMPLETE) => {
                    format!("it is INCOMPLETE: nobody on {dev} has answered yet")
                }
                Some(n) => format!("it is {}", n.state()),
            })
        }
    })
}
