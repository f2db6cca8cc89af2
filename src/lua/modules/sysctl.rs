//! `sysctl`: kernel parameters.

use mlua::Table;

use crate::lua::registry::Module;
use crate::lua::schema::{Function, Record, Type, param, ret, ty};
use crate::net::sysctl::{self, Parameter};

/// What a parameter can be set to: text, an integer, or a boolean as 0 or 1.
fn value() -> Type<String> {
    ty::string()
        .or(ty::int(i64::MIN..=i64::MAX).map(|i| i.to_string()))
        .or(ty::boolean().map(|b| u8::from(b).to_string()))
        .called("a string, an integer or a boolean")
}

fn record() -> Record<Parameter> {
    Record::of("nsh.Parameter", "A kernel parameter. Prints as in `sysctl`.")
        .field("name", "its name with dots; a dot within an interface's name stands as /", |p: &Parameter| {
            p.name.clone()
        })
        .field("value", "its value as the kernel writes it", |p| p.value.clone())
        .show(|p: &Table| Ok(format!("{} = {}", p.raw_get::<String>("name")?, p.raw_get::<String>("value")?)))
}

pub fn module() -> Module {
    let name = || param("name", ty::string(), "its name, such as net.ipv4.ip_forward");
    Module::new(
        "sysctl",
        "Kernel parameters. Those below `net` are each namespace's own; the others are the machine's, and can be read \
         but not set in a sandbox.\n\n\
         Names are written with dots or with slashes, as sysctl(8) takes them: whichever comes first separates. For an \
         interface with a dot in its name write `net.ipv4.conf.eth0/1.forwarding` or `net/ipv4/conf/eth0.1/forwarding`."
    )
    .function(
        Function::new(
            "sysctl.get",
            (name(),),
            ret::value::<String>("string", "its value as the kernel writes it"),
            |cx, (name,)| Ok(sysctl::get(cx.ns, &name)?),
        )
        .doc(
            "Reads a parameter. It is always a string; several numbers have tabs between them.\n\nRaises `not_found` if \
             there is none of that name.",
        )
        .command("sysctl -n NAME"),
    )
    .function(
        Function::new(
            "sysctl.set",
            (name(), param("value", value(), "its new value; true is 1 and false 0")),
            ret::nothing(),
            |cx, (name, value)| Ok(sysctl::set(cx.ns, &name, &value)?),
        )
        .doc(
            "Sets a parameter.\n\nRaises `not_found` if there is none of that name, `invalid` if the kernel refuses the \
             value, `read_only` if it can't be set here: in a sandbox everything but `net`, and below `net` what the \
             kernel keeps for the machine as a whole (`rmem_max` and `wmem_max`, `nf_conntrack_max`, `tcp_mem`, \
             `gc_thresh*`).",
        )
        .command("sysctl -w NAME=VALUE"),
    )
    .function(
        Function::new(
            "sysctl.list",
            (param("prefix", ty::string(), "the beginning of the names, in whole parts; default net").optional(),),
            ret::list(record(), "the parameters, by name"),
            |cx, (prefix,)| Ok(sysctl::list(cx.ns, prefix.as_deref().unwrap_or_default())?),
        )
        .doc("Lists the parameters that can be read.\n\nRaises `not_found` if no name begins so.")
        .command("sysctl PREFIX"),
    )
}
