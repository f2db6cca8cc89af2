//! Hosts and ports as people write them: `192.168.1.10:3000`, `[fd00::1]:80`, `fe80::1%eth0`, `ns1:80`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::base::error::{Error, Kind, Result};
use crate::net::link::find;
use crate::net::namespace::Namespace;
use crate::net::prefix::Family;

/// Turns a name into addresses, the preferred one first; as seen from one namespace.
pub trait Resolve {
    /// Raises `not_found` if nobody has that name.
    fn resolve(&self, name: &str) -> Result<Vec<IpAddr>>;
}

impl<F: Fn(&str) -> Result<Vec<IpAddr>>> Resolve for F {
    fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        self(name)
    }
}

/// A host: an address (with a zone, if it is link-local) or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A wildcard, written as nothing: to listen on every address.
    Any,
    Address(IpAddr, Option<String>),
    Name(String),
}

impl Host {
    /// Reads an address, with or without brackets and zone, or a name.
    ///
    /// Raises `argument` for what is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let bare = match text.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or_else(|| malformed(text, "a \"]\" is missing"))?,
            None => text,
        };
        let (address, zone) = match bare.split_once('%') {
            // RFC 6874 writes the % of a zone as %25 in URLs.
            Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
            None => (bare, None),
        };
        match (address.parse::<IpAddr>(), zone) {
            (Ok(IpAddr::V4(_)), Some(_)) => return Err(malformed(text, "an IPv4 address has no zone")),
            (Ok(_), Some("")) => return Err(malformed(text, "the link behind the % is missing")),
            (Ok(address), zone) => return Ok(Host::Address(address, zone.map(str::to_owned))),
            (Err(_), _) => {}
        }
        if bare.is_empty() {
            return Err(malformed(text, "it is empty"));
        }
        if bare.contains('/') {
            return Err(malformed(text, "a host is meant, not a prefix or a path"));
        }
        if bare.contains(':') || bare.len() != text.len() {
            return Err(malformed(text, "not an IPv6 address"));
        }
        if bare.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(malformed(text, "not an IPv4 address"));
        }
        if bare.len() > 255 || bare.chars().any(|c| c.is_whitespace() || c.is_control() || c == '%') {
            return Err(malformed(text, "neither an address nor a name"));
        }
        Ok(Host::Name(bare.to_owned()))
    }

    /// The addresses to try, in order, with `port`. With a family, only those of that family.
    ///
    /// Raises `not_found` for an unknown name or zone, `argument` if no address is of the family.
    pub fn resolve(
        &self,
        ns: &Namespace,
        names: &dyn Resolve,
        family: Option<Family>,
        port: u16,
    ) -> Result<Vec<SocketAddr>> {
        let found = match self {
            Host::Any => vec![IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)],
            Host::Address(address, _) => vec![*address],
            Host::Name(name) => names.resolve(name)?,
        };
        let scope = match self {
            Host::Address(_, Some(zone)) => scope_of(ns, zone)?,
            _ => 0,
        };
        let fitting: Vec<SocketAddr> = found
            .iter()
            .filter(|address| family.is_none_or(|f| f == Family::of(address.to_canonical())))
            .map(|address| match address.to_canonical() {
                IpAddr::V4(v4) => (v4, port).into(),
                IpAddr::V6(v6) => SocketAddrV6::new(v6, port, 0, scope).into(),
            })
            .collect();
        match (fitting.is_empty(), family) {
            (false, _) => Ok(fitting),
            (true, Some(Family::Inet)) => Err(Error::argument(format!("{self} has no IPv4 address"))),
            (true, Some(Family::Inet6)) => Err(Error::argument(format!("{self} has no IPv6 address"))),
            (true, None) => Err(Error::new(Kind::NotFound, format!("{self} has no address"))),
        }
    }
}

/// The index of the link that a zone names; a number is an index already.
fn scope_of(ns: &Namespace, zone: &str) -> Result<u32> {
    if let Ok(index) = zone.parse() {
        return Ok(index);
    }
    find::require_index(ns, zone)
}

fn malformed(text: &str, why: &str) -> Error {
    Error::argument(format!("malformed host {text:?}: {why}"))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Any => Ok(()),
            Host::Address(address, Some(zone)) => write!(f, "{address}%{zone}"),
            Host::Address(address, None) => write!(f, "{address}"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

/// A host with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub host: Host,
    pub port: u16,
    /// The link or VRF that a server is bound to.
    pub dev: Option<String>,
}

impl Endpoint {
    /// Reads `HOST:PORT`, `[V6]:PORT` or, with a `port` given apart, `HOST`. `:PORT` means every address.
    ///
    /// Raises `argument` if it is malformed, lacks a port, or names two different ones.
    pub fn parse(text: &str, port: Option<u16>) -> Result<Self> {
        let (host, written) = split_port(text)?;
        let port = match (written, port) {
            (Some(a), Some(b)) if a != b => {
                return Err(Error::argument(format!("two ports were given: {a} in {text:?}, and {b}")));
            }
            (Some(port), _) | (None, Some(port)) => port,
            (None, None) => {
                let example = if host.contains(':') { format!("[{host}]:80") } else { format!("{host}:80") };
                return Err(Error::argument(format!("no port in {text:?}; write it as {example:?}")));
            }
        };
        let host = if host.is_empty() || host == "*" { Host::Any } else { Host::parse(host)? };
        Ok(Endpoint { host, port, dev: None })
    }

    /// As [`Endpoint::parse`], with a port for where none is written.
    pub fn parse_or(text: &str, port: u16) -> Result<Self> {
        let (_, written) = split_port(text)?;
        Endpoint::parse(text, written.is_none().then_some(port))
    }

    /// See [`Host::resolve`].
    pub fn resolve(
        &self,
        ns: &Namespace,
        names: &dyn Resolve,
        family: Option<Family>,
    ) -> Result<Vec<SocketAddr>> {
        self.host.resolve(ns, names, family, self.port)
    }

    /// As [`Endpoint::resolve`], for a target: the wildcard is refused.
    pub fn targets(
        &self,
        ns: &Namespace,
        names: &dyn Resolve,
        family: Option<Family>,
    ) -> Result<Vec<SocketAddr>> {
        if self.host == Host::Any {
            return Err(Error::argument(format!("no host before \":{}\"", self.port)));
        }
        self.resolve(ns, names, family)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(IpAddr::V6(_), _) => write!(f, "[{}]:{}", self.host, self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

/// Splits the port off, if there is one. The colons of a bare IPv6 address are its own.
fn split_port(text: &str) -> Result<(&str, Option<u16>)> {
    let (host, port) = if text.starts_with('[') {
        match text.split_once(']') {
            Some((_, "")) => return Ok((text, None)),
            Some((host, rest)) => match rest.strip_prefix(':') {
                Some(port) => (&text[..host.len() + 1], port),
                None => return Err(malformed(text, "only a port may follow the \"]\"")),
            },
            None => return Err(malformed(text, "a \"]\" is missing")),
        }
    } else {
        match text.bytes().filter(|b| *b == b':').count() {
            0 => return Ok((text, None)),
            1 => text.split_once(':').unwrap_or((text, "")),
            _ => return Ok((text, None)),
        }
    };
    // u16's own parser would take "+80".
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port) if digits => Ok((host, Some(port))),
        _ => Err(Error::argument(format!(
            "malformed port {port:?} in {text:?}: expected a number from 0 to 65535"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> String {
        match Endpoint::parse(text, None) {
            Ok(e) => format!("{e}"),
            Err(e) => e.message(),
        }
    }

    #[test]
    fn endpoints() {
        assert_eq!(parse("192.168.1.10:3000"), "192.168.1.10:3000");
        assert_eq!(parse("[fd00::1]:80"), "[fd00::1]:80");
        assert_eq!(parse("[fe80::1%eth0]:80"), "[fe80::1%eth0]:80");
        assert_eq!(parse("[fe80::1%25eth0]:80"), "[fe80::1%eth0]:80");
        assert_eq!(parse("ns1:80"), "ns1:80");
        assert_eq!(parse(":80"), ":80");
        assert_eq!(parse("*:80"), ":80");
        assert_eq!(Endpoint::parse("::1", Some(80)).unwrap().to_string(), "[::1]:80");
        assert_eq!(Endpoint::parse("[::1]", Some(80)).unwrap().to_string(), "[::1]:80");
        assert_eq!(Endpoint::parse("10.0.0.1:80", Some(80)).unwrap().port, 80);
    }

    #[test]
    fn malformed_endpoints() {
        assert_eq!(parse("10.0.0.1"), "no port in \"10.0.0.1\"; write it as \"10.0.0.1:80\"");
        assert_eq!(parse("fd00::1"), "no port in \"fd00::1\"; write it as \"[fd00::1]:80\"");
        assert!(parse("10.0.0.1:65536").contains("from 0 to 65535"));
        assert!(parse("10.0.0.1:+80").contains("malformed port"));
        assert!(parse("10.0.0.1:").contains("malformed port \"\""));
        assert!(parse("300.0.0.1:80").contains("not an IPv4 address"));
        assert!(parse("10.0.0.0/8:80").contains("not a prefix"));
        assert!(parse("[::1:80").contains("\"]\" is missing"));
        assert!(parse("[ns1]:80").contains("not an IPv6 address"));
        assert!(parse("[::1]80").contains("only a port"));
        assert!(parse("10.0.0.1%eth0:80").contains("has no zone"));
        assert!(parse("a b:80").contains("neither"));
        assert!(Endpoint::parse("a:80", Some(81)).unwrap_err().message().contains("two ports"));
        assert!(Host::parse("").is_err());
        assert!(Host::parse("fe80::1%").is_err());
    }
}
