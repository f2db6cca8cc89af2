//! The prompt in a lab that is there already.

use std::io::{self, IsTerminal};

use mlua::{Function, Lua, Table, Value};

use crate::lua::lab::Lab;
use crate::net::namespace::HOST;

/// Binds each namespace to a global of its name, if that is a name in Lua and means nothing yet. Returns their names.
pub fn prepare(lua: &Lua, lab: &Lab) -> mlua::Result<Vec<String>> {
    let names = lab.namespaces.names().map_err(mlua::Error::external)?;
    let get: Function = lua.globals().get::<Table>("namespace")?.get("get")?;
    let mut without: Vec<String> = Vec::new();
    for name in &names {
        if is_identifier(lua, name) && lua.globals().raw_get::<Value>(name.as_str())?.is_nil() {
            lua.globals().raw_set(name.as_str(), get.call::<Value>(name.as_str())?)?;
        } else {
            without.push(name.clone());
        }
    }
    if io::stdin().is_terminal() {
        println!("namespaces: {}", [&[HOST.to_owned()], names.as_slice()].concat().join(", "));
        if !without.is_empty() {
            println!("by namespace.get(\"NAME\") alone: {}", without.join(", "));
        }
    }
    Ok(names.into_iter().filter(|name| !without.contains(name)).collect())
}

/// Whether `name = 1` is Lua.
fn is_identifier(lua: &Lua, name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && lua.load(format!("local {name}")).into_function().is_ok()
}
