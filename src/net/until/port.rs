//! Ports: somebody listens.

use std::net::IpAddr;
use std::time::Duration;

use super::{Look, poll};
use crate::base::error::Result;
use crate::model::Words;
use crate::net::namespace::Namespace;
use crate::net::socket::{self, Filter, Owners, Proto, Socket};

/// The kernel tells of sockets by no event.
const INTERVAL: Duration = Duration::from_millis(5);

/// Which port.
#[derive(Clone, Copy, Debug)]
pub struct PortGoal {
    pub proto: Proto,
    pub port: u16,
    /// On this address, or on all; `None` for whichever.
    pub ip: Option<IpAddr>,
    pub gone: bool,
}

/// Waits until a socket of the namespace listens on the port; with `gone`, until none does.
///
/// Raises `timeout` with the addresses on which somebody listens there.
pub fn port(ns: &Namespace, goal: &PortGoal, timeout: Duration) -> Result<Duration> {
    poll(timeout, INTERVAL, || look(ns, goal))
}

fn look(ns: &Namespace, goal: &PortGoal) -> Result<Look> {
    let filter = Filter::waiting(goal.proto, goal.port);
    let found = socket::list(ns, &filter, &Owners::nobody())?;
    let fits: Vec<&Socket> = found.iter().filter(|s| goal.ip.is_none_or(|ip| takes(s, ip))).collect();
    let name = goal.proto.name();
    Ok(match (fits.is_empty(), goal.gone) {
        (true, true) | (false, false) => Look::Done,
        (false, true) => Look::NotYet(format!("something listens on {}", places(&fits))),
        (true, false) if found.is_empty() => {
            Look::NotYet(format!("nothing listens on {name} port {}", goal.port))
        }
        (true, false) => {
            let others: Vec<&Socket> = found.iter().collect();
            Look::NotYet(format!("something listens on {} alone", places(&others)))
        }
    })
}

/// Whether packets to this address reach the socket.
fn takes(socket: &Socket, ip: IpAddr) -> bool {
    let Some(own) = socket.ip else { return false };
    match (own.to_canonical(), ip) {
        (own, ip) if own == ip => true,
        (IpAddr::V6(any), IpAddr::V4(_)) => any.is_unspecified() && socket.v6only.is_none(),
        (own, ip) => own.is_unspecified() && own.is_ipv4() == ip.is_ipv4(),
    }
}

fn places(sockets: &[&Socket]) -> String {
    sockets.iter().filter_map(|socket| Some(socket.at()?.to_string())).collect::<Vec<_>>().join(", ")
}
