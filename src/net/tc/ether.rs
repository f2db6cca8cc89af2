//! Protocols of Ethernet, as `tc` names them.

use crate::base::error::{Error, Result};
use crate::base::text::similar;
use crate::model::{Field, Form, Value};
use crate::net::fields::number_or_text;

/// ETH_P_* of linux/if_ether.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EtherType(pub u16);

const NAMES: &[(&str, u16)] = &[
    ("all", 0x0003),
    ("ip", 0x0800),
    ("arp", 0x0806),
    ("ipv6", 0x86dd),
    ("802.1Q", 0x8100),
    ("802.1ad", 0x88a8),
    ("mpls_uc", 0x8847),
    ("mpls_mc", 0x8848),
    ("ppp_ses", 0x8864),
    ("ppp_disc", 0x8863),
    ("802_3", 0x0001),
    ("802_2", 0x0004),
    ("lldp", 0x88cc),
    ("profinet", 0x8892),
    ("loop", 0x0060),
];

impl EtherType {
    pub const ALL: Self = EtherType(0x0003);
    pub const IPV4: Self = EtherType(0x0800);
    pub const IPV6: Self = EtherType(0x86dd);

    pub fn named(name: &str) -> Option<Self> {
        let name = match name {
            "ipv4" => "ip",
            "ip6" => "ipv6",
            name => name,
        };
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| EtherType(*number))
    }
}

impl Field for EtherType {
    fn form() -> Form {
        number_or_text("a protocol such as \"ip\", \"ipv6\", \"arp\", \"802.1Q\" or \"all\", or its number")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(match value {
            Value::Int(number) => u16::try_from(*number).ok().map(EtherType),
            Value::Text(name) => Some(Self::named(name).ok_or_else(|| {
                let near = similar(name, NAMES.iter().map(|(known, _)| *known));
                let meant = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                Error::argument(format!("expected {}, got {name:?}{meant}", Self::form().expected))
            })?),
            _ => None,
        })
    }

    fn value(&self) -> Value {
        Value::Text(self.word())
    }

    fn word(&self) -> String {
        let name = NAMES.iter().find(|(_, number)| *number == self.0);
        name.map_or_else(|| format!("{:#x}", self.0), |(name, _)| (*name).to_owned())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_be_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| EtherType(u16::from_be_bytes(*bytes)))
    }
}
