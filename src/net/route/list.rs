//! Listing routes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::rc::Rc;

use super::encap::Encap;
use super::table::Route;
use super::wire::{Head, index, parse};
use super::{RTM_GETROUTE, TABLE_MAIN};
use crate::base::error::Result;
use crate::model::Table;
use crate::net::fields::{LinkRef, TableId};
use crate::net::link;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// Which tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tables {
    #[default]
    Main,
    All,
    One(u32),
}

/// Which routes: of these tables, and with all that `like` has.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub tables: Tables,
    pub like: Route,
}

/// A filter with what no row can compare apart.
pub(super) struct Resolved {
    tables: Tables,
    like: Route,
    via: Option<IpAddr>,
    dev: Option<LinkRef>,
}

impl Filter {
    pub(super) fn resolve(&self, ns: &Namespace) -> Result<Resolved> {
        let mut like = self.like.clone();
        index(ns, &mut like.dev)?;
        Ok(Resolved { tables: self.tables, via: like.via.take(), dev: like.dev.take(), like })
    }
}

impl Resolved {
    pub(super) fn families(&self) -> Vec<Family> {
        let address = self.like.dst.and_then(|dst| dst.0).map(|dst| dst.ip()).or(self.like.src);
        match self.like.family.or(address.map(Family::of)) {
            Some(family) => vec![family],
            None => vec![Family::Inet, Family::Inet6],
        }
    }

    pub(super) fn wants(&self, route: &Route) -> bool {
        let hops = || route.nexthops.iter();
        let table = match self.tables {
            Tables::All => true,
            Tables::Main => route.table == Some(TableId(TABLE_MAIN)),
            Tables::One(table) => route.table == Some(TableId(table)),
        };
        table
            && !route.cached
            && (self.via.is_none() || route.via == self.via || hops().any(|hop| hop.via == self.via))
            && (self.dev.is_none() || route.dev == self.dev || hops().any(|hop| hop.dev == self.dev))
            && self.like.fits(route)
    }
}

/// The routes that the filter lets through, IPv4 first, in the kernel's order, as `ip route show`.
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Route>> {
    let filter = filter.resolve(ns)?;
    let mut out = Vec::new();
    for family in filter.families() {
        let head = Head { family: family.number(), ..Head::default() };
        let wanted = |payload: &[u8]| parse(payload).filter(|route| filter.wants(route));
        match ns.dump(RTM_GETROUTE, &head.bytes(), wanted) {
            // A kernel without IPv6 has no such routes.
            Err(e) if family == Family::Inet6 && e.raw() == Some(nix::errno::Errno::EOPNOTSUPP) => {}
            found => out.append(&mut found?),
        }
    }
    name_links(ns, out.iter_mut().flat_map(Route::links))?;
    Ok(out)
}

/// Fills in the names of the links.
pub(in crate::net) fn name_links<'a>(
    ns: &Namespace,
    links: impl Iterator<Item = &'a mut LinkRef>,
) -> Result<()> {
    let mut known: HashMap<u32, Rc<str>> = HashMap::new();
    for link in links {
        link.name = match known.entry(link.index) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let name = link::find::name(ns, link.index)?.unwrap_or_else(|| link.index.to_string());
                new.insert(name.into()).clone()
            }
        };
    }
    Ok(())
}

impl Route {
    /// The links that it names.
    pub(in crate::net) fn links(&mut self) -> impl Iterator<Item = &mut LinkRef> {
        let encap = self.encap.iter_mut().flat_map(Encap::links);
        let hops = self.nexthops.iter_mut();
        let hops = hops.flat_map(|hop| hop.dev.iter_mut().chain(hop.encap.iter_mut().flat_map(Encap::links)));
        self.dev.iter_mut().chain(&mut self.iif).chain(hops).chain(encap)
    }
}
