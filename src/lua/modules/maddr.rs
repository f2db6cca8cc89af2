//! `maddr`: multicast groups that links have joined.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::maddr::{self, Membership};
use crate::net::prefix;

fn mac() -> Type<[u8; 6]> {
    ty::parsed("a hardware address such as \"01:00:5e:01:01:01\"", prefix::mac)
}

fn dev(name: &'static str) -> Shape<Membership> {
    Shape::rows_where(name, |name| name == "dev").requiring("dev")
}

fn record() -> Record<Membership> {
    Record::rows("nsh.Membership", "A group that a link has joined. Prints as in `ip maddress`, on one line.")
}

/// The link that is meant.
fn of(membership: &Membership) -> &str {
    membership.dev.as_ref().map_or("", |dev| &dev.0)
}

pub fn module() -> Module {
    let group = || param("mac", mac(), "the group's hardware address");
    Module::new(
        "maddr",
        "Multicast groups that links have joined. A socket joins one of IP (`udp.listen(ADDRESS, { join = GROUP })`) and leaves it \
         when it is closed; the kernel joins some by itself."
    )
    .function(
        Function::new(
            "maddr.list",
            (opts(Shape::<Membership>::rows("nsh.maddr.ListOptions")),),
            ret::list(record(), "the groups"),
            |cx, (f,)| Ok(maddr::list(cx.ns, &f)?),
        )
        .doc(
            "Lists the groups of all links, or those that all given options fit: what IPv4 and IPv6 have joined, and the hardware \
             addresses that the links take for it.\n\nRaises `not_found` if there is no such link.",
        )
        .command("ip maddress show"),
    )
    .function(
        Function::new(
            "maddr.add",
            (group(), opts(dev("nsh.maddr.AddOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(maddr::add(cx.ns, mac, of(&o))?),
        )
        .doc("Has a link take the frames to a group's hardware address, without IGMP or MLD.\n\nRaises `not_found` if there is no such link.")
        .command("ip maddress add MAC dev DEV"),
    )
    .function(
        Function::new(
            "maddr.del",
            (group(), opts(dev("nsh.maddr.DelOptions"))),
            ret::nothing(),
            |cx, (mac, o)| Ok(maddr::del(cx.ns, mac, of(&o))?),
        )
        .doc("Takes back what `maddr.add` did.\n\nRaises `not_found` if it isn't there, or there is no such link.")
        .command("ip maddress del MAC dev DEV"),
    )
}
