//! `ip link`, as ip-link(8) has it.

use super::command::Command;
use crate::net::addr::Addr;
use crate::net::attributes::{OptionSet, Value};
use crate::net::link::{
    BridgeOptions, Change, LinkMode, LinkSpec, Master, MulticastRouter, PeerSpec, PortOptions, PortState,
    VxlanOptions,
};
use crate::net::namespace::Namespace;

/// `ip link add NAME ... type KIND ...`, and what else it takes to bring the link and its peer to where they shall be.
pub fn link_add(ns: &Namespace, name: &str, spec: &LinkSpec) -> Vec<Command> {
    let lower = spec.link.as_deref().filter(|_| spec.kind != "vxlan");
    let mut add = Command::ip(ns, &["link", "add"]).pair("link", lower);
    // `ip` takes a name for one of its keywords, which have no digits.
    let ambiguous = name.bytes().all(|b| b.is_ascii_lowercase());
    add = match lower.is_some() || ambiguous {
        true => add.pair("name", Some(name)),
        false => add.word(name),
    };
    add = made(add, spec.index, spec.mac, spec.mtu, spec.txqlen, spec.queues).pair("type", Some(&spec.kind));
    add = kind(add, spec);
    let near = Change {
        up: spec.up.then_some(true),
        master: spec.master.clone().map(Master::Of),
        alias: spec.alias.clone(),
        group: spec.group,
        promisc: spec.promisc,
        arp: spec.arp,
        multicast: spec.multicast,
        allmulticast: spec.allmulticast,
        port: spec.port.clone(),
        ..Change::default()
    };
    let mut out = Vec::new();
    let Some(peer) = &spec.peer else {
        out.push(add);
        end(ns, name, &near, &spec.addrs, &mut out);
        return out;
    };
    let far = peer.ns.as_deref().filter(|far| far.inode() != ns.inode());
    let far_name = peer.name.as_deref().unwrap_or_default();
    add = add.flag(true, "peer").pair("name", Some(far_name));
    add = made(add, peer.index, peer.mac, peer.mtu, peer.txqlen, peer.queues);
    out.push(match far {
        Some(far) => add.netns(far),
        None => add,
    });
    end(ns, name, &near, &spec.addrs, &mut out);
    end(far.unwrap_or(ns), far_name, &change_of(peer), &peer.addrs, &mut out);
    out
}

fn change_of(peer: &PeerSpec) -> Change {
    Change {
        up: peer.up.then_some(true),
        master: peer.master.clone().map(Master::Of),
        alias: peer.alias.clone(),
        group: peer.group,
        promisc: peer.promisc,
        arp: peer.arp,
        multicast: peer.multicast,
        allmulticast: peer.allmulticast,
        port: peer.port.clone(),
        ..Change::default()
    }
}

/// What a link is made with.
fn made(
    command: Command,
    index: Option<u32>,
    mac: Option<[u8; 6]>,
    mtu: Option<u32>,
    txqlen: Option<u32>,
    queues: Option<u32>,
) -> Command {
    command
        .pair("index", index)
        .pair("mtu", mtu)
        .pair("address", mac.map(address))
        .pair("txqueuelen", txqlen)
        .pair("numtxqueues", queues)
        .pair("numrxqueues", queues)
}

fn address(mac: [u8; 6]) -> String {
    crate::net::attributes::hardware_address(&mac)
}

fn end(ns: &Namespace, name: &str, change: &Change, addrs: &[ipnetwork::IpNetwork], out: &mut Vec<Command>) {
    out.extend(link_set(ns, name, change));
    out.extend(addrs.iter().map(|a| super::addr_add(ns, "add", *a, &Addr::on(name))));
}

fn kind(command: Command, spec: &LinkSpec) -> Command {
    match spec.kind.as_str() {
        "bridge" => bridge(command, &spec.bridge),
        "vlan" => command.pair("protocol", spec.vlan.protocol).pair("id", spec.vlan.id),
        "macvlan" | "macvtap" => {
            command.pair("mode", spec.macvlan.mode).pair("bcqueuelen", spec.macvlan.bc_queue_len)
        }
        "ipvlan" | "ipvtap" => command.pair("mode", spec.ipvlan.mode),
        "vrf" => command.pair("table", spec.vrf.table),
        "vxlan" => vxlan(command, &spec.vxlan).pair("dev", spec.link.as_ref()),
        _ => command,
    }
}

/// A bridge's options: truth values as numbers, times in hundredths of a second.
fn bridge(mut command: Command, options: &BridgeOptions) -> Command {
    options.each(&mut |name, value| {
        let name = match name {
            "stp" => "stp_state",
            "ageing" => "ageing_time",
            name => name,
        };
        let value = match value {
            Value::Bool(on) => u8::from(on).to_string(),
            other => plain(name, other),
        };
        command = std::mem::take(&mut command).pair(name, Some(value));
    });
    command
}

/// The options of a bridge's port.
fn port(mut command: Command, options: &PortOptions) -> Command {
    options.each(&mut |name, value| {
        let command_so_far = std::mem::take(&mut command);
        command = match value {
            Value::Bool(on) => command_so_far.switch(name, Some(on)),
            other => command_so_far.pair(name, Some(plain(name, other))),
        };
    });
    command
}

/// A value as iproute2 takes it for bridges and their ports: few names, and times in clock ticks of 1/100 s.
fn plain(name: &str, value: Value) -> String {
    match value {
        Value::Bool(on) => u8::from(on).to_string(),
        Value::Int(n) => n.to_string(),
        Value::Number(seconds) => format!("{:.0}", seconds * 100.0),
        Value::Text(text) => match name {
            "mcast_router" => index(MulticastRouter::NAMES, &text),
            "state" => index(PortState::NAMES, &text),
            _ => text,
        },
    }
}

/// The number of a name; those of multicast routers and of a port's states are numbered from 0 in this order.
fn index(names: &[&str], name: &str) -> String {
    names.iter().position(|n| *n == name).map_or_else(|| name.to_owned(), |at| at.to_string())
}

fn vxlan(mut command: Command, options: &VxlanOptions) -> Command {
    options.each(&mut |name, value| {
        let so_far = std::mem::take(&mut command);
        command = match (name, value) {
            ("remote" | "remote6", Value::Text(ip)) => {
                let group = ip.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_multicast());
                so_far.pair(if group { "group" } else { "remote" }, Some(ip))
            }
            ("local6", Value::Text(ip)) => so_far.pair("local", Some(ip)),
            ("max_addresses", Value::Int(n)) => so_far.pair("maxaddress", Some(n)),
            ("flowlabel", Value::Int(n)) => so_far.pair("flowlabel", Some(format!("{n:#x}"))),
            (name, Value::Bool(on)) => {
                let word = match name {
                    "udp_csum" => "udpcsum",
                    "udp_zero_csum6_tx" => "udp6zerocsumtx",
                    "udp_zero_csum6_rx" => "udp6zerocsumrx",
                    name => name,
                };
                match on {
                    true => so_far.flag(true, word),
                    // There is no "nogbp": it is off by not being there.
                    false => so_far.flag(word != "gbp", &format!("no{word}")),
                }
            }
            (name, Value::Int(n)) => so_far.pair(name, Some(n)),
            (name, Value::Number(n)) => so_far.pair(name, Some(n)),
            (name, Value::Text(text)) => so_far.pair(name, Some(text)),
        };
    });
    // `ip` switches learning off with `external`; the kernel doesn't.
    command.flag(options.external == Some(true) && options.learning.is_none(), "learning")
}

/// `ip link set dev NAME ...`, and what it takes besides; nothing for a change of nothing.
pub fn link_set(ns: &Namespace, name: &str, change: &Change) -> Vec<Command> {
    let begin = |ns: &Namespace, name: &str| Command::ip(ns, &["link", "set", "dev"]).word(name);
    let place = change.ns.as_deref().unwrap_or(ns);
    let now = change.name.as_deref().unwrap_or(name);
    let mut out = Vec::new();
    let mut more = |command: Command, least: usize| {
        if command.len() > least {
            out.push(command);
        }
    };
    let least = begin(ns, name).len();
    let mut set = begin(ns, name);
    if let Some(to) = &change.ns {
        set = set.netns(to);
    }
    set = set
        .pair("name", change.name.as_ref())
        .pair("mtu", change.mtu)
        .pair("address", change.mac.map(address))
        .pair("txqueuelen", change.txqlen)
        .pair("group", change.group.map(|group| crate::net::names::GROUPS.name(group)))
        .pair("alias", change.alias.as_ref())
        .switch("promisc", change.promisc)
        .switch("arp", change.arp)
        .switch("multicast", change.multicast)
        .switch("allmulticast", change.allmulticast)
        .switch("carrier", change.carrier)
        .switch("protodown", change.protodown)
        .pair("mode", change.mode.map(|mode| if mode == LinkMode::Default { "default" } else { "dormant" }))
        .pair("addrgenmode", change.addrgenmode.map(|mode| mode.name()));
    // A master is looked up where the link was, but meant is where it goes.
    let late = change.ns.is_some();
    if !late {
        set = master(set, change.master.as_ref());
    }
    set = set.flag(change.up == Some(true), "up").flag(change.up == Some(false), "down");
    if !change.bridge.is_empty() {
        set = bridge(set.pair("type", Some("bridge")), &change.bridge);
    }
    more(set, least);
    let there = begin(place, now).len();
    if late {
        more(master(begin(place, now), change.master.as_ref()), there);
    }
    if !change.port.is_empty() {
        port_set(place, now, &change.port).into_iter().for_each(|command| more(command, 0));
    }
    for (verb, names) in [("del", &change.altnames_del), ("add", &change.altnames_add)] {
        if !names.is_empty() {
            let property = Command::ip(place, &["link", "property", verb, "dev"]).word(now);
            more(names.iter().fold(property, |command, name| command.pair("altname", Some(name))), 0);
        }
    }
    out
}

fn master(command: Command, master: Option<&Master>) -> Command {
    match master {
        Some(Master::Of(master)) => command.pair("master", Some(master)),
        Some(Master::None) => command.flag(true, "nomaster"),
        None => command,
    }
}

/// `ip link set dev NAME type bridge_slave ...`; a few options are known to `bridge link` alone.
pub fn port_set(ns: &Namespace, name: &str, options: &PortOptions) -> Vec<Command> {
    let mut by_ip = options.clone();
    let (max_groups, mab) = (by_ip.mcast_max_groups.take(), by_ip.mab.take());
    let mut out = Vec::new();
    if !by_ip.is_empty() {
        let set = Command::ip(ns, &["link", "set", "dev"]).word(name).pair("type", Some("bridge_slave"));
        out.push(port(set, &by_ip));
    }
    if max_groups.is_some() || mab.is_some() {
        let set = Command::bridge(ns, &["link", "set", "dev"]).word(name);
        out.push(set.pair("mcast_max_groups", max_groups).switch("mab", mab));
    }
    out
}

/// `ip link del dev NAME`.
pub fn link_del(ns: &Namespace, name: &str) -> Command {
    Command::ip(ns, &["link", "del", "dev"]).word(name)
}
