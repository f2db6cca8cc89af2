//! The client: gets a lease, renews it and gives it back.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::SockaddrStorage;

use super::message::{self, Kind, Message, option};
use super::{ethernet, open};
use crate::base::error::{Error, Kind as ErrorKind, Result};
use crate::base::wait::{self, Deadline};
use crate::io::udp::{receive, send_from};
use crate::net::addr::{self, Addr};
use crate::net::namespace::Namespace;
use crate::probe::capture::Mac;

/// What is asked for.
const WANTED: &[u8] = &[option::MASK, option::ROUTER, option::DNS, option::DOMAIN, option::MTU];
/// Seconds until a message is sent again, first and at most.
const AGAIN: f64 = 0.5;
const AGAIN_AT_MOST: f64 = 4.0;

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The address that it would like.
    pub address: Option<Ipv4Addr>,
    pub hostname: Option<String>,
}

/// What a client was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    pub dev: String,
    pub mac: Mac,
    pub ip: Ipv4Addr,
    pub prefix: u8,
    pub routers: Vec<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    pub domain: Option<String>,
    pub mtu: Option<u16>,
    /// Seconds; `u32::MAX` for ever.
    pub seconds: u32,
    pub server: Ipv4Addr,
    pub hostname: Option<String>,
}

/// Gets a lease for a link, as `udhcpc -i DEV -q` and `dhclient -1 DEV` do, and changes nothing.
///
/// Raises `timeout` if nobody answers, `address_not_available` if the server takes its offer back, `address_in_use` if another
/// client runs there, `network_down`, `not_found`.
pub fn request(ns: &Namespace, dev: &str, wish: &Wish, timeout: f64) -> Result<Lease> {
    let (_, mac) = ethernet(ns, dev)?;
    let socket = open(ns, dev, message::CLIENT)?;
    let deadline = Deadline::secs(timeout);
    let talk = Talk { socket: &socket, to: (Ipv4Addr::BROADCAST, message::SERVER).into(), deadline };
    let number = RandomState::new().build_hasher().finish() as u32;
    let message = |kind| {
        let message = Message { broadcast: true, ..Message::new(kind, number, mac) };
        let message = message.with(option::WANTED, WANTED);
        match &wish.hostname {
            Some(name) => message.with(option::HOSTNAME, name.as_bytes()),
            None => message,
        }
    };
    let late = |what: &str| {
        let error = Error::new(ErrorKind::Timeout, format!("no server {what} on {dev} in {timeout} s"));
        error.hint("is there one on this link's network, and does the link reach it? An rp_filter of 1 drops answers, too")
    };
    let wanted = wish.address.as_slice();
    let discover = message(Kind::Discover).with_ips(option::ADDRESS, wanted);
    let offers = |m: &Message| m.kind == Kind::Offer && m.ip(option::SERVER).is_some();
    let offer = talk.ask(&discover, offers)?.ok_or_else(|| late("offers an address"))?;
    let server = offer.ip(option::SERVER).unwrap_or(Ipv4Addr::UNSPECIFIED);
    let request =
        message(Kind::Request).with_ips(option::ADDRESS, &[offer.yours]).with_ips(option::SERVER, &[server]);
    let answer = talk.ask(&request, |m| decides(m, server))?.ok_or_else(|| late("confirms its offer"))?;
    lease(dev, wish.hostname.clone(), &answer, server)
}

/// Whether the link has the address: the server answers to it.
fn is_there(ns: &Namespace, lease: &Lease) -> Result<bool> {
    Ok(addr::list(ns, &Addr::on(&lease.dev))?.iter().any(|own| own.ip() == lease.ip))
}

/// Has a lease begin again.
///
/// Raises as [`request`], and `address_not_available` if the link doesn't have the address.
pub fn renew(ns: &Namespace, lease: &Lease, timeout: f64) -> Result<Lease> {
    if !is_there(ns, lease)? {
        let error =
            Error::new(ErrorKind::AddressNotAvailable, format!("{} doesn't have {}", lease.dev, lease.ip));
        return Err(error.hint("the server answers to the address; dhcp.request gets it anew"));
    }
    let socket = open(ns, &lease.dev, message::CLIENT)?;
    let to = (lease.server, message::SERVER).into();
    let talk = Talk { socket: &socket, to, deadline: Deadline::secs(timeout) };
    let number = RandomState::new().build_hasher().finish() as u32;
    let request = Message { client: lease.ip, ..Message::new(Kind::Request, number, lease.mac) };
    let mut request = request.with(option::WANTED, WANTED);
    if let Some(name) = &lease.hostname {
        request = request.with(option::HOSTNAME, name.as_bytes());
    }
    let answer = talk.ask(&request, |m| decides(m, lease.server))?.ok_or_else(|| {
        let text = format!("{} didn't renew {} in {timeout} s", lease.server, lease.ip);
        Error::new(ErrorKind::Timeout, text).hint("dhcp.request asks all servers for a new lease")
    })?;
    self::lease(&lease.dev, lease.hostname.clone(), &answer, lease.server)
}

/// Gives a lease back. There is no answer.
pub fn release(ns: &Namespace, lease: &Lease) -> Result<()> {
    let socket = open(ns, &lease.dev, message::CLIENT)?;
    let number = RandomState::new().build_hasher().finish() as u32;
    let release = Message { client: lease.ip, ..Message::new(Kind::Release, number, lease.mac) };
    let release = release.with_ips(option::SERVER, &[lease.server]);
    // A packet from no address goes to all or to nobody.
    let to = if is_there(ns, lease)? { lease.server } else { Ipv4Addr::BROADCAST };
    send(&socket, &release, (to, message::SERVER).into())
}

fn decides(message: &Message, server: Ipv4Addr) -> bool {
    let ours = message.ip(option::SERVER).is_none_or(|from| from == server);
    ours && matches!(message.kind, Kind::Ack | Kind::Nak)
}

fn lease(dev: &str, hostname: Option<String>, answer: &Message, server: Ipv4Addr) -> Result<Lease> {
    if answer.kind == Kind::Nak {
        let why = answer.text(option::MESSAGE).map(|why| format!(": {why}")).unwrap_or_default();
        return Err(Error::new(ErrorKind::AddressNotAvailable, format!("{server} refused{why}")));
    }
    let ip = answer.yours;
    if ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() || ip.is_broadcast() {
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("{server} gave {ip}, which can't be a host's address"),
        ));
    }
    // Without a mask, the one of the address's class (RFC 950).
    let mask = answer.ip(option::MASK).map_or_else(|| class_mask(ip), Ipv4Addr::to_bits);
    let mtu = answer.get(option::MTU).and_then(|mtu| mtu.first_chunk()).map(|mtu| u16::from_be_bytes(*mtu));
    Ok(Lease {
        dev: dev.to_owned(),
        mac: answer.mac,
        ip,
        prefix: mask.leading_ones() as u8,
        routers: answer.ips(option::ROUTER),
        dns: answer.ips(option::DNS),
        domain: answer.text(option::DOMAIN),
        mtu,
        seconds: answer.seconds(option::LEASE).unwrap_or(u32::MAX),
        server,
        hostname,
    })
}

fn class_mask(ip: Ipv4Addr) -> u32 {
    match ip.octets()[0] {
        0..=127 => 0xff00_0000,
        128..=191 => 0xffff_0000,
        _ => 0xffff_ff00,
    }
}

struct Talk<'a> {
    socket: &'a OwnedFd,
    to: SocketAddr,
    deadline: Deadline,
}

impl Talk<'_> {
    /// Sends a message, again and again, until an answer to it comes that is wanted; `None` at the deadline.
    fn ask(&self, message: &Message, wanted: impl Fn(&Message) -> bool) -> Result<Option<Message>> {
        let (mut buffer, mut again) = (vec![0; 1 << 16], AGAIN);
        loop {
            send(self.socket, message, self.to)?;
            let until = Deadline::secs(again).min(self.deadline);
            while wait::readable(self.socket.as_fd(), until)? {
                // Nothing, a wrong checksum, or an ICMP error for an earlier message.
                let Ok(Some(datagram)) = receive(self.socket, &mut buffer) else { continue };
                let answer = Message::read(&datagram.received.data, true);
                let ours = |m: &Message| m.number == message.number && m.mac == message.mac && wanted(m);
                if let Some(answer) = answer.filter(ours) {
                    return Ok(Some(answer));
                }
            }
            if self.deadline.passed() {
                return Ok(None);
            }
            again = (again * 2.0).min(AGAIN_AT_MOST);
        }
    }
}

fn send(socket: &OwnedFd, message: &Message, to: SocketAddr) -> Result<()> {
    match send_from(socket, &SockaddrStorage::from(to), &message.write(false), None, None) {
        // An ICMP error for an earlier one.
        Err(Errno::ECONNREFUSED) | Ok(()) => Ok(()),
        Err(e) => Err(crate::probe::socket::explain(e.into(), to)),
    }
}
