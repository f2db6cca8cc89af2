//! `mroute`: static routes of multicast.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, opts, ret};
use crate::net::mroute::{self, Mroute};

pub fn record() -> Record<Mroute> {
    Record::rows("nsh.Mroute", "A route of multicast. Prints as in `ip mroute`, on one line.")
}

fn options(name: &'static str) -> Shape<Mroute> {
    Shape::<Mroute>::rows(name).requiring("group").requiring("iif").requiring("oifs")
}

fn which(name: &'static str) -> Shape<Mroute> {
    Shape::<Mroute>::rows_where(name, |row| matches!(row, "group" | "from")).requiring("group")
}

pub fn module() -> Module {
    Module::new(
        "mroute",
        "Static routes of multicast, as smcroute has them: the packets that a sender sends to a group, and that come in by one \
         link, go on by others. The namespace is a router of multicast while it has some; those of a link's own groups \
         (224.0.0.0/24, ff02::/16) are never forwarded. A sender must make its packets with a TTL above 1, and `maddr.list` tells \
         who has joined a group. Where another program routes multicast (a daemon of PIM), the routes stand beside its own.",
    )
    .function(
        Function::new(
            "mroute.add",
            (opts(options("nsh.mroute.AddOptions")),),
            ret::nothing(),
            |cx, (route,)| Ok(mroute::add(cx.ns, &route)?),
        )
        .doc(
            "Adds a route. It goes with the script, or with `mroute.flush`.\n\nRaises `exists` if there is one for the group and \
             sender, `not_found` for a link, `argument` for a group that no router forwards, `unsupported` if the kernel lacks \
             it (CONFIG_IP_MROUTE, CONFIG_IPV6_MROUTE).",
        )
        .command("smcroutectl add IIF FROM GROUP OIFS..."),
    )
    .function(
        Function::new(
            "mroute.replace",
            (opts(options("nsh.mroute.ReplaceOptions")),),
            ret::nothing(),
            |cx, (route,)| Ok(mroute::replace(cx.ns, &route)?),
        )
        .doc("Adds a route, or puts it in the place of the one for its group and sender.\n\nRaises as mroute.add.")
        .command("smcroutectl add IIF FROM GROUP OIFS..."),
    )
    .function(
        Function::new(
            "mroute.del",
            (opts(which("nsh.mroute.DelOptions")),),
            ret::nothing(),
            |cx, (route,)| Ok(mroute::del(cx.ns, &route)?),
        )
        .doc("Deletes the route for a group and sender.\n\nRaises `not_found` if there is none.")
        .command("smcroutectl remove IIF FROM GROUP"),
    )
    .function(
        Function::new(
            "mroute.list",
            (opts(Shape::<Mroute>::rows("nsh.mroute.ListOptions")),),
            ret::list(record(), "the routes, those of IPv4 first"),
            |cx, (filter,)| Ok(mroute::list(cx.ns, &filter)?),
        )
        .doc(
            "Lists the routes, whoever made them, or those that have all that is given. One that is `unresolved` tells of packets \
             that came and have no route. A kernel that can't route multicast has none.",
        )
        .command("ip mroute show"),
    )
    .function(
        Function::new(
            "mroute.flush",
            (),
            ret::value::<usize>("integer", "how many were deleted"),
            |cx, ()| Ok(mroute::flush(cx.ns)?),
        )
        .doc("Deletes all routes, and the namespace is no router of multicast any more.")
        .command("smcroutectl flush"),
    )
}
