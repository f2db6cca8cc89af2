//! `route`: routes, and the kernel's own lookup.

use crate::lua::registry::Module;
use crate::lua::schema::{
    Builder, Cx, Failure, Function, Record, Shape, Type, Wrong, field, object, opts, param, ret, ty,
};
use crate::model::Field;
use crate::net::names;
use crate::net::namespace::Namespace;
use crate::net::nf::words::Protocol;
use crate::net::route::{self, Destination, Filter, Lookup, Metrics, Nexthop, Route, Tables};

pub(super) fn dst() -> Type<Destination> {
    ty::parsed(&Destination::form().expected, Destination::parse)
}

/// What a script may give of a route, but for its destination.
fn route_options(name: &'static str) -> Shape<Route> {
    let hops = ty::list(Shape::<Nexthop>::rows("nsh.route.HopOptions").into());
    let metrics: Type<Metrics> = Shape::rows("nsh.route.MetricsOptions").into();
    Shape::<Route>::rows_where(name, |row| row != "dst")
        .field("nexthops", hops, "several next hops that share the packets (ECMP)", |r, v| r.nexthops = v)
        .field("metrics", metrics, "properties of the path: mtu, advmss, ...", |r, v| {
            r.metrics = Some(Box::new(v))
        })
}

fn filter(name: &'static str) -> Shape<Filter> {
    filter_of(name, |_| true)
}

/// Those attributes of it, and `table`, which can be all of them.
pub(super) fn filter_of(name: &'static str, which: fn(&str) -> bool) -> Shape<Filter> {
    let tables =
        ty::int(0..=u32::MAX).map(Tables::One).or(ty::parsed("a table's name or \"all\"", |s| match s {
            "all" => Ok(Tables::All),
            name => names::TABLES.number(name).map(Tables::One),
        }));
    Shape::<Filter>::new(name)
        .field("table", tables, "only this table, or \"all\"; default main", |f, v| f.tables = v)
        .include(Shape::rows_where("", |row| !["table", "expires"].contains(&row) && which(row)), |f| {
            &mut f.like
        })
}

/// What a lookup may know of the packet.
pub fn packet() -> Shape<Lookup> {
    Shape::<Lookup>::new("nsh.route.Packet")
        .field("from", ty::ip(), "the packet's source address", |l, v| l.from = Some(v))
        .field("iif", ty::link_name(), "the link on which the packet came in: asks for forwarding", |l, v| {
            l.iif = Some(v)
        })
        .field("oif", ty::link_name(), "the link through which it must leave", |l, v| l.oif = Some(v))
        .field("mark", ty::int(0..=u32::MAX), "its firewall mark", |l, v| l.mark = Some(v))
        .field("tos", ty::int(0..=255), "its TOS", |l, v| l.tos = Some(v))
        .field("uid", ty::int(0..=u32::MAX - 1), "the user who sends it", |l, v| l.uid = Some(v))
        .field("ipproto", field::<Protocol>(), "the protocol above IP", |l, v| l.ip_proto = Some(v.0))
        .field("sport", ty::int(1..=65535), "its source port", |l, v| l.sport = Some(v))
        .field("dport", ty::int(1..=65535), "its destination port", |l, v| l.dport = Some(v))
}

fn lookup_options() -> Shape<Lookup> {
    Shape::<Lookup>::new("nsh.route.GetOptions").include(packet(), |lookup| lookup).field(
        "fibmatch",
        ty::boolean(),
        "return the route that matches, not the packet's way; default false",
        |l, v| l.fibmatch = v,
    )
}

pub fn record() -> Record<Route> {
    let hops = Builder::<Nexthop>::rows("nsh.Nexthop", "One of several next hops of a route.").plain();
    let metrics = Builder::<Metrics>::rows("nsh.RouteMetrics", "Properties of a path.").plain();
    Builder::<Route>::rows("nsh.Route", "A route. Prints as in `ip route`.")
        .list("nexthops", hops, "the next hops, where there are several", |r| &r.nexthops)
        .record("metrics", metrics, "properties of the path", |r| r.metrics.as_deref())
        .show(show)
}

fn show(table: &mlua::Table) -> mlua::Result<String> {
    let mut route: Route = object(table);
    if let Ok(hops) = table.raw_get::<mlua::Table>("nexthops") {
        route.nexthops = hops.sequence_values().filter_map(|hop| Some(object(&hop.ok()?))).collect();
    }
    route.metrics = table.raw_get("metrics").ok().map(|metrics| Box::new(object(&metrics)));
    Ok(route.to_string())
}

/// Puts the destination into the route and checks what belongs together.
fn with_dst(dst: Destination, route: Route) -> Result<Route, Wrong> {
    if route.family.is_some() && dst.0.is_some() {
        return Err(Wrong::new("the family follows from the destination; it is for \"default\" alone")
            .within("opts.family"));
    }
    Ok(Route { dst: Some(dst), ..route })
}

type Change = fn(&Namespace, &Route) -> crate::base::error::Result<()>;

fn change(cx: &Cx<'_>, dst: Destination, options: Route, f: Change) -> Result<(), Failure> {
    Ok(f(cx.ns, &with_dst(dst, options)?)?)
}

pub fn module() -> Module {
    let to = || param("dst", dst(), "the destination, without host bits; \"default\" for all");
    Module::new("route", "IPv4 and IPv6 routes, and the kernel's own lookup.")
        .function(
            Function::new(
                "route.add",
                (to(), opts(route_options("nsh.route.AddOptions"))),
                ret::nothing(),
                |cx, (dst, options)| change(cx, dst, options, route::add),
            )
            .doc(
                "Adds a route. A `default` route is of the gateway's family.\n\nRaises `exists` if there is one to the \
                 destination with the same metric, `network_unreachable` if the gateway is in no subnet of a link that \
                 is up, `argument` if the destination has host bits.",
            )
            .listed(Some("dst"))
            .command("ip route add DST via GATEWAY dev DEV"),
        )
        .function(
            Function::new(
                "route.replace",
                (to(), opts(route_options("nsh.route.ReplaceOptions"))),
                ret::nothing(),
                |cx, (dst, options)| change(cx, dst, options, route::replace),
            )
            .doc("Adds a route, or puts it in the place of the one to the same destination with the same metric.\n\nRaises `network_unreachable` as route.add.")
            .command("ip route replace DST via GATEWAY dev DEV"),
        )
        .function(
            Function::new(
                "route.del",
                (to(), opts(route_options("nsh.route.DelOptions"))),
                ret::nothing(),
                |cx, (dst, options)| change(cx, dst, options, route::del),
            )
            .doc("Deletes the first route to the destination that all given options fit.\n\nRaises `not_found` if there is none.")
            .command("ip route del DST"),
        )
        .function(
            Function::new(
                "route.get",
                (param("dst", ty::ip(), "the address that a packet goes to"), opts(lookup_options())),
                ret::record(record(), "the way that the packet takes"),
                |cx, (dst, lookup)| Ok(route::get(cx.ns, dst, &lookup)?),
            )
            .doc("Asks the kernel which way a packet takes: link, gateway and source address.\n\nRaises `network_unreachable` if there is no route, and the error of an unreachable, prohibit or blackhole route.")
            .command("ip route get DST"),
        )
        .function(
            Function::new(
                "route.list",
                (opts(filter("nsh.route.ListOptions")),),
                ret::list(record(), "the routes, in the kernel's order"),
                |cx, (f,)| Ok(route::list(cx.ns, &f)?),
            )
            .doc("Lists the routes of the main table, or those that all given options fit; IPv4 first.\n\nRaises `not_found` if there is no such link.")
            .command("ip route show"),
        )
        .function(
            Function::new(
                "route.flush",
                (opts(filter("nsh.route.FlushOptions")),),
                ret::value::<usize>("integer", "how many were deleted"),
                |cx, (f,)| Ok(route::flush(cx.ns, &f)?),
            )
            .doc("Deletes the routes of the main table, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
            .command("ip route flush table main"),
        )
}
