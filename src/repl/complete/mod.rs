//! Completion: what could stand at the cursor, from the documentation and from the live network. It asks the kernel
//! and reads Lua's tables as they are; it runs none of the user's code and changes nothing.

mod command;
mod live;
mod thing;

use std::cell::OnceCell;
use std::rc::Rc;

use mlua::Lua;

use super::context::{self, Call, Context, Place, Step};
use super::lex;
use crate::doc::Docs;
use crate::lua::lab::Lab;
use crate::lua::runtime::library;
use crate::lua::schema::{FunctionDoc, ParamDoc, ShapeDoc};
use crate::net::link;
use crate::net::names;
use crate::net::namespace::Namespace;
use crate::net::order::natural;
use thing::Thing;

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

impl Completion {
    /// Those of the candidates that go on from the word, each once, in the order in which people look for them.
    pub fn of(start: usize, word: &str, mut candidates: Vec<String>) -> Completion {
        // A name that would drive the terminal is left to be typed.
        candidates.retain(|c| c.starts_with(word) && !c.contains(char::is_control));
        candidates.sort_by(|a, b| natural(a, b));
        candidates.dedup();
        Completion { start, candidates }
    }
}

/// What an argument or option takes, as its documentation tells it.
struct Wanted<'a> {
    function: &'a str,
    name: &'a str,
    luals: &'a str,
    expected: &'a str,
    /// The value goes on where a candidate ends: a port, a path.
    goes_on: bool,
}

impl<'a> Wanted<'a> {
    fn new(function: &'a str, name: &'a str, luals: &'a str, expected: &'a str) -> Self {
        let connects =
            ["tcp.connect", "udp.connect", "wait.connect"].contains(&function) && name == "address";
        Wanted { function, name, luals, expected, goes_on: connects || expected.contains("URL") }
    }
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
        if let Some(completion) = self.command(before, ns) {
            return completion;
        }
        let context = context::at(before);
        let candidates = self.candidates(&context, ns);
        Completion::of(context.start, &context.word, candidates)
    }

    /// The names of namespaces, for `:use`.
    pub fn namespaces(&self) -> Vec<String> {
        live::namespaces(&self.lab)
    }

    /// Variables that are handles, for `:stop`.
    pub fn jobs(&self) -> Vec<String> {
        let globals = self.lua.globals();
        let pairs = globals.pairs::<mlua::Value, mlua::Value>().flatten();
        let handles = pairs.filter(|(_, v)| v.is_userdata() && thing::namespace(v).is_none());
        handles.filter_map(thing::text_key).filter(|name| !name.starts_with('_')).collect()
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
                let wanted = Wanted::new(function.name, field.name, &field.luals, &field.expected);
                self.values(&wanted, context, &there)
            }
            Place::Argument(call) => {
                if let [Step::Name(name)] = &call.function[..]
                    && matches!(name.as_str(), "require" | "dofile" | "loadfile")
                {
                    return self.modules(name, context);
                }
                if call.function == [Step::Name("help".to_owned())]
                    && let Some(quote) = context.quote
                {
                    return self.pages().into_iter().map(|name| format!("{name}{quote}")).collect();
                }
                let Some((there, function)) = self.function(call, ns) else {
                    return self.names(&context.word);
                };
                let Some(param) = function.params.get(call.index) else { return Vec::new() };
                let ParamDoc { name, luals, expected, .. } = param;
                let wanted = Wanted::new(function.name, name, luals, expected);
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
            Thing::Bound(there, name) => Some((there, self.documented(&name)?.clone())),
            _ => None,
        }
    }

    /// Literals and variables that an argument or option takes.
    fn values(&self, wanted: &Wanted<'_>, context: &Context, ns: &Rc<Namespace>) -> Vec<String> {
        let literals = self.literals(wanted, &context.word, ns);
        let Some(quote) = context.quote else {
            let mut hints: Vec<String> = literals.iter().map(|text| format!("\"{text}\"")).collect();
            if wanted.luals.split('|').any(|t| t == "boolean") {
                hints.extend(["true".to_owned(), "false".to_owned()]);
            }
            if wanted.luals.contains("nsh.Namespace") {
                hints.extend(self.namespace_variables());
            }
            hints.retain(|hint| hint.starts_with(&context.word));
            // Where nothing that is wanted fits, any variable may be meant.
            return if hints.is_empty() { self.names(&context.word) } else { hints };
        };
        // What ends in a separator goes on.
        let close = |text: String| match wanted.goes_on || text.ends_with(['.', '/']) {
            true => text,
            false => format!("{text}{quote}"),
        };
        literals.into_iter().filter(|text| !text.contains([quote, '\\'])).map(close).collect()
    }

    fn literals(&self, wanted: &Wanted<'_>, word: &str, ns: &Rc<Namespace>) -> Vec<String> {
        let mut all: Vec<String> = quoted_words(wanted.luals);
        let module = wanted.function.split('.').next().unwrap_or_default();
        if module == "link" && wanted.name == "kind" {
            all.extend(link::kinds().into_iter().map(str::to_owned));
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
        } else if wanted.expected.contains("hardware address") {
            all.extend(live::macs(&self.lab));
        } else if wanted.expected.contains("URL") {
            let hosts = live::hosts(&self.lab);
            // It may be left out; who begins without it goes on so.
            let scheme =
                if "http://".starts_with(word) || word.starts_with("http://") { "http://" } else { "" };
            all.extend(hosts.into_iter().map(|host| format!("{scheme}{host}")));
        } else if wanted.goes_on {
            all.extend(live::hosts(&self.lab));
        } else if wanted.expected.contains("prefix length") {
            all.extend(live::addresses(&self.lab, true));
        } else if wanted.expected.contains("address") {
            all.extend(live::addresses(&self.lab, false));
            if wanted.expected.contains("name of a namespace") {
                all.extend(live::namespaces(&self.lab));
            }
        } else {
            all.extend(words_of(wanted.expected));
        }
        all
    }

    /// All that `help` has a page of.
    fn pages(&self) -> Vec<String> {
        let docs = self.docs();
        let functions = docs.modules.iter().flat_map(|m| m.all().map(|f| f.name).chain([m.name]));
        let others = docs.classes.keys().chain(docs.records.keys());
        functions.chain(others.filter_map(|name| name.rsplit('.').next())).map(str::to_owned).collect()
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
        let library = library::public().map(|name| format!("{name}{quote}"));
        let by_dots = live::files(&context.word.replace('.', "/"), |name| name.ends_with(".lua"));
        by_dots
            .into_iter()
            .map(dotted)
            .map(|name| if name.ends_with('.') { name } else { format!("{name}{quote}") })
            .chain(library)
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

/// The words that an option's documentation says it takes: names from iproute2's tables, or the examples that are no
/// addresses or ports.
fn words_of(expected: &str) -> Vec<String> {
    let tables = [
        ("a scope", &names::SCOPES),
        ("a table:", &names::TABLES),
        ("a table's name", &names::TABLES),
        ("a protocol such as static", &names::PROTOCOLS),
        ("group's name", &names::GROUPS),
    ];
    let table = tables.iter().find(|(part, _)| expected.contains(part));
    let mut all = table.map(|(_, names)| names.all()).unwrap_or_default();
    let example = |word: &String| !word.contains(|c: char| c.is_ascii_digit() || "!*:/".contains(c));
    all.extend(quoted_words(expected).into_iter().filter(example));
    all
}

#[cfg(test)]
mod tests;
