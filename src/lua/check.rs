//! `check`: claims of a scenario. A claim that doesn't hold raises an error of kind `check`, and so ends the
//! script at that line.

mod compare;
mod reach;

pub use compare::show;

use mlua::{MultiValue, Value};

use super::bind;
use super::registry::{Module, Scope};
use super::schema::{AndMore, Cx, Failure, Function, param, ret, ty};
use super::test::unwinding;
use crate::error::{Error, Kind};

const MESSAGE: &str = "what is claimed, put in front of a failure";

/// Counts a claim that held, or raises one that didn't.
pub fn claim(cx: &Cx<'_>, message: Option<String>, held: Result<(), String>) -> Result<(), Failure> {
    match held {
        Ok(()) => {
            cx.lab.checks.set(cx.lab.checks.get() + 1);
            cx.lab.check_passed();
            Ok(())
        }
        Err(reason) => {
            let text = match message {
                Some(message) => format!("{message}: {reason}"),
                None => reason,
            };
            Err(Error::new(Kind::Check, text).changed(cx.lab.changed_since_check()).into())
        }
    }
}

fn equal(got: &Value, want: &Value) -> Result<(), String> {
    let differences = compare::differences(got, want);
    if differences.is_empty() {
        return Ok(());
    }
    const MOST: usize = 5;
    let more = match differences.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    let shown = differences.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Err(format!("{shown}{more}"))
}

/// Calls `f`, which must raise an error of `kind`; returns the error.
fn error(
    cx: &Cx<'_>,
    f: mlua::Function,
    kind: Option<Kind>,
    message: Option<String>,
) -> Result<Value, Failure> {
    let pcall: mlua::Function = cx.lua.globals().get("pcall")?;
    let mut results: MultiValue = pcall.call(f)?;
    if let Some(e) = unwinding(cx.lab) {
        return Err(e.into());
    }
    let wanted = kind.map_or("an error".to_owned(), |k| format!("an error of kind {:?}", k.name()));
    if matches!(results.pop_front(), Some(Value::Boolean(true))) {
        claim(cx, message, Err(format!("expected {wanted}, but nothing was raised")))?;
        return Ok(Value::Nil);
    }
    let raised = results.pop_front().unwrap_or(Value::Nil);
    let held = match (kind, &raised) {
        (None, _) => Ok(()),
        (Some(kind), Value::Table(e)) if bind::is_error(cx.lua, &raised) => {
            let came: String = e.raw_get("kind")?;
            if came == kind.name() {
                Ok(())
            } else {
                let text: String = e.raw_get("message")?;
                Err(format!("expected {wanted}, got one of kind {came:?}: {text}"))
            }
        }
        (Some(_), other) => Err(format!("expected {wanted}, got {}", other.to_string()?)),
    };
    claim(cx, message, held)?;
    Ok(raised)
}

pub fn module() -> Module {
    let kinds: Vec<(&'static str, Kind)> = Kind::ALL.iter().map(|k| (k.name(), *k)).collect();
    let message = || param("message", ty::string(), MESSAGE).optional();
    Module::new(
        "check",
        "Claims that a scenario makes. One that doesn't hold raises an error of kind `check`, which ends the script \
         at that line with exit status 1.",
        Scope::Global,
    )
    .callable(
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
                        Err(format!("expected a true value, got {}", super::schema::describe(&value)))
                    }
                    _ => Ok(()),
                };
                claim(cx, message, held)
            },
        )
        .doc("Claims that a value is neither nil nor false.\n\nRaises `check` if it is.")
        .example("check(namespace.get(\"host\"), \"the lab has a host\")"),
    )
    .function(
        Function::new(
            "check.equal",
            (
                param("got", ty::anything(), "the value that came"),
                param("want", ty::anything(), "the value that it should be"),
                message(),
            ),
            ret::nothing(),
            |cx, (got, want, message)| claim(cx, message, equal(&got, &want)),
        )
        .doc(
            "Claims that two values are equal; tables are compared by what is in them, however deep.\n\n\
             Raises `check`, naming the places at which tables differ.",
        )
        .example("check.equal({ 1, { mtu = 1500 } }, { 1, { mtu = 1500 } })\nlocal e = check.error(function() check.equal({ mtu = 1400 }, { mtu = 1500 }) end, \"check\")\nprint(e.message)"),
    )
    .function(
        Function::new(
            "check.error",
            (
                param("fn", ty::function(), "must raise an error"),
                param("kind", ty::one_of(&kinds), "the kind that the error must have; any if left out").optional(),
                message(),
            ),
            ret::value::<Value>("nsh.Error", "the error, to look at its other fields"),
            |cx, (f, kind, message)| error(cx, f, kind, message),
        )
        .doc(
            "Claims that a function raises an error of a kind, and returns the error.\n\nRaises `check` if nothing is \
             raised, or something else.",
        )
        .example("local e = check.error(function() namespace.del(\"ns7\") end, \"not_found\")\nprint(e.message)"),
    )
    .function(reach::reachable())
    .function(reach::unreachable())
    .function(
        Function::new(
            "check.passed",
            (),
            ret::value::<u64>("integer", "the number of claims that held so far"),
            |cx, ()| Ok(cx.lab.checks.get()),
        )
        .doc("Tells how many claims have held so far, for a summary at the end of a script.")
        .example("check(true)\nprint(check.passed() .. \" checks passed\")"),
    )
}
