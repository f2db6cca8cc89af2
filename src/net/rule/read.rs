//! Listing rules.

use ipnetwork::IpNetwork;
use netlink_packet_core::NLM_F_DUMP;
use nix::errno::Errno;

use super::{Action, INVERT, RTM_GETRULE, RTM_NEWRULE, RuleSpec, fra};
use crate::error::Result;
use crate::net::attributes::{string, unsigned};
use crate::net::namespace::Namespace;
use crate::net::netlink::attributes_of;
use crate::net::nf::words::PortRange;
use crate::net::prefix::{Family, from_octets};

/// A rule as the kernel tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub family: Family,
    pub priority: u32,
    /// `None` for any.
    pub from: Option<IpNetwork>,
    pub to: Option<IpNetwork>,
    /// `lo` for packets that begin here.
    pub iif: Option<String>,
    /// There is no such link now, so the rule fits no packet.
    pub iif_detached: bool,
    pub oif: Option<String>,
    pub oif_detached: bool,
    pub fwmark: Option<u32>,
    /// `None` for all bits.
    pub fwmask: Option<u32>,
    pub tos: u8,
    pub ipproto: Option<u8>,
    pub sport: Option<PortRange>,
    pub dport: Option<PortRange>,
    pub uids: Option<(u32, u32)>,
    pub invert: bool,
    pub action: Action,
    /// The target of the goto is not there.
    pub unresolved: bool,
    /// 0 for none.
    pub table: u32,
    pub l3mdev: bool,
    pub suppress_prefixlength: Option<u32>,
    pub suppress_ifgroup: Option<u32>,
    pub proto: u8,
}

/// The rules that have all that is given, IPv4 first, in the order in which they are asked, as `ip rule show`.
pub fn list(ns: &Namespace, spec: &RuleSpec) -> Result<Vec<Rule>> {
    Ok(raw(ns, spec)?.into_iter().map(|(rule, _)| rule).collect())
}

/// The rules that fit, each with the message's body in which it came.
pub(super) fn raw(ns: &Namespace, spec: &RuleSpec) -> Result<Vec<(Rule, Vec<u8>)>> {
    spec.check()?;
    let families = match spec.family()? {
        Some(family) => vec![family],
        None => vec![Family::Inet, Family::Inet6],
    };
    let mut out = Vec::new();
    for family in families {
        let mut head = vec![family.number()];
        head.resize(12, 0);
        let mut of_family = Vec::new();
        let dumped = ns.rtnl(RTM_GETRULE, NLM_F_DUMP, &head, |answer| {
            match answer {
                None => of_family.clear(),
                Some(a) if a.message_type == RTM_NEWRULE => {
                    of_family
                        .extend(parse(a.payload).filter(|r| fits(r, spec)).map(|r| (r, a.payload.to_vec())));
                }
                Some(_) => {}
            }
            Ok(())
        });
        match dumped {
            // A kernel without IPv6, or without policy routing for it.
            Err(e) if matches!(e.raw(), Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
            result => result?,
        }
        out.append(&mut of_family);
    }
    Ok(out)
}

fn fits(rule: &Rule, spec: &RuleSpec) -> bool {
    fn same<T: PartialEq>(wanted: &Option<T>, has: &Option<T>) -> bool {
        wanted.is_none() || wanted == has
    }
    let action = match (spec.action(), rule.action) {
        (None, _) => true,
        (Some(wanted), has) => wanted == has,
    };
    let prefix = |wanted: Option<Option<IpNetwork>>, has: Option<IpNetwork>| wanted.is_none_or(|w| w == has);
    action
        && spec.priority.is_none_or(|p| p == rule.priority)
        && prefix(spec.from, rule.from)
        && prefix(spec.to, rule.to)
        && same(&spec.iif, &rule.iif)
        && same(&spec.oif, &rule.oif)
        && same(&spec.fwmark, &rule.fwmark)
        && spec.fwmask.is_none_or(|m| m == rule.fwmask.unwrap_or(u32::MAX))
        && spec.tos.is_none_or(|t| t == rule.tos)
        && same(&spec.ipproto, &rule.ipproto)
        && same(&spec.sport, &rule.sport)
        && same(&spec.dport, &rule.dport)
        && same(&spec.uids, &rule.uids)
        && spec.invert.is_none_or(|i| i == rule.invert)
        && spec.table.is_none_or(|t| t == rule.table)
        && spec.l3mdev.is_none_or(|l| l == rule.l3mdev)
        && same(&spec.suppress_prefixlength, &rule.suppress_prefixlength)
        && same(&spec.suppress_ifgroup, &rule.suppress_ifgroup)
        && spec.proto.is_none_or(|p| p == rule.proto)
}

/// Decodes the body of an RTM_NEWRULE; `None` for a rule of another family than IPv4 and IPv6.
pub(in crate::net) fn parse(payload: &[u8]) -> Option<Rule> {
    const UNRESOLVED: u32 = 4;
    const IIF_DETACHED: u32 = 8;
    const OIF_DETACHED: u32 = 16;
    let [family, dst_length, src_length, tos, table, _, _, action, a, b, c, d] =
        *payload.first_chunk::<12>()?;
    let flags = u32::from_ne_bytes([a, b, c, d]);
    let mut rule = Rule {
        family: Family::from_number(family)?,
        priority: 0,
        from: None,
        to: None,
        iif: None,
        iif_detached: flags & IIF_DETACHED != 0,
        oif: None,
        oif_detached: flags & OIF_DETACHED != 0,
        fwmark: None,
        fwmask: None,
        tos,
        ipproto: None,
        sport: None,
        dport: None,
        uids: None,
        invert: flags & INVERT != 0,
        action: Action::from_number(action)?,
        unresolved: flags & UNRESOLVED != 0,
        table: table.into(),
        l3mdev: false,
        suppress_prefixlength: None,
        suppress_ifgroup: None,
        proto: 0,
    };
    for (kind, value) in attributes_of(&payload[12..]) {
        let number = unsigned(value) as u32;
        let prefix = |length| from_octets(value).and_then(|ip| IpNetwork::new(ip, length).ok());
        match kind {
            fra::SRC => rule.from = prefix(src_length),
            fra::DST => rule.to = prefix(dst_length),
            fra::IIFNAME => rule.iif = Some(string(value)),
            fra::OIFNAME => rule.oif = Some(string(value)),
            fra::GOTO => rule.action = Action::Goto(number),
            fra::PRIORITY => rule.priority = number,
            fra::FWMARK => rule.fwmark = Some(number),
            fra::FWMASK => rule.fwmask = Some(number).filter(|m| *m != u32::MAX),
            // All bits set for none.
            fra::SUPPRESS_PREFIXLEN => rule.suppress_prefixlength = Some(number).filter(|n| *n != u32::MAX),
            fra::SUPPRESS_IFGROUP => rule.suppress_ifgroup = Some(number).filter(|n| *n != u32::MAX),
            fra::TABLE => rule.table = number,
            fra::L3MDEV => rule.l3mdev = unsigned(value) != 0,
            fra::UID_RANGE if value.len() >= 8 => {
                rule.uids = Some((unsigned(&value[0..4]) as u32, unsigned(&value[4..8]) as u32));
            }
            fra::PROTOCOL => rule.proto = number as u8,
            fra::IP_PROTO => rule.ipproto = Some(number as u8).filter(|p| *p != 0),
            fra::SPORT_RANGE => rule.sport = ports(value),
            fra::DPORT_RANGE => rule.dport = ports(value),
            _ => {}
        }
    }
    // The mask alone says that the mark 0 is meant.
    if rule.fwmask.is_some() && rule.fwmark.is_none() {
        rule.fwmark = Some(0);
    }
    Some(rule)
}

/// `struct fib_rule_port_range`.
fn ports(value: &[u8]) -> Option<PortRange> {
    let low = unsigned(value.get(0..2)?) as u16;
    Some(PortRange { low, high: unsigned(value.get(2..4)?) as u16 })
}
