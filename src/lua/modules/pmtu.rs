//! `pmtu`: the MTU of a path.

use super::traffic::{self, Names, host, seconds, settled_towards};
use crate::base::error::Error;
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, options, opts, param, record, ret, ty};
use crate::net::hosts;
use crate::net::prefix::Family;
use crate::probe::endpoint::Host;
use crate::probe::pmtu::{self, BlackHole, PathMtu, Told};
use crate::probe::socket::SocketOptions;

options! {
    struct PmtuOptions = "nsh.pmtu.Options" {
        timeout: f64 = 3.0, seconds(), "seconds in which a small packet must be answered; default 3";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..socket: SocketOptions, traffic::way();
    }
}

fn run(cx: &Cx<'_>, host: &Host, options: &PmtuOptions) -> Result<PathMtu, Failure> {
    let family = options.socket.family(host, options.family);
    let found = host.resolve(cx.ns, &Names(cx), family, 0)?;
    let target = *found.first().ok_or_else(|| Error::argument(format!("{host} has no address")))?;
    settled_towards(cx, &found)?;
    let owners = hosts::owners(&cx.lab.namespaces)?;
    Ok(pmtu::path_mtu(cx.ns, &host.to_string(), target, &options.socket, options.timeout, &owners)?)
}

fn told() -> Record<Told> {
    record!(Told = "nsh.PmtuTold", "Who said that a packet was too big." => {
        from: t => t.from.to_string(), "its address";
        namespace: t => t.namespace.clone(), "the namespace of the lab that has this address";
        size: t => t.size, "bytes of the packet that was too big";
        mtu: t => t.mtu, "the MTU that it told";
    })
    .plain()
}

fn black_hole() -> Record<BlackHole> {
    record!(BlackHole = "nsh.PmtuBlackHole", "Where packets vanish without a word." => {
        size: b => b.size, "bytes of the smallest packet that was lost";
        from: b => b.from.map(|from| from.to_string()), "the last host that such a packet passes; none if no router answers";
        namespace: b => b.namespace.clone(), "the namespace of the lab that has this address";
    })
    .plain()
}

fn path_mtu() -> Record<PathMtu> {
    record!(PathMtu = "nsh.PathMtu", "The MTU of a path, and where it comes from. Prints as text." => {
        dst: p => p.name.clone(), "the target, as it was given";
        addr: p => p.addr.to_string(), "the target's address";
        mtu: p => p.mtu, "bytes of the largest packet that arrives in one piece, with all its headers";
        dev: p => p.dev.clone(), "the link that packets leave by";
        dev_mtu: p => p.first, "its MTU";
        time: p => p.time, "seconds that it took";
    })
    .list("told", told(), "who said that a packet was too big, in the order in which it was said", |p| {
        &p.told
    })
    .record(
        "black_hole",
        black_hole(),
        "where larger packets vanish without a word; none if they don't",
        |p| p.black_hole.as_ref(),
    )
    .shown(PathMtu::to_string)
}

pub fn module() -> Module {
    Module::new(
        "pmtu",
        "The MTU of the path to a host: the largest packet that arrives in one piece, and the router that said so.",
    )
    .callable(
        Function::new(
            "pmtu",
            (
                param("dst", host(), "the target; a link-local address with its link, as \"fe80::1%eth0\""),
                opts(PmtuOptions::shape()),
            ),
            ret::record(path_mtu(), "the MTU and where it comes from"),
            |cx, (host, options)| run(cx, &host, &options),
        )
        .doc(
            "Sends echo requests that must not be fragmented, of the size that the first link takes, and then of the sizes that \
             routers tell. Where larger ones are lost and nobody says anything, it searches for the size, and says behind which \
             host they vanish: a black hole. What the kernel remembers of the path is left out of account.\n\n\
             Raises `timeout` if even a small packet is not answered, `host_unreachable` if somebody refuses it, \
             `network_unreachable` without a route, `not_found` for an unknown name or link.",
        )
        .command("tracepath DST"),
    )
}
