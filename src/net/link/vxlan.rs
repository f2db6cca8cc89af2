//! VXLAN tunnels: IFLA_VXLAN_* of linux/if_link.h; ip-link(8), "VXLAN Type Support".

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{Be16, FlowLabel, OuterDf, OuterTos, Present, SourcePorts, Toggle, U8};
use super::kind::{Lower, kind};
use crate::base::error::Error;
use crate::model::{Between, table};
use crate::net::fields::Number;
use nix::errno::Errno;

table! {
    /// A VXLAN tunnel.
    pub struct Vxlan {
        Make id: Between<0, 16_777_215> = 1, ip ["id", "vni"], "the network identifier (VNI)";
        Set remote: Ipv4Addr = 2, ip ["remote", "group"], "the remote end or a multicast group, IPv4";
        Set remote6: Ipv6Addr = 16, ip ["remote", "group"], "the remote end or a multicast group, IPv6";
        Set local: Ipv4Addr = 4, ip ["local"], "the own end, IPv4";
        Set local6: Ipv6Addr = 17, ip ["local"], "the own end, IPv6";
        Make dstport: Be16<1, 65535> = 15, ip ["dstport"],
            "the UDP port, 4789 at IANA; the kernel's own default is 8472";
        Set ttl: U8 = 5, ip ["ttl", "hoplimit"], "the TTL of outer packets, 0 for the system's default";
        Make ttl_inherit: Present = 28, ip ["ttl inherit"], "the TTL of the packet within; default false";
        Set tos: OuterTos = 6, ip ["tos", "dsfield"], "the TOS of outer packets; \"inherit\" for that of the packet within";
        Set df: OuterDf = 29, ip ["df"], "the don't-fragment bit of outer IPv4 packets; default unset";
        Set flowlabel: FlowLabel = 26, ip ["flowlabel", "label"], "the flow label of outer IPv6 packets";
        Set learning: Toggle = 7, ip ["learning", "nolearning"],
            "learn remote addresses from packets; default true";
        Set ageing: Number = 8, ip ["ageing"],
            "seconds after which an unseen address is forgotten; default 300";
        Make max_addresses: Number = 9, ip ["maxaddress"], "how many addresses are kept, 0 for no limit";
        Make proxy: Toggle = 11, ip ["proxy", "noproxy"], "answer ARP and ND; default false";
        Make rsc: Toggle = 12, ip ["rsc", "norsc"], "route short circuit; default false";
        Make l2miss: Toggle = 13, ip ["l2miss", "nol2miss"],
            "tell of unknown hardware addresses by netlink; default false";
        Make l3miss: Toggle = 14, ip ["l3miss", "nol3miss"],
            "tell of unknown addresses by netlink; default false";
        Make udp_csum: Toggle = 18, ip ["udpcsum", "noudpcsum"],
            "checksums of outer UDP over IPv4; default true";
        Make udp_zero_csum6_tx: Toggle = 19, ip ["udp6zerocsumtx", "noudp6zerocsumtx"],
            "send outer UDP over IPv6 without checksum; default false";
        Make udp_zero_csum6_rx: Toggle = 20, ip ["udp6zerocsumrx", "noudp6zerocsumrx"],
            "take outer UDP over IPv6 without checksum; default false";
        Make srcport: SourcePorts = 10, ip ["srcport", "port"],
            "the UDP source ports of outer packets, such as \"32768-61000\"; default by net.ipv4.ip_local_port_range";
        Make remcsum_tx: Toggle = 21, ip ["remcsumtx", "noremcsumtx"],
            "remote checksum offload of what is sent; default false";
        Make remcsum_rx: Toggle = 22, ip ["remcsumrx", "noremcsumrx"],
            "remote checksum offload of what comes in; default false";
        Make gpe: Present = 27, ip ["gpe"], "the generic protocol extension, without Ethernet; default false";
        Set localbypass: Toggle = 31, ip ["localbypass", "nolocalbypass"],
            "packets to an end on this host take the short way (Linux 6.4); default true";
        Make gbp: Present = 23, ip ["gbp"], "the group policy extension; default false";
        Make external: Toggle = 25, ip ["external", "noexternal"], "the tunnel's ends come with each packet; default false";
        Make vnifilter: Toggle = 30, ip ["vnifilter", "novnifilter"], "only VNIs that are listed; default false";
        Read link_index: Number = 3, ip [], "the index of the link below";
    }
}

kind! {
    Vxlan, "a VXLAN tunnel", ["vxlan" = "VXLAN"] {
        /// IFLA_VXLAN_LINK.
        const LOWER: Lower = Lower::Attribute(3);
        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EEXIST) => e.hint("there is a vxlan with this id and port already"),
                Some(Errno::EINVAL) if self.gpe.is_some() && self.external.is_none() => e.hint("gpe takes external"),
                _ => e,
            }
        }
    }
}
