//! `ip neigh` and `bridge fdb`, as ip-neighbour(8) and bridge(8) have them.

use std::net::IpAddr;

use super::command::Command;
use crate::net::attributes::hardware_address;
use crate::net::bridge::fdb::{FdbSpec, Life};
use crate::net::names::PROTOCOLS;
use crate::net::namespace::Namespace;
use crate::net::neigh::{Filter, Neigh, NeighSpec, state_name};
use crate::net::prefix::Family;

/// `ip neigh VERB DST lladdr LLADDR dev DEV ...`.
pub fn neigh(ns: &Namespace, verb: &str, dst: IpAddr, dev: &str, spec: &NeighSpec) -> Command {
    let state = spec.state.filter(|_| !spec.proxy).map(|state| match state {
        0 => "none".to_owned(),
        state => state_name(state).to_lowercase(),
    });
    Command::ip(ns, &["neigh", verb])
        .flag(spec.proxy, "proxy")
        .word(dst)
        .pair("lladdr", spec.lladdr.map(|mac| hardware_address(&mac)))
        .pair("dev", Some(dev))
        .pair("nud", state)
        .flag(spec.router, "router")
        .pair("protocol", spec.proto.map(|proto| PROTOCOLS.name(proto.into())))
}

/// `ip neigh del DST dev DEV`.
pub fn neigh_del(ns: &Namespace, dst: IpAddr, dev: &str, proxy: bool) -> Command {
    Command::ip(ns, &["neigh", "del"]).flag(proxy, "proxy").word(dst).pair("dev", Some(dev))
}

/// `ip neigh flush ...`; proxy entries go one by one.
pub fn neigh_flush(ns: &Namespace, filter: &Filter, gone: &[Neigh]) -> Vec<Command> {
    if filter.proxy {
        return gone.iter().map(|n| neigh_del(ns, n.dst, &n.dev, true)).collect();
    }
    let words: &[&str] = match filter.family {
        None => &["neigh", "flush"],
        Some(Family::Inet) => &["-4", "neigh", "flush"],
        Some(Family::Inet6) => &["-6", "neigh", "flush"],
    };
    let begin = Command::ip(ns, words);
    let least = begin.len();
    let mut command = begin.pair("dev", filter.dev.as_ref()).pair("to", filter.dst);
    for state in filter.states.map(state_name).iter().flat_map(|names| names.split(',')) {
        command = command.pair("nud", Some(state.to_lowercase()));
    }
    let all = command.len() == least;
    vec![command.flag(all, "all")]
}

/// `bridge fdb VERB MAC dev DEV ...`; `master` and `life` are what was chosen in the end.
pub fn fdb(
    ns: &Namespace,
    verb: &str,
    mac: [u8; 6],
    dev: &str,
    spec: &FdbSpec,
    master: bool,
    life: Life,
) -> Command {
    let life = match life {
        Life::Local => "permanent",
        Life::Static => "static",
        Life::Dynamic => "dynamic",
    };
    Command::bridge(ns, &["fdb", verb])
        .word(hardware_address(&mac))
        .pair("dev", Some(dev))
        .flag(true, if master { "master" } else { "self" })
        .flag(verb != "del", life)
        .pair("dst", spec.dst)
        .pair("vlan", spec.vlan)
        .pair("port", spec.port)
        .pair("vni", spec.vni)
        .flag(spec.sticky && verb != "del", "sticky")
        .flag(spec.extern_learn && verb != "del", "extern_learn")
}

/// `ip link set dev DEV type bridge fdb_flush`.
pub fn fdb_flush(ns: &Namespace, dev: &str, bridge: bool) -> Command {
    let kind = if bridge { "bridge" } else { "bridge_slave" };
    Command::ip(ns, &["link", "set", "dev"]).word(dev).pair("type", Some(kind)).flag(true, "fdb_flush")
}
