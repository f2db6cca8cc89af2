//! `nexthop`: objects that say a way, for many routes.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::model::Between;
use crate::net::nexthop::{self, Id, Nexthop};

fn id() -> Type<Id> {
    ty::int(1..=u32::MAX).map(Between)
}

fn options(name: &'static str) -> Shape<Nexthop> {
    Shape::rows_where(name, |row| row != "id")
}

pub fn record() -> Record<Nexthop> {
    Record::rows("nsh.NexthopObject", "A nexthop object. Prints as in `ip nexthop`.")
}

pub fn module() -> Module {
    let of = |id, nexthop| Nexthop { id: Some(id), ..nexthop };
    Module::new(
        "nexthop",
        "Nexthop objects: ways that many routes share. `route.add(DST, { nhid = ID })` makes a route that uses one, and \
         all such routes change with it.",
    )
    .function(
        Function::new(
            "nexthop.add",
            (param("id", id(), "its number"), opts(options("nsh.nexthop.AddOptions"))),
            ret::nothing(),
            move |cx, (id, nexthop)| Ok(nexthop::add(cx.ns, &of(id, nexthop))?),
        )
        .doc(
            "Adds a nexthop object: a gateway, a link, a blackhole, or a group of others.\n\nRaises `exists` if the id \
             is taken, `network_unreachable` or `invalid` if the gateway can't be reached, `unsupported` if the kernel \
             has no nexthop objects.",
        )
        .listed(Some("id"))
        .command("ip nexthop add id ID via GATEWAY dev DEV"),
    )
    .function(
        Function::new(
            "nexthop.replace",
            (param("id", id(), "its number"), opts(options("nsh.nexthop.ReplaceOptions"))),
            ret::nothing(),
            move |cx, (id, nexthop)| Ok(nexthop::replace(cx.ns, &of(id, nexthop))?),
        )
        .doc("Adds a nexthop object, or puts it in the place of the one with this id.\n\nRaises as nexthop.add.")
        .command("ip nexthop replace id ID via GATEWAY dev DEV"),
    )
    .function(
        Function::new("nexthop.del", (param("id", id(), "its number"),), ret::nothing(), |cx, (id,)| {
            Ok(nexthop::del(cx.ns, id)?)
        })
        .doc("Deletes a nexthop object, and the routes that use it.\n\nRaises `not_found` if there is none.")
        .command("ip nexthop del id ID"),
    )
    .function(
        Function::new(
            "nexthop.get",
            (param("id", id(), "its number"),),
            ret::optional(record(), "the nexthop object, or nil"),
            |cx, (id,)| Ok(nexthop::get(cx.ns, id)?),
        )
        .doc("Finds a nexthop object.")
        .command("ip nexthop get id ID"),
    )
    .function(
        Function::new(
            "nexthop.list",
            (opts(Shape::rows("nsh.nexthop.ListOptions")),),
            ret::list(record(), "the nexthop objects, by their ids"),
            |cx, (filter,)| Ok(nexthop::list(cx.ns, &filter)?),
        )
        .doc("Lists the nexthop objects, or those that have all that is given.")
        .command("ip nexthop show"),
    )
    .function(
        Function::new(
            "nexthop.flush",
            (opts(Shape::rows("nsh.nexthop.FlushOptions")),),
            ret::value::<usize>("integer", "how many were deleted"),
            |cx, (filter,)| Ok(nexthop::flush(cx.ns, &filter)?),
        )
        .doc("Deletes the nexthop objects that have all that is given, and the routes that use them.")
        .command("ip nexthop flush"),
    )
}
