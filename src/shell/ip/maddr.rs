//! `ip maddress`.

use super::super::args::{Args, Fields, Reason, Result};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Global, garbage};
use crate::base::command::Command;
use crate::model::Words;
use crate::net::done::Verb;
use crate::net::fields::HardwareAddress;
use crate::net::namespace::Namespace;

pub enum Groups {}

impl Object for Groups {
    const NAME: &'static str = "maddress";
    const VERBS: Verbs = &[
        ("add", &[], "maddr.add"),
        ("delete", &[], "maddr.del"),
        ("list", &["show", "lst"], "maddr.list"),
        ("show", &[], "maddr.list"),
        ("help", &[], ""),
    ];

    fn change(args: Args, _: &Global, _: &str) -> Result<(Option<Expr>, Fields)> {
        let (group, fields) = words(args)?;
        match group {
            Some(group) if fields.has("dev") => Ok((Some(group), fields)),
            _ => Err(Reason::new("Device and address are required arguments")),
        }
    }

    fn select(args: Args, global: &Global) -> Result<Fields> {
        let (dev, mut fields) = words(args)?;
        if let Some(dev) = dev {
            fields.set("dev", dev);
        }
        global.set_family(&mut fields);
        Ok(fields)
    }
}

/// What stands without a word, and the link.
fn words(mut args: Args) -> Result<(Option<Expr>, Fields)> {
    let (mut alone, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => fields.set("dev", args.value("dev")?.expr()),
            "address" => alone = Some(args.value("address")?.expr()),
            _ if alone.is_none() => alone = Some(arg.expr()),
            _ => return Err(garbage(&arg, &["dev", "address"])),
        }
    }
    Ok((alone, fields))
}

/// `ip maddress VERB MAC dev DEV`.
pub fn command(ns: &Namespace, verb: Verb, mac: &HardwareAddress, dev: &str) -> Command {
    Command::ip(ns, &["maddress", verb.name()]).word(mac).pair("dev", Some(dev))
}
