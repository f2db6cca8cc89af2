//! `route`: routes, and the kernel's own lookup.

mod text;

use ipnetwork::IpNetwork;

use crate::lua::registry::Module;
use crate::lua::schema::{Cx, Failure, Function, Record, Shape, Type, Wrong, opts, param, ret, ty};
use crate::net::names;
use crate::net::namespace::Namespace;
use crate::net::route::{
    self, Filter, HopSpec, Lookup, Metrics, Nexthop, Pref, Route, RouteKind, RouteSpec, Tables, destination,
};

pub(super) fn dst() -> Type<Option<IpNetwork>> {
    ty::parsed("a destination such as \"default\", \"10.0.0.0/8\" or \"fd00::/64\"", destination)
}

fn kind() -> Type<RouteKind> {
    let kinds: Vec<_> =
        RouteKind::NAMES.iter().filter_map(|n| Some((*n, RouteKind::parse(n).ok()?))).collect();
    ty::one_of(&kinds)
}

pub fn table() -> Type<u32> {
    ty::numbered(&names::TABLES, "a table: main, local, default, or a name of /etc/iproute2/rt_tables")
}

fn scope() -> Type<u8> {
    ty::numbered(&names::SCOPES, "a scope: global, link, host or site").map(|n| n as u8)
}

fn proto() -> Type<u8> {
    ty::numbered(&names::PROTOCOLS, "a protocol such as static, kernel, boot or bird").map(|n| n as u8)
}

fn hop_options() -> Shape<HopSpec> {
    Shape::<HopSpec>::new("nsh.route.HopOptions")
        .field("via", ty::ip(), "the gateway", |h, v| h.via = Some(v))
        .field("dev", ty::link_name(), "the link", |h, v| h.dev = Some(v))
        .field("weight", ty::int(1..=256), "its share among the hops; default 1", |h, v| h.weight = Some(v))
        .field(
            "onlink",
            ty::boolean(),
            "the gateway is reachable though no address says so; default false",
            |h, v| h.onlink = v,
        )
}

fn metrics_options() -> Shape<Metrics> {
    Shape::<Metrics>::new("nsh.route.MetricsOptions")
        .field("mtu", ty::int(0..=65535), "the path's MTU in bytes", |m, v| m.mtu = Some(v))
        .field("window", ty::int(0..=u32::MAX), "TCP's largest window in bytes", |m, v| m.window = Some(v))
        .field("ssthresh", ty::int(0..=u32::MAX), "TCP's slow start threshold in segments", |m, v| {
            m.ssthresh = Some(v)
        })
        .field("cwnd", ty::int(0..=u32::MAX), "clamps TCP's congestion window, in segments", |m, v| {
            m.cwnd = Some(v)
        })
        .field("advmss", ty::int(0..=65535), "the MSS to advertise, in bytes", |m, v| m.advmss = Some(v))
        .field("reordering", ty::int(0..=u32::MAX), "TCP's initial reordering level", |m, v| {
            m.reordering = Some(v)
        })
        .field("hoplimit", ty::int(0..=255), "the hop limit (TTL) of packets", |m, v| m.hoplimit = Some(v))
        .field("initcwnd", ty::int(0..=u32::MAX), "TCP's initial congestion window, in segments", |m, v| {
            m.initcwnd = Some(v)
        })
        .field("initrwnd", ty::int(0..=u32::MAX), "TCP's initial receive window, in segments", |m, v| {
            m.initrwnd = Some(v)
        })
        .field("rto_min", ty::number(0.0..=4e6), "TCP's least retransmission timeout, in seconds", |m, v| {
            m.rto_min = Some(v)
        })
        .field("quickack", ty::int(0..=1), "1: acknowledge at once", |m, v| m.quickack = Some(v))
}

fn route_options(name: &'static str) -> Shape<RouteSpec> {
    let prefs: Vec<_> = Pref::NAMES.iter().filter_map(|n| Some((*n, Pref::parse(n)?))).collect();
    Shape::<RouteSpec>::new(name)
        .field("via", ty::ip(), "the gateway; an IPv6 one for an IPv4 route too", |r, v| r.via = Some(v))
        .field("dev", ty::link_name(), "the link; default the one on which the gateway is", |r, v| r.dev = Some(v))
        .field("src", ty::ip(), "the source address of packets from here", |r, v| r.src = Some(v))
        .field("metric", ty::int(0..=u32::MAX), "lower is better; default 0 for IPv4, 1024 for IPv6", |r, v| {
            r.metric = Some(v)
        })
        .field("table", table(), "the routing table; default main", |r, v| r.table = Some(v))
        .field("scope", scope(), "how far the destination is; default by type and gateway", |r, v| r.scope = Some(v))
        .field("proto", proto(), "who added it; default boot", |r, v| r.proto = Some(v))
        .field(
            "type",
            kind(),
            "what becomes of packets; default unicast. blackhole drops them, unreachable and prohibit answer with ICMP, \
             throw goes on with the next rule",
            |r, v| r.kind = v,
        )
        .field("family", ty::family(), "of a default route without a gateway; default inet", |r, v| r.family = Some(v))
        .field("onlink", ty::boolean(), "the gateway is reachable through `dev` though no address says so; default false", |r, v| {
            r.onlink = v
        })
        .field("nexthops", ty::list(hop_options().into()), "several next hops that share the packets (ECMP)", |r, v| {
            r.nexthops = v
        })
        .field("tos", ty::int(0..=255), "only packets of this TOS (IPv4)", |r, v| r.tos = Some(v))
        .field("metrics", metrics_options().into(), "properties of the path: mtu, advmss, ...", |r, v| r.metrics = v)
        .field("pref", ty::one_of(&prefs), "the preference of a default route (IPv6, RFC 4191)", |r, v| {
            r.pref = Some(v)
        })
        .field("expires", ty::int(1..=u32::MAX), "seconds until it goes (IPv6)", |r, v| r.expires = Some(v))
}

fn filter(name: &'static str) -> Shape<Filter> {
    filter_of(name).field("dst", dst(), "only routes to exactly this destination", |f, v| f.dst = Some(v))
}

/// All but the destination.
pub(super) fn filter_of(name: &'static str) -> Shape<Filter> {
    let tables =
        ty::int(0..=u32::MAX).map(Tables::One).or(ty::parsed("a table's name or \"all\"", |s| match s {
            "all" => Ok(Tables::All),
            name => names::TABLES.number(name).map(Tables::One),
        }));
    Shape::<Filter>::new(name)
        .field("table", tables, "only this table, or \"all\"; default main", |f, v| f.tables = v)
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6)", |f, v| f.family = Some(v))
        .field("proto", proto(), "only routes of this protocol", |f, v| f.proto = Some(v))
        .field("dev", ty::link_name(), "only routes through this link", |f, v| f.dev = Some(v))
        .field("via", ty::ip(), "only routes through this gateway", |f, v| f.via = Some(v))
        .field("type", kind(), "only routes of this type", |f, v| f.kind = Some(v))
        .field("scope", scope(), "only routes of this scope", |f, v| f.scope = Some(v))
        .field("src", ty::ip(), "only routes with this source address", |f, v| f.src = Some(v))
        .field("metric", ty::int(0..=u32::MAX), "only routes of this metric", |f, v| f.metric = Some(v))
}

/// What a lookup may know of the packet.
pub fn packet() -> Shape<Lookup> {
    Shape::<Lookup>::new("nsh.route.Packet")
        .field("from", ty::ip(), "the packet's source address", |l, v| l.from = Some(v))
        .field("iif", ty::link_name(), "the link on which the packet came in: asks for forwarding", |l, v| {
            l.iif = Some(v)
        })
        .field("oif", ty::link_name(), "the link through which it must leave", |l, v| l.oif = Some(v))
        .field("mark", ty::int(0..=u32::MAX), "its firewall mark", |l, v| l.mark = Some(v))
        .field("tos", ty::int(0..=255), "its TOS", |l, v| l.tos = Some(v))
        .field("uid", ty::int(0..=u32::MAX - 1), "the user who sends it", |l, v| l.uid = Some(v))
        .field("ipproto", ty::int(0..=255), "its protocol's number: 6 for TCP, 17 for UDP", |l, v| {
            l.ip_proto = Some(v)
        })
        .field("sport", ty::int(1..=65535), "its source port", |l, v| l.sport = Some(v))
        .field("dport", ty::int(1..=65535), "its destination port", |l, v| l.dport = Some(v))
}

fn lookup_options() -> Shape<Lookup> {
    Shape::<Lookup>::new("nsh.route.GetOptions").include(packet(), |lookup| lookup).field(
        "fibmatch",
        ty::boolean(),
        "return the route that matches, not the packet's way; default false",
        |l, v| l.fibmatch = v,
    )
}

fn metrics_record() -> Record<Metrics> {
    Record::of("nsh.RouteMetrics", "Properties of a path.")
        .field("mtu", "integer?", "the path's MTU in bytes", |m: &Metrics| m.mtu)
        .field("window", "integer?", "TCP's largest window in bytes", |m| m.window)
        .field("ssthresh", "integer?", "TCP's slow start threshold in segments", |m| m.ssthresh)
        .field("cwnd", "integer?", "the clamp on TCP's congestion window, in segments", |m| m.cwnd)
        .field("advmss", "integer?", "the MSS to advertise, in bytes", |m| m.advmss)
        .field("reordering", "integer?", "TCP's initial reordering level", |m| m.reordering)
        .field("hoplimit", "integer?", "the hop limit (TTL) of packets", |m| m.hoplimit)
        .field("initcwnd", "integer?", "TCP's initial congestion window, in segments", |m| m.initcwnd)
        .field("initrwnd", "integer?", "TCP's initial receive window, in segments", |m| m.initrwnd)
        .field("rto_min", "number?", "TCP's least retransmission timeout, in seconds", |m| m.rto_min)
        .field("quickack", "integer?", "1: acknowledge at once", |m| m.quickack)
        .field("rtt", "number?", "TCP's first estimate of the round-trip time, in seconds", |m| {
            m.rtt.map(|eighths| f64::from(eighths / 8) / 1000.0)
        })
        .field("rttvar", "number?", "and of its variance, in seconds", |m| {
            m.rttvar.map(|quarters| f64::from(quarters / 4) / 1000.0)
        })
        .field("features", "string?", "ecn, tcp_usec_ts", |m| m.feature_names())
        .field("congctl", "string?", "TCP's congestion control", |m| m.congctl.clone())
        .field("fastopen_no_cookie", "integer?", "1: TCP Fast Open without a cookie", |m| {
            m.fastopen_no_cookie
        })
        .field("lock", "string[]?", "the metrics that the kernel may not change by itself", |m| {
            Some(m.locked()).filter(|locked| !locked.is_empty())
        })
        .plain()
}

fn hop_record() -> Record<Nexthop> {
    Record::of("nsh.Nexthop", "One of several next hops of a route.")
        .field("via", "string?", "the gateway", |h: &Nexthop| h.via.map(|a| a.to_string()))
        .field("dev", "string?", "the link", |h| h.dev.clone())
        .field("weight", "integer", "its share among the hops", |h| h.weight)
        .field("flags", "string[]", "onlink, linkdown, dead, ...", |h| h.flags.clone())
        .field("encap", "string?", "as the route's", |h| h.encap.clone())
        .plain()
}

pub fn record() -> Record<Route> {
    Record::of("nsh.Route", "A route. Prints as in `ip route`.")
        .field("dst", "string", "the destination: a prefix, or \"default\"", |r: &Route| r.destination())
        .field("family", "\"inet\"|\"inet6\"", "its family", |r| r.family.name())
        .field("type", "string", "unicast, blackhole, unreachable, prohibit, local, ...", |r| r.kind.name())
        .field("via", "string?", "the gateway", |r| r.via.map(|a| a.to_string()))
        .field("dev", "string?", "the link", |r| r.dev.clone())
        .field("src", "string?", "the source address of packets from here", |r| r.src.map(|a| a.to_string()))
        .field("metric", "integer?", "lower is better", |r| r.metric)
        .field("table", "string", "main, local, or another name or number", |r| r.table.clone())
        .field("proto", "string", "who added it: kernel, boot, static, ...", |r| r.proto.clone())
        .field("scope", "string", "global, link, host, ...", |r| r.scope.clone())
        .field("tos", "integer?", "only packets of this TOS", |r| Some(r.tos).filter(|t| *t != 0))
        .field("flags", "string[]", "onlink, linkdown, dead, ...", |r| r.flags.clone())
        .list("nexthops", hop_record(), "the next hops, where there are several", |r| &r.nexthops)
        .record("metrics", metrics_record(), "properties of the path", |r| {
            use crate::net::attributes::OptionSet;
            Some(&r.metrics).filter(|m| !m.is_empty())
        })
        .field(
            "from",
            "string?",
            "the source: that a lookup asked for, or (IPv6) the prefix of sources that it is for",
            |r| r.source(),
        )
        .field("iif", "string?", "the incoming link that a lookup asked for", |r| r.iif.clone())
        .field("mark", "integer?", "the mark that a lookup asked for", |r| r.mark)
        .field("uid", "integer?", "the user that a lookup asked for", |r| r.uid)
        .field("expires", "number?", "seconds until it goes", |r| r.expires)
        .field("pref", "string?", "the preference of a default route (IPv6)", |r| {
            r.pref.map(|p| format!("{p:?}").to_lowercase())
        })
        .field("nhid", "integer?", "the nexthop object that it uses", |r| r.nhid)
        .field("encap", "string?", "what is put around packets, such as `mpls 100/200`", |r| r.encap.clone())
        .field("realms", "string?", "the realms of routing, TO or FROM/TO", |r| r.realms.clone())
        .field("error", "integer?", "the error that packets get, of a type that drops", |r| r.error)
        .field("cache", "string[]?", "its flags, of an entry of the cache (IPv4): what a lookup found", |r| {
            r.cache()
        })
        .show(text::show)
}

/// Puts the destination into the spec and checks what belongs together.
fn spec(dst: Option<IpNetwork>, mut spec: RouteSpec) -> Result<RouteSpec, Wrong> {
    if spec.family.is_some() && dst.is_some() {
        return Err(Wrong::new("the family follows from the destination; it is for \"default\" alone")
            .within("opts.family"));
    }
    spec.dst = dst;
    Ok(spec)
}

type Change = fn(&Namespace, &RouteSpec) -> crate::base::error::Result<()>;

fn change(cx: &Cx<'_>, dst: Option<IpNetwork>, options: RouteSpec, f: Change) -> Result<(), Failure> {
    Ok(f(cx.ns, &spec(dst, options)?)?)
}

pub fn module() -> Module {
    let to = || param("dst", dst(), "the destination, without host bits; \"default\" for all");
    Module::new("route", "IPv4 and IPv6 routes, and the kernel's own lookup.")
        .function(
            Function::new(
                "route.add",
                (to(), opts(route_options("nsh.route.AddOptions"))),
                ret::nothing(),
                |cx, (dst, options)| change(cx, dst, options, route::add),
            )
            .doc(
                "Adds a route. A `default` route is of the gateway's family.\n\nRaises `exists` if there is one to the \
                 destination with the same metric, `network_unreachable` if the gateway is in no subnet of a link that \
                 is up, `argument` if the destination has host bits.",
            )
            .command("ip route add DST via GATEWAY dev DEV"),
        )
        .function(
            Function::new(
                "route.replace",
                (to(), opts(route_options("nsh.route.ReplaceOptions"))),
                ret::nothing(),
                |cx, (dst, options)| change(cx, dst, options, route::replace),
            )
            .doc("Adds a route, or puts it in the place of the one to the same destination with the same metric.\n\nRaises `network_unreachable` as route.add.")
            .command("ip route replace DST via GATEWAY dev DEV"),
        )
        .function(
            Function::new(
                "route.del",
                (to(), opts(route_options("nsh.route.DelOptions"))),
                ret::nothing(),
                |cx, (dst, options)| change(cx, dst, options, route::del),
            )
            .doc("Deletes the first route to the destination that all given options fit.\n\nRaises `not_found` if there is none.")
            .command("ip route del DST"),
        )
        .function(
            Function::new(
                "route.get",
                (param("dst", ty::ip(), "the address that a packet goes to"), opts(lookup_options())),
                ret::record(record(), "the way that the packet takes"),
                |cx, (dst, lookup)| Ok(route::get(cx.ns, dst, &lookup)?),
            )
            .doc("Asks the kernel which way a packet takes: link, gateway and source address.\n\nRaises `network_unreachable` if there is no route, and the error of an unreachable, prohibit or blackhole route.")
            .command("ip route get DST"),
        )
        .function(
            Function::new(
                "route.list",
                (opts(filter("nsh.route.ListOptions")),),
                ret::list(record(), "the routes, in the kernel's order"),
                |cx, (f,)| Ok(route::list(cx.ns, &f)?),
            )
            .doc("Lists the routes of the main table, or those that all given options fit; IPv4 first.\n\nRaises `not_found` if there is no such link.")
            .command("ip route show"),
        )
        .function(
            Function::new(
                "route.flush",
                (opts(filter("nsh.route.FlushOptions")),),
                ret::value::<usize>("integer", "how many were deleted"),
                |cx, (f,)| Ok(route::flush(cx.ns, &f)?),
            )
            .doc("Deletes the routes of the main table, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
            .command("ip route flush table main"),
        )
}
