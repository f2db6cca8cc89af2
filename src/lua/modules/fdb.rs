//! `fdb`: forwarding databases of bridges and vxlans.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, Type, object, opts, param, ret, ty};
use crate::model::Table;
use crate::net::bridge::fdb::{self, Entry};
use crate::net::prefix;

fn mac_type() -> Type<[u8; 6]> {
    ty::parsed("a hardware address such as \"02:00:00:00:00:01\"", prefix::mac)
}

fn options(name: &'static str) -> Shape<Entry> {
    Shape::rows_where(name, |name| name != "mac").requiring("dev")
}

fn filter() -> Shape<Entry> {
    Shape::rows_where("nsh.fdb.ListOptions", |name| matches!(name, "dev" | "mac" | "vlan" | "type"))
}

pub fn record() -> Record<Entry> {
    Builder::rows("nsh.FdbEntry", "An entry of a forwarding database. Prints as in `bridge fdb`.")
        .field("flags", "self, router, extern_learn, offload, sticky, locked", |e: &Entry| e.flag_words())
        .show(|table| Ok(object::<Entry>(table).to_string()))
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
            |cx, (mac, o)| Ok(fdb::add(cx.ns, mac, &o)?),
        )
        .doc("Adds an entry.\n\nRaises `exists` if the address has one, `not_found` if there is no such link, `argument` if `master` is asked of a link that is no port.")
        .listed(Some("mac"))
        .command("bridge fdb add MAC dev DEV master static"),
    )
    .function(
        Function::new(
            "fdb.replace",
            (mac(), opts(options("nsh.fdb.ReplaceOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(fdb::replace(cx.ns, mac, &o)?),
        )
        .doc("Adds an entry, or puts it in place of the one that the address has.\n\nRaises `not_found` if there is no such link.")
        .command("bridge fdb replace MAC dev DEV master static"),
    )
    .function(
        Function::new(
            "fdb.append",
            (mac(), opts(options("nsh.fdb.AppendOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(fdb::append(cx.ns, mac, &o)?),
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
            |cx, (mac, o)| Ok(fdb::del(cx.ns, mac, &o)?),
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
