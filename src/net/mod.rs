//! The kernel's network objects: typed specs, and operations on one namespace. No Lua here.

pub mod namespace;
pub mod netlink;
pub mod nf;
