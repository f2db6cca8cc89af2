//! The Lua side. No netlink here.
//!
//! - [`lab`]: the lab of one interpreter.
//! - [`schema`]: argument and record shapes.
//! - [`registry`]: what a module is.
//! - [`runtime`]: the interpreter, how calls are bound, how errors are told.
//! - [`modules`]: a file or folder for each module, with its shapes and docs, and the list of them.
//!
//! How a binding is written: see `link.rs`. A module file has a `module()` that lists its functions, each with
//! typed parameters ([`schema::param`], [`schema::opts`] with a [`schema::Shape`]), a typed return
//! ([`schema::ret`] with a [`schema::Record`]), docs, the equivalent command and an example that runs as it
//! stands in a fresh lab. It is entered in [`modules::MODULES`]; everything else (errors with the call's name,
//! subject, namespace and line; `help`; types; reference pages) follows from that.

pub mod lab;
pub mod modules;
pub mod registry;
pub mod runtime;
pub mod schema;
pub use crate::base::status;

use std::rc::Rc;

use mlua::Lua;

use lab::Place;
pub use modules::lab::compare;
use modules::test;
pub use modules::{interpreter, with_interpreter};
pub use runtime::explain::{Raised, call, report};
pub use runtime::interpreter::{MEMORY_LIMIT, Script, prepare, resume, watch};

/// Runs a script in the lab of the calling thread's namespace, prints how its tests went, if it has any, and returns
/// nsh's exit status. Errors go to stderr. What the script left running is ended. `setup` adds what the floors above
/// have (`help`).
/// `missing` answers to what tests say that they need.
pub fn run(
    place: Place,
    script: &Script,
    trace: bool,
    missing: Option<test::Missing>,
    setup: fn(&Lua) -> mlua::Result<()>,
) -> i32 {
    let settings = test::Settings { plain: true, missing, ..test::Settings::default() };
    let told = Rc::new(test::Plain::new(&script.name));
    match test::run(place, script, trace, settings, told.clone(), setup) {
        status::SUCCESS if told.lost() => status::FAILED,
        status => status,
    }
}

/// As [`run`]; but once the script has ended well, `stay` is called before what it deferred runs and what it left
/// running is ended. It returns when that is to be.
pub fn stay(
    place: Place,
    script: &Script,
    trace: bool,
    setup: fn(&Lua) -> mlua::Result<()>,
    stay: Rc<dyn Fn()>,
) -> i32 {
    let settings = test::Settings { plain: true, stay: Some(stay), ..test::Settings::default() };
    let told = Rc::new(test::Plain::new(&script.name));
    match test::run(place, script, trace, settings, told.clone(), setup) {
        status::SUCCESS if told.lost() => status::FAILED,
        status => status,
    }
}
