//! What of a route fits together.

use super::table::{Nexthop, Route, RouteKind};
use crate::base::error::{Error, Result};
use crate::model::Words;
use crate::net::prefix::Family;

impl Route {
    /// The family that the addresses or `family` say; IPv4 where none does.
    pub fn family(&self) -> Family {
        let dst = self.dst.and_then(|dst| dst.0).map(|dst| dst.ip());
        if let Some(address) = [dst, self.src, self.via].into_iter().flatten().next() {
            return Family::of(address);
        }
        let hop = self.nexthops.iter().find_map(|hop| hop.via);
        self.family.unwrap_or_else(|| hop.map_or(Family::Inet, Family::of))
    }

    pub fn kind(&self) -> RouteKind {
        self.kind.unwrap_or_default()
    }

    /// The next hops, of which a route that doesn't list them has one.
    pub fn hops(&self) -> Vec<Nexthop> {
        match self.nexthops.is_empty() {
            true => vec![Nexthop { via: self.via, dev: self.dev.clone(), ..Nexthop::default() }],
            false => self.nexthops.clone(),
        }
    }

    fn has_hops(&self) -> bool {
        self.via.is_some() || self.dev.is_some() || self.nhid.is_some() || !self.nexthops.is_empty()
    }

    /// What can be seen to be wrong without asking the kernel.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::argument(text));
        let family = self.family();
        if let Some(other) = self.family.filter(|given| *given != family) {
            return wrong(format!("the addresses are not of the family {:?}", other.name()));
        }
        if let Some(src) = self.src.filter(|src| Family::of(*src) != family) {
            return wrong(format!("src {src} is of another family than the route"));
        }
        let hops = self.nexthops.iter().map(|hop| hop.via).chain([self.via]);
        if let Some(via) = hops.flatten().find(|via| family == Family::Inet6 && via.is_ipv4()) {
            return wrong(format!("an IPv6 route can't go via the IPv4 address {via}"));
        }
        if !self.nexthops.is_empty() && (self.via.is_some() || self.dev.is_some()) {
            return wrong("give either via and dev or nexthops".into());
        }
        if self.nhid.is_some() && (self.via.is_some() || !self.nexthops.is_empty()) {
            return wrong("nhid says the way; leave out via and nexthops".into());
        }
        if self.kind().drops() && self.has_hops() {
            let kind = self.kind().name();
            return wrong(format!("a route of type {kind:?} has no via, dev or nexthops"));
        }
        Ok(())
    }

    /// A route that carries packets must say where to.
    pub(super) fn check_complete(&self) -> Result<()> {
        if !self.has_hops() && !self.kind().drops() {
            return Err(Error::argument("a route needs via or dev")
                .hint("or nexthops, or a type without a next hop, such as \"blackhole\""));
        }
        if self.onlink == Some(true) && self.dev.is_none() {
            return Err(Error::argument("onlink needs dev: it says where the gateway is"));
        }
        if self.nexthops.iter().any(|hop| hop.via.is_none() && hop.dev.is_none()) {
            return Err(Error::argument("each of nexthops needs via or dev"));
        }
        Ok(())
    }
}
