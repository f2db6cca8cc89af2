//! Types of attributes that only links have.

use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Value, Word};
use crate::net::attributes::{hardware_address, string};
use crate::net::fields::text;
use crate::net::nf::words::PortRange;
use crate::net::prefix;

/// Declares integers from LOW to HIGH that are not of 32 bits in the host's byte order, as [`Between`] is, or of which the
/// kernel may report more than a script may give; and how `ip` writes them.
macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident($int:ty): $to:ident, $from:ident, $word:ident $format:literal;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<const LOW: u32 = 0, const HIGH: u32 = { <$int>::MAX as u32 }>(pub $int);

        impl<const LOW: u32, const HIGH: u32> Field for $name<LOW, HIGH> {
            fn form() -> Form {
                Form { word: Word::$word, ..Between::<LOW, HIGH>::form() }
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                // The range keeps to what fits.
                Ok(Between::<LOW, HIGH>::read(value)?.map(|n| $name(n.0 as $int)))
            }

            fn value(&self) -> Value {
                Value::Int(self.0.into())
            }

            fn word(&self) -> String {
                format!($format, self.0)
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.0.$to().to_vec())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                Some($name(<$int>::$from(*bytes.first_chunk()?)))
            }

            fn absent() -> Option<Self> {
                Some($name(0))
            }
        })*
    };
}

integers! {
    U32(u32): to_ne_bytes, from_ne_bytes, Integer "{}";
    U8(u8): to_ne_bytes, from_ne_bytes, Integer "{}";
    U16(u16): to_ne_bytes, from_ne_bytes, Integer "{}";
    /// In network byte order, as ports are.
    Be16(u16): to_be_bytes, from_be_bytes, Integer "{}";
    Be32(u32): to_be_bytes, from_be_bytes, Integer "{}";
    /// Reported alone: below zero it means "none".
    Signed(i32): to_ne_bytes, from_ne_bytes, Integer "{}";
}

/// A flow label of IPv6, up to HIGH; a traffic class may stand in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<const LOW: u32, const HIGH: u32>(pub u32);

impl<const LOW: u32, const HIGH: u32> Field for Label<LOW, HIGH> {
    fn form() -> Form {
        Between::<LOW, HIGH>::form()
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(Between::<LOW, HIGH>::read(value)?.map(|n| Label(n.0)))
    }

    fn value(&self) -> Value {
        Value::Int(self.0.into())
    }

    fn word(&self) -> String {
        format!("{:#x}", self.0)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_be_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|label| Label(u32::from_be_bytes(*label) & HIGH))
    }
}

/// A flow label has 20 bits.
pub type FlowLabel = Label<0, 1_048_575>;

/// Declares truth values by the integer or the emptiness that they are sent as, and by what `ip` writes.
macro_rules! truths {
    ($($(#[$doc:meta])* $name:ident $(<const $bit:ident>)?: $word:ident, $yes:literal, $no:literal,
        |$value:ident| $encode:expr, |$from:ident| $decode:expr;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name$(<const $bit: u32>)?(pub bool);

        impl$(<const $bit: u32>)? Field for $name$(<$bit>)? {
            fn form() -> Form {
                Form { word: Word::$word, ..bool::form() }
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                Ok(bool::read(value)?.map($name))
            }

            fn value(&self) -> Value {
                Value::Bool(self.0)
            }

            fn word(&self) -> String {
                if self.0 { $yes } else { $no }.to_owned()
            }

            fn encode(&self) -> Option<Vec<u8>> {
                let $value = self.0;
                $encode
            }

            fn decode($from: &[u8]) -> Option<Self> {
                Some($name($decode))
            }

            fn absent() -> Option<Self> {
                Some($name(false))
            }
        })*
    };
}

fn truth(bytes: &[u8]) -> bool {
    bytes.iter().any(|b| *b != 0)
}

truths! {
    /// A byte, `1` or `0` to `ip`.
    Digit: Digit, "1", "0", |on| Some(vec![on.into()]), |bytes| truth(bytes);
    /// As [`Digit`], of four bytes.
    Digit32: Digit, "1", "0", |on| Some(u32::from(on).to_ne_bytes().to_vec()), |bytes| truth(bytes);
    /// A byte, `on` or `off` to `ip`.
    OnOff: Switch, "on", "off", |on| Some(vec![on.into()]), |bytes| truth(bytes);
    /// A flag that is set where this is off.
    Unset: Switch, "on", "off", |on| Some(vec![(!on).into()]), |bytes| !truth(bytes);
    /// A byte; `ip` has one word for it, and another for its contrary.
    Toggle: Toggle, "", "", |on| Some(vec![on.into()]), |bytes| truth(bytes);
    /// True by being there, so that it can't be false.
    Present: Toggle, "", "", |on| on.then(Vec::new), |_bytes| true;
    /// One bit of `struct br_boolopt_multi`: values, then the mask of valid ones.
    MultiBit<const BIT>: Digit, "1", "0", |on| Some(masked(on, BIT)), |bytes| masked_bit(bytes, BIT)?;
    /// One bit of `struct ifla_vlan_flags`, which looks the same.
    MaskedBit<const BIT>: Switch, "on", "off", |on| Some(masked(on, BIT)), |bytes| masked_bit(bytes, BIT)?;
    /// One bit of an attribute of 16 bits, of which `ip` has a word for it and another for its contrary.
    Bit16<const BIT>: Toggle, "", "", |on| Some((u16::from(on) << BIT).to_ne_bytes().to_vec()),
        |bytes| u16::from_ne_bytes(*bytes.first_chunk()?) & (1 << BIT) != 0;
    /// The same in network byte order.
    BeBit16<const BIT>: Toggle, "", "", |on| Some((u16::from(on) << BIT).to_be_bytes().to_vec()),
        |bytes| u16::from_be_bytes(*bytes.first_chunk()?) & (1 << BIT) != 0;
    /// The same of 32 bits.
    Bit32<const BIT>: Toggle, "", "", |on| Some((u32::from(on) << BIT).to_ne_bytes().to_vec()),
        |bytes| u32::from_ne_bytes(*bytes.first_chunk()?) & (1 << BIT) != 0;
}

/// Two integers: the bit, and that it is meant.
fn masked(on: bool, bit: u32) -> Vec<u8> {
    [(u32::from(on) << bit).to_ne_bytes(), (1u32 << bit).to_ne_bytes()].concat()
}

/// `None` where the bit isn't meant.
fn masked_bit(bytes: &[u8], bit: u32) -> Option<bool> {
    let at = |at: usize| Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?) & (1 << bit) != 0);
    at(4).filter(|meant| *meant).and(at(0))
}

/// Declares bytes of a tunnel's own packets that may be those of the packet within: as which number that is sent, and
/// how `ip` writes the others.
macro_rules! inherited {
    ($($(#[$doc:meta])* $name:ident: $inherit:literal, $word:ident $format:literal;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u8);

        impl Field for $name {
            fn form() -> Form {
                Form {
                    luals: "integer|\"inherit\"".into(),
                    expected: "an integer from 0 to 255 or \"inherit\"".into(),
                    word: Word::$word,
                    ..U8::<0, 255>::form()
                }
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                let inherit = value.is("inherit").then_some($inherit);
                Ok(inherit.or(U8::<0, 255>::read(value)?.map(|n| n.0)).map($name))
            }

            fn value(&self) -> Value {
                Value::Int(self.0.into())
            }

            fn word(&self) -> String {
                if self.0 == $inherit { "inherit".into() } else { format!($format, self.0) }
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(vec![self.0])
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.first().copied().map($name)
            }
        })*
    };
}

inherited! {
    /// A time to live.
    OuterTtl: 0, IntegerOrName "{}";
    /// A type of service.
    OuterTos: 1, HexadecimalOrName "{:#x}";
}

/// Seconds, LOW to HIGH, in parts of which PER are one: the kernel's clock ticks of 1/100 s (USER_HZ), unless said
/// otherwise; so are they to `ip`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ticks<const BYTES: usize, const LOW: u32, const HIGH: u32, const PER: u32 = 100>(pub f64);

impl<const BYTES: usize, const LOW: u32, const HIGH: u32, const PER: u32> Ticks<BYTES, LOW, HIGH, PER> {
    fn ticks(self) -> u64 {
        // A float cast saturates, and the range was checked.
        (self.0 * f64::from(PER)).round() as u64
    }
}

impl<const BYTES: usize, const LOW: u32, const HIGH: u32, const PER: u32> Field
    for Ticks<BYTES, LOW, HIGH, PER>
{
    fn form() -> Form {
        let expected = format!("a number from {LOW} to {HIGH}");
        Form { luals: "number".into(), expected, returned: "number", word: Word::Parts(PER) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let seconds = match value {
            Value::Int(seconds) => *seconds as f64,
            Value::Number(seconds) => *seconds,
            _ => return Ok(None),
        };
        Ok((f64::from(LOW)..=f64::from(HIGH)).contains(&seconds).then_some(Ticks(seconds)))
    }

    fn value(&self) -> Value {
        Value::Number(self.0)
    }

    fn word(&self) -> String {
        self.ticks().to_string()
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let ticks = self.ticks();
        Some(match BYTES {
            4 => (ticks as u32).to_ne_bytes().to_vec(),
            _ => ticks.to_ne_bytes().to_vec(),
        })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let ticks = match BYTES {
            4 => u32::from_ne_bytes(*bytes.first_chunk()?).into(),
            _ => u64::from_ne_bytes(*bytes.first_chunk()?),
        };
        Some(Ticks(ticks as f64 / f64::from(PER)))
    }
}

/// A time that is counted in milliseconds.
pub type Millis<const HIGH: u32> = Ticks<4, 0, HIGH, 1000>;
/// A time that is reported alone.
pub type Timer = Ticks<8, 0, 0>;
/// A time of any sensible length.
pub type Interval = Ticks<8, 0, 10_000_000>;

/// Declares types of which each number has a word, and other words that `ip` takes; `numbered` where `ip` takes and shows
/// the number alone, `bare` where it has the word alone for both the option and its value.
macro_rules! named {
    ($($(#[$doc:meta])* $name:ident($int:ty) $($way:ident)? ($to:ident, $from:ident)
        { $($number:literal = $word:literal),* } $(, or { $($alias_number:literal = $alias:literal),* })?)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $int);

        impl $crate::model::Words for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $name($number))),*];
            $(const ALIASES: &'static [(&'static str, Self)] = &[$(($alias, $name($alias_number))),*];)?
            const WAY: $crate::model::Way = $crate::net::link::fields::named!(@way $($way)?);

            fn to_wire(self) -> Option<Vec<u8>> {
                Some(self.0.$to().to_vec())
            }

            fn from_wire(bytes: &[u8]) -> Option<Self> {
                let number = <$int>::$from(*bytes.first_chunk()?);
                Self::WORDS.iter().find(|(_, known)| known.0 == number).map(|(_, known)| *known)
            }
        })*
    };
    (@way) => { $crate::model::Way::Word };
    (@way numbered) => { $crate::model::Way::Number };
    (@way bare) => { $crate::model::Way::Alone };
}

named! {
    /// An Ethernet protocol of VLAN tags.
    VlanProtocol(u16) (to_be_bytes, from_be_bytes) { 0x8100 = "802.1Q", 0x88a8 = "802.1ad" }
    /// What a bridge or port does with multicast routers; MDB_RTR_TYPE_* in linux/if_bridge.h.
    MulticastRouter(u8) numbered (to_ne_bytes, from_ne_bytes)
        { 0 = "disabled", 1 = "learn", 2 = "permanent", 3 = "temporary" }
    /// In what the packets of a tunnel are packed; TUNNEL_ENCAP_* of linux/if_tunnel.h.
    Encap(u16) (to_ne_bytes, from_ne_bytes) { 0 = "none", 1 = "fou", 2 = "gue" }
    /// The don't-fragment bit of a tunnel's own packets; VXLAN_DF_* and GENEVE_DF_* in linux/if_link.h.
    OuterDf(u8) (to_ne_bytes, from_ne_bytes) { 0 = "unset", 1 = "set", 2 = "inherit" }
}

/// A range of ports; `struct ifla_vxlan_port_range`. Nothing of it is reported where the kernel chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePorts(pub PortRange);

impl Field for SourcePorts {
    fn form() -> Form {
        Form { word: Word::Range, ..PortRange::form() }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        Ok(PortRange::read(value)?.map(SourcePorts))
    }

    fn value(&self) -> Value {
        self.0.value()
    }

    fn word(&self) -> String {
        format!("{} {}", self.0.low, self.0.high)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.0.low.to_be_bytes(), self.0.high.to_be_bytes()].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (low, rest) = bytes.split_first_chunk()?;
        let range =
            PortRange { low: u16::from_be_bytes(*low), high: u16::from_be_bytes(*rest.first_chunk()?) };
        Some(SourcePorts(range)).filter(|ports| ports.0.low != 0)
    }
}

/// Declares hardware addresses by what is expected of a script, which gives six bytes.
macro_rules! macs {
    ($($(#[$doc:meta])* $name:ident: $expected:literal, $parse:path;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(Vec<u8>);

        impl Field for $name {
            fn form() -> Form {
                text($expected)
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                let Value::Text(text) = value else { return Ok(None) };
                Ok(Some($name($parse(text)?.to_vec())))
            }

            fn value(&self) -> Value {
                Value::Text(hardware_address(&self.0))
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.0.clone())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                Some($name(bytes.to_vec())).filter(|mac| !mac.0.is_empty())
            }
        })*
    };
}

macs! {
    /// A link's own.
    Mac: "a hardware address such as \"02:00:00:00:00:01\"", prefix::link_mac;
    /// The group that a bridge sends its BPDUs to.
    GroupAddress: "a link-local group such as \"01:80:c2:00:00:00\"", prefix::mac;
}

/// A text that ends with its attribute; there is none where it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl Field for Text {
    fn form() -> Form {
        text("a string")
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Text(text) if text.contains('\0') => {
                Err(Error::argument("a text for the kernel can't hold a zero byte"))
            }
            Value::Text(text) => Ok(Some(Text(text.clone()))),
            _ => Ok(None),
        }
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.clone().into_bytes())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Text(string(bytes))).filter(|text| !text.0.is_empty())
    }

    fn absent() -> Option<Self> {
        Some(Text(String::new()))
    }
}

/// Declares how the kernel reports types that no script gives, and what scripts get of them.
macro_rules! reported {
    ($($name:ident: $returned:literal, |$bytes:ident| $decode:expr, |$value:ident| $get:expr;)*) => {
        $(impl $crate::model::Field for $name {
            fn form() -> $crate::model::Form {
                $crate::model::Form { returned: $returned, ..$crate::net::fields::text("") }
            }

            fn read(_: &$crate::model::Value) -> $crate::base::error::Result<Option<Self>> {
                Ok(None)
            }

            fn value(&self) -> $crate::model::Value {
                let $value = self;
                $get
            }

            fn decode($bytes: &[u8]) -> Option<Self> {
                $decode
            }

            fn absent() -> Option<Self> {
                Some(Self::default())
            }
        })*
    };
}

/// A bridge's or root's id: priority, then address; `8000.92:28:97:fc:26:0f` to iproute2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BridgeId([u8; 8]);

reported! {
    BridgeId: "string", |bytes| bytes.first_chunk().map(|id| BridgeId(*id)), |id| {
        let [a, b, mac @ ..] = id.0;
        Value::Text(format!("{a:02x}{b:02x}.{}", hardware_address(&mac)))
    };
}

pub(in crate::net) use {named, reported};
