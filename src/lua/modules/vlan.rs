//! `vlan`: VLANs of bridges.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, object, opts, param, ret, ty};
use crate::model::{Access, Table};
use crate::net::bridge::vlan::global::{self, Global};
use crate::net::bridge::vlan::{self, Vids, Vlan};

fn vids() -> Type<Vids> {
    let one = ty::int(1..=4094u16).map(|vid| Vids { first: vid, last: vid });
    one.or(ty::parsed("a range of VLANs such as \"10-20\"", Vids::parse))
}

fn is(name: &str, access: Access) -> bool {
    Vlan::ROWS.iter().any(|row| row.name == name && row.access == access)
}

fn options(name: &'static str, which: fn(&str) -> bool) -> Shape<Vlan> {
    Shape::rows_where(name, move |name| name == "dev" || which(name)).requiring("dev")
}

fn filter() -> Shape<Vlan> {
    Shape::rows_where("nsh.vlan.ListOptions", |name| {
        matches!(name, "dev" | "vid" | "pvid" | "untagged" | "state")
    })
}

pub fn record() -> Record<Vlan> {
    Builder::rows("nsh.BridgeVlan", "A VLAN of a port, or of a bridge itself. Prints as in `bridge vlan`.")
        .show(|table| Ok(object::<Vlan>(table).to_string()))
}

pub fn module() -> Module {
    let which = || param("vids", vids(), "a VLAN, or a range of them");
    Module::new(
        "vlan",
        "VLANs of bridges that filter by them (`vlan_filtering`): which port, and the bridge itself, belongs to which. A \
         port joins the bridge's `vlan_default_pvid`, 1, when it is attached."
    )
    .function(
        Function::new(
            "vlan.add",
            (which(), opts(options("nsh.vlan.AddOptions", |name| is(name, Access::Make)))),
            ret::nothing(),
            |cx, (vids, o)| Ok(vlan::add(cx.ns, vids, &o)?),
        )
        .doc(
            "Adds a port, or a bridge itself, to VLANs; where it is in one, it gets these flags there. What a bridge sends \
             and receives itself, by its own addresses, belongs to the bridge's own VLANs.\n\nRaises `argument` if the \
             link is neither, `not_found` if there is no such link.",
        )
        .command("bridge vlan add vid VIDS dev DEV pvid untagged"),
    )
    .function(
        Function::new(
            "vlan.set",
            (which(), opts(options("nsh.vlan.SetOptions", |name| is(name, Access::Change)))),
            ret::nothing(),
            |cx, (vids, o)| Ok(vlan::set(cx.ns, vids, &o)?),
        )
        .doc(
            "Changes a port's options of VLANs that it is in.\n\nRaises `not_found` if it is not in one of them, \
             `invalid` for an option that the bridge's own options don't allow.",
        )
        .command("bridge vlan set vid VIDS dev DEV state STATE"),
    )
    .function(
        Function::new(
            "vlan.del",
            (which(), opts(options("nsh.vlan.DelOptions", |_| false))),
            ret::nothing(),
            |cx, (vids, o)| Ok(vlan::del(cx.ns, vids, &o)?),
        )
        .doc("Takes a port, or a bridge itself, out of VLANs.\n\nRaises `not_found` if it is in none of them.")
        .command("bridge vlan del vid VIDS dev DEV"),
    )
    .function(
        Function::new(
            "vlan.list",
            (opts(filter()),),
            ret::list(record(), "a record for each VLAN of each port and bridge"),
            |cx, (f,)| Ok(vlan::list(cx.ns, &f)?),
        )
        .doc("Lists the VLANs of all ports and bridges, or those that all given options fit, with their counters.\n\nRaises `not_found` if there is no such link.")
        .command("bridge -s vlan show"),
    )
}

/// `vlan.global`.
pub fn global() -> Module {
    let set =
        Shape::<Global>::rows_where("nsh.vlan.global.SetOptions", |name| name != "vid").requiring("dev");
    let filter =
        Shape::<Global>::rows_where("nsh.vlan.global.ListOptions", |name| matches!(name, "dev" | "vid"));
    Module::new(
        "vlan.global",
        "What holds for a VLAN at all ports of a bridge: multicast snooping of its own, where the bridge has `mcast_vlan_snooping`, and \
         its spanning tree."
    )
    .function(
        Function::new(
            "vlan.global.set",
            (param("vids", vids(), "a VLAN, or a range of them"), opts(set)),
            ret::nothing(),
            |cx, (vids, o)| Ok(global::set(cx.ns, vids, &o)?),
        )
        .doc(
            "Changes options of a bridge's VLANs.\n\nRaises `not_found` for a VLAN that neither the bridge nor a port of it is in, \
             `argument` if the link is no bridge, `invalid` for an option that the bridge's own options don't allow.",
        )
        .command("bridge vlan global set vid VIDS dev DEV mcast_snooping 1"),
    )
    .function(
        Function::new(
            "vlan.global.list",
            (opts(filter),),
            ret::list(
                Record::<Global>::rows("nsh.BridgeVlanGlobal", "A VLAN of a bridge, at all ports. Prints as in `bridge vlan global`, on one line."),
                "a record for each VLAN of each bridge",
            ),
            |cx, (f,)| Ok(global::list(cx.ns, &f)?),
        )
        .doc("Lists the VLANs of all bridges with these options, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("bridge vlan global show"),
    )
}
