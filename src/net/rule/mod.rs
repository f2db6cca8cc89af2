//! Rules of policy routing: which routing table is asked for which packets, as `ip rule` handles them.

mod read;

pub(super) use read::parse;
pub use read::{Rule, list};

use ipnetwork::IpNetwork;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use nix::errno::Errno;

use super::attributes::Attributes;
use super::echo;
use super::names::TABLES;
use super::namespace::Namespace;
use super::nf::words::PortRange;
use super::prefix::{Family, octets};
use super::route::{TABLE_MAIN, small_table};
use crate::error::{Error, Kind, Result};

// Message types of linux/rtnetlink.h, attributes of linux/fib_rules.h.
pub(super) const RTM_NEWRULE: u16 = 32;
pub(super) const RTM_DELRULE: u16 = 33;
const RTM_GETRULE: u16 = 34;

mod fra {
    pub const DST: u16 = 1;
    pub const SRC: u16 = 2;
    pub const IIFNAME: u16 = 3;
    pub const GOTO: u16 = 4;
    pub const PRIORITY: u16 = 6;
    pub const FWMARK: u16 = 10;
    pub const SUPPRESS_IFGROUP: u16 = 13;
    pub const SUPPRESS_PREFIXLEN: u16 = 14;
    pub const TABLE: u16 = 15;
    pub const FWMASK: u16 = 16;
    pub const OIFNAME: u16 = 17;
    pub const L3MDEV: u16 = 19;
    pub const UID_RANGE: u16 = 20;
    pub const PROTOCOL: u16 = 21;
    pub const IP_PROTO: u16 = 22;
    pub const SPORT_RANGE: u16 = 23;
    pub const DPORT_RANGE: u16 = 24;
}

/// FIB_RULE_INVERT.
const INVERT: u32 = 2;

/// What happens to a packet that fits; FR_ACT_* in linux/fib_rules.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Its route is looked up in the rule's table.
    Lookup,
    /// Goes on with the rule of this priority.
    Goto(u32),
    /// Nothing; the mark that a goto can lead to.
    Nop,
    /// Dropped silently.
    Blackhole,
    /// Dropped, with an ICMP "network unreachable".
    Unreachable,
    /// Dropped, with an ICMP "administratively prohibited".
    Prohibit,
}

impl Action {
    fn number(self) -> u8 {
        match self {
            Action::Lookup => 1,
            Action::Goto(_) => 2,
            Action::Nop => 3,
            Action::Blackhole => 6,
            Action::Unreachable => 7,
            Action::Prohibit => 8,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Action::Lookup,
            2 => Action::Goto(0),
            3 => Action::Nop,
            6 => Action::Blackhole,
            7 => Action::Unreachable,
            8 => Action::Prohibit,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Action::Lookup => "lookup",
            Action::Goto(_) => "goto",
            Action::Nop => "nop",
            Action::Blackhole => "blackhole",
            Action::Unreachable => "unreachable",
            Action::Prohibit => "prohibit",
        }
    }
}

/// A rule to add, or what those to be found must have; `None` for whatever.
#[derive(Clone, Debug, Default)]
pub struct RuleSpec {
    /// Of a rule without `from` and `to`.
    pub family: Option<Family>,
    /// Lower ones are asked first.
    pub priority: Option<u32>,
    /// `Some(None)` for any source.
    pub from: Option<Option<IpNetwork>>,
    pub to: Option<Option<IpNetwork>>,
    pub iif: Option<String>,
    pub oif: Option<String>,
    pub fwmark: Option<u32>,
    /// Which bits of the mark count; all unless given.
    pub fwmask: Option<u32>,
    pub tos: Option<u8>,
    pub ipproto: Option<u8>,
    pub sport: Option<PortRange>,
    pub dport: Option<PortRange>,
    /// The first and last user.
    pub uids: Option<(u32, u32)>,
    /// All packets but these.
    pub invert: Option<bool>,
    /// What happens, but for a goto.
    pub action: Option<Action>,
    /// Goes on with the rule of this priority.
    pub goto: Option<u32>,
    pub table: Option<u32>,
    /// The table of the VRF that the packet's link belongs to.
    pub l3mdev: Option<bool>,
    pub suppress_prefixlength: Option<u32>,
    pub suppress_ifgroup: Option<u32>,
    /// RTPROT_*.
    pub proto: Option<u8>,
}

impl RuleSpec {
    /// The family that the addresses or `family` say, if any do.
    fn family(&self) -> Result<Option<Family>> {
        let of = |prefix: &Option<Option<IpNetwork>>| prefix.flatten().map(|p| Family::of(p.ip()));
        let (from, to) = (of(&self.from), of(&self.to));
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            return Err(Error::argument("from and to are of different families"));
        }
        match (from.or(to), self.family) {
            (Some(addresses), Some(given)) if addresses != given => {
                Err(Error::argument(format!("the addresses are not of the family {:?}", given.name())))
            }
            (addresses, given) => Ok(addresses.or(given)),
        }
    }

    pub(super) fn action(&self) -> Option<Action> {
        self.goto.map(Action::Goto).or(self.action)
    }

    /// Whether the rule looks up the table of the packet's VRF.
    pub(super) fn takes_vrf(&self) -> bool {
        self.l3mdev == Some(true)
    }

    fn check(&self) -> Result<()> {
        if self.fwmask.is_some() && self.fwmark.is_none() {
            return Err(Error::argument("fwmask says which bits of fwmark count; give fwmark too"));
        }
        if let (Some(action), Some(_)) = (self.action, self.goto) {
            return Err(Error::argument(format!(
                "a rule with goto_priority is of the type \"goto\"; leave out type {:?}",
                action.name()
            )));
        }
        let looks_up = matches!(self.action(), None | Some(Action::Lookup));
        let of_lookup = self.table.is_some()
            || self.takes_vrf()
            || self.suppress_prefixlength.is_some()
            || self.suppress_ifgroup.is_some();
        if !looks_up && of_lookup {
            return Err(Error::argument(format!(
                "a rule of type {:?} looks up no table; leave out table, l3mdev and suppress_*",
                self.action().map_or("lookup", Action::name)
            )));
        }
        if self.takes_vrf() && self.table.is_some() {
            return Err(Error::argument("l3mdev takes the table of the packet's VRF; leave out table"));
        }
        if let (Some(Action::Goto(target)), Some(priority)) = (self.action(), self.priority)
            && target <= priority
        {
            return Err(Error::argument(format!(
                "a rule can only lead on to a later one: goto_priority {target} is not above priority {priority}"
            )));
        }
        if let Some(range) = [self.sport, self.dport].into_iter().flatten().find(|r| r.low == 0) {
            return Err(Error::argument(format!("ports of a rule are from 1 to 65535, got {range}")));
        }
        Ok(())
    }
}

/// `struct fib_rule_hdr`, then the attributes.
fn request(spec: &RuleSpec, family: Family) -> Vec<u8> {
    let action = spec.action().unwrap_or(Action::Lookup);
    let table = match action {
        Action::Lookup if !spec.takes_vrf() => spec.table.unwrap_or(TABLE_MAIN),
        _ => 0,
    };
    let length = |prefix: Option<Option<IpNetwork>>| prefix.flatten().map_or(0, |p| p.prefix());
    let mut out = vec![
        family.number(),
        length(spec.to),
        length(spec.from),
        spec.tos.unwrap_or(0),
        small_table(table),
        0,
        0,
        action.number(),
    ];
    out.extend_from_slice(&if spec.invert == Some(true) { INVERT } else { 0 }.to_ne_bytes());
    let mut body = Attributes::new();
    for (kind, prefix) in [(fra::SRC, spec.from), (fra::DST, spec.to)] {
        if let Some(prefix) = prefix.flatten() {
            body.put(kind, &octets(prefix.ip()));
        }
    }
    for (kind, name) in [(fra::IIFNAME, &spec.iif), (fra::OIFNAME, &spec.oif)] {
        if let Some(name) = name {
            body.put_str(kind, name);
        }
    }
    let goto = match action {
        Action::Goto(target) => Some(target),
        _ => None,
    };
    for (kind, number) in [
        (fra::PRIORITY, spec.priority),
        (fra::TABLE, Some(table).filter(|t| *t != 0)),
        (fra::GOTO, goto),
        (fra::FWMARK, spec.fwmark),
        (fra::FWMASK, spec.fwmask),
        (fra::SUPPRESS_PREFIXLEN, spec.suppress_prefixlength),
        (fra::SUPPRESS_IFGROUP, spec.suppress_ifgroup),
    ] {
        if let Some(number) = number {
            body.put_u32(kind, number);
        }
    }
    if let Some((first, last)) = spec.uids {
        body.put(fra::UID_RANGE, &[first.to_ne_bytes(), last.to_ne_bytes()].concat());
    }
    for (kind, range) in [(fra::SPORT_RANGE, spec.sport), (fra::DPORT_RANGE, spec.dport)] {
        if let Some(range) = range {
            body.put(kind, &[range.low.to_ne_bytes(), range.high.to_ne_bytes()].concat());
        }
    }
    if spec.takes_vrf() {
        body.put(fra::L3MDEV, &[1]);
    }
    for (kind, number) in [(fra::PROTOCOL, spec.proto), (fra::IP_PROTO, spec.ipproto)] {
        if let Some(number) = number {
            body.put(kind, &[number]);
        }
    }
    out.extend_from_slice(body.bytes());
    out
}

/// Adds a rule, as `ip rule add ...`; of IPv4 unless `from`, `to` or `family` say otherwise. Without a priority the
/// kernel puts it before all but the first (local) one. Raises `exists` if the same one is there.
pub fn add(ns: &Namespace, spec: &RuleSpec) -> Result<()> {
    spec.check()?;
    let family = spec.family()?.unwrap_or(Family::Inet);
    ns.rtnl(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &request(spec, family), |_| Ok(())).map_err(
        |e| match e.raw() {
            Some(Errno::EEXIST) => e.hint("the same rule is there already; rule.list shows it"),
            Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT) if spec.takes_vrf() => {
                e.with_kind(Kind::Unsupported).hint("the kernel lacks VRFs (CONFIG_NET_L3_MASTER_DEV)")
            }
            Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT) => e
                .with_kind(Kind::Unsupported)
                .hint("the kernel lacks policy routing (CONFIG_IP_MULTIPLE_TABLES)"),
            _ => e,
        },
    )?;
    ns.echo(|| [echo::rule(ns, "add", spec, family)]);
    Ok(())
}

/// Deletes the first rule that has all that is given, as `ip rule del ...`. Raises `not_found` if there is none.
pub fn del(ns: &Namespace, spec: &RuleSpec) -> Result<()> {
    let found = read::raw(ns, spec)?;
    let Some((rule, payload)) = found.first() else {
        let there = list(ns, &RuleSpec { family: spec.family()?, ..RuleSpec::default() })?;
        let e = Error::new(Kind::NotFound, "no such rule");
        return Err(match there.len() {
            0 => e.hint(format!("{} has no rules", ns.name())),
            n if n > 8 => e.hint(format!("{} has {n} others; rule.list shows them", ns.name())),
            _ => e.hint(format!("there is {}", there.iter().map(Rule::brief).collect::<Vec<_>>().join(", "))),
        });
    };
    // The rule itself goes back to the kernel, so that the rules between it and what was given stay.
    ns.rtnl(RTM_DELRULE, 0, payload, |_| Ok(()))?;
    ns.echo(|| [echo::rule(ns, "del", spec, rule.family)]);
    Ok(())
}

/// Deletes the rules that have all that is given, but none of priority 0 unless asked for, as `ip rule flush`;
/// returns how many there were.
pub fn flush(ns: &Namespace, spec: &RuleSpec) -> Result<usize> {
    let mut deleted = 0;
    for (rule, payload) in read::raw(ns, spec)? {
        if rule.priority == 0 && spec.priority != Some(0) {
            continue;
        }
        ns.rtnl(RTM_DELRULE, 0, &payload, |_| Ok(()))?;
        ns.echo(|| [echo::rule_gone(ns, &rule)]);
        deleted += 1;
    }
    Ok(deleted)
}

impl Rule {
    /// Enough to tell it from others.
    fn brief(&self) -> String {
        let what = match self.action {
            Action::Lookup => format!("table {}", TABLES.name(self.table)),
            other => other.name().to_owned(),
        };
        format!("{} ({what})", self.priority)
    }
}

#[cfg(test)]
mod tests;
