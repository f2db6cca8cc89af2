//! The connections that the kernel tracks: list, delete, flush.
//!
//! linux/netfilter/nfnetlink_conntrack.h. A namespace tracks connections only while a rule asks for it: NAT does,
//! and so does any match on a connection's state.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP};
use netlink_packet_netfilter::conntrack::Status;
use netlink_packet_netfilter::{NetfilterHeader, NetfilterProtoFamily, NetfilterSubsystem};
use nix::errno::Errno;

use super::attr::{Attributes, NESTED, Received};
use super::message::{HEADER, message_type, request};
use super::uapi::*;
use super::words::{Family, Not, Ports, Prefix, Protocol};
use crate::base::error::{Error, Kind, Result};
use crate::net::echo::Command;
use crate::net::namespace::Namespace;
use crate::net::netlink::Socket;

/// `IPCTNL_MSG_CT_GET` and `IPCTNL_MSG_CT_DELETE`.
const GET: u8 = 1;
const DELETE: u8 = 2;

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    pub source: IpAddr,
    pub dest: IpAddr,
    pub proto: Protocol,
    pub sport: Option<u16>,
    pub dport: Option<u16>,
    /// Type, code and id of an ICMP or ICMPv6 message that asks for an answer.
    pub icmp: Option<(u8, u8, u16)>,
}

/// Packets and bytes of one direction; counted where the sysctl `net.netfilter.nf_conntrack_acct` is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub packets: u64,
    pub bytes: u64,
}

/// A tracked connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// As the first packet came.
    pub orig: Tuple,
    /// As answers come: what NAT changed is seen here.
    pub reply: Tuple,
    /// `ESTABLISHED` and the like, for TCP and SCTP.
    pub state: Option<&'static str>,
    /// Seconds until it is forgotten, if no packet comes.
    pub timeout: Option<u32>,
    pub mark: u32,
    pub id: Option<u32>,
    /// Conntrack's zone, 0 for most.
    pub zone: u16,
    /// An answer was seen.
    pub replied: bool,
    /// Traffic in both directions went on for long enough not to be dropped early.
    pub assured: bool,
    /// Its source was translated.
    pub snat: bool,
    /// Its destination was translated.
    pub dnat: bool,
    pub sent: Option<Counters>,
    pub received: Option<Counters>,
    /// How the kernel wrote the original tuple, by which to delete it.
    key: Vec<u8>,
}

/// Which connections; the addresses and ports are those of the first packet.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub family: Option<Family>,
    pub proto: Option<Protocol>,
    pub source: Option<Not<Prefix>>,
    pub dest: Option<Not<Prefix>>,
    pub sport: Option<Not<Ports>>,
    pub dport: Option<Not<Ports>>,
    pub mark: Option<u32>,
    pub snat: Option<bool>,
    pub dnat: Option<bool>,
}

impl Filter {
    fn matches(&self, c: &Connection) -> bool {
        let in_prefix =
            |p: &Option<Not<Prefix>>, ip| p.as_ref().is_none_or(|p| p.value.0.contains(ip) != p.negated);
        let in_ports = |p: &Option<Not<Ports>>, port: Option<u16>| {
            p.as_ref().is_none_or(|p| {
                port.is_some_and(|n| {
                    p.value.ranges().iter().any(|r| (r.low..=r.high).contains(&n)) != p.negated
                })
            })
        };
        self.family.is_none_or(|f| f == Family::of(c.orig.source))
            && self.proto.is_none_or(|p| p == c.orig.proto)
            && in_prefix(&self.source, c.orig.source)
            && in_prefix(&self.dest, c.orig.dest)
            && in_ports(&self.sport, c.orig.sport)
            && in_ports(&self.dport, c.orig.dport)
            && self.mark.is_none_or(|m| m == c.mark)
            && self.snat.is_none_or(|s| s == c.snat)
            && self.dnat.is_none_or(|d| d == c.dnat)
    }
}

/// The tracked connections that the filter lets through, in the kernel's order.
///
/// Equivalent: `conntrack -L`
pub fn list(ns: &Namespace, filter: &Filter) -> Result<Vec<Connection>> {
    Ok(all(&mut *ns.netfilter()?, filter.family)?.into_iter().filter(|c| filter.matches(c)).collect())
}

/// Forgets the connections that the filter lets through; the next packet of each is as a first one, so that
/// changed NAT rules hold for it. Returns how many.
///
/// Equivalent: `conntrack -D ...`
pub fn del(ns: &Namespace, filter: &Filter) -> Result<usize> {
    let mut socket = ns.netfilter()?;
    let mut count = 0;
    for connection in all(&mut socket, filter.family)?.iter().filter(|c| filter.matches(c)) {
        let mut named = Attributes::new();
        named.put(CTA_TUPLE_ORIG | NESTED, &connection.key);
        if connection.zone != 0 {
            named.put(CTA_ZONE, &connection.zone.to_be_bytes());
        }
        let family = Family::of(connection.orig.source);
        match ask(&mut socket, DELETE, NLM_F_ACK, Some(family), &named, &mut |_| {}) {
            // It has ended meanwhile.
            Err(e) if e.raw() == Some(Errno::ENOENT) => {}
            result => {
                result?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// Deletes all connections from the table.
///
/// Equivalent: `conntrack -F`
pub fn flush(ns: &Namespace) -> Result<()> {
    ask(&mut *ns.netfilter()?, DELETE, NLM_F_ACK, None, &Attributes::new(), &mut |_| {})?;
    ns.echo(|| [Command::within(ns, &["conntrack", "-F"])]);
    Ok(())
}

fn all(socket: &mut Socket, family: Option<Family>) -> Result<Vec<Connection>> {
    let mut out = Vec::new();
    ask(socket, GET, NLM_F_DUMP, family, &Attributes::new(), &mut |payload| match payload {
        None => out.clear(),
        Some(payload) => out.extend(Connection::read(payload)),
    })?;
    Ok(out)
}

/// Hands each answer to `each`; `None` first, and again when a dump begins anew.
fn ask(
    socket: &mut Socket,
    kind: u8,
    flags: u16,
    family: Option<Family>,
    attributes: &Attributes,
    each: &mut dyn FnMut(Option<&[u8]>),
) -> Result<()> {
    let family = match family {
        None => NetfilterProtoFamily::Unspec,
        Some(Family::Inet) => NetfilterProtoFamily::IPv4,
        Some(Family::Inet6) => NetfilterProtoFamily::IPv6,
    };
    let kind = message_type(NetfilterSubsystem::Conntrack, kind);
    let request = request(kind, flags, &NetfilterHeader::new(family, 0, 0), attributes)?;
    let asked = socket.exchange(&request, &mut |answer| {
        each(answer.map(|answer| answer.payload));
        Ok(())
    });
    asked.map_err(|e: Error| match e.raw() {
        // No such subsystem: EINVAL from nfnetlink while no module is loaded that has one.
        Some(Errno::EOPNOTSUPP | Errno::EINVAL) => e
            .with_kind(Kind::Unsupported)
            .detail("the kernel can't list connections (nf_conntrack_netlink)")
            .hint("load the module nf_conntrack_netlink, or see `nsh doctor`"),
        _ => e,
    })
}

impl Connection {
    fn read(payload: &[u8]) -> Option<Self> {
        let a = Received(payload.get(HEADER..)?);
        let orig = Tuple::read(a.nest(CTA_TUPLE_ORIG)?)?;
        let status = Status::from_bits_retain(a.u32(CTA_STATUS).unwrap_or(0));
        let counters = |kind| {
            let c = a.nest(kind)?;
            Some(Counters { packets: c.u64(CTA_COUNTERS_PACKETS)?, bytes: c.u64(CTA_COUNTERS_BYTES)? })
        };
        Some(Connection {
            reply: Tuple::read(a.nest(CTA_TUPLE_REPLY)?)?,
            state: state(orig.proto, a.nest(CTA_PROTOINFO)),
            timeout: a.u32(CTA_TIMEOUT),
            mark: a.u32(CTA_MARK).unwrap_or(0),
            id: a.u32(CTA_ID),
            zone: a.u16(CTA_ZONE).unwrap_or(0),
            replied: status.contains(Status::SeenReply),
            assured: status.contains(Status::Assured),
            snat: status.contains(Status::SrcNat),
            dnat: status.contains(Status::DstNat),
            sent: counters(CTA_COUNTERS_ORIG),
            received: counters(CTA_COUNTERS_REPLY),
            key: a.get(CTA_TUPLE_ORIG)?.to_vec(),
            orig,
        })
    }
}

impl Tuple {
    fn read(a: Received<'_>) -> Option<Self> {
        let (ip, proto) = (a.nest(CTA_TUPLE_IP)?, a.nest(CTA_TUPLE_PROTO)?);
        let v4 = |kind| Some(IpAddr::V4(Ipv4Addr::from(*ip.get(kind)?.first_chunk::<4>()?)));
        let v6 = |kind| Some(IpAddr::V6(Ipv6Addr::from(*ip.get(kind)?.first_chunk::<16>()?)));
        let icmp = |id, kind, code| Some((proto.u8(kind)?, proto.u8(code)?, proto.u16(id)?));
        Some(Tuple {
            source: v4(CTA_IP_V4_SRC).or_else(|| v6(CTA_IP_V6_SRC))?,
            dest: v4(CTA_IP_V4_DST).or_else(|| v6(CTA_IP_V6_DST))?,
            proto: Protocol(proto.u8(CTA_PROTO_NUM)?),
            sport: proto.u16(CTA_PROTO_SRC_PORT),
            dport: proto.u16(CTA_PROTO_DST_PORT),
            icmp: icmp(CTA_PROTO_ICMP_ID, CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMP_CODE)
                .or_else(|| icmp(CTA_PROTO_ICMPV6_ID, CTA_PROTO_ICMPV6_TYPE, CTA_PROTO_ICMPV6_CODE)),
        })
    }
}

/// `enum tcp_conntrack` and `enum sctp_conntrack`, by the names that `conntrack -L` shows.
fn state(proto: Protocol, info: Option<Received<'_>>) -> Option<&'static str> {
    const TCP: [&str; 10] = [
        "NONE",
        "SYN_SENT",
        "SYN_RECV",
        "ESTABLISHED",
        "FIN_WAIT",
        "CLOSE_WAIT",
        "LAST_ACK",
        "TIME_WAIT",
        "CLOSE",
        "SYN_SENT2",
    ];
    const SCTP: [&str; 9] = [
        "NONE",
        "CLOSED",
        "COOKIE_WAIT",
        "COOKIE_ECHOED",
        "ESTABLISHED",
        "SHUTDOWN_SENT",
        "SHUTDOWN_RECD",
        "SHUTDOWN_ACK_SENT",
        "HEARTBEAT_SENT",
    ];
    let (names, of, state): (&[&str], _, _) = match proto {
        Protocol::TCP => (&TCP, CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_STATE),
        Protocol::SCTP => (&SCTP, CTA_PROTOINFO_SCTP, CTA_PROTOINFO_SCTP_STATE),
        _ => return None,
    };
    names.get(usize::from(info?.nest(of)?.u8(state)?)).copied()
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src={} dst={}", self.source, self.dest)?;
        if let (Some(sport), Some(dport)) = (self.sport, self.dport) {
            write!(f, " sport={sport} dport={dport}")?;
        }
        match self.icmp {
            Some((kind, code, id)) => write!(f, " type={kind} code={code} id={id}"),
            None => Ok(()),
        }
    }
}

/// As `conntrack -L` shows it.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.orig.proto)?;
        if let Some(timeout) = self.timeout {
            write!(f, " {timeout}")?;
        }
        if let Some(state) = self.state {
            write!(f, " {state}")?;
        }
        let counters = |f: &mut fmt::Formatter<'_>, c: Option<Counters>| match c {
            Some(c) => write!(f, " packets={} bytes={}", c.packets, c.bytes),
            None => Ok(()),
        };
        write!(f, " {}", self.orig)?;
        counters(f, self.sent)?;
        if !self.replied {
            f.write_str(" [UNREPLIED]")?;
        }
        write!(f, " {}", self.reply)?;
        counters(f, self.received)?;
        if self.assured {
            f.write_str(" [ASSURED]")?;
        }
        if self.mark != 0 {
            write!(f, " mark={}", self.mark)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::test::Random;

    #[rustfmt::skip]
    const MESSAGE: &[u8] = &[
        2, 0, 0, 0,                            // AF_INET, version 0, resource 0
        52, 0, 1, 0x80,                        // CTA_TUPLE_ORIG
        20, 0, 1, 0x80,                        //   CTA_TUPLE_IP
        8, 0, 1, 0, 192, 168, 1, 10,           //     CTA_IP_V4_SRC
        8, 0, 2, 0, 8, 8, 8, 8,                //     CTA_IP_V4_DST
        28, 0, 2, 0x80,                        //   CTA_TUPLE_PROTO
        5, 0, 1, 0, 6, 0, 0, 0,                //     CTA_PROTO_NUM = TCP
        6, 0, 2, 0, 0x9c, 0x40, 0, 0,          //     CTA_PROTO_SRC_PORT = 40000
        6, 0, 3, 0, 0, 80, 0, 0,               //     CTA_PROTO_DST_PORT = 80
        52, 0, 2, 0x80,                        // CTA_TUPLE_REPLY
        20, 0, 1, 0x80,
        8, 0, 1, 0, 8, 8, 8, 8,
        8, 0, 2, 0, 192, 168, 184, 131,        // to the translated source
        28, 0, 2, 0x80,
        5, 0, 1, 0, 6, 0, 0, 0,
        6, 0, 2, 0, 0, 80, 0, 0,
        6, 0, 3, 0, 0x9c, 0x40, 0, 0,
        8, 0, 3, 0, 0, 0, 1, 0x9e,             // CTA_STATUS: replied, assured, confirmed, snat, both done
        16, 0, 4, 0x80,                        // CTA_PROTOINFO
        12, 0, 1, 0x80,                        //   CTA_PROTOINFO_TCP
        5, 0, 1, 0, 3, 0, 0, 0,                //     CTA_PROTOINFO_TCP_STATE = ESTABLISHED
        8, 0, 7, 0, 0, 0, 0, 120,              // CTA_TIMEOUT
    ];

    #[test]
    fn a_connection_is_shown_as_conntrack_does() {
        let c = Connection::read(MESSAGE).unwrap();
        assert_eq!(
            c.to_string(),
            "tcp 120 ESTABLISHED src=192.168.1.10 dst=8.8.8.8 sport=40000 dport=80 \
             src=8.8.8.8 dst=192.168.184.131 sport=80 dport=40000 [ASSURED]"
        );
        assert!(c.snat && !c.dnat && c.sent.is_none());
    }

    #[test]
    fn filters_look_at_the_first_packet() {
        let c = Connection::read(MESSAGE).unwrap();
        let source =
            |text| Filter { source: Some(Not::parse(text, Prefix::parse).unwrap()), ..Filter::default() };
        assert!(source("192.168.1.0/24").matches(&c));
        assert!(!source("!192.168.1.0/24").matches(&c));
        assert!(!source("fd00::/8").matches(&c));
        let dport =
            |text| Filter { dport: Some(Not::parse(text, Ports::parse).unwrap()), ..Filter::default() };
        assert!(dport("22,80").matches(&c) && !dport("!70-90").matches(&c));
    }

    #[test]
    fn garbage_is_read_without_a_panic() {
        let mut random = Random::new(6);
        for _ in 0..5000 {
            let mut payload = vec![2, 0, 0, 0];
            payload.extend_from_slice(&random.attributes());
            Connection::read(&payload);
            let at = random.below(MESSAGE.len() as u32) as usize;
            let mut broken = MESSAGE.to_vec();
            broken[at] = random.seed() as u8;
            Connection::read(&broken);
        }
    }
}
