//! MACsec: IFLA_MACSEC_* of linux/if_link.h; ip-link(8), "MACsec Type Support"; IEEE 802.1AE.

use super::fields::{Be16, OnOff, U8, named};
use super::kind::{Lower, kind};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, table};
use crate::net::fields::{Number, text};
use nix::errno::Errno;

named! {
    /// MACSEC_CIPHER_ID_* of linux/if_macsec.h.
    Cipher(u64) (to_ne_bytes, from_ne_bytes) {
        // MACSEC_DEFAULT_CIPHER_ID: as what the kernel reports it.
        0x0080_0200_0100_0001 = "gcm-aes-128", 0x0080_c200_0100_0002 = "gcm-aes-256",
        0x0080_c200_0100_0003 = "gcm-aes-xpn-128", 0x0080_c200_0100_0004 = "gcm-aes-xpn-256"
    }, or { 0x0080_0200_0100_0001 = "default" }
    /// MACSEC_VALIDATE_*
    Validate(u8) (to_ne_bytes, from_ne_bytes) { 0 = "disabled", 1 = "check", 2 = "strict" }
    /// MACSEC_OFFLOAD_*
    Offload(u8) (to_ne_bytes, from_ne_bytes) { 0 = "off", 1 = "phy", 2 = "mac" }
}

table! {
    /// A link whose frames are authenticated and encrypted on the link below.
    pub struct Macsec {
        Make sci: Sci = 1, ip ["sci"],
            "the secure channel's identifier, 16 hexadecimal digits; default the link's address and port";
        Make port: Be16<1, 65535> = 2, ip ["port"], "its last two bytes; default 1";
        Make cipher: Cipher = 4, ip ["cipher"], "the cipher; default gcm-aes-128";
        Make icvlen: U8<8, 16> = 3, ip ["icvlen"], "bytes of the integrity check value; default 16";
        Set encrypt: OnOff = 7, ip ["encrypt"], "encrypt, and not only authenticate; default false";
        Set protect: OnOff = 8, ip ["protect"], "protect what is sent; default true";
        Set send_sci: OnOff = 9, ip ["send_sci"], "the identifier is in each frame; default true";
        Set end_station: OnOff = 10, ip ["end_station"], "the bit ES of frames; default false";
        Set scb: OnOff = 11, ip ["scb"], "the bit SCB (single copy broadcast) of frames; default false";
        Set replay: OnOff = 12, ip ["replay"], "frames are taken once only; default false; takes window";
        Set window: Number = 5, ip ["window"], "how far they may be out of order; default 0";
        Set validate: Validate = 13, ip ["validate"],
            "what becomes of frames that are wrong: strict drops them; default strict";
        Set encodingsa: U8<0, 3> = 6, ip ["encodingsa"], "the secure association that is sent by; default 0";
        Set offload: Offload = 15, ip ["offload"], "who does it: the kernel (off), the PHY or the MAC; default off";
    }
}

kind! {
    Macsec, "a MACsec link", ["macsec" = "MACSEC"] {
        const LOWER: Lower = Lower::Needed;

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EEXIST) => e.hint("the link below has a macsec with this identifier already"),
                Some(Errno::EINVAL) if self.replay.is_some() && self.window.is_none() => e.hint("replay takes window"),
                Some(Errno::EINVAL) if self.end_station.is_some() || self.scb.is_some() => {
                    e.hint("end_station and scb take send_sci = false")
                }
                _ => e,
            }
        }
    }
}

/// A secure channel's identifier, in network byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sci([u8; 8]);

impl Field for Sci {
    fn form() -> Form {
        text("16 hexadecimal digits such as \"0200000000010001\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let digits = text.trim_start_matches("0x");
        Ok((digits.len() == 16)
            .then(|| u64::from_str_radix(digits, 16).ok())
            .flatten()
            .map(|n| Sci(n.to_be_bytes())))
    }

    fn value(&self) -> Value {
        Value::Text(format!("{:016x}", u64::from_be_bytes(self.0)))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|sci| Sci(*sci))
    }
}
