//! `ip route`.

use super::super::act::{Act, Call};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::object::{Object, Verbs};
use super::{Global, garbage};
use crate::base::command::Command;
use crate::model::{Field, Table, Words};
use crate::net::done::Verb;
use crate::net::names::TABLES;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{self, Encap, Filter, Metrics, Nexthop, Route, RouteKind, Tables};

pub enum Routes {}

impl Object for Routes {
    const NAME: &'static str = "route";
    const VERBS: Verbs = &[
        ("list", &["lst"], "route.list"),
        ("show", &[], "route.list"),
        ("get", &[], "route.get"),
        ("add", &[], "route.add"),
        ("change", &["chg"], ""),
        ("replace", &[], "route.replace"),
        ("prepend", &[], ""),
        ("append", &[], ""),
        ("test", &[], ""),
        ("delete", &[], "route.del"),
        ("flush", &[], "route.flush"),
        ("save", &[], ""),
        ("restore", &[], ""),
        ("showdump", &[], ""),
        ("help", &[], ""),
    ];
    const GET: fn(Call) -> Act = Act::Probe;

    fn change(mut args: Args, global: &Global, _: &str) -> Result<(Option<Expr>, Fields)> {
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
        if dst.is("default")
            && !fields.has("via")
            && !fields.has("nexthops")
            && global.family == Some("inet6")
        {
            global.set_family(&mut fields);
        }
        Ok((Some(dst.expr()), fields))
    }

    fn get(mut args: Args, _: &Global) -> Result<(Option<Expr>, Fields)> {
        let (mut dst, mut fields) = (None, Fields::default());
        while let Some(arg) = args.take() {
            match arg.text() {
                "from" => fields.set("from", args.value("from")?.expr()),
                "iif" => fields.set("iif", args.value("iif")?.expr()),
                "oif" | "dev" => fields.set("oif", args.value("oif")?.expr()),
                word @ ("mark" | "uid" | "sport" | "dport") => {
                    fields.set(word, args.value(word)?.integer(word)?)
                }
                "tos" | "dsfield" => fields.set("tos", args.value("tos")?.hexadecimal()?),
                "ipproto" => {
                    fields.set("ipproto", args.value("ipproto")?.number_or_name());
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
        Ok((Some(dst.expr()), fields))
    }

    fn select(mut args: Args, global: &Global) -> Result<Fields> {
        let mut fields = Fields::default();
        while let Some(arg) = args.take() {
            let option = arg.text().to_owned();
            match in_full(&option) {
                "table" => match args.value("table")? {
                    table if table.is("cache") => {}
                    table => fields.set("table", table.number_or_name()),
                },
                "cache" | "cached" => {}
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
                _ => {
                    return Err(garbage(
                        &arg,
                        &["table", "dev", "via", "src", "scope", "type", "proto", "to"],
                    ));
                }
            }
        }
        Ok(with_family(fields, global))
    }

    fn flush(args: Args, global: &Global) -> Result<Fields> {
        match args.is_empty() {
            true => Err(Reason::new("\"ip route flush\" requires arguments")),
            false => Self::select(args, global),
        }
    }

    fn nothing(args: &Args) -> Option<&'static str> {
        let cache = args.rest().iter().any(|arg| arg.is("cache") || arg.is("cached"));
        cache.then_some("Linux has no route cache any more")
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
pub(super) fn gateway(args: &mut Args) -> Result<Expr> {
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

/// What `ip` writes another way than as a word with its value.
const APART: [&str; 4] = ["type", "via", "encap", "onlink"];

/// `ip route VERB DST ...`.
pub fn command(ns: &Namespace, verb: Verb, route: &Route) -> Command {
    let family = route.family();
    // A destination tells its family, "default" doesn't.
    let six = route.dst.is_none_or(|dst| dst.0.is_none()) && family == Family::Inet6;
    let kind = Some(route.kind()).filter(|kind| *kind != RouteKind::Unicast);
    let encap = |encap: &Option<Encap>| encap.as_ref().map(|encap| format!("encap {}", encap.word()));
    let command = Command::ip_of(ns, six.then_some(family), &["route", verb.name()])
        .phrase(kind.map(RouteKind::name))
        .word(route.dst.map_or_else(|| "default".to_owned(), |dst| dst.word()))
        .phrase(route.via.map(|via| route::gateway(via, family)))
        .rows(route, &APART)
        .flag(route.onlink == Some(true), "onlink")
        .phrase(route.metrics.as_ref().map(|metrics| metrics.to_string()))
        .phrase(encap(&route.encap));
    route.nexthops.iter().fold(command, |command, next| {
        command
            .phrase(Some("nexthop"))
            .phrase(encap(&next.encap))
            .phrase(Some(next.words(family, &["via", "dev", "weight"])))
            .flag(next.onlink == Some(true), "onlink")
    })
}

/// `ip route flush ...` of a family that lost routes: one without that table would be an error.
pub fn flush(ns: &Namespace, filter: &Filter, family: Family) -> Command {
    let table = match filter.tables {
        Tables::Main => "main".to_owned(),
        Tables::All => "all".to_owned(),
        Tables::One(table) => TABLES.name(table),
    };
    let exact = filter.like.dst.map(|dst| match (dst.0, family) {
        (Some(dst), _) => dst.to_string(),
        (None, Family::Inet) => "0.0.0.0/0".to_owned(),
        (None, Family::Inet6) => "::/0".to_owned(),
    });
    Command::ip_of(ns, Some(family), &["route", "flush"])
        .pair("table", Some(table))
        .pair("exact", exact)
        .rows(&filter.like, &["encap", "onlink"])
}
