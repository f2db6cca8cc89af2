//! Claims about values: `check.equal` and its kin.

use mlua::{MultiValue, Value};

use super::{Reason, WithMessage, claim, compare, diff, message, told, with_message};
use crate::lua::runtime::render::{Near, show};
use crate::lua::schema::{self, Function, Shape, opts, param, ret, ty};

pub fn equal() -> Function {
    Function::new(
        "check.equal",
        (
            param("got", ty::anything(), "the value that came"),
            param("want", ty::anything(), "the value that it should be"),
            message(),
        ),
        ret::nothing(),
        |cx, (got, want, message)| {
            let differences = compare::differences(&got, &want);
            let held = match differences.is_empty() {
                true => Ok(()),
                false => Err(Reason {
                    text: compare::told(&differences),
                    diff: diff::of_values(&got, &want),
                    hint: None,
                }),
            };
            claim(cx, message.as_deref(), held)
        },
    )
    .doc(
        "Claims that two values are equal; tables are compared by what is in them, however deep.\n\n\
         Raises `check`, naming the places at which tables differ; the error's `diff` has both side by side.",
    )
}

pub fn differ() -> Function {
    Function::new(
        "check.differ",
        (
            param("got", ty::anything(), "the value that came"),
            param("other", ty::anything(), "the value that it should not be"),
            message(),
        ),
        ret::nothing(),
        |cx, (got, other, message)| {
            let held = match compare::differences(&got, &other).is_empty() {
                false => Ok(()),
                true => Err(format!("expected anything but {}", show(&other))),
            };
            claim(cx, message.as_deref(), held)
        },
    )
    .doc("Claims that two values are not equal, compared as `check.equal` does.\n\nRaises `check` if they are.")
}

#[derive(Default)]
struct Tolerance {
    absolute: Option<f64>,
    relative: Option<f64>,
    message: Option<String>,
}

impl WithMessage for Tolerance {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

pub fn near() -> Function {
    let positive = || ty::number(0.0..=f64::INFINITY);
    let shape = Shape::<Tolerance>::new("nsh.check.NearOptions")
        .field("abs", positive(), "how far it may be off", |o, v| o.absolute = Some(v))
        .field(
            "rel",
            positive(),
            "how far it may be off, as a part of the wanted number: 0.05 for 5 %",
            |o, v| o.relative = Some(v),
        );
    let any = || ty::number(f64::NEG_INFINITY..=f64::INFINITY).called("a number");
    let tolerance = opts(with_message(shape))
        .or(positive().map(|absolute| Tolerance { absolute: Some(absolute), ..Tolerance::default() }));
    Function::new(
        "check.near",
        (param("got", any(), "the number that came"), param("want", any(), "about what it should be"), tolerance, message()),
        ret::nothing(),
        |cx, (got, want, tolerance, message)| {
            if tolerance.absolute.is_none() && tolerance.relative.is_none() {
                let wrong = schema::Wrong::new("expected how far it may be off").within("opts");
                return Err(wrong.hint("check.near(9.8, 10, 0.5), or { abs = 0.5 }, or { rel = 0.05 }").into());
            }
            let relative = tolerance.relative.map_or(0.0, |part| part * want.abs());
            let most = tolerance.absolute.unwrap_or(0.0).max(relative);
            let off = (got - want).abs();
            let held = match off <= most {
                true => Ok(()),
                false => Err(format!("expected {want} give or take {}, got {got}, which is {} off", short(most), short(off))),
            };
            claim(cx, tolerance.message.or(message).as_deref(), held)
        },
    )
    .doc(
        "Claims that a number is near another. `opts` is the greatest difference allowed: a number, or `abs` or \
         `rel`; of both, the larger difference counts.\n\n\
         Raises `check` if it is not.",
    )
}

/// Without the digits that only floating point has.
fn short(n: f64) -> String {
    let text = format!("{n:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Default)]
struct MatchOptions {
    plain: bool,
    message: Option<String>,
}

impl WithMessage for MatchOptions {
    fn message(&mut self) -> &mut Option<String> {
        &mut self.message
    }
}

fn match_options(name: &'static str) -> Shape<MatchOptions> {
    Shape::<MatchOptions>::new(name).field(
        "plain",
        ty::boolean(),
        "the pattern is plain text, in which no character is special; default false",
        |o, v| o.plain = v,
    )
}

/// What `string.find` finds.
pub struct Found {
    /// The byte where it begins, counted from 0.
    first: usize,
    /// The captures, or what was matched where the pattern has none.
    captures: MultiValue,
}

/// Looks for a pattern, of which a malformed one is wrong.
pub fn find(
    cx: &schema::Cx<'_>,
    text: &mlua::LuaString,
    pattern: &mlua::LuaString,
    plain: bool,
) -> mlua::Result<Result<Option<Found>, schema::Wrong>> {
    let string: mlua::Table = cx.lua.globals().get("string")?;
    let find: mlua::Function = string.raw_get("find")?;
    let mut found: MultiValue = match find.call((text, pattern, 1, plain)) {
        Ok(found) => found,
        Err(e) => {
            let text = e.to_string();
            let reason = text.lines().next().unwrap_or_default().trim_start_matches("runtime error: ");
            return Ok(Err(schema::Wrong::new(reason)));
        }
    };
    let (Some(Value::Integer(first)), Some(last)) = (found.pop_front(), found.pop_front()) else {
        return Ok(Ok(None));
    };
    if found.is_empty() {
        let sub: mlua::Function = string.raw_get("sub")?;
        found.push_back(sub.call((text, first, last))?);
    }
    Ok(Ok(Some(Found { first: usize::try_from(first - 1).unwrap_or(0), captures: found })))
}

/// What is wrong with an argument named `pattern`.
fn in_pattern(wrong: schema::Wrong) -> schema::Wrong {
    wrong.within("pattern")
}

fn not_found(text: &mlua::LuaString, pattern: &mlua::LuaString) -> Reason {
    let lines: Vec<String> = text.to_string_lossy().lines().map(|line| format!("+ {line}")).collect();
    let text = Value::String(text.clone());
    let pattern = Value::String(pattern.clone());
    Reason {
        text: format!("expected {} in {}", show(&pattern), show(&text)),
        diff: (lines.len() > 1).then(|| lines.join("\n")),
        hint: None,
    }
}

/// A text in quotes, a long one from shortly before a byte on.
fn quoted(text: &mlua::LuaString, byte: usize) -> String {
    let whole = text.to_string_lossy();
    let shown = show(&Value::String(text.clone()));
    match std::str::from_utf8(&text.as_bytes()[..byte]) {
        Ok(before) if shown.ends_with("...") => Near::at(&whole, before.len()).quote(&whole),
        _ => shown,
    }
}

pub fn matches() -> Function {
    Function::new(
        "check.match",
        (
            param("text", ty::lua_string(), "the text that came"),
            param("pattern", ty::lua_string(), "the pattern that must be found in it, as `string.find` has it"),
            told(match_options("nsh.check.MatchOptions")),
        ),
        ret::values::<MultiValue>("string ...", "the pattern's captures, or what it matched if it has none"),
        |cx, (text, pattern, options)| match find(cx, &text, &pattern, options.plain)?.map_err(in_pattern)? {
            Some(found) => {
                claim(cx, options.message.as_deref(), Ok::<(), Reason>(()))?;
                Ok(found.captures)
            }
            None => {
                claim(cx, options.message.as_deref(), Err(not_found(&text, &pattern)))?;
                Ok(MultiValue::new())
            }
        },
    )
    .doc("Claims that a Lua pattern is found in a text, and returns its captures.\n\nRaises `check` if it is not, `argument` for a malformed pattern.")
}

pub fn no_match() -> Function {
    Function::new(
        "check.no_match",
        (
            param("text", ty::lua_string(), "the text that came"),
            param("pattern", ty::lua_string(), "the pattern that must not be found in it, as `string.find` has it"),
            told(match_options("nsh.check.NoMatchOptions")),
        ),
        ret::nothing(),
        |cx, (text, pattern, options)| {
            let held = match find(cx, &text, &pattern, options.plain)?.map_err(in_pattern)? {
                None => Ok(()),
                Some(found) => Err(format!(
                    "expected no {} in {}, found {}",
                    show(&Value::String(pattern)),
                    quoted(&text, found.first),
                    found.captures.iter().map(show).collect::<Vec<_>>().join(", ")
                )),
            };
            claim(cx, options.message.as_deref(), held)
        },
    )
    .doc("Claims that a Lua pattern is not found in a text.\n\nRaises `check` if it is, `argument` for a malformed pattern.")
}
