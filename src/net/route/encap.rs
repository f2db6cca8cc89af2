//! What a route puts around packets (lightweight tunnels), in the words of `ip route`.

use std::net::Ipv6Addr;

use crate::net::attributes::{find, unsigned};
use crate::net::prefix::from_octets;

/// LWTUNNEL_ENCAP_* in linux/lwtunnel.h, from 1 on.
const KINDS: [&str; 10] = ["mpls", "ip", "ila", "ip6", "seg6", "bpf", "seg6local", "rpl", "ioam6", "xfrm"];

/// The kind, and of the usual ones what it says; `None` for a kind that this nsh doesn't know.
pub(super) fn words(kind: u64, body: &[u8]) -> Option<String> {
    let name = *KINDS.get((kind as usize).checked_sub(1)?)?;
    let words = match name {
        "mpls" => mpls(body),
        "ip" => tunnel(body, ["ttl", "tos"]),
        "ip6" => tunnel(body, ["hoplimit", "tc"]),
        "seg6" => seg6(body).unwrap_or_default(),
        _ => Vec::new(),
    };
    Some([vec![name.to_owned()], words].concat().join(" "))
}

/// MPLS_IPTUNNEL_DST (entries of a label stack: 20 bits of label each), MPLS_IPTUNNEL_TTL.
fn mpls(body: &[u8]) -> Vec<String> {
    let stack = find(body, 1).unwrap_or_default().as_chunks::<4>().0;
    let labels: Vec<String> = stack.iter().map(|e| (u32::from_be_bytes(*e) >> 12).to_string()).collect();
    let ttl = find(body, 2).map(|ttl| format!("ttl {}", unsigned(ttl)));
    [labels.join("/")].into_iter().chain(ttl).collect()
}

/// LWTUNNEL_IP_*, whose numbers are those of LWTUNNEL_IP6_*: id, dst, src, and what is called otherwise there.
fn tunnel(body: &[u8], [limit, class]: [&str; 2]) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(id) = find(body, 1).and_then(|id| id.first_chunk::<8>()) {
        out.push(format!("id {}", u64::from_be_bytes(*id)));
    }
    for (number, word) in [(3, "src"), (2, "dst")] {
        out.extend(find(body, number).and_then(from_octets).map(|ip| format!("{word} {ip}")));
    }
    for (number, word) in [(4, limit), (5, class)] {
        out.extend(find(body, number).map(|n| format!("{word} {}", unsigned(n))));
    }
    let flags = find(body, 6).and_then(|f| f.first_chunk::<2>()).map_or(0, |f| u16::from_be_bytes(*f));
    for (bit, word) in [(4, "key"), (1, "csum"), (8, "seq")] {
        out.extend((flags & bit != 0).then(|| word.to_owned()));
    }
    out
}

/// SEG6_IPTUNNEL_SRH: the mode, then the routing header (RFC 8754) with its segments, the last one first.
fn seg6(body: &[u8]) -> Option<Vec<String>> {
    const MODES: [&str; 5] = ["inline", "encap", "l2encap", "encap.red", "l2encap.red"];
    let header = find(body, 1)?;
    let mode = MODES.get(unsigned(header.get(..4)?) as usize).copied().unwrap_or("unknown");
    let segments = header.get(12..)?.as_chunks::<16>().0;
    let count = usize::from(*header.get(8)?) + 1;
    let mut out = vec![format!("mode {mode} segs {count} [")];
    out.extend(segments.iter().take(count).rev().map(|s| Ipv6Addr::from(*s).to_string()));
    out.push("]".to_owned());
    Some(out)
}
