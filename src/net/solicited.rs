//! Waiting until neighbours can resolve new IPv6 addresses.
//!
//! A host answers neighbour solicitations for an address once it has joined the address's solicited-node multicast
//! group (RFC 4291, 2.7.1). The kernel joins it from a work queue, a moment after it has taken the address, and tells
//! of it by no event; a solicitation that comes before is lost, and repeated only after a second.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::addr::{self, Filter};
use super::link;
use super::namespace::Namespace;
use super::prefix::Family;
use crate::error::Result;
use crate::wait::{self, Deadline};

/// Longer than the work queue takes, unless the machine is very busy.
const PATIENCE: Duration = Duration::from_millis(200);
const INTERVAL: Duration = Duration::from_millis(1);

/// A link's index, and a group that it has joined or is to join.
type Membership = (u32, Ipv6Addr);

/// Waits until the group of each usable address is joined; gives up silently after 0.2 s.
pub(super) fn wait(ns: &Namespace) -> Result<()> {
    let wanted = wanted(ns)?;
    let deadline = Deadline::after(PATIENCE);
    while !wanted.is_subset(&joined(ns)) && !deadline.passed() {
        wait::pause(INTERVAL)?;
    }
    Ok(())
}

/// The groups that the namespace's addresses belong to, on links that carry packets and resolve neighbours.
fn wanted(ns: &Namespace) -> Result<HashSet<Membership>> {
    let filter = Filter { family: Some(Family::Inet6), ..Filter::default() };
    let addresses = addr::list(ns, &filter)?;
    if addresses.is_empty() {
        return Ok(HashSet::new());
    }
    let silent = (libc::IFF_LOOPBACK | libc::IFF_NOARP) as u32;
    let links = link::dump(ns)?;
    let speaks =
        |index: u32| links.iter().any(|l| l.index == index && l.up && l.carrier && l.raw_flags & silent == 0);
    let usable =
        addresses.into_iter().filter(|a| !a.has("tentative") && !a.has("dadfailed") && speaks(a.index));
    Ok(usable
        .filter_map(|a| match a.local {
            IpAddr::V6(address) => Some((a.index, group(address))),
            IpAddr::V4(_) => None,
        })
        .collect())
}

/// The solicited-node group of an address: ff02::1:ff and its last three bytes.
fn group(address: Ipv6Addr) -> Ipv6Addr {
    let [.., x, y, z] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(x), u16::from_be_bytes([y, z]))
}

/// What the namespace's links have joined: /proc/net/igmp6, with index, name, group, users, flags and timer.
fn joined(ns: &Namespace) -> HashSet<Membership> {
    let text = ns.within(|| Ok(std::fs::read_to_string("/proc/thread-self/net/igmp6")?));
    text.unwrap_or_default().lines().filter_map(membership).collect()
}

fn membership(line: &str) -> Option<Membership> {
    let mut words = line.split_whitespace();
    let index = words.next()?.parse().ok()?;
    let group = u128::from_str_radix(words.nth(1)?, 16).ok()?;
    Some((index, Ipv6Addr::from(group)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let line = "2    eth0            ff0200000000000000000001ff000012     1 00000004 0";
        let address: Ipv6Addr = "fd00::12".parse().unwrap();
        assert_eq!(membership(line), Some((2, group(address))));
        assert_eq!(membership("2 eth0"), None);
    }
}
