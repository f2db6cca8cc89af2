//! `help(...)` in Lua, and `nsh doc NAME`.

use mlua::{Lua, Value};

use super::{Docs, overview, page, text};
use crate::lua::{bind, namespace};

/// The text for a name: its page, else the pages that have the word; the error is for one that nothing has.
pub fn find(name: &str) -> Result<String, String> {
    let docs = Docs::collect();
    if let Some(page) = page(&docs, name) {
        return Ok(page);
    }
    if let Some(found) = text::search(&docs, name) {
        return Ok(found);
    }
    Err(match text::nearest(&docs, name) {
        Some(near) => format!("nothing is documented as {name:?}; did you mean {near:?}?"),
        None => format!("nothing is documented as {name:?}; nsh doc lists the modules"),
    })
}

/// Adds the global `help` to an interpreter.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    let help = lua.create_function(|lua, what: Value| {
        let name = match &what {
            Value::Nil => return Ok(overview(&Docs::collect())),
            Value::String(s) => s.to_string_lossy(),
            Value::UserData(ud) if namespace::of(ud).is_some() => "namespace".to_owned(),
            other => match bind::name_of(lua, other)? {
                Some(name) => name,
                None => return Ok("help: this value has no documentation of its own\n".to_owned()),
            },
        };
        Ok(find(&name).unwrap_or_else(|nothing| nothing + "\n"))
    })?;
    // Printed by Lua, so that it comes in the order in which the script wrote.
    let show = lua
        .load("local help, write = ..., io.write return function(what) write(help(what)) end")
        .set_name(bind::INTERNAL)
        .call::<mlua::Function>(help)?;
    lua.globals().raw_set("help", show)
}
