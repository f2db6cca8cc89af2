//! Making links: one request for the link, its peer, master and state, wherever the kernel allows it.

use ipnetwork::IpNetwork;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::errno::Errno;

use super::common::is_late;
use super::end::End;
use super::{Details, Lower, RTM_NEWLINK, change, find, ifla, kind, kinds, veth};
use crate::base::error::{Error, Result};
use crate::net::attributes::Attributes;
use crate::net::done::Done;
use crate::net::names::similar;
use crate::net::namespace::Namespace;
use crate::net::usable;

/// A new link.
#[derive(Clone, Default)]
pub struct LinkSpec {
    /// `veth`, `bridge`, `dummy`, `ifb`, `macvlan`, `vxlan`, `vlan`, `vrf`, `wireguard`, ...: any kind that the
    /// kernel makes by RTM_NEWLINK.
    pub kind: String,
    pub near: End,
    /// The other end of a veth pair.
    pub peer: Option<End>,
    /// The link below a vlan, macvlan, ipvlan or vxlan.
    pub link: Option<String>,
    /// Options of kinds; those of other kinds than `kind` are ignored.
    pub options: Vec<Details>,
}

/// MODULE_NAME_LEN is 56 on 64-bit machines, and `rtnl-link-` goes before the kind.
const NAME_OF_KIND: usize = 46;

impl LinkSpec {
    /// A link of this kind.
    pub fn of(kind: &str) -> Self {
        LinkSpec { kind: kind.to_owned(), ..LinkSpec::default() }
    }

    /// The options of its kind.
    pub fn details(&self) -> Details {
        let own = self.options.iter().find(|options| options.names().contains(&self.kind.as_str()));
        own.cloned().unwrap_or_else(|| Details::new(&self.kind))
    }

    /// What can be seen to be wrong without asking the kernel.
    fn check(&self, name: &str) -> Result<()> {
        find::check_name(name)?;
        if self.kind.is_empty() || self.kind.len() > NAME_OF_KIND || self.kind.contains(char::is_whitespace) {
            return Err(Error::argument(format!("{:?} is no kind of link", self.kind)));
        }
        if let "tun" | "tap" = self.kind.as_str() {
            let e =
                Error::argument(format!("a {} is made of /dev/net/tun, not as other links are", self.kind));
            return Err(e.hint(format!("tun.add({name:?}, {{ mode = {:?} }})", self.kind)));
        }
        veth::check(self)
    }
}

/// Makes a link (both ends of a veth pair, each in its namespace), as
/// `ip link add NAME type KIND ... && ip link set NAME up && ip addr add ...`; returns its index.
///
/// If a later step fails (an address, the peer's state), the link is removed again.
///
/// Raises `exists` for a taken name, `not_found` for an unknown master or lower link, `unsupported` for a kind that
/// this kernel lacks.
pub fn add(ns: &Namespace, name: &str, spec: &LinkSpec) -> Result<u32> {
    spec.check(name)?;
    let named = veth::name_peer(ns, name, spec)?;
    let spec = named.as_ref().unwrap_or(spec);
    let request = request(ns, name, spec)?;
    if spec.kind == "bridge" {
        ns.expect_bridges();
    }
    ns.rtnl(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &request, |_| Ok(()))
        .map_err(|e| explain(ns, name, spec, e))?;
    ns.unsettle();
    let index = find::require_index(ns, name)?;
    let finished = finish(ns, index, spec);
    let finished =
        finished.and_then(|()| usable::wait_on(ns, index, spec.near.addrs.iter().map(IpNetwork::ip)));
    finished.inspect_err(|_| {
        // The error that made us give up matters more than one of tidying up.
        let _ = change::del_index(ns, index);
    })?;
    ns.report(Done::LinkAdded(name, spec));
    Ok(index)
}

fn request(ns: &Namespace, name: &str, spec: &LinkSpec) -> Result<Vec<u8>> {
    let mut body = Attributes::new();
    body.put_str(ifla::IFNAME, name);
    spec.near.put_made(&mut body);
    spec.near.put_master(ns, &mut body)?;
    let details = spec.details().filled().resolved(ns)?;
    let mut data = Attributes::new();
    let lower = match &spec.link {
        Some(lower) => Some(find::require_index(ns, lower).map_err(|e| e.detail("link"))?),
        None => None,
    };
    details.write(lower, &mut data);
    if let Some(peer) = &spec.peer {
        veth::put_peer(peer, &mut data)?;
    }
    if let Some(index) = lower.filter(|_| !matches!(details.lower(), Lower::Attribute(_))) {
        body.put_u32(ifla::LINK, index);
    }
    kind::put_info(&mut body, [ifla::INFO_KIND, ifla::INFO_DATA], &spec.kind, data);
    spec.near.message(spec.near.index(), &body)
}

/// What the first request can't do: the alias, the port's options, the addresses, and the peer's state.
fn finish(ns: &Namespace, index: u32, spec: &LinkSpec) -> Result<()> {
    let mut late = Attributes::new();
    spec.near.put(&mut late, is_late);
    let message = (!late.is_empty()).then(|| spec.near.message(index, &late)).transpose()?;
    spec.near.finish(ns, index, message)?;
    spec.peer.as_ref().map_or(Ok(()), |peer| veth::finish(ns, peer))
}

/// Adds what the kernel doesn't say: which name is taken, which kind is missing.
fn explain(ns: &Namespace, name: &str, spec: &LinkSpec, e: Error) -> Error {
    match e.raw() {
        Some(Errno::EEXIST) => explain_taken(ns, name, spec, e),
        Some(Errno::EOPNOTSUPP) if says(&e, "Unknown device type") => match kinds().contains(&spec.kind.as_str()) {
            true => e.hint(format!(
                "this kernel has no links of kind {0:?}, or can't load its module ({0}); `nsh doctor` lists what it has",
                spec.kind
            )),
            false => unknown_kind(&spec.kind),
        },
        Some(Errno::EADDRNOTAVAIL) => e.hint("a link's hardware address must be neither zero nor a group's"),
        Some(Errno::EBUSY) if spec.near.common.index.is_some() => e.hint("the index is taken, or the master is busy"),
        Some(Errno::EINVAL) if spec.link.is_none() && needs_lower(spec) => {
            e.hint(format!("a link of kind {:?} stands on another one: give link", spec.kind))
        }
        Some(Errno::EPERM) if spec.near.master().is_some_and(|master| change::is_bond(ns, master)) => {
            e.hint(change::BOND_PORTS)
        }
        Some(Errno::EPERM) => {
            e.hint("making links takes CAP_NET_ADMIN in the namespace: run without --host, or as root")
        }
        _ => change::explain_master(ns, spec.near.master(), spec.details().explain(e)),
    }
}

/// Neither this kernel nor, as far as we know, another one has it: a mistake, and not what a machine lacks.
fn unknown_kind(kind: &str) -> Error {
    let e = Error::argument(format!("no kind of link is named {kind:?}"));
    match similar(kind, kinds()) {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None => e.hint(format!("the kinds are {}", kinds().join(", "))),
    }
}

fn needs_lower(spec: &LinkSpec) -> bool {
    spec.details().lower() == Lower::Needed
}

fn explain_taken(ns: &Namespace, name: &str, spec: &LinkSpec, e: Error) -> Error {
    if let Some(why) = kept_alive(ns, name) {
        return e.hint(why);
    }
    if let Ok(Some(_)) = find::index(ns, name) {
        return e.hint(format!(
            "{} has a link named {name:?} already; link.set changes it, link.del removes it",
            ns.name()
        ));
    }
    if let Some(peer) = &spec.peer {
        let far = peer.ns.as_deref().unwrap_or(ns);
        if let Some(peer_name) = peer.name.as_deref().filter(|n| matches!(find::index(far, n), Ok(Some(_)))) {
            if let Some(why) = kept_alive(far, peer_name) {
                return e.detail("peer").hint(why);
            }
            return e.detail("peer").hint(format!("{} has a link named {peer_name:?} already", far.name()));
        }
        if peer.name.as_deref() == Some(name) && far.inode() == ns.inode() {
            return e.hint(format!("both ends can't be named {name:?} in one namespace"));
        }
    }
    match spec.near.common.index {
        Some(_) => e.hint("the index is taken"),
        None => spec.details().explain(e),
    }
}

/// Why a name is still taken: the link's other end is where a process keeps a deleted namespace.
fn kept_alive(ns: &Namespace, name: &str) -> Option<String> {
    let there = super::read::get_plain(ns, name).ok()??;
    let keeper = ns.keeper(there.link_netnsid()?)?;
    Some(format!(
        "its other end is in the deleted namespace {:?}, which process {} ({}) keeps alive: end that process",
        keeper.namespace, keeper.pid, keeper.program
    ))
}

pub(super) fn says(e: &Error, text: &str) -> bool {
    e.fields().detail.as_deref().is_some_and(|d| d.contains(text))
}
