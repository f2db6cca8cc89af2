//! Events as lines.

use std::fmt;

use super::{Change, Event, What};
use crate::net::fields::TableId;
use crate::net::route::TABLE_LOCAL;

impl Event {
    /// Whether the kernel does it by itself for each address, or it says nothing that a person asks for.
    pub fn is_noise(&self) -> bool {
        match &self.what {
            What::Route(route) => route.table == Some(TableId(TABLE_LOCAL)),
            What::Nsid(_) => true,
            _ => false,
        }
    }
}

impl What {
    /// What it is about, as [`super::Object::name`] or `port` or `lost`.
    pub fn object(&self) -> &'static str {
        match self {
            What::Link(..) => "link",
            What::Port(_) => "port",
            What::Address(_) => "address",
            What::Route(_) => "route",
            What::Rule(_) => "rule",
            What::Neigh(_) => "neigh",
            What::Netconf(_) => "netconf",
            What::Nsid(_) => "nsid",
            What::Mdb(_) => "mdb",
            What::Nft(_) => "nft",
            What::Conntrack(_) => "conntrack",
            What::Mptcp(_) => "mptcp",
            What::Lost => "lost",
        }
    }
}

/// A line as `ip monitor` would have it, the namespace in front: `[ns1] deleted address 10.0.0.1/24 dev eth0`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.what == What::Lost {
            return f.write_str("(events were lost: too many at once)");
        }
        let deleted = if self.change == Change::Deleted { "deleted " } else { "" };
        write!(f, "[{}] {deleted}{}", self.namespace, self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Link(link, _) => write!(f, "link {} {} mtu {}", link.name, link.state(), link.mtu()),
            What::Port(name) => write!(f, "port {name}"),
            What::Address(a) => {
                let tentative = if a.tentative == Some(true) { " tentative" } else { "" };
                write!(f, "address {} dev {}{tentative}", a.prefix(), a.dev())
            }
            What::Route(r) => write!(f, "route {}", r.words(&["dst", "via", "dev", "hops"])),
            What::Rule(rule) => f.write_str(&rule.in_changes()),
            What::Neigh(n) => {
                let lladdr = n.lladdr.as_ref().map(|l| format!(" lladdr {l}")).unwrap_or_default();
                write!(f, "neigh {} dev {}{lladdr} {}", n.ip(), n.dev(), n.state())
            }
            What::Netconf(c) => write!(f, "netconf {} {} = {}", c.dev, c.name, c.value),
            What::Nft(n) => {
                let line = format!("nft {} {} {} {}", n.object, n.family, n.table, n.name);
                f.write_str(line.trim_end())
            }
            What::Conntrack(connection) => write!(f, "conntrack {connection}"),
            What::Mptcp(event) => write!(f, "mptcp {event}"),
            What::Mdb(entry) => write!(f, "mdb {entry}"),
            What::Nsid(number) => write!(f, "nsid {number}"),
            What::Lost => f.write_str("lost"),
        }
    }
}
