//! `mdb`: multicast databases of bridges.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, object, opts, param, ret, ty};
use crate::model::Table;
use crate::net::bridge::mdb::{self, Entry, Group, Router};

fn group_type() -> Type<Group> {
    ty::parsed("a group such as \"239.1.1.1\", \"ff05::1\" or \"01:00:5e:01:01:01\"", Group::parse)
}

fn options(name: &'static str) -> Shape<Entry> {
    Shape::rows_where(name, |name| name != "grp")
}

fn of_one(name: &'static str) -> Shape<Entry> {
    let which = ["dev", "port", "vid", "src", "dst", "dst_port", "vni", "src_vni", "via"];
    Shape::rows_where(name, move |name| which.contains(&name))
}

fn filter(name: &'static str) -> Shape<Entry> {
    Shape::rows(name)
}

pub fn record() -> Record<Entry> {
    Builder::rows("nsh.MdbEntry", "An entry of a multicast database. Prints as in `bridge mdb`.")
        .field("flags", "offload, fast_leave, added_by_star_ex, blocked, offload_failed", |e: &Entry| {
            e.flag_words()
        })
        .show(|table| Ok(object::<Entry>(table).to_string()))
}

fn router() -> Record<Router> {
    Record::rows("nsh.MdbRouter", "A port behind which multicast routers are.")
}

pub fn module() -> Module {
    let group = || param("group", group_type(), "the group");
    Module::new(
        "mdb",
        "Multicast databases: which port of a bridge gets the packets of which group. A bridge that snoops (`mcast_snooping`, the \
         default) learns them from IGMP and MLD reports; until there is a querier (`mcast_querier`, or a router) it sends groups \
         to all ports in any case."
    )
    .function(
        Function::new(
            "mdb.add",
            (group(), opts(options("nsh.mdb.AddOptions"))),
            ret::nothing(),
            |cx, (group, o)| Ok(mdb::add(cx.ns, &group, &o)?),
        )
        .doc(
            "Adds an entry: the port gets the group's packets. Without `permanent` it goes as one that a host joined, after the \
             bridge's `mcast_membership_interval`.\n\nRaises `exists` if it is there, `not_found` if there is no such link, \
             `argument` if it is no port of a bridge, `invalid` while the bridge or the port is down.",
        )
        .command("bridge mdb add dev DEV port PORT grp GROUP permanent vid VID"),
    )
    .function(
        Function::new(
            "mdb.replace",
            (group(), opts(options("nsh.mdb.ReplaceOptions"))),
            ret::nothing(),
            |cx, (group, o)| Ok(mdb::replace(cx.ns, &group, &o)?),
        )
        .doc(
            "Adds an entry, or changes the one that is there (Linux 6.3; older kernels only add).\n\nRaises as `mdb.add`.",
        )
        .command("bridge mdb replace dev DEV port PORT grp GROUP permanent filter_mode include source_list ADDRESSES"),
    )
    .function(
        Function::new(
            "mdb.del",
            (group(), opts(of_one("nsh.mdb.DelOptions"))),
            ret::nothing(),
            |cx, (group, o)| Ok(mdb::del(cx.ns, &group, &o)?),
        )
        .doc("Deletes an entry.\n\nRaises `not_found` if it isn't there, or there is no such link.")
        .command("bridge mdb del dev DEV port PORT grp GROUP"),
    )
    .function(
        Function::new(
            "mdb.get",
            (group(), opts(of_one("nsh.mdb.GetOptions"))),
            ret::optional(record(), "the entry, or nil"),
            |cx, (group, o)| Ok(mdb::get(cx.ns, &group, &o)?),
        )
        .doc("Finds an entry of a group, the first that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("bridge -d -s mdb get dev DEV grp GROUP vid VID src SRC"),
    )
    .function(
        Function::new(
            "mdb.flush",
            (opts(filter("nsh.mdb.FlushOptions")),),
            ret::value::<usize>("integer", "how many"),
            |cx, (f,)| Ok(mdb::flush(cx.ns, &f)?),
        )
        .doc(
            "Deletes the entries that all given options fit, those that hosts joined too: these come back with the next \
             report.\n\nRaises `not_found` if there is no such link.",
        )
        .command("bridge mdb flush dev DEV port PORT vid VID"),
    )
    .function(
        Function::new("mdb.list", (opts(filter("nsh.mdb.ListOptions")),), ret::list(record(), "the entries"), |cx, (f,)| {
            Ok(mdb::list(cx.ns, &f)?)
        })
        .doc(
            "Lists the entries of all bridges and vxlans, those that were learned too, or those that all given options \
             fit.\n\nRaises `not_found` if there is no such link.",
        )
        .command("bridge -d -s mdb show"),
    )
    .function(
        Function::new(
            "mdb.routers",
            (opts(Shape::<Router>::rows("nsh.mdb.RoutersOptions")),),
            ret::list(router(), "the ports"),
            |cx, (f,)| Ok(mdb::routers(cx.ns, &f)?),
        )
        .doc(
            "Lists the ports behind which multicast routers are: they get all groups. A bridge learns them from queries, or is told \
             by `mcast_router` (`bridge.set_port`).\n\nRaises `not_found` if there is no such link.",
        )
        .command("bridge -d -s mdb show"),
    )
}
