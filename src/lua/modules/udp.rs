//! `udp`: datagrams, and servers that get them.

use std::net::IpAddr;

use super::tcp::Reacting;
use super::traffic::{self, Bytes, Names, Wait, endpoint, ip, late, seconds, settled};
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Shape, Type, opts, param, ret, ty,
};
use crate::net::prefix::Family;
use crate::probe::endpoint::Endpoint;
use crate::probe::socket;
use crate::probe::udp::{self, Group, Received, Reply, Server, ServerOptions};

#[derive(Default)]
struct SendOptions {
    port: Option<u16>,
    family: Option<Family>,
    socket: socket::Options,
}

fn send_options() -> Shape<SendOptions> {
    Shape::<SendOptions>::new("nsh.udp.SendOptions")
        .field("port", ty::int(1..=65535), "the port, if the address has none", |o, v| o.port = Some(v))
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both", |o, v| {
            o.family = Some(v)
        })
        .include(traffic::socket_with_port(), |o| &mut o.socket)
}

struct RequestOptions {
    send: SendOptions,
    timeout: f64,
    tries: u32,
}

impl Default for RequestOptions {
    fn default() -> Self {
        RequestOptions { send: SendOptions::default(), timeout: 1.0, tries: 1 }
    }
}

fn request_options() -> Shape<RequestOptions> {
    Shape::<RequestOptions>::new("nsh.udp.RequestOptions")
        .field("timeout", seconds(), "seconds to wait for the answer to each try; default 1", |o, v| {
            o.timeout = v
        })
        .field("tries", ty::int(1..=1000), "how often to send it until an answer comes; default 1", |o, v| {
            o.tries = v
        })
        .include(send_options(), |o| &mut o.send)
}

#[derive(Default)]
struct ListenOptions {
    port: Option<u16>,
    reacting: Reacting,
    groups: Vec<IpAddr>,
    link: Option<String>,
    dev: Option<String>,
}

#[derive(Default)]
struct AnswerOptions {
    from: Option<IpAddr>,
}

fn group() -> Type<IpAddr> {
    ty::ip().try_map(
        |ip| {
            if ip.is_multicast() { Ok(ip) } else { Err(format!("{ip} is not a multicast group")) }
        },
    )
}

fn listen_options() -> Shape<ListenOptions> {
    Shape::<ListenOptions>::new("nsh.udp.ListenOptions")
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
        .field("join", ty::one_or_list(group()), "multicast groups to join", |o, v| o.groups = v)
        .field(
            "link",
            ty::link_name(),
            "the link on which to join; default that of the route to the group",
            |o, v| o.link = Some(v),
        )
}

fn target(cx: &Cx<'_>, address: &str, options: &SendOptions) -> Result<std::net::SocketAddr, Failure> {
    settled(cx)?;
    let at = endpoint(address, options.port)?;
    let found = at.targets(cx.ns, &Names(cx), options.socket.family(&at.host, options.family))?;
    // There is at least one, or it was an error.
    found.first().copied().ok_or_else(|| crate::base::error::Error::argument("no address").into())
}

fn reply() -> Record<Reply> {
    Record::of("nsh.UdpReply", "The answer to a datagram.")
        .field("data", "string", "what came back", |r: &Reply| Bytes(r.data.clone()))
        .field("peer", "string", "who sent it, address and port", |r| r.from.to_string())
        .field("peer_ip", "string", "the address alone", |r| ip(r.from))
        .field("local_address", "string", "our own address and port", |r| r.local.to_string())
        .field("time", "number", "seconds from the last try to the answer", |r| r.time)
        .field("tries", "integer", "how often it was sent", |r| r.tries)
        .shown(|r| format!("{} bytes from {}: time={:.3} ms", r.data.len(), r.from, r.time * 1e3))
}

fn received() -> Record<Received> {
    Record::of("nsh.UdpDatagram", "A datagram that a server got.")
        .field("peer", "string", "who sent it, address and port", |r: &Received| r.from.to_string())
        .field("peer_ip", "string", "the address alone", |r| ip(r.from))
        .field(
            "to",
            "string?",
            "the address that it was sent to: an own one, a broadcast address or a group",
            |r| r.to.map(|to| to.to_string()),
        )
        .field("data", "string", "what it carries", |r| Bytes(r.data.clone()))
        .field("size", "integer", "bytes of data", |r| r.data.len())
        .field("time", "number", "when it came, in seconds since 1970", |r| r.time)
        .shown(|r| match r.to {
            Some(to) => format!("{} > {to}: UDP, length {}", r.from, r.data.len()),
            None => format!("{}: UDP, length {}", r.from, r.data.len()),
        })
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let wait = Wait::shape("nsh.udp.WaitOptions", "datagrams", "so many datagrams in all; default 1");
        Class::<Self>::new("nsh.UdpServer", "A UDP server that runs beside the script.", |s| {
            format!("udp server on {}", s.address())
        })
        .close(|s| s.stop())
        .runs(|s| s.running())
        .method(
            MethodDoc("address", "The address and port that it receives at."),
            (),
            ret::value::<String>("string", "such as \"10.0.0.1:53\""),
            |_, s, ()| Ok(s.address().to_string()),
        )
        .method(
            MethodDoc("port", "The port that it receives at."),
            (),
            ret::value::<u16>("integer", "the port"),
            |_, s, ()| Ok(s.address().port()),
        )
        .method(
            MethodDoc("datagrams", "The datagrams that came so far; of more than 65536, or of 64 MiB of all servers together, the last ones."),
            (),
            ret::list(received(), "the datagrams, the oldest first"),
            |_, s, ()| Ok(s.records()),
        )
        .method(
            MethodDoc("wait", "Waits until so many datagrams came in all.\n\nRaises `timeout`."),
            (opts(wait),),
            ret::list(received(), "the datagrams so far, the oldest first"),
            |_, s, (wait,)| {
                let wanted = wait.count.unwrap_or(1);
                if s.wait_for(wanted, wait.deadline())? {
                    return Ok(s.records());
                }
                Err(late(format!("{} of {wanted} datagrams came", s.records().len()), wait.timeout))
            },
        )
        .method(
            MethodDoc(
                "send",
                "Sends a datagram from its own port, as to answer one that came: `server:send(d.peer, \"pong\", { from = \
                 d.to })`. With `echo = false` it answers nothing by itself.\n\nRaises what udp.send raises.",
            ),
            (
                param("to", ty::from_str("an address with a port, such as \"10.0.0.2:53\""), "the address and port"),
                param("data", ty::bytes(), "what to send, up to 65507 bytes"),
                opts(Shape::<AnswerOptions>::new("nsh.udp.AnswerOptions").field(
                    "from",
                    ty::ip(),
                    "the source address, where the server has several; default the one of the route",
                    |o, v| o.from = Some(v),
                )),
            ),
            ret::nothing(),
            |_, s, (to, data, o)| Ok(s.send(to, &data, o.from)?),
        )
        .method(MethodDoc("stop", "Ends it."), (), ret::nothing(), |_, s, ()| {
            s.stop();
            Ok(())
        })
    }
}

pub fn module() -> Module {
    let address = || {
        param("address", ty::string(), "\"10.0.0.1:53\", \"[fd00::1]:53\", \"ns1:53\"; or without the port")
    };
    let data = || param("data", ty::bytes(), "what to send, up to 65507 bytes");
    Module::new("udp", "UDP datagrams, and servers that get them.")
        .function(
            Function::new("udp.send", (address(), data(), opts(send_options())), ret::nothing(), |cx, (address, data, o)| {
                let target = target(cx, &address, &o)?;
                udp::send_to(cx.ns, target, &data, &o.socket)?;
                Ok(())
            })
            .doc(
                "Sends one datagram, and doesn't wait for an answer. Broadcast addresses and groups may be sent to.\n\n\
                 Raises `network_unreachable` and the like, `permission` by a firewall rule, `invalid` if it is too \
                 big.",
            )
            .command("nc -u HOST PORT"),
        )
        .function(
            Function::new(
                "udp.request",
                (address(), data(), opts(request_options())),
                ret::record(reply(), "the answer"),
                |cx, (address, data, o)| {
                    let target = target(cx, &address, &o.send)?;
                    Ok(udp::request(cx.ns, target, &data, &o.send.socket, o.timeout, o.tries)?)
                },
            )
            .doc(
                "Sends a datagram and waits for one back from the same address and port.\n\nRaises `timeout` if none came, \
                 `connection_refused` if ICMP says that nothing receives there, and what udp.send raises.",
            )
            .command("echo DATA | nc -u -w1 HOST PORT"),
        )
        .function(
            Function::new(
                "udp.listen",
                (
                    param("address", ty::string(), "\"10.0.0.1:53\", \"[fd00::1]:53\", \":53\" for all addresses"),
                    opts(listen_options()),
                ),
                ret::handle::<Server>("the server"),
                |cx, (address, o)| {
                    let at = Endpoint { dev: o.dev, ..endpoint(&address, o.port)? };
                    let groups = o.groups.iter().map(|g| Group { address: *g, link: o.link.clone() }).collect();
                    settled(cx)?;
                    Ok(udp::listen(cx.ns, &at, &Names(cx), ServerOptions { reaction: o.reacting.into(), groups })?)
                },
            )
            .doc(
                "Starts a server that runs beside the script, records the datagrams that come, and sends them back \
                 from the address that they were sent to.\n\n\
                 Raises `address_in_use` and `address_not_available`.",
            )
            .command("socat UDP-RECVFROM:PORT,fork EXEC:cat"),
        )
}
