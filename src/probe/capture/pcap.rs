//! Capture files: classic pcap, and pcapng for what it can't hold.
//!
//! <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/> and
//! <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/>; numbers are written little-endian.

use std::path::Path;
use std::sync::Arc;

use super::files::failed;
use super::packet::{Direction, Link, LinkLayer, Packet};
use crate::base::error::{Error, Result};

/// No packet in a file is longer; what tcpdump writes too.
const SNAPLEN: u32 = 262_144;
/// Classic pcap with nanoseconds.
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;

/// Writes the packets to `path`, whose ending decides on the format: `.pcap` (or `.cap`) or `.pcapng`.
///
/// Raises `argument` for another ending, and for a `.pcap` of links with different link layers.
pub fn save<'a>(path: &Path, packets: impl Iterator<Item = &'a Packet> + Clone) -> Result<()> {
    let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let bytes = match ending.as_deref() {
        Some("pcap" | "cap") => classic(packets)?,
        Some("pcapng") => next_generation(packets),
        _ => {
            return Err(Error::argument(format!(
                "the file's ending must be .pcap or .pcapng, got {:?}",
                path.display().to_string()
            )));
        }
    };
    std::fs::write(path, bytes).map_err(|e| failed(e, path))
}

/// <https://www.tcpdump.org/linktypes.html>
fn link_type(layer: LinkLayer) -> u16 {
    match layer {
        LinkLayer::Ethernet => 1,
        LinkLayer::Ip => 101,
    }
}

/// Of a packet, what fits into a file.
fn cut(packet: &Packet) -> &[u8] {
    &packet.bytes[..packet.bytes.len().min(SNAPLEN as usize)]
}

/// Classic pcap: one link type for all.
pub(super) fn classic<'a>(packets: impl Iterator<Item = &'a Packet> + Clone) -> Result<Vec<u8>> {
    let layer = packets.clone().next().map_or(LinkLayer::Ethernet, |p| p.link.layer);
    if let Some(other) = packets.clone().find(|p| p.link.layer != layer) {
        return Err(Error::argument(format!(
            "a .pcap file holds packets of one link layer, and those of {} have another than the first; save as .pcapng",
            other.link.name
        )));
    }
    let mut out = Vec::new();
    out.extend(MAGIC_NANOSECONDS.to_le_bytes());
    // Version 2.4; time zone and accuracy, always 0.
    out.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(SNAPLEN.to_le_bytes());
    out.extend(u32::from(link_type(layer)).to_le_bytes());
    for packet in packets {
        let bytes = cut(packet);
        out.extend((packet.time.as_secs() as u32).to_le_bytes());
        out.extend(packet.time.subsec_nanos().to_le_bytes());
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(packet.length.to_le_bytes());
        out.extend(bytes);
    }
    Ok(out)
}

/// pcapng: a section, an interface block for each link, and the packets with their direction.
pub(super) fn next_generation<'a>(packets: impl Iterator<Item = &'a Packet> + Clone) -> Vec<u8> {
    let (mut out, mut writer) = (Vec::new(), Writer::default());
    writer.begin(&mut out);
    for packet in packets.clone() {
        writer.interface(&mut out, &packet.link);
    }
    writer.write(&mut out, packets);
    out
}

/// Writes pcapng piece by piece, to be read while it grows.
#[derive(Default)]
pub struct Writer {
    begun: bool,
    links: Vec<Arc<Link>>,
}

impl Writer {
    /// Appends what these packets need: the section's beginning, once, and the links that are new.
    pub fn write<'a>(&mut self, out: &mut Vec<u8>, packets: impl Iterator<Item = &'a Packet>) {
        self.begin(out);
        packets.for_each(|packet| self.packet(out, packet));
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let mut section = Vec::new();
        section.extend(0x1a2b_3c4d_u32.to_le_bytes());
        // Version 1.0; a length of -1: up to the end of the file.
        section.extend([1, 0, 0, 0]);
        section.extend([0xff; 8]);
        option(&mut section, 4, b"nsh");
        option(&mut section, 0, b"");
        block(out, 0x0a0d_0d0a, &section);
    }

    /// The number of a link, which is written where it is new.
    fn interface(&mut self, out: &mut Vec<u8>, link: &Arc<Link>) -> u32 {
        if let Some(known) = self.links.iter().position(|l| l == link) {
            return known as u32;
        }
        let mut interface = Vec::new();
        interface.extend(link_type(link.layer).to_le_bytes());
        interface.extend([0, 0]);
        interface.extend(SNAPLEN.to_le_bytes());
        // if_name, and if_tsresol: 10^-9 s.
        option(&mut interface, 2, format!("{}/{}", link.namespace, link.name).as_bytes());
        option(&mut interface, 9, &[9]);
        option(&mut interface, 0, b"");
        block(out, 1, &interface);
        self.links.push(link.clone());
        self.links.len() as u32 - 1
    }

    fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet) {
        let bytes = cut(packet);
        let interface = self.interface(out, &packet.link);
        let time = packet.time.as_nanos() as u64;
        let mut body = Vec::with_capacity(bytes.len() + 40);
        body.extend(interface.to_le_bytes());
        body.extend(((time >> 32) as u32).to_le_bytes());
        body.extend((time as u32).to_le_bytes());
        body.extend((bytes.len() as u32).to_le_bytes());
        body.extend(packet.length.to_le_bytes());
        body.extend(bytes);
        pad(&mut body);
        // epb_flags: bits 0 and 1 the direction, bits 2 to 4 how it was received.
        let flags: u32 = match packet.direction {
            Direction::Out => 2,
            Direction::In => 1 | 1 << 2,
            Direction::Multicast => 1 | 2 << 2,
            Direction::Broadcast => 1 | 3 << 2,
            Direction::Other => 1 | 4 << 2,
        };
        option(&mut body, 2, &flags.to_le_bytes());
        if let Some(comment) = &packet.comment {
            option(&mut body, 1, comment.as_bytes());
        }
        option(&mut body, 0, b"");
        block(out, 6, &body);
    }
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
    pad(out);
}

/// A block's length stands before and behind its body, so that files can be read backwards.
fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.extend(kind.to_le_bytes());
    out.extend(length);
    out.extend(body);
    out.extend(length);
}
