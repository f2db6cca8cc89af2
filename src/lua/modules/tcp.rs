//! `tcp`: connections, and servers to make them to.

use mlua::Value;

use super::traffic::{self, Bytes, Names, WAIT, endpoint, ip, late, seconds, settled};
use crate::base::wait::Deadline;
use crate::lua::registry::Module;
use crate::lua::schema::{Class, Function, Handle, MethodDoc, Record, Shape, Type, opts, param, ret, ty};
use crate::net::prefix::Family;
use crate::probe::endpoint::Endpoint;
use crate::probe::socket;
use crate::probe::tcp::{
    self, Accepted, CONNECT_TIMEOUT, Connection, Reaction, Receive, Server, ServerOptions, WaitFor,
};

/// What one call receives at most.
const MOST: i64 = 64 << 20;

struct ConnectOptions {
    port: Option<u16>,
    family: Option<Family>,
    timeout: f64,
    socket: socket::Options,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions { port: None, family: None, timeout: CONNECT_TIMEOUT, socket: Default::default() }
    }
}

fn connect_options() -> Shape<ConnectOptions> {
    Shape::<ConnectOptions>::new("nsh.tcp.ConnectOptions")
        .field("port", ty::int(1..=65535), "the port, if the address has none", |o, v| o.port = Some(v))
        .field("timeout", seconds(), "seconds until it must be connected; default 5", |o, v| o.timeout = v)
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both", |o, v| {
            o.family = Some(v)
        })
        .include(traffic::socket_with_port(), |o| &mut o.socket)
}

/// What a server does with what it gets.
pub struct Reacting {
    echo: bool,
    reply: Option<Vec<u8>>,
}

impl Default for Reacting {
    fn default() -> Self {
        Reacting { echo: true, reply: None }
    }
}

impl Reacting {
    pub fn shape() -> Shape<Reacting> {
        Shape::<Reacting>::new("nsh.Reacting")
            .field("echo", ty::boolean(), "send back what comes; default true without `reply`", |r, v| r.echo = v)
            .field(
                "reply",
                ty::bytes(),
                "send this instead: for each datagram, or once when a connection's first data come, and then close it",
                |r, v| r.reply = Some(v),
            )
    }
}

impl From<Reacting> for Reaction {
    fn from(r: Reacting) -> Self {
        match (r.reply, r.echo) {
            (Some(reply), _) => Reaction::Reply(reply),
            (None, true) => Reaction::Echo,
            (None, false) => Reaction::Discard,
        }
    }
}

struct ListenOptions {
    port: Option<u16>,
    reacting: Reacting,
    banner: Vec<u8>,
    keep: usize,
    dev: Option<String>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        let ServerOptions { banner, keep, .. } = ServerOptions::default();
        ListenOptions { port: None, reacting: Reacting::default(), banner, keep, dev: None }
    }
}

fn listen_options() -> Shape<ListenOptions> {
    Shape::<ListenOptions>::new("nsh.tcp.ListenOptions")
        .field("port", ty::int(0..=65535), "the port, if the address has none; 0 takes a free one", |o, v| {
            o.port = Some(v)
        })
        .include(Reacting::shape(), |o| &mut o.reacting)
        .field(
            "dev",
            ty::link_name(),
            "the link or VRF to bind to: what comes by another is not seen",
            |o, v| o.dev = Some(v),
        )
        .field("banner", ty::bytes(), "sent to each client at once", |o, v| o.banner = v)
        .field(
            "keep",
            ty::int(0..=1 << 20),
            "bytes of what each client sends to keep on record; default 4096",
            |o, v| o.keep = v as usize,
        )
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

struct SendOptions {
    timeout: f64,
}

impl Default for SendOptions {
    fn default() -> Self {
        SendOptions { timeout: WAIT }
    }
}

impl Handle for Connection {
    fn class() -> Class<Self> {
        let send_options = Shape::<SendOptions>::new("nsh.tcp.SendOptions").field(
            "timeout",
            seconds(),
            "seconds until the peer must have taken it; default 5",
            |o, v| o.timeout = v,
        );
        Class::<Self>::new("nsh.TcpConnection", "A TCP connection.", |c| {
            format!("tcp {} - {}{}", c.local(), c.remote(), if c.is_open() { "" } else { " (closed)" })
        })
        .close(Connection::close)
        .method(
            MethodDoc("send", "Sends all of a string.\n\nRaises `connection_reset` if the peer closed, `timeout`."),
            (param("data", ty::bytes(), "what to send"), opts(send_options)),
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
    Record::of("nsh.TcpAccepted", "A connection that a server accepted.")
        .field("peer", "string", "the client's address and port", |a: &Accepted| a.peer.to_string())
        .field("peer_ip", "string", "the client's address alone", |a| ip(a.peer))
        .field("local_address", "string", "the address and port that it connected to", |a| {
            a.local.to_string()
        })
        .field("time", "number", "when, in seconds since 1970", |a| a.time)
        .field("bytes_in", "integer", "bytes that came", |a| a.bytes_in)
        .field("bytes_out", "integer", "bytes that were sent", |a| a.bytes_out)
        .field("data", "string", "the first bytes that came, 4096 unless `keep` says otherwise", |a| {
            Bytes(a.data.clone())
        })
        .field("open", "boolean", "whether it is still open", |a| a.open)
        .shown(|a| {
            let state = if a.open { "open" } else { "closed" };
            format!("{} > {}: {} bytes in, {} bytes out, {state}", a.peer, a.local, a.bytes_in, a.bytes_out)
        })
}

struct WaitOptions {
    what: WaitFor,
    timeout: f64,
}

impl Default for WaitOptions {
    fn default() -> Self {
        WaitOptions { what: WaitFor::default(), timeout: WAIT }
    }
}

fn wait_options() -> Shape<WaitOptions> {
    let count = || ty::int(1..=1_000_000_000_000u64);
    Shape::<WaitOptions>::new("nsh.tcp.WaitOptions")
        .field("connections", count(), "so many were accepted; default 1 if nothing else is given", |o, v| {
            o.what.connections = Some(v)
        })
        .field("closed", count(), "so many have ended", |o, v| o.what.closed = Some(v))
        .field("bytes", count(), "so many bytes came, over all connections", |o, v| o.what.bytes = Some(v))
        .field("timeout", seconds(), "seconds to wait at most; default 5", |o, v| o.timeout = v)
}

impl Handle for Server {
    fn class() -> Class<Self> {
        Class::<Self>::new("nsh.TcpServer", "A TCP server that runs beside the script.", |s| {
            format!("tcp server on {}", s.address())
        })
        .close(Server::stop)
        .runs(Server::running)
        .method(
            MethodDoc("address", "The address and port that it listens on."),
            (),
            ret::value::<String>("string", "such as \"10.0.0.1:80\""),
            |_, s, ()| Ok(s.address().to_string()),
        )
        .method(
            MethodDoc("port", "The port that it listens on."),
            (),
            ret::value::<u16>("integer", "the port"),
            |_, s, ()| Ok(s.address().port()),
        )
        .method(
            MethodDoc(
                "connections",
                "The connections so far, closed ones too; of more than 65536, or of 64 MiB of all servers together, the last ones.",
            ),
            (),
            ret::list(accepted(), "the connections, the oldest first"),
            |_, s, ()| Ok(s.records()),
        )
        .method(
            MethodDoc("wait", "Waits until all that is given has come true.\n\nRaises `timeout`."),
            (opts(wait_options()),),
            ret::list(accepted(), "the connections so far, the oldest first"),
            |_, s, (mut o,)| {
                if o.what.closed.is_none() && o.what.bytes.is_none() {
                    o.what.connections.get_or_insert(1);
                }
                if s.wait_until(o.what, Deadline::secs(o.timeout))? {
                    return Ok(s.records());
                }
                let all = s.records();
                let (bytes, open) =
                    (all.iter().map(|c| c.bytes_in).sum::<u64>(), all.iter().filter(|c| c.open).count());
                let closed = all.len() - open;
                let what = format!(
                    "only {} connections were accepted, {closed} closed, {bytes} bytes came",
                    all.len()
                );
                Err(late(what, o.timeout))
            },
        )
        .method(
            MethodDoc("stop", "Stops listening and closes all connections."),
            (),
            ret::nothing(),
            |_, s, ()| {
                s.stop();
                Ok(())
            },
        )
    }
}

pub fn module() -> Module {
    Module::new("tcp", "TCP connections, and servers to make them to.")
        .function(
            Function::new(
                "tcp.connect",
                (
                    param("address", ty::string(), "\"10.0.0.1:80\", \"[fd00::1]:80\", \"ns1:80\"; or without the port"),
                    opts(connect_options()),
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
                    opts(listen_options()),
                ),
                ret::handle::<Server>("the server"),
                |cx, (address, o)| {
                    let at = Endpoint { dev: o.dev, ..endpoint(&address, o.port)? };
                    let (banner, keep) = (o.banner, o.keep);
                    if at.host != crate::probe::endpoint::Host::Any {
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
