//! One query and its answer, as `dig` makes it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, Question, ResourceRecord};

use super::record::{self, data_text, kind_name, shown};
use super::zone::holds;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::net::namespace::Namespace;
use crate::probe::socket::SocketOptions;
use crate::probe::tcp::{self, Connection, Receive};
use crate::probe::udp;

/// How a query is made.
#[derive(Clone, Debug)]
pub struct QueryOptions {
    /// By TCP alone, or by UDP alone; otherwise by UDP, and by TCP if the answer was truncated.
    pub tcp: Option<bool>,
    /// Whether the server is to ask others.
    pub recurse: bool,
    /// How large an answer by UDP may be.
    pub bufsize: u16,
    /// Seconds for the answer to each try.
    pub timeout: f64,
    /// How often UDP is tried.
    pub tries: u32,
    pub socket: SocketOptions,
}

impl Default for QueryOptions {
    fn default() -> Self {
        let socket = SocketOptions::default();
        QueryOptions { tcp: None, recurse: true, bufsize: 1232, timeout: 2.0, tries: 2, socket }
    }
}

/// A record of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub name: String,
    pub kind: String,
    pub ttl: u32,
    pub data: String,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub name: String,
    pub kind: String,
    pub rcode: u8,
    pub flags: Vec<&'static str>,
    pub answers: Vec<Entry>,
    pub authority: Vec<Entry>,
    pub additional: Vec<Entry>,
    /// The addresses among the answers.
    pub addresses: Vec<IpAddr>,
    pub server: SocketAddr,
    pub tcp: bool,
    /// Bytes of the message.
    pub size: usize,
    /// Seconds from the first try to the answer.
    pub time: f64,
}

const FLAGS: &[(PacketFlag, &str)] = &[
    (PacketFlag::RESPONSE, "qr"),
    (PacketFlag::AUTHORITATIVE_ANSWER, "aa"),
    (PacketFlag::TRUNCATION, "tc"),
    (PacketFlag::RECURSION_DESIRED, "rd"),
    (PacketFlag::RECURSION_AVAILABLE, "ra"),
    (PacketFlag::AUTHENTIC_DATA, "ad"),
    (PacketFlag::CHECKING_DISABLED, "cd"),
];

/// What an answer's code is called (RFC 1035, 2136).
pub fn rcode_name(rcode: u8) -> String {
    const NAMES: [&str; 11] = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
        "NOTAUTH", "NOTZONE",
    ];
    NAMES.get(usize::from(rcode)).map_or_else(|| format!("RCODE{rcode}"), |name| (*name).to_owned())
}

/// Asks `server` for the records of a name. Any answer is one, NXDOMAIN too.
///
/// Raises `timeout`, `connection_refused`, `network_unreachable`, ...; `protocol` if what came is no answer to this.
pub fn query(
    ns: &Namespace,
    server: SocketAddr,
    name: &str,
    kind: QTYPE,
    options: &QueryOptions,
) -> Result<Answer> {
    let number = RandomState::new().build_hasher().finish() as u16;
    let question = Question::new(record::name(name)?, kind, CLASS::IN.into(), false);
    let mut packet = Packet::new_query(number);
    packet.questions.push(question.clone());
    if options.recurse {
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: options.bufsize, version: 0 });
    let message =
        packet.build_bytes_vec().map_err(|e| Error::argument(format!("the query can't be written: {e}")))?;
    let began = Instant::now();
    let mut tcp = options.tcp == Some(true);
    let mut came = match tcp {
        true => by_tcp(ns, server, &message, options)?,
        false => udp::request(ns, server, &message, &options.socket, options.timeout, options.tries)?.data,
    };
    // The flag TC.
    if !tcp && options.tcp.is_none() && came.get(2).is_some_and(|flags| flags & 2 != 0) {
        tcp = true;
        came = by_tcp(ns, server, &message, options)?;
    }
    let time = began.elapsed().as_secs_f64();
    read(&came, number, &question, server).map(|answer| Answer { tcp, time, ..answer })
}

fn by_tcp(ns: &Namespace, server: SocketAddr, message: &[u8], options: &QueryOptions) -> Result<Vec<u8>> {
    let deadline = Deadline::secs(options.timeout);
    let connection: Connection = tcp::connect(ns, &[server], &options.socket, deadline)?;
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    connection.send(&[&length.to_be_bytes(), message].concat(), deadline)?;
    let receive = |bytes: usize| {
        let came = connection.receive(Receive::Exactly(bytes), deadline)?;
        let closed =
            || Error::new(Kind::Protocol, format!("{server} closed the connection without an answer"));
        came.ok_or_else(closed)
    };
    let length = receive(2)?;
    let length = length.first_chunk().map_or(0, |length| u16::from_be_bytes(*length));
    if length == 0 { Ok(Vec::new()) } else { receive(usize::from(length)) }
}

fn read(message: &[u8], number: u16, question: &Question<'_>, server: SocketAddr) -> Result<Answer> {
    let wrong = |why: &str| Error::new(Kind::Protocol, format!("what {server} sent is no answer: {why}"));
    let packet = match holds(message) {
        true => Packet::parse(message).map_err(|e| wrong(&e.to_string()))?,
        false => return Err(wrong("it is cut off")),
    };
    if packet.id() != number || !packet.has_flags(PacketFlag::RESPONSE) {
        return Err(wrong("it has another number, or is a query"));
    }
    // Refusals may leave the question out.
    if packet.questions.first().is_some_and(|q| q.qname != question.qname || q.qtype != question.qtype) {
        return Err(wrong("it answers another question"));
    }
    let entries = |records: &[ResourceRecord<'_>]| records.iter().map(entry).collect::<Vec<Entry>>();
    let address = |record: &ResourceRecord<'_>| match &record.rdata {
        RData::A(a) => Some(IpAddr::V4(a.address.into())),
        RData::AAAA(a) => Some(IpAddr::V6(a.address.into())),
        _ => None,
    };
    let flags = FLAGS.iter().filter(|(flag, _)| packet.has_flags(*flag)).map(|(_, name)| *name).collect();
    Ok(Answer {
        name: shown(&question.qname),
        kind: kind_name(question.qtype),
        // As it is sent: what the crate doesn't know has no number there.
        rcode: message[3] & 0xf,
        flags,
        answers: entries(&packet.answers),
        authority: entries(&packet.name_servers),
        additional: entries(&packet.additional_records),
        addresses: packet.answers.iter().filter_map(address).collect(),
        server,
        tcp: false,
        size: message.len(),
        time: 0.0,
    })
}

fn entry(record: &ResourceRecord<'_>) -> Entry {
    Entry {
        name: shown(&record.name),
        kind: kind_name(record.rdata.type_code().into()),
        ttl: record.ttl,
        data: data_text(record),
    }
}
