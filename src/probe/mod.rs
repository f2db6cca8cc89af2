//! Traffic: what sends, answers, and watches packets. No Lua here.
//!
//! Sockets are opened inside a [`crate::net::namespace::Namespace`] by the main thread and used from anywhere
//! afterwards, so that what runs beside the script (servers, a running ping) needs no namespace of its own.

pub mod arping;
pub mod capture;
pub mod dhcp;
pub mod dns;
pub mod endpoint;
pub mod http;
mod packet;
pub mod perf;
pub mod ping;
pub mod pmtu;
pub mod send;
pub mod server;
mod silence;
pub mod socket;
mod stamped;
pub mod tcp;
pub mod traceroute;
pub mod udp;
pub mod why;
