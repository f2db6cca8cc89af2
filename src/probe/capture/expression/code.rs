//! Conditions on packets, and classic BPF programs for them.
//!
//! A program begins with finding the headers, whatever the link layer and wherever the outermost VLAN tag is, and
//! leaves in its memory what the rest needs ([`BASE`] and the following).

use crate::base::error::{Error, Result};

/// `struct sock_filter` of linux/filter.h.
pub(in super::super) type Instruction = libc::sock_filter;

pub(super) const LOAD_WORD: u16 = 0x20;
pub(super) const LOAD_HALF: u16 = 0x28;
pub(super) const LOAD_BYTE: u16 = 0x30;
pub(super) const LOAD_WORD_X: u16 = 0x40;
pub(super) const LOAD_HALF_X: u16 = 0x48;
pub(super) const LOAD_BYTE_X: u16 = 0x50;
pub(super) const LOAD_NUMBER: u16 = 0x00;
pub(super) const LOAD_LENGTH: u16 = 0x80;
pub(super) const LOAD_MEMORY: u16 = 0x60;
pub(super) const LOAD_X_MEMORY: u16 = 0x61;
pub(super) const STORE: u16 = 0x02;
pub(super) const TO_X: u16 = 0x07;
pub(super) const RETURN: u16 = 0x06;
pub(super) const JUMP: u16 = 0x05;
pub(super) const JUMP_CLASS: u16 = 0x05;
const ALU: u16 = 0x04;
const BY_X: u16 = 0x08;

/// `SKF_AD_OFF + SKF_AD_PROTOCOL`: the packet's ethertype, whatever its link layer.
pub(super) const PROTOCOL: u32 = 0xffff_f000;
/// `SKF_AD_OFF + SKF_AD_PKTTYPE`: its direction.
pub(super) const PACKET_TYPE: u32 = 0xffff_f004;
/// `SKF_AD_OFF + SKF_AD_HATYPE`: its link's type.
pub(super) const LINK_TYPE: u32 = 0xffff_f01c;
/// `SKF_AD_OFF + SKF_AD_VLAN_TAG`: the VLAN tag that the kernel took out of the frame.
const TAG: u32 = 0xffff_f02c;
/// `SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT`: whether it did.
pub(super) const TAG_PRESENT: u32 = 0xffff_f030;
/// `SKF_NET_OFF`: from the network header on.
pub(super) const NETWORK: u32 = 0xfff0_0000;

pub(super) const ARPHRD_ETHER: u32 = 1;
const ARPHRD_LOOPBACK: u32 = 772;
pub(super) const ARPHRD_NONE: u32 = 0xfffe;
const PACKET_OUTGOING: u32 = 4;

pub(in super::super) const ETH_IP: u32 = 0x0800;
pub(in super::super) const ETH_ARP: u32 = 0x0806;
pub(in super::super) const ETH_IP6: u32 = 0x86dd;
pub(super) const ETH_VLANS: [u32; 3] = [0x8100, 0x88a8, 0x9100];

/// Words of memory that a program has.
pub(super) const SCRATCH: usize = 16;
/// Where the network header begins, less [`ETHERNET`].
const BASE: u32 = 0;
/// What it is, as the ethertype has it.
const ETHERTYPE: u32 = 1;
/// The length of a VLAN tag that stands in the frame.
const SHIFT: u32 = 2;
/// [`HAS_TAG`] and the outermost VLAN tag; 0 if there is none.
const OUTER_TAG: u32 = 3;
const FIRST_FREE: u32 = 4;

const ETHERNET: u32 = 14;
pub(super) const HAS_TAG: u32 = 0x1_0000;
/// The kernel takes no longer program (`BPF_MAXINSNS`).
pub(in super::super) const MOST: usize = 4096;

/// Where a value of a packet's bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Place {
    /// From the frame's beginning, the outermost VLAN tag left out.
    Frame,
    /// So many bytes behind where the network header would begin without further tags and labels.
    Network(u32),
    /// Behind the IPv4 header that is there.
    Transport(u32),
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Value {
    Number(u32),
    /// The packet's length.
    Length,
    /// Behind the outermost VLAN tag.
    Ethertype,
    /// [`HAS_TAG`] and the outermost VLAN tag.
    Tag,
    /// The place of the network header; large on links that have no Ethernet header.
    Base,
    /// What the kernel tells beside the bytes.
    Beside(u32),
    /// So many bytes from there.
    At(Place, u32, Box<Value>),
    Operation(Operation, Box<Value>, Box<Value>),
}

/// `BPF_ADD` and so on of linux/bpf_common.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Operation {
    Add = 0x00,
    Subtract = 0x10,
    Multiply = 0x20,
    Divide = 0x30,
    Or = 0x40,
    And = 0x50,
    Left = 0x60,
    Right = 0x70,
    Modulo = 0x90,
    Xor = 0xa0,
}

/// `BPF_JEQ` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Test {
    Equal = 0x15,
    Greater = 0x25,
    AtLeast = 0x35,
}

/// What a packet must be.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Condition {
    Always(bool),
    Compare(Value, Test, Value),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Value {
    pub fn at(place: Place, offset: u32, size: u32) -> Value {
        Value::At(place, size, Box::new(Value::Number(offset)))
    }

    pub fn masked(self, mask: u32) -> Value {
        Value::Operation(Operation::And, Box::new(self), Box::new(Value::Number(mask)))
    }

    pub fn is(self, number: u32) -> Condition {
        Condition::Compare(self, Test::Equal, Value::Number(number))
    }

    pub fn is_one_of(&self, numbers: &[u32]) -> Condition {
        Condition::Any(numbers.iter().map(|n| self.clone().is(*n)).collect())
    }
}

impl Condition {
    pub fn and(self, other: Condition) -> Condition {
        match self {
            Condition::All(mut all) => {
                all.push(other);
                Condition::All(all)
            }
            one => Condition::All(vec![one, other]),
        }
    }

    pub fn or(self, other: Condition) -> Condition {
        match self {
            Condition::Any(mut any) => {
                any.push(other);
                Condition::Any(any)
            }
            one => Condition::Any(vec![one, other]),
        }
    }

    pub fn negated(self) -> Condition {
        match self {
            Condition::Not(inner) => *inner,
            other => Condition::Not(Box::new(other)),
        }
    }
}

fn plain(code: u16, k: u32) -> Instruction {
    Instruction { code, jt: 0, jf: 0, k }
}

/// How many bytes an instruction loads.
pub(super) fn size(code: u16) -> u32 {
    match code & 0x18 {
        0x00 => 4,
        0x08 => 2,
        _ => 1,
    }
}

/// A program that passes up to `snaplen` bytes of the packets for which the condition holds. What is sent on loopback
/// is left out: it is received there too.
///
/// Raises `argument` if its arithmetic needs more memory than programs have.
pub(in super::super) fn program(condition: &Condition, snaplen: u32) -> Result<Vec<Instruction>> {
    let mut code = Backward { code: Vec::new() };
    let no = code.push(plain(RETURN, 0));
    let yes = code.push(plain(RETURN, snaplen));
    let body = code.condition(condition, yes, no)?;
    code.begin(body, no);
    code.code.reverse();
    Ok(code.code)
}

/// A program from its end on: all jumps lead forward, to what is there already. Places are counted from the end.
struct Backward {
    code: Vec<Instruction>,
}

impl Backward {
    fn push(&mut self, instruction: Instruction) -> usize {
        self.code.push(instruction);
        self.code.len() - 1
    }

    /// `part`, which runs into what is there; the place where it begins.
    fn before(&mut self, part: &[Instruction]) -> usize {
        self.code.extend(part.iter().rev());
        self.code.len() - 1
    }

    fn jump(&mut self, to: usize) -> usize {
        self.push(plain(JUMP, (self.code.len() - 1 - to) as u32))
    }

    /// A place that a branch can reach: it jumps 255 instructions far.
    fn near(&mut self, to: usize) -> usize {
        if self.code.len() - 1 - to > 253 { self.jump(to) } else { to }
    }

    fn branch(&mut self, code: u16, k: u32, yes: usize, no: usize) -> usize {
        let (yes, no) = (self.near(yes), self.near(no));
        let far = |to| (self.code.len() - 1 - to) as u8;
        self.push(Instruction { code, jt: far(yes), jf: far(no), k })
    }

    fn condition(&mut self, condition: &Condition, yes: usize, no: usize) -> Result<usize> {
        match condition {
            Condition::Always(holds) => Ok(if *holds { yes } else { no }),
            Condition::Not(inner) => self.condition(inner, no, yes),
            Condition::All(all) => all.iter().rev().try_fold(yes, |next, one| self.condition(one, next, no)),
            Condition::Any(any) => any.iter().rev().try_fold(no, |next, one| self.condition(one, yes, next)),
            Condition::Compare(left, test, right) => {
                let mut part = Vec::new();
                load(left, FIRST_FREE, &mut part)?;
                match right {
                    Value::Number(k) => {
                        self.branch(*test as u16, *k, yes, no);
                    }
                    _ => {
                        part.push(plain(STORE, FIRST_FREE));
                        load(right, FIRST_FREE + 1, &mut part)?;
                        part.extend([plain(TO_X, 0), plain(LOAD_MEMORY, FIRST_FREE)]);
                        self.branch(*test as u16 | BY_X, 0, yes, no);
                    }
                }
                Ok(self.before(&part))
            }
        }
    }

    /// What stands in front of all: finds the headers, and goes on at `body`.
    fn begin(&mut self, body: usize, no: usize) {
        self.jump(body);
        let store = plain(STORE, ETHERTYPE);
        let found = self.before(&[store]);
        let zero = [plain(LOAD_NUMBER, 0), plain(STORE, SHIFT), plain(STORE, OUTER_TAG)];
        // No Ethernet header: the kernel knows where the network header is.
        self.jump(found);
        self.before(&[
            plain(LOAD_NUMBER, NETWORK.wrapping_sub(ETHERNET)),
            plain(STORE, BASE),
            plain(LOAD_HALF, PROTOCOL),
        ]);
        let other = self.before(&zero);
        // A tag in the frame.
        self.jump(found);
        let inline = self.before(&[
            plain(LOAD_NUMBER, 4),
            plain(STORE, BASE),
            plain(STORE, SHIFT),
            plain(LOAD_HALF, ETHERNET),
            plain(ALU | Operation::Or as u16, HAS_TAG),
            plain(STORE, OUTER_TAG),
            plain(LOAD_HALF, ETHERNET + 2),
        ]);
        // A tag that the kernel took out.
        self.jump(found);
        self.before(&[
            plain(STORE, BASE),
            plain(LOAD_HALF, TAG),
            plain(ALU | Operation::Or as u16, HAS_TAG),
            plain(STORE, OUTER_TAG),
            plain(LOAD_HALF, 12),
        ]);
        let taken = self.before(&zero);
        // None.
        self.jump(found);
        self.before(&[plain(STORE, BASE), plain(LOAD_HALF, 12)]);
        let untagged = self.before(&zero);
        let mut next = untagged;
        for tag in ETH_VLANS {
            next = self.branch(Test::Equal as u16, tag, inline, next);
        }
        let look = self.before(&[plain(LOAD_HALF, 12)]);
        self.branch(Test::Equal as u16, 1, taken, look);
        let ethernet = self.before(&[plain(LOAD_BYTE, TAG_PRESENT)]);
        let others = self.branch(Test::Equal as u16, ARPHRD_ETHER, ethernet, other);
        let sent = self.branch(Test::Equal as u16, PACKET_OUTGOING, no, ethernet);
        let loopback = self.before(&[plain(LOAD_BYTE, PACKET_TYPE)]);
        debug_assert_eq!(loopback, sent + 1);
        self.branch(Test::Equal as u16, ARPHRD_LOOPBACK, loopback, others);
        self.before(&[plain(LOAD_HALF, LINK_TYPE)]);
    }
}

/// Instructions that leave a value in A, using memory from `free` on.
fn load(value: &Value, free: u32, out: &mut Vec<Instruction>) -> Result<()> {
    if free as usize >= SCRATCH {
        return Err(Error::argument("the arithmetic is nested too deeply for the kernel"));
    }
    match value {
        Value::Number(n) => out.push(plain(LOAD_NUMBER, *n)),
        Value::Length => out.extend([
            plain(LOAD_X_MEMORY, SHIFT),
            plain(LOAD_LENGTH, 0),
            plain(ALU | BY_X | Operation::Subtract as u16, 0),
        ]),
        Value::Ethertype => out.push(plain(LOAD_MEMORY, ETHERTYPE)),
        Value::Tag => out.push(plain(LOAD_MEMORY, OUTER_TAG)),
        Value::Base => out.push(plain(LOAD_MEMORY, BASE)),
        Value::Beside(what) => out.push(plain(LOAD_BYTE, *what)),
        Value::At(place, size, index) => {
            let code = match size {
                4 => LOAD_WORD_X,
                2 => LOAD_HALF_X,
                _ => LOAD_BYTE_X,
            };
            let (constant, offset) = match &**index {
                Value::Number(n) => (true, *n),
                _ => (false, 0),
            };
            if !constant {
                load(index, free + 1, out)?;
                out.push(plain(STORE, free));
            }
            let add = [plain(ALU | BY_X, 0), plain(TO_X, 0)];
            let from = match place {
                Place::Frame => {
                    // What is behind the tag moves with it.
                    match constant && offset < 12 {
                        true => out.extend([plain(LOAD_NUMBER, 0), plain(TO_X, 0)]),
                        false => out.push(plain(LOAD_X_MEMORY, if constant { SHIFT } else { free })),
                    }
                    0
                }
                Place::Network(behind) => {
                    out.push(plain(LOAD_X_MEMORY, BASE));
                    ETHERNET.wrapping_add(*behind)
                }
                Place::Transport(behind) => {
                    // The length of the IPv4 header, in words of 4 bytes.
                    out.extend([
                        plain(LOAD_X_MEMORY, BASE),
                        plain(LOAD_BYTE_X, ETHERNET.wrapping_add(*behind)),
                        plain(ALU | Operation::And as u16, 0xf),
                        plain(ALU | Operation::Left as u16, 2),
                    ]);
                    out.extend(add);
                    ETHERNET.wrapping_add(*behind)
                }
            };
            if !constant && *place != Place::Frame {
                out.push(plain(LOAD_MEMORY, free));
                out.extend(add);
            }
            out.push(plain(code, from.wrapping_add(offset)));
        }
        Value::Operation(operation, left, right) => {
            load(left, free, out)?;
            match &**right {
                Value::Number(n) => out.push(plain(ALU | *operation as u16, *n)),
                right => {
                    out.push(plain(STORE, free));
                    load(right, free + 1, out)?;
                    out.extend([
                        plain(TO_X, 0),
                        plain(LOAD_MEMORY, free),
                        plain(ALU | BY_X | *operation as u16, 0),
                    ]);
                }
            }
        }
    }
    Ok(())
}
