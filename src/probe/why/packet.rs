//! The packet whose way is followed.

use std::fmt;
use std::net::IpAddr;

use crate::model::Words;
use crate::net::prefix::Family;
use crate::net::route::Lookup;

/// What is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proto {
    /// An echo request.
    #[default]
    Icmp,
    /// A connection.
    Tcp,
    /// A datagram.
    Udp,
}

impl Words for Proto {
    const WORDS: &'static [(&'static str, Self)] =
        &[("icmp", Proto::Icmp), ("tcp", Proto::Tcp), ("udp", Proto::Udp)];
}

/// A packet, as far as routing and NAT look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// None until the route has said which.
    pub src: Option<IpAddr>,
    pub dst: IpAddr,
    pub proto: Proto,
    pub sport: Option<u16>,
    pub dport: Option<u16>,
    pub mark: Option<u32>,
    /// The link that its sender is bound to.
    pub oif: Option<String>,
}

impl Packet {
    pub fn family(&self) -> Family {
        Family::of(self.dst)
    }

    /// The protocol's number.
    pub fn number(&self) -> u8 {
        match (self.proto, self.family()) {
            (Proto::Icmp, Family::Inet) => 1,
            (Proto::Icmp, Family::Inet6) => 58,
            (Proto::Tcp, _) => 6,
            (Proto::Udp, _) => 17,
        }
    }

    /// An answer to it, as the one that has it sends it.
    pub fn answer(&self) -> Option<Packet> {
        Some(Packet {
            src: Some(self.dst),
            dst: self.src?,
            sport: self.dport,
            dport: self.sport,
            mark: None,
            oif: None,
            ..self.clone()
        })
    }

    /// What the kernel is asked; `iif` is the link that it came in by.
    pub fn lookup(&self, iif: Option<&str>) -> Lookup {
        let ports = self.proto != Proto::Icmp;
        Lookup {
            from: self.src,
            iif: iif.map(str::to_owned),
            oif: self.oif.clone().filter(|_| iif.is_none()),
            mark: self.mark.filter(|_| iif.is_none()),
            ip_proto: Some(self.number()).filter(|_| ports),
            sport: self.sport.filter(|_| ports),
            dport: self.dport.filter(|_| ports),
            ..Lookup::default()
        }
    }
}

/// `192.168.1.10 > 8.8.8.8`
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |ip: IpAddr, port: Option<u16>| match (port, ip) {
            (None, ip) => ip.to_string(),
            (Some(port), IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
            (Some(port), ip) => format!("{ip}:{port}"),
        };
        if let Some(src) = self.src {
            write!(f, "{} ", end(src, self.sport))?;
        }
        write!(f, "> {}", end(self.dst, self.dport))
    }
}
