//! From the registry to Lua: modules, functions, and errors that a script can catch and read.
//!
//! A Rust callback can't raise a Lua value of its own, so each binding is a Rust function that returns either
//! `nil, results...` or an error table, behind a Lua function of one line that raises the table.

use std::rc::Rc;

use mlua::{FromLuaMulti, Function, Lua, MultiValue, Table, Value};

use super::echo;
use super::lab::Lab;
use crate::base::error::Error;
use crate::lua::registry::{self, Entry, Form, Scope};
use crate::lua::schema::{self, Cx, Failure};
use crate::net::namespace::{HOST, Namespace};

const RAISING: &str = "nsh.raising";
const ERROR: &str = "nsh.Error";
/// The chunk name of nsh's own Lua; frames of it, and of the library (`[nsh.topology]`), are not the script's.
pub const INTERNAL: &str = "=[nsh]";

/// A Lua function that calls `f` and raises what it refuses.
pub fn raising<A: FromLuaMulti>(
    lua: &Lua,
    f: impl Fn(&Lua, A) -> Result<MultiValue, Failure> + 'static,
) -> mlua::Result<Function> {
    let inner = lua.create_function(move |lua, args: A| match f(lua, args) {
        Ok(mut results) => {
            results.push_front(Value::Nil);
            Ok(results)
        }
        Err(Failure::User(e)) => Ok(MultiValue::from_iter([error_value(lua, e)?])),
        Err(Failure::Lua(e)) => Err(e),
    })?;
    let wrap: Function = match lua.named_registry_value(RAISING) {
        Ok(wrap) => wrap,
        Err(_) => {
            let wrap: Function = lua
                .load(
                    "local error = error\n\
                     local function finish(e, ...) if e ~= nil then error(e, 0) end return ... end\n\
                     return function(f) return function(...) return finish(f(...)) end end",
                )
                .set_name(INTERNAL)
                .eval()?;
            lua.set_named_registry_value(RAISING, &wrap)?;
            wrap
        }
    };
    wrap.call(inner)
}

/// Adds the call's name to a failure.
pub fn named(failure: impl Into<Failure>, op: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    match failure.into() {
        Failure::User(e) => Failure::User(e.op(op)),
        lua => lua,
    }
}

/// The error as scripts see it: a table of its parts that prints as its message.
pub fn error_value(lua: &Lua, mut e: Error) -> mlua::Result<Value> {
    if e.fields().at.is_none() {
        e.fields_mut().at = position(lua);
    }
    let f = e.fields();
    let table = lua.create_table()?;
    table.raw_set("kind", f.kind.name())?;
    table.raw_set("message", e.message())?;
    table.raw_set("op", f.op.as_deref())?;
    table.raw_set("subject", f.subject.as_deref())?;
    table.raw_set("namespace", f.namespace.as_deref())?;
    table.raw_set("errno", f.errno.map(|n| format!("{n:?}")))?;
    table.raw_set("detail", f.detail.as_deref())?;
    table.raw_set("hint", hint_of(&e))?;
    table.raw_set("diff", f.diff.as_deref())?;
    table.raw_set("at", f.at.as_deref())?;
    if !f.changed.is_empty() {
        table.raw_set("changed", f.changed.as_slice())?;
    }
    if Lab::of(lua).is_ok_and(|lab| lab.trace) {
        table.raw_set("traceback", lua.traceback(None, 1)?)?;
    }
    schema::tag(lua, &table, ERROR, Some(show_error))?;
    Ok(Value::Table(table))
}

/// A hint whose calls act on the namespace of the error: `ns1.route.replace` for `route.replace`.
pub fn hint_of(e: &Error) -> Option<String> {
    let hint = e.fields().hint.as_deref()?;
    Some(match e.fields().namespace.as_deref() {
        None | Some(HOST) => hint.to_owned(),
        Some(name) => acting(hint, name),
    })
}

fn acting(hint: &str, name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let prefix = if plain { format!("{name}.") } else { format!("namespace.get({name:?}).") };
    let mut out = hint.to_owned();
    for module in per_namespace() {
        let called = format!("{module}.");
        let places: Vec<usize> = out.match_indices(&called).map(|(at, _)| at).collect();
        for at in places.into_iter().rev() {
            let part = |c: char| c.is_alphanumeric() || "_./\"-".contains(c);
            let begins = !out[..at].ends_with(part);
            if begins && out[at + called.len()..].starts_with(|c: char| c.is_ascii_lowercase()) {
                out.insert_str(at, &prefix);
            }
        }
    }
    out
}

/// `file:line: message`, with the hint on a line of its own.
pub fn show_error(e: &Table) -> mlua::Result<String> {
    let mut out = String::new();
    if let Some(at) = e.raw_get::<Option<String>>("at")? {
        out.push_str(&format!("{at}: "));
    }
    out.push_str(&e.raw_get::<Option<String>>("message")?.unwrap_or_default());
    if let Some(hint) = e.raw_get::<Option<String>>("hint")? {
        out.push_str(&format!("\n  hint: {hint}"));
    }
    if let Some(changed) = e.raw_get::<Option<Vec<String>>>("changed")? {
        out.push_str("\n  changed since the last check that passed:");
        changed.iter().for_each(|line| out.push_str(&format!("\n    {line}")));
    }
    Ok(out)
}

/// Whether a Lua value is one of our error tables.
pub fn is_error(lua: &Lua, value: &Value) -> bool {
    let Value::Table(table) = value else { return false };
    let ours = lua.named_registry_value::<Table>(ERROR);
    matches!((table.metatable(), ours), (Some(a), Ok(b)) if a == b)
}

/// The file and line of the script that is being run: the innermost Lua frame that is not ours.
pub fn position(lua: &Lua) -> Option<String> {
    (0..200)
        .map_while(|level| {
            lua.inspect_stack(level, |frame| {
                let source = frame.source();
                let line = frame.current_line()?;
                let name = source.short_src?.into_owned();
                (!name.starts_with("[nsh") && source.what != "C").then(|| format!("{name}:{line}"))
            })
        })
        .flatten()
        .next()
}

/// The file and line that a function is at which is being called: the innermost call of it.
pub fn line_in(lua: &Lua, function: &Function) -> Option<String> {
    (0..200)
        .map_while(|level| {
            lua.inspect_stack(level, |frame| {
                let line = frame.current_line().filter(|_| frame.function() == *function)?;
                Some(format!("{}:{line}", frame.source().short_src?))
            })
        })
        .flatten()
        .next()
}

/// Calls a registered function for a namespace; failures get its name, its subject and the namespace's name.
fn call(
    lua: &Lua,
    ns: &Rc<Namespace>,
    function: &schema::Function,
    args: MultiValue,
) -> Result<MultiValue, Failure> {
    let subject = match args.front() {
        Some(Value::String(s)) => Some(s.to_string_lossy()),
        Some(v @ (Value::Integer(_) | Value::Number(_))) => v.to_string().ok(),
        _ => None,
    };
    let lab = Lab::of(lua)?;
    let cx = Cx { lua, lab: &lab, ns };
    lab.take_changes();
    let look = echo::Look::before(&cx, &function.doc, &args);
    let result = (function.call)(&cx, args);
    if result.is_ok() {
        look.iter().for_each(|look| look.tell(&cx));
    }
    result.map_err(|failure| match failure {
        Failure::User(mut e) => {
            e = e.op(function.doc.name).in_namespace(ns.name());
            Failure::User(match subject {
                Some(subject) => e.on(subject),
                None => e,
            })
        }
        lua => lua,
    })
}

/// The documented name of a bound function, a module's table, a handle or a record.
pub fn name_of(lua: &Lua, value: &Value) -> mlua::Result<Option<String>> {
    let named = match value {
        Value::Function(_) | Value::Table(_) => names(lua)?.raw_get::<Option<String>>(value)?,
        _ => None,
    };
    if named.is_some() {
        return Ok(named);
    }
    Ok(match value {
        Value::Table(table) => match table.metatable() {
            Some(meta) => meta.raw_get::<Option<String>>("__name")?,
            None => None,
        },
        // Lua's own, such as a file, is none of ours.
        Value::UserData(ud) => ud.type_name().ok().map(|name| name.to_string_lossy()),
        _ => None,
    })
}

/// Lets [`name_of`] know a function or table of the library.
pub fn set_name(lua: &Lua, value: &Value, name: &str) -> mlua::Result<()> {
    names(lua)?.raw_set(value, name)
}

/// The names of bound functions and modules, by value; weak, so that they go with their namespaces.
fn names(lua: &Lua) -> mlua::Result<Table> {
    const NAMES: &str = "nsh.names";
    if let Ok(names) = lua.named_registry_value::<Table>(NAMES) {
        return Ok(names);
    }
    let names = lua.create_table()?;
    let meta = lua.create_table()?;
    meta.raw_set("__mode", "k")?;
    names.set_metatable(Some(meta))?;
    lua.set_named_registry_value(NAMES, &names)?;
    Ok(names)
}

/// A registered function (of a module, by its place there, or the module itself) as a Lua function that acts on `ns`.
fn bind(lua: &Lua, ns: &Rc<Namespace>, module: &'static str, index: Option<usize>) -> mlua::Result<Function> {
    let ns = ns.clone();
    let function = raising(lua, move |lua, args: MultiValue| {
        registry::with(module, |m| match index {
            Some(i) => call(lua, &ns, &m.functions[i], args),
            None => match &m.call {
                Some(function) => call(lua, &ns, function, args),
                None => Ok(MultiValue::new()),
            },
        })
    })?;
    let name = match index {
        Some(i) => registry::with(module, |m| m.functions[i].doc.name),
        None => module,
    };
    names(lua)?.raw_set(&function, name)?;
    Ok(function)
}

/// A module acting on `ns`: a function, or a table whose functions are made when first asked for.
pub fn module(lua: &Lua, ns: &Rc<Namespace>, entry: &'static Entry) -> mlua::Result<Value> {
    if entry.form == Form::Function {
        return bind(lua, ns, entry.name, None).map(Value::Function);
    }
    let (table, meta) = (lua.create_table()?, lua.create_table()?);
    if entry.form == Form::Callable {
        let function = bind(lua, ns, entry.name, None)?;
        let call = lua
            .load("local f = ... return function(_, ...) return f(...) end")
            .set_name(INTERNAL)
            .call::<Function>(function)?;
        meta.raw_set("__call", call)?;
    }
    let of = ns.clone();
    let index = raising(lua, move |lua, (table, key): (Table, Value)| {
        let value = field(lua, &of, entry.name, &key)?;
        table.raw_set(key, &value)?;
        Ok(MultiValue::from_iter([value]))
    })?;
    meta.raw_set("__index", index)?;
    meta.raw_set("__pairs", all_fields(lua, entry.name)?)?;
    meta.raw_set("__name", format!("module {}", entry.name))?;
    table.set_metatable(Some(meta))?;
    names(lua)?.raw_set(&table, entry.name)?;
    Ok(Value::Table(table))
}

/// What stands in a module by this name: a function, or a module within it.
fn field(lua: &Lua, ns: &Rc<Namespace>, name: &'static str, key: &Value) -> Result<Value, Failure> {
    let key = key.to_string().unwrap_or_default();
    if let Some(inner) = registry::find(&format!("{name}.{key}")) {
        return Ok(module(lua, ns, inner)?);
    }
    match registry::with(name, |m| m.field_names().position(|field| field == key)) {
        Some(i) => Ok(Value::Function(bind(lua, ns, name, Some(i))?)),
        None => Err(unknown(name, &key).into()),
    }
}

fn unknown(name: &str, key: &str) -> schema::Wrong {
    registry::with(name, |m| match schema::did_you_mean(key, m.field_names()) {
        Some(near) => schema::Wrong::new(format!("{name} has no {key:?}; did you mean {near:?}?")),
        None => schema::Wrong::new(format!("{name} has no {key:?}"))
            .hint(format!("it has {}", m.field_names().collect::<Vec<_>>().join(", "))),
    })
}

/// `__pairs` of a module: goes through all of its functions, made or not.
fn all_fields(lua: &Lua, name: &'static str) -> mlua::Result<Function> {
    lua.create_function(move |lua, table: Table| {
        for field in registry::with(name, |m| m.field_names().collect::<Vec<_>>()) {
            table.get::<Value>(field)?;
        }
        Ok((lua.globals().raw_get::<Function>("next")?, table))
    })
}

/// Sets every module as a global that acts on the host's namespace.
pub fn globals(lua: &Lua, lab: &Rc<Lab>) -> mlua::Result<()> {
    let globals = lua.globals();
    // `check.soft` stands in `check`.
    for entry in registry::MODULES.iter().filter(|entry| !entry.name.contains('.')) {
        globals.raw_set(entry.name, module(lua, lab.namespaces.host(), entry)?)?;
    }
    Ok(())
}

/// Has the globals act on `ns`: the modules that are there; what the user put in their place stays.
pub fn act_on(lua: &Lua, ns: &Rc<Namespace>) -> mlua::Result<()> {
    let globals = lua.globals();
    for entry in registry::MODULES.iter().filter(|entry| entry.scope == Scope::Namespace) {
        let there: Value = globals.raw_get(entry.name)?;
        if there.is_nil() || name_of(lua, &there)?.as_deref() == Some(entry.name) {
            globals.raw_set(entry.name, module(lua, ns, entry)?)?;
        }
    }
    Ok(())
}

/// The names of the modules that each namespace has.
pub fn per_namespace() -> Vec<&'static str> {
    let each = registry::MODULES.iter().filter(|entry| entry.scope == Scope::Namespace);
    each.map(|entry| entry.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_act_where_the_error_was() {
        assert_eq!(
            acting("neigh.list shows them; link.set(\"a\", { up = true })", "ns1"),
            "ns1.neigh.list shows them; ns1.link.set(\"a\", { up = true })"
        );
        assert_eq!(
            acting("route.replace; ns2.route.list(), the rule. nat", "n-1"),
            "namespace.get(\"n-1\").route.replace; ns2.route.list(), the rule. nat"
        );
    }
}
