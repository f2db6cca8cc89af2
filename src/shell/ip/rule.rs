//! `ip rule`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::{Global, verb};
use crate::model::Table;
use crate::net::rule::Rule;

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let Some(word) = args.take() else { return show(args, space, global) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("list", &["lst"]),
        ("show", &[]),
        ("save", &[]),
        ("restore", &[]),
        ("add", &[]),
        ("delete", &[]),
        ("flush", &[]),
        ("help", &[]),
    ];
    match verb("rule", &word, verbs)? {
        "list" | "show" => show(args, space, global),
        "add" => change(args, space, global, "rule.add"),
        "delete" if args.is_empty() => Err(Reason::new("\"ip rule del\" requires arguments")),
        "delete" => change(args, space, global, "rule.del"),
        "flush" if args.is_empty() => {
            let family = vec![("family".to_owned(), Expr::text(global.family.unwrap_or("inet")))];
            Ok(vec![Act::Do(Call::new(space, "rule.flush", vec![Expr::Table(family)]))])
        }
        other => Err(Reason::beyond(format!("ip rule {other} has no binding"))),
    }
}

const TYPES: &[&str] = &["blackhole", "unreachable", "prohibit", "nop"];

fn fields(mut args: Args, global: &Global) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        match option.as_str() {
            "fwmark" => {
                let mark = args.value("fwmark")?;
                match mark.known.as_deref().and_then(|m| m.split_once('/')) {
                    Some((mark, mask)) => {
                        fields.set("fwmark", Arg::of(mark).integer("fwmark")?);
                        fields.set("fwmask", Arg::of(mask).integer("fwmark")?);
                    }
                    None => fields.set("fwmark", mark.integer("fwmark")?),
                }
            }
            "realms" | "nat" | "map-to" | "tun_id" => {
                return Err(Reason::beyond(format!("ip rule's {option} has no binding")));
            }
            word if TYPES.contains(&word) => fields.set("type", Expr::text(word)),
            word => {
                let word = if word.len() > 3 && abbreviates(word, "protocol") { "protocol" } else { word };
                if !fields.row::<Rule>(word, &mut args)? {
                    let shown = arg.shown();
                    return Err(Reason::new(format!("Failed to parse rule type \"{shown}\""))
                        .near(&shown, Rule::keywords().into_iter().chain(TYPES.iter().copied())));
                }
            }
        }
    }
    let six =
        |fields: &Fields| fields.0.iter().any(|(n, v)| (n == "from" || n == "to") && v.flat().contains(':'));
    if global.family == Some("inet6") && !six(&fields) {
        global.set_family(&mut fields);
    }
    Ok(fields)
}

fn change(args: Args, space: &Space, global: &Global, function: &'static str) -> Result<Vec<Act>> {
    Ok(vec![Act::Do(Call::new(space, function, fields(args, global)?.after([])))])
}

/// `ip rule` is about IPv4 unless told otherwise.
fn show(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let mut fields = fields(args, global)?;
    if !fields.has("family") {
        fields.set("family", Expr::text(global.family.unwrap_or("inet")));
    }
    Ok(vec![global.show(space, "rule.list", fields.after([]))])
}
