//! What all links have in common: IFLA_* of linux/if_link.h, and IFF_* of linux/if.h; ip-link(8).

use super::fields::{Mac, OnOff, Signed, Text, Toggle, U32, Unset, named, reported};
use crate::model::{Row, Value, Words, table};
use crate::net::attributes::{Attributes, find, string};
use crate::net::bits::bits;
use crate::net::fields::Group;
use crate::net::netlink::attributes_of;

table! {
    /// What is common to links of all kinds: what one shall be, what of it shall change, what the kernel reports, or what
    /// those to be found must have.
    pub struct Common {
        Set up: Toggle = {flag 1} always, ip ["up", "down"], "administratively up; default false";
        Make index: U32<1, 2_147_483_647> = header always, ip ["index"], "its index; default the next free one";
        Read link_type as "type": LinkType = header always, ip [], "ether, loopback, ...";
        Set mtu: U32<68, 65535> = 4 always, ip ["mtu"],
            "bytes; the kernel's choice is 1500 for most kinds";
        Set mac: Mac = 1, ip ["address"], "its hardware address; the kernel's choice is random";
        Set txqlen: U32<0, 1_000_000> = 13 always, ip ["txqueuelen", "txqlen", "qlen"],
            "the transmit queue's length, in packets";
        Set group: Group = 27 always, ip ["group"],
            "its group, by number or by name in /etc/iproute2/group; default 0";
        Set alias: Text = 20, ip ["alias"], "a text for people, up to 255 bytes; empty for none";
        Give promisc: OnOff = {flag 0x100}, ip ["promisc"], "take frames for any address; default false";
        Give arp: Unset = {flag 0x80}, ip ["arp"], "resolve neighbours; default true";
        Give multicast: OnOff = {flag 0x1000}, ip ["multicast"], "the MULTICAST flag; default true";
        Give allmulticast: OnOff = {flag 0x200}, ip ["allmulticast"], "take all multicast; default false";
        Change carrier: OnOff = 33 always, ip ["carrier"],
            "something is at the other end; of a dummy or tun link it can be set";
        Change protodown: OnOff = 39 always, ip ["protodown"], "a protocol keeps the carrier down";
        Change mode: LinkMode = 17 always, ip ["mode"],
            "the operstate of a link that comes up: up (DEFAULT), or dormant first (DORMANT)";
        Change addrgenmode: AddrGenMode = 26, ip ["addrgenmode"], "how it makes its IPv6 link-local address";
        Read broadcast: Mac = 2, ip [], "the hardware address of broadcasts";
        Read permanent_mac: Mac = 54, ip [], "the address burnt in, if another is in use";
        Read min_mtu: U32 = 50 always, ip [], "the least MTU it can have";
        Read max_mtu: U32 = 51 always, ip [], "the greatest MTU it can have, 0 for no limit";
        Read flags: Flags = header always, ip [], "UP, LOWER_UP, NO-CARRIER, ..., as `ip link` shows them";
        Read operstate: OperState = 16 always, ip [],
            "UP, DOWN, UNKNOWN, LOWERLAYERDOWN, DORMANT, ... (RFC 2863)";
        Read link_index: U32 = 5, ip [], "the index of the peer or of the link below";
        Read link_netnsid: Signed = 37, ip [], "the kernel's number for that link's namespace, if it is another one";
        Read qdisc: Text = 6 always, ip [], "its queueing discipline";
        Read altnames: AltNames = 52 always, ip [], "its alternative names";
        Read promiscuity: U32 = 30 always, ip [], "how many ask it to be promiscuous";
        Read allmulti: U32 = 61 always, ip [], "how many ask it for all multicast";
        Read tx_queues: U32 = 31 always, ip [], "its transmit queues";
        Read rx_queues: U32 = 32 always, ip [], "its receive queues";
        Read carrier_changes: U32 = 35 always, ip [], "how often the carrier came or went";
        Read gso_max_size: U32 = 41 always, ip [], "the largest packet to be segmented, in bytes";
        Read gso_max_segs: U32 = 40 always, ip [], "the most segments of one packet";
        Read tso_max_size: U32 = 59 always, ip [], "as gso_max_size, of the device";
        Read tso_max_segs: U32 = 60 always, ip [], "as gso_max_segs, of the device";
        Read gro_max_size: U32 = 58 always, ip [], "the largest packet that is put together, in bytes";
        Read parent_bus: Text = 57, ip [], "the bus of hardware";
        Read parent_dev: Text = 56, ip [], "the device of hardware";
    }
}

/// Whether it is set only once the link is there: flags of a peer are refused before its other end is there, and the
/// kernel passes over an alias. Of the other attributes a link is made.
pub fn is_late(row: &Row<Common>) -> bool {
    row.flag.is_some() || row.name == "alias"
}

named! {
    /// IF_OPER_* of linux/if.h.
    OperState(u8) (to_ne_bytes, from_ne_bytes) {
        0 = "UNKNOWN", 1 = "NOTPRESENT", 2 = "DOWN", 3 = "LOWERLAYERDOWN", 4 = "TESTING", 5 = "DORMANT", 6 = "UP"
    }
}

/// IF_LINK_MODE_* of linux/if.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkMode(pub u8);

impl Words for LinkMode {
    const WORDS: &'static [(&'static str, Self)] = &[("default", LinkMode(0)), ("dormant", LinkMode(1))];
    const CAPITALS: bool = true;

    fn to_wire(self) -> Option<Vec<u8>> {
        Some(vec![self.0])
    }

    fn from_wire(bytes: &[u8]) -> Option<Self> {
        bytes.first().map(|mode| LinkMode(u8::from(*mode == 1)))
    }
}

/// IN6_ADDR_GEN_MODE_* of linux/if_link.h. It stands in IFLA_AF_SPEC, AF_INET6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddrGenMode(pub u8);

impl AddrGenMode {
    /// As a link is made.
    pub const EUI64: Self = AddrGenMode(0);
}

const INET6: u16 = libc::AF_INET6 as u16;
const INET6_ADDR_GEN_MODE: u16 = 8;

impl Words for AddrGenMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("eui64", AddrGenMode::EUI64),
        ("none", AddrGenMode(1)),
        ("stable_secret", AddrGenMode(2)),
        ("random", AddrGenMode(3)),
    ];

    fn to_wire(self) -> Option<Vec<u8>> {
        let (mut inet6, mut families) = (Attributes::new(), Attributes::new());
        inet6.put(INET6_ADDR_GEN_MODE, &[self.0]);
        families.nest(INET6, inet6);
        families.into_bytes().ok()
    }

    fn from_wire(families: &[u8]) -> Option<Self> {
        let mode = find(find(families, INET6)?, INET6_ADDR_GEN_MODE)?.first()?;
        Self::WORDS.iter().map(|(_, known)| *known).find(|known| known.0 == *mode)
    }
}

/// IFLA_PROP_LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AltNames(pub Vec<String>);

/// ARPHRD_* of linux/if_arp.h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkType(pub u16);

/// IFF_* of linux/if.h, as the kernel sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub bits: u32,
    /// The peer or lower link in the same namespace is down.
    pub lower_is_down: bool,
}

reported! {
    AltNames: "string[]", |bytes| {
        let names = attributes_of(bytes).filter(|(kind, _)| *kind == super::ifla::ALT_IFNAME);
        Some(AltNames(names.map(|(_, name)| string(name)).collect()))
    }, |names| Value::words(names.0.clone());
    LinkType: "string", |_bytes| None, |kind| Value::Text(kind.name());
    Flags: "string[]", |_bytes| None, |flags| Value::words(flags.words());
}

impl LinkType {
    /// iproute2's word, or the number.
    pub fn name(self) -> String {
        let name = match self.0 {
            1 => "ether",
            32 => "infiniband",
            280 => "can",
            512 => "ppp",
            768 => "ipip",
            769 => "tunnel6",
            772 => "loopback",
            776 => "sit",
            778 => "gre",
            801 => "ieee802.11",
            823 => "gre6",
            824 => "netlink",
            825 => "6lowpan",
            826 => "vsockmon",
            0xfffe => "none",
            0xffff => "void",
            other => return other.to_string(),
        };
        name.to_owned()
    }
}

bits! {
    /// IFF_* of linux/if.h, in the order in which `ip link` shows them.
    Iff {
        8 => "LOOPBACK", 2 => "BROADCAST", 0x10 => "POINTOPOINT", 0x1000 => "MULTICAST", 0x80 => "NOARP",
        0x200 => "ALLMULTI", 0x100 => "PROMISC", 0x400 => "MASTER", 0x800 => "SLAVE", 4 => "DEBUG", 0x8000 => "DYNAMIC",
        0x4000 => "AUTOMEDIA", 0x2000 => "PORTSEL", 0x20 => "NOTRAILERS", 1 => "UP", 1 << 16 => "LOWER_UP",
        1 << 17 => "DORMANT", 1 << 18 => "ECHO",
    }
}

impl Flags {
    /// `NO-CARRIER` (up, but not running), then those with names, then `M-DOWN`. RUNNING is shown by its absence.
    pub fn words(self) -> Vec<String> {
        let (up, running) = (libc::IFF_UP as u32, libc::IFF_RUNNING as u32);
        let rest = self.bits & !(Iff::of(u32::MAX).0 | running);
        let mut words = Vec::new();
        words.extend((self.bits & (up | running) == up).then(|| "NO-CARRIER".to_owned()));
        words.extend(Iff(self.bits).names().map(str::to_owned));
        words.extend((rest != 0).then(|| format!("{rest:x}")));
        words.extend(self.lower_is_down.then(|| "M-DOWN".to_owned()));
        words
    }
}
