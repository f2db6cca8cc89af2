//! `ip rule`.

use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::Global;
use super::object::{Object, Verbs};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::done::Verb;
use crate::net::fields::TableId;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::TABLE_MAIN;
use crate::net::rule::{Action, Rule};

pub enum Rules {}

impl Object for Rules {
    const NAME: &'static str = "rule";
    const VERBS: Verbs = &[
        ("list", &["lst"], "rule.list"),
        ("show", &[], "rule.list"),
        ("save", &[], ""),
        ("restore", &[], ""),
        ("add", &[], "rule.add"),
        ("delete", &[], "rule.del"),
        ("flush", &[], "rule.flush"),
        ("help", &[], ""),
    ];

    fn change(args: Args, global: &Global, function: &str) -> Result<(Option<Expr>, Fields)> {
        if function == "rule.del" && args.is_empty() {
            return Err(Reason::new("\"ip rule del\" requires arguments"));
        }
        Ok((None, fields(args, global)?))
    }

    /// `ip rule` is about IPv4 unless told otherwise.
    fn select(args: Args, global: &Global) -> Result<Fields> {
        let mut fields = fields(args, global)?;
        if !fields.has("family") {
            fields.set("family", Expr::text(global.family.unwrap_or("inet")));
        }
        Ok(fields)
    }

    fn flush(args: Args, global: &Global) -> Result<Fields> {
        match args.is_empty() {
            true => Self::select(args, global),
            false => Err(Reason::beyond("ip rule flush has no binding")),
        }
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

/// `ip rule VERB ...`; `family` is the one that it is of in the end.
pub fn command(ns: &Namespace, verb: Verb, rule: &Rule, family: Family) -> Command {
    let mut rule = rule.clone();
    let plain = rule.action() == Action::Lookup && rule.l3mdev != Some(true);
    if plain && verb == Verb::Add {
        // Without it `ip` takes the main table, but who reads may not know.
        rule.table.get_or_insert(TableId(TABLE_MAIN));
    }
    let mask = rule.fwmask.map(|mask| format!("/{}", mask.word())).unwrap_or_default();
    let six = Some(family).filter(|family| *family == Family::Inet6);
    let command = Command::ip_of(ns, six, &["rule", verb.name()])
        .rows(&rule, &["fwmark", "type"])
        .pair("fwmark", rule.fwmark.map(|mark| format!("{}{mask}", mark.word())));
    match rule.action() {
        Action::Lookup | Action::Goto => command,
        other => command.word(other.name()),
    }
}
