//! `udp`: datagrams, and servers that get them.

use std::net::IpAddr;

use super::server::{self, Reacting};
use super::traffic::{self, Bytes, Names, Wait, endpoint, ip, seconds, settled};
use crate::base::error::Error;
use crate::lua::registry::Module;
use crate::lua::schema::{
    Class, Cx, Failure, Function, Handle, MethodDoc, Record, Type, options, opts, param, record, ret, ty,
};
use crate::net::prefix::Family;
use crate::probe::endpoint::Endpoint;
use crate::probe::socket::SocketOptions;
use crate::probe::udp::{self, Group, Received, Reply, Server, ServerOptions};

options! {
    struct SendOptions = "nsh.udp.SendOptions" {
        port: Option<u16>, ty::int(1..=65535), "the port, if the address has none";
        family: Option<Family>, ty::family(), "only IPv4 (inet) or IPv6 (inet6), where a name has both";
        ..socket: SocketOptions, traffic::socket_with_port();
    }
}

options! {
    struct RequestOptions = "nsh.udp.RequestOptions" {
        timeout: f64 = 1.0, seconds(), "seconds to wait for the answer to each try; default 1";
        tries: u32 = 1, ty::int(1..=1000u32), "how often to send it until an answer comes; default 1";
        ..send: SendOptions, SendOptions::shape();
    }
}

options! {
    struct ListenOptions = "nsh.udp.ListenOptions" {
        port: Option<u16>, ty::int(0..=65535), "the port, if the address has none; 0 takes a free one";
        dev: Option<String>, ty::link_name(), "the link or VRF to bind to: what comes by another is not seen";
        join: Vec<IpAddr>, ty::one_or_list(group()), "multicast groups to join";
        link: Option<String>, ty::link_name(), "the link on which to join; default that of the route to the group";
        ..reacting: Reacting, Reacting::shape();
    }
}

options! {
    struct AnswerOptions = "nsh.udp.AnswerOptions" {
        from: Option<IpAddr>, ty::ip(),
            "the source address, where the server has several; default the one of the route";
    }
}

fn group() -> Type<IpAddr> {
    ty::ip().try_map(
        |ip| {
            if ip.is_multicast() { Ok(ip) } else { Err(format!("{ip} is not a multicast group")) }
        },
    )
}

fn target(cx: &Cx<'_>, address: &str, options: &SendOptions) -> Result<std::net::SocketAddr, Failure> {
    settled(cx)?;
    let at = endpoint(address, options.port)?;
    let found = at.targets(cx.ns, &Names(cx), options.socket.family(&at.host, options.family))?;
    // There is at least one, or it was an error.
    found.first().copied().ok_or_else(|| Error::argument("no address").into())
}

fn reply() -> Record<Reply> {
    record!(Reply = "nsh.UdpReply", "The answer to a datagram." => {
        data: r => Bytes(r.data.clone()), "what came back";
        peer: r => r.from.to_string(), "who sent it, address and port";
        peer_ip: r => ip(r.from), "the address alone";
        local_address: r => r.local.to_string(), "our own address and port";
        time: r => r.time, "seconds from the last try to the answer";
        tries: r => r.tries, "how often it was sent";
    })
    .shown(|r| format!("{} bytes from {}: time={:.3} ms", r.data.len(), r.from, r.time * 1e3))
}

fn received() -> Record<Received> {
    record!(Received = "nsh.UdpDatagram", "A datagram that a server got." => {
        peer: r => r.from.to_string(), "who sent it, address and port";
        peer_ip: r => ip(r.from), "the address alone";
        to: r => r.to.map(|to| to.to_string()),
            "the address that it was sent to: an own one, a broadcast address or a group";
        data: r => Bytes(r.data.clone()), "what it carries";
        size: r => r.data.len(), "bytes of data";
        time: r => r.time, "when it came, in seconds since 1970";
    })
    .shown(|r| match r.to {
        Some(to) => format!("{} > {to}: UDP, length {}", r.from, r.data.len()),
        None => format!("{}: UDP, length {}", r.from, r.data.len()),
    })
}

impl Handle for Server {
    fn class() -> Class<Self> {
        let class = Class::new("nsh.UdpServer", "A UDP server that runs beside the script.", |s: &Self| {
            format!("udp server on {}", s.as_ref().address())
        });
        let listed = MethodDoc(
            "datagrams",
            "The datagrams that came so far; of more than 65536, or of 64 MiB of all servers together, the last ones.",
        );
        let waits = (
            Wait::shape("nsh.udp.WaitOptions", "datagrams", "so many datagrams in all; default 1"),
            "Waits until so many datagrams came in all.\n\nRaises `timeout`.",
        );
        server::methods(class, listed, received, waits, |s, wait| server::count(s, &wait, "datagrams"))
        .method(
            MethodDoc(
                "send",
                "Sends a datagram from its own port, as to answer one that came: `server:send(d.peer, \"pong\", { from = \
                 d.to })`. With `echo = false` it answers nothing by itself.\n\nRaises what udp.send raises.",
            ),
            (
                param("to", ty::from_str("an address with a port, such as \"10.0.0.2:53\""), "the address and port"),
                param("data", ty::bytes(), "what to send, up to 65507 bytes"),
                opts(AnswerOptions::shape()),
            ),
            ret::nothing(),
            |_, s, (to, data, o)| Ok(s.send(to, &data, o.from)?),
        )
    }
}

pub fn module() -> Module {
    let address = || {
        param("address", ty::string(), "\"10.0.0.1:53\", \"[fd00::1]:53\", \"ns1:53\"; or without the port")
    };
    let data = || param("data", ty::bytes(), "what to send, up to 65507 bytes");
    Module::new("udp", "UDP datagrams, and servers that get them.")
        .function(
            Function::new("udp.send", (address(), data(), opts(SendOptions::shape())), ret::nothing(), |cx, (address, data, o)| {
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
                (address(), data(), opts(RequestOptions::shape())),
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
                    opts(ListenOptions::shape()),
                ),
                ret::handle::<Server>("the server"),
                |cx, (address, o)| {
                    let at = Endpoint { dev: o.dev, ..endpoint(&address, o.port)? };
                    let groups = o.join.iter().map(|g| Group { address: *g, link: o.link.clone() }).collect();
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
