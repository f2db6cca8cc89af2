//! `ip -f mpls route`.

use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::route::gateway;
use super::{Global, garbage};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::done::Verb;
use crate::net::mpls::{Hop, Mpls, way};
use crate::net::namespace::Namespace;

pub enum Labels {}

impl Object for Labels {
    const NAME: &'static str = "-f mpls route";
    const VERBS: Verbs = &[
        ("list", &["lst"], "mpls.list"),
        ("show", &[], "mpls.list"),
        ("get", &[], ""),
        ("add", &[], "mpls.add"),
        ("change", &["chg"], ""),
        ("replace", &[], "mpls.replace"),
        ("prepend", &[], ""),
        ("append", &[], ""),
        ("test", &[], ""),
        ("delete", &[], "mpls.del"),
        ("flush", &[], "mpls.flush"),
        ("save", &[], ""),
        ("restore", &[], ""),
        ("showdump", &[], ""),
        ("help", &[], ""),
    ];

    fn change(args: Args, _: &Global, function: &str) -> Result<(Option<Expr>, Fields)> {
        let mut fields = fields(args)?;
        let missing = || Reason::new("Not enough information: the label is missing");
        let label = fields.take("label").ok_or_else(missing)?;
        // The label alone says which route is deleted.
        let fields = if function == "mpls.del" { Fields::default() } else { fields };
        Ok((Some(label), fields))
    }

    fn select(args: Args, _: &Global) -> Result<Fields> {
        fields(args)
    }
}

fn fields(mut args: Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        match arg.text() {
            "nexthop" => fields.set("nexthops", nexthops(&mut args)?),
            "unicast" => {}
            "to" if !fields.has("label") => fields.set("label", args.value("to")?.integer("to")?),
            word if step(word, &mut args, &mut fields)? => {}
            word if fields.row::<Mpls>(word, &mut args)? => {}
            _ if !fields.has("label") => fields.set("label", arg.integer("the label")?),
            _ => return Err(garbage(&arg, &Mpls::keywords())),
        }
    }
    Ok(fields)
}

/// `as to LABELS` and `via inet ADDRESS`, which are not words with one value.
fn step(word: &str, args: &mut Args, fields: &mut Fields) -> Result<bool> {
    match word {
        "as" => {
            args.skip("to");
            fields.set("as", args.value("as")?.expr());
        }
        "via" => fields.set("via", gateway(args)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// All that follows the first `nexthop`.
fn nexthops(args: &mut Args) -> Result<Expr> {
    let (mut hops, mut hop) = (Vec::new(), Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "nexthop" => hops.push(std::mem::take(&mut hop).table()),
            word if step(word, args, &mut hop)? || hop.row::<Hop>(word, args)? => {}
            _ => return Err(garbage(&arg, &Hop::keywords())),
        }
    }
    hops.push(hop.table());
    Ok(Expr::List(hops))
}

/// `ip -f mpls route VERB LABEL ...`.
pub fn command(ns: &Namespace, verb: Verb, route: &Mpls) -> Command {
    let command = Command::ip(ns, &["-f", "mpls", "route", verb.name()])
        .phrase(route.label.map(|label| label.word()))
        .phrase(Some(way("as", route.out.as_ref(), route.via, route.dev.as_ref())))
        .rows(route, &["as", "via", "dev"]);
    route.nexthops.iter().fold(command, |command, hop| {
        let way = way("as", hop.out.as_ref(), hop.via, hop.dev.as_ref());
        command.words(&["nexthop"]).phrase(Some(way))
    })
}
