//! `ip route`, as ip-route(8) has it.

use super::command::Command;
use crate::model::{Field, Words};
use crate::net::names::TABLES;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{Filter, Nexthop, Route, RouteKind, Tables, gateway};

/// What `ip` writes another way than as a word with its value.
const APART: [&str; 4] = ["type", "via", "encap", "onlink"];

/// `ip route VERB DST ...`.
pub fn route(ns: &Namespace, verb: &str, route: &Route) -> Command {
    let family = route.family();
    // A destination tells its family, "default" doesn't.
    let six = route.dst.is_none_or(|dst| dst.0.is_none()) && family == Family::Inet6;
    let words: &[&str] = if six { &["-6", "route"] } else { &["route"] };
    let kind = Some(route.kind()).filter(|kind| *kind != RouteKind::Unicast);
    let hop = |hop: &Nexthop, names: &[&str]| hop.words(family, names);
    let metrics = route.metrics.as_ref().map(|metrics| metrics.to_string());
    let command = Command::ip(ns, words)
        .word(verb)
        .phrase(kind.map(RouteKind::name))
        .word(route.dst.map_or_else(|| "default".to_owned(), |dst| dst.word()))
        .phrase(route.via.map(|via| gateway(via, family)))
        .rows(route, &APART)
        .flag(route.onlink == Some(true), "onlink")
        .phrase(metrics)
        .phrase(route.encap.as_ref().map(|encap| format!("encap {}", encap.word())));
    route.nexthops.iter().fold(command, |command, next| {
        command
            .phrase(Some("nexthop"))
            .phrase(next.encap.as_ref().map(|encap| format!("encap {}", encap.word())))
            .phrase(Some(hop(next, &["via", "dev", "weight"])))
            .flag(next.onlink == Some(true), "onlink")
    })
}

/// `ip route flush ...` for each family that lost routes: one without that table would be an error.
pub fn route_flush(ns: &Namespace, filter: &Filter, families: &[Family]) -> Vec<Command> {
    let like = &filter.like;
    let one = |family: &Family| {
        let words: &[&str] = match family {
            Family::Inet6 => &["-6", "route", "flush"],
            Family::Inet => &["-4", "route", "flush"],
        };
        let table = match filter.tables {
            Tables::Main => "main".to_owned(),
            Tables::All => "all".to_owned(),
            Tables::One(table) => TABLES.name(table),
        };
        let exact = like.dst.map(|dst| match (dst.0, family) {
            (Some(dst), _) => dst.to_string(),
            (None, Family::Inet) => "0.0.0.0/0".to_owned(),
            (None, Family::Inet6) => "::/0".to_owned(),
        });
        Command::ip(ns, words)
            .pair("table", Some(table))
            .pair("exact", exact)
            .rows(like, &["encap", "onlink"])
    };
    families.iter().map(one).collect()
}
