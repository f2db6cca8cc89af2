//! What a module is, and how a list of them is handed to an interpreter.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use mlua::Lua;

use crate::lua::schema::Function;

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

thread_local! {
    static MADE: RefCell<HashMap<&'static str, Rc<Module>>> = RefCell::default();
}

impl Entry {
    pub const fn new(name: &'static str, scope: Scope, form: Form, make: fn() -> Module) -> Entry {
        Entry { name, scope, form, make }
    }

    /// The module; made when first asked for, once for each thread.
    pub fn module(&self) -> Rc<Module> {
        let made = MADE.with_borrow(|made| made.get(self.name).cloned());
        made.unwrap_or_else(|| {
            let module = Rc::new((self.make)());
            MADE.with_borrow_mut(|made| made.insert(self.name, module.clone()));
            module
        })
    }
}

/// The modules that an interpreter binds.
#[derive(Clone, Copy)]
pub struct Modules(pub &'static [Entry]);

impl Modules {
    /// Those of an interpreter.
    pub fn of(lua: &Lua) -> Modules {
        lua.app_data_ref::<Modules>().map_or(Modules(&[]), |modules| *modules)
    }

    pub fn find(self, name: &str) -> Option<&'static Entry> {
        self.0.iter().find(|entry| entry.name == name)
    }

    /// Those that each namespace has; `tc.qdisc` stands in `tc`.
    pub fn per_namespace(self) -> impl Iterator<Item = &'static Entry> {
        let own = |entry: &&Entry| entry.scope == Scope::Namespace && !entry.name.contains('.');
        self.0.iter().filter(own)
    }
}
