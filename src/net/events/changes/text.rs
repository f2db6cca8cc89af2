//! The words in which changes are told.

use std::net::IpAddr;

use super::{Kind, State};
use crate::model::Words;
use crate::net::events::Netconf;
use crate::net::fields::{Origin, TableId};
use crate::net::prefix::Family;
use crate::net::route::{Nexthop, Route, RouteKind, TABLE_LOCAL};

/// A switch that is back where it was is nothing; of other values the first one isn't known.
pub(super) fn value_text(first: &Netconf, last: i32) -> Option<String> {
    let proto = match first.family {
        Family::Inet => "IPv4",
        Family::Inet6 => "IPv6",
    };
    let on = if first.dev == "all" { String::new() } else { format!(" on {}", first.dev) };
    match first.name {
        "forwarding" if (first.value != 0) != (last != 0) => None,
        "forwarding" => {
            Some(format!("{proto} forwarding{on} switched {}", if last == 0 { "off" } else { "on" }))
        }
        name => Some(format!("{proto} {name}{} set to {last}", if on.is_empty() { " (all)" } else { &on })),
    }
}

pub(super) fn now(what: &str) -> Kind {
    Kind::Now(format!("{what} changed"))
}

/// An element is told as a change of its set.
pub(super) fn what(object: &str) -> &str {
    if object == "element" { "set" } else { object }
}

/// The kernel's own routes follow from addresses.
pub(super) fn told(route: &Route) -> bool {
    let local = route.table == Some(TableId(TABLE_LOCAL));
    route.proto != Some(Origin::KERNEL) && !route.kind().of_addresses() && !local
}

pub(super) fn destination(route: &Route) -> String {
    let six = route.family == Some(Family::Inet6);
    let mut text = route.destination();
    if text == "default" && six {
        text = "default (IPv6)".to_owned();
    }
    let table = route.words(&["table"]);
    if !table.is_empty() {
        text.push_str(&format!(" in {table}"));
    }
    // Of IPv6 the kernel says 1024 where none was given.
    match route.metric.map(|metric| metric.0) {
        Some(metric) if metric != 0 && !(six && metric == 1024) => format!("{text} metric {metric}"),
        _ => text,
    }
}

/// Where the route leads.
pub(super) fn way(route: &Route) -> String {
    if route.kind() != RouteKind::Unicast {
        return route.kind().name().to_owned();
    }
    let hop = |hop: &Nexthop| match hop.via {
        Some(IpAddr::V6(via)) if via.is_unicast_link_local() => hop.words(Family::Inet6, &["via", "dev"]),
        Some(_) => hop.words(Family::Inet6, &["via"]),
        None => hop.words(Family::Inet6, &["dev"]),
    };
    route.hops().iter().map(hop).collect::<Vec<_>>().join(" and ")
}

pub(super) fn link_lines(
    before: Option<&State>,
    after: Option<&State>,
    name: impl Fn(u32) -> String,
) -> Vec<String> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (None, Some(link)) => return vec![format!("link {} added", link.name)],
        (Some(link), None) => return vec![format!("link {} deleted", link.name)],
        (Some(before), Some(after)) => (before, after),
    };
    let dev = &after.name;
    let mut out = Vec::new();
    if before.name != *dev {
        out.push(format!("{} renamed to {dev}", before.name));
    }
    if before.up != after.up {
        out.push(format!("{dev} {}", if after.up { "came up" } else { "went down" }));
    } else if after.up && before.carrier != after.carrier {
        out.push(format!("{dev} {} its carrier", if after.carrier { "got" } else { "lost" }));
    }
    for ((name, old), (_, new)) in before.attributes.iter().zip(&after.attributes).filter(|(a, b)| a != b) {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        out.push(format!("{dev}: {name} {} instead of {}", text(new), text(old)));
    }
    match (before.master, after.master) {
        (a, b) if a == b => {}
        (Some(old), None) => out.push(format!("{dev} left {}", name(old))),
        (_, Some(new)) => out.push(format!("{dev} joined {}", name(new))),
        (None, None) => {}
    }
    out
}
