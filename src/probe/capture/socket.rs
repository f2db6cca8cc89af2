//! A packet(7) socket with a ring that it shares with the kernel.
//!
//! The ring is of version 2: unlike version 3, it shows each packet at once and not only when a block is full or its
//! timer fires, so that a capture is complete up to the moment in which it is looked at. A frame that is larger than
//! a slot comes cut in the ring and whole through the socket's queue, as long as that has room.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags};

use super::decode::decode;
use super::expression::code::Instruction;
use super::packet::{Direction, Link, LinkLayer, Packet};
use crate::base::error::{Error, Kind, Result};
use crate::probe::socket::set_plain;

/// One slot of the ring: a usual frame with its headers.
const SLOT: usize = 2048;
/// The kernel allocates the ring in such pieces.
const BLOCK: usize = 64 * 1024;
/// Behind the ring's own header and the address, the room that a slot surely has for the frame.
const ROOM: u32 = 1900;
/// A frame of segmentation offload can be this long.
const LARGEST: usize = 512 * 1024;
/// What is asked for the queue of large frames; the kernel grants what `net.core.rmem_max` allows.
const QUEUE: libc::c_int = 8 << 20;

const ETH_P_ALL: u16 = 3;
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_LOOPBACK: u16 = 772;

pub(super) struct Socket {
    fd: Arc<OwnedFd>,
    ring: Ring,
    namespace: Arc<str>,
    links: HashMap<i32, Arc<Link>>,
    drops: u64,
}

/// The mapped memory.
struct Ring {
    start: std::ptr::NonNull<libc::c_void>,
    slots: usize,
    next: usize,
}

// SAFETY: the memory belongs to the ring alone, and the ring is used by one thread at a time (it needs `&mut`).
unsafe impl Send for Ring {}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: mapped by `Ring::map` with this length, and nothing refers to it any more.
        let _ = unsafe { nix::sys::mman::munmap(self.start, self.slots * SLOT) };
    }
}

/// What of the options concerns the socket.
pub(super) struct Settings<'a> {
    /// What the kernel lets through.
    pub program: &'a [Instruction],
    pub snaplen: u32,
    pub promisc: bool,
    /// How many packets fit into the ring.
    pub slots: usize,
}

impl Socket {
    /// Opens it in the calling thread's namespace, on one link or on all of them (`None`). From then on nothing is
    /// missed.
    pub fn open(namespace: Arc<str>, link: Option<&str>, settings: &Settings<'_>) -> Result<Self> {
        let index = match link {
            None => 0,
            Some(name) => nix::net::if_::if_nametoindex(name).map_err(|_| no_link(name))? as i32,
        };
        // Protocol 0: it receives nothing until it is bound, when all is set up.
        // SAFETY: takes plain numbers; returns a new descriptor or -1.
        let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        let fd = Errno::result(fd).map_err(|e| refused(e, "opening a packet socket"))?;
        // SAFETY: fd is new and ours.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let program = settings.program;
        let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
        set(&fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)?;
        let _ = set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, &QUEUE);
        let version = libc::tpacket_versions::TPACKET_V2 as libc::c_int;
        set(&fd, libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        if settings.snaplen > ROOM {
            set(&fd, libc::SOL_PACKET, libc::PACKET_COPY_THRESH, &1i32)?;
        }
        let ring = Ring::map(&fd, settings.slots)?;
        if settings.promisc {
            promiscuous(&fd, index)?;
        }
        bind(&fd, index)?;
        Ok(Socket { fd: Arc::new(fd), ring, namespace, links: HashMap::new(), drops: 0 })
    }

    /// A share of the descriptor for a poll, so that it isn't closed under it.
    pub fn share(&self) -> Arc<OwnedFd> {
        self.fd.clone()
    }

    pub fn is_in(&self, namespace: &str) -> bool {
        &*self.namespace == namespace
    }

    /// Hands all packets that are there to `each`, in their order, without waiting. Returns how many there were.
    pub fn drain(&mut self, each: &mut dyn FnMut(Packet)) -> usize {
        // A link that went down or away is told here once; it may come back.
        let _ = nix::sys::socket::getsockopt(&self.fd, nix::sys::socket::sockopt::SocketError);
        let mut count = 0;
        // Not longer than once around: under a flood, the ring is never empty.
        while count < self.ring.slots {
            let Some(frame) = self.ring.peek() else { break };
            count += 1;
            let packet = self.packet(&frame);
            self.ring.release();
            each(packet);
        }
        count
    }

    /// How many packets the kernel had no room for.
    pub fn drops(&mut self) -> u64 {
        let mut stats = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
        let mut length = size_of::<libc::tpacket_stats>() as libc::socklen_t;
        // SAFETY: writes at most `length` bytes into a struct of that size.
        let got = unsafe {
            libc::getsockopt(
                self.fd.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut stats).cast(),
                &raw mut length,
            )
        };
        // Reading sets the kernel's counters back to 0.
        if got == 0 {
            self.drops += u64::from(stats.tp_drops);
        }
        self.drops
    }

    fn packet(&mut self, frame: &Frame<'_>) -> Packet {
        let direction = match frame.address.sll_pkttype {
            libc::PACKET_HOST => Direction::In,
            libc::PACKET_BROADCAST => Direction::Broadcast,
            libc::PACKET_MULTICAST => Direction::Multicast,
            libc::PACKET_OUTGOING => Direction::Out,
            _ => Direction::Other,
        };
        let whole =
            (frame.header.tp_status & libc::TP_STATUS_COPY != 0).then(|| self.queued(frame)).flatten();
        let link = self.link(frame);
        let mut bytes = whole.unwrap_or_else(|| frame.bytes.to_vec());
        let mut length = frame.header.tp_len;
        if link.layer == LinkLayer::Ip {
            // Link layers other than Ethernet may have a header of their own; the network header follows it.
            let header =
                usize::from(frame.header.tp_net.saturating_sub(frame.header.tp_mac)).min(bytes.len());
            bytes.drain(..header);
            length = length.saturating_sub(header as u32);
        } else if frame.header.tp_status & libc::TP_STATUS_VLAN_VALID != 0 && bytes.len() >= 12 {
            // The kernel took the tag out.
            let tpid = match frame.header.tp_status & libc::TP_STATUS_VLAN_TPID_VALID {
                0 => 0x8100,
                _ => frame.header.tp_vlan_tpid,
            };
            let tag = [tpid.to_be_bytes(), frame.header.tp_vlan_tci.to_be_bytes()].concat();
            bytes.splice(12..12, tag);
            length += 4;
        }
        let layers = decode(link.layer, &bytes, length as usize);
        let time = Duration::new(frame.header.tp_sec.into(), frame.header.tp_nsec);
        Packet { time, link, direction, length, bytes, layers, comment: None }
    }

    /// The whole of a frame that is too large for its slot.
    fn queued(&self, frame: &Frame<'_>) -> Option<Vec<u8>> {
        let mut bytes = vec![0; (frame.header.tp_len as usize).min(LARGEST)];
        let flags = nix::sys::socket::MsgFlags::MSG_DONTWAIT;
        let n = nix::sys::socket::recv(self.fd.as_raw_fd(), &mut bytes, flags).ok()?;
        bytes.truncate(n);
        Some(bytes)
    }

    fn link(&mut self, frame: &Frame<'_>) -> Arc<Link> {
        let index = frame.address.sll_ifindex;
        if let Some(link) = self.links.get(&index) {
            return link.clone();
        }
        let layer = match frame.address.sll_hatype {
            ARPHRD_ETHER | ARPHRD_LOOPBACK => LinkLayer::Ethernet,
            _ => LinkLayer::Ip,
        };
        let name = self.name(index).unwrap_or_else(|| format!("if{index}"));
        let link = Arc::new(Link { namespace: self.namespace.clone(), name, layer });
        self.links.insert(index, link.clone());
        link
    }

    /// The link's name in the socket's namespace.
    fn name(&self, index: i32) -> Option<String> {
        // SAFETY: an all-zero ifreq is valid; the ioctl reads the index and writes the name, within it.
        let (got, request) = unsafe {
            let mut request: libc::ifreq = std::mem::zeroed();
            request.ifr_ifru.ifru_ifindex = index;
            (libc::ioctl(self.fd.as_raw_fd(), libc::SIOCGIFNAME as libc::Ioctl, &raw mut request), request)
        };
        let name: Vec<u8> = request.ifr_name.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
        if got < 0 { None } else { String::from_utf8(name).ok() }
    }
}

/// A filled slot.
struct Frame<'a> {
    header: libc::tpacket2_hdr,
    address: libc::sockaddr_ll,
    /// From the link layer's header on.
    bytes: &'a [u8],
}

impl Ring {
    fn map(fd: &OwnedFd, slots: usize) -> Result<Self> {
        let blocks = (slots * SLOT).div_ceil(BLOCK).max(1);
        let slots = blocks * BLOCK / SLOT;
        let request = libc::tpacket_req {
            tp_block_size: BLOCK as u32,
            tp_block_nr: blocks as u32,
            tp_frame_size: SLOT as u32,
            tp_frame_nr: slots as u32,
        };
        set(fd, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        let length = NonZeroUsize::new(blocks * BLOCK).unwrap_or(NonZeroUsize::MIN);
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping of the socket's ring, at an address of the kernel's choice.
        let start = unsafe { nix::sys::mman::mmap(None, length, access, MapFlags::MAP_SHARED, fd, 0) }
            .map_err(|e| refused(e, "mapping the packet ring"))?;
        Ok(Ring { start, slots, next: 0 })
    }

    fn slot(&self) -> *mut u8 {
        // SAFETY: `next` is below `slots`, so that it stays inside the mapping.
        unsafe { self.start.as_ptr().cast::<u8>().add(self.next * SLOT) }
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: a slot begins with its status, aligned; the kernel writes it too, hence the atomic.
        unsafe { AtomicU32::from_ptr(self.slot().cast()) }
    }

    /// The next packet, which stays ours until [`Ring::release`].
    fn peek<'a>(&self) -> Option<Frame<'a>> {
        if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: the status says that the kernel has filled the slot and leaves it to us: its header, aligned, and
        // behind it the address. The frame's place is checked against the slot's size. The caller drops the frame
        // before it releases the slot and before the ring.
        unsafe {
            let slot = self.slot();
            let header = slot.cast::<libc::tpacket2_hdr>().read();
            let address = slot.add(size_of::<libc::tpacket2_hdr>()).cast::<libc::sockaddr_ll>().read();
            let start = usize::from(header.tp_mac).min(SLOT);
            let length = (header.tp_snaplen as usize).min(SLOT - start);
            Some(Frame { header, address, bytes: std::slice::from_raw_parts(slot.add(start), length) })
        }
    }

    fn release(&mut self) {
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.slots;
    }
}

fn bind(fd: &OwnedFd, index: i32) -> Result<()> {
    // SAFETY: an all-zero sockaddr_ll is valid, and bind reads no more than its size.
    let bound = unsafe {
        let mut address: libc::sockaddr_ll = std::mem::zeroed();
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = ETH_P_ALL.to_be();
        address.sll_ifindex = index;
        let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length)
    };
    Errno::result(bound).map(|_| ()).map_err(|e| refused(e, "binding the packet socket"))
}

fn promiscuous(fd: &OwnedFd, index: i32) -> Result<()> {
    // A membership is for one link: on all of them, for each that is there now.
    let all = || nix::net::if_::if_nameindex().map(|names| names.iter().map(|i| i.index() as i32).collect());
    let indices: Vec<i32> = if index != 0 { vec![index] } else { all()? };
    for index in indices {
        let request = libc::packet_mreq {
            mr_ifindex: index,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        set(fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)?;
    }
    Ok(())
}

/// Of SO_ATTACH_FILTER the value points to the program, which the caller holds.
fn set<T: Copy>(fd: &OwnedFd, level: libc::c_int, option: libc::c_int, value: &T) -> Result<()> {
    set_plain(fd.as_fd(), level, option, value).map_err(|e| refused(e, "setting up the packet socket"))
}

fn no_link(name: &str) -> Error {
    let there: Vec<String> = nix::net::if_::if_nameindex()
        .map(|all| all.iter().filter_map(|i| i.name().to_str().ok().map(str::to_owned)).collect())
        .unwrap_or_default();
    Error::new(Kind::NotFound, format!("no link named {name:?} (there is {})", there.join(", "))).on(name)
}

fn refused(errno: Errno, what: &str) -> Error {
    let error = Error::from(errno).detail(what);
    match errno {
        Errno::EPERM => error.hint("capturing needs CAP_NET_RAW: run it in the sandbox, or as root"),
        Errno::EAFNOSUPPORT => error.hint("the kernel lacks packet sockets (CONFIG_PACKET)"),
        _ => error,
    }
}
