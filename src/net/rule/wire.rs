//! A rule as it stands in a netlink message: `struct fib_rule_hdr`, then the attributes.

use super::{Action, Rule, TABLE_MAIN};
use crate::base::error::Result;
use crate::model::{Between, Table, Words};
use crate::net::attributes::Attributes;
use crate::net::fields::{Mark, Origin, Selector, TableId, Tos};
use crate::net::netlink::attributes_of;
use crate::net::prefix::Family;
use crate::net::route::small_table;

/// The body of a request for this rule.
pub(super) fn encode(rule: &Rule, family: Family) -> Result<Vec<u8>> {
    let action = rule.action();
    let mut rule = rule.clone();
    if action == Action::Lookup && rule.l3mdev != Some(true) {
        rule.table.get_or_insert(TableId(TABLE_MAIN));
    }
    let length = |prefix: &Option<Selector>| prefix.and_then(|p| p.0).map_or(0, |p| p.prefix());
    let mut out = vec![
        family.number(),
        length(&rule.to),
        length(&rule.from),
        rule.tos.map_or(0, |tos| tos.0),
        small_table(rule.table.map_or(0, |table| table.0)),
        0,
        0,
        action as u8,
    ];
    out.extend_from_slice(&rule.flags().to_ne_bytes());
    let mut attributes = Attributes::new();
    rule.encode(&mut |number, bytes| attributes.put(number, bytes));
    out.extend_from_slice(attributes.bytes()?);
    Ok(out)
}

/// Decodes the body of an RTM_NEWRULE; `None` for a rule of another family than IPv4 and IPv6.
pub(in crate::net) fn parse(payload: &[u8]) -> Option<Rule> {
    let [family, to, from, tos, table, _, _, action, a, b, c, d] = *payload.first_chunk()?;
    let mut rule = Rule {
        family: Some(Family::from_number(family)?),
        from: Some(Selector(None)),
        tos: Some(Tos(tos)).filter(|tos| tos.0 != 0),
        action: Some(Action::WORDS.iter().find(|(_, known)| *known as u8 == action)?.1),
        table: Some(TableId(table.into())),
        ..Rule::default()
    };
    rule.decode_flags(u32::from_ne_bytes([a, b, c, d]));
    for (number, bytes) in attributes_of(&payload[12..]) {
        rule.decode(number, bytes);
    }
    for (prefix, length) in [(&mut rule.from, from), (&mut rule.to, to)] {
        *prefix = prefix.and_then(|p| p.within(length));
    }
    settle(&mut rule);
    Some(rule)
}

/// What the kernel reports for "not given", or leaves out for 0.
fn settle(rule: &mut Rule) {
    rule.priority.get_or_insert(Between(0));
    rule.proto.get_or_insert(Origin(0));
    rule.table.take_if(|table| table.0 == 0);
    rule.fwmask.take_if(|mask| mask.0 == u32::MAX);
    rule.suppress_ifgroup.take_if(|group| group.0 == u32::MAX);
    // The mask alone says that the mark 0 is meant.
    if rule.fwmask.is_some() {
        rule.fwmark.get_or_insert(Mark(0));
    }
}
