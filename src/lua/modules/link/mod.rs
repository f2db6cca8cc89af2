//! `link`: network interfaces.

pub mod record;
pub mod shape;

use crate::lua::modules::namespace;
use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Shape, Type, Wrong, opts, param, ret, ty};
use crate::model::{Access, Row};
use crate::net::link::{self, Change, Details, End, Filter, Kind, LinkSpec, Master, Port, Stats};

/// Options of links of the kind `T`.
pub fn kind_options<T: Kind>() -> Shape<T> {
    Shape::rows(T::OPTIONS.0)
}

/// Options of a bridge's port.
pub fn port_options() -> Shape<Port> {
    Shape::rows("nsh.PortOptions")
}

/// A field for the options of each kind that has some.
struct KindFields(Shape<LinkSpec>);

impl link::Visit for KindFields {
    fn kind<T: Kind>(&mut self) {
        if T::ROWS.iter().all(|row| row.access == Access::Read) {
            return;
        }
        let shape = std::mem::replace(&mut self.0, Shape::new("nsh.link.AddOptions"));
        self.0 = shape.field(T::NAMES[0], kind_options::<T>().into(), T::OPTIONS.1, |spec, options| {
            spec.options.push(Details::of(options));
        });
    }
}

/// What can be said of every new link.
pub fn common_options() -> Shape<End> {
    Shape::<End>::new("")
        .include(Shape::rows_that("", |row| row.access != Access::Change), |end: &mut End| &mut end.common)
        .field(
            "addr",
            ty::one_or_list(ty::prefix()),
            "addresses to add, without DAD (as `nodad`)",
            |end, v| end.addrs = v,
        )
        .field("queues", ty::int(1..=4096), "transmit and receive queues; default 1", |end, v| {
            end.queues = Some(v)
        })
}

/// What both ends of a veth pair have, and every other link.
fn end_options() -> Shape<End> {
    common_options()
        .field(
            "master",
            ty::link_name().map(Master::Of),
            "the bridge or VRF of the same namespace that it becomes a port of",
            |end, v| end.master = Some(v),
        )
        .field(
            "port",
            port_options().into(),
            "options as a port of `master`, if that is a bridge",
            |end, v| end.port = v,
        )
}

fn peer_options() -> Shape<End> {
    Shape::<End>::new("nsh.link.PeerOptions")
        .field("name", ty::link_name(), "its name; default the kernel's choice, veth0 and on", |end, v| {
            end.name = Some(v)
        })
        .field(
            "ns",
            namespace::ty(),
            "the namespace in which it is made; default the link's own",
            |end, v| end.ns = Some(v),
        )
        .include(end_options(), |end| end)
}

fn add_options() -> Shape<LinkSpec> {
    let shape = Shape::<LinkSpec>::new("nsh.link.AddOptions")
        .required(
            "kind",
            ty::string().called("a kind of link, such as \"veth\""),
            "veth, bridge, dummy, ifb, macvlan, vxlan, vlan, vrf, wireguard, ...: what the kernel has; nsh doctor \
             tells",
            |s, v| s.kind = v,
        )
        .field("peer", peer_options().into(), "the other end of a veth pair", |s, v| s.peer = Some(v))
        .field("link", ty::link_name(), "the link below, of a vlan, macvlan, tunnel, ...", |s, v| s.link = Some(v))
        .include(end_options(), |s| &mut s.near);
    let mut fields = KindFields(shape);
    link::visit(&mut fields);
    fields.0
}

fn set_options() -> Shape<Change> {
    let master = ty::link_name().map(Master::Of).or(Type::new("false", "false for none", |_, v| match v {
        mlua::Value::Boolean(false) => Ok(Master::None),
        _ => Err(ty::No::Other),
    }));
    let end = Shape::<End>::new("")
        .include(Shape::rows_that("", |row| row.access != Access::Make), |end: &mut End| &mut end.common)
        .field("name", ty::link_name(), "a new name", |end, v| end.name = Some(v))
        .field("master", master, "the bridge or VRF that it becomes a port of; false: of none", |end, v| {
            end.master = Some(v)
        })
        .field(
            "ns",
            namespace::ty(),
            "the namespace that it moves to; it goes down and loses its addresses",
            |end, v| end.ns = Some(v),
        )
        .field("port", port_options().into(), "options as a port of a bridge", |end, v| end.port = v);
    let shape = Shape::<Change>::new("nsh.link.SetOptions")
        .include(end, |change: &mut Change| &mut change.end)
        .field("altname", ty::one_or_list(ty::string()), "alternative names to add", |c, v| {
            c.altnames_add = v
        })
        .field("altname_del", ty::one_or_list(ty::string()), "alternative names to delete", |c, v| {
            c.altnames_del = v
        })
        .field("link", ty::link_name(), "another link below, of a tunnel", |c, v| c.link = Some(v));
    let mut fields = ChangeFields(shape);
    link::visit(&mut fields);
    fields.0
}

fn list_options() -> Shape<Filter> {
    Shape::<Filter>::new("nsh.link.ListOptions")
        .field("kind", ty::string(), "only links of this kind", |f, v| f.kind = Some(v))
        .field("master", ty::link_name(), "only the ports of this link", |f, v| f.master = Some(v))
        .include(Shape::rows(""), |f| &mut f.common)
}

/// A field for the options of each kind that can be changed.
struct ChangeFields(Shape<Change>);

impl link::Visit for ChangeFields {
    fn kind<T: Kind>(&mut self) {
        let changes = |row: &Row<T>| row.is_given() && row.access != Access::Make;
        if !T::ROWS.iter().any(changes) {
            return;
        }
        let all = T::ROWS.iter().filter(|row| row.is_given()).all(changes);
        let options = Shape::<T>::rows_that(if all { T::OPTIONS.0 } else { T::CHANGES }, changes);
        let shape = std::mem::replace(&mut self.0, Shape::new("nsh.link.SetOptions"));
        self.0 = shape.field(T::NAMES[0], options.into(), T::OPTIONS.1, |c, v| {
            let before = std::mem::replace(&mut c.options, Details::of(v));
            c.others.extend(Some(before.name()).filter(|name| !name.is_empty()));
        });
    }
}

/// Options of another kind than the link's would be ignored.
fn only_own_options(spec: &LinkSpec) -> Result<(), Wrong> {
    let foreign = |d: &&Details| !d.is_empty() && !d.names().contains(&spec.kind.as_str());
    match spec.options.iter().find(foreign) {
        Some(options) => Err(Wrong::new(format!(
            "the option {:?} is for links of kind {}, and this is one of kind {:?}",
            options.names()[0],
            options.names().join(" or "),
            spec.kind
        ))),
        None => Ok(()),
    }
}

fn add(cx: &Cx<'_>, name: &str, spec: &LinkSpec) -> Result<(), Failure> {
    only_own_options(spec).map_err(|w| w.within("opts"))?;
    link::add(cx.ns, name, spec)?;
    Ok(())
}

pub fn module() -> Module {
    let link_name = || param("name", ty::link(), "the link's name, or an alternative name of it");
    Module::new("link", "Network interfaces: veth pairs, bridges and all other kinds.")
        .function(
            Function::new(
                "link.add",
                (param("name", ty::link_name(), "its name, at most 15 bytes"), opts(add_options())),
                ret::nothing(),
                |cx, (name, spec)| add(cx, &name, &spec),
            )
            .doc(
                "Makes a link. Of a veth pair both ends are made at once, each in its namespace; `up`, `addr` and \
                 `master` are done as well, and if one of them fails nothing stays.\n\nRaises `exists` if the name is \
                 taken, `unsupported` if the kernel has no such kind, `not_found` if `master` or `link` isn't there.",
            )
            .command("ip link add NAME type KIND"),
        )
        .function(
            Function::new(
                "link.set",
                (link_name(), opts(set_options())),
                ret::nothing(),
                |cx, (name, change)| Ok(link::set(cx.ns, &name, &change)?),
            )
            .doc("Changes a link; what isn't named stays as it is.\n\nRaises `not_found` if it isn't there.")
            .command("ip link set NAME ..."),
        )
        .function(
            Function::new(
                "link.del",
                (link_name(),),
                ret::nothing(),
                |cx, (name,)| Ok(link::del(cx.ns, &name)?),
            )
            .doc("Deletes a link; with one end of a veth pair goes the other.\n\nRaises `not_found` if it isn't there.")
            .command("ip link del NAME"),
        )
        .function(
            Function::new(
                "link.get",
                (link_name(),),
                ret::optional(record::link(), "the link, or nil"),
                |cx, (name,)| Ok(link::get(&cx.lab.namespaces, cx.ns, &name)?),
            )
            .doc("Finds a link by its name.")
            .command("ip -d link show NAME"),
        )
        .function(
            Function::new(
                "link.list",
                (opts(list_options()),),
                ret::list(record::link(), "the links, by index"),
                |cx, (filter,)| Ok(link::list(&cx.lab.namespaces, cx.ns, &filter)?),
            )
            .doc("Lists the links, or those that all given options fit.\n\nRaises `not_found` if `master` isn't there.")
            .command("ip -d link show"),
        )
        .function(
            Function::new(
                "link.stats",
                (link_name(),),
                ret::record(Record::<Stats>::rows("nsh.LinkStats", "A link's counters since it was made."), "its counters"),
                |cx, (name,)| Ok(link::stats(cx.ns, &name)?),
            )
            .doc("Reads a link's counters since it was made.\n\nRaises `not_found` if it isn't there.")
            .command("ip -s link show NAME"),
        )
        .function(shape::function())
}
