//! Values of which some bits count: the value, and the mask behind it.

use std::fmt;

use crate::base::error::{Error, Result};
use crate::model::{Field, Form, Value};
use crate::net::attributes::hardware_address;
use crate::net::fields::{number_or_text, text};
use crate::net::prefix;

fn wrong<T: Field>(text: &str) -> Error {
    Error::argument(format!("expected {}, got {text:?}", T::form().expected))
}

/// A number as `tc` reads it.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

macro_rules! masked {
    ($($(#[$doc:meta])* $name:ident($int:ty): $bytes:literal, $to:ident, $from:ident;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<const HIGH: u32 = { <$int>::MAX as u32 }> {
            pub value: $int,
            pub mask: $int,
        }

        impl<const HIGH: u32> $name<HIGH> {
            /// All bits of the value count.
            pub fn whole(value: $int) -> Self {
                Self { value, mask: HIGH as $int }
            }

            fn parse(text: &str) -> Option<Self> {
                let fits = |part: &str| number(part).filter(|n| *n <= HIGH.into()).map(|n| n as $int);
                let (value, mask) = text.split_once('/').map_or((text, None), |(v, m)| (v, Some(m)));
                let value = fits(value)?;
                Some(Self { value, mask: mask.map_or(Some(HIGH as $int), fits)? })
            }
        }

        impl<const HIGH: u32> Field for $name<HIGH> {
            fn form() -> Form {
                let expected = format!("an integer from 0 to {HIGH}, or one with the bits that count, such as \"0x10/0xf0\"");
                Form { returned: "integer|string", ..number_or_text(&expected) }
            }

            fn read(value: &Value) -> Result<Option<Self>> {
                Ok(match value {
                    Value::Int(n) => <$int>::try_from(*n).ok().filter(|n| u32::from(*n) <= HIGH).map(Self::whole),
                    Value::Text(text) => Some(Self::parse(text).ok_or_else(|| wrong::<Self>(text))?),
                    _ => None,
                })
            }

            fn value(&self) -> Value {
                match self.mask == HIGH as $int || self.mask == <$int>::MAX {
                    true => Value::Int(self.value.into()),
                    false => Value::Text(format!("{:#x}/{:#x}", self.value, self.mask)),
                }
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some([self.value.$to(), self.mask.$to()].concat())
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                let (value, mask) = (bytes.first_chunk()?, bytes.get($bytes..)?.first_chunk()?);
                Some(Self { value: <$int>::$from(*value), mask: <$int>::$from(*mask) })
            }
        })*
    };
}

masked! {
    Masked8(u8): 1, to_be_bytes, from_be_bytes;
    /// In network byte order.
    Masked16(u16): 2, to_be_bytes, from_be_bytes;
    /// In the host's byte order.
    Native16(u16): 2, to_ne_bytes, from_ne_bytes;
    /// In the host's byte order.
    Masked32(u32): 4, to_ne_bytes, from_ne_bytes;
}

/// A hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedMac {
    value: [u8; 6],
    mask: [u8; 6],
}

impl fmt::Display for MaskedMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hardware_address(&self.value))?;
        match self.mask == [0xff; 6] {
            true => Ok(()),
            false => write!(f, "/{}", hardware_address(&self.mask)),
        }
    }
}

impl Field for MaskedMac {
    fn form() -> Form {
        text(
            "a hardware address, or one with the bits that count, such as \"02:00:00:00:00:00/ff:00:00:00:00:00\"",
        )
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let Value::Text(text) = value else { return Ok(None) };
        let (address, mask) = text.split_once('/').map_or((text.as_str(), None), |(v, m)| (v, Some(m)));
        let mask = mask.map_or(Ok([0xff; 6]), prefix::mac);
        let both = prefix::mac(address).and_then(|value| Ok(MaskedMac { value, mask: mask? }));
        both.map(Some).map_err(|_| wrong::<Self>(text))
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.value, self.mask].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(MaskedMac { value: *bytes.first_chunk()?, mask: *bytes.get(6..)?.first_chunk()? })
    }
}

/// A network: its address, and its mask. No script gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits<const BYTES: usize>(pub Vec<u8>);

impl<const BYTES: usize> Field for Bits<BYTES> {
    fn form() -> Form {
        text("")
    }

    fn read(_: &Value) -> Result<Option<Self>> {
        Ok(None)
    }

    fn value(&self) -> Value {
        Value::Text(hardware_address(&self.0))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == 2 * BYTES).then(|| Bits(bytes.to_vec()))
    }
}
