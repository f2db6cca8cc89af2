//! `fdb`: forwarding databases of bridges and vxlans.

use mlua::Table;

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::bridge::fdb::{self, Entry, FdbSpec, Filter, Life};
use crate::net::prefix;

fn life() -> Type<Life> {
    ty::one_of(&[
        ("local", Life::Local),
        ("permanent", Life::Local),
        ("static", Life::Static),
        ("dynamic", Life::Dynamic),
    ])
}

fn mac_type() -> Type<[u8; 6]> {
    ty::parsed("a hardware address such as \"02:00:00:00:00:01\"", prefix::mac)
}

#[derive(Default)]
struct Options {
    dev: String,
    spec: FdbSpec,
}

fn options(name: &'static str) -> Shape<Options> {
    Shape::<Options>::new(name)
        .required("dev", ty::link_name(), "the port of a bridge, or the vxlan", |o, v| o.dev = v)
        .field(
            "type",
            life(),
            "static stays; dynamic is forgotten after the bridge's ageing; local (or permanent) means the bridge \
             itself; default static in a bridge's database, local in the link's own",
            |o, v| o.spec.life = Some(v),
        )
        .field(
            "master",
            ty::boolean(),
            "in the database of the bridge that `dev` is a port of, rather than in the link's own; default true for a \
             port, unless `dst` is given",
            |o, v| o.spec.master = Some(v),
        )
        .field("vlan", ty::int(1..=4094), "only for this VLAN", |o, v| o.spec.vlan = Some(v))
        .field("dst", ty::ip(), "the remote end that has the address, of a vxlan", |o, v| o.spec.dst = Some(v))
        .field("port", ty::int(1..=65535), "the UDP port of the remote end", |o, v| o.spec.port = Some(v))
        .field("vni", ty::int(0..=16_777_215), "the VNI at the remote end", |o, v| o.spec.vni = Some(v))
        .field("sticky", ty::boolean(), "learning doesn't move it to another port; default false", |o, v| {
            o.spec.sticky = v
        })
        .field(
            "extern_learn",
            ty::boolean(),
            "as if a control plane had learned it: it doesn't age; default false",
            |o, v| o.spec.extern_learn = v,
        )
}

fn filter() -> Shape<Filter> {
    Shape::<Filter>::new("nsh.fdb.ListOptions")
        .field("dev", ty::link_name(), "only this port, or all of this bridge", |f, v| f.dev = Some(v))
        .field("mac", mac_type(), "only this address", |f, v| f.mac = Some(v))
        .field("vlan", ty::int(1..=4094), "only this VLAN", |f, v| f.vlan = Some(v))
        .field("type", life(), "only local, static or dynamic (learned) ones", |f, v| f.life = Some(v))
}

pub fn record() -> Record<Entry> {
    Record::of("nsh.FdbEntry", "An entry of a forwarding database. Prints as in `bridge fdb`.")
        .field("mac", "string", "the hardware address", |e: &Entry| e.mac.clone())
        .field("dev", "string", "the port behind which it is", |e| e.dev.clone())
        .field("index", "integer", "the port's index", |e| e.index)
        .field("master", "string?", "the bridge", |e| e.master.clone())
        .field(
            "type",
            "\"local\"|\"static\"|\"dynamic\"",
            "local: the bridge itself; dynamic: learned",
            |e| e.life.name(),
        )
        .field("vlan", "integer?", "the VLAN", |e| e.vlan)
        .field("dst", "string?", "the remote end, of a vxlan", |e| e.dst.map(|d| d.to_string()))
        .field("port", "integer?", "the remote end's UDP port", |e| e.port)
        .field("vni", "integer?", "the VNI at the remote end", |e| e.vni)
        .field("src_vni", "integer?", "the VNI of frames from here", |e| e.src_vni)
        .field("via", "string?", "the link to the remote end", |e| e.via.clone())
        .field("nhid", "integer?", "the nexthop object of the remote ends", |e| e.nhid)
        .field("flags", "string[]", "self, router, extern_learn, offload, sticky, locked", |e| {
            e.flags.clone()
        })
        .field("used", "number?", "seconds since a frame came from it", |e| e.used)
        .field("updated", "number?", "seconds since it was learned or moved", |e| e.updated)
        .show(show)
}

/// As in `bridge fdb`: `02:00:00:00:00:09 dev veth1 master br0 static`.
fn show(e: &Table) -> mlua::Result<String> {
    let mut line = format!("{} dev {}", e.raw_get::<String>("mac")?, e.raw_get::<String>("dev")?);
    let mut pair = |key: &str, word: &str| -> mlua::Result<()> {
        if let Some(value) = e.raw_get::<Option<String>>(key)? {
            line.push_str(&format!(" {word} {value}"));
        }
        Ok(())
    };
    for key in ["dst", "vlan", "port", "vni", "src_vni", "via", "nhid"] {
        pair(key, key)?;
    }
    for flag in e.raw_get::<Option<Vec<String>>>("flags")?.unwrap_or_default() {
        line.push_str(&format!(" {flag}"));
    }
    if let Some(bridge) = e.raw_get::<Option<String>>("master")? {
        line.push_str(&format!(" master {bridge}"));
    }
    Ok(match e.raw_get::<String>("type")?.as_str() {
        "local" => line + " permanent",
        "static" => line + " static",
        _ => line,
    })
}

pub fn module() -> Module {
    let mac = || param("mac", mac_type(), "the hardware address");
    Module::new(
        "fdb",
        "Forwarding databases: which hardware address is behind which port of a bridge, and behind which remote end of a \
         vxlan. A bridge learns them from the frames that it sees."
    )
    .function(
        Function::new(
            "fdb.add",
            (mac(), opts(options("nsh.fdb.AddOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(fdb::add(cx.ns, mac, &o.dev, &o.spec)?),
        )
        .doc("Adds an entry.\n\nRaises `exists` if the address has one, `not_found` if there is no such link, `argument` if `master` is asked of a link that is no port.")
        .command("bridge fdb add MAC dev DEV master static"),
    )
    .function(
        Function::new(
            "fdb.replace",
            (mac(), opts(options("nsh.fdb.ReplaceOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(fdb::replace(cx.ns, mac, &o.dev, &o.spec)?),
        )
        .doc("Adds an entry, or puts it in place of the one that the address has.\n\nRaises `not_found` if there is no such link.")
        .command("bridge fdb replace MAC dev DEV master static"),
    )
    .function(
        Function::new(
            "fdb.append",
            (mac(), opts(options("nsh.fdb.AppendOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(fdb::append(cx.ns, mac, &o.dev, &o.spec)?),
        )
        .doc(
            "Adds a further remote end for an address to a vxlan's database: frames for it go to each of them. So are \
             broadcasts (`00:00:00:00:00:00`) sent to several.\n\nIn a bridge's, where an \
             address is behind one port, it is as `fdb.replace`.\n\nRaises `not_found` if there is no such link.",
        )
        .command("bridge fdb append MAC dev DEV dst IP self permanent"),
    )
    .function(
        Function::new(
            "fdb.del",
            (mac(), opts(options("nsh.fdb.DelOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(fdb::del(cx.ns, mac, &o.dev, &o.spec)?),
        )
        .doc("Deletes an entry.\n\nRaises `not_found` if it isn't there.")
        .command("bridge fdb del MAC dev DEV master"),
    )
    .function(
        Function::new(
            "fdb.list",
            (opts(filter()),),
            ret::list(record(), "the entries"),
            |cx, (f,)| Ok(fdb::list(cx.ns, &f)?),
        )
        .doc("Lists the entries of all bridges and vxlans, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
        .command("bridge -s fdb show"),
    )
    .function(
        Function::new(
            "fdb.flush",
            (param("dev", ty::link(), "a bridge, or a port of one"),),
            ret::nothing(),
            |cx, (dev,)| Ok(fdb::flush(cx.ns, &dev)?),
        )
        .doc("Forgets what a bridge has learned, at all or behind one port.\n\nRaises `not_found` if there is no such link, `argument` if it is neither a bridge nor a port.")
        .command("bridge fdb flush dev DEV"),
    )
}
