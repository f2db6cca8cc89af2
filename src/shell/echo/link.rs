//! `ip link`, as ip-link(8) has it.

use crate::base::command::Command;
use crate::model::{Row, Table};
use crate::net::addr::Addr;
use crate::net::done::Verb;
use crate::net::link::fields::Toggle;
use crate::net::link::{
    self as links, Change, Common, Details, End, Kind, LinkSpec, Lower, Master, Port, Vxlan, is_late,
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
    add = made(add, &spec.near).pair("type", Some(&spec.kind));
    add = kind(add, &details, false).pair("dev", spec.link.as_ref().filter(|_| own));
    let mut out = Vec::new();
    let Some(peer) = &spec.peer else {
        out.push(add);
        finished(ns, name, &spec.near, &mut out);
        return out;
    };
    let far = peer.ns.as_deref().filter(|far| far.inode() != ns.inode());
    let far_name = peer.name.as_deref().unwrap_or_default();
    add = kind(add.flag(true, "peer"), &details, true);
    add = made(add.pair("name", Some(far_name)), peer);
    out.push(match far {
        Some(far) => add.netns(far),
        None => add,
    });
    finished(ns, name, &spec.near, &mut out);
    finished(far.unwrap_or(ns), far_name, peer, &mut out);
    out
}

fn rows(command: Command, common: &Common, which: impl Fn(&Row<Common>) -> bool) -> Command {
    let but: Vec<&str> = Common::ROWS.iter().filter(|row| !which(row)).map(|row| row.name).collect();
    command.rows(common, &but)
}

/// What an end is made with.
fn made(command: Command, end: &End) -> Command {
    rows(command, &end.common, |row| !is_late(row))
        .pair("numtxqueues", end.queues)
        .pair("numrxqueues", end.queues)
}

/// What of an end is set, and added, once it is there.
fn finished(ns: &Namespace, name: &str, end: &End, out: &mut Vec<Command>) {
    let there = End { name: None, ns: None, ..end.clone() };
    out.extend(changed(ns, name, &there.into(), is_late));
    out.extend(end.addrs.iter().map(|a| addr::command(ns, Verb::Add, *a, &Addr::on(name))));
}

/// The options of a kind, those of a pair's `far` end or the others.
struct KindWords<'a> {
    command: Command,
    far: bool,
    details: &'a Details,
}

impl links::Visit for KindWords<'_> {
    fn kind<T: Kind>(&mut self) {
        if let Some(options) = self.details.get::<T>() {
            let but = T::ROWS.iter().filter(|row| T::FAR.contains(&row.name) != self.far).map(|row| row.name);
            self.command = std::mem::take(&mut self.command).rows(options, &but.collect::<Vec<_>>());
        }
    }
}

fn kind(command: Command, details: &Details, far: bool) -> Command {
    let mut words = KindWords { command, far, details };
    links::visit(&mut words);
    // `ip` switches learning off with `external`; the kernel doesn't.
    let unlearned = |vxlan: &Vxlan| vxlan.external == Some(Toggle(true)) && vxlan.learning.is_none();
    words.command.flag(details.get().is_some_and(unlearned), "learning")
}

/// `ip link set dev NAME ...`, and what it takes besides; nothing for a change of nothing.
pub fn set(ns: &Namespace, name: &str, change: &Change) -> Vec<Command> {
    changed(ns, name, change, |_| true)
}

fn changed(
    ns: &Namespace,
    name: &str,
    change: &Change,
    which: impl Fn(&Row<Common>) -> bool,
) -> Vec<Command> {
    let end = &change.end;
    let begin = |ns: &Namespace, name: &str| Command::ip(ns, &["link", "set", "dev"]).word(name);
    let place = end.ns.as_deref().unwrap_or(ns);
    let now = end.name.as_deref().unwrap_or(name);
    let mut out = Vec::new();
    let mut more = |command: Command, least: usize| {
        if command.count() > least {
            out.push(command);
        }
    };
    let least = begin(ns, name).count();
    let mut set = begin(ns, name);
    if let Some(to) = &end.ns {
        set = set.netns(to);
    }
    // A master is looked up where the link was, but meant is where it goes.
    let late = end.ns.is_some();
    let is_up = |row: &Row<Common>| row.name == "up";
    set = rows(set.pair("name", end.name.as_ref()), &end.common, |row| which(row) && !is_up(row));
    if !late {
        set = master(set, end.master.as_ref());
    }
    set = rows(set, &end.common, |row| which(row) && is_up(row));
    if !change.options.is_empty() {
        set = kind(set.pair("type", Some(change.options.name())), &change.options, false);
        let peer = kind(Command::default(), &change.options, true);
        if peer.count() > 0 {
            set = peer.behind(set.flag(true, "peer"));
        }
    }
    if let Some(lower) = &change.link {
        let set_type = change.options.is_empty().then(|| change.options.name());
        set = set.pair("type", set_type).pair("dev", Some(lower));
    }
    more(set, least);
    let there = begin(place, now).count();
    if late {
        more(master(begin(place, now), end.master.as_ref()), there);
    }
    if end.port != Port::default() {
        set_port(place, now, &end.port).into_iter().for_each(|command| more(command, 0));
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
        .map(|(command, but)| (command.count(), command.rows(options, but)))
        .filter(|(least, command)| command.count() > *least)
        .map(|(_, command)| command)
        .collect()
}
