//! Bridges: ports and the forwarding database, as `bridge` handles them.

pub mod fdb;
pub mod mdb;
pub mod vlan;

use super::done::Done;
use super::link::{self, Bridge, Change, Details, End, Filter, Link, Master, Port, find};
use super::namespace::{Namespace, Namespaces};
use crate::base::error::{Error, Kind, Result};

/// The bridge's own options and state, as `ip -d link show BRIDGE`; the error says what else `name` is.
pub fn options(ns: &Namespace, name: &str) -> Result<Bridge> {
    let Some(link) = link::get_plain(ns, name)? else { return Err(find::no_such_link(ns, name)) };
    match link.details.get::<Bridge>() {
        Some(bridge) => Ok(bridge.clone()),
        None => {
            let kind = link
                .kind
                .unwrap_or_else(|| link.common.link_type.map_or_else(String::new, |kind| kind.name()));
            Err(Error::argument(format!("{name} is not a bridge, but of kind {kind:?}")))
        }
    }
}

/// Changes options of a bridge, as `ip link set BRIDGE type bridge ...`.
pub fn set(ns: &Namespace, bridge: &str, options: &Bridge) -> Result<()> {
    self::options(ns, bridge)?;
    link::set(ns, bridge, &Change { options: Details::of(options.clone()), ..Change::default() })
}

/// The bridge's ports with their states, as `bridge -d link show`.
pub fn ports(all: &Namespaces, ns: &Namespace, bridge: &str) -> Result<Vec<Link>> {
    options(ns, bridge)?;
    link::list(all, ns, &Filter { master: Some(bridge.to_owned()), ..Filter::default() })
}

/// Makes links ports of a bridge, as `ip link set PORT master BRIDGE` for each. If one can't be, those before it
/// are taken out again.
pub fn attach(ns: &Namespace, bridge: &str, ports: &[String]) -> Result<()> {
    options(ns, bridge)?;
    for (done, port) in ports.iter().enumerate() {
        let change = membership(Master::Of(bridge.to_owned()));
        if let Err(e) = link::set(ns, port, &change) {
            for port in &ports[..done] {
                let _ = link::set(ns, port, &membership(Master::None));
            }
            return Err(e.on(port.clone()));
        }
    }
    Ok(())
}

fn membership(master: Master) -> Change {
    End { master: Some(master), ..End::default() }.into()
}

/// Takes a port out of its bridge, as `ip link set PORT nomaster`. Raises `not_found` if it is in none.
pub fn detach(ns: &Namespace, port: &str) -> Result<()> {
    port_options(ns, port)?;
    link::set(ns, port, &membership(Master::None))
}

/// A port's options and state, as `bridge -d link show dev PORT`.
pub fn port_options(ns: &Namespace, port: &str) -> Result<Port> {
    let Some(link) = link::get_plain(ns, port)? else { return Err(find::no_such_link(ns, port)) };
    match link.port {
        Some(options) => Ok(*options),
        None => Err(Error::new(Kind::NotFound, format!("{port} is not a port of a bridge"))
            .hint(format!("link.set({port:?}, {{ master = ... }}) makes it one"))),
    }
}

/// Changes options of a port, as `bridge link set dev PORT ...`.
pub fn set_port(ns: &Namespace, port: &str, options: &Port) -> Result<()> {
    let index = find::require_index(ns, port)?;
    link::set_port(ns, index, options)?;
    ns.report(Done::PortSet(port, options));
    Ok(())
}

#[cfg(test)]
mod tests;
