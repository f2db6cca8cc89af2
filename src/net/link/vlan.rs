//! VLANs on other links: IFLA_VLAN_* of linux/if_link.h; ip-link(8), "VLAN Type Support".

use super::fields::{MaskedBit, U16, VlanProtocol};
use super::kind::{Lower, kind};
use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value, Word, table};
use crate::net::attributes::{Attributes, unsigned};
use crate::net::fields::text;
use crate::net::netlink::attributes_of;
use nix::errno::Errno;

table! {
    /// A VLAN.
    pub struct Vlan {
        Make protocol: VlanProtocol = 5, ip ["protocol", "proto"],
            "the Ethernet protocol of its tags; default 802.1Q";
        Make id: U16<0, 4095> = 1, ip ["id"], "its id";
        Set reorder_hdr: MaskedBit<0> = 2, ip ["reorder_hdr"],
            "what comes in has no tag any more, also to packet sockets; default true";
        Set gvrp: MaskedBit<1> = 2, ip ["gvrp"], "registered by GVRP; default false";
        Set loose_binding: MaskedBit<2> = 2, ip ["loose_binding"],
            "it stays up when the link below goes down; default false";
        Set mvrp: MaskedBit<3> = 2, ip ["mvrp"], "registered by MVRP; default false";
        Set bridge_binding: MaskedBit<4> = 2, ip ["bridge_binding"],
            "on a bridge: its state is that of the bridge's ports in this VLAN; default false";
        Set ingress_qos_map: QosMap = 4, ip ["ingress-qos-map"],
            "the priority of packets by that in the tag they came in with, each as \"FROM:TO\"";
        Set egress_qos_map: QosMap = 3, ip ["egress-qos-map"],
            "the priority in the tag by that of the packet, each as \"FROM:TO\"";
    }
}

kind! {
    Vlan, "a VLAN", ["vlan" = "VLAN_8021Q"] {
        const LOWER: Lower = Lower::Needed;

        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EEXIST) => e.hint("the lower link has a vlan with this id already"),
                Some(Errno::EINVAL) if self.id.is_none() => e.hint("a vlan needs an id"),
                _ => e,
            }
        }
    }
}

/// IFLA_VLAN_QOS_MAPPING.
const MAPPING: u16 = 1;

/// Pairs of priorities; `struct ifla_vlan_qos_mapping` each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QosMap(pub Vec<(u32, u32)>);

impl QosMap {
    fn pair(text: &str) -> Result<(u32, u32)> {
        let numbers = text.split_once(':').and_then(|(from, to)| from.parse().ok().zip(to.parse().ok()));
        numbers
            .ok_or_else(|| Error::argument(format!("expected two priorities such as \"1:5\", got {text:?}")))
    }

    fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(from, to)| format!("{from}:{to}")).collect()
    }
}

impl Field for QosMap {
    fn form() -> Form {
        Form {
            luals: "string|string[]".into(),
            returned: "string[]",
            word: Word::Pairs,
            ..text("priorities such as \"1:5\" or a list of them")
        }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let pairs: Option<Result<Vec<_>>> = match value {
            Value::Text(text) => Some(text.split_whitespace().map(Self::pair).collect()),
            Value::List(list) => list
                .iter()
                .map(|pair| if let Value::Text(text) = pair { Some(Self::pair(text)) } else { None })
                .collect(),
            _ => None,
        };
        pairs.transpose().map(|pairs| pairs.map(QosMap))
    }

    fn value(&self) -> Value {
        Value::words(self.texts())
    }

    fn word(&self) -> String {
        self.texts().join(" ")
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let mut all = Attributes::new();
        for (from, to) in &self.0 {
            all.put(MAPPING, &[from.to_ne_bytes(), to.to_ne_bytes()].concat());
        }
        all.into_bytes().ok()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let pairs = attributes_of(bytes).filter_map(|(_, pair)| pair.split_at_checked(4));
        Some(QosMap(pairs.map(|(from, to)| (unsigned(from) as u32, unsigned(to) as u32)).collect()))
    }
}
