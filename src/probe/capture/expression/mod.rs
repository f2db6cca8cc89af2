//! Filter expressions in the language of pcap-filter(7), as tcpdump takes them: read by `parse`, made into a classic BPF
//! program by `code`, which the kernel runs on what comes and `machine` on what was captured.
//!
//! They match what tcpdump's match on a running capture, where the kernel has taken the outermost VLAN tag out of the
//! frame: an expression looks through that tag wherever it stands, also in a file.

pub(super) mod code;
pub(super) mod headers;
mod machine;
mod parse;
mod words;

use std::net::IpAddr;

use super::packet::{Direction, LinkLayer, Packet};
use crate::base::error::Result;
use code::Condition;

/// Gives the addresses that a host's name stands for.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Result<Vec<IpAddr>>;

/// A filter expression.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    pub(super) condition: Condition,
    program: Vec<code::Instruction>,
}

/// They mean the same if they are worded the same, and their names stood for the same addresses.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.condition == other.condition
    }
}

impl Expression {
    /// Reads one, such as `icmp or tcp port 80 and not host 10.0.0.1`.
    ///
    /// Raises `argument`, with the word that can't stand there.
    pub fn parse(text: &str, resolve: Resolve<'_>) -> Result<Self> {
        let condition = parse::parse(text, resolve)?;
        let program = code::program(&condition, 1)?;
        Ok(Expression { text: text.to_owned(), condition, program })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn matches(&self, packet: &Packet) -> bool {
        self.matches_bytes(packet.link.layer, packet.direction, &packet.bytes, packet.length)
    }

    /// Whether it matches these bytes of a packet of this length.
    pub fn matches_bytes(&self, layer: LinkLayer, direction: Direction, bytes: &[u8], length: u32) -> bool {
        machine::run(&self.program, &machine::Input { layer, direction, bytes, length }) != 0
    }
}
