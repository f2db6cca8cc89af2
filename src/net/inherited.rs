//! The kernel's defaults in a new network namespace, whatever the machine has set.
//!
//! A new namespace copies `net.ipv4.conf.all` and `.default` of the machine's first one (`devinet_init_net` in
//! net/ipv4/devinet.c); with `net.core.devconf_inherit_init_net` 1 it copies those of IPv6 too. br_netfilter hands what a
//! bridge forwards to nf_tables' rules unless told otherwise.

use std::ffi::CString;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::defaults;
use super::link::{RTM_GETLINK, ifinfomsg, ifla};
use super::netlink::{Route, attributes_of};
use super::procsys;
use crate::base::error::Result;

/// A parameter of `conf`: its name, the kernel's default in `all`, and that in `default`.
type Parameter = (&'static str, i32, i32);

/// In the order of IPV4_DEVCONF_* in linux/ip.h, from 1; the defaults are those of `ipv4_devconf` and
/// `ipv4_devconf_dflt`.
const IPV4: &[Parameter] = &[
    ("forwarding", 0, 0),
    ("mc_forwarding", 0, 0),
    ("proxy_arp", 0, 0),
    ("accept_redirects", 1, 1),
    ("secure_redirects", 1, 1),
    ("send_redirects", 1, 1),
    ("shared_media", 1, 1),
    ("rp_filter", 0, 0),
    ("accept_source_route", 0, 1),
    ("bootp_relay", 0, 0),
    ("log_martians", 0, 0),
    ("tag", 0, 0),
    ("arp_filter", 0, 0),
    ("medium_id", 0, 0),
    ("disable_xfrm", 0, 0),
    ("disable_policy", 0, 0),
    ("force_igmp_version", 0, 0),
    ("arp_announce", 0, 0),
    ("arp_ignore", 0, 0),
    ("promote_secondaries", 0, 0),
    ("arp_accept", 0, 0),
    ("arp_notify", 0, 0),
    ("accept_local", 0, 0),
    ("src_valid_mark", 0, 0),
    ("proxy_arp_pvlan", 0, 0),
    ("route_localnet", 0, 0),
    ("igmpv2_unsolicited_report_interval", 10_000, 10_000),
    ("igmpv3_unsolicited_report_interval", 1000, 1000),
    ("ignore_routes_with_linkdown", 0, 0),
    ("drop_unicast_in_l2_multicast", 0, 0),
    ("drop_gratuitous_arp", 0, 0),
    ("bc_forwarding", 0, 0),
    ("arp_evict_nocarrier", 1, 1),
];

/// What a script might come across, by its place among DEVCONF_* in linux/ipv6.h; the defaults are those of
/// `ipv6_devconf` and `ipv6_devconf_dflt` in net/ipv6/addrconf.c.
const IPV6: &[(usize, Parameter)] = &[
    (0, ("forwarding", 0, 0)),
    (1, ("hop_limit", 64, 64)),
    (3, ("accept_ra", 1, 1)),
    (4, ("accept_redirects", 1, 1)),
    (5, ("autoconf", 1, 1)),
    (6, ("dad_transmits", 1, 1)),
    (7, ("router_solicitations", -1, -1)),
    (10, ("use_tempaddr", 0, 0)),
    (17, ("accept_ra_defrtr", 1, 1)),
    (18, ("accept_ra_pinfo", 1, 1)),
    (19, ("accept_ra_rtr_pref", 1, 1)),
    (22, ("proxy_ndp", 0, 0)),
    (23, ("optimistic_dad", 0, 0)),
    (24, ("accept_source_route", 0, 0)),
    (26, ("disable_ipv6", 0, 0)),
    (27, ("accept_dad", 0, 1)),
    (29, ("ndisc_notify", 0, 0)),
    (34, ("use_optimistic", 0, 0)),
    (35, ("accept_ra_mtu", 1, 1)),
    (37, ("use_oif_addrs_only", 0, 0)),
    (39, ("ignore_routes_with_linkdown", 0, 0)),
    (40, ("drop_unicast_in_l2_multicast", 0, 0)),
    (41, ("drop_unsolicited_na", 0, 0)),
    (42, ("keep_addr_on_down", 0, 0)),
    (44, ("seg6_enabled", 0, 0)),
    (46, ("enhanced_dad", 1, 1)),
    (47, ("addr_gen_mode", 0, 0)),
    (48, ("disable_policy", 0, 0)),
];

/// Told by the kernel, never set.
const READ_ONLY: &str = "mc_forwarding";

/// Those that the kernel sets on `lo` itself.
const OWN_OF_LO: [&str; 4] = ["disable_xfrm", "disable_policy", "accept_dad", "use_tempaddr"];

/// Without these, what a bridge forwards is not seen by rules for IP.
const BRIDGE: [&str; 3] = ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"];

/// How long the machine's settings are taken to be those that were last seen: someone may change them while a lab runs.
const VALID: Duration = Duration::from_secs(1);

/// A directory below /proc/sys/net, with what is to be written there.
type Settings = (&'static str, Vec<(CString, i32)>);

/// What the machine gives to new namespaces and the kernel would not.
#[derive(Default)]
pub struct Inherited {
    seen: Option<Instant>,
    settings: Vec<Settings>,
}

impl Inherited {
    /// Reads what the calling thread's namespace, which must be new, has not as the kernel would give it.
    pub fn look(&mut self) -> Result<()> {
        if self.seen.is_none_or(|at| at.elapsed() > VALID) {
            self.settings = differing()?;
            self.seen = Some(Instant::now());
        }
        Ok(())
    }

    /// Gives that namespace the kernel's defaults. Writes only what differs. Returns the first error, after it has tried
    /// all.
    pub fn reset(&mut self) -> Result<()> {
        self.reset_conf()?;
        reset_bridges()
    }

    /// As [`Inherited::reset`], but for what concerns bridges alone.
    pub(super) fn reset_conf(&mut self) -> Result<()> {
        self.look()?;
        let mut result = Ok(());
        for (directory, settings) in &self.settings {
            let written = write(directory, settings);
            result = result.and(written);
        }
        result
    }
}

/// Has br_netfilter hand nothing to IP's rules of what bridges of the calling thread's namespace forward.
pub(super) fn reset_bridges() -> Result<()> {
    let settings: Vec<_> = BRIDGE.iter().filter_map(|name| Some((CString::new(*name).ok()?, 0))).collect();
    match write("bridge", &settings) {
        // It isn't loaded.
        Err(e) if e.raw() == Some(Errno::ENOENT) => Ok(()),
        result => result,
    }
}

fn differing() -> Result<Vec<Settings>> {
    let (ipv4, ipv6) = conf_of_lo()?;
    let parameters: Vec<Parameter> = IPV6.iter().map(|(_, parameter)| *parameter).collect();
    let of_lo = IPV6.iter().map(|(at, _)| ipv6.get(*at).copied());
    let ipv6_differs = differs(&parameters, of_lo);
    let mut out = vec![("ipv4/conf/all", changed("ipv4/conf/all", IPV4, |p| p.1))];
    // `lo` is made with what `default` has, and one request tells of all that.
    if differs(IPV4, ipv4.iter().copied().map(Some)) {
        let default = changed("ipv4/conf/default", IPV4, |p| p.2);
        out.extend([("ipv4/conf/default", default.clone()), ("ipv4/conf/lo", without_own(default))]);
    }
    if ipv6_differs {
        let default = changed("ipv6/conf/default", &parameters, |p| p.2);
        out.push(("ipv6/conf/all", changed("ipv6/conf/all", &parameters, |p| p.1)));
        out.extend([("ipv6/conf/default", default.clone()), ("ipv6/conf/lo", without_own(default))]);
    }
    out.retain(|(_, settings)| !settings.is_empty());
    Ok(out)
}

fn differs(parameters: &[Parameter], of_lo: impl Iterator<Item = Option<i32>>) -> bool {
    let mut all = parameters.iter().zip(of_lo);
    all.any(|((name, _, default), now)| !OWN_OF_LO.contains(name) && now.is_some_and(|now| now != *default))
}

/// The parameters in the directory whose value is not the one that `default` tells.
fn changed(directory: &str, parameters: &[Parameter], default: fn(&Parameter) -> i32) -> Vec<(CString, i32)> {
    let names: Vec<CString> = parameters.iter().filter_map(|(name, ..)| CString::new(*name).ok()).collect();
    let values = defaults::Tree::new().read(directory, &names);
    let values =
        values.iter().map(|value| std::str::from_utf8(value.as_deref()?).ok()?.trim().parse::<i32>().ok());
    let settings = names.into_iter().zip(values).zip(parameters.iter().map(default));
    // What this kernel lacks has no value.
    let settings = settings.filter(|((_, now), default)| now.is_some_and(|now| now != *default));
    let settings = settings.map(|((name, _), default)| (name, default));
    settings.filter(|(name, _)| name.as_bytes() != READ_ONLY.as_bytes()).collect()
}

fn without_own(mut settings: Vec<(CString, i32)>) -> Vec<(CString, i32)> {
    settings.retain(|(name, _)| !OWN_OF_LO.iter().any(|own| own.as_bytes() == name.as_bytes()));
    settings
}

/// IFLA_INET_CONF and IFLA_INET6_CONF of `lo` in the calling thread's namespace: its `conf` as arrays of numbers.
fn conf_of_lo() -> Result<(Vec<i32>, Vec<i32>)> {
    const LOOPBACK: u32 = 1;
    const INET_CONF: u16 = 1;
    const INET6_CONF: u16 = 2;
    let numbers =
        |bytes: &[u8]| bytes.chunks_exact(4).map(|b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect();
    let (mut ipv4, mut ipv6) = (Vec::new(), Vec::new());
    Route::open()?.raw(RTM_GETLINK, 0, &ifinfomsg(0, LOOPBACK, 0, 0), &mut |answer| {
        let attributes = answer.and_then(|a| a.payload.get(16..)).unwrap_or_default();
        let spec = attributes_of(attributes).find(|(kind, _)| *kind == ifla::AF_SPEC);
        for (family, conf) in attributes_of(spec.map(|(_, spec)| spec).unwrap_or_default()) {
            for (kind, value) in attributes_of(conf) {
                match (i32::from(family), kind) {
                    (libc::AF_INET, INET_CONF) => ipv4 = numbers(value),
                    (libc::AF_INET6, INET6_CONF) => ipv6 = numbers(value),
                    _ => {}
                }
            }
        }
        Ok(())
    })?;
    Ok((ipv4, ipv6))
}

fn write(directory: &str, settings: &[(CString, i32)]) -> Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = nix::fcntl::open(&procsys::net(None).join(directory), flags, Mode::empty())?;
    let mut result = Ok(());
    for (name, value) in settings {
        let written = write_one(&directory, name, *value);
        result = result.and(written);
    }
    result
}

fn write_one(directory: &OwnedFd, name: &CString, value: i32) -> Result<()> {
    match openat(directory, name.as_c_str(), OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()) {
        // `lo` lacks some that `default` has.
        Err(Errno::ENOENT) => Ok(()),
        fd => Ok(File::from(fd?).write_all(value.to_string().as_bytes())?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::sysctl;
    use crate::net::testing::lab;

    /// A namespace of a machine that forwards, filters and has no IPv6, as one that is made there finds it.
    #[test]
    fn what_a_machine_has_set_is_taken_back() {
        lab(|all| {
            let host = all.host();
            let set = [
                ("net.ipv4.ip_forward", "1", "0"),
                ("net.ipv4.conf.all.arp_ignore", "2", "0"),
                ("net.ipv4.conf.all.accept_source_route", "1", "0"),
                ("net.ipv4.conf.default.rp_filter", "2", "0"),
                ("net.ipv4.conf.lo.rp_filter", "2", "0"),
                ("net.ipv4.conf.default.accept_source_route", "0", "1"),
                ("net.ipv6.conf.all.forwarding", "1", "0"),
                ("net.ipv6.conf.all.disable_ipv6", "1", "0"),
                ("net.ipv6.conf.default.accept_ra", "2", "1"),
                ("net.bridge.bridge-nf-call-iptables", "1", "0"),
            ];
            let is = |name: &str| sysctl::get(host, name).ok();
            // Without IPv6 or br_netfilter there is nothing to set.
            let there: Vec<_> =
                set.iter().filter(|(name, value, _)| sysctl::set(host, name, value).is_ok()).collect();
            assert_eq!(is("net.ipv4.conf.lo.forwarding").unwrap(), "1");
            assert_eq!(is("net.ipv4.conf.all.accept_redirects").unwrap(), "0");
            Inherited::default().reset().unwrap();
            for (name, _, default) in there {
                assert_eq!(is(name).as_deref(), Some(*default), "{name}");
            }
            assert_eq!(is("net.ipv4.conf.lo.forwarding").unwrap(), "0");
            assert_eq!(is("net.ipv4.conf.all.accept_redirects").unwrap(), "1");
            assert_eq!(is("net.ipv6.conf.lo.disable_ipv6").unwrap_or("0".into()), "0");
        });
    }

    /// The tables are the kernel's: in a namespace that was reset nothing differs any more.
    #[test]
    fn nothing_is_written_twice() {
        lab(|_| {
            Inherited::default().reset().unwrap();
            let left = differing().unwrap();
            assert!(left.is_empty(), "{left:?}");
        });
    }
}
