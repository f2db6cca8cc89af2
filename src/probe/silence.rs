//! Why nothing came back, where the kernel knows but doesn't say.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::errno::Errno;

use super::socket::explain;
use crate::base::error::{Error, Kind};
use crate::net::namespace::Namespace;
use crate::net::neigh::State;
use crate::net::{link, neigh, route};

/// How long the kernel asks for a neighbour before it gives up: three times, a second apart.
const SOLICITED: Duration = Duration::from_secs(3);

/// The error of a target that was silent for all of the time it had: a timeout, or `host_unreachable` if its neighbour,
/// or the gateway to it, doesn't answer. The kernel tells that of itself by ICMP over `lo`, and not at all while `lo` is
/// down.
pub fn silence(ns: &Namespace, target: SocketAddr, waited: Duration, text: String, hint: String) -> Error {
    let Some(who) = nobody(ns, target.ip()) else { return Error::new(Kind::Timeout, text).hint(hint) };
    if waited < SOLICITED {
        return Error::new(Kind::Timeout, text).hint(format!("{who}; {hint}"));
    }
    let error = Error::errno(Errno::EHOSTUNREACH).detail(who);
    match link::get_plain(ns, "lo") {
        Ok(Some(lo)) if !lo.is_up() => error.hint(format!(
            "lo of {} is down, and the kernel tells so at once only when it is up: link.set(\"lo\", {{ up = true }})",
            ns.name()
        )),
        _ => explain(error, target),
    }
}

/// Says that the neighbour by which packets to `ip` go is asked for, and doesn't answer.
fn nobody(ns: &Namespace, ip: IpAddr) -> Option<String> {
    let route = route::get(ns, ip, &route::Lookup::default()).ok()?;
    let next = route.via.unwrap_or(ip);
    let dev = route.dev?;
    let neighbour = neigh::get(ns, next, &dev.name).ok()??;
    let silent = neighbour.is_in(State::any(&[State::FAILED, State::INCOMPLETE]));
    silent.then(|| format!("nobody on {dev} answers for {next}"))
}
