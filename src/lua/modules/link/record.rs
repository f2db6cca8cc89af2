//! Links and their counters as scripts see them.

use mlua::Table;

use crate::lua::schema::{Builder, Record};
use crate::net::link::{self, Kind, Link, Port, Stats};

/// A link.
pub fn link() -> Record<Link> {
    let mut kinds = KindRecords(common_fields());
    link::visit(&mut kinds);
    kinds
        .0
        .field("port_kind", "string?", "what it is a port of: bridge, vrf, ...", |l| l.port_kind.clone())
        .record("port", port(), "what is particular to a port of a bridge", |l| l.port.as_deref())
        .field("vrf_table", "integer?", "the routing table, of a port of a VRF", |l| l.vrf_table)
        .show(show)
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

fn common_fields() -> Builder<Link> {
    Record::of("nsh.Link", "A network interface. Prints as in `ip -br link`, with its index and MTU.")
        .field("index", "integer", "its index", |l: &Link| l.index)
        .field("name", "string", "its name", |l| l.name.clone())
        .field("kind", "string?", "veth, bridge, ...; none for lo and hardware", |l| l.kind.clone())
        .field("type", "string", "ether, loopback, ...", |l| l.link_type.clone())
        .field("mac", "string?", "its hardware address", |l| l.mac.clone())
        .field("broadcast", "string?", "the hardware address of broadcasts", |l| l.broadcast.clone())
        .field("permanent_mac", "string?", "the address burnt in, if another is in use", |l| {
            l.permanent_mac.clone()
        })
        .field("mtu", "integer", "bytes", |l| l.mtu)
        .field("min_mtu", "integer", "the least MTU it can have", |l| l.min_mtu)
        .field("max_mtu", "integer", "the greatest MTU it can have, 0 for no limit", |l| l.max_mtu)
        .field("flags", "string[]", "UP, LOWER_UP, NO-CARRIER, ..., as `ip link` shows them", |l| {
            l.flags.clone()
        })
        .field("up", "boolean", "administratively up", |l| l.up)
        .field("carrier", "boolean", "something is at the other end", |l| l.carrier)
        .field("operstate", "string", "UP, DOWN, UNKNOWN, LOWERLAYERDOWN, DORMANT, ... (RFC 2863)", |l| {
            l.operstate.clone()
        })
        .field("mode", "string", "DEFAULT or DORMANT", |l| l.mode.clone())
        .field("master", "string?", "the bridge or VRF that it is a port of", |l| l.master.clone())
        .field("link", "string?", "the peer or the link below, if it is in the same namespace", |l| {
            l.link.clone()
        })
        .field("link_index", "integer?", "the index of the peer or of the link below", |l| l.link_index)
        .field("link_netns", "string?", "the namespace of that link, if it is another one", |l| {
            l.link_netns.clone()
        })
        .field("link_netnsid", "integer?", "the kernel's number for that namespace", |l| l.link_netnsid)
        .field("qdisc", "string", "its queueing discipline", |l| l.qdisc.clone())
        .field("group", "string", "its group, by name or number", |l| l.group.clone())
        .field("txqlen", "integer", "the transmit queue's length, in packets", |l| l.txqlen)
        .field("alias", "string?", "a text for people", |l| l.alias.clone())
        .field("altnames", "string[]", "its alternative names", |l| l.altnames.clone())
        .field("promiscuity", "integer", "how many ask it to be promiscuous", |l| l.promiscuity)
        .field("allmulti", "integer", "how many ask it for all multicast", |l| l.allmulti)
        .field("tx_queues", "integer", "its transmit queues", |l| l.tx_queues)
        .field("rx_queues", "integer", "its receive queues", |l| l.rx_queues)
        .field("carrier_changes", "integer", "how often the carrier came or went", |l| l.carrier_changes)
        .field("protodown", "boolean", "a protocol keeps it down", |l| l.protodown)
        .field("gso_max_size", "integer", "the largest packet to be segmented, in bytes", |l| l.gso_max_size)
        .field("gso_max_segs", "integer", "the most segments of one packet", |l| l.gso_max_segs)
        .field("tso_max_size", "integer", "as gso_max_size, of the device", |l| l.tso_max_size)
        .field("tso_max_segs", "integer", "as gso_max_segs, of the device", |l| l.tso_max_segs)
        .field("gro_max_size", "integer", "the largest packet that is put together, in bytes", |l| {
            l.gro_max_size
        })
        .field("addrgenmode", "string?", "how it makes its IPv6 link-local address", |l| {
            l.addrgenmode.clone()
        })
        .field("parent_bus", "string?", "the bus of hardware", |l| l.parent_bus.clone())
        .field("parent_dev", "string?", "the device of hardware", |l| l.parent_dev.clone())
}

/// As in `ip -br link`, with what people look for besides:
/// `2: veth1@eth0  UP  02:42:...  mtu 1500 <BROADCAST,MULTICAST,UP,LOWER_UP>`.
fn show(link: &Table) -> mlua::Result<String> {
    let text = |key: &str| link.raw_get::<Option<String>>(key).map(Option::unwrap_or_default);
    let peer = match (link.raw_get::<Option<String>>("link")?, link.raw_get::<Option<u32>>("link_index")?) {
        (Some(name), _) => format!("@{name}"),
        (None, Some(index)) => format!("@if{index}"),
        _ => String::new(),
    };
    let index = link.raw_get::<Option<u32>>("index")?.map(|index| format!("{index}: ")).unwrap_or_default();
    let name = format!("{index}{}{peer}", text("name")?);
    let mut flags = Vec::new();
    if let Some(list) = link.raw_get::<Option<Table>>("flags")? {
        for flag in list.sequence_values::<String>() {
            flags.push(flag?);
        }
    }
    let mut line = format!(
        "{name:<18} {:<7} {:<17} mtu {} <{}>",
        text("operstate")?,
        text("mac")?,
        text("mtu")?,
        flags.join(",")
    );
    for (key, word) in [("master", "master"), ("link_netns", "link-netns")] {
        if let Some(value) = link.raw_get::<Option<String>>(key)? {
            line.push_str(&format!(" {word} {value}"));
        }
    }
    Ok(line)
}

/// Declares the record of counters: each with its doc.
macro_rules! counters {
    ($($name:ident: $doc:literal;)*) => {
        /// A link's counters.
        pub fn stats() -> Record<Stats> {
            Record::of("nsh.LinkStats", "A link's counters since it was made.")
                $(.field(stringify!($name), "integer", $doc, |s: &Stats| s.$name))*
                .show(show_stats)
        }
    };
}

counters! {
    rx_packets: "packets received";
    tx_packets: "packets sent";
    rx_bytes: "bytes received";
    tx_bytes: "bytes sent";
    rx_errors: "bad packets received";
    tx_errors: "packets that could not be sent";
    rx_dropped: "packets received, but not processed";
    tx_dropped: "packets dropped on the way out";
    multicast: "multicast packets received";
    collisions: "collisions while sending";
    rx_length_errors: "packets of a wrong length";
    rx_over_errors: "packets that overran the ring";
    rx_crc_errors: "packets with a wrong checksum";
    rx_frame_errors: "frames out of alignment";
    rx_fifo_errors: "packets that overran the FIFO";
    rx_missed_errors: "packets missed for want of buffers";
    tx_aborted_errors: "packets whose sending was aborted";
    tx_carrier_errors: "packets lost for want of carrier";
    tx_fifo_errors: "packets that underran the FIFO";
    tx_heartbeat_errors: "heartbeats missed";
    tx_window_errors: "late collisions";
    rx_compressed: "compressed packets received";
    tx_compressed: "compressed packets sent";
    rx_nohandler: "packets for which nothing was there";
    rx_otherhost_dropped: "packets for other hosts";
    carrier_changes: "how often the carrier came or went";
    carrier_up_count: "how often the carrier came";
    carrier_down_count: "how often the carrier went";
}

/// As in `ip -s link`: the most asked for, in two lines.
fn show_stats(stats: &Table) -> mlua::Result<String> {
    let line = |way: &str| -> mlua::Result<String> {
        let count =
            |what: &str| stats.raw_get::<Option<u64>>(format!("{way}_{what}")).map(Option::unwrap_or_default);
        Ok(format!(
            "{}: {} packets, {} bytes, {} errors, {} dropped",
            way.to_uppercase(),
            count("packets")?,
            count("bytes")?,
            count("errors")?,
            count("dropped")?
        ))
    };
    Ok(format!("{}\n{}", line("rx")?, line("tx")?))
}
