//! Sets of ports, as a rule with several of them needs one.

use netlink_packet_netfilter::nftables::NfTablesMessageType as Type;

use super::attr::{Attributes, Received};
use super::message::{attributes, dump};
use super::uapi::*;
use super::words::{PortRange, Ports};
use crate::base::error::{Kind, Result};
use crate::net::netlink::Socket;

/// The ports in a set of one table; `None` if there is no such set, or something else is in it.
pub fn ports_of(socket: &mut Socket, table: &str, set: &str) -> Result<Option<Ports>> {
    let mut filter = Attributes::new();
    filter.text(NFTA_SET_ELEM_LIST_TABLE, table).text(NFTA_SET_ELEM_LIST_SET, set);
    let read = |payload: &[u8]| -> Vec<_> {
        attributes(payload).list(NFTA_SET_ELEM_LIST_ELEMENTS).map(PortSet::read).collect()
    };
    let elements = match dump(socket, Type::GetSetElement, &filter, read) {
        Err(e) if e.kind() == Kind::NotFound => return Ok(None),
        result => result?,
    };
    let Some(list) = elements.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let interval = if list.iter().any(|(_, end)| *end) { PortSet::INTERVAL } else { 0 };
    Ok(PortSet { list, interval }.ports())
}

/// A set of ports as the kernel has it: single values, or the beginnings and ends (exclusive) of intervals.
pub(super) struct PortSet {
    /// Port, and whether an interval ends before it.
    pub list: Vec<(u16, bool)>,
    /// [`PortSet::INTERVAL`] or 0.
    pub interval: u32,
}

impl PortSet {
    /// The kernel puts a number in place of `%d`.
    pub const NAME: &str = "__set%d";
    /// `enum nft_set_flags`
    pub const ANONYMOUS: u32 = libc::NFT_SET_ANONYMOUS as u32;
    pub const CONSTANT: u32 = libc::NFT_SET_CONSTANT as u32;
    pub const INTERVAL: u32 = libc::NFT_SET_INTERVAL as u32;
    /// `enum nft_set_elem_flags`
    const INTERVAL_END: u32 = libc::NFT_SET_ELEM_INTERVAL_END as u32;
    /// nft's number for the type of the key.
    pub const INET_SERVICE: u32 = 13;

    /// Writes an element of `NFTA_SET_ELEM_LIST_ELEMENTS`.
    pub fn write((port, end): (u16, bool), out: &mut Attributes) {
        out.within(NFTA_SET_ELEM_KEY, |key| key.put(NFTA_DATA_VALUE, &port.to_be_bytes()));
        if end {
            out.be32(NFTA_SET_ELEM_FLAGS, Self::INTERVAL_END);
        }
    }

    /// Reads one; `None` if it is no port.
    fn read(element: Received<'_>) -> Option<(u16, bool)> {
        let port = element.nest(NFTA_SET_ELEM_KEY)?.get(NFTA_DATA_VALUE)?.try_into().ok()?;
        let flags = element.u32(NFTA_SET_ELEM_FLAGS).unwrap_or(0);
        Some((u16::from_be_bytes(port), flags & Self::INTERVAL_END != 0))
    }

    pub fn elements(ports: &Ports) -> Self {
        let ranges = ports.ranges();
        if ranges.iter().all(|r| r.low == r.high) {
            return PortSet { list: ranges.iter().map(|r| (r.low, false)).collect(), interval: 0 };
        }
        // As nft does, the space before the first interval is closed too.
        let mut list = Vec::new();
        if ranges.first().is_some_and(|first| first.low > 0) {
            list.push((0, true));
        }
        for range in ranges {
            list.push((range.low, false));
            // An interval that goes on to the last port has no end.
            list.extend(range.high.checked_add(1).map(|end| (end, true)));
        }
        PortSet { list, interval: Self::INTERVAL }
    }

    pub fn ports(mut self) -> Option<Ports> {
        if self.interval == 0 {
            return Ports::new(self.list.into_iter().map(|(port, _)| PortRange::one(port)).collect()).ok();
        }
        self.list.sort();
        let mut ranges = Vec::new();
        let mut elements = self.list.into_iter().peekable();
        while let Some((low, end)) = elements.next() {
            if end {
                continue;
            }
            let high = elements.peek().map_or(Some(u16::MAX), |(next, _)| next.checked_sub(1))?;
            if high < low {
                return None;
            }
            ranges.push(PortRange { low, high });
        }
        Ports::new(ranges).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::nf::words::Matched;

    #[test]
    fn sets_of_ports_come_back() {
        for text in ["1,2,3", "22,80-90,443", "0-10,65530-65535", "5-6,7-9", "0-65535,3", "0,2,4-4,9-10"] {
            let ports = Ports::parse(text).unwrap();
            let elements = PortSet::elements(&ports);
            let back = PortSet { list: elements.list, interval: elements.interval }.ports().unwrap();
            assert_eq!(back, ports, "{text}");
        }
    }
}
