//! `counters`: what the protocols of a namespace counted.

use mlua::{Table, Value};

use crate::lua::registry::Module;
use crate::lua::schema::ty::No;
use crate::lua::schema::{Cx, Failure, Function, Type, param, ret, tag, ty};
use crate::net::counters::{self, Counters};

const TYPE: &str = "table<string, integer>";

/// What a script's table says; what is no number is left out.
fn read(table: &Table) -> Counters {
    let pairs = table.pairs::<Value, Value>().filter_map(Result::ok);
    pairs
        .filter_map(|(name, value)| match (name, value) {
            (Value::String(name), Value::Integer(value)) => Some((name.to_string_lossy(), value)),
            _ => None,
        })
        .collect()
}

/// What `counters.list` returned, be it read back from JSON.
fn mark() -> Type<Counters> {
    Type::new(TYPE, "what counters.list returned", |_, value| {
        let Value::Table(table) = value else { return Err(No::Other) };
        let counters = read(table);
        let all = table.pairs::<Value, Value>().count();
        // Each protocol has some, and IP is there always.
        match counters.len() == all && counters.contains_key("IpInReceives") {
            true => Ok(counters),
            false => Err(No::Other),
        }
    })
}

/// By name; prints as nstat does.
fn table(cx: &Cx<'_>, counters: &Counters) -> Result<Table, Failure> {
    let table = cx.lua.create_table_with_capacity(0, counters.len())?;
    for (name, value) in counters {
        table.raw_set(name.as_str(), *value)?;
    }
    tag(cx.lua, &table, "nsh.Counters", Some(show))?;
    Ok(table)
}

fn show(table: &Table) -> mlua::Result<String> {
    let counters = read(table);
    Ok(counters::lines(counters.iter().map(|(name, value)| (name.as_str(), *value))))
}

pub fn module() -> Module {
    Module::new(
        "counters",
        "What the protocols of a namespace counted since it was made: packets of IP that were received, forwarded or dropped \
         and why, messages of ICMP, segments of TCP that were sent again, and so on. The names are those of nstat(8): the \
         protocol's and the counter's, as /proc/net/snmp, netstat and snmp6 have them (`IpInDelivers`, `TcpExtListenDrops`, \
         `Ip6OutNoRoutes`).",
    )
    .function(
        Function::new(
            "counters.list",
            (),
            ret::value::<Table>(TYPE, "the counters, by name; it prints those that are not 0"),
            |cx, ()| table(cx, &counters::read(cx.ns)?),
        )
        .doc("Reads all counters. `counters.since` takes them as a mark.")
        .command("nstat -asz"),
    )
    .function(
        Function::new(
            "counters.get",
            (param("name", ty::string(), "the counter's name"),),
            ret::value::<i64>("integer", "its value"),
            |cx, (name,)| Ok(counters::get(cx.ns, &name)?),
        )
        .doc("Reads one counter.\n\nRaises `not_found`, with the nearest name, if the kernel has no such counter.")
        .command("nstat -asz NAME"),
    )
    .function(
        Function::new(
            "counters.since",
            (param("mark", mark(), "what `counters.list` returned before"),),
            ret::value::<Table>(TYPE, "how much each counted since, by name; it prints those that changed"),
            |cx, (mark,)| table(cx, &counters::since(&counters::read(cx.ns)?, &mark)),
        )
        .doc("Tells what was counted since a mark.\n\nRaises `argument` for a table that isn't one of counters.")
        .command("nstat"),
    )
}
