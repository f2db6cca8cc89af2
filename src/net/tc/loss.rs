//! Packets that a link loses at random on the way out, where the kernel has no netem: a rule of nf_tables in the table
//! `netdev nsh`, before the link's queue. Packets that the kernel will cut only later (GSO) are lost as a whole, as
//! netem loses them.

use netlink_packet_netfilter::NetfilterProtoFamily;
use netlink_packet_netfilter::nftables::MetaKey;
use nix::errno::Errno;

use super::Share;
use super::object::Device;
use crate::base::error::{Error, Kind, Result};
use crate::net::done::Done;
use crate::net::namespace::Namespace;
use crate::net::nf::TABLE;
use crate::net::nf::expr::{Expr, Op, Verdict};
use crate::net::nf::message::{self, Batch, Place, Rule};
use crate::net::nf::userdata::Userdata;

const FAMILY: NetfilterProtoFamily = NetfilterProtoFamily::NetDev;
/// The register that all is compared in.
const REGISTER: u32 = 1;

/// The chain of the link with this index. The number stays when the link is renamed, and no name of a link is too odd.
fn chain(index: u32) -> String {
    format!("shape-{index}")
}

/// Drops this share of what leaves. A chain may outlive its link, and catch another of the same name: the index is in the
/// rule, too.
fn rule(index: u32, share: Share) -> Vec<Expr> {
    let compare = |data: &[u8], op| Expr::Cmp { from: REGISTER, op, data: data.to_vec() };
    vec![
        Expr::Meta { to: REGISTER, key: MetaKey::Oif },
        compare(&index.to_ne_bytes(), Op::Eq),
        Expr::Numgen { to: REGISTER, modulus: u32::MAX, kind: 1, offset: 0 },
        // Numbers are compared byte by byte, the highest first.
        Expr::Byteorder { from: REGISTER, to: REGISTER, op: 1, length: 4, size: 4 },
        compare(&share.0.to_be_bytes(), Op::Lt),
        Expr::Counter { bytes: 0, packets: 0 },
        Expr::Verdict { verdict: Verdict::Drop },
    ]
}

/// The share that a rule drops.
fn share(exprs: &[Expr]) -> Option<Share> {
    exprs.iter().find_map(|expr| match expr {
        Expr::Cmp { op: Op::Lt, data, .. } => {
            data.first_chunk().map(|bytes| Share(u32::from_be_bytes(*bytes)))
        }
        _ => None,
    })
}

/// Loses this share of what the link sends, instead of what it lost before.
///
/// Raises `unsupported` where the kernel has no netfilter at a link's way out.
pub fn set(device: &Device, wanted: Share) -> Result<()> {
    let (index, chain) = (device.index, chain(device.index));
    let mut batch = Batch::of(FAMILY, TABLE);
    batch.table();
    batch.egress_chain(&chain, &device.name);
    batch.flush_chain(&chain);
    batch.rule(&chain, &rule(index, wanted), &Userdata::default(), Place::Back);
    let mut socket = device.ns.netfilter().map_err(explain)?;
    batch.send(&mut socket).map_err(|failure| explain(failure.error))?;
    drop(socket);
    device.ns.report(Done::Nft(&[
        format!("add table netdev {TABLE}"),
        format!(
            "add chain netdev {TABLE} {chain} {{ type filter hook egress device \"{}\" priority 0; }}",
            device.name
        ),
        format!("flush chain netdev {TABLE} {chain}"),
        format!(
            "add rule netdev {TABLE} {chain} oif \"{}\" numgen random mod {} < {} counter drop",
            device.name,
            u32::MAX,
            wanted.0
        ),
    ]));
    Ok(())
}

fn explain(e: Error) -> Error {
    match e.raw() {
        Some(Errno::ENOENT | Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EINVAL) => Error::new(
            Kind::Unsupported,
            "loss needs netem, which this kernel lacks (CONFIG_NET_SCH_NETEM), or nf_tables on a link's way out, which it \
             lacks too (CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_EGRESS, CONFIG_NFT_NUMGEN; Linux 5.16)",
        )
        .hint("load it on the machine: modprobe sch_netem; if that fails, take a kernel that has it"),
        _ => e,
    }
}

/// The rules of all links that lose packets so; none on a kernel without nf_tables.
fn rules(ns: &Namespace) -> Result<Vec<Rule>> {
    let listed = match ns.netfilter() {
        Ok(mut socket) => message::rules_of(&mut socket, FAMILY, TABLE),
        Err(e) => Err(e),
    };
    match listed {
        Err(e) if matches!(e.raw(), Some(Errno::EINVAL | Errno::EPROTONOSUPPORT)) => Ok(Vec::new()),
        listed => listed,
    }
}

/// The share of packets that the link with this index loses so, if it does.
pub fn get(ns: &Namespace, index: u32) -> Result<Option<Share>> {
    let chain = chain(index);
    Ok(rules(ns)?.iter().find(|rule| rule.chain == chain).and_then(|rule| share(&rule.exprs)))
}

/// Loses nothing any more.
pub fn clear(device: &Device) -> Result<()> {
    let chain = chain(device.index);
    let (own, others): (Vec<Rule>, Vec<Rule>) =
        rules(&device.ns)?.into_iter().partition(|rule| rule.chain == chain);
    if own.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::of(FAMILY, TABLE);
    let done = if others.is_empty() {
        batch.delete_table();
        vec![format!("delete table netdev {TABLE}")]
    } else {
        batch.flush_chain(&chain);
        batch.delete_chain(&chain);
        vec![format!("flush chain netdev {TABLE} {chain}"), format!("delete chain netdev {TABLE} {chain}")]
    };
    batch.send(&mut *device.ns.netfilter()?).map_err(|failure| failure.error)?;
    device.ns.report(Done::Nft(&done));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_rule_is_found_again() {
        for n in [0, 1, 42_949_673, u32::MAX] {
            assert_eq!(share(&rule(7, Share(n))), Some(Share(n)));
        }
        assert_eq!(share(&[]), None);
    }
}
