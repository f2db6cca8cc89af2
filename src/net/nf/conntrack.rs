//! The connections that the kernel tracks: list, delete, flush.
//!
//! linux/netfilter/nfnetlink_conntrack.h. A namespace tracks connections only while a rule asks for it: NAT does,
//! and so does any match on a connection's state.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterProtoFamily, NetfilterSubsystem};
use nix::errno::Errno;

use super::attr::{Attributes, NESTED, Received};
use super::message::{HEADER, collect, message_type, request};
use super::uapi::*;
use super::words::{Family, Not, Ports, Prefix, Protocol};
use crate::base::error::{Error, Kind, Result};
use crate::model::{Field, Table, Words, table};
use crate::net::done::Done;
use crate::net::link::fields::{Be16, Be32, U8};
use crate::net::namespace::Namespace;
use crate::net::netlink::Socket;
use crate::net::prefix::from_octets;

/// `enum cntl_msg_types`
const GET: u8 = 1;
const DELETE: u8 = 2;
const GET_STATS_CPU: u8 = 4;
const GET_STATS: u8 = 5;

table! {
    /// One direction of a connection: CTA_PROTO_* of its tuple.
    pub struct Tuple {
        Read source: IpAddr = header always, ip [], "where its packets come from";
        Read dest: IpAddr = header always, ip [], "where they go to";
        Read sport: Be16 = 2, ip [], "the source port";
        Read dport: Be16 = 3, ip [], "the destination port";
        Read kind as "type": U8 = header, ip [], "the type of an ICMP or ICMPv6 message that asks for an answer";
        Read code: U8 = header, ip [], "its code";
        Read id: Be16 = header, ip [], "its id";
    }
}

/// Packets and bytes of one direction; counted where the sysctl `net.netfilter.nf_conntrack_acct` is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub packets: u64,
    pub bytes: u64,
}

table! {
    /// A tracked connection (CTA_*; its flags are IPS_*), or what those to be found must have.
    pub struct Connection {
        Set proto: Protocol = header always, ip [], "the protocol, by its name or number";
        Give source: Not<Prefix> = header, ip [],
            "the address or prefix that it was begun from; \"!\" in front is all others";
        Give dest: Not<Prefix> = header, ip [], "the address or prefix that it was begun to";
        Give sport: Not<Ports> = header, ip [], "the ports that it was begun from";
        Give dport: Not<Ports> = header, ip [], "the ports that it was begun to";
        Give family: Family = header, ip [], "IPv4 (inet) or IPv6 (inet6)";
        Set state: State = header, ip [], "ESTABLISHED and so on, for TCP and SCTP";
        Read timeout: Be32 = 7, ip [], "seconds until it is forgotten if no packet comes";
        Set mark: Be32 = 8 always, ip [], "its mark";
        Set zone: Be16 = 18 always, ip [], "its zone, 0 for most";
        Set replied: bool = {flag 2} always, ip [], "an answer was seen";
        Set assured: bool = {flag 4} always, ip [], "it went on for long enough not to be dropped early";
        Set snat: bool = {flag 16} always, ip [], "whether its source was translated";
        Set dnat: bool = {flag 32} always, ip [], "whether its destination was translated";
        Set offloaded: bool = {flag 16384} always, ip [], "whether its packets go past the chains, by a flow table";
    } and {
        /// As the first packet came.
        pub orig: Tuple,
        /// As answers come: what NAT changed is seen here.
        pub reply: Tuple,
        pub sent: Option<Counters>,
        pub received: Option<Counters>,
        /// How the kernel wrote the original tuple, by which to delete it.
        pub(crate) key: Vec<u8>,
    }
}

/// A connection's state, by the name that `conntrack -L` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(&'static str);

macro_rules! states {
    ($($name:literal)*) => {
        impl Words for State {
            const WORDS: &'static [(&'static str, Self)] = &[$(($name, State($name))),*];
        }
    };
}

states! {
    "NONE" "SYN_SENT" "SYN_RECV" "ESTABLISHED" "FIN_WAIT" "CLOSE_WAIT" "LAST_ACK" "TIME_WAIT" "CLOSE" "SYN_SENT2"
    "CLOSED" "COOKIE_WAIT" "COOKIE_ECHOED" "SHUTDOWN_SENT" "SHUTDOWN_RECD" "SHUTDOWN_ACK_SENT" "HEARTBEAT_SENT"
}

/// The tracked connections that the filter lets through, in the kernel's order.
///
/// Equivalent: `conntrack -L`
pub fn list(ns: &Namespace, filter: &Connection) -> Result<Vec<Connection>> {
    Ok(all(&mut *ns.netfilter()?, filter.family)?.into_iter().filter(|c| filter.fits(c)).collect())
}

/// Forgets the connections that the filter lets through; the next packet of each is as a first one, so that
/// changed NAT rules hold for it. Returns how many.
///
/// Equivalent: `conntrack -D ...`
pub fn del(ns: &Namespace, filter: &Connection) -> Result<usize> {
    let mut socket = ns.netfilter()?;
    let mut gone = Vec::new();
    for connection in all(&mut socket, filter.family)?.into_iter().filter(|c| filter.fits(c)) {
        let mut named = Attributes::new();
        named.put(CTA_TUPLE_ORIG | NESTED, &connection.key);
        if let Some(zone) = connection.zone.filter(|zone| zone.0 != 0) {
            named.put(CTA_ZONE, &zone.0.to_be_bytes());
        }
        match ask(&mut socket, DELETE, NLM_F_ACK, connection.family, &named, |_| None::<()>) {
            // It has ended meanwhile.
            Err(e) if e.raw() == Some(Errno::ENOENT) => {}
            result => {
                result?;
                gone.push(connection);
            }
        }
    }
    if !gone.is_empty() {
        ns.report(Done::ConntrackDeleted(filter, &gone));
    }
    Ok(gone.len())
}

/// Deletes all connections from the table.
///
/// Equivalent: `conntrack -F`
pub fn flush(ns: &Namespace) -> Result<()> {
    ask(&mut *ns.netfilter()?, DELETE, NLM_F_ACK, None, &Attributes::new(), |_| None::<()>)?;
    ns.report(Done::ConntrackFlushed);
    Ok(())
}

table! {
    /// How full the table is, and what tracking did with packets (CTA_STATS_* of each CPU, added up).
    pub struct Stats {
        Read count: Be32 = header always, ip [], "connections in the table";
        Read max: Be32 = header always, ip [],
            "how many it holds (sysctl net.netfilter.nf_conntrack_max); packets of new ones are dropped beyond";
        Read found: Be32 = 2 always, ip [], "packets whose connection was found the hard way";
        Read invalid: Be32 = 4 always, ip [], "packets that belong to no connection and begin none";
        Read insert: Be32 = 8 always, ip [], "connections that were put in by others than packets";
        Read insert_failed: Be32 = 9 always, ip [], "those that were there already when they were to be put in";
        Read drop: Be32 = 10 always, ip [], "packets that were dropped, because the table was full for one";
        Read early_drop: Be32 = 11 always, ip [], "connections that had to go for new ones";
        Read error: Be32 = 12 always, ip [], "packets with errors, such as of ICMP without a connection";
        Read search_restart: Be32 = 13 always, ip [], "searches begun anew because the table was changed meanwhile";
    }
}

/// How full the table of connections is, and what was counted.
///
/// Equivalent: `conntrack -C`, `conntrack -S`
pub fn stats(ns: &Namespace) -> Result<Stats> {
    let mut socket = ns.netfilter()?;
    let none = Attributes::new();
    let read = |payload: &[u8]| {
        Some(Received(payload.get(HEADER..)?).iter().map(|(n, v)| (n, v.to_vec())).collect())
    };
    let of_cpus: Vec<Vec<(u16, Vec<u8>)>> = ask(&mut socket, GET_STATS_CPU, NLM_F_DUMP, None, &none, read)?;
    let size = ask(&mut socket, GET_STATS, NLM_F_ACK, None, &none, |payload| {
        let a = Received(payload.get(HEADER..)?);
        Some((a.u32(CTA_STATS_GLOBAL_ENTRIES)?, a.u32(CTA_STATS_GLOBAL_MAX_ENTRIES)))
    })?;
    let mut sums: BTreeMap<u16, u32> = BTreeMap::new();
    for (number, value) in of_cpus.into_iter().flatten() {
        let value = value.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let sum = sums.entry(number).or_default();
        *sum = sum.wrapping_add(value);
    }
    let (count, max) = size.first().copied().unwrap_or_default();
    let mut stats = Stats { count: Some(Be32(count)), max: max.map(Be32), ..Stats::default() };
    sums.into_iter().for_each(|(number, sum)| stats.decode(number, &sum.to_be_bytes()));
    Ok(stats)
}

/// `count=12 max=65536 found=0 invalid=3 ...`
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = Self::ROWS.iter().filter_map(|row| Some(format!("{}={}", row.name, (row.get)(self)?)));
        f.write_str(&pairs.collect::<Vec<_>>().join(" "))
    }
}

fn all(socket: &mut Socket, family: Option<Family>) -> Result<Vec<Connection>> {
    ask(socket, GET, NLM_F_DUMP, family, &Attributes::new(), Connection::read)
}

/// Asks, and reads what is answered.
fn ask<T>(
    socket: &mut Socket,
    kind: u8,
    flags: u16,
    family: Option<Family>,
    attributes: &Attributes,
    read: fn(&[u8]) -> Option<T>,
) -> Result<Vec<T>> {
    let family = match family {
        None => NetfilterProtoFamily::Unspec,
        Some(Family::Inet) => NetfilterProtoFamily::IPv4,
        Some(Family::Inet6) => NetfilterProtoFamily::IPv6,
    };
    let kind = message_type(NetfilterSubsystem::Conntrack, kind);
    let request = request(kind, flags, &NetfilterHeader::new(family, 0, 0), attributes)?;
    let asked = collect(socket, &request, read);
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
    pub(in crate::net) fn read(payload: &[u8]) -> Option<Self> {
        let a = Received(payload.get(HEADER..)?);
        let (orig, proto) = Tuple::read(a.nest(CTA_TUPLE_ORIG)?)?;
        let counters = |kind| {
            let c = a.nest(kind)?;
            Some(Counters { packets: c.u64(CTA_COUNTERS_PACKETS)?, bytes: c.u64(CTA_COUNTERS_BYTES)? })
        };
        let host = |ip: Option<IpAddr>| ip.map(|ip| Not::only(Prefix(ip.into())));
        let port = |port: Option<Be16>| port.map(|port| Not::only(Ports::one(port.0)));
        let mut connection = Connection {
            proto: Some(proto),
            source: host(orig.source),
            dest: host(orig.dest),
            sport: port(orig.sport),
            dport: port(orig.dport),
            family: orig.source.map(Family::of),
            state: state(proto, a.nest(CTA_PROTOINFO)).and_then(State::named),
            mark: Some(Be32(0)),
            zone: Some(Be16(0)),
            reply: Tuple::read(a.nest(CTA_TUPLE_REPLY)?)?.0,
            sent: counters(CTA_COUNTERS_ORIG),
            received: counters(CTA_COUNTERS_REPLY),
            key: a.get(CTA_TUPLE_ORIG)?.to_vec(),
            orig,
            ..Connection::default()
        };
        a.iter().for_each(|(number, bytes)| connection.decode(number, bytes));
        connection.decode_flags(a.u32(CTA_STATUS).unwrap_or(0));
        Some(connection)
    }
}

impl Tuple {
    /// Reads it and its protocol.
    fn read(a: Received<'_>) -> Option<(Self, Protocol)> {
        let (ip, proto) = (a.nest(CTA_TUPLE_IP)?, a.nest(CTA_TUPLE_PROTO)?);
        let address = |v4, v6| ip.get(v4).or_else(|| ip.get(v6)).and_then(from_octets);
        let icmp = |v4, v6| proto.get(v4).or_else(|| proto.get(v6));
        let mut tuple = Tuple {
            source: Some(address(CTA_IP_V4_SRC, CTA_IP_V6_SRC)?),
            dest: Some(address(CTA_IP_V4_DST, CTA_IP_V6_DST)?),
            kind: icmp(CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMPV6_TYPE).and_then(U8::decode),
            code: icmp(CTA_PROTO_ICMP_CODE, CTA_PROTO_ICMPV6_CODE).and_then(U8::decode),
            id: icmp(CTA_PROTO_ICMP_ID, CTA_PROTO_ICMPV6_ID).and_then(Be16::decode),
            ..Tuple::default()
        };
        proto.iter().for_each(|(number, bytes)| tuple.decode(number, bytes));
        Some((tuple, Protocol(proto.u8(CTA_PROTO_NUM)?)))
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

/// `src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80`, or of ICMP ` type=8 code=0 id=1` instead of ports.
impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |name| match name {
            "source" => "src",
            "dest" => "dst",
            name => name,
        };
        let pairs =
            Self::ROWS.iter().filter_map(|row| Some(format!("{}={}", words(row.name), (row.get)(self)?)));
        f.write_str(&pairs.collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packets={} bytes={}", self.packets, self.bytes)
    }
}

/// As `conntrack -L` shows it.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |on: bool, word: &str| on.then(|| word.to_owned());
        let words = [
            self.proto.map(|proto| proto.to_string()),
            self.timeout.map(|seconds| seconds.0.to_string()),
            self.state.map(|state| state.0.to_owned()),
            Some(self.orig.to_string()),
            self.sent.map(|counters| counters.to_string()),
            flag(self.replied != Some(true), "[UNREPLIED]"),
            Some(self.reply.to_string()),
            self.received.map(|counters| counters.to_string()),
            flag(self.assured == Some(true), "[ASSURED]"),
            flag(self.offloaded == Some(true), "[OFFLOAD]"),
            self.mark.filter(|mark| mark.0 != 0).map(|mark| format!("mark={}", mark.0)),
            self.zone.filter(|zone| zone.0 != 0).map(|zone| format!("zone={}", zone.0)),
        ];
        f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
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
        assert_eq!((c.snat, c.dnat, c.sent), (Some(true), Some(false), None));
    }

    #[test]
    fn filters_look_at_the_first_packet() {
        let c = Connection::read(MESSAGE).unwrap();
        let source = |text| Connection { source: Some(Not::parse(text).unwrap()), ..Connection::default() };
        assert!(source("192.168.1.0/24").fits(&c));
        assert!(!source("!192.168.1.0/24").fits(&c));
        assert!(!source("fd00::/8").fits(&c));
        let dport = |text| Connection { dport: Some(Not::parse(text).unwrap()), ..Connection::default() };
        assert!(dport("22,80").fits(&c) && !dport("!70-90").fits(&c));
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
