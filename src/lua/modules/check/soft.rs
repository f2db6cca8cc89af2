//! `check.soft`: the same claims; one that doesn't hold is kept, and the test goes on.

use mlua::{MultiValue, Value};

use super::{claims, truth};
use crate::base::error::Kind;
use crate::lua::modules::examples;
use crate::lua::modules::test::Tests;
use crate::lua::registry::Module;
use crate::lua::runtime::explain;
use crate::lua::schema::{Failure, Function};

/// What a claim would raise goes to the test's failures.
fn softly(hard: Function) -> Function {
    // Once in each process: the registry keeps it.
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let name = match hard.doc.name.strip_prefix("check.") {
        Some(claim) => leak(format!("check.soft.{claim}")),
        None => "check.soft",
    };
    let doc = leak(format!("As `{}`, but a failure is kept for the end.", hard.doc.name));
    let example =
        leak(examples::of(hard.doc.name).replace("check.", "check.soft.").replace("check(", "check.soft("));
    let doc = crate::lua::schema::FunctionDoc { name, doc, example, ..hard.doc.clone() };
    let mut soft = hard.then(move |cx, returned| match returned {
        Err(Failure::User(e)) if e.kind() == Kind::Check => {
            Tests::of(cx.lab).soft(explain::of_error(cx.lua, &e.op(name)));
            Ok(MultiValue::from_iter([Value::Nil]))
        }
        other => other,
    });
    soft.doc = doc;
    soft
}

pub fn module() -> Module {
    let module = Module::new(
        "check.soft",
        "The claims of `check`, but one that doesn't hold does not end the test: it goes on, and fails at its end, \
         with all of them. Outside tests that is the end of the script, or of the group.\n\n\
         In what `eventually` tries, a soft claim that doesn't hold means that it is not there yet, as any other."
    )
    .callable(softly(truth()));
    claims().into_iter().map(softly).fold(module, Module::function)
}
