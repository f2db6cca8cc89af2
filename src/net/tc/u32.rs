//! u32 (tc-u32(8)): filters that compare words of a packet. `struct tc_u32_sel` and TCA_U32_* of linux/pkt_cls.h,
//! TCA_MIRRED_* of linux/tc_act/tc_mirred.h.

use crate::base::error::Result;
use crate::net::attributes::Attributes;

const TCA_U32_SEL: u16 = 5;
const TCA_U32_ACT: u16 = 7;
const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
const TCA_MIRRED_PARMS: u16 = 2;

pub const U32: &str = "u32";

/// Four bytes of a packet: the bits that count, what they are, and where they stand, counted from the network header.
pub struct Key {
    pub mask: [u8; 4],
    pub value: [u8; 4],
    pub at: i32,
}

/// TC_U32_TERMINAL: no other table of keys follows.
const TERMINAL: u8 = 1;

fn selector(keys: &[Key]) -> Vec<u8> {
    // Flags, shift of the offset, how many keys, a byte of padding; then offsets and a hash, all unused.
    let mut out = [&[TERMINAL, 0, keys.len() as u8, 0], [0u8; 12].as_slice()].concat();
    for key in keys {
        out.extend([key.mask, key.value, key.at.to_ne_bytes(), [0; 4]].concat());
    }
    out
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
