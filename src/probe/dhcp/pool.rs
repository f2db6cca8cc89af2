//! Which addresses a server gives to whom, and what it answers.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::message::{Kind, Message, option};
use crate::base::error::{Error, Result};
use crate::probe::capture::Mac;

/// How long an address that was offered is kept for the client.
const OFFERED: Duration = Duration::from_secs(10);
/// The largest range.
const MOST: u32 = 1 << 16;

/// What a server gives.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// The first and the last address.
    pub range: (Ipv4Addr, Ipv4Addr),
    /// Addresses of clients that always get the same.
    pub hosts: Vec<(Mac, Ipv4Addr)>,
    pub routers: Vec<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    pub domain: Option<String>,
    pub mtu: Option<u16>,
    /// Seconds.
    pub lease: u32,
}

/// An address that a client has.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub ip: Ipv4Addr,
    pub mac: Mac,
    pub hostname: Option<String>,
    pub until: Instant,
    /// The client's identifier, or its hardware address.
    client: Vec<u8>,
    /// Not only offered.
    pub bound: bool,
}

/// A server's addresses.
pub struct Pool {
    options: PoolOptions,
    /// The server's own address and prefix length.
    own: (Ipv4Addr, u8),
    held: BTreeMap<Ipv4Addr, Held>,
}

impl Pool {
    /// Raises `argument` for addresses that aren't in the server's subnet, or a range that is none.
    pub fn new(options: PoolOptions, own: (Ipv4Addr, u8)) -> Result<Pool> {
        let (first, last) = options.range;
        let mask = mask(own.1);
        let subnet = format!("{}/{}", Ipv4Addr::from_bits(own.0.to_bits() & mask), own.1);
        let inside = |ip: Ipv4Addr| ip.to_bits() & mask == own.0.to_bits() & mask;
        let hosts = options.hosts.iter().map(|(_, ip)| *ip);
        if let Some(outside) = [first, last].into_iter().chain(hosts).find(|ip| !inside(*ip)) {
            let hint = format!("the server's own address is {}/{}", own.0, own.1);
            return Err(Error::argument(format!("{outside} is not in {subnet}")).hint(hint));
        }
        match last.to_bits().checked_sub(first.to_bits()) {
            None => return Err(Error::argument(format!("the range ends at {last}, before {first}"))),
            Some(more) if more >= MOST => {
                return Err(Error::argument(format!("a range has {MOST} addresses at most")));
            }
            Some(_) => {}
        }
        Ok(Pool { options, own, held: BTreeMap::new() })
    }

    /// The leases that haven't ended.
    pub fn leases(&self) -> Vec<Held> {
        let now = Instant::now();
        self.held.values().filter(|held| held.bound && held.until > now).cloned().collect()
    }

    /// The answer to a client, if there is one.
    pub fn answer(&mut self, message: &Message, now: Instant) -> Option<Message> {
        let client = client(message);
        let own = message.ip(option::SERVER).is_none_or(|server| server == self.own.0);
        match message.kind {
            Kind::Discover => {
                let ip = self.choose(message, &client, now)?;
                let held = self.held.get(&ip).filter(|held| held.bound && held.client == client);
                if held.is_none() {
                    self.hold(ip, message, client, now + OFFERED, false);
                }
                Some(self.give(message, Kind::Offer, ip))
            }
            Kind::Request if !own => {
                self.held.retain(|_, held| held.bound || held.client != client);
                None
            }
            Kind::Request => {
                let ip = message.ip(option::ADDRESS).unwrap_or(message.client);
                if !self.may_have(ip, message, &client, now) {
                    let why = format!("{ip} is not for this client");
                    return Some(self.reply(message, Kind::Nak).with(option::MESSAGE, why.as_bytes()));
                }
                let until = now + Duration::from_secs(self.options.lease.into());
                self.held.retain(|other, held| *other == ip || held.client != client);
                self.hold(ip, message, client, until, true);
                Some(self.give(message, Kind::Ack, ip))
            }
            Kind::Decline => {
                // Somebody else has it.
                let ip = message.ip(option::ADDRESS).filter(|ip| self.in_range(*ip))?;
                let until = now + Duration::from_secs(self.options.lease.into());
                self.hold(ip, message, Vec::new(), until, false);
                None
            }
            Kind::Release => {
                self.held.retain(|ip, held| *ip != message.client || held.client != client);
                None
            }
            Kind::Inform => {
                let reply = self.reply(message, Kind::Ack);
                Some(self.told(Message { client: message.client, ..reply }))
            }
            Kind::Offer | Kind::Ack | Kind::Nak => None,
        }
    }

    fn hold(&mut self, ip: Ipv4Addr, message: &Message, client: Vec<u8>, until: Instant, bound: bool) {
        let hostname = message.text(option::HOSTNAME);
        self.held.insert(ip, Held { ip, mac: message.mac, hostname, until, client, bound });
    }

    fn in_range(&self, ip: Ipv4Addr) -> bool {
        ip >= self.options.range.0 && ip <= self.options.range.1
    }

    fn reserved(&self, mac: Mac) -> Option<Ipv4Addr> {
        self.options.hosts.iter().find(|(own, _)| *own == mac).map(|(_, ip)| *ip)
    }

    /// Whether a client can have an address now.
    fn may_have(&self, ip: Ipv4Addr, message: &Message, client: &[u8], now: Instant) -> bool {
        let reserved = match self.options.hosts.iter().find(|(_, own)| *own == ip) {
            Some((mac, _)) => *mac == message.mac,
            None => self.reserved(message.mac).is_none() && self.in_range(ip) && ip != self.own.0,
        };
        reserved && self.held.get(&ip).is_none_or(|held| held.client == client || held.until <= now)
    }

    fn choose(&self, message: &Message, client: &[u8], now: Instant) -> Option<Ipv4Addr> {
        let before = self.held.values().find(|held| held.client == client).map(|held| held.ip);
        let (first, last) = self.options.range;
        let wanted = [self.reserved(message.mac), before, message.ip(option::ADDRESS)].into_iter().flatten();
        let range = (first.to_bits()..=last.to_bits()).map(Ipv4Addr::from_bits);
        wanted.chain(range).find(|ip| self.may_have(*ip, message, client, now))
    }

    fn reply(&self, message: &Message, kind: Kind) -> Message {
        let Message { broadcast, relay, .. } = *message;
        let reply = Message { broadcast, relay, ..Message::new(kind, message.number, message.mac) };
        let reply = reply.with_ips(option::SERVER, &[self.own.0]);
        // RFC 6842: who sends an identifier gets it back.
        match message.get(option::CLIENT) {
            Some(client) => reply.with(option::CLIENT, client),
            None => reply,
        }
    }

    fn give(&self, message: &Message, kind: Kind, ip: Ipv4Addr) -> Message {
        let lease = self.options.lease;
        let reply = Message { yours: ip, client: message.client, ..self.reply(message, kind) }
            .with(option::LEASE, &lease.to_be_bytes())
            .with(option::RENEWAL, &(lease / 2).to_be_bytes())
            .with(option::REBINDING, &(lease - lease / 8).to_be_bytes());
        self.told(reply)
    }

    /// With what every client is told.
    fn told(&self, reply: Message) -> Message {
        let o = &self.options;
        let mut reply = reply
            .with_ips(option::MASK, &[Ipv4Addr::from_bits(mask(self.own.1))])
            .with_ips(option::ROUTER, &o.routers)
            .with_ips(option::DNS, &o.dns);
        if let Some(domain) = &o.domain {
            reply = reply.with(option::DOMAIN, domain.as_bytes());
        }
        match o.mtu {
            Some(mtu) => reply.with(option::MTU, &mtu.to_be_bytes()),
            None => reply,
        }
    }
}

fn mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

fn client(message: &Message) -> Vec<u8> {
    message.get(option::CLIENT).map_or_else(|| message.mac.0.to_vec(), <[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn pool() -> Pool {
        let options = PoolOptions {
            range: (ip(1), ip(3)),
            hosts: vec![(Mac([9; 6]), ip(9)), (Mac([8; 6]), ip(3))],
            routers: vec![ip(1)],
            dns: Vec::new(),
            domain: Some("lab".into()),
            mtu: Some(1400),
            lease: 100,
        };
        Pool::new(options, (ip(1), 24)).unwrap()
    }

    #[test]
    fn each_client_gets_an_address_of_its_own() {
        let (mut pool, now) = (pool(), Instant::now());
        let mut ask = |kind, mac: u8, wanted: Option<u8>, later: u64| {
            let message = Message::new(kind, 1, Mac([mac; 6]));
            let message = match wanted {
                Some(last) => message.with_ips(option::ADDRESS, &[ip(last)]),
                None => message,
            };
            let answer = pool.answer(&message, now + Duration::from_secs(later))?;
            Some((answer.kind, answer.yours.octets()[3]))
        };
        // .1 is the server's own, .3 is kept for a host.
        assert_eq!(ask(Kind::Discover, 5, None, 0), Some((Kind::Offer, 2)));
        assert_eq!(ask(Kind::Discover, 6, None, 0), None, "it is offered to another");
        assert_eq!(ask(Kind::Discover, 6, None, 11), Some((Kind::Offer, 2)), "who didn't want it");
        assert_eq!(ask(Kind::Request, 6, Some(2), 12), Some((Kind::Ack, 2)));
        assert_eq!(ask(Kind::Request, 5, Some(2), 12), Some((Kind::Nak, 0)));
        assert_eq!(ask(Kind::Request, 6, Some(3), 12), Some((Kind::Nak, 0)));
        assert_eq!(ask(Kind::Request, 6, Some(7), 12), Some((Kind::Nak, 0)), "outside of the range");
        assert_eq!(ask(Kind::Discover, 9, Some(2), 12), Some((Kind::Offer, 9)));
        assert_eq!(ask(Kind::Discover, 8, None, 12), Some((Kind::Offer, 3)));
        assert_eq!(ask(Kind::Discover, 5, None, 120), Some((Kind::Offer, 2)), "the lease has ended");
    }

    #[test]
    fn leases_are_given_back_and_told() {
        let (mut pool, now) = (pool(), Instant::now());
        let message = |kind| Message { client: ip(2), ..Message::new(kind, 1, Mac([5; 6])) };
        let answer = pool.answer(&message(Kind::Request).with(option::HOSTNAME, b"h5"), now).unwrap();
        assert_eq!((answer.kind, answer.client), (Kind::Ack, ip(2)));
        assert_eq!(answer.ip(option::MASK), Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(
            (answer.seconds(option::LEASE), answer.text(option::DOMAIN)),
            (Some(100), Some("lab".into()))
        );
        assert_eq!(pool.leases()[0].hostname.as_deref(), Some("h5"));
        assert!(pool.answer(&message(Kind::Release), now).is_none());
        assert!(pool.leases().is_empty());
        let informed = pool.answer(&message(Kind::Inform), now).unwrap();
        assert_eq!(
            (informed.kind, informed.yours, informed.seconds(option::LEASE)),
            (Kind::Ack, [0; 4].into(), None)
        );
        // Somebody else has it.
        pool.answer(&Message::new(Kind::Decline, 1, Mac([5; 6])).with_ips(option::ADDRESS, &[ip(2)]), now);
        assert!(pool.answer(&Message::new(Kind::Discover, 1, Mac([5; 6])), now).is_none());
        let other = message(Kind::Request).with_ips(option::SERVER, &[ip(77)]);
        assert!(pool.answer(&other, now).is_none(), "the client chose another server");
    }

    #[test]
    fn ranges_are_checked() {
        let with = |range| Pool::new(PoolOptions { range, ..pool().options }, (ip(1), 24)).map(drop);
        assert!(with((ip(5), ip(4))).unwrap_err().message().contains("before 10.0.0.5"));
        let far = Ipv4Addr::new(10, 0, 1, 1);
        assert!(with((ip(5), far)).unwrap_err().message().contains("10.0.1.1 is not in 10.0.0.0/24"));
        assert_eq!((mask(0), mask(24), mask(32)), (0, 0xffff_ff00, u32::MAX));
    }
}
