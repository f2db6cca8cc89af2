//! What is compared with: ranges of bytes, alone or in a set of nf_tables.

use netlink_packet_netfilter::NetfilterProtoFamily;
use netlink_packet_netfilter::nftables::NfTablesMessageType as Type;

use super::attr::{Attributes, Received};
use super::expr::Verdict;
use super::message::{attributes, dump_of};
use super::uapi::*;
use crate::base::error::{Kind, Result};
use crate::model::Words;
use crate::net::netlink::Socket;

/// What the bytes are, by nft's numbers (`enum datatypes` of its datatype.h) and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    Ipv4Addr = 7,
    Ipv6Addr = 8,
    InetProto = 12,
    InetService = 13,
    IcmpType = 14,
    Mark = 19,
    Uid = 24,
    Icmpv6Type = 29,
    Ifname = 41,
}

impl Words for KeyType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("ipv4_addr", KeyType::Ipv4Addr),
        ("ipv6_addr", KeyType::Ipv6Addr),
        ("inet_proto", KeyType::InetProto),
        ("inet_service", KeyType::InetService),
        ("icmp_type", KeyType::IcmpType),
        ("icmpv6_type", KeyType::Icmpv6Type),
        ("ifname", KeyType::Ifname),
        ("mark", KeyType::Mark),
        ("uid", KeyType::Uid),
    ];
}

impl KeyType {
    pub fn of(number: u32) -> Option<Self> {
        Self::WORDS.iter().map(|(_, key)| *key).find(|key| *key as u32 == number)
    }

    pub fn length(self) -> usize {
        match self {
            KeyType::InetProto | KeyType::IcmpType | KeyType::Icmpv6Type => 1,
            KeyType::InetService => 2,
            KeyType::Ipv4Addr | KeyType::Mark | KeyType::Uid => 4,
            KeyType::Ipv6Addr | KeyType::Ifname => 16,
        }
    }

    /// By what nft knows in which byte order a set's keys are, and a map's data: NFTNL_UDATA_SET_KEYBYTEORDER and
    /// NFTNL_UDATA_SET_DATABYTEORDER, each with its length, and `enum byteorder` of nft's datatype.h.
    pub fn byteorders(self, to: Option<DataType>) -> Vec<u8> {
        let order = |kind, key| {
            let host = matches!(key, KeyType::Mark | KeyType::Uid | KeyType::Ifname);
            let [a, b, c, d] = if host { 1_u32 } else { 2 }.to_ne_bytes();
            [kind, 4, a, b, c, d]
        };
        let mut out = order(0, self).to_vec();
        if let Some(DataType::Of(data)) = to {
            out.extend(order(1, data));
        }
        out
    }

    /// Whether a set of them may hold ranges: numbers in the host's byte order have no order for the kernel.
    pub fn has_ranges(self) -> bool {
        matches!(self, KeyType::Ipv4Addr | KeyType::Ipv6Addr | KeyType::InetService)
    }
}

/// What a map has for its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    Verdict,
    Of(KeyType),
    /// An address of this type, and a port.
    Ends(KeyType),
}

impl Words for DataType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("verdict", DataType::Verdict),
        ("mark", DataType::Of(KeyType::Mark)),
        ("ipv4_addr", DataType::Of(KeyType::Ipv4Addr)),
        ("ipv6_addr", DataType::Of(KeyType::Ipv6Addr)),
        ("inet_service", DataType::Of(KeyType::InetService)),
        ("ipv4_addr . inet_service", DataType::Ends(KeyType::Ipv4Addr)),
        ("ipv6_addr . inet_service", DataType::Ends(KeyType::Ipv6Addr)),
    ];
}

impl DataType {
    /// NFT_DATA_VERDICT, or as for keys.
    pub fn number(self) -> u32 {
        match self {
            DataType::Verdict => 0xffff_ff00,
            DataType::Of(key) => key as u32,
            // nft's numbers of several types have six bits for each.
            DataType::Ends(key) => (key as u32) << 6 | KeyType::InetService as u32,
        }
    }

    /// `None` for a verdict.
    pub fn length(self) -> Option<usize> {
        match self {
            DataType::Verdict => None,
            DataType::Of(key) => Some(key.length()),
            // The port fills a word.
            DataType::Ends(key) => Some(key.length() + 4),
        }
    }

    pub fn of(number: u32) -> Option<Self> {
        Self::WORDS.iter().map(|(_, data)| *data).find(|data| data.number() == number)
    }
}

/// What a map has for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    Verdict(Verdict),
    Bytes(Vec<u8>),
}

impl Datum {
    pub(super) fn write(&self, out: &mut Attributes) {
        out.within(NFTA_SET_ELEM_DATA, |data| match self {
            Datum::Verdict(verdict) => verdict.write(data),
            Datum::Bytes(bytes) => data.put(NFTA_DATA_VALUE, bytes),
        });
    }

    pub(super) fn read(element: Received<'_>) -> Option<Self> {
        let data = element.nest(NFTA_SET_ELEM_DATA)?;
        let bytes = data.get(NFTA_DATA_VALUE).map(|bytes| Datum::Bytes(bytes.to_vec()));
        bytes.or_else(|| Verdict::read(data).map(Datum::Verdict))
    }
}

/// What goes into a set, or into a map with what it has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub span: Span,
    pub data: Option<Datum>,
}

impl Entry {
    /// As they go into a set, sorted and apart from each other.
    pub fn arranged(entries: Vec<Entry>) -> Vec<Entry> {
        let spans = Elements::new(entries.into_iter().map(|entry| entry.span).collect());
        spans.0.into_iter().map(|span| Entry { span, data: None }).collect()
    }
}

/// Values from one to another, inclusive, as bytes of the same length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub low: Vec<u8>,
    pub high: Vec<u8>,
}

impl Span {
    pub fn one(value: Vec<u8>) -> Self {
        Span { high: value.clone(), low: value }
    }

    pub fn is_one(&self) -> bool {
        self.low == self.high
    }

    /// The bits that all its values share, if it is all that share them.
    pub fn prefix(&self) -> Option<usize> {
        let differ: Vec<u8> = self.low.iter().zip(&self.high).map(|(a, b)| a ^ b).collect();
        let zeros = differ.iter().map(|b| b.leading_zeros() as usize);
        let bits: usize = zeros
            .scan(true, |on, n| {
                let take = *on;
                *on = n == 8;
                take.then_some(n)
            })
            .sum();
        let all = |bytes: &[u8], bit: u8| {
            (bits..bytes.len() * 8).all(|at| bytes[at / 8] >> (7 - at % 8) & 1 == bit)
        };
        (all(&self.low, 0) && all(&self.high, 1)).then_some(bits)
    }
}

/// The value behind this one; `None` behind the last.
fn next(value: &[u8]) -> Option<Vec<u8>> {
    let mut out = value.to_vec();
    for byte in out.iter_mut().rev() {
        let (sum, over) = byte.overflowing_add(1);
        *byte = sum;
        if !over {
            return Some(out);
        }
    }
    None
}

fn before(value: &[u8]) -> Option<Vec<u8>> {
    let mut out = value.to_vec();
    for byte in out.iter_mut().rev() {
        let (difference, under) = byte.overflowing_sub(1);
        *byte = difference;
        if !under {
            return Some(out);
        }
    }
    None
}

/// Ranges, sorted and apart from each other; single values alone stay apart even side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elements(Vec<Span>);

impl Elements {
    /// The kernel puts a number in place of `%d`.
    pub const ANONYMOUS: &str = "__set%d";

    pub fn new(mut spans: Vec<Span>) -> Self {
        spans.sort();
        let ranges = spans.iter().any(|span| !span.is_one());
        let mut apart: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match apart.last_mut() {
                Some(last) if touches(last, &span, ranges) => last.high = last.high.clone().max(span.high),
                _ => apart.push(span),
            }
        }
        Elements(apart)
    }

    pub fn one(value: Vec<u8>) -> Self {
        Elements(vec![Span::one(value)])
    }

    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// The only range, unless there are several.
    pub fn single(&self) -> Option<&Span> {
        match self.0.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    pub fn has_ranges(&self) -> bool {
        self.0.iter().any(|span| !span.is_one())
    }

    pub(super) fn keys(&self, interval: bool) -> Vec<(Vec<u8>, bool)> {
        keys_of(&self.0, interval)
    }

    pub(super) fn of_keys(mut keys: Vec<(Vec<u8>, bool)>, interval: bool) -> Option<Self> {
        if !interval {
            return Some(Elements::new(keys.into_iter().map(|(value, _)| Span::one(value)).collect()));
        }
        sort(&mut keys, |key| key);
        let mut spans = Vec::new();
        let mut keys = keys.into_iter().peekable();
        while let Some((low, end)) = keys.next() {
            if end {
                continue;
            }
            let high = keys.peek().map_or_else(|| Some(vec![0xff; low.len()]), |(next, _)| before(next))?;
            (high >= low).then(|| spans.push(Span { low, high }))?;
        }
        Some(Elements(spans))
    }
}

/// As the kernel has them in a set: single values, or with `interval` the beginnings and (exclusive) ends.
pub(super) fn keys_of(spans: &[Span], interval: bool) -> Vec<(Vec<u8>, bool)> {
    if !interval {
        return spans.iter().map(|span| (span.low.clone(), false)).collect();
    }
    let mut keys = Vec::new();
    for span in spans {
        keys.push((span.low.clone(), false));
        // An interval that goes on to the last value has no end.
        keys.extend(next(&span.high).map(|end| (end, true)));
    }
    keys
}

/// Sorts what stands in a set of intervals: one ends before the next one begins, be it at the same value.
pub(super) fn sort<T>(list: &mut [T], key: impl Fn(&T) -> &(Vec<u8>, bool)) {
    list.sort_by(|a, b| {
        let ((a, a_end), (b, b_end)) = (key(a), key(b));
        a.cmp(b).then(b_end.cmp(a_end))
    });
}

fn touches(last: &Span, span: &Span, ranges: bool) -> bool {
    span.low <= last.high || ranges && next(&last.high).is_some_and(|next| span.low <= next)
}

/// `enum nft_set_elem_flags`
const INTERVAL_END: u32 = libc::NFT_SET_ELEM_INTERVAL_END as u32;

/// Writes an element of `NFTA_SET_ELEM_LIST_ELEMENTS`.
pub(super) fn write_key((value, end): &(Vec<u8>, bool), out: &mut Attributes) {
    out.within(NFTA_SET_ELEM_KEY, |key| key.put(NFTA_DATA_VALUE, value));
    if *end {
        out.be32(NFTA_SET_ELEM_FLAGS, INTERVAL_END);
    }
}

/// Reads one: its value, and whether an interval ends before it.
pub(super) fn read_key(element: Received<'_>) -> Option<(Vec<u8>, bool)> {
    let value = element.nest(NFTA_SET_ELEM_KEY)?.get(NFTA_DATA_VALUE)?.to_vec();
    Some((value, element.u32(NFTA_SET_ELEM_FLAGS).unwrap_or(0) & INTERVAL_END != 0))
}

/// What is in a set of a table; `None` if there is no such set, or it holds something else.
pub fn elements_of(
    socket: &mut Socket,
    family: NetfilterProtoFamily,
    table: &str,
    set: &str,
) -> Result<Option<Elements>> {
    let mut filter = Attributes::new();
    filter.text(NFTA_SET_ELEM_LIST_TABLE, table).text(NFTA_SET_ELEM_LIST_SET, set);
    let read = |payload: &[u8]| -> Vec<_> {
        attributes(payload).list(NFTA_SET_ELEM_LIST_ELEMENTS).map(read_key).collect()
    };
    let keys = match dump_of(socket, family, Type::GetSetElement, &filter, read) {
        Err(e) if e.kind() == Kind::NotFound => return Ok(None),
        result => result?,
    };
    // A set of rules' own has intervals only if there are several, of which one has an end.
    let interval = keys.iter().flatten().any(|(_, end)| *end);
    Ok(keys.into_iter().collect::<Option<Vec<_>>>().and_then(|keys| Elements::of_keys(keys, interval)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(u16, u16)]) -> Vec<Span> {
        let bytes = |port: u16| port.to_be_bytes().to_vec();
        list.iter().map(|(low, high)| Span { low: bytes(*low), high: bytes(*high) }).collect()
    }

    #[test]
    fn sets_come_back() {
        for list in [
            &[(1, 1), (2, 2), (3, 3)][..],
            &[(22, 22), (80, 90), (443, 443)],
            &[(0, 10), (65530, 65535)],
            &[(5, 6), (7, 9)],
            &[(0, 65535), (3, 3)],
            &[(0, 0), (2, 2), (4, 4), (9, 10)],
            &[(255, 256)],
        ] {
            let elements = Elements::new(spans(list));
            let back =
                Elements::of_keys(elements.keys(elements.has_ranges()), elements.has_ranges()).unwrap();
            assert_eq!(back, elements, "{list:?}");
        }
        assert_eq!(Elements::new(spans(&[(5, 6), (7, 9), (8, 12)])).0, spans(&[(5, 12)]));
        assert_eq!(Elements::new(spans(&[(5, 5), (6, 6), (6, 6)])).0, spans(&[(5, 5), (6, 6)]));
    }

    #[test]
    fn prefixes_are_known() {
        let prefix = |low: [u8; 4], high: [u8; 4]| Span { low: low.into(), high: high.into() }.prefix();
        assert_eq!(prefix([10, 0, 0, 0], [10, 255, 255, 255]), Some(8));
        assert_eq!(prefix([10, 0, 0, 0], [10, 127, 255, 255]), Some(9));
        assert_eq!(prefix([0; 4], [255; 4]), Some(0));
        assert_eq!(prefix([1, 2, 3, 4], [1, 2, 3, 4]), Some(32));
        assert_eq!(prefix([10, 0, 0, 1], [10, 0, 0, 2]), None);
        assert_eq!(prefix([10, 0, 0, 0], [10, 0, 0, 2]), None);
    }
}
