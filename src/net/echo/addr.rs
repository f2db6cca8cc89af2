//! `ip addr`, as ip-address(8) has it.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::command::Command;
use crate::model::Field;
use crate::net::addr::Addr;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// `ip addr VERB ADDRESS dev DEV ...`.
pub fn addr_add(ns: &Namespace, verb: &str, address: IpNetwork, spec: &Addr) -> Command {
    let command = Command::ip(ns, &["addr", verb]);
    let command = match spec.peer {
        Some(_) => command.word(address.ip()),
        None => command.word(address),
    };
    command.rows(&spec.completed(address), &[])
}

/// `ip addr del ADDRESS dev DEV`.
pub fn addr_del(ns: &Namespace, address: IpNetwork, peer: Option<IpAddr>, dev: &str) -> Command {
    let command = Command::ip(ns, &["addr", "del"]);
    let command = match peer {
        // Of an address with a peer, the length is the peer's.
        Some(peer) => command.word(address.ip()).pair("peer", Some(format!("{peer}/{}", address.prefix()))),
        None => command.word(address),
    };
    command.pair("dev", Some(dev))
}

/// `ip addr flush dev DEV`, for each link that lost addresses.
pub fn addr_flush(ns: &Namespace, filter: &Addr, gone: &[Addr]) -> Vec<Command> {
    let mut devs: Vec<&str> = Vec::new();
    for addr in gone {
        if !devs.contains(&addr.dev()) {
            devs.push(addr.dev());
        }
    }
    let family = match filter.family {
        None => &["addr", "flush", "dev"][..],
        Some(Family::Inet) => &["-4", "addr", "flush", "dev"],
        Some(Family::Inet6) => &["-6", "addr", "flush", "dev"],
    };
    let scope = filter.scope.map(|scope| scope.word());
    devs.into_iter().map(|dev| Command::ip(ns, family).word(dev).pair("scope", scope.as_ref())).collect()
}
