//! `neigh`: the hardware addresses of neighbours (ARP and NDP).

use mlua::Table;

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::neigh::{self, Filter, Neigh, NeighSpec, parse_state};
use crate::net::{names, prefix};

pub(super) fn state() -> Type<u16> {
    ty::parsed("a state such as \"permanent\", \"reachable\" or \"stale\"", parse_state)
}

#[derive(Default)]
struct AddOptions {
    dev: String,
    spec: NeighSpec,
}

fn add_options() -> Shape<AddOptions> {
    Shape::<AddOptions>::new("nsh.neigh.AddOptions")
        .required("dev", ty::link_name(), "the link", |o, v| o.dev = v)
        .field(
            "lladdr",
            ty::parsed("a hardware address such as \"02:00:00:00:00:01\"", prefix::mac),
            "its hardware address",
            |o, v| o.spec.lladdr = Some(v),
        )
        .field(
            "state",
            state(),
            "permanent, reachable, stale, delay, probe, failed, noarp or none; default permanent",
            |o, v| o.spec.state = Some(v),
        )
        .field(
            "proxy",
            ty::boolean(),
            "answer for this address on behalf of another host (needs net.ipv4.conf.DEV.proxy_arp or \
             net.ipv6.conf.DEV.proxy_ndp too); default false",
            |o, v| o.spec.proxy = v,
        )
        .field("router", ty::boolean(), "it is a router (IPv6); default false", |o, v| o.spec.router = v)
        .field(
            "proto",
            ty::numbered(&names::PROTOCOLS, "a protocol such as static or zebra").map(|n| n as u8),
            "who added it",
            |o, v| o.spec.proto = Some(v),
        )
}

#[derive(Default)]
struct OfLink {
    dev: String,
    proxy: bool,
}

fn filter(name: &'static str, state_doc: &'static str) -> Shape<Filter> {
    Shape::<Filter>::new(name)
        .field("dev", ty::link_name(), "only neighbours on this link", |f, v| f.dev = Some(v))
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6)", |f, v| f.family = Some(v))
        .field("dst", ty::ip(), "only this address", |f, v| f.dst = Some(v))
        .field("state", ty::one_or_list(state()), state_doc, |f, v| {
            f.states = Some(v.into_iter().fold(0, |bits, bit| bits | bit));
        })
        .field("proxy", ty::boolean(), "the entries of proxy ARP and NDP instead; default false", |f, v| {
            f.proxy = v
        })
}

pub fn record() -> Record<Neigh> {
    Record::of("nsh.Neigh", "A neighbour. Prints as in `ip neigh`.")
        .field("dst", "string", "its address", |n: &Neigh| n.dst.to_string())
        .field("dev", "string", "the link that it is on", |n| n.dev.clone())
        .field("index", "integer", "the link's index", |n| n.index)
        .field("lladdr", "string?", "its hardware address, once known", |n| n.lladdr.clone())
        .field(
            "state",
            "string",
            "REACHABLE, STALE, DELAY, PROBE, FAILED, INCOMPLETE, NOARP, PERMANENT",
            |n| n.state.clone(),
        )
        .field("family", "\"inet\"|\"inet6\"", "its family", |n| n.family.name())
        .field("router", "boolean", "it is a router (IPv6)", |n| n.router)
        .field("proxy", "boolean", "answered for on behalf of another host", |n| n.proxy)
        .field("extern_learn", "boolean", "a program learned it", |n| n.extern_learn)
        .field("offload", "boolean", "hardware has it", |n| n.offload)
        .field("probes", "integer", "requests sent without an answer", |n| n.probes)
        .field("used", "number", "seconds since it was used", |n| n.used)
        .field("confirmed", "number", "seconds since it was confirmed", |n| n.confirmed)
        .field("updated", "number", "seconds since it changed", |n| n.updated)
        .field("proto", "string?", "who added it", |n| n.proto.map(|p| names::PROTOCOLS.name(p.into())))
        .show(show)
}

/// As in `ip neigh`: `10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE`.
fn show(n: &Table) -> mlua::Result<String> {
    let text = |key: &str| n.raw_get::<Option<String>>(key).map(Option::unwrap_or_default);
    let mut line = format!("{} dev {}", text("dst")?, text("dev")?);
    if let Some(lladdr) = n.raw_get::<Option<String>>("lladdr")? {
        line.push_str(&format!(" lladdr {lladdr}"));
    }
    for flag in ["router", "proxy", "extern_learn", "offload"] {
        if n.raw_get(flag)? {
            line.push_str(&format!(" {flag}"));
        }
    }
    if let Some(state) = Some(text("state")?).filter(|state| !state.is_empty()) {
        line.push_str(&format!(" {state}"));
    }
    if let Some(proto) = n.raw_get::<Option<String>>("proto")? {
        line.push_str(&format!(" proto {proto}"));
    }
    Ok(line)
}

pub fn module() -> Module {
    let dst = || param("dst", ty::ip(), "the neighbour's address, IPv4 or IPv6");
    let of_link = |name, proxy: bool| {
        let shape = Shape::<OfLink>::new(name).required("dev", ty::link_name(), "the link", |o, v| o.dev = v);
        match proxy {
            true => shape.field("proxy", ty::boolean(), "the proxy entry; default false", |o, v| o.proxy = v),
            false => shape,
        }
    };
    Module::new(
        "neigh",
        "Neighbours: which hardware address belongs to which IPv4 (ARP) or IPv6 (NDP) address."
    )
    .function(
        Function::new("neigh.add", (dst(), opts(add_options())), ret::nothing(), |cx, (dst, o)| {
            Ok(neigh::add(cx.ns, dst, &o.dev, &o.spec)?)
        })
        .doc(
            "Adds a neighbour: packets to it are sent without asking for its hardware address first.\n\nRaises `exists` \
             if it is known already, `not_found` if there is no such link, `limit` if the machine's table is full.",
        )
        .command("ip neigh add DST lladdr LLADDR dev DEV"),
    )
    .function(
        Function::new("neigh.replace", (dst(), opts(add_options())), ret::nothing(), |cx, (dst, o)| {
            Ok(neigh::replace(cx.ns, dst, &o.dev, &o.spec)?)
        })
        .doc("Adds a neighbour, or changes what is known of it.\n\nRaises `not_found` if there is no such link.")
        .command("ip neigh replace DST lladdr LLADDR dev DEV"),
    )
    .function(
        Function::new("neigh.del", (dst(), opts(of_link("nsh.neigh.DelOptions", true))), ret::nothing(), |cx, (dst, o)| {
            Ok(neigh::del(cx.ns, dst, &o.dev, o.proxy)?)
        })
        .doc("Forgets a neighbour.\n\nRaises `not_found` if it isn't known.")
        .command("ip neigh del DST dev DEV"),
    )
    .function(
        Function::new(
            "neigh.get",
            (dst(), opts(of_link("nsh.neigh.GetOptions", false))),
            ret::optional(record(), "the neighbour, or nil"),
            |cx, (dst, o)| Ok(neigh::get(cx.ns, dst, &o.dev)?),
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
