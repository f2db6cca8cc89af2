//! GENEVE tunnels: IFLA_GENEVE_* of linux/if_link.h; ip-link(8), "GENEVE Type Support".

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{Be16, FlowLabel, OuterDf, OuterTos, Present, SourcePorts, Toggle, U8};
use super::kind::kind;
use crate::base::error::Error;
use crate::model::{Between, table};
use nix::errno::Errno;

table! {
    /// A GENEVE tunnel.
    pub struct Geneve {
        Make id: Between<0, 16_777_215> = 1, ip ["id", "vni"], "the network identifier (VNI)";
        Set remote: Ipv4Addr = 2, ip ["remote"], "the remote end, IPv4";
        Set remote6: Ipv6Addr = 7, ip ["remote"], "the remote end, IPv6";
        Make dstport: Be16<1, 65535> = 5, ip ["dstport"], "the UDP port; default 6081";
        Set ttl: U8 = 3, ip ["ttl", "hoplimit"], "the TTL of outer packets, 0 for the system's default";
        Set ttl_inherit: Toggle = 12, ip ["ttl inherit"], "the TTL of the packet within; default false";
        Set tos: OuterTos = 4, ip ["tos", "dsfield"], "the TOS of outer packets; \"inherit\" for that of the packet within";
        Set df: OuterDf = 13, ip ["df"], "the don't-fragment bit of outer IPv4 packets; default unset";
        Set flowlabel: FlowLabel = 11, ip ["flowlabel", "label"], "the flow label of outer IPv6 packets";
        Make external: Present = 6, ip ["external", "noexternal"],
            "the tunnel's ends come with each packet; default false";
        Make udp_csum: Toggle = 8, ip ["udpcsum", "noudpcsum"],
            "checksums of outer UDP over IPv4; default true";
        Make udp_zero_csum6_tx: Toggle = 9, ip ["udp6zerocsumtx", "noudp6zerocsumtx"],
            "send outer UDP over IPv6 without checksum; default false";
        Make udp_zero_csum6_rx: Toggle = 10, ip ["udp6zerocsumrx", "noudp6zerocsumrx"],
            "take outer UDP over IPv6 without checksum; default false";
        Make srcport: SourcePorts = 15, ip ["port"],
            "the UDP source ports of outer packets, such as \"32768-61000\" (Linux 6.16)";
        Make inner_proto_inherit: Present = 14, ip ["innerprotoinherit"],
            "the tunnel's packets say their inner protocol, without Ethernet (Linux 5.19); default false";
    }
}

kind! {
    Geneve, "a GENEVE tunnel", ["geneve" = "GENEVE"] {
        fn explain(&self, e: Error) -> Error {
            match e.raw() {
                Some(Errno::EBUSY) => e.hint("there is a geneve with this id, remote end and port already"),
                Some(Errno::EINVAL) if self.external.is_none() && self.remote.is_none() && self.remote6.is_none() => {
                    e.hint("a geneve needs a remote end, or external")
                }
                _ => e,
            }
        }
    }
}
