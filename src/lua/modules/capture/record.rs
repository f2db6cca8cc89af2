//! Packets as scripts see them.

use std::net::IpAddr;
use std::sync::Arc;

use mlua::BString;

use crate::lua::schema::Record;
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
    Record::of("nsh.capture.Packet", "A captured packet. Prints as `tcpdump -n` shows it.")
        .field("time", "number", "when it was seen, in seconds since 1970", |s: &Seen| {
            s.packet.time.as_secs_f64()
        })
        .field("namespace", "string", "the namespace in which it was seen", |s| {
            s.packet.link.namespace.to_string()
        })
        .field("link", "string", "the link on which it was seen", |s| s.packet.link.name.clone())
        .field("direction", "string", "in, out, broadcast, multicast, or other: for somebody else", |s| {
            s.packet.direction.name()
        })
        .field("proto", "string", "its innermost known protocol: arp, icmp, icmp6, tcp, udp, ...", |s| {
            s.packet.layers.proto()
        })
        .field(
            "type",
            "string?",
            "its kind: \"echo request\", \"request\" (ARP), TCP's flags such as \"S.\", ...",
            |s| s.packet.layers.kind(),
        )
        .field("src", "string?", "its source address; ARP's sender", |s| text(s.packet.layers.src()))
        .field("dst", "string?", "its destination address; ARP's target", |s| text(s.packet.layers.dst()))
        .field("sport", "integer?", "the source port of TCP and UDP", |s| {
            s.packet.layers.ports().map(|(sport, _)| sport)
        })
        .field("dport", "integer?", "the destination port of TCP and UDP", |s| {
            s.packet.layers.ports().map(|(_, dport)| dport)
        })
        .field("length", "integer", "its length on the wire, in bytes", |s| s.packet.length)
        .field("caplen", "integer", "how many bytes of it were captured", |s| s.packet.bytes.len())
        .field("payload", "string", "what the innermost known header carries, as far as captured", |s| {
            let bytes = s.packet.bytes.get(s.packet.layers.payload.clone()).unwrap_or_default();
            BString::from(bytes)
        })
        .field("payload_length", "integer", "how long that is on the wire", |s| {
            s.packet.layers.payload_length
        })
        .field("bytes", "string", "all that was captured, from the link layer's header on", |s| {
            BString::from(s.packet.bytes.clone())
        })
        .field("vlan", "integer?", "the number of its (outer) VLAN tag", |s| {
            s.packet.layers.vlans.first().map(|v| v.id)
        })
        .field("vlans", "integer[]?", "the numbers of all its VLAN tags, the outer one first", |s| {
            let ids: Vec<u16> = s.packet.layers.vlans.iter().map(|v| v.id).collect();
            (!ids.is_empty()).then_some(ids)
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
    Record::of("nsh.capture.Eth", "An Ethernet header.")
        .field("src", "string", "the source's hardware address", |e: &Eth| e.src.to_string())
        .field("dst", "string", "the destination's hardware address", |e| e.dst.to_string())
        .field("ethertype", "integer", "what it carries, behind VLAN tags: 0x0800 for IPv4, ...", |e| {
            e.ethertype
        })
        .plain()
}

fn arp() -> Record<Arp> {
    Record::of("nsh.capture.Arp", "An ARP message for IPv4 on Ethernet.")
        .field("op", "string", "request or reply", |a: &Arp| a.op_name())
        .field("sender", "string", "the sender's address", |a| a.sender.to_string())
        .field("sender_mac", "string", "the sender's hardware address", |a| a.sender_mac.to_string())
        .field("target", "string", "the address that is asked for", |a| a.target.to_string())
        .field("target_mac", "string", "the target's hardware address; zeros in a request", |a| {
            a.target_mac.to_string()
        })
        .plain()
}

fn ip() -> Record<Ip> {
    Record::of("nsh.capture.Ip", "An IPv4 or IPv6 header.")
        .field("version", "integer", "4 or 6", |i: &Ip| i.version)
        .field("src", "string", "the source address", |i| i.src.to_string())
        .field("dst", "string", "the destination address", |i| i.dst.to_string())
        .field("ttl", "integer", "time to live; IPv6's hop limit", |i| i.ttl)
        .field("tos", "integer", "type of service (DSCP and ECN); IPv6's traffic class", |i| i.tos)
        .field("protocol", "integer", "the number of the protocol carried, behind extension headers", |i| {
            i.protocol
        })
        .field("id", "integer?", "the identification, for fragments", |i| i.id)
        .field("df", "boolean", "don't fragment", |i| i.dont_fragment)
        .field("more_fragments", "boolean", "it is a fragment, and not the last one", |i| {
            i.fragment.is_some_and(|f| f.more)
        })
        .field("fragment_offset", "integer", "where the fragment belongs, in bytes; 0 if it is whole", |i| {
            i.fragment.map_or(0, |f| f.offset)
        })
        .field("flow_label", "integer?", "IPv6's flow label", |i| i.flow_label)
        .field("extensions", "integer[]", "the numbers of IPv6's extension headers", |i| i.extensions.clone())
        .field("length", "integer", "its length with the header, in bytes", |i| i.length)
        .plain()
}

fn icmp() -> Record<Icmp> {
    Record::of("nsh.capture.Icmp", "An ICMP or ICMPv6 message.")
        .field("type", "integer", "its type's number; the packet's `type` is its name", |i: &Icmp| i.kind)
        .field("code", "integer", "its code", |i| i.code)
        .field("id", "integer?", "the identifier of an echo message", |i| i.id)
        .field("seq", "integer?", "the sequence number of an echo message", |i| i.seq)
        .field("mtu", "integer?", "of \"fragmentation needed\" and \"packet too big\"", |i| i.mtu)
        .field("gateway", "string?", "the better next hop that a redirect tells", |i| text(i.gateway))
        .field("target", "string?", "whom a neighbour message or redirect is about", |i| {
            i.target.map(|t| t.to_string())
        })
        .field("mac", "string?", "the hardware address that a neighbour message tells", |i| {
            i.mac.map(|m| m.to_string())
        })
        .field("groups", "integer?", "how many groups a multicast listener report is about", |i| i.groups)
        .field("pointer", "integer?", "the byte that a parameter problem is about", |i| i.pointer)
        .record("inner", inner(), "the packet that an error message is about", |i| i.inner.as_deref())
        .plain()
}

fn inner() -> Record<Inner> {
    Record::of("nsh.capture.Inner", "The packet that an ICMP error quotes.")
        .field("src", "string", "its source address", |i: &Inner| i.src.to_string())
        .field("dst", "string", "its destination address", |i| i.dst.to_string())
        .field("proto", "string?", "its protocol's name", |i| protocol_name(i.protocol))
        .field("protocol", "integer", "its protocol's number", |i| i.protocol)
        .field("sport", "integer?", "its source port", |i| i.sport)
        .field("dport", "integer?", "its destination port", |i| i.dport)
        .plain()
}

fn tcp() -> Record<Tcp> {
    let wscale = |t: &Tcp| {
        t.options.iter().find_map(|o| match o {
            TcpOption::WindowScale(shift) => Some(*shift),
            _ => None,
        })
    };
    Record::of("nsh.capture.Tcp", "A TCP header.")
        .field("flags", "string", "as tcpdump writes them: S, S., P., F., R, ., none", |t: &Tcp| {
            t.flag_letters()
        })
        .field("seq", "integer", "the sequence number", |t| t.seq)
        .field("ack", "integer", "the acknowledgement number", |t| t.ack)
        .field("window", "integer", "the window, unscaled", |t| t.window)
        .field("mss", "integer?", "the maximum segment size, of a SYN", |t| t.mss())
        .field("wscale", "integer?", "the window scale, of a SYN", wscale)
        .field("options", "string[]", "all options, as tcpdump writes them", |t| {
            t.options.iter().map(TcpOption::to_string).collect::<Vec<_>>()
        })
        .plain()
}
