//! The kernel's network objects: typed specs, and operations on one namespace. No Lua here.

pub mod addr;
pub mod attributes;
pub mod link;
pub mod names;
pub mod namespace;
pub mod netlink;
pub mod nf;
pub mod nft;
pub mod prefix;
pub mod route;

#[cfg(test)]
pub(crate) mod testing;
