//! `ip mptcp endpoint` and `ip mptcp limits`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Done, Global, garbage, translate_object, verb};
use crate::base::command::Command;
use crate::model::Table;
use crate::net::done::Verb;
use crate::net::mptcp::{Endpoint, Limits};
use crate::net::namespace::Namespace;

/// Translates `ip mptcp OBJECT ARGS`.
pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Done> {
    const OBJECTS: [(&str, &[&str]); 3] = [("endpoint", &[]), ("limits", &[]), ("monitor", &[])];
    let Some(word) = args.take() else {
        return translate_object::<Endpoints>(args, space, global);
    };
    match verb("mptcp", &word, OBJECTS.iter().map(|(name, whole)| (*name, *whole)))? {
        "endpoint" => translate_object::<Endpoints>(args, space, global),
        "limits" => limits(args, space, global).map(Done::from),
        other => Err(Reason::beyond(format!("ip mptcp {other} has no binding"))),
    }
}

pub enum Endpoints {}

impl Object for Endpoints {
    const NAME: &'static str = "mptcp endpoint";
    const VERBS: Verbs = &[
        ("add", &[], "mptcp.add"),
        ("change", &[], "mptcp.set"),
        ("delete", &[], "mptcp.del"),
        ("show", &[], "mptcp.list"),
        ("flush", &[], "mptcp.flush"),
        ("help", &[], ""),
    ];

    fn change(args: Args, _: &Global, function: &str) -> Result<(Option<Expr>, Fields)> {
        let mut fields = fields(args)?;
        if function == "mptcp.add" {
            let address = fields.take("address").ok_or_else(|| Reason::new("need address"))?;
            return Ok((Some(address), fields));
        }
        fields.take("address");
        let id = fields.take("id").ok_or_else(|| {
            Reason::beyond("ip mptcp endpoint: an endpoint that is named by its address alone has no binding")
        })?;
        Ok((Some(id), fields))
    }

    fn select(args: Args, _: &Global) -> Result<Fields> {
        fields(args)
    }

    fn flush(args: Args, _: &Global) -> Result<Fields> {
        fields(args)
    }
}

fn fields(mut args: Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        match arg.text() {
            word @ ("nobackup" | "nofullmesh") => fields.set(&word[2..], Expr::Code("false".to_owned())),
            word if fields.row::<Endpoint>(word, &mut args)? => {}
            _ if !fields.has("address") => fields.set("address", arg.expr()),
            _ => return Err(garbage(&arg, &Endpoint::keywords())),
        }
    }
    Ok(fields)
}

fn limits(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    const VERBS: [(&str, &[&str]); 2] = [("set", &[]), ("show", &[])];
    let name = match args.take() {
        Some(word) => verb("mptcp limits", &word, VERBS.iter().map(|(name, whole)| (*name, *whole)))?,
        None => "show",
    };
    if name == "show" {
        return Ok(vec![global.show(space, "mptcp.limits", Vec::new())]);
    }
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        if !fields.row::<Limits>(arg.text(), &mut args)? {
            return Err(garbage(&arg, &Limits::keywords()));
        }
    }
    Ok(vec![Act::Do(Call::new(space, "mptcp.set_limits", fields.after([])))])
}

/// `ip mptcp endpoint VERB ...`.
pub fn command(ns: &Namespace, verb: Verb, endpoint: &Endpoint) -> Command {
    if verb != Verb::Replace {
        let word = if verb == Verb::Add { "add" } else { "delete" };
        let command = Command::ip(ns, &["mptcp", "endpoint", word]);
        return endpoint.address.into_iter().fold(command, Command::word).rows(endpoint, &[]);
    }
    let flags = [("backup", endpoint.backup), ("fullmesh", endpoint.fullmesh)];
    let command = Command::ip(ns, &["mptcp", "endpoint", "change"]);
    let command = command.pair("id", endpoint.id.map(|id| id.0));
    flags.into_iter().fold(command, |command, (word, on)| match on {
        Some(true) => command.words(&[word]),
        Some(false) => command.words(&[&format!("no{word}")]),
        None => command,
    })
}

/// `ip mptcp limits set ...`.
pub fn limits_command(ns: &Namespace, limits: &Limits) -> Command {
    Command::ip(ns, &["mptcp", "limits", "set"]).rows(limits, &[])
}
