//! Addresses as `ip -o addr` prints them.

use std::fmt;

use super::table::{Addr, Lifetime};
use crate::model::{Field, Table};

impl Lifetime {
    /// Of what wasn't reported, nothing is known to end it.
    fn shown(lifetime: Option<Self>) -> String {
        match lifetime {
            None | Some(Self::FOREVER) => Self::FOREVER.word(),
            Some(seconds) => format!("{}sec", seconds.0),
        }
    }
}

/// `2: eth0    inet 10.0.0.1/24 scope global eth0`; without its lifetimes where it lives forever.
impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.index {
            write!(f, "{}: ", index.0)?;
        }
        write!(f, "{}    {} ", self.dev(), self.family.map_or("", |family| family.name()))?;
        match self.peer {
            Some(peer) => write!(f, "{} peer {}/{}", self.ip(), peer.0.ip(), self.prefix().prefix())?,
            None => write!(f, "{}", self.prefix())?,
        }
        let mut pair = |word: &str, value: Option<String>| match value {
            Some(value) => write!(f, " {word}{value}"),
            None => Ok(()),
        };
        pair("metric ", self.metric.map(|metric| metric.word()))?;
        pair("brd ", self.broadcast.map(|ip| ip.word()))?;
        pair("any ", self.anycast.map(|ip| ip.word()))?;
        pair("scope ", self.scope.map(|scope| scope.word()))?;
        for flag in self.flag_words() {
            pair(flag, Some(String::new()))?;
        }
        pair("proto ", self.proto.map(|proto| proto.word()))?;
        pair("", self.label.as_ref().map(Field::word))?;
        let (valid, preferred) = (Lifetime::shown(self.valid_lft), Lifetime::shown(self.preferred_lft));
        let forever = Lifetime::FOREVER.word();
        match valid == forever && preferred == forever {
            true => Ok(()),
            false => pair("", Some(format!("valid_lft {valid} preferred_lft {preferred}"))),
        }
    }
}
