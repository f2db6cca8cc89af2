//! A rule of the table nat as a call of the module `nat`.

use super::super::act::{Call, Space};
use super::super::args::{Arg, Fields, Reason, Result};
use super::super::lua::Expr;
use super::Version;
use super::rule::{Not, Ports, Rule};

/// The call that does the same, or none if the module `nat` has no words for the rule.
pub fn call(rule: &Rule, chain: &str, insert: bool, space: &Space, version: Version) -> Result<Option<Call>> {
    let target = rule.target.as_deref().unwrap_or_default();
    let function = match (chain, target) {
        ("POSTROUTING", "MASQUERADE") => "nat.masquerade",
        ("POSTROUTING", "SNAT") => "nat.snat",
        ("PREROUTING", "DNAT") => "nat.dnat",
        ("PREROUTING", "REDIRECT") => "nat.redirect",
        (_, "SNAT" | "MASQUERADE") if chain != "INPUT" => {
            return Err(Reason::new(format!("{target} works in the chain POSTROUTING, not in {chain}")));
        }
        (_, "DNAT" | "REDIRECT") if chain != "OUTPUT" => {
            return Err(Reason::new(format!(
                "{target} works in the chains PREROUTING and OUTPUT, not in {chain}"
            )));
        }
        _ => return Ok(None),
    };
    if (target == "SNAT" || target == "DNAT") && rule.to.is_none() {
        let option = if target == "SNAT" { "--to-source" } else { "--to-destination" };
        return Err(Reason::new(format!("{target}: option \"{option}\" must be specified")));
    }
    let negated_proto = rule.proto.as_ref().is_some_and(|p| p.negated);
    let odd_proto = rule.proto.as_ref().is_some_and(|p| p.value.known.is_none());
    if !rule.more.is_empty() || negated_proto || odd_proto {
        return Ok(None);
    }
    let mut fields = Fields::default();
    let set = |fields: &mut Fields, name: &str, value: &Option<Not<Arg>>| {
        if let Some(Not { negated, value }) = value {
            let value = value.clone();
            fields.set(name, if *negated { value.behind("!") } else { value }.expr());
        }
    };
    set(&mut fields, "proto", &rule.proto);
    set(&mut fields, "source", &rule.source);
    set(&mut fields, "dest", &rule.dest);
    set(&mut fields, "iif", &rule.iif);
    set(&mut fields, "out", &rule.oif);
    if function == "nat.dnat" || function == "nat.redirect" {
        if fields.has("out") {
            return Err(Reason::new("Can't use -o with PREROUTING"));
        }
    } else if fields.has("iif") {
        return Err(Reason::new("Can't use -i with POSTROUTING"));
    }
    for (name, ports) in [("sport", &rule.sport), ("dport", &rule.dport)] {
        if let Some(ports) = ports {
            match self::ports(ports) {
                Some(ports) => fields.set(name, ports),
                None => return Ok(None),
            }
        }
    }
    if let Some(to) = &rule.to {
        let port = matches!(function, "nat.masquerade" | "nat.redirect");
        fields.set("to", if port { to.number_or_name() } else { to.expr() });
    }
    // An address tells the family; a range or a port alone doesn't.
    let addressed =
        rule.source.is_some() || rule.dest.is_some() || function == "nat.snat" || function == "nat.dnat";
    if !addressed {
        fields.set("family", Expr::text(version.inet()));
    }
    for (name, on) in
        [("random", rule.random), ("fully_random", rule.fully_random), ("persistent", rule.persistent)]
    {
        if on {
            fields.flag(name);
        }
    }
    if let Some(comment) = &rule.comment {
        fields.set("comment", comment.expr());
    }
    if insert {
        fields.flag("insert");
    }
    Ok(Some(Call::new(space, function, fields.after([]))))
}

fn ports(ports: &Not<Ports>) -> Option<Expr> {
    match (ports.value.as_slice(), ports.negated) {
        ([one], true) => Some(one.clone().behind("!").expr()),
        ([one], false) => Some(one.number_or_name()),
        (_, true) => None,
        (several, false) => Some(Expr::List(several.iter().map(Arg::number_or_name).collect())),
    }
}
