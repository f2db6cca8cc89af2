//! Routes as `ip route` prints them.

use std::fmt;
use std::net::IpAddr;

use super::TABLE_MAIN;
use super::table::{Nexthop, Route, RouteKind};
use crate::model::{Field, Table, Words};
use crate::net::fields::{Origin, Scope, TableId};
use crate::net::names::DSFIELD;
use crate::net::prefix::Family;

const BOOT: Origin = Origin(3);

/// All that `ip route` prints of a route, in its order; the hops of one that has several follow, a line each.
const ALL: [&str; 21] = [
    "type", "dst", "from", "nhid", "encap", "tos", "via", "dev", "table", "proto", "scope", "src", "metric",
    "flags", "mark", "realms", "uid", "cache", "metrics", "iif", "pref",
];

/// What tells routes apart.
const BRIEF: [&str; 7] = ["dst", "via", "dev", "hops", "encap", "metric", "table"];

/// `via 10.0.0.1`; a gateway of another family than the route's is told with its own.
pub fn gateway(via: IpAddr, family: Family) -> String {
    match via.is_ipv6() && family == Family::Inet {
        true => format!("via inet6 {via}"),
        false => format!("via {via}"),
    }
}

impl Nexthop {
    /// `via 10.0.0.1 dev eth0`.
    pub fn words(&self, family: Family, names: &[&str]) -> String {
        let pairs = names.iter().filter_map(|name| match *name {
            "via" => self.via.map(|via| gateway(via, family)),
            "flags" => {
                self.flags.map(|flags| flags.names().collect::<Vec<_>>().join(" ")).filter(|f| !f.is_empty())
            }
            name => pair(self, name),
        });
        pairs.collect::<Vec<_>>().join(" ")
    }
}

/// An attribute's keyword and its value, if it has one.
pub(in crate::net) fn pair<T: Table>(object: &T, name: &str) -> Option<String> {
    let row = T::ROWS.iter().find(|row| row.name == name)?;
    let value = (row.get)(object)?;
    Some(format!("{} {value}", row.words.first().unwrap_or(&row.name)))
}

impl Route {
    /// The destination as `ip route` shows it: `default`, a prefix, or a bare address for a host.
    pub fn destination(&self) -> String {
        self.dst.map_or_else(String::new, |dst| dst.word())
    }

    /// These attributes as `ip route` prints them, without those that are the usual ones.
    pub fn words(&self, names: &[&str]) -> String {
        let mut out = String::new();
        for word in names.iter().filter_map(|name| self.word(name)).filter(|word| !word.is_empty()) {
            if !out.is_empty() && !word.starts_with('\n') {
                out.push(' ');
            }
            out.push_str(&word);
        }
        out
    }

    /// Enough of it to tell it from others.
    pub fn brief(&self) -> String {
        self.words(&BRIEF)
    }

    fn word(&self, name: &str) -> Option<String> {
        let family = self.family.unwrap_or(Family::Inet);
        // What the cache holds was added by nobody, and is of no scope.
        let usual = match name {
            "type" => self.kind() == RouteKind::Unicast,
            "table" => self.table == Some(TableId(TABLE_MAIN)),
            "proto" => self.proto == Some(BOOT) || self.cache.is_some(),
            "scope" => self.scope == Some(Scope(0)) || self.cache.is_some(),
            _ => false,
        };
        match name {
            _ if usual => None,
            "type" => Some(self.kind().name().to_owned()),
            "dst" => Some(self.destination()),
            "via" => self.via.map(|via| gateway(via, family)),
            "tos" => self.tos.map(|tos| format!("tos {}", DSFIELD.hexadecimal(tos.0.into()))),
            "flags" => self.flags.map(|flags| flags.names().collect::<Vec<_>>().join(" ")),
            "mark" => self.mark.map(|mark| match mark.0 {
                small @ ..16 => format!("mark {small}"),
                mark => format!("mark {mark:#x}"),
            }),
            "realms" => self.realms.map(|realms| {
                let text = realms.word();
                format!("{} {text}", if text.contains('/') { "realms" } else { "realm" })
            }),
            "cache" => Some(self.cache_words()),
            "metrics" => self.metrics.as_ref().map(|metrics| metrics.to_string()),
            "hops" => {
                let hops = self.nexthops.iter().map(|hop| hop.words(family, &["via", "dev"]));
                Some(hops.collect::<Vec<_>>().join(" "))
            }
            name => pair(self, name),
        }
    }

    /// That it is an entry of the cache, and how long it is one; and what packets get.
    fn cache_words(&self) -> String {
        let mut words = Vec::new();
        if let Some(flags) = self.cache {
            words.push("\n    cache".to_owned());
            let names: Vec<&str> = flags.names().collect();
            words.extend((!names.is_empty()).then(|| format!("<{}>", names.join(","))));
        }
        words.extend(self.expires.map(|expires| format!("expires {}sec", expires.0 as i64)));
        words.extend(self.error.map(|error| format!("error {}", error.0 as u32)));
        words.join(" ")
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(&ALL))?;
        let family = self.family.unwrap_or(Family::Inet);
        for hop in &self.nexthops {
            f.write_str("\n\tnexthop ")?;
            f.write_str(&hop.words(family, &["encap", "via", "dev", "weight", "flags"]))?;
        }
        Ok(())
    }
}
