//! Chains: those that hang on a hook, which are made when first needed, and a script's own.

use crate::base::error::{Error, Result};
use crate::net::nf::message::{Chain, Hook};
use crate::net::nf::name::check_name;

/// The chains on hooks, by name. The priorities are nft's `filter`, `mangle` and `raw`: `prerouting` comes behind
/// connection tracking (-200) and before routing.
const BASES: [(&str, Hook, i32); 7] = [
    ("input", Hook::Input, 0),
    ("forward", Hook::Forward, 0),
    ("output", Hook::Output, 0),
    ("prerouting", Hook::Prerouting, -150),
    ("postrouting", Hook::Postrouting, -150),
    ("raw_prerouting", Hook::Prerouting, -300),
    ("raw_output", Hook::Output, -300),
];

/// The chain of this name, if it is one on a hook.
pub fn base(name: &str) -> Option<Chain> {
    BASES.iter().find(|(base, ..)| *base == name).map(|(name, hook, priority)| Chain {
        name: (*name).to_owned(),
        kind: Some("filter".to_owned()),
        hook: Some(*hook),
        priority: *priority,
        drop: false,
    })
}

/// The names of the chains on hooks.
pub fn names() -> impl Iterator<Item = &'static str> {
    BASES.iter().map(|(name, ..)| *name)
}

/// The chains of the module `nat` are its own, though they are in the same table.
pub fn check_not_nat(name: &str) -> Result<()> {
    match name.starts_with("nat_") {
        true => {
            Err(Error::argument(format!("the chain {name:?} belongs to NAT")).hint("`nat` has its rules"))
        }
        false => Ok(()),
    }
}

/// Whether a script may call a chain of its own so.
pub fn check_own(name: &str) -> Result<()> {
    check_name(name)?;
    match base(name).is_some() || name.starts_with("nat_") {
        true => Err(Error::argument(format!("the name {name:?} is taken: nsh has a chain on a hook by it"))),
        false => Ok(()),
    }
}
