//! Completion: what could stand at the cursor, from the documentation and from the live network. It asks the kernel
//! and reads Lua's tables as they are; it runs none of the user's code and changes nothing.

mod live;
mod thing;

use std::cell::OnceCell;
use std::rc::Rc;

use mlua::Lua;

use super::context::{self, Call, Context, Place, Step};
use super::lex;
use crate::doc::Docs;
use crate::lua::lab::Lab;
use crate::lua::schema::{FunctionDoc, ParamDoc, ShapeDoc};
use crate::net::link;
use crate::net::namespace::Namespace;
use thing::Thing;

/// No list that a person reads is longer.
const MOST: usize = 2000;

/// What completes.
pub struct Completer {
    lua: Lua,
    lab: Rc<Lab>,
    docs: OnceCell<Docs>,
}

/// Text for the place from `start` to the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Completion {
    pub start: usize,
    pub candidates: Vec<String>,
}

/// What an argument or option takes, as its documentation tells it.
struct Wanted<'a> {
    function: &'a str,
    name: &'a str,
    luals: &'a str,
    expected: &'a str,
}

impl Completer {
    pub fn new(lua: &Lua, lab: &Rc<Lab>) -> Self {
        Completer { lua: lua.clone(), lab: lab.clone(), docs: OnceCell::new() }
    }

    fn docs(&self) -> &Docs {
        self.docs.get_or_init(Docs::collect)
    }

    /// What could stand before the end of `before`; `ns` is the namespace that globals act on.
    pub fn complete(&self, before: &str, ns: &Rc<Namespace>) -> Completion {
        let context = context::at(before);
        let mut candidates = self.candidates(&context, ns);
        // A table is opened where one belongs.
        candidates.retain(|c| c.starts_with(&context.word) || context.word.is_empty());
        candidates.sort();
        candidates.dedup();
        candidates.truncate(MOST);
        Completion { start: context.start, candidates }
    }

    /// As [`Completer::complete`], for a command line of the prompt's.
    pub fn complete_global(&self, before: &str) -> Completion {
        self.complete(before, self.lab.namespaces.host())
    }

    /// The names of namespaces, for `:use`.
    pub fn namespaces(&self) -> Vec<String> {
        live::namespaces(&self.lab)
    }

    /// Files and directories that a path can be completed to.
    pub fn files(&self, word: &str) -> Vec<String> {
        live::files(word, |_| true)
    }

    fn candidates(&self, context: &Context, ns: &Rc<Namespace>) -> Vec<String> {
        match &context.place {
            Place::Nowhere => Vec::new(),
            Place::Name => self.names(&context.word),
            Place::Field { of, method } => match self.resolve(of, ns) {
                Some(thing) => self.fields(&thing, *method),
                None => Vec::new(),
            },
            Place::Key { call, fields, given } => {
                let Some((_, function)) = self.function(call, ns) else { return self.names(&context.word) };
                let shape = shape_of(&function, call, fields);
                let options = shape.iter().flat_map(|s| &s.fields).map(|f| f.name);
                options
                    .filter(|name| !given.iter().any(|g| g == name))
                    .map(|name| format!("{name} = "))
                    .collect()
            }
            Place::Value { call, fields } => {
                let Some((there, function)) = self.function(call, ns) else {
                    return self.names(&context.word);
                };
                let (outer, last) = fields.split_at(fields.len() - 1);
                let shape = shape_of(&function, call, outer);
                let field = shape.and_then(|s| s.fields.iter().find(|f| [f.name] == *last).cloned());
                let Some(field) = field else { return self.names(&context.word) };
                let wanted = Wanted {
                    function: function.name,
                    name: field.name,
                    luals: &field.luals,
                    expected: &field.expected,
                };
                self.values(&wanted, context, &there)
            }
            Place::Argument(call) => {
                if let [Step::Name(name)] = &call.function[..]
                    && matches!(name.as_str(), "require" | "dofile" | "loadfile")
                {
                    return self.modules(name, context);
                }
                let Some((there, function)) = self.function(call, ns) else {
                    return self.names(&context.word);
                };
                let Some(param) = function.params.get(call.index) else { return Vec::new() };
                let ParamDoc { name, luals, expected, .. } = param;
                let wanted = Wanted { function: function.name, name, luals, expected };
                self.values(&wanted, context, &there)
            }
        }
    }

    /// What a bare word can be: a variable, a keyword.
    fn names(&self, word: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .lua
            .globals()
            .pairs::<mlua::Value, mlua::Value>()
            .flatten()
            .filter_map(thing::text_key)
            .collect();
        // Nobody types an empty word to get `and`.
        if !word.is_empty() {
            names.extend(lex::KEYWORDS.iter().map(|k| (*k).to_owned()));
        }
        names.retain(|name| !name.starts_with('_') || word.starts_with('_'));
        names
    }

    /// The called function's documentation, and the namespace that it acts on.
    fn function(&self, call: &Call, ns: &Rc<Namespace>) -> Option<(Rc<Namespace>, FunctionDoc)> {
        if call.method {
            let (Step::Name(method), of) = call.function.split_last()? else { return None };
            let Thing::Handle(class) = self.resolve(of, ns)? else { return None };
            let class = self.docs().classes.get(class.as_str())?;
            return Some((ns.clone(), class.methods.iter().find(|m| m.name == method)?.clone()));
        }
        match self.resolve(&call.function, ns)? {
            Thing::Bound(there, name) => {
                let module = name.split('.').next().unwrap_or(&name);
                let module = self.docs().modules.iter().find(|m| m.name == module)?;
                Some((there, module.all().find(|f| f.name == name)?.clone()))
            }
            _ => None,
        }
    }

    /// Literals and variables that an argument or option takes.
    fn values(&self, wanted: &Wanted<'_>, context: &Context, ns: &Rc<Namespace>) -> Vec<String> {
        let literals = self.literals(wanted, &context.word, ns);
        let Some(quote) = context.quote else {
            let mut all: Vec<String> = literals.iter().map(|text| format!("\"{text}\"")).collect();
            if wanted.luals.split('|').any(|t| t == "boolean") {
                all.extend(["true".to_owned(), "false".to_owned()]);
            }
            if wanted.luals.contains("nsh.Namespace") {
                all.extend(self.namespace_variables());
            }
            // Without a hint, any variable may be meant.
            if all.is_empty() || !context.word.is_empty() {
                all.extend(self.names(&context.word));
            }
            return all;
        };
        // What ends in a separator goes on.
        let close = |text: String| if text.ends_with(['.', '/']) { text } else { format!("{text}{quote}") };
        literals.into_iter().map(close).collect()
    }

    fn literals(&self, wanted: &Wanted<'_>, word: &str, ns: &Rc<Namespace>) -> Vec<String> {
        let mut all: Vec<String> = quoted_words(wanted.luals);
        let module = wanted.function.split('.').next().unwrap_or_default();
        if module == "link" && wanted.name == "kind" {
            all.extend(link::KINDS.iter().map(|kind| (*kind).to_owned()));
        }
        if wanted.luals.contains("nsh.Namespace") {
            all.extend(live::namespaces(&self.lab));
        }
        if ["link's name", "interface"].iter().any(|word| wanted.expected.contains(word))
            || wanted.expected.contains("name of a link")
        {
            if !(wanted.function == "link.add" && wanted.name == "name") {
                all.extend(live::links(ns, word));
            }
        } else if module == "namespace" && wanted.name == "name" && wanted.function != "namespace.add" {
            all.extend(live::namespaces(&self.lab));
        } else if module == "sysctl" {
            all.extend(live::sysctls(ns, word));
        } else if wanted.expected.contains("prefix length") {
            all.extend(live::addresses(&self.lab, ns, true));
        } else if wanted.expected.contains("address") {
            all.extend(live::addresses(&self.lab, ns, false));
        }
        all
    }

    fn namespace_variables(&self) -> Vec<String> {
        let globals = self.lua.globals();
        let pairs = globals.pairs::<mlua::Value, mlua::Value>().flatten();
        pairs.filter(|(_, v)| thing::namespace(v).is_some()).filter_map(thing::text_key).collect()
    }

    /// Files for `require` and its like, as the script's own, and the library's.
    fn modules(&self, function: &str, context: &Context) -> Vec<String> {
        let Some(quote) = context.quote else { return Vec::new() };
        let paths = live::files(&context.word, |name| name.ends_with(".lua"));
        let close = |path: String| if path.ends_with('/') { path } else { format!("{path}{quote}") };
        if function != "require" {
            return paths.into_iter().map(close).collect();
        }
        let dotted = |path: String| path.trim_end_matches(".lua").replace('/', ".");
        let by_dots = live::files(&context.word.replace('.', "/"), |name| name.ends_with(".lua"));
        by_dots
            .into_iter()
            .map(dotted)
            .map(|name| if name.ends_with('.') { name } else { format!("{name}{quote}") })
            .collect()
    }
}

/// The shape of the options that a call takes, or of the table under `fields` in them.
fn shape_of(function: &FunctionDoc, call: &Call, fields: &[String]) -> Option<Rc<ShapeDoc>> {
    let mut shape = function.params.get(call.index)?.shape.clone()?;
    for field in fields {
        shape = shape.fields.iter().find(|f| f.name == field)?.shape.clone()?;
    }
    Some(shape)
}

/// `"up"|"down"` gives both words.
fn quoted_words(luals: &str) -> Vec<String> {
    luals.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
