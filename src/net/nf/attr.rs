//! Netlink attributes as nf_tables and conntrack use them: big-endian numbers, NUL-terminated strings, nests.
//!
//! The attributes are written and read here rather than with netlink-packet-netfilter's message types: those
//! lack nat, masq, redir, counter, ct, range and reject, and their decoder trusts the length of inner attributes,
//! while what another program has put into a table must never stop us.

use super::uapi::NFTA_LIST_ELEM;
use crate::net::attributes::string;
pub use crate::net::attributes::{Attributes, NESTED};
use crate::net::netlink::attributes_of;

/// What netfilter's messages need besides rtnetlink's.
impl Attributes {
    /// Appends an attribute of any content.
    pub fn raw(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        self.put(kind, value);
        self
    }

    pub fn be32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.raw(kind, &value.to_be_bytes())
    }

    pub fn be64(&mut self, kind: u16, value: u64) -> &mut Self {
        self.raw(kind, &value.to_be_bytes())
    }

    /// Appends a string with its NUL.
    pub fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        self.put_str(kind, value);
        self
    }

    /// Appends what `fill` writes as one attribute.
    pub fn within(&mut self, kind: u16, fill: impl FnOnce(&mut Attributes)) -> &mut Self {
        let mut inner = Attributes::new();
        fill(&mut inner);
        self.nest(kind, inner);
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

    /// The elements of a list.
    pub fn list(self, kind: u16) -> impl Iterator<Item = Received<'a>> {
        let elements = self.nest(kind).unwrap_or(Received(&[]));
        elements.iter().filter(|(kind, _)| *kind == NFTA_LIST_ELEM).map(|(_, element)| Received(element))
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
        self.get(kind).map(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_nested() {
        let mut out = Attributes::new();
        out.text(1, "nsh").within(4, |hook| {
            hook.be32(1, 4).raw(2, &[7]);
        });
        #[rustfmt::skip]
        let expected: &[u8] = &[
            8, 0, 1, 0, b'n', b's', b'h', 0,  // type 1: "nsh"
            20, 0, 4, 0x80,                   // type 4, nested
            8, 0, 1, 0, 0, 0, 0, 4,           // type 1: 4, big-endian
            5, 0, 2, 0, 7, 0, 0, 0,           // type 2: one byte, padded
        ];
        let bytes = out.bytes().unwrap();
        assert_eq!(bytes, expected);
        let received = Received(bytes);
        assert_eq!(received.string(1).as_deref(), Some("nsh"));
        assert_eq!(received.nest(4).and_then(|hook| hook.u32(1)), Some(4));
        assert_eq!(received.u32(9), None);
        assert_eq!(received.nest(4).and_then(|hook| hook.u64(1)), None);
    }

    #[test]
    fn what_no_attribute_can_hold_is_told_before_it_is_sent() {
        let mut long = Attributes::new();
        long.within(1, |inner| {
            inner.raw(2, &[0; 65_532]);
        });
        assert!(long.bytes().unwrap_err().message().ends_with("at most 65531 bytes, got 65532"));
        let mut zero = Attributes::new();
        zero.within(1, |inner| {
            inner.text(2, "a\0b");
        });
        assert!(zero.bytes().unwrap_err().message().contains("zero byte"));
    }
}
