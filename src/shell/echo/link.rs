//! `ip link`, as ip-link(8) has it.

use crate::base::command::Command;
use crate::model::{Table, Value};
use crate::net::addr::Addr;
use crate::net::done::Verb;
use crate::net::link::{
    self as links, Change, Details, Kind, LinkMode, LinkSpec, Lower, Master, PeerSpec, Port, Vxlan,
};
use crate::net::namespace::Namespace;
use crate::shell::ip::addr;

/// `ip link add NAME ... type KIND ...`, and what else it takes to bring the link and its peer to where they shall be.
pub fn add(ns: &Namespace, name: &str, spec: &LinkSpec) -> Vec<Command> {
    let details = spec.details();
    let own = matches!(details.lower(), Lower::Attribute(_));
    let lower = spec.link.as_deref().filter(|_| !own);
    let mut add = Command::ip(ns, &["link", "add"]).pair("link", lower);
    // `ip` takes a name for one of its keywords, which have no digits.
    let ambiguous = name.bytes().all(|b| b.is_ascii_lowercase());
    add = match lower.is_some() || ambiguous {
        true => add.pair("name", Some(name)),
        false => add.word(name),
    };
    add = made(add, spec.index, spec.mac, spec.mtu, spec.txqlen, spec.queues).pair("type", Some(&spec.kind));
    add = kind(add, &details).pair("dev", spec.link.as_ref().filter(|_| own));
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
    out.extend(set(ns, name, change));
    out.extend(addrs.iter().map(|a| addr::command(ns, Verb::Add, *a, &Addr::on(name))));
}

/// The options of a kind.
struct KindWords<'a> {
    command: Command,
    details: &'a Details,
}

impl links::Visit for KindWords<'_> {
    fn kind<T: Kind>(&mut self) {
        if let Some(options) = self.details.get::<T>() {
            self.command = std::mem::take(&mut self.command).rows(options, &[]);
        }
    }
}

fn kind(command: Command, details: &Details) -> Command {
    let mut words = KindWords { command, details };
    links::visit(&mut words);
    // `ip` switches learning off with `external`; the kernel doesn't.
    let external = details.option("external") == Some(Value::Bool(true));
    let unlearned = external && details.names() == Vxlan::NAMES && details.option("learning").is_none();
    words.command.flag(unlearned, "learning")
}

/// `ip link set dev NAME ...`, and what it takes besides; nothing for a change of nothing.
pub fn set(ns: &Namespace, name: &str, change: &Change) -> Vec<Command> {
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
    if !change.options.is_empty() {
        set = kind(set.pair("type", change.options.names().first()), &change.options);
    }
    more(set, least);
    let there = begin(place, now).len();
    if late {
        more(master(begin(place, now), change.master.as_ref()), there);
    }
    if change.port != Port::default() {
        set_port(place, now, &change.port).into_iter().for_each(|command| more(command, 0));
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
pub fn set_port(ns: &Namespace, name: &str, options: &Port) -> Vec<Command> {
    const BY_BRIDGE: &[&str] = &["mcast_max_groups", "mab"];
    let begin = |command: Command| command.word(name);
    let by_ip = begin(Command::ip(ns, &["link", "set", "dev"])).pair("type", Some("bridge_slave"));
    let by_bridge = begin(Command::bridge(ns, &["link", "set", "dev"]));
    let rest: Vec<&str> =
        Port::ROWS.iter().map(|row| row.name).filter(|name| !BY_BRIDGE.contains(name)).collect();
    let all = [(by_ip, BY_BRIDGE), (by_bridge, rest.as_slice())];
    all.into_iter()
        .map(|(command, but)| (command.len(), command.rows(options, but)))
        .filter(|(least, command)| command.len() > *least)
        .map(|(_, command)| command)
        .collect()
}
