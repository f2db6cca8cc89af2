//! The attributes of a rule.

use crate::base::error::{Error, Result};
use crate::model::{Between, Field, Form, Value, Words, table};
use crate::net::fields::{Group, LinkName, Mark, Number, Origin, Selector, TableId, Tos, number_or_text};
use crate::net::nf::words::{PortRange, Protocol};
use crate::net::prefix::Family;

table! {
    /// A rule of policy routing (ip-rule(8), linux/fib_rules.h; its flags are FIB_RULE_*): one to add, one that the
    /// kernel reported, or what those to be found must have.
    pub struct Rule {
        Set priority: Number = 6, ip ["pref", "preference", "order", "priority", "prio"],
            "its place: lower ones are looked up first";
        Set family: Family = header, ip [], "IPv4 (inet) or IPv6 (inet6), where no address says it";
        Set invert: bool = {flag 2}, ip ["not"], "all packets but these (`not`); default false";
        Set from: Selector = 2, ip ["from"], "the source: a prefix, or \"all\"";
        Set to: Selector = 1, ip ["to"], "the destination: a prefix, or \"all\"";
        Set tos: Tos = header, ip ["tos", "dsfield"], "the packet's type of service";
        Set fwmark: Mark = 10, ip ["fwmark"], "the packet's mark";
        Set fwmask: Mark = 16, ip [], "which bits of the mark count; default all";
        Set iif: LinkName = 3, ip ["iif", "dev"],
            "the link that the packet came in by; \"lo\" for those from here";
        Read iif_detached: bool = {flag 8}, ip [], "there is no such link now, so the rule fits no packet";
        Set oif: LinkName = 17, ip ["oif"], "the link that the packet's socket is bound to";
        Read oif_detached: bool = {flag 16}, ip [], "there is no such link now, so the rule fits no packet";
        Set l3mdev: bool = 19, ip ["l3mdev"], "the table of the packet's VRF; default false";
        Set uidrange: Uids = 20, ip ["uidrange"], "the user who sends, or a range \"1000-1999\"";
        Set ipproto: Protocol = 22, ip ["ipproto"], "the protocol above IP";
        Set sport: PortRange = 23, ip ["sport"], "the source port or range";
        Set dport: PortRange = 24, ip ["dport"], "the destination port or range";
        Set proto: Origin = 21, ip ["protocol"], "who added it: kernel, static, bird, ...";
        Set table: TableId = 15, ip ["table", "lookup"], "the routing table to look up";
        Set suppress_prefixlength: Between<0, 128> = 14, ip ["suppress_prefixlength", "sup_pl"],
            "routes found with a prefix of at most this length don't count: 0 passes over the default route";
        Set suppress_ifgroup: Group = 13, ip ["suppress_ifgroup", "sup_group"],
            "routes found through a link of this group don't count";
        Set action as "type": Action = header, ip ["type"],
            "lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto";
        Set goto_priority: Between<1, { u32::MAX }> = 4, ip ["goto"], "goes on with the rule of this priority";
        Read unresolved: bool = {flag 4}, ip [], "the target of the goto is not there";
    }
}

/// What happens to a packet that fits; FR_ACT_* in linux/fib_rules.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Its route is looked up in the rule's table.
    Lookup = 1,
    /// Goes on with the rule of `goto_priority`, which alone says so.
    Goto = 2,
    /// Nothing; the mark that a goto can lead to.
    Nop = 3,
    /// Dropped silently.
    Blackhole = 6,
    /// Dropped, with an ICMP "network unreachable".
    Unreachable = 7,
    /// Dropped, with an ICMP "administratively prohibited".
    Prohibit = 8,
}

impl Words for Action {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("lookup", Action::Lookup),
        ("blackhole", Action::Blackhole),
        ("unreachable", Action::Unreachable),
        ("prohibit", Action::Prohibit),
        ("nop", Action::Nop),
        ("goto", Action::Goto),
    ];
}

/// The first and last user; `struct fib_rule_uid_range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uids(pub u32, pub u32);

impl Field for Uids {
    fn form() -> Form {
        let expected = "an integer from 0 to 4294967294 or a range of users such as \"1000-1999\"";
        Form { returned: "string", ..number_or_text(expected) }
    }

    fn read(value: &Value) -> Result<Option<Self>> {
        let range = match value {
            Value::Int(uid) => {
                return Ok(u32::try_from(*uid).ok().filter(|n| *n < u32::MAX).map(|n| Uids(n, n)));
            }
            Value::Text(range) => range,
            _ => return Ok(None),
        };
        let parsed = range.split_once('-').and_then(|(a, b)| Some(Uids(a.parse().ok()?, b.parse().ok()?)));
        parsed.filter(|uids| uids.0 <= uids.1).map(Some).ok_or_else(|| {
            Error::argument(format!("expected a range of users such as \"1000-1999\", got {range:?}"))
        })
    }

    fn value(&self) -> Value {
        Value::Text(format!("{}-{}", self.0, self.1))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some([self.0.to_ne_bytes(), self.1.to_ne_bytes()].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        Some(Uids(u32::from_ne_bytes(*first), u32::from_ne_bytes(*rest.first_chunk()?)))
    }
}
