//! The registry as people and editors read it: `nsh doc` and `help()`, LuaLS types, the reference page.

mod cookbook;
mod guides;
mod help;
mod library;
mod lua_own;
mod luals;
mod reference;
mod search;
mod text;
mod words;

pub use help::{brief_of, find, install, install_shown, known};
pub use luals::{type_files, types};
pub use reference::reference;
pub use text::{overview, page};

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::lua::modules::{MODULES, examples};
use crate::lua::registry::Scope;
use crate::lua::schema::{ClassDoc, Function, FunctionDoc, RecordDoc, ShapeDoc};

/// What is told of a module.
#[derive(Clone)]
pub struct ModuleDoc {
    pub name: &'static str,
    pub doc: &'static str,
    /// Whether each namespace has it as a field.
    pub per_namespace: bool,
    /// Whether it is written in Lua, and got by `require`.
    pub library: bool,
    /// Whether it is a function and no table.
    pub bare: bool,
    pub call: Option<FunctionDoc>,
    pub functions: Vec<FunctionDoc>,
}

impl ModuleDoc {
    /// The module itself where it can be called, then its functions.
    pub fn all(&self) -> impl Iterator<Item = &FunctionDoc> {
        self.call.iter().chain(&self.functions)
    }
}

/// Everything that is told, each thing once.
pub struct Docs {
    pub modules: Vec<ModuleDoc>,
    pub records: BTreeMap<&'static str, Rc<RecordDoc>>,
    pub classes: BTreeMap<&'static str, Rc<ClassDoc>>,
    pub shapes: BTreeMap<&'static str, Rc<ShapeDoc>>,
    /// Names that stand for two different things: a mistake of ours, which a test finds.
    clashes: Vec<&'static str>,
}

impl Docs {
    /// Everything: the bindings, and the library written in Lua.
    pub fn collect() -> Docs {
        let mut docs = Docs::bindings();
        for module in library::modules() {
            module.all().for_each(|f| docs.take(f));
            docs.modules.push(module);
        }
        docs
    }

    /// Reads the registry, and from the functions the records, classes and options that they speak of.
    fn bindings() -> Docs {
        let mut docs = Docs {
            modules: Vec::new(),
            records: BTreeMap::new(),
            classes: BTreeMap::new(),
            shapes: BTreeMap::new(),
            clashes: Vec::new(),
        };
        // Those of `check.soft` are made of the examples of `check`.
        let example = |f: &Function| match f.doc.example {
            "" => examples::of(f.doc.name),
            own => own,
        };
        let told = |f: &Function| FunctionDoc { example: example(f), ..f.doc.clone() };
        for (entry, m) in MODULES.0.iter().map(|entry| (entry, entry.module())) {
            let module = ModuleDoc {
                name: m.name,
                doc: m.doc,
                per_namespace: entry.scope == Scope::Namespace,
                library: false,
                bare: m.functions.is_empty() && m.call.is_some(),
                call: m.call.as_ref().map(told),
                functions: m.functions.iter().map(told).collect(),
            };
            for function in module.all() {
                docs.take(function);
            }
            docs.modules.push(module);
        }
        docs
    }

    fn take(&mut self, function: &FunctionDoc) {
        for shape in function.params.iter().filter_map(|p| p.shape.clone()) {
            self.take_shape(shape);
        }
        let Some(returns) = &function.returns else { return };
        if let Some(record) = &returns.record {
            self.take_record(record.clone());
        }
        if let Some(class) = returns.class.clone()
            && self.classes.insert(class.name, class.clone()).is_none()
        {
            class.fields.iter().filter_map(|f| f.record.clone()).for_each(|r| self.take_record(r));
            class.methods.iter().for_each(|m| self.take(m));
        }
    }

    fn take_shape(&mut self, shape: Rc<ShapeDoc>) {
        let names = |s: &ShapeDoc| s.fields.iter().map(|f| f.name).collect::<Vec<_>>();
        let old = self.shapes.insert(shape.name, shape.clone());
        if old.as_ref().is_some_and(|old| names(old) != names(&shape)) {
            self.clashes.push(shape.name);
        }
        if old.is_none() {
            shape.fields.iter().filter_map(|f| f.shape.clone()).for_each(|inner| self.take_shape(inner));
        }
    }

    fn take_record(&mut self, record: Rc<RecordDoc>) {
        let names = |r: &RecordDoc| r.fields.iter().map(|f| f.name).collect::<Vec<_>>();
        let old = self.records.insert(record.name, record.clone());
        if old.as_ref().is_some_and(|old| names(old) != names(&record)) {
            self.clashes.push(record.name);
        }
        if old.is_none() {
            record.fields.iter().filter_map(|f| f.record.clone()).for_each(|inner| self.take_record(inner));
        }
    }
}

/// `link.add(name, opts?)`; with a module's name or, for methods, `Capture:` in front.
fn signature(name: &str, f: &FunctionDoc) -> String {
    let params: Vec<String> =
        f.params.iter().map(|p| format!("{}{}", p.name, if p.optional { "?" } else { "" })).collect();
    let returns = match &f.returns {
        Some(r) => format!(" -> {}", r.luals.replace("nsh.", "")),
        None => String::new(),
    };
    format!("{name}({}){returns}", params.join(", "))
}

/// `nsh.Capture` is a `Capture` to the reader.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_as_committed() {
        compare("stdlib/types/nsh.lua", &types(), "nsh types");
    }

    #[test]
    fn editors_get_the_library_too() {
        let files = type_files();
        assert!(files.iter().any(|(path, text)| *path == "nsh.lua" && *text == types()));
        let topology = files.iter().find(|(path, _)| *path == "nsh/topology.lua");
        assert!(topology.is_some_and(|(_, text)| text.contains("---@class nsh.topology\n")));
    }

    #[test]
    fn the_reference_is_as_committed() {
        compare("docs/reference.md", &reference(), "nsh doc --markdown");
    }

    fn compare(path: &str, want: &str, command: &str) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(there == want, "{path} is not what the registry says; write it anew: {command} > {path}");
    }

    #[test]
    fn a_name_stands_for_one_thing() {
        assert!(Docs::collect().clashes.is_empty(), "{:?}", Docs::collect().clashes);
    }

    #[test]
    fn every_function_record_and_class_has_a_page() {
        let docs = Docs::collect();
        for m in &docs.modules {
            assert!(page(&docs, m.name).is_some(), "{}", m.name);
            for f in m.all() {
                assert!(
                    page(&docs, f.name).is_some_and(|p| p.contains(f.example.lines().next().unwrap())),
                    "{}",
                    f.name
                );
            }
        }
        for name in docs.records.keys().chain(docs.classes.keys()) {
            assert!(page(&docs, name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_record_class_and_method_is_documented() {
        let docs = Docs::collect();
        for record in docs.records.values() {
            assert!(!record.doc.is_empty(), "{}", record.name);
            record.fields.iter().for_each(|f| assert!(!f.doc.is_empty(), "{}.{}", record.name, f.name));
        }
        for class in docs.classes.values() {
            assert!(!class.doc.is_empty(), "{}", class.name);
            class.methods.iter().for_each(|m| assert!(!m.doc.is_empty(), "{}:{}", class.name, m.name));
        }
        for shape in docs.shapes.values() {
            shape.fields.iter().for_each(|f| assert!(!f.doc.is_empty(), "{}.{}", shape.name, f.name));
        }
    }
}
