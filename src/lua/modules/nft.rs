//! `nft`: raw rulesets, by the program nft.

use std::time::Duration;

use mlua::Value;
use serde_json::Value as Json;

use super::json;
use crate::base::command::Command;
use crate::base::error::{Error, Kind};
use crate::lua::registry::Module;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Cx, Failure, Function, Shape, Type, Wrong, opts, param, ret, ty};
use crate::net::done::Done;
use crate::net::nft::{self, Format, Ruleset};
use crate::proc::{self, Context, Exit, Spec, Stdin};

/// nft answers in milliseconds; only a name that it looks up can take longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What to list.
#[derive(Default)]
struct Part {
    table: Option<String>,
    family: Option<&'static str>,
}

#[derive(Default)]
struct ListOptions {
    part: Part,
    handles: bool,
    stateless: bool,
    json: bool,
}

/// What `nft.load` is given.
enum Given {
    Text(String),
    Table(Ruleset),
}

#[derive(Default)]
struct LoadOptions {
    check: bool,
}

/// Runs nft in the namespace; returns what it prints.
fn run(cx: &Cx<'_>, args: &[&str], input: &Ruleset) -> Result<String, Error> {
    let mut spec = Spec::args(std::iter::once(&"nft").chain(args));
    spec.stdin = Stdin::Text(input.text.as_bytes().to_vec());
    spec.timeout = Some(TIMEOUT);
    spec.env = vec![("LC_ALL".into(), Some("C".into()))];
    let place = &cx.lab.place;
    let context = Context { open_files: place.open_files, on_host: !place.sandboxed };
    let output = proc::exec(proc::Place::of(cx.ns)?, &spec, &context).map_err(|e| match e.kind() {
        Kind::NotFound => nft::not_installed(),
        _ => e,
    })?;
    if output.exit != Exit::Code(0) {
        return Err(nft::refused(&String::from_utf8_lossy(&output.stderr.bytes()), input));
    }
    Ok(String::from_utf8_lossy(&output.stdout.bytes()).into_owned())
}

/// A ruleset as text, or as a table of objects.
fn ruleset_type() -> Type<Given> {
    Type::new("string|table", "a ruleset as a string or a table of objects", |_, value| match value {
        Value::String(text) => {
            let text = text.to_str().map_err(|_| Wrong::new("the string is not valid UTF-8"))?;
            Ok(Given::Text(text.to_owned()))
        }
        Value::Table(_) => Ok(Given::Table(table(value)?)),
        _ => Err(No::Other),
    })
}

/// The objects of `{ nftables = { ... } }`, or of a list alone.
fn table(value: &Value) -> Result<Ruleset, Wrong> {
    let (step, objects) = match json::to_json(value, 0)? {
        Json::Object(mut fields) if fields.contains_key("nftables") => {
            ("nftables", fields["nftables"].take())
        }
        objects => ("", objects),
    };
    let list = match objects {
        Json::Array(list) => list,
        Json::Object(fields) if fields.is_empty() => Vec::new(),
        _ => return Err(Wrong::new("expected a list of objects such as { add = { table = ... } }")),
    };
    Ruleset::table(list).map_err(|e| {
        let outer = (!step.is_empty()).then_some(step);
        e.steps.iter().map(String::as_str).chain(outer).fold(Wrong::new(e.message), Wrong::within)
    })
}

fn load(cx: &Cx<'_>, (given, options): (Given, LoadOptions)) -> Result<(), Failure> {
    let ruleset = match given {
        Given::Text(text) => Ruleset::text(text).map_err(|e| e.on("ruleset"))?,
        Given::Table(ruleset) => ruleset,
    };
    let mut args = Vec::new();
    args.extend((ruleset.format != Format::Text).then_some("-j"));
    if options.check {
        args.push("-c");
    }
    args.extend(["-f", "-"]);
    // The ruleset is no name for the failure.
    run(cx, &args, &ruleset).map_err(|e| e.on("ruleset"))?;
    if !options.check {
        args.insert(0, "nft");
        cx.ns.report(Done::Ran(&Command::new(&args).reading(&ruleset.text)));
    }
    Ok(())
}

fn list(cx: &Cx<'_>, flags: &[&str], part: &Part) -> Result<String, Error> {
    let mut args = flags.to_vec();
    match (&part.table, part.family) {
        (Some(table), family) => args.extend(["list", "table", family.unwrap_or("inet"), table]),
        (None, Some(family)) => args.extend(["list", "ruleset", family]),
        (None, None) => args.extend(["list", "ruleset"]),
    }
    run(cx, &args, &Ruleset::default()).map_err(|e| match (&part.table, e.raw()) {
        (Some(table), Some(nix::errno::Errno::ENOENT)) => {
            let family = part.family.unwrap_or("inet");
            e.hint(format!("there is no table {family} {table}, and so no rule of it; nft.list() shows all"))
        }
        _ => e,
    })
}

/// The namespace's whole ruleset as nft shows it.
pub fn ruleset(cx: &Cx<'_>) -> Result<String, Error> {
    list(cx, &[], &Part::default())
}

fn list_either(cx: &Cx<'_>, (options,): (ListOptions,)) -> Result<Value, Failure> {
    let mut flags = Vec::new();
    flags.extend(options.json.then_some("-j"));
    flags.extend(options.handles.then_some("-a"));
    flags.extend(options.stateless.then_some("-s"));
    let text = list(cx, &flags, &options.part)?;
    Ok(if options.json {
        json::from_json(cx.lua, &nft::objects(&text)?)?
    } else {
        Value::String(cx.lua.create_string(text)?)
    })
}

fn list_objects(cx: &Cx<'_>, (part,): (Part,)) -> Result<Value, Failure> {
    list_either(cx, (ListOptions { part, json: true, ..ListOptions::default() },))
}

fn table_name(name: String) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/\\_.-".contains(c);
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || "_.".contains(c));
    if begins && name.chars().all(plain) {
        Ok(name)
    } else {
        Err(format!("{name:?} can't be a table's name"))
    }
}

fn part(name: &'static str) -> Shape<Part> {
    const FAMILIES: [(&str, &str); 6] = [
        ("ip", "ip"),
        ("ip6", "ip6"),
        ("inet", "inet"),
        ("arp", "arp"),
        ("bridge", "bridge"),
        ("netdev", "netdev"),
    ];
    Shape::new(name)
        .field("table", ty::string().try_map(table_name), "only this table", |p: &mut Part, v| {
            p.table = Some(v)
        })
        .field(
            "family",
            ty::one_of(&FAMILIES),
            "only this family; with table, \"inet\" is the default",
            |p, v| p.family = Some(v),
        )
}

pub fn module() -> Module {
    Module::new(
        "nft",
        "Raw nf_tables rulesets, where the program nft is installed. The bindings `firewall`, `nat` and `conntrack` don't need it."
    )
    .function(
        Function::new(
            "nft.load",
            (
                param(
                    "ruleset",
                    ruleset_type(),
                    "nft's language, its JSON form if it begins with \"{\", or a table: a list of the objects of \
                     libnftables-json(5), alone or as the field `nftables`",
                ),
                opts(Shape::<LoadOptions>::new("nsh.nft.LoadOptions").field(
                    "check",
                    ty::boolean(),
                    "only check it, and change nothing; default false",
                    |o, v| o.check = v,
                )),
            ),
            ret::nothing(),
            load,
        )
        .doc(
            "Loads a ruleset: whole, or on any error not at all. It adds to what is there; begin with `flush ruleset` \
             or `destroy table ...` to replace.\n\nThe objects of a table are commands such as \
             `{ add = { rule = { ... } } }`, or tables, chains, rules and so on as `nft.list({ json = true })` gives \
             them, which are added. Where JSON has null an empty table stands: `{ accept = {} }`. Wrong types, missing \
             fields and misspelt names are errors with their place in the table; what nsh doesn't know goes to nft, \
             which decides.\n\nRaises `argument` for a table that is wrong in itself, `invalid` with the line or the \
             object for what nft doesn't understand, the kernel's errno for what it refuses, `unsupported` where nft \
             isn't installed.",
        )
        .command("nft -f FILE"),
    )
    .function(
        Function::new(
            "nft.list",
            (opts(
                Shape::<ListOptions>::new("nsh.nft.ListOptions")
                    .field("handles", ty::boolean(), "with the handles of rules; default false", |o, v| o.handles = v)
                    .field("stateless", ty::boolean(), "without counters; default false", |o, v| o.stateless = v)
                    .field("json", ty::boolean(), "as tables, which `nft.load` takes; default false", |o, v| o.json = v)
                    .include(part("nsh.nft.ListOptions"), |o| &mut o.part),
            ),),
            ret::value::<Value>(
                "string|any",
                "the ruleset in nft's language, empty if there is none; with `json` the objects of \
                 libnftables-json(5) as tables",
            ),
            list_either,
        )
        .doc(
            "Lists the ruleset of the namespace.\n\nRaises `unsupported` where nft isn't installed, `not_found` for a \
             table that isn't there.",
        )
        .command("nft list ruleset"),
    )
    .function(
        Function::new(
            "nft.objects",
            (opts(part("nsh.nft.ObjectsOptions")),),
            ret::value::<Value>("table[]", "the ruleset as the objects of libnftables-json(5)"),
            list_objects,
        )
        .doc(
            "Lists the ruleset of the namespace as tables, each with one field that names what it is: `table`, `chain`, \
             `rule` and so on.\n\nRaises as `nft.list` does.",
        )
        .command("nft -j list ruleset"),
    )
}
