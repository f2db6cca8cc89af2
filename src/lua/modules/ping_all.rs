//! `ping_all`: who reaches whom.

use std::net::IpAddr;
use std::rc::Rc;

use super::namespace;
use super::traffic::{seconds, settled};
use crate::base::error::{Error, Kind, Result};
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Wrong, options, opts, param, record, ret, ty};
use crate::net::hosts;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::ping::{self, Cell, Everyone, MAX_SIZE, Matrix};

options! {
    struct AllOptions = "nsh.ping_all.Options" {
        count: u64 = 1, ty::int(1..=1000u64), "how many requests each host sends to each other one; default 1";
        timeout: f64 = 1.0, seconds(), "seconds in which a reply must come; default 1";
        size: usize = 56, ty::int(0..=MAX_SIZE as i64).map(|size| size as usize), "bytes of payload; default 56";
        family: Option<Family>, ty::family(),
            "by IPv4 (inet) or IPv6 (inet6); default IPv4 where all have an address of it";
    }
}

/// An address of each host in one family.
fn addresses(cx: &Cx<'_>, hosts: &[Rc<Namespace>], family: Option<Family>) -> Result<Vec<IpAddr>> {
    let mut found = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        // One of those that the others have a subnet with, if there is one.
        let viewer = &hosts[usize::from(index == 0)];
        found.push(hosts::lookup(&cx.lab.namespaces, viewer, host.name())?);
    }
    let of = |family: Family| -> std::result::Result<Vec<IpAddr>, usize> {
        let first = |all: &Vec<IpAddr>| all.iter().copied().find(|ip| Family::of(*ip) == family);
        found.iter().enumerate().map(|(index, all)| first(all).ok_or(index)).collect()
    };
    let all = match family {
        Some(family) => of(family),
        None => of(Family::Inet).or_else(|lacks| of(Family::Inet6).map_err(|_| lacks)),
    };
    all.map_err(|lacks| {
        let family = if family == Some(Family::Inet6) { "IPv6" } else { "IPv4" };
        Error::new(Kind::NotFound, format!("{} has no {family} address", hosts[lacks].name()))
            .hint("all hosts need one of the same family")
    })
}

fn run(cx: &Cx<'_>, hosts: &[Rc<Namespace>], options: AllOptions) -> std::result::Result<Matrix, Failure> {
    let AllOptions { count, timeout, size, family } = options;
    let wrong = |text: String| Err(Wrong::new(text).within("hosts").into());
    if hosts.len() < 2 {
        return wrong(format!("expected two hosts or more, got {}", hosts.len()));
    }
    if let Some(twice) =
        hosts.iter().enumerate().find(|(at, host)| hosts[..*at].iter().any(|h| h.name() == host.name()))
    {
        return wrong(format!("{} is there twice", twice.1.name()));
    }
    // The number of a request has 16 bits.
    if hosts.len() as u64 * count > 65_535 {
        return wrong(format!("{} hosts and {count} requests for each are too many", hosts.len()));
    }
    settled(cx)?;
    let addresses = addresses(cx, hosts, family)?;
    let names = hosts.iter().map(|host| host.name().to_owned()).collect();
    let hosts: Vec<ping::Host<'_>> =
        hosts.iter().zip(addresses).map(|(ns, address)| ping::Host { ns, address }).collect();
    Ok(ping::ping_all(&hosts, names, Everyone { count, timeout, size })?)
}

/// A pair, as scripts see it.
struct Pair {
    src: String,
    dst: String,
    addr: IpAddr,
    cell: Cell,
}

fn pairs(matrix: &Matrix, wanted: impl Fn(&Cell) -> bool) -> Vec<Pair> {
    let all = matrix.pairs().filter(|(_, _, cell)| wanted(cell));
    all.map(|(from, to, cell)| Pair {
        src: matrix.names[from].clone(),
        dst: matrix.names[to].clone(),
        addr: matrix.addresses[to],
        cell: cell.clone(),
    })
    .collect()
}

fn pair() -> Record<Pair> {
    record!(Pair = "nsh.PingPair", "What came of pinging from one host to another." => {
        src: p => p.src.clone(), "who sent the requests";
        dst: p => p.dst.clone(), "to whom";
        addr: p => p.addr.to_string(), "the address";
        sent: p => p.cell.sent, "requests sent";
        received: p => p.cell.received, "requests that were replied to";
        lost: p => p.cell.lost(), "requests without a reply";
        rtt: p => p.cell.rtt(), "the mean round-trip time in seconds; none without a reply";
        message: p => p.cell.message.clone(), "what was said instead of a reply, such as \"Destination Host Unreachable\"";
    })
    .plain()
}

/// With its pairs.
struct Told {
    matrix: Matrix,
    pairs: Vec<Pair>,
    lost: Vec<Pair>,
}

fn matrix() -> Record<Told> {
    record!(Told = "nsh.PingMatrix", "Who reaches whom. Prints as a matrix: rows send, columns are sent to." => {
        hosts: t => t.matrix.names.clone(), "the hosts, in their order";
        ok: t => t.lost.is_empty(), "no request was lost";
        sent: t => t.matrix.sent(), "requests sent";
        received: t => t.matrix.received(), "requests that were replied to";
        loss: t => t.matrix.loss(), "the share of requests without a reply, 0 to 1";
        cut: t => (0..t.matrix.names.len()).filter(|host| t.matrix.is_cut(*host)).map(|host| t.matrix.names[host].clone())
            .collect::<Vec<_>>(), "hosts that reach nobody, and that nobody reaches";
        time: t => t.matrix.time, "seconds that it took";
    })
    .list("pairs", pair(), "each host with each other one", |t| &t.pairs)
    .list("lost", pair(), "the pairs with losses", |t| &t.lost)
    .shown(|t| t.matrix.to_string())
}

pub fn module() -> Module {
    Module::new(
        "ping_all",
        "Echo requests from every host of a list to every other one, all at the same time: who reaches whom.",
    )
    .callable(
        Function::new(
            "ping_all",
            (param("hosts", ty::list(namespace::ty()), "the hosts: namespaces, or their names"), opts(AllOptions::shape())),
            ret::record(matrix(), "who reaches whom"),
            |cx, (hosts, options)| {
                let matrix = run(cx, &hosts, options)?;
                let (all, lost) = (pairs(&matrix, |_| true), pairs(&matrix, |cell| cell.lost() > 0));
                Ok(Told { matrix, pairs: all, lost })
            },
        )
        .doc(
            "Pings from each host to each other one. Losses, and what keeps a request from being sent, are part of the result. \
             Pairs are tried side by side: a host that is cut off takes no longer than `timeout`.\n\n\
             Of more than 300 pairs the neighbours that were learned meanwhile are forgotten again: the kernel has room for \
             1024 of them, for all namespaces together.\n\n\
             Raises `not_found` if a host has no address, or there is no family of which all have one.",
        )
        .command("pingall"),
    )
}
