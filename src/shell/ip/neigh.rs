//! `ip neigh`.

use std::net::IpAddr;

use super::super::args::{Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Global, garbage};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::done::Verb;
use crate::net::namespace::Namespace;
use crate::net::neigh::{Neigh, State};

pub enum Neighbours {}

impl Object for Neighbours {
    const NAME: &'static str = "neigh";
    const VERBS: Verbs = &[
        ("add", &[], "neigh.add"),
        ("change", &["chg"], ""),
        ("replace", &[], "neigh.replace"),
        ("delete", &[], "neigh.del"),
        ("get", &[], "neigh.get"),
        ("show", &["lst"], "neigh.list"),
        ("list", &[], "neigh.list"),
        ("flush", &[], "neigh.flush"),
        ("help", &[], ""),
    ];

    fn change(mut args: Args, _: &Global, function: &str) -> Result<(Option<Expr>, Fields)> {
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
        Ok((Some(dst.expr()), fields))
    }

    fn select(mut args: Args, global: &Global) -> Result<Fields> {
        let (mut fields, mut states) = (Fields::default(), Vec::new());
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
                "all" => {}
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
        Ok(fields)
    }

    fn get(mut args: Args, _: &Global) -> Result<(Option<Expr>, Fields)> {
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
        Ok((Some(dst.expr()), fields))
    }
}

/// `ip neigh VERB DST lladdr LLADDR dev DEV ...`.
pub fn command(ns: &Namespace, verb: Verb, dst: IpAddr, spec: &Neigh) -> Command {
    let proxy = spec.proxy == Some(true);
    let but: &[&str] = if proxy { &["proxy", "state"] } else { &["proxy"] };
    Command::ip(ns, &["neigh", verb.name()]).flag(proxy, "proxy").word(dst).rows(spec, but)
}

/// `ip neigh flush ...`; proxy entries go one by one.
pub fn flush(ns: &Namespace, filter: &Neigh, gone: &[Neigh]) -> Vec<Command> {
    if filter.proxy == Some(true) {
        let of = |n: &Neigh| Neigh { proxy: Some(true), ..Neigh::on(n.dev()) };
        return gone.iter().map(|n| command(ns, Verb::Del, n.ip(), &of(n))).collect();
    }
    let begin = Command::ip_of(ns, filter.family, &["neigh", "flush"]);
    let least = begin.count();
    let mut command = begin.pair("dev", filter.dev.as_ref().map(Field::word)).pair("to", filter.dst);
    for state in filter.state.iter().flat_map(|state| state.names()) {
        command = command.pair("nud", Some(state.to_lowercase()));
    }
    let all = command.count() == least;
    vec![command.flag(all, "all")]
}
