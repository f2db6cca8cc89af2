//! `addr`: addresses of links.

use crate::lua::registry::Module;
use crate::lua::schema::{Builder, Function, Record, Shape, object, opts, param, ret, ty};
use crate::model::Table;
use crate::net::addr::{self, Addr};

fn add_options() -> Shape<Addr> {
    Shape::rows_where("nsh.addr.AddOptions", |name| name != "family").requiring("dev")
}

fn filter(name: &'static str) -> Shape<Addr> {
    Shape::rows_where(name, |name| matches!(name, "dev" | "family" | "scope"))
}

pub fn record() -> Record<Addr> {
    Builder::rows("nsh.Addr", "An address of a link. Prints as in `ip -o addr`.")
        .field("address", "the address with its prefix length, such as 10.0.0.1/24", |a: &Addr| {
            a.prefix().to_string()
        })
        .field("flags", "secondary, tentative, dadfailed, deprecated, nodad, dynamic, ...", |a| {
            a.flag_words()
        })
        .show(|table| Ok(object::<Addr>(table).to_string()))
}

pub fn module() -> Module {
    let address =
        || param("address", ty::prefix(), "the address with its prefix length; alone, it is /32 or /128");
    Module::new(
        "addr",
        "IPv4 and IPv6 addresses of links.\n\nAn IPv6 address that is added can be used at once, without duplicate \
         address detection. The link-local addresses that links give themselves (fe80::...) are tentative for 1 to 2 s, as \
         the kernel has it; but in a namespace that forwards IPv6 they are made usable before the first probe, since a \
         router resolves its neighbours by them."
    )
        .function(
            Function::new("addr.add", (address(), opts(add_options())), ret::nothing(), |cx, (address, o)| {
                Ok(addr::add(cx.ns, address, &o)?)
            })
            .doc(
                "Adds an address to a link, and with it, once the link is up, the route to its subnet. An IPv6 address \
                 can be used at once: duplicate address detection runs only if asked for.\n\nRaises `exists` if the \
                 link has it, `not_found` if there is no such link.",
            )
            .listed(Some("address"))
            .command("ip addr add ADDRESS/LEN dev DEV"),
        )
        .function(
            Function::new("addr.replace", (address(), opts(add_options())), ret::nothing(), |cx, (address, o)| {
                Ok(addr::replace(cx.ns, address, &o)?)
            })
            .doc("Adds an address, or changes its lifetimes, flags and metric if the link has it.\n\nRaises `not_found` if there is no such link.")
            .command("ip addr replace ADDRESS/LEN dev DEV"),
        )
        .function(
            Function::new(
                "addr.del",
                (
                    address(),
                    opts(Shape::<Addr>::rows_where("nsh.addr.DelOptions", |name| name == "dev")),
                ),
                ret::nothing(),
                |cx, (address, o)| Ok(addr::del(cx.ns, address, o.dev.as_ref().map(|dev| dev.0.as_str()))?),
            )
            .doc("Deletes an address; without `dev`, from the only link that has it.\n\nRaises `address_not_available` or `not_found` if no link has it.")
            .command("ip addr del ADDRESS/LEN dev DEV"),
        )
        .function(
            Function::new(
                "addr.list",
                (opts(filter("nsh.addr.ListOptions")),),
                ret::list(record(), "the addresses, IPv4 first"),
                |cx, (f,)| Ok(addr::list(cx.ns, &f)?),
            )
            .doc("Lists the addresses, or those that all given options fit.\n\nRaises `not_found` if there is no such link.")
            .command("ip addr show"),
        )
        .function(
            Function::new(
                "addr.flush",
                (opts(filter("nsh.addr.FlushOptions")),),
                ret::value::<usize>("integer", "how many were deleted"),
                |cx, (f,)| Ok(addr::flush(cx.ns, &f)?),
            )
            .doc("Deletes the addresses that all given options fit; without options, all.\n\nRaises `not_found` if there is no such link.")
            .command("ip addr flush dev DEV"),
        )
}
