//! The attributes of an entry of a multicast database.

use std::net::IpAddr;

use crate::base::error::Result;
use crate::model::{Field, Form, Value, Way, Words, table};
use crate::net::attributes::{Attributes, find};
use crate::net::fields::{HardwareAddress, LinkName, LinkRef, Number, Origin, Seconds, VlanId, text};
use crate::net::link::fields::{U16, named};
use crate::net::netlink::attributes_of;
use crate::net::prefix::{self, from_octets};

named! {
    /// MCAST_EXCLUDE and MCAST_INCLUDE of linux/in.h.
    FilterMode(u8) (to_ne_bytes, from_ne_bytes) { 0 = "exclude", 1 = "include" }
}

table! {
    /// An entry of a multicast database: a port that gets a group's packets (bridge(8), MDBE_ATTR_* of linux/if_bridge.h; its
    /// flags are MDB_FLAGS_*). One to add, one that the kernel reported, or what those to be found must have.
    pub struct Entry {
        Set dev: LinkName = header always, ip ["dev"], "the bridge, or the vxlan; default the port's bridge";
        Set port: LinkName = header always, ip ["port"],
            "the port that gets the group's packets; default `dev`, the bridge itself";
        Set grp: Group = header always, ip ["grp"],
            "the group: an IPv4, IPv6 or hardware address";
        Set state: State = header always, ip ["permanent", "temp"],
            "permanent stays; temp goes as one that a host joined by a report; default temp";
        Set vid: VlanId = header, ip ["vid"], "only in this VLAN";
        Set src: IpAddr = 1, ip ["src"], "only what comes from this address";
        Set filter_mode: FilterMode = 3, ip ["filter_mode"],
            "whether `source_list` names all that may send, or all that may not (Linux 6.3); default exclude";
        Set source_list: Sources = header, ip ["source_list"], "addresses that `filter_mode` is about (Linux 6.3)";
        Set proto: Origin = 4, ip ["proto"], "who made it (Linux 6.3); default static";
        Set dst: IpAddr = 5, ip ["dst"], "the remote end that gets it, of a vxlan";
        Set dst_port: U16 = 6, ip ["dst_port"], "the UDP port of the remote end";
        Set vni: Number = 7, ip ["vni"], "the VNI at the remote end";
        Set src_vni: Number = 9, ip ["src_vni"], "the VNI of packets from here";
        Set via: LinkRef = 8, ip ["via"], "the link to the remote end";
        Word offload: bool = {flag 0x01}, ip [], "hardware has it";
        Word fast_leave: bool = {flag 0x02}, ip [], "a leave ends it at once";
        Word added_by_star_ex: bool = {flag 0x04}, ip [], "the kernel added it for an entry without a source";
        Word blocked: bool = {flag 0x08}, ip [], "the source is one that may not send";
        Word offload_failed: bool = {flag 0x10}, ip [], "hardware did not take it";
        Read timer: Seconds = header, ip [], "seconds until it goes";
    }
}

table! {
    /// A port behind which multicast routers are, or the bridge itself (MDBA_ROUTER_*).
    pub struct Router {
        Set dev: LinkName = header always, ip ["dev"], "the bridge";
        Read port: LinkName = header always, ip [], "the port";
        Read kind as "type": RouterKind = 2 always, ip [],
            "permanent where it was set so, temporary as long as `timer`, learn as long as queries come";
        Read vid: U16 = 5, ip [], "only in this VLAN";
        Read timer: Seconds = header, ip [], "seconds until it is none";
    }
}

named! {
    /// MDB_RTR_TYPE_* of linux/if_bridge.h.
    RouterKind(u8) (to_ne_bytes, from_ne_bytes)
        { 0 = "disabled", 1 = "learn", 2 = "permanent", 3 = "temporary" }
}

impl Entry {
    /// The link's name; empty where there is none.
    pub fn dev(&self) -> &str {
        self.dev.as_ref().map_or("", |dev| &dev.0)
    }
}

/// How long an entry lives: MDB_TEMPORARY, MDB_PERMANENT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Temporary = 0,
    Permanent = 1,
}

impl Words for State {
    const WORDS: &'static [(&'static str, Self)] =
        &[("temp", State::Temporary), ("permanent", State::Permanent)];
    const RETURNED: &'static str = "\"temp\"|\"permanent\"";
    const WAY: Way = Way::Alone;
}

/// A multicast group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    Ip(IpAddr),
    /// Of what isn't IP.
    Mac(HardwareAddress),
}

impl Group {
    /// The union and the protocol of `struct br_mdb_entry`.
    pub(super) fn to_wire(&self) -> [u8; 20] {
        const ETH_P_IP: u16 = 0x0800;
        const ETH_P_IPV6: u16 = 0x86dd;
        let (bytes, protocol) = match self {
            Group::Ip(IpAddr::V4(ip)) => (ip.octets().to_vec(), ETH_P_IP),
            Group::Ip(IpAddr::V6(ip)) => (ip.octets().to_vec(), ETH_P_IPV6),
            Group::Mac(mac) => (mac.0.clone(), 0),
        };
        let mut wire = [0; 20];
        wire.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        wire[16..18].copy_from_slice(&protocol.to_be_bytes());
        wire
    }

    pub(super) fn from_wire(wire: &[u8]) -> Option<Self> {
        Some(match wire.get(16..18)? {
            [0x08, 0x00] => Group::Ip(from_octets(&wire[..4])?),
            [0x86, 0xdd] => Group::Ip(from_octets(&wire[..16])?),
            _ => Group::Mac(HardwareAddress(wire[..6].to_vec())),
        })
    }

    /// A group as bridge(8) takes it.
    pub fn parse(text: &str) -> Result<Self> {
        match prefix::address(text) {
            Ok(ip) => Ok(Group::Ip(ip)),
            Err(e) => match prefix::mac(text) {
                Ok(mac) => Ok(Group::Mac(HardwareAddress(mac.to_vec()))),
                Err(_) => Err(crate::base::error::Error::argument(e.message())),
            },
        }
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Group::Ip(ip) => ip.fmt(f),
            Group::Mac(mac) => mac.fmt(f),
        }
    }
}

impl Field for Group {
    fn form() -> Form {
        text("a group such as \"239.1.1.1\", \"ff05::1\" or \"01:00:5e:01:01:01\"")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        Group::parse(text).map(Some)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

/// Addresses of sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(pub Vec<IpAddr>);

impl Sources {
    /// MDBE_SRC_LIST_ENTRY and MDBE_SRCATTR_ADDRESS.
    pub(super) fn attributes(&self) -> Attributes {
        let mut list = Attributes::new();
        for source in &self.0 {
            let mut entry = Attributes::new();
            entry.put(1, &source.encode().unwrap_or_default());
            list.nest(1, entry);
        }
        list
    }
}

impl Field for Sources {
    fn form() -> Form {
        let expected = "a list of addresses such as { \"10.0.0.2\", \"10.0.0.3\" }".to_owned();
        Form { luals: "string[]|string".into(), returned: "string[]", expected, ..text("") }
    }

    /// As text they have commas between them, as bridge(8) takes them.
    fn read(value: &Value) -> Result<Option<Self>> {
        let one = |text: &str| IpAddr::read(&Value::Text(text.to_owned()));
        let all: Result<Option<Vec<IpAddr>>> = match value {
            Value::Text(text) => text.split(',').map(one).collect(),
            Value::List(list) => list.iter().map(IpAddr::read).collect(),
            _ => return Ok(None),
        };
        Ok(all?.map(Sources))
    }

    fn value(&self) -> Value {
        Value::words(self.0.iter().map(IpAddr::to_string))
    }

    fn word(&self) -> String {
        self.0.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(",")
    }

    /// MDBA_MDB_SRCLIST_ENTRY and MDBA_MDB_SRCATTR_ADDRESS.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let address = |entry| find(entry, 1).and_then(from_octets);
        Some(Sources(attributes_of(bytes).filter_map(|(_, entry)| address(entry)).collect()))
    }
}
