//! `ip route`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result, abbreviates};
use super::super::lua::Expr;
use super::{Global, garbage, verb};

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

const TYPES: &[&str] = &[
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw",
];

const OPTIONS: &[&str] = &[
    "to",
    "via",
    "dev",
    "src",
    "metric",
    "table",
    "scope",
    "proto",
    "onlink",
    "nexthop",
    "mtu",
    "advmss",
    "tos",
    "hoplimit",
    "initcwnd",
    "initrwnd",
    "window",
    "cwnd",
    "ssthresh",
    "reordering",
    "quickack",
    "rto_min",
    "pref",
    "expires",
];

const METRICS: &[&str] = &[
    "mtu",
    "advmss",
    "hoplimit",
    "initcwnd",
    "initrwnd",
    "window",
    "cwnd",
    "ssthresh",
    "reordering",
    "quickack",
];

fn change(mut args: Args, space: &Space, global: &Global, function: &'static str) -> Result<Vec<Act>> {
    let (mut dst, mut fields, mut metrics) = (None, Fields::default(), Fields::default());
    while let Some(arg) = args.take() {
        let option = arg.text().to_owned();
        match option.as_str() {
            "src" => fields.set("src", args.value("src")?.expr()),
            "via" => fields.set("via", gateway(&mut args)?),
            "dev" | "oif" => fields.set("dev", args.value("dev")?.expr()),
            "table" => fields.set("table", args.value("table")?.number_or_name()),
            "vrf" | "nhid" | "encap" | "realm" | "realms" | "features" | "congctl" | "rtt" | "rttvar"
            | "fastopen_no_cookie" | "via6" => {
                return Err(Reason::beyond(format!("ip route's {option} has no binding")));
            }
            "scope" => fields.set("scope", args.value("scope")?.number_or_name()),
            "onlink" => fields.flag("onlink"),
            "tos" | "dsfield" => fields.set("tos", tos(&args.value("tos")?)?),
            "pref" => fields.set("pref", args.value("pref")?.expr()),
            "expires" => fields.set("expires", args.value("expires")?.integer("expires")?),
            "nexthop" => fields.set("nexthops", nexthops(&mut args)?),
            "rto_min" => metrics.set("rto_min", seconds(&args.value("rto_min")?)?),
            word if METRICS.contains(&word) => {
                if args.skip("lock") {
                    return Err(Reason::beyond("a locked metric has no binding"));
                }
                metrics.set(word, args.value(word)?.integer(word)?);
            }
            "to" | "dst" if dst.is_none() => dst = Some(typed(&mut args, &mut fields)?),
            o if o.len() > 3 && abbreviates(o, "protocol") => {
                fields.set("proto", args.value("protocol")?.number_or_name())
            }
            o if o.len() > 2 && (["priority", "preference"].contains(&o) || abbreviates(o, "metric")) => {
                fields.set("metric", args.value("metric")?.integer("metric")?)
            }
            word if TYPES.contains(&word) && dst.is_none() && !fields.has("type") => {
                if word != "unicast" {
                    fields.set("type", Expr::text(word));
                }
            }
            _ if dst.is_none() => dst = Some(arg),
            _ => return Err(garbage(&arg, OPTIONS)),
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

/// A destination with the route's type in front, perhaps.
fn typed(args: &mut Args, fields: &mut Fields) -> Result<Arg> {
    let arg = args.value("to")?;
    match arg.text() {
        word if TYPES.contains(&word) && !args.is_empty() => {
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

/// Type of service, which iproute2 reads as hexadecimal.
fn tos(arg: &Arg) -> Result<Expr> {
    match arg.known.as_deref().map(|t| u8::from_str_radix(t.trim_start_matches("0x"), 16)) {
        Some(Ok(tos)) => Ok(Expr::code(tos)),
        _ => Err(Reason::beyond("a name of a type of service has no binding")),
    }
}

/// A time with its unit, `200ms` or `1s`; alone, milliseconds.
fn seconds(arg: &Arg) -> Result<Expr> {
    let text = arg.text().to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let divisor = match &text[digits.len()..] {
        "s" | "sec" | "secs" => 1.0,
        "" | "ms" | "msec" | "msecs" => 1000.0,
        _ => {
            return Err(Reason::new(format!(
                "rto_min: expected a time such as 200ms, got \"{}\"",
                arg.shown()
            )));
        }
    };
    let number: f64 = digits.parse().map_err(|_| Reason::new("rto_min: expected a time such as 200ms"))?;
    Ok(Expr::code(number / divisor))
}

/// All that follows the first `nexthop`.
fn nexthops(args: &mut Args) -> Result<Expr> {
    let (mut hops, mut hop) = (Vec::new(), Fields::default());
    while let Some(arg) = args.take() {
        match arg.text() {
            "nexthop" => hops.push(std::mem::take(&mut hop).table()),
            "via" => hop.set("via", gateway(args)?),
            "dev" => hop.set("dev", args.value("dev")?.expr()),
            "weight" => hop.set("weight", args.value("weight")?.integer("weight")?),
            "onlink" => hop.flag("onlink"),
            _ => {
                return Err(Reason::new(format!("nexthop: unknown option \"{}\"", arg.shown()))
                    .near(arg.text(), ["via", "dev", "weight", "onlink", "nexthop"]));
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
            "tos" | "dsfield" => fields.set("tos", tos(&args.value("tos")?)?),
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
        match option.as_str() {
            "table" => match args.value("table")? {
                table if table.is("cache") => cache = true,
                table => fields.set("table", table.number_or_name()),
            },
            "cache" | "cached" => cache = true,
            "dev" | "oif" => fields.set("dev", args.value("dev")?.expr()),
            "via" => fields.set("via", gateway(&mut args)?),
            "src" => fields.set("src", args.value("src")?.expr()),
            "scope" => match args.value("scope")? {
                scope if scope.is("all") => {}
                scope => fields.set("scope", scope.number_or_name()),
            },
            "type" => fields.set("type", args.value("type")?.expr()),
            "metric" => fields.set("metric", args.value("metric")?.integer("metric")?),
            "vrf" | "root" | "match" | "tos" | "dsfield" | "mark" | "iif" | "realm" | "from" | "cloned" => {
                return Err(Reason::beyond(format!("choosing routes by {option} has no binding")));
            }
            "to" | "exact" if !fields.has("dst") => {
                let dst = args.value("to")?;
                if ["root", "match", "exact"].contains(&dst.text()) {
                    return Err(Reason::beyond("choosing routes by root or match has no binding"));
                }
                fields.set("dst", destination(dst).expr());
            }
            o if o.len() > 3 && abbreviates(o, "protocol") => match args.value("protocol")? {
                proto if proto.is("all") => {}
                proto => fields.set("proto", proto.number_or_name()),
            },
            word if TYPES.contains(&word) => fields.set("type", Expr::text(word)),
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
