//! From the registry to Lua: modules and their functions, each acting on a namespace.

use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Table, Value};

use super::changes::Changes;
use super::echo;
use crate::lua::lab::Lab;
use crate::lua::registry::{Entry, Form, Module, Modules};
use crate::lua::schema::raise::PerNamespace;
pub use crate::lua::schema::raise::{INTERNAL, is_error, named, position, raising, returning};
use crate::lua::schema::{self, Cx, Failure, Wrong, did_you_mean};
use crate::net::namespace::Namespace;

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
    lab.part::<Changes>().take(&lab);
    let look = echo::Look::before(&cx, &function.doc, &args);
    let result = function.call(&cx, args);
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

/// A function of a module, by its place there, as a Lua function that acts on `ns`.
fn bind(lua: &Lua, ns: &Rc<Namespace>, module: Rc<Module>, index: usize) -> mlua::Result<Function> {
    let (ns, name) = (ns.clone(), module.functions[index].doc.name);
    let function = raising(lua, move |lua, args: MultiValue| call(lua, &ns, &module.functions[index], args))?;
    names(lua)?.raw_set(&function, name)?;
    Ok(function)
}

/// Puts modules that act on `ns` into a table, by their names: see `bind.lua`. What they consist of is made when it is
/// first asked for.
fn put(
    lua: &Lua,
    ns: &Rc<Namespace>,
    into: &Table,
    entries: impl Iterator<Item = &'static Entry>,
) -> mlua::Result<()> {
    let of = ns.clone();
    let call = returning(lua, move |lua, (name, args): (String, MultiValue)| {
        match Modules::of(lua).find(&name).map(Entry::module).as_deref() {
            Some(Module { call: Some(function), .. }) => call(lua, &of, function, args),
            _ => Ok(MultiValue::new()),
        }
    })?;
    let of = ns.clone();
    let field = returning(lua, move |lua, (name, key): (String, Value)| {
        field(lua, &of, &name, &key).map(|value| MultiValue::from_iter([value]))
    })?;
    let fields = lua.create_function(|lua, name: String| {
        let module = Modules::of(lua).find(&name).map(Entry::module);
        Ok(module.map(|module| module.field_names().collect::<Vec<_>>()))
    })?;
    let modules = lua.create_sequence_from(entries.flat_map(|entry| [entry.name, form(entry)]))?;
    binder(lua)?.call((into, call, field, fields, modules))
}

fn form(entry: &Entry) -> &'static str {
    match entry.form {
        Form::Table => "table",
        Form::Callable => "callable",
        Form::Function => "function",
    }
}

/// What `bind.lua` returns.
fn binder(lua: &Lua) -> mlua::Result<Function> {
    const BINDER: &str = "nsh.binder";
    if let Ok(binder) = lua.named_registry_value(BINDER) {
        return Ok(binder);
    }
    let chunk = lua.load(include_str!("bind.lua")).set_name(INTERNAL);
    let binder = chunk.call::<Function>(names(lua)?)?;
    lua.set_named_registry_value(BINDER, &binder)?;
    Ok(binder)
}

/// A module acting on `ns`.
pub fn module(lua: &Lua, ns: &Rc<Namespace>, entry: &'static Entry) -> mlua::Result<Value> {
    let into = lua.create_table()?;
    put(lua, ns, &into, std::iter::once(entry))?;
    into.raw_get(entry.name)
}

/// What stands in a module by this name: a function, or a module within it.
fn field(lua: &Lua, ns: &Rc<Namespace>, name: &str, key: &Value) -> Result<Value, Failure> {
    let (modules, key) = (Modules::of(lua), key.to_string().unwrap_or_default());
    if let Some(inner) = modules.find(&format!("{name}.{key}")) {
        return Ok(module(lua, ns, inner)?);
    }
    let Some(module) = modules.find(name).map(Entry::module) else { return Ok(Value::Nil) };
    let place = module.field_names().position(|field| field == key);
    match place {
        Some(i) => Ok(Value::Function(bind(lua, ns, module, i)?)),
        None => Err(unknown(modules, &module, &key).into()),
    }
}

fn unknown(modules: Modules, module: &Module, key: &str) -> Wrong {
    let name = module.name;
    let within = modules.0.iter().filter_map(|entry| entry.name.strip_prefix(name)?.strip_prefix('.'));
    let known: Vec<&str> = within.chain(module.field_names()).collect();
    match did_you_mean(key, known.iter().copied()) {
        Some(near) => Wrong::new(format!("{name} has no {key:?}; did you mean {near:?}?")),
        None => Wrong::new(format!("{name} has no {key:?}")).hint(format!("it has {}", known.join(", "))),
    }
}

/// Sets every module as a global that acts on the host's namespace.
pub fn globals(lua: &Lua, lab: &Rc<Lab>, modules: Modules) -> mlua::Result<()> {
    lua.set_app_data(modules);
    lua.set_app_data(PerNamespace(modules.per_namespace().map(|entry| entry.name).collect()));
    // `check.soft` stands in `check`.
    let outer = modules.0.iter().filter(|entry| !entry.name.contains('.'));
    put(lua, lab.namespaces.host(), &lua.globals(), outer)
}

/// Has the globals act on `ns`: the modules that are there; what the user put in their place stays.
pub fn act_on(lua: &Lua, ns: &Rc<Namespace>) -> mlua::Result<()> {
    let globals = lua.globals();
    for entry in Modules::of(lua).per_namespace() {
        let there: Value = globals.raw_get(entry.name)?;
        if there.is_nil() || name_of(lua, &there)?.as_deref() == Some(entry.name) {
            globals.raw_set(entry.name, module(lua, ns, entry)?)?;
        }
    }
    Ok(())
}
