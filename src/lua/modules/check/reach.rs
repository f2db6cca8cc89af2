//! `check.reachable` and `check.unreachable`: a ping, and what it tells as evidence.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::{Reason, WithMessage, claim, clues, told};
use crate::base::error::{Error, Kind};
use crate::lua::modules::ping;
use crate::lua::modules::traffic;
use crate::lua::schema::{Cx, Failure, Function, Shape, param, ret, ty};
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{self, Lookup};
use crate::probe::endpoint::Host;
use crate::probe::ping::Report;
use crate::probe::socket::Source;

/// Which echo requests are sent.
#[derive(Clone, Default)]
pub struct Requests {
    pub count: Option<u64>,
    pub timeout: Option<f64>,
    pub family: Option<Family>,
    pub from: Option<Source>,
}

/// Where none is to get through, seconds to wait for one unless told.
const PATIENCE: f64 = 1.0;

/// `wanted`: one is to get through. Else each check takes all of its time.
pub fn requests(wanted: bool) -> Shape<Requests> {
    let timeout = match wanted {
        true => "seconds in which one must get through; default 3",
        false => "seconds in which none may get through; default 1",
    };
    Shape::<Requests>::new(if wanted { "nsh.check.Requests" } else { "nsh.check.LostRequests" })
        .field(
            "count",
            ty::int(1..=1000),
            "how many requests to send; one that gets through will do; default 1",
            |o, v| o.count = Some(v),
        )
        .field("timeout", traffic::seconds(), timeout, |o, v| o.timeout = Some(v))
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both", |o, v| {
            o.family = Some(v)
        })
        .field(
            "from",
            traffic::source(),
            "the source address, or the link or VRF that packets must leave by",
            |o, v| o.from = Some(v),
        )
}

impl Requests {
    /// Fills in what is usual.
    pub fn or_usual(self, wanted: bool) -> Self {
        let usual = if wanted { crate::probe::ping::TIMEOUT } else { PATIENCE };
        Requests { timeout: self.timeout.or(Some(usual)), ..self }
    }
}

#[derive(Default)]
struct Reach {
    requests: Requests,
    message: Option<String>,
}

impl WithMessage for Reach {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

fn options(name: &'static str, wanted: bool) -> Shape<Reach> {
    Shape::<Reach>::new(name).include(requests(wanted), |o| &mut o.requests)
}

/// What a ping came to, in a few words.
fn evidence(report: &Report) -> String {
    let mut text =
        format!("{} ({}): {} sent, {} received", report.name, report.addr, report.sent, report.received);
    if let Some(refusal) = report.errors.last() {
        text.push_str(&format!("; {refusal}"));
    }
    text
}

/// Whether the kernel refused to send: there is no way, or a route of type blackhole, unreachable or prohibit, or a
/// filter of its own output.
pub fn cannot_leave(e: &Error) -> bool {
    use nix::errno::Errno;
    matches!(e.kind(), Kind::NetworkUnreachable | Kind::HostUnreachable | Kind::NetworkDown)
        || matches!(e.raw(), Some(Errno::EINVAL | Errno::EACCES | Errno::EPERM))
}

/// Why the kernel refused to send, with the route that drops the packets if it is one.
pub fn refusal(ns: &Namespace, to: Option<IpAddr>, packet: &Lookup, e: &Error) -> String {
    let route = to.and_then(|to| route::dropping(ns, to, packet));
    let told = route.map(|route| {
        let table = Some(route.words(&["table"])).filter(|table| !table.is_empty());
        let table = table.map(|table| format!(" of {table}")).unwrap_or_default();
        format!(": the route {}{table} drops them", route.words(&["type", "dst"]))
    });
    e.message() + &told.unwrap_or_default()
}

/// As [`refusal`], of what a packet to `to` met.
pub fn refused(cx: &Cx<'_>, to: &Host, family: Option<Family>, e: &Error) -> String {
    let found = to.resolve(cx.ns, &traffic::Names(cx), family, 0).unwrap_or_default();
    refusal(cx.ns, found.first().map(SocketAddr::ip), &Lookup::default(), e)
}

/// Whether `to` answers `from`, and the evidence. That a packet can't even leave counts as unreachable; any other
/// error (an unknown name, ...) is one.
fn reach(
    cx: &Cx<'_>,
    from: &Rc<Namespace>,
    to: &Host,
    options: &Reach,
    wanted: bool,
) -> Result<(bool, Reason), Failure> {
    let there = Cx { ns: from, ..*cx };
    let family = options.requests.family;
    match ping::once(&there, to, &options.requests) {
        Ok(report) if report.received == 0 && wanted => {
            let clue = clues::of_no_answer(cx, from, to, report.addr);
            let hint = clues::fault(&there, to, &options.requests, false);
            Ok((false, Reason { hint, ..(evidence(&report) + &clue).into() }))
        }
        Ok(report) => Ok((report.received > 0, evidence(&report).into())),
        Err(Failure::User(e)) if cannot_leave(&e) => {
            let hint = e.fields().hint.clone();
            Ok((false, Reason { hint, ..refused(&there, to, family, &e).into() }))
        }
        Err(e) => Err(e),
    }
}

fn function(name: &'static str, options_name: &'static str, wanted: bool) -> Function {
    Function::new(
        name,
        (
            param("from", crate::lua::modules::namespace::ty(), "the namespace that sends"),
            param("to", traffic::host(), "the address, name or namespace that is to answer, or not"),
            told(options(options_name, wanted)),
        ),
        ret::nothing(),
        move |cx, (from, to, mut options)| {
            options.requests = options.requests.or_usual(wanted);
            let (reached, evidence) = reach(cx, &from, &to, &options, wanted)?;
            let what = if wanted { "reachable" } else { "unreachable" };
            let held = if reached == wanted {
                Ok(())
            } else {
                let text = format!("expected {to} to be {what} from {}: {}", from.name(), evidence.text);
                Err(Reason { text, ..evidence })
            };
            claim(cx, options.message.as_deref(), held)
        },
    )
}

pub fn reachable() -> Function {
    function("check.reachable", "nsh.check.ReachableOptions", true)
        .doc("Claims that a host answers echo requests of a namespace.\n\nRaises `check` with what the ping came to if it doesn't; `not_found` for an unknown name.")
        .command("ping -c 1 TO")
}

pub fn unreachable() -> Function {
    function("check.unreachable", "nsh.check.UnreachableOptions", false)
        .doc("Claims that a host does not answer echo requests of a namespace; that there is no route to it is enough.\n\nRaises `check` if it answers; `not_found` for an unknown name.")
        .command("! ping -c 1 TO")
}
