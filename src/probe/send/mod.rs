//! Frames that a script makes, sent on any link (packet(7)).

mod build;
mod table;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use nix::errno::Errno;

pub use table::{Arp, Eth, Frame, Icmp, IcmpType, Ip, Pace, Tcp, Udp, Vlan};

use crate::base::clock;
use crate::base::error::{Error, Kind, Result};
use crate::base::wait;
use crate::model::Field;
use crate::net::fields::HardwareAddress;
use crate::net::link::{self, Link};
use crate::net::namespace::Namespace;
use crate::net::prefix::octets;
use crate::net::route::{self, Lookup};
use crate::net::until::{self, NeighGoal};
use crate::probe::packet::{PacketSocket, Sending};
use build::{Sender, kind};

/// What was sent.
pub struct Sent {
    pub count: u64,
    /// So many of these a queueing discipline or filter of the link dropped at once.
    pub dropped: u64,
    /// The last frame.
    pub bytes: Vec<u8>,
    /// Seconds that it took.
    pub time: f64,
}

/// How long a neighbour has to say its hardware address.
const RESOLVE: Duration = Duration::from_secs(3);

/// Sends a frame by a link, as often as the pace says.
///
/// Raises `argument` for headers that contradict each other, `not_found` if there is no such link, `timeout` if nobody has the
/// packet's destination, `network_down` if the link is down, `invalid` if the frame is too long for it.
pub fn send(ns: &Namespace, dev: &str, frame: &Frame, pace: Pace) -> Result<Sent> {
    let mut prepared = Prepared::new(ns, dev, frame)?;
    let socket = prepared.socket(ns)?;
    let began = clock::monotonic();
    let mut dropped = 0;
    for nth in 0..pace.count {
        if nth > 0 {
            pause_until(began + nth as f64 * pace.interval)?;
            prepared.renew(nth)?;
        }
        dropped += u64::from(prepared.send(&socket)? == Sending::Dropped);
    }
    Ok(Sent { count: pace.count, dropped, bytes: prepared.bytes, time: clock::monotonic() - began })
}

/// A frame with all that it didn't say, and the link that sends it.
pub struct Prepared {
    link: Link,
    sender: Sender,
    frame: Frame,
    bytes: Vec<u8>,
}

impl Prepared {
    /// Raises as [`send`] does.
    pub fn new(ns: &Namespace, dev: &str, frame: &Frame) -> Result<Self> {
        frame.check()?;
        let link = link::get_plain(ns, dev)?.ok_or_else(|| link::find::no_such_link(ns, dev))?;
        if !link.is_up() {
            return Err(explain(Errno::ENETDOWN.into(), &link, 0));
        }
        let sender = Sender { mac: hardware_address(&link) };
        let frame = complete(ns, &link, frame, sender)?;
        let bytes = frame.bytes(sender, 0)?;
        Ok(Prepared { link, sender, frame, bytes })
    }

    pub fn socket(&self, ns: &Namespace) -> Result<PacketSocket> {
        ns.within(|| PacketSocket::open(self.link.index()))
    }

    /// Whether the link's frames have an Ethernet header.
    pub fn has_mac(&self) -> bool {
        self.sender.mac.is_some()
    }

    /// The ethertype; of a packet without an Ethernet header that of its IP version.
    pub fn protocol(&self) -> u16 {
        match (self.sender.mac, &self.bytes[..]) {
            (Some(_), [_, _, _, _, _, _, _, _, _, _, _, _, a, b, ..]) => u16::from_be_bytes([*a, *b]),
            (None, [first, ..]) if first >> 4 == 6 => build::IPV6,
            _ => build::IPV4,
        }
    }

    fn renew(&mut self, nth: u64) -> Result<()> {
        self.frame.renew(&mut self.bytes, self.sender, nth)
    }

    pub fn send(&self, socket: &PacketSocket) -> Result<Sending> {
        let sent = socket.send(&self.bytes, self.protocol());
        sent.map_err(|e| explain(e, &self.link, self.bytes.len()))
    }
}

/// Waits, or looks whether Ctrl-C came.
fn pause_until(due: f64) -> Result<()> {
    let left = due - clock::monotonic();
    match wait::interrupted() {
        None if left <= 0.0 => Ok(()),
        _ => wait::pause(Duration::from_secs_f64(left.max(0.0))),
    }
}

/// The link's own address, if its frames have an Ethernet header.
pub(super) fn hardware_address(link: &Link) -> Option<[u8; 6]> {
    const ETHERNET: &[&str] = &["ether", "loopback"];
    let kind = link.common.link_type.as_ref().map(Field::word).unwrap_or_default();
    let address = || link.common.mac.as_ref().and_then(Field::encode).and_then(|mac| mac.try_into().ok());
    ETHERNET.contains(&kind.as_str()).then(|| address().unwrap_or_default())
}

/// With what the kernel knows: the source, and the hardware address of the next hop.
fn complete(ns: &Namespace, link: &Link, frame: &Frame, sender: Sender) -> Result<Frame> {
    let mut frame = frame.clone();
    frame.is_six()?;
    if let Some(arp) = &mut frame.arp
        && arp.sender.is_none()
    {
        arp.sender = own_address(ns, link, arp.target.filter(IpAddr::is_ipv4));
    }
    let Some(ip) = &mut frame.ip else { return Ok(frame) };
    ip.dst = ip.dst.or_else(|| solicited(frame.icmp.as_ref()));
    if ip.src.is_none() {
        ip.src = own_address(ns, link, ip.dst);
    }
    let dst = ip.dst.ok_or_else(|| Error::argument("ip needs dst"))?;
    let known = frame.eth.as_ref().is_some_and(|eth| eth.dst.is_some());
    if sender.mac.is_some() && !known {
        let address = next_hop(ns, link, dst)?;
        frame.eth.get_or_insert_default().dst = Some(HardwareAddress(address));
    }
    Ok(frame)
}

/// The group that a neighbour solicitation goes to.
fn solicited(icmp: Option<&Icmp>) -> Option<IpAddr> {
    let icmp = icmp?;
    let Some(IpAddr::V6(target)) = icmp.target else { return None };
    match kind(icmp, true).ok()? {
        135 => {
            let [.., a, b, c] = target.octets();
            let low = [0x0001, 0xff00 | u16::from(a), u16::from_be_bytes([b, c])];
            Some(IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, low[0], low[1], low[2])))
        }
        136 => Some(IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1))),
        _ => None,
    }
}

/// The address that the kernel would send from.
fn own_address(ns: &Namespace, link: &Link, dst: Option<IpAddr>) -> Option<IpAddr> {
    let lookup = Lookup { oif: Some(link.name.as_str().into()), ..Lookup::default() };
    route::get(ns, dst?, &lookup).ok()?.src
}

/// The hardware address that a packet is sent to.
fn next_hop(ns: &Namespace, link: &Link, dst: IpAddr) -> Result<Vec<u8>> {
    let bytes = octets(dst);
    let broadcast = vec![0xff; 6];
    match dst {
        IpAddr::V4(address) if address.is_multicast() => {
            return Ok(vec![0x01, 0x00, 0x5e, bytes[1] & 0x7f, bytes[2], bytes[3]]);
        }
        IpAddr::V6(address) if address.is_multicast() => {
            return Ok([&[0x33, 0x33], &bytes[12..]].concat());
        }
        IpAddr::V4(address) if address.is_broadcast() => return Ok(broadcast),
        _ => {}
    }
    if link.name == "lo" {
        return Ok(vec![0; 6]);
    }
    let lookup = Lookup { oif: Some(link.name.as_str().into()), ..Lookup::default() };
    let way = route::get(ns, dst, &lookup).ok();
    if way.as_ref().is_some_and(|way| way.kind().word() == "broadcast") {
        return Ok(broadcast);
    }
    let next = way.and_then(|way| way.via).unwrap_or(dst);
    let goal = NeighGoal { dev: Some(link.name.clone()), ..NeighGoal::default() };
    let hint = "eth = { dst = \"ff:ff:ff:ff:ff:ff\" } sends it without asking";
    let unknown = |e: Error| e.detail(format!("the hardware address of {next} is unknown")).hint(hint);
    until::neigh(ns, next, &goal, RESOLVE).map_err(unknown)?;
    let known = crate::net::neigh::get(ns, next, &link.name)?.and_then(|neigh| neigh.lladdr);
    known.map(|address| address.0).ok_or_else(|| unknown(Error::new(Kind::NotFound, "")))
}

fn explain(e: Error, link: &Link, length: usize) -> Error {
    let name = &link.name;
    match e.raw() {
        Some(Errno::ENETDOWN) => e.hint(format!("the link is down: link.set({name:?}, {{ up = true }})")),
        Some(Errno::EMSGSIZE) => e.hint(format!(
            "the frame has {length} bytes, and the MTU of {name} is {}",
            link.common.mtu.map_or(0, |mtu| mtu.0)
        )),
        Some(Errno::EINVAL) => e.hint("the frame is shorter than the link's header"),
        _ => e,
    }
}
