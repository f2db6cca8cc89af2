//! The options that are particular to a kind of link: each written down once, for setting and for showing.

use mlua::{IntoLua, Lua, Value};

use crate::lua::schema::{Record, Shape, Type, ty};
use crate::net::attributes;
use crate::net::link::options::{
    BridgeOptions, IpvlanMode, IpvlanOptions, MacvlanMode, MacvlanOptions, MulticastRouter, PortOptions,
    PortState, TunInfo, VlanOptions, VlanProtocol, VrfOptions, VxlanDf, VxlanOptions,
};

/// An option's value on its way to Lua.
struct Shown(attributes::Value);

impl IntoLua for Shown {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        match self.0 {
            attributes::Value::Bool(b) => b.into_lua(lua),
            attributes::Value::Int(i) => i.into_lua(lua),
            attributes::Value::Number(n) => n.into_lua(lua),
            attributes::Value::Text(s) => s.into_lua(lua),
        }
    }
}

/// A word of a fixed list, as the net floor keeps it.
fn word(words: &'static [&'static str]) -> Type<&'static str> {
    ty::one_of(&words.iter().map(|w| (*w, *w)).collect::<Vec<_>>())
}

/// Declares, from one list, a function that gives the shape of the options that can be set (`rw`), and one that
/// gives the record of all that is shown (`rw` and `ro`).
macro_rules! options {
    ($type:ident, $shape:ident $shape_name:literal, $record:ident $record_name:literal $record_doc:literal {
        $(rw $field:ident: $ty:expr, $luals:literal, $doc:literal;)*
        $(ro $shown:ident: $shown_luals:literal, $shown_doc:literal;)*
    }) => {
        pub fn $shape() -> Shape<$type> {
            Shape::new($shape_name)
                $(.field(stringify!($field), $ty, $doc, |o: &mut $type, v| o.$field = Some(v)))*
        }

        pub fn $record() -> Record<$type> {
            Record::of($record_name, $record_doc)
                $(.field(stringify!($field), $luals, $doc, |o: &$type| o.$field.clone().map(|v| Shown(v.into()))))*
                $(.field(stringify!($shown), $shown_luals, $shown_doc, |o: &$type| {
                    o.$shown.clone().map(|v| Shown(v.into()))
                }))*
                .plain()
        }
    };
}

options! { BridgeOptions, bridge "nsh.BridgeOptions", bridge_record "nsh.Bridge"
    "What is particular to a bridge; times in seconds." {
    rw stp: ty::boolean(), "boolean?",
        "the spanning tree protocol; default false. On, a new port forwards only after twice `forward_delay`";
    rw ageing: ty::number(0.0..=1e7), "number?", "seconds after which an unseen address is forgotten; default 300";
    rw forward_delay: ty::number(0.0..=30.0), "number?",
        "seconds in each of the states listening and learning; default 15; with STP 2 to 30";
    rw hello_time: ty::number(1.0..=10.0), "number?", "seconds between the root's hellos; default 2";
    rw max_age: ty::number(6.0..=40.0), "number?", "seconds until an unheard root is taken for dead; default 20";
    rw priority: ty::int(0..=65535), "integer?", "its priority in becoming the root, lower is better; default 32768";
    rw vlan_filtering: ty::boolean(), "boolean?", "ports belong to VLANs; default false";
    rw vlan_protocol: word(VlanProtocol::NAMES), "string?", "the Ethernet protocol of the VLANs' tags; default 802.1Q";
    rw vlan_default_pvid: ty::int(0..=4094), "integer?", "the VLAN of untagged frames of a new port, 0 for none; default 1";
    rw vlan_stats_enabled: ty::boolean(), "boolean?", "count packets per VLAN; default false";
    rw vlan_stats_per_port: ty::boolean(), "boolean?", "count packets per VLAN and port; default false";
    rw group_fwd_mask: ty::int(0..=65535), "integer?",
        "which of the link-local groups 01:80:c2:00:00:0X are forwarded, as bits; default 0";
    rw group_address: ty::parsed("a link-local group such as \"01:80:c2:00:00:00\"",
        |s| crate::net::prefix::mac(s).map(|_| s.to_lowercase())), "string?",
        "the address that BPDUs are sent to";
    rw mcast_snooping: ty::boolean(), "boolean?", "send multicast only to ports that asked for it; default true";
    rw mcast_router: word(MulticastRouter::NAMES), "string?", "whether the bridge takes multicast as a router does";
    rw mcast_query_use_ifaddr: ty::boolean(), "boolean?", "queries come from the bridge's own address";
    rw mcast_querier: ty::boolean(), "boolean?", "send IGMP and MLD queries; default false";
    rw mcast_hash_elasticity: ty::int(0..=u32::MAX), "integer?", "has no effect any more";
    rw mcast_hash_max: ty::int(0..=u32::MAX), "integer?", "how many multicast groups are kept; default 4096";
    rw mcast_last_member_count: ty::int(0..=u32::MAX), "integer?", "queries before a group is dropped; default 2";
    rw mcast_startup_query_count: ty::int(0..=u32::MAX), "integer?", "queries sent at the start; default 2";
    rw mcast_last_member_interval: ty::number(0.0..=1e7), "number?", "seconds between queries after a leave; default 1";
    rw mcast_membership_interval: ty::number(0.0..=1e7), "number?", "seconds until a group without reports goes; default 260";
    rw mcast_querier_interval: ty::number(0.0..=1e7), "number?", "seconds until another querier is taken for gone; default 255";
    rw mcast_query_interval: ty::number(0.0..=1e7), "number?", "seconds between queries; default 125";
    rw mcast_query_response_interval: ty::number(0.0..=1e7), "number?", "seconds that may pass before a report; default 10";
    rw mcast_startup_query_interval: ty::number(0.0..=1e7), "number?", "seconds between queries at the start; default 31.25";
    rw mcast_stats_enabled: ty::boolean(), "boolean?", "count IGMP and MLD messages; default false";
    rw mcast_igmp_version: ty::int(2..=3), "integer?", "IGMP's version; default 2";
    rw mcast_mld_version: ty::int(1..=2), "integer?", "MLD's version; default 1";
    rw nf_call_iptables: ty::boolean(), "boolean?", "bridged IPv4 frames go through iptables too (br_netfilter)";
    rw nf_call_ip6tables: ty::boolean(), "boolean?", "bridged IPv6 frames go through ip6tables too (br_netfilter)";
    rw nf_call_arptables: ty::boolean(), "boolean?", "bridged ARP goes through arptables too (br_netfilter)";
    rw fdb_max_learned: ty::int(0..=u32::MAX), "integer?", "how many addresses may be learned, 0 for no limit (Linux 6.8)";
    rw no_linklocal_learn: ty::boolean(), "boolean?", "learn nothing from link-local frames; default false";
    rw mcast_vlan_snooping: ty::boolean(), "boolean?", "multicast snooping per VLAN; default false";
    rw mst_enabled: ty::boolean(), "boolean?", "multiple spanning trees; default false";
    ro fdb_n_learned: "integer?", "how many addresses are learned now";
    ro bridge_id: "string?", "its priority and address, such as 8000.02:00:00:00:00:01";
    ro root_id: "string?", "the id of the root that it follows";
    ro root_port: "integer?", "the number of the port towards the root; 0 on the root itself";
    ro root_path_cost: "integer?", "what the way to the root costs";
    ro topology_change: "boolean?", "a topology change is being told";
    ro topology_change_detected: "boolean?", "it noticed a topology change";
    ro hello_timer: "number?", "seconds left on the timer of hellos";
    ro tcn_timer: "number?", "seconds left on the timer of topology change notices";
    ro topology_change_timer: "number?", "seconds left on the timer of topology changes";
    ro gc_timer: "number?", "seconds until addresses are looked through";
}}

options! { PortOptions, port "nsh.PortOptions", port_record "nsh.LinkPort"
    "What is particular to a port of a bridge." {
    rw state: word(PortState::NAMES), "string?", "its state; set by hand only without STP";
    rw priority: ty::int(0..=63), "integer?", "its priority, lower is better; default 32";
    rw cost: ty::int(1..=65535), "integer?", "what a path through it costs";
    rw hairpin: ty::boolean(), "boolean?", "frames may leave through the port that they came in by; default false";
    rw guard: ty::boolean(), "boolean?", "a BPDU that comes in disables the port; default false";
    rw root_block: ty::boolean(), "boolean?", "it can't become the root port; default false";
    rw fastleave: ty::boolean(), "boolean?", "a leave ends multicast at once; default false";
    rw learning: ty::boolean(), "boolean?", "learn the source addresses of frames; default true";
    rw flood: ty::boolean(), "boolean?", "frames to unknown addresses leave here too; default true";
    rw mcast_flood: ty::boolean(), "boolean?", "multicast to unknown groups leaves here too; default true";
    rw bcast_flood: ty::boolean(), "boolean?", "broadcasts leave here; default true";
    rw mcast_to_unicast: ty::boolean(), "boolean?", "multicast is sent to each member as unicast; default false";
    rw mcast_router: word(MulticastRouter::NAMES), "string?", "whether a multicast router is behind the port";
    rw mcast_max_groups: ty::int(0..=u32::MAX), "integer?", "how many groups may be joined, 0 for no limit";
    rw proxy_arp: ty::boolean(), "boolean?", "answer ARP for hosts behind other ports; default false";
    rw proxy_arp_wifi: ty::boolean(), "boolean?", "as proxy_arp, by the rules of 802.11; default false";
    rw neigh_suppress: ty::boolean(), "boolean?", "answer ARP and ND from the neighbour table; default false";
    rw vlan_tunnel: ty::boolean(), "boolean?", "map VLANs to tunnel ids; default false";
    rw isolated: ty::boolean(), "boolean?", "it talks only to ports that are not isolated; default false";
    rw locked: ty::boolean(), "boolean?", "only addresses with an fdb entry may send (802.1X); default false";
    rw mab: ty::boolean(), "boolean?", "MAC authentication bypass on a locked port; default false";
    rw group_fwd_mask: ty::int(0..=65535), "integer?", "as the bridge's, for this port";
    ro mcast_n_groups: "integer?", "how many groups are joined now";
    ro id: "integer?", "its id";
    ro number: "integer?", "its number";
    ro root_id: "string?", "the root that it knows of";
    ro bridge_id: "string?", "the designated bridge of its segment";
    ro designated_port: "integer?", "the designated port of its segment";
    ro designated_cost: "integer?", "what the designated bridge's way to the root costs";
    ro topology_change_ack: "boolean?", "a topology change was acknowledged";
    ro config_pending: "boolean?", "a BPDU is waiting to be sent";
    ro message_age_timer: "number?", "seconds left on the timer of the last BPDU's age";
    ro forward_delay_timer: "number?", "seconds left in the state listening or learning";
    ro hold_timer: "number?", "seconds until the next BPDU may be sent";
}}

options! { VlanOptions, vlan "nsh.VlanOptions", vlan_record "nsh.Vlan" "What is particular to a VLAN." {
    rw id: ty::int(0..=4095), "integer?", "its id";
    rw protocol: word(VlanProtocol::NAMES), "string?", "the Ethernet protocol of its tags; default 802.1Q";
}}

options! { MacvlanOptions, macvlan "nsh.MacvlanOptions", macvlan_record "nsh.Macvlan"
    "What is particular to a macvlan or macvtap." {
    rw mode: word(MacvlanMode::NAMES), "string?", "who talks to whom; default vepa";
    rw bc_queue_len: ty::int(0..=u32::MAX), "integer?", "broadcasts that may wait; default 1000";
    ro bc_queue_len_used: "integer?", "the length in use, the most of all on the same link";
    ro bc_cutoff: "integer?", "above this number of macvlans multicast is put in the queue";
}}

options! { IpvlanOptions, ipvlan "nsh.IpvlanOptions", ipvlan_record "nsh.Ipvlan"
    "What is particular to an ipvlan or ipvtap." {
    rw mode: word(IpvlanMode::NAMES), "string?", "switched (l2) or routed (l3, l3s); default l3";
}}

options! { VrfOptions, vrf "nsh.VrfOptions", vrf_record "nsh.Vrf" "What is particular to a VRF." {
    rw table: ty::int(1..=u32::MAX), "integer?", "the routing table of its ports";
}}

options! { VxlanOptions, vxlan "nsh.VxlanOptions", vxlan_record "nsh.Vxlan"
    "What is particular to a VXLAN tunnel." {
    rw id: ty::int(0..=16_777_215), "integer?", "the network identifier (VNI)";
    rw remote: ty::from_str("an IPv4 address"), "string?", "the remote end or a multicast group, IPv4";
    rw remote6: ty::from_str("an IPv6 address"), "string?", "the remote end or a multicast group, IPv6";
    rw local: ty::from_str("an IPv4 address"), "string?", "the own end, IPv4";
    rw local6: ty::from_str("an IPv6 address"), "string?", "the own end, IPv6";
    rw dstport: ty::int(1..=65535), "integer?", "the UDP port, 4789 at IANA; the kernel's own default is 8472";
    rw ttl: ty::int(0..=255), "integer?", "the TTL of outer packets, 0 for the system's default";
    rw tos: ty::int(0..=255), "integer?", "the TOS of outer packets, 1 to inherit it";
    rw df: word(VxlanDf::NAMES), "string?", "the don't-fragment bit of outer IPv4 packets; default unset";
    rw flowlabel: ty::int(0..=1_048_575), "integer?", "the flow label of outer IPv6 packets";
    rw learning: ty::boolean(), "boolean?", "learn remote addresses from packets; default true";
    rw ageing: ty::int(0..=u32::MAX), "integer?", "seconds after which an unseen address is forgotten; default 300";
    rw max_addresses: ty::int(0..=u32::MAX), "integer?", "how many addresses are kept, 0 for no limit";
    rw proxy: ty::boolean(), "boolean?", "answer ARP and ND; default false";
    rw rsc: ty::boolean(), "boolean?", "route short circuit; default false";
    rw l2miss: ty::boolean(), "boolean?", "tell of unknown hardware addresses by netlink; default false";
    rw l3miss: ty::boolean(), "boolean?", "tell of unknown addresses by netlink; default false";
    rw udp_csum: ty::boolean(), "boolean?", "checksums of outer UDP over IPv4; default true";
    rw udp_zero_csum6_tx: ty::boolean(), "boolean?", "send outer UDP over IPv6 without checksum; default false";
    rw udp_zero_csum6_rx: ty::boolean(), "boolean?", "take outer UDP over IPv6 without checksum; default false";
    rw gbp: ty::boolean(), "boolean?", "the group policy extension; default false";
    rw external: ty::boolean(), "boolean?", "the tunnel's ends come with each packet; default false";
    rw vnifilter: ty::boolean(), "boolean?", "only VNIs that are listed; default false";
    ro link_index: "integer?", "the index of the link below";
}}

options! { TunInfo, tun "nsh.TunOptions", tun_record "nsh.Tun" "What is particular to a tun or tap link." {
    ro owner: "integer?", "the user who may open it";
    ro group: "integer?", "the group that may open it";
    ro mode: "string?", "tun or tap";
    ro pi: "boolean?", "packets have a header of packet information";
    ro vnet_hdr: "boolean?", "packets have a virtio header";
    ro persist: "boolean?", "it stays when no one has it open";
    ro multi_queue: "boolean?", "it can be opened several times";
}}
