//! `ip nexthop`.

use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::route::way;
use super::{Global, garbage};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::done::Verb;
use crate::net::namespace::Namespace;
use crate::net::nexthop::Nexthop;
use crate::net::prefix::Family;

pub enum Nexthops {}

impl Object for Nexthops {
    const NAME: &'static str = "nexthop";
    const VERBS: Verbs = &[
        ("add", &[], "nexthop.add"),
        ("replace", &[], "nexthop.replace"),
        ("delete", &[], "nexthop.del"),
        ("list", &["lst"], "nexthop.list"),
        ("show", &[], "nexthop.list"),
        ("get", &[], "nexthop.get"),
        ("flush", &[], "nexthop.flush"),
        ("bucket", &[], ""),
        ("help", &[], ""),
    ];

    fn change(args: Args, global: &Global, _: &str) -> Result<(Option<Expr>, Fields)> {
        of_id(args, global)
    }

    fn get(args: Args, global: &Global) -> Result<(Option<Expr>, Fields)> {
        of_id(args, global)
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
        let word = arg.text().to_owned();
        if !way(&word, &mut args, &mut fields)? && !fields.row::<Nexthop>(&word, &mut args)? {
            return Err(garbage(&arg, &Nexthop::keywords()));
        }
    }
    Ok(fields)
}

/// The id, and the options.
fn of_id(args: Args, global: &Global) -> Result<(Option<Expr>, Fields)> {
    let mut fields = fields(args)?;
    let id = fields.take("id").ok_or_else(|| Reason::beyond("a nexthop without an id has no binding"))?;
    if global.family == Some("inet6") && !fields.is_empty() && !fields.has("via") && !fields.has("group") {
        global.set_family(&mut fields);
    }
    Ok((Some(id), fields))
}

/// `ip nexthop VERB id ID ...`.
pub fn command(ns: &Namespace, verb: Verb, nexthop: &Nexthop) -> Command {
    let family = nexthop.family.filter(|family| nexthop.via.is_none() && *family == Family::Inet6);
    let encap = nexthop.encap.as_ref().map(|encap| format!("encap {}", encap.word()));
    Command::ip_of(ns, family, &["nexthop", verb.name()]).rows(nexthop, &["encap"]).phrase(encap)
}
