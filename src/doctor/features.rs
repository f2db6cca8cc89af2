//! What can be tried in a sandbox: each kind of link and queueing discipline, address translation, sysctls.

use std::fs;
use std::path::Path;

use anyhow::Context;
use nix::errno::Errno;

use super::modules::{self, State};
use super::{Check, Group};
use crate::base::container::COVERED_PROC;
use crate::base::error::{Error, Kind, Result};
use crate::net::attributes::Attributes;
use crate::net::link::{Build, builds};
use crate::net::namespace::{Namespace, Namespaces};
use crate::net::{mpls, mptcp, mroute, nf, sysctl, tc, xfrm};
use crate::sandbox::{self, Lack, MAX_PROCESSES, Sandbox, Users};

/// Tries one thing.
type Trial = fn(&Namespace) -> Check;

/// What is no kind of link or traffic control, and how it is tried.
const OTHERS: &[(&str, Trial)] = &[
    ("tun", tun),
    ("vlan_filtering", vlan_filtering),
    ("nat", nat),
    ("firewall", firewall),
    ("conntrack", conntrack),
    ("flowtable", flowtable),
    ("esp", esp),
    ("mpls", labels),
    ("mptcp", endpoints),
    ("mroute", multicast),
    ("seg6", segments),
];

/// What can be tried by its name alone, with [`one`].
pub fn names() -> impl Iterator<Item = &'static str> {
    let qdiscs = tc::QDISCS.all().map(|(name, _)| name);
    let others = tc::FILTERS.all().chain(tc::ACTIONS.all()).map(|(_, module)| module);
    builds()
        .into_iter()
        .map(|build| build.kind)
        .chain(qdiscs)
        .chain(others)
        .chain(OTHERS.iter().map(|(name, _)| *name))
}

/// Tries what has this name.
pub fn one(ns: &Namespace, name: &str) -> Option<Check> {
    if let Some(build) = builds().iter().find(|build| build.kind == name) {
        return Some(link_check(ns, build));
    }
    if let Some((kind, module)) = tc::QDISCS.all().find(|(kind, _)| *kind == name) {
        return Some(feature(Group::Qdiscs, kind, &option(module), qdisc(ns, kind)));
    }
    if let Some((kind, module)) = tc::FILTERS.all().find(|(_, module)| *module == name) {
        return Some(feature(Group::Filters, module, &option(module), filter(ns, kind)));
    }
    if let Some((kind, module)) = tc::ACTIONS.all().find(|(_, module)| *module == name) {
        return Some(feature(Group::Filters, module, &option(module), action(ns, kind)));
    }
    OTHERS.iter().find(|(other, _)| *other == name).map(|(_, tried)| tried(ns))
}

/// Adds what was found in the lab of the calling thread.
pub fn add(lab: &Sandbox, out: &mut Vec<Check>) {
    out.extend(sandbox_checks(lab));
    match Namespaces::new(&lab.pins).and_then(|all| all.add("doctor")) {
        Ok(ns) => {
            out.push(Check::new(Group::Needed, "namespaces", true));
            out.extend(names().filter_map(|name| one(&ns, name)));
        }
        Err(e) => out.push(Check::of(Group::Needed, "namespaces", Err(e.into()))),
    }
}

fn nat(ns: &Namespace) -> Check {
    let masquerade = nf::nat::add(ns, nf::nat::Kind::Masquerade, &nf::nat::NatSpec::default());
    feature(Group::Firewall, "nat", "NF_TABLES, NFT_NAT and NFT_MASQ", masquerade.map(|_| ()))
}

/// A rule of all that needs a module of its own.
fn firewall(ns: &Namespace) -> Check {
    let spec = nf::firewall::RuleSpec {
        chain: Some("input".to_owned()),
        state: nf::words::Not::parse("invalid").ok(),
        limit: nf::firewall::Rate::of("1/second"),
        log: Some(nf::firewall::LogPrefix::default()),
        action: Some(nf::firewall::Action::Reject),
        ..Default::default()
    };
    let rule = nf::firewall::add(ns, &spec, nf::message::Place::Back);
    let options = "NF_TABLES_INET, NFT_CT, NFT_LIMIT, NFT_LOG and NFT_REJECT";
    feature(Group::Firewall, "firewall", options, rule.map(|_| ()))
}

fn conntrack(ns: &Namespace) -> Check {
    let conntrack = nf::conntrack::list(ns, &Default::default());
    feature(Group::Firewall, "conntrack", "NF_CT_NETLINK", conntrack.map(|_| ()))
}

fn flowtable(ns: &Namespace) -> Check {
    let table = nf::firewall::Flowtable { name: "doctor".to_owned(), ..Default::default() };
    let made = nf::firewall::add_flowtable(ns, &table);
    feature(Group::Firewall, "flowtable", "NF_FLOW_TABLE_INET and NFT_FLOW_OFFLOAD", made)
}

/// A state of ESP that protects nothing.
fn esp(ns: &Namespace) -> Check {
    let any = std::net::Ipv4Addr::LOCALHOST.into();
    let null = xfrm::Algorithm { name: "ecb(cipher_null)".to_owned(), key: Vec::new(), bits: 0 };
    let state = xfrm::State {
        src: Some(any),
        dst: Some(any),
        proto: Some(xfrm::Proto::Esp),
        spi: Some(xfrm::Spi(0x100)),
        enc: Some(null),
        ..xfrm::State::default()
    };
    feature(Group::Firewall, "esp", "XFRM_USER and INET_ESP", xfrm::state::add(ns, &state))
}

fn labels(ns: &Namespace) -> Check {
    feature(Group::Links, "mpls", "MPLS_ROUTING", mpls::room(ns).map(|_| ()))
}

fn endpoints(ns: &Namespace) -> Check {
    feature(Group::Links, "mptcp", "MPTCP", mptcp::limits(ns).map(|_| ()))
}

fn multicast(ns: &Namespace) -> Check {
    feature(Group::Links, "mroute", "IP_MROUTE and IPV6_MROUTE", mroute::try_it(ns))
}

/// Routes through segments, and by what a segment does.
fn segments(ns: &Namespace) -> Check {
    feature(
        Group::Links,
        "seg6",
        "IPV6_SEG6_LWTUNNEL",
        sysctl::get(ns, "net.ipv6.seg6_flowlabel").map(|_| ()),
    )
}

fn vlan_filtering(ns: &Namespace) -> Check {
    const BR_VLAN_FILTERING: u16 = 7;
    let mut filtering = Attributes::new();
    filtering.put(BR_VLAN_FILTERING, &[1]);
    feature(Group::Links, "vlan_filtering", "BRIDGE_VLAN_FILTERING", link(ns, "bridge", filtering))
}

fn link_check(ns: &Namespace, build: &Build) -> Check {
    let Build { kind, option, .. } = *build;
    let missing = || Err(Error::new(Kind::Unsupported, "no such module"));
    match build.maker.map(|module| (module, modules::state(module))) {
        None | Some((_, State::Present)) => {
            feature(Group::Links, kind, option, link(ns, kind, Attributes::new()))
        }
        Some((_, State::Loadable)) => Check::new(Group::Links, kind, true),
        Some((_, State::Missing)) => feature(Group::Links, kind, option, missing()),
        Some((module, State::Unknown)) => Check::new(Group::Links, kind, false)
            .detail(
                "not tried: loading its module would add a link to the machine, and /lib/modules is not here",
            )
            .remedy(format!("look with `modinfo {module}` outside of the container")),
    }
}

/// Whether a property of the sandbox holds: `Ok` says what was found, `Err` what is wrong and what to do about it.
type Holds = std::result::Result<String, (String, &'static str)>;

/// By its name.
type Trait = (&'static str, fn(&Sandbox) -> Holds);

const SANDBOX: &[Trait] = &[
    ("confined", confined),
    ("own_proc", |lab| own(lab, lab.own_proc, "/proc stays")),
    ("own_sys", |lab| own(lab, lab.own_sys, "/sys is")),
    ("bare", |_| bare()),
    ("sysctl", |_| sysctl()),
    ("ipv6", |_| ipv6()),
    ("process_limit", |_| process_limit()),
    ("users", users),
];

/// What [`sandbox_checks`] tells of.
pub fn sandbox_names() -> impl Iterator<Item = &'static str> {
    SANDBOX.iter().map(|(name, _)| *name)
}

/// What holds of the sandbox itself.
pub fn sandbox_checks(lab: &Sandbox) -> Vec<Check> {
    let check = |(name, holds): &Trait| match holds(lab) {
        Ok(detail) => Check::new(Group::Sandbox, name, true).detail(detail),
        Err((detail, remedy)) => Check::new(Group::Sandbox, name, false).detail(detail).remedy(remedy),
    };
    SANDBOX.iter().map(check).collect()
}

fn confined(lab: &Sandbox) -> Holds {
    let without = "without user namespaces, root in the lab is root of this machine";
    if lab.confined {
        Ok(String::new())
    } else {
        Err((without.to_owned(), "run only scripts that you trust"))
    }
}

fn own(lab: &Sandbox, has: bool, about: &str) -> Holds {
    let note = lab.notes.iter().find(|n| n.contains(about)).cloned().unwrap_or_default();
    if has { Ok(note) } else { Err((note, COVERED_PROC)) }
}

/// Nothing but `lo`, unless modules of tunnels add theirs to every namespace.
fn bare() -> Holds {
    let links = nix::net::if_::if_nameindex().map_err(|e| (e.desc().to_owned(), ""))?;
    let names = links.iter().map(|link| link.name().to_string_lossy().into_owned());
    let mut more: Vec<String> = names.filter(|name| name != "lo").collect();
    more.sort();
    match more.is_empty() {
        true => Ok(String::new()),
        false => Err((
            format!("this machine's kernel puts {} into every new namespace", more.join(", ")),
            "sudo sysctl net.core.fb_tunnels_only_for_init_net=1",
        )),
    }
}

fn sysctl() -> Holds {
    match write_same("/proc/sys/net/ipv4/ip_forward") {
        Ok(()) => Ok(String::new()),
        Err(e) => Err((format!("/proc/sys/net can't be written: {}", e.message()), COVERED_PROC)),
    }
}

fn ipv6() -> Holds {
    match Path::new("/proc/sys/net/ipv6").exists() {
        true => Ok(String::new()),
        false => Err((
            "the kernel has no IPv6, or it was started with ipv6.disable=1".to_owned(),
            "remove ipv6.disable=1 from the kernel's command line; scripts with IPv6 fail",
        )),
    }
}

fn process_limit() -> Holds {
    let bounded =
        !nix::unistd::geteuid().is_root() || !root_outside() || sandbox::kernel_version() >= (6, 14);
    match bounded {
        true => Ok(format!("{MAX_PROCESSES} processes")),
        false => Err((
            "before Linux 6.14, nothing bounds the processes of root's lab".to_owned(),
            "run scripts of strangers as an ordinary user",
        )),
    }
}

/// Which users daemons can change to.
fn users(lab: &Sandbox) -> Holds {
    let lack = match lab.users {
        Users::All => return Ok("all of this machine's".to_owned()),
        Users::Subordinate(count) => return Ok(format!("root, and {count} by subordinate ids")),
        Users::One(lack) => lack,
    };
    let (why, remedy) = match lack {
        Lack::Ranges => (
            "/etc/subuid and /etc/subgid give you no ids",
            "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER (ids that nobody else has), \
             and install newuidmap (uidmap, shadow-utils)",
        ),
        Lack::Helpers => ("newuidmap or newgidmap is missing", "install them (uidmap, shadow-utils)"),
        Lack::Refused => {
            ("newuidmap or newgidmap refuses", "try `newuidmap` by hand: it must be setuid root")
        }
    };
    let means = "a program that changes its user is told that it did, and stays root of the lab";
    Err((format!("root alone, as {why}: {means}"), remedy))
}

/// Whether the lab's root is root on the machine too, as far as ids go: all ids are mapped.
fn root_outside() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().nth(2).is_some_and(|count| count != "1")
}

/// Writes a sysctl as it is.
fn write_same(path: &str) -> Result<()> {
    let value = fs::read(path)?;
    Ok(fs::write(path, value)?)
}

fn feature(group: Group, name: &'static str, option: &str, tried: Result<()>) -> Check {
    match tried {
        Err(e) if e.kind() == Kind::Unsupported => {
            Check::new(group, name, false).detail("not in this kernel").remedy(format!(
                "install the kernel's extra modules (linux-modules-extra, kernel-modules-extra), or use one with \
                 CONFIG_{option}"
            ))
        }
        tried => Check::of(group, name, tried.map_err(Into::into)),
    }
}

/// Asks for a link of this kind, without its options: a kernel that knows the kind makes it, or misses the options.
fn link(ns: &Namespace, kind: &str, data: Attributes) -> Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const IFLA_LINKINFO: u16 = 18;
    const IFLA_INFO_KIND: u16 = 1;
    const IFLA_INFO_DATA: u16 = 2;
    let mut info = Attributes::new();
    info.put_str(IFLA_INFO_KIND, kind);
    if !data.is_empty() {
        info.nest(IFLA_INFO_DATA, data);
    }
    let mut attributes = Attributes::new();
    attributes.nest(IFLA_LINKINFO, info);
    // struct ifinfomsg, all zero: the kernel chooses name and index.
    match request(ns, RTM_NEWLINK, &[0; 16], &attributes) {
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => Err(e),
        _ => Ok(()),
    }
}

/// The kernel's option for a module of traffic control, without `CONFIG_`.
fn option(module: &str) -> String {
    format!("NET_{}", module.to_uppercase())
}

const TCA_KIND: u16 = 1;

/// Asks for a filter of what comes in by `lo`, with no options: a kernel that knows the kind misses them.
fn filter(ns: &Namespace, kind: &str) -> Result<()> {
    new_filter(ns, kind, Attributes::new())
}

fn new_filter(ns: &Namespace, kind: &str, options: Attributes) -> Result<()> {
    const RTM_NEWTFILTER: u16 = 44;
    const TCA_OPTIONS: u16 = 2;
    const PREFERENCE_AND_ALL: u32 = 1 << 16 | 0x0300;
    // One that no link has by itself; where it can't be had, no filter can.
    qdisc(ns, "ingress")?;
    let mut attributes = Attributes::new();
    attributes.put_str(TCA_KIND, kind);
    if !options.is_empty() {
        attributes.nest(TCA_OPTIONS, options);
    }
    unknown(request(ns, RTM_NEWTFILTER, &tcmsg(0, tc::INCOMING, PREFERENCE_AND_ALL), &attributes))
}

/// Asks for a filter with an action without options, as above: RTM_NEWACTION is for the machine's root alone.
fn action(ns: &Namespace, kind: &str) -> Result<()> {
    const TCA_U32_SEL: u16 = 5;
    const TCA_U32_ACT: u16 = 7;
    let (mut options, mut all, mut one) = (Attributes::new(), Attributes::new(), Attributes::new());
    one.put_str(TCA_KIND, kind);
    all.nest(1, one);
    // struct tc_u32_sel without a key.
    options.put(TCA_U32_SEL, &[0; 16]);
    options.nest(TCA_U32_ACT, all);
    new_filter(ns, "u32", options)
}

/// What the kernel says of a kind that it doesn't know; anything else it says of one that it knows.
fn unknown(asked: Result<()>) -> Result<()> {
    match asked {
        Err(e) if e.raw() == Some(Errno::ENOENT) => Err(e.with_kind(Kind::Unsupported)),
        Err(e) if e.raw() == Some(Errno::EOPNOTSUPP) => Err(e),
        _ => Ok(()),
    }
}

/// struct tcmsg: family, index (lo is 1), handle, parent, info.
fn tcmsg(handle: u32, parent: u32, info: u32) -> Vec<u8> {
    [0, 1, handle, parent, info].iter().flat_map(|n: &u32| n.to_ne_bytes()).collect()
}

/// Asks for a queueing discipline on `lo`, as above.
fn qdisc(ns: &Namespace, kind: &str) -> Result<()> {
    const RTM_NEWQDISC: u16 = 36;
    let (parent, handle) = match kind {
        "ingress" | "clsact" => (tc::INGRESS, tc::INGRESS_HANDLE),
        _ => (tc::ROOT, 0),
    };
    let mut attributes = Attributes::new();
    attributes.put_str(TCA_KIND, kind);
    // "Specified qdisc kind is unknown"
    unknown(request(ns, RTM_NEWQDISC, &tcmsg(handle, parent, 0), &attributes))
}

fn request(ns: &Namespace, message_type: u16, header: &[u8], attributes: &Attributes) -> Result<()> {
    // NLM_F_REPLACE, NLM_F_CREATE
    const FLAGS: u16 = 0x100 | 0x400;
    ns.rtnl(message_type, FLAGS, &[header, attributes.bytes()?].concat(), |_| Ok(()))
}

/// Makes a tap device as programs do: by `/dev/net/tun`.
fn tun(ns: &Namespace) -> Check {
    use std::os::fd::AsRawFd;
    const TUN: &str = "/dev/net/tun";
    let tried = ns.within(|| {
        let device = fs::File::options().read(true).write(true).open(TUN)?;
        // SAFETY: an all-zero ifreq is a valid one: the kernel chooses the name.
        let mut wanted: libc::ifreq = unsafe { std::mem::zeroed() };
        wanted.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short;
        // SAFETY: wanted is an ifreq, as the ioctl expects.
        let done = unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF as _, &raw mut wanted) };
        Errno::result(done).map(|_| ()).map_err(Error::from)
    });
    const REMEDY: &str = "modprobe tun (CONFIG_TUN); in a container, start it with --device /dev/net/tun";
    Check::of(Group::Links, "tun", tried.map_err(|e| e.hint(REMEDY)).context(TUN))
}
