//! The only list of modules. What stands here is bound, documented, typed, completed and tested.

use super::modules::examples;
use super::schema::Function;

/// Where a module is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// As a global, acting on `host`, and as a field of every namespace.
    Namespace,
    /// As a global only.
    Global,
}

/// A module: a table of functions; or, with only `call`, one function.
pub struct Module {
    pub name: &'static str,
    pub doc: &'static str,
    pub functions: Vec<Function>,
    /// What calling the module itself does: `ping("10.0.0.1")`.
    pub call: Option<Function>,
}

impl Module {
    pub fn new(name: &'static str, doc: &'static str) -> Self {
        Module { name, doc, functions: Vec::new(), call: None }
    }

    pub fn function(mut self, function: Function) -> Self {
        self.functions.push(function);
        self
    }

    /// The names of its functions, without its own.
    pub fn field_names(&self) -> impl Iterator<Item = &'static str> {
        self.functions.iter().map(|f| f.doc.name.rsplit('.').next().unwrap_or(f.doc.name))
    }

    /// Makes the module itself callable.
    pub fn callable(mut self, function: Function) -> Self {
        self.call = Some(function);
        self
    }
}

/// What a module is in Lua.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Functions by name.
    Table,
    /// Functions by name, and it can be called itself.
    Callable,
    /// One function.
    Function,
}

/// A module that has not been made yet: most scripts need few of them.
pub struct Entry {
    pub name: &'static str,
    pub scope: Scope,
    pub form: Form,
    make: fn() -> Module,
}

const fn entry(name: &'static str, scope: Scope, form: Form, make: fn() -> Module) -> Entry {
    Entry { name, scope, form, make }
}

use Form::{Callable, Function as Single, Table};
use Scope::{Global, Namespace};

pub static MODULES: &[Entry] = &[
    entry("addr", Namespace, Table, super::modules::addr::module),
    entry("after_each", Global, Single, super::modules::test::after_each),
    entry("before_each", Global, Single, super::modules::test::before_each),
    entry("bridge", Namespace, Table, super::modules::bridge::module),
    entry("capture", Namespace, Table, super::modules::capture::module),
    entry("check", Global, Callable, super::modules::check::module),
    entry("check.soft", Global, Callable, super::modules::check::soft),
    entry("clock", Global, Single, super::modules::clock::module),
    entry("conntrack", Namespace, Table, super::modules::conntrack::module),
    entry("defer", Global, Single, super::modules::test::defer),
    entry("eventually", Global, Single, super::modules::eventually::module),
    entry("fdb", Namespace, Table, super::modules::fdb::module),
    entry("group", Global, Single, super::modules::test::group),
    entry("http", Namespace, Table, super::modules::http::module),
    entry("json", Global, Table, super::modules::json::module),
    entry("lab", Global, Table, super::modules::lab::module),
    entry("link", Namespace, Table, super::modules::link::module),
    entry("namespace", Global, Table, super::modules::namespace::module),
    entry("nat", Namespace, Table, super::modules::nat::module),
    entry("neigh", Namespace, Table, super::modules::neigh::module),
    entry("nft", Namespace, Table, super::modules::nft::module),
    entry("ping", Namespace, Callable, super::modules::ping::module),
    entry("proc", Namespace, Table, super::modules::proc::module),
    entry("route", Namespace, Table, super::modules::route::module),
    entry("rule", Namespace, Table, super::modules::rule::module),
    entry("skip", Global, Single, super::modules::test::skip),
    entry("sleep", Global, Single, super::modules::sleep::module),
    entry("socket", Namespace, Table, super::modules::socket::module),
    entry("sysctl", Namespace, Table, super::modules::sysctl::module),
    entry("tcp", Namespace, Table, super::modules::tcp::module),
    entry("test", Global, Callable, super::modules::test::test),
    entry("udp", Namespace, Table, super::modules::udp::module),
    entry("wait", Namespace, Table, super::modules::wait::module),
    entry("xfail", Global, Single, super::modules::test::xfail),
];

thread_local! {
    /// Made when first asked for: a script that only pings pays for no other module.
    static MADE: Vec<std::cell::OnceCell<Module>> = MODULES.iter().map(|_| Default::default()).collect();
}

/// The modules' names, sorted.
pub fn names() -> Vec<&'static str> {
    MODULES.iter().map(|entry| entry.name).collect()
}

/// The module `name`, without making it.
pub fn find(name: &str) -> Option<&'static Entry> {
    MODULES.iter().find(|entry| entry.name == name)
}

/// Gives the module `name` to `f`. Asking for one that isn't there is a mistake of ours, told as an empty module.
pub fn with<R>(name: &str, f: impl FnOnce(&Module) -> R) -> R {
    MADE.with(|made| match MODULES.iter().position(|entry| entry.name == name) {
        Some(i) => f(made[i].get_or_init(|| with_examples((MODULES[i].make)()))),
        None => f(&Module::new("", "")),
    })
}

fn with_examples(mut module: Module) -> Module {
    for function in module.functions.iter_mut().chain(&mut module.call) {
        if function.doc.example.is_empty() {
            function.doc.example = examples::of(function.doc.name);
        }
    }
    module
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_documented_and_named_after_its_module() {
        assert!(names().is_sorted(), "the list is sorted by name");
        for Entry { name, form, .. } in MODULES {
            with(name, |m| {
                assert_eq!(m.name, *name);
                let is = match (m.functions.is_empty(), &m.call) {
                    (true, _) => Form::Function,
                    (false, Some(_)) => Form::Callable,
                    (false, None) => Form::Table,
                };
                assert_eq!(is, *form, "{name}");
                assert!(!m.doc.is_empty(), "{name} has no doc");
                for f in m.functions.iter().chain(&m.call) {
                    let named = f.doc.name == *name
                        || f.doc.name.strip_prefix(name).is_some_and(|r| r.starts_with('.'));
                    assert!(named, "{} stands in module {name}", f.doc.name);
                    assert!(!f.doc.doc.is_empty(), "{} has no doc", f.doc.name);
                    assert!(!f.doc.example.is_empty(), "{} has no example", f.doc.name);
                    for p in &f.doc.params {
                        assert!(!p.doc.is_empty(), "{}: {} has no doc", f.doc.name, p.name);
                        for field in p.shape.iter().flat_map(|s| &s.fields) {
                            assert!(!field.doc.is_empty(), "{}: {} has no doc", f.doc.name, field.name);
                        }
                    }
                }
            });
        }
    }
}
