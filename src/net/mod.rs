//! The kernel's network objects: typed specs, and operations on one namespace. No Lua here.

pub mod addr;
pub mod attributes;
mod bits;
pub mod bridge;
pub mod counters;
pub mod defaults;
pub mod done;
pub mod ethtool;
pub mod events;
pub mod fields;
pub mod hosts;
pub mod inherited;
pub mod link;
pub mod maddr;
pub mod mpls;
pub mod mptcp;
pub mod mroute;
pub mod names;
pub mod namespace;
pub mod neigh;
pub mod netlink;
pub mod nexthop;
pub mod nf;
pub mod nft;
pub mod order;
pub mod prefix;
pub mod procsys;
mod remains;
pub mod route;
mod router;
pub mod rule;
pub mod settle;
pub mod socket;
pub mod state;
pub mod sysctl;
pub mod tc;
pub mod tun;
pub mod until;
mod usable;
pub mod wireguard;
pub mod xfrm;

#[cfg(test)]
pub(crate) mod testing;
