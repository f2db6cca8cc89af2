//! `nat`: network address translation.

use mlua::Value;

use crate::lua::registry::Module;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Builder, Cx, Failure, Function, Record, Shape, Type, field, opts, param, ret, ty};
use crate::model::Words;
use crate::net::nf::nat::{self, Kind, NatRule, NatSpec, Target};

/// A rule's options, but for those that only other kinds have.
fn options(name: &'static str, but: &'static [&str]) -> Shape<NatSpec> {
    let doc = "the same as iif (`in` is a word of Lua: `[\"in\"] = \"eth0\"`)";
    Shape::<NatSpec>::rows_where(name, |row| !but.contains(&row))
        .field("in", field(), doc, |s, v| s.input = Some(v))
}

/// A port, or several.
fn target_port() -> Type<Target> {
    let number = ty::int(1..=65535).map(Target::port);
    number.or(field()).called("a port such as 8080, or a range such as \"8000-8010\"")
}

pub fn record() -> Record<NatRule> {
    Record::of("nsh.NatRule", "A NAT rule, as the kernel holds it. It prints as `nft -a list` shows it.")
        .field("handle", "its number, to delete it by", |r: &NatRule| r.handle())
        .word("kind", "what it does", |r| r.kind)
        .field("hooks", "where it hangs: postrouting, prerouting, and with host output too", |r| {
            r.hooks.iter().map(|hook| hook.name()).collect::<Vec<_>>()
        })
        .include(Builder::<NatSpec>::rows("", "").plain(), |r| Some(&r.spec))
        .field(
            "packets",
            "packets that it translated: the first of each connection alone, the others follow it",
            |r| r.packets,
        )
        .field("bytes", "bytes of those packets", |r| r.bytes)
        .field("expressions", "for the kind other: what nf_tables does there", |r| {
            (r.kind == Kind::Other).then(|| r.expressions.clone())
        })
        .shown(|r| r.to_string())
}

/// A rule, or its handle.
fn rule() -> Type<u64> {
    Type::new("nsh.NatRule|integer", "a NAT rule or its handle", |_, value| match value {
        Value::Integer(i) => u64::try_from(*i).map_err(|_| No::Other),
        Value::Table(t) => t.raw_get::<Option<u64>>("handle").ok().flatten().ok_or(No::Other),
        _ => Err(No::Other),
    })
}

fn add(kind: Kind) -> impl Fn(&Cx<'_>, (NatSpec,)) -> Result<NatRule, Failure> {
    move |cx, (spec,)| Ok(nat::add(cx.ns, kind, &spec)?)
}

pub fn module() -> Module {
    Module::new(
        "nat",
        "Network address translation for IPv4 and IPv6, by nf_tables and without the program nft.\n\n\
         The rules stand in the table `inet nsh` of the namespace, where `nft list table inet nsh` shows them. The \
         first packet of a connection is matched, and the kernel then translates the whole connection, answers \
         included: see `conntrack.list`. To pass packets on at all, the namespace needs \
         `sysctl.set(\"net.ipv4.ip_forward\", 1)`."
    )
    .function(
        Function::new(
            "nat.masquerade",
            (opts(options("nsh.nat.MasqueradeOptions", &["to", "host"]).field(
                "to",
                target_port(),
                "translate source ports into this range, such as \"1024-2047\"; needs proto",
                |s, v| s.to = Some(v),
            )),),
            ret::record(record(), "the rule"),
            add(Kind::Masquerade),
        )
        .doc(
            "Gives packets the address of the interface by which they leave, so that answers come back to this \
             namespace from networks that don't know the sender's.\n\nRaises `argument` for options that contradict \
             each other, `unsupported` where the kernel has no NAT.",
        )
        .command("nft add rule inet nsh nat_postrouting oifname != br0 ip saddr PREFIX counter masquerade"),
    )
    .function(
        Function::new(
            "nat.snat",
            (opts(options("nsh.nat.SnatOptions", &["host"]).requiring("to")),),
            ret::record(record(), "the rule"),
            add(Kind::Snat),
        )
        .doc(
            "Gives packets a source address that is named, rather than the outgoing interface's as \
             `nat.masquerade` does.\n\nRaises `argument` for options that contradict each other, `unsupported` where \
             the kernel has no NAT.",
        )
        .command("nft add rule inet nsh nat_postrouting ip saddr PREFIX counter snat ip to ADDRESS"),
    )
    .function(
        Function::new(
            "nat.dnat",
            (opts(options("nsh.nat.DnatOptions", &["out"]).requiring("to")),),
            ret::record(record(), "the rule"),
            add(Kind::Dnat),
        )
        .doc(
            "Gives packets another destination: a port of this namespace's address leads to a server behind it. \
             Connections that begin in this namespace are translated only with `host = true`. To an address of \
             127.0.0.0/8 the kernel takes packets only from links with the sysctl `net.ipv4.conf.DEV.route_localnet` \
             set.\n\n\
             Raises `argument` for options that contradict each other, `unsupported` where the kernel has no NAT.",
        )
        .command("nft add rule inet nsh nat_prerouting ip daddr ADDRESS tcp dport PORT counter dnat ip to ADDRESS:PORT"),
    )
    .function(
        Function::new(
            "nat.redirect",
            (opts(options("nsh.nat.RedirectOptions", &["to", "out"]).field(
                "to",
                target_port(),
                "the port to give; left out, it stays; needs proto",
                |s, v| s.to = Some(v),
            )),),
            ret::record(record(), "the rule"),
            add(Kind::Redirect),
        )
        .doc(
            "Gives packets this namespace itself as their destination, wherever they were going: a transparent proxy, \
             or another port of one's own.\n\nRaises `argument` for options that contradict each other, `unsupported` \
             where the kernel has no NAT.",
        )
        .command("nft add rule inet nsh nat_prerouting tcp dport PORT counter redirect to :PORT"),
    )
    .function(
        Function::new("nat.list", (), ret::list(record(), "the rules"), |cx, ()| Ok(nat::list(cx.ns)?))
            .doc(
                "Lists the rules with their counters, hook by hook in the order in which they are tried. What others \
                 put into nsh's table and has no words here is of the kind `other`.",
            )
            .command("nft -a list table inet nsh"),
    )
    .function(
        Function::new(
            "nat.get",
            (param("rule", rule(), "a rule or its handle"),),
            ret::optional(record(), "the rule with its present counters, or nil"),
            |cx, (handle,)| Ok(nat::get(cx.ns, handle)?),
        )
        .doc("Finds a rule by its handle.")
        .command("nft -a list table inet nsh"),
    )
    .function(
        Function::new("nat.del", (param("rule", rule(), "a rule or its handle"),), ret::nothing(), |cx, (handle,)| {
            Ok(nat::del(cx.ns, handle).map_err(|e| e.on(handle.to_string()))?)
        })
        .doc(
            "Deletes a rule. Connections that it translated stay so until they end or `conntrack.del` forgets \
             them.\n\nRaises `not_found` if it is gone.",
        )
        .command("nft delete rule inet nsh CHAIN handle HANDLE"),
    )
    .function(
        Function::new("nat.flush", (), ret::nothing(), |cx, ()| Ok(nat::flush(cx.ns)?))
            .doc("Deletes all NAT rules and chains of nsh's table, and the table itself if nothing else is in it.")
            .command("nft delete table inet nsh"),
    )
}
