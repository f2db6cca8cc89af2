//! Netlink attributes as tables: a kind's options are written down once, with their kernel number and encoding,
//! and are encoded, decoded and listed from there.

use super::netlink::attributes_of;
use crate::base::error::{Error, Result};

/// Attributes being written, one after another. What can't stand in one is told when the bytes are taken, so that
/// nothing of it is ever sent: a length that does not fit its 16 bits would make attributes of the value's own bytes.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    bytes: Vec<u8>,
    wrong: Option<Wrong>,
}

#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// Of this many bytes.
    Long(usize),
    Zero,
}

/// NLA_F_NESTED (linux/netlink.h).
pub const NESTED: u16 = 0x8000;
/// The length and type in front of a value.
const HEADER: usize = 4;

impl Attributes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one attribute, padded to four bytes.
    pub fn put(&mut self, kind: u16, value: &[u8]) {
        let Ok(length) = u16::try_from(value.len() + HEADER) else {
            self.wrong = Some(Wrong::Long(value.len()));
            return;
        };
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    pub fn put_u32(&mut self, kind: u16, value: u32) {
        self.put(kind, &value.to_ne_bytes());
    }

    /// Adds a string with its terminating zero, the only one that it can have.
    pub fn put_str(&mut self, kind: u16, value: &str) {
        self.check(value);
        self.put(kind, &[value.as_bytes(), &[0]].concat());
    }

    /// Adds a string whose end is that of the attribute.
    pub fn put_text(&mut self, kind: u16, value: &str) {
        self.check(value);
        self.put(kind, value.as_bytes());
    }

    fn check(&mut self, text: &str) {
        if text.contains('\0') {
            self.wrong = Some(Wrong::Zero);
        }
    }

    /// Adds an attribute that holds attributes.
    pub fn nest(&mut self, kind: u16, inner: Attributes) {
        self.wrong = self.wrong.or(inner.wrong);
        self.put(kind | NESTED, &inner.bytes);
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.wrong.is_none()
    }

    /// Raises `argument` for a value that can't stand in an attribute.
    pub fn bytes(&self) -> Result<&[u8]> {
        match self.wrong {
            None => Ok(&self.bytes),
            Some(Wrong::Zero) => Err(Error::argument("a text for the kernel can't hold a zero byte")),
            Some(Wrong::Long(bytes)) => {
                let most = usize::from(u16::MAX) - HEADER;
                Err(Error::argument(format!("the kernel takes values of at most {most} bytes, got {bytes}")))
            }
        }
    }

    /// As [`Attributes::bytes`].
    pub fn into_bytes(self) -> Result<Vec<u8>> {
        self.bytes()?;
        Ok(self.bytes)
    }
}

/// A decoded option, for whoever shows all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
}

macro_rules! value_from {
    ($($from:ty => |$v:ident| $into:expr),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from($v: $from) -> Self {
                $into
            }
        })*
    };
}

value_from! {
    bool => |v| Value::Bool(v),
    u32 => |v| Value::Int(v.into()),
    f64 => |v| Value::Number(v),
    String => |v| Value::Text(v),
}

/// How one option stands in its attribute.
pub trait Codec {
    type Value: Clone + Into<Value>;
    fn encode(value: &Self::Value) -> Vec<u8>;
    /// `None` where the kernel sent something else than we know.
    fn decode(bytes: &[u8]) -> Option<Self::Value>;
}

pub enum U32 {}

impl Codec for U32 {
    type Value = u32;
    fn encode(value: &u32) -> Vec<u8> {
        value.to_ne_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<u32> {
        Some(u32::from_ne_bytes(*bytes.first_chunk()?))
    }
}

/// A hardware address of any length as iproute2 writes it: `aa:bb:cc:dd:ee:ff`.
pub fn hardware_address(bytes: &[u8]) -> String {
    let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    hex.join(":")
}

/// A zero-terminated string.
pub fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}

/// An unsigned integer of one, two, four or eight bytes; 0 for anything else.
pub fn unsigned(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_ne_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

/// Reads one attribute of `bytes`, `None` if it isn't there.
pub fn find(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes_of(bytes).find(|(k, _)| *k == kind).map(|(_, value)| value)
}

/// A set of options that stand in one nested attribute.
pub trait OptionSet {
    /// Adds those that were given and can be set.
    fn write(&self, out: &mut Attributes);
    /// Reads those that the kernel sent.
    fn read(bytes: &[u8]) -> Self;
    /// Hands over those that are there, in the kernel's order of numbers as written down.
    fn each(&self, f: &mut dyn FnMut(&'static str, Value));

    fn is_empty(&self) -> bool {
        let mut empty = true;
        self.each(&mut |_, _| empty = false);
        empty
    }
}

/// Declares a struct of options: each `rw` (can be set) or `ro` (only shown), with its attribute's number and codec.
macro_rules! option_set {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* $mode:ident $field:ident: $number:literal as $codec:ty;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: Option<<$codec as $crate::net::attributes::Codec>::Value>,)*
        }

        impl $crate::net::attributes::OptionSet for $name {
            fn write(&self, out: &mut $crate::net::attributes::Attributes) {
                $($crate::net::attributes::option_set!(@write $mode self out $field $number $codec);)*
                let _ = out;
            }

            fn read(bytes: &[u8]) -> Self {
                let mut found = Self::default();
                for (number, value) in $crate::net::netlink::attributes_of(bytes) {
                    $(if number == $number {
                        found.$field = <$codec as $crate::net::attributes::Codec>::decode(value);
                    })*
                }
                found
            }

            fn each(&self, f: &mut dyn FnMut(&'static str, $crate::net::attributes::Value)) {
                $(if let Some(value) = &self.$field {
                    f(stringify!($field), value.clone().into());
                })*
            }
        }
    };
    (@write rw $self:ident $out:ident $field:ident $number:literal $codec:ty) => {
        if let Some(value) = &$self.$field {
            $out.put($number, &<$codec as $crate::net::attributes::Codec>::encode(value));
        }
    };
    (@write ro $self:ident $out:ident $field:ident $number:literal $codec:ty) => {};
}

pub(crate) use option_set;

#[cfg(test)]
mod tests {
    use super::*;

    option_set! {
        /// For the test.
        pub struct Sample {
            rw delay: 1 as U32;
            ro seen: 3 as U32;
        }
    }

    #[test]
    fn a_table_encodes_and_decodes() {
        let sample = Sample { delay: Some(1500), seen: Some(1) };
        let mut out = Attributes::new();
        sample.write(&mut out);
        assert_eq!(out.bytes().unwrap(), [8, 0, 1, 0, 0xdc, 0x05, 0, 0]);
        let read = Sample::read(out.bytes().unwrap());
        assert_eq!(read, Sample { seen: None, ..sample });
        let mut seen = Vec::new();
        read.each(&mut |name, value| seen.push((name, value)));
        assert_eq!(seen, [("delay", Value::Int(1500))]);
    }

    #[test]
    fn short_values_are_left_out() {
        assert_eq!(Sample::read(&[5, 0, 1, 0, 1, 0, 0, 0]), Sample::default());
    }
}
