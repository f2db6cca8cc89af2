//! `why`: where a packet goes, and where and why it is lost.

use super::check::Requests;
use super::test::Tests;
use super::traffic::{self, Names, host, settled};
use crate::base::error::Error;
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Wrong, options, opts, param, record, ret, ty};
use crate::model::Words;
use crate::net::prefix::Family;
use crate::probe::endpoint::{Endpoint, Host};
use crate::probe::ping::MAX_SIZE;
use crate::probe::socket::SocketOptions;
use crate::probe::why::{self, Fault, Hop, Proto, Question, Verdict, Way};

options! {
    struct WhyOptions = "nsh.why.Options" {
        proto: Option<Proto>, ty::one_of(Proto::WORDS), "what is sent: an echo request (icmp), a connection (tcp) or an empty datagram \
            (udp); default icmp, with a port tcp";
        port: Option<u16>, ty::int(1..=65535), "the destination port, of tcp and udp";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        size: Option<usize>, ty::int(0..=MAX_SIZE as i64).map(|size| size as usize),
            "bytes of payload of an echo request; default 56";
        ..socket: SocketOptions, traffic::socket_with_port();
    }
}

/// The packet that is asked about.
fn question(cx: &Cx<'_>, host: &Host, options: WhyOptions) -> Result<Question, Failure> {
    let proto = options.proto.unwrap_or(if options.port.is_some() { Proto::Tcp } else { Proto::Icmp });
    let port = match (proto, options.port) {
        (Proto::Icmp, Some(_)) => {
            return Err(Wrong::new("an echo request has no port").within("opts.port").into());
        }
        (Proto::Icmp, None) => 0,
        (_, Some(port)) => port,
        (_, None) => {
            return Err(Wrong::new(format!("{} needs a port", proto.name())).within("opts.port").into());
        }
    };
    let family = options.socket.family(host, options.family);
    let found = host.resolve(cx.ns, &Names(cx), family, port)?;
    let target = found.first().copied().ok_or_else(|| Error::argument(format!("{host} has no address")))?;
    let name = match proto {
        Proto::Icmp => host.to_string(),
        _ => format!("{host} port {port}"),
    };
    Ok(Question { name, target, proto, size: options.size, socket: options.socket })
}

fn hop() -> Record<Hop> {
    record!(Hop = "nsh.WhyHop", "A link that a packet passes." => {
        namespace: h => h.namespace.clone(), "the namespace";
        dev: h => h.dev.clone(), "the link";
        direction: h => if h.inward { "in" } else { "out" }, "in or out";
        way: h => h.way.name(), "forth, or back to the sender";
        packet: h => Some(h.packet.clone()).filter(|p| !p.is_empty()), "its source and destination, where they are new";
        note: h => Some(h.note.clone()).filter(|n| !n.is_empty()), "what the namespace does with it";
        seen: h => h.seen, "the probe was seen there";
    })
    .plain()
}

fn fault() -> Record<Fault> {
    record!(Fault = "nsh.WhyFault", "Why a packet is lost. Prints as a line." => {
        cause: f => f.cause.word(), "a stable word for it, such as \"link_down\"";
        namespace: f => f.namespace.clone(), "the namespace where it is";
        dev: f => f.dev.clone(), "the link, where it is about one";
        way: f => f.way.name(), "forth, or back to the sender";
        text: f => f.text(), "what is wrong";
        evidence: f => f.evidence.clone(), "what says so";
        fix: f => f.fix(), "what repairs it, as Lua";
        command: f => f.command(), "what repairs it, as a command";
    })
    .shown(Fault::to_string)
}

fn verdict() -> Record<Verdict> {
    record!(Verdict = "nsh.Verdict", "Where a packet goes, and why it is lost. Prints as a path." => {
        ok: v => v.ok, "the probe was answered";
        from: v => v.from.clone(), "the namespace that sends";
        to: v => v.to.clone(), "the target, as it was given";
        addr: v => v.addr.to_string(), "the target's address";
        proto: v => v.proto.name(), "icmp, tcp or udp";
        time: v => v.time, "seconds until the answer";
        said: v => v.said.clone(), "what was said instead of an answer";
    })
    .list("hops", hop(), "the links on its way, forth and back", |v| &v.hops)
    .list("faults", fault(), "what is wrong, in the order in which the packet meets it", |v| &v.faults)
    .shown(Verdict::to_string)
}

/// What a failed check of echo requests tells besides: the first faults of the way, with what repairs them.
pub fn hint(cx: &Cx<'_>, host: &Host, requests: &Requests, forth_only: bool) -> Option<String> {
    let socket = SocketOptions { from: requests.from.clone(), ..SocketOptions::default() };
    advice(cx, host, WhyOptions { family: requests.family, socket, ..WhyOptions::default() }, forth_only)
}

/// So too of a connection that isn't made.
pub fn connection(
    cx: &Cx<'_>,
    to: &Endpoint,
    family: Option<Family>,
    socket: &SocketOptions,
) -> Option<String> {
    let options = WhyOptions { port: Some(to.port), family, socket: socket.clone(), ..WhyOptions::default() };
    advice(cx, &to.host, options, false)
}

/// What `explain` finds: now, or, where it is tried again and again, when that is given up.
pub fn at_last(cx: &Cx<'_>, explain: impl Fn(&Cx<'_>) -> Option<String> + 'static) -> Option<String> {
    let tests = Tests::of(cx.lab);
    if tests.trying.get() == 0 {
        return explain(cx);
    }
    *tests.doubt.borrow_mut() = Some(Box::new(explain));
    None
}

fn advice(cx: &Cx<'_>, host: &Host, options: WhyOptions, forth_only: bool) -> Option<String> {
    const TOLD: usize = 2;
    let verdict = why::why(&cx.lab.namespaces, cx.ns, &question(cx, host, options).ok()?).ok()?;
    let matters = |fault: &&Fault| !forth_only || fault.way == Way::Forth;
    let told = verdict.faults.iter().filter(matters).take(TOLD).map(|fault| match fault.fix() {
        Some(fix) => format!("{fault}; fix: {fix}"),
        None => fault.to_string(),
    });
    Some(told.collect::<Vec<_>>().join("; ")).filter(|told| !told.is_empty())
}

pub fn module() -> Module {
    Module::new(
        "why",
        "Where a packet goes in the lab, and where and why it is lost: with evidence, and with what repairs it.",
    )
    .callable(
        Function::new(
            "why",
            (
                param("dst", host(), "the target; a link-local address with its link, as \"fe80::1%eth0\""),
                opts(WhyOptions::shape()),
            ),
            ret::record(verdict(), "what was found"),
            |cx, (host, options)| {
                settled(cx)?;
                let question = question(cx, &host, options)?;
                Ok(why::why(&cx.lab.namespaces, cx.ns, &question)?)
            },
        )
        .doc(
            "Follows a packet to a host and back by the kernel's own lookups, sends a probe, and watches it on all links on \
             its way. A cause is named only with evidence; where none is found, it says where the probe was seen last. Nothing is \
             changed.\n\nRaises `not_found` for an unknown name or link.",
        ),
    )
}
