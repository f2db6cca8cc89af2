//! The attributes of a WireGuard link and of its peers.

use super::fields::{AllowedIps, Endpoint, Key};
use crate::model::table;
use crate::net::fields::{LinkName, Number, Seconds};
use crate::net::link::Count;
use crate::net::link::fields::U16;

table! {
    /// A WireGuard link (wg(8), WGDEVICE_A_*): what the kernel reported, or what is to be set.
    pub struct Device {
        Read dev: LinkName = header always, ip [], "the link";
        Set private_key: Key = 3, ip ["private-key"], "its private key; `wireguard.genkey` makes one";
        Read public_key: Key = 4, ip [], "its public key, which follows from the private one: what its peers need";
        Set listen_port: U16 = 6, ip ["listen-port"], "the UDP port that it listens on; default one that the kernel chooses";
        Set fwmark: Number = 7, ip ["fwmark"], "the firewall mark of its own packets, 0 for none";
        Set replace_peers: bool = header, ip [], "those that are there go first, with all that they have; default false";
    } and {
        pub peers: Vec<Peer>,
    }
}

table! {
    /// A peer of a WireGuard link (WGPEER_A_*).
    pub struct Peer {
        Set public_key: Key = 1 always, ip ["peer"], "its public key, by which it is known";
        Set preshared_key: Key = 2, ip ["preshared-key"], "a key that both share besides; `wireguard.genpsk` makes one";
        Set endpoint: Endpoint = 4, ip ["endpoint"],
            "where it is reached, such as \"10.0.0.1:51820\"; else it has to begin";
        Set persistent_keepalive: U16 = 5, ip ["persistent-keepalive"],
            "seconds between packets that keep translations on the way open, 0 for none; default 0";
        Set allowed_ips: AllowedIps = header, ip ["allowed-ips"],
            "the addresses behind it: packets to these go to it, and from it only packets from these are taken";
        Set remove: bool = header, ip ["remove"], "take it away; default false";
        Read latest_handshake: Seconds = header, ip [], "when keys were agreed last, in seconds since 1970";
        Read rx_bytes: Count = 7, ip [], "bytes that came from it";
        Read tx_bytes: Count = 8, ip [], "bytes that were sent to it";
    }
}

impl Peer {
    /// Takes in what a further message tells of the same peer: more of its addresses.
    pub(super) fn go_on(&mut self, more: Peer) {
        if let Some(AllowedIps(more)) = more.allowed_ips {
            self.allowed_ips.get_or_insert_default().0.extend(more);
        }
    }
}
