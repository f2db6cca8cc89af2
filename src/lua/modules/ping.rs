//! `ping`: echo requests.

use super::check::Requests;
use super::traffic::{self, Names, host, seconds, settled_towards};
use crate::base::error::{Error, Kind};
use crate::base::wait::Deadline;
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Shape, Wrong, options, opts, param, record, ret,
    shape, ty,
};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::probe::endpoint::Host;
use crate::probe::ping::{
    self, Arrival, EchoRequests, MAX_SIZE, Outage, Refusal, Reply, Report, Rtt, Running,
};

/// `count` stands apart: what is meant without one differs.
#[derive(Clone, Default)]
struct PingOptions {
    count: Option<u64>,
    family: Option<Family>,
    ping: EchoRequests,
}

const COUNT: &str = "how many requests to send; default 1";
const COUNT_BESIDE: &str = "how many requests to send; default no end";

fn options(name: &'static str, count: &'static str) -> Shape<PingOptions> {
    shape!(PingOptions = name => {
        count: ty::int(1..=1_000_000_000), count;
        ping.interval: seconds(),
            "seconds from one request to the next; default 0.2. 0: the next one as soon as the last one was answered";
        ping.timeout: seconds(), "seconds in which a reply must come; default 3";
        ping.size: ty::int(0..=MAX_SIZE as i64).map(|size| size as usize), "bytes of payload; default 56";
        family: ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..ping.socket: traffic::socket();
    })
}

/// Resolves the target, and waits until the links carry packets to it.
fn target(cx: &Cx<'_>, host: &Host, options: &PingOptions) -> Result<std::net::SocketAddr, Failure> {
    let found = host.resolve(cx.ns, &Names(cx), options.ping.socket.family(host, options.family), 0)?;
    settled_towards(cx, &found)?;
    found.first().copied().ok_or_else(|| Wrong::new(format!("{host} has no address")).into())
}

/// What a check asks for.
fn of_check(requests: &Requests) -> PingOptions {
    let mut ping = EchoRequests::default();
    ping.socket.from.clone_from(&requests.from);
    ping.count = requests.count.or(ping.count);
    ping.timeout = requests.timeout.unwrap_or(ping.timeout);
    PingOptions { count: ping.count, family: requests.family, ping }
}

/// A ping with few options, for checks.
pub fn once(cx: &Cx<'_>, host: &Host, requests: &Requests) -> Result<Report, Failure> {
    let options = of_check(requests);
    let target = target(cx, host, &options)?;
    Ok(ping::ping(cx.ns, &host.to_string(), target, &options.ping)?)
}

/// Echo requests of which only the way there is looked at, in the namespace `at`; for checks.
pub fn one_way(cx: &Cx<'_>, host: &Host, at: &Namespace, requests: &Requests) -> Result<Arrival, Failure> {
    let options = of_check(requests);
    let target = target(cx, host, &options)?;
    Ok(ping::one_way(cx.ns, target, at, &options.ping)?)
}

fn rtt() -> Record<Rtt> {
    record!(Rtt = "nsh.Rtt", "Round-trip times in seconds, of all replies." => {
        min: r => r.min, "the shortest";
        avg: r => r.avg, "the mean";
        max: r => r.max, "the longest";
        mdev: r => r.mdev, "the standard deviation, as ping computes it";
    })
    .plain()
}

fn reply() -> Record<Reply> {
    record!(Reply = "nsh.PingReply", "An echo reply. Prints as ping's line for it." => {
        seq: r => r.seq, "the request's number, from 1";
        from: r => r.from.to_string(), "who replied";
        ttl: r => r.ttl, "the time to live, or hop limit, that was left";
        rtt: r => r.rtt, "the round-trip time in seconds";
        size: r => r.size, "bytes of ICMP, the payload and 8";
        duplicate: r => r.duplicate, "the request had been answered already";
    })
    .shown(Reply::to_string)
}

fn refusal() -> Record<Refusal> {
    record!(Refusal = "nsh.PingError", "What a router, the target or this host said instead of a reply." => {
        seq: r => r.seq, "the request's number, from 1";
        from: r => r.from.map(|from| from.to_string()),
            "who said so; none if the request was not even sent";
        type: r => r.code.map(|(kind, _)| kind), "ICMP's type";
        code: r => r.code.map(|(_, code)| code), "ICMP's code";
        message: r => r.message.clone(), "such as \"Destination Host Unreachable\"";
        mtu: r => r.mtu, "the MTU of the link for which the request was too big";
        kind: r => r.local.as_ref().map(|e| e.kind().name()),
            "the kind of error, if the request was not even sent";
    })
    .shown(Refusal::to_string)
}

fn outage() -> Record<Outage> {
    record!(Outage = "nsh.PingOutage", "Requests that were lost one after the other." => {
        first: o => o.first, "the number of the first one";
        last: o => o.last, "the number of the last one";
        lost: o => o.lost(), "how many";
        at: o => o.at, "when the first one was sent, in seconds after the first request of all";
        time: o => o.time(),
            "seconds until the next one was sent that was replied to; of an outage that still lasts, until now";
        over: o => o.over, "a later request was replied to";
    })
    .plain()
}

fn report() -> Record<Report> {
    record!(Report = "nsh.PingResult", "What came of a ping. Prints as the summary of ping." => {
        dst: r => r.name.clone(), "the target, as it was given";
        addr: r => r.addr.to_string(), "the target's address";
        size: r => r.size, "bytes of payload";
        sent: r => r.sent, "requests sent";
        received: r => r.received, "requests that were replied to";
        duplicates: r => r.duplicates, "replies to requests that had been replied to already";
        outstanding: r => r.outstanding,
            "requests that may still be replied to, if it was stopped or still runs";
        loss: r => Report::loss(r), "the share of requests without a reply, 0 to 1";
        time: r => r.time, "seconds from the first request to the end";
        longest_outage: r => r.longest_outage().map(Outage::time),
            "the longest time in seconds in which all requests were lost; none if there is none";
    })
    .list(
        "outages",
        outage(),
        "when requests were lost, in their order; one that a later reply has passed over counts as lost, though `loss` \
         counts it only after its timeout",
        |r| &r.outages,
    )
    .record("rtt", rtt(), "round-trip times; none without a reply", |r| r.rtt.as_ref())
    .list("replies", reply(), "the replies, in the order in which they came", |r| &r.replies)
    .list("errors", refusal(), "what was said instead of a reply", |r| &r.errors)
    .shown(|r| {
        // What was said instead of a reply is what one wants to see first.
        r.errors.iter().take(10).map(|e| format!("{e}\n")).collect::<String>() + &r.to_string()
    })
}

/// A ping beside the script.
struct Beside {
    running: Running,
    endless: bool,
}

options! {
    struct WaitOptions = "nsh.ping.WaitOptions" {
        received: Option<u64>, ty::int(1..=1_000_000_000), "so many replies; default until it ends";
        timeout: Option<f64>, seconds(), "seconds to wait at most; default no limit";
    }
}

fn wait(beside: &Beside, options: &WaitOptions) -> Result<Report, Failure> {
    if beside.endless && options.received.is_none() && options.timeout.is_none() {
        return Err(Wrong::new("a ping without a count has no end to wait for")
            .hint("wait({ received = 3 }) waits for replies, stop() ends it")
            .into());
    }
    let deadline = options.timeout.map_or(Deadline::NEVER, Deadline::secs);
    let running = &beside.running;
    let done = match options.received {
        Some(received) => running.wait_for(deadline, |r| r.received >= received)?,
        None => running.wait(deadline)?,
    };
    if done {
        return Ok(running.result());
    }
    let (sent, received) = running.look(|r| (r.sent, r.received));
    let what = match options.received {
        Some(wanted) => format!("{received} of {wanted} replies to {sent} requests"),
        None => format!("{sent} requests, {received} replies, and no end"),
    };
    match options.timeout {
        Some(timeout) => Err(traffic::late(what, timeout)),
        None => Err(Error::new(Kind::Timeout, format!("it ended with {what}")).into()),
    }
}

impl Handle for Beside {
    fn class() -> Class<Self> {
        Class::<Self>::new("nsh.Ping", "A ping that runs beside the script.", |b| {
            b.running.look(|r| format!("ping {}: {} sent, {} received", r.name, r.sent, r.received))
        })
        .close(|b| b.running.stop())
        .runs(|b| b.running.running())
        .method(
            MethodDoc("result", "The result so far."),
            (),
            ret::record(report(), "the result so far"),
            |_, b, ()| Ok(b.running.result()),
        )
        .method(
            MethodDoc(
                "wait",
                "Waits until it has sent its count and that was answered or had its time, or until so many replies came.\
                 \n\nRaises `timeout`.",
            ),
            (opts(WaitOptions::shape()),),
            ret::record(report(), "the result"),
            |_, b, (options,)| wait(b, &options),
        )
        .method(
            MethodDoc("stop", "Ends it. Requests that may still be replied to don't count as lost."),
            (),
            ret::record(report(), "the result"),
            |_, b, ()| {
                b.running.stop();
                Ok(b.running.result())
            },
        )
        .method(
            MethodDoc("running", "Whether it still runs."),
            (),
            ret::value::<bool>("boolean", "whether it still runs"),
            |_, b, ()| Ok(b.running.running()),
        )
    }
}

pub fn module() -> Module {
    let dst = || param("dst", host(), "the target; a link-local address with its link, as \"fe80::1%eth0\"");
    Module::new(
        "ping",
        "Echo requests, IPv4 and IPv6: `ping(dst)` sends them and waits for the replies, `ping.start(dst)` runs \
         beside the script.\n\n\
         An ICMP error of another host (unreachable, time exceeded, too big) is part of the result. What keeps a \
         request from being sent (no route, a prohibit route, a firewall) is an error. Routers limit how often they \
         say \"unreachable\": see net.ipv4.icmp_ratelimit."
    )
    .callable(
        Function::new(
            "ping",
            (dst(), opts(options("nsh.ping.Options", COUNT))),
            ret::record(report(), "what came of it"),
            |cx, (host, mut options)| {
                let target = target(cx, &host, &options)?;
                options.ping.count = Some(options.count.unwrap_or(1));
                Ok(ping::ping(cx.ns, &host.to_string(), target, &options.ping)?)
            },
        )
        .doc(
            "Sends echo requests and waits for the replies. Without options that is one request, and three seconds at most.\
             \n\nRaises `network_unreachable` without a route, `host_unreachable` or `permission` by a route of type \
             unreachable or prohibit, `permission` by a firewall rule, `invalid` if it is too big for the path and `df` is \
             set, `not_found` for an unknown name or link.",
        )
        .command("ping -c COUNT -i INTERVAL -W TIMEOUT -s SIZE -t TTL -I FROM DST"),
    )
    .function(
        Function::new(
            "ping.start",
            (dst(), opts(options("nsh.ping.StartOptions", COUNT_BESIDE))),
            ret::handle::<Beside>("the running ping"),
            |cx, (host, mut options)| {
                let target = target(cx, &host, &options)?;
                options.ping.count = options.count;
                let running = ping::start(cx.ns, &host.to_string(), target, &options.ping)?;
                Ok(Beside { running, endless: options.count.is_none() })
            },
        )
        .doc(
            "Starts a ping that runs beside the script until it is stopped or the count is reached, and returns \
             immediately. It shows what is lost while something else happens: `outages` of the result tells when, and \
             `longest_outage` how long at most.\n\n\
             Raises what ping raises, if the first request can't be sent; later ones that can't be sent are errors \
             in the result.",
        )
        .command("ping DST &"),
    )
}
