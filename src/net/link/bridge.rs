//! Bridges: IFLA_BR_* of linux/if_link.h; ip-link(8), "BRIDGE Type Support".

use super::fields::{
    BridgeId, Digit, Digit32, GroupAddress, Interval, MultiBit, MulticastRouter, Ticks, Timer, U8, U16,
    VlanProtocol,
};
use super::kind::kind;
use crate::base::error::Error;
use crate::model::table;
use crate::net::fields::Number;
use nix::errno::Errno;

table! {
    /// A bridge.
    pub struct Bridge {
        Set stp: Digit32 = 5, ip ["stp_state"],
            "the spanning tree protocol; default false. On, a new port forwards only after twice `forward_delay`";
        Set ageing: Ticks<4, 0, 10_000_000> = 4, ip ["ageing_time"],
            "seconds after which an unseen address is forgotten; default 300";
        Set forward_delay: Ticks<4, 0, 30> = 1, ip ["forward_delay"],
            "seconds in each of the states listening and learning; default 15; with STP 2 to 30";
        Set hello_time: Ticks<4, 1, 10> = 2, ip ["hello_time"], "seconds between the root's hellos; default 2";
        Set max_age: Ticks<4, 6, 40> = 3, ip ["max_age"],
            "seconds until an unheard root is taken for dead; default 20";
        Set priority: U16 = 6, ip ["priority"],
            "its priority in becoming the root, lower is better; default 32768";
        Set vlan_filtering: Digit = 7, ip ["vlan_filtering"], "ports belong to VLANs; default false";
        Set vlan_protocol: VlanProtocol = 8, ip ["vlan_protocol"],
            "the Ethernet protocol of the VLANs' tags; default 802.1Q";
        Set vlan_default_pvid: U16<0, 4094> = 39, ip ["vlan_default_pvid"],
            "the VLAN of untagged frames of a new port, 0 for none; default 1";
        Set vlan_stats_enabled: Digit = 41, ip ["vlan_stats_enabled"], "count packets per VLAN; default false";
        Set vlan_stats_per_port: Digit = 45, ip ["vlan_stats_per_port"],
            "count packets per VLAN and port; default false";
        Set group_fwd_mask: U16 = 9, ip ["group_fwd_mask"],
            "which of the link-local groups 01:80:c2:00:00:0X are forwarded, as bits; default 0";
        Set group_address: GroupAddress = 20, ip ["group_address"], "the address that BPDUs are sent to";
        Set mcast_snooping: Digit = 23, ip ["mcast_snooping"],
            "send multicast only to ports that asked for it; default true";
        Set mcast_router: MulticastRouter = 22, ip ["mcast_router"],
            "whether the bridge takes multicast as a router does";
        Set mcast_query_use_ifaddr: Digit = 24, ip ["mcast_query_use_ifaddr"],
            "queries come from the bridge's own address";
        Set mcast_querier: Digit = 25, ip ["mcast_querier"], "send IGMP and MLD queries; default false";
        Set mcast_hash_elasticity: Number = 26, ip ["mcast_hash_elasticity"], "has no effect any more";
        Set mcast_hash_max: Number = 27, ip ["mcast_hash_max"],
            "how many multicast groups are kept; default 4096";
        Set mcast_last_member_count: Number = 28, ip ["mcast_last_member_count"],
            "queries before a group is dropped; default 2";
        Set mcast_startup_query_count: Number = 29, ip ["mcast_startup_query_count"],
            "queries sent at the start; default 2";
        Set mcast_last_member_interval: Interval = 30, ip ["mcast_last_member_interval"],
            "seconds between queries after a leave; default 1";
        Set mcast_membership_interval: Interval = 31, ip ["mcast_membership_interval"],
            "seconds until a group without reports goes; default 260";
        Set mcast_querier_interval: Interval = 32, ip ["mcast_querier_interval"],
            "seconds until another querier is taken for gone; default 255";
        Set mcast_query_interval: Interval = 33, ip ["mcast_query_interval"],
            "seconds between queries; default 125";
        Set mcast_query_response_interval: Interval = 34, ip ["mcast_query_response_interval"],
            "seconds that may pass before a report; default 10";
        Set mcast_startup_query_interval: Interval = 35, ip ["mcast_startup_query_interval"],
            "seconds between queries at the start; default 31.25";
        Set mcast_stats_enabled: Digit = 42, ip ["mcast_stats_enabled"],
            "count IGMP and MLD messages; default false";
        Set mcast_igmp_version: U8<2, 3> = 43, ip ["mcast_igmp_version"], "IGMP's version; default 2";
        Set mcast_mld_version: U8<1, 2> = 44, ip ["mcast_mld_version"], "MLD's version; default 1";
        Set nf_call_iptables: Digit = 36, ip ["nf_call_iptables"],
            "bridged IPv4 frames go through iptables too (br_netfilter)";
        Set nf_call_ip6tables: Digit = 37, ip ["nf_call_ip6tables"],
            "bridged IPv6 frames go through ip6tables too (br_netfilter)";
        Set nf_call_arptables: Digit = 38, ip ["nf_call_arptables"],
            "bridged ARP goes through arptables too (br_netfilter)";
        Set fdb_max_learned: Number = 49, ip ["fdb_max_learned"],
            "how many addresses may be learned, 0 for no limit (Linux 6.8)";
        Set no_linklocal_learn: MultiBit<0> = 46, ip ["no_linklocal_learn"],
            "learn nothing from link-local frames; default false";
        Set mcast_vlan_snooping: MultiBit<1> = 46, ip ["mcast_vlan_snooping"],
            "multicast snooping per VLAN; default false";
        Set mst_enabled: MultiBit<2> = 46, ip ["mst_enabled"], "multiple spanning trees; default false";
        Read fdb_n_learned: Number = 48, ip [], "how many addresses are learned now";
        Read bridge_id: BridgeId = 11, ip [], "its priority and address, such as 8000.02:00:00:00:00:01";
        Read root_id: BridgeId = 10, ip [], "the id of the root that it follows";
        Read root_port: U16 = 12, ip [], "the number of the port towards the root; 0 on the root itself";
        Read root_path_cost: Number = 13, ip [], "what the way to the root costs";
        Read topology_change: Digit = 14, ip [], "a topology change is being told";
        Read topology_change_detected: Digit = 15, ip [], "it noticed a topology change";
        Read hello_timer: Timer = 16, ip [], "seconds left on the timer of hellos";
        Read tcn_timer: Timer = 17, ip [], "seconds left on the timer of topology change notices";
        Read topology_change_timer: Timer = 18, ip [], "seconds left on the timer of topology changes";
        Read gc_timer: Timer = 19, ip [], "seconds until addresses are looked through";
    }
}

kind! {
    Bridge, "a bridge", ["bridge" = "BRIDGE"] {
        fn explain(&self, e: Error) -> Error {
            // A kernel can be built without VLAN filtering.
            let wants_vlans = self.vlan_filtering.is_some()
                || self.vlan_protocol.is_some()
                || self.vlan_default_pvid.is_some()
                || self.vlan_stats_enabled.is_some()
                || self.vlan_stats_per_port.is_some();
            match e.raw() {
                Some(Errno::EOPNOTSUPP) if wants_vlans => {
                    e.hint("this kernel's bridges can't filter VLANs (CONFIG_BRIDGE_VLAN_FILTERING)")
                }
                _ => e,
            }
        }
    }
}
