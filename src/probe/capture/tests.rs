use std::io::Write;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use super::*;
use crate::net::link::{self, Change, End, LinkSpec};
use crate::net::namespace::Namespaces;
use crate::net::testing::lab;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .lines()
        // What follows // tells what the bytes are.
        .flat_map(|line| line.split("//").next().unwrap_or_default().bytes())
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn packet_on(layer: LinkLayer, bytes: Vec<u8>) -> Packet {
    let length = bytes.len();
    Packet {
        time: Duration::new(1_700_000_000, 123_456_789),
        link: Arc::new(Link { namespace: "ns1".into(), name: "eth0".into(), layer }),
        direction: Direction::In,
        length: length as u32,
        layers: decode(layer, &bytes, length),
        bytes,
        comment: None,
    }
}

fn packet(text: &str) -> Packet {
    packet_on(LinkLayer::Ethernet, hex(text))
}

const ETH: &str = "02 00 00 00 00 02  02 00 00 00 00 01"; // destination, source

fn arp_request() -> Packet {
    packet(&format!(
        "{ETH} 0806
        0001 0800 06 04 0001 // Ethernet, IPv4, request
        02 00 00 00 00 01  0a 00 00 01
        00 00 00 00 00 00  0a 00 00 02"
    ))
}

fn arp_reply() -> Packet {
    packet(&format!(
        "{ETH} 0806
        0001 0800 06 04 0002
        02 00 00 00 00 01  0a 00 00 01
        02 00 00 00 00 02  0a 00 00 02
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 // padding to 60"
    ))
}

/// An IPv4 header for `length` bytes of `protocol`.
fn ip4(protocol: u8, length: usize) -> String {
    let header = hex(&format!(
        "45 00 {:04x} // version and header, type of service, total length
        1234 4000 // identification, don't fragment
        40 {protocol:02x} 0000 // time to live, protocol, checksum
        0a 00 00 01  0a 00 00 02",
        20 + length
    ));
    let sum: u32 = header.chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum();
    let mut header = header;
    header[10..12].copy_from_slice(&(!((sum >> 16) + (sum & 0xffff)) as u16).to_be_bytes());
    header.iter().map(|b| format!("{b:02x}")).collect()
}

fn ip6(next: u8, length: usize) -> String {
    format!(
        "60 012345 {length:04x} {next:02x} 40 // version, flow label, length, next header, hop limit
        2001 0db8 0000 0000 0000 0000 0000 0001
        2001 0db8 0000 0000 0000 0000 0000 0002"
    )
}

fn over4(protocol: u8, carried: &str) -> Packet {
    packet(&format!("{ETH} 0800 {} {carried}", ip4(protocol, hex(carried).len())))
}

fn over6(next: u8, carried: &str) -> Packet {
    packet(&format!("{ETH} 86dd {} {carried}", ip6(next, hex(carried).len())))
}

fn inner4(protocol: u8) -> String {
    format!("{} 9c40 270f 0010 0000", ip4(protocol, 8)) // ports 40000 and 9999
}

fn inner6(next: u8) -> String {
    format!("{} 9c40 270f 0010 0000", ip6(next, 8))
}

fn syn() -> Packet {
    over4(
        6,
        "9c40 1f90 // ports 40000 and 8080
        00000001 00000000 // sequence and acknowledgement numbers
        a0 02 faf0 0000 0000 // header of 40 bytes, SYN, window, checksum, urgent
        02 04 05b4 // maximum segment size 1460
        04 02 // selective acknowledgement permitted
        08 0a 00000064 00000000 // time stamps
        01 // nothing
        03 03 07 // window scale 7",
    )
}

fn echo_request() -> Packet {
    over4(1, "08 00 0000 f6a5 0007 6162636465666768")
}

/// One of each that the one-line form knows.
fn all() -> Vec<Packet> {
    let mut packets = vec![arp_request(), arp_reply(), echo_request(), over4(1, "00 00 0000 f6a5 0007")];
    // Destination unreachable: net, host, protocol, port, fragmentation needed, ...
    for code in 0..=16 {
        packets.push(over4(1, &format!("03 {code:02x} 0000 0000 0578 {}", inner4(17))));
    }
    packets.push(over4(1, &format!("03 03 0000 0000 0000 {}", inner4(6))));
    // Time exceeded, redirect, parameter problem.
    for head in ["0b 00", "0b 01", "05 00", "05 01", "05 02", "05 03", "0c 00", "0c 01"] {
        packets.push(over4(1, &format!("{head} 0000 0a000003 {}", inner4(17))));
    }
    packets.push(syn());
    // SYN and ACK, data, FIN, RST, selective acknowledgement, urgent data, none, all.
    for (flags, rest) in [
        ("50 12", ""),
        ("50 18", "68656c6c6f"),
        ("50 18", "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 41 3a 20 62 0d 0a"), // GET / HTTP/1.1
        ("50 18", "48 54 54 50 2f 31 2e 31 20 32 30 30 20 4f 4b 0d 0a 0d 0a"),          // HTTP/1.1 200 OK
        ("50 11", ""),
        ("50 04", ""),
        ("50 10", ""),
        ("50 30", ""),
        ("50 00", ""),
        ("50 ff", ""),
        ("80 10", "01 01 05 0a 00000010 00000020"),
        ("70 10", "fd 04 f989 01 01 01 00"),
    ] {
        let rest = rest.to_owned();
        packets.push(over4(6, &format!("9c40 1f90 00000064 000000c8 {flags} 01f6 0000 0005 {rest}")));
    }
    packets.push(over6(6, "9c40 1f90 00000064 000000c8 50 18 01f6 0000 0000 68656c6c6f"));
    packets.push(over4(17, "9c40 270f 000d 0000 68656c6c6f"));
    packets.push(over6(17, "9c40 270f 000d 0000 68656c6c6f"));
    packets.push(over4(253, "00 01 02 03"));
    // ICMPv6: echo, unreachable, too big, time exceeded, parameter problem.
    packets.push(over6(58, "80 00 0000 f6a5 0007 6162636465666768"));
    packets.push(over6(58, "81 00 0000 f6a5 0007"));
    for code in 0..=4 {
        packets.push(over6(58, &format!("01 {code:02x} 0000 00000000 {}", inner6(17))));
    }
    for head in ["02 00 0000 00000578", "03 00 0000 00000000", "03 01 0000 00000000", "04 00 0000 00000028"] {
        packets.push(over6(58, &format!("{head} {}", inner6(17))));
    }
    // Neighbour discovery.
    let target = "2001 0db8 0000 0000 0000 0000 0000 0002";
    packets.push(over6(58, &format!("87 00 0000 00000000 {target} 01 01 020000000001")));
    packets.push(over6(58, &format!("88 00 0000 60000000 {target} 02 01 020000000002")));
    packets.push(over6(58, "85 00 0000 00000000 01 01 020000000001"));
    packets.push(over6(58, "86 00 0000 40 00 0708 00000000 00000000 01 01 020000000001"));
    packets.push(over6(58, &format!("89 00 0000 00000000 fe80 0000 0000 0000 0000 0000 0000 0003 {target}")));
    // Multicast listener report, behind a hop-by-hop header.
    packets.push(over6(
        0,
        "3a 00 05 02 0000 01 00 // next header, length, router alert, padding
        8f 00 0000 0000 0001
        04 00 0000 ff02 0000 0000 0000 0000 0001 ff00 0002",
    ));
    packets.push(stp());
    packets
}

fn stp() -> Packet {
    packet(
        "01 80 c2 00 00 00  02 00 00 00 00 01  0026 42 42 03 // length, LLC
        0000 00 00 00 // protocol, version, configuration, flags
        8000 02 00 00 00 00 01  00000000 // root, cost
        8000 02 00 00 00 00 01  8001 // bridge, port
        0000 1400 0200 0f00 // ages and times
        0000000000000000 // padding",
    )
}

#[test]
fn an_arp_request() {
    let p = arp_request();
    let Net::Arp(arp) = p.layers.net else { panic!("{p:?}") };
    assert_eq!((arp.op, arp.op_name()), (1, "request"));
    assert_eq!(arp.sender_mac.to_string(), "02:00:00:00:00:01");
    assert_eq!(p.layers.src(), Some("10.0.0.1".parse().unwrap()));
    assert_eq!(p.layers.dst(), Some("10.0.0.2".parse().unwrap()));
    assert_eq!((p.layers.proto(), p.layers.kind().as_deref()), ("arp", Some("request")));
    assert!(p.to_string().ends_with(" ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28"), "{p}");
}

#[test]
fn an_echo_request() {
    let p = echo_request();
    let ip = p.layers.ip().unwrap();
    assert_eq!((ip.version, ip.ttl, ip.protocol, ip.id), (4, 64, 1, Some(0x1234)));
    assert!(ip.dont_fragment && ip.fragment.is_none());
    let Transport::Icmp(icmp) = &p.layers.transport else { panic!("{p:?}") };
    assert_eq!((icmp.kind, icmp.id, icmp.seq, icmp.length), (8, Some(63141), Some(7), 16));
    assert_eq!(&p.bytes[p.layers.payload.clone()], b"abcdefgh");
    assert_eq!(p.layers.kind().as_deref(), Some("echo request"));
    assert!(
        p.to_string()
            .ends_with(".123456 IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 63141, seq 7, length 16"),
        "{p}"
    );
    let line = WithLink(&p).to_string();
    assert!(line.contains(".123456 ns1/eth0 In  IP 10.0.0.1 > 10.0.0.2: ICMP"), "{line}");
}

#[test]
fn a_syn_with_its_options() {
    let p = syn();
    let Transport::Tcp(tcp) = &p.layers.transport else { panic!("{p:?}") };
    assert_eq!((tcp.sport, tcp.dport, tcp.seq, tcp.window), (40000, 8080, 1, 64240));
    assert_eq!((tcp.flag_letters().as_str(), tcp.mss()), ("S", Some(1460)));
    assert_eq!(
        tcp.options[1..],
        [TcpOption::SackOk, TcpOption::Timestamps(100, 0), TcpOption::Nop, TcpOption::WindowScale(7)]
    );
    assert_eq!((p.layers.payload_length, p.layers.proto()), (0, "tcp"));
}

#[test]
fn an_icmp_error_tells_what_it_is_about() {
    let p = over4(1, &format!("03 04 0000 0000 0578 {}", inner4(17)));
    let Transport::Icmp(icmp) = &p.layers.transport else { panic!("{p:?}") };
    assert_eq!(icmp.mtu, Some(1400));
    let inner = icmp.inner.as_ref().unwrap();
    assert_eq!((inner.protocol, inner.sport, inner.dport), (17, Some(40000), Some(9999)));
    assert_eq!(inner.dst, "10.0.0.2".parse::<IpAddr>().unwrap());
    let p = over6(58, &format!("02 00 0000 00000500 {}", inner6(6)));
    let Transport::Icmp6(icmp) = &p.layers.transport else { panic!("{p:?}") };
    assert_eq!(icmp.mtu, Some(1280));
    assert_eq!(icmp.inner.as_ref().unwrap().dport, Some(9999));
}

#[test]
fn a_neighbour_solicitation() {
    let p = over6(
        58,
        "87 00 0000 00000000 2001 0db8 0000 0000 0000 0000 0000 0002 // type, code, checksum, reserved, target
        01 01 020000000001 // source's link-layer address",
    );
    let Transport::Icmp6(icmp) = &p.layers.transport else { panic!("{p:?}") };
    assert_eq!(icmp.target, Some("2001:db8::2".parse().unwrap()));
    assert_eq!(icmp.mac, Some(Mac([2, 0, 0, 0, 0, 1])));
    assert_eq!(p.layers.kind().as_deref(), Some("neighbor solicitation"));
}

#[test]
fn vlan_tags_and_raw_ip() {
    let tagged = format!(
        "{ETH} 88a8 0064 // provider's tag 100
        8100 a00a // tag 10, priority 5
        0800 {} 08 00 0000 0001 0001",
        ip4(1, 8)
    );
    let p = packet(&tagged);
    let vlans: Vec<(u16, u8)> = p.layers.vlans.iter().map(|v| (v.id, v.priority)).collect();
    assert_eq!(vlans, [(100, 0), (10, 5)]);
    assert_eq!((p.layers.proto(), p.layers.eth.unwrap().ethertype), ("icmp", 0x0800));
    let raw = packet_on(LinkLayer::Ip, hex(&format!("{} 08 00 0000 0001 0001", ip4(1, 8))));
    assert_eq!((raw.layers.proto(), raw.layers.eth), ("icmp", None));
    assert_eq!(packet_on(LinkLayer::Ip, vec![]).layers.proto(), "eth");
}

#[test]
fn fragments() {
    let mut bytes = echo_request().bytes;
    // More to come, from byte 0 on; and a later one.
    bytes[20..22].copy_from_slice(&[0x20, 0x00]);
    let first = packet_on(LinkLayer::Ethernet, bytes.clone());
    assert_eq!(first.layers.ip().unwrap().fragment, Some(Fragment { offset: 0, more: true }));
    assert_eq!(first.layers.proto(), "icmp");
    bytes[20..22].copy_from_slice(&[0x00, 0xb9]);
    let later = packet_on(LinkLayer::Ethernet, bytes);
    assert_eq!(later.layers.ip().unwrap().fragment, Some(Fragment { offset: 1480, more: false }));
    assert_eq!((later.layers.transport.clone(), later.layers.proto()), (Transport::Unknown, "icmp"));
    let fragment6 = "3a 00 05a9 0000002a 00 00 00 00"; // next header, offset 1448 and more, identification
    let p = over6(44, fragment6);
    let ip = p.layers.ip().unwrap();
    assert_eq!((ip.fragment, ip.id), (Some(Fragment { offset: 1448, more: true }), Some(42)));
    assert_eq!(p.layers.transport, Transport::Unknown);
}

#[test]
fn cut_and_spoilt_packets_are_decoded_as_far_as_they_go() {
    let mut random = 1u32;
    for whole in all() {
        for cut in 0..whole.bytes.len() {
            let layers = decode(LinkLayer::Ethernet, &whole.bytes[..cut], whole.bytes.len());
            let p = Packet { bytes: whole.bytes[..cut].to_vec(), layers, ..whole.clone() };
            assert!(p.layers.payload.end <= cut);
            let _ = (p.to_string(), p.layers.kind(), Filter::default().matches(&p));
        }
        for _ in 0..2000 {
            let mut bytes = whole.bytes.clone();
            for _ in 0..3 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (random >> 8) as usize % bytes.len();
                bytes[at] = random as u8;
            }
            for layer in [LinkLayer::Ethernet, LinkLayer::Ip] {
                let p = packet_on(layer, bytes.clone());
                let _ = (p.to_string(), p.layers.kind(), &p.bytes[p.layers.payload.clone()]);
            }
        }
    }
    // A cut SYN still has its ports.
    let syn = syn();
    let layers = decode(LinkLayer::Ethernet, &syn.bytes[..54], syn.bytes.len());
    assert_eq!(layers.ports(), Some((40000, 8080)));
}

#[test]
fn filters() {
    let matches = |filter: Filter, p: &Packet| filter.matches(p);
    let proto = |p| Filter { protos: vec![p], ..Filter::default() };
    let (arp, echo, syn) = (arp_request(), echo_request(), syn());
    assert!(matches(Filter::default(), &arp));
    assert!(matches(proto(Proto::Arp), &arp) && !matches(proto(Proto::Arp), &echo));
    assert!(matches(proto(Proto::Ip), &echo) && !matches(proto(Proto::Ip6), &echo));
    assert!(matches(proto(Proto::Icmp), &echo) && !matches(proto(Proto::Icmp6), &echo));
    assert!(matches(Filter { protos: vec![Proto::Arp, Proto::Tcp], ..Filter::default() }, &syn));
    let host = |a: &str| Filter { hosts: vec![a.parse().unwrap()], ..Filter::default() };
    assert!(matches(host("10.0.0.2"), &echo) && matches(host("10.0.0.1"), &arp));
    assert!(!matches(host("10.0.0.3"), &echo));
    let net = |a: &str| Some(a.parse().unwrap());
    assert!(matches(Filter { net: net("10.0.0.0/24"), ..Filter::default() }, &echo));
    assert!(matches(Filter { src: net("10.0.0.1/32"), ..Filter::default() }, &echo));
    assert!(!matches(Filter { dst: net("10.0.0.1/32"), ..Filter::default() }, &echo));
    assert!(matches(Filter { port: Some((8080, 8080)), ..Filter::default() }, &syn));
    assert!(matches(Filter { sport: Some((40000, 40010)), ..Filter::default() }, &syn));
    assert!(!matches(Filter { dport: Some((40000, 40010)), ..Filter::default() }, &syn));
    assert!(!matches(Filter { port: Some((8080, 8080)), ..Filter::default() }, &echo));
    let kind = |k: &str| Filter { kind: Some(k.into()), ..Filter::default() };
    assert!(matches(kind("echo request"), &echo) && matches(kind("S"), &syn) && !matches(kind("S."), &syn));
    assert!(matches(Filter { id: Some(63141), ..Filter::default() }, &echo));
    assert!(!matches(Filter { inward: Some(false), ..Filter::default() }, &echo));
    assert!(matches(Filter { link: Some("eth0".into()), ..Filter::default() }, &echo));
    assert!(!matches(Filter { namespace: Some("ns2".into()), ..Filter::default() }, &echo));
    assert_eq!(Proto::from_name("gre"), Some(Proto::Number(47)));
    assert_eq!(Proto::from_name("ipx"), None);
    let shown = Filter { protos: vec![Proto::Icmp], dport: Some((1, 2)), ..host("10.0.0.2") }.shown();
    assert_eq!(shown, "proto=icmp host=10.0.0.2 dport=1-2");
}

#[test]
fn a_classic_capture_file() {
    let p = arp_request();
    let file = pcap::classic([&p].into_iter()).unwrap();
    let head = hex("4d3cb2a1 0200 0400 // magic number of nanoseconds, version 2.4
        00000000 00000000 00000400 01000000 // zone, accuracy, longest packet, Ethernet
        00f15365 15cd5b07 2a000000 2a000000 // seconds, nanoseconds, length here and on the wire");
    assert_eq!(file[..head.len()], head);
    assert_eq!(file[head.len()..], p.bytes);
    let raw = packet_on(LinkLayer::Ip, hex(&ip4(253, 0)));
    let e = pcap::classic([&p, &raw].into_iter()).unwrap_err();
    assert_eq!(e.kind(), Kind::Argument);
    assert!(e.message().contains("save as .pcapng"), "{e}");
}

#[test]
fn a_pcapng_file() {
    let p = packet(&format!("{ETH} 88b5 aa"));
    let file = pcap::next_generation([&p].into_iter());
    let expected = hex("0a0d0d0a 28000000 4d3c2b1a 0100 0000 ffffffffffffffff // section
        0400 0300 6e736800 0000 0000 28000000 // by nsh
        01000000 2c000000 0100 0000 00000400 // an interface: Ethernet, longest packet
        0200 0800 6e73312f65746830 // its name, ns1/eth0
        0900 0100 09000000 0000 0000 2c000000 // nanoseconds
        06000000 3c000000 00000000 // a packet of interface 0
        1a9e9717 15ad6de4 // time stamp, the upper half first
        0f000000 0f000000 // length here and on the wire
        020000000002 020000000001 88b5 aa 00 // the packet, padded
        0200 0400 05000000 0000 0000 3c000000 // received, for us");
    let time = (1_700_000_000_123_456_789u64 >> 32) as u32;
    assert_eq!(file[..96].len(), 96);
    assert_eq!(file.len(), expected.len());
    assert_eq!(file[..96], expected[..96]);
    assert_eq!(file[96..100], time.to_le_bytes());
    assert_eq!(file[100..104], (1_700_000_000_123_456_789u64 as u32).to_le_bytes());
    assert_eq!(file[104..], expected[104..]);
}

#[test]
fn a_file_of_unknown_ending() {
    let none: [&Packet; 0] = [];
    assert_eq!(pcap::save(Path::new("x.txt"), none.into_iter()).unwrap_err().kind(), Kind::Argument);
    assert_eq!(
        pcap::save(Path::new("/no/such/x.pcap"), none.into_iter()).unwrap_err().kind(),
        Kind::NotFound
    );
}

/// needs: tcpdump
fn tcpdump(file: &[u8], args: &[&str]) -> Option<String> {
    let child = Command::new("tcpdump")
        .args(args)
        .args(["-r", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        crate::net::testing::skipped("tcpdump is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(file).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn lines_are_those_of_tcpdump() {
    let packets = all();
    let file = pcap::classic(packets.iter()).unwrap();
    let Some(theirs) = tcpdump(&file, &["-n", "-S"]) else { return };
    let ours: Vec<String> = packets.iter().map(|p| p.to_string()).collect();
    let theirs: Vec<&str> = theirs.lines().filter(|l| !l.starts_with('\t')).collect();
    let different: Vec<String> = ours
        .iter()
        .zip(&theirs)
        // tcpdump writes two spaces in front of "unreachable prohibited".
        .filter(|(a, b)| **a != b.replace(",  ", ", "))
        .map(|(a, b)| format!("ours   {a}\ntheirs {b}"))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(ours.len(), theirs.len());
    // tcpdump reads the other format too.
    let other = tcpdump(&pcap::next_generation(packets.iter()), &["-n", "-S"]).unwrap();
    assert_eq!(other.lines().filter(|l| !l.starts_with('\t')).collect::<Vec<_>>(), theirs);
}

/// Sets `lo` up, and a veth pair `a` with 10.0.0.1 and `b` without an address.
fn links(all: &Namespaces) {
    let up = Change::from(End::up(true));
    link::set(all.host(), "lo", &up).unwrap();
    let peer = End { name: Some("b".into()), ..End::up(true) };
    let a = LinkSpec {
        near: End { addrs: vec!["10.0.0.1/24".parse().unwrap()], ..End::up(true) },
        peer: Some(peer),
        ..LinkSpec::of("veth")
    };
    link::add(all.host(), "a", &a).unwrap();
    for name in ["a", "b"] {
        // IPv6's own multicasts come when they like.
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1").unwrap();
    }
}

fn on(all: &Namespaces, links: &[&str], options: Recording) -> Capture {
    let links = links.iter().map(|l| (*l).to_owned()).collect();
    start(&[Place { namespace: all.host(), links }], options).unwrap()
}

fn only(proto: Proto) -> Filter {
    Filter { protos: vec![proto], ..Filter::default() }
}

fn send(count: usize, size: usize) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..count {
        // Nobody listens there: the answer to the first may be told to the second.
        let _ = socket.send_to(&vec![7; size], "127.0.0.1:9999");
    }
}

#[test]
fn what_was_sent_is_there_at_once_and_once() {
    lab(|all| {
        links(all);
        let capture = on(all, &["lo"], Recording::default());
        send(1, 5);
        let packets = capture.packets(&Filter::default());
        let lines: Vec<String> = packets.iter().map(|p| p.to_string()[16..].to_owned()).collect();
        let port = packets[0].layers.ports().unwrap().0;
        assert_eq!(
            lines,
            [
                format!("IP 127.0.0.1.{port} > 127.0.0.1.9999: UDP, length 5"),
                "IP 127.0.0.1 > 127.0.0.1: ICMP 127.0.0.1 udp port 9999 unreachable, length 41".to_owned()
            ]
        );
        let (udp, icmp) = (&packets[0], &packets[1]);
        assert!(udp.time <= icmp.time && udp.time.as_secs() > 1_600_000_000);
        assert_eq!((udp.link.name.as_str(), &*udp.link.namespace), ("lo", "host"));
        assert_eq!(udp.length as usize, udp.bytes.len());
        assert!(!capture.several());
        send(1, 5);
        assert_eq!(capture.count(&only(Proto::Udp)), 2);
        capture.clear();
        assert_eq!(capture.count(&Filter::default()), 0);
        assert_eq!(capture.drops(), Drops::default());
    });
}

#[test]
fn large_packets_are_whole_unless_cut() {
    lab(|all| {
        links(all);
        let whole = on(all, &["lo"], Recording { filter: only(Proto::Udp), ..Recording::default() });
        let cut =
            on(all, &["lo"], Recording { filter: only(Proto::Udp), snaplen: 60, ..Recording::default() });
        send(1, 1900);
        send(1, 60_000);
        send(1, 100);
        let sizes = |c: &Capture| -> Vec<(u32, usize)> {
            c.packets(&Filter::default()).iter().map(|p| (p.length, p.bytes.len())).collect()
        };
        assert_eq!(sizes(&whole), [(1942, 1942), (60_042, 60_042), (142, 142)]);
        assert_eq!(sizes(&cut), [(1942, 60), (60_042, 60), (142, 60)]);
        assert!(whole.packets(&Filter::default()).iter().all(|p| p.bytes[42..].iter().all(|b| *b == 7)));
        let p = &cut.packets(&Filter::default())[1];
        assert_eq!((p.layers.payload_length, p.layers.payload.len()), (60_000, 18));
    });
}

#[test]
fn the_last_packets_are_kept_where_that_is_asked() {
    lab(|all| {
        links(all);
        let sizes = |c: &Capture| -> Vec<u32> {
            c.packets(&only(Proto::Udp)).iter().map(|p| p.length - 42).collect()
        };
        let filter = only(Proto::Udp);
        let few = on(
            all,
            &[],
            Recording { filter: filter.clone(), max_packets: 2, last: true, ..Recording::default() },
        );
        let small = on(all, &[], Recording { filter, max_bytes: 200, last: true, ..Recording::default() });
        for size in [10, 20, 30, 40] {
            send(1, size);
        }
        assert_eq!(sizes(&few), [30, 40]);
        assert_eq!(sizes(&small), [30, 40]);
        assert_eq!((few.drops().limit, small.drops().limit), (0, 0));
        // More than its ring has room for, since it is read beside.
        for _ in 0..10 {
            send(100, 1);
            assert_eq!(sizes(&few), [1, 1]);
        }
    });
}

#[test]
fn namespaces_are_watched_later_and_let_go() {
    lab(|all| {
        links(all);
        let capture = on(all, &[], Recording { last: true, ..Recording::default() });
        let ns = all.add("ns1").unwrap();
        capture.watch(&ns).unwrap();
        link::set(&ns, "lo", &End::up(true).into()).unwrap();
        let send_there = || {
            let sent = ns.within(|| {
                send(1, 5);
                Ok(())
            });
            sent.unwrap();
        };
        let there = Filter { namespace: Some("ns1".into()), protos: vec![Proto::Udp], ..Filter::default() };
        send_there();
        assert!(!capture.wait(&there, 1, Deadline::secs(5.0)).unwrap().is_empty());
        let seen = capture.count(&there);
        capture.unwatch("ns1");
        send_there();
        send(1, 5);
        assert_eq!(capture.count(&there), seen, "what came stays, and no more comes");
        assert!(capture.running() && capture.count(&only(Proto::Udp)) > seen);
        let (names, bytes) = (["host/lo", "ns1/lo"], capture.pcapng());
        assert!(names.iter().all(|n| bytes.windows(n.len()).any(|w| w == n.as_bytes())));
    });
}

#[test]
fn waiting_for_packets() {
    lab(|all| {
        links(all);
        let capture = on(all, &["lo"], Recording::default());
        send(1, 1);
        // What came before counts.
        assert_eq!(capture.wait(&only(Proto::Udp), 1, Deadline::secs(0.0)).unwrap().len(), 1);
        let e = capture.wait(&only(Proto::Udp), 2, Deadline::secs(0.05)).unwrap_err();
        assert_eq!(e.kind(), Kind::Timeout);
        assert!(e.message().starts_with("1 of 2 packets (proto=udp) came; 2 in all; the last is "), "{e}");
        std::thread::scope(|scope| {
            // A thread starts in the namespace of the one that makes it.
            scope.spawn(|| send(3, 1));
            assert!(capture.wait(&only(Proto::Udp), 4, Deadline::secs(10.0)).unwrap().len() >= 4);
        });
        let mut cursor = 0;
        let mut next =
            || capture.next(&mut cursor, &only(Proto::Udp), Deadline::secs(0.01)).unwrap().is_some();
        assert_eq!([next(), next(), next(), next(), next()], [true, true, true, true, false]);
        capture.stop();
        assert!(!capture.running());
        assert_eq!(capture.count(&only(Proto::Udp)), 4);
        let e = capture.wait(&only(Proto::Udp), 9, Deadline::NEVER).unwrap_err();
        assert!(e.message().contains("the capture is stopped"), "{e}");
        assert!(capture.next(&mut cursor, &only(Proto::Udp), Deadline::NEVER).unwrap().is_none());
    });
}

#[test]
fn a_flood_is_kept_or_counted() {
    lab(|all| {
        links(all);
        const SENT: usize = 20_000;
        let all_of_it = on(all, &["lo"], Recording { filter: only(Proto::Udp), ..Recording::default() });
        let limited = Recording { filter: only(Proto::Udp), max_packets: 1000, ..Recording::default() };
        let few = on(all, &["lo"], limited);
        send(SENT, 64);
        let (kept, drops) = (all_of_it.count(&Filter::default()), all_of_it.drops());
        assert_eq!(kept as u64 + drops.kernel, SENT as u64, "{drops:?}");
        assert_eq!(drops.limit, 0);
        assert!(kept > SENT / 10, "only {kept} of {SENT} were kept");
        let (kept, drops) = (few.count(&Filter::default()), few.drops());
        assert_eq!((kept, drops.limit + drops.kernel), (1000, SENT as u64 - 1000));
        few.clear();
        send(1, 64);
        assert_eq!(few.count(&Filter::default()), 1);
    });
}

#[test]
fn directions_and_links_are_told() {
    lab(|all| {
        links(all);
        let capture = on(all, &[], Recording::default());
        assert!(capture.several());
        let socket = UdpSocket::bind("10.0.0.1:0").unwrap();
        socket.send_to(b"hello", "10.0.0.2:9").unwrap();
        // Nobody answers the ARP request.
        let arps = capture.wait(&only(Proto::Arp), 2, Deadline::secs(10.0)).unwrap();
        let seen: Vec<(&str, &str)> =
            arps[..2].iter().map(|p| (p.link.name.as_str(), p.direction.name())).collect();
        assert_eq!(seen, [("a", "out"), ("b", "broadcast")]);
        let inward = Filter { inward: Some(true), ..only(Proto::Arp) };
        assert!(capture.packets(&inward).iter().all(|p| p.link.name == "b"));
        let line = WithLink(&arps[1]).to_string();
        assert!(
            line.contains(" host/b B   ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28"),
            "{line}"
        );
        // Two links, one of them twice: each has a socket of its own.
        let two = on(all, &["a", "lo"], Recording::default());
        send(1, 1);
        assert!(two.packets(&Filter::default()).iter().all(|p| p.link.name != "b"));
        assert_eq!(two.count(&only(Proto::Udp)), 1);
    });
}

#[test]
fn several_namespaces() {
    lab(|all| {
        let (one, two) = (all.add("one").unwrap(), all.add("two").unwrap());
        for ns in [&one, &two] {
            link::set(ns, "lo", &End::up(true).into()).unwrap();
        }
        let places =
            [Place { namespace: &one, links: vec![] }, Place { namespace: &two, links: vec!["lo".into()] }];
        let capture = start(&places, Recording { filter: only(Proto::Udp), ..Recording::default() }).unwrap();
        for ns in [&two, &one, &two] {
            ns.within(|| {
                send(1, 1);
                Ok(())
            })
            .unwrap();
        }
        let seen: Vec<String> =
            capture.packets(&Filter::default()).iter().map(|p| p.link.namespace.to_string()).collect();
        assert_eq!(seen, ["two", "one", "two"]);
        let lost =
            [Place { namespace: &one, links: vec![] }, Place { namespace: &two, links: vec!["x".into()] }];
        let e = start(&lost, Recording::default()).err().unwrap();
        assert_eq!((e.kind(), e.fields().namespace.as_deref()), (Kind::NotFound, Some("two")));
    });
}

#[test]
fn a_tag_that_the_kernel_took_out_is_put_back() {
    lab(|all| {
        links(all);
        let capture = on(all, &["b"], Recording { filter: only(Proto::Icmp), ..Recording::default() });
        let tagged =
            hex(&format!("ffffffffffff 020000000001 8100 a00a 0800 {} 08 00 0000 0001 0001", ip4(1, 8)));
        inject("a", &tagged);
        let got = capture.wait(&Filter::default(), 1, Deadline::secs(10.0)).unwrap();
        assert_eq!(got[0].bytes, tagged);
        assert_eq!(got[0].length as usize, tagged.len());
        assert_eq!((got[0].layers.vlans[0].id, got[0].layers.vlans[0].priority), (10, 5));
    });
}

/// Sends a frame out of a link.
fn inject(link: &str, frame: &[u8]) {
    use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, SockaddrLike};
    let socket =
        nix::sys::socket::socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).unwrap();
    // SAFETY: an all-zero sockaddr_ll is valid, and its length is given.
    let address = unsafe {
        let mut raw: libc::sockaddr_ll = std::mem::zeroed();
        raw.sll_family = libc::AF_PACKET as u16;
        raw.sll_ifindex = nix::net::if_::if_nametoindex(link).unwrap() as i32;
        LinkAddr::from_raw((&raw const raw).cast(), Some(size_of::<libc::sockaddr_ll>() as u32)).unwrap()
    };
    nix::sys::socket::sendto(socket.as_raw_fd(), frame, &address, MsgFlags::empty()).unwrap();
}

#[test]
fn the_kernel_leaves_out_other_protocols() {
    lab(|all| {
        links(all);
        // Frames of all kinds into `a`, as seen at `b` through each program and with it left to ourselves.
        let protos = [
            Proto::Arp,
            Proto::Ip,
            Proto::Ip6,
            Proto::Icmp,
            Proto::Icmp6,
            Proto::Tcp,
            Proto::Udp,
            Proto::Stp,
            Proto::Number(253),
        ];
        let frames = self::all();
        for wanted in
            protos.iter().map(|p| vec![*p]).chain([vec![Proto::Arp, Proto::Tcp, Proto::Ip6], vec![]])
        {
            let filter = Filter { protos: wanted, ..Filter::default() };
            let capture = on(all, &["b"], Recording { filter: filter.clone(), ..Recording::default() });
            for frame in &frames {
                inject("a", &frame.bytes);
            }
            let expected: Vec<String> =
                frames.iter().filter(|p| filter.matches(p)).map(|p| p.to_string()[16..].to_owned()).collect();
            assert!(!expected.is_empty(), "{filter:?}");
            let got = capture.wait(&Filter::default(), expected.len(), Deadline::secs(10.0)).unwrap();
            let got: Vec<String> = got.iter().map(|p| p.to_string()[16..].to_owned()).collect();
            assert_eq!(got, expected, "{filter:?}");
        }
    });
}

#[test]
fn a_tun_device_has_no_link_layer() {
    lab(|all| {
        use std::io::Write;
        links(all);
        let Ok(mut tun) = std::fs::File::options().read(true).write(true).open("/dev/net/tun") else {
            crate::net::testing::skipped("no /dev/net/tun");
            return;
        };
        // SAFETY: an all-zero ifreq is valid; the ioctl reads a name and flags from it.
        let made = unsafe {
            let mut request: libc::ifreq = std::mem::zeroed();
            request.ifr_name[..4].copy_from_slice(&[116, 117, 110, 48]); // tun0
            request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as i16;
            libc::ioctl(tun.as_raw_fd(), libc::TUNSETIFF, &raw mut request)
        };
        assert_eq!(made, 0);
        link::set(all.host(), "tun0", &End::up(true).into()).unwrap();
        let filter = only(Proto::Icmp);
        let capture = on(all, &["tun0"], Recording { filter, ..Recording::default() });
        let ip = hex(&format!("{} 08 00 0000 0001 0001", ip4(1, 8)));
        tun.write_all(&ip).unwrap();
        let got = capture.wait(&Filter::default(), 1, Deadline::secs(10.0)).unwrap();
        assert_eq!((&got[0].bytes, got[0].link.layer), (&ip, LinkLayer::Ip));
        if let Some(line) = tcpdump(&pcap::classic(got.iter().map(|p| &**p)).unwrap(), &["-n"]) {
            assert_eq!(line.trim_end(), got[0].to_string());
        }
    });
}

#[test]
fn links_that_come_and_go() {
    lab(|all| {
        links(all);
        let e = start(&[Place { namespace: all.host(), links: vec!["nope".into()] }], Recording::default());
        let e = e.err().unwrap();
        assert_eq!((e.kind(), e.fields().subject.as_deref()), (Kind::NotFound, Some("nope")));
        assert!(
            e.message().contains("there is lo, b, a") || e.message().contains("there is lo, a, b"),
            "{e}"
        );
        let capture = on(all, &["a"], Recording::default());
        let everywhere = on(all, &[], Recording { promisc: true, ..Recording::default() });
        let down = Change::from(End::up(false));
        let up = Change::from(End::up(true));
        link::set(all.host(), "a", &down).unwrap();
        assert_eq!(capture.count(&only(Proto::Udp)), 0);
        link::set(all.host(), "a", &up).unwrap();
        let seen = Filter { kind: Some("request".into()), inward: Some(true), ..Filter::default() };
        // The carrier comes back a moment after "up"; what is sent before is lost.
        let deadline = Deadline::secs(10.0);
        loop {
            inject("b", &arp_request().bytes);
            if capture.wait(&seen, 1, Deadline::secs(0.05)).is_ok() {
                break;
            }
            assert!(!deadline.passed());
        }
        assert!(!everywhere.packets(&seen).is_empty());
        link::del(all.host(), "a").unwrap();
        send(1, 1);
        assert_eq!(everywhere.count(&only(Proto::Udp)), 1);
        assert!(capture.count(&seen) > 0);
        // The thread doesn't spin on the socket of the link that is gone.
        capture.wait(&only(Proto::Udp), 1, Deadline::secs(0.05)).unwrap_err();
    });
}

#[test]
#[ignore = "a measurement"]
fn how_long_starting_and_stopping_takes() {
    lab(|all| {
        links(all);
        for _ in 0..5 {
            let began = std::time::Instant::now();
            let capture = on(all, &["lo"], Recording::default());
            let started = began.elapsed();
            send(1, 1);
            capture.count(&Filter::default());
            let counted = began.elapsed() - started;
            drop(capture);
            eprintln!("start {started:?}, count {counted:?}, stop {:?}", began.elapsed() - started - counted);
        }
        let namespaces: Vec<_> = (0..200).map(|i| all.add(&format!("ns{i}")).unwrap()).collect();
        let places: Vec<Place<'_>> =
            namespaces.iter().map(|ns| Place { namespace: ns, links: Vec::new() }).collect();
        let began = std::time::Instant::now();
        let capture = start(&places, Recording::default()).unwrap();
        let started = began.elapsed();
        drop(capture);
        eprintln!("200 namespaces: start {started:?}, stop {:?}", began.elapsed() - started);
    });
}
