//! The queueing discipline at the root of a link: `struct tcmsg`, then TCA_* of linux/rtnetlink.h.

use netlink_packet_core::NLM_F_DUMP;

use crate::base::error::Result;
use crate::net::attributes::{Attributes, find, string};
use crate::net::namespace::Namespace;

// Message types of linux/rtnetlink.h.
const RTM_NEWQDISC: u16 = 36;
const RTM_DELQDISC: u16 = 37;
const RTM_GETQDISC: u16 = 38;

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
/// TC_H_ROOT of linux/pkt_sched.h.
const ROOT: u32 = u32::MAX;
/// The length of `struct tcmsg`.
const TCMSG: usize = 20;

/// `struct tcmsg`: family, padding, index, handle, parent, info.
fn tcmsg(index: u32, parent: u32) -> Vec<u8> {
    [0, index, 0, parent, 0].iter().flat_map(|n| n.to_ne_bytes()).collect()
}

fn request(index: u32, kind: &str, options: &[u8]) -> Result<Vec<u8>> {
    let mut attributes = Attributes::new();
    attributes.put_str(TCA_KIND, kind);
    if !options.is_empty() {
        attributes.put(TCA_OPTIONS, options);
    }
    Ok([tcmsg(index, ROOT), attributes.into_bytes()?].concat())
}

/// Puts a discipline at the root of the link with this index; `flags` say whether it may take another's place.
pub fn add(ns: &Namespace, index: u32, flags: u16, kind: &str, options: &[u8]) -> Result<()> {
    ns.rtnl(RTM_NEWQDISC, flags, &request(index, kind, options)?, |_| Ok(()))
}

/// Takes the discipline of this kind from the root of the link with this index.
pub fn del(ns: &Namespace, index: u32, kind: &str) -> Result<()> {
    ns.rtnl(RTM_DELQDISC, 0, &request(index, kind, &[])?, |_| Ok(()))
}

/// The kind and the options of the discipline at the root of the link with this index, as `read` has them.
pub fn root<T>(ns: &Namespace, index: u32, read: impl Fn(&str, &[u8]) -> Option<T>) -> Result<Option<T>> {
    let mut found = None;
    ns.rtnl(RTM_GETQDISC, NLM_F_DUMP, &tcmsg(index, 0), |answer| {
        match answer {
            None => found = None,
            Some(answer) => found = found.take().or_else(|| parse(index, answer.payload, &read)),
        }
        Ok(())
    })?;
    Ok(found)
}

fn parse<T>(index: u32, payload: &[u8], read: impl Fn(&str, &[u8]) -> Option<T>) -> Option<T> {
    let (head, attributes) = payload.split_at_checked(TCMSG)?;
    // Old kernels list those of all links whatever is asked.
    if word(head, 4)? != index || word(head, 12)? != ROOT {
        return None;
    }
    read(&string(find(attributes, TCA_KIND)?), find(attributes, TCA_OPTIONS)?)
}

/// Four bytes from `at` on, in the host's byte order.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, read};
    use super::*;

    #[test]
    fn rubbish_from_the_kernel_is_left_out() {
        for length in 0..80 {
            assert_eq!(parse(1, &vec![7; length], read), None);
            let _ = (Shape::of_netem(&vec![7; length]), Shape::of_tbf(&vec![7; length]));
        }
    }
}
