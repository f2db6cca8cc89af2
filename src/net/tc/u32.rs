//! u32 (tc-u32(8)): filters that compare words of a packet. `struct tc_u32_sel` and TCA_U32_* of linux/pkt_cls.h,
//! TCA_MIRRED_* of linux/tc_act/tc_mirred.h.

use ipnetwork::IpNetwork;

use super::object::word;
use crate::base::error::Result;
use crate::net::attributes::{Attributes, find};
use crate::net::prefix::{from_octets, octets};

const TCA_U32_CLASSID: u16 = 1;
const TCA_U32_SEL: u16 = 5;
const TCA_U32_ACT: u16 = 7;
const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
const TCA_MIRRED_PARMS: u16 = 2;

pub const U32: &str = "u32";

/// The length of `struct tc_u32_sel` and of each key behind it.
const SELECTOR: usize = 16;

/// Four bytes of a packet: the bits that count, what they are, and where they stand, counted from the network header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub mask: [u8; 4],
    pub value: [u8; 4],
    pub at: i32,
}

impl Key {
    /// Those of a `struct tc_u32_sel`.
    pub fn read(selector: &[u8]) -> Vec<Self> {
        let key = |key: &[u8]| {
            let (mask, rest) = key.split_first_chunk()?;
            let (value, rest) = rest.split_first_chunk()?;
            Some(Key { mask: *mask, value: *value, at: i32::from_ne_bytes(*rest.first_chunk()?) })
        };
        selector.get(SELECTOR..).unwrap_or_default().chunks_exact(SELECTOR).filter_map(key).collect()
    }
}

/// Where the destination stands in the header of IPv4 and of IPv6.
fn destination_at(net: &IpNetwork) -> i32 {
    if net.is_ipv4() { 16 } else { 24 }
}

/// The destination is in this network.
fn keys(net: &IpNetwork) -> Vec<Key> {
    let (address, mask) = (octets(net.network()), octets(net.mask()));
    let words = usize::from(net.prefix()).div_ceil(32).max(1);
    let word = |bytes: &[u8], at: usize| bytes.get(4 * at..).and_then(|b| b.first_chunk()).copied();
    let key = |n: usize| {
        let at = destination_at(net) + 4 * n as i32;
        Some(Key { mask: word(&mask, n)?, value: word(&address, n)?, at })
    };
    (0..words).filter_map(key).collect()
}

/// TC_U32_TERMINAL: no other table of keys follows.
const TERMINAL: u8 = 1;

/// `struct tc_u32_sel` with these keys.
pub fn selector(keys: &[Key]) -> Vec<u8> {
    // Flags, shift of the offset, how many keys, a byte of padding; then offsets and a hash, all unused.
    let mut out = [&[TERMINAL, 0, keys.len() as u8, 0], [0u8; 12].as_slice()].concat();
    for key in keys {
        out.extend([key.mask, key.value, key.at.to_ne_bytes(), [0; 4]].concat());
    }
    out
}

/// Puts what goes to this network into a class.
pub fn classify(net: &IpNetwork, class: u32) -> Result<Vec<u8>> {
    let mut out = Attributes::new();
    out.put_u32(TCA_U32_CLASSID, class);
    out.put(TCA_U32_SEL, &selector(&keys(net)));
    out.into_bytes()
}

/// The network and the class of a filter that [`classify`] has made, by its protocol.
pub fn classified(protocol: u16, options: &[u8]) -> Option<(IpNetwork, u32)> {
    let class = word(find(options, TCA_U32_CLASSID)?, 0)?;
    let keys = find(options, TCA_U32_SEL)?.get(SELECTOR..)?;
    let length = if i32::from(protocol) == libc::ETH_P_IP { 4 } else { 16 };
    let (mut address, mut mask) = (vec![0; length], vec![0; length]);
    for (n, key) in keys.chunks_exact(SELECTOR).enumerate() {
        mask.get_mut(4 * n..4 * n + 4)?.copy_from_slice(&key[..4]);
        address.get_mut(4 * n..4 * n + 4)?.copy_from_slice(&key[4..8]);
    }
    let net = IpNetwork::with_netmask(from_octets(&address)?, from_octets(&mask)?).ok()?;
    let first = keys.get(8..12).and_then(|at| at.first_chunk()).map(|at| i32::from_ne_bytes(*at));
    (first == Some(destination_at(&net))).then_some((net, class))
}

/// Sends every packet to another link instead, as if that had sent it.
pub fn redirect(index: u32) -> Result<Vec<u8>> {
    const TC_ACT_STOLEN: u32 = 4;
    const TCA_EGRESS_REDIR: u32 = 1;
    // `struct tc_mirred`: index, capabilities, what becomes of the packet, two counts; then what is done, and where to.
    let parms = [0, 0, TC_ACT_STOLEN, 0, 0, TCA_EGRESS_REDIR, index];
    let parms: Vec<u8> = parms.iter().flat_map(|n| n.to_ne_bytes()).collect();
    let (mut options, mut action, mut actions) = (Attributes::new(), Attributes::new(), Attributes::new());
    options.put(TCA_MIRRED_PARMS, &parms);
    action.put_str(TCA_ACT_KIND, "mirred");
    action.nest(TCA_ACT_OPTIONS, options);
    // The first action.
    actions.nest(1, action);
    let mut out = Attributes::new();
    out.put(TCA_U32_SEL, &selector(&[Key { mask: [0; 4], value: [0; 4], at: 0 }]));
    out.nest(TCA_U32_ACT, actions);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_they_are_written() {
        for net in ["10.0.0.2/32", "10.0.0.0/9", "0.0.0.0/0", "fd00::2/128", "fd00:1::/33", "::/0"] {
            let net: IpNetwork = net.parse().unwrap();
            let protocol = if net.is_ipv4() { libc::ETH_P_IP } else { libc::ETH_P_IPV6 } as u16;
            assert_eq!(classified(protocol, &classify(&net, 7).unwrap()), Some((net, 7)));
        }
    }

    #[test]
    fn rubbish_is_no_filter_of_ours() {
        for length in 0..120 {
            assert_eq!(classified(0x800, &vec![7; length]), None);
        }
        assert_eq!(classified(0x800, &redirect(3).unwrap()), None);
    }
}
