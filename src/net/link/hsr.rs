//! Rings without loss: IFLA_HSR_* of linux/if_link.h; ip-link(8), "HSR Type Support"; IEC 62439-3.

use super::fields::{Mac, U8, U16, named};
use super::kind::kind;
use crate::base::error::Error;
use crate::model::table;
use crate::net::fields::LinkRef;
use nix::errno::Errno;

named! {
    /// HSR_PROTOCOL_* of linux/if_link.h.
    RingProtocol(u8) numbered (to_ne_bytes, from_ne_bytes) { 0 = "hsr", 1 = "prp" }
}

table! {
    /// A link that sends each frame by two others.
    pub struct Hsr {
        Make slave1: LinkRef = 1, ip ["slave1"], "the one port";
        Make slave2: LinkRef = 2, ip ["slave2"], "the other port";
        Make interlink: LinkRef = 8, ip ["interlink"],
            "a port to a network without redundancy (Linux 6.10)";
        Make supervision: U8 = 3, ip ["supervision"],
            "the last byte of the group that supervision frames are sent to; default 0";
        Make version: U8<0, 1> = 6, ip ["version"], "of HSR: 0 for that of 2010, 1 for 2012 and later; default 0";
        Make protocol: RingProtocol = 7, ip ["proto"], "hsr, a ring, or prp, two networks side by side; default hsr";
        Read supervision_address: Mac = 4, ip [], "the group that supervision frames are sent to";
        Read seq_nr: U16 = 5, ip [], "the sequence number of the next frame";
    }
}

kind! {
    Hsr, "an HSR or PRP link", ["hsr" = "HSR"] {
        fn links(&mut self) -> Vec<&mut LinkRef> {
            self.slave1.iter_mut().chain(&mut self.slave2).chain(&mut self.interlink).collect()
        }

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EINVAL | Errno::ENODEV) => {
                    e.hint("an hsr takes slave1 and slave2: two Ethernet links that are neither lo nor ports of another one")
                }
                Some(Errno::EBUSY) => e.hint("a port of an hsr can't be one of a bridge or bond as well"),
                _ => e,
            }
        }
    }
}
