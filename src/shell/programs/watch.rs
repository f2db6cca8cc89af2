//! Programs that run beside the others or tell what is there: tcpdump, servers, conntrack.

use super::super::act::{Act, Call, Space};
use super::super::args::Means::*;
use super::super::args::{Arg, Args, Fields, Options, Reason, Result, flags, options};
use super::super::lua::Expr;
use crate::base::command::Command;
use crate::model::Table;
use crate::net::namespace::Namespace;
use crate::net::nf::conntrack::Connection;
use crate::net::nf::words::Family;

/// What is told at the end of a capture that no file was named for.
pub const SHOWN: &str = "print(%:packets())";

const TCPDUMP: Options = &[
    ("i interface", OwnOf),
    ("w s Q", OwnOf),
    ("c", Integer("max_packets")),
    ("n v e l A X x q t U p S # N K", Nothing),
    ("Z", NothingOf),
];

/// Translates `tcpdump ARGS`.
pub fn tcpdump(args: &[Arg], space: &Space, background: bool) -> Result<Vec<Act>> {
    let (mut link, mut file, mut fields) = (None, None, Fields::default());
    // A filter can begin with anything, and its words may look like options.
    let filter = options("tcpdump", TCPDUMP, args, &mut fields, |name, value, fields| {
        match name {
            "i" | "interface" => link = Some(value).filter(|link| !link.is("any")),
            "w" => file = Some(value).filter(|file| !file.is("-")),
            "s" if !value.is("0") => fields.set("snaplen", value.integer("-s")?),
            "Q" if !value.is("inout") => fields.set("direction", value.expr()),
            _ => {}
        }
        Ok(())
    })?;
    filter_of(filter, &mut fields)?;
    let mut call_args = vec![link.map_or(Expr::code("nil"), |link| link.expr())];
    if !fields.is_empty() {
        call_args.push(fields.table());
    } else if call_args == [Expr::code("nil")] {
        call_args.clear();
    }
    let report = match file {
        Some(file) => format!("%:save({})", file.expr().flat()),
        None => SHOWN.to_owned(),
    };
    let call = Call::new(space, "capture.start", call_args);
    Ok(vec![Act::Start { call, word: "seen", blocks: !background, report: Some(report) }])
}

const PROTOCOLS: &[&str] = &["icmp", "icmp6", "tcp", "udp", "arp", "ip", "ip6"];

/// A filter of pcap, as far as it is made of words joined by `and`, or of protocols joined by `or`.
fn filter_of(words: Vec<Arg>, fields: &mut Fields) -> Result<()> {
    // The filter may be one quoted word.
    let mut split = Vec::new();
    for word in words {
        match &word.known {
            Some(text) => split.extend(text.split_whitespace().map(Arg::of)),
            None => split.push(word),
        }
    }
    let beyond =
        |word: &Arg| Reason::beyond(format!("tcpdump: the filter's \"{}\" has no binding", word.shown()));
    let mut protocols = Vec::new();
    let mut args = Args::new(split);
    let mut or = false;
    while let Some(word) = args.take() {
        let name = word.text().to_owned();
        let mut set = |name: &str, value: Expr| match fields.has(name) {
            true => Err(beyond(&word)),
            false => {
                fields.set(name, value);
                Ok(())
            }
        };
        match name.as_str() {
            "and" | "&&" => {}
            "or" | "||" => {
                or = true;
                // Only of protocols.
                if !args.peek().is_some_and(|a| PROTOCOLS.contains(&a.text())) || protocols.is_empty() {
                    return Err(beyond(&word));
                }
            }
            proto if PROTOCOLS.contains(&proto) => protocols.push(Expr::text(proto)),
            "host" => set("host", args.value("host")?.expr())?,
            "net" => set("net", args.value("net")?.expr())?,
            "port" => set("port", args.value("port")?.number_or_name())?,
            "portrange" => set("port", args.value("portrange")?.expr())?,
            side @ ("src" | "dst") => {
                let next = args.value(side)?;
                match next.text() {
                    "port" => {
                        let port = args.value("port")?.number_or_name();
                        set(if side == "src" { "sport" } else { "dport" }, port)?;
                    }
                    "host" | "net" => set(side, args.value(side)?.expr())?,
                    "and" | "or" => return Err(beyond(&next)),
                    _ => set(side, next.expr())?,
                }
            }
            _ => return Err(beyond(&word)),
        }
    }
    if or
        && (protocols.len() < 2
            || !fields.0.iter().all(|(n, _)| ["snaplen", "direction", "max_packets"].contains(&n.as_str())))
    {
        return Err(Reason::beyond("tcpdump: a filter with \"or\" has no binding"));
    }
    match protocols.len() {
        0 => {}
        1 => protocols.into_iter().for_each(|proto| fields.set("proto", proto)),
        // `ip proto icmp` and `ip and icmp` are narrower than either.
        _ if !or => return Err(Reason::beyond("tcpdump: several protocols have no binding")),
        _ => fields.set("proto", Expr::List(protocols)),
    }
    Ok(())
}

/// Translates `python3 -m http.server ARGS`.
pub fn python(args: &[Arg], space: &Space, background: bool) -> Result<Vec<Act>> {
    let mut args = Args::new(args.to_vec());
    while args.skip("-u") {}
    let module = if args.skip("-m") { args.take() } else { None };
    if !module.is_some_and(|m| m.is("http.server") || m.is("SimpleHTTPServer")) {
        return Err(Reason::new("python: its programs are not known; -m http.server is translated"));
    }
    let (flags, operands) = flags(args.rest(), &["b", "bind", "d", "directory", "p", "protocol"])?;
    let (mut bind, mut directory) = (None, Arg::of("."));
    for (name, value) in flags {
        match (name.as_str(), value) {
            ("b" | "bind", Some(value)) => bind = Some(value),
            ("d" | "directory", Some(value)) => directory = value,
            ("p" | "protocol" | "cgi", _) => {}
            (other, _) => return Err(Reason::new(format!("http.server: unknown option \"{other}\""))),
        }
    }
    let port = operands.first().cloned().unwrap_or_else(|| Arg::of("8000"));
    let at = match bind {
        Some(address) if address.text().contains(':') => address.behind("[").with("]:").joined("", port),
        Some(address) => address.joined(":", port),
        None => port.behind(":"),
    };
    let site = Expr::Table(vec![("directory".to_owned(), directory.expr())]);
    let call = Call::new(space, "http.serve", vec![at.expr(), site]);
    Ok(vec![Act::Start { call, word: "server", blocks: !background, report: None }])
}

const CONNTRACK: Options = &[
    ("L dump D delete F flush", Own),
    ("p proto", Name("proto")),
    ("s src orig-src", Value("source")),
    ("d dst orig-dst", Value("dest")),
    ("sport orig-port-src", Name("sport")),
    ("dport orig-port-dst", Name("dport")),
    ("m mark", Integer("mark")),
    ("f family", OwnOf),
    ("state", Name("state")),
    ("w zone", Integer("zone")),
    ("n src-nat", On("snat")),
    ("g dst-nat", On("dnat")),
    ("o", NothingOf),
];

/// Translates `conntrack ARGS`.
pub fn conntrack(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let (mut verb, mut fields) = (None, Fields::default());
    let operands = options("conntrack", CONNTRACK, args, &mut fields, |name, value, fields| {
        match name {
            "L" | "dump" => verb = Some("conntrack.list"),
            "D" | "delete" => verb = Some("conntrack.del"),
            "F" | "flush" => verb = Some("conntrack.flush"),
            _ => fields.set("family", Expr::text(if value.is("ipv6") { "inet6" } else { "inet" })),
        }
        Ok(())
    })?;
    if !operands.is_empty() && !operands[0].is("conntrack") {
        return Err(Reason::beyond(format!("conntrack: the table {} has no binding", operands[0].shown())));
    }
    let verb = verb.ok_or_else(|| Reason::new("conntrack: no command specified, such as -L"))?;
    let call = |args| Call::new(space, verb, args);
    Ok(vec![match verb {
        "conntrack.list" => Act::Show(call(fields.after([]))),
        "conntrack.flush" => Act::Do(call(Vec::new())),
        _ => Act::Do(call(fields.after([]))),
    }])
}

/// One command where conntrack has words for all of the filter, or else one for each connection that went.
pub fn conntrack_del(ns: &Namespace, filter: &Connection, gone: &[Connection]) -> Vec<Command> {
    match deletion(ns, filter) {
        Some(command) => vec![command],
        None => gone.iter().filter_map(|connection| deletion(ns, &named(connection))).collect(),
    }
}

/// What tells the connection from others.
fn named(connection: &Connection) -> Connection {
    let Connection { proto, source, dest, zone, .. } = connection.clone();
    let (sport, dport) = (connection.sport.clone(), connection.dport.clone());
    let zone = zone.filter(|zone| zone.0 != 0);
    Connection { proto, source, dest, sport, dport, zone, ..Connection::default() }
}

fn deletion(ns: &Namespace, filter: &Connection) -> Option<Command> {
    let mut command = Command::new(&["conntrack", "-D"]);
    if let Some(family) = filter.family {
        command = command.words(&["-f", if family == Family::Inet6 { "ipv6" } else { "ipv4" }]);
    }
    for row in Connection::ROWS.iter().filter(|row| row.name != "family") {
        let Some(value) = (row.word)(filter) else { continue };
        let option = match row.name {
            "proto" => "-p",
            "source" => "-s",
            "dest" => "-d",
            "sport" => "--sport",
            "dport" => "--dport",
            "mark" => "-m",
            "zone" => "-w",
            // Ports and states are a protocol's.
            "state" if filter.proto.is_some() => "--state",
            "snat" if value == "true" => "-n",
            "dnat" if value == "true" => "-g",
            _ => return None,
        };
        command = command.words(&[option]);
        if !matches!(row.name, "snat" | "dnat") {
            // It knows no contraries, lists and ranges.
            (!value.contains(['!', ',', '-'])).then_some(())?;
            command = command.word(value);
        }
    }
    let ports = filter.sport.is_some() || filter.dport.is_some();
    (!ports || filter.proto.is_some()).then(|| command.within(ns))
}

const SS: Options = &[
    ("t tcp u udp w raw x unix l listening a all", Own),
    ("4 ipv4", Is("family", "inet")),
    ("6 ipv6", Is("family", "inet6")),
    ("n p H e o r numeric processes", Nothing),
];

/// Translates `ss ARGS`.
pub fn ss(args: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let (mut protocols, mut fields) = (Vec::new(), Fields::default());
    let (mut listening, mut all) = (false, false);
    let operands = options("ss", SS, args, &mut fields, |name, _, _| {
        match name {
            "t" | "tcp" => protocols.push("tcp"),
            "u" | "udp" => protocols.push("udp"),
            "w" | "raw" => protocols.push("raw"),
            "x" | "unix" => protocols.push("unix"),
            "l" | "listening" => listening = true,
            _ => all = true,
        }
        Ok(())
    })?;
    if !operands.is_empty() {
        return Err(Reason::beyond("a filter of ss has no binding"));
    }
    if listening {
        fields.flag("listening");
    } else if !all {
        fields.set("state", Expr::text("established"));
    }
    match protocols.as_slice() {
        [] => {}
        [one] => fields.set("proto", Expr::text(*one)),
        several => fields.set("proto", Expr::List(several.iter().map(|p| Expr::text(*p)).collect())),
    }
    Ok(vec![Act::Show(Call::new(space, "socket.list", fields.after([])))])
}
