//! `ip mroute`, which only shows; routes are added by the program smcroutectl.

use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Global, garbage};
use crate::base::command::Command;
use crate::net::done::Verb;
use crate::net::mroute::Mroute;
use crate::net::namespace::Namespace;

pub enum Routes {}

impl Object for Routes {
    const NAME: &'static str = "mroute";
    const VERBS: Verbs =
        &[("list", &["lst"], "mroute.list"), ("show", &[], "mroute.list"), ("help", &[], "")];

    fn change(_: Args, _: &Global, _: &str) -> Result<(Option<Expr>, Fields)> {
        Err(Reason::new("ip mroute has no such command"))
    }

    fn select(mut args: Args, _: &Global) -> Result<Fields> {
        let mut fields = Fields::default();
        while let Some(arg) = args.take() {
            match arg.text() {
                word @ ("from" | "iif") => fields.set(word, args.value(word)?.expr()),
                "to" => fields.set("group", args.value("to")?.expr()),
                _ if !fields.has("group") => fields.set("group", arg.expr()),
                _ => return Err(garbage(&arg, &["from", "iif", "to"])),
            }
        }
        Ok(fields)
    }
}

/// `smcroutectl VERB IIF FROM GROUP OIFS...`, of the daemon that runs in the namespace.
pub fn command(ns: &Namespace, verb: Verb, route: &Mroute) -> Command {
    let verb = if verb == Verb::Del { "remove" } else { "add" };
    let command = Command::new(&["smcroutectl", verb])
        .phrase(route.iif.as_ref().map(|iif| iif.0.clone()))
        .phrase(route.from.map(|from| from.to_string()))
        .phrase(route.group.map(|group| group.to_string()));
    let oifs = route.oifs.iter().flat_map(|links| &links.0).filter(|_| verb == "add");
    oifs.fold(command, |command, name| command.word(name)).within(ns)
}
