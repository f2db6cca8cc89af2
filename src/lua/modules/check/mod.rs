//! `check`: claims of a scenario. A claim that doesn't hold raises an error of kind `check`, and so ends the test, or
//! the script, at that line; one of `check.soft` is kept, and the test goes on.

mod arrival;
mod clues;
mod compare;
mod diff;
mod order;
mod raises;
mod reach;
mod route;
mod soft;
mod subset;
mod values;

use crate::lua::modules::test::Tests;
use crate::lua::runtime::changes::Changes;
pub use reach::Requests;
pub use soft::module as soft;

use mlua::Value;

use crate::base::error::{Error, Kind};
use crate::lua::registry::Module;
use crate::lua::schema::{AndMore, Cx, Failure, Function, Param, Shape, opts, param, ret, ty};

const MESSAGE: &str = "what is claimed, put in front of a failure";

/// Why a claim doesn't hold.
struct Reason {
    text: String,
    diff: Option<String>,
    hint: Option<String>,
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Reason { text, diff: None, hint: None }
    }
}

/// Counts a claim that held.
pub fn held(cx: &Cx<'_>) {
    cx.lab.checks.set(cx.lab.checks.get() + 1);
    if Tests::of(cx.lab).trying.get() == 0 {
        cx.lab.part::<Changes>().check_passed(cx.lab);
    }
}

/// Counts a claim that held, or raises one that didn't.
fn claim(cx: &Cx<'_>, message: Option<&str>, result: Result<(), impl Into<Reason>>) -> Result<(), Failure> {
    let reason: Reason = match result {
        Ok(()) => {
            held(cx);
            return Ok(());
        }
        Err(reason) => reason.into(),
    };
    let mut e = Error::new(
        Kind::Check,
        match message {
            Some(message) => format!("{message}: {}", reason.text),
            None => reason.text,
        },
    );
    e.fields_mut().diff = reason.diff;
    e.fields_mut().hint = reason.hint;
    if Tests::of(cx.lab).trying.get() == 0 {
        e = e.changed(cx.lab.part::<Changes>().since_check(cx.lab));
    }
    Err(e.into())
}

/// A message, where it is all that may be given.
fn message() -> Param<Option<String>> {
    param("message", ty::string(), MESSAGE).optional()
}

/// Options of a check, among them its message.
trait WithMessage: Default + 'static {
    fn message(&mut self) -> &mut Option<String>;
}

/// Options, or the message alone.
fn told<T: WithMessage>(shape: Shape<T>) -> Param<T> {
    opts(with_message(shape)).or(ty::string().map(|message| {
        let mut options = T::default();
        *options.message() = Some(message);
        options
    }))
}

fn with_message<T: WithMessage>(shape: Shape<T>) -> Shape<T> {
    shape.field("message", ty::string(), MESSAGE, |o, v| *o.message() = Some(v))
}

fn truth() -> Function {
    Function::new(
        "check",
        AndMore(
            param("value", ty::anything(), "must be neither nil nor false"),
            param("message", ty::anything().called("a string"), MESSAGE).optional(),
        ),
        ret::nothing(),
        |cx, (value, message)| {
            // What else a function returned as the value's neighbour is no message.
            let message = message.and_then(|m| m.as_string().map(|s| s.to_string_lossy()));
            let held = match value {
                Value::Nil | Value::Boolean(false) => {
                    Err(format!("expected a true value, got {}", crate::lua::schema::describe(&value)))
                }
                _ => Ok(()),
            };
            claim(cx, message.as_deref(), held)
        },
    )
    .doc("Claims that a value is neither nil nor false.\n\nRaises `check` if it is.")
}

/// The claims that there are, but for `check` itself.
fn claims() -> Vec<Function> {
    vec![
        values::equal(),
        values::differ(),
        subset::subset(),
        values::near(),
        order::less(),
        order::at_most(),
        order::greater(),
        order::at_least(),
        values::matches(),
        values::no_match(),
        raises::error(),
        reach::reachable(),
        reach::unreachable(),
        arrival::arrives(),
        arrival::lost(),
        route::route(),
        route::no_route(),
    ]
}

fn passed() -> Function {
    Function::new(
        "check.passed",
        (),
        ret::value::<u64>("integer", "the number of claims that held so far"),
        |cx, ()| Ok(cx.lab.checks.get()),
    )
    .doc("Counts the claims that have held so far, for a summary at the end of a script.")
}

pub fn module() -> Module {
    let module = Module::new(
        "check",
        "Claims about the lab. A claim that doesn't hold raises an error of kind `check`, which ends the test, or \
         the script, at that line with exit status 1. `check.soft` keeps the failure instead, and the test goes on.\n\n\
         Each claim takes a message to put in front of its failure: as the last argument, in place of the options, \
         or as their field `message`."
    )
    .callable(truth());
    claims().into_iter().fold(module, Module::function).function(passed())
}
