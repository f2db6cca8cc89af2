//! `ip neigh` and `bridge fdb`, as ip-neighbour(8) and bridge(8) have them.

use std::net::IpAddr;

use super::command::Command;
use crate::model::Field;
use crate::net::bridge::fdb::Entry;
use crate::net::namespace::Namespace;
use crate::net::neigh::Neigh;
use crate::net::prefix::Family;

/// `ip neigh VERB DST lladdr LLADDR dev DEV ...`.
pub fn neigh(ns: &Namespace, verb: &str, dst: IpAddr, spec: &Neigh) -> Command {
    let proxy = spec.proxy == Some(true);
    let but: &[&str] = if proxy { &["proxy", "state"] } else { &["proxy"] };
    Command::ip(ns, &["neigh", verb]).flag(proxy, "proxy").word(dst).rows(spec, but)
}

/// `ip neigh del DST dev DEV`.
pub fn neigh_del(ns: &Namespace, dst: IpAddr, dev: &str, proxy: bool) -> Command {
    Command::ip(ns, &["neigh", "del"]).flag(proxy, "proxy").word(dst).pair("dev", Some(dev))
}

/// `ip neigh flush ...`; proxy entries go one by one.
pub fn neigh_flush(ns: &Namespace, filter: &Neigh, gone: &[Neigh]) -> Vec<Command> {
    if filter.proxy == Some(true) {
        return gone.iter().map(|n| neigh_del(ns, n.ip(), n.dev(), true)).collect();
    }
    let words: &[&str] = match filter.family {
        None => &["neigh", "flush"],
        Some(Family::Inet) => &["-4", "neigh", "flush"],
        Some(Family::Inet6) => &["-6", "neigh", "flush"],
    };
    let begin = Command::ip(ns, words);
    let least = begin.len();
    let mut command = begin.pair("dev", filter.dev.as_ref().map(Field::word)).pair("to", filter.dst);
    for state in filter.state.iter().flat_map(|state| state.names()) {
        command = command.pair("nud", Some(state.to_lowercase()));
    }
    let all = command.len() == least;
    vec![command.flag(all, "all")]
}

/// `bridge fdb VERB MAC dev DEV ...`, with the database and the life that were chosen in the end.
pub fn fdb(ns: &Namespace, verb: &str, entry: &Entry) -> Command {
    let first = ["dev", "master", "self"];
    let but: &[&str] =
        if verb == "del" { &["dev", "master", "self", "sticky", "extern_learn"] } else { &first };
    let command = Command::bridge(ns, &["fdb", verb]);
    let command =
        entry.mac.iter().fold(command, |command, mac| command.word(mac)).pair("dev", Some(entry.dev()));
    let command = command.flag(true, if entry.master == Some(true) { "master" } else { "self" });
    let life = entry.life.filter(|_| verb != "del");
    life.iter().fold(command, |command, life| command.flag(true, life.keyword())).rows(entry, but)
}

/// `ip link set dev DEV type bridge fdb_flush`.
pub fn fdb_flush(ns: &Namespace, dev: &str, bridge: bool) -> Command {
    let kind = if bridge { "bridge" } else { "bridge_slave" };
    Command::ip(ns, &["link", "set", "dev"]).word(dev).pair("type", Some(kind)).flag(true, "fdb_flush")
}
