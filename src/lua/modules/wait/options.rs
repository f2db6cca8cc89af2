//! What the functions of `wait` take.

use std::net::IpAddr;
use std::time::Duration;

use crate::lua::modules::neigh as neighbours;
use crate::lua::modules::route as routes;
use crate::lua::modules::traffic;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Shape, Type, Wrong, field, ty};
use crate::net::link;
use crate::net::prefix::Family;
use crate::net::route::Filter;
use crate::net::socket::Proto;
use crate::net::until::{Goal, LinkGoal, NeighGoal};
use crate::probe::endpoint::{Endpoint, Host};
use crate::probe::socket;

/// Unless told.
const TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT_DOC: &str = "seconds to wait at most; default 5";

/// What most of them take.
pub struct Common {
    pub timeout: Duration,
    pub gone: bool,
}

impl Default for Common {
    fn default() -> Self {
        Common { timeout: TIMEOUT, gone: false }
    }
}

pub fn common(name: &'static str) -> Shape<Common> {
    Shape::<Common>::new(name)
        .field("gone", ty::boolean(), "wait until it is not there, or not any more; default false", |o, v| {
            o.gone = v
        })
        .field("timeout", ty::seconds(), TIMEOUT_DOC, |o, v| o.timeout = v)
}

macro_rules! with_common {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {
        $(#[derive(Default)]
        pub struct $name {
            pub common: Common,
            $(pub $field: $type,)*
        })*
    };
}

with_common! {
    LinkOptions { goal: LinkGoal }
    AddrOptions { dev: Option<String> }
    RouteOptions { filter: Filter }
    NeighOptions { goal: NeighGoal }
}

pub fn link() -> Shape<LinkOptions> {
    Shape::<LinkOptions>::new("nsh.wait.LinkOptions")
        .field("up", ty::boolean(), "administratively up, or not", |o, v| o.goal.up = Some(v))
        .field("carrier", ty::boolean(), "something is at the other end, or not", |o, v| {
            o.goal.carrier = Some(v)
        })
        .field("operstate", ty::one_or_list(field()), "this state, or one of these", |o, v| {
            o.goal.operstate = v
        })
        .field("master", ty::link_name(), "a port of this bridge or VRF", |o, v| o.goal.master = Some(v))
        .include(common(""), |o| &mut o.common)
}

pub fn addr() -> Shape<AddrOptions> {
    Shape::<AddrOptions>::new("nsh.wait.AddrOptions")
        .field("dev", ty::link_name(), "on this link; default any", |o, v| o.dev = Some(v))
        .include(common(""), |o| &mut o.common)
}

pub fn route() -> Shape<RouteOptions> {
    Shape::<RouteOptions>::new("nsh.wait.RouteOptions")
        .include(routes::filter_of("", |row| row != "dst"), |o| &mut o.filter)
        .include(common(""), |o| &mut o.common)
}

pub fn neigh() -> Shape<NeighOptions> {
    Shape::<NeighOptions>::new("nsh.wait.NeighOptions")
        .field("dev", ty::link_name(), "the link; default the one that packets to it leave by", |o, v| {
            o.goal.dev = Some(v)
        })
        .field(
            "state",
            neighbours::states(),
            "in this state, or one of these; default any in which its hardware address is known",
            |o, v| o.goal.states = Some(v),
        )
        .field("probe", ty::boolean(), "have the kernel ask for it; default true", |o, v| o.goal.probe = v)
        .include(common(""), |o| &mut o.common)
}

pub struct PortOptions {
    pub common: Common,
    pub proto: Proto,
}

impl Default for PortOptions {
    fn default() -> Self {
        PortOptions { common: Common::default(), proto: Proto::Tcp }
    }
}

pub fn port() -> Shape<PortOptions> {
    let proto = ty::one_of(&[("tcp", Proto::Tcp), ("udp", Proto::Udp)]);
    Shape::<PortOptions>::new("nsh.wait.PortOptions")
        .field("proto", proto, "tcp or udp; default tcp", |o, v| o.proto = v)
        .include(common(""), |o| &mut o.common)
}

/// A port, or an address with one.
pub fn listening() -> Type<(Option<IpAddr>, u16)> {
    let expected = "a port from 1 to 65535, or \"ADDRESS:PORT\"";
    let with_address = Type::new("string", expected, |_, v| {
        let Some(text) = v.as_string() else { return Err(No::Other) };
        let endpoint = Endpoint::parse(&text.to_string_lossy(), None).map_err(Wrong::from)?;
        match endpoint.host {
            Host::Any => Ok((None, endpoint.port)),
            Host::Address(ip, _) => Ok((Some(ip), endpoint.port)),
            Host::Name(name) => Err(No::Wrong(Wrong::new(format!(
                "expected an address of this namespace before the port, got the name {name:?}"
            )))),
        }
    });
    ty::int(1..=65535).map(|port| (None, port)).or(with_address).called(expected)
}

pub struct ConnectOptions {
    pub family: Option<Family>,
    pub socket: socket::SocketOptions,
    pub timeout: Duration,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions { family: None, socket: socket::SocketOptions::default(), timeout: TIMEOUT }
    }
}

pub fn connect() -> Shape<ConnectOptions> {
    Shape::<ConnectOptions>::new("nsh.wait.ConnectOptions")
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both", |o, v| {
            o.family = Some(v)
        })
        .field(
            "from",
            traffic::source(),
            "the source address, or the link or VRF that packets must leave by",
            |o, v| o.socket.from = Some(v),
        )
        .field("timeout", ty::seconds(), TIMEOUT_DOC, |o, v| o.timeout = v)
}

/// What counts.
pub enum Counted {
    Link(String),
    Function(mlua::Function),
}

pub fn counted() -> Type<Counted> {
    ty::link_name().map(Counted::Link).or(ty::function().map(Counted::Function))
}

pub struct CounterOptions {
    pub goals: Vec<Goal>,
    pub value: Option<f64>,
    pub fresh: bool,
    pub timeout: Duration,
}

impl Default for CounterOptions {
    fn default() -> Self {
        CounterOptions { goals: Vec::new(), value: None, fresh: false, timeout: TIMEOUT }
    }
}

pub fn counter() -> Shape<CounterOptions> {
    let shape = Shape::<CounterOptions>::new("nsh.wait.CounterOptions")
        .field("value", ty::number(f64::MIN..=f64::MAX), "what the function must return at least", |o, v| {
            o.value = Some(v)
        })
        .field(
            "fresh",
            ty::boolean(),
            "count from now on, instead of from when the link was made; default false",
            |o, v| o.fresh = v,
        )
        .field("timeout", ty::seconds(), TIMEOUT_DOC, |o, v| o.timeout = v);
    link::counters().fold(shape, |shape, name| {
        shape.field(name, ty::int(0..=i64::MAX), "at least so many", move |o, v| {
            o.goals.push((name, v.unsigned_abs()))
        })
    })
}
