//! Flow tables.

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Shape, opts, param, ret, ty};
use crate::net::nf::firewall::{self, Flowtable};

pub(super) fn options(name: &'static str) -> Shape<Flowtable> {
    Shape::<Flowtable>::new(name)
        .required(
            "devices",
            ty::one_or_list(ty::link()),
            "the links between which its connections go; both directions need theirs",
            |o, v| o.devices = v,
        )
        .field(
            "priority",
            ty::int(i32::MIN..=i32::MAX),
            "among what looks at packets where they come in; default 0",
            |o, v| o.priority = v,
        )
        .field("counter", ty::boolean(), "count what goes by it, as conntrack.list shows", |o, v| {
            o.counter = v
        })
        .field("offload", ty::boolean(), "let the links' hardware forward", |o, v| o.offload = v)
}

fn record() -> Record<Flowtable> {
    Record::of("nsh.firewall.Flowtable", "A flow table. It prints as nft shows it, on one line.")
        .field("name", "its name", |t: &Flowtable| t.name.clone())
        .field("handle", "its number in the table", |t| t.handle)
        .field("devices", "the links between which its connections go", |t| t.devices.clone())
        .field("priority", "among what looks at packets where they come in", |t| t.priority)
        .field("counter", "whether what goes by it is counted", |t| t.counter)
        .field("offload", "whether the links' hardware forwards", |t| t.offload)
        .field("rules", "how many rules put connections into it", |t| t.rules)
        .shown(|t| t.to_string())
}

pub(super) fn functions(module: Module) -> Module {
    let name = || param("name", ty::string(), "the flow table's name");
    module
        .function(
            Function::new(
                "firewall.add_flowtable",
                (name(), opts(options("nsh.firewall.AddFlowtableOptions"))),
                ret::nothing(),
                |cx, (name, table): (String, Flowtable)| {
                    let table = Flowtable { name: name.clone(), ..table };
                    Ok(firewall::add_flowtable(cx.ns, &table).map_err(|e| e.on(name))?)
                },
            )
            .doc(
                "Makes a flow table. A rule of `forward` puts connections into it (`action = \"flow add @NAME\"`), whose later \
                 packets go from link to link past the chains, with their TTL and NAT changed as before. Packets that are \
                 too large, or of a connection that ends, take the long way.\n\nRaises `exists` if there is one, `not_found` for a \
                 link, `unsupported` if the kernel has none.",
            )
            .command("nft add flowtable inet nsh NAME '{ hook ingress priority 0; devices = { eth0, eth1 }; }'"),
        )
        .function(
            Function::new("firewall.flowtables", (), ret::list(record(), "the flow tables"), |cx, ()| {
                Ok(firewall::flowtables(cx.ns)?)
            })
            .doc("Lists the flow tables. `conntrack.list({ offloaded = true })` has the connections in them.")
            .command("nft list flowtables"),
        )
        .function(
            Function::new(
                "firewall.get_flowtable",
                (name(),),
                ret::optional(record(), "the flow table, or nil"),
                |cx, (name,): (String,)| {
                    Ok(firewall::flowtables(cx.ns)?.into_iter().find(|table| table.name == name))
                },
            )
            .doc("Finds a flow table by its name.")
            .command("nft list flowtable inet nsh NAME"),
        )
        .function(
            Function::new("firewall.del_flowtable", (name(),), ret::nothing(), |cx, (name,)| {
                Ok(firewall::del_flowtable(cx.ns, &name).map_err(|e| e.on(name))?)
            })
            .doc(
                "Deletes a flow table; its connections go through the chains again.\n\nRaises `not_found` if there is none, \
                 `busy` if a rule names it.",
            )
            .command("nft delete flowtable inet nsh NAME"),
        )
}
