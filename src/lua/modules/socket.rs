//! `socket`: which sockets are open.

use mlua::{Table, Value};

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, ret, ty};
use crate::net::prefix::Family;
use crate::net::socket::{self, End, Filter, Owner, Owners, Proto, Socket, parse_state};

struct ListOptions {
    filter: Filter,
    processes: bool,
}

impl Default for ListOptions {
    fn default() -> Self {
        ListOptions { filter: Filter::default(), processes: true }
    }
}

fn protos() -> Type<Vec<Proto>> {
    let mut names: Vec<_> = Proto::ALL.iter().map(|p| (p.name(), vec![*p])).collect();
    let several = ty::list(ty::one_of(&names)).map(|several| several.concat());
    names.push(("all", Proto::ALL.to_vec()));
    several
        .or(ty::one_of(&names))
        .luals("\"tcp\"|\"udp\"|\"raw\"|\"unix\"|\"all\"|(\"tcp\"|\"udp\"|\"raw\"|\"unix\")[]")
        .called("\"tcp\", \"udp\", \"raw\", \"unix\" or \"all\", or an array of such")
}

fn state() -> Type<u32> {
    ty::parsed("a state such as \"listening\" or \"established\"", parse_state)
}

fn list_options() -> Shape<ListOptions> {
    let port = || ty::int(0..=65535);
    Shape::<ListOptions>::new("nsh.socket.ListOptions")
        .field("proto", protos(), "tcp, udp, raw, unix, several of them, or \"all\"; default tcp and udp", |o, v| {
            o.filter.protos = Some(v)
        })
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6)", |o, v| o.filter.family = Some(v))
        .field(
            "state",
            ty::one_or_list(state()),
            "only in this state, or one of these: established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, \
             closed, close-wait, last-ack, listening, closing",
            |o, v| o.filter.states = Some(v.into_iter().fold(0, |bits, bit| bits | bit)),
        )
        .field(
            "listening",
            ty::boolean(),
            "only those that wait for connections or, unconnected, for datagrams; default false",
            |o, v| o.filter.listening = v,
        )
        .field("ip", ty::ip(), "only with this local address", |o, v| o.filter.ip = Some(v))
        .field("port", port(), "only with this local port", |o, v| o.filter.port = Some(v))
        .field("peer_ip", ty::ip(), "only with this peer", |o, v| o.filter.peer_ip = Some(v))
        .field("peer_port", port(), "only with this port of the peer", |o, v| o.filter.peer_port = Some(v))
        .field("processes", ty::boolean(), "find out which processes have them; default true", |o, v| {
            o.processes = v
        })
}

fn owner() -> Record<Owner> {
    Record::of("nsh.SocketOwner", "A process that has a socket open.")
        .field("name", "string", "its program's name", |o: &Owner| o.name.clone())
        .field("pid", "integer", "its number", |o| o.pid)
        .field("fd", "integer", "the descriptor", |o| o.fd)
        .plain()
}

fn ip(end: &End) -> Option<String> {
    match end {
        End::Ip { at, .. } => Some(at.ip().to_string()),
        End::Path(_) => None,
    }
}

fn port(end: &End) -> Option<u16> {
    match end {
        End::Ip { at, .. } => Some(at.port()),
        End::Path(_) => None,
    }
}

/// As `ss -n` shows it: `127.0.0.1%lo:80`, `[::1]:80`, `*:80` for IPv4 and IPv6, `*` for no port.
fn shown(socket: &Socket, end: &End) -> String {
    let End::Ip { at, dev } = end else {
        let End::Path(path) = end else { return String::new() };
        return path.clone().unwrap_or_else(|| "*".to_owned());
    };
    let both = socket.family == Some(Family::Inet6) && !socket.v6only;
    let address = match at.ip() {
        ip if ip.is_unspecified() && both => "*".to_owned(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        ip => ip.to_string(),
    };
    let dev = dev.as_ref().map(|dev| format!("%{dev}")).unwrap_or_default();
    let port = match at.port() {
        0 => "*".to_owned(),
        port => port.to_string(),
    };
    format!("{address}{dev}:{port}")
}

pub fn record() -> Record<Socket> {
    Record::of("nsh.Socket", "A socket. Prints as in `ss -anp`.")
        .field("proto", "\"tcp\"|\"udp\"|\"raw\"|\"unix\"", "what it speaks", |s: &Socket| s.proto.name())
        .field("family", "(\"inet\"|\"inet6\")?", "its family, unless it is a Unix socket", |s| {
            s.family.map(Family::name)
        })
        .field("type", "string?", "of a Unix socket: stream, dgram or seqpacket", |s| s.kind)
        .field("state", "string", "LISTEN, ESTAB, UNCONN, TIME-WAIT, ..., as ss shows it", |s| s.state())
        .field(
            "local_address",
            "string",
            "its own address and port, as ss shows it: \"*:80\" takes IPv4 and IPv6; a Unix socket's path, with @ in \
             front of an abstract name",
            |s| shown(s, &s.local),
        )
        .field("ip", "string?", "its own address alone", |s| ip(&s.local))
        .field("port", "integer?", "its own port; of a raw socket, its protocol's number", |s| port(&s.local))
        .field("dev", "string?", "the link that it is bound to", |s| match &s.local {
            End::Ip { dev, .. } => dev.clone(),
            End::Path(_) => None,
        })
        .field("peer", "string", "the peer's address and port; \"0.0.0.0:*\" or \"*:*\" for none; \
             of a Unix socket \"*\" and the peer's inode", |s| {
            match s.peer_inode {
                Some(inode) => format!("* {inode}"),
                None if s.proto == Proto::Unix => "* 0".to_owned(),
                None => shown(s, &s.peer),
            }
        })
        .field("peer_ip", "string?", "the peer's address alone", |s| ip(&s.peer))
        .field("peer_port", "integer?", "the peer's port; 0 for none", |s| port(&s.peer))
        .field(
            "recv_q",
            "integer",
            "bytes that came and were not read yet; of a listening socket, connections not yet accepted",
            |s| s.recv_q,
        )
        .field(
            "send_q",
            "integer",
            "bytes not sent yet, or not acknowledged; of a listening socket, how many connections may wait",
            |s| s.send_q,
        )
        .field("v6only", "boolean?", "of IPv6: takes no IPv4", |s| s.v6only.then_some(true))
        .field("uid", "integer?", "its user", |s| s.uid)
        .field("inode", "integer", "its number; 0 once no process has it any more", |s| s.inode)
        .list("processes", owner(), "the lab's processes that have it open", |s| &s.owners)
        .show(show)
}

/// As in `ss`: `tcp   LISTEN     0      128    127.0.0.1:80    0.0.0.0:*    users:(("nsh",pid=2,fd=8))`.
fn show(s: &Table) -> mlua::Result<String> {
    let text = |key: &str| -> mlua::Result<String> {
        match s.raw_get::<Value>(key)? {
            Value::Nil => Ok(String::new()),
            value => value.to_string(),
        }
    };
    let netid = match text("type")?.as_str() {
        "stream" => "u_str".to_owned(),
        "dgram" => "u_dgr".to_owned(),
        "seqpacket" => "u_seq".to_owned(),
        _ => text("proto")?,
    };
    let mut users = Vec::new();
    if let Some(processes) = s.raw_get::<Option<Table>>("processes")? {
        for p in processes.sequence_values::<Table>() {
            let p = p?;
            let name: String = p.raw_get("name")?;
            users.push(format!("({name:?},pid={},fd={})", p.raw_get::<u32>("pid")?, p.raw_get::<u32>("fd")?));
        }
    }
    let users = if users.is_empty() { String::new() } else { format!("users:({})", users.join(",")) };
    let mut local = text("local_address")?;
    if netid.starts_with("u_") {
        local.push_str(&format!(" {}", text("inode")?));
    }
    let line = format!(
        "{netid:<5} {:<10} {:<6} {:<6} {:>22} {:>22} {users}",
        text("state")?,
        text("recv_q")?,
        text("send_q")?,
        local,
        text("peer")?,
    );
    Ok(line.trim_end().to_owned())
}

pub fn module() -> Module {
    Module::new("socket", "Which sockets are open in a namespace.").function(
        Function::new(
            "socket.list",
            (opts(list_options()),),
            ret::list(record(), "the sockets, TCP's first"),
            |cx, (o,)| {
                let owners = if o.processes { Owners::look() } else { Owners::nobody() };
                Ok(socket::list(cx.ns, &o.filter, &owners)?)
            },
        )
        .doc(
            "Lists the sockets of TCP and UDP, or those that all given options fit. nsh's own (of servers, and of \
             probes that run) are among them.",
        )
        .command("ss -tuanp"),
    )
}
