//! Entries of multicast databases as `bridge mdb` prints them.

use std::fmt;

use super::{Entry, Router, State};
use crate::model::{Field, Table, Words};

/// `dev br0 port p1 grp 239.1.1.1 permanent vid 10`
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |name: &Option<crate::net::fields::LinkName>| name.as_ref().map_or("", |n| &n.0).to_owned();
        let group = self.grp.as_ref().map_or_else(String::new, Field::word);
        write!(f, "dev {} port {} grp {group}", name(&self.dev), name(&self.port))?;
        if let Some(src) = self.src {
            write!(f, " src {src}")?;
        }
        write!(f, " {}", self.state.unwrap_or(State::Temporary).name())?;
        let mut pair = |word: &str, value: Option<String>| match value {
            Some(value) => write!(f, " {word} {value}"),
            None => Ok(()),
        };
        pair("filter_mode", self.filter_mode.map(|mode| mode.word()))?;
        pair("source_list", self.source_list.as_ref().map(Field::word))?;
        pair("proto", self.proto.map(|proto| proto.word()))?;
        pair("vid", self.vid.map(|vid| vid.word()))?;
        pair("dst", self.dst.map(|dst| dst.word()))?;
        pair("dst_port", self.dst_port.map(|port| port.word()))?;
        pair("vni", self.vni.map(|vni| vni.word()))?;
        pair("src_vni", self.src_vni.map(|vni| vni.word()))?;
        pair("via", self.via.as_ref().map(Field::word))?;
        self.flag_words().iter().try_for_each(|flag| write!(f, " {flag}"))
    }
}

/// `dev br0 port p1 permanent`
impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |name: &Option<crate::net::fields::LinkName>| name.as_ref().map_or("", |n| &n.0).to_owned();
        let kind = self.kind.map_or("", |kind| kind.name());
        write!(f, "dev {} port {} {kind}", name(&self.dev), name(&self.port))?;
        self.vid.iter().try_for_each(|vid| write!(f, " vid {}", vid.0))
    }
}
