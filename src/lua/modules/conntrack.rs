//! `conntrack`: the connections that the kernel tracks.

use super::words;
use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, opts, ret, ty};
use crate::net::nf::conntrack::{self, Connection, Counters, Filter, Tuple};

fn filter(name: &'static str) -> Shape<Filter> {
    Shape::new(name)
        .field("proto", words::protocol(), "connections of this protocol", |f: &mut Filter, v| {
            f.proto = Some(v)
        })
        .field(
            "source",
            words::prefix(),
            "connections that were begun from this address or prefix; \"!\" in front is all others",
            |f, v| f.source = Some(v),
        )
        .field("dest", words::prefix(), "connections that were begun to this address or prefix", |f, v| {
            f.dest = Some(v)
        })
        .field("sport", words::ports(), "connections from these ports", |f, v| f.sport = Some(v))
        .field("dport", words::ports(), "connections to these ports", |f, v| f.dport = Some(v))
        .field("family", words::family(), "connections of IPv4 or IPv6", |f, v| f.family = Some(v))
        .field("mark", ty::int(0..=u32::MAX), "connections with this mark", |f, v| f.mark = Some(v))
        .field("snat", ty::boolean(), "whether the source was translated", |f, v| f.snat = Some(v))
        .field("dnat", ty::boolean(), "whether the destination was translated", |f, v| f.dnat = Some(v))
}

fn tuple() -> Record<Tuple> {
    Record::of("nsh.conntrack.Tuple", "One direction of a tracked connection.")
        .field("source", "string", "where its packets come from", |t: &Tuple| t.source.to_string())
        .field("dest", "string", "where they go to", |t| t.dest.to_string())
        .field("sport", "integer?", "the source port", |t| t.sport)
        .field("dport", "integer?", "the destination port", |t| t.dport)
        .field("type", "integer?", "the type of an ICMP or ICMPv6 message", |t| t.icmp.map(|(kind, ..)| kind))
        .field("code", "integer?", "its code", |t| t.icmp.map(|(_, code, _)| code))
        .field("id", "integer?", "its id", |t| t.icmp.map(|(.., id)| id))
        .shown(|t| t.to_string())
}

fn counters() -> Record<Counters> {
    Record::of("nsh.conntrack.Counters", "What went in one direction.")
        .field("packets", "integer", "packets", |c: &Counters| c.packets)
        .field("bytes", "integer", "bytes, with the headers from IP on", |c| c.bytes)
        .shown(|c| format!("packets={} bytes={}", c.packets, c.bytes))
}

fn record() -> Record<Connection> {
    Record::of("nsh.Connection", "A tracked connection. It prints as `conntrack -L` shows it.")
        .field("proto", "string", "the protocol, by its name or number", |c: &Connection| {
            c.orig.proto.to_string()
        })
        .record("orig", tuple(), "its first packet, as it came", |c| Some(&c.orig))
        .record("reply", tuple(), "an answer as it comes: what was translated is seen here", |c| {
            Some(&c.reply)
        })
        .field("state", "string?", "ESTABLISHED and so on, for TCP and SCTP", |c| c.state)
        .field("timeout", "integer?", "seconds until it is forgotten if no packet comes", |c| c.timeout)
        .field("mark", "integer", "its mark", |c| c.mark)
        .field("zone", "integer", "its zone, 0 for most", |c| c.zone)
        .field("replied", "boolean", "an answer was seen", |c| c.replied)
        .field("assured", "boolean", "it went on for long enough not to be dropped early", |c| c.assured)
        .field("snat", "boolean", "its source was translated", |c| c.snat)
        .field("dnat", "boolean", "its destination was translated", |c| c.dnat)
        .record(
            "sent",
            counters(),
            "what went as the first packet did; counted with the sysctl net.netfilter.nf_conntrack_acct",
            |c| c.sent.as_ref(),
        )
        .record("received", counters(), "what came back", |c| c.received.as_ref())
        .shown(|c| c.to_string())
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
            (opts(filter("nsh.conntrack.ListOptions")),),
            ret::list(record(), "the connections"),
            |cx, (filter,)| Ok(conntrack::list(cx.ns, &filter)?),
        )
        .doc(
            "Lists the connections. Addresses and ports of the filter are those of a connection's first packet, before \
             any translation; `reply.dest` is where answers go to, which is the translated source.\n\nRaises \
             `unsupported` where the kernel has no connection tracking.",
        )
        .command("conntrack -L"),
    )
    .function(
        Function::new(
            "conntrack.del",
            (opts(filter("nsh.conntrack.DelOptions")),),
            ret::value::<usize>("integer", "how many"),
            |cx, (filter,)| Ok(conntrack::del(cx.ns, &filter)?),
        )
        .doc(
            "Deletes connections from the table. The next packet of each counts as its first one, so that NAT rules \
             changed meanwhile apply to it.",
        )
        .command("conntrack -D -p PROTO -s SOURCE"),
    )
    .function(
        Function::new("conntrack.flush", (), ret::nothing(), |cx, ()| Ok(conntrack::flush(cx.ns)?))
            .doc("Deletes all connections from the table.")
            .command("conntrack -F"),
    )
}
