//! `ip addr`, as ip-address(8) has it.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::command::Command;
use crate::net::addr::{Addr, AddrSpec, Filter, Lifetime};
use crate::net::names::SCOPES;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// `ip addr VERB ADDRESS dev DEV ...`.
pub fn addr_add(ns: &Namespace, verb: &str, address: IpNetwork, dev: &str, spec: &AddrSpec) -> Command {
    let command = Command::ip(ns, &["addr", verb]);
    let command = match spec.peer {
        Some(peer) => command.word(address.ip()).pair("peer", Some(peer)),
        None => command.word(address),
    };
    let given = spec.valid_lft.or(spec.preferred_lft).is_some();
    let valid = given.then(|| spec.valid_lft.unwrap_or(Lifetime::Forever));
    let six = Family::of(address.ip()) == Family::Inet6;
    command
        .pair("broadcast", spec.broadcast)
        .pair("label", spec.label.as_ref())
        .pair("scope", spec.scope.map(|scope| SCOPES.name(scope.into())))
        .pair("dev", Some(dev))
        .pair("metric", spec.metric)
        .pair("valid_lft", valid.map(lifetime))
        .pair("preferred_lft", spec.preferred_lft.or(valid).map(lifetime))
        .flag(six && !spec.dad && !spec.optimistic, "nodad")
        .flag(spec.optimistic, "optimistic")
        .flag(spec.home, "home")
        .flag(spec.mngtmpaddr, "mngtmpaddr")
        .flag(spec.noprefixroute, "noprefixroute")
        .flag(spec.autojoin, "autojoin")
        .pair("proto", spec.proto)
}

fn lifetime(lifetime: Lifetime) -> String {
    match lifetime {
        Lifetime::Forever => "forever".to_owned(),
        Lifetime::Seconds(seconds) => seconds.to_string(),
    }
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
pub fn addr_flush(ns: &Namespace, filter: &Filter, gone: &[Addr]) -> Vec<Command> {
    let mut devs: Vec<&str> = Vec::new();
    for addr in gone {
        if !devs.contains(&addr.dev.as_str()) {
            devs.push(&addr.dev);
        }
    }
    let family = match filter.family {
        None => &["addr", "flush", "dev"][..],
        Some(Family::Inet) => &["-4", "addr", "flush", "dev"],
        Some(Family::Inet6) => &["-6", "addr", "flush", "dev"],
    };
    let scope = filter.scope.map(|scope| SCOPES.name(scope.into()));
    devs.into_iter().map(|dev| Command::ip(ns, family).word(dev).pair("scope", scope.as_ref())).collect()
}
