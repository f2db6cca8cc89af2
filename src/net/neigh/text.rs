//! Neighbours as `ip neigh` prints them.

use std::fmt;

use super::Neigh;
use crate::model::{Field, Table};

/// `10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE`
impl fmt::Display for Neigh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = vec![self.dst.map_or_else(String::new, |dst| dst.to_string()), "dev".to_owned()];
        words.push(self.dev().to_owned());
        if let Some(lladdr) = &self.lladdr {
            words.push(format!("lladdr {lladdr}"));
        }
        words.extend(self.flag_words().into_iter().map(str::to_owned));
        words.extend(self.state.map(|state| state.to_string()).filter(|state| !state.is_empty()));
        words.extend(self.proto.map(|proto| format!("proto {}", proto.word())));
        f.write_str(&words.join(" "))
    }
}
