//! Ports of bridges: IFLA_BRPORT_* of linux/if_link.h; bridge(8), "bridge link set".

use super::fields::{BridgeId, MulticastRouter, OnOff, Timer, U16, named};
use crate::model::{Between, table};
use crate::net::fields::Number;

named! {
    /// BR_STATE_* in linux/if_bridge.h.
    PortState(u8) numbered (to_ne_bytes, from_ne_bytes)
        { 0 = "disabled", 1 = "listening", 2 = "learning", 3 = "forwarding", 4 = "blocking" }
}

table! {
    /// A port of a bridge.
    pub struct Port {
        Set state: PortState = 1, ip ["state"], "its state; set by hand only without STP";
        Set priority: U16<0, 63> = 2, ip ["priority"], "its priority, lower is better; default 32";
        Set cost: Between<1, 65535> = 3, ip ["cost"], "what a path through it costs";
        Set hairpin: OnOff = 4, ip ["hairpin"],
            "frames may leave through the port that they came in by; default false";
        Set guard: OnOff = 5, ip ["guard"], "a BPDU that comes in disables the port; default false";
        Set root_block: OnOff = 6, ip ["root_block"], "it can't become the root port; default false";
        Set fastleave: OnOff = 7, ip ["fastleave", "fast_leave", "mcast_fast_leave"],
            "a leave ends multicast at once; default false";
        Set learning: OnOff = 8, ip ["learning"], "learn the source addresses of frames; default true";
        Set flood: OnOff = 9, ip ["flood"], "frames to unknown addresses leave here too; default true";
        Set mcast_flood: OnOff = 27, ip ["mcast_flood"],
            "multicast to unknown groups leaves here too; default true";
        Set bcast_flood: OnOff = 30, ip ["bcast_flood"], "broadcasts leave here; default true";
        Set mcast_to_unicast: OnOff = 28, ip ["mcast_to_unicast"],
            "multicast is sent to each member as unicast; default false";
        Set mcast_router: MulticastRouter = 25, ip ["mcast_router"],
            "whether a multicast router is behind the port";
        Set mcast_max_groups: Number = 42, ip ["mcast_max_groups"],
            "how many groups may be joined, 0 for no limit";
        Set proxy_arp: OnOff = 10, ip ["proxy_arp"], "answer ARP for hosts behind other ports; default false";
        Set proxy_arp_wifi: OnOff = 12, ip ["proxy_arp_wifi"],
            "as proxy_arp, by the rules of 802.11; default false";
        Set neigh_suppress: OnOff = 32, ip ["neigh_suppress"],
            "answer ARP and ND from the neighbour table; default false";
        Set vlan_tunnel: OnOff = 29, ip ["vlan_tunnel"], "map VLANs to tunnel ids; default false";
        Set isolated: OnOff = 33, ip ["isolated"],
            "it talks only to ports that are not isolated; default false";
        Set locked: OnOff = 39, ip ["locked"],
            "only addresses with an fdb entry may send (802.1X); default false";
        Set mab: OnOff = 40, ip ["mab"], "MAC authentication bypass on a locked port; default false";
        Set group_fwd_mask: U16 = 31, ip ["group_fwd_mask"], "as the bridge's, for this port";
        Read mcast_n_groups: Number = 41, ip [], "how many groups are joined now";
        Read id: U16 = 17, ip [], "its id";
        Read number: U16 = 18, ip [], "its number";
        Read root_id: BridgeId = 13, ip [], "the root that it knows of";
        Read bridge_id: BridgeId = 14, ip [], "the designated bridge of its segment";
        Read designated_port: U16 = 15, ip [], "the designated port of its segment";
        Read designated_cost: U16 = 16, ip [], "what the designated bridge's way to the root costs";
        Read topology_change_ack: OnOff = 19, ip [], "a topology change was acknowledged";
        Read config_pending: OnOff = 20, ip [], "a BPDU is waiting to be sent";
        Read message_age_timer: Timer = 21, ip [], "seconds left on the timer of the last BPDU's age";
        Read forward_delay_timer: Timer = 22, ip [], "seconds left in the state listening or learning";
        Read hold_timer: Timer = 23, ip [], "seconds until the next BPDU may be sent";
    }
}
