//! `mpls`: routes of MPLS.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, object, opts, param, ret, ty};
use crate::net::mpls::{self, Hop, Label, Mpls};

fn label() -> Type<Label> {
    ty::int(16..=(1 << 20) - 1).map(Label)
}

fn options(name: &'static str) -> Shape<Mpls> {
    let hops = ty::list(Shape::<Hop>::rows("nsh.mpls.HopOptions").into());
    Shape::<Mpls>::rows_where(name, |row| row != "label").field(
        "nexthops",
        hops,
        "several next hops that share the packets",
        |route, hops| route.nexthops = hops,
    )
}

pub(super) fn record() -> Record<Mpls> {
    let hops = Builder::<Hop>::rows("nsh.MplsHop", "One of several next hops of a route of MPLS.").plain();
    Builder::<Mpls>::rows("nsh.MplsRoute", "A route of MPLS. Prints as in `ip -f mpls route`.")
        .list("nexthops", hops, "the next hops, where there are several", |route| &route.nexthops)
        .show(show)
}

fn show(table: &mlua::Table) -> mlua::Result<String> {
    let mut route: Mpls = object(table);
    if let Ok(hops) = table.raw_get::<mlua::Table>("nexthops") {
        route.nexthops = hops.sequence_values().filter_map(|hop| Some(object(&hop.ok()?))).collect();
    }
    Ok(route.to_string())
}

pub fn module() -> Module {
    let of = |label, route| Mpls { label: Some(label), ..route };
    let named = || param("label", label(), "the label that packets come with");
    Module::new(
        "mpls",
        "Routes of MPLS: what becomes of packets with a label. Each router that takes them needs \
         `sysctl.set(\"net.mpls.platform_labels\", 1000)`, and `sysctl.set(\"net.mpls.conf.eth0.input\", 1)` for each link \
         on which they come. `route.add(DST, { encap = \"mpls 100\", via = GATEWAY })` puts labels on packets.",
    )
    .function(
        Function::new(
            "mpls.add",
            (named(), opts(options("nsh.mpls.AddOptions"))),
            ret::nothing(),
            move |cx, (label, route)| Ok(mpls::add(cx.ns, &of(label, route))?),
        )
        .doc(
            "Adds a route: the label is replaced by those of `as`, or taken away, and the packet sent to the next \
             router.\n\nRaises `exists` if there is one for the label, `invalid` if there is no room for it, \
             `network_unreachable` if the next router can't be reached, `unsupported` if the kernel has no MPLS.",
        )
        .listed(Some("label"))
        .command("ip -f mpls route add LABEL as LABELS via inet GATEWAY"),
    )
    .function(
        Function::new(
            "mpls.replace",
            (named(), opts(options("nsh.mpls.ReplaceOptions"))),
            ret::nothing(),
            move |cx, (label, route)| Ok(mpls::replace(cx.ns, &of(label, route))?),
        )
        .doc("Adds a route, or puts it in the place of the one for the label.\n\nRaises as mpls.add.")
        .command("ip -f mpls route replace LABEL as LABELS via inet GATEWAY"),
    )
    .function(
        Function::new("mpls.del", (named(),), ret::nothing(), |cx, (label,)| Ok(mpls::del(cx.ns, label)?))
            .doc("Deletes the route for a label.\n\nRaises `not_found` if there is none.")
            .command("ip -f mpls route del LABEL"),
    )
    .function(
        Function::new("mpls.get", (named(),), ret::optional(record(), "the route, or nil"), |cx, (label,)| {
            Ok(mpls::get(cx.ns, label)?)
        })
        .doc("Finds the route for a label."),
    )
    .function(
        Function::new(
            "mpls.list",
            (opts(Shape::rows("nsh.mpls.ListOptions")),),
            ret::list(record(), "the routes, by their labels"),
            |cx, (filter,)| Ok(mpls::list(cx.ns, &filter)?),
        )
        .doc("Lists the routes, or those that have all that is given. A kernel without MPLS has none.")
        .command("ip -f mpls route show"),
    )
    .function(
        Function::new(
            "mpls.flush",
            (opts(Shape::rows("nsh.mpls.FlushOptions")),),
            ret::value::<usize>("integer", "how many were deleted"),
            |cx, (filter,)| Ok(mpls::flush(cx.ns, &filter)?),
        )
        .doc("Deletes the routes, or those that have all that is given.")
        .command("ip -f mpls route flush"),
    )
}
