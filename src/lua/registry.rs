//! The only list of modules. What stands here is bound, documented, typed, completed and tested.

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
    pub scope: Scope,
    pub functions: Vec<Function>,
    /// What calling the module itself does: `ping("10.0.0.1")`.
    pub call: Option<Function>,
}

impl Module {
    pub fn new(name: &'static str, doc: &'static str, scope: Scope) -> Self {
        Module { name, doc, scope, functions: Vec::new(), call: None }
    }

    pub fn function(mut self, function: Function) -> Self {
        self.functions.push(function);
        self
    }

    /// Makes the module itself callable.
    pub fn callable(mut self, function: Function) -> Self {
        self.call = Some(function);
        self
    }
}

/// A module's name, and what makes it.
type Entry = (&'static str, fn() -> Module);

const MODULES: &[Entry] = &[
    ("addr", super::addr::module),
    ("after_each", super::test::after_each),
    ("before_each", super::test::before_each),
    ("bridge", super::bridge::module),
    ("capture", super::capture::module),
    ("check", super::check::module),
    ("check.soft", super::check::soft),
    ("clock", super::clock::module),
    ("conntrack", super::conntrack::module),
    ("defer", super::test::defer),
    ("eventually", super::eventually::module),
    ("fdb", super::fdb::module),
    ("group", super::test::group),
    ("http", super::http::module),
    ("json", super::json::module),
    ("lab", super::state::module),
    ("link", super::link::module),
    ("namespace", super::namespace::module),
    ("nat", super::nat::module),
    ("neigh", super::neigh::module),
    ("nft", super::nft::module),
    ("ping", super::ping::module),
    ("proc", super::proc::module),
    ("route", super::route::module),
    ("rule", super::rule::module),
    ("skip", super::test::skip),
    ("sleep", super::sleep::module),
    ("socket", super::socket::module),
    ("sysctl", super::sysctl::module),
    ("tcp", super::tcp::module),
    ("test", super::test::test),
    ("udp", super::udp::module),
    ("wait", super::waiting::module),
    ("xfail", super::test::xfail),
];

thread_local! {
    /// Made when first asked for: a script that only pings pays for no other module.
    static MADE: Vec<std::cell::OnceCell<Module>> = MODULES.iter().map(|_| Default::default()).collect();
}

/// The modules' names, sorted.
pub fn names() -> Vec<&'static str> {
    MODULES.iter().map(|(name, _)| *name).collect()
}

/// Gives the module `name` to `f`. Asking for one that isn't there is a mistake of ours, told as an empty module.
pub fn with<R>(name: &str, f: impl FnOnce(&Module) -> R) -> R {
    MADE.with(|made| match MODULES.iter().position(|(n, _)| *n == name) {
        Some(i) => f(made[i].get_or_init(MODULES[i].1)),
        None => f(&Module::new("", "", Scope::Global)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_documented_and_named_after_its_module() {
        assert!(names().is_sorted(), "the list is sorted by name");
        for name in names() {
            with(name, |m| {
                assert_eq!(m.name, name);
                assert!(!m.doc.is_empty(), "{name} has no doc");
                for f in m.functions.iter().chain(&m.call) {
                    let named = f.doc.name == name
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
