//! `mptcp`: endpoints and limits of Multipath TCP.

use std::net::IpAddr;

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::link::fields::U8;
use crate::net::mptcp::{self, Endpoint, Event, Id, Limits};

fn id() -> Type<Id> {
    ty::int(1..=255).map(U8)
}

pub fn record() -> Record<Endpoint> {
    Record::rows("nsh.MptcpEndpoint", "An endpoint of MPTCP. Prints as in `ip mptcp endpoint`.")
}

pub fn event_record() -> Record<Event> {
    Record::rows_plain("nsh.events.Mptcp", "What happened to a connection of MPTCP.")
}

fn limits() -> Record<Limits> {
    Record::rows("nsh.MptcpLimits", "What connections of MPTCP may have. Prints as `ip mptcp limits`.")
}

pub fn module() -> Module {
    let which = || param("id", id(), "its number");
    let address = || param("address", ty::ip(), "an address of this namespace");
    Module::new(
        "mptcp",
        "Multipath TCP: which addresses a connection may use besides its first one, and how many. Programs ask for MPTCP by \
         the protocol of their sockets (IPPROTO_MPTCP, `mptcpize`).",
    )
    .function(
        Function::new(
            "mptcp.add",
            (
                address(),
                opts(Shape::<Endpoint>::rows_where("nsh.mptcp.AddOptions", |row| row != "address")),
            ),
            ret::nothing(),
            |cx, (address, endpoint): (IpAddr, Endpoint)| {
                Ok(mptcp::add(cx.ns, &Endpoint { address: Some(address), ..endpoint })?)
            },
        )
        .doc(
            "Adds an endpoint. It needs `signal`, of which the peer is told, or `subflow`, from which this end connects.\n\nRaises \
             `exists` if the address or the id is one already, `limit` beyond 8, `argument` for options that contradict each other, \
             `unsupported` if the kernel has no MPTCP.",
        )
        .command("ip mptcp endpoint add ADDRESS dev DEV id ID signal"),
    )
    .function(
        Function::new(
            "mptcp.set",
            (
                which(),
                opts(Shape::<Endpoint>::rows_where("nsh.mptcp.SetOptions", |row| {
                    matches!(row, "backup" | "fullmesh")
                })),
            ),
            ret::nothing(),
            |cx, (id, change)| Ok(mptcp::set(cx.ns, id, &change)?),
        )
        .doc(
            "Changes an endpoint, and with it the subflows that connections have from it.\n\nRaises `not_found` if there is \
             none.",
        )
        .command("ip mptcp endpoint change id ID backup"),
    )
    .function(
        Function::new("mptcp.del", (which(),), ret::nothing(), |cx, (id,)| Ok(mptcp::del(cx.ns, id)?))
            .doc("Deletes an endpoint, and closes the subflows from it.\n\nRaises `not_found` if there is none.")
            .command("ip mptcp endpoint delete id ID"),
    )
    .function(
        Function::new(
            "mptcp.get",
            (which(),),
            ret::optional(record(), "the endpoint, or nil"),
            |cx, (id,)| Ok(mptcp::get(cx.ns, id)?),
        )
        .doc("Finds an endpoint.")
        .command("ip mptcp endpoint show id ID"),
    )
    .function(
        Function::new(
            "mptcp.list",
            (opts(Shape::<Endpoint>::rows("nsh.mptcp.ListOptions")),),
            ret::list(record(), "the endpoints"),
            |cx, (filter,)| Ok(mptcp::list(cx.ns, &filter)?),
        )
        .doc("Lists the endpoints, or those that all given options fit.")
        .command("ip mptcp endpoint show"),
    )
    .function(
        Function::new("mptcp.flush", (), ret::nothing(), |cx, ()| Ok(mptcp::flush(cx.ns)?))
            .doc("Deletes all endpoints.")
            .command("ip mptcp endpoint flush"),
    )
    .function(
        Function::new("mptcp.limits", (), ret::record(limits(), "the limits"), |cx, ()| {
            Ok(mptcp::limits(cx.ns)?)
        })
        .doc("Reads how much connections may have besides their first subflow.")
        .command("ip mptcp limits show"),
    )
    .function(
        Function::new(
            "mptcp.set_limits",
            (opts(Shape::<Limits>::rows("nsh.mptcp.LimitOptions")),),
            ret::nothing(),
            |cx, (limits,)| Ok(mptcp::set_limits(cx.ns, &limits)?),
        )
        .doc("Changes how much connections may have besides their first subflow.")
        .command("ip mptcp limits set subflow SUBFLOWS add_addr_accepted ADD_ADDR_ACCEPTED"),
    )
}
