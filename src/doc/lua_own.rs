//! Lua's own functions: where its manual tells of them.

use mlua::{Lua, Table, Value};

/// The libraries, with the sections of the manual (5.4) that tell of them.
const LIBRARIES: &[(&str, &str, &str)] = &[
    ("coroutine", "6.2", "Coroutine Manipulation"),
    ("package", "6.3", "Modules"),
    ("string", "6.4", "String Manipulation"),
    ("utf8", "6.5", "UTF-8 Support"),
    ("table", "6.6", "Table Manipulation"),
    ("math", "6.7", "Mathematical Functions"),
    ("io", "6.8", "Input and Output Facilities"),
    ("os", "6.9", "Operating System Facilities"),
    ("debug", "6.10", "The Debug Library"),
];

/// The functions without a library.
#[rustfmt::skip]
const BASIC: &[&str] = &[
    "assert", "collectgarbage", "dofile", "error", "getmetatable", "ipairs", "load", "loadfile", "next",
    "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require", "select",
    "setmetatable", "tonumber", "tostring", "type", "warn", "xpcall",
];

const MANUAL: &str = "https://www.lua.org/manual/5.4/manual.html";

/// Says that a name is Lua's, if it is.
pub fn page(name: &str) -> Option<String> {
    let (section, title, anchor) = match name.split_once('.') {
        None if BASIC.contains(&name) => ("6.1", "Basic Functions", format!("pdf-{name}")),
        None => {
            let (_, section, title) = library(name)?;
            (*section, *title, (*section).to_owned())
        }
        Some((of, function)) => {
            let (_, section, title) = library(of)?;
            let plain = !function.is_empty() && function.chars().all(|c| c.is_ascii_alphanumeric());
            (*section, *title, plain.then(|| format!("pdf-{name}"))?)
        }
    };
    Some(format!(
        "{name} is Lua's own; its manual, section {section} ({title}), tells of it:\n  {MANUAL}#{anchor}\n"
    ))
}

fn library(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    LIBRARIES.iter().find(|(library, ..)| *library == name)
}

/// The same by the value: what an interpreter has under such a name.
pub fn page_of(lua: &Lua, value: &Value) -> mlua::Result<Option<String>> {
    if !matches!(value, Value::Function(_) | Value::Table(_)) {
        return Ok(None);
    }
    let globals = lua.globals();
    for name in BASIC.iter().chain(LIBRARIES.iter().map(|(name, ..)| name)) {
        let there: Value = globals.raw_get(*name)?;
        if there == *value {
            return Ok(page(name));
        }
        let (Value::Table(library), Value::Function(_)) = (there, value) else { continue };
        if let Some(key) = key_of(&library, value)? {
            return Ok(page(&format!("{name}.{key}")));
        }
    }
    Ok(None)
}

fn key_of(library: &Table, value: &Value) -> mlua::Result<Option<String>> {
    for pair in library.pairs::<Value, Value>() {
        let (key, there) = pair?;
        if there == *value {
            return Ok(key.as_string().map(|s| s.to_string_lossy()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lua_s_own_are_known_by_name_and_by_value() {
        let lua = Lua::new();
        let own = |code: &str| page_of(&lua, &lua.load(code).eval().unwrap()).unwrap();
        assert!(own("string.format").is_some_and(|p| p.contains("#pdf-string.format") && p.contains("6.4")));
        assert!(own("print").is_some_and(|p| p.contains("6.1")));
        assert!(own("table").is_some_and(|p| p.contains("6.6")));
        assert_eq!(own("function() end"), None);
        assert_eq!(own("1"), None);
        assert_eq!(page("string."), None);
        assert_eq!(page("veth"), None);
    }

    #[test]
    fn all_that_lua_has_is_named() {
        let lua = Lua::new();
        for name in BASIC {
            assert!(lua.globals().contains_key(*name).unwrap() || *name == "warn", "{name}");
        }
    }
}
