//! `traceroute`: the routers on the way to a host.

use super::traffic::{self, Names, host, seconds, settled_towards};
use crate::base::error::Error;
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Wrong, options, opts, param, record, ret, ty};
use crate::model::Words;
use crate::net::hosts;
use crate::net::prefix::Family;
use crate::probe::endpoint::Host;
use crate::probe::ping::MAX_SIZE;
use crate::probe::socket::SocketOptions;
use crate::probe::traceroute::{self, Answer, Hop, Options, Proto, Trace};

options! {
    struct TraceOptions = "nsh.traceroute.Options" {
        proto: Proto, ty::one_of(Proto::WORDS),
            "what is sent: echo requests (icmp), datagrams (udp) or requests for connections (tcp); default icmp";
        port: Option<u16>, ty::int(1..=65535),
            "the destination port; default 80 of tcp, and 33434 of the first datagram, one more with each";
        first_ttl: u8 = 1, ty::int(1..=255), "the time to live, or hop limit, to begin with; default 1";
        max_ttl: u8 = 30, ty::int(1..=255), "the largest one; default 30";
        queries: u8 = 1, ty::int(1..=10), "packets for each hop; default 1";
        timeout: f64 = 1.5, seconds(), "seconds in which an answer must come; default 1.5";
        size: Option<usize>, ty::int(0..=MAX_SIZE as i64).map(|size| size as usize),
            "bytes of payload, of icmp and udp; default 32";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..socket: SocketOptions, traffic::way();
    }
}

fn checked(options: TraceOptions) -> Result<Options, Failure> {
    let wrong = |field: &'static str, text: String| Err(Wrong::new(text).within(field).into());
    if options.first_ttl > options.max_ttl {
        let TraceOptions { first_ttl, max_ttl, .. } = options;
        return wrong("opts.first_ttl", format!("{first_ttl} is more than max_ttl, {max_ttl}"));
    }
    match (options.proto, options.port, options.size) {
        (Proto::Icmp, Some(_), _) => return wrong("opts.port", "an echo request has no port".into()),
        (Proto::Tcp, _, Some(_)) => {
            return wrong("opts.size", "a request for a connection has no payload".into());
        }
        _ => {}
    }
    let TraceOptions { proto, port, first_ttl, max_ttl, queries, timeout, size, socket, .. } = options;
    let size = size.unwrap_or(32);
    Ok(Options { proto, port, first: first_ttl, max: max_ttl, queries, timeout, size, whole: false, socket })
}

fn run(cx: &Cx<'_>, host: &Host, options: TraceOptions) -> Result<Trace, Failure> {
    let family = options.socket.family(host, options.family);
    let found = host.resolve(cx.ns, &Names(cx), family, 0)?;
    let target = *found.first().ok_or_else(|| Error::argument(format!("{host} has no address")))?;
    settled_towards(cx, &found)?;
    let owners = hosts::owners(&cx.lab.namespaces)?;
    Ok(traceroute::traceroute(cx.ns, &host.to_string(), target, &checked(options)?, owners)?)
}

fn answer() -> Record<Answer> {
    record!(Answer = "nsh.TraceAnswer", "Who answered a packet." => {
        from: a => a.from.to_string(), "its address";
        rtt: a => a.rtt, "the round-trip time in seconds";
        message: a => a.message.clone(), "what it said, if it is more than that the time to live has ended";
        mtu: a => a.mtu, "the MTU of the link for which the packet was too big";
    })
    .plain()
}

fn hop() -> Record<Hop> {
    record!(Hop = "nsh.TraceHop", "A router on the way, or its end." => {
        ttl: h => h.ttl, "the time to live that ends there";
        addr: h => h.answer().map(|a| a.from.to_string()), "who answered first; none if nobody did";
        namespace: h => h.namespace.clone(), "the namespace of the lab that has this address";
        rtt: h => h.answer().map(|a| a.rtt), "the round-trip time of the first answer, in seconds";
        message: h => h.answer().and_then(|a| a.message.clone()), "what it said, if it is more than that the time to live has ended";
        sent: h => h.sent, "packets sent";
        lost: h => h.sent - h.answers.len(), "packets that nobody answered";
    })
    .list("answers", answer(), "all answers, in the order of the packets", |h| &h.answers)
    .plain()
}

fn trace() -> Record<Trace> {
    record!(Trace = "nsh.Trace", "The way to a host. Prints as traceroute prints it." => {
        dst: t => t.name.clone(), "the target, as it was given";
        addr: t => t.addr.to_string(), "the target's address";
        proto: t => t.proto.name(), "icmp, udp or tcp";
        reached: t => t.reached, "the target answered";
        time: t => t.time, "seconds that it took";
    })
    .list(
        "hops",
        hop(),
        "the routers in their order, and the target; a hop that is silent has no addr",
        |t| &t.hops,
    )
    .shown(Trace::to_string)
}

pub fn module() -> Module {
    Module::new(
        "traceroute",
        "The routers on the way to a host, with the names of the lab's namespaces. All hops are asked at the same time.",
    )
    .callable(
        Function::new(
            "traceroute",
            (
                param("dst", host(), "the target; a link-local address with its link, as \"fe80::1%eth0\""),
                opts(TraceOptions::shape()),
            ),
            ret::record(trace(), "the way"),
            |cx, (host, options)| run(cx, &host, options),
        )
        .doc(
            "Sends packets whose time to live ends at each router on the way, which says so. A hop that is silent for a second is \
             asked once more: routers limit how often they say it (net.ipv4.icmp_ratelimit).\n\n\
             Raises `network_unreachable` without a route, `host_unreachable` or `permission` by a route of type \
             unreachable or prohibit, `permission` by a firewall rule, `not_found` for an unknown name or link.",
        )
        .command("traceroute -I -m MAX_TTL -q QUERIES -w TIMEOUT DST"),
    )
}
