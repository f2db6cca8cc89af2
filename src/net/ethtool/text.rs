//! A link's settings, nearly as ethtool(8) prints them.

use std::collections::BTreeMap;
use std::fmt;

use super::Ethtool;
use crate::model::{Field, Table};

/// The settings on a line, then each part that the driver has on one of its own.
impl fmt::Display for Ethtool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dev)?;
        let mut pair = |word: &str, value: Option<String>| match value.filter(|value| !value.is_empty()) {
            Some(value) => write!(f, " {word} {value}"),
            None => Ok(()),
        };
        pair("driver", Some(self.driver.name.clone()))?;
        pair("port", self.plug.port.map(|port| port.word()))?;
        pair("link", self.link.map(|link| if link { "yes" } else { "no" }.to_owned()))?;
        for setting in self.settings.given() {
            write!(f, " {setting}")?;
        }
        part(f, "channels", self.channels.as_ref())?;
        part(f, "rings", self.rings.as_ref())?;
        part(f, "coalesce", self.coalesce.as_ref())?;
        part(f, "pause", self.pause.as_ref())?;
        part(f, "eee", self.eee.as_ref())?;
        names(f, "wakes on", self.wol.as_ref().map(set))?;
        names(f, "fec", self.fec.clone())?;
        names(f, "private flags", self.private_flags.as_ref().map(set))?;
        let on = self.features.0.iter().filter(|feature| feature.on).map(|feature| feature.name.as_str());
        write!(f, "\n  on: {}", on.collect::<Vec<_>>().join(" "))
    }
}

fn set(flags: &BTreeMap<String, bool>) -> Vec<String> {
    flags.iter().filter(|(_, on)| **on).map(|(name, _)| name.clone()).collect()
}

fn names(f: &mut fmt::Formatter<'_>, what: &str, names: Option<Vec<String>>) -> fmt::Result {
    match names.filter(|names| !names.is_empty()) {
        Some(names) => write!(f, "\n  {what}: {}", names.join(" ")),
        None => Ok(()),
    }
}

fn part<T: Table>(f: &mut fmt::Formatter<'_>, name: &str, part: Option<&T>) -> fmt::Result {
    match part.map(Table::given).filter(|given| !given.is_empty()) {
        Some(given) => write!(f, "\n  {name}: {}", given.join(" ")),
        None => Ok(()),
    }
}
