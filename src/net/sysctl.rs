//! Kernel parameters under /proc/sys, as `sysctl` handles them. Those below `net` are each namespace's own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};

use super::done::Done;
use super::link::find;
use super::names::similar;
use super::namespace::Namespace;
use super::procsys::{self, NET};
use super::usable;
use crate::base::container::COVERED_PROC;
use crate::base::error::{Error, Kind, Result};

const ROOT: &str = "/proc/sys";

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// With dots, and `/` for a dot in an interface's name: `net.ipv4.conf.eth0/1.forwarding`.
    pub name: String,
    pub value: String,
}

/// Reads a parameter, as `sysctl -n NAME`; several numbers of one parameter stay one text, tabs between them.
/// Raises `not_found` for a name that doesn't exist, with the nearest one that does.
pub fn get(ns: &Namespace, name: &str) -> Result<String> {
    let parts = parts(name)?;
    prepare(ns, &parts);
    ns.within(|| Ok(read(&path(ns, &parts))))?.map_err(|e| explain(ns, &parts, e, false))
}

/// Sets a parameter, as `sysctl -w NAME=VALUE`. Raises `not_found`, `read_only` for one that can't be set here,
/// `invalid` for a value that the kernel refuses.
pub fn set(ns: &Namespace, name: &str, value: &str) -> Result<()> {
    let parts = parts(name)?;
    ns.tune();
    prepare(ns, &parts);
    let path = path(ns, &parts);
    let written = ns.within(|| Ok(write(&path, value)))?;
    written.map_err(|e| match e.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EINVAL | Errno::ERANGE) => {
            let now = ns.within(|| Ok(read(&path))).ok().and_then(|r| r.ok());
            let e = Error::from(e).detail(format!("the kernel refuses the value {value:?}"));
            match now {
                Some(now) => e.hint(format!("it is {now:?} now")),
                None => e,
            }
        }
        _ => explain(ns, &parts, e, true),
    })?;
    ns.report(Done::Sysctl(&dotted(&parts), value));
    if parts.last().is_some_and(|last| last == "forwarding") {
        // Links that come up later are made ready before the first probe.
        ns.unsettle();
        usable::ready(ns)?;
    }
    Ok(())
}

/// The readable parameters whose names begin with `prefix` (whole parts of it), sorted, as `sysctl -a` or
/// `sysctl PREFIX`. An empty prefix lists those of the network alone.
pub fn list(ns: &Namespace, prefix: &str) -> Result<Vec<Parameter>> {
    let parts = if prefix.is_empty() { vec!["net".to_owned()] } else { parts(prefix)? };
    let mut out = Vec::new();
    prepare(ns, &parts);
    let walked = ns.within(|| Ok(walk(&path(ns, &parts), &mut parts.clone(), &mut out)))?;
    walked.map_err(|e| explain(ns, &parts, e, false))?;
    Ok(out)
}

/// Before `net.bridge`, or all of `net`, is looked at.
fn prepare(ns: &Namespace, parts: &[String]) {
    if parts.get(1).is_none_or(|part| part == "bridge") {
        ns.expect_bridges();
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let bytes = fs::read(path)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}

fn write(path: &Path, value: &str) -> std::io::Result<()> {
    // One write: the kernel takes each for a whole value.
    fs::File::options().write(true).open(path)?.write_all(format!("{value}\n").as_bytes())
}

fn walk(path: &Path, parts: &mut Vec<String>, out: &mut Vec<Parameter>) -> std::io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        if let Ok(value) = read(path) {
            out.push(Parameter { name: dotted(parts), value });
        }
        return Ok(());
    }
    for name in names(path)? {
        parts.push(name.clone());
        // What went meanwhile (an interface) or can't be read (net.ipv4.route.flush) is left out.
        let _ = walk(&path.join(&name), parts, out);
        parts.pop();
    }
    Ok(())
}

fn names(directory: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> =
        fs::read_dir(directory)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Splits a name as sysctl(8) does: whichever of `.` and `/` comes first separates. After a `/`, dots are plain;
/// after a `.`, a `/` stands for a dot within a part.
fn parts(name: &str) -> Result<Vec<String>> {
    let bare = name.strip_prefix("/proc/sys/").unwrap_or(name);
    let separator = bare.chars().find(|c| matches!(c, '.' | '/')).unwrap_or('.');
    let parts: Vec<String> = bare
        .split(separator)
        .map(|part| if separator == '.' { part.replace('/', ".") } else { part.to_owned() })
        .collect();
    let wrong = parts.iter().any(|p| matches!(p.as_str(), "" | "." | "..") || p.contains(['/', '\0']));
    if wrong {
        return Err(Error::argument(format!(
            "expected the name of a parameter, such as \"net.ipv4.ip_forward\", got {name:?}"
        )));
    }
    Ok(parts)
}

/// Where a namespace's parameter is; valid until that of another namespace is asked for.
fn path(ns: &Namespace, parts: &[String]) -> PathBuf {
    match parts {
        [net, below @ ..] if net == "net" => {
            let mut path = procsys::net(Some(ns.inode()));
            path.extend(below);
            path
        }
        _ => plain(parts),
    }
}

fn plain(parts: &[String]) -> PathBuf {
    let mut path = PathBuf::from(ROOT);
    path.extend(parts);
    path
}

fn dotted(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| part.replace('.', "/")).collect();
    parts.join(".")
}

/// Those that the kernel keeps for the machine as a whole: absent or read-only in other network namespaces.
fn machine_wide(parts: &[String]) -> bool {
    let name = dotted(parts);
    const WHOLE: &[&str] = &[
        "net.core.rmem_max",
        "net.core.wmem_max",
        "net.core.rmem_default",
        "net.core.wmem_default",
        "net.core.netdev_max_backlog",
        "net.core.default_qdisc",
        "net.core.optmem_max",
        "net.ipv4.tcp_mem",
        "net.ipv4.udp_mem",
        "net.netfilter.nf_conntrack_max",
        "net.netfilter.nf_conntrack_buckets",
        "net.nf_conntrack_max",
        "net.ipv6.route.max_size",
    ];
    WHOLE.contains(&name.as_str()) || parts.last().is_some_and(|p| p.starts_with("gc_thresh"))
}

fn explain(ns: &Namespace, parts: &[String], e: std::io::Error, writing: bool) -> Error {
    let errno = e.raw_os_error().map(Errno::from_raw);
    let error = Error::from(e);
    match errno {
        Some(Errno::ENOENT | Errno::ENOTDIR) => missing(ns, parts),
        Some(Errno::EISDIR) => Error::argument(format!("{:?} is a group of parameters", dotted(parts)))
            .hint("sysctl.list shows its parameters"),
        Some(Errno::EACCES | Errno::EPERM | Errno::EROFS) if !writing => error
            .with_kind(Kind::Permission)
            .hint("this parameter can only be set, or read by the machine's root alone"),
        Some(Errno::EACCES | Errno::EPERM | Errno::EROFS) => {
            let error = error.with_kind(Kind::ReadOnly);
            if parts.first().is_some_and(|p| p != "net") {
                return error
                    .hint("in a sandbox only net.* can be set: the rest belongs to the whole machine");
            }
            if machine_wide(parts) {
                return error.hint(
                    "this one is not writable in a sandbox: the kernel keeps one value for the whole machine",
                );
            }
            match statvfs(NET) {
                Ok(net) if net.flags().contains(FsFlags::ST_RDONLY) => error.hint(COVERED_PROC),
                _ => error.hint("the kernel keeps this parameter read-only in this namespace"),
            }
        }
        _ => error,
    }
}

/// "There is no such parameter", with the nearest one that is there.
fn missing(ns: &Namespace, parts: &[String]) -> Error {
    let name = dotted(parts);
    let e = Error::new(Kind::NotFound, format!("there is no parameter {name:?}"));
    if machine_wide(parts) {
        return e.hint("the kernel keeps it for the whole machine, and shows it only outside of the lab");
    }
    if let [net, family, group, dev, ..] = parts {
        let of_link = net == "net" && matches!(group.as_str(), "conf" | "neigh");
        let known = matches!(find::index(ns, dev), Ok(Some(_))) || matches!(dev.as_str(), "all" | "default");
        if of_link && matches!(family.as_str(), "ipv4" | "ipv6" | "mpls") && !known {
            let dotted_link = format!("{dev}.{}", parts.get(4).map_or("", String::as_str));
            return match find::index(ns, &dotted_link) {
                Ok(Some(_)) => e.hint(format!(
                    "for the dot in {dotted_link:?} write \"/\": net.{family}.{group}.{}. ...",
                    dotted_link.replace('.', "/")
                )),
                _ => e.detail(format!("no link named {dev:?} in {}", ns.name())),
            };
        }
    }
    if let Some((option, module)) = ns.within(|| Ok(lacking(&name))).ok().flatten() {
        let load = if module.is_empty() { String::new() } else { format!(": sudo modprobe {module}") };
        return e.hint(format!("it needs CONFIG_{option}{load}"));
    }
    match ns.within(|| Ok(nearest(parts))).ok().flatten() {
        Some(near) => e.hint(format!("did you mean {near:?}?")),
        None => e,
    }
}

/// The kernel's option and module for parameters of which there is none.
fn lacking(name: &str) -> Option<(&'static str, &'static str)> {
    // How the names begin, and one that is there with the others.
    const GROUPS: [(&str, &str, &str, &str); 13] = [
        ("net.bridge.", "net.bridge", "BRIDGE_NETFILTER", "br_netfilter"),
        // A rule of nat or firewall loads it, too.
        ("net.netfilter.nf_conntrack_", "net.netfilter.nf_conntrack_count", "NF_CONNTRACK", "nf_conntrack"),
        (
            "net.netfilter.nf_flowtable_",
            "net.netfilter.nf_flowtable_tcp_timeout",
            "NF_FLOW_TABLE",
            "nf_flow_table",
        ),
        ("net.ipv4.vs.", "net.ipv4.vs", "IP_VS", "ip_vs"),
        ("net.ipv6.seg6_", "net.ipv6.seg6_flowlabel", "IPV6_SEG6_LWTUNNEL", ""),
        ("net.ipv6.", "net.ipv6", "IPV6", "ipv6"),
        ("net.mpls.", "net.mpls", "MPLS_ROUTING", "mpls_router"),
        ("net.mptcp.", "net.mptcp", "MPTCP", ""),
        ("net.vrf.", "net.vrf", "NET_VRF", "vrf"),
        ("net.sctp.", "net.sctp", "IP_SCTP", "sctp"),
        ("net.tipc.", "net.tipc", "TIPC", "tipc"),
        ("net.smc.", "net.smc", "SMC", "smc"),
        ("net.rds.", "net.rds", "RDS", "rds"),
    ];
    let name = format!("{name}.");
    let (_, there, option, module) = GROUPS.iter().find(|(begins, ..)| name.starts_with(begins))?;
    (!plain(&parts(there).ok()?).exists()).then_some((option, module))
}

/// Mends the first part that doesn't exist, and goes on with the rest if it then fits.
fn nearest(parts: &[String]) -> Option<String> {
    let mut mended: Vec<String> = Vec::new();
    for part in parts {
        let here = plain(&mended);
        if here.join(part).exists() {
            mended.push(part.clone());
            continue;
        }
        let siblings = names(&here).ok()?;
        mended.push(similar(part, siblings.iter().map(String::as_str))?.to_owned());
    }
    (mended != parts).then(|| dotted(&mended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::link::{self, LinkSpec};
    use crate::net::testing::lab;

    #[test]
    fn names_are_split_as_sysctl_does() {
        let split = |name: &str| parts(name).unwrap().join("|");
        assert_eq!(split("net.ipv4.ip_forward"), "net|ipv4|ip_forward");
        assert_eq!(split("net/ipv4/ip_forward"), "net|ipv4|ip_forward");
        assert_eq!(split("/proc/sys/net/ipv4/ip_forward"), "net|ipv4|ip_forward");
        assert_eq!(split("net.ipv4.conf.eth0/1.forwarding"), "net|ipv4|conf|eth0.1|forwarding");
        assert_eq!(split("net/ipv4/conf/eth0.1/forwarding"), "net|ipv4|conf|eth0.1|forwarding");
        for wrong in
            ["", ".", "net..x", "net/../../etc/passwd", "/etc/passwd", "net.ipv4.", "..", "net.a/../b"]
        {
            let split = parts(wrong);
            assert!(split.is_err() || split.is_ok_and(|p| p.iter().all(|p| p != "..")), "{wrong}");
        }
    }

    #[test]
    fn each_namespace_has_its_own() {
        lab(|all| {
            let ns1 = all.add("ns1").unwrap();
            set(&ns1, "net.ipv4.ip_forward", "1").unwrap();
            assert_eq!(get(&ns1, "net/ipv4/ip_forward").unwrap(), "1");
            assert_eq!(get(all.host(), "net.ipv4.ip_forward").unwrap(), "0");
            link::add(&ns1, "eth0.1", &LinkSpec::of("ifb")).unwrap();
            set(&ns1, "net.ipv4.conf.eth0/1.rp_filter", "2").unwrap();
            assert_eq!(get(&ns1, "net/ipv4/conf/eth0.1/rp_filter").unwrap(), "2");
            let found = list(&ns1, "net.ipv4.conf.eth0/1").unwrap();
            assert!(
                found.contains(&Parameter {
                    name: "net.ipv4.conf.eth0/1.rp_filter".into(),
                    value: "2".into()
                })
            );
            assert!(found.iter().all(|p| p.name.starts_with("net.ipv4.conf.eth0/1.")));
            let e = get(&ns1, "net.ipv4.conf.eth0.1.rp_filter").unwrap_err();
            assert!(e.to_string().contains("for the dot in \"eth0.1\" write"), "{e}");
        });
    }

    #[test]
    fn mistakes_are_explained() {
        lab(|all| {
            let host = all.host();
            let says = |r: Result<String>| r.unwrap_err().to_string();
            assert_eq!(
                says(get(host, "net.ipv4.ip_foward")),
                "there is no parameter \"net.ipv4.ip_foward\"\n  hint: did you mean \"net.ipv4.ip_forward\"?"
            );
            assert_eq!(
                says(get(host, "net.ipv.conf.all.forwardin")),
                "there is no parameter \"net.ipv.conf.all.forwardin\"\n  \
                 hint: did you mean \"net.ipv4.conf.all.forwarding\"?"
            );
            assert!(
                says(get(host, "net.ipv4.conf.eth9.forwarding")).contains("no link named \"eth9\" in host")
            );
            assert!(says(get(host, "net.ipv4")).contains("is a group of parameters"));
            let e = set(host, "net.ipv4.ip_forward", "many").unwrap_err();
            assert_eq!(e.kind(), Kind::Invalid);
            assert!(e.to_string().contains("hint: it is \"0\" now"), "{e}");
        });
    }
}
