//! Tun and tap links: IFLA_TUN_* of linux/if_link.h. They are made through /dev/net/tun.

use super::fields::{OnOff, named};
use super::kind::kind;
use crate::model::table;
use crate::net::fields::Number;

named! {
    /// IFF_TUN and IFF_TAP in linux/if_tun.h.
    TunType(u8) (to_ne_bytes, from_ne_bytes) { 1 = "tun", 2 = "tap" }
}

table! {
    /// A tun or tap link.
    pub struct Tun {
        Read owner: Number = 1, ip [], "the user who may open it";
        Read group: Number = 2, ip [], "the group that may open it";
        Read mode: TunType = 3, ip [], "tun or tap";
        Read pi: OnOff = 4, ip [], "packets have a header of packet information";
        Read vnet_hdr: OnOff = 5, ip [], "packets have a virtio header";
        Read persist: OnOff = 6, ip [], "it stays when no one has it open";
        Read multi_queue: OnOff = 7, ip [], "it can be opened several times";
    }
}

kind! {
    Tun, "a tun or tap link", ["tun" = "TUN"] {}
}
