//! Listing addresses.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use ipnetwork::IpNetwork;
use netlink_packet_core::NLM_F_DUMP;

use super::change::Lifetime;
use super::{FLAGS, PERMANENT, RTM_GETADDR, ifa, ifaddrmsg};
use crate::base::error::Result;
use crate::net::attributes::{string, unsigned};
use crate::net::link::find;
use crate::net::names::SCOPES;
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;
use crate::net::prefix::{Family, from_octets};

/// An address of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Addr {
    pub dev: String,
    pub index: u32,
    pub family: Family,
    pub local: IpAddr,
    /// The prefix length: of the peer's prefix, if there is a peer.
    pub length: u8,
    /// The other end of a point-to-point link.
    pub peer: Option<IpAddr>,
    pub broadcast: Option<IpAddr>,
    pub anycast: Option<IpAddr>,
    /// `global`, `link`, `host`, ...
    pub scope: String,
    pub label: Option<String>,
    /// `secondary` (`temporary` for IPv6), `tentative`, `deprecated`, `nodad`, ..., and `dynamic` for one that expires.
    pub flags: Vec<String>,
    pub valid_lft: Lifetime,
    pub preferred_lft: Lifetime,
    /// The metric of the connected route, if one was given.
    pub metric: Option<u32>,
    /// Who added it: `kernel_lo`, `kernel_ra`, `kernel_ll`, or a number.
    pub proto: Option<String>,
}

impl Addr {
    /// The address with its prefix length.
    pub fn prefix(&self) -> IpNetwork {
        // The kernel's lengths are in range.
        IpNetwork::new(self.local, self.length).unwrap_or_else(|_| self.local.into())
    }

    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }
}

/// Which addresses; `None` for any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub dev: Option<String>,
    pub family: Option<Family>,
    /// RT_SCOPE_*.
    pub scope: Option<u8>,
}

/// The addresses that the filter lets through, in the kernel's order (IPv4 first), as `ip addr show`.
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Addr>> {
    let index = match &filter.dev {
        Some(dev) => find::require_index(ns, dev)?,
        None => 0,
    };
    let mut out = Vec::new();
    let mut names = HashMap::new();
    // With family 0 the kernel would answer for all families; the order is the same.
    let family = filter.family.map_or(0, Family::number);
    let mut found: Vec<(Addr, u8)> = Vec::new();
    ns.rtnl(RTM_GETADDR, NLM_F_DUMP, &ifaddrmsg(family, 0, 0, index), |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => found.extend(parse(answer.payload)),
        }
        Ok(())
    })?;
    for (mut addr, scope) in found {
        // Kernels before 4.20 don't filter for the link.
        if index != 0 && addr.index != index || filter.scope.is_some_and(|wanted| wanted != scope) {
            continue;
        }
        addr.dev = match names.entry(addr.index) {
            Entry::Occupied(known) => String::clone(known.get()),
            Entry::Vacant(new) => {
                let name = find::name(ns, addr.index)?.unwrap_or_else(|| addr.index.to_string());
                new.insert(name).clone()
            }
        };
        out.push(addr);
    }
    Ok(out)
}

/// All addresses with their prefix lengths, one request for a namespace: without the links' names, for which others
/// would be needed.
pub fn prefixes(ns: &Namespace) -> Result<Vec<IpNetwork>> {
    let mut found = Vec::new();
    ns.rtnl(RTM_GETADDR, NLM_F_DUMP, &ifaddrmsg(0, 0, 0, 0), |answer| {
        match answer {
            None => found.clear(),
            Some(answer) => found.extend(parse(answer.payload).map(|(addr, _)| addr.prefix())),
        }
        Ok(())
    })?;
    Ok(found)
}

/// Decodes the body of an RTM_NEWADDR, with its scope; the link's name is filled in later.
pub(crate) fn parse(payload: &[u8]) -> Option<(Addr, u8)> {
    let (head, attributes) = payload.split_at_checked(8)?;
    let family = Family::from_number(head[0])?;
    let (mut local, mut address) = (None, None);
    let mut flags = u32::from(head[2]);
    let mut addr = Addr {
        dev: String::new(),
        index: unsigned(&head[4..8]) as u32,
        family,
        local: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        length: head[1],
        peer: None,
        broadcast: None,
        anycast: None,
        scope: SCOPES.name(head[3].into()),
        label: None,
        flags: Vec::new(),
        valid_lft: Lifetime::Forever,
        preferred_lft: Lifetime::Forever,
        metric: None,
        proto: None,
    };
    for (kind, value) in attributes_of(attributes) {
        match kind {
            ifa::ADDRESS => address = from_octets(value),
            ifa::LOCAL => local = from_octets(value),
            ifa::LABEL => addr.label = Some(string(value)),
            ifa::BROADCAST => addr.broadcast = from_octets(value),
            ifa::ANYCAST => addr.anycast = from_octets(value),
            ifa::FLAGS => flags = unsigned(value) as u32,
            ifa::CACHEINFO if value.len() >= 8 => {
                addr.preferred_lft = Lifetime::of(unsigned(&value[0..4]) as u32);
                addr.valid_lft = Lifetime::of(unsigned(&value[4..8]) as u32);
            }
            ifa::RT_PRIORITY => addr.metric = Some(unsigned(value) as u32).filter(|m| *m != 0),
            ifa::PROTO => addr.proto = Some(proto_name(unsigned(value))).filter(|p| p != "0"),
            _ => {}
        }
    }
    // IFA_ADDRESS is the peer where both are there and differ, and the only one for most of IPv6.
    addr.local = local.or(address)?;
    addr.peer = address.filter(|a| *a != addr.local);
    addr.flags = flag_names(flags, family);
    Some((addr, head[3]))
}

fn flag_names(flags: u32, family: Family) -> Vec<String> {
    // The absence of IFA_F_PERMANENT is what is told.
    let told = flags ^ PERMANENT;
    let names = FLAGS.iter().filter(|(bit, _)| told & bit != 0);
    names
        .map(|(bit, name)| match (bit, family) {
            // The same bit: IFA_F_TEMPORARY.
            (1, Family::Inet6) => "temporary".to_owned(),
            _ => (*name).to_owned(),
        })
        .collect()
}

/// IFAPROT_* in linux/if_addr.h.
fn proto_name(number: u64) -> String {
    match number {
        1 => "kernel_lo".to_owned(),
        2 => "kernel_ra".to_owned(),
        3 => "kernel_ll".to_owned(),
        n => n.to_string(),
    }
}
