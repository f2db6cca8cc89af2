//! `ip route`, as ip-route(8) has it.

use std::net::IpAddr;

use super::command::Command;
use crate::net::attributes::{OptionSet, Value};
use crate::net::names::{PROTOCOLS, SCOPES, TABLES};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{Filter, RouteKind, RouteSpec, Tables};

/// `ip route VERB DST ...`.
pub fn route(ns: &Namespace, verb: &str, spec: &RouteSpec) -> Command {
    let family = spec.family();
    // A destination tells its family, "default" doesn't.
    let six = spec.dst.is_none() && family == Family::Inet6;
    let words: &[&str] = if six { &["-6", "route"] } else { &["route"] };
    let kind = (spec.kind != RouteKind::Unicast).then(|| spec.kind.name());
    let mut command = Command::ip(ns, words).word(verb).flag(kind.is_some(), kind.unwrap_or_default());
    command = match spec.dst {
        Some(dst) => command.word(dst),
        None => command.flag(true, "default"),
    };
    command = hop(command, family, spec.via, spec.dev.as_deref(), spec.onlink)
        .pair("src", spec.src)
        .pair("metric", spec.metric)
        .pair("table", spec.table.map(|table| TABLES.name(table)))
        .pair("scope", spec.scope.map(|scope| SCOPES.name(scope.into())))
        .pair("proto", spec.proto.map(|proto| PROTOCOLS.name(proto.into())))
        .pair("tos", spec.tos.map(|tos| format!("{tos:#x}")))
        .pair("pref", spec.pref.map(|pref| pref.name()))
        .pair("expires", spec.expires);
    spec.metrics.each(&mut |name, value| {
        let value = match value {
            Value::Int(n) => n.to_string(),
            // rto_min is the only time among them.
            Value::Number(seconds) => format!("{:.0}ms", seconds * 1000.0),
            Value::Bool(on) => u8::from(on).to_string(),
            Value::Text(text) => text,
        };
        command = std::mem::take(&mut command).pair(name, Some(value));
    });
    spec.nexthops.iter().fold(command, |command, next| {
        let command = command.flag(true, "nexthop");
        hop(command, family, next.via, next.dev.as_deref(), false)
            .pair("weight", next.weight)
            .flag(next.onlink, "onlink")
    })
}

fn hop(command: Command, family: Family, via: Option<IpAddr>, dev: Option<&str>, onlink: bool) -> Command {
    let foreign = via.is_some_and(|via| Family::of(via) != family);
    match via {
        Some(via) if foreign => command.flag(true, "via").pair("inet6", Some(via)),
        via => command.pair("via", via),
    }
    .pair("dev", dev)
    .flag(onlink, "onlink")
}

/// `ip route flush ...` for each family that lost routes: one without that table would be an error.
pub fn route_flush(ns: &Namespace, filter: &Filter, families: &[Family]) -> Vec<Command> {
    let one = |family: &Family| {
        let family = *family;
        let words: &[&str] =
            if family == Family::Inet6 { &["-6", "route", "flush"] } else { &["-4", "route", "flush"] };
        let table = match filter.tables {
            Tables::Main => "main".to_owned(),
            Tables::All => "all".to_owned(),
            Tables::One(table) => TABLES.name(table),
        };
        let exact = filter.dst.map(|dst| match (dst, family) {
            (Some(dst), _) => dst.to_string(),
            (None, Family::Inet) => "0.0.0.0/0".to_owned(),
            (None, Family::Inet6) => "::/0".to_owned(),
        });
        Command::ip(ns, words)
            .pair("table", Some(table))
            .pair("exact", exact)
            .pair("dev", filter.dev.as_ref())
            .pair("via", filter.via)
            .pair("proto", filter.proto.map(|proto| PROTOCOLS.name(proto.into())))
            .pair("type", filter.kind.map(RouteKind::name))
            .pair("scope", filter.scope.map(|scope| SCOPES.name(scope.into())))
            .pair("src", filter.src)
            .pair("metric", filter.metric)
    };
    families.iter().map(one).collect()
}
