//! `ip xfrm state` and `ip xfrm policy`.

use super::super::act::Space;
use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Done, Global, garbage, translate_object, verb};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::done::Verb;
use crate::net::namespace::Namespace;
use crate::net::xfrm::{Lifetime, Policy, Selector, State, Template};

/// Translates `ip xfrm OBJECT ARGS`.
pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Done> {
    const OBJECTS: [(&str, &[&str]); 3] = [("state", &[]), ("policy", &[]), ("monitor", &[])];
    let Some(word) = args.take() else {
        return Err(Reason::new("ip xfrm: the object is missing: state or policy"));
    };
    match verb("xfrm", &word, OBJECTS.iter().map(|(name, whole)| (*name, *whole)))? {
        "state" => translate_object::<States>(args, space, global),
        "policy" => translate_object::<Policies>(args, space, global),
        other => Err(Reason::beyond(format!("ip xfrm {other} has no binding"))),
    }
}

/// The verb of `ip xfrm` for it.
fn word_of(verb: Verb) -> &'static str {
    match verb {
        Verb::Replace => "update",
        Verb::Del => "delete",
        verb => verb.name(),
    }
}

pub enum States {}

impl Object for States {
    const NAME: &'static str = "xfrm state";
    const VERBS: Verbs = &[
        ("add", &[], "xfrm.state.add"),
        ("update", &[], ""),
        ("allocspi", &[], ""),
        ("delete", &[], "xfrm.state.del"),
        ("deleteall", &["delall"], "xfrm.state.flush"),
        ("list", &["lst"], "xfrm.state.list"),
        ("show", &[], "xfrm.state.list"),
        ("get", &[], "xfrm.state.get"),
        ("flush", &[], "xfrm.state.flush"),
        ("count", &[], ""),
        ("help", &[], ""),
    ];

    fn change(args: Args, _: &Global, _: &str) -> Result<(Option<Expr>, Fields)> {
        Ok((None, state(args)?))
    }

    fn get(args: Args, global: &Global) -> Result<(Option<Expr>, Fields)> {
        Self::change(args, global, "")
    }

    fn select(args: Args, _: &Global) -> Result<Fields> {
        state(args)
    }

    fn flush(args: Args, global: &Global) -> Result<Fields> {
        Self::select(args, global)
    }
}

/// The flags that follow one word.
fn flags<T: Table>(word: &str, args: &mut Args, fields: &mut Fields) -> Result<()> {
    let mut any = false;
    while let Some(next) = args.peek().cloned() {
        if T::row(&format!("{word} {}", next.text())).is_none() {
            break;
        }
        any = fields.phrase::<T>(word, args)?;
    }
    match any {
        true => Ok(()),
        false => {
            let shown = args.peek().map(|arg| arg.shown()).unwrap_or_default();
            Err(Reason::new(format!("argument \"{shown}\" is wrong: unknown flag")))
        }
    }
}

/// A mark, and which bits of it count, as two fields.
fn mark(word: &str, mask: &str, args: &mut Args, fields: &mut Fields) -> Result<()> {
    fields.set(&word.replace('-', "_"), args.value(word)?.integer(word)?);
    if args.skip("mask") {
        fields.set(mask, args.value("mask")?.integer("mask")?);
    }
    Ok(())
}

fn state(mut args: Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        match arg.text() {
            "nokeys" => {}
            "mark" => mark("mark", "mask", &mut args, &mut fields)?,
            "output-mark" => mark("output-mark", "output_mask", &mut args, &mut fields)?,
            "if_id" => fields.set("if_id", args.value("if_id")?.integer("if_id")?),
            "spi" => fields.set("spi", args.value("spi")?.integer("spi")?),
            word @ ("flag" | "extra-flag") => flags::<State>(word, &mut args, &mut fields)?,
            "sel" => {
                let selected = selector(&mut args)?;
                if !selected.is_empty() {
                    fields.set("sel", selected.table());
                }
            }
            word @ ("coa" | "ctx" | "offload" | "dir" | "ptype") => {
                return Err(Reason::beyond(format!("ip xfrm state's {word} has no binding")));
            }
            "limit" if fields.phrase::<Lifetime>("limit", &mut args)? => {}
            word if fields.row::<State>(word, &mut args)? => {}
            _ => return Err(garbage(&arg, &State::keywords())),
        }
    }
    Ok(fields)
}

/// The words of a selector, as many as follow. A prefix of all addresses is as good as none.
fn selector(args: &mut Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(next) = args.peek().cloned() {
        if Selector::row(next.text()).is_none() {
            break;
        }
        args.take();
        selected(next.text(), args, &mut fields)?;
    }
    Ok(fields)
}

fn selected(word: &str, args: &mut Args, fields: &mut Fields) -> Result<bool> {
    match word {
        "src" | "dst" if args.peek().is_some_and(|arg| ["any", "all", "default"].contains(&arg.text())) => {
            drop(args.take());
            Ok(true)
        }
        "proto" => {
            fields.set("proto", args.value("proto")?.number_or_name());
            Ok(true)
        }
        word => fields.row::<Selector>(word, args),
    }
}

pub enum Policies {}

impl Object for Policies {
    const NAME: &'static str = "xfrm policy";
    const VERBS: Verbs = &[
        ("add", &[], "xfrm.policy.add"),
        ("update", &[], "xfrm.policy.replace"),
        ("delete", &[], "xfrm.policy.del"),
        ("deleteall", &["delall"], "xfrm.policy.flush"),
        ("list", &["lst"], "xfrm.policy.list"),
        ("show", &[], "xfrm.policy.list"),
        ("get", &[], "xfrm.policy.get"),
        ("flush", &[], "xfrm.policy.flush"),
        ("count", &[], ""),
        ("set", &[], ""),
        ("setdefault", &[], ""),
        ("getdefault", &[], ""),
        ("help", &[], ""),
    ];

    fn change(args: Args, global: &Global, _: &str) -> Result<(Option<Expr>, Fields)> {
        let mut fields = policy(args)?;
        if global.family == Some("inet6") && !fields.has("src") && !fields.has("dst") {
            global.set_family(&mut fields);
        }
        Ok((None, fields))
    }

    fn get(args: Args, global: &Global) -> Result<(Option<Expr>, Fields)> {
        Self::change(args, global, "")
    }

    fn select(args: Args, _: &Global) -> Result<Fields> {
        policy(args)
    }

    fn flush(args: Args, global: &Global) -> Result<Fields> {
        Self::select(args, global)
    }
}

fn policy(mut args: Args) -> Result<Fields> {
    let (mut fields, mut templates) = (Fields::default(), Vec::new());
    while let Some(arg) = args.take() {
        match arg.text() {
            "nosock" => {}
            "mark" => mark("mark", "mask", &mut args, &mut fields)?,
            "if_id" => fields.set("if_id", args.value("if_id")?.integer("if_id")?),
            "flag" => flags::<Policy>("flag", &mut args, &mut fields)?,
            "tmpl" => templates.push(template(&mut args)?.table()),
            "ptype" if args.skip("main") => {}
            word @ ("ctx" | "ptype" | "offload") => {
                return Err(Reason::beyond(format!("ip xfrm policy's {word} has no binding")));
            }
            "limit" if fields.phrase::<Lifetime>("limit", &mut args)? => {}
            word if selected(word, &mut args, &mut fields)? => {}
            word if fields.row::<Policy>(word, &mut args)? => {}
            _ => {
                let known = [Selector::keywords(), Policy::keywords(), vec!["tmpl"]].concat();
                return Err(garbage(&arg, &known));
            }
        }
    }
    match templates.len() {
        0 => {}
        1 => fields.set("tmpl", templates.remove(0)),
        _ => fields.set("tmpl", Expr::List(templates)),
    }
    Ok(fields)
}

fn template(args: &mut Args) -> Result<Fields> {
    let mut fields = Fields::default();
    while let Some(next) = args.peek().cloned() {
        if Template::row(next.text()).is_none() {
            break;
        }
        args.take();
        match next.text() {
            "spi" => fields.set("spi", args.value("spi")?.integer("spi")?),
            word => drop(fields.row::<Template>(word, args)?),
        }
    }
    Ok(fields)
}

/// `ip xfrm state VERB ...`, with the key in it, as `ip` needs it.
pub fn state_command(ns: &Namespace, verb: Verb, state: &State) -> Command {
    let words = ["output_mark", "output_mask"];
    let mask = state.output_mask.map(|mask| format!("mask {}", mask.word()));
    let sel = Some(&state.sel).filter(|sel| **sel != Selector::default());
    let command = Command::ip(ns, &["xfrm", "state", word_of(verb)])
        .rows(state, &words)
        .pair("output-mark", state.output_mark.map(|mark| mark.word()))
        .phrase(mask)
        .rows(&state.life, &[]);
    match sel {
        Some(sel) => command.words(&["sel"]).rows(&sel.whole(state.family()), &[]),
        None => command,
    }
}

/// `ip xfrm policy VERB ...`.
pub fn policy_command(ns: &Namespace, verb: Verb, policy: &Policy) -> Command {
    let command = Command::ip(ns, &["xfrm", "policy", word_of(verb)]);
    let command = match policy.index {
        // Deleted by its number.
        Some(_) if verb == Verb::Del => command,
        _ => command.rows(&policy.sel.whole(Some(policy.family())), &[]),
    };
    policy.templates.iter().fold(command.rows(policy, &[]).rows(&policy.life, &[]), |command, template| {
        command.words(&["tmpl"]).rows(template, &[])
    })
}
