//! Listing addresses.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ipnetwork::IpNetwork;

use super::wire::{ifaddrmsg, parse};
use super::{Addr, RTM_GETADDR};
use crate::base::error::Result;
use crate::model::{Between, Table};
use crate::net::fields::LinkName;
use crate::net::link::find;
use crate::net::namespace::Namespace;

/// The addresses that have all that is given, in the kernel's order (IPv4 first), as `ip addr show`.
pub fn list(ns: &Namespace, filter: &Addr) -> Result<Vec<Addr>> {
    let mut wanted = filter.clone();
    if let Some(dev) = wanted.dev.take() {
        wanted.index = Some(Between(find::require_index(ns, &dev.0)?));
    }
    let mut found = dump(ns, &wanted)?;
    // Kernels before 4.20 don't filter for the link.
    found.retain(|addr| wanted.fits(addr));
    let mut names: HashMap<u32, LinkName> = HashMap::new();
    for addr in &mut found {
        addr.dev = Some(match names.entry(addr.index()) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let name = find::name(ns, addr.index())?.unwrap_or_else(|| addr.index().to_string());
                new.insert(LinkName(name)).clone()
            }
        });
    }
    Ok(found)
}

/// All addresses with their prefix lengths, one request for a namespace: without the links' names, for which others
/// would be needed.
pub fn prefixes(ns: &Namespace) -> Result<Vec<IpNetwork>> {
    Ok(dump(ns, &Addr::default())?.iter().map(Addr::prefix).collect())
}

fn dump(ns: &Namespace, wanted: &Addr) -> Result<Vec<Addr>> {
    // With family 0 the kernel answers for all families; the order is the same.
    let family = wanted.family.map_or(0, |family| family.number());
    ns.dump(RTM_GETADDR, &ifaddrmsg(family, 0, 0, wanted.index()), parse)
}
