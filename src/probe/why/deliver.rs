//! What the host that has the address does with the packet.

use std::net::IpAddr;

use super::fault::Cause;
use super::packet::{Packet, Proto};
use super::snapshot::Space;
use super::walk::Walk;
use crate::model::Words;
use crate::net::prefix::Family;
use crate::net::socket::{self, Filter, Owners, Socket};

/// Finds why the host doesn't answer.
pub fn check(walk: &mut Walk<'_>, at: &Space, packet: &Packet) {
    check_address(walk, at, packet.dst);
    match packet.proto {
        Proto::Icmp => check_echo(walk, at, packet.family()),
        Proto::Tcp => check_listener(walk, at, packet, socket::Proto::Tcp),
        Proto::Udp => check_listener(walk, at, packet, socket::Proto::Udp),
    }
}

/// Duplicate address detection. Whether the address can't be used for it.
pub fn check_address(walk: &mut Walk<'_>, at: &Space, ip: IpAddr) -> bool {
    let Some(address) = at.addrs.iter().find(|a| a.ip() == ip) else { return false };
    let dev = at.link(address.index()).map(|link| link.name.clone());
    if address.is_duplicate() {
        walk.fault(at, dev.as_deref(), Cause::DadFailed { address: address.prefix().to_string() });
    } else if address.is_tentative() {
        walk.fault(at, dev.as_deref(), Cause::Tentative { address: ip });
    }
    address.is_duplicate() || address.is_tentative()
}

fn check_echo(walk: &mut Walk<'_>, at: &Space, family: Family) {
    let key = match family {
        Family::Inet => "net.ipv4.icmp_echo_ignore_all",
        Family::Inet6 => "net.ipv6.icmp.echo_ignore_all",
    };
    if at.sysctl(key) == Some(1) {
        walk.fault_with(at, None, Cause::EchoIgnored { key: key.to_owned() }, vec![format!("{key} = 1")]);
    }
}

fn check_listener(walk: &mut Walk<'_>, at: &Space, packet: &Packet, kind: socket::Proto) {
    let Some(port) = packet.dport else { return };
    let sockets = socket::list(&at.ns, &Filter::waiting(kind, port), &Owners::default()).unwrap_or_default();
    let takes = |socket: &Socket| {
        socket.ip.is_some_and(|ip| ip == packet.dst)
            || socket.ip.is_some_and(|ip| ip.is_unspecified() && (ip.is_ipv6() || packet.dst.is_ipv4()))
                && !(packet.dst.is_ipv4() && socket.v6only == Some(true))
    };
    if sockets.iter().any(takes) {
        return;
    }
    let proto = kind.name();
    let places: Vec<String> = sockets.iter().filter_map(|socket| socket.local.clone()).collect();
    match places.is_empty() {
        true => walk.fault(at, None, Cause::NobodyListens { proto, port }),
        false => walk.fault(at, None, Cause::ListensElsewhere { proto, port, at: places.join(", ") }),
    }
}
