//! Datagrams of a server's socket, which is answered from the address that was asked.

use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg};

use super::{Record, address_of, now};
use crate::net::prefix::is_link_local;

/// One datagram that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub from: SocketAddr,
    /// The address that it was sent to: one of ours, a broadcast address or a group.
    pub to: Option<IpAddr>,
    pub data: Vec<u8>,
    /// When, in seconds since 1970.
    pub time: f64,
}

impl Record for Received {
    type Totals = ();

    fn size(&self) -> usize {
        size_of::<Received>() + self.data.len()
    }
}

/// A datagram, and what it takes to answer it.
pub struct Datagram {
    pub received: Received,
    peer: SockaddrStorage,
    v4: Option<libc::in_pktinfo>,
    v6: Option<libc::in6_pktinfo>,
}

/// The next datagram, if its sender has an address. Doesn't wait.
pub fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> std::result::Result<Option<Datagram>, Errno> {
    let mut space = nix::cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo);
    let mut iov = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut iov, Some(&mut space), flags)?;
    let (mut v4, mut v6, mut to) = (None, None, None);
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                to = Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()));
                v4 = Some(info);
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                to = Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical());
                v6 = Some(info);
            }
            _ => {}
        }
    }
    let (length, peer) = (message.bytes, message.address);
    let Some((peer, from)) = peer.and_then(|peer| Some((peer, address_of(&peer)?))) else { return Ok(None) };
    let received = Received { from, to, data: buffer[..length].to_vec(), time: now() };
    Ok(Some(Datagram { received, peer, v4, v6 }))
}

/// Sends back, from the address that was asked; from any, if that was a group or a broadcast address.
pub fn answer(socket: &OwnedFd, datagram: &Datagram, data: &[u8]) {
    let own = datagram.received.to.filter(|to| !to.is_multicast());
    let v4 = datagram.v4.map(|info| libc::in_pktinfo {
        // ipi_spec_dst is our address on the link even for a broadcast.
        ipi_ifindex: 0,
        ipi_spec_dst: info.ipi_spec_dst,
        ipi_addr: info.ipi_spec_dst,
    });
    // The link matters for link-local addresses only; the way back may be another one.
    let v6 = datagram.v6.filter(|_| own.is_some()).map(|mut info| {
        if !own.is_some_and(is_link_local) {
            info.ipi6_ifindex = 0;
        }
        info
    });
    // A source that can't be one (IPv4 broadcasts on a socket for both versions): let the kernel choose.
    if send_from(socket, &datagram.peer, data, v4.as_ref(), v6.as_ref()).is_err()
        && (v4.is_some() || v6.is_some())
    {
        let _ = send_from(socket, &datagram.peer, data, None, None);
    }
}

/// Sends a datagram, by the source address that is given, if there is one.
pub fn send_from(
    socket: &OwnedFd,
    peer: &SockaddrStorage,
    data: &[u8],
    v4: Option<&libc::in_pktinfo>,
    v6: Option<&libc::in6_pktinfo>,
) -> std::result::Result<(), Errno> {
    let v4 = v4.map(ControlMessage::Ipv4PacketInfo);
    let control: Vec<_> = v4.or(v6.map(ControlMessage::Ipv6PacketInfo)).into_iter().collect();
    let iov = [IoSlice::new(data)];
    sendmsg(socket.as_raw_fd(), &iov, &control, MsgFlags::MSG_NOSIGNAL, Some(peer)).map(drop)
}
