//! WireGuard: keys, peers and what passed, as wg(8) sets and shows them; by generic netlink (linux/wireguard.h).

mod fields;
mod table;
mod text;

pub use fields::{AllowedIps, Endpoint, Key};
pub use table::{Device, Peer};

use std::fs::File;
use std::io::Read;

use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::attributes::Attributes;
use super::done::Done;
use super::fields::{LinkName, Seconds};
use super::link::{self, find};
use super::namespace::Namespace;
use super::netlink::{Generic, attributes_of};
use crate::base::error::{Error, Result};
use crate::model::{Field, Table};

const WG_CMD_GET_DEVICE: u8 = 0;
const WG_CMD_SET_DEVICE: u8 = 1;
const WGDEVICE_A_IFNAME: u16 = 2;
const WGDEVICE_A_FLAGS: u16 = 5;
const WGDEVICE_A_PEERS: u16 = 8;
const WGPEER_A_FLAGS: u16 = 3;
const WGPEER_A_LAST_HANDSHAKE_TIME: u16 = 6;
const WGPEER_A_ALLOWEDIPS: u16 = 9;

/// Changes keys, port and peers of a WireGuard link, as `wg set DEV ...`: peers that are not named stay, the allowed
/// addresses of those that are named are replaced. Raises `not_found` if there is no such link, `argument` if it is of another
/// kind.
pub fn set(ns: &Namespace, dev: &str, device: &Device) -> Result<()> {
    const REPLACE_PEERS: u32 = 1;
    let before = match device.replace_peers {
        Some(true) => get(ns, dev)?.peers,
        _ => require(ns, dev).map(|()| Vec::new())?,
    };
    let mut body = Attributes::new();
    body.put_str(WGDEVICE_A_IFNAME, dev);
    if device.replace_peers == Some(true) {
        body.put_u32(WGDEVICE_A_FLAGS, REPLACE_PEERS);
    }
    device.encode(&mut |number, bytes| body.put(number, bytes));
    let mut peers = Attributes::new();
    for peer in &device.peers {
        peers.nest(0, encode(peer));
    }
    if !peers.is_empty() {
        body.nest(WGDEVICE_A_PEERS, peers);
    }
    let mut socket = open(ns)?;
    socket.request(WG_CMD_SET_DEVICE, 0, body.bytes()?, |_| ()).map_err(|e| match e.raw() {
        Some(Errno::EADDRINUSE) => e.hint("another socket of this namespace listens on this port"),
        _ => e,
    })?;
    // Told as removed first: of those that are named again the kernel keeps nothing either.
    let gone = before.iter().map(|peer| peer.public_key);
    let gone = gone.map(|public_key| Peer { public_key, remove: Some(true), ..Peer::default() });
    let peers = gone.chain(device.peers.iter().cloned()).collect();
    ns.report(Done::Wireguard(dev, &Device { peers, ..device.clone() }));
    Ok(())
}

fn encode(peer: &Peer) -> Attributes {
    const REMOVE_ME: u32 = 1;
    const REPLACE_ALLOWED_IPS: u32 = 2;
    const UPDATE_ONLY: u32 = 4;
    let mut out = Attributes::new();
    let flags = match peer.remove {
        // One that isn't there isn't made for it.
        Some(true) => REMOVE_ME | UPDATE_ONLY,
        _ => peer.allowed_ips.as_ref().map_or(0, |_| REPLACE_ALLOWED_IPS),
    };
    out.put_u32(WGPEER_A_FLAGS, flags);
    peer.encode(&mut |number, bytes| out.put(number, bytes));
    if let Some(allowed) = &peer.allowed_ips {
        out.nest(WGPEER_A_ALLOWEDIPS, allowed.attributes());
    }
    out
}

/// A WireGuard link's keys, port and peers, as `wg show DEV`. Raises as [`set`].
pub fn get(ns: &Namespace, dev: &str) -> Result<Device> {
    require(ns, dev)?;
    let mut named = Attributes::new();
    named.put_str(WGDEVICE_A_IFNAME, dev);
    let mut device = Device { dev: Some(LinkName(dev.to_owned())), ..Device::blank() };
    open(ns)?.request(WG_CMD_GET_DEVICE, NLM_F_DUMP, named.bytes()?, |answer| read(&mut device, answer))?;
    Ok(device)
}

/// All WireGuard links of the namespace, as `wg show`.
pub fn list(ns: &Namespace) -> Result<Vec<Device>> {
    let links = link::dump(ns)?;
    let names = links.iter().filter(|link| link.kind.as_deref() == Some("wireguard"));
    names.map(|link| get(ns, &link.name)).collect()
}

/// Takes in one message of an answer; a device with many peers comes in several, and so may a peer.
fn read(device: &mut Device, attributes: &[u8]) {
    for (number, bytes) in attributes_of(attributes) {
        if number != WGDEVICE_A_PEERS {
            device.decode(number, bytes);
            continue;
        }
        for (_, bytes) in attributes_of(bytes) {
            let mut peer = Peer::blank();
            for (number, bytes) in attributes_of(bytes) {
                match number {
                    WGPEER_A_LAST_HANDSHAKE_TIME => peer.latest_handshake = seconds(bytes),
                    WGPEER_A_ALLOWEDIPS => peer.allowed_ips = AllowedIps::decode(bytes),
                    _ => peer.decode(number, bytes),
                }
            }
            match device.peers.last_mut().filter(|last| last.public_key == peer.public_key) {
                Some(last) => last.go_on(peer),
                None => device.peers.push(peer),
            }
        }
    }
    device.listen_port.take_if(|port| port.0 == 0);
}

/// A `struct __kernel_timespec`; zero where there never was one.
fn seconds(bytes: &[u8]) -> Option<Seconds> {
    let seconds = i64::from_ne_bytes(*bytes.first_chunk()?);
    let nanoseconds = i64::from_ne_bytes(*bytes.get(8..)?.first_chunk()?);
    Some(Seconds(seconds as f64 + nanoseconds as f64 / 1e9)).filter(|time| time.0 > 0.0)
}

fn open(ns: &Namespace) -> Result<Generic> {
    Generic::open(ns, "wireguard", 1)
        .map_err(|e| e.hint("it needs CONFIG_WIREGUARD: sudo modprobe wireguard"))
}

fn require(ns: &Namespace, dev: &str) -> Result<()> {
    let Some(link) = link::get_plain(ns, dev)? else { return Err(find::no_such_link(ns, dev)) };
    match link.kind.as_deref() {
        Some("wireguard") => Ok(()),
        kind => {
            Err(Error::argument(format!("{dev} is a {}, not a wireguard", kind.unwrap_or("link of no kind")))
                .hint("link.add(NAME, { kind = \"wireguard\" }) makes one"))
        }
    }
}

/// A new private key, as `wg genkey`: random, with the bits that Curve25519 wants (RFC 7748, section 5).
pub fn genkey() -> Result<Key> {
    let Key(mut key) = genpsk()?;
    key[0] &= 248;
    key[31] = key[31] & 127 | 64;
    Ok(Key(key))
}

/// A new key that two peers share, as `wg genpsk`.
pub fn genpsk() -> Result<Key> {
    let mut key = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(Key(key))
}
