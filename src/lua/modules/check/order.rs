//! Claims about the order of two numbers: `check.less` and its kin.

use std::cmp::Ordering;

use mlua::Value;

use super::{claim, message};
use crate::lua::runtime::render::show;
use crate::lua::schema::{Function, Type, param, ret, ty};

fn number() -> Type<Value> {
    ty::anything()
        .try_map(|value| match value {
            Value::Integer(_) | Value::Number(_) => Ok(value),
            other => Err(format!("expected a number, got {}", crate::lua::schema::describe(&other))),
        })
        .luals("number")
        .called("a number")
}

/// As Lua compares them: counters beyond 2^53 too. `None` where one is no number (NaN).
fn order(got: &Value, limit: &Value) -> Option<Ordering> {
    match (got, limit) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (a, b) => float(a)?.partial_cmp(&float(b)?),
    }
}

fn float(value: &Value) -> Option<f64> {
    value.as_integer().map(|i| i as f64).or(value.as_number())
}

/// The claim `name`, which holds in these orders; `words` stand before the limit.
fn claim_of(
    name: &'static str,
    words: &'static str,
    holds: &'static [Ordering],
    doc: &'static str,
) -> Function {
    Function::new(
        name,
        (
            param("got", number(), "the number that came"),
            param("limit", number(), "what it is compared with"),
            message(),
        ),
        ret::nothing(),
        move |cx, (got, limit, message)| {
            let held = match order(&got, &limit) {
                Some(order) if holds.contains(&order) => Ok(()),
                _ => Err(format!("expected {words} {}, got {}", show(&limit), show(&got))),
            };
            claim(cx, message.as_deref(), held)
        },
    )
    .doc(doc)
}

pub fn less() -> Function {
    claim_of(
        "check.less",
        "less than",
        &[Ordering::Less],
        "Claims that a number is less than another.\n\nRaises `check`, with both, if it is not.",
    )
}

pub fn at_most() -> Function {
    claim_of(
        "check.at_most",
        "at most",
        &[Ordering::Less, Ordering::Equal],
        "Claims that a number is not greater than another.\n\nRaises `check`, with both, if it is.",
    )
}

pub fn greater() -> Function {
    claim_of(
        "check.greater",
        "greater than",
        &[Ordering::Greater],
        "Claims that a number is greater than another.\n\nRaises `check`, with both, if it is not.",
    )
}

pub fn at_least() -> Function {
    claim_of(
        "check.at_least",
        "at least",
        &[Ordering::Greater, Ordering::Equal],
        "Claims that a number is not less than another.\n\nRaises `check`, with both, if it is.",
    )
}
