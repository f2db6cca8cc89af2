//! `conntrack`: the connections that the kernel tracks.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, opts, ret};
use crate::net::nf::conntrack::{self, Connection, Counters, Stats};

fn counters() -> Record<Counters> {
    Record::of("nsh.conntrack.Counters", "What went in one direction.")
        .field("packets", "packets", |c: &Counters| c.packets)
        .field("bytes", "bytes, with the headers from IP on", |c| c.bytes)
        .shown(|c| c.to_string())
}

pub fn record() -> Record<Connection> {
    let tuple = || Record::rows("nsh.conntrack.Tuple", "One direction of a tracked connection.");
    Builder::rows("nsh.Connection", "A tracked connection. It prints as `conntrack -L` shows it.")
        .record("orig", tuple(), "its first packet, as it came", |c: &Connection| Some(&c.orig))
        .record("reply", tuple(), "an answer as it comes: what was translated is seen here", |c| {
            Some(&c.reply)
        })
        .record(
            "sent",
            counters(),
            "what went as the first packet did; counted with the sysctl net.netfilter.nf_conntrack_acct",
            |c| c.sent.as_ref(),
        )
        .record("received", counters(), "what came back", |c| c.received.as_ref())
        .shown(|c| c.to_string())
}

fn stats() -> Record<Stats> {
    Builder::rows("nsh.conntrack.Stats", "How full the table of connections is, and what tracking counted.")
        .shown(|s: &Stats| s.to_string())
}

pub fn module() -> Module {
    Module::new(
        "conntrack",
        "The connections that the kernel tracks, without the program conntrack. A namespace tracks connections only \
         while rules need it: NAT does."
    )
    .function(
        Function::new(
            "conntrack.list",
            (opts(Shape::rows("nsh.conntrack.ListOptions")),),
            ret::list(record(), "the connections"),
            |cx, (filter,)| Ok(conntrack::list(cx.ns, &filter)?),
        )
        .doc(
            "Lists the connections. Addresses and ports of the filter are those of a connection's first packet, before \
             any translation; `reply.dest` is where answers go to, which is the translated source.\n\nRaises \
             `unsupported` where the kernel has no connection tracking.",
        )
        .command("conntrack -L -p PROTO -s SOURCE -d DEST --sport SPORT --dport DPORT --state STATE -m MARK -w ZONE"),
    )
    .function(
        Function::new(
            "conntrack.del",
            (opts(Shape::rows("nsh.conntrack.DelOptions")),),
            ret::value::<usize>("integer", "how many"),
            |cx, (filter,)| Ok(conntrack::del(cx.ns, &filter)?),
        )
        .doc(
            "Deletes the connections that all given options fit. The next packet of each counts as its first one, so that NAT rules \
             changed meanwhile apply to it.",
        )
        .command("conntrack -D -p PROTO -s SOURCE -d DEST --sport SPORT --dport DPORT --state STATE -m MARK -w ZONE"),
    )
    .function(
        Function::new("conntrack.flush", (), ret::nothing(), |cx, ()| Ok(conntrack::flush(cx.ns)?))
            .doc("Deletes all connections from the table.")
            .command("conntrack -F"),
    )
    .function(
        Function::new("conntrack.stats", (), ret::record(stats(), "the counters"), |cx, ()| {
            Ok(conntrack::stats(cx.ns)?)
        })
        .doc(
            "Tells how many connections the table has and may have, and what tracking counted. Where `count` has reached \
             `max`, the kernel drops the first packets of new connections, and `drop` counts them.",
        )
        .command("conntrack -S"),
    )
}
