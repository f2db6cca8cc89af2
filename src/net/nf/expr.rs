//! nf_tables expressions: the virtual machine's instructions of which a rule consists, to and from attributes.
//!
//! linux/netfilter/nf_tables.h. What we have no type for is kept as [`Expr::Unknown`] and written back unchanged.

use netlink_packet_netfilter::nftables::MetaKey;

use super::attr::{Attributes, Received};

/// The register that holds the verdict; data registers are 1 to 4 (16 bytes each) and 8 to 23 (4 bytes each).
pub const VERDICT_REGISTER: u32 = 0;

/// Where a payload expression counts its offset from, `enum nft_payload_bases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Link,
    Network,
    Transport,
    Other(u32),
}

impl Base {
    fn number(self) -> u32 {
        match self {
            Base::Link => 0,
            Base::Network => 1,
            Base::Transport => 2,
            Base::Other(n) => n,
        }
    }

    fn of(n: u32) -> Self {
        match n {
            0 => Base::Link,
            1 => Base::Network,
            2 => Base::Transport,
            n => Base::Other(n),
        }
    }
}

/// A comparison, `enum nft_cmp_ops`; `Range` knows the first two alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Other(u32),
}

impl Op {
    const ALL: [Op; 6] = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge];

    fn number(self) -> u32 {
        match self {
            Op::Other(n) => n,
            op => Self::ALL.iter().position(|o| *o == op).unwrap_or(0) as u32,
        }
    }

    fn of(n: u32) -> Self {
        Self::ALL.get(n as usize).copied().unwrap_or(Op::Other(n))
    }

    /// Equal, or not equal if `negated`.
    pub fn equal(negated: bool) -> Self {
        if negated { Op::Ne } else { Op::Eq }
    }
}

/// What becomes of a packet, `enum nft_verdicts` and `NF_DROP`, `NF_ACCEPT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Drop,
    Accept,
    Continue,
    Return,
    Jump(String),
    Goto(String),
    Other(i32),
}

impl Verdict {
    fn code(&self) -> i32 {
        match self {
            Verdict::Drop => 0,
            Verdict::Accept => 1,
            Verdict::Continue => -1,
            Verdict::Jump(_) => -3,
            Verdict::Goto(_) => -4,
            Verdict::Return => -5,
            Verdict::Other(code) => *code,
        }
    }

    fn of(code: i32, chain: Option<String>) -> Self {
        match (code, chain) {
            (0, _) => Verdict::Drop,
            (1, _) => Verdict::Accept,
            (-1, _) => Verdict::Continue,
            (-3, Some(chain)) => Verdict::Jump(chain),
            (-4, Some(chain)) => Verdict::Goto(chain),
            (-5, _) => Verdict::Return,
            (code, _) => Verdict::Other(code),
        }
    }
}

/// Which set a lookup asks: by name, or by the id that it has within the batch that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRef {
    pub name: String,
    pub id: Option<u32>,
}

/// One instruction. Registers are numbers as in `nft --debug=netlink`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Loads a property of the packet that isn't in its bytes: interfaces, protocols, mark.
    Meta {
        key: MetaKey,
        to: u32,
    },
    /// Stores such a property: `meta mark set`.
    MetaSet {
        key: MetaKey,
        from: u32,
    },
    /// Loads bytes of the packet.
    Payload {
        base: Base,
        offset: u32,
        length: u32,
        to: u32,
    },
    /// Goes on if the register compares so with the data.
    Cmp {
        from: u32,
        op: Op,
        data: Vec<u8>,
    },
    /// Goes on if the register is (not) between the two, inclusive.
    Range {
        from: u32,
        op: Op,
        low: Vec<u8>,
        high: Vec<u8>,
    },
    /// `to = (from & mask) ^ xor`.
    Bitwise {
        from: u32,
        to: u32,
        mask: Vec<u8>,
        xor: Vec<u8>,
    },
    /// Goes on if the register is (not) in the set; with `to`, loads the map's value.
    Lookup {
        set: SetRef,
        from: u32,
        to: Option<u32>,
        negated: bool,
    },
    /// Loads a constant.
    Immediate {
        to: u32,
        data: Vec<u8>,
    },
    /// Ends the rule with a verdict.
    Verdict(Verdict),
    /// Loads a property of the packet's connection, `enum nft_ct_keys`; `direction` 0 is the original one.
    Ct {
        key: u32,
        to: u32,
        direction: Option<u8>,
    },
    Counter {
        packets: u64,
        bytes: u64,
    },
    Masquerade {
        ports: Registers,
        flags: u32,
    },
    Redirect {
        ports: Registers,
        flags: u32,
    },
    Nat {
        dest: bool,
        family: u32,
        addresses: Registers,
        ports: Registers,
        flags: u32,
    },
    /// `enum nft_reject_types`, and the ICMP code.
    Reject {
        kind: u32,
        code: u8,
    },
    /// One that we have no type for: its name, and its attributes as they came.
    Unknown {
        name: String,
        attributes: Vec<u8>,
    },
}

/// The registers with the lower and the upper end of a range; no upper end means just the lower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    pub min: Option<u32>,
    pub max: Option<u32>,
}

impl Expr {
    /// The name that the kernel knows it by, which is that of its module `nft_*` too.
    pub fn name(&self) -> &str {
        match self {
            Expr::Meta { .. } | Expr::MetaSet { .. } => "meta",
            Expr::Payload { .. } => "payload",
            Expr::Cmp { .. } => "cmp",
            Expr::Range { .. } => "range",
            Expr::Bitwise { .. } => "bitwise",
            Expr::Lookup { .. } => "lookup",
            Expr::Immediate { .. } | Expr::Verdict(_) => "immediate",
            Expr::Ct { .. } => "ct",
            Expr::Counter { .. } => "counter",
            Expr::Masquerade { .. } => "masq",
            Expr::Redirect { .. } => "redir",
            Expr::Nat { .. } => "nat",
            Expr::Reject { .. } => "reject",
            Expr::Unknown { name, .. } => name,
        }
    }

    /// Writes `NFTA_EXPR_NAME` and `NFTA_EXPR_DATA`.
    pub fn write(&self, out: &mut Attributes) {
        out.put_str(1, self.name());
        match self {
            Expr::Unknown { attributes, .. } => {
                out.put(2 | 0x8000, attributes);
            }
            _ => {
                out.nest(2, |data| self.write_data(data));
            }
        }
    }

    fn write_data(&self, out: &mut Attributes) {
        match self {
            Expr::Meta { key, to } => out.put_u32(1, *to).put_u32(2, (*key).into()),
            Expr::MetaSet { key, from } => out.put_u32(2, (*key).into()).put_u32(3, *from),
            Expr::Payload { base, offset, length, to } => {
                out.put_u32(1, *to).put_u32(2, base.number()).put_u32(3, *offset).put_u32(4, *length)
            }
            Expr::Cmp { from, op, data } => value(out.put_u32(1, *from).put_u32(2, op.number()), 3, data),
            Expr::Range { from, op, low, high } => {
                value(value(out.put_u32(1, *from).put_u32(2, op.number()), 3, low), 4, high)
            }
            Expr::Bitwise { from, to, mask, xor } => {
                let length = mask.len() as u32;
                value(value(out.put_u32(1, *from).put_u32(2, *to).put_u32(3, length), 4, mask), 5, xor)
            }
            Expr::Lookup { set, from, to, negated } => out
                .put_str(1, &set.name)
                .put_u32(2, *from)
                .put_u32_if(3, *to)
                .put_u32_if(4, set.id)
                .put_u32_if(5, negated.then_some(1)),
            Expr::Immediate { to, data } => value(out.put_u32(1, *to), 2, data),
            Expr::Verdict(verdict) => out.put_u32(1, VERDICT_REGISTER).nest(2, |data| {
                data.nest(2, |out| {
                    out.put_u32(1, verdict.code() as u32);
                    if let Verdict::Jump(chain) | Verdict::Goto(chain) = verdict {
                        out.put_str(2, chain);
                    }
                });
            }),
            Expr::Ct { key, to, direction } => {
                out.put_u32(1, *to).put_u32(2, *key);
                if let Some(direction) = direction {
                    out.put_u8(3, *direction);
                }
                out
            }
            Expr::Counter { packets, bytes } => out.put_u64(1, *bytes).put_u64(2, *packets),
            Expr::Masquerade { ports, flags } => out
                .put_u32_if(1, (*flags != 0).then_some(*flags))
                .put_u32_if(2, ports.min)
                .put_u32_if(3, ports.max),
            Expr::Redirect { ports, flags } => out
                .put_u32_if(1, ports.min)
                .put_u32_if(2, ports.max)
                .put_u32_if(3, (*flags != 0).then_some(*flags)),
            Expr::Nat { dest, family, addresses, ports, flags } => out
                .put_u32(1, u32::from(*dest))
                .put_u32(2, *family)
                .put_u32_if(3, addresses.min)
                .put_u32_if(4, addresses.max)
                .put_u32_if(5, ports.min)
                .put_u32_if(6, ports.max)
                .put_u32_if(7, (*flags != 0).then_some(*flags)),
            Expr::Reject { kind, code } => out.put_u32(1, *kind).put_u8(2, *code),
            Expr::Unknown { .. } => out,
        };
    }

    /// Reads one element of `NFTA_RULE_EXPRESSIONS`; what doesn't fit a type is [`Expr::Unknown`].
    pub fn read(element: Received<'_>) -> Self {
        let name = element.string(1).unwrap_or_default();
        let attributes = element.get(2).unwrap_or_default();
        Self::read_data(&name, Received(attributes))
            .unwrap_or_else(|| Expr::Unknown { name, attributes: attributes.to_vec() })
    }

    fn read_data(name: &str, a: Received<'_>) -> Option<Self> {
        let registers = |min, max| Registers { min: a.u32(min), max: a.u32(max) };
        Some(match name {
            "meta" => match (MetaKey::from(a.u32(2)?), a.u32(1), a.u32(3)) {
                (key, Some(to), None) => Expr::Meta { key, to },
                (key, None, Some(from)) => Expr::MetaSet { key, from },
                _ => return None,
            },
            // With a source register it writes to the packet.
            "payload" if a.get(5).is_none() => Expr::Payload {
                to: a.u32(1)?,
                base: Base::of(a.u32(2)?),
                offset: a.u32(3)?,
                length: a.u32(4)?,
            },
            "cmp" => Expr::Cmp { from: a.u32(1)?, op: Op::of(a.u32(2)?), data: read_value(a, 3)? },
            "range" => Expr::Range {
                from: a.u32(1)?,
                op: Op::of(a.u32(2)?),
                low: read_value(a, 3)?,
                high: read_value(a, 4)?,
            },
            // Shifts and the operations of two registers have another NFTA_BITWISE_OP than 0.
            "bitwise" if a.u32(6).unwrap_or(0) == 0 => Expr::Bitwise {
                from: a.u32(1)?,
                to: a.u32(2)?,
                mask: read_value(a, 4)?,
                xor: read_value(a, 5)?,
            },
            "lookup" => Expr::Lookup {
                set: SetRef { name: a.string(1)?, id: a.u32(4) },
                from: a.u32(2)?,
                to: a.u32(3),
                negated: a.u32(5).unwrap_or(0) & 1 != 0,
            },
            "immediate" => match (a.u32(1)?, a.nest(2)?) {
                (VERDICT_REGISTER, data) => {
                    let verdict = data.nest(2)?;
                    Expr::Verdict(Verdict::of(verdict.u32(1)? as i32, verdict.string(2)))
                }
                (to, data) => Expr::Immediate { to, data: data.get(1)?.to_vec() },
            },
            // With a source register it changes the connection.
            "ct" if a.get(4).is_none() => Expr::Ct { key: a.u32(2)?, to: a.u32(1)?, direction: a.u8(3) },
            "counter" => Expr::Counter { bytes: a.u64(1)?, packets: a.u64(2)? },
            "masq" => Expr::Masquerade { ports: registers(2, 3), flags: a.u32(1).unwrap_or(0) },
            "redir" => Expr::Redirect { ports: registers(1, 2), flags: a.u32(3).unwrap_or(0) },
            "nat" => Expr::Nat {
                dest: match a.u32(1)? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                family: a.u32(2)?,
                addresses: registers(3, 4),
                ports: registers(5, 6),
                flags: a.u32(7).unwrap_or(0),
            },
            "reject" => Expr::Reject { kind: a.u32(1)?, code: a.u8(2).unwrap_or(0) },
            _ => return None,
        })
    }
}

/// `NFTA_DATA_VALUE` within the attribute `kind`.
fn value<'a>(out: &'a mut Attributes, kind: u16, bytes: &[u8]) -> &'a mut Attributes {
    out.nest(kind, |data| {
        data.put(1, bytes);
    })
}

fn read_value(a: Received<'_>, kind: u16) -> Option<Vec<u8>> {
    Some(a.nest(kind)?.get(1)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::test::Random;

    fn round_trip(expr: &Expr) -> Expr {
        let mut out = Attributes::new();
        expr.write(&mut out);
        Expr::read(Received(out.as_bytes()))
    }

    #[test]
    fn a_comparison_as_bytes() {
        let mut out = Attributes::new();
        Expr::Cmp { from: 1, op: Op::Ne, data: vec![10] }.write(&mut out);
        #[rustfmt::skip]
        let expected: &[u8] = &[
            8, 0, 1, 0, b'c', b'm', b'p', 0,     // NFTA_EXPR_NAME
            32, 0, 2, 0x80,                      // NFTA_EXPR_DATA
            8, 0, 1, 0, 0, 0, 0, 1,              // NFTA_CMP_SREG = register 1
            8, 0, 2, 0, 0, 0, 0, 1,              // NFTA_CMP_OP = NFT_CMP_NEQ
            12, 0, 3, 0x80, 5, 0, 1, 0, 10, 0, 0, 0, // NFTA_CMP_DATA: NFTA_DATA_VALUE = 10
        ];
        assert_eq!(out.as_bytes(), expected);
    }

    #[test]
    fn a_destination_nat_as_bytes() {
        let mut out = Attributes::new();
        let addresses = Registers { min: Some(1), max: None };
        Expr::Nat { dest: true, family: 2, addresses, ports: Registers::default(), flags: 0 }.write(&mut out);
        #[rustfmt::skip]
        let expected: &[u8] = &[
            8, 0, 1, 0, b'n', b'a', b't', 0, // NFTA_EXPR_NAME
            28, 0, 2, 0x80,                  // NFTA_EXPR_DATA
            8, 0, 1, 0, 0, 0, 0, 1,          // NFTA_NAT_TYPE = NFT_NAT_DNAT
            8, 0, 2, 0, 0, 0, 0, 2,          // NFTA_NAT_FAMILY = NFPROTO_IPV4
            8, 0, 3, 0, 0, 0, 0, 1,          // NFTA_NAT_REG_ADDR_MIN = register 1
        ];
        assert_eq!(out.as_bytes(), expected);
    }

    #[test]
    fn every_expression_comes_back_as_it_went() {
        let mut random = Random::new(1);
        for _ in 0..200 {
            let (a, b) = (random.below(24), 1 + random.below(23));
            let length = 1 + random.below(16) as usize;
            let data = random.bytes(length);
            let ports = Registers { min: random.maybe(), max: random.maybe() };
            let set = SetRef { name: "__set0".into(), id: random.maybe() };
            for expr in [
                Expr::Meta { key: MetaKey::from(a), to: b },
                Expr::MetaSet { key: MetaKey::Mark, from: b },
                Expr::Payload { base: Base::of(a % 4), offset: a, length: b, to: b },
                Expr::Cmp { from: a, op: Op::of(b % 8), data: data.clone() },
                Expr::Range { from: a, op: Op::of(b % 2), low: data.clone(), high: data.clone() },
                Expr::Bitwise { from: a, to: b, mask: data.clone(), xor: data.clone() },
                Expr::Lookup { set, from: a, to: random.maybe(), negated: a % 2 == 0 },
                Expr::Immediate { to: b, data: data.clone() },
                Expr::Verdict(Verdict::of(a as i32 - 6, Some("chain".into()))),
                Expr::Ct { key: a, to: b, direction: random.maybe().map(|d| (d % 2) as u8) },
                Expr::Counter { packets: u64::from(a) << 40, bytes: u64::MAX - u64::from(b) },
                Expr::Masquerade { ports, flags: a },
                Expr::Redirect { ports, flags: a },
                Expr::Nat { dest: a % 2 == 0, family: 10, addresses: ports, ports, flags: b },
                Expr::Reject { kind: a, code: b as u8 },
                Expr::Unknown { name: "quota".into(), attributes: Vec::new() },
            ] {
                assert_eq!(round_trip(&expr), expr);
            }
        }
    }

    #[test]
    fn garbage_is_unknown_but_no_panic() {
        let names =
            ["meta", "payload", "cmp", "range", "bitwise", "lookup", "immediate", "ct", "counter", "nat"];
        let mut random = Random::new(2);
        for round in 0..5000 {
            let mut out = Attributes::new();
            out.put_str(1, names[round % names.len()]);
            out.put(2, &random.attributes());
            let expr = Expr::read(Received(out.as_bytes()));
            assert_eq!(round_trip(&expr), expr);
            Expr::read(Received(&random.bytes(40)));
        }
    }
}
