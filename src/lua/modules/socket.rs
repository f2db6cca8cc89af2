//! `socket`: which sockets are open.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, field, opts, ret, ty};
use crate::model::Words;
use crate::net::socket::{self, Filter, Owner, Owners, Proto, Socket, State};

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
    let several = ty::list(field::<Proto>());
    let mut names: Vec<_> = Proto::ALL.iter().map(|p| (p.name(), vec![*p])).collect();
    names.push(("all", Proto::ALL.to_vec()));
    several
        .or(ty::one_of(&names))
        .luals("\"tcp\"|\"udp\"|\"raw\"|\"unix\"|\"all\"|(\"tcp\"|\"udp\"|\"raw\"|\"unix\")[]")
        .called("\"tcp\", \"udp\", \"raw\", \"unix\" or \"all\", or an array of such")
}

fn list_options() -> Shape<ListOptions> {
    Shape::<ListOptions>::new("nsh.socket.ListOptions")
        .field("proto", protos(), "tcp, udp, raw, unix, several of them, or \"all\"; default tcp and udp", |o, v| {
            o.filter.protos = Some(v)
        })
        .field(
            "state",
            ty::one_or_list(field()),
            "only in this state, or one of these: established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, \
             closed, close-wait, last-ack, listening, closing",
            |o, v| o.filter.like.state = Some(State::any(&v)),
        )
        .field(
            "listening",
            ty::boolean(),
            "only those that wait for connections or, unconnected, for datagrams; default false",
            |o, v| o.filter.listening = v,
        )
        .include(Shape::rows(""), |o| &mut o.filter.like)
        .field("processes", ty::boolean(), "find out which processes have them; default true", |o, v| {
            o.processes = v
        })
}

fn owner() -> Record<Owner> {
    Record::of("nsh.SocketOwner", "A process that has a socket open.")
        .field("name", "its program's name", |o: &Owner| o.name.clone())
        .field("pid", "its number", |o| o.pid)
        .field("fd", "the descriptor", |o| o.fd)
        .plain()
}

pub fn record() -> Record<Socket> {
    Builder::rows("nsh.Socket", "A socket. Prints as in `ss -anp`.")
        .list("processes", owner(), "the lab's processes that have it open", |s: &Socket| &s.owners)
        .shown(|s| s.to_string())
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
