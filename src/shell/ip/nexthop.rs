//! `ip nexthop`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result};
use super::route::way;
use super::{Global, garbage, verb};
use crate::model::Table;
use crate::net::nexthop::Nexthop;

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let Some(word) = args.take() else { return list(args, space, global) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("add", &[]),
        ("replace", &[]),
        ("delete", &[]),
        ("list", &["lst"]),
        ("show", &[]),
        ("get", &[]),
        ("flush", &[]),
        ("bucket", &[]),
        ("help", &[]),
    ];
    match verb("nexthop", &word, verbs)? {
        "list" | "show" => list(args, space, global),
        "add" => change(args, space, global, "nexthop.add"),
        "replace" => change(args, space, global, "nexthop.replace"),
        "delete" => change(args, space, global, "nexthop.del"),
        "get" => {
            let (fields, id) = of_id(args, global)?;
            Ok(vec![global.show(space, "nexthop.get", fields.after([id]))])
        }
        "flush" => Ok(vec![Act::Do(Call::new(space, "nexthop.flush", fields(args)?.after([])))]),
        other => Err(Reason::beyond(format!("ip nexthop {other} has no binding"))),
    }
}

fn fields(mut args: Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        let word = arg.text().to_owned();
        if !way(&word, &mut args, &mut fields)? && !fields.row::<Nexthop>(&word, &mut args)? {
            return Err(garbage(&arg, &Nexthop::keywords()));
        }
    }
    Ok(fields)
}

/// The options, and the id that comes before them.
fn of_id(args: Args, global: &Global) -> Result<(Fields, super::super::lua::Expr)> {
    let mut fields = fields(args)?;
    let id = fields.take("id").ok_or_else(|| Reason::beyond("a nexthop without an id has no binding"))?;
    if global.family == Some("inet6") && !fields.is_empty() && !fields.has("via") && !fields.has("group") {
        global.set_family(&mut fields);
    }
    Ok((fields, id))
}

fn change(args: Args, space: &Space, global: &Global, function: &'static str) -> Result<Vec<Act>> {
    let (fields, id) = of_id(args, global)?;
    Ok(vec![Act::Do(Call::new(space, function, fields.after([id])))])
}

fn list(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    Ok(vec![global.show(space, "nexthop.list", fields(args)?.after([]))])
}
