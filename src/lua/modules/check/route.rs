//! `check.route`: which way a packet takes, by the kernel's own lookup.

use std::net::IpAddr;
use std::rc::Rc;

use super::reach::{cannot_leave, refusal};
use super::{WithMessage, claim, told};
use crate::lua::modules::route as module;
use crate::lua::modules::traffic;
use crate::lua::schema::{Cx, Failure, Function, Shape, param, ret, ty};
use crate::model::Table;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;
use crate::net::route::{self, Lookup, Route};
use crate::probe::endpoint::Host;

/// What can be claimed of the way that a packet takes.
const WAY: [&str; 4] = ["via", "dev", "src", "table"];

#[derive(Default)]
struct Expected {
    way: Route,
    direct: Option<bool>,
    family: Option<Family>,
    packet: Lookup,
    message: Option<String>,
}

impl WithMessage for Expected {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

fn options(name: &'static str) -> Shape<Expected> {
    Shape::<Expected>::new(name)
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both", |o, v| {
            o.family = Some(v)
        })
        .include(module::packet(), |o| &mut o.packet)
}

fn address(cx: &Cx<'_>, from: &Rc<Namespace>, dst: &Host, family: Option<Family>) -> Result<IpAddr, Failure> {
    let there = Cx { ns: from, ..*cx };
    let found = dst.resolve(from, &traffic::Names(&there), family, 0)?;
    match found.first() {
        Some(address) => Ok(address.ip()),
        None => Err(crate::lua::schema::Wrong::new(format!("{dst} has no address")).within("dst").into()),
    }
}

/// What the kernel says: the route, or why there is none.
fn lookup(
    cx: &Cx<'_>,
    from: &Rc<Namespace>,
    dst: &Host,
    o: &Expected,
) -> Result<Result<Route, String>, Failure> {
    let to = address(cx, from, dst, o.family)?;
    match route::get(from, to, &o.packet) {
        Ok(route) => Ok(Ok(route)),
        Err(e) if cannot_leave(&e) => Ok(Err(refusal(from, Some(to), &o.packet, &e))),
        Err(e) => Err(e.into()),
    }
}

fn way(route: &Route) -> String {
    route.words(&["type", "via", "dev", "src", "table"])
}

fn wanted(o: &Expected) -> String {
    let direct = o.direct.map(|direct| if direct { "directly" } else { "via a gateway" });
    let words = o.way.given();
    direct.into_iter().chain(words.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn fits(route: &Route, o: &Expected) -> bool {
    o.way.fits(route) && o.direct.is_none_or(|direct| route.via.is_none() == direct)
}

pub fn route() -> Function {
    let shape = options("nsh.check.RouteOptions")
        .include(Shape::<Route>::rows_where("", |name| WAY.contains(&name)), |o| &mut o.way)
        .field("direct", ty::boolean(), "true: it must need no gateway; false: it must take one", |o, v| {
            o.direct = Some(v)
        });
    Function::new(
        "check.route",
        (
            param("from", crate::lua::modules::namespace::ty(), "the namespace that sends"),
            param("dst", traffic::host(), "the address, name or namespace that it goes to"),
            told(shape),
        ),
        ret::nothing(),
        |cx, (from, dst, options)| {
            let there = || match wanted(&options).as_str() {
                "" => String::new(),
                way => format!(" {way}"),
            };
            let held = match lookup(cx, &from, &dst, &options)? {
                Ok(route) if fits(&route, &options) => Ok(()),
                Ok(route) => {
                    Err(format!("expected packets from {} to {dst} to go{}, they go {}", from.name(), there(), way(&route)))
                }
                Err(reason) => {
                    Err(format!("expected packets from {} to {dst} to go{}: {reason}", from.name(), there()))
                }
            };
            claim(cx, options.message.as_deref(), held)
        },
    )
    .doc(
        "Claims that the kernel of a namespace has a route for a packet, and which way it takes: what `route.get` says. \
         Nothing is sent.\n\nRaises `check` with the way that it takes, or why there is none; `not_found` for an \
         unknown name or link.",
    )
    .command("ip route get DST")
}

pub fn no_route() -> Function {
    Function::new(
        "check.no_route",
        (
            param("from", crate::lua::modules::namespace::ty(), "the namespace that would send"),
            param("dst", traffic::host(), "the address, name or namespace that it would go to"),
            told(options("nsh.check.NoRouteOptions")),
        ),
        ret::nothing(),
        |cx, (from, dst, options)| {
            let held = match lookup(cx, &from, &dst, &options)? {
                Err(_) => Ok(()),
                Ok(route) => Err(format!(
                    "expected no route from {} to {dst}, but packets go {}",
                    from.name(),
                    way(&route)
                )),
            };
            claim(cx, options.message.as_deref(), held)
        },
    )
    .doc(
        "Claims that the kernel of a namespace has no route for a packet, or one that drops it.\n\n\
         Raises `check` with the way that it takes; `not_found` for an unknown name or link.",
    )
    .command("! ip route get DST")
}
