//! `json`: tables to JSON and back.

use mlua::{Lua, Table, Value};
use serde_json::{Map, Number, Value as Json};

use crate::lua::registry::Module;
use crate::lua::schema::{Failure, Function, Shape, Wrong, describe, opts, param, ret, ty};

/// Nested deeper than this, a table is taken to contain itself.
const DEPTH: usize = 128;

#[derive(Default)]
struct EncodeOptions {
    pretty: bool,
}

pub(super) fn to_json(value: &Value, depth: usize) -> Result<Json, Wrong> {
    if depth > DEPTH {
        return Err(Wrong::new(format!("nested more than {DEPTH} deep (does the table contain itself?)")));
    }
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Boolean(b) => Json::Bool(*b),
        Value::Integer(i) => Json::Number((*i).into()),
        Value::Number(n) => Json::Number(
            Number::from_f64(*n).ok_or_else(|| Wrong::new(format!("JSON has no number for {n}")))?,
        ),
        Value::String(s) => Json::String(
            s.to_str().map_err(|_| Wrong::new("JSON strings are UTF-8, and this one is not"))?.to_owned(),
        ),
        Value::Table(t) => table_to_json(t, depth)?,
        Value::UserData(ud) => match super::namespace::of(ud) {
            Some(ns) => Json::String(ns.name().to_owned()),
            None => return Err(Wrong::new(format!("JSON has nothing for {}", describe(value)))),
        },
        other => return Err(Wrong::new(format!("JSON has nothing for {}", describe(other)))),
    })
}

fn table_to_json(table: &Table, depth: usize) -> Result<Json, Wrong> {
    let mut pairs = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        pairs.push(pair.map_err(|e| Wrong::new(e.to_string()))?);
    }
    let length = table.raw_len();
    // An empty list is told from an empty record by its metatable.
    if length == pairs.len() && (length > 0 || crate::lua::schema::is_list(table)) {
        let mut out = Vec::with_capacity(length);
        for i in 1..=length {
            let value: Value = table.raw_get(i).map_err(|e| Wrong::new(e.to_string()))?;
            out.push(to_json(&value, depth + 1).map_err(|w| w.within(&format!("[{i}]")))?);
        }
        return Ok(Json::Array(out));
    }
    let mut keyed = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let key = match &key {
            Value::String(s) => s.to_string_lossy(),
            Value::Integer(i) => i.to_string(),
            other => return Err(Wrong::new(format!("JSON has no key for {}", describe(other)))),
        };
        let value = to_json(&value, depth + 1).map_err(|w| w.within(&key))?;
        keyed.push((key, value));
    }
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Json::Object(Map::from_iter(keyed)))
}

/// A JSON value as Lua has it.
pub(super) fn from_json(lua: &Lua, json: &Json) -> mlua::Result<Value> {
    Ok(match json {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Boolean(*b),
        Json::Number(n) => match n.as_i64() {
            Some(i) => Value::Integer(i),
            None => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(s) => Value::String(lua.create_string(s)?),
        Json::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for (i, item) in items.iter().enumerate() {
                table.raw_set(i + 1, from_json(lua, item)?)?;
            }
            crate::lua::schema::tag_list(lua, &table)?;
            Value::Table(table)
        }
        Json::Object(map) => {
            let table = lua.create_table_with_capacity(0, map.len())?;
            for (key, value) in map {
                table.raw_set(key.as_str(), from_json(lua, value)?)?;
            }
            Value::Table(table)
        }
    })
}

pub fn module() -> Module {
    Module::new("json", "Lua values to JSON text and back.")
        .function(
            Function::new(
                "json.encode",
                (
                    param("value", ty::anything(), "a value, table, record or list; a namespace is its name"),
                    opts(Shape::<EncodeOptions>::new("nsh.json.EncodeOptions").field(
                        "pretty",
                        ty::boolean(),
                        "over several lines, indented by two; default false",
                        |o, v| o.pretty = v,
                    )),
                ),
                ret::value::<String>("string", "the JSON text"),
                |_, (value, options)| {
                    let json = to_json(&value, 0).map_err(|w| w.within("value"))?;
                    let text =
                        if options.pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
                    text.map_err(|e| Failure::from(Wrong::new(e.to_string())))
                },
            )
            .doc(
                "Writes a value as JSON. A table with the keys 1 to n is an array, any other an object with its keys \
                 sorted; an empty table is `{}`, an empty list that nsh returned is `[]`.\n\nRaises `argument` for \
                 what JSON has no form for: functions, NaN, strings that are not UTF-8, tables that contain themselves.",
            ),
        )
        .function(
            Function::new(
                "json.decode",
                (param("text", ty::string(), "JSON text"),),
                ret::value::<Value>("any", "the value; null is nil"),
                |cx, (text,)| {
                    let json: Json = serde_json::from_str(&text)
                        .map_err(|e| Wrong::new(format!("this is not JSON: {e}")).within("text"))?;
                    Ok(from_json(cx.lua, &json)?)
                },
            )
            .doc("Reads JSON text. null becomes nil, so that a null field is missing.\n\nRaises `argument` with line and column for what is not JSON."),
        )
}
