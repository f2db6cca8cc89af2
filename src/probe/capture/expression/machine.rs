//! Runs a program on a captured packet, as the kernel does on a passing one.

use super::super::packet::{Direction, LinkLayer};
use super::code::{self, Instruction, SCRATCH};

pub(super) struct Input<'a> {
    pub layer: LinkLayer,
    pub direction: Direction,
    pub bytes: &'a [u8],
    pub length: u32,
}

impl Input<'_> {
    /// `None` behind the packet's end: then the kernel doesn't take the packet.
    fn load(&self, at: u32, size: u32) -> Option<u32> {
        match at {
            code::PACKET_TYPE => {
                return Some(u32::from(match self.direction {
                    Direction::In => libc::PACKET_HOST,
                    Direction::Broadcast => libc::PACKET_BROADCAST,
                    Direction::Multicast => libc::PACKET_MULTICAST,
                    Direction::Other => libc::PACKET_OTHERHOST,
                    Direction::Out => libc::PACKET_OUTGOING,
                }));
            }
            code::LINK_TYPE => {
                return Some(match self.layer {
                    LinkLayer::Ethernet => code::ARPHRD_ETHER,
                    LinkLayer::Ip => code::ARPHRD_NONE,
                });
            }
            // Of a link without Ethernet headers.
            code::PROTOCOL => {
                return Some(if self.bytes.first()? >> 4 == 6 { code::ETH_IP6 } else { code::ETH_IP });
            }
            // Tags were put back.
            code::TAG_PRESENT => return Some(0),
            _ => {}
        }
        // The network header's place is only asked for on links without Ethernet headers, where it is the first.
        let at = if at >= code::NETWORK { at - code::NETWORK } else { at } as usize;
        let bytes = self.bytes.get(at..at.checked_add(size as usize)?)?;
        Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }
}

/// How many bytes the packet is allowed; 0 for none.
pub(super) fn run(program: &[Instruction], input: &Input<'_>) -> u32 {
    step_through(program, input).unwrap_or(0)
}

fn step_through(program: &[Instruction], input: &Input<'_>) -> Option<u32> {
    let (mut a, mut x, mut memory, mut at) = (0u32, 0u32, [0u32; SCRATCH], 0usize);
    // Jumps lead forward only, so that it ends.
    loop {
        let Instruction { code, jt, jf, k } = *program.get(at)?;
        at += 1;
        let source = if code & 0x08 == 0 { k } else { x };
        match code {
            code::LOAD_WORD | code::LOAD_HALF | code::LOAD_BYTE => a = input.load(k, code::size(code))?,
            code::LOAD_WORD_X | code::LOAD_HALF_X | code::LOAD_BYTE_X => {
                a = input.load(x.wrapping_add(k), code::size(code))?;
            }
            code::LOAD_NUMBER => a = k,
            code::LOAD_LENGTH => a = input.length,
            code::LOAD_MEMORY => a = *memory.get(k as usize)?,
            code::LOAD_X_MEMORY => x = *memory.get(k as usize)?,
            code::STORE => *memory.get_mut(k as usize)? = a,
            code::TO_X => x = a,
            code::RETURN => return Some(k),
            code::JUMP => at = at.checked_add(k as usize)?,
            _ if code & 0x07 == code::JUMP_CLASS => {
                let holds = match code & 0xf0 {
                    0x10 => a == source,
                    0x20 => a > source,
                    0x30 => a >= source,
                    _ => a & source != 0,
                };
                at += usize::from(if holds { jt } else { jf });
            }
            _ => {
                a = match code & 0xf0 {
                    0x00 => a.wrapping_add(source),
                    0x10 => a.wrapping_sub(source),
                    0x20 => a.wrapping_mul(source),
                    0x30 => a.checked_div(source)?,
                    0x40 => a | source,
                    0x50 => a & source,
                    0x60 => a.wrapping_shl(source),
                    0x70 => a.wrapping_shr(source),
                    0x90 => a.checked_rem(source)?,
                    _ => a ^ source,
                }
            }
        }
    }
}
