//! The options of each kind of link, in one table per kind: numbers and types as in linux/if_link.h, names as in
//! ip-link(8), times in seconds.

use crate::net::attributes::{
    Attributes, Be16, Be32, Codec, Flag8, Flag32, I32, Ip4, Ip6, MacText, OptionSet, Present, Ticks32,
    Ticks64, U8, U16, U32, Value, named_codec, option_set,
};

/// A bridge's or root's id as iproute2 writes it: priority, then address (`8000.92:28:97:fc:26:0f`).
pub enum BridgeIdText {}

impl Codec for BridgeIdText {
    type Value = String;
    fn encode(_: &String) -> Vec<u8> {
        Vec::new()
    }
    fn decode(bytes: &[u8]) -> Option<String> {
        let [a, b, mac @ ..] = bytes.first_chunk::<8>()?;
        Some(format!("{a:02x}{b:02x}.{}", crate::net::attributes::hardware_address(mac)))
    }
}

/// One bit of IFLA_BR_MULTI_BOOLOPT (`struct br_boolopt_multi`: values, then the mask of valid ones).
pub enum BoolOpt<const BIT: u32> {}

impl<const BIT: u32> Codec for BoolOpt<BIT> {
    type Value = bool;
    fn encode(value: &bool) -> Vec<u8> {
        [(u32::from(*value) << BIT).to_ne_bytes(), (1u32 << BIT).to_ne_bytes()].concat()
    }
    fn decode(bytes: &[u8]) -> Option<bool> {
        let values = u32::from_ne_bytes(*bytes.first_chunk()?);
        let mask = u32::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
        (mask & (1 << BIT) != 0).then_some(values & (1 << BIT) != 0)
    }
}

named_codec! {
    /// What a port does with multicast routers; MDB_RTR_TYPE_* in linux/if_bridge.h.
    pub MulticastRouter: u8 { 0 = "disabled", 1 = "learn", 2 = "permanent", 3 = "temporary" }
}

named_codec! {
    /// A bridge port's state; BR_STATE_* in linux/if_bridge.h.
    pub PortState: u8 { 0 = "disabled", 1 = "listening", 2 = "learning", 3 = "forwarding", 4 = "blocking" }
}

named_codec! {
    /// MACVLAN_MODE_* in linux/if_link.h.
    pub MacvlanMode: u32 { 1 = "private", 2 = "vepa", 4 = "bridge", 8 = "passthru", 16 = "source" }
}

named_codec! {
    /// IPVLAN_MODE_* in linux/if_link.h.
    pub IpvlanMode: u16 { 0 = "l2", 1 = "l3", 2 = "l3s" }
}

named_codec! {
    /// IFF_TUN and IFF_TAP in linux/if_tun.h.
    pub TunType: u8 { 1 = "tun", 2 = "tap" }
}

named_codec! {
    /// VXLAN_DF_* in linux/if_link.h.
    pub VxlanDf: u8 { 0 = "unset", 1 = "set", 2 = "inherit" }
}

/// An Ethernet protocol of VLAN tags.
pub enum VlanProtocol {}

impl VlanProtocol {
    pub const NAMES: &'static [&'static str] = &["802.1Q", "802.1ad"];

    pub fn parse(name: &str) -> Option<&'static str> {
        Self::NAMES.iter().copied().find(|n| n.eq_ignore_ascii_case(name))
    }
}

impl Codec for VlanProtocol {
    type Value = &'static str;
    fn encode(value: &&'static str) -> Vec<u8> {
        let number: u16 = if *value == "802.1ad" { 0x88a8 } else { 0x8100 };
        number.to_be_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<&'static str> {
        match u16::from_be_bytes(*bytes.first_chunk()?) {
            0x8100 => Some("802.1Q"),
            0x88a8 => Some("802.1ad"),
            _ => None,
        }
    }
}

option_set! {
    /// A bridge: IFLA_BR_*, bridge(8) and ip-link(8), "BRIDGE Type Support".
    pub struct BridgeOptions {
        /// The spanning tree protocol (`stp_state`). On, a new port forwards only after twice `forward_delay`.
        rw stp: 5 as Flag32;
        /// Seconds after which an unseen address is forgotten (`ageing_time`); 300.
        rw ageing: 4 as Ticks32;
        /// Seconds in each of the states listening and learning; 15; 2 to 30 with STP.
        rw forward_delay: 1 as Ticks32;
        /// Seconds between the root's hellos; 2; 1 to 10.
        rw hello_time: 2 as Ticks32;
        /// Seconds until an unheard root is taken for dead; 20; 6 to 40.
        rw max_age: 3 as Ticks32;
        /// The bridge's priority in becoming the root, lower is better; 32768.
        rw priority: 6 as U16;
        rw vlan_filtering: 7 as Flag8;
        rw vlan_protocol: 8 as VlanProtocol;
        rw vlan_default_pvid: 39 as U16;
        rw vlan_stats_enabled: 41 as Flag8;
        rw vlan_stats_per_port: 45 as Flag8;
        /// Which of the link-local groups 01-80-C2-00-00-0X are forwarded, as bits.
        rw group_fwd_mask: 9 as U16;
        rw group_address: 20 as MacText;
        rw mcast_snooping: 23 as Flag8;
        rw mcast_router: 22 as MulticastRouter;
        rw mcast_query_use_ifaddr: 24 as Flag8;
        rw mcast_querier: 25 as Flag8;
        rw mcast_hash_elasticity: 26 as U32;
        rw mcast_hash_max: 27 as U32;
        rw mcast_last_member_count: 28 as U32;
        rw mcast_startup_query_count: 29 as U32;
        rw mcast_last_member_interval: 30 as Ticks64;
        rw mcast_membership_interval: 31 as Ticks64;
        rw mcast_querier_interval: 32 as Ticks64;
        rw mcast_query_interval: 33 as Ticks64;
        rw mcast_query_response_interval: 34 as Ticks64;
        rw mcast_startup_query_interval: 35 as Ticks64;
        rw mcast_stats_enabled: 42 as Flag8;
        rw mcast_igmp_version: 43 as U8;
        rw mcast_mld_version: 44 as U8;
        rw nf_call_iptables: 36 as Flag8;
        rw nf_call_ip6tables: 37 as Flag8;
        rw nf_call_arptables: 38 as Flag8;
        /// How many addresses may be learned, 0 for no limit (Linux 6.8).
        rw fdb_max_learned: 49 as U32;
        ro fdb_n_learned: 48 as U32;
        ro no_linklocal_learn: 46 as BoolOpt<0>;
        ro mcast_vlan_snooping: 46 as BoolOpt<1>;
        ro mst_enabled: 46 as BoolOpt<2>;
        ro bridge_id: 11 as BridgeIdText;
        ro root_id: 10 as BridgeIdText;
        ro root_port: 12 as U16;
        ro root_path_cost: 13 as U32;
        ro topology_change: 14 as Flag8;
        ro topology_change_detected: 15 as Flag8;
        ro hello_timer: 16 as Ticks64;
        ro tcn_timer: 17 as Ticks64;
        ro topology_change_timer: 18 as Ticks64;
        ro gc_timer: 19 as Ticks64;
    }
}

impl BridgeOptions {
    /// Whether an option needs VLAN filtering, which a kernel can be built without.
    pub(super) fn wants_vlans(&self) -> bool {
        self.vlan_filtering.is_some()
            || self.vlan_protocol.is_some()
            || self.vlan_default_pvid.is_some()
            || self.vlan_stats_enabled.is_some()
            || self.vlan_stats_per_port.is_some()
    }

    /// As [`OptionSet::write`], with the options that share IFLA_BR_MULTI_BOOLOPT as well.
    pub fn write_all(&self, out: &mut Attributes) {
        self.write(out);
        let bits = [(self.no_linklocal_learn, 0), (self.mcast_vlan_snooping, 1), (self.mst_enabled, 2)];
        let (mut values, mut mask) = (0u32, 0u32);
        for (value, bit) in bits.iter().filter_map(|(value, bit)| Some((u32::from((*value)?), bit))) {
            values |= value << bit;
            mask |= 1 << bit;
        }
        if mask != 0 {
            out.put(46, &[values.to_ne_bytes(), mask.to_ne_bytes()].concat());
        }
    }
}

option_set! {
    /// A port of a bridge: IFLA_BRPORT_*, bridge(8), "bridge link set".
    pub struct PortOptions {
        rw state: 1 as PortState;
        /// 0 to 63; lower is better; 32.
        rw priority: 2 as U16;
        /// The path cost, 1 to 65535.
        rw cost: 3 as U32;
        /// Frames may leave through the port that they came in by.
        rw hairpin: 4 as Flag8;
        /// A port that hears a BPDU is disabled.
        rw guard: 5 as Flag8;
        /// The port can't become the root port.
        rw root_block: 6 as Flag8;
        rw fastleave: 7 as Flag8;
        rw learning: 8 as Flag8;
        /// Unicast frames to unknown addresses are sent out of this port too.
        rw flood: 9 as Flag8;
        rw mcast_flood: 27 as Flag8;
        rw bcast_flood: 30 as Flag8;
        rw mcast_to_unicast: 28 as Flag8;
        rw mcast_router: 25 as MulticastRouter;
        rw mcast_max_groups: 42 as U32;
        rw proxy_arp: 10 as Flag8;
        rw proxy_arp_wifi: 12 as Flag8;
        rw neigh_suppress: 32 as Flag8;
        rw vlan_tunnel: 29 as Flag8;
        /// The port talks only to ports that are not isolated.
        rw isolated: 33 as Flag8;
        rw locked: 39 as Flag8;
        rw mab: 40 as Flag8;
        rw group_fwd_mask: 31 as U16;
        ro mcast_n_groups: 41 as U32;
        ro id: 17 as U16;
        ro number: 18 as U16;
        ro root_id: 13 as BridgeIdText;
        ro bridge_id: 14 as BridgeIdText;
        ro designated_port: 15 as U16;
        ro designated_cost: 16 as U16;
        ro topology_change_ack: 19 as Flag8;
        ro config_pending: 20 as Flag8;
        ro message_age_timer: 21 as Ticks64;
        ro forward_delay_timer: 22 as Ticks64;
        ro hold_timer: 23 as Ticks64;
    }
}

option_set! {
    /// A VLAN on another link: IFLA_VLAN_*.
    pub struct VlanOptions {
        /// The VLAN's id, 0 to 4095.
        rw id: 1 as U16;
        rw protocol: 5 as VlanProtocol;
    }
}

option_set! {
    /// A macvlan or macvtap on another link: IFLA_MACVLAN_*.
    pub struct MacvlanOptions {
        rw mode: 1 as MacvlanMode;
        rw bc_queue_len: 7 as U32;
        ro bc_queue_len_used: 8 as U32;
        ro bc_cutoff: 9 as I32;
    }
}

option_set! {
    /// An ipvlan or ipvtap on another link: IFLA_IPVLAN_*.
    pub struct IpvlanOptions {
        rw mode: 1 as IpvlanMode;
    }
}

option_set! {
    /// A VRF: IFLA_VRF_*.
    pub struct VrfOptions {
        /// The routing table of its ports.
        rw table: 1 as U32;
    }
}

option_set! {
    /// A VXLAN tunnel: IFLA_VXLAN_*, ip-link(8), "VXLAN Type Support".
    pub struct VxlanOptions {
        /// The network identifier (VNI), 0 to 16777215.
        rw id: 1 as U32;
        /// The remote end, or a multicast group.
        rw remote: 2 as Ip4;
        rw remote6: 16 as Ip6;
        rw local: 4 as Ip4;
        rw local6: 17 as Ip6;
        /// The lower link's index; [`super::LinkSpec::link`] gives it by name.
        ro link_index: 3 as U32;
        /// The UDP port, 4789 at IANA; 8472 is the kernel's own default.
        rw dstport: 15 as Be16;
        rw ttl: 5 as U8;
        rw tos: 6 as U8;
        rw df: 29 as VxlanDf;
        rw flowlabel: 26 as Be32;
        rw learning: 7 as Flag8;
        /// Seconds.
        rw ageing: 8 as U32;
        rw max_addresses: 9 as U32;
        rw proxy: 11 as Flag8;
        rw rsc: 12 as Flag8;
        rw l2miss: 13 as Flag8;
        rw l3miss: 14 as Flag8;
        rw udp_csum: 18 as Flag8;
        rw udp_zero_csum6_tx: 19 as Flag8;
        rw udp_zero_csum6_rx: 20 as Flag8;
        rw gbp: 23 as Present;
        rw external: 25 as Flag8;
        rw vnifilter: 30 as Flag8;
    }
}

option_set! {
    /// A tun or tap link: IFLA_TUN_*; made through /dev/net/tun.
    pub struct TunInfo {
        ro owner: 1 as U32;
        ro group: 2 as U32;
        ro mode: 3 as TunType;
        ro pi: 4 as Flag8;
        ro vnet_hdr: 5 as Flag8;
        ro persist: 6 as Flag8;
        ro multi_queue: 7 as Flag8;
    }
}

option_set! {
    /// A port of a VRF: IFLA_VRF_PORT_*.
    pub struct VrfPortInfo {
        ro table: 1 as U32;
    }
}

/// What is particular to a link's kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Details {
    /// The kind has no options, or none that nsh knows.
    #[default]
    Plain,
    Bridge(Box<BridgeOptions>),
    Vlan(VlanOptions),
    Macvlan(MacvlanOptions),
    Ipvlan(IpvlanOptions),
    Vrf(VrfOptions),
    Vxlan(Box<VxlanOptions>),
    Tun(TunInfo),
}

impl Details {
    /// Decodes IFLA_INFO_DATA.
    pub(super) fn read(kind: &str, bytes: &[u8]) -> Self {
        match kind {
            "bridge" => Details::Bridge(Box::new(BridgeOptions::read(bytes))),
            "vlan" => Details::Vlan(VlanOptions::read(bytes)),
            "macvlan" | "macvtap" => Details::Macvlan(MacvlanOptions::read(bytes)),
            "ipvlan" | "ipvtap" => Details::Ipvlan(IpvlanOptions::read(bytes)),
            "vrf" => Details::Vrf(VrfOptions::read(bytes)),
            "vxlan" => Details::Vxlan(Box::new(VxlanOptions::read(bytes))),
            "tun" => Details::Tun(TunInfo::read(bytes)),
            _ => Details::Plain,
        }
    }

    /// Hands over each option that the kernel told, by name.
    pub fn each(&self, f: &mut dyn FnMut(&'static str, Value)) {
        match self {
            Details::Plain => {}
            Details::Bridge(o) => o.each(f),
            Details::Vlan(o) => o.each(f),
            Details::Macvlan(o) => o.each(f),
            Details::Ipvlan(o) => o.each(f),
            Details::Vrf(o) => o.each(f),
            Details::Vxlan(o) => o.each(f),
            Details::Tun(o) => o.each(f),
        }
    }
}
