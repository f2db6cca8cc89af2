//! What is sent, and what of that an answer is about.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, SockProtocol, SockType, SockaddrStorage, sendto};

use super::{Options, Proto};
use crate::base::error::{Error, Result};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::ping::packet::{self, Answer as Echo, Quoted};
use crate::probe::ping::run::{check_zone, icmp, set_filter, without_port};
use crate::probe::socket::{self, SocketOptions};
use crate::probe::stamped;

const UDP_PORT: u16 = 33434;
const TCP_PORT: u16 = 80;
const TCP: u8 = 6;
const UDP: u8 = 17;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
/// The first of the source ports of tcp, above those that the kernel hands out (net.ipv4.ip_local_port_range).
const TCP_SOURCE: u16 = 61_000;

/// Sends packets by their numbers, and reads the numbers in what comes back.
pub struct Sender {
    target: SocketAddr,
    family: Family,
    proto: Proto,
    /// Receives ICMP, and sends echo requests.
    pub icmp: OwnedFd,
    /// Sends the packets of tcp and udp, and receives what the target answers.
    pub other: Option<OwnedFd>,
    echo: packet::Run,
    port: u16,
    /// The source port of udp, and of tcp's first packet.
    sport: u16,
    /// Where tcp's packets come from, for their checksum.
    source: Option<IpAddr>,
}

/// What somebody said about the packet of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub number: u16,
    pub said: Said,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The target answered.
    Reached,
    /// The time to live has ended.
    Exceeded,
    /// It goes no further.
    Refused { sign: String, message: String, mtu: Option<u32> },
}

impl Sender {
    pub fn open(ns: &Namespace, target: SocketAddr, options: &Options) -> Result<Self> {
        check_zone(target, &options.socket)?;
        let family = Family::of(target.ip());
        let plain = SocketOptions { port: None, ttl: None, ..options.socket.clone() };
        let raw = |protocol| socket::open_from(ns, family, SockType::Raw, Some(protocol), &plain);
        let receiver = raw(icmp(family))?;
        set_filter(receiver.as_fd(), family)?;
        stamped::ask(receiver.as_fd(), family)?;
        socket::set_receive_buffer(receiver.as_fd(), 1 << 20);
        if options.whole {
            socket::keep_whole(receiver.as_fd(), family)?;
        }
        let echo = packet::Run::new(target.ip(), options.size);
        let (mut sport, mut source) = (0, None);
        let other = match options.proto {
            Proto::Icmp => None,
            Proto::Udp => {
                let socket = socket::open_from(ns, family, SockType::Datagram, None, &plain)?;
                let any = SocketAddr::new(unspecified(family), 0);
                if !matches!(plain.from, Some(socket::Source::Address(_))) {
                    socket::bind(ns, &socket, any)?;
                }
                sport = socket::local_address(socket.as_fd())?.port();
                Some(socket)
            }
            Proto::Tcp => {
                let socket = raw(SockProtocol::Tcp)?;
                source = Some(source_towards(ns, target, &plain)?);
                sport = TCP_SOURCE + echo.id % 2048;
                if family == Family::Inet6 {
                    checksum_at(socket.as_fd(), 16)?;
                }
                Some(socket)
            }
        };
        if let Some(socket) = &other {
            stamped::ask(socket.as_fd(), family)?;
        }
        let port = options.port.unwrap_or(if options.proto == Proto::Tcp { TCP_PORT } else { UDP_PORT });
        Ok(Sender { target, family, proto: options.proto, icmp: receiver, other, echo, port, sport, source })
    }

    /// Bytes of a packet with all its headers.
    pub fn length(&self) -> usize {
        let ip = if self.family == Family::Inet { 20 } else { 40 };
        match self.proto {
            Proto::Tcp => ip + 20,
            _ => ip + 8 + self.echo.size,
        }
    }

    pub fn send(&self, number: u16, ttl: u8) -> std::result::Result<(), Errno> {
        let fd = self.other.as_ref().unwrap_or(&self.icmp);
        let (level, option) = match self.family {
            Family::Inet => (libc::IPPROTO_IP, libc::IP_TTL),
            Family::Inet6 => (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
        };
        socket::set_plain(fd.as_fd(), level, option, &i32::from(ttl))?;
        let mut to = without_port(self.target);
        let bytes = match self.proto {
            Proto::Icmp => self.echo.request(number),
            Proto::Tcp => self.segment(number),
            Proto::Udp => {
                to.set_port(self.port.wrapping_add(number));
                vec![0; self.echo.size]
            }
        };
        sendto(fd.as_raw_fd(), &bytes, &SockaddrStorage::from(to), MsgFlags::MSG_NOSIGNAL).map(drop)
    }

    /// A request for a connection. Each has a source port of its own: a host that gets two for the same ports takes the
    /// second one for a mistake.
    fn segment(&self, number: u16) -> Vec<u8> {
        let mut segment = Vec::with_capacity(20);
        segment.extend(self.sport.wrapping_add(number).to_be_bytes());
        segment.extend(self.port.to_be_bytes());
        segment.extend(&self.echo.cookie[..4]);
        // No acknowledgement; five words of header; the window; no checksum yet.
        segment.extend([0, 0, 0, 0, 5 << 4, SYN, 0x16, 0xd0, 0, 0, 0, 0]);
        // The kernel fills in an IPv6 checksum (IPV6_CHECKSUM).
        if let (Some(IpAddr::V4(source)), IpAddr::V4(target)) = (self.source, self.target.ip()) {
            let pseudo = [&source.octets()[..], &target.octets(), &[0, TCP, 0, 20], &segment].concat();
            segment[16..18].copy_from_slice(&packet::checksum(&pseudo).to_be_bytes());
        }
        segment
    }

    /// What an ICMP message says about one of our packets.
    pub fn icmp(&self, bytes: &[u8], from: IpAddr) -> Option<Heard> {
        if self.proto == Proto::Icmp {
            return match self.echo.read(bytes)? {
                Echo::Reply { seq, .. } => Some(Heard { number: seq, said: Said::Reached }),
                Echo::Refused { seq, kind, code, message, mtu } => {
                    let said = self.refusal(kind, code, message, mtu, from);
                    Some(Heard { number: seq, said })
                }
            };
        }
        let (message, _) = packet::message(self.family, bytes)?;
        let Quoted { kind, code, message, mtu, target, protocol, transport } =
            packet::quoted(self.family, message)?;
        if target != self.target.ip() {
            return None;
        }
        let (sport, dport) = (word(transport, 0)?, word(transport, 2)?);
        let number = match (self.proto, protocol) {
            (Proto::Tcp, TCP) if dport == self.port => sport.wrapping_sub(self.sport),
            (Proto::Udp, UDP) if sport == self.sport => dport.wrapping_sub(self.port),
            _ => return None,
        };
        Some(Heard { number, said: self.refusal(kind, code, message, mtu, from) })
    }

    /// What the target answers to tcp and udp themselves.
    pub fn other(&self, bytes: &[u8], from: SocketAddr) -> Option<Heard> {
        if from.ip() != self.target.ip() {
            return None;
        }
        if self.proto == Proto::Udp {
            let number = from.port().wrapping_sub(self.port);
            return Some(Heard { number, said: Said::Reached });
        }
        let header = match self.family {
            Family::Inet => usize::from(bytes.first()? & 0x0f) * 4,
            Family::Inet6 => 0,
        };
        let segment = bytes.get(header..)?;
        let answers = *segment.get(13)? & (SYN | RST) != 0;
        let number = word(segment, 2)?.wrapping_sub(self.sport);
        (answers && word(segment, 0)? == self.port).then_some(Heard { number, said: Said::Reached })
    }

    fn refusal(&self, kind: u8, code: u8, message: String, mtu: Option<u32>, from: IpAddr) -> Said {
        match (self.family, kind, code) {
            (Family::Inet, 11, 0) | (Family::Inet6, 3, 0) => Said::Exceeded,
            // What the closed port of udp answers with.
            (Family::Inet, 3, 3) | (Family::Inet6, 1, 4) if from == self.target.ip() => Said::Reached,
            _ => Said::Refused { sign: sign(self.family, kind, code, mtu), message, mtu },
        }
    }
}

/// The signs of traceroute(8).
fn sign(family: Family, kind: u8, code: u8, mtu: Option<u32>) -> String {
    let sign = match (family, kind, code) {
        (Family::Inet, 3, 0) | (Family::Inet6, 1, 0) => "!N",
        (Family::Inet, 3, 1) | (Family::Inet6, 1, 3) => "!H",
        (Family::Inet, 3, 2) => "!P",
        (Family::Inet, 3, 4) | (Family::Inet6, 2, _) => return format!("!F-{}", mtu.unwrap_or(0)),
        (Family::Inet, 3, 5) => "!S",
        (Family::Inet, 3, 9 | 10 | 13) | (Family::Inet6, 1, 1) => "!X",
        _ => return format!("!<{kind}-{code}>"),
    };
    sign.to_owned()
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::Inet => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        Family::Inet6 => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    }
}

/// The address that the namespace sends from to `target`.
fn source_towards(ns: &Namespace, target: SocketAddr, options: &SocketOptions) -> Result<IpAddr> {
    let socket = socket::open_from(ns, Family::of(target.ip()), SockType::Datagram, None, options)?;
    let mut target = target;
    target.set_port(9);
    nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(target))
        .map_err(|e| socket::explain(e.into(), target))?;
    Ok(socket::local_address(socket.as_fd())?.ip())
}

/// Has the kernel put the checksum of IPv6 at this place of what is sent.
fn checksum_at(fd: BorrowedFd<'_>, place: i32) -> Result<()> {
    const IPV6_CHECKSUM: i32 = 7;
    socket::set_plain(fd, libc::IPPROTO_IPV6, IPV6_CHECKSUM, &place)
        .map_err(|e| Error::from(e).detail("asking for checksums"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::{self, Change, End};
    use crate::net::testing::lab;

    #[test]
    fn every_number_has_a_source_port() {
        lab(|all| {
            let ns = all.add("t").unwrap();
            link::set(&ns, "lo", &Change::from(End::up(true))).unwrap();
            let options = Options { proto: Proto::Tcp, ..Options::default() };
            let sender = Sender::open(&ns, "127.0.0.1:0".parse().unwrap(), &options).unwrap();
            for number in [0, 5099, u16::MAX] {
                let mut answer = vec![0x45; 20];
                answer.extend(TCP_PORT.to_be_bytes());
                answer.extend(&sender.segment(number)[..2]);
                answer.extend([0, 0, 0, 0, 0, 0, 0, 0, 5 << 4, RST]);
                let heard = sender.other(&answer, "127.0.0.1:0".parse().unwrap());
                assert_eq!(heard, Some(Heard { number, said: Said::Reached }));
            }
        });
    }
}
