//! `addr`: addresses of links.

use mlua::{IntoLua, Lua, Table, Value};

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, Type, opts, param, ret, ty};
use crate::net::addr::{self, Addr, AddrSpec, Filter, Lifetime};
use crate::net::names;

/// Seconds, or "forever".
struct Shown(Lifetime);

impl IntoLua for Shown {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        match self.0 {
            Lifetime::Forever => "forever".into_lua(lua),
            Lifetime::Seconds(seconds) => seconds.into_lua(lua),
        }
    }
}

fn lifetime() -> Type<Lifetime> {
    ty::int(0..=u32::MAX - 1).map(Lifetime::Seconds).or(ty::one_of(&[("forever", Lifetime::Forever)]))
}

#[derive(Default)]
struct AddOptions {
    dev: String,
    spec: AddrSpec,
}

fn add_options() -> Shape<AddOptions> {
    Shape::<AddOptions>::new("nsh.addr.AddOptions")
        .required("dev", ty::link_name(), "the link", |o, v| o.dev = v)
        .field(
            "dad",
            ty::boolean(),
            "run duplicate address detection (IPv6): the address can be used 1 to 2 s later; default false",
            |o, v| o.spec.dad = v,
        )
        .field(
            "peer",
            ty::prefix(),
            "the other end of a point-to-point link, with its prefix length",
            |o, v| o.spec.peer = Some(v),
        )
        .field("broadcast", ty::from_str("an IPv4 address"), "the broadcast address; default none", |o, v| {
            o.spec.broadcast = Some(v)
        })
        .field(
            "scope",
            ty::numbered(&names::SCOPES, "a scope: global, link, host or site").map(|n| n as u8),
            "how far it reaches; default host for 127.0.0.0/8, else global",
            |o, v| o.spec.scope = Some(v),
        )
        .field("label", ty::string(), "a label that begins with the link's name (IPv4)", |o, v| {
            o.spec.label = Some(v)
        })
        .field("valid_lft", lifetime(), "seconds until it goes, or \"forever\"; default forever", |o, v| {
            o.spec.valid_lft = Some(v)
        })
        .field(
            "preferred_lft",
            lifetime(),
            "seconds until it is deprecated, or \"forever\"; default forever",
            |o, v| o.spec.preferred_lft = Some(v),
        )
        .field("metric", ty::int(0..=u32::MAX), "the metric of the connected route", |o, v| {
            o.spec.metric = Some(v)
        })
        .field("noprefixroute", ty::boolean(), "add no connected route; default false", |o, v| {
            o.spec.noprefixroute = v
        })
        .field(
            "optimistic",
            ty::boolean(),
            "use it during duplicate address detection (RFC 4429); default false",
            |o, v| o.spec.optimistic = v,
        )
        .field("home", ty::boolean(), "a home address of Mobile IPv6; default false", |o, v| o.spec.home = v)
        .field(
            "mngtmpaddr",
            ty::boolean(),
            "make temporary addresses from it (RFC 4941); default false",
            |o, v| o.spec.mngtmpaddr = v,
        )
        .field("autojoin", ty::boolean(), "join the multicast group that it is; default false", |o, v| {
            o.spec.autojoin = v
        })
        .field("proto", ty::int(0..=255), "who added it, a number (Linux 5.18)", |o, v| {
            o.spec.proto = Some(v)
        })
}

#[derive(Default)]
struct DelOptions {
    dev: Option<String>,
}

fn filter(name: &'static str) -> Shape<Filter> {
    Shape::<Filter>::new(name)
        .field("dev", ty::link_name(), "only addresses of this link", |f, v| f.dev = Some(v))
        .field("family", ty::family(), "only IPv4 (inet) or IPv6 (inet6)", |f, v| f.family = Some(v))
        .field(
            "scope",
            ty::numbered(&names::SCOPES, "a scope: global, link, host or site").map(|n| n as u8),
            "only addresses of this scope",
            |f, v| f.scope = Some(v),
        )
}

pub fn record() -> Record<Addr> {
    Record::of("nsh.Addr", "An address of a link. Prints as in `ip -o addr`.")
        .field("address", "string", "the address with its prefix length, such as 10.0.0.1/24", |a: &Addr| {
            a.prefix().to_string()
        })
        .field("local", "string", "the address alone", |a| a.local.to_string())
        .field("prefixlen", "integer", "the prefix length", |a| a.length)
        .field("family", "\"inet\"|\"inet6\"", "its family", |a| a.family.name())
        .field("dev", "string", "the link", |a| a.dev.clone())
        .field("index", "integer", "the link's index", |a| a.index)
        .field("peer", "string?", "the other end of a point-to-point link", |a| a.peer.map(|p| p.to_string()))
        .field("broadcast", "string?", "the broadcast address", |a| a.broadcast.map(|b| b.to_string()))
        .field("anycast", "string?", "the anycast address", |a| a.anycast.map(|b| b.to_string()))
        .field("scope", "string", "global, link, host, site or a number", |a| a.scope.clone())
        .field("label", "string?", "its label (IPv4)", |a| a.label.clone())
        .field("flags", "string[]", "secondary, tentative, dadfailed, deprecated, nodad, dynamic, ...", |a| {
            a.flags.clone()
        })
        .field("tentative", "boolean", "not usable yet: duplicate address detection runs", |a| {
            a.has("tentative")
        })
        .field("valid_lft", "integer|\"forever\"", "seconds until it goes", |a| Shown(a.valid_lft))
        .field("preferred_lft", "integer|\"forever\"", "seconds until it is deprecated", |a| {
            Shown(a.preferred_lft)
        })
        .field("metric", "integer?", "the metric of the connected route", |a| a.metric)
        .field("proto", "string?", "who added it: kernel_ll, kernel_ra, ...", |a| a.proto.clone())
        .show(show)
}

/// As in `ip -o addr`: `2: eth0    inet 10.0.0.1/24 scope global eth0`; without its lifetimes where it lives forever.
fn show(a: &Table) -> mlua::Result<String> {
    let value = |key: &str| match a.raw_get::<Value>(key)? {
        Value::Nil => Ok(None),
        value => value.to_string().map(Some),
    };
    let text = |key: &str| value(key).map(Option::unwrap_or_default);
    let index = value("index")?.map(|index| format!("{index}: ")).unwrap_or_default();
    let mut line = format!("{index}{}    {} {}", text("dev")?, text("family")?, text("local")?);
    if let Some(peer) = value("peer")? {
        line.push_str(&format!(" peer {peer}"));
    }
    line.push_str(&format!("/{}", text("prefixlen")?));
    for (key, word) in [("metric", "metric"), ("broadcast", "brd"), ("anycast", "any"), ("scope", "scope")] {
        if let Some(value) = value(key)? {
            line.push_str(&format!(" {word} {value}"));
        }
    }
    for flag in a.raw_get::<Option<Vec<String>>>("flags")?.unwrap_or_default() {
        line.push_str(&format!(" {flag}"));
    }
    for (key, word) in [("proto", " proto "), ("label", " ")] {
        if let Some(value) = value(key)? {
            line.push_str(&format!("{word}{value}"));
        }
    }
    let lifetime = |key: &str| -> mlua::Result<String> {
        let text = text(key)?;
        Ok(if text == "forever" { text } else { format!("{text}sec") })
    };
    let (valid, preferred) = (lifetime("valid_lft")?, lifetime("preferred_lft")?);
    if valid != "forever" || preferred != "forever" {
        line.push_str(&format!(" valid_lft {valid} preferred_lft {preferred}"));
    }
    Ok(line)
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
                Ok(addr::add(cx.ns, address, &o.dev, &o.spec)?)
            })
            .doc(
                "Adds an address to a link, and with it, once the link is up, the route to its subnet. An IPv6 address \
                 can be used at once: duplicate address detection runs only if asked for.\n\nRaises `exists` if the \
                 link has it, `not_found` if there is no such link.",
            )
            .command("ip addr add ADDRESS/LEN dev DEV"),
        )
        .function(
            Function::new("addr.replace", (address(), opts(add_options())), ret::nothing(), |cx, (address, o)| {
                Ok(addr::replace(cx.ns, address, &o.dev, &o.spec)?)
            })
            .doc("Adds an address, or changes its lifetimes, flags and metric if the link has it.\n\nRaises `not_found` if there is no such link.")
            .command("ip addr replace ADDRESS/LEN dev DEV"),
        )
        .function(
            Function::new(
                "addr.del",
                (
                    address(),
                    opts(Shape::<DelOptions>::new("nsh.addr.DelOptions").field(
                        "dev",
                        ty::link_name(),
                        "the link; may be left out if only one has the address",
                        |o, v| o.dev = Some(v),
                    )),
                ),
                ret::nothing(),
                |cx, (address, o)| Ok(addr::del(cx.ns, address, o.dev.as_deref())?),
            )
            .doc("Deletes an address.\n\nRaises `address_not_available` or `not_found` if no link has it.")
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
