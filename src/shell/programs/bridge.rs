//! `bridge` and the older `brctl`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use crate::base::command::Command;
use crate::model::{Table, Words};
use crate::net::bridge::fdb::{Entry, Life};
use crate::net::bridge::mdb;
use crate::net::bridge::vlan::global::Global;
use crate::net::bridge::vlan::{Vids, Vlan};
use crate::net::done::Verb;
use crate::net::link::Port;
use crate::net::namespace::Namespace;

/// Translates `bridge ARGS`.
pub fn translate(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let mut space = space.clone();
    while let Some(option) = args.peek().and_then(|a| a.known.clone()).filter(|a| a.starts_with('-')) {
        args.take();
        match option.trim_start_matches('-') {
            "n" | "netns" => space = Space::Named(args.value("bridge -n")?),
            "d" | "details" | "s" | "statistics" | "o" | "p" | "c" | "color" | "br" => {}
            other => return Err(Reason::beyond(format!("bridge -{other} has no binding"))),
        }
    }
    let object = args.value("bridge's object")?;
    let word = object.text().to_owned();
    match word.as_str() {
        word if abbreviates(word, "link") => link(args, &space),
        word if abbreviates(word, "fdb") => fdb(args, &space),
        word if abbreviates(word, "vlan") => vlan(args, &space),
        word if abbreviates(word, "mdb") => mdb(args, &space),
        word if abbreviates(word, "monitor") => Err(Reason::beyond(format!("bridge {word} has no binding"))),
        word => Err(Reason::new(format!("Object \"{}\" is unknown, try \"bridge help\"", object.shown()))
            .near(word, ["link", "fdb", "vlan", "mdb", "monitor"])),
    }
}

fn link(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let verb = args.take();
    let verb = verb.as_ref().map_or("show", |v| v.text());
    if abbreviates(verb, "show") || verb == "list" || verb == "lst" {
        return Err(Reason::beyond("bridge link show has no binding"));
    }
    if !abbreviates(verb, "set") {
        return Err(Reason::new(format!("Command \"{verb}\" is unknown, try \"bridge link help\""))
            .near(verb, ["set", "show"]));
    }
    let (mut name, mut own) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" => name = Some(args.value("dev")?),
            "master" => {}
            "self" => return Err(Reason::beyond("bridge link set self has no binding")),
            _ if own.row::<Port>(arg.text(), &mut args)? => {}
            _ if name.is_none() => name = Some(arg),
            _ => {
                return Err(Reason::new(format!("bridge link set: unknown option \"{}\"", arg.shown()))
                    .near(arg.text(), Port::keywords()));
            }
        }
    }
    let name = name.ok_or_else(|| Reason::new("Device is a required argument"))?;
    Ok(vec![Act::Do(Call::new(space, "bridge.set_port", own.after([name.expr()])))])
}

fn fdb(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let verb = args.take();
    let verb = verb.as_ref().map_or("show", |v| v.text());
    let function = match verb {
        v if abbreviates(v, "add") => "fdb.add",
        v if abbreviates(v, "replace") => "fdb.replace",
        v if abbreviates(v, "delete") => "fdb.del",
        v if abbreviates(v, "show") || v == "list" || v == "lst" => return show(args, space),
        v if abbreviates(v, "flush") => {
            let dev = match (args.take(), args.take(), args.is_empty()) {
                (Some(word), Some(dev), true) if word.is("dev") => dev,
                (Some(dev), None, true) => dev,
                _ => return Err(Reason::beyond("bridge fdb flush with a choice has no binding")),
            };
            return Ok(vec![Act::Do(Call::new(space, "fdb.flush", vec![dev.expr()]))]);
        }
        v if abbreviates(v, "append") => "fdb.append",
        v if abbreviates(v, "get") => {
            return Err(Reason::beyond(format!("bridge fdb {v} has no binding")));
        }
        v => {
            return Err(Reason::new(format!("Command \"{v}\" is unknown, try \"bridge fdb help\""))
                .near(v, ["add", "append", "replace", "delete", "show", "flush", "get"]));
        }
    };
    let (mut mac, mut fields, mut master, mut own) = (None, Fields::default(), false, false);
    while let Some(arg) = args.take() {
        let word = arg.text().to_owned();
        match word.as_str() {
            "master" => master = true,
            "self" => own = true,
            "local" | "permanent" | "static" | "dynamic" => fields.set("type", Expr::text(word)),
            "temp" => fields.set("type", Expr::text("static")),
            "via" | "src_vni" | "router" | "use" | "nhid" => {
                return Err(Reason::beyond(format!("bridge fdb's {word} has no binding")));
            }
            word => match fields.row::<Entry>(word, &mut args)? {
                true => {}
                false if mac.is_none() => mac = Some(arg),
                false => {
                    let lives = Life::WORDS.iter().map(|(name, _)| *name);
                    return Err(Reason::new(format!("bridge fdb: unknown option \"{}\"", arg.shown()))
                        .near(word, Entry::keywords().into_iter().chain(lives)));
                }
            },
        }
    }
    let mac = mac.ok_or_else(|| Reason::new("Device and address are required arguments"))?;
    if !fields.has("dev") {
        return Err(Reason::new("Device and address are required arguments"));
    }
    if function == "fdb.del" {
        fields.take("type");
    } else if !fields.has("type") {
        // What bridge(8) adds unless told otherwise.
        fields.set("type", Expr::text("permanent"));
    }
    match (master, own) {
        (true, true) => return Err(Reason::beyond("both master and self have no binding")),
        (true, false) => fields.set("master", Expr::code("true")),
        (false, _) => fields.set("master", Expr::code("false")),
    }
    Ok(vec![Act::Do(Call::new(space, function, fields.after([mac.expr()])))])
}

fn show(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        match arg.text() {
            "dev" | "br" | "brport" => fields.set("dev", args.value("dev")?.expr()),
            "vlan" => fields.set("vlan", args.value("vlan")?.integer("vlan")?),
            "dynamic" => fields.set("type", Expr::text("dynamic")),
            word @ ("state" | "self" | "master") => {
                return Err(Reason::beyond(format!("bridge fdb show {word} has no binding")));
            }
            _ if !fields.has("dev") => fields.set("dev", arg.expr()),
            _ => return Err(Reason::new(format!("bridge fdb show: unknown option \"{}\"", arg.shown()))),
        }
    }
    Ok(vec![Act::Show(Call::new(space, "fdb.list", fields.after([])))])
}

/// `bridge fdb VERB MAC dev DEV ...`.
pub fn command(ns: &Namespace, verb: Verb, entry: &Entry) -> Command {
    let deleted = verb == Verb::Del;
    let but: &[&str] = match deleted {
        true => &["dev", "master", "self", "sticky", "extern_learn"],
        false => &["dev", "master", "self"],
    };
    let command = Command::bridge(ns, &["fdb", verb.name()]);
    let command =
        entry.mac.iter().fold(command, |command, mac| command.word(mac)).pair("dev", Some(entry.dev()));
    let command = command.flag(true, if entry.master == Some(true) { "master" } else { "self" });
    let life = entry.life.filter(|_| !deleted);
    life.iter().fold(command, |command, life| command.flag(true, life.keyword())).rows(entry, but)
}

fn mdb(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let verb = args.take();
    let verb = verb.as_ref().map_or("show", |v| v.text());
    let function = match verb {
        v if abbreviates(v, "add") => "mdb.add",
        v if abbreviates(v, "delete") => "mdb.del",
        v if abbreviates(v, "replace") => "mdb.replace",
        v if abbreviates(v, "show") || v == "list" || v == "lst" => "mdb.list",
        "get" => "mdb.get",
        "flush" => "mdb.flush",
        v => {
            return Err(Reason::new(format!("Command \"{v}\" is unknown, try \"bridge mdb help\""))
                .near(v, ["add", "delete", "flush", "get", "replace", "show"]));
        }
    };
    let mut fields = Fields::default();
    while let Some(arg) = args.take() {
        if arg.is("nopermanent") {
            fields.set("state", Expr::text("temp"));
        } else if !fields.row::<mdb::Entry>(arg.text(), &mut args)? {
            return Err(Reason::new(format!("bridge mdb: unknown option \"{}\"", arg.shown()))
                .near(arg.text(), mdb::Entry::keywords()));
        }
    }
    if function == "mdb.list" {
        return Ok(vec![Act::Show(Call::new(space, function, fields.after([])))]);
    }
    if function == "mdb.flush" {
        return Ok(vec![Act::Do(Call::new(space, function, fields.after([])))]);
    }
    if function == "mdb.get" {
        let group =
            fields.take("grp").ok_or_else(|| Reason::new("\"dev\" and \"grp\" are required arguments."))?;
        return Ok(vec![Act::Show(Call::new(space, function, fields.after([group])))]);
    }
    let (Some(group), true, true) = (fields.take("grp"), fields.has("dev"), fields.has("port")) else {
        return Err(Reason::new("Device, port and group address are required arguments."));
    };
    if function == "mdb.del" {
        OF_NO_USE_TO_DEL.iter().for_each(|name| drop(fields.take(name)));
    }
    Ok(vec![Act::Do(Call::new(space, function, fields.after([group])))])
}

/// What says no more of which entry of a multicast database is meant.
const OF_NO_USE_TO_DEL: &[&str] = &["state", "filter_mode", "source_list", "proto"];

/// `bridge mdb VERB dev DEV port PORT grp GROUP ...`.
pub fn mdb_command(ns: &Namespace, verb: Verb, entry: &mdb::Entry) -> Command {
    let but = if verb == Verb::Del { OF_NO_USE_TO_DEL } else { &[] };
    Command::bridge(ns, &["mdb", verb.name()]).rows(entry, but)
}

fn vlan(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let verb = args.take();
    let verb = verb.as_ref().map_or("show", |v| v.text());
    let function = match verb {
        v if abbreviates(v, "add") => "vlan.add",
        v if abbreviates(v, "delete") => "vlan.del",
        "set" => "vlan.set",
        v if abbreviates(v, "show") || v == "list" || v == "lst" => "vlan.list",
        "global" => return vlan_global(args, space),
        "tunnelshow" => {
            return Err(Reason::beyond("bridge vlan tunnelshow has no binding"));
        }
        v => {
            return Err(Reason::new(format!("Command \"{v}\" is unknown, try \"bridge vlan help\""))
                .near(v, ["add", "delete", "set", "show"]));
        }
    };
    let (mut vids, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "vid" => vids = Some(args.value("vid")?),
            // Follow from the link.
            "self" | "master" => {}
            "tunnel_info" => return Err(Reason::beyond("bridge vlan's tunnel_info has no binding")),
            word => {
                if !fields.row::<Vlan>(word, &mut args)? {
                    return Err(Reason::new(format!("bridge vlan: unknown option \"{}\"", arg.shown()))
                        .near(word, Vlan::keywords()));
                }
            }
        }
    }
    if function == "vlan.list" {
        if let Some(vid) = vids {
            fields.set("vid", vid.integer("vid")?);
        }
        return Ok(vec![Act::Show(Call::new(space, function, fields.after([])))]);
    }
    let (Some(vids), true) = (vids, fields.has("dev")) else {
        return Err(Reason::new("Device and VLAN ID are required arguments."));
    };
    if function == "vlan.del" {
        // bridge(8) takes them, and the kernel doesn't look.
        let _ = (fields.take("pvid"), fields.take("untagged"));
    }
    let vids = vids.integer("vid").unwrap_or_else(|_| vids.expr());
    Ok(vec![Act::Do(Call::new(space, function, fields.after([vids])))])
}

fn vlan_global(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let verb = args.take();
    let function = match verb.as_ref().map_or("show", |v| v.text()) {
        "set" => "vlan.global.set",
        v if abbreviates(v, "show") || v == "list" || v == "lst" => "vlan.global.list",
        v => {
            return Err(Reason::new(format!("Command \"{v}\" is unknown, try \"bridge vlan help\""))
                .near(v, ["set", "show"]));
        }
    };
    let (mut vids, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "vid" => vids = Some(args.value("vid")?),
            word => {
                if !fields.row::<Global>(word, &mut args)? {
                    return Err(Reason::new(format!(
                        "bridge vlan global: unknown option \"{}\"",
                        arg.shown()
                    ))
                    .near(word, Global::keywords()));
                }
            }
        }
    }
    if function == "vlan.global.list" {
        if let Some(vid) = vids {
            fields.set("vid", vid.integer("vid")?);
        }
        return Ok(vec![Act::Show(Call::new(space, function, fields.after([])))]);
    }
    let (Some(vids), true) = (vids, fields.has("dev")) else {
        return Err(Reason::new("Device and VLAN ID are required arguments."));
    };
    let vids = vids.integer("vid").unwrap_or_else(|_| vids.expr());
    Ok(vec![Act::Do(Call::new(space, function, fields.after([vids])))])
}

/// `bridge vlan global set vid VIDS dev DEV ...`.
pub fn vlan_global_command(ns: &Namespace, vids: &Vids, options: &Global) -> Command {
    let command = Command::bridge(ns, &["vlan", "global", "set", "vid"]).word(vids);
    command.pair("dev", Some(options.dev())).rows(options, &["dev", "vid"])
}

/// `bridge vlan VERB vid VIDS dev DEV ...`.
pub fn vlan_command(ns: &Namespace, verb: &str, vids: &Vids, spec: &Vlan, own: bool) -> Command {
    let command = Command::bridge(ns, &["vlan", verb, "vid"]).word(vids).pair("dev", Some(spec.dev()));
    command.flag(own, "self").rows(spec, &["dev", "vid"])
}

/// Translates `brctl ARGS`.
pub fn brctl(mut args: Args, space: &Space) -> Result<Vec<Act>> {
    let verb = args.value("brctl")?;
    let table = |name: &str, value: Expr| Expr::Table(vec![(name.to_owned(), value)]);
    let done = |function, args| Ok(vec![Act::Do(Call::new(space, function, args))]);
    match verb.text() {
        "show" => match args.take() {
            None => {
                Ok(vec![Act::Show(Call::new(space, "link.list", vec![table("kind", Expr::text("bridge"))]))])
            }
            Some(name) => Ok(vec![Act::Show(Call::new(space, "bridge.ports", vec![name.expr()]))]),
        },
        "addbr" => {
            let name = args.value("addbr")?.expr();
            done("link.add", vec![name, table("kind", Expr::text("bridge"))])
        }
        "delbr" => done("link.del", vec![args.value("delbr")?.expr()]),
        "addif" => {
            let (bridge, first) = (args.value("addif")?, args.value("addif")?);
            let mut ports = vec![first.expr()];
            ports.extend(std::iter::from_fn(|| args.take()).map(|port| port.expr()));
            let ports = if ports.len() == 1 { ports.remove(0) } else { Expr::List(ports) };
            done("bridge.attach", vec![bridge.expr(), ports])
        }
        "delif" => {
            args.value("delif")?;
            done("bridge.detach", vec![args.value("delif")?.expr()])
        }
        "showmacs" => {
            let name = args.value("showmacs")?.expr();
            Ok(vec![Act::Show(Call::new(space, "fdb.list", vec![table("dev", name)]))])
        }
        "stp" => {
            let (name, on) = (args.value("stp")?, args.value("stp")?);
            let on = match on.text() {
                "on" | "yes" => Expr::code("true"),
                "off" | "no" => Expr::code("false"),
                _ => return Err(Reason::new("brctl stp: expected on or off")),
            };
            done("bridge.set", vec![name.expr(), table("stp", on)])
        }
        other => Err(Reason::beyond(format!("brctl {other} has no binding"))
            .near(other, ["show", "addbr", "delbr", "addif", "delif", "stp", "showmacs"])),
    }
}
