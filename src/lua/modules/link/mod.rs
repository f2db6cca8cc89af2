//! `link`: network interfaces.

pub mod record;

use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Shape, Type, Wrong, opts, param, ret, ty};
use crate::model::Access;
use crate::net::link::{
    self, AddrGenMode, Bridge, Change, Details, Filter, Kind, LinkMode, LinkSpec, Master, PeerSpec, Port,
};
use crate::net::{names, prefix};

fn name() -> Type<String> {
    ty::link_name()
}

fn group() -> Type<u32> {
    ty::numbered(&names::GROUPS, "a group's name")
}

fn mac() -> Type<[u8; 6]> {
    ty::parsed("a hardware address such as \"02:00:00:00:00:01\"", prefix::link_mac)
}

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

/// The options that both ends of a veth pair have, and every other link.
macro_rules! common {
    ($shape:expr) => {
        $shape
            .field("up", ty::boolean(), "set it up; default false", |s, v| s.up = v)
            .field(
                "addr",
                ty::one_or_list(ty::prefix()),
                "addresses to add, without DAD (as `nodad`)",
                |s, v| s.addrs = v,
            )
            .field("mtu", ty::int(68..=65535), "bytes; the kernel's choice is 1500 for most kinds", |s, v| {
                s.mtu = Some(v)
            })
            .field("mac", mac(), "its hardware address; the kernel's choice is random", |s, v| {
                s.mac = Some(v)
            })
            .field(
                "master",
                name(),
                "the bridge or VRF of the same namespace that it becomes a port of",
                |s, v| s.master = Some(v),
            )
            .field("alias", ty::string(), "a text for people, up to 255 bytes", |s, v| s.alias = Some(v))
            .field(
                "group",
                group(),
                "a group, by number or by name in /etc/iproute2/group; default 0",
                |s, v| s.group = Some(v),
            )
            .field("txqlen", ty::int(0..=1_000_000), "the transmit queue's length, in packets", |s, v| {
                s.txqlen = Some(v)
            })
            .field("promisc", ty::boolean(), "take frames for any address; default false", |s, v| {
                s.promisc = Some(v)
            })
            .field("arp", ty::boolean(), "resolve neighbours; default true", |s, v| s.arp = Some(v))
            .field("multicast", ty::boolean(), "the MULTICAST flag; default true", |s, v| {
                s.multicast = Some(v)
            })
            .field("allmulticast", ty::boolean(), "take all multicast; default false", |s, v| {
                s.allmulticast = Some(v)
            })
            .field("index", ty::int(1..=i32::MAX as u32), "its index; default the next free one", |s, v| {
                s.index = Some(v)
            })
            .field("queues", ty::int(1..=4096), "transmit and receive queues; default 1", |s, v| {
                s.queues = Some(v)
            })
            .field(
                "port",
                port_options().into(),
                "options as a port of `master`, if that is a bridge",
                |s, v| s.port = v,
            )
    };
}

fn peer_options() -> Shape<PeerSpec> {
    common!(
        Shape::<PeerSpec>::new("nsh.link.PeerOptions")
            .field("name", name(), "its name; default the kernel's choice, veth0 and on", |s, v| s.name =
                Some(v))
            .field(
                "ns",
                crate::lua::modules::namespace::ty(),
                "the namespace in which it is made; default the link's own",
                |s, v| { s.ns = Some(v) }
            )
    )
}

fn add_options() -> Shape<LinkSpec> {
    let mut fields = KindFields(common!(
        Shape::<LinkSpec>::new("nsh.link.AddOptions")
            .required(
                "kind",
                ty::string().called("a kind of link, such as \"veth\""),
                "veth, bridge, dummy, ifb, macvlan, vxlan, vlan, vrf, wireguard, ...: what the kernel has; nsh doctor \
                 tells",
                |s, v| s.kind = v,
            )
            .field("peer", peer_options().into(), "the other end of a veth pair", |s, v| s.peer = Some(v))
            .field("link", name(), "the link below a vlan, macvlan, ipvlan or vxlan", |s, v| s.link = Some(v))
    ));
    link::visit(&mut fields);
    fields.0
}

fn set_options() -> Shape<Change> {
    let modes = [("default", LinkMode::Default), ("dormant", LinkMode::Dormant)];
    let generation: Vec<(&'static str, AddrGenMode)> =
        AddrGenMode::NAMES.iter().filter_map(|n| Some((*n, AddrGenMode::parse(n)?))).collect();
    let master = name().map(Master::Of).or(Type::new("false", "false for none", |_, v| match v {
        mlua::Value::Boolean(false) => Ok(Master::None),
        _ => Err(ty::No::Other),
    }));
    Shape::<Change>::new("nsh.link.SetOptions")
        .field("up", ty::boolean(), "set it up or down", |s, v| s.up = Some(v))
        .field("mtu", ty::int(68..=65535), "bytes", |s, v| s.mtu = Some(v))
        .field("mac", mac(), "its hardware address", |s, v| s.mac = Some(v))
        .field("name", name(), "a new name", |s, v| s.name = Some(v))
        .field("master", master, "the bridge or VRF that it becomes a port of; false: of none", |s, v| {
            s.master = Some(v)
        })
        .field(
            "ns",
            crate::lua::modules::namespace::ty(),
            "the namespace that it moves to; it goes down and loses its addresses",
            |s, v| s.ns = Some(v),
        )
        .field("alias", ty::string(), "a text for people; empty removes it", |s, v| s.alias = Some(v))
        .field("group", group(), "a group, by number or name", |s, v| s.group = Some(v))
        .field("txqlen", ty::int(0..=1_000_000), "the transmit queue's length, in packets", |s, v| {
            s.txqlen = Some(v)
        })
        .field("promisc", ty::boolean(), "take frames for any address", |s, v| s.promisc = Some(v))
        .field("arp", ty::boolean(), "resolve neighbours", |s, v| s.arp = Some(v))
        .field("multicast", ty::boolean(), "the MULTICAST flag", |s, v| s.multicast = Some(v))
        .field("allmulticast", ty::boolean(), "take all multicast", |s, v| s.allmulticast = Some(v))
        .field("carrier", ty::boolean(), "the carrier of a dummy or tun link", |s, v| s.carrier = Some(v))
        .field("protodown", ty::boolean(), "keep the carrier down on behalf of a protocol", |s, v| {
            s.protodown = Some(v)
        })
        .field(
            "mode",
            ty::one_of(&modes),
            "the operstate of a link that comes up: up, or dormant first",
            |s, v| s.mode = Some(v),
        )
        .field("addrgenmode", ty::one_of(&generation), "how it makes its IPv6 link-local address", |s, v| {
            s.addrgenmode = Some(v)
        })
        .field("altname", ty::one_or_list(ty::string()), "alternative names to add", |s, v| {
            s.altnames_add = v
        })
        .field("altname_del", ty::one_or_list(ty::string()), "alternative names to delete", |s, v| {
            s.altnames_del = v
        })
        .field("bridge", kind_options::<Bridge>().into(), Bridge::OPTIONS.1, |s, v| {
            s.options = Details::of(v)
        })
        .field("port", port_options().into(), "options as a port of a bridge", |s, v| s.port = v)
}

fn list_options() -> Shape<Filter> {
    Shape::<Filter>::new("nsh.link.ListOptions")
        .field("kind", ty::string(), "only links of this kind", |s, v| s.kind = Some(v))
        .field("up", ty::boolean(), "only those that are administratively up, or not", |s, v| s.up = Some(v))
        .field("master", name(), "only the ports of this link", |s, v| s.master = Some(v))
        .field("group", group(), "only links of this group, by number or name", |s, v| s.group = Some(v))
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
                (param("name", name(), "its name, at most 15 bytes"), opts(add_options())),
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
                ret::record(record::stats(), "its counters"),
                |cx, (name,)| Ok(link::stats(cx.ns, &name)?),
            )
            .doc("Reads a link's counters since it was made.\n\nRaises `not_found` if it isn't there.")
            .command("ip -s link show NAME"),
        )
}
