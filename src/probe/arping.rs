//! Who has an address on a link: ARP (RFC 826, 5227), and neighbour discovery for IPv6 (RFC 4861, 4862).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use nix::errno::Errno;

use super::capture::{LinkLayer, Mac, Net, Transport, decode};
use super::packet::PacketSocket;
use super::send::{Arp, Frame, Icmp, IcmpType, Ip, Prepared};
use crate::base::error::{Error, Result};
use crate::base::wait::{self, Deadline};
use crate::net::namespace::Namespace;
use crate::net::route::{self, Lookup};

/// How to ask.
#[derive(Clone, Debug)]
pub struct Options {
    /// The link; without it the one that packets to the address leave by.
    pub dev: Option<String>,
    /// The address that asks; without it the one that the kernel would take.
    pub from: Option<IpAddr>,
    pub count: u64,
    /// Seconds from one question to the next, and in which the last one may be answered.
    pub interval: f64,
    pub timeout: f64,
    /// Duplicate address detection: asks from no address.
    pub dad: bool,
    /// Waits the whole time for more answers.
    pub all: bool,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The number of the last question before it, from 1.
    pub seq: u64,
    pub mac: Mac,
    /// Seconds.
    pub rtt: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    pub dst: IpAddr,
    pub dev: String,
    pub dad: bool,
    pub sent: u64,
    /// How many questions were answered.
    pub received: u64,
    pub replies: Vec<Reply>,
    pub time: f64,
}

impl Report {
    /// Who answered, each once.
    pub fn macs(&self) -> Vec<Mac> {
        let mut macs: Vec<Mac> = Vec::new();
        for reply in &self.replies {
            if !macs.contains(&reply.mac) {
                macs.push(reply.mac);
            }
        }
        macs
    }

    /// Somebody else has the address, or several have it.
    pub fn is_duplicate(&self) -> bool {
        self.macs().len() > usize::from(!self.dad)
    }
}

/// Asks who has the address, and tells who answered.
///
/// Raises `argument` for an address that no link leads to directly, `network_down` if the link is down, `network_unreachable`
/// without a route.
pub fn arping(ns: &Namespace, dst: IpAddr, options: &Options) -> Result<Report> {
    let dev = match &options.dev {
        Some(dev) => dev.clone(),
        None => link_to(ns, dst)?,
    };
    let prepared = Prepared::new(ns, &dev, &question(dst, options))?;
    if !prepared.has_mac() {
        return Err(Error::argument(format!("{dev} has no hardware addresses to ask for")));
    }
    let socket = prepared.socket(ns)?;
    socket.listen(prepared.protocol())?;
    let (began, mut replies, mut answered) = (Instant::now(), Vec::new(), 0);
    for seq in 1..=options.count {
        prepared.send(&socket)?;
        let at = Instant::now();
        let time = if seq == options.count { options.timeout } else { options.interval };
        let before = replies.len();
        let last = seq == options.count;
        listen(&socket, dst, Deadline::secs(time), last && !options.all && !options.dad, &mut |mac| {
            replies.push(Reply { seq, mac, rtt: at.elapsed().as_secs_f64() })
        })?;
        answered += u64::from(replies.len() > before);
    }
    let time = began.elapsed().as_secs_f64();
    Ok(Report { dst, dev, dad: options.dad, sent: options.count, received: answered, replies, time })
}

fn link_to(ns: &Namespace, dst: IpAddr) -> Result<String> {
    let way = route::get(ns, dst, &Lookup::default())?;
    match (way.via, way.dev) {
        (Some(via), _) => {
            Err(Error::argument(format!("{dst} is on no link of this namespace: packets to it go via {via}"))
                .hint("ask for the gateway, or say on which link: { dev = ... }"))
        }
        (None, Some(dev)) if *dev.name != *"lo" => Ok(dev.name.to_string()),
        _ => Err(Error::argument(format!("{dst} is an address of this namespace itself"))
            .hint("say on which link to ask who else has it: { dev = ... }")),
    }
}

/// The frame that asks.
fn question(dst: IpAddr, options: &Options) -> Frame {
    let none = |none: IpAddr| if options.dad { Some(none) } else { options.from };
    match dst {
        IpAddr::V4(_) => Frame {
            arp: Some(Arp {
                target: Some(dst),
                sender: none(Ipv4Addr::UNSPECIFIED.into()),
                ..Arp::default()
            }),
            ..Frame::default()
        },
        IpAddr::V6(_) => Frame {
            ip: Some(Ip { src: none(Ipv6Addr::UNSPECIFIED.into()), ..Ip::default() }),
            icmp: Some(Icmp {
                r#type: Some(IcmpType::Number(NEIGHBOUR_SOLICITATION)),
                target: Some(dst),
                ..Icmp::default()
            }),
            ..Frame::default()
        },
    }
}

const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const ARP_REQUEST: u16 = 1;
const ARP_REPLY: u16 = 2;

/// Hands over each answer until the deadline, or until the first one where that is enough.
fn listen(
    socket: &PacketSocket,
    dst: IpAddr,
    deadline: Deadline,
    one: bool,
    answer: &mut dyn FnMut(Mac),
) -> Result<()> {
    let mut buffer = [0; 2048];
    let mut found = false;
    loop {
        match socket.receive(&mut buffer) {
            Ok(length) => {
                if let Some(mac) = owner(&buffer[..length], dst) {
                    answer(mac);
                    found = true;
                }
            }
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) if one && found => return Ok(()),
            Err(Errno::EAGAIN) => {
                if !wait::readable(socket.fd(), deadline)? {
                    return Ok(());
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
}

/// Who says that the address is its own.
fn owner(frame: &[u8], dst: IpAddr) -> Option<Mac> {
    let layers = decode(LinkLayer::Ethernet, frame, frame.len());
    match (&layers.net, &layers.transport) {
        // One that looks for duplicates asks from no address, one that announces itself from its own.
        (Net::Arp(arp), _) if arp.sender == dst && matches!(arp.op, ARP_REQUEST | ARP_REPLY) => {
            Some(arp.sender_mac)
        }
        (_, Transport::Icmp6(icmp)) if icmp.kind == NEIGHBOUR_ADVERTISEMENT => {
            let about = icmp.target.is_some_and(|target| dst == target);
            icmp.mac.or(layers.eth.map(|eth| eth.src)).filter(|_| about)
        }
        _ => None,
    }
}

/// As arping(8) of iputils prints it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ARPING {} on {}", self.dst, self.dev)?;
        for reply in &self.replies {
            writeln!(f, "Reply from {} [{}]  {:.3}ms", self.dst, reply.mac, reply.rtt * 1e3)?;
        }
        write!(f, "Sent {} probes, received {} responses", self.sent, self.replies.len())?;
        match self.macs().len() {
            0 => Ok(()),
            _ if self.dad => f.write_str(": the address is in use"),
            1 => Ok(()),
            n => write!(f, " of {n} hosts: the address is there more than once"),
        }
    }
}
