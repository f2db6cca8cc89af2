//! `bridge`: bridges and their ports.

use mlua::Table;

use super::link::{common_options, kind_options, port_options, record};
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Shape, opts, param, ret, ty};
use crate::net::bridge;
use crate::net::link::{self, Bridge, Details, Filter, Link, LinkSpec};

#[derive(Default)]
struct AddOptions {
    spec: LinkSpec,
    bridge: Bridge,
    ports: Vec<String>,
}

fn add_options() -> Shape<AddOptions> {
    Shape::<AddOptions>::new("nsh.bridge.AddOptions")
        .field("ports", ty::one_or_list(ty::link_name()), "links that become its ports", |o, v| o.ports = v)
        .include(common_options(), |o: &mut AddOptions| &mut o.spec.near)
        .include(kind_options::<Bridge>(), |o: &mut AddOptions| &mut o.bridge)
}

fn add(cx: &Cx<'_>, name: &str, mut o: AddOptions) -> Result<(), Failure> {
    o.spec.kind = "bridge".to_owned();
    o.spec.options.push(Details::of(o.bridge));
    o.ports.iter().try_for_each(|port| link::find::require_index(cx.ns, port).map(drop))?;
    link::add(cx.ns, name, &o.spec)?;
    if let Err(e) = bridge::attach(cx.ns, name, &o.ports) {
        // Nothing stays half-done.
        let _ = link::del(cx.ns, name);
        return Err(e.into());
    }
    Ok(())
}

fn port_record() -> Record<Link> {
    Record::of("nsh.BridgePort", "A port of a bridge. Prints as in `bridge link`; times in seconds.")
        .field("name", "the link", |l: &Link| l.name.clone())
        .field("bridge", "the bridge", |l| l.master.clone())
        .include(record::common(|name| matches!(name, "index" | "up" | "carrier" | "operstate")), |l| {
            Some(&l.common)
        })
        .include(record::port(), |l| l.port.as_deref())
        .show(show_port)
}

/// As in `bridge link`: `veth1 master br0 state forwarding priority 32 cost 2`.
fn show_port(p: &Table) -> mlua::Result<String> {
    let text = |key: &str| p.raw_get::<Option<String>>(key).map(Option::unwrap_or_default);
    let mut line = format!(
        "{:<15} {:<14} master {} state {} priority {} cost {}",
        text("name")?,
        text("operstate")?,
        text("bridge")?,
        text("state")?,
        text("priority")?,
        text("cost")?
    );
    for (flag, usual) in
        [("hairpin", false), ("guard", false), ("isolated", false), ("learning", true), ("flood", true)]
    {
        if p.raw_get::<Option<bool>>(flag)?.unwrap_or(usual) != usual {
            line.push_str(&format!(" {flag} {}", if usual { "off" } else { "on" }));
        }
    }
    Ok(line)
}

pub fn module() -> Module {
    let name = || param("name", ty::link(), "the bridge");
    let port = || param("port", ty::link(), "the link that is the port");
    Module::new(
        "bridge",
        "Bridges: their options (the spanning tree protocol, ageing, ...) and their ports. A bridge is a link too, so \
         that `link.add(\"br0\", { kind = \"bridge\" })` makes one as well, and `link.set`, `link.del` and `addr.add` \
         work on it. Which addresses are behind which port is told by the module `fdb`, which port is in which VLAN by `vlan`."
    )
    .function(
        Function::new(
            "bridge.add",
            (param("name", ty::link_name(), "its name, at most 15 bytes"), opts(add_options())),
            ret::nothing(),
            |cx, (name, o)| add(cx, &name, o),
        )
        .doc(
            "Makes a bridge, and links that are there its ports. If one of them can't be, nothing stays.\n\nRaises \
             `exists` if the name is taken, `not_found` if a port isn't there.",
        )
        .command("ip link add NAME type bridge ..."),
    )
    .function(
        Function::new(
            "bridge.get",
            (name(),),
            ret::record(record::kind::<Bridge>(), "its options and state"),
            |cx, (name,)| Ok(bridge::options(cx.ns, &name)?),
        )
        .doc("Reads a bridge's options and state.\n\nRaises `not_found` if there is no such link, `argument` if it isn't a bridge.")
        .command("ip -d link show NAME"),
    )
    .function(
        Function::new(
            "bridge.set",
            (name(), opts(kind_options())),
            ret::nothing(),
            |cx, (name, o)| Ok(bridge::set(cx.ns, &name, &o)?),
        )
        .doc("Changes a bridge's options; what isn't named stays as it is.\n\nRaises `not_found` if there is no such link, `argument` if it isn't a bridge.")
        .command("ip link set NAME type bridge ..."),
    )
    .function(
        Function::new(
            "bridge.list",
            (),
            ret::value::<Vec<String>>("string[]", "the bridges' names"),
            |cx, ()| {
                let filter = Filter { kind: Some("bridge".to_owned()), ..Filter::default() };
                Ok(link::list(&cx.lab.namespaces, cx.ns, &filter)?.into_iter().map(|l| l.name).collect())
            },
        )
        .doc("Lists the bridges.")
        .command("ip link show type bridge"),
    )
    .function(
        Function::new("bridge.del", (name(),), ret::nothing(), |cx, (name,)| {
            bridge::options(cx.ns, &name)?;
            Ok(link::del(cx.ns, &name)?)
        })
        .doc("Deletes a bridge; the links that were its ports stay.\n\nRaises `not_found` if there is no such link, `argument` if it isn't a bridge.")
        .command("ip link del NAME"),
    )
    .function(
        Function::new(
            "bridge.ports",
            (name(),),
            ret::list(port_record(), "its ports"),
            |cx, (name,)| Ok(bridge::ports(&cx.lab.namespaces, cx.ns, &name)?),
        )
        .doc(
            "Lists a bridge's ports with their states (`disabled`, `listening`, `learning`, `forwarding`, `blocking`) \
             and options.\n\nRaises `not_found` if there is no such link, `argument` if it isn't a bridge.",
        )
        .command("bridge -d link show"),
    )
    .function(
        Function::new(
            "bridge.attach",
            (name(), param("ports", ty::one_or_list(ty::link()), "a link, or several")),
            ret::nothing(),
            |cx, (name, ports)| Ok(bridge::attach(cx.ns, &name, &ports)?),
        )
        .doc(
            "Makes links ports of a bridge. If one can't be, none is.\n\nRaises `not_found` if the bridge or a link \
             isn't there, `limit` if the bridge has its 1023 ports.",
        )
        .command("ip link set PORT master NAME"),
    )
    .function(
        Function::new("bridge.detach", (port(),), ret::nothing(), |cx, (port,)| Ok(bridge::detach(cx.ns, &port)?))
            .doc("Takes a port out of its bridge.\n\nRaises `not_found` if it is no port of a bridge.")
            .command("ip link set PORT nomaster"),
    )
    .function(
        Function::new(
            "bridge.set_port",
            (port(), opts(port_options())),
            ret::nothing(),
            |cx, (port, o)| Ok(bridge::set_port(cx.ns, &port, &o)?),
        )
        .doc("Changes a port's options; what isn't named stays as it is.\n\nRaises `not_found` if there is no such link.")
        .command("bridge link set dev PORT ..."),
    )
}
