//! Netlink attributes, written one after another and read by number.

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

    /// Adds attributes that are written already.
    pub fn append(&mut self, written: &[u8]) {
        self.bytes.extend_from_slice(written);
    }

    pub fn put_u32(&mut self, kind: u16, value: u32) {
        self.put(kind, &value.to_ne_bytes());
    }

    /// Adds a string with its terminating zero, the only one that it can have.
    pub fn put_str(&mut self, kind: u16, value: &str) {
        self.check(value);
        self.put(kind, &[value.as_bytes(), &[0]].concat());
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

/// A hardware address of any length as iproute2 writes it: `aa:bb:cc:dd:ee:ff`.
pub fn hardware_address(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let mut out = String::with_capacity(3 * bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            out.push(':');
        }
        out.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    out
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
