//! Reads capture files: pcap and pcapng of either byte order, as tcpdump, wireshark and nsh write them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::decode::decode;
use super::packet::{Direction, Link, LinkLayer, Packet};
use crate::base::error::{Error, Result};
use crate::base::file;

const LARGEST: u64 = 256 << 20;
/// No packet is longer: what a frame of segmentation offload can be, with room.
const LONGEST: usize = 1 << 20;

/// The packets of a file. One that is cut at its end, as when its writer was killed, has those that are whole.
///
/// Raises `argument` for what is no capture file, is damaged, or has packets of link layers that aren't known.
pub fn read(path: &Path) -> Result<Vec<Packet>> {
    parse(&file::read(path, LARGEST)?)
}

/// The packets of a file's bytes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Packet>> {
    let magic = bytes.get(..4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    match magic {
        Some(0x0a0d_0d0a) => next_generation(bytes),
        Some(magic) => {
            let known = |m| matches!(m, 0xa1b2_c3d4 | 0xa1b2_3c4d);
            match (known(magic), known(magic.swap_bytes())) {
                (true, _) => classic(Bytes { bytes, big: false }, magic),
                (_, true) => classic(Bytes { bytes, big: true }, magic.swap_bytes()),
                _ => Err(Error::argument("the file is neither pcap nor pcapng")),
            }
        }
        None => Err(Error::argument("the file is too short to be pcap or pcapng")),
    }
}

/// Bytes whose numbers have the writer's byte order.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Bytes<'a> {
    fn part(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.part(at, 2)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.part(at, 4)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

fn damaged(at: usize) -> Error {
    Error::argument(format!("the file is damaged at byte {at}"))
}

/// What the frames of a link begin with in the file: <https://www.tcpdump.org/linktypes.html>
#[derive(Clone, Copy)]
enum Form {
    Plain(LinkLayer),
    /// "Linux cooked": of all links together, with the hardware address's and the protocol's place.
    Cooked {
        direction: usize,
        source: usize,
        protocol: usize,
        header: usize,
    },
}

fn form(link_type: u32) -> Result<Form> {
    Ok(match link_type & 0xffff {
        1 => Form::Plain(LinkLayer::Ethernet),
        12 | 14 | 101 | 228 | 229 => Form::Plain(LinkLayer::Ip),
        113 => Form::Cooked { direction: 1, source: 6, protocol: 14, header: 16 },
        276 => Form::Cooked { direction: 10, source: 12, protocol: 0, header: 20 },
        other => return Err(Error::argument(format!("packets of link type {other} can't be read"))),
    })
}

impl Form {
    fn layer(self) -> LinkLayer {
        match self {
            Form::Plain(layer) => layer,
            Form::Cooked { .. } => LinkLayer::Ethernet,
        }
    }

    /// A cooked packet gets an Ethernet header, without a destination.
    fn packet(self, bytes: &[u8], length: u32, link: &Arc<Link>, time: Duration) -> Packet {
        let (mut bytes, mut length, mut direction) = (bytes.to_vec(), length, Direction::In);
        if let Form::Cooked { direction: at, source, protocol, header } = self
            && bytes.len() >= header
        {
            direction = match bytes[at] {
                0 => Direction::In,
                1 => Direction::Broadcast,
                2 => Direction::Multicast,
                4 => Direction::Out,
                _ => Direction::Other,
            };
            let ethernet = [&[0; 6], &bytes[source..source + 6], &bytes[protocol..protocol + 2]].concat();
            bytes.splice(..header, ethernet);
            length = length.saturating_add(14).saturating_sub(header as u32);
        }
        let length = length.max(bytes.len() as u32);
        let layers = decode(link.layer, &bytes, length as usize);
        Packet { time, link: link.clone(), direction, length, bytes, layers, comment: None }
    }
}

fn classic(file: Bytes<'_>, magic: u32) -> Result<Vec<Packet>> {
    let form = form(file.u32(20).ok_or_else(|| damaged(0))?)?;
    let link = Arc::new(Link { namespace: "".into(), name: String::new(), layer: form.layer() });
    let unit = if magic == 0xa1b2_3c4d { 1 } else { 1000 };
    let (mut packets, mut at) = (Vec::new(), 24);
    while let (Some(seconds), Some(fraction), Some(caught), Some(length)) =
        (file.u32(at), file.u32(at + 4), file.u32(at + 8), file.u32(at + 12))
    {
        if caught as usize > LONGEST {
            return Err(damaged(at));
        }
        let Some(bytes) = file.part(at + 16, caught as usize) else { break };
        let time = Duration::from_secs(seconds.into()) + Duration::from_nanos(u64::from(fraction) * unit);
        packets.push(form.packet(bytes, length, &link, time));
        at += 16 + bytes.len();
    }
    Ok(packets)
}

/// An interface of a pcapng file.
struct Interface {
    form: Form,
    link: Arc<Link>,
    /// How many of its time's units are a second.
    resolution: u64,
    snaplen: usize,
}

fn next_generation(bytes: &[u8]) -> Result<Vec<Packet>> {
    let (mut packets, mut interfaces, mut at) = (Vec::new(), Vec::new(), 0);
    let mut file = Bytes { bytes, big: false };
    while let Some(kind) = file.u32(at) {
        if kind == 0x0a0d_0d0a {
            // A section may have another byte order, and begins with no interface.
            let Some(order) = bytes.get(at + 8..at + 12) else { break };
            file.big = match order {
                [0x1a, 0x2b, 0x3c, 0x4d] => true,
                [0x4d, 0x3c, 0x2b, 0x1a] => false,
                _ => return Err(damaged(at)),
            };
            interfaces.clear();
        }
        let Some(length) = file.u32(at + 4).map(|n| n as usize) else { break };
        if length < 12 || length % 4 != 0 {
            return Err(damaged(at));
        }
        let Some(body) = file.part(at + 8, length - 12) else { break };
        let body = Bytes { bytes: body, big: file.big };
        match kind {
            1 => interfaces.push(interface(body).ok_or_else(|| damaged(at))??),
            6 => packets.push(enhanced(body, &interfaces).ok_or_else(|| damaged(at))?),
            3 => {
                let interface: &Interface = interfaces.first().ok_or_else(|| damaged(at))?;
                let length = body.u32(0).ok_or_else(|| damaged(at))?;
                let caught = (length as usize).min(interface.snaplen).min(body.bytes.len() - 4);
                let form = interface.form;
                packets.push(form.packet(
                    &body.bytes[4..4 + caught],
                    length,
                    &interface.link,
                    Duration::ZERO,
                ));
            }
            _ => {}
        }
        at += length;
    }
    Ok(packets)
}

/// The options from `at` on, by their numbers, up to the end or to one that is malformed.
fn options<'a>(body: Bytes<'a>, mut at: usize) -> impl Iterator<Item = (u16, &'a [u8])> {
    std::iter::from_fn(move || {
        let (code, length) = (body.u16(at)?, usize::from(body.u16(at + 2)?));
        let value = body.part(at + 4, length)?;
        at += 4 + length.next_multiple_of(4);
        (code != 0).then_some((code, value))
    })
}

fn interface(body: Bytes<'_>) -> Option<Result<Interface>> {
    let (link_type, snaplen) = (body.u16(0)?, body.u32(4)? as usize);
    let form = match form(link_type.into()) {
        Ok(form) => form,
        Err(e) => return Some(Err(e)),
    };
    let (mut name, mut resolution) = (String::new(), 1_000_000);
    for (code, value) in options(body, 8) {
        match (code, value) {
            (2, text) => name = String::from_utf8_lossy(text).into_owned(),
            (9, [power, ..]) if power & 0x80 == 0 => resolution = 10u64.checked_pow(u32::from(*power))?,
            (9, [power, ..]) => resolution = 1u64.checked_shl(u32::from(power & 0x7f))?,
            _ => {}
        }
    }
    // As nsh writes it; others have a link's name alone.
    let (namespace, name) = name.rsplit_once('/').unwrap_or(("", &name));
    let link = Arc::new(Link { namespace: namespace.into(), name: name.to_owned(), layer: form.layer() });
    let snaplen = if snaplen == 0 { usize::MAX } else { snaplen };
    Some(Ok(Interface { form, link, resolution, snaplen }))
}

fn enhanced(body: Bytes<'_>, interfaces: &[Interface]) -> Option<Packet> {
    let interface = interfaces.get(body.u32(0)? as usize)?;
    let units = u64::from(body.u32(4)?) << 32 | u64::from(body.u32(8)?);
    let (caught, length) = (body.u32(12)? as usize, body.u32(16)?);
    let bytes = body.part(20, caught).filter(|b| b.len() <= LONGEST)?;
    let per_second = interface.resolution;
    let nanos = u128::from(units % per_second) * 1_000_000_000 / u128::from(per_second);
    let time = Duration::new(units / per_second, nanos as u32);
    let mut packet = interface.form.packet(bytes, length, &interface.link, time);
    for (code, value) in options(body, 20 + caught.next_multiple_of(4)) {
        match (code, value) {
            (1, text) => packet.comment = Some(String::from_utf8_lossy(text).into_owned()),
            (2, flags) if flags.len() == 4 => {
                let flags = Bytes { bytes: flags, big: body.big }.u32(0)?;
                packet.direction = match (flags & 3, flags >> 2 & 7) {
                    (2, _) => Direction::Out,
                    (_, 2) => Direction::Multicast,
                    (_, 3) => Direction::Broadcast,
                    (_, 4) => Direction::Other,
                    _ => packet.direction,
                };
            }
            _ => {}
        }
    }
    Some(packet)
}
