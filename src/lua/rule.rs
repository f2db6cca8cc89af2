//! `rule`: which routing table is asked for which packets.

use ipnetwork::IpNetwork;
use mlua::{Table, Value};

use super::registry::{Module, Scope};
use super::route::table;
use super::schema::{Function, Record, Shape, Type, opts, ret, ty};
use super::words;
use crate::net::names;
use crate::net::nf::words::{PortRange, Prefix, Protocol};
use crate::net::prefix;
use crate::net::rule::{self, Action, Rule, RuleSpec};

/// A prefix, or `all`.
fn selector() -> Type<Option<IpNetwork>> {
    ty::parsed("a prefix such as \"10.0.0.0/24\" or \"fd00::/64\", or \"all\"", |s| match s {
        "all" | "any" | "default" => Ok(None),
        prefix => prefix::network(prefix).map(Some),
    })
}

/// One port or a range.
fn ports() -> Type<PortRange> {
    let number = ty::int(1..=65535).map(PortRange::one);
    number
        .or(words::text("a range of ports", PortRange::parse))
        .called("a port, or a range such as \"8000-8010\"")
}

/// One user, or a range.
fn uids() -> Type<(u32, u32)> {
    let range = ty::parsed("a range of users such as \"1000-1999\"", |s: &str| {
        let parsed = s.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        parsed
            .filter(|(first, last)| first <= last)
            .ok_or_else(|| format!("expected a range of users such as \"1000-1999\", got {s:?}"))
    });
    ty::int(0..=u32::MAX - 1).map(|uid| (uid, uid)).or(range)
}

fn action() -> Type<Action> {
    ty::one_of(&[
        ("lookup", Action::Lookup),
        ("blackhole", Action::Blackhole),
        ("unreachable", Action::Unreachable),
        ("prohibit", Action::Prohibit),
        ("nop", Action::Nop),
    ])
}

/// What says which rule; to make one or to find some.
fn options(name: &'static str) -> Shape<RuleSpec> {
    Shape::<RuleSpec>::new(name)
        .field("priority", ty::int(0..=u32::MAX), "its place: lower ones are asked first", |r, v| {
            r.priority = Some(v)
        })
        .field("from", selector(), "the source: a prefix, or \"all\"", |r, v| r.from = Some(v))
        .field("to", selector(), "the destination: a prefix, or \"all\"", |r, v| r.to = Some(v))
        .field(
            "iif",
            ty::link_name(),
            "the link that the packet came in by; \"lo\" for those from here",
            |r, v| r.iif = Some(v),
        )
        .field("oif", ty::link_name(), "the link that the packet's socket is bound to", |r, v| {
            r.oif = Some(v)
        })
        .field("fwmark", ty::int(0..=u32::MAX), "the packet's mark", |r, v| r.fwmark = Some(v))
        .field("fwmask", ty::int(0..=u32::MAX), "which bits of the mark count; default all", |r, v| {
            r.fwmask = Some(v)
        })
        .field("tos", ty::int(0..=255), "the packet's type of service", |r, v| r.tos = Some(v))
        .field("ipproto", words::protocol(), "the protocol above IP", |r, v| r.ipproto = Some(v.0))
        .field("sport", ports(), "the source port or range", |r, v| r.sport = Some(v))
        .field("dport", ports(), "the destination port or range", |r, v| r.dport = Some(v))
        .field("uidrange", uids(), "the user who sends, or a range \"1000-1999\"", |r, v| r.uids = Some(v))
        .field("invert", ty::boolean(), "all packets but these (`not`); default false", |r, v| {
            r.invert = Some(v)
        })
        .field("table", table(), "the routing table to look up", |r, v| r.table = Some(v))
        .field("l3mdev", ty::boolean(), "the table of the packet's VRF; default false", |r, v| {
            r.l3mdev = Some(v)
        })
        .field(
            "type",
            action(),
            "lookup; or blackhole, unreachable (answers with ICMP), prohibit (too); or nop, a mark for goto",
            |r, v| r.action = Some(v),
        )
        .field("goto_priority", ty::int(1..=u32::MAX), "goes on with the rule of this priority", |r, v| {
            r.goto = Some(v)
        })
        .field(
            "suppress_prefixlength",
            ty::int(0..=128),
            "routes found with a prefix of at most this length don't count: 0 passes over the default route",
            |r, v| r.suppress_prefixlength = Some(v),
        )
        .field(
            "suppress_ifgroup",
            ty::numbered(&names::GROUPS, "a link group's name or number"),
            "routes found through a link of this group don't count",
            |r, v| r.suppress_ifgroup = Some(v),
        )
        .field("family", ty::family(), "IPv4 (inet) or IPv6 (inet6), where no address says it", |r, v| {
            r.family = Some(v)
        })
        .field(
            "proto",
            ty::numbered(&names::PROTOCOLS, "a protocol such as static or bird").map(|n| n as u8),
            "who added it",
            |r, v| r.proto = Some(v),
        )
}

/// A port as a number, a range as text.
fn port_value(range: Option<PortRange>) -> Option<mlua::Either<u16, String>> {
    range.map(|r| match r.low == r.high {
        true => mlua::Either::Left(r.low),
        false => mlua::Either::Right(r.to_string()),
    })
}

pub fn record() -> Record<Rule> {
    Record::of("nsh.Rule", "A rule of policy routing. Prints as in `ip rule`.")
        .field("priority", "integer", "its place: lower ones are asked first", |r: &Rule| r.priority)
        .field("family", "\"inet\"|\"inet6\"", "its family", |r| r.family.name())
        .field("from", "string", "the source: a prefix, or \"all\"", |r| shown(r.from))
        .field("to", "string?", "the destination, if it isn't all", |r| r.to.map(|p| Prefix(p).to_string()))
        .field("iif", "string?", "the link that the packet came in by", |r| r.iif.clone())
        .field("iif_detached", "boolean?", "there is no such link now", |r| r.iif_detached.then_some(true))
        .field("oif", "string?", "the link that the packet's socket is bound to", |r| r.oif.clone())
        .field("oif_detached", "boolean?", "there is no such link now", |r| r.oif_detached.then_some(true))
        .field("fwmark", "integer?", "the packet's mark", |r| r.fwmark)
        .field("fwmask", "integer?", "which bits of the mark count, if not all", |r| r.fwmask)
        .field("tos", "integer?", "the packet's type of service", |r| Some(r.tos).filter(|t| *t != 0))
        .field("ipproto", "string?", "the protocol above IP, by name or number", |r| {
            r.ipproto.map(|p| Protocol(p).to_string())
        })
        .field("sport", "(integer|string)?", "the source port or range", |r| port_value(r.sport))
        .field("dport", "(integer|string)?", "the destination port or range", |r| port_value(r.dport))
        .field("uidrange", "string?", "the first and last user", |r| r.uids.map(|(a, b)| format!("{a}-{b}")))
        .field("invert", "boolean?", "all packets but these", |r| r.invert.then_some(true))
        .field("type", "string", "lookup, goto, nop, blackhole, unreachable or prohibit", |r| r.action.name())
        .field("table", "string?", "the routing table, by name or number", |r| {
            Some(r.table).filter(|t| *t != 0).map(|t| names::TABLES.name(t))
        })
        .field("l3mdev", "boolean?", "the table of the packet's VRF", |r| r.l3mdev.then_some(true))
        .field(
            "suppress_prefixlength",
            "integer?",
            "shorter prefixes, and of this length, don't count",
            |r| r.suppress_prefixlength,
        )
        .field("suppress_ifgroup", "string?", "routes through links of this group don't count", |r| {
            r.suppress_ifgroup.map(|g| names::GROUPS.name(g))
        })
        .field("goto_priority", "integer?", "where a goto leads to", |r| match r.action {
            Action::Goto(target) => Some(target),
            _ => None,
        })
        .field("unresolved", "boolean?", "no rule is there", |r| r.unresolved.then_some(true))
        .field("proto", "string", "who added it: kernel, static, ...; unspec if that wasn't told", |r| {
            names::PROTOCOLS.name(r.proto.into())
        })
        .show(show)
}

fn shown(prefix: Option<IpNetwork>) -> String {
    prefix.map_or_else(|| "all".to_owned(), |p| Prefix(p).to_string())
}

/// As in `ip rule`: `32766:  from all lookup main`.
fn show(r: &Table) -> mlua::Result<String> {
    let text = |key: &str| -> mlua::Result<Option<String>> {
        match r.raw_get::<Value>(key)? {
            Value::Nil => Ok(None),
            value => value.to_string().map(Some),
        }
    };
    let yes = |key: &str| r.raw_get::<Option<bool>>(key).map(|v| v == Some(true));
    let number = |key: &str| r.raw_get::<Option<u32>>(key);
    let mut words = Vec::new();
    if yes("invert")? {
        words.push("not".to_owned());
    }
    for key in ["from", "to", "tos"] {
        if let Some(value) = text(key)? {
            let value = if key == "tos" { format!("{:#04x}", number(key)?.unwrap_or(0)) } else { value };
            words.push(format!("{key} {value}"));
        }
    }
    if let Some(mark) = number("fwmark")? {
        let mask = number("fwmask")?.map(|m| format!("/{m:#x}")).unwrap_or_default();
        words.push(format!("fwmark {mark:#x}{mask}"));
    }
    for (key, detached) in [("iif", "iif_detached"), ("oif", "oif_detached")] {
        if let Some(value) = text(key)? {
            words.push(format!("{key} {value}{}", if yes(detached)? { " [detached]" } else { "" }));
        }
    }
    if yes("l3mdev")? {
        words.push("lookup [l3mdev-table]".to_owned());
    }
    for key in ["uidrange", "ipproto", "sport", "dport"] {
        if let Some(value) = text(key)? {
            words.push(format!("{key} {value}"));
        }
    }
    if let Some(table) = text("table")? {
        words.push(format!("lookup {table}"));
    }
    for key in ["suppress_prefixlength", "suppress_ifgroup"] {
        if let Some(value) = text(key)? {
            words.push(format!("{key} {value}"));
        }
    }
    let kind = text("type")?.unwrap_or_default();
    match kind.as_str() {
        "lookup" => {}
        "goto" => words.push(format!("goto {}", text("goto_priority")?.unwrap_or_default())),
        kind => words.push(kind.to_owned()),
    }
    if yes("unresolved")? {
        words.push("[unresolved]".to_owned());
    }
    if let Some(proto) = text("proto")?.filter(|p| !matches!(p.as_str(), "kernel" | "unspec")) {
        words.push(format!("proto {proto}"));
    }
    Ok(format!("{}:\t{}", text("priority")?.unwrap_or_default(), words.join(" ")))
}

pub fn module() -> Module {
    Module::new(
        "rule",
        "Rules of policy routing: which routing table is asked for which packets.\n\nThe kernel asks the rules in the \
         order of their priorities. It begins with three: 0 for the table local, 32766 for main and 32767 for default. \
         IPv4 and IPv6 have rules of their \
         own, and IPv6 has none for default.",
        Scope::Namespace,
    )
    .function(
        Function::new("rule.add", (opts(options("nsh.rule.AddOptions")),), ret::nothing(), |cx, (spec,)| {
            Ok(rule::add(cx.ns, &spec)?)
        })
        .doc(
            "Adds a rule for the packets that all given options fit. What happens to them say `table` (default main), \
             `l3mdev`, `type` or `goto_priority`. It is a rule of IPv4 unless an address or `family` says otherwise. \
             Without `priority` it comes before all but the first one of all, and before those added so earlier.\n\n\
             Raises `exists` if the same rule is there, `argument` if options contradict each other.",
        )
        .command("ip rule add from PREFIX table TABLE priority PRIORITY")
        .example(
            "rule.add({ from = \"10.0.1.0/24\", table = 100, priority = 1000 })\nrule.add({ fwmark = 7, family = \"inet6\", type = \"prohibit\", priority = 1001 })\nroute.add(\"default\", { type = \"unreachable\", table = 100 })\nprint(rule.list())",
        ),
    )
    .function(
        Function::new("rule.del", (opts(options("nsh.rule.DelOptions")),), ret::nothing(), |cx, (spec,)| {
            Ok(rule::del(cx.ns, &spec)?)
        })
        .doc(
            "Deletes the first rule that has all that is given; IPv4's are looked through first.\n\nRaises `not_found` \
             if there is none.",
        )
        .command("ip rule del from PREFIX table TABLE")
        .example(
            "rule.add({ to = \"fd00::/64\", table = 100 })\nrule.del({ to = \"fd00::/64\", table = 100 })\ncheck.equal(rule.get({ table = 100 }), nil)",
        ),
    )
    .function(
        Function::new(
            "rule.get",
            (opts(options("nsh.rule.GetOptions")),),
            ret::optional(record(), "the rule, or nil"),
            |cx, (spec,)| Ok(rule::list(cx.ns, &spec)?.into_iter().next()),
        )
        .doc("Finds the first rule that has all that is given; IPv4's are looked through first.")
        .example("check.equal(rule.get({ priority = 32766, family = \"inet6\" }).table, \"main\")"),
    )
    .function(
        Function::new(
            "rule.list",
            (opts(options("nsh.rule.ListOptions")),),
            ret::list(record(), "the rules, in the order in which they are asked, IPv4 first"),
            |cx, (spec,)| Ok(rule::list(cx.ns, &spec)?),
        )
        .doc("Lists the rules of IPv4 and IPv6, or those that have all that is given.")
        .command("ip rule show; ip -6 rule show")
        .example("print(rule.list({ family = \"inet\" }))"),
    )
    .function(
        Function::new(
            "rule.flush",
            (opts(options("nsh.rule.FlushOptions")),),
            ret::value::<usize>("integer", "how many were deleted"),
            |cx, (spec,)| Ok(rule::flush(cx.ns, &spec)?),
        )
        .doc(
            "Deletes the rules that have all that is given, those of the tables main and default too, but those of \
             priority 0 only if `priority` says so.",
        )
        .command("ip rule flush")
        .example(
            "rule.add({ iif = \"lo\", table = 100 })\nrule.add({ iif = \"lo\", table = 101 })\ncheck.equal(rule.flush({ iif = \"lo\" }), 2)",
        ),
    )
}
