//! Names of chains and sets.

use crate::base::error::{Error, Result};

/// Words of nft's language that its parser takes for no name (`scanner.l` of nftables 1.0.6 and 1.1): the kernel would take
/// them, and `nft` could then neither name what is called so nor load what it listed.
const RESERVED: &str = "accept add ah all and arp auto-merge bridge cgroup chain chains comment comp constant continue counter \
    counters cpu create ct day dccp define delete describe destroy device devices dnat drop dst dup dynamic ecn \
    element elements eq esp ether exists export exthdr fib flags flow flowtable flowtables flush frag fwd \
    gc-interval ge get goto gt handle hbh hook hour ibridgename ibriport ibrname ibrpvid ibrvproto icmp icmpv6 \
    igmp iif iifgroup iifkind iifname iiftype import include index inet insert interval ip ip6 ipsec jhash jump \
    le limit limits list log lt map maps mark masquerade meta meter meters mh missing monitor ne netdev nftrace \
    not notrack numgen obridgename obriport obrname offload oif oifgroup oifkind oifname oiftype or osf pkttype \
    policy position priority queue quota quotas random redefine redirect reject rename replace reset return rt \
    rtclassid rule ruleset sctp secmark secmarks set sets size skgid skuid snat socket srh symhash synproxy \
    synproxys table tables tcp th time timeout tproxy type typeof udp udplite undefine update vlan vmap xor xt";

/// Raises `argument` for a name that nft doesn't take for a set or chain.
pub fn check_name(name: &str) -> Result<()> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || "_.".contains(c));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if !begins || name.len() > 127 || !name.chars().all(plain) {
        return Err(Error::argument(format!(
            "expected a name of letters, digits, \"_\", \"-\", \".\" and \"/\", which begins with a letter, got {name:?}"
        )));
    }
    match RESERVED.split_whitespace().any(|word| word == name) {
        true => Err(Error::argument(format!("the name {name:?} is a word of nft's language"))
            .hint("nft could not read it: choose another name")),
        false => Ok(()),
    }
}
