//! What can be seen without a sandbox.

use std::fs;
use std::path::Path;

use super::{Check, Group};
use crate::net::nf;
use crate::proc;
use crate::sandbox::{self, User};

/// The first with `mount_setattr`.
const OLDEST_KERNEL: (u32, u32) = (5, 12);

pub fn checks() -> Vec<Check> {
    let user = User::of_this_process();
    let mut out = vec![kernel()];
    out.push(match sandbox::user_namespaces(user) {
        // Root goes without, and hears of it.
        Some((what, remedy)) => {
            let group = if user == User::Root { Group::Sandbox } else { Group::Needed };
            Check::new(group, "user_namespaces", false).detail(what).remedy(remedy)
        }
        None => Check::new(Group::Needed, "user_namespaces", true),
    });
    out.extend(bridged_forward_drop());
    for (tool, what) in [
        ("nft", "nft.load and nft.list need it; nat and all else do without"),
        ("ip", "nothing of nsh needs it; handy in namespace shells"),
    ] {
        let found = proc::installed(tool);
        let check = Check::new(Group::Tools, tool, found);
        out.push(if found { check } else { check.detail("not installed").remedy(what) });
    }
    out
}

fn kernel() -> Check {
    let (major, minor) = sandbox::kernel_version();
    let check = Check::new(Group::Needed, "kernel", (major, minor) >= OLDEST_KERNEL);
    let check = check.detail(format!("Linux {major}.{minor}"));
    match check.ok {
        true => check,
        false => check.remedy("a sandbox needs Linux 5.12 or newer; --host does without one"),
    }
}

/// With br_netfilter, frames that cross a bridge pass the `forward` chains, where firewalls and container engines
/// drop by default. Sandboxes have chains of their own.
fn bridged_forward_drop() -> Option<Check> {
    let passes = ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"].iter().any(|name| {
        fs::read_to_string(Path::new("/proc/sys/net/bridge").join(name)).is_ok_and(|v| v.trim() == "1")
    });
    if !passes {
        return Some(Check::new(Group::Host, "bridge_forward", true));
    }
    let check = Check::new(Group::Host, "bridge_forward", false);
    let remedy = "under --host, bridged frames may be dropped: sysctl net.bridge.bridge-nf-call-iptables=0 and \
                  -ip6tables=0, or accept them in that chain";
    // Only root may look.
    match nf::message::forward_drops().ok()? {
        true => Some(check.detail("br_netfilter is on and a forward chain drops by default").remedy(remedy)),
        false => Some(Check::new(Group::Host, "bridge_forward", true)),
    }
}
