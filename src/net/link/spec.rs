//! What a link shall be.

use std::rc::Rc;

use ipnetwork::IpNetwork;

use super::find;
use super::{Details, Port};
use crate::base::error::{Error, Result};
use crate::net::namespace::Namespace;

/// A new link; what is `None` or empty is the kernel's choice, but for `queues`.
#[derive(Clone, Default)]
pub struct LinkSpec {
    /// `veth`, `bridge`, `dummy`, `ifb`, `macvlan`, `vxlan`, `vlan`, `vrf`, `wireguard`, ...: any kind that the
    /// kernel makes by RTM_NEWLINK.
    pub kind: String,
    /// The other end of a veth pair.
    pub peer: Option<PeerSpec>,
    pub up: bool,
    pub mtu: Option<u32>,
    pub mac: Option<[u8; 6]>,
    /// The bridge or VRF that the link becomes a port of, in the same namespace.
    pub master: Option<String>,
    pub alias: Option<String>,
    pub group: Option<u32>,
    pub txqlen: Option<u32>,
    pub promisc: Option<bool>,
    pub arp: Option<bool>,
    pub multicast: Option<bool>,
    pub allmulticast: Option<bool>,
    /// The interface index; refused if it is taken.
    pub index: Option<u32>,
    /// Queues in each direction; 1 unless given. The kernel's own default is one per CPU, at twice the cost.
    pub queues: Option<u32>,
    /// Addresses to add, as by [`crate::net::addr::add`] with `nodad`.
    pub addrs: Vec<IpNetwork>,
    /// The link below a vlan, macvlan, ipvlan or vxlan.
    pub link: Option<String>,
    /// Options of kinds; those of other kinds than `kind` are ignored.
    pub options: Vec<Details>,
    /// Options as a port of `master`.
    pub port: Port,
}

/// The other end of a veth pair.
#[derive(Clone, Default)]
pub struct PeerSpec {
    /// `veth0` or the next that is free there, unless given.
    pub name: Option<String>,
    /// Where it is made; the near end's namespace unless given.
    pub ns: Option<Rc<Namespace>>,
    pub up: bool,
    pub mtu: Option<u32>,
    pub mac: Option<[u8; 6]>,
    /// A bridge or VRF of its own namespace.
    pub master: Option<String>,
    pub alias: Option<String>,
    pub group: Option<u32>,
    pub txqlen: Option<u32>,
    pub promisc: Option<bool>,
    pub arp: Option<bool>,
    pub multicast: Option<bool>,
    pub allmulticast: Option<bool>,
    pub index: Option<u32>,
    pub queues: Option<u32>,
    pub addrs: Vec<IpNetwork>,
    pub port: Port,
}

/// Flags to set and the mask of those that are meant.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) values: u32,
    pub(super) mask: u32,
}

impl Flags {
    pub(super) fn of(
        up: Option<bool>,
        promisc: Option<bool>,
        arp: Option<bool>,
        multicast: Option<bool>,
        allmulticast: Option<bool>,
    ) -> Self {
        let mut flags = Flags::default();
        let all = [
            (up, libc::IFF_UP),
            (promisc, libc::IFF_PROMISC),
            (arp.map(|arp| !arp), libc::IFF_NOARP),
            (multicast, libc::IFF_MULTICAST),
            (allmulticast, libc::IFF_ALLMULTI),
        ];
        for (value, flag) in all {
            let Some(value) = value else { continue };
            flags.mask |= flag as u32;
            flags.values |= if value { flag as u32 } else { 0 };
        }
        flags
    }
}

impl LinkSpec {
    /// The options of its kind.
    pub fn details(&self) -> Details {
        let own = self.options.iter().find(|options| options.names().contains(&self.kind.as_str()));
        own.cloned().unwrap_or_else(|| Details::new(&self.kind))
    }

    /// What can be seen to be wrong without asking the kernel.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        find::check_name(name)?;
        if self.kind.is_empty() || self.kind.len() > NAME_OF_KIND || self.kind.contains(char::is_whitespace) {
            return Err(Error::argument(format!("{:?} is no kind of link", self.kind)));
        }
        let Some(peer) = &self.peer else { return Ok(()) };
        if !matches!(self.kind.as_str(), "veth" | "vxcan" | "netkit") {
            return Err(Error::argument(format!("a link of kind {:?} has no peer", self.kind))
                .hint("only veth links are made in pairs"));
        }
        let Some(peer_name) = &peer.name else { return Ok(()) };
        find::check_name(peer_name).map_err(|e| e.detail("peer"))
    }
}

/// MODULE_NAME_LEN is 56 on 64-bit machines, and `rtnl-link-` goes before the kind.
const NAME_OF_KIND: usize = 46;
