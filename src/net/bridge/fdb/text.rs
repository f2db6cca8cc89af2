//! Entries of forwarding databases as `bridge fdb` prints them.

use std::fmt;

use super::{Entry, Life};
use crate::model::{Field, Table};

/// `02:00:00:00:00:09 dev veth1 master br0 static`
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dev {}", self.mac.as_ref().map_or_else(String::new, Field::word), self.dev())?;
        let mut pair = |word: &str, value: Option<String>| match value {
            Some(value) => write!(f, " {word}{value}"),
            None => Ok(()),
        };
        pair("dst ", self.dst.map(|dst| dst.word()))?;
        pair("vlan ", self.vlan.map(|vlan| vlan.word()))?;
        pair("port ", self.port.map(|port| port.word()))?;
        pair("vni ", self.vni.map(|vni| vni.word()))?;
        pair("src_vni ", self.src_vni.map(|vni| vni.word()))?;
        pair("via ", self.via.as_ref().map(Field::word))?;
        pair("nhid ", self.nhid.map(|id| id.word()))?;
        for flag in self.flag_words() {
            pair(flag, Some(String::new()))?;
        }
        pair("master ", self.bridge.as_ref().map(Field::word))?;
        match self.life {
            None | Some(Life::Dynamic) => Ok(()),
            Some(life) => pair(life.keyword(), Some(String::new())),
        }
    }
}
