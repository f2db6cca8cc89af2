//! Links as scripts see them.

use mlua::{Table, Value};

use crate::lua::schema::{Builder, Record};
use crate::net::link::{self, Common, Kind, Link, Port};

/// A link.
pub fn link() -> Record<Link> {
    let builder =
        Record::of("nsh.Link", "A network interface. Prints as in `ip -br link`, with its index and MTU.")
            .field("name", "its name", |l: &Link| l.name.clone())
            .field("kind", "veth, bridge, ...; none for lo and hardware", |l| l.kind.clone())
            .include(common(|_| true), |l| Some(&l.common))
            .field("master", "the bridge or VRF that it is a port of", |l| l.master.clone())
            .field("link", "the peer or the link below, if it is in the same namespace", |l| l.link.clone())
            .field("link_netns", "the namespace of that link, if it is another one", |l| {
                l.link_netns.clone()
            });
    let mut kinds = KindRecords(builder);
    link::visit(&mut kinds);
    kinds
        .0
        .field("port_kind", "what it is a port of: bridge, vrf, ...", |l| l.port_kind.clone())
        .record("port", port(), "what is particular to a port of a bridge", |l| l.port.as_deref())
        .field("vrf_table", "the routing table, of a port of a VRF", |l| l.vrf_table)
        .record("shape", super::shape::record(), "how it shapes what it sends, if it does", |l| {
            l.shape.as_deref()
        })
        .record(
            "shape_in",
            super::shape::record(),
            "how an ifb shapes what it receives, where its other end is in no namespace of the lab",
            |l| l.shape_in.as_deref(),
        )
        .show(|table| Ok(link::line(|name| text(table, name))))
}

/// What links of all kinds have; those attributes that `which` says, by name.
pub fn common(which: fn(&str) -> bool) -> Record<Common> {
    Builder::rows_where("nsh.Link", "", which).plain()
}

/// What is particular to links of the kind `T`.
pub fn kind<T: Kind>() -> Record<T> {
    Builder::rows(T::RECORD.0, T::RECORD.1).plain()
}

/// What is particular to a port of a bridge.
pub fn port() -> Record<Port> {
    Builder::rows("nsh.LinkPort", "What is particular to a port of a bridge.").plain()
}

/// A field for what is particular to each kind.
struct KindRecords(Builder<Link>);

impl link::Visit for KindRecords {
    fn kind<T: Kind>(&mut self) {
        let empty = Record::of("nsh.Link", "");
        let builder = std::mem::replace(&mut self.0, empty);
        self.0 = builder.record(T::NAMES[0], kind::<T>(), T::RECORD.2, |link| link.details.get::<T>());
    }
}

/// A field's text; of a list, its words.
fn text(table: &Table, name: &str) -> Option<String> {
    match table.raw_get(name).ok()? {
        Value::Nil => None,
        Value::Table(list) => Some(list.sequence_values::<String>().flatten().collect::<Vec<_>>().join(" ")),
        value => value.to_string().ok(),
    }
}
