//! nf_tables expressions: the virtual machine's instructions of which a rule consists, to and from attributes.
//!
//! linux/netfilter/nf_tables.h. What we have no type for is kept as [`Expr::Unknown`] and written back unchanged.

use netlink_packet_netfilter::nftables::MetaKey;

use super::attr::{Attributes, NESTED, Received};
use super::uapi::*;

/// The register that holds the verdict; data registers are 1 to 4 (16 bytes each) and 8 to 23 (4 bytes each).
pub(super) const VERDICT_REGISTER: u32 = libc::NFT_REG_VERDICT as u32;
/// Of a lookup, `NFT_LOOKUP_F_INV`.
pub const INVERTED: Flags = Flags(libc::NFT_LOOKUP_F_INV as u32);

/// Declares numbers that have names; others are kept as they are.
macro_rules! numbers {
    ($($(#[$doc:meta])* $type:ident { $($name:ident = $number:path),* $(,)? })*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($name,)*
            Other(u32),
        }

        impl From<u32> for $type {
            fn from(number: u32) -> Self {
                $(if number == $number as u32 {
                    return $type::$name;
                })*
                $type::Other(number)
            }
        }

        impl From<$type> for u32 {
            fn from(value: $type) -> u32 {
                match value {
                    $($type::$name => $number as u32,)*
                    $type::Other(number) => number,
                }
            }
        })*
    };
}

numbers! {
    /// Where a payload expression counts its offset from, `enum nft_payload_bases`.
    Base {
        Link = libc::NFT_PAYLOAD_LL_HEADER,
        Network = libc::NFT_PAYLOAD_NETWORK_HEADER,
        Transport = libc::NFT_PAYLOAD_TRANSPORT_HEADER,
    }

    /// A comparison, `enum nft_cmp_ops`; `Range` knows the first two alone.
    Op {
        Eq = libc::NFT_CMP_EQ,
        Ne = libc::NFT_CMP_NEQ,
        Lt = libc::NFT_CMP_LT,
        Le = libc::NFT_CMP_LTE,
        Gt = libc::NFT_CMP_GT,
        Ge = libc::NFT_CMP_GTE,
    }

    /// What a NAT expression changes, `enum nft_nat_types`.
    NatType {
        Source = libc::NFT_NAT_SNAT,
        Dest = libc::NFT_NAT_DNAT,
    }
}

impl Op {
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
            Verdict::Drop => libc::NF_DROP,
            Verdict::Accept => libc::NF_ACCEPT,
            Verdict::Continue => libc::NFT_CONTINUE,
            Verdict::Jump(_) => libc::NFT_JUMP,
            Verdict::Goto(_) => libc::NFT_GOTO,
            Verdict::Return => libc::NFT_RETURN,
            Verdict::Other(code) => *code,
        }
    }

    fn of(code: i32, chain: Option<String>) -> Self {
        match (code, chain) {
            (libc::NF_DROP, _) => Verdict::Drop,
            (libc::NF_ACCEPT, _) => Verdict::Accept,
            (libc::NFT_CONTINUE, _) => Verdict::Continue,
            (libc::NFT_JUMP, Some(chain)) => Verdict::Jump(chain),
            (libc::NFT_GOTO, Some(chain)) => Verdict::Goto(chain),
            (libc::NFT_RETURN, _) => Verdict::Return,
            (code, _) => Verdict::Other(code),
        }
    }

    /// Writes it as data: of its register, or of a map.
    pub(super) fn write(&self, data: &mut Attributes) {
        data.within(NFTA_DATA_VERDICT, |out| {
            out.be32(NFTA_VERDICT_CODE, self.code() as u32);
            if let Verdict::Jump(chain) | Verdict::Goto(chain) = self {
                out.text(NFTA_VERDICT_CHAIN, chain);
            }
        });
    }

    pub(super) fn read(data: Received<'_>) -> Option<Self> {
        let verdict = data.nest(NFTA_DATA_VERDICT)?;
        Some(Verdict::of(verdict.u32(NFTA_VERDICT_CODE)? as i32, verdict.string(NFTA_VERDICT_CHAIN)))
    }
}

/// Which set a lookup asks: by name, or by the id that it has within the batch that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRef {
    pub name: String,
    pub id: Option<u32>,
}

/// The registers with the lower and the upper end of a range; no upper end means just the lower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    pub min: Option<u32>,
    pub max: Option<u32>,
}

/// Flags; the kernel takes none for 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u32);

/// A part of an expression; `K` are the attributes that it stands in.
trait Part<K>: Sized {
    fn put(&self, kind: K, out: &mut Attributes);
    /// `None` where the kernel sent something that is none.
    fn get(a: Received<'_>, kind: K) -> Option<Self>;
}

macro_rules! numeric_parts {
    ($($type:ty)*) => {
        $(impl Part<u16> for $type {
            fn put(&self, kind: u16, out: &mut Attributes) {
                out.be32(kind, (*self).into());
            }
            fn get(a: Received<'_>, kind: u16) -> Option<Self> {
                a.u32(kind).map(Self::from)
            }
        })*
    };
}

numeric_parts!(u32 Base Op NatType MetaKey);

impl Part<u16> for u64 {
    fn put(&self, kind: u16, out: &mut Attributes) {
        out.be64(kind, *self);
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        a.u64(kind)
    }
}

impl Part<u16> for u8 {
    fn put(&self, kind: u16, out: &mut Attributes) {
        out.raw(kind, &[*self]);
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        a.u8(kind)
    }
}

impl Part<u16> for u16 {
    fn put(&self, kind: u16, out: &mut Attributes) {
        out.raw(kind, &self.to_be_bytes());
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        a.u16(kind)
    }
}

impl Part<u16> for String {
    fn put(&self, kind: u16, out: &mut Attributes) {
        out.text(kind, self);
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        a.string(kind)
    }
}

impl<T: Part<u16>> Part<u16> for Option<T> {
    fn put(&self, kind: u16, out: &mut Attributes) {
        if let Some(value) = self {
            value.put(kind, out);
        }
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        Some(T::get(a, kind))
    }
}

impl Part<u16> for Flags {
    fn put(&self, kind: u16, out: &mut Attributes) {
        (self.0 != 0).then_some(self.0).put(kind, out);
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        Some(Flags(a.u32(kind).unwrap_or(0)))
    }
}

/// Data of a register's length, in an attribute of its own within `kind`.
impl Part<u16> for Vec<u8> {
    fn put(&self, kind: u16, out: &mut Attributes) {
        out.within(kind, |data| data.put(NFTA_DATA_VALUE, self));
    }
    fn get(a: Received<'_>, kind: u16) -> Option<Self> {
        Some(a.nest(kind)?.get(NFTA_DATA_VALUE)?.to_vec())
    }
}

/// Data after its length.
impl Part<[u16; 2]> for Vec<u8> {
    fn put(&self, [length, kind]: [u16; 2], out: &mut Attributes) {
        self.put(kind, out.be32(length, self.len() as u32));
    }
    fn get(a: Received<'_>, [_, kind]: [u16; 2]) -> Option<Self> {
        Part::get(a, kind)
    }
}

impl Part<[u16; 2]> for Registers {
    fn put(&self, [min, max]: [u16; 2], out: &mut Attributes) {
        self.min.put(min, out);
        self.max.put(max, out);
    }
    fn get(a: Received<'_>, [min, max]: [u16; 2]) -> Option<Self> {
        Some(Registers { min: a.u32(min), max: a.u32(max) })
    }
}

impl Part<[u16; 2]> for SetRef {
    fn put(&self, [name, id]: [u16; 2], out: &mut Attributes) {
        self.id.put(id, out.text(name, &self.name));
    }
    fn get(a: Received<'_>, [name, id]: [u16; 2]) -> Option<Self> {
        Some(SetRef { name: a.string(name)?, id: a.u32(id) })
    }
}

/// A verdict is the data of its own register.
impl Part<[u16; 2]> for Verdict {
    fn put(&self, [register, kind]: [u16; 2], out: &mut Attributes) {
        out.be32(register, VERDICT_REGISTER).within(kind, |data| self.write(data));
    }
    fn get(a: Received<'_>, [_, kind]: [u16; 2]) -> Option<Self> {
        Verdict::read(a.nest(kind)?)
    }
}

/// Declares the instructions: `NAME = "KERNEL'S NAME" { FIELD: TYPE = ATTRIBUTE, ... }`, the fields in the order in
/// which nft writes them. With `unless`, an instruction that has this attribute does something else.
macro_rules! expressions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $(unless $other:ident)? {
        $($field:ident: $type:ty = $kind:expr),* $(,)?
    })*) => {
        /// One instruction. Registers are numbers as in `nft --debug=netlink`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Expr {
            $($(#[$doc])* $variant { $($field: $type),* },)*
            /// One that we have no type for: its name, and its attributes as they came.
            Unknown { name: String, attributes: Vec<u8> },
        }

        impl Expr {
            /// The name that the kernel knows it by, which is that of its module `nft_*` too.
            pub fn name(&self) -> &str {
                match self {
                    $(Expr::$variant { .. } => $name,)*
                    Expr::Unknown { name, .. } => name,
                }
            }

            fn write_data(&self, out: &mut Attributes) {
                match self {
                    $(Expr::$variant { $($field),* } => {
                        $($field.put($kind, out);)*
                    })*
                    Expr::Unknown { .. } => {}
                }
            }

            fn read_data(name: &str, a: Received<'_>) -> Option<Self> {
                $(if name == $name $(&& a.u32($other).unwrap_or(0) == 0)?
                    && let ($(Some($field),)*) = ($(Part::get(a, $kind),)*)
                {
                    return Some(Expr::$variant { $($field),* });
                })*
                None
            }
        }
    };
}

expressions! {
    /// Loads a property of the packet that isn't in its bytes: interfaces, protocols, mark.
    Meta = "meta" unless NFTA_META_SREG { to: u32 = NFTA_META_DREG, key: MetaKey = NFTA_META_KEY }

    /// Stores such a property: `meta mark set`.
    MetaSet = "meta" unless NFTA_META_DREG { key: MetaKey = NFTA_META_KEY, from: u32 = NFTA_META_SREG }

    /// Loads bytes of the packet; with a source register it would write them.
    Payload = "payload" unless NFTA_PAYLOAD_SREG {
        to: u32 = NFTA_PAYLOAD_DREG,
        base: Base = NFTA_PAYLOAD_BASE,
        offset: u32 = NFTA_PAYLOAD_OFFSET,
        length: u32 = NFTA_PAYLOAD_LEN,
    }

    /// Goes on if the register compares so with the data.
    Cmp = "cmp" { from: u32 = NFTA_CMP_SREG, op: Op = NFTA_CMP_OP, data: Vec<u8> = NFTA_CMP_DATA }

    /// Goes on if the register is (not) between the two, inclusive.
    Range = "range" {
        from: u32 = NFTA_RANGE_SREG,
        op: Op = NFTA_RANGE_OP,
        low: Vec<u8> = NFTA_RANGE_FROM_DATA,
        high: Vec<u8> = NFTA_RANGE_TO_DATA,
    }

    /// `to = (from & mask) ^ xor`; other operations are shifts and those of two registers.
    Bitwise = "bitwise" unless NFTA_BITWISE_OP {
        from: u32 = NFTA_BITWISE_SREG,
        to: u32 = NFTA_BITWISE_DREG,
        mask: Vec<u8> = [NFTA_BITWISE_LEN, NFTA_BITWISE_MASK],
        xor: Vec<u8> = NFTA_BITWISE_XOR,
    }

    /// Goes on if the register is in the set, or is not with the flag [`INVERTED`]; with `to`, loads the map's value.
    Lookup = "lookup" {
        set: SetRef = [NFTA_LOOKUP_SET, NFTA_LOOKUP_SET_ID],
        from: u32 = NFTA_LOOKUP_SREG,
        to: Option<u32> = NFTA_LOOKUP_DREG,
        flags: Flags = NFTA_LOOKUP_FLAGS,
    }

    /// Loads a constant.
    Immediate = "immediate" { to: u32 = NFTA_IMMEDIATE_DREG, data: Vec<u8> = NFTA_IMMEDIATE_DATA }

    /// Ends the rule with a verdict.
    Verdict = "immediate" { verdict: Verdict = [NFTA_IMMEDIATE_DREG, NFTA_IMMEDIATE_DATA] }

    /// Loads a property of the packet's connection, `enum nft_ct_keys`; `direction` 0 is the original one. With a
    /// source register it would change the connection.
    Ct = "ct" unless NFTA_CT_SREG {
        to: u32 = NFTA_CT_DREG,
        key: u32 = NFTA_CT_KEY,
        direction: Option<u8> = NFTA_CT_DIRECTION,
    }

    /// Stores such a property: `ct mark set`.
    CtSet = "ct" unless NFTA_CT_DREG {
        key: u32 = NFTA_CT_KEY,
        direction: Option<u8> = NFTA_CT_DIRECTION,
        from: u32 = NFTA_CT_SREG,
    }

    Counter = "counter" { bytes: u64 = NFTA_COUNTER_BYTES, packets: u64 = NFTA_COUNTER_PACKETS }

    Masquerade = "masq" {
        flags: Flags = NFTA_MASQ_FLAGS,
        ports: Registers = [NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX],
    }

    Redirect = "redir" {
        ports: Registers = [NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX],
        flags: Flags = NFTA_REDIR_FLAGS,
    }

    Nat = "nat" {
        what: NatType = NFTA_NAT_TYPE,
        family: u32 = NFTA_NAT_FAMILY,
        addresses: Registers = [NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX],
        ports: Registers = [NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX],
        flags: Flags = NFTA_NAT_FLAGS,
    }

    /// Loads a number below `modulus` and adds `offset`, `enum nft_ng_types`: 0 counts, 1 is at random.
    Numgen = "numgen" {
        to: u32 = NFTA_NG_DREG,
        modulus: u32 = NFTA_NG_MODULUS,
        kind: u32 = NFTA_NG_TYPE,
        offset: u32 = NFTA_NG_OFFSET,
    }

    /// Turns words of `size` bytes around, `enum nft_byteorder_ops`: 1 is from the host's order to the network's.
    Byteorder = "byteorder" {
        from: u32 = NFTA_BYTEORDER_SREG,
        to: u32 = NFTA_BYTEORDER_DREG,
        op: u32 = NFTA_BYTEORDER_OP,
        length: u32 = NFTA_BYTEORDER_LEN,
        size: u32 = NFTA_BYTEORDER_SIZE,
    }

    /// Goes on while there are not more than `rate` of packets (`kind` 0) or bytes (1) in `unit` seconds, and `burst` more
    /// at once; with the flag [`INVERTED`] goes on when there are.
    Limit = "limit" {
        rate: u64 = NFTA_LIMIT_RATE,
        unit: u64 = NFTA_LIMIT_UNIT,
        burst: u32 = NFTA_LIMIT_BURST,
        kind: u32 = NFTA_LIMIT_TYPE,
        flags: Flags = NFTA_LIMIT_FLAGS,
    }

    /// Writes a line to the kernel's log, or hands the packet to the group's listener.
    Log = "log" {
        group: Option<u16> = NFTA_LOG_GROUP,
        prefix: Option<String> = NFTA_LOG_PREFIX,
        level: Option<u32> = NFTA_LOG_LEVEL,
        flags: Flags = NFTA_LOG_FLAGS,
    }

    /// Takes the packet out of connection tracking.
    Notrack = "notrack" {}

    /// Puts the packet's connection into a flow table; ends the rule where it can't be.
    FlowOffload = "flow_offload" { table: String = NFTA_FLOW_TABLE_NAME }

    /// `enum nft_reject_types`, and the ICMP code where it is one.
    Reject = "reject" { kind: u32 = NFTA_REJECT_TYPE, code: Option<u8> = NFTA_REJECT_ICMP_CODE }
}

impl Expr {
    /// Writes an element of `NFTA_RULE_EXPRESSIONS`.
    pub fn write(&self, out: &mut Attributes) {
        out.text(NFTA_EXPR_NAME, self.name());
        match self {
            Expr::Unknown { attributes, .. } => out.raw(NFTA_EXPR_DATA | NESTED, attributes),
            _ => out.within(NFTA_EXPR_DATA, |data| self.write_data(data)),
        };
    }

    /// Reads one; what doesn't fit a type is [`Expr::Unknown`].
    pub fn read(element: Received<'_>) -> Self {
        let name = element.string(NFTA_EXPR_NAME).unwrap_or_default();
        let attributes = element.get(NFTA_EXPR_DATA).unwrap_or_default();
        Self::read_data(&name, Received(attributes))
            .unwrap_or_else(|| Expr::Unknown { name, attributes: attributes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::test::Random;

    fn round_trip(expr: &Expr) -> Expr {
        let mut out = Attributes::new();
        expr.write(&mut out);
        Expr::read(Received(out.bytes().unwrap()))
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
        assert_eq!(out.bytes().unwrap(), expected);
    }

    #[test]
    fn a_destination_nat_as_bytes() {
        let mut out = Attributes::new();
        let addresses = Registers { min: Some(1), max: None };
        let (what, ports, flags) = (NatType::Dest, Registers::default(), Flags(0));
        Expr::Nat { what, family: 2, addresses, ports, flags }.write(&mut out);
        #[rustfmt::skip]
        let expected: &[u8] = &[
            8, 0, 1, 0, b'n', b'a', b't', 0, // NFTA_EXPR_NAME
            28, 0, 2, 0x80,                  // NFTA_EXPR_DATA
            8, 0, 1, 0, 0, 0, 0, 1,          // NFTA_NAT_TYPE = NFT_NAT_DNAT
            8, 0, 2, 0, 0, 0, 0, 2,          // NFTA_NAT_FAMILY = NFPROTO_IPV4
            8, 0, 3, 0, 0, 0, 0, 1,          // NFTA_NAT_REG_ADDR_MIN = register 1
        ];
        assert_eq!(out.bytes().unwrap(), expected);
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
                Expr::Payload { base: Base::from(a % 4), offset: a, length: b, to: b },
                Expr::Cmp { from: a, op: Op::from(b % 8), data: data.clone() },
                Expr::Range { from: a, op: Op::from(b % 2), low: data.clone(), high: data.clone() },
                Expr::Bitwise { from: a, to: b, mask: data.clone(), xor: data.clone() },
                Expr::Lookup { set, from: a, to: random.maybe(), flags: Flags(a % 2) },
                Expr::Immediate { to: b, data: data.clone() },
                Expr::Verdict { verdict: Verdict::of(a as i32 - 6, Some("chain".into())) },
                Expr::Ct { key: a, to: b, direction: random.maybe().map(|d| (d % 2) as u8) },
                Expr::CtSet { key: a, from: b, direction: random.maybe().map(|d| (d % 2) as u8) },
                Expr::Counter { packets: u64::from(a) << 40, bytes: u64::MAX - u64::from(b) },
                Expr::Masquerade { ports, flags: Flags(a) },
                Expr::Numgen { to: b, modulus: u32::MAX, kind: a % 2, offset: a },
                Expr::Byteorder { from: a, to: b, op: a % 2, length: 4, size: 4 },
                Expr::Redirect { ports, flags: Flags(a) },
                Expr::Nat {
                    what: NatType::from(a % 2),
                    family: 10,
                    addresses: ports,
                    ports,
                    flags: Flags(b),
                },
                Expr::Limit { rate: u64::from(a), unit: 60, burst: b, kind: a % 2, flags: Flags(b % 2) },
                Expr::Log {
                    group: random.maybe().map(|g| g as u16),
                    prefix: random.maybe().map(|p| p.to_string()),
                    level: random.maybe(),
                    flags: Flags(0),
                },
                Expr::Notrack {},
                Expr::FlowOffload { table: "fast".into() },
                Expr::Reject { kind: a, code: random.maybe().map(|c| c as u8) },
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
            out.text(NFTA_EXPR_NAME, names[round % names.len()]).raw(NFTA_EXPR_DATA, &random.attributes());
            let expr = Expr::read(Received(out.bytes().unwrap()));
            assert_eq!(round_trip(&expr), expr);
            Expr::read(Received(&random.bytes(40)));
        }
    }
}
