//! What a path such as `ns1.link` stands for, found without running any Lua.

use std::rc::Rc;

use mlua::{Table, Value};

use super::Completer;
use crate::lua::modules::MODULES;
use crate::lua::modules::namespace::{self as namespaces, SHORT};
use crate::lua::runtime::bind;
use crate::lua::schema::{FunctionDoc, RecordDoc, RecordFieldDoc};
use crate::net::namespace::Namespace;
use crate::repl::context::Step;

/// What a path stands for.
pub enum Thing {
    Namespace(Rc<Namespace>),
    /// A module or function of nsh by its documented name, and the namespace that it acts on.
    Bound(Rc<Namespace>, String),
    /// A handle of this class.
    Handle(String),
    /// A method of a handle.
    Method(FunctionDoc),
    /// What a documented call returns: a record, or a list of such.
    Record(Rc<RecordDoc>),
    Records(Rc<RecordDoc>),
    Table(Table),
    Text,
}

/// The namespace that a value is.
pub fn namespace(value: &Value) -> Option<Rc<Namespace>> {
    value.as_userdata().and_then(namespaces::of)
}

/// The key of a table's pair, where it is a name that can follow a dot.
pub fn text_key(pair: (Value, Value)) -> Option<String> {
    let key = pair.0.as_string()?.to_str().ok()?.to_owned();
    let plain = key.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    (plain && !key.starts_with(|c: char| c.is_ascii_digit()) && !key.is_empty()).then_some(key)
}

impl Completer {
    /// What a path stands for; `ns` is the namespace that globals act on.
    pub(super) fn resolve(&self, path: &[Step], ns: &Rc<Namespace>) -> Option<Thing> {
        let (first, rest) = path.split_first()?;
        let Step::Name(first) = first else { return None };
        let mut thing = self.of_value(&self.lua.globals().raw_get(first.as_str()).ok()?, ns)?;
        for step in rest {
            thing = self.step(thing, step, ns)?;
        }
        Some(thing)
    }

    fn of_value(&self, value: &Value, ns: &Rc<Namespace>) -> Option<Thing> {
        if let Some(there) = namespace(value) {
            return Some(Thing::Namespace(there));
        }
        match value {
            Value::UserData(_) => bind::name_of(&self.lua, value).ok().flatten().map(Thing::Handle),
            Value::Function(_) => {
                bind::name_of(&self.lua, value).ok().flatten().map(|name| Thing::Bound(ns.clone(), name))
            }
            Value::Table(table) => Some(match bind::name_of(&self.lua, value).ok().flatten() {
                Some(name) if self.docs().modules.iter().any(|m| m.name == name) => {
                    Thing::Bound(ns.clone(), name)
                }
                _ => Thing::Table(table.clone()),
            }),
            Value::String(_) => Some(Thing::Text),
            _ => None,
        }
    }

    fn step(&self, thing: Thing, step: &Step, ns: &Rc<Namespace>) -> Option<Thing> {
        match (thing, step) {
            (Thing::Namespace(there), Step::Name(name)) => {
                let bound = match SHORT.iter().find(|(short, _)| short == name) {
                    Some((short, module)) => format!("{module}.{short}"),
                    None => name.clone(),
                };
                Some(Thing::Bound(there, bound))
            }
            (Thing::Bound(_, function), Step::Call(argument)) => {
                if matches!(function.as_str(), "namespace.get" | "namespace.add") {
                    let name = argument.as_deref()?;
                    return self.lab.namespaces.get(name).ok().flatten().map(Thing::Namespace);
                }
                self.documented(&function).and_then(returned)
            }
            (Thing::Method(method), Step::Call(_)) => returned(&method),
            (Thing::Handle(class), Step::Name(name)) => {
                let class = self.docs().classes.get(class.as_str())?;
                match class.methods.iter().find(|m| m.name == name) {
                    Some(method) => Some(Thing::Method(method.clone())),
                    None => inner(class.fields.iter().find(|f| f.name == name)?),
                }
            }
            (Thing::Record(record), Step::Name(name)) => {
                inner(record.fields.iter().find(|f| f.name == name)?)
            }
            (Thing::Records(record), Step::Index(_)) => Some(Thing::Record(record)),
            (Thing::Bound(there, module), Step::Name(name)) => {
                Some(Thing::Bound(there, format!("{module}.{name}")))
            }
            (Thing::Table(table), step) => {
                let key = match step {
                    Step::Name(name) => Value::String(self.lua.create_string(name).ok()?),
                    Step::Index(index) => Value::Integer(*index),
                    Step::Call(_) => return None,
                };
                let mut value: Value = table.raw_get(&key).ok()?;
                if let (true, Some(behind)) = (value.is_nil(), behind(&table)) {
                    value = behind.raw_get(&key).ok()?;
                }
                self.of_value(&value, ns)
            }
            _ => None,
        }
    }

    /// The documentation of a module's function.
    pub(super) fn documented(&self, name: &str) -> Option<&FunctionDoc> {
        let module = name.split('.').next().unwrap_or(name);
        let module = self.docs().modules.iter().find(|m| m.name == module)?;
        module.all().find(|f| f.name == name)
    }

    /// What can follow a dot (or, with `method`, a colon) behind it.
    pub(super) fn fields(&self, thing: &Thing, method: bool) -> Vec<String> {
        match thing {
            Thing::Namespace(_) => {
                let short = SHORT.iter().map(|(short, _)| *short);
                let modules = MODULES.per_namespace().map(|entry| entry.name);
                modules.chain(short).chain(["name"]).map(str::to_owned).collect()
            }
            Thing::Bound(_, name) => {
                let module = self.docs().modules.iter().find(|m| m.name == name);
                let functions = module.into_iter().flat_map(|m| &m.functions);
                functions.filter_map(|f| f.name.rsplit('.').next()).map(str::to_owned).collect()
            }
            Thing::Handle(class) => {
                let Some(class) = self.docs().classes.get(class.as_str()) else { return Vec::new() };
                let fields = class.fields.iter().filter(|_| !method).map(|f| f.name);
                class.methods.iter().map(|m| m.name).chain(fields).map(str::to_owned).collect()
            }
            Thing::Record(record) if !method => {
                let named = record.fields.iter().map(|f| f.name).filter(|name| !name.starts_with('['));
                named.map(str::to_owned).collect()
            }
            Thing::Record(_) | Thing::Records(_) | Thing::Method(_) => Vec::new(),
            Thing::Table(table) => {
                let own = table.pairs::<Value, Value>().flatten();
                let behind = behind(table);
                let more = behind.iter().flat_map(|t| t.pairs::<Value, Value>().flatten());
                own.chain(more).filter(|(_, v)| !method || v.is_function()).filter_map(text_key).collect()
            }
            Thing::Text if method => match self.lua.globals().raw_get::<Table>("string") {
                Ok(string) => string.pairs::<Value, Value>().flatten().filter_map(text_key).collect(),
                Err(_) => Vec::new(),
            },
            Thing::Text => Vec::new(),
        }
    }
}

/// What a call comes to, as far as its documentation tells.
fn returned(function: &FunctionDoc) -> Option<Thing> {
    let returns = function.returns.as_ref()?;
    match (&returns.class, &returns.record) {
        (Some(class), _) => Some(Thing::Handle(class.name.to_owned())),
        (None, Some(record)) => Some(of_record(&returns.luals, record)),
        (None, None) => None,
    }
}

/// A record within a record.
fn inner(field: &RecordFieldDoc) -> Option<Thing> {
    field.record.as_ref().map(|record| of_record(&field.luals, record))
}

fn of_record(luals: &str, record: &Rc<RecordDoc>) -> Thing {
    match luals.trim_end_matches('?').ends_with("[]") {
        true => Thing::Records(record.clone()),
        false => Thing::Record(record.clone()),
    }
}

/// The table that `__index` names: looked into, where a function would have to be run.
fn behind(table: &Table) -> Option<Table> {
    table.metatable()?.raw_get::<Option<Table>>("__index").ok().flatten()
}
