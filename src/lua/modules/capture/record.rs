//! Packets as scripts see them.

use std::net::IpAddr;
use std::sync::Arc;

use mlua::BString;

use crate::lua::schema::{Record, record};
use crate::probe::capture::{
    App, Arp, Bgp, Dhcp, Dns, Eth, Icmp, Inner, Ip, Layers, Net, Ospf, Packet, Question, ResourceRecord, Tcp,
    TcpOption, Transport, Tunnel, WithLink, dns_type, protocol_name,
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
        length: s => s.packet.length, "its length on the wire, in bytes";
        caplen: s => s.packet.bytes.len(), "how many bytes of it were captured";
        payload: s => {
            let bytes = s.packet.bytes.get(s.packet.layers.payload.clone()).unwrap_or_default();
            BString::from(bytes)
        }, "what the innermost known header carries, as far as captured; of a tunnel, the packet within";
        bytes: s => BString::from(s.packet.bytes.clone()),
            "all that was captured, from the link layer's header on";
        comment: s => s.packet.comment.clone(), "what was written about it, by `capture:comment` or in the file";
    })
    .include(headers(true), |s| Some(&s.packet.layers))
    .shown(|s| if s.several { WithLink(&s.packet).to_string() } else { s.packet.to_string() })
}

/// The headers of a packet, or of one that a tunnel carries.
fn headers(outer: bool) -> Record<Layers> {
    let fields = record!(Layers = "nsh.capture.Headers", "The headers of a packet that a tunnel carries." => {
        proto: l => l.proto(),
            "its innermost known protocol: arp, icmp, icmp6, tcp, udp, dns, dhcp, ospf, bgp, gre, vxlan, ...";
        type: l => l.kind(),
            "its kind: \"echo request\", \"request\" (ARP), \"query\" (DNS), \"offer\" (DHCP), TCP's flags such as \"S.\", ...";
        src: l => text(l.src()), "its source address; ARP's sender";
        dst: l => text(l.dst()), "its destination address; ARP's target";
        sport: l => l.ports().map(|(sport, _)| sport), "the source port of TCP and UDP";
        dport: l => l.ports().map(|(_, dport)| dport), "the destination port of TCP and UDP";
        payload_length: l => l.payload_length, "how long its payload is on the wire";
        vlan: l => l.vlans.first().map(|v| v.id), "the number of its (outer) VLAN tag";
        vlans: l => {
            let ids: Vec<u16> = l.vlans.iter().map(|v| v.id).collect();
            (!ids.is_empty()).then_some(ids)
        }, "the numbers of all its VLAN tags, the outer one first";
        mpls: l => {
            let labels: Vec<u32> = l.mpls.iter().map(|label| label.label).collect();
            (!labels.is_empty()).then_some(labels)
        }, "its MPLS labels, the outer one first";
    })
    .record("eth", eth(), "its Ethernet header", |l| l.eth.as_ref())
    .record("arp", arp(), "what ARP says", |l| match &l.net {
        Net::Arp(arp) => Some(arp),
        _ => None,
    })
    .record("ip", ip(), "its IP header, of either version", |l| l.ip())
    .record("icmp", icmp(), "its ICMP message, of either version", |l| match &l.transport {
        Transport::Icmp(icmp) | Transport::Icmp6(icmp) => Some(icmp),
        _ => None,
    })
    .record("tcp", tcp(), "its TCP header", |l| match &l.transport {
        Transport::Tcp(tcp) => Some(tcp),
        _ => None,
    })
    .record("dns", dns(), "what DNS says, over UDP", |l| match l.app.as_deref()? {
        App::Dns(dns) => Some(dns),
        _ => None,
    })
    .record("dhcp", dhcp(), "what DHCP says", |l| match l.app.as_deref()? {
        App::Dhcp(dhcp) => Some(dhcp),
        _ => None,
    })
    .record("ospf", ospf(), "what OSPF says", |l| match l.app.as_deref()? {
        App::Ospf(ospf) => Some(ospf),
        _ => None,
    })
    .record("bgp", bgp(), "what BGP says", |l| match l.app.as_deref()? {
        App::Bgp(messages) => Some(messages),
        _ => None,
    });
    if !outer {
        return fields.plain();
    }
    fields
        .record("tunnel", tunnel(), "the tunnel that carries another packet", |l| l.tunnel.as_deref())
        .record("inner", headers(false), "the packet that the tunnel carries", |l| {
            l.tunnel.as_deref().map(|tunnel| &tunnel.inner)
        })
        .plain()
}

fn tunnel() -> Record<Tunnel> {
    record!(Tunnel = "nsh.capture.Tunnel", "A header that carries another packet." => {
        type: t => t.kind_name(), "vxlan, geneve, gre, or ip";
        id: t => t.id(), "the VNI, or GRE's key";
        length: t => t.length, "how long the packet within is";
    })
    .plain()
}

fn dns() -> Record<Dns> {
    record!(Dns = "nsh.capture.Dns", "A message of DNS." => {
        id: d => d.id, "its number";
        response: d => d.response, "whether it is a response";
        opcode: d => d.opcode, "what is asked for: 0 is a query";
        rcode: d => d.response.then(|| d.rcode()), "the result: NoError, NXDomain, ServFail, Refused, ...";
        authoritative: d => d.flags & 0x400 != 0, "it comes from who is responsible for the name";
        truncated: d => d.flags & 0x200 != 0, "it was too long";
    })
    .list("questions", question(), "what is asked", |d| &d.questions)
    .list("answers", answer(), "the answers", |d| &d.answers)
    .plain()
}

fn question() -> Record<Question> {
    record!(Question = "nsh.capture.DnsQuestion", "A question of DNS." => {
        name: q => q.name.clone(), "the name, with a dot at its end";
        type: q => dns_type(q.kind), "A, AAAA, ...";
    })
    .plain()
}

fn answer() -> Record<ResourceRecord> {
    record!(ResourceRecord = "nsh.capture.DnsAnswer", "An answer of DNS." => {
        name: r => r.name.clone(), "the name, with a dot at its end";
        type: r => dns_type(r.kind), "A, AAAA, ...";
        ttl: r => r.ttl, "for how many seconds it may be kept";
        data: r => r.data.clone(), "the address, the name, ..., as tcpdump writes it; empty for types that aren't known";
    })
    .plain()
}

fn dhcp() -> Record<Dhcp> {
    record!(Dhcp = "nsh.capture.Dhcp", "A message of DHCP (for IPv4)." => {
        type: d => d.kind(), "discover, offer, request, ack, ...; nothing of BOOTP";
        xid: d => d.xid, "the transaction's number";
        mac: d => d.mac.map(|m| m.to_string()), "the client's hardware address";
        client: d => text(d.client), "the address that the client has";
        your: d => text(d.your), "the address that the client is given";
        relay: d => text(d.relay), "the relay's address";
        requested: d => text(d.requested), "the address that the client asks for";
        server: d => text(d.server), "the server's address";
        mask: d => text(d.mask), "the mask";
        routers: d => texts(&d.routers), "the default routers";
        dns: d => texts(&d.dns), "the name servers";
        hostname: d => d.hostname.clone(), "the client's name";
        lease: d => d.lease, "for how many seconds the address may be used";
    })
    .plain()
}

fn ospf() -> Record<Ospf> {
    record!(Ospf = "nsh.capture.Ospf", "A packet of OSPF." => {
        version: o => o.version, "2, or 3 for IPv6";
        type: o => o.kind(), "hello, database description, link state request, link state update, link state ack";
        router: o => o.router.to_string(), "the sender's router id";
        area: o => o.area.to_string(), "the area";
        hello_interval: o => o.hello_interval, "of a hello: the seconds between two";
        dead_interval: o => o.dead_interval, "of a hello: after how many seconds without one a neighbour is gone";
        dr: o => text(o.dr), "of a hello: the designated router";
        bdr: o => text(o.bdr), "of a hello: the backup designated router";
        neighbors: o => texts(&o.neighbors), "of a hello: the routers that the sender hears";
    })
    .plain()
}

fn bgp() -> Record<Vec<Bgp>> {
    Record::of("nsh.capture.Bgp", "The messages of BGP that begin in a segment.")
        .list("messages", bgp_message(), "the messages", |all: &Vec<Bgp>| all)
        .plain()
}

fn bgp_message() -> Record<Bgp> {
    record!(Bgp = "nsh.capture.BgpMessage", "A message of BGP." => {
        type: b => b.kind(), "open, update, notification, keepalive, route refresh";
        asn: b => b.asn, "of an open: the sender's AS";
        hold_time: b => b.hold_time, "of an open: in seconds";
        router: b => text(b.router), "of an open: the sender's router id";
        prefixes: b => b.prefixes.clone(), "of an update: the prefixes of IPv4 that it tells";
        withdrawn: b => b.withdrawn.clone(), "of an update: the prefixes of IPv4 that it takes back";
        next_hop: b => text(b.next_hop), "of an update: the next hop";
        code: b => b.code, "of a notification: the error's number";
        subcode: b => b.subcode, "of a notification: more about it";
    })
    .plain()
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(IpAddr::to_string).collect()
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
        mtu: i => i.mtu, "of \"fragmentation needed\", \"packet too big\", and router advertisements that tell it";
        gateway: i => text(i.gateway), "the better next hop that a redirect tells";
        target: i => i.target.map(|t| t.to_string()),
            "whom a neighbour message or redirect is about";
        mac: i => i.mac.map(|m| m.to_string()),
            "the hardware address that a neighbour message tells";
        lifetime: i => i.lifetime, "of a router advertisement: for how many seconds it is a default router";
        prefixes: i => (!i.prefixes.is_empty()).then(|| i.prefixes.clone()), "of a router advertisement: the prefixes";
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
