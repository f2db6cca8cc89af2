//! `help(...)` in Lua, and `nsh doc NAME`.

use mlua::{Lua, Value};

use super::{Docs, cookbook, guides, lua_own, overview, page, search, text};
use crate::lua::modules::namespace;
use crate::lua::runtime::bind;

const HELP: &str = "help(what?)

  Shows the page of a function, module, handle or record: help(link.add), help(\"link.add\"). Any other text is
  searched for: help(\"default gateway\"). Without an argument, help() lists the modules.

  On the command line, nsh doc does the same: nsh doc link.add, nsh doc default gateway, nsh doc.
";

/// The text for a name: its page, else the pages that answer it as a question; the error is for one that nothing has.
pub fn find(name: &str) -> Result<String, String> {
    let docs = Docs::collect();
    if let Some(page) = page(&docs, name) {
        return Ok(page);
    }
    if name == "help" {
        return Ok(HELP.to_owned());
    }
    if let Some(own) = lua_own::page(name) {
        return Ok(own);
    }
    if let Some(recipe) = cookbook::find(name) {
        return Ok(recipe);
    }
    if let Some(guide) = guides::find(name) {
        return Ok(guide);
    }
    let near = text::nearest(&docs, name);
    // `link.addd` is a name and no question.
    let is_name = near.is_some() && name.contains(['.', ':']);
    if let Some(found) = search::search(&docs, name).filter(|_| !is_name) {
        return Ok(found);
    }
    Err(match near {
        Some(near) => format!("nothing is documented as {name:?}; did you mean {near:?}?"),
        None => format!("nothing is documented as {name:?}; nsh doc lists the modules"),
    })
}

/// What there is to say of a value: `None` if it isn't documented by itself.
pub fn known(lua: &Lua, value: &Value) -> mlua::Result<Option<String>> {
    let name = match value {
        Value::UserData(ud) if namespace::of(ud).is_some() => Some("namespace".to_owned()),
        Value::Function(_) if *value == lua.globals().raw_get::<Value>("help")? => {
            return Ok(Some(HELP.to_owned()));
        }
        other => bind::name_of(lua, other)?,
    };
    let docs = Docs::collect();
    Ok(match name.and_then(|name| page(&docs, &name)) {
        Some(page) => Some(page),
        None => lua_own::page_of(lua, value)?,
    })
}

/// What the prompt shows of a function or module, whose address tells nobody anything; `None` of one that isn't
/// documented.
pub fn brief_of(lua: &Lua, value: &Value) -> mlua::Result<Option<String>> {
    if !matches!(value, Value::Function(_) | Value::Table(_)) {
        return Ok(None);
    }
    let name = bind::name_of(lua, value)?;
    Ok(match name.and_then(|name| text::brief(&Docs::collect(), &name)) {
        Some(brief) => Some(brief),
        None if value.is_function() => lua_own::page_of(lua, value)?,
        None => None,
    })
}

/// What `help(what)` shows.
fn text_for(lua: &Lua, what: &Value) -> mlua::Result<String> {
    Ok(match what {
        Value::Nil => overview(&Docs::collect()),
        Value::String(s) => find(&s.to_string_lossy()).unwrap_or_else(|nothing| nothing + "\n"),
        other => known(lua, other)?
            .unwrap_or_else(|| "help: this value has no documentation of its own\n".to_owned()),
    })
}

/// Adds the global `help` to an interpreter.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    let help = lua.create_function(|lua, what: Value| text_for(lua, &what))?;
    // Printed by Lua, so that it comes in the order in which the script wrote.
    let show = lua
        .load("local help, write = ..., io.write return function(what) write(help(what)) end")
        .set_name(bind::INTERNAL)
        .call::<mlua::Function>(help)?;
    lua.globals().raw_set("help", show)
}

/// The same, shown by `show`: where a person reads it.
pub fn install_shown(lua: &Lua, show: impl Fn(&str) + 'static) -> mlua::Result<()> {
    let help = lua.create_function(move |lua, what: Value| {
        // What was written before comes before.
        lua.load("io.stdout:flush()").set_name(bind::INTERNAL).exec()?;
        show(&text_for(lua, &what)?);
        Ok(())
    })?;
    lua.globals().raw_set("help", help)
}
