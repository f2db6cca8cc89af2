//! Netlink attributes as nf_tables and conntrack use them: big-endian numbers, NUL-terminated strings, nests.
//!
//! The attributes are written and read here rather than with netlink-packet-netfilter's message types: those
//! lack nat, masq, redir, counter, ct, range and reject, and their decoder trusts the length of inner attributes,
//! while what another program has put into a table must never stop us.

use crate::net::netlink::attributes_of;

/// The flag of an attribute that contains attributes, `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

/// Attributes in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<u8>);

impl Attributes {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Appends an attribute of any content, padded to four bytes.
    pub fn put(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = (value.len() + 4).min(usize::from(u16::MAX));
        self.0.extend_from_slice(&(length as u16).to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(&value[..length - 4]);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    pub fn put_u8(&mut self, kind: u16, value: u8) -> &mut Self {
        self.put(kind, &[value])
    }

    pub fn put_u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, &value.to_be_bytes())
    }

    pub fn put_u64(&mut self, kind: u16, value: u64) -> &mut Self {
        self.put(kind, &value.to_be_bytes())
    }

    /// Appends a string with its NUL.
    pub fn put_str(&mut self, kind: u16, value: &str) -> &mut Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.put(kind, &bytes)
    }

    /// Appends what `fill` writes as one attribute.
    pub fn nest(&mut self, kind: u16, fill: impl FnOnce(&mut Attributes)) -> &mut Self {
        let mut inner = Attributes::new();
        fill(&mut inner);
        self.put(kind | NESTED, &inner.0)
    }

    /// Appends the number if there is one.
    pub fn put_u32_if(&mut self, kind: u16, value: Option<u32>) -> &mut Self {
        if let Some(value) = value {
            self.put_u32(kind, value);
        }
        self
    }
}

/// Received attributes, looked up by their type.
#[derive(Clone, Copy)]
pub struct Received<'a>(pub &'a [u8]);

impl<'a> Received<'a> {
    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        attributes_of(self.0)
    }

    pub fn get(self, kind: u16) -> Option<&'a [u8]> {
        self.iter().find(|(k, _)| *k == kind).map(|(_, value)| value)
    }

    pub fn nest(self, kind: u16) -> Option<Received<'a>> {
        self.get(kind).map(Received)
    }

    pub fn u8(self, kind: u16) -> Option<u8> {
        self.get(kind)?.first().copied()
    }

    pub fn u16(self, kind: u16) -> Option<u16> {
        Some(u16::from_be_bytes(*self.get(kind)?.first_chunk()?))
    }

    pub fn u32(self, kind: u16) -> Option<u32> {
        Some(u32::from_be_bytes(*self.get(kind)?.first_chunk()?))
    }

    pub fn u64(self, kind: u16) -> Option<u64> {
        Some(u64::from_be_bytes(*self.get(kind)?.first_chunk()?))
    }

    /// A string up to its NUL; bytes that are no UTF-8 are replaced.
    pub fn string(self, kind: u16) -> Option<String> {
        let bytes = self.get(kind)?;
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_nested() {
        let mut out = Attributes::new();
        out.put_str(1, "nsh").nest(4, |hook| {
            hook.put_u32(1, 4).put_u8(2, 7);
        });
        #[rustfmt::skip]
        let expected: &[u8] = &[
            8, 0, 1, 0, b'n', b's', b'h', 0,  // type 1: "nsh"
            20, 0, 4, 0x80,                   // type 4, nested
            8, 0, 1, 0, 0, 0, 0, 4,           // type 1: 4, big-endian
            5, 0, 2, 0, 7, 0, 0, 0,           // type 2: one byte, padded
        ];
        assert_eq!(out.as_bytes(), expected);
        let received = Received(out.as_bytes());
        assert_eq!(received.string(1).as_deref(), Some("nsh"));
        assert_eq!(received.nest(4).and_then(|hook| hook.u32(1)), Some(4));
        assert_eq!(received.u32(9), None);
        assert_eq!(received.nest(4).and_then(|hook| hook.u64(1)), None);
    }
}
