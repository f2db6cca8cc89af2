//! The lab as it is while one question is answered: links and addresses of all namespaces, read once.

use std::net::IpAddr;
use std::rc::Rc;

use crate::base::error::Result;
use crate::net::addr::{self, Addr};
use crate::net::link::{self, Link};
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::prefix::Family;
use crate::net::sysctl;

/// A namespace with what was read of it.
pub struct Space {
    pub ns: Rc<Namespace>,
    pub links: Vec<Link>,
    pub addrs: Vec<Addr>,
}

/// All of a lab.
pub struct Snapshot<'a> {
    all: &'a Namespaces,
    pub spaces: Vec<Space>,
}

impl<'a> Snapshot<'a> {
    pub fn read(all: &'a Namespaces) -> Result<Self> {
        let read = |ns: Rc<Namespace>| {
            let (links, addrs) = (link::dump(&ns)?, addr::list(&ns, &Addr::default())?);
            Ok(Space { ns, links, addrs })
        };
        let spaces = all.all()?.into_iter().map(read).collect::<Result<_>>()?;
        Ok(Snapshot { all, spaces })
    }

    pub fn space(&self, ns: &Namespace) -> Option<&Space> {
        self.spaces.iter().find(|space| space.ns.inode() == ns.inode())
    }

    /// The other end of a veth or the link below, if it is in the lab.
    pub fn other(&self, space: &Space, link: &Link) -> Option<(&Space, &Link)> {
        let there = match link.link_netnsid() {
            None => self.space(&space.ns)?,
            Some(nsid) => {
                let name = self.all.by_nsid(&space.ns, nsid).ok()??;
                self.spaces.iter().find(|space| space.name() == name)?
            }
        };
        Some((there, there.link(link.link_index()?)?))
    }

    /// The namespaces that have an address.
    pub fn owners(&self, ip: IpAddr) -> Vec<&Space> {
        self.spaces.iter().filter(|space| space.has(ip)).collect()
    }
}

impl Space {
    pub fn name(&self) -> &str {
        self.ns.name()
    }

    pub fn is(&self, other: &Space) -> bool {
        self.ns.inode() == other.ns.inode()
    }

    pub fn link(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index() == index)
    }

    pub fn link_named(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The bridge that a link is a port of.
    pub fn bridge_of(&self, port: &Link) -> Option<&Link> {
        if port.port_kind.as_deref() != Some("bridge") {
            return None;
        }
        self.link(port.master_index?)
    }

    /// Whether the address is one of its own, the whole of 127.0.0.0/8 included.
    pub fn has(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.addrs.iter().any(|a| a.ip() == ip)
    }

    /// The addresses of a link of one family.
    pub fn addrs_on(&self, link: &Link, family: Family) -> impl Iterator<Item = &Addr> {
        let index = link.index();
        self.addrs.iter().filter(move |a| a.index() == index && Family::of(a.ip()) == family)
    }

    /// The links that lead somewhere: neither lo nor ports of bridges.
    pub fn ways_out(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| link.name != "lo" && link.port_kind.as_deref() != Some("bridge"))
    }

    /// A kernel parameter that is a number.
    pub fn sysctl(&self, name: &str) -> Option<i64> {
        sysctl::get(&self.ns, name).ok()?.trim().parse().ok()
    }

    /// A parameter of a link, with the link's name as sysctl writes it.
    pub fn key(family: Family, link: &str, name: &str) -> String {
        let version = if family == Family::Inet { "ipv4" } else { "ipv6" };
        format!("net.{version}.conf.{}.{name}", link.replace('.', "/"))
    }
}
