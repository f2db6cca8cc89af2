//! DNS: RFC 1035, and multicast DNS: RFC 6762.

use std::fmt::{self, Display, Formatter};

use super::super::decode::{ip4_at, ip6_at, u16_at, u32_at};

/// More questions or answers than this aren't decoded.
const MOST: usize = 64;
/// A name's longest text, and how many pointers lead to it.
const LONGEST_NAME: usize = 255;
const MOST_POINTERS: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    pub id: u16,
    pub response: bool,
    pub opcode: u8,
    /// The header's second 16 bits: authoritative 0x400, truncated 0x200, recursion desired 0x100, available 0x80.
    pub flags: u16,
    pub questions: Vec<Question>,
    pub answers: Vec<ResourceRecord>,
    /// How many questions, answers, authorities and additional records there are by the header.
    pub counts: [u16; 4],
    pub length: usize,
    multicast: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub name: String,
    pub kind: u16,
    pub class: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRecord {
    pub name: String,
    pub kind: u16,
    pub class: u16,
    pub ttl: u32,
    /// As tcpdump writes it: an address, a name, ...; empty if it isn't known.
    pub data: String,
}

const TYPES: [(u16, &str); 18] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
    (41, "OPT"),
    (43, "DS"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (252, "AXFR"),
    (255, "ANY"),
];

pub fn type_name(kind: u16) -> String {
    let known = TYPES.iter().find(|(number, _)| *number == kind);
    known.map_or_else(|| format!("Type{kind}"), |(_, name)| (*name).to_owned())
}

impl Dns {
    /// The result's name, as tcpdump has it.
    pub fn rcode(&self) -> String {
        match self.flags & 0xf {
            0 => "NoError".to_owned(),
            1 => "FormErr".to_owned(),
            2 => "ServFail".to_owned(),
            3 => "NXDomain".to_owned(),
            4 => "NotImp".to_owned(),
            5 => "Refused".to_owned(),
            other => format!("Resp{other}"),
        }
    }
}

pub(super) fn decode(b: &[u8], length: usize, multicast: bool) -> Option<Dns> {
    let flags = u16_at(b, 2)?;
    let mut dns = Dns {
        id: u16_at(b, 0)?,
        response: flags & 0x8000 != 0,
        opcode: (flags >> 11 & 0xf) as u8,
        flags,
        questions: Vec::new(),
        answers: Vec::new(),
        counts: [u16_at(b, 4)?, u16_at(b, 6)?, u16_at(b, 8)?, u16_at(b, 10)?],
        length,
        multicast,
    };
    records(b, &mut dns);
    Some(dns)
}

/// As far as they go.
fn records(b: &[u8], dns: &mut Dns) -> Option<()> {
    let mut at = 12;
    for _ in 0..usize::from(dns.counts[0]).min(MOST) {
        let name = name(b, &mut at)?;
        dns.questions.push(Question { name, kind: u16_at(b, at)?, class: u16_at(b, at + 2)? });
        at += 4;
    }
    for _ in 0..usize::from(dns.counts[1]).min(MOST) {
        let name = name(b, &mut at)?;
        let (kind, class, ttl) = (u16_at(b, at)?, u16_at(b, at + 2)?, u32_at(b, at + 4)?);
        let length = usize::from(u16_at(b, at + 8)?);
        b.get(at + 10..at + 10 + length)?;
        let data = data(b, kind, at + 10, length).unwrap_or_default();
        dns.answers.push(ResourceRecord { name, kind, class, ttl, data });
        at += 10 + length;
    }
    Some(())
}

fn data(b: &[u8], kind: u16, mut at: usize, length: usize) -> Option<String> {
    Some(match kind {
        1 => ip4_at(b, at)?.to_string(),
        28 => ip6_at(b, at)?.to_string(),
        2 | 5 | 12 => name(b, &mut at)?,
        15 => {
            let preference = u16_at(b, at)?;
            at += 2;
            format!("{} {preference}", name(b, &mut at)?)
        }
        33 => {
            let (priority, weight, port) = (u16_at(b, at)?, u16_at(b, at + 2)?, u16_at(b, at + 4)?);
            at += 6;
            format!("{}:{port} {priority} {weight}", name(b, &mut at)?)
        }
        16 => {
            let (mut texts, end) = (Vec::new(), at + length);
            while at < end {
                let text = b.get(at + 1..at + 1 + usize::from(*b.get(at)?))?;
                at += 1 + text.len();
                texts.push(format!("{:?}", String::from_utf8_lossy(text)));
            }
            texts.join(" ")
        }
        _ => return None,
    })
}

/// The name that begins at `at`, which moves behind it; as text, with a dot at its end.
fn name(b: &[u8], at: &mut usize) -> Option<String> {
    let (mut text, mut here, mut pointers) = (String::new(), *at, 0);
    loop {
        let length = usize::from(*b.get(here)?);
        match length {
            0 => {
                if pointers == 0 {
                    *at = here + 1;
                }
                if text.is_empty() {
                    text.push('.');
                }
                return Some(text);
            }
            0xc0.. => {
                let target = usize::from(u16_at(b, here)? & 0x3fff);
                if pointers == 0 {
                    *at = here + 2;
                }
                pointers += 1;
                // They point to what stands before, so that they can't go in circles.
                if target >= here || pointers > MOST_POINTERS {
                    return None;
                }
                here = target;
            }
            1..=63 => {
                for byte in b.get(here + 1..here + 1 + length)? {
                    match byte {
                        b'.' | b'\\' => text.extend(['\\', char::from(*byte)]),
                        0x21..=0x7e => text.push(char::from(*byte)),
                        _ => text.push_str(&format!("\\{byte:03}")),
                    }
                }
                text.push('.');
                here += 1 + length;
                if text.len() > LONGEST_NAME * 4 {
                    return None;
                }
            }
            _ => return None,
        }
    }
}

/// `1234+ A? example.com. (29)`, `1234* 1/0/0 A 1.2.3.4 (45)`
impl Display for Dns {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const OPCODES: [&str; 6] = ["", " inv_q", " stat", " op3", " notify", " update"];
        write!(f, "{}", self.id)?;
        match OPCODES.get(usize::from(self.opcode)) {
            Some(name) => f.write_str(name)?,
            None => write!(f, " op{}", self.opcode)?,
        }
        let has = |bit| self.flags & bit != 0;
        let [questions, answers, authorities, additional] = self.counts;
        if self.response {
            if self.flags & 0xf != 0 {
                write!(f, " {}", self.rcode())?;
            }
            for (shown, sign) in [(has(0x400), "*"), (!has(0x80), "-"), (has(0x200), "|"), (has(0x20), "$")] {
                f.write_str(if shown { sign } else { "" })?;
            }
            if questions != 1 {
                write!(f, " [{questions}q]")?;
            }
            write!(f, " {answers}/{authorities}/{additional}")?;
            for (i, answer) in self.answers.iter().enumerate() {
                f.write_str(if i == 0 { "" } else { "," })?;
                if self.multicast && answer.class & 0x8000 != 0 {
                    f.write_str(" (Cache flush)")?;
                }
                write!(f, " {}", type_name(answer.kind))?;
                if !answer.data.is_empty() {
                    write!(f, " {}", answer.data)?;
                }
            }
        } else {
            for (shown, sign) in [(has(0x100), "+"), (has(0x10), "%")] {
                f.write_str(if shown { sign } else { "" })?;
            }
            for (count, usual, unit) in
                [(questions, 1, "q"), (answers, 0, "a"), (authorities, 0, "n"), (additional, 0, "au")]
            {
                if count != usual {
                    write!(f, " [{count}{unit}]")?;
                }
            }
            for question in &self.questions {
                write!(f, " {}", type_name(question.kind))?;
                if self.multicast {
                    f.write_str(if question.class & 0x8000 != 0 { " (QU)" } else { " (QM)" })?;
                }
                write!(f, "? {}", question.name)?;
            }
        }
        write!(f, " ({})", self.length)
    }
}
