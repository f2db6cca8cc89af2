//! Names of hosts: each namespace can be reached by its name, from the probes and from processes.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use super::addr::{self, Addr};
use super::fields::Scope;
use super::link::find;
use super::names::similar;
use super::namespace::{HOST, Namespace, Namespaces};
use crate::base::error::{Error, Kind, Result};
use crate::base::text::listed;

/// An address to talk to; `scope` is the index of the link that a link-local one belongs to, 0 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub ip: IpAddr,
    pub scope: u32,
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Address { ip, scope: 0 }
    }
}

impl From<Address> for std::net::SocketAddr {
    /// With port 0.
    fn from(address: Address) -> Self {
        match address.ip {
            IpAddr::V4(ip) => (ip, 0).into(),
            IpAddr::V6(ip) => std::net::SocketAddrV6::new(ip, 0, 0, address.scope).into(),
        }
    }
}

/// Reads an address (`10.0.0.1`, `fd00::1`, `fe80::1%eth0`, `[fd00::1]`) or looks up a name, as seen from `viewer`. The
/// best address comes first.
pub fn resolve(all: &Namespaces, viewer: &Namespace, text: &str) -> Result<Vec<Address>> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(vec![ip.into()]);
    }
    if let Some((ip, dev)) = bare.split_once('%') {
        let ip: Ipv6Addr = ip
            .parse()
            .map_err(|_| Error::argument(format!("expected an IPv6 address before \"%\", got {text:?}")))?;
        let scope = match dev.parse() {
            Ok(index) if find::name(viewer, index)?.is_some() => index,
            _ => find::require_index(viewer, dev)?,
        };
        return Ok(vec![Address { ip: ip.into(), scope }]);
    }
    Ok(lookup(all, viewer, text)?.into_iter().map(Address::from).collect())
}

/// The addresses of a namespace (or of a name given by [`Namespaces::name_addresses`]), those in a subnet of
/// `viewer` first, IPv4 before IPv6 among equals; loopback and link-local ones are left out.
///
/// Raises `not_found` for an unknown name, and for a namespace without an address.
pub fn lookup(all: &Namespaces, viewer: &Namespace, name: &str) -> Result<Vec<IpAddr>> {
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    if let Some(addresses) = all.named_addresses().get(name) {
        return Ok(addresses.clone());
    }
    let Some(ns) = all.get(name)? else { return Err(unknown(all, name)) };
    let seen_from = addr::list(viewer, &addr::Addr::default())?;
    let found = ranked(addr::list(&ns, &addr::Addr::default())?, &seen_from);
    if !found.is_empty() {
        return Ok(found);
    }
    if ns.inode() == viewer.inode() {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    Err(Error::new(Kind::NotFound, format!("{name} has no address yet"))
        .hint("add one with addr.add, or with the addr option of link.add"))
}

/// The namespaces of the lab by their addresses; those that several have (anycast, duplicates) are left out.
pub fn owners(all: &Namespaces) -> Result<HashMap<IpAddr, String>> {
    let mut owners: HashMap<IpAddr, Option<String>> = HashMap::new();
    for ns in all.all()? {
        for address in addr::list(&ns, &Addr::default())?.iter().filter(|a| !a.ip().is_loopback()) {
            let owner = owners.entry(address.ip()).or_insert_with(|| Some(ns.name().to_owned()));
            if owner.as_deref() != Some(ns.name()) {
                *owner = None;
            }
        }
    }
    Ok(owners.into_iter().filter_map(|(ip, owner)| Some((ip, owner?))).collect())
}

fn unknown(all: &Namespaces, name: &str) -> Error {
    let mut known = vec![HOST.to_owned()];
    known.extend(all.names().unwrap_or_default());
    known.extend(all.named_addresses().into_keys());
    let e = Error::new(Kind::NotFound, format!("unknown host {name:?}"));
    match similar(name, known.iter().map(String::as_str)) {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None if super::prefix::parse(name).is_ok() => e.hint("give the address without its prefix length"),
        None => e.hint(format!("the names in this lab are {}", listed(known))),
    }
}

/// Whether others can use an address at all.
fn usable(address: &Addr) -> bool {
    let link_local = match address.ip() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !address.ip().is_loopback()
        && !link_local
        && !address.is_duplicate()
        && address.scope != Some(Scope::HOST)
}

fn ranked(addresses: Vec<Addr>, seen_from: &[Addr]) -> Vec<IpAddr> {
    let near = |address: &Addr| {
        seen_from.iter().any(|own| {
            own.has_subnet() && !own.ip().is_loopback() && own.prefix().contains(address.ip())
                || own.peer.is_some_and(|peer| peer.0.ip() == address.ip())
        })
    };
    let mut usable: Vec<(bool, bool, IpAddr)> =
        addresses.iter().filter(|a| usable(a)).map(|a| (!near(a), a.ip().is_ipv6(), a.ip())).collect();
    // Stable: otherwise the kernel's order.
    usable.sort_by_key(|(far, six, _)| (*far, *six));
    let mut seen = HashSet::new();
    usable.into_iter().map(|(_, _, ip)| ip).filter(|ip| seen.insert(*ip)).collect()
}

/// Every namespace with its addresses as `viewer` sees them, and the names given besides.
pub fn everyone(all: &Namespaces, viewer: &Namespace) -> Result<Vec<(String, Vec<IpAddr>)>> {
    let seen_from = addr::list(viewer, &addr::Addr::default())?;
    let mut everyone = Vec::new();
    for ns in all.all()? {
        let own = ns.inode() == viewer.inode();
        let addresses = if own { seen_from.clone() } else { addr::list(&ns, &addr::Addr::default())? };
        let mut found = ranked(addresses, &seen_from);
        if own && found.is_empty() {
            found.push(Ipv4Addr::LOCALHOST.into());
        }
        everyone.push((ns.name().to_owned(), found));
    }
    everyone.extend(all.named_addresses());
    Ok(everyone)
}

/// An `/etc/hosts` for processes in `viewer`: `localhost`, and everyone in the lab with each of their addresses.
pub fn file(all: &Namespaces, viewer: &Namespace) -> Result<String> {
    let mut out = String::from("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
    for (name, addresses) in everyone(all, viewer)? {
        for ip in addresses {
            out.push_str(&format!("{ip}\t{name}\n"));
        }
    }
    Ok(out)
}

/// Brings `viewer`'s `/etc/hosts` up to date. `of_host` is the file behind that of the lab as a whole; those of the
/// namespaces lie beside it. Returns the file that processes are to see there, unless they see it already: those of
/// `host` do.
pub fn refresh(all: &Namespaces, viewer: &Namespace, of_host: &Path) -> Result<Option<PathBuf>> {
    let text = file(all, viewer)?;
    let (path, bound) = match viewer.name() {
        HOST => (of_host.to_owned(), false),
        name => (of_host.with_file_name("hosts.d").join(name), true),
    };
    overwrite(&path, &text).map_err(|e| Error::from(e).detail(format!("writing {}", path.display())))?;
    Ok(bound.then_some(path))
}

/// Writes into the same file, since other processes have it mounted.
fn overwrite(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = std::fs::File::options().create(true).write(true).truncate(false).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::{self, End, LinkSpec};
    use crate::net::prefix;
    use crate::net::testing::lab;

    /// host -- ns1 (10.0.1.0/24), host -- ns2 (10.0.2.0/24).
    fn star(all: &Namespaces) {
        for n in [1, 2] {
            let ns = all.add(&format!("ns{n}")).unwrap();
            let addrs = |host| {
                [format!("10.0.{n}.{host}/24"), format!("fd0{n}::{host}/64")]
                    .map(|a| prefix::parse(&a).unwrap())
                    .to_vec()
            };
            let peer = End { name: Some("eth0".into()), ns: Some(ns), addrs: addrs(2), ..End::up(true) };
            let spec = LinkSpec {
                near: End { addrs: addrs(1), ..End::up(true) },
                peer: Some(peer),
                ..LinkSpec::of("veth")
            };
            link::add(all.host(), &format!("veth{n}"), &spec).unwrap();
        }
    }

    #[test]
    fn names_lead_to_the_nearest_address() {
        lab(|all| {
            star(all);
            let text = |viewer: &str, name: &str| -> Vec<String> {
                let viewer = all.require(viewer).unwrap();
                lookup(all, &viewer, name).unwrap().iter().map(IpAddr::to_string).collect()
            };
            assert_eq!(text("ns1", "ns2"), ["10.0.2.2", "fd02::2"]);
            assert_eq!(text("ns2", "host"), ["10.0.2.1", "fd02::1", "10.0.1.1", "fd01::1"]);
            assert_eq!(text("ns1", "localhost"), ["127.0.0.1", "::1"]);
            all.add("empty").unwrap();
            assert_eq!(text("empty", "empty"), ["127.0.0.1", "::1"]);
            let e = lookup(all, all.host(), "empty").unwrap_err();
            assert!(e.to_string().starts_with("empty has no address yet"), "{e}");
            let e = lookup(all, all.host(), "ns3").unwrap_err();
            assert!(e.to_string().contains("unknown host \"ns3\""), "{e}");
            all.name_addresses("www.example.org", vec!["8.8.8.8".parse().unwrap()]);
            assert_eq!(text("ns1", "www.example.org"), ["8.8.8.8"]);
            let hosts = file(all, &all.require("ns1").unwrap()).unwrap();
            assert!(
                hosts.contains("10.0.2.2\tns2\n") && hosts.contains("8.8.8.8\twww.example.org\n"),
                "{hosts}"
            );
            assert!(hosts.find("10.0.1.1\thost") < hosts.find("10.0.2.1\thost"), "{hosts}");
        });
    }

    #[test]
    fn literals_and_scopes() {
        lab(|all| {
            star(all);
            let ns1 = all.require("ns1").unwrap();
            let one = |text: &str| resolve(all, &ns1, text).map(|found| found[0]);
            assert_eq!(one("10.9.9.9").unwrap(), Address { ip: "10.9.9.9".parse().unwrap(), scope: 0 });
            assert_eq!(one("[fd00::1]").unwrap().ip, "fd00::1".parse::<IpAddr>().unwrap());
            let index = find::index(&ns1, "eth0").unwrap().unwrap();
            assert_eq!(one("fe80::1%eth0").unwrap().scope, index);
            assert_eq!(one(&format!("fe80::1%{index}")).unwrap().scope, index);
            assert_eq!(one("fe80::1%eth7").unwrap_err().kind(), Kind::NotFound);
            assert_eq!(one("10.0.0.1%eth0").unwrap_err().kind(), Kind::Argument);
            assert!(one("10.0.0.1/24").unwrap_err().to_string().contains("without its prefix length"));
        });
    }
}
