//! What the modules that make traffic have in common.

use std::net::{IpAddr, SocketAddr};

use mlua::Value;

use crate::base::error::{Error, Kind, Result};
use crate::base::wait::Deadline;
use crate::lua::schema::{Cx, Failure, Shape, Type, Wrong, shape, ty};
use crate::model::{Give, Values};
use crate::net::{hosts, settle};
use crate::probe::endpoint::{Endpoint, Host, Resolve};
use crate::probe::socket::{SocketOptions, Source};

/// How long a wait for traffic takes at most unless told, in seconds.
pub const WAIT: f64 = 5.0;

/// Names of hosts as seen from the namespace of a call.
pub struct Names<'a>(pub &'a Cx<'a>);

impl Resolve for Names<'_> {
    fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        hosts::lookup(&self.0.lab.namespaces, self.0.ns, name)
    }
}

/// Waits until links that were just set up carry packets: the first one would be lost.
pub fn settled(cx: &Cx<'_>) -> std::result::Result<(), Failure> {
    Ok(settle::settle(&cx.lab.namespaces)?)
}

/// As [`settled`], unless the packets stay within the namespace.
pub fn settled_towards(cx: &Cx<'_>, targets: &[SocketAddr]) -> std::result::Result<(), Failure> {
    if cx.lab.namespaces.is_unsettled() && !settle::stays_within(cx.ns, targets)? {
        settled(cx)?;
    }
    Ok(())
}

/// A host: an address, a name, or a namespace.
pub fn host() -> Type<Host> {
    let expected = "an address, a name or a namespace";
    Type::new("string|nsh.Namespace", expected, |_, v| match v {
        Value::String(s) => Host::parse(&s.to_string_lossy()).map_err(|e| ty::No::Wrong(e.into())),
        Value::UserData(ud) => match super::namespace::of(ud) {
            Some(ns) => Ok(Host::Name(ns.name().to_owned())),
            None => Err(ty::No::Other),
        },
        _ => Err(ty::No::Other),
    })
}

/// Reads an address with a port; with the port given apart, without.
pub fn endpoint(text: &str, port: Option<u16>) -> std::result::Result<Endpoint, Failure> {
    Endpoint::parse(text, port).map_err(|e| Failure::from(Wrong::from(e).within("address")))
}

/// A time in seconds.
pub fn seconds() -> Type<f64> {
    ty::seconds().map(|d| d.as_secs_f64())
}

pub fn source() -> Type<Source> {
    ty::parsed("an address of this namespace or the name of a link", Source::parse)
}

/// Options that choose the way of packets.
pub fn way() -> Shape<SocketOptions> {
    shape!(SocketOptions = "" => {
        from: source(), "the source address, or the link that packets must leave by";
        tos: ty::int(0..=255), "type of service, or traffic class; default 0";
        mark: ty::int(0..=u32::MAX), "the mark that rules and filters see; default 0";
    })
}

/// Options of a socket that sends.
pub fn socket() -> Shape<SocketOptions> {
    shape!(SocketOptions = "nsh.SocketOptions" => {
        ttl: ty::int(1..=255), "time to live, or hop limit; default net.ipv4.ip_default_ttl, 64";
        df: ty::boolean(),
            "true: never fragment; false: fragment wherever needed; default as the path's MTU asks for";
    })
    .include(way(), |options| options)
}

/// As [`socket`], with a source port.
pub fn socket_with_port() -> Shape<SocketOptions> {
    let port = shape!(SocketOptions = "" => {
        port as "source_port": ty::int(1..=65535), "the source port; default a free one";
    });
    socket().include(port, |options| options)
}

/// A string of any bytes, on its way to Lua.
pub struct Bytes(pub Vec<u8>);

impl Give for Bytes {
    fn luals() -> String {
        String::luals()
    }

    fn give(self, to: &mut Values) {
        to.bytes(&self.0);
    }
}

/// The address alone.
pub fn ip(address: SocketAddr) -> String {
    address.ip().to_string()
}

/// Options of the waits for something that comes.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub count: Option<u64>,
    pub timeout: f64,
}

impl Default for Wait {
    fn default() -> Self {
        Wait { count: None, timeout: WAIT }
    }
}

impl Wait {
    /// `name` counts what is waited for.
    pub fn shape(class: &'static str, name: &'static str, doc: &'static str) -> Shape<Wait> {
        Shape::<Wait>::new(class)
            .field(name, ty::int(1..=1_000_000_000), doc, |w, v| w.count = Some(v))
            .field("timeout", seconds(), "seconds to wait at most; default 5", |w, v| w.timeout = v)
    }

    pub fn deadline(&self) -> Deadline {
        Deadline::secs(self.timeout)
    }
}

/// The error of a wait that took too long.
pub fn late(what: impl std::fmt::Display, timeout: f64) -> Failure {
    Error::new(Kind::Timeout, format!("{what} in {timeout} s")).into()
}
