//! `neigh`: the hardware addresses of neighbours (ARP and NDP).

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::neigh::{self, Neigh, State};

fn state() -> Type<State> {
    ty::parsed("a state such as \"permanent\", \"reachable\" or \"stale\"", State::parse)
}

/// One state, or any of several.
pub(super) fn states() -> Type<State> {
    ty::one_or_list(state()).map(|states| State::any(&states))
}

fn add_options() -> Shape<Neigh> {
    Shape::rows_where("nsh.neigh.AddOptions", |name| !matches!(name, "dst" | "family")).requiring("dev")
}

fn filter(name: &'static str, state_doc: &'static str) -> Shape<Neigh> {
    Shape::rows_where(name, |name| matches!(name, "dev" | "family" | "dst" | "proxy")).field(
        "state",
        states(),
        state_doc,
        |f: &mut Neigh, v| f.state = Some(v),
    )
}

pub fn record() -> Record<Neigh> {
    Record::rows("nsh.Neigh", "A neighbour. Prints as in `ip neigh`.")
}

pub fn module() -> Module {
    let dst = || param("dst", ty::ip(), "the neighbour's address, IPv4 or IPv6");
    let of_link = |name, which: fn(&str) -> bool| Shape::<Neigh>::rows_where(name, which).requiring("dev");
    Module::new(
        "neigh",
        "Neighbours: which hardware address belongs to which IPv4 (ARP) or IPv6 (NDP) address."
    )
    .function(
        Function::new("neigh.add", (dst(), opts(add_options())), ret::nothing(), |cx, (dst, o)| {
            Ok(neigh::add(cx.ns, dst, &o)?)
        })
        .doc(
            "Adds a neighbour: packets to it are sent without asking for its hardware address first.\n\nRaises `exists` \
             if it is known already, `not_found` if there is no such link, `limit` if the machine's table is full.",
        )
        .listed(Some("dst"))
        .command("ip neigh add DST lladdr LLADDR dev DEV"),
    )
    .function(
        Function::new("neigh.replace", (dst(), opts(add_options())), ret::nothing(), |cx, (dst, o)| {
            Ok(neigh::replace(cx.ns, dst, &o)?)
        })
        .doc("Adds a neighbour, or changes what is known of it.\n\nRaises `not_found` if there is no such link.")
        .command("ip neigh replace DST lladdr LLADDR dev DEV"),
    )
    .function(
        Function::new("neigh.del", (dst(), opts(of_link("nsh.neigh.DelOptions", |name| matches!(name, "dev" | "proxy")))), ret::nothing(), |cx, (dst, o)| {
            Ok(neigh::del(cx.ns, dst, o.dev(), o.proxy == Some(true))?)
        })
        .doc("Forgets a neighbour.\n\nRaises `not_found` if it isn't known.")
        .command("ip neigh del DST dev DEV"),
    )
    .function(
        Function::new(
            "neigh.get",
            (dst(), opts(of_link("nsh.neigh.GetOptions", |name| name == "dev"))),
            ret::optional(record(), "the neighbour, or nil"),
            |cx, (dst, o)| Ok(neigh::get(cx.ns, dst, o.dev())?),
        )
        .doc("Finds what is known of a neighbour on a link.\n\nRaises `not_found` if there is no such link.")
        .command("ip neigh get DST dev DEV"),
    )
    .function(
        Function::new(
            "neigh.list",
            (opts(filter(
                "nsh.neigh.ListOptions",
                "only neighbours in this state, or one of these; default all but noarp",
            )),),
            ret::list(record(), "the neighbours"),
            |cx, (f,)| Ok(neigh::list(cx.ns, &f)?),
        )
        .doc("Lists the neighbours, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("ip neigh show"),
    )
    .function(
        Function::new(
            "neigh.flush",
            (opts(filter(
                "nsh.neigh.FlushOptions",
                "only neighbours in this state, or one of these; default all but permanent and noarp",
            )),),
            ret::value::<usize>("integer", "how many were forgotten"),
            |cx, (f,)| Ok(neigh::flush(cx.ns, &f)?),
        )
        .doc(
            "Forgets the neighbours that all given options fit. Those that the kernel is about to drop may be seen a \
             moment longer, as FAILED.\n\nRaises `not_found` if there is no such link.",
        )
        .command("ip neigh flush dev DEV"),
    )
}
