//! `ip neigh`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::{Global, garbage, verb};
use crate::model::{Field, Table};
use crate::net::neigh::{Neigh, State};

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let Some(word) = args.take() else { return show(args, space, global) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("add", &[]),
        ("change", &["chg"]),
        ("replace", &[]),
        ("delete", &[]),
        ("get", &[]),
        ("show", &["lst"]),
        ("list", &[]),
        ("flush", &[]),
        ("help", &[]),
    ];
    match verb("neigh", &word, verbs)? {
        "add" => change(args, space, "neigh.add"),
        "replace" => change(args, space, "neigh.replace"),
        "delete" => change(args, space, "neigh.del"),
        "get" => get(args, space, global),
        "show" | "list" => show(args, space, global),
        "flush" => flush(args, space, global),
        other => Err(Reason::beyond(format!("ip neigh {other} has no binding"))),
    }
}

fn change(mut args: Args, space: &Space, function: &'static str) -> Result<Vec<Act>> {
    let (mut dst, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        match option.as_str() {
            "proxy" => {
                fields.flag("proxy");
                dst = Some(args.value("proxy")?);
            }
            "managed" | "extern_learn" | "use" => {
                return Err(Reason::beyond(format!("{option} has no binding")));
            }
            "to" if dst.is_none() => dst = Some(args.value("to")?),
            o => {
                let word = if o.len() > 2 && abbreviates(o, "protocol") { "protocol" } else { o };
                match fields.row::<Neigh>(word, &mut args)? {
                    true => {}
                    false if dst.is_none() => dst = Some(arg),
                    false => return Err(garbage(&arg, &Neigh::keywords())),
                }
            }
        }
    }
    let dst = dst.ok_or_else(|| Reason::new("Device and destination are required arguments"))?;
    if !fields.has("dev") {
        return Err(Reason::new("Device and destination are required arguments"));
    }
    if function == "neigh.del" {
        fields.0.retain(|(name, _)| name == "dev" || name == "proxy");
    }
    Ok(vec![Act::Do(Call::new(space, function, fields.after([dst.expr()])))])
}

fn get(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let (mut dst, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => fields.set("dev", args.value("dev")?.expr()),
            "proxy" => return Err(Reason::beyond("proxy has no binding")),
            "to" => dst = Some(args.value("to")?),
            _ if dst.is_none() => dst = Some(arg),
            _ => return Err(garbage(&arg, &["dev", "to"])),
        }
    }
    let dst = dst.ok_or_else(|| Reason::new("Device and address are required arguments"))?;
    if !fields.has("dev") {
        return Err(Reason::new("Device and address are required arguments"));
    }
    Ok(vec![global.show(space, "neigh.get", fields.after([dst.expr()]))])
}

fn selection(mut args: Args, global: &Global) -> Result<(Fields, bool)> {
    let (mut fields, mut states, mut all) = (Fields::default(), Vec::new(), false);
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => fields.set("dev", args.value("dev")?.expr()),
            "nud" => match args.value("nud")? {
                state if state.is("all") => {
                    states.extend(State::NAMES.map(|(state, _)| Expr::text(state.word())))
                }
                state => states.push(state.expr()),
            },
            "proxy" => fields.flag("proxy"),
            "all" => all = true,
            "to" => fields.set("dst", args.value("to")?.expr()),
            option @ ("unused" | "vrf" | "master" | "nomaster") => {
                return Err(Reason::beyond(format!("{option} has no binding")));
            }
            _ if !fields.has("dst") => fields.set("dst", arg.expr()),
            _ => return Err(garbage(&arg, &Neigh::keywords())),
        }
    }
    match states.len() {
        0 => {}
        1 => states.into_iter().for_each(|state| fields.set("state", state)),
        _ => fields.set("state", Expr::List(states)),
    }
    global.set_family(&mut fields);
    Ok((fields, all))
}

fn show(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let (fields, _) = selection(args, global)?;
    Ok(vec![global.show(space, "neigh.list", fields.after([]))])
}

fn flush(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let (fields, all) = selection(args, global)?;
    if fields.is_empty() && !all {
        return Err(Reason::new("Flush requires arguments"));
    }
    Ok(vec![Act::Do(Call::new(space, "neigh.flush", fields.after([])))])
}
