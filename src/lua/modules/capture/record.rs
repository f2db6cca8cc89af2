//! Packets as scripts see them.

use std::net::IpAddr;
use std::sync::Arc;

use mlua::BString;

use crate::lua::schema::{Record, record};
use crate::probe::capture::{
    Arp, Eth, Icmp, Inner, Ip, Net, Packet, Tcp, TcpOption, Transport, WithLink, protocol_name,
};

/// A packet, and whether its line needs the name of its link.
pub struct Seen {
    pub packet: Arc<Packet>,
    pub several: bool,
}

fn text(address: Option<IpAddr>) -> Option<String> {
    address.map(|a| a.to_string())
}

/// A packet.
pub fn packet() -> Record<Seen> {
    record!(Seen = "nsh.capture.Packet", "A captured packet. Prints as `tcpdump -n` shows it." => {
        time: s => s.packet.time.as_secs_f64(), "when it was seen, in seconds since 1970";
        namespace: s => s.packet.link.namespace.to_string(), "the namespace in which it was seen";
        link: s => s.packet.link.name.clone(), "the link on which it was seen";
        direction: s => s.packet.direction.name(),
            "in, out, broadcast, multicast, or other: for somebody else";
        proto: s => s.packet.layers.proto(),
            "its innermost known protocol: arp, icmp, icmp6, tcp, udp, ...";
        type: s => s.packet.layers.kind(),
            "its kind: \"echo request\", \"request\" (ARP), TCP's flags such as \"S.\", ...";
        src: s => text(s.packet.layers.src()), "its source address; ARP's sender";
        dst: s => text(s.packet.layers.dst()), "its destination address; ARP's target";
        sport: s => s.packet.layers.ports().map(|(sport, _)| sport),
            "the source port of TCP and UDP";
        dport: s => s.packet.layers.ports().map(|(_, dport)| dport),
            "the destination port of TCP and UDP";
        length: s => s.packet.length, "its length on the wire, in bytes";
        caplen: s => s.packet.bytes.len(), "how many bytes of it were captured";
        payload: s => {
            let bytes = s.packet.bytes.get(s.packet.layers.payload.clone()).unwrap_or_default();
            BString::from(bytes)
        }, "what the innermost known header carries, as far as captured";
        payload_length: s => s.packet.layers.payload_length, "how long that is on the wire";
        bytes: s => BString::from(s.packet.bytes.clone()),
            "all that was captured, from the link layer's header on";
        vlan: s => s.packet.layers.vlans.first().map(|v| v.id),
            "the number of its (outer) VLAN tag";
        vlans: s => {
            let ids: Vec<u16> = s.packet.layers.vlans.iter().map(|v| v.id).collect();
            (!ids.is_empty()).then_some(ids)
        }, "the numbers of all its VLAN tags, the outer one first";
    })
    .record("eth", eth(), "its Ethernet header", |s| s.packet.layers.eth.as_ref())
    .record("arp", arp(), "what ARP says", |s| match &s.packet.layers.net {
        Net::Arp(arp) => Some(arp),
        _ => None,
    })
    .record("ip", ip(), "its IP header, of either version", |s| s.packet.layers.ip())
    .record("icmp", icmp(), "its ICMP message, of either version", |s| match &s.packet.layers.transport {
        Transport::Icmp(icmp) | Transport::Icmp6(icmp) => Some(icmp),
        _ => None,
    })
    .record("tcp", tcp(), "its TCP header", |s| match &s.packet.layers.transport {
        Transport::Tcp(tcp) => Some(tcp),
        _ => None,
    })
    .shown(|s| if s.several { WithLink(&s.packet).to_string() } else { s.packet.to_string() })
}

fn eth() -> Record<Eth> {
    record!(Eth = "nsh.capture.Eth", "An Ethernet header." => {
        src: e => e.src.to_string(), "the source's hardware address";
        dst: e => e.dst.to_string(), "the destination's hardware address";
        ethertype: e => e.ethertype, "what it carries, behind VLAN tags: 0x0800 for IPv4, ...";
    })
    .plain()
}

fn arp() -> Record<Arp> {
    record!(Arp = "nsh.capture.Arp", "An ARP message for IPv4 on Ethernet." => {
        op: a => a.op_name(), "request or reply";
        sender: a => a.sender.to_string(), "the sender's address";
        sender_mac: a => a.sender_mac.to_string(), "the sender's hardware address";
        target: a => a.target.to_string(), "the address that is asked for";
        target_mac: a => a.target_mac.to_string(),
            "the target's hardware address; zeros in a request";
    })
    .plain()
}

fn ip() -> Record<Ip> {
    record!(Ip = "nsh.capture.Ip", "An IPv4 or IPv6 header." => {
        version: i => i.version, "4 or 6";
        src: i => i.src.to_string(), "the source address";
        dst: i => i.dst.to_string(), "the destination address";
        ttl: i => i.ttl, "time to live; IPv6's hop limit";
        tos: i => i.tos, "type of service (DSCP and ECN); IPv6's traffic class";
        protocol: i => i.protocol, "the number of the protocol carried, behind extension headers";
        id: i => i.id, "the identification, for fragments";
        df: i => i.dont_fragment, "don't fragment";
        more_fragments: i => i.fragment.is_some_and(|f| f.more),
            "it is a fragment, and not the last one";
        fragment_offset: i => i.fragment.map_or(0, |f| f.offset),
            "where the fragment belongs, in bytes; 0 if it is whole";
        flow_label: i => i.flow_label, "IPv6's flow label";
        extensions: i => i.extensions.clone(), "the numbers of IPv6's extension headers";
        length: i => i.length, "its length with the header, in bytes";
    })
    .plain()
}

fn icmp() -> Record<Icmp> {
    record!(Icmp = "nsh.capture.Icmp", "An ICMP or ICMPv6 message." => {
        type: i => i.kind, "its type's number; the packet's `type` is its name";
        code: i => i.code, "its code";
        id: i => i.id, "the identifier of an echo message";
        seq: i => i.seq, "the sequence number of an echo message";
        mtu: i => i.mtu, "of \"fragmentation needed\" and \"packet too big\"";
        gateway: i => text(i.gateway), "the better next hop that a redirect tells";
        target: i => i.target.map(|t| t.to_string()),
            "whom a neighbour message or redirect is about";
        mac: i => i.mac.map(|m| m.to_string()),
            "the hardware address that a neighbour message tells";
        groups: i => i.groups, "how many groups a multicast listener report is about";
        pointer: i => i.pointer, "the byte that a parameter problem is about";
    })
    .record("inner", inner(), "the packet that an error message is about", |i| i.inner.as_deref())
    .plain()
}

fn inner() -> Record<Inner> {
    record!(Inner = "nsh.capture.Inner", "The packet that an ICMP error quotes." => {
        src: i => i.src.to_string(), "its source address";
        dst: i => i.dst.to_string(), "its destination address";
        proto: i => protocol_name(i.protocol), "its protocol's name";
        protocol: i => i.protocol, "its protocol's number";
        sport: i => i.sport, "its source port";
        dport: i => i.dport, "its destination port";
    })
    .plain()
}

fn tcp() -> Record<Tcp> {
    record!(Tcp = "nsh.capture.Tcp", "A TCP header." => {
        flags: t => t.flag_letters(), "as tcpdump writes them: S, S., P., F., R, ., none";
        seq: t => t.seq, "the sequence number";
        ack: t => t.ack, "the acknowledgement number";
        window: t => t.window, "the window, unscaled";
        mss: t => t.mss(), "the maximum segment size, of a SYN";
        wscale: t => t.options.iter().find_map(|o| match o {
            TcpOption::WindowScale(shift) => Some(*shift),
            _ => None,
        }), "the window scale, of a SYN";
        options: t => t.options.iter().map(TcpOption::to_string).collect::<Vec<_>>(),
            "all options, as tcpdump writes them";
    })
    .plain()
}
