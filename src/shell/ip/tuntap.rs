//! `ip tuntap`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::{Global, garbage, verb};
use crate::base::command::Command;
use crate::model::Table;
use crate::net::namespace::Namespace;
use crate::net::tun::Tuntap;

const VERBS: &[(&str, &[&str])] = &[("add", &[]), ("delete", &[]), ("show", &["lst", "list"]), ("help", &[])];

/// Translates `ip tuntap ARGS`.
pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let name = match args.take() {
        Some(word) => verb("tuntap", &word, VERBS.iter().copied())?,
        None => "show",
    };
    let fields = fields(args)?;
    if name == "show" && fields.is_empty() {
        let kind = Expr::Table(vec![("kind".to_owned(), Expr::text("tun"))]);
        return Ok(vec![global.show(space, "link.list", vec![kind])]);
    }
    let mut fields = match name {
        "add" | "delete" => fields,
        _ => return Err(Reason::beyond(format!("ip tuntap {name} has no binding"))),
    };
    if !fields.has("mode") {
        return Err(Reason::new("You failed to specify a tunnel mode"));
    }
    let dev = fields
        .take("dev")
        .ok_or_else(|| Reason::beyond("a tap whose name the kernel chooses has no binding"))?;
    let call = match name {
        "add" => Call::new(space, "tun.add", fields.after([dev])),
        _ => Call::new(space, "tun.del", vec![dev]),
    };
    Ok(vec![Act::Do(call)])
}

fn fields(mut args: Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        match arg.text() {
            // It has had no effect for long.
            "one_queue" => {}
            "name" => fields.set("dev", args.value("name")?.expr()),
            word if fields.row::<Tuntap>(word, &mut args)? => {}
            _ if !fields.has("dev") => fields.set("dev", arg.expr()),
            _ => return Err(garbage(&arg, &Tuntap::keywords())),
        }
    }
    Ok(fields)
}

/// `ip tuntap VERB dev NAME mode MODE ...`.
pub fn command(ns: &Namespace, added: bool, made: &Tuntap) -> Command {
    match added {
        true => Command::ip(ns, &["tuntap", "add"]).rows(made, &[]),
        false => {
            // `ip` finds it by these alone.
            let but = ["owner", "group", "pi", "vnet_hdr"];
            Command::ip(ns, &["tuntap", "del"]).rows(made, &but)
        }
    }
}
