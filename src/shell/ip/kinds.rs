//! What `ip link add ... type KIND` takes of each kind.

use super::super::args::{Arg, Args, Fields, Reason, Result};
use super::super::lua::Expr;

/// How an option's value is read.
#[derive(Clone, Copy)]
enum Value {
    Integer,
    /// `1` or `0`
    Flag,
    /// A time in hundredths of a second.
    Time,
    Text,
    /// No value: it is switched on.
    On,
    Off,
    Switch,
    /// `mcast_router`, by its number.
    Router,
    /// A port's state, by number or name.
    State,
}

use Value::{Flag, Integer, Off, On, Router, State, Switch, Text, Time};

/// `ip`'s word, ours, and its value.
type Row = (&'static str, &'static str, Value);

const BRIDGE: &[Row] = &[
    ("stp_state", "stp", Flag),
    ("ageing_time", "ageing", Time),
    ("forward_delay", "forward_delay", Time),
    ("hello_time", "hello_time", Time),
    ("max_age", "max_age", Time),
    ("priority", "priority", Integer),
    ("vlan_filtering", "vlan_filtering", Flag),
    ("vlan_protocol", "vlan_protocol", Text),
    ("vlan_default_pvid", "vlan_default_pvid", Integer),
    ("vlan_stats_enabled", "vlan_stats_enabled", Flag),
    ("vlan_stats_per_port", "vlan_stats_per_port", Flag),
    ("group_fwd_mask", "group_fwd_mask", Integer),
    ("group_address", "group_address", Text),
    ("mcast_snooping", "mcast_snooping", Flag),
    ("mcast_router", "mcast_router", Router),
    ("mcast_query_use_ifaddr", "mcast_query_use_ifaddr", Flag),
    ("mcast_querier", "mcast_querier", Flag),
    ("mcast_hash_elasticity", "mcast_hash_elasticity", Integer),
    ("mcast_hash_max", "mcast_hash_max", Integer),
    ("mcast_last_member_count", "mcast_last_member_count", Integer),
    ("mcast_startup_query_count", "mcast_startup_query_count", Integer),
    ("mcast_last_member_interval", "mcast_last_member_interval", Time),
    ("mcast_membership_interval", "mcast_membership_interval", Time),
    ("mcast_querier_interval", "mcast_querier_interval", Time),
    ("mcast_query_interval", "mcast_query_interval", Time),
    ("mcast_query_response_interval", "mcast_query_response_interval", Time),
    ("mcast_startup_query_interval", "mcast_startup_query_interval", Time),
    ("mcast_stats_enabled", "mcast_stats_enabled", Flag),
    ("mcast_igmp_version", "mcast_igmp_version", Integer),
    ("mcast_mld_version", "mcast_mld_version", Integer),
    ("nf_call_iptables", "nf_call_iptables", Flag),
    ("nf_call_ip6tables", "nf_call_ip6tables", Flag),
    ("nf_call_arptables", "nf_call_arptables", Flag),
    ("fdb_max_learned", "fdb_max_learned", Integer),
    ("no_linklocal_learn", "no_linklocal_learn", Flag),
    ("mcast_vlan_snooping", "mcast_vlan_snooping", Flag),
    ("mst_enabled", "mst_enabled", Flag),
];

const VLAN: &[Row] = &[("id", "id", Integer), ("protocol", "protocol", Text), ("proto", "protocol", Text)];

/// Options that there are, and that have no binding.
const BEYOND: &[&str] = &[
    "gvrp",
    "mvrp",
    "loose_binding",
    "bridge_binding",
    "reorder_hdr",
    "ingress-qos-map",
    "egress-qos-map",
    "nopromisc",
];

const VXLAN: &[Row] = &[
    ("id", "id", Integer),
    ("vni", "id", Integer),
    ("dstport", "dstport", Integer),
    ("ttl", "ttl", Integer),
    ("hoplimit", "ttl", Integer),
    ("tos", "tos", Integer),
    ("dsfield", "tos", Integer),
    ("df", "df", Text),
    ("flowlabel", "flowlabel", Integer),
    ("label", "flowlabel", Integer),
    ("learning", "learning", On),
    ("nolearning", "learning", Off),
    ("ageing", "ageing", Integer),
    ("maxaddress", "max_addresses", Integer),
    ("proxy", "proxy", On),
    ("noproxy", "proxy", Off),
    ("rsc", "rsc", On),
    ("norsc", "rsc", Off),
    ("l2miss", "l2miss", On),
    ("nol2miss", "l2miss", Off),
    ("l3miss", "l3miss", On),
    ("nol3miss", "l3miss", Off),
    ("udpcsum", "udp_csum", On),
    ("noudpcsum", "udp_csum", Off),
    ("udp6zerocsumtx", "udp_zero_csum6_tx", On),
    ("noudp6zerocsumtx", "udp_zero_csum6_tx", Off),
    ("udp6zerocsumrx", "udp_zero_csum6_rx", On),
    ("noudp6zerocsumrx", "udp_zero_csum6_rx", Off),
    ("gbp", "gbp", On),
    ("external", "external", On),
    ("vnifilter", "vnifilter", On),
];

const PORT: &[Row] = &[
    ("state", "state", State),
    ("priority", "priority", Integer),
    ("cost", "cost", Integer),
    ("hairpin", "hairpin", Switch),
    ("guard", "guard", Switch),
    ("root_block", "root_block", Switch),
    ("fastleave", "fastleave", Switch),
    ("fast_leave", "fastleave", Switch),
    ("mcast_fast_leave", "fastleave", Switch),
    ("learning", "learning", Switch),
    ("flood", "flood", Switch),
    ("mcast_flood", "mcast_flood", Switch),
    ("bcast_flood", "bcast_flood", Switch),
    ("mcast_to_unicast", "mcast_to_unicast", Switch),
    ("mcast_router", "mcast_router", Router),
    ("mcast_max_groups", "mcast_max_groups", Integer),
    ("proxy_arp", "proxy_arp", Switch),
    ("proxy_arp_wifi", "proxy_arp_wifi", Switch),
    ("neigh_suppress", "neigh_suppress", Switch),
    ("vlan_tunnel", "vlan_tunnel", Switch),
    ("isolated", "isolated", Switch),
    ("locked", "locked", Switch),
    ("mab", "mab", Switch),
    ("group_fwd_mask", "group_fwd_mask", Integer),
];

/// Reads a kind's options into the table of that kind's name.
pub fn options(kind: &str, args: &mut Args, fields: &mut Fields) -> Result<()> {
    let mut own = Fields::default();
    match kind {
        "bridge" => rows(kind, BRIDGE, args, &mut own)?,
        "vlan" => rows(kind, VLAN, args, &mut own)?,
        "macvlan" | "macvtap" => {
            rows(kind, &[("mode", "mode", Text), ("bcqueuelen", "bc_queue_len", Integer)], args, &mut own)?
        }
        "ipvlan" | "ipvtap" => rows(kind, &[("mode", "mode", Text)], args, &mut own)?,
        "vrf" => rows(kind, &[("table", "table", Integer)], args, &mut own)?,
        "vxlan" => vxlan(args, &mut own, fields)?,
        "dummy" | "ifb" | "wireguard" | "nlmon" | "vcan" | "can" if args.is_empty() => {}
        _ if args.is_empty() => {}
        kind => return Err(Reason::beyond(format!("options of the kind {kind} have no binding"))),
    }
    let table = match kind {
        "macvtap" => "macvlan",
        "ipvtap" => "ipvlan",
        kind => kind,
    };
    if !own.is_empty() {
        fields.set(table, own.table());
    }
    Ok(())
}

/// `type bridge_slave`, and `bridge link set`.
pub fn port(args: &mut Args, fields: &mut Fields) -> Result<()> {
    let mut own = Fields::default();
    rows("bridge_slave", PORT, args, &mut own)?;
    fields.set("port", own.table());
    Ok(())
}

/// A port's option, with its value: false if it isn't one.
pub fn port_option(option: &Arg, args: &mut Args, own: &mut Fields) -> Result<bool> {
    one(PORT, option, args, own)
}

/// The words of a port's options.
pub fn port_words() -> impl Iterator<Item = &'static str> {
    PORT.iter().map(|row| row.0)
}

fn rows(kind: &str, rows: &[Row], args: &mut Args, own: &mut Fields) -> Result<()> {
    while let Some(option) = args.take() {
        if !one(rows, &option, args, own)? {
            return Err(unknown(kind, &option, rows.iter().map(|row| row.0)));
        }
    }
    Ok(())
}

fn unknown<'a>(kind: &str, option: &Arg, known: impl IntoIterator<Item = &'a str>) -> Reason {
    let shown = option.shown();
    if BEYOND.contains(&option.text()) {
        return Reason::beyond(format!("{kind}: {shown} has no binding"));
    }
    Reason::new(format!("{kind}: unknown option \"{shown}\"")).near(&shown, known)
}

fn one(rows: &[Row], option: &Arg, args: &mut Args, own: &mut Fields) -> Result<bool> {
    let Some((word, name, value)) = rows.iter().find(|row| option.is(row.0)) else { return Ok(false) };
    let value = match value {
        On => Expr::code("true"),
        Off => Expr::code("false"),
        value => read(word, *value, &args.value(word)?)?,
    };
    own.set(name, value);
    Ok(true)
}

fn read(word: &str, value: Value, arg: &Arg) -> Result<Expr> {
    let numbered = |names: &[&str]| match arg.known.as_deref().map(str::parse::<usize>) {
        Some(Ok(number)) => {
            let name = names.get(number);
            name.map(|n| Expr::text(*n))
                .ok_or_else(|| Reason::new(format!("{word}: no state has this number")))
        }
        _ => Ok(arg.expr()),
    };
    match value {
        Integer => arg.integer(word),
        Flag => arg.flag(word),
        Time => arg.hundredths(word),
        Text => Ok(arg.expr()),
        Switch => arg.switch(word),
        Router => numbered(&["disabled", "learn", "permanent", "temporary"]),
        State => numbered(&["disabled", "listening", "learning", "forwarding", "blocking"]),
        On | Off => Ok(Expr::code("true")),
    }
}

fn vxlan(args: &mut Args, own: &mut Fields, fields: &mut Fields) -> Result<()> {
    while let Some(option) = args.take() {
        match option.text() {
            "dev" => fields.set("link", args.value("dev")?.expr()),
            word @ ("remote" | "group" | "local") => {
                let address = args.value(word)?;
                let name = if word == "group" { "remote" } else { word };
                let six = address.known.as_deref().is_some_and(|a| a.contains(':'));
                own.set(&format!("{name}{}", if six { "6" } else { "" }), address.expr());
            }
            "ttl" | "hoplimit" if args.peek().is_some_and(|a| a.is("auto") || a.is("inherit")) => {
                if args.value("ttl")?.is("inherit") {
                    return Err(Reason::beyond("ttl inherit has no binding"));
                }
            }
            // The kernel's own port.
            "dstport" if args.peek().is_some_and(|a| a.is("0")) => drop(args.take()),
            "port" | "srcport" | "gpe" | "ttl_inherit" => {
                return Err(Reason::beyond(format!("vxlan: {} has no binding", option.shown())));
            }
            _ if one(VXLAN, &option, args, own)? => {}
            _ => {
                let known = VXLAN.iter().map(|row| row.0).chain(["dev", "remote", "local", "group"]);
                return Err(unknown("vxlan", &option, known));
            }
        }
    }
    Ok(())
}
