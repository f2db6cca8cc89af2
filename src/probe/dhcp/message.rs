//! Messages of DHCP on the wire: RFC 2131, and options of RFC 2132.

use std::net::Ipv4Addr;

use crate::probe::capture::Mac;

/// The ports of servers and of clients.
pub const SERVER: u16 = 67;
pub const CLIENT: u16 = 68;

/// Options, by their numbers.
pub mod option {
    pub const MASK: u8 = 1;
    pub const ROUTER: u8 = 3;
    pub const DNS: u8 = 6;
    pub const HOSTNAME: u8 = 12;
    pub const DOMAIN: u8 = 15;
    pub const MTU: u8 = 26;
    pub const ADDRESS: u8 = 50;
    pub const LEASE: u8 = 51;
    pub const KIND: u8 = 53;
    pub const SERVER: u8 = 54;
    pub const WANTED: u8 = 55;
    pub const MESSAGE: u8 = 56;
    pub const RENEWAL: u8 = 58;
    pub const REBINDING: u8 = 59;
    pub const CLIENT: u8 = 61;
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

impl Kind {
    const ALL: [(Kind, &str); 8] = [
        (Kind::Discover, "discover"),
        (Kind::Offer, "offer"),
        (Kind::Request, "request"),
        (Kind::Decline, "decline"),
        (Kind::Ack, "ack"),
        (Kind::Nak, "nak"),
        (Kind::Release, "release"),
        (Kind::Inform, "inform"),
    ];

    fn of(number: u8) -> Option<Kind> {
        Kind::ALL.iter().map(|(kind, _)| *kind).find(|kind| *kind as u8 == number)
    }

    pub fn name(self) -> &'static str {
        Kind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const ETHERNET: [u8; 2] = [1, 6];
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Where the options begin, behind the cookie, and the least that BOOTP takes.
const OPTIONS: usize = 240;
const LEAST: usize = 300;
const PAD: u8 = 0;
const END: u8 = 255;
/// The answer is to be sent to all, since the client has no address yet.
const BROADCAST: u16 = 0x8000;

/// A message. Addresses that are not there are 0.0.0.0.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub kind: Kind,
    pub number: u32,
    pub broadcast: bool,
    /// The client's own address, once it has one.
    pub client: Ipv4Addr,
    /// The address that it is given.
    pub yours: Ipv4Addr,
    /// The relay that passed it on.
    pub relay: Ipv4Addr,
    pub mac: Mac,
    pub options: Vec<(u8, Vec<u8>)>,
}

impl Message {
    pub fn new(kind: Kind, number: u32, mac: Mac) -> Message {
        let none = Ipv4Addr::UNSPECIFIED;
        Message {
            kind,
            number,
            broadcast: false,
            client: none,
            yours: none,
            relay: none,
            mac,
            options: Vec::new(),
        }
    }

    pub fn with(mut self, option: u8, data: &[u8]) -> Message {
        self.options.push((option, data.to_vec()));
        self
    }

    pub fn with_ips(self, option: u8, ips: &[Ipv4Addr]) -> Message {
        let data: Vec<u8> = ips.iter().flat_map(Ipv4Addr::octets).collect();
        if data.is_empty() { self } else { self.with(option, &data) }
    }

    pub fn get(&self, option: u8) -> Option<&[u8]> {
        self.options.iter().find(|(number, _)| *number == option).map(|(_, data)| data.as_slice())
    }

    pub fn ips(&self, option: u8) -> Vec<Ipv4Addr> {
        let data = self.get(option).unwrap_or_default();
        data.chunks_exact(4).map(|ip| Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3])).collect()
    }

    pub fn ip(&self, option: u8) -> Option<Ipv4Addr> {
        self.ips(option).first().copied()
    }

    pub fn text(&self, option: u8) -> Option<String> {
        let text = String::from_utf8_lossy(self.get(option)?);
        let text = text.trim_end_matches('\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub fn seconds(&self, option: u8) -> Option<u32> {
        self.get(option)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Reads a message of a client, or of a server with `reply`. `None` for what is none, BOOTP without DHCP too.
    pub fn read(bytes: &[u8], reply: bool) -> Option<Message> {
        let fixed: &[u8; OPTIONS] = bytes.first_chunk()?;
        let op = if reply { REPLY } else { REQUEST };
        if fixed[0] != op || fixed[1..3] != ETHERNET || fixed[236..] != COOKIE {
            return None;
        }
        let ip = |at: usize| Ipv4Addr::new(fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]);
        let options = read_options(&bytes[OPTIONS..]);
        let kind = options.iter().find(|(number, _)| *number == option::KIND)?.1.first()?;
        let mut mac = [0; 6];
        mac.copy_from_slice(&fixed[28..34]);
        Some(Message {
            kind: Kind::of(*kind)?,
            number: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            broadcast: u16::from_be_bytes([fixed[10], fixed[11]]) & BROADCAST != 0,
            client: ip(12),
            yours: ip(16),
            relay: ip(24),
            mac: Mac(mac),
            options,
        })
    }

    pub fn write(&self, reply: bool) -> Vec<u8> {
        let mut out = vec![0; OPTIONS];
        out[0] = if reply { REPLY } else { REQUEST };
        out[1..3].copy_from_slice(&ETHERNET);
        out[4..8].copy_from_slice(&self.number.to_be_bytes());
        out[10..12].copy_from_slice(&(if self.broadcast { BROADCAST } else { 0 }).to_be_bytes());
        out[12..16].copy_from_slice(&self.client.octets());
        out[16..20].copy_from_slice(&self.yours.octets());
        out[24..28].copy_from_slice(&self.relay.octets());
        out[28..34].copy_from_slice(&self.mac.0);
        out[236..].copy_from_slice(&COOKIE);
        out.extend([option::KIND, 1, self.kind as u8]);
        for (number, data) in self.options.iter().filter(|(number, _)| *number != option::KIND) {
            for part in data.chunks(255) {
                out.extend([*number, part.len() as u8]);
                out.extend(part);
            }
        }
        out.push(END);
        out.resize(out.len().max(LEAST), PAD);
        out
    }
}

/// What is cut off is left out; what comes in several parts is one (RFC 3396).
fn read_options(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
    while let Some((number, rest)) = bytes.split_first() {
        match *number {
            PAD => bytes = rest,
            END => break,
            number => {
                let Some((length, rest)) = rest.split_first() else { break };
                let Some((data, rest)) = rest.split_at_checked(usize::from(*length)) else { break };
                match options.iter_mut().find(|(known, _)| *known == number) {
                    Some((_, known)) => known.extend(data),
                    None => options.push((number, data.to_vec())),
                }
                bytes = rest;
            }
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let router = Ipv4Addr::new(10, 0, 0, 1);
        let message = Message {
            broadcast: true,
            yours: Ipv4Addr::new(10, 0, 0, 100),
            relay: router,
            ..Message::new(Kind::Offer, 0x1234_5678, Mac([2, 0, 0, 0, 0, 1]))
        }
        .with_ips(option::ROUTER, &[router, Ipv4Addr::new(10, 0, 0, 2)])
        .with(option::DOMAIN, "x".repeat(300).as_bytes())
        .with(option::LEASE, &3600u32.to_be_bytes());
        let bytes = message.write(true);
        assert_eq!(bytes[..12], [2, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0x80, 0]);
        let read = Message::read(&bytes, true).unwrap();
        assert_eq!(read.ips(option::ROUTER).len(), 2);
        assert_eq!(read.text(option::DOMAIN).unwrap().len(), 300);
        assert_eq!(read.seconds(option::LEASE), Some(3600));
        assert_eq!((read.kind, read.yours, read.mac), (message.kind, message.yours, message.mac));
        assert!(read.broadcast && read.relay == router);
        assert!(Message::read(&bytes, false).is_none(), "a reply is no request");
        assert_eq!(Message::new(Kind::Discover, 1, Mac([0; 6])).write(false).len(), LEAST);
    }

    #[test]
    fn rubbish_is_no_message() {
        let good = Message::new(Kind::Request, 7, Mac([1; 6])).with(option::HOSTNAME, b"h1").write(false);
        for cut in 0..good.len() {
            if let Some(read) = Message::read(&good[..cut], false) {
                assert!(cut > OPTIONS && read.kind == Kind::Request);
            }
        }
        for at in 0..good.len() {
            for to in [0, 1, 9, 254, 255] {
                let mut bytes = good.clone();
                bytes[at] = to;
                let _ =
                    Message::read(&bytes, false).map(|m| (m.text(option::HOSTNAME), m.ip(option::ADDRESS)));
            }
        }
    }
}
