//! What a path such as `ns1.link` stands for, found without running any Lua.

use std::rc::Rc;

use mlua::{Table, Value};

use super::Completer;
use crate::lua::bind;
use crate::lua::namespace::{self as namespaces, SHORT};
use crate::net::namespace::Namespace;
use crate::repl::context::Step;

/// What a path stands for.
pub enum Thing {
    Namespace(Rc<Namespace>),
    /// A module or function of nsh by its documented name, and the namespace that it acts on.
    Bound(Rc<Namespace>, String),
    /// A handle of this class.
    Handle(String),
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
            (Thing::Bound(there, module), Step::Name(name)) => {
                Some(Thing::Bound(there, format!("{module}.{name}")))
            }
            (Thing::Table(table), step) => {
                let key = match step {
                    Step::Name(name) => Value::String(self.lua.create_string(name).ok()?),
                    Step::Index(index) => Value::Integer(*index),
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

    /// What can follow a dot (or, with `method`, a colon) behind it.
    pub(super) fn fields(&self, thing: &Thing, method: bool) -> Vec<String> {
        match thing {
            Thing::Namespace(_) => {
                let short = SHORT.iter().map(|(short, _)| *short);
                bind::per_namespace().into_iter().chain(short).chain(["name"]).map(str::to_owned).collect()
            }
            Thing::Bound(_, name) => {
                let module = self.docs().modules.iter().find(|m| m.name == name);
                let functions = module.into_iter().flat_map(|m| &m.functions);
                functions.filter_map(|f| f.name.rsplit('.').next()).map(str::to_owned).collect()
            }
            Thing::Handle(class) => {
                let class = self.docs().classes.get(class.as_str());
                class.into_iter().flat_map(|c| &c.methods).map(|m| m.name.to_owned()).collect()
            }
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

/// The table that `__index` names: looked into, where a function would have to be run.
fn behind(table: &Table) -> Option<Table> {
    table.metatable()?.raw_get::<Option<Table>>("__index").ok().flatten()
}
