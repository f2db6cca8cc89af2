//! `ip route`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::{Global, garbage, verb};
use crate::model::{Table, Words};
use crate::net::route::{Encap, Metrics, Nexthop, Route, RouteKind};

pub fn translate(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let Some(word) = args.take() else { return show(args, space, global) };
    let verbs: &[(&'static str, &[&str])] = &[
        ("list", &["lst"]),
        ("show", &[]),
        ("get", &[]),
        ("add", &[]),
        ("change", &["chg"]),
        ("replace", &[]),
        ("prepend", &[]),
        ("append", &[]),
        ("test", &[]),
        ("delete", &[]),
        ("flush", &[]),
        ("save", &[]),
        ("restore", &[]),
        ("showdump", &[]),
        ("help", &[]),
    ];
    match verb("route", &word, verbs)? {
        "list" | "show" => show(args, space, global),
        "get" => get(args, space, global),
        "add" => change(args, space, global, "route.add"),
        "replace" => change(args, space, global, "route.replace"),
        "delete" => change(args, space, global, "route.del"),
        "flush" => flush(args, space, global),
        other => Err(Reason::beyond(format!("ip route {other} has no binding"))),
    }
}

/// The type of a route, if `word` is one.
fn kind(word: &str) -> Option<Expr> {
    RouteKind::WORDS.iter().find(|(name, _)| *name == word).map(|(name, _)| Expr::text(*name))
}

/// What `ip route add` takes, for who mistyped it.
fn known() -> Vec<&'static str> {
    let more = ["to", "nexthop"];
    more.into_iter().chain(Route::keywords()).chain(Metrics::keywords()).collect()
}

/// `protocol` in full, of which iproute2 takes any beginning of four letters; and what it calls a metric.
fn in_full(word: &str) -> &str {
    match word {
        o if o.len() > 3 && abbreviates(o, "protocol") => "protocol",
        o if o.len() > 2 && abbreviates(o, "metric") => "metric",
        word => word,
    }
}

fn change(mut args: Args, space: &Space, global: &Global, function: &'static str) -> Result<Vec<Act>> {
    let (mut dst, mut fields, mut metrics) = (None, Fields::default(), Fields::default());
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        match in_full(&option) {
            "vrf" | "via6" => return Err(Reason::beyond(format!("ip route's {option} has no binding"))),
            "nexthop" => fields.set("nexthops", nexthops(&mut args)?),
            "to" | "dst" if dst.is_none() => dst = Some(typed(&mut args, &mut fields)?),
            word if dst.is_none() && !fields.has("type") && kind(word).is_some() => {
                if word != "unicast" {
                    fields.set("type", Expr::text(word));
                }
            }
            word if way(word, &mut args, &mut fields)? => {}
            word if metric(word, &mut args, &mut metrics)? => {}
            word if word != "type" && fields.row::<Route>(word, &mut args)? => {}
            _ if dst.is_none() => dst = Some(arg),
            _ => return Err(garbage(&arg, &known())),
        }
    }
    if !metrics.is_empty() {
        fields.set("metrics", metrics.table());
    }
    let Some(dst) = dst else {
        return Err(Reason::new("Not enough information: the destination is missing"));
    };
    let dst = destination(dst);
    if dst.is("default") && !fields.has("via") && !fields.has("nexthops") && global.family == Some("inet6") {
        global.set_family(&mut fields);
    }
    Ok(vec![Act::Do(Call::new(space, function, fields.after([dst.expr()])))])
}

/// A gateway, and what is put around packets: of the route itself or of one of its hops.
pub(super) fn way(word: &str, args: &mut Args, fields: &mut Fields) -> Result<bool> {
    match word {
        "via" => fields.set("via", gateway(args)?),
        "encap" => {
            let words: Vec<&str> = args.rest().iter().map(Arg::text).collect();
            let (length, mut words) = (Encap::length(&words), Vec::new());
            for _ in 0..length {
                words.extend(args.take().map(|arg| arg.shown()));
            }
            fields.set("encap", Expr::text(words.join(" ")));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A metric of a path, which may be locked.
fn metric(word: &str, args: &mut Args, metrics: &mut Fields) -> Result<bool> {
    let digits = |arg: &Arg| arg.text().bytes().all(|b| b.is_ascii_digit());
    if matches!(word, "rtt" | "rttvar") && args.peek().is_some_and(digits) {
        return Err(Reason::beyond(format!("{word} without a unit, in the kernel's own, has no binding")));
    }
    if Metrics::row(word).is_some() && args.skip("lock") {
        let mut locked = match metrics.take("lock") {
            Some(Expr::List(locked)) => locked,
            _ => Vec::new(),
        };
        locked.push(Expr::text(word));
        metrics.set("lock", Expr::List(locked));
    }
    metrics.row::<Metrics>(word, args)
}

/// A destination with the route's type in front, perhaps.
fn typed(args: &mut Args, fields: &mut Fields) -> Result<Arg> {
    let arg = args.value("to")?;
    match arg.text() {
        word if kind(word).is_some() && !args.is_empty() => {
            fields.set("type", Expr::text(word));
            args.value("to")
        }
        _ => Ok(arg),
    }
}

/// A gateway, possibly of the other family: `via inet6 fe80::1`.
fn gateway(args: &mut Args) -> Result<Expr> {
    let arg = args.value("via")?;
    match arg.text() {
        "inet" | "inet6" => Ok(args.value("via")?.expr()),
        _ => Ok(arg.expr()),
    }
}

/// All that follows the first `nexthop`.
fn nexthops(args: &mut Args) -> Result<Expr> {
    let (mut hops, mut hop) = (Vec::new(), Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "nexthop" => hops.push(std::mem::take(&mut hop).table()),
            word if way(word, args, &mut hop)? || hop.row::<Nexthop>(word, args)? => {}
            word => {
                let known = Nexthop::keywords().into_iter().chain(["nexthop"]);
                let reason = Reason::new(format!("nexthop: unknown option \"{}\"", arg.shown()));
                return Err(reason.near(word, known));
            }
        }
    }
    hops.push(hop.table());
    Ok(Expr::List(hops))
}

/// `0/0` and the like are default, `10.1/16` is short for 10.1.0.0/16.
fn destination(arg: Arg) -> Arg {
    let Some(text) = &arg.known else { return arg };
    if ["all", "any", "0/0", "0.0.0.0/0"].contains(&text.as_str()) {
        return Arg::of("default");
    }
    let Some((address, length)) = text.split_once('/') else { return arg };
    let dots = address.matches('.').count();
    if address.contains(':') || dots >= 3 || !address.chars().all(|c| c == '.' || c.is_ascii_digit()) {
        return arg;
    }
    Arg::of(&format!("{address}{}/{length}", ".0".repeat(3 - dots)))
}

fn get(mut args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let (mut dst, mut fields) = (None, Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "from" => fields.set("from", args.value("from")?.expr()),
            "iif" => fields.set("iif", args.value("iif")?.expr()),
            "oif" | "dev" => fields.set("oif", args.value("oif")?.expr()),
            word @ ("mark" | "uid" | "sport" | "dport") => fields.set(word, args.value(word)?.integer(word)?),
            "tos" | "dsfield" => fields.set("tos", args.value("tos")?.hexadecimal()?),
            "ipproto" => {
                let proto = args.value("ipproto")?;
                let number = match proto.text() {
                    "tcp" => Expr::code(6),
                    "udp" => Expr::code(17),
                    "icmp" => Expr::code(1),
                    _ => proto.integer("ipproto")?,
                };
                fields.set("ipproto", number);
            }
            "fibmatch" => fields.flag("fibmatch"),
            "vrf" | "notify" | "connected" => {
                return Err(Reason::beyond(format!("ip route get {} has no binding", arg.shown())));
            }
            "to" if dst.is_none() => dst = Some(args.value("to")?),
            _ if dst.is_none() => dst = Some(arg),
            _ => {
                let known =
                    ["from", "iif", "oif", "mark", "tos", "uid", "ipproto", "sport", "dport", "fibmatch"];
                return Err(garbage(&arg, &known));
            }
        }
    }
    let dst = dst.ok_or_else(|| Reason::new("need at least a destination address"))?;
    let mut act = global.show(space, "route.get", fields.after([dst.expr()]));
    if let Act::Show(call) = act {
        act = Act::Probe(call);
    }
    Ok(vec![act])
}

/// What `show` and `flush` choose by, and whether only the cache was meant, which is gone.
fn selection(mut args: Args, global: &Global) -> Result<(Fields, bool)> {
    let (mut fields, mut cache) = (Fields::default(), false);
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        match in_full(&option) {
            "table" => match args.value("table")? {
                table if table.is("cache") => cache = true,
                table => fields.set("table", table.number_or_name()),
            },
            "cache" | "cached" => cache = true,
            "via" => fields.set("via", gateway(&mut args)?),
            // Of all of them, as if it weren't said.
            "scope" if args.skip("all") => {}
            "vrf" | "root" | "match" | "mark" | "iif" | "realm" | "cloned" => {
                return Err(Reason::beyond(format!("choosing routes by {option} has no binding")));
            }
            "to" | "exact" if !fields.has("dst") => {
                let dst = args.value("to")?;
                if ["root", "match", "exact"].contains(&dst.text()) {
                    return Err(Reason::beyond("choosing routes by root or match has no binding"));
                }
                fields.set("dst", destination(dst).expr());
            }
            "protocol" | "proto" if args.skip("all") => {}
            word if kind(word).is_some() => fields.set("type", Expr::text(word)),
            word if fields.row::<Route>(word, &mut args)? => {}
            _ if !fields.has("dst") => fields.set("dst", destination(arg).expr()),
            _ => return Err(garbage(&arg, &["table", "dev", "via", "src", "scope", "type", "proto", "to"])),
        }
    }
    Ok((with_family(fields, global), cache))
}

/// `ip route` is about IPv4 unless told otherwise, by an option or an address.
fn with_family(mut fields: Fields, global: &Global) -> Fields {
    let six = fields
        .0
        .iter()
        .any(|(name, value)| ["dst", "via", "src"].contains(&name.as_str()) && value.flat().contains(':'));
    let family = if six { "inet6" } else { global.family.unwrap_or("inet") };
    fields.set("family", Expr::text(family));
    fields
}

fn show(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let (fields, cache) = selection(args, global)?;
    if cache {
        return Ok(vec![Act::Nothing("Linux has no route cache any more".to_owned())]);
    }
    Ok(vec![global.show(space, "route.list", fields.after([]))])
}

fn flush(args: Args, space: &Space, global: &Global) -> Result<Vec<Act>> {
    let nothing = args.is_empty();
    let (fields, cache) = selection(args, global)?;
    match (nothing, cache) {
        (true, _) => Err(Reason::new("\"ip route flush\" requires arguments")),
        (_, true) => Ok(vec![Act::Nothing("Linux has no route cache any more".to_owned())]),
        _ => Ok(vec![Act::Do(Call::new(space, "route.flush", fields.after([])))]),
    }
}
