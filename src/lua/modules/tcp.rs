//! `tcp`: connections, and servers to make them to.

use mlua::Value;

use super::server::{self, Reacting};
use super::traffic::{self, Bytes, Names, WAIT, endpoint, ip, late, seconds, settled};
use crate::base::wait::Deadline;
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Failure, Function, Handle, MethodDoc, Record, Shape, Type, options, opts, param, record, ret,
    shape, ty,
};
use crate::net::prefix::Family;
use crate::probe::endpoint::{Endpoint, Host};
use crate::probe::socket::SocketOptions;
use crate::probe::tcp::{
    self, Accepted, CONNECT_TIMEOUT, Connection, KEPT, Receive, Server, ServerOptions, WaitFor,
};

/// What one call receives at most.
const MOST: i64 = 64 << 20;

options! {
    struct ConnectOptions = "nsh.tcp.ConnectOptions" {
        port: Option<u16>, ty::int(1..=65535), "the port, if the address has none";
        timeout: f64 = CONNECT_TIMEOUT, seconds(), "seconds until it must be connected; default 5";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..socket: SocketOptions, traffic::socket_with_port();
    }
}

options! {
    struct ListenOptions = "nsh.tcp.ListenOptions" {
        port: Option<u16>, ty::int(0..=65535), "the port, if the address has none; 0 takes a free one";
        dev: Option<String>, ty::link_name(), "the link or VRF to bind to: what comes by another is not seen";
        banner: Vec<u8>, ty::bytes(), "sent to each client at once";
        keep: usize = KEPT, ty::int(0..=1 << 20).map(|n: u32| n as usize),
            "bytes of what each client sends to keep on record; default 4096";
        ..reacting: Reacting, Reacting::shape();
    }
}

struct RecvOptions {
    what: Receive,
    timeout: f64,
}

impl Default for RecvOptions {
    fn default() -> Self {
        RecvOptions { what: Receive::Some(MOST as usize), timeout: WAIT }
    }
}

fn recv_options() -> Type<RecvOptions> {
    let shape = Shape::<RecvOptions>::new("nsh.tcp.RecvOptions")
        .field("bytes", ty::int(1..=MOST), "exactly so many bytes", |o, v| {
            o.what = Receive::Exactly(v as usize)
        })
        .field("line", ty::boolean(), "a line, returned without its end", |o, v| {
            if v {
                o.what = Receive::Line
            }
        })
        .field("all", ty::boolean(), "all until the peer ends its side", |o, v| {
            if v {
                o.what = Receive::All
            }
        })
        .field("timeout", seconds(), "seconds to wait at most; default 5", |o, v| o.timeout = v);
    let bytes = ty::int(1..=MOST)
        .called("a number of bytes")
        .map(|n| RecvOptions { what: Receive::Exactly(n as usize), ..RecvOptions::default() });
    bytes.or(Type::from(shape))
}

options! {
    struct SendOptions = "nsh.tcp.SendOptions" {
        timeout: f64 = WAIT, seconds(), "seconds until the peer must have taken it; default 5";
    }
}

impl Handle for Connection {
    fn class() -> Class<Self> {
        Class::<Self>::new("nsh.TcpConnection", "A TCP connection.", |c| {
            format!("tcp {} - {}{}", c.local(), c.remote(), if c.is_open() { "" } else { " (closed)" })
        })
        .close(Connection::close)
        .method(
            MethodDoc("send", "Sends all of a string.\n\nRaises `connection_reset` if the peer closed, `timeout`."),
            (param("data", ty::bytes(), "what to send"), opts(SendOptions::shape())),
            ret::nothing(),
            |_, c, (data, o)| Ok(c.send(&data, Deadline::secs(o.timeout))?),
        )
        .method(
            MethodDoc(
                "recv",
                "Receives: what is there as soon as there is something, or what the options say. At a timeout nothing is \
                 lost: what has come stays for the next call.\n\nRaises `timeout`, `connection_reset`, `protocol` if the \
                 peer ends before all of `bytes` came, `limit` beyond 64 MiB.",
            ),
            (param("what", recv_options(), "how many bytes, or options").optional(),),
            ret::value::<Value>("string?", "what came; nil at the end of the peer's data"),
            |cx, c, (o,)| {
                let o = o.unwrap_or_default();
                let came = c.receive(o.what, Deadline::secs(o.timeout))?;
                Ok(match came {
                    Some(data) => Value::String(cx.lua.create_string(data)?),
                    None => Value::Nil,
                })
            },
        )
        .method(
            MethodDoc("finish", "Ends our side: the peer sees the end of the data and can still answer."),
            (),
            ret::nothing(),
            |_, c, ()| Ok(c.finish()?),
        )
        .method(MethodDoc("close", "Closes the connection."), (), ret::nothing(), |_, c, ()| {
            c.close();
            Ok(())
        })
        .method(
            MethodDoc("peer", "The other end's address and port."),
            (),
            ret::value::<String>("string", "such as \"10.0.0.1:80\""),
            |_, c, ()| Ok(c.remote().to_string()),
        )
        .method(
            MethodDoc("local_address", "Our own address and port."),
            (),
            ret::value::<String>("string", "such as \"10.0.0.2:40000\""),
            |_, c, ()| Ok(c.local().to_string()),
        )
    }
}

fn accepted() -> Record<Accepted> {
    record!(Accepted = "nsh.TcpAccepted", "A connection that a server accepted." => {
        peer: a => a.peer.to_string(), "the client's address and port";
        peer_ip: a => ip(a.peer), "the client's address alone";
        local_address: a => a.local.to_string(), "the address and port that it connected to";
        time: a => a.time, "when, in seconds since 1970";
        bytes_in: a => a.bytes_in, "bytes that came";
        bytes_out: a => a.bytes_out, "bytes that were sent";
        data: a => Bytes(a.data.clone()),
            "the first bytes that came, 4096 unless `keep` says otherwise";
        open: a => a.open, "whether it is still open";
    })
    .shown(|a| {
        let state = if a.open { "open" } else { "closed" };
        format!("{} > {}: {} bytes in, {} bytes out, {state}", a.peer, a.local, a.bytes_in, a.bytes_out)
    })
}

options! {
    struct WaitOptions = "nsh.tcp.WaitOptions" {
        timeout: f64 = WAIT, seconds(), "seconds to wait at most; default 5";
        ..what: WaitFor, conditions();
    }
}

fn conditions() -> Shape<WaitFor> {
    let count = || ty::int(1..=1_000_000_000_000u64);
    shape!(WaitFor = "" => {
        connections: count(), "so many were accepted; default 1 if nothing else is given";
        closed: count(), "so many have ended";
        bytes: count(), "so many bytes came, over all connections";
    })
}

fn wait(server: &Server, mut o: WaitOptions) -> Result<(), Failure> {
    if o.what.closed.is_none() && o.what.bytes.is_none() {
        o.what.connections.get_or_insert(1);
    }
    if server.wait_until(o.what, Deadline::secs(o.timeout))? {
        return Ok(());
    }
    let all = server.records();
    let bytes: u64 = all.iter().map(|c| c.bytes_in).sum();
    let closed = all.iter().filter(|c| !c.open).count();
    let what = format!("only {} connections were accepted, {closed} closed, {bytes} bytes came", all.len());
    Err(late(what, o.timeout))
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let class = Class::new("nsh.TcpServer", "A TCP server that runs beside the script.", |s: &Self| {
            format!("tcp server on {}", s.address())
        });
        let listed = MethodDoc(
            "connections",
            "The connections so far, closed ones too; of more than 65536, or of 64 MiB of all servers together, the last ones.",
        );
        let waits =
            (WaitOptions::shape(), "Waits until all that is given has come true.\n\nRaises `timeout`.");
        server::methods(class, listed, accepted, waits, wait)
    }
}

pub fn module() -> Module {
    Module::new("tcp", "TCP connections, and servers to make them to.")
        .function(
            Function::new(
                "tcp.connect",
                (
                    param("address", ty::string(), "\"10.0.0.1:80\", \"[fd00::1]:80\", \"ns1:80\"; or without the port"),
                    opts(ConnectOptions::shape()),
                ),
                ret::handle::<Connection>("the connection"),
                |cx, (address, o)| {
                    let at = endpoint(&address, o.port)?;
                    settled(cx)?;
                    let targets = at.targets(cx.ns, &Names(cx), o.socket.family(&at.host, o.family))?;
                    Ok(tcp::connect(cx.ns, &targets, &o.socket, Deadline::secs(o.timeout))?)
                },
            )
            .doc(
                "Connects to a server; of a name with several addresses, to the first one that answers.\n\nRaises \
                 `connection_refused` if nothing listens there, `timeout` if nothing comes back, `network_unreachable`, \
                 `host_unreachable`, `permission`, `not_found` for an unknown name or link.",
            )
            .command("nc HOST PORT"),
        )
        .function(
            Function::new(
                "tcp.listen",
                (
                    param(
                        "address",
                        ty::string(),
                        "\"10.0.0.1:80\", \"[fd00::1]:80\"; \":80\" and \"[::]:80\" for all addresses, \"0.0.0.0:80\" for IPv4's",
                    ),
                    opts(ListenOptions::shape()),
                ),
                ret::handle::<Server>("the server"),
                |cx, (address, o)| {
                    let at = Endpoint { dev: o.dev, ..endpoint(&address, o.port)? };
                    let (banner, keep) = (o.banner, o.keep);
                    if at.host != Host::Any {
                        settled(cx)?;
                    }
                    let options = ServerOptions { reaction: o.reacting.into(), banner, keep };
                    Ok(tcp::listen(cx.ns, &at, &Names(cx), options)?)
                },
            )
            .doc(
                "Starts a server that runs beside the script, sends back what comes, and records its connections. \
                 Port 0 takes a free one.\n\n\
                 Raises `address_in_use` if the port is taken, `address_not_available` if the namespace doesn't have \
                 the address.",
            )
            .command("socat TCP-LISTEN:PORT,fork EXEC:cat"),
        )
}
