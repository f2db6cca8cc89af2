//! The words in which changes are told.

use std::net::IpAddr;

use super::{Kind, State};
use crate::net::events::Netconf;
use crate::net::prefix::Family;
use crate::net::route::{Route, RouteKind};

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
    route.proto != "kernel" && !route.kind.of_addresses() && route.table != "local"
}

pub(super) fn destination(route: &Route) -> String {
    let mut text = route.destination();
    if route.dst.prefix() == 0 && route.family == Family::Inet6 {
        text = "default (IPv6)".to_owned();
    }
    if route.table != "main" {
        text.push_str(&format!(" in table {}", route.table));
    }
    // Of IPv6 the kernel says 1024 where none was given.
    match route.metric {
        Some(metric) if metric != 0 && !(route.family == Family::Inet6 && metric == 1024) => {
            format!("{text} metric {metric}")
        }
        _ => text,
    }
}

/// Where the route leads.
pub(super) fn way(route: &Route) -> String {
    if route.kind != RouteKind::Unicast {
        return route.kind.name().to_owned();
    }
    let hop = |via: Option<IpAddr>, dev: Option<&str>| match (via, dev) {
        (Some(via @ IpAddr::V6(v6)), Some(dev)) if v6.is_unicast_link_local() => {
            format!("via {via} dev {dev}")
        }
        (Some(via), _) => format!("via {via}"),
        (None, Some(dev)) => format!("dev {dev}"),
        (None, None) => String::new(),
    };
    match route.nexthops.as_slice() {
        [] => hop(route.via, route.dev.as_deref()),
        hops => hops.iter().map(|h| hop(h.via, h.dev.as_deref())).collect::<Vec<_>>().join(" and "),
    }
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
    if before.mtu != after.mtu {
        out.push(format!("{dev}: mtu {} instead of {}", after.mtu, before.mtu));
    }
    if before.mac != after.mac {
        let mac = |mac: &Option<String>| mac.clone().unwrap_or_else(|| "none".to_owned());
        out.push(format!("{dev}: mac {} instead of {}", mac(&after.mac), mac(&before.mac)));
    }
    match (before.master, after.master) {
        (a, b) if a == b => {}
        (Some(old), None) => out.push(format!("{dev} left {}", name(old))),
        (_, Some(new)) => out.push(format!("{dev} joined {}", name(new))),
        (None, None) => {}
    }
    out
}
