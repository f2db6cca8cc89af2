//! `arping`: who has an address on a link.

use std::net::IpAddr;

use super::traffic::{Names, host, seconds, settled};
use crate::base::error::Error;
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Wrong, options, opts, param, record, ret, ty};
use crate::net::prefix::Family;
use crate::probe::arping::{self, Options, Reply, Report};
use crate::probe::endpoint::Host;

options! {
    struct ArpingOptions = "nsh.arping.Options" {
        dev: Option<String>, ty::link(), "the link to ask on; default the one that packets to the address leave by";
        from: Option<IpAddr>, ty::ip(), "the address that asks; default the one that the kernel would send from";
        dad: Option<bool>, ty::boolean(),
            "duplicate address detection: asks from no address, as a host that wants this one; waits the whole timeout";
        all: Option<bool>, ty::boolean(),
            "wait the whole timeout for further answers, of others who have the address too; default false";
        count: u64 = 1, ty::int(1..=1_000_000u64), "how often to ask; default 1";
        interval: f64 = 0.2, seconds(), "seconds from one question to the next; default 0.2";
        timeout: f64 = 1.0, seconds(), "seconds in which the last question must be answered; default 1";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
    }
}

fn run(cx: &Cx<'_>, host: &Host, options: ArpingOptions) -> Result<Report, Failure> {
    let ArpingOptions { dev, from, dad, all, count, interval, timeout, family } = options;
    let (dad, all) = (dad == Some(true), all == Some(true));
    if dad && from.is_some() {
        let wrong = Wrong::new("duplicate address detection asks from no address").within("opts.from");
        return Err(wrong.into());
    }
    let found = host.resolve(cx.ns, &Names(cx), family, 0)?;
    let dst = found.first().ok_or_else(|| Error::argument(format!("{host} has no address")))?.ip();
    if from.is_some_and(|from| Family::of(from) != Family::of(dst)) {
        return Err(Wrong::new(format!("{dst} is of another family")).within("opts.from").into());
    }
    settled(cx)?;
    Ok(arping::arping(cx.ns, dst, &Options { dev, from, count, interval, timeout, dad, all })?)
}

fn reply() -> Record<Reply> {
    record!(Reply = "nsh.ArpingReply", "An answer." => {
        seq: r => r.seq, "the number of the last question before it, from 1";
        mac: r => r.mac.to_string(), "the hardware address that answered";
        rtt: r => r.rtt, "seconds from the question to the answer";
    })
    .plain()
}

fn report() -> Record<Report> {
    record!(Report = "nsh.ArpingResult", "Who has an address on a link." => {
        dst: r => r.dst.to_string(), "the address";
        dev: r => r.dev.clone(), "the link on which it was asked for";
        sent: r => r.sent, "how often it was asked for";
        received: r => r.received, "how many of these questions were answered";
        mac: r => r.macs().first().map(|mac| mac.to_string()), "the hardware address that answered first";
        macs: r => r.macs().iter().map(|mac| mac.to_string()).collect::<Vec<_>>(),
            "all hardware addresses that answered, each once";
        duplicate: r => Report::is_duplicate(r), "several hosts have the address; with `dad`, anybody has it";
        time: r => r.time, "seconds that it took";
    })
    .list("replies", reply(), "the answers, in the order in which they came", |r| &r.replies)
    .shown(Report::to_string)
}

pub fn module() -> Module {
    Module::new(
        "arping",
        "Asks on a link who has an address: by ARP, and of an IPv6 address by neighbour discovery. Neither routes nor firewalls of \
         IP are in the way, and the neighbour table isn't used.",
    )
    .callable(
        Function::new(
            "arping",
            (param("dst", host(), "the address, or a host"), opts(ArpingOptions::shape())),
            ret::record(report(), "who answered"),
            |cx, (host, options)| run(cx, &host, options),
        )
        .doc(
            "Asks who has an address, and returns as soon as the last question is answered. That nobody answers is a result, too: \
             `received` is 0. `all` finds addresses that two hosts have, `dad` asks before one is used.\n\n\
             Raises `argument` for an address that is on no link, `network_down` if the link is down, `not_found` for an unknown \
             name or link.",
        )
        .command("arping -c COUNT -w TIMEOUT -I DEV -s FROM DST"),
    )
}
