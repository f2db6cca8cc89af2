//! Receiving with the kernel's stamp of when a packet arrived.

use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};

use super::socket::address_of;
use crate::base::error::Result;
use crate::net::prefix::Family;

/// A packet in the buffer that it was received into.
pub struct Packet {
    pub length: usize,
    pub from: SocketAddr,
    stamp: Option<Duration>,
    /// The hop limit that was left; of IPv6, whose header a raw socket doesn't hand out.
    pub hops: Option<u8>,
}

/// The time by the clock that the kernel stamps arrivals with.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Has a socket tell times of arrival, and hop limits.
pub fn ask(fd: BorrowedFd<'_>, family: Family) -> Result<()> {
    setsockopt(&fd, sockopt::ReceiveTimestampns, &true)?;
    if family == Family::Inet6 {
        setsockopt(&fd, sockopt::Ipv6RecvHopLimit, &true)?;
    }
    Ok(())
}

/// The next packet that waits; `None` if it has no address.
pub fn receive(fd: RawFd, buffer: &mut [u8]) -> std::result::Result<Option<Packet>, Errno> {
    let mut space = nix::cmsg_space!([libc::timespec; 1], i32);
    let mut iov = [IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrStorage>(fd, &mut iov, Some(&mut space), MsgFlags::MSG_DONTWAIT)?;
    let (mut stamp, mut hops) = (None, None);
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::ScmTimestampns(t) => stamp = Some(Duration::from(t)),
            ControlMessageOwned::Ipv6HopLimit(n) => hops = u8::try_from(n).ok(),
            _ => {}
        }
    }
    let Some(from) = message.address.as_ref().and_then(address_of) else { return Ok(None) };
    Ok(Some(Packet { length: message.bytes, from, stamp, hops }))
}

impl Packet {
    /// How long after `sent` it arrived. The kernel's stamp leaves out how long we took to look; it is void if the clock
    /// was set meanwhile: then it is `elapsed`.
    pub fn rtt(&self, sent: Duration, elapsed: Duration) -> Duration {
        let stamped = self.stamp.and_then(|stamp| stamp.checked_sub(sent));
        stamped.filter(|rtt| *rtt <= elapsed).unwrap_or(elapsed)
    }
}
