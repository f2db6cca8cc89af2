//! The other way round: what operations did, as command lines of ip(8), bridge(8), sysctl(8), nft(8) (`nsh --echo`,
//! `:echo on`).
//!
//! A shell that is given all lines, as root in an empty network namespace, builds the same network. Two things differ:
//! nsh makes links with one queue in each direction, and commands take the kernel's default. The words of an object of
//! `ip` stand beside their translation, in `shell::ip`.

mod command;
mod link;

use std::path::Path;

use super::ip::{addr, maddr, mpls, mptcp, mroute, neigh, nexthop, route, rule, tuntap, xfrm};
use super::programs::{bridge, ethtool, watch, wg};
use crate::base::command::Command;
use crate::model::Words;
use crate::net::done::Done;
use crate::net::namespace::{Namespace, Whose};

/// What was done, as lines that a shell takes; one of several where a command has a here-document.
pub fn lines(ns: &Namespace, done: &Done<'_>) -> Vec<String> {
    if let Done::Looked(commands) = done {
        let placed: Vec<String> = commands.iter().map(|command| placed(ns, command)).collect();
        // A comment: what the others build doesn't need it. Each of its lines: a shell would run what follows the first.
        return vec![format!("# {}", placed.join("; ").replace(['\n', '\r'], "\n# "))];
    }
    commands(ns, done).iter().map(Command::to_string).collect()
}

fn commands(ns: &Namespace, done: &Done<'_>) -> Vec<Command> {
    vec![match *done {
        Done::Namespace(verb, name) => Command::new(&["ip", "netns", verb.name()]).word(name),
        Done::Attached(name, whose, path) => return attached(name, whose, path),
        Done::LinkAdded(name, spec) => return link::add(ns, name, spec),
        Done::LinkSet(name, change) => return link::set(ns, name, change),
        Done::LinkDeleted(name) => Command::ip(ns, &["link", "del", "dev"]).word(name),
        Done::Tc(words) => {
            words.iter().fold(Command::new(&["tc"]), |command, word| command.word(word)).within(ns)
        }
        Done::PortSet(name, port) => return link::set_port(ns, name, port),
        Done::Addr(verb, address, spec) => addr::command(ns, verb, address, spec),
        Done::AddrsFlushed(filter, gone) => return addr::flush(ns, filter, gone),
        Done::Rule(verb, rule, family) => rule::command(ns, verb, rule, family),
        Done::Route(verb, route) => route::command(ns, verb, route),
        Done::RoutesFlushed(filter, families) => {
            return families.iter().map(|family| route::flush(ns, filter, *family)).collect();
        }
        Done::Mpls(verb, route) => mpls::command(ns, verb, route),
        Done::Mptcp(verb, endpoint) => mptcp::command(ns, verb, endpoint),
        Done::MptcpFlushed => Command::ip(ns, &["mptcp", "endpoint", "flush"]),
        Done::MptcpLimits(limits) => mptcp::limits_command(ns, limits),
        Done::Mroute(verb, route) => mroute::command(ns, verb, route),
        Done::MroutesFlushed => Command::new(&["smcroutectl", "flush"]).within(ns),
        Done::Nexthop(verb, nexthop) => nexthop::command(ns, verb, nexthop),
        Done::Neigh(verb, dst, spec) => neigh::command(ns, verb, dst, spec),
        Done::NeighsFlushed(filter, gone) => return neigh::flush(ns, filter, gone),
        Done::Fdb(verb, entry) => bridge::command(ns, verb, entry),
        Done::FdbFlushed(dev, bridge) => {
            let kind = if bridge { "bridge" } else { "bridge_slave" };
            Command::ip(ns, &["link", "set", "dev"]).word(dev).words(&["type", kind, "fdb_flush"])
        }
        Done::Mdb(verb, entry) => bridge::mdb_command(ns, verb, entry),
        Done::Vlan(verb, vids, spec, own) => bridge::vlan_command(ns, verb.name(), vids, spec, own),
        Done::VlanGlobal(vids, options) => bridge::vlan_global_command(ns, vids, options),
        Done::VlanSet(vids, spec) => bridge::vlan_command(ns, "set", vids, spec, false),
        Done::Maddr(verb, mac, dev) => maddr::command(ns, verb, mac, dev),
        Done::Tun(added, made) => tuntap::command(ns, added, made),
        Done::Wireguard(dev, device) => return wg::commands(ns, dev, device),
        Done::XfrmState(verb, state) => xfrm::state_command(ns, verb, state),
        Done::XfrmPolicy(verb, policy) => xfrm::policy_command(ns, verb, policy),
        Done::Ethtool(dev, part) => ethtool::command(ns, dev, part),
        Done::Sysctl(name, value) => {
            Command::new(&["sysctl", "-w"]).word(format!("{name}={value}")).within(ns)
        }
        // One transaction: its commands behind one another.
        Done::Nft(commands) => Command::new(&["nft"]).word(commands.join("; ")).within(ns),
        Done::ConntrackDeleted(filter, gone) => return watch::conntrack_del(ns, filter, gone),
        Done::ConntrackFlushed => Command::new(&["conntrack", "-F"]).within(ns),
        Done::Ran(command) => command.clone().within(ns),
        Done::Looked(_) => return Vec::new(),
    }]
}

/// `ip netns attach` knows only processes.
fn attached(name: &str, whose: &Whose, path: &Path) -> Vec<Command> {
    match whose {
        Whose::Pid(pid) => vec![Command::new(&["ip", "netns", "attach"]).word(name).word(pid)],
        Whose::Path(from) => vec![
            Command::new(&["touch"]).word(path.display()),
            Command::new(&["mount", "--bind"]).word(from.display()).word(path.display()),
        ],
    }
}

/// A command that is text already, in the namespace.
fn placed(ns: &Namespace, command: &str) -> String {
    let (negation, command) = match command.strip_prefix("! ") {
        Some(command) => ("! ", command),
        None => ("", command),
    };
    let words: Vec<&str> = command.split(' ').collect();
    let place = |command: Command, words: &[&str]| format!("{negation}{command} {}", words.join(" "));
    match words.split_first() {
        _ if ns.is_host() => format!("{negation}{command}"),
        Some((&"ip", words)) => place(Command::ip(ns, &[]), words),
        Some((&"bridge", words)) => place(Command::bridge(ns, &[]), words),
        _ => place(Command::default().within(ns), &words),
    }
}

#[cfg(test)]
mod tests;
