//! Rules as `ip rule` prints them.

use std::fmt;

use super::{Action, Rule};
use crate::model::{Field, Words};
use crate::net::prefix::Family;

impl Rule {
    /// Enough to tell it from others.
    pub(super) fn brief(&self) -> String {
        let what = match self.action() {
            Action::Lookup => format!("table {}", self.table.map_or_else(String::new, |t| t.word())),
            other => other.name().to_owned(),
        };
        format!("{} ({what})", self.priority.map_or(0, |p| p.0))
    }

    /// All but the priority: `from 10.0.0.0/24 lookup main`.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        let mut pair = |keyword: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("{keyword}{value}")));
        };
        pair("not", self.invert.map(|_| String::new()));
        pair("from ", self.from.map(|p| p.word()));
        pair("to ", self.to.map(|p| p.word()));
        pair("tos ", self.tos.map(|tos| tos.word()));
        let mask = self.fwmask.map(|mask| format!("/{}", mask.word())).unwrap_or_default();
        pair("fwmark ", self.fwmark.map(|mark| format!("{}{mask}", mark.word())));
        for (keyword, link, detached) in
            [("iif ", &self.iif, self.iif_detached), ("oif ", &self.oif, self.oif_detached)]
        {
            let detached = if detached == Some(true) { " [detached]" } else { "" };
            pair(keyword, link.as_ref().map(|link| format!("{}{detached}", link.0)));
        }
        pair("lookup [l3mdev-table]", self.l3mdev.map(|_| String::new()));
        pair("uidrange ", self.uidrange.map(|uids| uids.word()));
        let protocol = |p: String| match p.bytes().all(|b| b.is_ascii_digit()) {
            // As iproute2 writes one that has no name.
            true => format!("ipproto-{p}"),
            false => p,
        };
        pair("ipproto ", self.ipproto.map(|p| protocol(p.to_string())));
        pair("sport ", self.sport.map(|p| p.word()));
        pair("dport ", self.dport.map(|p| p.word()));
        pair("lookup ", self.table.map(|table| table.word()));
        pair("suppress_prefixlength ", self.suppress_prefixlength.map(|n| n.word()));
        pair("suppress_ifgroup ", self.suppress_ifgroup.map(|group| group.word()));
        match self.action() {
            Action::Lookup => {}
            Action::Goto => pair("goto ", self.goto_priority.map(|n| n.word())),
            other => pair(other.name(), Some(String::new())),
        }
        pair("[unresolved]", self.unresolved.map(|_| String::new()));
        let told = self.proto.map(|p| p.word()).filter(|p| !matches!(p.as_str(), "kernel" | "unspec"));
        pair("proto ", told);
        words.join(" ")
    }

    /// As changes name it: `rule 9: from 10.2.0.0/16 lookup 7`.
    pub fn in_changes(&self) -> String {
        let any = self.from.is_none_or(|from| from.0.is_none());
        let family = if self.family == Some(Family::Inet6) && any { " (IPv6)" } else { "" };
        format!("rule {}: {}{family}", self.priority.map_or(0, |p| p.0), self.words())
    }
}

/// `32766:  from all lookup main`
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:\t{}", self.priority.map_or(0, |p| p.0), self.words())
    }
}
