//! What a server knows, and what it answers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use simple_dns::rdata::{CNAME, OPT, RData, SOA};
use simple_dns::{CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord};

use super::record::{self, Owned, key, kind_name, shown};
use crate::base::error::Result;
use crate::io::dns::{HEADER, Reply};
use crate::io::lock;

/// How many aliases are followed.
const ALIASES: usize = 8;
/// An answer by UDP to who says nothing of its size, and to who takes more.
const SMALL: usize = 512;
const LARGE: usize = 4096;
/// The largest answer of all.
const MOST: usize = 65_535;
/// What records of the four sections take at least.
const QUESTION: usize = 5;
const RECORD: usize = 11;

/// Records by name.
type Names = HashMap<String, Vec<Owned>>;

/// The names that a server answers for.
#[derive(Default)]
pub struct Zone {
    records: Names,
    /// The domains below which what isn't known doesn't exist; the empty one is the root.
    domains: Vec<String>,
    /// Whether other names are asked of another server.
    forwards: bool,
    ttl: u32,
    /// Where the lab's names stand: `ns1.DOMAIN`.
    domain: Option<String>,
    lab: Mutex<Names>,
}

impl Zone {
    /// `records` are of names and what [`record::parse`] reads. Without `domains`, everything is below one, unless the
    /// rest is asked of another server.
    ///
    /// Raises `argument` for malformed names and records.
    pub fn new(
        records: &[(String, Vec<String>)],
        domains: Option<Vec<String>>,
        domain: Option<String>,
        ttl: u32,
        forwards: bool,
    ) -> Result<Zone> {
        let mut all = Names::new();
        for (name, texts) in records {
            let wanted = texts.iter().map(|text| record::parse(name, text, ttl));
            let parsed = wanted.collect::<Result<Vec<_>>>().map_err(|e| e.on(name.clone()))?;
            all.entry(key(name)).or_default().extend(parsed);
        }
        for name in domains.iter().flatten().chain(&domain) {
            record::name(name)?;
        }
        let domains = match domains {
            Some(domains) => domains.iter().map(|domain| key(domain)).collect(),
            None if forwards => Vec::new(),
            None => vec![String::new()],
        };
        Ok(Zone { records: all, domains, forwards, ttl, domain, lab: Mutex::default() })
    }

    /// Takes the lab's names, in the place of those that it took before: each leads to its addresses, and they lead back.
    pub fn learn(&self, names: &[(String, Vec<IpAddr>)]) {
        let mut lab = Names::new();
        for (name, addresses) in names {
            let full = match &self.domain {
                Some(domain) => format!("{name}.{domain}"),
                None => name.clone(),
            };
            // What can't be a name isn't one.
            let (Ok(short), Ok(full)) = (record::name(name), record::name(&full)) else { continue };
            for ip in addresses.iter().filter(|ip| !ip.is_loopback()) {
                for name in [&short, &full] {
                    let all = lab.entry(key(&name.to_string())).or_default();
                    let address = record::address(name.clone(), *ip, self.ttl);
                    if !all.contains(&address) {
                        all.push(address);
                    }
                }
                let back = record::reverse(*ip);
                if let Ok(name) = record::name(&back) {
                    lab.entry(back).or_default().push(record::pointer(name, full.clone(), self.ttl));
                }
            }
        }
        *lock(&self.lab) = lab;
    }

    /// The records of a name, or of the nearest `*` above it.
    fn records(&self, name: &Name<'_>) -> Option<Vec<Owned>> {
        let text = key(&name.to_string());
        if let Some(found) = self.records.get(&text) {
            return Some(found.clone());
        }
        if let Some(found) = lock(&self.lab).get(&text) {
            return Some(found.clone());
        }
        let mut above = text.as_str();
        while let Some((_, parent)) = above.split_once('.') {
            if let Some(found) = self.records.get(&format!("*.{parent}")) {
                let owner = name.clone().into_owned();
                return Some(
                    found.iter().map(|r| ResourceRecord { name: owner.clone(), ..r.clone() }).collect(),
                );
            }
            if self.is_there(parent) {
                return None;
            }
            above = parent;
        }
        None
    }

    /// Whether the name has records, or one below it has.
    fn is_there(&self, name: &str) -> bool {
        let there = |all: &Names| all.contains_key(name) || all.keys().any(|known| below(known, name));
        there(&self.records) || there(&lock(&self.lab))
    }

    /// The innermost of the domains that a name belongs to.
    fn domain_of(&self, name: &str) -> Option<&str> {
        let mine = |domain: &&String| domain.is_empty() || name == domain.as_str() || below(name, domain);
        self.domains.iter().filter(mine).max_by_key(|domain| domain.len()).map(String::as_str)
    }

    /// The answer to a message; `None` for what isn't a query: two servers would answer each other for ever.
    pub fn answer(&self, query: &[u8], tcp: bool) -> Option<Reply> {
        let header = query.get(..HEADER)?;
        if header[2] & 0x80 != 0 {
            return None;
        }
        let refused = |rcode: RCODE| {
            // The number, the kind of query and whether recursion is desired; no question, for there may be none.
            let message = [&header[..2], &[0x80 | header[2] & 0x79, rcode as u8], &[0; 8]].concat();
            Some(Reply { name: String::new(), kind: String::new(), message, forward: false })
        };
        if !holds(query) {
            return refused(RCODE::FormatError);
        }
        let Ok(packet) = Packet::parse(query) else { return refused(RCODE::FormatError) };
        if packet.opcode() != OPCODE::StandardQuery {
            return refused(RCODE::NotImplemented);
        }
        let [question] = packet.questions.as_slice() else { return refused(RCODE::FormatError) };
        let mut reply = Packet::new_reply(packet.id());
        reply.questions.push(question.clone());
        if packet.has_flags(PacketFlag::RECURSION_DESIRED) {
            reply.set_flags(PacketFlag::RECURSION_DESIRED);
        }
        if self.forwards {
            reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
        }
        let room = packet.opt().map_or(SMALL, |opt| usize::from(opt.udp_packet_size).clamp(SMALL, LARGE));
        *reply.opt_mut() =
            packet.opt().map(|_| OPT { opt_codes: Vec::new(), udp_packet_size: LARGE as u16, version: 0 });
        let mine = self.fill(&mut reply, question);
        let message = written(reply, if tcp { MOST } else { room });
        let Some(message) = message else { return refused(RCODE::ServerFailure) };
        let (name, kind) = (shown(&question.qname), kind_name(question.qtype));
        Some(Reply { name, kind, message, forward: !mine && self.forwards })
    }

    /// Fills in the answer; `false` if the name is none of ours, and the answer one of who can't tell.
    fn fill(&self, reply: &mut Packet<'_>, question: &Question<'_>) -> bool {
        let asked = key(&question.qname.to_string());
        let internet = matches!(question.qclass, QCLASS::CLASS(CLASS::IN) | QCLASS::ANY);
        let mine = self.domain_of(&asked).is_some() || self.records(&question.qname).is_some();
        if !mine || !internet || matches!(question.qtype, QTYPE::AXFR | QTYPE::IXFR) {
            let silent = mine || !self.forwards;
            *reply.rcode_mut() = if silent { RCODE::Refused } else { RCODE::ServerFailure };
            return mine;
        }
        reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        let mut name = question.qname.clone().into_owned();
        for _ in 0..ALIASES {
            let Some(found) = self.records(&name) else {
                if self.domain_of(&key(&name.to_string())).is_some()
                    && !self.is_there(&key(&name.to_string()))
                {
                    *reply.rcode_mut() = RCODE::NameError;
                }
                break;
            };
            let alias = found.iter().find_map(|record| match &record.rdata {
                RData::CNAME(CNAME(to)) => Some((record.clone(), to.clone())),
                _ => None,
            });
            let fitting: Vec<Owned> = found.into_iter().filter(|r| r.match_qtype(question.qtype)).collect();
            match (fitting.is_empty(), alias) {
                (true, Some((record, to))) => {
                    reply.answers.push(record);
                    name = to;
                }
                _ => {
                    reply.answers.extend(fitting);
                    break;
                }
            }
        }
        if reply.answers.is_empty() {
            reply.name_servers.extend(self.authority(&asked));
        }
        true
    }

    /// Who says that there is nothing.
    fn authority(&self, name: &str) -> Option<Owned> {
        let domain = self.domain_of(name)?;
        let own = Name::new(domain).ok()?.into_owned();
        let host = format!("hostmaster.{domain}");
        let soa = SOA {
            mname: own.clone(),
            rname: Name::new(&host).ok()?.into_owned(),
            serial: 1,
            refresh: 3600,
            retry: 600,
            expire: 86_400,
            minimum: self.ttl,
        };
        Some(ResourceRecord::new(own, CLASS::IN, self.ttl, RData::SOA(soa)))
    }
}

fn below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

/// Whether a message can have as many records as it says: room for them is made before they are read.
pub(super) fn holds(message: &[u8]) -> bool {
    let count =
        |at: usize| message.get(at..at + 2).map_or(0, |b| usize::from(u16::from_be_bytes([b[0], b[1]])));
    let records = count(6) + count(8) + count(10);
    HEADER + count(4) * QUESTION + records * RECORD <= message.len()
}

/// A reply as it is sent; if it is too large, without its records, marked as truncated.
fn written(mut reply: Packet<'_>, room: usize) -> Option<Vec<u8>> {
    let bytes = reply.build_bytes_vec_compressed().ok()?;
    if bytes.len() <= room {
        return Some(bytes);
    }
    reply.set_flags(PacketFlag::TRUNCATION);
    reply.answers.clear();
    reply.name_servers.clear();
    reply.build_bytes_vec_compressed().ok().filter(|bytes| bytes.len() <= MOST)
}

#[cfg(test)]
mod tests {
    use simple_dns::TYPE;

    use super::*;

    fn zone(domains: Option<&[&str]>, forwards: bool) -> Zone {
        let records = [
            ("www.example.org", vec!["10.0.0.1", "fd00::1"]),
            ("alias.example.org", vec!["CNAME www.example.org"]),
            ("round.example.org", vec!["CNAME round.example.org"]),
            ("a.b.example.org", vec!["TXT deep"]),
            ("*.wild.example.org", vec!["10.0.0.9"]),
            ("many.example.org", vec!["10.1.0.1"]),
        ];
        let mut records: Vec<(String, Vec<String>)> = records
            .into_iter()
            .map(|(name, all)| (name.to_owned(), all.into_iter().map(str::to_owned).collect()))
            .collect();
        records[5].1 = (0..60).map(|n| format!("10.1.0.{n}")).collect();
        let domains = domains.map(|all| all.iter().map(|d| (*d).to_owned()).collect());
        let zone = Zone::new(&records, domains, Some("lab".into()), 60, forwards).unwrap();
        zone.learn(&[("ns1".into(), vec!["10.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()])]);
        zone
    }

    fn query(name: &str, kind: QTYPE) -> Vec<u8> {
        let mut packet = Packet::new_query(77);
        packet.questions.push(Question::new(Name::new(name).unwrap(), kind, CLASS::IN.into(), false));
        packet.build_bytes_vec().unwrap()
    }

    /// The code, and the records' data.
    fn ask(zone: &Zone, name: &str, kind: &str) -> String {
        let reply = zone.answer(&query(name, record::kind(kind).unwrap()), false).unwrap();
        if reply.forward {
            return "forward".to_owned();
        }
        let packet = Packet::parse(&reply.message).unwrap();
        assert_eq!(packet.id(), 77);
        let data: Vec<String> = packet.answers.iter().map(record::data_text).collect();
        format!("{:?} {}", packet.rcode(), data.join(" "))
    }

    #[test]
    fn names_are_answered_or_not() {
        let all = zone(None, false);
        assert_eq!(ask(&all, "WWW.example.org", "A"), "NoError 10.0.0.1");
        assert_eq!(ask(&all, "www.example.org", "ANY"), "NoError 10.0.0.1 fd00::1");
        assert_eq!(ask(&all, "www.example.org", "MX"), "NoError ");
        assert_eq!(ask(&all, "alias.example.org", "AAAA"), "NoError www.example.org fd00::1");
        assert_eq!(ask(&all, "alias.example.org", "CNAME"), "NoError www.example.org");
        assert!(ask(&all, "round.example.org", "A").starts_with("NoError round.example.org"));
        assert_eq!(ask(&all, "b.example.org", "A"), "NoError ", "a name below it exists");
        assert_eq!(ask(&all, "x.y.wild.example.org", "A"), "NoError 10.0.0.9");
        assert_eq!(ask(&all, "nobody.org", "A"), "NameError ");
        assert_eq!(ask(&all, "ns1", "A"), "NoError 10.0.0.2");
        assert_eq!(ask(&all, "ns1.lab", "A"), "NoError 10.0.0.2");
        assert_eq!(ask(&all, "2.0.0.10.in-addr.arpa", "PTR"), "NoError ns1.lab");
        let some = zone(Some(&["example.org"]), false);
        assert_eq!(ask(&some, "nobody.example.org", "A"), "NameError ");
        assert_eq!(ask(&some, "notexample.org", "A"), "Refused ");
        assert_eq!(ask(&some, "ns1", "A"), "NoError 10.0.0.2");
        let front = zone(None, true);
        assert_eq!(ask(&front, "www.example.org", "A"), "NoError 10.0.0.1");
        assert_eq!(ask(&front, "nobody.example.org", "A"), "forward");
        assert_eq!(ask(&zone(Some(&["example.org"]), true), "nobody.example.org", "A"), "NameError ");
    }

    #[test]
    fn large_answers_are_truncated() {
        let all = zone(None, false);
        let asked = query("many.example.org", QTYPE::ANY);
        let short = all.answer(&asked, false).unwrap().message;
        let packet = Packet::parse(&short).unwrap();
        assert!(packet.has_flags(PacketFlag::TRUNCATION) && packet.answers.is_empty() && short.len() <= 512);
        assert_eq!(Packet::parse(&all.answer(&asked, true).unwrap().message).unwrap().answers.len(), 60);
    }

    #[test]
    fn what_is_no_query_is_refused_or_left_alone() {
        let all = zone(None, false);
        let good = query("www.example.org", QTYPE::TYPE(TYPE::A));
        for cut in 0..good.len() {
            let reply = all.answer(&good[..cut], false);
            assert_eq!(reply.is_some(), cut >= HEADER);
            assert!(
                reply.is_none_or(|r| r.message[3] & 0xf == RCODE::FormatError as u8 && r.name.is_empty())
            );
        }
        let changed = |at: usize, to: u8| {
            let mut bytes = good.clone();
            bytes[at] = to;
            all.answer(&bytes, false).map(|r| r.message[3] & 0xf)
        };
        assert_eq!(changed(2, 0x80), None, "a reply");
        assert_eq!(changed(2, 0x28), Some(RCODE::NotImplemented as u8), "an update");
        assert_eq!(changed(5, 0), Some(RCODE::FormatError as u8), "no question");
        assert_eq!(changed(6, 0xff), Some(RCODE::FormatError as u8), "more records than bytes");
        for at in 0..good.len() {
            for to in [0, 1, 0x3f, 0x40, 0xc0, 0xff] {
                changed(at, to);
            }
        }
    }
}
