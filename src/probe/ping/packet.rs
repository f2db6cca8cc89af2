//! Echo requests, and what answers them: RFC 792 (ICMP), RFC 4443 (ICMPv6).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::net::prefix::Family;

/// The length of the header in front of an echo's payload: type, code, checksum, identifier, sequence number.
pub const HEADER: usize = 8;
/// The payload's first bytes, random, which tell our requests from those of others.
pub type Cookie = [u8; 8];

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const ECHO_REQUEST: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;

const V6_UNREACHABLE: u8 = 1;
const V6_TOO_BIG: u8 = 2;
const V6_TIME_EXCEEDED: u8 = 3;
const V6_PARAMETER_PROBLEM: u8 = 4;
const V6_ECHO_REQUEST: u8 = 128;
const V6_ECHO_REPLY: u8 = 129;

const PROTOCOL_ICMP: u8 = 1;
const NEXT_HOP_BY_HOP: u8 = 0;
const NEXT_ROUTING: u8 = 43;
const NEXT_FRAGMENT: u8 = 44;
const NEXT_ICMPV6: u8 = 58;
const NEXT_DESTINATION: u8 = 60;

/// The types that the kernel shall hand us.
pub fn wanted(family: Family) -> &'static [u8] {
    match family {
        Family::Inet => &[ECHO_REPLY, UNREACHABLE, TIME_EXCEEDED, PARAMETER_PROBLEM],
        Family::Inet6 => &[V6_UNREACHABLE, V6_TOO_BIG, V6_TIME_EXCEEDED, V6_PARAMETER_PROBLEM, V6_ECHO_REPLY],
    }
}

/// One run's requests, as far as they can be told from those of others.
#[derive(Clone, Debug)]
pub struct Run {
    pub target: IpAddr,
    pub id: u16,
    pub cookie: Cookie,
    /// Bytes behind the ICMP header.
    pub size: usize,
}

/// What a received packet says about one of our requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An echo reply with `size` bytes of ICMP.
    Reply { seq: u16, size: usize, ttl: Option<u8> },
    /// A router or the destination refused it.
    Refused { seq: u16, kind: u8, code: u8, message: String, mtu: Option<u32> },
}

impl Run {
    /// A run with an identity of its own.
    pub fn new(target: IpAddr, size: usize) -> Self {
        // Not a secret, only unlikely to be another's: the standard library seeds its hashers from the kernel.
        let random = RandomState::new().build_hasher().finish();
        Run {
            target,
            id: (random >> 48) as u16,
            cookie: random.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(),
            size: size.min(super::MAX_SIZE),
        }
    }

    pub fn family(&self) -> Family {
        Family::of(self.target)
    }

    /// The request number `seq`. The kernel fills in an ICMPv6 checksum by itself.
    pub fn request(&self, seq: u16) -> Vec<u8> {
        let kind = match self.family() {
            Family::Inet => ECHO_REQUEST,
            Family::Inet6 => V6_ECHO_REQUEST,
        };
        let mut packet = vec![kind, 0, 0, 0];
        packet.extend(self.id.to_be_bytes());
        packet.extend(seq.to_be_bytes());
        packet.extend(self.cookie.iter().take(self.size));
        packet.extend((self.cookie.len()..self.size).map(|i| i as u8));
        if self.family() == Family::Inet {
            let sum = checksum(&packet);
            packet[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        packet
    }

    /// Reads a packet as a raw socket hands it out: with the IP header for IPv4, without for IPv6. `None` for
    /// what is malformed or isn't about this run.
    pub fn read(&self, packet: &[u8]) -> Option<Answer> {
        let (answer, refused) = self.read_of_any(packet)?;
        refused.is_none_or(|target| target == self.target).then_some(answer)
    }

    /// As [`Run::read`], of requests to any target; with the target of one that was refused.
    pub fn read_of_any(&self, packet: &[u8]) -> Option<(Answer, Option<IpAddr>)> {
        let (icmp, ttl) = message(self.family(), packet)?;
        let (reply, request, protocol) = match self.family() {
            Family::Inet => (ECHO_REPLY, ECHO_REQUEST, PROTOCOL_ICMP),
            Family::Inet6 => (V6_ECHO_REPLY, V6_ECHO_REQUEST, NEXT_ICMPV6),
        };
        if *icmp.first()? == reply {
            return Some((self.reply(icmp, ttl)?, None));
        }
        let quoted = quoted(self.family(), icmp).filter(|quoted| quoted.protocol == protocol)?;
        let seq = self.our_request(quoted.transport, request)?;
        let Quoted { kind, code, message, mtu, target, .. } = quoted;
        Some((Answer::Refused { seq, kind, code, message, mtu }, Some(target)))
    }

    /// Whether a packet, as a raw socket where it arrives hands it out, is one of these requests. The identifier may
    /// have been changed on the way (NAT), and so may the addresses.
    pub fn arrived(&self, packet: &[u8]) -> bool {
        let request = match self.family() {
            Family::Inet => split_v4(packet).map(|(_, icmp)| (ECHO_REQUEST, icmp)),
            Family::Inet6 => Some((V6_ECHO_REQUEST, packet)),
        };
        request.is_some_and(|(kind, icmp)| {
            icmp.first() == Some(&kind)
                && icmp.get(HEADER..).is_some_and(|rest| rest.starts_with(&self.cookie))
        })
    }

    fn reply(&self, icmp: &[u8], ttl: Option<u8>) -> Option<Answer> {
        let header = icmp.first_chunk::<HEADER>()?;
        let known = self.size.min(self.cookie.len());
        let ours = u16::from_be_bytes([header[4], header[5]]) == self.id
            && icmp[HEADER..].get(..known)? == &self.cookie[..known];
        let seq = u16::from_be_bytes([header[6], header[7]]);
        ours.then_some(Answer::Reply { seq, size: icmp.len(), ttl })
    }

    /// The sequence number of a quoted request, of which there may be no more than the header.
    fn our_request(&self, icmp: &[u8], kind: u8) -> Option<u16> {
        let header = icmp.first_chunk::<HEADER>()?;
        let quoted = &icmp[HEADER..];
        let known = self.size.min(self.cookie.len()).min(quoted.len());
        let ours = header[0] == kind
            && u16::from_be_bytes([header[4], header[5]]) == self.id
            && quoted[..known] == self.cookie[..known];
        ours.then_some(u16::from_be_bytes([header[6], header[7]]))
    }
}

/// The ICMP message of a packet as a raw socket hands it out, and the ttl that IPv4's header tells.
pub fn message(family: Family, packet: &[u8]) -> Option<(&[u8], Option<u8>)> {
    if family == Family::Inet6 {
        return Some((packet, None));
    }
    let (ip, icmp) = split_v4(packet)?;
    // Raw sockets get what the kernel itself would drop for its checksum.
    (checksum(icmp) == 0).then_some((icmp, Some(ip[8])))
}

/// An ICMP error, and what it quotes of the packet that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted<'a> {
    pub kind: u8,
    pub code: u8,
    pub message: String,
    pub mtu: Option<u32>,
    /// Where the packet was to go.
    pub target: IpAddr,
    /// The number of its protocol.
    pub protocol: u8,
    /// What is there of it behind the IP header: 8 bytes or more.
    pub transport: &'a [u8],
}

/// Reads an ICMP error; `None` for what is none.
pub fn quoted(family: Family, icmp: &[u8]) -> Option<Quoted<'_>> {
    let (kind, code, rest) = (*icmp.first()?, *icmp.get(1)?, *icmp.get(4..)?.first_chunk::<4>()?);
    if !wanted(family).contains(&kind) || matches!(kind, ECHO_REPLY | V6_ECHO_REPLY) {
        return None;
    }
    let inner = icmp.get(8..)?;
    match family {
        Family::Inet => {
            let (header, transport) = split_v4(inner)?;
            let target = Ipv4Addr::from(*header[16..].first_chunk::<4>()?).into();
            // RFC 1191: the next hop's MTU stands in the low half of the unused word; 0 from old routers.
            let mtu = u32::from(u16::from_be_bytes([rest[2], rest[3]]));
            let mtu = (kind == UNREACHABLE && code == 4 && mtu != 0).then_some(mtu);
            let message = message_v4(kind, code, mtu, rest[0]);
            Some(Quoted { kind, code, message, mtu, target, protocol: header[9], transport })
        }
        Family::Inet6 => {
            let header = inner.first_chunk::<40>()?;
            let target = Ipv6Addr::from(*header[24..].first_chunk::<16>()?).into();
            let (protocol, transport) = upper_layer(header[6], &inner[40..])?;
            let word = u32::from_be_bytes(rest);
            let mtu = (kind == V6_TOO_BIG).then_some(word);
            let message = message_v6(kind, code, word);
            Some(Quoted { kind, code, message, mtu, target, protocol, transport })
        }
    }
}

/// Splits an IPv4 packet into its header and what follows.
fn split_v4(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = *packet.first()?;
    let length = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || length < 20 {
        return None;
    }
    packet.split_at_checked(length)
}

/// Walks over the extension headers of a quoted IPv6 packet to what they carry, and tells its protocol.
fn upper_layer(mut next: u8, mut rest: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let length = match next {
            NEXT_FRAGMENT => 8,
            NEXT_HOP_BY_HOP | NEXT_ROUTING | NEXT_DESTINATION => usize::from(*rest.get(1)?) * 8 + 8,
            _ => return Some((next, rest)),
        };
        next = *rest.first()?;
        rest = rest.get(length..)?;
    }
}

/// The Internet checksum of RFC 1071; 0 over a message that contains a right one.
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn message_v4(kind: u8, code: u8, mtu: Option<u32>, pointer: u8) -> String {
    let fixed = match (kind, code) {
        (UNREACHABLE, 0) => "Destination Net Unreachable",
        (UNREACHABLE, 1) => "Destination Host Unreachable",
        (UNREACHABLE, 2) => "Destination Protocol Unreachable",
        (UNREACHABLE, 3) => "Destination Port Unreachable",
        (UNREACHABLE, 4) => {
            let mtu = mtu.unwrap_or(0);
            return format!("Frag needed and DF set (mtu = {mtu})");
        }
        (UNREACHABLE, 5) => "Source Route Failed",
        (UNREACHABLE, 6) => "Destination Net Unknown",
        (UNREACHABLE, 7) => "Destination Host Unknown",
        (UNREACHABLE, 8) => "Source Host Isolated",
        (UNREACHABLE, 9) => "Destination Net Prohibited",
        (UNREACHABLE, 10) => "Destination Host Prohibited",
        (UNREACHABLE, 11) => "Destination Net Unreachable for Type of Service",
        (UNREACHABLE, 12) => "Destination Host Unreachable for Type of Service",
        (UNREACHABLE, 13) => "Packet filtered",
        (UNREACHABLE, 14) => "Precedence Violation",
        (UNREACHABLE, 15) => "Precedence Cutoff",
        (UNREACHABLE, _) => return format!("Destination Unreachable, code {code}"),
        (TIME_EXCEEDED, 0) => "Time to live exceeded",
        (TIME_EXCEEDED, 1) => "Frag reassembly time exceeded",
        (TIME_EXCEEDED, _) => return format!("Time exceeded, code {code}"),
        _ => return format!("Parameter problem: pointer = {pointer}"),
    };
    fixed.to_owned()
}

fn message_v6(kind: u8, code: u8, word: u32) -> String {
    let fixed = match (kind, code) {
        (V6_UNREACHABLE, 0) => "Destination unreachable: No route",
        (V6_UNREACHABLE, 1) => "Destination unreachable: Administratively prohibited",
        (V6_UNREACHABLE, 2) => "Destination unreachable: Beyond scope of source address",
        (V6_UNREACHABLE, 3) => "Destination unreachable: Address unreachable",
        (V6_UNREACHABLE, 4) => "Destination unreachable: Port unreachable",
        (V6_UNREACHABLE, 5) => "Destination unreachable: Source address failed policy",
        (V6_UNREACHABLE, 6) => "Destination unreachable: Reject route",
        (V6_UNREACHABLE, _) => return format!("Destination unreachable, code {code}"),
        (V6_TOO_BIG, _) => return format!("Packet too big: mtu={word}"),
        (V6_TIME_EXCEEDED, 0) => "Time exceeded: Hop limit",
        (V6_TIME_EXCEEDED, 1) => "Time exceeded: Defragmentation failure",
        (V6_TIME_EXCEEDED, _) => return format!("Time exceeded, code {code}"),
        (_, 0) => return format!("Parameter problem: Wrong header field at {word}"),
        (_, 1) => return format!("Parameter problem: Unknown header at {word}"),
        (_, 2) => return format!("Parameter problem: Unknown option at {word}"),
        (_, _) => return format!("Parameter problem, code {code} at {word}"),
    };
    fixed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(target: &str, size: usize) -> Run {
        Run { target: target.parse().unwrap(), id: 0x1234, cookie: *b"abcdefgh", size }
    }

    #[rustfmt::skip]
    const REQUEST: [u8; 18] = [
        8, 0,               // echo request, code 0
        0x4c, 0x28,         // checksum
        0x12, 0x34,         // identifier
        0x00, 0x05,         // sequence number 5
        b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h', // our cookie
        8, 9,               // then bytes that count up
    ];

    /// An IPv4 header without options: the total length and the checksum stay 0, nobody reads them.
    fn ip(protocol: u8, from: [u8; 4], to: [u8; 4]) -> Vec<u8> {
        #[rustfmt::skip]
        let mut header = vec![
            0x45, 0, 0, 0,       // version 4, 5 words; type of service; total length
            0, 0, 0, 0,          // identification; flags and fragment offset
            57, protocol, 0, 0,  // ttl, protocol, checksum
        ];
        header.extend(from);
        header.extend(to);
        header
    }

    fn sealed(mut icmp: Vec<u8>) -> Vec<u8> {
        let sum = checksum(&icmp);
        icmp[2..4].copy_from_slice(&sum.to_be_bytes());
        icmp
    }

    const HERE: [u8; 4] = [10, 0, 0, 2];
    const THERE: [u8; 4] = [8, 8, 8, 8];
    const ROUTER: [u8; 4] = [10, 0, 0, 1];

    #[test]
    fn the_request() {
        let request = run("8.8.8.8", 10).request(5);
        assert_eq!(request[4..], REQUEST[4..]);
        assert_eq!(checksum(&request), 0);
        assert_eq!(request[..4], REQUEST[..4]);
        assert_eq!(run("8.8.8.8", 3).request(5)[8..], *b"abc");
        assert_eq!(run("8.8.8.8", 0).request(5).len(), HEADER);
        // Type 128, and a checksum for the kernel to fill in.
        assert_eq!(run("::1", 10).request(5)[..4], [128, 0, 0, 0]);
    }

    #[test]
    fn a_reply() {
        let mut icmp = REQUEST.to_vec();
        (icmp[0], icmp[2], icmp[3]) = (0, 0, 0);
        let icmp = sealed(icmp);
        let packet = [ip(1, THERE, HERE), icmp.clone()].concat();
        let run = run("8.8.8.8", 10);
        assert_eq!(run.read(&packet), Some(Answer::Reply { seq: 5, size: 18, ttl: Some(57) }));
        // An IP header with options.
        let mut options = ip(1, THERE, HERE);
        options[0] = 0x46;
        options.extend([1, 1, 1, 0]);
        assert!(run.read(&[options, icmp.clone()].concat()).is_some());
        // A wrong checksum, another's identifier, another's cookie.
        for at in [2, 4, 8] {
            let mut other = packet.clone();
            other[20 + at] ^= 1;
            if at != 2 {
                let icmp = sealed([&other[20..22], &[0, 0], &other[24..]].concat());
                other.splice(20.., icmp);
            }
            assert_eq!(run.read(&other), None, "byte {at}");
        }
    }

    #[test]
    fn refusals() {
        let quoted = [ip(1, HERE, THERE), REQUEST[..8].to_vec()].concat();
        let run = run("8.8.8.8", 10);
        #[rustfmt::skip]
        let host_unreachable = sealed([
            &[3, 1, 0, 0,       // destination unreachable, host
              0, 0, 0, 0][..],  // unused
            &quoted,
        ].concat());
        let answer = run.read(&[ip(1, ROUTER, HERE), host_unreachable].concat());
        let message = "Destination Host Unreachable".to_owned();
        assert_eq!(answer, Some(Answer::Refused { seq: 5, kind: 3, code: 1, message, mtu: None }));

        #[rustfmt::skip]
        let too_big = sealed([
            &[3, 4, 0, 0,            // destination unreachable, fragmentation needed
              0, 0, 0x05, 0x78][..], // unused, MTU of the next hop
            &quoted,
        ].concat());
        let answer = run.read(&[ip(1, ROUTER, HERE), too_big].concat());
        let message = "Frag needed and DF set (mtu = 1400)".to_owned();
        assert_eq!(answer, Some(Answer::Refused { seq: 5, kind: 3, code: 4, message, mtu: Some(1400) }));

        // Quotes of a request to another host, and of another protocol, aren't ours.
        for quoted in [ip(1, HERE, ROUTER), ip(17, HERE, THERE)] {
            let icmp = sealed([&[11, 0, 0, 0, 0, 0, 0, 0][..], &quoted, &REQUEST].concat());
            assert_eq!(run.read(&[ip(1, ROUTER, HERE), icmp].concat()), None);
        }
    }

    #[test]
    fn version_6() {
        let run = run("fd00::2", 10);
        let mut reply = run.request(5);
        reply[0] = 129;
        assert_eq!(run.read(&reply), Some(Answer::Reply { seq: 5, size: 18, ttl: None }));

        #[rustfmt::skip]
        let mut header = vec![
            0x60, 0, 0, 0,  // version 6, traffic class, flow label
            0, 18, 58, 1,   // payload length, next header ICMPv6, hop limit
        ];
        header.extend("fd00::1".parse::<Ipv6Addr>().unwrap().octets());
        header.extend("fd00::2".parse::<Ipv6Addr>().unwrap().octets());
        let exceeded = [&[3, 0, 0, 0, 0, 0, 0, 0][..], &header, &run.request(5)].concat();
        let message = "Time exceeded: Hop limit".to_owned();
        let refused = Answer::Refused { seq: 5, kind: 3, code: 0, message, mtu: None };
        assert_eq!(run.read(&exceeded), Some(refused));

        // A fragment header between the two, as "packet too big" quotes it.
        header[6] = 44;
        let fragment = [58, 0, 0, 1, 0, 0, 0, 7];
        let too_big = [&[2, 0, 0, 0, 0, 0, 0x05, 0x00][..], &header, &fragment, &run.request(5)].concat();
        let message = "Packet too big: mtu=1280".to_owned();
        let refused = Answer::Refused { seq: 5, kind: 2, code: 0, message, mtu: Some(1280) };
        assert_eq!(run.read(&too_big), Some(refused));
    }

    /// Every prefix of a packet, and every packet with one byte changed, is read without a panic.
    #[test]
    fn garbage_is_not_ours_and_harms_nobody() {
        let quoted = [ip(1, HERE, THERE), REQUEST.to_vec()].concat();
        let v4 = [ip(1, ROUTER, HERE), [&[3, 1, 0, 0, 0, 0, 0, 0][..], &quoted].concat()].concat();
        let mut header = vec![0x60, 0, 0, 0, 0, 18, 0, 1];
        header.extend([0xfd; 32]);
        let v6 = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &header, &[58, 255], &REQUEST].concat();
        for (target, packet) in [("8.8.8.8", v4), ("fd00::2", v6)] {
            let run = run(target, 10);
            for end in 0..packet.len() {
                run.read(&packet[..end]);
                for value in [0, 1, 43, 58, 0x45, 0x4f, 0xff] {
                    let mut changed = packet.clone();
                    changed[end] = value;
                    run.read(&changed);
                }
            }
        }
    }
}
