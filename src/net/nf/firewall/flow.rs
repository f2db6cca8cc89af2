//! Flow tables: connections whose packets go from link to link past the chains (nft_flow_offload).

use std::fmt;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_netfilter::nftables::NfTablesMessageType as Type;
use nix::errno::Errno;

use super::{Asked, send};
use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;
use crate::net::done::Done;
use crate::net::link::find::require_index;
use crate::net::namespace::Namespace;
use crate::net::netlink::Socket;
use crate::net::nf::TABLE;
use crate::net::nf::attr::Attributes;
use crate::net::nf::message::{Batch, attributes, dump};
use crate::net::nf::name::check_name;
use crate::net::nf::nat::{no_netfilter, not_listed};
use crate::net::nf::uapi::*;

/// `enum nft_flowtable_flags`
const HARDWARE: u32 = 1;
const COUNTER: u32 = 2;
/// NF_NETDEV_INGRESS, the only hook that flow tables have.
const INGRESS: u32 = 0;

/// A flow table as the kernel holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flowtable {
    pub name: String,
    pub handle: u64,
    /// The links at which packets of its connections are taken.
    pub devices: Vec<String>,
    /// Among what looks at packets on the hook ingress; the lowest comes first.
    pub priority: i32,
    /// Whether packets and bytes of connections are counted in it (Linux 5.7).
    pub counter: bool,
    /// Whether the links' hardware forwards.
    pub offload: bool,
    /// How many rules put connections into it.
    pub rules: u32,
}

impl Flowtable {
    fn read(payload: &[u8]) -> Option<Self> {
        let a = attributes(payload);
        (a.string(NFTA_FLOWTABLE_TABLE)? == TABLE).then_some(())?;
        let hook = a.nest(NFTA_FLOWTABLE_HOOK);
        let devices = hook.and_then(|hook| hook.nest(NFTA_FLOWTABLE_HOOK_DEVS));
        let devices = devices.into_iter().flat_map(|list| list.iter());
        let flags = a.u32(NFTA_FLOWTABLE_FLAGS).unwrap_or(0);
        Some(Flowtable {
            name: a.string(NFTA_FLOWTABLE_NAME)?,
            handle: a.u64(NFTA_FLOWTABLE_HANDLE).unwrap_or(0),
            devices: devices.map(|(_, name)| crate::net::attributes::string(name)).collect(),
            priority: hook.and_then(|hook| hook.u32(NFTA_FLOWTABLE_HOOK_PRIORITY)).unwrap_or(0) as i32,
            counter: flags & COUNTER != 0,
            offload: flags & HARDWARE != 0,
            rules: a.u32(NFTA_FLOWTABLE_USE).unwrap_or(0),
        })
    }

    /// What can be seen to be wrong.
    pub(super) fn check(&self) -> Result<()> {
        check_name(&self.name)?;
        match self.devices.iter().enumerate().find(|(at, name)| self.devices[..*at].contains(name)) {
            Some((_, twice)) => Err(Error::argument(format!("devices: {twice:?} is there twice"))),
            None => Ok(()),
        }
    }

    /// `{ hook ingress priority 0; devices = { "eth0", "eth1" }; counter; }`
    fn words(&self) -> String {
        let devices: Vec<String> = self.devices.iter().map(|name| format!("\"{name}\"")).collect();
        let mut words = format!("{{ hook ingress priority {};", self.priority);
        if !devices.is_empty() {
            words.push_str(&format!(" devices = {{ {} }};", devices.join(", ")));
        }
        words.push_str(if self.offload { " flags offload;" } else { "" });
        words.push_str(if self.counter { " counter;" } else { "" });
        words + " }"
    }

    /// As `nft add flowtable` takes it.
    pub(super) fn command(&self) -> String {
        format!("add flowtable inet {TABLE} {} {}", self.name, self.words())
    }
}

/// `flowtable fast { hook ingress priority 0; devices = { "eth0", "eth1" }; counter; }`
impl fmt::Display for Flowtable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flowtable {} {}", self.name, self.words())
    }
}

/// As `nft` deletes it.
pub(super) fn delete_command(name: &str) -> String {
    format!("delete flowtable inet {TABLE} {name}")
}

impl Batch {
    /// `add flowtable inet NAME FLOWTABLE { ... }`
    pub(super) fn flowtable(&mut self, table: &Flowtable) {
        // Without NLM_F_EXCL, the devices would go to one that is there.
        self.add(Type::NewFlowTable, NLM_F_CREATE | NLM_F_EXCL, |out| {
            let flags = if table.offload { HARDWARE } else { 0 } | if table.counter { COUNTER } else { 0 };
            out.text(NFTA_FLOWTABLE_NAME, &table.name);
            out.within(NFTA_FLOWTABLE_HOOK, |out| {
                out.be32(NFTA_FLOWTABLE_HOOK_NUM, INGRESS);
                out.be32(NFTA_FLOWTABLE_HOOK_PRIORITY, table.priority as u32);
                out.within(NFTA_FLOWTABLE_HOOK_DEVS, |out: &mut Attributes| {
                    for device in &table.devices {
                        out.text(NFTA_DEVICE_NAME, device);
                    }
                });
            });
            if flags != 0 {
                out.be32(NFTA_FLOWTABLE_FLAGS, flags);
            }
        });
    }

    /// `delete flowtable inet NAME FLOWTABLE`; no rule may name it.
    pub(super) fn delete_flowtable(&mut self, name: &str) {
        self.add(Type::DeleteFlowTable, 0, |out| {
            out.text(NFTA_FLOWTABLE_NAME, name);
        });
    }
}

/// Those of nsh's table, by a socket.
pub(super) fn all(socket: &mut Socket) -> Result<Vec<Flowtable>> {
    dump(socket, Type::GetFlowTable, &Attributes::new(), Flowtable::read)
}

/// The flow tables of nsh's table.
///
/// Equivalent: `nft list flowtables table inet nsh`
pub fn flowtables(ns: &Namespace) -> Result<Vec<Flowtable>> {
    all(&mut *ns.netfilter().map_err(no_netfilter)?).map_err(not_listed)
}

/// Makes a flow table, into which rules of `forward` put connections (`flow add @NAME`).
///
/// Equivalent: `nft add flowtable inet nsh NAME { hook ingress priority 0; devices = { eth0, eth1 }; }`
///
/// Raises `exists` if there is one, `not_found` for a device that isn't there, `unsupported` where the kernel has none.
pub fn add_flowtable(ns: &Namespace, table: &Flowtable) -> Result<()> {
    table.check()?;
    require_devices(ns, table)?;
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let mut batch = Batch::new(TABLE);
    batch.table();
    batch.flowtable(table);
    send(&mut socket, batch, &Asked::Flowtable(table))?;
    ns.report(Done::Nft(&[format!("add table inet {TABLE}"), table.command()]));
    Ok(())
}

/// Deletes a flow table; its connections go through the chains again.
///
/// Equivalent: `nft delete flowtable inet nsh NAME`
pub fn del_flowtable(ns: &Namespace, name: &str) -> Result<()> {
    let mut socket = ns.netfilter().map_err(no_netfilter)?;
    let there = all(&mut socket).map_err(not_listed)?;
    if !there.iter().any(|table| table.name == name) {
        return Err(missing(name, &there));
    }
    let mut batch = Batch::new(TABLE);
    batch.delete_flowtable(name);
    send(&mut socket, batch, &Asked::Gone("flow table", name))?;
    ns.report(Done::Nft(&[delete_command(name)]));
    Ok(())
}

/// Newer kernels take names of links that are yet to come; a lab's are there.
pub(super) fn require_devices(ns: &Namespace, table: &Flowtable) -> Result<()> {
    table.devices.iter().try_for_each(|name| require_index(ns, name).map(|_| ()))
}

/// There is none of this name.
pub(super) fn missing(name: &str, there: &[Flowtable]) -> Error {
    let e = Error::new(Kind::NotFound, format!("there is no flow table {name:?}"));
    match listed(there.iter().map(|table| table.name.as_str())) {
        none if none.is_empty() => {
            e.hint(format!("make it: firewall.add_flowtable({name:?}, {{ devices = {{ ... }} }})"))
        }
        there => e.hint(format!("there are {there}")),
    }
}

/// What the refusal of a flow table means; `None` for what nf_tables refuses otherwise, too.
pub(super) fn refused(error: Error, table: &Flowtable) -> std::result::Result<Error, Error> {
    match error.raw() {
        Some(Errno::EEXIST) => {
            let name = &table.name;
            let e = error.with_kind(Kind::Exists);
            Ok(e.detail(format!(
                "there is a flow table {name:?} already, or another one has one of the devices"
            )))
        }
        Some(Errno::EOPNOTSUPP | Errno::ENOENT | Errno::EINVAL) => Ok(lacking(error)),
        _ => Err(error),
    }
}

/// The kernel has no flow tables.
pub(super) fn lacking(error: Error) -> Error {
    error
        .with_kind(Kind::Unsupported)
        .detail("the kernel has no flow tables (CONFIG_NF_FLOW_TABLE_INET, CONFIG_NFT_FLOW_OFFLOAD)")
        .hint("modprobe nf_flow_table_inet nft_flow_offload, or see `nsh doctor`")
}
